"""What an archive claims of its own run, held against its files: products, parameters, inputs, code."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tidings.crate.blocks import read_block
from tidings.crate.model import Crate, Job
from tidings.step.code import code_hash, modules
from tidings.step.declaration import SCRIPTS
from tidings.step.provenance import checksum


def files_of(crate: Crate, path: str) -> list[str]:
    """Return a file, or the files of a folder."""
    if not path.endswith("/"):
        return [path]
    return [name for name in crate.files if name.startswith(path) and not name.endswith("/")]


def outputs_of(crate: Crate, job: Job) -> list[str]:
    """Return the files that a job wrote."""
    return [file for path in job.outputs.values() for file in files_of(crate, path)]


def read_by(crate: Crate, job: Job) -> Iterator[str]:
    """Give the files and folders that a job read, and the files in these."""
    for paths in job.inputs.values():
        for path in paths:
            yield path
            yield from files_of(crate, path)


def edited(crate: Crate, archive: Path, path: str) -> bool:
    """Whether an archived file is not the one that the run made or read."""
    place = archive / path
    return place.is_file() and checksum(place) != crate.files[path].sha256


def changed_inputs(crate: Crate, archive: Path, job: Job) -> list[str]:
    """Return the names of a job's inputs, of the user or downloaded, that are not the recorded ones."""
    found = (
        path.rpartition("/")[2]
        for path in read_by(crate, job)
        if not path.endswith("/") and crate.files[path].role != "product" and edited(crate, archive, path)
    )
    return list(dict.fromkeys(found))


def changed_parameters(
    crate: Crate, archive: Path, job: Job, now: Mapping[str, Any] | None = None
) -> list[str]:
    """Compare the parameters that a job's archived products state with others.

    Parameters
    ----------
    crate, archive : Crate, Path
        The archive, and its unpacked folder.
    job : Job
        One of its jobs.
    now : mapping, optional
        The parameters of the rerun; those of the job, which a rerun takes, unless given.

    Returns
    -------
    list of str
        A line for each that differs.
    """
    for path in outputs_of(crate, job):
        place = archive / path
        block = read_block(place) if place.is_file() else None
        if block and block["step"] == job.step:
            after = job.parameters if now is None else now
            then = {key: _shown(value) for key, value in block["parameters"].items()}
            return [
                f"{name} was {then.get(name, _NONE)}, is {_shown(after.get(name))}"
                for name in sorted(then.keys() | after.keys())
                if then.get(name, _NONE) != _shown(after.get(name))
            ]
    return []


_NONE = "not given"


def _shown(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_shown, value))}]" if value else _NONE
    # A number is the same parameter whether it was written 8 or 8.0.
    return _NONE if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)


# ---- code -----------------------------------------------------------------------------------------------


def code_changed(scripts: Path, job: Job) -> bool:
    """Whether the archived code of a step is not the one that the run recorded."""
    return code_hash(job.step, scripts) != job.code


def changed_code(scripts: Path, job: Job, unlisted: Sequence[str] = ()) -> list[str]:
    """Say where the archived code of a step is not the recorded one, as far as that can be known.

    Parameters
    ----------
    scripts : Path
        The folder in the unpacked archive.
    job : Job
        A job whose step's code has changed.
    unlisted : sequence of str
        Files of the archive that are not as its manifest says.

    Returns
    -------
    list of str
        Files with functions where this suite has the recorded code to compare with; otherwise the files that
        the manifest gives away; otherwise nothing.
    """
    if code_hash(job.step) == job.code:
        return list(_compared(scripts, job.step))
    used = {m.relative_to(scripts).as_posix() for m in modules(scripts / f"{job.step}.py", scripts)}
    names = (name.removeprefix("source/scripts/") for name in unlisted)
    return [name for name in names if name in used]


def _compared(scripts: Path, step: str) -> Iterator[str]:
    ours = {m.relative_to(SCRIPTS): m for m in modules(SCRIPTS / f"{step}.py")}
    theirs = {m.relative_to(scripts): m for m in modules(scripts / f"{step}.py", scripts)}
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours or name not in theirs:
            yield f"{name.as_posix()} ({'added' if name in theirs else 'no longer used'})"
        elif ours[name].read_bytes() != theirs[name].read_bytes():
            functions = changed_functions(ours[name].read_text(), theirs[name].read_text())
            yield name.as_posix() + (f" ({', '.join(functions)})" if functions else "")


def changed_functions(then: str, now: str) -> list[str]:
    """Return the names of the functions and classes of a module whose text differs."""
    before, after = (_definitions(text) for text in (then, now))
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def _definitions(text: str) -> dict[str, str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return {}
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    return {node.name: ast.unparse(node) for node in tree.body if isinstance(node, kinds)}
