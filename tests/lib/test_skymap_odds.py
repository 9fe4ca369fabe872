"""Overlap of two localisations against healpy's flat sums, analytic cases and numerical integrals."""

from __future__ import annotations

from dataclasses import replace

import healpy as hp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.integrate import quad
from scipy.stats import norm

from suite import ROOT
from tidings.errors import InputError
from tidings.skymap._radial import squares
from tidings.skymap.distance import tile_distances
from tidings.skymap.footprint import unit_vectors
from tidings.skymap.overlap import (
    joint_rate,
    mean_distance,
    overlap,
    overlap_table,
    refine,
    targeted_rate,
)
from tidings.skymap.reading import read_skymap
from tidings.skymap.sky import SkyMap, from_uniq, pixel_area, pixel_centres

MAPS = ROOT / "data/skymap"


@pytest.fixture(scope="module")
def bayestar():
    return read_skymap(MAPS / "S190425z_bayestar.fits.gz")


@pytest.fixture(scope="module")
def inference():
    return read_skymap(MAPS / "S190425z_LALInference.fits.gz")


def gaussian(ra: float, dec: float, sigma: float, order: int = 7, distance: tuple | None = None) -> SkyMap:
    """A round localisation (Fisher's distribution; sigma in deg)."""
    pixels = np.arange(12 << (2 * order))
    cosine = unit_vectors(*pixel_centres(pixels, order)) @ unit_vectors(ra, dec)
    density = np.exp((cosine - 1) / np.radians(sigma) ** 2)
    density /= density.sum() * pixel_area(order)
    columns = None
    if distance is not None:
        mu, s = (np.full(len(pixels), float(value)) for value in distance)
        columns = (mu, s, 1 / squares(mu, s, 0.0, np.inf))
    return from_uniq((4 << (2 * order)) + pixels, density, columns)


def flat(path, nside: int | None = None) -> np.ndarray:
    probability = hp.read_map(path, field=0, nest=True, dtype=float)
    return probability if nside is None else hp.ud_grade(probability, nside, order_in="NEST", power=-2)


def test_odds_of_the_two_maps_of_s190425z_are_those_of_healpy(bayestar, inference):
    one, two = flat(MAPS / "S190425z_bayestar.fits.gz"), flat(MAPS / "S190425z_LALInference.fits.gz")
    expected = (one * two).sum() * len(one) / one.sum() / two.sum()
    found = overlap(bayestar, inference)
    assert found.odds == pytest.approx(expected, rel=1e-7)
    assert found.cosine == pytest.approx(one @ two / np.sqrt((one @ one) * (two @ two)), rel=1e-7)
    assert found.bhattacharyya == pytest.approx(np.sqrt(one * two).sum(), rel=1e-6)
    # The same event: both maps say so, and its distance adds to it.
    assert found.odds > 2
    assert found.distance_odds > found.odds
    # The product is a map.
    assert found.product.probability.sum() == pytest.approx(1, abs=1e-12)
    # That of the sky alone, against healpy: with distances it is narrower or wider, as they agree.
    found = overlap(*(replace(sky, mu=None, sigma=None, norm=None) for sky in (bayestar, inference)))
    both = one * two / (one * two).sum()
    order = np.argsort(-both)
    areas = [(np.cumsum(both[order]) < p).sum() * hp.nside2pixarea(256, degrees=True) for p in (0.5, 0.9)]
    assert_allclose(found.product.areas([0.5, 0.9]), areas, rtol=2e-3)


def test_regions_in_common_are_those_of_healpy(bayestar, inference):
    found = overlap(bayestar, inference, [90.0]).regions[0]
    flats = [flat(MAPS / f"S190425z_{name}.fits.gz") for name in ("bayestar", "LALInference")]
    masks = []
    for probability in flats:
        order = np.argsort(-probability)
        mask = np.zeros(len(probability), bool)
        mask[order[np.cumsum(probability[order]) <= 0.9]] = True
        masks.append(mask)
    pixel = hp.nside2pixarea(256, degrees=True)
    assert found["both"] == pytest.approx((masks[0] & masks[1]).sum() * pixel, rel=2e-3)
    assert found["first_in_second"] == pytest.approx(flats[0][masks[1]].sum(), abs=2e-3)
    assert found["second_in_first"] == pytest.approx(flats[1][masks[0]].sum(), abs=2e-3)


def test_maps_of_other_orders_and_orderings_meet():
    # S190425z (NSIDE 256) and a localisation like that of Fermi-GBM (order 7): healpy at NSIDE 256.
    sky = read_skymap(MAPS / "S190425z_LALInference.fits.gz")
    gbm = gaussian(176.8, -39.8, 11.6)
    found = overlap(sky, gbm)
    one = flat(MAPS / "S190425z_LALInference.fits.gz")
    two = np.repeat(gbm.probability / 4, 4)
    assert found.odds == pytest.approx((one * two).sum() * len(one) / one.sum() / two.sum(), rel=1e-6)
    assert found.distance_odds is None
    assert "one map has no distances" in found.notes[0]
    # The product keeps the distances of the map that has them.
    distance = np.repeat(tile_distances(sky)[0], sky.size)
    known = np.isfinite(distance)
    expected = (one * two * distance)[known].sum() / (one * two)[known].sum()
    assert mean_distance(found.product)[0] == pytest.approx(expected, rel=1e-4)
    tiles = refine(sky, gbm)
    assert (4.0 ** -tiles.level.astype(float)).sum() == pytest.approx(12)
    assert_allclose(sky.start[tiles.first] <= tiles.start >> (2 * (tiles.order - sky.order)), True)


def test_round_localisations_have_the_odds_of_their_formula():
    # For two Fisher distributions far smaller than the sphere, 4 pi N(angle; 0, s1^2 + s2^2).
    for apart in (0.0, 5.0, 12.0):
        found = overlap(gaussian(30, 20, 4.0), gaussian(30, 20 + apart, 3.0))
        variance = np.radians(4.0) ** 2 + np.radians(3.0) ** 2
        expected = 2 / variance * np.exp(-(np.radians(apart) ** 2) / 2 / variance)
        assert found.odds == pytest.approx(expected, rel=0.02)
        product = found.product
        dec = product.centres[1][product.ranking[0]]
        assert dec == pytest.approx(20 + apart * 16 / 25, abs=0.5)
    whole = from_uniq(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))
    assert overlap(gaussian(30, 20, 4.0), whole).odds == pytest.approx(1, abs=1e-12)


def test_distances_multiply_as_their_integral():
    first, second = gaussian(30, 20, 4.0, 5, (100, 20)), gaussian(30, 20, 4.0, 5, (130, 30))
    found = overlap(first, second, max_distance=400.0)

    def posterior(r, mu, sigma):
        return r**2 * norm.pdf(r, mu, sigma) / squares(np.array([mu]), np.array([sigma]), 0.0, np.inf)[0]

    ratio = quad(lambda r: posterior(r, 100, 20) * posterior(r, 130, 30) / (3 * r**2 / 400**3), 1e-3, 400)[0]
    assert found.distance_odds / found.odds == pytest.approx(ratio, rel=1e-6)
    assert found.max_distance == 400
    product = found.product
    top = product.ranking[0]
    assert product.mu[top] == pytest.approx((100 / 20**2 + 130 / 30**2) / (1 / 20**2 + 1 / 30**2))
    assert product.sigma[top] == pytest.approx(1 / np.sqrt(1 / 20**2 + 1 / 30**2))
    total = quad(lambda r: r**2 * norm.pdf(r, product.mu[top], product.sigma[top]), 0, 500)[0]
    assert product.norm[top] * total == pytest.approx(1, rel=1e-9)
    assert overlap(first, second).max_distance == pytest.approx(
        max(mean_distance(s)[0] + 5 * mean_distance(s)[1] for s in (first, second))
    )


def test_mean_distance_is_that_of_the_header(inference, bayestar):
    for sky in (inference, bayestar):
        mean, std = mean_distance(sky)
        assert mean == pytest.approx(float(sky.meta["DISTMEAN"]), rel=0.03)
        assert std == pytest.approx(float(sky.meta["DISTSTD"]), rel=0.06)


def test_maps_apart_have_no_odds_and_say_so():
    here, there = (from_uniq([number], [3 / np.pi]) for number in (4, 9))
    found = overlap(here, there)
    assert found.odds == 0
    assert found.product is None
    assert found.cosine == found.bhattacharyya == 0
    assert "do not overlap" in found.notes[0]
    table = overlap_table(found, ("here", "there"), {"joint_far": np.inf, "joint_far_time": 1e-10})
    assert table["odds"][0] == 0
    assert np.isnan(table["log10_odds"][0])
    assert np.isinf(table["joint_far"][0])


def test_joint_rates_are_those_of_raven():
    # GW170817 and GRB 170817A in 6 s with 310 GRBs a year: one in so many years by time alone.
    far, rate = 1 / (80000 * 365.25 * 86400), 310 / (365.25 * 86400)
    time, both = joint_rate(far, rate, 6.0, 30.0)
    assert time == pytest.approx(far * rate * 6)
    assert both == pytest.approx(time / 30)
    assert joint_rate(far, rate, 6.0, 0.0)[1] == np.inf
    # The targeted rate of a product of two uniform numbers: tested by drawing them.
    z = np.random.default_rng(2).uniform(size=(2, 400_000)).prod(axis=0)
    at = 0.01
    assert targeted_rate(0.1, 0.1, 1.0, 1.0, (1.0, 1.0))[0] == pytest.approx((z < at).mean(), rel=0.02)
    with pytest.raises(InputError, match="above the limits"):
        targeted_rate(2.0, 0.1, 1.0, 1.0, (1.0, 1.0))


def test_levels_out_of_range_are_refused(bayestar, inference):
    with pytest.raises(InputError, match="give it in percent"):
        overlap(bayestar, inference, [120.0])
