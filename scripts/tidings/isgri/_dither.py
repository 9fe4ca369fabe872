"""Pointings of an observation: one direction, or the patterns INTEGRAL dithers in."""

from __future__ import annotations

import numpy as np

from tidings.errors import InputError
from tidings.isgri.window import Pointing

STEP = 2.17
"""Usual distance of neighbouring pointings [deg]."""

PATTERNS = ("staring", "5x5", "hexagon")


def pointing(ra: float, dec: float, position_angle: float) -> Pointing:
    """Make the attitude whose X axis is at (ra, dec) and whose Z axis has a position angle (all deg).

    The position angle is that of the direction from X towards Z, from north through east.
    """
    x, north, east = _frame(ra, dec)
    angle = np.radians(position_angle)
    return _attitude(x, np.cos(angle) * north + np.sin(angle) * east)


def dither(
    ra: float, dec: float, position_angle: float, pattern: str = "5x5", step: float = STEP, count: int = 25
) -> list[Pointing]:
    """Make the attitudes of `count` science windows of a dither pattern.

    Parameters
    ----------
    ra, dec : float
        Centre of the pattern [deg].
    position_angle : float
        Of the spacecraft's Z axis at the centre, from north through east [deg].
    pattern : {"staring", "5x5", "hexagon"}
        5 x 5 square, or centre and corners of a hexagon; repeated when `count` is larger.
    step : float
        Distance of neighbouring pointings [deg].
    count : int
        Number of windows.

    Returns
    -------
    list of Pointing
        In the order of the pattern: rows of the square; the centre, then around the hexagon.
    """
    offsets = _offsets(pattern)
    centre = pointing(ra, dec, position_angle)
    x, z = _vector(centre.ra_x, centre.dec_x), _vector(centre.ra_z, centre.dec_z)
    y = np.cross(z, x)
    made = []
    for number in range(count):
        off_y, off_z = np.tan(np.radians(step * offsets[number % len(offsets)]))
        axis = x + off_y * y + off_z * z
        made.append(_attitude(axis / np.linalg.norm(axis), z))
    return made


def _offsets(pattern: str) -> np.ndarray:
    if pattern == "staring":
        return np.zeros((1, 2))
    if pattern == "5x5":
        return np.array([(i, j) for j in range(-2, 3) for i in range(-2, 3)], float)
    if pattern == "hexagon":
        angles = np.radians(60 * np.arange(6))
        return np.vstack([np.zeros((1, 2)), np.transpose([np.cos(angles), np.sin(angles)])])
    raise InputError(f"dither pattern {pattern!r} is not known; choose one of {', '.join(PATTERNS)}")


def _attitude(x: np.ndarray, z: np.ndarray) -> Pointing:
    """Attitude with this X axis, and the Z axis as near to `z` as it can be."""
    z = z - (z @ x) * x
    return Pointing(*_angles(x), *_angles(z / np.linalg.norm(z)))


def _frame(ra: float, dec: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Unit vectors of a direction, and north and east of it."""
    a, d = np.radians([ra, dec])
    north = np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
    return _vector(ra, dec), north, np.array([-np.sin(a), np.cos(a), 0.0])


def _vector(ra: float, dec: float) -> np.ndarray:
    a, d = np.radians([ra, dec])
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def _angles(vector: np.ndarray) -> tuple[float, float]:
    ra = np.degrees(np.arctan2(vector[1], vector[0])) % 360
    return float(ra), float(np.degrees(np.arcsin(np.clip(vector[2], -1, 1))))
