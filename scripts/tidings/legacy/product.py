"""Products of images: FITS with coordinates and units, and the summary of what was measured in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tidings.fits import write_fits
from tidings.legacy.image import FLUX_UNIT, Image
from tidings.legacy.sources import noise_of


def write_image(image: Image, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write an image: float32, nanomaggies in each pixel, a plane per band, coordinates of two axes."""
    data = image.data[0] if len(image.bands) == 1 else image.data
    hdu = fits.PrimaryHDU(data.astype(np.float32), header=image.wcs.to_header())
    header = hdu.header
    # astropy writes the date of a time that these images do not have.
    for key in ("MJDREF", "DATE-OBS", "MJD-OBS"):
        header.remove(key, ignore_missing=True)
    header["RADESYS"] = ("ICRS", "the surveys are tied to Gaia")
    header["BUNIT"] = (FLUX_UNIT, "in each pixel; 1 nanomaggy = 3.631e-6 Jy")
    header["BANDS"] = ("".join(image.bands), "band of each plane")
    header["PIXSCALE"] = (image.scale, "[arcsec] length of a pixel")
    if image.layer:
        header["LAYER"] = (image.layer, "of the viewer")
    write_fits([hdu], path, provenance)


def image_summary(image: Image, band: str, sources: Table) -> dict[str, Any]:
    """Return what an image is, the noise of each band, and how well sources lie where they should."""
    ra, dec = image.centre
    summary: dict[str, Any] = {
        "centre": {"ra_deg": round(ra, 7), "dec_deg": round(dec, 7)},
        "pixels": [image.shape[1], image.shape[0]],
        "pixel_arcsec": image.scale,
        "bands": list(image.bands),
        "unit": "nanomaggy per pixel",
        "noise_nanomaggy": {name: noise_of(image.plane(name)).sigma for name in image.bands},
        "sources": len(sources),
        "source_band": band,
    }
    if "dx" in sources.colnames and len(sources):
        summary["astrometry"] = astrometry(sources)
        ratio = np.asarray(sources["aperture_flux"]) / np.asarray(sources["flux"])
        summary["aperture_over_catalogue"] = {"median": float(np.median(ratio)), "sources": len(ratio)}
    return summary


def astrometry(sources: Table) -> dict[str, Any]:
    """Return means and extremes of the centroids' offsets, of those that could be fitted."""
    dx, dy = (np.asarray(sources[name], float) for name in ("dx", "dy"))
    fitted = np.isfinite(dx) & np.isfinite(dy)
    if not fitted.any():
        return {"fitted": 0}
    return {
        "fitted": int(fitted.sum()),
        "mean_dx_pixel": float(dx[fitted].mean()),
        "mean_dy_pixel": float(dy[fitted].mean()),
        "rms_pixel": float(np.sqrt((dx[fitted] ** 2 + dy[fitted] ** 2).mean())),
        "largest_pixel": float(np.hypot(dx[fitted], dy[fitted]).max()),
    }
