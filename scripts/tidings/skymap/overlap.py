"""Whether two localisations are of one source: overlap integrals, product map, joint false-alarm rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.skymap._radial import squares
from tidings.skymap._tables import describe
from tidings.skymap.distance import over_sky
from tidings.skymap.footprint import area, intersection, probability_in, region_ranges
from tidings.skymap.sky import SkyMap
from tidings.skymap.volume import has_distance

YEAR = 365.25 * 86400.0
"""s."""

_SQRT_2PI = np.sqrt(2 * np.pi)


@dataclass(frozen=True, eq=False)
class Refined:
    """The tiles that two maps make together: each the smaller of the two that cover it.

    Attributes
    ----------
    order
        Deepest order of both.
    start, level
        As in `SkyMap`.
    first, second : int64 array [n]
        The tile of either map in which each lies.
    """

    order: int
    start: NDArray[np.int64]
    level: NDArray[np.uint8]
    first: NDArray[np.int64]
    second: NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Overlap:
    """What two localisations have in common.

    Attributes
    ----------
    odds
        Spatial odds: posterior overlap integral over the isotropic prior. 1 for a map that says nothing,
        0 for maps that exclude each other.
    distance_odds
        The same with distances, or None where one of the maps has none.
    max_distance
        Radius of the volume the source may be in, Mpc; None without distances.
    cosine, bhattacharyya
        Likeness of the maps, 0 to 1: normalised inner product, and sum of sqrt(p1 p2).
    regions
        For each level: area of either region and of what they share (deg2), and probability of either map
        in the region of the other.
    product
        Normalised product map, None where the odds are 0.
    """

    odds: float
    distance_odds: float | None
    max_distance: float | None
    cosine: float
    bhattacharyya: float
    regions: list[dict[str, float]]
    product: SkyMap | None
    notes: list[str] = field(default_factory=list)


def refine(first: SkyMap, second: SkyMap) -> Refined:
    """Return the tiles that two maps make together.

    Parameters
    ----------
    first, second
        Of any orders.
    """
    order = max(first.order, second.order)
    starts, levels = [], []
    for sky in (first, second):
        starts.append(sky.start << (2 * (order - sky.order)))
        levels.append(sky.level)
    start = np.union1d(*starts)
    places = [np.searchsorted(each, start, side="right") - 1 for each in starts]
    # Tiles are nested: where two overlap, the smaller lies within the larger and starts are its own.
    level = np.maximum(levels[0][places[0]], levels[1][places[1]])
    return Refined(order, start, level, *places)


def overlap(
    first: SkyMap,
    second: SkyMap,
    levels: Sequence[float] = (50.0, 90.0),
    max_distance: float | None = None,
) -> Overlap:
    """Compare two localisations.

    The spatial odds are ``4 pi * integral of p1 p2`` over the sphere, with densities per steradian: the Bayes
    factor for one source against two unrelated ones, if both maps assume isotropy (Ashton et al. 2018, ApJ
    860, 6). With distances, the prior is uniform in the volume up to `max_distance` D, and each line of sight
    gains the factor ``D^3/3 * n1 n2 * integral of N1(r) N2(r) r^2 dr``, which has a closed form, as the
    product of two normal distributions is one. The product map keeps the form of the maps for that reason.

    Parameters
    ----------
    first, second
        Maps; distances count where both have them.
    levels
        Of credible regions, percent.
    max_distance
        Mpc; not given: the larger mean plus five standard deviations of either map.

    Returns
    -------
    Overlap
    """
    tiles = refine(first, second)
    area_ = np.pi / 3 / 4.0 ** tiles.level.astype(float)
    p1, p2 = first.density[tiles.first], second.density[tiles.second]
    density = p1 * p2
    product, odds3 = None, None
    odds = 4 * np.pi * float((density * area_).sum())
    distances, limit, ratio = _distances(first, second, tiles, max_distance)
    if ratio is not None:
        density = density * ratio
        odds3 = 4 * np.pi * float((density * area_).sum())
    total = float((density * area_).sum())
    if total > 0:
        meta = {"OBJECT": _both(first, second, "OBJECT"), "CREATOR": "tidings"}
        product = SkyMap(
            tiles.order, tiles.start, tiles.level, density / total, *(distances or ()), meta=_clean(meta)
        )
    return Overlap(
        odds=odds,
        distance_odds=odds3,
        max_distance=limit,
        cosine=_ratio(odds / (4 * np.pi), np.sqrt(_square(first) * _square(second))),
        bhattacharyya=float(min((np.sqrt(p1 * p2) * area_).sum(), 1.0)),
        regions=[_shared(first, second, level) for level in levels],
        product=product,
        notes=_notes(first, second, odds, odds3),
    )


def joint_rate(far: float, rate: float, window: float, odds: float) -> tuple[float, float]:
    """Return how often chance makes a coincidence as good as this, per s: in time, and in time and place.

    ``FAR * rate * window``, and that over the spatial odds, as LVK's RAVEN has it for triggers that are taken
    to be real (Urban 2016, thesis, University of Wisconsin-Milwaukee, chapter 4).

    Parameters
    ----------
    far
        False-alarm rate of the gravitational-wave candidate, Hz.
    rate
        Rate of the other kind of trigger, Hz.
    window
        Length of the time in which a coincidence is accepted, s.
    odds
        Spatial odds; at 0 the second number is infinite.
    """
    time = far * rate * window
    return time, time / odds if odds > 0 else np.inf


def targeted_rate(
    far: float, other_far: float, window: float, odds: float, limits: tuple[float, float]
) -> tuple[float, float]:
    """Return `joint_rate` for a second trigger that has a false-alarm rate of its own.

    With ``Z = FAR1 * FAR2 * window`` and its largest value ``Zmax`` the rate is ``Z (1 + ln(Zmax/Z))``: the
    distribution of a product of two uniform numbers (RAVEN's targeted method).

    Parameters
    ----------
    limits
        The largest rates, Hz, at which either search keeps a candidate.

    Raises
    ------
    InputError
        One of the rates is above its limit.
    """
    if far > limits[0] or other_far > limits[1]:
        raise InputError(
            f"false-alarm rates of {far:g} and {other_far:g} Hz are above the limits of the searches, "
            f"{limits[0]:g} and {limits[1]:g} Hz: such candidates are not kept"
        )
    z, largest = (a * b * window for a, b in ((far, other_far), limits))
    time = z * (1 + np.log(largest / z)) if z > 0 else 0.0
    return time, time / odds if odds > 0 else np.inf


def overlap_table(found: Overlap, names: tuple[str, str], rates: dict[str, float] | None = None) -> Table:
    """Return a table of one row.

    Parameters
    ----------
    found
        Of `overlap`.
    names
        Of the two maps.
    rates
        ``joint_far_time`` and ``joint_far`` (Hz), where known.
    """
    rows: list[tuple[str, Any, str | None, str]] = [
        ("first", names[0], None, "First localisation"),
        ("second", names[1], None, "Second localisation"),
        ("odds", found.odds, None, "Spatial odds for one source: 4 pi integral p1 p2 dOmega"),
        ("log10_odds", _log10(found.odds), None, "Their decimal logarithm; NaN where they are 0"),
        ("odds_3d", _nan(found.distance_odds), None, "Odds with distances; NaN without"),
        ("log10_odds_3d", _log10(found.distance_odds), None, "Their decimal logarithm"),
        ("max_distance", _nan(found.max_distance), "Mpc", "Radius of the volume that these assume"),
        ("cosine", found.cosine, None, "Normalised inner product of the maps"),
        ("bhattacharyya", found.bhattacharyya, None, "Sum of sqrt(p1 p2)"),
    ]
    for each in found.regions:
        tag = f"{each['level']:g}".replace(".", "p")
        rows += [
            (f"area_first_{tag}", each["first"], "deg2", f"Area of the first at {each['level']:g} %"),
            (f"area_second_{tag}", each["second"], "deg2", f"Area of the second at {each['level']:g} %"),
            (f"area_both_{tag}", each["both"], "deg2", "Area that the two regions share"),
            (f"first_in_second_{tag}", each["first_in_second"], None, "Probability of the first in it"),
            (f"second_in_first_{tag}", each["second_in_first"], None, "Probability of the second in it"),
        ]
    for key, text in (
        ("joint_far_time", "Rate of coincidences in time by chance"),
        ("joint_far", "The same in time and place"),
    ):
        if rates and key in rates:
            rows.append((key, rates[key], "Hz", text))
    table = Table([[value] for _, value, _, _ in rows], names=[key for key, *_ in rows])
    describe(table, {key: (unit, description, _ucd(key)) for key, _, unit, description in rows})
    table.meta = {"notes": list(found.notes)}
    return table


def _distances(
    first: SkyMap, second: SkyMap, tiles: Refined, limit: float | None
) -> tuple[tuple[NDArray[np.float64], ...] | None, float | None, NDArray[np.float64] | None]:
    """Return distance columns of the product, the limit, and by what distances multiply the density."""
    known = [_known(sky) for sky in (first, second)]
    columns = [
        None if good is None else tuple(column[place] for column in (sky.mu, sky.sigma, sky.norm))
        for sky, place, good in zip((first, second), (tiles.first, tiles.second), known, strict=True)
    ]
    if columns[0] is None or columns[1] is None:
        return columns[0] or columns[1], None, None
    (mu1, s1, n1), (mu2, s2, n2) = columns
    limit = _limit(first, second) if limit is None else limit
    # Where one map says nothing of distance, that of the other stands.
    known1, known2 = known[0][tiles.first], known[1][tiles.second]
    both = known1 & known2
    mu, sigma, norm = (np.where(known1, a, b) for a, b in zip(columns[0], columns[1], strict=True))
    ratio = np.ones(len(mu))
    variance = s1[both] ** 2 + s2[both] ** 2
    s = s1[both] * s2[both] / np.sqrt(variance)
    m = (mu1[both] * s2[both] ** 2 + mu2[both] * s1[both] ** 2) / variance
    moment = squares(m, s, 0.0, np.inf)
    apart = np.exp(-0.5 * (mu1[both] - mu2[both]) ** 2 / variance) / (_SQRT_2PI * np.sqrt(variance))
    ratio[both] = limit**3 / 3 * n1[both] * n2[both] * apart * moment
    some = moment > 0
    mu[both], sigma[both] = np.where(some, m, np.inf), np.where(some, s, 1.0)
    norm[both] = np.divide(1.0, moment, out=np.zeros_like(moment), where=some)
    return (mu, sigma, norm), limit, ratio


def _limit(first: SkyMap, second: SkyMap) -> float:
    """Return a radius that holds both sources for all that the maps say, Mpc."""
    return max(mean + 5 * std for mean, std in map(mean_distance, (first, second)))


def mean_distance(sky: SkyMap) -> tuple[float, float]:
    """Return mean and standard deviation of the distance, Mpc, over the whole map; NaN without distances."""
    if _known(sky) is None:
        return np.nan, np.nan
    posterior = over_sky(sky)
    return posterior.mean, posterior.std


def _known(sky: SkyMap) -> NDArray[np.bool_] | None:
    """Return which tiles have a distance; None for a map that has none at all."""
    try:
        return has_distance(sky)
    except InputError:
        return None


def _shared(first: SkyMap, second: SkyMap, level: float) -> dict[str, float]:
    one, two = region_ranges(first, level), region_ranges(second, level)
    return {
        "level": float(level),
        "first": area(one),
        "second": area(two),
        "both": area(intersection(one, two)),
        "first_in_second": probability_in(first, two),
        "second_in_first": probability_in(second, one),
    }


def _square(sky: SkyMap) -> float:
    return float((sky.density**2 * sky.area).sum())


def _notes(first: SkyMap, second: SkyMap, odds: float, odds3: float | None) -> list[str]:
    notes = []
    if odds == 0:
        notes.append("the maps do not overlap: no place has a probability in both, so the odds are 0")
    elif odds3 == 0:
        notes.append("the maps overlap on the sky but not in distance: the odds with distances are 0")
    if first.has_distance != second.has_distance:
        notes.append("one map has no distances: only the sky is compared")
    elif not first.has_distance:
        notes.append("neither map has distances: only the sky is compared")
    return notes


def _both(first: SkyMap, second: SkyMap, key: str) -> str | None:
    names = [str(sky.meta[key]) for sky in (first, second) if sky.meta.get(key)]
    return " x ".join(names) or None


def _clean(meta: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in meta.items() if value is not None}


def _ratio(a: float, b: float) -> float:
    return float(min(a / b, 1.0)) if b > 0 else 0.0


def _nan(value: float | None) -> float:
    return np.nan if value is None else float(value)


def _log10(value: float | None) -> float:
    return float(np.log10(value)) if value else np.nan


def _ucd(key: str) -> str:
    for start, ucd in {
        "first_in": "stat.probability",
        "second_in": "stat.probability",
        "first": "meta.id",
        "second": "meta.id",
        "area": "phys.angArea",
        "max_distance": "pos.distance",
        "joint": "arith.rate",
    }.items():
        if key.startswith(start):
            return ucd
    return "stat.likelihood"
