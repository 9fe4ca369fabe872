"""Catalogue of localisations in a span of time or in a cone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import Levels
from tidings.step import In, Out, Param, main, provenance


def skymap_catalogue(
    skymaps: Annotated[
        list[Path],
        In("Sky maps (FITS) and alerts with maps (JSON), or folders of them", directory=True),
    ],
    catalogue: Annotated[
        Path,
        Out("catalogue.ecsv", "One row for each event: time, FAR, areas, distance, classes", format="ecsv"),
    ],
    votable: Annotated[Path, Out("catalogue.vot", "The same as VOTable", format="votable")],
    parquet: Annotated[Path, Out("catalogue.parquet", "The same as Parquet", format="parquet")],
    contours: Annotated[
        Path, Out("contours.geojson", "Bounds of the credible regions of all events", format="json")
    ],
    mocs: Annotated[
        Path, Out("mocs", "Coverage map of each event at each contour level (MOC 2.0)", directory=True)
    ],
    figure: Annotated[Path, Out("catalogue.png", "All events on the sky", format="png")],
    figure_pdf: Annotated[Path, Out("catalogue.pdf", "The same figure for print", format="pdf")],
    *,
    table: Annotated[
        Path | None,
        In("Table of events beside the maps: event and any of gps, far, catalogue, instruments, classes"),
    ] = None,
    T1: Annotated[
        str | None, Param("Start of the span: GPS seconds, ISO, MJD or JD; open if not given")
    ] = None,
    T2: Annotated[str | None, Param("End of the span; open if not given")] = None,
    events: Annotated[list[str], Param("Names of the events wanted; all when empty")] = (),
    levels: Levels = (50.0, 90.0),
    do_cone_search: Annotated[
        bool, Param("Keep only events whose map reaches into the cone below the level threshold")
    ] = False,
    ra: Annotated[
        float | None,
        Param("Right ascension of the cone's centre, or of a position to be looked up", unit="deg"),
    ] = None,
    dec: Annotated[float | None, Param("Its declination", unit="deg")] = None,
    radius: Annotated[float, Param("Radius of the cone", unit="deg")] = 10.0,
    level_threshold: Annotated[
        float, Param("Credible level below which a map must reach into the cone", unit="%", min=0, max=100)
    ] = 10.0,
    contour_levels: Annotated[
        str, Param("Levels of contours, coverage maps and figure, percent, with commas between")
    ] = "50,90",
    title: Annotated[str, Param("Title of the figure")] = "",
) -> None:
    """Make one table of localisations, with contours and coverage maps of all.

    Events are chosen by time, by name, or by a cone: an event is in it when its credible level somewhere in
    the cone is below the threshold. A position alone (ra and dec) is looked up in every map. Maps are worked
    on as they are, of many orders; all events are drawn, those with the smallest regions by name.
    """
    from tidings.errors import InputError
    from tidings.output import save_figure
    from tidings.skymap.catalogue import (
        Cone,
        catalogue_table,
        parse_levels,
        select,
        write_mocs,
    )
    from tidings.skymap.catalogue_figures import catalogue_figure
    from tidings.skymap.catalogue_product import write_contours
    from tidings.skymap.events import read_events
    from tidings.skymap.footprint import check_position
    from tidings.tables import write_table
    from tidings.times import parse_time

    if (ra is None) != (dec is None) or (do_cone_search and ra is None):
        raise InputError("ra and dec belong together: give both (a cone search needs them) or neither")
    drawn = parse_levels(contour_levels)
    search = Cone(ra, dec, radius, level_threshold) if do_cone_search else None
    if ra is not None:
        check_position(ra, dec)
    cone = None if search is None else search.ranges
    known, notes = read_events(skymaps, table)
    span = {key: None if time is None else parse_time(time) for key, time in (("start", T1), ("end", T2))}
    chosen, left_out = select(known, names=events, search=search, **span)
    position = None if ra is None else (ra, dec)
    made = catalogue_table(chosen, levels, search=search, position=position)
    made.meta["notes"] = notes + left_out
    for path in (catalogue, votable, parquet):
        write_table(made, path, provenance())
    write_contours(chosen, drawn, contours, provenance())
    mocs.mkdir()
    write_mocs(chosen, drawn, mocs, provenance())
    drawing = catalogue_figure(chosen, drawn, cone=cone, position=position, title=title)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_catalogue))
