"""Confidence intervals of a Poisson signal over a known background (Feldman & Cousins 1998, PRD 57, 3873).

A number n of events is in the acceptance interval of a signal mu if the numbers that the likelihood ratio
prefers to it, R(n') > R(n), have together less than the confidence level. For mu above n - b that sum grows
with mu on the whole, and the upper limit is where it reaches the level for the last time. It falls a little
between its jumps, which matters for few events over a large background.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.special import gammaln, xlogy

_BISECTIONS = 26
# Signals beyond a first crossing that are looked at for a later one.
_REACH, _STEP = 0.8, 0.01
# Numbers of events this far above the background have but one crossing.
_CLEAR = 2.0
# Distance of backgrounds between which a sensitivity is interpolated.
_SMOOTH = 0.02
_SERVICE_STEP = 0.005
# Grid of backgrounds, and how much larger ones are compared.
_GRID, _LARGER = 0.005, 1.5


def limits(
    observed: np.ndarray, background: np.ndarray, confidence: float = 0.9, published: bool = True
) -> tuple[np.ndarray, np.ndarray]:
    """Return lower and upper limits of the signal.

    Parameters
    ----------
    observed, background
        Numbers of events, and expected background; broadcast together.
    confidence
        Level, between 0 and 1.
    published
        As in the published tables: an upper limit is not allowed to be lower than that of a larger background
        (section IV B of the paper; the construction itself makes small steps there). Else the construction
        as it is.

    Returns
    -------
    lower, upper : ndarray
    """
    n, b = (np.asarray(a, float) for a in np.broadcast_arrays(observed, background))
    lower = _lower(n.ravel(), b.ravel(), confidence).reshape(n.shape)
    if not published:
        return lower, _upper(n.ravel(), b.ravel(), confidence).reshape(n.shape)
    return lower, _published(n, b, confidence)


def sensitivity(background: np.ndarray, confidence: float = 0.9, published: bool = True) -> np.ndarray:
    """Return the mean upper limit of experiments without signal, against their background.

    Parameters
    ----------
    background
        Expected numbers.
    confidence, published
        As in `limits`.
    """
    b = np.atleast_1d(np.asarray(background, float))
    grid = np.arange(b.min(), b.max() + 2 * _SMOOTH, _SMOOTH)
    if b.size > len(grid):
        # It is smooth to 0.001 between such backgrounds.
        found = sensitivity(grid, confidence, published)
        return np.interp(b, grid, found).reshape(np.shape(background))
    n = np.arange(int(np.ceil(b.max() + 8 * np.sqrt(b.max() + 1) + 8)) + 1)
    weight = np.exp(_log_poisson(n[:, None], b[None]))
    # What has no weight needs no limit.
    weight[weight < 1e-7] = 0
    place = np.nonzero(weight)
    found = np.zeros(weight.shape)
    found[place] = limits(n[place[0]], b[place[1]], confidence, published)[1]
    return ((weight * found).sum(0) / weight.sum(0)).reshape(np.shape(background))


def service_limit(observed: int, background: float) -> float:
    """Return the upper limit, 90 %, as ROOT's TFeldmanCousins gives it to the MMODA service.

    It looks at signals in steps of 0.005 and returns the one before the last that it accepts.
    """
    upper = float(limits(np.array([observed]), np.array([background]), 0.9, published=False)[1][0])
    return (np.floor(upper / _SERVICE_STEP) - 1) * _SERVICE_STEP


def service_sensitivity(background: float) -> float:
    """Return the mean of `service_limit` without signal, over 0 to 19 events."""
    n = np.arange(20)
    weight = np.exp(_log_poisson(n.astype(float), background))
    return float(sum(w * service_limit(int(k), background) for k, w in zip(n, weight, strict=True)))


def _published(n: np.ndarray, b: np.ndarray, confidence: float) -> np.ndarray:
    """Upper limits that no larger background exceeds, interpolated on a grid of backgrounds."""
    found = np.empty(n.shape)
    for number in np.unique(n):
        mine = n == number
        low, high = int(b[mine].min()), int(b[mine].max()) + 1
        if number > low + _LARGER + _CLEAR:
            found[mine] = _upper(n[mine], b[mine], confidence)
        else:
            found[mine] = np.interp(b[mine], *_highest(float(number), low, high, confidence))
    return found


@lru_cache(1024)
def _highest(n: float, low: int, high: int, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Grid of backgrounds between two whole numbers, and the upper limits that no larger one exceeds."""
    grid = low + _GRID * np.arange(int((high - low + _LARGER) / _GRID) + 2)
    upper = _upper(np.full(grid.shape, n), grid, confidence)
    return grid, np.maximum.accumulate(upper[::-1])[::-1]


def _upper(n: np.ndarray, b: np.ndarray, confidence: float) -> np.ndarray:
    low = np.maximum(n - b, 0)
    high = low + 4 * np.sqrt(n + b + 1) * np.sqrt(-2 * np.log(1 - confidence)) + 6
    upper = _bisect(n, b, low, high, confidence, rising=True)
    unclear = np.flatnonzero(n < b + _CLEAR)
    if unclear.size:
        upper[unclear] = _last_crossing(n[unclear], b[unclear], upper[unclear], confidence)
    return upper


def _last_crossing(n: np.ndarray, b: np.ndarray, first: np.ndarray, confidence: float) -> np.ndarray:
    last = first.copy()
    for offset in np.arange(_STEP, _REACH, _STEP):
        inside = _preferred(n, b, first + offset) < confidence
        last[inside] = first[inside] + offset
    later = np.flatnonzero(last > first)
    if later.size:
        low = last[later]
        last[later] = _bisect(n[later], b[later], low, low + _STEP, confidence, rising=True)
    return last


def _lower(n: np.ndarray, b: np.ndarray, confidence: float) -> np.ndarray:
    high = np.maximum(n - b, 0)
    zero = np.zeros_like(high)
    inside = _preferred(n, b, zero) < confidence
    found = _bisect(n, b, zero, high, confidence, rising=False)
    return np.where(inside, 0.0, found)


def _bisect(
    n: np.ndarray, b: np.ndarray, low: np.ndarray, high: np.ndarray, confidence: float, rising: bool
) -> np.ndarray:
    low, high = low.astype(float), high.astype(float)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        inside = _preferred(n, b, middle) < confidence
        up = inside if rising else ~inside
        low, high = np.where(up, middle, low), np.where(up, high, middle)
    return (low + high) / 2


def _preferred(n: np.ndarray, b: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """Probability of the numbers that the ratio prefers to n, if the signal is mu; [k] each."""
    level = mu + b
    most = int(np.ceil(level.max() + 9 * np.sqrt(level.max() + 1) + 9))
    other = np.arange(max(most, int(n.max())) + 1, dtype=float)[:, None]
    ratio, own = _log_ratio(other, b, mu), _log_ratio(n, b, mu)
    # Numbers as good as n, but for rounding, are not preferred to it.
    better = ratio > own + 1e-12
    return (np.exp(_log_poisson(other, level)) * better).sum(0)


def _log_ratio(n: np.ndarray, b: np.ndarray, mu: np.ndarray) -> np.ndarray:
    """Logarithm of the likelihood over that of the best signal allowed, which is not negative."""
    best = np.maximum(n, b)
    return xlogy(n, np.maximum(mu + b, 1e-300)) - (mu + b) - xlogy(n, np.maximum(best, 1e-300)) + best


def _log_poisson(n: np.ndarray, mean: np.ndarray) -> np.ndarray:
    return xlogy(n, np.maximum(mean, 1e-300)) - mean - gammaln(n + 1)
