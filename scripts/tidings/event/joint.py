"""Detectors and instruments on one time axis: arrival at the centre of the Earth, with its error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy import units as u
from astropy.coordinates import GCRS, ITRS, CartesianRepresentation
from astropy.table import Table
from astropy.time import Time
from astropy.utils import iers

from tidings.acs.orbit import EPHS_ERRORS, LIGHT_SPEED, Location, position_from_angles
from tidings.errors import InputError
from tidings.gw.detectors import VERTICES
from tidings.gw.spectrogram_product import SpectrogramProduct
from tidings.lightcurve.curve import Lightcurve
from tidings.skymap.footprint import unit_vectors
from tidings.skymap.sky import SkyMap
from tidings.times import parse_time, utc_iso

LOW_ORBIT = 6771.0  # km, of a spacecraft whose place is not in its file
FAR_APART = 3600.0  # s; products farther apart are of different events
_COLUMNS = {
    "instrument": (None, "Detector or instrument"),
    "kind": (None, "strain or gamma rays"),
    "delay": ("s", "Arrival at the centre of the Earth less that at the instrument"),
    "delay_error": ("s", "Its error, 1 sigma"),
    "error_from": (None, "What the error is made of"),
    "what": (None, "What the time is of"),
    "local_utc": (None, "Time at the instrument, UTC"),
    "geocentre_utc": (None, "Time at the centre of the Earth, UTC"),
    "geocentre_gps": ("s", "The same, GPS seconds"),
    "time_error": ("s", "Error of the time at the centre of the Earth, 1 sigma"),
    "since": ("s", "The same time after the reference"),
}


@dataclass(frozen=True)
class Source:
    """Where the signal comes from: a position [deg], or directions with their probabilities.

    `weight` is 1 for a position. `name` says which.
    """

    ra: np.ndarray
    dec: np.ndarray
    weight: np.ndarray
    name: str

    @classmethod
    def at(cls, ra: float, dec: float, name: str = "") -> Source:
        """A known position."""
        return cls(np.array([ra]), np.array([dec]), np.ones(1), name or "the position given")

    @classmethod
    def of_map(cls, sky: SkyMap) -> Source:
        """A localisation: its tiles."""
        ra, dec = sky.centres
        return cls(ra, dec, sky.probability / sky.probability.sum(), "the sky map")


@dataclass(frozen=True)
class Delay:
    """Arrival at the centre of the Earth less that at an instrument, and its error [s]."""

    value: float
    error: float
    made_of: str


@dataclass(frozen=True)
class Arrival:
    """One signal in one instrument: when it is there [GPS s], how well that is known, and the delay."""

    instrument: str
    kind: str
    what: str
    gps: float
    error: float
    delay: Delay

    @property
    def geocentre(self) -> float:
        """GPS time at the centre of the Earth [s]."""
        return self.gps + self.delay.value

    @property
    def geocentre_error(self) -> float:
        """Error of that time [s]."""
        return float(np.hypot(self.error, self.delay.error))


def detector_delay(detector: str, gps: float, source: Source | None) -> Delay:
    """Return the delay between a gravitational-wave detector and the centre of the Earth.

    Parameters
    ----------
    detector : str
        Prefix, such as H1.
    gps : float
        Time [s]: the Earth turns by 15 arcseconds in a second.
    source : Source, optional
        Without one the delay is 0 and its error that of any direction, R / (sqrt(3) c).

    Raises
    ------
    InputError
        The detector is not known.
    """
    if detector not in VERTICES:
        raise InputError(f"{detector}: its place is not known; known are {', '.join(VERTICES)}")
    place = ITRS(CartesianRepresentation(VERTICES[detector], unit=u.m), obstime=Time(gps, format="gps"))
    # Of a day after the tables end, the Earth's turn is known well enough: to a millisecond.
    with iers.conf.set_temp("iers_degraded_accuracy", "ignore"):
        vector = place.transform_to(GCRS(obstime=place.obstime)).cartesian.xyz.to_value(u.km)
    return _delay(vector, source, 0.0)


def craft_delay(location: Location | None, source: Source | None) -> Delay:
    """Return the delay between a spacecraft and the centre of the Earth.

    Parameters
    ----------
    location : Location, optional
        Of the spacecraft. Near the Earth it need not be known: without one the error is that of a low orbit.
    source : Source, optional
        As in `detector_delay`.
    """
    if location is None:
        return Delay(0.0, LOW_ORBIT / LIGHT_SPEED / np.sqrt(3), "unknown place in a low orbit")
    return _delay(location.vector, source, location.delay_error)


def _delay(vector: np.ndarray, source: Source | None, orbit: float) -> Delay:
    """Return the delay of a place [km] for a source; `orbit` is the error by the place's own [s]."""
    if source is None:
        error = float(np.linalg.norm(vector)) / LIGHT_SPEED / np.sqrt(3)
        return Delay(0.0, float(np.hypot(error, orbit)), "unknown direction")
    delays = unit_vectors(source.ra, source.dec) @ vector / LIGHT_SPEED
    mean = float(source.weight @ delays)
    spread = float(np.sqrt(source.weight @ (delays - mean) ** 2))
    parts = ["direction"] * (len(delays) > 1) + ["place of the spacecraft"] * bool(orbit > 0)
    return Delay(
        mean, float(np.hypot(spread, orbit)), " and ".join(parts) or "none: direction and place are known"
    )


def location_of(curve: Lightcurve) -> Location | None:
    """Return where the instrument of a light curve was, if the file says so."""
    if curve.position is None:
        return None
    held = curve.position
    return position_from_angles(held.ra, held.dec, held.distance, errors=EPHS_ERRORS, source="light curve")


def strain_arrival(product: SpectrogramProduct, source: Source | None) -> Arrival:
    """Return the loudest tile of a spectrogram as an arrival; its error is its duration over its SNR."""
    tile = product.spectrogram.tiles[0]
    gps = float(tile["time"])
    error = float(tile["duration"] / max(tile["snr"], 1.0))
    delay = detector_delay(product.detector, gps, source)
    return Arrival(product.detector, "strain", "loudest tile", gps, error, delay)


def gamma_arrival(curve: Lightcurve, source: Source | None, burst: Table | None = None) -> Arrival:
    """Return the onset of a burst, or else the brightest bin of a light curve, as an arrival.

    Parameters
    ----------
    curve : Lightcurve
        With background.
    source : Source, optional
        Direction.
    burst : Table, optional
        As `acs_burst` writes it: the onset is then the time of 5 % of the counts, with its error.
    """
    delay = craft_delay(location_of(curve), source)
    if burst is not None:
        error = max(float(burst["t05_error_below"][0]), float(burst["t05_error_above"][0]))
        gps = float(burst["t05_gps"][0])
        return Arrival(curve.monitor.name, "gamma rays", "5 % of the counts", gps, error, delay)
    net = np.where(curve.good, curve.net, -np.inf)
    best = int(np.argmax(net))
    error = curve.bin_size / np.sqrt(12)
    gps = curve.epoch + float(curve.middle[best])
    return Arrival(curve.monitor.name, "gamma rays", "brightest bin", gps, error, delay)


def reference(
    time: str | None, products: Sequence[SpectrogramProduct], curves: Sequence[Lightcurve]
) -> float:
    """Return the GPS time at the centre of the Earth that the common axis counts from.

    The one given, else that of the event in the spectrograms, else the zero of the first light curve.

    Raises
    ------
    InputError
        Two products are of different events: more than an hour apart.
    """
    known = [(p.detector, p.event_gps or float(p.spectrogram.times[0])) for p in products]
    known += [(curve.monitor.name, curve.epoch) for curve in curves]
    start = parse_time(time) if time else known[0][1]
    for name, gps in known:
        if abs(gps - start) > FAR_APART:
            raise InputError(
                f"{name}: is of {utc_iso(gps, 0)} UTC, but the event is at {utc_iso(start, 0)} UTC: products"
                " of different events do not fit on one axis"
            )
    return start


def joint_table(arrivals: Sequence[Arrival], zero: float) -> Table:
    """Return one row for each arrival.

    Parameters
    ----------
    arrivals : sequence of Arrival
        In the order of the rows.
    zero : float
        Reference, GPS s at the centre of the Earth.
    """
    rows = [
        (
            one.instrument,
            one.kind,
            one.delay.value,
            one.delay.error,
            one.delay.made_of,
            one.what,
            utc_iso(one.gps, 6),
            utc_iso(one.geocentre, 6),
            one.geocentre,
            one.geocentre_error,
            one.geocentre - zero,
        )
        for one in arrivals
    ]
    made = Table(rows=rows, names=list(_COLUMNS))
    for name, (unit, description) in _COLUMNS.items():
        made[name].unit, made[name].description = unit, description
    return made


def gamma_delay(
    arrivals: Sequence[Arrival], merger: tuple[float, float] | None
) -> tuple[float, float] | None:
    """Return how much later the gamma rays reach the centre of the Earth than the gravitational waves [s].

    Parameters
    ----------
    arrivals : sequence of Arrival
        Of which the first in gamma rays counts, and without `merger` the loudest tile of least error.
    merger : tuple of float, optional
        GPS time of the merger at the centre of the Earth and its error [s].

    Returns
    -------
    tuple of float or None
        Delay and error; None if there is no time of one of both.
    """
    gamma = next((one for one in arrivals if one.kind == "gamma rays"), None)
    strain = min(
        (one for one in arrivals if one.kind == "strain"), key=lambda one: one.geocentre_error, default=None
    )
    if merger is None and strain is not None:
        merger = strain.geocentre, strain.geocentre_error
    if gamma is None or merger is None:
        return None
    return gamma.geocentre - merger[0], float(np.hypot(gamma.geocentre_error, merger[1]))


def read_burst(path: Path) -> Table:
    """Read the table that acs_burst or polar_burst writes.

    Raises
    ------
    InputError
        It is another table.
    """
    try:
        rows = Table.read(path, format="ascii.ecsv")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as ECSV: {str(error).splitlines()[0]}") from None
    if not {"t05_gps", "t05_error_below", "t05_error_above"} <= set(rows.colnames) or len(rows) != 1:
        raise InputError(f"{path}: is no table of acs_burst or polar_burst: one row with t05_gps is needed")
    return rows


def source_of(sky: SkyMap | None, ra: float | None, dec: float | None, place: str = "") -> Source | None:
    """Return the direction to count with: the position, else the sky map, else none."""
    if ra is not None and dec is not None:
        return Source.at(ra, dec, place)
    return Source.of_map(sky) if sky is not None else None


def published_time(text: str) -> tuple[str, float]:
    """Split a time and a name, such as ``2017-08-17T12:41:06.47 GRB 170817A``.

    Raises
    ------
    InputError
        It is not a time, a blank and a name.
    """
    first, _, name = text.strip().partition(" ")
    if not name:
        raise InputError(f"{text!r}: a published time is written as a time, a blank and its name")
    return name, parse_time(first)


def notes(
    source: Source | None, delay: tuple[float, float] | None, has_sky: bool, has_annulus: bool
) -> list[str]:
    """Return what the figure says of itself."""
    where = (
        f"{source.name}" if source else "no direction: times are not moved, errors are those of any direction"
    )
    lines = [f"Moved to the geocentre for: {where}."]
    if delay:
        lines.append(f"Gamma rays after the gravitational waves by {delay[0]:.3f} ± {delay[1]:.3f} s.")
    if has_sky and not has_annulus:
        lines.append("No triangulation annulus: that needs light curves of two spacecraft.")
    return lines
