"""Small records for tests of deposits: the outcome of a reproduction that never took place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidings.reproduce import record


def outcome(
    doi: str | None = "10.5281/zenodo.7", headline: str = "reproduced: 1 product: 1 IDENTICAL"
) -> dict[str, Any]:
    """Return what `tidings.reproduce.report.plain` returns, as far as a record needs it."""
    return {
        "archive": {"name": "Run of Tidings: GW150914", "doi": doi, "url": None, "suite": "0.1.0"},
        "rerun": {
            "engine": "cwltool",
            "status": 0,
            "start": "2026-11-27T01:02:03+00:00",
            "end": "2026-11-27T01:02:33+00:00",
        },
        "headline": headline,
        "counts": {"IDENTICAL": 1},
        "divergences": [],
    }


def make(folder: Path, bulk: int = 0, **changes: Any) -> Path:
    """Write a record with a file of `bulk` bytes beside the verdicts."""
    import json

    value = {**outcome(), **changes}
    files = {
        "verdict.json": json.dumps(value, indent=1).encode(),
        "verdict.html": b"<!DOCTYPE html><title>verdict</title>",
        "verdict.xml": b"<testsuite/>",
    }
    differing = {}
    if bulk:
        differing["results/a.bin"] = folder.with_name("a.bin")
        differing["results/a.bin"].write_bytes(bytes(n % 251 for n in range(1000)) * (bulk // 1000))
    record.write(folder, value, files, differing, record.Person("Carberry, Josiah", "0000-0002-1825-0097"))
    return folder
