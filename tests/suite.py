"""Running the suite as a user does: copies of the tree, and the engines' own commands in them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PARTS = ("Snakefile", "config", "cwl", "data", "envs", "scripts", "slurm", "workflows")


def copy(folder: Path, source: Path = ROOT) -> Path:
    """Copy the parts of the suite that a run needs."""
    folder.mkdir(parents=True)
    for part in PARTS:
        if (source / part).is_symlink():
            (folder / part).symlink_to(os.readlink(source / part))
        elif (source / part).is_dir():
            shutil.copytree(
                source / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".tidings-*")
            )
        elif (source / part).exists():
            shutil.copy(source / part, folder / part)
    return folder


def call(folder: Path, *command: str | Path, status: int | None = 0, **variables: str) -> str:
    """Run a command in a folder; return what it printed, and fail unless it exits with `status`."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", **variables}
    done = subprocess.run(
        [str(word) for word in command],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert status is None or done.returncode == status, done.stdout
    return done.stdout


def snakemake(folder: Path, *arguments: str, **options) -> str:
    """Run Snakemake on one core."""
    return call(folder, "snakemake", "--cores", "1", *arguments, **options)


def digests(folder: Path) -> dict[str, str]:
    """Return the checksums of all products below a folder, by name; a product may be a folder of files."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != ".snakemake_timestamp"]
    # Files of one name in two such folders are two products.
    names = [f"{p.parent.name}/{p.name}" if p.parent.name.endswith("_mocs") else p.name for p in files]
    assert len(names) == len(set(names)), "two products have one name"
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in zip(names, files, strict=True)
    }
