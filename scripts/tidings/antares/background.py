"""Background in a region of the sky: the declination distribution of the events, which the Earth's rotation
spreads evenly in right ascension."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from tidings.antares.sample import Events

HIGHEST = 52.8
"""Declination of the northernmost event of the sample [deg]: above it there is nothing."""
_DEGREE = 6
_NODES = 400
_RINGS = 64


@dataclass(frozen=True)
class Declination:
    """Density of the background on the sky against declination, fitted to events.

    Attributes
    ----------
    coefficients, covariance
        [7] and [7, 7], of the Legendre polynomials whose sum is the logarithm of the events per steradian, on
        sin(declination) from -1 to `top` stretched to -1 to 1.
    top
        sin(declination) above which there is none.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    top: float

    @classmethod
    def fit(cls, events: Events) -> Declination:
        """Fit by maximum likelihood, without bins.

        The logarithm of the density is a polynomial of degree 6. Its likelihood has one maximum, which
        Newton's method finds; the covariance is the inverse of the second derivatives, so that the total
        has the Poisson error of the number of events.
        """
        sine = np.sin(np.deg2rad(events.dec))
        top = max(np.sin(np.deg2rad(HIGHEST)), float(sine.max()))
        x, weight = legendre.leggauss(_NODES)
        # Solid angle of a ring per stretched sine: 2 pi d(sin dec).
        weight = weight * 2 * np.pi * (top + 1) / 2
        basis, observed = _basis(x), _basis(_stretch(sine, top)).sum(0)
        coefficients = np.zeros(_DEGREE + 1)
        coefficients[0] = np.log(len(events) / weight.sum())
        for _ in range(100):
            density = np.exp(basis @ coefficients) * weight
            normal = basis.T @ (density[:, None] * basis)
            step = np.linalg.solve(normal, observed - basis.T @ density)
            coefficients = coefficients + step / max(1.0, np.abs(step).max())
            if np.abs(step).max() < 1e-10:
                break
        return cls(coefficients, np.linalg.inv(normal), top)

    def density(self, dec: np.ndarray) -> np.ndarray:
        """Return the events per steradian at declinations [deg]."""
        sine = np.sin(np.deg2rad(np.asarray(dec, float)))
        inside = np.exp(_basis(_stretch(np.minimum(sine, self.top), self.top)) @ self.coefficients)
        return np.where(sine > self.top, 0.0, inside)

    def expected(self, dec: np.ndarray, area: np.ndarray) -> tuple[float, float]:
        """Return the events expected in patches of the sky, and the standard deviation of that.

        Parameters
        ----------
        dec, area
            Declinations [deg] and solid angles [sr] of the patches.
        """
        density = self.density(dec) * area
        total = float(density.sum())
        sine = np.minimum(np.sin(np.deg2rad(np.asarray(dec, float))), self.top)
        slope = density @ _basis(_stretch(sine, self.top))
        return total, float(np.sqrt(max(slope @ self.covariance @ slope, 0.0)))


def cone(dec: float, radius: float) -> tuple[np.ndarray, np.ndarray]:
    """Divide a cone into rings of declination.

    Declinations [deg] and solid angles [sr] of its parts in them.
    """
    centre, r = np.deg2rad(dec), np.deg2rad(radius)
    edges = np.linspace(max(centre - r, -np.pi / 2), min(centre + r, np.pi / 2), _RINGS + 1)
    middle = (edges[1:] + edges[:-1]) / 2
    cosine = (np.cos(r) - np.sin(middle) * np.sin(centre)) / np.maximum(
        np.cos(middle) * np.cos(centre), 1e-12
    )
    half = np.arccos(np.clip(cosine, -1, 1))
    area = 2 * half * (np.sin(edges[1:]) - np.sin(edges[:-1]))
    # The rings' steps miss a little of the cone.
    return np.rad2deg(middle), area * (2 * np.pi * (1 - np.cos(r)) / area.sum())


def polynomial_expected(coefficients: np.ndarray, dec: float, radius: float) -> float:
    """Return the background in a cone as the MMODA service counts it.

    The cumulative polynomial gives the events of the band of declination as wide as the cone; they are shared
    out by solid angle, that of the cone being pi r^2.
    """
    low, high = dec - radius, dec + radius
    band = np.polynomial.polynomial.polyval(np.array([low, high]), coefficients)
    width = 2 * np.pi * abs(np.sin(np.deg2rad(high)) - np.sin(np.deg2rad(low)))
    return float((band[1] - band[0]) / width * np.pi * np.deg2rad(radius) ** 2)


def _stretch(sine: np.ndarray, top: float) -> np.ndarray:
    return 2 * (sine + 1) / (top + 1) - 1


def _basis(x: np.ndarray) -> np.ndarray:
    return legendre.legvander(np.asarray(x, float), _DEGREE)
