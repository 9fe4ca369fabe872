"""The gravitational-wave steps on real and on synthetic strain, good and bad."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from build import GPS, noise, strain_file
from gw_fetch import gw_fetch
from gw_network import gw_network
from gw_spectrogram import gw_spectrogram
from gw_strain import gw_strain
from servers.gwosc import GwoscServer
from suite import ROOT
from tidings.step import main, run

STRAIN = ROOT / "data/gw/strain"
H1 = STRAIN / "H-H1_LOSC_4_V2-1126259446-32.hdf5"
L1 = STRAIN / "L-L1_LOSC_4_V2-1126259446-32.hdf5"
STEPS = {"gw_strain": gw_strain, "gw_spectrogram": gw_spectrogram}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spectrogram(detector: str, *files: Path, **options) -> Table:
    run(gw_spectrogram, strain=files, detector=detector, spectrogram=f"{detector}.hdf5", **options)
    return Table.read("tiles.ecsv", format="ascii.ecsv")


def test_gw150914_is_where_it_was_published(folder):
    # The tiles that GWpy 4.1.0 calls loudest: H1 at GPS 1126259462.42, 136 Hz.
    tile = spectrogram("H1", H1, event="GW150914")[0]
    assert abs(tile["time"] - 1126259462.42) < 0.005
    assert abs(tile["frequency"] / 136 - 1) < 0.1
    assert tile["far"] < 1e-20


def test_gwpy_opens_the_products(folder):
    from gwpy.spectrogram import Spectrogram
    from gwpy.timeseries import TimeSeries

    run(gw_strain, strain=[H1], detector="H1", event="GW150914")
    series = TimeSeries.read("strain.hdf5", path="conditioned", format="hdf5")
    assert series.sample_rate.value == 4096
    assert series.t0.value == pytest.approx(1126259461.4, abs=1 / 4096)
    spectrogram("H1", H1, event="GW150914")
    energy = Spectrogram.read("H1.hdf5", path="energy", format="hdf5")
    peak = np.unravel_index(np.argmax(energy.value), energy.shape)
    assert energy.xindex.value[peak[0]] == pytest.approx(1126259462.42, abs=0.005)


def test_conditioned_strain_is_gwpys_whitened_and_bandpassed(folder):
    from gwpy.timeseries import TimeSeries

    run(gw_strain, strain=[H1], detector="H1", event="GW150914", before=4, after=4, fmin=35, fmax=350)
    ours = TimeSeries.read("strain.hdf5", path="conditioned", format="hdf5")
    theirs = TimeSeries.read(H1, format="hdf5.gwosc").whiten().bandpass(35, 350)
    theirs = theirs.crop(ours.t0.value, ours.t0.value + ours.duration.value)
    assert np.corrcoef(ours.value, theirs.value[: len(ours)])[0, 1] > 0.999999


def test_network_lists_the_detectors_and_their_delays(folder):
    spectrogram("H1", H1, event="GW150914")
    spectrogram("L1", L1, event="GW150914")
    run(gw_network, spectrograms=["H1.hdf5", "L1.hdf5"])
    table = Table.read("network.ecsv", format="ascii.ecsv")
    assert list(table["detector"]) == ["H1", "L1"]
    assert table["loudest"].all()
    assert table["coincident"].all()
    # Livingston saw it first (Abbott et al. 2016, PRL 116, 061102), and light takes 10 ms between the two.
    assert -0.010 < table["delay"][1] < 0


def test_gw170814_is_in_three_detectors(folder):
    # Virgo's loudest tile is a glitch 80 ms later; the signal is its loudest that fits the others in time.
    for detector in ("H1", "L1", "V1"):
        path = STRAIN / f"{detector[0]}-{detector}_COGWHEEL_1KHZ-1186741838-31.hdf5"
        spectrogram(detector, path, event="GW170814", fmax=480, trim=3)
    run(gw_network, spectrograms=["H1.hdf5", "L1.hdf5", "V1.hdf5"])
    table = Table.read("network.ecsv", format="ascii.ecsv")
    seen = table[table["coincident"]]
    assert list(seen["detector"]) == ["H1", "L1", "V1"]
    assert np.abs(seen["time"] - 1186741861.53).max() < 0.05
    assert list(table["detector"][table["loudest"]]) == ["H1", "L1", "V1"]
    assert set(table["detector"][~table["coincident"]]) <= {"V1"}


def test_network_refuses_two_events_and_two_of_a_detector(folder, capsys):
    spectrogram("H1", H1, event="GW150914")
    spectrogram("L1", L1, event="1126259462.5")
    assert main(gw_network, ["--spectrograms", "H1.hdf5", "L1.hdf5"]) == 1
    assert "different events" in capsys.readouterr().err
    assert main(gw_network, ["--spectrograms", "H1.hdf5", "H1.hdf5"]) == 1
    assert "two spectrograms of one detector" in capsys.readouterr().err
    assert not Path("network.ecsv").exists()


def bad_cases(folder: Path) -> dict[str, tuple[list[str], str]]:
    """Command lines that must be refused, and what the message must hold."""
    truncated = folder / "H-H1_LOSC_4_V2-1126259446-32.hdf5"
    truncated.write_bytes(H1.read_bytes()[:300_000])
    text = folder / "notes.hdf5"
    text.write_text("not strain")
    gap = noise()
    gap[16 * 4096 : 16 * 4096 + 100] = np.nan
    base = ["--detector", "H1", "--event", str(GPS + 16)]
    return {
        "truncated": (["--strain", truncated, *base], "H-H1_LOSC_4_V2-1126259446-32.hdf5"),
        "not HDF5": (["--strain", text, *base], "notes.hdf5"),
        "wrong detector": (["--strain", H1, "--detector", "L1", "--event", "GW150914"], "H1"),
        "window outside": (["--strain", H1, "--detector", "H1", "--event", "GW170814"], "1126259446"),
        "partly outside": (
            ["--strain", H1, "--detector", "H1", "--event", str(GPS)],
            "before the first file",
        ),
        "NaN": (["--strain", strain_file(folder / "nan.hdf5", gap), *base], "no data (NaN)"),
        "zeros": (["--strain", strain_file(folder / "zero.hdf5", noise(sigma=0)), *base], "zeros"),
        "quality": (
            ["--strain", strain_file(folder / "dq.hdf5", noise(), bad_seconds=(16,)), *base],
            "CBC_CAT1",
        ),
        "fmax": (["--strain", H1, *base, "--fmax", "3000"], "2048 Hz"),
        "unknown event": (
            ["--strain", H1, "--detector", "H1", "--event", "GW150915"],
            "unknown event 'GW150915'",
        ),
        "no window": (["--strain", H1, "--detector", "H1"], "give an event"),
        "half a window": (["--strain", H1, "--detector", "H1", "--T1", str(GPS)], "belong together"),
        "missing file": (["--strain", "none.hdf5", *base], "none.hdf5: no such"),
    }


@pytest.mark.parametrize("name", STEPS)
def test_bad_strain_is_refused_and_leaves_nothing(folder, capsys, name):
    cases = bad_cases(folder)
    before = sorted(folder.rglob("*"))
    for case, (arguments, message) in cases.items():
        assert main(STEPS[name], [str(word) for word in arguments]) == 1, case
        error = capsys.readouterr().err
        assert error.startswith(f"{name}: error: "), case
        assert message in error, case
        assert sorted(folder.rglob("*")) == before, case


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--qmin", "64", "--qmax", "4"], "qmin 64 is larger than qmax 4"),
        (["--fmin", "500", "--fmax", "100"], "fmin 500 Hz is not below fmax 100 Hz"),
        (["--qmin", "1"], "qmin is 1, out of bounds"),
        (["--time_resolution", "100"], "time resolution"),
    ],
)
def test_bad_ranges_are_refused(folder, capsys, options, message):
    assert (
        main(gw_spectrogram, ["--strain", str(H1), "--detector", "H1", "--event", "GW150914", *options]) == 1
    )
    assert message in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def test_bad_data_may_be_allowed(folder):
    value = noise()
    value[15 * 4096 : 15 * 4096 + 100] = np.nan
    path = strain_file(folder / "nan.hdf5", value)
    for step in STEPS.values():
        run(step, strain=[path], detector="H1", event=str(GPS + 16), before=2, after=2, allow_bad=True)
    from tidings.gw.spectrogram_product import read_spectrogram
    from tidings.gw.strain_product import read_strain_product

    strain = read_strain_product(Path("strain.hdf5"))
    assert not strain.valid[(strain.times > GPS + 14.5) & (strain.times < GPS + 15.5)].any()
    assert strain.valid[strain.times > GPS + 16.1].all()
    found = read_spectrogram(Path("spectrogram.hdf5"))
    assert not found.valid[np.abs(found.times - GPS - 15) < 0.01].any()
    assert found.valid[found.times > GPS + 17.8].any()
    assert np.isfinite(found.energy).all()


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files as Linux does")
@pytest.mark.parametrize("name", STEPS)
def test_a_full_disk_is_explained_and_leaves_nothing(folder, name):
    # The limit on a file's size stands for a full disk: writing fails half-way, by an error of the system.
    command = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))"
    code = f"{command}; from {name} import *; sys.exit(main({name}))"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code, "--strain", H1, "--detector", "H1", "--event", "GW150914"],
        env={**os.environ, "PYTHONPATH": str(ROOT / "scripts")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1, done.stderr
    assert "nothing was written" in done.stderr
    assert list(folder.iterdir()) == []


def test_a_folder_that_nobody_may_write_is_explained(folder, capsys):
    # Not even root makes files there.
    outputs = [f"--{name}=/sys/tidings/{name}" for name in ("conditioned", "figure", "figure_pdf")]
    assert main(gw_strain, ["--strain", str(H1), "--detector", "H1", "--event", "GW150914", *outputs]) == 1
    error = capsys.readouterr().err
    assert "/sys/tidings" in error
    assert "nothing was written" in error


@pytest.fixture
def gwosc(monkeypatch):
    with GwoscServer(STRAIN) as server:
        monkeypatch.setenv("TIDINGS_GWOSC_HOST", server.host)
        yield server


def test_fetched_strain_feeds_the_other_steps(folder, gwosc):
    run(gw_fetch, event="GW150914", detector="H1", strain="H1", table="event.tsv", lock="lock.json")
    assert [path.name for path in Path("H1").iterdir()] == [H1.name]
    tile = spectrogram("H1", Path("H1"), event="GW150914", events="event.tsv")[0]
    assert abs(tile["time"] - 1126259462.42) < 0.005


def test_a_file_that_differs_from_the_lock_is_refused(folder, gwosc, capsys):
    arguments = ["--event", "GW150914", "--detector", "H1", "--lock", "lock.json"]
    assert main(gw_fetch, arguments) == 0
    lock = json.loads(Path("lock.json").read_text())
    text = Path("lock.json").read_text()
    recorded = next(v["sha256"] for v in lock["files"].values())
    Path("lock.json").write_text(text.replace(recorded, "0" * 64))
    capsys.readouterr()
    assert main(gw_fetch, [*arguments, "--strain", "again", "--table", "again.tsv"]) == 1
    error = capsys.readouterr().err
    assert H1.name in error
    assert "lock.json" in error
    assert not Path("again").exists()


def test_offline_names_the_file_and_the_place(folder, monkeypatch, capsys):
    monkeypatch.setenv("TIDINGS_GWOSC_HOST", "http://127.0.0.1:9")
    Path("mine").mkdir()
    assert main(gw_fetch, ["--event", "GW151226", "--detector", "H1", "--store", "mine"]) == 1
    error = capsys.readouterr().err
    assert "H1" in error
    assert "mine" in error
    assert not Path("strain").exists()
