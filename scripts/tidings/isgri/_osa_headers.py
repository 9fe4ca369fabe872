"""Keywords and index tables that OSA's images share: GROUPING, identification, world coordinates."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS

_KNOWN = {
    "TELESCOP": ("INTEGRAL", "mission"),
    "ORIGIN": ("tidings", "who made the file"),
    "INSTRUME": ("IBIS", "instrument"),
    "DETNAM": ("ISGRI", "detector layer"),
    "ISDCLEVL": ("IMA", "level of processing"),
    "CREATOR": ("tidings", "program that made the data"),
    "MJDREF": (51544.0, "[d] MJD that times count from"),
    "TIMESYS": ("TT", "time scale"),
    "TIMEUNIT": ("d", "unit of times"),
    "TIMEREF": ("LOCAL", "times at the spacecraft"),
}
_OWN = {
    *_KNOWN,
    *("XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "PCOUNT", "GCOUNT", "EXTNAME", "EXTVER", "EXTREL"),
    *("BASETYPE", "CONFIGUR", "DATE", "STAMP", "COMMENT", "HISTORY", "CHECKSUM", "DATASUM", "LONGSTRN"),
    *("REVOL", "SWID", "BSCALE", "BZERO", "BUNIT", "CHANTYPE", "E_MIN", "E_MEAN", "E_MAX", "IMATYPE"),
    *("TFIRST", "TLAST", "ONTIME", "PSFCELL", "PSFPIX", "HDUCLASS", "HDUDOC", "HDUVERS", "HDUCLAS1"),
    *("CTYPE1", "CTYPE2", "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CUNIT1", "CUNIT2", "CDELT1", "CDELT2"),
    *("CD1_1", "CD1_2", "CD2_1", "CD2_2", "PC1_1", "PC1_2", "PC2_1", "PC2_2", "LONGPOLE", "LATPOLE"),
    *("RADECSYS", "RADESYS", "EQUINOX", "PROVENAN", "CONTINUE", "SIMPLE", "EXTEND", "GRPID1"),
}
_ZENITHAL = ("TAN", "SIN", "ARC", "ZEA", "STG")
# Name, form, unit, how to get it from the header of a member.
_COLUMNS = (
    ("MEMBER_XTENSION", "8A", None, lambda header, _: "IMAGE"),
    ("MEMBER_NAME", "32A", None, lambda header, _: header["EXTNAME"]),
    ("MEMBER_VERSION", "1J", None, lambda header, _: header["EXTVER"]),
    # HDU 1 is the primary, 2 the index.
    ("MEMBER_POSITION", "1J", None, lambda _, number: number + 3),
    ("MEMBER_LOCATION", "256A", None, lambda header, _: ""),
    ("MEMBER_URI_TYPE", "3A", None, lambda header, _: ""),
    ("IMATYPE", "32A", None, lambda header, _: header["IMATYPE"]),
    ("CHANMIN", "1I", None, lambda header, _: header["CHANMIN"]),
    ("CHANMAX", "1I", None, lambda header, _: header["CHANMAX"]),
    ("E_MIN", "1E", "keV", lambda header, _: header["E_MIN"]),
    ("E_MEAN", "1E", "keV", lambda header, _: header["E_MEAN"]),
    ("E_MAX", "1E", "keV", lambda header, _: header["E_MAX"]),
    ("TFIRST", "1D", "d", lambda header, _: header["TFIRST"]),
    ("TLAST", "1D", "d", lambda header, _: header["TLAST"]),
    ("TELAPSE", "1D", "s", lambda header, _: header["TELAPSE"]),
)
_SKY_COLUMNS = (
    ("EXPOSURE", "1D", "s", lambda header, _: header.get("EXPOSURE", header["ONTIME"])),
    ("CRVAL1", "1E", "deg", lambda header, _: header["CRVAL1"]),
    ("CRVAL2", "1E", "deg", lambda header, _: header["CRVAL2"]),
)
_MOSAIC_COLUMNS = (("ONTIME", "1D", "s", lambda header, _: header["ONTIME"]),)


def identify(header: fits.Header, meta: dict[str, Any], revolution: int, swid: str | None) -> None:
    """Write who, what and when, and the further keywords of `meta`."""
    header["BASETYPE"] = "DAL_GROUP" if header.get("EXTNAME") == "GROUPING" else "DAL_ARRAY"
    for key, card in _KNOWN.items():
        header[key] = card
    if revolution >= 0:
        header["REVOL"] = (revolution, "revolution")
    if swid:
        header["SWID"] = (swid, "science window")
    header["HDUCLASS"] = ("OGIP", "format follows OGIP where it can")
    header["HDUDOC"] = ("ISDC-IBIS ICD", "where the layout is defined")
    header["HDUVERS"] = "1.1.0"
    for key, value in meta.items():
        if key.upper() not in _OWN and value is not None:
            header[key if len(key) <= 8 else f"HIERARCH {key}"] = _card(value)


def is_own(key: str) -> bool:
    """Say whether a keyword belongs to the layout, so that it is no further keyword of an image."""
    return key in _OWN


def place(header: fits.Header, wcs: WCS) -> None:
    """Write world coordinates as OSA does: a CD matrix, both spellings of the frame's keyword."""
    matrix = wcs.pixel_scale_matrix
    for axis in (0, 1):
        header[f"CTYPE{axis + 1}"] = str(wcs.wcs.ctype[axis])
        header[f"CRPIX{axis + 1}"] = float(wcs.wcs.crpix[axis])
        header[f"CRVAL{axis + 1}"] = float(wcs.wcs.crval[axis])
        header[f"CUNIT{axis + 1}"] = "deg"
        for other in (0, 1):
            header[f"CD{axis + 1}_{other + 1}"] = float(matrix[axis, other])
    cards = wcs.to_header()
    header["LONGPOLE"] = float(cards.get("LONPOLE", 180.0))
    # A zenithal projection does not use it, and OSA writes 0; others do.
    header["LATPOLE"] = 0.0 if wcs.wcs.ctype[0][-3:] in _ZENITHAL else float(cards.get("LATPOLE", 0.0))
    for key, value in cards.items():
        if key.startswith("PV"):
            header[key] = value
    if str(wcs.wcs.ctype[0]).startswith("RA"):
        header["RADESYS"] = ("FK5", "frame")
        header["RADECSYS"] = ("FK5", "frame, OSA's spelling")
        header["EQUINOX"] = (2000.0, "equinox")


def index_table(extension: str, headers: list[fits.Header], *, with_swid: bool = False) -> fits.BinTableHDU:
    """Return the GROUPING table of a file whose members follow it."""
    sky = extension.endswith("SKY.-IMA")
    columns = [*_COLUMNS, *(_SKY_COLUMNS if sky else _MOSAIC_COLUMNS)]
    if with_swid:
        columns.append(("SWID", "12A", None, lambda header, _: header["SWID"]))
    made = []
    for name, form, unit, value in columns:
        values = [value(header, number) for number, header in enumerate(headers)]
        unsigned = {"bzero": 32768, "bscale": 1, "array": np.array(values, np.uint16)} if form == "1I" else {}
        null = {"null": 0} if form == "1J" else {}
        made.append(fits.Column(name=name, format=form, unit=unit, **{"array": values, **unsigned, **null}))
    table = fits.BinTableHDU.from_columns(made, name="GROUPING", uint=True)
    table.header["EXTVER"] = 1
    table.header["GRPNAME"] = (f"{extension}-IDX", "name of the index")
    table.header["IDXMEMBR"] = (extension, "EXTNAME of the members")
    return table


def _card(value: Any) -> Any:
    """Return a value that a FITS card holds."""
    if isinstance(value, np.generic):
        value = value.item()
    return value if isinstance(value, str | bool | int | float) else str(value)
