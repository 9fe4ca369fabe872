"""Search for neutrinos from a region around a time: counts, their own background, limit and fluence."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from tidings.antares.background import Declination
from tidings.antares.feldman_cousins import limits, sensitivity
from tidings.antares.limits import described, p_value
from tidings.antares.region import events_in, share
from tidings.antares.sample import ACCEPTANCE_UNIT, LIVE_DAYS, Acceptance, Events
from tidings.errors import InputError
from tidings.skymap.footprint import Ranges

DAY = 86400.0

_COLUMNS = {
    "ra": ("deg", "right ascension, ICRS", "pos.eq.ra;meta.main"),
    "dec": ("deg", "declination, ICRS", "pos.eq.dec;meta.main"),
    "error": ("deg", "estimated angular error", "stat.error;pos"),
    "hits": (None, "number of hits", "meta.number"),
    "mjd": ("d", "time of arrival, MJD (UTC)", "time.epoch"),
    "delay": ("s", "time after that of the search", "time.interval"),
}


@dataclass(frozen=True)
class Counterpart:
    """Result of a search.

    Attributes
    ----------
    events
        Those in region and window.
    background, background_error
        Expected number, and its standard deviation.
    p_value
        Chance of as many or more of the background alone.
    lower, upper, sensitivity
        Limits of the number of signal events (Feldman-Cousins), and mean upper limit without a signal.
    nearby
        Events of the whole sky in the days that the rate was taken from, and their live time [d].
    """

    events: Events
    background: float
    background_error: float
    p_value: float
    lower: float
    upper: float
    sensitivity: float
    nearby: tuple[int, float]


def search(
    events: Events,
    distribution: Declination,
    ranges: Ranges,
    mjd: float,
    before: float,
    after: float,
    days: float,
    confidence: float = 0.9,
) -> Counterpart:
    """Search a region for events around a time.

    The background is the rate of events of the whole sky within some days of the time, those of the window
    left out, times the part that the region has of the distribution in declination. The rate counts
    calendar days: a day that the detector was off near the time makes it too low.

    Parameters
    ----------
    events, distribution
        The sample, and the distribution fitted to it.
    ranges
        Region.
    mjd
        The time, UTC.
    before, after
        Window about it [s].
    days
        Days on either side that the rate of background is taken from.
    confidence
        Of the limits.

    Raises
    ------
    InputError
        The window or the region is empty, or outside of the sample.
    """
    first, last = float(events.mjd.min()), float(events.mjd.max())
    start, stop = mjd - before / DAY, mjd + after / DAY
    if stop <= start:
        raise InputError("the window is empty: before and after must not both be 0 s")
    if start < first or stop > last:
        raise InputError(
            f"the window, MJD {start:.4f} to {stop:.4f}, is outside the sample, {first:.4f} to {last:.4f}"
        )
    if not len(ranges):
        raise InputError("the region is empty: there is nothing to search")
    part, part_error = share(ranges, distribution)
    if part <= 0:
        raise InputError("the region lies where ANTARES has no events, north of declination 53 deg")
    in_window = (events.mjd >= start) & (events.mjd <= stop)
    low, high = max(first, start - days), min(last, stop + days)
    near = (events.mjd >= low) & (events.mjd <= high) & ~in_window
    span = high - low - (stop - start)
    number = int(near.sum())
    if not number:
        raise InputError(f"no event within {days:g} days of the window: give more (background_days)")
    background = number / span * (stop - start) * part
    error = background * float(np.hypot(1 / np.sqrt(number), part_error / part))
    found = events.take(in_window & events_in(ranges, events))
    lower, upper = limits(np.array([len(found)]), np.array([background]), confidence)
    return Counterpart(
        found,
        background,
        error,
        float(p_value(np.array([len(found)]), np.array([background]), np.array([error]))[0]),
        float(lower[0]),
        float(upper[0]),
        float(sensitivity(np.array([background]), confidence)[0]),
        (number, span),
    )


def fluence(upper: float, acceptance: Acceptance, dec: float, index: float) -> float:
    """Return the limit of the fluence at 1 GeV [1/(GeV cm2)] for a source at a declination [deg].

    The acceptance of the whole sample over its live time is the mean effective area; that of the moment
    depends on where the source stood above or below the horizon.
    """
    accepted = float(acceptance.at(np.sin(np.deg2rad(dec)), index)) * ACCEPTANCE_UNIT
    return upper / (accepted / (LIVE_DAYS * DAY))


def event_table(found: Events, mjd: float | None = None) -> Table:
    """Return events as a table, with the delay after a time if there is one."""
    values = [found.ra, found.dec, found.error, found.hits.astype(int), found.mjd]
    names = list(_COLUMNS)[: len(values)]
    if mjd is not None:
        values.append((found.mjd - mjd) * DAY)
        names.append("delay")
    return described(Table(values, names=names), {name: _COLUMNS[name] for name in names})
