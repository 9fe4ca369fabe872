"""InvenioRDM's interface at the local Zenodo, where that is Zenodo's own, or set up for the test."""

from __future__ import annotations

import pytest
import requests

from rdm import METADATA, PLAIN, RDM, Api, message
from servers.zenodo import zenodo


@pytest.fixture(scope="module")
def server():
    with zenodo() as server:
        yield server


@pytest.fixture
def mine(server):
    """A user of the local Zenodo."""
    return Api(server.url, server.token)


def test_ids_are_numbers_and_the_older_json_is_the_default(mine, server):
    number = server.publish({"a.txt": b"hello"}, title="Flavours")
    older = requests.get(f"{server.url}/api/records/{number}", headers={"Accept": "application/json"}).json()
    assert (older["id"], older["recid"]) == (int(number), number)
    assert older["files"][0]["checksum"] == "md5:5d41402abc4b2a76b9719d911017c592"
    assert older["files"][0]["links"]["self"].endswith("/files/a.txt/content")
    newer = mine("GET", f"/records/{number}")
    assert newer.headers["Content-Type"] == RDM and newer.json()["id"] == number
    assert newer.json()["parent"]["id"] == older["conceptrecid"]
    mine("GET", f"/records/{number}", 406, headers={"Accept": "image/png"})


@pytest.mark.parametrize(
    "scope, create, publish", [("deposit:write", 201, 403), ("deposit:actions", 403, 404)]
)
def test_scopes(server, scope, create, publish):
    some = Api(server.url, server.new_token(scope))
    number = some("POST", "/records", create, json={"metadata": METADATA}).json().get("id")
    number = number or server.publish({"a.txt": b"hello"})
    some("POST", f"/records/{number}/draft/actions/publish", publish)


def test_another_users_draft_and_an_unknown_token(mine, server):
    draft = mine.draft()
    Api(server.url, server.new_token(user="other"))("GET", draft, 403)
    Api(server.url, "no-such-token")("GET", draft, 403)
    Api(server.url, "no-such-token")("GET", f"/records/{server.publish({'a.txt': b'hello'})}")
    assert requests.get(f"{server.url}/api{draft}", params={"access_token": server.token}).ok


def test_restricted_files_and_restricted_record(mine, server):
    nobody = Api(server.url)
    files = f"/records/{server.publish({'a.txt': b'hello'}, files_access='restricted')}"
    assert "entries" not in nobody("GET", files).json()["files"]
    assert nobody("GET", files).json()["access"]["status"] == "restricted"
    older = nobody("GET", files, headers={"Accept": "application/json"}).json()
    assert "files" not in older and older["metadata"]["access_right"] == "restricted"
    nobody("GET", f"{files}/files/a.txt/content", 403)
    assert mine("GET", f"{files}/files/a.txt/content", headers=PLAIN).content == b"hello"
    record = f"/records/{server.publish({'a.txt': b'hello'}, record_access='restricted')}"
    assert message(nobody("GET", record, 403)) == "Permission denied."
    assert mine("GET", record).json()["access"]["record"] == "restricted"


def test_search_finds_records_of_all_and_drafts_of_ones_own(mine, server):
    nobody = Api(server.url)
    first = server.publish({"a.txt": b"hello"}, title="Needle in hay")
    second = server.publish({"a.txt": b"hello"}, new_version_of=first, title="Needle in hay")
    draft = mine.draft(title="Needle in a draft").split("/")[2]

    def ids(api, path):
        return [one["id"] for one in api("GET", path).json()["hits"]["hits"]]

    assert ids(nobody, "/records?q=needle") == [second]
    assert ids(nobody, "/records?q=needle&all_versions=true") == [second, first]
    assert ids(mine, '/user/records?q="needle in a draft"') == [draft]
    concept = mine("GET", f"/records/{first}").json()["parent"]["id"]
    assert ids(nobody, f"/records?q=parent.id:{concept} AND needle&all_versions=1") == [second, first]
    nobody("GET", "/user/records", 403)
    assert ids(mine, f"/records/{first}/versions") == [second, first]


def test_page_size_is_limited(mine, server):
    nobody = Api(server.url)
    nobody("GET", "/records?size=25")
    assert "greater than 25" in message(nobody("GET", "/records?size=26", 400))
    mine("GET", "/records?size=100")
    mine("GET", "/records?size=101", 400)


def test_archive_has_a_limit(mine, server):
    record = f"/records/{server.publish({'a.txt': b'hello'})}"
    server.limits.archive = 4
    try:
        mine("GET", f"{record}/files-archive", 400, headers=PLAIN)
    finally:
        server.limits.archive = 300_000_000


def test_quota_of_a_record(mine, server):
    draft = mine.draft()
    mine.upload(draft, "a.txt", b"hello")
    server.limits.quota = 10
    try:
        mine("POST", f"{draft}/files", 201, json=[{"key": "b.txt"}])
        refused = mine("PUT", f"{draft}/files/b.txt/content", 400, data=b"123456")
        assert message(refused) == "Bucket quota exceeded."
        mine("PUT", f"{draft}/files/b.txt/content", data=b"12345")
    finally:
        server.limits.quota = 50_000_000_000
