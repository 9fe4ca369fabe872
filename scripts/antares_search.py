"""Neutrinos of ANTARES around the time and the region of an event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.antares.parameters import AcceptanceFile, Confidence, EventFile
from tidings.step import In, Out, Param, main, provenance


def antares_search(
    events: EventFile,
    acceptance: AcceptanceFile,
    skymap: Annotated[
        Path | None, In("Sky map or alert, whose credible region is searched, in place of a position")
    ] = None,
    moc: Annotated[Path | None, In("Coverage map (MOC) to be searched")] = None,
    *,
    found: Annotated[Path, Out("neutrinos.ecsv", "Events in region and window", format="ecsv")],
    found_votable: Annotated[Path, Out("neutrinos.vot", "The same as VOTable", format="votable")],
    summary: Annotated[
        Path, Out("neutrinos.json", "Counts, background, chance, limits of events and fluence", format="json")
    ],
    figure: Annotated[Path, Out("neutrinos.png", "Region and events on the sky", format="png")],
    figure_pdf: Annotated[Path, Out("neutrinos.pdf", "The same figure for print", format="pdf")],
    time: Annotated[str, Param("Time: ISO, MJD or JD with its scale, or GPS seconds")],
    before: Annotated[float, Param("Window before the time", unit="s", min=0, max=1e8)] = 500.0,
    after: Annotated[float, Param("Window after the time", unit="s", min=0, max=1e8)] = 500.0,
    ra: Annotated[
        float | None, Param("Right ascension of a position, ICRS", unit="deg", min=0, max=360)
    ] = None,
    dec: Annotated[float | None, Param("Its declination", unit="deg", min=-90, max=90)] = None,
    radius: Annotated[float, Param("Radius around it", unit="deg", min=0.01, max=90)] = 3.0,
    level: Annotated[
        float, Param("Credible level of the region of a sky map", unit="%", min=1, max=100)
    ] = 90.0,
    background_days: Annotated[
        float, Param("Days on either side that the rate of background is taken from", unit="d", min=1)
    ] = 100.0,
    index: Annotated[float, Param("Spectral index of the fluence", unit="", min=1.5, max=3)] = 2.0,
    confidence: Confidence = 90.0,
    name: Annotated[str, Param("Name of the event, for the figure")] = "",
) -> None:
    """Look for neutrinos in a region around a time: a counterpart to a gravitational wave or a burst.

    The background is that of the days around the time, spread over the sky as all events are. The limit of
    the fluence holds for a source in the middle of the region, with the mean acceptance over a day.
    """
    from tidings.antares.background import Declination
    from tidings.antares.counterpart import DAY, event_table, fluence, search
    from tidings.antares.figures import search_figure
    from tidings.antares.sample import read_acceptance, read_events
    from tidings.errors import InputError
    from tidings.output import save_figure, write_json
    from tidings.skymap.events import read_event
    from tidings.skymap.footprint import area, cone, read_moc, region_ranges
    from tidings.skymap.regions import most_probable
    from tidings.tables import write_table
    from tidings.times import mjd_utc, parse_time, utc_iso

    if sum(one is not None for one in (skymap, moc, ra)) != 1 or (ra is None) != (dec is None):
        raise InputError("give one region: a sky map, a coverage map (moc), or both ra and dec")
    gps = parse_time(time)
    if skymap is not None:
        sky = read_event(skymap).sky
        ranges, middle = region_ranges(sky, level), most_probable(sky)
    elif moc is not None:
        ranges, middle = read_moc(moc), None
    else:
        ranges, middle = cone(ra, dec, radius), (ra, dec)
    sample, accepted = read_events(events), read_acceptance(acceptance)
    mjd = mjd_utc(gps)
    made = search(
        sample, Declination.fit(sample), ranges, mjd, before, after, background_days, confidence / 100
    )
    table = event_table(made.events, mjd)
    for path in (found, found_votable):
        write_table(table, path, provenance())
    numbers = {
        "time": utc_iso(gps),
        "window_s": [-before, after],
        "area_deg2": area(ranges),
        "observed": len(made.events),
        "background": made.background,
        "background_error": made.background_error,
        "background_from": {"events": made.nearby[0], "days": made.nearby[1]},
        "p_value": made.p_value,
        "lower_limit": made.lower,
        "upper_limit": made.upper,
        "sensitivity": made.sensitivity,
        "confidence_percent": confidence,
    }
    if middle is not None and middle[1] < 50:
        numbers["fluence_limit_at_1_GeV"] = {
            "value": fluence(made.upper, accepted, middle[1], index),
            "unit": "1/(GeV cm2)",
            "index": index,
            "ra_deg": middle[0],
            "dec_deg": middle[1],
        }
    write_json(numbers, summary, provenance())
    days = max(background_days, 1)
    near = sample.take(abs(sample.mjd - mjd) <= days + max(before, after) / DAY)
    noun = "neutrino" if len(made.events) == 1 else "neutrinos"
    words = f"{len(made.events)} {noun}, {made.background:.2g} expected"
    drawing = search_figure(ranges, near, made.events, f"{name}: {words}" if name else words)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(antares_search))
