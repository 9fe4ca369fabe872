"""Run the local Zenodo until it is interrupted, for a look by hand: python -m servers.zenodo, in tests/."""

from __future__ import annotations

import contextlib
import threading

from servers.zenodo import zenodo

if __name__ == "__main__":
    with zenodo() as server, contextlib.suppress(KeyboardInterrupt):
        values = {"ZENODO_URL": server.url, "ZENODO_TOKEN": server.token, **server.environment}
        print("\n".join(f"export {name}={value}" for name, value in values.items()), flush=True)
        threading.Event().wait()
