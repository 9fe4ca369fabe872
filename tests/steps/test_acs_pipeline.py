"""The SPI-ACS steps that fetch, bin and search, on real and on synthetic counts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from acs import T0, background
from acs_fetch import acs_fetch
from acs_lightcurve import acs_lightcurve
from acs_search import acs_search
from servers.integral import IntegralServer
from suite import ROOT
from tidings.lightcurve.product import read_lightcurve
from tidings.step import main, run
from tidings.times import parse_time

BURST = ROOT / "data/acs/GRB230307A_spiacs_lc.fits"
SHORT = ROOT / "data/acs/ipnlc_20080319T053500.txt"
TRIGGER = "2023-03-07T15:44:06.67"
STEPS = {"acs_lightcurve": acs_lightcurve, "acs_search": acs_search}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_csv(path: Path, values: np.ndarray, start: float = -300.0) -> Path:
    """Write samples of 50 ms as CSV, with times from the trigger of GW170817."""
    times = start + 0.05 * (np.arange(len(values)) + 0.5)
    rows = "".join(f"{t:.3f},{v:.0f}\n" for t, v in zip(times, values, strict=True))
    path.write_text(f"# epoch: 2017-08-17T12:41:04.4 UTC\ntime,counts\n{rows}")
    return path


def test_light_curve_of_grb_230307a(folder):
    run(acs_lightcurve, counts=BURST, bin_size=0.1, burst_start=-90, burst_end=60)
    curve = read_lightcurve("lightcurve.fits")
    peak = int(np.nanargmax(curve.rate))
    assert curve.rate[peak] == pytest.approx(1743640)
    assert curve.middle[peak] == pytest.approx(-85.55, abs=1e-3)
    assert curve.exclude == ((-90.0, 60.0),)
    block = json.loads(fits.getheader("lightcurve.fits")["PROVENAN"])
    assert block["step"] == "acs_lightcurve"
    assert block["inputs"][0]["name"] == BURST.name
    assert block["parameters"]["add_offset"] is False


def test_times_count_from_the_trigger(folder):
    run(acs_lightcurve, counts=BURST, trigger=TRIGGER, before=50, after=100)
    curve = read_lightcurve("lightcurve.fits")
    assert curve.epoch == pytest.approx(parse_time(TRIGGER), abs=1e-6)
    # Whole bins, one of which begins at the trigger to the nearest sample.
    assert -50 <= curve.time[0] < -49
    assert 99 < curve.end[-1] <= 100
    assert np.abs(curve.time).min() <= 0.05
    # The burst begins within a second of Fermi's trigger, light travel included.
    bright = curve.net > 10 * np.sqrt(curve.background)
    assert -1.5 < curve.time[np.argmax(bright)] < 1.5


def test_search_finds_grb_230307a(folder):
    run(acs_search, counts=[BURST], trigger=TRIGGER, name="GRB 230307A")
    table = Table.read("excesses.ecsv", format="ascii.ecsv")
    assert table["snr"][0] > 1000
    assert 0 < table["time"][0] < 20
    assert table["fap"][0] < 1e-9
    summary = json.loads(Path("search.json").read_text())
    assert summary["best"]["snr"] == table["snr"][0]
    assert summary["stability"] == "very stable"
    assert 1.1 < summary["scales"][0]["excess_variance"] < 1.2
    assert summary["records"][0]["form"] == "mmoda"


def test_weak_burst_and_spike_near_a_trigger(folder):
    values = background(12000, np.random.default_rng(4))
    values[6038:6040] += 370
    values[3600] += 900
    path = write_csv(folder / "c.csv", values)
    run(acs_search, counts=[path], trigger="2017-08-17T12:41:04.4")
    table = Table.read("excesses.ecsv", format="ascii.ecsv")
    assert table["time"][0] == pytest.approx(1.95, abs=0.03)
    assert table["utc"][0] == "2017-08-17T12:41:06.350"
    assert not table["spike"][0]
    assert table["fap"][0] < 0.1
    spike = table[np.abs(table["time"] + 119.975) < 0.01]
    assert spike["snr"][0] > 10
    assert spike["spike"][0]
    run(acs_search, counts=[path], trigger="2017-08-17T12:41:04.4", veto=True)
    assert not Table.read("excesses.ecsv", format="ascii.ecsv")["spike"].any()


def test_a_light_curve_and_several_records_are_searched_too(folder):
    rng = np.random.default_rng(6)
    values = background(24000, rng)
    values[15000:15020] += 300
    run(acs_lightcurve, counts=write_csv(folder / "c.csv", values), bin_size=0.5)
    run(acs_search, counts=["lightcurve.fits"])
    one = Table.read("excesses.ecsv", format="ascii.ecsv")
    assert one["time"][0] == pytest.approx(450.5, abs=0.3)
    halves = [write_csv(folder / "a.csv", values[:12000]), write_csv(folder / "b.csv", values[12000:], 300.0)]
    run(acs_search, counts=halves, min_snr=5)
    two = Table.read("excesses.ecsv", format="ascii.ecsv")
    assert two["time"][0] == pytest.approx(450.5, abs=0.1)
    assert len(json.loads(Path("search.json").read_text())["records"]) == 2
    assert "fap" not in two.colnames


def test_products_are_the_same_bytes_again(folder):
    names = set()
    for place in ("a", "b"):
        Path(place).mkdir()
        copy = shutil.copy(BURST, place)
        for step, outputs in (
            (acs_lightcurve, {"lightcurve": "l.fits", "figure": "l.png", "figure_pdf": "l.pdf"}),
            (
                acs_search,
                {"excesses": "s.ecsv", "summary": "s.json", "figure": "s.png", "figure_pdf": "s.pdf"},
            ),
        ):
            names |= set(outputs.values())
            given = [copy] if step is acs_search else copy
            run(step, counts=given, trigger=TRIGGER, **{k: f"{place}/{v}" for k, v in outputs.items()})
    for name in names:
        assert Path("a", name).read_bytes() == Path("b", name).read_bytes(), name


def test_gap_in_the_middle_of_the_burst_is_flagged(folder):
    values = background(12000, np.random.default_rng(2))
    values[6000:6200] += 2000
    path = write_csv(folder / "c.csv", values)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:6052] + lines[6092:]))
    run(acs_lightcurve, counts=path, bin_size=0.5)
    curve = read_lightcurve("lightcurve.fits")
    inside = (curve.time > 0.1) & (curve.time < 9.9)
    assert curve.time[inside][np.isnan(curve.rate[inside])] == pytest.approx([2.5, 3.0, 3.5, 4.0])
    assert (curve.flags[inside] & 1).sum() == 4
    run(acs_search, counts=[path])
    best = Table.read("excesses.ecsv", format="ascii.ecsv")[0]
    assert "GAP" in best["flags"] or best["scale"] < 8


def bad_cases(folder: Path) -> dict[str, tuple[list[str], str]]:
    """Arguments that must be refused, and what the message must hold."""
    (folder / "nodata.txt").write_text("NoData('No Data (at this time?)')")
    (folder / "cut.fits").write_bytes(BURST.read_bytes()[:50000])
    (folder / "empty.txt").write_text("")
    return {
        "no data": (["nodata.txt"], "nodata.txt: INTEGRAL has no data at this time"),
        "empty": (["empty.txt"], "empty.txt: is empty"),
        "cut": (["cut.fits"], "cut.fits: is no whole FITS file"),
        "missing": (["none.fits"], "none.fits: no such"),
        "too short": ([SHORT], "ipnlc_20080319T053500.txt: 2.0 s of background are too few"),
        "trigger outside": ([BURST, "--trigger", "2023-03-08T00:00:00"], "without the trigger"),
        "trigger unclear": ([BURST, "--trigger", "20230307"], "could be a date or GPS seconds"),
        "half an interval": ([BURST, "--burst_start", "-5"], "belong together"),
        "interval backwards": (
            [BURST, "--burst_start", "5", "--burst_end", "-5"],
            "burst_start 5 s is not before",
        ),
        "all left out": (
            [BURST, "--burst_start", "-265", "--burst_end", "269"],
            "GRB230307A_spiacs_lc.fits: 6.0 s of background",
        ),
        "little around": (
            [BURST, "--trigger", TRIGGER, "--before", "5", "--after", "5"],
            "of background are too few",
        ),
    }


@pytest.mark.parametrize("name", STEPS)
def test_bad_input_is_refused_and_leaves_nothing(folder, capsys, name):
    cases = bad_cases(folder)
    before = sorted(folder.rglob("*"))
    for case, (arguments, message) in cases.items():
        assert main(STEPS[name], ["--counts", *map(str, arguments)]) == 1, case
        error = capsys.readouterr().err
        assert error.startswith(f"{name}: error: "), case
        assert message in error, (case, error)
        assert sorted(folder.rglob("*")) == before, case


@pytest.mark.parametrize(
    ("step", "arguments", "message"),
    [
        (acs_lightcurve, ["--bin_size", "0.15"], "no multiple of the samples of 0.1 s: choose 0.1 s"),
        (acs_search, ["--shortest", "10", "--longest", "1"], "exchange them"),
        (acs_search, ["--min_snr", "1"], "min_snr is 1, out of bounds"),
        (acs_search, [str(BURST)], "while the last ends"),
        (acs_search, [str(BURST), "--trigger", TRIGGER], "takes one record"),
    ],
)
def test_bad_parameters_are_refused(folder, capsys, step, arguments, message):
    assert main(step, ["--counts", str(BURST), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.fixture
def server(monkeypatch):
    with IntegralServer() as server:
        monkeypatch.setenv("TIDINGS_INTEGRAL_HOST", server.host)
        yield server


def test_fetched_counts_feed_the_other_steps(folder, server):
    run(acs_fetch, trigger="2017-08-17T12:41:04.4", half_width=60, lock="lock.json")
    run(acs_lightcurve, counts="counts.txt", trigger="2017-08-17T12:41:04.4")
    curve = read_lightcurve("lightcurve.fits")
    assert curve.epoch == pytest.approx(T0)
    assert (curve.origin, len(curve)) == ("genlc", 120)
    run(acs_search, counts=["counts.txt"], trigger="2017-08-17T12:41:04.4")
    assert Path("position.txt").read_text().split()[2] == "143490.5"
    assert len(json.loads(Path("lock.json").read_text())["files"]) == 2


def test_what_the_service_refuses_leaves_nothing(folder, server, capsys):
    server.missing = ((T0 - 500, T0 + 500),)
    assert main(acs_fetch, ["--trigger", "2017-08-17T12:41:04.4", "--lock", "lock.json"]) == 1
    error = capsys.readouterr().err
    assert "INTEGRAL has no data at this time" in error
    assert list(folder.iterdir()) == []
