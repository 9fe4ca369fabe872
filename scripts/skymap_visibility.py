"""Which part of a localisation can be observed from a site, or by INTEGRAL, and when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import Levels, Name, SkyMapFile
from tidings.step import In, Out, Param, main, provenance


def skymap_visibility(
    skymap: SkyMapFile,
    table: Annotated[
        Path, Out("visibility.ecsv", "Observable probability against time, with Sun and Moon", format="ecsv")
    ],
    votable: Annotated[Path, Out("visibility.vot", "The same as VOTable", format="votable")],
    summary: Annotated[
        Path, Out("visibility.json", "Probability observable in all, span and limits", format="json")
    ],
    moc: Annotated[
        Path, Out("observable.moc.fits", "The observable part of the sky (MOC 2.0)", format="fits")
    ],
    figure: Annotated[Path, Out("visibility.png", "Probability against time, and the sky", format="png")],
    figure_pdf: Annotated[Path, Out("visibility.pdf", "The same figure for print", format="pdf")],
    *,
    orbit: Annotated[
        Path | None,
        In("Orbit file of INTEGRAL (INTL-ORBI-SCP), to keep away from Earth and Moon", format="fits"),
    ] = None,
    site: Annotated[
        str,
        Param(
            "Observatory by name (Paranal, Palomar, ...), or latitude and longitude [deg, east positive] and "
            "height [m]; or INTEGRAL"
        ),
    ] = "Paranal",
    time: Annotated[
        str | None,
        Param("From when on: GPS seconds, ISO, MJD or JD; the time of the map if not given"),
    ] = None,
    airmass: Annotated[float, Param("Largest airmass", unit="", min=1.01, max=10)] = 2.0,
    sun_altitude: Annotated[float, Param("Largest height of the Sun", unit="deg", min=-50, max=0)] = -18.0,
    moon_separation: Annotated[
        float | None,
        Param(
            "Least distance from the Moon while it is up; 30 deg from the ground and 10 deg for INTEGRAL "
            "when not given",
            unit="deg",
            min=0,
            max=180,
        ),
    ] = None,
    whole_night: Annotated[bool, Param("Count from dusk, although that is past at the time given")] = False,
    sun_least: Annotated[
        float, Param("INTEGRAL: least angle between pointing and Sun", unit="deg", min=0, max=180)
    ] = 50.0,
    sun_most: Annotated[
        float, Param("INTEGRAL: largest angle between pointing and Sun", unit="deg", min=0, max=180)
    ] = 130.0,
    earth_limb: Annotated[
        float, Param("INTEGRAL: least distance from the limb of the Earth", unit="deg", min=0, max=90)
    ] = 15.0,
    duration: Annotated[float, Param("INTEGRAL: length looked at", unit="d", min=0, max=400)] = 3.0,
    step: Annotated[float, Param("Time between two looks", unit="min", min=1, max=1440)] = 10.0,
    least: Annotated[
        float, Param("Shortest time that a place must be observable to count", unit="min", min=0)
    ] = 0.0,
    levels: Levels = (50.0, 90.0),
    name: Name = "",
) -> None:
    """Work out the probability that can be observed against time, and where.

    From the ground that is the night of the time given, or the next one: airmass, height of the Sun and
    distance from the Moon are limited. For INTEGRAL it is the angle between pointing and Sun, and with an
    orbit file those from the Earth's limb and the Moon. Nothing is fetched: Sun and Moon are those of
    analytic series, right to 0.01 deg.
    """
    from tidings.errors import InputError
    from tidings.output import save_figure, write_json
    from tidings.skymap.catalogue_figures import visibility_figure
    from tidings.skymap.events import read_event
    from tidings.skymap.footprint import write_moc
    from tidings.skymap.sites import find_site
    from tidings.skymap.visibility import (
        GroundLimits,
        SpaceLimits,
        from_ground,
        from_integral,
        visibility_summary,
        visibility_table,
    )
    from tidings.tables import write_table
    from tidings.times import parse_time

    event = read_event(skymap)
    if time is None and event.gps is None:
        raise InputError(f"{skymap}: does not say the time of its event: give time")
    gps = event.gps if time is None else parse_time(time)
    pause = {"step": 60 * step, "least": 60 * least}
    if site.strip().upper() == "INTEGRAL":
        if not sun_least < sun_most:
            raise InputError(f"sun_least {sun_least:g} deg must be below sun_most {sun_most:g} deg")
        where = None
        if orbit is not None:
            from tidings.acs.orbit_file import read_orbit

            where = read_orbit(orbit).at
        limits = SpaceLimits(
            sun_least, sun_most, earth_limb, 10.0 if moon_separation is None else moon_separation
        )
        place = "INTEGRAL"
        found = from_integral(event.sky, gps, limits, duration=86400 * duration, where=where, **pause)
    else:
        limits = GroundLimits(airmass, sun_altitude, 30.0 if moon_separation is None else moon_separation)
        there = find_site(site)
        place = there.name
        found = from_ground(event.sky, there, gps, limits, whole_night=whole_night, **pause)
    made = visibility_table(found)
    for path in (table, votable):
        write_table(made, path, provenance())
    write_json(
        {"event": name or event.name, "site": place, **visibility_summary(found)}, summary, provenance()
    )
    write_moc(found.ranges, moc, provenance())
    title = f"{name or event.name} from {place}"
    drawing = visibility_figure(event.sky, found, levels, title=title, epoch=event.gps)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_visibility))
