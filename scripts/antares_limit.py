"""Limits on steady neutrino sources from the events of ANTARES."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.antares.parameters import AcceptanceFile, Confidence, EventFile
from tidings.step import In, Out, Param, main, provenance


def antares_limit(
    events: EventFile,
    acceptance: AcceptanceFile,
    background_polynomial: Annotated[
        Path | None, In("Published cumulative number of events against declination: seven coefficients")
    ] = None,
    *,
    limits: Annotated[
        Path, Out("limits.ecsv", "Events, background and limits of each position", format="ecsv")
    ],
    limits_votable: Annotated[Path, Out("limits.vot", "The same as VOTable", format="votable")],
    flux: Annotated[
        Path, Out("flux.ecsv", "Flux limits of each position against the spectral index", format="ecsv")
    ],
    flux_votable: Annotated[Path, Out("flux.vot", "The same as VOTable", format="votable")],
    envelope: Annotated[
        Path, Out("envelope.ecsv", "E^2 times flux against energy, the largest of all indices", format="ecsv")
    ],
    inside: Annotated[Path, Out("events.ecsv", "Events in the cone of the first position", format="ecsv")],
    summary: Annotated[Path, Out("limits.json", "Numbers of the first position", format="json")],
    figure: Annotated[
        Path, Out("limits.png", "Limits of the first position, events around it", format="png")
    ],
    figure_pdf: Annotated[Path, Out("limits.pdf", "The same figure for print", format="pdf")],
    ra: Annotated[list[float], Param("Right ascensions of the sources, ICRS", unit="deg")],
    dec: Annotated[list[float], Param("Their declinations, -80 to 50", unit="deg")],
    radius: Annotated[float, Param("Radius of the cone around each, up to 2.5", unit="deg")] = 1.0,
    index_min: Annotated[float, Param("Hardest spectral index", unit="", min=1.5, max=3)] = 1.5,
    index_max: Annotated[float, Param("Softest spectral index", unit="", min=1.5, max=3)] = 3.0,
    indices: Annotated[int, Param("Number of spectral indices", min=2, max=1000)] = 50,
    confidence: Confidence = 90.0,
    background: Annotated[
        Literal["fitted", "polynomial"],
        Param("Distribution in declination: fitted to the events, or the published polynomial"),
    ] = "fitted",
    conventions: Annotated[
        Literal["tidings", "service"],
        Param(
            "service: as MMODA's, which gives the sensitivity in place of a limit where few events are seen, "
            "and reads the acceptance at the edges of its bins"
        ),
    ] = "tidings",
) -> None:
    """Count neutrinos around positions and set limits on sources there.

    The background is the distribution of all events in declination. Limits are those of Feldman and Cousins;
    the sensitivity, the mean limit without a source, is a quantity of its own. Fluxes are of one flavour of
    neutrinos and antineutrinos, falling as a power of the energy.
    """
    import numpy as np

    from tidings.antares.background import Declination
    from tidings.antares.counterpart import event_table
    from tidings.antares.figures import limit_figure
    from tidings.antares.limits import Conventions, flux_table, limit_table
    from tidings.antares.limits import envelope as make_envelope
    from tidings.antares.limits import inside as is_inside
    from tidings.antares.sample import read_acceptance, read_events, read_polynomial
    from tidings.errors import InputError
    from tidings.output import save_figure, write_json
    from tidings.tables import write_table

    if len(ra) != len(dec) or not ra:
        raise InputError(f"there are {len(ra)} of ra and {len(dec)} of dec: give as many, at least one")
    if index_min >= index_max:
        raise InputError(f"index_min {index_min:g} must be below index_max {index_max:g}")
    service = conventions == "service"
    if (background == "polynomial" or service) and background_polynomial is None:
        raise InputError(
            "background_polynomial: give the file of the published polynomial, or background fitted"
        )
    if service and confidence != 90:
        raise InputError("conventions: service has a confidence of 90 % only")
    sample, accepted = read_events(events), read_acceptance(acceptance)
    published = background == "polynomial" or service
    chosen = Conventions(
        confidence / 100, read_polynomial(background_polynomial) if published else None, service
    )
    table = limit_table(sample, Declination.fit(sample), np.array(ra), np.array(dec), radius, chosen)
    fluxes = flux_table(table, accepted, np.linspace(index_min, index_max, indices), chosen)
    curves = make_envelope(fluxes)
    for made, paths in (
        (table, (limits, limits_votable)),
        (fluxes, (flux, flux_votable)),
        (curves, (envelope,)),
    ):
        for path in paths:
            write_table(made, path, provenance())
    mine = is_inside(sample, ra[0], dec[0], radius)
    write_table(event_table(sample.take(mine)), inside, provenance())
    first = {name: table[name][0].item() for name in table.colnames if name != "position"}
    first |= {"confidence_percent": confidence, "events_of_the_sample": len(sample)}
    first |= {
        "background": float(table["background"][0]),
        "limits": "Feldman and Cousins 1998",
        "conventions": conventions,
    }
    write_json(first, summary, provenance())
    own = (part[part["position"] == 1] for part in (fluxes, curves))
    drawing = limit_figure(table[0], *own, sample, confidence / 100)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(antares_limit))
