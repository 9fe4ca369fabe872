"""Write the sources of the site: the documents of the repository, and the catalogue of all steps.

python scripts/catalogue.py site/source      `make docs` does this and builds the site: site/html/index.html
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from tidings.catalogue import linked, pages
from tidings.catalogue.entries import ROOT, workflows
from tidings.crate.citation import read_citation
from tidings.errors import InputError

# What the site shows of the repository, beside the catalogue.
DOCUMENTS = (
    "README.md", "CHANGELOG.md", "CITATION.cff", "LICENSE", "workflows/*.md", "workflows/report/*.png",
    "workflows/*/README.md", "config/**/*.md", "config/slurm/config.yaml", "envs/*.md", "data/README.md",
)  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Write them, and return the exit status."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("folder", type=Path, help="folder to write; replaced if it is there")
    arguments = parser.parse_args(argv)
    try:
        write(arguments.folder)
    except InputError as error:
        print(f"catalogue: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"catalogue: error: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
    else:
        return 0
    return 2


def write(folder: Path) -> None:
    """Write all sources of the site into a folder."""
    if folder.exists() and not (folder / "catalogue").is_dir() and any(folder.iterdir()):
        raise InputError(
            f"{folder}: holds other files than those of an earlier catalogue; name another folder"
        )
    shutil.rmtree(folder, ignore_errors=True)
    for pattern in DOCUMENTS:
        for path in sorted(ROOT.glob(pattern)):
            place = folder / path.relative_to(ROOT)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, place)
    shutil.copy(ROOT / "workflows/docs/index.md", folder / "index.md")
    citation, every = read_citation(ROOT / "CITATION.cff"), workflows()
    document = linked.document(every, citation)
    (folder / "catalogue").mkdir()
    text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    (folder / "catalogue/catalogue.jsonld").write_text(text, encoding="utf-8")
    for name, page in pages.pages(every, citation, document).items():
        (folder / "catalogue" / name).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
