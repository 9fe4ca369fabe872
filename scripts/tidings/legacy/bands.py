"""Bands of the Legacy Surveys: wavelengths, and from nanomaggies to nu F_nu.

A nanomaggy is the flux of a source of AB magnitude 22.5: 3.631e-6 Jy. In AB fluxes, WISE's included, a band
stands for its pivot wavelength, at which nu F_nu = c / lambda F_nu holds whatever the spectrum (Tokunaga &
Vacca 2005, PASP 117, 421). Pivot wavelengths were computed from the filter curves of the package speclite
1.0.0: those of the surveys (DECam with atmosphere, BASS, MzLS), and WISE's (Wright et al. 2010, AJ 140,
1868).
"""

from __future__ import annotations

import numpy as np

from tidings.errors import InputError

OPTICAL = ("g", "r", "i", "z")
INFRARED = ("w1", "w2", "w3", "w4")
BANDS = OPTICAL + INFRARED

JANSKY = 3.631e-6
"""Of a nanomaggy, as the surveys define it."""

ZERO_POINT = 22.5
"""AB magnitude of a nanomaggy."""

SPEED_OF_LIGHT = 2.99792458e18  # Angstrom/s
PLANCK = 4.135667696e-15  # eV s
_ERG = 1e-23  # erg / (cm2 s Hz) of a Jansky

# Angstrom.
_SOUTH = {"g": 4820.0, "r": 6423.0, "i": 7806.7, "z": 9158.5}
_NORTH = {"g": 4759.3, "r": 6397.2, "i": 7806.7, "z": 9199.3}
_WISE = {"w1": 33682.2, "w2": 46179.0, "w3": 120727.9, "w4": 221943.7}
# What the Legacy Survey service of MMODA takes, with c = 3e10 cm/s: r and z are those of SDSS.
_MMODA = {
    "g": 4770.0, "r": 6231.0, "z": 9134.0, "w1": 33680.0, "w2": 46180.0, "w3": 120820.0, "w4": 221940.0
}  # fmt: skip

# Numbers in the column `release` of what BASS and MzLS observed; all others are of DECam.
_NORTHERN = (4000, 6000, 8001, 9011)


def wavelengths(band: str, release: np.ndarray, system: str = "pivot") -> np.ndarray:
    """Return the wavelength that a band stands for, Angstrom.

    Parameters
    ----------
    band : str
        One of `BANDS`.
    release : numpy.ndarray
        Of each source, as in the catalogue; int (n,): it tells the camera.
    system : {"pivot", "mmoda"}
        Pivot wavelengths of the filters, or what the service of MMODA takes for all sources.

    Raises
    ------
    InputError
        MMODA's service does not have the band.
    """
    if system == "mmoda":
        if band not in _MMODA:
            raise InputError(f"MMODA's service has no band {band}: take the pivot wavelengths")
        # So that c / lambda is what it is there.
        return np.full(len(release), _MMODA[band] * SPEED_OF_LIGHT / 3e18)
    if band in _WISE:
        return np.full(len(release), _WISE[band])
    return np.where(np.isin(release, _NORTHERN), _NORTH[band], _SOUTH[band])


def nu_f_nu(nanomaggies: np.ndarray, wavelength: np.ndarray) -> np.ndarray:
    """Convert fluxes to nu F_nu, erg/(cm2 s); wavelengths in Angstrom."""
    return nanomaggies * JANSKY * _ERG * SPEED_OF_LIGHT / wavelength


def energy(wavelength: np.ndarray) -> np.ndarray:
    """Return the energy of a photon, eV, for a wavelength in Angstrom."""
    return PLANCK * SPEED_OF_LIGHT / wavelength
