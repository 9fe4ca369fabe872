"""Cutouts from the viewer of the Legacy Surveys (https://www.legacysurvey.org/viewer).

``<host>/viewer/fits-cutout?ra=&dec=&size=&layer=&pixscale=&bands=``, and the same with ``jpeg-cutout`` for a
picture in colour (https://www.legacysurvey.org/dr10/description). The service makes images smaller than asked
without a word where it has a limit, and blank ones outside of the footprint; both are refused here.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from astropy.coordinates import SkyCoord

from tidings.errors import InputError
from tidings.legacy._remote import advice_for, host_of, refusal
from tidings.legacy.image import Image, image_of
from tidings.legacy.sniff import not_wanted, read_content
from tidings.remote.lock import Digest, Lock, digest_of
from tidings.remote.transfer import download

HOST_VARIABLE = "TIDINGS_LEGACYSURVEY_HOST"  # environment: another server of the same layout
PUBLIC_HOST = "https://www.legacysurvey.org"

LAYERS = {"ls-dr9": "grz", "ls-dr10": "griz"}
"""Layers of the viewer, and their bands."""

MOST_PIXELS = 3000
"""Largest size that the service's code takes; the documentation of DR10 says 512."""


class OutsideFootprint(InputError):
    """There is no image at the position."""


@dataclass(frozen=True)
class Cutout:
    """A square of the sky: its middle (deg), rows (pixels), pixel (arcsec), layer and bands."""

    ra: float
    dec: float
    size: int
    pixel: float
    layer: str
    bands: str

    @classmethod
    def of(cls, ra: float, dec: float, width: float, pixel: float, layer: str, bands: str) -> Cutout:
        """Return the cutout of a width in arcsec; `InputError` if the service cannot make it."""
        if layer not in LAYERS:
            raise InputError(f"no layer {layer!r}; there are {', '.join(LAYERS)}")
        if not bands or not set(bands) <= set(LAYERS[layer]) or len(set(bands)) < len(bands):
            raise InputError(f"bands {bands!r}: {layer} has {', '.join(LAYERS[layer])}, each once")
        size = round(width / pixel)
        if not 2 <= size <= MOST_PIXELS:
            raise InputError(
                f"{width:g} arcsec are {size} pixels of {pixel:g} arcsec: 2 to {MOST_PIXELS} can be had; "
                "change width or pixel"
            )
        return cls(round(ra, 6), round(dec, 6), size, pixel, layer, bands)

    @property
    def query(self) -> str:
        """The question as the service takes it."""
        asked = {"ra": self.ra, "dec": self.dec, "size": self.size, "layer": self.layer}
        return urlencode({**asked, "pixscale": f"{self.pixel:g}", "bands": self.bands})

    def name(self, suffix: str) -> str:
        """Name of a file, in the lock and in a folder of files put there by hand."""
        place = f"{self.ra:.6f}{self.dec:+.6f}_{self.size}x{self.pixel:g}"
        return f"legacysurvey_{self.layer}_{place}_{self.bands}.{suffix}"


def fetch_image(
    cutout: Cutout,
    path: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put a cutout (FITS) into a file, byte for byte as the service has it and the lock has recorded it.

    Parameters
    ----------
    cutout : Cutout
        What is wanted.
    path : str or Path
        Where it is put.
    lock : Lock
        Record of checksums; a new file is recorded once it has proved to be the image asked for.
    store : str or Path, optional
        Folder in which files lie that were put there by hand, as `Cutout.name`.
    host : str, optional
        Address to ask; the environment variable ``TIDINGS_LEGACYSURVEY_HOST``, else the public one.
    sleep : callable
        Called with seconds between two attempts; replaced in tests.

    Raises
    ------
    OutsideFootprint
        The image is blank.
    InputError
        The service refuses, or sends something else; the file is not the one recorded; no network.
    """
    _provide(cutout, "fits", Path(path), lock, store, host, sleep)


def fetch_picture(
    cutout: Cutout,
    path: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put the picture (JPEG) of a cutout into a file; parameters and errors are those of `fetch_image`."""
    _provide(cutout, "jpg", Path(path), lock, store, host, sleep)


def _provide(
    cutout: Cutout,
    suffix: str,
    path: Path,
    lock: Lock,
    store: str | Path | None,
    host: str | None,
    sleep: Callable[[float], None],
) -> None:
    name = cutout.name(suffix)
    key = f"legacysurvey/{name}"
    route = f"viewer/{'fits' if suffix == 'fits' else 'jpeg'}-cutout?{cutout.query}"
    check = _check_image if suffix == "fits" else _check_picture
    if store is not None and (Path(store) / name).exists():
        source = Path(store) / name
        if not lock.verify(key, source):
            check(cutout, source, str(source))
            lock.record(key, digest_of(source))
        shutil.copyfile(source, path)
        return
    url = f"{PUBLIC_HOST}/{route}"

    def inspect(part: Path, digest: Digest) -> None:
        if not lock.check(key, digest, url):
            check(cutout, part, url)

    asked = f"{host_of(HOST_VARIABLE, PUBLIC_HOST, host)}/{route}"
    try:
        digest = download(asked, path, inspect=inspect, advice=advice_for(name, store), sleep=sleep)
    except InputError as error:
        raise _explained(error, asked) from None
    lock.record(key, digest, url)


def _explained(error: InputError, url: str) -> InputError:
    # With status 500, which is tried again, or with another one.
    if "the server answers" not in str(error) and "given up" not in str(error):
        return error
    words = refusal(url)
    if "overlap" in words.lower():
        return OutsideFootprint(
            f"{url}: the position is outside of the survey's footprint (it says: {words})"
        )
    return InputError(f"{error} (it says: {words})") if words else error


def _check_image(cutout: Cutout, path: Path, source: str) -> None:
    try:
        image = image_of(read_content(path), source)
    except InputError as error:
        # The temporary name of a download is nobody's business.
        text = str(error).replace(str(path), source)
        raise (OutsideFootprint if "footprint" in text else InputError)(text) from None
    _check_field(cutout, image, source)


def _check_field(cutout: Cutout, image: Image, source: str) -> None:
    if image.shape != (cutout.size, cutout.size):
        raise InputError(
            f"{source}: has {image.shape[1]} × {image.shape[0]} pixels, not the {cutout.size} × "
            f"{cutout.size} asked for: the service has a limit; take larger pixels or a smaller width"
        )
    if "".join(image.bands) != cutout.bands:
        raise InputError(f"{source}: has the bands {''.join(image.bands)}, not {cutout.bands}")
    middle = SkyCoord(*image.centre, unit="deg")
    apart = float(middle.separation(SkyCoord(cutout.ra, cutout.dec, unit="deg")).arcsec)
    if not np.isclose(image.scale, cutout.pixel, rtol=1e-3) or apart > image.scale:
        raise InputError(
            f"{source}: is centred {apart:.1f} arcsec away with pixels of {image.scale:g} arcsec: another "
            "field than was asked for"
        )


def _check_picture(cutout: Cutout, path: Path, source: str) -> None:
    content = path.read_bytes()
    if content[:3] != b"\xff\xd8\xff":
        raise not_wanted(content, source, "a JPEG picture")
    if content.rstrip(b"\0")[-2:] != b"\xff\xd9":
        raise InputError(f"{source}: is no whole JPEG picture (it is cut off); fetch it again")
