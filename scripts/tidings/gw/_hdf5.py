"""What the HDF5 products have in common.

Every series is a dataset that gwpy opens by its name, ``TimeSeries.read(file, path="conditioned")``,
``Spectrogram.read(file, path="energy")``, ``StateVector.read(file, path="quality/mask")``: the attributes
of such a dataset are the axis (``x0``, ``dx``, ``xunit``), ``unit``, ``name`` and ``channel`` and nothing
else, for gwpy hands all of them to its constructor. All that is not of one series stands in the root's
attributes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import h5py
import numpy as np

from tidings.errors import InputError
from tidings.times import utc_iso


@dataclass(frozen=True, eq=False)
class Series:
    """Regularly sampled values.

    Attributes
    ----------
    value
        Array (n,).
    x0, dx
        First point and step of the axis: GPS s of a time series, Hz of a spectrum.
    """

    value: np.ndarray
    x0: float
    dx: float

    @property
    def axis(self) -> np.ndarray:
        """Points of the axis, float64 (n,)."""
        return self.x0 + self.dx * np.arange(len(self.value))

    @classmethod
    def of(cls, axis: np.ndarray, value: np.ndarray) -> Series:
        """Make a series of values on a regular axis of at least two points."""
        return cls(np.asarray(value), float(axis[0]), float(axis[-1] - axis[0]) / (len(axis) - 1))


class Product(Protocol):
    """What every product says of itself."""

    detector: str
    event: str
    event_gps: float | None


@contextmanager
def open_product(path: Path, kind: str) -> Iterator[h5py.File]:
    """Open a product of one kind; everything that can be wrong with the file is an InputError naming it."""
    if not Path(path).is_file():
        raise InputError(f"{path}: no such file")
    try:
        with h5py.File(path, "r") as file:
            found = file.attrs.get("product", "another kind of HDF5 file")
            if found != kind:
                raise InputError(f"{path}: needed a {kind} product, but this is: {found}")
            yield file
    except InputError:
        raise
    except (OSError, KeyError, RuntimeError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: truncated, damaged or not a {kind} product ({first_line(error)}); make it again"
        ) from error


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def write_header(file: h5py.File, kind: str, product: Product) -> None:
    file.attrs["product"] = kind
    file.attrs["detector"] = product.detector
    file.attrs["event"] = product.event
    file.attrs["time_scale"] = "GPS seconds, unless the name ends in utc"
    if product.event_gps is not None:
        file.attrs["event_gps"] = float(product.event_gps)
        file.attrs["event_utc"] = utc_iso(product.event_gps, 6)


def read_header(file: h5py.File) -> dict[str, Any]:
    gps = file.attrs.get("event_gps")
    return {
        "detector": str(file.attrs["detector"]),
        "event": str(file.attrs["event"]),
        "event_gps": None if gps is None else float(gps),
    }


def write_span(file: h5py.File, start: float, end: float) -> None:
    for name, gps in (("start", start), ("end", end)):
        file.attrs[f"{name}_gps"] = float(gps)
        file.attrs[f"{name}_utc"] = utc_iso(gps, 6)


def flags(mask: np.ndarray) -> np.ndarray:
    return np.asarray(mask, bool).astype(np.uint8)


def boolean(flags: np.ndarray | None) -> np.ndarray | None:
    return None if flags is None else flags.astype(bool)


def write_dataset(group: h5py.Group, name: str, value: np.ndarray) -> h5py.Dataset:
    """Make a dataset; whole numbers are compressed, noise in floats would gain a tenth."""
    packed = {}
    if value.size and value.dtype.kind in "iu":
        packed = {"compression": "gzip", "compression_opts": 4, "shuffle": True}
    return group.create_dataset(name, data=value, **packed)


def write_series(
    file: h5py.File,
    name: str,
    series: Series,
    product: Product,
    unit: str = "",
    xunit: str = "s",
) -> h5py.Dataset:
    """Write a series as gwpy's TimeSeries or FrequencySeries has it."""
    data = write_dataset(file, name, np.asarray(series.value))
    data.attrs.update(x0=float(series.x0), dx=float(series.dx), xunit=xunit, unit=unit)
    data.attrs["name"] = f"{product.detector} {name}"
    channel = getattr(product, "channel", None)
    if name == "strain" and channel:
        data.attrs["channel"] = channel
    return data


def write_asd(file: h5py.File, asd: Series, product: Product) -> None:
    # gwpy's own spelling of strain / sqrt(Hz).
    write_series(file, "asd", asd, product, unit="strain / Hz(1/2)", xunit="Hz")


def read_optional(file: h5py.File, name: str) -> np.ndarray | None:
    return file[name][()] if name in file else None


def read_series(file: h5py.File, name: str) -> Series | None:
    if name not in file:
        return None
    data = file[name]
    return Series(data[()], float(data.attrs["x0"]), float(data.attrs["dx"]))
