"""Read a run of Snakemake from the Process Run Crate that its report plugin wrroc writes."""

from __future__ import annotations

import json
import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import Any

from tidings.crate.model import Engine
from tidings.crate.recorded import RecordedFile, RecordedJob, RecordedRun
from tidings.errors import InputError
from tidings.step.code import code_hash
from tidings.step.command import parser
from tidings.step.declaration import In, Out, Param, Step, step_names

PLUGIN_FILE = Path(".snakemake/wrroc/ro-crate-metadata.json")
"""Where `make crate` has the plugin write, relative to the suite."""

_HOW = "run `snakemake --reporter wrroc --report-wrroc-path FILE` after the run, with the same configuration"


def read_snakemake(root: Path, record: Path) -> RecordedRun:
    """Return the run that a file of the report plugin describes.

    Parameters
    ----------
    root : Path
        The folder that Snakemake ran in.
    record : Path
        The plugin's ``ro-crate-metadata.json``.

    Raises
    ------
    InputError
        The file is missing or something else, or a job is none of the suite's steps.
    """
    entities = _entities(record)
    actions = [entity for entity in entities.values() if entity.get("@type") == "CreateAction"]
    engine = entities.get("https://snakemake.github.io", {})
    if not actions or "softwareVersion" not in engine or "#configuration" not in entities:
        raise InputError(f"{record}: describes no run of Snakemake; {_HOW}")
    return RecordedRun(
        Engine("snakemake", engine["softwareVersion"], "Snakefile"),
        tuple(_job(root, action, entities, record) for action in actions if not _is_packing(action)),
        json.loads(entities["#configuration"]["value"]),
    )


def _entities(record: Path) -> dict[str, dict[str, Any]]:
    try:
        graph = json.loads(record.read_text(encoding="utf-8"))["@graph"]
        return {entity["@id"]: entity for entity in graph}
    except FileNotFoundError:
        raise InputError(f"{record}: no such file; {_HOW}") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{record}: cannot be read as what the report plugin writes ({error}); {_HOW}"
        ) from None


def _is_packing(action: dict[str, Any]) -> bool:
    return action["instrument"]["@id"] == "#rule-crate"


def _job(root: Path, action: dict[str, Any], entities: dict[str, Any], record: Path) -> RecordedJob:
    rule = action["instrument"]["@id"].removeprefix("#rule-")
    if rule not in step_names():
        raise InputError(
            f"{record}: job {action['name']!r} is of the rule {rule}, which is no step of this suite"
        )
    step = Step.load(rule)
    _check_code(step, action, entities)
    values = _values(step, action["description"], record)
    return RecordedJob(
        step,
        {field.name: values[field.name] for field in step.select(Param)},
        {field.name: _inputs(root, values[field.name]) for field in step.select(In)},
        {field.name: _output(root, values[field.name]) for field in step.select(Out)},
        datetime.fromisoformat(action["startTime"]),
        datetime.fromisoformat(action["endTime"]),
        action.get("containerImage"),
    )


def _check_code(step: Step, action: dict[str, Any], entities: dict[str, Any]) -> None:
    hashes = [entities[f"{action['@id']}/code"]["value"]] if f"{action['@id']}/code" in entities else []
    if hashes != [code_hash(step.name)]:
        raise InputError(
            f"scripts/{step.name}.py or a module that it imports was edited after the run: run it again, "
            "or restore it"
        )


def _values(step: Step, command: str, record: Path) -> dict[str, Any]:
    """Read the values of a step's fields from the shell command that Snakemake ran."""
    # The shell joins the lines; shlex would keep the line feeds.
    words = shlex.split(command.replace("\\\n", " "))
    script = next((n for n, word in enumerate(words) if word.endswith(f"{step.name}.py")), None)
    if script is None:
        raise InputError(f"{record}: the command of {step.name} does not run {step.name}.py: {command!r}")
    words = words[script + 1 :]
    # What follows is the redirection to the log.
    end = next((n for n, word in enumerate(words) if re.fullmatch(r"\d?>>?|&>", word)), len(words))
    try:
        return vars(parser(step).parse_args(words[:end]))
    except SystemExit:
        raise InputError(
            f"{record}: {step.name}.py does not take the recorded command: {command!r}"
        ) from None


def _inputs(root: Path, value: Any) -> tuple[RecordedFile, ...]:
    paths = [] if value is None else value if isinstance(value, list) else [value]
    return tuple(RecordedFile.on_disk(root / path, path.name, origin=str(path)) for path in paths)


def _output(root: Path, path: Path) -> RecordedFile:
    top, _, rest = path.as_posix().partition("/")
    if path.is_absolute() or top not in ("results", "resources"):
        raise InputError(
            f"{path}: a product that lies neither in results/ nor in resources/ cannot be packed"
        )
    if not (root / path).exists():
        raise InputError(
            f"{root / path}: no such file, although the run is recorded as finished; run it again"
        )
    return RecordedFile.on_disk(root / path, rest, kept=top == "results")
