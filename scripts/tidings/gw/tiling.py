"""Sine-Gaussian tiles of the Q-transform: their planes, rows and extents.

A tile of quality factor Q at frequency f is a window ``(1 - x**2)**2`` in frequency nu, with
``x = (nu - f) / h`` and the half width ``h = f sqrt(11) / Q`` (the bisquare window of Chatterji 2005,
PhD thesis, MIT, chapter 5). Q is the ratio of the frequency to the bandwidth, the standard deviation of
the squared window. The tiling is laid so that no sine-Gaussian loses more
than ``mismatch`` of its energy (ibid.), in the metric
``ds^2 = (2 pi f / Q)^2 dt^2 + (2 + Q^2) / (4 f^2) df^2 + dQ^2 / (2 Q^2)``.
"""

from __future__ import annotations

from math import ceil, log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tidings.errors import InputError

FloatArray = NDArray[np.float64]

#: Integral over x of the squared bisquare window, from -1 to 1.
BISQUARE_ENERGY = 256 / 315
#: First null of the window's response in time, as ``2 pi t`` in units of 1 / half width
#: (first zero of the spherical Bessel function j2).
FIRST_NULL = 5.763459196894550


def tile_step(mismatch: float) -> float:
    """Distance of neighbouring tiles in the metric of the energy loss."""
    if not 0 < mismatch < 1:
        raise InputError(f"the mismatch of neighbouring tiles must lie between 0 and 1, not {mismatch:g}")
    return 2 * sqrt(mismatch / 3)


def q_planes(qrange: tuple[float, float], mismatch: float = 0.2) -> FloatArray:
    """Quality factors of the planes that cover ``qrange``, lowest first.

    Raises
    ------
    InputError
        If the range is empty or goes below sqrt(11), where tiles would reach zero frequency.
    """
    low, high = float(qrange[0]), float(qrange[1])
    if not sqrt(11) < low <= high < np.inf:
        raise InputError(
            f"the Q range must lie above {sqrt(11):.3f} and be ascending, not ({low:g}, {high:g})"
        )
    span = log(high / low) / sqrt(2)
    n = max(1, ceil(span / tile_step(mismatch)))
    return low * np.exp(sqrt(2) * span / n * (np.arange(n) + 0.5))


def row_frequencies(q: float, frange: tuple[float, float], mismatch: float = 0.2) -> FloatArray:
    """Central frequencies [Hz] of the rows of one plane, lowest first."""
    low, high = frange
    scale = 2 / sqrt(2 + q**2)
    span = log(high / low) / scale
    n = max(1, ceil(span / tile_step(mismatch)))
    return low * np.exp(scale * span / n * (np.arange(n) + 0.5))


def half_width(frequency: ArrayLike, q: ArrayLike) -> FloatArray:
    """Half width [Hz] of the bisquare window, at which it is zero."""
    return np.asarray(frequency) * sqrt(11) / np.asarray(q)


def bandwidth(frequency: ArrayLike, q: ArrayLike) -> FloatArray:
    """Bandwidth [Hz] of a tile, 2 sqrt(pi) f / Q; the area of a tile is 1."""
    return 2 * sqrt(pi) * np.asarray(frequency) / np.asarray(q)


def duration(frequency: ArrayLike, q: ArrayLike) -> FloatArray:
    """Duration [s] of a tile, the inverse of its bandwidth."""
    return 1 / bandwidth(frequency, q)


def time_reach(frequency: ArrayLike, q: ArrayLike) -> FloatArray:
    """Time [s] from the centre of a tile to the first null of its response; the rest hardly counts."""
    return FIRST_NULL / (2 * pi * half_width(frequency, q))


def highest_frequency(rate: float, q: float) -> float:
    """Highest frequency [Hz] whose tile stays below the Nyquist frequency."""
    return 0.5 * rate / (1 + sqrt(11) / q)


def bisquare(frequency: ArrayLike, centre: ArrayLike, q: ArrayLike) -> FloatArray:
    """The window (1 - x**2)**2 of a tile at the given frequencies [Hz], zero beyond its half width."""
    x = (np.asarray(frequency) - np.asarray(centre)) / half_width(centre, q)
    return np.square(np.maximum(1 - x * x, 0))


def log_frequencies(frange: tuple[float, float], n: int) -> FloatArray:
    """n frequencies [Hz] in constant ratio, ends included."""
    low, high = frange
    return (
        low * np.exp(log(high / low) * np.arange(n) / max(n - 1, 1))
        if n > 1
        else np.array([sqrt(low * high)])
    )
