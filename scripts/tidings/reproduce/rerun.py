"""The engine's command that runs an unpacked crate again, offline, and what came of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tidings.errors import InputError

ENGINES = ("snakemake", "cwltool", "toil")
PROGRAMS = {"snakemake": "snakemake", "cwltool": "cwltool", "toil": "toil-cwl-runner"}
# What a step has no use for, and a log must not hold.
SECRETS = ("ZENODO_TOKEN", "ZENODO_SANDBOX_TOKEN", "INVENIORDM_TOKEN")
# Options after which the steps do not run with the packages of this Python.
_APART = ("--sdm", "--software-deployment-method", "--use-conda", "--use-apptainer", "--use-singularity")
_APART += ("--default-container", "--singularity", "--podman", "--udocker", "--profile", "--workflow-profile")


@dataclass(frozen=True)
class Rerun:
    """What came of it: exit status of the engine, folder of the products, command without paths, "
    "last lines."""

    status: int
    results: Path
    command: tuple[str, ...]
    log: tuple[str, ...]


def runs_apart(options: Sequence[str]) -> bool:
    """Tell whether the steps may run with other packages than those of this Python."""
    return any(word.partition("=")[0] in _APART for word in options)


def program(engine: str) -> str:
    """Return the path of an engine's program.

    Raises
    ------
    InputError
        It is not installed.
    """
    found = shutil.which(PROGRAMS[engine], path=_path())
    if found is None:
        raise InputError(
            f"{PROGRAMS[engine]} is not installed; run make {'toil' if engine == 'toil' else 'demo'}, "
            "or choose another --engine"
        )
    return found


def run(engine: str, workflow: Path, scratch: Path, cores: int = 2, options: Sequence[str] = ()) -> Rerun:
    """Run a replay workflow to its end, as far as it gets.

    Parameters
    ----------
    engine : str
        One of `ENGINES`.
    workflow : Path
        As `tidings.crate.replay` writes it, in the folder ``source`` of an unpacked crate.
    scratch : Path
        A folder for outputs and for the engine's own files; its log goes to ``engine.log`` there.
    cores : int
        Jobs at a time, of Snakemake.
    options : sequence of str
        More options for the engine, such as a profile.
    """
    outputs = scratch / "outputs"
    words = _words(engine, workflow, scratch, outputs, cores, options)
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    environment |= {"PATH": _path(), "TOIL_HISTORY": "0", "PYTHONDONTWRITEBYTECODE": "1"}
    scratch.mkdir(parents=True, exist_ok=True)
    log = scratch / "engine.log"
    with log.open("wb") as stream:
        done = subprocess.run(
            [program(engine), *words],
            cwd=workflow.parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    results = workflow.parent / "results" if engine == "snakemake" else outputs
    results.mkdir(parents=True, exist_ok=True)
    return Rerun(done.returncode, results, (PROGRAMS[engine], *options, workflow.name), tuple(lines[-200:]))


def _words(
    engine: str, workflow: Path, scratch: Path, outputs: Path, cores: int, options: Sequence[str]
) -> list[str]:
    if engine == "snakemake":
        given = any(
            word.partition("=")[0] in ("--cores", "--jobs", "-j", "-c", "--profile") for word in options
        )
        count = [] if given else ["--cores", str(cores)]
        return [*count, "--keep-going", "--show-failed-logs", "--snakefile", workflow.name, *options]
    if engine == "cwltool":
        folders = [f"--tmpdir-prefix={scratch}/tmp/", f"--outdir={outputs}"]
        return ["--on-error", "continue", "--disable-color", *folders, *options, workflow.name]
    folders = [f"--workDir={scratch}", f"--coordinationDir={scratch}", f"--jobStore={scratch}/store"]
    apart = [] if runs_apart(options) else ["--no-container"]
    return [*apart, *folders, *options, f"--outdir={outputs}", workflow.name]


def _path() -> str:
    """The steps' `python` is this one, whatever else is on the path."""
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
