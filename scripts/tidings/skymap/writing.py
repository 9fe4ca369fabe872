"""Sky maps and regions as files: multi-order and flat FITS, coverage maps (MOC), contours.

Coverage maps follow IVOA MOC 2.0 (https://www.ivoa.net/documents/MOC/20220727/): FITS with ORDERING NUNIQ,
which readers of MOC 1 know too, JSON, and ASCII; sorted, and of the fewest tiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.output import provenance_text, write_bytes, write_json
from tidings.skymap.contours import polygons, rings
from tidings.skymap.regions import tiles_uniq
from tidings.skymap.sky import SkyMap, pixel_area, split_uniq

_FLAT_LIMIT = 11
_DISTANCE = (("DISTMU", "Mpc"), ("DISTSIGMA", "Mpc"), ("DISTNORM", "Mpc-2"))
_HALF_SPHERE = 2 * np.pi


def write_skymap(sky: SkyMap, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a map as multi-order FITS, in the form of LIGO-Virgo-KAGRA's public alerts."""
    rank = np.argsort(sky.uniq)
    columns = [
        fits.Column("UNIQ", "K", array=sky.uniq[rank]),
        fits.Column("PROBDENSITY", "D", unit="sr-1", array=sky.density[rank]),
    ]
    if sky.mu is not None:
        for (name, unit), values in zip(_DISTANCE, (sky.mu, sky.sigma, sky.norm), strict=True):
            columns.append(fits.Column(name, "D", unit=unit, array=values[rank]))
    table = fits.BinTableHDU.from_columns(columns)
    table.header.update(
        {"PIXTYPE": "HEALPIX", "ORDERING": "NUNIQ", "COORDSYS": "C", "MOC": True, "MOCORDER": sky.order}
    )
    table.header["INDXSCHM"] = "EXPLICIT"
    table.header.update(sky.meta)
    write_fits([fits.PrimaryHDU(), table], path, provenance)


def flat(sky: SkyMap, order: int | None = None) -> dict[str, NDArray[np.float64]]:
    """Return a map as pixels of one order, NESTED: PROB (per pixel) and the distances if there are any.

    Parameters
    ----------
    order
        That of the deepest tiles if not given; a coarser one would lose what they say.

    Raises
    ------
    InputError
        Tiles are finer than the order, or there would be more than 5e7 pixels.
    """
    order = sky.order if order is None else order
    if order < sky.order:
        raise InputError(f"tiles of order {sky.order} do not fit into pixels of order {order}")
    if order > _FLAT_LIMIT:
        raise InputError(
            f"a flat map of order {order} has {12 << 2 * order} pixels: keep the multi-order map"
        )
    count = sky.size << (2 * (order - sky.order))
    columns = {"PROB": np.repeat(sky.density * pixel_area(order), count)}
    if sky.mu is not None:
        for (name, _), values in zip(_DISTANCE, (sky.mu, sky.sigma, sky.norm), strict=True):
            columns[name] = np.repeat(values, count)
    return columns


def write_moc(
    ranges: NDArray[np.int64], order: int, path: str | Path, provenance: dict[str, Any] | None = None
) -> None:
    """Write ranges of pixels (NESTED at `order`) as coverage map: FITS, JSON or, for .txt, ASCII.

    Provenance is kept in FITS alone: the other two forms have no place for it.
    """
    path = Path(path)
    uniq = tiles_uniq(ranges, order)
    if path.suffix == ".json":
        tiles = _by_order(uniq)
        write_json({str(level): tiles.get(level, []) for level in {*tiles, order}}, path)
    elif path.suffix == ".txt":
        words = [f"{level}/{_text(pixels)}" for level, pixels in ({order: []} | _by_order(uniq)).items()]
        words.sort(key=lambda word: int(word.partition("/")[0]))
        write_bytes(path, " ".join(words).encode("ascii"))
    else:
        table = fits.BinTableHDU.from_columns([fits.Column("UNIQ", "1K", array=uniq)])
        table.header.update(
            {"PIXTYPE": "HEALPIX", "MOCVERS": "2.0", "MOCDIM": "SPACE", "ORDERING": "NUNIQ", "COORDSYS": "C"}
        )
        table.header.update({"MOCORD_S": order, "MOCORDER": order, "MOCTOOL": "Tidings"})
        write_fits([fits.PrimaryHDU(), table], path, provenance)


def _by_order(uniq: NDArray[np.int64]) -> dict[int, list[int]]:
    level, pixel = split_uniq(uniq) if len(uniq) else (uniq, uniq)
    return {int(one): pixel[level == one].tolist() for one in np.unique(level)}


def _text(pixels: list[int]) -> str:
    """Return pixels with those that follow each other as ranges."""
    words = []
    for _, group in groupby(enumerate(pixels), key=lambda pair: pair[1] - pair[0]):
        run = [pixel for _, pixel in group]
        words.append(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}")
    return " ".join(words)


def write_geojson(
    sky: SkyMap,
    levels: Sequence[float],
    path: str | Path,
    provenance: dict[str, Any] | None = None,
    properties: Mapping[float, Mapping[str, Any]] | None = None,
) -> None:
    """Write credible regions as GeoJSON (RFC 7946): one MultiPolygon per level, RA -180 to 180° as longitude.

    Parameters
    ----------
    levels
        From 0 to 1.
    properties
        More of them, by level.
    """
    features = []
    for level in levels:
        shapes = [
            [_rounded(polygon.outline), *(_rounded(hole) for hole in polygon.holes)]
            for polygon in polygons(sky, level)
        ]
        features.append(
            {
                "type": "Feature",
                "geometry": {"type": "MultiPolygon", "coordinates": shapes},
                "properties": {"level_percent": round(100 * level, 6), **(properties or {}).get(level, {})},
            }
        )
    write_json({"type": "FeatureCollection", "features": features}, Path(path), provenance)


def _rounded(line: NDArray[np.float64]) -> list[list[float]]:
    return np.round(line, 6).tolist()


def write_region(
    sky: SkyMap, levels: Sequence[float], path: str | Path, provenance: dict[str, Any] | None = None
) -> None:
    """Write the outlines of credible regions (levels 0 to 1) as region of DS9; holes as excluded polygons."""
    lines = ["# Region file format: DS9 version 4.1"]
    lines += ["# " + provenance_text(provenance)] if provenance else []
    lines += ["global color=green width=1", "icrs"]
    for level in levels:
        for ring in sorted(rings(sky, level), key=lambda ring: ring.area > _HALF_SPHERE):
            points = np.column_stack((ring.lon % 360, ring.lat)).ravel()
            sign = "-" if ring.area > _HALF_SPHERE else ""
            text = ",".join(f"{value:.6f}" for value in points)
            lines.append(f"{sign}polygon({text}) # text={{{100 * level:g} %}}")
    write_bytes(Path(path), ("\n".join(lines) + "\n").encode("ascii"))
