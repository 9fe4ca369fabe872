"""The public service of SPI-ACS light curves, and the archive of science windows, on this machine.

It answers as the service does (https://github.com/volodymyrss/integralhk, app.py and data.py): `genlc`,
`ipnlc` and `ephs` around a UTC time; status 400 with the name of the exception for what it refuses; now and
then a text wrapped as a JSON string. The counts are those of a function of time:

    with IntegralServer() as server:
        server.fault("genlc", status=503)
        fetch_counts(Question(gps, 60.0), path, lock=lock, host=server.host)
        assert server.count("/ephs/") == 0

The archive has the layout of the ISDC and of its mirrors; a file is there when it was put there:

    with IntegralServer() as server:
        server.files["scw/2559/255900280010.001/isgri_events.fits.gz"] = content
        server.fault("isgri_events", cut=1000)  # the body ends after 1000 bytes
        fetch_events("255900280010", path, lock=lock, host=server.host)
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

import numpy as np

from tidings.times import parse_time, utc_iso

FIRST = parse_time("2002-11-01T00:00:00")
LAST = parse_time("2025-02-28T00:00:00")
LONGEST = 400_000.0
SAMPLE = 0.05
# The clock on board is not in step with UTC.
PHASE = 0.0369


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose path matches."""

    pattern: str
    times: int = 1
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    cut: int | None = None  # bytes after which the connection is closed, of those announced


def noise(gps: np.ndarray) -> np.ndarray:
    """Counts of 50 ms, always the same at the same time: even numbers about 4500."""
    number = np.rint(gps / SAMPLE).astype(np.int64)
    shares = [np.abs(np.sin(number * k)) for k in (12.9898, 78.233, 37.719, 4.581)]
    return 2 * np.rint(2250 + 60 * (np.sum(shares, axis=0) - 8 / np.pi))


class IntegralServer:
    """The service on 127.0.0.1, in threads of its own, while the context lasts.

    Parameters
    ----------
    counts : callable
        Counts in a sample as a function of its GPS time (array).
    """

    def __init__(self, counts: Callable[[np.ndarray], np.ndarray] = noise) -> None:
        self.counts = counts
        self.wrapped = False  # whether texts come as JSON strings
        self.missing: tuple[tuple[float, float], ...] = ()  # GPS intervals without data
        self.files: dict[str, bytes] = {}  # path below the root of the archive
        self.requests: list[str] = []
        self._faults: list[Fault] = []

    def __enter__(self) -> IntegralServer:
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.host = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def fault(self, pattern: str, **what: object) -> None:
        """Let requests fail whose path matches a regular expression; see `Fault`."""
        self._faults.append(Fault(pattern, **what))

    def count(self, pattern: str = "") -> int:
        """How many requests had a path that matches."""
        return sum(bool(re.search(pattern, target)) for target in self.requests)

    def due(self, target: str) -> Fault | None:
        """The fault that a request meets."""
        for fault in self._faults:
            if fault.times > 0 and re.search(fault.pattern, target):
                fault.times -= 1
                return fault
        return None

    def answer(self, path: str) -> tuple[int, str]:
        """Status and text at a path of the service."""
        parts = [unquote(part) for part in path.removeprefix("/api/v1.0/").split("/")]
        try:
            if parts[0] == "genlc" and len(parts) == 4:
                if parts[1] != "ACS":
                    raise Refusal(f"BadTarget('Bad Target {parts[1]}')")
                return 200, self.genlc(*self._interval(parts[2], parts[3]))
            if parts[0] == "ipnlc" and len(parts) == 3:
                return 200, self.ipnlc(*self._interval(parts[1], parts[2]))
            if parts[0] == "ephs" and len(parts) == 2:
                self._time(parts[1])
                return 200, "198.394 71.787 143490.5\n0.012 0.012 30.0"
        except Refusal as refusal:
            return 400, str(refusal)
        return 404, "<!doctype html><title>404 Not Found</title>"

    def genlc(self, gps: float, half: float) -> str:
        """Five comment lines; IJD (TT), seconds since the start, counts, seconds of the day."""
        times, counts = self._samples(gps, half)
        start = utc_iso(gps - half, 6)
        second = _second_of_day(start)
        since = times - (gps - half)
        ijd = (times + 51.184) / 86400 + 44244 - 51544
        rows = [
            f"{a:.16f} {b:.10g} {c:.5g} {second + b:.15g}"
            for a, b, c in zip(ijd.tolist(), since.tolist(), counts.tolist(), strict=True)
        ]
        head = (
            "# please take care! the UTC reference times are computed assuming no leap seconds in the "
            "requested time interval\n# (which is a very infrequent occasion, of course)\n"
            f"# reference (start) UTC is: {start} {second:.15g}\n# columns are:\n"
            "# [IJD] [seconds since reference] [counts in bin] [seconds since midnight]\n"
        )
        return head + "\n".join(rows) + "\n"

    def ipnlc(self, gps: float, half: float) -> str:
        """Two header lines; seconds from the time asked for to the start of the sample, and counts."""
        times, counts = self._samples(gps, half)
        utc = utc_iso(gps, 6)
        date = f"{utc[8:10]}/{utc[5:7]}/{utc[2:4]}"
        head = f"'INTEGRAL  ' '{date}' {_second_of_day(utc):10.5f} 100.000  10000.000\n{0:10.5f} 0.05000000\n"
        rows = [f"{t - gps - 0.025:10.3f} {c:10.5f}" for t, c in zip(times, counts, strict=True)]
        return head + "\n".join(rows) + "\n"

    def _samples(self, gps: float, half: float) -> tuple[np.ndarray, np.ndarray]:
        first = np.ceil((gps - half - PHASE) / SAMPLE)
        times = (first + np.arange(round(2 * half / SAMPLE))) * SAMPLE + PHASE
        for start, end in self.missing:
            times = times[(times < start) | (times >= end)]
        if len(times) == 0:
            raise Refusal(
                "GeneratorException('dump lc exceptions:NoData('No Data (at this time?)  in 2 ScW')')"
            )
        counts = self.counts(times)
        if not counts.any():
            raise Refusal("GeneratorException('dump lc exceptions:ZeroData('Zero Data (at this time?)')')")
        return times, counts

    def _interval(self, text: str, half: str) -> tuple[float, float]:
        gps = self._time(text)
        if float(half) > LONGEST:
            raise Refusal(
                "due to limits on the system load the requests to this service are limited to +-5000 span"
            )
        return gps, float(half)

    @staticmethod
    def _time(text: str) -> float:
        if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.?\d*$", text):
            raise Refusal(f"bad time format: BadTimeFormat('can not interpret time {text!r}')")
        gps = parse_time(text)
        if gps < FIRST:
            raise Refusal(f"BadTime('{text} is before the mission start!')")
        if gps > LAST:
            raise Refusal(f"BadTime('{text} is in the future!')")
        return gps


class Refusal(Exception):
    """What the service answers with status 400."""


def _second_of_day(utc: str) -> float:
    hour, minute, second = utc[11:].split(":")
    return 3600 * int(hour) + 60 * int(minute) + float(second)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    service: IntegralServer

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.service.requests.append(path)
        fault = self.service.due(path)
        if fault is not None and fault.cut is None:
            status, body, headers = fault.status, fault.body or b"", fault.headers
        else:
            status, body, headers = self._answer(path)
        self.send_response(status)
        for key, value in {"Content-Type": "text/html; charset=utf-8", **headers}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body if fault is None else body[: fault.cut])
        self.close_connection = self.close_connection or (fault is not None and fault.cut is not None)

    def _answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        content = self.service.files.get(path.lstrip("/"))
        if content is not None:
            return 200, content, {"Content-Type": "application/octet-stream"}
        status, text = self.service.answer(path)
        wrap = self.service.wrapped and status == 200
        return status, (json.dumps(text) if wrap else text).encode(), {}
