"""All messengers of one event on one axis of time, with the sky."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import Levels
from tidings.step import In, Out, Param, main, provenance


def event_joint(
    figure: Annotated[Path, Out("joint.png", "Time-frequency maps, light curves and the sky", format="png")],
    figure_pdf: Annotated[Path, Out("joint.pdf", "The same figure for print", format="pdf")],
    table: Annotated[
        Path, Out("joint.ecsv", "Arrival at the geocentre in each instrument, with errors", format="ecsv")
    ],
    *,
    spectrograms: Annotated[
        list[Path] | None, In("Spectrograms, as gw_spectrogram writes them", format="hdf5")
    ] = None,
    lightcurves: Annotated[
        list[Path] | None,
        In("Light curves, as acs_lightcurve and polar_lightcurve write them", format="fits"),
    ] = None,
    bursts: Annotated[
        list[Path] | None,
        In("Durations of the bursts in the first of these light curves, in their order", format="ecsv"),
    ] = None,
    skymap: Annotated[Path | None, In("Sky map of the event")] = None,
    galaxies: Annotated[
        Path | None, In("Ranked galaxies, as skymap_galaxies writes them", format="ecsv")
    ] = None,
    annulus: Annotated[Path | None, In("Annulus, as acs_annulus writes it", format="ecsv")] = None,
    name: Annotated[str, Param("Name of the event")] = "",
    time: Annotated[
        str,
        Param("Time at the geocentre that results count from, and of the merger if there is one; UTC or GPS"),
    ] = "",
    time_error: Annotated[float, Param("Error of that time", unit="s", min=0)] = 0.0,
    ra: Annotated[
        float | None,
        Param(
            "Right ascension of the source; the sky map's directions if not given", unit="deg", min=0, max=360
        ),
    ] = None,
    dec: Annotated[float | None, Param("Its declination", unit="deg", min=-90, max=90)] = None,
    place: Annotated[str, Param("Name of that position")] = "",
    levels: Levels = (50.0, 90.0),
    start: Annotated[float | None, Param("Start of the time shown, from the time above", unit="s")] = None,
    end: Annotated[float | None, Param("End of the time shown", unit="s")] = None,
    published: Annotated[
        list[str], Param("Times from elsewhere to be marked, at the geocentre: 'UTC name'")
    ] = (),
    missing: Annotated[list[str], Param("What is not in the figure, to be said on it")] = (),
) -> None:
    """Put the time-frequency maps and light curves of an event on one axis of time, the sky beside it.

    Times are those of arrival at the centre of the Earth: each instrument's are moved by the light's way from
    it, for the position or, without one, the mean over the sky map, whose spread is the error. A time of a
    light curve is that of 5 % of the counts if the burst was measured, else of the brightest bin.
    """
    from itertools import zip_longest

    from astropy.table import Table

    from tidings.errors import InputError
    from tidings.event import joint
    from tidings.event.joint_figure import Joint, joint_figure
    from tidings.gw.spectrogram_product import read_spectrogram_product
    from tidings.lightcurve.product import read_lightcurve
    from tidings.output import save_figure, write_ecsv
    from tidings.skymap.events import read_event
    from tidings.times import parse_time

    if not (spectrograms or lightcurves):
        raise InputError("give at least one spectrogram or one light curve")
    if (ra is None) != (dec is None):
        raise InputError("ra and dec belong together: give both or neither")
    if (start is None) != (end is None):
        raise InputError("start and end belong together: give both or neither")
    products = [read_spectrogram_product(path) for path in spectrograms or ()]
    curves = [read_lightcurve(path) for path in lightcurves or ()]
    zero = joint.reference(time, products, curves)
    sky = read_event(skymap).sky if skymap else None
    source = joint.source_of(sky, ra, dec, place)
    measured = [joint.read_burst(path) for path in bursts or ()]
    if len(measured) > len(curves):
        raise InputError(f"{len(measured)} tables of bursts, but {len(curves)} light curves")
    waves = [(product, joint.strain_arrival(product, source)) for product in products]
    gammas = [
        (curve, joint.gamma_arrival(curve, source, rows)) for curve, rows in zip_longest(curves, measured)
    ]
    arrivals = [arrival for _, arrival in (*waves, *gammas)]
    rows = joint.joint_table(arrivals, zero)
    merger = (parse_time(time), time_error) if time and products else None
    delay = joint.gamma_delay(arrivals, merger)
    rows.meta |= {"reference_gps": zero, "direction": source.name if source else "unknown"}
    if delay:
        rows.meta["gamma_delay_s"], rows.meta["gamma_delay_error_s"] = delay
    shown = Joint(
        name,
        zero,
        waves,
        gammas,
        published=[joint.published_time(text) for text in published],
        sky=sky,
        levels=levels,
        markers=[] if ra is None else [(ra, dec, place or "position")],
        galaxies=Table.read(galaxies, format="ascii.ecsv") if galaxies else None,
        annulus=Table.read(annulus, format="ascii.ecsv") if annulus else None,
        span=None if start is None else (start, end),
        notes=joint.notes(source, delay, bool(sky), bool(annulus)),
        missing=missing,
    )
    write_ecsv(rows, table, provenance())
    drawing = joint_figure(shown)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(event_joint))
