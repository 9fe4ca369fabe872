"""Candidate host galaxies of an event, their stamps, and the Tractor sources that they are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.table import MaskedColumn, Table

from tidings.errors import InputError
from tidings.legacy.bands import OPTICAL, ZERO_POINT
from tidings.legacy.catalogue import bands_of, values
from tidings.legacy.photometry import fluxes, separations

_COPIED = ("rank", "name", "ra", "dec", "distance", "score")
_UNITS = {"ra": "deg", "dec": "deg", "distance": "Mpc"}
STAMP = "{rank:03d}.fits"


@dataclass(frozen=True)
class Host:
    """A candidate: rank, name, position (deg), distance (Mpc) and score, NaN where not known."""

    rank: int
    name: str
    ra: float
    dec: float
    distance: float
    score: float


def read_hosts(path: str | Path, most: int) -> tuple[list[Host], str]:
    """Read the first candidates of a table of skymap_galaxies, and the name of the event.

    Raises
    ------
    InputError
        The file is no such table, or is empty.
    """
    try:
        table = Table.read(path, format="ascii.ecsv")
    # The reader raises whatever damaged content leads it to.
    except Exception as error:
        lines = str(error).splitlines() or [type(error).__name__]
        raise InputError(f"{path}: is no ECSV table as skymap_galaxies writes it ({lines[0]})") from None
    if missing := [name for name in ("rank", "ra", "dec") if name not in table.colnames]:
        raise InputError(
            f"{path}: no column {', '.join(missing)}; give the galaxies that skymap_galaxies ranks"
        )
    if not len(table):
        raise InputError(f"{path}: holds no galaxies: there is nothing to show")
    table.sort("rank")
    hosts = []
    for row in table[:most]:
        hosts.append(
            Host(
                int(row["rank"]), _text(row, "name"), float(row["ra"]), float(row["dec"]),
                _number(row, "distance"), _number(row, "score"),
            )
        )  # fmt: skip
    return hosts, str(table.meta.get("event") or "")


def match_table(hosts: list[Host], covered: set[int], catalogue: Table | None, radius: float) -> Table:
    """Return the candidates with the nearest Tractor source of each.

    Parameters
    ----------
    hosts : list of Host
        Candidates.
    covered : set of int
        Ranks of those with a stamp.
    catalogue : astropy.table.Table, optional
        Sources around all of them, of `tidings.legacy.catalogue.read_catalogue`.
    radius : float
        Of the match, arcsec.

    Returns
    -------
    astropy.table.Table
        A row per candidate: source, distance from it, type, half-light radius, AB magnitudes in the optical
        bands corrected for extinction; masked where there is no match.
    """
    made = Table(
        {
            "rank": [host.rank for host in hosts],
            "name": [host.name for host in hosts],
            "ra": [host.ra for host in hosts],
            "dec": [host.dec for host in hosts],
            "distance": _masked([host.distance for host in hosts]),
            "score": _masked([host.score for host in hosts]),
            "covered": [host.rank in covered for host in hosts],
        }
    )
    found = [None if catalogue is None else _nearest(catalogue, host, radius) for host in hosts]
    matches = [None if each is None else each[0] for each in found]
    made["ls_id"] = _column(matches, catalogue, "ls_id", np.int64)
    made["separation"] = _masked([np.nan if each is None else each[1] for each in found])
    made["type"] = ["" if index is None else str(catalogue["type"][index]) for index in matches]
    made["half_light"] = _column(matches, catalogue, "shape_r", np.float64)
    for band in [band for band in OPTICAL if catalogue is None or band in bands_of(catalogue)]:
        made[f"mag_{band}"] = _masked([_magnitude(catalogue, index, band) for index in matches])
        made[f"mag_{band}"].unit = "mag"
        made[f"mag_{band}"].description = f"AB magnitude in {band}, corrected for extinction"
    _describe(made)
    made.meta = {"match_radius_arcsec": radius}
    return made


def _nearest(catalogue: Table, host: Host, radius: float) -> tuple[int, float] | None:
    try:
        apart = separations(catalogue, host.ra, host.dec)
    except InputError:
        # Far from all sources: this candidate was outside of the footprint.
        return None
    index = int(np.argmin(apart))
    return (index, float(apart[index])) if apart[index] <= radius else None


def _magnitude(catalogue: Table | None, index: int | None, band: str) -> float:
    if catalogue is None or index is None:
        return float("nan")
    flux, _, through = (array[index] for array in fluxes(catalogue, band))
    return float(ZERO_POINT - 2.5 * np.log10(flux / through)) if flux > 0 and through > 0 else float("nan")


def _column(matches: list[int | None], catalogue: Table | None, name: str, kind: type) -> MaskedColumn:
    mask = [index is None or name not in catalogue.colnames for index in matches]
    if kind is np.int64:
        data = [
            0 if hidden else int(catalogue[name][index]) for index, hidden in zip(matches, mask, strict=True)
        ]
    else:
        data = [
            0.0 if hidden else float(values(catalogue, name)[index])
            for index, hidden in zip(matches, mask, strict=True)
        ]
    return MaskedColumn(np.array(data, kind), mask=mask)


def _masked(data: list[float]) -> MaskedColumn:
    array = np.array(data, float)
    return MaskedColumn(np.nan_to_num(array), mask=~np.isfinite(array))


def _describe(table: Table) -> None:
    about = {
        "rank": ("Rank among the candidates", None, "meta.id;meta.main"),
        "name": ("Galaxy", None, "meta.id"),
        "ra": ("Right ascension, ICRS", "deg", "pos.eq.ra;meta.main"),
        "dec": ("Declination, ICRS", "deg", "pos.eq.dec;meta.main"),
        "distance": ("Luminosity distance", "Mpc", "pos.distance"),
        "score": ("Probability that it is the host, among the galaxies ranked", None, "stat.probability"),
        "covered": ("Whether the survey has an image of it", None, "meta.code"),
        "ls_id": ("Nearest source of the Legacy Surveys within the radius", None, "meta.id"),
        "separation": ("Distance from it", "arcsec", "pos.angDistance"),
        "type": ("Its shape fitted by Tractor", None, "src.morph.type"),
        "half_light": ("Its half-light radius", "arcsec", "phys.angSize"),
    }
    for name, (description, unit, ucd) in about.items():
        table[name].description, table[name].unit = description, unit
        table[name].meta["ucd"] = ucd


def _text(row: Table.Row, name: str) -> str:
    if name not in row.colnames or row[name] is np.ma.masked:
        return ""
    return str(row[name])


def _number(row: Table.Row, name: str) -> float:
    if name not in row.colnames or row[name] is np.ma.masked:
        return float("nan")
    return float(row[name])
