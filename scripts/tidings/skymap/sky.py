"""A sky localisation as tiles of a HEALPix map of many orders, and the look-up of positions in it.

Tiles are kept as the sorted pixel indices, in the NESTED scheme (Gorski et al. 2005, ApJ 622, 759), of their
first pixel at the deepest order of the map. Together they cover the sky, once. The density of a tile is the
probability per steradian; distances follow Singer et al. 2016 (ApJL 829, L15): along a line of sight the
distribution of distance r is ``norm * Normal(r; mu, sigma) * r**2``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import Latitude, Longitude
from cdshealpix import nested
from numpy.typing import ArrayLike, NDArray

from tidings.errors import InputError

SQUARE_DEGREES = np.degrees(1.0) ** 2
"""Square degrees in a steradian."""

MAX_ORDER = 29
"""Deepest order whose pixels, as UNIQ, fit into 64 bits."""

# Order of the table of tiles by position: 786 432 cells of 14 arcmin, 3 MB.
_TABLE_ORDER = 8
# Positions looked up at once: what stays in the cache is three times as fast.
_CHUNK = 1 << 17


@dataclass(frozen=True, eq=False)
class SkyMap:
    """A probability map of the sky.

    Attributes
    ----------
    order
        Deepest order of the tiles.
    start : int64 array [n]
        First pixel of each tile at `order`, NESTED, ascending; tile i ends where tile i + 1 starts.
    level : uint8 array [n]
        Order of each tile.
    density : float64 array [n]
        Probability per steradian.
    mu, sigma, norm : float64 array [n] or None
        Distance: mean and standard deviation of the normal factor (Mpc), normalisation (Mpc^-2). Where the
        map knows no distance `mu` is infinite and `norm` zero. None in a map without distances.
    meta
        What the file's header says of map and event, by FITS keyword.
    """

    order: int
    start: NDArray[np.int64]
    level: NDArray[np.uint8]
    density: NDArray[np.float64]
    mu: NDArray[np.float64] | None = None
    sigma: NDArray[np.float64] | None = None
    norm: NDArray[np.float64] | None = None
    meta: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def has_distance(self) -> bool:
        """Whether the map is of volume (3-D)."""
        return self.mu is not None

    @property
    def pixel_area(self) -> float:
        """Area of a pixel of the deepest order, sr."""
        return pixel_area(self.order)

    @cached_property
    def size(self) -> NDArray[np.int64]:
        """Pixels of the deepest order in each tile."""
        return np.int64(1) << (2 * (self.order - self.level.astype(np.int64)))

    @cached_property
    def end(self) -> NDArray[np.int64]:
        """The pixel of the deepest order that follows each tile."""
        return self.start + self.size

    @cached_property
    def area(self) -> NDArray[np.float64]:
        """Area of each tile, sr."""
        return self.size * self.pixel_area

    @cached_property
    def probability(self) -> NDArray[np.float64]:
        """Probability in each tile."""
        return self.density * self.area

    @cached_property
    def pixel(self) -> NDArray[np.int64]:
        """Index of each tile at its own order, NESTED."""
        return self.start >> (2 * (self.order - self.level.astype(np.int64)))

    @cached_property
    def uniq(self) -> NDArray[np.int64]:
        """Each tile as one number, order and index (IVOA MOC 2.0, section 2.3.1): 4 * 4**order + index."""
        return self.pixel + (np.int64(4) << (2 * self.level.astype(np.int64)))

    @cached_property
    def centres(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Right ascension and declination of the centre of each tile, deg."""
        return pixel_centres(self.pixel, self.level)

    @cached_property
    def ranking(self) -> NDArray[np.int64]:
        """Tiles from the densest to the thinnest; tiles of equal density in the order of the sky."""
        return np.argsort(-self.density, kind="stable")

    @cached_property
    def _table(self) -> tuple[int, NDArray[np.int64]]:
        """For each cell of a coarse order the one tile that covers it, or -1 - (first tile within it)."""
        order = min(self.order, _TABLE_ORDER)
        shift = 2 * (self.order - order)
        first = self.start >> shift
        cells = ((self.end - 1) >> shift) - first + 1
        # A cell with many tiles is listed once: the tiles within one cell that do not begin it drop out.
        begins = (self.start & ((np.int64(1) << shift) - 1)) == 0
        tiles = np.flatnonzero(begins)
        whole = self.level[tiles] <= order
        return order, np.repeat(np.where(whole, tiles, -1 - tiles), np.where(whole, cells[tiles], 1))

    def tiles_at(self, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.int64]:
        """Return the tile in which each position lies.

        Parameters
        ----------
        lon, lat : array
            Right ascension and declination, deg, of any one shape; right ascension may be of any turn.

        Returns
        -------
        int64 array of the same shape

        Raises
        ------
        InputError
            A position is not finite or a declination is beyond 90°.
        """
        lon, lat = np.broadcast_arrays(np.asarray(lon, float), np.asarray(lat, float))
        tiles = np.empty(lon.size, np.int64)
        flat_lon, flat_lat = lon.ravel(), lat.ravel()
        for i in range(0, lon.size, _CHUNK):
            part = slice(i, i + _CHUNK)
            tiles[part] = self.tiles_of(pixels_at(flat_lon[part], flat_lat[part], self.order))
        return tiles.reshape(lon.shape)

    def tiles_of(self, pixels: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the tile of each pixel (NESTED) of the deepest order."""
        order, table = self._table
        tiles = table[pixels >> (2 * (self.order - order))]
        deeper = np.flatnonzero(tiles < 0)
        tiles[deeper] = np.searchsorted(self.start, pixels[deeper], side="right") - 1
        return tiles

    @cached_property
    def _credible_levels(self) -> NDArray[np.float64]:
        ranked = self.density[self.ranking]
        cumulative = np.cumsum(self.probability[self.ranking])
        # Tiles of equal density belong together: all have the level at which the last of them is in.
        ties = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
        group = np.repeat(cumulative[ties], np.diff(ties, prepend=-1))
        levels = np.empty(len(self))
        levels[self.ranking] = np.minimum(group / cumulative[-1], 1.0)
        return levels

    def credible_levels(self) -> NDArray[np.float64]:
        """Return the credible level of each tile, 0 to 1: the probability in it and in all denser tiles.

        Tiles of equal density have the same level, which counts all of them. So a tile is in the credible
        region of 90 % for certain where its level is 0.9 or less.

        Returns
        -------
        float64 array [n]
        """
        return self._credible_levels

    def areas(self, levels: ArrayLike) -> NDArray[np.float64]:
        """Return the area of credible regions, deg2; see `tidings.skymap.regions.areas`."""
        from tidings.skymap.regions import areas

        return areas(self, levels)

    def region(self, level: float) -> NDArray[np.int64]:
        """Return a credible region as ranges of pixels; see `tidings.skymap.regions.region`."""
        from tidings.skymap.regions import region

        return region(self, level)


def pixel_area(order: int) -> float:
    """Return the area of a pixel of an order, sr."""
    return np.pi / 3 / 4.0**order


def pixels_at(lon: ArrayLike, lat: ArrayLike, order: int) -> NDArray[np.int64]:
    """Return the pixel (NESTED) of an order in which each position (deg) lies.

    Raises
    ------
    InputError
        A position is not finite or a declination is beyond 90°.
    """
    lon, lat = np.asarray(lon, float), np.asarray(lat, float)
    good = np.isfinite(lon) & (np.abs(lat) <= 90)
    if not good.all():
        bad = np.flatnonzero(~good.ravel())
        where = f"RA {lon.ravel()[bad[0]]:g}, Dec {lat.ravel()[bad[0]]:g}"
        raise InputError(
            f"{len(bad)} of {good.size} positions are not on the sky, position {bad[0]} is {where}: "
            "give degrees, declination -90 to 90"
        )
    if not lon.size:
        return np.empty(lon.shape, np.int64)
    pixels = nested.lonlat_to_healpix(Longitude(lon, u.deg), Latitude(lat, u.deg), order, num_threads=1)
    return pixels.reshape(lon.shape).view(np.int64)


def pixel_centres(
    pixel: NDArray[np.int64], order: int | NDArray[np.uint8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return right ascension and declination, deg, of the centres of pixels (NESTED)."""
    if not len(pixel):
        return np.empty(0), np.empty(0)
    lon, lat = nested.healpix_to_lonlat(pixel.astype(np.uint64), order, num_threads=1)
    return lon.deg, lat.deg


def from_uniq(
    uniq: ArrayLike,
    density: ArrayLike,
    distance: Sequence[ArrayLike] | None = None,
    meta: dict[str, Any] | None = None,
) -> SkyMap:
    """Return the map of tiles given in any order by their UNIQ numbers.

    Parameters
    ----------
    uniq : int array [n]
        Tiles, IVOA MOC 2.0, section 2.3.1.
    density : array [n]
        Probability per steradian.
    distance : three arrays [n], optional
        Mean and standard deviation (Mpc) and normalisation (Mpc^-2).
    meta
        Of the map.

    Raises
    ------
    InputError
        Two tiles overlap. What no tile covers has no probability.
    """
    uniq = np.asarray(uniq).astype(np.int64)
    level, pixel = split_uniq(uniq)
    columns = [np.asarray(column, np.float64) for column in (density, *(distance or ()))]
    order = int(level.max(initial=0))
    start = pixel << (2 * (order - level.astype(np.int64)))
    if np.any(start[1:] <= start[:-1]):
        rank = np.argsort(start, kind="stable")
        start, level, uniq = start[rank], level[rank], uniq[rank]
        columns = [column[rank] for column in columns]
    end = start + (np.int64(1) << (2 * (order - level.astype(np.int64))))
    overlap = np.flatnonzero(end[:-1] > start[1:])
    if len(overlap):
        i = overlap[0]
        raise InputError(
            f"{len(overlap)} tiles overlap their neighbour, the first UNIQ {uniq[i]} and {uniq[i + 1]}: "
            "a map gives each part of the sky once"
        )
    start, level, columns = _with_gaps(order, start, level, end, columns)
    return SkyMap(order, start, level, *columns, meta=dict(meta or {}))


def split_uniq(uniq: NDArray[np.int64]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return order and index (NESTED) of tiles given as UNIQ numbers.

    Raises
    ------
    InputError
        A number is no tile.
    """
    if np.any(uniq < 4):
        raise InputError(f"UNIQ {uniq[uniq < 4][0]} is no HEALPix tile: the numbers begin at 4")
    # frexp gives the exponent of a float64; a UNIQ of 2^53 or more may round up to the next power of four.
    level = ((np.frexp(uniq.astype(np.float64))[1] - 1) >> 1) - 1
    level = level - ((np.int64(4) << (2 * level)) > uniq)
    pixel = uniq - (np.int64(4) << (2 * level))
    if np.any(level > MAX_ORDER) or np.any(pixel >= np.int64(12) << (2 * level)):
        bad = uniq[(level > MAX_ORDER) | (pixel >= np.int64(12) << (2 * level))][0]
        raise InputError(f"UNIQ {bad} is no HEALPix tile: its order has fewer pixels")
    return level.astype(np.uint8), pixel


def expand(first: NDArray[np.int64], count: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbers first, first + 1, ... of each run, `count` of them, one run after the other."""
    base = np.repeat(first, count)
    return base + np.arange(len(base)) - np.repeat(np.cumsum(count) - count, count)


def tiles_of_ranges(ranges: NDArray[np.int64], order: int) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the fewest tiles that cover ranges of pixels: their first pixels, ascending, and orders.

    Parameters
    ----------
    ranges : int64 array [n, 2]
        First pixel and the one after the last, NESTED at `order`; ascending, apart from each other.
    order
        Of the pixels.
    """
    starts, levels = [], []
    low, high = ranges[:, 0].copy(), ranges[:, 1].copy()
    # From deep to coarse: peel off at both ends what does not fill a tile of the next coarser order.
    for level in range(order, -1, -1):
        shift = 2 * (order - level)
        parent = np.int64(1) << (shift + 2)
        if level == 0:
            inner_low, inner_high = high, high
        else:
            inner_low = np.minimum((low + parent - 1) // parent * parent, high)
            inner_high = np.maximum(high // parent * parent, inner_low)
        for first, last in ((low, inner_low), (inner_high, high)):
            tiles = expand(first >> shift, (last - first) >> shift) << shift
            starts.append(tiles)
            levels.append(np.full(len(tiles), level, np.uint8))
        keep = inner_high > inner_low
        low, high = inner_low[keep], inner_high[keep]
    start, level = np.concatenate(starts), np.concatenate(levels)
    rank = np.argsort(start)
    return start[rank], level[rank]


def _with_gaps(
    order: int,
    start: NDArray[np.int64],
    level: NDArray[np.uint8],
    end: NDArray[np.int64],
    columns: list[NDArray[np.float64]],
) -> tuple[NDArray[np.int64], NDArray[np.uint8], list[NDArray[np.float64]]]:
    """Add tiles without probability, and without distance, where there are none."""
    bounds = np.concatenate(([0], np.column_stack((start, end)).ravel(), [12 << (2 * order)]))
    gaps = bounds.astype(np.int64).reshape(-1, 2)
    gaps = gaps[gaps[:, 1] > gaps[:, 0]]
    if not len(gaps):
        return start, level, columns
    more, more_level = tiles_of_ranges(gaps, order)
    rank = np.argsort(np.concatenate((start, more)), kind="stable")
    nothing = (0.0, np.inf, 1.0, 0.0)
    filled = [
        np.concatenate((column, np.full(len(more), value)))[rank]
        for column, value in zip(columns, nothing, strict=False)
    ]
    return np.concatenate((start, more))[rank], np.concatenate((level, more_level))[rank], filled
