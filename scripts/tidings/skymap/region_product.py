"""Table and summary of credible regions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from astropy.table import Table

from tidings.skymap._tables import describe
from tidings.skymap.footprint import probability_in, region_ranges
from tidings.skymap.regions import Part, areas, in_region, most_probable
from tidings.skymap.sky import SkyMap

# Parts listed in the summary of a level.
_LISTED = 20


def region_table(sky: SkyMap, levels: Sequence[float], found: dict[float, list[Part]]) -> Table:
    """Return one row per level (percent); `found` are the parts of each."""
    fractions = np.array(levels) / 100
    columns: dict[str, tuple[Any, str | None, str, str]] = {
        "level": (list(map(float, levels)), "%", "Credible level", "stat.probability;meta.main"),
        "area": (
            areas(sky, fractions),
            "deg2",
            "Area; the tile where the level is crossed in proportion",
            "phys.angArea",
        ),
        "area_tiles": (
            areas(sky, fractions, whole_tiles=True),
            "deg2",
            "Area of the whole tiles, of the MOC",
            "phys.angArea",
        ),
        "probability": (
            [probability_in(sky, region_ranges(sky, level)) for level in levels],
            None,
            "Probability in the whole tiles",
            "stat.probability",
        ),
        "parts": ([len(found[level]) for level in levels], None, "Parts that do not touch", "meta.number"),
        "tiles": (
            [int(np.count_nonzero(in_region(sky, fraction))) for fraction in fractions],
            None,
            "Tiles of the map in the region",
            "meta.number",
        ),
    }
    table = Table({name: values for name, (values, *_) in columns.items()})
    describe(table, {name: told for name, (_, *told) in columns.items()})
    return table


def region_summary(sky: SkyMap, table: Table, found: dict[float, list[Part]], name: str) -> dict[str, Any]:
    """Return what the table says, with the map's own words and the parts of each level."""
    ra, dec = most_probable(sky)
    levels = []
    for row in table:
        level = float(row["level"])
        pieces = [
            {"probability": part.probability, "area_deg2": part.area, "ra_deg": part.ra, "dec_deg": part.dec}
            for part in found[level][:_LISTED]
        ]
        entry = {f"{key}_deg2" if key.startswith("area") else key: row[key].item() for key in table.colnames}
        levels.append({**entry, "largest_parts": pieces})
    words = {
        key: value
        for key, value in sky.meta.items()
        if isinstance(value, (str, bool, int)) or (isinstance(value, float) and np.isfinite(value))
    }
    return {
        "name": name,
        "order": sky.order,
        "tiles": len(sky),
        "distances": sky.has_distance,
        "probability": float(sky.probability.sum()),
        "most_probable": {"ra_deg": ra, "dec_deg": dec},
        "levels": levels,
        "header": words,
    }
