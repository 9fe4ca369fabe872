"""Events and sources by name: the table of the repository, its bursts of POLAR, and events of GWOSC."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tidings.errors import InputError
from tidings.gw.events import EVENTS, FULL_NAMES
from tidings.times import parse_time, utc_iso

ROOT = Path(__file__).resolve().parents[3]
TABLE = ROOT / "config/events.yaml"
BURSTS = ROOT / "data/polar/POLAR_GRBs_55.csv"
KINDS = ("merger", "burst", "source", "neutrino", "time", "position")


@dataclass(frozen=True)
class Known:
    """What is known of an event or source.

    Times are GPS seconds, positions ICRS degrees, the distance is in Mpc; None stands for what is not known.
    `target` is a target of the default run, whose files are used, but for the reductions that are `partial`
    where there is a network; `source` says where all this is from.
    """

    name: str
    kind: str
    names: tuple[str, ...] = ()
    gps: float | None = None
    trigger: float | None = None
    ra: float | None = None
    dec: float | None = None
    place: str = ""
    distance: float | None = None
    detectors: tuple[str, ...] = ()
    target: str | None = None
    partial: tuple[str, ...] = ()
    source: str = ""

    @property
    def moment(self) -> float | None:
        """GPS time that gamma-ray light curves count from."""
        return self.gps if self.trigger is None else self.trigger

    @property
    def has_position(self) -> bool:
        """Whether the direction is known."""
        return self.ra is not None and self.dec is not None


def plain(name: str) -> str:
    """Write a name as it is compared: no case, blanks, underscores; hyphens count only as signs.

    "GRB 230307A" and "grb230307a" are one; "TXS 0506+056" keeps its sign.
    """
    text = re.sub(r"[\s_]", "", name.casefold())
    return re.sub(r"-(?!\d{2,4}(?:[.\d]*)$)", "", text).replace("icecube", "ic")


def table(path: Path = TABLE) -> dict[str, Known]:
    """Return the well-known events and sources, by name.

    Raises
    ------
    InputError
        The table cannot be read, or an entry has what no entry may have.
    """
    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        return {name: _known(name, entry) for name, entry in entries.items()}
    except (OSError, yaml.YAMLError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: cannot be read as a table of events ({error})") from None


def _known(name: str, entry: Mapping[str, Any]) -> Known:
    times = {
        key: parse_time(entry[column])
        for key, column in (("gps", "time"), ("trigger", "trigger"))
        if column in entry
    }
    rest = {key: value for key, value in entry.items() if key not in ("time", "trigger", "names")}
    if rest.get("kind") not in KINDS:
        raise InputError(f"{TABLE}: {name}: kind is one of {', '.join(KINDS)}")
    rest["partial"] = tuple(rest.get("partial", ()))
    short = next((n for n in (name, *entry.get("names", ())) if n in EVENTS), None)
    detectors = EVENTS[short].detectors if short else ()
    return Known(name, names=tuple(entry.get("names", ())), detectors=detectors, **times, **rest)


def everything() -> list[Known]:
    """Return all that is known without a network: the table first, then mergers, then bursts of POLAR."""
    found = list(table().values())
    taken = {plain(name) for one in found for name in (one.name, *one.names)}
    others = [*_mergers(), *_bursts(BURSTS)]
    return found + [one for one in others if plain(one.name) not in taken]


def _mergers() -> Iterable[Known]:
    full = {short: name for name, short in FULL_NAMES.items()}
    for name, event in EVENTS.items():
        yield Known(
            name,
            "merger",
            (full[name],) if name in full else (),
            event.gps,
            detectors=event.detectors,
            source="GWOSC",
        )


def _bursts(path: Path) -> Iterable[Known]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            gps = parse_time(row["Trigger_time_UTC"])
            name = row["GRB_Name"].replace("_", "")
            yield Known(name, "burst", gps=gps, source="catalogue of POLAR's bursts")


def find(name: str, among: Iterable[Known] | None = None) -> Known | None:
    """Return what has this name, or None.

    Raises
    ------
    InputError
        The name is the beginning of several names: it says which.
    """
    known = list(everything() if among is None else among)
    wanted = plain(name)
    exact = [one for one in known if wanted in map(plain, (one.name, *one.names))]
    if exact:
        return exact[0]
    begun = [one for one in known if any(_begins(wanted, n) for n in (one.name, *one.names))]
    begun.sort(key=lambda one: one.name)
    if begun:
        listed = ", ".join(_listed(one, wanted) for one in begun[:6])
        raise InputError(f"{name!r} could be {listed}: give the name in full")
    return None


def _begins(wanted: str, name: str) -> bool:
    """Tell whether a name is another one without its last letters or its clock time."""
    text = plain(name)
    digits = re.sub(r"\D", "", wanted)
    return len(digits) >= 4 and text.startswith(wanted) and text != wanted


def _listed(one: Known, wanted: str) -> str:
    name = next(n for n in (one.name, *one.names) if plain(n).startswith(wanted))
    return f"{name} ({utc_iso(one.gps, 0)} UTC)" if one.gps is not None else name


def near(name: str) -> list[str]:
    """Return up to three known names that look like this one."""
    names = {plain(n): n for one in everything() for n in (one.name, *one.names)}
    return [names[match] for match in difflib.get_close_matches(plain(name), names, n=3, cutoff=0.6)]
