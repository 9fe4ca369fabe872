"""Catalogue of galaxies sorted by position, for fast searches."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import (
    ColumnBmag,
    ColumnDec,
    ColumnDistance,
    ColumnDistanceError,
    ColumnKmag,
    ColumnMass,
    ColumnName,
    ColumnRa,
    ColumnRedshift,
    Galaxies,
)
from tidings.step import Out, Param, main, provenance


def skymap_sort(
    catalogue: Galaxies,
    galaxies: Annotated[Path, Out("galaxies.parquet", "The same, sorted by HEALPix pixel", format="parquet")],
    *,
    row_group: Annotated[int, Param("Rows of the parts that a search can skip", min=1000)] = 131072,
    column_ra: ColumnRa = "",
    column_dec: ColumnDec = "",
    column_distance: ColumnDistance = "",
    column_distance_error: ColumnDistanceError = "",
    column_redshift: ColumnRedshift = "",
    column_bmag: ColumnBmag = "",
    column_kmag: ColumnKmag = "",
    column_mass: ColumnMass = "",
    column_name: ColumnName = "",
) -> None:
    """Sort a catalogue of galaxies by position, once for all events.

    Of the sorted catalogue skymap_galaxies reads the parts alone that a map reaches, with the same result. It
    is sorted in pieces, beside the product, in a memory that does not grow with the catalogue.
    """
    from tidings.errors import InputError
    from tidings.skymap.galaxy_index import sort_catalogue

    columns = {
        "ra": column_ra,
        "dec": column_dec,
        "distance": column_distance,
        "distance_error": column_distance_error,
        "redshift": column_redshift,
        "bmag": column_bmag,
        "kmag": column_kmag,
        "mass": column_mass,
        "name": column_name,
    }
    if not sort_catalogue(catalogue, galaxies, columns, provenance(), row_group):
        raise InputError(f"{catalogue}: holds no galaxy")


if __name__ == "__main__":
    raise SystemExit(main(skymap_sort))
