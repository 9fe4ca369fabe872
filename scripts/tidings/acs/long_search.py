"""Search of records of any length, piece by piece, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np

from tidings.acs.search import Excesses, ScaleStatistics, merge_order, search
from tidings.errors import InputError
from tidings.lightcurve.counts import Counts

PIECE = 10800.0
"""Length of the pieces, s: the background of an orbit bends little in three hours."""

_OVERLAP = 200.0  # s; more than any scale and the window of a running median
_SHORTEST_PIECE = 60.0  # s; less between two gaps says nothing of the background
_ARRAYS = ("start", "width", "counts", "exposure", "flags")


def pieces(parts: Iterable[Counts], length: float = PIECE, overlap: float = _OVERLAP) -> Iterator[Counts]:
    """Cut records into pieces that overlap, over the borders of the parts, but not over gaps.

    Parameters
    ----------
    parts : iterable of Counts
        In order of time, one after the other; asked for one at a time.
    length, overlap : float
        s. Gaps longer than the overlap end a piece.

    Yields
    ------
    Counts
        All with the epoch of the first part.

    Raises
    ------
    InputError
        A part begins before the one before it ends, or has bins of another length.
    """
    held: Counts | None = None
    for part in parts:
        held = part if held is None else _joined(held, part.rebased(held.epoch))
        for run in _runs(held, overlap):
            held = run
            while held.end[-1] - held.start[0] > length + overlap:
                yield held.crop(held.start[0], held.start[0] + length + overlap)
                held = held.crop(held.start[0] + length, held.end[-1])
            if run.end[-1] < part.rebased(run.epoch).end[-1]:
                yield held
    if held is not None:
        yield held


def search_long(
    parts: Iterable[Counts], *, length: float = PIECE, most: int = 100_000, min_snr: float = 6.0, **settings
) -> tuple[Excesses, ScaleStatistics]:
    """Search any number of records as `tidings.acs.search.search` does one.

    Parameters
    ----------
    parts : iterable of Counts
        In order of time; see `pieces`.
    length : float
        Of the pieces, s.
    most : int
        Excesses kept: those of highest S/N.
    min_snr, **settings
        As for `search`; the background of each piece is fitted apart. A year of noise has ten million
        excesses above 3.

    Returns
    -------
    Excesses, ScaleStatistics
        Times count from the epoch of the first part. The scatter of a scale is the mean of the pieces',
        weighted by their windows.

    Raises
    ------
    InputError
        No piece can be searched, or as for `pieces`.
    """
    found: list[Excesses] = []
    total: ScaleStatistics | None = None
    for piece in pieces(parts, length):
        if piece.exposure.sum() < _SHORTEST_PIECE and total is not None:
            continue
        excesses, statistics = search(piece, min_snr=min_snr, **settings)
        total = statistics if total is None else _combined(total, statistics)
        found.append(excesses)
        if sum(map(len, found)) > 2 * most:
            found = [_strongest(found, most)]
    if total is None:
        raise InputError("there are no counts to search")
    return _strongest(found, most), total


def _strongest(found: list[Excesses], most: int) -> Excesses:
    """Merge what neighbouring pieces found twice, and keep the highest S/N."""
    joined = Excesses.join(found)
    # By the strongest first within a time that holds all that could merge: the list may be long.
    order = np.argsort(joined.middle, kind="stable")
    joined = joined.select(order)
    apart = np.flatnonzero(np.diff(joined.middle) > joined.scale.max(initial=0.0)) + 1
    kept = [
        group[merge_order(joined.middle[group], joined.scale[group], joined.snr[group])]
        for group in np.split(np.arange(len(joined)), apart)
    ]
    joined = joined.select(np.concatenate(kept)) if kept else joined
    return joined.select(np.lexsort((joined.middle, -joined.snr))[:most])


def _combined(a: ScaleStatistics, b: ScaleStatistics) -> ScaleStatistics:
    """Add the windows of two pieces; a short piece may lack the longest scales."""
    if len(a.scale) < len(b.scale):
        a, b = b, a
    n = len(b.scale)
    windows = a.windows.copy()
    windows[:n] += b.windows
    share = np.ones(len(a.scale))
    share[:n] = a.windows[:n] / np.maximum(windows[:n], 1)

    def mean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        y = np.concatenate([y, x[n:]])
        return np.where(np.isnan(x), y, np.where(np.isnan(y), x, share * x + (1 - share) * y))

    higher = np.zeros(len(a.scale), bool)
    higher[:n] = np.nan_to_num(b.snr, nan=-np.inf) > np.nan_to_num(a.snr[:n], nan=-np.inf)
    snr, time = a.snr.copy(), a.time.copy()
    snr[higher], time[higher] = b.snr[higher[:n]], b.time[higher[:n]]
    return ScaleStatistics(
        a.scale, windows, mean(a.excess_variance, b.excess_variance), mean(a.used, b.used), snr, time
    )


def _runs(counts: Counts, gap: float) -> Iterator[Counts]:
    """Cut at gaps longer than `gap` s."""
    cuts = np.flatnonzero(counts.start[1:] - counts.end[:-1] > gap) + 1
    edges = [0, *cuts.tolist(), len(counts)]
    for first, last in pairwise(edges):
        yield replace(counts, **{name: getattr(counts, name)[first:last] for name in _ARRAYS})


def _joined(a: Counts, b: Counts) -> Counts:
    """Put one record behind another."""
    if abs(a.sample - b.sample) > 1e-6:
        raise InputError(
            f"records of bins of {a.sample:g} s and of {b.sample:g} s are not one search: give one kind"
        )
    if a.offset_applied != b.offset_applied:
        raise InputError(
            "the times of some records are corrected by 125 ms and of others not: read all alike"
        )
    if b.start[0] < a.end[-1] - 0.5 * a.sample:
        raise InputError(
            f"a record begins at {b.start[0]:.2f} s, while the last ends at {a.end[-1]:.2f} s (both "
            f"from GPS {a.epoch:.3f}): give them in order of time, without overlap"
        )
    return replace(
        a, **{name: np.concatenate([getattr(a, name), getattr(b, name)]) for name in _ARRAYS}, position=None
    )
