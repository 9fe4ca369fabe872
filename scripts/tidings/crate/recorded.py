"""A finished run as its engine recorded it, in one form for all engines."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from tidings.crate.model import Engine
from tidings.errors import InputError
from tidings.step.declaration import Step
from tidings.step.provenance import checksum, files_of, folder_checksum


@dataclass(frozen=True)
class Bytes:
    """What a file holds, and where a copy is if there is one."""

    sha256: str
    size: int
    path: Path | None = None


@dataclass(frozen=True)
class RecordedFile:
    """A file or folder of a run.

    `content` has the bytes of a file under the name "", those of a folder under the relative names of its
    files. `key` is the same where a job reads what another wrote. `name` is what a product is called below
    results/ (`kept`), an intermediate below resources/, an input anywhere; `origin` is an input's path as the
    user gave it, if that is known.
    """

    content: Mapping[str, Bytes]
    key: Hashable
    name: str
    kept: bool = True
    origin: str | None = None

    @classmethod
    def on_disk(cls, path: Path, name: str, kept: bool = True, origin: str | None = None) -> RecordedFile:
        """Make one of a file or folder on the disk, whose resolved path is its key."""
        return cls(content_of(path), path.resolve(), name, kept, origin)

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder."""
        return "" not in self.content

    @property
    def is_here(self) -> bool:
        """Tell whether there is a copy of all its bytes."""
        return all(one.path is not None for one in self.content.values())

    def checksum(self) -> str:
        """Return the SHA-256, for a folder as `tidings.step.provenance.checksum` has it."""
        if not self.is_folder:
            return self.content[""].sha256
        return folder_checksum({name: one.sha256 for name, one in self.content.items()})

    def size(self) -> int:
        """Return the number of bytes, for a folder the sum over its files."""
        return sum(one.size for one in self.content.values())

    def found_in(self, paths: Mapping[str, Path]) -> RecordedFile | None:
        """Return this with copies at `paths`, if these are all its files and have its bytes."""
        if paths.keys() != self.content.keys():
            return None
        if any(sha256(path) != self.content[name].sha256 for name, path in paths.items()):
            return None
        content = {name: replace(one, path=paths[name]) for name, one in self.content.items()}
        return replace(self, content=content)


def content_of(path: Path) -> dict[str, Bytes]:
    """Return the bytes of a file under "", or of the files of a folder."""
    files = files_of(path) if path.is_dir() else {"": path}
    return {name: Bytes(sha256(file), file.stat().st_size, file) for name, file in files.items()}


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file; asked again, an unchanged one is not read again."""
    state = path.stat()
    return _sha256(path.resolve(), state.st_mtime_ns, state.st_size, state.st_ino)


@cache
def _sha256(path: Path, *state: int) -> str:
    return checksum(path)


@dataclass(frozen=True)
class RecordedJob:
    """One run of a step, with the values of all its fields."""

    step: Step
    parameters: dict[str, Any]
    inputs: dict[str, tuple[RecordedFile, ...]]
    outputs: dict[str, RecordedFile]
    start: datetime
    end: datetime
    container: str | None = None
    code: str | None = None

    def read(self) -> list[RecordedFile]:
        """Return all files and folders that it read."""
        return [file for files in self.inputs.values() for file in files]


@dataclass(frozen=True)
class RecordedRun:
    """All jobs of a run, in no particular order, with the configuration as the user gave it."""

    engine: Engine
    jobs: tuple[RecordedJob, ...]
    configuration: dict[str, Any]


def in_order(jobs: Iterable[RecordedJob]) -> list[RecordedJob]:
    """Sort jobs so that each stands after those whose outputs it reads, otherwise by step and name.

    Raises
    ------
    InputError
        Two jobs wrote a file of the same name.
    """
    waiting = sorted(jobs, key=lambda job: (job.step.name, _first(job)))
    makers = {file.key: job for job in waiting for file in job.outputs.values()}
    levels: dict[int, int] = {}

    def level(job: RecordedJob) -> int:
        if id(job) not in levels:
            above = {id(makers[f.key]): makers[f.key] for f in job.read() if f.key in makers}
            levels[id(job)] = 1 + max((level(one) for one in above.values()), default=0)
        return levels[id(job)]

    _refuse_twins(waiting)
    return sorted(waiting, key=level)


def _first(job: RecordedJob) -> str:
    return next(iter(job.outputs.values())).name


def _refuse_twins(jobs: list[RecordedJob]) -> None:
    seen: set[tuple[bool, str]] = set()
    for job in jobs:
        for file in job.outputs.values():
            if (file.kept, file.name) in seen:
                raise InputError(
                    f"{file.name}: two jobs of this run wrote a file of that name; "
                    "give the targets other names"
                )
            seen.add((file.kept, file.name))
