"""What a mosaic's products say: noise and its rescaling, sources of all bands, the summary."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
from astropy.table import Table

from tidings.isgri._sky_grid import longitude_latitude
from tidings.isgri.mosaic import Mosaic
from tidings.isgri.source_search import (
    Noise,
    Source,
    measure_fluxes,
    measure_noise,
    merge_bands,
    source_table,
)

_TOLERATED = 1.03  # width of the source-free significance up to which errors stand as they are


def judge(mosaic: Mosaic, systematics: str) -> tuple[Mosaic, Noise]:
    """Measure the noise of a mosaic and rescale its errors.

    Parameters
    ----------
    mosaic
        As made.
    systematics
        "report" leaves the errors, "rescale" multiplies them by the width of the source-free significance,
        "auto" does so where it exceeds 1.03.

    Returns
    -------
    Mosaic, Noise
        The mosaic, which knows its noise and factor; the noise before rescaling.
    """
    noise = measure_noise(mosaic, np.zeros((0, 3)))
    mosaic = replace(mosaic, noise=noise.sigma)
    above = systematics == "rescale" or (systematics == "auto" and noise.sigma > _TOLERATED)
    return (mosaic.rescale(noise.sigma) if above and math.isfinite(noise.sigma) else mosaic), noise


def band_tables(mosaics: list[Mosaic], found: list[list[Source]]) -> tuple[list[list[Source]], Table]:
    """Return the sources of each band at common positions, and their table; FLUX is [sources, bands]."""
    if len(mosaics) == 1:
        table = source_table(found[0])
        table["FLUX"] = np.asarray(table["FLUX"]).reshape(-1, 1)
        table["FLUX_ERR"] = np.asarray(table["FLUX_ERR"]).reshape(-1, 1)
        return found, table
    merged = merge_bands(found)
    fitted = [measure_fluxes(mosaic, merged) for mosaic in mosaics]
    table = source_table(merged)
    for name, attribute in (("FLUX", "flux"), ("FLUX_ERR", "error")):
        values = [[getattr(source, attribute) for source in band] for band in fitted]
        table[name] = np.array(values, float).T.reshape(len(merged), len(mosaics))
    known = [[source for source in band if math.isfinite(source.flux)] for band in fitted]
    return known, table


def summarise(mosaics: list[Mosaic], noises: list[Noise], table: Table) -> dict[str, Any]:
    """Return what the summary says."""
    frames, grid = mosaics[0].frames, mosaics[0].grid
    lon, lat = longitude_latitude(np.array([frame.axis for frame in frames]))
    return {
        "windows": [
            {"swid": frame.swid, "ra": round(float(a), 5), "dec": round(float(d), 5), "ontime": frame.ontime}
            for frame, a, d in zip(frames, lon, lat, strict=True)
        ],
        "psf": _psf_origin(mosaics[0]),
        "pixel_arcmin": round(grid.pixel * 60, 4),
        "shape": None if grid.shape is None else list(grid.shape),
        "healpix_order": grid.order,
        "bands": [_band(mosaic, noise) for mosaic, noise in zip(mosaics, noises, strict=True)],
        "sources": [_source(row) for row in table],
    }


def _psf_origin(mosaic: Mosaic) -> list[dict[str, Any]]:
    """Return the different PSFs of the images, and of how many."""
    kinds: dict[tuple, int] = {}
    for frame in mosaic.frames:
        key = (frame.taps.psf, frame.taps.correlation)
        kinds[key] = kinds.get(key, 0) + 1
    return [
        {
            "half_widths_pixel": [round(float(x), 4) for x in psf],
            "noise_correlation": [round(float(x), 4) for x in correlation],
            "windows": count,
        }
        for (psf, correlation), count in sorted(kinds.items())
    ]


def _band(mosaic: Mosaic, noise: Noise) -> dict[str, Any]:
    known = mosaic.variance > 0
    return {
        "e_min": mosaic.e_min,
        "e_max": mosaic.e_max,
        "area_deg2": round(float(known.sum()) * mosaic.grid.pixel**2, 3),
        "largest_exposure_s": round(float(mosaic.exposure.max()), 3),
        "least_error": float(np.sqrt(mosaic.variance[known].min())),
        "noise": {
            name: round(value, 4) if math.isfinite(value) else None
            for name, value in vars(noise).items()
            if name != "pixels"
        },
        "source_free_pixels": noise.pixels,
        "errors_multiplied_by": round(float(mosaic.rescaled), 4),
    }


def _source(row: Any) -> dict[str, Any]:
    def number(value: Any) -> float | None:
        return float(value) if math.isfinite(float(value)) else None

    return {
        "name": str(row["NAME"]),
        "ra": round(float(row["RA_FIN"]), 5),
        "dec": round(float(row["DEC_FIN"]), 5),
        "error_90_arcmin": round(float(row["FIN_RD_ERR"]) * 60, 3),
        "offset_arcmin": number(row["OFFSET"]),
        "significance": round(float(row["DETSIG"]), 2),
        "flux": [number(x) for x in row["FLUX"]],
        "flux_error": [number(x) for x in row["FLUX_ERR"]],
        "windows": int(row["SCW_NUM_C"]),
        "confused": bool(row["CONFUSED"]),
        "note": str(row["COMMENTS"]),
    }
