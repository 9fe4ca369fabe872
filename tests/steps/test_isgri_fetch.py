"""Event files from the archive of science windows, which is on this machine here."""

from __future__ import annotations

import gzip
import io
import json

import numpy as np
import pytest
from astropy.io import fits

from isgri_fetch import isgri_fetch
from servers.integral import IntegralServer
from tidings.errors import InputError
from tidings.isgri.archive import fetch_events
from tidings.isgri.event_file import EventList, write_events
from tidings.isgri.events import read_events
from tidings.isgri.window import Pointing
from tidings.isgri.window_list import check_swid, group_windows, read_window_list
from tidings.remote.lock import Lock
from tidings.step import main

SWID, OTHER = "255900280010", "255900290010"
HERE = f"scw/2559/{SWID}.001"
EVENTS = f"{HERE}/isgri_events.fits.gz"
HTML = b"<!DOCTYPE html><html><body>Under maintenance</body></html>"


@pytest.fixture(scope="module")
def content(tmp_path_factory) -> dict[str, bytes]:
    """Two small event files of the archive's layout, of one window and of another."""
    made = {}
    for swid in (SWID, OTHER):
        path = tmp_path_factory.mktemp("events") / "isgri_events.fits.gz"
        write_events(_events(swid), path)
        made[swid] = path.read_bytes()
    return made


def _events(swid: str) -> EventList:
    number, random = 2000, np.random.default_rng(1)
    column = np.full(number, 50)
    pixel = 10 + random.integers(0, 20, number)
    ticks = 64 * np.sort(random.integers(0, 16000 * 100, number))
    good = np.array([[0.0, 100.0]])
    pointing = Pointing(286.8, 20.3, 199.4, -6.9)
    return EventList(swid, pointing, 8320.6, 100.0, good, ticks, pixel, *[column] * 5)


@pytest.fixture
def server(content):
    with IntegralServer() as server:
        server.files[EVENTS] = content[SWID]
        yield server


@pytest.fixture
def lock(tmp_path):
    return Lock(tmp_path / "lock.json")


def group(swid: str = SWID, members: tuple[str, ...] = ("SPI.-OPER-PRW",)) -> bytes:
    """The group file of a science window, with these members."""
    column = fits.Column("MEMBER_NAME", "32A", array=np.array(members))
    table = fits.BinTableHDU.from_columns([column], name="GROUPING")
    table.header["GRPNAME"], table.header["SWID"], table.header["SW_TYPE"] = "GNRL-SCWG-GRP", swid, "POINTING"
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), table]).writeto(stream)
    return stream.getvalue()


def fetch(server, lock, path, swid=SWID, **options):
    return fetch_events(swid, path, lock=lock, host=server.host, sleep=lambda _: None, **options)


def test_the_file_arrives_as_it_is_and_its_record_names_the_public_archive(server, lock, tmp_path, content):
    assert fetch(server, lock, tmp_path / "e.fits.gz")
    assert (tmp_path / "e.fits.gz").read_bytes() == content[SWID]
    entry = lock.entry(f"integral/{EVENTS}")
    assert entry.url == f"https://isdcarc.unige.ch/arc/rev_3/{EVENTS}"
    assert lock.resolved(f"isgri/{SWID}") == {
        "files": [f"integral/{EVENTS}"],
        "version": "001",
        "aborted": False,
    }
    assert server.requests == [f"/{EVENTS}"]


def test_the_mirror_has_the_same_name_in_the_record(server, lock, tmp_path):
    fetch(server, lock, tmp_path / "e.fits.gz", archive="heasarc")
    entry = lock.entry(f"integral/{EVENTS}")
    assert entry.url == f"https://heasarc.gsfc.nasa.gov/FTP/integral/data/{EVENTS}"


def test_an_aborted_window_becomes_a_file_without_events(server, lock, tmp_path):
    server.files[f"scw/2559/{OTHER}.001/swg.fits"] = group(OTHER)
    path = tmp_path / "e.fits.gz"
    assert not fetch(server, lock, path, OTHER)
    with fits.open(path) as hdus:
        hdus.verify("exception")
        assert hdus[0].header["ABORTED"] is True
        assert hdus[0].header["SWID"] == OTHER
        assert len(hdus["ISGR-EVTS-ALL"].data) == 0
    assert read_events(path) is None
    assert sorted(found.name for found in tmp_path.iterdir()) == ["e.fits.gz", "lock.json"]
    # A later run knows it without the network.
    first = path.read_bytes()
    asked = len(server.requests)
    assert not fetch(server, lock, path, OTHER)
    assert len(server.requests) == asked
    assert path.read_bytes() == first


def test_a_group_that_lists_the_missing_events_is_no_aborted_window(server, lock, tmp_path):
    server.files[f"scw/2559/{OTHER}.001/swg.fits"] = group(OTHER, ("ISGR-EVTS-ALL", "SPI.-OPER-PRW"))
    with pytest.raises(InputError, match="the archive is incomplete"):
        fetch(server, lock, tmp_path / "e.fits.gz", OTHER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("body", "message"),
    [(HTML, "page of HTML"), (group(SWID), f"is of science window {SWID}"), (b"nothing", "not FITS")],
)
def test_a_group_file_that_is_none(server, lock, tmp_path, body, message):
    server.files[f"scw/2559/{OTHER}.001/swg.fits"] = body
    with pytest.raises(InputError, match=message):
        fetch(server, lock, tmp_path / "e.fits.gz", OTHER)
    assert list(tmp_path.iterdir()) == []


def test_a_window_that_is_not_there(server, lock, tmp_path):
    with pytest.raises(InputError, match=r"255900290010 is not in the archive .*near real time only"):
        fetch(server, lock, tmp_path / "e.fits.gz", OTHER)


def test_near_real_time_when_there_is_no_consolidated_version(server, lock, tmp_path, content):
    recent = f"scw/2559/{OTHER}.000/isgri_events.fits.gz"
    server.files[recent] = content[OTHER]
    path = tmp_path / "e.fits.gz"
    with pytest.raises(InputError, match="not in the archive"):
        fetch(server, lock, path, OTHER)
    assert fetch(server, lock, path, OTHER, near_real_time=True)
    assert path.read_bytes() == content[OTHER]
    assert lock.entry(f"integral/{recent}").url.startswith("https://isdcarc.unige.ch/arc/FTP/arc_distr/NRT/")
    # What was used before is used again, though the consolidated version has come.
    server.files[f"scw/2559/{OTHER}.001/isgri_events.fits.gz"] = content[SWID]
    assert fetch(server, lock, path, OTHER, near_real_time=True)
    assert path.read_bytes() == content[OTHER]


def test_a_body_that_is_cut_off_is_asked_for_again(server, lock, tmp_path, content):
    server.fault("isgri_events", cut=5000)
    assert fetch(server, lock, tmp_path / "e.fits.gz")
    assert (tmp_path / "e.fits.gz").read_bytes() == content[SWID]
    assert server.count("isgri_events") == 2


def test_a_body_that_is_always_cut_off_leaves_nothing(server, lock, tmp_path):
    server.fault("isgri_events", cut=5000, times=100)
    with pytest.raises(InputError, match=r"the body broke off .*5000 bytes.*put 255900280010_isgri_events"):
        fetch(server, lock, tmp_path / "e.fits.gz")
    assert list(tmp_path.iterdir()) == []


def _bad(content: dict[str, bytes]) -> dict[str, tuple[bytes, str]]:
    whole = content[SWID]
    empty = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(name="ISGR-SKY.-IMA")]).writeto(empty)
    return {
        "HTML": (HTML, "page of HTML"),
        "truncated in the archive": (whole[: len(whole) // 2], "damaged or cut off"),
        "not compressed": (gzip.decompress(whole), "not compressed with gzip"),
        "not FITS": (gzip.compress(b"no FITS at all" * 300), "is not FITS"),
        "no events": (gzip.compress(empty.getvalue()), "has no extension ISGR-EVTS-ALL"),
        "another window": (content[OTHER], f"holds science window {OTHER}, not {SWID}"),
    }


@pytest.mark.parametrize(
    "kind", ["HTML", "truncated in the archive", "not compressed", "not FITS", "no events", "another window"]
)
def test_what_is_no_event_file_is_refused_and_not_recorded(server, lock, tmp_path, content, kind):
    server.files[EVENTS], message = _bad(content)[kind]
    with pytest.raises(InputError, match=message):
        fetch(server, lock, tmp_path / "e.fits.gz")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_the_archive_changed_is_refused(server, lock, tmp_path, content):
    fetch(server, lock, tmp_path / "e.fits.gz")
    again = gzip.compress(gzip.decompress(content[SWID]), 1, mtime=0)
    assert again != content[SWID]
    server.files[EVENTS] = again
    with pytest.raises(InputError, match="is not the file that was used before"):
        fetch(server, lock, tmp_path / "new.fits.gz")
    assert not (tmp_path / "new.fits.gz").exists()
    # Nor is a recorded file taken for an aborted window once it is gone.
    del server.files[EVENTS]
    server.files[f"{HERE}/swg.fits"] = group()
    with pytest.raises(InputError, match="the server answers 404"):
        fetch(server, lock, tmp_path / "new.fits.gz")


def test_files_put_there_by_hand_need_no_network(lock, tmp_path, content):
    store = tmp_path / "store"
    (store / HERE).mkdir(parents=True)
    (store / EVENTS).write_bytes(content[SWID])
    (store / f"{OTHER}_isgri_events.fits.gz").write_bytes(content[OTHER])
    for swid in (SWID, OTHER):
        fetch_events(swid, tmp_path / "e.fits.gz", lock=lock, store=store, host="http://127.0.0.1:9")
        assert (tmp_path / "e.fits.gz").read_bytes() == content[swid]
    (store / f"{OTHER}_isgri_events.fits.gz").write_bytes(content[SWID])
    with pytest.raises(InputError, match="is not the file that was used before"):
        fetch_events(OTHER, tmp_path / "e.fits.gz", lock=lock, store=store, host="http://127.0.0.1:9")


def test_the_step_writes_the_file_and_the_record_or_nothing(server, tmp_path, content, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TIDINGS_INTEGRAL_ARCHIVE", server.host)
    assert (
        main(isgri_fetch, ["--swid", f"{SWID}.001", "--events", "out/e.fits.gz", "--lock", "lock.json"]) == 0
    )
    assert (tmp_path / "out/e.fits.gz").read_bytes() == content[SWID]
    assert f"integral/{EVENTS}" in json.loads((tmp_path / "lock.json").read_text())["files"]
    assert main(isgri_fetch, ["--swid", OTHER, "--events", "no/e.fits.gz", "--lock", "lock.json"]) == 1
    assert "isgri_fetch: error: science window 255900290010 is not in the archive" in capsys.readouterr().err
    assert list((tmp_path / "no").iterdir()) == []


@pytest.mark.parametrize(
    ("swid", "message"),
    [("25590028", "12 digits"), ("255900280011", "is a slew"), ("255900280012", "is an engineering window")],
)
def test_what_is_no_pointing_is_refused(swid, message):
    with pytest.raises(InputError, match=message):
        check_swid(swid)


def test_a_list_of_windows_with_a_range():
    text = "# Cyg X-1\n255900280010.001, 255900300010-255900320010\n\n255900310010  256000010010 # next\n"
    found = read_window_list(text)
    assert found == ["255900280010", "255900300010", "255900310010", "255900320010", "256000010010"]
    assert group_windows(found, 3) == [found[:3], found[3:4], found[4:]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("255900280010\n2559\n", "windows.txt: line 2: '2559' is not a science window"),
        ("255900280010-256000280010", "stays in one revolution"),
        ("255900300010-255900280010", "runs backwards"),
        ("# nothing\n", "no science window in it"),
    ],
)
def test_bad_lists_of_windows_name_the_line(text, message):
    with pytest.raises(InputError, match=message):
        read_window_list(text, "windows.txt")
