"""The embedded field of the Legacy Surveys, as its own reader has it, and made-up images."""

from __future__ import annotations

import gzip
import json

import numpy as np
from astropy.io import fits
from astropy.table import Table

from suite import ROOT

CUTOUT = ROOT / "data/legacysurvey/cutout_186.4451_12.6621.fits.gz"
BACKEND = ROOT / "data/legacysurvey/ls_dr9_165.1138_38.2088.json.gz"
RA, DEC = 165.11380833333, 38.208832777778


def backend() -> dict:
    """The answer of MMODA's service, by json alone."""
    return json.loads(gzip.decompress(BACKEND.read_bytes()))


def tractor() -> Table:
    """The 652 rows of the field, by astropy alone."""
    return Table.read(backend()["output"]["catalog"], format="ascii.ecsv")


def image_file(path, data, ra=RA, dec=DEC, scale=1.0, angle=0.0, **cards):
    """Write an image whose north is turned by an angle, deg."""
    hdu = fits.PrimaryHDU(np.asarray(data, np.float32))
    c, s = np.cos(np.radians(angle)) * scale / 3600, np.sin(np.radians(angle)) * scale / 3600
    ny, nx = np.shape(data)[-2:]
    header = {
        "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": ra, "CRVAL2": dec, "CRPIX1": (nx + 1) / 2,
        "CRPIX2": (ny + 1) / 2, "CD1_1": -c, "CD1_2": s, "CD2_1": s, "CD2_2": c, "BANDS": "g", **cards,
    }  # fmt: skip
    hdu.header.update({key: value for key, value in header.items() if value is not None})
    hdu.writeto(path)
    return path
