"""A record's folder on its way into a repository: what is checked before, and all acts in their order."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tidings import crate as crates
from tidings.errors import InputError
from tidings.remote._guard import exclusive
from tidings.reproduce import record as reproductions
from tidings.zenodo.api import SANDBOX, ZENODO, Api
from tidings.zenodo.deposit import Depositor, Outcome
from tidings.zenodo.fetch import md5
from tidings.zenodo.journal import Journal
from tidings.zenodo.metadata import marker, metadata_of

MOST_FILES, MOST_BYTES = 100, 50_000_000_000  # Zenodo's quota of a record
# zenodo-get takes the percent signs of an address away once too often, so names have none.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_CHUNK = 1 << 20


def deposit(
    folder: Path,
    api: Api,
    journal: Path,
    *,
    token: str,
    previous: str | None = None,
    publish: bool = False,
    kind: str = "dataset",
    say: Callable[[str], None] = print,
) -> Outcome:
    """Bring a record into a repository; as a draft, unless it is to be published.

    Parameters
    ----------
    folder : Path
        The record, as `tidings.crate.write_crate` or `tidings.reproduce.record.write` made it. The DOI is
        written into its files.
    api : Api
        Of the repository, with the token.
    journal : Path
        File that keeps what has been done.
    token : str
        The access token: no file may hold it.
    previous : str, optional
        Number of the record that this is a new version of.
    publish : bool
        Publish, which cannot be taken back.
    kind : str
        Resource type.
    say : callable
        Told what happens, a line at a time.

    Raises
    ------
    InputError
        The record is not fit for a repository, or the repository refuses or fails. What was done is kept.
    """
    files = checked_files(folder, token)
    urn = marker(content_of(folder))
    with exclusive(journal):
        notes = Journal(journal, api.base, urn)
        date = notes.get("date") or datetime.now(UTC).date().isoformat()
        notes.note(date=date)
        publisher = "Zenodo" if api.base in (ZENODO, SANDBOX) else "InvenioRDM"
        metadata = metadata_of(folder, urn, date, kind, publisher)
        depositor = Depositor(api, notes, urn, say)
        return _steps(depositor, folder, files, metadata, previous, publish)


def _steps(
    depositor: Depositor,
    folder: Path,
    files: dict[str, Path],
    metadata: dict[str, Any],
    previous: str | None,
    publish: bool,
) -> Outcome:
    base, say = depositor.api.base, depositor.say
    depositor.open(metadata, previous)
    url = f"{base}/records/{depositor.id}"
    if (record := depositor.published()) is not None:
        say(f"already published: {url}; nothing to do")
        return Outcome(depositor.id, record["pids"]["doi"]["identifier"], url, True, 0)
    doi = depositor.reserve(depositor.api.get(f"/api/records/{depositor.id}/draft"))
    say(f"DOI {doi} is reserved; written into the record")
    stamp(folder, doi, url)
    sent = depositor.upload(files)
    say(f"{sent} of {len(files)} files sent, all checksums are right")
    depositor.describe(metadata)
    if publish:
        depositor.publish(metadata, {name: md5(path) for name, path in files.items()})
        say(f"published: https://doi.org/{doi}")
    return Outcome(depositor.id, doi, url if publish else f"{base}/uploads/{depositor.id}", publish, sent)


def content_of(folder: Path) -> dict[str, str]:
    """Return the names and SHA-256 that tell one record from another, whatever DOI is written into it."""
    if reproductions.is_reproduction(folder):
        return reproductions.content(folder)
    crate = crates.read_crate(folder)
    files = {name: file.sha256 for name, file in crate.files.items() if file.role != "record"}
    return {**files, "run": f"{crate.engine.name} {crate.start.isoformat()} {crate.end.isoformat()}"}


def stamp(folder: Path, doi: str, url: str) -> None:
    """Write a DOI into a record of either kind."""
    if reproductions.is_reproduction(folder):
        reproductions.stamp(folder, doi, url)
    else:
        crates.stamp(folder, doi, url)


# ---- checks ---------------------------------------------------------------------------------------------


def checked_files(folder: Path, token: str) -> dict[str, Path]:
    """List the files of a record, after a look at all that a repository refuses.

    Raises
    ------
    InputError
        There are too many, a name is unfit, one is empty, is changed, or holds the token.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; make a record with crate.py or reproduce.py")
    files = {path.name: path for path in sorted(folder.iterdir())}
    if not files or len(files) > MOST_FILES:
        raise InputError(f"{folder}: has {len(files)} files; a record has 1 to {MOST_FILES}")
    for name, path in files.items():
        if not path.is_file() or path.is_symlink() or not _NAME.fullmatch(name):
            raise InputError(f"{path}: a record has only files with names of A-Z a-z 0-9 . _ -; take it away")
        if not path.stat().st_size:
            raise InputError(f"{path}: is empty, which the repository refuses; take it away or fill it")
    total = sum(path.stat().st_size for path in files.values())
    if total > MOST_BYTES:
        raise InputError(f"{folder}: {total / 1e9:.1f} GB; a record holds {MOST_BYTES / 1e9:.0f} GB")
    check = reproductions.check if reproductions.is_reproduction(folder) else crates.check_manifest
    if changed := check(folder):
        raise InputError(
            f"{folder}: not as its manifest says: {'; '.join(changed[:5])}; make the record anew"
        )
    for path in files.values():
        _refuse_secret(path, token.encode())
    return files


def _refuse_secret(path: Path, token: bytes) -> None:
    for name, chunks in _contents(path):
        tail = b""
        for chunk in chunks:
            if token in tail + chunk:
                raise InputError(
                    f"{path}{name}: holds your access token; revoke the token and make the record anew"
                )
            tail = chunk[-len(token) :]


def _contents(path: Path) -> Iterator[tuple[str, Iterator[bytes]]]:
    with path.open("rb") as stream:
        yield "", iter(lambda: stream.read(_CHUNK), b"")
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                with archive.open(name) as member:
                    yield f", {name}", iter(lambda member=member: member.read(_CHUNK), b"")
