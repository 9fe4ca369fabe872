"""Durations, counts and peak rates: analytic pulses, simulated ones, and GRB 230307A."""

from __future__ import annotations

import numpy as np
import pytest

from acs_curves import BIN, curve, fred, fred_durations
from suite import ROOT
from tidings.acs.burst_product import burst_summary, burst_table
from tidings.acs.conversions import CONVERSIONS
from tidings.acs.counts import read_counts
from tidings.errors import InputError
from tidings.lightcurve._levels import Curve, fit_polynomial
from tidings.lightcurve.bursts import bootstrap_durations, measure_burst
from tidings.lightcurve.curve import make_lightcurve


def box(start: float, length: float, height: float):
    return lambda t: height * ((t >= start) & (t < start + length))


@pytest.fixture(scope="module")
def grb230307a():
    data = read_counts(ROOT / "data/acs/GRB230307A_spiacs_lc.fits")
    return make_lightcurve(data, 0.1, order=1)


@pytest.fixture(scope="module")
def measured(grb230307a):
    c = grb230307a
    columns = (c.time, c.width, c.rate, c.error)
    return measure_burst(*columns, good=c.good, exposure=c.exposure, high_rate=c.monitor.high_rate)


def test_grb230307a_has_the_published_durations(measured):
    # Konus-Wind, 100-1700 keV: T50 9.17 +- 0.04 s, T90 31.2 +- 0.4 s (Svinkin et al. 2023, GCN Circ. 33579).
    # SPI-ACS counts all above 75 keV alike, and the burst softened: its T90 is a little shorter.
    assert measured.t50 == pytest.approx(9.17, abs=0.2)
    assert 27.5 < measured.t90 < 31.6
    assert 0.02 < measured.t90_error < 0.2
    assert measured.t90_background < 0.5


def test_grb230307a_ends_when_integral_saw_it_end(measured, grb230307a):
    # No emission past T0 + 129 s, T0 = 2023-03-07 15:44:07 (Savchenko et al. 2023, GCN Circ. 33472).
    seen = 1362239065.0 - grb230307a.epoch
    assert measured.start < seen < measured.times["t05"] + 3
    assert measured.stop > seen + 125


def test_grb230307a_peaks_where_the_file_does(measured, grb230307a):
    middle, rate, _ = measured.peaks[0.1]
    # The bin of 1,743,640 counts/s at -85.55 s of the file's own zero.
    assert middle == pytest.approx(-85.55, abs=0.06)
    assert rate == pytest.approx(1743640 - 90650, rel=0.001)


def test_grb230307a_is_said_to_lack_dead_time_correction(measured):
    assert "HIGH_RATE" in measured.flags


def test_grb230307a_has_the_fluence_integral_gave(measured):
    # "A likely close lower limit ... 0.0015" erg/cm2 in 75-2000 keV (GCN Circ. 33472), 74 deg from the axis.
    for name in ("short", "long", "typical"):
        assert 0.0012 < CONVERSIONS[name].convert(measured.counts, 0.97) < 0.0024


def test_box_has_nine_tenths_and_one_half_of_its_length():
    burst = measure_burst(*curve(box(50, 10, 2e4), seed=None), interval=(45, 65))
    assert burst.t90 == pytest.approx(9.0, abs=0.01)
    assert burst.t50 == pytest.approx(5.0, abs=0.01)
    assert burst.counts == pytest.approx(2e5, rel=1e-3)
    assert burst.times["t05"] == pytest.approx(50.5, abs=0.01)


def test_slope_of_the_background_is_taken_out():
    burst = measure_burst(*curve(box(50, 10, 2e4), slope=30.0, seed=None), interval=(45, 65))
    assert burst.counts == pytest.approx(2e5, rel=1e-3)
    assert burst.t90 == pytest.approx(9.0, abs=0.02)


def test_simulated_burst_of_ten_sigma_a_bin_is_right_within_a_tenth():
    # 10 sigma in a bin of 50 ms: 740 counts. Nine of ten must be; the rest is noise of the background.
    t90, t50, _ = fred_durations(5.0, 10.0)
    ratios = []
    for seed in range(20):
        data = curve(lambda t: 14800 * fred(t, 80, 5.0, 10.0), length=200, seed=seed)
        burst = measure_burst(*data)
        ratios.append((burst.t90 / t90, burst.t50 / t50))
    within = np.abs(np.array(ratios) - 1) < 0.1
    assert within.mean(axis=0)[0] >= 0.85
    assert within.mean(axis=0)[1] == 1.0
    assert np.abs(np.mean(ratios, axis=0) - 1).max() < 0.04


def test_errors_are_the_scatter_of_simulated_bursts():
    t90, t50, integral = fred_durations(1.0, 3.0)
    pulls = []
    for seed in range(40):
        burst = measure_burst(*curve(lambda t: 30000 * fred(t, 55, 1.0, 3.0), length=150, seed=seed))
        pulls.append(
            (
                (burst.t90 - t90) / burst.t90_error,
                (burst.t50 - t50) / burst.t50_error,
                (burst.counts - 30000 * integral) / burst.counts_error,
            )
        )
    # The standard deviation of 40 pulls is known to 11 %; the interval that is found adds a little.
    assert np.all(np.std(pulls, axis=0) < 1.4)
    assert np.all(np.std(pulls, axis=0) > 0.6)
    assert np.all(np.abs(np.mean(pulls, axis=0)) < 0.6)


def test_bootstrap_agrees_with_the_propagated_error():
    data = curve(lambda t: 30000 * fred(t, 55, 1.0, 3.0), length=150, seed=3)
    burst = measure_burst(*data)
    t90, t50 = bootstrap_durations(*data, burst, trials=60, seed=1)
    assert 0.5 < t90 / burst.t90_error < 1.7
    assert 0.5 < t50 / burst.t50_error < 1.7
    assert bootstrap_durations(*data, burst, trials=5, seed=1) == bootstrap_durations(
        *data, burst, trials=5, seed=1
    )


def test_peak_rates_at_the_sample_and_at_a_second():
    burst = measure_burst(*curve(box(50, 0.5, 8e4), seed=None), interval=(49, 52))
    assert burst.peaks[BIN][1] == pytest.approx(8e4, rel=0.01)
    assert burst.peaks[1.0][1] == pytest.approx(4e4, rel=0.01)
    assert burst.peaks[1.0][0] == pytest.approx(50.25, abs=0.5)


def test_monotone_curve_crosses_each_level_once():
    levels = Curve.monotone(np.arange(6.0), np.array([0, 3, 1, 2, 10, 9.0]))
    assert (np.diff(levels.counts) >= 0).all()
    assert levels.time(-1) == 0
    assert levels.time(99) == 5
    assert levels.time(2.0) == pytest.approx(2.0)


def test_background_is_not_biased_towards_low_counts():
    start, width, rate, _ = curve(background=400.0, noise=1.0, length=2000)
    fit = fit_polynomial(start, width, rate, np.ones(len(start), bool), 1)
    # Weights of 1/counts would give 400 less one count a bin: 380.
    assert fit.rate.mean() == pytest.approx(400, abs=4)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("GAP", lambda good, saturated: good.__setitem__(slice(1060, 1080), False)),
        ("SATURATED", lambda good, saturated: saturated.__setitem__(1100, True)),
    ],
)
def test_what_is_wrong_inside_the_burst_is_flagged(name, change):
    data = curve(box(50, 10, 2e4))
    good, saturated = np.ones(len(data[0]), bool), np.zeros(len(data[0]), bool)
    assert name not in measure_burst(*data, good=good, saturated=saturated).flags
    change(good, saturated)
    burst = measure_burst(*data, good=good, saturated=saturated)
    assert name in burst.flags
    assert burst.missing == pytest.approx(1.0 if name == "GAP" else 0.0, abs=1e-6)


def test_gap_outside_the_burst_changes_nothing():
    data = curve(box(50, 10, 2e4))
    good = np.ones(len(data[0]), bool)
    good[100:120] = False
    burst = measure_burst(*data, good=good, interval=(45, 65))
    assert "GAP" not in burst.flags
    assert burst.t90 == pytest.approx(9.0, abs=0.3)


def test_particle_in_one_sample_is_flagged():
    burst = measure_burst(*curve(box(50, BIN, 4e4)), interval=(49.5, 50.5))
    assert "SPIKE" in burst.flags
    assert "SPIKE" not in measure_burst(*curve(box(50, 1, 4e4)), interval=(49.5, 51.5)).flags


def test_weak_burst_and_narrow_interval_are_flagged():
    data = curve(box(50, 4, 1500))
    assert "WEAK" in measure_burst(*data, interval=(48, 56)).flags
    strong = curve(box(50, 10, 2e4), seed=None)
    assert "BOUNDED" in measure_burst(*strong, interval=(50.0, 50.05)).flags


@pytest.mark.parametrize(
    ("signal", "options", "message"),
    [
        (None, {}, "no burst"),
        (box(50, 5, 2e4), {"interval": (10, 60)}, "s of background before the burst"),
        (box(50, 5, 2e4), {"interval": (40, 110)}, "s of background after the burst"),
        (box(50, 5, 2e4), {"interval": (60, 50)}, "before it starts"),
        (box(50, 5, 2e4), {"interval": (-10, 60)}, "not within the light curve"),
        (box(50, 5, -2e4), {"interval": (45, 65)}, "no counts above background"),
        (box(5, 5, 2e4), {}, "s of background before the burst"),
    ],
)
def test_bad_input_is_refused(signal, options, message):
    with pytest.raises(InputError, match=message):
        measure_burst(*curve(signal), **options)


def test_light_curve_without_data_is_refused():
    start, width, rate, error = curve()
    with pytest.raises(InputError, match="0 good bins"):
        measure_burst(start, width, np.full_like(rate, np.nan), error)


def test_table_and_summary_say_the_same(measured):
    table = burst_table(measured, 1e9, 1e9 - 100, CONVERSIONS["long"], 0.5, "GRB")
    assert table["t05"][0] == pytest.approx(measured.times["t05"] + 100)
    assert table["t05_gps"][0] == pytest.approx(1e9 + measured.times["t05"])
    assert table["fluence"][0] == pytest.approx(measured.counts * CONVERSIONS["long"].fluence / 0.5)
    assert table["fluence"].unit == "erg / cm2"
    assert table.meta["spectrum"].startswith("Band function")
    summary = burst_summary(table, measured, 0.5)
    assert summary["properties"]["t90"]["value"] == measured.t90
    assert summary["fluence"]["long"]["fluence_erg_cm2"] == table["fluence"][0]
    assert set(summary["caveats"]) == set(measured.flags)
