"""The window of time that a step analyses: around an event, or from T1 to T2."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tidings.errors import InputError
from tidings.gw.events import Event, resolve_event
from tidings.times import parse_time


@dataclass(frozen=True)
class Window:
    """A window of GPS time [s], and the instant in it that figures count from."""

    name: str
    gps: float
    start: float
    end: float


def find_window(
    event: str | None,
    before: float,
    after: float,
    t1: str | None = None,
    t2: str | None = None,
    events: Mapping[str, float] | None = None,
) -> Window:
    """Return the window around `event`, or from `t1` to `t2`.

    Parameters
    ----------
    event
        Event name or time; may be None when both `t1` and `t2` are given.
    before, after
        Length before and after the event [s].
    t1, t2
        Start and end, as text; both or neither.
    events
        GPS times [s] of events beside the built-in ones.

    Raises
    ------
    InputError
        If neither is given, a name is unknown, or the window is empty.
    """
    if (t1 is None) != (t2 is None):
        raise InputError("T1 and T2 belong together: give both, or an event")
    if t1 is None:
        if event is None:
            raise InputError("no window: give an event (--event GW150914 or a time), or T1 and T2")
        found = resolve_event(event, events)
        window = Window(found.name, found.gps, found.gps - before, found.gps + after)
    else:
        start, end = parse_time(t1), parse_time(t2)
        found = resolve_event(event, events) if event else None
        window = Window(found.name if found else "", found.gps if found else start, start, end)
    if not window.start < window.end:
        raise InputError(
            f"the window is empty: it starts at GPS {window.start:.3f} and ends at {window.end:.3f}"
        )
    return window


def known_event(event: str) -> Event | None:
    """Return a built-in event or a time; None for a name that only the archive may know.

    Raises
    ------
    InputError
        If the text is neither a name nor a time.
    """
    try:
        return resolve_event(event)
    except InputError:
        if event[:1].isalpha():
            return None
        raise


def write_event_table(path: Path, name: str, gps: float) -> None:
    """Write the table of one event: a name and its GPS time [s], tab-separated."""
    path.write_text(f"name\tgps\n{name}\t{gps!r}\n")


def read_event_table(path: Path | None) -> dict[str, float]:
    """Read a table of events: GPS times [s] by name; none without a path.

    Raises
    ------
    InputError
        If a line is not a name, a tab and a number.
    """
    if path is None:
        return {}
    events = {}
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if (number == 1 and line.split("\t")[:1] == ["name"]) or not line.strip():
            continue
        try:
            name, gps = line.split("\t")
            events[name] = float(gps)
        except ValueError:
            raise InputError(
                f"{path}: line {number}: needs a name, a tab and a GPS time, not {line!r}"
            ) from None
    return events
