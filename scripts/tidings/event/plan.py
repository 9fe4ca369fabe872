"""Which reductions apply to an event, with which parameters, and why the others do not.

Each reduction has one planner: a function of what is known, which returns sections of the configuration and a
sentence, or no sections and the reason. What needs an archive is planned only if there is a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import yaml

from tidings.errors import InputError
from tidings.event.archives import ARCHIVES
from tidings.event.known import ROOT, Known
from tidings.gw.events import EVENTS
from tidings.times import parse_time, utc_iso

# Public strain: first and last day of each observing run, UTC (https://gwosc.org/data).
RUNS = (
    ("O1", "2015-09-12", "2016-01-20"),
    ("O2", "2016-11-30", "2017-08-26"),
    ("O3a", "2019-04-01", "2019-10-02"),
    ("O3b", "2019-11-01", "2020-03-28"),
    ("O4a", "2023-05-24", "2024-01-17"),
)
# Launch and end of science operations (ESA).
INTEGRAL = ("2002-10-17T00:00", "2025-03-01T00:00")
# The public sample of ANTARES, first and last event of data/antares.
ANTARES = ("2007-01-31T00:00", "2018-01-01T00:00")
# First and last burst in the catalogue of POLAR.
POLAR = ("2016-09-24T00:00", "2017-04-01T00:00")
# The Legacy Surveys look away from the Milky Way; rough bounds, in deg (Dey et al. 2019, AJ 157, 168).
LEGACY_DEC, LEGACY_B = (-68.0, 84.0), 15.0
# ANTARES sees sources through the Earth, up to this declination [deg] at some time of the day.
ANTARES_DEC = 47.0
NETWORK = "its archive does not answer, or --offline was given: run again with a network"


@dataclass(frozen=True)
class Wishes:
    """What the user brings along: files for the event, and the reductions whose archives answer."""

    archives: frozenset[str] = frozenset(ARCHIVES)
    isgri: tuple[str, ...] = ()
    galaxies: str | None = None
    counts: str | None = None
    skymap: str | None = None


@dataclass(frozen=True)
class Planned:
    """One reduction: its sections of the configuration, none if it is left out, and the reason."""

    reduction: str
    sections: Mapping[str, Any]
    why: str


@dataclass(frozen=True)
class Plan:
    """All reductions of an event."""

    event: Known
    parts: tuple[Planned, ...]
    sections: Mapping[str, Any]


def plan(event: Known, wishes: Wishes | None = None) -> Plan:
    """Choose the reductions of an event.

    Parameters
    ----------
    event : Known
        As `tidings.event.resolve.resolve` returns it.
    wishes : Wishes, optional
        Files of the user, and whether there is a network.

    Raises
    ------
    InputError
        None applies: the message has the reason for each.
    """
    wishes = wishes or Wishes()
    ready = _ready(event, wishes)
    if not wishes.galaxies and (galaxies := ready.get("skymap", {}).get("galaxies")):
        wishes = replace(wishes, galaxies=galaxies)
    parts = tuple(
        Planned(name, *_with_files(name, ready, planner(event, wishes))) for name, planner in PLANNERS.items()
    )
    if not any(part.sections for part in parts):
        reasons = "".join(f"\n  {part.reduction}: {part.why}" for part in parts)
        raise InputError(f"{event.name}: no reduction applies:{reasons}")
    sections: dict[str, Any] = {}
    for part in parts:
        sections |= part.sections
    whole = Planned("event", *_with_files("event", ready, _whole(event, sections)))
    return Plan(event, (*parts, whole), {**sections, **whole.sections})


def _ready(event: Known, wishes: Wishes) -> dict[str, Any]:
    """Return the sections of the default run's target with the files that the repository has.

    Without those of which it has only a part, if an archive has the rest.
    """
    if event.target is None:
        return {}
    path = ROOT / "config/config.yaml"
    targets = yaml.safe_load(path.read_text(encoding="utf-8"))["targets"]
    if event.target not in targets:
        raise InputError(f"{path}: has no target {event.target}, which config/events.yaml refers to")
    ready = dict(targets[event.target])
    for name in set(event.partial) & wishes.archives:
        del ready[name]
        # What the figure says is missing is not, then.
        ready["event"] = {key: value for key, value in ready.get("event", {}).items() if key != "missing"}
    return ready


def _with_files(
    name: str, ready: Mapping[str, Any], chosen: tuple[Mapping[str, Any], str]
) -> tuple[Mapping[str, Any], str]:
    """Take the default run's files for a reduction, if it has any, rather than what was chosen."""
    own = {key: value for key, value in ready.items() if key == name or key.startswith(f"{name}_")}
    if name not in own or (name == "event" and not chosen[0]):
        return chosen
    extra = {key: value for key, value in chosen[0].items() if key != name}
    return {**extra, **own}, "with the files of the repository, as in config/config.yaml"


# ---- one planner for each reduction ---------------------------------------------------------------------


def _gw(event: Known, wishes: Wishes) -> tuple[dict[str, Any], str]:
    if event.gps is None:
        return {}, "no time"
    run = next((name for name, first, last in RUNS if _within(event.gps, first, last)), None)
    if run is None and not event.detectors:
        return {}, f"no public strain: {_day(event.gps)} is in none of the runs {_runs()}"
    if "gw" not in wishes.archives:
        return {}, NETWORK
    wide = event.kind != "merger"
    detectors = list(event.detectors) or ["H1", "L1"]
    # Mergers last fractions of a second in the band, but for neutron stars; bursts are searched around.
    window = {"before": 8.0, "after": 8.0} if wide else {"before": 2.0, "after": 0.5}
    # By its name the newest release of the event is found, by its time the files of the observing run.
    named = next((name for name in (event.name, *event.names) if name in EVENTS), None)
    moment = named or (event.name if event.detectors else utc_iso(event.gps, 3))
    chosen = "detectors with strain at GWOSC" if event.detectors else f"H1 and L1, the two of run {run}"
    return {"gw": {"event": moment, "detectors": detectors, **window}}, f"strain from GWOSC: {chosen}"


def _acs(event: Known, wishes: Wishes) -> tuple[dict[str, Any], str]:
    if event.moment is None:
        return {}, "no time"
    if not _within(event.moment, *INTEGRAL):
        return {}, f"{_day(event.moment)} is not within INTEGRAL's mission, {INTEGRAL[0][:10]} to 2025-02-28"
    section: dict[str, Any] = {"trigger": utc_iso(event.moment, 3)}
    if event.has_position:
        section |= {"ra": event.ra, "dec": event.dec}
    if wishes.counts:
        return {"acs": {"counts": wishes.counts, **section}}, "light curve from your file of counts"
    if "acs" not in wishes.archives:
        return {}, NETWORK
    return {"acs": section}, "counts 300 s on either side from the public service of the ISDC"


def _skymap(event: Known, wishes: Wishes) -> tuple[dict[str, Any], str]:
    section: dict[str, Any] = {"map": wishes.skymap} if wishes.skymap else {}
    if not section and event.kind != "merger":
        return {}, "no localisation of a known archive; name yours with --skymap FILE"
    if wishes.galaxies:
        section["galaxies"] = wishes.galaxies
    made: dict[str, Any] = {"skymap": section}
    if not wishes.skymap:
        made["skymap_fetch"] = {"event": event.name}
    if event.has_position:
        made["skymap_region"] = {"ra": event.ra, "dec": event.dec}
        made["skymap_position"] = {"ra": [event.ra], "dec": [event.dec]}
    if event.has_position and event.distance:
        made["skymap_position"]["distance"] = [event.distance]
    if not wishes.skymap and "skymap" not in wishes.archives:
        return {}, NETWORK
    return made, "your map" if wishes.skymap else "the best map of GraceDB, LIGO's document centre or Zenodo"


def _antares(event: Known, wishes: Wishes) -> tuple[dict[str, Any], str]:
    if event.has_position and event.dec > ANTARES_DEC:
        return {}, f"declination {event.dec:+.1f} deg: ANTARES never sees it through the Earth"
    timed = event.gps is not None and _within(event.gps, *ANTARES)
    if event.gps is not None and not timed and event.kind != "source":
        return {}, f"{_day(event.gps)} is not within the public sample, 2007 to 2017"
    where: dict[str, Any] = {"ra": event.ra, "dec": event.dec} if event.has_position else {}
    if not where and wishes.skymap:
        where = {"map": wishes.skymap}
    if not where:
        return {}, "no position, and no sky map in the repository"
    if timed and event.kind != "source":
        return {"antares": {"time": utc_iso(event.gps, 3), **where}}, "neutrinos around the time and position"
    return {"antares": where}, "limit at the position, from the events of 2007 to 2017"


def _legacy(event: Known, wishes: Wishes) -> tuple[dict[str, Any], str]:
    if not event.has_position and not wishes.galaxies:
        return {}, "no position, and no galaxies to rank (--galaxies FILE)"
    if event.has_position and (reason := _outside_legacy(event.ra, event.dec)):
        return {}, reason
    if "legacy" not in wishes.archives:
        return {}, NETWORK
    if event.has_position:
        place = f" of {event.place}" if event.place else ""
        return {
            "legacy": {"ra": event.ra, "dec": event.dec}
        }, f"image and catalogue around the position{place}"
    return {"legacy": {"hosts": True}}, "stamps of the first galaxies ranked"


def _isgri(event: Known, wishes: Wishes) -> tuple[dict[str, Any], str]:
    if not wishes.isgri:
        return {}, "which science windows saw it is not looked up: name event files with --isgri FILE ..."
    return {"isgri": {"events": list(wishes.isgri)}}, f"{len(wishes.isgri)} event files of yours"


def _polar(event: Known, wishes: Wishes) -> tuple[dict[str, Any], str]:
    if event.moment is None:
        return {}, "no time"
    if not _within(event.moment, *POLAR):
        return {}, f"{_day(event.moment)} is not within POLAR's mission, 2016-09-24 to 2017-03-31"
    if "POLAR" not in event.source:
        return {}, "not one of POLAR's 55 bursts"
    return {}, "its light curve is not in the repository, and the service has no public address"


def _whole(event: Known, sections: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Plan the joint figure of what the others make."""
    if not {"gw", "acs", "polar"} & sections.keys():
        return {}, "no strain and no light curve to put on one axis of time"
    section: dict[str, Any] = {}
    if event.has_position:
        section |= {"ra": event.ra, "dec": event.dec, "place": event.place}
    if event.kind == "burst" and {"acs", "polar"} & sections.keys():
        section["burst"] = True
    return {"event": section}, "strain and light curves on one axis of time, the sky beside them"


Planner = Callable[[Known, Wishes], tuple[dict[str, Any], str]]
PLANNERS: Mapping[str, Planner] = {
    "gw": _gw,
    "acs": _acs,
    "skymap": _skymap,
    "antares": _antares,
    "legacy": _legacy,
    "isgri": _isgri,
    "polar": _polar,
}


def _within(gps: float, first: str, last: str) -> bool:
    ends = (text if "T" in text else f"{text}T00:00" for text in (first, last))
    start, end = map(parse_time, ends)
    return start <= gps < end


def _day(gps: float) -> str:
    return utc_iso(gps, 0)[:10]


def _runs() -> str:
    return ", ".join(f"{name} ({first} to {last})" for name, first, last in RUNS)


def _outside_legacy(ra: float, dec: float) -> str | None:
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    if not LEGACY_DEC[0] < dec < LEGACY_DEC[1]:
        return f"declination {dec:+.1f} deg is outside of the Legacy Surveys"
    latitude = float(SkyCoord(ra, dec, unit=u.deg).galactic.b.deg)
    if abs(latitude) < LEGACY_B:
        return f"galactic latitude {latitude:+.1f} deg: the Legacy Surveys do not look into the Milky Way"
    return None
