"""Ranking of the galaxies of a catalogue as hosts of an event.

The score of a galaxy is the probability per volume at it (per area where there is no distance), times its
luminosity or stellar mass when wished (Singer et al. 2016, ApJL 829, L15; Gehrels et al. 2016, ApJ 820, 136),
divided by the sum over the galaxies listed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import fields
from typing import Any, Literal

import numpy as np
from astropy.table import MaskedColumn, Table
from numpy.typing import NDArray
from scipy.special import gamma

from tidings.errors import InputError
from tidings.skymap._tables import describe
from tidings.skymap.crossmatch import Match, Matcher
from tidings.skymap.galaxy_files import Galaxies
from tidings.skymap.sky import MAX_ORDER, SkyMap

Weight = Literal["none", "B", "K", "mass"]

SOLAR = {"B": 5.44, "K": 3.27}
"""Absolute magnitudes of the Sun, Vega system (Willmer 2018, ApJS 236, 47, table 3)."""

HUBBLE = 0.7
"""Hubble constant of the luminosity functions, 100 km/s/Mpc."""

# phi* [h^3 Mpc^-3], L* [h^-2 Lsun], alpha: B of Gehrels et al. 2016, section 2; K of Kochanek et al. 2001,
# ApJ 560, 566, M* = -23.39 + 5 log h.
SCHECHTER = {"B": (1.6e-2, 1.2e10, -1.07), "K": (1.16e-2, 10 ** (0.4 * (23.39 + SOLAR["K"])), -1.09)}

COLUMNS: dict[str, tuple[str | None, str, str]] = {
    "rank": (None, "place in the order of the score", "meta.id;meta.main"),
    "name": (None, "name in the catalogue", "meta.id"),
    "ra": ("deg", "right ascension, ICRS", "pos.eq.ra;meta.main"),
    "dec": ("deg", "declination, ICRS", "pos.eq.dec;meta.main"),
    "distance": ("Mpc", "luminosity distance", "pos.distance"),
    "distance_error": ("Mpc", "standard deviation of the distance", "stat.error;pos.distance"),
    "redshift": (None, "redshift", "src.redshift"),
    "bmag": ("mag", "apparent magnitude, B", "phot.mag;em.opt.B"),
    "kmag": ("mag", "apparent magnitude, K", "phot.mag;em.IR.K"),
    "mass": (None, "stellar mass, in the catalogue's unit", "phys.mass"),
    "level_2d": ("%", "credible level on the sky", "stat.probability;pos"),
    "level_3d": ("%", "credible level among volumes", "stat.probability;pos.distance"),
    "density_2d": ("1 / sr", "probability per solid angle", "stat.probability;pos"),
    "density_3d": ("1 / Mpc3", "probability per volume", "stat.probability;pos.distance"),
    "weight": (None, "luminosity (Lsun) or stellar mass that the score has as a factor", "phys.luminosity"),
    "score": (None, "probability to be the host, if it is listed", "stat.probability"),
    "cumulative": (None, "sum of the score down to this rank", "stat.probability"),
    "basis": (None, "what the score is of: 3-D or 2-D density", "meta.code"),
}
"""Unit, description and UCD of each column of a list of galaxies."""


def absolute_luminosity(
    magnitude: NDArray[np.float64], distance: NDArray[np.float64], band: str
) -> NDArray[np.float64]:
    """Return the luminosity (Lsun of the band) of an apparent magnitude at a distance (Mpc)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        modulus = 5 * np.log10(distance) + 25
        return 10 ** (-0.4 * (magnitude - modulus - SOLAR[band]))


def luminosity_density(band: str) -> float:
    """Return the luminosity of all galaxies per volume, Lsun / Mpc^3: phi* L* Gamma(alpha + 2)."""
    number, luminosity, slope = SCHECHTER[band]
    return number * HUBBLE**3 * luminosity / HUBBLE**2 * float(gamma(slope + 2))


def rank_galaxies(
    sky: SkyMap,
    pieces: Iterable[Galaxies],
    *,
    level: float = 1.0,
    weight: Weight = "none",
    faintest: float | None = None,
    band: str = "B",
    nearest: float = 0.0,
    farthest: float = np.inf,
    matcher: Matcher | None = None,
) -> tuple[Table, dict[str, Any]]:
    """Return the galaxies of a credible volume (of a region, where there is no distance), ranked.

    Parameters
    ----------
    sky : SkyMap
        2-D or 3-D.
    pieces : iterable of Galaxies
        The catalogue; only the galaxies that are kept stay in memory.
    level : float
        Largest credible level, 0 to 1: 3-D of galaxies with a distance in a 3-D map, else 2-D.
    weight : "none", "B", "K" or "mass"
        Factor of the score: luminosity in a band, or stellar mass. A galaxy without it gets the median of the
        others, which the notes say.
    faintest, band : float, str
        Largest apparent magnitude and its band; galaxies without magnitude are dropped then.
    nearest, farthest : float
        Bounds of the distance, Mpc; galaxies without a distance pass.
    matcher : Matcher, optional
        Of the map.

    Returns
    -------
    table : astropy.table.Table
        In the order of rank: first those with a 3-D score, then those with a 2-D one. Scores sum to 1.
    summary : dict
        Numbers of galaxies, of the catalogue and listed; completeness; notes.
    """
    matcher = Matcher(sky) if matcher is None else matcher
    kept: list[tuple[Galaxies, Match]] = []
    read = 0
    for piece in pieces:
        read += len(piece)
        match = matcher.match(piece.ra, piece.dec, piece.distance, piece.distance_error, pixels=piece.pixel)
        rows = np.flatnonzero(_keep(piece, match, level, faintest, band, nearest, farthest))
        if len(rows):
            kept.append((piece.select(rows), _select(match, rows)))
    galaxies, match = _joined(kept)
    table, notes = _ranked(galaxies, match, weight, sky.has_distance)
    summary = {"galaxies_read": read, "galaxies_listed": len(table), "notes": notes}
    if sky.has_distance and 0 < level < 1:
        summary["volume_mpc3"] = matcher.levels.volume(level)
        summary["completeness"] = _completeness(galaxies, match, level, summary["volume_mpc3"])
    return table, summary


def _keep(
    piece: Galaxies, match: Match, level: float, faintest: float | None, band: str, near: float, far: float
) -> NDArray[np.bool_]:
    keep = match.level <= level
    if match.level_3d is not None:
        known = np.isfinite(match.level_3d)
        keep = np.where(known, match.level_3d <= level, keep)
    if faintest is not None:
        magnitude = piece.bmag if band == "B" else piece.kmag
        if magnitude is None:
            raise InputError(f"the catalogue has no {band} magnitudes to select by: name the column")
        keep &= magnitude <= faintest
    if piece.distance is not None:
        keep &= ~((piece.distance < near) | (piece.distance > far))
    return keep


def _select(match: Match, rows: NDArray[np.int64]) -> Match:
    columns = (getattr(match, f.name) for f in fields(match))
    return Match(*(None if column is None else column[rows] for column in columns))


def _joined(kept: list[tuple[Galaxies, Match]]) -> tuple[Galaxies, Match]:
    if not kept:
        nothing = np.empty(0)
        return Galaxies(nothing, nothing), Match(nothing, nothing)
    return tuple(
        type(parts[0])(*(_stack([getattr(p, f.name) for p in parts]) for f in fields(parts[0])))
        for parts in zip(*kept, strict=True)
    )


def _stack(columns: list[NDArray | None]) -> NDArray | None:
    return None if columns[0] is None else np.concatenate(columns)


def _ranked(galaxies: Galaxies, match: Match, weight: Weight, has_distance: bool) -> tuple[Table, list[str]]:
    notes: list[str] = []
    count = len(galaxies)
    solid = np.zeros(count, bool) if match.level_3d is None else np.isfinite(match.level_3d)
    factor, known = _factor(galaxies, weight, notes)
    if not has_distance:
        notes.append("The map has no distances: galaxies are ranked by the probability per area.")
    elif not solid.all():
        notes.append(
            f"{count - solid.sum()} of {count} galaxies have no distance: they are ranked by the probability "
            "per area, after those that have one"
            + (", and have no score." if solid.any() else "; none has, so the scores are all 2-D.")
        )
    density = match.density if match.density_3d is None else np.where(solid, match.density_3d, match.density)
    score = density * factor
    # Scores of an area and of a volume cannot be added: where there are both, only the latter are scores.
    counted = solid if solid.any() else np.ones(count, bool)
    # Exact, so that the order of the catalogue does not matter.
    total = math.fsum(score[counted])
    order = np.lexsort((np.arange(count), -score, ~solid))
    share = np.where(counted, score / total if total > 0 else 0.0, np.nan)[order]
    columns: dict[str, Any] = {"rank": np.arange(1, count + 1)}
    for key in ("name", "ra", "dec", "distance", "distance_error", "redshift", "bmag", "kmag", "mass"):
        if getattr(galaxies, key) is not None:
            columns[key] = getattr(galaxies, key)[order]
    columns |= {"level_2d": 100 * match.level[order], "density_2d": match.density[order]}
    if match.level_3d is not None:
        columns |= {"level_3d": 100 * match.level_3d[order], "density_3d": match.density_3d[order]}
    if weight != "none":
        columns["weight"] = np.where(known, factor, np.nan)[order]
    columns |= {"score": share, "cumulative": np.minimum(np.nancumsum(share), 1.0)}
    columns["cumulative"][np.isnan(share)] = np.nan
    columns["basis"] = np.where(solid, "3-D", "2-D")[order]
    if not count:
        notes.append("No galaxy of the catalogue passes the selection.")
    return _described(columns), notes


def _factor(galaxies: Galaxies, weight: Weight, notes: list[str]) -> tuple[NDArray, NDArray[np.bool_]]:
    """Return the weight of each galaxy, and whether it is the galaxy's own."""
    count = len(galaxies)
    if weight == "none" or not count:
        return np.ones(count), np.ones(count, bool)
    if weight == "mass":
        own = galaxies.mass
    else:
        magnitude = galaxies.bmag if weight == "B" else galaxies.kmag
        missing = magnitude is None or galaxies.distance is None
        own = None if missing else absolute_luminosity(magnitude, galaxies.distance, weight)
    what = "stellar masses" if weight == "mass" else f"{weight} magnitudes and distances"
    if own is None:
        raise InputError(f"the catalogue has no {what} to weight by: name the columns or choose weight none")
    known = np.isfinite(own) & (own > 0)
    if not known.any():
        notes.append(f"No galaxy listed has {what}: they are not weighted.")
        return np.ones(count), known
    if not known.all():
        notes.append(f"{count - known.sum()} of {count} galaxies lack {what}: they have the median weight.")
    return np.where(known, own, np.median(own[known])), known


def _described(columns: dict[str, Any]) -> Table:
    table = Table()
    for name in (name for name in COLUMNS if name in columns):
        value = np.asarray(columns[name])
        if value.dtype.kind == "f" and np.isnan(value).any():
            value = MaskedColumn(value, mask=np.isnan(value))
        table[name] = value
    describe(table, COLUMNS)
    return table


def _completeness(galaxies: Galaxies, match: Match, level: float, volume: float) -> dict[str, float]:
    """Return luminosity listed over luminosity expected in the credible volume, by band."""
    found = {}
    for band, magnitude in (("B", galaxies.bmag), ("K", galaxies.kmag)):
        if magnitude is None or galaxies.distance is None or match.level_3d is None:
            continue
        inside = match.level_3d <= level
        light = absolute_luminosity(magnitude[inside], galaxies.distance[inside], band)
        found[band] = float(np.nansum(light) / (luminosity_density(band) * volume))
    return found


def pixel_filter(matcher: Matcher, level: float) -> Callable[[int, int, float | None], bool]:
    """Return whether a galaxy between two pixels (order 29, inclusive) can pass a selection by `level`.

    For `tidings.skymap.galaxy_files.read_galaxies`: a row group of a sorted catalogue is skipped where no
    tile reaches the level, neither on the sky nor in volume. The result is the same. The third argument is
    the smallest distance (Mpc) in the group, None where distances have errors.
    """
    sky = matcher.sky
    # How far the level reaches in each tile: by the sky alone to any distance; -1 is not at all.
    sharp = np.where(matcher.level <= level, np.inf, -1.0)
    blurred = sharp
    if sky.has_distance:
        # Errors widen the normal factor, which is nowhere above its peak then, but may be so far from it.
        blurred = np.where(_reached(matcher, matcher.peak, level), np.inf, sharp)
        sharp = np.maximum(sharp, _reach(matcher, level))
    shift = 2 * (MAX_ORDER - sky.order)
    ends, starts = sky.end << shift, sky.start << shift

    def wanted(low: int, high: int, nearest: float | None) -> bool:
        tiles = slice(np.searchsorted(ends, low, "right"), np.searchsorted(starts, high, "right"))
        return bool((blurred[tiles] > 0).any() if nearest is None else (sharp[tiles] >= nearest).any())

    return wanted


def _reached(matcher: Matcher, log_density: NDArray[np.float64], level: float) -> NDArray[np.bool_]:
    if matcher.comoving is not None:
        # The ratio of volumes grows with distance: 6 sigma beyond the mean there is no density left.
        farthest = np.maximum(matcher.mu, 0) + 6 * matcher.sigma
        log_density = log_density + matcher.comoving.log_ratio(farthest)
    return matcher.levels_of(log_density) <= level


def _reach(matcher: Matcher, level: float) -> NDArray[np.float64]:
    """Return the largest distance (Mpc) at which each tile is in the credible volume; -1 for none."""
    # The densest place at a positive distance.
    densest = matcher.peak - 0.5 * (np.minimum(matcher.mu, 0) / matcher.sigma) ** 2
    reached = _reached(matcher, densest, level)
    if matcher.comoving is not None or not 0 < level < 1:
        return np.where(reached, np.inf, -1.0)
    # Less than the density at the level by more than the table's error.
    depth = np.maximum(matcher.peak - (matcher.levels.log_density_at(level) - 0.1), 0)
    return np.where(reached, matcher.mu + matcher.sigma * np.sqrt(2 * depth), -1.0)
