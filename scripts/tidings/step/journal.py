"""A note of each job, where the engine that runs it keeps none: what it read, wrote, was told, and when.

A step writes one JSON file into the folder that the environment variable TIDINGS_JOURNAL names, if it is set.
Files are named by their last part and checksums, never by a path. `tidings.crate` reads the notes.
"""

from __future__ import annotations

import json
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidings.step.code import code_hash
from tidings.step.declaration import In, Out, Param, Step
from tidings.step.provenance import as_list, checksum, files_of

VARIABLE = "TIDINGS_JOURNAL"
FORMAT = "tidings-job-1"


def note(step: Step, values: dict[str, Any], start: datetime) -> None:
    """Write the note of a job that has just been done, if notes are wanted.

    Parameters
    ----------
    step
        The step.
    values
        The values of all its fields.
    start
        When it began, with time zone.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    made = {
        "format": FORMAT,
        "step": step.name,
        "code": code_hash(step.name),
        "parameters": {field.name: values[field.name] for field in step.select(Param)},
        "inputs": {f.name: [describe(path) for path in as_list(values[f.name])] for f in step.select(In)},
        "outputs": {field.name: describe(values[field.name]) for field in step.select(Out)},
        "start": _text(start),
        "end": _text(datetime.now(UTC)),
    }
    # Any number of jobs may write at the same time, and a reader sees whole notes only.
    path = Path(folder, f"{step.name}-{secrets.token_hex(8)}.json")
    part = path.with_suffix(".part")
    part.write_text(json.dumps(made, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    part.rename(path)


def describe(path: Path) -> dict[str, Any]:
    """Return a file's or folder's name, and SHA-256 and size by relative name, "" for a file itself."""
    files = files_of(path) if path.is_dir() else {"": path}
    return {
        "name": path.name,
        "files": {name: [checksum(file), file.stat().st_size] for name, file in files.items()},
    }


def _text(when: datetime) -> str:
    return when.isoformat(timespec="milliseconds")
