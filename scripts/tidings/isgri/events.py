"""Reading the archive's event lists: ``isgri_events.fits[.gz]`` of one science window."""

from __future__ import annotations

import gzip
import io
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.isgri.geometry import SHAPE
from tidings.isgri.window import Pointing

EVENTS = "ISGR-EVTS-ALL"
GTI = "IBIS-GNRL-GTI"
MERGED = "MERGED_ISGRI"
DAY = 86400.0
TICKS = float(1 << 20)
"""Counts of the on-board clock in a second."""
NO_PI = 255
"""Corrected rise time of an event that has none (TNULL of ISGRI_PI)."""

_POINTING = ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ")
_SPAN = ("OBTSTART", "OBTEND", "TSTART", "TSTOP")


@dataclass(frozen=True)
class Events:
    """Events of one science window, in the order of the file; arrays are [events].

    Attributes
    ----------
    swid
        Identifier of the science window, 12 digits.
    revolution
        Number of the revolution.
    pointing
        Attitude of the spacecraft.
    start, stop
        Of the science window [IJD, TT].
    gti
        [intervals, 2], good times in order, without overlap [IJD, TT].
    time
        [IJD, TT].
    pixel
        Index into the flat [134 z, 130 y] detector image.
    pha
        Raw pulse height [channel].
    rise_time
        Raw rise time [channel]; None when the file has none.
    pi
        Corrected rise time ISGRI_PI [channel]; None when the file has none.
    energy
        ISGRI_ENERGY of the archive [keV]; None when the file has none.
    flag
        SELECT_FLAG; 0 is good.
    meta
        SIMULATED, GTI_NAME, and what else the products must say.
    """

    swid: str
    revolution: int
    pointing: Pointing
    start: float
    stop: float
    gti: np.ndarray
    time: np.ndarray
    pixel: np.ndarray
    pha: np.ndarray
    rise_time: np.ndarray | None
    pi: np.ndarray | None
    energy: np.ndarray | None
    flag: np.ndarray
    meta: dict[str, Any] = field(default_factory=dict)


def read_events(path: str | Path, gti: str | Path | None = None) -> Events | None:
    """Read the events of a science window.

    Parameters
    ----------
    path
        ``isgri_events.fits`` or ``.fits.gz``, as the archive has it.
    gti
        A FITS file whose good-time intervals replace those of the event file (``ibis_gti.fits``, or any
        with columns START and STOP in IJD).

    Returns
    -------
    Events or None
        None for an aborted window: no extension ISGR-EVTS-ALL in a file that has others of the archive,
        or no rows in it.

    Raises
    ------
    InputError
        The file is missing, cut off, not FITS or another product; it has no good times, no attitude, or
        a column is missing.

    Notes
    -----
    Detector coordinates are ``Y + 2 [Y >= 64]`` and ``Z + 2 floor(Z / 32)`` (ISDC event format).
    """
    path = Path(path)
    with fits.open(io.BytesIO(_content(path)), memmap=False) as hdus:
        hdu = _event_hdu(hdus, path)
        if hdu is None or len(hdu.data) == 0:
            return None
        header, data = hdu.header, hdu.data
        intervals, name = read_gti(gti) if gti is not None else _merged(hdus, path)
        meta = {"GTI_NAME": name, "SIMULATED": bool(header.get("SIMULAT", header.get("SIMULATED", False)))}
        start, stop = (float(_keyword(header, key, path)) for key in ("TSTART", "TSTOP"))
        return Events(
            swid=str(header.get("SWID", "")).strip() or _nameless(path),
            revolution=int(header.get("REVOL", 0)),
            pointing=Pointing(*(float(_keyword(header, key, path)) for key in _POINTING)),
            start=start,
            stop=stop,
            gti=intervals,
            time=_times(hdu, path),
            pixel=_pixels(data, path),
            pha=_column(data, "ISGRI_PHA", np.int16, path),
            rise_time=_optional(data, "RISE_TIME", np.uint8),
            pi=_optional(data, "ISGRI_PI", np.uint8),
            energy=_optional(data, "ISGRI_ENERGY", np.float32),
            flag=_flags(data),
            meta=meta,
        )


def read_gti(path: str | Path) -> tuple[np.ndarray, str]:
    """Read good-time intervals [intervals, 2] in IJD from any FITS file, and their name.

    MERGED_ISGRI is taken when it is among several extensions; else those of every extension with START
    and STOP must all hold (they are intersected).
    """
    path = Path(path)
    with fits.open(io.BytesIO(_content(path)), memmap=False) as hdus:
        return _merged(hdus, path)


def intersect(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the times that lie in both of two sets of ordered intervals, [n, 2] each."""
    low = np.maximum(first[:, None, 0], second[None, :, 0]).ravel()
    high = np.minimum(first[:, None, 1], second[None, :, 1]).ravel()
    kept = high > low
    return np.column_stack([low[kept], high[kept]])


def _content(path: Path) -> bytes:
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise InputError(f"{path}: the gzip file is cut off or damaged; fetch it again") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if content[:6] != b"SIMPLE":
        raise InputError(f"{path}: is not FITS; an isgri_events.fits of the archive is wanted")
    return content


def _event_hdu(hdus: fits.HDUList, path: Path) -> fits.BinTableHDU | None:
    try:
        names = [hdu.name for hdu in hdus]
        if EVENTS in names:
            hdu = hdus[EVENTS]
            # The data are read here so that a file that ends early is known for what it is.
            if len(hdu.data) != hdu.header["NAXIS2"]:
                raise ValueError("rows are missing")
            return hdu
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"{path}: is cut off or damaged ({error}); fetch it again") from None
    if any(name.startswith(("ISGR-EVTS", GTI)) for name in names):
        return None
    held = ", ".join(name for name in names[1:] if name) or "none"
    raise InputError(
        f"{path}: has no extension {EVENTS} but: {held}; give isgri_events.fits, not another file"
    )


def _merged(hdus: fits.HDUList, path: Path) -> tuple[np.ndarray, str]:
    """Return the good times of a file, and their name."""
    tables = [
        h for h in hdus if isinstance(h, fits.BinTableHDU) and {"START", "STOP"} <= set(h.columns.names)
    ]
    if not tables:
        raise InputError(
            f"{path}: has no good-time intervals (extension {GTI} with START and STOP); give a file that has "
            "with the input gti"
        )
    named = [hdu for hdu in tables if str(hdu.header.get("GTI_NAME", "")).strip() == MERGED]
    used = named[:1] or tables
    intervals = _intervals(used[0], path)
    for hdu in used[1:]:
        intervals = intersect(intervals, _intervals(hdu, path))
    if len(intervals) == 0 or not np.all(intervals[:, 1] > intervals[:, 0]):
        raise InputError(f"{path}: the good-time intervals of {GTI} are empty: no time of the window is good")
    return intervals, ", ".join(str(hdu.header.get("GTI_NAME", hdu.name)).strip() for hdu in used)


def _intervals(hdu: fits.BinTableHDU, path: Path) -> np.ndarray:
    unit = str(hdu.columns["START"].unit or "d").strip()
    if unit not in ("d", "day"):
        raise InputError(f"{path}: extension {hdu.name}: START is in {unit}; IJD in days are wanted")
    pairs = np.column_stack([hdu.data["START"], hdu.data["STOP"]]).astype(np.float64)
    if not np.all(np.isfinite(pairs)):
        raise InputError(f"{path}: extension {hdu.name}: START or STOP is no number")
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    joined: list[list[float]] = []
    for low, high in pairs:
        if joined and low <= joined[-1][1]:
            joined[-1][1] = max(joined[-1][1], high)
        elif high > low:
            joined.append([low, high])
    return np.array(joined, np.float64).reshape(-1, 2)


def _keyword(header: fits.Header, key: str, path: Path) -> Any:
    value = header.get(key)
    if value is None or (key in _POINTING and not isinstance(value, int | float)):
        fix = (
            "it tells where the spacecraft pointed; take the window's file from the archive again"
            if key in _POINTING
            else "the window cannot be dated without it"
        )
        raise InputError(f"{path}: extension {EVENTS}: keyword {key} is missing: {fix}")
    return value


def _nameless(path: Path) -> str:
    raise InputError(f"{path}: extension {EVENTS}: keyword SWID is missing: the window has no name")


def _times(hdu: fits.BinTableHDU, path: Path) -> np.ndarray:
    """Return the times of events [IJD]; from the on-board clock when there is no column TIME."""
    names = hdu.columns.names
    if "TIME" in names:
        return hdu.data["TIME"].astype(np.float64)
    if "OB_TIME" not in names:
        raise InputError(f"{path}: extension {EVENTS}: has neither a column TIME nor OB_TIME")
    first, last, begin, end = (float(_keyword(hdu.header, key, path)) for key in _SPAN)
    if not (last > first and end > begin):
        raise InputError(f"{path}: extension {EVENTS}: OBTEND or TSTOP is not after OBTSTART or TSTART")
    words = np.asarray(hdu.data["OB_TIME"]).astype(np.int64) & 0xFFFF
    # int64 holds the 43 bits that a mission's clock has; the difference is then exact as a float.
    clock = ((words[:, 0] << 48) | (words[:, 1] << 32) | (words[:, 2] << 16) | words[:, 3]) - int(first)
    return begin + clock * ((end - begin) / (last - first))


def _pixels(data: np.ndarray, path: Path) -> np.ndarray:
    if "ISGRI_Y" in data.names and "ISGRI_Z" in data.names:
        y, z = _column(data, "ISGRI_Y", np.uint16, path), _column(data, "ISGRI_Z", np.uint16, path)
        limits = (128, 128)
    else:
        y, z = _column(data, "DETY", np.uint16, path), _column(data, "DETZ", np.uint16, path)
        limits = (SHAPE[1], SHAPE[0])
    if y.max() >= limits[0] or z.max() >= limits[1]:
        row = int(np.argmax((y >= limits[0]) | (z >= limits[1])))
        raise InputError(f"{path}: extension {EVENTS}: row {row + 1}: no such pixel (Y {y[row]}, Z {z[row]})")
    if limits == (128, 128):
        y, z = y + 2 * (y >= 64), z + 2 * (z >> 5)
    return z * np.uint16(SHAPE[1]) + y.astype(np.uint16)


def _column(data: np.ndarray, name: str, kind: type, path: Path) -> np.ndarray:
    if name not in data.names:
        raise InputError(f"{path}: extension {EVENTS}: has no column {name}; take the archive's file")
    return np.asarray(data[name]).astype(kind)


def _optional(data: np.ndarray, name: str, kind: type) -> np.ndarray | None:
    return np.asarray(data[name]).astype(kind) if name in data.names else None


def _flags(data: np.ndarray) -> np.ndarray:
    flag = _optional(data, "SELECT_FLAG", np.uint8)
    return np.zeros(len(data), np.uint8) if flag is None else flag
