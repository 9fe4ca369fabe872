"""How much later one light curve is than another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidings.errors import InputError

# The fit of the lag uses all lags at which the curves still agree this well with the best one.
_CORE = 0.7
_LEAST_SNR = 5.0


@dataclass(frozen=True)
class Lag:
    """Time difference of two light curves.

    Attributes
    ----------
    value
        s: arrival at the first less arrival at the second, positive if the first saw the burst later.
    error
        Statistical, 1 sigma, s.
    scale
        Ratio of the second's counts to the first's.
    chi2, dof
        Of the best agreement.
    correlation
        Coefficient of the best agreement.
    snr
        Of the burst in the less significant light curve.
    lags, values : float arrays
        Lags tried and the chi-squared of each, for the figure.
    bin_size
        Of the comparison, s.
    """

    value: float
    error: float
    scale: float
    chi2: float
    dof: int
    correlation: float
    snr: float
    lags: np.ndarray
    values: np.ndarray
    bin_size: float


@dataclass(frozen=True)
class Signal:
    """Counts above background in equal bins: start of the first and bin width, s; counts, variances."""

    start: float
    bin_size: float
    counts: np.ndarray
    variance: np.ndarray

    def cut(self, low: float, high: float) -> Signal:
        """Return the bins between two times."""
        first = max(round((low - self.start) / self.bin_size), 0)
        last = min(round((high - self.start) / self.bin_size), len(self.counts))
        cut = slice(first, max(last, first))
        return Signal(self.start + first * self.bin_size, self.bin_size, self.counts[cut], self.variance[cut])


def rebin(
    start: np.ndarray, width: np.ndarray, excess: np.ndarray, variance: np.ndarray, bin_size: float
) -> Signal:
    """Sum counts in bins of another size; a bin that lies across an edge is shared by length.

    Parameters
    ----------
    start, width, excess, variance : (n,) float
        Of bins without gaps: s, counts above background, and their variance.
    bin_size
        s, not below the bins' own.

    Raises
    ------
    InputError
        If there are gaps, or the bins are wider than asked for.
    """
    own = float(np.median(width))
    if bin_size < own * (1 - 1e-6):
        raise InputError(f"bins of {bin_size:g} s are finer than the light curve's of {own:g} s")
    gaps = start[1:] - (start + width)[:-1]
    if len(gaps) and gaps.max() > 0.5 * own:
        at = int(np.argmax(gaps))
        raise InputError(
            f"{gaps[at]:.2f} s are missing at {start[at + 1]:.2f} s, inside the part that is compared: "
            "choose another"
        )
    edges = np.append(start, start[-1] + width[-1])
    # Edges of a light curve in equal bins stray by rounding only; without this the bins would be shared anew.
    exact = start[0] + own * np.arange(len(edges))
    edges = exact if np.abs(edges - exact).max() < 0.01 * own else edges
    n = int((edges[-1] - edges[0]) / bin_size + 1e-6)
    new = edges[0] + bin_size * np.arange(n + 1)
    sums = [
        np.diff(np.interp(new, edges, np.append(0.0, np.cumsum(values)))) for values in (excess, variance)
    ]
    return Signal(float(edges[0]), bin_size, *sums)


def find_lag(first: Signal, second: Signal, interval: tuple[float, float], max_lag: float) -> Lag:
    """Find the time difference of a burst in two light curves.

    The second, shifted by whole bins and scaled, is compared with the first; chi-squared, which rises as the
    cross-correlation falls, is least at the lag, between the bins by a parabola through the lags around the
    best one; its error is where chi-squared is larger by one (Pal'shin et al. 2013, ApJS 207, 38).
    Where the two curves differ by more than their noise, the error is scaled by the root of chi-squared per
    degree of freedom.

    Parameters
    ----------
    first, second
        In bins of one size; times of both count from the same instant.
    interval
        Part of the first that holds the burst, s.
    max_lag
        Largest lag tried, s: what light takes between the two.

    Returns
    -------
    Lag

    Raises
    ------
    InputError
        If one of the two has no significant burst, the second does not cover the interval at all lags, or the
        best lag is at an end of the range.
    """
    part = first.cut(*interval)
    if len(part.counts) < 5:
        raise InputError(f"{len(part.counts)} bins in the interval compared are too few: give finer bins")
    offset = round((part.start - second.start) / second.bin_size)
    phase = part.start - (second.start + offset * second.bin_size)
    reach = int(np.ceil(max_lag / second.bin_size)) + 2
    before, after = offset, len(second.counts) - offset - len(part.counts)
    if min(before, after) < reach:
        covered = second.start, second.start + second.bin_size * len(second.counts)
        raise InputError(
            f"the second light curve covers {covered[0]:.2f} to {covered[1]:.2f} s; for lags up to "
            f"{max_lag:.3f} s it must "
            f"cover {interval[0] - max_lag:.2f} to {interval[1] + max_lag:.2f} s"
        )
    # Room for the parabola where the best lag is near the longest.
    reach = min(reach + len(part.counts) // 4, before, after)
    # Compared with what the second has k bins later, the first is earlier: the lag is negative.
    shifts = np.arange(-reach, reach + 1)
    windows = [slice(offset + k, offset + k + len(part.counts)) for k in shifts]
    pairs = [(second.counts[w], second.variance[w]) for w in windows]
    correlation = np.array([_correlation(part.counts, counts) for counts, _ in pairs])
    snr = min(_snr(part.counts, part.variance), max(_snr(*pair) for pair in pairs))
    if snr < _LEAST_SNR:
        raise InputError(
            f"the burst has a signal-to-noise ratio of {snr:.1f} in one of the light curves, below "
            f"{_LEAST_SNR:g}: a time "
            "difference cannot be measured"
        )
    best = int(np.argmax(correlation))
    # One scale for all lags: with a scale of its own a window without the burst would agree as well as the
    # best.
    scale = _scale(part.counts, part.variance, *pairs[best])
    chi2 = np.array([_chi2(part.counts, part.variance, *pair, scale) for pair in pairs])
    lags = phase - shifts * second.bin_size
    dof = max(len(part.counts) - 2, 1)
    value, error = _minimum(lags, chi2, _around(correlation, chi2, best, dof), max_lag)
    order = np.argsort(lags)
    return Lag(
        value=value,
        error=float(error * np.sqrt(max(chi2.min() / dof, 1.0))),
        scale=scale,
        chi2=float(chi2.min()),
        dof=dof,
        correlation=float(correlation[best]),
        snr=snr,
        lags=lags[order],
        values=chi2[order],
        bin_size=second.bin_size,
    )


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float((a * b).sum() / np.sqrt((a * a).sum() * (b * b).sum()))


def _scale(a: np.ndarray, va: np.ndarray, b: np.ndarray, vb: np.ndarray) -> float:
    """Return the ratio of the counts of b to those of a, both weighted by what they have in common."""
    weights = np.maximum(a / va.mean() + b / vb.mean(), 0)
    return max(float((b * weights).sum() / (a * weights).sum()), 1e-6)


def _chi2(a: np.ndarray, va: np.ndarray, b: np.ndarray, vb: np.ndarray, scale: float) -> float:
    return float(((b - scale * a) ** 2 / (vb + scale**2 * va)).sum())


def _snr(counts: np.ndarray, variance: np.ndarray) -> float:
    return float(counts.sum() / np.sqrt(variance.sum()))


def _minimum(lags: np.ndarray, chi2: np.ndarray, around: np.ndarray, max_lag: float) -> tuple[float, float]:
    """Return the lag of least chi-squared and the change of lag that raises it by one."""
    origin = float(lags[around].mean())
    curvature, slope, _ = np.polyfit(lags[around] - origin, chi2[around], 2)
    value = origin - slope / (2 * curvature)
    bin_size = abs(float(lags[1] - lags[0]))
    if curvature <= 0 or abs(value - origin) > np.ptp(lags[around]) / 2 + bin_size:
        raise InputError("chi-squared has no minimum: the light curves do not show the same burst")
    if abs(value) > max_lag + bin_size:
        raise InputError(
            f"the light curves agree best at a lag of {value:.3f} s, more than the {max_lag:.3f} s allowed, "
            "which light takes "
            "between the two: check positions, times and interval"
        )
    return float(value), float(1 / np.sqrt(curvature))


def _around(correlation: np.ndarray, chi2: np.ndarray, best: int, dof: int) -> np.ndarray:
    """Return the lags around the best one that the parabola is fitted to, three at least.

    They are those that agree hardly less than the best: in correlation, and in chi-squared within 5 sigma and
    twice the scatter that noise gives it from lag to lag. They are counted, not followed to the first that is
    worse: noise makes that one come early.
    """
    near = chi2 - chi2[best] < (25 + 6 * np.sqrt(2 * dof)) * max(chi2[best] / dof, 1.0)
    half = max(int((near & (correlation > _CORE * correlation[best])).sum()) // 2, 1)
    half = min(half, (len(correlation) - 1) // 2)
    middle = int(np.clip(best, half, len(correlation) - 1 - half))
    return np.arange(middle - half, middle + half + 1)
