"""Which images of many files go into a mosaic: bands chosen, added up, and nothing twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from tidings.errors import InputError
from tidings.isgri.mosaic import footprint
from tidings.isgri.sky_image_file import SkyImage, iterate_sky_images, list_sky_images

Band = tuple[float, float]


def parse_bands(text: str) -> list[Band]:
    """Return bands of a text such as ``20-40, 40-60`` [keV]."""
    bands = []
    for word in filter(None, (word.strip() for word in text.split(","))):
        low, _, high = word.partition("-")
        try:
            band = (float(low), float(high))
        except ValueError:
            raise InputError(f"band {word!r}: write it as 20-40 (keV), several with commas") from None
        if not 0 < band[0] < band[1]:
            raise InputError(f"band {word!r}: its upper energy must be above its lower one, and both above 0")
        bands.append(band)
    return bands


def choose_bands(paths: list[Path], wanted: list[Band]) -> list[Band]:
    """Return the bands of a mosaic: those wanted, which every file must have, or those all files share.

    Raises
    ------
    InputError
        The files differ in bands and none is wanted, or one lacks a wanted band, or a window is there twice.
    """
    held: dict[Path, list[Band]] = {}
    seen: dict[tuple[str, Band], Path] = {}
    for path in paths:
        if path in held:
            raise InputError(f"{path}: is given twice; give each file once")
        entries = list_sky_images(path)
        held[path] = sorted({(entry.e_min, entry.e_max) for entry in entries})
        for entry in entries:
            key = (entry.swid, (entry.e_min, entry.e_max))
            other = seen.setdefault(key, path)
            if entry.swid and other != path:
                raise InputError(f"{path}: window {entry.swid} is in {other} too: give each window once")
    listed = "; ".join(f"{path.name}: {', '.join(map(band_text, bands))}" for path, bands in held.items())
    if not wanted:
        if any(bands != held[paths[0]] for bands in held.values()):
            raise InputError(f"the files differ in energy bands, choose with bands ({listed} keV)")
        return held[paths[0]]
    for path, bands in held.items():
        if missing := [band for band in wanted if _find(band, bands) is None]:
            texts = ", ".join(map(band_text, missing))
            raise InputError(f"{path}: has no band {texts} keV; the files have: {listed} keV")
    return [_find(band, held[paths[0]]) for band in wanted]


def stream(paths: list[Path], bands: list[Band], combine: bool = False) -> Iterator[SkyImage]:
    """Yield the images of some bands, one at a time; `combine` adds the bands of a window up to one."""
    for path in paths:
        parts = [iterate_sky_images(path, band) for band in bands]
        if combine:
            for images in zip(*parts, strict=True):
                yield add_bands(list(images))
        else:
            for part in parts:
                yield from part


def add_bands(images: list[SkyImage]) -> SkyImage:
    """Add the rates of adjoining bands of one window.

    Raises
    ------
    InputError
        The bands do not adjoin, or the images are of different windows.
    """
    images = sorted(images, key=lambda image: image.e_min)
    first = images[0]
    for low, high in pairwise(images):
        if abs(low.e_max - high.e_min) > 1e-3:
            raise InputError(
                f"window {first.swid}: bands {band_text(low.band)} and {band_text(high.band)} keV do not "
                "adjoin; choose bands that do, or do not combine them"
            )
        if (low.swid, low.tstart) != (high.swid, high.tstart):
            raise InputError(f"window {low.swid}: has no image in {band_text(high.band)} keV to be combined")
    known = np.all([image.variance > 0 for image in images], axis=0)
    total = {
        name: np.where(known, sum(getattr(image, name) for image in images), 0).astype(np.float32)
        for name in ("intensity", "variance", "residual")
    }
    deviation = np.sqrt(np.where(known, total["variance"], 1))
    return replace(
        first,
        **total,
        significance=(total["intensity"] / deviation).astype(np.float32),
        exposure=np.mean([image.exposure for image in images], axis=0).astype(np.float32),
        e_max=images[-1].e_max,
    )


def survey(paths: list[Path], band: Band) -> tuple[list[np.ndarray], dict[str, Any]]:
    """Return the edges of all images of a band, and the keywords that their mosaic must repeat."""
    edges, meta = [], {}
    levels = set()
    for image in stream(paths, [band]):
        edges.append(footprint(image))
        if image.meta.get("SIMULATED"):
            meta["SIMULATED"] = image.meta["SIMULATED"]
        levels.add(image.meta.get("ENERGY_LEVEL"))
    if levels - {None}:
        meta["ENERGY_LEVEL"] = ", ".join(sorted(str(level or "not stated") for level in levels))
    return edges, meta


def pairs(first: float | None, second: float | None, what: str) -> tuple[float, float] | None:
    """Return two numbers that belong together, or None if neither is given."""
    if (first is None) != (second is None):
        raise InputError(f"the {what} of the map takes two numbers: give both or neither")
    return None if first is None else (first, second)


def band_text(band: Band) -> str:
    """Return a band as ``20-40``."""
    return f"{band[0]:g}-{band[1]:g}"


def _find(band: Band, bands: list[Band]) -> Band | None:
    return next((one for one in bands if np.allclose(one, band, rtol=0, atol=1e-3)), None)
