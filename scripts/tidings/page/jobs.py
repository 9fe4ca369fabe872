"""What made, or would make, the products of a target: Snakemake's own plan of all its jobs."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tidings.errors import InputError

_JOB = re.compile(
    r"^(?:local)?rule (?P<step>\w+):\n(?P<facts>(?:    .*\n)+)"
    r"(?:Shell command: (?P<command>(?:.*\\\n)*.*)\n)?",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Job:
    """One job: its step, its outputs and log (relative to the suite's folder), and its command."""

    step: str
    outputs: tuple[str, ...]
    log: str | None
    command: str


def planned(root: Path, configuration: Path | None) -> list[Job]:
    """Return all jobs of a configuration in an order that respects what needs what.

    Parameters
    ----------
    root : Path
        Folder of the suite.
    configuration : Path, optional
        Configuration file; the default run when not given.

    Raises
    ------
    InputError
        Snakemake is not installed, or refuses the configuration: its message is passed on.
    """
    printed = _dry_run(root, configuration, "--forceall", "--printshellcmds")
    return [_job(match) for match in _JOB.finditer(printed) if match["step"] not in ("all", "crate")]


def stale(root: Path, configuration: Path | None) -> dict[str, str]:
    """Return the outputs that a run would make now, each with Snakemake's reason."""
    printed = _dry_run(root, configuration)
    found = {}
    for match in _JOB.finditer(printed):
        reason = _fact(match["facts"], "reason") or "to be made"
        found |= dict.fromkeys(_job(match).outputs, reason)
    return found


def _dry_run(root: Path, configuration: Path | None, *options: str) -> str:
    command = ["snakemake", "--dry-run", "--nolock", "--cores", "1", "--quiet", "host", *options]
    command += ["--configfile", str(configuration)] if configuration else []
    try:
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    except FileNotFoundError:
        raise InputError(
            "snakemake is not on the PATH: run `make demo` once, then `. .venv/bin/activate`"
        ) from None
    printed = done.stdout + done.stderr
    if done.returncode:
        lines = [line for line in printed.splitlines() if line.strip()]
        raise InputError(f"{configuration or 'config/config.yaml'}: Snakemake says: {' '.join(lines[-4:])}")
    return printed


def _job(match: re.Match[str]) -> Job:
    outputs = tuple((_fact(match["facts"], "output") or "").split(", "))
    return Job(match["step"], outputs, _fact(match["facts"], "log"), match["command"] or "")


def _fact(facts: str, name: str) -> str | None:
    found = re.search(rf"^    {name}: (.*)$", facts, re.MULTILINE)
    # A log is followed by advice, in brackets, only where a job failed.
    return found[1] if found else None
