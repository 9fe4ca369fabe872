"""Energies of events: by the user's calibration tables, by the instrument's own lines, or the archive's."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.isgri.events import Events
from tidings.isgri.geometry import module_map
from tidings.isgri.line_calibration import LineCalibration, calibrate
from tidings.isgri.pixel_gains import PixelGains, gains_from_archive, unit_gains
from tidings.isgri.selection import PIXELS, Selection

LEVELS = ("lines", "tables", "archive")

# Exponents of the temperature in the offsets of the pulse height, module 0 to 7 (OSA 11).
_OFFSET_POWERS = np.array([-1.8, -2.0, -2.3, -2.7, -0.5, -2.4, -0.8, -0.5])
_TEMPERATURE = -8.0
"""Of the detector without housekeeping [deg C]."""
_BIAS = 1.2


@dataclass(frozen=True)
class Tables:
    """OSA-11 calibration tables.

    Attributes
    ----------
    again, aoffset, rtgain, rtoffset
        [17420] of the flat [134, 130] image, from ISGR-OFFS-MOD.
    lut2
        [2048 amplitudes, 256 rise times] energy [keV], from ISGR-RISE-MOD.
    rise_module, amplitude_module
        [8, 2] r = b0 + b1 r and [8, 4] a = c0 + c1 a + c2 30/a + c3 r of each module.
    rise_time, amplitude_time
        (2,) r = d0 + d1 r and (3,) a = e0 + e1 a + e2 a^2 of the epoch.
    temperature
        Of each module [8] [deg C].
    """

    again: np.ndarray
    aoffset: np.ndarray
    rtgain: np.ndarray
    rtoffset: np.ndarray
    lut2: np.ndarray
    rise_module: np.ndarray = field(default_factory=lambda: np.tile([0.0, 1.0], (8, 1)))
    amplitude_module: np.ndarray = field(default_factory=lambda: np.tile([0.0, 1.0, 0.0, 0.0], (8, 1)))
    rise_time: np.ndarray = field(default_factory=lambda: np.array([0.0, 1.0]))
    amplitude_time: np.ndarray = field(default_factory=lambda: np.array([0.0, 1.0, 0.0]))
    temperature: np.ndarray = field(default_factory=lambda: np.full(8, _TEMPERATURE))


def dither(events: Events) -> tuple[np.ndarray, np.ndarray]:
    """Return two numbers in [-1/2, 1/2) for each event, the same whenever and however the window is read.

    They spread whole channels over their width. Each is a hash of the window's identifier and what the event
    is (pixel, pulse height, rise time), so that neither order nor cuts of the file change it. The hash is the
    output function of SplitMix64 (Steele, Lea & Flood 2014, OOPSLA).
    """
    seed = int("".join(c for c in events.swid if c.isdigit()) or 0)
    value = events.pixel.astype(np.uint64) << np.uint64(32)
    value |= events.pha.astype(np.uint16).astype(np.uint64) << np.uint64(8)
    value |= rise_times(events).astype(np.uint64)
    value = _mix(value + np.uint64(seed * 0x9E3779B97F4A7C15 % 2**64))
    halves = ((value >> np.uint64(40)), (value & np.uint64(0xFFFFFF)))
    first, second = (half.astype(np.float32) * np.float32(2**-24) - np.float32(0.5) for half in halves)
    return first, second


def _mix(value: np.ndarray) -> np.ndarray:
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def archive_energy(events: Events) -> np.ndarray:
    """Return the energies of the archive [keV].

    Raises
    ------
    InputError
        The file has none.
    """
    if events.energy is None:
        raise InputError(
            f"window {events.swid}: the events have no ISGRI_ENERGY: take the energy level lines or tables"
        )
    return events.energy


def line_calibration(
    events: Events, selection: Selection, gains: PixelGains | None = None
) -> LineCalibration:
    """Calibrate a window on its own lines; gains are recovered from the archive's energies when not given.

    Raises
    ------
    InputError
        See `tidings.isgri.line_calibration.calibrate`.
    """
    if gains is None:
        known = events.energy is not None and events.pi is not None
        gains = gains_from_archive(events) if known else unit_gains()
    return calibrate(events, selection.events, events.pha + dither(events)[0], rise_times(events), gains)


def line_energy(events: Events, calibration: LineCalibration) -> np.ndarray:
    """Return energies [keV] after a calibration on lines, of this window or of one close in time."""
    return calibration.energy(events.pha + dither(events)[0], rise_times(events), events.pixel)


def rise_times(events: Events) -> np.ndarray:
    """Return the corrected rise times ISGRI_PI, or the raw ones when there are none."""
    return events.rise_time if events.pi is None else events.pi


def table_energy(events: Events, tables: Tables) -> np.ndarray:
    """Return energies [keV] by the scheme of OSA 11.

    Rise time r = (2/2.4) (RISE_TIME + u) + 5 and amplitude a = PHA + u, u uniform in +-1/2, go through the
    gains and offsets of the pixel, with the temperature T = (t + 273) / 273 and bias V = 1.2 of its module,
    the coefficients of the module and of the epoch, and the table of energies, linear in a between its rows.

    Raises
    ------
    InputError
        The events have no raw rise time.
    """
    if events.rise_time is None:
        raise InputError(f"window {events.swid}: the events have no RISE_TIME, which tables start from")
    u, v = dither(events)
    module = np.maximum(module_map().ravel(), 0)
    t = ((tables.temperature + 273) / 273)[module]
    gain = 0.2 * tables.again * t**-1.11 * _BIAS**-0.0832
    offset = 2 * tables.aoffset * t ** _OFFSET_POWERS[module] * _BIAS**0.0288
    rise_gain = 0.3 * tables.rtgain * t**0.518 * _BIAS**0.583
    rise_offset = 20 * (tables.rtoffset + 2) * t**0.625 * _BIAS**0.530
    pixel = events.pixel
    r = (2 / 2.4) * (events.rise_time + v) + 5
    a = (events.pha + u) * gain[pixel] + offset[pixel]
    r = r * rise_gain[pixel] + rise_offset[pixel]
    mine = module[pixel]
    b, c = tables.rise_module[mine], tables.amplitude_module[mine]
    r = b[:, 0] + b[:, 1] * r
    safe = np.where(np.abs(a) < 1e-3, 1e-3, a)
    a = c[:, 0] + c[:, 1] * a + c[:, 2] * 30 / safe + c[:, 3] * r
    r = tables.rise_time[0] + tables.rise_time[1] * r
    a = tables.amplitude_time[0] + a * (tables.amplitude_time[1] + tables.amplitude_time[2] * a)
    column = np.clip(np.rint(r), 0, 255).astype(np.int64)
    row = np.clip(np.floor(a), 0, len(tables.lut2) - 2).astype(np.int64)
    low, high = tables.lut2[row, column], tables.lut2[row + 1, column]
    return np.maximum(low + (high - low) * np.clip(a - row, 0, 1), 0).astype(np.float32)


def read_tables(offsets: str | Path, rise: str | Path) -> Tables:
    """Read ISGR-OFFS-MOD (AGAIN, AOFFSET, RTGAIN, RTOFFSET) and ISGR-RISE-MOD (2048 x 256 energies).

    The coefficients of modules and epochs stay neutral.

    Raises
    ------
    InputError
        A file has not what it must.
    """
    columns = {}
    data = _table(Path(offsets), "AGAIN", "ISGR-OFFS-MOD")
    inside = module_map().ravel() >= 0
    for name in ("AGAIN", "AOFFSET", "RTGAIN", "RTOFFSET"):
        if name not in data.names or np.size(data[name]) != 128 * 128:
            raise InputError(f"{offsets}: ISGR-OFFS-MOD must have a column {name} of 16384 pixels")
        values = np.zeros(PIXELS)
        values[inside] = np.asarray(data[name], float).ravel()
        columns[name.lower()] = values
    table = _table(Path(rise), "CORR", "ISGR-RISE-MOD")
    lut2 = np.asarray(table["CORR"], np.float32)
    if lut2.ndim != 2 or lut2.shape[1] != 256 or len(lut2) < 2:
        raise InputError(
            f"{rise}: ISGR-RISE-MOD of OSA 11 is wanted: CORR with 256 rise times in a row, not {lut2.shape}"
        )
    return Tables(**columns, lut2=lut2)


def _table(path: Path, column: str, name: str) -> Any:
    try:
        with fits.open(path, memmap=False) as hdus:
            for hdu in hdus:
                if isinstance(hdu, fits.BinTableHDU) and column in hdu.columns.names:
                    return hdu.data
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as FITS ({error})") from None
    raise InputError(f"{path}: has no table with a column {column}; give {name}")
