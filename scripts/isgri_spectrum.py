"""ISGRI spectra of sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.isgri.product_parameters import CrabRates, Rates, SourceNames
from tidings.step import In, Out, Param, main, provenance


def isgri_spectrum(
    rates: Rates,
    spectra: Annotated[
        Path, Out("spectra.fits", "Mean spectra as OGIP PHA, one extension for each source", format="fits")
    ],
    figure: Annotated[
        Path, Out("spectra.png", "Figure of the spectra, in counts and Crab units", format="png")
    ],
    figure_pdf: Annotated[Path, Out("spectra.pdf", "The same figure for print", format="pdf")],
    *,
    response: Annotated[
        Path | None, In("Redistribution matrix with the same channels, whose name goes into RESPFILE")
    ] = None,
    ancillary: Annotated[
        Path | None, In("Ancillary response (effective areas), whose name goes into ANCRFILE")
    ] = None,
    crab: CrabRates = None,
    sources: SourceNames = "",
    systematic: Annotated[
        float, Param("Systematic error as a part of the rate, in SYS_ERR", unit="", min=0, max=1)
    ] = 0.01,
) -> None:
    """Make the mean spectra of sources over science windows, as OGIP PHA files of type I.

    The channels are the bands in which the rates were measured; rates are those of a source as if fully
    coded. XSPEC reads spectrum n of the file as spectra.fits{n}.
    """
    import numpy as np

    from tidings.isgri._response_check import check_ancillary, check_response
    from tidings.isgri.crab import reference
    from tidings.isgri.product_figures import spectrum_figure
    from tidings.isgri.rate_table import header_cards, listed, read_rates
    from tidings.isgri.spectrum import spectra as spectra_of
    from tidings.isgri.spectrum_file import write_spectra
    from tidings.output import save_figure

    table = read_rates(rates)
    made = spectra_of(table, listed(sources))
    if response is not None:
        for spectrum in made:
            check_response(response, spectrum)
    if ancillary is not None:
        check_ancillary(ancillary)
    measured = None if crab is None else read_rates([crab])
    units = [
        [reference(measured, *edges) for edges in zip(one.e_min, one.e_max, strict=True)] for one in made
    ]
    ratios = [np.array([unit.rate for unit in channels]) for channels in units]
    write_spectra(
        made,
        spectra,
        systematic=systematic,
        response="none" if response is None else response.name,
        ancillary="none" if ancillary is None else ancillary.name,
        crab=ratios,
        crab_origin=units[0][0].origin,
        provenance=provenance(),
        meta=header_cards(table),
    )
    drawing = spectrum_figure(made, ratios, systematic, units[0][0].origin)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(isgri_spectrum))
