"""Two light curves of one burst, made comparable."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tidings.acs.lag import Lag, Signal, find_lag, rebin
from tidings.acs.orbit import EPHS_ERRORS, Location, parse_position, position_from_angles
from tidings.acs.orbit_file import read_orbit
from tidings.acs.triangulation import light_travel_time
from tidings.errors import InputError
from tidings.lightcurve._burst_interval import find_interval
from tidings.lightcurve.curve import Lightcurve

# A light curve is cut to the part compared and this much besides, s, so that gaps elsewhere do not matter.
_MARGIN = 2.0
_THRESHOLD = 6.0


@dataclass(frozen=True)
class Comparison:
    """Lag of two light curves, both in common bins, and the part compared, in times of the first."""

    lag: Lag
    signals: tuple[Signal, Signal]
    interval: tuple[float, float]


def compare(
    first: Lightcurve,
    second: Lightcurve,
    places: tuple[Location, Location],
    interval: tuple[float, float] | None = None,
    bin_size: float | None = None,
    systematic: float = 0.0,
) -> Comparison:
    """Find the time difference of a burst in two light curves.

    Parameters
    ----------
    first, second
        Light curves with backgrounds.
    places
        Positions of the two spacecraft, which limit the lag.
    interval
        Part compared, s from the first's epoch; where the first shows the burst, if not given.
    bin_size
        s; the wider of the two if not given.
    systematic
        Error of the clocks, s, by three times which a lag may be longer than light takes.
    """
    interval = interval or _interval(first)
    bin_size = bin_size or max(first.bin_size, second.bin_size)
    max_lag = light_travel_time(*places) + 3 * (systematic + bin_size)
    reach = max_lag + 0.25 * (interval[1] - interval[0]) + _MARGIN
    shift = second.epoch - first.epoch
    signals = (
        _signal(first, 0.0, (interval[0] - _MARGIN, interval[1] + _MARGIN), bin_size, "first"),
        _signal(second, shift, (interval[0] - reach, interval[1] + reach), bin_size, "second"),
    )
    return Comparison(find_lag(*signals, interval, max_lag), signals, interval)


def position_at(
    curve: Lightcurve,
    path: str | Path,
    *,
    orbit: str | Path | None = None,
    position: str | None = None,
    option: str = "position",
) -> Location:
    """Return where the spacecraft of a light curve was in its middle.

    Parameters
    ----------
    curve, path
        The light curve and its file, for the message.
    orbit, position
        Orbit file; position as text; else the light curve's own.
    option
        Name of the parameter that could give it.

    Raises
    ------
    InputError
        If the position is missing.
    """
    if orbit is not None:
        return read_orbit(orbit).at(curve.epoch + float(curve.middle[len(curve) // 2]))
    if position is not None:
        return parse_position(position)
    if curve.position is not None:
        held = curve.position
        source = f"light curve {Path(path).name}"
        return position_from_angles(held.ra, held.dec, held.distance, errors=EPHS_ERRORS, source=source)
    raise InputError(
        f"{path}: holds no position of the spacecraft: give it by {option} as RA [deg], Dec [deg] and "
        "distance [km] from "
        "the centre of the Earth"
    )


def _interval(curve: Lightcurve) -> tuple[float, float]:
    good = curve.good
    variance = np.maximum((curve.error * curve.width)[good] ** 2, 1.0)
    return find_interval(
        curve.middle[good], curve.width[good], curve.rate[good], variance, 1, threshold=_THRESHOLD
    )


def _signal(
    curve: Lightcurve, shift: float, part: tuple[float, float], bin_size: float, which: str
) -> Signal:
    start = curve.time + shift
    cut = (start + curve.width > part[0]) & (start < part[1])
    if not cut.any():
        raise InputError(
            f"the {which} light curve, from {start[0]:.2f} to {start[-1] + curve.width[-1]:.2f} s, does not "
            "cover the burst "
            f"between {part[0]:.2f} and {part[1]:.2f} s of the first one's time"
        )
    kept = cut & curve.good
    width = curve.width[kept]
    scatter = max(curve.excess_variance, 1.0) if np.isfinite(curve.excess_variance) else 1.0
    variance = np.maximum((curve.error[kept] * width) ** 2, 1.0) * scatter**2
    try:
        return rebin(start[kept], width, curve.net[kept] * width, variance, bin_size)
    except InputError as error:
        raise InputError(f"the {which} light curve: {error}") from None
