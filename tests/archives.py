"""Archived runs for tests: made by the suite's own commands, and then tampered with."""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from servers.integral import IntegralServer
from suite import ROOT, call, copy, snakemake
from tidings import crate as crates

DESCRIPTION = ".snakemake/wrroc/ro-crate-metadata.json"
CONFIG = """targets:
  GRB230307A:
    acs:
      trigger: "2023-03-07T15:44:06.67"
"""
ACS = "results/acs/GRB230307A/GRB230307A"


def suite(folder: Path, data: Sequence[str]) -> Path:
    """Copy the suite with some of its data."""
    copy(folder)
    for name in ("CITATION.cff", "README.md", "LICENSE", "pyproject.toml", "Makefile"):
        shutil.copy(ROOT / name, folder / name)
    for path in (folder / "data").iterdir():
        if path.is_dir() and path.name not in data:
            shutil.rmtree(path)
    return folder


def run_and_pack(folder: Path, record: Path, *words: str, **variables: str) -> Path:
    """Run Snakemake in a copy of the suite, and pack what it made."""
    snakemake(folder, *words, **variables)
    snakemake(folder, *words, "--reporter", "wrroc", "--report-wrroc-path", DESCRIPTION)
    call(folder, "python", "scripts/crate.py", "pack", record)
    return record


def small(folder: Path) -> Path:
    """Archive a run of three jobs: counts fetched from the service, light curve, limits."""
    copy = suite(folder / "suite", [])
    (copy / "mine.yaml").write_text(CONFIG)
    names = [f"{ACS}_{name}" for name in ("lightcurve.fits", "limits.ecsv")]
    with IntegralServer() as server:
        return run_and_pack(
            copy, folder / "record", *names, "--configfile", "mine.yaml", TIDINGS_INTEGRAL_HOST=server.host
        )


def tampered(record: Path, folder: Path, edit: Callable[[Path], None], cover: bool = True) -> Path:
    """Unpack an archive and edit a file of it; with `cover`, the manifest is made to fit."""
    crates.unpack(record, folder)
    edit(folder)
    if cover:
        manifest = folder / "manifest-sha256.txt"
        names = [line.split("  ", 1)[1] for line in manifest.read_text().splitlines()]
        old = dict(line.split("  ", 1)[::-1] for line in manifest.read_text().splitlines())
        lines = [f"{old[n] if (folder / n).is_symlink() else digest(folder / n)}  {n}\n" for n in names]
        manifest.write_text("".join(lines))
    return folder


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def edit_graph(folder: Path, change: Callable[[dict], None]) -> None:
    """Change entities of an unpacked archive's description."""
    path = folder / "ro-crate-metadata.json"
    document = json.loads(path.read_text())
    for entity in document["@graph"]:
        change(entity)
    path.write_text(json.dumps(document))


def with_member(record: Path, folder: Path, name: str, content: bytes) -> Path:
    """Copy a record, and add a member to its zip or replace one, with manifest to fit."""
    shutil.copytree(record, folder)
    path = folder / "run-crate.zip"
    with zipfile.ZipFile(record / "run-crate.zip") as old, zipfile.ZipFile(path, "w") as new:
        for info in old.infolist():
            if info.filename != name:
                new.writestr(info, old.read(info))
        new.writestr(name, content)
    manifest = folder / "manifest-sha256.txt"
    lines = [line for line in manifest.read_text().splitlines() if not line.endswith("  run-crate.zip")]
    manifest.write_text("\n".join([*lines, f"{digest(path)}  run-crate.zip"]) + "\n")
    return folder
