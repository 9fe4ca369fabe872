"""Outlines of credible regions, as closed rings on the sky and as polygons with holes.

The outline of a region is where its tiles meet tiles outside it: along the edges of pixels, never through
them, so that it holds exactly the tiles of the region's MOC. Each piece is a side of the finer of the two
tiles that share it. Pieces, with the region to their left, are joined to rings; edges of pixels are curves,
for which coarse pixels get points between the corners.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cdshealpix import nested
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from tidings.skymap._polygons import Polygon, polygons_of
from tidings.skymap.footprint import unit_vectors
from tidings.skymap.regions import in_region, neighbours
from tidings.skymap.sky import SkyMap

# Neighbours across the sides of a pixel from S to E, E to N, N to W, W to S: SE, NE, NW, SW.
_ACROSS = [1, 5, 7, 3]
# Sides of pixels coarser than this order get points in between: about one per degree.
_STRAIGHT = 6
_POLAR = 70.0


@dataclass(frozen=True)
class Ring:
    """A closed line of great circles; the region is to its left where longitude grows to the right.

    Attributes
    ----------
    lon, lat : float64 array [n]
        Its points, deg; the last joins the first, which is not repeated.
    """

    lon: NDArray[np.float64]
    lat: NDArray[np.float64]

    @property
    def area(self) -> float:
        """Area that it encloses, sr; beyond half of the sphere where it is the edge of a hole."""
        step = np.radians((np.roll(self.lon, -1) - self.lon + 180) % 360 - 180)
        half = np.tan(np.radians(self.lat) / 2)
        after = np.roll(half, -1)
        # Between a great circle and the equator, with its sign (spherical excess of the two triangles).
        below = 2 * np.arctan2(np.tan(step / 2) * (half + after), 1 + half * after)
        return float(np.sum(step - below) % (4 * np.pi))


def rings(sky: SkyMap, level: float) -> list[Ring]:
    """Return the outline of a credible region (level 0 to 1); none if it is the whole sky."""
    inside = in_region(sky, level)
    tiles, sides = _sides(sky, inside)
    if not len(tiles):
        return []
    lon, lat, size = _corners(sky, tiles, sides, inside)
    first = np.array([[x[0], y[0]] for x, y in zip(lon, lat, strict=True)])
    last = np.array([[x[-1], y[-1]] for x, y in zip(lon, lat, strict=True)])
    begin, end = _same_points(first, last, size)
    return [
        Ring(np.concatenate([lon[i][:-1] for i in chain]), np.concatenate([lat[i][:-1] for i in chain]))
        for chain in _chains(begin, end, lon, lat)
    ]


def polygons(sky: SkyMap, level: float) -> list[Polygon]:
    """Return a credible region as polygons with holes in the plane of RA, -180 to 180°, and Dec.

    Those that cross RA 180° are cut there, and those around a pole reach up to it, as section 3.1.9 of
    RFC 7946 asks for.
    """
    inside = in_region(sky, level)
    lines = [(ring.lon, ring.lat) for ring in rings(sky, level)]
    # A point on the cut, to know on which side it is when nothing crosses the cut.
    return polygons_of(lines, bool(inside[sky.tiles_at(180.0 + 1e-7, 0.0)]))


def _sides(sky: SkyMap, inside: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return tile and side (0 to 3) of each piece of outline."""
    everything = np.arange(len(sky))
    across = neighbours(sky, everything, _ACROSS)
    differs = inside[across] != inside[:, None]
    finer = sky.level[:, None] > sky.level[across]
    alike = (sky.level[:, None] == sky.level[across]) & inside[:, None]
    return np.nonzero(differs & (finer | alike))


def _corners(
    sky: SkyMap, tiles: NDArray[np.int64], sides: NDArray[np.int64], inside: NDArray[np.bool_]
) -> tuple[list[NDArray[np.float64]], list[NDArray[np.float64]], float]:
    """Return the points along each side, the region to the left, and the length of the shortest, rad."""
    lon: list[NDArray[np.float64]] = [np.empty(0)] * len(tiles)
    lat: list[NDArray[np.float64]] = [np.empty(0)] * len(tiles)
    # Near the poles a side spans many degrees of longitude.
    polar = np.abs(sky.centres[1][tiles]) > _POLAR
    kinds = 2 * sky.level[tiles].astype(np.int64) + polar
    for kind in np.unique(kinds):
        at = np.flatnonzero(kinds == kind)
        level = kind // 2
        step = 1 << (max(_STRAIGHT - int(level), 0) + (3 if kind % 2 else 0))
        x, y = nested.vertices(sky.pixel[tiles[at]].astype(np.uint64), int(level), step=step, num_threads=1)
        points = (sides[at, None] * step + np.arange(step + 1)) % (4 * step)
        x, y = np.take_along_axis(x.deg, points, axis=1), np.take_along_axis(y.deg, points, axis=1)
        for i, along, across in zip(at, x, y, strict=True):
            turn = 1 if inside[tiles[i]] else -1
            lon[i], lat[i] = along[::turn], across[::turn]
    return lon, lat, float(np.sqrt(np.pi / 3) / 2.0 ** sky.level[tiles].max())


def _same_points(
    first: NDArray[np.float64], last: NDArray[np.float64], size: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Number the ends of sides so that equal points have equal numbers, to a thousandth of a side."""
    vectors = unit_vectors(*np.concatenate((first, last)).T)
    pairs = cKDTree(vectors).query_pairs(1e-3 * size, output_type="ndarray")
    links = coo_array((np.ones(len(pairs), np.int8), (pairs[:, 0], pairs[:, 1])), shape=(len(vectors),) * 2)
    number = connected_components(links, directed=False)[1]
    return number[: len(first)], number[len(first) :]


def _chains(
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    lon: list[NDArray[np.float64]],
    lat: list[NDArray[np.float64]],
) -> list[list[int]]:
    """Join sides to closed chains; where two tiles touch at a corner, turn left: so each ring is simple."""
    leaving: dict[int, list[int]] = {}
    for side, point in enumerate(begin):
        leaving.setdefault(int(point), []).append(side)
    chains, used = [], np.zeros(len(begin), bool)
    for start in range(len(begin)):
        if used[start]:
            continue
        chain, side = [], start
        while not used[side]:
            used[side] = True
            chain.append(side)
            ways = [way for way in leaving[int(end[side])] if not used[way]]
            if not ways:
                break
            side = ways[0] if len(ways) == 1 else max(ways, key=lambda way: _turn(side, way, lon, lat))
        chains.append(chain)
    return chains


def _turn(side: int, way: int, lon: list[NDArray[np.float64]], lat: list[NDArray[np.float64]]) -> float:
    """Return the angle by which one turns left from a side into another, -pi to pi."""

    def direction(i: int, k: int) -> complex:
        east = (lon[i][k + 1] - lon[i][k] + 180) % 360 - 180
        return complex(east * np.cos(np.radians(lat[i][k : k + 2].mean())), lat[i][k + 1] - lat[i][k])

    return float(np.angle(direction(way, 0) / direction(side, len(lon[side]) - 2)))
