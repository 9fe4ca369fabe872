"""Whitening by inverse spectrum truncation.

The whitening filter is the inverse of the amplitude spectral density, made a finite impulse response
by cutting it with a Hann window of ``fduration`` (Allen et al. 2012, PRD 85 122006, section VII).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray
from scipy import fft

from tidings.errors import InputError
from tidings.gw import psd

FloatArray = NDArray[np.float64]
_TAPER_BINS = 5


def _ramp() -> FloatArray:
    """Rising half of a symmetric Hann window, over the bins tapered at either end of a response."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(_TAPER_BINS) / (2 * _TAPER_BINS - 1))


def hann(n: int) -> FloatArray:
    """Periodic Hann window of n samples."""
    return 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n)


def inverse_asd(
    frequencies: FloatArray, asd: FloatArray, n: int, rate: float, highpass: float | None
) -> FloatArray:
    """1 / asd on the frequency grid of a record of n samples, tapered at both ends.

    Raises
    ------
    InputError
        If the ASD is not finite and positive everywhere between its first and last frequency.
    """
    if not (np.isfinite(asd).all() and (asd[1:-1] > 0).all()):
        raise InputError("the amplitude spectral density has zeros or is not finite: cannot whiten with it")
    grid = np.arange(n // 2 + 1) * (rate / n)
    # The ends (mean and Nyquist frequency) may be zero: the taper removes them anyway.
    floor = asd[1:-1].min() * 1e-6
    transfer = 1 / np.interp(grid, frequencies, np.maximum(asd, floor))
    corner = 0 if highpass is None else int(highpass * n / rate)
    ramp = _ramp()
    transfer[:corner] = 0
    transfer[corner : corner + _TAPER_BINS] *= ramp[: transfer.size - corner]
    transfer[-_TAPER_BINS:] *= ramp[::-1]
    return transfer


def whitening_filter(
    frequencies: FloatArray,
    asd: FloatArray,
    rate: float,
    fduration: float = 2.0,
    *,
    n: int | None = None,
    highpass: float | None = None,
    dtype: DTypeLike = np.float64,
) -> FloatArray:
    """Impulse response of the whitening filter.

    Parameters
    ----------
    frequencies, asd
        Frequencies [Hz] and amplitude spectral density of the noise, from 0 to rate / 2.
    rate
        Sample rate [Hz].
    fduration
        Length of the response [s].
    n
        Samples of the frequency grid on which 1 / asd is laid before it is cut (default: four times
        the length of the response).
    highpass
        Zero the response below this frequency [Hz].
    dtype
        Precision of the response; single precision is enough if it is applied to a spectrum.

    Returns
    -------
    Array of shape (fduration * rate,), scaled so that noise of that ASD becomes noise of variance 1.
    Its centre is sample ``size // 2 - 1``.
    """
    taps = int(fduration * rate)
    taps -= taps % 2
    n = 4 * taps if n is None else n
    if taps < 4 or taps > n:
        raise InputError(
            f"a whitening filter of {fduration:g} s does not fit a record of {n / rate:g} s: "
            "give longer data or a shorter fduration"
        )
    impulse = fft.irfft(inverse_asd(frequencies, asd, n, rate, highpass).astype(dtype), 2 * (n // 2))
    half = taps // 2
    window = hann(taps).astype(dtype)
    response = np.concatenate((impulse[-half:] * window[:half], impulse[:half] * window[half:]))
    # One sample early, so that the same-length convolution puts the centre on its sample.
    return np.roll(response, -1) * float(np.sqrt(2 / rate))


def taper_ends(x: FloatArray, half: int) -> FloatArray:
    """Copy of x whose first and last ``half`` samples rise and fall as half a Hann window."""
    window = hann(2 * half)
    out = x.copy()
    out[:half] *= window[:half]
    out[-half:] *= window[half:]
    return out


def convolve_same(x: FloatArray, response: FloatArray) -> FloatArray:
    """Linear convolution, as long as x, with the response centred on sample (size - 1) // 2."""
    n = fft.next_fast_len(x.size + response.size - 1, real=True)
    out = fft.irfft(fft.rfft(x, n) * fft.rfft(response, n), n)
    first = (response.size - 1) // 2
    return out[first : first + x.size]


def whiten(
    x: ArrayLike,
    rate: float,
    asd: tuple[ArrayLike, ArrayLike] | None = None,
    fduration: float = 2.0,
    *,
    fftlength: float | None = None,
    overlap: float = 0.0,
    highpass: float | None = None,
) -> FloatArray:
    """Whiten data by inverse spectrum truncation.

    Parameters
    ----------
    x
        Evenly sampled data, shape (n,), all finite.
    rate
        Sample rate [Hz].
    asd
        Frequencies [Hz] and amplitude spectral density of the noise; estimated from the data
        (median Welch) if None.
    fduration
        Length of the whitening filter [s]. The first and the last half of it are corrupted.
    fftlength, overlap
        Segment length and overlap [s] of the estimate (default: 2 s, or 2048 samples if that is longer).
    highpass
        Suppress everything below this frequency [Hz].

    Returns
    -------
    Array of shape (n,): stationary Gaussian noise comes out with mean 0 and variance 1.

    Raises
    ------
    InputError
        If the data hold non-finite values, or are too short or too quiet to be whitened.
    """
    data = np.asarray(x, dtype=np.float64)
    if data.ndim != 1 or not np.isfinite(data).all():
        raise InputError("whitening needs a one-dimensional series of finite values: fill or cut the gaps")
    if asd is None:
        fftlength = int(max(2, np.ceil(2048 / rate))) if fftlength is None else fftlength
        asd = psd.asd(data, rate, fftlength, overlap)
    frequencies, density = (np.asarray(a, dtype=np.float64) for a in asd)
    response = whitening_filter(frequencies, density, rate, fduration, n=data.size, highpass=highpass)
    conditioned = taper_ends(data - data.mean(), response.size // 2)
    return convolve_same(conditioned, response)
