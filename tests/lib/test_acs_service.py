"""SPI-ACS counts from the public service, which is on this machine here."""

from __future__ import annotations

import json

import numpy as np
import pytest

from acs import T0
from servers.integral import IntegralServer
from tidings.acs.counts import read_counts
from tidings.acs.service import Question, fetch_counts, fetch_position
from tidings.errors import InputError
from tidings.remote.lock import Lock
from tidings.times import parse_time

QUESTION = Question(T0, 30.0)
NAME = "spiacs_genlc_2017-08-17T124104.400_30.txt"


@pytest.fixture
def server():
    with IntegralServer() as server:
        yield server


@pytest.fixture
def lock(tmp_path):
    return Lock(tmp_path / "lock.json")


class Waits(list):
    """Stands for sleeping: keeps the seconds."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


def fetch(server, lock, path, question=QUESTION, **options):
    fetch_counts(question, path, lock=lock, host=server.host, sleep=Waits(), **options)
    return read_counts(path)


@pytest.mark.parametrize("form", ["genlc", "ipnlc"])
def test_counts_around_a_time(server, lock, tmp_path, form):
    counts = fetch(server, lock, tmp_path / "c.txt", Question(T0, 30.0, form))
    assert counts.origin == form
    assert len(counts) == 1200
    middle = counts.epoch + (counts.start[0] + counts.end[-1]) / 2
    assert middle == pytest.approx(T0, abs=0.06)
    assert server.requests[0].startswith(f"/api/v1.0/{form}/")


def test_recorded_address_is_the_public_one_and_the_path_the_services_own(server, lock, tmp_path):
    fetch(server, lock, tmp_path / "c.txt")
    entry = lock.entry(f"integral/{NAME}")
    assert entry.url == (
        "https://www.astro.unige.ch/mmoda/dispatch-data/gw/integralhk/api/v1.0/genlc/ACS/"
        "2017-08-17T12:41:04.400/30"
    )
    assert entry.size == (tmp_path / "c.txt").stat().st_size


def test_text_in_a_json_string_is_read_too(server, lock, tmp_path):
    plain = fetch(server, lock, tmp_path / "plain")
    server.wrapped = True
    wrapped = fetch(server, Lock(tmp_path / "other.json"), tmp_path / "wrapped")
    assert wrapped.counts.tolist() == plain.counts.tolist()


def test_position_of_the_spacecraft(server, lock, tmp_path):
    fetch_position(QUESTION, tmp_path / "p.txt", lock=lock, host=server.host, sleep=Waits())
    assert [float(w) for w in (tmp_path / "p.txt").read_text().split()[:3]] == [198.394, 71.787, 143490.5]
    assert server.requests == ["/api/v1.0/ephs/2017-08-17T12:41:04.400"]
    server.fault("ephs", body=b"12 95 100000\n")
    with pytest.raises(InputError, match="is no position"):
        fetch_position(Question(T0 + 1, 30.0), tmp_path / "q.txt", lock=lock, host=server.host)


REFUSED = {
    "before the mission": (parse_time("2002-10-20T00:00:00"), "before the first data"),
    "future": (parse_time("2029-01-01T00:00:00"), "in the future"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_words_of_status_400_become_a_message(server, lock, tmp_path, case):
    gps, message = REFUSED[case]
    with pytest.raises(InputError) as error:
        fetch(server, lock, tmp_path / "c.txt", Question(gps, 30.0))
    assert message in str(error.value)
    assert "genlc/ACS/20" in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_no_data_and_zero_data(server, lock, tmp_path):
    server.missing = ((T0 - 100, T0 + 100),)
    with pytest.raises(InputError, match="INTEGRAL has no data at this time"):
        fetch(server, lock, tmp_path / "c.txt")
    server.missing = ()
    server.counts = np.zeros_like
    with pytest.raises(InputError, match="switched off"):
        fetch(server, lock, tmp_path / "c.txt")
    with pytest.raises(InputError, match="longer than the service gives"):
        fetch(server, lock, tmp_path / "c.txt", Question(T0, 500000.0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is empty"),
        (b"NoData('No Data (at this time?)')", "no data at this time"),
        (b"<html><title>Log in</title></html>", "web page"),
        (b"1,2,3\n", "no light curve of a known form"),
    ],
)
def test_answers_of_status_200_without_counts(server, lock, tmp_path, body, message):
    server.fault("genlc", body=body)
    with pytest.raises(InputError, match=message):
        fetch(server, lock, tmp_path / "c.txt")
    # Nothing of it is recorded: the next answer is taken.
    assert lock.entry(f"integral/{NAME}") is None
    assert len(fetch(server, lock, tmp_path / "c.txt")) == 1200


def test_counts_of_another_time_are_refused(server, lock, tmp_path):
    server.fault("genlc", body=server.genlc(T0 + 5000, 30.0).encode())
    with pytest.raises(InputError, match=r"not around\s+2017-08-17T12:41:04.400"):
        fetch(server, lock, tmp_path / "c.txt")


def test_a_busy_server_is_asked_again(server, lock, tmp_path):
    waits = Waits()
    server.fault("genlc", times=2, status=503, headers={"Retry-After": "7"})
    fetch_counts(QUESTION, tmp_path / "c.txt", lock=lock, host=server.host, sleep=waits)
    assert server.count("genlc") == 3
    assert waits == [7, 7]


def test_the_same_question_must_give_the_same_bytes(server, lock, tmp_path):
    fetch(server, lock, tmp_path / "c.txt")
    assert len(fetch(server, lock, tmp_path / "again.txt")) == 1200
    server.counts = lambda gps: np.full(len(gps), 4000.0)
    with pytest.raises(InputError, match="is not the file that was used before"):
        fetch(server, lock, tmp_path / "third.txt")
    # What has gone from the archive is told as that, not as a changed file.
    server.missing = ((T0 - 100, T0 + 100),)
    with pytest.raises(InputError, match="no data at this time"):
        fetch(server, lock, tmp_path / "third.txt")
    assert not (tmp_path / "third.txt").exists()


def test_files_put_there_by_hand_need_no_network(server, lock, tmp_path):
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / NAME).write_text(server.genlc(T0, 30.0))
    (tmp_path / "store" / "integral_ephs_2017-08-17T124104.400.txt").write_text("198.394 71.787 143490.5\n")
    options = {"lock": lock, "store": tmp_path / "store", "host": "http://127.0.0.1:9", "sleep": Waits()}
    fetch_counts(QUESTION, tmp_path / "c.txt", **options)
    fetch_position(QUESTION, tmp_path / "p.txt", **options)
    assert len(read_counts(tmp_path / "c.txt")) == 1200
    assert len(json.loads((tmp_path / "lock.json").read_text())["files"]) == 2
    (tmp_path / "store" / NAME).write_text(server.genlc(T0, 31.0))
    with pytest.raises(InputError, match="is not the file that was used before"):
        fetch_counts(QUESTION, tmp_path / "c.txt", **options)


def test_bad_files_put_there_by_hand(lock, tmp_path):
    (tmp_path / NAME).write_text("NoData")
    with pytest.raises(InputError, match=r"30.txt: INTEGRAL has no data"):
        fetch_counts(QUESTION, tmp_path / "c.txt", lock=lock, store=tmp_path)
    assert not (tmp_path / "lock.json").exists()


def test_without_network_the_file_and_its_place_are_named(lock, tmp_path):
    with pytest.raises(InputError) as error:
        fetch_counts(
            QUESTION, tmp_path / "c.txt", lock=lock, store=tmp_path, host="http://127.0.0.1:9", sleep=Waits()
        )
    assert NAME in str(error.value)
    assert str(tmp_path) in str(error.value)
    with pytest.raises(InputError, match="TIDINGS_INTEGRAL_HOST: 'ftp://x' is not an address"):
        fetch_counts(QUESTION, tmp_path / "c.txt", lock=lock, host="ftp://x")
