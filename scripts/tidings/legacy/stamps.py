"""Stamps of candidate hosts: fetched one by one, and read again from their folder."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from astropy.table import Table, unique, vstack

from tidings.errors import InputError
from tidings.legacy.catalogue import read_catalogue
from tidings.legacy.hosts import STAMP, Host, read_hosts
from tidings.legacy.image import Image, read_image
from tidings.legacy.sources import inside, pixel_positions
from tidings.legacy.tap import Cone, NoSources, fetch_catalogue
from tidings.legacy.viewer import Cutout, OutsideFootprint, fetch_image
from tidings.remote.lock import Lock


def fetch_stamps(
    galaxies: str | Path,
    folder: str | Path,
    number: int,
    width: float,
    pixel: float,
    layer: str,
    bands: str,
    *,
    lock: Lock,
    store: str | Path | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Table:
    """Put the images of the first candidates into a folder, and return the sources around them.

    Parameters
    ----------
    galaxies : str or Path
        Table of skymap_galaxies.
    folder : str or Path
        Is made; gets ``001.fits`` and so on, by rank.
    number : int
        Of candidates.
    width, pixel : float
        Of a stamp and its pixels, arcsec.
    layer, bands : str
        As for `tidings.legacy.viewer.Cutout`.
    lock, store, sleep
        As for `tidings.legacy.viewer.fetch_image`.

    Raises
    ------
    InputError
        All candidates are outside of the footprint, or a download fails.
    """
    hosts, _ = read_hosts(galaxies, number)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    images, tables = 0, []
    for host in hosts:
        cutout = Cutout.of(host.ra, host.dec, width, pixel, layer, bands)
        try:
            fetch_image(cutout, folder / STAMP.format(rank=host.rank), lock=lock, store=store, sleep=sleep)
        except OutsideFootprint:
            continue
        images += 1
        # The viewer has the northern survey in its layer of DR10, the catalogue has not.
        with suppress(NoSources):
            tables.append(_sources(host, width / 2, layer, folder.parent, lock, store, sleep))
    if not images:
        raise InputError(
            f"{galaxies}: none of the first {len(hosts)} galaxies is in the footprint of {layer}: take "
            "another layer, or more galaxies"
        )
    if not tables:
        raise InputError(f"{galaxies}: the catalogue of {layer} has no sources around its galaxies")
    return unique(vstack(tables, metadata_conflicts="silent"), keys="ls_id")


def read_stamps(folder: str | Path, hosts: list[Host]) -> dict[int, Image]:
    """Return the images of a folder by rank.

    Raises
    ------
    InputError
        There is none, or one is damaged or of another place.
    """
    images = {}
    for host in hosts:
        path = Path(folder) / STAMP.format(rank=host.rank)
        if not path.exists():
            continue
        image = read_image(path)
        x, y = pixel_positions(image, *([value] for value in (host.ra, host.dec)))
        if not inside(image, x, y).all():
            raise InputError(
                f"{path}: does not show galaxy {host.rank} at RA {host.ra:.4f}, Dec {host.dec:.4f} deg: the "
                "stamps are of another list; fetch them again"
            )
        images[host.rank] = image
    if not images:
        raise InputError(f"{folder}: has no stamps named 001.fits and so on")
    return images


def _sources(
    host: Host,
    radius: float,
    layer: str,
    folder: Path,
    lock: Lock,
    store: str | Path | None,
    sleep: Callable[[float], None],
) -> Table:
    with tempfile.TemporaryDirectory(prefix=".tidings-", dir=folder) as temporary:
        path = Path(temporary) / "tractor.ecsv"
        cone = Cone(round(host.ra, 6), round(host.dec, 6), radius, layer.removeprefix("ls-"))
        fetch_catalogue(cone, path, lock=lock, store=store, sleep=sleep)
        return read_catalogue(path)
