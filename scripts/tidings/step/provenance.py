"""What a product says of its own making: step, version, parameters, inputs and their checksums."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from pathlib import Path, PurePosixPath
from typing import Any

from tidings import __version__
from tidings.step.declaration import In, Param, Step

# What Snakemake leaves in a directory that a rule made.
TIMESTAMP = ".snakemake_timestamp"

# Called when a product asks for the block: not all steps do, and checksums of large inputs take time.
RUNNING: ContextVar[Callable[[], dict[str, Any]]] = ContextVar("provenance of the running step")


def provenance() -> dict[str, Any]:
    """Return the block that the running step writes into its products.

    The block holds no path, host or clock, so that the same run gives the same bytes anywhere.
    """
    try:
        made = RUNNING.get()
    except LookupError:
        raise RuntimeError(
            "provenance() is known inside a step only: call it through tidings.step.run"
        ) from None
    return made()


def block(step: Step, values: dict[str, Any]) -> dict[str, Any]:
    """Make the provenance block of a run of `step` with these values."""
    inputs = [
        {"input": field.name, "name": path.name, "sha256": checksum(path)}
        for field in step.select(In)
        for path in as_list(values[field.name])
    ]
    return {
        "step": step.name,
        "version": f"tidings {__version__}",
        "parameters": {field.name: values[field.name] for field in step.select(Param)},
        "inputs": inputs,
    }


def as_list(value: Any) -> list[Any]:
    """Return a value, a list of values or None as a list."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def checksum(path: Path) -> str:
    """Return the SHA-256 of a file, or of a directory's relative names and contents."""
    if path.is_dir():
        return folder_checksum({name: checksum(file) for name, file in files_of(path).items()})
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def folder_checksum(files: Mapping[str, str]) -> str:
    """Return the checksum of a directory from those of its files, by relative name."""
    names = sorted(files, key=lambda name: PurePosixPath(name).parts)
    return hashlib.sha256("".join(f"{name} {files[name]}\n" for name in names).encode()).hexdigest()


def files_of(folder: Path) -> dict[str, Path]:
    """List the files of a directory by relative name, sorted part by part."""
    files = [p for p in sorted(folder.rglob("*")) if p.is_file() and p.name != TIMESTAMP]
    return {path.relative_to(folder).as_posix(): path for path in files}
