"""Closed rings on the sphere as polygons with holes in the plane of longitude and latitude."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Points on the cut are moved off it by this much (0.4 mas), and points at a pole from the pole.
_OFF = 1e-7

Line = NDArray[np.float64]


@dataclass(frozen=True)
class Polygon:
    """A polygon in the plane: arrays [n, 2] of longitude (-180 to 180°) and latitude, closed.

    The outline runs to the left of its inside (RFC 7946), holes to the right of theirs.
    """

    outline: Line
    holes: tuple[Line, ...]


def polygons_of(rings: list[tuple[Line, Line]], cut_inside: bool) -> list[Polygon]:
    """Cut rings (longitudes and latitudes, deg, the region to the left) at longitude 180°.

    Parameters
    ----------
    cut_inside
        Whether the point of the cut at latitude 0 is in the region.
    """
    closed, pieces = [], []
    for lon, lat in rings:
        cut = _cut(lon, lat)
        (closed if len(cut) == 1 and np.array_equal(cut[0][0], cut[0][-1]) else pieces).extend(cut)
    closed += _join(pieces)
    if not pieces and cut_inside:
        closed.append(np.array([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]], float))
    outlines = sorted((ring for ring in closed if _area(ring) > 0), key=_area)
    holes: list[list[Line]] = [[] for _ in outlines]
    for hole in (ring for ring in closed if _area(ring) < 0):
        # The smallest outline around a hole is the one that it is in.
        home = next((i for i, ring in enumerate(outlines) if _contains(ring, _beside(hole))), None)
        if home is not None:
            holes[home].append(hole)
    return [Polygon(ring, tuple(h)) for ring, h in zip(outlines[::-1], holes[::-1], strict=True)]


def _cut(lon: Line, lat: Line) -> list[Line]:
    """Return the pieces of a ring between its crossings of longitude 180°, or the ring, closed."""
    lon = (np.asarray(lon) + 180) % 360 - 180
    lon = np.where(np.abs(np.abs(lon) - 180) < _OFF, -180 + _OFF, lon)
    lat = np.clip(lat, -90 + _OFF, 90 - _OFF)
    crossings = np.flatnonzero(np.abs(np.roll(lon, -1) - lon) > 180)
    points = np.column_stack((lon, lat))
    if not len(crossings):
        return [np.vstack((points, points[:1]))]
    pieces = []
    for here, there in zip(crossings, np.roll(crossings, -1), strict=True):
        inner = np.arange(here + 1, there + 1 if there > here else there + 1 + len(lon)) % len(lon)
        enter, _ = _crossing(lon, lat, here)
        _, leave = _crossing(lon, lat, there)
        pieces.append(np.vstack((enter, points[inner], leave)))
    return pieces


def _crossing(lon: Line, lat: Line, i: int) -> tuple[Line, Line]:
    """Return where the side behind point i enters the plane, and where it leaves it."""
    j = (i + 1) % len(lon)
    edge = np.copysign(180.0, lon[i])
    gone = lon[j] + 2 * edge
    at = lat[i] + (lat[j] - lat[i]) * (edge - lon[i]) / (gone - lon[i])
    return np.array([-edge, at]), np.array([edge, at])


def _join(pieces: list[Line]) -> list[Line]:
    """Close pieces along the rim of the plane, which is walked with the plane to the left."""
    entries = np.array([_rim(piece[0]) for piece in pieces])
    rings, used = [], np.zeros(len(pieces), bool)
    for start in range(len(pieces)):
        if used[start]:
            continue
        ring, here = [], start
        while not used[here]:
            used[here] = True
            ring.append(pieces[here])
            leave = _rim(pieces[here][-1])
            way = (entries - leave) % 720 + np.where(entries == leave, 720, 0)
            # The next entry along the rim; the ring's own start counts, other used ones cannot be met.
            way[used] = np.inf
            way[start] = (entries[start] - leave) % 720
            there = int(np.argmin(way))
            corners = [(c - leave) % 720 for c in (180, 360, 540, 720) if 0 < (c - leave) % 720 < way[there]]
            ring += [_on_rim(leave + c)[None] for c in sorted(corners)]
            here = there
        line = np.vstack(ring)
        rings.append(np.vstack((line, line[:1])))
    return rings


# The rim: up the side of longitude 180, along the top, down the other side, along the bottom; 180 units each.
def _rim(point: Line) -> float:
    return point[1] + 90 if point[0] > 0 else 360 + 90 - point[1]


def _on_rim(way: float) -> Line:
    corners = {0: (180, -90), 180: (180, 90), 360: (-180, 90), 540: (-180, -90)}
    return np.array(corners[round(way % 720) % 720], float)


def _area(ring: Line) -> float:
    x, y = ring.T
    return float(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2)


def _beside(ring: Line) -> Line:
    """Return a point in the region beside the first side of a ring that has length: to its left."""
    step = np.diff(ring, axis=0)
    length = np.hypot(*step.T)
    i = int(np.argmax(length))
    return ring[i] + step[i] / 2 + 1e-6 * length[i] * np.array([-step[i][1], step[i][0]]) / length[i]


def _contains(ring: Line, point: Line) -> bool:
    (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
    spans = (y0 > point[1]) != (y1 > point[1])
    x = x0[spans] + (point[1] - y0[spans]) * (x1[spans] - x0[spans]) / (y1[spans] - y0[spans])
    return bool(np.count_nonzero(x > point[0]) % 2)
