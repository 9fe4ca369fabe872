"""Counts against time: one form in memory for every instrument and every form that files have."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import IntFlag
from pathlib import Path
from typing import Any

import numpy as np

from tidings.errors import InputError
from tidings.lightcurve.monitor import Monitor

_OVERLAP = 0.4  # of a sample: two bins that share more are one bin twice
_SLACK = 5e-4  # s; bins that lie inside an interval but for rounding do


class Flag(IntFlag):
    """What is to be known of a bin; one bit each, 0 for a good bin."""

    GAP = 1  # samples are missing here, or just before this bin
    SATURATED = 2  # the counter was at its end
    DUPLICATE = 4  # the file has this bin more than once
    INVALID = 8  # NaN, infinite or negative counts, or duplicates that differ: left out of every sum
    REORDERED = 16  # stood out of order in the file
    DIP = 32  # less than half of the background: dead time or lost telemetry
    EXTRAPOLATED = 64  # the background was not measured on both sides
    EXCLUDED = 128  # inside the interval that the background leaves out


_LASTING = Flag.SATURATED | Flag.DUPLICATE | Flag.REORDERED  # what a light curve tells of its samples


@dataclass(frozen=True)
class Position:
    """Where the spacecraft was, seen from the centre of the Earth: right ascension, declination (deg), km."""

    ra: float
    dec: float
    distance: float


@dataclass(frozen=True, eq=False)
class Counts:
    """Counts in bins of time, in order, none twice.

    Attributes
    ----------
    start : numpy.ndarray
        float64 (n,): start of each bin, s from `epoch`, at the spacecraft.
    width : numpy.ndarray
        float64 (n,): length of each bin, s.
    counts : numpy.ndarray
        float64 (n,): NaN where the file has none that can be used.
    exposure : numpy.ndarray
        float64 (n,): live time, s; 0 where `counts` is NaN. Dead time is not known and not taken off.
    epoch : float
        GPS s that `start` counts from.
    flags : numpy.ndarray
        uint8 (n,), bits of `Flag`.
    monitor : Monitor
        The instrument.
    origin : str
        Form of the file: "lightcurve" for a product of this suite.
    offset_applied : float
        Correction that was added to the times of the file on reading, s.
    position : Position or None
        Of the spacecraft, if the file has it.
    facts : dict
        What else the file says of itself, by keyword.
    """

    start: np.ndarray
    width: np.ndarray
    counts: np.ndarray
    exposure: np.ndarray
    epoch: float
    flags: np.ndarray
    monitor: Monitor
    origin: str
    offset_applied: float = 0.0
    position: Position | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.start)

    @property
    def end(self) -> np.ndarray:
        """float64 (n,): end of each bin, s from `epoch`."""
        return self.start + self.width

    @property
    def good(self) -> np.ndarray:
        """bool (n,): bins with counts that can be used."""
        return (self.exposure > 0) & np.isfinite(self.counts)

    @property
    def sample(self) -> float:
        """The usual length of a bin, s."""
        return usual_width(self.width)

    def rebased(self, epoch: float) -> Counts:
        """Return the same counts with times from another GPS second."""
        return replace(self, start=self.start + (self.epoch - epoch), epoch=float(epoch))

    def crop(self, start: float, end: float) -> Counts:
        """Cut to the bins that lie inside [start, end], s from `epoch`.

        Raises
        ------
        InputError
            If none does.
        """
        cut = slice(
            int(np.searchsorted(self.start, start - _SLACK)),
            int(np.searchsorted(self.end, end + _SLACK, side="right")),
        )
        if cut.start >= cut.stop:
            raise InputError(
                f"no counts between {start:g} and {end:g} s from GPS {self.epoch:.3f}; the data cover "
                f"{self.start[0]:.2f} to {self.end[-1]:.2f} s"
            )
        arrays = ("start", "width", "counts", "exposure", "flags")
        return replace(self, **{name: getattr(self, name)[cut] for name in arrays})


def mark(flags: np.ndarray, where: np.ndarray | int, flag: Flag) -> None:
    """Set a bit of `flags` (uint8) in place."""
    flags[where] |= np.uint8(flag)


def usual_width(width: np.ndarray) -> float:
    """Return the usual bin length, s: the median, to the nearest µs so that every file gives the same."""
    return round(float(np.median(width)), 6)


@dataclass(frozen=True)
class Raw:
    """What a reader found: arrays in the order of the file, `rows` the place of each in it."""

    start: np.ndarray
    width: np.ndarray
    counts: np.ndarray
    exposure: np.ndarray
    epoch: float
    origin: str
    place: str  # "line" or "row"
    first: int  # number of the first one
    position: Position | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    flags: np.ndarray | None = None  # of the file itself
    offset: float = 0.0  # that the file says its times have been corrected by


def finish(raw: Raw, path: Path, monitor: Monitor, offset: float = 0.0) -> Counts:
    """Check, put in order, and flag what a reader found.

    Parameters
    ----------
    raw : Raw
        Bins in the order of the file.
    path : Path
        The file, for messages.
    monitor : Monitor
        The instrument that counted.
    offset : float
        To be added to the times, s.

    Raises
    ------
    InputError
        There are no usable counts, or their times cannot be of this instrument.
    """
    if len(raw.start) == 0:
        raise InputError(f"{path}: holds no counts; ask for another time")
    _check(raw, path, monitor)
    if offset and raw.offset:
        raise InputError(
            f"{path}: its times have been corrected by {raw.offset:+g} s already; do not add it again"
        )
    order = np.argsort(raw.start, kind="stable")
    start, width, counts, exposure = (a[order] for a in (raw.start, raw.width, raw.counts, raw.exposure))
    flags = np.zeros(len(start), np.uint8) if raw.flags is None else raw.flags[order] & np.uint8(_LASTING)
    mark(flags, _out_of_order(raw.start)[order], Flag.REORDERED)
    start, width, counts, exposure, flags = _without_repeats(start, width, counts, exposure, flags)
    invalid = ~(np.isfinite(counts) & (counts >= 0)) | (exposure <= 0)
    mark(flags, invalid, Flag.INVALID)
    unusable = (flags & Flag.INVALID) > 0
    counts = np.where(unusable, np.nan, counts)
    exposure = np.where(unusable, 0.0, exposure)
    if unusable.all():
        raise InputError(f"{path}: holds no usable counts: all are NaN or negative")
    if not np.nansum(counts):
        raise InputError(f"{path}: all counts are zero: {monitor.off}; ask for another time")
    if monitor.saturation is not None:
        with np.errstate(invalid="ignore"):
            full = counts * monitor.sample >= (monitor.saturation - 0.5) * exposure
        mark(flags, full & ~unusable, Flag.SATURATED)
    mark(flags[1:], gap_samples(start, width) > 0, Flag.GAP)
    return Counts(
        start=start,
        width=width,
        counts=counts,
        exposure=exposure,
        epoch=raw.epoch + offset,
        flags=flags,
        monitor=monitor,
        origin=raw.origin,
        offset_applied=offset + raw.offset,
        position=raw.position,
        facts=raw.facts,
    )


def gap_samples(start: np.ndarray, width: np.ndarray) -> np.ndarray:
    """Return how many samples are missing between neighbouring bins, int64 (n - 1,)."""
    step = usual_width(width)
    between = start[1:] - (start[:-1] + width[:-1])
    return np.rint(between / step).clip(min=0).astype(np.int64)


def _check(raw: Raw, path: Path, monitor: Monitor) -> None:
    bad = ~np.isfinite(raw.start) | ~(raw.width > 0)
    if bad.any():
        place = raw.first + int(np.argmax(bad))
        raise InputError(f"{path}: {raw.place} {place}: the time is not a number; remove it")
    low, high = raw.epoch + raw.start.min(), raw.epoch + raw.start.max()
    if not (math.isfinite(raw.epoch) and low >= monitor.earliest and high <= monitor.latest):
        raise InputError(
            f"{path}: its times, GPS {low:.1f} to {high:.1f} s, are not of {monitor.mission}: the time "
            "system or its unit is not what the file says; give another form or column"
        )


def _out_of_order(start: np.ndarray) -> np.ndarray:
    """Mark the bins that lie before one that stands above them in the file."""
    return start < np.maximum.accumulate(start)


def _without_repeats(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Drop bins that cover what the one before covers; where they differ, neither can be trusted."""
    start, width, counts, _, flags = arrays
    repeat = np.zeros(len(start), bool)
    # Against the last bin that is kept: of three alike, two go.
    close = np.flatnonzero(start[:-1] + (1 - _OVERLAP) * width[:-1] > start[1:]) + 1
    kept = 0
    for index in close:
        kept = index - 1 if not repeat[index - 1] else kept
        if start[kept] + (1 - _OVERLAP) * width[kept] > start[index]:
            repeat[index] = True
            mark(flags, kept, Flag.DUPLICATE)
            if counts[index] != counts[kept]:
                mark(flags, kept, Flag.INVALID)
    return tuple(array[~repeat] for array in arrays)
