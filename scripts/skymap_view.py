"""Interactive view of a sky map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import Levels, Name, SkyMapFile
from tidings.step import In, Out, Param, main, provenance


def skymap_view(
    skymap: SkyMapFile,
    view: Annotated[
        Path, Out("view.html", "Page that shows the map, to be turned and enlarged", format="html")
    ],
    *,
    galaxies: Annotated[
        Path | None, In("Ranked galaxies, as skymap_galaxies writes them (ECSV)", format="ecsv")
    ] = None,
    levels: Levels = (50.0, 90.0),
    ra: Annotated[
        float | None, Param("Right ascension of a position to be marked", unit="deg", min=0, max=360)
    ] = None,
    dec: Annotated[float | None, Param("Its declination", unit="deg", min=-90, max=90)] = None,
    mark: Annotated[str, Param("Name of that position")] = "",
    name: Name = "",
) -> None:
    """Make a page that shows a sky map in a browser, without a network.

    The globe is turned by dragging and enlarged by scrolling. It shows the density in the widest region, in
    8000 tiles at most, the outlines of all regions, and ranked galaxies, which are told under the pointer.
    """
    from tidings.errors import InputError
    from tidings.output import write_bytes
    from tidings.skymap._tables import read_any_table
    from tidings.skymap.events import read_event
    from tidings.skymap.view import view_page

    if (ra is None) != (dec is None):
        raise InputError("ra and dec belong together: give both or neither")
    ranked = None if galaxies is None else read_any_table(galaxies, "list of galaxies", empty=True)
    if ranked is not None and not {"rank", "ra", "dec", "score"} <= set(ranked.colnames):
        raise InputError(
            f"{galaxies}: has the columns {', '.join(ranked.colnames)}: rank, ra, dec and score are needed, "
            "as skymap_galaxies writes them"
        )
    event = read_event(skymap)
    marks = [] if ra is None else [(ra, dec, mark or f"RA {ra:g}°, Dec {dec:+g}°")]
    page = view_page(
        event.sky, levels, name=name or event.name, marks=marks, galaxies=ranked, provenance=provenance()
    )
    write_bytes(view, page.encode("utf-8"))


if __name__ == "__main__":
    raise SystemExit(main(skymap_view))
