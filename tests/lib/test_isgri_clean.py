"""Cleaning: everything found, nothing else, and nothing left."""

from __future__ import annotations

import numpy as np
import pytest

from isgri_sim import detector, expected, shaped
from tidings.isgri._ghosts import GHOST_PERIOD, alternatives, likeliest
from tidings.isgri.clean import Search, clean, in_field
from tidings.isgri.decode import decode
from tidings.isgri.fit import prepare
from tidings.isgri.geometry import SKY_SHAPE, SKY_STEP, module_map, sky_pixel

FLAT = (module_map() >= 0).astype(float)
FLUXES = np.array([300, 60, 40, 30, 25, 20, 15, 12, 10, 9, 8.0])


def field(seed: int) -> np.ndarray:
    """11 directions: a source of 2 Crab at 8 degrees, two partly coded ones, and more in the middle."""
    random = np.random.default_rng(seed)
    directions = random.uniform(-0.07, 0.07, (11, 2))
    directions[:3] = (0.1, 0.1), (-0.15, 0.12), (0.14, -0.16)
    return directions


def significance(cleaned) -> np.ndarray:
    seen = cleaned.planes.coded > 0.05
    return (cleaned.residual / np.sqrt(np.where(cleaned.planes.variance > 0, cleaned.planes.variance, 1)))[
        seen
    ]


def test_a_bright_source_at_the_edge_leaves_the_modules_even():
    """The background given has each module's counts, the source's too, as `response.bands_of` makes it."""
    exposure, modules = detector(), module_map()
    counts = np.random.default_rng(6).poisson(expected(exposure, FLAT, [(0.14, 0.02)], [460]))
    shares = np.array([counts[modules == number].sum() for number in range(8)])
    background = np.where(modules >= 0, exposure * shares[modules], 0)
    cleaned = clean(counts, exposure, background)
    assert len(cleaned.origin) == 1
    assert significance(cleaned).std() == pytest.approx(1, abs=0.04)
    assert np.abs(significance(cleaned)).max() < 5


@pytest.fixture(scope="module")
def crowded():
    exposure, directions = detector(), field(10)
    counts = np.random.default_rng(5).poisson(expected(exposure, FLAT, directions, FLUXES))
    return counts, exposure, directions, clean(counts, exposure, exposure)


def test_eleven_sources_are_found_and_none_else(crowded):
    _, _, directions, cleaned = crowded
    distance = np.hypot(*(cleaned.directions[:, None] - directions).T)
    nearest = distance.argmin(0)
    assert sorted(nearest) == list(range(11)) and len(cleaned.origin) == 11
    assert distance.min(0).max() < 0.5 * SKY_STEP
    pulls = (cleaned.fit.fluxes - FLUXES[nearest]) / cleaned.fit.errors
    assert np.abs(pulls).max() < 4
    assert (cleaned.origin == -1).all() and np.isfinite(cleaned.covariances).all()


def test_nothing_is_left(crowded):
    _, _, directions, cleaned = crowded
    left = significance(cleaned)
    assert left.std() == pytest.approx(1, abs=0.04)
    assert np.abs(left).max() < 5
    assert cleaned.noise == pytest.approx(1, abs=0.04)
    # At the places of the ghosts of the brightest, before and after.
    z, y = (float(v) for v in sky_pixel(*directions[0]))
    raw = decode(*crowded[:2], crowded[1]).significance
    ghosts = []
    for dz in (-1, 0, 1):
        for dy in (-1, 0, 1):
            at = round(z + dz * GHOST_PERIOD), round(y + dy * GHOST_PERIOD)
            if (dz or dy) and all(3 < a < n - 4 for a, n in zip(at, SKY_SHAPE, strict=True)):
                ghosts.append((slice(at[0] - 3, at[0] + 4), slice(at[1] - 3, at[1] + 4)))
    assert max(raw[box].max() for box in ghosts) > 10
    kept = cleaned.planes.significance
    assert max(np.abs(kept[box]).max() for box in ghosts) < 5


def test_peaks_are_put_back(crowded):
    *_, cleaned = crowded
    for direction, flux, error in zip(
        cleaned.directions, cleaned.fit.fluxes, cleaned.fit.errors, strict=True
    ):
        z, y = (round(float(v)) for v in sky_pixel(*direction))
        box = (slice(z - 1, z + 2), slice(y - 1, y + 2))
        # A source off the grid loses up to a fifth on it.
        assert 0.75 * flux - 4 * error < cleaned.planes.intensity[box].max() < 1.1 * flux + 4 * error


def test_catalogue_is_kept_where_it_is(crowded):
    counts, exposure, directions, _ = crowded
    far = np.array([[0.4, 0.0], [np.nan, np.nan]])
    known = np.vstack([far, directions])
    cleaned = clean(counts, exposure, exposure, known, search=Search(blind=False))
    assert sorted(cleaned.origin) == list(range(2, 13))
    assert np.array_equal(cleaned.directions, known[cleaned.origin])
    assert np.abs((cleaned.fit.fluxes - FLUXES[cleaned.origin - 2]) / cleaned.fit.errors).max() < 4
    assert list(in_field(known, exposure)) == [False, False] + [True] * 11


def test_catalogue_names_what_is_seen_only(crowded):
    counts, exposure, directions, _ = crowded
    empty = np.array([[-0.03, 0.085], [0.06, -0.09]])
    known = np.vstack([empty, directions[:6]])
    cleaned = clean(counts, exposure, exposure, known, always=np.zeros(8, bool))
    assert sorted(cleaned.origin) == [-1] * 5 + [2, 3, 4, 5, 6, 7]
    chosen = clean(counts, exposure, exposure, known, always=np.arange(8) == 0)
    assert 0 in chosen.origin and 1 not in chosen.origin
    faint = chosen.fit.fluxes[chosen.origin == 0] / chosen.fit.errors[chosen.origin == 0]
    assert abs(faint[0]) < 4


def test_negative_rates_as_asked():
    exposure, random = detector(), np.random.default_rng(2)
    known = np.random.default_rng(3).uniform(-0.1, 0.1, (12, 2))
    counts = random.poisson(expected(exposure, FLAT))
    both = clean(counts, exposure, exposure, known, search=Search(blind=False))
    assert len(both.origin) == 12 and (both.fit.fluxes < 0).any()
    positive = clean(counts, exposure, exposure, known, search=Search(blind=False, negative=False))
    assert 0 < len(positive.origin) < 12 and (positive.fit.fluxes >= 0).all()


def test_empty_sky_has_no_sources():
    exposure, random = detector(), np.random.default_rng(4)
    for _ in range(4):
        cleaned = clean(random.poisson(expected(exposure, FLAT)), exposure, exposure)
        assert len(cleaned.origin) == 0 and cleaned.rounds == 1


def test_a_wrong_background_makes_noise_not_sources():
    exposure, random = detector(), np.random.default_rng(6)
    # Single pixels that differ by 20 %: what real ones do.
    pixels = FLAT * np.clip(1 + 0.2 * random.standard_normal(FLAT.shape), 0.2, None)
    counts = random.poisson(expected(exposure, shaped(random) * pixels, [(0.03, -0.05)], [60]))
    cleaned = clean(counts, exposure, exposure)
    assert cleaned.noise > 1.3
    assert len(cleaned.origin) == 1
    assert np.hypot(*(cleaned.directions[0] - (0.03, -0.05))) < SKY_STEP


def test_most_sources(crowded):
    counts, exposure, *_ = crowded
    assert len(clean(counts, exposure, exposure, search=Search(most=3)).origin) <= 3
    assert len(clean(counts, exposure, exposure, search=Search(most=0)).origin) == 0


def test_source_and_ghost_are_told_apart():
    exposure, true = detector(), np.array([0.028, 0.062])
    ghost = true - [0, GHOST_PERIOD * SKY_STEP]
    # Expected counts, without noise: nothing but the illumination decides.
    counts = expected(exposure, FLAT, [true], [8])
    found = likeliest(prepare(counts, exposure, exposure), np.array([ghost, true]))
    assert np.abs(found - true).max() < 0.1 * SKY_STEP
    image = decode(counts, exposure, exposure).significance
    at_ghost = np.array(sky_pixel(*ghost), float)
    assert np.abs(alternatives(image, at_ghost) - sky_pixel(*true)).max(1).min() < 1
    # A peak this high is never a ghost's by chance.
    assert len(alternatives(10 * image, at_ghost)) == 0
