"""JSON schema and tables of the steps' parameters."""

from __future__ import annotations

from typing import Any

from tidings.step.command import describe
from tidings.step.declaration import Field, In, Out, Param, Record, Step

_JSON_TYPES = {float: "number", int: "integer", str: "string", bool: "boolean"}


def schema(steps: list[Step]) -> dict[str, Any]:
    """Return the JSON schema of all steps' parameters: a definition for each step, and one of all of them."""
    every = {"properties": {step.name: {"$ref": f"#/$defs/{step.name}"} for step in steps}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Parameters of the steps",
        "$defs": {"steps": every, **{step.name: _step_schema(step) for step in steps}},
    }


def _step_schema(step: Step) -> dict[str, Any]:
    return {
        "description": step.summary,
        "type": "object",
        "additionalProperties": False,
        "properties": {field.name: _field_schema(field) for field in step.select(Param)},
    }


def _field_schema(field: Field) -> dict[str, Any]:
    made: dict[str, Any] = {"type": _JSON_TYPES[field.type]}
    if field.choices:
        made["enum"] = list(field.choices)
    if field.kind.min is not None:
        made["minimum"] = field.kind.min
    if field.kind.max is not None:
        made["maximum"] = field.kind.max
    if field.many:
        made = {"type": "array", "items": made}
    if field.optional:
        made = {"anyOf": [made, {"type": "null"}]}
    made["description"] = describe(field)
    if field.default is not None:
        made["default"] = field.default
    return made


def tables(steps: list[Step]) -> str:
    """Return a Markdown section for each step: what it reads, writes and can be told."""
    return "\n".join(_section(step) for step in steps)


def _section(step: Step) -> str:
    lines = [f"### {step.name}", "", step.doc, ""]
    files = [f for f in step.fields if not isinstance(f.kind, Param)]
    lines += ["| file | | meaning |", "|---|---|---|"]
    lines += [f"| `{f.name}` | {_role(f)} | {_cell(f.kind.doc)} |" for f in files]
    lines += ["", "| parameter | default | unit | bounds | meaning |", "|---|---|---|---|---|"]
    lines += [_row(f) for f in step.select(Param)]
    return "\n".join([*lines, ""])


def _role(field: Field) -> str:
    role = {In: "input", Out: "output", Record: "kept up to date"}[type(field.kind)]
    return f"{role}, optional" if field.optional else role


def _row(field: Field) -> str:
    kind = field.kind
    if field.choices:
        bounds = ", ".join(f"`{c}`" for c in field.choices)
    else:
        bounds = (
            " to ".join("" if b is None else f"{b:g}" for b in (kind.min, kind.max))
            if (kind.min is not None or kind.max is not None)
            else ""
        )
    default = (
        "required" if field.required else "" if field.default in (None, []) else f"`{_plain(field.default)}`"
    )
    return f"| `{field.name}` | {default} | {kind.unit or ''} | {bounds} | {_cell(kind.doc)} |"


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
