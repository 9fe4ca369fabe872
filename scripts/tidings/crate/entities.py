"""What crate and record describe alike: the root, people, licence, subjects; and how things are called."""

from __future__ import annotations

import base64
import json
import mimetypes
from datetime import datetime
from typing import Any
from urllib.parse import quote

from tidings.crate.citation import Author, Citation
from tidings.crate.model import Crate, CrateFile, Job
from tidings.crate.subjects import SCHEME, label

CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
RUN_PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/ro/wfrun/provenance/0.5": "Provenance Run Crate",
}
RUN_TERMS = "https://w3id.org/ro/terms/workflow-run#"
# Written out: whoever reads a crate offline then needs one context only.
CONTEXT = [
    f"{CRATE}/context",
    {
        **{
            name: RUN_TERMS + name
            for name in (
                *("ContainerImage", "ParameterConnection", "connection", "containerImage", "environment"),
                *("registry", "sha256", "sourceParameter", "tag", "targetParameter"),
            )
        },
        "buildInstructions": "https://codemeta.github.io/terms/buildInstructions",
    },
]
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
SCHEMA_VERSION = "tidings-crate-"
_TYPES = {
    ".cff": "application/yaml",
    ".cwl": "application/cwl",
    ".ecsv": "application/x-ecsv",
    ".fits": "application/fits",
    ".geojson": "application/geo+json",
    ".gwf": "application/octet-stream",
    ".hdf5": "application/x-hdf5",
    ".json": "application/json",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".py": "text/x-python",
    ".reg": "text/plain",
    ".tsv": "text/tab-separated-values",
    ".vot": "application/x-votable+xml",
    ".yaml": "application/yaml",
}
Entity = dict[str, Any]


def text(value: Entity) -> bytes:
    """Return JSON-LD as the bytes of a file; a list of one value is written as that value."""
    value = {**value, "@graph": [{key: _single(one) for key, one in e.items()} for e in value["@graph"]]}
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def file_id(file: CrateFile) -> str:
    """Return the identifier of a file: its place, its URL, or a name for what is nowhere any more."""
    if file.included:
        return quote(file.path)
    if file.url:
        return file.url
    return f"#away/{quote(file.path)}"


def named_information(sha256: str) -> str:
    """Return the ``ni`` URI of bytes by their SHA-256 (RFC 6920)."""
    return "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def author_id(number: int, author: Author) -> str:
    """Return the identifier of the `number`th author."""
    return author.orcid or f"#author/{number}"


def job_id(job: Job) -> str:
    """Return the identifier of a job's action."""
    return quote(job.id, safe="#/")


def tool_id(step: str) -> str:
    """Return the identifier of the tool that a step is."""
    return f"source/scripts/{step}.py"


def encoding(path: str) -> str:
    """Return the media type of a file by its name."""
    if path.endswith(".gz"):
        return "application/gzip"
    suffix = "." + path.rpartition(".")[2]
    return _TYPES.get(suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def clock(when: datetime) -> str:
    """Return a time as the profiles ask for it: milliseconds, and the zone."""
    return when.isoformat(timespec="milliseconds")


def ref(name: str) -> Entity:
    """Return a reference to an entity."""
    return {"@id": name}


def refs(names: Any) -> list[Entity]:
    """Return references to entities, each once."""
    return [ref(name) for name in dict.fromkeys(names)]


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


# ---- what it is -----------------------------------------------------------------------------------------


def common(crate: Crate, citation: Citation) -> list[Entity]:
    """Return what the crate and its record say alike: root, people, licence, subjects."""
    root = {
        "@id": "./",
        "@type": "Dataset",
        "name": crate.name,
        "license": ref(citation.license_url),
        "author": [ref(author_id(n, a)) for n, a in enumerate(citation.authors, 1)],
        "publisher": ref("#publisher"),
        "datePublished": clock(crate.end),
        "schemaVersion": f"{SCHEMA_VERSION}{crate.format}",
        "version": crate.version,
        "about": refs(crate.subjects),
        "keywords": ", ".join(citation.keywords),
    }
    if crate.identifier:
        doi = f"https://doi.org/{crate.identifier}"
        root |= {"identifier": doi, "cite-as": doi}
    if crate.url:
        root["url"] = crate.url
    return [root, *_people(citation), *_words(crate, citation)]


def _people(citation: Citation) -> list[Entity]:
    made = [_person(n, author) for n, author in enumerate(citation.authors, 1)]
    names = [a.affiliation for a in citation.authors if a.affiliation] or [a.name for a in citation.authors]
    made.append(_organisation("#publisher", names[0], None))
    affiliations = dict.fromkeys(a.affiliation for a in citation.authors if a.affiliation)
    return [*made, *(_organisation(f"#affiliation/{quote(name)}", name, None) for name in affiliations)]


def _person(number: int, author: Author) -> Entity:
    name = author_id(number, author)
    if not author.is_person:
        return _organisation(name, author.name, author.website)
    made = {"@id": name, "@type": "Person", "name": author.name}
    if author.affiliation:
        made["affiliation"] = ref(f"#affiliation/{quote(author.affiliation)}")
    return made


def _organisation(name: str, words: str, url: str | None) -> Entity:
    # Without an address of its own, the place where the crate says who they are.
    return {"@id": name, "@type": "Organization", "name": words, "url": url or ref("CITATION.cff")}


def _words(crate: Crate, citation: Citation) -> list[Entity]:
    """Describe licence, profiles and subjects."""
    subjects = [
        {
            "@id": subject,
            "@type": "DefinedTerm",
            "name": label(subject),
            "termCode": subject.removeprefix(SCHEME),
            "inDefinedTermSet": ref("http://astrothesaurus.org/uat/"),
        }
        for subject in crate.subjects
    ]
    return [
        {
            "@id": citation.license_url,
            "@type": "CreativeWork",
            "name": citation.license,
            "url": ref(citation.license_url),
        },
        *(
            {"@id": url, "@type": "CreativeWork", "name": name, "version": url.rpartition("/")[2]}
            for url, name in {**RUN_PROFILES, WORKFLOW_CRATE: "Workflow RO-Crate"}.items()
        ),
        {
            "@id": BIOSCHEMAS,
            "@type": "CreativeWork",
            "name": "ComputationalWorkflow",
            "version": "1.0-RELEASE",
        },
        {
            "@id": "http://astrothesaurus.org/uat/",
            "@type": "DefinedTermSet",
            "name": "Unified Astronomy Thesaurus",
            "version": "5.1.0",
        },
        *subjects,
    ]
