"""False-alarm rate of the loudest tile of a Q-transform.

In stationary Gaussian noise the normalised energy E = \\|z\\|^2 of a plane is a chi-squared field of two
degrees of freedom (mean 1) in time and frequency. The expected number of separate regions above a
high level E is its Euler characteristic (Worsley 1994, Adv. Appl. Prob. 26, 13): in the area,
``sqrt(L_t L_f) / (2 pi) * (2 E - 1) exp(-E)`` per unit of time and frequency, and along the two edges
in frequency, half of ``sqrt(L_t E / pi) exp(-E)`` per unit of time each. L_t and L_f are the variances
of the gradient of z: ``L_t = (2 pi f / Q)**2`` and, for the bisquare window with its widening with f,
``L_f = 3 (Q**2 / 11 + 1 / 4) / f**2``, so that the density does not depend on the frequency.
"""

from __future__ import annotations

from math import log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import erf

FloatArray = NDArray[np.float64]


def plane_rate(energy: ArrayLike, q: float, frange: tuple[float, float]) -> FloatArray:
    """Rate [Hz] at which noise makes regions louder than ``energy`` in one plane.

    Parameters
    ----------
    energy
        Normalised energies, any shape.
    q
        Quality factor of the plane.
    frange
        Lowest and highest frequency [Hz] of the plane.
    """
    level = np.maximum(np.asarray(energy, dtype=np.float64), 1.0)
    low, high = frange
    if high <= low:
        return np.zeros_like(level)
    area = (high - low) * sqrt(3 * q**2 / 11 + 0.75) / q * (2 * level - 1)
    edges = (low + high) * sqrt(pi) / q * np.sqrt(level)
    return (area + edges) * np.exp(-level)


def false_alarm_rate(energy: ArrayLike, qs: ArrayLike, franges: list[tuple[float, float]]) -> FloatArray:
    """Rate [Hz] at which noise makes tiles louder than ``energy`` in all planes searched.

    Parameters
    ----------
    energy
        Normalised energies, any shape.
    qs, franges
        Quality factors of the planes, ascending, and their frequency ranges [Hz].

    Notes
    -----
    Neighbouring planes see the same noise: a plane adds to those below it only what they would have
    missed.
    """
    levels = np.asarray(energy, dtype=np.float64)
    planes = np.atleast_1d(np.asarray(qs, dtype=np.float64))
    total = np.zeros_like(levels)
    for i, (q, frange) in enumerate(zip(planes, franges, strict=True)):
        new = 1.0 if i == 0 else newly_seen(levels, log(q / planes[i - 1]))
        total = total + plane_rate(levels, float(q), frange) * new
    return total


def newly_seen(energy: ArrayLike, log_ratio: float) -> FloatArray:
    """Share of the regions above ``energy`` in a plane that the plane ``log_ratio`` away in ln(Q) has missed.

    For planes close together it is the number of regions that a small step in ln(Q) adds, the step
    times ``sqrt(L_Q E / pi)`` with L_Q = 1 / 2 (the metric of the tiling); it cannot exceed 1. The error
    function has both limits and agrees with simulations of planes 0.46 to 0.92 apart.
    """
    return erf(log_ratio * np.sqrt(np.asarray(energy, dtype=np.float64) / 8))
