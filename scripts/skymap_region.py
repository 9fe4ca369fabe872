"""Credible regions of a sky map: areas, coverage maps, contours, figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.skymap.parameters import Levels, Name, SkyMapFile
from tidings.step import Out, Param, main, provenance


def skymap_region(
    skymap: SkyMapFile,
    areas: Annotated[Path, Out("areas.ecsv", "Area, probability and parts of each region", format="ecsv")],
    votable: Annotated[Path, Out("areas.vot", "The same as VOTable", format="votable")],
    summary: Annotated[
        Path, Out("region.json", "The same, with the parts and the map's header", format="json")
    ],
    mocs: Annotated[
        Path,
        Out("mocs", "Coverage map of each region (MOC 2.0): FITS, JSON and ASCII", directory=True),
    ],
    geojson: Annotated[Path, Out("contours.geojson", "The regions as polygons (GeoJSON)", format="json")],
    ds9: Annotated[Path, Out("contours.reg", "The regions as polygons of DS9", format="txt")],
    multiorder: Annotated[Path, Out("map.multiorder.fits", "The map as multi-order FITS", format="fits")],
    figure: Annotated[Path, Out("allsky.png", "Figure of the whole sky", format="png")],
    figure_pdf: Annotated[Path, Out("allsky.pdf", "The same figure for print", format="pdf")],
    zoom: Annotated[Path, Out("zoom.png", "Figure of the part of the sky with the region", format="png")],
    zoom_pdf: Annotated[Path, Out("zoom.pdf", "The same figure for print", format="pdf")],
    *,
    levels: Levels = (50.0, 90.0),
    ra: Annotated[
        float | None, Param("Right ascension of a position to be marked", unit="deg", min=0, max=360)
    ] = None,
    dec: Annotated[float | None, Param("Its declination", unit="deg", min=-90, max=90)] = None,
    normalise: Annotated[bool, Param("Accept a map that does not sum to 1, and divide by its sum")] = False,
    drop_distance: Annotated[bool, Param("Leave out the distances that a map of volume has")] = False,
    ordering: Annotated[
        Literal["header", "nested", "ring"], Param("Ordering of the pixels, if the header does not say it")
    ] = "header",
    name: Name = "",
) -> None:
    """Find the credible regions of a sky map, and write them in every form in use.

    The densest tiles come first, those of equal density together. Coverage maps and contours hold the tile in
    which the level is crossed; areas are given with it and, as is usual, with its share.
    """
    from tidings.errors import InputError
    from tidings.output import save_figure, write_json
    from tidings.skymap.events import read_event
    from tidings.skymap.figures import all_sky
    from tidings.skymap.figures import zoom as zoom_figure
    from tidings.skymap.footprint import region_ranges, write_moc
    from tidings.skymap.region_product import region_summary, region_table
    from tidings.skymap.regions import parts
    from tidings.skymap.writing import write_geojson, write_region, write_skymap
    from tidings.tables import write_table

    if (ra is None) != (dec is None):
        raise InputError("ra and dec belong together: give both or neither")
    levels = sorted(set(levels))
    event = read_event(
        skymap,
        normalise=normalise,
        ordering=None if ordering == "header" else ordering,
        distance=not drop_distance,
    )
    sky, name = event.sky, name or event.name
    found = {level: parts(sky, level / 100) for level in levels}
    table = region_table(sky, levels, found)
    for path in (areas, votable):
        write_table(table, path, provenance())
    write_json(region_summary(sky, table, found, name), summary, provenance())
    mocs.mkdir(parents=True, exist_ok=True)
    for level in levels:
        for suffix in ("fits", "json", "txt"):
            path = mocs / f"region_{level:g}.moc.{suffix}"
            write_moc(region_ranges(sky, level), path, provenance(), sky.order)
    fractions = [level / 100 for level in levels]
    area = {level / 100: {"area_deg2": float(row["area"])} for level, row in zip(levels, table, strict=True)}
    write_geojson(sky, fractions, geojson, provenance(), area)
    write_region(sky, fractions, ds9, provenance())
    write_skymap(sky, multiorder, provenance())
    markers = [] if ra is None or dec is None else [(ra, dec, f"RA {ra:g}°, Dec {dec:+g}°")]
    drawing = all_sky(sky, levels, markers, name)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())
    drawing = zoom_figure(sky, levels, markers, name)
    for path in (zoom, zoom_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_region))
