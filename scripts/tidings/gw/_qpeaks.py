"""Loudest tiles of a Q-transform: candidates, refinement, and the choice of those that do not overlap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from tidings.gw import tiling
from tidings.gw._qrows import Series, cut

FloatArray = NDArray[np.float64]
#: Normalised amplitude that noise exceeds in 2 % of samples: quieter tiles are not worth listing.
QUIET = 2.0

Norm = Callable[[FloatArray, FloatArray], FloatArray]


@dataclass(frozen=True)
class Tiles:
    """Tiles as columns of one length: time [s], frequency [Hz], quality factor, plane, normalised energy."""

    time: FloatArray
    frequency: FloatArray
    q: FloatArray
    plane: NDArray[np.int64]
    energy: FloatArray

    def take(self, index: NDArray[np.int64]) -> Tiles:
        return Tiles(*(getattr(self, name)[index] for name in self.__dataclass_fields__))


def join(parts: list[Tiles]) -> Tiles:
    """All tiles of several lists."""
    return Tiles(*(np.concatenate([getattr(p, name) for p in parts]) for name in Tiles.__dataclass_fields__))


def local_maxima(amplitude: NDArray[np.float32], most: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of the ``most`` loudest samples that are not below their neighbours in time.

    Only samples of amplitude above `QUIET` are looked at, unless none is.
    """
    n = amplitude.shape[1]
    flat = amplitude.ravel()
    for level in (QUIET, 0.0):
        at = np.flatnonzero(flat > level)
        column = at % n
        at = at[(column > 0) & (column < n - 1)]
        at = at[(flat[at] >= flat[at - 1]) & (flat[at] > flat[at + 1])]
        if at.size:
            break
    if at.size > most:
        at = at[np.argpartition(-flat[at], most)[:most]]
    return at // n, at % n


def separate(tiles: Tiles, most: int) -> NDArray[np.int64]:
    """Indices of the loudest tiles of which none overlaps a louder one, loudest first."""
    order = np.argsort(-tiles.energy, kind="stable")
    width = tiling.bandwidth(tiles.frequency, tiles.q)
    chosen: list[int] = []
    while order.size and len(chosen) < most:
        best = order[0]
        chosen.append(int(best))
        apart_time = 2 * np.abs(tiles.time[order] - tiles.time[best]) >= 1 / width[order] + 1 / width[best]
        apart_frequency = (
            2 * np.abs(tiles.frequency[order] - tiles.frequency[best]) >= width[order] + width[best]
        )
        keep = apart_time | apart_frequency
        keep[0] = False
        order = order[keep]
    return np.array(chosen, dtype=np.int64)


def _local_spectra(
    series: Series, tiles: Tiles, reach: float
) -> tuple[NDArray[np.complex128], FloatArray, FloatArray]:
    """Spectrum around each tile (rows), its frequencies [Hz], and the tile's time in its data [s]."""
    half = tiling.half_width(tiles.frequency, tiles.q)
    margin = reach / half
    size = np.array([fft.next_fast_len(int(2 * m * series.rate) + 8, real=True) for m in margin])
    first = np.ceil((tiles.frequency - 1.4 * half) * size / series.rate).astype(np.int64)
    first = np.maximum(first, 1)
    bins = int(np.max(2.8 * half * size / series.rate)) + 2
    values = np.zeros((size.size, bins), dtype=np.complex128)
    begins = np.empty(size.size)
    for i, n in enumerate(size):
        data, begins[i] = cut(series, tiles.time[i] - 0.5 * n / series.rate, int(n), 0.25 * margin[i])
        part = fft.rfft(data)[first[i] : first[i] + bins]
        values[i, : part.size] = part * float(np.sqrt(2) / n)
    frequency = (first[:, None] + np.arange(bins)) * (series.rate / size)[:, None]
    return values, frequency, tiles.time - begins


def refine(series: Series, tiles: Tiles, norm: Norm, bounds: FloatArray, reach: float) -> Tiles:
    """Move each tile to the maximum of its energy in time and frequency, at its Q.

    The energy is evaluated directly on three times by three frequencies around each tile; the tile
    moves to the maximum of the parabola through them, on an ever smaller scale.

    Parameters
    ----------
    series
        Whitened data.
    tiles
        Tiles to refine.
    norm
        Expected squared modulus of tiles at given frequencies and quality factors.
    bounds
        Lowest and highest frequency [Hz] allowed, shape (n, 2).
    reach
        Data kept on either side of a tile, as time times half width.
    """
    values, grid, lag = _local_spectra(series, tiles, reach)
    half = tiling.half_width(tiles.frequency, tiles.q)
    step_t, step_f = 0.16 / half, 0.2 * half
    dt, f = np.zeros(tiles.time.size), np.clip(tiles.frequency, bounds[:, 0], bounds[:, 1])
    energy = tiles.energy
    nodes = np.clip(f[:, None] + half[:, None] * np.linspace(-0.6, 0.6, 5), bounds[:, :1], bounds[:, 1:])
    level = norm(nodes, np.broadcast_to(tiles.q[:, None], nodes.shape))
    three = np.array([-1.0, 0.0, 1.0])
    for _ in range(4):
        fs = np.clip(f[:, None] + step_f[:, None] * three, bounds[:, :1], bounds[:, 1:])
        times = dt[:, None] + step_t[:, None] * three
        window = tiling.bisquare(grid[:, None, :], fs[:, :, None], tiles.q[:, None, None])
        phase = np.exp(2j * pi * grid[:, :, None] * (lag[:, None, None] + times[:, None, :]))
        z = (values[:, None, :] * window) @ phase
        map_ = np.square(z.real) + np.square(z.imag)
        map_ /= _at_nodes(fs, nodes, level)[:, :, None]
        move_f, move_t, energy = _parabola(map_)
        f, dt = f + move_f * (fs[:, 2] - fs[:, 0]) / 2, dt + move_t * step_t
        f = np.clip(f, bounds[:, 0], bounds[:, 1])
        step_t, step_f = step_t * 0.45, step_f * 0.45
    energy = energy * _at_nodes(f[:, None], nodes, level)[:, 0] / norm(f, tiles.q)
    return Tiles(tiles.time + dt, f, tiles.q, tiles.plane, energy)


def _at_nodes(f: FloatArray, nodes: FloatArray, level: FloatArray) -> FloatArray:
    """Row-wise linear interpolation of ``level`` given at ``nodes``: the norm varies slowly over a tile."""
    rows = np.arange(f.shape[0])[:, None]
    left = np.clip((f[:, :, None] >= nodes[:, None, :]).sum(axis=2) - 1, 0, nodes.shape[1] - 2)
    low, high = nodes[rows, left], nodes[rows, left + 1]
    share = np.clip((f - low) / np.where(high > low, high - low, 1), 0, 1)
    return level[rows, left] + share * (level[rows, left + 1] - level[rows, left])


def _parabola(energy: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Steps from the centre of 3 x 3 energies (frequency, time) to the maximum, and the energy there."""
    n = np.arange(energy.shape[0])
    best = energy.reshape(energy.shape[0], 9).argmax(axis=1)
    gf, gt = (energy[:, 2, 1] - energy[:, 0, 1]) / 2, (energy[:, 1, 2] - energy[:, 1, 0]) / 2
    centre = energy[:, 1, 1]
    hff = energy[:, 2, 1] + energy[:, 0, 1] - 2 * centre
    htt = energy[:, 1, 2] + energy[:, 1, 0] - 2 * centre
    hft = (energy[:, 2, 2] + energy[:, 0, 0] - energy[:, 2, 0] - energy[:, 0, 2]) / 4
    det = hff * htt - hft**2
    with np.errstate(divide="ignore", invalid="ignore"):
        move_f, move_t = (hft * gt - htt * gf) / det, (hft * gf - hff * gt) / det
        top = centre + 0.5 * (gf * move_f + gt * move_t)
    # Off the parabola's validity the best of the nine points is the next centre.
    sound = (hff < 0) & (htt < 0) & (det > 0) & (np.abs(move_f) <= 1.2) & (np.abs(move_t) <= 1.2)
    move_f = np.where(sound, move_f, best // 3 - 1.0)
    move_t = np.where(sound, move_t, best % 3 - 1.0)
    return move_f, move_t, np.where(sound, top, energy[n, best // 3, best % 3])
