"""The slow background under whatever is short: robust polynomial or running median."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre
from scipy.ndimage import binary_dilation, median_filter

from tidings.errors import InputError

LEAST = 20.0
"""Least live time of background that a model is fitted to, s."""

_BLOCK = 1.0  # s; the fit runs over means of this length: fast, and a burst's tail stands out better
_MOST_BLOCKS = 20000
_CLIP = 3.5  # sigma
_ROUNDS = 30
_MAD = 1.4826022185056018  # standard deviation of a normal distribution over its median absolute deviation
_MEDIAN_ERROR = 1.2533141373155003  # standard error of a median over that of a mean: sqrt(pi / 2)


@dataclass(frozen=True)
class Background:
    """Background in each bin, and the span of time (s) that it was measured in.

    Attributes
    ----------
    rate, error : numpy.ndarray
        1/s, float64 (n,); the error is that of the model, the scatter's excess over Poisson included.
    used : numpy.ndarray
        bool (n,): bins that went into it, those that stand out taken off.
    span : tuple of float
        Start of the first and end of the last bin offered.
    """

    rate: np.ndarray
    error: np.ndarray
    used: np.ndarray
    span: tuple[float, float]


def scatter(z: np.ndarray) -> float:
    """Return the standard deviation of values that a few outliers may be among (clipped at 4 sigma).

    Parameters
    ----------
    z : numpy.ndarray
        Values; NaN when there are fewer than two.
    """
    if len(z) < 2:
        return float("nan")
    middle = float(np.median(z))
    width = _MAD * float(np.median(np.abs(z - middle)))
    for _ in range(_ROUNDS):
        kept = z[np.abs(z - middle) <= 4 * width] if width > 0 else z
        now = float(kept.std(ddof=1)) if len(kept) > 1 else width
        middle = float(kept.mean())
        if abs(now - width) <= 1e-6 * now:
            break
        width = now
    return now


def fit_background(
    start: np.ndarray,
    width: np.ndarray,
    counts: np.ndarray,
    exposure: np.ndarray,
    *,
    model: str = "polynomial",
    order: int = 2,
    window: float = 200.0,
) -> Background:
    """Fit the background to bins in order of time.

    Parameters
    ----------
    start, width : numpy.ndarray
        Bins, s, float64 (n,).
    counts, exposure : numpy.ndarray
        Counts and live time in s, float64 (n,); an exposure of 0 leaves a bin out of the fit.
    model : {"polynomial", "median"}
        Polynomial, from which blocks of 1 s that deviate by 3.5 sigma and their neighbours are taken out
        until no more do; or median of the rate in a sliding window.
    order : int
        Of the polynomial.
    window : float
        Of the median, s.

    Raises
    ------
    InputError
        Less than `LEAST` seconds of background.
    """
    live = float(exposure.sum())
    if live < LEAST:
        raise InputError(
            f"{live:.1f} s of background are too few: {LEAST:g} s are needed outside the burst; take "
            "a longer interval, or leave less out"
        )
    middle = start + width / 2
    block, time, rate, error = _blocks(middle, counts, exposure)
    offered = exposure > 0
    span = float(start[offered][0]), float((start + width)[offered][-1])
    if model == "median":
        value, uncertainty, kept = _median(time, rate, error, window, middle)
    else:
        value, uncertainty, kept = _polynomial(time, rate, error, order, middle)
    # The last element stands for the blocks with too little data (block -1).
    return Background(value, uncertainty, np.append(kept, False)[block] & offered, span)


def _blocks(
    middle: np.ndarray, counts: np.ndarray, exposure: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return the block of each bin (-1 for none), and time, rate and Poisson error of blocks of a second."""
    length = max(_BLOCK, (middle[-1] - middle[0]) / _MOST_BLOCKS)
    number = ((middle - middle[0]) / length).astype(np.int64)
    first = np.flatnonzero(np.diff(number, prepend=-1))
    live = np.add.reduceat(exposure, first)
    # Half-empty blocks would be taken for outliers less often than they should.
    kept = live > 0.5 * np.median(live[live > 0])
    total = np.add.reduceat(np.where(exposure > 0, counts, 0.0), first)[kept]
    time = np.add.reduceat(middle * exposure, first)[kept] / live[kept]
    rate = total / live[kept]
    typical = max(float(np.median(rate)), 1.0 / float(np.median(live[kept])))
    block = np.where(kept, np.cumsum(kept) - 1, -1)
    return np.repeat(block, np.diff(first, append=len(middle))), time, rate, np.sqrt(typical / live[kept])


def _polynomial(
    time: np.ndarray, rate: np.ndarray, error: np.ndarray, order: int, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Fit order by order, so that the first outliers are found before a curve could follow them."""
    low, high = float(min(time[0], at[0])), float(max(time[-1], at[-1]))

    def basis(t: np.ndarray, degree: int) -> np.ndarray:
        return legendre.legvander(2 * (t - low) / max(high - low, 1e-9) - 1, degree)

    kept = np.ones(len(time), bool)
    residual = (rate - np.median(rate)) / error
    for degree in range(order + 1):
        design = basis(time, degree) / error[:, None]
        for _ in range(_ROUNDS):
            width = max(_MAD * float(np.median(np.abs(residual[kept] - np.median(residual[kept])))), 1e-3)
            chosen = ~binary_dilation(np.abs(residual) > _CLIP * width)
            if chosen.sum() <= degree + 1:
                chosen = kept
            solution = np.linalg.lstsq(design[chosen], (rate / error)[chosen], rcond=None)[0]
            residual = rate / error - design @ solution
            if (chosen == kept).all() and degree + 1 < len(time):
                break
            kept = chosen
    covariance = np.linalg.pinv(design[kept].T @ design[kept]) * scatter(residual[kept]) ** 2
    there = basis(at, order)
    return there @ solution, np.sqrt(np.einsum("ij,jk,ik->i", there, covariance, there)), kept


def _median(
    time: np.ndarray, rate: np.ndarray, error: np.ndarray, window: float, at: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Take the median over neighbouring blocks; what lies between blocks, on a straight line.

    A second time without the blocks that stand out from the first: a burst moves a median, too.
    """
    length = float(np.median(np.diff(time))) if len(time) > 1 else _BLOCK
    kept = np.ones(len(time), bool)
    for _ in range(2):
        size = max(min(2 * round(window / length / 2) + 1, 2 * ((kept.sum() - 1) // 2) + 1), 1)
        smooth = np.interp(time, time[kept], _smoothed(time[kept], rate[kept], size))
        residual = (rate - smooth) / error
        spread = scatter(residual[kept])
        kept = ~binary_dilation(np.abs(residual) > _CLIP * spread)
        if kept.sum() < 3:
            kept[:] = True
    uncertainty = _MEDIAN_ERROR * np.median(error) * spread / np.sqrt(size)
    return np.interp(at, time, smooth), np.full(len(at), uncertainty), kept


def _smoothed(time: np.ndarray, rate: np.ndarray, size: int) -> np.ndarray:
    """Return the running median; a slope is taken off before, so that it is right up to the ends."""
    quarter = max(len(time) // 4, 1)
    first, last = np.median(rate[:quarter]), np.median(rate[-quarter:])
    apart = max(float(time[-quarter:].mean() - time[:quarter].mean()), _BLOCK)
    line = (last - first) / apart * (time - time[0])
    return median_filter(rate - line, size, mode="reflect") + line
