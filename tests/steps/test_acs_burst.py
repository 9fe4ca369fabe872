"""The step acs_burst on GRB 230307A and on synthetic light curves, good and bad."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table

from acs_burst import acs_burst
from acs_curves import EPOCH, as_counts, curve, fred
from suite import ROOT
from tidings.acs.counts import read_counts
from tidings.lightcurve.counts import Counts
from tidings.lightcurve.curve import make_lightcurve
from tidings.lightcurve.product import write_lightcurve
from tidings.step import main, run


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def store(counts: Counts, bin_size: float, name: str = "lightcurve.fits") -> str:
    write_lightcurve(make_lightcurve(counts, bin_size, order=1), name, {})
    return name


def pulse(**change) -> Counts:
    _, _, rate, _ = curve(lambda t: 3e4 * fred(t, 60, 1.0, 3.0), length=150)
    return replace(as_counts(rate), **change)


def test_grb230307a(folder):
    store(read_counts(ROOT / "data/acs/GRB230307A_spiacs_lc.fits"), 0.1)
    run(
        acs_burst,
        lightcurve="lightcurve.fits",
        name="GRB 230307A",
        response=0.97,
        trigger="2023-03-07T15:44:06.67",
    )
    row = Table.read("burst.ecsv", format="ascii.ecsv")[0]
    # Konus-Wind: T50 9.17 +- 0.04 s, T90 31.2 +- 0.4 s at 100-1700 keV (Svinkin et al. 2023, GCN Circ.
    # 33579).
    assert row["t50"] == pytest.approx(9.17, abs=0.2)
    assert 27.5 < row["t90"] < 31.6
    # It reached INTEGRAL 0.47 s after Fermi, whose trigger this is.
    assert 1 < row["t05"] < 4
    assert row["flags"] == "HIGH_RATE"
    summary = json.loads((folder / "burst.json").read_text())
    assert "lower limits" in summary["caveats"]["HIGH_RATE"]
    assert summary["fluence"]["short"]["band_keV"] == [75.0, 2000.0]
    assert summary["provenance"]["parameters"]["response"] == 0.97
    assert (folder / "burst.png").read_bytes()[:4] == b"\x89PNG"
    assert (folder / "burst.pdf").read_bytes()[:4] == b"%PDF"


def test_products_are_the_same_bytes_again(folder):
    store(pulse(), 0.05)
    names = ("burst.ecsv", "burst.json", "burst.png", "burst.pdf")
    run(acs_burst, lightcurve="lightcurve.fits", bootstrap=5)
    first = {name: (folder / name).read_bytes() for name in names}
    run(acs_burst, lightcurve="lightcurve.fits", bootstrap=5)
    assert first == {name: (folder / name).read_bytes() for name in names}
    assert 0 < json.loads(first["burst.json"])["bootstrap"]["t90_error"] < 3


def test_gap_inside_the_burst_is_in_the_product(folder):
    whole = pulse()
    kept = np.ones(len(whole), bool)
    kept[1230:1240] = False
    arrays = ("start", "width", "counts", "exposure", "flags")
    store(replace(whole, **{name: getattr(whole, name)[kept] for name in arrays}), 0.05)
    run(acs_burst, lightcurve="lightcurve.fits")
    row = Table.read("burst.ecsv", format="ascii.ecsv")[0]
    assert "GAP" in row["flags"]
    assert row["missing"] == pytest.approx(0.5, abs=0.01)
    assert "missing" in json.loads((folder / "burst.json").read_text())["caveats"]["GAP"]


def test_interval_counts_from_the_trigger(folder):
    store(pulse(), 0.05)
    run(acs_burst, lightcurve="lightcurve.fits", trigger=str(EPOCH + 60), burst_start=-5, burst_end=25)
    row = Table.read("burst.ecsv", format="ascii.ecsv")[0]
    assert (row["start"], row["stop"]) == pytest.approx((-5, 25), abs=0.03)
    assert row["t05_gps"] == pytest.approx(EPOCH + 60 + row["t05"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--burst_start", "40"], "belong together"),
        (["--burst_start", "50", "--burst_end", "40"], "before it starts"),
        (["--burst_start", "5", "--burst_end", "70"], "s of background before the burst"),
        (["--burst_start", "900", "--burst_end", "910"], "not within the light curve"),
        (["--response", "2"], "out of bounds"),
        (["--trigger", "noon"], "cannot read 'noon' as a time"),
    ],
)
def test_bad_parameters_are_refused(folder, capsys, arguments, message):
    store(pulse(), 0.05)
    assert main(acs_burst, ["--lightcurve", "lightcurve.fits", *arguments]) == 1
    assert message in capsys.readouterr().err
    assert not (folder / "burst.ecsv").exists()


def test_light_curve_without_a_burst_is_refused(folder, capsys):
    store(as_counts(curve()[2]), 0.05)
    assert main(acs_burst, ["--lightcurve", "lightcurve.fits"]) == 1
    message = capsys.readouterr().err
    assert "lightcurve.fits: no burst in the light curve" in message
    assert "burst_start" in message


def test_short_light_curve_is_named(folder, capsys):
    store(pulse().crop(45, 100), 0.05)
    assert main(acs_burst, ["--lightcurve", "lightcurve.fits"]) == 1
    message = capsys.readouterr().err
    assert "lightcurve.fits" in message
    assert "s of background before the burst" in message


def test_counts_instead_of_a_light_curve_are_refused(folder, capsys):
    path = ROOT / "data/acs/GRB230307A_spiacs_lc.fits"
    assert main(acs_burst, ["--lightcurve", str(path)]) == 1
    assert "acs_lightcurve" in capsys.readouterr().err
