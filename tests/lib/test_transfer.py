"""Downloads from a server that misbehaves in every way servers do."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import os
import re
import resource
import signal
import socket
from pathlib import Path

import pytest

from servers.gwosc import LAST_MODIFIED, GwoscServer
from tidings.errors import InputError
from tidings.remote import transfer
from tidings.remote.lock import Digest
from tidings.remote.transfer import Unreachable, download

NAME = "H-H1_LOSC_4_V2-1126259446-32.hdf5"
CONTENT = (Path(__file__).parents[2] / "data/gw/strain" / NAME).read_bytes()
DIGEST = Digest(hashlib.sha256(CONTENT).hexdigest(), len(CONTENT))


@pytest.fixture
def server():
    with GwoscServer({NAME: Path(__file__).parents[2] / "data/gw/strain" / NAME}) as server:
        server.url = f"{server.host}/archive/{NAME}"
        yield server


class Pauses(list):
    """Stands for time.sleep, and remembers."""

    def __call__(self, seconds):
        self.append(seconds)


@pytest.fixture
def pauses():
    return Pauses()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "strain" / NAME


def only(target):
    """Nothing but the file lies in the folder, and it is the whole file."""
    return [path.name for path in target.parent.iterdir()] == [NAME] and target.read_bytes() == CONTENT


def nothing(target):
    return not target.parent.exists() or list(target.parent.iterdir()) == []


def test_download_gives_the_file_and_its_checksum(server, target, pauses):
    assert download(server.url, target, sleep=pauses, expected=DIGEST) == DIGEST
    assert only(target)
    assert pauses == [] and server.count() == 1
    assert target.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_a_busy_server_is_asked_again(server, target, pauses, status):
    server.fault(NAME, status=status, times=2)
    assert download(server.url, target, sleep=pauses) == DIGEST
    assert only(target) and pauses == [1, 2]


def test_retry_after_is_obeyed_in_seconds_and_as_a_date(server, target, pauses):
    server.fault(NAME, status=429, headers={"Retry-After": "7"})
    server.fault(NAME, status=503, headers={"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"})
    server.fault(NAME, status=503, headers={"Retry-After": "soon"})
    # 1999-12-31T23:59:59 UTC is 946684799 s after 1970.
    download(server.url, target, sleep=pauses, clock=lambda: 946684799 - 42)
    assert pauses == [7, 42, 4]


def test_a_date_in_the_past_means_now(server, target, pauses):
    server.fault(NAME, status=503, headers={"Retry-After": "Fri, 31 Dec 1999 23:59:59 GMT"})
    download(server.url, target, sleep=pauses)
    assert pauses == [0]


def test_a_server_that_stays_busy_is_given_up(server, target, pauses):
    server.fault(NAME, status=503, times=100)
    with pytest.raises(InputError, match=r"given up after 6 attempts: 503.*; ask them"):
        download(server.url, target, sleep=pauses, advice="ask them")
    assert pauses == [1, 2, 4, 8, 16] and nothing(target)


def test_a_server_that_wants_an_hour_is_not_waited_for(server, target, pauses):
    server.fault(NAME, status=429, headers={"Retry-After": "3600"})
    with pytest.raises(InputError, match="come back in 3600 s"):
        download(server.url, target, sleep=pauses)
    assert pauses == [] and nothing(target)


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_a_broken_transfer_goes_on_where_it_broke(server, target, pauses, how):
    server.fault(NAME, **{how: 600_000})
    assert download(server.url, target, sleep=pauses) == DIGEST
    assert only(target)
    again = server.requests[1][2]
    tag = f'"{hashlib.md5(CONTENT).hexdigest()}"'
    assert again["If-Range"] == tag
    start = int(re.fullmatch(r"bytes=(\d+)-", again["Range"])[1])
    assert 0 < start <= 600_000


def test_progress_renews_patience(server, target, pauses):
    server.fault(NAME, cut=200_000, times=5)
    download(server.url, target, sleep=pauses, attempts=2)
    assert only(target) and pauses == [1, 1, 1, 1, 1]


def test_a_connection_that_breaks_before_any_answer_is_tried_again(server, target, pauses):
    server.fault(NAME, reset=-1)
    download(server.url, target, sleep=pauses)
    assert only(target) and pauses == [1]


def test_without_ranges_the_file_is_fetched_from_its_beginning(server, target, pauses):
    server.ranges = False
    server.fault(NAME, cut=600_000)
    assert download(server.url, target, sleep=pauses) == DIGEST
    assert only(target)
    assert "Range" not in server.requests[1][2]


def test_a_weak_tag_is_not_trusted_with_ranges(server, target, pauses):
    server.fault(NAME, cut=600_000, headers={"ETag": 'W/"1"'})
    assert download(server.url, target, sleep=pauses) == DIGEST
    assert server.requests[1][2]["If-Range"] == LAST_MODIFIED


def test_a_file_that_changes_meanwhile_is_not_mixed(server, target):
    new = CONTENT[::-1]
    server.fault(NAME, cut=600_000)
    digest = download(server.url, target, sleep=lambda _: server.replace(NAME, new))
    assert target.read_bytes() == new
    assert digest.sha256 == hashlib.sha256(new).hexdigest()


def test_a_server_that_ignores_if_range_is_found_out(server, target, pauses):
    server.fault(NAME, cut=600_000)
    server.fault(NAME, headers={"ETag": '"another"'})
    assert download(server.url, target, sleep=pauses) == DIGEST
    assert only(target) and server.count() == 3


def test_a_range_beyond_the_end_starts_anew(server, target):
    server.fault(NAME, cut=600_000)
    server.fault(NAME, status=416)
    assert download(server.url, target, sleep=lambda _: None) == DIGEST
    assert only(target)


def test_the_file_is_kept_as_the_archive_keeps_it(server, target):
    packed = gzip.compress(b"events" * 1000, mtime=0)
    server.fault(NAME, body=packed, headers={"Content-Encoding": "x-gzip"})
    download(server.url, target)
    assert target.read_bytes() == packed
    assert server.requests[0][2]["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final(server, target, pauses, status):
    server.fault(NAME, status=status, times=100)
    with pytest.raises(
        InputError, match=f"{re.escape(server.url)}: the server answers {status} .*; ask them"
    ):
        download(server.url, target, sleep=pauses, advice="ask them")
    assert pauses == [] and server.count() == 1 and nothing(target)


def test_nobody_listening_is_told_at_once(server, target, pauses):
    server.stop()
    with pytest.raises(Unreachable, match=r"cannot be reached .Connection refused.; put it there"):
        download(server.url, target, sleep=pauses, advice="put it there")
    assert pauses == [] and nothing(target)


def test_an_unknown_host_is_told_at_once(target, pauses, monkeypatch):
    def getaddrinfo(*arguments, **options):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    with pytest.raises(Unreachable, match=r"gwosc.invalid cannot be reached .Name or service not known"):
        download("https://gwosc.invalid/x.hdf5", target, sleep=pauses)
    assert pauses == [] and nothing(target)


def test_a_server_that_goes_down_after_an_answer_is_waited_for(server, target):
    pauses = Pauses()

    def sleep(seconds):
        if not pauses:
            server.stop()
        pauses(seconds)

    server.fault(NAME, status=503)
    with pytest.raises(InputError, match="given up after 6 attempts") as error:
        download(server.url, target, sleep=sleep)
    assert not isinstance(error.value, Unreachable)
    assert pauses == [1, 2, 4, 8, 16] and nothing(target)


@pytest.mark.parametrize("url", ["gwosc.org/x", "ftp://gwosc.org/x", "http:///x"])
def test_an_address_that_is_none_is_refused(target, pauses, url):
    with pytest.raises(InputError, match=re.escape(url)):
        download(url, target, sleep=pauses)
    assert nothing(target)


def test_other_bytes_than_expected_do_not_get_the_name(server, target):
    target.parent.mkdir()
    target.write_bytes(b"of before")
    with pytest.raises(InputError) as error:
        download(server.url, target, expected=Digest("0" * 64, 1))
    assert DIGEST.sha256 in str(error.value) and "0" * 64 in str(error.value)
    assert target.read_bytes() == b"of before"
    assert len(list(target.parent.iterdir())) == 1


def test_inspection_sees_the_whole_file_and_may_refuse_it(server, target):
    def inspect(path, digest):
        assert path.read_bytes() == CONTENT and path != target and digest == DIGEST
        raise InputError("not what it should be")

    with pytest.raises(InputError, match="not what it should be; look"):
        download(server.url, target, inspect=inspect, advice="look")
    assert nothing(target)


def test_an_interrupt_leaves_nothing(server, target):
    def interrupt(*_):
        assert any(target.parent.iterdir())  # the temporary file is there
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        download(server.url, target, inspect=interrupt)
    assert nothing(target)
    server.fault(NAME, cut=600_000)
    with pytest.raises(KeyboardInterrupt):
        download(server.url, target, sleep=interrupt)
    assert nothing(target)


def test_a_file_too_large_for_the_disk_is_told(server, target):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, hard))
    try:
        with pytest.raises(InputError, match=f"{re.escape(str(target))}: no room on the disk .*; free some"):
            download(server.url, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert nothing(target)


def test_a_disk_that_is_full_at_the_end_is_told(server, target, monkeypatch):
    def fsync(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(transfer.os, "fsync", fsync)
    with pytest.raises(InputError, match=f"no room on the disk after {len(CONTENT)} bytes"):
        download(server.url, target)
    assert nothing(target)


def test_a_folder_that_cannot_be_made_is_told(server, tmp_path):
    (tmp_path / "strain").touch()
    with pytest.raises(InputError, match=f"{NAME}: cannot be written"):
        download(server.url, tmp_path / "strain" / NAME)


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_for_terminals(server, target, monkeypatch, terminal):
    stream = io.StringIO()
    stream.isatty = lambda: terminal
    monkeypatch.setattr("sys.stderr", stream)
    download(server.url, target)
    assert stream.getvalue().endswith(f"\r{NAME}: 1.0 of 1.0 MB\n") if terminal else stream.getvalue() == ""
