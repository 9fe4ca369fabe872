"""Which archives answer."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

WAIT = 5.0  # s for a connection
# Variable that names another server, and the public one, by reduction.
ARCHIVES: Mapping[str, tuple[str, str]] = {
    "gw": ("TIDINGS_GWOSC_HOST", "https://gwosc.org"),
    "acs": ("TIDINGS_INTEGRAL_HOST", "https://www.astro.unige.ch"),
    "skymap": ("TIDINGS_SKYMAP_HOST", "https://gracedb.ligo.org"),
    "legacy": ("TIDINGS_LEGACYSURVEY_HOST", "https://www.legacysurvey.org"),
}


def address(archive: tuple[str, str]) -> str:
    """Return the address of an archive: of the server that its variable names, else the public one."""
    variable, public = archive
    return os.environ.get(variable) or public


def answering() -> frozenset[str]:
    """Return the reductions whose archives accept connections."""
    return frozenset(name for name, archive in ARCHIVES.items() if reachable(address(archive)))


def reachable(host: str) -> bool:
    """Tell whether a server accepts connections.

    Parameters
    ----------
    host : str
        Its address, http or https.
    """
    parts = urlsplit(host)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        with socket.create_connection((parts.hostname or "", port), timeout=WAIT):
            return True
    except OSError:
        return False
