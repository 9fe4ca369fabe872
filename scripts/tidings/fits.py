"""Writing FITS so that the same values give the same bytes: checksums, but no clock."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from astropy.io import fits

from tidings.output import provenance_text, write_bytes

PROVENANCE = "PROVENAN"
"""Keyword of the provenance block: JSON, one value over as many CONTINUE cards as it takes."""


def fits_bytes(hdus: list[Any], provenance: dict[str, Any] | None = None) -> bytes:
    """Return a FITS file of these HDUs.

    Parameters
    ----------
    hdus : list of astropy.io.fits HDUs
        The first must be a primary HDU; each gets CHECKSUM and DATASUM, without the time in their comments.
    provenance : dict, optional
        The block stored in the primary header under `PROVENANCE`.
    """
    if provenance is not None:
        hdus[0].header[PROVENANCE] = provenance_text(provenance)
    stream = io.BytesIO()
    for hdu in hdus:
        hdu.add_checksum(when="")
    fits.HDUList(hdus).writeto(stream, output_verify="exception")
    return stream.getvalue()


def write_fits(hdus: list[Any], path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a FITS file of these HDUs; see `fits_bytes`."""
    write_bytes(Path(path), fits_bytes(hdus, provenance))
