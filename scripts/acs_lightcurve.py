"""SPI-ACS light curve with background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.acs.parameters import AddOffset, CountsFile, Stamp
from tidings.lightcurve.parameters import BackgroundModel, BurstEnd, BurstStart, Order, Trigger, Window
from tidings.step import Out, Param, main, provenance


def acs_lightcurve(
    counts: CountsFile,
    lightcurve: Annotated[
        Path, Out("lightcurve.fits", "Light curve with background and flags, after OGIP", format="fits")
    ],
    figure: Annotated[Path, Out("lightcurve.png", "Figure of the light curve", format="png")],
    figure_pdf: Annotated[Path, Out("lightcurve.pdf", "The same figure for print", format="pdf")],
    *,
    trigger: Trigger = None,
    name: Annotated[str, Param("Name of the event, for the figure")] = "",
    before: Annotated[
        float | None, Param("Length kept before the trigger; all when not given", unit="s", min=0)
    ] = None,
    after: Annotated[
        float | None, Param("Length kept after the trigger; all when not given", unit="s", min=0)
    ] = None,
    bin_size: Annotated[
        float, Param("Bin width, a multiple of the sample of 50 ms", unit="s", min=0.05, max=1000)
    ] = 1.0,
    background: BackgroundModel = "polynomial",
    order: Order = 2,
    window: Window = 200.0,
    burst_start: BurstStart = None,
    burst_end: BurstEnd = None,
    add_offset: AddOffset = False,
    stamp: Stamp = "default",
) -> None:
    """Bin SPI-ACS counts and estimate the background under them.

    Bins are multiples of the sample and follow the spacecraft's clock; gaps, saturation, repeated and
    invalid samples are flagged, never filled. The background is a robust polynomial or a running median of
    what is outside the burst. Errors are Poisson's; the scatter beyond is in the header (EXCVAR).
    """
    from tidings.acs.reading import read_around
    from tidings.lightcurve.curve import make_lightcurve
    from tidings.lightcurve.curve_figure import lightcurve_figure
    from tidings.lightcurve.product import write_lightcurve
    from tidings.lightcurve.reading import excluded, naming
    from tidings.output import save_figure

    data = read_around(counts, trigger, before=before, after=after, add_offset=add_offset, stamp=stamp)
    with naming(counts):
        product = make_lightcurve(
            data,
            bin_size,
            background,
            order,
            excluded(burst_start, burst_end),
            window=window,
            align=0.0 if trigger else None,
        )
    write_lightcurve(product, lightcurve, provenance())
    drawing = lightcurve_figure(product, name)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(acs_lightcurve))
