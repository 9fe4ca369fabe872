"""Energies of photons as ISGRI counts them, before the threshold of the single pixel.

What the detector adds is stated, not calibrated: 2 mm of CdTe absorb 1 - exp(-1.9 (E / 100 keV)^-2.8), a
power law through the photoelectric cross-section (which gives a Crab with the ratio of rates in 20-60 and
60-200 keV that the reference catalogue has, 3.9, to 6 %), and the width of a line grows with the root of its
energy from what is given at 60 keV: 8 % (FWHM) early in the mission; the lines of the background in 2022
(window 255900280010, all rise times) have 27 %.
"""

from __future__ import annotations

import numpy as np
from scipy.special import erf

E_MIN, E_MAX = 12.0, 600.0
"""Energies that are simulated [keV]."""

CRAB_INDEX = 2.1
# Energy [keV] and share of all background counts: Cd and Te of the detector itself, K alpha and beta of the W
# of mask and collimator and of the Pb of the shield (relative intensities of the X-Ray Data Booklet, table
# 1-3), annihilation.
LINES = (
    *((23.1, 0.02), (27.4, 0.03)),
    *((57.98, 0.075), (59.32, 0.130), (67.24, 0.044), (69.07, 0.012)),
    *((72.80, 0.035), (74.97, 0.058), (84.94, 0.020), (87.30, 0.006)),
    (511.0, 0.02),
)
CONTINUUM_INDEX = 1.3
_GRID = np.geomspace(E_MIN, E_MAX, 4001)


def absorbed(energy: np.ndarray) -> np.ndarray:
    """Share of photons that the detector absorbs whole, at energies in keV."""
    return -np.expm1(-1.9 * (np.asarray(energy) / 100.0) ** -2.8)


def resolution(energy: np.ndarray, at_60: float) -> np.ndarray:
    """Standard deviation of the measured energy [keV], from the relative FWHM at 60 keV."""
    return at_60 * 60.0 / 2.3548 * np.sqrt(np.asarray(energy) / 60.0)


def power_law(index: float) -> np.ndarray:
    """Cumulative distribution of the counts of a power law on the grid of energies; 1 at its end."""
    return _cumulative(_GRID**-index * absorbed(_GRID))


def share(index: float, e_min: float, e_max: float) -> float:
    """Part of the counts of a power law whose true energy is in a band [keV]."""
    low, high = np.interp([e_min, e_max], _GRID, power_law(index))
    return float(high - low)


def measured_share(index: float, e_min: float, e_max: float, at_60: float) -> float:
    """Part of the counts of a power law that are measured in a band [keV], with a relative FWHM at 60 keV."""
    middle = np.sqrt(_GRID[1:] * _GRID[:-1])
    width = resolution(middle, at_60) * np.sqrt(2)
    inside = 0.5 * (erf((e_max - middle) / width) - erf((e_min - middle) / width))
    return float(np.diff(power_law(index)) @ inside)


def draw(cumulative: np.ndarray, number: int, random: np.random.Generator) -> np.ndarray:
    """Draw true energies [keV] from a cumulative distribution on the grid."""
    return np.interp(random.random(number), cumulative, _GRID)


def draw_background(number: int, random: np.random.Generator) -> np.ndarray:
    """Draw energies of background events [keV]: a falling continuum with fluorescence lines."""
    energies = draw(_cumulative(_GRID**-CONTINUUM_INDEX), number, random)
    shares = np.cumsum([part for _, part in LINES])
    which = np.searchsorted(shares, random.random(number), side="right")
    in_line = which < len(LINES)
    energies[in_line] = np.array([energy for energy, _ in LINES])[which[in_line]]
    return energies


def _cumulative(density: np.ndarray) -> np.ndarray:
    steps = np.diff(_GRID) * (density[1:] + density[:-1]) / 2
    total = np.concatenate([[0.0], np.cumsum(steps)])
    return total / total[-1]
