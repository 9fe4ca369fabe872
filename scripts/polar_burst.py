"""Durations, peak rates and counts of a burst in a light curve of POLAR."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Out, Param, main, provenance


def polar_burst(
    lightcurve: Annotated[Path, In("Light curve, as polar_lightcurve writes it", format="fits")],
    burst: Annotated[Path, Out("burst.ecsv", "Durations, rates, counts with errors, one row", format="ecsv")],
    summary: Annotated[Path, Out("burst.json", "The same with caveats", format="json")],
    figure: Annotated[Path, Out("burst.png", "Light curve, durations, cumulative counts", format="png")],
    figure_pdf: Annotated[Path, Out("burst.pdf", "The same figure for print", format="pdf")],
    *,
    name: Annotated[str, Param("Name of the burst, for table and figure")] = "",
    burst_start: Annotated[
        float | None,
        Param(
            "Start of the interval that holds the burst, from the light curve's zero; sought if not given",
            unit="s",
        ),
    ] = None,
    burst_end: Annotated[float | None, Param("End of that interval", unit="s")] = None,
    background_order: Annotated[
        int, Param("Order of the polynomial fitted to the background around the burst", min=0, max=3)
    ] = 1,
    least_background: Annotated[
        float, Param("Background needed on either side of the burst", unit="s", min=5, max=1000)
    ] = 20.0,
    threshold: Annotated[
        float, Param("Least signal-to-noise ratio of a burst that is sought", unit="", min=3, max=100)
    ] = 5.0,
    bootstrap: Annotated[
        int,
        Param(
            "Light curves with noise added that durations are measured in again; 0 for none", min=0, max=10000
        ),
    ] = 0,
    seed: Annotated[int, Param("Of that noise", min=0)] = 0,
) -> None:
    """Measure T90, T50, peak rates and counts of the burst in a light curve of POLAR.

    As acs_burst does it, for the detector's own counts: their conversion into photons needs the response in
    the direction of the burst. POLAR's background changes within minutes: see what other orders of the
    polynomial make of the durations.
    """
    from tidings.lightcurve.burst_figure import burst_figure
    from tidings.lightcurve.burst_product import burst_summary, burst_table
    from tidings.lightcurve.bursts import bootstrap_durations, measure_burst
    from tidings.lightcurve.counts import Flag
    from tidings.lightcurve.intervals import interval_of
    from tidings.lightcurve.product import read_lightcurve
    from tidings.lightcurve.reading import naming
    from tidings.output import save_figure, write_ecsv, write_json

    curve = read_lightcurve(lightcurve)
    columns = (curve.time, curve.width, curve.rate, curve.error)
    good = curve.good & ((curve.flags & Flag.DIP) == 0)
    with naming(lightcurve):
        measured = measure_burst(
            *columns,
            good=good,
            exposure=curve.exposure,
            interval=interval_of(burst_start, burst_end),
            order=background_order,
            threshold=threshold,
            high_rate=curve.monitor.high_rate,
            least_background=least_background,
        )
    table = burst_table(measured, curve.epoch, curve.epoch, name)
    result = burst_summary(table, measured)
    if bootstrap:
        spread = bootstrap_durations(*columns, measured, good=good, trials=bootstrap, seed=seed)
        result["bootstrap"] = dict(zip(("t90_error", "t50_error"), spread, strict=True))
    write_ecsv(table, burst, provenance())
    write_json(result, summary, provenance())
    title = name or curve.monitor.name
    drawing = burst_figure(
        *columns[:3], measured, epoch=curve.epoch, reference=curve.epoch, good=good, name=title
    )
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(polar_burst))
