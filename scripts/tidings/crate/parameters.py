"""Formal parameters of the steps, from their CWL tools, and the values that a run gave them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import quote

from tidings.crate.model import Crate, CrateFile, Job
from tidings.step import cwl
from tidings.step.declaration import Field, Out, Param, Step

# schema.org's names of the types that CWL has.
_TYPES = {"double": "Float", "int": "Integer", "string": "Text", "boolean": "Boolean", "enum": "Text"}
FOLDER = ".folder"
Entity = dict[str, Any]


@dataclass(frozen=True)
class Declared:
    """Identifiers of the formal parameters of a step that the run used."""

    inputs: list[str]
    outputs: list[str]


@cache
def _step(name: str) -> Step:
    return Step.load(name)


@cache
def _tool(name: str) -> dict[str, Any]:
    # The same as cwl/tools/<name>.cwl, which is generated from it; packages and memory do not matter here.
    return cwl.tool(_step(name), {}, 0)


def tool_doc(name: str) -> str:
    """Return what a step does."""
    return _tool(name)["doc"]


def formal_id(step: str, name: str, folder: bool = False) -> str:
    """Return the identifier of a formal parameter; folders have one of their own, for its type is another."""
    return f"#parameter/{step}/{name}{FOLDER if folder else ''}"


def whole(crate: Crate, role: str) -> list[str]:
    """Return the parameters of the workflow that the files of a role ("input", "product") are values of."""
    name = {"input": "data", "product": "products"}[role]
    kinds = sorted({file.is_folder for file in crate.files.values() if file.role == role})
    return [f"#parameter/{name}{FOLDER if folder else ''}" for folder in kinds]


def declared(crate: Crate, step: str) -> Declared:
    """Return the parameters of a step that have a value in this run."""
    outputs = {field.name for field in _step(step).select(Out)}
    used = _used(crate, step)
    return Declared(
        [formal_id(step, field.name, folder) for field, folder in used if field.name not in outputs],
        [formal_id(step, field.name, folder) for field, folder in used if field.name in outputs],
    )


def _used(crate: Crate, step: str) -> list[tuple[Field, bool]]:
    """Return the fields of a step that have a value in this run, and whether it is a folder."""
    jobs = [job for job in crate.jobs if job.step == step]
    found = {(name, False) for job in jobs for name, value in job.parameters.items() if _given(value)}
    found |= {(name, path.endswith("/")) for job in jobs for name, path in job.outputs.items()}
    found |= {
        (name, path.endswith("/")) for job in jobs for name, paths in job.inputs.items() for path in paths
    }
    return [(f, folder) for f in _step(step).fields for folder in (False, True) if (f.name, folder) in found]


def entities(crate: Crate) -> list[Entity]:
    """Describe all formal parameters of the run, and the values of those that are no files."""
    made = [_formal("#parameter/configuration", "configuration", "File", "Targets and parameters", True)]
    for role, doc in (("input", "Data that the run read"), ("product", "All products")):
        for name in whole(crate, role):
            kind = "Dataset" if name.endswith(FOLDER) else "File"
            made.append(_formal(name, name.rpartition("/")[2].removesuffix(FOLDER), kind, doc, True))
    for step in dict.fromkeys(job.step for job in crate.jobs):
        made += [_field(step, field, folder) for field, folder in _used(crate, step)]
    values = {value["@id"]: value for job in crate.jobs for value in _values(job)}
    return [*made, *values.values()]


def value_ids(job: Job) -> list[str]:
    """Return the identifiers of the values that a job was given."""
    return [value["@id"] for value in _values(job)]


def examples(crate: Crate, file: CrateFile) -> list[str]:
    """Return the formal parameters that a file was the value of."""
    names = [
        (job.step, name) for job in crate.jobs for name, path in job.outputs.items() if path == file.path
    ]
    names += [
        (job.step, name) for job in crate.jobs for name, paths in job.inputs.items() if file.path in paths
    ]
    made = [formal_id(step, name, file.is_folder) for step, name in names]
    if file.role in ("input", "product"):
        made += [name for name in whole(crate, file.role) if name.endswith(FOLDER) == file.is_folder]
    return made


def _values(job: Job) -> Iterator[Entity]:
    """Describe the values of a job's parameters; jobs with the same value share it."""
    for name, value in job.parameters.items():
        if _given(value):
            words = json.dumps(value)
            short = (
                words
                if len(words) < 40 and words.isascii()
                else hashlib.sha256(words.encode()).hexdigest()[:16]
            )
            made = {
                "@id": f"#value/{job.step}/{name}/{quote(short, safe='')}",
                "@type": "PropertyValue",
                "name": name,
                "value": value,
                "exampleOfWork": {"@id": formal_id(job.step, name)},
            }
            unit = next(f.kind.unit for f in _step(job.step).select(Param) if f.name == name)
            yield {**made, "unitText": unit} if unit else made


def _given(value: Any) -> bool:
    return value is not None and value != []


def _field(step: str, field: Field, folder: bool) -> Entity:
    tool = _tool(step)
    kind = "Dataset" if folder else "File"
    if isinstance(field.kind, Param):
        kind = _TYPES[_plain_type(tool["inputs"][field.name]["type"])]
    documented = tool["outputs" if isinstance(field.kind, Out) else "inputs"][field.name]
    made = _formal(formal_id(step, field.name, folder), field.name, kind, documented["doc"], field.required)
    if field.many:
        made["multipleValues"] = True
    if isinstance(field.kind, Param) and field.default not in (None, []):
        made["defaultValue"] = field.default if isinstance(field.default, str) else json.dumps(field.default)
    return made


def _plain_type(kind: Any) -> str:
    """Return the type of a single value in a CWL type."""
    if isinstance(kind, list):
        return _plain_type(next(one for one in kind if one != "null"))
    if isinstance(kind, dict):
        return "enum" if kind["type"] == "enum" else _plain_type(kind["items"])
    return kind


def _formal(name: str, words: str, kind: str, doc: str, required: bool) -> Entity:
    return {
        "@id": name,
        "@type": "FormalParameter",
        "additionalType": kind,
        "name": words,
        "description": doc,
        "valueRequired": required,
    }
