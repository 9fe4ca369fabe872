"""Counts of ISGRI in channels and time bins, and the file of them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from isgri_events import TSTART, TSTOP, columns, event_file
from tidings.errors import InputError
from tidings.isgri.events import read_events
from tidings.isgri.geometry import module_map
from tidings.isgri.selection import select
from tidings.isgri.shadowgram import ENERGIES, accumulate, channel_range, channels, time_edges
from tidings.isgri.shadowgram_file import read_some_windows, read_windows, write_windows
from tidings.isgri.window import Cube, Pointing, Window

GTI = [(TSTART, TSTART + 0.01), (TSTART + 0.02, TSTOP)]


@pytest.fixture
def made(tmp_path):
    events = read_events(event_file(tmp_path / "e.fits", columns(5000), gti=GTI))
    return events, select(events, hot=0, spectral=0)


def test_edges_of_common_bands_are_edges_of_channels():
    for edge in (18, 20, 22, 25, 28, 30, 35, 40, 50, 60, 68, 80, 100, 120, 150, 200, 300, 500):
        assert edge in ENERGIES
    assert np.all(np.diff(ENERGIES) > 0)
    band = channel_range(ENERGIES, 28, 80)
    assert (ENERGIES[band.start], ENERGIES[band.stop]) == (28, 80)
    with pytest.raises(InputError, match=r"101 keV is no edge .* nearest is 100 keV"):
        channel_range(ENERGIES, 28, 101)
    with pytest.raises(InputError, match="is empty"):
        channel_range(ENERGIES, 80, 28)


def test_channels_of_energies():
    energy = np.array([12.99, 13.0, 13.99, 14.0, 99.99, 100.0, 101.9, 102.0, 999.9, 1000.0, 0.0])
    number = channels(energy)
    assert number.tolist()[:4] == [-1, 0, 0, 1]
    assert np.array_equal(number[1:9], np.searchsorted(ENERGIES, energy[1:9], side="right") - 1)
    assert number[-2:].tolist() == [-1, -1]


def test_every_selected_event_is_counted_once_in_its_pixel_and_channel(made):
    events, selection = made
    energy = np.full(len(events.pha), 41.5, np.float32)
    energy[::2] = 250.0
    dead = np.linspace(0.2, 0.34, 8)
    (cube,) = accumulate(events, energy, selection, time_edges(events), dead)
    assert cube.counts.sum() == selection.events.sum()
    assert cube.counts[channel_range(ENERGIES, 41, 42)].sum() == selection.events[1::2].sum()
    pixel = events.pixel[selection.events]
    assert np.array_equal(cube.counts.sum(axis=0).ravel(), np.bincount(pixel, minlength=cube.live_time.size))
    good = (0.01 + TSTOP - TSTART - 0.02) * 86400
    assert cube.ontime == pytest.approx(good, abs=1e-3)
    module = module_map()
    expected = np.where(selection.used, good * (1 - dead[np.maximum(module, 0)]), 0)
    assert cube.live_time == pytest.approx(expected, rel=1e-6)


def test_time_bins_add_up_and_gaps_have_none(made):
    events, selection = made
    energy = np.full(len(events.pha), 60.0, np.float32)
    (whole,) = accumulate(events, energy, selection, time_edges(events), np.zeros(8))
    bins = accumulate(events, energy, selection, time_edges(events, 400.0), np.zeros(8))
    assert sum(b.counts.astype(int) for b in bins).sum() == whole.counts.sum()
    assert sum(b.ontime for b in bins) == pytest.approx(whole.ontime)
    # The gap covers seconds 864 to 1728: the bin from 1200 to 1600 has no good time.
    starts = [round((b.start - TSTART) * 86400) for b in bins]
    assert starts == [0, 400, 800, 1600, 2000, 2400, 2800, 3200]


def test_given_edges_are_cut_to_the_window(made):
    events, _ = made
    edges = time_edges(events, given=[TSTART - 1, TSTART + 0.005, TSTART + 0.03, TSTOP + 1])
    assert edges == pytest.approx([TSTART, TSTART + 0.005, TSTART + 0.03, TSTOP])
    with pytest.raises(InputError, match="must ascend"):
        time_edges(events, given=[2.0, 1.0])
    with pytest.raises(InputError, match="outside window 255900280010"):
        time_edges(events, given=[1.0, 2.0])


def window(swid: str, bins: int = 1, top: int = 9, arrays: bool = True) -> Window:
    random = np.random.default_rng(int(swid[:6]))
    shape = (len(ENERGIES) - 1, 134, 130)
    cubes = tuple(
        Cube(
            (random.random(shape) < 0.01).astype(np.uint16) * np.uint16(top),
            random.random((134, 130)).astype(np.float32),
            8320.1 + n / 7,
            8320.1 + (n + 1) / 7,
            1000.1,
        )
        for n in range(bins)
    )
    meta = {"REVOL": 2559, "SIMULATED": False, "ENERGY_LEVEL": "lines", "DEAD_FRACTION": [0.25] * 8}
    if arrays:
        meta["REJECTED"] = random.integers(0, 16, (134, 130)).astype(np.uint8)
        meta["GTI"] = np.array([[8320.1, 8320.3]])
    return Window(swid, Pointing(286.8, 20.3, 199.4, -6.9), ENERGIES, cubes, meta)


def test_windows_come_back_as_they_were(tmp_path):
    written = [
        window("255900280010", 3),
        window("256000290010", 1, 40000),
        window("255900300010", arrays=False),
    ]
    write_windows(written, tmp_path / "w.fits", {"step": "isgri_shadowgram"})
    read = read_windows(tmp_path / "w.fits")
    assert [w.swid for w in read] == [w.swid for w in written]
    for old, new in zip(written, read, strict=True):
        assert new.pointing == old.pointing
        assert np.array_equal(new.energies, old.energies)
        assert len(new.cubes) == len(old.cubes)
        for a, b in zip(old.cubes, new.cubes, strict=True):
            assert np.array_equal(a.counts, b.counts)
            assert b.live_time == pytest.approx(a.live_time, rel=3e-7)
            assert (a.start, a.stop, a.ontime) == (b.start, b.stop, b.ontime)
        assert set(new.meta) == set(old.meta)
        for key in ("REJECTED", "GTI"):
            assert key not in old.meta or np.array_equal(new.meta[key], old.meta[key])
        assert new.meta["DEAD_FRACTION"] == old.meta["DEAD_FRACTION"]


def test_the_same_windows_are_the_same_bytes_and_few(tmp_path):
    for name in ("a.fits", "b.fits"):
        write_windows([window("255900280010")], tmp_path / name)
    content = (tmp_path / "a.fits").read_bytes()
    assert content == (tmp_path / "b.fits").read_bytes()
    assert len(content) < 1_200_000
    with fits.open(tmp_path / "a.fits", checksum=True) as hdus:
        assert hdus["ISGR-DETE-SHD"].header["SWID"] == "255900280010"
        assert hdus["ISGR-DETE-SHD"].header["ENERLVL"] == "lines"


def test_bins_of_one_live_part_share_it(tmp_path):
    old = window("255900280010", 2)
    second = replace(old.cubes[1], ontime=500.0, live_time=old.cubes[0].live_time * np.float32(500 / 1000.1))
    write_windows([replace(old, cubes=(old.cubes[0], second))], tmp_path / "w.fits")
    with fits.open(tmp_path / "w.fits") as hdus:
        assert [hdu.name for hdu in hdus].count("ISGR-LIVE-SHD") == 1
    (new,) = read_windows(tmp_path / "w.fits")
    assert new.cubes[1].live_time == pytest.approx(second.live_time, rel=1e-6)


def test_no_clock_is_in_the_file(tmp_path, monkeypatch):
    written = []
    for instant in (1e9, 2e9):
        monkeypatch.setattr("time.time", lambda instant=instant: instant)
        write_windows([window("255900280010")], tmp_path / "w.fits")
        written.append((tmp_path / "w.fits").read_bytes())
    assert written[0] == written[1]
    # What gzip would begin with, and its clock after it.
    assert b"\x1f\x8b\x08" not in written[0]


@pytest.mark.parametrize(("most", "wanted"), [(9, "123456"), (3, "246"), (2, "25"), (1, "4")])
def test_some_windows_are_taken_evenly_from_all_files(tmp_path, most, wanted):
    for name, numbers in {"a": "123", "b": "4", "none": "", "c": "56"}.items():
        write_windows([window(f"25590{n}00010", arrays=False) for n in numbers], tmp_path / f"{name}.fits")
    read = read_some_windows([tmp_path / f"{name}.fits" for name in ("a", "b", "none", "c")], most)
    assert [one.swid for one in read] == [f"25590{n}00010" for n in wanted]
    assert read_some_windows([tmp_path / "none.fits"], most) == []


def test_a_file_without_windows_is_a_file(tmp_path):
    write_windows([], tmp_path / "w.fits")
    assert read_windows(tmp_path / "w.fits") == []


def test_windows_of_two_grids_do_not_share_a_file(tmp_path):
    one = window("255900280010")
    with pytest.raises(ValueError, match="one grid"):
        write_windows([one, replace(one, energies=ENERGIES + 1)], tmp_path / "w.fits")


def test_other_files_are_refused(tmp_path):
    path = event_file(tmp_path / "e.fits", columns(10))
    with pytest.raises(InputError, match=r"e\.fits: is no shadowgram file"):
        read_windows(path)
    write_windows([window("255900280010")], tmp_path / "w.fits")
    cut = tmp_path / "cut.fits"
    cut.write_bytes((tmp_path / "w.fits").read_bytes()[:60_000])
    with pytest.raises(InputError, match=r"cut\.fits: cannot be read as a shadowgram file"):
        read_windows(cut)
    with pytest.raises(InputError, match=r"none\.fits: cannot be read"):
        read_windows(tmp_path / "none.fits")
