"""Tables in text and column formats: ECSV, CSV, TSV, VOTable, Parquet."""

from __future__ import annotations

import csv
import io
import re
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from astropy.io import votable
from astropy.table import Table
from astropy.table.serialize import represent_mixins_as_columns

from tidings.verify.nodes import Index, Node, Unreadable, array_nodes, constant
from tidings.verify.text import json_nodes, read_bytes, text_nodes, value_nodes

# Up to 18 digits always fit 64 bits; longer ones are identifiers, and stay text.
_INTEGER = re.compile(r"[+-]?(0|[1-9]\d{0,17})", re.ASCII)
_FLOAT = re.compile(
    r"[+-]?(\d+\.\d*|\.\d+|\d+(?=[eE]))([eE][+-]?\d+)?|[+-]?(nan|inf)", re.ASCII | re.IGNORECASE
)


def _cell(index: Index) -> str:
    return f"row [{index[0]}]" + (f", element {list(index[1:])}" if len(index) > 1 else "") if index else ""


@contextmanager
def open_ecsv(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode an ECSV table: columns, units, descriptions, metadata (whose order does not count)."""
    text = read_bytes(source).decode("utf-8")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = represent_mixins_as_columns(Table.read(text, format="ascii.ecsv"))
    yield list(_astropy_nodes(table))


def _astropy_nodes(table: Table) -> Iterator[Node]:
    yield constant("columns", "names of the columns", np.array(table.colnames, dtype=object))
    for name in table.colnames:
        column = table[name]
        label = f"column {name!r}"
        yield from _masked_nodes(f"column/{name}", label, np.ma.asarray(column))
        yield constant(f"unit/{name}", f"{label}, unit", str(column.unit or ""))
        yield constant(f"description/{name}", f"{label}, description", str(column.description or ""))
        yield from json_nodes(dict(column.meta or {}), f"meta/{name}", f"{label}, metadata ")
    yield from json_nodes(dict(table.meta), "meta", "metadata ")


def _masked_nodes(key: str, label: str, column: np.ma.MaskedArray) -> Iterator[Node]:
    # What lies under the mask is no content: a writer may leave anything there.
    mask = np.ma.getmaskarray(column)
    values = np.ma.getdata(column)
    if mask.dtype.names is None and mask.any():
        values = values.copy()
        values[mask] = "" if values.dtype.kind in "OSU" else np.zeros(1, values.dtype)[0]
        yield from array_nodes(f"{key}#mask", f"{label}, missing values", mask, _cell)
    yield from array_nodes(key, label, values, _cell)


def open_delimited(delimiter: str) -> Callable[[Path | BinaryIO], object]:
    """Make the decoder of CSV (``,``) or TSV (tab): quoting and the line end do not count."""

    @contextmanager
    def opened(source: Path | BinaryIO) -> Iterator[list[Node]]:
        text = read_bytes(source).decode("utf-8-sig")
        lines = text.splitlines()
        rows = list(
            csv.reader(io.StringIO("\n".join(x for x in lines if not x.startswith("#"))), delimiter=delimiter)
        )
        if not rows or len({len(row) for row in rows}) != 1:
            yield list(text_nodes(text))
            return
        comments = [line for line in lines if line.startswith("#")]
        yield [
            constant("comments", "comment lines", np.array(comments, dtype=object)),
            constant("columns", "first line", np.array(rows[0], dtype=object)),
            *_delimited_columns(rows),
        ]

    return opened


def _delimited_columns(rows: Sequence[Sequence[str]]) -> Iterator[Node]:
    for number, name in enumerate(rows[0]):
        cells = [row[number] for row in rows[1:]]
        yield Node(f"column/{number:04d}", f"column {name!r}", _loader(_typed(cells)), _cell)


def _loader(values: np.ndarray) -> Callable[[], np.ndarray]:
    return lambda: values


def _typed(cells: list[str]) -> np.ndarray:
    """Read a column as integers or floats where every cell is one; names like 007 stay text."""
    if cells and all(_INTEGER.fullmatch(cell) for cell in cells):
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    if cells and all(_INTEGER.fullmatch(cell) or _FLOAT.fullmatch(cell) for cell in cells):
        return np.array([float(cell) for cell in cells])
    return np.array(cells, dtype=object)


@contextmanager
def open_votable(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode a VOTable: the elements of the XML, and the columns however they are serialised."""
    raw = read_bytes(source)
    nodes = list(_element_nodes(ET.fromstring(raw), ""))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        parsed = votable.parse(io.BytesIO(raw))
    for number, table in enumerate(parsed.iter_tables()):
        if table.array is None:
            continue
        for position, name in enumerate(table.array.dtype.names or ()):
            label = f"table {number}, column {name!r}"
            column = np.ma.asarray(table.array[name])
            nodes += _masked_nodes(f"data/{number:04d}/{position:04d}", label, column)
    yield nodes


def _element_nodes(element: ET.Element, above: str) -> Iterator[Node]:
    tag = element.tag.rpartition("}")[2]
    path = f"{above}/{tag}"
    if tag == "DATA":
        return
    for name in sorted(element.attrib):
        yield from value_nodes(f"xml{path}@{name}", f"{path} attribute {name!r}", element.attrib[name])
    yield constant(f"xml{path}", path, (element.text or "").strip())
    seen: dict[str, int] = {}
    for child in element:
        kind = child.tag.rpartition("}")[2]
        seen[kind] = seen.get(kind, 0) + 1
        yield from _renamed(_element_nodes(child, path), f"{path}/{kind}", seen[kind])


def _renamed(nodes: Iterator[Node], path: str, number: int) -> Iterator[Node]:
    for node in nodes:
        key = node.key.replace(path, f"{path}[{number}]", 1)
        yield replace(node, key=key, label=node.label.replace(path, f"{path}[{number}]", 1))


@contextmanager
def open_parquet(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode Parquet with PyArrow; the writer's version, row groups and compression do not count."""
    try:
        import pyarrow.parquet as parquet
    except ImportError:
        raise Unreadable(
            "Parquet needs pyarrow, which is not installed; only its bytes were compared"
        ) from None
    with parquet.ParquetFile(source) as file:
        table = file.read()
        nodes = [
            constant("created_by", "created_by", file.metadata.created_by or "", volatile=True),
            constant(
                "schema", "schema", np.array([f"{x.name}: {x.type}" for x in table.schema], dtype=object)
            ),
        ]
    for key, value in sorted((table.schema.metadata or {}).items()):
        nodes.append(constant(f"meta/{key!r}", f"metadata {key.decode(errors='replace')!r}", value))
    for number, name in enumerate(table.column_names):
        column = table.column(number)
        label = f"column {name!r}"
        missing = column.is_null().to_numpy(zero_copy_only=False)
        nodes.append(constant(f"null/{number:04d}", f"{label}, missing values", missing))
        nodes += array_nodes(f"column/{number:04d}", label, _arrow_values(column), _cell)
    yield nodes


def _arrow_values(column: object) -> np.ndarray:
    import pyarrow as pa

    if pa.types.is_integer(column.type) or pa.types.is_floating(column.type):
        return column.fill_null(0).to_numpy()
    values = np.empty(len(column), dtype=object)
    values[:] = column.to_pylist()
    return values
