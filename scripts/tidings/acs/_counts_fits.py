"""Counts from FITS: products of MMODA, the archive's housekeeping, light curves of this suite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.lightcurve.counts import Raw
from tidings.lightcurve.epoch import header_zero, ijd_to_gps, position_of, time_unit
from tidings.lightcurve.monitor import SPI_ACS
from tidings.lightcurve.open_fits import open_fits

SAMPLE = SPI_ACS.sample
_RATE, _TIMES = "SPI.-OACS-HRW", "SPI.-OACS-CNV"  # data structures of the archive
_CLOCK = 2.0**20  # counts of the on-board clock in a second
_FACTS = ("TELESCOP", "INSTRUME", "DATE-OBS", "TIMEDEL", "TIMESYS", "TIMEREF", "SWID", "REVOL")


def read_fits(path: Path, form: str, stamp: str | None) -> Raw:
    """Read counts from FITS; see `tidings.acs.counts.read_counts`."""
    if path.is_dir():
        found = "hk"
        raw = _housekeeping(sorted(path.glob("*.fits*")), path, stamp)
    else:
        with open_fits(path) as hdus:
            names = [hdu.name.upper() for hdu in hdus]
            if "RATE" in names:
                raw = _rate(hdus["RATE"], path, stamp)
                found = raw.origin
            elif _RATE in names:
                found, raw = "hk", None
            else:
                held = ", ".join(name for name in names if name) or "none"
                raise InputError(
                    f"{path}: has no extension RATE (light curve) or {_RATE} (housekeeping), but: {held}"
                )
        if raw is None:
            raw = _housekeeping([path, *_beside(path)], path, stamp)
    if form not in ("auto", found):
        raise InputError(f"{path}: is {found}, not {form}")
    return raw


def _rate(hdu: fits.BinTableHDU, path: Path, stamp: str | None) -> Raw:
    """Extension RATE after the OGIP conventions (OGIP/93-003)."""
    header = hdu.header
    time, rate = _numbers(hdu, "TIME", path), _numbers(hdu, "RATE", path)
    epoch = header_zero(header, path)
    time = time * time_unit(header, path)
    step = header.get("TIMEDEL")
    if not isinstance(step, int | float) or not step > 0:
        raise InputError(f"{path}: extension RATE: TIMEDEL {step!r} is no length of a bin in s")
    step = float(step) * time_unit(header, path)
    own = "FRACEXP" in hdu.columns.names
    if own:
        held = "TIMEDEL" in hdu.columns.names
        width = _numbers(hdu, "TIMEDEL", path) if held else np.full(len(time), step)
        exposure = width * _numbers(hdu, "FRACEXP", path)
        rate = np.where(exposure > 0, rate, np.nan)
    else:
        exposure = _exposure(rate, _numbers(hdu, "ERROR", path), step)
        width = exposure
    pixel = {"start": 0.0, "middle": 0.5, None: float(header.get("TIMEPIXR", 0.5))}[stamp]
    # What a light curve of this suite counts from; its times have full precision from there.
    reference = float(header.get("REFTIME", 0.0))
    return Raw(
        start=(time - reference) - pixel * width,
        width=width.copy(),
        counts=_whole(rate * exposure),
        exposure=exposure,
        epoch=epoch + reference,
        origin="lightcurve" if own else "mmoda",
        place="row",
        first=1,
        position=position_of(header),
        facts={key.lower(): header[key] for key in _FACTS if key in header},
        flags=np.asarray(hdu.data["FLAGS"], np.uint8) if "FLAGS" in hdu.columns.names else None,
        offset=float(header.get("OFFSET", 0.0)),
    )


def _exposure(rate: np.ndarray, error: np.ndarray, step: float) -> np.ndarray:
    """Return the live time of each bin, s, from rate = n/t and error = sqrt(n)/t.

    The service's bins are TIMEDEL on average only: samples fall on either side of their edges, so that some
    are a sample shorter or longer, and the file does not say so in any other way.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        samples = np.rint(rate / error**2 / SAMPLE)
    usual = max(round(step / SAMPLE), 1)
    likely = np.isfinite(samples) & (samples >= 1) & (np.abs(samples - usual) <= 1)
    return np.where(likely, samples, usual) * SAMPLE


def _whole(counts: np.ndarray) -> np.ndarray:
    """Undo the division by the live time where it left whole numbers, which counts are."""
    near = np.rint(counts)
    return np.where(np.abs(counts - near) < 1e-6 * np.maximum(near, 1), near, counts)


def _housekeeping(paths: list[Path], path: Path, stamp: str | None) -> Raw:
    """Rates of SPI.-OACS-HRW at the on-board times of SPI.-OACS-CNV, row by row."""
    counts = clock = None
    facts: dict[str, Any] = {}
    for file in paths:
        with open_fits(file) as hdus:
            for hdu in hdus:
                for key in ("OBTSTART", "OBTEND", "TSTART", "TSTOP", "SWID", "REVOL"):
                    if key in hdu.header:
                        facts.setdefault(key, hdu.header[key])
                if hdu.name == _RATE and counts is None:
                    counts = _numbers(hdu, "ACS_RATE", file)
                if hdu.name == _TIMES and clock is None:
                    clock = _clock(hdu, file)
    if counts is None or clock is None:
        missing = _RATE if counts is None else _TIMES
        raise InputError(f"{path}: {missing} is not there; give the folder of the science window")
    if len(counts) != len(clock):
        raise InputError(
            f"{path}: {_RATE} has {len(counts)} rows, {_TIMES} {len(clock)}: they belong together"
        )
    try:
        first, last = int(facts["OBTSTART"]), int(facts["OBTEND"])
        begin, end = float(facts["TSTART"]), float(facts["TSTOP"])
    except (KeyError, ValueError, TypeError):
        raise InputError(
            f"{path}: OBTSTART, OBTEND, TSTART and TSTOP are needed to date the on-board clock; put the "
            "swg.fits of the science window beside the file"
        ) from None
    if not (last > first and end > begin):
        raise InputError(f"{path}: OBTEND or TSTOP is not after OBTSTART or TSTART")
    # A line through both ends: the clock's rate (0.67 ppm slow) is steady over a science window.
    seconds = (
        (clock.astype(np.int64) - first) / _CLOCK * ((end - begin) * 86400.0 / ((last - first) / _CLOCK))
    )
    shift = -SAMPLE / 2 if stamp in (None, "middle") else 0.0
    width = np.full(len(counts), SAMPLE)
    return Raw(
        start=seconds + shift,
        width=width,
        counts=counts,
        exposure=width.copy(),
        epoch=float(ijd_to_gps(begin)),
        origin="hk",
        place="row",
        first=1,
        facts={key.lower(): facts[key] for key in ("SWID", "REVOL") if key in facts},
    )


def _clock(hdu: fits.BinTableHDU, path: Path) -> np.ndarray:
    """Return on-board times as uint64: four 16-bit words, the highest first."""
    if "OB_TIME" not in hdu.columns.names:
        raise InputError(f"{path}: extension {_TIMES}: no column OB_TIME")
    words = np.asarray(hdu.data["OB_TIME"])
    if words.ndim != 2 or words.shape[1] != 4:
        raise InputError(
            f"{path}: extension {_TIMES}: OB_TIME must be four words (4I), not {words.shape[1:]}"
        )
    words = words.astype(np.int64).astype(np.uint64) & np.uint64(0xFFFF)
    return (words << np.array([48, 32, 16, 0], np.uint64)).sum(axis=1, dtype=np.uint64)


def _beside(path: Path) -> list[Path]:
    """Other FITS files of the folder, in which the times of a science window may lie."""
    return [other for other in sorted(path.parent.glob("s*.fits*")) if other != path]


def _numbers(hdu: fits.BinTableHDU, column: str, path: Path) -> np.ndarray:
    if not isinstance(hdu, fits.BinTableHDU) or column not in hdu.columns.names:
        raise InputError(f"{path}: extension {hdu.name}: no column {column}")
    values = np.asarray(hdu.data[column], np.float64)
    if values.ndim != 1:
        raise InputError(f"{path}: extension {hdu.name}: column {column} must hold one number in a row")
    return values
