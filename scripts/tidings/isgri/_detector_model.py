"""A simulated ISGRI: what its pixels lose, and how the background lies on them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erf

from tidings.errors import InputError
from tidings.isgri.geometry import SHAPE, module_map

SHAPES = ("flat", "modules", "smooth", "pixels")
RESOLUTION = 0.08
"""FWHM at 60 keV early in the mission; the background's lines have 0.27 in 2022."""
# Rms of what differs between modules and over the detector: spec of the empty-field maps (5-8 % and 6 %).
_MODULES, _SMOOTH = 0.06, 0.06


@dataclass(frozen=True)
class Detector:
    """Pixels of a simulated detector; all arrays are [134 z, 130 y] and 0 or False in the gaps.

    Attributes
    ----------
    background
        Relative rate of the background, mean 1 over the 16384 pixels.
    threshold
        Energy at which half of the events are seen [keV].
    threshold_width
        Standard deviation of the electronic noise at the threshold [keV].
    gain, efficiency
        Measured over true energy; part of the absorbed photons that is counted.
    dead, noisy
        Pixels that are off (no events), and that are flagged for the whole window.
    dead_time
        Part of the time in which an event is not recorded.
    resolution
        FWHM of a line at 60 keV over its energy.
    """

    background: np.ndarray
    threshold: np.ndarray
    threshold_width: float
    gain: np.ndarray
    efficiency: np.ndarray
    dead: np.ndarray
    noisy: np.ndarray
    dead_time: float
    resolution: float

    def seen(self, energy: np.ndarray, pixel: np.ndarray, random: np.random.Generator) -> np.ndarray:
        """Tell which events of an energy [keV] in a pixel (flat index) are counted."""
        low = (energy - self.threshold.ravel()[pixel]) / (np.sqrt(2) * self.threshold_width)
        chance = 0.5 * (1 + erf(low)) * self.efficiency.ravel()[pixel]
        return random.random(len(pixel)) < chance

    def expected_seen(self, energy: np.ndarray) -> np.ndarray:
        """Return the part of events counted [energies, 134, 130] at energies in keV."""
        low = (np.asarray(energy)[:, None, None] - self.threshold) / (np.sqrt(2) * self.threshold_width)
        return 0.5 * (1 + erf(low)) * self.efficiency


def make_detector(
    shape: str = "flat",
    seed: int = 1,
    dead: float = 0.04,
    noisy: float = 0.01,
    threshold: float = 15.0,
    dead_time: float = 0.282,
    resolution: float = RESOLUTION,
) -> Detector:
    """Make a detector.

    Parameters
    ----------
    shape : {"flat", "modules", "smooth", "pixels"}
        What differs between pixels: nothing; the level of the background in the eight modules (6 % rms); its
        large-scale shape (6 % rms); both of these and also threshold (2 keV), gain (3 %) and efficiency
        (5 %) of every pixel.
    seed : int
        Of everything that is drawn: the same detector for the same seed.
    dead, noisy : float
        Part of the pixels that are off, and that are flagged.
    threshold : float
        Mean low threshold [keV].
    dead_time : float
        Part of the time; OSA states 0.28 for 2022.
    resolution : float
        FWHM of a line at 60 keV over its energy.
    """
    if shape not in SHAPES:
        raise InputError(f"background shape {shape!r} is not known; choose one of {', '.join(SHAPES)}")
    random = np.random.default_rng([seed, 1])
    pixels = module_map() >= 0
    lot = random.random(SHAPE)
    thresholds, gain, efficiency = (random.normal(size=SHAPE) for _ in range(3))
    scatter = 1.0 if shape == "pixels" else 0.0
    return Detector(
        background=_background(shape, random) * pixels,
        threshold=threshold + scatter * 2.0 * np.clip(thresholds, -3, 3),
        threshold_width=1.0,
        gain=1 + scatter * 0.03 * np.clip(gain, -4, 4),
        efficiency=(1 + scatter * 0.05 * np.clip(efficiency, -4, 4)) * pixels,
        dead=pixels & (lot < dead),
        noisy=pixels & (lot >= dead) & (lot < dead + noisy),
        dead_time=dead_time,
        resolution=resolution,
    )


def _background(shape: str, random: np.random.Generator) -> np.ndarray:
    modules, level = module_map(), random.normal(1, _MODULES, 8)
    z, y = np.meshgrid(np.linspace(-1, 1, SHAPE[0]), np.linspace(-1, 1, SHAPE[1]), indexing="ij")
    slope = random.normal(size=5)
    bowl = np.tensordot(slope, [y, z, y * z, 1.5 * y**2 - 0.5, 1.5 * z**2 - 0.5], 1)
    relative = np.ones(SHAPE)
    if shape in ("modules", "pixels"):
        relative *= level[modules]
    if shape in ("smooth", "pixels"):
        relative *= 1 + _SMOOTH * bowl / bowl.std()
    relative = np.clip(relative, 0.2, None)
    return relative / relative[modules >= 0].mean()
