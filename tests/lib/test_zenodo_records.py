"""From what a user names to the files of a record: DOIs, addresses, versions, both forms of JSON, damage."""

from __future__ import annotations

import os
import shutil

import pytest

from servers.zenodo import zenodo
from suite import BIN
from tidings.errors import InputError
from tidings.zenodo import records
from tidings.zenodo.api import Api, token_from
from tidings.zenodo.fetch import fetch
from tidings.zenodo.metadata import differences

FILES = {"run-crate.zip": b"PK" + bytes(range(256)) * 40, "README.md": b"# A run\n"}
ZENODO_GET = pytest.mark.skipif(
    not (BIN / "zenodo_get").exists(), reason="zenodo-get is missing: make archive"
)


@pytest.fixture(scope="module")
def server():
    with zenodo() as running:
        yield running


@pytest.fixture(autouse=True)
def reached(server, monkeypatch):
    """Let zenodo.org, its sandbox and doi.org be the local ones."""
    server.calm()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture(scope="module")
def first(server):
    return server.publish(FILES, title="A run", version="0.1.0")


def quick(base, token=None):
    return Api(base, token, sleep=lambda seconds: None)


def read(text):
    return records.read(records.locate(text), quick)


@pytest.mark.parametrize(
    "form",
    [
        "10.5281/zenodo.{}",
        "doi:10.5281/zenodo.{}",
        "https://doi.org/10.5281/zenodo.{}",
        "https://zenodo.org/records/{}",
        "https://zenodo.org/record/{}",
        "https://zenodo.org/doi/10.5281/zenodo.{}",
        "https://zenodo.org/records/{}/files/run-crate.zip?download=1",
        "{}",
    ],
)
def test_every_name_of_a_record_leads_to_it(first, form):
    found = read(form.format(first))
    assert (found.id, found.doi) == (first, f"10.5281/zenodo.{first}")
    assert {file.name: file.size for file in found.files} == {name: len(data) for name, data in FILES.items()}
    assert found.newest and not found.by_concept
    assert found.title == "A run"


def test_doi_of_the_sandbox_is_not_asked_of_the_resolver(server):
    number = server.publish(FILES, sandbox=True)
    before = server.count()
    assert records.locate(f"10.5072/zenodo.{number}") == records.Place(
        "https://sandbox.zenodo.org", number, f"10.5072/zenodo.{number}"
    )
    assert server.count() == before
    assert read(f"10.5072/zenodo.{number}").id == number


def test_versions(server):
    one = server.publish(FILES, title="A run", version="1")
    two = server.publish({**FILES, "new.txt": b"new"}, title="A run", version="2", new_version_of=one)
    old = read(f"10.5281/zenodo.{one}")
    assert old.id == one and old.newest is False
    for name in (f"10.5281/zenodo.{old.concept}", f"https://zenodo.org/records/{old.concept}"):
        concept = read(name)
        assert concept.id == two and concept.by_concept and concept.newest, name
    assert not old.by_concept


def test_the_older_form_of_a_record_is_read_too(server, first, monkeypatch):
    class Legacy(Api):
        def get(self, path, *, accept="", **query):
            return super().get(path, accept="application/json", **query)

    monkeypatch.setattr(records, "Api", Legacy)
    legacy = records.read(records.Place("https://zenodo.org", first), Legacy)
    assert legacy == read(first)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("10.5281/zenodo.99999999", "no such DOI"),
        ("https://zenodo.org/records/99999999", "no such record"),
        ("10.5281", "neither a DOI"),
        ("no/such/folder", "neither a DOI"),
        ("https://zenodo.org/communities/astro", "neither a DOI"),
    ],
)
def test_unknown_names_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        read(text)


@pytest.mark.parametrize("access", [{"record_access": "restricted"}, {"files_access": "restricted"}])
def test_restricted_record_is_explained_and_read_by_who_may(server, access, tmp_path):
    number = server.publish(FILES, **access)
    with pytest.raises(InputError, match=r"restricted.*ask its owner"):
        read(number)
    record = records.read(records.Place("https://zenodo.org", number), lambda base: quick(base, server.token))
    session = quick("https://zenodo.org", server.token).session
    assert fetch(record, tmp_path, session) == "built in"
    assert (tmp_path / "README.md").read_bytes() == FILES["README.md"]


@pytest.mark.parametrize("name", ["a/b.txt", "../a.txt", ".hidden", "a b.txt"])
def test_names_that_could_leave_the_folder_are_refused(server, name):
    number = server.publish({name: b"x"})
    with pytest.raises(InputError, match="is not the name of a file"):
        read(number)


# ---- files ----------------------------------------------------------------------------------------------


@ZENODO_GET
def test_zenodo_get_fetches_and_what_is_right_is_kept(server, first, tmp_path):
    assert fetch(read(first), tmp_path) == "zenodo-get"
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == FILES
    (tmp_path / "README.md").write_text("damaged")
    before = server.journal[-1].number
    fetch(read(first), tmp_path)
    assert (tmp_path / "README.md").read_bytes() == FILES["README.md"]
    assert not [c for c in server.calls(r"files/run-crate.zip") if c.number > before]


@pytest.fixture
def without(monkeypatch):
    """No zenodo-get on the path."""
    monkeypatch.setattr(shutil, "which", lambda name: None)


def test_built_in_download(first, tmp_path, without):
    assert fetch(read(first), tmp_path) == "built in"
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == FILES


@pytest.mark.parametrize("what", [{"status": 503, "retry_after": 0}, {"cut": 100}])
def test_a_download_that_fails_once_is_gone_on_with(server, first, tmp_path, without, what):
    server.fault("files/run-crate.zip", **what)
    fetch(read(first), tmp_path)
    assert (tmp_path / "run-crate.zip").read_bytes() == FILES["run-crate.zip"]


@pytest.mark.parametrize("what", [{"corrupt": True}, {"truncate": 100}])
def test_wrong_bytes_are_refused_and_leave_nothing(server, first, tmp_path, without, what):
    server.fault("files/run-crate.zip", **what, times=100)
    with pytest.raises(InputError, match=r"run-crate\.zip/content: checksum mismatch: it has MD5"):
        fetch(read(first), tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["README.md"]


@ZENODO_GET
def test_when_zenodo_get_fails_the_built_in_download_goes_on(server, first, tmp_path):
    server.fault("files/run-crate.zip", corrupt=True)
    told = []
    assert fetch(read(first), tmp_path, say=told.append) == "built in"
    assert "zenodo-get failed" in told[0]
    assert (tmp_path / "run-crate.zip").read_bytes() == FILES["run-crate.zip"]


# ---- tokens, metadata -----------------------------------------------------------------------------------


def test_token_does_not_follow_a_link_to_another_host(server, tmp_path):
    number = server.publish(FILES, files_access="restricted")
    api = quick("https://zenodo.org", server.token)
    assert api.get(f"/api/records/{number}")
    api.session.get("https://doi.org/10.5281/zenodo.1", allow_redirects=False)
    # A session serves one repository; its token is for that alone, also when it is led elsewhere.
    assert server.calls("/10.5281/zenodo.1")[-1].headers.get("authorization") is None


@pytest.mark.parametrize("text", ["two words", "", "ünlaut"])
def test_what_is_no_token_is_refused(tmp_path, text):
    path = tmp_path / "token"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    with pytest.raises(InputError, match="holds no access token") as caught:
        token_from(path)
    assert not text or text not in str(caught.value)


def test_differences_name_what_was_dropped_and_allow_what_was_added():
    sent = {"title": "A", "creators": [{"name": "B"}], "colour": "blue", "description": "<p>a &lt; b</p>"}
    kept = {"title": "A", "creators": [{"name": "B", "id": 1}], "description": "<p>a < b</p>", "more": 2}
    assert differences(sent, kept) == ['metadata.colour: "blue" was sent, null kept']
    assert differences(sent["creators"], []) == ['metadata: [{"name": "B"}] was sent, [] kept']
    assert differences({"version": "1"}, {"version": "2"}) == ['metadata.version: "1" was sent, "2" kept']
