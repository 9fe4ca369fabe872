"""Where a rerun left the recorded run first, and why that is likely.

Jobs are gone through in the order of the DAG.  A job is an origin if its outputs have other bytes although
all that it read had the recorded ones; what follows from an origin is not blamed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidings.crate.blocks import read_block
from tidings.crate.model import Crate, Job
from tidings.reproduce.preflight import Preflight
from tidings.reproduce.usage import usage
from tidings.step.code import modules
from tidings.step.provenance import checksum
from tidings.verify import Status, Verdict

FAILED = "FAILED"
_UNKNOWN = (
    "not known: code, parameters, inputs and arithmetic are the recorded ones; the archived product "
    "may have been "
    "made in another environment than the archive says, or the step is not deterministic"
)


@dataclass(frozen=True)
class Divergence:
    """A job whose outputs differ though its inputs do not: its step, id, products, likely causes in order."""

    step: str
    job: str
    products: tuple[str, ...]
    causes: tuple[str, ...]


@dataclass(frozen=True)
class Evidence:
    """What is compared: the archived crate and its folder, the rerun's products, and what else is known.

    `verdicts` are by path in the crate; `changed` names files of the crate that its manifest says were
    changed; `log` holds the last lines of the engine.
    """

    crate: Crate
    archive: Path
    results: Path
    verdicts: Mapping[str, Verdict]
    preflight: Preflight
    changed: Sequence[str] = ()
    log: Sequence[str] = ()

    def now(self, path: str) -> Path | None:
        """Return the rerun's file for a product of the archive."""
        verdict = self.verdicts.get(path)
        if verdict is None or verdict.status is Status.MISSING:
            return None
        return self.results / (verdict.candidate or verdict.product)

    def then(self, path: str) -> Path | None:
        """Return the archived file."""
        found = self.archive / path
        return found if found.is_file() else None


def divergences(evidence: Evidence) -> list[Divergence]:
    """Find the origins, in the order of the DAG."""
    off: set[str] = set()
    found = []
    for job in evidence.crate.jobs:
        differing = [path for path in outputs_of(evidence.crate, job) if _differs(evidence, path)]
        if not differing:
            continue
        follows = any(path in off for path in _read(evidence.crate, job))
        off |= {*differing, *job.outputs.values()}
        if not follows:
            found.append(
                Divergence(job.step, job.id, tuple(differing), tuple(_causes(evidence, job, differing)))
            )
    return found


def outputs_of(crate: Crate, job: Job) -> list[str]:
    """Return the files that a job wrote; a folder stands for the files in it."""
    return [file for path in job.outputs.values() for file in _files(crate, path)]


def _files(crate: Crate, path: str) -> list[str]:
    if not path.endswith("/"):
        return [path]
    return [name for name in crate.files if name.startswith(path) and not name.endswith("/")]


def _read(crate: Crate, job: Job) -> Iterable[str]:
    for paths in job.inputs.values():
        for path in paths:
            yield path
            yield from _files(crate, path)


def _differs(evidence: Evidence, path: str) -> bool:
    """Whether a product has other bytes now; what is no product was not kept, so nothing is known of it."""
    if path not in evidence.verdicts:
        return False
    now = evidence.now(path)
    return now is None or checksum(now) != evidence.crate.files[path].sha256 or _edited(evidence, path)


def _edited(evidence: Evidence, path: str) -> bool:
    """Whether the archived file itself is not the one that the run made."""
    then = evidence.then(path)
    return then is not None and checksum(then) != evidence.crate.files[path].sha256


# ---- causes ---------------------------------------------------------------------------------------------


def _causes(evidence: Evidence, job: Job, differing: Sequence[str]) -> list[str]:
    causes = [
        *_failure(evidence, job, differing),
        *_edits(evidence, differing),
        *_parameters(evidence, job, differing),
        *_code(evidence, job),
        *_inputs(evidence, job),
        *_arithmetic(evidence, job),
    ]
    return causes or [_UNKNOWN]


def _failure(evidence: Evidence, job: Job, differing: Sequence[str]) -> list[str]:
    if any(evidence.now(path) is not None for path in differing):
        return []
    said = [line.strip() for line in evidence.log if line.strip().startswith(f"{job.step}: error:")]
    return [f"the step failed: {said[-1]}" if said else "the step made no product; see engine.log"]


def _edits(evidence: Evidence, differing: Sequence[str]) -> list[str]:
    edited = [path for path in differing if _edited(evidence, path)]
    if not edited:
        return []
    same = [
        path
        for path in edited
        if (now := evidence.now(path)) and checksum(now) == evidence.crate.files[path].sha256
    ]
    also = "; the rerun gives the recorded bytes" if same == edited else ""
    return [
        f"the archived file was changed after the run: {', '.join(map(_name, edited))} is not what "
        f"was recorded{also}"
    ]


def _parameters(evidence: Evidence, job: Job, differing: Sequence[str]) -> list[str]:
    for path in differing:
        then, now = evidence.then(path), evidence.now(path)
        blocks = [read_block(file) if file else None for file in (then, now)]
        if blocks[0] and blocks[0]["step"] == job.step:
            after = blocks[1]["parameters"] if blocks[1] else job.parameters
            if lines := changed_parameters(blocks[0]["parameters"], after):
                return [f"changed parameter: {line}" for line in lines]
    return []


def changed_parameters(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Return a line for each parameter that has another value."""
    return [
        f"{name} was {_shown(then.get(name))}, is {_shown(now.get(name))}"
        for name in sorted(then.keys() | now.keys())
        if _shown(then.get(name)) != _shown(now.get(name))
    ]


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]" if value else "not given"
    # A number is the same parameter whether it was written 8 or 8.0.
    return "not given" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


def _code(evidence: Evidence, job: Job) -> list[str]:
    if job.step not in evidence.preflight.code:
        return []
    scripts = evidence.archive / "source/scripts"
    used = {
        f"source/scripts/{m.relative_to(scripts).as_posix()}"
        for m in modules(scripts / f"{job.step}.py", scripts)
    }
    known = [name for name in evidence.changed if name in used]
    where = f": {', '.join(name.removeprefix('source/') for name in known)}" if known else ""
    return [f"changed library function: the code of {job.step} is not the recorded one{where}"]


def _inputs(evidence: Evidence, job: Job) -> list[str]:
    changed = []
    for path in _read(evidence.crate, job):
        file = evidence.crate.files[path]
        here = evidence.archive / path
        if file.role == "input" and file.included and here.exists() and checksum(here) != file.sha256:
            changed.append(_name(path))
    return [f"changed input: {name} is not the recorded one" for name in dict.fromkeys(changed)]


def _arithmetic(evidence: Evidence, job: Job) -> list[str]:
    used = usage(job.step, evidence.archive / "source/scripts")
    found = evidence.preflight
    lines = [line for group, line in zip(found.groups, found.lines, strict=False) if group in used.groups]
    packages = [
        f"{n} is {found.packages[n][1]}, was {found.packages[n][0]}"
        for n in sorted(used.packages & found.packages.keys())
    ]
    return [
        *(f"other arithmetic: {line}" for line in lines),
        *(f"other package: {line}" for line in packages),
    ]


def _name(path: str) -> str:
    return path.rstrip("/").rpartition("/")[2]


def scrubbed(text: str, folder: Path) -> str:
    """Take the places of this machine out of a text that others will read."""
    for place in (str(folder.resolve()), str(folder), str(Path.home())):
        if place not in (".", "/"):
            text = text.replace(f"{place}/", "").replace(place, "")
    return re.sub(r"(?<![\w:/.])/(?:tmp|home|Users|root|var|work)/\S*/", "", text)
