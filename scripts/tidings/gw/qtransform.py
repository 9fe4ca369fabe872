"""Q-transform of gravitational-wave strain: the energy of sine-Gaussian tiles over time and frequency.

The default mode evaluates every pixel directly, normalises by the expected energy of the noise (so that
noise has mean 1 and SNR = sqrt(2 E)), masks what edges and gaps reach, and lists the loudest tiles.
``compat="gwpy"`` gives the numbers of gwpy's ``TimeSeries.q_transform`` instead (see `tidings.gw.qgwpy`).

References
----------
Chatterji 2005, PhD thesis, MIT; Chatterji et al. 2004, CQG 21 S1809.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor

import numpy as np
from astropy import units as u
from astropy.table import Table
from numpy.typing import ArrayLike, NDArray
from scipy import fft

from tidings.errors import InputError
from tidings.gw import _qpeaks, significance, tiling
from tidings.gw._qdata import Prepared, prepare
from tidings.gw._qpeaks import Tiles
from tidings.gw._qrows import Spectra, amplitudes, batches, margins
from tidings.gw.spectrogram import QSpectrogram, described_table

FloatArray = NDArray[np.float64]

#: Samples per inverse width of the window when peaks are looked for, and when pixels are pooled.
_SCAN_SAMPLING = 1.5
_POOL_SAMPLING = 1.5
#: Margin [s] around the window of data that are not white: only a long fade keeps their low frequencies,
#: stronger by orders of magnitude, out of the higher rows.
_RAW_MARGIN = 16.0
#: Widest step in frequency, in half widths of the window, between rows pooled into a pixel.
_POOL_STEP = 0.16


@dataclass(frozen=True)
class Search:
    """What is searched: quality factors, the frequency range [Hz] of each, and the window [s from t0]."""

    qs: FloatArray
    franges: list[tuple[float, float]]
    window: tuple[float, float]
    mismatch: float


def q_transform(
    x: ArrayLike,
    rate: float,
    t0: float,
    *,
    window: tuple[float, float] | None = None,
    qrange: tuple[float, float] = (4, 64),
    frange: tuple[float, float] = (20, 1024),
    q: float | None = None,
    time_resolution: float | None = None,
    n_frequencies: int = 500,
    frequency_resolution: float | None = None,
    whiten: bool = True,
    asd: tuple[ArrayLike, ArrayLike] | None = None,
    good: ArrayLike | None = None,
    mismatch: float = 0.2,
    n_tiles: int = 16,
    fftlength: float = 2.0,
    fduration: float = 2.0,
    compat: str | None = None,
) -> QSpectrogram:
    """Q-transform of evenly sampled data around a time.

    Parameters
    ----------
    x
        Strain, shape (n,). Non-finite samples and runs of zeros count as not good.
    rate
        Sample rate [Hz].
    t0
        GPS time [s] of the first sample.
    window
        First and last GPS time [s] of the map (default: all the data).
    qrange, frange
        Ranges of quality factor and frequency [Hz] searched; frange is that of the map.
    q
        Quality factor of the map; the plane with the loudest tile in the window if None.
    time_resolution
        Duration of a pixel [s]; a thousandth of the window if None.
    n_frequencies, frequency_resolution
        Number of frequencies in constant ratio, or their constant step [Hz] if that is given. A pixel is the
        maximum over its extent where it is wider than the tiles.
    whiten
        Whiten the data first. If not, tiles are still normalised by the noise of the data as they are.
    asd
        Frequencies [Hz] and amplitude spectral density of the noise; estimated from all good data if None.
    good
        One flag per sample; the map is not valid where a tile touches a sample that is not good.
    mismatch
        Largest loss of energy between neighbouring tiles of the search.
    n_tiles
        Most tiles to list.
    fftlength, fduration
        Length of the segments of the noise estimate and of the whitening filter [s].
    compat
        "gwpy" for gwpy's tiles, normalisation and interpolation; the mask, gaps and pooling do not apply.

    Returns
    -------
    QSpectrogram

    Raises
    ------
    InputError
        If the data cannot be used (too short, nothing good in the window), or a range is not possible.
    """
    if compat not in (None, "gwpy"):
        raise InputError(f'compat must be None or "gwpy", not {compat!r}')
    size = np.size(x)
    window = (t0, t0 + size / rate) if window is None else (float(window[0]), float(window[1]))
    _check_ranges(window, (t0, t0 + size / rate), frange, rate)
    if compat == "gwpy":
        from tidings.gw import qgwpy

        return qgwpy.q_transform(
            x, rate, t0, window=window, qrange=qrange, frange=frange, q=q, time_resolution=time_resolution,
            n_frequencies=n_frequencies, frequency_resolution=frequency_resolution, whiten=whiten, asd=asd,
            mismatch=mismatch, n_tiles=n_tiles, fftlength=fftlength, fduration=fduration,
        )  # fmt: skip
    search = _search(qrange, frange, q, (window[0] - t0, window[1] - t0), mismatch, rate)
    dt, n_time = _pixels(window, time_resolution)
    frequencies, low, high = _frequency_grid(frange, n_frequencies, frequency_resolution)
    widest = margins(tiling.half_width(frange[0], search.qs), window[1] - window[0]).max()
    # At least 16 s, for the level of the noise to be measured on.
    around = max(widest + 1, 8 - 0.5 * (window[1] - window[0]))
    span = (search.window[0] - around, search.window[1] + around)
    data = prepare(
        x,
        rate,
        span=span,
        window=search.window,
        band=frange,
        whiten=whiten,
        asd=asd,
        good=good,
        fftlength=fftlength,
        fduration=fduration,
    )
    spectra = Spectra(
        data.series, search.window, dt, margin=None if whiten else min(0.5 * size / rate, _RAW_MARGIN)
    )
    tiles, loudest = loudest_tiles(data, spectra, search, n_tiles, None if whiten else size / rate)
    best = int(loudest.plane[np.argmax(loudest.energy)])
    energy = _map(data, spectra, dt, n_time, (frequencies, low, high), search.qs[best])
    _keep_peaks(energy, tiles.take(np.flatnonzero(tiles.plane == best)), search.window[0], dt, (low, high))
    times = search.window[0] + (np.arange(n_time) + 0.5) * dt
    valid = data.distance(times)[:, None] >= tiling.time_reach(frequencies, search.qs[best])
    valid &= frequencies <= tiling.highest_frequency(rate, search.qs[best])
    return QSpectrogram(
        energy=energy,
        times=t0 + times,
        t0=float(t0 + times[0]),
        dt=dt,
        frequencies=frequencies,
        q=float(search.qs[best]),
        normalisation="mean",
        valid=valid,
        planes=planes_table(loudest, t0),
        tiles=tiles_table(tiles, t0, search),
    )


def _check_ranges(
    window: tuple[float, float], span: tuple[float, float], frange: tuple[float, float], rate: float
) -> None:
    slack = 1e-6
    if not span[0] - slack <= window[0] < window[1] <= span[1] + slack:
        raise InputError(
            f"the window GPS {window[0]:.6f} to {window[1]:.6f} is not within the data, "
            f"GPS {span[0]:.6f} to {span[1]:.6f}"
        )
    if not 0 < frange[0] < frange[1] <= 0.5 * rate:
        raise InputError(
            f"the frequency range {frange[0]:g} to {frange[1]:g} Hz must be ascending, above 0 and not above "
            f"{0.5 * rate:g} Hz, half the sample rate"
        )


def _search(
    qrange: tuple[float, float],
    frange: tuple[float, float],
    q: float | None,
    window: tuple[float, float],
    mismatch: float,
    rate: float,
) -> Search:
    qs = tiling.q_planes(qrange, mismatch) if q is None else tiling.q_planes((q, q), mismatch)
    ranges = [(float(frange[0]), min(float(frange[1]), tiling.highest_frequency(rate, p))) for p in qs]
    keep = [i for i, (low, high) in enumerate(ranges) if high > low]
    if not keep:
        raise InputError(
            f"tiles of Q up to {qs[-1]:.1f} from {frange[0]:g} Hz reach the Nyquist frequency "
            f"{rate / 2:g} Hz: raise Q, lower the frequency range or use a higher sample rate"
        )
    return Search(qs[keep], [ranges[i] for i in keep], window, mismatch)


def _pixels(window: tuple[float, float], time_resolution: float | None) -> tuple[float, int]:
    length = window[1] - window[0]
    if time_resolution is None:
        return length / 1000, 1000
    if not 0 < time_resolution <= length:
        raise InputError(
            f"the time resolution must lie between 0 and the window of {length:g} s, not {time_resolution:g}"
        )
    return float(time_resolution), floor(length / time_resolution + 1e-6)


def _frequency_grid(
    frange: tuple[float, float], n: int, step: float | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Frequencies [Hz] of the pixels and their lower and upper edges."""
    if step is None:
        if n < 2:
            raise InputError(f"a map needs at least 2 frequencies, not {n}")
        centre = tiling.log_frequencies(frange, n)
        ratio = np.sqrt(centre[1] / centre[0])
        return centre, np.maximum(centre / ratio, frange[0]), np.minimum(centre * ratio, frange[1])
    if not 0 < step < frange[1] - frange[0]:
        raise InputError(
            f"the frequency resolution must lie between 0 and the frequency range, not {step:g} Hz"
        )
    centre = frange[0] + step * np.arange(ceil((frange[1] - frange[0]) / step - 1e-9))
    return centre, np.maximum(centre - step / 2, frange[0]), np.minimum(centre + step / 2, frange[1])


def loudest_tiles(
    data: Prepared, spectra: Spectra, search: Search, most: int, whole: float | None
) -> tuple[Tiles, Tiles]:
    """The loudest tiles in the window that do not overlap, and the loudest of each plane.

    Parameters
    ----------
    data, spectra, search
        Prepared data, their spectra, and what is searched.
    most
        Most tiles to return.
    whole
        Length [s] of the record if peaks are to be refined on all of it (data not white).

    Raises
    ------
    InputError
        If no tile of the window is free of edges and gaps.
    """
    found = _scan(data, spectra, search)
    if found.energy.size == 0:
        raise InputError(
            "no tile in the window is free of gaps and edges of the data: give data from earlier to later, "
            "a laxer data-quality mask, a lower Q or higher frequencies"
        )
    order = np.argsort(-found.energy, kind="stable")
    leaders = [order[found.plane[order] == i][:2] for i in range(search.qs.size)]
    index = np.unique(np.concatenate([*leaders, _qpeaks.separate(found, most + 4)]))
    chosen = found.take(index)
    bounds = np.array(search.franges)[chosen.plane]
    half = tiling.half_width(chosen.frequency, chosen.q)
    if whole is None:
        fine = _qpeaks.refine(data.series, chosen, data.norm, bounds, 4.5)
    else:
        # One by one: their stretches are long, and of lengths too different to share an array.
        margin = min(0.5 * whole, _RAW_MARGIN / 2)
        ones = [np.array([i]) for i in range(index.size)]
        fine = _qpeaks.join(
            [
                _qpeaks.refine(data.series, chosen.take(i), data.norm, bounds[i], margin * half[i])
                for i in ones
            ]
        )
    inside = (fine.time >= search.window[0]) & (fine.time <= search.window[1])
    fine = fine.take(np.flatnonzero(inside))
    loudest = [np.flatnonzero(fine.plane == i) for i in range(search.qs.size)]
    loudest = [rows[np.argmax(fine.energy[rows])] for rows in loudest if rows.size]
    return fine.take(_qpeaks.separate(fine, most)), fine.take(np.array(loudest))


def _scan(data: Prepared, spectra: Spectra, search: Search) -> Tiles:
    """Local maxima in time of all rows of all planes, within the window and free of edges and gaps."""
    rows = [
        np.stack(np.broadcast_arrays(tiling.row_frequencies(q, frange, search.mismatch), q, i))
        for i, (q, frange) in enumerate(zip(search.qs, search.franges, strict=True))
    ]
    frequency, q, plane = np.concatenate(rows, axis=1)
    half = tiling.half_width(frequency, q)
    scale = (1 / np.sqrt(data.norm(frequency, q))).astype(np.float32)
    reach = tiling.time_reach(frequency, q)
    margin = spectra.margins(half)
    nearest = data.nearest(search.window)
    parts = []
    for group in np.unique(margin):
        index = np.flatnonzero(margin == group)
        spectrum = spectra.spectrum(float(group), 0.0, float((frequency + half)[index].max()))
        need = np.ceil(_SCAN_SAMPLING * 2 * half * spectrum.duration).astype(np.int64) + 2
        for batch in batches(index[np.argsort(-need[index], kind="stable")], need):
            n = fft.next_fast_len(int(need[batch[0]]))
            modulus = amplitudes(spectrum, frequency[batch], q[batch], n)
            step = spectrum.duration / n
            count = min(n, floor((search.window[1] - search.window[0]) / step) + 1)
            modulus = modulus[:, :count] * scale[batch][:, None]
            time = search.window[0] + np.arange(count) * step
            if nearest < reach[batch].max():
                clear = data.distance(time)
                modulus[clear[None, :] < reach[batch][:, None]] = 0
            r, c = _qpeaks.local_maxima(modulus, 64)
            row = batch[r]
            energy = np.square(modulus[r, c].astype(np.float64))
            parts.append(Tiles(time[c], frequency[row], q[row], plane[row].astype(np.int64), energy))
    return _qpeaks.join(parts)


def _map(
    data: Prepared,
    spectra: Spectra,
    dt: float,
    n_time: int,
    grid: tuple[FloatArray, FloatArray, FloatArray],
    q: float,
) -> NDArray[np.float32]:
    """Normalised energy on the pixels: the largest over each pixel where it is wider than a tile."""
    frequency, row = _pooled_rows(grid, q)
    half = tiling.half_width(frequency, q)
    qs = np.full(frequency.size, q)
    scale = (1 / np.sqrt(data.norm(frequency, qs))).astype(np.float32)
    need, which = np.unique(np.ceil(np.maximum(1, _POOL_SAMPLING * 2 * half * dt)), return_inverse=True)
    pools = np.array([fft.next_fast_len(int(p)) for p in need])[which]
    margin = spectra.margins(half)
    out = np.zeros((grid[0].size, n_time), dtype=np.float32)
    for group, pool in np.unique(np.stack((margin, pools)), axis=1).T:
        p = int(pool)
        index = np.flatnonzero((margin == group) & (pools == p))
        spectrum = spectra.spectrum(float(group), 0.5 * dt / p, float((frequency + half)[index].max()))
        n = p * round(spectrum.duration / dt)
        for batch in batches(index, np.full(frequency.size, n)):
            fine = amplitudes(spectrum, frequency[batch], qs[batch], n)[:, : n_time * p]
            modulus = fine[:, ::p]
            for k in range(1, p):
                modulus = np.maximum(modulus, fine[:, k::p])
            if frequency.size == out.shape[0]:
                np.multiply(modulus, scale[batch][:, None], out=out[batch[0] : batch[-1] + 1])
            else:
                np.maximum.at(out, row[batch], modulus * scale[batch][:, None])
    return np.square(out, out=out).T


def _keep_peaks(
    energy: NDArray[np.float32], tiles: Tiles, start: float, dt: float, edges: tuple[FloatArray, FloatArray]
) -> None:
    """Raise the pixels that hold a peak between their samples to it, where pixels are maxima."""
    low, high = edges
    row = np.searchsorted(high, tiles.frequency)
    column = np.floor((tiles.time - start) / dt).astype(np.int64)
    inside = (row < high.size) & (column >= 0) & (column < energy.shape[0])
    row, column, peak = row[inside], column[inside], tiles.energy[inside]
    half = tiling.half_width(tiles.frequency[inside], tiles.q[inside])
    wide = (_POOL_SAMPLING * 2 * half * dt > 1) | (high[row] - low[row] > _POOL_STEP * half)
    np.maximum.at(energy, (column[wide], row[wide]), peak[wide].astype(np.float32))


def _pooled_rows(
    grid: tuple[FloatArray, FloatArray, FloatArray], q: float
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Frequencies [Hz] to evaluate, and the pixel row that each belongs to."""
    centre, low, high = grid
    parts = np.ceil((high - low) / (_POOL_STEP * tiling.half_width(centre, q))).astype(np.int64)
    if (parts == 1).all():
        return centre, np.arange(centre.size)
    row = np.repeat(np.arange(centre.size), parts)
    within = np.arange(row.size) - np.repeat(np.cumsum(parts) - parts, parts)
    share = (within + 0.5) / parts[row]
    frequency = low[row] + (high - low)[row] * share
    return np.where(parts[row] == 1, centre[row], frequency), row


def planes_table(loudest: Tiles, t0: float) -> Table:
    """Loudest tile of each plane."""
    return described_table(
        [
            ("q", loudest.q, None, "Quality factor of the plane"),
            ("time", t0 + loudest.time, u.s, "GPS time of the loudest tile"),
            ("frequency", loudest.frequency, u.Hz, "Frequency of the loudest tile"),
            ("energy", loudest.energy, None, "Normalised energy of the loudest tile"),
            ("snr", np.sqrt(2 * loudest.energy), None, "Signal-to-noise ratio, sqrt(2 energy)"),
        ]
    )


def tiles_table(tiles: Tiles, t0: float, search: Search) -> Table:
    """Loudest tiles with their extents and false-alarm rates."""
    duration = tiling.duration(tiles.frequency, tiles.q)
    bandwidth = tiling.bandwidth(tiles.frequency, tiles.q)
    far = significance.false_alarm_rate(tiles.energy, search.qs, search.franges)
    return described_table(
        [
            ("time", t0 + tiles.time, u.s, "GPS time"),
            ("frequency", tiles.frequency, u.Hz, "Central frequency"),
            ("q", tiles.q, None, "Quality factor"),
            ("duration", duration, u.s, "Duration, Q / (2 sqrt(pi) f)"),
            ("bandwidth", bandwidth, u.Hz, "Bandwidth, 2 sqrt(pi) f / Q"),
            ("energy", tiles.energy, None, "Normalised energy: 1 on average in noise"),
            ("snr", np.sqrt(2 * tiles.energy), None, "Signal-to-noise ratio, sqrt(2 energy)"),
            ("far", far, u.Hz, "Rate at which Gaussian noise makes a louder tile in the planes searched"),
        ]
    )
