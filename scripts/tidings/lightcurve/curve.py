"""Light curve: counts in equal bins, with background and the excess of the scatter over Poisson."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from tidings.errors import InputError
from tidings.lightcurve.background import Background, fit_background, scatter
from tidings.lightcurve.counts import Counts, Flag, Position, gap_samples, mark
from tidings.lightcurve.monitor import Monitor

_MOST_BINS = 50_000_000
_FEWEST = 10  # bins from which a scatter is estimated
_DIP = 0.5  # of the background
_TOUCH = 1e-6  # s
_INHERITED = Flag.SATURATED | Flag.DUPLICATE | Flag.INVALID | Flag.REORDERED


@dataclass(frozen=True, eq=False)
class Lightcurve:
    """Count rate in neighbouring bins; where samples are missing the bins are there all the same.

    Attributes
    ----------
    time : numpy.ndarray
        float64 (n,): start of each bin, s from `epoch`, at the spacecraft.
    width : numpy.ndarray
        float64 (n,): length, s: `bin_size`, give or take one sample in re-binned files.
    exposure : numpy.ndarray
        float64 (n,): live time, s; less than `width` where samples are missing.
    rate, error : numpy.ndarray
        1/s, float64 (n,), NaN where the exposure is 0; the error is Poisson's.
    background, background_error : numpy.ndarray
        1/s, float64 (n,), of the model.
    flags : numpy.ndarray
        uint8 (n,), bits of `tidings.lightcurve.counts.Flag`.
    epoch : float
        GPS s that `time` counts from.
    excess_variance : float
        Standard deviation of the background's rate at this bin size over that of Poisson noise: the custom of
        the field calls this ratio of standard deviations so.
    bin_size : float
        s.
    model, order : str, int
        Background: "polynomial" of that order, or "median".
    monitor : Monitor
        The instrument.
    exclude : tuple of (float, float)
        Intervals the background was not fitted to, s from `epoch`.
    """

    time: np.ndarray
    width: np.ndarray
    exposure: np.ndarray
    rate: np.ndarray
    error: np.ndarray
    background: np.ndarray
    background_error: np.ndarray
    flags: np.ndarray
    epoch: float
    excess_variance: float
    bin_size: float
    model: str
    order: int
    monitor: Monitor
    exclude: tuple[tuple[float, float], ...] = ()
    origin: str = ""
    offset_applied: float = 0.0
    position: Position | None = None

    def __len__(self) -> int:
        return len(self.time)

    @property
    def end(self) -> np.ndarray:
        """float64 (n,): end of each bin, s from `epoch`."""
        return self.time + self.width

    @property
    def middle(self) -> np.ndarray:
        """float64 (n,): middle of each bin, s from `epoch`."""
        return self.time + self.width / 2

    @property
    def good(self) -> np.ndarray:
        """bool (n,): bins with data."""
        return self.exposure > 0

    @property
    def net(self) -> np.ndarray:
        """float64 (n,): rate less background, 1/s."""
        return self.rate - self.background


@dataclass(frozen=True, eq=False)
class Grid:
    """Counts on a grid without holes: missing samples are cells of no exposure and no counts."""

    start: np.ndarray
    width: np.ndarray
    counts: np.ndarray
    exposure: np.ndarray
    flags: np.ndarray


def on_grid(counts: Counts) -> Grid:
    """Put counts on a grid of samples that follows the spacecraft's clock.

    Raises
    ------
    InputError
        The gaps would make the grid too long.
    """
    missing = gap_samples(counts.start, counts.width)
    row = np.arange(len(counts)) + np.concatenate([[0], np.cumsum(missing)])
    n = int(row[-1]) + 1
    if n > _MOST_BINS:
        raise InputError(
            f"the counts span {n} samples with the gaps between them, more than {_MOST_BINS}: take a shorter "
            "interval"
        )
    if n == len(counts):
        live, start, width, flags = counts.exposure, counts.start, counts.width, counts.flags.copy()
    else:
        # A cell begins where its sample does, or in proportion between the samples around a gap.
        knots = np.stack([row, row + 1], axis=1).ravel()
        times = np.stack([counts.start, counts.end], axis=1).ravel()
        edges = np.interp(np.arange(n + 1), knots, times)
        start, width = edges[:-1].copy(), np.diff(edges)
        start[row], width[row] = counts.start, counts.width
        live = _spread(counts.exposure, row, n)
        flags = np.full(n, Flag.GAP, np.uint8)
        flags[row] = counts.flags
    number = np.where(counts.good, counts.counts, 0.0)
    return Grid(start, width, number if n == len(counts) else _spread(number, row, n), live, flags)


def make_lightcurve(
    counts: Counts,
    bin_size: float,
    background: Literal["polynomial", "median"] = "polynomial",
    order: int = 2,
    exclude: Sequence[tuple[float, float]] = (),
    *,
    window: float = 200.0,
    align: float | None = None,
) -> Lightcurve:
    """Bin counts and estimate the background and the excess of its scatter.

    Parameters
    ----------
    counts : Counts
        Samples.
    bin_size : float
        s, a multiple of the sample.
    background : {"polynomial", "median"}
        Model; see `tidings.lightcurve.background.fit_background`.
    order : int
        Of the polynomial, 0 to 5.
    exclude : sequence of (float, float)
        Intervals to leave out of the fit, s from the epoch: the burst.
    window : float
        Of the running median, s.
    align : float, optional
        A time at which a bin is to begin, s from the epoch, to the nearest sample; else the first sample.

    Returns
    -------
    Lightcurve

    Raises
    ------
    InputError
        The bin is no multiple of the sample, or too little background is left.
    """
    factor = _factor(bin_size, counts.sample)
    grid = on_grid(counts)
    free = outside(grid, exclude)
    model = fit_background(
        grid.start,
        grid.width,
        grid.counts,
        np.where(free, grid.exposure, 0.0),
        model=background,
        order=order,
        window=window,
    )
    first = _first(grid, factor, align)
    edges = np.arange(first, len(grid.start) - factor + 1, factor)
    if len(edges) == 0:
        raise InputError(f"the counts are shorter than one bin of {bin_size:g} s: take a smaller bin size")
    return _binned(counts, grid, model, free, edges, factor, (background, order, exclude))


def excess_variance(
    counts: np.ndarray, expected: np.ndarray, usable: np.ndarray, fallback: float = float("nan")
) -> float:
    """Return the scatter of counts about what is expected, over that of Poisson noise.

    Parameters
    ----------
    counts, expected : numpy.ndarray
        Counts in bins, and those of the background, float64 (n,).
    usable : numpy.ndarray
        bool (n,): bins to look at; outliers among them are clipped at 4 sigma.
    fallback : float
        Returned when there are fewer than 10.
    """
    usable = usable & (expected > 0)
    if usable.sum() < _FEWEST:
        return fallback
    return scatter((counts[usable] - expected[usable]) / np.sqrt(expected[usable]))


def _binned(
    counts: Counts,
    grid: Grid,
    model: Background,
    free: np.ndarray,
    edges: np.ndarray,
    factor: int,
    settings: tuple[str, int, Sequence[tuple[float, float]]],
) -> Lightcurve:
    """Sum cells from each of `edges` on, `factor` at a time."""
    cut = slice(edges[0], edges[-1] + factor)

    def rows(values: np.ndarray) -> np.ndarray:
        return values[cut].reshape(-1, factor)

    number, live = rows(grid.counts).sum(axis=1), rows(grid.exposure).sum(axis=1)
    expected = rows(model.rate * grid.exposure).sum(axis=1)
    start, width = grid.start[edges], rows(grid.width).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rate, error = number / live, np.sqrt(number) / live
        level = np.where(live > 0, expected / live, rows(model.rate).mean(axis=1))
    flags = np.bitwise_or.reduce(rows(grid.flags & np.uint8(_INHERITED)), axis=1)
    full = rows(grid.exposure > 0).all(axis=1)
    mark(flags, ~full, Flag.GAP)
    mark(flags, (number < _DIP * expected) & (live > 0), Flag.DIP)
    mark(flags, ~rows(free).all(axis=1), Flag.EXCLUDED)
    mark(flags, (start < model.span[0] - 1e-6) | (start + width > model.span[1] + 1e-6), Flag.EXTRAPOLATED)
    finest = excess_variance(grid.counts, model.rate * grid.exposure, model.used)
    usable = rows(model.used).all(axis=1)
    return Lightcurve(
        time=start,
        width=width,
        exposure=live,
        rate=rate,
        error=error,
        background=level,
        background_error=rows(model.error).mean(axis=1),
        flags=flags,
        epoch=counts.epoch,
        excess_variance=excess_variance(number, expected, usable, finest),
        bin_size=round(factor * counts.sample, 6),
        model=settings[0],
        order=settings[1] if settings[0] == "polynomial" else 0,
        monitor=counts.monitor,
        exclude=tuple((float(a), float(b)) for a, b in settings[2]),
        origin=counts.origin,
        offset_applied=counts.offset_applied,
        position=counts.position,
    )


def _factor(bin_size: float, sample: float) -> int:
    """Return how many samples a bin has."""
    factor = round(bin_size / sample)
    if factor < 1 or abs(bin_size - factor * sample) > 1e-3 * sample:
        raise InputError(
            f"a bin of {bin_size:g} s is no multiple of the samples of {sample:g} s: choose "
            f"{max(factor, 1) * sample:g} s"
        )
    return factor


def outside(grid: Grid, exclude: Sequence[tuple[float, float]]) -> np.ndarray:
    """Mark the cells that touch no excluded interval (start and end, s from the epoch)."""
    free = np.ones(len(grid.start), bool)
    for start, end in exclude:
        if not start < end:
            raise InputError(f"the interval to leave out, {start:g} to {end:g} s, ends before it starts")
        # Times that are equal but for rounding touch, no more.
        free &= (grid.start + grid.width <= start + _TOUCH) | (grid.start >= end - _TOUCH)
    return free


def _first(grid: Grid, factor: int, align: float | None) -> int:
    """Return the first cell of the first bin."""
    if align is None:
        return 0
    nearest = round(float(np.interp(align, grid.start, np.arange(len(grid.start)))))
    return nearest % factor


def _spread(values: np.ndarray, row: np.ndarray, n: int) -> np.ndarray:
    spread = np.zeros(n)
    spread[row] = values
    return spread
