"""The archives of sky maps, on this machine: GraceDB, GWOSC's events, Zenodo, the document centre, HEASARC.

All answer under one address, told apart by their paths, in the shapes that they have there: GraceDB's
``/api/superevents/{id}/`` and ``files/`` with versions (",0"), a listing of Fermi-GBM's folder as HTML,
records of Zenodo with ``?download=1``, GWOSC API v2. Every request is written down, and faults are put in by
rule:

    with GraceDbServer({"bayestar.fits.gz": [old, new]}) as server:
        server.fault("files/bayestar", status=503)
        fetch_map(Request("S190425z"), path, lock=lock, host=server.host)
        assert server.count("files/$") == 1
"""

from __future__ import annotations

import copy
import json
import re
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

# As GraceDB and GWOSC publish them (fields that are not used are left out).
SUPEREVENTS = {
    "S190425z": {
        "superevent_id": "S190425z",
        "gw_id": "GW190425",
        "category": "Production",
        "created": "2019-04-25 08:18:26 UTC",
        "preferred_event": "G330564",
        "t_start": 1240215502.011549,
        "t_0": 1240215503.011549,
        "t_end": 1240215504.018242,
        "far": 4.53764787126371e-13,
        "labels": ["EM_COINC", "SKYMAP_READY", "ADVOK", "GCN_PRELIM_SENT"],
        "preferred_event_data": {
            "graceid": "G330564",
            "group": "CBC",
            "pipeline": "gstlal",
            "search": "AllSky",
            "instruments": "L1,V1",
        },
    },
    "S190822c": {
        "superevent_id": "S190822c",
        "t_0": 1250472620.0,
        "far": 6.145e-18,
        "labels": ["ADVNO"],
        "preferred_event_data": {"group": "CBC", "pipeline": "gstlal", "search": "AllSky"},
    },
}
EVENTS = {
    "GW190425": {
        "name": "GW190425",
        "grace_id": "S190425z",
        "run": "O3a",
        "aliases": ["GW190425", "S190425z"],
        "versions": [
            {"version": 3, "catalog": "GWTC-2.1-confident", "detail_url": "https://gwosc.org/api/v2"}
        ],
    }
}


@dataclass
class Fault:
    """What goes wrong with the next `times` requests whose path matches."""

    pattern: str
    times: int = 1
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class GraceDbServer:
    """The archives on 127.0.0.1, in threads of their own, while the context lasts.

    Parameters
    ----------
    files
        Contents of the files of S190425z at GraceDB, by name: the versions, oldest first.
    others
        Contents by path, for the document centre, Zenodo, HEASARC or any address.
    """

    def __init__(
        self, files: Mapping[str, Sequence[bytes]] | None = None, others: Mapping[str, bytes] | None = None
    ) -> None:
        self.files = {name: list(versions) for name, versions in (files or {}).items()}
        self.others = dict(others or {})
        self.events = copy.deepcopy(EVENTS)
        self.requests: list[str] = []
        self._faults: list[Fault] = []

    def __enter__(self) -> GraceDbServer:
        handler = type("Handler", (_Handler,), {"archive": self})
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
        for one in self._faults:
            if one.times > 0 and re.search(one.pattern, target):
                one.times -= 1
                return one
        return None

    def answer(self, target: str) -> tuple[str, bytes] | None:
        """Type and content at a path, or None."""
        path = unquote(target)
        if path.partition("?")[0] in self.others:
            return "application/octet-stream", self.others[path.partition("?")[0]]
        if match := re.fullmatch(r"/api/superevents/([^/]+)/(files/)?(.*)", path):
            return self._superevent(*match.groups())
        if match := re.fullmatch(r"/api/v2/events/([^/?]+)", path):
            event = self.events.get(match[1])
            return None if event is None else _json(event)
        if path.endswith("/"):
            return self._listing(path)
        return None

    def _superevent(self, name: str, files: str | None, file: str) -> tuple[str, bytes] | None:
        if name not in SUPEREVENTS:
            return None
        if not files:
            return None if file else _json(SUPEREVENTS[name])
        known = self.files if name == "S190425z" else {}
        if not file:
            address = f"https://gracedb.ligo.org/api/superevents/{name}/files/"
            names = [f"{one},{i}" for one, contents in known.items() for i in range(len(contents))]
            return _json({one: address + one for one in (*known, *names)})
        one, _, version = file.partition(",")
        contents = known.get(one, [])
        number = int(version) if version else len(contents) - 1
        if not 0 <= number < len(contents):
            return None
        return "application/octet-stream", contents[number]

    def _listing(self, path: str) -> tuple[str, bytes] | None:
        """A folder, as a web server lists it."""
        names = sorted(one.removeprefix(path) for one in self.others if one.startswith(path))
        if not names:
            return None
        rows = "".join(f'<tr><td><a href="{name}">{name}</a></td></tr>' for name in names)
        return "text/html", f"<html><h1>Index of {path}</h1><table>{rows}</table></html>".encode()


def _json(value: object) -> tuple[str, bytes]:
    return "application/json", json.dumps(value).encode()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    archive: GraceDbServer

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.archive.requests.append(self.path)
        fault = self.archive.due(self.path)
        found = self.archive.answer(self.path)
        status, headers = 200, {}
        if fault is not None:
            status, headers = fault.status, dict(fault.headers)
            kind, body = "text/html", fault.body or b""
        elif found is None:
            status, kind, body = 404, "text/html", b"<html>Not Found</html>"
        else:
            kind, body = found
        self.send_response(status)
        for key, value in {"Content-Type": kind, **headers}.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
