"""Probability in shapes, coverage maps and lists of fields, against healpy, mocpy and plane geometry."""

from __future__ import annotations

import healpy as hp
import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import Latitude, Longitude
from astropy.io import fits
from astropy.table import Table
from mocpy import MOC
from numpy.testing import assert_allclose

from suite import ROOT
from tidings.errors import InputError
from tidings.skymap.coverage import Field, cover, coverage_table, read_fields, summary
from tidings.skymap.footprint import (
    SKY,
    Cumulative,
    area,
    complement,
    cone,
    deepest_order,
    intersection,
    moc_ranges,
    polygon,
    probability_in,
    ranges_moc,
    read_moc,
    rectangle,
    rectangle_corners,
    region_ranges,
    tiles_touched,
    union,
    write_moc,
)
from tidings.skymap.reading import read_skymap
from tidings.skymap.sky import MAX_ORDER, from_uniq

MAPS = ROOT / "data/skymap"
DEG2 = np.degrees(1) ** 2


@pytest.fixture(scope="module")
def sky():
    return read_skymap(MAPS / "GW170817_skymap.fits.gz")


@pytest.fixture(scope="module")
def flat():
    # NESTED as healpy has it; healpy's own reader takes three times as long.
    probability = fits.getdata(MAPS / "GW170817_skymap.fits.gz", 1)["PROB"].ravel().astype(float)
    return probability / probability.sum()


def grid(ra=197.0, dec=-23.0, size=2.0, count=4, half=1.2):
    """Overlapping square fields about a place."""
    steps = (np.arange(count) - (count - 1) / 2) * size
    return [
        Field(
            f"f{i}{j}", rectangle(ra + x, dec + y, 2 * half, 2 * half), ra + x, dec + y, gps=1e9 - i - 10 * j
        )
        for i, x in enumerate(steps)
        for j, y in enumerate(steps)
    ]


@pytest.mark.parametrize("radius", [0.5, 3.0, 12.0, 100.0])
def test_probability_in_a_cone_is_that_of_healpy(sky, flat, radius):
    pixels = hp.query_disc(1024, hp.ang2vec(197.0, -23.0, lonlat=True), np.radians(radius), nest=True)
    assert probability_in(sky, cone(197.0, -23.0, radius, order=10)) == pytest.approx(
        flat[pixels].sum(), abs=1e-9
    )
    assert probability_in(sky, cone(197.0, -23.0, radius)) == pytest.approx(flat[pixels].sum(), abs=2e-3)


def test_probability_in_a_coverage_map_is_that_of_mocpy_and_healpy(sky, flat):
    moc = MOC.from_elliptical_cone(
        lon=Longitude(197 * u.deg), lat=Latitude(-24 * u.deg), a=6 * u.deg, b=2 * u.deg, pa=30 * u.deg,
        max_depth=11,
    )  # fmt: skip
    ours = probability_in(sky, moc_ranges(moc))
    theirs = moc.probability_in_multiordermap(
        Table({"UNIQ": sky.uniq.astype(np.uint64), "PROBDENSITY": sky.density / u.sr})
    )
    assert ours == pytest.approx(float(theirs), abs=1e-9)
    order11 = moc.to_order(11).flatten().astype(int)
    assert ours == pytest.approx(flat[order11 >> 2].sum() / 4, abs=1e-9)
    assert 0.1 < ours < 0.99
    assert probability_in(sky, SKY) == pytest.approx(1, abs=1e-9)
    assert probability_in(sky, complement(moc_ranges(moc))) == pytest.approx(1 - ours, abs=1e-9)
    # Pixels finer than those of the map hold their share of it.
    spot = Longitude(197.45 * u.deg), Latitude(-23.38 * u.deg)
    fine = MOC.from_cone(*spot, radius=20 * u.arcsec, max_depth=18)
    tile = sky.tiles_at(197.45, -23.38)
    assert probability_in(sky, moc_ranges(fine)) == pytest.approx(
        sky.density[tile] * fine.sky_fraction * 4 * np.pi, rel=1e-3
    )


def test_ranges_behave_as_sets():
    one, two = cone(10, 20, 5), rectangle(12, 22, 6, 4, 25)
    both, either = intersection(one, two), union(one, two)
    assert area(both) + area(either) == pytest.approx(area(one) + area(two), rel=1e-12)
    judge = ranges_moc(one) & ranges_moc(two)
    assert_allclose(moc_ranges(judge), both)
    assert area(complement(one)) + area(one) == pytest.approx(4 * np.pi * DEG2, rel=1e-12)
    assert len(complement(SKY)) == 0
    assert area(np.empty((0, 2), np.int64)) == 0


def test_shapes_have_their_areas():
    for radius in (0.02, 1.0, 40.0, 90.0, 150.0, 179.5):
        exact = 2 * np.pi * (1 - np.cos(np.radians(radius))) * DEG2
        assert area(cone(123.0, -71.0, radius)) == pytest.approx(exact, rel=5e-4)
    # Solid angle of a rectangle in the plane that touches the sky.
    x, y = np.tan(np.radians([4.0, 2.5]))
    exact = 4 * np.arctan(x * y / np.sqrt(1 + x * x + y * y)) * DEG2
    for place in ((0.0, 0.0), (359.9, 45.0), (200.0, 89.5), (10.0, -90.0)):
        assert area(rectangle(*place, 8.0, 5.0, 33.0)) == pytest.approx(exact, rel=1e-3)
    # An octant, and a field with a corner pushed in, against mocpy.
    ra, dec = [10, 20, 20, 15, 10], [0, 0, 10, 4, 10]
    theirs = MOC.from_polygon(ra * u.deg, dec * u.deg, max_depth=12).sky_fraction * 4 * np.pi * DEG2
    assert area(polygon(ra, dec)) == pytest.approx(theirs, rel=0.01)
    assert area(polygon([*ra, 10], [*dec, 0])) == area(polygon(ra, dec))


def test_position_angle_turns_from_north_to_east():
    # The upper side of a field on the equator, turned by 30 deg, is moved to the east.
    ra, dec = rectangle_corners(50.0, 0.0, 1.0, 10.0, 30.0)
    top = ra[dec > 0].mean() - 50, dec[dec > 0].mean()
    assert np.degrees(np.arctan2(*top)) == pytest.approx(30, abs=0.1)


def test_a_tile_is_touched_once():
    sky = from_uniq(np.arange(4, 16), np.full(12, 1 / 4 / np.pi))
    assert list(tiles_touched(sky, cone(45, 41.8, 1))) == [0]
    assert list(tiles_touched(sky, cone(0, 0, 30, order=5))) == list(
        np.unique(hp.query_disc(32, [1, 0, 0], np.radians(30), nest=True) >> 10)
    )


def test_coverage_of_overlapping_fields_is_that_of_their_union(sky):
    fields = grid()
    found = cover(sky, fields)
    union_ = union(*(field.ranges for field in fields))
    assert found.probability == pytest.approx(probability_in(sky, union_), abs=1e-12)
    assert found.added_area.sum() == pytest.approx(area(union_), rel=1e-12)
    assert_allclose(found.alone, [probability_in(sky, field.ranges) for field in fields], atol=1e-12)
    assert found.alone.sum() > found.added.sum()
    table = coverage_table(fields, found)
    assert table["total_probability"][-1] == pytest.approx(found.probability)
    assert (table["added_probability"] <= table["probability"] + 1e-15).all()
    assert table["total_area"].unit == "deg2"


def test_greedy_order_takes_each_time_the_field_that_adds_most(sky):
    fields = grid(count=3)
    found = cover(sky, fields, "greedy")
    left, rest = list(range(len(fields))), complement(np.empty((0, 2), np.int64))
    for index, added in zip(found.order, found.added, strict=True):
        gains = [probability_in(sky, intersection(rest, fields[i].ranges)) for i in left]
        assert added == pytest.approx(max(gains), abs=1e-12)
        left.remove(int(index))
        rest = intersection(rest, complement(fields[index].ranges))
    assert found.probability == pytest.approx(cover(sky, fields).probability, abs=1e-12)
    timed = cover(sky, fields, "time")
    assert [fields[i].gps for i in timed.order] == sorted(field.gps for field in fields)


def test_what_is_left_is_the_rest_of_the_region(sky):
    covered = cone(197.0, -23.0, 3.0)
    said = summary(sky, covered, [90.0])
    region = said["regions"][0]
    assert said["probability"] + said["uncovered_probability"] == pytest.approx(1, abs=1e-9)
    inside = probability_in(sky, intersection(region_ranges(sky, 90), covered))
    assert region["uncovered_probability"] + inside == pytest.approx(
        probability_in(sky, region_ranges(sky, 90)), abs=1e-9
    )
    assert region["uncovered_area_deg2"] < region["area_deg2"]


def test_range_sums_do_not_lose_small_probabilities(sky):
    cumulative = Cumulative(sky)
    ranges = np.stack([sky.start, sky.end], axis=1) << (2 * (MAX_ORDER - sky.order))
    # A difference of two sums of order one: right to their rounding.
    assert_allclose(cumulative.of(ranges), sky.probability, atol=3e-14)


def test_coverage_maps_go_through_files(tmp_path):
    ranges = cone(80, 30, 4)
    write_moc(ranges, tmp_path / "a.fits")
    assert (read_moc(tmp_path / "a.fits") == ranges).all()
    moc = MOC.from_fits(tmp_path / "a.fits")
    assert moc.max_order == deepest_order(ranges)
    moc.save(tmp_path / "a.json", format="json")
    assert (read_moc(tmp_path / "a.json") == ranges).all()
    moc.save(tmp_path / "a.txt", format="ascii")
    assert (read_moc(tmp_path / "a.txt") == ranges).all()
    write_moc(ranges, tmp_path / "b.fits")
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.fits", b"<!DOCTYPE html><html>", "is a web page"),
        ("b.json", b"{}", "empty|cannot be read"),
        ("c.txt", b"not a moc", "cannot be read as a space MOC"),
        ("d.fits", b"SIMPLE  =                    T", "cannot be read"),
    ],
)
def test_files_that_are_no_coverage_map_are_refused(tmp_path, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_moc(tmp_path / name)


def write(path, text):
    path.write_text(text)
    return path


def test_fields_are_read_in_their_forms(tmp_path):
    path = write(
        tmp_path / "fields.csv",
        "Field,RA,Dec,radius,width,height,PA,polygon,time\n"
        "a,10,20,1.5,,,,,2019-04-25T08:18:05\n"
        "b,10,20,,4,2,30,,1240215504\n"
        "c,,,,,,,10 20 12 20 11 22,MJD 58598.5\n"
        "d,,,,,,,POLYGON ICRS 10 20 12 20 12 22 10 22,2019-04-26T00:00:00\n"
        "e,,,,,,,CIRCLE ICRS 10 20 1.5,2019-04-26T00:00:00\n",
    )
    fields = read_fields(path)
    assert [field.name for field in fields] == list("abcde")
    assert (fields[0].ranges == fields[4].ranges).all()
    assert area(fields[0].ranges) == pytest.approx(np.pi * 1.5**2, rel=1e-3)
    assert area(fields[1].ranges) == pytest.approx(8, rel=1e-2)
    assert fields[0].gps == 1240215503
    assert fields[2].ra == pytest.approx(11, abs=0.01)
    plain = write(tmp_path / "plain.csv", "ra,dec\n10,20\n")
    assert area(read_fields(plain, width=3)[0].ranges) == pytest.approx(9, rel=1e-2)
    Table({"ra": [10.0], "dec": [20.0]}).write(tmp_path / "fields.fits")
    assert (read_fields(tmp_path / "fields.fits", radius=1.5)[0].ranges == fields[0].ranges).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ra,dec,radius\n", "list of fields is empty"),
        ("", "list of fields is empty"),
        ("x,y\n1,2\n", "ra and dec in degrees, or polygon, are needed"),
        ("ra,dec,radius\n12:30:00,-20,1\n", "ra is in hours"),
        ("ra,dec,radius\n12h30m,-20,1\n", "ra is in hours"),
        ("ra,dec\n10,20\n", "row 1: has no shape"),
        ("ra,dec,radius\n10,20,1\n10,20,0\n", "row 2: a radius of 0 deg"),
        ("ra,dec,radius\n10,20,200\n", "row 1: a radius of 200 deg"),
        ("ra,dec,radius\n10,95,1\n", "row 1: RA 10, Dec 95 is no position"),
        ("ra,dec,radius\n10,,1\n", "row 1: has no position"),
        ("ra,dec,radius\n10,20,wide\n", "row 1: radius is 'wide', not a number"),
        ("ra,dec,width\n10,20,190\n", "row 1: a field of 190 by 190 deg"),
        ("polygon\n10 20 12 20\n", "row 1: cannot read"),
        ("polygon\n10 20 12 20 11\n", "row 1: cannot read"),
        ("polygon\n0 0 90 0 180 0 270 0\n", "split it|encloses nothing"),
        ("ra,dec,radius,time\n10,20,1,yesterday\n", "row 1: cannot read 'yesterday' as a time"),
    ],
)
def test_bad_lists_of_fields_are_refused(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_fields(write(tmp_path / "fields.csv", text))


def test_hours_told_by_the_unit_are_refused(tmp_path):
    Table({"ra": [10.0] * u.hourangle, "dec": [20.0] * u.deg, "radius": [1.0]}).write(tmp_path / "f.ecsv")
    with pytest.raises(InputError, match="ra is in hours"):
        read_fields(tmp_path / "f.ecsv")
    with pytest.raises(InputError, match="a table is read as"):
        read_fields(write(tmp_path / "f.docx", "x"))


def test_no_fields_and_no_times_are_refused(sky):
    with pytest.raises(InputError, match="list of fields is empty"):
        cover(sky, [])
    field = Field("a", cone(0, 0, 1), 0, 0)
    with pytest.raises(InputError, match="have no time, the first a"):
        cover(sky, [field], "time")
    for bad in ((np.nan, 0, 1), (0, 91, 1), (0, 0, 0), (0, 0, -1), (0, 0, 181), (0, 0, np.nan), (700, 0, 1)):
        with pytest.raises(InputError):
            cone(*bad)
