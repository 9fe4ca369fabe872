"""Pixels of one order, as runs of equal values and then as the fewest tiles: nothing is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cdshealpix import from_ring
from numpy.typing import NDArray

from tidings.skymap.sky import tiles_of_ranges

# Index of a run without a value.
NOTHING = -1


@dataclass(frozen=True)
class Runs:
    """Runs of pixels (NESTED) of equal values, which cover the sky.

    Attributes
    ----------
    order
        Of the pixels.
    start : int64 array [n]
        First pixel of each run, ascending.
    row : int64 array [n]
        Which row of `values` a run has, or `NOTHING`.
    values : list of arrays
        The columns, as they are in the file.
    """

    order: int
    start: NDArray[np.int64]
    row: NDArray[np.int64]
    values: list[NDArray]

    def tiles(self) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
        """Return the fewest tiles of the runs: first pixels, orders, and rows of values."""
        end = np.append(self.start[1:], np.int64(12) << (2 * self.order))
        start, level = tiles_of_ranges(np.column_stack((self.start, end)), self.order)
        return start, level, self.row[np.searchsorted(self.start, start, side="right") - 1]


class NestedRuns:
    """Collects the runs of a map whose pixels come in NESTED order, part by part."""

    def __init__(self, order: int) -> None:
        self._order = order
        self._next = 0
        self._last: list[NDArray] = []
        self._starts: list[NDArray[np.int64]] = []
        self._values: list[list[NDArray]] = []

    def add(self, bits: list[NDArray], raw: list[NDArray]) -> None:
        """Add the next pixels: each column as integers to be compared, and as it is in the file."""
        n = len(bits[0])
        changed = np.zeros(n, bool)
        changed[0] = not self._last or any(c[0] != last for c, last in zip(bits, self._last, strict=True))
        for column in bits:
            np.logical_or(changed[1:], column[1:] != column[:-1], out=changed[1:])
        at = np.flatnonzero(changed)
        self._starts.append(at + self._next)
        self._values.append([column[at] for column in raw])
        self._last = [column[-1].copy() for column in bits]
        self._next += n

    def runs(self) -> Runs:
        """Return what was collected."""
        start = np.concatenate(self._starts)
        columns = [np.concatenate(parts) for parts in zip(*self._values, strict=True)]
        return Runs(self._order, start, np.arange(len(start)), columns)


class ScatteredRuns:
    """Collects the runs of a map whose pixels come in any order; what is not given has one background.

    Parameters
    ----------
    order
        Of the pixels.
    ring
        Whether they are numbered in the RING scheme.
    has_background
        Whether the first pixel added is the background: a RING map is one value nearly everywhere if its
        source is well localised. Then only the others need be renumbered, which takes most of the time.
    """

    def __init__(self, order: int, *, ring: bool, has_background: bool) -> None:
        self._order, self._ring, self._has_background = order, ring, has_background
        self._background: list[NDArray] = []
        self._background_bits: list[NDArray] = []
        self._pixels: list[NDArray[np.int64]] = []
        self._bits: list[list[NDArray]] = []
        self._values: list[list[NDArray]] = []

    def add(self, pixels: NDArray[np.int64] | int, bits: list[NDArray], raw: list[NDArray]) -> None:
        """Add pixels, by their numbers or by that of the first of many that follow each other."""
        if self._has_background:
            if not self._background:
                self._background = [column[:1].copy() for column in raw]
                self._background_bits = [column[0].copy() for column in bits]
            other = np.zeros(len(bits[0]), bool)
            for column, value in zip(bits, self._background_bits, strict=True):
                other |= column != value
            at = np.flatnonzero(other)
        else:
            at = np.arange(len(bits[0]))
        self._pixels.append(at + pixels if isinstance(pixels, int) else pixels[at])
        self._bits.append([column[at] for column in bits])
        self._values.append([column[at] for column in raw])

    def runs(self) -> tuple[Runs, NDArray[np.int64]]:
        """Return what was collected, and the pixels (NESTED) that were given more than once."""
        pixels = np.concatenate(self._pixels)
        if self._ring and len(pixels):
            pixels = from_ring(pixels.astype(np.uint64), self._order, num_threads=1).astype(np.int64)
        rank = np.argsort(pixels, kind="stable")
        pixels = pixels[rank]
        follows = pixels[1:] == pixels[:-1] + 1
        for parts in zip(*self._bits, strict=True):
            column = np.concatenate(parts)[rank]
            follows &= column[1:] == column[:-1]
        first = np.flatnonzero(np.concatenate(([True], ~follows)))[: len(pixels)]
        last = np.append(first[1:], len(pixels))[: len(first)] - 1
        start, row = _with_background(self._order, pixels[first], pixels[last] + 1, len(self._background) > 0)
        columns = [np.concatenate(parts)[rank][first] for parts in zip(*self._values, strict=True)]
        if self._background:
            columns = [
                np.concatenate((background, column))
                for background, column in zip(self._background, columns, strict=True)
            ]
        return Runs(self._order, start, row, columns), pixels[1:][pixels[1:] == pixels[:-1]]


def _with_background(
    order: int, start: NDArray[np.int64], end: NDArray[np.int64], has_background: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the runs with those between them; the background's row is the first, if there is one."""
    row = np.arange(len(start)) + (1 if has_background else 0)
    background = 0 if has_background else NOTHING
    gap_start = np.concatenate(([0], end))
    gap_end = np.append(start, np.int64(12) << (2 * order))
    gap_start = gap_start[gap_end > gap_start].astype(np.int64)
    starts = np.concatenate((start, gap_start))
    rows = np.concatenate((row, np.full(len(gap_start), background)))
    rank = np.argsort(starts, kind="stable")
    return starts[rank], rows[rank]
