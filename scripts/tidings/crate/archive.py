"""Zip files whose bytes follow from their content, and taking them apart without trust."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import stat
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from tidings.errors import InputError

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CHUNK = 1 << 20
# What does not get smaller.
_PACKED = (".gz", ".png", ".hdf5", ".pdf", ".zip", ".parquet", ".jpg")


def write_zip(path: Path, content: Mapping[str, Path | bytes]) -> dict[str, str]:
    """Write a zip file, and return the SHA-256 of each member.

    Parameters
    ----------
    path : Path
        The file to write.
    content : mapping
        Names of members, and their bytes or the files that hold them; a link is kept as one. Order, times,
        owners and levels of compression do not depend on the machine.
    """
    digests = {}
    with zipfile.ZipFile(path, "x", strict_timestamps=True) as archive:
        for name in sorted(content):
            value = content[name]
            info = zipfile.ZipInfo(name, _EPOCH)
            info.create_system = 3
            info.compress_type = (
                zipfile.ZIP_STORED if name.endswith(_PACKED) else zipfile.ZIP_DEFLATED
            )  # level 6
            info.external_attr = _mode(value) << 16
            with _opened(value) as source:
                source.seek(0, os.SEEK_END)
                info.file_size = source.tell()
                source.seek(0)
                with archive.open(info, "w") as target:
                    digests[name] = _copy(source, target)
    return digests


def _mode(value: Path | bytes) -> int:
    if isinstance(value, Path) and value.is_symlink():
        return stat.S_IFLNK | 0o777
    executable = isinstance(value, Path) and bool(value.stat().st_mode & stat.S_IXUSR)
    return stat.S_IFREG | (0o755 if executable else 0o644)


def _opened(value: Path | bytes) -> BinaryIO:
    if isinstance(value, bytes):
        return io.BytesIO(value)
    if value.is_symlink():
        return io.BytesIO(os.readlink(value).encode())
    return value.open("rb")


def _copy(source: BinaryIO | IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def extract(path: Path, folder: Path) -> None:
    """Extract a zip file into a folder that does not exist yet.

    Raises
    ------
    InputError
        It is no zip file, is damaged, or a member would land outside of the folder, on top of another, be
        something else than a file, folder or link within, or be larger than it says. Nothing is left behind
        then.
    """
    if folder.exists():
        raise InputError(f"{folder}: exists already; name a folder that does not")
    part = folder.with_name(f".{folder.name}.part")
    try:
        part.mkdir(parents=True)
        with opened(path) as archive:
            _extract_all(archive, part, path)
        os.rename(part, folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def opened(path: Path) -> zipfile.ZipFile:
    """Open a zip file for reading, or say what is wrong with it."""
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise InputError(f"{path}: no such file") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(f"{path}: cannot be read as a zip file ({error}); fetch it again") from None


def checked_members(archive: zipfile.ZipFile, path: Path) -> Iterator[zipfile.ZipInfo]:
    """Give the members that are no folders, after a look at their names."""
    seen: set[str] = set()
    for info in archive.infolist():
        name = info.filename
        parts = PurePosixPath(name).parts
        if (
            not parts
            or name.startswith("/")
            or "\\" in name
            or ".." in parts
            or ":" in parts[0]
            or "\0" in name
        ):
            raise InputError(f"{path}: member {name!r} would land outside of the folder; refused")
        if name.rstrip("/").casefold() in seen:
            raise InputError(f"{path}: member {name!r} and another would be one file on some disks; refused")
        seen.add(name.rstrip("/").casefold())
        if not info.is_dir():
            yield info


def _extract_all(archive: zipfile.ZipFile, folder: Path, path: Path) -> None:
    links = []
    for info in list(checked_members(archive, path)):
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind == stat.S_IFLNK:
            links.append(info)
        elif kind in (0, stat.S_IFREG):
            _extract_one(archive, info, folder / info.filename, path)
        else:
            raise InputError(f"{path}: member {info.filename!r} is neither file nor link; refused")
    # Last, so that nothing is written through them; and looked at when all are there, for one may lead
    # through another.
    for info in links:
        _make_link(archive, info, folder / info.filename, path)
    for info in links:
        if not (folder / info.filename).resolve().is_relative_to(folder.resolve()):
            raise InputError(f"{path}: link {info.filename!r} leads out of the folder; refused")


def _extract_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, path: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        # What is longer than the archive says, or has other bytes, fails at its end.
        with archive.open(info) as source, target.open("xb") as made:
            shutil.copyfileobj(source, made, _CHUNK)
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise _two_things(info, path) from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: member {info.filename!r} is damaged ({error}); fetch it again") from None
    if (info.external_attr >> 16) & stat.S_IXUSR:
        target.chmod(0o755)


def _make_link(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, path: Path) -> None:
    with archive.open(info) as source:
        words = source.read(4096).decode("utf-8", "replace")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.symlink_to(words)
    except OSError:
        raise _two_things(info, path) from None


def _two_things(info: zipfile.ZipInfo, path: Path) -> InputError:
    return InputError(f"{path}: member {info.filename!r} is both file and folder; refused")
