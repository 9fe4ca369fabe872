"""Tiles of a map, and positions in them, against healpy."""

from __future__ import annotations

import healpy
import numpy as np
import pytest

from tidings.errors import InputError
from tidings.skymap.sky import from_uniq, pixels_at, split_uniq, tiles_of_ranges

# Two halves of base pixel 0 at orders 1 and 2, and the rest of the sky: 11 base pixels.
UNIQ = np.array([16, 17, 18, *(4 * 16 + 12 + np.arange(4)), *(4 + np.arange(1, 12))])


def tree(seed: int, deepest: int = 9) -> np.ndarray:
    """Return the UNIQ numbers of tiles that cover the sky, split at random."""
    rng = np.random.default_rng(seed)
    tiles, done = 4 + np.arange(12), []
    for level in range(deepest):
        split = rng.random(len(tiles)) < (0.7 if level < 4 else 0.3)
        done.append(tiles[~split])
        tiles = (4 * tiles[split][:, None] + np.arange(4)).ravel()
    uniq = np.concatenate((*done, tiles))
    return rng.permutation(uniq)


def test_tiles_cover_the_sky_once_whatever_their_order():
    uniq = tree(1)
    sky = from_uniq(uniq, np.full(len(uniq), 1 / (4 * np.pi)))
    assert np.array_equal(np.sort(sky.uniq), np.sort(uniq))
    assert sky.area.sum() == pytest.approx(4 * np.pi, rel=1e-13)
    assert np.array_equal(sky.end[:-1], sky.start[1:])
    assert sky.probability.sum() == pytest.approx(1, rel=1e-13)


@pytest.mark.parametrize("deepest", [1, 6, 9, 12])
def test_positions_are_in_the_tiles_of_healpy(deepest):
    uniq = tree(2, deepest)
    sky = from_uniq(uniq, np.ones(len(uniq)))
    rng = np.random.default_rng(3)
    lon, lat = rng.uniform(-360, 720, 200_000), np.degrees(np.arcsin(rng.uniform(-1, 1, 200_000)))
    tiles = sky.tiles_at(lon, lat)
    levels = sky.level[tiles].astype(int)
    assert np.array_equal(healpy.ang2pix(2**levels, lon, lat, nest=True, lonlat=True), sky.pixel[tiles])


def test_positions_keep_their_shape():
    sky = from_uniq(UNIQ, np.ones(len(UNIQ)))
    assert sky.tiles_at(np.zeros((2, 3)), 10.0).shape == (2, 3)
    assert sky.tiles_at(45.0, 0.0).shape == ()
    assert sky.tiles_at([], []).shape == (0,)


def test_centres_are_those_of_healpy():
    sky = from_uniq(tree(4), np.ones(len(tree(4))))
    lon, lat = healpy.pix2ang(2 ** sky.level.astype(int), sky.pixel, nest=True, lonlat=True)
    assert np.allclose(sky.centres, (lon, lat), atol=1e-9)


def test_what_no_tile_covers_has_no_probability():
    uniq = tree(5)
    some = np.random.default_rng(6).random(len(uniq)) < 0.2
    values = np.full(some.sum(), 2.0)
    sky = from_uniq(uniq[some], values, [values, values, values])
    assert sky.area.sum() == pytest.approx(4 * np.pi)
    known = np.isin(sky.uniq, uniq[some])
    assert known.sum() == some.sum()
    assert np.all(sky.density[~known] == 0)
    assert np.all(np.isinf(sky.mu[~known]))
    assert np.all(sky.norm[~known] == 0)


@pytest.mark.parametrize("order", [0, 5, 27, 28, 29])
def test_first_and_last_tile_of_an_order(order):
    uniq = np.array([4 * 4**order, 16 * 4**order - 1])
    level, pixel = split_uniq(uniq)
    assert level.tolist() == [order, order]
    assert pixel.tolist() == [0, 12 * 4**order - 1]


def test_ranges_become_the_fewest_tiles():
    rng = np.random.default_rng(7)
    bounds = np.sort(rng.choice(12 * 4**6, 200, replace=False)).reshape(-1, 2)
    start, level = tiles_of_ranges(bounds, 6)
    size = 4 ** (6 - level.astype(int))
    covered = np.zeros(12 * 4**6, int)
    for i, n in zip(start, size, strict=True):
        covered[i : i + n] += 1
        assert i % n == 0
    wanted = np.zeros(12 * 4**6, int)
    for low, high in bounds:
        wanted[low:high] = 1
    assert np.array_equal(covered, wanted)
    # No four siblings are all there.
    parents, count = np.unique(np.column_stack((level, start // (4 * size))), axis=0, return_counts=True)
    assert count[parents[:, 0] > 0].max() < 4


def test_tiles_that_overlap_are_refused():
    with pytest.raises(InputError, match=r"UNIQ 4 and 16|UNIQ 16 and 4"):
        from_uniq(np.array([4, 16]), np.ones(2))


def test_numbers_that_are_no_tiles_are_refused():
    with pytest.raises(InputError, match="UNIQ 3 is no HEALPix tile"):
        split_uniq(np.array([5, 3]))


@pytest.mark.parametrize(("lon", "lat"), [(np.nan, 0.0), (0.0, 90.1), (np.inf, 0.0), (0.0, np.nan)])
def test_positions_off_the_sky_are_refused(lon, lat):
    with pytest.raises(InputError, match="1 of 2 positions"):
        pixels_at([1.0, lon], [1.0, lat], 3)
