"""INTEGRAL's position from two-line elements, against astropy and published positions."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import GCRS, TEME, CartesianRepresentation
from astropy.time import Time
from sgp4.api import Satrec

from suite import ROOT
from tidings.acs.orbit import position_from_angles
from tidings.acs.timing import locator
from tidings.acs.tle import nearest_elements, position_error, read_elements, teme_to_gcrs
from tidings.errors import InputError
from tidings.times import parse_time, utc_iso

FILE = ROOT / "data/integral/integral_tle_examples.txt"


@pytest.fixture(scope="module")
def every():
    return read_elements(FILE)


def test_epochs_are_in_order(every):
    assert [utc_iso(e.epoch, 0)[:10] for e in every] == [
        "2014-06-11",
        "2020-01-07",
        "2020-05-05",
        "2021-04-19",
    ]
    assert nearest_elements(every, parse_time("2020-04-01T00:00:00")) is every[2]


def test_axes_agree_with_astropy(every):
    for elements in every:
        gps = elements.epoch + 86400
        time = Time(gps, format="gps").utc
        _, vector, _ = Satrec.twoline2rv(*elements.lines).sgp4(time.jd1, time.jd2)
        theirs = TEME(CartesianRepresentation(*vector * u.km), obstime=time).transform_to(GCRS(obstime=time))
        ours = teme_to_gcrs(np.array(vector), time)
        # A hundred metres are 0.3 us of light.
        assert np.abs(ours - theirs.cartesian.xyz.to_value("km")).max() < 0.1
        # Without the rotation to J2000 the difference would be hundreds of kilometres.
        assert np.abs(ours - vector).max() > 5


@pytest.mark.parametrize(
    ("time", "published"),
    [
        ("2022-10-09T13:16:59.988", (199.505, 69.422, 137648.0)),
        ("2023-03-07T15:44:10", (198.394, 71.787, 143490.5)),
    ],
)
def test_old_elements_are_off_by_no_more_than_said(every, time, published):
    gps = parse_time(time)
    found = every[-1].at(gps, max_age=1000)
    off = np.linalg.norm(found.vector - position_from_angles(*published).vector)
    # They are all wrong by a tenth of the orbit and more, yet in the right part of it.
    assert 1000 < off < found.error
    assert found.error == position_error((gps - every[-1].epoch) / 86400)


def test_elements_of_different_age_agree_within_their_error(every):
    old, new = every[1], every[2]
    times = new.epoch + np.arange(-1.3, 1.3, 0.1) * 86400
    off = [np.linalg.norm(old.at(t, 200).vector - new.at(t, 200).vector) for t in times]
    assert np.sqrt(np.mean(np.square(off))) < position_error(119.7)


def test_error_of_fresh_elements_is_a_millisecond_in_two_days(every):
    place = every[2].at(every[2].epoch + 2 * 86400, 30)
    assert 0.5e-3 < place.delay_error < 1.5e-3
    assert "2.0 d old" in place.source


def test_old_elements_are_refused():
    where = locator(elements=FILE, max_age=30)
    with pytest.raises(InputError, match=r"2021-04-19T09:50:53 are 687 days .*max_age"):
        where(parse_time("2023-03-07T15:44:10"))


def test_bad_elements_are_refused(tmp_path):
    lines = FILE.read_text().splitlines()
    path = tmp_path / "tle.txt"
    path.write_text("\n".join([lines[1], lines[2].replace("239.1140", "239.1141")]))
    with pytest.raises(InputError, match=r"tle.txt: line 2: .*checksum"):
        read_elements(path)
    path.write_text("\n".join([lines[1][:60], lines[2]]))
    with pytest.raises(InputError, match=r"tle.txt: line 1"):
        read_elements(path)
    path.write_text("nothing\n")
    with pytest.raises(InputError, match="no two-line elements of satellite 27540"):
        read_elements(path)
    with pytest.raises(InputError, match=r"none.txt"):
        read_elements(tmp_path / "none.txt")


def test_other_satellites_and_names_are_passed_over(tmp_path):
    lines = FILE.read_text().splitlines()
    path = tmp_path / "tle.txt"
    other = [line.replace("27540", "27541") for line in lines[1:3]]
    # One digit more, one checksum more.
    other = [line[:-1] + str((int(line[-1]) + 1) % 10) for line in other]
    path.write_text("\n".join(["OTHER", *other, "INTEGRAL", *lines[3:5]]))
    assert len(read_elements(path)) == 1
    assert len(read_elements(path, 27541)) == 1
