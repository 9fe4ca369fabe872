"""Probability and credible level of positions in a sky map."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import SkyMapFile
from tidings.step import In, Out, Param, main, provenance


def skymap_position(
    skymap: SkyMapFile,
    table: Annotated[Path, Out("positions.ecsv", "Levels and densities, a row per position", format="ecsv")],
    votable: Annotated[Path, Out("positions.vot", "The same as VOTable", format="votable")],
    *,
    positions: Annotated[
        Path | None, In("Table of positions: Parquet, FITS, CSV, ECSV or VOTable, in place of ra and dec")
    ] = None,
    ra: Annotated[list[float], Param("Right ascensions", unit="deg")] = (),
    dec: Annotated[list[float], Param("Declinations, as many", unit="deg")] = (),
    distance: Annotated[list[float], Param("Luminosity distances, as many or none", unit="Mpc", min=0)] = (),
    distance_error: Annotated[
        list[float], Param("Their standard deviations, as many or none", unit="Mpc", min=0)
    ] = (),
) -> None:
    """Find the credible level, and the probability per area and volume, at positions.

    The level on the sky is that of the smallest credible region that holds the position; the searched area is
    the area of that region. With distances, and in a map that has them, levels among volumes follow.
    """
    from tidings.errors import InputError
    from tidings.skymap.events import read_event
    from tidings.skymap.galaxy_files import read_galaxies
    from tidings.skymap.positions import from_lists, position_table
    from tidings.tables import write_table

    event = read_event(skymap)
    if (positions is None) == (not ra):
        raise InputError("give either a table of positions, or ra and dec")
    if positions is None:
        pieces = [from_lists(ra, dec, distance, distance_error)]
    else:
        pieces = list(read_galaxies(positions))
    found = position_table(event.sky, pieces)
    found.meta["event"] = event.name
    for path in (table, votable):
        write_table(found, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_position))
