"""Credible regions: areas, ranges of pixels, parts, and what a map says at positions.

Regions are greedy: the densest tiles first, until they hold the probability asked for. The tile in which the
level is crossed belongs to the region, and tiles of equal density come in together, so that a region does not
depend on the order of the tiles: it holds that probability or more. Only in an area that is interpolated the
tile of the crossing counts in proportion, as in ligo.skymap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cdshealpix import nested
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tidings.errors import InputError
from tidings.skymap.sky import SQUARE_DEGREES, SkyMap

# Columns of cdshealpix's neighbours: the pixel itself is the fifth.
_AROUND = [0, 1, 2, 3, 5, 6, 7, 8]


@dataclass(frozen=True)
class Part:
    """A part of a region that touches no other: its probability, area (deg2), and densest position (deg)."""

    probability: float
    area: float
    ra: float
    dec: float


def check_levels(levels: ArrayLike) -> NDArray[np.float64]:
    """Return credible levels as an array.

    Raises
    ------
    InputError
        A level is not above 0 and at most 1.
    """
    levels = np.atleast_1d(np.asarray(levels, float))
    bad = ~((levels > 0) & (levels <= 1))
    if bad.any():
        raise InputError(f"credible level {100 * levels[bad][0]:g} %: a level is above 0 and at most 100 %")
    return levels


def areas(sky: SkyMap, levels: ArrayLike, *, whole_tiles: bool = False) -> NDArray[np.float64]:
    """Return the area of credible regions, deg2.

    Parameters
    ----------
    levels : array [k]
        From 0 to 1.
    whole_tiles
        Count the tile in which the level is crossed, and those as dense, as a whole: the area of `region`.
        Otherwise in proportion.

    Raises
    ------
    InputError
        A level is not above 0 and at most 1.
    """
    levels = check_levels(levels)
    if whole_tiles:
        return np.array([sky.area[in_region(sky, level)].sum() * SQUARE_DEGREES for level in levels])
    cumulative = np.concatenate(([0.0], np.cumsum(sky.probability[sky.ranking])))
    area = np.concatenate(([0.0], np.cumsum(sky.area[sky.ranking]))) * SQUARE_DEGREES
    # Tiles without probability at the end would make the area of 100 % ambiguous.
    some = np.append(True, sky.density[sky.ranking] > 0)
    return np.interp(levels, cumulative[some] / cumulative[-1], area[some])


def in_region(sky: SkyMap, level: float) -> NDArray[np.bool_]:
    """Return for each tile whether it belongs to the credible region of a level, 0 to 1."""
    (level,) = check_levels(level)
    credible = sky.credible_levels()
    inside = credible <= level
    if not inside.all() and credible[inside].max(initial=0.0) < level:
        # The tiles in which the level is crossed: the next, and all as dense.
        inside |= credible == credible[~inside].min()
    return inside & (sky.density > 0)


def region(sky: SkyMap, level: float) -> NDArray[np.int64]:
    """Return the credible region of a level as ranges of pixels.

    Returns
    -------
    int64 array [k, 2]
        First pixel and the one after the last (NESTED at the order of the map), ascending, apart.
    """
    return ranges_of(sky, in_region(sky, level))


def ranges_of(sky: SkyMap, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return some tiles of a map as ranges of pixels of its order; the fewest ranges."""
    bounded = np.concatenate(([False], inside, [False]))
    begin = np.flatnonzero(bounded[1:] & ~bounded[:-1])
    end = np.flatnonzero(bounded[:-1] & ~bounded[1:])
    return np.column_stack((sky.start[begin], sky.end[end - 1])).reshape(-1, 2)


def most_probable(sky: SkyMap) -> tuple[float, float]:
    """Return right ascension and declination, deg, of the centre of the densest tile."""
    i = sky.ranking[0]
    return float(sky.centres[0][i]), float(sky.centres[1][i])


def level_at(sky: SkyMap, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Return the credible level of positions (deg), 0 to 1: the searched probability."""
    return sky.credible_levels()[sky.tiles_at(lon, lat)]


def searched_area(sky: SkyMap, lon: ArrayLike, lat: ArrayLike) -> NDArray[np.float64]:
    """Return the area, deg2, of the tiles at least as dense as those at positions (deg)."""
    area = np.cumsum(sky.area[sky.ranking]) * SQUARE_DEGREES
    density = -sky.density[sky.ranking]
    return area[np.searchsorted(density, -sky.density[sky.tiles_at(lon, lat)], side="right") - 1]


def neighbours(sky: SkyMap, tiles: NDArray[np.int64], columns: list[int]) -> NDArray[np.int64]:
    """Return the tiles that hold the neighbours, of the same order, of some tiles.

    Parameters
    ----------
    columns
        Which: 0 to 8 for S, SE, E, SW, itself, NE, W, NW, N.

    Returns
    -------
    int64 array [len(tiles), len(columns)]
        -1 where there is none (eight pixels of each order have seven neighbours). A tile as coarse or coarser
        is the neighbour; of finer ones it is the first within the pixel.
    """
    found = np.full((len(tiles), len(columns)), -1, np.int64)
    for level in np.unique(sky.level[tiles]):
        at = np.flatnonzero(sky.level[tiles] == level)
        pixels = nested.neighbours(sky.pixel[tiles[at]].astype(np.uint64), int(level), num_threads=1)
        pixels = pixels[:, columns].astype(np.int64)
        start = np.maximum(pixels, 0) << (2 * (sky.order - int(level)))
        found[at] = np.where(pixels >= 0, sky.tiles_of(start.ravel()).reshape(start.shape), -1)
    return found


def parts(sky: SkyMap, level: float) -> list[Part]:
    """Return the parts of a credible region that do not touch, the most probable first.

    Tiles touch if they have an edge or a corner in common. Their number is the number of modes at this level.
    """
    inside = in_region(sky, level)
    tiles = np.flatnonzero(inside)
    others = neighbours(sky, tiles, _AROUND)
    # A neighbour of finer tiles is not followed here: its tiles find this one.
    use = (others >= 0) & inside[others] & (sky.level[others] <= sky.level[tiles][:, None])
    here, _ = np.nonzero(use)
    number = np.full(len(sky), -1)
    number[tiles] = np.arange(len(tiles))
    links = coo_array((np.ones(len(here), np.int8), (here, number[others[use]])), shape=(len(tiles),) * 2)
    count, label = connected_components(links, directed=False)
    probability = np.bincount(label, sky.probability[tiles], count)
    area = np.bincount(label, sky.area[tiles], count) * SQUARE_DEGREES
    # Writing from thin to dense leaves the densest tile of each part.
    rank = np.argsort(sky.density[tiles], kind="stable")
    densest = np.empty(count, np.int64)
    densest[label[rank]] = tiles[rank]
    lon, lat = sky.centres
    return [
        Part(float(probability[i]), float(area[i]), float(lon[densest[i]]), float(lat[densest[i]]))
        for i in np.argsort(-probability, kind="stable")
    ]
