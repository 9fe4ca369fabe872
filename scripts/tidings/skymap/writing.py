"""Sky maps and their regions as files: multi-order FITS, contours as GeoJSON and as regions of DS9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.output import provenance_text, write_bytes, write_json
from tidings.skymap.contours import polygons, rings
from tidings.skymap.sky import SkyMap, pixel_area

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
        said = {"level_percent": round(100 * level, 6), **(properties or {}).get(level, {})}
        features.append(region_feature(sky, level, said))
    write_json({"type": "FeatureCollection", "features": features}, Path(path), provenance)


def region_feature(sky: SkyMap, level: float, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a credible region (level 0 to 1) as feature of GeoJSON, a MultiPolygon to 1e-6 deg."""
    shapes = [
        [np.round(line, 6).tolist() for line in (polygon.outline, *polygon.holes)]
        for polygon in polygons(sky, level)
    ]
    geometry = {"type": "MultiPolygon", "coordinates": shapes}
    return {"type": "Feature", "geometry": geometry, "properties": dict(properties)}


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
