"""What there is: workflows with their steps, read from the rules' docstrings and the steps' declarations."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tidings.step.declaration import SCRIPTS, Step, step_names

ROOT = SCRIPTS.parent


@dataclass(frozen=True)
class Workflow:
    """One pipeline: its name, title and text, its steps, and what is written of it."""

    name: str
    title: str
    inputs: str
    outputs: str
    steps: tuple[Step, ...]
    explanation: Path | None

    @property
    def rules(self) -> str:
        """Path of its rules."""
        return f"workflows/{self.name}.smk"

    @property
    def cwl(self) -> str:
        """Path of its CWL workflow."""
        return f"cwl/{self.name}.cwl"

    @property
    def environment(self) -> str:
        """Path of its environment."""
        return f"envs/{self.name}.yaml"


def workflows(root: Path = ROOT) -> list[Workflow]:
    """Return all workflows that have steps, in the order of their names."""
    steps = [Step.load(name) for name in step_names()]
    names = sorted({step.stack for step in steps})
    return [_workflow(root, name, [step for step in steps if step.stack == name]) for name in names]


def _workflow(root: Path, name: str, steps: Sequence[Step]) -> Workflow:
    text = (root / f"workflows/{name}.smk").read_text(encoding="utf-8")
    doc = ast.literal_eval(re.match(r'"""(?:[^"]|"(?!""))*"""', text)[0])
    title, _, rest = doc.partition("\n")
    parts = re.split(r"^(Inputs required|Outputs): ", rest.strip(), flags=re.MULTILINE)
    found = {key: " ".join(value.split()) for key, value in zip(parts[1::2], parts[2::2], strict=True)}
    page = root / f"workflows/{name}.md"
    return Workflow(
        name,
        title.rstrip("."),
        found["Inputs required"],
        found["Outputs"],
        tuple(steps),
        page if page.exists() else None,
    )
