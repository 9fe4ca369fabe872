"""ISGRI events of a science window from the public archives."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Out, Param, Record, main, provenance


def isgri_fetch(
    events: Annotated[
        Path,
        Out("isgri_events.fits.gz", "Event file of the science window, as archived", format="fits"),
    ],
    *,
    swid: Annotated[str, Param("Identifier of the science window, 12 digits")],
    archive: Annotated[
        Literal["isdc", "heasarc"], Param("Archive to ask: the ISDC, or its mirror at HEASARC")
    ] = "isdc",
    near_real_time: Annotated[
        bool, Param("Take the near-real-time version when there is no consolidated one yet")
    ] = False,
    store: Annotated[
        Path | None, In("Folder with files that need not be downloaded again", directory=True)
    ] = None,
    lock: Annotated[
        Path, Record("Checksums of remote files: new files are recorded, known ones compared")
    ] = Path("config/remote.lock.json"),
) -> None:
    """Fetch the ISGRI events of one science window, and check them against the record.

    The file is read to its end: a page of HTML, a file cut off, or one of another window is refused. For an
    aborted window, whose group file lists no events, a FITS file without events is made that says so
    (ABORTED = T), which the next step passes over. Another server of the same layout is asked if
    TIDINGS_INTEGRAL_ARCHIVE names one.
    """
    from tidings.isgri.archive import fetch_events
    from tidings.remote.lock import Lock

    fetch_events(
        swid,
        events,
        lock=Lock(lock),
        archive=archive,
        near_real_time=near_real_time,
        store=store,
        provenance=provenance(),
    )


if __name__ == "__main__":
    raise SystemExit(main(isgri_fetch))
