"""Parts of the sky as ranges of HEALPix pixels, and the probability that a map has in them.

Ranges are pixels of order 29, NESTED, as in an IVOA MOC: an int64 array [n, 2] of first pixel and the one
after the last, ascending and apart from each other. A shape (circle, polygon) is the pixels, of an order fine
enough for its size, whose centres are within.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import Angle, Latitude, Longitude
from cdshealpix import nested
from mocpy import MOC
from numpy.typing import ArrayLike, NDArray

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.output import write_bytes, write_json
from tidings.skymap.sky import MAX_ORDER, SQUARE_DEGREES, SkyMap, expand, pixel_area, pixel_centres

Ranges = NDArray[np.int64]

SKY = np.array([[0, 12 << (2 * MAX_ORDER)]], np.int64)
"""The whole sky."""

# A pixel of order k is 58.6 deg / 2^k wide.
_PIXEL = 58.6
# Pixels across a shape: its area is right to some 3e-4, and more so the probability in it.
_ACROSS = 400


def cone(ra: float, dec: float, radius: float, order: int | None = None) -> Ranges:
    """Return the part of the sky within an angle of a position.

    Parameters
    ----------
    ra, dec, radius
        deg.
    order
        Of the pixels whose centres are compared with the radius; by the radius when not given.

    Raises
    ------
    InputError
        No such position, or a radius that is not above 0 and at most 180 deg.
    """
    check_position(ra, dec)
    if not 0 < radius <= 180:
        raise InputError(f"a radius of {radius:g} deg encloses nothing: give one above 0, at most 180 deg")
    if radius == 180:
        return SKY.copy()
    if radius > 90:
        # cdshealpix misses parts of circles that are almost the whole sky.
        return complement(cone((ra + 180) % 360, -dec, 180 - radius, order))
    order = shape_order(2 * radius) if order is None else order
    centre = unit_vectors(ra, dec)

    def inside(vectors: NDArray[np.float64]) -> NDArray[np.bool_]:
        # The chord, since the cosine of a small angle has no digits left.
        return np.linalg.norm(vectors - centre, axis=-1) <= 2 * np.sin(np.radians(radius) / 2)

    lon, lat = Longitude(ra % 360, u.deg), Latitude(dec, u.deg)
    return _shape(nested.cone_search(lon, lat, Angle(radius, u.deg), order, flat=False), order, inside)


def polygon(ra: ArrayLike, dec: ArrayLike, order: int | None = None) -> Ranges:
    """Return the part of the sky within a polygon whose sides are great circles.

    Parameters
    ----------
    ra, dec : array [n]
        Its corners in turn, deg; the first need not be repeated.
    order
        Of the pixels whose centres are tested; by the size when not given.

    Raises
    ------
    InputError
        Fewer than three corners, two on one place, or corners that reach 80 deg or more from their middle.
    """
    ra, dec = np.atleast_1d(np.asarray(ra, float)), np.atleast_1d(np.asarray(dec, float))
    for corner in zip(ra, dec, strict=True):
        check_position(*corner)
    corners = unit_vectors(ra, dec)
    if len(corners) > 1 and np.allclose(corners[0], corners[-1], atol=1e-12):
        ra, dec, corners = ra[:-1], dec[:-1], corners[:-1]
    if len(corners) < 3:
        raise InputError(f"a polygon of {len(corners)} corners encloses nothing: give three or more")
    middle = corners.mean(axis=0)
    extent = float(np.degrees(np.arccos(np.clip(corners @ middle / np.linalg.norm(middle), -1, 1).min())))
    if extent >= 80:
        raise InputError(
            f"the polygon's corners reach {extent:.0f} deg from its middle: split it into polygons that "
            "reach less than 80 deg"
        )
    plane = _gnomonic(corners, middle)
    if abs(_shoelace(plane)) == 0:
        raise InputError("the corners of the polygon are on one line: it encloses nothing")

    def inside(vectors: NDArray[np.float64]) -> NDArray[np.bool_]:
        return _in_polygon(_gnomonic(vectors, middle), plane) & (vectors @ middle > 0)

    order = shape_order(2 * extent) if order is None else order
    cells = nested.polygon_search(Longitude(ra % 360, u.deg), Latitude(dec, u.deg), order, flat=False)
    return _shape(cells, order, inside)


def rectangle(
    ra: float, dec: float, width: float, height: float, angle: float = 0.0, order: int | None = None
) -> Ranges:
    """Return the field of a camera: a rectangle in the plane that touches the sky at its centre.

    Parameters
    ----------
    ra, dec
        Of the centre, deg.
    width, height
        Full sides, deg: along right ascension and declination when the angle is 0.
    angle
        Position angle of the height, deg from north to east.
    order
        As of `polygon`.
    """
    return polygon(*rectangle_corners(ra, dec, width, height, angle), order)


def rectangle_corners(
    ra: float, dec: float, width: float, height: float, angle: float = 0.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return right ascension and declination, deg, of the four corners of `rectangle`."""
    check_position(ra, dec)
    if not (0 < width < 120 and 0 < height < 120):
        raise InputError(f"a field of {width:g} by {height:g} deg: give sides above 0 and below 120 deg")
    x, y = np.tan(np.radians([width / 2, height / 2]))
    middle, east, north = tangent_frame(ra, dec)
    turn = np.radians(angle)
    up = np.cos(turn) * north + np.sin(turn) * east
    left = np.cos(turn) * east - np.sin(turn) * north
    signs = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)])
    corners = middle + signs[:, :1] * x * left + signs[:, 1:] * y * up
    return angles(corners)


def shape_order(size: float) -> int:
    """Return the order at which a shape of this size (deg) is some 400 pixels across, 4 to 29."""
    return int(np.clip(np.ceil(np.log2(_PIXEL * _ACROSS / size)), 4, MAX_ORDER))


def check_position(ra: float, dec: float) -> None:
    """Raise `InputError` for what is no position in degrees."""
    if not (np.isfinite(ra) and np.isfinite(dec)):
        raise InputError(f"RA {ra}, Dec {dec} is no position: give both in degrees")
    if not (-360 <= ra <= 360 and -90 <= dec <= 90):
        raise InputError(f"RA {ra:g}, Dec {dec:g} is no position: RA is 0 to 360 deg, Dec -90 to 90 deg")


def unit_vectors(ra: ArrayLike, dec: ArrayLike) -> NDArray[np.float64]:
    """Return unit vectors [..., 3] of positions in deg."""
    a, d = np.radians(np.asarray(ra, float)), np.radians(np.asarray(dec, float))
    return np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=-1)


def tangent_frame(
    ra: float, dec: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return unit vectors to a position (deg), and from there to the east and to the north."""
    a, d = np.radians([ra, dec])
    east = np.array([-np.sin(a), np.cos(a), 0.0])
    north = np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
    return unit_vectors(ra, dec), east, north


def angles(vectors: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return right ascension and declination, deg, of vectors [..., 3] of any length."""
    x, y, z = np.moveaxis(np.asarray(vectors, float), -1, 0)
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


def moc_ranges(moc: MOC) -> Ranges:
    """Return the ranges of a coverage map."""
    return np.asarray(moc.to_depth29_ranges, np.uint64).astype(np.int64).reshape(-1, 2)


def ranges_moc(ranges: Ranges, order: int = MAX_ORDER) -> MOC:
    """Return ranges as coverage map; `order` is the deepest that they need."""
    if not len(ranges):
        return MOC.new_empty(order)
    return MOC.from_depth29_ranges(order, ranges.astype(np.uint64))


def read_moc(path: str | Path) -> Ranges:
    """Read a coverage map, FITS, JSON or ASCII (IVOA MOC 2.0).

    Raises
    ------
    InputError
        The file is none, or its coverage map is empty.
    """
    path = Path(path)
    try:
        start = path.read_bytes()[:400].lstrip()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if start[:1] == b"<":
        raise InputError(f"{path}: is a web page, not a coverage map: download the file itself")
    form = (
        "json"
        if start[:1] == b"{"
        else "fits"
        if start[:6] == b"SIMPLE" or start[:2] == b"\x1f\x8b"
        else "ascii"
    )
    try:
        ranges = moc_ranges(MOC.load(str(path), format=form))
    except Exception as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        raise InputError(
            f"{path}: cannot be read as a space MOC ({reason}): FITS, JSON and ASCII of MOC 2.0 are read"
        ) from None
    if not len(ranges):
        raise InputError(f"{path}: the coverage map is empty")
    return ranges


def write_moc(
    ranges: Ranges, path: str | Path, provenance: dict[str, Any] | None = None, order: int | None = None
) -> None:
    """Write ranges as coverage map (IVOA MOC 2.0): JSON or, for .txt, ASCII; else FITS.

    FITS is that of tiles (ORDERING NUNIQ), which readers of MOC 1 know too. Provenance is kept in FITS alone:
    the other two forms have no place for it.

    Parameters
    ----------
    order
        Deepest order of the map; the deepest that the ranges need if not given.
    """
    path = Path(path)
    moc = ranges_moc(ranges, deepest_order(ranges) if order is None else order)
    if path.suffix == ".json":
        write_json(moc.serialize("json"), path)
    elif path.suffix == ".txt":
        write_bytes(path, moc.to_string("ascii").encode("ascii"))
    else:
        primary, table = moc.serialize("fits", v1_compatible=True)
        table.header["PIXTYPE"] = "HEALPIX"
        write_fits([primary, table], path, provenance)


def deepest_order(ranges: Ranges) -> int:
    """Return the order of the smallest pixel that a bound of the ranges needs, 0 to 29."""
    bits = np.bitwise_or.reduce(ranges.ravel()) if len(ranges) else 0
    zeros = (int(bits & -bits)).bit_length() - 1 if bits else 2 * MAX_ORDER
    return int(np.clip(MAX_ORDER - zeros // 2, 0, MAX_ORDER))


def tile_ranges(sky: SkyMap, tiles: NDArray[np.int64] | NDArray[np.bool_]) -> Ranges:
    """Return tiles of a map, by index or mask, as ranges."""
    shift = 2 * (MAX_ORDER - sky.order)
    return union(np.stack([sky.start[tiles] << shift, sky.end[tiles] << shift], axis=1))


def region_ranges(sky: SkyMap, level: float) -> Ranges:
    """Return the credible region of a level in percent."""
    if not 0 < level <= 100:
        raise InputError(f"a level of {level:g} % is none: give it in percent, above 0 and at most 100")
    return np.asarray(sky.region(level / 100), np.int64) << (2 * (MAX_ORDER - sky.order))


def union(*parts: Ranges) -> Ranges:
    """Return what any of the parts covers; the ranges of a part may be in any order and overlap."""
    ranges = np.concatenate([np.asarray(part, np.int64).reshape(-1, 2) for part in parts])
    ranges = ranges[ranges[:, 1] > ranges[:, 0]]
    if not len(ranges):
        return ranges
    ranges = ranges[np.argsort(ranges[:, 0], kind="stable")]
    reach = np.maximum.accumulate(ranges[:, 1])
    first = np.flatnonzero(np.concatenate(([True], ranges[1:, 0] > reach[:-1])))
    last = np.append(first[1:] - 1, len(ranges) - 1)
    return np.stack([ranges[first, 0], reach[last]], axis=1)


def complement(ranges: Ranges) -> Ranges:
    """Return the rest of the sky."""
    bounds = np.concatenate(([0], ranges.ravel(), SKY[:, 1])).reshape(-1, 2)
    return bounds[bounds[:, 1] > bounds[:, 0]]


def intersection(first: Ranges, second: Ranges) -> Ranges:
    """Return what both cover."""
    return complement(union(complement(first), complement(second)))


def area(ranges: Ranges) -> float:
    """Return the area of ranges, deg2."""
    pixels = float((ranges[:, 1] - ranges[:, 0]).sum()) if len(ranges) else 0.0
    return float(pixels * pixel_area(MAX_ORDER) * SQUARE_DEGREES)


class Cumulative:
    """Probability of a map up to each pixel of order 29, so that of a range is a difference.

    Parameters
    ----------
    sky
        The map.
    """

    def __init__(self, sky: SkyMap) -> None:
        self._sky = sky
        self._shift = 2 * (MAX_ORDER - sky.order)
        self._before = np.concatenate(([0.0], np.cumsum(sky.probability)))

    def __call__(self, pixels: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the probability before each pixel; 12 * 4^29, the end of the sky, is one too."""
        sky = self._sky
        tile = np.clip(np.searchsorted(sky.start << self._shift, pixels, side="right") - 1, 0, len(sky) - 1)
        within = (pixels - (sky.start[tile] << self._shift)).astype(float)
        return self._before[tile] + sky.density[tile] * within * pixel_area(MAX_ORDER)

    def of(self, ranges: Ranges) -> NDArray[np.float64]:
        """Return the probability in each range."""
        if not len(ranges):
            return np.zeros(0)
        return np.maximum(self(ranges[:, 1]) - self(ranges[:, 0]), 0.0)


def probability_in(sky: SkyMap, ranges: Ranges) -> float:
    """Return the probability of a map in a part of the sky."""
    return float(Cumulative(sky).of(ranges).sum())


def tiles_touched(sky: SkyMap, ranges: Ranges) -> NDArray[np.int64]:
    """Return the tiles of a map that a part of the sky overlaps, ascending."""
    shift = 2 * (MAX_ORDER - sky.order)
    start = sky.start << shift
    low = np.searchsorted(start, ranges[:, 0], side="right") - 1
    high = np.searchsorted(start, ranges[:, 1], side="left")
    # Each tile counts once, though two ranges may be within it.
    steps = np.zeros(len(sky) + 1, np.int64)
    np.add.at(steps, low, 1)
    np.add.at(steps, high, -1)
    return np.flatnonzero(np.cumsum(steps[:-1]) > 0)


def _shape(
    cells: tuple[Any, Any, Any], order: int, inside: Callable[[NDArray[np.float64]], NDArray[np.bool_]]
) -> Ranges:
    """Return the cells that are within a shape whole, and those on its edge with their centre inside."""
    pixel, depth, whole = (np.asarray(part) for part in cells)
    pixel, depth = pixel.astype(np.int64), depth.astype(np.int64)
    whole = whole.astype(bool)
    edge = np.flatnonzero(~whole)
    if len(edge):
        # What is reported coarser than asked for is cut down, so that every centre is of one order.
        shift = 2 * (order - depth[edge])
        fine = expand(pixel[edge] << shift, np.int64(1) << shift)
        fine = fine[inside(unit_vectors(*pixel_centres(fine, order)))]
    else:
        fine = np.empty(0, np.int64)
    shift = 2 * (MAX_ORDER - depth[whole])
    full = np.stack([pixel[whole] << shift, (pixel[whole] + 1) << shift], axis=1)
    shift = 2 * (MAX_ORDER - order)
    return union(full, np.stack([fine << shift, (fine + 1) << shift], axis=1))


def _gnomonic(vectors: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return x, y in the plane that touches the sky at a direction, where great circles are straight."""
    axis = middle / np.linalg.norm(middle)
    away = np.eye(3)[int(np.argmin(np.abs(axis)))]
    x = np.cross(away, axis)
    x /= np.linalg.norm(x)
    along = vectors @ axis
    along = np.where(np.abs(along) < 1e-12, 1e-12, along)
    return np.stack([vectors @ x, vectors @ np.cross(axis, x)], axis=-1) / along[..., None]


def _shoelace(plane: NDArray[np.float64]) -> float:
    x, y = plane.T
    return float((x * np.roll(y, -1) - np.roll(x, -1) * y).sum() / 2)


def _in_polygon(points: NDArray[np.float64], corners: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points a ray to the left leaves through an odd number of sides."""
    inside = np.zeros(len(points), bool)
    x, y = points.T
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        crosses = (y1 > y) != (y2 > y)
        if y1 != y2:
            inside ^= crosses & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return inside
