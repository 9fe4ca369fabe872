"""Where INTEGRAL was, and when a signal would have reached the centre of the Earth or the barycentre.

Positions are geocentric, in km, along the axes of the GCRS (J2000 to well below their errors).
"""

from __future__ import annotations

from dataclasses import dataclass

import erfa
import numpy as np
from astropy import constants
from astropy.time import Time

from tidings.errors import InputError

LIGHT_SPEED = constants.c.to_value("km/s")
"""km/s."""

EPHS_ERRORS = (0.012, 30.0)
"""Errors of a position from the service: of each angle, deg, and of the distance, km (EPHS keyword)."""

_AU = constants.au.to_value("km")
# Shapiro delay of the Sun: 2 G M / c³, s.
_SUN = 2 * constants.GM_sun.value / constants.c.value**3


@dataclass(frozen=True)
class Location:
    """Place of a spacecraft at one time.

    Attributes
    ----------
    vector : (3,) float
        Geocentric, GCRS, km.
    error
        Standard deviation along any direction, km.
    source
        Where it comes from.
    """

    vector: np.ndarray
    error: float
    source: str

    @property
    def distance(self) -> float:
        """km."""
        return float(np.linalg.norm(self.vector))

    @property
    def delay_error(self) -> float:
        """Error of a light travel time that rests on the position, s."""
        return self.error / LIGHT_SPEED


def direction(ra: float, dec: float) -> np.ndarray:
    """Return the unit vector of a place on the sky, deg.

    Raises
    ------
    InputError
        If the declination is beyond a pole, or a number is not finite.
    """
    if not (np.isfinite(ra) and -360 <= ra <= 360 and -90 <= dec <= 90):
        raise InputError(f"RA {ra:g}, Dec {dec:g} deg is no place on the sky")
    a, d = np.radians([ra, dec])
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def position_from_angles(
    ra: float, dec: float, distance: float, *, errors: tuple[float, float] = (0.0, 0.0), source: str = "given"
) -> Location:
    """Return a position from the direction that it is seen in from the centre of the Earth.

    Parameters
    ----------
    ra, dec
        deg.
    distance
        km; 0 for the centre of the Earth itself.
    errors
        Of each angle (deg) and of the distance (km).
    """
    if not (np.isfinite(distance) and distance >= 0):
        raise InputError(f"{distance:g} km is no distance from the centre of the Earth")
    error = max(distance * np.radians(errors[0]), errors[1])
    return Location(distance * direction(ra, dec), float(error), source)


def parse_position(text: str) -> Location:
    """Read a position as people write it: right ascension and declination in deg, distance in km.

    Two more numbers are taken as errors of the angles and a third as that of the distance, as in the EPHS
    keyword of the light curves of the service; "geocentre" is the centre of the Earth.

    Raises
    ------
    InputError
        If the text is not three or six numbers.
    """
    if text.strip().lower() in ("geocentre", "geocenter"):
        return Location(np.zeros(3), 0.0, "geocentre")
    try:
        numbers = [float(word) for word in text.replace(",", " ").split()]
    except ValueError:
        numbers = []
    if len(numbers) not in (3, 6):
        raise InputError(
            f"cannot read {text!r} as a position: give RA [deg], Dec [deg] and distance [km] from the "
            "centre of the "
            'Earth, such as "198.394 71.787 143490.5", or "geocentre"'
        )
    errors = (max(numbers[3:5]), numbers[5]) if len(numbers) == 6 else (0.0, 0.0)
    return position_from_angles(*numbers[:3], errors=errors)


def geocentric_delay(vector: np.ndarray, ra: float, dec: float) -> np.ndarray | float:
    """Return how much later a signal reaches the centre of the Earth than the spacecraft, s.

    ``t_geocentre = t_spacecraft + r·s/c``: positive where the spacecraft is on the side of the source.

    Parameters
    ----------
    vector : (..., 3) float
        Geocentric position of the spacecraft, km.
    ra, dec
        Of the source, deg.
    """
    return np.asarray(vector) @ direction(ra, dec) / LIGHT_SPEED


@dataclass(frozen=True)
class BarycentricTime:
    """When a signal reaches, or would have reached, the barycentre of the Solar System.

    Attributes
    ----------
    time
        TDB.
    delay
        TDB at the barycentre minus TT at the spacecraft, s: the sum of the three below.
    roemer, einstein, shapiro
        s: light travel time, TDB minus TT, and (to be taken off) the delay by the Sun's gravity.
    """

    time: Time
    delay: float
    roemer: float
    einstein: float
    shapiro: float


def barycentric_time(gps: float, vector: np.ndarray, ra: float, dec: float) -> BarycentricTime:
    """Return when a signal reaches the barycentre.

    The Earth's place is that of the analytic ephemeris in ERFA (Moisson & Bretagnon 2001 with VSOP2000;
    within 5 km of DE405 from 1900 to 2100), so that no ephemeris file is needed. The source is taken to be
    infinitely far.

    Parameters
    ----------
    gps
        GPS seconds at the spacecraft.
    vector : (3,) float
        Geocentric position of the spacecraft, km.
    ra, dec
        Of the source, ICRS, deg.
    """
    time = Time(*reversed(np.modf(gps)), format="gps").tt
    einstein = float(erfa.dtdb(time.jd1, time.jd2, 0.0, 0.0, 0.0, 0.0))
    tdb = time.jd2 + einstein / 86400
    heliocentric, barycentric = erfa.epv00(time.jd1, tdb)
    source = direction(ra, dec)
    roemer = float((barycentric["p"] * _AU + vector) @ source / LIGHT_SPEED)
    from_sun = heliocentric["p"] * _AU + vector
    shapiro = float(-_SUN * np.log1p(from_sun @ source / np.linalg.norm(from_sun)))
    at_barycentre = Time(time.jd1, tdb + (roemer - shapiro) / 86400, format="jd", scale="tdb", precision=6)
    return BarycentricTime(at_barycentre, roemer + einstein - shapiro, roemer, einstein, shapiro)
