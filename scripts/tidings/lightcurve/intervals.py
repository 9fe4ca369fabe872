"""Intervals as users give them."""

from __future__ import annotations

from tidings.errors import InputError


def interval_of(start: float | None, end: float | None, shift: float = 0.0) -> tuple[float, float] | None:
    """Return an interval, or None if neither end is given.

    Parameters
    ----------
    start, end
        s from the trigger.
    shift
        The trigger's own time on the axis that the interval is wanted on, s.

    Raises
    ------
    InputError
        If one end only is given, or the interval ends before it starts.
    """
    if start is None and end is None:
        return None
    if start is None or end is None:
        raise InputError("start and end of the interval belong together: give both or neither")
    if not start < end:
        raise InputError(f"the interval ends at {end:g} s, before it starts at {start:g} s: exchange them")
    return start + shift, end + shift
