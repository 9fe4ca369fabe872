"""Images and Tractor sources of the first candidate hosts of an event."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.legacy.parameters import Layer, LockFile, Pixel, Store
from tidings.step import In, Out, Param, main


def legacy_stamps_fetch(
    galaxies: Annotated[Path, In("Galaxies, as skymap_galaxies ranks them", format="ecsv")],
    stamps: Annotated[Path, Out("stamps", "Images, named after the ranks", directory=True)],
    catalogue: Annotated[Path, Out("stamps_tractor.ecsv", "Sources in all of them", format="ecsv")],
    *,
    number: Annotated[int, Param("Number of candidates, the best first", min=1, max=100)] = 12,
    layer: Layer = "ls-dr10",
    bands: Annotated[str, Param("Bands, one letter each: g, r, z; DR10 has i")] = "grz",
    width: Annotated[float, Param("Width of a stamp", unit="arcsec", min=5, max=600)] = 60.0,
    pixel: Pixel = 0.5,
    store: Store = None,
    lock: LockFile = Path("config/remote.lock.json"),
) -> None:
    """Fetch a stamp and the catalogue around each candidate, and check them against the record.

    Candidates outside of the footprint have no stamp; it is an error only if all are. Other servers of the
    same layouts are asked if TIDINGS_LEGACYSURVEY_HOST and TIDINGS_DATALAB_HOST name them.
    """
    from tidings.legacy.stamps import fetch_stamps
    from tidings.output import write_ecsv
    from tidings.remote.lock import Lock

    found = fetch_stamps(galaxies, stamps, number, width, pixel, layer, bands, lock=Lock(lock), store=store)
    write_ecsv(found, catalogue)


if __name__ == "__main__":
    raise SystemExit(main(legacy_stamps_fetch))
