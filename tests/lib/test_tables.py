"""Tables in four formats: the same bytes twice, and every reader finds values, units, UCDs and provenance."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from astropy import units as u
from astropy.io import fits
from astropy.io.votable import parse
from astropy.table import MaskedColumn, Table

from tidings.errors import InputError
from tidings.tables import ROW_GROUP, table_format, write_table
from tidings.verify.formats import canonical_digest, compare_files

PROVENANCE = {"step": "skymap_galaxies", "parameters": {"level": np.float64(90.0), "names": ("a", "é")}}
PLAIN = {"step": "skymap_galaxies", "parameters": {"level": 90.0, "names": ["a", "é"]}}
SUFFIXES = (".ecsv", ".vot", ".parquet", ".fits")


@pytest.fixture
def table() -> Table:
    rng = np.random.default_rng(1)
    made = Table(
        {
            "2MASS": np.array(["00470752-2422143", "é", ""]),
            "ra": rng.uniform(0, 360, 3) * u.deg,
            "pgc": MaskedColumn([999999, 5, 7], mask=[False, True, False]),
            "distance": MaskedColumn([1.5, 2.5, np.pi], mask=[True, False, False], unit="Mpc"),
            "density": rng.uniform(0, 1, 3).astype(np.float32) / u.Mpc**3,
            "host": np.array([True, False, True]),
        },
        meta={"OBJECT": "GW170817", "levels": [50, 90], "area": 16.2, "count": np.int64(3), "full": True},
    )
    made["ra"].description = "right ascension, ICRS"
    made["ra"].meta["ucd"] = "pos.eq.ra;meta.main"
    made["distance"].meta["ucd"] = "pos.distance"
    return made


def written(table: Table, folder: Path, suffix: str) -> Path:
    path = folder / f"table{suffix}"
    write_table(table, path, PROVENANCE)
    return path


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_astropy_reads_back(table: Table, tmp_path: Path, suffix: str) -> None:
    path = written(table, tmp_path, suffix)
    back = read_back(path)
    assert back.colnames == table.colnames
    for name in ("ra", "distance", "density"):
        assert u.Unit(str(back[name].unit)) == table[name].unit
    np.testing.assert_array_equal(back["ra"], table["ra"])
    np.testing.assert_array_equal(back["density"], table["density"])
    assert back["density"].dtype.kind == "f" and back["density"].dtype.itemsize == 4
    assert list(np.ma.getmaskarray(back["pgc"])) == [False, True, False]
    # A value that astropy's default would take for a missing one.
    assert back["pgc"][0] == 999999 and back["pgc"].dtype.itemsize == 8
    assert np.ma.getmaskarray(back["distance"])[0] and back["distance"][2] == np.pi
    assert list(back["host"]) == [True, False, True]
    assert back["2MASS"][0] == "00470752-2422143"
    if suffix != ".fits":
        assert back["2MASS"][1] == "é"


def read_back(path: Path) -> Table:
    if path.suffix == ".parquet":
        # Table.read needs pandas for Parquet, which is not here: the header that it uses is tested below.
        return arrow_as_table(path)
    if path.suffix == ".vot":
        return Table.read(path, format="votable", use_names_over_ids=True)
    return Table.read(path)


def arrow_as_table(path: Path) -> Table:
    arrow = parquet.read_table(path)
    columns = {}
    for field, column in zip(arrow.schema, arrow.columns, strict=True):
        mask = column.is_null().to_numpy(zero_copy_only=False)
        if str(field.type) == "string":
            values = np.array(column.to_pylist())
        else:
            values = (
                column.combine_chunks().fill_null(False if str(field.type) == "bool" else 0).to_numpy(False)
            )
        unit = (field.metadata or {}).get(b"unit", b"").decode() or None
        columns[field.name] = MaskedColumn(values, mask=mask, unit=unit)
    return Table(columns)


def test_units_ucds_and_descriptions(table: Table, tmp_path: Path) -> None:
    document = parse(written(table, tmp_path, ".vot"))
    assert document.version == "1.4"
    field = document.get_first_table().get_field_by_id_or_name("ra")
    assert (field.ucd, str(field.unit)) == ("pos.eq.ra;meta.main", "deg")
    assert field.description.strip() == "right ascension, ICRS"
    assert document.get_first_table().get_field_by_id_or_name("host").datatype == "boolean"
    header = fits.getheader(written(table, tmp_path, ".fits"), 1)
    assert (header["TUCD2"], header["TUNIT2"]) == ("pos.eq.ra;meta.main", "deg")
    assert header["TCOMM2"] == "right ascension, ICRS"
    assert Table.read(written(table, tmp_path, ".ecsv"))["ra"].meta["ucd"] == "pos.eq.ra;meta.main"
    said = parquet.read_schema(written(table, tmp_path, ".parquet")).field("ra").metadata
    assert said[b"ucd"] == b"pos.eq.ra;meta.main" and said[b"unit"] == b"deg"


def test_parquet_says_the_same_as_a_votable(table: Table, tmp_path: Path) -> None:
    path = written(table, tmp_path, ".parquet")
    metadata = parquet.ParquetFile(path).metadata.metadata
    document = parse(io.BytesIO(metadata[b"IVOA.VOTable-Parquet.content"]))
    tree = document.get_first_table()
    assert [f.name for f in tree.fields] == table.colnames
    assert tree.get_field_by_id_or_name("distance").ucd == "pos.distance"
    assert b"<TD>" not in metadata[b"IVOA.VOTable-Parquet.content"]
    params = {p.name: p.value for p in tree.params}
    assert params["area"] == 16.2 and params["OBJECT"] == "GW170817" and params["count"] == 3


def test_header_of_parquet_for_astropy(table: Table, tmp_path: Path) -> None:
    from astropy.table.meta import get_header_from_yaml

    metadata = parquet.read_schema(written(table, tmp_path, ".parquet")).metadata
    header = get_header_from_yaml(metadata[b"table_meta_yaml"].decode().split("\n"))
    assert [c["name"] for c in header["datatype"]] == table.colnames
    assert str(header["datatype"][1]["unit"]) == "deg"
    assert header["meta"]["levels"] == [50, 90] and header["meta"]["provenance"] == PLAIN


def test_provenance(table: Table, tmp_path: Path) -> None:
    document = parse(written(table, tmp_path, ".vot"))
    (info,) = [i for i in document.get_first_table().infos if i.name == "provenance"]
    assert json.loads(info.value) == PLAIN
    assert json.loads(fits.getheader(written(table, tmp_path, ".fits"))["PROVENAN"]) == PLAIN
    assert (
        json.loads(parquet.read_schema(written(table, tmp_path, ".parquet")).metadata[b"provenance"]) == PLAIN
    )
    assert Table.read(written(table, tmp_path, ".ecsv")).meta["provenance"] == PLAIN


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_empty_table(table: Table, tmp_path: Path, suffix: str) -> None:
    path = written(table[:0], tmp_path, suffix)
    back = read_back(path)
    assert back.colnames == table.colnames and len(back["ra"]) == 0


def test_table_is_not_changed(table: Table, tmp_path: Path) -> None:
    before = table.copy()
    for suffix in SUFFIXES:
        written(table, tmp_path, suffix)
    assert table.meta == before.meta and table.values_equal(before)["ra"].all()
    assert table["pgc"].fill_value == before["pgc"].fill_value


def test_row_groups(tmp_path: Path) -> None:
    write_table(Table({"x": np.arange(ROW_GROUP + 1)}), tmp_path / "a.parquet")
    assert parquet.ParquetFile(tmp_path / "a.parquet").metadata.num_row_groups == 2


def test_same_bytes_in_another_process(table: Table, tmp_path: Path) -> None:
    script = (
        "import sys; from astropy.table import Table; from tidings.tables import write_table\n"
        "t = Table.read(sys.argv[1]); p = t.meta.pop('provenance')\n"
        "[write_table(t, sys.argv[2] + s, p) for s in ('.ecsv', '.vot', '.parquet', '.fits')]"
    )
    source = written(table, tmp_path, ".ecsv")
    contents = []
    for seed in ("1", "2"):
        target = tmp_path / f"copy{seed}"
        subprocess.run(
            [sys.executable, "-c", script, str(source), str(target)],
            check=True,
            env={
                "PYTHONPATH": str(Path(__file__).parents[2] / "scripts"),
                "PYTHONHASHSEED": seed,
                "TZ": "Asia/Tokyo",
            },
        )
        contents.append([target.with_suffix(suffix).read_bytes() for suffix in SUFFIXES])
    assert contents[0] == contents[1]
    for content in contents[0]:
        assert str(tmp_path).encode() not in content and not re.search(rb"20\d\d-\d\d-\d\dT", content)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_comparison_of_products_sees_a_change(table: Table, tmp_path: Path, suffix: str) -> None:
    one = written(table, tmp_path, suffix)
    (tmp_path / "other").mkdir()
    changed = table.copy()
    changed["distance"][2] += 0.25
    two = written(changed, tmp_path / "other", suffix)
    differences, _ = compare_files(one, two)
    assert any("distance" in str(difference) for difference in differences)
    assert canonical_digest(one) != canonical_digest(two)
    assert canonical_digest(one) is not None


def test_unknown_suffix(table: Table, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"galaxies\.csv: \.csv names no format.*\.ecsv"):
        write_table(table, tmp_path / "galaxies.csv")
    assert table_format("a.VOT") == "votable"
