"""Geometry of IBIS/ISGRI: the detector, the mask above it, and the sky in the instrument's frame.

Lengths are in mm. The instrument's X axis is the pointing; a direction is given by its tangents
``(ty, tz) = (v_y / v_x, v_z / v_x)``, and the shadow of a point of the mask at distance h falls on the
detector shifted by ``-h t``. Arrays of the detector and the sky are ``[z, y]``.

The constants are those that OSA's own illumination pattern of a source 6.5 degrees off axis shows (window
255900280010): with all of them free, its fit gives 3203.4 mm, 15.9 mm thick and 4.01 mm active width.
"""

from __future__ import annotations

import numpy as np
from astropy.wcs import WCS

from tidings.isgri.window import Pointing

SHAPE = (134, 130)
"""Pixels of the detector image along z and y, with the dead strips between modules (Lebrun et al. 2003)."""
PITCH = 4.6
ACTIVE = 4.0
"""Sensitive width of a pixel: 16384 of them are 2621 cm2."""
CELL = 11.2
CELLS = 95
THICKNESS = 16.0
HEIGHT = 3202.97
"""From the detector to the middle plane of the mask, which the centre of a shadow follows."""
MODULES = 8
OPEN_PIXELS = 8192.0
"""Pixels that a fully coded source illuminates: a rate "as if fully coded" is that of this many."""
SKY_SHAPE = (365, 361)
SKY_AXIS = (182, 180)
"""Pixel [z, y] of the decoded image that the instrument's axis falls on."""
SKY_STEP = PITCH / HEIGHT
"""Step of a sky pixel, as a tangent."""

MISALIGNMENT = np.array(
    [[0.999997, -0.001027, -0.00231], [0.001028, 0.999999, 0.000442], [0.00231, -0.000445, 0.999997]]
)
"""Spacecraft axes to ISGRI's: GNRL-IROT-MOD of 2005-03-28."""

_GAP_Y = (64,)
_GAP_Z = (32, 66, 100)
# Origin [z, y] of each module in the detector image, and its extent.
_ORIGINS = ((102, 66), (68, 66), (34, 66), (0, 66), (102, 0), (68, 0), (34, 0), (0, 0))
_MODULE = (32, 64)


def module_map() -> np.ndarray:
    """Return the module of each pixel, [134, 130]; -1 in the dead strips."""
    modules = np.full(SHAPE, -1)
    for number, (z, y) in enumerate(_ORIGINS):
        modules[z : z + _MODULE[0], y : y + _MODULE[1]] = number
    return modules


def to_image(y: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Convert pixel numbers 0..127 to columns and rows of the detector image (DETY, DETZ)."""
    y, z = np.asarray(y).astype(np.int64), np.asarray(z).astype(np.int64)
    return y + 2 * (y >= 64), z + 2 * (z // 32)


def pixel_positions() -> tuple[np.ndarray, np.ndarray]:
    """Return y of the columns and z of the rows of the detector image, from its centre [mm]."""
    y, z = (PITCH * (np.arange(n) - (n - 1) / 2) for n in (SHAPE[1], SHAPE[0]))
    return y, z


def unit_vectors(ra: np.ndarray | float, dec: np.ndarray | float) -> np.ndarray:
    """Return unit vectors, last axis 3, of directions [deg]."""
    ra, dec = np.deg2rad(ra), np.deg2rad(dec)
    return np.stack(np.broadcast_arrays(np.cos(ra) * np.cos(dec), np.sin(ra) * np.cos(dec), np.sin(dec)), -1)


def pointing_matrix(pointing: Pointing) -> np.ndarray:
    """Return the rotation from sky unit vectors to the spacecraft's X, Y, Z.

    The two directions of an attitude are never quite at right angles as written (single precision): X is
    kept, Z is turned in their plane.
    """
    x = unit_vectors(pointing.ra_x, pointing.dec_x)
    y = np.cross(unit_vectors(pointing.ra_z, pointing.dec_z), x)
    y /= np.linalg.norm(y)
    return np.array([x, y, np.cross(x, y)])


def instrument_matrix(pointing: Pointing, misalignment: np.ndarray = MISALIGNMENT) -> np.ndarray:
    """Return the rotation from sky unit vectors to ISGRI's X, Y, Z."""
    # The published matrix has six decimals: make it orthogonal, so that its transpose is its inverse.
    left, _, right = np.linalg.svd(misalignment)
    return left @ right @ pointing_matrix(pointing)


def tangents(
    matrix: np.ndarray, ra: np.ndarray | float, dec: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the tangents (ty, tz) of directions [deg]; NaN for those behind the instrument.

    Parameters
    ----------
    matrix
        Of `instrument_matrix`.
    """
    v = unit_vectors(ra, dec) @ matrix.T
    front = np.where(v[..., 0] > 1e-3, v[..., 0], np.nan)
    return v[..., 1] / front, v[..., 2] / front


def sky_position(
    matrix: np.ndarray, ty: np.ndarray | float, tz: np.ndarray | float
) -> tuple[np.ndarray, np.ndarray]:
    """Return right ascension (0 to 360) and declination [deg] of tangents: the inverse of `tangents`."""
    ty, tz = np.broadcast_arrays(np.asarray(ty, float), tz)
    v = np.stack([np.ones(ty.shape), ty, tz], -1) @ matrix
    ra = np.rad2deg(np.arctan2(v[..., 1], v[..., 0])) % 360
    return ra, np.rad2deg(np.arctan2(v[..., 2], np.hypot(v[..., 0], v[..., 1])))


def sky_pixel(ty: np.ndarray | float, tz: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Return the sky pixel (z, y), a fraction between centres, of tangents."""
    return SKY_AXIS[0] + np.asarray(tz) / SKY_STEP, SKY_AXIS[1] + np.asarray(ty) / SKY_STEP


def pixel_tangents(z: np.ndarray | float, y: np.ndarray | float) -> tuple[np.ndarray, np.ndarray]:
    """Return the tangents (ty, tz) of sky pixels: the inverse of `sky_pixel`."""
    return (np.asarray(y) - SKY_AXIS[1]) * SKY_STEP, (np.asarray(z) - SKY_AXIS[0]) * SKY_STEP


def sky_wcs(matrix: np.ndarray) -> WCS:
    """Return the gnomonic WCS of the decoded image; axis 1 is y, axis 2 is z."""
    x = matrix[0]
    ra, dec = sky_position(matrix, 0.0, 0.0)
    a, d = np.deg2rad([float(ra), float(dec)])
    east = np.array([-np.sin(a), np.cos(a), 0.0])
    north = np.cross(x, east)
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [float(ra), float(np.rad2deg(d))]
    wcs.wcs.crpix = [SKY_AXIS[1] + 1, SKY_AXIS[0] + 1]
    wcs.wcs.cunit = ["deg", "deg"]
    axes = matrix[1:]
    wcs.wcs.cd = np.rad2deg(SKY_STEP) * np.array([axes @ east, axes @ north])
    wcs.wcs.radesys, wcs.wcs.equinox = "FK5", 2000.0
    wcs.wcs.set()
    return wcs
