"""The step acs_limit."""

from __future__ import annotations

import json

import pytest
from astropy.table import Table
from astropy.units import Unit

from acs_curves import as_counts, curve
from acs_limit import acs_limit
from suite import ROOT
from tidings.acs.counts import read_counts
from tidings.lightcurve.curve import make_lightcurve
from tidings.lightcurve.product import write_lightcurve
from tidings.step import main, run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def quiet(length: float = 600, **options) -> str:
    _, _, rate, _ = curve(length=length, **options)
    write_lightcurve(make_lightcurve(as_counts(rate), 0.05, order=1), "lightcurve.fits", {})
    return "lightcurve.fits"


def test_limits_of_a_quiet_background(folder):
    run(acs_limit, lightcurve=quiet(length=1800))
    table = Table.read("limits.ecsv", format="ascii.ecsv")
    assert list(table["spectrum"]) == ["short", "long"] * 2
    assert table["counts"][0] == pytest.approx(990, rel=0.06)
    assert table["rate"][2] == pytest.approx(350, rel=0.12)
    # 990 counts at 1.33e-10 erg/cm2.
    assert table["fluence"][0] == pytest.approx(1.32e-7, rel=0.06)
    assert table["flux"][3] == pytest.approx(350 * 1.165e-10, rel=0.12)
    summary = json.loads((folder / "limits.json").read_text())
    assert Unit(summary["units"]["flux"]) == Unit("erg / (cm2 s)")
    assert len(summary["limits"]) == 4


def test_response_and_significance(folder):
    run(acs_limit, lightcurve=quiet(), durations=[1.0], spectra=["typical"], sigma=5.0, response=0.5)
    five = Table.read("limits.ecsv", format="ascii.ecsv")[0]
    run(acs_limit, lightcurve="lightcurve.fits", durations=[1.0], spectra=["typical"])
    three = Table.read("limits.ecsv", format="ascii.ecsv")[0]
    assert five["counts"] == pytest.approx(three["counts"] * 5 / 3)
    assert five["fluence"] == pytest.approx(three["fluence"] * 10 / 3)


def test_burst_is_left_out_when_told(folder):
    data = read_counts(ROOT / "data/acs/GRB230307A_spiacs_lc.fits")
    write_lightcurve(make_lightcurve(data, 0.1, order=1), "lightcurve.fits", {})
    run(acs_limit, lightcurve="lightcurve.fits", durations=[1.0], spectra=["short"])
    inside = Table.read("limits.ecsv", format="ascii.ecsv")[0]
    run(
        acs_limit,
        lightcurve="lightcurve.fits",
        durations=[1.0],
        spectra=["short"],
        exclude_start=-100,
        exclude_end=120,
    )
    outside = Table.read("limits.ecsv", format="ascii.ecsv")[0]
    assert inside["outliers"] and inside["counts"] > 100 * outside["counts"]
    assert not outside["outliers"]
    # 3 sigma of 1 s at 90,660 counts/s and an excess of 1.18.
    assert outside["counts"] == pytest.approx(3 * 1.18 * 90660**0.5, rel=0.08)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--durations", "60"], "lightcurve.fits: 10 windows of 60 s"),
        (["--durations", "0.07"], "not a multiple of the bins"),
        (["--exclude_start", "3"], "belong together"),
        (["--durations"], "no duration or no spectrum"),
        (["--response", "0"], "out of bounds"),
        (["--exclude_start", "-1", "--exclude_end", "9999"], "no good bins"),
    ],
)
def test_bad_parameters_are_refused(folder, capsys, arguments, message):
    assert main(acs_limit, ["--lightcurve", quiet(), *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "limits.ecsv").exists()
