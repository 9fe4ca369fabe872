"""An annulus as multi-order coverage map, as region of DS9, and as GeoJSON."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from astropy import units as u
from astropy.coordinates import Latitude, Longitude
from astropy.table import Table
from mocpy import MOC

from tidings.acs.lag import Lag
from tidings.acs.orbit import Location
from tidings.acs.triangulation import Annulus, circle
from tidings.fits import write_fits
from tidings.output import provenance_text, write_bytes, write_json

# A cell of order k is 58.6°/2^k wide.
_CELL = 58.6
_FINEST, _COARSEST = 12, 5


def annulus_table(
    annulus: Annulus,
    lag: Lag,
    names: Sequence[str],
    places: Sequence[Location],
    candidate: tuple[float, float] | None = None,
    name: str = "",
) -> Table:
    """Return a table of one row.

    Parameters
    ----------
    annulus, lag
        What was measured.
    names, places
        Of the two spacecraft.
    candidate
        Right ascension and declination of a possible source, deg.
    name
        Of the burst.
    """
    rows: list[tuple[str, Any, str | None, str]] = [
        ("name", name, None, "Burst"),
        ("first", names[0], None, "First spacecraft"),
        ("second", names[1], None, "Second spacecraft"),
        ("delay", annulus.delay, "s", "Arrival at the first less that at the second"),
        ("delay_error", annulus.delay_error, "s", "Its error with all systematic terms, 1 sigma"),
        ("delay_statistical", lag.error, "s", "Statistical part of it"),
        ("chi2", lag.chi2, None, "Of the two light curves at the lag"),
        ("dof", lag.dof, None, "Degrees of freedom"),
        ("correlation", lag.correlation, None, "Coefficient of the two light curves at the lag"),
        ("bin_size", lag.bin_size, "s", "Bins of the comparison"),
        ("baseline", annulus.baseline, "km", "Distance of the two spacecraft"),
        ("ra", annulus.ra, "deg", "Right ascension of the centre, ICRS"),
        ("dec", annulus.dec, "deg", "Declination of the centre, ICRS"),
        ("radius", annulus.radius, "deg", "Radius"),
        ("half_width", annulus.half_width, "deg", "Half of the width, 1 sigma, to first order"),
        ("inner", annulus.inner, "deg", "Inner radius"),
        ("outer", annulus.outer, "deg", "Outer radius"),
        ("sigma", annulus.sigmas, None, "Significance of inner and outer radius"),
        ("area", annulus.area, "deg2", "Area between them"),
    ]
    for key, place in zip(("first", "second"), places, strict=True):
        text = f"Position of the {key} spacecraft, geocentric, GCRS"
        rows += [(f"{key}_{axis}", float(x), "km", text) for axis, x in zip("xyz", place.vector, strict=True)]
        rows.append((f"{key}_error", place.error, "km", "Its error"))
    if candidate is not None:
        rows += [
            ("source_ra", candidate[0], "deg", "Possible source"),
            ("source_dec", candidate[1], "deg", "Possible source"),
            (
                "source_distance",
                annulus.distance(*candidate),
                "deg",
                "From the radius, positive outside of it",
            ),
            ("source_deviation", annulus.deviation(*candidate), None, "Of the time difference, sigma"),
        ]
    table = Table([[value] for _, value, _, _ in rows], names=[key for key, *_ in rows])
    for key, _, unit, description in rows:
        table[key].unit = unit
        table[key].description = description
    table.meta = {
        f"{key}_position": place.source for key, place in zip(("first", "second"), places, strict=True)
    }
    return table


def moc_order(annulus: Annulus) -> int:
    """Return the order at which cells are a quarter of the annulus's width, between 5 and 12."""
    width = max(annulus.outer - annulus.inner, 1e-6)
    return int(np.clip(np.ceil(np.log2(_CELL / (width / 4))), _COARSEST, _FINEST))


def annulus_moc(annulus: Annulus, order: int | None = None) -> MOC:
    """Return the cells that the annulus, from inner to outer radius, overlaps."""
    order = moc_order(annulus) if order is None else order
    lon, lat = Longitude(annulus.ra, u.deg), Latitude(annulus.dec, u.deg)
    outer = min(annulus.outer, 179.999)
    if annulus.inner <= 0:
        return MOC.from_cone(lon, lat, radius=outer * u.deg, max_depth=order)
    return MOC.from_ring(
        lon, lat, internal_radius=annulus.inner * u.deg, external_radius=outer * u.deg, max_depth=order
    )


def write_moc(moc: MOC, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a coverage map as FITS (IVOA MOC 2.0)."""
    primary, table = moc.serialize("fits")
    write_fits([primary, table], path, provenance)


def write_region(annulus: Annulus, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write an annulus as region of DS9: the ring between the radii, and its middle."""
    place = f"{annulus.ra:.6f},{annulus.dec:.6f}"
    lines = [
        "# Region file format: DS9 version 4.1",
        *(["# " + provenance_text(provenance)] if provenance else []),
        "icrs",
        f"annulus({place},{annulus.inner:.6f}d,{annulus.outer:.6f}d) # text={{{annulus.sigmas:g} sigma}}",
        f"circle({place},{annulus.radius:.6f}d) # dash=1",
    ]
    write_bytes(Path(path), ("\n".join(lines) + "\n").encode("ascii"))


def write_geojson(annulus: Annulus, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write the three circles of an annulus as GeoJSON (RFC 7946), with RA -180 to 180° for longitude.

    Lines are cut where they cross RA 180°, as section 3.1.9 asks for.
    """
    circles = (("inner", annulus.inner), ("middle", annulus.radius), ("outer", annulus.outer))
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "MultiLineString", "coordinates": _pieces(*circle(annulus, radius))},
            "properties": {"name": name, "radius_deg": radius, "ra_deg": annulus.ra, "dec_deg": annulus.dec},
        }
        for name, radius in circles
    ]
    write_json({"type": "FeatureCollection", "features": features}, Path(path), provenance)


def _pieces(ra: np.ndarray, dec: np.ndarray) -> list[list[list[float]]]:
    """Cut a line where it crosses the meridian of 180°, and let both pieces end on it."""
    lon = (ra + 180) % 360 - 180
    pieces: list[list[list[float]]] = [[]]
    points = list(zip(lon, dec, strict=True))
    for here, there in zip(points, [*points[1:], None], strict=True):
        pieces[-1].append(_rounded(*here))
        if there is not None and abs(there[0] - here[0]) > 180:
            edge = np.copysign(180.0, here[0])
            gone = there[0] + 2 * edge
            at = here[1] + (there[1] - here[1]) * (edge - here[0]) / (gone - here[0])
            pieces[-1].append(_rounded(edge, at))
            pieces.append([_rounded(-edge, at)])
    return pieces


def _rounded(lon: float, lat: float) -> list[float]:
    return [round(float(lon), 6), round(float(lat), 6)]
