"""The command line of a step, and the frame that it runs in."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from tidings import __version__
from tidings.errors import InputError
from tidings.step import environment, provenance
from tidings.step.declaration import Field, In, Out, Param, Record, Step

_TITLES = {In: "inputs", Out: "outputs", Param: "parameters", Record: "records"}
_BOOLEANS = {"true": True, "false": False}


def main(function: Callable[..., None], argv: Sequence[str] | None = None) -> int:
    """Run a step from the command line and return the exit status.

    0: done. 1: an input, a parameter or the disk must be mended first; standard error says how, and
    nothing was left behind. 2: the command line itself is wrong.
    """
    environment.pin()
    signal.signal(signal.SIGTERM, _stop)
    step = Step.of(function)
    arguments = vars(parser(step).parse_args(argv))
    try:
        run(function, **arguments)
    except InputError as error:
        print(f"{step.name}: error: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.filename is None and error.errno is None:
            raise
        print(f"{step.name}: error: {_os_error(error)}", file=sys.stderr)
        return 1
    return 0


def run(function: Callable[..., None], **values: Any) -> None:
    """Run a step with checked values; its outputs appear whole, all together, or not at all.

    Parameters
    ----------
    function
        The step.
    **values
        Its arguments; those with a default may be left out. Paths may be strings.

    Raises
    ------
    InputError
        If a value is missing, out of bounds or not a file, or if the step refuses its input.
    """
    step = Step.of(function)
    if unknown := sorted(values.keys() - {field.name for field in step.fields}):
        raise InputError(f"{step.name} has no {', '.join(unknown)}")
    values = {field.name: _checked(field, values.get(field.name, field.default)) for field in step.fields}
    outputs = {field.name: values[field.name] for field in step.select(Out)}
    start = datetime.now(UTC)
    if folder := os.environ.get("TIDINGS_JOURNAL"):
        # Before the work: a folder that cannot be made is told at once.
        os.makedirs(folder, exist_ok=True)
    token = provenance.RUNNING.set(cache(lambda: provenance.block(step, values)))
    try:
        with staged(outputs) as paths:
            function(**{**values, **paths})
    finally:
        provenance.RUNNING.reset(token)
    if folder:
        from tidings.step import journal

        journal.note(step, values, start)


@contextmanager
def staged(outputs: dict[str, Path]) -> Iterator[dict[str, Path]]:
    """Give temporary names beside the outputs; move them into place if all were written.

    A killed run leaves at most a folder ``.tidings-*``, never a file under an output's own name.
    """
    folders: dict[Path, Path] = {}
    try:
        for path in outputs.values():
            if path.parent not in folders:
                path.parent.mkdir(parents=True, exist_ok=True)
                folders[path.parent] = Path(tempfile.mkdtemp(prefix=".tidings-", dir=path.parent))
        paths = {name: folders[path.parent] / path.name for name, path in outputs.items()}
        yield paths
        if missing := [name for name, path in paths.items() if not path.exists()]:
            raise RuntimeError(f"the step did not write {', '.join(missing)}")
        for name, path in outputs.items():
            if path.is_dir() and not path.is_symlink():
                # A directory with content cannot be replaced in one move: put the old one aside.
                os.replace(path, folders[path.parent] / f".old-{name}")
            os.replace(paths[name], path)
    finally:
        for folder in folders.values():
            shutil.rmtree(folder, ignore_errors=True)


def parser(step: Step) -> argparse.ArgumentParser:
    """Build the command line of a step."""
    made = argparse.ArgumentParser(
        prog=f"{step.name}.py",
        description=step.doc,
        epilog="Arguments may be read from a file, one a line, named as @FILE.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        fromfile_prefix_chars="@",
        allow_abbrev=False,
    )
    made.add_argument("--version", action="version", version=f"tidings {__version__}")
    for kind, title in _TITLES.items():
        if fields := step.select(kind):
            group = made.add_argument_group(title)
            for field in fields:
                group.add_argument(f"--{field.name}", **_argument(field))
    return made


def describe(field: Field) -> str:
    """Return the description of a field with its unit and bounds."""
    unit = getattr(field.kind, "unit", None)
    low, high = getattr(field.kind, "min", None), getattr(field.kind, "max", None)
    text = field.kind.doc
    if unit:
        text += f" [{unit}]"
    if low is not None and high is not None:
        text += f", {low:g} to {high:g}"
    elif low is not None:
        text += f", at least {low:g}"
    elif high is not None:
        text += f", at most {high:g}"
    return text


def _argument(field: Field) -> dict[str, Any]:
    text = describe(field).replace("%", "%%")
    if not field.required and field.default not in (None, []):
        text += f" (default: {_text(field.default)})"
    options: dict[str, Any] = {"help": text, "required": field.required, "default": field.default}
    if field.choices or field.type is bool:
        options["choices"] = field.choices or (True, False)
    options["type"] = _boolean if field.type is bool else field.type
    options["metavar"] = (
        None if field.choices else {Path: "PATH", str: "TEXT", bool: "{true,false}"}.get(field.type, "NUMBER")
    )
    if field.many:
        options["nargs"] = "+" if field.required else "*"
    return options


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _boolean(text: str) -> bool:
    try:
        return _BOOLEANS[text.lower()]
    except KeyError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false") from None


def _checked(field: Field, value: Any) -> Any:
    """Return a value as its declared type, or say what is wrong with it."""
    if value is None:
        if field.optional or not field.required:
            return [] if field.many and not field.optional else None
        raise InputError(f"{field.name} is missing: {field.kind.doc}")
    if field.many:
        return [_checked_one(field, item) for item in value]
    return _checked_one(field, value)


def _checked_one(field: Field, value: Any) -> Any:
    value = field.type(value)
    if field.choices and value not in field.choices:
        raise InputError(f"{field.name} is {value!r}, not one of {', '.join(field.choices)}")
    if isinstance(field.kind, In) and not value.exists():
        raise InputError(f"{value}: no such {'directory' if field.kind.directory else 'file'} ({field.name})")
    if isinstance(field.kind, Param) and field.type in (int, float):
        low, high = field.kind.min, field.kind.max
        # Written so that NaN, which compares false with everything, is refused as well.
        if not ((low is None or value >= low) and (high is None or value <= high) and value == value):
            raise InputError(f"{field.name} is {value:g}, out of bounds: {describe(field)}")
    return value


def _os_error(error: OSError) -> str:
    place = f"{error.filename}: " if error.filename else ""
    return (
        f"{place}{os.strerror(error.errno)}; nothing was written. Mend the folder or choose another output."
    )


def _stop(number: int, frame: object) -> None:
    # Unwinds the stack, so that temporary files go away.
    raise SystemExit(128 + number)
