"""Point spread function of decoded images, their noise correlation, and interpolation weights from both.

A mask cell and a pixel leave triangles in a balanced correlation, so along each axis a source has the shape
of two triangles convolved; white noise on the detector decodes to the same correlation. Interpolation with
the best linear unbiased weights for that shape keeps rate and noise; bilinear weights lose 10 % of the rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import toeplitz
from scipy.ndimage import binary_dilation
from scipy.optimize import least_squares

from tidings.isgri.sky_image_file import ISGRI_PSF, SkyImage

PHASES = 128
FIRST_TAP = -1
_BRIGHT = 50.0  # significance from which a source shows the shape of its own image better than theory does
_LAGS = 3


@dataclass(frozen=True, eq=False)
class Taps:
    """Weights of four neighbouring pixels for each phase of a position between two pixels.

    Attributes
    ----------
    weights
        [PHASES + 1, 4], float32, for pixels -1, 0, 1, 2 from the one before the position.
    variance
        [PHASES + 1], float32, of the interpolated value over that of a pixel.
    psf
        Half-widths of the triangles [pixel].
    correlation
        Of the noise at distances 0, 1, 2, 3 pixels.
    """

    weights: np.ndarray
    variance: np.ndarray
    psf: tuple[float, float]
    correlation: tuple[float, ...]


def profile(x: np.ndarray, first: np.ndarray | float, second: np.ndarray | float) -> np.ndarray:
    """Return the PSF along an axis, 1 at its centre.

    Parameters
    ----------
    x
        Distance from the source [pixel].
    first, second
        Half-widths of the triangles [pixel], which broadcast with `x`.
    """
    return _cubes(x, first, second) / _cubes(np.zeros(1), first, second)


def _cubes(x: np.ndarray, a: np.ndarray | float, b: np.ndarray | float) -> np.ndarray:
    """Convolve two triangles: second differences of |x|^3, times 6 a b."""
    total = 0.0
    for i, weight in ((-1, 1.0), (0, -2.0), (1, 1.0)):
        for j, other in ((-1, 1.0), (0, -2.0), (1, 1.0)):
            total = total + weight * other * np.abs(x + i * a + j * b) ** 3
    return total


@lru_cache(maxsize=4096)
def taps(psf: tuple[float, float], correlation: tuple[float, ...] | None = None) -> Taps:
    """Return the minimum-variance unbiased weights for a point source: w = C^-1 p / (p' C^-1 p).

    Parameters
    ----------
    psf
        Half-widths of the triangles [pixel].
    correlation
        Of the noise at distances 0, 1, 2, 3 pixels; that of the PSF when not given.
    """
    if correlation is None:
        correlation = tuple(float(value) for value in profile(np.arange(4.0), *psf))
    phase = np.arange(PHASES + 1) / PHASES
    shape = profile(np.arange(4.0) + FIRST_TAP - phase[:, None], *psf)
    solved = np.linalg.solve(toeplitz(correlation), shape.T).T
    variance = 1 / np.einsum("pk,pk->p", shape, solved)
    weights = solved * variance[:, None]
    return Taps(np.ascontiguousarray(weights, np.float32), variance.astype(np.float32), psf, correlation)


def taps_of(image: SkyImage) -> Taps:
    """Return the weights for an image: of theory if its maker states the PSF, else from the image itself."""
    if image.psf is not None:
        return taps(tuple(image.psf))
    return taps(measure_psf(image), noise_correlation(image))


def measure_psf(image: SkyImage) -> tuple[float, float]:
    """Fit the PSF to the brightest source of an image; ISGRI's own where none is bright enough to tell."""
    z, y = np.unravel_index(np.argmax(image.significance), image.significance.shape)
    stamp = image.intensity[max(z - 2, 0) : z + 3, max(y - 2, 0) : y + 3].astype(float)
    if image.significance[z, y] < _BRIGHT or stamp.shape != (5, 5):
        return ISGRI_PSF
    offset = np.arange(-2, 3.0)

    def excess(p: np.ndarray) -> np.ndarray:
        along_z, along_y = profile(offset - p[1], p[3], p[4]), profile(offset - p[2], p[3], p[4])
        return (p[0] * np.outer(along_z, along_y) - stamp).ravel() / stamp.max()

    start = [stamp.max(), 0.0, 0.0, *ISGRI_PSF]
    low, high = [0, -1, -1, 1.8, 0.4], [np.inf, 1, 1, 3.2, 1.6]
    found = least_squares(excess, start, bounds=(low, high), x_scale=[stamp.max(), 1, 1, 1, 1])
    # Four digits, so that the same image has the same weights whatever the linear algebra's last bits.
    return round(float(found.x[3]), 4), round(float(found.x[4]), 4)


def noise_correlation(image: SkyImage) -> tuple[float, ...]:
    """Measure the correlation of an image's noise at 0 to 3 pixels, both axes together, sources left out."""
    known = (image.variance > 0) & (image.coded > 0.1)
    sources = binary_dilation(np.abs(image.significance) > 5, iterations=6)
    use = known & ~sources
    if use.sum() < 2000:
        return _theory()
    noise = np.where(use, image.significance, 0).astype(np.float64)
    noise[use] -= noise[use].mean()
    spread = np.mean(noise[use] ** 2)
    values = [1.0]
    for lag in range(1, _LAGS + 1):
        pairs = [
            (noise[lag:], noise[:-lag], use[lag:] & use[:-lag]),
            (noise[:, lag:], noise[:, :-lag], use[:, lag:] & use[:, :-lag]),
        ]
        total = sum((a[both] * b[both]).sum() for a, b, both in pairs)
        values.append(round(float(total / sum(both.sum() for *_, both in pairs) / spread), 4))
    return tuple(values) if np.linalg.eigvalsh(toeplitz(values))[0] > 0.02 else _theory()


def _theory() -> tuple[float, ...]:
    return tuple(float(value) for value in profile(np.arange(_LAGS + 1.0), *ISGRI_PSF))
