"""Rows of a Q-transform, evaluated directly on the wanted times.

A row is the inverse Fourier transform of the spectrum of the data times the window of its tiles. The
window is narrow, so the row is a slow complex envelope: the spectrum is laid at the start of a short
buffer (this only turns phases) and transformed at the wanted output rate. Nothing is interpolated. The
spectrum is that of a stretch around the wanted times, longer for rows whose tiles ring longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import ceil, floor, pi

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from tidings.gw import tiling

FloatArray = NDArray[np.float64]

#: Data kept on either side of the wanted times, as time times half width of the window. The response of
#: the window falls as 15 / (2 pi reach)**3: what is cut off changes no pixel by more than 0.03 % of the peak.
REACH = 5.0
#: Share of that margin over which the data are faded out.
_FADE = 0.3
#: Complex samples of a batch of rows: small enough for the cache.
_BATCH = 1 << 16


@dataclass(frozen=True)
class Series:
    """Evenly sampled data: ``values[i]`` at time ``start + i / rate`` [s, any origin], zero outside."""

    values: NDArray[np.floating]
    rate: float
    start: float


@dataclass(frozen=True)
class Spectrum:
    """Spectrum of a stretch of data that starts at the first wanted time and wraps around.

    ``values[k]`` belongs to the frequency k / duration. It is scaled so that the squared modulus of a
    row of windows w has the expectation of the integral of w**2 times the one-sided spectral density.
    """

    values: NDArray[np.complexfloating]
    duration: float


def _fade(x: NDArray[np.floating], ramp: int) -> None:
    """Fade both ends of x in place with squared sines."""
    ramp = min(ramp, x.size // 2)
    if ramp:
        rise = np.square(np.sin(0.5 * pi / ramp * (np.arange(ramp) + 0.5)))
        x[:ramp] *= rise
        x[x.size - ramp :] *= rise[::-1]


def cut(series: Series, begin: float, n: int, fade: float) -> tuple[NDArray[np.floating], float]:
    """n samples from the first sample not before ``begin``, faded at both ends; and their start time."""
    first = ceil(round((begin - series.start) * series.rate, 6))
    out = np.zeros(n, dtype=series.values.dtype)
    low, high = max(first, 0), min(first + n, series.values.size)
    if high > low:
        out[low - first : high - first] = series.values[low:high]
    _fade(out, round(fade * series.rate))
    return out, series.start + first / series.rate


class Spectra:
    """Spectra of the data around a window of time, one per margin, made when first asked for.

    Parameters
    ----------
    series
        Whitened data (or data as they are, with a fixed margin).
    window
        First and last wanted time [s].
    pixel
        Duration of an output pixel [s].
    margin
        Margin [s] for all rows; chosen by their half width if None.
    """

    def __init__(
        self, series: Series, window: tuple[float, float], pixel: float, *, margin: float | None = None
    ) -> None:
        self._series, self._window, self._pixel, self._fixed = series, window, pixel, margin
        self._cache: dict[float, tuple[NDArray[np.complexfloating], float, float]] = {}

    def margins(self, half_width: FloatArray) -> FloatArray:
        """Margins [s] of the spectra for rows of these half widths [Hz]."""
        if self._fixed is not None:
            return np.full(half_width.shape, self._fixed)
        return margins(half_width, self._window[1] - self._window[0])

    def spectrum(self, margin: float, offset: float, top: float) -> Spectrum:
        """Spectrum up to ``top`` [Hz] whose first sample is ``offset`` [s] into the window."""
        if margin not in self._cache:
            self._cache[margin] = self._transform(margin)
        values, duration, begin = self._cache[margin]
        values = values[: int(min(top, 0.5 * self._series.rate) * duration) + 2]
        shift = self._window[0] + offset - begin
        return Spectrum(_turned(values, 2 * pi * shift / duration), duration)

    def _transform(self, margin: float) -> tuple[NDArray[np.complexfloating], float, float]:
        series, span = self._series, self._window[1] - self._window[0] + 2 * margin
        duration, n = common_length(span, self._pixel, series.rate)
        data, begin = cut(series, self._window[0] - margin, n, _FADE * margin)
        if abs(n / series.rate - duration) < 1e-9 * duration:
            values = fft.rfft(data)
        else:
            step = np.exp(-2j * pi / (series.rate * duration))
            values = signal.czt(data, m=floor(0.5 * series.rate * duration) + 1, w=step)
        return values * float(np.sqrt(2) / (series.rate * duration)), duration, begin


def margins(half_width: FloatArray, span: float) -> FloatArray:
    """Margins [s] that rows need: a sixteenth of the span times powers of two, at most the longest need."""
    need = REACH / half_width
    unit = span / 16
    steps = unit * np.exp2(np.ceil(np.log2(np.maximum(need / unit, 1)) - 1e-9))
    return np.minimum(steps, max(float(need.max()), unit))


def _turned(values: NDArray[np.complexfloating], angle: float) -> NDArray[np.complex64]:
    """values[k] * exp(1j k angle), in single precision.

    The factor is the product of two short series (k = 64 a + b): sines of every k would take longer than
    the transforms.
    """
    fine = np.exp(1j * angle * np.arange(64))
    coarse = np.exp(64j * angle * np.arange(-(-values.size // 64)))
    factor = np.multiply.outer(coarse, fine.astype(np.complex64), dtype=np.complex64, casting="same_kind")
    return values.astype(np.complex64, copy=False) * factor.ravel()[: values.size]


def common_length(span: float, pixel: float, rate: float) -> tuple[float, int]:
    """Duration [s] not below ``span`` that suits an FFT, and the samples to cut.

    It is a whole number of pixels, and of samples if a short one is; if not, the caller uses a chirp-z
    transform.
    """
    pixels = ceil(round(span / pixel, 9))
    ratio = pixel * rate
    group = np.arange(1, min(pixels, 4096) + 1)
    whole = group[np.abs(group * ratio - np.rint(group * ratio)) < 1e-7]
    if whole.size and whole[0] * 8 <= pixels:
        count = whole[0] * fft.next_fast_len(ceil(pixels / whole[0]))
        return count * pixel, round(count * ratio)
    count = fft.next_fast_len(pixels)
    return count * pixel, floor(count * ratio)


def amplitudes(spectrum: Spectrum, frequency: FloatArray, q: FloatArray, n: int) -> NDArray[np.float32]:
    """Moduli of rows of tiles, n even samples over the duration of the spectrum.

    Parameters
    ----------
    spectrum
        Spectrum of the data.
    frequency, q
        Central frequency [Hz] and quality factor of each row, shape (rows,).
    n
        Samples of the inverse transform; must not be below the width of the widest window in bins.

    Returns
    -------
    Array of shape (rows, n).
    """
    half = tiling.half_width(frequency, q) * spectrum.duration
    centre = frequency * spectrum.duration
    first = np.ceil(centre - half).astype(np.int64)
    width = min(int(np.max(np.floor(centre + half) - first)) + 1, n)
    x = ((first - centre) / half).astype(np.float32)[:, None] + (1 / half).astype(np.float32)[
        :, None
    ] * np.arange(width, dtype=np.float32)
    np.multiply(x, x, out=x)
    np.subtract(1, x, out=x)
    np.maximum(x, 0, out=x)
    np.multiply(x, x, out=x)
    buffer = np.empty((frequency.size, n), dtype=np.complex64)
    buffer[:, width:] = 0
    values = spectrum.values
    if first.max() + width > values.size:
        values = np.concatenate((values, np.zeros(first.max() + width - values.size, dtype=np.complex64)))
    windows = np.lib.stride_tricks.sliding_window_view(values, width)
    np.multiply(windows[first], x, out=buffer[:, :width])
    return np.abs(fft.ifft(buffer, axis=1, norm="forward", overwrite_x=True))


def batches(order: NDArray[np.int64], lengths: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows in the given order, split into batches of at least four that fit the cache."""
    out, start = [], 0
    while start < order.size:
        count = max(4, _BATCH // int(lengths[order[start]]))
        out.append(order[start : start + count])
        start += count
    return out


@cache
def _cells(cells: int) -> tuple[FloatArray, FloatArray]:
    """Edges of equal cells across the window, and the mean of the squared window in each."""
    edges = np.linspace(-1, 1, cells + 1)
    integral = edges - 4 * edges**3 / 3 + 6 * edges**5 / 5 - 4 * edges**7 / 7 + edges**9 / 9
    return edges, np.diff(integral) / np.diff(edges)


def white_norm(
    frequency: FloatArray, q: FloatArray, cumulative: tuple[FloatArray, FloatArray], cells: int = 24
) -> FloatArray:
    """Expected squared modulus of tiles in noise of a given spectral density.

    The integral of the squared window times the density, from the density averaged over ``cells``
    equal cells across the window.

    Parameters
    ----------
    frequency, q
        Central frequencies [Hz] and quality factors, of one shape.
    cumulative
        Frequencies [Hz], even from 0, and the integral of the one-sided spectral density up to them.

    Returns
    -------
    Array of the shape of ``frequency``.
    """
    edges, weight = _cells(cells)
    half = tiling.half_width(frequency, q)
    grid, integral = cumulative
    # The grid is even: indexing is several times faster than a search.
    position = (frequency[..., None] + half[..., None] * edges) * (1 / grid[1])
    index = np.clip(position.astype(np.int64), 0, grid.size - 2)
    low = integral[index]
    at = low + (integral[index + 1] - low) * np.clip(position - index, 0, 1)
    return np.diff(at, axis=-1) @ weight
