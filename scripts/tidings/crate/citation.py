"""Authors, licence and words about the suite: all from CITATION.cff."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tidings.errors import InputError

_SPDX = re.compile(r"[A-Za-z0-9.+-]+")


@dataclass(frozen=True)
class Author:
    """A person or organisation; no e-mail, on purpose."""

    name: str
    family: str | None = None
    given: str | None = None
    orcid: str | None = None
    affiliation: str | None = None
    website: str | None = None

    @property
    def is_person(self) -> bool:
        """Tell whether it is a person."""
        return self.family is not None

    @property
    def listed(self) -> str:
        """Return the name as a list of authors has it."""
        return f"{self.family}, {self.given}" if self.family and self.given else self.family or self.name


@dataclass(frozen=True)
class Citation:
    """What CITATION.cff says that others are told."""

    title: str
    abstract: str
    authors: tuple[Author, ...]
    version: str
    released: str
    license: str
    keywords: tuple[str, ...]
    doi: str | None = None
    repository: str | None = None

    @property
    def license_url(self) -> str:
        """Return the address of the licence."""
        return f"https://spdx.org/licenses/{self.license}"


def read_citation(path: Path) -> Citation:
    """Read a CITATION.cff (version 1.2).

    Raises
    ------
    InputError
        The file is missing, not YAML, or lacks what every record needs.
    """
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    except yaml.YAMLError as error:
        raise InputError(f"{path}: not YAML: {error}") from None
    needed = ("title", "abstract", "authors", "version", "date-released", "license")
    missing = [key for key in needed if not (isinstance(data, dict) and data.get(key))]
    if missing:
        raise InputError(f"{path}: {', '.join(missing)} is missing, which a record needs")
    if not (isinstance(data["license"], str) and _SPDX.fullmatch(data["license"])):
        raise InputError(f"{path}: license must be one SPDX identifier, such as BSD-3-Clause")
    return Citation(
        title=data["title"],
        abstract=" ".join(str(data["abstract"]).split()),
        authors=tuple(_author(one, path) for one in data["authors"]),
        version=str(data["version"]),
        released=str(data["date-released"]),
        license=data["license"],
        keywords=tuple(data.get("keywords") or ()),
        doi=data.get("doi"),
        repository=data.get("repository-code"),
    )


def without_addresses(text: str) -> str:
    """Return the text of a CITATION.cff without e-mail addresses, which are not published."""
    # Where it is the first of an entry's fields, its dash stays.
    return re.sub(r"^( *)(- +)?email:.*\n?", lambda m: f"{m[1]}-\n" if m[2] else "", text, flags=re.MULTILINE)


def _author(data: dict[str, Any], path: Path) -> Author:
    family = " ".join(str(data[key]) for key in ("name-particle", "family-names") if data.get(key)) or None
    given = data.get("given-names")
    name = " ".join(str(part) for part in (given, family) if part) or data.get("name") or data.get("alias")
    if not name:
        raise InputError(f"{path}: an author has neither a name nor family-names")
    return Author(name, family, given, data.get("orcid"), data.get("affiliation"), data.get("website"))
