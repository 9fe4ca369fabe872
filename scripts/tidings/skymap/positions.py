"""Table of what a map says at positions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from astropy.table import MaskedColumn, Table, vstack

from tidings.errors import InputError
from tidings.skymap._tables import describe
from tidings.skymap.crossmatch import Matcher
from tidings.skymap.galaxy_files import Galaxies
from tidings.skymap.sky import SQUARE_DEGREES, SkyMap

_COLUMNS = {
    "name": (None, "name", "meta.id;meta.main"),
    "ra": ("deg", "right ascension, ICRS", "pos.eq.ra;meta.main"),
    "dec": ("deg", "declination, ICRS", "pos.eq.dec;meta.main"),
    "distance": ("Mpc", "luminosity distance", "pos.distance"),
    "distance_error": ("Mpc", "standard deviation of the distance", "stat.error;pos.distance"),
    "level_2d": ("%", "credible level on the sky", "stat.probability;pos"),
    "searched_area": ("deg2", "area that is as dense or denser", "pos.angArea"),
    "density_2d": ("1 / deg2", "probability per area", "stat.probability;pos"),
    "level_3d": ("%", "credible level among volumes", "stat.probability;pos.distance"),
    "density_3d": ("1 / Mpc3", "probability per volume", "stat.probability;pos.distance"),
}


def from_lists(
    ra: Sequence[float],
    dec: Sequence[float],
    distance: Sequence[float] = (),
    distance_error: Sequence[float] = (),
) -> Galaxies:
    """Return positions given as lists, of which the last two may be empty.

    Raises
    ------
    InputError
        The lists differ in length, or a position is not on the sky.
    """
    for what, values in (("dec", dec), ("distance", distance), ("distance_error", distance_error)):
        if len(values) != len(ra) and (values or what == "dec"):
            raise InputError(f"there are {len(ra)} of ra and {len(values)} of {what}: give as many")
    columns = [np.array(values, float) if len(values) else None for values in (distance, distance_error)]
    return Galaxies(np.array(ra, float), np.array(dec, float), *columns)


def position_table(sky: SkyMap, pieces: Iterable[Galaxies]) -> Table:
    """Return levels and densities at positions, in their order.

    Parameters
    ----------
    sky : SkyMap
        2-D or 3-D.
    pieces : iterable of Galaxies
        Positions, and distances if there are any; a note in the table's meta says where they are missing.
    """
    matcher = Matcher(sky)
    area = np.cumsum(sky.area[sky.ranking]) * SQUARE_DEGREES
    ranked = -sky.density[sky.ranking]
    tables, lacking, total = [], 0, 0
    for piece in pieces:
        match = matcher.match(piece.ra, piece.dec, piece.distance, piece.distance_error)
        columns = {key: getattr(piece, key) for key in ("name", "ra", "dec", "distance", "distance_error")}
        columns |= {
            "level_2d": 100 * match.level,
            "searched_area": area[np.searchsorted(ranked, -match.density, "right") - 1],
            "density_2d": match.density / SQUARE_DEGREES,
        }
        if match.level_3d is not None:
            columns |= {"level_3d": 100 * match.level_3d, "density_3d": match.density_3d}
            lacking += int(np.isnan(match.level_3d).sum())
        total += len(piece)
        tables.append(Table({key: _masked(columns[key]) for key in _COLUMNS if columns.get(key) is not None}))
    if not tables:
        raise InputError("there is no position: give at least one")
    table = vstack(tables, metadata_conflicts="silent")
    describe(table, _COLUMNS)
    table.meta["notes"] = _notes(sky, "level_3d" in table.colnames, lacking, total)
    return table


def _notes(sky: SkyMap, solid: bool, lacking: int, total: int) -> list[str]:
    if not sky.has_distance:
        return ["The map has no distances: there are levels on the sky only."]
    if not solid:
        return ["The positions have no distances: there are levels on the sky only."]
    return [f"{lacking} of {total} positions have no distance: they have no level in volume."] * bool(lacking)


def _masked(values: np.ndarray) -> np.ndarray:
    bad = np.isnan(values) if values.dtype.kind == "f" else np.zeros(len(values), bool)
    return MaskedColumn(values, mask=bad) if bad.any() else values
