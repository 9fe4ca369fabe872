"""Builders of synthetic data in the formats of the archives."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np

GPS = 1126259446


def noise(duration: int = 32, rate: int = 4096, seed: int = 1, sigma: float = 1e-21) -> np.ndarray:
    """White Gaussian strain of float64 (duration * rate,)."""
    return np.random.default_rng(seed).normal(0, sigma, duration * rate)


def strain_file(
    path: Path,
    value: np.ndarray,
    rate: int = 4096,
    start: int = GPS,
    detector: str = "H1",
    bad_seconds: tuple[int, ...] = (),
) -> Path:
    """Write strain in the layout of GWOSC's HDF5 files, with all quality bits set but in `bad_seconds`."""
    duration = len(value) // rate
    names = ["DATA", "CBC_CAT1", "CBC_CAT2"]
    quality = np.full(duration, 0b111, np.int32)
    quality[list(bad_seconds)] = 0b001
    with h5py.File(path, "w") as file:
        data = file.create_dataset("strain/Strain", data=value)
        data.attrs.update({"Xstart": start, "Xspacing": 1 / rate, "Npoints": len(value), "Xunits": "second"})
        for name, content in {"GPSstart": start, "Duration": duration, "Detector": detector}.items():
            file[f"meta/{name}"] = content
        file["meta/Observatory"] = detector[0]
        for group, mask, bits, letters in (
            ("simple", "DQmask", quality, "DQ"),
            ("injections", "Injmask", np.full(duration, 0b1, np.int32), "Inj"),
        ):
            file[f"quality/{group}/{mask}"] = bits
            shorts = names if letters == "DQ" else ["NO_CBC_HW_INJ"]
            file[f"quality/{group}/{letters}Shortnames"] = np.array(shorts, "S")
            file[f"quality/{group}/{letters}Descriptions"] = np.array([f"passes {s}" for s in shorts], "S")
    return path
