"""Spectra as OGIP PHA files, type I (OGIP/92-007), one extension for each source.

Every extension SPECTRUM (EXTVER counts them) is a spectrum that XSPEC reads as ``file.fits{n}``; the channels
are those of the bands the rates were fitted in, and EBOUNDS gives their energies. A response must have the
same channels; without one the keywords say none.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.fits import write_fits
from tidings.isgri._ijd import MJD_IJD, ijd_utc
from tidings.isgri.spectrum import Spectrum


def write_spectra(
    spectra: list[Spectrum],
    path: str | Path,
    *,
    systematic: float = 0.01,
    response: str = "none",
    ancillary: str = "none",
    crab: list[np.ndarray] | None = None,
    crab_origin: str = "none",
    provenance: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> None:
    """Write spectra.

    Parameters
    ----------
    spectra : list of Spectrum
        All with the same channels.
    path : str or Path
    systematic : float
        Systematic error as a part of the rate: 1 % is ISGRI's.
    response, ancillary : str
        Names of the response files for RESPFILE and ANCRFILE.
    crab : list of ndarray, optional
        The Crab's rates in the channels of each spectrum [counts/s], for the columns CRAB and CRAB_ERR.
    crab_origin : str
        Where they are from.
    provenance : dict, optional
        Block for the primary header.
    meta : dict, optional
        Further keywords, such as ENERGY_LEVEL.
    """
    files = {"RESPFILE": response, "ANCRFILE": ancillary}
    hdus: list[Any] = [fits.PrimaryHDU()]
    hdus[0].header["TELESCOP"], hdus[0].header["INSTRUME"] = "INTEGRAL", "IBIS"
    for number, spectrum in enumerate(spectra, 1):
        unit = None if crab is None else crab[number - 1]
        hdu = _table(spectrum, systematic, unit)
        hdu.header["EXTVER"] = (number, "number of the spectrum")
        _describe(hdu.header, spectrum, files)
        hdu.header["CRABREF"] = (crab_origin, "Crab rates")
        for key, value in (meta or {}).items():
            hdu.header[key if len(key) <= 8 else f"HIERARCH {key}"] = value
        hdus.append(hdu)
    write_fits([*hdus, _bounds(spectra[0])], path, provenance)


def _table(spectrum: Spectrum, systematic: float, crab: np.ndarray | None) -> fits.BinTableHDU:
    number = len(spectrum)
    values = [
        ("CHANNEL", "I", None, np.arange(1, number + 1), "channel"),
        ("RATE", "E", "count/s", spectrum.rate, "rate as if fully coded"),
        ("STAT_ERR", "E", "count/s", spectrum.error, "statistical error"),
        ("SYS_ERR", "E", None, np.full(number, systematic), "systematic error, part of the rate"),
        ("QUALITY", "I", None, spectrum.quality, "0 good, 5 bad"),
        ("GROUPING", "I", None, np.ones(number), "1: every channel is a bin"),
    ]
    if crab is not None:
        values.append(("CRAB", "E", None, spectrum.rate / crab, "rate in units of the Crab"))
        values.append(("CRAB_ERR", "E", None, spectrum.error / crab, "its statistical error"))
    columns = [fits.Column(name, form, unit, array=array) for name, form, unit, array, _ in values]
    hdu = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
    for place, (*_, comment) in enumerate(values, 1):
        hdu.header.comments[f"TTYPE{place}"] = comment
    hdu.header["TLMIN1"] = (1, "first channel")
    hdu.header["TLMAX1"] = (number, "last channel")
    return hdu


def _describe(header: fits.Header, spectrum: Spectrum, files: dict[str, str]) -> None:
    begin, end = (ijd_utc(instant) for instant in (spectrum.start, spectrum.stop))
    cards = {
        "TELESCOP": ("INTEGRAL", "mission"),
        "INSTRUME": ("IBIS", "instrument"),
        "DETNAM": ("ISGRI", "detector layer"),
        "FILTER": ("none", "no filter"),
        "HDUCLASS": ("OGIP", "format after OGIP/92-007"),
        "HDUCLAS1": ("SPECTRUM", "PHA data"),
        "HDUCLAS2": ("NET", "background is subtracted"),
        "HDUCLAS3": ("RATE", "counts per second"),
        "HDUCLAS4": ("TYPE:I", "one spectrum in the extension"),
        "HDUVERS": ("1.2.1", "version of the format"),
        "HDUVERS1": ("1.2.0", "version of the format, older keyword"),
        "PHAVERSN": ("1992a", "version of the format, oldest keyword"),
        "CHANTYPE": ("PI", "channels are energies"),
        "DETCHANS": (len(spectrum), "number of channels"),
        "POISSERR": (False, "errors are in STAT_ERR"),
        "EXPOSURE": (spectrum.exposure, "[s] mean live time of the pixels in use"),
        "ONTIME": (spectrum.ontime, "[s] good time"),
        "AREASCAL": (1.0, "area scaling factor"),
        "BACKSCAL": (1.0, "background scaling factor"),
        "CORRSCAL": (1.0, "correction scaling factor"),
        "BACKFILE": ("none", "background is subtracted"),
        "CORRFILE": ("none", "no correction"),
        "RESPFILE": (files["RESPFILE"], "redistribution matrix"),
        "ANCRFILE": (files["ANCRFILE"], "ancillary response"),
        "DEADAPP": (True, "dead time is corrected"),
        "VIGNAPP": (True, "rate is that of a fully coded source"),
        "OBJECT": (spectrum.name, "name of the source"),
        "RA_OBJ": (spectrum.ra, "[deg] right ascension"),
        "DEC_OBJ": (spectrum.dec, "[deg] declination"),
        "RADECSYS": ("FK5", "frame"),
        "EQUINOX": (2000.0, "equinox"),
        "MJDREF": (MJD_IJD, "[d] MJD that times count from"),
        "TIMESYS": ("TT", "time scale"),
        "TIMEUNIT": ("d", "unit of TSTART and TSTOP"),
        "TSTART": (spectrum.start, "[d] start, IJD"),
        "TSTOP": (spectrum.stop, "[d] end, IJD"),
        "DATE-OBS": (begin, "UTC of the start"),
        "DATE-END": (end, "UTC of the end"),
        "NWINDOWS": (len(spectrum.windows), "science windows in the mean"),
        "FIRSTSCW": (spectrum.windows[0], "first science window"),
        "LASTSCW": (spectrum.windows[-1], "last science window"),
        "CREATOR": ("isgri_spectrum", "step that made this"),
        "ORIGIN": ("tidings", "who made the file"),
    }
    header.update(cards)


def _bounds(spectrum: Spectrum) -> fits.BinTableHDU:
    """Return the energies of the channels (OGIP/92-002)."""
    columns = [
        fits.Column("CHANNEL", "I", array=np.arange(1, len(spectrum) + 1)),
        fits.Column("E_MIN", "E", "keV", array=spectrum.e_min),
        fits.Column("E_MAX", "E", "keV", array=spectrum.e_max),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="EBOUNDS")
    hdu.header.update(
        {
            "TELESCOP": ("INTEGRAL", "mission"),
            "INSTRUME": ("IBIS", "instrument"),
            "DETNAM": ("ISGRI", "detector layer"),
            "FILTER": ("none", "no filter"),
            "CHANTYPE": ("PI", "channels are energies"),
            "DETCHANS": (len(spectrum), "number of channels"),
            "TLMIN1": (1, "first channel"),
            "TLMAX1": (len(spectrum), "last channel"),
            "HDUCLASS": ("OGIP", "format after OGIP/92-002"),
            "HDUCLAS1": ("RESPONSE", "part of a response"),
            "HDUCLAS2": ("EBOUNDS", "nominal energies of the channels"),
            "HDUVERS": ("1.2.0", "version of the format"),
        }
    )
    return hdu
