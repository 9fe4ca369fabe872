"""What a file of sky images says of its sources: ISGR-SKY.-RES, the table of all windows, the summary."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import astropy.units as u
import numpy as np
from astropy.io import fits
from astropy.table import Table

from tidings.fits import write_fits
from tidings.isgri.geometry import instrument_matrix, sky_pixel, tangents
from tidings.isgri.image import BandImage
from tidings.isgri.source_search import Noise
from tidings.isgri.window import Window

EXTENSION = "ISGR-SKY.-RES"
# Name, type, unit, description.
_COLUMNS = (
    ("SWID", "U12", None, "science window"),
    ("E_MIN", float, "keV", "lower energy of the band"),
    ("E_MAX", float, "keV", "upper energy of the band"),
    ("NAME", "U32", None, "name, of the catalogue or NEW_n"),
    ("SOURCE_ID", "U16", None, "ISDC identifier of the catalogue source"),
    ("NEW_SOURCE", int, None, "0: in the catalogue, whose position is kept; 1: not"),
    ("RA_FIN", float, "deg", "right ascension, FK5 J2000"),
    ("DEC_FIN", float, "deg", "declination, FK5 J2000"),
    ("FIN_RD_ERR", float, "deg", "radius that holds the true position with 90 %; 0 for a catalogue position"),
    ("FLUX", float, "count/s", "rate as if on axis and fully coded"),
    ("FLUX_ERR", float, "count/s", "standard deviation of the rate"),
    ("DETSIG", float, None, "rate over its error"),
    ("Y_FIN", float, "pix", "column in the sky image, the first is 1"),
    ("Z_FIN", float, "pix", "row in the sky image, the first is 1"),
    ("OFF_AXIS", float, "deg", "angle from the axis"),
    ("CODED", float, None, "coded fraction"),
)


def source_table(window: Window, images: list[BandImage], catalogue: Table) -> Table:
    """Return the sources of one window in all bands, a row for each, the most significant of a band first."""
    matrix = instrument_matrix(window.pointing)
    rows: list[dict[str, Any]] = []
    for one in images:
        significance = one.fluxes / one.errors
        for n in np.argsort(-significance, kind="stable"):
            place = one.places[n]
            ty, tz = (float(value) for value in tangents(matrix, place.ra, place.dec))
            z, y = (float(value) for value in sky_pixel(ty, tz))
            pixel = tuple(np.clip([round(z), round(y)], 0, np.array(one.image.exposure.shape) - 1))
            rows.append(
                {
                    **{"SWID": window.swid, "E_MIN": one.image.e_min, "E_MAX": one.image.e_max},
                    **{"NAME": place.name, "NEW_SOURCE": int(place.row < 0)},
                    "SOURCE_ID": str(catalogue["SOURCE_ID"][place.row]) if place.row >= 0 else "",
                    **{"RA_FIN": place.ra, "DEC_FIN": place.dec, "FIN_RD_ERR": place.error},
                    **{"FLUX": one.fluxes[n], "FLUX_ERR": one.errors[n], "DETSIG": significance[n]},
                    **{"Y_FIN": y + 1, "Z_FIN": z + 1},
                    "OFF_AXIS": math.degrees(math.atan(math.hypot(ty, tz))),
                    "CODED": float(one.image.coded[pixel]),
                }
            )
    return _table(rows)


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table()
    for name, kind, unit, words in _COLUMNS:
        table[name] = np.array([row[name] for row in rows], kind)
        table[name].description = words
        if unit:
            table[name].unit = u.Unit(unit)
    return table


def join_tables(tables: list[Table]) -> Table:
    """Return the sources of all windows in one table."""
    return _table([dict(zip(row.colnames, row, strict=True)) for table in tables for row in table])


def write_sky_results(
    images: list[BandImage], table: Table, path: str | Path, provenance: dict[str, Any] | None = None
) -> None:
    """Write a table ``ISGR-SKY.-RES`` for each window and band."""
    hdus: list[Any] = [fits.PrimaryHDU()]
    for number, one in enumerate(images, 1):
        image = one.image
        mine = (
            (table["SWID"] == image.swid) & (table["E_MIN"] == image.e_min) & (table["E_MAX"] == image.e_max)
        )
        part = table[mine]
        part.remove_column("SWID")
        hdu = fits.BinTableHDU(part, name=EXTENSION, ver=number)
        hdu.header["TELESCOP"] = ("INTEGRAL", "mission")
        hdu.header["INSTRUME"] = ("IBIS", "instrument")
        hdu.header["DETNAM"] = ("ISGRI", "detector layer")
        hdu.header["SWID"] = (image.swid, "science window")
        hdu.header["REVOL"] = (image.revolution, "revolution")
        hdu.header["E_MIN"] = (image.e_min, "[keV] lower energy")
        hdu.header["E_MAX"] = (image.e_max, "[keV] upper energy")
        hdu.header["TFIRST"] = (image.tstart, "[d] first instant, IJD TT")
        hdu.header["TLAST"] = (image.tstop, "[d] last instant, IJD TT")
        hdu.header["RADECSYS"] = ("FK5", "frame")
        hdu.header["EQUINOX"] = (2000.0, "equinox")
        if "SIMULATED" in image.meta:
            hdu.header["HIERARCH SIMULATED"] = image.meta["SIMULATED"]
        hdus.append(hdu)
    write_fits(hdus, path, provenance)


def summarise(images: list[BandImage], outside: list[str], response: bool) -> dict[str, Any]:
    """Return what was done to each window and band: noise of the empty sky, rescaling, sources."""
    rows = []
    for one in images:
        image = one.image
        best = [float(flux / error) for flux, error in zip(one.fluxes, one.errors, strict=True)]
        rows.append(
            {
                **{"swid": image.swid, "e_min": image.e_min, "e_max": image.e_max, "ontime": image.ontime},
                **{"sources": len(one.places), "new_sources": sum(place.row < 0 for place in one.places)},
                "most_significant": None if not best else round(max(best), 3),
                "empty_sky": _noise(one.noise[0]),
                "empty_sky_fully_coded": _noise(one.noise[1]),
                "errors_multiplied_by": round(one.factor, 4),
            }
        )
    return {
        "images": rows,
        "outside_every_field": outside,
        "pixel_response": "of the file given" if response else "all pixels of a module alike",
        "rates": "counts/s of a source on axis and fully coded (8192 open pixels of unit efficiency)",
    }


def _noise(noise: Noise) -> dict[str, Any]:
    values = {"mean": noise.mean, "sigma": noise.sigma, "minimum": noise.minimum, "maximum": noise.maximum}
    known = {key: round(float(value), 4) if math.isfinite(value) else None for key, value in values.items()}
    return {**known, "pixels": int(noise.pixels)}
