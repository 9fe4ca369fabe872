"""Pixel illumination function (PIF): what part of each pixel a source illuminates through the thick mask.

Along one axis a ray either stays within one column of cells of the mask or crosses into the next one. The
bottom face of a cell is cut, per axis, into the zone from which rays stay and the zone from which they cross;
the open part of a pixel is the sum over the products of its zones along both axes, and what each product
transmits depends on the pattern alone. A pixel is narrower than a cell, so it has at most four zones per
axis.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tidings.isgri.geometry import (
    ACTIVE,
    CELL,
    CELLS,
    HEIGHT,
    THICKNESS,
    pixel_positions,
)
from tidings.isgri.mask import flight_mask

_HALF = CELL * CELLS / 2


def pif(ty: float, tz: float) -> np.ndarray:
    """Return the part of each pixel's active area that a source illuminates, [134, 130], 0 to 1.

    Parameters
    ----------
    ty, tz
        Tangents of the source's direction. Outside the field of view the result is 0 everywhere.

    Notes
    -----
    Pixels of the dead strips are computed as any other: their exposure is 0.
    """
    y, z = pixel_positions()
    (iy, wy, _), (iz, wz, _) = _zones(y, ty), _zones(z, tz)
    return _columns(_rows(ty, tz, iz, wz), iy, wy)


def pif_derivatives(ty: float, tz: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the illumination and its derivatives with respect to ty and tz, each [134, 130]."""
    y, z = pixel_positions()
    (iy, wy, dy), (iz, wz, dz) = _zones(y, ty), _zones(z, tz)
    rows = _rows(ty, tz, iz, wz)
    return _columns(rows, iy, wy), _columns(rows, iy, dy), _columns(_rows(ty, tz, iz, dz), iy, wy)


def footprint(ty: float, tz: float) -> np.ndarray:
    """Return the part of each pixel that lies in the shadow of the whole mask, open or not, [134, 130]."""
    y, z = pixel_positions()
    return np.multiply.outer(_inside(z, tz), _inside(y, ty))


def _inside(position: np.ndarray, t: float) -> np.ndarray:
    centre = position + HEIGHT * t
    low, high = np.maximum(centre - ACTIVE / 2, -_HALF), np.minimum(centre + ACTIVE / 2, _HALF)
    return np.clip(high - low, 0, None) / ACTIVE


def _zones(position: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Zones of the mask that each pixel along one axis sees.

    Returns
    -------
    index, weight, derivative : ndarray
        [pixels, 4]: zone (cell, or `CELLS` + 2 + cell for rays that cross into the next; the frame's cells 0
        and `CELLS` + 1 are closed), part of the pixel in it, and the derivative of that with respect to t.
    """
    slope = HEIGHT - THICKNESS / 2
    low = position + slope * t - ACTIVE / 2
    high = low + ACTIVE
    first = np.floor((low + _HALF) / CELL).astype(np.int64)
    cells = first[:, None] + np.array([0, 0, 1, 1])
    shift, cross = abs(t) * THICKNESS, np.array([False, True, False, True])
    edge = cells * CELL - _HALF
    d_shift = THICKNESS * np.sign(t)
    if t >= 0:
        start = np.where(cross, edge + CELL - shift, edge)
        stop = np.where(cross, edge + CELL, edge + CELL - shift)
        d_start, d_stop = np.where(cross, -d_shift, 0.0), np.where(cross, 0.0, -d_shift)
    else:
        start = np.where(cross, edge, edge + shift)
        stop = np.where(cross, edge + shift, edge + CELL)
        d_start, d_stop = np.where(cross, 0.0, d_shift), np.where(cross, d_shift, 0.0)
    d_start = np.where(low[:, None] > start, slope, d_start)
    d_stop = np.where(high[:, None] < stop, slope, d_stop)
    start, stop = np.maximum(start, low[:, None]), np.minimum(stop, high[:, None])
    seen = stop > start
    weight = np.where(seen, stop - start, 0.0) / ACTIVE
    derivative = np.where(seen, d_stop - d_start, 0.0) / ACTIVE
    index = np.clip(cells + 1, 0, CELLS + 1) + np.where(cross, CELLS + 2, 0)
    return index, weight, derivative


@cache
def _transmission(positive_y: bool, positive_z: bool) -> np.ndarray:
    """Transmission of each pair of zones [z, y], for the signs of the direction; zones as in `_zones`.

    A ray that crosses along both axes meets a third cell in between, one or the other with equal chance.
    """
    mask = np.pad(flight_mask().astype(float), 1)
    step_y, step_z = (-1 if positive else 1 for positive in (positive_y, positive_z))
    # What leaves over the edge of the frame would come back on the other side, where it is closed as well.
    over_y, over_z = np.roll(mask, step_y, 1), np.roll(mask, step_z, 0)
    corner = np.roll(over_y, step_z, 0)
    both = mask * corner * (over_y + over_z) / 2
    return np.block([[mask, mask * over_y], [mask * over_z, both]])


def _rows(ty: float, tz: float, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    table = _transmission(ty >= 0, tz >= 0)
    return sum(weight[:, k, None] * table[index[:, k]] for k in range(4))


def _columns(rows: np.ndarray, index: np.ndarray, weight: np.ndarray) -> np.ndarray:
    # Taking whole rows of the transpose is several times faster than columns.
    turned = np.ascontiguousarray(rows.T)
    return sum(weight[:, k, None] * turned[index[:, k]] for k in range(4)).T
