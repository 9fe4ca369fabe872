"""The steps skymap_view and skymap_sort, run as users run them."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from astropy.table import Table

from skymap_galaxies import skymap_galaxies
from skymap_sort import skymap_sort
from skymap_view import skymap_view
from suite import ROOT
from tidings.skymap.galaxies import rank_galaxies
from tidings.skymap.galaxy_files import read_galaxies
from tidings.skymap.reading import read_skymap
from tidings.step import main, run

MAP = ROOT / "data/skymap/S190814bv_LALInference.v1.fits.gz"
QUICK = ROOT / "data/skymap/S200129m_bayestar.multiorder.fits"
GLADE = ROOT / "data/skymap/GLADE_S190814bv_gwemopt.csv"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sorted_catalogue_gives_the_same_galaxies_and_they_are_in_the_view(folder):
    run(skymap_sort, catalogue=GLADE)
    run(skymap_galaxies, skymap=MAP, catalogue="galaxies.parquet", weight="B")
    found = Table.read("galaxies.ecsv", format="ascii.ecsv")
    plain, _ = rank_galaxies(read_skymap(MAP), read_galaxies(GLADE), level=0.9, weight="B")
    assert list(found["name"].filled("")) == list(plain["name"])
    np.testing.assert_array_equal(found["score"], plain["score"])
    run(skymap_view, skymap=MAP, galaxies="galaxies.ecsv", name="S190814bv")
    page = (folder / "view.html").read_text()
    data = json.loads(re.search(r'type="application/json">\n(.*?)\n</script>', page, re.DOTALL)[1])
    assert len(data["galaxies"]) == len(found)
    assert data["galaxies"][0]["text"].startswith("rank 1, ESO474-026, ")
    assert data["provenance"]["step"] == "skymap_view"


def test_bad_input_is_refused(folder, capsys):
    (folder / "empty.csv").write_text("ra,dec\n")
    (folder / "plain.csv").write_text("ra,dec\n1,2\n")
    cases = {
        "ra and dec belong together": (skymap_view, ["--skymap", str(QUICK), "--ra", "10"]),
        "plain.csv: has the columns ra, dec": (
            skymap_view,
            ["--skymap", str(QUICK), "--galaxies", "plain.csv"],
        ),
        "empty.csv: holds no galaxy": (skymap_sort, ["--catalogue", "empty.csv"]),
        "no column is known to be ra": (skymap_sort, ["--catalogue", str(ROOT / "data/skymap/events.csv")]),
    }  # fmt: skip
    for message, (step, arguments) in cases.items():
        assert main(step, arguments) == 1, message
        error = capsys.readouterr().err
        assert message in error, (message, error)
    assert sorted(path.name for path in folder.iterdir()) == ["empty.csv", "plain.csv"]
