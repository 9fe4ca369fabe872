"""The files of a record, complete and with the checksums that the repository states, or not at all.

zenodo-get does it where it is installed (it is a program under the AGPL, so it is run, not imported); for
other repositories, with a token (which it would want on its command line, where every user of the machine
can read it), and where it fails, the patient downloads of `tidings.remote.transfer` do.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import requests

from tidings.errors import InputError
from tidings.remote.transfer import download
from tidings.zenodo.api import SANDBOX, ZENODO
from tidings.zenodo.records import Record, RemoteFile

PROGRAM = "zenodo_get"
_DEADLINE = 6 * 3600.0  # s; it has time limits of its own for each connection


def fetch(
    record: Record, folder: Path, session: requests.Session | None = None, say: Callable[[str], None] = print
) -> str:
    """Download all files of a record into a folder; files there that are right are kept.

    Parameters
    ----------
    record : Record
        As from `records.read`.
    folder : Path
        Made if need be.
    session : requests.Session, optional
        That is allowed to read a restricted record.
    say : callable
        Told what happens, a line at a time.

    Returns
    -------
    str
        What fetched them: ``zenodo-get`` or ``built in``.

    Raises
    ------
    InputError
        A file cannot be downloaded, or is not the one that the record states.
    """
    how = "built in"
    if session is None and record.repository in (ZENODO, SANDBOX) and shutil.which(PROGRAM):
        try:
            _call(record, folder)
            how = "zenodo-get"
        except InputError as error:
            say(f"zenodo-get failed ({error}); going on without it")
    for file in record.files:
        if not _is_right(folder / file.name, file):
            how = "built in"
            _download(file, folder / file.name, session)
    return how


def _call(record: Record, folder: Path) -> None:
    command = [PROGRAM, "--output-dir", str(folder), "--verbosity", "1", "--record", record.id]
    command += ["--sandbox"] if record.repository == SANDBOX else []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            command, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_DEADLINE
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(str(error)) from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
        raise InputError(f"exit status {done.returncode}: {lines[-1] if lines else 'no message'}")


def _download(file: RemoteFile, path: Path, session: requests.Session | None) -> None:
    def inspect(part: Path, digest: object) -> None:
        found = md5(part)
        if found != file.md5:
            raise InputError(
                f"{file.url}: checksum mismatch: it has MD5 {found}, the record states {file.md5}; "
                "the download was damaged, or the repository is: try again, and tell its staff if it stays so"
            )

    download(file.url, path, inspect=inspect, session=session)


def _is_right(path: Path, file: RemoteFile) -> bool:
    return path.is_file() and path.stat().st_size == file.size and md5(path) == file.md5


def md5(path: Path) -> str:
    """Return the MD5 of a file: the only checksum that Zenodo keeps."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
