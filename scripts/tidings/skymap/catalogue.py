"""A catalogue of localisations: one row for each event, selected by time, name or place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from tidings.errors import InputError
from tidings.skymap._tables import describe
from tidings.skymap.events import CLASSES, Event
from tidings.skymap.footprint import (
    Ranges,
    check_position,
    cone,
    probability_in,
    region_ranges,
    tiles_touched,
    write_moc,
)
from tidings.skymap.overlap import mean_distance
from tidings.skymap.sky import SQUARE_DEGREES, SkyMap
from tidings.times import utc_iso


@dataclass(frozen=True)
class Cone:
    """A cone search: centre and radius (deg), and the level (percent) below which a map must reach in."""

    ra: float
    dec: float
    radius: float
    level: float

    def __post_init__(self) -> None:
        check_position(self.ra, self.dec)
        if not 0 < self.level <= 100:
            raise InputError(f"level_threshold {self.level:g} is none: give percent, above 0, at most 100")

    @property
    def ranges(self) -> Ranges:
        """The part of the sky."""
        return cone(self.ra, self.dec, self.radius)


def select(
    events: Sequence[Event],
    *,
    start: float | None = None,
    end: float | None = None,
    names: Sequence[str] = (),
    search: Cone | None = None,
) -> tuple[list[Event], list[str]]:
    """Return the events in a span of time (GPS s), of some names, and whose map reaches into a cone.

    An event is in the cone when its credible level somewhere in the cone is below that of the search, which
    is the rule of the gravitational-wave product of MMODA. Tiles of the map that the cone only touches count.

    Returns
    -------
    events, notes
        In order of time; and which were left out though nothing is known against them.

    Raises
    ------
    InputError
        A name is that of none, or the span ends before it starts.
    """
    if start is not None and end is not None and end <= start:
        raise InputError(f"T2 ({utc_iso(end, 0)}) is not after T1 ({utc_iso(start, 0)})")
    _check_names(events, names)
    wanted = {name.casefold() for name in names}
    chosen, notes = [], []
    for event in sorted(events, key=lambda e: (np.inf if e.gps is None else e.gps, e.name)):
        if wanted and not wanted & {event.name.casefold(), event.name.partition(" (")[0].casefold()}:
            continue
        if (start is not None or end is not None) and event.gps is None:
            notes.append(f"{event.name}: has no time, left out of the span")
            continue
        if (start is not None and event.gps < start) or (end is not None and event.gps > end):
            continue
        chosen.append(event)
    if search is not None:
        ranges = search.ranges
        chosen = [event for event in chosen if least_level(event.sky, ranges) < search.level]
    return chosen, notes


def least_level(sky: SkyMap, ranges: Ranges) -> float:
    """Return the least credible level of a map, percent, in a part of the sky."""
    tiles = tiles_touched(sky, ranges)
    return 100 * float(sky.credible_levels()[tiles].min()) if len(tiles) else np.inf


def catalogue_table(
    events: Sequence[Event],
    levels: Sequence[float] = (50.0, 90.0),
    *,
    search: Cone | None = None,
    position: tuple[float, float] | None = None,
) -> Table:
    """Return a row for each event.

    Parameters
    ----------
    events
        As selected.
    levels
        Of the areas, percent.
    search
        Cone in which the probability is given.
    position
        Right ascension and declination, deg, whose credible level and probability density are given.

    Returns
    -------
    astropy.table.Table
        With units, descriptions and UCDs.
    """
    ranges = None if search is None else search.ranges
    rows = [_row(event, levels, ranges, position) for event in events]
    columns = _columns(levels, events, search, position)
    table = Table()
    for name, (*_, kind) in columns.items():
        values = [row.get(name) for row in rows]
        if kind is str:
            table[name] = np.array([value or "" for value in values], dtype=str if values else "U1")
        else:
            table[name] = np.array([np.nan if value is None else value for value in values], float)
    describe(table, {name: (unit, text, ucd) for name, (unit, ucd, text, _) in columns.items()})
    return table


def write_mocs(
    events: Sequence[Event],
    levels: Sequence[float],
    folder: str | Path,
    provenance: dict[str, Any] | None = None,
) -> list[str]:
    """Write the coverage map of each event at each level (percent) into a folder; return the names."""
    names = []
    for event in events:
        for level in levels:
            name = f"{file_stem(event.name)}_{level:g}.moc.fits"
            write_moc(region_ranges(event.sky, level), Path(folder) / name, provenance)
            names.append(name)
    return names


def file_stem(name: str) -> str:
    """Return a name of an event as the beginning of a file's name."""
    return "".join(c if c.isalnum() or c in "-+." else "_" for c in name).strip("_")


def parse_levels(text: str, option: str = "contour_levels") -> list[float]:
    """Read levels such as ``50,90`` (percent), ascending.

    Raises
    ------
    InputError
        One is no number, not above 0 and at most 100, or there are none.
    """
    try:
        levels = sorted({float(word) for word in text.replace(",", " ").split()})
    except ValueError:
        raise InputError(
            f"{option} {text!r}: give numbers in percent with commas between, as 50,90"
        ) from None
    if not levels or not all(0 < level <= 100 for level in levels):
        raise InputError(f"{option} {text!r}: give levels in percent, above 0 and at most 100, as 50,90")
    return levels


def _row(
    event: Event,
    levels: Sequence[float],
    ranges: Ranges | None,
    position: tuple[float, float] | None,
) -> dict[str, Any]:
    sky = event.sky
    mean, std = _distance(sky)
    best = int(sky.ranking[0])
    ra, dec = (float(c[best]) for c in sky.centres)
    row: dict[str, Any] = {
        "event": event.name,
        "gps": event.gps,
        "utc": "" if event.gps is None else utc_iso(event.gps, 3),
        "far": event.far,
        "catalogue": event.catalogue,
        "instruments": event.instruments,
        "group": event.group,
        "distance": mean,
        "distance_std": std,
        "ra_max": ra,
        "dec_max": dec,
        "density_max": float(sky.density[best]) / SQUARE_DEGREES,
        "file": event.file,
    }
    areas = sky.areas(np.array(levels) / 100)
    row |= {_area_name(level): float(value) for level, value in zip(levels, areas, strict=True)}
    row |= {f"p_{key}": value for key, value in event.classes.items()}
    if ranges is not None:
        row["cone_probability"] = probability_in(sky, ranges)
        row["cone_level"] = least_level(sky, ranges)
    if position is not None:
        tile = int(sky.tiles_at(*position))
        row["position_level"] = 100 * float(sky.credible_levels()[tile])
        row["position_density"] = float(sky.density[tile]) / SQUARE_DEGREES
    return row


def _distance(sky: SkyMap) -> tuple[float, float]:
    """Return mean and standard deviation, Mpc: those of the header, else of the map."""
    if not sky.has_distance:
        return np.nan, np.nan
    try:
        return float(sky.meta["DISTMEAN"]), float(sky.meta["DISTSTD"])
    except (KeyError, TypeError, ValueError):
        return mean_distance(sky)


def _area_name(level: float) -> str:
    return f"area_{level:g}".replace(".", "p")


def _columns(
    levels: Sequence[float],
    events: Sequence[Event],
    search: Cone | None,
    position: tuple[float, float] | None,
) -> dict[str, tuple[str | None, str, str, type]]:
    columns: dict[str, tuple[str | None, str, str, type]] = {
        "event": (None, "meta.id;meta.main", "Event", str),
        "gps": ("s", "time.epoch", "Time of the event, GPS", float),
        "utc": (None, "time.epoch", "Time of the event, UTC", str),
        "far": ("Hz", "arith.rate", "False-alarm rate", float),
        "catalogue": (None, "meta.bib", "Catalogue or release", str),
        "instruments": (None, "meta.id;instr", "Detectors", str),
        "group": (None, "meta.code.class", "Kind of search", str),
    }
    for level in levels:
        columns[_area_name(level)] = (
            "deg2",
            "phys.angArea",
            f"Area of the {level:g} % credible region",
            float,
        )
    columns |= {
        "distance": ("Mpc", "pos.distance;stat.mean", "Mean luminosity distance", float),
        "distance_std": ("Mpc", "stat.stdev;pos.distance", "Its standard deviation", float),
        "ra_max": ("deg", "pos.eq.ra;meta.main", "Right ascension of the densest tile, ICRS", float),
        "dec_max": ("deg", "pos.eq.dec;meta.main", "Declination of the densest tile, ICRS", float),
        "density_max": ("1/deg2", "stat.probability;stat.max", "Probability per square degree there", float),
    }
    for name in sorted({key for event in events for key in event.classes}, key=_class_order):
        columns[f"p_{name}"] = (None, "stat.probability", f"Probability of {name}", float)
    if search is not None:
        place = f"within {search.radius:g} deg of RA {search.ra:g}, Dec {search.dec:g}"
        columns["cone_probability"] = (None, "stat.probability", f"Probability {place}", float)
        columns["cone_level"] = (None, "stat.rank", f"Least credible level, percent, {place}", float)
    if position is not None:
        place = f"at RA {position[0]:g}, Dec {position[1]:g}"
        columns["position_level"] = (None, "stat.rank", f"Credible level, percent, {place}", float)
        columns["position_density"] = ("1/deg2", "stat.probability", f"Probability per deg2 {place}", float)
    columns["file"] = (None, "meta.file", "File of the map", str)
    return columns


def _class_order(name: str) -> tuple[int, str]:
    return (CLASSES.index(name) if name in CLASSES else len(CLASSES)), name


def _check_names(events: Sequence[Event], names: Sequence[str]) -> None:
    known = {event.name.partition(" (")[0].casefold() for event in events}
    known |= {event.name.casefold() for event in events}
    missing = [name for name in names if name.casefold() not in known]
    if missing:
        there = ", ".join(sorted(event.name for event in events)[:12])
        raise InputError(f"no map of {', '.join(missing)} is given; there are: {there or 'none'}")
