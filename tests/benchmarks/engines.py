#!/usr/bin/env python3
"""Run the default run with every engine that this machine has, and write the table in workflows/README.md.

    python tests/benchmarks/engines.py [--print]

Each row is a run in a fresh copy of the suite; its products are compared, byte by byte, with those of
Snakemake on this machine. What cannot be run here says why. The wall times are of this machine and of one
run each: they say what a run costs to start, not how fast an engine is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from services import containers, s3, slurm
from suite import BIN, ROOT, call, copy, digests

README = ROOT / "workflows/README.md"
BEGIN, END = "<!-- made by tests/benchmarks/engines.py -->", "<!-- end of the made part -->"
CWL = ("cwl/workflow.cwl", "cwl/job.yml")


@dataclass(frozen=True)
class Row:
    """One way to run: what to call it, the command shown, why it cannot run here (None: it can), the run."""

    name: str
    command: str
    missing: str | None
    run: Callable[[Path, Path], tuple[float, Path]]


def timed(folder: Path, *command: str | Path, **variables: str) -> float:
    """Run a command and return its wall time [s]."""
    begin = time.monotonic()
    call(folder, *command, **variables)
    return time.monotonic() - begin


def local(folder: Path, scratch: Path) -> tuple[float, Path]:
    return timed(folder, "snakemake", "--cores", "2"), folder / "results"


def on_slurm(folder: Path, scratch: Path) -> tuple[float, Path]:
    with cluster() as server:
        return timed(folder, "snakemake", "--profile", "slurm", **server.variables), folder / "results"


def in_apptainer(folder: Path, scratch: Path) -> tuple[float, Path]:
    containers.sif(folder).symlink_to(containers.sif())
    path = f"{BIN}{os.pathsep}{containers.apptainer_path()}"
    return timed(folder, "snakemake", "--cores", "2", "--sdm", "apptainer", PATH=path), folder / "results"


def in_store(folder: Path, scratch: Path) -> tuple[float, Path]:
    with s3.store(scratch / "server.log") as store:
        variables = {**store.variables, "TIDINGS_S3": "s3://run"}
        seconds = timed(folder, "snakemake", "--profile", "config/s3", "--cores", "2", **variables)
        return seconds, store.get("run", scratch / "bucket") / "results"


def cwltool(folder: Path, scratch: Path) -> tuple[float, Path]:
    return timed(folder, "cwltool", "--outdir", scratch / "out", *CWL), scratch / "out"


def cwltool_in_podman(folder: Path, scratch: Path) -> tuple[float, Path]:
    with containers.podman() as variables:
        path = f"{BIN}{os.pathsep}{variables['PATH']}"
        image = ("--default-container", containers.reference())
        command = ("cwltool", *image, "--outdir", scratch / "out", *CWL)
        return timed(folder, *command, **{**variables, "PATH": path}), scratch / "out"


def toil(folder: Path, scratch: Path, *options: str, **variables: str) -> tuple[float, Path]:
    folders = [f"--workDir={scratch}", f"--coordinationDir={scratch}", f"--jobStore={scratch}/store"]
    command = ("toil-cwl-runner", "--no-container", *folders, *options, "--outdir", scratch / "out", *CWL)
    kept = {"TOIL_HISTORY": "0", "HOME": str(scratch)}
    return timed(folder, *command, **{**variables, **kept}), scratch / "out"


def toil_on_slurm(folder: Path, scratch: Path) -> tuple[float, Path]:
    with cluster() as server:
        return toil(folder, scratch, "--batchSystem=slurm", **server.variables)


@contextmanager
def cluster() -> Iterator[slurm.Slurm]:
    # A socket's path must be short.
    with tempfile.TemporaryDirectory() as name, slurm.slurm(Path(name) / "slurm", cpus=2) as server:
        yield server


def rows() -> list[Row]:
    """List the ways to run, the one that all are compared with first."""
    engine = (BIN / "snakemake").resolve().with_name("python")
    plugin = "import snakemake_storage_plugin_s3"
    no_s3 = s3.missing()
    if subprocess.run([engine, "-c", plugin], stderr=subprocess.DEVNULL).returncode:
        no_s3 = "Snakemake's S3 plugin is not installed (make cloud)"
    no_toil = None if shutil.which("toil-cwl-runner", path=BIN) else "toil is not installed (make toil)"
    no_slurm, no_podman, no_apptainer = (
        slurm.missing(),
        containers.why_no_image() or None,
        containers.why_no_apptainer() or None,
    )
    return [
        Row("Snakemake", "snakemake --cores 2", None, local),
        Row("Snakemake on SLURM", "snakemake --profile slurm", no_slurm, on_slurm),
        Row(
            "Snakemake, steps in a container (apptainer)",
            "snakemake --cores 2 --sdm apptainer",
            no_apptainer,
            in_apptainer,
        ),
        Row("Snakemake, products in S3", "snakemake --profile config/s3", no_s3, in_store),
        Row("cwltool", "cwltool cwl/workflow.cwl cwl/job.yml", None, cwltool),
        Row(
            "cwltool, steps in a container (podman)",
            "cwltool --default-container ...",
            no_podman,
            cwltool_in_podman,
        ),
        Row("toil", "toil-cwl-runner cwl/workflow.cwl cwl/job.yml", no_toil, toil),
        Row("toil on SLURM", "toil-cwl-runner --batchSystem=slurm ...", no_slurm or no_toil, toil_on_slurm),
    ]


def table() -> str:
    """Run everything and return the table as Markdown."""
    lines = ["| engine | command | products identical | wall time |", "|---|---|---|---|"]
    reference: dict[str, str] = {}
    for row in rows():
        if row.missing:
            verdict, seconds = f"not run: {row.missing}", ""
        else:
            with tempfile.TemporaryDirectory() as name:
                scratch = Path(name) / "scratch"
                scratch.mkdir()
                took, results = row.run(copy(Path(name) / "tidings"), scratch)
                made = digests(results)
            reference = reference or made
            same = sum(made.get(product) == digest for product, digest in reference.items())
            verdict = f"{'yes' if made == reference else '**no**'}, {same} of {len(reference)}"
            seconds = f"{took:.0f} s"
        lines.append(f"| {row.name} | `{row.command}` | {verdict} | {seconds} |")
        print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--print", action="store_true", help="print the table only")
    options = parser.parse_args()
    made = table()
    if options.print:
        print(made)
        return
    before, _, rest = README.read_text().partition(BEGIN)
    README.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{rest.partition(END)[2]}")


if __name__ == "__main__":
    main()
