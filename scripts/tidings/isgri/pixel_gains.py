"""Relative gain and offset of each pixel's pulse height, which stay what they were before launch."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.isgri.events import Events
from tidings.isgri.geometry import SHAPE, module_map

PIXELS = SHAPE[0] * SHAPE[1]
EXTENSION = "ISGR-GAIN-REL"
_FEWEST = 20
"""Events that a pixel's gain is taken from."""
_RANGE = (25.0, 400.0)


@dataclass(frozen=True)
class PixelGains:
    """Normalised pulse height = gain * PHA + offset, [17420] each, for the flat [134, 130] image.

    A pixel that is not known has gain 1 and offset 0; `known` tells.
    """

    gain: np.ndarray
    offset: np.ndarray
    known: np.ndarray
    source: str


def unit_gains() -> PixelGains:
    """Return gains that leave pulse heights as they are."""
    return PixelGains(
        np.ones(PIXELS, np.float32), np.zeros(PIXELS, np.float32), np.zeros(PIXELS, bool), "none"
    )


def gains_from_archive(events: Events) -> PixelGains:
    """Recover the pre-launch gains that the archive's energies contain.

    ISGRI_ENERGY is one function of the normalised pulse height and ISGRI_PI for all pixels, so that pixels
    with equal energy and PI have equal normalised pulse height. That of the mean pixel is the mean PHA of all
    events with this energy and PI; a line PHA = (mean - offset) / gain is fitted to each pixel's events.

    Raises
    ------
    InputError
        The events have no ISGRI_ENERGY or ISGRI_PI.
    """
    if events.energy is None or events.pi is None:
        raise InputError("the events have no ISGRI_ENERGY and ISGRI_PI, which pixel gains are recovered from")
    kept = (events.energy > _RANGE[0]) & (events.energy < _RANGE[1]) & (events.pi != 255)
    pixel, pha = events.pixel[kept], events.pha[kept].astype(np.float64)
    cell = events.pi[kept].astype(np.int64) * int(_RANGE[1]) + events.energy[kept].astype(np.int64)
    number = np.bincount(cell)
    mean = np.bincount(cell, weights=pha) / np.maximum(number, 1)
    good = number[cell] > 50
    pixel, pha, mean = pixel[good], pha[good], mean[cell[good]]
    n, sx, sy, sxx, sxy = (
        np.bincount(pixel, weights=w, minlength=PIXELS)
        for w in (np.ones(len(pha)), mean, pha, mean * mean, mean * pha)
    )
    spread = n * sxx - sx**2
    known = (n >= _FEWEST) & (spread > n * n * 100)
    slope = np.where(known, (n * sxy - sx * sy) / np.where(known, spread, 1), 1)
    known &= (slope > 0.5) & (slope < 2)
    slope = np.where(known, slope, 1)
    zero = np.where(known, (sy - slope * sx) / np.maximum(n, 1), 0)
    return PixelGains(
        (1 / slope).astype(np.float32),
        (-zero / slope).astype(np.float32),
        known,
        "ISGRI_ENERGY of the events",
    )


def read_gains(path: str | Path) -> PixelGains:
    """Read relative gains, or the archive's ISGR-OFFS-MOD (columns AGAIN, AOFFSET in order of Z, Y).

    Raises
    ------
    InputError
        The file has neither.
    """
    path = Path(path)
    try:
        with fits.open(path, memmap=False) as hdus:
            for hdu in hdus:
                if hdu.name == EXTENSION:
                    gain = np.asarray(hdu.data["GAIN"], np.float32)
                    offset = np.asarray(hdu.data["OFFSET"], np.float32)
                    if len(gain) == PIXELS:
                        known = gain > 0
                        return PixelGains(np.where(known, gain, 1), offset, known, EXTENSION)
                if isinstance(hdu, fits.BinTableHDU) and {"AGAIN", "AOFFSET"} <= set(hdu.columns.names):
                    return _from_offsets(hdu.data, path)
    except (OSError, ValueError, TypeError, EOFError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"{path}: cannot be read as FITS ({error})") from None
    raise InputError(
        f"{path}: has no pixel gains: extension {EXTENSION}, or ISGR-OFFS-MOD with AGAIN and AOFFSET"
    )


def write_gains(gains: PixelGains, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write relative gains; pixels not known have gain 0."""
    # To the last digit that the recovery has any right to: half a part in a thousand, 0.01 channel.
    gain = np.where(gains.known, np.round(gains.gain * 8192) / 8192, 0).astype(np.float32)
    offset = (np.round(gains.offset * 64) / 64).astype(np.float32)
    hdu = fits.BinTableHDU.from_columns(
        [fits.Column("GAIN", "E", array=gain), fits.Column("OFFSET", "E", unit="chan", array=offset)],
        name=EXTENSION,
    )
    hdu.header["COMMENT"] = "Normalised pulse height = GAIN * ISGRI_PHA + OFFSET; rows are the [134 z, 130 y]"
    hdu.header["COMMENT"] = "detector image, y fastest; GAIN 0: not known. Mean of the pixels: 1."
    write_fits([fits.PrimaryHDU(), hdu], path, provenance)


def _from_offsets(data: Any, path: Path) -> PixelGains:
    again, offset = np.asarray(data["AGAIN"], float).ravel(), np.asarray(data["AOFFSET"], float).ravel()
    if len(again) != 128 * 128:
        raise InputError(f"{path}: AGAIN has {len(again)} pixels; 16384 are wanted")
    inside = module_map().ravel() >= 0
    known = np.zeros(PIXELS, bool)
    known[inside] = again > 0
    middle = np.median(again[again > 0])
    gain, zero = np.ones(PIXELS, np.float32), np.zeros(PIXELS, np.float32)
    # a = 0.2 AGAIN PHA + 2 AOFFSET (OSA); divided by the usual gain so that channels stay channels.
    gain[inside] = np.where(again > 0, again / middle, 1)
    zero[inside] = np.where(again > 0, (offset - np.median(offset[again > 0])) * 2 / (0.2 * middle), 0)
    return PixelGains(gain, zero, known, "ISGR-OFFS-MOD")
