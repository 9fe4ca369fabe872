"""The step event_joint: spectrograms and light curves on one axis, and what does not fit together."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table
from PIL import Image

from acs_burst import acs_burst
from acs_lightcurve import acs_lightcurve
from event_joint import event_joint
from gw_spectrogram import gw_spectrogram
from suite import ROOT
from tidings.step import main, run

DATA = ROOT / "data"
MERGER, BURST = "2017-08-17T12:41:04.430", "2023-03-07T15:44:06.67"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The spectrogram of GW170817, and light curve and durations of GRB 230307A."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("made")
        patch.chdir(folder)
        strain = [DATA / "gw/strain/H-H1_MMODA_4KHZ-1187008880-4.hdf5"]
        run(gw_spectrogram, strain=strain, detector="H1", event="GW170817", before=1.5, after=0.5)
        run(
            acs_lightcurve, counts=DATA / "acs/GRB230307A_spiacs_lc.fits", trigger=BURST, bin_size=0.1,
            burst_start=-10, burst_end=150,
        )  # fmt: skip
        run(acs_burst, lightcurve="lightcurve.fits", trigger=BURST)
    return folder


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_gw170817_on_the_axis_of_its_merger(made, folder):
    run(
        event_joint, spectrograms=[made / "spectrogram.hdf5"], skymap=DATA / "skymap/GW170817_skymap.fits.gz",
        ra=197.4488, dec=-23.384, place="NGC 4993", time=MERGER, time_error=0.002,
        published=["2017-08-17T12:41:06.17 GRB 170817A"], missing=["light curves"],
    )  # fmt: skip
    row = Table.read("joint.ecsv")[0]
    # The loudest tile is 0.94 s before the merger; light from NGC 4993 came to Hanford last.
    assert row["since"] == pytest.approx(-0.95, abs=0.05)
    assert row["delay"] == pytest.approx(-0.0188, abs=2e-4)
    assert "gamma_delay_s" not in Table.read("joint.ecsv").meta
    with Image.open("joint.png") as picture:
        assert picture.width > 2000 and np.asarray(picture.convert("L")).std() > 20


def test_annulus_and_galaxies_are_drawn_on_the_sky(made, folder):
    ring = Table({"ra": [180.0], "dec": [-40.0], "inner": [22.0], "outer": [24.0]})
    ring.write("annulus.ecsv")
    galaxies = Table({"rank": [1, 2], "ra": [197.45, 196.0], "dec": [-23.38, -21.0], "score": [0.7, 0.3]})
    galaxies.write("galaxies.ecsv")
    pictures = []
    for more in ({}, {"annulus": "annulus.ecsv"}, {"galaxies": "galaxies.ecsv"}):
        run(
            event_joint, spectrograms=[made / "spectrogram.hdf5"], time=MERGER,
            skymap=DATA / "skymap/GW170817_skymap.fits.gz", **more,
        )  # fmt: skip
        pictures.append((folder / "joint.png").read_bytes())
    assert len(set(pictures)) == 3


def test_grb230307a_alone_at_the_geocentre(made, folder):
    run(
        event_joint,
        lightcurves=[made / "lightcurve.fits"],
        bursts=[made / "burst.ecsv"],
        ra=60.859,
        dec=-75.379,
    )
    row = Table.read("joint.ecsv")[0]
    burst = Table.read(made / "burst.ecsv")[0]
    assert row["what"] == "5 % of the counts"
    assert row["delay"] == pytest.approx(-0.4678, abs=2e-4)
    assert row["geocentre_gps"] == pytest.approx(burst["t05_gps"] + row["delay"], abs=1e-6)
    assert row["delay_error"] == pytest.approx(1e-4, rel=0.5)


def test_without_a_burst_the_brightest_bin_counts(made, folder):
    run(event_joint, lightcurves=[made / "lightcurve.fits"])
    row = Table.read("joint.ecsv")[0]
    assert row["what"] == "brightest bin"
    # 143,490 km away, in no known direction.
    assert row["delay_error"] == pytest.approx(143490.5 / 299792.458 / np.sqrt(3), abs=1e-3)


def test_same_inputs_give_same_bytes(made, folder):
    names = ("joint.png", "joint.pdf", "joint.ecsv")
    contents = []
    for _ in range(2):
        run(event_joint, lightcurves=[made / "lightcurve.fits"], ra=60.859, dec=-75.379)
        contents.append([(folder / name).read_bytes() for name in names])
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "give at least one spectrogram or one light curve"),
        (["--spectrograms", "{made}/spectrogram.hdf5", "--ra", "10"], "ra and dec belong together"),
        (["--spectrograms", "{made}/spectrogram.hdf5", "--start", "1"], "start and end belong together"),
        (
            ["--spectrograms", "{made}/spectrogram.hdf5", "--lightcurves", "{made}/lightcurve.fits"],
            "SPI-ACS: is of 2023-03-07T15:44:07 UTC, but the event is at 2017-08-17",
        ),
        (
            ["--spectrograms", "{made}/spectrogram.hdf5", "--time", "2015-01-01T00:00:00"],
            "H1: is of 2017-08-17",
        ),
        (["--spectrograms", "{made}/burst.ecsv"], "burst.ecsv"),
        (["--lightcurves", "{made}/spectrogram.hdf5"], "spectrogram.hdf5"),
        (["--lightcurves", "{made}/lightcurve.fits", "--bursts", "{data}/skymap/events.csv"], "events.csv"),
        (
            ["--spectrograms", "{made}/spectrogram.hdf5", "--bursts", "{made}/burst.ecsv"],
            "1 tables of bursts, but 0 light curves",
        ),
        (
            ["--lightcurves", "{made}/lightcurve.fits", "--published", "yesterday"],
            "a time, a blank and its name",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_leaves_nothing(made, folder, capsys, words, message):
    assert main(event_joint, [word.format(made=made, data=DATA) for word in words]) == 1
    assert message in capsys.readouterr().err
    assert not list(folder.iterdir())
