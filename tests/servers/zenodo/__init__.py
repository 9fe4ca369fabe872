"""Zenodo on this machine: zenodo.org, sandbox.zenodo.org and doi.org, for tests that need them.

Both interfaces over one store, as Zenodo's own code was seen to answer (which differs from its documents):
the older one below ``/api/deposit`` and InvenioRDM's below ``/api/records``. Files, versions, redirects,
tokens, limits and both kinds of JSON are there; nothing leaves the loopback device, and all is gone after.

    with zenodo() as server:
        made = requests.post(f"{server.url}/api/records", json={}, headers=server.bearer)

Where it answers
    ``server.url`` and ``server.sandbox_url`` are zenodo.org and its sandbox over plain HTTP; links in answers
    then begin with the same address. ``server.doi_url + "/10.5281/zenodo.7"`` resolves a DOI as doi.org does,
    by redirects that end on ``{url}/records/7``. Programs with the real names built in get
    ``env={**os.environ, **server.environment}``: a proxy that leads zenodo.org, sandbox.zenodo.org and
    doi.org here, refuses every other name with 403, and a certificate authority that they trust. Links then
    say https://zenodo.org/... Set these variables for the child process alone: pip would not work with them.

Who may do what
    ``server.token`` and ``server.sandbox_token`` may do all that their user may; ``server.bearer`` is the
    header made of the first. ``server.new_token("deposit:write", user="other")`` gives one of few scopes or
    of another user. Answers to nobody, to an unknown token and to one without the scope: 403, as at Zenodo.

What it holds
    ``server.publish({"a.txt": b"..."}, title="...")`` puts a published record in, without a request, and
    returns its id; ``new_version_of=`` makes a version, ``files_access="restricted"`` or
    ``record_access="restricted"`` one that others cannot read.
    ``server.record(id)`` is the record as stored (see `store.Record`), ``server.contents(id)`` its files'
    bytes by name, ``server.published()`` the ids of all published records, ``server.drafts()`` of drafts.
    ``server.limits`` has the numbers of `store.Limits`: files, quota, rate, ... and may be changed.

What goes wrong
    ``server.fault(path, ...)`` lets the next requests fail whose path matches a regular expression, see
    `traffic.Fault`: another status before or after the work is done, Retry-After, a body or a connection that
    ends early, wrong MD5, wrong bytes, a delay. ``server.calm()`` takes all faults back.

What was asked
    ``server.journal`` lists every request, see `traffic.Call`; ``server.calls(path, method=..., status=...)``
    picks from it, ``server.count(...)`` counts.

From another process the same is had at ``{url}/_control/faults`` (POST, DELETE), ``/_control/journal`` (GET)
and ``/_control/limits`` (POST). ``python -m servers.zenodo`` in tests/ runs the server until it is
interrupted, and prints what a shell needs to talk to it.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from servers.zenodo.running import Running
from servers.zenodo.store import Instance, Limits, Record
from servers.zenodo.traffic import Call, Fault, Traffic

SCOPES = ("deposit:write", "deposit:actions")


class Zenodo:
    """The running server, as a test sees it; see the module."""

    def __init__(self, running: Running, main: Instance, sandbox: Instance, traffic: Traffic) -> None:
        self._main, self._sandbox, self._traffic = main, sandbox, traffic
        self.url = f"http://127.0.0.1:{running.ports['zenodo.org']}"
        self.sandbox_url = f"http://127.0.0.1:{running.ports['sandbox.zenodo.org']}"
        self.doi_url = f"{self.url}/doi.org"
        self.proxy = f"http://127.0.0.1:{running.ports['proxy']}"
        self.environment: dict[str, str] = {
            **{name: self.proxy for name in ("HTTPS_PROXY", "https_proxy")},
            **{name: str(running.authority) for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")},
            **{name: "127.0.0.1" for name in ("NO_PROXY", "no_proxy")},
        }
        self.token = self.new_token()
        self.sandbox_token = self.new_token(sandbox=True)

    @property
    def bearer(self) -> dict[str, str]:
        """The header that says who asks."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def limits(self) -> Limits:
        """The limits of zenodo.org, to be changed at will."""
        return self._main.limits

    def new_token(self, *scopes: str, user: str = "user", sandbox: bool = False) -> str:
        """Make a token; without scopes named it has both."""
        return (self._sandbox if sandbox else self._main).new_token(user, scopes or SCOPES)

    def publish(
        self,
        files: Mapping[str, bytes],
        *,
        user: str = "user",
        new_version_of: str | int | None = None,
        record_access: str = "public",
        files_access: str = "public",
        sandbox: bool = False,
        **metadata: object,
    ) -> str:
        """Put in a published record, without a request, and return its id.

        Parameters
        ----------
        files
            Contents by name.
        metadata
            Fields of InvenioRDM's metadata that differ from those of a minimal record.
        """
        instance = self._sandbox if sandbox else self._main
        access = {"record": record_access, "files": files_access}
        return instance.seed(files, metadata, access, user, new_version_of and str(new_version_of))

    def record(self, record: str | int, *, sandbox: bool = False) -> Record:
        """Return a record or draft as it is stored."""
        return (self._sandbox if sandbox else self._main).records[str(record)]

    def contents(self, record: str | int, *, sandbox: bool = False) -> dict[str, bytes]:
        """Return the bytes of a record's files by name, of a draft's if it is not published."""
        one = self.record(record, sandbox=sandbox)
        files = (one.public or one.draft).files
        return {key: file.path.read_bytes() for key, file in files.items() if file.path}

    def published(self, *, sandbox: bool = False) -> list[str]:
        """Return the ids of all published records, oldest first."""
        records = (self._sandbox if sandbox else self._main).records
        return [key for key, one in records.items() if one.public]

    def drafts(self, *, sandbox: bool = False) -> list[str]:
        """Return the ids of all records with a draft, oldest first."""
        records = (self._sandbox if sandbox else self._main).records
        return [key for key, one in records.items() if one.draft]

    def fault(self, path: str = "", **what: object) -> Fault:
        """Let the next requests fail whose path matches a regular expression; see `traffic.Fault`."""
        return self._traffic.add(Fault(path, **what))

    def calm(self) -> None:
        """Take all faults back."""
        self._traffic.faults.clear()

    @property
    def journal(self) -> list[Call]:
        """All requests that were answered or cut, in their order."""
        return list(self._traffic.journal)

    def calls(self, path: str = "", *, method: str | None = None, status: int | None = None) -> list[Call]:
        """Return the requests whose path matches a regular expression."""
        return [
            call
            for call in self._traffic.journal
            if re.search(path, call.path) and method in (None, call.method) and status in (None, call.status)
        ]

    def count(self, path: str = "", **which: object) -> int:
        """Return how many requests match; see `calls`."""
        return len(self.calls(path, **which))


@contextmanager
def zenodo() -> Iterator[Zenodo]:
    """Run an empty Zenodo, its sandbox and doi.org on the loopback device while the context lasts."""
    folder = Path(tempfile.mkdtemp(prefix="zenodo-"))
    traffic = Traffic()
    main = Instance("zenodo.org", "10.5281", folder / "main")
    sandbox = Instance("sandbox.zenodo.org", "10.5072", folder / "sandbox")
    try:
        with Running({"zenodo.org": main, "sandbox.zenodo.org": sandbox}, traffic, folder) as running:
            yield Zenodo(running, main, sandbox, traffic)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
