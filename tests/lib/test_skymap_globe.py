"""The data of the interactive view, and the page that holds them."""

from __future__ import annotations

import json
import re

import healpy as hp
import numpy as np
import pytest
from astropy.table import MaskedColumn, Table

from suite import ROOT
from tidings.skymap import view
from tidings.skymap.reading import read_skymap
from tidings.skymap.regions import in_region
from tidings.skymap.sky import SQUARE_DEGREES, from_uniq

MAPS = ROOT / "data/skymap"


@pytest.fixture(scope="module")
def sky():
    return read_skymap(MAPS / "S200129m_bayestar.multiorder.fits")


def test_coarser_tiles_keep_the_probability(sky):
    inside = in_region(sky, 0.9)
    for most in (len(sky), 2000, 100):
        pixel, order, density = view.coarser(sky, inside, most)
        assert len(pixel) <= most
        area = 4 * np.pi / 12 / 4.0**order * SQUARE_DEGREES
        assert (density * area).sum() == pytest.approx(sky.probability[inside].sum(), rel=1e-12)
    pixel, order, density = view.coarser(sky, inside, len(sky))
    assert np.array_equal(pixel, sky.pixel[inside])
    assert np.allclose(density * SQUARE_DEGREES, sky.density[inside])


def test_corners_are_those_of_healpy_from_south_by_east(sky):
    data = view.view_data(sky, [90.0])["tiles"]
    corners = np.array(data["corners"]).reshape(-1, 4, 2)
    pixel, order, _ = view.coarser(sky, in_region(sky, 0.9))
    i = 7
    # healpy: north, west, south, east.
    lon, lat = hp.vec2ang(hp.boundaries(2 ** int(order[i]), int(pixel[i]), nest=True).T, lonlat=True)
    expected = np.column_stack((lon, lat))[[2, 3, 0, 1]]
    assert corners[i] == pytest.approx(expected, abs=2e-4)
    # d3 takes the inside of a ring to be on the right: S, W, N, E as seen from outside, which the page makes.
    assert corners[i][0][1] == corners[i][:, 1].min()
    assert corners[i][1][0] > corners[i][3][0]


def test_regions_are_closed_lines_with_their_areas(sky):
    data = view.view_data(sky, [90.0, 50.0], marks=[(10.0, -5.0, "host")])
    assert [region["level"] for region in data["regions"]] == [50, 90]
    assert data["regions"][1]["area"] == pytest.approx(53.05184609672413, rel=1e-6)
    assert all(line[0] == line[-1] for region in data["regions"] for line in region["lines"])
    assert data["marks"] == [{"ra": 10.0, "dec": -5.0, "name": "host"}]
    assert data["tiles"]["largest"] == pytest.approx(sky.density.max() / SQUARE_DEGREES)
    # It looks at the region, and close.
    assert sky.credible_levels()[sky.tiles_at(*data["centre"])] < 0.9
    assert data["zoom"] > 3


def test_a_wide_map_is_seen_as_a_whole():
    order = 3
    pixel = np.arange(12 * 4**order)
    sky = from_uniq(pixel + 4 * 4**order, np.full(len(pixel), 1 / (4 * np.pi)))
    assert view.view_data(sky, [100.0])["zoom"] == 1


def test_the_page_holds_its_data_and_asks_no_server(sky):
    ranked = Table({"rank": [1, 2], "ra": [318.0, 319.0], "dec": [4.0, 5.0]})
    ranked["name"] = MaskedColumn(["A</script>", ""], mask=[False, True])
    ranked["score"] = MaskedColumn([0.75, 0.0], mask=[False, True])
    ranked["distance"] = MaskedColumn([900.0, np.nan], mask=[False, True])
    page = view.view_page(sky, [90.0], name="S<1>", galaxies=ranked)
    assert "<title>S&lt;1&gt;</title>" in page
    # Data, D3 and script: no other script, and no text that ends one of them early.
    assert page.count("</script>") == page.count("<script") == 3
    found = json.loads(re.search(r'type="application/json">\n(.*?)\n</script>', page, re.DOTALL)[1])
    assert found == json.loads(json.dumps(view.view_data(sky, [90.0], galaxies=ranked)))
    assert [one["text"] for one in found["galaxies"]] == [
        "rank 1, A</script>, 900 Mpc, score 75 %", "rank 2",
    ]  # fmt: skip
    assert [one["relative"] for one in found["galaxies"]] == [1, 0]
    assert not re.search(r"(src|href)=|url\(|fetch\(|XMLHttp|import\(", page)
    # The licences ask for their text in every copy.
    assert "Permission to use, copy, modify, and/or distribute" in page and "Charles Karney" in page
