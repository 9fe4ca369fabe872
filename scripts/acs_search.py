"""Search of SPI-ACS counts for bursts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.acs.parameters import AddOffset, Stamp
from tidings.lightcurve.parameters import BackgroundModel, BurstEnd, BurstStart, Order, Trigger, Window
from tidings.step import In, Out, Param, main, provenance


def acs_search(
    counts: Annotated[
        list[Path],
        In("SPI-ACS counts in any form, or light curves; several records in order of time are one search"),
    ],
    excesses: Annotated[Path, Out("excesses.ecsv", "Excesses with their false-alarm rates", format="ecsv")],
    summary: Annotated[
        Path, Out("search.json", "Best excess, scatter at every time scale, records", format="json")
    ],
    figure: Annotated[
        Path, Out("search.png", "Significance against time scale; the first light curve", format="png")
    ],
    figure_pdf: Annotated[Path, Out("search.pdf", "The same figure for print", format="pdf")],
    *,
    trigger: Trigger = None,
    name: Annotated[str, Param("Name of the event, for the figure")] = "",
    before: Annotated[
        float, Param("Length searched before the trigger", unit="s", min=0, max=100000)
    ] = 300.0,
    after: Annotated[float, Param("Length searched after the trigger", unit="s", min=0, max=100000)] = 300.0,
    shortest: Annotated[float, Param("Shortest time scale", unit="s", min=0.05, max=100)] = 0.05,
    longest: Annotated[float, Param("Longest time scale", unit="s", min=0.05, max=100)] = 30.0,
    min_snr: Annotated[
        float,
        Param(
            "Least signal-to-noise ratio of an excess; a year of noise has ten million above 3",
            unit="",
            min=2,
        ),
    ] = 3.0,
    spikes: Annotated[bool, Param("Count the rate of cosmic-ray spikes as false alarms")] = True,
    veto: Annotated[bool, Param("Drop excesses whose counts are all in one sample, as spikes are")] = False,
    background: BackgroundModel = "polynomial",
    order: Order = 2,
    window: Window = 200.0,
    burst_start: BurstStart = None,
    burst_end: BurstEnd = None,
    add_offset: AddOffset = False,
    stamp: Stamp = "default",
) -> None:
    """Search SPI-ACS counts on many time scales for excesses over the background.

    128 time scales from 0.05 to 30 s, windows half a window apart, signal-to-noise ratios in units of the
    scatter measured at each scale; close excesses are merged. With a trigger each excess has a probability
    to be background, by its significance and its time from the trigger. Without one, all of the records are
    searched, however long, in pieces of three hours.
    """
    from tidings.acs.long_search import PIECE, search_long
    from tidings.acs.reading import read_around, shown_bin
    from tidings.acs.search import search
    from tidings.acs.search_figure import search_figure
    from tidings.acs.search_product import describe, excess_table
    from tidings.acs.search_product import summary as summarise
    from tidings.errors import InputError
    from tidings.lightcurve.curve import make_lightcurve
    from tidings.lightcurve.reading import excluded, naming
    from tidings.output import save_figure, write_ecsv, write_json

    if shortest > longest:
        raise InputError(f"shortest {shortest:g} s is longer than longest {longest:g} s: exchange them")
    if trigger is not None and len(counts) > 1:
        raise InputError("a search around a trigger takes one record: give the file that holds it")
    reading = {"add_offset": add_offset, "stamp": stamp}
    if trigger is not None:
        reading |= {"before": before, "after": after}
    first = read_around(counts[0], trigger, **reading)
    records = [describe(first, first.epoch)]
    model = {
        "model": background,
        "order": order,
        "window": window,
        "exclude": excluded(burst_start, burst_end),
    }
    scales = {"shortest": max(shortest, first.sample), "longest": longest, "min_snr": min_snr}

    def parts():
        yield first
        for path in counts[1:]:
            part = read_around(path, None, **reading)
            records.append(describe(part, first.epoch))
            yield part

    with naming(counts[0] if len(counts) == 1 else "the records"):
        if len(counts) > 1 or first.end[-1] - first.start[0] > 2 * PIECE:
            found, statistics = search_long(parts(), **scales, **model)
        else:
            found, statistics = search(first, **scales, **model)
        best = found.scale[0] if len(found) else 1.0
        curve = make_lightcurve(
            first, shown_bin(first, best), background, order, model["exclude"], window=window
        )
    found = found.select(~found.spike) if veto else found
    interval = None if trigger is None else (float(first.start[0]), float(first.end[-1]))
    table = excess_table(found, statistics, first.epoch, interval, spikes=spikes)
    settings = {"background": model, "trigger": trigger, "spikes_counted": spikes, "spikes_dropped": veto}
    write_ecsv(table, excesses, provenance())
    write_json(summarise(records, table, statistics, first.epoch, settings), summary, provenance())
    drawing = search_figure(table, statistics, curve, name)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(acs_search))
