"""Search for bursts on many time scales at once, by cumulative sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidings.errors import InputError
from tidings.lightcurve.background import fit_background
from tidings.lightcurve.counts import Counts
from tidings.lightcurve.curve import Grid, on_grid, outside

SHORTEST, LONGEST = 0.05, 30.0  # s
_LOGARITHMIC = 104  # scales, which with the half seconds are 128 different ones
_STEP = 0.5  # s between the scales that are added to them
_LIVE = 0.9  # of a window that must hold data
_FEWEST = 10  # windows from which a scatter is measured
_ENOUGH = 50_000  # windows that a scatter is measured from
_CLIP = 4.0  # sigma
_MAD = 1.4826022185056018  # standard deviation of a normal distribution over its median absolute deviation
_TAIL = 2.0  # sigma that something beside the highest sample must have, else it is a spike
_TAIL_SAMPLES = 4
_LONGEST_SPIKE = 0.25  # s (Savchenko et al. 2012, A&A 541, A122)


@dataclass(frozen=True, eq=False)
class Excesses:
    """Windows with more counts than the background, merged so that each stands for one event.

    Attributes
    ----------
    start, scale : numpy.ndarray
        Start (s from the epoch) and length (s) of the window.
    snr : numpy.ndarray
        Excess counts in units of the background's scatter at that scale.
    counts, expected : numpy.ndarray
        Counts in the window, and those of the background.
    spike : numpy.ndarray
        bool: all in one sample, as cosmic rays are.
    flags : numpy.ndarray
        uint8, bits of `tidings.lightcurve.counts.Flag` of the samples in the window.
    """

    start: np.ndarray
    scale: np.ndarray
    snr: np.ndarray
    counts: np.ndarray
    expected: np.ndarray
    spike: np.ndarray
    flags: np.ndarray

    def __len__(self) -> int:
        return len(self.start)

    @property
    def middle(self) -> np.ndarray:
        """Middle of each window, s from the epoch."""
        return self.start + self.scale / 2

    def select(self, which: np.ndarray) -> Excesses:
        """Return those at an index or mask."""
        return Excesses(**{name: value[which] for name, value in vars(self).items()})

    @classmethod
    def join(cls, parts: list[Excesses]) -> Excesses:
        """Put lists of excesses one after the other."""
        return cls(
            **{name: np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0])}
        )


@dataclass(frozen=True, eq=False)
class ScaleStatistics:
    """What each time scale was found to be like.

    Attributes
    ----------
    scale : numpy.ndarray
        s.
    windows : numpy.ndarray
        Number searched; half of them, those of one phase, do not overlap each other.
    excess_variance : numpy.ndarray
        Scatter over Poisson noise (ratio of standard deviations) as measured; NaN from too few windows.
    used : numpy.ndarray
        The one that signal-to-noise ratios are in units of.
    snr, time : numpy.ndarray
        Largest signal-to-noise ratio, and the middle of its window, s from the epoch.
    """

    scale: np.ndarray
    windows: np.ndarray
    excess_variance: np.ndarray
    used: np.ndarray
    snr: np.ndarray
    time: np.ndarray


def search_scales(sample: float, shortest: float = SHORTEST, longest: float = LONGEST) -> np.ndarray:
    """Return the time scales searched, in samples: 104 from the shortest to the longest, equal in logarithm,
    and every half second.

    Raises
    ------
    InputError
        There is none.
    """
    low, high = max(round(shortest / sample), 1), round(longest / sample)
    if high < low:
        raise InputError(
            f"no time scale lies between {shortest:g} and {longest:g} s for samples of {sample:g} s"
        )
    # From the logarithms to whole samples downwards, as the published search does it.
    logarithmic = np.floor(np.geomspace(low, high, _LOGARITHMIC) * (1 + 1e-12)).astype(np.int64)
    half_seconds = np.rint(np.arange(1, 2 * longest + 1e-9) * _STEP / sample).astype(np.int64)
    return np.union1d(logarithmic, half_seconds[(half_seconds >= low) & (half_seconds <= high)])


def search(
    counts: Counts,
    *,
    shortest: float = SHORTEST,
    longest: float = LONGEST,
    min_snr: float = 3.0,
    model: str = "polynomial",
    order: int = 2,
    window: float = 200.0,
    exclude: tuple[tuple[float, float], ...] = (),
) -> tuple[Excesses, ScaleStatistics]:
    """Search counts for excesses above the background on all time scales.

    Windows of each scale lie half their length apart. The signal-to-noise ratio is the excess over the
    background's Poisson error times the ratio of the scatter found at that scale to Poisson's; the ratio of
    the shortest scale is the least that is used, since more than Poisson scatter cannot average away to
    less, while a background fit can take scatter off the longest scales.

    Parameters
    ----------
    counts : Counts
        Samples; windows with less than 90 % of their time live are passed over.
    shortest, longest : float
        Scales, s.
    min_snr : float
        Excesses below it are dropped.
    model, order, window
        Background; see `tidings.lightcurve.background.fit_background`.
    exclude : tuple of (float, float)
        Intervals to leave out of the background, s from the epoch; they are searched all the same.

    Returns
    -------
    Excesses, ScaleStatistics
        Excesses in falling order of S/N, merged (see `merge_order`).

    Raises
    ------
    InputError
        Too little background, or counts shorter than the shortest scale.
    """
    grid = on_grid(counts)
    background = fit_background(
        grid.start,
        grid.width,
        grid.counts,
        np.where(outside(grid, exclude), grid.exposure, 0.0),
        model=model,
        order=order,
        window=window,
    )
    scales = search_scales(counts.sample, shortest, longest)
    if scales[0] > len(grid.start):
        raise InputError(f"the counts are shorter than the shortest scale, {shortest:g} s: take more of them")
    return search_grid(grid, background.rate * grid.exposure, scales, counts.sample, min_snr, background.used)


def search_grid(
    grid: Grid,
    expected: np.ndarray,
    scales: np.ndarray,
    sample: float,
    min_snr: float,
    calm: np.ndarray | None = None,
) -> tuple[Excesses, ScaleStatistics]:
    """Search counts on a grid against a background that is known.

    Parameters
    ----------
    grid : Grid
        Counts, float64 (n,).
    expected : numpy.ndarray
        Counts of the background in each cell, float64 (n,).
    scales : numpy.ndarray
        In cells, ascending.
    sample : float
        Length of a cell, s.
    min_snr : float
        Smallest S/N kept.
    calm : numpy.ndarray, optional
        bool (n,): cells of background. Scatter is measured in windows of nothing else; where there are too
        few, that of the next shorter scale is used.
    """
    scales = scales[scales <= len(grid.start)]
    sums = [np.concatenate([[0.0], np.cumsum(a)]) for a in (grid.counts, expected)]
    dead, rough = _sums_of(grid.exposure <= 0), _sums_of(None if calm is None else ~calm)
    rows = np.full((6, len(scales)), np.nan)
    found = []
    for number, n in enumerate(scales):
        z, windows = _windows(sums, dead, int(n))
        measured = _scatter(_calm(z, rough, dead, int(n)))
        used = _used(measured, rows[2, 0], rows[3, number - 1] if number else np.nan)
        rows[:4, number] = n * sample, windows, measured, used
        if not (used > 0 and windows):
            continue
        top = int(np.argmax(z))
        rows[4:, number] = z[top] / used, grid.start[_first(top, n, len(grid.start))] + n * sample / 2
        high = np.flatnonzero(z > min_snr * used)
        found.append((_first(high, n, len(grid.start)), np.full(len(high), n), z[high] / used))
    statistics = ScaleStatistics(rows[0], rows[1].astype(np.int64), *rows[2:])
    return _merged(found, grid, expected, sums, statistics, sample), statistics


def _used(measured: float, finest: float, previous: float) -> float:
    """Return the scatter to use at a scale: never less than at the shortest, and known at all of them."""
    if not np.isfinite(measured):
        return previous
    return measured if not np.isfinite(finest) else max(measured, finest)


def _sums_of(marked: np.ndarray | None) -> np.ndarray | None:
    """Return how many cells up to each are marked, or None where none is."""
    return np.concatenate([[0], np.cumsum(marked)]) if marked is not None and marked.any() else None


def _phases(sums: np.ndarray, n: int) -> np.ndarray:
    """Return the sums over windows of n cells, first those from the start on, then those half-way between."""
    if n == 1:
        return np.diff(sums)
    return np.concatenate([np.diff(sums[0::n]), np.diff(sums[n // 2 :: n])])


def _first(window: int | np.ndarray, n: int, cells: int) -> int | np.ndarray:
    """Return the first cell of windows by their place in `_phases`."""
    half = window >= cells // n
    return (window - half * (cells // n)) * n + half * (n // 2)


def _windows(sums: list[np.ndarray], dead: np.ndarray | None, n: int) -> tuple[np.ndarray, int]:
    """Return the excess of all windows of n cells in Poisson sigma (0 where data lack), and their number."""
    z, expected = _phases(sums[0], n), _phases(sums[1], n)
    z -= expected
    if dead is None:
        z /= np.sqrt(expected)
        return z, len(z)
    some = (_phases(dead, n) <= (1 - _LIVE) * n) & (expected > 0)
    z = np.where(some, z / np.sqrt(np.where(some, expected, 1.0)), 0.0)
    return z, int(some.sum())


def _calm(z: np.ndarray, rough: np.ndarray | None, dead: np.ndarray | None, n: int) -> np.ndarray:
    """Return the excesses to measure the scatter from: those of windows of nothing but background."""
    kept = np.ones(len(z), bool)
    for marked in (rough, dead):
        if marked is not None:
            kept &= _phases(marked, n) == 0
    return z if kept.all() else z[kept]


def _scatter(z: np.ndarray) -> float:
    """Return the standard deviation, outliers clipped: first by the median deviation, then once more.

    NaN for too few values: two windows of each stretch of time count as one.
    """
    if len(z) < 2 * _FEWEST:
        return np.nan
    # So many tell it to 0.3 %; more would take most of the time of a search.
    z = z[:: -(-len(z) // _ENOUGH)]
    size = np.abs(z)
    width = _MAD * float(np.partition(size, len(z) // 2)[len(z) // 2])
    for _ in range(2):
        kept = z[size <= _CLIP * width]
        # Not by a dot product: BLAS would start threads for it, and wait for them.
        width = float(kept.std())
    return width


def _merged(
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]],
    grid: Grid,
    expected: np.ndarray,
    sums: list[np.ndarray],
    statistics: ScaleStatistics,
    sample: float,
) -> Excesses:
    """Merge the windows found on all scales and say what is in each."""
    empty = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    first, n, snr = (np.concatenate(part) for part in zip(empty, *found, strict=True))
    kept = merge_order(grid.start[first] + n * sample / 2, n * sample, snr)
    first, n, snr = first[kept], n[kept], snr[kept]
    last = first + n
    z = (grid.counts - expected) / np.sqrt(np.maximum(expected, 1e-30)) / statistics.used[0]
    spikes = [n[i] * sample <= _LONGEST_SPIKE and _is_spike(z, a, last[i]) for i, a in enumerate(first)]
    flags = [np.bitwise_or.reduce(grid.flags[a:b]) for a, b in zip(first, last, strict=True)]
    return Excesses(
        start=grid.start[first],
        scale=n * sample,
        snr=snr,
        counts=sums[0][last] - sums[0][first],
        expected=sums[1][last] - sums[1][first],
        spike=np.array(spikes, bool),
        flags=np.array(flags, np.uint8),
    )


def merge_order(middle: np.ndarray, scale: np.ndarray, snr: np.ndarray) -> np.ndarray:
    """Return which excesses remain, the highest S/N first, when each takes in those close to it.

    Close are those whose middles lie less than the longer of the two scales apart (the custom of the field's
    all-sky search).
    """
    left = np.lexsort((scale, middle, -snr))
    kept = []
    while len(left):
        best = left[0]
        kept.append(best)
        near = np.abs(middle[left] - middle[best]) < np.maximum(scale[left], scale[best])
        near[0] = True
        left = left[~near]
    return np.array(kept, np.int64)


def _is_spike(z: np.ndarray, first: int, last: int) -> bool:
    """Whether nothing but the highest sample of a window stands out: neither beside it nor in a tail."""
    peak = first + int(np.argmax(z[first:last]))
    before, after = z[max(peak - 1, 0) : peak], z[peak + 1 : peak + 2]
    tail = z[peak + 1 : peak + 1 + _TAIL_SAMPLES]
    summed = tail.sum() / np.sqrt(max(len(tail), 1))
    return bool(max([*before, *after, summed]) < _TAIL)
