"""Fits on the detector: fluxes without bias, honest errors, positions at the bound that theory sets."""

from __future__ import annotations

import numpy as np
import pytest

from isgri_sim import detector, expected, shaped
from tidings.errors import InputError
from tidings.isgri.fit import fit_fluxes, fit_positions
from tidings.isgri.geometry import SHAPE, SKY_STEP, module_map
from tidings.isgri.pif import footprint

FLAT = (module_map() >= 0).astype(float)
FULLY, PARTLY = (0.031, -0.052), (0.152, -0.104)
ARCMIN = np.rad2deg(1) * 60


def trials(direction, flux: float, number: int, seed: int):
    """Fluxes, their pulls and positions of sources within half a pixel of a direction."""
    random, exposure = np.random.default_rng(seed), detector()
    fluxes, pulls, offsets, bounds = [], [], [], []
    for _ in range(number):
        true = np.array(direction) + random.uniform(-0.5, 0.5, 2) * SKY_STEP
        counts = random.poisson(expected(exposure, FLAT, [true], [flux]))
        fit = fit_fluxes(counts, exposure, exposure, [true])
        fluxes.append(fit.fluxes[0])
        pulls.append((fit.fluxes[0] - flux) / fit.errors[0])
        start = true + random.uniform(-0.4, 0.4, 2) * SKY_STEP
        moved = fit_positions(counts, exposure, exposure, [start])
        assert moved.converged[0]
        offsets.append((moved.directions[0] - true) * ARCMIN)
        bounds.append(np.sqrt(np.diag(moved.covariances[0])) * ARCMIN)
    return np.array(fluxes), np.array(pulls), np.array(offsets), np.array(bounds)


@pytest.mark.parametrize("direction", [FULLY, PARTLY])
def test_fluxes_and_positions(direction):
    n = 40
    fluxes, pulls, offsets, bounds = trials(direction, 60.0, n, 21)
    # 4 standard errors of a source of 40 to 80 standard deviations: about 1 %.
    assert fluxes.mean() == pytest.approx(60, abs=4 * fluxes.std() / np.sqrt(n))
    assert fluxes.std() / np.sqrt(n) < 0.4
    assert pulls.std() == pytest.approx(1, abs=4 / np.sqrt(2 * n))
    # Cramer-Rao: the fit's own error, from the Fisher matrix at the solution.
    assert (offsets / bounds).std() < 1.2 + 3 / np.sqrt(4 * n)
    # 90 % of 10.4' / 60: the published scaling with significance.
    assert np.quantile(np.hypot(*offsets.T), 0.9) < 0.35


def test_bright_source_is_exact_without_noise():
    exposure = detector()
    true = np.array(FULLY)
    counts = expected(exposure, shaped(np.random.default_rng(1)), [true, PARTLY], [500, 30])
    background = exposure * shaped(np.random.default_rng(1))
    fit = fit_fluxes(counts, exposure, background, [true, PARTLY])
    assert fit.fluxes == pytest.approx([500, 30], rel=1e-6)
    assert fit.chi2 < 1e-6 and fit.scales == pytest.approx(np.full(8, fit.scales[0]), rel=1e-6)
    moved = fit_positions(counts, exposure, background, [true + 0.4 * SKY_STEP, PARTLY], free=[0])
    assert np.abs(moved.directions[0] - true).max() < 5e-3 * SKY_STEP
    assert np.array_equal(moved.directions[1], PARTLY)


def test_gradient_of_the_background_does_not_bias_a_partly_coded_source():
    exposure = detector()
    gradient = FLAT * (1 + 0.03 * np.linspace(-1, 1, SHAPE[1]))
    counts = expected(exposure, gradient, [PARTLY], [20])
    fit = fit_fluxes(counts, exposure, exposure, [PARTLY])
    # Without the step along the shadow's edge it would be 24 to 29 % less.
    assert fit.fluxes[0] == pytest.approx(20, rel=0.04)
    assert fit.steps[0] != 0
    assert fit_fluxes(counts, exposure, exposure, [FULLY]).steps[0] == 0


def test_neighbours_share_their_errors():
    exposure = detector()
    near = np.array(FULLY) + np.array([[0, 0], [2 * SKY_STEP, 0]])
    counts = expected(exposure, FLAT, near, [40, 40])
    pair = fit_fluxes(counts, exposure, exposure, near)
    alone = fit_fluxes(counts, exposure, exposure, near[:1])
    assert pair.covariance[0, 1] < 0
    # The PSF at two pixels is 0.21: so is the correlation; the error grows by 1 / sqrt(1 - 0.21^2).
    assert -pair.covariance[0, 1] / pair.covariance[0, 0] == pytest.approx(0.21, abs=0.04)
    assert pair.errors[0] / alone.errors[0] == pytest.approx(1.02, abs=0.02)


def test_modules_that_are_off_and_no_sources():
    exposure = detector()
    exposure[module_map() == 5] = 0
    counts = np.random.default_rng(1).poisson(expected(exposure, FLAT))
    fit = fit_fluxes(counts, exposure, exposure, np.zeros((0, 2)))
    assert fit.fluxes.size == 0 and list(np.flatnonzero(np.isnan(fit.scales))) == [5]
    assert fit.chi2 / fit.dof == pytest.approx(1, abs=0.05)
    assert fit.model.sum() == pytest.approx(counts.sum(), rel=1e-3)


def test_few_counts():
    exposure = detector()
    counts = np.zeros(SHAPE)
    counts[40, 20] = 1
    fit = fit_fluxes(counts, exposure, exposure, [FULLY])
    assert np.isfinite(fit.fluxes).all() and np.isfinite(fit.errors).all()


def test_a_lost_position_is_said():
    exposure = detector()
    counts = np.random.default_rng(3).poisson(expected(exposure, FLAT))
    moved = fit_positions(counts, exposure, exposure, [FULLY])
    if not moved.converged[0]:
        assert np.array_equal(moved.directions[0], FULLY) and np.isnan(moved.covariances[0]).all()
    else:
        assert np.abs(moved.directions[0] - FULLY).max() <= 3 * SKY_STEP


def test_what_cannot_be_fitted():
    exposure = detector()
    with pytest.raises(InputError, match="lights no exposed pixel"):
        fit_fluxes(exposure, exposure, exposure, [(0.5, 0.0)])
    with pytest.raises(InputError, match="counts must be"):
        fit_fluxes(np.ones((128, 128)), exposure, exposure, [FULLY])
    assert not footprint(0.5, 0).any()
