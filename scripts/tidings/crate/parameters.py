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


def declared(crate: Crate, step: str) -> Declared:
    """Return the parameters of a step that have a value in this run."""
    used = _used(crate, step)
    names = [field.name for field in _step(step).fields if field.name in used]
    outputs = {field.name for field in _step(step).select(Out)}
    return Declared(
        [_id(step, name) for name in names if name not in outputs],
        [_id(step, name) for name in names if name in outputs],
    )


def _used(crate: Crate, step: str) -> set[str]:
    jobs = [job for job in crate.jobs if job.step == step]
    return {
        name
        for job in jobs
        for name in (*job.inputs, *job.outputs, *(n for n, v in job.parameters.items() if _given(v)))
    }


def entities(crate: Crate) -> list[Entity]:
    """Describe all formal parameters of the run, and the values of those that are no files."""
    made = [
        _formal("#parameter/configuration", "configuration", ["File"], "Targets and parameters", True),
        _formal("#parameter/products", "products", ["File", "Dataset"], "All products", True),
    ]
    if crate.inputs:
        made.append(_formal("#parameter/data", "data", ["File", "Dataset"], "Data that the run read", True))
    for step in dict.fromkeys(job.step for job in crate.jobs):
        used = _used(crate, step)
        made += [_field(crate, step, field) for field in _step(step).fields if field.name in used]
    values = {value["@id"]: value for job in crate.jobs for value in _values(job)}
    return [*made, *values.values()]


def value_ids(job: Job) -> list[str]:
    """Return the identifiers of the values that a job was given."""
    return [value["@id"] for value in _values(job)]


def examples(crate: Crate, file: CrateFile) -> list[str]:
    """Return the formal parameters that a file was the value of."""
    made = [_id(job.step, name) for job in crate.jobs for name, path in job.outputs.items() if path == file.path]
    made += [_id(job.step, name) for job in crate.jobs for name, paths in job.inputs.items() if file.path in paths]
    whole = {"input": ["#parameter/data"], "product": ["#parameter/products"]}.get(file.role, [])
    return [*made, *whole]


def _values(job: Job) -> Iterator[Entity]:
    """Describe the values of a job's parameters; jobs with the same value share it."""
    for name, value in job.parameters.items():
        if _given(value):
            words = json.dumps(value)
            short = words if len(words) < 40 and words.isascii() else hashlib.sha256(words.encode()).hexdigest()[:16]
            made = {
                "@id": f"#value/{job.step}/{name}/{quote(short, safe='')}",
                "@type": "PropertyValue",
                "name": name,
                "value": value[0] if isinstance(value, list) and len(value) == 1 else value,
                "exampleOfWork": {"@id": _id(job.step, name)},
            }
            unit = next(f.kind.unit for f in _step(job.step).select(Param) if f.name == name)
            yield {**made, "unitText": unit} if unit else made


def _given(value: Any) -> bool:
    return value is not None and value != []


def _field(crate: Crate, step: str, field: Field) -> Entity:
    tool = _tool(step)
    if isinstance(field.kind, Param):
        types = [_TYPES[_plain_type(tool["inputs"][field.name]["type"])]]
    else:
        files = [crate.files[path] for job in crate.jobs if job.step == step for path in _paths(job, field.name)]
        types = sorted({"Dataset" if file.is_folder else "File" for file in files}, reverse=True)
    documented = tool["outputs" if isinstance(field.kind, Out) else "inputs"][field.name]
    made = _formal(_id(step, field.name), field.name, types, documented["doc"], field.required)
    if field.many:
        made["multipleValues"] = True
    if isinstance(field.kind, Param) and field.default not in (None, []):
        made["defaultValue"] = field.default if isinstance(field.default, str) else json.dumps(field.default)
    return made


def _paths(job: Job, name: str) -> tuple[str, ...]:
    return (job.outputs[name],) if name in job.outputs else job.inputs.get(name, ())


def _plain_type(kind: Any) -> str:
    """Return the type of a single value in a CWL type."""
    if isinstance(kind, list):
        return _plain_type(next(one for one in kind if one != "null"))
    if isinstance(kind, dict):
        return "enum" if kind["type"] == "enum" else _plain_type(kind["items"])
    return kind


def _formal(name: str, words: str, types: list[str], doc: str, required: bool) -> Entity:
    return {
        "@id": name,
        "@type": "FormalParameter",
        "additionalType": types[0] if len(types) == 1 else types,
        "name": words,
        "description": doc,
        "valueRequired": required,
    }


def _id(step: str, name: str) -> str:
    return f"#parameter/{step}/{name}"
