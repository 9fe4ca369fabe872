"""Durations, peak rates and total counts of a burst in a light curve."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from tidings.errors import InputError
from tidings.lightcurve._burst_interval import find_interval
from tidings.lightcurve._levels import Curve, Polynomial, fit_polynomial, functional_error, noise_ratio

FRACTIONS = {"t05": 0.05, "t25": 0.25, "t75": 0.75, "t95": 0.95}

# Background that must be seen on either side of a burst, s: less does not show that the curve has levelled
# off.
LEAST_BACKGROUND = 20.0
# A level is the mean of the curve over as long as the burst lasts, 20 s at most: a longer mean would add
# more noise of the background than a short burst has itself.
_LONGEST_LEVEL = 20.0
_SHORTEST_LEVEL = 1.0
CAVEATS = {
    "GAP": "data are missing inside the burst: counts are lower limits, and durations may be wrong",
    "SATURATED": "the counter was at its limit: counts, peak rates and fluence are lower limits",
    "HIGH_RATE": (
        "no correction for dead time is made: at this rate counts, peak rates and fluence are lower limits "
        "and "
        "durations come out too long"
    ),
    "BOUNDED": "a 5 % or 95 % time lies at an end of the interval: choose a wider one",
    "WEAK": "signal-to-noise ratio below 20: durations scatter about twice as much as their errors say",
    "SPIKE": "the counts are in one sample: a particle more likely than a burst",
}

# Before and after the burst, in units of its length.
_MARGINS = (0.25, 0.5)
# Below this durations scatter about twice as much as their errors say (simulated FRED pulses).
WEAK = 20.0


@dataclass(frozen=True)
class Burst:
    """What a light curve tells of a burst. Times are seconds on the light curve's own axis.

    Attributes
    ----------
    start, stop
        Interval that holds the burst.
    times : dict
        ``t05``, ``t25``, ``t75``, ``t95``: where the cumulative counts reach these parts of the total.
    time_errors : dict
        Of these, (below, above), 1 sigma.
    t90, t90_error, t50, t50_error
        Durations with statistical errors, 1 sigma.
    t90_background, t50_background
        Largest change when the background's polynomial has one order less or more.
    counts, counts_error
        Total above background.
    peaks : dict
        Time scale in s -> (middle of the window, rate above background, its error).
    snr
        Counts over the noise in the interval.
    background_rate
        Counts/s in the middle of the burst.
    order
        Of the polynomial.
    noise_ratio
        Scatter of the background over counting statistics; errors are scaled by it.
    flags : tuple of str
        What limits the result; see `CAVEATS`.
    missing
        Seconds without data in the interval.
    background, background_used
        Counts/s at the good bins, and those that it was fitted to.
    edges, cumulative
        Cumulative counts above the level before the burst at the edges of the good bins.
    levels, level_windows
        Levels before and after, counts, and the intervals that they are means over.
    """

    start: float
    stop: float
    times: dict[str, float]
    time_errors: dict[str, tuple[float, float]]
    t90: float
    t90_error: float
    t50: float
    t50_error: float
    counts: float
    counts_error: float
    peaks: dict[float, tuple[float, float, float]]
    snr: float
    background_rate: float
    order: int
    noise_ratio: float
    missing: float
    flags: tuple[str, ...] = ()
    t90_background: float = 0.0
    t50_background: float = 0.0
    background: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    background_used: np.ndarray = field(default_factory=lambda: np.empty(0, bool), repr=False)
    edges: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    cumulative: np.ndarray = field(default_factory=lambda: np.empty(0), repr=False)
    levels: tuple[float, float] = (0.0, 0.0)
    level_windows: tuple[tuple[float, float], tuple[float, float]] = ((0.0, 0.0), (0.0, 0.0))


@dataclass(frozen=True)
class _Data:
    """Good bins of a light curve; `noise` is the factor on the Poisson errors."""

    start: np.ndarray
    width: np.ndarray
    rate: np.ndarray
    variance: np.ndarray
    live: np.ndarray
    noise: float = 1.0

    @property
    def middle(self) -> np.ndarray:
        return self.start + self.width / 2

    @property
    def edges(self) -> np.ndarray:
        return np.append(self.start, self.start[-1] + self.width[-1])


def measure_burst(
    start: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    error: np.ndarray,
    *,
    good: np.ndarray | None = None,
    saturated: np.ndarray | None = None,
    exposure: np.ndarray | None = None,
    interval: tuple[float, float] | None = None,
    order: int = 1,
    threshold: float = 5.0,
    peak_scales: tuple[float, ...] = (0.05, 1.0),
    high_rate: float = float("inf"),
    least_background: float = LEAST_BACKGROUND,
) -> Burst:
    """Measure durations, peak rates and counts of the burst in a light curve.

    The curve of cumulative counts above background rises from one level to another; T90 is the time between
    5 % and 95 % of the rise (Kouveliotou et al. 1993, ApJ 413, L101). An error is the time that the curve
    takes to cross the level plus and minus the noise with which curve and levels are known (as Koshut et al.
    1996, ApJ 463, 570, section 2; the noise is propagated here from all bins, the fit of the background
    included).

    Parameters
    ----------
    start, width, rate, error : (n,) float
        Starts and widths of the bins, s; rates and their Poisson errors, counts/s; in order of time.
    good, saturated : (n,) bool, optional
        Bins to be used (all), and bins at the limit of the counter (none).
    exposure : (n,) float, optional
        Live time of the bins, s, where it is not their width: tells how much is missing.
    interval : (start, stop), optional
        Interval that holds the burst; sought if not given.
    order : int
        Of the polynomial of the background, 0 to 3.
    threshold : float
        Least signal-to-noise ratio of a burst that is sought.
    peak_scales
        Time scales of the peak rates, s; not less than a bin.
    high_rate : float
        Rate, counts/s, above which pulses overlap and the burst is flagged.
    least_background : float
        Background needed on either side, s.

    Returns
    -------
    Burst

    Raises
    ------
    InputError
        If there is no burst, or too little background on either side of it.
    """
    data, saturated = _select(start, width, rate, error, good, saturated, exposure)
    if interval is None:
        found = find_interval(data.middle, data.width, data.rate, data.variance, order, threshold)
        interval = _with_margins(data, found, least_background)
    interval = _on_edges(data, interval, least_background)
    burst = _measure(data, interval, order, peak_scales)
    others = [_measure(data, interval, n, peak_scales).times for n in (order - 1, order + 1) if 0 <= n <= 3]
    inside = (data.middle > interval[0]) & (data.middle < interval[1])
    flags = _flags(burst, saturated[inside].any(), data, inside, high_rate)
    return replace(
        burst,
        t90_background=max(abs(_duration(t, "90") - burst.t90) for t in others),
        t50_background=max(abs(_duration(t, "50") - burst.t50) for t in others),
        flags=flags,
    )


def bootstrap_durations(
    start: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    error: np.ndarray,
    burst: Burst,
    *,
    good: np.ndarray | None = None,
    trials: int = 200,
    seed: int = 0,
) -> tuple[float, float]:
    """Return the standard deviations of T90 and T50 when noise is added to the light curve anew.

    Parameters
    ----------
    start, width, rate, error, good
        As for `measure_burst`.
    burst
        Its result; interval, order and noise ratio are kept.
    trials, seed
        Number of light curves made, and the seed of their noise.
    """
    data, _ = _select(start, width, rate, error, good, None, None)
    random = np.random.default_rng(seed)
    sigma = np.sqrt(data.variance) * burst.noise_ratio / data.width
    drawn = []
    for _ in range(trials):
        noisy = replace(data, rate=data.rate + sigma * random.standard_normal(len(sigma)))
        times = _measure(noisy, (burst.start, burst.stop), burst.order, ()).times
        drawn.append((_duration(times, "90"), _duration(times, "50")))
    t90, t50 = np.std(drawn, axis=0, ddof=1)
    return float(t90), float(t50)


def _select(
    start: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    error: np.ndarray,
    good: np.ndarray | None,
    saturated: np.ndarray | None,
    exposure: np.ndarray | None,
) -> tuple[_Data, np.ndarray]:
    n = len(start)
    keep = np.ones(n, bool) if good is None else np.asarray(good, bool).copy()
    saturated = np.zeros(n, bool) if saturated is None else np.asarray(saturated, bool)
    # A bin at the counter's limit holds a lower limit of its counts, which is better than nothing.
    keep |= saturated & np.isfinite(rate)
    keep &= np.isfinite(rate) & np.isfinite(error)
    if keep.sum() < 10:
        raise InputError(f"the light curve has {keep.sum()} good bins: a burst cannot be measured in it")
    width = np.broadcast_to(np.asarray(width, float), (n,))
    variance = np.maximum((error * width) ** 2, 1.0)
    live = width if exposure is None else exposure
    parts = (np.asarray(x, float)[keep] for x in (start, width, rate, variance, live))
    return _Data(*parts), saturated[keep]


def _with_margins(data: _Data, found: tuple[float, float], least: float) -> tuple[float, float]:
    """Widen what was found significant, as far as enough background is left.

    The faint ends of a burst are lost to a search. With these margins T90 of simulated FRED pulses comes out
    unbiased and scatters as its error says; wider ones add noise.
    """
    length = found[1] - found[0]
    edges = data.edges
    low = max(found[0] - _MARGINS[0] * length, edges[0] + least)
    high = min(found[1] + _MARGINS[1] * length, edges[-1] - least)
    return min(low, found[0]), max(high, found[1])


def _on_edges(data: _Data, interval: tuple[float, float], least: float) -> tuple[float, float]:
    """Move the ends of an interval to edges of bins, and see that background is left around it."""
    edges = data.edges
    low, high = interval
    if not low < high:
        raise InputError(f"the burst's interval ends at {high:g} s, before it starts at {low:g} s")
    if low < edges[0] or high > edges[-1]:
        raise InputError(
            f"the burst's interval {low:.3f} to {high:.3f} s is not within the light curve, which runs from "
            f"{edges[0]:.3f} to {edges[-1]:.3f} s"
        )
    start, stop = (float(edges[np.argmin(np.abs(edges - t))]) for t in interval)
    stop = max(stop, float(edges[np.searchsorted(edges, start) + 1]))
    for seconds, side in (
        (_covered(data, -np.inf, start), "before"),
        (_covered(data, stop, np.inf), "after"),
    ):
        if seconds < least * (1 - 1e-6):
            raise InputError(
                f"{seconds:.1f} s of background {side} the burst, which lies between {start:.2f} and "
                f"{stop:.2f} s, are "
                f"too little: durations need {least:g} s on either side; give a longer light curve"
            )
    return start, stop


def _covered(data: _Data, low: float, high: float) -> float:
    inside = (data.middle > low) & (data.middle < high)
    return float(data.width[inside].sum())


def _measure(data: _Data, interval: tuple[float, float], order: int, peak_scales: tuple[float, ...]) -> Burst:
    low, high = interval
    outside = (data.middle < low) | (data.middle > high)
    background = fit_polynomial(data.middle, data.width, data.rate, outside, order)
    excess = (data.rate - background.rate) * data.width
    noise = _noise(data, excess, background)
    data = replace(data, noise=noise)
    cumulative = np.append(0.0, np.cumsum(excess))
    windows = _level_windows(data, interval)
    means = [_mean_weights(data, window) for window in windows]
    levels = tuple(float(m @ excess) for m in means)
    times, errors, t90_error, t50_error = _times(
        data, background, excess, cumulative, interval, levels, means
    )
    inside = ~outside
    counts, counts_error = _total(data, background, excess, inside)
    return Burst(
        start=low,
        stop=high,
        times=times,
        time_errors=errors,
        t90=_duration(times, "90"),
        t90_error=t90_error,
        t50=_duration(times, "50"),
        t50_error=t50_error,
        counts=counts,
        counts_error=counts_error,
        peaks={scale: _peak(data, excess, inside, scale) for scale in _scales(data, peak_scales)},
        snr=counts / (noise * float(np.sqrt((background.rate * data.width)[inside].sum()))),
        background_rate=float(np.interp((low + high) / 2, data.middle, background.rate)),
        order=order,
        noise_ratio=noise,
        missing=max(round(high - low - float(data.live[inside].sum()), 6), 0.0),
        background=background.rate,
        background_used=background.used,
        edges=data.edges,
        cumulative=cumulative - levels[0],
        levels=(0.0, levels[1] - levels[0]),
        level_windows=windows,
    )


def _noise(data: _Data, excess: np.ndarray, background: Polynomial) -> float:
    """Scatter at the bin and at 1 s, whichever is larger, and never below counting statistics."""
    bin_size = float(np.median(data.width))
    groups = {1, max(round(1.0 / bin_size), 1)}
    return max(1.0, *(noise_ratio(excess, data.variance, background.used, group) for group in groups))


def _level_windows(data: _Data, interval: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    low, high = interval
    length = float(np.clip(high - low, _SHORTEST_LEVEL, _LONGEST_LEVEL))
    edges = data.edges
    return (max(low - length, edges[0]), low), (high, min(high + length, edges[-1]))


def _mean_weights(data: _Data, window: tuple[float, float]) -> np.ndarray:
    """Return how much each bin's counts add to the mean of the cumulative curve over a window.

    A bin before the window adds all of its counts, one behind it none, one inside to the edges that follow.
    """
    ends = data.start + data.width
    slack = 1e-6 * float(np.median(data.width))
    counted = data.edges
    counted = counted[(counted >= window[0] - slack) & (counted <= window[1] + slack)]
    following = len(counted) - np.searchsorted(counted, ends - slack)
    return following / len(counted)


def _times(
    data: _Data,
    background: Polynomial,
    excess: np.ndarray,
    cumulative: np.ndarray,
    interval: tuple[float, float],
    levels: tuple[float, ...],
    means: list[np.ndarray],
) -> tuple[dict[str, float], dict[str, tuple[float, float]], float, float]:
    if levels[1] <= levels[0]:
        raise InputError(
            f"no counts above background between {interval[0]:.2f} and {interval[1]:.2f} s: choose another "
            "interval"
        )
    edges = data.edges
    slack = 1e-6 * float(np.median(data.width))
    inside = (edges >= interval[0] - slack) & (edges <= interval[1] + slack)
    curve = Curve.monotone(edges[inside], cumulative[inside])
    times, errors, halves, noises = {}, {}, {}, {}
    for name, fraction in FRACTIONS.items():
        level = (1 - fraction) * levels[0] + fraction * levels[1]
        times[name] = curve.time(level)
        reached = np.clip((times[name] - data.start) / data.width, 0, 1)
        weights = reached - (1 - fraction) * means[0] - fraction * means[1]
        noises[name] = functional_error(weights, data.width, data.variance, background) * data.noise
        sigma = float(np.sqrt(noises[name] @ noises[name]))
        within = float(data.width[np.argmin(np.abs(data.middle - times[name]))]) / np.sqrt(12)
        errors[name] = tuple(
            float(np.hypot(abs(curve.time(level + side * sigma) - times[name]), within)) for side in (-1, 1)
        )
        halves[name] = sum(errors[name]) / 2
    pairs = (("t05", "t95"), ("t25", "t75"))
    return times, errors, *(_difference(halves, noises, *pair) for pair in pairs)


def _difference(halves: dict[str, float], noises: dict[str, np.ndarray], first: str, second: str) -> float:
    """Return the error of a difference of two times, whose noises are in part the same."""
    a, b = noises[first], noises[second]
    correlation = float(a @ b / np.sqrt((a @ a) * (b @ b)))
    square = halves[first] ** 2 + halves[second] ** 2 - 2 * correlation * halves[first] * halves[second]
    return float(np.sqrt(max(square, 0.0)))


def _duration(times: dict[str, float], part: str) -> float:
    low, high = {"90": ("t05", "t95"), "50": ("t25", "t75")}[part]
    return times[high] - times[low]


def _total(
    data: _Data, background: Polynomial, excess: np.ndarray, inside: np.ndarray
) -> tuple[float, float]:
    noise = functional_error(inside.astype(float), data.width, data.variance, background) * data.noise
    return float(excess[inside].sum()), float(np.sqrt(noise @ noise))


def _scales(data: _Data, scales: tuple[float, ...]) -> tuple[float, ...]:
    """Time scales of whole bins, none shorter than one."""
    bin_size = float(np.median(data.width))
    return tuple(sorted({round(max(round(scale / bin_size), 1) * bin_size, 6) for scale in scales}))


def _peak(data: _Data, excess: np.ndarray, inside: np.ndarray, scale: float) -> tuple[float, float, float]:
    """Return middle, rate and error of the window of highest rate; windows over gaps are left out."""
    group = min(max(round(scale / float(np.median(data.width))), 1), len(excess))
    length = _sliding(data.width, group)
    span = data.start[group - 1 :] + data.width[group - 1 :] - data.start[: len(length)]
    touches = _sliding(inside.astype(float), group) > 0
    whole = touches & (span < 1.5 * group * float(np.median(data.width)))
    if not whole.any():
        return float("nan"), float("nan"), float("nan")
    rates = np.where(whole, _sliding(excess, group) / length, -np.inf)
    best = int(np.argmax(rates))
    error = data.noise * float(np.sqrt(_sliding(data.variance, group)[best])) / float(length[best])
    return float(data.start[best] + span[best] / 2), float(rates[best]), error


def _sliding(values: np.ndarray, group: int) -> np.ndarray:
    total = np.append(0.0, np.cumsum(values))
    return total[group:] - total[:-group]


def _flags(
    burst: Burst, saturated: bool, data: _Data, inside: np.ndarray, high_rate: float
) -> tuple[str, ...]:
    bounded = any(
        abs(burst.times[name] - end) < float(np.median(data.width)) / 2
        for name, end in (("t05", burst.start), ("t95", burst.stop))
    )
    excess = (data.rate - burst.background)[inside] * data.width[inside]
    found = {
        "GAP": burst.missing > 0.5 * float(np.median(data.width)),
        "SATURATED": saturated,
        "HIGH_RATE": float(data.rate[inside].max()) > high_rate,
        "BOUNDED": bounded,
        "WEAK": burst.snr < WEAK,
        # All the counts in one sample: a particle more often than a burst (Savchenko et al. 2012, A&A 541,
        # A122).
        "SPIKE": excess.max() > 0.9 * burst.counts,
    }
    return tuple(name for name, is_so in found.items() if is_so)
