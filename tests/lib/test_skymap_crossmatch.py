"""Match of positions with a map: each value by another way, and no dependence on the other positions."""

from __future__ import annotations

from pathlib import Path

import healpy
import numpy as np
import pytest

from tidings.errors import InputError
from tidings.skymap import crossmatch as module
from tidings.skymap.crossmatch import Matcher, crossmatch
from tidings.skymap.reading import read_skymap
from tidings.skymap.sky import SkyMap, pixels_at

DATA = Path(__file__).parents[2] / "data" / "skymap"


@pytest.fixture(scope="module")
def sky() -> SkyMap:
    return read_skymap(DATA / "S200129m_bayestar.multiorder.fits")


@pytest.fixture(scope="module")
def matcher(sky: SkyMap) -> Matcher:
    return Matcher(sky)


def positions(count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    lat = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    return rng.uniform(0, 360, count), lat, 2000 * rng.uniform(size=count) ** (1 / 3)


def test_tiles_are_those_of_healpy(sky: SkyMap, matcher: Matcher) -> None:
    lon, lat, _ = positions(30_000)
    pixel = healpy.ang2pix(2**sky.order, lon, lat, nest=True, lonlat=True)
    tile = np.searchsorted(sky.start, pixel, "right") - 1
    match = matcher.match(lon, lat)
    np.testing.assert_array_equal(match.density, sky.density[tile])
    np.testing.assert_array_equal(match.level, sky.credible_levels()[tile])
    assert match.level_3d is None


def test_density_is_the_formula(sky: SkyMap, matcher: Matcher) -> None:
    lon, lat, r = positions(2000)
    match = matcher.match(lon, lat, r)
    tile = sky.tiles_at(lon, lat)
    good = np.isfinite(sky.mu[tile])
    t = tile[good]
    normal = np.exp(-0.5 * ((r[good] - sky.mu[t]) / sky.sigma[t]) ** 2) / np.sqrt(2 * np.pi) / sky.sigma[t]
    expected = sky.density[t] * sky.norm[t] * normal
    np.testing.assert_allclose(match.density_3d[good], expected, rtol=1e-10)
    exact = [matcher.levels.exact_level(np.log(rho)) for rho in np.maximum(expected[:200], 1e-300)]
    np.testing.assert_allclose(match.level_3d[good][:200], exact, atol=5e-4)


def test_distance_errors_are_the_convolution(sky: SkyMap, matcher: Matcher) -> None:
    lon, lat = (float(c[sky.ranking[0]]) for c in sky.centres)
    distance, error = 800.0, 150.0
    found = matcher.match([lon], [lat], [distance], [error])
    r = distance + error * np.linspace(-8, 8, 4001)
    tile = sky.ranking[0]
    normal = np.exp(-0.5 * ((r - sky.mu[tile]) / sky.sigma[tile]) ** 2) / np.sqrt(2 * np.pi) / sky.sigma[tile]
    galaxy = np.exp(-0.5 * ((r - distance) / error) ** 2) / np.sqrt(2 * np.pi) / error
    expected = sky.density[tile] * sky.norm[tile] * np.trapezoid(normal * galaxy, r)
    assert found.density_3d[0] == pytest.approx(expected, rel=1e-6)
    sharp = matcher.match([lon, lon], [lat, lat], [distance] * 2, [0.0, np.nan])
    assert list(sharp.density_3d) == list(matcher.match([lon] * 2, [lat] * 2, [distance] * 2).density_3d)


def test_a_far_galaxy_changes_nothing(sky: SkyMap) -> None:
    lon, lat, r = positions(5000)
    alone = crossmatch(sky, lon, lat, r)
    more = crossmatch(sky, np.append(lon, 10.0), np.append(lat, 10.0), np.append(r, 20_000.0))
    for name in ("level", "density", "level_3d", "density_3d"):
        assert getattr(alone, name).tobytes() == getattr(more, name)[:-1].tobytes()
    assert more.level_3d[-1] == 1 and more.density_3d[-1] == 0


def test_pieces_do_not_matter(matcher: Matcher, monkeypatch: pytest.MonkeyPatch) -> None:
    lon, lat, r = positions(1000)
    whole = matcher.match(lon, lat, r)
    monkeypatch.setattr(module, "CHUNK", 77)
    parts = matcher.match(lon, lat, r)
    assert whole.level_3d.tobytes() == parts.level_3d.tobytes()
    assert whole.density.tobytes() == parts.density.tobytes()


def test_known_pixels_give_the_same(matcher: Matcher) -> None:
    lon, lat, r = positions(1000)
    known = matcher.match(lon, lat, r, pixels=pixels_at(lon, lat, 29))
    assert known.level_3d.tobytes() == matcher.match(lon, lat, r).level_3d.tobytes()


def test_right_ascension_of_any_turn(matcher: Matcher) -> None:
    a, b = matcher.match([350.0, 0.0], [10.0, 5.0]), matcher.match([-10.0, 360.0], [10.0, 5.0])
    np.testing.assert_array_equal(a.density, b.density)


def test_missing_distances(matcher: Matcher) -> None:
    lon, lat, _ = positions(4)
    match = matcher.match(lon, lat, [np.nan, 500.0, 0.0, -5.0])
    assert list(np.isnan(match.level_3d)) == [True, False, False, False]
    assert list(match.level_3d[2:]) == [1, 1] and list(match.density_3d[2:]) == [0, 0]


def test_two_dimensional_map() -> None:
    flat = read_skymap(DATA / "GW150914_bayestar_gstlal_C01.fits.gz")
    match = crossmatch(flat, [100.0], [-60.0], [400.0])
    assert match.level_3d is None and 0 <= match.level[0] <= 1


@pytest.mark.parametrize(
    ("lon", "lat", "message"),
    [
        ([0.0, 10.0], [0.0, 95.0], "position 1 .* Dec 95"),
        ([np.nan], [0.0], "position 0 .* RA nan"),
        ([900.0], [0.0], "RA 900"),
        ([0.0], [np.inf], "Dec inf"),
    ],
)
def test_not_on_the_sky(matcher: Matcher, lon: list[float], lat: list[float], message: str) -> None:
    with pytest.raises(InputError, match=message):
        matcher.match(lon, lat)


def test_columns_of_unlike_length(matcher: Matcher) -> None:
    with pytest.raises(InputError, match="differ in length"):
        matcher.match([1.0, 2.0], [1.0, 2.0], [3.0])


def test_no_positions(matcher: Matcher) -> None:
    assert len(matcher.match([], [], [])) == 0
