"""The lock: which bytes every remote file had when the results were made.

One JSON file, kept under version control beside the workflow:

    {
     "files": {
      "gwosc/H-H1_LOSC_4_V2-1126259446-32.hdf5": {
       "sha256": "fa170e…",
       "size": 1040592,
       "url": "https://gwosc.org/eventapi/json/O1_O2-Preliminary/GW150914/v2/H-H1_LOSC_4_V2-1126259446-32.hdf5"
      }
     },
     "sets": {
      "gw/GW150914-v2/H1/4KHZ": {"files": ["gwosc/H-H1_LOSC_4_V2-1126259446-32.hdf5"], "gps": 1126259462.4}
     }
    }

`files` holds the checksums; `url` is null for a file that a user supplied. `sets` holds what a question to an
archive ("the strain of H1 around GW150914") was answered with, so that a later run works on the very same
files and needs no network to know them.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tidings.errors import InputError
from tidings.remote._guard import exclusive

_ENTRY_KEYS = {"sha256", "size", "url"}
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Digest:
    """What identifies the bytes of a file: SHA-256 in hexadecimal, and the size in bytes."""

    sha256: str
    size: int

    def __str__(self) -> str:
        return f"sha256 {self.sha256}, {self.size} bytes"


@dataclass(frozen=True)
class Entry:
    """One recorded file; `url` is None for a file that did not come over the network."""

    url: str | None
    sha256: str
    size: int

    @property
    def digest(self) -> Digest:
        """The recorded checksum and size."""
        return Digest(self.sha256, self.size)


@dataclass(frozen=True)
class _Content:
    files: dict[str, Entry] = field(default_factory=dict)
    sets: dict[str, dict[str, Any]] = field(default_factory=dict)


def digest_of(path: Path) -> Digest:
    """Checksum and size of a file; `InputError` when it cannot be read."""
    try:
        with open(path, "rb") as stream:
            return Digest(hashlib.file_digest(stream, "sha256").hexdigest(), stream.tell())
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None


class Lock:
    """The record of checksums in one JSON file, which need not exist yet.

    Every call reads the file anew and every change is one atomic replacement, so any number of processes may
    record in it at the same time.

    Parameters
    ----------
    path : str or Path
        The JSON file.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    def entry(self, name: str) -> Entry | None:
        """The record of a file under its stable name, or None."""
        return self._read().files.get(name)

    def resolved(self, name: str) -> dict[str, Any] | None:
        """What `record_set` stored under a name, or None."""
        return self._read().sets.get(name)

    def verify(self, name: str, path: str | Path) -> bool:
        """Compare a file with its record.

        Parameters
        ----------
        name : str
            Stable name of the remote file.
        path : str or Path
            The file that is to be it.

        Returns
        -------
        bool
            True when recorded and the same, False when nothing is recorded under the name.

        Raises
        ------
        InputError
            The file is not the one that was recorded.
        """
        entry = self.entry(name)
        if entry is None:
            return False
        self._compare(name, entry, digest_of(Path(path)), str(path))
        return True

    def check(self, name: str, digest: Digest, source: str) -> bool:
        """Like `verify`, for a checksum already at hand; `source` names the file in the error."""
        entry = self.entry(name)
        if entry is None:
            return False
        self._compare(name, entry, digest, source)
        return True

    def record(self, name: str, digest: Digest, url: str | None = None) -> None:
        """Record a file; the same file again changes nothing, whatever address it came from.

        Raises
        ------
        InputError
            Another checksum is recorded under the name, or the lock cannot be written.
        """
        if self.check(name, digest, url or name):
            return
        with self._changing() as content:
            # Asked again: another process may have recorded it since.
            known = content.files.setdefault(name, Entry(url, digest.sha256, digest.size))
            self._compare(name, known, digest, url or name)

    def record_set(self, name: str, files: list[str], **fields: str | float | bool | None) -> None:
        """Record what a question to an archive was answered with; it replaces an earlier answer.

        Parameters
        ----------
        name : str
            Name of the question, such as ``gw/GW170817/H1/4KHZ``.
        files : list of str
            Stable names of the files, in order.
        **fields
            Whatever else a later run without network must know.
        """
        value = {**fields, "files": list(files)}
        if self.resolved(name) == value:
            return
        with self._changing() as content:
            content.sets[name] = value

    def _compare(self, name: str, entry: Entry, found: Digest, source: str) -> None:
        if found == entry.digest:
            return
        origin = f" (recorded from {entry.url})" if entry.url and entry.url != source else ""
        raise InputError(
            f"{source}: is not the file that was used before: it has {found}, but {self.path} records "
            f"{entry.digest} for {name!r}{origin}. Delete the file if it is damaged or not the one meant; "
            f"if the archive republished it, remove the entry {name!r} from {self.path} to accept that."
        )

    @contextmanager
    def _changing(self) -> Iterator[_Content]:
        """The content, while no other process may change it; written back unless something failed."""
        path = Path(os.path.realpath(self.path))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{path.parent}: cannot be made ({error.strerror})") from None
        with exclusive(path):
            content = self._read()
            yield content
            self._write(content)

    def _read(self) -> _Content:
        try:
            text = self.path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return _Content()
        except UnicodeDecodeError as error:
            raise InputError(f"{self.path}: is not UTF-8 text (byte {error.start}); restore it") from None
        except OSError as error:
            raise InputError(f"{self.path}: cannot be read ({error.strerror})") from None
        return _parse(text, self.path)

    def _write(self, content: _Content) -> None:
        value = {
            "files": {name: asdict(entry) for name, entry in content.files.items()},
            "sets": content.sets,
        }
        text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"
        target = Path(os.path.realpath(self.path))  # a link stays a link
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
        try:
            with open(part, "x", encoding="utf-8") as stream:
                stream.write(text)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, target)
        except OSError as error:
            raise InputError(f"{self.path}: cannot be written ({error.strerror})") from None
        finally:
            part.unlink(missing_ok=True)


def _parse(text: str, path: Path) -> _Content:
    """Read and check the JSON text of a lock; every error names the line."""
    try:
        value = json.loads(text, object_pairs_hook=_without_repeats)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{path}: line {error.lineno}, column {error.colno}: not JSON ({error.msg}); "
            "restore it from version control, or finish the merge that left it so"
        ) from None
    except _RepeatedKey as error:
        key = error.args[0]
        raise InputError(
            f"{path}: line {_line(text, key, last=True)}: key {key!r} stands twice; keep the right one"
        ) from None
    if not isinstance(value, dict):
        raise InputError(f"{path}: line 1: a JSON object with the keys 'files' and 'sets' is expected")
    for key in value:
        if key not in ("files", "sets") or not isinstance(value[key], dict):
            raise InputError(
                f"{path}: line {_line(text, key)}: {key!r} is not known here: "
                "only the objects 'files' and 'sets'"
            )
    files = {name: _entry(name, entry, text, path) for name, entry in value.get("files", {}).items()}
    sets = {name: _set(name, entry, text, path) for name, entry in value.get("sets", {}).items()}
    return _Content(files, sets)


def _entry(name: str, value: Any, text: str, path: Path) -> Entry:
    def wrong(key: str, what: str) -> InputError:
        return InputError(f"{path}: line {_line(text, name, key)}: {what} of {name!r}")

    if not isinstance(value, Mapping):
        raise InputError(f"{path}: line {_line(text, name)}: {name!r} must be an object")
    for key in value:
        if key not in _ENTRY_KEYS:
            raise wrong(key, f"unknown key {key!r} (known: sha256, size, url)")
    for key in sorted(_ENTRY_KEYS):
        if key not in value:
            raise wrong(key, f"missing key {key!r}")
    if not (isinstance(value["sha256"], str) and _SHA256.fullmatch(value["sha256"])):
        raise wrong("sha256", "64 lower-case hexadecimal digits are expected as 'sha256'")
    if not (type(value["size"]) is int and value["size"] >= 0):
        raise wrong("size", "a number of bytes is expected as 'size'")
    if not (value["url"] is None or isinstance(value["url"], str)):
        raise wrong("url", "text or null is expected as 'url'")
    return Entry(**value)


def _set(name: str, value: Any, text: str, path: Path) -> dict[str, Any]:
    files = value.get("files") if isinstance(value, Mapping) else None
    if not (isinstance(files, list) and files and all(isinstance(file, str) for file in files)):
        raise InputError(f"{path}: line {_line(text, name)}: {name!r} needs 'files', a list of file names")
    for key, item in value.items():
        if key != "files" and isinstance(item, list | dict):
            raise InputError(
                f"{path}: line {_line(text, name, key)}: {key!r} of {name!r} must be text, a number or null"
            )
    return dict(value)


class _RepeatedKey(ValueError):
    pass


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # A merge of two branches can leave a key twice; JSON readers keep the last and say nothing.
    value = dict(pairs)
    if len(value) < len(pairs):
        keys = [key for key, _ in pairs]
        raise _RepeatedKey(next(key for i, key in enumerate(keys) if key in keys[:i]))
    return value


def _line(text: str, *keys: str, last: bool = False) -> int:
    """The line of a key: each key is looked for after the one before it."""
    place = 0
    for key in keys:
        quoted = json.dumps(key, ensure_ascii=False)
        found = text.rfind(quoted) if last else text.find(quoted, place)
        place = found if found >= 0 else place
    return text.count("\n", 0, place) + 1
