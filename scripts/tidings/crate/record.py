"""The record: what stands beside the zip, and its own RO-Crate."""

from __future__ import annotations

import re
from typing import Any

from tidings.crate.citation import Citation
from tidings.crate.entities import CRATE, RUN_PROFILES, WORKFLOW_CRATE, common, encoding, ref, refs
from tidings.crate.model import ZIP, Crate, Job

FIGURES = 40
"""Most figures that lie beside the zip."""
_ABOUT = {
    "CITATION.cff": "How to cite",
    "README.md": "What this is, and how to run it again",
    "manifest-sha256.txt": "Checksums of the other files",
    "products.obscore.vot": "One row for each product, IVOA ObsCore 1.1",
    "ro-crate-preview.html": "A page to look at",
    ZIP: "The run: code, data, configuration, products and provenance, a Workflow Run RO-Crate",
}


def headlines(crate: Crate) -> list[str]:
    """Return the figures that a record shows: the first of each job, at most `FIGURES` of them.

    Jobs whose products no other job reads come first, for they show the most.
    """
    read = {path for job in crate.jobs for paths in job.inputs.values() for path in paths}
    jobs = sorted(crate.jobs, key=lambda job: bool(read & set(job.outputs.values())))
    figures = [path for job in jobs if (path := _figure(crate, job))]
    return sorted(figures[:FIGURES])


def shown_name(path: str) -> str:
    """Return what a figure is called in a record: clients of repositories stumble over other characters."""
    return re.sub(r"[^A-Za-z0-9._-]", "_", path.rpartition("/")[2])


def _figure(crate: Crate, job: Job) -> str | None:
    figures = (path for path in job.outputs.values() if path.endswith(".png"))
    return next((path for path in figures if crate.files[path].role == "product"), None)


def record_metadata(crate: Crate, citation: Citation, files: dict[str, tuple[int, str]]) -> dict[str, Any]:
    """Return the JSON-LD of a record.

    Parameters
    ----------
    crate, citation
        The run, and what the suite says of itself.
    files : dict
        Size and SHA-256 of every file of the record, by name, but of this one and the manifest.
    """
    shown = {shown_name(path): path for path in headlines(crate)}
    root, *others = common(crate, citation)
    root |= {
        "description": f"{crate.name}: {len(crate.jobs)} jobs, packed in {ZIP}. {citation.abstract}",
        "hasPart": refs([*files, "manifest-sha256.txt"]),
        "mentions": refs(["#run"]),
    }
    descriptor = {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": ref("./"),
        "conformsTo": ref(CRATE),
    }
    run = {
        "@id": "#run",
        "@type": "CreateAction",
        "name": crate.name,
        "instrument": ref("#suite"),
        "result": refs([name for name in shown if name in files] or [ZIP]),
        "startTime": crate.start.isoformat(timespec="milliseconds"),
        "endTime": crate.end.isoformat(timespec="milliseconds"),
        "agent": root["author"],
    }
    suite = {
        "@id": "#suite",
        "@type": "SoftwareApplication",
        "name": "Tidings",
        "softwareVersion": crate.version,
    }
    entities = [_file(name, size, digest, shown) for name, (size, digest) in sorted(files.items())]
    manifest = {
        "@id": "manifest-sha256.txt",
        "@type": "File",
        "name": "manifest-sha256.txt",
        "description": _ABOUT["manifest-sha256.txt"],
        "encodingFormat": "text/plain",
    }
    return {
        "@context": [f"{CRATE}/context", {"sha256": "https://w3id.org/ro/terms/workflow-run#sha256"}],
        "@graph": [
            descriptor,
            root,
            run,
            {**suite, "url": ref("CITATION.cff")},
            *others,
            *entities,
            manifest,
        ],
    }


def _file(name: str, size: int, digest: str, shown: dict[str, str]) -> dict[str, Any]:
    made = {
        "@id": name,
        "@type": "File",
        "name": name,
        "description": _ABOUT.get(name) or f"{shown[name]} of {ZIP}",
        "encodingFormat": encoding(name),
        "contentSize": str(size),
        "sha256": digest,
    }
    if name == ZIP:
        made["conformsTo"] = refs([*RUN_PROFILES, WORKFLOW_CRATE])
    if name == "README.md":
        made["about"] = ref("./")
    return made
