"""Lists of sources found: names from a catalogue, and the files that users' tools open.

ISGR-SRCL-RES is written column by column as OSA writes it, so that OSA's own programs take it as a catalogue.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.table import Table

from tidings.fits import write_fits
from tidings.isgri._osa_headers import identify
from tidings.isgri.catalogue import positions
from tidings.output import write_bytes

EXTENSION = "ISGR-SRCL-RES"
_BANDS = 256
# Name, form, unit, null of an unsigned column (OSA's), comment.
_COLUMNS: tuple[tuple[str, str, str | None, bool], ...] = (
    ("NEW_SOURCE", "1I", None, True),
    ("SOURCE_ID", "16A", None, False),
    ("DAY_ID", "1D", "d", False),
    ("NAME", "20A", None, False),
    ("CLASS", "1I", None, True),
    ("RA_OBJ", "1E", "deg", False),
    ("DEC_OBJ", "1E", "deg", False),
    ("ERR_RAD", "1E", "deg", False),
    ("RELDIST", "1E", None, False),
    ("ISGRI_FLAG", "1B", None, False),
    ("SPA_MODL", "32A", None, False),
    ("SPA_NPAR", "1I", None, True),
    ("SPA_PARS", "8E", None, False),
    ("SPE_MODL", "128A", None, False),
    ("SPE_NPAR", "1I", None, True),
    ("SPE_PARS", "32E", None, False),
    ("VAR_MODL", "128A", None, False),
    ("VAR_NPAR", "1I", None, True),
    ("VAR_PARS", "8E", None, False),
    ("COMMENTS", "64A", None, False),
    ("SPI_FLUX_1", "1E", "photon/cm**2/s", False),
    ("SPI_FLUX_2", "1E", "photon/cm**2/s", False),
    ("ISGR_FLUX_1", "1E", "count/s", False),
    ("ISGR_FLUX_2", "1E", "count/s", False),
    ("PICS_FLUX_1", "1E", "count/s", False),
    ("PICS_FLUX_2", "1E", "count/s", False),
    ("JEMX_FLUX_1", "1E", "count/s", False),
    ("JEMX_FLUX_2", "1E", "count/s", False),
    ("E_MIN", "256E", "keV", False),
    ("E_MAX", "256E", "keV", False),
    ("FLUX", "256E", "count/s", False),
    ("FLUX_ERR", "256E", "count/s", False),
    ("SEL_FLAG", "1I", None, True),
    ("DETSIG", "1E", None, False),
    ("FLAG", "1I", None, False),
    ("RA_FIN", "1E", "deg", False),
    ("DEC_FIN", "1E", "deg", False),
    ("FIN_RD_ERR", "1E", "deg", False),
    ("SCW_NUM_C", "1I", None, True),
    ("SCW_NUM_F", "1I", None, True),
    ("OG_NUM", "1I", None, True),
)
_DESCRIBED = {
    "NAME": ("meta.id;meta.main", "name, of the catalogue or NEW_n"),
    "SOURCE_ID": ("meta.id", "ISDC identifier of the catalogue source"),
    "NEW_SOURCE": ("meta.code", "0: in the catalogue; 1: not"),
    "RA_FIN": ("pos.eq.ra;meta.main", "fitted right ascension, FK5 J2000"),
    "DEC_FIN": ("pos.eq.dec;meta.main", "fitted declination, FK5 J2000"),
    "FIN_RD_ERR": ("pos.errorEllipse", "radius that holds the true position with 90 %"),
    "RA_OBJ": ("pos.eq.ra", "right ascension of the catalogue source; fitted if new"),
    "DEC_OBJ": ("pos.eq.dec", "declination of the catalogue source; fitted if new"),
    "OFFSET": ("pos.angDistance", "fitted from catalogue position"),
    "DETSIG": ("stat.snr", "significance in the band where it is highest"),
    "SCW_NUM_C": ("meta.number", "windows that see it"),
    "CONFUSED": ("meta.code.qual", "another source is nearer than two widths of the PSF"),
    "COMMENTS": ("meta.note", "other catalogue sources within the identification radius"),
    "CLASS": ("src.class", "ISDC class of the catalogue source"),
}


def identify_sources(sources: Table, catalogue: Table, radius: float, position_floor: float = 0.0) -> Table:
    """Name sources by a catalogue.

    Parameters
    ----------
    sources
        As `source_search.source_table` returns it, the brightest first.
    catalogue
        As `catalogue.read_catalogue` returns it.
    radius
        Identification radius [deg]; the 90 % errors of both positions are added to it in quadrature.
    position_floor
        90 % error of any position that the noise does not tell: attitude, alignment, PSF [deg].

    Returns
    -------
    Table
        With NAME (NEW_1, NEW_2, ... for sources that have none), SOURCE_ID, NEW_SOURCE, RA_OBJ, DEC_OBJ,
        ERR_RAD, CLASS, RELDIST, OFFSET [arcmin] and COMMENTS, which names further candidates. A catalogue
        source names one source only, the most significant.
    """
    table = sources.copy()
    table["FIN_RD_ERR"] = np.hypot(np.asarray(table["FIN_RD_ERR"]), position_floor)
    table["FIN_RD_ERR"].unit = "deg"
    taken: set[int] = set()
    rows = []
    for source in table:
        row, used = _identify(source, catalogue, radius, taken, len([r for r in rows if r["NEW_SOURCE"]]))
        taken |= used
        rows.append(row)
    kinds = {"NAME": "U20", "SOURCE_ID": "U16", "COMMENTS": "U64", "NEW_SOURCE": int, "CLASS": int}
    kinds |= dict.fromkeys(("RA_OBJ", "DEC_OBJ", "ERR_RAD", "RELDIST", "OFFSET"), float)
    for name, kind in kinds.items():
        table[name] = np.array([row[name] for row in rows], kind)
    for name, unit in (("RA_OBJ", "deg"), ("DEC_OBJ", "deg"), ("ERR_RAD", "deg"), ("OFFSET", "arcmin")):
        table[name].unit = unit
    order = (
        "NAME",
        "SOURCE_ID",
        "NEW_SOURCE",
        "RA_FIN",
        "DEC_FIN",
        "FIN_RD_ERR",
        "DETSIG",
        "FLUX",
        "FLUX_ERR",
    )
    return table[[*order, *(name for name in table.colnames if name not in order)]]


def describe_columns(table: Table, bands: list[tuple[float, float]]) -> Table:
    """Return the list for users' tools: a column per band in place of arrays, descriptions and UCDs."""
    made = table.copy()
    for number, (low, high) in enumerate(bands):
        suffix = f"_{low:g}_{high:g}"
        for name, words in (("FLUX", "rate"), ("FLUX_ERR", "standard deviation of the rate")):
            values = _by_band(table, name, len(bands))[:, number]
            made[name + suffix] = values
            made[name + suffix].unit = "count/s"
            made[name + suffix].description = f"{words}, {low:g}-{high:g} keV"
            made[name + suffix].meta["ucd"] = ("stat.error;" if "ERR" in name else "") + "phot.count;em.X-ray"
    made.remove_columns(["FLUX", "FLUX_ERR"])
    for name, (ucd, words) in _DESCRIBED.items():
        if name in made.colnames:
            made[name].description = words
            made[name].meta["ucd"] = ucd
    return made


def write_source_list(
    table: Table,
    bands: list[tuple[float, float]],
    path: str | Path,
    provenance: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> None:
    """Write identified sources as ISGR-SRCL-RES; FLUX and FLUX_ERR of the table are [sources, bands]."""
    values = {name: table[name] for name in table.colnames if name in {column[0] for column in _COLUMNS}}
    for name in ("FLUX", "FLUX_ERR"):
        values[name] = _padded(_by_band(table, name, len(bands)))
    for name, edge in (("E_MIN", 0), ("E_MAX", 1)):
        values[name] = _padded(np.tile([float(band[edge]) for band in bands], (len(table), 1)))
    values["ISGRI_FLAG"] = np.ones(len(table), np.uint8)
    values["OG_NUM"] = np.ones(len(table), int)
    values["FLAG"] = np.asarray(table["CONFUSED"], int)
    hdu = fits.BinTableHDU.from_columns([_column(*c, values, len(table)) for c in _COLUMNS], name=EXTENSION)
    identify(hdu.header, meta or {}, -1, None)
    hdu.header["BASETYPE"] = "DAL_TABLE"
    hdu.header["RADESYS"] = ("FK5", "frame")
    hdu.header["RADECSYS"] = ("FK5", "frame, OSA's spelling")
    hdu.header["EQUINOX"] = (2000.0, "equinox")
    hdu.header["EBIN_NUM"] = (len(bands), "number of bands in E_MIN, E_MAX, FLUX, FLUX_ERR")
    hdu.header["EXTVER"] = 1
    write_fits([fits.PrimaryHDU(), hdu], path, provenance)


def write_region(table: Table, path: str | Path) -> None:
    """Write sources as a ds9 region file: a circle of the 90 % error and the name; new ones dashed."""
    lines = ["# Region file format: DS9 version 4.1", "global color=green width=1", "fk5"]
    for row in table:
        # A circle of an arc minute is the least that can be seen.
        radius = max(float(row["FIN_RD_ERR"]) * 60, 1.0)
        style = " color=magenta dash=1" if row["NEW_SOURCE"] else ""
        name = str(row["NAME"]).replace("{", "(").replace("}", ")")
        lines.append(
            f"circle({row['RA_FIN']:.5f},{row['DEC_FIN']:+.5f},{radius:.2f}') # text={{{name}}}{style}"
        )
    write_bytes(Path(path), ("\n".join(lines) + "\n").encode("utf-8"))


def _identify(
    source: Any, catalogue: Table, radius: float, taken: set[int], new: int
) -> tuple[dict[str, Any], set[int]]:
    """Return the identification of one source, and which rows of the catalogue it takes."""
    ra, dec = float(source["RA_FIN"]), float(source["DEC_FIN"])
    error = float(source["FIN_RD_ERR"])
    if len(catalogue):
        distance = _separation(ra, dec, catalogue)
        reach = np.sqrt(radius**2 + error**2 + np.asarray(catalogue["ERR_RAD"], float) ** 2)
        relative = distance / reach
        near = [int(i) for i in np.argsort(relative, kind="stable") if relative[i] <= 1 and i not in taken]
    else:
        near = []
    if not near:
        row = {"NAME": f"NEW_{new + 1}", "SOURCE_ID": "UNKNOWN", "NEW_SOURCE": 1, "CLASS": 0}
        place = {"RA_OBJ": ra, "DEC_OBJ": dec, "ERR_RAD": error, "RELDIST": 0.0, "OFFSET": math.nan}
        return {**row, **place, "COMMENTS": ""}, set()
    best = near[0]
    entry = catalogue[best]
    others = ", ".join(str(catalogue["NAME"][i]) for i in near[1:])
    return {
        "NAME": str(entry["NAME"]),
        "SOURCE_ID": str(entry["SOURCE_ID"]),
        "NEW_SOURCE": 0,
        "CLASS": int(entry["CLASS"]),
        "RA_OBJ": float(entry["RA_OBJ"]),
        "DEC_OBJ": float(entry["DEC_OBJ"]),
        "ERR_RAD": float(entry["ERR_RAD"]),
        "RELDIST": float(relative[best]),
        "OFFSET": float(distance[best] * 60),
        "COMMENTS": f"or {others}"[:64] if others else "",
    }, {best}


def _separation(ra: float, dec: float, catalogue: Table) -> np.ndarray:
    """Return distances of a position from all of a catalogue [deg]."""
    place = positions(catalogue)
    return place.separation(type(place)(ra, dec, unit="deg", frame=place.frame.name)).deg


def _by_band(table: Table, name: str, bands: int) -> np.ndarray:
    return np.asarray(table[name], float).reshape(len(table), bands)


def _padded(values: np.ndarray) -> np.ndarray:
    full = np.zeros((len(values), _BANDS), np.float32)
    full[:, : values.shape[1]] = values
    return full


def _column(
    name: str, form: str, unit: str | None, unsigned: bool, values: dict[str, Any], rows: int
) -> fits.Column:
    value = values.get(name)
    if form.endswith("A"):
        array = np.array(
            ["" if value is None else str(text) for text in (value if value is not None else [""] * rows)]
        )
        return fits.Column(name, form, unit, array=array.astype(f"U{form[:-1]}"))
    width = int(form[:-1])
    shape = (rows, width) if width > 1 else (rows,)
    kind = {"I": np.uint16 if unsigned else np.int16, "B": np.uint8, "E": np.float32, "D": np.float64}[
        form[-1]
    ]
    array = np.zeros(shape, kind) if value is None else np.asarray(value).astype(kind).reshape(shape)
    extra = {"bzero": 32768, "bscale": 1} if unsigned else {}
    return fits.Column(name, form, unit, array=array, **extra)
