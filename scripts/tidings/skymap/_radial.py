"""Closed forms of the normal distribution times powers of distance, on part of the positive axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

_ROOT_2PI = np.sqrt(2 * np.pi)


def normal(r: ArrayLike, mu: ArrayLike, sigma: ArrayLike) -> NDArray[np.float64]:
    """Return the density of the normal distribution (1 / Mpc)."""
    z = (np.asarray(r) - mu) / sigma
    return np.exp(-0.5 * z * z) / (_ROOT_2PI * np.asarray(sigma))


def partial_moments(
    mu: NDArray[np.float64],
    sigma: NDArray[np.float64],
    lower: ArrayLike = 0.0,
    upper: ArrayLike = np.inf,
    highest: int = 4,
) -> list[NDArray[np.float64]]:
    """Return the integrals of r**k Normal(r; mu, sigma) from `lower` to `upper`, for k = 0 to `highest`.

    Parameters
    ----------
    mu, sigma
        Mpc; `mu` may be negative.
    lower, upper
        Mpc, broadcast with `mu`; `upper` may be infinite. Where it is not above `lower` the integrals are 0.

    Notes
    -----
    Integration by parts: M_k = mu M_(k-1) + (k-1) sigma^2 M_(k-2) - sigma^2 [r^(k-1) N(r)]. Far below the
    axis (mu = -z sigma) this loses z^(2k-2) of the relative precision: 1e-8 for z = 10 and k = 4.
    """
    lower = np.asarray(lower, float)
    upper = np.maximum(upper, lower)
    a, b = (lower - mu) / sigma, (upper - mu) / sigma
    # Both ends above the mean: differences of the small upper tails keep their digits.
    side = np.where(a > 0, -1.0, 1.0)
    moments = [side * (ndtr(side * b) - ndtr(side * a))]
    at_lower, at_upper = normal(lower, mu, sigma), normal(upper, mu, sigma)
    finite = np.where(np.isfinite(upper), upper, 0.0)
    power_lower, power_upper = np.ones_like(lower), np.ones_like(finite)
    for k in range(1, highest + 1):
        ends = power_upper * at_upper - power_lower * at_lower
        moment = mu * moments[k - 1] - sigma**2 * ends
        if k > 1:
            moment = moment + (k - 1) * sigma**2 * moments[k - 2]
        moments.append(moment)
        power_lower, power_upper = power_lower * lower, power_upper * finite
    return moments


def squares(
    mu: NDArray[np.float64], sigma: NDArray[np.float64], lower: ArrayLike, upper: ArrayLike
) -> NDArray[np.float64]:
    """Return the integral of r**2 Normal(r; mu, sigma) from `lower` to `upper` (Mpc^2)."""
    return np.maximum(partial_moments(mu, sigma, lower, upper, highest=2)[2], 0.0)
