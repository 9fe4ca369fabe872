"""The record of checksums: what it says, what it refuses, and many processes writing at once."""

from __future__ import annotations

import errno
import hashlib
import json
import multiprocessing
import re
from concurrent.futures import ProcessPoolExecutor

import pytest

from tidings.errors import InputError
from tidings.remote import _guard
from tidings.remote.lock import Digest, Lock, digest_of

# NIST FIPS 180-2, appendix B.1: SHA-256 of "abc".
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
PROCESSES, EACH = 8, 10


@pytest.fixture
def lock(tmp_path):
    return Lock(tmp_path / "lock" / "remote.json")


@pytest.fixture
def abc(tmp_path):
    path = tmp_path / "abc.txt"
    path.write_bytes(b"abc")
    return path


def test_digest_is_that_of_the_standard(abc):
    assert digest_of(abc) == Digest(ABC, 3)


def test_text_is_sorted_and_made_for_version_control(lock):
    lock.record("b/ü.fits", Digest(ABC, 3), "https://example.org/ü.fits")
    lock.record("a.fits", Digest(ABC, 3))
    lock.record_set("gw/X/H1", ["b/ü.fits", "a.fits"], gps=1.5, release=None)
    expected = (
        '{\n "files": {\n'
        f'  "a.fits": {{\n   "sha256": "{ABC}",\n   "size": 3,\n   "url": null\n  }},\n'
        f'  "b/ü.fits": {{\n   "sha256": "{ABC}",\n   "size": 3,\n'
        '   "url": "https://example.org/ü.fits"\n  }\n'
        ' },\n "sets": {\n'
        '  "gw/X/H1": {\n   "files": [\n    "b/ü.fits",\n    "a.fits"\n   ],\n'
        '   "gps": 1.5,\n   "release": null\n'
        "  }\n }\n}\n"
    )
    assert lock.path.read_bytes() == expected.encode()
    assert [path.name for path in lock.path.parent.iterdir()] == ["remote.json"]


def test_verify_knows_the_same_file_and_no_other(lock, abc):
    assert lock.verify("abc", abc) is False
    lock.record("abc", digest_of(abc), "https://example.org/abc")
    assert lock.verify("abc", abc) is True
    abc.write_bytes(b"abd")
    with pytest.raises(InputError) as error:
        lock.verify("abc", abc)
    found = hashlib.sha256(b"abd").hexdigest()
    for part in (
        str(abc),
        found,
        ABC,
        str(lock.path),
        "'abc'",
        "https://example.org/abc",
        "remove the entry",
    ):
        assert part in str(error.value)


def test_the_same_file_from_a_mirror_changes_nothing(lock):
    lock.record("abc", Digest(ABC, 3), "https://example.org/abc")
    before = lock.path.stat()
    lock.record("abc", Digest(ABC, 3), "https://mirror.example.org/abc")
    assert lock.entry("abc").url == "https://example.org/abc"
    assert lock.path.stat().st_ino == before.st_ino  # not even rewritten


def test_another_checksum_is_not_recorded(lock):
    lock.record("abc", Digest(ABC, 3), "https://example.org/abc")
    text = lock.path.read_bytes()
    for digest in (Digest(ABC, 4), Digest("0" * 64, 3)):
        with pytest.raises(InputError, match="remove the entry 'abc'"):
            lock.record("abc", digest, "https://example.org/abc")
    assert lock.path.read_bytes() == text


def test_a_set_is_replaced(lock):
    assert lock.resolved("gw/X/H1") is None
    lock.record_set("gw/X/H1", ["short"], gps=1.0)
    lock.record_set("gw/X/H1", ["long"], gps=1.0)
    assert lock.resolved("gw/X/H1") == {"files": ["long"], "gps": 1.0}


def test_a_link_to_the_lock_stays_a_link(lock, tmp_path):
    lock.record("abc", Digest(ABC, 3))
    link = tmp_path / "link.json"
    link.symlink_to(lock.path)
    Lock(link).record("abd", Digest(ABC, 3))
    assert link.is_symlink()
    assert lock.entry("abd") is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1, column 1: not JSON"),
        ('{\n "files": {},\n<<<<<<< HEAD\n "sets": {}\n}\n', "line 3, column 1: not JSON"),
        ("[]\n", "line 1: a JSON object with the keys 'files' and 'sets'"),
        ('{\n "files": {},\n "file": {}\n}\n', "line 3: 'file' is not known"),
        ('{\n "sets": []\n}\n', "line 2: 'sets' is not known"),
        ('{"files": {\n "a": 1}}', "line 2: 'a' must be an object"),
        (f'{{"files": {{\n "a": {{"sha256": "{ABC}",\n "size": 3}}}}}}', "line 2: missing key 'url' of 'a'"),
        (
            f'{{"files": {{\n "a": {{"sha256": "{ABC}", "size": 3, "url": null,\n "md5": "x"}}}}}}',
            "line 3: unknown key 'md5'",
        ),
        (
            '{"files": {\n "a": {\n "sha256": "ABC", "size": 3, "url": null}}}',
            "line 3: 64 lower-case hexadecimal digits",
        ),
        (f'{{"files": {{"a": {{"sha256": "{ABC}", "size": "3", "url": null}}}}}}', "a number of bytes"),
        (f'{{"files": {{"a": {{"sha256": "{ABC}", "size": true, "url": null}}}}}}', "a number of bytes"),
        (f'{{"files": {{"a": {{"sha256": "{ABC}", "size": 3, "url": 1}}}}}}', "text or null"),
        ('{\n "files": {\n "a": 1,\n "a": 2}}', "line 4: key 'a' stands twice"),
        ('{"sets": {\n "gw/X": {"files": []}}}', "line 2: 'gw/X' needs 'files'"),
        ('{"sets": {\n "gw/X": {"files": ["a"],\n "gps": [1]}}}', "line 3: 'gps' of 'gw/X' must be"),
    ],
)
def test_a_spoilt_lock_is_refused_with_its_place(lock, text, message):
    lock.path.parent.mkdir()
    lock.path.write_text(text)
    for use in (lambda: lock.entry("a"), lambda: lock.record("b", Digest(ABC, 3))):
        with pytest.raises(InputError, match=re.escape(message)) as error:
            use()
        assert str(lock.path) in str(error.value)
    assert lock.path.read_text() == text


def test_a_lock_that_is_no_text_is_refused(lock):
    lock.path.parent.mkdir()
    lock.path.write_bytes(b"{\xff}")
    with pytest.raises(InputError, match=r"not UTF-8 text .byte 1."):
        lock.entry("a")


def test_a_lock_that_cannot_be_written_is_refused(abc):
    with pytest.raises(InputError, match=re.escape(str(abc))):
        Lock(abc / "remote.json").record("a", Digest(ABC, 3))


def _record_many(path, process, barrier):
    lock = Lock(path)
    barrier.wait()
    for i in range(EACH):
        lock.record(f"file/{process}-{i}", Digest(ABC, process), f"https://example.org/{process}-{i}")
    lock.record_set(f"set/{process}", [f"file/{process}-0"], gps=float(process))


def _record_one(path, process, barrier):
    barrier.wait()
    try:
        Lock(path).record("same", Digest(ABC, process))
    except InputError:
        return None
    return process


def _in_parallel(function, path):
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager, ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        barrier = manager.Barrier(PROCESSES)
        return list(pool.map(function, [path] * PROCESSES, range(PROCESSES), [barrier] * PROCESSES))


def _without_locks(monkeypatch):
    def flock(descriptor, operation):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(_guard.fcntl, "flock", flock)
    monkeypatch.setattr(_guard, "POLL", 0.001)


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_parallel_processes_lose_no_entry(lock, monkeypatch, locks):
    if not locks:
        _without_locks(monkeypatch)
    _in_parallel(_record_many, lock.path)
    content = json.loads(lock.path.read_text())
    assert set(content["files"]) == {f"file/{p}-{i}" for p in range(PROCESSES) for i in range(EACH)}
    assert content["sets"]["set/7"] == {"files": ["file/7-0"], "gps": 7.0}
    assert [path.name for path in lock.path.parent.iterdir()] == ["remote.json"]


def test_of_parallel_processes_with_different_files_one_is_believed(lock):
    believed = [process for process in _in_parallel(_record_one, lock.path) if process is not None]
    assert len(believed) == 1
    assert lock.entry("same").size == believed[0]


def test_a_dead_holder_is_named(tmp_path, monkeypatch):
    _without_locks(monkeypatch)
    monkeypatch.setattr(_guard, "POLL", 0.1)
    busy = tmp_path / ".remote.json.busy"
    busy.touch()
    waited = []
    with (
        pytest.raises(InputError, match=re.escape(f"delete {busy}")),
        _guard.exclusive(tmp_path / "remote.json", waited.append),
    ):
        pytest.fail("held by another")
    assert sum(waited) == pytest.approx(60)


def test_a_failed_change_leaves_the_lock_free(lock, monkeypatch):
    lock.record("a", Digest(ABC, 3))
    with monkeypatch.context() as patch:
        patch.setattr(
            "tidings.remote.lock.os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left"))
        )
        with pytest.raises(InputError, match="No space left"):
            lock.record("b", Digest(ABC, 3))
    assert [path.name for path in lock.path.parent.iterdir()] == ["remote.json"]
    lock.record("b", Digest(ABC, 3))
    assert lock.entry("a") and lock.entry("b")
