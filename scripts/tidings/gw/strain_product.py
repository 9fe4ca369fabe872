"""The product of the strain step: raw, whitened and conditioned strain, spectrum, quality (HDF5)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from tidings.gw._hdf5 import (
    Series,
    boolean,
    flags,
    open_product,
    read_header,
    read_optional,
    read_series,
    write_asd,
    write_dataset,
    write_header,
    write_series,
    write_span,
)
from tidings.gw._quality import BitMask
from tidings.output import write_hdf5

STRAIN = "tidings gw strain"


@dataclass(frozen=True, eq=False)
class StrainProduct:
    """What the strain step found, all series of time on the same samples.

    Attributes
    ----------
    detector
        "H1", "L1", "V1", "K1" or "G1".
    t0, rate
        GPS s of the first sample; Hz.
    strain
        Unfiltered, dimensionless float64 (n,).
    whitened, conditioned
        Whitened, and whitened, band-passed and notched, in units of the whitened noise; float64 (n,).
    asd
        Amplitude spectral density used for whitening, strain / sqrt(Hz).
    band
        Corners of the band-pass (low, high), Hz.
    notches
        Frequencies taken out, Hz.
    valid
        bool (n,): False where a filter reached an edge or a bad stretch; all True when not given.
    event, event_gps
        Name of the event ("" when there is none), and the GPS s that figures count from.
    channel
        Channel of the archive that the strain came from.
    """

    detector: str
    t0: float
    rate: float
    strain: np.ndarray
    whitened: np.ndarray | None = None
    conditioned: np.ndarray | None = None
    asd: Series | None = None
    band: tuple[float, float] | None = None
    notches: tuple[float, ...] = ()
    valid: np.ndarray | None = None
    quality: BitMask | None = None
    injections: BitMask | None = None
    event: str = ""
    event_gps: float | None = None
    channel: str | None = None

    @property
    def t1(self) -> float:
        """GPS s after the last sample."""
        return self.t0 + len(self.strain) / self.rate

    @property
    def times(self) -> np.ndarray:
        """GPS s of the samples, float64 (n,)."""
        return self.t0 + np.arange(len(self.strain)) / self.rate


def write_strain(product: StrainProduct, path: Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a strain product as HDF5.

    Raises
    ------
    ValueError
        Series of time differ in length.
    """
    series = {"strain": product.strain, "whitened": product.whitened, "conditioned": product.conditioned}
    series = {name: np.asarray(value, np.float64) for name, value in series.items() if value is not None}
    for name, value in series.items():
        if value.shape != np.shape(product.strain):
            raise ValueError(f"{name} has {value.shape} samples, strain has {np.shape(product.strain)}")

    def build(file: h5py.File) -> None:
        write_header(file, STRAIN, product)
        write_span(file, product.t0, product.t1)
        file.attrs["sample_rate"] = float(product.rate)
        if product.band is not None:
            file.attrs["band"] = np.array(product.band, np.float64)
        file.attrs["notches"] = np.array(product.notches, np.float64)
        for name, value in series.items():
            unit = "strain" if name == "strain" else ""
            write_series(file, name, Series(value, product.t0, 1 / product.rate), product, unit)
        if product.valid is not None:
            write_series(file, "valid", Series(flags(product.valid), product.t0, 1 / product.rate), product)
        if product.asd is not None:
            write_asd(file, product.asd, product)
        for name, mask in (("quality", product.quality), ("injections", product.injections)):
            if mask is not None:
                seconds = math.floor(product.t0), math.ceil(product.t1)
                _write_bits(file, name, mask.crop(*seconds), product.detector)

    write_hdf5(path, build, provenance)


def read_strain_product(path: Path) -> StrainProduct:
    """Read what `write_strain` wrote.

    Raises
    ------
    InputError
        The file is missing, is not HDF5, is truncated, or is not a strain product.
    """
    with open_product(path, STRAIN) as file:
        attrs = file.attrs
        band = attrs.get("band")
        return StrainProduct(
            **read_header(file),
            t0=float(file["strain"].attrs["x0"]),
            rate=float(attrs["sample_rate"]),
            strain=file["strain"][()],
            whitened=read_optional(file, "whitened"),
            conditioned=read_optional(file, "conditioned"),
            asd=read_series(file, "asd"),
            band=None if band is None else (float(band[0]), float(band[1])),
            notches=tuple(float(f) for f in attrs["notches"]),
            valid=boolean(read_optional(file, "valid")),
            quality=_read_bits(file, "quality"),
            injections=_read_bits(file, "injections"),
            channel=file["strain"].attrs.get("channel"),
        )


def _write_bits(file: h5py.File, name: str, mask: BitMask, detector: str) -> None:
    """Write the group of a bit mask: ``mask`` as gwpy's StateVector has it, the rest beside it.

    A group of its own, so that ``TimeSeriesDict.read(file)``, which takes every series of the root, works.
    """
    group = file.create_group(name)
    data = write_dataset(group, "mask", np.asarray(mask.bits, np.uint32))
    data.attrs.update(x0=float(mask.start), dx=1.0, xunit="s", unit="", name=f"{detector} {name}")
    data.attrs["bits"] = np.array(mask.names, dtype=h5py.string_dtype())
    group["descriptions"] = np.array(mask.descriptions, dtype=h5py.string_dtype())
    write_dataset(group, "known", flags(mask.known))


def _read_bits(file: h5py.File, name: str) -> BitMask | None:
    if name not in file:
        return None
    group = file[name]
    return BitMask(
        start=int(group["mask"].attrs["x0"]),
        bits=group["mask"][()].astype(np.int32),
        known=boolean(group["known"][()]),
        names=tuple(str(bit) for bit in group["mask"].attrs["bits"]),
        descriptions=tuple(group["descriptions"].asstr()[()]),
    )
