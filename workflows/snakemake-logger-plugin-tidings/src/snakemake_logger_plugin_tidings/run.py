"""How far a run is, and how long the rest will take."""

from __future__ import annotations

import contextlib
import json
import statistics
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TYPICAL = Path(__file__).with_name("durations.json")
KEPT = Path(".snakemake/durations.json")
UNKNOWN = 3.0  # s, of a rule that nothing is known of


@dataclass
class Job:
    """One job: its rule, what it is of, its outputs and logs."""

    rule: str
    target: str
    which: str
    outputs: tuple[str, ...]
    logs: tuple[str, ...]

    @property
    def name(self) -> str:
        """Step, target, and the rest: ``gw_spectrogram GW150914 H1``."""
        return " ".join(word for word in (self.rule, self.target, self.which) if word)


@dataclass
class Run:
    """The state of a run, as the records of Snakemake tell it."""

    clock: Callable[[], float] = time.monotonic
    typical: Mapping[str, float] = field(default_factory=lambda: _read(TYPICAL))
    earlier: Mapping[str, float] = field(default_factory=lambda: _read(KEPT))
    jobs: dict[int, Job] = field(default_factory=dict)
    running: dict[int, float] = field(default_factory=dict)
    finished: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    planned: Counter[str] = field(default_factory=Counter)
    took: dict[str, list[float]] = field(default_factory=dict)
    total: int = 0
    most: int = 1

    def __post_init__(self) -> None:
        self.began = self.clock()

    # ---- what is told ------------------------------------------------------------------------------------

    def plan(self, stats: Mapping[str, int]) -> None:
        """Take the number of jobs of each rule."""
        self.planned = Counter({rule: int(n) for rule, n in stats.items() if rule not in ("total", "all")})
        self.total = sum(self.planned.values())

    def job(self, record: Any) -> None:
        """Take a description of a job."""
        wildcards = dict(record.wildcards or {})
        target = str(wildcards.pop("target", ""))
        which = " ".join(str(value) for value in wildcards.values() if value)
        self.jobs[record.jobid] = Job(
            record.rule_name, target, which, _names(record.output), _names(record.log)
        )

    def start(self, numbers: list[int]) -> None:
        """Note that jobs have begun."""
        # What they are is told only after this.
        self.running |= dict.fromkeys(numbers, self.clock())
        self.most = max(self.most, len(self.running))

    def finish(self, number: int) -> str | None:
        """Note that a job has ended well; return its name, None of one that makes nothing."""
        job, began = self.jobs.get(number), self.running.pop(number, None)
        if job is None or job.rule == "all":
            return None
        self.finished.append(number)
        if began is not None:
            self.took.setdefault(job.rule, []).append(self.clock() - began)
        return job.name

    def fail(self, record: Any) -> None:
        """Note that a job has failed."""
        number = getattr(record, "jobid", None)
        self.running.pop(number, None)
        job = self.jobs.get(number)
        name = job.name if job else str(getattr(record, "rule_name", "a job"))
        logs = _names(getattr(record, "log", None)) or (job.logs if job else ())
        reason = next((line for log in logs if (line := _reason(log))), "")
        self.failures.append(
            f"{name}{': ' + reason if reason else ''}" + (f" (log: {logs[0]})" if logs else "")
        )

    # ---- what follows ------------------------------------------------------------------------------------

    @property
    def done(self) -> int:
        """Number of jobs that ended well."""
        return len(self.finished)

    def duration(self, rule: str) -> float:
        """Return how long a job of a rule is expected to take [s]."""
        if rule in self.took:
            return statistics.mean(self.took[rule])
        if rule in self.earlier:
            return self.earlier[rule]
        return self.typical.get(rule, UNKNOWN) * self.scale()

    def scale(self) -> float:
        """Return how slow this machine is, of what is typical: the median over the rules seen so far."""
        seen = [
            statistics.mean(times) / self.typical[rule]
            for rule, times in self.took.items()
            if self.typical.get(rule)
        ]
        return statistics.median(seen) if seen else 1.0

    def left(self) -> float:
        """Return how long the rest is expected to take [s]."""
        made = Counter(self.jobs[number].rule for number in self.finished)
        work = 0.0
        for rule, count in self.planned.items():
            work += max(count - made[rule], 0) * self.duration(rule)
        for number, began in self.running.items():
            if number in self.jobs:
                work -= min(self.clock() - began, self.duration(self.jobs[number].rule))
        return max(work, 0.0) / self.most

    def counts(self) -> str:
        """Return how far it is, in a few words."""
        left = self.left()
        rest = f", about {_time(left)} left" if self.total > self.done and left >= 1 else ""
        return f"{self.done}/{self.total} steps, {_time(self.clock() - self.began)}{rest}"

    def line(self, width: int) -> str:
        """Return the line of the terminal, at most so many characters."""
        part = self.done / self.total if self.total else 0.0
        bar = "█" * round(16 * part) + "░" * (16 - round(16 * part))
        jobs = [self.jobs[number] for number in sorted(self.running) if number in self.jobs]
        names = ", ".join(job.name for job in jobs if job.rule != "all")
        text = f"{bar} {self.counts()}  {names}"
        return text if len(text) <= width else f"{text[: width - 1]}…"

    def keep(self) -> None:
        """Write down how long rules took, for the next run."""
        if not self.took or not KEPT.parent.is_dir():
            return
        known = {
            **self.earlier,
            **{rule: round(statistics.mean(times), 6) for rule, times in self.took.items()},
        }
        # A run must not fail for want of this.
        with contextlib.suppress(OSError):
            KEPT.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _names(files: Any) -> tuple[str, ...]:
    if not files:
        return ()
    return tuple(str(one) for one in ([files] if isinstance(files, str) else files))


def _read(path: Path) -> dict[str, float]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        return {str(rule): float(seconds) for rule, seconds in value.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _reason(log: str) -> str:
    """Return the line of a step's log that says why it failed."""
    try:
        lines = Path(log).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    errors = [line for line in lines if ": error: " in line]
    return (errors or [line for line in lines if line.strip()] or [""])[-1].strip()


def _time(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return (
        f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
    )
