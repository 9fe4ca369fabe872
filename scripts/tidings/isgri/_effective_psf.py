"""Shape that a point source has in a mosaic: exactly that of the interpolations and weights that made it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidings.isgri._psf import FIRST_TAP, PHASES, profile
from tidings.isgri.mosaic import Frame

_STEPS = 512  # of the tabulated PSF in a pixel
_REACH = 7  # pixels, beyond which no PSF has anything
_MOST_FRAMES = 200  # more windows than these are represented by as many, evenly chosen


@dataclass(frozen=True, eq=False)
class Optics:
    """The frames of a mosaic as arrays.

    Attributes
    ----------
    frames
        The images.
    matrices
        [frames, 3, 3].
    weights, variances
        [frames, PHASES + 1, 4] and [frames, PHASES + 1], of the interpolation.
    profiles
        [frames, steps], the PSF along an axis.
    """

    frames: tuple[Frame, ...]
    matrices: np.ndarray
    weights: np.ndarray
    variances: np.ndarray
    profiles: np.ndarray

    @classmethod
    def of(cls, frames: tuple[Frame, ...]) -> Optics:
        """Gather the frames of a mosaic."""
        x = np.arange(_REACH * _STEPS + 1) / _STEPS
        shapes = {frame.taps.psf: profile(x, *frame.taps.psf) for frame in frames}
        return cls(
            frames,
            np.array([frame.matrix for frame in frames]),
            np.array([frame.taps.weights for frame in frames]),
            np.array([frame.taps.variance for frame in frames]),
            np.array([shapes[frame.taps.psf] for frame in frames]),
        )

    def weight_at(self, direction: np.ndarray) -> np.ndarray:
        """Return [frames], the inverse variance of each image in a direction; 0 where it has no data."""
        places = [frame.pixels(direction) for frame in self.frames]
        return np.array(
            [float(frame.weight_at(*yz)) for frame, yz in zip(self.frames, places, strict=True)], float
        )

    def covering(self, direction: np.ndarray, most: int = _MOST_FRAMES) -> tuple[Optics, np.ndarray]:
        """Return the frames that see a direction, at most so many, and their weights."""
        weight = np.nan_to_num(self.weight_at(direction))
        seen = np.flatnonzero(weight > 0)
        if len(seen) > most:
            seen = seen[np.linspace(0, len(seen) - 1, most).round().astype(int)]
        chosen = Optics(
            tuple(self.frames[i] for i in seen),
            self.matrices[seen],
            self.weights[seen],
            self.variances[seen],
            self.profiles[seen],
        )
        return chosen, weight[seen]

    def response(self, source: np.ndarray, weight: np.ndarray, pixels: np.ndarray) -> np.ndarray:
        """Return what a source of rate 1 leaves in pixels of the mosaic.

        Parameters
        ----------
        source
            [3], its direction.
        weight
            [frames], inverse variance of each image there.
        pixels
            [3, n], directions of the pixels.
        """
        centre = self.matrices @ source
        ray = np.einsum("fij,jn->fin", self.matrices, pixels.astype(np.float64))
        share = np.repeat(weight[:, None], pixels.shape[1], axis=1)
        value = np.ones_like(share)
        for axis in (1, 2):
            x = ray[:, axis] / ray[:, 0]
            column = np.floor(x)
            phase = ((x - column) * PHASES + 0.5).astype(int)
            which = np.arange(len(x))[:, None]
            tap = column[..., None] + FIRST_TAP + np.arange(4)
            distance = np.abs(tap - (centre[:, axis] / centre[:, 0])[:, None, None])
            step = np.minimum(distance * _STEPS, _REACH * _STEPS - 1)
            low = step.astype(int)
            table = which[..., None]
            shape = self.profiles[table, low]
            shape = shape + (step - low) * (self.profiles[table, low + 1] - shape)
            value *= np.einsum("fnk,fnk->fn", self.weights[which, phase], shape)
            share = share / self.variances[which, phase]
        return (value * share).sum(axis=0) / share.sum(axis=0)
