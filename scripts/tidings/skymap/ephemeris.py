"""Where the Sun, the Moon and the zenith of a site are, without any file: by the analytic series of ERFA.

Directions are along the axes of the GCRS, without aberration (20 arcsec), refraction and polar motion; UT1 is
taken as UTC (0.9 s, 14 arcsec). Together that is 0.01 deg, far below what a pointing limit means.
"""

from __future__ import annotations

import erfa
import numpy as np
from astropy import constants
from astropy.time import Time
from numpy.typing import ArrayLike, NDArray

from tidings.errors import InputError
from tidings.skymap.sites import Site
from tidings.times import parse_time, utc_iso

FIRST, LAST = parse_time("1980-01-06T00:00:00"), parse_time("2099-12-31T00:00:00")
"""GPS seconds between which the series hold and GPS time is defined."""

EARTH_RADIUS = 6371.0
"""km, mean."""

_AU = constants.au.to_value("km")


def check_time(gps: float) -> None:
    """Raise `InputError` for a time that the series do not cover."""
    if not FIRST <= gps <= LAST:
        raise InputError(
            f"GPS {gps:.0f} is outside of the ephemeris, which covers {utc_iso(FIRST, 0)[:10]} to "
            f"{utc_iso(LAST, 0)[:10]}: give a time between"
        )


def sun_vector(gps: ArrayLike) -> NDArray[np.float64]:
    """Return the geocentric position of the Sun, km, [..., 3] (Moisson & Bretagnon 2001, VSOP2000)."""
    tt = _time(gps).tt
    heliocentric, _ = erfa.epv00(tt.jd1, tt.jd2)
    return -heliocentric["p"] * _AU


def moon_vector(gps: ArrayLike) -> NDArray[np.float64]:
    """Return the geocentric position of the Moon, km, [..., 3] (Meeus 1998, after ELP-2000/82)."""
    tt = _time(gps).tt
    return erfa.moon98(tt.jd1, tt.jd2)["p"] * _AU


def site_vectors(site: Site, gps: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the zenith (unit vectors) and the geocentric position (km) of a site, [..., 3] each.

    Rotation of the Earth after IAU 2006/2000A.
    """
    time = _time(gps)
    with_ut = time.utc
    matrix = erfa.c2t06a(time.tt.jd1, time.tt.jd2, with_ut.jd1, with_ut.jd2, 0.0, 0.0)
    a, d = np.radians([site.longitude, site.latitude])
    zenith = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    place = np.asarray(erfa.gd2gc(1, a, d, site.height)) / 1000
    back = np.swapaxes(matrix, -1, -2)
    return back @ zenith, back @ place


def illumination(sun: NDArray[np.float64], moon: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the lit fraction of the Moon's disk, 0 to 1, from geocentric positions (Meeus 1998, ch. 48)."""
    from_moon, to_earth = unit(sun - moon), unit(-moon)
    return (1 + (from_moon * to_earth).sum(axis=-1)) / 2


def separations(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the angle between vectors [..., 3] of any length, deg."""
    cosine = (unit(first) * unit(second)).sum(axis=-1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def unit(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return vectors [..., 3] with length 1."""
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def _time(gps: ArrayLike) -> Time:
    fraction, whole = np.modf(np.asarray(gps, float))
    return Time(whole, fraction, format="gps")
