"""The shadowgram file: raw counts of several science windows in fine energy channels, one FITS file.

Extensions, for each window in turn:

``ISGR-DETE-SHD``  one per time bin: counts [channels, 134 z, 130 y], with the window's keywords
``ISGR-LIVE-SHD``  live part of the good time of each pixel [134, 130], 0 where not in use; one for all time
                   bins when they have it in common, else one per time bin
``ISGR-PIXL-REJ``  why pixels are not used [134, 130], bits as in the keywords REJECTn
``IBIS-GNRL-GTI``  good times, IJD

and one ``EBOUNDS`` for all, before them. Whole numbers are tile-compressed by RICE, without loss; the gzip
that FITS has for other tiles would put the clock into the file.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.isgri.geometry import SHAPE
from tidings.isgri.window import Cube, Pointing, Window

_COUNTS, _LIVE, _REJECTED, _GTI = "ISGR-DETE-SHD", "ISGR-LIVE-SHD", "ISGR-PIXL-REJ", "IBIS-GNRL-GTI"
_POINTING = (("RA_SCX", "ra_x"), ("DEC_SCX", "dec_x"), ("RA_SCZ", "ra_z"), ("DEC_SCZ", "dec_z"))
_ARRAYS = ("REJECTED", "GTI")


def write_windows(windows: list[Window], path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write windows with one grid of energies to one file.

    Parameters
    ----------
    windows
        Their meta holds plain values (kept as JSON), and the arrays REJECTED [134, 130] and GTI [n, 2] when
        there are any. None at all makes a file without windows, which `read_windows` takes.
    """
    primary = fits.PrimaryHDU()
    primary.header["TELESCOP"] = "INTEGRAL"
    primary.header["INSTRUME"] = "IBIS"
    primary.header["DETNAM"] = "ISGRI"
    primary.header["NWINDOWS"] = (len(windows), "science windows in this file")
    hdus: list[Any] = [primary]
    if windows:
        if any(not np.array_equal(window.energies, windows[0].energies) for window in windows):
            raise ValueError("windows of one file have one grid of energies")
        hdus.append(_bounds(windows[0].energies))
    for number, window in enumerate(windows, 1):
        hdus += _window(window, number)
    write_fits(hdus, path, provenance)


def read_windows(path: str | Path) -> list[Window]:
    """Read what `write_windows` wrote.

    Raises
    ------
    InputError
        The file is missing, damaged, or no shadowgram file of this suite.
    """
    path = Path(path)
    try:
        with fits.open(path, memmap=False) as hdus:
            count = hdus[0].header.get("NWINDOWS")
            if count is None or (count and "EBOUNDS" not in hdus):
                raise InputError(
                    f"{path}: is no shadowgram file as isgri_shadowgram writes it (no NWINDOWS, EBOUNDS): "
                    "make "
                    "one of the window's events with isgri_shadowgram"
                )
            return _windows(hdus) if count else []
    except InputError:
        raise
    except (OSError, ValueError, TypeError, KeyError, IndexError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as a shadowgram file ({error})") from None


def read_some_windows(paths: Sequence[str | Path], most: int) -> list[Window]:
    """Read windows of several files, at most a number of them, taken evenly from all.

    Raises
    ------
    InputError
        As `read_windows`.
    """
    counts = [_count(Path(path)) for path in paths]
    total = sum(counts)
    number = min(most, total)
    wanted = {(2 * n + 1) * total // (2 * number) for n in range(number)}
    windows, first = [], 0
    for path, count in zip(paths, counts, strict=True):
        if wanted & set(range(first, first + count)):
            read = enumerate(read_windows(path), first)
            windows += [window for place, window in read if place in wanted]
        first += count
    return windows


def _count(path: Path) -> int:
    try:
        return int(fits.getheader(path)["NWINDOWS"])
    except (OSError, ValueError, KeyError, EOFError):
        return len(read_windows(path))


def _bounds(energies: np.ndarray) -> fits.BinTableHDU:
    columns = [
        fits.Column("CHANNEL", "I", array=np.arange(len(energies) - 1, dtype=np.int16)),
        fits.Column("E_MIN", "E", unit="keV", array=energies[:-1]),
        fits.Column("E_MAX", "E", unit="keV", array=energies[1:]),
    ]
    return fits.BinTableHDU.from_columns(columns, name="EBOUNDS")


def _window(window: Window, number: int) -> list[Any]:
    hdus: list[Any] = []
    for cube in window.cubes:
        header = _header(window, cube, number)
        # RICE knows no unsigned 16 bits without an offset, which would cost it its best case, zeros.
        kind = np.int16 if cube.counts.max(initial=0) < 32768 else np.int32
        hdus.append(
            fits.CompImageHDU(
                cube.counts.astype(kind), header, _COUNTS, compression_type="RICE_1", tile_shape=(1, *SHAPE)
            )
        )
    hdus += _live(window, number)
    if "REJECTED" in window.meta:
        hdus.append(_rejected(np.asarray(window.meta["REJECTED"], np.uint8), number))
    if "GTI" in window.meta:
        hdus.append(_good_times(np.asarray(window.meta["GTI"], np.float64), number))
    return hdus


def _live(window: Window, number: int) -> list[fits.ImageHDU]:
    parts = [np.asarray(cube.live_time, np.float64) / cube.ontime for cube in window.cubes]
    if all(np.allclose(part, parts[0], rtol=1e-6, atol=0) for part in parts):
        parts = parts[:1]
    hdus = [fits.ImageHDU(part.astype(np.float32), name=_LIVE) for part in parts]
    for hdu in hdus:
        hdu.header["WINDOW"] = number
        hdu.header["COMMENT"] = "Live part of the good time: live time = this * ONTIME of the time bin."
    return hdus


def _header(window: Window, cube: Cube, number: int) -> fits.Header:
    header = fits.Header()
    header["SHD_TYPE"] = ("DETECTOR", "raw counts")
    header["WINDOW"] = (number, "window of this file")
    header["SWID"] = (window.swid, "science window identifier")
    for key, name in _POINTING:
        header[key] = (getattr(window.pointing, name), "[deg] attitude of the spacecraft")
    header["MJDREF"] = (51544.0, "[d] day that times count from")
    header["TIMESYS"] = "TT"
    header["TIMEUNIT"] = "d"
    header["TSTART"] = (cube.start, "[d] start of the time bin, IJD")
    header["TSTOP"] = (cube.stop, "[d] end of the time bin, IJD")
    header["ONTIME"] = (cube.ontime, "[s] good time")
    header["BUNIT"] = "count"
    plain = {key: value for key, value in window.meta.items() if key not in _ARRAYS}
    for key in ("REVOL", "SIMULATED"):
        if key in plain:
            header["SIMULAT" if key == "SIMULATED" else key] = plain[key]
    if "ENERGY_LEVEL" in plain:
        header["ENERLVL"] = (plain["ENERGY_LEVEL"], "how energies were calibrated")
    header["WINMETA"] = json.dumps(plain, sort_keys=True, allow_nan=False)
    return header


def _rejected(reasons: np.ndarray, number: int) -> fits.CompImageHDU:
    hdu = fits.CompImageHDU(reasons, name=_REJECTED, compression_type="RICE_1", tile_shape=SHAPE)
    hdu.header["WINDOW"] = number
    for bit, reason in enumerate(("flagged", "silent", "hot", "spectrum")):
        hdu.header[f"REJECT{bit}"] = (reason, f"meaning of bit {bit}")
    return hdu


def _good_times(gti: np.ndarray, number: int) -> fits.BinTableHDU:
    columns = [
        fits.Column(name, "D", unit="d", array=gti[:, place]) for place, name in enumerate(("START", "STOP"))
    ]
    hdu = fits.BinTableHDU.from_columns(columns, name=_GTI)
    hdu.header["WINDOW"] = number
    return hdu


def _windows(hdus: fits.HDUList) -> list[Window]:
    bounds = hdus["EBOUNDS"].data
    energies = np.append(bounds["E_MIN"], bounds["E_MAX"][-1]).astype(np.float64)
    parts: dict[int, list[Any]] = {}
    for hdu in hdus[2:]:
        parts.setdefault(int(hdu.header["WINDOW"]), []).append(hdu)
    return [_read_window(group, energies) for _, group in sorted(parts.items())]


def _read_window(group: list[Any], energies: np.ndarray) -> Window:
    counts = [hdu for hdu in group if hdu.name == _COUNTS]
    live = [np.asarray(hdu.data, np.float64) for hdu in group if hdu.name == _LIVE]
    if len(live) == 1:
        live *= len(counts)
    header = counts[0].header
    meta = json.loads(header["WINMETA"])
    for hdu in group:
        if hdu.name == _REJECTED:
            meta["REJECTED"] = np.asarray(hdu.data, np.uint8)
        if hdu.name == _GTI:
            meta["GTI"] = np.column_stack([hdu.data["START"], hdu.data["STOP"]]).astype(np.float64)
    cubes = tuple(
        Cube(
            np.asarray(one.data).astype(np.uint16 if one.header["BITPIX"] == 16 else np.uint32),
            (two * one.header["ONTIME"]).astype(np.float32),
            float(one.header["TSTART"]),
            float(one.header["TSTOP"]),
            float(one.header["ONTIME"]),
        )
        for one, two in zip(counts, live, strict=True)
    )
    pointing = Pointing(*(float(header[key]) for key, _ in _POINTING))
    return Window(str(header["SWID"]), pointing, energies, cubes, meta)
