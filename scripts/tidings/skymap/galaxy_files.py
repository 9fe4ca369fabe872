"""Reading catalogues of galaxies in pieces: Parquet, FITS, CSV, ECSV, VOTable, and the text files of GLADE.

Columns are found by the names that public catalogues give them, in any case, or by the names that the caller
gives. Memory is bounded by the size of a piece, but for VOTable and compressed FITS, which are read whole.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from astropy import units as u
from astropy.io import fits
from astropy.table import Table
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.skymap.comoving import distance_of

CHUNK = 1 << 18
"""Galaxies of a piece."""

PIXEL = "_healpix_29"
"""Column of the HEALPix pixel, NESTED at order 29, as HATS names it."""

Wanted = Callable[[int, int, float | None], bool]

# GLADE (Dalya et al. 2018, 2022), 2MPZ (Bilicki et al. 2014), GWGC, VizieR, and what users write.
NAMES: dict[str, tuple[str, ...]] = {
    "ra": ("ra", "raj2000", "_raj2000", "ra_icrs", "ra_deg", "radeg", "right_ascension", "alpha", "lon"),
    "dec": (
        "dec", "dej2000", "decj2000", "_dej2000", "de_icrs", "dec_icrs", "dec_deg", "decdeg", "dedeg",
        "declination", "delta", "de", "lat",
    ),
    "distance": (
        "distance", "distmpc", "dist", "d_l", "dl", "dist_mpc", "distance_mpc", "luminosity_distance", "d",
        "bestdist",
    ),
    "distance_error": (
        "distance_error", "distmpc_err", "e_dist", "dist_err", "d_l_err", "d_l err", "e_dl", "dl_err",
        "disterr", "e_distance", "distance_err", "distmpc_error",
    ),
    "redshift": ("redshift", "z", "z_cmb", "zcmb", "zspec", "z_helio", "zhelio", "zphoto", "zphot"),
    "bmag": ("bmag", "magb", "b", "b_mag", "mag_b", "bcorr", "bcalcorr", "bjmag"),
    "kmag": ("kmag", "magk", "k", "k_mag", "mag_k", "kcorr", "ksmag", "k_s"),
    "mass": ("mass", "stellar_mass", "m*", "mstar", "m_star", "m*[10^10m☉]"),
    "name": (
        "name", "galaxy", "id", "objname", "hyperleda", "hyperleda name", "gwgc", "pgc", "2mass", "2masx",
        "twomassid", "glade+", "glade no",
    ),
}  # fmt: skip
_MISSING = ["", "null", "NULL", "nan", "NaN", "NA", "N/A", "<NA>", "--", "---", "None", "masked"]
_HOURS = ("h", "hr", "hour", "hours", "hourangle", '"h:m:s"', "h:m:s")

# The text files have no line of names: order of the columns in the published descriptions.
_GLADE = {
    6: "ra",
    7: "dec",
    8: "distance",
    9: "distance_error",
    10: "redshift",
    11: "bmag",
    17: "kmag",
    2: "name",
}
_GLADE_PLUS = {
    8: "ra", 9: "dec", 10: "bmag", 18: "kmag", 28: "redshift", 32: "distance", 33: "distance_error",
    35: "mass", 3: "name",
}  # fmt: skip
HEADERLESS = {26: _GLADE, 40: _GLADE_PLUS}


@dataclass(frozen=True, eq=False)
class Galaxies:
    """Galaxies of one piece of a catalogue; a column that the catalogue lacks is None, a value NaN.

    Attributes
    ----------
    ra, dec
        ICRS, deg.
    distance, distance_error
        Luminosity distance and its standard deviation, Mpc.
    redshift, bmag, kmag
        Redshift, apparent magnitudes in B and K.
    mass
        Stellar mass, in the catalogue's unit.
    name
        Text.
    pixel
        HEALPix pixel of order 29, NESTED.
    """

    ra: NDArray[np.float64]
    dec: NDArray[np.float64]
    distance: NDArray[np.float64] | None = None
    distance_error: NDArray[np.float64] | None = None
    redshift: NDArray[np.float64] | None = None
    bmag: NDArray[np.float64] | None = None
    kmag: NDArray[np.float64] | None = None
    mass: NDArray[np.float64] | None = None
    name: NDArray[np.str_] | None = None
    pixel: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.ra)

    def select(self, rows: NDArray[Any]) -> Galaxies:
        """Return some of the galaxies."""
        kept = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{k: v[rows] for k, v in kept.items() if v is not None})


def read_galaxies(
    path: str | Path,
    columns: dict[str, str] | None = None,
    *,
    chunk: int = CHUNK,
    wanted: Wanted | None = None,
) -> Iterator[Galaxies]:
    """Read a catalogue piece by piece.

    Parameters
    ----------
    path : str or pathlib.Path
        ``.parquet``, ``.fits`` (.gz), ``.csv``, ``.tsv``, ``.txt``, ``.ecsv`` or ``.vot``.
    columns : dict, optional
        The catalogue's names of the columns (keys of `NAMES`) that it calls otherwise.
    chunk : int
        Galaxies of a piece.
    wanted : callable, optional
        Whether to read a row group of a Parquet file with column `PIXEL`: of its first and last pixel, and
        the smallest distance (Mpc) in it; None where distances have errors, 0 where it is not known.

    Yields
    ------
    Galaxies
        A catalogue that has redshifts but no distances gets luminosity distances of the Planck 2018
        cosmology.

    Raises
    ------
    InputError
        The file is no catalogue, lacks a column, or has positions that are no degrees.
    """
    path = Path(path)
    reader = _reader(path)
    checks = _Checks(path)
    columns = {key: name for key, name in (columns or {}).items() if name}
    unknown = sorted(set(columns) - set(NAMES))
    if unknown:
        raise InputError(f"{path}: {unknown[0]} is no column of galaxies: these are {', '.join(NAMES)}")
    try:
        for piece in reader(path, columns, chunk, wanted):
            checks.see(piece)
            yield _with_distance(piece)
    except (pa.ArrowException, OSError) as error:
        raise InputError(f"{path}: cannot be read as a catalogue ({str(error).splitlines()[0]})") from None
    checks.end()


def find_columns(present: list[str], given: dict[str, str], path: Path) -> dict[str, str]:
    """Return the catalogue's name of each column that it has, by the key of `NAMES`."""
    lower = {name.lower(): name for name in reversed(present)}
    found = {}
    for key, known in NAMES.items():
        if key in given:
            if given[key] not in present:
                raise InputError(f"{path}: there is no column {given[key]!r}; there are {', '.join(present)}")
            found[key] = given[key]
            continue
        name = next((lower[n] for n in known if n in lower), None)
        if name is not None and name not in given.values():
            found[key] = name
    for key in ("ra", "dec"):
        if key not in found:
            raise InputError(
                f"{path}: no column is known to be {key}: name it; there are {', '.join(present)}"
            )
    return found


class _Checks:
    """What is looked at over all the pieces of a catalogue."""

    def __init__(self, path: Path) -> None:
        self.path, self.count = path, 0
        self.highest, self.south, self.north = -np.inf, np.inf, -np.inf

    def see(self, piece: Galaxies) -> None:
        if not len(piece):
            return
        bad = ~((piece.dec >= -90) & (piece.dec <= 90) & (piece.ra >= -180) & (piece.ra <= 360))
        if bad.any():
            i = np.flatnonzero(bad)[0]
            raise InputError(
                f"{self.path}: row {self.count + i + 1} is at RA {piece.ra[i]:g}, Dec {piece.dec[i]:g}: that "
                "is not on the sky, give decimal degrees, and look whether the columns are the right ones"
            )
        self.count += len(piece)
        self.highest = max(self.highest, piece.ra.max())
        self.south, self.north = min(self.south, piece.dec.min()), max(self.north, piece.dec.max())

    def end(self) -> None:
        # A hundred galaxies over half the declinations, all in the first 24 of 360 degrees: by chance never.
        if self.count >= 100 and self.highest <= 24 and self.north - self.south > 60:
            raise InputError(
                f"{self.path}: no right ascension is above 24, declinations are from {self.south:.0f} to "
                f"{self.north:.0f}: right ascension seems to be in hours, give degrees"
            )


def _with_distance(piece: Galaxies) -> Galaxies:
    if piece.distance is None and piece.redshift is not None:
        return replace(piece, distance=distance_of(piece.redshift))
    return piece


def _reader(path: Path) -> Callable[..., Iterator[Galaxies]]:
    name = path.name.lower().removesuffix(".gz")
    for suffixes, reader in _READERS.items():
        if name.endswith(suffixes):
            return reader
    known = ", ".join(s for suffixes in _READERS for s in suffixes)
    raise InputError(f"{path}: a catalogue is read as {known}; give it such a name")


def _refuse_hours(unit: Any, name: str, path: Path) -> None:
    """Refuse a right ascension in any unit but degrees, under whatever name the format has for hours."""
    text = str(unit or "").strip()
    if text.lower() in _HOURS:
        raise InputError(f"{path}: column {name} is in hours: give right ascension in decimal degrees")
    found = u.Unit(text, parse_strict="silent")
    if text and found.is_equivalent(u.deg) and not np.isclose(found.to(u.deg), 1):
        what = "hours" if np.isclose(found.to(u.deg), 15) else text
        raise InputError(f"{path}: column {name} is in {what}: give right ascension in decimal degrees")


def _read_parquet(path: Path, given: dict[str, str], chunk: int, wanted: Wanted | None) -> Iterator[Galaxies]:
    with pa.parquet.ParquetFile(path, memory_map=False) as file:
        schema = file.schema_arrow
        found = find_columns(schema.names, given, path)
        if PIXEL in schema.names:
            found["pixel"] = PIXEL
        unit = (schema.field(found["ra"]).metadata or {}).get(b"unit")
        _refuse_hours(unit and unit.decode(), found["ra"], path)
        groups = list(range(file.num_row_groups))
        if wanted is not None and PIXEL in schema.names:
            groups = [group for group in groups if wanted(*_extent(file, group, found))]
        # Group by group in one thread: iter_batches reads ahead over groups, which is memory.
        for group in groups:
            table = file.read_row_group(group, columns=list(dict.fromkeys(found.values())), use_threads=False)
            for start in range(0, table.num_rows, chunk):
                yield _from_arrow(table.slice(start, chunk), found, path)


def _extent(file: pa.parquet.ParquetFile, group: int, found: dict[str, str]) -> tuple[int, int, float | None]:
    """Return what the statistics of a row group say: least and largest pixel, least distance."""
    names = file.schema_arrow.names

    def bounds(name: str, unknown: tuple[float, float]) -> tuple[float, float]:
        statistics = file.metadata.row_group(group).column(names.index(name)).statistics
        known = statistics is not None and statistics.has_min_max
        return (statistics.min, statistics.max) if known else unknown

    pixels = bounds(PIXEL, (0, 12 << 58))
    if "distance_error" in found:
        return *pixels, None
    return *pixels, bounds(found["distance"], (0.0, 0.0))[0] if "distance" in found else 0.0


def _from_arrow(table: pa.Table, found: dict[str, str], path: Path) -> Galaxies:
    values: dict[str, Any] = {}
    for key, name in found.items():
        column = table.column(name)
        if key == "name":
            values[key] = _names(column.to_pylist())
        elif key == "pixel":
            values[key] = column.to_numpy()
        else:
            if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
                raise InputError(
                    f"{path}: column {name} is text, not numbers: give {key} as a number"
                    + (" in decimal degrees" if key in ("ra", "dec") else "")
                )
            values[key] = np.asarray(column.to_numpy(), dtype=np.float64)
    return Galaxies(**values)


def _read_text(path: Path, given: dict[str, str], chunk: int, _: Any) -> Iterator[Galaxies]:
    comments, first = _head(path)
    delimiter = _delimiter(comments, first)
    cells = first.split(delimiter) if delimiter != " " else first.split()
    names = [cell.strip().strip('"') for cell in cells]
    headerless = HEADERLESS.get(len(names)) if _is_number(names[-1]) or "null" in names else None
    if headerless is not None:
        names = [headerless.get(i, f"column{i + 1}") for i in range(len(names))]
    found = find_columns(names, given, path)
    for line in comments:
        if line.startswith("# - {name: " + found["ra"] + ","):
            _refuse_hours(line.partition("unit: ")[2].split(",")[0].strip("} \n"), found["ra"], path)
    numbers = {name: pa.float64() for key, name in found.items() if key != "name"}
    reader = pa.csv.open_csv(
        path,
        read_options=pa.csv.ReadOptions(
            column_names=names,
            skip_rows=len(comments) + (headerless is None),
            use_threads=False,
            block_size=64 * chunk,
        ),
        parse_options=pa.csv.ParseOptions(delimiter=delimiter),
        convert_options=pa.csv.ConvertOptions(
            include_columns=list(dict.fromkeys(found.values())),
            column_types={**numbers, **({found["name"]: pa.string()} if "name" in found else {})},
            null_values=_MISSING,
        ),
    )
    with reader:
        for batch in reader:
            table = pa.Table.from_batches([batch])
            for start in range(0, table.num_rows, chunk):
                yield _from_arrow(table.slice(start, chunk), found, path)


def _head(path: Path) -> tuple[list[str], str]:
    """Return the comment lines at the start of a text file, and the first line after them."""
    opened = pa.input_stream(str(path), compression="gzip" if path.name.endswith(".gz") else None)
    with opened as stream, pa.PythonFile(stream, mode="r") as file:
        content = file.read(1 << 16)
    try:
        lines = content.decode("utf-8", "strict" if len(content) < 1 << 16 else "ignore").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text: give it the suffix of its format") from None
    comments = list(itertools.takewhile(lambda line: line.startswith("#"), lines))
    rest = lines[len(comments) :]
    if not rest or not rest[0].strip():
        raise InputError(f"{path}: holds no catalogue: its first line is empty")
    if rest[0].lstrip().startswith("<"):
        raise InputError(f"{path}: is a page of HTML or XML, no text table")
    return comments, rest[0]


def _delimiter(comments: list[str], first: str) -> str:
    stated = next((c.partition("delimiter:")[2].strip() for c in comments if "delimiter:" in c), "")
    if stated:
        return stated.strip("'\"") or " "
    counts = {mark: first.count(mark) for mark in (",", "\t", ";", "|")}
    best = max(counts, key=counts.__getitem__)
    return best if counts[best] else " "


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read_fits(path: Path, given: dict[str, str], chunk: int, _: Any) -> Iterator[Galaxies]:
    with fits.open(path, memmap=not path.name.endswith(".gz")) as hdus:
        hdu = next((h for h in hdus if isinstance(h, fits.BinTableHDU)), None)
        if hdu is None:
            raise InputError(f"{path}: has no binary table")
        found = find_columns(list(hdu.columns.names), given, path)
        _refuse_hours(hdu.columns[found["ra"]].unit, found["ra"], path)
        for start in range(0, len(hdu.data), chunk):
            part = hdu.data[start : start + chunk]
            yield Galaxies(**{key: _plain(part[name], key, name, path) for key, name in found.items()})


def _read_votable(path: Path, given: dict[str, str], chunk: int, _: Any) -> Iterator[Galaxies]:
    try:
        table = Table.read(path, format="votable", use_names_over_ids=True)
    except Exception as error:
        raise InputError(f"{path}: cannot be read as a VOTable ({str(error).splitlines()[0]})") from None
    found = find_columns(table.colnames, given, path)
    _refuse_hours(table[found["ra"]].unit, found["ra"], path)
    for start in range(0, len(table), chunk):
        part = table[start : start + chunk]
        yield Galaxies(**{key: _plain(part[name], key, name, path) for key, name in found.items()})


def _plain(column: Any, key: str, name: str, path: Path) -> NDArray[Any]:
    """Return a column as float64, NaN where a value is missing, or as text."""
    if key == "name":
        return _names([v.decode() if isinstance(v, bytes) else v for v in column])
    if np.asarray(column).dtype.kind not in "fiu":
        raise InputError(f"{path}: column {name} is not of numbers: give {key} as a number")
    return np.asarray(np.ma.filled(np.ma.asarray(column).astype(np.float64), np.nan))


def _names(values: list[Any]) -> NDArray[np.str_]:
    """Return names as text; some catalogues went through a program that wrote b'...' around them."""
    texts = ["" if value is None or value is np.ma.masked else str(value).strip() for value in values]
    texts = [t[2:-1] if t[:2] in ("b'", 'b"') and t[-1:] == t[1] else t for t in texts]
    return np.array(["" if text in _MISSING else text for text in texts], dtype=str)


_READERS: dict[tuple[str, ...], Callable[..., Iterator[Galaxies]]] = {
    (".parquet", ".pq"): _read_parquet,
    (".fits", ".fit"): _read_fits,
    (".csv", ".tsv", ".txt", ".dat", ".ecsv"): _read_text,
    (".vot", ".votable", ".xml"): _read_votable,
}
