"""The outcome of a reproduction, for people, for programs and for continuous integration."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tidings import __version__
from tidings.reproduce.diverge import FAILED, Divergence
from tidings.reproduce.preflight import IDENTICAL, Preflight
from tidings.reproduce.rerun import Rerun
from tidings.reproduce.source import Archive
from tidings.verify import Status, Verdict, json_report, junit_xml, terminal_table

REPRODUCED, DIFFERENT, REFUSED, BROKEN = 0, 1, 2, 3
"""Exit status: all products as declared; some not; nothing could be tried; the rerun itself failed."""


@dataclass(frozen=True)
class Outcome:
    """All that is known after a rerun; `verdicts` by path in the crate, in the order of their names."""

    what: str
    archive: Archive
    preflight: Preflight
    rerun: Rerun
    engine: str
    verdicts: Mapping[str, Verdict]
    divergences: Sequence[Divergence]
    start: datetime
    end: datetime

    @property
    def status(self) -> int:
        """The exit status."""
        if self.rerun.status:
            return BROKEN
        return REPRODUCED if all(verdict.as_declared for verdict in self.verdicts.values()) else DIFFERENT

    def label(self, path: str) -> str:
        """The verdict on a product: FAILED where the engine did not get as far."""
        status = self.verdicts[path].status
        return FAILED if status is Status.MISSING and self.rerun.status else str(status)

    @property
    def counts(self) -> dict[str, int]:
        """How many products have which verdict."""
        counted = Counter(self.label(path) for path in self.verdicts)
        return {name: counted[name] for name in (*map(str, Status), FAILED) if counted[name]}

    @property
    def headline(self) -> str:
        """The outcome in a line."""
        counts = ", ".join(f"{number} {name}" for name, number in self.counts.items())
        words = {REPRODUCED: "reproduced", DIFFERENT: "not reproduced", BROKEN: "the rerun failed"}
        return f"{words[self.status]}: {len(self.verdicts)} products: {counts}"


def text(outcome: Outcome) -> str:
    """Write the verdicts and what follows from them, for a terminal."""
    ordered = _shown(outcome)
    # Without its last line, which counts; the headline does that here.
    lines = terminal_table(ordered).splitlines()[:-1]
    if outcome.rerun.status:
        lines = [re.sub(f"^{Status.MISSING}", f"{FAILED:<7}", line) for line in lines]
    for number, found in enumerate(outcome.divergences):
        lines.append(
            f"{'first diverging step' if number == 0 else 'another one, of its own'}: {found.step} "
            f"({found.job})"
        )
        names = ", ".join(path.rpartition("/")[2] for path in found.products)
        lines += [f"    products: {names}"] if names else []
        lines += [f"    likely cause: {cause}" for cause in found.causes]
    wrong = mispredicted(outcome)
    if wrong:
        lines.append(f"not expected: {', '.join(wrong)} (expected identical before the run)")
    return "\n".join([*lines, outcome.headline]) + "\n"


def mispredicted(outcome: Outcome) -> list[str]:
    """Return the products that were expected identical and are not."""
    return [
        path
        for path, expected in outcome.preflight.predictions.items()
        if expected == IDENTICAL and path in outcome.verdicts and outcome.label(path) != str(Status.IDENTICAL)
    ]


def plain(outcome: Outcome) -> dict[str, Any]:
    """Bring the outcome into plain data for JSON."""
    archive, crate = outcome.archive, outcome.archive.crate
    ordered = list(outcome.verdicts.values())
    steps = {path: job.step for job in crate.jobs for path in job.outputs.values()}
    products = []
    for path, entry in zip(outcome.verdicts, json_report(ordered)["products"], strict=True):
        made_by = steps.get(path) or next(
            (s for p, s in steps.items() if p.endswith("/") and path.startswith(p)), None
        )
        expected = outcome.preflight.predictions.get(path)
        products.append(
            {**entry, "product": path, "status": outcome.label(path), "step": made_by, "expected": expected}
        )
    record = archive.record
    return {
        "format": "tidings-reproduction",
        "version": 1,
        "tidings": __version__,
        "archive": {
            "name": crate.name,
            "identifier": crate.identifier,
            "doi": record.doi if record else crate.identifier,
            "url": record.url if record else crate.url,
            "fetched_by": archive.fetched_by,
            "notices": list(archive.notices),
            "changed": list(archive.changed),
            "engine": crate.engine.name,
            "suite": crate.version,
            "commit": crate.commit,
        },
        "preflight": {
            "packages": {name: list(pair) for name, pair in outcome.preflight.packages.items()},
            "arithmetic": list(outcome.preflight.lines),
            "groups": list(outcome.preflight.groups),
            "code": list(outcome.preflight.code),
            "container": outcome.preflight.container,
            "reasons": outcome.preflight.reasons,
            "mispredicted": mispredicted(outcome),
        },
        "rerun": {
            "engine": outcome.engine,
            "status": outcome.rerun.status,
            "start": outcome.start.isoformat(timespec="seconds"),
            "end": outcome.end.isoformat(timespec="seconds"),
        },
        "machine": outcome.preflight.fingerprint,
        "exit_status": outcome.status,
        "passed": outcome.status == REPRODUCED,
        "headline": outcome.headline,
        "counts": outcome.counts,
        "products": products,
        "divergences": [
            {"step": d.step, "job": d.job, "products": list(d.products), "likely_causes": list(d.causes)}
            for d in outcome.divergences
        ],
    }


def json_text(value: Mapping[str, Any]) -> str:
    """Write plain data as JSON."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def junit(outcome: Outcome) -> str:
    """Write the verdicts as JUnit XML."""
    return junit_xml(_shown(outcome), "reproduce")


def _shown(outcome: Outcome) -> list[Verdict]:
    """Return the verdicts by path in the crate; that CWL puts all products into one folder is no news."""
    return [
        replace(
            verdict,
            product=path,
            candidate=None if path.endswith(f"/{verdict.candidate}") else verdict.candidate,
        )
        for path, verdict in outcome.verdicts.items()
    ]
