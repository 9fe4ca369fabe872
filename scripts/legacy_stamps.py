"""Sheet of stamps of the candidate hosts of an event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.legacy.parameters import Catalogue
from tidings.step import In, Out, Param, main, provenance


def legacy_stamps(
    galaxies: Annotated[Path, In("Galaxies, as skymap_galaxies ranks them", format="ecsv")],
    stamps: Annotated[Path, In("Folder of images named after the ranks: 001.fits, ...", directory=True)],
    hosts: Annotated[Path, Out("hosts.ecsv", "Candidates with the source that each is", format="ecsv")],
    votable: Annotated[Path, Out("hosts.vot", "The same as VOTable", format="votable")],
    figure: Annotated[Path, Out("stamps.png", "Sheet of stamps", format="png")],
    figure_pdf: Annotated[Path, Out("stamps.pdf", "The same figure for print", format="pdf")],
    *,
    catalogue: Annotated[Path | None, Catalogue] = None,
    number: Annotated[int, Param("Number of candidates, the best first", min=1, max=100)] = 12,
    radius: Annotated[
        float,
        Param("Largest distance of a source from the galaxy's position", unit="arcsec", min=0.1, max=60),
    ] = 3.0,
    name: Annotated[str, Param("Name of the event; that in the galaxies when empty")] = "",
) -> None:
    """Show the first candidate hosts of an event, and match them with the surveys' sources.

    North is up and east to the left in each stamp, or as its arrows say. Candidates without a stamp are
    outside of the footprint.
    """
    from tidings.legacy.catalogue import read_catalogue
    from tidings.legacy.figures import stamp_sheet
    from tidings.legacy.hosts import match_table, read_hosts
    from tidings.legacy.stamps import read_stamps
    from tidings.output import save_figure
    from tidings.tables import write_table

    candidates, event = read_hosts(galaxies, number)
    images = read_stamps(stamps, candidates)
    listed = None if catalogue is None else read_catalogue(catalogue)
    table = match_table(candidates, set(images), listed, radius)
    table.meta["event"] = name or event
    for path in (hosts, votable):
        write_table(table, path, provenance())
    drawing = stamp_sheet(candidates, images, name or event)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(legacy_stamps))
