"""What stands before the server: the journal of requests, faults that are put in, the limit of the rate."""

from __future__ import annotations

import asyncio
import json
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from urllib.parse import parse_qs, unquote

from servers.zenodo.store import Instance, User

App = Callable[[dict, Callable, Callable], Awaitable[None]]
MD5 = re.compile(rb"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])")
NO_MD5 = b"0" * 32


@dataclass
class Fault:
    """What goes wrong with requests whose path matches; the first fault that matches and is due is taken.

    Parameters
    ----------
    path
        Regular expression, searched in the path (without host and query, %-signs decoded).
    method
        Only for this method.
    skip, times
        The fault lets as many requests pass and meets as many after them.
    status
        The answer's status, instead of what the server would say. Nothing is done, unless `done`: then the
        work is done, and the answer is lost: ``status=504, done=True`` on ``actions/publish`` publishes.
    retry_after
        Seconds or a date, for the header of that name.
    body
        With `status`: the answer's body.
    truncate
        The body ends after as many bytes, and its header says that this is all.
    cut
        The connection breaks after as many bytes, of the request if it brings a body, else of the answer.
    wrong_md5
        Every MD5 in the answer, JSON or header, is another.
    corrupt
        The body's first byte is another.
    delay
        Seconds until anything happens.
    """

    path: str = ""
    method: str | None = None
    skip: int = 0
    times: int = 1
    status: int | None = None
    done: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)
    retry_after: int | str | None = None
    body: bytes | None = None
    truncate: int | None = None
    cut: int | None = None
    wrong_md5: bool = False
    corrupt: bool = False
    delay: float = 0.0

    def due(self, method: str, path: str) -> bool:
        """Tell whether the fault meets a request, and count that."""
        if self.times <= 0 or self.method not in (None, method) or not re.search(self.path, path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True)
class Call:
    """A request, and how it ended."""

    number: int
    host: str
    method: str
    path: str  # without the query, %-signs decoded
    query: str
    headers: dict[str, str]
    received: int  # bytes of the request's body
    sent: int  # bytes of the answer's body
    status: int | None  # None: the connection was cut before there was one
    user: str | None
    fault: bool


class Cut(Exception):
    """The connection is to be broken."""


@dataclass
class Site:
    """Where a request came to, and from whom."""

    instance: Instance
    base: str
    host: str
    user: User
    headers: dict[str, str]


class Traffic:
    """The journal, the faults and the counts of all hosts together."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.journal: list[Call] = []
        self.connections: dict[tuple, asyncio.Transport] = {}
        self._windows: dict[tuple, list[float]] = {}

    def add(self, fault: Fault) -> Fault:
        """Put in a fault."""
        self.faults.append(fault)
        return fault

    def front(self, instances: Mapping[str, Instance], app: App, default: str | None = None) -> App:
        """Return the application behind journal, faults and limits.

        Parameters
        ----------
        instances
            By host name; doi.org belongs to the first.
        default
            For a listener that answers for one host, whatever name it is called by.
        """

        async def answer(scope: dict, receive: Callable, send: Callable) -> None:
            if scope["type"] != "http":
                return
            headers = {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in scope["headers"]}
            host = default or headers.get("host", "").partition(":")[0]
            instance = instances.get(host) or next(iter(instances.values()))
            base = f"{scope['scheme']}://{headers.get('host') if default else instance.host}"
            user = _user(instance, headers, scope["query_string"])
            scope["zenodo"] = Site(instance, base, host, user, headers)
            if host == "doi.org":
                scope["path"] = scope["raw_path"] = "/doi.org" + scope["path"]
            await self._answer(scope, receive, send, app)

        return answer

    async def _answer(self, scope: dict, receive: Callable, send: Callable, app: App) -> None:
        if scope["path"].startswith("/_control"):
            await app(scope, receive, send)
            return
        path = scope["path"]
        if scope["zenodo"].host == "doi.org":
            path = path.removeprefix("/doi.org")
        fault = next((one for one in list(self.faults) if one.due(scope["method"], path)), None)
        watch = _Watch(receive, send, lambda: self._note(scope, path, watch, fault))
        try:
            if limited := self._limited(scope, watch):
                await _say(watch.send, 429, {"status": 429, "message": "Too Many Requests"}, limited)
            elif fault is None:
                await app(scope, watch.receive, watch.send)
            else:
                await _fail(fault, scope, watch, app)
        except Cut:
            watch.end()
            await self._break(scope, receive)
        finally:
            watch.end()

    def _note(self, scope: dict, path: str, watch: _Watch, fault: Fault | None) -> None:
        """Write a request down."""
        site = scope["zenodo"]
        call = Call(
            number=len(self.journal) + 1,
            host=site.host,
            method=scope["method"],
            path=path,
            query=scope["query_string"].decode("latin-1"),
            headers=site.headers,
            received=watch.received,
            sent=watch.sent,
            status=watch.status,
            user=site.user.name,
            fault=fault is not None,
        )
        self.journal.append(call)

    async def _break(self, scope: dict, receive: Callable) -> None:
        """Break the connection of a request."""
        if transport := self.connections.get((scope["client"], scope["server"])):
            transport.abort()
        while (await receive())["type"] != "http.disconnect":
            pass

    def _limited(self, scope: dict, watch: _Watch) -> dict[str, str] | None:
        """Count a request; return the headers of the refusal if it is one too many."""
        site = scope["zenodo"]
        limits, now = site.instance.limits, time.monotonic()
        window = self._windows.setdefault((site.instance.host, site.user.name), [now, 0])
        if now - window[0] >= limits.window:
            window[:] = now, 0
        window[1] += 1
        wait = max(1, math.ceil(window[0] + limits.window - now))
        said = {
            "X-RateLimit-Limit": str(limits.rate),
            "X-RateLimit-Remaining": str(max(0, int(limits.rate - window[1]))),
            "X-RateLimit-Reset": str(int(time.time()) + wait),
        }
        watch.more = [(k.lower().encode(), v.encode()) for k, v in said.items()]
        return {"Retry-After": str(wait)} if window[1] > limits.rate else None


def _user(instance: Instance, headers: Mapping[str, str], query: bytes) -> User:
    """Return who a token belongs to; an unknown one is as good as none."""
    kind, _, token = headers.get("authorization", "").partition(" ")
    if kind.lower() != "bearer":
        token = parse_qs(query.decode("latin-1")).get("access_token", [""])[0]
    return instance.tokens.get(unquote(token.strip()), User())


class _Watch:
    """Counts what is received and sent, adds headers to the answer, and calls when that is about to end.

    An answer begins only after the request's body has been read, as from the server that stands before
    Zenodo: else a client that still sends would see a broken connection and no answer.
    """

    def __init__(self, receive: Callable, send: Callable, end: Callable[[], None]) -> None:
        self._receive, self._send, self._end = receive, send, end
        self._read = self._ended = False
        self.received = self.sent = 0
        self.status: int | None = None
        self.more: list[tuple[bytes, bytes]] = []

    async def receive(self) -> dict:
        message = await self._receive()
        self.received += len(message.get("body", b""))
        self._read = not message.get("more_body", False)
        return message

    async def send(self, message: dict) -> None:
        if message["type"] == "http.response.start":
            while not self._read:
                await self.receive()
            self.status = message["status"]
            message = {**message, "headers": [*message.get("headers", []), *self.more]}
        self.sent += len(message.get("body", b""))
        if message["type"] == "http.response.body" and not message.get("more_body", False):
            self.end()
        await self._send(message)

    def end(self) -> None:
        """Call, once, that this is the end; before the client can know."""
        if not self._ended:
            self._ended = True
            self._end()


async def _say(send: Callable, status: int, body: dict | bytes, headers: Mapping[str, str]) -> None:
    """Send a whole answer."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    kind = "text/html" if isinstance(body, bytes) else "application/json"
    every = {"Content-Type": kind, "Content-Length": str(len(raw)), **headers}
    pairs = [(k.lower().encode(), v.encode()) for k, v in every.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": raw})


async def _fail(fault: Fault, scope: dict, watch: _Watch, app: App) -> None:
    """Answer a request as a fault wants it."""
    await asyncio.sleep(fault.delay)
    headers = scope["zenodo"].headers
    has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    if fault.cut is not None and has_body:
        await _read(watch.receive, fault.cut)
        raise Cut
    if fault.status is None:
        await app(scope, watch.receive, _spoiled(fault, watch.send))
        return
    if fault.done:
        await app(scope, watch.receive, _swallow)
    said = dict(fault.headers)
    if fault.retry_after is not None:
        said["Retry-After"] = str(fault.retry_after)
    page = f"<html><body><h1>{fault.status}</h1></body></html>".encode()
    await _say(watch.send, fault.status, page if fault.body is None else fault.body, said)


async def _swallow(message: dict) -> None:
    """Send nothing."""


async def _read(receive: Callable, most: int) -> None:
    """Read the beginning of a request's body, to no end."""
    read = 0
    while read < most:
        message = await receive()
        read += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            return


def _spoiled(fault: Fault, send: Callable) -> Callable:
    """Return what sends an answer with a fault in it."""
    limit = fault.truncate if fault.truncate is not None else fault.cut
    sent = 0

    async def spoil(message: dict) -> None:
        nonlocal sent
        if message["type"] == "http.response.start":
            await send({**message, "headers": _headers(fault, message.get("headers", []))})
            return
        body = message.get("body", b"")
        if fault.wrong_md5:
            body = MD5.sub(NO_MD5, body)
        if fault.corrupt and not sent and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        part = body if limit is None else body[: max(0, limit - sent)]
        sent += len(part)
        breaks = fault.cut is not None and sent >= fault.cut
        await send({**message, "body": part, "more_body": breaks or message.get("more_body", False)})
        if breaks:
            # What was written must leave this machine before the connection goes.
            await asyncio.sleep(0.01)
            raise Cut

    return spoil


def _headers(fault: Fault, headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    if fault.wrong_md5:
        headers = [(key, MD5.sub(NO_MD5, value)) for key, value in headers]
    if fault.truncate is not None:
        headers = [
            (key, str(min(int(value), fault.truncate)).encode() if key == b"content-length" else value)
            for key, value in headers
        ]
    return headers


def as_json(call: Call) -> dict:
    """Return a call in a form that can be written as JSON."""
    return asdict(call)
