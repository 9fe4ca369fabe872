"""Light curves as OSA writes them: ISGR-SRC.-LCR, one extension for each source and band, and their index."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.isgri.crab import CrabRate
from tidings.isgri.lightcurve import Lightcurve, variability
from tidings.output import write_ecsv

EXTENSION = "ISGR-SRC.-LCR"
# The first nine are OSA's, in its order and forms; it has them without units, which are given here.
_COLUMNS = (
    ("TIME", "D", "d", "middle of the bin, IJD (TT)"),
    ("TOT_COUNTS", "E", "count/s", "rate of the whole detector"),
    ("BACKV", "E", "count/s", "background of the whole detector"),
    ("BACKE", "E", "count/s", "error of BACKV"),
    ("RATE", "E", "count/s", "rate as if fully coded"),
    ("ERROR", "E", "count/s", "error of RATE"),
    ("FRACEXP", "E", None, "good part of the bin"),
    ("XAX_E", "E", "d", "half of TIMEDEL"),
    ("TIMEDEL", "D", "d", "length of the bin"),
    ("CRAB", "E", None, "RATE in units of the Crab"),
    ("CRAB_ERR", "E", None, "error of CRAB, without that of the reference"),
)


def write_lightcurves(
    curves: list[Lightcurve],
    crab: list[CrabRate],
    path: str | Path,
    provenance: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> None:
    """Write light curves.

    Parameters
    ----------
    curves : list of Lightcurve
        One for each source and band.
    crab : list of CrabRate
        The Crab's rate in the band of each.
    path : str or Path
    provenance : dict, optional
        Block for the primary header.
    meta : dict, optional
        Further keywords, such as ENERGY_LEVEL.
    """
    members = [
        _member(*pair, number, meta or {}) for number, pair in enumerate(zip(curves, crab, strict=True), 1)
    ]
    write_fits([fits.PrimaryHDU(), _index(members), *members], path, provenance)


def summary(curves: list[Lightcurve], crab: list[CrabRate]) -> Table:
    """Return mean, significance and variability of light curves, a row each.

    The columns `crab` and `crab_error` are mean and error in Crab units.
    """
    rows = []
    for curve, unit in zip(curves, crab, strict=True):
        found = variability(curve)
        rows.append(
            (
                *(curve.name, curve.ra, curve.dec, curve.e_min, curve.e_max, len(curve)),
                *(float(curve.time[0]), float(curve.time[-1]), float(curve.ontime.sum())),
                *(found.mean, found.error, found.mean / found.error),
                *(found.mean / unit.rate, found.error / unit.rate, unit.rate),
                *(found.chi2, found.dof, found.probability, found.excess, found.excess_error),
            )
        )
    table = Table(rows=rows, names=[name for name, *_ in _SUMMARY])
    for name, unit, description in _SUMMARY:
        table[name].unit, table[name].description = unit, description
    table.meta["crab_reference"] = crab[0].origin if crab else "none"
    return table


_SUMMARY = (
    ("source", None, "name of the source"),
    ("ra", "deg", "right ascension"),
    ("dec", "deg", "declination"),
    ("e_min", "keV", "lower edge of the band"),
    ("e_max", "keV", "upper edge of the band"),
    ("bins", "", "number of bins"),
    ("first", "d", "middle of the first bin [IJD, TT]"),
    ("last", "d", "middle of the last bin [IJD, TT]"),
    ("ontime", "s", "good time"),
    ("rate", "count / s", "weighted mean of the rate as if fully coded"),
    ("error", "count / s", "its standard deviation"),
    ("significance", "", "rate over error"),
    ("crab", "", "rate in units of the Crab"),
    ("crab_error", "", "its standard deviation, without that of the reference"),
    ("crab_rate", "count / s", "rate of the Crab that was used"),
    ("chi2", "", "chi-square of a constant rate"),
    ("dof", "", "degrees of freedom"),
    ("probability", "", "of a larger chi-square by chance"),
    ("excess_variance", "", "normalised excess variance"),
    ("excess_error", "", "its standard deviation"),
)


def write_summary(table: Table, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write what `summary` made as ECSV."""
    write_ecsv(table, Path(path), provenance)


def read_lightcurves(path: str | Path) -> list[Table]:
    """Read a file of ISGR-SRC.-LCR extensions, ours or OSA's: a table each, with the header in its meta.

    Raises
    ------
    InputError
        It cannot be read, or there is no such extension in it.
    """
    try:
        with fits.open(path, memmap=False) as hdus:
            found = [
                Table({name: np.array(hdu.data[name]) for name in hdu.columns.names}, meta=dict(hdu.header))
                for hdu in hdus
                if hdu.name == EXTENSION
            ]
    except (OSError, fits.VerifyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as FITS ({error})") from None
    if not found:
        raise InputError(f"{path}: has no extension {EXTENSION}; give a file of ISGRI light curves")
    return found


def _member(curve: Lightcurve, crab: CrabRate, number: int, meta: dict[str, Any]) -> fits.BinTableHDU:
    values = {
        "TIME": curve.time,
        "TOT_COUNTS": curve.total,
        "BACKV": curve.background,
        "BACKE": curve.background_error,
        "RATE": curve.rate,
        "ERROR": curve.error,
        "FRACEXP": np.clip(curve.ontime / (curve.timedel * 86400), 0, 1),
        "XAX_E": curve.timedel / 2,
        "TIMEDEL": curve.timedel,
        "CRAB": curve.rate / crab.rate,
        "CRAB_ERR": curve.error / crab.rate,
    }
    columns = [fits.Column(name, form, unit, array=values[name]) for name, form, unit, _ in _COLUMNS]
    hdu = fits.BinTableHDU.from_columns(columns, name=EXTENSION)
    for place, (*_, comment) in enumerate(_COLUMNS, 1):
        hdu.header.comments[f"TTYPE{place}"] = comment
    hdu.header["EXTVER"] = (number, "number of the extension")
    _describe(hdu.header, curve, crab)
    for key, value in meta.items():
        hdu.header[key if len(key) <= 8 else f"HIERARCH {key}"] = value
    return hdu


def _describe(header: fits.Header, curve: Lightcurve, crab: CrabRate) -> None:
    start, stop = curve.time - curve.timedel / 2, curve.time + curve.timedel / 2
    ontime, found = float(curve.ontime.sum()), variability(curve)
    revolution = str(curve.swid[0])[:4]
    cards = {
        "EXTREL": ("7.9.4", "ISDC release number of the layout"),
        "BASETYPE": ("DAL_TABLE", "Data Access Layer base type"),
        "TELESCOP": ("INTEGRAL", "Telescope or mission name"),
        "ORIGIN": ("tidings", "Origin of FITS file"),
        "INSTRUME": ("IBIS", "Instrument name"),
        "DETNAM": ("ISGRI", "Name of the detector layer"),
        "ISDCLEVL": ("LCR", "ISDC level of data processing"),
        "CREATOR": ("isgri_lightcurve", "Step which created this data"),
        "MJDREF": (51544.0, "Modified Julian Date of time origin"),
        "TIMESYS": ("TT", "Time frame system"),
        "TIMEUNIT": ("d", "Time unit"),
        "TIMEREF": ("LOCAL", "Time reference frame"),
        "REVOL": (int(revolution) if revolution.isdigit() else 0, "Revolution number of the first bin"),
        "SWID": (str(curve.swid[0]), "Science window of the first bin"),
        "SW_TYPE": ("POINTING", "Type of the Science Window"),
        "TSTART": (float(start[0]), "[d] Start of the first bin"),
        "TSTOP": (float(stop[-1]), "[d] End of the last bin"),
        "TFIRST": (float(curve.time[0]), "[d] Middle of the first bin"),
        "TLAST": (float(curve.time[-1]), "[d] Middle of the last bin"),
        "TELAPSE": (float((stop[-1] - start[0]) * 86400), "[s] From the start to the end"),
        "ONTIME": (ontime, "[s] Good time"),
        "EXPOSURE": (float(curve.exposure.sum()), "[s] Mean live time of the pixels in use"),
        "DEADC": (float(curve.exposure.sum()) / ontime if ontime > 0 else 0.0, "EXPOSURE over ONTIME"),
        "TIMEDEL": (float(np.median(curve.timedel)), "[d] Usual length of a bin"),
        "TIMEPIXR": (0.5, "TIME is the middle of the bin"),
        "TIERABSO": (0.0, "[s] Absolute error of times"),
        "TIERRELA": (0.0, "[s/s] Relative error of times"),
        "BACKAPP": (True, "Background is subtracted from RATE"),
        "DEADAPP": (True, "Dead time is corrected"),
        "VIGNAPP": (True, "RATE is that of a fully coded source"),
        "BANDTYPE": ("ENERGY", "Band is given as energy"),
        "CHANTYPE": ("PI", "Type of energy channel"),
        "EUNIT": ("keV", "Unit of energies"),
        "E_MIN": (curve.e_min, "[keV] Lower edge of the band"),
        "E_MAX": (curve.e_max, "[keV] Upper edge of the band"),
        "SOURCEID": (curve.name, "Identifier of the source"),
        "NAME": (curve.name, "Name of the source"),
        "RADECSYS": ("FK5", "Stellar reference frame"),
        "EQUINOX": (2000.0, "Coordinate system equinox"),
        "RA_OBJ": (curve.ra, "[deg] Right ascension of the source"),
        "DEC_OBJ": (curve.dec, "[deg] Declination of the source"),
        "SRCCNT": (found.mean, "[count/s] Weighted mean of RATE"),
        "SRCCNTE": (found.error, "[count/s] Its error"),
        "CRABRATE": (crab.rate, "[count/s] Rate of the Crab in this band"),
        "CRABREF": (crab.origin, "its source"),
    }
    header.update(cards)


def _index(members: list[fits.BinTableHDU]) -> fits.BinTableHDU:
    """Return the index: GROUPING with OSA's columns for light curves."""
    headers = [member.header for member in members]
    number = len(headers)

    def texts(key: str) -> list[str]:
        return [str(header[key]) for header in headers]

    def column(name: str, form: str, values: Any, unit: str | None = None) -> fits.Column:
        return fits.Column(name, form, unit, array=np.array(values))

    columns = [
        column("MEMBER_XTENSION", "8A", ["BINTABLE"] * number),
        column("MEMBER_NAME", "32A", [EXTENSION] * number),
        column("MEMBER_VERSION", "1J", np.arange(1, number + 1)),
        # HDU 1 is the primary, 2 the index.
        column("MEMBER_POSITION", "1J", np.arange(3, number + 3)),
        column("MEMBER_LOCATION", "256A", [""] * number),
        column("MEMBER_URI_TYPE", "3A", [""] * number),
        column("SOURCEID", "32A", texts("SOURCEID")),
        column("NAME", "100A", texts("NAME")),
        column("RA_OBJ", "1E", [header["RA_OBJ"] for header in headers], "deg"),
        column("DEC_OBJ", "1E", [header["DEC_OBJ"] for header in headers], "deg"),
        column("E_MIN", "1E", [header["E_MIN"] for header in headers], "keV"),
        column("E_MAX", "1E", [header["E_MAX"] for header in headers], "keV"),
        column("TSTART", "1D", [header["TSTART"] for header in headers], "d"),
        column("TSTOP", "1D", [header["TSTOP"] for header in headers], "d"),
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name="GROUPING")
    hdu.header["EXTVER"] = 1
    hdu.header["GRPNAME"] = (f"{EXTENSION}-IDX", "name of the index")
    hdu.header["TELESCOP"], hdu.header["INSTRUME"], hdu.header["DETNAM"] = "INTEGRAL", "IBIS", "ISGRI"
    return hdu
