"""Triangulation annulus from the light curves of a burst at two spacecraft."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.lightcurve.parameters import Trigger
from tidings.step import In, Out, Param, main, provenance


def acs_annulus(
    lightcurve: Annotated[
        Path, In("Light curve at the first spacecraft, as acs_lightcurve writes it", format="fits")
    ],
    other: Annotated[Path, In("Light curve at the second, in the same form", format="fits")],
    annulus: Annotated[
        Path, Out("annulus.ecsv", "Time difference and annulus with errors, one row", format="ecsv")
    ],
    moc: Annotated[
        Path, Out("annulus.moc.fits", "The annulus as multi-order coverage map (IVOA MOC 2.0)", format="fits")
    ],
    region: Annotated[Path, Out("annulus.reg", "The annulus as region of DS9", format="txt")],
    geojson: Annotated[Path, Out("annulus.geojson", "Its three circles as GeoJSON", format="json")],
    figure: Annotated[Path, Out("annulus.png", "Light curves, lag and annulus on the sky", format="png")],
    figure_pdf: Annotated[Path, Out("annulus.pdf", "The same figure for print", format="pdf")],
    *,
    orbit: Annotated[
        Path | None,
        In("Orbit file of the first spacecraft, if it is INTEGRAL (INTL-ORBI-SCP)", format="fits"),
    ] = None,
    position: Annotated[
        str | None,
        Param(
            "Position of the first: RA [deg], Dec [deg], distance [km]; that in the light curve if not given"
        ),
    ] = None,
    other_position: Annotated[str | None, Param("Position of the second, or geocentre")] = None,
    names: Annotated[list[str], Param("Names of the two spacecraft")] = ("SPI-ACS", "other"),
    trigger: Trigger = None,
    burst_start: Annotated[
        float | None,
        Param("Start of the part compared, from the trigger, at the first; sought if not given", unit="s"),
    ] = None,
    burst_end: Annotated[float | None, Param("End of that part", unit="s")] = None,
    bin_size: Annotated[
        float | None,
        Param("Bins of the comparison; the wider of the two if not given", unit="s", min=0.001, max=100),
    ] = None,
    systematic: Annotated[
        float, Param("Systematic error of the two clocks", unit="s", min=0, max=10)
    ] = 0.010,
    sigma: Annotated[float, Param("Significance of the annulus", unit="", min=1, max=10)] = 3.0,
    moc_order: Annotated[
        int | None, Param("Order of the coverage map; by the width if not given", min=3, max=14)
    ] = None,
    ra: Annotated[
        float | None,
        Param("Right ascension of a possible source, to be compared", unit="deg", min=0, max=360),
    ] = None,
    dec: Annotated[float | None, Param("Its declination", unit="deg", min=-90, max=90)] = None,
    name: Annotated[str, Param("Name of the burst, for table and figure")] = "",
) -> None:
    """Measure the time difference of a burst at two spacecraft, and the annulus of its possible directions.

    The second light curve, shifted and scaled, is compared with the first; the lag is where chi-squared is
    least. To its error are added the bin over the square root of 12, the clocks' systematic error, and the
    errors of the positions.
    """
    from tidings.acs.annulus_figure import annulus_figure
    from tidings.acs.annulus_product import annulus_moc, annulus_table, write_geojson, write_moc, write_region
    from tidings.acs.compare import compare, position_at
    from tidings.acs.triangulation import time_error, triangulate
    from tidings.errors import InputError
    from tidings.lightcurve.intervals import interval_of
    from tidings.lightcurve.product import read_lightcurve
    from tidings.output import save_figure, write_ecsv
    from tidings.times import parse_time

    if len(names) != 2:
        raise InputError(f"{len(names)} names are given, two spacecraft have two")
    if (ra is None) != (dec is None):
        raise InputError("ra and dec belong together: give both or neither")
    first, second = read_lightcurve(lightcurve), read_lightcurve(other)
    places = (
        position_at(first, lightcurve, orbit=orbit, position=position, option="position"),
        position_at(second, other, position=other_position, option="other_position"),
    )
    zero = first.epoch if trigger is None else parse_time(trigger)
    interval = interval_of(burst_start, burst_end, zero - first.epoch)
    found = compare(first, second, places, interval, bin_size, systematic)
    error = time_error(found.lag.error, found.lag.bin_size, *places, instrument=systematic)
    ring = triangulate(found.lag.value, error, *places, sigmas=sigma)
    candidate = None if ra is None or dec is None else (ra, dec)
    write_ecsv(annulus_table(ring, found.lag, names, places, candidate, name), annulus, provenance())
    write_moc(annulus_moc(ring, moc_order), moc, provenance())
    write_region(ring, region, provenance())
    write_geojson(ring, geojson, provenance())
    drawing = annulus_figure(
        ring,
        found.lag,
        found.signals,
        found.interval,
        names=(names[0], names[1]),
        candidate=candidate,
        epoch=first.epoch,
        title=name,
    )
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(acs_annulus))
