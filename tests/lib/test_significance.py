"""False-alarm rates: against closed forms and against noise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate

from tidings.gw import significance
from tidings.gw.qtransform import q_transform


def bisquare(nu, f, q):
    half = f * np.sqrt(11) / q
    return np.maximum(1 - ((nu - f) / half) ** 2, 0) ** 2


@pytest.mark.parametrize("q", [4.5, 12.0, 60.0])
def test_gradient_variances_of_the_field_are_those_of_the_window(q):
    f, step = 100.0, 1e-4
    nu = np.linspace(0, 250, 400_001)

    def unit(centre):
        w = bisquare(nu, centre, q)
        return w / np.sqrt(integrate.simpson(w**2, x=nu))

    slope = (unit(f + step) - unit(f - step)) / (2 * step)
    in_frequency = integrate.simpson(slope**2, x=nu)
    in_time = (2 * np.pi) ** 2 * integrate.simpson(unit(f) ** 2 * (nu - f) ** 2, x=nu)
    level, band = 12.0, 1.0
    area = np.sqrt(in_frequency * in_time) / (2 * np.pi) * (2 * level - 1) * np.exp(-level) * band
    rates = [float(significance.plane_rate(level, q, (f, f + b))) for b in (band, 2 * band)]
    edges = np.sqrt(in_time / np.pi * level) / f * (band / 2) * np.exp(-level)
    assert rates[1] - rates[0] == pytest.approx(area + edges, rel=1e-5)


def test_neighbouring_planes_add_less_than_distant_ones():
    energy = np.array([8.0, 15.0])
    close = significance.newly_seen(energy, 0.1)
    assert np.all(close < significance.newly_seen(energy, 0.7))
    assert np.all(significance.newly_seen(energy, 5.0) > 0.999)
    # A small step adds the step times sqrt(L E / pi), L = 1/2.
    np.testing.assert_allclose(
        significance.newly_seen(energy, 1e-4), 1e-4 * np.sqrt(0.5 * energy / np.pi), rtol=1e-4
    )


def test_rate_of_all_planes_lies_between_the_loudest_and_the_sum():
    qs, franges = [5.0, 10.0, 20.0], [(20.0, 400.0)] * 3
    single = [float(significance.plane_rate(12.0, q, f)) for q, f in zip(qs, franges, strict=True)]
    total = float(significance.false_alarm_rate(12.0, qs, franges))
    assert max(single) < total < sum(single)
    assert np.all(np.diff(significance.false_alarm_rate(np.arange(3.0, 30.0), qs, franges)) < 0)


def test_false_alarm_rate_is_calibrated_on_noise():
    """The expected number of tiles as loud as the loudest is exponential of mean 1: its median is ln 2."""
    rate, window = 512, 4.0
    rng = np.random.default_rng(11)
    expected = []
    for _ in range(200):
        x = rng.standard_normal(int((window + 8) * rate))
        result = q_transform(
            x, rate, 0.0, window=(4.0, 4.0 + window), frange=(30, 150), n_frequencies=2, time_resolution=1.0
        )
        expected.append(result.tiles["far"][0] * window)
    assert np.log(2) / 1.5 < np.median(expected) < np.log(2) * 1.5
    assert 1 < np.quantile(expected, 0.9) < 4
