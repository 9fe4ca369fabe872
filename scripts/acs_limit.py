"""Upper limits on the fluence of a burst that an SPI-ACS light curve does not show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.lightcurve.parameters import Trigger
from tidings.step import In, Out, Param, main, provenance


def acs_limit(
    lightcurve: Annotated[Path, In("Light curve, as acs_lightcurve writes it", format="fits")],
    limits: Annotated[
        Path, Out("limits.ecsv", "Limits in counts, rate, fluence and flux, one row a case", format="ecsv")
    ],
    summary: Annotated[Path, Out("limits.json", "The same as JSON", format="json")],
    *,
    durations: Annotated[list[float], Param("Durations of the burst", unit="s", min=0.05, max=100)] = (
        1.0,
        8.0,
    ),
    spectra: Annotated[
        list[Literal["short", "long", "typical"]],
        Param("Spectra assumed: typical of short bursts, of long ones, or the mean conversion"),
    ] = ("short", "long"),
    response: Annotated[
        float,
        Param(
            "Effective area in the direction of the source, over that in the best one",
            unit="",
            min=0.01,
            max=1,
        ),
    ] = 1.0,
    sigma: Annotated[float, Param("Significance of the limits", unit="", min=1, max=10)] = 3.0,
    trigger: Trigger = None,
    exclude_start: Annotated[
        float | None, Param("Start of an interval to leave out, from the trigger", unit="s")
    ] = None,
    exclude_end: Annotated[float | None, Param("End of it", unit="s")] = None,
    background_order: Annotated[
        int, Param("Order of the polynomial fitted to the background", min=0, max=3)
    ] = 1,
) -> None:
    """Give upper limits from the scatter of the light curve, for durations and spectra.

    The limit in counts is three times the standard deviation of the counts in windows of the duration; a
    fluence follows for an assumed spectrum. Bins that the light curve marks as excluded are left out.
    """
    from tidings.acs.conversions import conversion
    from tidings.acs.limit_product import limit_summary, limit_table
    from tidings.acs.limits import upper_limits
    from tidings.lightcurve.counts import Flag
    from tidings.lightcurve.intervals import interval_of
    from tidings.lightcurve.product import read_lightcurve
    from tidings.lightcurve.reading import naming
    from tidings.output import write_ecsv, write_json
    from tidings.times import parse_time

    curve = read_lightcurve(lightcurve)
    good = curve.good & ((curve.flags & (Flag.EXCLUDED | Flag.SATURATED | Flag.DIP)) == 0)
    zero = curve.epoch if trigger is None else parse_time(trigger)
    if (interval := interval_of(exclude_start, exclude_end, zero - curve.epoch)) is not None:
        good &= (curve.end <= interval[0]) | (curve.time >= interval[1])
    columns = (curve.time, curve.width, curve.rate, curve.error)
    with naming(lightcurve):
        found = upper_limits(*columns, durations, good=good, order=background_order, sigma=sigma)
    table = limit_table(found, [conversion(name) for name in spectra], response)
    write_ecsv(table, limits, provenance())
    write_json(limit_summary(table), summary, provenance())


if __name__ == "__main__":
    raise SystemExit(main(acs_limit))
