"""What the archive of the Gravitational Wave Open Science Center has, asked through its client."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import requests
import tenacity  # the client's own dependency: tenacity.RetryError is what it raises in the end
from gwosc.api import v2 as api
from requests.adapters import HTTPAdapter

from tidings.errors import InputError
from tidings.remote.transfer import Unreachable, no_connection

PUBLIC_HOST = "https://gwosc.org"
_PUBLIC_NAMES = {"gwosc.org", "www.gwosc.org", "gw-openscience.org", "www.gw-openscience.org"}
RATE_NAMES = {4096: ("4", "4KHZ"), 16384: ("16", "16KHZ")}  # in file names, by sample rate in Hz
_ATTEMPTS = 4  # at a question whose connection breaks; the client itself repeats busy answers
_MOST = 10_000  # results; a list that goes on and on is not a list
_FIRST_GPS = 1e8  # s; smaller numbers are names (the first data, S5, are of 8e8)
_EVENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@+-]*")
_DETECTOR = re.compile(r"[A-Z][0-9]")
_FILE = re.compile(r"[A-Z]+-\w+-(?P<start>\d+)-(?P<duration>\d+)\.(?:hdf5|gwf)")
_STRAIN = re.compile(
    r"[A-Z]-(?P<detector>[A-Z]\d)_(?:LOSC|GWOSC)_(?:\w+_)?(?P<rate>4|16|4KHZ|16KHZ)_[RV](?P<issue>\d+)-.*"
)


@dataclass(frozen=True)
class StrainFile:
    """One strain file; `start` is GPS and `duration` s. `url` is None for one that a user supplied."""

    name: str
    url: str | None
    start: int
    duration: int

    @property
    def end(self) -> int:
        """GPS time at which the file ends."""
        return self.start + self.duration

    @classmethod
    def named(cls, name: str, url: str | None) -> StrainFile | None:
        """The file behind a name of LIGO-T050017 (`…-START-DURATION.hdf5`), or None for another name."""
        match = _FILE.fullmatch(name)
        return cls(name, url, int(match["start"]), int(match["duration"])) if match else None


@dataclass(frozen=True)
class Located:
    """An event (or GPS time) and the strain files that cover the span wanted around it.

    `event` is what was asked for, `release` the event version that answered ("GW150914-v3"; None when the
    files are those of an observing run asked for by GPS time), `gps` the time of the event in s.
    """

    event: str
    gps: float
    release: str | None
    files: tuple[StrainFile, ...]


def _gps(event: str | float) -> float | None:
    """The GPS time that is meant, or None for a name; marginal events have names such as "151012.2"."""
    if not isinstance(event, str):
        return float(event)
    with suppress(ValueError):
        return float(event) if float(event) >= _FIRST_GPS else None
    return None


@dataclass(frozen=True)
class Question:
    """Which strain, around what, how much of it.

    `gps` is the time as far as it is known without the archive; `by_time` says that it is the question.
    """

    event: str
    detector: str
    before: float
    after: float
    sample_rate: int
    gps: float | None
    by_time: bool

    @classmethod
    def of(
        cls,
        event: str | float,
        detector: str,
        before: float,
        after: float,
        sample_rate: int,
        gps: float | None = None,
    ) -> Question:
        """Check the parts of a question; `InputError` names the one that is wrong."""
        if not _DETECTOR.fullmatch(detector):
            raise InputError(f"strain files: unknown detector {detector!r}; give a prefix: H1, L1, V1, …")
        if sample_rate not in RATE_NAMES:
            raise InputError(f"strain files: sample rate {sample_rate} Hz is not published: 4096 or 16384")
        if not (before >= 0 and after >= 0 and 0 < before + after < math.inf):
            raise InputError(f"strain files: nothing lies between {before} s before and {after} s after")
        asked = _gps(event)
        if asked is None and not _EVENT.fullmatch(str(event)):
            raise InputError(f"unknown event {event!r}: neither an event name nor a GPS time in s")
        if asked is None:
            return cls(str(event), detector, before, after, sample_rate, gps, False)
        if not (math.isfinite(asked) and asked > 0):
            raise InputError(f"strain files: {event} is not a GPS time in s")
        return cls(repr(asked).removesuffix(".0"), detector, before, after, sample_rate, asked, True)

    @property
    def key(self) -> str:
        """Name of the question in the lock."""
        return f"gw/{self.event}/{self.detector}/{RATE_NAMES[self.sample_rate][1]}"

    def span(self, gps: float) -> tuple[float, float]:
        """GPS start and end of what is wanted around a time."""
        return gps - self.before, gps + self.after

    def fits(self, name: str) -> bool:
        """Whether a GWOSC file name is of this detector and sample rate."""
        match = _STRAIN.fullmatch(name)
        return bool(
            match and match["detector"] == self.detector and match["rate"] in RATE_NAMES[self.sample_rate]
        )

    def __str__(self) -> str:
        kind = f"{RATE_NAMES[self.sample_rate][0]} kHz strain of {self.detector}"
        if self.gps is None:
            return f"{kind} from {self.before:g} s before {self.event} to {self.after:g} s after it"
        start, end = self.span(self.gps)
        return f"{kind} from GPS {start:.2f} to {end:.2f}"


def cover(files: Iterable[StrainFile], start: float, end: float) -> tuple[StrainFile, ...] | None:
    """The shortest file that holds a span, else as few as hold it together, else None.

    Of files that serve equally the newest issue (`_R2-` before `_R1-`) is taken. Files of different kinds
    (runs, issues, cleaned or not) are never put together: their calibration differs.
    """
    ordered = sorted(files, key=lambda file: (file.duration, -_issue(file.name), file.name))
    for file in ordered:
        if file.start <= start and file.end >= end:
            return (file,)
    kinds: dict[str, list[StrainFile]] = {}
    for file in ordered:
        kinds.setdefault(file.name.split("-")[1], []).append(file)
    chains = (_chain(kind, start, end) for kind in kinds.values())
    return min((chain for chain in chains if chain), key=len, default=None)


def _chain(files: list[StrainFile], start: float, end: float) -> tuple[StrainFile, ...] | None:
    """From each end reached, the file that leads farthest."""
    chosen: list[StrainFile] = []
    while not chosen or chosen[-1].end < end:
        reached = chosen[-1].end if chosen else start
        following = [file for file in files if file.start <= reached < file.end]
        if not following:
            return None
        chosen.append(max(following, key=lambda file: file.end))
    return tuple(chosen)


def _issue(name: str) -> int:
    match = _STRAIN.fullmatch(name)
    return int(match["issue"]) if match else 0


def ask(question: Question, format: str, host: str, sleep: Callable[[float], None] = time.sleep) -> Located:
    """Ask the archive at `host` for the files; see `tidings.gw.gwosc.locate` for the errors."""
    with _translated(question, host), _session() as session:
        archive = _Archive(question, format, host, session)
        for attempt in range(_ATTEMPTS):
            try:
                return archive.around_time() if question.by_time else archive.around_event()
            except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
                if no_connection(error) or attempt + 1 == _ATTEMPTS:
                    raise
                sleep(2.0**attempt)
    raise AssertionError("the loop returns or raises")


@dataclass(frozen=True)
class _Archive:
    question: Question
    format: str
    host: str
    session: requests.Session

    def around_event(self) -> Located:
        """The files of the newest version of the event, else those of its observing run."""
        question = self.question
        try:
            version = api.fetch_event_version(question.event, host=self.host, session=self.session)
        except requests.HTTPError as error:
            if error.response.status_code != 404:
                raise
            raise InputError(
                f"unknown event {question.event!r}: {self.host} has none of that name; the names are at "
                f"{PUBLIC_HOST}/eventapi/html/allevents/, and a GPS time in s may be given instead"
            ) from None
        gps, release = float(version["gps"]), f"{version['name']}-v{version['version']}"
        files = self._of_event(release)
        chosen = cover(files, *question.span(gps))
        if chosen is None:
            of_run = self._of_run(version.get("run"), gps)
            chosen = cover(of_run, *question.span(gps))
            files += of_run
        if chosen is None:
            raise self._missing(gps, files, f"; its detectors are {', '.join(version['detectors'])}")
        return Located(question.event, gps, release, chosen)

    def around_time(self) -> Located:
        """The files of an event in the span, as the archive's own client prefers them, else of a run."""
        question, gps = self.question, self.question.gps
        span = question.span(gps)
        versions = api.fetch_event_versions(segment=span, host=self.host, session=self.session)
        for version in sorted(islice(versions, _MOST), key=lambda one: _preference(one, gps)):
            release = f"{version['name']}-v{version['version']}"
            if question.detector in version["detectors"] and (
                chosen := cover(self._of_event(release), *span)
            ):
                return Located(question.event, gps, release, chosen)
        files: list[StrainFile] = []
        for run in islice(api.fetch_runs(host=self.host, session=self.session), _MOST):
            if (
                question.detector in run["detectors"]
                and run["gps_start"] < span[1]
                and run["gps_end"] > span[0]
            ):
                found = self._of_run(run["name"], gps)
                if chosen := cover(found, *span):
                    return Located(question.event, gps, None, chosen)
                files += found
        raise self._missing(gps, files, "")

    def _of_event(self, release: str) -> list[StrainFile]:
        results = api.fetch_event_strain_data(
            release,
            detector=self.question.detector,
            sample_rate=self.question.sample_rate,
            format=self.format,
            host=self.host,
            session=self.session,
        )
        return [self._file(result["download_url"]) for result in islice(results, _MOST)]

    def _of_run(self, run: str | None, gps: float) -> list[StrainFile]:
        start, end = self.question.span(gps)
        results = api.fetch_run_strain_files(
            run=run,
            detector=self.question.detector,
            start=math.floor(start),
            end=math.ceil(end),
            sample_rate=self.question.sample_rate,
            host=self.host,
            session=self.session,
        )
        return [self._file(result[f"{self.format}_url"]) for result in islice(results, _MOST)]

    def _file(self, url: str) -> StrainFile:
        file = StrainFile.named(PurePosixPath(urlsplit(url).path).name, public(url, self.host))
        if file is None:
            raise ValueError(f"{url!r} is no strain file")
        return file

    def _missing(self, gps: float, files: list[StrainFile], more: str) -> InputError:
        there = ", ".join(sorted({file.name for file in files})) or "nothing"
        question = replace(self.question, gps=gps)
        return InputError(
            f"{question.event}: {self.host} has no files that hold all of the {question} "
            f"(found: {there}){more}"
        )


def _preference(version: dict[str, Any], gps: float) -> tuple[float, int, int]:
    """The nearest event first; of its releases a confident one, a marginal one last; the newest version."""
    catalogue = version["catalog"].lower()
    doubtful = any(word in catalogue for word in ("marginal", "preliminary"))
    rank = 0 if "confident" in catalogue else 2 if doubtful else 1
    return abs(version["gps"] - gps), rank, -version["version"]


def public(url: str, host: str) -> str:
    """The address of a file at the archive itself, whichever mirror named it: this is what is recorded."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ValueError(f"{url!r} is no address")
    if parts.hostname in _PUBLIC_NAMES or url.startswith(f"{host}/"):
        # Browsed pages put "?format=api" behind the address of a file.
        return PUBLIC_HOST + parts.path.removeprefix(urlsplit(host).path)
    return url


def at_host(url: str, host: str) -> str:
    """The reverse of `public`: where a recorded address is found on a mirror."""
    return host + url.removeprefix(PUBLIC_HOST) if url.startswith(f"{PUBLIC_HOST}/") else url


class _Adapter(HTTPAdapter):
    """Gives up at once where nothing answers at all."""

    def send(self, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            return super().send(*args, **kwargs)
        except requests.exceptions.ConnectTimeout as error:
            # The client repeats timeouts ten times: two minutes before a node behind a firewall says so.
            raise requests.exceptions.ConnectionError(*error.args, request=error.request) from error


def _session() -> requests.Session:
    session = requests.Session()
    session.mount("http://", _Adapter())
    session.mount("https://", _Adapter())
    return session


@contextmanager
def _translated(question: Question, host: str) -> Iterator[None]:
    """Turn what the client raises into errors that say what to do."""
    try:
        yield
    except InputError:
        raise
    except requests.exceptions.HTTPError as error:
        status = f"{error.response.status_code} {error.response.reason}"
        raise InputError(f"{question.event}: {host} refused the query with {status}") from None
    except requests.exceptions.SSLError as error:
        raise InputError(f"{question.event}: no secure connection to {host} ({error})") from None
    except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError):
        raise Unreachable(f"{question.event}: {host} cannot be reached") from None
    except tenacity.RetryError as error:
        last = error.last_attempt
        reason = "no answer in time" if last.failed else f"last answer {last.result().status_code}"
        raise Unreachable(
            f"{question.event}: {host} is too busy, {api.MAX_RETRIES} attempts failed ({reason})"
        ) from None
    except (
        requests.exceptions.RequestException,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        raise InputError(
            f"{question.event}: the answer of {host} is not understood ({type(error).__name__}: {error}); "
            "try again later, or name another host"
        ) from None
