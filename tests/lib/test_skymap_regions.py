"""Credible regions of real maps, against ligo.skymap, and their coverage maps, against mocpy."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Latitude, Longitude
from astropy.io import fits
from mocpy import MOC

from suite import ROOT
from tidings.errors import InputError
from tidings.skymap.footprint import probability_in, region_ranges, write_moc
from tidings.skymap.reading import read_skymap
from tidings.skymap.regions import (
    areas,
    in_region,
    level_at,
    most_probable,
    parts,
    region,
    searched_area,
)
from tidings.skymap.sky import SQUARE_DEGREES, from_uniq, split_uniq

MAPS = ROOT / "data/skymap"

# ligo.skymap 2.5.4, crossmatch(read_sky_map(file, moc=True), contours=[0.5, 0.9]).contour_areas, deg2.
LIGO_SKYMAP = {
    "GW150914_bayestar_gstlal_C01.fits.gz": (87.49258783082406, 398.0964317832015),
    "GW170817_skymap.fits.gz": (5.001467152771192, 16.157943339924227),
    "S190425z_LALInference.fits.gz": (1377.6443860206628, 7460.732976692353),
    "S190425z_bayestar.fits.gz": (2805.6897867591138, 10182.573052057307),
    "S190814bv_LALInference.v1.fits.gz": (4.7561712802216904, 23.084296307453464),
    "S200129m_bayestar.multiorder.fits": (10.165353270245712, 53.05184609672413),
}


@pytest.mark.parametrize("name", LIGO_SKYMAP)
def test_areas_are_those_of_ligo_skymap(name):
    sky = read_skymap(MAPS / name)
    assert sky.probability.sum() == pytest.approx(1, abs=1e-9)
    assert areas(sky, [0.5, 0.9]) == pytest.approx(LIGO_SKYMAP[name], rel=1e-6)


def test_areas_of_the_ipn_map_are_those_published_with_it():
    # Whole pixels, as the square degrees of the data's description: 0.027 and 0.089.
    sky = read_skymap(MAPS / "GRB220617A_IPN_map_hpx.fits.gz")
    whole = areas(sky, [0.5, 0.9], whole_tiles=True)
    assert np.round(whole, 3).tolist() == [0.027, 0.089]
    shared = areas(sky, [0.5, 0.9])
    assert np.all(shared <= whole)
    assert np.all(whole - shared < 2 * sky.pixel_area * SQUARE_DEGREES)
    assert most_probable(sky) == pytest.approx((156.863, 15.559), abs=1e-3)


def test_ngc_4993_in_the_map_of_gw170817():
    # ligo.skymap 2.5.4: searched_prob and searched_area; also Abbott et al. 2019, PRX 9, 011001: 16 deg2.
    sky = read_skymap(MAPS / "GW170817_skymap.fits.gz")
    assert level_at(sky, 197.4488, -23.3840) == pytest.approx(0.3826181365015333, rel=1e-9)
    assert searched_area(sky, 197.4488, -23.3840) == pytest.approx(3.5145421393218097, rel=1e-9)
    assert sky.areas(0.9)[0] == pytest.approx(16, abs=0.5)
    assert (sky.meta["DISTMEAN"], sky.meta["DISTSTD"]) == pytest.approx((38.0, 7.5), abs=0.05)


@pytest.fixture(scope="module")
def sky():
    return read_skymap(MAPS / "S200129m_bayestar.multiorder.fits")


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9, 0.99])
def test_coverage_maps_are_those_of_mocpy_with_the_tile_of_the_crossing(sky, level, tmp_path):
    ranges = region_ranges(sky, level * 100)
    write_moc(ranges, tmp_path / "moc.fits", order=sky.order)
    ours = MOC.load(tmp_path / "moc.fits", "fits")
    theirs = MOC.from_valued_healpix_cells(
        sky.uniq.astype("u8"), sky.probability, 11, cumul_from=0.0, cumul_to=level
    )
    assert ours.max_order == 11
    assert theirs.difference(ours).empty()
    # mocpy leaves out the tile in which the level is crossed.
    more = ours.difference(theirs).to_order(11).flatten()
    assert len(more)
    assert len(np.unique(sky.tiles_of(more.astype(np.int64)))) == 1
    assert ours.sky_fraction * 4 * np.pi * SQUARE_DEGREES == pytest.approx(
        areas(sky, level, whole_tiles=True)[0], rel=1e-12
    )
    assert level <= probability_in(sky, ranges) < level + sky.probability.max()


def test_coverage_maps_keep_the_rules_of_the_standard(sky, tmp_path):
    write_moc(region_ranges(sky, 90), tmp_path / "moc.fits", order=sky.order)
    with fits.open(tmp_path / "moc.fits", checksum=True) as file:
        header, uniq = file[1].header, file[1].data["UNIQ"]
    words = {"MOCVERS": "2.0", "MOCDIM": "SPACE", "ORDERING": "NUNIQ", "COORDSYS": "C", "MOCORD_S": 11}
    words |= {"TFORM1": "1K", "TTYPE1": "UNIQ", "PIXTYPE": "HEALPIX", "MOCORDER": 11}
    assert {key: header[key] for key in words} == words
    assert np.all(np.diff(uniq) > 0)
    level, pixel = split_uniq(uniq.astype(np.int64))
    # No tile within another, no four siblings.
    ranges = np.column_stack((pixel, pixel + 1)) << 2 * (11 - level.astype(np.int64))[:, None]
    ranges = ranges[np.argsort(ranges[:, 0])]
    assert np.all(ranges[1:, 0] >= ranges[:-1, 1])
    _, siblings = np.unique(uniq >> 2, return_counts=True)
    assert siblings.max() < 4


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_json_and_text_are_the_same_coverage_map(sky, level, tmp_path):
    for name in ("moc.fits", "moc.json", "moc.txt"):
        write_moc(region_ranges(sky, 100 * level), tmp_path / name, order=sky.order)
    moc = MOC.load(tmp_path / "moc.fits", "fits")
    assert MOC.load(tmp_path / "moc.json", "json") == moc
    assert MOC.load(tmp_path / "moc.txt", "ascii") == moc
    assert str(sky.order) in json.loads((tmp_path / "moc.json").read_text())


def gaussian(*spots, sigma=3.0, order=5):
    """Return a map of spots of equal weight (deg)."""
    pixel = np.arange(12 * 4**order)
    sky = from_uniq(pixel + 4 * 4**order, np.ones(len(pixel)))
    lon, lat = np.radians(sky.centres)
    density = np.zeros(len(pixel))
    for ra, dec in np.radians(spots):
        cos = np.sin(lat) * np.sin(dec) + np.cos(lat) * np.cos(dec) * np.cos(lon - ra)
        density += np.exp(-(np.arccos(np.clip(cos, -1, 1)) ** 2) / 2 / np.radians(sigma) ** 2)
    return from_uniq(pixel + 4 * 4**order, density / (density * sky.area).sum())


def test_the_region_of_a_gaussian_is_a_circle():
    # A fraction L of a Gaussian is within sigma * sqrt(-2 ln(1 - L)).
    sky = gaussian((100, 30), sigma=8.0, order=7)
    levels = np.array([0.2, 0.5, 0.9])
    radius = np.radians(8.0) * np.sqrt(-2 * np.log(1 - levels))
    assert areas(sky, levels) == pytest.approx(2 * np.pi * (1 - np.cos(radius)) * SQUARE_DEGREES, rel=0.01)
    ra, dec = most_probable(sky)
    assert (ra, dec) == pytest.approx((100, 30), abs=0.5)


def test_parts_are_the_spots():
    sky = gaussian((10, 0), (190, 45), (0, 90))
    found = parts(sky, 0.9)
    assert len(found) == 3
    assert sum(part.probability for part in found) == pytest.approx(
        probability_in(sky, region_ranges(sky, 90))
    )
    assert sum(part.area for part in found) == pytest.approx(areas(sky, 0.9, whole_tiles=True)[0])
    assert sorted(round(part.dec, -1) for part in found) == [0, 40, 90] or max(p.dec for p in found) > 88
    assert len(parts(sky, 1.0)) == 1


def test_tiles_of_equal_density_come_in_together():
    uniq = 4 + np.arange(12)
    density = np.repeat([6.0, 2.0, 1.0], 4)
    sky = from_uniq(uniq, density / (density.sum() * np.pi / 3))
    assert sky.credible_levels() == pytest.approx(np.repeat([24 / 36, 32 / 36, 1.0], 4))
    assert in_region(sky, 0.1).tolist() == [True] * 4 + [False] * 8
    assert in_region(sky, 0.7).sum() == 8
    base = 4 * np.pi * SQUARE_DEGREES / 12
    assert areas(sky, [12 / 36, 28 / 36, 1.0]) == pytest.approx([2 * base, 6 * base, 12 * base])


def test_empty_sky_belongs_to_no_region():
    sky = from_uniq(4 + np.arange(12), np.r_[np.full(3, 1 / np.pi), np.zeros(9)])
    assert in_region(sky, 1.0).sum() == 3
    assert areas(sky, 1.0) == pytest.approx(np.pi * SQUARE_DEGREES)
    assert level_at(sky, [45.0], [-60.0]).tolist() == [1.0]


def test_probability_of_half_a_tile():
    sky = from_uniq(4 + np.arange(12), np.full(12, 1 / (4 * np.pi)))
    assert probability_in(sky, np.array([[0, 2], [6, 8]]) << 56) == pytest.approx(4 / 48)
    moc = MOC.from_cone(Longitude(10, u.deg), Latitude(20, u.deg), radius=5 * u.deg, max_depth=10)
    ranges = moc.to_depth29_ranges.astype(np.int64)
    assert probability_in(sky, ranges) == pytest.approx(moc.sky_fraction, rel=1e-9)


@pytest.mark.parametrize("level", [0.0, -0.1, 1.01, np.nan])
def test_levels_that_are_none(sky, level):
    with pytest.raises(InputError, match="a level is above 0 and at most 100 %"):
        areas(sky, [0.5, level])
    with pytest.raises(InputError, match="a level is above 0"):
        region(sky, level)
