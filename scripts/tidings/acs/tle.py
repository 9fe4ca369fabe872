"""INTEGRAL's position from two-line elements, where there is no orbit file."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import erfa
import numpy as np
from astropy.time import Time
from sgp4.api import SGP4_ERRORS, Satrec

from tidings.acs.orbit import Location
from tidings.errors import InputError
from tidings.times import to_gps, utc_iso

CATALOGUE_NUMBER = 27540
"""INTEGRAL in the catalogue of the North American Aerospace Defense Command."""

# Position error, km, at the epoch and a day later. Elements of 2020 May differ by 15,800 km rms over an orbit
# from those of 119 days before, and elements of 2021 April from published positions by 22,000 km after 538
# days and by 37,000 km after 687: 132, 41 and 54 km a day.
ERROR_AT_EPOCH = 50.0
ERROR_PER_DAY = 150.0


@dataclass(frozen=True)
class Elements:
    """Two-line elements: the two lines, and their epoch in GPS seconds."""

    lines: tuple[str, str]
    epoch: float

    def at(self, gps: float, max_age: float) -> Location:
        """Return the position at a time, with the error that the elements' age makes likely.

        Parameters
        ----------
        gps
            GPS seconds.
        max_age
            Days between epoch and time at most.

        Raises
        ------
        InputError
            If the elements are older, or the theory gives no position.
        """
        age = abs(gps - self.epoch) / 86400
        if age > max_age:
            raise InputError(
                f"two-line elements of {utc_iso(self.epoch, 0)} are {age:.0f} days from {utc_iso(gps, 0)}, "
                "more than "
                f"{max_age:g}: their error of about {position_error(age):.0f} km is "
                f"{position_error(age) / 299.792458:.0f} "
                "ms; give later ones, an orbit file or a position, or allow the age (max_age)"
            )
        vector = _propagate(Satrec.twoline2rv(*self.lines), gps)
        return Location(vector, position_error(age), f"two-line elements {age:.1f} d old")


def position_error(age: float) -> float:
    """Return the likely error of a position, km, from the age of the elements in days."""
    return float(np.hypot(ERROR_AT_EPOCH, ERROR_PER_DAY * age))


def read_elements(path: str | Path, catalogue_number: int = CATALOGUE_NUMBER) -> list[Elements]:
    """Read all two-line elements of a satellite from a text file, in order of their epochs.

    Names between them, comments and other satellites are passed over.

    Raises
    ------
    InputError
        If there are none, or a checksum is wrong.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    found = []
    for number, (first, second) in enumerate(itertools.pairwise(lines), start=1):
        if first.startswith("1 ") and second.startswith("2 ") and first[2:7] == second[2:7]:
            for line, place in ((first, number), (second, number + 1)):
                _check(line, f"{path}: line {place}")
            if int(first[2:7]) == catalogue_number:
                found.append(_elements(first, second, f"{path}: line {number}"))
    if not found:
        raise InputError(f"{path}: no two-line elements of satellite {catalogue_number}")
    return sorted(found, key=lambda elements: elements.epoch)


def nearest_elements(elements: list[Elements], gps: float) -> Elements:
    """Return the elements whose epoch is nearest to a time."""
    return min(elements, key=lambda each: abs(each.epoch - gps))


def teme_to_gcrs(vector: np.ndarray, time: Time) -> np.ndarray:
    """Turn a vector from the axes of the theory to those of the GCRS.

    TEME, of the true equator and mean equinox of date, differs from the true axes of date by the equation of
    the equinoxes (Vallado et al. 2006, AIAA 2006-6753, section IV); the sidereal time drops out, so no table
    of the Earth's rotation is needed.
    """
    tt = time.tt
    equinoxes = erfa.ee06a(tt.jd1, tt.jd2)
    to_true = erfa.rz(-equinoxes, np.eye(3))
    return erfa.pnm06a(tt.jd1, tt.jd2).T @ to_true @ vector


def _propagate(satellite: Satrec, gps: float) -> np.ndarray:
    time = Time(*reversed(np.modf(gps)), format="gps").utc
    code, vector, _ = satellite.sgp4(time.jd1, time.jd2)
    if code:
        raise InputError(f"two-line elements give no position at {utc_iso(gps, 0)}: {SGP4_ERRORS[code]}")
    return teme_to_gcrs(np.array(vector), time)


def _check(line: str, place: str) -> None:
    """Check the length and the last digit: the sum of all digits, a minus sign being one, modulo ten."""
    digits = sum(int(c) if c.isdigit() else c == "-" for c in line[:68])
    if len(line.rstrip()) != 69 or not line[68].isdigit() or digits % 10 != int(line[68]):
        raise InputError(f"{place}: not a line of two-line elements, or its checksum is wrong: copy it again")


def _elements(first: str, second: str, place: str) -> Elements:
    try:
        satellite = Satrec.twoline2rv(first, second)
    except ValueError as error:
        raise InputError(f"{place}: {error}") from None
    if satellite.error:
        raise InputError(f"{place}: {SGP4_ERRORS[satellite.error]}")
    epoch = Time(satellite.jdsatepoch, satellite.jdsatepochF, format="jd", scale="utc")
    return Elements((first, second), to_gps(epoch))
