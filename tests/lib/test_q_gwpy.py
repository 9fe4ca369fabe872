"""gwpy's mode of the Q-transform against gwpy itself."""

from __future__ import annotations

from pathlib import Path

import gwpy.signal.qtransform as gwpy_qtransform
import gwpy.timeseries as gwpy_timeseries
import h5py
import numpy as np
import pytest

from tidings.errors import InputError
from tidings.gw.qtransform import q_transform

STRAIN = Path(__file__).parents[2] / "data" / "gw" / "strain"


def read(name: str) -> tuple[np.ndarray, int, float]:
    with h5py.File(STRAIN / name) as file:
        data = file["strain/Strain"]
        return data[()], round(1 / data.attrs["Xspacing"]), float(data.attrs["Xstart"])


@pytest.mark.parametrize(
    "name", ["H-H1_LOSC_4_V2-1126259446-32.hdf5", "L-L1_LOSC_4_V2-1126259446-32.hdf5"], ids=["H1", "L1"]
)
def test_gw150914_as_gwpy(name):
    x, rate, t0 = read(name)
    series = gwpy_timeseries.TimeSeries(x, sample_rate=rate, t0=t0)
    window = (1126259461.4, 1126259463.4)
    truth = series.q_transform(frange=(20, 1024), outseg=window, logf=True)
    result = q_transform(x, rate, t0, window=window, frange=(20, 1024), compat="gwpy")
    assert result.q == pytest.approx(truth.q) and result.normalisation == "median"
    np.testing.assert_allclose(result.frequencies, truth.frequencies.value, rtol=1e-12)
    assert result.energy.dtype == np.float32
    assert np.abs(result.energy - truth.value).max() < 1e-3 * truth.value.max()
    white = series.whiten(asd=series.asd(2, 1), fduration=2)
    gram, _ = gwpy_qtransform.q_scan(white, qrange=(4, 64), frange=(20, 1024))
    tile = result.tiles[0]
    assert tile["time"] == gram.peak["time"]
    assert tile["frequency"] == gram.peak["frequency"]
    assert tile["q"] == gram.plane.q
    assert tile["energy"] == pytest.approx(gram.peak["energy"], rel=1e-3)


@pytest.mark.parametrize(
    ("name", "window", "top"),
    [
        ("H-H1_MMODA_4KHZ-1187008880-4.hdf5", (1187008881.2, 1187008882.6), 1024),
        ("H-H1_COGWHEEL_1KHZ-1186741838-31.hdf5", (1186741861.0, 1186741862.0), 300),
    ],
    ids=["4 s", "31 s"],
)
def test_other_records_and_linear_frequencies_as_gwpy(name, window, top):
    x, rate, t0 = read(name)
    series = gwpy_timeseries.TimeSeries(x, sample_rate=rate, t0=t0)
    truth = series.q_transform(frange=(20, top), outseg=window, tres=0.003, fres=2.0)
    result = q_transform(
        x,
        rate,
        t0,
        window=window,
        frange=(20, top),
        time_resolution=0.003,
        frequency_resolution=2.0,
        compat="gwpy",
    )
    assert result.energy.shape == truth.shape
    assert np.abs(result.energy - truth.value).max() < 1e-3 * truth.value.max()


def test_injections_have_gwpys_loudest_tile():
    """60 sine-Gaussians of SNR 7 to 20 in white noise, not whitened: time, frequency and Q identical."""
    rate, n = 1024, 8 * 1024
    rng = np.random.default_rng(23)
    for _ in range(60):
        snr, q = rng.uniform(7, 20), np.exp(rng.uniform(np.log(5), np.log(50)))
        frequency, time = np.exp(rng.uniform(np.log(40), np.log(200))), 4 + rng.uniform(-0.5, 0.5)
        t = np.arange(n) / rate - time
        pulse = np.exp(-((2 * np.pi * frequency * t / q) ** 2)) * np.cos(2 * np.pi * frequency * t)
        x = rng.standard_normal(n) + snr * pulse / np.sqrt(np.sum(pulse**2))
        series = gwpy_timeseries.TimeSeries(x, sample_rate=rate, t0=100)
        gram, _ = gwpy_qtransform.q_scan(series, qrange=(4, 64), frange=(20, 250))
        tile = q_transform(
            x,
            rate,
            100.0,
            window=(103.0, 105.0),
            frange=(20, 250),
            n_frequencies=10,
            whiten=False,
            compat="gwpy",
        ).tiles[0]
        assert (tile["time"], tile["frequency"]) == (gram.peak["time"], gram.peak["frequency"])
        assert tile["q"] == pytest.approx(gram.plane.q)
        assert tile["energy"] == pytest.approx(gram.peak["energy"], rel=1e-3)


def test_long_rows_are_split_without_a_trace():
    """128 s at 4096 Hz have rows of half a million tiles."""
    rng = np.random.default_rng(24)
    x = rng.standard_normal(128 * 4096)
    x[60 * 4096] += 30
    series = gwpy_timeseries.TimeSeries(x, sample_rate=4096, t0=0)
    gram, _ = gwpy_qtransform.q_scan(series, qrange=(8, 8), frange=(600, 1024))
    tile = q_transform(
        x, 4096, 0.0, window=(59, 61), q=8.0, frange=(600, 1024), n_frequencies=8, whiten=False, compat="gwpy"
    ).tiles[0]
    assert tile["time"] == gram.peak["time"]
    assert tile["frequency"] == gram.peak["frequency"]
    assert tile["energy"] == pytest.approx(gram.peak["energy"], rel=1e-4)


def test_gwpys_mode_refuses_what_it_cannot_do():
    x = np.random.default_rng(25).standard_normal(8 * 1024)
    with pytest.raises(InputError, match="four rows"):
        q_transform(x, 1024, 0.0, window=(3, 5), q=4.0, frange=(100, 120), compat="gwpy")
    with pytest.raises(InputError, match="ends at"):
        q_transform(x, 1024, 0.0, window=(3, 5), frange=(400, 500), compat="gwpy")
    x[5] = np.nan
    with pytest.raises(InputError, match="finite"):
        q_transform(x, 1024, 0.0, window=(3, 5), frange=(20, 300), compat="gwpy")
    with pytest.raises(InputError, match="zero"):
        q_transform(np.zeros(8192), 1024, 0.0, window=(3, 5), frange=(20, 300), compat="gwpy")
