"""SPI-ACS counts around a trigger, and bins of figures."""

from __future__ import annotations

from pathlib import Path

from tidings.acs.counts import read_counts
from tidings.lightcurve.counts import Counts
from tidings.lightcurve.reading import around


def read_around(
    path: str | Path,
    trigger: str | None,
    *,
    before: float | None = None,
    after: float | None = None,
    add_offset: bool = False,
    stamp: str = "default",
) -> Counts:
    """Read counts, with times from the trigger and cut to an interval around it.

    Parameters
    ----------
    path, add_offset
        As for `tidings.acs.counts.read_counts`.
    trigger : str, optional
        A time in any form of `tidings.times.parse_time`; what the file counts from when not given.
    before, after : float, optional
        Interval kept, s; to the ends of the file when not given.
    stamp : {"default", "start", "middle"}
        Moment that a time stamp is.

    Raises
    ------
    InputError
        As for `read_counts`; the trigger lies outside the data, or the interval holds none.
    """
    counts = read_counts(path, add_offset=add_offset, stamp=None if stamp == "default" else stamp)
    return around(counts, path, trigger, before=before, after=after)


def shown_bin(counts: Counts, scale: float) -> float:
    """Return a bin size for a figure: close to a time scale, and not more bins than a page can show, s."""
    span = float(counts.end[-1] - counts.start[0])
    wanted = min(max(scale / 5, span / 2000), span / 20)
    return max(round(wanted / counts.sample), 1) * counts.sample
