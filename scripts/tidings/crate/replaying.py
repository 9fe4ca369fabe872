"""A workflow of the jobs that a crate records, for any engine, whatever engine ran them."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from tidings.crate.graph import command
from tidings.crate.model import Crate, Job
from tidings.errors import InputError
from tidings.step.declaration import Field, Step


def replay(crate: Crate, folder: Path, engine: str) -> Path:
    """Write a workflow with one step per job into an unpacked crate, and return its path.

    Parameters
    ----------
    crate : Crate
        What `read_crate` read from `folder`.
    folder : Path
        The unpacked crate.
    engine : str
        "cwltool" or "toil" (source/replay.cwl, without a job file), or "snakemake" (source/replay.smk, for
        ``snakemake --directory source -s source/replay.smk``; products below source/results).

    Raises
    ------
    InputError
        The crate is not unpacked there, or the engine is not known.

    Notes
    -----
    Downloads are not repeated where the crate has what they got.
    """
    if not (folder / "source/scripts").is_dir():
        raise InputError(f"{folder}: not an unpacked crate (there is no source/scripts): unpack it first")
    if engine == "snakemake":
        path, text = folder / "source/replay.smk", snakefile(crate)
    elif engine in ("cwltool", "toil"):
        path, text = folder / "source/replay.cwl", json.dumps(cwl_workflow(crate), indent=1) + "\n"
    else:
        raise InputError(f"{engine!r} is no engine to replay on: snakemake, cwltool or toil")
    path.write_text(text, encoding="utf-8")
    return path


def _jobs(crate: Crate) -> list[Job]:
    """Return the jobs to be done again: not the downloads whose files are in the crate."""
    return [job for job in crate.jobs if not all(path.startswith("source/") for path in job.outputs.values())]


def _place(path: str) -> str:
    """Return a path of the crate as seen from source/, where products of a replay lie in results/."""
    return path.removeprefix("source/").rstrip("/")


# ---- Snakemake ------------------------------------------------------------------------------------------


def snakefile(crate: Crate) -> str:
    """Return a Snakefile with a rule for each job."""
    jobs = _jobs(crate)
    products = [path for job in jobs for path in job.outputs.values() if crate.files[path].role == "product"]
    lines = [f'"""{_escaped(crate.name)}, job by job."""', "", "", "rule all:", "    input:"]
    lines += [f"        {_literal(_place(path))}," for path in products]
    for number, job in enumerate(jobs, 1):
        lines += _rule(number, job)
    return "\n".join(lines) + "\n"


def _rule(number: int, job: Job) -> list[str]:
    read = dict.fromkeys(_place(path) for paths in job.inputs.values() for path in paths)
    made = [
        f"directory({_literal(_place(path))})" if path.endswith("/") else _literal(_place(path))
        for path in job.outputs.values()
    ]
    return [
        *("", "", f"rule {job.step}_{number}:", "    input:"),
        *(f"        {_literal(path)}," for path in read),
        "    output:",
        *(f"        {path}," for path in made),
        "    shell:",
        f"        {_literal(command(job))}",
    ]


def _literal(text: str) -> str:
    return json.dumps(text.replace("{", "{{").replace("}", "}}"))


def _escaped(text: str) -> str:
    return text.replace("\\", "").replace('"', "'")


# ---- CWL ------------------------------------------------------------------------------------------------


def cwl_workflow(crate: Crate) -> dict[str, Any]:
    """Return a CWL workflow with a step for each job; files of the crate are inputs with a default.

    Raises
    ------
    InputError
        Two products have one name, so that no engine could put both into its output folder.
    """
    jobs = _jobs(crate)
    _refuse_twins(crate, jobs)
    names = {id(job): f"{job.step}_{number}" for number, job in enumerate(jobs, 1)}
    sources = {path: f"{names[id(job)]}/{field}" for job in jobs for field, path in job.outputs.items()}
    inputs: dict[str, Any] = {}
    for path in dict.fromkeys(p for job in jobs for paths in job.inputs.values() for p in paths):
        if path not in sources:
            sources[path] = f"file_{len(inputs) + 1}"
            inputs[sources[path]] = _input(path)
    return {
        "cwlVersion": "v1.2",
        "class": "Workflow",
        "label": crate.name,
        "doc": "The jobs of a recorded run, one step for each",
        "requirements": {"MultipleInputFeatureRequirement": {}},
        "inputs": inputs,
        "steps": {names[id(job)]: _step(job, sources) for job in jobs},
        "outputs": {
            sources[path].replace("/", "_"): {
                "type": "Directory" if path.endswith("/") else "File",
                "outputSource": sources[path],
            }
            for job in jobs
            for path in job.outputs.values()
            if crate.files[path].role == "product"
        },
    }


def _refuse_twins(crate: Crate, jobs: list[Job]) -> None:
    names = Counter(_place(path).rpartition("/")[2] for job in jobs for path in _kept(crate, job))
    if twins := sorted(name for name, number in names.items() if number > 1):
        raise InputError(f"{twins[0]}: two products have this name; CWL engines keep products in one folder")


def _kept(crate: Crate, job: Job) -> list[str]:
    return [path for path in job.outputs.values() if crate.files[path].role == "product"]


def _input(path: str) -> dict[str, Any]:
    kind = "Directory" if path.endswith("/") else "File"
    return {"type": kind, "default": {"class": kind, "location": _place(path)}}


def _step(job: Job, sources: dict[str, str]) -> dict[str, Any]:
    fields: dict[str, Field] = {field.name: field for field in Step.load(job.step).fields}
    made: dict[str, Any] = {}
    for name, paths in job.inputs.items():
        wired = [sources[path] for path in paths]
        many = fields[name].many
        made[name] = {"source": wired, "linkMerge": "merge_flattened"} if many else {"source": wired[0]}
    for name, path in job.outputs.items():
        made[f"{name}_name"] = {"default": _place(path).rpartition("/")[2]}
    for name, value in job.parameters.items():
        made[name] = {"default": value}
    return {"run": f"cwl/tools/{job.step}.cwl", "in": made, "out": list(job.outputs)}
