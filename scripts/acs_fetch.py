"""SPI-ACS counts around a time from the public service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Out, Param, Record, main


def acs_fetch(
    counts: Annotated[Path, Out("counts.txt", "Counts of 50 ms, as the service gives them", format="txt")],
    position: Annotated[
        Path, Out("position.txt", "Position of the spacecraft: RA, Dec (deg), km; errors below", format="txt")
    ],
    *,
    trigger: Annotated[
        str, Param("Time wanted: GPS seconds, ISO, MJD or JD with its scale (UTC unless given)")
    ],
    half_width: Annotated[
        float, Param("Length of the interval on either side", unit="s", min=1, max=100000)
    ] = 300.0,
    form: Annotated[
        Literal["genlc", "ipnlc"], Param("Form of the text: with IJD, or that of the Interplanetary Network")
    ] = "genlc",
    store: Annotated[
        Path | None, In("Folder with files that need not be downloaded again", directory=True)
    ] = None,
    lock: Annotated[
        Path, Record("Checksums of remote files: new files are recorded, known ones compared")
    ] = Path("config/remote.lock.json"),
) -> None:
    """Fetch SPI-ACS counts around a time, and the spacecraft's position, and check them against the record.

    What the service says instead of counts (no data near perigee, shield off, time in the future) is told.
    Another server of the same layout is asked if TIDINGS_INTEGRAL_HOST names one.
    """
    from tidings.acs.service import Question, fetch_counts, fetch_position
    from tidings.remote.lock import Lock
    from tidings.times import parse_time

    question = Question(parse_time(trigger), half_width, form)
    record = Lock(lock)
    fetch_counts(question, counts, lock=record, store=store)
    fetch_position(question, position, lock=record, store=store)


if __name__ == "__main__":
    raise SystemExit(main(acs_fetch))
