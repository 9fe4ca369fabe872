"""What a list of fields, or a coverage map, holds of a localisation: each, together, and in which order."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.skymap._tables import describe, read_any_table
from tidings.skymap.footprint import (
    Cumulative,
    Ranges,
    angles,
    area,
    complement,
    cone,
    intersection,
    polygon,
    rectangle,
    region_ranges,
    union,
    unit_vectors,
)
from tidings.skymap.sky import MAX_ORDER, SQUARE_DEGREES, SkyMap, expand, pixel_area
from tidings.times import parse_time, utc_iso

_NAMES = {
    "ra": ("ra", "raj2000", "ra_deg", "ra_icrs"),
    "dec": ("dec", "dej2000", "dec_deg", "de_icrs"),
    "name": ("name", "field", "id", "field_id"),
    "radius": ("radius", "radius_deg"),
    "width": ("width", "width_deg"),
    "height": ("height", "height_deg"),
    "angle": ("angle", "pa", "posangle", "position_angle"),
    "polygon": ("polygon", "s_region", "region"),
    "time": ("time", "gps", "start", "utc"),
}
_COLUMNS = {
    "rank": (None, "Place in the order taken", "meta.number"),
    "field": (None, "Field", "meta.id;meta.main"),
    "ra": ("deg", "Right ascension of its centre, ICRS", "pos.eq.ra"),
    "dec": ("deg", "Declination of its centre, ICRS", "pos.eq.dec"),
    "gps": ("s", "Time of the field, GPS", "time.epoch"),
    "utc": (None, "Time of the field, UTC", "time.epoch"),
    "area": ("deg2", "Area of the field", "phys.angArea"),
    "probability": (None, "Probability in the field", "stat.probability"),
    "added_area": ("deg2", "Area that no field before it holds", "phys.angArea"),
    "added_probability": (None, "Probability that no field before it holds", "stat.probability"),
    "total_area": ("deg2", "Area of all fields up to this one", "phys.angArea"),
    "total_probability": (None, "Probability in all fields up to this one", "stat.probability"),
}


@dataclass(frozen=True, eq=False)
class Field:
    """One field of view: its name, where it is on the sky, and when it is or was observed (GPS s)."""

    name: str
    ranges: Ranges
    ra: float
    dec: float
    gps: float | None = None


@dataclass(frozen=True, eq=False)
class Coverage:
    """What fields hold of a localisation, in the order in which they are taken.

    Attributes
    ----------
    order : int array [k]
        Indices of the fields.
    alone : float array [k]
        Probability in each field.
    added : float array [k]
        What it adds to those before it.
    area, added_area : float array [k]
        The same of the areas, deg2.
    covered
        All of them together.
    """

    order: NDArray[np.int64]
    alone: NDArray[np.float64]
    added: NDArray[np.float64]
    area: NDArray[np.float64]
    added_area: NDArray[np.float64]
    covered: Ranges

    @property
    def probability(self) -> float:
        """Probability in the fields together."""
        return float(self.added.sum())


def cover(
    sky: SkyMap, fields: Sequence[Field], order: Literal["given", "time", "greedy"] = "given"
) -> Coverage:
    """Return the probability of a map in fields.

    The bounds of all fields cut the sky into pieces, each within a field or outside of it as a whole, so that
    overlaps count once and no map is flattened.

    Parameters
    ----------
    sky
        The map.
    fields
        At least one.
    order
        "given" keeps the order, "time" sorts by time, "greedy" takes next the field that adds most; what adds
        nothing comes last, in the order given. No order by this rule holds less than 63 % of the best one.

    Raises
    ------
    InputError
        No fields, or "time" with a field that has none.
    """
    if not fields:
        raise InputError("the list of fields is empty: give at least one field, or a coverage map")
    bounds = np.unique(np.concatenate([field.ranges.ravel() for field in fields]))
    pieces = np.stack([bounds[:-1], bounds[1:]], axis=1)
    probability = Cumulative(sky).of(pieces)
    areas = (pieces[:, 1] - pieces[:, 0]) * (pixel_area(MAX_ORDER) * SQUARE_DEGREES)
    members = [_pieces_of(field.ranges, bounds) for field in fields]
    sequence = _sequence(fields, members, probability, order)
    free = np.ones(len(pieces), bool)
    added, added_area = np.zeros(len(fields)), np.zeros(len(fields))
    for place, index in enumerate(sequence):
        new = members[index][free[members[index]]]
        added[place], added_area[place] = probability[new].sum(), areas[new].sum()
        free[new] = False
    return Coverage(
        order=np.array(sequence, np.int64),
        alone=np.array([probability[members[i]].sum() for i in sequence]),
        added=added,
        area=np.array([areas[members[i]].sum() for i in sequence]),
        added_area=added_area,
        covered=union(*(field.ranges for field in fields)),
    )


def coverage_table(fields: Sequence[Field], found: Coverage) -> Table:
    """Return a row for each field, in the order in which they are taken."""
    chosen = [fields[i] for i in found.order]
    table = Table()
    table["rank"] = np.arange(1, len(chosen) + 1)
    table["field"] = [field.name for field in chosen]
    table["ra"] = [field.ra for field in chosen]
    table["dec"] = [field.dec for field in chosen]
    if any(field.gps is not None for field in chosen):
        gps = [np.nan if field.gps is None else field.gps for field in chosen]
        table["gps"] = gps
        table["utc"] = [utc_iso(t, 0) if np.isfinite(t) else "" for t in gps]
    table["area"] = found.area
    table["probability"] = found.alone
    table["added_area"] = found.added_area
    table["added_probability"] = found.added
    table["total_area"] = np.cumsum(found.added_area)
    table["total_probability"] = np.minimum(np.cumsum(found.added), 1.0)
    describe(table, _COLUMNS)
    return table


def summary(sky: SkyMap, covered: Ranges, levels: Sequence[float] = (50.0, 90.0)) -> dict[str, object]:
    """Return what a covered part of the sky holds, and of each credible region what is left.

    Parameters
    ----------
    sky
        The map.
    covered
        Part of the sky.
    levels
        Percent.
    """
    cumulative = Cumulative(sky)
    regions = []
    for level in levels:
        region = region_ranges(sky, level)
        rest = intersection(region, complement(covered))
        regions.append(
            {
                "level_percent": float(level),
                "area_deg2": area(region),
                "uncovered_area_deg2": area(rest),
                "uncovered_probability": float(cumulative.of(rest).sum()),
            }
        )
    inside = float(min(cumulative.of(covered).sum(), 1.0))
    return {
        "probability": inside,
        "area_deg2": area(covered),
        "uncovered_probability": float(cumulative.of(complement(covered)).sum()),
        "regions": regions,
    }


def read_fields(
    path: str | Path,
    *,
    radius: float | None = None,
    width: float | None = None,
    height: float | None = None,
    angle: float = 0.0,
) -> list[Field]:
    """Read a table of fields.

    Columns, by any usual name: ra and dec (deg) of the centre with radius, or with width, height and angle
    (position angle, deg); or polygon, the corners as ``ra dec ra dec ...`` with or without the words of an
    STC-S region (POLYGON ICRS, CIRCLE ICRS). Name and time are kept.

    Parameters
    ----------
    path
        ECSV, FITS, VOTable or CSV.
    radius, width, height, angle
        For all fields whose row does not say it, deg.

    Raises
    ------
    InputError
        The table is empty, or a row has no shape or no position; the message names the row.
    """
    path = Path(path)
    table = read_any_table(path, "list of fields")
    columns = _columns(table)
    if "polygon" not in columns and not {"ra", "dec"} <= columns.keys():
        raise InputError(
            f"{path}: has the columns {', '.join(table.colnames)}: ra and dec in degrees, or polygon, are "
            "needed"
        )
    _refuse_hours(table, columns, path)
    shape = {"radius": radius, "width": width, "height": height, "angle": angle}
    fields = []
    for number, row in enumerate(table, start=1):
        try:
            fields.append(_field(row, columns, shape, number))
        except InputError as error:
            raise InputError(f"{path}: row {number}: {error}") from None
    return fields


def _pieces_of(ranges: Ranges, bounds: NDArray[np.int64]) -> NDArray[np.int64]:
    first, last = np.searchsorted(bounds, ranges[:, 0]), np.searchsorted(bounds, ranges[:, 1])
    return expand(first, last - first)


def _sequence(
    fields: Sequence[Field], members: list[NDArray[np.int64]], probability: NDArray[np.float64], order: str
) -> list[int]:
    if order == "given":
        return list(range(len(fields)))
    if order == "time":
        without = [field.name for field in fields if field.gps is None]
        if without:
            raise InputError(f"{len(without)} fields have no time, the first {without[0]}: add a column time")
        return sorted(range(len(fields)), key=lambda i: (fields[i].gps, i))
    return _greedy(members, probability)


def _greedy(members: list[NDArray[np.int64]], probability: NDArray[np.float64]) -> list[int]:
    """Return the order in which each field adds most to those before it (Minoux 1978, lazy evaluation)."""
    free = np.ones(len(probability), bool)
    heap = [(-float(probability[pieces].sum()), i, 0) for i, pieces in enumerate(members)]
    heapq.heapify(heap)
    sequence: list[int] = []
    while heap:
        _, index, seen = heapq.heappop(heap)
        if seen == len(sequence):
            sequence.append(index)
            free[members[index]] = False
            continue
        # What a field adds never grows: a value that is out of date is an upper bound.
        left = members[index][free[members[index]]]
        heapq.heappush(heap, (-float(probability[left].sum()), index, len(sequence)))
    return sequence


def _columns(table: Table) -> dict[str, str]:
    lower = {name.lower(): name for name in table.colnames}
    return {
        key: next(lower[name] for name in names if name in lower)
        for key, names in _NAMES.items()
        if any(name in lower for name in names)
    }


def _refuse_hours(table: Table, columns: dict[str, str], path: Path) -> None:
    if "ra" not in columns:
        return
    column = table[columns["ra"]]
    text = column.dtype.kind in "UO" and any(":" in str(value) or "h" in str(value) for value in column)
    if text or str(column.unit) in ("h", "hourangle", "hour"):
        raise InputError(f"{path}: {columns['ra']} is in hours: give right ascension in decimal degrees")


def _field(row: Table.Row, columns: dict[str, str], shape: dict[str, float | None], number: int) -> Field:
    name = _text(row, columns, "name") or str(number)
    gps = _time(row, columns)
    text = _text(row, columns, "polygon")
    if text:
        ranges, ra, dec = _region(text)
        return Field(name, ranges, ra, dec, gps)
    values = {key: _number(row, columns, key, shape.get(key)) for key in ("ra", "dec", *shape)}
    if values["ra"] is None or values["dec"] is None:
        raise InputError("has no position: give ra and dec in degrees")
    ra, dec = values["ra"], values["dec"]
    if values["width"] is not None:
        height = values["width"] if values["height"] is None else values["height"]
        return Field(name, rectangle(ra, dec, values["width"], height, values["angle"] or 0.0), ra, dec, gps)
    if values["radius"] is None:
        raise InputError("has no shape: give radius, or width and height, or polygon, in degrees")
    return Field(name, cone(ra, dec, values["radius"]), ra, dec, gps)


def _region(text: str) -> tuple[Ranges, float, float]:
    """Read corners or an STC-S region; return its ranges and its middle."""
    words = text.replace(",", " ").replace("(", " ").replace(")", " ").split()
    kind = words[0].upper() if words and words[0][0].isalpha() else "POLYGON"
    try:
        numbers = [float(word) for word in words if not word[0].isalpha()]
    except ValueError as error:
        raise InputError(f"cannot read {text!r} as a polygon: {error}") from None
    if kind == "CIRCLE" and len(numbers) == 3:
        return cone(*numbers), numbers[0], numbers[1]
    if kind != "POLYGON" or len(numbers) % 2 or len(numbers) < 6:
        raise InputError(
            f"cannot read {text!r}: give at least three corners as ra dec ra dec ..., in degrees"
        )
    ra, dec = np.array(numbers).reshape(-1, 2).T
    ranges = polygon(ra, dec)
    middle = angles(unit_vectors(ra, dec).mean(axis=0))
    return ranges, float(middle[0]), float(middle[1])


def _text(row: Table.Row, columns: dict[str, str], key: str) -> str:
    if key not in columns or np.ma.is_masked(row[columns[key]]):
        return ""
    value = row[columns[key]]
    return (value.decode() if isinstance(value, bytes) else str(value)).strip()


def _number(row: Table.Row, columns: dict[str, str], key: str, default: float | None) -> float | None:
    if key not in columns:
        return default
    value = row[columns[key]]
    if np.ma.is_masked(value):
        return default
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise InputError(f"{columns[key]} is {str(value)!r}, not a number") from None
    return default if np.isnan(number) else number


def _time(row: Table.Row, columns: dict[str, str]) -> float | None:
    text = _text(row, columns, "time")
    return parse_time(float(text) if text.replace(".", "", 1).isdigit() else text) if text else None
