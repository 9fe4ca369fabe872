"""From a DOI or an address to a published record, its versions and its files.

Both forms of a record are read: that of InvenioRDM, and that of Zenodo's older API.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from tidings import __version__
from tidings.errors import InputError
from tidings.remote.transfer import TIMEOUT, cause
from tidings.zenodo.api import SANDBOX, ZENODO, Api, Refused

RESOLVER = "https://doi.org"
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>?#]+")
# The prefix of the sandbox is for tests: doi.org does not know its DOIs.
_SANDBOX_DOI = re.compile(r"10\.5072/zenodo\.(\d+)")
_RECORD = re.compile(r"(?:/api)?/records?/([A-Za-z0-9-]+)(?:/.*)?")
_DOI_PATH = re.compile(r"/doi/(10\.\d{4,9}/.+)")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class RemoteFile:
    """A file of a record: its name, size in bytes, MD5 in hexadecimal and address."""

    name: str
    size: int
    md5: str
    url: str


@dataclass(frozen=True)
class Place:
    """Where a record is read: repository, number (of all versions perhaps), the DOI that led there if any."""

    repository: str
    number: str
    doi: str | None = None


@dataclass(frozen=True)
class Record:
    """A published record; `asked` is the identifier that led to it, `newest` whether no later "
    "version exists."""

    repository: str
    id: str
    asked: Place
    title: str
    doi: str | None
    version: str | None
    concept: str | None
    newest: bool | None
    files: tuple[RemoteFile, ...]

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.repository}/records/{self.id}"

    @property
    def by_concept(self) -> bool:
        """Whether the identifier named all versions, of which this is the newest."""
        if self.asked.doi and self.doi:
            return self.asked.doi.lower() != self.doi.lower()
        return self.concept is not None and self.asked.number == self.concept and self.concept != self.id


def locate(text: str) -> Place:
    """Find the repository and the number that a DOI, an address or a number of Zenodo stands for.

    Parameters
    ----------
    text : str
        ``10.5281/zenodo.123``, ``https://doi.org/…``, ``https://zenodo.org/records/123``, ``123``.

    Returns
    -------
    Place
        Where to read the record, or the newest of its versions.

    Raises
    ------
    InputError
        It is none of these, or the DOI is not known or is not that of a record.
    """
    text = text.strip()
    if text.isdigit():
        return Place(ZENODO, text)
    doi = re.sub(r"^(doi:|https?://(dx\.)?doi\.org/)", "", text, flags=re.IGNORECASE)
    if _DOI.fullmatch(doi):
        return _resolve(doi)
    parts = urlsplit(text)
    if parts.scheme in ("http", "https") and parts.netloc:
        if match := _DOI_PATH.fullmatch(parts.path):
            return _resolve(match[1])
        if match := _RECORD.fullmatch(parts.path):
            return Place(f"{parts.scheme}://{parts.netloc}", match[1])
    raise InputError(
        f"{text!r}: neither a DOI (10.5281/zenodo.123), nor the address of a record "
        f"({ZENODO}/records/123), nor a file or folder of this machine"
    )


def _resolve(doi: str) -> Place:
    if match := _SANDBOX_DOI.fullmatch(doi):
        return Place(SANDBOX, match[1], doi)
    url = f"{RESOLVER}/{quote(doi, safe='/.')}"
    try:
        response = requests.get(
            url, headers={"User-Agent": f"tidings/{__version__}"}, timeout=TIMEOUT, stream=True
        )
        response.close()
    except requests.exceptions.RequestException as error:
        raise InputError(
            f"{url}: cannot be resolved ({cause(error)}); give the record's own address or its "
            "downloaded files"
        ) from None
    if response.status_code == 404 and response.url.startswith(RESOLVER):
        raise InputError(f"{doi}: no such DOI; is it complete, and has the record been published?")
    parts = urlsplit(response.url)
    match = _RECORD.fullmatch(parts.path)
    if match is None or response.url.startswith(RESOLVER):
        where = "" if response.url.startswith(RESOLVER) else f"; it leads to {parts.scheme}://{parts.netloc}"
        raise InputError(
            f"{doi}: does not lead to a record of Zenodo or InvenioRDM ({response.status_code}{where})"
        )
    return Place(f"{parts.scheme}://{parts.netloc}", match[1], doi)


def read(place: Place, api: Callable[[str], Api] = Api) -> Record:
    """Read a published record.

    Parameters
    ----------
    place : Place
        As from `locate`.
    api : callable
        Makes the `Api` of a repository; with a token for a record that is not open.

    Raises
    ------
    InputError
        There is no such record, it was withdrawn or is restricted, or it is not understood.
    """
    client = api(place.repository)
    try:
        record = _parse(client.get(f"/api/records/{place.number}"), place)
        if not record.files:
            record = _with_files(record, client)
    except Refused as error:
        raise _explained(error, f"{place.repository}/records/{place.number}") from None
    if record.newest is None:
        record = Record(**{**vars(record), "newest": newest(record, client) == record.id})
    return record


def newest(record: Record, client: Api) -> str:
    """Return the number of the newest version of a record."""
    # Zenodo's older form does not say whether it is the newest; this address leads to the one that is.
    return str(client.get(f"/api/records/{record.id}/versions/latest")["id"])


def _explained(error: Refused, url: str) -> InputError:
    if error.status in (401, 403):
        return InputError(
            f"{url}: its files are restricted ({error.status}); ask its owner for access, then name "
            "the token of "
            "an account that has it (--token-file), or download the files and give their folder"
        )
    if error.status == 404:
        return InputError(f"{url}: no such record; it may not be published yet")
    if error.status == 410:
        return InputError(f"{url}: this record has been withdrawn; its page says why")
    return error


def _parse(value: Any, asked: Place) -> Record:
    try:
        metadata = value["metadata"]
        parent = (value.get("parent") or {}).get("id") or value.get("conceptrecid")
        doi = ((value.get("pids") or {}).get("doi") or {}).get("identifier") or value.get("doi")
        record = Record(
            repository=asked.repository,
            id=str(value["id"]),
            asked=asked,
            title=str(metadata["title"]),
            doi=doi or metadata.get("doi"),
            version=metadata.get("version"),
            concept=None if parent is None else str(parent),
            newest=(value.get("versions") or {}).get("is_latest"),
            files=_files(value.get("files") or [], asked.repository, str(value["id"])),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{asked.repository}/records/{asked.number}: its description is not understood ({error!r})"
        ) from None
    access = value.get("access") or {}
    if "restricted" in (access.get("record"), access.get("files")) and not record.files:
        raise _explained(Refused("", 403), record.url)
    return record


def _files(value: Any, repository: str, number: str) -> tuple[RemoteFile, ...]:
    entries = value.get("entries", []) if isinstance(value, dict) else value
    entries = list(entries.values()) if isinstance(entries, dict) else entries
    found = []
    for entry in entries:
        name = str(entry.get("key") or entry.get("filename"))
        if not _NAME.fullmatch(name):
            raise InputError(
                f"{repository}/records/{number}: {name!r} is not the name of a file of a run's archive"
            )
        kind, _, digest = str(entry["checksum"]).rpartition(":")
        if kind not in ("", "md5") or not re.fullmatch(r"[0-9a-f]{32}", digest):
            raise ValueError(f"checksum {entry['checksum']!r} of {name}")
        url = f"{repository}/api/records/{number}/files/{name}/content"
        found.append(
            RemoteFile(name, int(entry["size"] if "size" in entry else entry["filesize"]), digest, url)
        )
    return tuple(sorted(found, key=lambda file: file.name))


def _with_files(record: Record, client: Api) -> Record:
    listed = client.get(f"/api/records/{record.id}/files", accept="application/json")
    return Record(**{**vars(record), "files": _files(listed, record.repository, record.id)})
