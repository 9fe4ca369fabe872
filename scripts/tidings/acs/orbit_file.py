"""The orbit of INTEGRAL as the archive has it (INTL-ORBI-SCP), and as two-line elements."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table
from scipy.interpolate import CubicHermiteSpline

from tidings.acs.orbit import LIGHT_SPEED, Location
from tidings.errors import InputError
from tidings.times import parse_time, utc_iso

# Ticks of the on-board clock in a second: rows of the orbit file are 8 s apart and differ by 2^23.
_TICKS = 2**20
# IJD 0 (MJD 51544.0 TT) as GPS seconds.
_IJD_EPOCH = parse_time("MJD 51544.0 TT")
# Packets wait on board for some seconds before they are sent, s.
_RECEPTION_ERROR = 10.0
_COLUMNS = ("OB_TIME", "XPOS", "YPOS", "ZPOS", "XVEL", "YVEL", "ZVEL", "DISTANCE")


@dataclass(frozen=True)
class Orbit:
    """Positions and velocities against time.

    Attributes
    ----------
    gps : (n,) float
        GPS seconds, UTC-based clocks of the ground taken as exact.
    position : (n, 3) float
        Geocentric, J2000, km.
    velocity : (n, 3) float
        km/s.
    time_error
        s, of the on-board clock's relation to UTC.
    name
        Of the file.
    """

    gps: np.ndarray
    position: np.ndarray
    velocity: np.ndarray
    time_error: float
    name: str

    def at(self, gps: float) -> Location:
        """Return the position at a time.

        Raises
        ------
        InputError
            If the orbit does not cover it.
        """
        if not self.gps[0] <= gps <= self.gps[-1]:
            raise InputError(
                f"{self.name}: covers {utc_iso(self.gps[0], 0)} to {utc_iso(self.gps[-1], 0)} UTC, not "
                f"{utc_iso(gps, 0)}: give the orbit file of that science window, or two-line elements"
            )
        spline = CubicHermiteSpline(self.gps, self.position, self.velocity)
        speed = float(np.linalg.norm(spline(gps, 1)))
        return Location(spline(gps), speed * self.time_error, f"orbit file {self.name}")


def read_orbit(path: str | Path) -> Orbit:
    """Read an orbit file of the archive.

    The rows carry the on-board clock only. Where the header has TSTART and TSTOP (IJD) they tie it to TT;
    otherwise the times at which the first and the last packet were received on the ground do, less the light
    travel time, good to about ten seconds, in which the spacecraft moves by some ten kilometres: 0.05 ms.

    Raises
    ------
    InputError
        If the file is not one, or its times cannot be found out.
    """
    path = Path(path)
    table, header = _orbit_table(path)
    position = np.stack([np.asarray(table[c], float) for c in ("XPOS", "YPOS", "ZPOS")], axis=1)
    velocity = np.stack([np.asarray(table[c], float) for c in ("XVEL", "YVEL", "ZVEL")], axis=1)
    radius = np.linalg.norm(position, axis=1)
    if not np.isfinite(position).all() or np.abs(radius - np.asarray(table["DISTANCE"], float)).max() > 1:
        raise InputError(f"{path}: positions and DISTANCE disagree: the file is damaged, get it again")
    ticks = _ticks(np.asarray(table["OB_TIME"]))
    if len(ticks) < 2 or (np.diff(ticks) <= 0).any():
        raise InputError(f"{path}: OB_TIME does not rise from row to row: the file is damaged, get it again")
    gps, error = _absolute(ticks, header, radius, path)
    return Orbit(gps, position, velocity, error, path.name)


def _orbit_table(path: Path) -> tuple[Table, fits.Header]:
    try:
        with fits.open(path) as file:
            found = [hdu for hdu in file[1:] if set(_COLUMNS) <= set(getattr(hdu.columns, "names", ()) or ())]
            if not found:
                raise InputError(
                    f"{path}: no table with columns {', '.join(_COLUMNS)}: an orbit file (INTL-ORBI-SCP) "
                    "has one"
                )
            return Table(found[0].data), found[0].header.copy()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: cannot be read as FITS: {error}") from None


def _ticks(words: np.ndarray) -> np.ndarray:
    """Join the four 16-bit words of the on-board time."""
    ticks = np.zeros(len(words), np.int64)
    for column in words.astype(np.int64).T:
        ticks = ticks * 65536 + column
    return ticks


def _absolute(
    ticks: np.ndarray, header: fits.Header, radius: np.ndarray, path: Path
) -> tuple[np.ndarray, float]:
    """Return GPS seconds of the rows, and their error."""
    if "TSTART" in header and "TSTOP" in header:
        first, last = (_IJD_EPOCH + 86400.0 * float(header[key]) for key in ("TSTART", "TSTOP"))
        return first + (last - first) * (ticks - ticks[0]) / (ticks[-1] - ticks[0]), 0.1
    try:
        onboard = [int(header[key]) for key in ("OBTSTART", "OBTEND")]
        received = [parse_time(header[key]) for key in ("ERTFIRST", "ERTLAST")]
    except KeyError as missing:
        raise InputError(
            f"{path}: header without {missing.args[0]}, so that its on-board times cannot be told in UTC: "
            "give two-line "
            "elements or a position instead"
        ) from None
    ends = zip(received, onboard, (radius[0], radius[-1]), strict=True)
    # GPS seconds of the tick zero, from either end: the packet that waited less is nearer to the truth.
    zeros = [gps - km / LIGHT_SPEED - tick / _TICKS for gps, tick, km in ends]
    if abs(zeros[1] - zeros[0]) > _RECEPTION_ERROR:
        raise InputError(
            f"{path}: received over {received[1] - received[0]:.0f} s, recorded over "
            f"{(onboard[1] - onboard[0]) / _TICKS:.0f} s: the data came late, and their UTC is not known; "
            "give two-line "
            "elements or a position instead"
        )
    return min(zeros) + ticks / _TICKS, _RECEPTION_ERROR
