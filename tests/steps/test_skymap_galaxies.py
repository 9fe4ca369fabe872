"""Steps on galaxies, positions and distances: products of real maps, run as users run them."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest
from astropy.io.votable import parse
from astropy.table import Table
from PIL import Image

from tidings.step import main
from tidings.verify.formats import canonical_digest

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data" / "skymap"
GW170817 = DATA / "GW170817_skymap.fits.gz"
S190814BV = DATA / "S190814bv_LALInference.v1.fits.gz"
GLADE = DATA / "GLADE_S190814bv_gwemopt.csv"


def run(step: str, *arguments: object) -> int:
    spec = importlib.util.spec_from_file_location(step, ROOT / "scripts" / f"{step}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return main(getattr(module, step), [str(a) for a in arguments])


def outputs(folder: Path, *names: str) -> list[str]:
    keys = {"galaxies": "galaxies.ecsv", "votable": "t.vot", "parquet": "t.parquet", "summary": "t.json",
            "figure": "t.png", "figure_pdf": "t.pdf", "table": "t.ecsv", "distance": "d.ecsv"}  # fmt: skip
    folder.mkdir(exist_ok=True)
    return [text for name in names for text in (f"--{name}", str(folder / keys[name]))]


GALAXIES = ("galaxies", "votable", "parquet", "summary", "figure", "figure_pdf")


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ranked")
    assert run(
        "skymap_galaxies", "--skymap", S190814BV, "--catalogue", GLADE, "--weight", "B",
        *outputs(folder, *GALAXIES),
    ) == 0  # fmt: skip
    return folder


def test_ranked_galaxies(ranked: Path) -> None:
    table = Table.read(ranked / "galaxies.ecsv")
    assert table["name"][0] == "ESO474-026" and table["score"].sum() == pytest.approx(1)
    assert table.meta["provenance"]["inputs"][1]["name"] == GLADE.name
    told = json.loads((ranked / "t.json").read_text())
    assert told["galaxies_read"] == 2000 and told["rows"] == len(table) and "B" in told["completeness"]
    votable = parse(ranked / "t.vot").get_first_table()
    assert votable.get_field_by_id_or_name("ra").ucd == "pos.eq.ra;meta.main"
    np.testing.assert_array_equal(votable.array["level_3d"], table["level_3d"])
    np.testing.assert_array_equal(
        parquet.read_table(ranked / "t.parquet")["score"].to_numpy(), table["score"]
    )
    assert Image.open(ranked / "t.png").size[0] > 1500
    assert canonical_digest(ranked / "t.pdf") is not None


def test_two_dimensional_map(tmp_path: Path) -> None:
    skymap = DATA / "GW150914_bayestar_gstlal_C01.fits.gz"
    catalogue = tmp_path / "user.csv"
    catalogue.write_text("ra,dec,dist\n100,-65,400\n110,-70,300\n200,50,100\n")
    code = run("skymap_galaxies", "--skymap", skymap, "--catalogue", catalogue, *outputs(tmp_path, *GALAXIES))
    assert code == 0
    told = json.loads((tmp_path / "t.json").read_text())
    assert any("no distances" in note for note in told["notes"])
    assert "level_3d" not in Table.read(tmp_path / "galaxies.ecsv").colnames


def test_position_of_ngc_4993(tmp_path: Path) -> None:
    code = run(
        "skymap_position", "--skymap", GW170817, "--ra", 197.4488, "--dec", -23.3840, "--distance", 40.7,
        *outputs(tmp_path, "table", "votable"),
    )  # fmt: skip
    assert code == 0
    row = Table.read(tmp_path / "t.ecsv")[0]
    assert row["level_2d"] == pytest.approx(38.3, abs=0.05)
    assert row["searched_area"] == pytest.approx(3.51, abs=0.01)
    assert 0 < row["level_3d"] < 50


def test_positions_of_a_table(tmp_path: Path) -> None:
    code = run(
        "skymap_position", "--skymap", S190814BV, "--positions", GLADE, *outputs(tmp_path, "table", "votable")
    )
    assert code == 0
    table, source = Table.read(tmp_path / "t.ecsv"), Table.read(GLADE)
    assert list(table["ra"]) == list(source["ra"]) and len(table) == 2000


def test_distance(tmp_path: Path) -> None:
    code = run(
        "skymap_distance", "--skymap", GW170817, "--ra", 197.4488, "--dec", -23.3840,
        *outputs(tmp_path, "distance", "votable", "summary", "figure", "figure_pdf"),
    )  # fmt: skip
    assert code == 0
    told = json.loads((tmp_path / "t.json").read_text())
    assert told["posteriors"]["whole sky"]["mean"] == pytest.approx(38.0, abs=0.1)
    assert told["posteriors"]["whole sky"]["std"] == pytest.approx(7.5, abs=0.1)
    table = Table.read(tmp_path / "d.ecsv")
    for name in ("sky", "region", "volume", "line1"):
        assert np.trapezoid(table[f"pdf_{name}"], table["distance"]) == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize(
    ("step", "arguments", "message"),
    [
        ("skymap_distance", ["--skymap", DATA / "GRB220617A_IPN_map_hpx.fits.gz"], "no distances"),
        ("skymap_distance", ["--skymap", GW170817, "--ra", 1, 2, "--dec", 3], "2 of ra and 1 of dec"),
        ("skymap_position", ["--skymap", GW170817], "give either a table of positions"),
        ("skymap_position", ["--skymap", GW170817, "--ra", 10, "--dec", 91], "Dec 91"),
        ("skymap_position", ["--skymap", GW170817, "--ra", 10, 20, "--dec", 1], "2 of ra and 1 of dec"),
        (
            "skymap_galaxies",
            ["--skymap", S190814BV, "--catalogue", GLADE, "--nearest", 9, "--farthest", 5],
            "not beyond",
        ),
        (
            "skymap_galaxies",
            ["--skymap", S190814BV, "--catalogue", GLADE, "--column_ra", "alpha0"],
            "no column 'alpha0'",
        ),
    ],
)
def test_bad_input(
    step: str,
    arguments: list[object],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(step, *arguments) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
