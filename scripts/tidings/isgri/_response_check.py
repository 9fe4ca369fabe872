"""Whether a response that a user gives fits a spectrum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.isgri.spectrum import Spectrum

_MATRICES = ("SPECRESP MATRIX", "MATRIX", "ISGR-RMF.-RSP")
_EFFECTIVE_AREAS = ("SPECRESP", "ISGR-ARF.-RSP")


def check_response(path: Path, spectrum: Spectrum) -> None:
    """Refuse a redistribution matrix whose channels are not those of a spectrum.

    Raises
    ------
    InputError
        The file is no response, or its extension EBOUNDS has other channels.
    """
    low, high = _bounds(path)
    edges = np.concatenate([low, high[-1:]])
    own = np.concatenate([spectrum.e_min, spectrum.e_max[-1:]])
    if len(edges) != len(own) or not np.allclose(edges, own, rtol=1e-3):
        raise InputError(
            f"{path}: has {len(low)} channels of {edges[0]:g}-{edges[-1]:g} keV in EBOUNDS, the spectrum "
            f"{len(spectrum)} of {own[0]:g}-{own[-1]:g} keV; measure the rates in its channels, "
            "or rebin the response to the bands"
        )


def check_ancillary(path: Path) -> None:
    """Refuse a file without effective areas (extension SPECRESP)."""
    names = _names(path)
    if not any(name in names for name in _EFFECTIVE_AREAS):
        raise InputError(f"{path}: has no extension SPECRESP (but {', '.join(names)}); give an ARF")


def _bounds(path: Path) -> tuple[np.ndarray, np.ndarray]:
    names = _names(path)
    if "EBOUNDS" not in names and "ISGR-EBDS-MOD" not in names:
        raise InputError(
            f"{path}: has no extension EBOUNDS (but {', '.join(names)}); give a redistribution matrix"
        )
    if not any(name in names for name in _MATRICES):
        raise InputError(
            f"{path}: has no matrix ({' or '.join(_MATRICES[:2])}); give a redistribution matrix"
        )
    with fits.open(path, memmap=False) as hdus:
        data = hdus["EBOUNDS" if "EBOUNDS" in names else "ISGR-EBDS-MOD"].data
        try:
            return np.asarray(data["E_MIN"], float), np.asarray(data["E_MAX"], float)
        except KeyError:
            raise InputError(f"{path}: EBOUNDS has no columns E_MIN and E_MAX") from None


def _names(path: Path) -> list[str]:
    try:
        with fits.open(path, memmap=False) as hdus:
            return [hdu.name for hdu in hdus]
    except (OSError, fits.VerifyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as FITS ({error})") from None
