"""Mosaics of decoded Poisson shadowgrams: empty sky, and two passes over a crowded field."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from isgri_sky import decoded, dithered, sky_image
from tidings.isgri._sky_grid import image_grid, unit_vectors
from tidings.isgri.mosaic import footprint, make_mosaic
from tidings.isgri.source_search import find_sources, fit_noise, source_free, source_table

NOTHING = np.zeros((0, 3))
PLACES = dithered(25)[::4]
# A bright source, eight that one window shows, and one it does not.
FIELD = np.array(
    [
        [83.633, 22.015, 170.0],
        [80.1, 24.3, 30.0],
        [86.9, 19.2, 22.0],
        [84.7, 25.6, 16.0],
        [81.6, 18.4, 12.0],
        [87.4, 23.3, 9.0],
        [79.3, 21.1, 7.0],
        [84.9, 21.2, 4.0],
    ]
)


@pytest.fixture(scope="module")
def grid():
    return image_grid([footprint(sky_image(**place)) for place in PLACES])


def test_empty_sky(grid):
    rng = np.random.default_rng(10)
    images = [decoded(place, NOTHING, NOTHING, rng, seed) for seed, place in enumerate(PLACES)]
    mosaic = make_mosaic(images, grid)
    noise = fit_noise(mosaic.significance[mosaic.variance > 0])
    assert noise.sigma == pytest.approx(1, abs=0.03)
    assert noise.mean == pytest.approx(0, abs=0.03)
    assert max(-noise.minimum, noise.maximum) < 5.2
    assert find_sources(mosaic, 6.0) == []


def test_two_passes_clean_a_crowded_field(grid):
    known = FIELD[FIELD[:, 2] > 8]
    widths = []
    for _ in range(2):
        images = (
            decoded(place, FIELD, known, np.random.default_rng(seed), seed)
            for seed, place in enumerate(PLACES)
        )
        mosaic = make_mosaic(images, grid)
        found = find_sources(mosaic, 6.0)
        away = np.array([source.direction for source in found])
        widths.append(fit_noise(mosaic.significance[source_free(mosaic, away)]).sigma)
        table = source_table(found)
        known = np.column_stack([table["RA_FIN"], table["DEC_FIN"]])
    assert widths[-1] == pytest.approx(1, abs=0.03)
    assert len(found) == len(FIELD)
    for ra, dec, rate in FIELD:
        direction = unit_vectors(ra, dec)
        best = min(found, key=lambda source: np.linalg.norm(source.direction - direction))
        assert np.degrees(np.linalg.norm(best.direction - direction)) < 2 * best.position_error
        assert abs(best.flux - rate) < 3.5 * best.error
        assert rate < 100 or best.flux == pytest.approx(rate, rel=0.01)
    assert all(later <= before + 0.01 for before, later in pairwise(widths))


def test_noiseless_rate_and_position(grid):
    rng = np.random.default_rng(12)
    for _ in range(4):
        source = np.array([[83 + rng.uniform(-3, 3), 22 + rng.uniform(-3, 3), 100.0]])
        images = (decoded(place, source, source, None) for place in PLACES[::2])
        best = find_sources(make_mosaic(images, grid), 6.0)[0]
        assert best.flux == pytest.approx(100, rel=0.01)
        offset = np.linalg.norm(best.direction - unit_vectors(*source[0, :2]))
        assert np.degrees(offset) * 60 < 0.05
