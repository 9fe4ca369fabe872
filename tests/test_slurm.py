"""The profile for SLURM, on a real SLURM of one node: same bytes, failures named and retried, runs resumed.

Some five minutes on two cores where SLURM is installed, half a minute elsewhere.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from services.slurm import missing, slurm, wait_for
from suite import BIN, ROOT, call, copy, digests, short, shorten, snakemake

PROFILE = "config/slurm/config.yaml"
STRAIN = "data/gw/strain/{0}-{0}1_COGWHEEL_1KHZ-1186741838-31.hdf5"
OTHER = "data/gw/strain/L-L1_LOSC_4_V2-1126259446-32.hdf5"

# Seconds after which a run that should be over is given up.
DEADLINE = 900


def one_target(detectors: str) -> dict:
    """Return a target of the default run with some of its detectors."""
    target = yaml.safe_load((ROOT / "config/config.yaml").read_text())["targets"]["GW170814"]
    for detector in target["gw"]["strain"].keys() - {f"{letter}1" for letter in detectors}:
        del target["gw"]["strain"][detector]
    return target


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """One state of the suite, so that all runs of this file compare.

    Its profile looks for finished jobs more often, and has time for tests that run beside each other.
    """
    folder = shorten(copy(tmp_path_factory.mktemp("source") / "tidings"))
    edit(folder, "status-checks: 65", "status-checks: 5")
    edit(folder, "(2 + input.size_mb / 25)", "(20 + input.size_mb / 25)")
    return folder


@pytest.fixture(scope="module")
def server():
    if reason := missing():
        pytest.skip(reason)
    # A socket's path must be short.
    with tempfile.TemporaryDirectory() as folder, slurm(Path(folder) / "slurm", cpus=4) as running:
        yield running


@pytest.fixture(scope="module")
def long_runs(source, server, tmp_path_factory):
    """Two runs that take long, beside each other: the default one, and one with a step that hangs once."""
    default = copy(tmp_path_factory.mktemp("default") / "tidings", source)
    hanging = prepare(tmp_path_factory.mktemp("hanging") / "tidings", source, GW170814=one_target("H"))
    # SLURM's shortest limit; it is kept to within half a minute.
    edit(hanging, "(20 + input.size_mb / 25) * attempt", "1 + 19 * (attempt - 1)")
    fake = instead_of_python(
        hanging,
        """case "$1" in *gw_strain.py) mkdir $notes/first 2>/dev/null && exec tail -f /dev/null;; esac
        exec $python "$@" """,
        server,
    )
    with (
        background(server, default, TIDINGS_PARTITION="other") as first,
        background(server, hanging, **fake) as second,
    ):
        yield {"default": (default, first), "hanging": (hanging, second)}


@pytest.fixture(scope="module")
def local(long_runs, finished):
    """Checksums of the default run's products, made without SLURM."""
    return digests(finished / "results")


def edit(folder: Path, old: str, new: str) -> None:
    """Replace text in the profile."""
    text = (folder / PROFILE).read_text()
    assert old in text
    (folder / PROFILE).write_text(text.replace(old, new))


def prepare(folder: Path, source: Path, **targets: dict) -> Path:
    """Copy the suite with other targets as its default run."""
    copy(folder, source)
    # JSON is YAML.
    (folder / "config/config.yaml").write_text(json.dumps({"targets": targets}))
    return folder


def run(server, folder: Path, *words: str, status: int = 0, **variables: str) -> str:
    return call(
        folder, "snakemake", "--profile", "slurm", *words, status=status, **{**server.variables, **variables}
    )


@contextmanager
def background(server, folder: Path, *words: str, **variables: str):
    """Run Snakemake beside the test, and stop it if the test ends before it."""
    # Tests started in the background of a shell ignore interrupts, and so would what they start.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with (folder / "printed").open("w") as printed:
        process = subprocess.Popen(
            ["snakemake", "--profile", "slurm", *words],
            cwd=folder,
            env={**os.environ, **server.variables, **variables},
            stdout=printed,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def ended(folder: Path, process: subprocess.Popen) -> str:
    """Wait until a run in the background has ended well; return what it printed."""
    status = process.wait(DEADLINE)
    printed = (folder / "printed").read_text()
    assert status == 0, printed
    return printed


def instead_of_python(folder: Path, script: str, server) -> dict[str, str]:
    """Put a shell script before `python` on the PATH; in it, $python is the real one."""
    (folder / "fake").mkdir()
    program = folder / "fake" / "python"
    program.write_text(f"#!/bin/sh\npython={BIN}/python\nnotes={folder}/fake\n{script}\n")
    program.chmod(0o755)
    return {"PATH": f"{folder}/fake{os.pathsep}{server.variables['PATH']}"}


def matches(products: dict[str, str], local: dict[str, str], *parts: str) -> None:
    """Hold that products with these parts in their names are there, as in the local run."""
    wanted = {name: value for name, value in local.items() if any(part in name for part in parts)}
    assert wanted
    assert {name: products.get(name) for name in wanted} == wanted


def planned(folder: Path, rule: str) -> int:
    """Return how many jobs of a rule would run with the configuration mine.json."""
    printed = snakemake(folder, "--dry-run", "--configfile", "mine.json", "--quiet", "host")
    return len(re.findall(f"^rule {rule}:", printed, flags=re.MULTILINE))


# Without SLURM


def test_profile_gives_every_step_resources_and_a_group(source):
    rules = set(snakemake(source, "--list-rules", "--quiet").split()) - {"all"}
    # Downloads and packing run on the login node.
    wanted = {rule for rule in rules if not rule.endswith("_fetch")} - {"crate"}
    text = (source / PROFILE).read_text()
    resources = set(re.findall(r"^  (\w+):$", text.split("set-resources:")[1], flags=re.MULTILINE))
    assert resources == wanted
    groups = text.split("groups:")[1].split("group-components:")[0]
    assert set(re.findall(r"^  (\w+): \w+$", groups, flags=re.MULTILINE)) == wanted


def test_profile_is_found_by_its_name_and_reads_the_environment(source):
    variables = {"TIDINGS_PARTITION": "astro-long", "TIDINGS_ACCOUNT": "p0123"}
    printed = call(source, "snakemake", "--profile", "slurm", "--dry-run", **variables)
    assert "Using profile slurm" in printed
    jobs = re.findall(r"resources: (.*mem_mb=.*)", printed)
    assert len(jobs) >= 12
    for job in jobs:
        assert "slurm_partition=astro-long" in job
        assert "slurm_account=p0123" in job
    bounds = [dict(re.findall(r"(mem_mb|runtime)=(\d+)", job)) for job in jobs]
    assert all(500 <= int(bound["mem_mb"]) <= 4000 and 1 <= int(bound["runtime"]) <= 60 for bound in bounds)


def test_without_the_variables_nothing_is_asked_of_partition_and_account(source, monkeypatch):
    monkeypatch.delenv("TIDINGS_PARTITION", raising=False)
    monkeypatch.delenv("TIDINGS_ACCOUNT", raising=False)
    printed = call(source, "snakemake", "--profile", "slurm", "--dry-run")
    assert set(re.findall(r"slurm_(?:partition|account)=(\S*?),?\s", printed)) == {""}


def test_memory_and_time_grow_with_the_file_and_the_attempt(source, tmp_path):
    folder = prepare(tmp_path / "tidings", source, GW170814=one_target("H"))
    big = folder / STRAIN.format("H")
    big.unlink()
    with big.open("wb") as file:
        # Nothing is written to disk.
        file.truncate(400_000_000)
    asked = {}
    for attempt in (1, 2, 3):
        printed = call(folder, "snakemake", "--profile", "slurm", "--dry-run", "--attempt", str(attempt))
        for rule, text in re.findall(r"rule (\w+):\n(?:.*\n)*?.*resources: (.*)", printed):
            for name, value in re.findall(r"(mem_mb|runtime)=(\d+)", text):
                asked[rule, name, attempt] = int(value)
    assert asked["gw_strain", "mem_mb", 1] >= 3000
    assert asked["gw_strain", "runtime", 1] >= asked["gw_network", "runtime", 1] + 10
    for rule in ("gw_strain", "gw_spectrogram", "gw_network"):
        for attempt in (2, 3):
            assert asked[rule, "mem_mb", attempt] == pytest.approx(
                2 ** (attempt - 1) * asked[rule, "mem_mb", 1], abs=4
            )
            assert asked[rule, "runtime", attempt] == pytest.approx(
                attempt * asked[rule, "runtime", 1], abs=2
            )


# With SLURM


def test_default_run_gives_the_local_bytes_in_one_cluster_job_of_each_group(server, long_runs, local):
    folder, process = long_runs["default"]
    printed = ended(folder, process)
    assert digests(folder / "results") == short(local)
    jobs = server.jobs(folder)
    assert {(job.state, job.partition, job.cpus) for job in jobs} == {("COMPLETED", "other", 1)}
    groups = sorted(set(yaml.safe_load((folder / PROFILE).read_text())["groups"].values()))
    # The plugin's comment is rule_GROUP_ and more.
    names = [next((one for one in groups if f"rule_{one}_" in job.comment), job.comment) for job in jobs]
    assert sorted(names) == groups
    assert "steps (100%) done" in printed
    assert "Nothing to be done" in run(server, folder)


def test_job_out_of_memory_is_named_and_repeated_with_twice_the_memory(source, server, local, tmp_path):
    folder = prepare(tmp_path / "tidings", source, GW170814=one_target("H"))
    fake = instead_of_python(
        folder,
        """case "$1" in *gw_spectrogram.py) if mkdir $notes/first 2>/dev/null; then
        exec $python -c "import signal; block = bytearray(b'x') * (2000 << 20); signal.pause()"
        fi;; esac
        exec $python "$@" """,
        server,
    )
    printed = run(server, folder, **fake)
    jobs = [job for job in server.jobs(folder) if "gw_spectrogram" in job.comment]
    assert [job.memory for job in jobs] == [1500, 3000]
    assert jobs[0].state in ("FAILED", "OUT_OF_MEMORY")
    assert jobs[1].state == "COMPLETED"
    assert re.search("exceeded .*memory limit", printed)
    assert "Error in rule gw_spectrogram" in printed
    assert "Trying to restart job" in printed
    matches(digests(folder / "results"), local, "GW170814_H1")


def test_cancelled_run_is_resumed_without_loss_or_repetition(source, server, local, tmp_path):
    folder = prepare(tmp_path / "tidings", source, GW170814=one_target("HL"))
    fake = instead_of_python(
        folder,
        # The second strain hangs once; what ends well is noted.
        """case "$1" in *gw_strain.py)
        mkdir $notes/first 2>/dev/null || { mkdir $notes/second 2>/dev/null && exec tail -f /dev/null; }
        ;; esac
        $python "$@" && echo "$1" >> $notes/done""",
        server,
    )
    with background(server, folder, **fake) as process:

        def is_half_done() -> bool:
            assert process.poll() is None, (folder / "printed").read_text()
            done = [job for job in server.jobs(folder) if job.state == "COMPLETED"]
            return (folder / "fake/second").exists() and len(done) == 1

        wait_for(is_half_done, DEADLINE, "one job to be done and one half done")
        process.send_signal(signal.SIGINT)
        assert process.wait(60) != 0

    def states() -> list[str]:
        return sorted(job.state for job in server.jobs(folder))

    wait_for(lambda: states() == ["CANCELLED", "COMPLETED"], 60, "the cancelled job to end")
    finished = {path: path.stat().st_ino for path in (folder / "results").rglob("*") if path.is_file()}
    assert len([path for path in finished if path.name.endswith("_strain.hdf5")]) == 1

    run(server, folder, **fake)
    assert {path: path.stat().st_ino for path in finished} == finished
    steps = (folder / "fake/done").read_text().split()
    counts = {
        step: steps.count(f"scripts/{step}.py") for step in ("gw_strain", "gw_spectrogram", "gw_network")
    }
    assert counts == {"gw_strain": 2, "gw_spectrogram": 2, "gw_network": 1}
    products = digests(folder / "results")
    matches(products, local, "GW170814_H1", "GW170814_L1")
    assert "Nothing to be done" in run(server, folder)

    # The first strain was made without Snakemake hearing of it; README.md says how to make up for that.
    (folder / "mine.json").write_text(json.dumps({"gw_strain": {"fmax": 350}}))
    assert planned(folder, "gw_strain") == 1
    snakemake(folder, "--touch", "--forceall")
    assert planned(folder, "gw_strain") == 2
    assert digests(folder / "results") == products


def test_bad_file_is_named_and_takes_no_other_target_along(source, server, local, tmp_path):
    bad = {"gw": {"strain": {"L1": [OTHER]}}}
    folder = prepare(tmp_path / "tidings", source, GW150914=bad, GW170814=one_target("H"))
    whole = folder / OTHER
    shutil.copy(whole, folder / "whole")
    whole.write_bytes(whole.read_bytes()[:500_000])
    apart = ("--group-components", "none=1", "--retries", "0")
    printed = run(server, folder, *apart, status=1)
    for step in ("gw_strain", "gw_spectrogram"):
        assert re.search(rf"{step}: error: .*{whole.name}.*truncated", printed)
    assert "gw_network: error" not in printed
    products = digests(folder / "results")
    assert not [name for name in products if "GW150914" in name]
    matches(products, local, "GW170814_H1")

    shutil.copy(folder / "whole", whole)
    before = len(server.jobs(folder))
    run(server, folder, *apart)
    # The other target's two jobs are not repeated.
    assert len(server.jobs(folder)) == before + 2
    assert "GW150914_network.png" in digests(folder / "results")


def test_job_out_of_time_is_named_and_repeated_with_more_time(server, long_runs, local):
    folder, process = long_runs["hanging"]
    printed = ended(folder, process)
    jobs = [job for job in server.jobs(folder) if "gw_strain" in job.comment]
    assert [(job.state, job.minutes) for job in jobs] == [("TIMEOUT", 1), ("COMPLETED", 20)]
    assert "DUE TO TIME LIMIT" in printed
    assert "Error in rule gw_strain" in printed
    matches(digests(folder / "results"), local, "GW170814_H1")
