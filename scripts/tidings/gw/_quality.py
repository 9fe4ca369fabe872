"""Per-second bit masks of strain files (data quality, hardware injections) and runs of flagged samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tidings.errors import InputError


@dataclass(frozen=True, eq=False)
class BitMask:
    """Bits of a detector's state, one integer per GPS second.

    A set bit means "passed" (DATA, CBC_CAT1 ...) or "no such injection" (NO_CBC_HW_INJ ...).

    Attributes
    ----------
    start : int
        GPS second of the first element.
    bits : numpy.ndarray
        int32, shape (seconds,).
    known : numpy.ndarray
        bool, shape (seconds,): False for seconds of which no file says anything.
    names, descriptions : tuple of str
        Short name and description of each bit, lowest bit first.
    """

    start: int
    bits: np.ndarray
    known: np.ndarray
    names: tuple[str, ...]
    descriptions: tuple[str, ...]

    @property
    def stop(self) -> int:
        """GPS second after the last element."""
        return self.start + len(self.bits)

    def passed(self, name: str) -> np.ndarray:
        """Whether the bit is set, for each second (False where unknown).

        Raises
        ------
        InputError
            If the mask has no bit of that name.
        """
        if name not in self.names:
            raise InputError(f"no quality bit {name!r}: the file has {', '.join(self.names)}")
        return ((self.bits >> self.names.index(name)) & 1).astype(bool) & self.known

    def crop(self, start: int, stop: int) -> BitMask:
        """Cut to the GPS seconds [start, stop); seconds outside of the mask are unknown."""
        bits, known = np.zeros(stop - start, np.int32), np.zeros(stop - start, bool)
        first, last = max(start, self.start), min(stop, self.stop)
        if first < last:
            inside = slice(first - start, last - start)
            own = slice(first - self.start, last - self.start)
            bits[inside], known[inside] = self.bits[own], self.known[own]
        return BitMask(start, bits, known, self.names, self.descriptions)


def join_masks(masks: Sequence[BitMask | None], start: int, stop: int, label: str) -> BitMask | None:
    """Put the masks of several files on one axis of GPS seconds [start, stop).

    Parameters
    ----------
    masks : sequence of BitMask or None
        One per file; None for a file without.
    start, stop : int
        GPS seconds to cover.
    label : str
        What the masks belong to, for messages.

    Returns
    -------
    BitMask or None
        None when no file has a mask.

    Raises
    ------
    InputError
        If the files name the bits differently, or disagree where they overlap.
    """
    present = [mask for mask in masks if mask is not None]
    if not present:
        return None
    first = present[0].crop(start, stop)
    bits, known = first.bits, first.known
    for mask in present[1:]:
        if mask.names != first.names:
            raise InputError(
                f"{label}: the files name the quality bits differently ({', '.join(first.names)} and "
                f"{', '.join(mask.names)}); read files of one data release"
            )
        other = mask.crop(start, stop)
        differs = known & other.known & (bits != other.bits)
        if differs.any():
            second = start + int(np.argmax(differs))
            raise InputError(f"{label}: overlapping files disagree on the quality bits at GPS {second}")
        bits, known = np.where(other.known, other.bits, bits), known | other.known
    return BitMask(start, bits, known, first.names, first.descriptions)


def runs(flags: np.ndarray) -> Iterator[tuple[int, int]]:
    """Yield the half-open index ranges in which a boolean array is True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)


def flat(value: np.ndarray, shortest: int) -> np.ndarray:
    """Mark the samples of stretches, at least `shortest` long, in which the value does not change.

    Detector noise never repeats a value for long: such stretches (zeros above all) are filling, not data.
    """
    marked = np.zeros(len(value), bool)
    if len(value) < 2:
        return marked
    for first, last in runs(value[1:] == value[:-1]):
        if last - first + 1 >= shortest:
            marked[first : last + 1] = True
    return marked
