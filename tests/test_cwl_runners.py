"""The CWL export in the hands of its runners: moved, packed, failing, downloading, and on a second engine."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from servers.gwosc import GwoscServer
from services.slurm import missing as slurm_is_missing
from services.slurm import slurm
from suite import BIN, ROOT, call, copy, digests, short, shorten

DOCUMENTS = sorted((ROOT / "cwl").rglob("*.cwl"))
STRAIN = ROOT / "data/gw/strain"
H1, L1 = "H-H1_LOSC_4_V2-1126259446-32.hdf5", "L-L1_LOSC_4_V2-1126259446-32.hdf5"
SHA256 = "fa170ebc577652bfeb5c4b9d2a2d713eef8a4b2996b198b749692446fa7a163c"  # sha256sum of H1
# The environment that cwltool is in has cwl-utils, the reference parser, as well.
ENGINE = Path(shutil.which("cwltool", path=BIN) or "cwltool").resolve().parent
TOIL = shutil.which("toil-cwl-runner", path=BIN)
needs_toil = pytest.mark.skipif(TOIL is None, reason="no toil-cwl-runner (make toil)")
MIRROR = "TIDINGS_GWOSC_HOST"


@pytest.fixture(scope="module")
def here(tmp_path_factory):
    """A copy of the suite in a folder whose name wants to be quoted."""
    return copy(tmp_path_factory.mktemp("a b") / "tidings (1)")


@pytest.fixture(scope="module")
def one(here):
    """One detector of one event: its job file, and the products that Snakemake makes."""
    configuration = {"GW150914": {"gw": {"strain": {"H1": [f"data/gw/strain/{H1}"]}, "before": 0.5}}}
    (here / "one.json").write_text(json.dumps({"targets": configuration}))
    call(here, "snakemake", "--cores", "1", "--configfile", "one.json")
    return job(here / "cwl/one.yml", {}), digests(here / "results")


def job(path, entries, strain=None):
    """Write the job file that stands for the products of `one`."""
    strain = strain or [f"../data/gw/strain/{H1}"]
    files = [[{"class": "File", "path": file}] for file in strain]
    detectors = [Path(file).name[2:4] for file in strain]
    target = {"event": "GW150914", "detectors": detectors, "strain": files, "before": 0.5}
    path.write_text(json.dumps({"gw_targets": [target], **entries}))
    return path


def runner(name, scratch):
    """Return the words that begin a runner's command, so that it leaves nothing outside a folder."""
    if name == "cwltool":
        return ["cwltool"]
    scratch.mkdir()
    folders = [f"--workDir={scratch}", f"--coordinationDir={scratch}", f"--jobStore={scratch}/store"]
    return ["toil-cwl-runner", "--no-container", "--retryCount=0", *folders]


def keep(scratch):
    # Toil keeps a history of its runs in the home folder.
    return {"TOIL_HISTORY": "0", "HOME": str(scratch)}


engines = pytest.mark.parametrize("name", ["cwltool", pytest.param("toil", marks=needs_toil)])


# ---- documents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_the_reference_parser_reads_every_document(path):
    code = (
        "import sys; from cwl_utils.parser import load_document_by_uri\n"
        "made = load_document_by_uri(sys.argv[1])\n"
        "print(made.cwlVersion, type(made).__name__, all(i.doc for i in made.inputs), len(made.outputs))"
    )
    python = ENGINE / "python"
    done = subprocess.run([python, "-W", "error", "-c", code, path.as_uri()], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    written = yaml.safe_load(path.read_text())
    assert done.stdout.split() == ["v1.2", written["class"], "True", str(len(written["outputs"]))]


def test_job_file_fits_the_schema_of_the_workflows_inputs():
    made = subprocess.run(
        [ENGINE / "cwl-inputs-schema-gen", ROOT / "cwl/workflow.cwl"], capture_output=True, text=True
    )
    assert made.returncode == 0, made.stderr
    check = jsonschema.Draft7Validator(json.loads(made.stdout))
    default = yaml.safe_load((ROOT / "cwl/job.yml").read_text())
    check.validate(default)
    del default["gw_targets"][0]["detectors"]
    assert not check.is_valid(default)


@pytest.mark.parametrize("option", ["--print-deps", "--print-dot", "--print-rdf"])
def test_cwltool_describes_the_workflow_without_a_warning(option):
    output = call(ROOT, "cwltool", option, "cwl/gw.cwl")
    assert "WARNING" not in output
    for step in ("gw_strain", "gw_spectrogram", "gw_network"):
        assert step in output


# ---- elsewhere ------------------------------------------------------------------------------------------


def test_from_another_folder_cwltool_gives_the_bytes_of_snakemake(here, one, tmp_path):
    job, products = one
    out = tmp_path / "out"
    out.mkdir()
    (out / "GW150914_network.ecsv").write_text("of an earlier run")
    (out / "mine.txt").write_text("mine")
    call(tmp_path, "cwltool", "--outdir", "out", here / "cwl/workflow.cwl", job)
    assert len(products) == 10
    assert (out / "mine.txt").read_text() == "mine"
    (out / "mine.txt").unlink()
    assert digests(out) == products


def test_packed_and_moved_it_gives_the_same_bytes(here, one, tmp_path):
    # Packing writes down where the scripts were; a job file says where they are.
    packed = call(here, "sh", "-c", "cwltool --pack cwl/workflow.cwl 2> pack.log")
    assert "WARNING" not in (here / "pack.log").read_text()
    packed = json.loads(packed.replace(here.as_uri(), "file:///gone"))
    assert {document["class"] for document in packed["$graph"]} == {"Workflow", "CommandLineTool"}
    (tmp_path / "packed.cwl").write_text(json.dumps(packed))
    scripts = {"class": "Directory", "path": str(here / "scripts")}
    strain = [str(here / "data/gw/strain" / H1)]
    moved = job(tmp_path / "job.json", {"scripts": scripts}, strain)
    call(tmp_path, "cwltool", "--outdir", "out", "packed.cwl", moved)
    assert digests(tmp_path / "out") == one[1]


# ---- failures -------------------------------------------------------------------------------------------


@engines
def test_a_failed_step_says_why_and_fails_the_run(here, tmp_path, name):
    cut = tmp_path / L1
    cut.write_bytes((STRAIN / L1).read_bytes()[:500_000])
    broken = job(tmp_path / "job.json", {}, [str(cut)])
    command = [*runner(name, tmp_path / "scratch"), "--outdir", tmp_path / "out"]
    variables = keep(tmp_path / "scratch") if name == "toil" else {}
    output = call(tmp_path, *command, here / "cwl/workflow.cwl", broken, status=1, **variables)
    assert "gw_strain: error: " in output or "gw_spectrogram: error: " in output
    assert "truncated" in output
    assert not (tmp_path / "out").exists() or not digests(tmp_path / "out")


def test_what_does_not_need_a_failed_step_is_still_made_if_wanted(here, one, tmp_path):
    cut = tmp_path / L1
    cut.write_bytes((STRAIN / L1).read_bytes()[:500_000])
    strain = [str(here / "data/gw/strain" / H1), str(cut)]
    broken = job(tmp_path / "job.json", {}, strain)
    command = ["cwltool", "--on-error", "continue", "--outdir", tmp_path / "out"]
    call(tmp_path, *command, here / "cwl/workflow.cwl", broken, status=1)
    made = digests(tmp_path / "out")
    assert made == {name: digest for name, digest in one[1].items() if "network" not in name}


def test_an_input_of_the_wrong_type_is_refused_by_name(here, tmp_path):
    wrong = job(tmp_path / "job.json", {})
    wrong.write_text(wrong.read_text().replace("0.5", '"half"'))
    output = call(tmp_path, "cwltool", here / "cwl/workflow.cwl", wrong, status=1)
    assert "before" in output
    assert not list(tmp_path.glob("*.hdf5"))


# ---- downloads ------------------------------------------------------------------------------------------


@engines
def test_a_download_begins_a_record_and_the_next_adds_to_it(here, tmp_path, name):
    with GwoscServer({H1: STRAIN / H1, L1: STRAIN / L1}) as archive:
        first = fetch(here, tmp_path / "1", name, archive, "H1")
        second = fetch(here, tmp_path / "2", name, archive, "L1", "--lock", first / "remote.lock.json")
        assert archive.count(H1) >= 1
    assert (first / "strain" / H1).read_bytes() == (STRAIN / H1).read_bytes()
    assert (second / "strain" / L1).read_bytes() == (STRAIN / L1).read_bytes()
    assert not (second / "strain" / H1).exists()
    before, after = (json.loads((out / "remote.lock.json").read_text())["files"] for out in (first, second))
    assert {entry: value["sha256"] for entry, value in before.items()} == {f"gwosc/{H1}": SHA256}
    assert after.keys() == {f"gwosc/{H1}", f"gwosc/{L1}"}
    assert after[f"gwosc/{H1}"] == before[f"gwosc/{H1}"]


def fetch(here, folder, name, archive, detector, *more, status=0):
    """Download with the tool alone; return the folder of its outputs."""
    folder.mkdir()
    # Toil drops the names that its option --preserve-environment is given.
    preserve = ["--preserve-environment", MIRROR] if name == "cwltool" else ["--preserve-entire-environment"]
    command = [*runner(name, folder / "scratch"), *preserve, "--outdir", folder / "out"]
    event = ["--event", "GW150914", "--detector", detector]
    variables = {MIRROR: archive.host} | (keep(folder / "scratch") if name == "toil" else {})
    output = call(
        folder, *command, here / "cwl/tools/gw_fetch.cwl", *event, *more, status=status, **variables
    )
    return folder / "out" if status == 0 else output


def test_a_download_that_is_not_what_the_record_says_is_refused(here, tmp_path):
    known = {"sha256": "0" * 64, "size": 1, "url": None}
    lock = tmp_path / "mine.json"
    lock.write_text(json.dumps({"files": {f"gwosc/{H1}": known}, "sets": {}}))
    text = lock.read_text()
    with GwoscServer({H1: STRAIN / H1}) as archive:
        output = fetch(here, tmp_path / "1", "cwltool", archive, "H1", "--lock", lock, status=1)
    assert "is not the file that was used before" in output
    assert lock.read_text() == text


# ---- the second engine ----------------------------------------------------------------------------------


@needs_toil
def test_toil_gives_the_bytes_of_snakemake_for_the_default_run(finished, tmp_path):
    folder = shorten(copy(tmp_path / "tidings"))
    command = runner("toil", tmp_path / "scratch")
    call(
        folder,
        *command,
        "--outdir",
        tmp_path / "out",
        "cwl/workflow.cwl",
        "cwl/job.yml",
        **keep(tmp_path / "scratch"),
    )
    assert digests(tmp_path / "out") == short(digests(finished / "results"))


@needs_toil
@pytest.mark.skipif(slurm_is_missing() is not None, reason=slurm_is_missing() or "")
def test_toil_gives_the_same_bytes_on_slurm(here, one, tmp_path, tmp_path_factory):
    job, products = one
    with slurm(tmp_path_factory.mktemp("s") / "s") as cluster:
        variables = {**keep(tmp_path / "scratch"), **cluster.variables}
        command = [*runner("toil", tmp_path / "scratch"), "--batchSystem=slurm", "--outdir", tmp_path / "out"]
        call(tmp_path, *command, here / "cwl/workflow.cwl", job, **variables)
        jobs = cluster.jobs(tmp_path)
    assert digests(tmp_path / "out") == products
    assert len(jobs) >= 3
    assert {job.state for job in jobs} == {"COMPLETED"}
    # What the tools ask for, not what an engine gives to those that do not ask.
    assert max(job.memory for job in jobs) >= 1000
