"""The step skymap_coverage: fields on GW170817, and a coverage map, against mocpy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Latitude, Longitude
from astropy.table import Table
from mocpy import MOC

from skymap_coverage import skymap_coverage
from suite import ROOT
from tidings.skymap.reading import read_skymap
from tidings.step import main, run

MAP = ROOT / "data/skymap/GW170817_skymap.fits.gz"
# A file that is read at once, where the map does not matter.
QUICK = ROOT / "data/skymap/S200129m_bayestar.multiorder.fits"
NAMES = (
    "coverage.ecsv", "coverage.vot", "coverage.json", "covered.moc.fits", "uncovered.moc.fits",
    "coverage.png", "coverage.pdf",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = [f"T{i}{j},{194 + 2 * i},{-27 + 2 * j},2.2" for i in range(3) for j in range(5)]
    (tmp_path / "fields.csv").write_text("\n".join(["name,ra,dec,width", *rows]) + "\n")
    return tmp_path


def test_fields_from_the_best_to_the_last(folder):
    run(skymap_coverage, skymap=MAP, fields="fields.csv", order="greedy")
    table = Table.read("coverage.ecsv", format="ascii.ecsv")
    assert len(table) == 15
    assert (np.diff(table["added_probability"]) <= 1e-12).all()
    said = json.loads((folder / "coverage.json").read_text())
    assert said["probability"] == pytest.approx(table["total_probability"][-1], abs=1e-9)
    sky = read_skymap(MAP)
    map_table = Table({"UNIQ": sky.uniq.astype(np.uint64), "PROBDENSITY": sky.density / u.sr})
    covered, rest = MOC.from_fits("covered.moc.fits"), MOC.from_fits("uncovered.moc.fits")
    assert float(covered.probability_in_multiordermap(map_table)) == pytest.approx(
        said["probability"], abs=1e-9
    )
    region = next(one for one in said["regions"] if one["level_percent"] == 90)
    assert float(rest.probability_in_multiordermap(map_table)) == pytest.approx(
        region["uncovered_probability"], abs=1e-9
    )
    assert covered.intersection(rest).empty()
    first = {name: (folder / name).read_bytes() for name in NAMES}
    run(skymap_coverage, skymap=MAP, fields="fields.csv", order="greedy")
    assert first == {name: (folder / name).read_bytes() for name in NAMES}


def test_a_coverage_map(folder):
    moc = MOC.from_cone(Longitude(197.4 * u.deg), Latitude(-23.4 * u.deg), radius=3 * u.deg, max_depth=12)
    moc.save("mine.fits", format="fits")
    run(skymap_coverage, skymap=MAP, moc="mine.fits", levels=[90.0])
    said = json.loads((folder / "coverage.json").read_text())
    sky = read_skymap(MAP)
    map_table = Table({"UNIQ": sky.uniq.astype(np.uint64), "PROBDENSITY": sky.density / u.sr})
    assert said["probability"] == pytest.approx(float(moc.probability_in_multiordermap(map_table)), abs=1e-9)
    assert Table.read("coverage.ecsv", format="ascii.ecsv")["field"][0] == "mine.fits"


def test_bad_input_is_refused(folder, capsys):
    texts = {
        "empty.csv": "ra,dec,radius\n",
        "hours.csv": "ra,dec,radius\n13:09:48,-23.4,1\n",
        "zero.csv": "ra,dec,radius\n197,-23.4,0\n",
        "wide.csv": "ra,dec,radius\n197,-23.4,190\n",
        "page.fits": "<html>",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    MOC.new_empty(5).save("empty.fits", format="fits")
    cases = {
        "empty.csv: the list of fields is empty": ["--fields", "empty.csv"],
        "hours.csv: ra is in hours": ["--fields", "hours.csv"],
        "zero.csv: row 1: a radius of 0 deg": ["--fields", "zero.csv"],
        "wide.csv: row 1: a radius of 190 deg": ["--fields", "wide.csv"],
        "page.fits: is a web page": ["--moc", "page.fits"],
        "empty.fits: the coverage map is empty": ["--moc", "empty.fits"],
        "give either fields or a coverage map": [],
        "give either fields": ["--fields", "fields.csv", "--moc", "empty.fits"],
        "have no time": ["--fields", "fields.csv", "--order", "time"],
    }
    for message, arguments in cases.items():
        assert main(skymap_coverage, ["--skymap", str(QUICK), *arguments]) == 1, message
        error = capsys.readouterr().err
        assert message in error, (message, error)
        assert not (folder / "coverage.ecsv").exists()
