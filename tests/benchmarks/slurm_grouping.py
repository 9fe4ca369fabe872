"""Measure what grouping saves on SLURM: cluster jobs, and time until all is done.

Runs the profile in config/slurm on copies of the suite, with as many targets as told, on a SLURM of its
own on this machine (needs root, slurm-wlm and munge). Steps are real ones, some 3 s each.

    python tests/benchmarks/slurm_grouping.py --targets 40 --per-job 0 1 5

With 0 targets in a cluster job there are no groups: each step is a cluster job of its own.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from services.slurm import Slurm, slurm
from suite import call, copy, digests

STRAIN = {detector: [f"data/gw/strain/{detector[0]}-{detector}_COGWHEEL_1KHZ-1186741838-31.hdf5"]
          for detector in ("H1", "L1")}  # fmt: skip


def configuration(targets: int) -> dict:
    """Return a configuration of five steps a target."""
    section = {"gw": {"event": "GW170814", "strain": STRAIN, "before": 0.5, "after": 0.3}}
    section["gw_spectrogram"] = {"fmax": 480}
    return {"targets": {f"target{number:03d}": section for number in range(targets)}}


def run(server: Slurm, source: Path, folder: Path, targets: int, per_job: int, interval: int) -> dict:
    """Run the profile on a copy of the suite; return the figures of the run."""
    copy(folder, source)
    (folder / "mine.json").write_text(json.dumps(configuration(targets)))
    words = ["--configfile", "mine.json", "--slurm-init-seconds-before-status-checks", str(interval)]
    if per_job:
        words += ["--group-components", f"spectrogram={per_job}", f"strain={3 * per_job}"]
    else:
        # The command line replaces the profile's groups.
        words += ["--groups", "gw_fetch=none"]
    start = time.monotonic()
    call(folder, "snakemake", "--profile", "slurm", *words, **server.variables)
    seconds = time.monotonic() - start
    jobs = server.jobs(folder)
    return {
        "targets_in_a_job": per_job,
        "steps": 5 * targets,
        "cluster_jobs": len(jobs),
        "minutes_asked": sum(job.minutes for job in jobs),
        "wall_s": round(seconds),
        "products": len(digests(folder / "results")),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--targets", type=int, default=40, help="targets, of five steps each")
    parser.add_argument("--per-job", type=int, nargs="+", default=[0, 1, 5], help="targets in a cluster job")
    parser.add_argument("--interval", type=int, default=10, help="first interval between checks [s]")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, slurm(Path(folder) / "slurm") as server:
        source = copy(Path(folder) / "source")
        for per_job in given.per_job:
            target = Path(folder) / f"run{per_job}"
            figures = run(server, source, target, given.targets, per_job, given.interval)
            print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
