"""What a list of fields, or a coverage map, holds of a localisation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.skymap.parameters import Levels, Name, SkyMapFile
from tidings.step import In, Out, Param, main, provenance


def skymap_coverage(
    skymap: SkyMapFile,
    table: Annotated[
        Path, Out("coverage.ecsv", "Each field: probability alone, added, and of all so far", format="ecsv")
    ],
    votable: Annotated[Path, Out("coverage.vot", "The same as VOTable", format="votable")],
    summary: Annotated[
        Path,
        Out("coverage.json", "Probability and area covered, and what is left of each level", format="json"),
    ],
    covered: Annotated[Path, Out("covered.moc.fits", "The part of the sky covered (MOC 2.0)", format="fits")],
    uncovered: Annotated[
        Path,
        Out("uncovered.moc.fits", "What is left of the widest credible region (MOC 2.0)", format="fits"),
    ],
    figure: Annotated[
        Path, Out("coverage.png", "Fields on the localisation, and what each adds", format="png")
    ],
    figure_pdf: Annotated[Path, Out("coverage.pdf", "The same figure for print", format="pdf")],
    *,
    fields: Annotated[
        Path | None,
        In(
            "Table of fields (ECSV, FITS, VOTable, CSV): ra and dec with radius, or width, height and angle; "
            "or polygon; and name and time"
        ),
    ] = None,
    moc: Annotated[Path | None, In("Coverage map (FITS, JSON, ASCII) instead of fields")] = None,
    order: Annotated[
        Literal["given", "time", "greedy"],
        Param("Order of the fields: as given, by time, or each time the one that adds most"),
    ] = "given",
    radius: Annotated[float | None, Param("Radius of fields that do not say it", unit="deg")] = None,
    width: Annotated[float | None, Param("Width of fields that do not say it", unit="deg")] = None,
    height: Annotated[float | None, Param("Height of those; the width if not given", unit="deg")] = None,
    angle: Annotated[float, Param("Position angle of those, from north to east", unit="deg")] = 0.0,
    levels: Levels = (50.0, 90.0),
    name: Name = "",
) -> None:
    """Work out the probability that fields, or a coverage map, hold of a localisation.

    Overlaps count once. Fields are circles, rectangles in the plane that touches the sky at their centre, or
    polygons of great circles, made of pixels 400 across.
    """
    from tidings.errors import InputError
    from tidings.output import save_figure, write_json
    from tidings.skymap.catalogue_figures import coverage_figure
    from tidings.skymap.coverage import Field, cover, coverage_table, read_fields
    from tidings.skymap.coverage import summary as summarise
    from tidings.skymap.events import read_event
    from tidings.skymap.footprint import complement, intersection, read_moc, region_ranges, write_moc
    from tidings.tables import write_table

    if (fields is None) == (moc is None):
        raise InputError("give either fields or a coverage map (moc)")
    event = read_event(skymap)
    if moc is None:
        listed = read_fields(fields, radius=radius, width=width, height=height, angle=angle)
    else:
        listed = [Field(moc.name, read_moc(moc), float("nan"), float("nan"))]
    found = cover(event.sky, listed, order)
    made = coverage_table(listed, found)
    for path in (table, votable):
        write_table(made, path, provenance())
    write_json(
        {"event": name or event.name, "fields": len(listed), "order": order,
         **summarise(event.sky, found.covered, levels)},
        summary,
        provenance(),
    )  # fmt: skip
    rest = intersection(region_ranges(event.sky, max(levels)), complement(found.covered))
    write_moc(found.covered, covered, provenance())
    write_moc(rest, uncovered, provenance())
    title = f"{name or event.name}: {100 * found.probability:.1f} % covered"
    drawing = coverage_figure(event.sky, found.covered, levels, fields=listed, found=found, title=title)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_coverage))
