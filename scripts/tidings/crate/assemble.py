"""From a recorded run to the content of a crate: what lies where, what is left out, what is checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tidings import __version__
from tidings.crate.blocks import read_block
from tidings.crate.from_cwltool import place_of
from tidings.crate.model import FORMAT_VERSION, Crate, CrateFile, Job, Role
from tidings.crate.recorded import RecordedFile, RecordedJob, RecordedRun, in_order, sha256
from tidings.crate.source import commit, source_files
from tidings.crate.subjects import subjects_of
from tidings.errors import InputError
from tidings.step.code import code_hash, modules
from tidings.step.declaration import SCRIPTS, Record

_MOST_NAMED = 12
LOCK = "config/remote.lock.json"
Content = dict[str, "Path | bytes"]


@dataclass
class _Places:
    """Where the files of a run lie in the crate, while it is put together."""

    source: dict[str, Path]
    lock: dict[str, Any]
    remote_limit: int
    content: Content = field(default_factory=dict)
    files: dict[str, CrateFile] = field(default_factory=dict)
    keys: dict[Any, str] = field(default_factory=dict)


def assemble(root: Path, run: RecordedRun, remote_limit: int) -> tuple[Crate, Content]:
    """Return the crate of a run and the content of its zip, without what describes it.

    Parameters
    ----------
    root : Path
        The folder of the suite.
    run : RecordedRun
        As its engine recorded it.
    remote_limit : int
        Downloaded files of more bytes are named by URL and checksum only.

    Raises
    ------
    InputError
        A file is not what the run used or made, or the code of a step is not part of the suite.
    """
    places = _Places(source_files(root), _lock(root), remote_limit)
    places.content.update({f"source/{name}": path for name, path in places.source.items()})
    jobs = []
    for job in in_order(run.jobs):
        _require_code(job, places.source)
        outputs = {name: _place_output(places, job, file) for name, file in job.outputs.items()}
        inputs = {name: tuple(_place_input(places, f) for f in files) for name, files in job.inputs.items()}
        _check_block(job)
        jobs.append(_job(job, inputs, outputs))
    crate = Crate(
        format=FORMAT_VERSION,
        name=f"Run of Tidings: {_targets(jobs)}",
        version=__version__,
        engine=run.engine,
        jobs=tuple(jobs),
        files=places.files,
        configuration=_configuration(run, places),
        digests={},
        lock=places.lock,
        locks={
            f"envs/{p.name}": sha256(p)
            for p in sorted((root / "envs").glob("*.txt"))
            if p.name != "image.txt"
        },
        image=_image(root),
        subjects=tuple(subjects_of({job.stack for job in jobs})),
        commit=commit(root),
    )
    return crate, places.content


def _lock(root: Path) -> dict[str, Any]:
    path = root / LOCK
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {"files": {}, "sets": {}}


def _image(root: Path) -> dict[str, str]:
    """Return the container image of the steps, and the base that it is built on, which has a digest."""
    text = (root / "envs/Containerfile").read_text(encoding="utf-8")
    base = re.search(r"^ARG BASE=(\S+)$", text, re.MULTILINE)
    name = (root / "envs/image.txt").read_text(encoding="utf-8").strip()
    return {"name": name, "base": base[1]} if base else {"name": name}


def _targets(jobs: list[Job]) -> str:
    """Name the targets, the first of them if they are many."""
    paths = [path.split("/") for job in jobs for path in job.outputs.values() if path.startswith("results/")]
    names = sorted({parts[2] for parts in paths if len(parts) > 3})
    more = len(names) - _MOST_NAMED
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:_MOST_NAMED])} and {more} more"


def _job(job: RecordedJob, inputs: dict[str, tuple[str, ...]], outputs: dict[str, str]) -> Job:
    return Job(
        step=job.step.name,
        parameters=_given(job.parameters),
        inputs={name: paths for name, paths in inputs.items() if paths},
        outputs=outputs,
        code=code_hash(job.step.name),
        start=job.start,
        end=job.end,
        container=job.container,
    )


def _require_code(job: RecordedJob, source: dict[str, Path]) -> None:
    for module in modules(SCRIPTS / f"{job.step.name}.py"):
        name = f"scripts/{module.relative_to(SCRIPTS).as_posix()}"
        if name not in source:
            raise InputError(
                f"{name}: used by {job.step.name}, but not tracked by git: add it (git add {name})"
            )


# ---- places ---------------------------------------------------------------------------------------------


def _place_output(places: _Places, job: RecordedJob, file: RecordedFile) -> str:
    if file.kept:
        return _add(places, file, f"results/{file.name}", "product", True)
    fetched = bool(job.step.select(Record)) and file.is_here
    included = fetched and file.size() <= places.remote_limit
    folder = "source/resources" if included else "resources"
    return _add(places, file, f"{folder}/{file.name}", "intermediate", included)


def _place_input(places: _Places, file: RecordedFile) -> str:
    if file.key in places.keys:
        return places.keys[file.key]
    found = _in_source(places, file)
    if found is not None:
        name, file = found
        return _add(places, file, f"source/{name}", "input", True)
    if not file.is_here:
        raise InputError(
            f"{file.name}: read by the run, but what the configuration names is gone or has other bytes; "
            "restore it"
        )
    return _add(places, file, f"source/inputs/{file.checksum()[:12]}/{file.name}", "input", True)


def _in_source(places: _Places, file: RecordedFile) -> tuple[str, RecordedFile] | None:
    """Find an input among the files of the suite, by its path if that is known and by name and bytes."""
    for name in _candidates(places.source, file):
        inside = {n.removeprefix(f"{name}/"): p for n, p in places.source.items() if n.startswith(f"{name}/")}
        # A folder may have files that git does not track; then it is not the one in the crate.
        found = file.found_in(inside if file.is_folder else {"": places.source[name]})
        if found is not None:
            return name, found
    return None


def _candidates(source: dict[str, Path], file: RecordedFile) -> Iterator[str]:
    folders = {"/".join(name.split("/")[:n]) for name in source for n in range(1, name.count("/") + 1)}
    names = sorted(folders) if file.is_folder else list(source)
    if file.origin in names:
        yield str(file.origin)
    yield from (name for name in names if name.rpartition("/")[2] == file.name.rpartition("/")[2])


def _add(places: _Places, file: RecordedFile, path: str, role: Role, included: bool) -> str:
    path = f"{path}/" if file.is_folder else path
    for name, one in file.content.items():
        place = f"{path}{name}"
        if included and one.path is not None:
            places.content.setdefault(place, one.path)
        url = _url(places.lock, one.sha256)
        places.files.setdefault(place, CrateFile(place, one.sha256, one.size, role, included, url))
    if file.is_folder:
        places.files.setdefault(path, CrateFile(path, file.checksum(), file.size(), role, included))
    places.keys[file.key] = path
    return path


def _url(lock: dict[str, Any], digest: str) -> str | None:
    return next((entry["url"] for entry in lock["files"].values() if entry["sha256"] == digest), None)


# ---- checks ---------------------------------------------------------------------------------------------


def _check_block(job: RecordedJob) -> None:
    """Compare what a product says of its making with the record and with the files that there are now."""
    block = _block(job)
    if block is None:
        return
    first = next(iter(job.outputs.values())).name
    if block["step"] != job.step.name or _given(block["parameters"]) != _given(job.parameters):
        raise InputError(
            f"{first}: says that it was made by {block['step']} with other parameters than the run recorded; "
            "run it again"
        )
    now = sorted(
        (name, f.name.rpartition("/")[2], f.checksum()) for name, fs in job.inputs.items() for f in fs
    )
    then = sorted((one["input"], one["name"], one["sha256"]) for one in block["inputs"])
    if changed := sorted({name for _, name, _ in set(now) ^ set(then)}):
        raise InputError(
            f"{', '.join(changed)}: is not what {first} was made from (another checksum); run it again, "
            "or restore the file"
        )


def _block(job: RecordedJob) -> dict[str, Any] | None:
    for file in job.outputs.values():
        for one in file.content.values():
            if file.kept and one.path and (block := read_block(one.path)):
                return block
    return None


def _given(parameters: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in parameters.items() if value not in (None, [])}


# ---- configuration --------------------------------------------------------------------------------------


def _configuration(run: RecordedRun, places: _Places) -> dict[str, Any]:
    """Return the configuration with the paths in the crate; none of this machine is left."""
    found = {f.origin: places.keys[f.key] for job in run.jobs for f in job.read() if f.origin}
    paths = {origin: path.removeprefix("source/").rstrip("/") for origin, path in found.items()}
    if run.engine.name == "snakemake":
        return _config_value(run.configuration, {o: p for o, p in paths.items() if found[o] != o})
    return {key: _job_value(one, paths) for key, one in run.configuration.items() if key != "scripts"}


def _config_value(value: Any, paths: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _config_value(one, paths) for key, one in value.items()}
    if isinstance(value, list):
        return [_config_value(one, paths) for one in value]
    if not isinstance(value, str):
        return value
    if value in paths:
        return paths[value]
    # A path that no step used.
    return value.rpartition("/")[2] if value.startswith(("/", "~", "../")) else value


def _job_value(value: Any, paths: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_job_value(one, paths) for one in value]
    if not isinstance(value, dict):
        return value
    if value.get("class") in ("File", "Directory"):
        place = place_of(value)
        return {"class": value["class"], "path": paths.get(place, place.rstrip("/").rpartition("/")[2])}
    return {key: _job_value(one, paths) for key, one in value.items()}
