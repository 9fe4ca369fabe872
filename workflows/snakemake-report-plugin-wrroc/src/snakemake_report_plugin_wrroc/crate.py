"""The JSON-LD of a Process Run Crate."""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from snakemake_report_plugin_wrroc.jobs import Job

CRATE = "https://w3id.org/ro/crate/1.1"
PROCESS = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = "https://w3id.org/ro/terms/workflow-run#"
# Written out, so that whoever reads the crate needs no second context from the network.
CONTEXT = [f"{CRATE}/context", {name: TERMS + name for name in ("containerImage", "sha256")}]


def metadata(
    jobs: list[Job], *, config: dict[str, Any], snakemake: str, license: str, name: str, description: str
) -> dict[str, Any]:
    """Return the content of ``ro-crate-metadata.json`` for the working directory.

    Parameters
    ----------
    jobs
        The jobs, in an order that respects what needs what.
    config
        The configuration, all files and options merged.
    snakemake
        Version of Snakemake.
    license, name, description
        Of the whole; RO-Crate asks for all three.
    """
    files = _files(path for job in jobs for path in (*job.inputs, *job.outputs))
    values = {number: _values(number, job) for number, job in enumerate(jobs, 1)}
    actions = [_action(number, job, files, values[number]) for number, job in enumerate(jobs, 1)]
    engine = {
        "@id": "https://snakemake.github.io",
        "@type": "SoftwareApplication",
        "name": "Snakemake",
        "url": {"@id": "https://snakemake.github.io"},
        "softwareVersion": snakemake,
    }
    configuration = {
        "@id": "#configuration",
        "@type": "PropertyValue",
        "name": "configuration",
        "value": json.dumps(config, sort_keys=True, default=str),
    }
    root = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROCESS},
        "name": name,
        "description": description,
        "license": license,
        "datePublished": max(job.end for job in jobs),
        "hasPart": [{"@id": entity["@id"]} for entity in files.values()],
        "mentions": [{"@id": entity["@id"]} for entity in (*actions, engine, configuration)],
    }
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": CRATE},
        },
        root,
        {"@id": PROCESS, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
        engine,
        configuration,
        *(_rule(rule, snakemake) for rule in sorted({job.rule for job in jobs})),
        *actions,
        *(value for number in values for value in values[number]),
        *files.values(),
    ]
    return {"@context": CONTEXT, "@graph": graph}


def _rule(rule: str, snakemake: str) -> dict[str, Any]:
    return {
        "@id": f"#rule-{rule}",
        "@type": "SoftwareApplication",
        "name": rule,
        "description": f"Rule {rule} of the workflow",
        "softwareVersion": f"run by Snakemake {snakemake}",
    }


def _values(number: int, job: Job) -> list[dict[str, Any]]:
    """Describe the ``params:`` of a job that have a value."""
    given = [(name, value) for name, value in job.params.items() if value not in (None, [], "")]
    return [
        {"@id": f"#job-{number}/{quote(name)}", "@type": "PropertyValue", "name": name, "value": value}
        for name, value in given
    ]


def _action(number: int, job: Job, files: dict[str, Any], values: list[dict[str, Any]]) -> dict[str, Any]:
    wildcards = ", ".join(f"{name} {value}" for name, value in sorted(job.wildcards.items()))
    action = {
        "@id": f"#job-{number}",
        "@type": "CreateAction",
        "name": f"{job.rule}: {wildcards}" if wildcards else job.rule,
        "description": job.command or f"Job of the rule {job.rule}, without a shell command",
        "instrument": {"@id": f"#rule-{job.rule}"},
        "object": [{"@id": one["@id"]} for one in (*(files[path] for path in job.inputs), *values)],
        "result": [{"@id": files[path]["@id"]} for path in job.outputs],
        "startTime": job.start,
        "endTime": job.end,
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }
    if job.container:
        action["containerImage"] = job.container
    return action


def _files(paths: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Describe files, and folders with the files in them, by path."""
    made: dict[str, dict[str, Any]] = {}
    for path in sorted(set(paths)):
        if not Path(path).is_dir():
            made[path] = _file(Path(path))
            continue
        inside = [
            p for p in sorted(Path(path).rglob("*")) if p.is_file() and p.name != ".snakemake_timestamp"
        ]
        for file in inside:
            made.setdefault(str(file), _file(file))
        parts = [{"@id": made[str(file)]["@id"]} for file in inside]
        made[path] = {"@id": f"{_id(Path(path))}/", "@type": "Dataset", "name": path, "hasPart": parts}
    return made


def _file(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return {
        "@id": _id(path),
        "@type": "File",
        "name": path.name,
        "contentSize": str(path.stat().st_size),
        "encodingFormat": mimetypes.guess_type(path.name)[0] or "application/octet-stream",
        "sha256": digest,
    }


def _id(path: Path) -> str:
    relative = PurePosixPath(path)
    if relative.is_absolute() or ".." in relative.parts:
        return path.resolve().as_uri()
    return quote(relative.as_posix())
