"""The local Zenodo's older interface, and what stands around both: resolver, limits, faults, journal, proxy.

Where Zenodo's documents and its code differ, the code counts: each such case was seen on Zenodo's own code,
and is asserted here.
"""

from __future__ import annotations

import datetime
import json
import os
import subprocess
import sys

import pytest
import requests

from servers.zenodo import zenodo

HELLO = "5d41402abc4b2a76b9719d911017c592"
METADATA = {
    "title": "Light curve of a burst",
    "upload_type": "publication",
    "publication_type": "article",
    "description": "Counts.",
    "creators": [{"name": "Curie, Marie", "affiliation": "Sorbonne", "orcid": "0000-0002-1825-0097"}],
    "license": "CC-BY-4.0",
    "version": "1.0.0",
    "keywords": ["gamma-ray bursts"],
    "subjects": [{"term": "Transient sources", "identifier": "http://astrothesaurus.org/uat/1851"}],
    "related_identifiers": [{"identifier": "10.5281/zenodo.1", "relation": "isDerivedFrom"}],
    "notes": "Made for a test.",
    "publication_date": "2026-05-17",
    "language": "eng",
}


@pytest.fixture(scope="module")
def everything():
    with zenodo() as server:
        yield server


@pytest.fixture
def server(everything):
    limits = dict(vars(everything.limits))
    yield everything
    everything.calm()
    vars(everything.limits).update(limits)


@pytest.fixture
def ask(server):
    """A request as the user that must end with a status."""

    def ask(method, path, status=200, **options):
        url = path if path.startswith("http") else f"{server.url}/api/deposit/depositions{path}"
        options.setdefault("headers", server.bearer)
        answer = requests.request(method, url, timeout=30, allow_redirects=False, **options)
        assert answer.status_code == status, answer.text
        return answer

    return ask


@pytest.fixture
def draft(ask):
    """A deposit with metadata and a file, ready to be published."""
    made = ask("POST", "", 201, json={"metadata": METADATA}).json()
    ask("PUT", f"{made['links']['bucket']}/a.txt", 201, data=b"hello")
    return made


@pytest.fixture
def done(ask, draft):
    """A published deposit."""
    return ask("POST", f"/{draft['id']}/actions/publish", 202).json()


def today():
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def words(answer):
    said = answer.json()
    return " ".join([said["message"], *(one for each in said.get("errors", []) for one in each["messages"])])


# Deposits


def test_nobody_is_refused_with_403(server):
    for method in ("GET", "POST"):
        answer = requests.request(method, f"{server.url}/api/deposit/depositions", json={})
        assert answer.status_code == 403
        assert answer.json() == {"status": 403, "message": "Permission denied."}


def test_new_deposit_shows_the_doi_that_it_might_get(ask):
    made = ask("POST", "", 201, json={}).json()
    assert made["metadata"]["prereserve_doi"] == {"doi": f"10.5281/zenodo.{made['id']}", "recid": made["id"]}
    assert (made["state"], made["submitted"]) == ("unsubmitted", False)
    assert made["metadata"]["publication_date"] == today()
    assert isinstance(made["id"], int) and isinstance(made["conceptrecid"], str) and "doi" not in made


def test_metadata_come_back(ask, draft):
    read = ask("GET", f"/{draft['id']}").json()["metadata"]
    kept = {key: read[key] for key in METADATA if key not in ("license", "subjects", "related_identifiers")}
    assert kept == {key: METADATA[key] for key in kept}
    assert read["license"] == "cc-by-4.0"
    assert read["subjects"] == [{**METADATA["subjects"][0], "scheme": "url"}]
    assert read["related_identifiers"] == [{**METADATA["related_identifiers"][0], "scheme": "doi"}]


def test_unknown_field_is_silently_left_out(ask, draft):
    read = ask("PUT", f"/{draft['id']}", json={"metadata": {**METADATA, "colour": "red"}}).json()
    assert "colour" not in read["metadata"] and read["title"] == METADATA["title"]


@pytest.mark.parametrize(
    "field, value, said",
    [
        ("upload_type", "banana", "Invalid value banana."),
        ("publication_type", "banana", "Invalid value banana."),
        ("license", "banana", "Invalid value banana."),
        ("related_identifiers", [{"identifier": "10.1/2", "relation": "eats"}], "Invalid value eats."),
    ],
)
def test_unknown_word_is_refused(ask, draft, field, value, said):
    assert said in words(ask("PUT", f"/{draft['id']}", 400, json={"metadata": {**METADATA, field: value}}))
    assert ask("GET", f"/{draft['id']}").json()["metadata"]["upload_type"] == "publication"


def test_workflow_is_a_type(ask, draft):
    ask("PUT", f"/{draft['id']}", json={"metadata": {**METADATA, "upload_type": "workflow"}})
    made = ask("POST", f"/{draft['id']}/actions/publish", 202).json()
    assert made["metadata"]["upload_type"] == "workflow"


def test_publication_needs_metadata_and_a_file(ask):
    made = ask("POST", "", 201, json={"metadata": {}}).json()
    ask("PUT", f"{made['links']['bucket']}/a.txt", 201, data=b"hello")
    refused = ask("POST", f"/{made['id']}/actions/publish", 400)
    assert {"metadata.title", "metadata.creators"} <= {one["field"] for one in refused.json()["errors"]}
    empty = ask("POST", "", 201, json={"metadata": METADATA}).json()
    assert "Missing uploaded files." in words(ask("POST", f"/{empty['id']}/actions/publish", 400))


def test_deleted_deposit_answers_204_and_is_gone(ask, draft):
    assert ask("DELETE", f"/{draft['id']}", 204).content == b""
    ask("GET", f"/{draft['id']}", 404)


def test_published_deposit_has_its_doi(ask, done, server):
    assert (done["state"], done["submitted"]) == ("done", True)
    assert done["doi"] == f"10.5281/zenodo.{done['id']}"
    assert done["conceptdoi"] == f"10.5281/zenodo.{done['conceptrecid']}"
    read = requests.get(done["links"]["record"]).json()
    assert (read["doi"], read["metadata"]["resource_type"]["subtype"]) == (done["doi"], "article")
    assert str(done["id"]) in server.published()


def test_published_deposit_cannot_be_published_changed_deleted_or_filled(ask, done):
    ask("POST", f"/{done['id']}/actions/publish", 404)
    ask("PUT", f"/{done['id']}", 404, json={"metadata": METADATA})
    ask("DELETE", f"/{done['id']}", 404)
    ask("PUT", f"{done['links']['bucket']}/b.txt", 404, data=b"hello")
    ask("POST", f"/{done['id']}/files", 404, files={"file": ("b.txt", b"hello")}, data={"name": "b.txt"})
    ask("DELETE", done["files"][0]["links"]["self"], 404)


def test_edit_and_discard(ask, done):
    opened = ask("POST", f"/{done['id']}/actions/edit", 201).json()
    assert (opened["state"], opened["submitted"]) == ("inprogress", True)
    ask("PUT", f"/{done['id']}", json={"metadata": {**METADATA, "title": "Another title"}})
    assert ask("POST", f"/{done['id']}/actions/discard", 204).content == b""
    assert ask("GET", f"/{done['id']}").json()["title"] == METADATA["title"]


def test_edit_and_publish_keep_the_doi(ask, done):
    ask("POST", f"/{done['id']}/actions/edit", 201)
    ask("PUT", f"/{done['id']}", json={"metadata": {**METADATA, "title": "Another title"}})
    again = ask("POST", f"/{done['id']}/actions/publish", 202).json()
    assert (again["title"], again["doi"]) == ("Another title", done["doi"])


def test_new_version_answers_with_the_new_draft(ask, done):
    made = ask("POST", f"/{done['id']}/actions/newversion", 201).json()
    assert made["id"] != done["id"] and made["conceptrecid"] == done["conceptrecid"]
    assert made["links"]["latest_draft"] == made["links"]["self"]
    assert ask("GET", f"/{done['id']}").json()["links"]["latest_draft"] == made["links"]["self"]
    assert "version" not in made["metadata"]
    assert made["metadata"]["publication_date"] == today()
    assert [(one["filename"], one["checksum"]) for one in made["files"]] == [("a.txt", HELLO)]


def test_second_new_version_wants_the_files_removed(ask, done):
    made = ask("POST", f"/{done['id']}/actions/newversion", 201).json()
    refused = ask("POST", f"/{done['id']}/actions/newversion", 400)
    assert refused.json()["errors"] == [
        {"field": "files.enabled", "messages": ["Please remove all files first."]}
    ]
    ask("DELETE", made["files"][0]["links"]["self"], 204)
    assert ask("POST", f"/{done['id']}/actions/newversion", 201).json()["id"] == made["id"]


def test_deposits_are_listed_by_state(ask, draft):
    other = ask("POST", "", 201, json={"metadata": METADATA}).json()
    ask("PUT", f"{other['links']['bucket']}/a.txt", 201, data=b"hello")
    ask("POST", f"/{other['id']}/actions/publish", 202)
    drafts = {one["id"] for one in ask("GET", "?status=draft&size=100").json()}
    assert draft["id"] in drafts and other["id"] not in drafts
    assert other["id"] in {one["id"] for one in ask("GET", "?status=published&size=100").json()}


def test_sandbox_shows_a_doi_that_it_will_not_give(server):
    url, header = f"{server.sandbox_url}/api/deposit/depositions", f"Bearer {server.sandbox_token}"
    made = requests.post(url, json={"metadata": METADATA}, headers={"Authorization": header}).json()
    requests.put(f"{made['links']['bucket']}/a.txt", data=b"hello", headers={"Authorization": header})
    done = requests.post(made["links"]["publish"], headers={"Authorization": header}).json()
    assert made["metadata"]["prereserve_doi"]["doi"].startswith("10.5281/")
    assert done["doi"] == f"10.5072/zenodo.{done['id']}"
    assert requests.post(url, json={}, headers=server.bearer).status_code == 403


# Files


def test_bucket_takes_a_file_and_replaces_it(ask, draft):
    first = ask("PUT", f"{draft['links']['bucket']}/b.txt", 201, data=b"first").json()
    second = ask("PUT", f"{draft['links']['bucket']}/b.txt", 201, data=b"hello").json()
    assert second["checksum"] == f"md5:{HELLO}" and second["version_id"] != first["version_id"]
    listed = ask("GET", f"/{draft['id']}/files").json()
    assert [(one["filename"], one["checksum"]) for one in listed] == [("a.txt", HELLO), ("b.txt", HELLO)]


def test_size_is_a_float_until_publication(ask, draft):
    assert '"filesize":5.0' in ask("GET", f"/{draft['id']}").text.replace(" ", "")
    assert '"filesize":5,' in ask("POST", f"/{draft['id']}/actions/publish", 202).text.replace(" ", "")


def test_bucket_cannot_be_listed(ask, draft):
    assert ask("GET", draft["links"]["bucket"], 500).json()["status"] == 500


@pytest.mark.parametrize("key", ["folder/a.txt", "folder%2Fa.txt"])
def test_bucket_has_no_folders(ask, draft, key):
    ask("PUT", f"{draft['links']['bucket']}/{key}", 404, data=b"hello")


@pytest.mark.parametrize("key", ["two words.txt", "größe.txt"])
def test_bucket_keeps_names_of_any_kind(ask, draft, key):
    assert ask("PUT", f"{draft['links']['bucket']}/{key}", 201, data=b"hello").json()["key"] == key


def test_form_changes_names_and_takes_each_once(ask, draft):
    def send(status, name):
        files = {"file": ("x", b"hello")}
        return ask("POST", f"/{draft['id']}/files", status, data={"name": name}, files=files)

    assert send(201, "c d.txt").json()["filename"] == "c_d.txt"
    assert "already exists" in words(send(400, "c d.txt"))


def test_files_can_be_neither_sorted_nor_renamed(ask, draft):
    file = ask("GET", f"/{draft['id']}/files").json()[0]
    ask("PUT", f"/{draft['id']}/files", 405, json=[{"id": file["id"]}])
    ask("PUT", f"/{draft['id']}/files/{file['id']}", 405, json={"name": "other.txt"})


def test_empty_file_and_one_too_many_are_refused(ask, draft, server):
    refused = ask("PUT", f"{draft['links']['bucket']}/b.txt", 400, data=b"")
    assert words(refused) == "Empty files are not accepted."
    server.limits.files = 2
    ask("PUT", f"{draft['links']['bucket']}/b.txt", 201, data=b"hello")
    refused = ask("PUT", f"{draft['links']['bucket']}/c.txt", 400, data=b"hello")
    assert "exceeding the max amount" in words(refused)
    ask("PUT", f"{draft['links']['bucket']}/b.txt", 201, data=b"again")


def test_both_interfaces_show_one_draft(ask, draft, server):
    headers = {**server.bearer, "Accept": "application/vnd.inveniordm.v1+json"}
    newer = ask("GET", f"{server.url}/api/records/{draft['id']}/draft", headers=headers).json()
    assert newer["metadata"]["resource_type"]["id"] == "publication-article"
    assert newer["metadata"]["creators"][0]["person_or_org"]["identifiers"] == [
        {"scheme": "orcid", "identifier": "0000-0002-1825-0097"}
    ]
    assert newer["files"]["entries"]["a.txt"]["checksum"] == f"md5:{HELLO}"


# Pages and DOIs


def test_doi_leads_to_the_record(server):
    first = server.publish({"a.txt": b"hello"}, title="Where a DOI leads")
    second = server.publish({"a.txt": b"hello"}, new_version_of=first, title="Second version")
    concept = server.record(first).concept
    there = requests.get(f"{server.doi_url}/10.5281/zenodo.{first}")
    assert there.url == f"{server.url}/records/{first}" and "Where a DOI leads" in there.text
    assert [one.status_code for one in there.history] == [302, 302]
    assert requests.get(f"{server.doi_url}/10.5281/zenodo.{concept}").url == f"{server.url}/records/{second}"
    assert requests.get(f"{server.doi_url}/10.5281/zenodo.99").status_code == 404
    sandbox = server.publish({"a.txt": b"hello"}, sandbox=True)
    assert requests.get(f"{server.doi_url}/10.5072/zenodo.{sandbox}").status_code == 404


def test_pages(server):
    number = server.publish({"a.txt": b"hello"}, title="A page")
    page = requests.get(f"{server.url}/record/{number}")
    assert page.url == f"{server.url}/records/{number}" and "a.txt?download=1" in page.text
    assert requests.get(f"{server.url}/records/{number}/files/a.txt?download=1").content == b"hello"
    assert f"doi          = {{10.5281/zenodo.{number}}}" in requests.get(f"{page.url}/export/bibtex").text


# Limits


def test_rate_is_told_and_enforced(server):
    url = f"{server.url}/api/records?size=1"
    headers = {"Authorization": f"Bearer {server.new_token(user='busy')}"}
    server.limits.rate = 2
    left = [requests.get(url, headers=headers).headers["X-RateLimit-Remaining"] for _ in range(2)]
    refused = requests.get(url, headers=headers)
    assert left == ["1", "0"] and refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["X-RateLimit-Limit"] == "2"
    other = {"Authorization": f"Bearer {server.new_token(user='idle')}"}
    assert requests.get(url, headers=other).status_code == 200
    server.limits.window = 0
    assert requests.get(url, headers=headers).status_code == 200


# Faults


@pytest.fixture
def file(server):
    number = server.publish({"a.txt": b"hello"})
    return f"{server.url}/api/records/{number}/files/a.txt/content"


def test_fault_meets_as_many_requests_as_it_should(server, file):
    server.fault("/content$", status=503, skip=1, times=2)
    assert [requests.get(file).status_code for _ in range(4)] == [200, 503, 503, 200]


def test_429_says_when_to_come_again(server, file):
    server.fault(status=429, retry_after=7)
    refused = requests.get(file)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "7")


@pytest.mark.parametrize("status", [500, 504])
def test_failure_although_it_is_published(server, ask, draft, status):
    server.fault("actions/publish", status=status, done=True)
    ask("POST", f"/{draft['id']}/actions/publish", status)
    assert ask("GET", f"/{draft['id']}").json()["state"] == "done"


def test_503_and_nothing_was_done(server, ask, draft):
    server.fault("actions/publish", method="POST", status=503)
    ask("POST", f"/{draft['id']}/actions/publish", 503)
    assert ask("GET", f"/{draft['id']}").json()["state"] == "unsubmitted"


def test_truncated_and_cut_content(server, file):
    server.fault("/content$", truncate=3)
    assert requests.get(file).content == b"hel"
    server.fault("/content$", cut=3)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        requests.get(file)
    assert requests.get(file).content == b"hello"


def test_cut_upload_leaves_nothing(server, ask, draft):
    server.fault("/b.bin$", cut=1000)
    with pytest.raises(requests.exceptions.ConnectionError):
        ask("PUT", f"{draft['links']['bucket']}/b.bin", data=bytes(5_000_000))
    assert server.contents(draft["id"]) == {"a.txt": b"hello"}
    assert server.calls("/b.bin$")[-1].status is None


def test_wrong_md5_and_wrong_bytes(server, ask, draft, file):
    server.fault("/b.txt$", wrong_md5=True)
    said = ask("PUT", f"{draft['links']['bucket']}/b.txt", 201, data=b"hello").json()
    assert said["checksum"] == f"md5:{'0' * 32}"
    server.fault("/content$", corrupt=True)
    spoiled = requests.get(file)
    assert spoiled.content == b"iello" and spoiled.headers["Content-MD5"] == HELLO


def test_slow_answer(server, file):
    server.fault("/content$", delay=5)
    with pytest.raises(requests.exceptions.ReadTimeout):
        requests.get(file, timeout=0.2)


def test_body_of_a_fault(server, file):
    server.fault("/content$", status=200, body=b"<html>maintenance</html>")
    assert requests.get(file).text == "<html>maintenance</html>"


def test_journal_says_what_was_asked(server, ask, draft):
    ask("PUT", f"{draft['links']['bucket']}/journal.txt?x=1", 201, data=b"hello")
    call = server.calls("/journal.txt$", method="PUT")[-1]
    assert (call.received, call.status, call.user, call.query) == (5, 201, "user", "x=1")
    assert call.headers["authorization"] == f"Bearer {server.token}"
    assert server.count("/journal.txt$", method="PUT", status=201) == 1


def test_another_process_can_put_faults_in_and_read_the_journal(server, file):
    control = f"{server.url}/_control"
    requests.post(f"{control}/faults", json={"path": "/content$", "status": 503, "times": 5})
    assert requests.get(file).status_code == 503
    requests.delete(f"{control}/faults")
    assert requests.get(file).status_code == 200
    assert requests.post(f"{control}/limits", json={"rate": 7777}).json()["rate"] == 7777
    assert [one["status"] for one in requests.get(f"{control}/journal").json()[-2:]] == [503, 200]


# The real names

CLIENT = """\
import json, sys, requests
zenodo, doi, other = sys.argv[1:]
found = requests.get(doi)
try:
    requests.get(other)
except requests.exceptions.ProxyError as error:
    refused = str(error)
links = requests.get(zenodo).json()["links"]
print(json.dumps([found.url, [one.url for one in found.history], links["self"], refused]))
"""


def test_real_names_lead_here_and_all_others_nowhere(server):
    number = server.publish({"a.txt": b"hello"})
    doi, other = f"https://doi.org/10.5281/zenodo.{number}", "https://example.org/"
    command = [sys.executable, "-c", CLIENT, f"https://zenodo.org/api/records/{number}", doi, other]
    environment = {**os.environ, **server.environment}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    url, history, link, refused = json.loads(done.stdout)
    assert url == f"https://zenodo.org/records/{number}"
    assert history == [doi, f"https://zenodo.org/doi/10.5281/zenodo.{number}"]
    assert link == f"https://zenodo.org/api/records/{number}"
    assert "403 Forbidden" in refused
    assert {call.host for call in server.journal} >= {"doi.org", "zenodo.org"}
