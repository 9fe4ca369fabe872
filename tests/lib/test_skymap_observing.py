"""Visibility from the ground and from INTEGRAL, against astropy's own chain and against analytic cases."""

from __future__ import annotations

import warnings

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import AltAz, EarthLocation, SkyCoord, get_body, get_sun
from astropy.time import Time
from astropy.utils import iers
from numpy.testing import assert_allclose

from tidings.acs.orbit import Location
from tidings.errors import InputError
from tidings.skymap import ephemeris
from tidings.skymap.footprint import area, unit_vectors
from tidings.skymap.sites import SITES, find_site
from tidings.skymap.sky import SkyMap, from_uniq
from tidings.skymap.visibility import (
    GroundLimits,
    SpaceLimits,
    from_ground,
    from_integral,
    night,
    pieces,
    visibility_table,
)
from tidings.times import parse_time

EVENT = parse_time("2019-08-14T21:10:39")
RNG = np.random.default_rng(4)


def uniform() -> SkyMap:
    return from_uniq(np.arange(4, 16), np.full(12, 1 / (4 * np.pi)))


def spots(ra: np.ndarray, dec: np.ndarray, order: int = 9) -> SkyMap:
    """A map of equal probability in the tiles about some positions."""
    from tidings.skymap.sky import pixel_area, pixels_at

    pixels = np.unique(pixels_at(ra, dec, order))
    return from_uniq((4 << (2 * order)) + pixels, np.full(len(pixels), 1 / len(pixels) / pixel_area(order)))


def test_altitudes_are_those_of_astropy():
    site = SITES["Paranal"]
    place = EarthLocation.from_geodetic(site.longitude * u.deg, site.latitude * u.deg, site.height * u.m)
    gps = EVENT + np.arange(0, 86400, 3600.0)
    ra, dec = RNG.uniform(0, 360, 50), np.degrees(np.arcsin(RNG.uniform(-1, 1, 50)))
    zenith, here = ephemeris.site_vectors(site, gps)
    ours = 90 - np.degrees(np.arccos(unit_vectors(ra, dec) @ zenith.T))
    moon = 90 - ephemeris.separations(zenith, ephemeris.moon_vector(gps) - here)
    sun = 90 - ephemeris.separations(zenith, ephemeris.sun_vector(gps) - here)
    with iers.conf.set_temp("auto_download", False), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        times = Time(gps, format="gps")
        frame = AltAz(obstime=times, location=place)
        targets = SkyCoord(ra[:, None] * u.deg, dec[:, None] * u.deg)
        assert_allclose(ours, targets.transform_to(frame).alt.deg, atol=0.012)
        theirs = get_body("moon", times, place, ephemeris="builtin").transform_to(frame).alt.deg
        assert_allclose(moon, theirs, atol=0.02)
        assert_allclose(sun, get_sun(times).transform_to(frame).alt.deg, atol=0.02)


def test_observable_tiles_are_those_that_astropy_allows():
    site, limits = SITES["La Silla"], GroundLimits(1.8, -15.0, 40.0)
    place = EarthLocation.from_geodetic(site.longitude * u.deg, site.latitude * u.deg, site.height * u.m)
    ra, dec = RNG.uniform(0, 360, 300), np.degrees(np.arcsin(RNG.uniform(-1, 0.3, 300)))
    sky = spots(ra, dec)
    found = from_ground(sky, site, EVENT, limits, step=1800.0)
    lon, lat = sky.centres
    lit = sky.density > 0
    with iers.conf.set_temp("auto_download", False), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        targets = SkyCoord(lon[lit] * u.deg, lat[lit] * u.deg)
        expected = []
        for gps in found.gps:
            time = Time(gps, format="gps")
            frame = AltAz(obstime=time, location=place)
            there = targets.transform_to(frame)
            moon = get_body("moon", time, place, ephemeris="builtin").transform_to(frame)
            good = (there.secz <= 1.8) & (there.alt > 0 * u.deg)
            if moon.alt > 0 * u.deg:
                good &= there.separation(moon) >= 40 * u.deg
            expected.append(good.sum() / lit.sum())
            assert get_sun(time).transform_to(frame).alt.deg < -14.95
    # One tile of 300 may be on the other side of a limit by less than 0.02 deg.
    assert_allclose(found.now, expected, atol=1.5 / lit.sum())
    assert 0.2 < found.now.max() < 1
    assert found.total == pytest.approx(found.so_far[-1])
    assert (np.diff(found.so_far) >= -1e-12).all()


def test_night_begins_and_ends_where_the_sun_is_at_the_limit():
    site = SITES["Palomar"]
    for gps in (EVENT, EVENT + 6 * 3600, EVENT + 12 * 3600):
        dusk, dawn = night(site, gps, -18.0)
        zenith, here = ephemeris.site_vectors(site, np.array([dusk, dawn, (dusk + dawn) / 2]))
        sun = ephemeris.sun_vector(np.array([dusk, dawn, (dusk + dawn) / 2])) - here
        height = 90 - ephemeris.separations(zenith, sun)
        assert_allclose(height[:2], -18, atol=0.01)
        assert height[2] < -30
        assert dawn > gps
        assert dusk - gps < 86400


def test_a_time_in_the_night_counts_from_then_on():
    site, middle = SITES["Paranal"], parse_time("2019-08-15T04:00:00")
    rest = from_ground(uniform(), site, middle, step=1800.0)
    whole = from_ground(uniform(), site, middle, step=1800.0, whole_night=True)
    assert rest.gps[0] == middle
    assert whole.gps[0] < middle
    assert rest.total < whole.total
    # Longer than the night lasts, nothing is observable.
    assert from_ground(uniform(), site, middle, step=1800.0, least=86400.0).total == 0


def test_without_a_moon_the_observable_sky_is_a_cap():
    # Airmass 2 is a height of 30 deg: the share of the sky above it is (1 - sin 30) / 2.
    limits = GroundLimits(2.0, -18.0, 0.0)
    found = from_ground(uniform(), SITES["Paranal"], EVENT, limits, step=3600.0)
    assert_allclose(found.now, 0.25, atol=0.002)
    assert found.total > 0.5
    assert area(found.ranges) == pytest.approx(found.total * 4 * np.pi * np.degrees(1) ** 2, rel=1e-9)


def test_integral_sees_the_belt_between_its_sun_angles():
    # Sun at 50 to 130 deg: cos 50 of the sphere, 64.3 %.
    found = from_integral(uniform(), EVENT, duration=3600.0, step=3600.0)
    assert_allclose(found.now, np.cos(np.radians(50)), atol=0.001)
    sun = get_sun(Time(EVENT, format="gps"))
    table = visibility_table(found)
    # get_sun gives the apparent place, 20 arcsec behind.
    assert table["sun_ra"][0] == pytest.approx(sun.ra.deg, abs=0.01)
    assert table["sun_dec"][0] == pytest.approx(sun.dec.deg, abs=0.01)
    # Half a year turns the belt about the sky: every place has its season, the ecliptic poles always.
    year = from_integral(uniform(), EVENT, duration=200 * 86400.0, step=86400.0)
    assert year.so_far[-1] == pytest.approx(1, abs=1e-9)
    pole = spots(np.array([270.0]), np.array([66.56]))
    assert_allclose(from_integral(pole, EVENT, duration=200 * 86400.0, step=86400.0).now, 1)


def test_earth_and_moon_are_avoided_by_their_angles():
    distance = 60_000.0
    away = unit_vectors(100.0, 20.0) * distance
    free = SpaceLimits(0.0, 180.0, 15.0, 0.0)
    found = from_integral(
        uniform(), EVENT, free, duration=600.0, step=600.0, where=lambda gps: Location(away, 1.0, "test")
    )
    limb = np.degrees(np.arcsin(6371.0 / distance)) + 15
    assert_allclose(found.now, 1 - (1 - np.cos(np.radians(limb))) / 2, atol=0.001)
    spot = spots(np.array([280.0]), np.array([-20.0]))
    earth = from_integral(spot, EVENT, free, duration=0.0, where=lambda gps: Location(away, 1.0, "test"))
    assert earth.now == [0]


def test_pieces_are_the_map_cut_down():
    sky = spots(np.array([10.0, 200.0]), np.array([0.0, 60.0]), 7)
    start, level, parent = pieces(sky, 6)
    size = np.int64(1) << (2 * (7 - level.astype(np.int64)))
    assert level.min() == 6
    assert start[0] == 0
    assert_allclose(start[1:], (start + size)[:-1])
    assert (sky.density[parent] * np.pi / 3 / 4.0**level).sum() == pytest.approx(1, abs=1e-12)


def test_sites():
    assert find_site("paranal") == find_site("VLT") == SITES["Paranal"]
    assert find_site("la palma").name == "Roque de los Muchachos"
    given = find_site("-24.6 -70.4 2600")
    assert (given.latitude, given.longitude, given.height) == (-24.6, -70.4, 2600)
    assert find_site("46.3,6.1").height == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Paranel", "near names: Paranal"),
        ("Atlantis", "give latitude, longitude"),
        ("-24 -70 99000", "no place on the Earth"),
        ("-97 10", "no place on the Earth"),
        ("12 high", "no place on the Earth"),
        ("", "unknown site"),
    ],
)
def test_unknown_sites_are_refused(text, message):
    with pytest.raises(InputError, match=message):
        find_site(text)


def test_bad_times_are_refused():
    with pytest.raises(InputError, match="outside of the ephemeris"):
        from_ground(uniform(), SITES["Paranal"], parse_time("JD 2499999.5"))
    with pytest.raises(InputError, match="outside of the ephemeris"):
        from_integral(uniform(), 4.09e9, duration=86400.0 * 400)
    north = find_site("69.6 18.9 10")
    with pytest.raises(InputError, match="does not go below -18 deg"):
        from_ground(uniform(), north, parse_time("2020-06-21T12:00:00"))
    # In the polar night a day is looked at.
    far = find_site("80 18.9 10")
    dusk, dawn = night(far, parse_time("2020-12-21T12:00:00"), -18.0)
    assert dawn - dusk <= 86400
    inside = Location(np.array([1000.0, 0, 0]), 1.0, "test")
    with pytest.raises(InputError, match="inside of it"):
        from_integral(uniform(), EVENT, duration=0.0, where=lambda gps: inside)
