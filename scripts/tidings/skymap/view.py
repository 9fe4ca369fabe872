"""An interactive view of a localisation, as one page of HTML that needs nothing else.

D3 draws it, which the page holds; no server is asked. Aladin Lite (GPL-3) would show images of the sky
behind the map, but has them from servers, and does without them poorly; it is for the MOC and the
multi-order map beside this page.
"""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

import numpy as np
from astropy.table import Table
from cdshealpix import nested
from numpy.typing import NDArray

from tidings.output import provenance_text
from tidings.skymap._view_page import PAGE, SCRIPT
from tidings.skymap.contours import rings
from tidings.skymap.footprint import angles, unit_vectors
from tidings.skymap.regions import in_region
from tidings.skymap.sky import SQUARE_DEGREES, SkyMap, pixel_area

MOST_TILES = 8000
"""Tiles that a browser draws in a fifth of a second."""

_D3 = Path(__file__).with_name("d3")
_CHECKSUMS = {
    "d3-array": "468f7b9ed38d6322083da4d5ae9fa57d47784f964f16dcff96e413d16cc8f9d9",
    "d3-geo": "1ea4c9608d0998f6468df3ab313c473bebbe81ba2c542a456b49db90e3672f89",
}
# Radius, in units of the sky's, that a region is given in the view.
_FILLED = 0.7


def view_page(
    sky: SkyMap,
    levels: Sequence[float],
    *,
    name: str = "",
    marks: Sequence[tuple[float, float, str]] = (),
    galaxies: Table | None = None,
    provenance: dict[str, Any] | None = None,
) -> str:
    """Return the page.

    Parameters
    ----------
    sky, levels
        Map, and levels (percent) of the regions outlined; the density is shown in the widest.
    name
        Of the event.
    marks
        Right ascension and declination (deg) and name of positions.
    galaxies
        Ranked galaxies, of `tidings.skymap.galaxies.rank_galaxies`.
    """
    data = view_data(sky, levels, marks, galaxies)
    if provenance is not None:
        data["provenance"] = json.loads(provenance_text(provenance))
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return Template(PAGE).substitute(
        title=html.escape(name or "Sky map"),
        licences="\n".join(_d3(f"LICENSE.{part}") for part in _CHECKSUMS),
        d3="\n".join(_d3(f"{part}.min.js") for part in _CHECKSUMS),
        # What ends a script must not be in a name.
        data=text.replace("<", "\\u003c"),
        script=SCRIPT,
    )


def view_data(
    sky: SkyMap,
    levels: Sequence[float],
    marks: Sequence[tuple[float, float, str]] = (),
    galaxies: Table | None = None,
) -> dict[str, Any]:
    """Return what the page shows, as the script in it reads it."""
    ranked = sorted(set(levels))
    areas = sky.areas(np.array(ranked) / 100)
    centre, zoom = _aim(sky)
    return {
        "regions": [
            {"level": level, "area": float(area), "lines": _lines(sky, level)}
            for level, area in zip(ranked, areas, strict=True)
        ],
        "tiles": _tiles(sky, ranked[-1]),
        "marks": [{"ra": float(ra), "dec": float(dec), "name": name} for ra, dec, name in marks],
        "galaxies": [] if galaxies is None else _galaxies(galaxies),
        "centre": centre,
        "zoom": zoom,
    }


def coarser(
    sky: SkyMap, inside: NDArray[np.bool_], most: int = MOST_TILES
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return the tiles of a part of a map as at most so many: pixel, order and mean density (1/deg2).

    Tiles finer than an order become pixels of it, with the probability that is in them, until they are few
    enough.
    """
    start, level = sky.start[inside], sky.level[inside].astype(np.int64)
    probability = sky.probability[inside]
    order = int(level.max(initial=0))
    while len(start) > most and order > 0:
        order -= 1
        level = np.minimum(level, order)
        whole = start >> (2 * (sky.order - level)) << (2 * (sky.order - level))
        start, first, group = np.unique(whole, return_index=True, return_inverse=True)
        level, probability = level[first], np.bincount(group, probability)
    density = probability / (pixel_area(0) / 4.0**level) / SQUARE_DEGREES
    return start >> (2 * (sky.order - level)), level, density


def _tiles(sky: SkyMap, level: float) -> dict[str, Any]:
    pixel, order, density = coarser(sky, in_region(sky, level / 100))
    corners = np.empty((len(pixel), 4, 2))
    for one in np.unique(order):
        at = order == one
        lon, lat = nested.vertices(pixel[at].astype(np.uint64), int(one), num_threads=1)
        corners[at] = np.stack((lon.deg, lat.deg), axis=-1)
    digits = _digits(sky)
    return {
        "corners": np.round(corners, digits).ravel().tolist(),
        "density": [float(f"{value:.4g}") for value in density],
        "largest": float(density.max(initial=0)),
    }


def _lines(sky: SkyMap, level: float) -> list[list[list[float]]]:
    digits = _digits(sky)
    lines = [np.column_stack((ring.lon, ring.lat)) for ring in rings(sky, level / 100)]
    return [np.round(np.vstack((line, line[:1])), digits).tolist() for line in lines]


def _digits(sky: SkyMap) -> int:
    """Return the decimals of a degree that tell the corners of the smallest tile apart."""
    return int(np.clip(np.ceil(-np.log10(np.degrees(np.sqrt(sky.pixel_area)))) + 2, 2, 10))


def _aim(sky: SkyMap) -> tuple[list[float], float]:
    """Return where to look (deg), and how close, to see the densest half of the probability."""
    inside = in_region(sky, 0.5)
    vectors = unit_vectors(*(column[inside] for column in sky.centres))
    middle = (vectors * sky.probability[inside, None]).sum(axis=0)
    cosine = vectors @ middle / np.linalg.norm(middle)
    radius = np.arccos(np.clip(cosine.min(), -1, 1)) + np.sqrt(sky.area[inside].max())
    zoom = 1.0 if radius > np.pi / 4 else max(1.0, 0.5 * _FILLED / np.sin(radius))
    return [round(float(angle), 6) for angle in angles(middle)], round(float(zoom), 3)


def _galaxies(table: Table) -> list[dict[str, Any]]:
    score = np.ma.filled(np.ma.asarray(table["score"], dtype=float), 0.0)
    largest = max(float(score.max(initial=0.0)), np.finfo(float).tiny)
    found = []
    for row, share in zip(table, score, strict=True):
        known = {key: row[key] for key in ("name", "distance") if key in table.colnames}
        known = {key: value for key, value in known.items() if not np.ma.is_masked(value)}
        words = [f"rank {row['rank']}", str(known.get("name", ""))]
        words.append(f"{float(known['distance']):.4g} Mpc" if "distance" in known else "")
        words.append(f"score {100 * share:.3g} %" if share > 0 else "")
        found.append(
            {
                "ra": round(float(row["ra"]), 6),
                "dec": round(float(row["dec"]), 6),
                "relative": round(float(share) / largest, 4),
                "text": ", ".join(word for word in words if word),
            }
        )
    return found


def _d3(name: str) -> str:
    content = (_D3 / name).read_bytes()
    known = _CHECKSUMS.get(name.removesuffix(".min.js"))
    if name.endswith(".js") and hashlib.sha256(content).hexdigest() != known:
        raise RuntimeError(f"{_D3 / name} is not the file that this version was written for")
    return content.decode("utf-8").strip()
