"""Synthetic SPI-ACS counts."""

from __future__ import annotations

import numpy as np

from tidings.lightcurve.counts import Counts
from tidings.lightcurve.monitor import SPI_ACS
from tidings.times import parse_time

T0 = parse_time("2017-08-17T12:41:04.4")
SAMPLE = 0.05
RATE = 83670.0  # counts/s, of 2017-08-17


def background(n: int, rng: np.random.Generator, rate: float | np.ndarray = RATE, excess: float = 1.1):
    """Counts of samples of 50 ms whose scatter is `excess` times Poisson's: float64 (n,)."""
    mean = np.broadcast_to(np.asarray(rate, float) * SAMPLE, n)
    return np.rint(rng.normal(mean, excess * np.sqrt(mean)))


def make(values: np.ndarray, start: float | None = None, epoch: float = T0) -> Counts:
    """Return counts in samples of 50 ms, centred on the epoch unless a start is given."""
    n = len(values)
    start = -n * SAMPLE / 2 if start is None else start
    width = np.full(n, SAMPLE)
    return Counts(
        start=start + SAMPLE * np.arange(n),
        width=width,
        counts=np.asarray(values, float),
        exposure=width.copy(),
        epoch=epoch,
        flags=np.zeros(n, np.uint8),
        monitor=SPI_ACS,
        origin="csv",
    )


def without(counts: Counts, *spans: tuple[float, float]) -> Counts:
    """Take the samples that begin in [start, end) out."""
    kept = np.ones(len(counts), bool)
    for start, end in spans:
        kept &= (counts.start < start) | (counts.start >= end)
    arrays = {name: getattr(counts, name)[kept] for name in ("start", "width", "counts", "exposure", "flags")}
    return Counts(**{**vars(counts), **arrays})
