"""The light-curve service of POLAR's back end, on this machine.

It answers as dispatcher-plugin-polar (https://github.com/oda-hub/dispatcher-plugin-polar) reads it:
`/api/v1.0/lightcurve/?time_start=&time_stop=&time_bin=&energy_min=&energy_max=` gives JSON with a table as
pandas writes it, a status, and a ROOT file as base64 text, which is another one each time: it holds the date
of its making.

    with PolarServer() as server:
        server.failure = "no data"
        fetch_lightcurve(question, path, lock=lock, host=server.host)
"""

from __future__ import annotations

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import parse_qs, urlsplit

import numpy as np
import uproot


def rates(edges: np.ndarray) -> np.ndarray:
    """Counts/s between edges of unix time: always the same, a burst at 1482049962 on 5800 counts/s."""
    middle, width = (edges[1:] + edges[:-1]) / 2, np.diff(edges)
    shape = 5800 + 9000 * np.exp(-(((middle - 1482049962.0) / 2.0) ** 2))
    shake = 120 * np.sin(1e3 * middle) * np.cos(37 * middle)
    return np.rint((shape + shake) * width) / width


class PolarServer:
    """The service on 127.0.0.1, in threads of its own, while the context lasts."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.failure = ""  # what the service says instead of rates
        self.body: bytes | None = None  # sent in place of an answer
        self.factor = 1.0  # of all rates: the archive changes its mind
        self.with_root = True

    def __enter__(self) -> PolarServer:
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.host = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, target: str) -> tuple[int, bytes]:
        """Status and body for a path with its query."""
        if self.body is not None:
            return 200, self.body
        parts = urlsplit(target)
        if parts.path != "/api/v1.0/lightcurve/":
            return 404, b"<!doctype html><title>404 Not Found</title>"
        asked = {key: float(values[0]) for key, values in parse_qs(parts.query).items()}
        if self.failure:
            status = {"success": False, "exceptions": [{"comment": self.failure, "kind": "NoData"}]}
            return 200, json.dumps({"data": "{}", "status": status}).encode()
        n = round((asked["time_stop"] - asked["time_start"]) / asked["time_bin"])
        edges = asked["time_start"] + asked["time_bin"] * np.arange(n + 1)
        rate = rates(edges) * self.factor
        columns = {"rate": rate, "rate_err": np.sqrt(rate / np.diff(edges)), "time": edges[:-1]}
        table = {name: dict(zip(map(str, range(n)), c.tolist(), strict=True)) for name, c in columns.items()}
        value = {"data": json.dumps(table), "status": {"success": True, "exceptions": []}}
        if self.with_root:
            value["root_file_b64"] = base64.urlsafe_b64encode(root_file(rate, edges)).decode()
        return 200, json.dumps(value).encode()


def root_file(rate: np.ndarray, edges: np.ndarray, name: str = "h_lc") -> bytes:
    """Return a ROOT file with a histogram."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "lc.root"
        with uproot.recreate(path) as file:
            file[name] = (rate, edges)
        return path.read_bytes()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: PolarServer

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.service.requests.append(self.path)
        status, body = self.service.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
