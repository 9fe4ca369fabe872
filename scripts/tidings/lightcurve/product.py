"""The light curve as OGIP FITS (OGIP/93-003): extension RATE, times in TT at the spacecraft.

Times are seconds from MJDREF, the day that all of INTEGRAL's times count from, and TIMEZERO is 0: programs
differ in whether TSTART and the good-time intervals have TIMEZERO in them, and then in the result.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.time import Time

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.lightcurve.counts import Flag
from tidings.lightcurve.curve import Lightcurve
from tidings.lightcurve.epoch import MJD_ZERO, gps_to_ijd_seconds, header_zero, position_of
from tidings.lightcurve.monitor import Monitor, monitor_of
from tidings.lightcurve.open_fits import is_fits, open_fits
from tidings.times import utc_iso

_COLUMNS = (
    ("TIME", "D", "s", "middle of the bin, from MJDREF"),
    ("TIMEDEL", "D", "s", "length of the bin"),
    ("RATE", "D", "count/s", "count rate, background included"),
    ("ERROR", "D", "count/s", "error of RATE, Poisson"),
    ("BACKV", "D", "count/s", "background"),
    ("BACKE", "D", "count/s", "error of BACKV"),
    ("FRACEXP", "D", "", "live part of the bin"),
    ("FLAGS", "B", "", "0 for a good bin; bits in the FLAGn keywords"),
)


def write_lightcurve(
    lightcurve: Lightcurve, path: str | Path, provenance: dict[str, Any] | None = None
) -> None:
    """Write a light curve.

    Bins without data are NaN with FRACEXP 0; the extension STDGTI holds the stretches with data.
    """
    primary = fits.PrimaryHDU()
    primary.header["TELESCOP"] = lightcurve.monitor.telescope
    primary.header["INSTRUME"] = lightcurve.monitor.instrument
    write_fits([primary, _rate(lightcurve), _intervals(lightcurve)], path, provenance)


def read_lightcurve(path: str | Path) -> Lightcurve:
    """Read what `write_lightcurve` wrote.

    Raises
    ------
    InputError
        The file is missing, damaged, or is not a light curve of this suite.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    if not is_fits(path):
        raise InputError(f"{path}: is not FITS; a light curve as acs_lightcurve writes it is wanted")
    with open_fits(path) as hdus:
        names = [hdu.name for hdu in hdus]
        columns = hdus["RATE"].columns.names if "RATE" in names else []
        if missing := [name for name, *_ in _COLUMNS if name not in columns]:
            raise InputError(
                f"{path}: is no light curve as acs_lightcurve writes it: no column {', '.join(missing)} in "
                "extension RATE; make one of it with acs_lightcurve"
            )
        header, data = hdus["RATE"].header, hdus["RATE"].data
        column = {
            name: np.array(data[name], np.uint8 if form == "B" else np.float64) for name, form, *_ in _COLUMNS
        }
        return _lightcurve(header, column, path)


def _lightcurve(header: fits.Header, column: dict[str, np.ndarray], path: Path) -> Lightcurve:
    try:
        return Lightcurve(
            time=(column["TIME"] - header["REFTIME"]) - column["TIMEDEL"] / 2,
            width=column["TIMEDEL"],
            exposure=column["TIMEDEL"] * column["FRACEXP"],
            rate=column["RATE"],
            error=column["ERROR"],
            background=column["BACKV"],
            background_error=column["BACKE"],
            flags=column["FLAGS"],
            epoch=header_zero(header, path) + float(header["REFTIME"]),
            excess_variance=float(header["EXCVAR"]) if header["EXCVAR"] > 0 else math.nan,
            bin_size=float(header["TIMEDEL"]),
            model=header["BACKMOD"],
            order=int(header["BACKORD"]),
            exclude=tuple((float(a), float(b)) for a, b in json.loads(header["EXCLUDE"])),
            monitor=monitor_of(str(header["INSTRUME"]), str(path)),
            origin=header["ORIGFORM"],
            offset_applied=float(header["OFFSET"]),
            position=position_of(header),
        )
    except (KeyError, ValueError, TypeError) as error:
        raise InputError(f"{path}: extension RATE: a keyword is missing or wrong ({error})") from None


def _rate(lightcurve: Lightcurve) -> fits.BinTableHDU:
    zero = gps_to_ijd_seconds(lightcurve.epoch)
    live = lightcurve.exposure / lightcurve.width
    values = {
        "TIME": lightcurve.middle + zero,
        "TIMEDEL": lightcurve.width,
        "RATE": lightcurve.rate,
        "ERROR": lightcurve.error,
        "BACKV": lightcurve.background,
        "BACKE": lightcurve.background_error,
        # To what a float64 can tell from 1 after the sums.
        "FRACEXP": np.round(live, 9),
        "FLAGS": lightcurve.flags,
    }
    columns = [
        fits.Column(name=name, format=form, unit=unit or None, array=values[name])
        for name, form, unit, _ in _COLUMNS
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="RATE")
    for number, (*_, comment) in enumerate(_COLUMNS, 1):
        hdu.header.comments[f"TTYPE{number}"] = comment
    _describe(hdu.header, lightcurve)
    return hdu


def _describe(header: fits.Header, lightcurve: Lightcurve) -> None:
    """Write the keywords of the extension RATE."""
    begin, end = float(lightcurve.time[0]), float(lightcurve.end[-1])
    common_cards(header, lightcurve.monitor, lightcurve.epoch, begin, end)
    header["HDUCLAS1"] = ("LIGHTCURVE", "type of data")
    header["HDUCLAS2"] = ("TOTAL", "background is not subtracted")
    header["HDUCLAS3"] = ("RATE", "counts per second")
    header["TIMEDEL"] = (lightcurve.bin_size, "[s] usual length of a bin")
    header["TIMEPIXR"] = (0.5, "TIME is the middle of the bin")
    header["ONTIME"] = (end - begin, "[s] from the start to the end")
    header["EXPOSURE"] = (float(lightcurve.exposure.sum()), "[s] live time, dead time not taken off")
    header["DEADAPP"] = (False, "dead time is not corrected")
    header["BACKAPP"] = (False, "BACKV is not subtracted from RATE")
    header["BACKMOD"] = (lightcurve.model, "model of the background")
    header["BACKORD"] = (lightcurve.order, "its order, if a polynomial")
    header["EXCLUDE"] = (json.dumps(lightcurve.exclude), "[s] intervals left out of its fit")
    known = math.isfinite(lightcurve.excess_variance)
    header["EXCVAR"] = (
        lightcurve.excess_variance if known else -1.0,
        "std over Poisson's; -1: unknown",
    )
    header["OFFSET"] = (lightcurve.offset_applied, "[s] added to the times of the file")
    header["ORIGFORM"] = (lightcurve.origin, "form of the file the counts came in")
    if lightcurve.position is not None:
        place = lightcurve.position
        header["EPHS"] = (f"{place.ra} {place.dec} {place.distance}", "RA, Dec [deg], distance [km]")
    for flag in Flag:
        header[f"FLAG{flag.value}"] = (flag.name, f"meaning of {flag.value} in FLAGS")


def _intervals(lightcurve: Lightcurve) -> fits.BinTableHDU:
    """Return the stretches with data as a good-time extension."""
    change = np.diff(np.concatenate([[0], lightcurve.good, [0]]).astype(np.int8))
    first, last = np.flatnonzero(change == 1), np.flatnonzero(change == -1)
    zero = gps_to_ijd_seconds(lightcurve.epoch)
    columns = [
        fits.Column(name="START", format="D", unit="s", array=lightcurve.time[first] + zero),
        fits.Column(name="STOP", format="D", unit="s", array=lightcurve.end[last - 1] + zero),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="STDGTI")
    span = float(lightcurve.time[0]), float(lightcurve.end[-1])
    common_cards(hdu.header, lightcurve.monitor, lightcurve.epoch, *span)
    hdu.header["HDUCLAS1"] = ("GTI", "type of data")
    hdu.header["HDUCLAS2"] = ("STANDARD", "")
    return hdu


def common_cards(header: fits.Header, monitor: Monitor, epoch: float, begin: float, end: float) -> None:
    """Write what every extension says of its origin and time.

    Dates are in the time system of TIMESYS, as the FITS standard (4.0, section 9.5) wants it.
    """
    zero = gps_to_ijd_seconds(epoch)
    header["TELESCOP"] = (monitor.telescope, monitor.carrier)
    header["INSTRUME"] = (monitor.instrument, monitor.about)
    header["HDUCLASS"] = ("OGIP", "conventions followed")
    header["TIMESYS"] = ("TT", "time system of all times and dates")
    header["TIMEREF"] = ("LOCAL", "times are at the spacecraft")
    header["TASSIGN"] = ("SATELLITE", "time stamps are of the clock on board")
    header["TIMEUNIT"] = ("s", "unit of all times")
    header["MJDREFI"] = (MJD_ZERO, "[d] day that all times count from: IJD 0, in TT")
    header["MJDREFF"] = (0.0, "[d] its fraction")
    header["TIMEZERO"] = (0.0, "[s] to be added to all times")
    header["TSTART"] = (zero + begin, "[s] start of the first bin")
    header["TSTOP"] = (zero + end, "[s] end of the last bin")
    header["REFTIME"] = (zero, "[s] time of reference")
    header["DATE-REF"] = (_tt(epoch), f"REFTIME, TT ({utc_iso(epoch, 3)} UTC)")
    header["DATE-OBS"] = (_tt(epoch + begin), f"start, TT ({utc_iso(epoch + begin, 3)} UTC)")
    header["DATE-END"] = (_tt(epoch + end), f"end, TT ({utc_iso(epoch + end, 3)} UTC)")


def _tt(gps: float) -> str:
    fraction, whole = math.modf(gps)
    return str(Time(whole, fraction, format="gps", precision=3).tt.isot)
