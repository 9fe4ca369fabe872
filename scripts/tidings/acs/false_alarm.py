"""How often, and how likely, the background alone gives an excess such as the one found.

Two answers are given. The published one is the formula of the all-sky search of INTEGRAL
(https://github.com/volodymyrss/integral_lvk, integralallsky.ipynb), for one window of one scale. It leaves
out that many scales and places are searched: of background alone, 600 s around a trigger, 84 % of the
searches have an excess with a published probability below 0.1 (normal part, the spikes left out). The
calibrated one counts them; it was fitted to searches of 5,500 simulated backgrounds of 600 s (normal noise,
128 scales) and holds for other lengths: from 120 to 2000 s probabilities between 0.03 and 0.5 come out as
often as they should within 15 %, and rates above 1e-4 /s within 30 % (43 % near 1e-4 Hz in 200 s).
"""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

SPIKES = 60 / 86400.0
"""Rate of spikes above a signal-to-noise ratio of 6 on scales up to 0.1 s, 1/s (integralallsky.ipynb)."""

_SPIKE_INDEX = -2.7
_SPIKE_SCALE = 0.1  # s
_LOWEST_SPIKE = 2.0  # S/N below which the spike rate is held
_PUBLISHED_TRIALS = 1 + np.log(30 / 0.1)

# Rate of merged excesses of normal noise whose rate for one window, f = sf(S/N) / scale, is below a value:
# AMPLITUDE * f^INDEX, both in 1/s, between f of 1e-3 and 1e-6.
_AMPLITUDE, _INDEX = 4.7, 0.82
# More of them rank high by f * |time from the trigger| than independent ones would.
_RANKED = 1.2
_DECADES = np.log(600.0)  # of scales in the calibration, natural: 0.05 to 30 s
_PHASES = 2  # windows that a stretch of time is in, at each scale


def spike_rate(snr: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Return the rate of cosmic-ray spikes above a signal-to-noise ratio, 1/s.

    Parameters
    ----------
    snr, scale : numpy.ndarray
        Signal-to-noise ratio and time scale (s) of the excess.
    """
    power = (np.maximum(snr, _LOWEST_SPIKE) / 6.0) ** _SPIKE_INDEX
    return SPIKES * power / np.maximum(scale / _SPIKE_SCALE, 1.0)


def published_far(snr: np.ndarray, scale: np.ndarray, spikes: bool = True) -> np.ndarray:
    """Return the published false-alarm rate, 1/s: normal tail over scale, and spikes."""
    rate = ndtr(-snr) / scale
    return rate + spike_rate(snr, scale) if spikes else rate


def published_fap(snr: np.ndarray, scale: np.ndarray, delay: np.ndarray, spikes: bool = True) -> np.ndarray:
    """Return the published false-alarm probability; it may exceed 1.

    Parameters
    ----------
    snr, scale : numpy.ndarray
        Of the excess; scale in s.
    delay : numpy.ndarray
        Time of the excess from the trigger, s; one shorter than the scale counts as the scale.
    spikes : bool
        Whether spikes are in the rate.
    """
    away = np.maximum(np.abs(delay), scale)
    return 2 * published_far(snr, scale, spikes) * away * _PUBLISHED_TRIALS


def false_alarm_rate(
    snr: np.ndarray, scale: np.ndarray, scales: np.ndarray, spikes: bool = True
) -> np.ndarray:
    """Return the rate of background excesses, on all scales, at least as significant as these, 1/s.

    Parameters
    ----------
    snr, scale : numpy.ndarray
        Of the excesses; scale in s.
    scales : numpy.ndarray
        All scales searched, s.
    spikes : bool
        Add the rate of spikes of this strength and scale.
    """
    single = ndtr(-snr) / scale
    rate = np.minimum(_amplitude(scales) * single**_INDEX, _PHASES * len(scales) * single)
    return rate + spike_rate(snr, scale) if spikes else rate


def false_alarm_probability(
    snr: np.ndarray,
    scale: np.ndarray,
    delay: np.ndarray,
    scales: np.ndarray,
    before: float,
    after: float,
    spikes: bool = True,
) -> np.ndarray:
    """Return the probability that the background alone ranks as high somewhere in the interval searched.

    Excesses are ranked by their rate times their time from the trigger, so that a weaker one close to it may
    be as improbable as a stronger one far away (Blackburn et al. 2015, ApJS 217, 8).

    Parameters
    ----------
    snr, scale, scales, spikes
        As for `false_alarm_rate`.
    delay : numpy.ndarray
        Time from the trigger, s.
    before, after : float
        Lengths searched on either side of it, s.

    Returns
    -------
    numpy.ndarray
        Between 0 and 1.
    """
    snr, scale, delay = np.atleast_1d(snr, scale, delay)
    away = np.maximum(np.abs(delay), scale)
    single = ndtr(-snr) / scale
    expected = np.zeros(len(snr))
    for length in (before, after):
        if length <= 0:
            continue
        tau = np.minimum(scales, length)[None, :]
        # The integral over time of AMPLITUDE * f^INDEX with f = rank / max(time, scale), mean of all scales.
        near = tau ** (1 - _INDEX)
        far = (length ** (1 - _INDEX) - near) / (1 - _INDEX)
        times = (near + far).mean(axis=1)
        fitted = _RANKED * _amplitude(scales) * (single * away) ** _INDEX * times
        bound = _PHASES * len(scales) * single * away * (1 + np.log(length / tau)).mean(axis=1)
        expected += np.minimum(fitted, bound)
        if spikes:
            own = np.minimum(scale, length)
            expected += spike_rate(snr, scale) * away * (1 + np.log(length / own))
    return -np.expm1(-expected)


def _amplitude(scales: np.ndarray) -> float:
    """Return the amplitude for these scales: in proportion to the range that they span."""
    return _AMPLITUDE * max(np.log(scales[-1] / scales[0]), 0.5) / _DECADES
