"""Simulated ISGRI shadowgrams: Poisson counts of a background and of sources as the illumination has them."""

from __future__ import annotations

import numpy as np

from tidings.isgri.geometry import OPEN_PIXELS, SHAPE, module_map
from tidings.isgri.pif import pif

LIVE = 2000.0
RATE = 700.0


def detector(seed: int = 7, dead: float = 0.04, live: float = LIVE) -> np.ndarray:
    """Exposure [s] of a detector with dead pixels."""
    random = np.random.default_rng(seed)
    return np.where((module_map() >= 0) & (random.random(SHAPE) >= dead), live, 0.0)


def shaped(random: np.random.Generator) -> np.ndarray:
    """Background with 5 to 8 % of large-scale structure, and 6 % from module to module; mean 1."""
    z, y = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    large = 1 + 0.07 * (y**2 - 0.3) + 0.06 * z * y + 0.06 * z
    modules = np.append(1 + 0.06 * random.standard_normal(8), 0.0)[module_map()]
    return np.where(module_map() >= 0, large * modules, 0)


def expected(
    exposure: np.ndarray, shape: np.ndarray, directions=(), fluxes=(), rate: float = RATE
) -> np.ndarray:
    """Counts expected of a background of `rate` counts/s in all and of sources."""
    model = exposure * shape
    model = model * (rate * exposure.max() / model.sum())
    for (ty, tz), flux in zip(directions, fluxes, strict=True):
        model = model + flux / OPEN_PIXELS * exposure * pif(ty, tz)
    return model
