"""The POLAR steps one after the other, and the download of light curves from a local service."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.table import Table

from polar_burst import polar_burst
from polar_catalogue import polar_catalogue
from polar_fetch import polar_fetch
from polar_lightcurve import polar_lightcurve
from servers.polar import PolarServer, rates
from suite import ROOT, copy, digests, snakemake
from tidings.lightcurve.product import read_lightcurve
from tidings.polar.counts import read_counts
from tidings.step import main, run

BURST = ROOT / "data/polar/GRB161218B_lc.root"
CATALOGUE = ROOT / "data/polar/POLAR_GRBs_55.csv"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIDINGS_POLAR_HOST", raising=False)
    return tmp_path


@pytest.fixture
def server(monkeypatch, folder):
    with PolarServer() as server:
        monkeypatch.setenv("TIDINGS_POLAR_HOST", server.host)
        yield server


def test_light_curve_and_burst_of_grb161218b(folder):
    run(
        polar_lightcurve,
        counts=BURST,
        catalogue=CATALOGUE,
        trigger="GRB 161218B",
        burst_start=-2,
        burst_end=30,
    )
    curve = read_lightcurve("lightcurve.fits")
    assert curve.epoch == pytest.approx(1166085178.341, abs=1e-6)
    assert curve.time[np.argmax(curve.rate)] == pytest.approx(1.159, abs=1e-3)
    assert curve.rate.max() == 14136
    run(
        polar_burst, lightcurve="lightcurve.fits", burst_start=-2, burst_end=30, background_order=2,
        least_background=15, name="GRB161218B", bootstrap=20,
    )  # fmt: skip
    row = Table.read("burst.ecsv")[0]
    assert row["t90"] == pytest.approx(25.3, abs=0.5)
    assert row["name"] == "GRB161218B"
    assert not [name for name in row.colnames if name.startswith("fluence")]
    summary = json.loads((folder / "burst.json").read_text())
    assert 0.3 < summary["bootstrap"]["t90_error"] / row["t90_error"] < 3


def test_rebinned_light_curve_keeps_the_counts(folder):
    run(polar_lightcurve, counts=BURST, bin_size=2.0)
    curve = read_lightcurve("lightcurve.fits")
    assert len(curve) == 50
    assert (curve.rate * curve.exposure).sum() == pytest.approx(618655)


def test_catalogue_step(folder):
    run(polar_catalogue, catalogue=CATALOGUE)
    assert len(Table.read("bursts.ecsv")) == 55
    assert Table.read("bursts.vot", format="votable")["name"][0] == "GRB160924A"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--bin_size", "0.7"], "no multiple of the samples of 0.5 s: choose 0.5 s"),
        (["--trigger", "2016-12-18T09:00:00"], "without the trigger"),
        (["--trigger", "GRB161218B"], "give the catalogue"),
        (["--burst_start", "1"], "belong together"),
        (["--burst_start", "-19", "--burst_end", "79", "--trigger", "2016-12-18T08:32:41.341"], "too few"),
    ],
)
def test_bad_parameters_are_refused(folder, capsys, arguments, message):
    assert main(polar_lightcurve, ["--counts", str(BURST), *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("polar_lightcurve: error: ")
    assert message in error
    assert list(folder.iterdir()) == []


def test_fetched_light_curve_is_that_of_the_service(folder, server):
    run(polar_fetch, trigger="GRB161218B", catalogue=CATALOGUE, lock="lock.json")
    counts = read_counts("counts.json")
    assert server.requests[0] == (
        "/api/v1.0/lightcurve/?time_start=1482049911.000&time_stop=1482050111.000&time_bin=0.5&energy_min=50"
        "&energy_max=500"
    )
    edges = 1482049911 + 0.5 * np.arange(401)
    assert counts.counts.tolist() == (rates(edges) * 0.5).tolist()
    # The ROOT file in the answer is another one the second time; what is kept is the same.
    first = {name: (folder / name).read_bytes() for name in ("counts.json", "lock.json")}
    run(polar_fetch, trigger="GRB161218B", catalogue=CATALOGUE, lock="lock.json")
    assert len(server.requests) == 2
    assert first == {name: (folder / name).read_bytes() for name in first}


def test_without_the_root_file_the_numbers_count(folder, server):
    server.with_root = False
    run(polar_fetch, trigger="2016-12-18T08:32:41", lock="lock.json")
    counts = read_counts("counts.json", stamp="start")
    assert counts.counts.sum() == (rates(1482049911 + 0.5 * np.arange(401)) * 0.5).sum()


def test_a_light_curve_that_changed_is_refused(folder, server, capsys):
    run(polar_fetch, trigger="2016-12-18T08:32:41", lock="lock.json")
    kept = (folder / "counts.json").read_bytes()
    server.factor = 2.0
    assert main(polar_fetch, ["--trigger", "2016-12-18T08:32:41", "--lock", "lock.json"]) == 1
    assert "is not the file that was used before" in capsys.readouterr().err
    assert (folder / "counts.json").read_bytes() == kept


def test_what_the_service_sends_instead_is_told_and_not_recorded(folder, server, capsys):
    bodies = {
        "is a web page, not a light curve": b"<html><title>502</title></html>",
        "is no JSON": b"Internal error",
        "has no table 'data'": b'{"status": {"success": true}}',
        "not those asked for": json.dumps(
            {"data": {"time": [1482000000.0, 1482000001.0], "rate": [1, 1], "rate_err": [1, 1]}}
        ).encode(),
    }
    arguments = ["--trigger", "2016-12-18T08:32:41", "--lock", "lock.json"]
    for message, body in bodies.items():
        server.body = body
        assert main(polar_fetch, arguments) == 1
        assert message in capsys.readouterr().err
        assert list(folder.iterdir()) == []
    server.body, server.failure = None, "no photons in this interval"
    assert main(polar_fetch, arguments) == 1
    assert "the service failed: no photons in this interval" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--trigger", "2018-01-01T00:00:00"], "is not within POLAR's mission"),
        (["--trigger", "2016-12-18T08:32:41", "--energy_min", "600"], "is not below energy_max"),
        (["--trigger", "2016-12-18T08:32:41", "--time_bin", "900"], "no whole bin of 900 s"),
        (["--trigger", "2016-12-18T08:32:41", "--before", "-1"], "before is -1, out of bounds"),
    ],
)
def test_questions_the_service_cannot_answer_are_not_asked(folder, server, capsys, arguments, message):
    assert main(polar_fetch, [*arguments, "--lock", "lock.json"]) == 1
    assert message in capsys.readouterr().err
    assert server.requests == []
    assert list(folder.iterdir()) == []


def test_without_an_address_it_is_said_where_to_put_a_file(folder, capsys):
    assert main(polar_fetch, ["--trigger", "2016-12-18T08:32:41", "--lock", "lock.json"]) == 1
    error = capsys.readouterr().err
    assert "has no public address: name it in TIDINGS_POLAR_HOST" in error
    name = "polar_2016-12-18T083151.000_200_0.5_50-500keV.json"
    assert f"put it as {name}" in error
    with PolarServer() as server:
        target = "/api/v1.0/lightcurve/?time_start=1482049911&time_stop=1482050111&time_bin=0.5"
        (folder / "store").mkdir()
        (folder / "store" / name).write_bytes(server.answer(target)[1])
    run(polar_fetch, trigger="2016-12-18T08:32:41", store="store", lock="lock.json")
    assert len(read_counts("counts.json")) == 400


def test_the_rules_fetch_a_burst_by_its_name(tmp_path):
    folder = copy(tmp_path / "tidings")
    (folder / "mine.yaml").write_text(
        "targets:\n  GRB161218B:\n    polar:\n      catalogue: data/polar/POLAR_GRBs_55.csv\n"
    )
    with PolarServer() as server:
        snakemake(folder, "--configfile", "mine.yaml", TIDINGS_POLAR_HOST=server.host)
    assert {"GRB161218B_lightcurve.fits", "GRB161218B_burst.ecsv"} <= digests(folder / "results").keys()
    assert "polar/polar_2016" in (folder / "config/remote.lock.json").read_text()
