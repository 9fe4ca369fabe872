"""The Q-transform with the numbers of gwpy's ``TimeSeries.q_transform``.

The tiles, their normalisation by the median of their row over the whole record, their placement one
frequency bin high, and the two cubic splines to the output grid are gwpy's (version 4), derived here from
its documented behaviour and evaluated faster: rows of all planes in batches of one FFT length, in single
precision, and the splines only where output is wanted. Energies are 1 / ln(2) = 1.44 times larger on
average than those of the default mode, and signal-to-noise ratios 1.2 times.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, exp, log, log10, pi, sqrt

import numpy as np
from astropy import units as u
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray
from scipy import fft, interpolate, ndimage

from tidings.errors import InputError
from tidings.gw import tiling, whitening
from tidings.gw._qdata import noise_spectrum
from tidings.gw.spectrogram import QSpectrogram, described_table

FloatArray = NDArray[np.float64]

#: Tiles kept on either side of the window for the spline in time: its weights fall by 0.27 per tile.
_MARGIN = 24
_BATCH = 1 << 16
#: Rows of this many tiles are split into this many transforms: long ones do not fit the cache.
_LONG = 1 << 16
_PARTS = 16


@dataclass(frozen=True)
class Rows:
    """Rows of tiles of all planes, one column each: plane, Q, frequency [Hz], half window [bins], tiles."""

    plane: NDArray[np.int64]
    q: FloatArray
    frequency: FloatArray
    half: NDArray[np.int64]
    size: NDArray[np.int64]


@dataclass(frozen=True)
class Scan:
    """Loudest tile of every row (index and normalised energy) and the energies around the window."""

    peak: NDArray[np.int64]
    energy: NDArray[np.float32]
    around: list[NDArray[np.float32]]
    first: NDArray[np.int64]


def tile_rows(
    duration: float, rate: float, qs: FloatArray, frange: tuple[float, float], mismatch: float
) -> Rows:
    """gwpy's rows: frequencies rounded down to a bin, numbers of tiles rounded up to a power of two."""
    step = tiling.tile_step(mismatch)
    top = min(frange[1], 0.5 * rate / (1 + sqrt(11) / qs[0]))
    if top <= frange[0]:
        raise InputError(
            f"gwpy's tiling ends at {top:.1f} Hz for Q {qs[0]:.1f} at {rate:g} Hz: lower the frequency range"
        )
    columns = []
    for plane, q in enumerate(qs):
        frequency = np.unique(
            tiling.row_frequencies(q, (frange[0], top), mismatch) // (1 / duration) * (1 / duration)
        )
        for f in frequency[frequency > 0]:
            half = int(f / (q / sqrt(11)) * duration)
            size = 2 ** ceil(log(duration * 2 * pi * f / q / step, 2))
            columns.append((plane, q, f, half, size))
    plane, q, f, half, size = (np.array(c) for c in zip(*columns, strict=True))
    return Rows(plane, q, f, half, size)


def scan(spectrum: NDArray[np.complex64], rows: Rows, duration: float, window: tuple[float, float]) -> Scan:
    """Normalise every row by its median; find its loudest tile; keep what the window needs."""
    n = rows.size.size
    peak, energy = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.float32)
    first = np.maximum(np.floor(window[0] / duration * rows.size).astype(np.int64) - _MARGIN, 0)
    last = np.minimum(np.ceil(window[1] / duration * rows.size).astype(np.int64) + _MARGIN, rows.size)
    around: list[NDArray[np.float32]] = [np.empty(0, dtype=np.float32)] * n
    for size in np.unique(rows.size):
        index = np.flatnonzero(rows.size == size)
        # A long row is a batch by itself: it is split into short transforms.
        count = 1 if size >= _LONG else max(4, _BATCH // int(size))
        twiddle = _twiddles(int(size)) if size >= _LONG else None
        for begin in range(0, index.size, count):
            batch = index[begin : begin + count]
            # modulus[i, r, m]: tile m * parts + r of row i.
            modulus = _moduli(spectrum, rows, batch, int(size), duration, twiddle)
            parts = modulus.shape[1]
            flat = modulus.reshape(batch.size, -1)
            loudest = flat.argmax(axis=1)
            peak[batch] = loudest % modulus.shape[2] * parts + loudest // modulus.shape[2]
            energy[batch] = np.square(flat[np.arange(batch.size), loudest])
            for k, row in enumerate(batch):
                low, high = first[row] // parts, -(-last[row] // parts)
                tiles = modulus[k, :, low:high].T.ravel()[first[row] - low * parts : last[row] - low * parts]
                around[row] = np.square(tiles)
            median = _median_square(flat)
            energy[batch] /= median
            for k, row in enumerate(batch):
                around[row] /= median[k]
    return Scan(peak, energy, around, first)


@lru_cache(maxsize=8)
def _twiddles(size: int) -> tuple[NDArray[np.complex64], NDArray[np.complex64]]:
    """Factors that split an inverse transform into `_PARTS` transforms for every `_PARTS`-th output."""
    r = np.arange(_PARTS)
    outer = np.exp(2j * pi / _PARTS * np.outer(r, r))
    # exp(2 pi i r k / size), as a product of two short series in k.
    length = size // _PARTS
    fine = np.exp(2j * pi / size * np.outer(r, np.arange(128)))
    coarse = np.exp(2j * pi / size * 128 * np.outer(r, np.arange(length // 128)))
    inner = coarse.astype(np.complex64)[:, :, None] * fine.astype(np.complex64)[:, None, :]
    return outer.astype(np.complex64), inner.reshape(_PARTS, length)


def _moduli(
    spectrum: NDArray[np.complex64],
    rows: Rows,
    batch: NDArray[np.int64],
    size: int,
    duration: float,
    twiddle: tuple[NDArray[np.complex64], NDArray[np.complex64]] | None,
) -> NDArray[np.float32]:
    """Moduli of the tiles of rows of one size, shape (rows, parts, size // parts)."""
    half, frequency = rows.half[batch], rows.frequency[batch]
    scale = rows.q[batch] / sqrt(11) / frequency / duration
    width = 2 * int(half.max()) + 1
    k = np.arange(width, dtype=np.float32)
    x = scale.astype(np.float32)[:, None] * (k - half.astype(np.float32)[:, None])
    np.multiply(x, x, out=x)
    np.subtract(1, x, out=x)
    np.maximum(x, 0, out=x)
    np.multiply(x, x, out=x)
    used = size if twiddle is None else -(-width // (size // _PARTS)) * (size // _PARTS)
    buffer = np.zeros((batch.size, used), dtype=np.complex64)
    # The windows lie one bin above the frequency they belong to.
    start = np.rint(frequency * duration).astype(np.int64) + 1 - half
    for i, (begin, w) in enumerate(zip(start, 2 * half + 1, strict=True)):
        data = spectrum[begin : begin + w]
        np.multiply(data, x[i, : data.size], out=buffer[i, : data.size])
    if twiddle is not None:
        outer, inner = twiddle
        folded = buffer.reshape(-1, inner.shape[1])
        buffer = outer[:, : folded.shape[0]] @ folded
        buffer *= inner
    z = fft.ifft(buffer, axis=1, norm="forward", overwrite_x=True)
    return np.abs(z)[None] if twiddle is not None else np.abs(z)[:, None]


def _median_square(modulus: NDArray[np.float32]) -> NDArray[np.float32]:
    """Median of the squares of each row of an even number of values; puts the rows out of order."""
    middle = modulus.shape[1] // 2
    modulus.partition(middle, axis=1)
    return 0.5 * (np.square(modulus[:, middle]) + np.square(modulus[:, :middle].max(axis=1)))


def white_spectrum(
    data: FloatArray, rate: float, asd: tuple[ArrayLike, ArrayLike], fduration: float
) -> NDArray[np.complex64]:
    """Spectrum of the whitened data.

    The filter of a long record is applied to the spectrum: what it would push beyond an end comes back at
    the other, which changes the first and last half of its length by some per cent and nothing else. A
    short record is whitened in time.
    """
    if data.size < 16 * fduration * rate:
        return fft.rfft(whitening.whiten(data, rate, asd, fduration)).astype(np.complex64)
    frequencies, density = (np.asarray(a, dtype=np.float64) for a in asd)
    scaled = density / np.median(density)
    response = whitening.whitening_filter(frequencies, scaled, rate, fduration, n=data.size, dtype=np.float32)
    half = response.size // 2
    padded = np.zeros(data.size, dtype=np.float32)
    # The centre of the response is sample half - 1.
    padded[: half + 1], padded[1 - half :] = response[half - 1 :], response[: half - 1]
    spectrum = fft.rfft(whitening.taper_ends(data - data.mean(), half) / np.median(density))
    return np.multiply(spectrum, fft.rfft(padded)).astype(np.complex64)


def time_spline(values: NDArray[np.float32], position: FloatArray) -> NDArray[np.float32]:
    """Interpolating cubic spline of rows of unit-spaced values at fractional positions."""
    coefficient = ndimage.spline_filter1d(values, 3, axis=1, output=np.float64, mode="mirror")
    at = np.clip(np.floor(position).astype(np.int64), 0, values.shape[1] - 1)
    s = position - at
    weights = ((1 - s) ** 3 / 6, 2 / 3 - s**2 + s**3 / 2, 2 / 3 - (1 - s) ** 2 + (1 - s) ** 3 / 2, s**3 / 6)
    padded = np.pad(coefficient, ((0, 0), (1, 2)), mode="reflect")
    return sum(w * padded[:, at + i] for i, w in enumerate(weights)).astype(np.float32)


def frequency_spline(frequency: FloatArray, out: FloatArray) -> NDArray[np.float32]:
    """Matrix of the interpolating cubic spline (not-a-knot) through rows, held constant beyond them."""
    basis = interpolate.make_interp_spline(frequency, np.eye(frequency.size), k=3)
    return basis(np.clip(out, frequency[0], frequency[-1])).astype(np.float32)


def q_transform(
    x: ArrayLike,
    rate: float,
    t0: float,
    *,
    window: tuple[float, float],
    qrange: tuple[float, float],
    frange: tuple[float, float],
    q: float | None,
    time_resolution: float | None,
    n_frequencies: int,
    frequency_resolution: float | None,
    whiten: bool,
    asd: tuple[ArrayLike, ArrayLike] | None,
    mismatch: float,
    n_tiles: int,
    fftlength: float,
    fduration: float,
) -> QSpectrogram:
    """Map and loudest tiles as gwpy gives them; for the parameters see `tidings.gw.qtransform.q_transform`.

    The tiles are the loudest of each plane over the whole record; "far" is gwpy's crude estimate.

    Raises
    ------
    InputError
        If the data are not finite, or a plane has fewer than four rows.
    """
    data = np.asarray(x, dtype=np.float64)
    if not np.isfinite(data).all():
        raise InputError("gwpy's Q-transform needs finite data: use the default mode, which masks gaps")
    if not data.any():
        raise InputError("no usable data: every sample is zero")
    duration = data.size / rate
    if whiten:
        if asd is None:
            frequency, density, _ = noise_spectrum(data, rate, None, fftlength)
            asd = (frequency, np.sqrt(density))
        spectrum = white_spectrum(data, rate, asd, fduration)
    else:
        spectrum = fft.rfft(data / np.abs(data).max()).astype(np.complex64)
    qs = tiling.q_planes(qrange if q is None else (q, q), mismatch)
    rows = tile_rows(duration, rate, qs, frange, mismatch)
    scanned = scan(spectrum, rows, duration, (window[0] - t0, window[1] - t0))
    loudest = [index[np.argmax(scanned.energy[index])] for index in _by_plane(rows, qs.size)]
    best = int(np.argmax(scanned.energy[loudest]))
    dt = (window[1] - window[0]) / 1000 if time_resolution is None else float(time_resolution)
    times = np.arange(window[0], window[1], dt)
    low, high = float(frange[0]), min(float(frange[1]), 0.5 * rate / (1 + sqrt(11) / qs[0]))
    if frequency_resolution is None:
        frequencies = tiling.log_frequencies((low, high), n_frequencies)
    else:
        frequencies = np.arange(low, high, frequency_resolution)
    energy = _interpolate(
        scanned, rows, np.flatnonzero(rows.plane == best), (times - t0) / duration, frequencies
    )
    planes, tiles = _tables(scanned, rows, np.array(loudest), t0, duration, qrange, mismatch)
    return QSpectrogram(
        energy, times, float(times[0]), dt, frequencies, float(qs[best]), "median",
        np.ones(energy.shape, dtype=bool), planes, tiles[:n_tiles],
    )  # fmt: skip


def _by_plane(rows: Rows, planes: int) -> list[NDArray[np.int64]]:
    return [np.flatnonzero(rows.plane == i) for i in range(planes)]


def _interpolate(
    scanned: Scan, rows: Rows, index: NDArray[np.int64], share: FloatArray, frequencies: FloatArray
) -> NDArray[np.float32]:
    """Spline the tiles of one plane in time (``share`` of the record), then in frequency."""
    if index.size < 4:
        raise InputError(
            "gwpy's splines need at least four rows of tiles: widen the frequency range or raise Q"
        )
    on_time = np.empty((index.size, share.size), dtype=np.float32)
    for size in np.unique(rows.size[index]):
        group = np.flatnonzero(rows.size[index] == size)
        first = scanned.first[index[group[0]]]
        on_time[group] = time_spline(
            np.stack([scanned.around[r] for r in index[group]]), share * size - first
        )
    matrix = frequency_spline(rows.frequency[index], frequencies)
    return on_time.T @ matrix.T


def _tables(
    scanned: Scan,
    rows: Rows,
    loudest: NDArray[np.int64],
    t0: float,
    duration: float,
    qrange: tuple[float, float],
    mismatch: float,
) -> tuple[Table, Table]:
    """Loudest tile of each plane: in the order of the planes, and with extents loudest first."""
    energy = scanned.energy[loudest].astype(np.float64)
    time = t0 + scanned.peak[loudest] * (duration / rows.size[loudest])
    frequency, q = rows.frequency[loudest], rows.q[loudest]
    planes = described_table(
        [
            ("q", q, None, "Quality factor of the plane"),
            ("time", time, u.s, "GPS time of the loudest tile (gwpy)"),
            ("frequency", frequency, u.Hz, "Frequency of the loudest tile (gwpy)"),
            ("energy", energy, None, "Energy over the median of the row (gwpy)"),
            ("snr", np.sqrt(2 * energy), None, "sqrt(2 energy) (gwpy)"),
        ]
    )
    weight = 1 + log10(qrange[1] / qrange[0]) / sqrt(2)
    independent = np.sum(1 + rows.size * tiling.tile_step(mismatch)) * weight / loudest.size
    far = np.array([1.5 * independent * exp(-min(e, 700.0)) / duration for e in energy])
    tiles = described_table(
        [
            ("time", time, u.s, "GPS time (gwpy)"),
            ("frequency", frequency, u.Hz, "Frequency (gwpy)"),
            ("q", q, None, "Quality factor"),
            ("duration", tiling.duration(frequency, q), u.s, "Duration, Q / (2 sqrt(pi) f)"),
            ("bandwidth", tiling.bandwidth(frequency, q), u.Hz, "Bandwidth, 2 sqrt(pi) f / Q"),
            ("energy", energy, None, "Energy over the median of the row (gwpy)"),
            ("snr", np.sqrt(2 * energy), None, "sqrt(2 energy) (gwpy)"),
            ("far", far, u.Hz, "False-alarm rate as gwpy estimates it; not calibrated"),
        ]
    )
    tiles.sort("energy", reverse=True)
    return planes, tiles
