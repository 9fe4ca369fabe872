"""Sky map of an event from GraceDB, LIGO's document centre, Zenodo, Fermi-GBM, or any address."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Out, Param, Record, main, provenance


def skymap_fetch(
    skymap: Annotated[
        Path, Out("skymap.fits", "The map, byte for byte as the archive has it", format="fits")
    ],
    about: Annotated[
        Path, Out("event.json", "Where it is from, its checksum, and what the archive says", format="json")
    ],
    *,
    event: Annotated[
        str | None,
        Param(
            "Superevent (S190425z), event (GW170817, GW200129_065458) or trigger of Fermi-GBM (bn170817529)"
        ),
    ] = None,
    file: Annotated[
        str | None,
        Param(
            "Name of the file at GraceDB, newest version unless ',version' follows, or pattern of the name "
            "in a release; when not given the best map: parameter estimation before the rapid localisation"
        ),
    ] = None,
    archive: Annotated[
        Literal["none", "GWTC-2.1", "GWTC-3.0", "GWTC-4.0", "GWTC-5.0"],
        Param("Release at Zenodo to take the map from; its file is of some GB"),
    ] = "none",
    url: Annotated[str | None, Param("Address of a map, instead of an event")] = None,
    store: Annotated[
        Path | None, In("Folder with files that need not be downloaded again", directory=True)
    ] = None,
    lock: Annotated[
        Path, Record("Checksums of remote files: new files are recorded, known ones compared")
    ] = Path("config/remote.lock.json"),
) -> None:
    """Fetch the sky map of an event, and check it against the recorded checksum.

    A new file is recorded only if it is a whole sky map. Another server of the same layouts is asked if
    TIDINGS_SKYMAP_HOST names one.
    """
    from tidings.output import write_json
    from tidings.remote.lock import Lock
    from tidings.skymap.archive import Request, fetch_map

    request = Request(event, url, file, None if archive == "none" else archive)
    facts = fetch_map(request, skymap, lock=Lock(lock), store=store)
    write_json(facts, about, provenance())


if __name__ == "__main__":
    raise SystemExit(main(skymap_fetch))
