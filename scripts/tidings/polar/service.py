"""POLAR light curves from the light-curve service of its back end.

The service (https://github.com/oda-hub/dispatcher-plugin-polar) bins the photons of an interval and an energy
range, at ``<host>/api/v1.0/lightcurve/?time_start=&time_stop=&time_bin=&energy_min=&energy_max=``, in unix
seconds and keV. It stands behind the portal MMODA and has no public address of its own, so that the
environment must name one.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tidings.errors import InputError
from tidings.lightcurve.monitor import POLAR
from tidings.output import write_bytes
from tidings.polar.answer import Answer, canonical, parse_answer
from tidings.polar.unix_time import gps_to_unix
from tidings.remote.lock import Digest, Lock, digest_of
from tidings.remote.transfer import download
from tidings.times import utc_iso

HOST_VARIABLE = "TIDINGS_POLAR_HOST"  # environment: the address of the service
_MOST_BINS = 1_000_000


@dataclass(frozen=True)
class Question:
    """An interval (GPS s), a bin width (s) and an energy range (keV)."""

    start: float
    stop: float
    time_bin: float
    energy_min: float
    energy_max: float

    @property
    def query(self) -> str:
        """The question as the service takes it."""
        start, stop = (f"{gps_to_unix(gps):.3f}" for gps in (self.start, self.stop))
        return urlencode(
            {
                "time_start": start,
                "time_stop": stop,
                "time_bin": f"{self.time_bin:g}",
                "energy_min": f"{self.energy_min:g}",
                "energy_max": f"{self.energy_max:g}",
            }
        )

    @property
    def name(self) -> str:
        """Name of the file, in the lock and in a folder of files put there by hand."""
        start = utc_iso(self.start, 3).replace(":", "")
        span = f"{self.stop - self.start:.3f}".rstrip("0").rstrip(".")
        return f"polar_{start}_{span}_{self.time_bin:g}_{self.energy_min:g}-{self.energy_max:g}keV.json"

    def check(self) -> None:
        """Refuse what the service cannot answer."""
        if not self.energy_min < self.energy_max:
            raise InputError(
                f"energy_min {self.energy_min:g} keV is not below energy_max {self.energy_max:g} keV"
            )
        if self.start < POLAR.earliest or self.stop > POLAR.latest:
            raise InputError(
                f"{utc_iso(self.start, 1)} to {utc_iso(self.stop, 1)} UTC is not within {POLAR.mission}"
            )
        if not 1 <= (self.stop - self.start) / self.time_bin <= _MOST_BINS:
            raise InputError(
                f"{self.stop - self.start:g} s are no whole bin of {self.time_bin:g} s, or more than "
                f"{_MOST_BINS} of them: change time_bin or the interval"
            )


def fetch_lightcurve(
    question: Question,
    path: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put the light curve of an interval into a file, whose numbers must be those the lock has recorded.

    Parameters
    ----------
    question : Question
        What is wanted.
    path : str or Path
        Where it is put: `tidings.polar.answer.canonical` of the answer.
    lock : Lock
        Record of checksums.
    store : str or Path, optional
        Folder in which answers lie that were put there by hand, as `Question.name`.
    host : str, optional
        Address of the service; the environment variable ``TIDINGS_POLAR_HOST`` when not given.
    sleep : callable
        Called with seconds between two attempts; replaced in tests.

    Raises
    ------
    InputError
        No address; the service fails or says why; the light curve is not the one recorded.
    """
    question.check()
    path, key = Path(path), f"polar/{question.name}"
    kept = Path(store) / question.name if store is not None else None
    if kept is not None and kept.exists():
        text = _accept(kept, str(kept), question)
        url = None
    else:
        url = f"{_host(host, question.name, store)}/api/v1.0/lightcurve/?{question.query}"
        text = _ask(url, question, path.parent, sleep)
    write_bytes(path, text.encode())
    digest: Digest = digest_of(path)
    lock.check(key, digest, url or str(kept))
    lock.record(key, digest, url)


def _ask(url: str, question: Question, folder: Path, sleep: Callable[[float], None]) -> str:
    with tempfile.TemporaryDirectory(prefix=".tidings-", dir=folder) as temporary:
        part = Path(temporary) / "answer.json"
        download(url, part, sleep=sleep)
        return _accept(part, url, question)


def _accept(path: Path, source: str, question: Question) -> str:
    text = path.read_bytes().decode("utf-8", errors="replace")
    answer = parse_answer(text, source)
    _covers(answer, source, question)
    return canonical(answer)


def _covers(answer: Answer, source: str, question: Question) -> None:
    first, last = (gps_to_unix(gps) for gps in (question.start, question.stop))
    if not (answer.time[0] < last and answer.time[-1] > first):
        raise InputError(
            f"{source}: holds unix times {answer.time[0]:.1f} to {answer.time[-1]:.1f}, not those asked for, "
            f"{first:.1f} to {last:.1f}: ask again"
        )


def _host(host: str | None, name: str, store: str | Path | None) -> str:
    host = (host or os.environ.get(HOST_VARIABLE) or "").rstrip("/")
    folder = f"into {store}" if store is not None else "into a folder and name that as the store"
    if not host:
        raise InputError(
            f"the light-curve service of POLAR has no public address: name it in {HOST_VARIABLE}, or take "
            "the ROOT file from the portal MMODA and give it as counts; to use an answer of the service, put "
            f"it as {name} {folder}"
        )
    if urlsplit(host).scheme not in ("http", "https") or not urlsplit(host).netloc:
        raise InputError(f"{HOST_VARIABLE}: {host!r} is not an address such as https://example.org/polar")
    return host
