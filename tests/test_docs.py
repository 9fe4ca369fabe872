"""Documents and catalogue: the metadata fit their profiles, commands and links are right, the site builds."""

from __future__ import annotations

import copy as copying
import json
import re
import shlex
import shutil
import subprocess
import sys
from urllib.parse import unquote

import pyshacl
import pytest
import rdflib

import catalogue as writer
from suite import BIN, ROOT, call, copy
from tidings.catalogue import linked
from tidings.catalogue.entries import workflows
from tidings.catalogue.pages import example
from tidings.crate.citation import read_citation
from tidings.step.command import parser
from tidings.step.declaration import Step, step_names

SHAPES = ROOT / "tests/shapes/catalogue.ttl"
DOCUMENTS = sorted(
    path for pattern in writer.DOCUMENTS for path in ROOT.glob(pattern) if path.suffix == ".md"
)
# Classes that the ontology declares, of those that the catalogue may use (oda-hub/ontology, ontology.ttl,
# version 0.1.1).
TERMS = {
    *("Workflow", "PointOfInterestRA", "PointOfInterestDEC", "TimeInstant", "StartTime", "EndTime"),
    *("TimeIntervalSeconds", "TimeIntervalDays", "AngleDegrees", "AngleMinutes", "AngleSeconds"),
    *("FrequencyHz", "Energy_keV", "Energy_GeV", "Percentage", "Float", "Integer", "String", "Boolean"),
    *("LightCurve", "Spectrum", "Image", "ODAPictureProduct", "ODAAstropyTable", "ODATextProduct"),
    *("ODABinaryProduct", "unit", "has_unit", "lower_limit", "upper_limit", "allowed_value"),
}


@pytest.fixture(scope="module")
def document():
    return linked.document(workflows(), read_citation(ROOT / "CITATION.cff"))


def graph_of(document) -> rdflib.Graph:
    return rdflib.Graph().parse(data=json.dumps(document), format="json-ld")


def judged(document) -> tuple[bool, str]:
    conforms, _, text = pyshacl.validate(
        graph_of(document), shacl_graph=str(SHAPES), shacl_graph_format="turtle"
    )
    return conforms, text


# ---- catalogue ------------------------------------------------------------------------------------------


def test_catalogue_fits_the_profiles(document):
    conforms, text = judged(document)
    assert conforms, text


@pytest.mark.parametrize(
    ("kind", "missing"),
    [
        ("ComputationalWorkflow", "license"),
        ("ComputationalWorkflow", "input"),
        ("ComputationalWorkflow", "about"),
        ("ComputationalTool", "output"),
        ("FormalParameter", "description"),
    ],
)
def test_without_what_a_profile_asks_for_it_is_refused(document, kind, missing):
    broken = copying.deepcopy(document)
    del next(one for one in broken["@graph"] if kind in one["@type"])[missing]
    conforms, text = judged(broken)
    assert not conforms
    assert missing in text


def test_all_steps_and_parameters_are_in_it(document):
    ids = {one["@id"] for one in document["@graph"]}
    for name in step_names():
        assert f"urn:tidings:step:{name}" in ids
        for field in Step.load(name).fields:
            assert (f"urn:tidings:step:{name}:{field.name}" in ids) == (type(field.kind).__name__ != "Record")


def test_terms_of_the_ontology_are_those_that_it_declares(document):
    used = set(re.findall(r"oda:(\w+)", json.dumps(document["@graph"])))
    assert used <= TERMS
    assert {"PointOfInterestRA", "LightCurve", "TimeIntervalSeconds"} <= used
    spectrum = next(one for one in document["@graph"] if one["@id"].endswith(":gw_spectrogram:fmin"))
    assert spectrum["oda:has_unit"] == {"@id": "unit:Hz"}
    assert spectrum["defaultValue"] == 20.0


@pytest.mark.parametrize("name", step_names())
def test_examples_are_commands_that_the_steps_take(name, tmp_path, monkeypatch):
    step = Step.load(name)
    words = shlex.split(example(step).replace("\\\n", " "))
    assert words[:2] == ["python", f"scripts/{name}.py"]
    monkeypatch.chdir(tmp_path)
    # In capitals stand the user's values: numbers where the step wants them.
    numbers = {field.name for field in step.fields if field.type in (float, int)}
    words = [
        "1" if before.removeprefix("--") in numbers else word
        for before, word in zip(["", *words], words, strict=False)
    ]
    assert vars(parser(step).parse_args(words[2:]))


def test_sources_are_not_written_over_other_files(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    printed = call(ROOT, "python", "scripts/catalogue.py", tmp_path, status=2)
    assert "holds other files" in printed
    assert (tmp_path / "mine.txt").read_text() == "mine"


# ---- documents ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_documents_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in link and not link.startswith(("#", "mailto:")):
            assert (path.parent / unquote(link.partition("#")[0])).exists(), link


def commands() -> list[tuple[str, str]]:
    """Return the commands of the documents' shell blocks, with the document."""
    found = []
    for path in DOCUMENTS:
        for block in re.findall(
            r"^```(?:sh|shell|bash)?\n(.*?)^```", path.read_text(), flags=re.DOTALL | re.MULTILINE
        ):
            for line in block.replace("\\\n", " ").splitlines():
                command = re.split(r"\s+#", line)[0].strip()
                if re.match(r"(python scripts/|snakemake |make )", command):
                    found.append((str(path.relative_to(ROOT)), command))
    return found


COMMANDS = commands()
MAKE = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize(("place", "command"), [c for c in COMMANDS if c[1].startswith("python")])
def test_python_commands_have_options_that_exist(place, command):
    words = shlex.split(command)
    script = ROOT / words[1]
    assert script.is_file(), place
    options = [word.partition("=")[0] for word in words[2:] if word.startswith("--") and word != "--"]
    if "--" in words:
        options = [word for word in words[2 : words.index("--")] if word.startswith("--")]
    told = help_of(str(script), words)
    for option in options:
        assert option in told, f"{place}: {command}: {option}"


HELP: dict[tuple[str, ...], str] = {}


def help_of(script: str, words: list[str]) -> str:
    """Return what --help prints, of a subcommand if there is one."""
    sub = (words[2],) if script.endswith("crate.py") and len(words) > 2 and words[2].isalpha() else ()
    if (script, *sub) not in HELP:
        done = subprocess.run(
            [sys.executable, script, *sub, "--help"], capture_output=True, text=True, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
        HELP[(script, *sub)] = done.stdout
    return HELP[(script, *sub)]


@pytest.mark.parametrize(("place", "command"), [c for c in COMMANDS if c[1].startswith("make")])
def test_make_commands_have_targets_that_exist(place, command):
    targets = [word for word in shlex.split(command)[1:] if "=" not in word]
    assert set(targets) <= MAKE, place


def test_snakemake_commands_have_options_that_exist():
    told = call(ROOT, "snakemake", "--help")
    found = [c for c in COMMANDS if c[1].startswith("snakemake")]
    assert len(found) > 5
    for place, command in found:
        for option in re.findall(r"(?<=\s)--[a-z][a-z-]+", command.partition(" -- ")[0]):
            assert option in told, f"{place}: {command}: {option}"


def test_configurations_in_documents_are_configurations(tmp_path):
    checked = 0
    for path in DOCUMENTS:
        blocks = re.findall(r"^```yaml\n(.*?)^```", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        for block in blocks:
            if block.lstrip("# \n").startswith(("mine.yaml\ntargets", "targets")) and "GLADE+" not in block:
                (tmp_path / "mine.yaml").write_text(block)
                call(
                    ROOT,
                    "snakemake",
                    "--dry-run",
                    "--nolock",
                    "--quiet",
                    "--configfile",
                    tmp_path / "mine.yaml",
                )
                checked += 1
    assert checked >= 1


def test_the_how_to_adds_a_reduction(tmp_path):
    """Follow workflows/adding.md: its step and rule, as they stand there, in a copy of the suite."""
    text = (ROOT / "workflows/adding.md").read_text()
    step, rules = re.findall(r"^```python\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    folder = copy(tmp_path / "tidings")
    (folder / "scripts/hardness_ratio.py").write_text(step)
    (folder / "workflows/hardness.smk").write_text(rules)
    shutil.copy(folder / "envs/polar.yaml", folder / "envs/hardness.yaml")
    path = folder / "Snakefile"
    text = path.read_text().replace(
        'include: "workflows/isgri.smk"\n',
        'include: "workflows/isgri.smk"\ninclude: "workflows/hardness.smk"\n',
    )
    path.write_text(
        text.replace(
            "        isgri_products(),\n", "        isgri_products(),\n        hardness_products(),\n"
        )
    )
    path = folder / "workflows/schemas/config.schema.json"
    schema = json.loads(path.read_text())
    strings = {band: {"type": "string"} for band in ("soft", "hard")}
    schema["$defs"]["hardness"] = {"type": "object", "properties": strings}
    schema["$defs"]["target"]["properties"]["hardness"] = {"$ref": "#/$defs/hardness"}
    path.write_text(json.dumps(schema))
    words = ("--counts", "data/polar/GRB161218B_lc.root", "--trigger", "2016-12-18T08:32:41.341")
    call(folder, "python", "scripts/polar_lightcurve.py", *words)
    curve = {"soft": "lightcurve.fits", "hard": "lightcurve.fits"}
    (folder / "mine.json").write_text(json.dumps({"targets": {"GRB161218B": {"hardness": curve}}}))
    call(folder, "snakemake", "--cores", "1", "--configfile", "mine.json")
    made = (folder / "results/hardness/GRB161218B/GRB161218B_hardness.ecsv").read_text()
    assert made.splitlines()[-1] == "1.0"
    call(folder, "python", "scripts/page.py", "GRB161218B", "--configfile", "mine.json")
    assert '<h2 id="hardness">hardness</h2>' in (folder / "results/GRB161218B.html").read_text()


def test_site_builds_without_a_warning(tmp_path):
    sphinx = BIN / "../docs/bin/sphinx-build"
    if not sphinx.exists():
        pytest.skip("no Sphinx (make .venv/docs.done)")
    call(ROOT, "python", "scripts/catalogue.py", tmp_path / "source")
    python = sphinx.with_name("python")
    call(ROOT, python, "workflows/docs/turtle.py", tmp_path / "source/catalogue/catalogue.jsonld")
    words = (
        "-q",
        "-W",
        "-n",
        "-E",
        "-b",
        "html",
        "-c",
        "workflows/docs",
        tmp_path / "source",
        tmp_path / "html",
    )
    assert call(ROOT, sphinx, *words).strip() == ""
    page = (tmp_path / "html/catalogue/gw_spectrogram.html").read_text()
    assert '<script type="application/ld+json">' in page
    assert "<math" in (tmp_path / "html/workflows/gw.html").read_text()
    # Nothing from elsewhere.
    for path in (tmp_path / "html").rglob("*.html"):
        assert not re.search(
            r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//|<link[^>]+href="https?://', path.read_text()
        ), path
    written = rdflib.Graph().parse(tmp_path / "source/catalogue/catalogue.ttl")
    assert len(written) == len(
        graph_of(json.loads((tmp_path / "source/catalogue/catalogue.jsonld").read_text()))
    )
