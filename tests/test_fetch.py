"""Targets whose strain is fetched: by the rules and the CWL tool, from a local server laid out like GWOSC."""

from __future__ import annotations

import json
import shutil

import pytest

from servers.gwosc import GwoscServer
from suite import ROOT, call, copy, digests, snakemake
from tidings import crate

NAME = "H-H1_LOSC_4_V2-1126259446-32.hdf5"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run of GW150914 in Hanford whose strain was fetched; the server is gone again."""
    folder = copy(tmp_path_factory.mktemp("run") / "tidings")
    (folder / "mine.yaml").write_text(
        "targets:\n  GW150914:\n    gw:\n      detectors: [H1]\n      before: 0.5\n      after: 0.3\n"
    )
    (folder / "data/gw/strain" / NAME).unlink()
    with GwoscServer(ROOT / "data/gw/strain") as server:
        snakemake(folder, "--configfile", "mine.yaml", TIDINGS_GWOSC_HOST=server.host)
    return folder


def without_strain(run, tmp_path):
    """Copy a run's tree and its recorded checksums, but neither results nor the strain."""
    folder = copy(tmp_path / "tidings", run)
    shutil.copy(run / "mine.yaml", folder)
    return folder


def test_fetched_strain_gives_the_products_of_the_files_at_hand(run, tmp_path):
    assert "GW150914_H1_spectrogram.hdf5" in digests(run / "results")
    folder = copy(tmp_path / "tidings")
    product = "results/gw/GW150914/GW150914_H1_tiles.ecsv"
    snakemake(folder, product)
    ours = [line for line in (run / product).read_text().splitlines() if not line.startswith("#")]
    theirs = [line for line in (folder / product).read_text().splitlines() if not line.startswith("#")]
    assert ours == theirs


def test_checksums_are_recorded_where_version_control_sees_them(run):
    lock = json.loads((run / "config/remote.lock.json").read_text())
    assert f"gwosc/{NAME}" in lock["files"]
    assert "Nothing to be done" in snakemake(run, "--configfile", "mine.yaml")


def test_offline_a_lost_file_is_named_with_the_place_to_put_it(run, tmp_path):
    folder = without_strain(run, tmp_path)
    arguments = ("--configfile", "mine.yaml", "--show-failed-logs")
    output = snakemake(folder, *arguments, status=1, TIDINGS_GWOSC_HOST="http://127.0.0.1:9")
    assert "gw_fetch: error:" in output
    assert NAME in output
    assert "into data/gw/strain" in output
    shutil.copy(ROOT / "data/gw/strain" / NAME, folder / "data/gw/strain")
    snakemake(folder, *arguments, TIDINGS_GWOSC_HOST="http://127.0.0.1:9")


def test_a_file_that_the_archive_changed_is_refused(run, tmp_path):
    folder = without_strain(run, tmp_path)
    changed = bytearray((ROOT / "data/gw/strain" / NAME).read_bytes())
    changed[-1] ^= 1
    other = tmp_path / NAME
    other.write_bytes(changed)
    with GwoscServer({NAME: other}) as server:
        arguments = ("--configfile", "mine.yaml", "--show-failed-logs")
        output = snakemake(folder, *arguments, status=1, TIDINGS_GWOSC_HOST=server.host)
    assert NAME in output
    assert "remote.lock.json" in output
    assert not (folder / "resources/gw/GW150914/H1").exists()


def test_the_cwl_tool_fetches_and_returns_the_record(tmp_path):
    tool = ("cwltool", "--preserve-environment", "TIDINGS_GWOSC_HOST", "--outdir")
    arguments = (ROOT / "cwl/tools/gw_fetch.cwl", "--event", "GW150914", "--detector", "H1")
    with GwoscServer(ROOT / "data/gw/strain") as server:
        call(tmp_path, *tool, tmp_path / "out", *arguments, TIDINGS_GWOSC_HOST=server.host)
        assert (tmp_path / "out/strain" / NAME).exists()
        text = (tmp_path / "out/remote.lock.json").read_text()
        recorded = json.loads(text)["files"][f"gwosc/{NAME}"]["sha256"]
        # Given back as an input, the record is what the file is compared with.
        lock = tmp_path / "lock.json"
        lock.write_text(text)
        call(tmp_path, *tool, tmp_path / "same", *arguments, "--lock", lock, TIDINGS_GWOSC_HOST=server.host)
        assert (tmp_path / "same/remote.lock.json").read_text() == text
        lock.write_text(text.replace(recorded, "0" * 64))
        command = (*tool, tmp_path / "changed", *arguments, "--lock", lock)
        output = call(tmp_path, *command, status=1, TIDINGS_GWOSC_HOST=server.host)
    assert "gw_fetch: error:" in output
    assert "0" * 64 in output


def test_a_crate_of_fetched_strain_runs_again_without_the_archive(run, tmp_path):
    record = tmp_path / "wrroc.json"
    options = ("--reporter", "wrroc", "--report-wrroc-path", str(record), "--configfile", "mine.yaml")
    snakemake(run, *options)
    crate.write_crate(run, tmp_path / "record", "snakemake", provenance=record)
    folder = crate.unpack(tmp_path / "record", tmp_path / "crate")
    packed = crate.read_crate(folder)
    fetched = packed.files[f"source/resources/gw/GW150914/H1/{NAME}"]
    assert fetched.included and fetched.url.endswith(NAME)
    assert packed.lock["files"][f"gwosc/{NAME}"]["sha256"] == fetched.sha256
    assert [job.step for job in packed.jobs] == ["gw_fetch", "gw_spectrogram", "gw_strain", "gw_network"]
    path = crate.replay(packed, folder, "snakemake")
    snakemake(folder / "source", "-s", path, TIDINGS_GWOSC_HOST="http://127.0.0.1:9")
    assert digests(folder / "source/results") == digests(run / "results")


def test_downloads_too_large_for_a_crate_are_named_by_address_and_checksum(run, tmp_path):
    record = tmp_path / "wrroc.json"
    options = ("--reporter", "wrroc", "--report-wrroc-path", str(record), "--configfile", "mine.yaml")
    snakemake(run, *options)
    packed = crate.write_crate(run, tmp_path / "record", "snakemake", provenance=record, remote_limit=1000)
    away = packed.files[f"resources/gw/GW150914/H1/{NAME}"]
    assert not away.included and away.url.endswith(NAME)
    assert crate.read_crate(tmp_path / "record") == packed
    assert away.path not in packed.manifest
    folder = crate.unpack(tmp_path / "record", tmp_path / "crate")
    crate.replay(packed, folder, "snakemake")
    planned = snakemake(folder / "source", "-s", "replay.smk", "--dry-run")
    assert "rule gw_fetch_1:" in planned
