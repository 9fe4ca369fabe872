"""Strain files of one detector from the Gravitational Wave Open Science Center."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.gw.parameters import T1, T2, After, Before, Detector, EventName
from tidings.step import In, Out, Param, Record, main

# The spectrum and the filters need data on either side of what is shown [s].
CONTEXT = 2.0


def gw_fetch(
    strain: Annotated[
        Path, Out("strain", "The strain files, under their names in the archive", directory=True)
    ],
    table: Annotated[Path, Out("event.tsv", "Name and GPS time of the event", format="tsv")],
    *,
    detector: Detector,
    event: EventName = None,
    before: Before = 1.0,
    after: After = 1.0,
    T1: T1 = None,
    T2: T2 = None,
    margin: Annotated[
        float, Param("Least length wanted on either side, for the noise spectrum", unit="s", min=2, max=4096)
    ] = 15.0,
    rate: Annotated[Literal["4096", "16384"], Param("Sample rate in Hz")] = "4096",
    store: Annotated[
        Path | None, In("Folder with strain files that need not be downloaded again", directory=True)
    ] = None,
    lock: Annotated[
        Path, Record("Checksums of remote files: new files are recorded, known ones compared")
    ] = Path("config/remote.lock.json"),
) -> None:
    """Fetch the strain files around an event from GWOSC, and check them against the recorded checksums.

    Events before GWTC-4.0 have files of 32 s; for later ones the files of the observing run (4096 s, some
    130 MB) are fetched. Another server of the same layout is asked if TIDINGS_GWOSC_HOST names one.
    """
    from tidings.gw.gwosc import fetch
    from tidings.gw.window import find_window, known_event, write_event_table
    from tidings.remote.lock import Lock

    name = event
    known = known_event(event) if event else None
    if T1 or not event:
        window = find_window(None, before, after, T1, T2)
        before = after = (window.end - window.start) / 2
        question, gps = window.start + before, None
    else:
        # With a built-in event's time, files that were put in the store by hand are found offline.
        question = known.gps if known and not known.name else event
        gps = known.gps if known else None
    strain.mkdir()
    found = fetch(
        question,
        detector,
        strain,
        lock=Lock(lock),
        store=store,
        before=max(margin, before + CONTEXT),
        after=max(margin, after + CONTEXT),
        sample_rate=int(rate),
        gps=gps,
    )
    write_event_table(table, name or found.event, found.gps)


if __name__ == "__main__":
    raise SystemExit(main(gw_fetch))
