"""The steps of ANTARES: products, and what they refuse."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from astropy.table import Table

from antares_limit import antares_limit
from antares_search import antares_search
from tidings.errors import InputError
from tidings.step import run

ROOT = Path(__file__).parents[2]
DATA = ROOT / "data/antares"
SAMPLE = {"events": DATA / "antares_2007-2017_events.tsv", "acceptance": DATA / "acceptance.txt"}
POLYNOMIAL = DATA / "background_polynomial.txt"
MAP = ROOT / "data/skymap/GW170817_skymap.fits.gz"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_limits_of_two_positions():
    run(antares_limit, **SAMPLE, ra=[77.3582, 20.0], dec=[5.6931, 45.0], radius=2.2, indices=4)
    table = Table.read("limits.ecsv", format="ascii.ecsv")
    assert list(table["position"]) == [1, 2]
    assert list(Table.read("limits.vot", format="votable")["upper_limit"]) == pytest.approx(
        table["upper_limit"]
    )
    assert table["upper_limit"].meta["ucd"]
    assert len(Table.read("flux.ecsv", format="ascii.ecsv")) == 8
    assert len(Table.read("envelope.ecsv", format="ascii.ecsv")) == 200
    assert len(Table.read("events.ecsv", format="ascii.ecsv")) == table["observed"][0]
    first = json.loads(Path("limits.json").read_text())
    assert first["upper_limit"] == table["upper_limit"][0]
    assert Path("limits.png").stat().st_size > 10_000


def test_conventions_of_the_service():
    run(
        antares_limit,
        **SAMPLE,
        background_polynomial=POLYNOMIAL,
        ra=[86.0],
        dec=[23.0],
        radius=2.2,
        conventions="service",
    )
    made = json.loads(Path("limits.json").read_text())
    assert made["conventions"] == "service"
    assert made["upper_limit"] == made["sensitivity"] == pytest.approx(3.896, abs=0.003)


def test_neutrinos_around_a_gravitational_wave():
    """None within 500 s of GW170817 (Albert et al. 2017, ApJL 850, L35)."""
    run(antares_search, **SAMPLE, skymap=MAP, time="2017-08-17T12:41:04.4", name="GW170817")
    made = json.loads(Path("neutrinos.json").read_text())
    assert made["observed"] == 0 == len(Table.read("neutrinos.ecsv", format="ascii.ecsv"))
    assert made["area_deg2"] == pytest.approx(16.2, abs=0.1)
    # 1.5 events a day on all of the sky, in 16 of 41,253 square degrees and 1000 s.
    assert made["background"] == pytest.approx(1.49 * 16.2 / 41253 * 1000 / 86400, rel=0.4)
    assert made["upper_limit"] == pytest.approx(2.44, abs=0.01)
    assert made["fluence_limit_at_1_GeV"]["dec_deg"] < 0


def test_a_position_is_searched():
    run(antares_search, **SAMPLE, ra=77.36, dec=5.69, time="MJD 57000", before=1e7, after=1e7, radius=30.0)
    made = json.loads(Path("neutrinos.json").read_text())
    table = Table.read("neutrinos.ecsv", format="ascii.ecsv")
    assert made["observed"] == len(table) > 10
    assert abs(table["delay"]).max() <= 1e7
    assert made["background"] == pytest.approx(len(table), rel=0.7)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"ra": [10.0], "dec": [60.0]}, "dec 60 deg is outside -80 to 50"),
        ({"ra": [10.0], "dec": [0.0], "radius": 0.0}, "radius 0 deg is not between 0 and 2.5"),
        ({"ra": [10.0], "dec": [0.0], "radius": 3.0}, "radius 3 deg"),
        ({"ra": [10.0, 11.0], "dec": [0.0]}, "2 of ra and 1 of dec"),
        ({"ra": [370.0], "dec": [0.0]}, "ra 370 deg is not between 0 and 360: give degrees, not hours"),
        ({"ra": [10.0], "dec": [0.0], "index_min": 2.5, "index_max": 2.0}, "index_min 2.5 must be below"),
        ({"ra": [10.0], "dec": [0.0], "index_max": 4.0}, "index_max"),
        ({"ra": [10.0], "dec": [0.0], "conventions": "service"}, "background_polynomial: give the file"),
        ({"ra": [10.0], "dec": [0.0], "acceptance": POLYNOMIAL}, "must be 20 numbers"),
    ],
)
def test_limits_that_cannot_be(options, message):
    with pytest.raises(InputError, match=message):
        run(antares_limit, **{**SAMPLE, **options})
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "give one region"),
        ({"ra": 10.0}, "give one region"),
        ({"ra": 10.0, "dec": 0.0, "skymap": MAP}, "give one region"),
        ({"ra": 10.0, "dec": 0.0, "time": "2020-01-01T00:00:00"}, "outside the sample"),
        ({"ra": 10.0, "dec": 0.0, "time": "yesterday"}, "yesterday"),
        ({"skymap": POLYNOMIAL}, "background_polynomial.txt"),
    ],
)
def test_searches_that_cannot_be(options, message):
    with pytest.raises(InputError, match=message):
        run(antares_search, **{**SAMPLE, "time": "2015-09-14T09:50:45", **options})
    assert list(Path().iterdir()) == []
