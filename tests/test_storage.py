"""Products in an object store: the same bytes as on a disk, from a real S3 server on the loopback device."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from servers.gwosc import GwoscServer
from services import s3
from suite import BIN, ROOT, call, copy, digests, short, shorten
from test_engines import rules

H1 = "H-H1_LOSC_4_V2-1126259446-32.hdf5"
TIMES = {"before": 0.5, "after": 0.3}


def lacks(plugin: str) -> bool:
    """Tell whether Snakemake comes without a plugin."""
    engine = shutil.which("snakemake", path=BIN)
    if engine is None:
        return True
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec('{plugin}') is None)"
    return bool(subprocess.run([Path(engine).resolve().with_name("python"), "-c", code]).returncode)


pytestmark = [
    pytest.mark.skipif(s3.missing() is not None, reason=s3.missing() or ""),
    pytest.mark.skipif(lacks("snakemake_storage_plugin_s3"), reason="Snakemake's S3 plugin (make cloud)"),
]


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with s3.store(tmp_path_factory.mktemp("store") / "server.log") as store:
        yield store


@pytest.fixture(scope="module")
def in_store(tmp_path_factory, store):
    """The default run, with its products in a bucket that did not exist before."""
    folder = shorten(copy(tmp_path_factory.mktemp("store") / "tidings"))
    stored(folder, store, "run")
    return folder


def stored(folder, store, bucket, *arguments, **options):
    """Run Snakemake as a user of the store does, on one core."""
    variables = {**store.variables, "TIDINGS_S3": f"s3://{bucket}", **options}
    return call(folder, "snakemake", "--profile", "config/s3", "--cores", "1", *arguments, **variables)


def configuration(path, target):
    path.write_text(json.dumps({"targets": {"GW150914": target}}))
    return path


def test_default_run_puts_the_same_bytes_into_the_bucket(finished, in_store, store, tmp_path):
    bucket = store.get("run", tmp_path / "bucket")
    assert digests(bucket / "results") == short(digests(finished / "results"))
    assert {path.name for path in bucket.iterdir()} == {"results", "logs", "benchmarks"}
    assert not (in_store / "results").exists()


def test_second_run_has_nothing_to_do(in_store, store):
    assert "Nothing to be done" in stored(in_store, store, "run")


def test_variables_of_amazons_tools_serve_as_well(in_store, store):
    amazon = {"AWS_ENDPOINT_URL": store.endpoint}
    amazon |= {"AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "secret"}
    output = call(in_store, "snakemake", "--profile", "config/s3", TIDINGS_S3="s3://run", **amazon)
    assert "Nothing to be done" in output


def test_a_changed_parameter_reruns_its_step_and_what_follows(in_store, store, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("gw_spectrogram:\n  qmax: 32\n")
    output = stored(in_store, store, "run", "--dry-run", "--configfile", str(mine))
    assert rules(output) == {"gw_spectrogram", "gw_network", "event_joint"}


def test_downloads_are_kept_in_a_folder_of_a_bucket(store, tmp_path):
    mine = configuration(tmp_path / "mine.json", {"gw": {"detectors": ["H1"], **TIMES}})
    disk, folder = copy(tmp_path / "disk"), copy(tmp_path / "tidings")
    with GwoscServer({H1: ROOT / "data/gw/strain" / H1}) as archive:
        mirror = {"TIDINGS_GWOSC_HOST": archive.host}
        call(disk, "snakemake", "--cores", "1", "--configfile", mine, **mirror)
        stored(folder, store, "downloads/in/here", "--configfile", str(mine), **mirror)
    found = store.get("downloads", tmp_path / "bucket") / "in/here"
    assert digests(found / "results") == digests(disk / "results")
    downloaded = (found / "resources/gw/GW150914/H1" / H1).read_bytes()
    assert downloaded == (ROOT / "data/gw/strain" / H1).read_bytes()
    # Without the archive: what is in the bucket needs no second download.
    again = stored(folder, store, "downloads/in/here", "--configfile", str(mine), **mirror)
    assert "Nothing to be done" in again


def test_strain_is_read_from_an_address(finished, store, tmp_path):
    (tmp_path / "upload").mkdir()
    shutil.copy(ROOT / "data/gw/strain" / H1, tmp_path / "upload")
    store.put("strain", tmp_path / "upload")
    mine = configuration(tmp_path / "mine.json", {"gw": {"strain": {"H1": [f"s3://strain/{H1}"]}, **TIMES}})
    stored(copy(tmp_path / "tidings"), store, "address", "--configfile", str(mine))
    made = digests(store.get("address", tmp_path / "bucket") / "results")
    alone = {name: digest for name, digest in made.items() if "network" not in name}
    assert len(alone) == 7
    assert alone.items() <= digests(finished / "results").items()


def test_a_failed_step_leaves_its_reason_and_no_product(store, tmp_path):
    folder = copy(tmp_path / "tidings")
    strain = folder / "data/gw/strain" / H1
    strain.write_bytes(strain.read_bytes()[:500_000])
    mine = configuration(
        tmp_path / "mine.json", {"gw": {"strain": {"H1": [f"data/gw/strain/{H1}"]}, **TIMES}}
    )
    output = stored(folder, store, "failed", "--configfile", str(mine), "--keep-going", status=1)
    assert "Error in rule gw_strain" in output
    bucket = store.get("failed", tmp_path / "bucket")
    assert not (bucket / "results").exists()
    log = bucket / "logs/gw/GW150914/H1_strain.log"
    assert H1 in log.read_text()
    assert "truncated" in log.read_text()
    kept = folder / ".snakemake/storage/s3/failed/logs/gw/GW150914/H1_strain.log"
    assert kept.read_text() == log.read_text()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"TIDINGS_S3": "$TIDINGS_S3"}, "query $TIDINGS_S3/"),
        ({"TIDINGS_S3": "run"}, "must start with s3 (s3://...)"),
        ({"SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": "http://127.0.0.1:9"}, "http://127.0.0.1:9/run/results/gw/"),
    ],
)
def test_a_store_that_is_not_there_is_named(in_store, store, variables, message):
    variables = {**store.variables, "TIDINGS_S3": "s3://run", **variables}
    output = call(in_store, "snakemake", "--profile", "config/s3", "--dry-run", status=1, **variables)
    assert message in output


@pytest.mark.skipif(
    lacks("snakemake_executor_plugin_kubernetes"), reason="Snakemake's Kubernetes plugin (make cloud)"
)
def test_kubernetes_profile_plans_the_default_run(tmp_path, store):
    folder = copy(tmp_path / "tidings")
    variables = {**store.variables, "TIDINGS_S3": "s3://cluster", "TIDINGS_NAMESPACE": "tidings"}
    output = call(folder, "snakemake", "--profile", "config/kubernetes", "--dry-run", **variables)
    assert rules(output) >= {"gw_strain", "gw_spectrogram", "gw_network", "acs_search"}
    assert "s3://cluster/results/gw/GW170814/GW170814_network.png (send to storage)" in output
    assert store.keys("cluster") == []
