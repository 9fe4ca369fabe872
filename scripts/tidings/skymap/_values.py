"""From the values of a file to a map: what they must be, and the header's words that are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy import units as u
from astropy.io import fits
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.skymap._columns import Column
from tidings.skymap.sky import SkyMap, pixel_centres

ROUNDING = 1e-9
"""By how much a sum may differ from 1 before a map is divided by it."""

NO_VALUE = (0.0, np.inf, 1.0, 0.0)
"""Density and distances where a map says nothing."""

# healpy marks what is not observed by this number.
_UNSEEN = -1.6375e30

_STRUCTURE = re.compile(
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|TFIELDS|T(TYPE|FORM|UNIT|SCAL|ZERO|NULL|DIM|DISP)\d+|"
    r"PIXTYPE|ORDERING|COORDSYS|NSIDE|FIRSTPIX|LASTPIX|INDXSCHM|MOCORDER|NEST|MOC|OBS_NPIX|BAD_DATA|POLAR|"
    r"EXTNAME|EXTVER|CHECKSUM|DATASUM|COMMENT|HISTORY|CONTINUE|END|PROVENAN|"
)


@dataclass(frozen=True)
class Tiles:
    """Tiles that cover the sky, and their columns: probability per steradian, then the distances if any."""

    order: int
    start: NDArray[np.int64]
    level: NDArray[np.uint8]
    columns: list[NDArray[np.float64]]


def is_density(column: Column) -> bool:
    """Whether a column's unit is that of a probability per solid angle."""
    try:
        return u.Unit(column.unit).is_equivalent(u.sr**-1)
    except (ValueError, TypeError):
        return False


def clean_meta(header: fits.Header) -> dict[str, Any]:
    """Return what a header says of map and event: not how the table is laid out, and no comments."""
    return {
        key: value
        for key, value in header.items()
        if not _STRUCTURE.fullmatch(key) and not isinstance(value, fits.card.Undefined)
    }


def make_map(tiles: Tiles, meta: dict[str, Any], where: str, *, normalise: bool, tolerance: float) -> SkyMap:
    """Return the map of checked values, its sum 1.

    Raises
    ------
    InputError
        Values that are no probability, or whose sum is not 1; distances of which none is finite.
    """
    # The density of such a pixel is that number over its area, whatever its order.
    density = np.where(tiles.columns[0] < _UNSEEN / 2, 0.0, tiles.columns[0])
    _check_probability(density, tiles, where)
    mu, sigma, norm = _checked_distances(tiles.columns[1:], density, where)
    sky = SkyMap(tiles.order, tiles.start, tiles.level, density, mu, sigma, norm, meta)
    total = float(sky.probability.sum())
    if not total > 0:
        raise InputError(f"{where}: the probability is zero all over the sky")
    if abs(total - 1) > tolerance and not normalise:
        raise InputError(
            f"{where}: the probabilities sum to {total:.9g}, not to 1 within {tolerance:g}: if it is one of "
            "probability, step skymap_region writes it normalised (parameter normalise)"
        )
    if abs(total - 1) <= ROUNDING:
        return sky
    return SkyMap(tiles.order, tiles.start, tiles.level, density / total, mu, sigma, norm, meta)


def _check_probability(density: NDArray[np.float64], tiles: Tiles, where: str) -> None:
    for what, bad in (("not finite", ~np.isfinite(density)), ("negative", density < 0)):
        if bad.any():
            first = np.flatnonzero(bad)
            level = int(tiles.level[first[0]])
            pixel = tiles.start[first[:1]] >> (2 * (tiles.order - level))
            lon, lat = pixel_centres(pixel, level)
            raise InputError(
                f"{where}: the probability is {what} in {len(first)} of {len(density)} tiles, the first "
                f"is pixel {pixel[0]} of NSIDE {1 << level} (NESTED), RA {lon[0]:.3f}, "
                f"Dec {lat[0]:.3f}: correct the map"
            )


def _checked_distances(
    columns: list[NDArray[np.float64]], density: NDArray[np.float64], where: str
) -> tuple[NDArray[np.float64] | None, ...]:
    if not columns:
        return None, None, None
    unknown = np.isnan(columns[0]) | np.isnan(columns[1]) | np.isnan(columns[2])
    mu, sigma, norm = (
        np.where(unknown, nothing, column) for column, nothing in zip(columns, NO_VALUE[1:], strict=True)
    )
    if not np.any(np.isfinite(mu) & (density > 0)):
        raise InputError(
            f"{where}, column DISTMU: no distance is finite where there is probability: the map has no "
            "distances; step skymap_region writes it without them (parameter drop_distance)"
        )
    known = np.isfinite(mu) & (norm > 0)
    if np.any(sigma[known] <= 0) or np.any(norm < 0):
        raise InputError(f"{where}: DISTSIGMA or DISTNORM is negative: correct the map")
    return mu, sigma, norm
