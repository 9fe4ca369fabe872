"""Writing what the steps on several localisations make: contours of all, and the product of two."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tidings.output import write_json
from tidings.skymap.events import Event
from tidings.skymap.overlap import Overlap
from tidings.skymap.sky import SkyMap
from tidings.skymap.writing import region_feature, write_skymap


def write_contours(
    events: Sequence[Event],
    levels: Sequence[float],
    path: str | Path,
    provenance: dict[str, Any] | None = None,
) -> None:
    """Write the credible regions of events as GeoJSON (RFC 7946), RA -180 to 180 for longitude.

    Parameters
    ----------
    events
        Each gives a MultiPolygon for each level, with event, level_percent, area_deg2 and gps.
    levels
        Percent.
    """
    features = []
    for event in events:
        areas = event.sky.areas(np.array(levels) / 100)
        for level, value in zip(levels, areas, strict=True):
            said = {"event": event.name, "level_percent": level, "area_deg2": float(value), "gps": event.gps}
            features.append(region_feature(event.sky, level / 100, said))
    write_json({"type": "FeatureCollection", "features": features}, Path(path), provenance)


def write_product(
    found: Overlap, first: SkyMap, path: str | Path, provenance: dict[str, Any] | None = None
) -> None:
    """Write a product map as multi-order FITS, with OVERLAP in the header.

    Parameters
    ----------
    found
        Of `tidings.skymap.overlap.overlap`. Where the maps do not overlap, the tiles of the first are written
        without any probability, and OVERLAP is false.
    first
        The first map.
    """
    sky = found.product
    if sky is None:
        sky = replace(first, density=np.zeros(len(first)), mu=None, sigma=None, norm=None, meta={})
    meta = {**sky.meta, "OVERLAP": (found.product is not None, "whether the two maps overlap")}
    write_skymap(replace(sky, meta=meta), path, provenance)
