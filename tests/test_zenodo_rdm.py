"""InvenioRDM's interface as the local Zenodo answers: what Zenodo's own code was seen to do.

The same tests run against the real InvenioRDM, which `python tests/services/inveniordm.py` installs and
starts, or against another that the environment names, with the token of one who may publish there. It must be
set up like Zenodo: 100 files, none empty, no restricted records, DOIs.

    export TIDINGS_RDM_URL=https://127.0.0.1:5000 TIDINGS_RDM_TOKEN=... REQUESTS_CA_BUNDLE=certificate.pem
    python -m pytest tests/test_zenodo_rdm.py -k "real or other"

What is Zenodo's alone (numbers as ids, older JSON, search, lowered limits) stands in test_zenodo_own.py.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import os
import uuid
import zipfile

import pytest

from rdm import METADATA, PLAIN, Api, fields, message
from servers.zenodo import zenodo

ELSEWHERE = os.environ.get("TIDINGS_RDM_URL"), os.environ.get("TIDINGS_RDM_TOKEN")


@pytest.fixture(scope="module")
def server():
    with zenodo() as server:
        yield server


@pytest.fixture(scope="module", params=["local", "real"] if all(ELSEWHERE) else ["local"])
def api(request, server):
    return Api(server.url, server.token) if request.param == "local" else Api(*ELSEWHERE)


@pytest.fixture
def nobody(api):
    return Api(api.url)


@pytest.mark.skipif(not all(ELSEWHERE), reason="no InvenioRDM (TIDINGS_RDM_URL, TIDINGS_RDM_TOKEN)")
def test_the_other_is_an_inveniordm_and_knows_the_user():
    real = Api(*ELSEWHERE)
    assert {"hits", "links"} <= real("GET", "/user/records").json().keys()


# Drafts


def test_new_draft_is_listed_with_what_it_lacks(api):
    made = api("POST", "/records", 201, json={"metadata": {}, "files": {"enabled": True}})
    body = made.json()
    assert isinstance(body["id"], str) and body["is_draft"] and not body["is_published"]
    assert {"metadata.title", "metadata.creators", "metadata.resource_type"} <= fields(made)
    assert body["links"]["self"].endswith(f"/api/records/{body['id']}/draft")
    assert body["versions"]["index"] == 1


def test_metadata_come_back_as_they_were_said(api):
    draft = api.draft()
    said = {**METADATA, "rights": [{"id": "cc-by-4.0"}], "languages": [{"id": "eng"}]}
    said["subjects"] = [{"subject": "gamma-ray bursts"}]
    related = {"identifier": "10.5281/zenodo.1", "scheme": "doi", "relation_type": {"id": "isderivedfrom"}}
    said["related_identifiers"] = [related]
    api("PUT", draft, json={"metadata": said, "files": {"enabled": True}})
    read = api("GET", draft).json()["metadata"]
    for name in ("title", "publication_date", "version", "publisher", "description"):
        assert read[name] == METADATA[name]
    assert read["creators"][0]["person_or_org"]["name"] == "Curie, Marie"
    assert [one["id"] for one in read["rights"]] == ["cc-by-4.0"]
    assert [one["subject"] for one in read["subjects"]] == ["gamma-ray bursts"]
    assert read["related_identifiers"][0]["relation_type"]["id"] == "isderivedfrom"


def test_what_an_update_leaves_out_is_gone(api):
    draft = api.draft()
    said = {key: value for key, value in METADATA.items() if key != "version"}
    assert "version" not in api("PUT", draft, json={"metadata": said}).json()["metadata"]


def test_wrong_values_are_named_and_not_kept(api):
    draft = api.draft()
    said = {**METADATA, "colour": "red", "title": "ab", "publication_date": "2026-13-45"}
    answer = api("PUT", draft, json={"metadata": said, "files": {"enabled": True}})
    assert {"metadata.colour", "metadata.title", "metadata.publication_date"} <= fields(answer)
    kept = api("GET", draft).json()
    assert not {"colour", "title", "publication_date"} & kept["metadata"].keys()
    assert kept["metadata"]["version"] == METADATA["version"]
    assert "errors" not in kept


@pytest.mark.parametrize(
    "field, value",
    [
        ("resource_type", {"id": "banana"}),
        ("rights", [{"id": "CC-BY-4.0"}]),
        ("languages", [{"id": "zz"}]),
        ("related_identifiers", [{"identifier": "10.1/2", "scheme": "doi", "relation_type": {"id": "eats"}}]),
    ],
)
def test_word_of_no_list_is_refused_and_nothing_taken(api, field, value):
    draft = api.draft()
    said = {"metadata": {**METADATA, "title": "Another title", field: value}, "files": {"enabled": True}}
    assert message(api("PUT", draft, 400, json=said)).startswith("Invalid value ")
    assert api("GET", draft).json()["metadata"]["title"] == METADATA["title"]


def test_subject_keeps_its_words_and_no_address(api):
    said = {
        **METADATA,
        "subjects": [{"subject": "Blazars", "identifier": "http://astrothesaurus.org/uat/164"}],
    }
    kept = api("PUT", api.draft(), json={"metadata": said, "files": {"enabled": True}}).json()["metadata"]
    assert kept["subjects"] == [{"subject": "Blazars"}]


def test_any_doi_is_believed_but_only_once(api):
    doi = {"identifier": f"10.1234/{uuid.uuid4()}", "provider": "external"}
    said = {"metadata": METADATA, "pids": {"doi": doi}, "files": {"enabled": True}}
    draft, other = api.draft(), api.draft()
    api.upload(draft, "a.txt", b"hello")
    api("PUT", draft, json=said)
    assert api("POST", f"{draft}/actions/publish", 202).json()["pids"]["doi"] == doi
    api.upload(other, "a.txt", b"hello")
    api("PUT", other, json=said)
    assert "already exists." in message(api("POST", f"{other}/actions/publish", 400))


def test_publication_needs_title_creators_and_type(api):
    draft = api.draft()
    api.upload(draft, "a.txt", b"hello")
    api("PUT", draft, json={"metadata": {"description": "none"}, "files": {"enabled": True}})
    refused = api("POST", f"{draft}/actions/publish", 400)
    assert {"metadata.title", "metadata.creators", "metadata.resource_type"} <= fields(refused)
    assert api("GET", draft).json()["is_published"] is False


def test_draft_is_its_owners_alone(api, nobody):
    draft = api.draft()
    assert message(nobody("GET", draft, 403)) == "Permission denied."
    nobody("PUT", draft, 403, json={"metadata": METADATA})
    nobody("POST", "/records", 403, json={"metadata": METADATA})
    nobody("GET", f"{draft}/files", 403)


def test_deleted_draft_is_gone(api):
    draft = api.draft()
    assert api("DELETE", draft, 204).content == b""
    assert api("GET", draft, 404).json()["status"] == 404


def test_record_of_a_draft_is_not_registered_and_another_does_not_exist(api):
    record = api.draft().removesuffix("/draft")
    assert message(api("GET", record, 404)) == "The persistent identifier is not registered."
    assert message(api("GET", "/records/999999999", 404)) == "The persistent identifier does not exist."


def test_broken_json_is_refused(api):
    refused = api("PUT", api.draft(), 400, data=b"{", headers={"Content-Type": "application/json"})
    assert message(refused) == "Unable to decode JSON data in request body."


# Files


def test_file_is_announced_sent_and_committed(api):
    draft, content = api.draft(), b"0123456789" * 100_000
    announced = api("POST", f"{draft}/files", 201, json=[{"key": "b.bin"}]).json()["entries"]
    assert [(one["key"], one["status"]) for one in announced] == [("b.bin", "pending")]
    api("PUT", f"{draft}/files/b.bin/content", data=content)
    done = api("POST", f"{draft}/files/b.bin/commit").json()
    assert (done["status"], done["size"]) == ("completed", len(content))
    assert done["checksum"] == f"md5:{hashlib.md5(content).hexdigest()}"
    listed = api("GET", f"{draft}/files").json()
    assert [one["key"] for one in listed["entries"]] == ["b.bin"]
    assert api("GET", f"{draft}/files/b.bin/content").content == content


def test_md5_is_told_when_the_file_is_committed(api):
    draft = api.draft()
    api("POST", f"{draft}/files", 201, json=[{"key": "a.txt"}])
    sent = api("PUT", f"{draft}/files/a.txt/content", data=b"hello").json()
    assert sent["status"] == "pending" and "checksum" not in sent
    api("GET", f"{draft}/files/a.txt/content", 500)
    assert api("GET", draft).json()["files"]["entries"]["a.txt"].keys() == {"key", "metadata", "access"}
    api("POST", f"{draft}/files/a.txt/commit")
    shown = api("GET", draft).json()["files"]["entries"]["a.txt"]
    assert shown["checksum"] == f"md5:{hashlib.md5(b'hello').hexdigest()}" and "links" not in shown


def test_file_is_announced_once_and_sent_once(api):
    draft = api.draft()
    api.upload(draft, "a.txt", b"hello")
    assert message(api("POST", f"{draft}/files", 400, json=[{"key": "a.txt"}])).endswith("already exists.")
    assert api("GET", f"{draft}/files").json()["entries"][0]["size"] == 5


def test_content_can_be_replaced_until_it_is_committed(api):
    draft = api.draft()
    api("POST", f"{draft}/files", 201, json=[{"key": "a.txt"}])
    api("PUT", f"{draft}/files/a.txt/content", data=b"first")
    api("PUT", f"{draft}/files/a.txt/content", data=b"second")
    api("POST", f"{draft}/files/a.txt/commit")
    assert api("POST", f"{draft}/files/a.txt/commit").json()["size"] == 6
    assert api("GET", f"{draft}/files/a.txt/content").content == b"second"


def test_content_of_a_committed_file_is_refused_with_200_and_the_file_dropped(api):
    draft = api.draft()
    api.upload(draft, "a.txt", b"hello")
    said = api("PUT", f"{draft}/files/a.txt/content", data=b"other").json()
    assert said["errors"] == "File upload transfer failed." and said["size"] == 5
    assert api("GET", f"{draft}/files").json()["entries"] == []


def test_commit_needs_content(api):
    draft = api.draft()
    api("POST", f"{draft}/files", 201, json=[{"key": "a.txt"}])
    api("POST", f"{draft}/files/a.txt/commit", 500)
    assert api("GET", f"{draft}/files").json()["entries"][0]["status"] == "pending"


def test_content_needs_an_announcement(api):
    draft = api.draft()
    assert "has no file 'a.txt'" in message(api("PUT", f"{draft}/files/a.txt/content", 404, data=b"hello"))
    assert "has no file 'a.txt'" in message(api("GET", f"{draft}/files/a.txt", 404))


def test_file_can_be_taken_back_and_sent_anew(api):
    draft = api.draft()
    api.upload(draft, "a.txt", b"hello")
    api("DELETE", f"{draft}/files/a.txt", 204)
    assert api("GET", f"{draft}/files").json()["entries"] == []
    assert api.upload(draft, "a.txt", b"other words")["size"] == 11


def test_empty_file_is_refused(api):
    draft = api.draft()
    api("POST", f"{draft}/files", 201, json=[{"key": "empty"}])
    api("PUT", f"{draft}/files/empty/content", data=b"")
    assert message(api("POST", f"{draft}/files/empty/commit", 400)) == "Empty files are not accepted."


def test_hundred_files_and_not_one_more(api):
    draft = api.draft()
    api("POST", f"{draft}/files", 201, json=[{"key": f"{number}.txt"} for number in range(100)])
    refused = api("POST", f"{draft}/files", 400, json=[{"key": "100.txt"}])
    assert "exceeding the max amount" in message(refused)
    assert len(api("GET", f"{draft}/files").json()["entries"]) == 100


def test_md5_said_before_is_not_looked_at(api):
    draft = api.draft()
    wrong = f"md5:{'0' * 32}"
    api("POST", f"{draft}/files", 201, json=[{"key": "a.txt", "checksum": wrong}])
    api("PUT", f"{draft}/files/a.txt/content", data=b"hello")
    done = api("POST", f"{draft}/files/a.txt/commit").json()
    assert (done["status"], done["checksum"]) == ("completed", "md5:5d41402abc4b2a76b9719d911017c592")


@pytest.mark.parametrize("key", ["folder/a.txt", "two words.txt", "größe.txt"])
def test_names_of_any_kind_are_kept(api, key):
    draft = api.draft()
    assert api.upload(draft, key, b"hello")["key"] == key
    assert api("GET", f"{draft}/files/{key}/content").content == b"hello"


# Publication


def test_published_record_is_for_everybody(api, nobody):
    draft = api.draft()
    api.upload(draft, "a.txt", b"hello")
    said = api("POST", f"{draft}/actions/publish", 202).json()
    assert said["is_published"] and not said["is_draft"] and said["versions"]["is_latest"]
    read = nobody("GET", draft.removesuffix("/draft")).json()
    assert read["metadata"]["title"] == METADATA["title"] and read["access"]["status"] == "open"
    assert read["files"]["entries"]["a.txt"]["checksum"] == "md5:5d41402abc4b2a76b9719d911017c592"
    assert (read["files"]["count"], read["files"]["total_bytes"]) == (1, 5)
    assert read["pids"]["doi"]["identifier"] and read["parent"]["id"] != read["id"]


def test_content_brings_its_md5_and_ignores_a_range(api, nobody):
    record = api.published()
    whole = nobody("GET", f"{record}/files/a.txt/content", headers={"Accept": "*/*", "Range": "bytes=2-3"})
    assert whole.content == b"hello"
    assert whole.headers["ETag"] == '"md5:5d41402abc4b2a76b9719d911017c592"'
    assert whole.headers["Content-MD5"] == "5d41402abc4b2a76b9719d911017c592"


def test_list_of_a_records_files_comes_as_plain_json_only(api, nobody):
    record = api.published()
    listed = nobody("GET", f"{record}/files", headers=PLAIN).json()
    assert [(one["key"], one["size"]) for one in listed["entries"]] == [("a.txt", 5)]
    assert nobody("GET", f"{record}/files/a.txt", headers=PLAIN).json()["mimetype"] == "text/plain"
    assert "has no file 'b.txt'" in message(nobody("GET", f"{record}/files/b.txt", 404, headers=PLAIN))
    nobody("GET", f"{record}/files", 406)
    api("GET", f"{record}/files", 406)


def test_published_record_has_no_draft_that_could_change(api):
    draft = f"{api.published()}/draft"
    assert message(api("POST", f"{draft}/actions/publish", 404)) == "Not found."
    api("PUT", draft, 404, json={"metadata": METADATA})
    api("DELETE", draft, 404)
    api("POST", f"{draft}/files", 404, json=[{"key": "b.txt"}])


def test_no_publication_without_files_or_with_one_that_has_not_come(api):
    draft = api.draft()
    assert "Missing uploaded files" in message(api("POST", f"{draft}/actions/publish", 400))
    api("POST", f"{draft}/files", 201, json=[{"key": "a.txt"}])
    words = "One or more files have not completed their transfer, please wait."
    assert words in message(api("POST", f"{draft}/actions/publish", 400))


def test_doi_is_reserved_once_and_is_that_of_the_record(api):
    draft = api.draft()
    doi = api("POST", f"{draft}/pids/doi", 201).json()["pids"]["doi"]["identifier"]
    assert "A PID already exists for type doi" in message(api("POST", f"{draft}/pids/doi", 400))
    api.upload(draft, "a.txt", b"hello")
    assert api("GET", draft).json()["pids"]["doi"]["identifier"] == doi
    assert api("POST", f"{draft}/actions/publish", 202).json()["pids"]["doi"]["identifier"] == doi


def test_reserved_doi_outlives_an_update_and_can_be_given_back(api):
    draft = api.draft()
    doi = api("POST", f"{draft}/pids/doi", 201).json()["pids"]
    assert api("PUT", draft, json={"metadata": METADATA}).json()["pids"] == doi
    api("DELETE", f"{draft}/pids/doi")
    assert api("GET", draft).json()["pids"] == {}
    api("DELETE", f"{draft}/pids/doi", 404)


def test_edit_keeps_id_doi_and_files(api):
    record = api.published()
    before = api("GET", record).json()
    assert api("POST", f"{record}/draft", 201).json()["is_published"]
    said = {"metadata": {**METADATA, "title": "Another title"}, "files": {"enabled": True}}
    api("PUT", f"{record}/draft", json={**said, "pids": before["pids"], "access": before["access"]})
    assert api("GET", record).json()["metadata"]["title"] == METADATA["title"]
    api("POST", f"{record}/draft/actions/publish", 202)
    after = api("GET", record).json()
    assert after["metadata"]["title"] == "Another title" and after["pids"]["doi"] == before["pids"]["doi"]
    assert after["files"]["entries"].keys() == {"a.txt"} and after["revision_id"] > before["revision_id"]


def test_files_of_a_published_record_stay(api):
    record = api.published()
    api("POST", f"{record}/draft", 201)
    words = "Bucket is locked for modifications."
    assert message(api("DELETE", f"{record}/draft/files/a.txt", 403)) == words
    # A name is taken, but nothing under it.
    api("POST", f"{record}/draft/files", 201, json=[{"key": "b.txt"}])
    assert message(api("PUT", f"{record}/draft/files/b.txt/content", 403, data=b"hello")) == words
    assert "not completed" in message(api("POST", f"{record}/draft/actions/publish", 400))
    api("DELETE", f"{record}/draft", 204)
    assert api("GET", f"{record}/files/a.txt/content", headers=PLAIN).content == b"hello"


# Versions


def test_next_version_is_one_draft_however_often_it_is_asked_for(api):
    record = api.published()
    draft = api("POST", f"{record}/versions", 201).json()
    assert api("POST", f"{record}/versions", 201).json()["id"] == draft["id"] != record.rpartition("/")[2]
    assert draft["versions"]["index"] == 2
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    assert "version" not in draft["metadata"] and draft["metadata"]["publication_date"] == today
    assert draft["metadata"]["title"] == METADATA["title"] and draft["files"]["entries"] == {}


def test_files_are_taken_over_once(api):
    draft = f"/records/{api('POST', f'{api.published()}/versions', 201).json()['id']}/draft"
    taken = api("POST", f"{draft}/actions/files-import", 201).json()["entries"]
    assert [(one["key"], one["size"]) for one in taken] == [("a.txt", 5)]
    refused = api("POST", f"{draft}/actions/files-import", 400)
    assert message(refused).endswith("Please remove all files first.") and fields(refused) == {
        "files.enabled"
    }


def second_version(api, record):
    """Publish a second version of a record with other words in its file; return its path."""
    draft = f"/records/{api('POST', f'{record}/versions', 201).json()['id']}/draft"
    api("PUT", draft, json={"metadata": {**METADATA, "version": "2.0.0"}, "files": {"enabled": True}})
    api.upload(draft, "a.txt", b"second")
    api("POST", f"{draft}/actions/publish", 202)
    return draft.removesuffix("/draft")


def test_versions_lead_to_the_newest(api, nobody):
    first = api.published()
    second = second_version(api, first)
    moved = nobody("GET", f"{first}/versions/latest", 301)
    assert moved.headers["Location"].endswith(f"/api{second}")
    concept = nobody("GET", first).json()["parent"]["id"]
    assert nobody("GET", f"/records/{concept}", 302).headers["Location"].endswith(f"/api{second}")
    latest = [nobody("GET", one).json()["versions"]["is_latest"] for one in (first, second)]
    assert latest == [False, True]
    assert nobody("GET", f"{first}/files/a.txt/content", headers=PLAIN).content == b"hello"


def test_neither_restricted_records_nor_records_without_files_can_be_made(api):
    said = {"metadata": METADATA, "access": {"record": "restricted", "files": "restricted"}}
    assert "manage record access" in message(api("PUT", api.draft(), 400, json=said))
    answer = api("PUT", api.draft(), json={"metadata": METADATA, "files": {"enabled": False}})
    assert fields(answer) == {"files.enabled"} and answer.json()["files"]["enabled"] is True


def test_files_under_embargo_are_their_owners(api, nobody):
    embargo = {"active": True, "until": "2999-01-01", "reason": "A paper."}
    said = {"metadata": METADATA, "access": {"record": "public", "files": "restricted", "embargo": embargo}}
    draft = api.draft()
    api.upload(draft, "a.txt", b"hello")
    api("PUT", draft, json={**said, "files": {"enabled": True}})
    api("POST", f"{draft}/actions/publish", 202)
    record = draft.removesuffix("/draft")
    read = nobody("GET", record).json()
    assert read["access"]["status"] == "embargoed" and read["files"] == {"enabled": True}
    assert message(nobody("GET", f"{record}/files/a.txt/content", 403, headers=PLAIN)) == "Permission denied."
    nobody("GET", f"{record}/files", 403, headers=PLAIN)
    assert api("GET", f"{record}/files/a.txt/content", headers=PLAIN).content == b"hello"


def test_inside_a_zip_and_all_files_as_one(api, nobody):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as out:
        out.writestr("data/one.txt", "one")
    draft = api.draft()
    api.upload(draft, "run.zip", packed.getvalue())
    api.upload(draft, "a.txt", b"hello")
    api("POST", f"{draft}/actions/publish", 202)
    record = draft.removesuffix("/draft")
    inside = nobody("GET", f"{record}/files/run.zip/container", headers=PLAIN).json()
    assert [(one["key"], one["size"]) for one in inside["entries"]] == [("data/one.txt", 3)]
    assert nobody("GET", inside["entries"][0]["links"]["content"], headers=PLAIN).content == b"one"
    nobody("GET", f"{record}/files/run.zip/container/two.txt", 404, headers=PLAIN)
    nobody("GET", f"{record}/files/a.txt/container", 500, headers=PLAIN)
    whole = nobody("GET", f"{record}/files-archive", headers=PLAIN).content
    assert set(zipfile.ZipFile(io.BytesIO(whole)).namelist()) == {"run.zip", "a.txt"}
