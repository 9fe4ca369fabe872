"""The step skymap_overlap on real maps, and on maps that have nothing in common."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from skymap_overlap import skymap_overlap
from suite import ROOT
from tidings.skymap.reading import read_skymap
from tidings.step import main, run

MAPS = ROOT / "data/skymap"
PAIR = {
    "skymap": MAPS / "S190425z_bayestar.fits.gz",
    "other": MAPS / "S190425z_LALInference.fits.gz",
}
NAMES = ("overlap.ecsv", "overlap.vot", "product.multiorder.fits", "overlap.png", "overlap.pdf")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def flat(path, values):
    """Write a map of order 3 in RING or NESTED order."""
    column = fits.Column("PROB", "D", array=values / values.sum())
    header = fits.Header({"PIXTYPE": "HEALPIX", "ORDERING": "NESTED", "NSIDE": 8, "INDXSCHM": "IMPLICIT"})
    fits.BinTableHDU.from_columns([column], header).writeto(path)
    return path


def test_two_maps_of_one_event(folder):
    run(skymap_overlap, **PAIR, names=["BAYESTAR", "LALInference"], far=4.5e-13, rate=310.0, window=6.0)
    row = Table.read("overlap.ecsv", format="ascii.ecsv")[0]
    assert (row["first"], row["second"]) == ("BAYESTAR", "LALInference")
    assert row["odds"] == pytest.approx(4.95, abs=0.01)
    assert row["odds_3d"] > row["odds"]
    assert row["joint_far_time"] == pytest.approx(4.5e-13 * 310 / (365.25 * 86400) * 6)
    assert row["joint_far"] == pytest.approx(row["joint_far_time"] / row["odds"])
    assert row["area_first_90"] == pytest.approx(10183, rel=5e-3)
    assert row["area_both_90"] < row["area_second_90"] < row["area_first_90"]
    assert 0.5 < row["first_in_second_90"] < 1
    product = read_skymap(folder / "product.multiorder.fits")
    assert product.probability.sum() == pytest.approx(1, abs=1e-9)
    assert product.has_distance
    assert Table.read("overlap.vot", format="votable")["odds"][0] == row["odds"]
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)


def test_maps_that_do_not_overlap_say_so(folder):
    north, south = np.zeros(768), np.zeros(768)
    north[:100], south[600:] = 1, 1
    run(
        skymap_overlap, skymap=flat("north.fits", north), other=flat("south.fits", south), far=1e-9, rate=10.0
    )
    table = Table.read("overlap.ecsv", format="ascii.ecsv")
    assert table["odds"][0] == 0
    assert np.isinf(table["joint_far"][0])
    assert "do not overlap" in table.meta["notes"][0]
    with fits.open("product.multiorder.fits") as file:
        assert not file[1].data["PROBDENSITY"].any()
        assert file[1].header["OVERLAP"] is False


def test_an_annulus_with_a_map(folder):
    run(
        skymap_overlap,
        skymap=MAPS / "GRB220617A_IPN_map_hpx.fits.gz",
        other=MAPS / "GRB220617A_IPN_map_hpx.fits.gz",
        levels=[90.0],
    )
    row = Table.read("overlap.ecsv", format="ascii.ecsv")[0]
    # With itself: all in common, and odds of the order of the sky over its area.
    assert row["cosine"] == pytest.approx(1)
    assert row["area_both_90"] == pytest.approx(row["area_first_90"])
    assert row["odds"] > 41253 / 0.09 / 10


def test_bad_input_is_refused(folder, capsys):
    (folder / "page.fits").write_text("<!DOCTYPE html><html>Log in</html>")
    (folder / "gone.json").write_text(
        json.dumps({"superevent_id": "S1", "alert_type": "RETRACTION", "event": None})
    )
    good = ["--skymap", str(PAIR["skymap"]), "--other", str(PAIR["other"])]
    cases = {
        "page.fits": [*good[:3], "page.fits"],
        "gone.json: the alert retracts": [*good[:3], "gone.json"],
        "two localisations have two": [*good, "--names", "one"],
        "far and rate belong together": [*good, "--far", "1e-9"],
        "out of bounds": [*good, "--levels", "150"],
        "max_distance": [*good, "--max_distance", "0"],
        "no such file": [*good[:3], "absent.fits"],
    }
    for message, arguments in cases.items():
        assert main(skymap_overlap, arguments) == 1, message
        error = capsys.readouterr().err
        assert message in error, (message, error)
        assert not (folder / "overlap.ecsv").exists()
