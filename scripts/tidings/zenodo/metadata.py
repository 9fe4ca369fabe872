"""What a record says of itself, in InvenioRDM's terms, and whether the repository has kept it.

The metadata come from the record's own files: title, description and what it is based on from the root of
`ro-crate-metadata.json`, authors, licence, version and keywords from `CITATION.cff`.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tidings.crate.citation import Author, Citation, read_citation
from tidings.crate.subjects import CONCEPTS, SCHEME, label
from tidings.errors import InputError

CRATE = "ro-crate-metadata.json"
CITATION = "CITATION.cff"
VERDICT = "verdict.json"
_NAMESPACE = uuid.UUID("4a3fd2d8-3c0f-5d2f-9b5e-0a3c6a6c2f70")
_DOI = re.compile(r"(?:https?://doi\.org/|doi:)?(10\.\d{4,9}/\S+)", re.IGNORECASE)


def marker(content: Mapping[str, str]) -> str:
    """Return the URN by which a deposit of this content is found again.

    Parameters
    ----------
    content : mapping
        Names and SHA-256 of what does not change when the DOI is written into the record.
    """
    lines = "".join(f"{name} {content[name]}\n" for name in sorted(content))
    return uuid.uuid5(_NAMESPACE, hashlib.sha256(lines.encode()).hexdigest()).urn


def root_of(record: Path) -> dict[str, Any]:
    """Return the root entity of a record's description.

    Raises
    ------
    InputError
        There is none.
    """
    path = record / CRATE
    try:
        graph = json.loads(path.read_text(encoding="utf-8"))["@graph"]
        return next(entity for entity in graph if entity.get("@id") == "./")
    except OSError as error:
        raise InputError(
            f"{path}: cannot be read ({error.strerror}); a record made by crate.py or reproduce.py is needed"
        ) from None
    except (ValueError, KeyError, TypeError, StopIteration, AttributeError):
        raise InputError(f"{path}: not the description of a record (RO-Crate with a root './')") from None


def metadata_of(
    record: Path, urn: str, date: str, kind: str = "dataset", publisher: str = "Zenodo"
) -> dict[str, Any]:
    """Make the metadata of a deposit.

    Parameters
    ----------
    record : Path
        Folder.
    urn : str
        The deposit's marker.
    date : str
        Date of publication, YYYY-MM-DD.
    kind : str
        Resource type in the repository's vocabulary.
    publisher : str
        Name of the repository.

    Raises
    ------
    InputError
        A file of the record is missing or lacks what a repository asks for.
    """
    root, citation = root_of(record), read_citation(record / CITATION)
    title, description = root.get("name"), root.get("description")
    if not (isinstance(title, str) and title and isinstance(description, str) and description):
        raise InputError(
            f"{record / CRATE}: the root has no name or description, which a repository asks for"
        )
    made: dict[str, Any] = {
        "resource_type": {"id": kind},
        "title": title,
        "description": _html(description),
        "publication_date": date,
        "publisher": publisher,
        "creators": [_creator(author) for author in citation.authors],
        "rights": [{"id": citation.license.lower()}],
        "version": citation.version,
        "subjects": [{"subject": word} for word in _words(root, citation)],
        "identifiers": [{"identifier": urn, "scheme": "urn"}],
    }
    if related := _related(root, (record / VERDICT).exists()):
        made["related_identifiers"] = related
    return made


def _creator(author: Author) -> dict[str, Any]:
    if not author.is_person:
        return {"person_or_org": {"type": "organizational", "name": author.name}}
    who: dict[str, Any] = {"type": "personal", "family_name": author.family, "name": author.listed}
    if author.given:
        who["given_name"] = author.given
    if author.orcid:
        who["identifiers"] = [{"scheme": "orcid", "identifier": author.orcid.rstrip("/").rpartition("/")[2]}]
    affiliations = {"affiliations": [{"name": author.affiliation}]} if author.affiliation else {}
    return {"person_or_org": who, **affiliations}


def _words(root: Mapping[str, Any], citation: Citation) -> list[str]:
    """Labels of the subjects, then keywords; the thesaurus is no vocabulary of Zenodo, so they are "
    "free words."""
    about = [entry.get("@id", "") for entry in _list(root.get("about")) if isinstance(entry, dict)]
    known = {f"{SCHEME}{number}" for number in CONCEPTS}
    return list(dict.fromkeys([*(label(one) for one in about if one in known), *citation.keywords]))


def _related(root: Mapping[str, Any], reproduction: bool) -> list[dict[str, Any]]:
    found = []
    for entry in _list(root.get("isBasedOn")):
        match = _DOI.fullmatch(entry.get("@id", "") if isinstance(entry, dict) else str(entry))
        for relation in ("reviews", "isderivedfrom") if reproduction else ("isderivedfrom",):
            if match:
                found.append({"identifier": match[1], "scheme": "doi", "relation_type": {"id": relation}})
    return found


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _html(text: str) -> str:
    paragraphs = (" ".join(part.split()) for part in re.split(r"\n\s*\n", text.strip()))
    return "".join(f"<p>{html.escape(part, quote=False)}</p>" for part in paragraphs)


def differences(sent: Any, kept: Any, place: str = "metadata") -> list[str]:
    """Say what of the metadata sent the repository does not have; what it adds does not count.

    A field that Zenodo does not know is dropped without a word, so this is the only way to know.
    """
    if isinstance(sent, Mapping):
        if not isinstance(kept, Mapping):
            return [f"{place}: {_short(sent)} was sent, {_short(kept)} kept"]
        return [line for key in sent for line in differences(sent[key], kept.get(key), f"{place}.{key}")]
    if isinstance(sent, Sequence) and not isinstance(sent, str):
        if not isinstance(kept, Sequence) or isinstance(kept, str) or len(kept) != len(sent):
            return [f"{place}: {_short(sent)} was sent, {_short(kept)} kept"]
        return [
            line
            for number, (one, other) in enumerate(zip(sent, kept, strict=True))
            for line in differences(one, other, f"{place}.{number}")
        ]
    same = _plain(sent) == _plain(kept)
    return [] if same else [f"{place}: {_short(sent)} was sent, {_short(kept)} kept"]


def _plain(value: Any) -> Any:
    # Repositories clean the HTML of a description.
    return " ".join(html.unescape(value).split()) if isinstance(value, str) else value


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:77]}..."
