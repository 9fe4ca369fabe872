"""Annulus on the sky from the difference of a burst's arrival times at two spacecraft."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidings.acs.orbit import LIGHT_SPEED, Location, direction
from tidings.errors import InputError

INSTRUMENT_ERROR = 0.010
"""Systematic error of SPI-ACS times, s: that of their correction (Rau et al. 2004, GCN Circ. 2568)."""


@dataclass(frozen=True)
class Annulus:
    """Ring of directions that the burst may have come from.

    Attributes
    ----------
    ra, dec
        Of the centre, deg: towards one of the two spacecraft as seen from the other.
    radius
        deg, 0 to 90: the centre is on the burst's side.
    half_width
        1 sigma, deg, to first order.
    inner, outer
        Radii where the time difference is off by `sigmas`, deg; 0 or 180 where it would be longer than light
        can take.
    sigmas
        Significance of inner and outer radius.
    delay, delay_error
        Arrival at the first spacecraft less that at the second, s, and its error with all systematic terms
        and the positions' errors.
    baseline
        Distance of the two spacecraft, km.
    """

    ra: float
    dec: float
    radius: float
    half_width: float
    inner: float
    outer: float
    sigmas: float
    delay: float
    delay_error: float
    baseline: float

    @property
    def centre(self) -> np.ndarray:
        """Unit vector of the centre, (3,)."""
        return direction(self.ra, self.dec)

    @property
    def area(self) -> float:
        """Between inner and outer radius, square degrees."""
        low, high = np.cos(np.radians([self.outer, self.inner]))
        return float(2 * np.pi * (high - low) * np.degrees(1) ** 2)

    def distance(self, ra: float, dec: float) -> float:
        """Return how far a place is from the middle of the annulus, deg; positive outside of it."""
        cosine = float(np.clip(self.centre @ direction(ra, dec), -1, 1))
        return float(np.degrees(np.arccos(cosine))) - self.radius

    def deviation(self, ra: float, dec: float) -> float:
        """Return by how many sigma the time difference is off from that of a place."""
        expected = self.baseline / LIGHT_SPEED * float(self.centre @ direction(ra, dec))
        measured = self.baseline / LIGHT_SPEED * float(np.cos(np.radians(self.radius)))
        return (measured - expected) / self.delay_error


def time_error(
    statistical: float,
    bin_size: float,
    first: Location,
    second: Location,
    *,
    instrument: float = INSTRUMENT_ERROR,
) -> float:
    """Return the error of a time difference, s.

    Parameters
    ----------
    statistical
        Of the comparison of the light curves, s.
    bin_size
        Of the comparison, s: within a bin nothing is known, which adds bin/√12.
    first, second
        Positions of the spacecraft.
    instrument
        Systematic error of the two clocks, s.
    """
    positions = np.hypot(first.error, second.error) / LIGHT_SPEED
    return float(np.sqrt(statistical**2 + bin_size**2 / 12 + instrument**2 + positions**2))


def light_travel_time(first: Location, second: Location) -> float:
    """Return the time that light takes from one spacecraft to the other, s.

    Raises
    ------
    InputError
        If the two are at one place, so that their times tell nothing.
    """
    travel = float(np.linalg.norm(first.vector - second.vector) / LIGHT_SPEED)
    if travel < 1e-4:
        raise InputError(
            f"the two spacecraft are {travel * LIGHT_SPEED:.1f} km apart: no direction can be told from "
            "their times; check "
            "the positions"
        )
    return travel


def triangulate(
    delay: float, delay_error: float, first: Location, second: Location, *, sigmas: float = 3.0
) -> Annulus:
    """Return the annulus for a difference of arrival times.

    A plane wave from the direction s passes the spacecraft at r at ``t = t0 - r·s/c``, so that
    ``t1 - t2 = (r2 - r1)·s/c``: the burst is at the angle theta from r2 - r1 with
    ``cos(theta) = c (t1 - t2) / |r2 - r1|`` (Hurley et al. 1999, ApJS 120, 399). Where theta exceeds 90 deg
    the opposite centre is given, as is the custom.

    Parameters
    ----------
    delay
        Arrival at the first less that at the second, s.
    delay_error
        1 sigma, s, all terms in it.
    first, second
        Positions of the spacecraft.
    sigmas
        Of the inner and the outer radius.

    Raises
    ------
    InputError
        If the two are at one place, or the delay is longer than light takes by more than its error allows.
    """
    if not delay_error > 0:
        raise InputError(f"the error of the time difference, {delay_error:g} s, must be above zero")
    travel = light_travel_time(first, second)
    if abs(delay) > travel + sigmas * delay_error:
        raise InputError(
            f"a time difference of {delay:.4f} s is longer than the {travel:.4f} s that light takes between "
            "the "
            f"spacecraft, by more than {sigmas:g} times its error of {delay_error:.4f} s: check times and "
            "positions"
        )
    side = 1.0 if delay >= 0 else -1.0
    centre = side * (second.vector - first.vector) / (travel * LIGHT_SPEED)
    radii = [_angle(side * (delay + side * n * delay_error) / travel) for n in (sigmas, 0, -sigmas)]
    sine = max(np.sin(np.radians(radii[1])), 1e-9)
    return Annulus(
        ra=float(np.degrees(np.arctan2(centre[1], centre[0])) % 360),
        dec=float(np.degrees(np.arcsin(np.clip(centre[2], -1, 1)))),
        radius=radii[1],
        # A cap has no first order; its width is that of the exact radii.
        half_width=float(min(np.degrees(delay_error / (travel * sine)), (radii[2] - radii[0]) / sigmas)),
        inner=radii[0],
        outer=radii[2],
        sigmas=sigmas,
        delay=delay,
        delay_error=delay_error,
        baseline=float(travel * LIGHT_SPEED),
    )


def circle(annulus: Annulus, radius: float, points: int = 361) -> tuple[np.ndarray, np.ndarray]:
    """Return right ascensions and declinations, deg, along a circle about the centre of an annulus.

    Parameters
    ----------
    radius
        deg.
    points
        The last is the first again.
    """
    centre = annulus.centre
    # Any two directions at right angles to the centre and to each other will do.
    away = np.eye(3)[int(np.argmin(np.abs(centre)))]
    east = np.cross(away, centre)
    east /= np.linalg.norm(east)
    north = np.cross(centre, east)
    turn = np.linspace(0, 2 * np.pi, points)[:, None]
    r = np.radians(radius)
    vectors = np.cos(r) * centre + np.sin(r) * (np.cos(turn) * east + np.sin(turn) * north)
    ra = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0])) % 360
    return ra, np.degrees(np.arcsin(np.clip(vectors[:, 2], -1, 1)))


def _angle(cosine: float) -> float:
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
