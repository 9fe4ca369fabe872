"""The progress display: on a terminal and without one, of failures and warnings, and how long is left."""

from __future__ import annotations

import importlib.util
import json
import os
import pty
import re
import subprocess
import sys
from types import SimpleNamespace

import pytest

from suite import BIN, ROOT, call

PLUGIN = ROOT / "workflows/snakemake-logger-plugin-tidings/src"
SNAKEFILE = """
rule all:
    input: expand("results/{target}/{kind}.txt", target=["A", "B"], kind=["one", "two"])

rule first:
    output: "results/{target}/one.txt"
    log: "logs/{target}/first.log"
    shell: "echo 'first: warning: {wildcards.target} is faint' 2>&1 > {log}; echo 1 > {output}"

rule second:
    input: "results/{target}/one.txt"
    output: "results/{target}/two.txt"
    log: "logs/{target}/second.log"
    shell:
        "if [ {wildcards.target} = B ] && [ -e broken ]; "
        "then echo 'second: error: B is broken' > {log}; exit 3; fi; "
        "echo 22 > {output}"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "Snakefile").write_text(SNAKEFILE)
    return tmp_path


@pytest.fixture
def run(monkeypatch):
    """The state of a run, with a clock that is set by hand; rules take 10 and 30 s, typically."""
    spec = importlib.util.spec_from_file_location(
        "run_of_plugin", PLUGIN / "snakemake_logger_plugin_tidings/run.py"
    )
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, spec.name, module)
    spec.loader.exec_module(module)
    now = [0.0]
    state = module.Run(clock=lambda: now[0], typical={"first": 10.0, "second": 30.0}, earlier={})
    state.now = now
    state.plan({"all": 1, "first": 2, "second": 2, "total": 5})
    return state


def described(number: int, rule: str, target: str = "A"):
    return SimpleNamespace(jobid=number, rule_name=rule, wildcards={"target": target}, output=[], log=[])


def execute(run, number: int, rule: str, seconds: float) -> None:
    run.start([number])
    run.job(described(number, rule))
    run.now[0] += seconds
    run.finish(number)


# ---- how long is left -----------------------------------------------------------------------------------


def test_time_left_is_the_work_left_over_the_jobs_at_a_time(run):
    assert run.left() == pytest.approx(2 * 10 + 2 * 30)
    run.start([1, 2])
    assert run.left() == pytest.approx(80 / 2)


def test_a_slower_machine_is_found_out(run):
    execute(run, 1, "first", 20)
    # One more first, as long as this one, and two of the other, twice as long as usual.
    assert run.left() == pytest.approx(20 + 2 * 60)


def test_what_runs_counts_in_part_and_never_below_nothing(run):
    for number in (1, 2):
        execute(run, number, "first", 10)
    run.start([3])
    run.job(described(3, "second"))
    run.now[0] += 12
    assert run.left() == pytest.approx(30 - 12 + 30)
    run.now[0] += 500
    assert run.left() == pytest.approx(30)


def test_earlier_runs_are_better_than_what_is_typical(run):
    run.earlier = {"second": 5.0}
    assert run.left() == pytest.approx(2 * 10 + 2 * 5)


def test_rules_nobody_knows_have_a_guess(run):
    run.plan({"strange": 4, "total": 4})
    assert run.left() == pytest.approx(12)


def test_the_line_fits_the_terminal(run):
    run.start([1])
    run.job(described(1, "first", "A" * 300))
    assert len(run.line(60)) == 60
    assert "0/4 steps" in run.line(60)


# ---- as users see it ------------------------------------------------------------------------------------


def without_terminal(folder, *words: str, status: int = 0, **variables: str) -> str:
    return call(
        folder, "snakemake", "--cores", "1", "--logger", "tidings", *words, status=status, **variables
    )


def on_a_terminal(folder, *words: str, **variables: str) -> tuple[int, str]:
    """Run on a pseudo-terminal; return the exit status and all that was written to it."""
    ours, theirs = pty.openpty()
    environment = {
        **os.environ,
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "TERM": "xterm",
        **variables,
    }
    environment.pop("CI", None)
    command = ["snakemake", "--cores", "1", "--logger", "tidings", *words]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    text = b""
    while True:
        try:
            part = os.read(ours, 4096)
        except OSError:
            break
        if not part:
            break
        text += part
    os.close(ours)
    return process.wait(), text.decode()


def test_without_a_terminal_it_is_plain(folder):
    printed = without_terminal(folder, CI="true")
    assert "\x1b" not in printed and "\r" not in printed
    assert re.search(r"^4/4 steps, \d+ s  (first|second) [AB]$", printed, re.MULTILINE)
    assert re.search(r"^A +2 +2 +5 B$", printed, re.MULTILINE)
    assert "warning: first A: first: warning: A is faint" in printed
    assert printed.rstrip().splitlines()[-1].startswith("4 of 4 steps done in ")
    assert "Nothing to be done" in without_terminal(folder)


def test_on_a_terminal_one_line_changes(folder):
    status, printed = on_a_terminal(folder)
    assert status == 0
    assert "\r\x1b[K" in printed
    assert "4/4 steps" in printed
    lines = [line for line in re.sub(r"\r\x1b\[K[^\r\n]*", "", printed).splitlines() if line.strip()]
    assert len(lines) <= 7


def test_no_colour_if_not_wished(folder):
    (folder / "broken").touch()
    assert "\x1b[31m" in on_a_terminal(folder)[1]
    assert "\x1b[31m" not in on_a_terminal(folder, NO_COLOR="1")[1]


def test_a_failure_is_named_with_its_reason_and_log(folder):
    (folder / "broken").touch()
    printed = without_terminal(folder, "--keep-going", status=1)
    assert "FAILED second B: second: error: B is broken (log: logs/B/second.log)" in printed
    assert re.search(r"^3 of 4 steps done, 1 failed, in ", printed, re.MULTILINE)
    assert printed.count("FAILED second B") == 2
    assert (folder / "results/A/two.txt").exists()


def test_products_are_the_same_with_it(folder, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "Snakefile").write_text(SNAKEFILE)
    without_terminal(folder)
    call(other, "snakemake", "--cores", "1")
    files = sorted(path.relative_to(folder) for path in (folder / "results").rglob("*.txt"))
    assert len(files) == 4
    for file in files:
        assert (folder / file).read_bytes() == (other / file).read_bytes()


def test_durations_are_kept_for_the_next_run(folder):
    without_terminal(folder)
    kept = json.loads((folder / ".snakemake/durations.json").read_text())
    assert kept.keys() == {"first", "second"}
    assert all(seconds > 0 for seconds in kept.values())
