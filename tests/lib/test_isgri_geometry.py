"""Geometry of ISGRI: field of view, modules, attitude, sky coordinates."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from scipy.optimize import brentq

from tidings.isgri import geometry
from tidings.isgri.geometry import (
    SKY_SHAPE,
    instrument_matrix,
    module_map,
    pixel_positions,
    pixel_tangents,
    pointing_matrix,
    sky_pixel,
    sky_position,
    sky_wcs,
    tangents,
    to_image,
)
from tidings.isgri.pif import footprint
from tidings.isgri.window import Pointing

POINTING = Pointing(286.822875976562, 20.2762775421143, 199.37516784668, -6.87311124801636)


def test_modules_and_dead_strips():
    modules = module_map()
    assert [(modules == m).sum() for m in range(8)] == [2048] * 8
    strips = np.flatnonzero((modules < 0).all(0)), np.flatnonzero((modules < 0).all(1))
    assert [list(strip) for strip in strips] == [[64, 65], [32, 33, 66, 67, 100, 101]]
    y, z = np.meshgrid(np.arange(128), np.arange(128))
    columns, rows = to_image(y, z)
    # Module 3 - z / 32 above y = 64, 7 - z / 32 below.
    assert np.array_equal(modules[rows, columns], np.where(y >= 64, 3, 7) - z // 32)


def test_published_fields_of_view(monkeypatch):
    # 8.3 x 8.0 fully coded, 19 at half, 29 x 29 in all: Ubertini et al. 2003, for 3202 mm.
    monkeypatch.setattr("tidings.isgri.pif.HEIGHT", 3202.0)
    used = module_map() >= 0

    def coded(angle, axis):
        t = np.tan(np.deg2rad(angle / 2))
        return footprint(*((t, 0) if axis == "y" else (0, t)))[used].mean()

    # From the outer edges of the pixels, dead border included: what the mask has to spare on either side.
    full = [2 * np.rad2deg(np.arctan((1064 - n * 4.6) / 2 / 3202)) for n in (130, 134)]
    assert full == pytest.approx([8.32, 8.00], abs=0.01)
    assert [coded(full[0], "y"), coded(full[1], "z")] == pytest.approx([1, 1], abs=1e-12)
    assert [coded(18.87, axis) for axis in "yz"] == pytest.approx([0.5, 0.5], abs=2e-3)
    edges = [brentq(lambda angle, axis=axis: coded(angle, axis) - 1e-4, 20, 31) for axis in "yz"]
    # To the outermost sensitive edge, 0.3 mm inside the pixel's: 0.01 degrees less.
    assert edges == pytest.approx([29.10, 29.41], abs=0.03)


def test_attitude_against_astropy():
    matrix = pointing_matrix(POINTING)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(matrix) == pytest.approx(1)
    x = SkyCoord(POINTING.ra_x, POINTING.dec_x, unit="deg")
    z = SkyCoord(POINTING.ra_z, POINTING.dec_z, unit="deg")
    source = SkyCoord(293.732, 21.8967, unit="deg")
    v = matrix @ source.cartesian.xyz.value
    assert v[0] == pytest.approx(np.cos(source.separation(x).rad), abs=1e-10)
    assert v[2] == pytest.approx(np.cos(source.separation(z).rad), abs=1e-6)


def test_directions_there_and_back():
    matrix = instrument_matrix(POINTING)
    ra, dec = np.array([286.8, 293.732, 280.0]), np.array([20.3, 21.8967, 30.0])
    back = sky_position(matrix, *tangents(matrix, ra, dec))
    np.testing.assert_allclose(back, (ra, dec), rtol=0, atol=1e-9)
    assert np.isnan(tangents(matrix, 106.8, -20.3)).all()


def test_wcs_is_that_of_the_tangents():
    matrix, random = instrument_matrix(POINTING), np.random.default_rng(3)
    z, y = (random.uniform(0, n - 1, 50) for n in SKY_SHAPE)
    ra, dec = sky_position(matrix, *pixel_tangents(z, y))
    x, row = sky_wcs(matrix).world_to_pixel_values(ra, dec)
    np.testing.assert_allclose((x, row), (y, z), atol=1e-7)
    np.testing.assert_allclose(sky_pixel(*pixel_tangents(z, y)), (z, y))


def test_pixels_of_the_published_area():
    y, z = pixel_positions()
    assert np.allclose(np.diff(y), 4.6) and y.sum() == pytest.approx(0) and z.sum() == pytest.approx(0)
    # 2621 cm2 of sensitive area.
    assert pytest.approx(2621, rel=1e-3) == geometry.ACTIVE**2 * 128**2 / 100
