"""The provenance block that a product holds, read back from every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tidings.verify.provenance import parse_block


def read_block(path: Path) -> dict[str, Any] | None:
    """Return the provenance block of a product, or None if it holds none.

    Parameters
    ----------
    path : Path
        A product; its suffix tells how to read it. Other formats than those below hold no block, or are
        written beside one that does.
    """
    reader = next((read for suffix, read in _READERS.items() if path.name.endswith(suffix)), None)
    if reader is None or path.is_dir():
        return None
    value = reader(path)
    return value if isinstance(value, dict) and "step" in value else parse_block(value)


def _json(path: Path) -> Any:
    value = json.loads(path.read_text(encoding="utf-8"))
    return value.get("provenance") if isinstance(value, dict) else None


def _ecsv(path: Path) -> Any:
    from astropy.table import Table

    return Table.read(path, format="ascii.ecsv").meta.get("provenance")


def _hdf5(path: Path) -> Any:
    import h5py

    with h5py.File(path) as file:
        return file.attrs.get("provenance")


def _fits(path: Path) -> Any:
    from astropy.io import fits

    from tidings.fits import PROVENANCE

    return fits.getheader(path, 0).get(PROVENANCE)


def _png(path: Path) -> Any:
    from PIL import Image

    with Image.open(path) as picture:
        return picture.info.get("Description")


_READERS: dict[str, Callable[[Path], Any]] = {
    ".json": _json,
    ".ecsv": _ecsv,
    ".hdf5": _hdf5,
    ".fits": _fits,
    ".fits.gz": _fits,
    ".png": _png,
}
