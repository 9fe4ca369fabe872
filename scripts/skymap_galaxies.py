"""Ranking of galaxies as hosts of an event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

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
    Levels,
    Name,
    SkyMapFile,
)
from tidings.step import Out, Param, main, provenance


def skymap_galaxies(
    skymap: SkyMapFile,
    catalogue: Galaxies,
    galaxies: Annotated[Path, Out("galaxies.ecsv", "Ranked galaxies", format="ecsv")],
    votable: Annotated[Path, Out("galaxies.vot", "The same as VOTable", format="votable")],
    parquet: Annotated[Path, Out("galaxies.parquet", "The same as Parquet", format="parquet")],
    summary: Annotated[Path, Out("galaxies.json", "Numbers of galaxies, completeness, notes", format="json")],
    figure: Annotated[Path, Out("galaxies.png", "Galaxies on the map and in distance", format="png")],
    figure_pdf: Annotated[Path, Out("galaxies.pdf", "The same figure for print", format="pdf")],
    *,
    name: Name = "",
    level: Annotated[
        float,
        Param(
            "Largest credible level, of volume where map and galaxy have a distance",
            unit="%",
            min=0.01,
            max=100,
        ),
    ] = 90.0,
    weight: Annotated[
        Literal["none", "B", "K", "mass"],
        Param("Factor of the score besides the probability: luminosity in a band, or stellar mass"),
    ] = "none",
    faintest: Annotated[float | None, Param("Faintest apparent magnitude listed", unit="mag")] = None,
    band: Annotated[Literal["B", "K"], Param("Band of that magnitude")] = "B",
    nearest: Annotated[float, Param("Smallest distance listed", unit="Mpc", min=0)] = 0.0,
    farthest: Annotated[float | None, Param("Largest distance listed", unit="Mpc", min=0)] = None,
    comoving: Annotated[bool, Param("Densities and levels of comoving volume (Planck 2018)")] = False,
    rows: Annotated[int | None, Param("Largest number of galaxies listed", min=1)] = None,
    levels: Levels = (50.0, 90.0),
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
    """Rank the galaxies of a catalogue by the probability per volume that they host an event.

    The 3-D credible level of a galaxy depends on the map alone. Scores sum to one over all that pass the
    selection, before the list is cut to the number of rows. Galaxies without a distance follow those that
    have one, in the order of the probability per area; the summary says how many there are.
    """
    from tidings.errors import InputError
    from tidings.output import save_figure, write_json
    from tidings.skymap.comoving import comoving_levels
    from tidings.skymap.crossmatch import Matcher
    from tidings.skymap.events import read_event
    from tidings.skymap.galaxies import pixel_filter, rank_galaxies
    from tidings.skymap.galaxy_figures import galaxies_figure
    from tidings.skymap.galaxy_files import read_galaxies
    from tidings.tables import write_table

    event = read_event(skymap)
    if farthest is not None and farthest <= nearest:
        raise InputError(f"farthest {farthest:g} Mpc is not beyond nearest {nearest:g} Mpc")
    if comoving and not event.sky.has_distance:
        raise InputError(f"{skymap}: has no distances, so there is no comoving volume: leave comoving out")
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
    matcher = Matcher(event.sky, comoving=comoving_levels(event.sky) if comoving else None)
    table, told = rank_galaxies(
        event.sky,
        read_galaxies(catalogue, columns, wanted=pixel_filter(matcher, level / 100)),
        level=level / 100,
        weight=weight,
        faintest=faintest,
        band=band,
        nearest=nearest,
        farthest=float("inf") if farthest is None else farthest,
        matcher=matcher,
    )
    called = name or event.name
    table = table[:rows] if rows is not None else table
    table.meta |= {"event": called, "notes": told["notes"]}
    for path in (galaxies, votable, parquet):
        write_table(table, path, provenance())
    write_json({"event": called, "level_percent": level, **told, "rows": len(table)}, summary, provenance())
    drawing = galaxies_figure(event.sky, table, called, levels)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_galaxies))
