"""Pixel response of ISGRI for an epoch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Out, Param, main, provenance


def isgri_response(
    shadowgrams: Annotated[
        list[Path], In("Shadowgrams of science windows of one epoch; one window is enough", format="fits")
    ],
    sources: Annotated[
        Path | None, In("Sources fitted along in every window that sees them, such as a mosaic's")
    ] = None,
    catalogue: Annotated[
        Path | None, In("Catalogue of sources that are fitted along where they are seen")
    ] = None,
    *,
    response: Annotated[
        Path,
        Out("response.fits", "Background and efficiency of each pixel in groups of energy", format="fits"),
    ],
    summary: Annotated[
        Path,
        Out("response.json", "Scatter of the pixels before and after, sources fitted along", format="json"),
    ],
    figure: Annotated[
        Path, Out("response.png", "Maps of the response, and scatter against energy", format="png")
    ],
    figure_pdf: Annotated[Path, Out("response.pdf", "The same figure for print", format="pdf")],
    band: Annotated[str, Param("Energy band in keV in which sources are looked for")] = "28-80",
    blind: Annotated[bool, Param("Look for sources that are in no catalogue, and fit them along")] = True,
    threshold: Annotated[float, Param("Least significance of a new source", unit="", min=4)] = 6.0,
    most_windows: Annotated[
        int, Param("Number of science windows that are used at most, taken evenly from all", min=1)
    ] = 25,
) -> None:
    """Fit how each pixel counts, from the events of science windows themselves.

    In late years single pixels differ by tens of per cent at low energies, and images made as if they were
    alike have false sources. What the rows and columns of a module share, and each pixel's own deviation over
    all energies, are estimated from the counts and shrunk by their noise; sources are fitted along, so that
    they do not become deviations. Several windows of an epoch give a better response than one.
    """
    from tidings.errors import InputError
    from tidings.isgri._response_sources import fit_with_search
    from tidings.isgri.catalogue import read_catalogue
    from tidings.isgri.clean import Search
    from tidings.isgri.mosaic_inputs import parse_bands
    from tidings.isgri.response_figure import response_figure
    from tidings.isgri.response_file import write_response
    from tidings.isgri.response_summary import summarise
    from tidings.isgri.shadowgram_file import read_some_windows
    from tidings.output import save_figure, write_json

    bands = parse_bands(band)
    if len(bands) != 1:
        raise InputError(f"band is one band, such as 28-80 (keV), not {band!r}")
    windows = read_some_windows(shadowgrams, most_windows)

    def directions(path: Path | None) -> list[tuple[float, float]]:
        table = [] if path is None else read_catalogue(path)
        return [(float(row["RA_OBJ"]), float(row["DEC_OBJ"])) for row in table]

    fit, fitted = fit_with_search(
        windows,
        bands[0],
        sources=directions(sources),
        catalogue=directions(catalogue),
        search=Search(blind=blind, new=threshold),
    )
    write_response(fit.response, response, provenance())
    write_json(summarise(fit, fitted), summary, provenance())
    drawing = response_figure(fit)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(isgri_response))
