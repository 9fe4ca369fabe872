"""What makes the benchmark fail: a step twice as slow, a changed digest; a slower machine does not."""

from __future__ import annotations

import json
import sys
from copy import deepcopy

import pytest

from suite import ROOT

sys.path.insert(0, str(ROOT / "tests/benchmarks"))

import bench

from tidings.step.declaration import Step, step_names


@pytest.fixture
def baseline():
    return json.loads(bench.BASELINE.read_text())


def slower(value, factor, *steps):
    made = deepcopy(value)
    for step in steps or made["steps"]:
        made["steps"][step]["cpu_s"] *= factor
    return made


def test_baseline_has_every_step_of_the_default_run(baseline):
    # Downloads are not in it, nor what no target of the default run needs.
    wanted = {
        name
        for name in step_names()
        if not any(type(f.kind).__name__ == "Record" for f in Step.load(name).fields)
    }
    left_out = {"acs_annulus", "skymap_coverage", "skymap_sort", "legacy_stamps"}
    assert baseline["steps"].keys() == wanted - left_out
    assert baseline["format"] == bench.FORMAT
    assert baseline["changed"] == []


def test_a_step_twice_as_slow_is_named(baseline):
    assert bench.regressions(slower(baseline, 2.01, "gw_spectrogram"), baseline) == {"gw_spectrogram": 2.01}
    assert bench.regressions(slower(baseline, 1.9, "gw_spectrogram"), baseline) == {}


def test_a_machine_half_as_fast_fails_nothing(baseline):
    other = slower(baseline, 2.5)
    other["calibration_s"] *= 2.5
    assert bench.regressions(other, baseline) == {}
    # But a step that is slower still, there.
    assert list(bench.regressions(slower(other, 2.1, "isgri_image"), baseline)) == ["isgri_image"]


def test_a_changed_product_is_named(finished, tmp_path):
    import shutil

    folder = shutil.copytree(finished, tmp_path / "tidings", symlinks=True)
    assert bench.changed(folder) == []
    path = folder / "results/polar/GRB161218B/GRB161218B_burst.json"
    path.write_text(path.read_text().replace('"value": 0.5', '"value": 0.6', 1))
    told = "\n".join(bench.changed(folder))
    assert "GRB161218B_burst.json" in told and "DIFFERS" in told


def test_a_step_that_was_not_measured_fails(baseline, tmp_path, capsys):
    now = deepcopy(baseline)
    del now["steps"]["isgri_image"]
    assert bench.check(now, tmp_path) == 1
    assert "not measured: isgri_image" in capsys.readouterr().err


def test_growth_is_fitted():
    assert bench.exponent([1, 2, 4, 8], [1, 4, 16, 64]) == pytest.approx(2)


def test_page_has_the_figures_of_the_baseline(baseline):
    page = bench.PAGE.read_text()
    for step, value in baseline["steps"].items():
        assert f"| `{step}` | {value['cpu_s']:.2f} s |" in page
    assert baseline["machine"]["processor"] in page
