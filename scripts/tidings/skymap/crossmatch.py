"""What a map says at positions: 2-D and 3-D credible level, probability per area and per volume.

All is looked up, in pieces that fit the processor's cache: the tile from the sorted tiles, the 3-D level from
the table of the level function (`tidings.skymap.volume`). No result depends on the other positions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from cdshealpix import cdshealpix
from numpy.typing import ArrayLike, NDArray

from tidings.errors import InputError
from tidings.skymap.comoving import ComovingVolume
from tidings.skymap.sky import MAX_ORDER, SkyMap
from tidings.skymap.volume import VolumeLevels, has_distance, log_peak_density, volume_levels

CHUNK = 1 << 15
"""Positions looked up at once: a dozen arrays of them stay in a second-level cache."""

# Positions whose pixels are found at once: each call starts a thread.
_PIXELS = 1 << 19


@dataclass(frozen=True, eq=False)
class Match:
    """What a map says at positions.

    Attributes
    ----------
    level : float64 array [n]
        2-D credible level of the position, 0 to 1: that of its tile.
    density : float64 array [n]
        Probability per steradian.
    level_3d : float64 array [n] or None
        Credible level among volumes; 1 where the map has no distance; NaN without distance of the object.
    density_3d : float64 array [n] or None
        Probability per Mpc^3, likewise; of comoving volume if the match was asked for that.
    """

    level: NDArray[np.float64]
    density: NDArray[np.float64]
    level_3d: NDArray[np.float64] | None = None
    density_3d: NDArray[np.float64] | None = None

    def __len__(self) -> int:
        return len(self.level)


class Matcher:
    """The tables of a map that a match looks up; make it once for many pieces of a catalogue.

    Parameters
    ----------
    sky : SkyMap
        2-D or 3-D.
    levels : VolumeLevels, optional
        Level function of the map, where it is at hand.
    comoving : ComovingVolume, optional
        Levels and densities of comoving volume instead of Euclidean.
    """

    def __init__(
        self, sky: SkyMap, levels: VolumeLevels | None = None, comoving: ComovingVolume | None = None
    ) -> None:
        self.sky = sky
        self.level = sky.credible_levels()
        self.levels = levels
        self.comoving = comoving
        if sky.has_distance:
            self._prepare()

    def _prepare(self) -> None:
        sky, good = self.sky, has_distance(self.sky)
        self.levels = volume_levels(sky) if self.levels is None else self.levels
        # Without a distance: the middle of nowhere, with ln density -inf there.
        self.mu = np.where(good, sky.mu, 0.0)
        self.sigma = np.where(good, sky.sigma, 1.0)
        self.peak = log_peak_density(sky)

    def levels_of(self, log_density: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the 3-D credible level of ln of the probability per volume."""
        return (self.levels if self.comoving is None else self.comoving).levels_of(log_density)

    def match(
        self,
        lon: ArrayLike,
        lat: ArrayLike,
        distance: ArrayLike | None = None,
        distance_error: ArrayLike | None = None,
        *,
        pixels: NDArray[np.int64] | None = None,
    ) -> Match:
        """Return what the map says at positions.

        Parameters
        ----------
        lon, lat : array [n]
            Right ascension and declination, deg.
        distance : array [n], optional
            Luminosity distance, Mpc; NaN where it is not known.
        distance_error : array [n], optional
            Its standard deviation, Mpc; NaN counts as 0. The density is then its mean over the normal
            distribution of the distance, which has the variances added; the level is the one of that density.
        pixels : int64 array [n], optional
            Pixels (NESTED) of order 29 of the positions, where they are known; `lon` and `lat` are not used.

        Raises
        ------
        InputError
            A position is not on the sky or the arrays differ in length.
        """
        columns = [
            None if c is None else np.atleast_1d(np.asarray(c, float))
            for c in (lon, lat, distance, distance_error)
        ]
        size = len(columns[0]) if pixels is None else len(pixels)
        lengths = {len(c) for c in columns if c is not None}
        if lengths - {size}:
            raise InputError(f"columns of one catalogue differ in length: {sorted(lengths | {size})}")
        solid = self.sky.has_distance and columns[2] is not None
        out = [np.empty(size) for _ in range(4 if solid else 2)]
        buffers = _Buffers(min(size, _PIXELS), self.sky.order)
        for block in range(0, size, _PIXELS):
            end = min(block + _PIXELS, size)
            if pixels is None:
                found = buffers.pixels(columns[0][block:end], columns[1][block:end], block)
            else:
                found = pixels[block:end] >> (2 * (MAX_ORDER - self.sky.order))
            for i in range(block, end, CHUNK):
                part = slice(i, min(i + CHUNK, end))
                tiles = self.sky.tiles_of(found[part.start - block : part.stop - block])
                self._look_up(tiles, part, columns[2:], out, buffers.work[:, : len(tiles)])
        return Match(*out)

    def _look_up(
        self,
        tiles: NDArray[np.int64],
        part: slice,
        distances: list[NDArray[np.float64] | None],
        out: list[NDArray[np.float64]],
        work: NDArray[np.float64],
    ) -> None:
        """Fill a part of the results."""
        # Any mode but the default writes to `out` without a copy.
        np.take(self.level, tiles, out=out[0][part], mode="clip")
        np.take(self.sky.density, tiles, out=out[1][part], mode="clip")
        if len(out) == 2:
            return
        distance, error = (None if column is None else column[part] for column in distances)
        value = self._log_density(tiles, distance, error, work)
        out[2][part] = self.levels_of(value)
        np.exp(value, out=out[3][part])

    def _log_density(
        self,
        tiles: NDArray[np.int64],
        distance: NDArray[np.float64],
        error: NDArray[np.float64] | None,
        work: NDArray[np.float64],
    ) -> NDArray[np.float64]:
        """Return ln of the density per volume at a distance (Mpc) in each tile; `work` is [3, n], to be used.

        The arrays are those of the piece before: the system takes longer to give new ones than all the rest.
        """
        value, z, sigma = work
        np.take(self.sigma, tiles, out=sigma, mode="clip")
        np.take(self.peak, tiles, out=value, mode="clip")
        np.take(self.mu, tiles, out=z, mode="clip")
        if error is not None:
            wider = np.sqrt(sigma * sigma + np.nan_to_num(error) ** 2)
            value += np.log(sigma / wider)
            sigma = wider
        np.subtract(distance, z, out=z)
        z /= sigma
        z *= z
        z *= 0.5
        value -= z
        # A distance that is no distance: the universe begins at zero.
        nowhere = ~(distance > 0)
        if nowhere.any():
            value[nowhere] = np.where(np.isnan(distance[nowhere]), np.nan, -np.inf)
        if self.comoving is not None:
            value += self.comoving.log_ratio(distance)
        return value


def crossmatch(
    sky: SkyMap,
    lon: ArrayLike,
    lat: ArrayLike,
    distance: ArrayLike | None = None,
    distance_error: ArrayLike | None = None,
    *,
    levels: VolumeLevels | None = None,
    comoving: ComovingVolume | None = None,
) -> Match:
    """Return what a map says at positions; see `Matcher` and `Matcher.match` for the parameters."""
    return Matcher(sky, levels, comoving).match(lon, lat, distance, distance_error)


class _Buffers:
    """Arrays for the pixels of one piece, used again for the next."""

    def __init__(self, size: int, order: int) -> None:
        self.depth = np.full(size, order, np.uint8)
        self.pixel = np.empty(size, np.uint64)
        self.offsets = np.empty((2, size))
        self.angles = np.empty((2, size))
        self.work = np.empty((3, min(size, CHUNK)))

    def pixels(self, lon: NDArray[np.float64], lat: NDArray[np.float64], offset: int) -> NDArray[np.int64]:
        """Return the pixels (NESTED) of positions (deg); `offset` is the number of the first, for errors."""
        n = len(lon)
        _check(lon, lat, offset)
        a, b = self.angles[0, :n], self.angles[1, :n]
        np.multiply(lon, np.pi / 180, out=a)
        np.multiply(lat, np.pi / 180, out=b)
        # The function below the public one: wrapping positions into Longitude takes longer than the pixels.
        cdshealpix.lonlat_to_healpix(
            self.depth[:n], a, b, self.pixel[:n], self.offsets[0, :n], self.offsets[1, :n], np.uint16(1)
        )
        return self.pixel[:n].view(np.int64)


def _check(lon: NDArray[np.float64], lat: NDArray[np.float64], offset: int) -> None:
    """Refuse positions that are not on the sky; of these, ±inf and NaN fail every comparison."""
    low, high, south, north = lon.min(), lon.max(), lat.min(), lat.max()
    if low >= -360 and high <= 720 and south >= -90 and north <= 90:
        return
    bad = np.flatnonzero(~((np.abs(lat) <= 90) & (lon >= -360) & (lon <= 720)))
    i = bad[0]
    raise InputError(
        f"position {offset + i} is not on the sky: RA {lon[i]:g}, Dec {lat[i]:g}; give degrees, "
        "right ascension 0 to 360, declination -90 to 90 (are the columns exchanged?)"
    )
