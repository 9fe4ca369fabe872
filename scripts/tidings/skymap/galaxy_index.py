"""Catalogues sorted by position: Parquet of which a search reads only what its part of the sky needs.

Rows are in the order of their HEALPix pixel of order 29, NESTED (and so of every coarser order), which is a
column under the name that HATS catalogues have for it; the statistics of each row group hold its range. The
columns have the names and units of this project, whatever the source calls them.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet
from astropy.table import Table

from tidings.skymap._tables import describe
from tidings.skymap.galaxies import COLUMNS
from tidings.skymap.galaxy_files import PIXEL, Galaxies, read_galaxies
from tidings.skymap.sky import MAX_ORDER, pixels_at
from tidings.tables import ROW_GROUP, parquet_schema

# Galaxies are first divided among the pixels of this order: one part of a catalogue of 2e7 is some 4e5.
_PART_ORDER = 1


def sort_catalogue(
    source: str | Path,
    target: str | Path,
    columns: dict[str, str] | None = None,
    provenance: dict[str, Any] | None = None,
    row_group: int = ROW_GROUP,
) -> int:
    """Write a catalogue sorted by position, in bounded memory; return the number of galaxies.

    Parameters
    ----------
    source, columns
        As of `tidings.skymap.galaxy_files.read_galaxies`.
    target : str or pathlib.Path
        Parquet.
    provenance : dict, optional
        The block of the step that makes the file.
    row_group : int
        Rows of a row group, the unit that a search skips.
    """
    parts = 12 << (2 * _PART_ORDER)
    count = 0
    with tempfile.TemporaryDirectory(dir=Path(target).resolve().parent, prefix=".sorting-") as folder:
        files: dict[int, pa.RecordBatchFileWriter] = {}
        schema = None
        for piece in read_galaxies(source, columns):
            rows = _rows(piece)
            schema = parquet_schema(_described(rows), provenance) if schema is None else schema
            count += len(piece)
            part = rows[PIXEL] >> (2 * (MAX_ORDER - _PART_ORDER))
            for number in np.unique(part):
                if number not in files:
                    files[number] = pa.ipc.new_file(str(Path(folder, f"{number}.arrow")), schema)
                chosen = np.flatnonzero(part == number)
                files[number].write_table(_arrow({k: v[chosen] for k, v in rows.items()}, schema))
        for file in files.values():
            file.close()
        if schema is not None:
            _merge(
                [Path(folder, f"{n}.arrow") for n in range(parts) if n in files], schema, target, row_group
            )
    return count


def _merge(paths: list[Path], schema: pa.Schema, target: str | Path, row_group: int) -> None:
    """Sort each part and write them one after the other, in row groups of one size."""
    with pa.parquet.ParquetWriter(str(target), schema, compression="zstd", use_dictionary=False) as writer:
        waiting = schema.empty_table()
        for path in paths:
            with pa.OSFile(str(path)) as stream, pa.ipc.open_file(stream) as file:
                table = file.read_all()
            # A stable order: the bytes must not depend on how the source was cut into pieces.
            order = np.argsort(table.column(PIXEL).to_numpy(), kind="stable")
            waiting = pa.concat_tables([waiting, table.take(pa.array(order))])
            whole = len(waiting) // row_group * row_group
            for start in range(0, whole, row_group):
                writer.write_table(waiting.slice(start, row_group).combine_chunks(), row_group_size=row_group)
            waiting = waiting.slice(whole).combine_chunks()
        if len(waiting):
            writer.write_table(waiting, row_group_size=row_group)


def _rows(piece: Galaxies) -> dict[str, np.ndarray]:
    keys = ("name", "ra", "dec", "distance", "distance_error", "redshift", "bmag", "kmag", "mass")
    rows = {PIXEL: pixels_at(piece.ra % 360, piece.dec, MAX_ORDER)}
    return rows | {key: getattr(piece, key) for key in keys if getattr(piece, key) is not None}


def _described(rows: dict[str, np.ndarray]) -> Table:
    table = Table({key: column[:0] for key, column in rows.items()})
    describe(table, {**COLUMNS, PIXEL: (None, "HEALPix pixel, order 29, NESTED", "pos.healpix")})
    return table


def _arrow(rows: dict[str, np.ndarray], schema: pa.Schema) -> pa.Table:
    # A value that is not known is null, as in every other table: NaN would spoil a group's statistics.
    arrays = [
        pa.array(rows[field.name], type=field.type, from_pandas=pa.types.is_floating(field.type))
        for field in schema
    ]
    return pa.Table.from_arrays(arrays, schema=schema)
