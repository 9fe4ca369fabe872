"""The step skymap_fetch: from local servers laid out like the archives, by the real client."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile

import pytest

from servers.gracedb import GraceDbServer
from skymap_fetch import skymap_fetch
from suite import ROOT
from tidings.errors import InputError
from tidings.remote.lock import Lock
from tidings.skymap.archive import Request, fetch_map, release_of
from tidings.step import main, run

MAPS = ROOT / "data/skymap"
BAYESTAR = (MAPS / "S190425z_bayestar.fits.gz").read_bytes()
INFERENCE = (MAPS / "S190425z_LALInference.fits.gz").read_bytes()
MULTIORDER = (MAPS / "S200129m_bayestar.multiorder.fits").read_bytes()
FILES = {
    "bayestar.fits.gz": [INFERENCE, BAYESTAR],
    "bayestar.multiorder.fits": [MULTIORDER],
    "bayestar.png": [b"png"],
    "p_astro.json": [b"{}"],
}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TIDINGS_SKYMAP_HOST", raising=False)
    return tmp_path


def fetch(server, folder, *names, **options):
    """Fetch into map.fits; return what is said of it."""
    host = server if isinstance(server, str) else server.host
    request = Request(*names, **{k: options.pop(k) for k in ("url", "file", "archive") if k in options})
    return fetch_map(
        request,
        folder / "map.fits",
        lock=Lock(folder / "lock.json"),
        host=host,
        sleep=lambda s: None,
        **options,
    )


def test_superevent_by_its_name(folder, monkeypatch):
    with GraceDbServer(FILES) as server:
        monkeypatch.setenv("TIDINGS_SKYMAP_HOST", server.host)
        run(skymap_fetch, event="S190425z", file="bayestar.fits.gz", lock="lock.json")
        assert (folder / "skymap.fits").read_bytes() == BAYESTAR
        said = json.loads((folder / "event.json").read_text())
        assert said["gps"] == 1240215503.011549
        assert said["far_hz"] == 4.53764787126371e-13
        assert (said["instruments"], said["pipeline"], said["retracted"]) == ("L1,V1", "gstlal", False)
        assert said["url"] == "https://gracedb.ligo.org/api/superevents/S190425z/files/bayestar.fits.gz,1"
        assert said["sha256"] == hashlib.sha256(BAYESTAR).hexdigest()
        # The second time nothing but the file is asked for, and every byte is the same.
        first = {name: (folder / name).read_bytes() for name in ("skymap.fits", "event.json", "lock.json")}
        before = len(server.requests)
        run(skymap_fetch, event="S190425z", file="bayestar.fits.gz", lock="lock.json")
        assert server.requests[before:] == ["/api/superevents/S190425z/files/bayestar.fits.gz,1"]
        assert first == {name: (folder / name).read_bytes() for name in first}


def test_an_older_version_and_the_best_map(folder):
    with GraceDbServer(FILES) as server:
        fetch(server, folder, "S190425z", file="bayestar.fits.gz,0")
        assert (folder / "map.fits").read_bytes() == INFERENCE
        said = fetch(server, folder, "S190425z")
        assert said["url"].endswith("/bayestar.multiorder.fits,0")
        server.files["LALInference.fits.gz"] = [INFERENCE]
        (folder / "lock.json").unlink()
        assert fetch(server, folder, "S190425z")["url"].endswith("/LALInference.fits.gz,0")


def test_events_of_the_document_centre_and_addresses(folder):
    path = "/public/0157/P1800381/006/GW170817_skymap.fits.gz"
    with GraceDbServer(others={path: BAYESTAR, "/maps/mine.fits.gz": INFERENCE}) as server:
        assert fetch(server, folder, "GW170817")["url"] == f"https://dcc.ligo.org{path}"
        assert (folder / "map.fits").read_bytes() == BAYESTAR
        fetch(server, folder, None, url="https://example.org/maps/mine.fits.gz")
        assert (folder / "map.fits").read_bytes() == INFERENCE
        # What GWOSC lists of an event is taken.
        server.events["GW190425"]["skymap_url"] = "https://gwosc.org/maps/mine.fits.gz"
        assert fetch(server, folder, "GW190425")["url"] == "https://gwosc.org/maps/mine.fits.gz"


def test_the_newest_localisation_of_gbm(folder):
    base = "/FTP/fermi/data/gbm/triggers/2017/bn170817529/current/glg_healpix_all_bn170817529"
    others = {f"{base}_v00.fit": BAYESTAR, f"{base}_v01.fit": INFERENCE, base[:-30] + "x.txt": b""}
    with GraceDbServer(others=others) as server:
        assert fetch(server, folder, "bn170817529")["url"].endswith("_v01.fit")
        assert (folder / "map.fits").read_bytes() == INFERENCE
        with pytest.raises(InputError, match="no such trigger"):
            fetch(server, folder, "bn170817111")
        with pytest.raises(InputError, match=r"has no other\.fit; there are"):
            fetch(server, folder, "170817529", file="other.fit")


def tarball(**members):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(f"skymaps/{name}.fits")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


ZENODO = "/records/8177023/files/IGWN-GWTC3p0-v2-PESkyLocalizations.tar.gz"


def test_a_member_of_a_release(folder):
    content = tarball(
        GW200129_065458_Mixed=MULTIORDER, GW200129_065458_SEOB=BAYESTAR, GW191103_012549_Mixed=INFERENCE
    )
    with GraceDbServer(others={ZENODO: content}) as server:
        fetch(server, folder, "GW200129", archive="GWTC-3.0")
        assert (folder / "map.fits").read_bytes() == MULTIORDER
        fetch(server, folder, "GW200129_065458", archive="GWTC-3.0", file="*SEOB*")
        assert (folder / "map.fits").read_bytes() == BAYESTAR
        with pytest.raises(InputError, match="no map of GW170101"):
            fetch(server, folder, "GW170101", archive="GWTC-3.0")
        recorded = json.loads((folder / "lock.json").read_text())["files"]
        assert "skymaps/zenodo/8177023/GW200129" in recorded
        # The member alone, put into the store by hand, needs no network.
        store = folder / "store"
        store.mkdir()
        (store / "zenodo_8177023_GW200129").write_bytes(MULTIORDER)
    fetch("http://127.0.0.1:9", folder, "GW200129", archive="GWTC-3.0", store=store)
    assert (folder / "map.fits").read_bytes() == MULTIORDER


def test_files_of_the_store_need_no_network(folder):
    with GraceDbServer(FILES) as server:
        fetch(server, folder, "S190425z", file="bayestar.fits.gz")
    with pytest.raises(InputError) as told:
        fetch("http://127.0.0.1:9", folder, "S190425z", file="bayestar.fits.gz")
    name = "gracedb_S190425z_bayestar.fits.gz,1"
    assert f"put the file as {name}" in str(told.value)
    (folder / "store").mkdir()
    (folder / "store" / name).write_bytes(BAYESTAR)
    (folder / "map.fits").unlink(missing_ok=True)
    fetch("http://127.0.0.1:9", folder, "S190425z", file="bayestar.fits.gz", store=folder / "store")
    assert (folder / "map.fits").read_bytes() == BAYESTAR
    (folder / "store" / name).write_bytes(INFERENCE)
    with pytest.raises(InputError, match="is not the file that was used before"):
        fetch("http://127.0.0.1:9", folder, "S190425z", file="bayestar.fits.gz", store=folder / "store")


def test_a_busy_server_is_asked_again(folder):
    with GraceDbServer(FILES) as server:
        server.fault("files/bayestar.multiorder", status=429, headers={"Retry-After": "0"})
        server.fault("superevents/S190425z/$", status=503)
        fetch(server, folder, "S190425z")
        assert server.count("multiorder") == 2


def test_a_map_that_changed_is_refused(folder):
    with GraceDbServer(FILES) as server:
        fetch(server, folder, "S190425z", file="bayestar.fits.gz,1")
        server.files["bayestar.fits.gz"] = [INFERENCE, INFERENCE]
        with pytest.raises(InputError, match="is not the file that was used before"):
            fetch(server, folder, "S190425z", file="bayestar.fits.gz,1")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html>Please log in</html>", "(?i)web page|html"),
        (BAYESTAR[:100_000], "(?i)cut|ends|truncat|incomplete|short"),
        (gzip.compress(b"nothing"), "(?i)fits"),
        (b"", "(?i)empty|fits|ends"),
    ],
    # Not the content, which has the time in it: the workers of a run must agree on names.
    ids=["page", "cut", "packed", "empty"],
)
def test_what_is_no_map_is_refused_and_not_recorded(folder, content, message):
    with (
        GraceDbServer({"bayestar.fits.gz": [content]}) as server,
        pytest.raises(InputError, match=message) as e,
    ):
        fetch(server, folder, "S190425z")
    assert "gracedb.ligo.org" in str(e.value)
    assert not (folder / "map.fits").exists()
    assert not (folder / "lock.json").exists()


def test_unknown_names_are_told(folder, capsys):
    cases = {
        "give either an event": [],
        "give either an event (": ["--event", "S190425z", "--url", "https://example.org/a.fits"],
        "unknown event 'Vega'": ["--event", "Vega"],
        "no such superevent": ["--event", "S190425zz"],
        "no file 'bilby.fits'; the maps there are: bayestar.fits.gz": [
            "--event", "S190425z", "--file", "bilby.fits",
        ],
        "no file 'bayestar.fits.gz,7'": ["--event", "S190425z", "--file", "bayestar.fits.gz,7"],
        "GraceDB has no sky map": ["--event", "S190822c"],
        "in the release GWTC-2.1 at Zenodo: give archive GWTC-2.1; or event S1904": ["--event", "GW190425"],
        "GWOSC knows no such event": ["--event", "GW190431"],
        "is no address": ["--url", "ftp.example.org/a.fits"],
        "answers 404": ["--url", "https://example.org/a.fits"],
        "answers 404 Not Found": ["--event", "GW150914"],
    }  # fmt: skip
    with GraceDbServer(FILES) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TIDINGS_SKYMAP_HOST", server.host)
        for message, arguments in cases.items():
            assert main(skymap_fetch, [*arguments, "--lock", "lock.json"]) == 1, message
            error = capsys.readouterr().err
            assert message in error, (message, error)
        assert not (folder / "skymap.fits").exists()
        patch.setenv("TIDINGS_SKYMAP_HOST", "nowhere")
        assert main(skymap_fetch, ["--event", "S190425z", "--lock", "lock.json"]) == 1
        assert "is not an address" in capsys.readouterr().err


def test_the_release_is_that_of_the_run():
    dates = {"GW150914": "GWTC-2.1", "GW190521": "GWTC-2.1", "GW200129_065458": "GWTC-3.0"}
    dates |= {"GW230529_181500": "GWTC-4.0", "GW250114_082203": "GWTC-5.0"}
    for event, release in dates.items():
        assert release_of(event) == release
