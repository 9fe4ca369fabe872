"""POLAR light curve with background."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.lightcurve.parameters import BackgroundModel, BurstEnd, BurstStart, Order, Window
from tidings.step import In, Out, Param, main, provenance


def polar_lightcurve(
    counts: Annotated[
        Path,
        In("Light curve of POLAR: ROOT file (histogram h_lc), JSON of the service, or FITS (POLAR_LC)"),
    ],
    lightcurve: Annotated[
        Path, Out("lightcurve.fits", "Light curve with background and flags, after OGIP", format="fits")
    ],
    figure: Annotated[Path, Out("lightcurve.png", "Figure of the light curve", format="png")],
    figure_pdf: Annotated[Path, Out("lightcurve.pdf", "The same figure for print", format="pdf")],
    *,
    catalogue: Annotated[
        Path | None, In("Catalogue of bursts, for a trigger that is a name", format="csv")
    ] = None,
    trigger: Annotated[
        str | None,
        Param(
            "Time that results count from: name of a burst, GPS seconds, ISO, MJD or JD with its scale (UTC "
            "unless given)"
        ),
    ] = None,
    name: Annotated[str, Param("Name of the burst, for the figure")] = "",
    before: Annotated[
        float | None, Param("Length kept before the trigger; all when not given", unit="s", min=0)
    ] = None,
    after: Annotated[
        float | None, Param("Length kept after the trigger; all when not given", unit="s", min=0)
    ] = None,
    bin_size: Annotated[
        float | None,
        Param("Bin width, a multiple of the file's; that when not given", unit="s", min=0.001, max=1000),
    ] = None,
    background: BackgroundModel = "polynomial",
    order: Order = 2,
    window: Window = 200.0,
    burst_start: BurstStart = None,
    burst_end: BurstEnd = None,
    stamp: Annotated[
        Literal["default", "start", "middle"],
        Param("Moment of a bin that its time is, in JSON and FITS that do not tell; the middle by default"),
    ] = "default",
) -> None:
    """Bin a light curve of POLAR, estimate the background, and give the times a reference.

    The files count in unix time; the product counts in TT, through UTC and its leap seconds. Empty bins among
    full ones are gaps. Errors are Poisson's; the scatter beyond is in the header (EXCVAR).
    """
    from tidings.lightcurve.curve import make_lightcurve
    from tidings.lightcurve.curve_figure import lightcurve_figure
    from tidings.lightcurve.product import write_lightcurve
    from tidings.lightcurve.reading import around, excluded, naming
    from tidings.output import save_figure
    from tidings.polar.bursts import trigger_of
    from tidings.polar.counts import read_counts

    data = read_counts(counts, stamp=None if stamp == "default" else stamp)
    zero = None if trigger is None else f"{trigger_of(trigger, catalogue)!r} GPS"
    data = around(data, counts, zero, before=before, after=after)
    with naming(counts):
        product = make_lightcurve(
            data,
            data.sample if bin_size is None else bin_size,
            background,
            order,
            excluded(burst_start, burst_end),
            window=window,
            align=0.0 if zero else None,
        )
    write_lightcurve(product, lightcurve, provenance())
    drawing = lightcurve_figure(product, name)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(polar_lightcurve))
