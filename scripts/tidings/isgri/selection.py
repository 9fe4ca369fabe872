"""Which events and pixels of a science window are used, and how long the detector was live."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag
from pathlib import Path

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.isgri.events import DAY, Events
from tidings.isgri.geometry import SHAPE, module_map

PIXELS = SHAPE[0] * SHAPE[1]
MODULES = 8

DEAD_FRACTION = 0.282
"""Part of the time in which ISGRI is dead, when no dead times are given.

OSA 11.2 states DEADC = 0.7175 for the revolutions around 2559 (ISGR-SRC.-LCR of ScW 255800700010).
"""


class Rejected(IntFlag):
    """Why a pixel is not used."""

    FLAGGED = 1  # SELECT_FLAG of the archive is set for one of its events
    SILENT = 2  # it has no event, or far fewer than its module's pixels: off, or its threshold is too high
    HOT = 4  # far more events than its module's pixels
    SPECTRUM = 8  # the shape of its spectrum is not its module's


@dataclass(frozen=True)
class Selection:
    """What is used of a window.

    Attributes
    ----------
    events
        [events] bool, the events used: good time, rise time, pixel in use.
    rejected
        [134, 130] uint8, `Rejected` of each pixel; 0 is in use. The gaps are 0 and not in use.
    used
        [134, 130] bool, pixels in use.
    """

    events: np.ndarray
    rejected: np.ndarray
    used: np.ndarray


def in_gti(time: np.ndarray, gti: np.ndarray) -> np.ndarray:
    """Tell which times lie in good-time intervals [n, 2], their start included and their stop not."""
    place = np.searchsorted(gti.ravel(), time, side="right")
    return (place & 1).astype(bool)


def ontime(gti: np.ndarray, start: float = -np.inf, stop: float = np.inf) -> float:
    """Return the good time between two instants [s]."""
    length = np.minimum(gti[:, 1], stop) - np.maximum(gti[:, 0], start)
    return float(np.maximum(length, 0).sum() * DAY)


def select(
    events: Events,
    *,
    rise_min: int = 16,
    rise_max: int = 116,
    hot: float = 4.0,
    spectral: float = 2.0,
) -> Selection:
    """Select events and pixels.

    Parameters
    ----------
    rise_min, rise_max
        Corrected rise times kept, both included [channel]; the raw ones when the file has no ISGRI_PI.
    hot
        Rejects a pixel whose counts exceed its module's by this factor, in all or in one range of pulse
        height; 0 keeps all.
    spectral
        Rejects a pixel whose log10 of the reduced chi2 against its module's spectrum lies this many sigma
        above the mean; 0 keeps all.

    Raises
    ------
    InputError
        No event is left.

    Notes
    -----
    Any event with SELECT_FLAG set takes its pixel out for the whole window (OSA, ii_shadow_build).
    """
    good = in_gti(events.time, events.gti)
    rise = events.rise_time if events.pi is None else events.pi
    if rise is None:
        raise InputError("the events have neither ISGRI_PI nor RISE_TIME: take the archive's file")
    good &= (rise >= rise_min) & (rise <= rise_max)
    if not good.any():
        raise InputError(
            f"no event lies in good time with a rise time of {rise_min} to {rise_max}: check the limits and "
            "the good-time intervals"
        )
    reasons = np.zeros(PIXELS, np.uint8)
    reasons[events.pixel[events.flag != 0]] |= Rejected.FLAGGED.value
    spectra = _coarse_spectra(events.pixel[good], events.pha[good])
    reasons |= _outliers(spectra, reasons, hot, spectral)
    module = module_map().ravel()
    reasons[module < 0] = 0
    used = (reasons == 0) & (module >= 0)
    good &= used[events.pixel]
    return Selection(good, reasons.reshape(SHAPE), used.reshape(SHAPE))


# Pulse heights that a pixel is judged in; those of energies that products are made of.
_JUDGED = np.array([18, 24, 34, 44, 54, 66, 80, 100, 130, 180, 260, 400, 600])
_ALIKE = 4
"""First of these ranges that no pixel's threshold reaches."""


def _coarse_spectra(pixel: np.ndarray, pha: np.ndarray) -> np.ndarray:
    """Return counts [pixels, ranges of pulse height]."""
    # Range 0 is below the first edge, the last beyond the last; neither is judged.
    ranges = len(_JUDGED) + 1
    table = np.searchsorted(_JUDGED, np.arange(_JUDGED[-1] + 1), side="right")
    place = pixel.astype(np.int64) * ranges + table[np.clip(pha, 0, _JUDGED[-1])]
    return np.bincount(place, minlength=PIXELS * ranges).reshape(PIXELS, ranges)[:, 1:-1]


def _outliers(spectra: np.ndarray, reasons: np.ndarray, hot: float, spectral: float) -> np.ndarray:
    found = np.zeros(PIXELS, np.uint8)
    module = module_map().ravel()
    high = spectra[:, _ALIKE:]
    for number in range(MODULES):
        mine = (module == number) & (reasons == 0)
        if not mine.any():
            continue
        total = high.sum(axis=1)
        typical = np.median(total[mine])
        found[mine & _silent(total, typical)] |= Rejected.SILENT.value
        usual = mine & (found == 0)
        if hot:
            found[usual & _hot(spectra, usual, hot)] |= Rejected.HOT.value
        usual &= found == 0
        if spectral and usual.any():
            found[np.flatnonzero(usual)[_odd(high[usual], spectral)]] |= Rejected.SPECTRUM.value
    return found


def _silent(total: np.ndarray, typical: float) -> np.ndarray:
    """Tell which pixels have far too few counts, where so few are no chance."""
    few = (total < typical / 4) & (typical - total > 4 * np.sqrt(typical))
    return few | ((total == 0) & (typical >= 8))


def _hot(spectra: np.ndarray, usual: np.ndarray, factor: float) -> np.ndarray:
    """Tell which pixels have too many counts in one range, by the factor and by 6 sigma.

    Ranges below the common threshold are judged against what their 90th percentile has, since a low threshold
    is no fault.
    """
    level = np.percentile(spectra[usual], 90, axis=0)
    middle = np.where(np.arange(spectra.shape[1]) < _ALIKE, level, np.median(spectra[usual], axis=0))
    return np.any(spectra > np.maximum(factor * middle, middle + 6 * np.sqrt(middle) + 3), axis=1)


def _odd(counts: np.ndarray, sigma: float) -> np.ndarray:
    """Tell which pixels have a spectrum of another shape than all together.

    The rule of OSA's ii_shadow_build: log10 of chi2 above its mean by `sigma` standard deviations of the
    distribution, here of the reduced chi2 in ranges that hold enough counts for it.
    """
    shape = counts.sum(axis=0) / counts.sum()
    expected = counts.sum(axis=1, keepdims=True) * shape
    chi2 = np.sum((counts - expected) ** 2 / np.maximum(expected, 0.5), axis=1) / (counts.shape[1] - 1)
    value = np.log10(np.maximum(chi2, 1e-3))
    middle = np.median(value)
    spread = 1.4826 * np.median(np.abs(value - middle))
    # Half of the Poisson scatter lies above any middle; what is no outlier of 3 reduced chi2 stays.
    return (value > middle + max(sigma, 2) * spread) & (chi2 > 3)


def dead_fractions(path: str | Path | None, gti: np.ndarray | None = None) -> tuple[np.ndarray, str]:
    """Return the dead part of the time of each module [8], and where it is from.

    Parameters
    ----------
    path
        ``ibis_deadtime.fits`` of the window (ISGR-DEAD-SCP: II_DEADTIME_n or DEADTIME_n of the 8 modules, or
        one column of 8); None for `DEAD_FRACTION`.

    Raises
    ------
    InputError
        The file has no dead times of ISGRI, or they are not between 0 and 1.
    """
    if path is None:
        return np.full(MODULES, DEAD_FRACTION), "typical of OSA 11.2 around revolution 2559"
    path = Path(path)
    try:
        with fits.open(path, memmap=False) as hdus:
            tables = [h for h in hdus if isinstance(h, fits.BinTableHDU) and h.name.startswith("ISGR-DEAD")]
            values = _dead_columns(tables[0]) if tables else None
    except (OSError, ValueError, TypeError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as FITS ({error})") from None
    if values is None:
        raise InputError(f"{path}: has no dead times of ISGRI (extension ISGR-DEAD-SCP, 8 modules)")
    values = values[np.all(np.isfinite(values), axis=1)]
    if len(values) == 0 or values.min() < 0 or values.max() >= 1:
        raise InputError(f"{path}: extension ISGR-DEAD-SCP: dead times must be parts of the time, 0 to 1")
    return values.mean(axis=0), "ISGR-DEAD-SCP"


def _dead_columns(hdu: fits.BinTableHDU) -> np.ndarray | None:
    """Return dead times [rows, 8]."""
    names = [name for name in hdu.columns.names if "DEAD" in name.upper()]
    wide = [name for name in names if np.asarray(hdu.data[name]).shape[1:] == (MODULES,)]
    if wide:
        return np.asarray(hdu.data[wide[0]], np.float64)
    numbered = [name for name in names if name[-1].isdigit() and int(name[-1]) < MODULES]
    if len(numbered) == MODULES:
        return np.column_stack([hdu.data[name] for name in sorted(numbered)]).astype(np.float64)
    if len(names) == 1 and np.asarray(hdu.data[names[0]]).ndim == 1:
        return np.repeat(np.asarray(hdu.data[names[0]], np.float64)[:, None], MODULES, axis=1)
    return None
