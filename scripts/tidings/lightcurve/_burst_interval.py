"""Where a burst starts and stops in a light curve."""

from __future__ import annotations

import numpy as np

from tidings.errors import InputError
from tidings.lightcurve._levels import fit_polynomial, noise_ratio

# Longest stretch, s, that is added to a burst at once; also the longest quiet part that it may have.
_LONGEST_STEP = 30.0
# Noise alone exceeds this in one of about thirty windows less than once in a thousand bursts.
_EDGE = 4.0


def find_interval(
    middle: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    variance: np.ndarray,
    order: int,
    threshold: float,
) -> tuple[float, float]:
    """Find the interval that holds the burst.

    It starts as the window of highest signal-to-noise ratio of all lengths, and grows on either side as long
    as a window that ends at its edge is significant. Windows never hold the bright part, which would make any
    window that touches it significant.

    Parameters
    ----------
    middle, width, rate, variance : (n,) float
        Middles and widths of bins, s; rates, counts/s; Poisson variance of the counts.
    order
        Of the polynomial of the background.
    threshold
        Least signal-to-noise ratio of the first window.

    Returns
    -------
    start, stop : float
        On the edges of bins.

    Raises
    ------
    InputError
        If no window reaches the threshold.
    """
    quiet = _quiet(width, rate)
    for _ in range(4):
        background = fit_polynomial(middle, width, rate, quiet, order)
        excess = (rate - background.rate) * width
        noise = max(1.0, noise_ratio(excess, variance, background.used, 1))
        # Noise of the background alone: that of the burst would hide its own tail.
        sums = np.append(0.0, np.cumsum(excess))
        squares = np.append(0.0, np.cumsum(noise**2 * np.maximum(background.rate * width, 1.0)))
        first, last = _loudest(sums, squares, threshold)
        steps = _steps(width)
        first = _grow(sums, squares, first, steps, -1)
        last = _grow(sums, squares, last, steps, +1)
        outside = np.ones(len(rate), bool)
        outside[first:last] = False
        if (outside == quiet).all() or outside.sum() < 5 * (order + 1):
            break
        quiet = outside
    return float(middle[first] - width[first] / 2), float(middle[last - 1] + width[last - 1] / 2)


def _quiet(width: np.ndarray, rate: np.ndarray) -> np.ndarray:
    """Return the bins whose rate, averaged over about a second, is near the median of all."""
    group = max(round(1.0 / float(np.median(width))), 1)
    n = -(-len(rate) // group)
    mean = np.array([rate[i * group : (i + 1) * group].mean() for i in range(n)])
    kept = np.ones(n, bool)
    for _ in range(10):
        median = np.median(mean[kept])
        spread = 1.4826 * np.median(np.abs(mean[kept] - median))
        now = np.abs(mean - median) <= 4 * max(spread, 1e-12)
        if (now == kept).all():
            break
        kept = now
    return np.repeat(kept, group)[: len(rate)]


def _steps(width: np.ndarray) -> np.ndarray:
    bin_size = float(np.median(width))
    longest = max(round(_LONGEST_STEP / bin_size), 1)
    return np.unique(np.round(np.geomspace(1, longest, 30)).astype(int))


def _loudest(sums: np.ndarray, squares: np.ndarray, threshold: float) -> tuple[int, int]:
    best = (-np.inf, 0, 1)
    longest = max((len(sums) - 1) // 2, 1)
    for n in np.unique(np.round(np.geomspace(1, longest, 60)).astype(int)):
        ratio = (sums[n:] - sums[:-n]) / np.sqrt(squares[n:] - squares[:-n])
        at = int(np.argmax(ratio))
        best = max(best, (float(ratio[at]), at, at + n))
    if best[0] < threshold:
        raise InputError(
            f"no burst in the light curve: the largest signal-to-noise ratio is {best[0]:.1f}, below "
            f"{threshold:g}; "
            "give the interval of a weaker one (burst_start, burst_end), or make an upper limit of it"
        )
    return best[1], best[2]


def _grow(sums: np.ndarray, squares: np.ndarray, edge: int, steps: np.ndarray, side: int) -> int:
    """Move an edge outwards over significant windows, of which the most significant comes first."""
    while True:
        far = edge + side * steps
        far = far[(far >= 0) & (far < len(sums))]
        if not len(far):
            return edge
        ratio = np.abs(sums[far] - sums[edge]) / np.sqrt(np.abs(squares[far] - squares[edge]))
        ratio *= np.sign((sums[far] - sums[edge]) * side)
        best = int(np.argmax(ratio))
        if ratio[best] < _EDGE:
            return edge
        edge = int(far[best])
