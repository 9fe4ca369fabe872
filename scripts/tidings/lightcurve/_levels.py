"""Background-subtracted counts as a growing curve: fit of the background, levels and crossings.

Everything that is read off the curve is a weighted sum of the counts, so that its error, the part that comes
from the fitted background included, is the same weighted sum of their variances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from tidings.errors import InputError

# A single sample this far out is a cosmic-ray hit, not background.
SPIKE = 5.0


@dataclass(frozen=True)
class Polynomial:
    """A polynomial fitted to rates: ``rate = basis @ operator @ rates``.

    Attributes
    ----------
    basis : (n, k) float
        Powers of time at all bins.
    operator : (k, n) float
        Gives the coefficients from the rates; zero at bins not used.
    used : (n,) bool
        Bins that the fit rests on.
    rate : (n,) float
        The background, counts/s.
    """

    basis: np.ndarray
    operator: np.ndarray
    used: np.ndarray
    rate: np.ndarray


def fit_polynomial(
    time: np.ndarray, width: np.ndarray, rate: np.ndarray, used: np.ndarray, order: int
) -> Polynomial:
    """Fit a polynomial to the rates of the bins used, weighted by their width.

    Weights of 1/counts would prefer low counts and so give a background too low by one count a bin, which
    over a hundred seconds is more than the noise.

    Parameters
    ----------
    time, width, rate
        Middles and widths of the bins, s, and their rates, counts/s; all (n,).
    used
        Bins of background; single ones far out are left out in a second pass.
    order
        Of the polynomial, 0 to 3.

    Raises
    ------
    InputError
        If there are too few bins.
    """
    used = np.asarray(used, bool)
    for _ in range(2):
        if used.sum() < 5 * (order + 1):
            raise InputError(
                f"{used.sum()} bins of background are too few for a polynomial of order {order}: give a "
                "longer "
                "light curve, or a lower order"
            )
        middle, half = _centre(time[used])
        basis = ((time - middle) / half)[:, None] ** np.arange(order + 1)
        weights = np.where(used, width, 0.0)
        weighted = basis.T * weights
        operator = np.linalg.solve(weighted @ basis, weighted)
        background = basis @ (operator @ rate)
        residual = (rate - background) * np.sqrt(width)
        spread = 1.4826 * np.median(np.abs(residual[used]))
        kept = used & (np.abs(residual) <= SPIKE * spread) if spread > 0 else used
        if kept.sum() == used.sum():
            break
        used = kept
    return Polynomial(basis, operator, used, background)


def noise_ratio(excess: np.ndarray, variance: np.ndarray, used: np.ndarray, group: int) -> float:
    """Return the scatter of sums of `group` neighbouring bins over what counting statistics gives.

    Parameters
    ----------
    excess, variance
        Counts above background, and their Poisson variance; (n,).
    used
        Bins of background.
    group
        Bins in a sum.
    """
    sums, expected = _grouped(excess, used, group), _grouped(variance, used, group)
    if len(sums) < 2:
        return 1.0
    return float(np.sqrt(np.mean(sums**2 / expected) * len(sums) / (len(sums) - 1)))


def functional_error(
    weights: np.ndarray, width: np.ndarray, variance: np.ndarray, background: Polynomial
) -> np.ndarray:
    """Return the weights of the counts themselves for weights of the counts above background.

    Parameters
    ----------
    weights : (..., n)
        Of the counts above background, ``sum(weights * (counts - background))``.
    width, variance
        Of the bins: s, counts².

    Returns
    -------
    ndarray (..., n)
        Scaled by the standard deviations, so that products of two sum to their covariance.
    """
    seen = (weights * width) @ background.basis
    return (weights - (seen @ background.operator) / width) * np.sqrt(variance)


@dataclass(frozen=True)
class Curve:
    """Cumulative counts at the edges of the bins of a burst, as a curve that never falls."""

    edges: np.ndarray
    counts: np.ndarray

    @classmethod
    def monotone(cls, edges: np.ndarray, counts: np.ndarray) -> Curve:
        """Take the closest curve that never falls: a source gives no negative counts (Barlow et al. 1972)."""
        return cls(edges, isotonic_regression(counts).x)

    def time(self, level: float) -> float:
        """Return where the curve reaches a level: the middle of a flat part, an end if it never does."""
        left = int(np.searchsorted(self.counts, level, "left"))
        right = int(np.searchsorted(self.counts, level, "right"))
        if left >= len(self.counts):
            return float(self.edges[-1])
        if right > left:
            return float((self.edges[left] + self.edges[right - 1]) / 2)
        if left == 0:
            return float(self.edges[0])
        low, high = self.counts[left - 1], self.counts[left]
        part = (level - low) / (high - low)
        return float(self.edges[left - 1] + part * (self.edges[left] - self.edges[left - 1]))


def _centre(time: np.ndarray) -> tuple[float, float]:
    low, high = float(time.min()), float(time.max())
    return (low + high) / 2, max((high - low) / 2, 1e-9)


def _grouped(values: np.ndarray, used: np.ndarray, group: int) -> np.ndarray:
    """Return sums of `group` neighbouring bins that are all used."""
    n = len(values) // group
    whole = used[: n * group].reshape(n, group).all(axis=1)
    return values[: n * group].reshape(n, group).sum(axis=1)[whole]
