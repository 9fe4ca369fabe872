#!/usr/bin/env python3
"""Archive the default run, deposit it on the local Zenodo, reproduce it from its DOI; times and sizes.

    python tests/benchmarks/archive.py [--engine snakemake] [--engine cwltool] [--keep FOLDER]

Each line gives wall time and processor time (user and system, of all processes). The exit status is 0 only if
every product is identical with every engine.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from archives import DESCRIPTION, suite
from servers.zenodo import zenodo
from suite import BIN, ROOT, call


@contextmanager
def timed(name: str) -> Iterator[None]:
    """Print how long something took."""
    begin, used = time.monotonic(), processor()
    yield
    print(
        f"{name:<28} {time.monotonic() - begin:7.1f} s wall {processor() - used:7.1f} s processor", flush=True
    )


def processor() -> float:
    """Return the processor time of this process and of its finished children [s]."""
    every = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in every)


def main() -> int:
    """Do all of it, in a folder of its own."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--engine", action="append", choices=("snakemake", "cwltool", "toil"))
    parser.add_argument("--keep", type=Path, help="folder to work in, kept")
    arguments = parser.parse_args()
    folder = arguments.keep or Path(tempfile.mkdtemp(prefix="archive-"))
    try:
        return circle(folder, arguments.engine or ["snakemake", "cwltool"])
    finally:
        if arguments.keep is None:
            shutil.rmtree(folder)


def circle(folder: Path, engines: list[str]) -> int:
    """Run, pack, deposit, reproduce."""
    copy = suite(folder / "suite", [path.name for path in (ROOT / "data").iterdir()])
    record = folder / "record"
    with timed("default run, 2 cores"):
        call(copy, "snakemake", "--cores", "2")
    with timed("description and crate"):
        words = ("--reporter", "wrroc", "--report-wrroc-path", DESCRIPTION)
        call(copy, "snakemake", "--cores", "1", *words)
        call(copy, "python", "scripts/crate.py", "pack", record)
    size = sum(path.stat().st_size for path in record.iterdir())
    print(f"record: {len(list(record.iterdir()))} files, {size / 1e6:.1f} MB")
    with zenodo() as server:
        variables = {**server.environment, "ZENODO_TOKEN": server.token}
        with timed("deposit and publication"):
            words = ("--production", "--publish")
            told = call(folder, "python", ROOT / "scripts/deposit.py", record, *words, **variables)
        doi = re.search(r"^DOI: (\S+)$", told, re.MULTILINE)[1]
        return max(reproduced(folder, doi, engine, server.environment) for engine in engines)


def reproduced(folder: Path, doi: str, engine: str, environment: dict[str, str]) -> int:
    """Reproduce the DOI with one engine in an empty folder."""
    empty = folder / engine
    empty.mkdir()
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    words = ("python", ROOT / "scripts/reproduce.py", doi, "--engine", engine)
    with timed(f"reproduction, {engine}"):
        printed = call(empty, *words, status=None, **{**environment, "PATH": path})
    found = json.loads((empty / "reproduction/verdict.json").read_text())
    print(f"{engine}: {found['headline']}")
    if not found["passed"] or set(found["counts"]) != {"IDENTICAL"}:
        print(printed)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
