"""Sources in an image: those of a catalogue found again, or what stands out of the noise.

The work is done by photutils: centroids by fits of a Gaussian, aperture photometry, and segmentation.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.modeling.fitting import NonFiniteValueError
from astropy.stats import sigma_clipped_stats
from astropy.table import Table
from astropy.utils.exceptions import AstropyUserWarning
from photutils.aperture import ApertureStats as Statistics
from photutils.aperture import CircularAnnulus, CircularAperture
from photutils.centroids import centroid_2dg
from photutils.segmentation import SourceCatalog, detect_sources

from tidings.errors import InputError
from tidings.legacy.catalogue import bands_of, values
from tidings.legacy.image import Image
from tidings.legacy.photometry import fluxes

# Bits of MASKBITS for saturated pixels in g, r, z, i (https://www.legacysurvey.org/dr10/bitmasks).
_SATURATED = {"g": 1 << 2, "r": 1 << 3, "z": 1 << 4, "i": 1 << 14}
_CLEAR = 7.0  # arcsec at which no other source may have more than
_FAINTER = 0.1  # of the flux; with the third power beyond, as wings fall off, up to
_FAR = 12.0  # arcsec
_HALF_BOX = 3.5  # arcsec, of the square that a centroid is fitted in
_LEAST_BOX = 3  # pixels on either side
_APERTURE = 5.0  # arcsec
_ANNULUS = (8.0, 12.0)  # arcsec
_MARGIN = 13.0  # arcsec from the edges
_SIGNIFICANT = 50.0  # signal-to-noise ratio
_DETECTED = 3.0  # sigma of each of
_CONNECTED = 5  # pixels


@dataclass(frozen=True)
class Noise:
    """Median and standard deviation of the empty sky, nanomaggies per pixel."""

    level: float
    sigma: float


def noise_of(plane: np.ndarray) -> Noise:
    """Return level and scatter of the sky in a plane (float64 (ny, nx)), sources clipped off at 3 sigma."""
    _, level, sigma = sigma_clipped_stats(plane[np.isfinite(plane)], sigma=3.0, maxiters=20)
    return Noise(float(level), float(sigma))


def pixel_positions(image: Image, ra: np.ndarray, dec: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and rows, from 0 at the middle of the first pixel, of positions in deg."""
    x, y = image.wcs.world_to_pixel(SkyCoord(ra, dec, unit="deg"))
    return np.atleast_1d(x), np.atleast_1d(y)


def inside(image: Image, x: np.ndarray, y: np.ndarray, margin: float = 0.0) -> np.ndarray:
    """Tell which pixel positions lie in the image, `margin` arcsec or more from its edges."""
    ny, nx = image.shape
    edge = margin / image.scale - 0.5
    return (x >= edge) & (x <= nx - 1 - edge) & (y >= edge) & (y <= ny - 1 - edge)


def measure_sources(image: Image, catalogue: Table, band: str, most: int = 50) -> Table:
    """Find the bright lonely sources of a catalogue again in an image.

    Parameters
    ----------
    image : Image
        With the band.
    catalogue : astropy.table.Table
        Of `tidings.legacy.catalogue.read_catalogue`.
    band : str
        Of image and fluxes.
    most : int
        Number of sources, the brightest first.

    Returns
    -------
    astropy.table.Table
        Of each: position in the catalogue and in the image, offset of the centroid from where the coordinates
        put it (arcsec and pixels), flux in an aperture of 5 arcsec and in the catalogue (nanomaggies).

    Raises
    ------
    InputError
        The catalogue has no flux in the band, or none of its sources lies in the image.
    """
    if band not in bands_of(catalogue):
        raise InputError(f"the catalogue has no fluxes in band {band}")
    x, y = pixel_positions(image, values(catalogue, "ra"), values(catalogue, "dec"))
    if not inside(image, x, y).any():
        ra, dec = image.centre
        raise InputError(
            f"none of the catalogue's {len(catalogue)} sources lies in the image around RA {ra:.4f}, Dec "
            f"{dec:.4f} deg: give the catalogue of the same field, with RA in deg"
        )
    chosen = _lonely(catalogue, band, x, y, image)[:most]
    plane = image.plane(band)
    rows = [_measured(catalogue, band, index, x[index], y[index], plane, image.scale) for index in chosen]
    made = Table(rows=rows, names=[name for name, *_ in _MEASURED]) if rows else _empty(_MEASURED)
    for name, unit, description in _MEASURED:
        made[name].unit, made[name].description = unit, description
    return made


def detect(image: Image, band: str, most: int = 200) -> Table:
    """Find what stands out of the noise of an image: 5 connected pixels of 3 sigma; what touches is one.

    Returns
    -------
    astropy.table.Table
        The brightest first: position (deg and pixels), flux (nanomaggies) with the error of the sky's noise,
        length and shape.
    """
    plane = image.plane(band)
    sky = noise_of(plane)
    data = np.nan_to_num(plane, nan=sky.level) - sky.level
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AstropyUserWarning)
        segments = detect_sources(data, _DETECTED * sky.sigma, _CONNECTED)
    if segments is None:
        made = _empty(_DETECTIONS)
    else:
        found = SourceCatalog(data, segments, error=np.full(data.shape, sky.sigma))
        x, y = (np.atleast_1d(np.asarray(each, float)) for each in (found.x_centroid, found.y_centroid))
        where = image.wcs.pixel_to_world(x, y)
        columns = [
            where.ra.deg, where.dec.deg, x, y,
            np.atleast_1d(np.asarray(found.segment_flux, float)),
            np.atleast_1d(np.asarray(found.segment_flux_err, float)),
            np.atleast_1d(found.semimajor_axis.value).astype(float) * image.scale,
            np.atleast_1d(found.ellipticity.value).astype(float),
        ]  # fmt: skip
        made = Table(columns, names=[name for name, *_ in _DETECTIONS])
        made = made[np.isfinite(made["x"]) & np.isfinite(made["y"])]
        made = made[np.lexsort((made["x"], -made["flux"]))][:most]
    for name, unit, description in _DETECTIONS:
        made[name].unit, made[name].description = unit, description
    return made


def _lonely(catalogue: Table, band: str, x: np.ndarray, y: np.ndarray, image: Image) -> np.ndarray:
    """Return the sources whose centroid means something, the brightest first."""
    flux, sigma, _ = fluxes(catalogue, band)
    bright = np.nan_to_num(flux) > _SIGNIFICANT * np.nan_to_num(sigma, nan=np.inf)
    good = bright & inside(image, x, y, _MARGIN)
    if "maskbits" in catalogue.colnames:
        good &= (np.asarray(catalogue["maskbits"]).astype(int) & _SATURATED[band]) == 0
    order = np.flatnonzero(good)[np.argsort(-flux[good], kind="stable")]
    kept = []
    for index in order:
        distance = np.hypot(x - x[index], y - y[index]) * image.scale
        distance[index] = np.inf
        nearness = _CLEAR / np.maximum(distance, 0.1)
        share = np.nan_to_num(flux) / flux[index] * np.where(nearness > 1, nearness, nearness**3)
        if not ((distance < _FAR) & (share > _FAINTER)).any():
            kept.append(index)
    return np.array(kept, int)


def _measured(
    catalogue: Table, band: str, index: int, x: float, y: float, plane: np.ndarray, scale: float
) -> tuple[object, ...]:
    cx, cy = _centroid(plane, x, y, max(round(_HALF_BOX / scale), _LEAST_BOX))
    aperture = CircularAperture((x, y), _APERTURE / scale)
    ring = Statistics(plane, CircularAnnulus((x, y), *(r / scale for r in _ANNULUS)))
    flux = float(aperture.do_photometry(plane)[0][0]) - float(ring.median) * aperture.area
    listed, sigma, _ = (array[index] for array in fluxes(catalogue, band))
    return (
        int(catalogue["ls_id"][index]), str(catalogue["type"][index]),
        float(catalogue["ra"][index]), float(catalogue["dec"][index]), x, y,
        cx - x, cy - y, float(np.hypot(cx - x, cy - y)) * scale, flux, float(listed), float(sigma),
    )  # fmt: skip


def _centroid(plane: np.ndarray, x: float, y: float, half: int) -> tuple[float, float]:
    """Fit a Gaussian in a square around a pixel; NaN where that fails."""
    column, row = round(x), round(y)
    part = plane[row - half : row + half + 1, column - half : column + half + 1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyUserWarning)
            dx, dy = centroid_2dg(part)
    except (ValueError, NonFiniteValueError):
        return float("nan"), float("nan")
    return float(dx) + column - half, float(dy) + row - half


def _empty(columns: tuple[tuple[str, str | None, str], ...]) -> Table:
    kinds = {"ls_id": np.int64, "type": "U4"}
    return Table({name: np.empty(0, kinds.get(name, np.float64)) for name, *_ in columns})


_MEASURED = (
    ("ls_id", None, "Source, unique in the surveys"),
    ("type", None, "Shape fitted by Tractor"),
    ("ra", "deg", "Right ascension in the catalogue"),
    ("dec", "deg", "Declination in the catalogue"),
    ("x", "pix", "Column where the image's coordinates put it, from 0"),
    ("y", "pix", "Row, from 0"),
    ("dx", "pix", "Centroid less x"),
    ("dy", "pix", "Centroid less y"),
    ("offset", "arcsec", "Distance of the centroid"),
    ("aperture_flux", None, "Flux within 5 arcsec, nanomaggies"),
    ("flux", None, "Flux in the catalogue, nanomaggies"),
    ("flux_error", None, "Its error, 1 sigma"),
)

_DETECTIONS = (
    ("ra", "deg", "Right ascension, ICRS"),
    ("dec", "deg", "Declination, ICRS"),
    ("x", "pix", "Column, from 0"),
    ("y", "pix", "Row, from 0"),
    ("flux", None, "Flux of the segment, nanomaggies"),
    ("flux_error", None, "Its error by the noise of the sky"),
    ("semimajor", "arcsec", "Semimajor axis, 1 sigma"),
    ("ellipticity", None, "1 less the ratio of the axes"),
)
