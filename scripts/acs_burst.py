"""Durations, peak rates, counts and fluence of a burst in an SPI-ACS light curve."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.lightcurve.parameters import Trigger
from tidings.step import In, Out, Param, main, provenance


def acs_burst(
    lightcurve: Annotated[Path, In("Light curve, as acs_lightcurve writes it", format="fits")],
    burst: Annotated[
        Path, Out("burst.ecsv", "Durations, rates, counts and fluence with errors, one row", format="ecsv")
    ],
    summary: Annotated[
        Path, Out("burst.json", "The same with fluences for all conversions and caveats", format="json")
    ],
    figure: Annotated[Path, Out("burst.png", "Light curve, durations, cumulative counts", format="png")],
    figure_pdf: Annotated[Path, Out("burst.pdf", "The same figure for print", format="pdf")],
    *,
    trigger: Trigger = None,
    name: Annotated[str, Param("Name of the burst, for table and figure")] = "",
    burst_start: Annotated[
        float | None,
        Param("Start of the interval that holds the burst, from the trigger; sought if not given", unit="s"),
    ] = None,
    burst_end: Annotated[float | None, Param("End of that interval", unit="s")] = None,
    background_order: Annotated[
        int, Param("Order of the polynomial fitted to the background around the burst", min=0, max=3)
    ] = 1,
    threshold: Annotated[
        float, Param("Least signal-to-noise ratio of a burst that is sought", unit="", min=3, max=100)
    ] = 5.0,
    spectrum: Annotated[
        Literal["short", "long", "typical"],
        Param("Spectrum assumed for the fluence: typical of short or of long bursts, or the mean conversion"),
    ] = "long",
    response: Annotated[
        float,
        Param(
            "Effective area in the direction of the burst, over that in the best one",
            unit="",
            min=0.01,
            max=1,
        ),
    ] = 1.0,
    bootstrap: Annotated[
        int,
        Param(
            "Light curves with noise added that durations are measured in again; 0 for none", min=0, max=10000
        ),
    ] = 0,
    seed: Annotated[int, Param("Of that noise", min=0)] = 0,
) -> None:
    """Measure T90, T50, peak rates, counts and fluence of the burst in a light curve.

    T90 is the time between 5 % and 95 % of the counts above background; its error is the time that the
    cumulative curve takes to cross these levels plus and minus their noise. Twenty seconds of background on
    either side are needed. Counts become a fluence for an assumed spectrum; dead time is not corrected for.
    What limits the result is told in the flags. Times count from the trigger, or from the light curve's own
    zero.
    """
    from tidings.acs.burst_product import burst_summary, burst_table
    from tidings.acs.conversions import conversion
    from tidings.lightcurve.burst_figure import burst_figure
    from tidings.lightcurve.bursts import bootstrap_durations, measure_burst
    from tidings.lightcurve.counts import Flag
    from tidings.lightcurve.intervals import interval_of
    from tidings.lightcurve.product import read_lightcurve
    from tidings.lightcurve.reading import naming
    from tidings.output import save_figure, write_ecsv, write_json
    from tidings.times import parse_time

    curve = read_lightcurve(lightcurve)
    zero = curve.epoch if trigger is None else parse_time(trigger)
    columns = (curve.time, curve.width, curve.rate, curve.error)
    # A dip is lost telemetry: data are missing there although there are counts.
    good = curve.good & ((curve.flags & Flag.DIP) == 0)
    with naming(lightcurve):
        measured = measure_burst(
            *columns,
            good=good,
            saturated=(curve.flags & Flag.SATURATED) > 0,
            exposure=curve.exposure,
            interval=interval_of(burst_start, burst_end, zero - curve.epoch),
            order=background_order,
            threshold=threshold,
            high_rate=curve.monitor.high_rate,
        )
    table = burst_table(measured, curve.epoch, zero, conversion(spectrum), response, name)
    result = burst_summary(table, measured, response)
    if bootstrap:
        spread = bootstrap_durations(*columns, measured, good=good, trials=bootstrap, seed=seed)
        result["bootstrap"] = dict(zip(("t90_error", "t50_error"), spread, strict=True))
    write_ecsv(table, burst, provenance())
    write_json(result, summary, provenance())
    title = name or curve.monitor.name
    drawing = burst_figure(*columns[:3], measured, epoch=curve.epoch, reference=zero, good=good, name=title)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(acs_burst))
