"""From what the user named to a crate that is complete, unchanged and unpacked."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tidings import crate as crates
from tidings.crate.model import Crate
from tidings.errors import InputError
from tidings.zenodo import records
from tidings.zenodo.api import Api
from tidings.zenodo.fetch import fetch
from tidings.zenodo.records import Record

ZIP = "run-crate.zip"
METADATA = "ro-crate-metadata.json"


@dataclass(frozen=True)
class Archive:
    """A crate ready to be run: what it says, its unpacked folder, where it came from.

    `record` is None for one of this machine; `fetched_by` says with what it was downloaded; `notices` are
    to be told to the user; `changed` names the files that are not as its manifests say (only where that is
    accepted).
    """

    crate: Crate
    folder: Path
    record: Record | None
    fetched_by: str | None
    notices: tuple[str, ...]
    changed: tuple[str, ...]


def obtain(
    what: str,
    work: Path,
    *,
    token: Callable[[str], str | None] = lambda repository: None,
    accept_changes: bool = False,
    say: Callable[[str], None] = print,
) -> Archive:
    """Fetch, check and unpack what the user named.

    Parameters
    ----------
    what : str
        DOI, address or number of a record; or a record's folder, a crate's zip file or folder of this
        machine.
    work : Path
        Folder for ``record/`` and ``crate/``; files of an earlier download that are right are kept.
    token : callable
        Gives the access token for a repository, or None.
    accept_changes : bool
        Go on with a crate that is not as its manifest says.
    say : callable
        Told what happens, a line at a time.

    Raises
    ------
    InputError
        It cannot be had, is damaged, changed or no archive of a run, or of a newer format.
    """
    record, how, notices = None, None, []
    place = Path(what)
    if not place.exists():
        record, place, how, notices = _download(what, work / "record", token, say)
    _require_archive(place, record)
    changed = crates.check_manifest(place)
    if changed and not accept_changes:
        raise InputError(
            f"{what}: checksum mismatch: {'; '.join(changed[:5])}{_more(len(changed) - 5)}. The "
            "archive is not what "
            "was deposited; fetch it again, or see what the change does with --accept-changes"
        )
    folder = work / "crate"
    shutil.rmtree(folder, ignore_errors=True)
    _unpack(place, folder)
    return Archive(crates.read_crate(place), folder, record, how, tuple(notices), tuple(changed))


def _download(
    what: str, folder: Path, token: Callable[[str], str | None], say: Callable[[str], None]
) -> tuple[Record, Path, str, list[str]]:
    wanted = records.locate(what)
    secret = token(wanted.repository)
    record = records.read(wanted, lambda base: Api(base, secret))
    notices = []
    if record.by_concept:
        notices.append(f"{what} stands for all versions; the newest is {record.doi or record.url}")
    elif not record.newest:
        notices.append(
            f"a newer version of this record exists: {record.repository}/records/{record.id}/latest; "
            f"this is {record.doi or record.url}, as asked for"
        )
    for notice in notices:
        say(f"note: {notice}")
    if ZIP not in {file.name for file in record.files}:
        names = ", ".join(file.name for file in record.files[:5])
        raise InputError(
            f"{record.url}: not the archive of a run: there is no {ZIP} among its files ({names or 'none'})"
        )
    size = sum(file.size for file in record.files)
    say(f"{record.title}: {len(record.files)} files, {size / 1e6:.1f} MB from {record.url}")
    how = fetch(record, folder, Api(wanted.repository, secret).session if secret else None, say)
    _drop_others(folder, {file.name for file in record.files})
    return record, folder, how, notices


def _drop_others(folder: Path, names: set[str]) -> None:
    """Remove what an earlier download of another record left, for the folder is ours."""
    for path in folder.iterdir():
        if path.is_file() and path.name not in names:
            path.unlink()


def _require_archive(place: Path, record: Record | None) -> None:
    if place.is_dir() and not ((place / ZIP).exists() or (place / METADATA).exists()):
        where = record.url if record else place
        raise InputError(f"{where}: not the archive of a run: there is neither {ZIP} nor {METADATA}")


def _unpack(place: Path, folder: Path) -> None:
    if place.is_dir() and not (place / ZIP).exists():
        # Already unpacked: the user's copy stays as it is.
        try:
            shutil.copytree(place, folder, symlinks=True)
        except (OSError, shutil.Error) as error:
            raise InputError(f"{place}: cannot be copied to {folder} ({error})") from None
    else:
        crates.unpack(place, folder)


def _more(count: int) -> str:
    return f"; and {count} more" if count > 0 else ""
