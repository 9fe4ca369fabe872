"""What a file is, before anybody reads it: FITS, JSON, text, or a web page in place of them."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from tidings.errors import InputError

_QUOTED = 120


def read_content(path: str | Path) -> bytes:
    """Return the content of a file, unpacked if it is packed with gzip.

    Raises
    ------
    InputError
        It cannot be read, is empty, or damaged.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(f"{path}: is no whole gzip file ({error}); fetch it again") from None
    if not content.strip():
        raise InputError(f"{path}: is empty; fetch it again")
    return content


def kind_of(content: bytes) -> str:
    """Return "fits", "json", "html", "xml" or "text"."""
    if content[:6] == b"SIMPLE":
        return "fits"
    head = content[:1000].lstrip().lower()
    if head.startswith(b"{"):
        return "json"
    if head.startswith((b"<!doctype html", b"<html")) or b"<html" in head:
        return "html"
    return "xml" if head.startswith(b"<") else "text"


def not_wanted(content: bytes, source: str, wanted: str) -> InputError:
    """Return the error for a file that is something else than is wanted, with its first words."""
    what = "is a web page" if kind_of(content) == "html" else "is something else"
    words = " ".join(content[:2000].decode("utf-8", errors="replace").split())
    words = words if len(words) <= _QUOTED else words[:_QUOTED] + "…"
    return InputError(f"{source}: {what}, not {wanted}: {words}")
