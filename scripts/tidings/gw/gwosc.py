"""Strain files of the Gravitational Wave Open Science Center: which there are, and fetching them.

Questions go through the `gwosc` client to API v2 (https://gwosc.org/api). A named event is answered with the
files of its release (32 s and 4096 s); where a release has none (GWTC-2.1, and every one since GWTC-4.0),
and for a GPS time without an event, with the files of the observing run (4096 s, 130 MB at 4 kHz). File
names are those of LIGO-T050017: observatory, description, GPS start, duration in s.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

import h5py

from tidings.errors import InputError
from tidings.gw._gwosc_api import PUBLIC_HOST, Located, Question, StrainFile, ask, at_host, cover
from tidings.remote.lock import Digest, Lock, digest_of
from tidings.remote.transfer import Unreachable, download

__all__ = ["HOST_VARIABLE", "MARGIN", "Fetched", "Located", "StrainFile", "fetch", "locate"]

HOST_VARIABLE = "TIDINGS_GWOSC_HOST"  # environment: a mirror to ask instead
MARGIN = 15.0  # s on either side of an event: what the 32 s files of every release hold


@dataclass(frozen=True)
class Fetched:
    """Strain files on the disk, in order of time, and the event (GPS time in s) they belong to."""

    event: str
    gps: float
    release: str | None
    paths: tuple[Path, ...]


def locate(
    event: str | float,
    detector: str,
    *,
    before: float = MARGIN,
    after: float = MARGIN,
    sample_rate: int = 4096,
    format: Literal["hdf5", "gwf"] = "hdf5",
    host: str | None = None,
) -> Located:
    """Ask the archive for the strain files around an event.

    Parameters
    ----------
    event : str or float
        Name ("GW150914"), name and version ("GW150914-v3"), name and catalogue ("GW150914@GWTC-1-confident"),
        or a GPS time in s. A name alone means the newest version.
    detector : str
        Prefix of the detector: H1, L1, V1, …
    before, after : float
        Seconds wanted on either side.
    sample_rate : int
        4096 or 16384 Hz.
    format : {"hdf5", "gwf"}
        File format.
    host : str, optional
        Address to ask; the environment variable ``TIDINGS_GWOSC_HOST``, else https://gwosc.org.

    Returns
    -------
    Located
        The shortest file that covers the span, else as few as cover it together.

    Raises
    ------
    InputError
        No such event, no such detector, no files that cover the span, or an answer that is none.
    tidings.remote.transfer.Unreachable
        No connection to the archive.
    """
    if format not in ("hdf5", "gwf"):
        raise InputError(f"strain files: unknown format {format!r}; choose hdf5 or gwf")
    return ask(Question.of(event, detector, before, after, sample_rate), format, _host(host))


def fetch(
    event: str | float,
    detector: str,
    directory: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    before: float = MARGIN,
    after: float = MARGIN,
    sample_rate: int = 4096,
    gps: float | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Fetched:
    """Put the strain files (HDF5) around an event into a folder.

    What the lock has recorded for the question is used without asking the archive again. Files in `directory`
    or `store` are taken from there, everything else is downloaded; all are compared with the lock, and
    recorded in it when new.

    Parameters
    ----------
    event, detector, before, after, sample_rate, host
        As for `locate`.
    directory : str or Path
        Where the files are put.
    lock : Lock
        The record of checksums.
    store : str or Path, optional
        Folder in which files lie that were put there by hand; they are linked or copied, never changed.
    gps : float, optional
        GPS time of a named event, when the caller knows it: with it, files in `store` are found although
        the archive cannot be asked.
    sleep : callable
        Called with seconds between two attempts; replaced in tests.

    Returns
    -------
    Fetched
        The paths, and the name and GPS time of the event.

    Raises
    ------
    InputError
        As for `locate`; a file that is not the one recorded, or no HDF5 file; no network, with the name of
        the file and the folder to put it in.
    """
    directory, store = Path(directory), None if store is None else Path(store)
    question = Question.of(event, detector, before, after, sample_rate, gps)
    host = _host(host)
    located = _from_lock(question, lock)
    if located is None:
        try:
            located = ask(question, "hdf5", host, sleep)
        except Unreachable as error:
            located = _by_hand(question, [directory] if store is None else [store, directory], error)
    paths = tuple(_provide(file, directory, store, lock, host, sleep) for file in located.files)
    names = [_key(file) for file in located.files]
    lock.record_set(question.key, names, gps=located.gps, release=located.release)
    return Fetched(located.event, located.gps, located.release, paths)


def _host(host: str | None) -> str:
    host = (host or os.environ.get(HOST_VARIABLE) or PUBLIC_HOST).rstrip("/")
    if urlsplit(host).scheme not in ("http", "https") or not urlsplit(host).netloc:
        raise InputError(f"{HOST_VARIABLE}: {host!r} is not an address such as {PUBLIC_HOST}")
    return host


def _key(file: StrainFile) -> str:
    return f"gwosc/{file.name}"


def _from_lock(question: Question, lock: Lock) -> Located | None:
    """The files of an earlier run, if they cover the span and their checksums are all there still."""
    known = lock.resolved(question.key)
    if known is None:
        return None
    gps, release = known.get("gps"), known.get("release")
    if type(gps) not in (int, float) or not (release is None or isinstance(release, str)):
        raise InputError(f"{lock.path}: {question.key!r} needs a number as 'gps', text or null as 'release'")
    files = []
    for key in known["files"]:
        entry = lock.entry(key)
        file = StrainFile.named(PurePosixPath(key).name, entry.url if entry else None)
        if file is None or _key(file) != key:
            raise InputError(f"{lock.path}: {key!r} in {question.key!r} is no strain file; remove that set")
        if entry is None:  # removed by hand, so that the archive is asked again
            return None
        files.append(file)
    if cover(files, *question.span(gps)) is None:
        return None
    return Located(question.event, float(gps), release, tuple(files))


def _by_hand(question: Question, folders: list[Path], error: Unreachable) -> Located:
    """Files that a user has put into a folder, for a question the archive cannot be asked."""
    if question.gps is not None:
        names = [path.name for folder in folders for path in sorted(folder.glob("*.hdf5"))]
        files = [StrainFile.named(name, None) for name in names if question.fits(name)]
        if chosen := cover(filter(None, files), *question.span(question.gps)):
            return Located(question.event, question.gps, None, chosen)
    raise Unreachable(
        f"{error}; to work without it, put the HDF5 file with {question} into {folders[0]}, "
        f"under the name it has at {PUBLIC_HOST}"
        + ("" if question.gps is not None else ", and ask by GPS time")
    ) from None


def _provide(
    file: StrainFile,
    directory: Path,
    store: Path | None,
    lock: Lock,
    host: str,
    sleep: Callable[[float], None],
) -> Path:
    """One file in its place: there already, or from the store, or downloaded."""
    path = directory / file.name
    if path.exists():
        _admit(path, file, lock)
    elif store is not None and (store / file.name).exists():
        _admit(store / file.name, file, lock)
        _link(store / file.name, path)
    elif file.url is None:
        raise InputError(
            f"{file.name}: was put there by hand when it was recorded in {lock.path}, so it cannot be "
            f"downloaded; put it into {store or directory}"
        )
    else:
        _download(
            file, path, f"to work without it, put {file.name} into {store or directory}", lock, host, sleep
        )
    return path


def _download(
    file: StrainFile, path: Path, advice: str, lock: Lock, host: str, sleep: Callable[[float], None]
) -> None:
    def inspect(part: Path, digest: Digest) -> None:
        if not lock.check(_key(file), digest, file.url):
            _check_hdf5(part, file.url)

    digest = download(at_host(file.url, host), path, inspect=inspect, advice=advice, sleep=sleep)
    lock.record(_key(file), digest, file.url)


def _admit(path: Path, file: StrainFile, lock: Lock) -> None:
    """Compare a file that is there with the lock; record it if it is new."""
    if not lock.verify(_key(file), path):
        _check_hdf5(path, str(path))
        lock.record(_key(file), digest_of(path), file.url)


def _check_hdf5(path: Path, source: str) -> None:
    # Nothing has vouched for these bytes yet: a log-in page under the name, or half a file, must not
    # become what every later run is held to.
    try:
        h5py.File(path, "r").close()
    except OSError as error:
        raise InputError(f"{source}: is not a complete HDF5 file ({error}); fetch it again") from None


def _link(source: Path, path: Path) -> None:
    """A second name for the file, or a copy where the file system has no such thing."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(os.path.realpath(source), part)
        except OSError:
            shutil.copyfile(source, part)
        os.replace(part, path)
    except OSError as error:
        raise InputError(f"{path}: cannot be made from {source} ({error.strerror})") from None
    finally:
        part.unlink(missing_ok=True)
