"""A spectrogram in memory: the map, its axes and mask, the tables of planes and tiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class QSpectrogram:
    """Energy of a Q-transform on a regular grid, and its loudest tiles.

    Attributes
    ----------
    energy
        Normalised energy, float32, shape (n_time, n_frequency).
    times
        GPS times [s] of the pixels (centres; in gwpy's mode the sampled instants), shape (n_time,).
    t0, dt
        GPS time [s] of the first pixel, and the duration [s] of a pixel.
    frequencies
        Frequencies [Hz], shape (n_frequency,).
    q
        Quality factor of the plane shown.
    normalisation
        "mean": by the expected energy of the noise; "median": by the row's median; "none".
    valid
        False where an edge of the data, a gap or the Nyquist frequency reaches the tile; shape of energy.
    planes
        One row per plane: q, and the time, frequency, energy and snr of its loudest tile.
    tiles
        Loudest tiles of all planes searched that do not overlap, loudest first.
    """

    energy: NDArray[np.float32]
    times: FloatArray
    t0: float
    dt: float
    frequencies: FloatArray
    q: float
    normalisation: str
    valid: NDArray[np.bool_]
    planes: Table
    tiles: Table


def described_table(columns: Sequence[tuple[str, ArrayLike, u.UnitBase | None, str]]) -> Table:
    """Make a table of columns given as name, values, unit (None for a pure number) and description."""
    names, values, units, texts = zip(*columns, strict=True)
    known = {name: unit for name, unit in zip(names, units, strict=True) if unit is not None}
    described = dict(zip(names, texts, strict=True))
    return Table(list(values), names=names, units=known, descriptions=described, copy=False)
