"""The step that counts ISGRI events, on the real window and on files that cannot be used."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from isgri_events import GAINS, REAL, TSTART, TSTOP, columns, event_file
from isgri_shadowgram import isgri_shadowgram
from tidings.isgri.shadowgram import channel_range
from tidings.isgri.shadowgram_file import read_windows
from tidings.step import main, run

PRODUCTS = ("shadowgrams.fits", "shadowgrams.json", "shadowgrams.png")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    place = tmp_path_factory.mktemp("real")
    edges = ",".join(f"{8320.632433 + n * 0.01157402:.6f}" for n in range(4))
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        run(isgri_shadowgram, events=[REAL], pixel_gains=GAINS, time_edges=edges)
    return place


def test_the_real_window_in_the_bins_of_osa(real):
    (window,) = read_windows(real / "shadowgrams.fits")
    assert len(window.cubes) == 3
    # FRACEXP of OSA's light curve of these bins: 0.9946, 0.9983, 0.9973 of 1000 s.
    assert [cube.ontime for cube in window.cubes] == pytest.approx([994.6, 998.3, 997.3], abs=6)
    band = channel_range(window.energies, 28, 80)
    rates = [cube.counts[band].sum() / cube.live_time.max() for cube in window.cubes]
    # OSA's own totals are 276 to 279 counts/s, in its energies and pixels.
    assert np.all(np.abs(np.array(rates) - 345) < 15)
    assert np.ptp(rates) < 10


def test_the_summary_of_the_real_window(real):
    (said,) = json.loads((real / "shadowgrams.json").read_text())["windows"]
    assert said["energy_level"] == "lines"
    assert said["dead_source"].startswith("typical of OSA 11.2")
    assert said["pixels_rejected"]["flagged"] == 518
    assert said["calibration"]["pixel_gains"] == "ISGR-GAIN-REL"
    assert max(said["calibration"]["module_gain"]) < 1.04
    assert said["pointing"]["ra_x"] == pytest.approx(286.8229, abs=1e-4)
    assert (real / "shadowgrams.png").read_bytes()[:4] == b"\x89PNG"


def small(path: Path, swid: str, **changes) -> Path:
    return event_file(path, columns(60_000, seed=int(swid[4:8])), swid=swid, **changes)


def test_windows_in_archive_energies_and_aborted_ones(folder):
    files = [
        small(folder / "b.fits", "255900290010"),
        event_file(folder / "aborted.fits", None),
        small(folder / "a.fits", "255900280010"),
    ]
    run(isgri_shadowgram, events=files, energy="archive", time_bin=1000.0, hot=0.0, spectral=0.0)
    windows = read_windows("shadowgrams.fits")
    assert {window.swid for window in windows} == {"255900280010", "255900290010"}
    for window in windows:
        assert [cube.ontime for cube in window.cubes] == pytest.approx([1000, 1000, 1000, 574], abs=0.1)
        # Energies of the builder are 1.2 PHA, from 24 to 240 keV.
        counts = window.total().cubes[0].counts
        assert counts.sum() == counts[channel_range(window.energies, 24, 240)].sum() > 50_000
        assert window.meta["ENERGY_LEVEL"] == "archive"
    skipped = json.loads(Path("shadowgrams.json").read_text())["skipped"]
    assert skipped == [{"file": "aborted.fits", "note": "aborted window: no ISGRI events"}]


def test_only_aborted_windows_give_a_file_without_windows(folder):
    run(isgri_shadowgram, events=[event_file(folder / "aborted.fits", None)])
    assert read_windows("shadowgrams.fits") == []
    assert all(Path(name).exists() for name in PRODUCTS)


def test_good_times_of_the_user_hold_beside_those_of_the_file(folder):
    events = small(folder / "a.fits", "255900280010")
    gti = event_file(folder / "gti.fits", None, gti=[(TSTART + 0.01, TSTART + 0.02)], gti_names=("USER",))
    run(isgri_shadowgram, events=[events], energy="archive", gti=gti, hot=0.0, spectral=0.0)
    (window,) = read_windows("shadowgrams.fits")
    assert window.cubes[0].ontime == pytest.approx(864, abs=0.01)
    assert window.meta["GTI_NAME"] == "MERGED_ISGRI, USER"
    # Events are uniform in time.
    share = window.meta["EVENTS_USED"] / 60_000
    assert share == pytest.approx(0.01 / (TSTOP - TSTART), rel=0.03)


def test_the_same_again_is_the_same_bytes(folder):
    events = small(folder / "a.fits", "255900280010")
    made = []
    for place in ("one", "two"):
        Path(place).mkdir()
        names = dict(zip(("shadowgrams", "summary", "figure"), PRODUCTS, strict=True))
        run(
            isgri_shadowgram,
            events=[events],
            energy="archive",
            **{key: f"{place}/{name}" for key, name in names.items()},
        )
        made.append([Path(place, name).read_bytes() for name in PRODUCTS])
    assert made[0] == made[1]


def refused(capsys, *arguments: str) -> str:
    assert main(isgri_shadowgram, [str(a) for a in arguments]) == 1
    assert not any(Path(name).exists() for name in PRODUCTS)
    return capsys.readouterr().err


def test_what_cannot_be_used_is_refused_and_nothing_written(folder, capsys):
    good = small(folder / "a.fits", "255900280010")
    said = refused(capsys, "--events", good)
    assert "a.fits: window 255900280010" in said
    assert "too few" in said
    no_pointing = small(folder / "p.fits", "255900280010", without=("RA_SCX",))
    said = refused(capsys, "--events", good, no_pointing, "--energy", "archive")
    assert "p.fits" in said
    assert "RA_SCX" in said
    no_energy = small(folder / "n.fits", "255900280010", without=("ISGRI_ENERGY",))
    assert "n.fits: window" in refused(capsys, "--events", no_energy, "--energy", "archive")
    assert "offsets and rise_table" in refused(capsys, "--events", good, "--energy", "tables")
    said = refused(capsys, "--events", good, "--time_bin", "10", "--time_edges", "1,2")
    assert "exclude each other" in said
    assert "is not a list of IJD" in refused(capsys, "--events", good, "--time_edges", "1,x")
    cut = folder / "cut.fits.gz"
    cut.write_bytes(REAL.read_bytes()[:50_000])
    assert "cut.fits.gz: the gzip file is cut off" in refused(capsys, "--events", cut)
    said = refused(capsys, "--events", good, "--energy", "archive", "--dead_times", good, good)
    assert "give one for each, or none" in said
