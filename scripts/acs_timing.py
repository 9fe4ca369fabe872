"""When signals seen by INTEGRAL would have reached the centre of the Earth and the barycentre."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Out, Param, main, provenance


def acs_timing(
    timing: Annotated[
        Path, Out("timing.ecsv", "Times at spacecraft, geocentre and barycentre, one row each", format="ecsv")
    ],
    *,
    orbit: Annotated[
        Path | None, In("Orbit file of the science window (INTL-ORBI-SCP)", format="fits")
    ] = None,
    elements: Annotated[
        Path | None, In("Two-line elements of INTEGRAL, any number of them", format="txt")
    ] = None,
    lightcurve: Annotated[
        Path | None, In("Light curve that has the position of the spacecraft (EPHS)", format="fits")
    ] = None,
    table: Annotated[
        Path | None,
        In("Table with times to be converted: its columns called gps or ending in _gps", format="ecsv"),
    ] = None,
    times: Annotated[list[str], Param("Times at the spacecraft, in any form")] = (),
    ra: Annotated[float, Param("Right ascension of the source", unit="deg", min=0, max=360)],
    dec: Annotated[float, Param("Declination of the source", unit="deg", min=-90, max=90)],
    position: Annotated[
        str | None, Param("Position of the spacecraft instead: RA [deg], Dec [deg], distance [km]")
    ] = None,
    clock_offset: Annotated[
        float,
        Param(
            "To be added to the times first: 0.125 for raw stamps of the telemetry", unit="s", min=-1, max=1
        ),
    ] = 0.0,
    max_age: Annotated[float, Param("Greatest age of two-line elements", unit="d", min=0, max=3650)] = 30.0,
) -> None:
    """Convert times at INTEGRAL to the centre of the Earth and to the barycentre of the Solar System.

    The position is taken from the orbit file, else as given, else from the light curve, else from two-line
    elements, whose error grows with their age by some 150 km, 0.5 ms, a day. A signal reaches the centre of
    the Earth by r·s/c later than the spacecraft.
    """
    from tidings.acs.timing import locator, read_times, timing_table
    from tidings.output import write_ecsv

    found = read_times(times, table)
    where = locator(orbit=orbit, position=position, lightcurve=lightcurve, elements=elements, max_age=max_age)
    write_ecsv(timing_table(found, where, ra, dec, clock_offset), timing, provenance())


if __name__ == "__main__":
    raise SystemExit(main(acs_timing))
