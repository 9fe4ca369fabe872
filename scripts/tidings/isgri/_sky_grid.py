"""Pixels of a mosaic as directions, whatever the projection, in tiles that are near to one another."""

from __future__ import annotations

import math
from dataclasses import dataclass

import astropy.units as u
import cdshealpix
import numpy as np
from astropy.coordinates import FK5, Galactic, SkyCoord
from astropy.wcs import WCS

from tidings.errors import InputError

_TILE = 32
_TILE_ORDER = 5  # a HEALPix tile has 4^5 = 32^2 pixels
_MOST_PIXELS = 20_000_000
# Projections whose reference point must lie on the equator for the map to be upright.
_CYLINDRICAL = ("CAR", "AIT", "MOL", "SFL", "CEA")


@dataclass(frozen=True, eq=False)
class SkyGrid:
    """Pixels that a mosaic may have, tile by tile.

    Attributes
    ----------
    vectors
        [3, n], float32 (0.0002'), directions in FK5.
    index
        [n], flat index into the image, or HEALPix number (nested).
    starts
        [tiles + 1], where each tile begins in `vectors`.
    centres, radii
        [tiles, 3] and [tiles], directions of the tiles and how far they reach [rad].
    pixel
        Size of a pixel [deg].
    shape
        Of the image; None for HEALPix.
    wcs
        Of the image; None for HEALPix.
    order
        Of HEALPix; None for an image.
    galactic
        Whether the pixels are laid out in galactic coordinates.
    """

    vectors: np.ndarray
    index: np.ndarray
    starts: np.ndarray
    centres: np.ndarray
    radii: np.ndarray
    pixel: float
    shape: tuple[int, int] | None = None
    wcs: WCS | None = None
    order: int | None = None
    galactic: bool = False

    def within(self, direction: np.ndarray, radius: float) -> np.ndarray:
        """Return the numbers of the pixels of all tiles that reach into a circle of `radius` [rad]."""
        distance = np.arccos(np.clip(self.centres @ direction, -1, 1))
        tiles = np.flatnonzero(distance <= radius + self.radii)
        ranges = [np.arange(self.starts[tile], self.starts[tile + 1]) for tile in tiles]
        return np.concatenate(ranges) if ranges else np.zeros(0, np.int64)

    def near(self, direction: np.ndarray, radius: float) -> np.ndarray:
        """Return the numbers of the pixels within `radius` [rad] of a direction."""
        candidates = self.within(direction, radius)
        # The chord, since the cosine of a small angle has no digits left in float32.
        chord = np.linalg.norm(self.vectors[:, candidates] - direction[:, None], axis=0)
        return candidates[chord <= 2 * math.sin(radius / 2)]

    def image(self, values: np.ndarray, empty: float = 0.0) -> np.ndarray:
        """Return values per pixel as the image."""
        full = np.full(self.shape[0] * self.shape[1], empty, values.dtype)
        full[self.index] = values
        return full.reshape(self.shape)


def unit_vectors(longitude: np.ndarray, latitude: np.ndarray) -> np.ndarray:
    """Return directions [..., 3] of longitudes and latitudes [deg]."""
    lon, lat = np.radians(longitude), np.radians(latitude)
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=-1)


def longitude_latitude(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return longitudes (0-360) and latitudes [deg] of directions."""
    x, y, z = np.moveaxis(np.asarray(vectors, np.float64), -1, 0)
    return np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arctan2(z, np.hypot(x, y)))


def galactic_matrix() -> np.ndarray:
    """Return the 3x3 matrix that turns galactic directions into FK5 J2000."""
    axes = SkyCoord([0, 90, 0] * u.deg, [0, 0, 90] * u.deg, frame=Galactic).transform_to(FK5())
    return unit_vectors(axes.ra.deg, axes.dec.deg).T


def image_grid(
    footprints: list[np.ndarray],
    projection: str = "TAN",
    pixel: float = 0.0823,
    *,
    centre: tuple[float, float] | None = None,
    size: tuple[float, float] | None = None,
    galactic: bool = False,
) -> SkyGrid:
    """Return the pixels of an image in any projection of FITS.

    Parameters
    ----------
    footprints
        For each window, [k, 3], directions around its edge; they set centre and size if not given.
    projection
        Three letters: TAN, SIN, ZEA, CAR, AIT, ...
    pixel
        Size of a pixel [deg].
    centre
        Longitude and latitude [deg] in the frame of the map.
    size
        Width and height [deg].
    galactic
        Lay the pixels out in galactic coordinates.

    Raises
    ------
    InputError
        The image would be too large, or cannot hold what is asked.
    """
    edges = np.concatenate(footprints).astype(np.float64)
    turn = galactic_matrix() if galactic else np.eye(3)
    if centre is None:
        lon, lat = longitude_latitude((edges @ turn).mean(axis=0))
        centre = (round(float(lon), 4), round(float(lat), 4))
    wcs = _wcs(projection, pixel, centre, galactic)
    shape = _lay_out(wcs, edges @ turn, pixel, size, projection)
    tiles = _image_tiles(wcs, shape, turn)
    return SkyGrid(*tiles, pixel=pixel, shape=shape, wcs=wcs, galactic=galactic)


def healpix_grid(footprints: list[np.ndarray], pixel: float = 0.0823, *, galactic: bool = False) -> SkyGrid:
    """Return the HEALPix pixels around the windows, of the largest size not above `pixel` [deg]."""
    order = math.ceil(math.log2(math.degrees(math.sqrt(math.pi / 3)) / pixel))
    if not 0 <= order <= 13:
        raise InputError(
            f"a HEALPix pixel of {pixel * 60:g}' is of order {order}; choose one of 0.5' to 1000'"
        )
    turn = galactic_matrix() if galactic else np.eye(3)
    parent = max(order - _TILE_ORDER, 0)
    found = []
    for edge in footprints:
        direction = edge.mean(axis=0) / np.linalg.norm(edge.mean(axis=0))
        reach = np.arccos(np.clip(edge @ direction, -1, 1)).max()
        lon, lat = longitude_latitude(direction @ turn)
        cells, _, _ = cdshealpix.cone_search(
            lon * u.deg, lat * u.deg, float(reach) * u.rad, np.uint8(parent), flat=True
        )
        found.append(np.asarray(cells, np.int64))
    cells = np.unique(np.concatenate(found))
    per_tile = 4 ** (order - parent)
    _refuse_large(len(cells) * per_tile)
    index = (cells[:, None] * per_tile + np.arange(per_tile)).ravel()
    lon, lat = cdshealpix.healpix_to_lonlat(index.astype(np.uint64), np.uint8(order))
    vectors = (unit_vectors(lon.deg, lat.deg) @ turn.T).astype(np.float32)
    starts = np.arange(len(cells) + 1) * per_tile
    size = math.degrees(math.sqrt(math.pi / 3)) / 2**order
    return SkyGrid(
        np.ascontiguousarray(vectors.T),
        index,
        starts,
        *_bounds(vectors, starts),
        pixel=size,
        order=order,
        galactic=galactic,
    )


def _wcs(projection: str, pixel: float, centre: tuple[float, float], galactic: bool) -> WCS:
    wcs = WCS(naxis=2)
    names = ("GLON", "GLAT") if galactic else ("RA", "DEC")
    wcs.wcs.ctype = [f"{name:-<5}{projection}" for name in names]
    wcs.wcs.cdelt = [-pixel, pixel]
    wcs.wcs.crpix = [0.0, 0.0]
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.crval = [centre[0], 0.0 if projection in _CYLINDRICAL else centre[1]]
    if not galactic:
        wcs.wcs.radesys, wcs.wcs.equinox = "FK5", 2000.0
    wcs.wcs.set()
    # The centre of the image, where the reference point is not.
    wcs.wcs.crpix = -wcs.wcs_world2pix([centre], 0)[0] if projection in _CYLINDRICAL else [0.0, 0.0]
    wcs.wcs.set()
    return wcs


def _lay_out(
    wcs: WCS, edges: np.ndarray, pixel: float, size: tuple[float, float] | None, projection: str
) -> tuple[int, int]:
    """Move the reference pixel so that the image holds what it must, and return its shape."""
    base = wcs.wcs.crpix.copy()
    if size is not None:
        # Odd, so that the centre is that of a pixel.
        count = np.ceil(np.array(size) / pixel).astype(int) | 1
        low = -(count - 1) / 2
    else:
        x = wcs.wcs_world2pix(np.column_stack(longitude_latitude(edges)), 1)
        x = x[np.isfinite(x).all(axis=1)]
        if not len(x):
            raise InputError(f"no window lies within reach of the projection {projection}; choose the centre")
        # Whole pixels from the reference point, so that it falls on a pixel's centre.
        low, high = np.floor(x.min(axis=0)), np.ceil(x.max(axis=0))
        count = (high - low + 1).astype(int)
    _refuse_large(int(count[0]) * int(count[1]))
    wcs.wcs.crpix = base + 1 - low
    wcs.wcs.set()
    return int(count[1]), int(count[0])


def _refuse_large(pixels: int) -> None:
    if pixels > _MOST_PIXELS:
        raise InputError(
            f"the mosaic would have {pixels / 1e6:.0f} million pixels, above {_MOST_PIXELS / 1e6:.0f}: "
            "choose larger pixels, a smaller size, a centre nearer to the windows, or another projection"
        )


def _image_tiles(wcs: WCS, shape: tuple[int, int], turn: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return directions, flat indices and tiles of the pixels that have a direction."""
    parts, numbers, counts = [], [], []
    for top in range(0, shape[0], _TILE):
        rows = np.arange(top, min(top + _TILE, shape[0]))
        y, x = np.meshgrid(rows, np.arange(shape[1]), indexing="ij")
        # Tile after tile along the strip.
        order = np.argsort(x.ravel() // _TILE, kind="stable")
        x, y = x.ravel()[order], y.ravel()[order]
        lon, lat = wcs.wcs_pix2world(x, y, 0)
        # Some projections answer outside their map with a position that another pixel has.
        again = np.hypot(*(np.subtract(wcs.wcs_world2pix(lon, lat, 0), (x, y)))) < 0.01
        known = np.isfinite(lon) & np.isfinite(lat) & again
        parts.append((unit_vectors(lon[known], lat[known]) @ turn.T).astype(np.float32))
        numbers.append((y * shape[1] + x)[known])
        counts.append(np.bincount(x[known] // _TILE, minlength=-(-shape[1] // _TILE)))
    vectors = np.concatenate(parts)
    counts = np.concatenate(counts)
    starts = np.concatenate([[0], np.cumsum(counts[counts > 0])])
    return np.ascontiguousarray(vectors.T), np.concatenate(numbers), starts, *_bounds(vectors, starts)


def _bounds(vectors: np.ndarray, starts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return direction and reach of each tile."""
    sums = np.add.reduceat(vectors.astype(np.float64), starts[:-1], axis=0)
    centres = sums / np.linalg.norm(sums, axis=1)[:, None]
    tile = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    chord = np.linalg.norm(vectors - centres[tile], axis=1)
    return centres, 2 * np.arcsin(np.clip(np.maximum.reduceat(chord, starts[:-1]) / 2, 0, 1)) + 1e-6
