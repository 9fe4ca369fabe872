"""Credible volumes of a map with distances, in closed form.

In tile i, of density p (1/sr), the probability per volume at distance r is

    rho(r) = p norm Normal(r; mu, sigma) = A exp(-(r - mu)^2 / (2 sigma^2)),

so that the part of the line of sight where it is above any value rho is the interval |r - mu| < sigma sqrt(2
ln(A / rho)), and the probability in it an integral of r^2 times a normal distribution, which is closed. The
credible level of rho is the sum of it over the tiles: there is no grid in distance, and the level of a galaxy
depends on the map alone. (Singer et al. 2016, ApJL 829, L15 define the map and rank galaxies by rho.)

Levels are of the probability for which the map has distances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from tidings.errors import InputError
from tidings.skymap._radial import squares
from tidings.skymap.sky import SkyMap

# The tiles left out of the level function hold this probability together.
_NEGLIGIBLE = 1e-9
# ln A - ln rho at which a line of sight has all but 1e-9 of its probability.
_DEPTH = 21.0
# ln densities at which the level is computed at first; then intervals are halved whose middle is off their
# chord by more than the bend, or that are higher than the step. A cubic through all fills the table.
_NODES = 64
_BEND = 1e-3
_STEP = 0.01
_HALVINGS = 14
_TABLE = 1 << 15


@dataclass(frozen=True, eq=False)
class VolumeLevels:
    """The credible level as a function of the probability per volume.

    Attributes
    ----------
    log_density : float64 array [n]
        ln of the probability per Mpc^3, ascending in equal steps.
    level : float64 array [n]
        Credible level, 0 to 1: the probability where the density is larger; descending.
    area, mu, sigma, log_peak, probability : float64 array [m]
        Of the tiles with distances, `log_peak` descending: area (sr), normal factor (Mpc), ln of the density
        at its mean, probability as a part of their sum.
    coverage : float
        Probability for which the map has distances; levels are parts of it.
    """

    log_density: NDArray[np.float64]
    level: NDArray[np.float64]
    area: NDArray[np.float64]
    mu: NDArray[np.float64]
    sigma: NDArray[np.float64]
    log_peak: NDArray[np.float64]
    probability: NDArray[np.float64]
    coverage: float

    def levels_of(self, log_density: ArrayLike) -> NDArray[np.float64]:
        """Return the credible level of densities, given as ln of the probability per Mpc^3; NaN of NaN."""
        return look_up(np.asarray(log_density, float), self.log_density, self.level)

    def exact_level(self, log_density: float) -> float:
        """Return the credible level of one density without the table."""
        count = np.searchsorted(-self.log_peak, -log_density)
        lower, upper = self._interval(log_density, count)
        mu, sigma = self.mu[:count], self.sigma[:count]
        whole = squares(mu, sigma, 0.0, np.inf)
        return float(np.sum(self.probability[:count] * squares(mu, sigma, lower, upper) / whole))

    def log_density_at(self, level: float) -> float:
        """Return ln of the density (Mpc^-3) on the surface of the credible volume of `level`, 0 to 1."""
        if not 0 < level < 1:
            raise InputError(f"credible level {level:g} is not between 0 and 1")
        falling = -self.level
        start, end = (np.searchsorted(falling, -level, side=side) for side in ("left", "right"))
        # Wider than the error of the table.
        low, high = (
            self.log_density[start - 1 if start else 0] - 0.1,
            self.log_density[min(end, len(falling) - 1)] + 0.1,
        )
        for _ in range(40):
            middle = 0.5 * (low + high)
            if self.exact_level(middle) > level:
                low = middle
            else:
                high = middle
        return 0.5 * (low + high)

    def volume(self, level: float) -> float:
        """Return the volume (Mpc^3) of the credible region of `level`, 0 to 1."""
        log_density = self.log_density_at(level)
        count = np.searchsorted(-self.log_peak, -log_density)
        lower, upper = self._interval(log_density, count)
        return float(np.sum(self.area[:count] * (upper**3 - lower**3) / 3))

    def _interval(self, log_density: float, count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where the first `count` lines of sight are denser, Mpc."""
        width = self.sigma[:count] * np.sqrt(2 * np.maximum(self.log_peak[:count] - log_density, 0))
        return np.maximum(self.mu[:count] - width, 0), np.maximum(self.mu[:count] + width, 0)


def look_up(
    value: NDArray[np.float64], grid: NDArray[np.float64], table: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return a table at values of its ascending, equidistant grid, linearly; its ends beyond; NaN of NaN.

    np.interp searches the grid for each value: with a grid of 3e4 that takes longer than all of the rest.
    """
    place = np.atleast_1d(value - grid[0])
    place *= (len(grid) - 1) / (grid[-1] - grid[0])
    # Unlike np.clip these two turn NaN into a number, which can be an index.
    np.fmin(np.fmax(place, 0.0), len(grid) - 1.0, out=place)
    index = place.astype(np.int32)
    place -= index
    steps = np.append(np.diff(table), 0.0)
    place *= steps[index]
    place += table[index]
    missing = np.isnan(value)
    if missing.any():
        place[np.atleast_1d(missing)] = np.nan
    return place.reshape(np.shape(value))


def log_peak_density(sky: SkyMap) -> NDArray[np.float64]:
    """Return ln of the density (Mpc^-3) at r = mu of each tile; -inf where there is no distance."""
    good = has_distance(sky)
    peak = np.full(len(sky), -np.inf)
    peak[good] = np.log(sky.density[good]) + np.log(sky.norm[good] / (np.sqrt(2 * np.pi) * sky.sigma[good]))
    return peak


def has_distance(sky: SkyMap) -> NDArray[np.bool_]:
    """Return which tiles have a distance and any probability.

    Raises
    ------
    InputError
        The map has no distances, or none that is finite.
    """
    if not sky.has_distance:
        raise InputError(
            "the map has no distances (DISTMU, DISTSIGMA, DISTNORM): volumes and distances need a 3-D map"
        )
    with np.errstate(invalid="ignore"):
        good = np.isfinite(sky.mu) & (sky.sigma > 0) & np.isfinite(sky.sigma) & (sky.norm > 0)
        good &= np.isfinite(sky.norm) & (sky.density > 0)
    if not good.any():
        raise InputError("the distances of all tiles of the map are infinite or missing: use it as a 2-D map")
    return good


def volume_levels(sky: SkyMap) -> VolumeLevels:
    """Return the level function of a map with distances.

    Raises
    ------
    InputError
        The map has no distances.
    """
    good = has_distance(sky)
    probability = sky.probability[good]
    peak = log_peak_density(sky)[good]
    order = np.argsort(-peak, kind="stable")
    coverage = float(probability.sum())
    area, mu, sigma = (column[good][order] for column in (sky.area, sky.mu, sky.sigma))
    peak, part = peak[order], probability[order] / coverage
    nodes, levels = _level_function(mu, sigma, peak, part)
    grid = np.linspace(nodes[0], nodes[-1], _TABLE)
    table = np.clip(PchipInterpolator(nodes, levels)(grid), 0, 1)
    # The last digits of the spline must not make a thinner place rank before a denser one.
    table = np.maximum.accumulate(table[::-1])[::-1]
    table[0], table[-1] = 1.0, 0.0
    return VolumeLevels(grid, table, area, mu, sigma, peak, part, coverage)


@dataclass(frozen=True, eq=False)
class _Lines:
    """The lines of sight that matter, `peak` descending."""

    mu: NDArray[np.float64]
    sigma: NDArray[np.float64]
    peak: NDArray[np.float64]
    weight: NDArray[np.float64]

    def levels(self, nodes: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the level at each ln density."""
        levels = np.zeros(len(nodes))
        for i, node in enumerate(nodes):
            count = np.searchsorted(-self.peak, -node)
            mu, sigma = self.mu[:count], self.sigma[:count]
            width = sigma * np.sqrt(2 * (self.peak[:count] - node))
            inside = squares(mu, sigma, np.maximum(mu - width, 0), np.maximum(mu + width, 0))
            levels[i] = np.sum(self.weight[:count] * inside)
        return levels


def _level_function(
    mu: NDArray[np.float64], sigma: NDArray[np.float64], peak: NDArray[np.float64], part: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ln densities, ascending, and their levels: closer where the level falls fast."""
    # Only tiles that matter: most of a map holds next to nothing.
    rank = np.argsort(-part, kind="stable")
    keep = np.sort(rank[: 1 + np.searchsorted(np.cumsum(part[rank]), 1 - _NEGLIGIBLE)])
    mu, sigma, peak, part = mu[keep], sigma[keep], peak[keep], part[keep]
    lines = _Lines(mu, sigma, peak, part / squares(mu, sigma, 0.0, np.inf))
    nodes = np.linspace(peak[-1] - _DEPTH, peak[0], _NODES)
    levels = lines.levels(nodes)
    bent = np.arange(len(nodes) - 1)
    for _ in range(_HALVINGS):
        middle = 0.5 * (nodes[bent] + nodes[bent + 1])
        level = lines.levels(middle)
        off = np.abs(level - 0.5 * (levels[bent] + levels[bent + 1])) > _BEND
        # Where a probable line of sight begins the level rises as a root, which a chord's middle may hide.
        off |= levels[bent] - levels[bent + 1] > _STEP
        nodes, levels = np.insert(nodes, bent + 1, middle), np.insert(levels, bent + 1, level)
        # Both halves of what was bent are looked at again.
        left = (bent + np.arange(len(bent)))[off]
        bent = np.sort(np.concatenate((left, left + 1)))
        if not len(bent):
            break
    return nodes, levels
