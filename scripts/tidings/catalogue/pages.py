"""The catalogue as pages in Markdown, for the site of the documentation."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from tidings.catalogue.entries import Workflow
from tidings.crate.citation import Citation
from tidings.crate.subjects import label, subjects_of
from tidings.step import docs
from tidings.step.declaration import In, Param, Step


def pages(workflows: Sequence[Workflow], citation: Citation, linked: Mapping[str, Any]) -> dict[str, str]:
    """Return the pages by their file names.

    Parameters
    ----------
    workflows : sequence of Workflow
        As `tidings.catalogue.entries.workflows` returns them.
    citation : Citation
        How to cite.
    linked : mapping
        The JSON-LD of all, of which each page holds its part.
    """
    made = {"index.md": _index(workflows)}
    for workflow in workflows:
        made[f"{workflow.name}.md"] = _workflow(workflow, citation, linked)
        for step in workflow.steps:
            made[f"{step.name}.md"] = _step(step, workflow, citation, linked)
    return made


def _index(workflows: Sequence[Workflow]) -> str:
    lines = [
        "# Catalogue", "",
        "All workflows and steps, as they declare themselves. The same for programs:",
        "{download}`catalogue.jsonld` (JSON-LD: Bioschemas, ODA ontology, Unified Astronomy Thesaurus)",
        "and {download}`catalogue.ttl` (Turtle).", "",
        "| workflow | steps |", "|---|---|",
    ]  # fmt: skip
    for one in workflows:
        steps = ", ".join(f"[`{step.name}`]({step.name}.md)" for step in one.steps)
        lines.append(f"| [{one.title}]({one.name}.md) | {steps} |")
    names = "\n".join(one.name for one in workflows)
    return "\n".join(lines) + f"\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"


def _workflow(one: Workflow, citation: Citation, linked: Mapping[str, Any]) -> str:
    subjects = "; ".join(label(subject) for subject in subjects_of([one.name]))
    more = (
        f"\nHow it works: [{one.explanation.name}](../workflows/{one.explanation.name}).\n"
        if one.explanation
        else ""
    )
    steps = "\n".join(f"| [`{step.name}`]({step.name}.md) | {step.summary} |" for step in one.steps)
    names = "\n".join(step.name for step in one.steps)
    return f"""# {one.title}

**Inputs.** {one.inputs}

**Outputs.** {one.outputs}
{more}
| step | what it does |
|---|---|
{steps}

| | |
|---|---|
| rules | `{one.rules}` |
| CWL | `{one.cwl}`, `cwltool --make-template {one.cwl}` |
| environment | `{one.environment}` |
| subjects | {subjects} |
| cite | {_cite(citation)} |

```{{toctree}}
:hidden:

{names}
```

{_embedded(linked, f"workflow:{one.name}")}
"""


def _step(step: Step, workflow: Workflow, citation: Citation, linked: Mapping[str, Any]) -> str:
    table = docs.tables([step]).partition("\n")[2].lstrip("\n")
    return f"""# {step.name}

{table}
Part of [{workflow.title}]({workflow.name}.md).

```
{example(step)}
```

| | |
|---|---|
| Python | `python scripts/{step.name}.py --help` |
| CWL | `cwltool cwl/tools/{step.name}.cwl --help` |
| rule | `{step.name}` in `{workflow.rules}` |
| environment | `{workflow.environment}` |
| cite | {_cite(citation)} |

{_embedded(linked, f"step:{step.name}")}
"""


def example(step: Step) -> str:
    """Return a command of a step with what it needs; in capitals what the user puts in."""
    words = [f"python scripts/{step.name}.py"]
    for field in (*step.select(In), *step.select(Param)):
        if field.required:
            value = field.choices[0] if field.choices else field.name.upper()
            words.append(f"--{field.name} {shlex.quote(value)}")
    return " \\\n    ".join(words)


def _cite(citation: Citation) -> str:
    authors = "; ".join(author.listed for author in citation.authors)
    return f"{authors}: {citation.title}, version {citation.version}"


def _embedded(linked: Mapping[str, Any], name: str) -> str:
    """Return the part of the linked data that is of one entry, for search engines."""
    mine = [one for one in linked["@graph"] if one["@id"].endswith(f":{name}") or f":{name}:" in one["@id"]]
    value = {"@context": linked["@context"], "@graph": mine}
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    return f'```{{raw}} html\n<script type="application/ld+json">{text}</script>\n```'
