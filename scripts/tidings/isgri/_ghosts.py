"""Which of the places a period of the mask apart a source is at.

A source and its ghosts light the same pixels where their shadows overlap. A weak source in the fully coded
field may by chance have a higher peak at a ghost in the partially coded one; the likelihood of all pixels
tells better.
"""

from __future__ import annotations

from itertools import product

import numpy as np

from tidings.isgri.fit import Detector, fit_detector, fit_detector_positions
from tidings.isgri.geometry import CELL, PITCH, pixel_tangents
from tidings.isgri.mask import ORDER

GHOST_PERIOD = ORDER * CELL / PITCH
"""Sky pixels after which the mask repeats."""
GHOST_REACH = 4
"""How far from that, in sky pixels, a ghost's peak may be."""
# A place with a lower peak than this share of the highest is not in question.
_SHARE = 0.6
_CERTAIN = 20.0


def alternatives(significance: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return places [k, 2] (z, y) a period from a place [sky pixels] whose peak is nearly as high.

    None if the peak at the place itself is so high that chance cannot have put it above the source's.
    """
    height, found = _peak(significance, place, 1), []
    if height > _CERTAIN:
        return np.zeros((0, 2))
    for steps in product((-1, 0, 1), repeat=2):
        at = np.asarray(place) + GHOST_PERIOD * np.array(steps)
        if steps == (0, 0) or (at < 0).any() or (at > np.array(significance.shape) - 1).any():
            continue
        z, y = _highest(significance, at, GHOST_REACH)
        if significance[z, y] > _SHARE * height:
            found.append((z, y))
    return np.array(found, float).reshape(-1, 2)


def likeliest(detector: Detector, candidates: np.ndarray) -> np.ndarray:
    """Return the one of several directions at which a source explains the counts best, its position fitted.

    Parameters
    ----------
    detector
        Background, and counts without those of other sources.
    candidates
        [n, 2], tangents (ty, tz), of which the first is returned if none is better.
    """
    best, highest = candidates[0], -np.inf
    for candidate in candidates:
        moved = fit_detector_positions(detector, candidate[None]).directions
        fit = fit_detector(detector, moved)
        # The square of this is the gain in chi-square, or twice that in the logarithm of the likelihood.
        gain = fit.fluxes[0] / fit.errors[0]
        if gain > highest:
            best, highest = moved[0], gain
    return best


def directions_of(places: np.ndarray) -> np.ndarray:
    """Return tangents (ty, tz) [k, 2] of sky pixels (z, y)."""
    return np.stack(pixel_tangents(places[:, 0], places[:, 1]), -1).reshape(-1, 2)


def _highest(image: np.ndarray, place: np.ndarray, reach: int) -> tuple[int, int]:
    first = [max(round(float(at)) - reach, 0) for at in place]
    box = image[tuple(slice(start, start + 2 * reach + 1) for start in first)]
    z, y = np.unravel_index(int(box.argmax()), box.shape)
    return first[0] + int(z), first[1] + int(y)


def _peak(image: np.ndarray, place: np.ndarray, reach: int) -> float:
    return float(image[_highest(image, place, reach)])
