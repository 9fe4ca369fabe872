"""The full circle: run, archive, deposit, DOI, and in an empty folder the same products again, or why not."""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import xml.etree.ElementTree as ET
import zipfile
from pathlib import Path

import pytest
from astropy.io import fits

import archives
import crates
import deposit
import reproduce
import zenodo_records
from servers.integral import IntegralServer
from servers.zenodo import zenodo
from suite import BIN, ROOT, call
from tidings.crate import read_crate

CONFIG = """targets:
  GW150914:
    gw:
      strain:
        H1: [data/gw/strain/H-H1_LOSC_4_V2-1126259446-32.hdf5]
      before: 0.5
      after: 0.3
"""
LIMITS = "scripts/tidings/acs/limits.py"


@pytest.fixture(scope="module")
def server():
    with zenodo() as running:
        yield running


@pytest.fixture
def reached(server, monkeypatch):
    """Let zenodo.org and doi.org be the local ones, in this process and its children."""
    server.calm()
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{BIN}{os.pathsep}{os.environ['PATH']}")
    return server


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """A small archive: SPI-ACS counts, fetched from a service that is gone since, and two jobs on them."""
    return archives.small(tmp_path_factory.mktemp("small"))


def run(*words: str | Path, status: int = 0, **options) -> str:
    """Call reproduce.py as a user does."""
    command = [sys.executable, str(ROOT / "scripts/reproduce.py"), *map(str, words)]
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        stdin=subprocess.DEVNULL,
        **options,
    )
    assert done.returncode == status, done.stdout
    assert "Traceback" not in done.stdout
    return done.stdout


def verdict(output: Path) -> dict:
    return json.loads((output / "verdict.json").read_text())


def statuses(output: Path) -> dict[str, str]:
    return {entry["product"].rpartition("/")[2]: entry["status"] for entry in verdict(output)["products"]}


# ---- the full circle ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def doi(server, tmp_path_factory):
    """GW150914, archived and deposited by the commands; returns its DOI and the record's folder."""
    folder = tmp_path_factory.mktemp("gw")
    copy = archives.suite(folder / "suite", ["gw"])
    (copy / "mine.yaml").write_text(CONFIG)
    record = archives.run_and_pack(copy, folder / "record", "--configfile", "mine.yaml")
    environment = {**os.environ, **server.environment, "ZENODO_TOKEN": server.token}
    done = subprocess.run(
        [sys.executable, ROOT / "scripts/deposit.py", record, "--production", "--publish"],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return re.search(r"^DOI: (\S+)$", done.stdout, re.MULTILINE)[1], record


@pytest.fixture(scope="module")
def rerun(server, doi, tmp_path_factory):
    """Return a function that reproduces the DOI in an empty folder, once for each engine."""
    done: dict[str, tuple[Path, str, list[str]]] = {}

    def reproduced(engine: str) -> tuple[Path, str, list[str]]:
        if engine not in done:
            folder, before = tmp_path_factory.mktemp(engine), len(server.journal)
            path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
            words = (
                doi[0],
                "--engine",
                engine,
                "--author",
                "Carberry, Josiah",
                "--orcid",
                "0000-0002-1825-0097",
            )
            printed = run(*words, cwd=folder, env={**os.environ, **server.environment, "PATH": path})
            asked = [one.path for one in server.journal[before:]]
            done[engine] = folder / "reproduction", printed, asked
        return done[engine]

    return reproduced


@pytest.mark.skipif(not (BIN / "zenodo_get").exists(), reason="zenodo-get is missing: make archive")
@pytest.mark.parametrize("engine", ["snakemake", "cwltool"])
def test_every_product_is_identical_after_the_full_circle(rerun, doi, engine):
    output, printed, asked = rerun(engine)
    found = verdict(output)
    assert found["passed"] and found["counts"] == {"IDENTICAL": 10}
    assert found["archive"]["fetched_by"] == "zenodo-get"
    assert found["archive"]["doi"] == doi[0]
    assert {entry["expected"] for entry in found["products"]} == {"identical"}
    assert "reproduced: 10 products: 10 IDENTICAL" in printed
    junit = ET.parse(output / "verdict.xml").getroot()
    assert (junit.get("tests"), junit.get("failures")) == ("10", "0")
    # All of it came once, from the record.
    number = doi[0].rpartition(".")[2]
    names = [path for path in asked if path.endswith("/content")]
    assert sorted(names) == sorted(f"/api/records/{number}/files/{p.name}/content" for p in doi[1].iterdir())


def test_what_was_deposited_has_its_doi_and_nothing_of_the_machine(reached, doi):
    _, record = doi
    assert doi[0] in (record / "README.md").read_text()
    assert read_crate(record).identifier == doi[0]
    private = [reached.token, str(record.parent), str(Path.home()), str(ROOT)]
    assert_nothing_private(record, private)


def assert_nothing_private(folder: Path, private: list[str]) -> None:
    """Look into every file, and into every member of every zip."""
    for path in folder.iterdir():
        contents = {path.name: path.read_bytes()}
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents |= {name: archive.read(name) for name in archive.namelist()}
        for name, content in contents.items():
            for word in private:
                assert word.encode() not in content, f"{word} in {name}"
            if name.endswith((".json", ".md", ".html", ".cff", ".xml", ".vot")) and "source/" not in name:
                host = rf"(?<![\w-]){re.escape(socket.gethostname())}(?![\w-])"
                assert not re.search(host.encode(), content), f"host in {name}"
                assert not re.search(rb"[\w.+-]+@[\w-]+\.[a-z]{2,}", content), f"e-mail in {name}"


def test_a_reproduction_is_deposited_itself_and_says_what_it_reviews(reached, doi, rerun, monkeypatch):
    output, _, _ = rerun("snakemake")
    monkeypatch.setenv("ZENODO_TOKEN", reached.token)
    assert deposit.main([str(output / "reproduction"), "--production", "--publish"]) == 0
    newest = reached.published()[-1]
    relations = {
        (one["relation_type"]["id"], one["identifier"])
        for one in reached.record(newest).public.metadata["related_identifiers"]
    }
    assert relations == {(name, doi[0]) for name in ("reviews", "isderivedfrom")}
    private = [reached.token, str(output.parent), str(Path.home()), str(ROOT)]
    assert_nothing_private(output / "reproduction", private)


@pytest.mark.skipif(bool(crates.missing_judges()), reason=str(crates.missing_judges()))
def test_a_reproduction_is_a_process_run_crate(tmp_path):
    made = zenodo_records.make(tmp_path / "record")
    profiles = ("ro-crate-1.1", "process-run-crate-0.5")
    found = crates.validate(made, tmp_path, *profiles, level="REQUIRED")
    assert found == {profile: {"issues": [], "skipped": 0} for profile in profiles}


# ---- an archive that is not what it was -----------------------------------------------------------------


@pytest.fixture
def tamper_and_run(record, tmp_path, capsys):
    """Return a function that reproduces a tampered copy, and gives what was found and what was printed."""

    def reproduced(edit, status=1, record=record):
        archive = archives.tampered(record, tmp_path / "archive", edit)
        assert reproduce.main([str(archive), "--output", str(tmp_path / "out")]) == status
        return verdict(tmp_path / "out"), capsys.readouterr().out

    return reproduced


def first(found: dict) -> tuple[str, list[str], str]:
    """Return step, names of products and likeliest cause of the only divergence."""
    (one,) = found["divergences"]
    return one["step"], [path.rpartition("/")[2] for path in one["products"]], one["likely_causes"][0]


def test_a_changed_library_function_is_named(tamper_and_run, tmp_path):
    def edit(folder):
        path = folder / "source" / LIMITS
        text = path.read_text()
        assert text.count("np.std(") == 1
        path.write_text(text.replace("np.std(", "1.001 * np.std("))

    found, printed = tamper_and_run(edit)
    step, products, cause = first(found)
    assert step == "acs_limit"
    assert products == ["GRB230307A_limits.ecsv", "GRB230307A_limits.json"]
    assert cause.startswith("changed library function: the code of acs_limit is not the recorded one")
    assert cause.endswith(": tidings/acs/limits.py (_limit)")
    assert statuses(tmp_path / "out")["GRB230307A_lightcurve.fits"] == "IDENTICAL"
    expected = {entry["product"].rpartition("_")[2]: entry["expected"] for entry in found["products"]}
    assert (expected["lightcurve.fits"], expected["limits.ecsv"]) == ("identical", "may differ")
    assert "column 'counts': 4 of 4 values differ; first at row [0]" in printed
    assert ET.parse(tmp_path / "out/verdict.xml").getroot().get("failures") == "2"


def test_a_changed_pixel_and_a_changed_parameter_are_named_apart(tamper_and_run):
    def change(entity):
        if entity["@id"].startswith("#value/acs_limit/sigma/"):
            entity["value"] = 4.0

    def edit(folder):
        with fits.open(folder / f"{archives.ACS}_lightcurve.fits", mode="update") as hdus:
            hdus["RATE"].data["RATE"][17] += 1
        archives.edit_graph(folder, change)

    found, printed = tamper_and_run(edit)
    pixel, parameter = found["divergences"]
    assert pixel["step"] == "acs_lightcurve"
    assert pixel["products"] == [f"{archives.ACS}_lightcurve.fits"]
    assert pixel["likely_causes"][0].startswith("the archived file was changed after the run")
    assert pixel["likely_causes"][0].endswith("the rerun gives the recorded bytes")
    assert "column 'RATE': 1 of 600 values differ; first at row [17] (FITS row 18)" in printed
    assert parameter["step"] == "acs_limit"
    assert parameter["likely_causes"] == ["changed parameter: sigma was 3, is 4"]
    assert parameter["products"] == [f"{archives.ACS}_limits.ecsv", f"{archives.ACS}_limits.json"]
    assert found["preflight"]["mispredicted"] == []


def test_a_changed_input_is_named_and_what_follows_is_not_blamed(tamper_and_run, tmp_path):
    def edit(folder):
        path = folder / "source/resources/acs/GRB230307A/counts.txt"
        lines = path.read_text().splitlines()
        number = len(lines) // 4
        words = lines[number].split()
        lines[number] = " ".join([*words[:2], str(int(words[2]) + 5000), *words[3:]])
        path.write_text("\n".join(lines) + "\n")

    found, _ = tamper_and_run(edit)
    step, _, cause = first(found)
    assert step == "acs_lightcurve"
    assert cause == "changed input: counts.txt is not the recorded one"
    assert set(statuses(tmp_path / "out").values()) == {"DIFFERS"}


def test_a_step_that_fails_is_named_with_its_words_and_the_rest_is_compared(tamper_and_run):
    def edit(folder):
        path = folder / "source" / LIMITS
        path.write_text("from tidings.errors import InputError\nraise InputError('broken on purpose')\n")

    found, _ = tamper_and_run(edit, status=3)
    step, _, cause = first(found)
    assert (step, cause) == ("acs_limit", "the step failed: acs_limit: error: broken on purpose")
    assert found["counts"] == {"IDENTICAL": 3, "FAILED": 2}


def test_a_remote_file_that_was_too_large_to_pack_must_be_the_recorded_one(
    record, tmp_path, monkeypatch, capsys
):
    copy, packed = record.parent / "suite", tmp_path / "record"
    call(copy, "python", "scripts/crate.py", "pack", packed, "--remote-limit", "0")
    with IntegralServer(lambda gps: 0 * gps + 4000) as changed:
        monkeypatch.setenv("TIDINGS_INTEGRAL_HOST", changed.host)
        assert reproduce.main([str(packed), "--output", str(tmp_path / "out")]) == 3
        assert changed.count("genlc") == 1
    found = verdict(tmp_path / "out")
    step, products, cause = first(found)
    assert (step, products) == ("acs_fetch", [])
    assert "is not the file that was used before" in cause
    assert found["counts"] == {"FAILED": 5}
    assert f"FAILED   {archives.ACS}_limits.json" in capsys.readouterr().out


def test_another_blas_kernel_is_named(tamper_and_run, tmp_path):
    """The run was made, and its fingerprint taken, with the kernel of old processors."""
    copy = archives.suite(tmp_path / "suite", ["acs"])
    settings = copy / "scripts/tidings/step/environment.py"
    usual = settings.read_text()
    if "Haswell" not in usual or "avx2" not in Path("/proc/cpuinfo").read_text():
        pytest.skip("this processor has one kernel only")
    settings.write_text(usual.replace('"Haswell"', '"Prescott"'))
    record = archives.run_and_pack(copy, tmp_path / "record", f"{archives.ACS}_lightcurve.fits")

    def edit(folder):
        (folder / "source/scripts/tidings/step/environment.py").write_text(usual)

    found, printed = tamper_and_run(edit, record=record)
    step, products, cause = first(found)
    assert step == "acs_lightcurve"
    assert "GRB230307A_lightcurve.fits" in products
    assert cause.startswith("other arithmetic: blas differs")
    assert re.search(r"BLAS kernel of numpy, (Prescott|Katmai) then and Haswell now", cause)
    assert "may differ: acs_lightcurve uses blas, lapack, which differs here" in printed
    assert found["preflight"]["mispredicted"] == []


def test_a_file_that_the_manifest_does_not_vouch_for_is_refused_or_named(record, tmp_path):
    def edit(folder):
        path = folder / "source" / LIMITS
        path.write_text(path.read_text() + "\n# An edit.\n")

    archive = archives.tampered(record, tmp_path / "archive", edit, cover=False)
    printed = run(archive, "--output", tmp_path / "out", status=2)
    assert f"checksum mismatch: source/{LIMITS}: another sha256" in printed
    assert "--accept-changes" in printed
    printed = run(archive, "--output", tmp_path / "out", "--accept-changes", "--check")
    assert "NOT right, but accepted" in printed
    assert "code is not the recorded one: acs_limit" in printed


# ---- versions, and input that cannot be used ------------------------------------------------------------


def publish(server, folder, **options):
    return server.publish(
        {path.name: path.read_bytes() for path in folder.iterdir()}, title="A run", **options
    )


def test_concept_doi_takes_the_newest_version_and_an_old_one_is_told_so(reached, record, tmp_path, capsys):
    one = publish(reached, record)
    two = publish(reached, record, new_version_of=one)
    concept = reached.record(one).concept
    output = str(tmp_path / "out")
    assert reproduce.main([f"10.5281/zenodo.{concept}", "--output", output, "--check"]) == 0
    assert f"stands for all versions; the newest is 10.5281/zenodo.{two}" in capsys.readouterr().out
    assert reproduce.main([f"10.5281/zenodo.{one}", "--output", output, "--check"]) == 0
    told = capsys.readouterr().out
    assert "a newer version of this record exists" in told
    assert f"this is 10.5281/zenodo.{one}, as asked for" in told
    assert "expected: 5 of 5 products identical" in told


def refused(capsys, *words) -> str:
    assert reproduce.main([str(word) for word in words]) == 2
    told = capsys.readouterr()
    assert "Traceback" not in told.err
    return told.err


def test_bad_names(reached, tmp_path, capsys):
    output = ("--output", tmp_path / "out")
    assert "no such DOI" in refused(capsys, "10.5281/zenodo.987654321", *output)
    assert "no such record" in refused(capsys, "https://zenodo.org/records/987654321", *output)
    assert "neither a DOI" in refused(capsys, tmp_path / "nothing", *output)
    restricted = reached.publish({"run-crate.zip": b"PK"}, files_access="restricted")
    assert "its files are restricted" in refused(capsys, f"10.5281/zenodo.{restricted}", *output)
    other = reached.publish({"table.csv": b"1"})
    assert "not the archive of a run: there is no run-crate.zip" in refused(capsys, other, *output)
    (tmp_path / "folder").mkdir()
    assert "not the archive of a run" in refused(capsys, tmp_path / "folder", *output)
    (tmp_path / "a.zip").write_bytes(b"PK no zip")
    assert "cannot be read as a zip file" in refused(capsys, tmp_path / "a.zip", *output)


def test_damaged_download_is_refused(reached, record, tmp_path, capsys):
    number = publish(reached, record)
    reached.fault("run-crate.zip", corrupt=True, times=100)
    told = refused(capsys, f"10.5281/zenodo.{number}", "--output", tmp_path / "out")
    assert "run-crate.zip/content: checksum mismatch" in told
    assert not (tmp_path / "out/crate").exists()
    reached.calm()
    assert reproduce.main([f"10.5281/zenodo.{number}", "--output", str(tmp_path / "out"), "--check"]) == 0


def test_zip_that_would_write_outside_is_refused(record, tmp_path, capsys):
    bad = archives.with_member(record, tmp_path / "bad", "../outside.txt", b"x")
    told = refused(capsys, bad, "--output", tmp_path / "out", "--accept-changes")
    assert "'../outside.txt' would land outside of the folder" in told
    assert not list(tmp_path.rglob("outside.txt"))


def test_newer_format_is_refused(record, tmp_path, capsys):
    with zipfile.ZipFile(record / "run-crate.zip") as archive:
        text = archive.read("ro-crate-metadata.json").decode()
    newer = text.replace("tidings-crate-1", "tidings-crate-2").encode()
    bad = archives.with_member(record, tmp_path / "bad", "ro-crate-metadata.json", newer)
    told = refused(capsys, bad, "--output", tmp_path / "out", "--accept-changes")
    assert "of format 2, and this suite reads up to 1" in told


def test_folder_with_other_files_is_left_alone(record, tmp_path, capsys):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/mine.txt").write_text("mine")
    assert "has other files in it" in refused(capsys, record, "--output", tmp_path / "out")
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.txt"]


def test_missing_engine_is_told_before_anything_is_fetched(record, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda *words, **options: None)
    told = refused(capsys, record, "--output", tmp_path / "out", "--engine", "toil")
    assert "toil-cwl-runner is not installed; run make toil" in told
    assert not (tmp_path / "out").exists()


def test_full_disk_is_named(record, tmp_path):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    printed = run(record, "--output", tmp_path / "out", status=2, preexec_fn=limit)
    assert "File too large" in printed
    assert not (tmp_path / "out/crate").exists()


@pytest.mark.parametrize("words", [("--author", "me@example.org"), ("--orcid", "0000-0002-1825-0097")])
def test_author_without_mail_and_orcid_with_author(record, tmp_path, capsys, words):
    assert "is expected" in refused(capsys, record, "--output", tmp_path / "out", *words)
