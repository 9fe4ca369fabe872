"""POLAR's catalogue of gamma-ray bursts: its table, and the time of a burst by its name."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from astropy.table import Table
from astropy.time import Time

from tidings.errors import InputError
from tidings.lightcurve.monitor import POLAR
from tidings.polar.unix_time import gps_to_unix
from tidings.times import parse_time, utc_iso

_HEADER = ["Number", "GRB_Name", "Trigger_time_UTC", "unix_time"]
_AGREEMENT = 1e-3  # s, of the two times of a burst
_NAME = re.compile(r"(?:GRB)?[ _]?(\d{6}(?:\d{3}|[A-Z]?))", re.IGNORECASE)


@dataclass(frozen=True)
class Burst:
    """A burst: its number in the catalogue, its name (``GRB161218B``) and its trigger time, GPS s."""

    number: int
    name: str
    gps: float


def plain_name(text: str) -> str | None:
    """Return the name of a burst in one form (``GRB161218B``), or None if it is none."""
    match = _NAME.fullmatch(text.strip())
    return f"GRB{match[1].upper()}" if match else None


def read_bursts(path: str | Path) -> list[Burst]:
    """Read the catalogue: CSV with number, name, trigger time in UTC and in unix time.

    Raises
    ------
    InputError
        A line cannot be read, its two times differ by more than 1 ms, or a name stands twice.
    """
    path = Path(path)
    try:
        with open(path, newline="", encoding="utf-8-sig") as stream:
            rows = list(csv.reader(stream))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read as text ({error})") from None
    if not rows or rows[0] != _HEADER:
        raise InputError(f"{path}: line 1: the columns {', '.join(_HEADER)} are expected")
    bursts = [_burst(row, f"{path}: line {line}") for line, row in enumerate(rows[1:], 2) if row]
    names = [burst.name for burst in bursts]
    for line, name in enumerate(names, 2):
        if name in names[: line - 2]:
            raise InputError(f"{path}: line {line}: {name} stands twice; keep the right one")
    return bursts


def find_burst(bursts: list[Burst], name: str, source: str | Path) -> Burst:
    """Return the burst of a name, in any spelling: GRB_161218B, GRB 161218B, 161218B.

    Raises
    ------
    InputError
        The catalogue does not have it; the message names those of the same day.
    """
    wanted = plain_name(name)
    for burst in bursts:
        if burst.name == wanted:
            return burst
    day = (wanted or "")[:9]
    near = [burst.name for burst in bursts if day and burst.name.startswith(day)]
    hint = f"; of that day it has {', '.join(near)}" if near else ""
    raise InputError(f"{source}: has no burst {name!r}{hint}: give the trigger time instead")


def trigger_of(trigger: str, catalogue: str | Path | None) -> float:
    """Return the GPS time of a trigger: a time in any form, or the name of a burst of the catalogue.

    Raises
    ------
    InputError
        It is neither; a name without a catalogue.
    """
    name = plain_name(trigger) if trigger.strip().upper().startswith("GRB") else None
    if name is None:
        return parse_time(trigger)
    if catalogue is None:
        raise InputError(
            f"{trigger!r} is the name of a burst, whose time is looked up in a catalogue: give the "
            "catalogue, or the time"
        )
    return find_burst(read_bursts(catalogue), trigger, catalogue).gps


def burst_table(bursts: list[Burst]) -> Table:
    """Return the catalogue in order of time, with the trigger times in UTC, unix, GPS and TT."""
    bursts = sorted(bursts, key=lambda burst: burst.gps)
    times = Time([burst.gps for burst in bursts], format="gps")
    table = Table(
        {
            "number": [burst.number for burst in bursts],
            "name": [burst.name for burst in bursts],
            "utc": [utc_iso(burst.gps, 3) for burst in bursts],
            "unix": [round(gps_to_unix(burst.gps), 4) for burst in bursts],
            "gps": [burst.gps for burst in bursts],
            "mjd_tt": times.tt.mjd,
        }
    )
    about = {
        "number": ("Number in the catalogue", None, "meta.id"),
        "name": ("Burst", None, "meta.id;meta.main"),
        "utc": ("Trigger time, UTC", None, "time.epoch"),
        "unix": ("Trigger time, unix time", "s", "time.epoch"),
        "gps": ("Trigger time, GPS time", "s", "time.epoch"),
        "mjd_tt": ("Trigger time, MJD in TT", "d", "time.epoch"),
    }
    for name, (description, unit, ucd) in about.items():
        table[name].description, table[name].unit = description, unit
        table[name].meta["ucd"] = ucd
    return table


def _burst(row: list[str], place: str) -> Burst:
    try:
        number, label, utc, unix = row
        count, seconds = int(number), float(unix)
    except ValueError:
        raise InputError(f"{place}: four values are expected: number, name, UTC, unix time") from None
    name = plain_name(label)
    if name is None:
        raise InputError(f"{place}: {label!r} is no name of a burst such as GRB_161218B")
    try:
        gps = parse_time(utc)
    except InputError as error:
        raise InputError(f"{place}: {error}") from None
    apart = gps_to_unix(gps) - seconds
    if not abs(apart) <= _AGREEMENT:
        raise InputError(f"{place}: {utc} UTC and unix time {unix} are {apart:.3f} s apart: correct one")
    if not POLAR.earliest <= gps <= POLAR.latest:
        raise InputError(f"{place}: {utc} is not of {POLAR.mission}")
    return Burst(count, name, gps)
