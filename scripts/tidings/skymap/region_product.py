"""Table and summary of credible regions, and reading a map wherever it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table

from tidings.errors import InputError
from tidings.skymap.alert import is_alert, parse_alert
from tidings.skymap.reading import Ordering, read_skymap
from tidings.skymap.regions import Part, areas, in_region, most_probable, probability_in, region
from tidings.skymap.sky import SkyMap

# Parts listed in the summary of a level.
_LISTED = 20


def read_localisation(
    path: str | Path, *, normalise: bool = False, ordering: Ordering | None = None
) -> SkyMap:
    """Read a map from FITS, or that in an alert (JSON).

    Raises
    ------
    InputError
        As `read_skymap`, or the alert holds no map.
    """
    path = Path(path)
    with path.open("rb") as stream:
        alert = is_alert(stream.read(64))
    if not alert:
        return read_skymap(path, normalise=normalise, ordering=ordering)
    try:
        content = parse_alert(path.read_bytes())
        sky = read_skymap(content.map_bytes(), name=f"map of {content.name}", normalise=normalise)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return sky


def region_table(sky: SkyMap, levels: Sequence[float], found: dict[float, list[Part]]) -> Table:
    """Return one row per level (percent); `found` are the parts of each."""
    inside = [in_region(sky, level / 100) for level in levels]
    fractions = np.array(levels) / 100
    columns: list[tuple[str, Any, str | None, str]] = [
        ("level", list(map(float, levels)), "%", "Credible level"),
        ("area", areas(sky, fractions), "deg2", "Area; the tile where the level is crossed in proportion"),
        (
            "area_tiles",
            areas(sky, fractions, whole_tiles=True),
            "deg2",
            "Area of the whole tiles, of the MOC",
        ),
        (
            "probability",
            [probability_in(sky, region(sky, f), sky.order) for f in fractions],
            None,
            "Probability in the whole tiles",
        ),
        ("parts", [len(found[level]) for level in levels], None, "Parts that do not touch"),
        ("tiles", [int(np.count_nonzero(i)) for i in inside], None, "Tiles of the map in the region"),
    ]
    table = Table([values for _, values, _, _ in columns], names=[name for name, *_ in columns])
    for name, _, unit, description in columns:
        table[name].unit = unit
        table[name].description = description
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
