"""Tractor catalogue of the Legacy Surveys from the Astro Data Lab."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.legacy.parameters import Dec, LockFile, Ra, Release, Store
from tidings.step import Out, Param, main


def legacy_tractor_fetch(
    catalogue: Annotated[Path, Out("tractor.ecsv", "Sources in the circle", format="ecsv")],
    *,
    ra: Ra,
    dec: Dec,
    radius: Annotated[float, Param("Radius of the circle", unit="arcsec", min=1, max=3600)] = 180.0,
    release: Release = "dr9",
    store: Store = None,
    lock: LockFile = Path("config/remote.lock.json"),
) -> None:
    """Fetch the sources in a circle by TAP, and check their rows against the record.

    Error documents and error pages are told in the service's own words. Another server of the same layout is
    asked if TIDINGS_DATALAB_HOST names one.
    """
    from tidings.legacy.tap import Cone, fetch_catalogue
    from tidings.remote.lock import Lock

    fetch_catalogue(Cone(ra, dec, radius, release), catalogue, lock=Lock(lock), store=store)


if __name__ == "__main__":
    raise SystemExit(main(legacy_tractor_fetch))
