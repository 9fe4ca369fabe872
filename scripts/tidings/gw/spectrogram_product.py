"""The products of the spectrogram step: the map with its axes and mask (HDF5), the tiles (ECSV)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from astropy.io.misc.hdf5 import read_table_hdf5, write_table_hdf5
from astropy.table import Column, Table

from tidings.errors import InputError
from tidings.gw._hdf5 import (
    Series,
    boolean,
    first_line,
    flags,
    open_product,
    read_header,
    read_series,
    write_asd,
    write_dataset,
    write_header,
    write_series,
    write_span,
)
from tidings.gw.spectrogram import QSpectrogram
from tidings.output import write_ecsv, write_hdf5
from tidings.times import utc_iso

SPECTROGRAM = "tidings gw spectrogram"

_TILE_COLUMNS = ("time", "frequency", "q", "duration", "bandwidth", "energy", "snr", "far")

# Words of the IVOA's UCD1+ list. There is none for a frequency that is not of light, nor for a Q.
_UCD = {
    "time": "time.epoch",
    "duration": "time.duration",
    "snr": "stat.snr",
    "far": "arith.rate;stat.falsePositive",
}


@dataclass(frozen=True, eq=False)
class SpectrogramProduct:
    """A Q-transform with what it was made of.

    Attributes
    ----------
    spectrogram
        The map, its planes and its tiles.
    detector, event, event_gps
        As in `StrainProduct`.
    qrange, frange
        Ranges searched; frange in Hz.
    compat
        None, or the program whose numbers the map repeats ("gwpy").
    whitened
        The whitened strain that was transformed, from GPS ``x0``.
    asd
        The amplitude spectral density used, strain / sqrt(Hz).
    """

    spectrogram: QSpectrogram
    detector: str
    qrange: tuple[float, float] | None = None
    frange: tuple[float, float] | None = None
    compat: str | None = None
    whitened: Series | None = None
    asd: Series | None = None
    event: str = ""
    event_gps: float | None = None


def write_spectrogram(
    product: SpectrogramProduct, path: Path, provenance: dict[str, Any] | None = None
) -> None:
    """Write a Q-transform as HDF5.

    ``energy`` and ``valid`` are (time, frequency) with both axes as gwpy wants them; ``planes`` and ``tiles``
    open with ``Table.read(file, path="tiles")``; ``whitened`` and ``asd`` are there when given. ``times`` and
    ``frequencies`` are written out as well: gwpy makes its time axis from the first pixel and the step, and
    rounding moves it by up to 1.2e-7 s a pixel.
    """
    q = product.spectrogram

    def build(file: h5py.File) -> None:
        write_header(file, SPECTROGRAM, product)
        write_span(file, float(q.times[0]) - q.dt / 2, float(q.times[-1]) + q.dt / 2)
        file.attrs["q"] = float(q.q)
        file.attrs["normalisation"] = str(q.normalisation)
        file.attrs["compat"] = product.compat or "none"
        for name, bounds in (("qrange", product.qrange), ("frange", product.frange)):
            if bounds is not None:
                file.attrs[name] = np.array(bounds, np.float64)
        _write_map(file, "energy", np.asarray(q.energy, np.float32), product)
        _write_map(file, "valid", flags(q.valid), product)
        _write_points(file, "times", q.times, "s", "pixel centres, GPS")
        _write_points(file, "frequencies", q.frequencies, "Hz", "pixel centres")
        for name, table in (("planes", q.planes), ("tiles", q.tiles)):
            write_table_hdf5(table, file, path=name, serialize_meta=True)
        if product.whitened is not None:
            write_series(file, "whitened", product.whitened, product)
        if product.asd is not None:
            write_asd(file, product.asd, product)

    write_hdf5(path, build, provenance)


def read_spectrogram_product(path: Path) -> SpectrogramProduct:
    """Read what `write_spectrogram` wrote.

    Raises
    ------
    InputError
        The file is missing, is not HDF5, is truncated, or is not a spectrogram product.
    """
    with open_product(path, SPECTROGRAM) as file:
        attrs = file.attrs
        values = {
            "energy": file["energy"][()],
            "times": file["times"][()],
            "t0": float(file["energy"].attrs["x0"]),
            "dt": float(file["energy"].attrs["dx"]),
            "frequencies": file["frequencies"][()],
            "q": float(attrs["q"]),
            "normalisation": str(attrs["normalisation"]),
            "valid": boolean(file["valid"][()]),
            "planes": read_table_hdf5(file, path="planes"),
            "tiles": read_table_hdf5(file, path="tiles"),
        }
        ranges = {
            name: tuple(float(x) for x in attrs[name]) for name in ("qrange", "frange") if name in attrs
        }
        return SpectrogramProduct(
            spectrogram=QSpectrogram(**values),
            **read_header(file),
            **ranges,
            compat=None if attrs["compat"] == "none" else str(attrs["compat"]),
            whitened=read_series(file, "whitened"),
            asd=read_series(file, "asd"),
        )


def read_spectrogram(path: Path) -> QSpectrogram:
    """Read the Q-transform of a spectrogram product (errors as in `read_spectrogram_product`)."""
    return read_spectrogram_product(path).spectrogram


def tile_table(tiles: Table, detector: str, event: str = "", event_gps: float | None = None) -> Table:
    """Return the tiles as a table to publish: UTC beside GPS, UCDs in the columns' meta.

    Parameters
    ----------
    tiles
        Columns time [GPS s], frequency [Hz], q, duration [s], bandwidth [Hz], energy, snr, far [Hz].
    """
    missing = [name for name in _TILE_COLUMNS if name not in tiles.colnames]
    if missing:
        raise ValueError(f"tiles lack the columns {', '.join(missing)}")
    table = tiles[list(_TILE_COLUMNS)]
    for name, ucd in _UCD.items():
        table[name].info.meta = {**(table[name].info.meta or {}), "ucd": ucd}
    utc = Column([utc_iso(time, 6) for time in tiles["time"]], dtype="U26", description="UTC of the tile")
    utc.info.meta = {"ucd": "time.epoch"}
    table.add_column(utc, name="utc", index=1)
    table.meta = {**tiles.meta, "detector": detector, "time_scale": "GPS"}
    if event:
        table.meta["event"] = event
    if event_gps is not None:
        table.meta["event_gps"] = float(event_gps)
    return table


def write_tiles(
    tiles: Table,
    path: Path,
    detector: str,
    event: str = "",
    event_gps: float | None = None,
    provenance: dict[str, Any] | None = None,
) -> None:
    """Write the tiles as ECSV (see `tile_table`)."""
    write_ecsv(tile_table(tiles, detector, event, event_gps), path, provenance)


def read_tiles(path: Path) -> Table:
    """Read what `write_tiles` wrote.

    Raises
    ------
    InputError
        The file is missing, is not ECSV, or lacks a column.
    """
    try:
        table = Table.read(path, format="ascii.ecsv")
    except Exception as error:  # astropy raises whatever its parsers meet
        raise InputError(f"{path}: not a readable ECSV table ({first_line(error)})") from error
    missing = [name for name in _TILE_COLUMNS if name not in table.colnames]
    if missing:
        raise InputError(f"{path}: not a table of tiles: no column {', '.join(missing)}")
    return table


def _write_map(file: h5py.File, name: str, value: np.ndarray, product: SpectrogramProduct) -> None:
    """Write a (time, frequency) array as gwpy's Spectrogram has it."""
    q = product.spectrogram
    data = write_dataset(file, name, value)
    data.attrs.update(x0=float(q.times[0]), dx=float(q.dt), xunit="s", yunit="Hz", unit="")
    # The rows themselves: gwpy has no other way to say a logarithmic axis.
    data.attrs["yindex"] = np.asarray(q.frequencies, np.float64)
    data.attrs["name"] = f"{product.detector} {name}"


def _write_points(file: h5py.File, name: str, value: np.ndarray, unit: str, description: str) -> None:
    data = write_dataset(file, name, np.asarray(value, np.float64))
    data.attrs.update(unit=unit, description=description)
