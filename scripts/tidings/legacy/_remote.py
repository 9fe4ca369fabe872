"""What downloads of images and tables have in common: addresses, stored files, and what servers say."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

import requests

from tidings.errors import InputError
from tidings.remote.transfer import TIMEOUT

_QUOTED = 200


def host_of(variable: str, public: str, host: str | None) -> str:
    """Return the address to ask: `host`, that of the environment variable, or the public one."""
    host = (host or os.environ.get(variable) or public).rstrip("/")
    if urlsplit(host).scheme not in ("http", "https") or not urlsplit(host).netloc:
        raise InputError(f"{variable}: {host!r} is not an address such as {public}")
    return host


def advice_for(name: str, store: object | None) -> str:
    """Return where to put a file that cannot be downloaded."""
    folder = f"into {store}" if store is not None else "into a folder and name that as the store"
    return f"to work without it, put {name} {folder}"


def refusal(url: str) -> str:
    """Return what a server says with an answer that is an error, which a download does not keep."""
    try:
        with requests.get(url, timeout=TIMEOUT) as response:
            text = response.text
    except requests.exceptions.RequestException:
        return ""
    words = " ".join(re.sub(r"<[^>]*>", " ", text).split())
    return words if len(words) <= _QUOTED else words[:_QUOTED] + "…"
