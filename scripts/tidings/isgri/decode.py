"""Sky images by balanced cross-correlation of a shadowgram with the mask, at full resolution of the pixels.

The decoding array is the mask's own open fraction as a pixel sees it, so that cells cut by a pixel's edge
count in part. Everything is a correlation of a detector image with a fixed kernel, done by real FFTs.

References
----------
Fenimore & Cannon 1981, Appl. Opt. 20 1858; Goldwurm et al. 2003, A&A 411 L223. Their variance is for arrays
of 0 and 1; with fractions it needs the cross term (-2 B G+ G-), without which it is 14 % too large.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy import fft
from scipy.interpolate import RectBivariateSpline

from tidings.errors import InputError
from tidings.isgri.geometry import (
    ACTIVE,
    CELL,
    CELLS,
    OPEN_PIXELS,
    PITCH,
    SHAPE,
    SKY_AXIS,
    SKY_SHAPE,
    module_map,
    pixel_tangents,
)
from tidings.isgri.mask import flight_mask
from tidings.isgri.pif import pif

_FFT = (375, 375)
_SAMPLES = 232
# Sky pixel i and detector pixel a meet at sample a + i - shift of the mask.
_SHIFT = (SHAPE[0] - 1, SHAPE[1] - 1)
LEAST_CODED = 0.02
_LEAST_BACKGROUND = 1e-3
_KERNELS = ("open", "closed", "open2", "open_closed", "closed2")


@dataclass(frozen=True)
class SkyPlanes:
    """Decoded sky, [365 z, 361 y]; 0 where less than 2 % coded.

    Attributes
    ----------
    intensity
        Rate of a source in each pixel, as if it were on axis and fully coded [counts/s].
    variance
        Of the intensity [(counts/s)^2]; 0 where there is no data.
    significance
        Intensity over its standard deviation.
    coded
        Coded fraction: share of the exposed detector that sees the pixel through the mask.
    exposure
        Coded fraction times mean live time of the pixels in use [s].
    """

    intensity: np.ndarray
    variance: np.ndarray
    significance: np.ndarray
    coded: np.ndarray
    exposure: np.ndarray


@dataclass(frozen=True)
class Norm:
    """What decoding needs of an exposure and a background: shared by all counts with the same two.

    Attributes
    ----------
    balance
        Weight of closed cells that makes the background vanish, [365, 361].
    scale
        Factor from correlation to rate "as if fully coded", with the thickness of the mask; 0 where invalid.
    coded
        Coded fraction.
    live_time
        Mean exposure of the pixels in use [s].
    """

    balance: np.ndarray
    scale: np.ndarray
    coded: np.ndarray
    live_time: float


def decode(
    counts: np.ndarray, exposure: np.ndarray, background: np.ndarray, *, norm: Norm | None = None
) -> SkyPlanes:
    """Decode a shadowgram to a sky image with its variance.

    Parameters
    ----------
    counts, exposure, background
        [134, 130], as in `tidings.isgri.window.Shadowgram`; any scale of the background.
    norm
        Of `normalise` for this exposure and background, if it is known already. Precision follows it.

    Raises
    ------
    InputError
        The shapes are wrong, or there is no exposed pixel with background.
    """
    norm = normalise(exposure, background) if norm is None else norm
    counts = np.where(exposure > 0, counts, 0)
    intensity = decode_intensity(counts, norm)
    variance = decode_variance(counts, norm)
    return planes(intensity, variance, norm)


def planes(intensity: np.ndarray, variance: np.ndarray, norm: Norm) -> SkyPlanes:
    """Put decoded planes together with their significance and exposure."""
    deviation = np.sqrt(np.where(variance > 0, variance, 1))
    significance = np.where(variance > 0, intensity / deviation, 0)
    return SkyPlanes(intensity, variance, significance, norm.coded, norm.coded * norm.live_time)


def normalise(exposure: np.ndarray, background: np.ndarray, dtype: type = np.float32) -> Norm:
    """Compute balance, scale and coded fraction; parameters and errors as `decode`.

    Parameters
    ----------
    dtype
        float32 or float64: the precision of everything decoded with it. The error of float32 is below
        0.01 standard deviations.
    """
    for name, array in (("exposure", exposure), ("background", background)):
        if np.shape(array) != SHAPE:
            raise InputError(f"{name} must be an image of the detector, {SHAPE}, not {np.shape(array)}")
    used = (exposure > 0) & (background > 0)
    if not used.any():
        raise InputError("no pixel has both exposure and background: the band or the window is empty")
    exposure = np.where(exposure > 0, exposure, 0).astype(float)
    background = np.where(used, background, 0).astype(float)
    live_time, total = float(exposure[exposure > 0].mean()), background.sum()
    # Scaled to order one, so that single precision keeps its digits.
    seen, hidden = _correlate(background / total, ("open", "closed"), dtype)
    open2, open_closed = _correlate(exposure / exposure.sum(), ("open2", "open_closed"), dtype)
    valid = (seen > _LEAST_BACKGROUND) & (hidden > _LEAST_BACKGROUND)
    balance = np.where(valid, seen / np.where(valid, hidden, 1), 0)
    sensitivity = open2 - balance * open_closed
    on_axis = sensitivity[SKY_AXIS]
    coded = sensitivity / (on_axis if valid[SKY_AXIS] else sensitivity.max())
    valid &= coded > LEAST_CODED
    scale = OPEN_PIXELS / exposure.sum() / np.where(valid, sensitivity * thickness_peak(), 1)
    return Norm(
        balance.astype(dtype),
        np.where(valid, scale, 0).astype(dtype),
        np.where(valid, np.clip(coded, 0, 1), 0).astype(dtype),
        live_time,
    )


def decode_intensity(counts: np.ndarray, norm: Norm) -> np.ndarray:
    """Return the intensity of counts, or of what remains of them when sources are subtracted [counts/s]."""
    seen, hidden = _correlate(counts, ("open", "closed"), norm.scale.dtype)
    return norm.scale * (seen - norm.balance * hidden)


def decode_variance(counts: np.ndarray, norm: Norm) -> np.ndarray:
    """Return the variance of the intensity of raw (Poisson) counts [(counts/s)^2]."""
    open2, both, closed2 = _correlate(counts, ("open2", "open_closed", "closed2"), norm.scale.dtype)
    variance = open2 + norm.balance * (norm.balance * closed2 - 2 * both)
    # Where few counts are seen rounding could leave it below zero.
    return np.where(norm.scale > 0, np.maximum(variance, 1e-6 * open2.max()), 0) * norm.scale**2


def psf_stamp(z: float, y: float, reach: int = 5) -> tuple[tuple[slice, slice], np.ndarray]:
    """Return the pixels around a position [sky pixels], and the shape of a point source in them (peak 1)."""
    boxes, shapes = [], []
    for centre, size in zip((z, y), SKY_SHAPE, strict=True):
        first, last = max(round(centre) - reach, 0), min(round(centre) + reach + 1, size)
        boxes.append(slice(first, max(last, first)))
        shapes.append(_profile((np.arange(first, max(last, first)) - centre) * PITCH))
    return (boxes[0], boxes[1]), np.multiply.outer(*shapes)


def _profile(x: np.ndarray) -> np.ndarray:
    """Triangle of the cell convolved with the triangle of the pixel, 1 at x = 0 [mm]."""

    def cubic(u: np.ndarray | float) -> np.ndarray:
        return np.abs(u) ** 3

    def shape(u: np.ndarray) -> np.ndarray:
        # Each triangle is a second difference of |u| / 2: the convolution is one of |u|^3 / 12 in both
        # widths.
        taps = ((-1, 1), (0, -2), (1, 1))
        return sum(a * b * cubic(u + i * CELL + j * ACTIVE) for i, a in taps for j, b in taps)

    return np.clip(shape(np.asarray(x, float)) / shape(np.zeros(1)), 0, None)


@cache
def thickness_peak() -> np.ndarray:
    """Return the peak of a source through the thick mask relative to a thin one, [365, 361].

    From the illumination itself, at steps of 18 sky pixels; a smooth function of the direction, even in both
    tangents.
    """
    detector = (module_map() >= 0).astype(float)
    steps = np.arange(0, 193, 16)
    table = np.array([[_thick_peak(detector, z, y) for y in steps] for z in steps])
    spline = RectBivariateSpline(steps, steps, table, kx=2, ky=2)
    z, y = (np.abs(np.arange(n) - axis) for n, axis in zip(SKY_SHAPE, SKY_AXIS, strict=True))
    # spline() wants ascending arguments.
    full = spline(np.arange(z.max() + 1), np.arange(y.max() + 1))
    return full[np.ix_(z, y)].clip(0.5, 1.0)


def _thick_peak(detector: np.ndarray, z: int, y: int) -> float:
    """Balanced correlation of the thick mask's shadow over that of the thin one, z and y pixels off axis."""
    # In the corners of the field there is little detector left: the nearest direction with enough stands for
    # it.
    z, y = min(z, 150), min(y, 150)
    first = (SKY_AXIS[0] + z - _SHIFT[0], SKY_AXIS[1] + y - _SHIFT[1])
    plus, minus = (np.zeros(SHAPE), np.zeros(SHAPE))
    for out, name in ((plus, "open"), (minus, "closed")):
        kernel = _kernel(name)
        a = [np.arange(n) + f for n, f in zip(SHAPE, first, strict=True)]
        inside = np.ix_(*[(k >= 0) & (k < _SAMPLES) for k in a])
        out[inside] = kernel[np.ix_(*[k[(k >= 0) & (k < _SAMPLES)] for k in a])]
    weight = detector * (plus - minus * (detector * plus).sum() / (detector * minus).sum())
    ty, tz = pixel_tangents(SKY_AXIS[0] + z, SKY_AXIS[1] + y)
    return float((weight * pif(float(ty), float(tz))).sum() / (weight * plus).sum())


@cache
def _kernel(name: str) -> np.ndarray:
    """Kernel [232, 232] on the mask sampled at the pitch of the detector."""
    centre = (np.arange(_SAMPLES) - (_SAMPLES - 1) / 2) * PITCH
    edge = (np.arange(CELLS + 1) - CELLS / 2) * CELL
    low, high = centre[:, None] - ACTIVE / 2, centre[:, None] + ACTIVE / 2
    overlap = np.clip(np.minimum(high, edge[1:]) - np.maximum(low, edge[:-1]), 0, None) / ACTIVE
    inside = overlap.sum(1)
    plus = overlap @ flight_mask() @ overlap.T
    minus = np.multiply.outer(inside, inside) - plus
    return {
        "open": plus,
        "closed": minus,
        "open2": plus**2,
        "open_closed": plus * minus,
        "closed2": minus**2,
    }[name]


@cache
def _transform(name: str, dtype: np.dtype) -> np.ndarray:
    return fft.rfft2(_kernel(name).astype(dtype), _FFT)


def _correlate(image: np.ndarray, names: tuple[str, ...], dtype: type) -> list[np.ndarray]:
    """Correlate a detector image with kernels, on all sky pixels."""
    flipped = fft.rfft2(np.asarray(image)[::-1, ::-1].astype(dtype), _FFT)
    whole = [
        fft.irfft2(flipped * _transform(name, np.dtype(dtype)), _FFT, overwrite_x=True) for name in names
    ]
    return [part[: SKY_SHAPE[0], : SKY_SHAPE[1]] for part in whole]
