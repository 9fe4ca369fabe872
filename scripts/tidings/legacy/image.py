"""Images of the Legacy Surveys: cutouts of the viewer, and answers of MMODA's service."""

from __future__ import annotations

import io
import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning
from astropy.wcs.utils import proj_plane_pixel_scales

from tidings.errors import InputError
from tidings.legacy.sniff import kind_of, not_wanted, read_content

NATIVE_SCALE = 0.262
"""Pixels of the surveys' coadds, arcsec: cutouts hold nanomaggies per such pixel, whatever their own."""

FLUX_UNIT = "nanomaggy"


@dataclass(frozen=True, eq=False)
class Image:
    """An image on the sky.

    Attributes
    ----------
    data : numpy.ndarray
        float64 (bands, ny, nx), nanomaggies in each pixel; NaN where there is none.
    bands : tuple of str
        Of the planes.
    wcs : astropy.wcs.WCS
        Celestial, of two axes.
    scale : float
        Length of a pixel, arcsec.
    layer : str
        Of the viewer, if the file tells it.
    """

    data: np.ndarray
    bands: tuple[str, ...]
    wcs: WCS
    scale: float
    layer: str = ""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.data.shape[1:]

    @property
    def centre(self) -> tuple[float, float]:
        """Right ascension and declination of the middle, deg."""
        ny, nx = self.shape
        ra, dec = self.wcs.all_pix2world((nx - 1) / 2, (ny - 1) / 2, 0)
        return float(ra), float(dec)

    def plane(self, band: str) -> np.ndarray:
        """Return the plane of a band, float64 (ny, nx); `InputError` if there is none."""
        if band not in self.bands:
            raise InputError(f"the image has no band {band!r}, but {', '.join(self.bands)}")
        return self.data[self.bands.index(band)]


def read_image(path: str | Path, *, native_scale: float = NATIVE_SCALE) -> Image:
    """Read a cutout (FITS), or the image in an answer of MMODA's service (JSON); either may be gzipped.

    Parameters
    ----------
    path : str or Path
        The file.
    native_scale : float
        Length of the pixels that the values are per, arcsec; not used for images with BUNIT nanomaggy.

    Raises
    ------
    InputError
        The file is missing, damaged, a web page, has no image or no coordinates, or its image is blank.
    """
    return image_of(read_content(path), str(path), native_scale)


def image_of(content: bytes, source: str, native_scale: float = NATIVE_SCALE) -> Image:
    """Read an image from the content of a file; see `read_image`."""
    kind = kind_of(content)
    if kind == "fits":
        header, data = _fits(content, source)
    elif kind == "json":
        header, data = _backend(content, source)
    else:
        raise not_wanted(content, source, "an image (FITS, or JSON of MMODA's service)")
    return _checked(header, data, source, native_scale)


def backend_output(content: bytes, source: str) -> dict[str, Any]:
    """Return the part `output` of an answer of MMODA's Legacy Survey service.

    Raises
    ------
    InputError
        It is no such answer, or tells of a failure.
    """
    try:
        value = json.loads(content)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{source}: is no JSON ({error})") from None
    output = value.get("output") if isinstance(value, dict) else None
    if isinstance(value, dict) and value.get("exceptions"):
        raise InputError(f"{source}: the service failed: {str(value['exceptions'])[:200]}")
    if not isinstance(output, dict):
        held = ", ".join(map(str, value)) if isinstance(value, dict) else type(value).__name__
        raise InputError(
            f"{source}: is no answer of MMODA's Legacy Survey service (no 'output'), but: {held}"
        )
    return output


def _fits(content: bytes, source: str) -> tuple[fits.Header, np.ndarray]:
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            with fits.open(io.BytesIO(content), lazy_load_hdus=False) as hdus:
                found = next(
                    (hdu for hdu in hdus if getattr(hdu, "is_image", False) and hdu.data is not None), None
                )
                first = hdus[0].header.copy()
                if found is not None:
                    header, data = found.header.copy(), np.array(found.data, np.float64)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise InputError(
            f"{source}: is no whole FITS file ({str(error).splitlines()[0]}); fetch it again"
        ) from None
    if any("truncated" in str(warning.message) for warning in told):
        raise InputError(f"{source}: is no whole FITS file (it is cut off); fetch it again")
    if found is None:
        if first.get("OVERLAP") is False:
            raise InputError(f"{source}: {_outside('no image')}")
        raise InputError(f"{source}: has no image in it")
    return header, data


def _backend(content: bytes, source: str) -> tuple[fits.Header, np.ndarray]:
    output = backend_output(content, source)
    cards, rows = output.get("imfits_head"), output.get("imfits_data")
    if not isinstance(cards, dict) or not isinstance(rows, list):
        raise InputError(f"{source}: its output has no image (imfits_head and imfits_data)")
    try:
        data = np.array(rows, np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{source}: imfits_data is no table of numbers") from None
    return fits.Header({key: value for key, value in cards.items() if key != "COMMENT"}), data


def _checked(header: fits.Header, data: np.ndarray, source: str, native_scale: float) -> Image:
    if data.ndim == 2:
        data = data[None]
    if data.ndim != 3 or min(data.shape) < 1:
        raise InputError(f"{source}: its image has {data.ndim} axes; 2, or 3 with bands, are needed")
    if not np.isfinite(data).any() or not np.nan_to_num(data).any():
        raise InputError(f"{source}: {_outside('a blank image', header)}")
    wcs, scale = _coordinates(header, source)
    bands = tuple(str(header.get("BANDS", "")).strip()) or tuple("?" * len(data))
    if len(bands) != len(data):
        raise InputError(f"{source}: BANDS is {''.join(bands)!r}, but there are {len(data)} planes")
    if str(header.get("BUNIT", "")).strip() != FLUX_UNIT:
        data = data * (scale / native_scale) ** 2
    return Image(data, bands, wcs, scale, str(header.get("SURVEY", header.get("LAYER", ""))).strip())


def _coordinates(header: fits.Header, source: str) -> tuple[WCS, float]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FITSFixedWarning)
            wcs = WCS(header).celestial
    except (ValueError, KeyError, TypeError) as error:
        raise InputError(f"{source}: its coordinates cannot be read ({error})") from None
    if not wcs.has_celestial:
        raise InputError(f"{source}: its header has no right ascension and declination (CTYPE1, CTYPE2)")
    x, y = (float(length) * 3600 for length in proj_plane_pixel_scales(wcs))
    if abs(x - y) > 0.01 * x:
        raise InputError(f"{source}: its pixels are {x:.3f} × {y:.3f} arcsec; square ones are needed")
    # To what the header's digits can mean.
    return wcs, round((x + y) / 2, 9)


def _outside(what: str, header: fits.Header | None = None) -> str:
    text = f"{what}: the position is outside of the survey's footprint"
    ra = header.get("CRVAL1") if header is not None else None
    if isinstance(ra, int | float) and 0 <= ra < 24:
        text += f"; if its right ascension of {ra:g} was meant in hours, it is {15 * ra:.7g} deg"
    return f"{text}; choose another position, or another layer"
