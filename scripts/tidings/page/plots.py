"""What the interactive plots of the page show, as plain values, and the library that draws them."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import h5py
import matplotlib
import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.times import utc_iso

MOST_BINS = 6000
MOST_TIMES, MOST_FREQUENCIES = 500, 250
_UPLOT = Path(__file__).with_name("uplot")
_CHECKSUMS = {
    "uPlot.iife.min.js": "19c8d4c6ad88929a79f4ae49d6f7161566dfd0ba3d15cc495e974f787eb78f1f",
    "uPlot.min.css": "df630c6a8d6f8eeaff264b50f73ce5b114f646ffd9a0bb74f049b0a00135fa04",
    "LICENSE": "8f989229699b4fe2f1a0432d0e9edc338a8a911e250e2d1b01ecd770a5f5b1bd",
}


def library(name: str) -> str:
    """Return the text of a file of uPlot.

    Raises
    ------
    InputError
        It is not the file that was published.
    """
    body = (_UPLOT / name).read_bytes()
    if hashlib.sha256(body).hexdigest() != _CHECKSUMS[name]:
        raise InputError(f"{_UPLOT / name}: is not as published; its README.md says where it is from")
    return body.decode("utf-8")


def light_curve(path: Path) -> dict[str, Any]:
    """Return a light curve in OGIP FITS as `acs_lightcurve` and `polar_lightcurve` write it.

    Parameters
    ----------
    path : Path
        FITS file with the extension RATE.

    Returns
    -------
    dict
        Times from the reference time [s], rates, their errors and the background [counts/s]; of more than
        `MOST_BINS` bins, means of neighbouring ones, with the error of the mean.
    """
    with fits.open(path) as file:
        header, rows = file["RATE"].header, file["RATE"].data
        columns = [np.array(rows[name], dtype=float) for name in ("TIME", "RATE", "ERROR", "BACKV")]
    time, rate, error, background = columns
    zero = header.get("REFTIME", header["TSTART"]) - header.get("TIMEZERO", 0.0)
    step = -(-len(time) // MOST_BINS)
    return {
        "kind": "curve",
        "x": _rounded(_means(time - zero, step), 6),
        "y": _rounded(_means(rate, step), 3),
        "error": _rounded(np.sqrt(_means(error**2, step) / step), 3),
        "background": _rounded(_means(background, step), 3),
        "xlabel": f"Time from {_reference(header)} [s]",
        "ylabel": "Rate [counts/s]",
        "binned": step,
    }


def _reference(header: fits.Header) -> str:
    comment = str(header.comments["DATE-REF"]) if "DATE-REF" in header else ""
    inside = comment.partition("(")[2].rstrip(")")
    return inside or f"{header.get('DATE-REF', header.get('DATE-OBS'))} {header.get('TIMESYS', '')}".strip()


def _means(values: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    if step == 1:
        return values
    whole = len(values) // step * step
    return values[:whole].reshape(-1, step).mean(axis=1)


def _rounded(values: NDArray[np.float64], digits: int) -> list[float | None]:
    return [round(float(value), digits) if np.isfinite(value) else None for value in values]


def spectrogram(path: Path) -> dict[str, Any]:
    """Return a spectrogram as `gw_spectrogram` writes it, fit for a screen.

    Parameters
    ----------
    path : Path
        HDF5 file with energy (times, frequencies).

    Returns
    -------
    dict
        Energies as the square roots of their part of the largest in 255 steps, row by row of frequency from
        the lowest, in base64; of pixels that are put together, the largest.
    """
    with h5py.File(path) as file:
        energy = file["energy"][:]
        times, frequencies = file["times"][:], file["frequencies"][:]
        event = float(file.attrs["event_gps"]) if "event_gps" in file.attrs else float(times[0])
        detector = str(file.attrs["detector"])
    factors = tuple(
        -(-n // most) for n, most in zip(energy.shape, (MOST_TIMES, MOST_FREQUENCIES), strict=True)
    )
    small = _largest(np.nan_to_num(energy), factors)
    peak = float(small.max()) or 1.0
    steps = np.round(255 * np.sqrt(np.clip(small / peak, 0, 1))).astype(np.uint8)
    half = (times[1] - times[0]) / 2
    return {
        "kind": "map",
        "steps": base64.b64encode(np.ascontiguousarray(steps.T).tobytes()).decode(),
        "shape": [int(n) for n in small.shape],
        "peak": round(peak, 4),
        "time": [round(float(times[0] - half - event), 6), round(float(times[-1] + half - event), 6)],
        "frequency": _edges(frequencies),
        "xlabel": f"Time from {utc_iso(event, 3)} UTC [s]",
        "ylabel": "Frequency [Hz]",
        "name": detector,
        "log": bool(_is_log(frequencies)),
    }


def _largest(values: NDArray[np.float32], factors: tuple[int, int]) -> NDArray[np.float32]:
    first, second = (n // f * f for n, f in zip(values.shape, factors, strict=True))
    cut = values[:first, :second]
    return cut.reshape(first // factors[0], factors[0], second // factors[1], factors[1]).max(axis=(1, 3))


def _is_log(frequencies: NDArray[np.float64]) -> bool:
    ratios = frequencies[1:] / frequencies[:-1]
    return float(np.ptp(ratios)) < 1e-6


def _edges(frequencies: NDArray[np.float64]) -> list[float]:
    if _is_log(frequencies):
        half = np.sqrt(frequencies[1] / frequencies[0])
        return [round(float(frequencies[0] / half), 6), round(float(frequencies[-1] * half), 6)]
    half = (frequencies[1] - frequencies[0]) / 2
    return [round(float(frequencies[0] - half), 6), round(float(frequencies[-1] + half), 6)]


def colours() -> list[list[int]]:
    """Return the 256 colours of viridis, which grow evenly lighter for every form of sight."""
    table = matplotlib.colormaps["viridis"](np.arange(256))[:, :3]
    return np.round(255 * table).astype(int).tolist()
