"""Counts of each pixel in fine energy channels and time bins, from calibrated and selected events."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from tidings.errors import InputError
from tidings.isgri.events import DAY, Events
from tidings.isgri.geometry import SHAPE, module_map
from tidings.isgri.selection import PIXELS, Selection, ontime
from tidings.isgri.window import Cube


def _edges() -> np.ndarray:
    parts = [(13, 100, 1), (100, 200, 2), (200, 300, 5), (300, 500, 10), (500, 1000, 25)]
    return np.concatenate([*(np.arange(low, high, step) for low, high, step in parts), [1000]]).astype(float)


ENERGIES = _edges()
"""Edges of the fine channels [keV]: 1 keV wide to 100, then 2, 5, 10 and 25; whole numbers of keV."""


def channel_range(energies: np.ndarray, e_min: float, e_max: float) -> slice:
    """Return the channels of a band.

    Raises
    ------
    InputError
        A limit of the band is no edge of a channel.
    """
    places = [int(np.argmin(np.abs(energies - limit))) for limit in (e_min, e_max)]
    for limit, place in zip((e_min, e_max), places, strict=True):
        if abs(energies[place] - limit) > 1e-6:
            raise InputError(
                f"{limit:g} keV is no edge of the fine channels; the nearest is {energies[place]:g} keV"
            )
    if places[0] >= places[1]:
        raise InputError(f"the band {e_min:g}-{e_max:g} keV is empty: its end must lie above its start")
    return slice(*places)


def accumulate(
    events: Events,
    energy: np.ndarray,
    selection: Selection,
    edges: Sequence[float],
    dead: np.ndarray,
) -> tuple[Cube, ...]:
    """Count selected events.

    Parameters
    ----------
    energy
        [events] calibrated energies [keV].
    edges
        Of the time bins [IJD], ascending; bins without good time are left out.
    dead
        [8] dead part of the time of each module.

    Returns
    -------
    tuple of Cube
        Counts are uint16, or uint32 when a pixel has more.
    """
    edges = np.asarray(edges, np.float64)
    module = module_map()
    live = np.where(selection.used, 1 - np.asarray(dead)[np.maximum(module, 0)], 0.0)
    channel = channels(energy)
    kept = selection.events & (channel >= 0)
    place = channel[kept].astype(np.int64) * PIXELS + events.pixel[kept]
    bins = np.searchsorted(edges, events.time[kept], side="right") - 1
    cubes = []
    for number, (start, stop) in enumerate(pairwise(edges)):
        good = ontime(events.gti, start, stop)
        if good <= 0:
            continue
        counts = _count(place[bins == number])
        cubes.append(Cube(counts, (good * live).astype(np.float32), start, stop, good))
    if not cubes:
        raise InputError("no time bin has good time: the bins do not overlap the science window")
    return tuple(cubes)


def channels(energy: np.ndarray) -> np.ndarray:
    """Return the channel of each energy [keV] in `ENERGIES` as int16; -1 outside."""
    table = np.full(int(ENERGIES[-1]) + 1, -1, np.int16)
    whole = np.arange(int(ENERGIES[0]), int(ENERGIES[-1]))
    table[whole] = np.searchsorted(ENERGIES, whole, side="right") - 1
    return table[np.clip(energy, 0, ENERGIES[-1]).astype(np.int32)]


def time_edges(events: Events, step: float | None = None, given: Sequence[float] = ()) -> np.ndarray:
    """Return edges of time bins [IJD].

    Parameters
    ----------
    step
        Length of a bin [s], counted from the start of the window; one bin when None.
    given
        Edges [IJD] that are used instead of `step`; those inside the window, with its ends in their place
        where they reach beyond it.

    Raises
    ------
    InputError
        The given edges are not ascending, or none of the bins lies in the window.
    """
    if len(given):
        edges = np.asarray(given, np.float64)
        if len(edges) < 2 or not np.all(np.diff(edges) > 0):
            raise InputError("edges of time bins must ascend, and there must be two at least")
        if edges[-1] <= events.start or edges[0] >= events.stop:
            raise InputError(
                f"time bins from {edges[0]:.6f} to {edges[-1]:.6f} IJD lie outside window {events.swid} "
                f"({events.start:.6f} to {events.stop:.6f})"
            )
        return np.unique(np.clip(edges, events.start, events.stop))
    if step is None:
        return np.array([events.start, events.stop])
    count = max(int(np.ceil((events.stop - events.start) * DAY / step - 1e-6)), 1)
    edges = events.start + np.arange(count + 1) * (step / DAY)
    edges[-1] = events.stop
    return edges


def _count(place: np.ndarray) -> np.ndarray:
    channels_ = len(ENERGIES) - 1
    counts = np.bincount(place, minlength=channels_ * PIXELS)
    kind = np.uint16 if counts.max(initial=0) < 65536 else np.uint32
    return counts.astype(kind).reshape(channels_, *SHAPE)
