"""Counts of POLAR from the forms that files have: ROOT, the service's JSON, its FITS."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.lightcurve.counts import Counts, Raw, finish
from tidings.lightcurve.monitor import POLAR
from tidings.lightcurve.open_fits import is_fits, open_fits
from tidings.polar.answer import parse_answer
from tidings.polar.histogram import is_root, read_histogram
from tidings.polar.unix_time import unix_to_gps

Stamp = Literal["start", "middle"]

_EXTENSION = "POLAR_LC"
_COLUMNS = ("time", "rate", "rate_err")
# An empty bin among bins with more counts than this holds no data; Poisson's law has none in 10^10 of them.
_BUSY = 23.0
_EVEN = 1e-3  # of a bin: how far widths may differ


def read_counts(path: str | Path, *, stamp: Stamp | None = None) -> Counts:
    """Read a light curve of POLAR.

    Parameters
    ----------
    path : str or Path
        ROOT file with the histogram h_lc, JSON of the service, or FITS with the extension POLAR_LC.
    stamp : {"start", "middle"}, optional
        Which moment of a bin its time is, in JSON and FITS that do not tell the bins. By default the middle,
        which is what a time without further word is by the FITS standard (4.0, section 9.4.2, TIMEPIXR).

    Returns
    -------
    Counts
        Empty bins among full ones are gaps.

    Raises
    ------
    InputError
        The file is missing, damaged, of another layout, or its times are not of POLAR's mission.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if not content.strip():
        raise InputError(f"{path}: is empty")
    if is_root(content):
        found = read_histogram(content, str(path))
        raw = _binned(found.edges, found.rate, path, "root")
    elif is_fits(path):
        raw = _stamped(*_fits(path), stamp, path, "polar_fits")
    else:
        raw = _answer(content, stamp, path)
    return finish(raw, path, POLAR)


def _answer(content: bytes, stamp: Stamp | None, path: Path) -> Raw:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is neither ROOT, FITS nor JSON") from None
    found = parse_answer(text, str(path))
    if found.edges is not None:
        return _binned(found.edges, found.rate, path, "json")
    return _stamped(found.time, found.rate, found.error, stamp, path, "json")


def _fits(path: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    with open_fits(path) as hdus:
        names = [hdu.name.upper() for hdu in hdus]
        if _EXTENSION not in names:
            held = ", ".join(name for name in names if name) or "none"
            raise InputError(
                f"{path}: has no extension {_EXTENSION}, which POLAR's service writes, but: {held}"
            )
        hdu = hdus[_EXTENSION]
        columns = [name.lower() for name in hdu.columns.names] if isinstance(hdu, fits.BinTableHDU) else []
        if missing := [name for name in _COLUMNS if name not in columns]:
            raise InputError(f"{path}: extension {_EXTENSION}: no column {', '.join(missing)}")
        time, rate, error = (np.array(hdu.data[name], np.float64) for name in _COLUMNS)
    return time, rate, error


def _stamped(
    time: np.ndarray, rate: np.ndarray, error: np.ndarray, stamp: Stamp | None, path: Path, origin: str
) -> Raw:
    """Make bins around times; their width is the step, which rates and errors must confirm."""
    if len(time) < 2:
        raise InputError(f"{path}: {len(time)} bin tells no bin width: two are needed")
    step = float(np.median(np.diff(time)))
    if not step > 0:
        raise InputError(f"{path}: its times do not rise: they must be seconds of unix time, in order")
    with np.errstate(invalid="ignore", divide="ignore"):
        # rate = n / t and error = sqrt(n) / t.
        told = float(np.nanmedian(rate / error**2))
    if np.isfinite(told) and abs(told - step) > 0.02 * step:
        raise InputError(
            f"{path}: its times are {step:g} s apart, but rates and errors mean bins of {told:g} s: the "
            "times are not seconds, or bins are missing; give the ROOT file"
        )
    start = time - (0.0 if stamp == "start" else step / 2)
    return _raw(start, np.full(len(time), step), rate, path, origin)


def _binned(edges: np.ndarray, rate: np.ndarray, path: Path, origin: str) -> Raw:
    width = np.diff(edges)
    if len(edges) != len(rate) + 1 or not (width > 0).all():
        raise InputError(f"{path}: the edges of its bins do not rise, or are not one more than the rates")
    if np.ptp(width) > _EVEN * width[0]:
        raise InputError(f"{path}: its bins are {width.min():g} to {width.max():g} s wide: equal ones needed")
    # Differences of unix times have the rounding of these, 0.2 µs.
    return _raw(edges[:-1], np.full(len(rate), round(float(np.median(width)), 6)), rate, path, origin)


def _raw(start: np.ndarray, width: np.ndarray, rate: np.ndarray, path: Path, origin: str) -> Raw:
    counts = rate * width
    near = np.rint(counts)
    counts = np.where(np.abs(counts - near) < 1e-4 * np.maximum(near, 1), near, counts)
    filled = counts[counts > 0]
    kept = (counts != 0) | (len(filled) == 0 or float(np.median(filled)) < _BUSY)
    seconds, epoch = unix_to_gps(start[kept], str(path))
    return Raw(
        start=seconds,
        width=width[kept],
        counts=counts[kept],
        exposure=width[kept].copy(),
        epoch=epoch,
        origin=origin,
        place="bin",
        first=1,
    )
