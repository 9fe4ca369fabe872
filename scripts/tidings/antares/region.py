"""A region of the sky as ranges of HEALPix pixels: which events are in it, and what background to expect."""

from __future__ import annotations

import numpy as np

from tidings.antares.background import Declination
from tidings.antares.sample import Events
from tidings.skymap.footprint import Ranges
from tidings.skymap.sky import MAX_ORDER, expand, pixel_area, pixel_centres, pixels_at, tiles_of_ranges

# Tiles are cut to this order, 0.9 deg: within one the background is that of its middle.
_FINEST = 6


def events_in(ranges: Ranges, events: Events) -> np.ndarray:
    """Tell which events lie in a region."""
    pixel = pixels_at(events.ra, events.dec, MAX_ORDER)
    place = np.searchsorted(ranges[:, 0], pixel, side="right") - 1
    return (place >= 0) & (pixel < ranges[np.maximum(place, 0), 1])


def patches(ranges: Ranges) -> tuple[np.ndarray, np.ndarray]:
    """Return the declinations [deg] and solid angles [sr] of the pieces of a region."""
    start, level = tiles_of_ranges(ranges, MAX_ORDER)
    order = np.maximum(level, _FINEST)
    pixel = start >> (2 * (MAX_ORDER - order.astype(np.int64)))
    count = np.int64(1) << (2 * (order - level).astype(np.int64))
    order = np.repeat(order, count)
    _, dec = pixel_centres(expand(pixel, count), order)
    return dec, pixel_area(0) / 4.0 ** order.astype(float)


def share(ranges: Ranges, distribution: Declination) -> tuple[float, float]:
    """Return the part of the sample's events that a region has of the background, and its deviation."""
    whole = patches(np.array([[0, 12 << (2 * MAX_ORDER)]], np.int64))
    total = distribution.expected(*whole)[0]
    expected, error = distribution.expected(*patches(ranges))
    return expected / total, error / total
