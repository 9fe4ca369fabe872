"""Distributions of distance: along a line of sight, over the sky, in a credible region or volume.

Each is a sum over tiles of norm * Normal(r; mu, sigma) * r^2 (Singer et al. 2016, ApJL 829, L15, eq. 2),
whole or between two distances, so that density, cumulative distribution and moments are closed forms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray

from tidings.errors import InputError
from tidings.skymap._radial import normal, partial_moments, squares
from tidings.skymap._tables import describe
from tidings.skymap.sky import SkyMap
from tidings.skymap.volume import VolumeLevels, has_distance, log_peak_density, volume_levels

# Distances at which a distribution is evaluated to find its percentiles.
_GRID = 400
# Tiles and distances of one piece of an evaluation.
_PIECE = 1 << 20
# The tiles left out hold this part of the probability together.
_NEGLIGIBLE = 1e-9


@dataclass(frozen=True, eq=False)
class DistancePosterior:
    """A distribution of luminosity distance, normalised.

    Attributes
    ----------
    weight : float64 array [n]
        Probability of each tile within its bounds; of sum 1.
    mu, sigma : float64 array [n]
        Normal factor of each tile, Mpc.
    lower, upper : float64 array [n]
        Bounds in each tile, Mpc; `upper` may be infinite.
    probability : float
        Probability, of the whole map, of the region that this is the distribution of.
    """

    weight: NDArray[np.float64]
    mu: NDArray[np.float64]
    sigma: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    probability: float

    def pdf(self, distance: ArrayLike) -> NDArray[np.float64]:
        """Return the probability density (1 / Mpc) at distances (Mpc)."""
        scale = self.weight / squares(self.mu, self.sigma, self.lower, self.upper)

        def part(r: NDArray[np.float64]) -> NDArray[np.float64]:
            inside = (r >= self.lower) & (r <= self.upper) & (r > 0)
            return np.where(inside, scale * normal(r, self.mu, self.sigma) * r**2, 0.0).sum(axis=1)

        return self._pieces(distance, part)

    def cdf(self, distance: ArrayLike) -> NDArray[np.float64]:
        """Return the probability of being nearer than distances (Mpc)."""
        scale = self.weight / squares(self.mu, self.sigma, self.lower, self.upper)

        def part(r: NDArray[np.float64]) -> NDArray[np.float64]:
            ends = np.clip(r, self.lower, self.upper)
            return (squares(self.mu, self.sigma, self.lower, ends) * scale).sum(axis=1)

        return np.clip(self._pieces(distance, part), 0.0, 1.0)

    @property
    def mean(self) -> float:
        """Mean distance, Mpc."""
        return self._moment(1)

    @property
    def std(self) -> float:
        """Standard deviation of the distance, Mpc."""
        return float(np.sqrt(max(self._moment(2) - self._moment(1) ** 2, 0.0)))

    def percentiles(self, percent: ArrayLike) -> NDArray[np.float64]:
        """Return the distances (Mpc) within which the probability is `percent`, between 0 and 100."""
        wanted = np.atleast_1d(np.asarray(percent, float)) / 100
        if np.any((wanted <= 0) | (wanted >= 1)):
            raise InputError(f"percentiles {percent} are not all between 0 and 100")
        nodes, cumulative = self._grid()
        place = np.clip(np.searchsorted(cumulative, wanted), 1, len(nodes) - 1)
        low, high = nodes[place - 1], nodes[place]
        for _ in range(20):
            middle = 0.5 * (low + high)
            below = self.cdf(middle) < wanted
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return 0.5 * (low + high)

    def range(self) -> tuple[float, float]:
        """Return distances (Mpc) between which all but a thousandth of the probability lies."""
        nodes, cumulative = self._grid()
        return float(np.interp(5e-4, cumulative, nodes)), float(np.interp(1 - 5e-4, cumulative, nodes))

    def _grid(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        reach = np.minimum(self.upper, np.maximum(self.mu, 0) + 6 * self.sigma)
        # A line of sight of little weight may reach very far.
        order = np.argsort(reach)
        beyond = np.cumsum(self.weight[order]) < 1 - 1e-7
        nodes = np.linspace(0.0, reach[order[min(beyond.sum(), len(order) - 1)]], _GRID)
        return nodes, self.cdf(nodes)

    def _moment(self, power: int) -> float:
        moments = partial_moments(self.mu, self.sigma, self.lower, self.upper, highest=2 + power)
        return float(np.sum(self.weight * moments[2 + power] / moments[2]))

    def _pieces(self, distance: ArrayLike, part) -> NDArray[np.float64]:
        distance = np.asarray(distance, float)
        flat = distance.ravel()
        step = max(1, _PIECE // len(self.mu))
        values = [part(flat[i : i + step, None]) for i in range(0, len(flat), step)]
        return np.concatenate([*values, np.empty(0)]).reshape(distance.shape)


def line_of_sight(sky: SkyMap, lon: float, lat: float) -> DistancePosterior:
    """Return the distribution of distance in the direction of a position (deg).

    Raises
    ------
    InputError
        The map has no distances, or none in this direction.
    """
    tile = sky.tiles_at(lon, lat).reshape(1)
    if not has_distance(sky)[tile[0]]:
        raise InputError(
            f"the map has no distance at RA {lon:g}, Dec {lat:g}: its probability there is "
            f"{sky.density[tile[0]]:.1e} per sr"
        )
    return _posterior(sky, tile, np.zeros(1), np.full(1, np.inf))


def over_sky(sky: SkyMap, level: float = 1.0) -> DistancePosterior:
    """Return the distribution of distance over the sky, or in the 2-D credible region of `level`, 0 to 1."""
    good = has_distance(sky)
    if level < 1:
        good &= sky.credible_levels() <= level
        if not good.any():
            raise InputError(
                f"no whole tile lies in the credible region of {100 * level:g} %: give a larger one"
            )
    tiles = np.flatnonzero(good)
    return _posterior(sky, tiles, np.zeros(len(tiles)), np.full(len(tiles), np.inf))


def in_volume(sky: SkyMap, level: float, levels: VolumeLevels | None = None) -> DistancePosterior:
    """Return the distribution of distance in the 3-D credible volume of `level`, between 0 and 1."""
    levels = volume_levels(sky) if levels is None else levels
    least = levels.log_density_at(level)
    peak = log_peak_density(sky)
    tiles = np.flatnonzero(peak > least)
    width = sky.sigma[tiles] * np.sqrt(2 * (peak[tiles] - least))
    lower, upper = np.maximum(sky.mu[tiles] - width, 0), np.maximum(sky.mu[tiles] + width, 0)
    some = upper > lower
    return _posterior(sky, tiles[some], lower[some], upper[some])


def tile_distances(sky: SkyMap) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation (Mpc) of the distance in each tile; NaN where there is none."""
    good = has_distance(sky)
    mean, std = np.full(len(sky), np.nan), np.full(len(sky), np.nan)
    moments = partial_moments(sky.mu[good], sky.sigma[good])
    mean[good] = moments[3] / moments[2]
    std[good] = np.sqrt(np.maximum(moments[4] / moments[2] - mean[good] ** 2, 0))
    return mean, std


def conditional_pdf(sky: SkyMap, tiles: NDArray[np.int64], distance: ArrayLike) -> NDArray[np.float64]:
    """Return the density (1 / Mpc) of distance (Mpc) given the direction, for pairs of tile and distance."""
    good = has_distance(sky)[tiles]
    r = np.asarray(distance, float)
    mu, sigma = np.where(good, sky.mu[tiles], 0.0), np.where(good, sky.sigma[tiles], 1.0)
    norm = np.where(good, sky.norm[tiles], 0.0)
    return np.where(r > 0, norm * normal(r, mu, sigma) * r**2, 0.0)


def distance_table(posteriors: dict[str, DistancePosterior], points: int = 500) -> Table:
    """Return density and cumulative distribution of posteriors on one axis.

    Parameters
    ----------
    posteriors : dict
        By name: columns are ``pdf_<name>`` and ``cdf_<name>``. The summary of each is in the meta.
    points : int
        Rows, over the range of all.
    """
    ranges = [posterior.range() for posterior in posteriors.values()]
    axis = np.linspace(min(r[0] for r in ranges), max(r[1] for r in ranges), points)
    table = Table({"distance": axis})
    columns = {"distance": ("Mpc", "luminosity distance", "pos.distance")}
    for name, posterior in posteriors.items():
        table[f"pdf_{name}"] = posterior.pdf(axis)
        columns[f"pdf_{name}"] = ("1 / Mpc", "probability density", "stat.probability;pos.distance")
        table[f"cdf_{name}"] = posterior.cdf(axis)
        columns[f"cdf_{name}"] = (None, "probability of being nearer", "stat.probability")
    describe(table, columns)
    table.meta["posteriors"] = {name: summary(posterior) for name, posterior in posteriors.items()}
    return table


def summary(posterior: DistancePosterior) -> dict[str, float]:
    """Return mean, standard deviation and percentiles (Mpc) of a distribution, and its probability."""
    percent = (5, 16, 50, 84, 95)
    found = zip(percent, posterior.percentiles(percent), strict=True)
    return {
        "probability": posterior.probability,
        "mean": posterior.mean,
        "std": posterior.std,
        **{f"p{number:02d}": float(value) for number, value in found},
    }


def _posterior(
    sky: SkyMap, tiles: NDArray[np.int64], lower: NDArray[np.float64], upper: NDArray[np.float64]
) -> DistancePosterior:
    mu, sigma = sky.mu[tiles], sky.sigma[tiles]
    inside = squares(mu, sigma, lower, upper) / squares(mu, sigma, 0.0, np.inf)
    weight = sky.probability[tiles] * inside
    total = float(weight.sum())
    rank = np.argsort(-weight, kind="stable")
    keep = np.sort(rank[: 1 + np.searchsorted(np.cumsum(weight[rank]), total * (1 - _NEGLIGIBLE))])
    weight = weight[keep] / weight[keep].sum()
    return DistancePosterior(weight, mu[keep], sigma[keep], lower[keep], upper[keep], total)
