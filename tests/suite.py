"""Running the suite as a user does: copies of the tree, and the engines' own commands in them."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
PARTS = ("CITATION.cff", "Snakefile", "config", "cwl", "data", "envs", "scripts", "slurm", "workflows")


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


# What engines beside the first make of the default run, to be quick: something of every pipeline.
KEPT = ("GW150914", "GRB230307A", "TXS0506+056", "Crab", "GRB161218B", "LS165.11+38.21")


def shorten(folder: Path) -> Path:
    """Leave a copy a few targets of the default run, for engines beside the first."""
    path = folder / "config/config.yaml"
    configuration = yaml.safe_load(path.read_text())
    configuration["targets"] = {name: configuration["targets"][name] for name in KEPT}
    # JSON is YAML.
    path.write_text(json.dumps(configuration))
    path = folder / "cwl/job.yml"
    job = yaml.safe_load(path.read_text())
    for key, entries in job.items():
        if isinstance(entries, list):
            job[key] = [entry for entry in entries if entry.get("name", entry.get("event")) in KEPT]
    path.write_text(json.dumps(job))
    return folder


def short(products: dict[str, str]) -> dict[str, str]:
    """Return the products that a shortened default run has too."""
    kept = tuple(f"{name}_" for name in KEPT)
    return {name: digest for name, digest in products.items() if name.startswith(kept)}


def steps(folder: Path) -> int:
    """Return how many steps the default run has."""
    printed = snakemake(folder, "--dry-run", "--forceall", "--quiet", "rules")
    return int(re.search(r"^total +(\d+)$", printed, flags=re.MULTILINE)[1]) - 1


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
    """Run Snakemake on one core, if the arguments do not say otherwise."""
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
