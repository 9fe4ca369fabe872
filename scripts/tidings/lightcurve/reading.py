"""What every step does with counts and its parameters before the science begins."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tidings.errors import InputError
from tidings.lightcurve.counts import Counts
from tidings.times import parse_time, utc_iso


def around(
    counts: Counts,
    path: str | Path,
    trigger: str | None,
    *,
    before: float | None = None,
    after: float | None = None,
) -> Counts:
    """Let times count from the trigger, and cut to an interval around it.

    Parameters
    ----------
    counts : Counts
        Of the file `path`, which errors name.
    trigger : str, optional
        A time in any form of `tidings.times.parse_time`; what the file counts from when not given.
    before, after : float, optional
        Interval kept, s; to the ends of the file when not given.

    Raises
    ------
    InputError
        The trigger lies outside the data, or the interval holds none.
    """
    if trigger is not None:
        counts = counts.rebased(parse_time(trigger))
        if not counts.start[0] <= 0 <= counts.end[-1]:
            first, last = (utc_iso(counts.epoch + t, 1) for t in (counts.start[0], counts.end[-1]))
            raise InputError(
                f"{path}: covers {first} to {last} UTC, without the trigger, {utc_iso(counts.epoch, 1)}: "
                "give the file of that time"
            )
    if before is None and after is None:
        return counts
    low = counts.start[0] if before is None else -before
    high = counts.end[-1] if after is None else after
    with naming(path):
        return counts.crop(low, high)


@contextmanager
def naming(path: str | Path) -> Iterator[None]:
    """Put the name of a file in front of what is wrong with its content."""
    try:
        yield
    except InputError as error:
        if str(path) in str(error):
            raise
        raise InputError(f"{path}: {error}") from None


def excluded(start: float | None, end: float | None) -> tuple[tuple[float, float], ...]:
    """Return the interval to leave out of the background, from two parameters.

    Raises
    ------
    InputError
        One of them is missing, or the end is not after the start.
    """
    if start is None and end is None:
        return ()
    if start is None or end is None:
        raise InputError("burst_start and burst_end belong together: give both, or neither")
    if not start < end:
        raise InputError(f"burst_start {start:g} s is not before burst_end {end:g} s")
    return ((start, end),)
