"""Catalogues of sources: INTEGRAL's reference catalogue, our own source lists, any table with positions.

Whatever the form of the file, the catalogue in memory is a Table with OSA's column names.
"""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from pathlib import Path

import astropy.units as u
import numpy as np
from astropy.coordinates import FK5, Galactic, Longitude, SkyCoord
from astropy.io import fits, votable
from astropy.table import Column, MaskedColumn, Table, vstack
from astropy.units import UnitsWarning

from tidings.errors import InputError

_NAMES = (
    *("name", "source_name", "src_name", "src_names", "sourcename", "main_id", "object", "source", "id"),
    *("designation", "counterpart"),
)
_LONGITUDES = (
    *("ra_obj", "ra", "_ra", "raj2000", "_raj2000", "ra_j2000", "ra_deg", "radeg", "ra_icrs", "ra_icrs_deg"),
    *("_ra_icrs", "alpha_j2000", "right_ascension", "alpha", "ra2000", "meanra", "ra_fin"),
)
_LATITUDES = (
    *("dec_obj", "dec", "_de", "_dec", "dej2000", "_dej2000", "dec_j2000", "decj2000", "dec_deg", "dedeg"),
    *("decdeg", "de", "de_icrs", "dec_icrs", "_de_icrs", "delta_j2000", "declination", "delta", "dec2000"),
    *("meandec", "dec_fin"),
)
_GALACTIC = (("glon", "_glon", "l", "lii", "gal_lon"), ("glat", "_glat", "b", "bii", "gal_lat"))
_ERRORS = ("err_rad", "error_radius", "pos_err", "poserr", "position_error")
# Further columns kept under OSA's names: spellings, and what a source without a value gets.
_FURTHER = {
    "SOURCE_ID": (("source_id", "sourceid"), ""),
    "CLASS": (("class",), 0),
    "ISGRI_FLAG": (("isgri_flag",), 0),
    "ISGRI_FLAG2": (("isgri_flag2",), 0),
    "ISGR_FLUX_1": (("isgr_flux_1",), 0.0),
    "ISGR_FLUX_2": (("isgr_flux_2",), 0.0),
}
_UNITS = {
    "RA_OBJ": "deg",
    "DEC_OBJ": "deg",
    "ERR_RAD": "deg",
    "ISGR_FLUX_1": "count/s",
    "ISGR_FLUX_2": "count/s",
}


def read_catalogue(path: str | Path) -> Table:
    """Read a catalogue: GNRL-REFR-CAT, a source list, or a FITS, VOTable, ECSV or CSV table with positions.

    Returns
    -------
    Table
        NAME, RA_OBJ and DEC_OBJ (FK5 J2000), ERR_RAD [deg; 0 if not given], SOURCE_ID, CLASS, ISGRI_FLAG,
        ISGRI_FLAG2, ISGR_FLUX_1 (20-60 keV) and ISGR_FLUX_2 (60-200 keV) [counts/s; 0 if not given], in
        the order of the file. Right ascensions may be degrees or sexagesimal (then hours), positions may be
        galactic.

    Raises
    ------
    InputError
        The file is missing, damaged, no table, or has no column of names or of positions.
    """
    path = Path(path)
    table = _read_any(path)
    columns = {name.lower(): table[name] for name in table.colnames}
    ra, dec = _positions(columns, path)
    name = _pick(columns, _NAMES)
    if name is None:
        raise InputError(f"{path}: no column of names among {_listed(table)}; call it NAME")
    made = Table({"NAME": _texts(name), "RA_OBJ": ra, "DEC_OBJ": dec})
    error = _pick(columns, _ERRORS)
    made["ERR_RAD"] = np.zeros(len(made)) if error is None else _degrees(error)
    for key, (spellings, empty) in _FURTHER.items():
        column = _pick(columns, spellings)
        made[key] = _filled(column, empty, len(made))
    for key, unit in _UNITS.items():
        made[key].unit = unit
    _check(made, path)
    return made


def read_catalogues(paths: list[str | Path], radius: float = 0.0) -> Table:
    """Read several catalogues as one; a source within `radius` [deg] of an earlier file's is left out."""
    tables = [read_catalogue(path) for path in paths]
    if not tables:
        return empty_catalogue()
    joined = tables[0]
    for table in tables[1:]:
        if len(joined) and len(table):
            _, distance, _ = positions(table).match_to_catalog_sky(positions(joined))
            table = table[distance.deg > radius]
        joined = vstack([joined, table], metadata_conflicts="silent")
    return joined


def empty_catalogue() -> Table:
    """Return a catalogue without sources."""
    floats = ("RA_OBJ", "DEC_OBJ", "ERR_RAD", "ISGR_FLUX_1", "ISGR_FLUX_2")
    kinds = {"NAME": "U64", **dict.fromkeys(floats, float), "SOURCE_ID": "U32", "CLASS": int}
    kinds |= {"ISGRI_FLAG": int, "ISGRI_FLAG2": int}
    table = Table({name: np.zeros(0, kind) for name, kind in kinds.items()})
    for key, unit in _UNITS.items():
        table[key].unit = unit
    return table


def select(
    catalogue: Table,
    *,
    centre: tuple[float, float] | None = None,
    radius: float | None = None,
    flag: int | None = None,
    flag2: tuple[int, ...] = (),
    min_flux: float | None = None,
    names: tuple[str, ...] = (),
) -> Table:
    """Return the sources that meet every condition given.

    Parameters
    ----------
    catalogue
        As `read_catalogue` returns it.
    centre, radius
        RA and Dec of a circle's centre, and its radius [deg].
    flag
        Least ISGRI_FLAG (1: detected by ISGRI; 2: with a position better than 3').
    flag2
        Values of ISGRI_FLAG2 (1: seen in single windows; 2: in mosaics only; 5: very bright).
    min_flux
        Least ISGR_FLUX_1, 20-60 keV [counts/s].
    names
        Sources kept whatever the flags and the flux, if they are in the circle.
    """
    keep = np.ones(len(catalogue), bool)
    if flag is not None:
        keep &= np.asarray(catalogue["ISGRI_FLAG"]) >= flag
    if flag2:
        keep &= np.isin(catalogue["ISGRI_FLAG2"], flag2)
    if min_flux is not None:
        keep &= np.asarray(catalogue["ISGR_FLUX_1"]) >= min_flux
    keep |= np.isin(catalogue["NAME"], names)
    if centre is not None and radius is not None and len(catalogue):
        keep &= positions(catalogue).separation(SkyCoord(*centre, unit="deg", frame=FK5)).deg <= radius
    return catalogue[keep]


def positions(catalogue: Table) -> SkyCoord:
    """Return the positions of a catalogue."""
    return SkyCoord(
        np.asarray(catalogue["RA_OBJ"], float),
        np.asarray(catalogue["DEC_OBJ"], float),
        unit="deg",
        frame=FK5,
    )


def _read_any(path: Path) -> Table:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UnitsWarning)
            warnings.simplefilter("ignore", votable.exceptions.VOWarning)
            return _parse(content, path)
    except InputError:
        raise
    except (OSError, EOFError, ValueError, TypeError, LookupError, SyntaxError, zlib.error) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path}: cannot be read as a table ({reason}); FITS, VOTable, ECSV or CSV is wanted"
        ) from None


def _parse(content: bytes, path: Path) -> Table:
    if content.startswith(b"SIMPLE"):
        with fits.open(io.BytesIO(content)) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
            tables = [hdu for hdu in tables if hdu.name != "GROUPING"]
            if not tables:
                raise InputError(f"{path}: has no table; give a FITS file with a table of sources")
            return Table.read(tables[0])
    if b"<VOTABLE" in content[:4096]:
        return Table.read(io.BytesIO(content), format="votable")
    text = content.decode("utf-8")
    if text.startswith("# %ECSV"):
        return Table.read(text, format="ascii.ecsv")
    first = next((line for line in text.splitlines() if line.strip() and not line.startswith("#")), "")
    delimiter = next((mark for mark in ("\t", ";", ",") if mark in first), None)
    if delimiter is None:
        raise InputError(f"{path}: neither FITS, VOTable, ECSV nor CSV (its first line has no comma)")
    return Table.read(text, format="ascii.csv", delimiter=delimiter, comment="#")


def _pick(columns: dict[str, Column], spellings: tuple[str, ...]) -> Column | None:
    return next((columns[word] for word in spellings if word in columns), None)


def _positions(columns: dict[str, Column], path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return right ascension and declination [deg, FK5 J2000]."""
    ra, dec = _pick(columns, _LONGITUDES), _pick(columns, _LATITUDES)
    try:
        if ra is not None and dec is not None:
            return _degrees(ra, hours=True), _degrees(dec)
        lon, lat = (_pick(columns, words) for words in _GALACTIC)
        if lon is not None and lat is not None:
            place = SkyCoord(_degrees(lon), _degrees(lat), unit="deg", frame=Galactic).transform_to(FK5())
            return place.ra.deg, place.dec.deg
    except (ValueError, u.UnitsError) as error:
        raise InputError(f"{path}: a position cannot be understood ({str(error).splitlines()[0]})") from None
    raise InputError(
        f"{path}: no columns of positions among {', '.join(sorted(columns))}; call them RA and DEC [deg]"
    )


def _degrees(column: Column, *, hours: bool = False) -> np.ndarray:
    """Return angles [deg]; texts are sexagesimal, of right ascension in hours."""
    if column.dtype.kind in "SUO":
        words = _texts(column)
        if all(_is_number(word) for word in words):
            return np.array(words, float)
        return SkyCoord(words, "0d", unit=("hourangle", "deg")).ra.deg if hours else _sexagesimal(words)
    values = np.ma.filled(np.ma.asarray(column, float), np.nan)
    unit = u.Unit(column.unit) if column.unit not in (None, "") else u.deg
    return (values * unit).to_value(u.deg) if unit.is_equivalent(u.deg) else values


def _sexagesimal(words: list[str]) -> np.ndarray:
    return SkyCoord("0h", words, unit=("hourangle", "deg")).dec.deg


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _texts(column: Column) -> list[str]:
    values = column.filled("") if isinstance(column, MaskedColumn) else column
    return [item.decode().strip() if isinstance(item, bytes) else str(item).strip() for item in values]


def _filled(column: Column | None, empty: str | int | float, length: int) -> np.ndarray:
    if column is None or column.ndim > 1:
        return np.full(length, empty, "U32" if isinstance(empty, str) else None)
    if isinstance(empty, str):
        return np.array(_texts(column), "U32")
    values = column.filled(empty) if isinstance(column, MaskedColumn) else np.asarray(column)
    return np.nan_to_num(values.astype(float)).astype(type(empty))


def _listed(table: Table) -> str:
    return ", ".join(table.colnames)


def _check(table: Table, path: Path) -> None:
    ra, dec = np.asarray(table["RA_OBJ"], float), np.asarray(table["DEC_OBJ"], float)
    table["ERR_RAD"] = np.nan_to_num(np.asarray(table["ERR_RAD"], float)) * u.deg
    wrong = np.flatnonzero(~(np.isfinite(ra) & (np.abs(dec) <= 90) & (np.abs(ra) <= 360)))
    if len(wrong):
        row = wrong[0]
        raise InputError(
            f"{path}: row {row + 1} ({table['NAME'][row] or 'no name'}): RA {ra[row]:g}, Dec {dec[row]:g} "
            "is no position in degrees"
        )
    table["RA_OBJ"] = Longitude(ra, unit="deg").deg * u.deg
