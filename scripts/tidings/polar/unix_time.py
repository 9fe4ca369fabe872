"""Unix time, in which POLAR's files count, to GPS time.

Unix time counts the seconds of UTC since 1970 as if every day had 86400 of them. POLAR saw the leap second at
the end of 2016, whose unix time no one can tell from its neighbour's.
"""

from __future__ import annotations

import numpy as np
from astropy.time import Time

from tidings.errors import InputError

_GPS_MINUS_UTC_ZERO = 315964800.0  # unix time of 1980-01-06, GPS time 0
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
        A leap second lies between the first and the last time.
    """
    first, last = float(np.floor(unix[0])), float(np.ceil(unix[-1]))
    epoch = _gps(first)
    if abs((_gps(last) - epoch) - (last - first)) > _ROUNDING:
        raise InputError(
            f"{source}: a leap second lies in it, after which its times are off by one second: cut the light "
            "curve there"
        )
    return unix - first, epoch


def _gps(unix: float) -> float:
    """Return the GPS time of a whole unix second: through UTC and its leap seconds."""
    # The unix format of astropy is UTC of days of 86400 s, as it should be.
    return float(round(Time(unix, format="unix", scale="utc").gps))
