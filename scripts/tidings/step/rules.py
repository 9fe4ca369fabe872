"""The Snakemake side of a step: its ``params:`` and its ``shell:``."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from tidings.step.code import code_hash
from tidings.step.declaration import SCRIPTS, Field, In, Out, Param, Record, Step

load = cache(Step.load)


def params(name: str, config: Mapping[str, Any], /, **wired: Any) -> dict[str, Any]:
    """Return the ``params:`` of a step's rule.

    Parameters
    ----------
    name
        The step.
    config
        The configuration. A parameter is looked up, the more special place first, in the target's
        section of the step, the target's section of the pipeline, the step's section for all targets,
        and is the declared default otherwise.
    **wired
        Values that the rule sets itself: text with wildcards, or functions of the wildcards.

    Returns
    -------
    dict
        Parameter names and values, ``code`` (a change of the step's code reruns its jobs), and
        for each optional input ``<input>_option`` (its flag and value, or nothing).
    """
    step = load(name)
    made: dict[str, Any] = {"code": code_hash(name)}
    _refuse_wired(step, config, wired)
    for field in (*step.select(Param), *step.select(Record)):
        if field.name in wired:
            value = wired[field.name]
            made[field.name] = as_words(field, value) if isinstance(value, str) else value
        else:
            made[field.name] = _lookup(step, field, config)
    for field in step.select(In):
        if field.optional:
            made[f"{field.name}_option"] = _option_of_input(field.name)
    return made


def shell(name: str) -> str:
    """Return the ``shell:`` of a step's rule: one flag a line, runnable by copy and paste."""
    step = load(name)
    words = [(_is_option(field), _word(field)) for field in step.fields]
    # What may be empty shares a line, so that no line is.
    options = " ".join(word for optional, word in words if optional)
    lines = [
        f"python {os.path.relpath(SCRIPTS)}/{name}.py",
        *(word for optional, word in words if not optional),
    ]
    return " \\\n    ".join([*lines, f"{options} 2> {{log:q}}".strip()])


def _word(field: Field) -> str:
    if isinstance(field.kind, Out):
        return f"--{field.name} {{output.{field.name}:q}}"
    if isinstance(field.kind, In):
        return (
            f"{{params.{field.name}_option:q}}"
            if field.optional
            else f"--{field.name} {{input.{field.name}:q}}"
        )
    if _is_option(field):
        return f"{{params.{field.name}:q}}"
    return f"--{field.name} {{params.{field.name}:q}}"


def _is_option(field: Field) -> bool:
    # A value that may be absent, or empty, brings its flag along, so that nothing is printed without it.
    empty = isinstance(field.kind, Param) and (field.many or field.default == "")
    return field.optional or empty


def _refuse_wired(step: Step, config: Mapping[str, Any], wired: Mapping[str, Any]) -> None:
    sections = {name: target for name, target in (config.get("targets") or {}).items() if target}
    for place, section in [("", config), *((f"targets: {name}: ", s) for name, s in sections.items())]:
        if taken := sorted(wired.keys() & (section.get(step.name) or {}).keys()):
            raise ValueError(
                f"configuration, {place}{step.name}: {taken[0]} is set by the rule; take it away"
            )


def _lookup(step: Step, field: Field, config: Mapping[str, Any]) -> Callable[..., Any]:
    def value(wildcards: Any) -> Any:
        target = (config.get("targets") or {}).get(getattr(wildcards, "target", None)) or {}
        for section in (target.get(step.name), target.get(step.stack), config.get(step.name)):
            if section and field.name in section:
                return as_words(field, section[field.name])
        return as_words(field, field.default)

    return value


def as_words(field: Field, value: Any) -> Any:
    """Return a value as the words that the command line needs."""
    if isinstance(value, bool):
        value = "true" if value else "false"
    if not _is_option(field):
        return value
    if value in (None, "", []):
        return []
    return [f"--{field.name}", *map(str, value if isinstance(value, list) else [value])]


def _option_of_input(name: str) -> Callable[..., list[str]]:
    def option(wildcards: Any, input: Any) -> list[str]:
        files = input.get(name, [])
        files = [files] if isinstance(files, str) else list(files)
        return [f"--{name}", *files] if files else []

    return option
