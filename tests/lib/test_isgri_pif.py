"""Illumination through the thick mask: against rays followed one by one, and against OSA's."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from tidings.isgri.geometry import (
    ACTIVE,
    CELL,
    HEIGHT,
    SHAPE,
    THICKNESS,
    instrument_matrix,
    module_map,
    pixel_positions,
    tangents,
)
from tidings.isgri.mask import flight_mask
from tidings.isgri.pif import footprint, pif, pif_derivatives
from tidings.isgri.window import Pointing

DIRECTIONS = ((0.0, 0.0), (0.03, -0.05), (-0.11, 0.02), (0.14, 0.17), (-0.2, -0.21))
OSA = Path(__file__).parents[1] / "data/isgri/osa_pif_sgr1935.json"


def rays(ty: float, tz: float, per_pixel: int, random: np.random.Generator) -> np.ndarray:
    """Photons of each pixel that pass the mask, followed in 64 steps through its thickness."""
    y, z = pixel_positions()
    passed = np.zeros(SHAPE)
    mask = np.zeros((99, 99), bool)
    mask[2:-2, 2:-2] = flight_mask()
    steps = HEIGHT + THICKNESS * (np.arange(64) / 63 - 0.5)
    for _ in range(per_pixel):
        at_y = y + ACTIVE * (random.random(SHAPE) - 0.5)
        at_z = z[:, None] + ACTIVE * (random.random(SHAPE) - 0.5)
        free = np.ones(SHAPE, bool)
        for height in steps:
            column = np.clip(np.floor((at_y + height * ty) / CELL + 49.5), 0, 98).astype(int)
            row = np.clip(np.floor((at_z + height * tz) / CELL + 49.5), 0, 98).astype(int)
            free &= mask[row, column]
        passed += free
    return passed


@pytest.mark.parametrize(("ty", "tz"), DIRECTIONS[1:4])
def test_against_followed_rays(ty, tz):
    n = 50
    passed, model = rays(ty, tz, n, default_rng(5)), pif(ty, tz)
    # Rays that cut a corner between two of the 64 steps.
    assert passed[model < 1e-12].sum() < 3e-5 * passed.sum()
    partial = (model > 0.02) & (model < 0.98)
    chi2 = (passed - n * model) ** 2 / (n * model * (1 - model)).clip(1e-9)
    assert partial.sum() > 1000
    assert chi2[partial].mean() == pytest.approx(1, abs=4 * np.sqrt(2 / partial.sum()))
    assert passed.sum() / n == pytest.approx(model.sum(), rel=4e-3)


@pytest.mark.parametrize(("ty", "tz"), DIRECTIONS[1:])
def test_derivatives(ty, tz):
    value, *slopes = pif_derivatives(ty, tz)
    assert np.array_equal(value, pif(ty, tz))
    h = 1e-7
    steps = ((h, 0), (0, h))
    for slope, (dy, dz) in zip(slopes, steps, strict=True):
        numeric = (pif(ty + dy, tz + dz) - pif(ty - dy, tz - dz)) / (2 * h)
        assert np.abs(slope).max() > 100
        np.testing.assert_allclose(slope, numeric, atol=1e-4)


def test_on_axis_is_the_thin_mask():
    # Without obliquity the pixel in the middle of a cell sees that cell alone.
    y, z = pixel_positions()
    cells = [np.floor(p / CELL + 47.5).astype(int) for p in (z, y)]
    whole = [np.abs((p / CELL + 47.5) % 1 - 0.5) * CELL < CELL / 2 - ACTIVE / 2 for p in (z, y)]
    inside = np.logical_and.outer(*whole)
    np.testing.assert_allclose(pif(0, 0)[inside], flight_mask()[np.ix_(*cells)][inside], atol=1e-12)


def test_thickness_loses_light():
    used = module_map() >= 0
    thin = footprint(0.08, 0.0)[used].mean() * 0.5
    # 16 mm at 4.6 degrees: about a tenth of the 11.2 mm of a cell, at every second edge.
    assert pif(0.08, 0.0)[used].mean() == pytest.approx(thin * (1 - 0.5 * 16 * 0.08 / 11.2), rel=0.02)
    assert not pif(0.4, 0.0).any() and not footprint(0.4, 0.0).any()


def test_osa_illumination_of_a_real_source():
    """OSA (ii_pif 1.2.8) of SGR 1935+2154 in window 255900280010, 6.5 degrees off axis."""
    theirs = json.loads(OSA.read_text())
    image = np.array(theirs["pif"], float) / 1000
    matrix = instrument_matrix(Pointing(*theirs["pointing"]))
    ty, tz = tangents(matrix, *theirs["source"])
    ours, used = pif(float(ty), float(tz)), module_map() >= 0
    assert np.corrcoef(image[used], ours[used])[0, 1] > 0.994
    # Walls of the modules shade the rows behind a dead strip, and the mask's rim is not ours.
    used[[34, 68, 102]] = False
    used[:31] = False
    assert np.corrcoef(image[used], ours[used])[0, 1] > 0.999
    turned = pif(float(tz), float(ty))
    assert np.corrcoef(image[:130, :130].ravel(), turned[:130, :130].T.ravel())[0, 1] < 0.97
