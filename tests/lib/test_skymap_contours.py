"""Outlines of regions: closed, of the region's area, and right across RA 0 and 180° and at the poles."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.path import Path as Line
from test_skymap_regions import gaussian

from suite import ROOT
from tidings.skymap.contours import polygons, rings
from tidings.skymap.reading import read_skymap
from tidings.skymap.regions import in_region
from tidings.skymap.sky import from_uniq

MAPS = ROOT / "data/skymap"


def annulus():
    """Return a map of a ring of 60° around the north pole, so that both poles are outside of it."""
    pixel = np.arange(12 * 4**5)
    sky = from_uniq(pixel + 4 * 4**5, np.ones(len(pixel)))
    density = np.exp(-((sky.centres[1] - 30) ** 2) / 50)
    return from_uniq(sky.uniq, density / (density * sky.area).sum())


SKIES = {
    "S190425z": lambda: read_skymap(MAPS / "S190425z_LALInference.fits.gz"),
    "GW150914": lambda: read_skymap(MAPS / "GW150914_bayestar_gstlal_C01.fits.gz"),
    "GRB220617A": lambda: read_skymap(MAPS / "GRB220617A_IPN_map_hpx.fits.gz"),
    "RA 0": lambda: gaussian((0, 10)),
    "RA 180": lambda: gaussian((180, -10)),
    "north pole": lambda: gaussian((0, 90)),
    "south pole": lambda: gaussian((0, -90), (90, 0)),
    "near a pole": lambda: gaussian((30, 85), (200, -87)),
    "annulus": annulus,
}


@pytest.fixture(scope="module", params=SKIES)
def sky(request):
    return SKIES[request.param]()


@pytest.mark.parametrize("level", [0.5, 0.9, 0.999])
def test_rings_enclose_the_area_of_the_region(sky, level):
    found = rings(sky, level)
    area = sky.area[in_region(sky, level)].sum()
    # Straight lines between the points that edges of coarse pixels have.
    assert sum(ring.area for ring in found) % (4 * np.pi) == pytest.approx(area, rel=3e-4)
    for ring in found:
        step = np.hypot(
            ((np.roll(ring.lon, -1) - ring.lon + 180) % 360 - 180) * np.cos(np.radians(ring.lat)),
            np.roll(ring.lat, -1) - ring.lat,
        )
        # No gaps: no step is longer than the pixel of the coarsest tile.
        assert step.max() < 58.6 / 2 ** sky.level.min() * 1.5


def test_polygons_hold_the_tiles_of_the_region(sky):
    inside = in_region(sky, 0.9)
    rng = np.random.default_rng(1)
    some = np.concatenate((rng.choice(np.flatnonzero(inside), 300), rng.choice(np.flatnonzero(~inside), 300)))
    lon, lat = (values[some] for values in sky.centres)
    points = np.column_stack(((lon + 180) % 360 - 180, lat))
    found = np.zeros(len(points), int)
    for polygon in polygons(sky, 0.9):
        assert np.array_equal(polygon.outline[0], polygon.outline[-1])
        assert np.abs(polygon.outline[:, 0]).max() <= 180
        assert np.abs(polygon.outline[:, 1]).max() <= 90
        found += Line(polygon.outline).contains_points(points)
        for hole in polygon.holes:
            found -= Line(hole).contains_points(points)
    assert np.array_equal(found, inside[some])


def signed_area(line):
    x, y = line.T
    return np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) / 2


def test_outlines_run_to_the_left_and_holes_to_the_right():
    shapes = polygons(read_skymap(MAPS / "S190425z_LALInference.fits.gz"), 0.9)
    assert any(shape.holes for shape in shapes)
    assert all(signed_area(shape.outline) > 0 for shape in shapes)
    assert all(signed_area(hole) < 0 for shape in shapes for hole in shape.holes)


def test_an_annulus_around_the_pole_is_one_band():
    (band,) = polygons(annulus(), 0.9)
    assert not band.holes
    assert (band.outline[:, 0].min(), band.outline[:, 0].max()) == (-180, 180)
    assert 0 < band.outline[:, 1].min() < band.outline[:, 1].max() < 60


def test_the_whole_sky_has_no_outline():
    sky = from_uniq(4 + np.arange(12), np.full(12, 1 / (4 * np.pi)))
    assert rings(sky, 1.0) == []
    (whole,) = polygons(sky, 1.0)
    assert signed_area(whole.outline) == 360 * 180
