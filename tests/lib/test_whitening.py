"""Noise spectra and whitening: against analytic noise and against gwpy on real strain."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy import signal

from tidings.errors import InputError
from tidings.gw import psd, whitening

STRAIN = Path(__file__).parents[2] / "data" / "gw" / "strain"
GW150914 = STRAIN / "H-H1_LOSC_4_V2-1126259446-32.hdf5"
GW170817 = STRAIN / "H-H1_MMODA_4KHZ-1187008880-4.hdf5"


def read(path: Path) -> tuple[np.ndarray, int, float]:
    with h5py.File(path) as file:
        data = file["strain/Strain"]
        return data[()], round(1 / data.attrs["Xspacing"]), float(data.attrs["Xstart"])


def test_median_bias_is_the_expected_median_of_exponentials():
    rng = np.random.default_rng(1)
    for n in (1, 2, 5, 8, 31):
        medians = np.median(rng.exponential(size=(200_000, n)), axis=1)
        assert medians.mean() == pytest.approx(psd.median_bias(n), rel=5e-3)


def test_asd_of_white_noise_is_its_density():
    rate, sigma = 1024, 3.0
    x = sigma * np.random.default_rng(2).standard_normal(256 * rate)
    frequency, density = psd.asd(x, rate, fftlength=1.0, overlap=0.5)
    assert frequency[-1] == rate / 2
    assert np.mean(density[2:-1] ** 2) == pytest.approx(2 * sigma**2 / rate, rel=0.01)


def test_asd_of_a_sine_holds_its_power():
    rate, amplitude = 512, 2.0
    t = np.arange(16 * rate) / rate
    frequency, density = psd.asd(amplitude * np.sin(2 * np.pi * 60 * t) + 7.0, rate)
    # Segments are identical, so that their median is the value itself; the bias is that of 8 segments.
    power = np.sum(density**2) * frequency[1] * psd.median_bias(8)
    assert power == pytest.approx(amplitude**2 / 2, rel=1e-6)
    assert frequency[np.argmax(density)] == 60


@pytest.mark.parametrize("overlap", [0.0, 1.0])
def test_asd_agrees_with_scipy_on_real_strain(overlap):
    x, rate, _ = read(GW150914)
    _, expected = signal.welch(
        x, rate, nperseg=2 * rate, noverlap=int(overlap * rate), average="median", detrend="constant"
    )
    _, density = psd.asd(x, rate, 2.0, overlap)
    np.testing.assert_allclose(density, np.sqrt(expected), rtol=1e-8)


def test_asd_leaves_out_segments_that_touch_bad_samples():
    rate = 256
    x = np.random.default_rng(3).standard_normal(40 * rate)
    clean = psd.asd(x[: 20 * rate], rate)[1]
    good = np.ones(x.size, dtype=bool)
    good[20 * rate :] = False
    spoiled = x.copy()
    spoiled[20 * rate :] = 1e6
    np.testing.assert_array_equal(psd.asd(spoiled, rate, good=good)[1], clean)
    spoiled[20 * rate :] = np.nan
    np.testing.assert_array_equal(psd.asd(spoiled, rate)[1], clean)


def test_asd_refuses_what_it_cannot_estimate():
    x = np.ones(1024)
    with pytest.raises(InputError, match="no stretch of 2 s of good data"):
        psd.asd(x, 1024, fftlength=2.0)
    with pytest.raises(InputError, match="no stretch"):
        psd.asd(x, 256, good=np.arange(1024) % 256 != 0)
    with pytest.raises(InputError, match="shorter overlap"):
        psd.asd(x, 256, fftlength=1.0, overlap=1.0)
    with pytest.raises(InputError, match="one-dimensional"):
        psd.asd(np.ones((2, 512)), 256)


@pytest.mark.parametrize("path", [GW150914, GW170817], ids=["GW150914", "GW170817"])
def test_whitening_equals_gwpy(path):
    import gwpy.timeseries as gwpy

    x, rate, t0 = read(path)
    expected = gwpy.TimeSeries(x, sample_rate=rate, t0=t0).whiten().value
    white = whitening.whiten(x, rate)
    assert np.abs(white - expected).max() < 1e-6 * expected.std()
    assert np.corrcoef(white, expected)[0, 1] > 0.999999


def test_whitening_with_highpass_and_given_asd_equals_gwpy():
    import gwpy.timeseries as gwpy

    x, rate, t0 = read(GW150914)
    series = gwpy.TimeSeries(x, sample_rate=rate, t0=t0)
    expected = series.whiten(4, 2, highpass=30, fduration=1).value
    white = whitening.whiten(x, rate, fftlength=4.0, overlap=2.0, highpass=30.0, fduration=1.0)
    assert np.abs(white - expected).max() < 1e-6 * expected.std()


def test_coloured_noise_comes_out_white_with_variance_one():
    rate, n = 1024, 128 * 1024
    frequency = np.fft.rfftfreq(n, 1 / rate)
    asd = 1e-21 * (1 + (40 / np.maximum(frequency, 5)) ** 3)
    noise = np.fft.irfft(
        np.fft.rfft(np.random.default_rng(4).standard_normal(n)) * asd * np.sqrt(rate / 2), n
    )
    white = whitening.whiten(noise, rate, (frequency, asd))[rate:-rate]
    assert white.std() == pytest.approx(1, abs=0.01)
    _, density = signal.welch(white, rate, nperseg=rate)
    assert np.all(np.abs(density[10:500] * rate / 2 - 1) < 0.4)


def test_a_pulse_stays_where_it_is():
    rate = 512
    x = np.zeros(16 * rate)
    x[3000] = 1.0
    frequency = np.arange(0, 257.0)
    white = whitening.whiten(x + 5.0, rate, (frequency, np.ones(257)))
    assert np.argmax(np.abs(white)) == 3000


def test_whitening_refuses_bad_data():
    x = np.random.default_rng(5).standard_normal(8192)
    x[100] = np.nan
    with pytest.raises(InputError, match="finite"):
        whitening.whiten(x, 1024)
    with pytest.raises(InputError, match="zeros"):
        whitening.whiten(np.zeros(8192), 1024)
    with pytest.raises(InputError, match="does not fit"):
        whitening.whiten(x[200:1500], 1024, (np.arange(513.0), np.ones(513)))
