"""The listeners: plain HTTP for each Zenodo, TLS under their real names, and a proxy that leads there."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path

import trustme
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from servers.zenodo.pages import application
from servers.zenodo.store import Instance
from servers.zenodo.traffic import Traffic

HOSTS = ("zenodo.org", "sandbox.zenodo.org", "doi.org")


class Running:
    """All listeners in one thread, while the context lasts.

    Parameters
    ----------
    instances
        By host name, zenodo.org first.
    folder
        For the certificate authority's file.

    Attributes
    ----------
    ports
        Of each instance over plain HTTP by its name, of the TLS listener (`tls`) and of the proxy (`proxy`).
    authority
        File of the certificate authority that vouches for the TLS listener.
    """

    def __init__(self, instances: Mapping[str, Instance], traffic: Traffic, folder: Path) -> None:
        self.ports: dict[str, int] = {}
        self.authority = folder / "authority.pem"
        self._instances, self._traffic, self._folder = instances, traffic, folder
        self._ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="zenodo", daemon=True)

    def __enter__(self) -> Running:
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error
        return self

    def __exit__(self, *exception: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = application(self._traffic)
        key, certificate = self._certificate()
        front = self._traffic.front
        servers = {host: self._server(front(self._instances, app, default=host)) for host in self._instances}
        servers["tls"] = self._server(front(self._instances, app), key=key, certificate=certificate)
        async with contextlib.AsyncExitStack() as stack:
            for name, server in servers.items():
                self.ports[name] = await stack.enter_async_context(_started(server))
            proxy = await asyncio.start_server(self._connect, "127.0.0.1", 0)
            self.ports["proxy"] = proxy.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()
            proxy.close()
            for transport in list(self._traffic.connections.values()):
                transport.abort()

    def _certificate(self) -> tuple[str, str]:
        """Write an authority, and a certificate for the real names; return its key's and its own file."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(self.authority)
        made = authority.issue_cert(*HOSTS)
        key, certificate = self._folder / "key.pem", self._folder / "certificate.pem"
        made.private_key_pem.write_to_path(key)
        for number, part in enumerate(made.cert_chain_pems):
            part.write_to_path(certificate, append=number > 0)
        return str(key), str(certificate)

    def _server(self, app: object, key: str | None = None, certificate: str | None = None) -> uvicorn.Server:
        traffic = self._traffic

        class Protocol(H11Protocol):
            """Remembers its connection, which a fault may break."""

            def connection_made(self, transport: asyncio.Transport) -> None:
                super().connection_made(transport)
                traffic.connections[(self.client, self.server)] = transport

            def connection_lost(self, error: Exception | None) -> None:
                traffic.connections.pop((self.client, self.server), None)
                super().connection_lost(error)

        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=0,
            http=Protocol,
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            ssl_keyfile=key,
            ssl_certfile=certificate,
            timeout_graceful_shutdown=1,
            timeout_keep_alive=60,
        )
        return uvicorn.Server(config)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer a CONNECT to one of the names with a way to the TLS listener, all else with 403."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            words = (await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)
            if words[0] != b"CONNECT" or words[1].decode("latin-1") not in [f"{host}:443" for host in HOSTS]:
                writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                await writer.drain()
            else:
                inner, out = await asyncio.open_connection("127.0.0.1", self.ports["tls"])
                writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                await asyncio.gather(_pump(reader, out), _pump(inner, writer))
        writer.close()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Pass on bytes until one side ends; then the other does."""
    with contextlib.suppress(OSError):
        while chunk := await source.read(1 << 16):
            sink.write(chunk)
            await sink.drain()
    sink.close()


@contextlib.asynccontextmanager
async def _started(server: uvicorn.Server):
    """Start a server in this loop, give its port, and stop it afterwards."""
    config = server.config
    config.load()
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    ticking = asyncio.create_task(server.main_loop())
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await ticking
        await server.shutdown()
