"""Packing runs: the same crate from Snakemake and from cwltool, judged by programs that we did not write."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from astropy.io.votable import parse_single_table
from astropy.io.votable.ucd import check_ucd

import crates
from crates import H1, RECORD, describe, edited, missing_judges, run_cwltool, run_snakemake, validate
from suite import BIN, ROOT, call, snakemake
from tidings import crate as library
from tidings.crate.archive import write_zip
from tidings.crate.blocks import read_block
from tidings.errors import InputError
from tidings.step.command import parser
from tidings.step.declaration import Step
from tidings.verify import compare_runs

needs_judges = pytest.mark.skipif(missing_judges() is not None, reason=missing_judges() or "")
TOKEN = "tOkEn-8b0d5c1e"
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@example.org")
STEPS = ["gw_spectrogram", "gw_strain", "skymap_region", "skymap_view", "gw_network"]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A small run of Snakemake, described."""
    return run_snakemake(tmp_path_factory.mktemp("snakemake") / "tidings")


@pytest.fixture(scope="module")
def record(run):
    """Its record."""
    call(run, "python", "scripts/crate.py", "pack", "archive", ZENODO_TOKEN=TOKEN)
    return run / "archive"


@pytest.fixture(scope="module")
def unpacked(record, tmp_path_factory):
    return library.unpack(record, tmp_path_factory.mktemp("unpacked") / "crate")


@pytest.fixture(scope="module")
def by_cwltool(run, tmp_path_factory):
    """The same run with cwltool: what is known of it."""
    return run_cwltool(tmp_path_factory.mktemp("cwltool"), run)


@pytest.fixture(scope="module")
def other(run, by_cwltool, tmp_path_factory):
    """The record of the run with cwltool."""
    folder = tmp_path_factory.mktemp("other") / "record"
    library.write_crate(run, folder, "cwltool", **by_cwltool)
    return folder


def graph_of(folder: Path) -> dict[str, dict]:
    document = json.loads((folder / "ro-crate-metadata.json").read_text())
    return {entity["@id"]: entity for entity in document["@graph"]}


def jobs_of(folder: Path) -> list[dict]:
    return [entity for name, entity in graph_of(folder).items() if name.startswith("#job/")]


def members(record: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(record / "run-crate.zip") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


# ---- layout ---------------------------------------------------------------------------------------------


def test_record_is_flat_small_and_without_empty_files(record):
    paths = list(record.iterdir())
    assert {"ro-crate-metadata.json", "ro-crate-preview.html", "README.md", "CITATION.cff"} <= {
        path.name for path in paths
    }
    assert {"run-crate.zip", "GW150914_network.png", "GW150914_allsky.png"} <= {path.name for path in paths}
    assert len(paths) <= 100
    for path in paths:
        assert path.is_file() and path.stat().st_size > 0, path
        assert re.fullmatch(r"[A-Za-z0-9._-]+", path.name)


def test_packed_again_it_has_the_same_bytes_and_is_read_as_it_was_packed(run, record, unpacked, tmp_path):
    packed = library.write_crate(run, tmp_path / "again", "snakemake")
    names = sorted(path.name for path in record.iterdir())
    assert names == sorted(path.name for path in (tmp_path / "again").iterdir())
    for name in names:
        assert (tmp_path / "again" / name).read_bytes() == (record / name).read_bytes(), name
    for place in (record, record / "run-crate.zip", unpacked):
        assert library.read_crate(place) == packed


def test_checksums_are_those_that_sha256sum_computes(record, unpacked):
    for folder in (record, unpacked):
        done = subprocess.run(["sha256sum", "--quiet", "--check", "manifest-sha256.txt"], cwd=folder)
        assert done.returncode == 0
    assert library.check_manifest(record) == []
    assert library.check_manifest(unpacked) == []


def test_zip_holds_code_data_configuration_and_products(unpacked, run):
    assert (unpacked / "source/scripts/gw_strain.py").read_bytes() == (
        run / "scripts/gw_strain.py"
    ).read_bytes()
    assert (unpacked / "source" / H1).is_file()
    assert os.readlink(unpacked / "source/slurm") == "config/slurm"
    assert json.loads((unpacked / "run/configuration.json").read_text()) == crates.CONFIGURATION
    assert all(
        verdict.status == "IDENTICAL" for verdict in compare_runs(run / "results", unpacked / "results")
    )
    assert all(
        verdict.status == "IDENTICAL"
        for verdict in compare_runs(unpacked / "run/digests.json", run / "results")
    )
    assert not [name for name in (unpacked / "source").rglob("__pycache__")]
    assert not list(unpacked.rglob(".snakemake*"))


def test_packed_suite_plans_the_same_run(record, tmp_path):
    folder = library.unpack(record, tmp_path / "crate") / "source"
    options = ("--dry-run", "--quiet", "host", "--configfile", "../run/configuration.json")
    assert re.search(r"^total +6$", snakemake(folder, *options), flags=re.MULTILINE)


# ---- what it says ---------------------------------------------------------------------------------------


def test_every_job_has_its_action_with_times_and_zone(unpacked, run):
    crate = library.read_crate(unpacked)
    assert [job.step for job in crate.jobs] == STEPS
    recorded = json.loads((run / RECORD).read_text())["@graph"]
    times = sorted((e["startTime"], e["endTime"]) for e in recorded if e["@type"] == "CreateAction")
    assert (
        sorted(
            (j.start.isoformat(timespec="milliseconds"), j.end.isoformat(timespec="milliseconds"))
            for j in crate.jobs
        )
        == times
    )
    assert all(start.endswith("+00:00") and start < end for start, end in times)


def test_commands_are_those_that_snakemake_ran(unpacked, run):
    ours = {entity["instrument"]["@id"]: entity["description"] for entity in jobs_of(unpacked)}
    recorded = json.loads((run / RECORD).read_text())["@graph"]
    theirs = [entity for entity in recorded if entity["@type"] == "CreateAction"]
    assert len(theirs) == len(STEPS)
    for entity in theirs:
        name = entity["instrument"]["@id"].removeprefix("#rule-")
        step = parser(Step.load(name))
        words = shlex.split(entity["description"].replace("\\\n", " "))
        ran = step.parse_args(words[2 : words.index("2>")])
        assert step.parse_args(shlex.split(ours[f"source/scripts/{name}.py"])[2:]) == ran


def test_inputs_of_every_job_are_those_in_its_products(unpacked):
    crate = library.read_crate(unpacked)
    compared = []
    for job in crate.jobs:
        for block in [block for path in job.outputs.values() if (block := read_block(unpacked / path))]:
            read = {(name, crate.files[path].sha256) for name, paths in job.inputs.items() for path in paths}
            assert read == {(one["input"], one["sha256"]) for one in block["inputs"]}
            assert job.parameters == {k: v for k, v in block["parameters"].items() if v not in (None, [])}
            compared.append(job.step)
    # The page of skymap_view holds its block in a form of its own.
    assert set(compared) == set(STEPS) - {"skymap_view"}


def test_parameters_are_declared_as_in_the_cwl_tools(unpacked):
    graph = graph_of(unpacked)
    tool = yaml.safe_load((unpacked / "source/cwl/tools/gw_spectrogram.cwl").read_text())
    declared = {
        n.rpartition("/")[2]: e for n, e in graph.items() if n.startswith("#parameter/gw_spectrogram/")
    }
    for name, entity in declared.items():
        written = tool["outputs"].get(name) or tool["inputs"][name]
        assert entity["description"] == written["doc"]
    assert declared["fmax"]["additionalType"] == "Float"
    assert declared["frequencies"]["additionalType"] == "Integer"
    value = graph["#value/gw_spectrogram/before/0.5"]
    assert (value["value"], value["unitText"]) == (0.5, "s")
    assert graph["#step/gw_network"]["connection"] == {
        "@id": "#connection/gw_spectrogram/spectrogram/gw_network/spectrograms"
    }


def test_environment_licence_authors_and_subjects_are_told(unpacked):
    graph, crate = graph_of(unpacked), library.read_crate(unpacked)
    assert graph["source/envs/science.txt"]["sha256"] == crate.locks["envs/science.txt"]
    assert graph["#image"]["sha256"] in (ROOT / "envs/Containerfile").read_text()
    assert graph["#environment/OPENBLAS_NUM_THREADS"]["value"] == "1"
    assert crate.fingerprint["hashes"]
    root = graph["./"]
    assert root["license"] == {"@id": "https://spdx.org/licenses/BSD-3-Clause"}
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert graph[root["author"]["@id"]]["name"] == citation["authors"][0]["name"]
    subjects = {graph[one["@id"]]["name"] for one in root["about"]}
    assert {"Gravitational waves", "Gravitational wave sources", "Astronomy data analysis"} <= subjects


def test_products_are_listed_as_obscore(record):
    table = parse_single_table(record / "products.obscore.vot")
    for field in table.fields:
        assert check_ucd(field.ucd, check_controlled_vocabulary=True, has_colon=True), field
    assert len(table.fields) == 30
    rows = {row["access_url"]: row for row in table.to_table()}
    crate = library.read_crate(record)
    assert set(rows) == {path for job in crate.jobs for path in job.outputs.values()}
    strain = rows["results/gw/GW150914/GW150914_H1_strain.hdf5"]
    assert (strain["dataproduct_type"], strain["facility_name"]) == ("timeseries", "LIGO Hanford")
    # GW150914 was at 2015-09-14 09:50:45.4 UTC, MJD 57279.41024769 (Abbott et al. 2016).
    assert strain["t_min"] < 57279.4102476 < strain["t_max"]
    assert strain["t_exptime"] == pytest.approx(0.8, abs=1e-3)
    network = rows["results/gw/GW150914/GW150914_network.ecsv"]
    assert network["dataproduct_type"] == "measurements"
    assert network["t_min"] == pytest.approx(strain["t_min"], abs=1e-8)
    sky = rows["results/skymap/GW150914/GW150914_map.multiorder.fits"]
    # The maximum of the published map.
    assert (sky["s_ra"], sky["s_dec"]) == pytest.approx((129.43, -69.98), abs=0.01)
    assert sky["target_name"] == "GW150914"


def test_page_needs_nothing_from_elsewhere(record):
    text = (record / "ro-crate-preview.html").read_text()
    assert "<script" not in text and "<link" not in text and "@import" not in text
    assert set(re.findall(r'src="([^"]{0,22})', text)) == {"data:image/png;base64,"}
    assert "GW150914_network.png" in text


def test_no_token_address_or_path_of_this_machine_is_in_any_file(run, record, other, by_cwltool, tmp_path):
    here = [
        str(run),
        str(run.parent),
        str(Path.home()),
        str(by_cwltool["provenance"].parent),
        str(BIN.parent),
        TOKEN,
    ]
    here += [os.uname().nodename] if len(os.uname().nodename) > 3 else []
    for folder in (record, other):
        files = {path.name: path.read_bytes() for path in folder.iterdir()} | members(folder)
        made = {name: body for name, body in files.items() if not name.startswith("source/")}
        for name, body in made.items():
            assert not [word for word in here if word.encode() in body], name
        for name, body in files.items():
            assert TOKEN.encode() not in body and str(run).encode() not in body, name
            if name.endswith((".json", ".md", ".html", ".cff", ".txt", ".vot", ".yaml", ".yml")):
                found = re.findall(rb"[\w.+-]+@[\w-]+\.[a-z]{2,4}\b", body)
                assert not found, (name, found[:3])


def test_addresses_of_authors_are_left_out(run, tmp_path):
    folder = tmp_path / "tidings"
    shutil.copytree(run, folder, symlinks=True, ignore=shutil.ignore_patterns("archive"))
    data = yaml.safe_load((folder / "CITATION.cff").read_text())
    data["authors"] = [
        {
            "email": "ada@example.org",
            "family-names": "Lovelace",
            "given-names": "Ada",
            "orcid": "https://orcid.org/0000-0002-1825-0097",
        },
        {"name": "Others", "email": "others@example.org"},
    ]
    (folder / "CITATION.cff").write_text(yaml.safe_dump(data, sort_keys=False))
    library.write_crate(folder, tmp_path / "record", "snakemake")
    files = members(tmp_path / "record")
    files |= {path.name: path.read_bytes() for path in (tmp_path / "record").iterdir()}
    assert not [name for name, body in files.items() if b"@example.org" in body]
    written = yaml.safe_load(files["CITATION.cff"])
    assert [author.get("family-names") for author in written["authors"]] == ["Lovelace", None]
    authors = graph_of(tmp_path / "record")["./"]["author"]
    assert authors == [{"@id": "https://orcid.org/0000-0002-1825-0097"}, {"@id": "#author/2"}]


# ---- both engines ---------------------------------------------------------------------------------------

ENGINES = re.compile(
    r"(source/)?(Snakefile|cwl/workflow\.cwl)|Snakemake|cwltool|Common Workflow Language|"
    r"https://(snakemake\.github\.io|www\.commonwl\.org|github\.com/common-workflow-language/cwltool)|"
    r"workflow-ro-crate#(snakemake|cwl)\b|application/cwl|text/plain"
)
TIME = re.compile(r'"20\d\d-\d\d-\d\dT[\d:.]+\+00:00"')


def shape(record: Path) -> str:
    """Return the graph of a crate without times and without the name of the engine."""
    text = TIME.sub('"T"', members(record)["ro-crate-metadata.json"].decode())
    text = re.sub(r'"softwareVersion": "[^"]*"', '"softwareVersion": "V"', text)
    return ENGINES.sub("E", text)


def test_crates_of_both_engines_have_the_same_shape(record, other):
    assert shape(other) == shape(record)
    assert "gw_network" in shape(record)


def test_crates_of_both_engines_differ_in_what_names_the_engine_only(record, other):
    one, two = members(record), members(other)
    assert one.keys() == two.keys()
    differing = {name for name in one if one[name] != two[name]}
    assert differing == {
        "README.md",
        "manifest-sha256.txt",
        "ro-crate-metadata.json",
        "ro-crate-preview.html",
        "run/configuration.json",
    }
    assert json.loads(two["run/configuration.json"]) == crates.JOB
    first, second = library.read_crate(record), library.read_crate(other)
    assert (first.engine.name, second.engine.name) == ("snakemake", "cwltool")
    untimed = [replace(job, start=first.start, end=first.end) for job in first.jobs]
    assert [replace(job, start=first.start, end=first.end) for job in second.jobs] == untimed
    assert second.files == first.files


def test_notes_of_other_runs_and_earlier_ones_do_no_harm(run, by_cwltool, other, tmp_path):
    notes = tmp_path / "notes"
    shutil.copytree(by_cwltool["provenance"], notes)
    (path, *_) = notes.glob("gw_strain-*.json")
    note = json.loads(path.read_text())
    note["outputs"] = {name: {**one, "name": f"GW1_{name}"} for name, one in note["outputs"].items()}
    (notes / "gw_strain-of-another-run.json").write_text(json.dumps(note))
    library.write_crate(run, tmp_path / "record", "cwltool", **{**by_cwltool, "provenance": notes})
    assert (tmp_path / "record/run-crate.zip").read_bytes() == (other / "run-crate.zip").read_bytes()


# ---- judges ---------------------------------------------------------------------------------------------

# The id of a tool or workflow should be an absolute address. The workflow and the steps are files of the
# crate, so theirs are relative, as RO-Crate has it for files.
WAIVER = "process-run-crate-0.5_5.1"


@needs_judges
def test_crate_fits_all_five_profiles(unpacked, tmp_path):
    verdicts = validate(unpacked, tmp_path, *crates.PROFILES)
    assert verdicts.keys() == crates.PROFILES.keys()
    for profile, verdict in verdicts.items():
        assert verdict["skipped"] == 0, profile
        assert not [i for i in verdict["issues"] if i[1] == "REQUIRED"], profile
        assert {issue[0] for issue in verdict["issues"]} <= {WAIVER}, profile


@needs_judges
def test_a_job_without_its_tool_is_refused(unpacked, tmp_path):
    def drop(graph):
        del graph["#job/gw_strain/GW150914_H1_strain.hdf5"]["instrument"]

    broken = edited(unpacked, tmp_path / "crate", drop)
    verdict = validate(broken, tmp_path, "provenance-run-crate-0.5", level="REQUIRED")
    assert "MUST have an instrument" in str(verdict["provenance-run-crate-0.5"]["issues"])


@needs_judges
def test_record_and_description_of_a_run_are_crates_too(run, record, tmp_path):
    assert validate(record, tmp_path, "ro-crate-1.1")["ro-crate-1.1"] == {"issues": [], "skipped": 0}
    shutil.copy(run / RECORD, run / "ro-crate-metadata.json")
    try:
        verdict = validate(run, tmp_path, "process-run-crate-0.5", level="REQUIRED")
    finally:
        (run / "ro-crate-metadata.json").unlink()
    assert verdict["process-run-crate-0.5"] == {"issues": [], "skipped": 0}


@needs_judges
def test_runcrate_reads_all_jobs(unpacked):
    report = call(unpacked, "runcrate", "report", ".")
    assert len(re.findall(r"^action: #job/", report, flags=re.MULTILINE)) == len(STEPS)
    assert "source/data/gw/strain/H-H1_LOSC_4_V2-1126259446-32.hdf5 <- #parameter/gw_strain/strain" in report


# ---- reading, replaying, stamping -----------------------------------------------------------------------


def test_jobs_of_snakemake_replayed_by_cwltool_give_the_same_bytes(record, tmp_path):
    folder = library.unpack(record, tmp_path / "crate")
    crate = library.read_crate(folder)
    # The map alone: the others are of the same kind.
    jobs = tuple(job for job in crate.jobs if job.stack == "skymap")
    path = library.replay(replace(crate, jobs=jobs), folder, "cwltool")
    call(tmp_path, "cwltool", "--outdir", "out", path)
    verdicts = compare_runs(folder / "results/skymap", tmp_path / "out")
    assert len(verdicts) == len([f for f in (folder / "results/skymap").rglob("*") if f.is_file()]) > 15
    assert {verdict.status for verdict in verdicts} == {"IDENTICAL"}


def test_replay_has_every_job_on_every_engine(other, tmp_path):
    folder = library.unpack(other, tmp_path / "crate")
    crate = library.read_crate(folder)
    assert "is valid CWL" in call(tmp_path, "cwltool", "--validate", library.replay(crate, folder, "toil"))
    library.replay(crate, folder, "snakemake")
    planned = snakemake(folder / "source", "-s", "replay.smk", "--dry-run", "--quiet", "host")
    assert re.search(r"^total +6$", planned, flags=re.MULTILINE)


def test_reserved_identifier_is_written_everywhere_and_once(record, tmp_path):
    folder = tmp_path / "record"
    shutil.copytree(record, folder)
    library.stamp(folder, "10.5072/zenodo.42", "https://sandbox.zenodo.org/records/42")
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert library.check_manifest(folder) == []
    crate = library.read_crate(folder)
    assert (crate.identifier, crate.url) == ("10.5072/zenodo.42", "https://sandbox.zenodo.org/records/42")
    assert replace(crate, identifier=None, url=None, manifest={}) == replace(
        library.read_crate(record), manifest={}
    )
    for name in ("README.md", "ro-crate-metadata.json", "ro-crate-preview.html", "products.obscore.vot"):
        assert b"10.5072/zenodo.42" in first[name]
        assert b"10.5072/zenodo.42" in members(folder)[name]
    library.stamp(folder, "10.5072/zenodo.42", "https://sandbox.zenodo.org/records/42")
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first


def test_help_starts_without_the_scientific_stack():
    code = (
        "import sys; sys.argv = ['crate.py', 'pack', '--help']; sys.path.insert(0, 'scripts')\n"
        "import runpy\n"
        "try: runpy.run_path('scripts/crate.py', run_name='__main__')\n"
        "except SystemExit as stop: print('status', stop.code)\n"
        "print(sorted({'numpy', 'astropy', 'yaml', 'h5py'} & set(sys.modules)))"
    )
    printed = call(ROOT, "python", "-c", code)
    assert "status 0\n[]" in printed


# ---- bad input ------------------------------------------------------------------------------------------


@pytest.fixture
def mine(run, tmp_path):
    """A copy of the run that may be spoiled."""
    shutil.copytree(run, tmp_path / "mine", symlinks=True, ignore=shutil.ignore_patterns("archive"))
    return tmp_path / "mine"


def test_a_run_that_is_not_finished_is_not_described(mine):
    (mine / "results/gw/GW150914/GW150914_network.pdf").unlink()
    assert "The run is not finished: gw_network would be run" in describe(mine, status=1)


def test_a_changed_product_is_refused(mine, tmp_path):
    product = mine / "results/gw/GW150914/GW150914_H1_spectrogram.hdf5"
    product.write_bytes(product.read_bytes() + b"\n")
    with pytest.raises(InputError, match=r"H1_spectrogram\.hdf5: is not what .*_network\.png was made"):
        library.write_crate(mine, tmp_path / "record", "snakemake")
    assert not list(tmp_path.glob("*record*"))


def test_a_changed_input_is_refused(mine, tmp_path):
    data = mine / H1
    data.write_bytes(data.read_bytes() + b"\n")
    with pytest.raises(InputError, match=r"H-H1_LOSC_4_V2-1126259446-32\.hdf5: is not what"):
        library.write_crate(mine, tmp_path / "record", "snakemake")


def test_code_edited_after_the_run_is_refused(mine):
    path = mine / "scripts/tidings/gw/conditioning.py"
    path.write_text(path.read_text() + "\n# An edit.\n")
    output = call(mine, "python", "scripts/crate.py", "pack", "record", status=1)
    assert "scripts/gw_strain.py or a module that it imports was edited after the run" in output
    assert not list(mine.glob("*record*"))


def test_code_that_git_does_not_track_is_named(mine, tmp_path):
    shutil.copy(ROOT / ".gitignore", mine)
    module = "scripts/tidings/gw/conditioning.py"
    for words in (["init", "-q"], ["add", "."], ["rm", "-q", "--cached", module]):
        call(mine, "git", *words)
    with pytest.raises(InputError, match=f"{re.escape(module)}: used by gw_strain, but not tracked by git"):
        library.write_crate(mine, tmp_path / "record", "snakemake")
    call(mine, "git", "add", module)
    call(mine, "git", *IDENTITY, "commit", "-qm", "All")
    library.write_crate(mine, tmp_path / "record", "snakemake")
    names = members(tmp_path / "record")
    assert f"source/{module}" in names
    assert not [name for name in names if name.startswith(("source/results", "source/.git/"))]
    (head,) = call(mine, "git", "rev-parse", "HEAD").split()
    assert library.read_crate(tmp_path / "record").commit == head


def test_files_of_the_user_from_elsewhere_come_along(mine, tmp_path):
    elsewhere = tmp_path / "elsewhere/my map.fits.gz"
    elsewhere.parent.mkdir()
    body = (mine / crates.MAP).read_bytes()
    elsewhere.write_bytes(body)
    (mine / crates.MAP).unlink()
    target = {"skymap": {"maps": [str(elsewhere)]}}
    (mine / "mine.json").write_text(json.dumps({"targets": {"GW150914": target}}))
    snakemake(mine, "--configfile", "mine.json")
    describe(mine)
    library.write_crate(mine, tmp_path / "record", "snakemake")
    files = members(tmp_path / "record")
    (place,) = [name for name in files if name.startswith("source/inputs/")]
    assert place.endswith("/my map.fits.gz") and files[place] == body
    configuration = json.loads(files["run/configuration.json"])
    assert configuration["targets"]["GW150914"]["skymap"]["maps"] == [place.removeprefix("source/")]
    folder = library.unpack(tmp_path / "record", tmp_path / "crate")
    assert [file.path for file in library.read_crate(folder).inputs] == [place]
    planned = snakemake(folder / "source", "--dry-run", "--configfile", "../run/configuration.json")
    assert "skymap_catalogue" in planned
    assert not [name for name, content in files.items() if str(tmp_path).encode() in content]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "no such file.*--reporter wrroc"),
        ("{", "cannot be read as what the report plugin writes"),
        ('{"@graph": [{"@id": "./"}]}', "describes no run of Snakemake"),
    ],
)
def test_a_missing_or_wrong_description_is_told_with_the_command(run, tmp_path, text, message):
    path = tmp_path / "description.json"
    if text is not None:
        path.write_text(text)
    with pytest.raises(InputError, match=message):
        library.write_crate(run, tmp_path / "record", "snakemake", provenance=path)


def test_an_existing_record_is_not_written_over_unless_told_so(run, record, tmp_path):
    with pytest.raises(InputError, match="exists already"):
        library.write_crate(run, record, "snakemake")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis/chapter.tex").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        library.write_crate(run, tmp_path / "thesis", "snakemake", replace_record=True)
    assert (tmp_path / "thesis/chapter.tex").read_text() == "mine"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda known, folder: {**known, "job": None}, "needs three"),
        (lambda known, folder: {**known, "provenance": folder}, "no notes of jobs; run `TIDINGS_JOURNAL="),
        (lambda known, folder: {**known, "results": folder / "no"}, "no such folder of results"),
        (lambda known, folder: {**known, "job": folder / "no.yml"}, r"no\.yml: cannot be read"),
        (
            lambda known, folder: {**known, "results": changed_product(known, folder)},
            "is not what the run made",
        ),
        (lambda known, folder: {**known, "provenance": cut_note(known, folder)}, "cannot be read as a note"),
    ],
)
def test_a_run_of_cwltool_that_is_not_complete_is_refused(run, by_cwltool, tmp_path, spoil, message):
    known = spoil(by_cwltool, tmp_path)
    with pytest.raises(InputError, match=message):
        library.write_crate(run, tmp_path / "record", "cwltool", **known)
    assert not list(tmp_path.glob("*record*"))


def changed_product(known, folder):
    shutil.copytree(known["results"], folder / "out")
    (folder / "out/GW150914_H1_tiles.ecsv").write_text("another")
    return folder / "out"


def cut_note(known, folder):
    shutil.copytree(known["provenance"], folder / "notes")
    (path, *_) = (folder / "notes").glob("gw_strain-*.json")
    path.write_text(path.read_text()[:100])
    return folder / "notes"


def test_data_that_are_gone_are_named(run, by_cwltool, tmp_path):
    notes = tmp_path / "notes"
    shutil.copytree(by_cwltool["provenance"], notes)
    for path in notes.glob("*.json"):
        path.write_text(path.read_text().replace("H-H1_LOSC_4_V2", "H-H1_GONE_4_V2"))
    known = {**by_cwltool, "provenance": notes}
    with pytest.raises(InputError, match=r"H-H1_GONE_4_V2-1126259446-32\.hdf5: read by the run"):
        library.write_crate(run, tmp_path / "record", "cwltool", **known)


def test_changed_missing_and_added_files_are_named(unpacked, tmp_path):
    folder = tmp_path / "crate"
    shutil.copytree(unpacked, folder, symlinks=True)
    (folder / "source/README.more").write_text("more")
    (folder / "results/gw/GW150914/GW150914_network.png").unlink()
    (folder / "source/scripts/gw_strain.py").write_text("pass\n")
    assert library.check_manifest(folder) == [
        "results/gw/GW150914/GW150914_network.png: missing",
        "source/README.more: not listed",
        "source/scripts/gw_strain.py: another sha256",
    ]
    output = call(ROOT, "python", "scripts/crate.py", "check", folder, status=1)
    assert "gw_strain.py: another sha256" in output


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("tidings-crate-2", "of format 2.*reads up to 1"),
        ("1.0", "not one of this suite"),
        (None, "not one of"),
    ],
)
def test_a_newer_format_or_another_crate_is_refused_before_anything_is_written(
    unpacked, tmp_path, version, message
):
    def change(graph):
        graph["./"].pop("schemaVersion")
        if version:
            graph["./"]["schemaVersion"] = version

    folder = edited(unpacked, tmp_path / "crate", change)
    content = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    write_zip(tmp_path / "run-crate.zip", content)
    for place in (folder, tmp_path / "run-crate.zip"):
        with pytest.raises(InputError, match=message):
            library.read_crate(place)
    with pytest.raises(InputError, match=message):
        library.unpack(tmp_path / "run-crate.zip", tmp_path / "out")
    assert not (tmp_path / "out").exists()
