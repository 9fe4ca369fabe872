"""The CWL tool of a step, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tidings import __version__
from tidings.step.command import describe
from tidings.step.declaration import Field, In, Out, Record, Step

# EDAM identifiers of the formats that have one.
_FORMATS = {
    "csv": "format_3752",
    "fits": "format_2333",
    "gif": "format_3467",
    "hdf5": "format_3590",
    "html": "format_2331",
    "json": "format_3464",
    "pdf": "format_3508",
    "png": "format_3603",
    "svg": "format_3604",
    "tsv": "format_3475",
}
_TYPES = {float: "double", int: "int", str: "string", bool: "boolean"}


def tool(step: Step, packages: dict[str, str], memory: int) -> dict[str, Any]:
    """Return the CWL v1.2 CommandLineTool of a step.

    Parameters
    ----------
    step
        The step.
    packages
        Names and versions of the packages of its environment, for the software requirement.
    memory
        What its rule asks for [MB].
    """
    inputs = {"scripts": _SCRIPTS}
    for field in step.fields:
        inputs[_input_name(field)] = _input(field)
    outputs = {f.name: _output(f) for f in step.select(Out)}
    requirements: dict[str, Any] = {"NetworkAccess": {"networkAccess": bool(step.select(Record))}}
    arguments = [{"valueFrom": f"$(inputs.scripts.path)/{step.name}.py", "position": -1}]
    for field in step.select(Record):
        # The record is updated in place, so the tool gets a copy that it may write, and returns it.
        name = field.default.name
        entry = {"entryname": name, "entry": f"$(inputs.{field.name})", "writable": True}
        requirements["InitialWorkDirRequirement"] = {"listing": [entry]}
        arguments += [{"prefix": f"--{field.name}", "valueFrom": name}]
        outputs[f"{field.name}_updated"] = {
            "type": "File",
            "doc": f"{field.kind.doc}, updated",
            "outputBinding": {"glob": name},
        }
    return {
        "cwlVersion": "v1.2",
        "class": "CommandLineTool",
        "id": step.name,
        "label": step.summary,
        "doc": step.doc,
        "$namespaces": {"edam": "http://edamontology.org/"},
        "requirements": requirements,
        # Without a number engines that reserve memory reserve 256 MiB, about what a step needs.
        "hints": {
            "ResourceRequirement": {"ramMin": memory},
            "SoftwareRequirement": {"packages": _software(packages)},
        },
        "baseCommand": "python",
        "arguments": arguments,
        "inputs": inputs,
        "outputs": outputs,
    }


# It may be null so that workflows can pass on an optional input of their own: `cwltool --pack` writes the
# absolute path of the default into the packed document, which then needs another where it is moved to.
_SCRIPTS = {
    "type": ["null", "Directory"],
    "label": "The scripts folder of Tidings",
    "doc": "The step and the library beside it",
    "default": {"class": "Directory", "location": "../../scripts"},
}


def _software(packages: dict[str, str]) -> dict[str, Any]:
    listed = {"tidings": __version__, **packages}
    return {name: {"version": [version]} for name, version in listed.items()}


def _input_name(field: Field) -> str:
    # An output's file name is an input of the tool; the output itself has the plain name.
    return f"{field.name}_name" if isinstance(field.kind, Out) else field.name


def _input(field: Field) -> dict[str, Any]:
    if isinstance(field.kind, Out):
        doc, cwl_type = f"File name of: {field.kind.doc}", ["null", "string"]
    else:
        doc, cwl_type = describe(field), _type(field)
    made: dict[str, Any] = {"type": cwl_type, "doc": doc}
    if field.default is not None and not isinstance(field.kind, Record):
        made["default"] = str(field.default) if isinstance(field.default, Path) else field.default
    made["inputBinding"] = {"prefix": f"--{field.name}"}
    if field.type is bool:
        # A plain binding would drop the flag of a false value.
        made["inputBinding"] = {"valueFrom": f"--{field.name}=$(self)"}
    if isinstance(field.kind, Record):
        del made["inputBinding"]
    return made


def _type(field: Field) -> Any:
    if isinstance(field.kind, In):
        base: Any = ["File", "Directory"] if field.kind.directory and field.many else "File"
        if field.kind.directory and not field.many:
            base = "Directory"
    elif isinstance(field.kind, Record):
        base = "File"
    elif field.choices and not field.many:
        # Not in lists: cwltool 3.3 fails on an enumeration inside an optional array. The step checks them.
        base = {"type": "enum", "symbols": list(field.choices)}
    else:
        base = _TYPES[field.type]
    if field.many:
        base = {"type": "array", "items": base}
    # What has a default may be null: workflows then pass on optional inputs of their own.
    return ["null", base] if field.optional or not field.required else base


def _output(field: Field) -> dict[str, Any]:
    made: dict[str, Any] = {
        "type": "Directory" if field.kind.directory else "File",
        "doc": field.kind.doc,
        "outputBinding": {"glob": f"$(inputs.{field.name}_name)"},
    }
    if field.kind.format in _FORMATS:
        made["format"] = f"edam:{_FORMATS[field.kind.format]}"
    return made
