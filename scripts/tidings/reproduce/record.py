"""The outcome of a reproduction as a record: an RO-Crate (Process Run Crate 0.5) that can be deposited
itself.

It holds the verdicts as JSON, page and JUnit XML, the products that differ, and who made it when, with
what; no path, host or user name of the machine.  The archive that was reproduced is what it is based on and
what its verdict is about.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tidings import __version__
from tidings.crate.manifest import NAME as MANIFEST
from tidings.crate.manifest import parse_manifest
from tidings.errors import InputError

PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
LICENSE = "CC-BY-4.0"
DIFFERING = "differing-products.zip"
VERDICTS = {
    "verdict.json": ("Verdict on each product, for programs", "application/json"),
    "verdict.html": ("Verdict on each product, for people", "text/html"),
    "verdict.xml": ("Verdict on each product, as JUnit XML", "application/xml"),
}
_MOST = 100_000_000  # bytes of differing products that are taken along
_COMPLETED = "http://schema.org/CompletedActionStatus"
_FAILED = "http://schema.org/FailedActionStatus"


@dataclass(frozen=True)
class Person:
    """Who made the reproduction: "Family, Given", and an ORCID such as 0000-0002-1825-0097."""

    name: str
    orcid: str | None = None


def write(
    folder: Path,
    value: Mapping[str, Any],
    files: Mapping[str, bytes],
    differing: Mapping[str, Path],
    author: Person,
) -> None:
    """Write a record.

    Parameters
    ----------
    folder : Path
        That does not exist yet.
    value : mapping
        As from `tidings.reproduce.report.plain`.
    files : mapping
        Contents of `VERDICTS`.
    differing : mapping
        Products that differ: path in the crate, and the rerun's file.
    author : Person
        The person.

    Raises
    ------
    InputError
        The folder is there, or the disk is full.
    """
    try:
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        if differing and sum(path.stat().st_size for path in differing.values()) <= _MOST:
            (folder / DIFFERING).write_bytes(_zipped(differing))
        _write_citation(folder, value, author, None)
        _describe(folder, None, None)
    except FileExistsError:
        raise InputError(f"{folder}: exists already; name another, or remove it") from None
    except OSError as error:
        raise InputError(f"{error.filename or folder}: cannot be written ({error.strerror})") from None


def stamp(folder: Path, identifier: str, url: str | None = None) -> None:
    """Write a reserved DOI into a record; the same DOI again changes no byte."""
    value = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    _write_citation(folder, value, _author(folder), identifier)
    _describe(folder, identifier, url)


def content(folder: Path) -> dict[str, str]:
    """Return the names and SHA-256 of the files that a DOI does not change."""
    return {name: _sha256(folder / name) for name in (*VERDICTS, DIFFERING) if (folder / name).exists()}


def check(folder: Path) -> list[str]:
    """Compare a record with its manifest; one line for each file that is missing, changed or not listed."""
    try:
        text = (folder / MANIFEST).read_text(encoding="utf-8")
    except OSError as error:
        return [f"{MANIFEST}: cannot be read ({error.strerror})"]
    listed = parse_manifest(text, str(folder / MANIFEST))
    there = {path.name for path in folder.iterdir()} - {MANIFEST}
    lines = [f"{name}: missing" for name in sorted(listed.keys() - there)]
    lines += [f"{name}: not listed" for name in sorted(there - listed.keys())]
    both = sorted(listed.keys() & there)
    return lines + [f"{name}: another sha256" for name in both if _sha256(folder / name) != listed[name]]


def is_reproduction(folder: Path) -> bool:
    """Whether a record's folder is one of these."""
    return (folder / "verdict.json").is_file()


# ---- files ----------------------------------------------------------------------------------------------


def _zipped(files: Mapping[str, Path]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), files[name].read_bytes())
    return stream.getvalue()


def _write_citation(folder: Path, value: Mapping[str, Any], author: Person, identifier: str | None) -> None:
    family, _, given = (part.strip() for part in author.name.partition(","))
    who = {"family-names": family, "given-names": given} if given else {"name": author.name}
    if author.orcid:
        who["orcid"] = f"https://orcid.org/{author.orcid}"
    cited: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this reproduction, please cite it and the archive that it is about.",
        "title": _title(value),
        "abstract": _abstract(value),
        "type": "dataset",
        "authors": [who],
        "version": __version__,
        "date-released": value["rerun"]["end"][:10],
        "license": LICENSE,
        "keywords": ["reproducibility", "multi-messenger astronomy"],
    }
    if identifier:
        cited["doi"] = identifier
    text = yaml.safe_dump(cited, sort_keys=False, allow_unicode=True, width=110)
    (folder / "CITATION.cff").write_text(text, encoding="utf-8")


def _author(folder: Path) -> Person:
    who = yaml.safe_load((folder / "CITATION.cff").read_text(encoding="utf-8"))["authors"][0]
    name = f"{who['family-names']}, {who['given-names']}" if "family-names" in who else who["name"]
    return Person(name, who["orcid"].rpartition("/")[2] if "orcid" in who else None)


def _title(value: Mapping[str, Any]) -> str:
    return f"Reproduction: {value['archive']['name']}"


def _abstract(value: Mapping[str, Any]) -> str:
    archive = value["archive"]
    about = archive["doi"] or archive["url"] or "An archive without a DOI"
    steps = "; ".join(f"{d['step']}: {d['likely_causes'][0]}" for d in value["divergences"])
    found = f" Diverged first: {steps}." if steps else ""
    how = f"{about} was fetched and run again with {value['rerun']['engine']}."
    return f"{how} Outcome: {value['headline']}.{found}"


def _describe(folder: Path, identifier: str | None, url: str | None) -> None:
    """Write README, description and manifest, which mention the DOI."""
    value = json.loads((folder / "verdict.json").read_text(encoding="utf-8"))
    (folder / "README.md").write_text(_readme(value, identifier), encoding="utf-8")
    graph = _graph(folder, value, _author(folder), identifier, url)
    text = json.dumps(
        {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}, indent=1, ensure_ascii=False
    )
    (folder / "ro-crate-metadata.json").write_text(f"{text}\n", encoding="utf-8")
    names = sorted(path.name for path in folder.iterdir() if path.name != MANIFEST)
    lines = (f"{_sha256(folder / name)}  {name}\n" for name in names)
    (folder / MANIFEST).write_text("".join(lines), encoding="utf-8")


def _readme(value: Mapping[str, Any], identifier: str | None) -> str:
    rows = "".join(f"| {name} | {number} |\n" for name, number in value["counts"].items())
    mine = f"DOI of this record: {identifier}\n\n" if identifier else ""
    return (
        f"# {_title(value)}\n\n{mine}{_abstract(value)}\n\n| verdict | products |\n|---|---|\n{rows}\n"
        "`verdict.html` is for people, `verdict.json` for programs, `verdict.xml` (JUnit) for "
        "continuous integration.\n"
        f"`{DIFFERING}`, if there is one, holds the products of the rerun that are not those of the "
        "archive.\n"
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


# ---- description ----------------------------------------------------------------------------------------


def _graph(
    folder: Path, value: Mapping[str, Any], author: Person, identifier: str | None, url: str | None
) -> list[dict[str, Any]]:
    who = {"@id": f"https://orcid.org/{author.orcid}" if author.orcid else "#author"}
    archive = value["archive"]
    about = {"@id": f"https://doi.org/{archive['doi']}" if archive["doi"] else archive["url"] or "#archive"}
    files = [name for name in (*VERDICTS, DIFFERING, "README.md", "CITATION.cff") if (folder / name).exists()]
    results = [{"@id": name} for name in files if name in VERDICTS or name == DIFFERING]
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "conformsTo": {"@id": PROFILE},
        "name": _title(value),
        "description": _abstract(value),
        "datePublished": value["rerun"]["end"],
        "license": {"@id": f"https://spdx.org/licenses/{LICENSE}"},
        "author": who,
        "isBasedOn": about,
        "mentions": {"@id": "#reproduction"},
        "hasPart": [{"@id": name} for name in files],
    }
    if identifier:
        root["identifier"] = f"https://doi.org/{identifier}"
    if url:
        root["url"] = url
    action = {
        "@id": "#reproduction",
        "@type": "CreateAction",
        "name": value["headline"],
        "description": f"Fetched, checked and run again with {value['rerun']['engine']}",
        "startTime": value["rerun"]["start"],
        "endTime": value["rerun"]["end"],
        "agent": who,
        "instrument": {"@id": "#tidings"},
        "object": about,
        "result": results,
        "actionStatus": _FAILED if value["rerun"]["status"] else _COMPLETED,
    }
    return [
        _descriptor(),
        root,
        *_entities(folder, files),
        _archive(about, archive),
        _person(who, author),
        _tool(),
        action,
    ]


def _descriptor() -> dict[str, Any]:
    return {
        "@id": "ro-crate-metadata.json",
        "@type": "CreativeWork",
        "about": {"@id": "./"},
        "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
    }


def _entities(folder: Path, files: list[str]) -> list[dict[str, Any]]:
    kinds = {
        **VERDICTS,
        DIFFERING: ("Products of the rerun that differ from those of the archive", "application/zip"),
        "README.md": ("What this record is", "text/markdown"),
        "CITATION.cff": ("How to cite this record", "application/yaml"),
    }
    made: list[dict[str, Any]] = [
        {
            "@id": name,
            "@type": "File",
            "name": name,
            "description": kinds[name][0],
            "encodingFormat": kinds[name][1],
            "contentSize": str((folder / name).stat().st_size),
        }
        for name in files
    ]
    license_name = "Creative Commons Attribution 4.0 International"
    return [
        *made,
        {"@id": f"https://spdx.org/licenses/{LICENSE}", "@type": "CreativeWork", "name": license_name},
        {"@id": PROFILE, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"},
    ]


def _archive(about: Mapping[str, str], archive: Mapping[str, Any]) -> dict[str, Any]:
    return {**about, "@type": "CreativeWork", "name": archive["name"], "version": archive["suite"]}


def _person(who: Mapping[str, str], author: Person) -> dict[str, Any]:
    return {**who, "@type": "Person", "name": author.name}


def _tool() -> dict[str, Any]:
    return {
        "@id": "#tidings",
        "@type": "SoftwareApplication",
        "name": "Tidings, reproduce.py",
        "softwareVersion": __version__,
    }
