"""A stand-in for OpenSearch: takes every document, finds none.

Enough for an InvenioRDM whose searches nobody looks at; records and drafts themselves are in its database.
"""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ABOUT = {
    "version": {"number": "2.11.0", "distribution": "opensearch"},
    "cluster_name": "none",
    "name": "none",
}
SHARDS = {"total": 1, "successful": 1, "failed": 0, "skipped": 0}


class SearchServer:
    """The stand-in on 127.0.0.1, in a thread of its own, while the context lasts; `port` says where."""

    def __enter__(self) -> SearchServer:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def answer(method: str, path: str, body: bytes) -> tuple[int, dict]:
    """Return status and JSON for a request."""
    last = path.rstrip("/").rpartition("/")[2]
    if path == "/":
        return 200, ABOUT
    if last == "_bulk":
        return 200, {"took": 1, "errors": False, "items": _written(body)}
    if last == "_search":
        return 200, _nothing(json.loads(body or b"{}"))
    if last == "_count":
        return 200, {"count": 0}
    if last in ("_delete_by_query", "_update_by_query"):
        return 200, {"deleted": 0, "updated": 0, "total": 0, "failures": []}
    if method == "HEAD":
        return 404, {}
    if "/_doc/" in path or "/_create/" in path:
        return 201, {"result": "created", "_id": last, "_version": 1, "_shards": SHARDS}
    return 200, {"acknowledged": True, "shards_acknowledged": True, "index": last}


def _written(body: bytes) -> list[dict]:
    """Say of every document of a bulk request that it was written."""
    lines = [json.loads(line) for line in body.splitlines() if line.strip()]
    items, place = [], 0
    while place < len(lines):
        ((action, said),) = lines[place].items()
        items.append({action: {**said, "status": 201, "result": "created"}})
        place += 1 if action == "delete" else 2
    return items


def _nothing(query: dict) -> dict:
    """Return no hits; every aggregation that is asked for must be there, and is empty."""
    hits = {"total": {"value": 0, "relation": "eq"}, "max_score": None, "hits": []}
    body = {"took": 1, "timed_out": False, "_shards": SHARDS, "hits": hits}
    return {**body, "aggregations": _empty(query.get("aggs") or query.get("aggregations") or {})}


def _empty(wanted: dict) -> dict:
    return {
        name: {
            "buckets": [],
            "doc_count": 0,
            "doc_count_error_upper_bound": 0,
            "sum_other_doc_count": 0,
            **_empty(one.get("aggs") or one.get("aggregations") or {}),
        }
        for name, one in wanted.items()
    }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status, said = answer(self.command, self.path.partition("?")[0], body)
        raw = json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET
