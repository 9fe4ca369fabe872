"""SPI-ACS light curves from the public service of the University of Geneva.

The service (https://github.com/volodymyrss/integral-spi-acs-data) cuts counts of 50 ms around a time out of
the archive, at ``<host>/api/v1.0/genlc/ACS/<UTC>/<half-width in s>`` and ``.../ipnlc/<UTC>/<half-width>``,
and tells where the spacecraft was, at ``.../ephs/<UTC>``.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import requests

from tidings.acs._counts_text import unquoted
from tidings.acs._service_words import explain
from tidings.acs.counts import read_counts
from tidings.errors import InputError
from tidings.remote.lock import Digest, Lock, digest_of
from tidings.remote.transfer import TIMEOUT, download
from tidings.times import utc_iso

HOST_VARIABLE = "TIDINGS_INTEGRAL_HOST"  # environment: another server of the same layout
PUBLIC_HOST = "https://www.astro.unige.ch/mmoda/dispatch-data/gw/integralhk"


@dataclass(frozen=True)
class Question:
    """A time (GPS s), a half-width (s) and the form of the answer."""

    gps: float
    half_width: float
    form: Literal["genlc", "ipnlc"] = "genlc"

    @property
    def utc(self) -> str:
        """The time as the service takes it."""
        return utc_iso(self.gps, 3)

    @property
    def name(self) -> str:
        """Name of the file of counts, in the lock and in a folder of files put there by hand."""
        return f"spiacs_{self.form}_{self.utc.replace(':', '')}_{self.half_width:g}.txt"

    @property
    def position_name(self) -> str:
        """Name of the file of the spacecraft's position."""
        return f"integral_ephs_{self.utc.replace(':', '')}.txt"


def fetch_counts(
    question: Question,
    path: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put the counts around a time into a file, which must be what the lock has recorded.

    Parameters
    ----------
    question : Question
        What is wanted.
    path : str or Path
        Where the answer is put.
    lock : Lock
        Record of checksums; a new file is recorded, once it has proved to hold counts.
    store : str or Path, optional
        Folder in which files lie that were put there by hand, as `Question.name`.
    host : str, optional
        Address to ask; the environment variable ``TIDINGS_INTEGRAL_HOST``, else the public one.
    sleep : callable
        Called with seconds between two attempts; replaced in tests.

    Raises
    ------
    InputError
        The service has no data for the time, or says why it gives none; the file is not the one recorded; no
        network, with the name of the file and the folder to put it in.
    """
    place = f"{question.utc}/{question.half_width:g}"
    route = f"genlc/ACS/{place}" if question.form == "genlc" else f"ipnlc/{place}"

    def check(file: Path, source: str) -> None:
        _check_counts(file, source, question)

    _provide(question.name, route, Path(path), check, lock, store, host, sleep)


def fetch_position(
    question: Question,
    path: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put the spacecraft's position at a time (RA and Dec in deg, km; their errors below) into a file.

    Parameters and errors are those of `fetch_counts`.
    """
    _provide(
        question.position_name, f"ephs/{question.utc}", Path(path), _check_position, lock, store, host, sleep
    )


def _provide(
    name: str,
    route: str,
    path: Path,
    check: Callable[[Path, str], None],
    lock: Lock,
    store: str | Path | None,
    host: str | None,
    sleep: Callable[[float], None],
) -> None:
    """One file in its place: from the store, or downloaded."""
    key, url = f"integral/{name}", f"{PUBLIC_HOST}/api/v1.0/{route}"
    if store is not None and (Path(store) / name).exists():
        source = Path(store) / name
        if not lock.verify(key, source):
            check(source, str(source))
            lock.record(key, digest_of(source))
        shutil.copyfile(source, path)
        return

    def inspect(part: Path, digest: Digest) -> None:
        try:
            if not lock.check(key, digest, url):
                check(part, url)
        except InputError as error:
            # An answer without counts is not a file that has changed.
            raise InputError(_why(part, url) or str(error)) from None

    asked = f"{_host(host)}/api/v1.0/{route}"
    folder = f"into {store}" if store is not None else "into a folder and name that as the store"
    advice = f"to work without it, put {name} {folder}"
    try:
        digest = download(asked, path, inspect=inspect, advice=advice, sleep=sleep)
    except InputError as error:
        if "the server answers" not in str(error):
            raise
        raise InputError(_refusal(asked) or str(error)) from None
    lock.record(key, digest, url)


def _host(host: str | None) -> str:
    host = (host or os.environ.get(HOST_VARIABLE) or PUBLIC_HOST).rstrip("/")
    if urlsplit(host).scheme not in ("http", "https") or not urlsplit(host).netloc:
        raise InputError(f"{HOST_VARIABLE}: {host!r} is not an address such as {PUBLIC_HOST}")
    return host


def _why(part: Path, url: str) -> str | None:
    """What an answer with no counts in it means."""
    text = unquoted(part.read_bytes().decode("utf-8", errors="replace"))
    words = explain(text) if len(text) < 8000 else None
    return f"{url}: {words}" if words else None


def _refusal(url: str) -> str | None:
    """What the service says when it answers with an error, which a download does not keep."""
    try:
        with requests.get(url, timeout=TIMEOUT) as response:
            words = explain(unquoted(response.text)) if response.status_code in (400, 404, 422) else None
    except requests.exceptions.RequestException:
        return None
    return f"{url}: {words}" if words else None


def _check_counts(path: Path, source: str, question: Question) -> None:
    try:
        counts = read_counts(path)
    except InputError as error:
        raise InputError(str(error).replace(str(path), source)) from None
    if counts.origin != question.form:
        raise InputError(f"{source}: is {counts.origin}, not {question.form}")
    start, end = counts.epoch + counts.start[0], counts.epoch + counts.end[-1]
    if not (start < question.gps + question.half_width and end > question.gps - question.half_width):
        raise InputError(
            f"{source}: holds counts from {utc_iso(start, 1)} to {utc_iso(end, 1)} UTC, not around "
            f"{question.utc}: ask again"
        )


def _check_position(path: Path, source: str) -> None:
    text = unquoted(path.read_bytes().decode("utf-8", errors="replace"))
    try:
        ra, dec, distance = (float(word) for word in text.split()[:3])
        fits = 0 <= ra <= 360 and -90 <= dec <= 90 and 6000 < distance < 400000
    except ValueError:
        fits = False
    if not fits:
        words = explain(text) or "is no position (RA and Dec in deg, distance in km)"
        raise InputError(f"{source}: {words}")
