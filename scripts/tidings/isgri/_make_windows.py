"""From event files to windows of counts: select, calibrate, count, and note what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from tidings.errors import InputError
from tidings.isgri.energy import (
    Tables,
    archive_energy,
    line_calibration,
    line_energy,
    rise_times,
    table_energy,
)
from tidings.isgri.events import Events, intersect, read_events, read_gti
from tidings.isgri.line_calibration import LineCalibration
from tidings.isgri.pixel_gains import PixelGains
from tidings.isgri.selection import Rejected, Selection, dead_fractions, ontime, select
from tidings.isgri.shadowgram import ENERGIES, accumulate, time_edges
from tidings.isgri.window import Window

RISE_CLASSES = ((16, 30), (30, 44), (44, 62), (62, 86), (86, 117))
_SPECTRUM = np.arange(15.0, 151.0)


@dataclass(frozen=True)
class Choices:
    """How windows are made; see the step isgri_shadowgram."""

    level: str = "lines"
    gains: PixelGains | None = None
    tables: Tables | None = None
    time_bin: float | None = None
    edges: Sequence[float] = ()
    rise_min: int = 16
    rise_max: int = 116
    hot: float = 4.0
    spectral: float = 2.0


@dataclass(frozen=True)
class Spectra:
    """Spectra of one window for the figure, in `RISE_CLASSES`, before and after calibration.

    `before` is in ISGRI_ENERGY, or in channels of pulse height when the file has none.
    """

    swid: str
    edges: np.ndarray
    before: np.ndarray
    after: np.ndarray
    unit: str
    image: np.ndarray
    calibration: LineCalibration | None


@dataclass
class Made:
    """Windows, and what to say of those that are none."""

    windows: list[Window] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    spectra: Spectra | None = None


def make_windows(
    paths: Sequence[Path],
    choices: Choices,
    gti: Path | None = None,
    dead_times: Sequence[Path] = (),
) -> Made:
    """Make windows of event files.

    Parameters
    ----------
    paths
        Event files; those of aborted windows are skipped with a note.
    gti
        Good times that must hold beside those of each file.
    dead_times
        One file for each event file, or none.

    Raises
    ------
    InputError
        A file cannot be used, no window has any events, or none can be calibrated.

    Notes
    -----
    A window too short to be calibrated on its own lines takes the calibration of the one before it in the
    list that could be, or of the first that can.
    """
    if dead_times and len(dead_times) != len(paths):
        raise InputError(
            f"{len(dead_times)} files of dead times for {len(paths)} event files: give one for each, or none"
        )
    made = Made()
    known: tuple[str, LineCalibration] | None = None
    waiting: list[tuple[Path, Path | None, str]] = []
    for place, path in enumerate(paths):
        dead = dead_times[place] if dead_times else None
        events = _read(path, gti, made)
        if events is None:
            continue
        with _naming(path):
            selection = _select(events, choices)
            own, why = _calibration(events, selection, choices)
            known = (events.swid, own) if own is not None else known
            if choices.level == "lines" and known is None:
                waiting.append((path, dead, why))
                continue
            made.windows.append(_window(events, selection, choices, known, dead, made))
    if waiting and known is None:
        raise InputError(f"{waiting[0][0]}: {waiting[0][2]}")
    for path, dead, _ in waiting:
        events = _read(path, gti, made)
        with _naming(path):
            made.windows.append(_window(events, _select(events, choices), choices, known, dead, made))
    made.windows.sort(key=lambda window: window.cubes[0].start)
    return made


def event_files(paths: Sequence[Path]) -> list[Path]:
    """Return event files, those of a folder in the order of their names.

    Raises
    ------
    InputError
        A folder has none.
    """
    files = []
    for path in paths:
        inside = sorted(path.glob("*isgri_events.fits*")) if path.is_dir() else [path]
        if not inside:
            raise InputError(f"{path}: the folder has no file *isgri_events.fits; give another, or files")
        files += inside
    return files


class _naming:
    """Put the name of a file in front of what is wrong with its content."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, InputError) and str(self.path) not in str(error):
            raise InputError(f"{self.path}: {error}") from None


def _read(path: Path, gti: Path | None, made: Made) -> Events | None:
    events = read_events(path)
    if events is None:
        made.skipped.append({"file": Path(path).name, "note": "aborted window: no ISGRI events"})
        return None
    if gti is None:
        return events
    extra, name = read_gti(gti)
    both = intersect(events.gti, extra)
    if len(both) == 0:
        made.skipped.append(
            {"file": Path(path).name, "note": f"no good time in common with {Path(gti).name}"}
        )
        return None
    meta = {**events.meta, "GTI_NAME": f"{events.meta['GTI_NAME']}, {name}"}
    return replace(events, gti=both, meta=meta)


def _select(events: Events, choices: Choices) -> Selection:
    return select(
        events,
        rise_min=choices.rise_min,
        rise_max=choices.rise_max,
        hot=choices.hot,
        spectral=choices.spectral,
    )


def _calibration(
    events: Events, selection: Selection, choices: Choices
) -> tuple[LineCalibration | None, str]:
    if choices.level != "lines":
        return None, ""
    try:
        return line_calibration(events, selection, choices.gains), ""
    except InputError as error:
        return None, str(error)


def _energy(events: Events, choices: Choices, known: tuple[str, LineCalibration] | None) -> np.ndarray:
    if choices.level == "lines":
        return line_energy(events, known[1])
    if choices.level == "tables":
        if choices.tables is None:
            raise InputError("the energy level tables needs offsets and rise_table: give both, or take lines")
        return table_energy(events, choices.tables)
    return archive_energy(events)


def _window(
    events: Events,
    selection: Selection,
    choices: Choices,
    known: tuple[str, LineCalibration] | None,
    dead_times: Path | None,
    made: Made,
) -> Window:
    energy = _energy(events, choices, known)
    dead, origin = dead_fractions(dead_times)
    edges = time_edges(events, choices.time_bin, choices.edges)
    cubes = accumulate(events, energy, selection, edges, dead)
    if made.spectra is None:
        made.spectra = _spectra(events, selection, energy, None if known is None else known[1])
    meta = {
        "REVOL": events.revolution,
        "SIMULATED": events.meta["SIMULATED"],
        "GTI_NAME": events.meta["GTI_NAME"],
        "ENERGY_LEVEL": choices.level,
        "DEAD_FRACTION": [round(float(part), 6) for part in dead],
        "DEAD_SOURCE": origin,
        "ONTIME": round(ontime(events.gti), 3),
        "EVENTS": len(events.pha),
        "EVENTS_USED": int(selection.events.sum()),
        "PIXELS_USED": int(selection.used.sum()),
        "PIXELS_REJECTED": {
            reason.name.lower(): int(((selection.rejected & reason.value) > 0).sum()) for reason in Rejected
        },
        "REJECTED": selection.rejected,
        "GTI": events.gti,
    }
    if known is not None:
        meta["CALIBRATION"] = {"window": known[0], **known[1].report()}
    return Window(events.swid, events.pointing, ENERGIES, cubes, meta)


def _spectra(
    events: Events, selection: Selection, energy: np.ndarray, calibration: LineCalibration | None
) -> Spectra:
    used, rise = selection.events, rise_times(events)
    raw = events.pha if events.energy is None else events.energy
    pairs = []
    for low, high in RISE_CLASSES:
        mine = used & (rise >= low) & (rise < high)
        pairs.append([_histogram(values[mine]) for values in (raw, energy)])
    both = np.array(pairs)
    image = np.bincount(events.pixel[used], minlength=selection.used.size).reshape(selection.used.shape)
    unit = "ISGRI_PHA [channel]" if events.energy is None else "ISGRI_ENERGY of the archive [keV]"
    return Spectra(events.swid, _SPECTRUM, both[:, 0], both[:, 1], unit, image, calibration)


def _histogram(values: np.ndarray) -> np.ndarray:
    # np.histogram counts the last edge too, which whole pulse heights do fall on.
    return np.histogram(values[values < _SPECTRUM[-1]], _SPECTRUM)[0]
