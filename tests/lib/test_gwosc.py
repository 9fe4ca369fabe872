"""Strain files from a GWOSC on this machine, asked by the unmodified client."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import gwosc.datasets
import gwosc.locate
import h5py
import pytest
from gwosc.api import v2

from servers.gwosc import EVENTS, EventVersion, GwoscServer, address
from tidings.errors import InputError
from tidings.gw._gwosc_api import StrainFile, cover
from tidings.gw.gwosc import HOST_VARIABLE, fetch, locate
from tidings.remote.lock import Lock
from tidings.remote.transfer import Unreachable

STRAIN = Path(__file__).parents[2] / "data/gw/strain"
H1 = "H-H1_LOSC_4_V2-1126259446-32.hdf5"
L1 = "L-L1_LOSC_4_V2-1126259446-32.hdf5"
LONG = "H-H1_LOSC_4_V2-1126257414-4096.hdf5"
RUN = "L-L1_GWOSC_O4a_4KHZ_R1-1369415680-4096.hdf5"
SHA256 = "fa170ebc577652bfeb5c4b9d2a2d713eef8a4b2996b198b749692446fa7a163c"  # sha256sum of H1


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """HDF5 files that stand for the long ones, of which only the name matters here."""
    folder = tmp_path_factory.mktemp("other")
    for name in (LONG, RUN):
        with h5py.File(folder / name, "w", track_order=False) as file:
            file["name"] = name
    return folder


@pytest.fixture
def server(other):
    files = {H1: STRAIN / H1, L1: STRAIN / L1, LONG: other / LONG, RUN: other / RUN}
    with GwoscServer(files, page=1) as server:  # one result on a page, so that each `next` matters
        yield server


def go_offline(server):
    server.stop()
    server.forget()


@pytest.fixture
def lock(tmp_path):
    return Lock(tmp_path / "remote.json")


@pytest.fixture
def get(server, lock, tmp_path):
    """`fetch` with everything that does not matter filled in, and no pauses."""

    def get(event="GW150914", detector="H1", **options):
        options = {"lock": lock, "host": server.host, "sleep": lambda _: None, **options}
        return fetch(event, detector, tmp_path / "strain", **options)

    return get


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


# ---- where the files are ----------------------------------------------------------------------------------


def test_the_client_finds_its_way_in_the_server(server):
    assert gwosc.datasets.event_gps("GW150914", host=server.host) == 1126259462.4
    assert gwosc.datasets.run_at_gps(1126259462, host=server.host) == "O1"
    assert gwosc.datasets.find_datasets(type="run", host=server.host) == ["O1", "O3a", "O4a", "S6"]
    urls = gwosc.locate.get_event_urls("GW150914", detector="H1", host=server.host)
    assert [url.rsplit("/", 1)[1] for url in urls] == [H1, LONG]
    assert gwosc.locate.get_event_urls("GW150914", format="gwf", detector="V1", host=server.host) == []


@pytest.mark.parametrize("event", ["GW150914", "GW150914-v2", 1126259462.4, "1126259462.4"])
def test_an_event_is_answered_with_its_short_file(server, event):
    found = locate(event, "L1", host=server.host)
    assert found.gps == 1126259462.4 and found.release == "GW150914-v2" and found.event == str(event)
    (file,) = found.files
    assert (file.name, file.start, file.duration) == (L1, 1126259446, 32)
    assert file.url == address(L1, EVENTS[1])
    (judge,) = gwosc.locate.get_event_urls("GW150914", detector="L1", duration=32, host=server.host)
    assert judge == file.url.replace("https://gwosc.org", server.host)


def test_a_longer_span_is_answered_with_the_long_file(server):
    assert locate("GW150914", "H1", before=16.0, after=15.0, host=server.host).files[0].name == H1
    assert locate("GW150914", "H1", before=17.0, after=15.0, host=server.host).files[0].name == LONG


@pytest.mark.parametrize(
    ("event", "detector", "release"),
    [
        ("GW230529_181500", "L1", "GW230529_181500-v1"),
        (1369419318.7, "L1", None),
        ("GW190521", "H1", "GW190521-v4"),
        ("GW190521_030229", "H1", "GW190521-v4"),  # the name it has elsewhere
        ("GW190521@GWTC-2.1-confident", "H1", "GW190521-v4"),
    ],
)
def test_a_release_without_files_is_answered_with_those_of_the_run(server, event, detector, release):
    found = locate(event, detector, host=server.host)
    assert found.release == release
    (file,) = found.files
    assert file.duration == 4096
    assert file.start <= found.gps - 15 and file.end >= found.gps + 15
    (judge,) = gwosc.locate.get_run_urls(
        "O4a" if detector == "L1" else "O3a", detector, int(found.gps), int(found.gps), host=server.host
    )
    assert judge == file.url.replace("https://gwosc.org", server.host)


def test_an_event_with_a_number_for_a_name_is_no_time(server):
    with pytest.raises(InputError, match=r"151012.2: .* no files .* GPS 1128666647.20 to 1128666677.20"):
        locate("151012.2", "H1", host=server.host)


def test_the_format_and_the_sample_rate_are_asked_for(server):
    assert locate("GW230529_181500", "L1", format="gwf", host=server.host).files[0].name == RUN.replace(
        "hdf5", "gwf"
    )
    with pytest.raises(InputError, match=r"no files .* 16 kHz strain of H1 .*found: nothing.*H1, L1"):
        locate("GW150914", "H1", sample_rate=16384, host=server.host)


def test_a_span_that_runs_out_of_the_files_is_refused_with_what_there_is(server):
    with pytest.raises(InputError, match=rf"GPS 1126255462.40 to .*found: .*{LONG}, {H1}"):
        locate("GW150914", "H1", before=4000, host=server.host)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([(0, 32)], [(0, 32)]),
        ([(0, 4096), (0, 32)], [(0, 32)]),
        ([(0, 4), (4, 12), (12, 36)], [(0, 4), (4, 12), (12, 36)]),
        ([(0, 4), (0, 16), (4, 12), (12, 36)], [(0, 16), (12, 36)]),
        ([(0, 4), (5, 36)], None),
        ([(4, 36)], None),
        ([(0, 20)], None),
        ([], None),
    ],
)
def test_cover_takes_the_shortest_or_the_fewest(spans, expected):
    files = [StrainFile.named(f"H-H1_GWOSC_4KHZ_R1-{a}-{b - a}.hdf5", None) for a, b in spans]
    chosen = cover(files, 3, 30)
    assert (chosen and [(file.start, file.end) for file in chosen]) == expected


def test_cover_does_not_mix_releases():
    names = ["H-H1_LOSC_4_V1-0-16.hdf5", "H-H1_LOSC_4_V2-16-16.hdf5", "H-H1_LOSC_CLN_4_V1-16-16.hdf5"]
    files = [StrainFile.named(name, None) for name in names]
    assert cover(files, 3, 30) is None
    files.append(StrainFile.named("H-H1_LOSC_4_V1-16-16.hdf5", None))
    assert cover(files, 3, 30) == (files[0], files[3])


def test_cover_takes_the_newest_issue():
    files = [StrainFile.named(f"H-H1_GWOSC_O3a_4KHZ_R{i}-0-4096.hdf5", None) for i in (1, 10, 2)]
    assert cover(files, 3, 30) == (files[1],)


# ---- what can be wrong with a question or an answer --------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({"event": "GW150915"}, "unknown event 'GW150915': .*allevents"),
        ({"event": "../GW150914"}, "unknown event '../GW150914': neither"),
        ({"event": ""}, "unknown event ''"),
        ({"event": float("nan")}, "nan is not a GPS time"),
        ({"event": -1.0}, "-1.0 is not a GPS time"),
        ({"event": 1e9}, "1000000000: .* has no files"),
        ({"detector": "Hanford"}, "unknown detector 'Hanford'"),
        ({"detector": "V1"}, "4 kHz strain of V1 .* its detectors are H1, L1"),
        ({"sample_rate": 1024}, "sample rate 1024 Hz is not published"),
        ({"before": -1.0}, "nothing lies between"),
        ({"before": 0.0, "after": 0.0}, "nothing lies between"),
        ({"after": float("inf")}, "nothing lies between"),
        ({"host": "gwosc.org"}, f"{HOST_VARIABLE}: 'gwosc.org' is not an address"),
    ],
)
def test_a_question_that_cannot_be_answered_is_refused(get, lock, tmp_path, question, message):
    with pytest.raises(InputError, match=message):
        get(**question)
    assert not lock.path.exists() and names(tmp_path / "strain") == []


def test_an_unknown_format_is_refused(server):
    with pytest.raises(InputError, match="unknown format 'txt'"):
        locate("GW150914", "H1", format="txt", host=server.host)


@pytest.mark.parametrize(
    ("place", "body"),
    [
        ("event-versions/GW150914$", b"<html>maintenance</html>"),
        ("event-versions/GW150914$", b"[]"),
        ("event-versions/GW150914$", b'{"name": "GW150914", "version": 2, "gps": "soon"}'),
        ("strain-files", b'{"results": []}'),
        ("strain-files", b'{"num_pages": 1, "next": null, "results": [{"download_url": "/x/y.hdf5"}]}'),
        ("strain-files", b'{"num_pages": 1, "next": null, "results": [{"download_url": null}]}'),
    ],
)
def test_an_answer_that_is_none_is_refused(server, get, place, body):
    server.fault(place, body=body, times=9)
    with pytest.raises(InputError, match=f"GW150914: the answer of {server.host} is not understood"):
        get()


def test_a_busy_api_is_asked_again(server, get, monkeypatch):
    monkeypatch.setattr(v2, "RETRY_DEFAULT_WAIT_TIME", 0)
    server.fault("event-versions", status=429, headers={"Retry-After": "0"}, times=2)
    server.fault("strain-files", status=503, times=2)
    server.fault("strain-files", reset=-1)
    server.fault("strain-files", cut=50)
    assert [path.name for path in get().paths] == [H1]


def test_an_api_that_stays_busy_is_given_up(server, get, monkeypatch):
    monkeypatch.setattr(v2, "RETRY_DEFAULT_WAIT_TIME", 0)
    server.fault("event-versions", status=429, headers={"Retry-After": "0"}, times=100)
    with pytest.raises(Unreachable, match=r"too busy, 10 attempts failed .last answer 429"):
        get()


def test_a_refusal_of_the_api_is_told(server, get):
    server.fault("event-versions", status=403, times=9)
    with pytest.raises(InputError, match="refused the query with 403 Forbidden"):
        get()


# ---- fetching ---------------------------------------------------------------------------------------------


def test_first_download_records_and_second_asks_nobody(server, get, lock, tmp_path):
    first = get()
    assert first.paths == (tmp_path / "strain" / H1,)
    assert (first.event, first.gps, first.release) == ("GW150914", 1126259462.4, "GW150914-v2")
    assert first.paths[0].read_bytes() == (STRAIN / H1).read_bytes()
    entry = {"sha256": SHA256, "size": 1040592, "url": address(H1, EVENTS[1])}
    content = json.loads(lock.path.read_text())
    assert content["files"] == {f"gwosc/{H1}": entry}
    assert content["sets"] == {
        "gw/GW150914/H1/4KHZ": {
            "files": [f"gwosc/{H1}"],
            "gps": 1126259462.4,
            "release": "GW150914-v2",
        }
    }
    asked, text = server.count(), lock.path.read_bytes()
    server.forget()
    assert get() == first
    assert server.count() == asked and lock.path.read_bytes() == text


def test_with_the_lock_only_the_file_itself_is_fetched(server, get, tmp_path):
    get()
    (tmp_path / "strain" / H1).unlink()
    server.requests.clear()
    server.forget()
    get()
    assert [target for _, target, _ in server.requests] == [
        f"/eventapi/json/O1_O2-Preliminary/GW150914/v2/{H1}"
    ]


def test_republished_content_is_refused_until_the_entry_is_removed(server, get, lock, other, tmp_path):
    get()
    (tmp_path / "strain" / H1).unlink()
    text = lock.path.read_text()
    server.replace(H1, (other / LONG).read_bytes())
    with pytest.raises(
        InputError, match=f"(?s){H1}: is not the file .*{SHA256}.*remove the entry 'gwosc/{H1}'"
    ):
        get()
    assert names(tmp_path / "strain") == [] and lock.path.read_text() == text

    content = json.loads(text)
    del content["files"][f"gwosc/{H1}"]
    lock.path.write_text(json.dumps(content))
    server.forget()
    assert get().paths[0].read_bytes() == (other / LONG).read_bytes()
    assert lock.entry(f"gwosc/{H1}").sha256 != SHA256


def test_a_damaged_file_in_place_is_refused_not_replaced(get, tmp_path):
    path = get().paths[0]
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=f"{re.escape(str(path))}: is not the file .*{SHA256}"):
        get()
    assert path.stat().st_size == 1040591


def test_a_page_under_the_name_of_a_file_is_not_recorded(server, get, lock, tmp_path):
    server.fault("/eventapi/", body=b"<html>please log in</html>")
    with pytest.raises(InputError, match=f"{H1}: is not a complete HDF5 file"):
        get()
    assert names(tmp_path / "strain") == [] and lock.entry(f"gwosc/{H1}") is None


def test_failing_downloads_are_tried_again(server, get):
    server.fault("/eventapi/", status=429, headers={"Retry-After": "1"})
    server.fault("/eventapi/", status=503)
    server.fault("/eventapi/", cut=500_000)
    server.fault("/eventapi/", reset=100_000)
    pauses = []
    assert get(sleep=pauses.append).paths[0].read_bytes() == (STRAIN / H1).read_bytes()
    assert len(pauses) == 4 and server.count("/eventapi/") == 5


def test_a_wider_span_asks_anew_and_a_narrower_one_keeps_the_files(server, get, lock):
    assert get().paths[0].name == H1
    assert get(before=600.0).paths[0].name == LONG
    asked, text = server.count(), lock.path.read_text()
    assert get().paths[0].name == LONG
    assert server.count() == asked and lock.path.read_text() == text


def test_detectors_are_fetched_in_parallel_into_one_lock(get, lock):
    with ThreadPoolExecutor(2) as pool:
        fetched = list(pool.map(lambda detector: get(detector=detector), ["H1", "L1"]))
    assert [path.name for one in fetched for path in one.paths] == [H1, L1]
    assert set(json.loads(lock.path.read_text())["sets"]) == {"gw/GW150914/H1/4KHZ", "gw/GW150914/L1/4KHZ"}


def test_several_files_come_in_order_of_time(other, lock, tmp_path):
    pieces = ["H-H1_LOSC_4_V2-1126259462-16.hdf5", "H-H1_LOSC_4_V2-1126259446-16.hdf5"]
    event = EventVersion("GW150914", 2, "O1", 1126259462.4, "O1", ("H1",), tuple(pieces))
    with GwoscServer({name: other / LONG for name in pieces}, events=[event]) as server:
        fetched = fetch("GW150914", "H1", tmp_path / "strain", lock=lock, host=server.host)
    assert [path.name for path in fetched.paths] == pieces[::-1]


# ---- mirrors, no network, and files put there by hand ------------------------------------------------------


def test_a_mirror_named_in_the_environment_is_asked(server, lock, tmp_path, monkeypatch):
    monkeypatch.setenv(HOST_VARIABLE, f"{server.host}/")
    fetch("GW150914", "H1", tmp_path / "strain", lock=lock)
    assert server.count("/eventapi/") == 1
    assert lock.entry(f"gwosc/{H1}").url == address(H1, EVENTS[1])  # what everybody can reach


def test_a_mirror_serves_the_files_its_answers_place_at_the_archive(lock, tmp_path):
    with GwoscServer({H1: STRAIN / H1}, links="https://gwosc.org") as server:
        fetch("GW150914", "H1", tmp_path / "strain", lock=lock, host=server.host)
        assert server.count("/eventapi/") == 1
    assert lock.verify(f"gwosc/{H1}", tmp_path / "strain" / H1)


def test_offline_with_the_files_there_all_is_well(server, get):
    online = get()
    go_offline(server)
    assert get() == online


def test_offline_the_file_of_the_lock_and_the_folder_are_named(server, get, tmp_path):
    get()
    (tmp_path / "strain" / H1).unlink()
    go_offline(server)
    with pytest.raises(
        Unreachable,
        match=rf"127.0.0.1:\d+ cannot be reached .*; to work without it, put {H1} into .*/strain$",
    ):
        get()
    with pytest.raises(Unreachable, match=rf"put {H1} into .*/by-hand$"):
        get(store=tmp_path / "by-hand")
    assert names(tmp_path / "strain") == []


@pytest.mark.parametrize(
    ("question", "message"),
    [
        ({}, r"4 kHz strain of H1 from 15 s before GW150914 to 15 s after it into .*, and ask by GPS time$"),
        ({"gps": 1126259462.4}, r"4 kHz strain of H1 from GPS 1126259447.40 to 1126259477.40 into"),
        (
            {"event": 1126259462.4, "before": 100, "sample_rate": 16384},
            r"16 kHz strain of H1 from GPS 1126259362.40 to 1126259477.40 into",
        ),
    ],
)
def test_offline_without_the_lock_the_span_and_the_folder_are_named(server, get, tmp_path, question, message):
    go_offline(server)
    with pytest.raises(Unreachable, match=message) as error:
        get(store=tmp_path / "by-hand", **question)
    assert str(tmp_path / "by-hand") in str(error.value) and server.host in str(error.value)


def test_a_file_put_there_by_hand_is_linked_not_downloaded(server, get, lock, tmp_path):
    store = tmp_path / "by-hand"
    store.mkdir()
    (store / H1).write_bytes((STRAIN / H1).read_bytes())
    (path,) = get(store=store).paths
    assert path == tmp_path / "strain" / H1 and path.samefile(store / H1)
    assert server.count("/eventapi/") == 0
    assert lock.entry(f"gwosc/{H1}").sha256 == SHA256
    assert names(tmp_path / "strain") == [H1] and names(store) == [H1]


def test_a_file_put_there_by_hand_is_copied_where_links_cannot_be(get, tmp_path, monkeypatch):
    def link(*arguments):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr("tidings.gw.gwosc.os.link", link)
    (path,) = get(store=STRAIN).paths
    assert path.read_bytes() == (STRAIN / H1).read_bytes() and not path.samefile(STRAIN / H1)


@pytest.mark.parametrize("question", [{"event": 1126259462.4}, {"gps": 1126259462.4}])
def test_offline_a_file_put_there_by_hand_is_found_by_time(server, get, lock, question):
    go_offline(server)
    fetched = get(store=STRAIN, **question)
    assert [path.name for path in fetched.paths] == [H1]
    assert fetched.gps == 1126259462.4 and fetched.release is None
    assert lock.entry(f"gwosc/{H1}").url is None
    fetched.paths[0].unlink()
    with pytest.raises(InputError, match=f"{H1}: was put there by hand .*; put it into"):
        get(**question)


def test_a_wrong_file_put_there_by_hand_is_refused(get, lock, other, tmp_path):
    get().paths[0].unlink()
    store = tmp_path / "by-hand"
    store.mkdir()
    (store / H1).write_bytes((other / LONG).read_bytes())
    with pytest.raises(InputError, match=f"{re.escape(str(store / H1))}: is not the file"):
        get(store=store)
    assert names(tmp_path / "strain") == []


def test_half_a_file_put_there_by_hand_is_not_recorded(get, lock, tmp_path):
    store = tmp_path / "by-hand"
    store.mkdir()
    (store / H1).write_bytes((STRAIN / H1).read_bytes()[:500_000])
    with pytest.raises(InputError, match=f"{re.escape(str(store / H1))}: is not a complete HDF5 file"):
        get(store=store)
    assert lock.entry(f"gwosc/{H1}") is None


def test_a_spoilt_set_in_the_lock_is_refused(get, lock):
    get()
    content = json.loads(lock.path.read_text())
    for key, value, message in (
        ("gps", "soon", "needs a number as 'gps'"),
        ("files", ["gwosc/../x"], "no strain"),
    ):
        spoilt = json.loads(json.dumps(content))
        spoilt["sets"]["gw/GW150914/H1/4KHZ"][key] = value
        lock.path.write_text(json.dumps(spoilt))
        with pytest.raises(InputError, match=message):
            get()
