"""Manifests in the form of sha256sum."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from tidings.crate.recorded import sha256
from tidings.errors import InputError

NAME = "manifest-sha256.txt"
_LINE = re.compile(r"([0-9a-f]{64}) [ *](.+)")


def manifest_text(content: Mapping[str, Path | bytes]) -> str:
    """Return the manifest of files by name; links have no bytes of their own and are left out."""
    listed = sorted(
        name for name, value in content.items() if isinstance(value, bytes) or not value.is_symlink()
    )
    return "".join(f"{digest(content[name])}  {name}\n" for name in listed)


def digest(value: Path | bytes) -> str:
    """Return the SHA-256 of bytes or a file."""
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    return sha256(value)


def parse_manifest(text: str, source: str) -> dict[str, str]:
    """Return digests by name.

    Raises
    ------
    InputError
        A line is not of the form, or a name stands twice; `source` and the line are named.
    """
    made: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.fullmatch(line)
        if found is None or found[2] in made:
            raise InputError(f"{source}: line {number} is not '<sha256>  <name>', or repeats a name")
        made[found[2]] = found[1]
    return made
