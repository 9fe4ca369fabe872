"""What was made, by target, with the warnings of the steps and the reasons of failures."""

from __future__ import annotations

from pathlib import Path

from snakemake_logger_plugin_tidings.run import Job, Run, _time

MOST = 8  # warnings that are told; the logs have the others


def summary(run: Run) -> str:
    """Return the table, "" if nothing was done."""
    if not run.finished and not run.failures:
        return ""
    jobs = [run.jobs[number] for number in run.finished]
    targets = list(dict.fromkeys(job.target or "(no target)" for job in jobs))
    rows = [
        _row(target, [job for job in jobs if (job.target or "(no target)") == target]) for target in targets
    ]
    width = max([len(target) for target, *_ in rows] + [6])
    lines = [f"{'target':<{width}}  steps  files      size"] if rows else []
    lines += [f"{target:<{width}}  {steps:>5}  {files:>5}  {size:>8}" for target, steps, files, size in rows]
    warnings = [text for job in jobs for text in _warnings(job)]
    lines += [f"warning: {text}" for text in warnings[:MOST]]
    if len(warnings) > MOST:
        lines.append(f"warning: and {len(warnings) - MOST} more, in the logs")
    lines += [f"FAILED {text}" for text in dict.fromkeys(run.failures)]
    failed = len(set(run.failures))
    rest = f", {failed} failed," if failed else ""
    lines.append(f"{run.done} of {run.total} steps done{rest} in {_time(run.clock() - run.began)}")
    return "\n".join(lines)


def _row(target: str, jobs: list[Job]) -> tuple[str, int, int, str]:
    files = [file for job in jobs for output in job.outputs for file in _files(Path(output))]
    return target, len(jobs), len(files), _size(sum(file.stat().st_size for file in files))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return [file for file in path.rglob("*") if file.is_file() and not file.name.startswith(".")]
    return [path] if path.is_file() else []


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"


def _warnings(job: Job) -> list[str]:
    """Return what a step warned of, in its log."""
    found = []
    for log in job.logs:
        try:
            lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        found += [
            f"{job.name}: {line.strip()}" for line in lines if "warning" in line.lower() or ": note: " in line
        ]
    return list(dict.fromkeys(found))
