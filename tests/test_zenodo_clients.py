"""Clients of Zenodo by others, as they come from the package index, against the local Zenodo.

Four of them have zenodo.org built in and reach it through the proxy, over TLS. Each runs in a process of its
own, in an environment without the suite.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
import requests

from servers.zenodo import zenodo

ENVIRONMENTS = Path(sys.executable).parents[1]
HELLO = hashlib.md5(b"hello").hexdigest()
METADATA = {
    "title": "Light curve of a burst",
    "upload_type": "dataset",
    "description": "Counts.",
    "creators": [{"name": "Curie, Marie"}],
    "version": "2.0.0",
    "publication_date": "2026-05-17",
}


def program(environment, name):
    """Return the path of a client's program, and a mark for tests that need it."""
    path = ENVIRONMENTS / environment / "bin" / name
    return path, pytest.mark.skipif(
        not path.exists(), reason=f"no {name} in .venv/{environment} (make clients)"
    )


ZENODO_GET, needs_zenodo_get = program("archive", "zenodo_get")
ZENODO_CLIENT, needs_zenodo_client = program("clients", "zenodo_client")
SNAKEMAKE, needs_snakemake = program("clients", "snakemake")
OPENSCM, needs_openscm = program("clients", "openscm-zenodo")
ROCRATE, needs_rocrate = program("clients", "rocrate_inveniordm")


@pytest.fixture(scope="module")
def everything():
    with zenodo() as server:
        yield server


@pytest.fixture
def server(everything):
    yield everything
    everything.calm()


@pytest.fixture
def run(server, tmp_path):
    """Run a program that believes it talks to zenodo.org; return what it printed."""

    def run(*command, status=0, **variables):
        home = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
        environment = {**os.environ, **server.environment, **home, **variables}
        # Nothing of the suite's environment in the client's.
        environment.pop("PYTHONPATH", None)
        done = subprocess.run(
            [str(word) for word in command],
            cwd=tmp_path,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == status, done.stdout
        return done.stdout

    return run


def hosts(server, start):
    """The names by which the requests since a number were addressed."""
    return {call.host for call in server.journal[start:]}


# zenodo-get


@needs_zenodo_get
def test_zenodo_get_by_doi(server, run, tmp_path):
    record = server.publish({"a.txt": b"hello", "b.bin": bytes(300_000)}, title="For zenodo-get")
    start = len(server.journal)
    run(ZENODO_GET, f"10.5281/zenodo.{record}", "-o", "out")
    assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == server.contents(record)
    run(ZENODO_GET, f"10.5281/zenodo.{record}", "-m")
    assert (tmp_path / "md5sums.txt").read_text().splitlines()[0] == f"{HELLO}  a.txt"
    assert hosts(server, start) == {"doi.org", "zenodo.org"}


@needs_zenodo_get
def test_zenodo_get_takes_the_newest_version_of_a_concept(server, run, tmp_path):
    first = server.publish({"a.txt": b"first"})
    second = server.publish({"a.txt": b"second"}, new_version_of=first)
    run(ZENODO_GET, f"10.5281/zenodo.{server.record(first).concept}", "-o", "out")
    assert (tmp_path / "out" / "a.txt").read_bytes() == b"second"
    run(ZENODO_GET, "-r", first, "-o", "old")
    assert (tmp_path / "old" / "a.txt").read_bytes() == b"first"
    assert server.published()[-1] == second


@needs_zenodo_get
def test_zenodo_get_skips_what_it_has_and_fetches_the_rest(server, run, tmp_path):
    record = server.publish({"a.txt": b"hello", "b.txt": b"other"})
    (tmp_path / "a.txt").write_bytes(b"hello")
    run(ZENODO_GET, "-r", record)
    fetched = [call.path for call in server.calls(f"/{record}/files/.*/content")]
    assert fetched == [f"/api/records/{record}/files/b.txt/content"]


@needs_zenodo_get
def test_zenodo_get_outlasts_503_and_429(server, run, tmp_path):
    record = server.publish({"a.txt": b"hello"})
    server.fault(f"/records/{record}$", status=503)
    server.fault("/content$", status=429, retry_after=0)
    run(ZENODO_GET, "-r", record, "--backoff-factor", "0")
    assert (tmp_path / "a.txt").read_bytes() == b"hello"
    assert [call.status for call in server.calls(f"/{record}/files/a.txt/content")] == [429, 200]


@needs_zenodo_get
@pytest.mark.parametrize("fault", [{"corrupt": True}, {"truncate": 3}])
def test_zenodo_get_refuses_wrong_content(server, run, tmp_path, fault):
    record = server.publish({"a.txt": b"hello"})
    server.fault("/content$", times=9, **fault)
    run(ZENODO_GET, "-r", record, "-R", "0", status=1)
    assert not (tmp_path / "a.txt").exists()


@needs_zenodo_get
def test_zenodo_get_needs_a_token_for_restricted_files(server, run, tmp_path):
    record = server.publish({"a.txt": b"hello"}, record_access="restricted", files_access="restricted")
    run(ZENODO_GET, "-r", record, status=1)
    assert not (tmp_path / "a.txt").exists()
    run(ZENODO_GET, "-r", record, "-a", server.token)
    assert (tmp_path / "a.txt").read_bytes() == b"hello"


@needs_zenodo_get
def test_zenodo_get_from_the_sandbox(server, run, tmp_path):
    record, start = server.publish({"a.txt": b"sand"}, sandbox=True), len(server.journal)
    run(ZENODO_GET, "-s", "-r", record)
    assert (tmp_path / "a.txt").read_bytes() == b"sand" and hosts(server, start) == {"sandbox.zenodo.org"}


# zenodo-client

CREATE = """\
import json, sys
from zenodo_client import Creator, Metadata, Zenodo
client = Zenodo(access_token=sys.argv[1])
data = Metadata(title="By zenodo-client", upload_type="dataset", description="A test", version="2020-01-01",
                creators=[Creator(name="Curie, Marie", orcid="0000-0002-1825-0097")])
first = client.create(data, ["a.txt"]).json()["id"]
second = client.update(first, ["b.txt"]).json()["id"]
print(json.dumps([first, second, client.get_latest_record(first)]))
"""


@needs_zenodo_client
def test_zenodo_client_publishes_and_updates(server, run, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"hello")
    (tmp_path / "b.txt").write_bytes(b"other")
    said = run(ZENODO_CLIENT.with_name("python"), "-c", CREATE, server.token)
    first, second, latest = json.loads(said.splitlines()[-1])
    assert server.contents(first) == {"a.txt": b"hello"}
    # It leaves the files of the version before in, and does not follow the redirect to the newest.
    assert server.contents(second) == {"a.txt": b"hello", "b.txt": b"other"}
    assert latest == str(first) and str(second) in server.published()
    assert server.record(first).concept == server.record(second).concept


@needs_zenodo_client
def test_zenodo_client_downloads(server, run, tmp_path):
    record = server.publish({"a.txt": b"hello"}, version="7")
    run(ZENODO_CLIENT, "download", record, "a.txt", ZENODO_API_TOKEN=server.token, PYSTOW_HOME=str(tmp_path))
    assert (tmp_path / "zenodo" / server.record(record).concept / "7" / "a.txt").read_bytes() == b"hello"


# The storage plugin of Snakemake

WORKFLOW = """\
storage:
    provider="zenodo",
    max_requests_per_second=1000,

rule copy:
    input:
        storage.zenodo("zenodo://record/{record}/a.txt"),
    output:
        storage.zenodo("zenodo://deposition/{draft}/copy.txt"),
    shell:
        "tr a-z A-Z < {{input}} > {{output}}"
"""


@needs_snakemake
def test_storage_plugin_reads_a_record_and_fills_a_deposit(server, run, tmp_path):
    record = server.publish({"a.txt": b"hello"})
    url = f"{server.url}/api/deposit/depositions"
    draft = requests.post(url, json={"metadata": METADATA}, headers=server.bearer).json()["id"]
    (tmp_path / "Snakefile").write_text(WORKFLOW.format(record=record, draft=draft))
    token = {"SNAKEMAKE_STORAGE_ZENODO_ACCESS_TOKEN": server.token}
    run(SNAKEMAKE, "--cores", "1", **token)
    assert server.contents(draft) == {"copy.txt": b"HELLO"}
    assert "Nothing to be done" in run(SNAKEMAKE, "--cores", "1", **token)


# openscm-zenodo


@needs_openscm
def test_openscm_makes_a_version_with_other_files(server, run, tmp_path):
    first = server.publish({"a.txt": b"hello", "b.txt": b"old"}, title="By openscm")
    for number in range(6):
        (tmp_path / f"{number}.txt").write_text(f"file {number}")
    said = {"metadata": METADATA}
    (tmp_path / "metadata.json").write_text(json.dumps(said))
    token = {"ZENODO_TOKEN": server.token}
    made = run(
        OPENSCM, "--no-logging", "create-new-version", first, "--metadata-file", "metadata.json", **token
    )
    second = made.split()[-1]
    run(OPENSCM, "remove-files", second, "--all", **token)
    run(OPENSCM, "upload-files", second, *sorted(tmp_path.glob("?.txt")), **token)
    assert server.contents(second) == {f"{number}.txt": f"file {number}".encode() for number in range(6)}
    requests.post(f"{server.url}/api/deposit/depositions/{second}/actions/publish", headers=server.bearer)
    assert f"10.5281/zenodo.{second}" in run(OPENSCM, "--no-logging", "retrieve-bibtex", second)
    read = json.loads(run(OPENSCM, "--no-logging", "retrieve-metadata", second))["metadata"]
    assert read["version"] == "2.0.0" and read["relations"]["version"][0]["is_last"] is True


# rocrate-inveniordm

CRATE = {
    "@context": "https://w3id.org/ro/crate/1.1/context",
    "@graph": [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "about": {"@id": "./"},
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": "By rocrate-inveniordm",
            "description": "Counts.",
            "datePublished": "2026-05-17",
            "author": {"@id": "https://orcid.org/0000-0002-1825-0097"},
            "license": {"@id": "https://creativecommons.org/licenses/by/4.0/"},
            "hasPart": [{"@id": "a.txt"}],
        },
        {"@id": "https://orcid.org/0000-0002-1825-0097", "@type": "Person", "name": "Marie Curie"},
        {"@id": "a.txt", "@type": "File", "name": "Counts"},
    ],
}


@needs_rocrate
@pytest.mark.parametrize("address", ["plain", "https://zenodo.org"])
def test_rocrate_inveniordm_publishes_a_crate(server, run, tmp_path, address):
    crate = tmp_path / "crate"
    crate.mkdir()
    (crate / "ro-crate-metadata.json").write_text(json.dumps(CRATE))
    (crate / "a.txt").write_bytes(b"hello")
    base = server.url if address == "plain" else address
    said = run(ROCRATE, "-p", "-z", "crate", INVENIORDM_BASE_URL=base, INVENIORDM_API_KEY=server.token)
    record = said.split()[-1]
    assert server.record(record).public.metadata["title"] == "By rocrate-inveniordm"
    (tmp_path / "got.zip").write_bytes(server.contents(record)["crate.zip"])
    assert zipfile.ZipFile(tmp_path / "got.zip").read("a.txt") == b"hello"
    shutil.rmtree(crate)
