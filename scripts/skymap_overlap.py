"""Whether two localisations are of one source: odds, product map, joint false-alarm rate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import Levels, SkyMapFile
from tidings.step import In, Out, Param, main, provenance


def skymap_overlap(
    skymap: SkyMapFile,
    other: Annotated[Path, In("The other localisation, in any form that the first may have")],
    overlap: Annotated[
        Path, Out("overlap.ecsv", "Odds, likeness, areas and probabilities in common, one row", format="ecsv")
    ],
    votable: Annotated[Path, Out("overlap.vot", "The same as VOTable", format="votable")],
    product: Annotated[
        Path,
        Out("product.multiorder.fits", "Normalised product of the two maps, multi-order", format="fits"),
    ],
    figure: Annotated[Path, Out("overlap.png", "Both localisations and their product", format="png")],
    figure_pdf: Annotated[Path, Out("overlap.pdf", "The same figure for print", format="pdf")],
    *,
    names: Annotated[list[str], Param("Names of the two; those of the maps when empty")] = (),
    levels: Levels = (50.0, 90.0),
    max_distance: Annotated[
        float | None,
        Param(
            "Radius of the volume that the source may be in; the larger mean plus five standard deviations "
            "of the two maps if not given",
            unit="Mpc",
            min=0.001,
        ),
    ] = None,
    far: Annotated[
        float | None, Param("False-alarm rate of the first event, for the joint rate", unit="Hz", min=0)
    ] = None,
    rate: Annotated[
        float | None, Param("Rate of triggers such as the second, all of them real", unit="1/yr", min=0)
    ] = None,
    window: Annotated[
        float, Param("Length of the time in which a coincidence is accepted", unit="s", min=0)
    ] = 6.0,
) -> None:
    """Compare two localisations: spatial odds for one source, product map, and what their regions share.

    Odds are 4 pi times the integral of the product of both densities; with distances in both maps those of a
    volume follow, for a prior uniform in it. Maps that do not overlap have odds 0, which the notes of the
    table say, and a product map of zeros.
    """
    from tidings.errors import InputError
    from tidings.output import save_figure
    from tidings.skymap.catalogue_figures import overlap_figure
    from tidings.skymap.catalogue_product import write_product
    from tidings.skymap.events import read_event
    from tidings.skymap.overlap import YEAR, joint_rate, overlap_table
    from tidings.skymap.overlap import overlap as compare
    from tidings.tables import write_table

    if len(names) not in (0, 2):
        raise InputError(f"{len(names)} names are given, two localisations have two")
    if (far is None) != (rate is None):
        raise InputError("far and rate belong together: give both for the joint rate, or neither")
    both = [read_event(path) for path in (skymap, other)]
    found = compare(both[0].sky, both[1].sky, levels, max_distance)
    called = tuple(names) or (both[0].name, both[1].name)
    rates = None
    if far is not None:
        in_time, in_both = joint_rate(far, rate / YEAR, window, found.odds)
        rates = {"joint_far_time": in_time, "joint_far": in_both}
    table = overlap_table(found, called, rates)
    for path in (overlap, votable):
        write_table(table, path, provenance())
    write_product(found, both[0].sky, product, provenance())
    drawing = overlap_figure(both[0].sky, both[1].sky, found, called, levels)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_overlap))
