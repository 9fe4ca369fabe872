"""Which part of a localisation can be observed, and when: from a site on the ground, or by INTEGRAL.

A map is cut into tiles of at most 0.9 deg, each taken as observable when its centre is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from tidings.acs.orbit import Location
from tidings.errors import InputError
from tidings.skymap._tables import describe
from tidings.skymap.ephemeris import (
    EARTH_RADIUS,
    check_time,
    illumination,
    moon_vector,
    separations,
    site_vectors,
    sun_vector,
    unit,
)
from tidings.skymap.footprint import Ranges, area, union, unit_vectors
from tidings.skymap.sites import Site
from tidings.skymap.sky import MAX_ORDER, SkyMap, expand, pixel_centres
from tidings.times import utc_iso

SUN_ANGLES = (50.0, 130.0)
"""Angle between INTEGRAL's pointing and the Sun, deg: the solar panels face it within 40 deg (Jensen et al.
2003, A&A 411, L7)."""

EARTH_ANGLE = 15.0
"""INTEGRAL's star tracker is kept this far from the limb of the Earth, deg (ESA, 10 February 2006,
"Exceptional manoeuvres enable unique Integral science")."""

# Order of the tiles that are looked at, where the map's are larger.
_ORDER = 6
_HOUR, _DAY = 3600.0, 86400.0
# Directions looked at together with times: bounds the memory to some 50 MB.
_CHUNK = 2_000_000


@dataclass(frozen=True)
class GroundLimits:
    """What a telescope on the ground accepts: airmass, height of the Sun and distance from the Moon (deg)."""

    airmass: float = 2.0
    sun_altitude: float = -18.0
    moon_separation: float = 30.0

    @property
    def altitude(self) -> float:
        """Least height above the horizon, deg, for airmass sec(z)."""
        return float(90 - np.degrees(np.arccos(1 / self.airmass)))


@dataclass(frozen=True)
class SpaceLimits:
    """What INTEGRAL accepts: angles from the Sun, from the limb of the Earth and from the Moon, deg."""

    sun_least: float = SUN_ANGLES[0]
    sun_most: float = SUN_ANGLES[1]
    earth: float = EARTH_ANGLE
    moon: float = 10.0


@dataclass(frozen=True, eq=False)
class Visibility:
    """What of a map is observable against time.

    Attributes
    ----------
    gps : float array [n]
        Times.
    now, so_far : float array [n]
        Probability observable at each time, and at any time up to it.
    columns
        Further quantities [n] with unit and description, for the table.
    observable : bool array [m]
        Tiles (below) that are observable at any time, long enough.
    duration : float array [m]
        For how long each is, s.
    start, level, probability, vectors
        The tiles: first pixel at `order` and order as in `SkyMap`, probability, direction of the centre.
    """

    gps: NDArray[np.float64]
    now: NDArray[np.float64]
    so_far: NDArray[np.float64]
    columns: dict[str, tuple[NDArray, str | None, str, str]]
    observable: NDArray[np.bool_]
    duration: NDArray[np.float64]
    order: int
    start: NDArray[np.int64]
    level: NDArray[np.uint8]
    probability: NDArray[np.float64]

    @property
    def total(self) -> float:
        """Probability observable at any time, long enough."""
        return float(self.probability[self.observable].sum())

    @property
    def ranges(self) -> Ranges:
        """The observable part of the sky."""
        shift = 2 * (MAX_ORDER - self.level[self.observable].astype(np.int64))
        first = self.start[self.observable] << (2 * (MAX_ORDER - self.order))
        return union(np.stack([first, first + (np.int64(1) << shift)], axis=1))


def from_ground(
    sky: SkyMap,
    site: Site,
    gps: float,
    limits: GroundLimits = GroundLimits(),
    *,
    step: float = 600.0,
    least: float = 0.0,
    whole_night: bool = False,
) -> Visibility:
    """Return what a site can observe in the night of a time, or in the next night when it is day.

    Parameters
    ----------
    sky
        The map.
    site
        Where.
    gps
        GPS seconds.
    limits
        Airmass is sec(z), without refraction; the Moon counts only while it is up.
    step
        Between two times, s.
    least
        Shortest time that a tile must be observable to count in the end, s.
    whole_night
        Count from dusk, although that is past at the time given.

    Raises
    ------
    InputError
        The time is outside of the ephemeris, or the Sun does not go low enough.
    """
    check_time(gps)
    dusk, dawn = night(site, gps, limits.sun_altitude)
    begin = dusk if whole_night else max(dusk, gps)
    times = _times(begin, dawn, step)
    zenith, place = site_vectors(site, times)
    sun, moon = sun_vector(times), moon_vector(times)
    moon_here = moon - place
    up = 90 - separations(zenith, moon_here)
    low, near = np.sin(np.radians(limits.altitude)), np.cos(np.radians(limits.moon_separation))
    moon_unit = unit(moon_here)

    def visible(vectors: NDArray[np.float64], i: int) -> NDArray[np.bool_]:
        good = vectors @ zenith[i] >= low
        return good & (vectors @ moon_unit[i] <= near) if up[i] > 0 else good

    columns = {
        "sun_altitude": (90 - separations(zenith, sun - place), "deg", "pos.az.alt", "Height of the Sun"),
        "moon_altitude": (up, "deg", "pos.az.alt", "Height of the Moon"),
        "moon_illumination": (illumination(sun, moon), None, "arith.ratio", "Lit part of the Moon's disk"),
    }
    return _follow(sky, times, step, visible, columns, least)


def from_integral(
    sky: SkyMap,
    gps: float,
    limits: SpaceLimits = SpaceLimits(),
    *,
    duration: float = 3 * _DAY,
    step: float = _HOUR,
    where: Callable[[float], Location] | None = None,
    least: float = 0.0,
) -> Visibility:
    """Return what INTEGRAL can point at from a time on.

    Parameters
    ----------
    sky
        The map.
    gps
        GPS seconds.
    limits
        Angles; those from Earth and Moon count only with `where`.
    duration, step
        Length looked at and time between two looks, s.
    where
        Gives the position of the spacecraft at a GPS time, as an orbit file does.
    least
        As in `from_ground`.

    Raises
    ------
    InputError
        A time is outside of the ephemeris or of the orbit file.
    """
    for time in (gps, gps + duration):
        check_time(time)
    times = _times(gps, gps + duration, step)
    places = None if where is None else np.stack([where(t).vector for t in times])
    here = np.zeros((len(times), 3)) if places is None else places
    sun = unit(sun_vector(times) - here)
    # Near 90 deg the cosine tells angles apart best.
    most, least_cosine = np.cos(np.radians([limits.sun_least, limits.sun_most]))
    avoided = [] if places is None else _avoided(times, places, limits)

    def visible(vectors: NDArray[np.float64], i: int) -> NDArray[np.bool_]:
        cosine = vectors @ sun[i]
        good = (cosine <= most) & (cosine >= least_cosine)
        for directions, angle in avoided:
            good &= vectors @ directions[i] <= np.cos(np.radians(angle[i]))
        return good

    ra, dec = np.degrees(np.arctan2(sun[:, 1], sun[:, 0])) % 360, np.degrees(np.arcsin(sun[:, 2]))
    columns = {
        "sun_ra": (ra, "deg", "pos.eq.ra", "Right ascension of the Sun as seen from there"),
        "sun_dec": (dec, "deg", "pos.eq.dec", "Declination of the Sun"),
    }
    if places is not None:
        columns["earth_distance"] = (
            np.linalg.norm(places, axis=1), "km", "pos.distance", "Distance from the centre of the Earth",
        )  # fmt: skip
    return _follow(sky, times, step, visible, columns, least)


def night(site: Site, gps: float, sun_altitude: float) -> tuple[float, float]:
    """Return dusk and dawn, GPS s, of the night of a time, or of the next one.

    Raises
    ------
    InputError
        The Sun stays above `sun_altitude` for a day from the time on.
    """
    grid = gps + np.arange(-_DAY, 2 * _DAY + 1, 120.0)
    dark = _sun_altitude(site, grid) <= sun_altitude
    now = len(np.arange(-_DAY, 0, 120.0))
    ahead = np.flatnonzero(dark[now : now + 721])
    if not len(ahead):
        raise InputError(
            f"{site.name}: the Sun does not go below {sun_altitude:g} deg in the 24 h after "
            f"{utc_iso(gps, 0)} UTC: choose a higher sun_altitude, another time or another site"
        )
    first = now + int(ahead[0])
    begin = first - int(np.argmin(dark[first::-1])) if not dark[: first + 1].all() else -1
    end = first + int(np.argmin(dark[first:])) if not dark[first:].all() else -1
    # In the polar night a day from now on is the night.
    dusk = _crossing(site, grid[begin], grid[begin + 1], sun_altitude) if begin >= 0 else gps
    dawn = _crossing(site, grid[end - 1], grid[end], sun_altitude) if end >= 0 else gps + _DAY
    return max(dusk, gps - _DAY), min(dawn, max(dusk, gps) + _DAY)


def visibility_table(found: Visibility) -> Table:
    """Return a row for each time."""
    columns = {
        "gps": (found.gps, "s", "time.epoch", "Time, GPS"),
        "utc": ([utc_iso(t, 0) for t in found.gps], None, "time.epoch", "Time, UTC"),
        "probability": (found.now, None, "stat.probability", "Probability observable at that time"),
        "probability_so_far": (found.so_far, None, "stat.probability", "At any time up to it"),
        **found.columns,
    }
    table = Table({name: values for name, (values, *_) in columns.items()})
    describe(table, {name: (unit, text, ucd) for name, (_, unit, ucd, text) in columns.items()})
    return table


def visibility_summary(found: Visibility) -> dict[str, object]:
    """Return what is observable in all, and when most of it is."""
    best = int(np.argmax(found.now))
    return {
        "probability": found.total,
        "area_deg2": area(found.ranges),
        "start_utc": utc_iso(found.gps[0], 0),
        "end_utc": utc_iso(found.gps[-1], 0),
        "best_utc": utc_iso(found.gps[best], 0),
        "best_probability": float(found.now[best]),
    }


def pieces(
    sky: SkyMap, order: int = _ORDER
) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.int64]]:
    """Return tiles of at most the size of `order`: their start, level and parent."""
    deepest = max(sky.order, order)
    level = np.maximum(sky.level, order)
    count = np.int64(1) << (2 * (level.astype(np.int64) - sky.level.astype(np.int64)))
    parent = np.repeat(np.arange(len(sky)), count)
    within = expand(np.zeros(len(sky), np.int64), count)
    size = np.int64(1) << (2 * (deepest - level.astype(np.int64)))
    start = (sky.start << (2 * (deepest - sky.order)))[parent] + within * size[parent]
    return start, level[parent], parent


def _follow(
    sky: SkyMap,
    times: NDArray[np.float64],
    step: float,
    visible: Callable[[NDArray[np.float64], int], NDArray[np.bool_]],
    columns: dict[str, tuple[NDArray, str | None, str, str]],
    least: float,
) -> Visibility:
    order = max(sky.order, _ORDER)
    start, level, parent = pieces(sky)
    pixel = start >> (2 * (order - level.astype(np.int64)))
    probability = sky.density[parent] * np.pi / 3 / 4.0 ** level.astype(float)
    now, so_far = np.zeros(len(times)), np.zeros(len(times))
    duration, ever = np.zeros(len(start)), np.zeros(len(start), bool)
    # The width of time that each look stands for: the last one only for what is left.
    width = np.append(np.diff(times), min(step, _HOUR) if len(times) == 1 else 0.0)
    for i in range(0, len(start), _CHUNK):
        part = slice(i, i + _CHUNK)
        vectors = unit_vectors(*pixel_centres(pixel[part], level[part]))
        seen = np.zeros(len(vectors), bool)
        for k in range(len(times)):
            good = visible(vectors, k)
            seen |= good
            duration[part][good] += width[k]
            now[k] += probability[part][good].sum()
            so_far[k] += probability[part][seen].sum()
        ever[part] = seen
    observable = ever & (duration >= least)
    return Visibility(
        times, np.minimum(now, 1.0), np.minimum(so_far, 1.0), columns, observable, duration,
        order, start, level, probability,
    )  # fmt: skip


def _avoided(
    times: NDArray[np.float64], places: NDArray[np.float64], limits: SpaceLimits
) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Return directions of Earth and Moon as seen from the spacecraft, and how far to stay away, deg."""
    distance = np.linalg.norm(places, axis=1)
    if (distance < EARTH_RADIUS).any():
        raise InputError(f"a position {distance.min():.0f} km from the centre of the Earth is inside of it")
    limb = np.degrees(np.arcsin(EARTH_RADIUS / distance)) + limits.earth
    moon = moon_vector(times) - places
    return [(unit(-places), limb), (unit(moon), np.full(len(times), limits.moon))]


def _sun_altitude(site: Site, gps: NDArray[np.float64]) -> NDArray[np.float64]:
    zenith, place = site_vectors(site, gps)
    return 90 - separations(zenith, sun_vector(gps) - place)


def _crossing(site: Site, low: float, high: float, altitude: float) -> float:
    """Return when the Sun is at a height, by a straight line between two times 2 min apart."""
    a, b = _sun_altitude(site, np.array([low, high])) - altitude
    return float(low + (high - low) * a / (a - b)) if a != b else float(low)


def _times(begin: float, end: float, step: float) -> NDArray[np.float64]:
    count = int(np.floor((end - begin) / step + 1e-9))
    times = begin + step * np.arange(count + 1)
    return np.append(times, end) if end - times[-1] > 1e-3 * step else times
