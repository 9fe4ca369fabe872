"""Well-known gravitational-wave events by name.

GPS times (0.1 s) and detectors are those of the GWOSC event portal (https://gwosc.org/eventapi): catalogues
GWTC-1-confident, O3_Discovery_Papers, GWTC-2.1-confident, GWTC-3-confident, GWTC-4.0 and GWTC-5.0. Detectors
are those whose strain around the event GWOSC releases. The full name of an event is its UTC date and time,
which holds the table to account.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from tidings.errors import InputError
from tidings.times import parse_time


@dataclass(frozen=True)
class Event:
    """An event: name ("" for a bare time), GPS time in s, and the detectors with strain (where known)."""

    name: str
    gps: float
    detectors: tuple[str, ...] = ()


# Common name, full name (UTC), GPS [s], detectors.
_TABLE = (
    ("GW150914", "GW150914_095045", 1126259462.4, "H1 L1"),
    ("GW151012", "GW151012_095443", 1128678900.4, "H1 L1"),
    ("GW151226", "GW151226_033853", 1135136350.6, "H1 L1"),
    ("GW170104", "GW170104_101158", 1167559936.6, "H1 L1"),
    ("GW170608", "GW170608_020116", 1180922494.5, "H1 L1"),
    ("GW170729", "GW170729_185629", 1185389807.3, "H1 L1 V1"),
    ("GW170809", "GW170809_082821", 1186302519.8, "H1 L1 V1"),
    ("GW170814", "GW170814_103043", 1186741861.5, "H1 L1 V1"),
    ("GW170817", "GW170817_124104", 1187008882.4, "H1 L1 V1"),
    ("GW170818", "GW170818_022509", 1187058327.1, "H1 L1 V1"),
    ("GW170823", "GW170823_131358", 1187529256.5, "H1 L1"),
    ("GW190412", "GW190412_053044", 1239082262.2, "H1 L1 V1"),
    ("GW190425", "GW190425_081805", 1240215503.0, "L1 V1"),
    ("GW190521", "GW190521_030229", 1242442967.4, "H1 L1 V1"),
    ("GW190814", "GW190814_211039", 1249852257.0, "H1 L1 V1"),
    ("GW200105", "GW200105_162426", 1262276684.0, "L1 V1"),
    ("GW200115", "GW200115_042309", 1263097407.7, "H1 L1 V1"),
    ("GW200129", "GW200129_065458", 1264316116.4, "H1 L1 V1"),
    ("GW230529", "GW230529_181500", 1369419318.7, "L1"),
    ("GW230814", "GW230814_230901", 1376089759.8, "L1"),
    ("GW231123", "GW231123_135430", 1384782888.6, "H1 L1"),
    ("GW250114", "GW250114_082203", 1420878141.2, "H1 L1"),
)

EVENTS: Mapping[str, Event] = {
    short: Event(short, gps, tuple(detectors.split())) for short, _, gps, detectors in _TABLE
}
FULL_NAMES: Mapping[str, str] = {full: short for short, full, _, _ in _TABLE}


def resolve_event(name: str | float, extra: Mapping[str, Event | float] | None = None) -> Event:
    """Find an event by its name, or take a time as one.

    Parameters
    ----------
    name : str or float
        Event name in short or full form ("GW170817", "GW200115_042309"; case does not matter), or any time
        that `tidings.times.parse_time` reads.
    extra : mapping, optional
        Further events, name to `Event` or GPS seconds; they come before the built-in ones.

    Returns
    -------
    Event
        For a time: an event without name and detectors.

    Raises
    ------
    InputError
        If the name is unknown, or a text that starts with a digit is no time.
    """
    text = name.strip() if isinstance(name, str) else name
    if not isinstance(text, str) or not text or not _looks_like_name(text):
        return Event("", parse_time(text))
    own = {key.casefold(): (key, value) for key, value in (extra or {}).items()}
    if text.casefold() in own:
        key, value = own[text.casefold()]
        return value if isinstance(value, Event) else Event(key, float(value))
    short = FULL_NAMES.get(_canonical(text), _canonical(text))
    if short in EVENTS:
        return EVENTS[short]
    raise InputError(_unknown(text, [*(extra or {}), *EVENTS]))


def _looks_like_name(text: str) -> bool:
    """Names start with a letter; so do "MJD ...", "JD ..." and "GPS ...", which are times."""
    return text[0].isalpha() and re.match(r"(mjd|jd|gps)[\s\d]", text, re.IGNORECASE) is None


def _canonical(text: str) -> str:
    """Write a name as the table does: "gw 150914" and "gw150914" are GW150914."""
    return re.sub(r"^gw[\s_-]?(?=\d)", "GW", text, flags=re.IGNORECASE)


def _unknown(text: str, names: list[str]) -> str:
    near = difflib.get_close_matches(_canonical(text), names, n=3, cutoff=0.6)
    if not near:
        near = [known for known in names if known[:4] == _canonical(text)[:4]][:3]
    suggestion = f"; near names: {', '.join(near)}" if near else ""
    return (
        f"unknown event {text!r}{suggestion}. Give its time instead (GPS seconds such as 1126259462.4, or "
        "UTC such as 2015-09-14T09:50:45.4), or let gw_fetch look the name up at GWOSC"
    )
