"""Localisations of events: maps and alerts read from files, and what a table beside them says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tidings.errors import InputError
from tidings.skymap._tables import read_any_table
from tidings.skymap.alert import Retracted, is_alert, parse_alert
from tidings.skymap.reading import Ordering, read_skymap
from tidings.skymap.sky import SkyMap
from tidings.times import parse_time

_SUFFIXES = (".fits", ".fits.gz", ".fit", ".fit.gz", ".json")
# What columns of a table beside the maps may be called.
_NAMES = {
    "event": ("event", "name", "commonname", "common_name", "superevent_id", "object"),
    "gps": ("gps", "gps_time", "t_0", "time", "utc"),
    "far": ("far", "far_hz"),
    "catalogue": ("catalogue", "catalog", "catalog.shortname"),
    "instruments": ("instruments", "detectors", "instrument"),
    "group": ("group",),
}
_ROW_NAME = "*"  # what no column is called
CLASSES = ("BNS", "NSBH", "BBH", "MassGap", "Terrestrial", "HasNS", "HasRemnant", "HasMassGap", "HasSSM")
"""Classes and properties that alerts give probabilities of, in this order."""


@dataclass(frozen=True, eq=False)
class Event:
    """A localisation and what is known of its event.

    Attributes
    ----------
    name, file
        Of the event, and of the file that its map comes from.
    sky
        The map.
    gps
        Time, GPS s.
    far
        False-alarm rate, Hz.
    catalogue, instruments, group
        As texts; empty where unknown.
    classes
        Probabilities of classes and properties.
    """

    name: str
    file: str
    sky: SkyMap
    gps: float | None = None
    far: float | None = None
    catalogue: str = ""
    instruments: str = ""
    group: str = ""
    classes: dict[str, float] = field(default_factory=dict)


def find_maps(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files of maps and alerts among files and folders, sorted within a folder by name.

    Raises
    ------
    InputError
        A folder holds none, or no path is given.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(one for one in path.iterdir() if one.name.lower().endswith(_SUFFIXES))
        if not inside:
            raise InputError(f"{path}: holds no sky map: files named {', '.join(_SUFFIXES)} are looked for")
        found += inside
    if not found:
        raise InputError("no sky map is given: name at least one file or folder")
    return found


def read_event(
    path: str | Path,
    *,
    normalise: bool = False,
    ordering: Ordering | None = None,
    distance: bool = True,
) -> Event:
    """Read a map, or the map in an alert.

    Parameters
    ----------
    path
        FITS, or JSON.
    normalise, ordering, distance
        As of `tidings.skymap.reading.read_skymap`.

    Raises
    ------
    InputError
        The file is neither; `Retracted` for an alert that retracts its event.
    """
    path = Path(path)
    options = {"normalise": normalise, "ordering": ordering, "distance": distance}
    try:
        with open(path, "rb") as stream:
            content = path.read_bytes() if is_alert(stream.read(64)) else None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if content is None:
        return _from_header(read_skymap(path, **options), path)
    try:
        alert = parse_alert(content)
        sky = read_skymap(alert.map_bytes(), name=f"map of {alert.name}", **options)
    except InputError as error:
        raise type(error)(f"{path}: {error}") from None
    event = _from_header(sky, path)
    return replace(
        event,
        name=alert.name,
        gps=event.gps if alert.gps is None else alert.gps,
        far=alert.far,
        instruments=",".join(alert.instruments) or event.instruments,
        group=alert.group,
        classes={**alert.classification, **alert.properties},
    )


def read_events(
    paths: Iterable[str | Path], table: str | Path | None = None
) -> tuple[list[Event], list[str]]:
    """Read maps and alerts, and complete them from a table.

    Of several files of one event, such as successive alerts, all are kept, under names of their own.

    Parameters
    ----------
    paths
        Files or folders.
    table
        With a column event (or name) and any of gps, far (Hz), catalogue, instruments, group, file and the
        classes (BNS, p_BNS, prob_BNS, ...); see `complete`.

    Returns
    -------
    events, notes
        What was read, and what was left out.
    """
    events, notes = [], []
    for path in find_maps(paths):
        try:
            events.append(read_event(path))
        except Retracted:
            notes.append(f"{path.name}: retracted, left out")
    if table is not None:
        events = complete(events, _read_metadata(Path(table)))
    names = [event.name for event in events]
    events = [
        replace(event, name=f"{event.name} ({event.file})") if names.count(event.name) > 1 else event
        for event in events
    ]
    return events, notes


def complete(events: Sequence[Event], rows: Sequence[dict[str, Any]]) -> list[Event]:
    """Return the events with what rows say of them; a row comes before a header.

    Rows are found by the file that a row names in a column file, and gives its event's name then, or by name.
    """
    by_file = {str(row["file"]).strip(): row for row in rows if "file" in row}
    by_name = {row[_ROW_NAME].casefold(): row for row in rows}
    done = []
    for event in events:
        row = by_file.get(event.file)
        if row is not None:
            event = replace(event, name=row[_ROW_NAME])
        row = row or by_name.get(event.name.casefold())
        done.append(event if row is None else replace(event, **_said(row, event)))
    return done


def _from_header(sky: SkyMap, path: Path) -> Event:
    meta = sky.meta
    name = str(meta.get("OBJECT") or "").strip()
    if not name or name.lower() in ("unknown", "none", "full"):
        name = path.name.partition(".")[0]
    time = meta.get("DATE-OBS") or ""
    gps = None
    if time:
        try:
            gps = parse_time(str(time))
        except InputError:
            gps = None  # a date without a time of day, or a form of its own: not worth refusing a map for
    instruments = str(meta.get("INSTRUME") or "").replace(" ", "")
    return Event(name, path.name, sky, gps, None, "", instruments)


def _read_metadata(path: Path) -> list[dict[str, Any]]:
    """Read a table of events: for each row its values by column, in small letters."""
    table = read_any_table(path, "table of events")
    lower = {name.lower(): name for name in table.colnames}
    key = next((lower[name] for name in _NAMES["event"] if name in lower), None)
    if key is None:
        raise InputError(f"{path}: has the columns {', '.join(table.colnames)}: one called event is needed")
    return [{**dict(zip(lower, row, strict=True)), _ROW_NAME: str(row[key]).strip()} for row in table]


def _said(row: dict[str, Any], event: Event) -> dict[str, Any]:
    """Return the fields of an event that a row tells."""
    readers = {"gps": parse_time, "far": float}
    found: dict[str, Any] = {}
    for key in ("gps", "far", "catalogue", "instruments", "group"):
        text = _text(row, _NAMES[key])
        if text:
            found[key] = _value(readers.get(key, str), text, key, event.name)
    classes = dict(event.classes)
    for name in CLASSES:
        text = _text(row, (name.lower(), f"p_{name.lower()}", f"prob_{name.lower()}"))
        if text:
            classes[name] = _value(float, text, name, event.name)
    return {**found, "classes": classes}


def _text(row: dict[str, Any], names: Sequence[str]) -> str:
    """Return what a row says under the first of some names that it has; nothing where a value is missing."""
    value = next((row[name] for name in names if name in row), None)
    text = "" if value is None or np.ma.is_masked(value) else str(value).strip()
    return "" if text in ("nan", "None") else text


def _value(reader: Callable[[str], Any], text: str, what: str, name: str) -> Any:
    try:
        return reader(text)
    except ValueError as error:
        raise InputError(f"table of events: {what} of {name}: {error}") from None
