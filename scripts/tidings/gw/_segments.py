"""One strain file, or the part of it that a window needs, as a segment."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import h5py
import numpy as np

from tidings.errors import InputError
from tidings.gw._frames import FrameFile
from tidings.gw._quality import BitMask
from tidings.gw._series import sample_rate, whole_seconds, window_slice
from tidings.gw.gwf import list_channels, read_channel, strain_channel

# Observatory letters, description, GPS start and duration: LIGO-T050017.
_FILE_NAME = re.compile(
    r"(?P<sites>[A-Z]+)-(?P<description>[A-Za-z0-9_+#]+)-(?P<start>\d+)-(?P<duration>\d+)\.(hdf5|h5|gwf)"
)
_DETECTOR = re.compile(r"[A-Z]\d")

# Bits of GWOSC releases of the advanced detectors, lowest first (https://gwosc.org/archive/dataset/O1), for
# frame files that do not name them.
QUALITY_BITS = ("DATA", "CBC_CAT1", "CBC_CAT2", "CBC_CAT3", "BURST_CAT1", "BURST_CAT2", "BURST_CAT3")
INJECTION_BITS = ("NO_CBC_HW_INJ", "NO_BURST_HW_INJ", "NO_DETCHAR_HW_INJ", "NO_CW_HW_INJ", "NO_STOCH_HW_INJ")


class FileName(NamedTuple):
    """What the name of a strain file says (LIGO-T050017)."""

    sites: str
    detector: str | None
    start: int
    duration: int


@dataclass(frozen=True, eq=False)
class Segment:
    """Strain of one file: value float64 (n,), t0 in GPS seconds, rate in Hz, its masks; span of the file.

    There are no values when the window holds nothing of the file.
    """

    path: Path
    detector: str
    t0: float
    rate: float
    value: np.ndarray
    quality: BitMask | None
    injections: BitMask | None
    covers: tuple[float, float]

    @property
    def t1(self) -> float:
        """GPS time after the last sample read."""
        return self.t0 + len(self.value) / self.rate


def parse_name(path: Path) -> FileName | None:
    """Read sites, detector, start and duration from a file name; None if it does not follow LIGO-T050017."""
    match = _FILE_NAME.fullmatch(path.name)
    if match is None:
        return None
    tag = match["description"].split("_")[0]
    detector = tag if _DETECTOR.fullmatch(tag) and tag[0] in match["sites"] else None
    return FileName(match["sites"], detector, int(match["start"]), int(match["duration"]))


def file_kind(path: Path) -> str:
    """Tell "hdf5" from "gwf" by the first bytes.

    Raises
    ------
    InputError
        If the file is missing, empty or neither.
    """
    try:
        with open(path, "rb") as stream:
            head = stream.read(16)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; fetch it, or correct the path") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if head.startswith(b"\x89HDF\r\n\x1a\n"):
        return "hdf5"
    if head.startswith(b"IGWD\0"):
        return "gwf"
    if not head:
        raise InputError(f"{path}: the file is empty; fetch it again")
    if head.startswith(b"version https://"):
        raise InputError(f"{path}: a Git LFS pointer, not the data; run git lfs pull")
    raise InputError(f"{path}: neither an HDF5 nor a frame (GWF) file; give a GWOSC .hdf5 or a .gwf file")


def read_segment(
    path: Path, detector: str | None, start: float | None, end: float | None, channel: str | None
) -> Segment:
    """Read the part of a strain file inside [start, end) GPS seconds; `read_strain` has the parameters.

    Raises
    ------
    InputError
        If the file is damaged, laid out otherwise, or of another detector.
    """
    if file_kind(path) == "gwf":
        segment = read_gwf(path, detector, start, end, channel)
    else:
        segment = read_hdf5(path, start, end)
    if detector is not None and segment.detector != detector:
        raise InputError(f"{path}: holds {segment.detector}, not {detector}")
    name = parse_name(path)
    if name is not None and abs(name.start - segment.covers[0]) >= 1:
        raise InputError(
            f"{path}: the file name says GPS {name.start}, the content starts at {segment.covers[0]:.10g}"
        )
    return segment


def read_hdf5(path: Path, start: float | None, end: float | None) -> Segment:
    """Read the part of a GWOSC HDF5 file inside [start, end) GPS seconds.

    Parameters
    ----------
    path : Path
        File with ``strain/Strain``, ``meta`` and, possibly, ``quality`` (gwosc.org/techdetails).
    start, end : float or None
        Window; None for open.

    Returns
    -------
    Segment
        Samples outside of the window are not loaded.

    Raises
    ------
    InputError
        If the file is damaged, or laid out otherwise.
    """
    try:
        with h5py.File(path, "r") as file:
            return _read_layout(path, file, start, end)
    except InputError:
        raise
    except (OSError, RuntimeError) as error:
        reason = "truncated" if "truncated" in str(error) else "damaged"
        raise InputError(f"{path}: the HDF5 file is {reason} ({error}); fetch it again") from error


def _read_layout(path: Path, file: h5py.File, start: float | None, end: float | None) -> Segment:
    strain = file.get("strain/Strain")
    if not isinstance(strain, h5py.Dataset) or strain.ndim != 1 or strain.dtype.kind not in "fi":
        found = ", ".join(sorted(file)) or "nothing"
        raise InputError(f"{path}: no dataset strain/Strain of the GWOSC layout (the file holds: {found})")
    t0, rate = _time_axis(path, file, strain)
    covers = (t0, t0 + len(strain) / rate)
    cut = window_slice(t0, rate, len(strain), start, end)
    detector, first = _detector(path, file), t0 + cut.start / rate
    seconds = whole_seconds(first, t0 + cut.stop / rate, rate)
    quality = _read_mask(path, file, "quality/simple/DQmask", "DQ", seconds)
    injections = _read_mask(path, file, "quality/injections/Injmask", "Inj", seconds)
    value = strain[cut].astype(np.float64)
    return Segment(path, detector, first, rate, value, quality, injections, covers)


def _time_axis(path: Path, file: h5py.File, strain: h5py.Dataset) -> tuple[float, float]:
    spacing = strain.attrs.get("Xspacing")
    if spacing is None or not np.isfinite(spacing) or spacing <= 0:
        raise InputError(f"{path}: strain/Strain has no usable attribute Xspacing (sample spacing in s)")
    start = strain.attrs.get("Xstart")
    stated = _scalar(file, "meta/GPSstart")
    if start is None and stated is None:
        raise InputError(f"{path}: neither strain/Strain:Xstart nor meta/GPSstart gives the GPS start time")
    start = stated if start is None else start
    if stated is not None and abs(float(stated) - float(start)) > 1e-6:
        raise InputError(f"{path}: meta/GPSstart {stated} contradicts the Xstart {start} of strain/Strain")
    return float(start), sample_rate(float(spacing))


def _detector(path: Path, file: h5py.File) -> str:
    stated = _scalar(file, "meta/Detector")
    name = parse_name(path)
    named = name.detector if name else None
    stated = stated.decode() if isinstance(stated, bytes) else stated
    if stated and named and stated != named:
        raise InputError(f"{path}: meta/Detector says {stated}, the file name {named}; was the file renamed?")
    if not (stated or named):
        raise InputError(f"{path}: neither meta/Detector nor the file name tells the detector")
    return str(stated or named)


def _scalar(file: h5py.File, key: str) -> object:
    """Value of a scalar dataset, None if there is none."""
    node = file.get(key)
    return node[()] if isinstance(node, h5py.Dataset) and node.shape == () else None


def _read_mask(
    path: Path, file: h5py.File, key: str, prefix: str, seconds: tuple[int, int]
) -> BitMask | None:
    """Read a per-second bit mask and the names of its bits, cut to the GPS seconds wanted."""
    mask = file.get(key)
    if mask is None:
        return None
    group = mask.parent
    names, descriptions = (_strings(group.get(prefix + part)) for part in ("Shortnames", "Descriptions"))
    start, spacing = mask.attrs.get("Xstart", _scalar(file, "meta/GPSstart")), mask.attrs.get("Xspacing", 1.0)
    if mask.ndim != 1 or mask.dtype.kind not in "iu" or start is None or spacing != 1.0 or not names:
        raise InputError(f"{path}: {key} is not one integer per second with {prefix}Shortnames beside it")
    cut = window_slice(int(start), 1.0, len(mask), *seconds)
    return _mask(f"{path}: {key}", int(start) + cut.start, mask[cut], names, descriptions or names)


def _mask(
    where: str, start: int, bits: np.ndarray, names: tuple[str, ...], descriptions: tuple[str, ...]
) -> BitMask:
    """Make a mask; bits in use beyond the named ones are called BIT7 and so on."""
    bits = bits.astype(np.int64)
    if bits.size and (bits.min() < 0 or bits.max() >= 1 << 31):
        raise InputError(f"{where} holds values that are not bit masks ({bits.min()} to {bits.max()})")
    used = int(bits.max(initial=0)).bit_length()
    more = tuple(f"BIT{bit}" for bit in range(len(names), used))
    known = np.ones(len(bits), bool)
    return BitMask(start, bits.astype(np.int32), known, names + more, descriptions + more)


def _strings(node: h5py.Dataset | None) -> tuple[str, ...]:
    if node is None:
        return ()
    items: Sequence[bytes | str] = node[()].ravel().tolist()
    return tuple(item.decode() if isinstance(item, bytes) else str(item) for item in items)


def read_gwf(
    path: Path, detector: str | None, start: float | None, end: float | None, channel: str | None
) -> Segment:
    """Read the part of a frame file inside [start, end) GPS seconds.

    Masks are the channels named like the strain channel, with DQMASK and INJMASK at the end (GWOSC).

    Returns
    -------
    Segment

    Raises
    ------
    InputError
        If the file is damaged, or has no such channel, or several of them.
    """
    with FrameFile(path) as file:
        channels = {item.name: item for item in list_channels(file)}
        name = channel or strain_channel(file, detector)
        if name not in channels:
            raise InputError(f"{path}: no channel {name!r}; the file has {', '.join(channels) or 'none'}")
        item = channels[name]
        own = name.split(":")[0]
        size = round((item.end - item.start) * item.rate)
        cut = window_slice(item.start, item.rate, size, start, end)
        covers = (item.start, item.end)
        if cut.start >= cut.stop:
            return Segment(path, own, item.start, item.rate, np.empty(0), None, None, covers)
        series = read_channel(file, name, start, end)
        seconds = whole_seconds(series.t0, series.t0 + len(series.value) / series.rate, series.rate)
        masks = []
        for tag, standard in (("DQMASK", QUALITY_BITS), ("INJMASK", INJECTION_BITS)):
            mask = name.removesuffix("STRAIN") + tag
            masks.append(_gwf_mask(file, mask, standard, seconds) if mask in channels else None)
    if series.value.dtype.kind not in "fiu":
        raise InputError(f"{path}: {name} is not a real time series")
    return Segment(path, own, series.t0, series.rate, series.value.astype(np.float64), *masks, covers)


def _gwf_mask(file: FrameFile, name: str, standard: tuple[str, ...], seconds: tuple[int, int]) -> BitMask:
    """Read a mask channel. Its unit text names the bits ("0:DATA 1:CBC_CAT1 ..."), else the standard does."""
    series = read_channel(file, name, *seconds)
    if series.rate != 1.0 or series.value.dtype.kind not in "iu":
        raise InputError(f"{file.path}: {name} is not one integer per second")
    named = dict(re.findall(r"(\d+):(\w+)", series.unit))
    if named:
        standard = tuple(named.get(str(bit), f"BIT{bit}") for bit in range(1 + max(map(int, named))))
    return _mask(f"{file.path}: {name}", round(series.t0), series.value, standard, standard)
