"""Channels of IGWD frame files (GWF): list and read them, without any frame library.

Format: LIGO-T970130, versions 6 and 8, either byte order, any number of frames in a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tidings.errors import InputError
from tidings.gw._frames import Frame, FrameFile, Structure
from tidings.gw._frvect import DTYPES, expand
from tidings.gw._series import cut_span, sample_rate, window_slice

# Strain channels in the order in which they are looked for: GWOSC's, then those of the collaborations.
STRAIN_CHANNELS = (
    r"{}:GWOSC-\w+_STRAIN",
    r"{}:LOSC-STRAIN",
    r"{}:LDAS-STRAIN",
    r"{}:h_(4096|16384|20000)Hz",
    r"{}:Hrec_hoft_16384Hz",
    r"{}:(GDS|DCS|DCH)-(CALIB|CLEAN)_STRAIN\w*",
)


@dataclass(frozen=True)
class Channel:
    """A channel: name, kind of structure, sample rate in Hz, unit, numpy type, GPS span in s."""

    name: str
    kind: str
    rate: float
    unit: str
    dtype: str
    start: float
    end: float


@dataclass(frozen=True, eq=False)
class Series:
    """Samples of a channel: value (n,) in the stored type, GPS t0 in s, rate in Hz, unit; file span."""

    value: np.ndarray
    t0: float
    rate: float
    unit: str
    covers: tuple[float, float]


@dataclass(frozen=True, eq=False)
class _Piece:
    """A channel in one frame: its structure's elements, its vector's, and where its samples lie in time."""

    name: str
    kind: str
    channel: dict[str, Any]
    vector: dict[str, Any]
    t0: float
    rate: float

    @property
    def size(self) -> int:
        return self.vector["nData"]

    @property
    def t1(self) -> float:
        return self.t0 + self.size / self.rate


def list_channels(path: str | Path | FrameFile) -> list[Channel]:
    """List the time series in a frame file (a path, or one opened), sorted by name.

    Raises
    ------
    InputError
        If the file is missing, damaged or no frame file.
    """
    with _opened(path) as file:
        pieces = _pieces(file, None)
    found = []
    for name in sorted({piece.name for piece in pieces}):
        own = [piece for piece in pieces if piece.name == name]
        first = own[0]
        dtype = DTYPES.get(first.vector["type"], "string")
        span = min(piece.t0 for piece in own), max(piece.t1 for piece in own)
        found.append(Channel(name, first.kind, first.rate, first.vector["unitY"], dtype, *span))
    return found


def strain_channel(path: str | Path | FrameFile, detector: str | None = None) -> str:
    """Name the strain channel of a detector in a frame file.

    Parameters
    ----------
    path : path or FrameFile
        Frame file.
    detector : str, optional
        Such as "H1"; may be left out when the file has strain of one detector.

    Raises
    ------
    InputError
        If there is none, or more than one; the message lists the channels.
    """
    with _opened(path) as file:
        path, names = file.path, [channel.name for channel in list_channels(file)]
    for pattern in STRAIN_CHANNELS:
        regex = re.compile(pattern.format(detector or r"[A-Z]\d"))
        found = [name for name in names if regex.fullmatch(name)]
        if len(found) == 1:
            return found[0]
        if found:
            ask = "channel" if detector else "detector or channel"
            raise InputError(f"{path}: several strain channels ({', '.join(found)}); name the {ask}")
    whose = f" of {detector}" if detector else ""
    raise InputError(
        f"{path}: no strain channel{whose} of a known name; the file has {', '.join(names) or 'none'}; "
        "name the channel"
    )


def read_channel(
    path: str | Path | FrameFile, channel: str, start: float | None = None, end: float | None = None
) -> Series:
    """Read one channel of a frame file.

    Parameters
    ----------
    path : path or FrameFile
        Frame file.
    channel : str
        Full name, such as "H1:GWOSC-4KHZ_R1_STRAIN".
    start, end : float, optional
        GPS window [start, end), s. Only frames that reach into it are read.

    Returns
    -------
    Series
        Samples of all frames in time order. Between frames that do not follow each other, floats are NaN.

    Raises
    ------
    InputError
        If the file is damaged, has no such channel, or nothing of it in the window.
    """
    with _opened(path) as file:
        path = file.path
        pieces = sorted(_pieces(file, channel), key=lambda piece: piece.t0)
        if not pieces:
            names = ", ".join(sorted({piece.name for piece in _pieces(file, None)}))
            raise InputError(f"{path}: no channel {channel!r}; the file has {names or 'none'}")
        covers = (pieces[0].t0, max(piece.t1 for piece in pieces))
        used = [piece for piece in pieces if _reaches(piece, start, end)]
        if not used:
            raise InputError(
                f"{path}: {channel} has no samples in the window; {cut_span(*covers)} are covered"
            )
        values = [_read_piece(file, piece) for piece in used]
    t0, rate, value = _put_together(path, used, values)
    cut = window_slice(t0, rate, len(value), start, end)
    return Series(value[cut], t0 + cut.start / rate, rate, used[0].vector["unitY"], covers)


@contextmanager
def _opened(source: str | Path | FrameFile) -> Iterator[FrameFile]:
    """Open a path, or pass on a file that its owner closes."""
    if isinstance(source, FrameFile):
        yield source
    else:
        with FrameFile(Path(source)) as file:
            yield file


def _pieces(file: FrameFile, channel: str | None) -> list[_Piece]:
    """Find a channel (None: all) in each frame."""
    found = []
    for frame in file.frames:
        for structure in frame.channels():
            elements = file.parse(structure)
            if channel in (None, elements["name"]):
                found.append(_piece(file, frame, structure, elements))
    return [piece for piece in found if piece is not None]


def _piece(file: FrameFile, frame: Frame, structure: Structure, elements: dict[str, Any]) -> _Piece | None:
    """Read the vector of a channel in one frame; None if there is none, or not one of a single dimension."""
    name = elements["name"]
    place = file.target(frame, elements["data"])
    if place is None or place.kind != "FrVect":
        return None
    vector = file.parse(place)
    if vector["nDim"] != 1 or vector["nx"][0] != vector["nData"]:
        return None
    spacing = vector["dx"][0] or 1.0 / (elements.get("sampleRate") or 1.0)
    if not spacing > 0:
        raise InputError(f"{file.path}: {name} has the sample spacing {spacing} s")
    # The small terms first: GPS seconds leave 1e-7 s of precision.
    offset = frame.fraction + elements.get("timeOffset", 0.0) + vector["startX"][0]
    return _Piece(name, structure.kind, elements, vector, frame.seconds + offset, sample_rate(spacing))


def _reaches(piece: _Piece, start: float | None, end: float | None) -> bool:
    cut = window_slice(piece.t0, piece.rate, piece.size, start, end)
    return cut.start < cut.stop


def _read_piece(file: FrameFile, piece: _Piece) -> np.ndarray:
    """Expand the samples of one frame; ADC counts with a calibration become its units."""
    vector = piece.vector
    value = expand(
        file.read(vector["data"]), vector["compress"], vector["type"], piece.size, file.order,
        f"{file.path}: {piece.name}",
    )  # fmt: skip
    bias, slope = piece.channel.get("bias", 0.0), piece.channel.get("slope", 1.0)
    if piece.kind == "FrAdcData" and slope != 0 and (bias, slope) != (0.0, 1.0):
        return bias + slope * value.astype(np.float64)
    return value


def _put_together(
    path: Path, pieces: Sequence[_Piece], values: Sequence[np.ndarray]
) -> tuple[float, float, np.ndarray]:
    """Join the samples of frames in time order."""
    first = pieces[0]
    if len(pieces) == 1:
        return first.t0, first.rate, values[0]
    if any(piece.rate != first.rate for piece in pieces):
        raise InputError(f"{path}: the sample rate of {first.name} changes between frames")
    offsets = [round((piece.t0 - first.t0) * first.rate) for piece in pieces]
    size = max(offset + piece.size for offset, piece in zip(offsets, pieces, strict=True))
    filled = sum(piece.size for piece in pieces)
    dtype = np.result_type(*values)
    if size != filled and dtype.kind not in "fc":
        raise InputError(f"{path}: the frames of {first.name} have gaps or overlap; read them one by one")
    joined = np.full(size, np.nan, dtype) if size != filled else np.empty(size, dtype)
    for offset, value in zip(offsets, values, strict=True):
        joined[offset : offset + len(value)] = value
    return first.t0, first.rate, joined
