"""Opening FITS files that may be damaged, or something else."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from astropy.io import fits

from tidings.errors import InputError


def is_fits(path: Path) -> bool:
    """Whether a file begins as FITS does, or as gzip."""
    try:
        with open(path, "rb") as stream:
            start = stream.read(6)
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    return start == b"SIMPLE" or start[:2] == b"\x1f\x8b"


@contextmanager
def open_fits(path: Path) -> Iterator[fits.HDUList]:
    """Open a FITS file; one that is damaged is an InputError that names it."""
    try:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            hdus = fits.open(path, memmap=False, lazy_load_hdus=False)
        with hdus:
            if any("truncated" in str(warning.message) for warning in told):
                raise InputError(f"{path}: is no whole FITS file (it is cut off); fetch it again")
            yield hdus
    except InputError:
        raise
    except (OSError, ValueError, TypeError, KeyError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: is no whole FITS file ({reason}); fetch it again") from None
