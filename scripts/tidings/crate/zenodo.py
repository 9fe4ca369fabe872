"""Zenodo's metadata of a repository, `.zenodo.json`: made from CITATION.cff, checked strictly."""

from __future__ import annotations

import json
from typing import Any

from tidings.crate.citation import Author, Citation
from tidings.crate.subjects import SOFTWARE, address, label

# The fields of Zenodo's deposit metadata that this suite uses, of developers.zenodo.org, "Deposit metadata".
# Zenodo itself ignores a field that it does not know, so that a misspelt one would be lost without a word.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Zenodo deposit metadata of a piece of software",
    "type": "object",
    "additionalProperties": False,
    "required": ["upload_type", "title", "creators", "description", "access_right", "license"],
    "properties": {
        "upload_type": {"const": "software"},
        "title": {"$ref": "#/$defs/text"},
        "description": {"$ref": "#/$defs/text"},
        "version": {"$ref": "#/$defs/text"},
        "publication_date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
        "access_right": {"const": "open"},
        "license": {"type": "string", "pattern": r"^[A-Za-z0-9.+-]+$"},
        "keywords": {"type": "array", "items": {"$ref": "#/$defs/text"}, "uniqueItems": True},
        "creators": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["name"],
                "properties": {
                    "name": {"$ref": "#/$defs/text"},
                    "affiliation": {"$ref": "#/$defs/text"},
                    "orcid": {"type": "string", "pattern": r"^\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"},
                },
            },
        },
        "subjects": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["term", "identifier", "scheme"],
                "properties": {
                    "term": {"$ref": "#/$defs/text"},
                    "identifier": {"type": "string", "pattern": "^https?://"},
                    "scheme": {"const": "url"},
                },
            },
        },
        "related_identifiers": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["identifier", "relation"],
                "properties": {
                    "identifier": {"$ref": "#/$defs/text"},
                    "relation": {
                        "enum": ["isSupplementTo", "isDerivedFrom", "reviews", "isDocumentedBy", "cites"]
                    },
                    "resource_type": {"$ref": "#/$defs/text"},
                },
            },
        },
    },
    # No e-mail, nowhere.
    "$defs": {"text": {"type": "string", "minLength": 1, "not": {"pattern": r"[\w.+-]+@[\w-]+\.\w"}}},
}


def zenodo_metadata(citation: Citation) -> dict[str, Any]:
    """Return the metadata of the suite itself."""
    made: dict[str, Any] = {
        "upload_type": "software",
        "title": citation.title,
        "creators": [_creator(author) for author in citation.authors],
        "description": citation.abstract,
        "access_right": "open",
        "license": citation.license,
        "publication_date": citation.released,
        "version": citation.version,
        "keywords": list(citation.keywords),
        "subjects": [
            {"term": label(address(n)), "identifier": address(n), "scheme": "url"} for n in sorted(SOFTWARE)
        ],
    }
    if citation.repository:
        made["related_identifiers"] = [{"identifier": citation.repository, "relation": "isSupplementTo"}]
    return made


def zenodo_text(citation: Citation) -> str:
    """Return the content of ``.zenodo.json``."""
    return json.dumps(zenodo_metadata(citation), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _creator(author: Author) -> dict[str, str]:
    made = {"name": author.listed}
    if author.affiliation:
        made["affiliation"] = author.affiliation
    if author.orcid:
        made["orcid"] = author.orcid.rstrip("/").rpartition("/")[2]
    return made
