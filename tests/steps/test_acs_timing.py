"""The step acs_timing, and GRB 170817A from light curve to time at the centre of the Earth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table

from acs_burst import acs_burst
from acs_curves import as_counts, curve
from acs_timing import acs_timing
from suite import ROOT
from tidings.acs.counts import CLOCK_OFFSET, read_counts
from tidings.acs.orbit import direction
from tidings.lightcurve.counts import Position
from tidings.lightcurve.curve import make_lightcurve
from tidings.lightcurve.product import write_lightcurve
from tidings.step import main, run
from tidings.times import parse_time

ORBIT = ROOT / "data/integral/118900580010_sc_orbit_param.fits.gz"
NGC4993 = (197.4487, -23.3839)
# GW170817 at the centre of the Earth (Abbott et al. 2017, ApJ 848, L13); SPI-ACS saw GRB 170817A 1.88 s later
# there, with a signal-to-noise ratio of 4.6 in 0.1 s; light took 148.96 ms from it (Savchenko et al. 2017,
# ApJ 848, L15).
T_GW, LATER, TRAVEL, SNR = 1187008882.43, 1.88, 0.14896, 4.6


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spacecraft() -> Position:
    """A place 116,867.9 km away that light from NGC 4993 reaches 148.96 ms before the centre of the Earth."""
    source = direction(*NGC4993)
    across = np.cross(source, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    cosine = TRAVEL * 299792.458 / 116867.9
    x, y, z = cosine * source + np.sqrt(1 - cosine**2) * across
    ra, dec = np.degrees(np.arctan2(y, x)) % 360, np.degrees(np.arcsin(z))
    return Position(round(float(ra), 4), round(float(dec), 4), 116867.9)


def grb170817a() -> None:
    """Write the light curve as the telemetry stamps it: 125 ms behind UTC (GCN Circ. 2568)."""
    background, length = 1e5, 400.0
    _, _, rate, _ = curve(length=length, background=background, seed=170817)
    first = round(length / 2 / 0.05)
    # Two samples that hold what was published, and no noise of their own.
    rate[first : first + 2] = background + SNR * 1.1 * np.sqrt(background * 0.1) / 0.1
    stamped = T_GW + LATER - TRAVEL - CLOCK_OFFSET
    counts = as_counts(rate, start=-first * 0.05, position=spacecraft())
    counts = replace(counts, epoch=stamped)
    write_lightcurve(make_lightcurve(counts, 0.1, order=1, align=0.0), "lightcurve.fits", {})


def test_grb170817a_is_found_as_published_with_the_clock_corrected_the_right_way(folder):
    grb170817a()
    run(acs_burst, lightcurve="lightcurve.fits", burst_start=-0.5, burst_end=0.6)
    burst = Table.read("burst.ecsv", format="ascii.ecsv")[0]
    assert burst["peak_rate"] / burst["peak_rate_error"] == pytest.approx(SNR, abs=0.25)
    assert burst["peak_scale"] == pytest.approx(0.1)
    times = [str(burst["peak_gps"] - 0.05)]
    options = {"lightcurve": "lightcurve.fits", "ra": NGC4993[0], "dec": NGC4993[1], "times": times}
    run(acs_timing, **options, clock_offset=CLOCK_OFFSET)
    row = Table.read("timing.ecsv", format="ascii.ecsv")[0]
    assert row["geocentric_delay"] == pytest.approx(TRAVEL, abs=1e-6)
    assert row["geocentre_gps"] - T_GW == pytest.approx(LATER, abs=0.001)
    # Taken off, the correction would leave a quarter of a second.
    run(acs_timing, **options, clock_offset=-CLOCK_OFFSET)
    wrong = Table.read("timing.ecsv", format="ascii.ecsv")[0]
    assert wrong["geocentre_gps"] - T_GW == pytest.approx(LATER - 0.25, abs=0.001)


def test_offset_is_that_of_the_reader():
    path = ROOT / "data/acs/ipnlc_20080319T053500.txt"
    raw, corrected = read_counts(path), read_counts(path, add_offset=True)
    later = corrected.epoch + corrected.start[0] - raw.epoch - raw.start[0]
    assert later == pytest.approx(CLOCK_OFFSET, abs=1e-6)
    assert CLOCK_OFFSET == 0.125


def test_orbit_file_and_table_of_times(folder):
    Table({"name": ["a", "b"], "t05_gps": [1026009909.0, 1026009950.0]}).write(
        "burst.ecsv", format="ascii.ecsv"
    )
    run(acs_timing, orbit=ORBIT, table="burst.ecsv", times=["2012-07-11T02:44:53"], ra=94.67, dec=-71.0)
    table = Table.read("timing.ecsv", format="ascii.ecsv")
    assert list(table["label"]) == [
        "2012-07-11T02:44:53",
        "burst.ecsv row 1 t05_gps",
        "burst.ecsv row 2 t05_gps",
    ]
    assert table["gps"][0] == parse_time("2012-07-11T02:44:53")
    # The spacecraft was high in the north, the source in the south: it saw it late.
    assert (table["geocentric_delay"] < -0.3).all()
    assert (table["delay_error"] < 1e-4).all()


def test_position_given_wins_over_that_of_the_light_curve(folder):
    grb170817a()
    options = {"ra": 10.0, "dec": 20.0, "times": ["2017-08-17T12:41:06"], "lightcurve": "lightcurve.fits"}
    run(acs_timing, **options, position="10 20 299792.458")
    assert Table.read("timing.ecsv", format="ascii.ecsv")["geocentric_delay"][0] == pytest.approx(1.0)


def test_elements(folder):
    options = {"elements": ROOT / "data/integral/integral_tle_examples.txt", "ra": 94.67, "dec": -71.0}
    run(acs_timing, **options, times=["2020-05-08T00:00:00"])
    row = Table.read("timing.ecsv", format="ascii.ecsv")[0]
    assert "d old" in row["position_source"]
    assert 0.5e-3 < row["delay_error"] < 2e-3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "no times are given"),
        (["--times", "2012-07-11T02:44:53"], "position of the spacecraft is missing"),
        (["--times", "2012-07-11T05:00:00", "--orbit", str(ORBIT)], "not 2012-07-11T05:00:00"),
        (["--times", "yesterday", "--orbit", str(ORBIT)], "cannot read 'yesterday' as a time"),
        (["--times", "2012-07-11T02:44:53", "--position", "here"], "cannot read 'here' as a position"),
        (["--times", "2012-07-11T02:44:53", "--orbit", "none.fits"], "no such file"),
    ],
)
def test_bad_input_is_refused(folder, capsys, arguments, message):
    assert main(acs_timing, ["--ra", "94.67", "--dec", "-71", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "timing.ecsv").exists()


def test_old_elements_are_refused(folder, capsys):
    elements = str(ROOT / "data/integral/integral_tle_examples.txt")
    arguments = ["--ra", "1", "--dec", "2", "--times", "2023-03-07T15:44:10", "--elements", elements]
    assert main(acs_timing, arguments) == 1
    assert "max_age" in capsys.readouterr().err
