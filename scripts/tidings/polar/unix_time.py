"""Unix time, in which POLAR's files count, to GPS time and back.

Unix time counts the seconds of UTC since 1970 as if every day had 86400 of them. POLAR saw the leap second at
the end of 2016, whose unix time no one can tell from its neighbour's. The way leads over the calendar, for a
day with a leap second has 86401 seconds: fractions of days, as in Julian dates, are off by up to 1 s on it.
"""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from tidings.errors import InputError
from tidings.times import parse_time, utc_iso

_ROUNDING = 1e-3  # s


def unix_to_gps(unix: np.ndarray, source: str) -> tuple[np.ndarray, float]:
    """Convert unix times to seconds from a whole GPS second.

    Parameters
    ----------
    unix : numpy.ndarray
        s, float64 (n,), in order.
    source : str
        The file, for the error.

    Returns
    -------
    seconds : numpy.ndarray
        s from the epoch, float64 (n,).
    epoch : float
        GPS s; that of the whole second that holds the first time.

    Raises
    ------
    InputError
        The times are no dates, or a leap second lies between the first and the last.
    """
    first, last = float(np.floor(unix[0])), float(np.ceil(unix[-1]))
    try:
        epoch, end = _gps(first), _gps(last)
    except (ValueError, OverflowError, OSError):
        raise InputError(
            f"{source}: its times, {first:g} to {last:g}, are not seconds of unix time"
        ) from None
    if abs((end - epoch) - (last - first)) > _ROUNDING:
        raise InputError(
            f"{source}: a leap second lies in it, after which its times are off by one second: cut the light "
            "curve there"
        )
    return unix - first, epoch


def gps_to_unix(gps: float) -> float:
    """Return the unix time of a GPS time, s; within a leap second that of the second before, counted on."""
    date, _, clock = utc_iso(gps, 6).partition("T")
    hours, minutes, seconds = clock.split(":")
    day = datetime.fromisoformat(date).replace(tzinfo=UTC).timestamp()
    return day + 3600 * int(hours) + 60 * int(minutes) + float(seconds)


def _gps(unix: float) -> float:
    """Return the GPS time of a whole unix second: through UTC and its leap seconds."""
    return parse_time(datetime.fromtimestamp(unix, UTC).strftime("%Y-%m-%dT%H:%M:%S"))
