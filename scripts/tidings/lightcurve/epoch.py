"""What the times of a light curve's file count from, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.lightcurve.counts import Position

MJD_ZERO = 51544
"""Day (TT) that the times of all light curves count from: 2000-01-01, which is IJD 0."""

# GPS time runs 51.184 s behind TT and counts from MJD 44244.0.
_ZERO_MINUS_GPS_DAYS = 51544.0 - 44244.0
_TT_MINUS_GPS = 51.184


def ijd_to_gps(ijd: float | np.ndarray) -> float | np.ndarray:
    """Convert INTEGRAL Julian dates (days of TT) to GPS seconds."""
    return (ijd + _ZERO_MINUS_GPS_DAYS) * 86400.0 - _TT_MINUS_GPS


def gps_to_ijd_seconds(gps: float) -> float:
    """Convert GPS seconds to seconds of TT since IJD 0, which is how FITS headers have it."""
    return (gps + _TT_MINUS_GPS) - _ZERO_MINUS_GPS_DAYS * 86400.0


def header_zero(header: fits.Header, path: Path) -> float:
    """Return the GPS time that a light curve's TIME counts from, s."""
    system = str(header.get("TIMESYS", "TT")).strip().upper()
    if system not in ("TT", "TDT"):
        raise InputError(f"{path}: extension RATE: TIMESYS is {system}; times in TT are needed")
    if str(header.get("TIMEREF", "LOCAL")).strip().upper() != "LOCAL":
        raise InputError(
            f"{path}: extension RATE: TIMEREF is {header['TIMEREF']}; times at the spacecraft (LOCAL) needed"
        )
    whole, fraction = header.get("MJDREFI"), header.get("MJDREFF", 0.0)
    if whole is None:
        whole, fraction = header.get("MJDREF"), 0.0
    if not isinstance(whole, int | float):
        raise InputError(f"{path}: extension RATE: neither MJDREF nor MJDREFI tells what TIME counts from")
    zero = header.get("TIMEZERO", 0.0) * time_unit(header, path)
    # The days and the seconds apart: their sum rounds once.
    return float(ijd_to_gps(whole - MJD_ZERO) + (fraction * 86400.0 + zero))


def time_unit(header: fits.Header, path: Path) -> float:
    """Return the length of TIMEUNIT, s."""
    unit = str(header.get("TIMEUNIT", "s")).strip().lower()
    if unit not in ("s", "d"):
        raise InputError(f"{path}: extension RATE: TIMEUNIT is {unit!r}, neither s nor d")
    return 86400.0 if unit == "d" else 1.0


def position_of(header: fits.Header) -> Position | None:
    """Return where the spacecraft was: EPHS of MMODA is right ascension, declination, km and their errors."""
    words = str(header.get("EPHS", "")).split()
    try:
        ra, dec, distance = (float(word) for word in words[:3])
    except ValueError:
        return None
    return Position(ra, dec, distance)
