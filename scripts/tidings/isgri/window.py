"""What one science window holds between the steps: where it pointed, and its counts per pixel."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Pointing:
    """Attitude of the spacecraft: directions of its X axis (the pointing) and Z axis, FK5/ICRS [deg]."""

    ra_x: float
    dec_x: float
    ra_z: float
    dec_z: float


@dataclass(frozen=True)
class Shadowgram:
    """Counts of one energy band, and what is expected of each pixel; all arrays are [134 z, 130 y].

    Attributes
    ----------
    counts
        Raw counts, never divided by an efficiency, so that they stay Poisson.
    exposure
        Live time times the pixel's efficiency relative to a perfect one [s]; 0 in gaps and rejected pixels.
    background
        Expected background on any scale [counts]; 0 where the exposure is.
    e_min, e_max
        Band [keV].
    """

    counts: np.ndarray
    exposure: np.ndarray
    background: np.ndarray
    e_min: float
    e_max: float


@dataclass(frozen=True)
class Cube:
    """Counts of one time bin in fine energy channels.

    Attributes
    ----------
    counts
        [channels, 134, 130], raw counts of the pixels in use.
    live_time
        [134, 130], good time less dead time [s]; 0 in gaps and pixels not in use.
    start, stop
        First and last instant of the bin [IJD, TT].
    ontime
        Good time in the bin [s].
    """

    counts: np.ndarray
    live_time: np.ndarray
    start: float
    stop: float
    ontime: float


@dataclass(frozen=True)
class Window:
    """One science window: its pointing and its counts, in one or more time bins.

    Attributes
    ----------
    swid
        Identifier of the science window, 12 digits.
    pointing
        Attitude of the spacecraft.
    energies
        [channels + 1], edges of the fine energy channels [keV].
    cubes
        Time bins, in order of time.
    meta
        What the products must state: REVOL, ENERGY_LEVEL (how energies were calibrated), SIMULATED, ...
    """

    swid: str
    pointing: Pointing
    energies: np.ndarray
    cubes: tuple[Cube, ...]
    meta: dict[str, Any] = field(default_factory=dict)

    def total(self) -> Window:
        """Return the window with its time bins added up to one."""
        if len(self.cubes) == 1:
            return self
        cube = Cube(
            sum(cube.counts for cube in self.cubes),
            sum(cube.live_time for cube in self.cubes),
            self.cubes[0].start,
            self.cubes[-1].stop,
            sum(cube.ontime for cube in self.cubes),
        )
        return replace(self, cubes=(cube,))
