"""ISGRI light curves of sources."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.isgri.product_parameters import CrabRates, Rates, SourceNames
from tidings.step import Out, Param, main, provenance


def isgri_lightcurve(
    rates: Rates,
    lightcurves: Annotated[
        Path,
        Out("lightcurves.fits", "Light curves as OSA has them: ISGR-SRC.-LCR and their index", format="fits"),
    ],
    summary: Annotated[
        Path, Out("lightcurves.ecsv", "Mean, significance and variability of each light curve", format="ecsv")
    ],
    figure: Annotated[Path, Out("lightcurves.png", "Figure of the light curves", format="png")],
    figure_pdf: Annotated[Path, Out("lightcurves.pdf", "The same figure for print", format="pdf")],
    *,
    crab: CrabRates = None,
    sources: SourceNames = "",
    bin_size: Annotated[
        float | None,
        Param("Width to which time bins are put together; as they are when not given", unit="d", min=1e-5),
    ] = None,
) -> None:
    """Make light curves of sources, with their mean and variability, also in Crab units.

    Rates are those of a source as if fully coded. The summary has the weighted mean, the chi-square of a
    constant rate and the normalised excess variance of every source and band.
    """
    from tidings.isgri.crab import reference
    from tidings.isgri.lightcurve import lightcurves as curves_of
    from tidings.isgri.lightcurve import rebin
    from tidings.isgri.lightcurve_file import summary as summarise
    from tidings.isgri.lightcurve_file import write_lightcurves, write_summary
    from tidings.isgri.product_figures import lightcurve_figure
    from tidings.isgri.rate_table import header_cards, listed, read_rates
    from tidings.output import save_figure

    table = read_rates(rates)
    curves = curves_of(table, listed(sources))
    if bin_size is not None:
        curves = [rebin(curve, bin_size) for curve in curves]
    measured = None if crab is None else read_rates([crab])
    units = [reference(measured, curve.e_min, curve.e_max) for curve in curves]
    write_lightcurves(curves, units, lightcurves, provenance(), header_cards(table))
    write_summary(summarise(curves, units), summary, provenance())
    drawing = lightcurve_figure(curves, [unit.rate for unit in units])
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(isgri_lightcurve))
