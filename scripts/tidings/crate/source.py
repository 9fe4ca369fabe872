"""The files of the suite that a crate takes along."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from tidings.errors import InputError

# What the suite consists of, where git cannot tell.
PARTS = (
    *("Snakefile", "config", "cwl", "data", "envs", "scripts", "slurm", "workflows"),
    *("README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "Makefile", "pyproject.toml", "tests"),
    *(".zenodo.json", ".snakemake-workflow-catalog.yml", ".gitignore", ".ci", ".github"),
)
NEEDED = ("Snakefile", "CITATION.cff", "cwl/workflow.cwl", "envs/science.txt", "envs/image.txt", "scripts")
_PASSING = re.compile(
    r"__pycache__|\.pytest_cache|\.ruff_cache|\.tidings-.*|.*\.(part|guard|busy|pyc|egg-info|sif)"
)


def source_files(root: Path) -> dict[str, Path]:
    """List the files of the suite by relative name: what git tracks, or without git the known parts.

    Links are among them where they lead to a place in the suite.

    Raises
    ------
    InputError
        The folder is not the suite.
    """
    for name in NEEDED:
        if not (root / name).exists():
            raise InputError(f"{root}: not the folder of a suite that can be packed: there is no {name}")
    names = _tracked(root)
    if names is None:
        names = [name for part in PARTS for name in _walk(root, part)]
    # Written by the steps themselves, so often not tracked yet.
    if (root / "config/remote.lock.json").exists():
        names.append("config/remote.lock.json")
    return {name: root / name for name in sorted(set(names)) if _stays_inside(root, name)}


def commit(root: Path) -> str | None:
    """Return the commit that is checked out, with "-dirty" after edits, or None without git."""
    if _git(root, "rev-parse", "--show-prefix") != "":
        return None
    made = _git(root, "describe", "--always", "--dirty", "--abbrev=40", "--match=")
    return made or None


def _tracked(root: Path) -> list[str] | None:
    """Return what git tracks, or None if `root` is not the top of a clone."""
    if _git(root, "rev-parse", "--show-prefix") != "":
        return None
    listed = _git(root, "ls-files", "-z")
    return [name for name in listed.split("\0") if name and os.path.lexists(root / name)] if listed else None


def _git(root: Path, *words: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *words], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.rstrip("\n")


def _walk(root: Path, part: str) -> list[str]:
    path = root / part
    if path.is_symlink() or path.is_file():
        return [part]
    if not path.is_dir():
        return []
    inside = sorted(entry for entry in os.listdir(path) if not _PASSING.fullmatch(entry))
    return [name for entry in inside for name in _walk(root, f"{part}/{entry}")]


def _stays_inside(root: Path, name: str) -> bool:
    path = root / name
    if not path.is_symlink():
        return path.is_file()
    return (
        path.exists()
        and not os.path.isabs(os.readlink(path))
        and path.resolve().is_relative_to(root.resolve())
    )
