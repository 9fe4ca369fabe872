"""Data made ready for the Q-transform: gaps found, noise spectrum estimated, stretch whitened."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from tidings.errors import InputError
from tidings.gw import psd, tiling, whitening
from tidings.gw._qrows import Series, white_norm

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: A run of exact zeros of this length [s] is a gap in the recording, not a measurement.
ZERO_RUN = 1 / 64
#: Width [Hz] of the running median that tells lines from the continuum.
CONTINUUM = 8.0
#: Level of whitened noise in the notch of a line, the residue of the line included (typical of real data).
NOTCH = 0.5
#: Excess of noise whitened by an estimate from itself, times the number of segments of the estimate: for
#: an estimate of relative variance v = 1 / (K ln(2)**2) smoothed by the filter, 0.9 v - 0.7 / K
#: to first order; the value is measured on white noise.
WHITENING_EXCESS = 1.6
#: Relative scatter of real rows about the expectation, as the time times bandwidth that measures as well.
PRIOR = 150.0
#: Shortest record [s] that a spectrum and a filter can be made from.
SHORTEST = 0.5


@dataclass(frozen=True)
class Prepared:
    """What the transform needs to know of the data; times count from the first sample.

    ``series`` is whitened (or as given). ``expected`` holds frequencies [Hz] and the integral of the
    one-sided spectral density that its noise should have, ``measured`` the same measured over a time [s].
    ``runs`` the beginnings and ends [s] of the stretches without good data, the outside included, and
    ``reach`` the time [s] by which the filter spreads them.
    """

    series: Series
    expected: tuple[FloatArray, FloatArray]
    measured: tuple[FloatArray, FloatArray, float] | None
    runs: FloatArray
    reach: float

    def norm(self, frequency: FloatArray, q: FloatArray) -> FloatArray:
        """Expected squared modulus of tiles in the noise, of the shape of ``frequency``.

        The mean of what the filter should give and what is measured, weighted by how well each is known:
        the measurement by its time times the bandwidth of the tile, the expectation by `PRIOR`.
        """
        expected = white_norm(frequency, q, self.expected)
        if self.measured is None:
            return expected
        known = self.measured[2] * tiling.bandwidth(frequency, q)
        weight = known / (known + PRIOR)
        return expected + weight * (white_norm(frequency, q, self.measured[:2]) - expected)

    def distance(self, time: FloatArray) -> FloatArray:
        """Time [s] between the given times and the nearest datum that is missing, bad or filter settling."""
        begins, ends = self.runs[:, 0], self.runs[:, 1]
        after = np.searchsorted(begins, time, side="right")
        left = time - np.maximum.accumulate(ends)[after - 1]
        right = begins[np.minimum(after, begins.size - 1)] - time
        return np.minimum(left, np.where(after < begins.size, right, np.inf)) - self.reach

    def clear(self, runs: FloatArray) -> BoolArray:
        """One flag per sample of the series: outside the given stretches of time [s]."""
        flag = np.ones(self.series.values.size, dtype=bool)
        last = float(flag.size)
        for begin, end in np.clip((runs - self.series.start) * self.series.rate, 0, last):
            flag[floor(begin) : ceil(end)] = False
        return flag

    def nearest(self, window: tuple[float, float]) -> float:
        """Smallest distance [s] of any time of the window."""
        if np.any((self.runs[:, 0] < window[1]) & (self.runs[:, 1] > window[0])):
            return -self.reach
        return float(self.distance(np.array(window)).min())


def runs_of(flag: BoolArray) -> NDArray[np.int64]:
    """First and one-past-last indices of the runs of true values, shape (runs, 2)."""
    edge = np.flatnonzero(np.diff(np.concatenate(([False], flag, [False])).astype(np.int8)))
    return edge.reshape(-1, 2)


def usable_samples(x: FloatArray, rate: float, good: ArrayLike | None) -> BoolArray | None:
    """One flag per sample, or None if all are usable: good, finite and not part of a run of exact zeros."""
    usable = None
    if good is not None:
        usable = np.array(good, dtype=bool)
        if usable.shape != x.shape:
            raise InputError(f"the data-quality mask has {usable.size} samples, the data have {x.size}")
    # Summing is the fastest way to see that all are finite.
    if not np.isfinite(x.sum()):
        finite = np.isfinite(x)
        usable = finite if usable is None else usable & finite
    zero = x == 0
    if np.count_nonzero(zero) > 1:
        runs = runs_of(zero)
        for begin, end in runs[runs[:, 1] - runs[:, 0] >= max(2, ZERO_RUN * rate)]:
            usable = np.ones(x.size, dtype=bool) if usable is None else usable
            usable[begin:end] = False
    return None if usable is None or usable.all() else usable


def check(x: ArrayLike, rate: float, good: ArrayLike | None) -> tuple[FloatArray, BoolArray | None]:
    """The data as float64, and the usable flags; if some are not, they are zero and the mean is removed."""
    data = np.asarray(x)
    if data.ndim != 1 or data.dtype.kind not in "fiu":
        raise InputError(
            f"the data must be a one-dimensional real series, not {data.dtype} of shape {data.shape}"
        )
    data = data.astype(np.float64, copy=False)
    if not rate > 0 or data.size < SHORTEST * rate:
        raise InputError(
            f"{data.size} samples at {rate:g} Hz are too short for a Q-transform: "
            f"give at least {SHORTEST:g} s of data"
        )
    usable = usable_samples(data, rate, good)
    if usable is None:
        return data, None
    if not usable.any():
        raise InputError("no usable data: every sample is zero, not finite or flagged as bad")
    return np.where(usable, data - data[usable].mean(), 0.0), usable


def noise_spectrum(
    data: FloatArray, rate: float, usable: BoolArray | None, fftlength: float
) -> tuple[FloatArray, FloatArray, int]:
    """Frequencies [Hz], median-Welch PSD (segments overlapping by half), and the number of segments."""
    length = 2 * round(fftlength * rate / 2)
    # In single precision, which takes half the time: its rounding stands 7 orders below the loudest
    # frequencies, and strain spans 5. Of order one, since squares of strain would underflow.
    mean, square = data.mean(), np.dot(data, data) / data.size
    if mean**2 > 0.1 * square:
        data = data - mean
        square -= mean**2
    scale = np.sqrt(square) or 1.0
    single = np.multiply(data, 1 / scale, dtype=np.float32, casting="same_kind")
    power = psd.segments_power(single, rate, length, length // 2, usable)
    density = psd.power_median(power).astype(np.float64) * scale**2
    return np.arange(length // 2 + 1) * (rate / length), density, power.shape[0]


def continuum(frequency: FloatArray, density: FloatArray) -> FloatArray:
    """The density without its narrow lines: its running median over 8 Hz."""
    bins = 2 * round(0.5 * CONTINUUM / (frequency[1] - frequency[0])) + 1
    if bins < 3:
        return density
    padded = np.pad(density, bins // 2, mode="reflect")
    windows = np.lib.stride_tricks.sliding_window_view(padded, bins)
    return np.partition(windows, bins // 2, axis=1)[:, bins // 2]


def white_expectation(
    frequency: FloatArray, asd: FloatArray, response: FloatArray, rate: float, segments: int | None
) -> tuple[FloatArray, FloatArray]:
    """Frequencies [Hz] and one-sided spectral density that whitened noise should have: flat but for notches.

    The filter is smoother than the spectrum and cuts a notch around each line; there the continuum comes
    out below 2 / rate. How far below depends on the residue of the line, which a coarse estimate cannot tell.

    Parameters
    ----------
    frequency, asd
        Frequencies [Hz] and amplitude spectral density of the noise.
    response, rate
        Impulse response of the whitening filter and sample rate [Hz].
    segments
        Number of segments of the estimate of the ASD; None if it is exact. Noise whitened by a scattering
        estimate is louder than 2 / rate by ``WHITENING_EXCESS / segments``.
    """
    grid = 2 * response.size
    squared = np.square(np.abs(fft.rfft(response, grid)))
    fine = np.arange(squared.size) * (rate / grid)
    ratio = np.interp(fine, frequency, continuum(frequency, np.square(asd))) * squared * (0.5 * rate)
    excess = 1 if segments is None else 1 + WHITENING_EXCESS / segments
    return fine, np.where(ratio < NOTCH, NOTCH, excess) * (2 / rate)


def measured_density(
    series: Series, length: int, clear: BoolArray
) -> tuple[FloatArray, FloatArray, float] | None:
    """Frequencies [Hz], median-Welch density of the whitened data and its length [s]; None if too short."""
    starts = psd.segment_starts(series.values.size, length, length // 2, clear)
    if starts.size < 3:
        return None
    power = psd.segments_power(series.values, series.rate, length, length // 2, clear)
    frequency = np.arange(length // 2 + 1) * (series.rate / length)
    return frequency, psd.power_median(power), 0.5 * (starts.size + 1) * length / series.rate


def _integral(frequency: FloatArray, density: FloatArray) -> tuple[FloatArray, FloatArray]:
    steps = 0.5 * (density[1:] + density[:-1]) * np.diff(frequency)
    return frequency, np.concatenate(([0.0], np.cumsum(steps)))


def _floored(frequency: FloatArray, density: FloatArray, band: tuple[float, float]) -> FloatArray:
    """The ASD without the deep holes outside the band that would dominate the whitened data."""
    inside = density[(frequency >= band[0]) & (frequency <= band[1])]
    if inside.size == 0 or not (np.isfinite(inside).all() and inside.min() > 0):
        raise InputError(
            f"the noise spectrum has zeros between {band[0]:g} and {band[1]:g} Hz: "
            "the data are constant or filtered there; choose another frequency range"
        )
    return np.maximum(np.nan_to_num(density, nan=np.inf, posinf=inside.max()), 1e-2 * inside.min())


def prepare(
    x: ArrayLike,
    rate: float,
    *,
    span: tuple[float, float],
    window: tuple[float, float],
    band: tuple[float, float],
    whiten: bool,
    asd: tuple[ArrayLike, ArrayLike] | None,
    good: ArrayLike | None,
    fftlength: float,
    fduration: float,
) -> Prepared:
    """Find gaps, estimate the noise from all the data, and whiten the span around the window.

    Times count in seconds from the first sample.

    Raises
    ------
    InputError
        If the data are too short, hold nothing usable, or are constant in the band [Hz].
    """
    data, usable = check(x, rate, good)
    length = data.size / rate
    fftlength, fduration = min(fftlength, length / 2), min(fduration, length / 2)
    segments = None
    if asd is None:
        frequency, density, segments = noise_spectrum(data, rate, usable, fftlength)
        density = np.sqrt(density)
    else:
        frequency, density = (np.asarray(a, dtype=np.float64) for a in asd)
    floored = _floored(frequency, density, band)
    gaps = np.array([[-np.inf, 0.0], [length, np.inf]])
    if usable is not None:
        gaps = np.concatenate((gaps[:1], runs_of(~usable) / rate, gaps[1:]))
    if whiten:
        response = whitening.whitening_filter(frequency, floored, rate, fduration)
        series = _whiten_span(data, rate, response, span)
        expected = _integral(*white_expectation(frequency, density, response, rate, segments))
        data = Prepared(series, expected, None, gaps, 0.5 * fduration)
        clear = data.clear(gaps + np.array([-data.reach, data.reach]))
        # A loud signal would raise the level that it is measured by: leave out its window if it is short.
        outside = clear & data.clear(np.array([window]))
        if np.count_nonzero(outside) >= max(0.5 * np.count_nonzero(clear), 8 * rate):
            clear = outside
        measured = measured_density(series, 2 * (response.size // 2), clear)
        if measured is None:
            return data
        return replace(data, measured=(*_integral(*measured[:2]), measured[2]))
    # Scaled to order one: squares of strain would underflow in single precision.
    scale = 1 / np.median(floored[(frequency >= band[0]) & (frequency <= band[1])])
    half = round(0.5 * fduration * rate)
    series = Series(whitening.taper_ends(data - data.mean(), half) * scale, rate, 0.0)
    return Prepared(series, _integral(frequency, np.square(density * scale)), None, gaps, half / rate)


def _whiten_span(data: FloatArray, rate: float, response: FloatArray, span: tuple[float, float]) -> Series:
    """Whiten a stretch exactly as the whole record would be: the filter sees its own reach on either side."""
    half = response.size // 2
    first, last = max(0, floor(span[0] * rate)), min(data.size, ceil(span[1] * rate) + 1)
    low, high = max(0, first - half), min(data.size, last + half)
    part = data[low:high] - data.mean()
    # The record fades in and out; a stretch from its middle does not.
    taper, fall = whitening.hann(2 * half), data.size - half
    if low < half:
        part[: half - low] *= taper[low:half]
    if high > fall:
        begin = max(low, fall)
        part[begin - low :] *= taper[half + begin - fall : half + high - fall]
    white = whitening.convolve_same(part, response)
    # White data lose nothing in single precision, and the transforms take half the time.
    return Series(white[first - low : last - low].astype(np.float32), rate, first / rate)
