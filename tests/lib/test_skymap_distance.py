"""Distances and credible volumes: closed forms against quadrature, samples, and published numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.integrate import quad

from tidings.errors import InputError
from tidings.skymap import distance, volume
from tidings.skymap._radial import partial_moments
from tidings.skymap.comoving import comoving_levels, distance_of, volume_ratio
from tidings.skymap.crossmatch import Matcher
from tidings.skymap.reading import read_skymap
from tidings.skymap.sky import SkyMap, from_uniq

DATA = Path(__file__).parents[2] / "data" / "skymap"


def made_map(order: int = 3, seed: int = 4, without: int = 20) -> SkyMap:
    """A map of all tiles of an order, with distances of any shape; some tiles without."""
    rng = np.random.default_rng(seed)
    count = 12 * 4**order
    probability = rng.gamma(0.3, size=count) ** 3
    probability /= probability.sum()
    mu, sigma = rng.uniform(-100, 300, count), rng.uniform(20, 80, count)
    norm = 1 / partial_moments(mu, sigma, highest=2)[2]
    mu[:without], sigma[:without], norm[:without] = np.inf, 1.0, 0.0
    area = 4 * np.pi / count
    return from_uniq(np.arange(count) + 4 * 4**order, probability / area, (mu, sigma, norm))


def draw(sky: SkyMap, count: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray]:
    """Tiles and distances drawn from a map, by its definition alone: rejection under r^2 Normal."""
    rng = np.random.default_rng(seed)
    probability = np.where(np.isfinite(sky.mu), sky.probability, 0)
    tiles = np.repeat(np.arange(len(sky)), rng.multinomial(count, probability / probability.sum()))
    mu, sigma = sky.mu[tiles], sky.sigma[tiles]
    # Inverse of the cumulative distribution, tabulated per draw by bisection on numerical quadrature's twin.
    wanted = rng.uniform(size=len(tiles))
    low, high = np.zeros(len(tiles)), np.maximum(mu, 0) + 12 * sigma
    whole = partial_moments(mu, sigma, highest=2)[2]
    for _ in range(50):
        middle = 0.5 * (low + high)
        below = partial_moments(mu, sigma, 0.0, middle, highest=2)[2] < wanted * whole
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return tiles, 0.5 * (low + high)


@pytest.mark.parametrize(("mu", "sigma"), [(200.0, 30.0), (10.0, 40.0), (-150.0, 40.0), (-400.0, 50.0)])
@pytest.mark.parametrize(("lower", "upper"), [(0.0, np.inf), (0.0, 180.0), (150.0, 260.0)])
def test_moments_are_those_of_quadrature(mu: float, sigma: float, lower: float, upper: float) -> None:
    found = partial_moments(np.array([mu]), np.array([sigma]), lower, upper)
    top = min(upper, max(mu, 0) + 15 * sigma)
    for k, value in enumerate(found):
        scale = np.exp(-0.5 * ((max(mu, lower) - mu) / sigma) ** 2)

        def integrand(r: float, k: int = k, scale: float = scale) -> float:
            return r**k * np.exp(-0.5 * ((r - mu) / sigma) ** 2) / (np.sqrt(2 * np.pi) * sigma) / scale

        expected = quad(integrand, lower, top, epsabs=0, epsrel=1e-11, limit=200)[0] * scale
        assert value[0] == pytest.approx(expected, rel=2e-7)


def test_levels_of_one_line_of_sight_are_those_of_quadrature() -> None:
    sky = made_map(order=0, without=11)
    levels = volume.volume_levels(sky)
    mu, sigma = sky.mu[11], sky.sigma[11]
    for value in (0.1, 0.5, 0.9, 0.99):
        log_density = levels.log_density_at(value)
        rho = np.exp(log_density)
        r = (np.arange(400_000) + 0.5) / 400_000 * (max(mu, 0) + 10 * sigma)
        density = sky.density[11] * distance.conditional_pdf(sky, np.full(len(r), 11), r) / r**2
        width = (r[1] - r[0]) * sky.area[11]
        inside = density > rho
        assert np.sum((density * r**2 * width)[inside]) / sky.probability[11] == pytest.approx(
            value, abs=1e-5
        )
        assert levels.volume(value) == pytest.approx(np.sum((r**2 * width)[inside]), rel=1e-4)


def test_table_is_the_closed_form() -> None:
    levels = volume.volume_levels(made_map())
    values = np.linspace(levels.log_density[0], levels.log_density[-1], 400)
    exact = [levels.exact_level(value) for value in values]
    np.testing.assert_allclose(levels.levels_of(values), exact, atol=5e-4)
    assert np.all(np.diff(levels.level) <= 0) and levels.level[0] > 1 - 1e-7 and levels.level[-1] == 0


def test_levels_of_draws_are_uniform() -> None:
    """The level of a draw from the map is a uniform number: Kolmogorov's test of 2e5, 1e-4 by chance."""
    sky = made_map()
    tiles, r = draw(sky, 200_000)
    lon, lat = sky.centres
    match = Matcher(sky).match(lon[tiles], lat[tiles], r)
    ranked = np.sort(match.level_3d)
    place = np.arange(len(ranked)) / len(ranked)
    assert np.abs(ranked - place).max() < 2.23 / np.sqrt(len(ranked)) + 5e-4


@pytest.mark.parametrize("name", ["S190814bv_LALInference.v1.fits.gz", "S190425z_bayestar.fits.gz"])
def test_levels_of_real_maps(name: str) -> None:
    sky = read_skymap(DATA / name)
    tiles, r = draw(sky, 100_000)
    matcher = Matcher(sky)
    lon, lat = (column[tiles] for column in sky.centres)
    level = np.sort(matcher.match(lon, lat, r).level_3d)
    assert np.abs(level - np.arange(len(level)) / len(level)).max() < 2.23 / np.sqrt(len(level)) + 5e-4


def test_comoving_levels_are_those_of_draws() -> None:
    sky = made_map()
    tiles, r = draw(sky, 100_000)
    lon, lat = sky.centres
    match = Matcher(sky, comoving=comoving_levels(sky)).match(lon[tiles], lat[tiles], r)
    level = np.sort(match.level_3d)
    assert np.abs(level - np.arange(len(level)) / len(level)).max() < 2.23 / np.sqrt(len(level)) + 2e-3
    near = Matcher(sky).match(lon[tiles], lat[tiles], r)
    # Hubble's law: dV / dV_C = (1 + z)^3 (1 + ...) is 1 + 4 z at first order, z = 0.023 at 100 Mpc.
    ratio = match.density_3d / near.density_3d
    close = np.abs(r - 100) < 1
    assert np.median(ratio[close]) == pytest.approx(1 + 4 * 0.0223, abs=0.005)


def test_volume_ratio_is_the_difference_quotient() -> None:
    from astropy import units as u
    from astropy.cosmology import Planck18

    log_distance, ratio = volume_ratio()
    z = np.array([0.5, 0.5001])
    luminosity = Planck18.luminosity_distance(z).to_value(u.Mpc)
    shells = np.diff(luminosity**3) / np.diff(Planck18.comoving_distance(z).to_value(u.Mpc) ** 3)
    assert np.exp(np.interp(np.log(luminosity.mean()), log_distance, ratio)) == pytest.approx(
        shells[0], rel=1e-4
    )
    assert distance_of([0.5])[0] == pytest.approx(luminosity[0], rel=1e-6) and np.isnan(
        distance_of([-1.0])[0]
    )


def test_posteriors_are_those_of_draws() -> None:
    sky = made_map()
    tiles, r = draw(sky, 200_000)
    whole = distance.over_sky(sky)
    assert whole.mean == pytest.approx(r.mean(), abs=5 * r.std() / np.sqrt(len(r)))
    assert whole.std == pytest.approx(r.std(), rel=0.01)
    assert whole.cdf(whole.percentiles([5, 50, 95])) == pytest.approx([0.05, 0.5, 0.95], abs=1e-6)
    assert np.mean(r < whole.percentiles([25])[0]) == pytest.approx(0.25, abs=5e-3)
    lon, lat = sky.centres
    inside = Matcher(sky).match(lon[tiles], lat[tiles], r).level_3d < 0.8
    part = distance.in_volume(sky, 0.8)
    assert part.probability == pytest.approx(0.8 * sky.probability[20:].sum(), rel=1e-6)
    assert part.mean == pytest.approx(r[inside].mean(), abs=5 * r.std() / np.sqrt(inside.sum()))
    axis = np.linspace(0, 800, 8001)
    assert np.trapezoid(part.pdf(axis), axis) == pytest.approx(1, abs=2e-4)


def test_tile_distances_and_line_of_sight() -> None:
    sky = made_map()
    mean, std = distance.tile_distances(sky)
    assert np.isnan(mean[:20]).all() and np.isfinite(mean[20:]).all()
    lon, lat = (column[100] for column in sky.centres)
    one = distance.line_of_sight(sky, lon, lat)
    assert (one.mean, one.std) == pytest.approx((mean[100], std[100]))
    assert one.pdf([150.0])[0] == pytest.approx(distance.conditional_pdf(sky, np.array([100]), 150.0)[0])
    lon, lat = (column[3] for column in sky.centres)
    with pytest.raises(InputError, match="no distance at RA"):
        distance.line_of_sight(sky, lon, lat)


def test_gw170817() -> None:
    """Distance of the header, 38.0 +- 7.5 Mpc, and of the map; NGC 4993 at 0.383 (data/README.md)."""
    sky = read_skymap(DATA / "GW170817_skymap.fits.gz")
    whole = distance.over_sky(sky)
    assert (whole.mean, whole.std) == pytest.approx((38.0, 7.5), abs=0.1)
    assert Matcher(sky).match([197.4488], [-23.3840]).level[0] == pytest.approx(0.383, abs=5e-4)
    table = distance.distance_table({"sky": whole}, 50)
    assert table.meta["posteriors"]["sky"]["mean"] == whole.mean and table["pdf_sky"].unit == "1 / Mpc"


def test_bad_maps() -> None:
    sky = made_map()
    flat = SkyMap(sky.order, sky.start, sky.level, sky.density)
    with pytest.raises(InputError, match="no distances"):
        volume.volume_levels(flat)
    nowhere = SkyMap(
        sky.order, sky.start, sky.level, sky.density, np.full(len(sky), np.inf), sky.sigma, sky.norm
    )
    with pytest.raises(InputError, match="infinite"):
        distance.over_sky(nowhere)
    with pytest.raises(InputError, match="between 0 and 1"):
        volume.volume_levels(sky).volume(1.5)
    with pytest.raises(InputError, match="percentiles"):
        distance.over_sky(sky).percentiles(0)


def test_nan_distances_count_as_missing() -> None:
    sky = made_map()
    mu, sigma, norm = sky.mu.copy(), sky.sigma.copy(), sky.norm.copy()
    mu[30], sigma[31], norm[32] = np.nan, np.nan, np.nan
    holes = SkyMap(sky.order, sky.start, sky.level, sky.density, mu, sigma, norm)
    levels = volume.volume_levels(holes)
    assert levels.coverage == pytest.approx(sky.probability[20:].sum() - sky.probability[30:33].sum())
    lon, lat = (column[[30, 31, 32]] for column in sky.centres)
    match = Matcher(holes).match(lon, lat, np.full(3, 100.0))
    assert list(match.level_3d) == [1, 1, 1] and list(match.density_3d) == [0, 0, 0]
