"""Q-transform: against direct evaluation, injections, noise, real events and published figures."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import pytest

from tidings.errors import InputError
from tidings.gw import _qdata, tiling, whitening
from tidings.gw.qtransform import q_transform

STRAIN = Path(__file__).parents[2] / "data" / "gw" / "strain"
RATE = 1024


def read(name: str) -> tuple[np.ndarray, int, float]:
    with h5py.File(STRAIN / name) as file:
        data = file["strain/Strain"]
        return data[()], round(1 / data.attrs["Xspacing"]), float(data.attrs["Xstart"])


def sine_gaussian(n: int, rate: float, time: float, frequency: float, q: float) -> np.ndarray:
    """Unit-energy sine-Gaussian: sum of squares 1."""
    t = np.arange(n) / rate - time
    pulse = np.exp(-((2 * np.pi * frequency * t / q) ** 2)) * np.cos(2 * np.pi * frequency * t + 0.3)
    return pulse / np.sqrt(np.sum(pulse**2))


def flat(rate: float) -> tuple[np.ndarray, np.ndarray]:
    frequency = np.arange(0, rate / 2 + 1)
    return frequency, np.full(frequency.size, np.sqrt(2 / rate))


def direct_moduli(x, rate, t0, times, frequencies, q):
    """|z|^2 by direct sums in double precision over the full record, whitened as a whole."""
    data = _qdata.prepare(
        x, rate, span=(0, x.size / rate), window=(0, x.size / rate), band=(20, 0.4 * rate), whiten=True,
        asd=None, good=None, fftlength=2.0, fduration=2.0,
    )  # fmt: skip
    y = data.series.values
    spectrum, nu = np.fft.rfft(y) * np.sqrt(2) / y.size, np.fft.rfftfreq(y.size, 1 / rate)
    out = np.empty((times.size, frequencies.size))
    for j, f in enumerate(frequencies):
        half = f * np.sqrt(11) / q
        k = np.flatnonzero(np.abs(nu - f) < half)
        window = (1 - ((nu[k] - f) / half) ** 2) ** 2
        z = np.exp(2j * np.pi * np.outer(times - t0, nu[k])) @ (spectrum[k] * window)
        out[:, j] = np.abs(z) ** 2
    return out


@pytest.mark.parametrize(("source", "tolerance"), [("GW150914", 2e-3), ("noise", 5e-4)])
@pytest.mark.parametrize("q", [6.0, 40.0])
def test_map_equals_direct_evaluation(source, tolerance, q):
    if source == "noise":
        x, rate, t0, centre = np.random.default_rng(6).standard_normal(32 * 4096), 4096, 1e9, 1e9 + 16.0
    else:
        x, rate, t0 = read("H-H1_LOSC_4_V2-1126259446-32.hdf5")
        centre = 1126259462.4
    # So fine a grid that no pixel pools more than its centre.
    result = q_transform(
        x, rate, t0, window=(centre - 0.1, centre + 0.1), q=q, frange=(30, 500), n_frequencies=400,
        time_resolution=2**-11,
    )  # fmt: skip
    times, rows = result.times[::9], np.arange(5, 400, 15)
    truth = direct_moduli(x, rate, t0, times, result.frequencies[rows], q)
    energy = result.energy[::9][:, rows].astype(float)
    # One factor per row: the normalisation.
    factor = np.sum(energy * truth, axis=0) / np.sum(truth**2, axis=0)
    assert np.abs(energy - truth * factor).max() < tolerance * energy.max()
    level = factor * (256 / 315) * result.frequencies[rows] * np.sqrt(11) / q * 2 / rate
    assert np.all((level > 0.5) & (level < 2.1))
    assert result.energy.min() >= 0


def test_grid_that_does_not_suit_the_samples_is_evaluated_too():
    x = np.random.default_rng(7).standard_normal(20 * RATE)
    x += 12 * sine_gaussian(x.size, RATE, 10.03, 100, 9)
    window = (1000.0 + 9.5, 1000.0 + 10.5)
    even = q_transform(x, RATE, 1000.0, window=window, q=9, frange=(40, 300), time_resolution=2**-9)
    odd = q_transform(x, RATE, 1000.0, window=window, q=9, frange=(40, 300), time_resolution=np.pi / 1600)
    peak = np.unravel_index(np.argmax(odd.energy), odd.energy.shape)
    assert odd.times[peak[0]] == pytest.approx(1010.03, abs=2e-3)
    again = np.interp(odd.times[5:-5], even.times, even.energy[:, peak[1]])
    assert np.abs(again - odd.energy[5:-5, peak[1]]).max() < 0.02 * odd.energy.max()


def test_times_are_pixel_centres_without_drift():
    x = np.random.default_rng(8).standard_normal(8 * RATE)
    result = q_transform(
        x, RATE, 1126259446.0, window=(1126259449.3, 1126259451.3), n_frequencies=20, frange=(30, 300)
    )
    expected = 3.3 + (np.arange(1000) + 0.5) * 2e-3
    assert np.abs((result.times - 1126259446.0) - expected).max() < 1e-6
    assert result.t0 == result.times[0]
    assert result.dt == pytest.approx(2e-3)


def test_energy_of_white_noise_is_one_on_average():
    rng = np.random.default_rng(9)
    means = []
    for q in (5.0, 10.0, 20.0, 20.0):
        x = rng.standard_normal(64 * RATE)
        result = q_transform(
            x, RATE, 0.0, window=(2, 62), q=q, frange=(30, 250), n_frequencies=120, time_resolution=1 / 1024
        )
        assert result.normalisation == "mean"
        means.append(result.energy.mean())
    assert np.mean(means) == pytest.approx(1, abs=0.01)


def test_noise_with_lines_is_normalised_too():
    rng, n = np.random.default_rng(10), 48 * RATE
    frequency = np.fft.rfftfreq(n, 1 / RATE)
    asd = 1e-22 * (1 + (50 / np.maximum(frequency, 8)) ** 4)
    x = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * asd * np.sqrt(RATE / 2), n)
    t = np.arange(n) / RATE
    for line, strength in ((60.0, 3e-20), (120.3, 5e-21), (180.0, 1e-20)):
        x += strength * np.sin(2 * np.pi * line * t)
    result = q_transform(
        x, RATE, 0.0, window=(4, 44), q=8.0, frange=(25, 300), n_frequencies=60, time_resolution=1 / 1024
    )
    rows = result.energy.mean(axis=0)
    assert np.all((rows > 0.75) & (rows < 1.3))
    assert rows.mean() == pytest.approx(1, abs=0.07)


def test_injected_signals_are_recovered():
    """60 sine-Gaussians of SNR 7 to 20: SNR, time and frequency, without bias."""
    rng = np.random.default_rng(12)
    ratios, offsets, shifts = [], [], []
    for _ in range(60):
        snr, q = rng.uniform(7, 20), np.exp(rng.uniform(np.log(5), np.log(50)))
        frequency, time = np.exp(rng.uniform(np.log(40), np.log(250))), 16 + rng.uniform(-0.2, 0.2)
        # White noise of variance 1: the matched-filter SNR of a pulse is the root of its sum of squares.
        x = rng.standard_normal(32 * RATE) + snr * sine_gaussian(32 * RATE, RATE, time, frequency, q)
        result = q_transform(x, RATE, 5000.0, window=(5015.5, 5016.5), frange=(20, 350), n_frequencies=2)
        tile = result.tiles[0]
        ratios.append(tile["snr"] / snr)
        offsets.append((tile["time"] - 5000 - time) / tile["duration"])
        shifts.append((tile["frequency"] - frequency) / tile["bandwidth"])
    assert np.median(ratios) == pytest.approx(1, abs=0.02)
    assert np.abs(np.median(offsets)) < 0.05
    assert np.abs(np.median(shifts)) < 0.05
    assert np.mean(np.abs(shifts) < 1) > 0.9


def test_peak_frequency_has_no_bias():
    """gwpy's peak is low by 1 / duration; here a loud pulse is found where it is."""
    rng = np.random.default_rng(13)
    frequency, n = 100.0, 4 * RATE
    found = []
    for _ in range(10):
        x = rng.standard_normal(n) + 60 * sine_gaussian(n, RATE, 2.0, frequency, 40)
        result = q_transform(
            x, RATE, 0.0, window=(1.5, 2.5), q=40, frange=(60, 160), asd=flat(RATE), n_frequencies=2
        )
        found.append(result.tiles["frequency"][0])
    assert np.mean(found) == pytest.approx(frequency, abs=0.03)


def test_coarse_pixels_keep_the_peak():
    rng = np.random.default_rng(14)
    x = rng.standard_normal(64 * RATE) + 18 * sine_gaussian(64 * RATE, RATE, 30.05, 150, 6)
    result = q_transform(x, RATE, 0.0, window=(2, 62), q=6.0, frange=(40, 300), frequency_resolution=20.0)
    assert result.energy.shape == (1000, 13)
    peak = np.unravel_index(np.argmax(result.energy), result.energy.shape)
    assert abs(result.times[peak[0]] - 30.05) <= result.dt / 2
    assert abs(result.frequencies[peak[1]] - 150) <= 10
    assert result.energy.max() == pytest.approx(result.tiles["energy"][0], rel=1e-6)


def test_tables_describe_the_tiles():
    x = np.random.default_rng(15).standard_normal(16 * RATE) + 15 * sine_gaussian(16 * RATE, RATE, 8, 120, 12)
    result = q_transform(
        x, RATE, 2e8, window=(2e8 + 7, 2e8 + 9), frange=(30, 300), n_frequencies=40, n_tiles=8
    )
    tiles, planes = result.tiles, result.planes
    assert len(tiles) == 8 and len(planes) == 4
    assert list(np.argsort(-tiles["energy"])) == list(range(8))
    np.testing.assert_allclose(tiles["duration"] * tiles["bandwidth"], 1)
    np.testing.assert_allclose(tiles["bandwidth"], 2 * np.sqrt(np.pi) * tiles["frequency"] / tiles["q"])
    np.testing.assert_allclose(tiles["snr"] ** 2 / 2, tiles["energy"])
    assert tiles["far"][0] < 1e-20 and tiles["far"][-1] > 1e-3
    assert planes["energy"].max() == tiles["energy"][0]
    assert result.q == planes["q"][np.argmax(planes["energy"])]
    assert all(tiles[name].description for name in tiles.colnames)
    assert str(tiles["frequency"].unit) == "Hz" and str(tiles["time"].unit) == "s"
    for i in range(8):
        for j in range(i):
            near = (
                abs(tiles["time"][i] - tiles["time"][j])
                < (tiles["duration"][i] + tiles["duration"][j]) / 2.02
            )
            same = (
                abs(tiles["frequency"][i] - tiles["frequency"][j])
                < (tiles["bandwidth"][i] + tiles["bandwidth"][j]) / 2.02
            )
            assert not (near and same and i > 12)


def test_bad_stretches_are_masked_and_do_not_spread():
    rng = np.random.default_rng(16)
    clean = rng.standard_normal(24 * RATE) + 12 * sine_gaussian(24 * RATE, RATE, 15, 100, 8)
    spoiled = clean.copy()
    spoiled[9 * RATE : 10 * RATE] += 1e4 * rng.standard_normal(RATE)
    good = np.ones(clean.size, dtype=bool)
    good[9 * RATE : 10 * RATE] = False
    window, options = (8.0, 17.0), dict(q=8.0, frange=(30, 300), n_frequencies=50, time_resolution=1 / 512)
    masked = q_transform(spoiled, RATE, 0.0, window=window, good=good, **options)
    times = masked.times
    assert not masked.valid[(times > 8.1) & (times < 10.9)].any()
    assert masked.valid[times > 11.3].all()
    assert masked.tiles["time"][0] == pytest.approx(15, abs=0.01)
    assert masked.tiles["snr"][0] == pytest.approx(12, rel=0.2)
    assert np.median(masked.energy[masked.valid]) == pytest.approx(np.log(2), rel=0.25)
    spoiled[9 * RATE : 10 * RATE] = np.nan
    with_nan = q_transform(spoiled, RATE, 0.0, window=window, **options)
    np.testing.assert_array_equal(with_nan.energy, masked.energy)
    spoiled[9 * RATE : 10 * RATE] = 0.0
    np.testing.assert_array_equal(
        q_transform(spoiled, RATE, 0.0, window=window, **options).valid, masked.valid
    )


def test_edges_of_the_data_are_masked():
    x = np.random.default_rng(17).standard_normal(8 * RATE)
    result = q_transform(x, RATE, 0.0, q=20.0, frange=(20, 300), n_frequencies=30)
    assert not result.valid[(result.times < 1) | (result.times > 7)].any()
    assert result.valid[500].all()
    # Long tiles of low frequency lose more.
    assert result.valid[:, 0].sum() < result.valid[:, -1].sum()
    assert np.all(result.tiles["time"] > 1) and np.all(result.tiles["time"] < 7)


def test_tiles_that_reach_the_nyquist_frequency_are_masked():
    x = np.random.default_rng(18).standard_normal(16 * RATE)
    result = q_transform(x, RATE, 0.0, window=(7, 9), q=6.0, frange=(50, 500), n_frequencies=100)
    limit = tiling.highest_frequency(RATE, 6.0)
    assert result.valid[:, result.frequencies < limit].all()
    assert not result.valid[:, result.frequencies > limit].any()
    assert np.isfinite(result.energy).all()


def test_data_that_are_not_whitened_are_normalised_by_their_own_spectrum():
    rng, n = np.random.default_rng(19), 32 * RATE
    frequency = np.fft.rfftfreq(n, 1 / RATE)
    asd = 1e-22 * (1 + (60 / np.maximum(frequency, 8)) ** 2)
    x = np.fft.irfft(np.fft.rfft(rng.standard_normal(n)) * asd * np.sqrt(RATE / 2), n)
    options = dict(q=12.0, frange=(40, 250), n_frequencies=80, time_resolution=1 / 512)
    result = q_transform(x, RATE, 0.0, window=(6, 26), whiten=False, **options)
    assert result.energy.mean() == pytest.approx(1, abs=0.06)


def test_results_do_not_change_from_run_to_run():
    x, rate, t0 = read("L-L1_LOSC_4_V2-1126259446-32.hdf5")
    a, b = (q_transform(x, rate, t0, window=(t0 + 15, t0 + 17)) for _ in range(2))
    assert a.energy.tobytes() == b.energy.tobytes()
    assert all(np.array_equal(a.tiles[c], b.tiles[c]) for c in a.tiles.colnames)


@pytest.mark.parametrize(
    ("name", "time", "frequency"),
    [
        ("H-H1_LOSC_4_V2-1126259446-32.hdf5", 1126259462.42, 136.0),
        ("L-L1_LOSC_4_V2-1126259446-32.hdf5", 1126259462.417, 168.0),
    ],
)
def test_gw150914_is_found(name, time, frequency):
    x, rate, t0 = read(name)
    result = q_transform(x, rate, t0, window=(time - 1, time + 1))
    tile = result.tiles[0]
    assert tile["time"] == pytest.approx(time, abs=5e-3)
    assert tile["frequency"] == pytest.approx(frequency, rel=0.1)
    assert tile["far"] < 1e-9
    assert result.energy.max() > 0.9 * tile["energy"]


@pytest.mark.parametrize("detector", ["H", "L"])
def test_gw170814_is_found(detector):
    x, rate, t0 = read(f"{detector}-{detector}1_COGWHEEL_1KHZ-1186741838-31.hdf5")
    # The file fades in and out over some seconds, which is no noise to measure.
    good = np.ones(x.size, dtype=bool)
    good[: 3 * rate] = good[-3 * rate :] = False
    event = 1186741861.53
    result = q_transform(x, rate, t0, window=(event - 0.2, event + 0.2), frange=(30, 500), good=good)
    assert abs(result.tiles["time"][0] - event) < 0.06
    assert 40 < result.tiles["frequency"][0] < 250
    assert result.tiles["far"][0] < 0.05


def test_gw170817_chirps_through_four_seconds():
    """At lowest order the frequency tau before merger is 134 Hz (1.21 Msun / Mc)^(5/8) (1 s / tau)^(3/8)."""
    x, rate, t0 = read("H-H1_MMODA_4KHZ-1187008880-4.hdf5")
    merger = 1187008882.43
    result = q_transform(x, rate, t0, window=(merger - 1.3, merger - 0.3), frange=(30, 500), q=45.25)
    tau = merger - result.times
    track = 134 * (1.21 / 1.1977) ** (5 / 8) * tau ** (-3 / 8)
    row = np.argmin(np.abs(result.frequencies[None, :] - track[:, None]), axis=1)
    shown = result.valid[np.arange(tau.size), row]
    on = result.energy[np.arange(tau.size), row][shown]
    assert shown.mean() > 0.5
    assert on.mean() > 2.5 * result.energy[result.valid].mean()
    near = q_transform(
        x, rate, t0, window=(merger - 1.2, merger - 0.7), frange=(60, 400), n_frequencies=50
    ).tiles[0]
    assert near["time"] == pytest.approx(merger - 0.95, abs=0.05)
    assert near["frequency"] == pytest.approx(137, rel=0.05)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(x=np.zeros(8 * RATE)), "every sample is zero"),
        (dict(x=np.full(8 * RATE, np.nan)), "every sample is zero, not finite"),
        (dict(x=np.ones(8 * RATE)), "zeros between"),
        (dict(x=np.ones(100), window=None), "too short"),
        (dict(window=(6.0, 9.0)), "not within the data"),
        (dict(window=(5.0, 5.0)), "not within the data"),
        (dict(frange=(20, 600)), "half the sample rate"),
        (dict(frange=(0, 300)), "above 0"),
        (dict(frange=(300, 100)), "ascending"),
        (dict(qrange=(2, 64)), "3.317"),
        (dict(q=-5.0), "3.317"),
        (dict(frange=(490, 500), q=5.0), "Nyquist"),
        (dict(mismatch=0.0), "mismatch"),
        (dict(time_resolution=-1.0), "time resolution"),
        (dict(n_frequencies=1), "at least 2 frequencies"),
        (dict(frequency_resolution=0.0), "frequency resolution"),
        (dict(good=np.zeros(8 * RATE, dtype=bool)), "flagged as bad"),
        (dict(good=np.ones(5, dtype=bool)), "mask has 5 samples"),
        (dict(good=np.arange(8 * RATE) % 512 > 0), "no stretch"),
        (dict(window=(0.0, 0.5)), "no tile in the window"),
        (dict(asd=(np.arange(513.0), np.zeros(513))), "zeros between"),
        (dict(compat="pycbc"), "compat"),
        (dict(x=np.ones((4, 4))), "one-dimensional"),
        (dict(x=np.array(["a", "b"])), "one-dimensional"),
    ],
)  # fmt: skip
def test_bad_input_is_refused_with_a_reason(change, message):
    arguments = (
        dict(x=np.random.default_rng(20).standard_normal(8 * RATE), window=(3.5, 4.5), frange=(30, 300))
        | change
    )
    if arguments["x"].size != 8 * RATE:
        arguments["window"] = None
    with pytest.raises(InputError, match=message):
        q_transform(arguments.pop("x"), RATE, 0.0, **arguments)


def test_gaps_in_the_window_leave_the_rest():
    x = np.random.default_rng(21).standard_normal(30 * RATE)
    x[14 * RATE : 15 * RATE] = np.nan
    result = q_transform(x, RATE, 0.0, window=(10, 20), frange=(30, 300), n_frequencies=30)
    assert 0.4 < result.valid.mean() < 0.9
    assert np.isfinite(result.energy).all()
    assert not any(13 < t < 16 for t in result.tiles["time"])


def test_given_asd_is_used():
    x = np.random.default_rng(22).standard_normal(16 * RATE)
    frequency, density = flat(RATE)
    one = q_transform(
        x, RATE, 0.0, window=(7, 9), q=10, frange=(40, 300), asd=(frequency, density), n_frequencies=30
    )
    white = whitening.whiten(x, RATE, (frequency, density))
    assert np.std(white[RATE:-RATE]) == pytest.approx(1, abs=0.02)
    assert one.energy.mean() == pytest.approx(1, abs=0.1)
