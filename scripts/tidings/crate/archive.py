"""Zip files whose bytes follow from their content, and taking them apart without trust."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import zipfile
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
        _remove(part)


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
        target = folder / info.filename
        target.parent.mkdir(parents=True, exist_ok=True)
        if kind == stat.S_IFLNK:
            links.append((info, target))
        elif kind in (0, stat.S_IFREG):
            _extract_one(archive, info, target, path)
        else:
            raise InputError(f"{path}: member {info.filename!r} is neither file nor link; refused")
    # Last, so that nothing is written through them.
    for info, target in links:
        _make_link(archive, info, target, folder, path)


def _extract_one(archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, path: Path) -> None:
    left = info.file_size
    try:
        with archive.open(info) as source, target.open("xb") as made:
            while chunk := source.read(min(_CHUNK, left + 1)):
                left -= len(chunk)
                if left < 0:
                    raise InputError(f"{path}: member {info.filename!r} is larger than it says; refused")
                made.write(chunk)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise InputError(f"{path}: member {info.filename!r} is damaged ({error}); fetch it again") from None
    except (FileExistsError, NotADirectoryError, IsADirectoryError):
        raise InputError(f"{path}: member {info.filename!r} is both file and folder; refused") from None
    if (info.external_attr >> 16) & stat.S_IXUSR:
        target.chmod(0o755)


def _make_link(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path, folder: Path, path: Path
) -> None:
    with archive.open(info) as source:
        words = source.read(4096).decode("utf-8", "replace")
    leads = Path(os.path.normpath(target.parent / words))
    if (
        os.path.isabs(words)
        or not leads.is_relative_to(folder)
        or not leads.resolve().is_relative_to(folder.resolve())
    ):
        raise InputError(f"{path}: link {info.filename!r} leads out of the folder; refused")
    target.symlink_to(words)


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)
