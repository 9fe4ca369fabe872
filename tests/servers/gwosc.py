"""The archive of the Gravitational Wave Open Science Center, on this machine.

It serves what the `gwosc` client and a download use: API v2 (events, event versions, their strain files, runs
and their strain files; pages of 20, `next`, filters with the archive's own names and units) and the files,
with HEAD, Range, If-Range, ETag and Last-Modified. Shapes follow pages of https://gwosc.org/api/v2 such as
`/events/GW190521`, `/event-versions/GW200201_203549-v1/strain-files`, `/events/GW230529_181500/strain-files`
and `/runs`. Faults are put in by rule, and every request is written down:

    with GwoscServer({"H-H1_LOSC_4_V2-1126259446-32.hdf5": path}) as server:
        server.fault("strain-files", status=429, headers={"Retry-After": "0"})
        fetch("GW150914", "H1", folder, lock=lock, host=server.host)
        assert server.count("/eventapi/") == 1
"""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from astropy.time import Time

PAGE = 20
LAST_MODIFIED = "Tue, 04 Dec 2018 12:00:00 GMT"
_SUFFIXES = {"hdf5": "HDF", "gwf": "GWF", "txt.gz": "TXT"}
_NAME = re.compile(
    r"[A-Z]-(?P<detector>[A-Z]\d)_\w*?(?P<rate>4|16)(?:KHZ)?_[RV]\d+-(?P<start>\d+)-(?P<duration>\d+)"
    r"\.(?P<suffix>hdf5|gwf|txt\.gz)"
)


@dataclass(frozen=True)
class EventVersion:
    """One release of an event, with the names of its strain files."""

    name: str
    version: int
    catalog: str
    gps: float
    run: str
    detectors: tuple[str, ...]
    files: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Name and version, as in addresses."""
        return f"{self.name}-v{self.version}"


@dataclass(frozen=True)
class Run:
    """An observing run, with the names of its strain files."""

    name: str
    gps_start: int
    gps_end: int
    detectors: tuple[str, ...]
    files: tuple[str, ...] = ()


def _both(name: str) -> tuple[str, ...]:
    return f"H-H1_{name}", f"L-L1_{name}"


# As published; GW190521 stands for the releases without strain files, GW230529 for those since GWTC-4.0.
EVENTS = (
    EventVersion("GW150914", 1, "O1_O2-Preliminary", 1126259462.4, "O1", ("H1", "L1")),
    EventVersion(
        "GW150914",
        2,
        "O1_O2-Preliminary",
        1126259462.4,
        "O1",
        ("H1", "L1"),
        (*_both("LOSC_4_V2-1126259446-32.hdf5"), *_both("LOSC_4_V2-1126257414-4096.hdf5")),
    ),
    EventVersion(
        "GW190521",
        4,
        "GWTC-2.1-confident",
        1242442967.4,
        "O3a",
        ("H1", "L1", "V1"),
        aliases=("GW190521_030229",),
    ),
    EventVersion("GW230529_181500", 1, "O4_Discovery_Papers", 1369419318.7, "O4a", ("L1",)),
    EventVersion("151012.2", 1, "GWTC-1-marginal", 1128666662.2, "O1", ("H1", "L1")),
)
RUNS = (
    Run("S6", 931035615, 971622015, ("H1", "L1")),
    Run("O1", 1126051217, 1137254417, ("H1", "L1"), _both("LOSC_4_V1-1126256640-4096.hdf5")),
    Run("O3a", 1238166018, 1253977218, ("H1", "L1", "V1"), _both("GWOSC_O3a_4KHZ_R1-1242439680-4096.hdf5")),
    Run("O4a", 1368975618, 1389456018, ("H1", "L1"), ("L-L1_GWOSC_O4a_4KHZ_R1-1369415680-4096.hdf5",)),
)


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose path and query match."""

    pattern: str
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None  # instead of the answer
    cut: int | None = None  # end the body after this many bytes, though Content-Length promises more
    reset: int | None = None  # break the connection after this many bytes; -1: before the status line


class GwoscServer:
    """The archive on 127.0.0.1, in threads of its own, while the context lasts.

    Parameters
    ----------
    files : Path or mapping
        The folder that holds the strain files, or paths by published name. A file that an event or run
        lists but that is not given here is answered with 404.
    events, runs : iterable
        What the archive knows.
    page : int
        Results on a page when the client does not say.
    links : str, optional
        Beginning of the addresses of files in the answers, if not the server's own.
    """

    def __init__(
        self,
        files: Path | Mapping[str, Path],
        events: Iterable[EventVersion] = EVENTS,
        runs: Iterable[Run] = RUNS,
        page: int = PAGE,
        links: str | None = None,
    ) -> None:
        if not isinstance(files, Mapping):
            files = {path.name: path for path in Path(files).iterdir()}
        self.contents = {name: Path(path).read_bytes() for name, path in files.items()}
        self.events, self.runs, self.page = tuple(events), tuple(runs), page
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.ranges = True  # whether Range is offered
        self._links = links
        self._faults: list[Fault] = []
        self._mutex = threading.Lock()

    def __enter__(self) -> GwoscServer:
        handler = type("Handler", (_Handler,), {"archive": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._stopped = False
        self.host = f"http://127.0.0.1:{self._server.server_port}"
        self.links = self._links or self.host
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.forget()
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
        self.forget()

    def stop(self) -> None:
        """Close the port: from here on nobody listens. A second time changes nothing."""
        if not self._stopped:
            self._stopped = True
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    @staticmethod
    def forget() -> None:
        """Make the client ask again: it keeps every answer for the life of the process."""
        from gwosc.api import v2

        v2.JSON_CACHE.clear()

    def fault(self, pattern: str, **what: object) -> None:
        """Let requests fail whose path and query match a regular expression; see `Fault`."""
        with self._mutex:
            self._faults.append(Fault(pattern, **what))

    def replace(self, name: str, content: bytes) -> None:
        """Republish a file with other content."""
        self.contents[name] = content

    def count(self, pattern: str = "") -> int:
        """How many requests had a path and query that match."""
        return sum(bool(re.search(pattern, target)) for _, target, _ in self.requests)

    def _due(self, target: str) -> Fault | None:
        with self._mutex:
            for fault in self._faults:
                if fault.times > 0 and re.search(fault.pattern, target):
                    fault.times -= 1
                    return fault
        return None

    # ---- what the addresses stand for -------------------------------------------------------------------

    def answer(self, path: str, query: dict[str, str]) -> object | None:
        """The JSON value at a path of API v2, or None."""
        for pattern, view in self._views():
            if match := re.fullmatch(pattern, path.removeprefix("/api/v2").rstrip("/")):
                result = view(*map(unquote, match.groups()), query)
                return self._paged(path, query, result) if isinstance(result, list) else result
        return None

    def _views(self) -> list[tuple[str, Callable[..., object]]]:
        return [
            (r"/events/([^/]+)", self._event),
            (r"/event-versions", self._event_versions),
            (r"/event-versions/([^/]+)", self._event_version),
            (r"/event-versions/([^/]+)/strain-files", self._event_strain_files),
            (r"/runs", lambda query: [self._run(run) for run in self.runs]),
            (r"/runs/([^/]+)/strain-files", self._run_strain_files),
            (r"/strain-files", self._all_strain_files),
        ]

    def _paged(self, path: str, query: dict[str, str], results: list[object]) -> dict[str, object]:
        size, number = int(query.get("pagesize", self.page)), int(query.get("page", 1))
        pages = max(1, -(-len(results) // size))

        def link(page: int) -> str | None:
            if not 1 <= page <= pages:
                return None
            return f"{self.host}{path}?{urlencode({**query, 'page': page})}"

        return {
            "next": link(number + 1),
            "previous": link(number - 1),
            "results_count": len(results),
            "results_per_page": size,
            "num_pages": pages,
            "page_number": number,
            "results": results[(number - 1) * size : number * size],
        }

    def _versions(self, name: str) -> list[EventVersion]:
        found = [event for event in self.events if name in (event.name, *event.aliases)]
        return sorted(found, key=lambda event: event.version)

    def _find(self, identifier: str) -> EventVersion | None:
        if match := re.fullmatch(r"(.+)-v(\d+)", identifier):
            found = [event for event in self._versions(match[1]) if event.version == int(match[2])]
        elif "@" in identifier:
            name, catalog = identifier.split("@", 1)
            found = [event for event in self._versions(name) if event.catalog == catalog]
        else:
            found = self._versions(identifier)
        return found[-1] if found else None

    def _event(self, name: str, query: dict[str, str]) -> object | None:
        versions = self._versions(name)
        if not versions:
            return None
        return {
            "name": versions[-1].name,
            "run": versions[-1].run,
            "aliases": [versions[-1].name, *versions[-1].aliases],
            "versions": [
                {
                    "version": event.version,
                    "catalog": event.catalog,
                    "detail_url": f"{self.host}/api/v2/event-versions/{event.id}",
                }
                for event in versions
            ],
        }

    def _short(self, event: EventVersion) -> dict[str, object]:
        return {
            "name": event.name,
            "shortName": event.id,
            "gps": event.gps,
            "version": event.version,
            "catalog": event.catalog,
            "doi": "https://doi.org/10.7935/K5MW2F23",
            "detectors": list(event.detectors),
            "detail_url": f"{self.host}/api/v2/event-versions/{event.id}",
        }

    def _event_versions(self, query: dict[str, str]) -> list[object]:
        low, high = float(query.get("min-gps-time", 0)), float(query.get("max-gps-time", "inf"))
        releases = query.get("release", "").split(",") if "release" in query else None
        return [
            self._short(event)
            for event in sorted(self.events, key=lambda event: (-event.gps, event.version))
            if low <= event.gps <= high
            and query.get("name-contains", "") in event.name
            and (releases is None or event.catalog in releases)
        ]

    def _event_version(self, identifier: str, query: dict[str, str]) -> object | None:
        event = self._find(identifier)
        if event is None:
            return None
        detail = self._short(event)
        address = detail.pop("detail_url")
        del detail["shortName"]
        return {
            **detail,
            "run": event.run,
            "aliases": [event.name, *event.aliases],
            "parameters_url": f"{address}/parameters",
            "timelines_url": f"{address}/timelines",
            "strain_files_url": f"{address}/strain-files",
        }

    def _event_strain_files(self, identifier: str, query: dict[str, str]) -> list[object] | None:
        event = self._find(identifier)
        if event is None:
            return None
        found = []
        for name in event.files:
            strain = _strain(name)
            wanted = {
                "detector": strain["detector"],
                "sample-rate": strain["rate"],
                "duration": strain["duration"],
                "file-format": _SUFFIXES[strain["suffix"]].lower(),
            }
            if any(query.get(key, value).lower() != value.lower() for key, value in wanted.items()):
                continue
            path = f"/eventapi/json/{event.catalog}/{event.name}/v{event.version}/{name}"
            found.append(
                {
                    "gps_start": int(strain["start"]),
                    "detector": strain["detector"],
                    "sample_rate_kHz": int(strain["rate"]),
                    "duration": int(strain["duration"]),
                    "file_format": _SUFFIXES[strain["suffix"]],
                    "download_url": self.links + path,
                }
            )
        return found

    def _run(self, run: Run) -> dict[str, object]:
        return {
            "name": run.name,
            "gps_start": run.gps_start,
            "gps_end": run.gps_end,
            "detectors": list(run.detectors),
            "detail_url": f"{self.host}/api/v2/runs/{run.name}",
        }

    def _all_strain_files(self, query: dict[str, str]) -> list[object]:
        return [file for run in self.runs for file in self._run_strain_files(run.name, query) or []]

    def _run_strain_files(self, name: str, query: dict[str, str]) -> list[object] | None:
        runs = [run for run in self.runs if run.name == name]
        if not runs:
            return None
        low, high = int(query.get("start", 0)), int(query.get("stop", 10**12))
        found = []
        for file in runs[0].files:
            strain = _strain(file)
            start, end = int(strain["start"]), int(strain["start"]) + int(strain["duration"])
            same = all(
                query.get(key, strain[part]) == strain[part]
                for key, part in (("detector", "detector"), ("sample-rate", "rate"))
            )
            if not (same and start <= high and end > low):
                continue
            folder = f"{_dataset(name, file)}/{start >> 20 << 20}"
            stem = f"{self.links}/archive/data/{folder}/{file.rsplit('.', 1)[0]}"
            utc = Time(start, format="gps", scale="tai").utc
            found.append(
                {
                    "gps_start": start,
                    "utc_start": utc.strftime("%Y-%m-%dT%H:%M:%S"),
                    "detector": strain["detector"],
                    "sample_rate_kHz": float(strain["rate"]),
                    "hdf5_url": f"{stem}.hdf5",
                    "gwf_url": f"{stem}.gwf",
                    "detail_url": f"{self.host}/api/v2/strain-files/{strain['detector']}-{start}-"
                    f"{strain['rate']}kHz",
                }
            )
        return found


def _strain(name: str) -> dict[str, str]:
    match = _NAME.fullmatch(name)
    assert match, f"{name} is no name of a strain file"
    return match.groupdict()


def _dataset(run: str, name: str) -> str:
    """The dataset of a run that a file belongs to: O1, O1_16KHZ, O4a_4KHZ_R1."""
    strain = _strain(name)
    if "_GWOSC_" in name:
        return f"{run}_{strain['rate']}KHZ_{re.search(r'_(R[0-9]+)-', name)[1]}"
    return run if strain["rate"] == "4" else f"{run}_16KHZ"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # clients keep connections open

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that hang up, which the faults make them do."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are written apart: 40 ms each otherwise
    archive: GwoscServer

    def log_message(self, *arguments: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        if self.archive._stopped:  # on a connection from before
            self._reset()
            return
        self.archive.requests.append((self.command, self.path, dict(self.headers)))
        parts = urlsplit(self.path)
        fault = self.archive._due(self.path)
        if fault is not None and fault.reset == -1:
            self._reset()
        elif fault is not None and fault.status is not None:
            self._send(fault.status, fault.body or b"", fault.headers, fault)
        elif parts.path.startswith("/api/v2/"):
            self._json(parts.path, dict(parse_qsl(parts.query)), fault)
        else:
            self._file(parts.path.rsplit("/", 1)[-1], fault)

    def _json(self, path: str, query: dict[str, str], fault: Fault | None) -> None:
        value = self.archive.answer(path, query)
        status = 200 if value is not None else 404
        body = json.dumps({"detail": "Not found."} if value is None else value).encode()
        if fault is not None and fault.body is not None:
            body = fault.body
        self._send(status, body, {"Content-Type": "application/json", "Vary": "Accept"}, fault)

    def _file(self, name: str, fault: Fault | None) -> None:
        body = self.archive.contents.get(unquote(name))
        if body is None:
            self._send(404, b"<h1>Not Found</h1>", {"Content-Type": "text/html"}, fault)
            return
        if fault is not None and fault.body is not None:
            body = fault.body
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        headers = {"Content-Type": "application/x-hdf5", "ETag": tag, "Last-Modified": LAST_MODIFIED}
        headers |= {"Accept-Ranges": "bytes"} if self.archive.ranges else {}
        headers |= fault.headers if fault is not None else {}
        place = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if not (place and self.archive.ranges and self.headers.get("If-Range", tag) in (tag, LAST_MODIFIED)):
            self._send(200, body, headers, fault)
        elif int(place[1]) >= len(body):
            self._send(416, b"", {"Content-Range": f"bytes */{len(body)}"}, fault)
        else:
            span = f"bytes {place[1]}-{len(body) - 1}/{len(body)}"
            self._send(206, body[int(place[1]) :], {**headers, "Content-Range": span}, fault)

    def _send(self, status: int, body: bytes, headers: Mapping[str, str], fault: Fault | None) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        cut = None if fault is None else fault.cut if fault.cut is not None else fault.reset
        if cut is None:
            self.wfile.write(body)
            return
        self.wfile.write(body[:cut])
        self.wfile.flush()
        if fault.reset is not None:
            self._reset()
        self.close_connection = True

    def _reset(self) -> None:
        # Closed with unsent data to be dropped: the client's kernel sees RST, not the end of a stream.
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True


def address(name: str, event: EventVersion) -> str:
    """Where a file of an event is published."""
    folder = f"{quote(event.catalog)}/{quote(event.name)}/v{event.version}"
    return f"https://gwosc.org/eventapi/json/{folder}/{name}"
