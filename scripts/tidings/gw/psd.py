"""Noise spectra: Welch's method with a median average."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from tidings.errors import InputError

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

_BLOCK = 8


def median_bias(n: int) -> float:
    """Ratio of the expected median of ``n`` exponential variates to their mean.

    The sum ``1 - 1/2 + 1/3 - ...`` over the largest odd number of terms up to ``n`` (Allen et al.
    2012, PRD 85 122006, appendix B); for even ``n`` the mean of the two middle values has the
    expectation of ``n - 1``.
    """
    terms = np.arange(1, n + 1 - (n + 1) % 2)
    return float(np.sum((-1.0) ** (terms + 1) / terms))


def segment_starts(n: int, length: int, step: int, good: BoolArray | None = None) -> NDArray[np.int64]:
    """First samples of the Welch segments that hold good samples only.

    Parameters
    ----------
    n, length, step
        Samples in the record, in a segment, and between the starts of two segments.
    good
        One flag per sample; segments that touch a sample that is not good are left out.
    """
    starts = np.arange(0, n - length + 1, step)
    if good is None or good.all():
        return starts
    bad = np.concatenate(([0], np.cumsum(~good)))
    return starts[bad[starts + length] == bad[starts]]


def power_median(power: FloatArray) -> FloatArray:
    """Median over the first axis, divided by its bias."""
    n = power.shape[0]
    # Partitioning short contiguous rows is several times faster than numpy.median along the first axis.
    rows = np.ascontiguousarray(power.T)
    rows.partition(n // 2, axis=1)
    upper = rows[:, n // 2]
    lower = upper if n % 2 else rows[:, : n // 2].max(axis=1)
    return 0.5 * (lower + upper) / median_bias(n)


def segments_power(
    x: FloatArray, rate: float, length: int, step: int, good: BoolArray | None = None
) -> FloatArray:
    """One-sided periodograms (unit of x squared per Hz) of Hann-windowed, mean-free segments."""
    starts = segment_starts(x.size, length, step, good)
    if starts.size == 0:
        raise InputError(
            f"no stretch of {length / rate:g} s of good data to estimate the noise spectrum from: "
            "give a longer record, a shorter fftlength or a laxer data-quality mask"
        )
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(length) / length)).astype(x.dtype)
    segments = np.lib.stride_tricks.sliding_window_view(x, length)
    power = np.empty((starts.size, length // 2 + 1), dtype=x.dtype)
    # In blocks that stay in the cache: at once, the time would go into fetching memory.
    for block in range(0, starts.size, _BLOCK):
        part = segments[starts[block : block + _BLOCK]]
        # Subtracting the mean from the segment changes the two lowest bins only (Hann: 1/2, -1/4).
        sums = part.sum(axis=1)
        part *= window
        spectrum = fft.rfft(part, axis=1, overwrite_x=True)
        spectrum[:, 0] -= 0.5 * sums
        spectrum[:, 1] += 0.25 * sums
        pairs = spectrum.view(x.dtype)
        pairs *= pairs
        np.add(pairs[:, ::2], pairs[:, 1::2], out=power[block : block + _BLOCK])
    power *= 2.0 / float(rate * np.sum(np.square(window), dtype=np.float64))
    power[:, 0] /= 2
    if length % 2 == 0:
        power[:, -1] /= 2
    return power


def asd(
    x: ArrayLike, rate: float, fftlength: float = 2.0, overlap: float = 0.0, good: ArrayLike | None = None
) -> tuple[FloatArray, FloatArray]:
    """Amplitude spectral density by Welch's method with a median average.

    Parameters
    ----------
    x
        Evenly sampled data, shape (n,).
    rate
        Sample rate [Hz].
    fftlength, overlap
        Length of a segment and overlap of neighbouring segments [s].
    good
        One flag per sample; segments touching a sample that is not good (or not finite) are left out.

    Returns
    -------
    frequencies, asd
        Frequencies [Hz] and one-sided amplitude spectral density [unit of x / sqrt(Hz)], both of
        shape (fftlength * rate // 2 + 1,). Segments are Hann-windowed and mean-free.

    Raises
    ------
    InputError
        If no segment of good data is left, or the overlap is not shorter than the segment.

    References
    ----------
    Welch 1967, IEEE Trans. Audio Electroacoust. 15, 70; Allen et al. 2012, PRD 85 122006, app. B.
    """
    data = np.asarray(x, dtype=np.float64)
    if data.ndim != 1:
        raise InputError(f"the data must be one-dimensional, not of shape {data.shape}")
    length, lap = round(fftlength * rate), round(overlap * rate)
    if length < 4 or not 0 <= lap < length:
        raise InputError(
            f"cannot estimate a spectrum from segments of {fftlength:g} s overlapping by {overlap:g} s "
            f"at {rate:g} Hz: give a positive fftlength and a shorter overlap"
        )
    finite = np.isfinite(data)
    usable = finite if good is None else finite & np.asarray(good, dtype=bool)
    power = segments_power(data, rate, length, length - lap, None if usable.all() else usable)
    return np.arange(length // 2 + 1) * (rate / length), np.sqrt(power_median(power))
