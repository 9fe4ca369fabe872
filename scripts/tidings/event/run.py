"""Run what was planned for an event, and say what came of it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tidings.errors import InputError
from tidings.event.known import ROOT
from tidings.event.plan import Plan

PAGE = "scripts/page.py"


def snakemake(configuration: Path, cores: int, options: Sequence[str] = ()) -> int:
    """Run the workflow with a configuration, in the suite's folder; return the exit status.

    What does not depend on a failed step is made all the same.

    Parameters
    ----------
    configuration : Path
        As `tidings.event.config_file.write` wrote it.
    cores : int
        Jobs at a time.
    options : sequence of str
        Handed on to Snakemake.

    Raises
    ------
    InputError
        Snakemake is not installed.
    """
    command = ["snakemake", "--cores", str(cores), "--configfile", str(configuration.relative_to(ROOT))]
    command += ["--keep-going", "--logger", "tidings", *options]
    return _call(command)


def page(target: str, configuration: Path) -> Path | None:
    """Make the page of an event; return its path, or None if there was nothing to show.

    A page that has something to warn of (status 1) is a page.
    """
    made = ROOT / f"results/{target}.html"
    words = [
        target,
        "--configfile",
        str(configuration.relative_to(ROOT)),
        "--output",
        f"results/{target}.html",
    ]
    return made if _call([sys.executable, PAGE, *words]) in (0, 1) else None


def _call(command: Sequence[str]) -> int:
    try:
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    except FileNotFoundError:
        raise InputError(
            f"{command[0]} is not on the PATH: run `make demo` once, then `. .venv/bin/activate`"
        ) from None


def summary(plan: Plan, since: float, clock: Callable[[], float] = time.monotonic) -> str:
    """Return the closing table: each reduction, how many products it has, or why it has none.

    Parameters
    ----------
    plan : Plan
        What was to be made.
    since : float
        Start, on the same clock [s].
    clock : callable
        Seconds that only grow.
    """
    width = max(len(part.reduction) for part in plan.parts)
    lines = [f"{plan.event.name}: {clock() - since:.0f} s"]
    for part in plan.parts:
        lines.append(f"  {part.reduction:<{width}}  {_outcome(plan.event.name, part.reduction, part)}")
    return "\n".join(lines)


def _outcome(target: str, reduction: str, part) -> str:
    if not part.sections:
        return f"left out: {part.why}"
    folder = ROOT / "results" / reduction / target
    files = [path for path in folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
    if not files:
        return f"FAILED: nothing was made; see logs/{reduction}/{target}"
    return f"{len(files)} products in results/{reduction}/{target}"
