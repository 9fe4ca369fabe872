"""Where a rerun left the recorded run first, and why that is likely.

Jobs are gone through in the order of the DAG.  A job is an origin if its outputs have other bytes although
all that it read had the recorded ones; what follows from an origin is not blamed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tidings.crate.blocks import read_block
from tidings.crate.model import Crate, Job
from tidings.reproduce.claims import (
    changed_code,
    changed_inputs,
    changed_parameters,
    edited,
    files_of,
    outputs_of,
    read_by,
)
from tidings.reproduce.preflight import Preflight
from tidings.reproduce.usage import usage
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
        """Return the rerun's file for what a job of the archive wrote, or None if there is none."""
        verdict = self.verdicts.get(path)
        if verdict is None:
            # No product: Snakemake leaves it where it was made, other engines drop it.
            left = self.archive / "source" / path
            return left if not self.crate.files[path].included and left.is_file() else None
        if verdict.status is Status.MISSING:
            return None
        return self.results / (verdict.candidate or verdict.product)


def divergences(evidence: Evidence) -> list[Divergence]:
    """Find the origins, in the order of the DAG."""
    off: set[str] = set()
    found = []
    for job in evidence.crate.jobs:
        differing = [path for path in outputs_of(evidence.crate, job) if _differs(evidence, path)]
        failed = not differing and _failed_unseen(evidence, job)
        if failed:
            off |= _written(evidence, job)
        if not differing and not failed:
            continue
        follows = any(path in off for path in read_by(evidence.crate, job))
        # An archived file that was edited afterwards is not what the jobs after it read, then or now.
        off |= {path for path in _written(evidence, job) if _drifted(evidence, path)}
        if not follows:
            causes = _causes(evidence, job, differing)
            found.append(Divergence(job.step, job.id, tuple(differing), tuple(causes)))
    return found


def _differs(evidence: Evidence, path: str) -> bool:
    """Whether a file has other bytes now."""
    return _drifted(evidence, path) or (path in evidence.verdicts and _edited(evidence, path))


def _failed_unseen(evidence: Evidence, job: Job) -> bool:
    """Whether a job failed whose outputs are no products: it says so, and nothing was made of them."""
    written = _written(evidence, job)
    if any(path in evidence.verdicts for path in written) or not _said(evidence, job):
        return False
    readers = [one for one in evidence.crate.jobs if written & set(read_by(evidence.crate, one))]
    made = (evidence.now(path) for one in readers for path in outputs_of(evidence.crate, one))
    return bool(readers) and all(path is None for path in made)


def _drifted(evidence: Evidence, path: str) -> bool:
    """Whether the rerun gave other bytes than were recorded; of a folder, any of its files."""
    if path.endswith("/"):
        return any(_drifted(evidence, file) for file in files_of(evidence.crate, path))
    now = evidence.now(path)
    if now is None:
        return path in evidence.verdicts
    return checksum(now) != evidence.crate.files[path].sha256


def _written(evidence: Evidence, job: Job) -> set[str]:
    return {*job.outputs.values(), *outputs_of(evidence.crate, job)}


def _edited(evidence: Evidence, path: str) -> bool:
    return edited(evidence.crate, evidence.archive, path)


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
    said = _said(evidence, job)
    return [f"the step failed: {said[-1]}" if said else "the step made no product; see engine.log"]


def _said(evidence: Evidence, job: Job) -> list[str]:
    """Return the errors of a step in the engine's log."""
    return [line.strip() for line in evidence.log if line.strip().startswith(f"{job.step}: error:")]


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
    now = [evidence.now(path) for path in differing]
    blocks = [block for path in now if path and (block := read_block(path))]
    after = blocks[0]["parameters"] if blocks else None
    lines = changed_parameters(evidence.crate, evidence.archive, job, after)
    return [f"changed parameter: {line}" for line in lines]


def _code(evidence: Evidence, job: Job) -> list[str]:
    if job.step not in evidence.preflight.code:
        return []
    places = changed_code(evidence.archive / "source/scripts", job, evidence.changed)
    where = f": {'; '.join(places)}" if places else ""
    return [f"changed library function: the code of {job.step} is not the recorded one{where}"]


def _inputs(evidence: Evidence, job: Job) -> list[str]:
    names = changed_inputs(evidence.crate, evidence.archive, job)
    return [f"changed input: {name} is not the recorded one" for name in names]


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
