"""The step acs_annulus: GRB 230307A at INTEGRAL, and as another spacecraft would have seen it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.table import Table

from acs_annulus import acs_annulus
from suite import ROOT
from tidings.acs.counts import read_counts
from tidings.acs.orbit import geocentric_delay, position_from_angles
from tidings.lightcurve.counts import Position
from tidings.lightcurve.curve import make_lightcurve
from tidings.lightcurve.product import write_lightcurve
from tidings.step import main, run

# Centre of the error box of the Interplanetary Network (Kozyrev et al. 2023, GCN Circ. 33461).
SOURCE = (60.87, -75.38)
OTHER = (330.0, -40.0, 7000.0)
NAMES = ("annulus.ecsv", "annulus.moc.fits", "annulus.reg", "annulus.geojson", "annulus.png", "annulus.pdf")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def true_delay() -> float:
    place = read_counts(ROOT / "data/acs/GRB230307A_spiacs_lc.fits").position
    here, there = (
        geocentric_delay(position_from_angles(*angles).vector, *SOURCE)
        for angles in ((place.ra, place.dec, place.distance), OTHER)
    )
    return float(there - here)


@pytest.fixture
def curves(folder):
    """Write the real light curve, and a fifth of its counts with new noise at another place and time."""
    data = read_counts(ROOT / "data/acs/GRB230307A_spiacs_lc.fits")
    burst = np.maximum(data.counts - 90650 * data.exposure, 0)
    counts = np.random.default_rng(7).poisson(0.2 * burst + 3000 * data.exposure).astype(float)
    other = replace(data, start=data.start - true_delay(), counts=counts, position=None)
    for name, each in (("first.fits", data), ("second.fits", other)):
        write_lightcurve(make_lightcurve(each, 0.1, order=1), name, {})
    return ["--lightcurve", "first.fits", "--other", "second.fits"]


def test_annulus_goes_through_the_burst(folder, curves):
    options = {"lightcurve": "first.fits", "other": "second.fits", "other_position": "330 -40 7000"}
    run(
        acs_annulus,
        **options,
        ra=SOURCE[0],
        dec=SOURCE[1],
        name="GRB 230307A",
        names=["SPI-ACS", "simulated"],
    )
    row = Table.read("annulus.ecsv", format="ascii.ecsv")[0]
    # To a tenth of a bin; the other light curve is in bins of the same 0.1 s.
    assert row["delay"] == pytest.approx(true_delay(), abs=0.01)
    assert abs(row["source_deviation"]) < 1
    assert row["delay_error"] == pytest.approx(np.hypot(0.1 / np.sqrt(12), 0.010), rel=0.05)
    assert row["inner"] <= row["radius"] <= row["outer"]
    from astropy import units as u
    from mocpy import MOC

    moc = MOC.from_fits("annulus.moc.fits")
    assert moc.contains_lonlat([SOURCE[0]] * u.deg, [SOURCE[1]] * u.deg).all()
    features = json.loads((folder / "annulus.geojson").read_text())
    assert features["provenance"]["step"] == "acs_annulus"
    assert "annulus(" in (folder / "annulus.reg").read_text()
    # The whole again gives the same bytes.
    first = {name: (folder / name).read_bytes() for name in NAMES}
    run(
        acs_annulus,
        **options,
        ra=SOURCE[0],
        dec=SOURCE[1],
        name="GRB 230307A",
        names=["SPI-ACS", "simulated"],
    )
    assert first == {name: (folder / name).read_bytes() for name in NAMES}


def test_bad_input_is_refused(folder, curves, capsys):
    place = ["--other_position", "330 -40 7000"]
    far = replace(
        read_counts(ROOT / "data/acs/GRB230307A_spiacs_lc.fits"),
        epoch=1362300000.0,
        position=Position(*OTHER),
    )
    write_lightcurve(make_lightcurve(far, 0.1, order=1), "far.fits", {})
    cases = {
        "second.fits: holds no position": curves,
        "give it by other_position": curves,
        "no direction can be told": [*curves, "--other_position", "198.394 71.787 143490.5"],
        "longer than the 0.1193 s that light takes": [*curves, "--other_position", "200 60 120000"],
        "does not cover the burst": [
            "--lightcurve", "first.fits", "--other", "far.fits", *place,
        ],
        "ra and dec belong together": [*curves, *place, "--ra", "10"],
        "two spacecraft have two": [*curves, *place, "--names", "one"],
        "signal-to-noise ratio": [*curves, *place, "--burst_start", "120", "--burst_end", "180"],
        "covers 2012-07-11": [
            *curves, *place, "--orbit", str(ROOT / "data/integral/118900580010_sc_orbit_param.fits.gz"),
        ],
        "finer than": [*curves, *place, "--bin_size", "0.05"],
    }  # fmt: skip
    for message, arguments in cases.items():
        assert main(acs_annulus, arguments) == 1, message
        error = capsys.readouterr().err
        assert message in error, (message, error)
        assert not (folder / "annulus.ecsv").exists()
