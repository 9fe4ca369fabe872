"""Strain of one detector with its data quality: GWOSC HDF5 and frame files, joined, cut and checked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tidings.errors import InputError
from tidings.gw._quality import BitMask, flat, join_masks, runs
from tidings.gw._segments import Segment, parse_name, read_segment
from tidings.gw._series import SLACK, cut_span, whole_seconds, window_slice

# Bits without which data are not fit for analysis: the detector took data, and these are not known to be bad.
REQUIRED = ("DATA", "CBC_CAT1")
# A record is one array: files days apart would fill memory with NaN between them.
_LONGEST_GAP = 86400.0
# Repeated values shorter than this happen in float32 strain; longer ones are filling.
_FLAT_SECONDS = 1 / 64
_FLAT_SAMPLES = 16


@dataclass(frozen=True, eq=False)
class Strain:
    """Calibrated strain of one detector on a regular time axis.

    Attributes
    ----------
    value : numpy.ndarray
        float64, shape (n,), dimensionless strain; NaN where there are no data.
    t0 : float
        GPS time of the first sample, s.
    rate : float
        Sample rate, Hz.
    detector : str
        Such as "H1".
    quality, injections : BitMask or None
        Data-quality bits and hardware-injection bits per GPS second; None when no file has them.
    files : tuple of str
        Names of the files read, in time order.
    """

    value: np.ndarray
    t0: float
    rate: float
    detector: str
    quality: BitMask | None = None
    injections: BitMask | None = None
    files: tuple[str, ...] = ()

    @property
    def duration(self) -> float:
        """Length in s."""
        return len(self.value) / self.rate

    @property
    def t1(self) -> float:
        """GPS time after the last sample, s."""
        return self.t0 + self.duration

    def times(self) -> np.ndarray:
        """GPS times of the samples, float64 (n,), each rounded once."""
        return self.t0 + np.arange(len(self.value)) / self.rate

    def bit(self, name: str) -> np.ndarray:
        """Whether a quality or injection bit is set, bool (n,), False where no file tells.

        Raises
        ------
        InputError
            If no mask has that bit.
        """
        for mask in (self.quality, self.injections):
            if mask is not None and name in mask.names:
                start, stop = whole_seconds(self.t0, self.t1, self.rate)
                edges = np.ceil((np.arange(start, stop) - self.t0) * self.rate - SLACK).clip(min=0)
                counts = np.diff(edges.astype(np.int64), append=len(self.value))
                return np.repeat(mask.crop(start, stop).passed(name), counts)
        known = [n for mask in (self.quality, self.injections) if mask is not None for n in mask.names]
        raise InputError(
            f"{self.detector}: no quality bit {name!r}; the files have {', '.join(known) or 'none'}"
        )

    def good(self, *required: str) -> np.ndarray:
        """Mark the samples fit for analysis.

        Parameters
        ----------
        *required : str
            Bits that must be set ("DATA", "CBC_CAT1", "NO_CBC_HW_INJ" ...). Skipped altogether when the files
            have no masks; finite, changing values are always required.

        Returns
        -------
        numpy.ndarray
            bool, shape (n,).
        """
        good = np.isfinite(self.value) & ~flat(self.value, _flat_samples(self.rate))
        for name in required:
            if self._has_mask_for(name):
                good &= self.bit(name)
        return good

    def crop(self, start: float, end: float) -> Strain:
        """Cut to the samples with times in [start, end) GPS seconds.

        Raises
        ------
        InputError
            If none is left.
        """
        cut = window_slice(self.t0, self.rate, len(self.value), start, end)
        if cut.start >= cut.stop:
            raise InputError(f"{self.detector}: no strain in {cut_span(start, end)}; {self._extent()}")
        t0, t1 = self.t0 + cut.start / self.rate, self.t0 + cut.stop / self.rate
        seconds = whole_seconds(t0, t1, self.rate)
        masks = {
            name: mask and mask.crop(*seconds)
            for name, mask in (("quality", self.quality), ("injections", self.injections))
        }
        return replace(self, value=self.value[cut], t0=t0, **masks)

    def trimmed(self, length: float) -> Strain:
        """Cut `length` seconds off either end.

        Raises
        ------
        InputError
            If nothing is left.
        """
        return self.crop(self.t0 + length, self.t1 - length) if length else self

    def _has_mask_for(self, name: str) -> bool:
        """Whether the files have the mask that a bit belongs to; a bit unknown to all masks is an error."""
        mask = self.injections if name.endswith("_INJ") else self.quality
        return mask is not None

    def _extent(self) -> str:
        return f"the data cover {cut_span(self.t0, self.t1)}"


@dataclass(frozen=True)
class Stretch:
    """GPS interval [start, end) s of a window, and what is wrong with it (or injected in it)."""

    start: float
    end: float
    reason: str

    def __str__(self) -> str:
        return f"{cut_span(self.start, self.end)}: {self.reason}"


@dataclass(frozen=True)
class WindowReport:
    """What `check_window` found: bad stretches, hardware injections, bits that no file could answer for."""

    bad: tuple[Stretch, ...]
    injections: tuple[Stretch, ...]
    unchecked: tuple[str, ...]


def read_strain(
    paths: str | Path | Iterable[str | Path],
    detector: str | None = None,
    start: float | None = None,
    end: float | None = None,
    channel: str | None = None,
) -> Strain:
    """Read the strain of one detector from one or more files.

    Parameters
    ----------
    paths : path or iterable of paths
        GWOSC HDF5 or frame (GWF) files, or folders: of a folder, the strain files of that detector are taken.
    detector : str, optional
        Such as "H1"; may be left out when the files are of one detector.
    start, end : float, optional
        GPS window [start, end) in s. Samples outside are not loaded. Where the files do not reach so far, the
        strain is shorter than the window: `check_window` tells.
    channel : str, optional
        Channel of frame files; by default the GWOSC names are tried.

    Returns
    -------
    Strain
        The files in time order; seconds between them are NaN and of unknown quality.

    Raises
    ------
    InputError
        If a file is missing, damaged, of another layout or detector; if rates differ or overlaps disagree; if
        no file reaches into the window.
    """
    if start is not None and end is not None and not start < end:
        raise InputError(f"the window {cut_span(start, end)} is empty: its start must lie before its end")
    if isinstance(paths, (str, Path)):
        paths = [paths]
    files = _expand([Path(path) for path in paths], detector, start, end)
    segments = [read_segment(path, detector, start, end, channel) for path in files]
    read = [segment for segment in segments if len(segment.value)]
    if not read:
        covered = "; ".join(f"{segment.path} covers {cut_span(*segment.covers)}" for segment in segments)
        raise InputError(f"no strain in the window {cut_span(start, end)}: {covered}")
    return _join(read)


def check_window(
    strain: Strain,
    start: float,
    end: float,
    allow_bad: bool = False,
    required: Sequence[str] = REQUIRED,
    how: str = "set allow_bad to analyse it all the same",
) -> WindowReport:
    """Refuse a window whose strain is missing, filled in or of bad quality.

    Parameters
    ----------
    strain : Strain
        Data.
    start, end : float
        GPS window [start, end), s.
    allow_bad : bool
        Report only.
    required : sequence of str
        Bits that must be set. Hardware-injection bits (NO_CBC_HW_INJ ...) are reported, and required only if
        named here.
    how : str
        What the message tells the user to do in order to allow the window.

    Returns
    -------
    WindowReport

    Raises
    ------
    InputError
        If anything is wrong and `allow_bad` is not set, or if the window holds no data at all.
    """
    if not start < end:
        raise InputError(f"the window {cut_span(start, end)} is empty: its start must lie before its end")
    inside = strain.crop(start, end)
    bad = _missing(inside, start, end) + _unfit(inside)
    bad += _unset(inside, [name for name in required if inside._has_mask_for(name)], "not set")
    report = WindowReport(
        bad=tuple(sorted(bad, key=lambda stretch: (stretch.start, stretch.end, stretch.reason))),
        injections=tuple(_unset(inside, inside.injections.names if inside.injections else (), "cleared")),
        unchecked=tuple(name for name in required if not inside._has_mask_for(name)),
    )
    if not np.isfinite(inside.value).any():
        raise InputError(f"{strain.detector}: the window {cut_span(start, end)} holds no data, only NaN")
    if report.bad and not allow_bad:
        listed = "\n".join(f"  {stretch}" for stretch in report.bad)
        files = ", ".join(strain.files) or "the strain"
        raise InputError(
            f"{strain.detector}: bad data in the window {cut_span(start, end)} of {files}:\n{listed}\n"
            f"Choose another window, or {how}."
        )
    return report


def _missing(inside: Strain, start: float, end: float) -> list[Stretch]:
    """Parts of the window before and after the record, beyond one sample."""
    step = 1.0 / inside.rate
    found = []
    if inside.t0 - start >= step:
        found.append(Stretch(start, inside.t0, "no data (before the first file)"))
    if end - inside.t1 >= step:
        found.append(Stretch(inside.t1, end, "no data (after the last file)"))
    return found


def _unfit(inside: Strain) -> list[Stretch]:
    """Stretches of NaN and of constant value."""
    finite = np.isfinite(inside.value)
    constant = flat(inside.value, _flat_samples(inside.rate))
    zero = constant & (inside.value == 0)
    found = []
    for flags, reason in ((~finite, "no data (NaN)"), (zero, "zeros"), (constant & ~zero, "constant value")):
        found += _stretches(inside, flags, reason)
    return found


def _unset(inside: Strain, names: Sequence[str], verb: str) -> list[Stretch]:
    """Stretches in which bits are not set, one list over all of them with their names joined."""
    found: dict[tuple[float, float], list[str]] = {}
    for name in names:
        for stretch in _stretches(inside, ~inside.bit(name), name):
            found.setdefault((stretch.start, stretch.end), []).append(name)
    return [Stretch(*span, f"{', '.join(failing)} {verb}") for span, failing in sorted(found.items())]


def _stretches(strain: Strain, flags: np.ndarray, reason: str) -> list[Stretch]:
    return [
        Stretch(strain.t0 + first / strain.rate, strain.t0 + last / strain.rate, reason)
        for first, last in runs(flags)
    ]


def _expand(
    paths: Sequence[Path], detector: str | None, start: float | None, end: float | None
) -> list[Path]:
    """Replace folders by the strain files in them that the window needs."""
    if not paths:
        raise InputError("no strain file given")
    files: list[Path] = []
    for path in paths:
        files += _in_folder(path, detector, start, end) if path.is_dir() else [path]
    return files


def _in_folder(folder: Path, detector: str | None, start: float | None, end: float | None) -> list[Path]:
    """Strain files of a detector in a folder whose names promise data in the window."""
    named = {path: parse_name(path) for path in sorted(folder.iterdir())}
    named = {path: name for path, name in named.items() if name is not None}
    of_detector = {
        path: name
        for path, name in named.items()
        if detector is None
        or name.detector == detector
        or (name.detector is None and detector[0] in name.sites)
    }
    if not of_detector:
        raise InputError(
            f"{folder}: no strain file{f' of {detector}' if detector else ''} named like "
            f"{(detector or 'H1')[0]}-{detector or 'H1'}_GWOSC_4KHZ_R1-1187008867-32.hdf5"
        )
    chosen = [
        path
        for path, name in of_detector.items()
        if (start is None or name.start + name.duration > start) and (end is None or name.start < end)
    ]
    if not chosen:
        covered = ", ".join(cut_span(name.start, name.start + name.duration) for name in of_detector.values())
        raise InputError(f"{folder}: no file in the window {cut_span(start, end)}; the files cover {covered}")
    return chosen


def _join(segments: Sequence[Segment]) -> Strain:
    """Join segments of one detector and rate in time order."""
    segments = sorted(segments, key=lambda segment: (segment.t0, segment.t1, segment.path.name))
    first = segments[0]
    for segment in segments[1:]:
        _check_joinable(first, segment)
    t0, t1 = first.t0, max(segment.t1 for segment in segments)
    if len(segments) == 1:
        value = first.value
    else:
        value = np.full(_length(segments), np.nan)
        for segment in segments:
            _put(value, segment, t0)
    seconds = whole_seconds(t0, t1, first.rate)
    label = f"{first.path} to {segments[-1].path}"
    return Strain(
        value=value,
        t0=t0,
        rate=first.rate,
        detector=first.detector,
        quality=join_masks([segment.quality for segment in segments], *seconds, label),
        injections=join_masks([segment.injections for segment in segments], *seconds, label),
        files=tuple(segment.path.name for segment in segments),
    )


def _check_joinable(first: Segment, segment: Segment) -> None:
    """Refuse segments of another detector, rate or sampling phase."""
    if segment.detector != first.detector:
        raise InputError(
            f"{segment.path} is of {segment.detector}, {first.path} of {first.detector}; name one detector"
        )
    if segment.rate != first.rate:
        raise InputError(
            f"{segment.path} is sampled at {segment.rate:g} Hz, {first.path} at {first.rate:g} Hz; "
            "read files of one rate"
        )
    offset = (segment.t0 - first.t0) * first.rate
    if abs(offset - round(offset)) > 1e-2:
        raise InputError(f"{segment.path}: its samples fall between those of {first.path}")


def _length(segments: Sequence[Segment]) -> int:
    """Samples from the first to the last of time-ordered segments; refuses files too far apart."""
    reach = segments[0]
    for segment in segments[1:]:
        if segment.t0 - reach.t1 > _LONGEST_GAP:
            raise InputError(
                f"{reach.path} ends at GPS {reach.t1:.10g}, {segment.path} starts "
                f"{segment.t0 - reach.t1:.0f} s later; give a window (start and end) or one of them"
            )
        reach = segment if segment.t1 > reach.t1 else reach
    return round((reach.t1 - segments[0].t0) * reach.rate)


def _put(value: np.ndarray, segment: Segment, t0: float) -> None:
    """Write a segment into the joined record; where something lies already it must be the same."""
    offset = round((segment.t0 - t0) * segment.rate)
    place = value[offset : offset + len(segment.value)]
    differs = np.isfinite(place) & np.isfinite(segment.value) & (place != segment.value)
    if differs.any():
        at = segment.t0 + int(np.argmax(differs)) / segment.rate
        raise InputError(
            f"{segment.path}: differs at GPS {at:.4f} from another file of the same time; "
            "read one data release"
        )
    np.copyto(place, segment.value, where=~np.isfinite(place))


def _flat_samples(rate: float) -> int:
    return max(_FLAT_SAMPLES, round(_FLAT_SECONDS * rate))
