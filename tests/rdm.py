"""A user of InvenioRDM's interface, for the tests of it."""

from __future__ import annotations

import requests

RDM = "application/vnd.inveniordm.v1+json"
PERSON = {"type": "personal", "family_name": "Curie", "given_name": "Marie"}
METADATA = {
    "title": "Light curve of a burst",
    "resource_type": {"id": "dataset"},
    "creators": [{"person_or_org": PERSON, "affiliations": [{"name": "Sorbonne"}]}],
    "publication_date": "2026-05-17",
    "publisher": "Zenodo",
    "version": "1.0.0",
    "description": "<p>Counts.</p>",
}
PLAIN = {"Accept": "*/*"}


class Api:
    """Speaks to an InvenioRDM as one user, or as nobody."""

    def __init__(self, url, token=None):
        self.url = url
        self.headers = {"Accept": RDM, **({"Authorization": f"Bearer {token}"} if token else {})}

    def __call__(self, method, path, status=200, **options):
        """Make a request that must end with a status; return the answer."""
        headers = {**self.headers, **options.pop("headers", {})}
        url = path if path.startswith("http") else f"{self.url}/api{path}"
        answer = requests.request(method, url, headers=headers, timeout=30, allow_redirects=False, **options)
        assert answer.status_code == status, answer.text
        return answer

    def draft(self, **metadata):
        """Make a draft and return its path."""
        said = {"metadata": {**METADATA, **metadata}, "files": {"enabled": True}}
        return f"/records/{self('POST', '/records', 201, json=said).json()['id']}/draft"

    def upload(self, draft, key, content):
        """Upload a file in three requests; return the last answer."""
        self("POST", f"{draft}/files", 201, json=[{"key": key}])
        self("PUT", f"{draft}/files/{key}/content", data=content)
        return self("POST", f"{draft}/files/{key}/commit").json()

    def published(self, **metadata):
        """Publish a record with one file and return its path."""
        draft = self.draft(**metadata)
        self.upload(draft, "a.txt", b"hello")
        self("POST", f"{draft}/actions/publish", 202)
        return draft.removesuffix("/draft")


def message(answer):
    """What an answer says is wrong: its words, and those on the fields."""
    said = answer.json()
    return " ".join([said["message"], *(one for each in said.get("errors", []) for one in each["messages"])])


def fields(answer):
    return {one["field"] for one in answer.json().get("errors", [])}
