"""Synthetic SPI-ACS light curves: steady or sloping background, over-dispersed noise, pulses."""

from __future__ import annotations

import numpy as np

from tidings.lightcurve.counts import Counts, Position
from tidings.lightcurve.monitor import SPI_ACS

BACKGROUND = 9e4
BIN = 0.05
EPOCH = 1362239153.0


def fred(time: np.ndarray, start: float, rise: float, decay: float) -> np.ndarray:
    """Return the pulse of Norris et al. (2005, ApJ 627, 324, eq. 1), 1 at its peak."""
    since = np.maximum(time - start, 1e-9)
    return np.where(time > start, np.exp(2 * np.sqrt(rise / decay) - rise / since - since / decay), 0.0)


def fred_durations(rise: float, decay: float) -> tuple[float, float, float]:
    """Return T90, T50 and the integral of a pulse of height 1, by fine summation."""
    time = np.arange(0, 40 * decay, decay / 5000)
    pulse = fred(time, 0.0, rise, decay)
    grown = np.cumsum(pulse) / pulse.sum()
    at = np.interp([0.05, 0.25, 0.75, 0.95], grown, time)
    return at[3] - at[0], at[2] - at[1], float(pulse.sum() * decay / 5000)


def curve(
    signal=None,
    *,
    length: float = 120.0,
    bin_size: float = BIN,
    background: float = BACKGROUND,
    slope: float = 0.0,
    noise: float = 1.1,
    seed: int | None = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return starts, widths, rates and Poisson errors; `signal` gives counts/s at times, None no noise."""
    start = bin_size * np.arange(round(length / bin_size))
    fine = start[:, None] + bin_size * (np.arange(20) + 0.5) / 20
    level = background + slope * (start - length / 2)
    if signal is not None:
        level = level + signal(fine).mean(axis=1)
    mean = level * bin_size
    counts = mean
    if seed is not None:
        random = np.random.default_rng(seed)
        counts = random.poisson(mean) + random.normal(0, np.sqrt(mean * (noise**2 - 1)))
    return start, np.full(len(start), bin_size), counts / bin_size, np.sqrt(mean) / bin_size


def as_counts(
    rate: np.ndarray, bin_size: float = BIN, start: float = 0.0, position: Position | None = None
) -> Counts:
    """Return rates in equal bins as counts."""
    n = len(rate)
    return Counts(
        start=start + bin_size * np.arange(n),
        width=np.full(n, bin_size),
        counts=rate * bin_size,
        exposure=np.full(n, bin_size),
        epoch=EPOCH,
        flags=np.zeros(n, np.uint8),
        monitor=SPI_ACS,
        origin="csv",
        position=position,
    )
