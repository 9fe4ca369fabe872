"""What several test files share: the default run, done once for all of them."""

from __future__ import annotations

import fcntl
from pathlib import Path

import pytest

from suite import copy, snakemake


@pytest.fixture(scope="session")
def finished(tmp_path_factory, worker_id) -> Path:
    """A copy of the suite with the default run done by Snakemake. Not to be changed: take a copy of it."""
    root = tmp_path_factory.getbasetemp()
    # Test processes beside this one have folders beside its own.
    root = root if worker_id == "master" else root.parent
    folder = root / "finished"
    with (root / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            snakemake(copy(folder / "tidings"), "--cores", "2")
            (folder / "done").touch()
    return folder / "tidings"
