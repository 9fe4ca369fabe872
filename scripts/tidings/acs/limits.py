"""Upper limits on bursts that were not seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tidings.acs.conversions import Conversion
from tidings.errors import InputError
from tidings.lightcurve._levels import fit_polynomial

# The standard deviation of this many sums is known to 16 %, which is also the error of the limit.
LEAST_WINDOWS = 20
# The standard deviation is this far above the one from the quartiles only if a signal or spikes are inside.
_OUTLIERS = 1.3


@dataclass(frozen=True)
class Limit:
    """Upper limit for one duration.

    Attributes
    ----------
    duration
        s.
    counts, rate
        The limit: counts, and counts/s averaged over the duration.
    relative_error
        Of the limit, because the scatter is known from so many windows only.
    windows
        Number of them.
    excess
        Ratio of the standard deviation to that of counting statistics.
    outliers
        Whether a signal or spikes widen the scatter, so that the limit is too high.
    sigma
        Significance of the limit.
    """

    duration: float
    counts: float
    rate: float
    relative_error: float
    windows: int
    excess: float
    outliers: bool
    sigma: float

    def fluence(self, conversion: Conversion, response: float = 1.0) -> float:
        """Return the limit on the fluence, erg/cm²."""
        return conversion.convert(self.counts, response)


def expected_limit(background: float, duration: float, *, excess: float = 1.0, sigma: float = 3.0) -> float:
    """Return the limit in counts that a background rate makes one expect.

    Parameters
    ----------
    background
        Counts/s.
    duration
        s.
    excess
        Ratio of the scatter to counting statistics.
    sigma
        Significance.
    """
    return sigma * excess * float(np.sqrt(background * duration))


def upper_limits(
    start: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    error: np.ndarray,
    durations: Sequence[float],
    *,
    good: np.ndarray | None = None,
    order: int = 1,
    sigma: float = 3.0,
) -> list[Limit]:
    """Return upper limits from the scatter of the light curve at each duration.

    The limit is `sigma` times the standard deviation of the counts in windows of the duration, above a
    polynomial background (Savchenko et al. 2017, A&A 603, A46, and the circulars of its authors since).

    Parameters
    ----------
    start, width, rate, error : (n,) float
        Starts and widths of the bins, s; rates and their Poisson errors, counts/s; in order of time.
    durations
        s; each a bin or longer.
    good : (n,) bool, optional
        Bins to be used; those of a burst, and bad ones, must not be.
    order
        Of the polynomial, 0 to 3.
    sigma
        Significance.

    Raises
    ------
    InputError
        If a duration is shorter than a bin, or there are fewer than 20 windows of it.
    """
    good = np.ones(len(start), bool) if good is None else np.asarray(good, bool)
    good = good & np.isfinite(rate) & np.isfinite(error)
    width = np.broadcast_to(np.asarray(width, float), start.shape)
    if not good.any():
        raise InputError("no good bins: there is nothing to make an upper limit of")
    rate = np.where(good, rate, 0.0)
    background = fit_polynomial(start + width / 2, width, rate, good, order)
    excess = (rate - background.rate) * width
    variance = np.where(good, (error * width) ** 2, 0.0)
    return [_limit(start, width, excess, variance, good, t, sigma) for t in durations]


def _limit(
    start: np.ndarray,
    width: np.ndarray,
    excess: np.ndarray,
    variance: np.ndarray,
    good: np.ndarray,
    duration: float,
    sigma: float,
) -> Limit:
    bin_size = float(np.median(width))
    group = round(duration / bin_size)
    if group < 1 or abs(group * bin_size / duration - 1) > 0.05:
        raise InputError(
            f"a duration of {duration:g} s is not a multiple of the bins of {bin_size:g} s: choose another "
            "one, or "
            "bin the light curve finer"
        )
    sums, expected, length = _windows(start, width, (excess, variance, width), good, group)
    if len(sums) < LEAST_WINDOWS:
        raise InputError(
            f"{len(sums)} windows of {duration:g} s without gaps are too few for its scatter: "
            f"{LEAST_WINDOWS} are "
            f"needed; give a longer light curve or a shorter duration"
        )
    # Windows of bins that are not all full are scaled to the duration.
    scaled = sums * duration / length
    deviation = float(np.std(scaled, ddof=1))
    quartiles = np.subtract(*np.percentile(scaled, [75, 25])) / 1.3489795
    poisson = float(np.sqrt(np.mean(expected * (duration / length) ** 2)))
    return Limit(
        duration=duration,
        counts=sigma * deviation,
        rate=sigma * deviation / duration,
        relative_error=float(1 / np.sqrt(2 * (len(sums) - 1))),
        windows=len(sums),
        excess=deviation / poisson,
        outliers=bool(deviation > _OUTLIERS * quartiles),
        sigma=sigma,
    )


def _windows(
    start: np.ndarray, width: np.ndarray, values: Sequence[np.ndarray], good: np.ndarray, group: int
) -> list[np.ndarray]:
    """Return the sums of the values in neighbouring windows of good bins that have no gap between them."""
    n = len(start) // group
    cut = slice(0, n * group)
    first, last = start[cut].reshape(n, group)[:, 0], (start + width)[cut].reshape(n, group)[:, -1]
    filled = width[cut].reshape(n, group).sum(axis=1)
    whole = good[cut].reshape(n, group).all(axis=1) & (last - first - filled < 0.5 * np.median(width))
    return [value[cut].reshape(n, group).sum(axis=1)[whole] for value in values]
