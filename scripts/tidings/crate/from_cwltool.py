"""Read a run of a CWL engine from the notes that its steps left, its job file and its products.

``cwltool --provenance`` would tell as much, but cwltool 3.3 keeps all of it in memory, takes longer than the
steps, and fails in the end on tools that have a directory as default in common ("File exists: ...scripts").
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from tidings.crate.model import Engine
from tidings.crate.recorded import Bytes, RecordedFile, RecordedJob, RecordedRun
from tidings.errors import InputError
from tidings.step.code import code_hash
from tidings.step.declaration import In, Out, Param, Step, step_names
from tidings.step.journal import FORMAT
from tidings.step.provenance import files_of

_HOW = (
    "run `TIDINGS_JOURNAL=$PWD/notes cwltool --preserve-environment TIDINGS_JOURNAL --outdir RESULTS "
    "cwl/workflow.cwl JOB`"
)
_PROGRAMS = {"cwltool": "cwltool", "toil": "toil-cwl-runner"}


def read_cwltool(engine: str, notes: Path, results: Path, job: Path) -> RecordedRun:
    """Return the run whose products lie in a folder.

    Parameters
    ----------
    engine : str
        "cwltool" or "toil".
    notes : Path
        The folder that TIDINGS_JOURNAL named. Notes of other runs may be in it.
    results : Path
        The folder of ``--outdir``.
    job : Path
        The job file that the engine was given, YAML or JSON.

    Raises
    ------
    InputError
        One of the three is missing or something else, or a product is not what a noted job made.
    """
    if not results.is_dir():
        raise InputError(f"{results}: no such folder of results; {_HOW}")
    configuration = _read_job(job)
    given = [_given(one, job.parent) for one in _files(configuration)]
    jobs = [_job(note, results, given) for note in _notes(notes)]
    used = _upstream(jobs, _makers(jobs, results))
    for one in used:
        _check_code(one)
    return RecordedRun(Engine(engine, _version(engine), "cwl/workflow.cwl"), tuple(used), configuration)


def _version(engine: str) -> str:
    # Beside this Python first, which need not be on the PATH.
    places = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    program = shutil.which(_PROGRAMS[engine], path=places) or _PROGRAMS[engine]
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise InputError(f"{program}: does not tell its version ({error}); put it on the PATH") from None
    return done.stdout.split()[-1]


# ---- the job file ---------------------------------------------------------------------------------------


def _read_job(path: Path) -> dict[str, Any]:
    try:
        value = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); name the job file of the run") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML: {error}") from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: not a CWL job file")
    return value


def _files(value: Any) -> Iterator[dict[str, Any]]:
    """Give all File and Directory objects in a job."""
    if isinstance(value, list):
        for one in value:
            yield from _files(one)
    elif isinstance(value, dict):
        if value.get("class") in ("File", "Directory"):
            yield value
        else:
            for one in value.values():
                yield from _files(one)


def place_of(value: dict[str, Any]) -> str:
    """Return the path or address that a File or Directory object has, as the job file writes it."""
    return str(value.get("path") or value.get("location") or "")


def _given(value: dict[str, Any], folder: Path) -> tuple[str, Path]:
    place = place_of(value)
    parts = urlsplit(place)
    path = Path(unquote(parts.path) if parts.scheme == "file" else place)
    return place, path if path.is_absolute() else folder / path


# ---- notes ----------------------------------------------------------------------------------------------


def _notes(folder: Path) -> list[dict[str, Any]]:
    paths = sorted(folder.glob("*.json"))
    if not paths:
        raise InputError(f"{folder}: no notes of jobs; {_HOW}")
    made = []
    for path in paths:
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
            known = note["format"] == FORMAT and note["step"] in step_names()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{path}: cannot be read as a note of a job ({error}); delete it") from None
        if not known:
            raise InputError(f"{path}: the note of a job of another suite, or in another format; delete it")
        made.append(note)
    # When a job was done twice, the last one made the product.
    return sorted(made, key=lambda note: note["end"])


def _job(note: dict[str, Any], results: Path, given: list[tuple[str, Path]]) -> RecordedJob:
    step = Step.load(note["step"])
    return RecordedJob(
        step,
        {field.name: note["parameters"][field.name] for field in step.select(Param)},
        {f.name: tuple(_input(one, given) for one in note["inputs"][f.name]) for f in step.select(In)},
        {f.name: _output(note["outputs"][f.name], step, results) for f in step.select(Out)},
        datetime.fromisoformat(note["start"]),
        datetime.fromisoformat(note["end"]),
        code=note["code"],
    )


def _recorded(described: dict[str, Any], name: str, kept: bool = False) -> RecordedFile:
    content = {file: Bytes(digest, size) for file, (digest, size) in described["files"].items()}
    made = RecordedFile(content, None, name, kept)
    return RecordedFile(content, (described["name"], made.checksum()), name, kept)


def _input(described: dict[str, Any], given: list[tuple[str, Path]]) -> RecordedFile:
    made = _recorded(described, described["name"])
    for place, path in given:
        if path.name == made.name and path.exists():
            found = made.found_in(files_of(path) if path.is_dir() else {"": path})
            if found is not None:
                return RecordedFile(found.content, made.key, made.name, made.kept, place)
    return made


def _output(described: dict[str, Any], step: Step, results: Path) -> RecordedFile:
    name = described["name"]
    target, _, rest = name.partition("_")
    made = _recorded(described, f"{step.stack}/{target}/{name}" if rest else f"{step.stack}/{name}")
    path = results / name
    found = made.found_in(files_of(path) if path.is_dir() else {"": path}) if path.exists() else None
    return made if found is None else RecordedFile(found.content, made.key, made.name, kept=True)


def _makers(jobs: list[RecordedJob], results: Path) -> list[RecordedJob]:
    """Return the jobs that made the products, the last for each."""
    makers = {f.name.rpartition("/")[2]: job for job in jobs for f in job.outputs.values() if f.kept}
    for path in sorted(results.iterdir()):
        if path.name not in makers and path.name != "remote.lock.json":
            raise InputError(f"{path}: is not what the run made (no note has these bytes); run it again")
    return list({id(job): job for job in makers.values()}.values())


def _upstream(jobs: list[RecordedJob], used: list[RecordedJob]) -> list[RecordedJob]:
    """Return jobs and those that made what they read."""
    makers = {file.key: job for job in jobs for file in job.outputs.values()}
    found = {id(job): job for job in used}
    waiting = list(used)
    while waiting:
        for file in waiting.pop().read():
            maker = makers.get(file.key)
            if maker is not None and id(maker) not in found:
                found[id(maker)] = maker
                waiting.append(maker)
    return list(found.values())


def _check_code(job: RecordedJob) -> None:
    if job.code != code_hash(job.step.name):
        raise InputError(
            f"scripts/{job.step.name}.py or a module that it imports was edited after the run: run it again, "
            "or restore it"
        )
