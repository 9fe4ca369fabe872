"""Distributions of the distance of an event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.skymap.parameters import Name, SkyMapFile
from tidings.step import Out, Param, main, provenance


def skymap_distance(
    skymap: SkyMapFile,
    distance: Annotated[
        Path, Out("distance.ecsv", "Density and cumulative distribution on one axis", format="ecsv")
    ],
    votable: Annotated[Path, Out("distance.vot", "The same as VOTable", format="votable")],
    summary: Annotated[
        Path, Out("distance.json", "Mean, standard deviation, percentiles, volumes", format="json")
    ],
    figure: Annotated[Path, Out("distance.png", "The densities", format="png")],
    figure_pdf: Annotated[Path, Out("distance.pdf", "The same figure for print", format="pdf")],
    *,
    name: Name = "",
    level: Annotated[
        float, Param("Credible level of the region and of the volume", unit="%", min=1, max=99.9)
    ] = 90.0,
    ra: Annotated[list[float], Param("Right ascensions of lines of sight", unit="deg")] = (),
    dec: Annotated[list[float], Param("Their declinations, as many", unit="deg")] = (),
    points: Annotated[int, Param("Rows of the table", min=10, max=100000)] = 500,
) -> None:
    """Make the distribution of distance over the sky, in a credible volume, and along lines of sight.

    All are closed forms of the map's own distances. The mean of the file's header, which is that of the
    samples the map was made of, may differ by a few percent of the standard deviation.
    """
    from tidings.errors import InputError
    from tidings.output import save_figure, write_json
    from tidings.skymap import distance as posterior
    from tidings.skymap.events import read_event
    from tidings.skymap.galaxy_figures import distance_figure
    from tidings.skymap.volume import volume_levels
    from tidings.tables import write_table

    event = read_event(skymap)
    if len(ra) != len(dec):
        raise InputError(f"there are {len(ra)} of ra and {len(dec)} of dec: give as many")
    try:
        levels = volume_levels(event.sky)
    except InputError as error:
        raise InputError(f"{skymap}: {error}") from None
    found = {
        "sky": posterior.over_sky(event.sky),
        "region": posterior.over_sky(event.sky, level / 100),
        "volume": posterior.in_volume(event.sky, level / 100, levels),
    }
    labels = {"sky": "whole sky", "region": f"{level:g} % region", "volume": f"{level:g} % volume"}
    for number, (lon, lat) in enumerate(zip(ra, dec, strict=True), start=1):
        found[f"line{number}"] = posterior.line_of_sight(event.sky, lon, lat)
        labels[f"line{number}"] = f"RA {lon:.4f}°, Dec {lat:+.4f}°"
    table = posterior.distance_table(found, points)
    table.meta |= {"event": name or event.name, "labels": labels}
    for path in (distance, votable):
        write_table(table, path, provenance())
    told = {
        "event": name or event.name,
        "posteriors": {labels[key]: posterior.summary(one) for key, one in found.items()},
        "probability_with_distance": levels.coverage,
        "volumes_mpc3": {f"{percent:g}": levels.volume(percent / 100) for percent in sorted({50.0, level})},
        "header": {key: event.sky.meta[key] for key in ("DISTMEAN", "DISTSTD") if key in event.sky.meta},
    }
    write_json(told, summary, provenance())
    drawing = distance_figure({labels[key]: one for key, one in found.items()}, name or event.name)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_distance))
