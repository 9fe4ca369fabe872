"""POLAR light curve around a time from the light-curve service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Out, Param, Record, main


def polar_fetch(
    counts: Annotated[
        Path, Out("counts.json", "Rates and bins of the service's answer, and nothing else", format="json")
    ],
    *,
    catalogue: Annotated[
        Path | None, In("Catalogue of bursts, for a trigger that is a name", format="csv")
    ] = None,
    trigger: Annotated[
        str,
        Param("Time wanted: name of a burst, GPS seconds, ISO, MJD or JD with its scale (UTC unless given)"),
    ],
    before: Annotated[float, Param("Length before it", unit="s", min=0.1, max=10000)] = 50.0,
    after: Annotated[float, Param("Length after it", unit="s", min=0.1, max=10000)] = 150.0,
    time_bin: Annotated[float, Param("Bin width", unit="s", min=0.001, max=1000)] = 0.5,
    energy_min: Annotated[float, Param("Lowest energy", unit="keV", min=0, max=1000)] = 50.0,
    energy_max: Annotated[float, Param("Highest energy", unit="keV", min=1, max=10000)] = 500.0,
    store: Annotated[
        Path | None, In("Folder with answers that need not be downloaded again", directory=True)
    ] = None,
    lock: Annotated[
        Path, Record("Checksums of remote files: new files are recorded, known ones compared")
    ] = Path("config/remote.lock.json"),
) -> None:
    """Fetch a light curve of POLAR, and check its numbers against the record.

    The service has no public address: TIDINGS_POLAR_HOST names it. Its answers hold a ROOT file with the date
    of its making; what is kept and recorded are the numbers. What it says instead of rates is told.
    """
    from tidings.polar.bursts import trigger_of
    from tidings.polar.service import Question, fetch_lightcurve
    from tidings.remote.lock import Lock

    zero = trigger_of(trigger, catalogue)
    # Whole bins from a whole second on, so that the same burst gives the same question.
    question = Question(round(zero - before), round(zero + after), time_bin, energy_min, energy_max)
    fetch_lightcurve(question, counts, lock=Lock(lock), store=store)


if __name__ == "__main__":
    raise SystemExit(main(polar_fetch))
