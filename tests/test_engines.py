"""The default run: the same bytes from Snakemake, from CWL and by hand; reruns just where they are due."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import yaml

from suite import call, copy, digests, snakemake


@pytest.fixture(scope="module")
def run(finished, tmp_path_factory):
    """The default run, done by Snakemake, whose files may be edited."""
    return shutil.copytree(finished, tmp_path_factory.mktemp("run") / "tidings", symlinks=True)


def planned(folder) -> set[str]:
    """Return the rules that Snakemake would run, without the one that only collects."""
    return rules(snakemake(folder, "--dry-run"))


def rules(output: str) -> set[str]:
    return set(re.findall(r"^rule (\w+):", output, flags=re.MULTILINE)) - {"all"}


def test_default_run_makes_all_products(run):
    names = digests(run / "results")
    assert {f"GRB230307A_{name}" for name in ("lightcurve.fits", "search.json", "burst.ecsv")} <= names.keys()
    for target, detectors in {"GW150914": ["H1", "L1"], "GW170814": ["H1", "L1", "V1"]}.items():
        assert {f"{target}_network.{suffix}" for suffix in ("png", "pdf", "ecsv")} <= names.keys()
        for detector in detectors:
            for product in ("strain.hdf5", "strain.png", "spectrogram.hdf5", "spectrogram.pdf", "tiles.ecsv"):
                assert f"{target}_{detector}_{product}" in names


def test_second_run_has_nothing_to_do(run):
    assert "Nothing to be done" in snakemake(run)


def test_cwl_gives_the_same_bytes(run, tmp_path):
    call(run, "cwltool", "--outdir", tmp_path / "out", "cwl/workflow.cwl", "cwl/job.yml")
    assert digests(tmp_path / "out") == digests(run / "results")


def test_printed_commands_typed_by_hand_give_the_same_bytes(run, tmp_path):
    folder = shutil.copytree(run, tmp_path / "tidings", symlinks=True)
    printed = snakemake(run, "--dry-run", "--forceall", "--printshellcmds", "--quiet", "host")
    commands = re.findall(r"^Shell command: (python scripts/(\w+)\.py(?:.*\\\n)*.*)$", printed, re.MULTILINE)
    # Of each step the last command: all its inputs are there.
    by_step = {step: command for command, step in commands}
    assert by_step.keys() == rules(printed)
    for step, command in by_step.items():
        before = inodes(folder)
        call(folder, "bash", "-euc", command)
        assert inodes(folder) != before, step
    assert digests(folder / "results") == digests(run / "results")


def inodes(folder) -> dict:
    """Tell one writing of a product or intermediate from another."""
    places = (folder / "results", folder / "resources")
    return {path: path.stat().st_ino for place in places for path in place.rglob("*") if path.is_file()}


def test_editing_a_library_function_reruns_its_step_and_what_follows(run):
    for module, rules in {
        "gw/conditioning.py": {"gw_strain"},
        "gw/qtransform.py": {"gw_spectrogram", "gw_network", "event_joint"},
        "gw/network.py": {"gw_network"},
        "gw/gwosc.py": set(),
        "acs/limits.py": {"acs_limit"},
        "event/joint_figure.py": {"event_joint"},
        "isgri/lightcurve_file.py": {"isgri_lightcurve"},
        "antares/counterpart.py": {"antares_limit", "antares_search"},
        "legacy/product.py": {"legacy_image"},
        "lightcurve/bursts.py": {"acs_burst", "acs_timing", "polar_burst", "event_joint"},
        "skymap/galaxies.py": {"skymap_galaxies", "skymap_view"},
    }.items():
        path = run / "scripts" / "tidings" / module
        text = path.read_text()
        path.write_text(text + "\n# An edit.\n")
        try:
            assert planned(run) == rules, module
        finally:
            path.write_text(text)
    assert planned(run) == set()


def test_a_changed_parameter_reruns_its_step_and_what_follows(run, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("gw_spectrogram:\n  qmax: 32\n")
    output = snakemake(run, "--dry-run", "--configfile", str(mine))
    assert rules(output) == {"gw_spectrogram", "gw_network", "event_joint"}


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"gw_spectrogram": {"qmxa": 32}}, "'qmxa' was unexpected"),
        ({"gw_spectrgram": {"qmax": 32}}, "'gw_spectrgram' was unexpected"),
        ({"gw_spectrogram": {"qmax": -1}}, "-1 is less than the minimum"),
        ({"gw_spectrogram": {"detector": "H1"}}, "gw_spectrogram: detector is set by the rule"),
        ({"targets": {"GW1": {"gw": {}}}}, "name the detectors to download"),
        ({"targets": {"GW1": {"gw": {"stran": {}}}}}, "'stran' was unexpected"),
    ],
)
def test_wrong_configuration_is_refused_by_name(run, tmp_path, config, message):
    (tmp_path / "mine.json").write_text(json.dumps(config))
    assert message in snakemake(run, "--dry-run", "--configfile", str(tmp_path / "mine.json"), status=1)


def test_users_configuration_replaces_the_default_one(run, tmp_path):
    mine = tmp_path / "mine.yaml"
    mine.write_text("targets:\n  GW151226:\n    gw:\n      detectors: [H1, L1]\n")
    output = snakemake(run, "--dry-run", "--configfile", str(mine), "--printshellcmds")
    assert rules(output) == {"gw_fetch", "gw_strain", "gw_spectrogram", "gw_network"}
    assert "GW150914" not in output
    assert "--events resources/gw/GW151226/H1_event.tsv" in output


def test_a_catalogue_is_sorted_before_galaxies_are_ranked_from_it(run, tmp_path):
    mine = tmp_path / "mine.yaml"
    galaxies = "results/skymap/GLADE+/GLADE+_sorted.parquet"
    mine.write_text(
        "targets:\n  GLADE+:\n    skymap:\n      sort: data/skymap/GLADE_S190814bv_gwemopt.csv\n"
        "  S190814bv:\n    skymap:\n      map: data/skymap/S190814bv_LALInference.v1.fits.gz\n"
        f"      galaxies: {galaxies}\n"
    )
    output = snakemake(run, "--dry-run", "--forceall", "--configfile", str(mine), "--printshellcmds")
    assert rules(output) == {"skymap_sort", "skymap_region", "skymap_galaxies", "skymap_view"}
    assert f"--catalogue {galaxies}" in output
    assert "--galaxies results/skymap/S190814bv/S190814bv_galaxies.ecsv" in output


def test_a_failed_step_is_named_with_its_reason(run, tmp_path):
    folder = copy(tmp_path / "tidings")
    strain = folder / "data/gw/strain/L-L1_LOSC_4_V2-1126259446-32.hdf5"
    strain.write_bytes(strain.read_bytes()[:500_000])
    path = folder / "config/config.yaml"
    targets = yaml.safe_load(path.read_text())["targets"]
    kept = {"GW150914": {"gw": targets["GW150914"]["gw"]}, "GW170814": targets["GW170814"]}
    path.write_text(json.dumps({"targets": kept}))
    output = snakemake(folder, "--show-failed-logs", "--keep-going", status=1)
    assert "L-L1_LOSC_4_V2-1126259446-32.hdf5" in output
    assert re.search(r"gw_strain: error: .*truncated", output)
    made = digests(folder / "results")
    assert not [name for name in made if "GW150914_L1" in name]
    assert "GW170814_network.png" in made
