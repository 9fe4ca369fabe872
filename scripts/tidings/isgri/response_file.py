"""The response file, and calibration maps in its place.

A response file has ``EBOUNDS`` (groups of energy, keV) and two images of [groups, 134 z, 130 y]:
``ISGR-BACK-RSP``, the background of each pixel relative to its module's mean, and ``ISGR-EFFI-RSP``, its
relative efficiency; 0 where a pixel has none.

Calibration maps are FITS images of one band each [134, 130], or of several, [bands, 134, 130], with an
``EBOUNDS``, whose names contain BACK or BKG (background), or EFFI or UNIF (efficiency, uniformity), and whose
keywords E_MIN and E_MAX give the band in keV.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.isgri.geometry import MODULES, SHAPE, module_map
from tidings.isgri.response import Response

_BACKGROUND, _EFFICIENCY = "ISGR-BACK-RSP", "ISGR-EFFI-RSP"
# In this order: OSA's uniformity maps are called ISGR-UNIF-BKG.
_KINDS = {"efficiency": ("EFFI", "UNIF"), "background": ("BACK", "BKG")}


def write_response(response: Response, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a response file."""
    primary = fits.PrimaryHDU()
    for key, value in (("TELESCOP", "INTEGRAL"), ("INSTRUME", "IBIS"), ("DETNAM", "ISGRI")):
        primary.header[key] = value
    primary.header["RSPMETA"] = json.dumps(response.meta, sort_keys=True, allow_nan=False)
    bounds = fits.BinTableHDU.from_columns(
        [
            fits.Column("CHANNEL", "I", array=np.arange(len(response.edges) - 1, dtype=np.int16)),
            fits.Column("E_MIN", "E", unit="keV", array=response.edges[:-1]),
            fits.Column("E_MAX", "E", unit="keV", array=response.edges[1:]),
        ],
        name="EBOUNDS",
    )
    # Not compressed: the library's GZIP tiles hold the time at which they were written.
    images = [
        fits.ImageHDU(np.asarray(values, np.float32), name=name)
        for name, values in ((_BACKGROUND, response.background), (_EFFICIENCY, response.efficiency))
    ]
    write_fits([primary, bounds, *images], path, provenance)


def read_response(path: str | Path) -> Response:
    """Read a response file, or calibration maps.

    Raises
    ------
    InputError
        The file is missing or damaged, or holds neither.
    """
    path = Path(path)
    try:
        with fits.open(path, memmap=False) as hdus:
            if _BACKGROUND in hdus and _EFFICIENCY in hdus:
                return _response(hdus, path)
            return _maps(hdus, path)
    except InputError:
        raise
    except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as a pixel response ({error})") from None


def _response(hdus: fits.HDUList, path: Path) -> Response:
    images = [np.asarray(hdus[name].data, float) for name in (_BACKGROUND, _EFFICIENCY)]
    edges = _edges(hdus)
    if any(image.shape != (len(edges) - 1, *SHAPE) for image in images):
        raise InputError(f"{path}: its images and EBOUNDS do not agree; write it again with isgri_response")
    return Response(edges, *images, json.loads(hdus[0].header["RSPMETA"]))


def _edges(hdus: fits.HDUList) -> np.ndarray:
    bounds = hdus["EBOUNDS"].data
    return np.append(bounds["E_MIN"], bounds["E_MAX"][-1]).astype(float)


def _maps(hdus: fits.HDUList, path: Path) -> Response:
    found: dict[str, dict[tuple[float, float], np.ndarray]] = {kind: {} for kind in _KINDS}
    for hdu in hdus:
        kind = next((kind for kind, words in _KINDS.items() if any(word in hdu.name for word in words)), None)
        if kind is None or not hdu.is_image or hdu.data is None:
            continue
        found[kind] |= _planes(hdus, hdu, path)
    if not any(found.values()):
        raise InputError(
            f"{path}: no response of isgri_response, and no images of {SHAPE[0]} x {SHAPE[1]} pixels named "
            "BACK, BKG, EFFI or UNIF either"
        )
    bands = sorted({band for maps in found.values() for band in maps})
    if any(one[1] != two[0] for one, two in pairwise(bands)):
        listed = ", ".join(f"{low:g}-{high:g}" for low, high in bands)
        raise InputError(
            f"{path}: bands of maps must adjoin and be the same for both kinds, not {listed} keV"
        )
    ones = np.where(module_map() >= 0, 1.0, 0.0)
    background = np.array([_relative(found["background"].get(band, ones), path) for band in bands])
    efficiency = np.array([found["efficiency"].get(band, ones) for band in bands])
    edges = np.array([bands[0][0], *(high for _, high in bands)])
    return Response(
        edges, background, np.where(background > 0, efficiency, 0), {"METHOD": "calibration maps"}
    )


def _planes(hdus: fits.HDUList, hdu: Any, path: Path) -> dict[tuple[float, float], np.ndarray]:
    data = np.asarray(hdu.data, float)
    if data.shape[-2:] != SHAPE or not np.isfinite(data).all() or (data < 0).any():
        raise InputError(
            f"{path}: {hdu.name} must be an image of {SHAPE[0]} x {SHAPE[1]} finite, positive values"
        )
    if data.ndim == 3 and "EBOUNDS" in hdus:
        edges = _edges(hdus)
        if len(edges) != len(data) + 1:
            raise InputError(f"{path}: {hdu.name} has {len(data)} bands, EBOUNDS {len(edges) - 1}")
        return {(float(a), float(b)): plane for a, b, plane in zip(edges[:-1], edges[1:], data, strict=True)}
    band = hdu.header.get("E_MIN"), hdu.header.get("E_MAX")
    if data.ndim != 2 or None in band:
        raise InputError(f"{path}: {hdu.name} does not say its band: give E_MIN and E_MAX (keV), or EBOUNDS")
    return {(float(band[0]), float(band[1])): data}


def _relative(image: np.ndarray, path: Path) -> np.ndarray:
    """Return a map relative to the mean of each module."""
    made, modules = np.zeros(SHAPE), module_map()
    for number in range(MODULES):
        mine = (modules == number) & (image > 0)
        if mine.any():
            made[mine] = image[mine] / image[mine].mean()
    if not made.any():
        raise InputError(f"{path}: a background map is 0 everywhere")
    return made
