"""What a crate holds, as plain data: files, jobs, engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

FORMAT_VERSION = 1
"""Version of the layout that this library writes, and the newest that it reads."""

ZIP = "run-crate.zip"
"""Name of the crate in a record."""

Role = Literal["product", "intermediate", "input"]


@dataclass(frozen=True)
class CrateFile:
    """A file or folder of a run.

    `path` is its place in the crate; where it is not included, its name in the run. The path of a folder ends
    in "/", its `sha256` is that of `tidings.step.provenance.checksum`, its `size` the sum over its files.
    `url` is where it came from over the network.
    """

    path: str
    sha256: str
    size: int
    role: Role
    included: bool = True
    url: str | None = None

    @property
    def name(self) -> str:
        """Return the last part of the path."""
        return self.path.rstrip("/").rpartition("/")[2]

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder."""
        return self.path.endswith("/")


@dataclass(frozen=True)
class Engine:
    """The program that ran the jobs, and the workflow file that it was given (relative to the suite)."""

    name: Literal["snakemake", "cwltool", "toil"]
    version: str
    workflow: str


@dataclass(frozen=True)
class Job:
    """One run of a step; `inputs` and `outputs` give by field the keys of `Crate.files`."""

    step: str
    parameters: dict[str, Any]
    inputs: dict[str, tuple[str, ...]]
    outputs: dict[str, str]
    code: str
    start: datetime
    end: datetime
    container: str | None = None

    @property
    def name(self) -> str:
        """Return the name of the first output, which tells jobs of one step apart."""
        return next(iter(self.outputs.values())).rstrip("/").rpartition("/")[2]

    @property
    def id(self) -> str:
        """Return the identifier in the graph."""
        return f"#job/{self.step}/{self.name}"

    @property
    def stack(self) -> str:
        """Return the scientific stack, which names the environment."""
        return self.step.partition("_")[0]


@dataclass(frozen=True)
class Crate:
    """A packed run. `jobs` are in the order of the DAG."""

    format: int
    name: str
    version: str
    engine: Engine
    jobs: tuple[Job, ...]
    files: dict[str, CrateFile]
    configuration: dict[str, Any]
    digests: dict[str, Any]
    lock: dict[str, Any]
    locks: dict[str, str]
    image: dict[str, str]
    subjects: tuple[str, ...]
    commit: str | None = None
    identifier: str | None = None
    url: str | None = None
    manifest: dict[str, str] = field(default_factory=dict)

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Return the numeric fingerprint of the machine that packed the run."""
        return self.digests.get("fingerprint", {})

    @property
    def start(self) -> datetime:
        """Return when the first job began."""
        return min(job.start for job in self.jobs)

    @property
    def end(self) -> datetime:
        """Return when the last job ended."""
        return max(job.end for job in self.jobs)

    @property
    def products(self) -> tuple[CrateFile, ...]:
        """Return the files and folders below results/ that jobs wrote."""
        return self._with_role("product")

    @property
    def intermediates(self) -> tuple[CrateFile, ...]:
        """Return what jobs wrote elsewhere: downloads, simulations."""
        return self._with_role("intermediate")

    @property
    def inputs(self) -> tuple[CrateFile, ...]:
        """Return what jobs read and none wrote."""
        return self._with_role("input")

    def _with_role(self, role: Role) -> tuple[CrateFile, ...]:
        return tuple(file for file in self.files.values() if file.role == role)
