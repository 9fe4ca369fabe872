"""POLAR's catalogue of gamma-ray bursts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Out, main, provenance


def polar_catalogue(
    catalogue: Annotated[
        Path, In("Catalogue of bursts: number, name, trigger time in UTC and unix time", format="csv")
    ],
    bursts: Annotated[Path, Out("bursts.ecsv", "Bursts in order of time", format="ecsv")],
    votable: Annotated[Path, Out("bursts.vot", "The same as VOTable", format="votable")],
) -> None:
    """List the bursts that POLAR saw, with their times in UTC, unix, GPS and TT.

    The two times that the catalogue gives of each burst must agree within a millisecond.
    """
    from tidings.polar.bursts import burst_table, read_bursts
    from tidings.tables import write_table

    table = burst_table(read_bursts(catalogue))
    for path in (bursts, votable):
        write_table(table, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(polar_catalogue))
