"""Writing a table in the format of its name: ECSV, VOTable, Parquet or FITS.

Every format keeps names, units, descriptions and UCDs of the columns, the scalars of the table's meta and the
provenance block; none gets a clock, a host or a path, so that the same table gives the same bytes. A UCD is
what ``column.meta["ucd"]`` holds, as in astropy's reader of VOTable.

==================  =====================================================================================
ECSV                as `tidings.output.write_ecsv`; UCDs in the columns' meta
VOTable 1.4         TABLEDATA; meta as PARAM (scalars) and INFO (JSON); provenance as INFO
Parquet             a data-less VOTable in the metadata key ``IVOA.VOTable-Parquet.content``: VOParquet 1.0,
                    for TOPCAT and astropy's ``parquet.votable``; the header of astropy's ``parquet``;
                    provenance as JSON under ``provenance``
FITS binary table   TUNITn, TCOMMn (description), TUCDn (as TOPCAT and CDS write them), TNULLn; meta as cards,
                    lists and dicts as JSON
==================  =====================================================================================

A missing number is null (NaN in FITS and VOTable); a missing text is empty, since three of the four formats
have no other form of it.
"""

from __future__ import annotations

import io
import json
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from astropy.io import fits
from astropy.io.votable.converters import get_converter
from astropy.io.votable.exceptions import VOWarning
from astropy.io.votable.tree import Info, Param, VOTableFile
from astropy.table import Column, MaskedColumn, Table
from astropy.table.meta import get_yaml_from_table
from astropy.units import UnitsWarning

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.output import _plain, provenance_text, write_bytes, write_ecsv

ROW_GROUP = 131_072
"""Rows of a Parquet row group: the unit that a reader can skip."""

_PRODUCER = re.compile(rb"<!-- Produced with astropy.*?-->\s*", re.DOTALL)


def write_table(table: Table, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a table in the format that the suffix of `path` names.

    Parameters
    ----------
    table : astropy.table.Table
        Plain columns (no Time, SkyCoord, ...); not changed. UCDs are in ``column.meta["ucd"]``; its meta are
        plain values, lists and dicts.
    path : str or pathlib.Path
        ``.ecsv``; ``.vot``, ``.votable`` or ``.xml``; ``.parquet`` or ``.pq``; ``.fits`` or ``.fit``.
    provenance : dict, optional
        The block of the step that makes the table.

    Raises
    ------
    InputError
        The suffix is none of these.
    """
    path = Path(path)
    _WRITERS[table_format(path)](table, path, provenance)


def table_format(path: str | Path) -> str:
    """Return "ecsv", "votable", "parquet" or "fits", by the suffix of a file's name."""
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        known = ", ".join(sorted(_SUFFIXES))
        raise InputError(
            f"{path}: {suffix or 'no suffix'} names no format of tables; give a name with {known}"
        )
    return _SUFFIXES[suffix]


def votable_bytes(table: Table, provenance: dict[str, Any] | None = None, data: bool = True) -> bytes:
    """Return a table as VOTable 1.4.

    Parameters
    ----------
    table, provenance
        As of `write_table`.
    data : bool
        False leaves the rows out, as a description of data that are elsewhere.
    """
    plain = _filled_text(table)
    if not data:
        # One row says how long texts are; zero rows would make their length unknown.
        lengths = {name: plain[name].dtype for name in plain.colnames}
        plain = plain[:0]
        for name, dtype in lengths.items():
            plain[name] = plain[name].astype(dtype)
    meta, plain.meta = dict(plain.meta), {}
    with warnings.catch_warnings():
        # Names that are no XML identifiers, such as 2MASS, are fine as names; astropy makes IDs of them.
        warnings.simplefilter("ignore", VOWarning)
        # The erg is deprecated in VOTable, and what astronomers use.
        warnings.simplefilter("ignore", UnitsWarning)
        document = VOTableFile.from_table(plain)
        document.version = "1.4"
        tree = document.get_first_table()
        for field in tree.fields:
            if field.datatype == "bit":
                # astropy's choice for a truth value, which other readers show as an array of bits.
                field.datatype = "boolean"
                field.converter = get_converter(field)
        for key, value in sorted(meta.items(), key=lambda item: str(item[0])):
            _add_meta(document, tree, str(key), _plain(value))
        if provenance is not None:
            tree.infos.append(Info(name="provenance", value=provenance_text(provenance)))
        stream = io.BytesIO()
        # astropy 8.0.2 writes past the end of a buffer in its compiled writer.
        document.to_xml(stream, _debug_python_based_parser=True)
    text = _PRODUCER.sub(b"", stream.getvalue())
    if data:
        return text
    return re.sub(rb"\s*<DATA>.*?</DATA>|\s*<DATA/>", b"", text, flags=re.DOTALL)


def parquet_schema(table: Table, provenance: dict[str, Any] | None = None) -> pa.Schema:
    """Return the arrow schema of a table, with the metadata that keep units, UCDs, meta and provenance."""
    table = _filled_text(table)
    metadata = {
        "IVOA.VOTable-Parquet.version": "1.0",
        "IVOA.VOTable-Parquet.content": votable_bytes(table, provenance, data=False).decode("utf-8"),
    }
    for name in table.colnames:
        if table[name].dtype.kind == "U":
            # astropy guesses the length of a text, with a warning, where this key is not given.
            metadata[f"table::len::{name}"] = str(max(1, table[name].dtype.itemsize // 4))
    described = table[:0]
    described.meta = {str(k): _plain(v) for k, v in table.meta.items()}
    if provenance is not None:
        metadata["provenance"] = provenance_text(provenance)
        described.meta["provenance"] = _plain(provenance)
    metadata["table_meta_yaml"] = "\n".join(get_yaml_from_table(described))
    fields = [
        pa.field(name, _arrow_type(table[name]), metadata=_said(table[name])) for name in table.colnames
    ]
    return pa.schema(fields, metadata=metadata)


def arrow_table(table: Table, schema: pa.Schema | None = None) -> pa.Table:
    """Return the rows of a table as arrow, with `parquet_schema` unless a schema is given."""
    table = _filled_text(table)
    schema = parquet_schema(table) if schema is None else schema
    arrays = []
    for field in schema:
        column = table[field.name]
        mask = np.ma.getmaskarray(column) if isinstance(column, MaskedColumn) else None
        values = np.ascontiguousarray(np.ma.getdata(column))
        if values.ndim == 1:
            arrays.append(pa.array(values, type=field.type, mask=mask))
        else:
            flat = pa.array(values.reshape(-1), type=field.type.value_type)
            arrays.append(pa.FixedSizeListArray.from_arrays(flat, field.type.list_size))
    return pa.Table.from_arrays(arrays, schema=schema)


def _write_parquet(table: Table, path: Path, provenance: dict[str, Any] | None) -> None:
    stream = io.BytesIO()
    rows = arrow_table(table, parquet_schema(table, provenance))
    pyarrow.parquet.write_table(rows, stream, compression="zstd", row_group_size=ROW_GROUP)
    write_bytes(path, stream.getvalue())


def _write_votable(table: Table, path: Path, provenance: dict[str, Any] | None) -> None:
    write_bytes(path, votable_bytes(table, provenance))


def _write_fits(table: Table, path: Path, provenance: dict[str, Any] | None) -> None:
    plain = _filled_text(table)
    meta, plain.meta = dict(plain.meta), {}
    for name in plain.colnames:
        # FITS knows ASCII only.
        if plain[name].dtype.kind == "U" and not all(str(text).isascii() for text in np.unique(plain[name])):
            plain[name] = _like(plain[name], np.char.encode(plain[name], "ascii", "backslashreplace"))
    units = {name: _unit_text(plain[name]) for name in plain.colnames}
    for name in plain.colnames:
        # Written below: astropy refuses units without a form in the FITS standard, such as percent.
        plain[name] = plain[name].copy()
        plain[name].unit = None
        if plain[name].dtype.kind in "iu" and isinstance(plain[name], MaskedColumn):
            # The default, 999999, may be a value.
            plain[name].fill_value = np.iinfo(plain[name].dtype).min
    hdu = fits.table_to_hdu(plain, character_as_bytes=True)
    for number, name in enumerate(plain.colnames, start=1):
        said = (("TUNIT", units[name]), ("TUCD", _ucd(plain[name])), ("TCOMM", plain[name].description))
        for keyword, text in said:
            if text:
                hdu.header[f"{keyword}{number}"] = str(text)
    for key, value in sorted(meta.items(), key=lambda item: str(item[0])):
        _add_card(hdu.header, str(key), _plain(value))
    write_fits([fits.PrimaryHDU(), hdu], path, provenance)


_WRITERS: dict[str, Callable[[Table, Path, dict[str, Any] | None], None]] = {
    "ecsv": lambda table, path, provenance: write_ecsv(_filled_text(table), path, provenance),
    "votable": _write_votable,
    "parquet": _write_parquet,
    "fits": _write_fits,
}
_SUFFIXES = {
    ".ecsv": "ecsv",
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".fits": "fits",
    ".fit": "fits",
}


def _add_meta(document: VOTableFile, tree: Any, key: str, value: Any) -> None:
    if isinstance(value, bool):
        kind, size = "boolean", None
    elif isinstance(value, int) and abs(value) < 2**63:
        kind, size = "long", None
    elif isinstance(value, float):
        kind, size = "double", None
    elif isinstance(value, str) and value.isascii():
        kind, size = "char", "*"
    else:
        tree.infos.append(Info(name=key, value=value if isinstance(value, str) else _json(value)))
        return
    tree.params.append(Param(document, name=key, datatype=kind, arraysize=size, value=value))


def _add_card(header: fits.Header, key: str, value: Any) -> None:
    if not isinstance(value, bool | int | float | str) or (isinstance(value, float) and value - value != 0):
        value = _json(value)
    elif isinstance(value, str) and not value.isascii():
        value = value.encode("ascii", "backslashreplace").decode()
    keyword = key.upper() if len(key) <= 8 and re.fullmatch(r"[\w-]+", key, re.ASCII) else f"HIERARCH {key}"
    header[keyword] = value


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _filled_text(table: Table) -> Table:
    """Return a copy whose columns are all numbers or text of fixed length without missing text."""
    columns = {}
    for name in table.colnames:
        column = table[name]
        if column.dtype.kind in "OS":
            missing = (
                np.ma.getmaskarray(column) if isinstance(column, MaskedColumn) else np.zeros(len(column))
            )
            values = ["" if m or v is None else _text(v) for v, m in zip(column, missing, strict=True)]
            column = _like(column, np.array(values, dtype=str if values else "U1"))
        elif column.dtype.kind == "U" and isinstance(column, MaskedColumn):
            column = _like(column, np.ma.getdata(column.filled("")))
        columns[name] = column
    return Table(columns, meta=table.meta, copy=False)


def _like(column: Column, values: np.ndarray) -> Column:
    return Column(
        values, name=column.name, unit=column.unit, description=column.description, meta=column.meta
    )


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)


def _arrow_type(column: Column) -> pa.DataType:
    kind = pa.string() if column.dtype.kind == "U" else pa.from_numpy_dtype(column.dtype.newbyteorder("="))
    return kind if column.ndim == 1 else pa.list_(kind, int(np.prod(column.shape[1:])))


def _ucd(column: Column) -> str | None:
    return (column.meta or {}).get("ucd")


def _said(column: Column) -> dict[str, str]:
    """Return what a column says of itself, under the names that VOTable gives it."""
    said = {"unit": _unit_text(column), "ucd": _ucd(column), "description": column.description}
    return {key: str(value) for key, value in said.items() if value}


def _unit_text(column: Column) -> str:
    if column.unit is None:
        return ""
    try:
        return column.unit.to_string(format="vounit")
    except ValueError:
        # Percent: VOUnits 1.1 has it, astropy's writer of VOUnits does not.
        return column.unit.to_string()
