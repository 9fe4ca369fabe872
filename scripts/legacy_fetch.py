"""Image of the Legacy Surveys from their viewer."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.legacy.parameters import Dec, Layer, LockFile, Pixel, Ra, Store
from tidings.step import Out, Param, main


def legacy_fetch(
    image: Annotated[Path, Out("image.fits", "Image, byte for byte as the viewer makes it", format="fits")],
    picture: Annotated[Path, Out("picture.jpg", "The viewer's picture of it in colour")],
    *,
    ra: Ra,
    dec: Dec,
    layer: Layer = "ls-dr9",
    bands: Annotated[str, Param("Bands, one letter each: g, r, z; DR10 has i")] = "grz",
    width: Annotated[float, Param("Width and height of the image", unit="arcsec", min=1, max=3600)] = 360.0,
    pixel: Pixel = 1.0,
    store: Store = None,
    lock: LockFile = Path("config/remote.lock.json"),
) -> None:
    """Fetch an image of a square of the sky, and the picture of it, and check them against the record.

    Blank images (outside of the footprint), images of another size or place, and web pages in their stead are
    refused. Another server of the same layout is asked if TIDINGS_LEGACYSURVEY_HOST names one.
    """
    from tidings.legacy.viewer import Cutout, fetch_image, fetch_picture
    from tidings.remote.lock import Lock

    cutout = Cutout.of(ra, dec, width, pixel, layer, bands)
    fetch_image(cutout, image, lock=Lock(lock), store=store)
    fetch_picture(cutout, picture, lock=Lock(lock), store=store)


if __name__ == "__main__":
    raise SystemExit(main(legacy_fetch))
