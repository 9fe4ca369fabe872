"""Write the files that are derived from the step declarations, or check that none is stale.

Usage: python scripts/export.py [--check]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from pathlib import Path

import yaml

from tidings.crate.citation import read_citation
from tidings.crate.zenodo import zenodo_text
from tidings.step import cwl, docs
from tidings.step.declaration import SCRIPTS, Step, step_names

ROOT = SCRIPTS.parent
_BEGIN, _END = "<!-- generated: steps -->", "<!-- end of generated part -->"


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def generated() -> dict[Path, str]:
    """Return the paths and texts of all generated files."""
    steps = [Step.load(name) for name in step_names()]
    texts = {ROOT / "cwl" / "tools" / f"{s.name}.cwl": _cwl(s) for s in steps}
    texts[ROOT / "workflows" / "schemas" / "steps.json"] = json.dumps(docs.schema(steps), indent=1) + "\n"
    texts[ROOT / "envs" / "image.txt"] = image() + "\n"
    texts[ROOT / ".zenodo.json"] = zenodo_text(read_citation(ROOT / "CITATION.cff"))
    readme = ROOT / "config" / "README.md"
    before, _, rest = readme.read_text().partition(_BEGIN)
    texts[readme] = f"{before}{_BEGIN}\n\n{docs.tables(steps)}\n{_END}{rest.partition(_END)[2]}"
    return texts


def packages(stack: str) -> dict[str, str]:
    """Return names and versions of the packages pinned in ``envs/<stack>.yaml``."""
    text = (ROOT / "envs" / f"{stack}.yaml").read_text()
    return dict(re.findall(r"^ +- ([\w.-]+)=([\w.]+)$", text, flags=re.MULTILINE))


def image() -> str:
    """Return the name of the container image, after what it is built of: a stale one is never taken."""
    parts = [(ROOT / "envs" / name).read_bytes() for name in ("Containerfile", "science.txt")]
    return f"localhost/tidings:{hashlib.sha256(b''.join(parts)).hexdigest()[:12]}"


def memory(name: str) -> int:
    """Return the memory that the rule of a step asks for [MB]."""
    rules = "".join(path.read_text() for path in sorted((ROOT / "workflows").glob("*.smk")))
    rule = re.search(rf"^rule {name}:\n(.*?)(?=^rule |\Z)", rules, flags=re.MULTILINE | re.DOTALL)
    asked = re.search(r"^ +mem_mb=(\d+),$", rule[1] if rule else "", flags=re.MULTILINE)
    if not asked:
        raise SystemExit(f"workflows/*.smk: rule {name} needs `mem_mb=NUMBER,` under resources")
    return int(asked[1])


def _cwl(step: Step) -> str:
    data = cwl.tool(step, packages(step.stack), memory(step.name))
    text = yaml.dump(data, Dumper=_Dumper, sort_keys=False, width=100, allow_unicode=True)
    return f"#!/usr/bin/env cwltool\n# Generated from scripts/{step.name}.py by scripts/export.py.\n{text}"


def main(argv: list[str] | None = None) -> int:
    """Write or check, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--check", action="store_true", help="only say which files are stale")
    check = parser.parse_args(argv).check
    texts = generated()
    known = {path for path in texts if path.suffix == ".cwl"}
    orphans = set((ROOT / "cwl" / "tools").glob("*.cwl")) - known
    stale = [path for path, text in texts.items() if not path.exists() or path.read_text() != text]
    for path in sorted([*stale, *orphans]):
        print(
            f"{'stale' if check else 'removed' if path in orphans else 'written'}: {path.relative_to(ROOT)}"
        )
    if check:
        return int(bool(stale or orphans))
    for path in orphans:
        path.unlink()
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(texts[path])
    return 0


if __name__ == "__main__":
    sys.exit(main())
