"""Every step has its rule, its CWL tool, its environment; what is generated is up to date."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys

import pytest
import yaml

import export
from suite import BIN, ROOT, call
from tidings.step.declaration import Step, step_names

STEPS = step_names()


def test_generated_files_are_up_to_date(capsys):
    assert export.main(["--check"]) == 0, capsys.readouterr().out


def test_a_stale_file_is_noticed(monkeypatch, capsys):
    path = ROOT / "cwl/tools/gw_strain.cwl"
    monkeypatch.setattr(export, "generated", lambda: {path: "another text"})
    assert export.main(["--check"]) == 1
    assert "stale: cwl/tools/gw_strain.cwl" in capsys.readouterr().out


@pytest.mark.parametrize("name", STEPS)
def test_help_starts_without_the_scientific_stack(name):
    code = (
        f"import sys; sys.argv = ['{name}.py', '--help']; sys.path.insert(0, 'scripts')\n"
        f"import runpy\n"
        f"try: runpy.run_path('scripts/{name}.py', run_name='__main__')\n"
        f"except SystemExit as stop: print('status', stop.code)\n"
        f"print(sorted({{m.partition('.')[0] for m in sys.modules}} - sys.stdlib_module_names))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "status 0" in done.stdout
    loaded = set(ast.literal_eval(done.stdout.splitlines()[-1]))
    # The others are what an environment loads at every start.
    assert loaded <= {"tidings", "__main__", "_virtualenv", "_distutils_hack"}


@pytest.mark.parametrize("name", STEPS)
def test_every_step_has_rule_tool_and_environment(name):
    step = Step.load(name)
    rules = "".join(path.read_text() for path in (ROOT / "workflows").glob("*.smk"))
    rule = re.search(rf"^rule {name}:\n(.*?)(?=^rule |\Z)", rules, flags=re.MULTILINE | re.DOTALL)
    assert rule, f"no rule {name}"
    assert f'"../envs/{step.stack}.yaml"' in rule[1]
    assert f'step.shell("{name}")' in rule[1]
    assert (ROOT / "cwl/tools" / f"{name}.cwl").exists()
    assert step.summary.endswith(".")
    source = (ROOT / "scripts" / f"{name}.py").read_text()
    assert len(source.splitlines()) < 150


def locked() -> dict[str, str]:
    text = (ROOT / "envs/science.txt").read_text()
    return dict(re.findall(r"^([\w.-]+)==([\w.]+)", text, flags=re.MULTILINE))


@pytest.mark.parametrize("path", sorted((ROOT / "envs").glob("*.yaml")), ids=lambda path: path.stem)
def test_conda_pins_are_those_of_the_tested_lock_file(path):
    versions = {**locked(), "matplotlib-base": locked()["matplotlib"]}
    pins = export.packages(path.stem)
    assert len(pins) == len(yaml.safe_load(path.read_text())["dependencies"])
    for name, version in pins.items():
        if name == "python":
            assert version == "3.11"
        else:
            assert version == versions[name], name


def test_wanted_packages_are_declared_alike():
    project = (ROOT / "pyproject.toml").read_text()
    declared = json.loads(re.search(r"^dependencies = (\[.*\])$", project, flags=re.MULTILINE)[1])
    wanted = [n for n in (ROOT / "envs/science.in").read_text().split("\n") if n and not n.startswith("#")]
    assert declared == wanted


def test_cwl_job_is_the_default_configuration():
    config = yaml.safe_load((ROOT / "config/config.yaml").read_text())
    job = yaml.safe_load((ROOT / "cwl/job.yml").read_text())
    targets = {}
    for target in job["gw_targets"]:
        files = [[file_of(file) for file in files] for files in target["strain"]]
        gw = {"strain": dict(zip(target["detectors"], files, strict=True))}
        gw |= {key: target[key] for key in ("before", "after", "trim") if key in target}
        targets[target["event"]] = {"gw": gw}
        if "fmax" in target:
            targets[target["event"]]["gw_spectrogram"] = {"fmax": target["fmax"]}
    for target in job["acs_targets"]:
        name = target.pop("name")
        target["counts"] = file_of(target["counts"])
        interval = {key: target.pop(key) for key in ("burst_start", "burst_end")}
        targets[name] = {
            "acs_lightcurve": {"bin_size": target.pop("bin_size"), **interval},
            "acs_search": interval,
            "acs_burst": {"response": target.pop("response")},
            "acs_limit": {"exclude_start": interval["burst_start"], "exclude_end": interval["burst_end"]},
            "acs": target,
        }
    for target in job["skymap_regions"]:
        name, position = target["name"], {key: target[key] for key in ("ra", "dec") if key in target}
        sections = targets.setdefault(name, {})
        sections["skymap"] = {"map": file_of(target["skymap"])}
        if position:
            sections["skymap_region"] = position
    for step, keys in (("position", ("ra", "dec", "distance")), ("distance", ("ra", "dec"))):
        for target in job[f"skymap_{step}s"]:
            targets[target["name"]][f"skymap_{step}"] = {key: target[key] for key in keys}
    for target in job["skymap_galaxies"]:
        targets[target["name"]]["skymap"]["galaxies"] = file_of(target["catalogue"])
    for target in job["skymap_overlaps"]:
        targets[target["name"]]["skymap"]["other"] = file_of(target["other"])
        targets[target["name"]]["skymap_overlap"] = {"names": target["names"]}
    # Every map has a view, of which that with galaxies needs no entry.
    ranked = [target["name"] for target in job["skymap_galaxies"]]
    viewed = [target["name"] for target in job["skymap_views"]] + ranked
    assert sorted(viewed) == sorted(target["name"] for target in job["skymap_regions"])
    for target in job["skymap_views"]:
        if "ra" in target:
            targets[target["name"]]["skymap_view"] = {key: target[key] for key in ("ra", "dec", "mark")}
    for target in job["skymap_visibilities"]:
        targets[target["name"]]["skymap_visibility"] = {"site": target["site"]}
    for target in job["skymap_catalogues"]:
        maps = {"maps": [file_of(file) for file in target["skymaps"]], "table": file_of(target["table"])}
        targets[target["name"]] = {"skymap": maps}
    for target in job["isgri_targets"]:
        targets[target["name"]] = {"isgri": {"images": [file_of(file) for file in target["images"]]}}
    for target in job["polar_targets"]:
        name = target.pop("name")
        burst = {key: target.pop(key) for key in ("background_order", "least_background")}
        files = {key: file_of(target[key]) for key in ("counts", "catalogue")}
        # The rules look the trigger up by the target's name.
        assert target.pop("trigger") == name
        targets[name] = {"polar": {**target, **files}, "polar_burst": burst}
    for target in job["polar_catalogues"]:
        targets[target["name"]] = {"polar": {"bursts": file_of(target["bursts"])}}
    for target in job["legacy_images"]:
        files = {key: file_of(target[key]) for key in ("image", "catalogue") if key in target}
        targets[target["name"]] = {"legacy": files}
    for target in job["legacy_photometries"]:
        legacy = targets[target["name"]]["legacy"]
        assert legacy["catalogue"] == file_of(target["catalogue"])
        legacy |= {"ra": target["ra"], "dec": target["dec"]}
    targets |= isgri_targets_of(job)
    for target in job["event_targets"]:
        keys = ("time", "time_error", "ra", "dec", "place", "start", "end", "published", "missing")
        burst = {"burst": True} if target["counts"] else {}
        targets[target["name"]]["event"] = burst | {key: target[key] for key in keys if key in target}
    for target in job["antares_limits"]:
        (ra,), (dec,) = target["ra"], target["dec"]
        targets[target["name"]] = {"antares": {"ra": ra, "dec": dec}}
    for target in job["antares_searches"]:
        region = {"time": target["time"], "map": file_of(target["skymap"])}
        targets[target["name"]]["antares"] = region
    assert targets == config["targets"]


def isgri_targets_of(job) -> dict[str, dict]:
    """Return the targets of the CWL job whose events are recorded or simulated."""
    targets = {}
    for target in job["isgri_events_targets"]:
        events = [file_of(file) for batch in target["events"] for file in batch]
        assert target["several"] == (len(events) > 1)
        gains = file_of(target["pixel_gains"])
        targets[target["name"]] = {
            "isgri": {"events": events, "pixel_gains": gains, "bands": target["bands"]},
            "isgri_shadowgram": {"time_bin": target["time_bin"]},
            "isgri_flux": {"weights": target["weights"]},
        }
    for target in job["isgri_simulated_targets"]:
        keys = ("ra", "dec", "pattern", "windows", "duration")
        targets[target["name"]] = {
            "isgri": {"simulate": file_of(target["table"]), "bands": target["bands"]},
            "isgri_simulate": {key: target[key] for key in keys},
        }
    return targets


def file_of(file: dict[str, str]) -> str:
    """Return the path of a file of the CWL job as the configuration has it."""
    return file["path"].removeprefix("../")


@pytest.mark.parametrize("path", sorted((ROOT / "cwl").rglob("*.cwl")), ids=lambda path: path.stem)
def test_cwl_is_valid_without_a_warning(path):
    output = call(ROOT, BIN / "cwltool", "--validate", "--strict", path)
    assert "is valid CWL" in output
    assert "WARNING" not in output


@pytest.mark.parametrize("name", ["gw.cwl", "workflow.cwl"])
def test_hand_written_cwl_stays_plain(name):
    text = (ROOT / "cwl" / name).read_text()
    assert "InlineJavascriptRequirement" not in text


def test_zenodo_metadata_agree_with_the_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    zenodo = json.loads((ROOT / ".zenodo.json").read_text())
    assert zenodo["title"] == citation["title"]
    assert zenodo["version"] == citation["version"]
    assert zenodo["license"] == citation["license"]
    assert zenodo["keywords"] == citation["keywords"]
    assert zenodo["description"] == citation["abstract"].strip()
    assert [c["name"] for c in zenodo["creators"]] == [a["name"] for a in citation["authors"]]


def test_version_is_the_same_everywhere():
    import tidings

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == tidings.__version__
    assert f"## {tidings.__version__}" in (ROOT / "CHANGELOG.md").read_text()
