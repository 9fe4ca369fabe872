"""Deposits: every step once, whatever the repository answers, and nothing published twice."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
import time

import pytest

import deposit as command
import zenodo_records
from servers.zenodo import zenodo
from suite import ROOT
from tidings.crate.record import shown_name
from tidings.errors import InputError
from tidings.zenodo.api import Api, Refused
from tidings.zenodo.journal import Journal
from tidings.zenodo.record import deposit


@pytest.fixture(scope="module")
def server():
    with zenodo() as running:
        yield running


@pytest.fixture
def quiet(server):
    """The server, with no fault left from another test."""
    server.calm()
    yield server
    server.calm()


@pytest.fixture
def pauses():
    return []


@pytest.fixture
def send(quiet, tmp_path, pauses):
    """Deposit a record of this test; pauses are written down, not made."""
    folder = zenodo_records.make(tmp_path / "record", headline=f"reproduced in {tmp_path.name}")

    def call(token=None, record=folder, **options):
        token = token or quiet.token
        api = Api(quiet.url, token, sleep=pauses.append, clock=time.time)
        return deposit(record, api, tmp_path / "journal.json", token=token, say=lambda line: None, **options)

    call.folder, call.journal = folder, tmp_path / "journal.json"
    return call


def writes(server, since, pattern=""):
    """Return the requests that change something, since a number of them."""
    return [c for c in server.calls(pattern) if c.number > since and c.method in ("POST", "PUT", "DELETE")]


def last(server):
    return server.journal[-1].number if server.journal else -1


def test_draft_then_publication_with_the_doi_in_the_files(quiet, send):
    draft = send()
    assert not draft.published
    assert draft.id in quiet.drafts() and draft.id not in quiet.published()
    made = send(publish=True)
    assert (made.id, made.doi) == (draft.id, draft.doi)
    assert made.sent == 0
    assert made.id in quiet.published()
    public = quiet.record(made.id).public
    assert public.pids["doi"]["identifier"] == made.doi
    contents = quiet.contents(made.id)
    assert contents == {path.name: path.read_bytes() for path in send.folder.iterdir()}
    for name in ("README.md", "CITATION.cff", "ro-crate-metadata.json"):
        assert made.doi.encode() in contents[name], name


def test_metadata_arrive_as_meant(quiet, send):
    made = send()
    kept = quiet.record(made.id).draft.metadata
    assert kept["title"] == "Reproduction: Run of Tidings: GW150914"
    assert kept["resource_type"] == {"id": "dataset"}
    assert kept["rights"][0]["id"] == "cc-by-4.0"
    (creator,) = kept["creators"]
    assert creator["person_or_org"]["family_name"] == "Carberry"
    assert creator["person_or_org"]["identifiers"] == [
        {"scheme": "orcid", "identifier": "0000-0002-1825-0097"}
    ]
    relations = {(r["relation_type"]["id"], r["identifier"]) for r in kept["related_identifiers"]}
    assert relations == {("reviews", "10.5281/zenodo.7"), ("isderivedfrom", "10.5281/zenodo.7")}


def test_the_same_command_again_writes_nothing(quiet, send):
    send()
    before = last(quiet)
    send()
    assert writes(quiet, before) == []
    send(publish=True)
    before = last(quiet)
    again = send(publish=True)
    assert again.published
    assert writes(quiet, before) == []


def test_draft_is_found_without_the_journal(quiet, send):
    made = send()
    send.journal.unlink()
    drafts = len(quiet.drafts())
    assert send().id == made.id
    assert len(quiet.drafts()) == drafts
    send(publish=True)
    send.journal.unlink()
    assert send(publish=True).id == made.id


def test_new_version_succeeds_the_old_one_and_has_its_own_files(quiet, send, tmp_path):
    first = send(publish=True)
    send.journal.unlink()
    other = zenodo_records.make(tmp_path / "other", headline="another outcome")
    second = send(record=other, previous=first.id, publish=True)
    assert second.id != first.id and second.doi != first.doi
    assert quiet.record(second.id).concept == quiet.record(first.id).concept
    assert quiet.contents(second.id) == {path.name: path.read_bytes() for path in other.iterdir()}
    before = last(quiet)
    assert send(record=other, previous=first.id, publish=True).id == second.id
    assert writes(quiet, before) == []


# ---- what goes wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/api/records$", "POST"),
        ("/draft$", "PUT"),
        ("/draft$", "GET"),
        ("/pids/doi$", "POST"),
        ("/draft/files$", "POST"),
        ("/content$", "PUT"),
        ("/commit$", "POST"),
        ("/actions/publish$", "POST"),
    ],
)
@pytest.mark.parametrize(
    "what", [{"status": 503}, {"status": 504, "done": True}, {"status": 500, "done": True}, {"cut": 0}]
)
def test_a_server_that_fails_once_anywhere_is_survived_and_nothing_is_made_twice(
    quiet, send, path, method, what
):
    records = len(quiet.drafts()) + len(quiet.published())
    quiet.fault(path, method=method, **what)
    made = send(publish=True)
    assert made.published
    assert quiet.calls(path, method=method)
    assert len(quiet.drafts()) + len(quiet.published()) == records + 1
    assert set(quiet.contents(made.id)) == {p.name for p in send.folder.iterdir()}


def test_504_but_published_is_read_back_and_not_published_again(quiet, send):
    quiet.fault("/actions/publish$", status=504, done=True)
    before = last(quiet)
    made = send(publish=True)
    assert made.id in quiet.published()
    assert len(writes(quiet, before, "/actions/publish$")) == 1


def test_429_waits_as_long_as_asked(quiet, send, pauses):
    quiet.fault("/api/records$", method="POST", status=429, retry_after=17)
    send()
    assert pauses == [17.0]


def test_a_used_up_rate_is_waited_for_before_the_next_request(tmp_path):
    folder, pauses = zenodo_records.make(tmp_path / "record"), []

    def wait(seconds):
        pauses.append(seconds)
        time.sleep(seconds)

    with zenodo() as small:
        small.limits.rate, small.limits.window = 20, 1
        api = Api(small.url, small.token, sleep=wait)
        deposit(folder, api, tmp_path / "j.json", token=small.token, publish=True, say=lambda line: None)
        assert len(small.published()) == 1
        assert pauses
        assert small.count(status=429) == 0


def test_a_server_that_asks_for_too_long_a_wait_is_left(quiet, send):
    quiet.fault("/api/records$", method="POST", status=429, retry_after=90_000)
    with pytest.raises(InputError, match="come back in 90000 s"):
        send()


def test_a_server_that_keeps_failing_is_given_up_and_gone_on_with_later(quiet, send):
    quiet.fault("/content$", status=503, times=1000)
    with pytest.raises(InputError, match="given up after 6 attempts: 503"):
        send()
    quiet.calm()
    drafts = len(quiet.drafts())
    send()
    assert len(quiet.drafts()) == drafts


def test_wrong_md5_once_is_sent_again(quiet, send):
    quiet.fault("/draft/files$", method="GET", wrong_md5=True, skip=1)
    before = last(quiet)
    assert send(publish=True).published
    assert len(writes(quiet, before, "/content$")) == len(list(send.folder.iterdir())) + 1


def test_an_upload_that_always_arrives_damaged_is_not_published(quiet, send):
    quiet.fault("/draft/files$", method="GET", wrong_md5=True, times=1000)
    with pytest.raises(InputError, match=r"arrives damaged.*nothing was published"):
        send(publish=True)
    quiet.calm()
    assert json.loads(send.journal.read_text())["id"] not in quiet.published()


def test_metadata_that_the_repository_refuses_are_named(quiet, send, monkeypatch):
    from tidings.zenodo import record

    right = record.metadata_of
    monkeypatch.setattr(record, "metadata_of", lambda *a: {**right(*a), "colour": "blue"})
    with pytest.raises(InputError, match=r"the metadata are refused: metadata.colour: Unknown field"):
        send(publish=True)
    assert json.loads(send.journal.read_text())["id"] not in quiet.published()


@pytest.mark.parametrize("scopes", [("deposit:write",), ("deposit:actions",)])
def test_token_without_a_scope(quiet, send, scopes):
    token = quiet.new_token(*scopes)
    with pytest.raises(Refused, match="403") as caught:
        send(token=token, publish=True)
    assert token not in str(caught.value)


def test_token_of_another_user_cannot_touch_the_draft(quiet, send):
    made = send()
    with pytest.raises(Refused, match="403"):
        send(token=quiet.new_token(user="other"))
    assert made.id in quiet.drafts()


# ---- records that are not fit ---------------------------------------------------------------------------


def spoil_empty(folder, token):
    (folder / "empty.txt").touch()


def spoil_many(folder, token):
    for number in range(100):
        (folder / f"f{number}").write_text("x")


def spoil_name(folder, token):
    (folder / "a b.txt").write_text("x")


def spoil_folder(folder, token):
    (folder / "sub").mkdir()


def spoil_content(folder, token):
    (folder / "verdict.html").write_text("changed")


def spoil_token(folder, token):
    path = folder / "verdict.html"
    path.write_text(f"<p>{token}</p>")
    import hashlib

    manifest = folder / "manifest-sha256.txt"
    lines = [line for line in manifest.read_text().splitlines() if not line.endswith("verdict.html")]
    lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  verdict.html")
    manifest.write_text("\n".join(lines) + "\n")


def spoil_description(folder, token):
    (folder / "CITATION.cff").unlink()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (spoil_empty, r"empty.txt: is empty"),
        (spoil_many, r"has 10\d files"),
        (spoil_name, r"a b.txt: a record has only files with names"),
        (spoil_folder, r"sub: a record has only files"),
        (spoil_content, r"not as its manifest says: .*verdict.html"),
        (spoil_token, r"verdict.html: holds your access token"),
        (spoil_description, r"CITATION.cff"),
    ],
)
def test_unfit_records_are_refused_before_the_first_request(quiet, send, spoil, message):
    spoil(send.folder, quiet.token)
    before = last(quiet)
    with pytest.raises(InputError, match=message) as caught:
        send(publish=True)
    assert quiet.token not in str(caught.value)
    assert last(quiet) == before


# ---- the command ----------------------------------------------------------------------------------------


def call(*words, **options):
    return subprocess.run(
        [sys.executable, str(ROOT / "scripts/deposit.py"), *map(str, words)],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        **options,
    )


def test_kill_in_the_middle_of_an_upload_then_the_same_command(quiet, tmp_path, monkeypatch):
    folder = zenodo_records.make(tmp_path / "record", bulk=2_000_000, headline="killed")
    monkeypatch.setenv("INVENIORDM_TOKEN", quiet.token)
    words = [sys.executable, ROOT / "scripts/deposit.py", folder, "--repository", quiet.url, "--publish"]
    # The fifth file hangs, so that the kill meets an upload.
    hanging = quiet.fault("/content$", method="PUT", skip=4, delay=600)
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        while hanging.times:
            assert process.poll() is None, process.stdout.read()
    finally:
        process.send_signal(signal.SIGKILL)
        process.communicate()
    quiet.calm()
    journal = json.loads((tmp_path / "record.127.0.0.1.deposit.json").read_text())
    finished = set(journal["files"])
    assert len(finished) == 4
    drafts, before = quiet.drafts(), last(quiet)
    done = call(*words[2:])
    assert done.returncode == 0, done.stderr
    assert journal["id"] in quiet.published()
    assert not [one for one in quiet.drafts() if one not in drafts]
    sent = {c.path.split("/")[-2] for c in writes(quiet, before, "/content$")}
    assert not sent & finished
    assert len(sent) == len(list(folder.iterdir())) - 4


def test_missing_token_names_where_to_put_it(tmp_path, monkeypatch, capsys):
    folder = zenodo_records.make(tmp_path / "record")
    for name in ("ZENODO_TOKEN", "ZENODO_SANDBOX_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    assert command.main([str(folder)]) == 1
    assert "ZENODO_SANDBOX_TOKEN" in capsys.readouterr().err
    assert command.main([str(folder), "--production"]) == 1
    assert "into ZENODO_TOKEN" in capsys.readouterr().err


def test_token_file_that_others_can_read_is_refused(tmp_path, capsys):
    folder = zenodo_records.make(tmp_path / "record")
    token = tmp_path / "token"
    token.write_text("secret-word\n")
    token.chmod(0o644)
    assert command.main([str(folder), "--token-file", str(token)]) == 1
    told = capsys.readouterr().err
    assert "chmod 600" in told
    assert "secret-word" not in told


def test_plain_http_is_refused_elsewhere(tmp_path, monkeypatch, capsys):
    folder = zenodo_records.make(tmp_path / "record")
    monkeypatch.setenv("INVENIORDM_TOKEN", "secret-word")
    assert command.main([str(folder), "--repository", "http://example.org"]) == 1
    assert "in the clear" in capsys.readouterr().err


def test_unknown_token_is_explained_without_being_shown(quiet, tmp_path, monkeypatch, capsys):
    folder = zenodo_records.make(tmp_path / "record")
    monkeypatch.setenv("INVENIORDM_TOKEN", "secret-word")
    assert command.main([str(folder), "--repository", quiet.url]) == 1
    told = capsys.readouterr().err
    assert "scopes deposit:write and deposit:actions" in told
    assert "secret-word" not in told


def test_full_disk_is_named_and_leaves_no_torn_journal(quiet, tmp_path, monkeypatch):
    folder = zenodo_records.make(tmp_path / "record", headline="full disk")
    monkeypatch.setenv("INVENIORDM_TOKEN", quiet.token)

    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    done = call(folder, "--repository", quiet.url, preexec_fn=limit)
    assert done.returncode == 1
    assert "cannot be written (File too large)" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("*.json")) and not list(tmp_path.glob(".*.part"))


def test_token_is_in_no_file_line_or_address(quiet, tmp_path, monkeypatch, capfd):
    folder = zenodo_records.make(tmp_path / "record", headline="no token anywhere")
    monkeypatch.setenv("INVENIORDM_TOKEN", quiet.token)
    assert command.main([str(folder), "--repository", quiet.url, "--publish"]) == 0
    told = "".join(capfd.readouterr())
    assert quiet.token not in told
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert quiet.token.encode() not in path.read_bytes(), path
            assert str(tmp_path).encode() not in path.read_bytes(), path
    assert not [c for c in quiet.journal if quiet.token in c.path + c.query]


@pytest.mark.parametrize("text", ["", "{", '{"format": "other"}', "[]"])
def test_a_damaged_journal_is_refused_by_name(tmp_path, text):
    path = tmp_path / "journal.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"journal\.json: not a journal"):
        Journal(path, "https://zenodo.org", "urn:uuid:1")


def test_a_journal_of_another_run_is_refused(tmp_path):
    path = tmp_path / "journal.json"
    Journal(path, "https://zenodo.org", "urn:uuid:1").note(id="7")
    with pytest.raises(InputError, match="another run or repository"):
        Journal(path, "https://zenodo.org", "urn:uuid:2")
    with pytest.raises(InputError, match="another run or repository"):
        Journal(path, "https://sandbox.zenodo.org", "urn:uuid:1")


def test_figures_have_names_in_a_record_that_clients_can_fetch():
    assert shown_name("results/legacy/LS165.11+38.21/LS165.11+38.21_image.png") == "LS165.11_38.21_image.png"
    assert shown_name("results/gw/GW150914_network.png") == "GW150914_network.png"
