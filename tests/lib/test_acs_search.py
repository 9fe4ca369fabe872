"""Search of SPI-ACS counts: known injections, and what background alone gives."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from acs import RATE, SAMPLE, T0, background, make, without
from suite import ROOT
from tidings.acs.counts import read_counts
from tidings.acs.false_alarm import (
    false_alarm_probability,
    false_alarm_rate,
    published_fap,
    published_far,
)
from tidings.acs.long_search import pieces, search_long
from tidings.acs.search import merge_order, search, search_scales
from tidings.acs.search_product import excess_table
from tidings.errors import InputError

TRIALS = 1000
SCALES = search_scales(SAMPLE) * SAMPLE


def test_scales_are_128_from_a_sample_to_half_a_minute():
    assert (len(SCALES), SCALES[0], SCALES[-1]) == (128, 0.05, 30.0)
    assert set(np.arange(10, 601, 10)) <= set(search_scales(SAMPLE))
    coarse = search_scales(0.1)
    assert (coarse[0], coarse[-1]) == (1, 300)


def least(found, half: float) -> float:
    """Return the least false-alarm probability of what was found within `half` seconds of the epoch."""
    return false_alarm_probability(
        found.snr, found.scale, found.middle, SCALES, half, half, spikes=False
    ).min()


@pytest.fixture(scope="module")
def trials():
    """Largest S/N, and least false-alarm probabilities, of searches of background alone."""
    rng = np.random.default_rng(2023)
    rows = []
    for _ in range(TRIALS):
        found, statistics = search(make(background(12000, rng)))
        published = published_fap(found.snr, found.scale, found.middle, spikes=False)
        rows.append((statistics.snr.max(), least(found, 300), published.min()))
    return np.array(rows).T


def test_largest_of_background_alone(trials):
    half, most, nearly_all = np.percentile(trials[0], [50, 95, 99])
    assert half == pytest.approx(4.25, abs=0.1)
    assert most == pytest.approx(4.85, abs=0.1)
    assert nearly_all <= 5.3


@pytest.mark.parametrize("probability", [0.02, 0.1, 0.3])
def test_false_alarm_probability_is_one(trials, probability):
    expected = TRIALS * probability
    below = (trials[1] < probability).sum()
    assert abs(below - expected) < 2.5 * np.sqrt(expected * (1 - probability))


def test_published_probability_leaves_the_trials_out(trials):
    assert (trials[2] < 0.1).mean() > 0.7


@pytest.mark.parametrize("half", [100, 1000])
def test_probability_holds_for_other_intervals(half):
    rng = np.random.default_rng(half)
    n = 60 if half == 1000 else 200
    values = []
    for _ in range(n):
        found, _ = search(make(background(40 * half, rng)))
        values.append(least(found, half))
    assert abs((np.array(values) < 0.3).sum() - 0.3 * n) < 3 * np.sqrt(0.21 * n)


def test_rate_of_background_excesses():
    rng = np.random.default_rng(3)
    n, level = 60, 1e-3
    found = [search(make(background(12000, rng)))[0] for _ in range(n)]
    seen = sum((false_alarm_rate(e.snr, e.scale, SCALES, spikes=False) < level).sum() for e in found)
    expected = level * 600 * n
    assert abs(seen - expected) < 3.5 * np.sqrt(expected)


def test_published_formulae_at_values_worked_out_by_hand():
    # S/N 6 at 0.1 s, 2 s away: 60 spikes a day above 6 at that scale.
    assert published_far(6.0, 0.1) == pytest.approx(60 / 86400 + 9.87e-10 / 0.1, rel=1e-3)
    assert published_fap(6.0, 0.1, -2.0) == pytest.approx(2 * 6.944e-4 * 2 * (1 + np.log(300)), rel=1e-3)
    # At 10 s spikes are a hundred times fewer; a tenth of a second away counts as the scale.
    assert published_far(6.0, 10.0) == pytest.approx(60 / 86400 / 100, rel=1e-3)
    assert published_fap(6.0, 10.0, 0.1) == published_fap(6.0, 10.0, 10.0)
    assert published_far(5.0, 1.0, spikes=False) == pytest.approx(norm.sf(5.0))


def test_probabilities_grow_with_distance_length_and_weakness():
    def fap(snr=5.0, delay=1.0, length=300.0, spikes=False):
        return false_alarm_probability(snr, 0.1, delay, SCALES, length, length, spikes)[0]

    assert fap(delay=0.1) < fap() < fap(delay=-10.0) < fap(delay=100.0) <= 1
    assert fap(snr=6.0) < fap()
    assert fap(length=100.0) < fap()
    assert fap(spikes=True) > fap()
    assert fap(snr=50.0) < 1e-100
    # Never more than all windows apart could give.
    assert fap(snr=7.0) <= 2 * 128 * norm.sf(7.0) / 0.1 * 2 * (1 + np.log(300 / 0.05))


@pytest.mark.parametrize("place", [0, 1])
def test_five_sigma_at_a_tenth_of_a_second_are_found_as_such(place):
    rng = np.random.default_rng(11)
    excess = 5 * 1.1 * np.sqrt(RATE * 0.1)
    fixed, free, times = [], [], []
    for _ in range(150):
        values = background(12000, rng)
        values[6000 + place : 6002 + place] += excess / 2
        found, _ = search(make(values), shortest=0.1, longest=0.1)
        at = np.abs(found.middle - (0.05 + place * SAMPLE)) < 1e-6
        fixed.append(found.snr[at][0] if at.any() else np.nan)
        every, _ = search(make(values))
        near = np.abs(every.middle - 0.05) < 0.5
        free.append(every.snr[near].max(initial=0))
        times.append(every.middle[near][np.argmax(every.snr[near])] if near.any() else np.nan)
    assert np.nanmean(fixed) == pytest.approx(5.0, abs=0.2)
    # The best of all scales and places is a little higher: noise helps wherever it can.
    assert np.mean(free) == pytest.approx(5.1, abs=0.3)
    assert np.nanmedian(times) == pytest.approx(0.05 + place * SAMPLE, abs=0.03)


@pytest.mark.parametrize("length", [0.5, 3.0, 12.0])
def test_scale_of_a_burst_is_found(length):
    rng = np.random.default_rng(7)
    values = background(12000, rng)
    n = round(length / SAMPLE)
    values[5000 : 5000 + n] += 20 * 1.1 * np.sqrt(RATE * length) / n
    found, statistics = search(make(values))
    assert found.snr[0] == pytest.approx(20, abs=3)
    assert found.scale[0] == pytest.approx(length, rel=0.35)
    assert found.start[0] == pytest.approx(-50, abs=0.3 * length)
    assert found.counts[0] - found.expected[0] == pytest.approx(20 * 1.1 * np.sqrt(RATE * length), rel=0.2)
    # The burst is not taken for scatter.
    assert statistics.used == pytest.approx(1.1, rel=0.3)


def test_grb_230307a():
    counts = read_counts(ROOT / "data/acs/GRB230307A_spiacs_lc.fits")
    found, statistics = search(counts)
    # Fermi's trigger, 15:44:06.67 UTC (Dalessi & Roberts, GCN Circ. 33411), is -89.3 s of the file's epoch.
    assert found.snr[0] > 1000
    assert -90 < found.start[0] < -80
    # In bins of 0.1 s the highest is the published peak.
    assert statistics.scale[0] == pytest.approx(0.1)
    assert statistics.time[0] == pytest.approx(-85.55, abs=1e-3)


def test_spike_is_told_from_a_burst():
    rng = np.random.default_rng(8)
    values = background(12000, rng)
    values[3000] += 900
    values[9000:9004] += [300, 500, 300, 200]
    found, _ = search(make(values))
    assert found.spike[np.abs(found.middle + 149.975) < 0.1].tolist() == [True]
    assert found.spike[np.abs(found.middle - 150.1) < 0.2].tolist() == [False]


def test_windows_with_gaps_are_passed_over_and_the_rest_is_searched():
    rng = np.random.default_rng(9)
    values = background(12000, rng)
    values[6000:6020] += 200
    whole = make(values)
    # The edges of a gap must give nothing.
    found, statistics = search(without(whole, (-100, -60), (20, 20.5), (90, 150)))
    assert found.start[0] == pytest.approx(0, abs=0.1)
    assert found.snr[0] > 9
    rest = np.abs(found.middle) > 1
    assert found.snr[rest].max() < 5
    assert (statistics.windows < search(whole)[1].windows).all()


def test_invalid_samples_do_not_count():
    rng = np.random.default_rng(10)
    counts = make(background(12000, rng))
    counts.counts[5000:5100] = np.nan
    counts.exposure[5000:5100] = 0
    found, statistics = search(counts)
    assert np.isfinite(found.snr).all()
    assert statistics.snr.max() < 5.3


def test_merging_keeps_the_strongest_of_close_ones():
    middle, scale = np.array([0.0, 0.04, 5.0, 5.9, 40.0]), np.array([0.1, 0.05, 1.0, 0.1, 10.0])
    snr = np.array([4.0, 6.0, 8.0, 5.0, 3.5])
    assert merge_order(middle, scale, snr).tolist() == [2, 1, 4]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shortest": 40.0}, "no time scale lies between 40 and 30 s"),
        ({"exclude": ((-299.0, 299.0),)}, "of background are too few"),
    ],
)
def test_search_that_cannot_be_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        search(make(background(12000, np.random.default_rng(1))), **change)


def parts(n: int, length: int, bursts: tuple[float, ...] = (), seed: int = 4):
    """Records of samples of 50 ms that follow each other, with bursts of half a second."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        first = k * length
        t = (first + np.arange(length)) * SAMPLE
        values = background(length, rng, RATE * (1 + 0.05 * np.sin(t / 20000)))
        for burst in bursts:
            values[(t >= burst - 1e-9) & (t < burst + 0.5 - 1e-9)] += 300
        yield make(values, start=first * SAMPLE)


def test_long_record_is_searched_in_pieces_as_in_one():
    # A burst on the border of two pieces, one on that of two records, one in the overlap.
    bursts = (1999.75, 3600.0, 4100.0)
    found, statistics = search_long(parts(3, 40000, bursts), length=2000.0)
    assert sorted(found.start[found.snr > 8]) == pytest.approx(bursts, abs=0.11)
    assert (found.snr > 8).sum() == 3
    assert statistics.windows[0] >= 120000
    assert statistics.used == pytest.approx(1.1, rel=0.05)


def test_pieces_overlap_but_not_over_gaps():
    a, b = parts(2, 20000)
    late = replace(b, start=b.start + 5000)
    cut = list(pieces([a, late], length=400.0, overlap=100.0))
    assert all(piece.end[-1] - piece.start[0] <= 500 + SAMPLE for piece in cut)
    assert [round(float(piece.start[0])) for piece in cut] == [0, 400, 800, 6000, 6400, 6800]
    assert sum(len(np.unique(piece.start)) for piece in cut) == 40000 + 4 * 2000


def test_memory_of_a_long_search_is_bounded():
    def peak(n: int) -> int:
        tracemalloc.start()
        search_long(parts(n, 40000), length=2000.0)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    search_long(parts(1, 40000), length=2000.0)
    assert peak(6) < 1.3 * peak(2)


def test_records_that_are_not_one_are_refused():
    a, b = parts(2, 20000)
    with pytest.raises(InputError, match="in order of time, without overlap"):
        list(pieces([b, a]))
    with pytest.raises(InputError, match="are not one search"):
        list(pieces([a, replace(b, width=b.width * 2)]))
    with pytest.raises(InputError, match="125 ms"):
        list(pieces([a, replace(b, offset_applied=0.125)]))
    with pytest.raises(InputError, match="no counts to search"):
        search_long([])


def test_excesses_that_touch_are_one_event():
    rng = np.random.default_rng(12)
    values = background(12000, rng)
    values[6000:6800] += 300 * np.exp(-np.arange(800) / 200)
    found, statistics = search(make(values))
    table = excess_table(found, statistics, T0, (-300, 300))
    first = table[table["event"] == 1]
    assert len(first) > 1
    assert first["time"].max() < 60
    assert sorted(set(table["event"])) == list(range(1, table["event"].max() + 1))
    assert list(table["fap"]) == sorted(table["fap"])
    assert "fap" not in excess_table(found, statistics, T0).colnames
