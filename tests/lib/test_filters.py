"""Band pass and notch against gwpy on real data, and against what a zero-phase filter must do."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from gwpy.timeseries import TimeSeries

from tidings.errors import InputError
from tidings.gw.filters import bandpass, notch

STRAIN = Path(__file__).parents[2] / "data/gw/strain"
FILES = ["H-H1_LOSC_4_V2-1126259446-32.hdf5", "H-H1_MMODA_4KHZ-1187008880-4.hdf5"]
RATE = 4096.0


def strain(name):
    with h5py.File(STRAIN / name) as file:
        return file["strain/Strain"][()]


def assert_same(ours, theirs):
    assert np.corrcoef(ours, theirs)[0, 1] > 0.999999
    assert np.abs(ours - theirs).max() < 1e-9 * np.abs(theirs).max()


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("low", "high"), [(30, 400), (50, 250), (20, 1024), (10, 1300)])
def test_bandpass_is_that_of_gwpy(name, low, high):
    x = strain(name)
    assert_same(bandpass(x, RATE, low, high), TimeSeries(x, sample_rate=RATE).bandpass(low, high).value)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("line", [60, 120.03, 500])
def test_notch_is_that_of_gwpy(name, line):
    x = strain(name)
    assert_same(notch(x, RATE, line), TimeSeries(x, sample_rate=RATE).notch(line).value)


def tone(frequency, rate=RATE):
    return np.sin(2 * np.pi * frequency * np.arange(int(8 * rate)) / rate)


def gain(filtered, frequency, rate=RATE):
    """Complex amplitude of a tone in the middle of the record; its phase is the delay."""
    middle = slice(int(3 * rate), int(5 * rate))
    wave = np.exp(-2j * np.pi * frequency * np.arange(filtered.size) / rate)
    return 2j * np.mean((filtered * wave)[middle])


@pytest.mark.parametrize("frequency", [35, 100, 380])
def test_tones_in_the_band_pass_without_delay(frequency):
    found = gain(bandpass(tone(frequency), RATE, 30, 400), frequency)
    # Two passes with at most 2 dB of ripple each.
    assert 10 ** (-4.01 / 20) < abs(found) < 1.001
    assert abs(np.angle(found)) < 1e-4


@pytest.mark.parametrize("frequency", [15, 20, 600, 1000])
def test_tones_beyond_the_stop_bands_are_60_db_down(frequency):
    assert abs(gain(bandpass(tone(frequency), RATE, 30, 400), frequency)) < 1e-3


def test_a_corner_close_to_nyquist():
    # 1.5 x 450 Hz lies above the Nyquist frequency of the 1024 Hz files; gwpy refuses that.
    assert abs(gain(bandpass(tone(200, 1024.0), 1024.0, 20, 450), 200, 1024.0)) > 0.6
    assert abs(gain(bandpass(tone(505, 1024.0), 1024.0, 20, 450), 505, 1024.0)) < 1e-3


def test_notch_takes_the_line_and_leaves_the_rest():
    assert abs(gain(notch(tone(60), RATE, 60), 60)) < 0.11
    for frequency in (57, 63, 120):
        assert abs(gain(notch(tone(frequency), RATE, 60), frequency)) > 0.79


def test_filters_commute_with_time_reversal():
    x = np.zeros(int(4 * RATE))
    x[x.size // 2] = 1.0
    for filtered in (bandpass(x, RATE, 30, 400), notch(x, RATE, 60)):
        # The padding at either end is not symmetric and rings on a little, in the notch most of all.
        assert np.abs(filtered[1:] - filtered[:0:-1]).max() < 1e-5 * np.abs(filtered).max()


@pytest.mark.parametrize(
    ("low", "high", "rate"),
    [(30, 600, 1024.0), (400, 30, RATE), (0, 100, RATE), (30, 512, 1024.0), (-5, 50, RATE)],
)
def test_corners_that_cannot_be(low, high, rate):
    with pytest.raises(InputError, match=r"0 < low < high < (512|2048) Hz"):
        bandpass(np.zeros(10000), rate, low, high)


@pytest.mark.parametrize("line", [0.5, 511.5, 512, 3000, -60])
def test_notches_that_do_not_fit(line):
    with pytest.raises(InputError, match="between 1 and 511 Hz"):
        notch(np.zeros(10000), 1024.0, line)


def test_missing_samples_are_refused():
    x = tone(60)
    x[100:103] = [np.nan, np.inf, np.nan]
    for run in (lambda: bandpass(x, RATE, 30, 400), lambda: notch(x, RATE, 60)):
        with pytest.raises(InputError, match="3 of 32768 samples are not finite"):
            run()


def test_too_few_samples():
    with pytest.raises(InputError, match="20 samples are too few"):
        bandpass(np.zeros(20), RATE, 30, 400)
