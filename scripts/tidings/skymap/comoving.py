"""Credible levels of comoving volume, for maps that reach cosmological distances.

Density per comoving volume is that per Euclidean volume times dV/dV_C(r) = r^2 / (dV_C / (dr dOmega)) at
luminosity distance r. Where it is above a given value is no interval, so that each line of sight is divided
into steps of equal width in (r - mu) / sigma, which are the tile's own: nothing depends on a catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.cosmology import FLRW, Planck18, z_at_value
from numpy.typing import ArrayLike, NDArray

from tidings.skymap._radial import normal
from tidings.skymap.sky import SkyMap
from tidings.skymap.volume import has_distance, look_up

# Steps along a line of sight, of 6 sigma to either side, and entries of the table.
_STEPS = 96
_REACH = 6.0
_TABLE = 1 << 14
_NEGLIGIBLE = 1e-7
# Redshifts between which the cosmology is tabulated.
_REDSHIFT = (1e-6, 20.0)


@dataclass(frozen=True, eq=False)
class ComovingVolume:
    """Levels of comoving volume: ln densities (comoving Mpc^-3) and their levels; the ratio of volumes."""

    log_density: NDArray[np.float64]
    level: NDArray[np.float64]
    log_distance: NDArray[np.float64]
    ratio: NDArray[np.float64]

    def levels_of(self, log_density: ArrayLike) -> NDArray[np.float64]:
        """Return the credible level of ln of the probability per comoving Mpc^3."""
        return look_up(np.asarray(log_density, float), self.log_density, self.level)

    def log_ratio(self, distance: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return ln(dV / dV_C) at luminosity distances (Mpc)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.interp(np.log(distance), self.log_distance, self.ratio)


def volume_ratio(cosmology: FLRW = Planck18) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return ln of luminosity distance (Mpc), ascending, and ln(dV / dV_C) there.

    dV_C = D_H D_M^2 / E(z) dz dOmega (Hogg 1999, astro-ph/9905116, eq. 28), D_L = (1 + z) D_M.
    """
    z = np.geomspace(*_REDSHIFT, 2000)
    distance = cosmology.luminosity_distance(z).to_value(u.Mpc)
    comoving = cosmology.differential_comoving_volume(z).to_value(u.Mpc**3 / u.sr)
    # dD_L/dz = D_M + (1 + z) D_H / E(z), exact where space is flat.
    transverse = cosmology.comoving_transverse_distance(z).to_value(u.Mpc)
    slope = transverse + (1 + z) * cosmology.hubble_distance.to_value(u.Mpc) * cosmology.inv_efunc(z)
    return np.log(distance), np.log(distance**2 * slope / comoving)


def comoving_levels(sky: SkyMap, cosmology: FLRW = Planck18) -> ComovingVolume:
    """Return the levels of comoving volume of a map with distances."""
    good = np.flatnonzero(has_distance(sky))
    good = good[np.argsort(-sky.probability[good], kind="stable")]
    part = np.cumsum(sky.probability[good])
    good = np.sort(good[: 1 + np.searchsorted(part, part[-1] * (1 - _NEGLIGIBLE))])
    mu, sigma = sky.mu[good, None], sky.sigma[good, None]
    lower, upper = np.maximum(mu - _REACH * sigma, 0), np.maximum(mu + _REACH * sigma, 2 * sigma)
    width = (upper - lower) / _STEPS
    r = lower + (np.arange(_STEPS) + 0.5) * width
    log_distance, ratio = volume_ratio(cosmology)
    euclidean = (sky.density * np.nan_to_num(sky.norm))[good, None] * normal(r, mu, sigma)
    probability = (euclidean * r**2 * width * sky.area[good, None]).ravel()
    with np.errstate(divide="ignore"):
        value = (np.log(euclidean) + np.interp(np.log(r), log_distance, ratio)).ravel()
    order = np.argsort(-value, kind="stable")
    # A step's level counts half of it: its own density is its middle.
    cumulative = np.cumsum(probability[order]) - 0.5 * probability[order]
    cumulative /= probability.sum()
    last = np.searchsorted(cumulative, 1 - 1e-7)
    grid = np.linspace(value[order[last - 1]], value[order[0]], _TABLE)
    level = np.interp(grid, value[order[:last]][::-1], cumulative[:last][::-1])
    level[0], level[-1] = 1.0, 0.0
    return ComovingVolume(grid, level, log_distance, ratio)


def distance_of(redshift: ArrayLike, cosmology: FLRW = Planck18) -> NDArray[np.float64]:
    """Return the luminosity distance (Mpc) of redshifts; NaN where they are not positive."""
    redshift = np.asarray(redshift, float)
    z = np.geomspace(*_REDSHIFT, 4000)
    table = np.log(cosmology.luminosity_distance(z).to_value(u.Mpc))
    good = np.where(redshift > _REDSHIFT[0], redshift, np.nan)
    return np.exp(np.interp(np.log(good), np.log(z), table))


def redshift_of(distance: float, cosmology: FLRW = Planck18) -> float:
    """Return the redshift at a luminosity distance (Mpc)."""
    return float(z_at_value(cosmology.luminosity_distance, distance * u.Mpc))
