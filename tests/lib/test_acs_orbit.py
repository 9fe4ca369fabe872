"""Positions of INTEGRAL and arrival times, against astropy and published delays."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import GCRS, ITRS, CartesianRepresentation, EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time

from suite import ROOT
from tidings.acs.orbit import (
    barycentric_time,
    direction,
    geocentric_delay,
    parse_position,
    position_from_angles,
)
from tidings.acs.orbit_file import read_orbit
from tidings.acs.timing import locator, read_times, timing_table
from tidings.errors import InputError
from tidings.times import parse_time, utc_iso

ORBIT = ROOT / "data/integral/118900580010_sc_orbit_param.fits.gz"
# GRB 120711A, which the orbit file's science window saw.
SOURCE = (94.67, -71.0)
TRIGGER = parse_time("2012-07-11T02:44:53")


@pytest.fixture(scope="module")
def orbit():
    return read_orbit(ORBIT)


def earth_location(vector: np.ndarray, time: Time) -> EarthLocation:
    there = GCRS(CartesianRepresentation(*vector * u.km), obstime=time).transform_to(ITRS(obstime=time))
    return EarthLocation.from_geocentric(*there.cartesian.xyz)


@pytest.mark.parametrize(
    ("position", "delay"),
    [
        ((199.505, 69.422, 137648.0), -0.149),  # INTEGRAL
        ((298.61316, -4.57939, 6910.4), -0.021),  # Fermi
        ((59.23429, -3.62475, 6924.3), 0.015),  # Swift
        ((181.71703, -3.62390, 1294914.5), 1.248),  # Wind
        ((203.5964, -10.8673, 1.842560e08), -13.587),  # Solar Orbiter
    ],
)
def test_delays_of_grb221009a_are_the_published_ones(position, delay):
    # Positions and delays of the Interplanetary Network (Svinkin, github.com/dsvinkin/GRB221009A); "negative
    # delay means that GRB reaches SC earlier than the center of Earth".
    vector = position_from_angles(*position).vector
    assert -geocentric_delay(vector, 288.2643, 19.7712) == pytest.approx(delay, abs=6e-4)


def test_farthest_delay_is_the_distance():
    place = position_from_angles(12.0, -34.0, 116867.9)
    assert geocentric_delay(place.vector, 12.0, -34.0) == pytest.approx(0.390, abs=5e-4)
    assert geocentric_delay(place.vector, 192.0, 34.0) == pytest.approx(-0.390, abs=5e-4)
    assert geocentric_delay(np.zeros(3), 1.0, 2.0) == 0


def test_orbit_file_covers_the_burst_of_its_window(orbit):
    # The window was received from 02:23:45 to 03:22:37 UTC.
    assert abs(orbit.gps[0] - parse_time("2012-07-11T02:23:45")) < 15
    assert abs(orbit.gps[-1] - parse_time("2012-07-11T03:22:37")) < 15
    place = orbit.at(TRIGGER)
    assert 125000 < place.distance < 129000
    assert place.delay_error < 1e-4
    assert "118900580010" in place.source


def test_orbit_between_rows_is_what_left_out_rows_say(orbit):
    from dataclasses import replace

    coarse = replace(orbit, gps=orbit.gps[::40], position=orbit.position[::40], velocity=orbit.velocity[::40])
    for row in (7, 95, 221):
        assert np.allclose(coarse.at(orbit.gps[row]).vector, orbit.position[row], atol=0.01)


def test_delays_agree_with_astropy(orbit):
    vector = orbit.at(TRIGGER).vector
    time = Time(TRIGGER, format="gps").utc
    source = SkyCoord(*SOURCE, unit="deg")
    at = [
        Time(time, location=location).light_travel_time(source).to_value("s")
        for location in (earth_location(vector, time), EarthLocation.from_geocentric(0, 0, 0, unit="km"))
    ]
    assert geocentric_delay(vector, *SOURCE) == pytest.approx(at[0] - at[1], abs=1e-4)
    assert abs(geocentric_delay(vector, *SOURCE)) > 0.3
    found = barycentric_time(TRIGGER, vector, *SOURCE)
    assert found.roemer == pytest.approx(at[0], abs=1e-4)
    tdb = time.tt.tdb + at[0] * u.s
    # Astropy leaves out the Sun's Shapiro delay.
    assert (found.time - tdb).to_value("s") + found.shapiro == pytest.approx(0, abs=1e-4)


def test_shapiro_delay_behind_the_sun_and_opposite_to_it():
    time = parse_time("2020-06-21T00:00:00")
    # The Sun is near RA 90, Dec +23.4; a source 1 deg beside it suffers about 96 us (Shapiro 1964).
    near = barycentric_time(time, np.zeros(3), 90.0, 24.4).shapiro
    far = barycentric_time(time, np.zeros(3), 270.0, -23.4).shapiro
    assert 80e-6 < near - far < 110e-6
    assert far == pytest.approx(-2 * 4.925e-6 * np.log(2), rel=0.01)


def test_position_as_text():
    place = parse_position("198.394 71.787 143490.5 0.012 0.012 30.0")
    assert place.distance == pytest.approx(143490.5)
    assert np.allclose(place.vector / place.distance, direction(198.394, 71.787))
    assert place.error == pytest.approx(143490.5 * np.radians(0.012), rel=1e-6)
    assert place.delay_error < 1.1e-4
    assert parse_position("198.394, 71.787, 143490.5").error == 0
    assert parse_position("geocentre").distance == 0


@pytest.mark.parametrize("text", ["", "1 2", "a b c", "10 95 1000", "10 20 -5", "nan 2 3", "1 2 3 4"])
def test_what_is_no_position_is_refused(text):
    with pytest.raises(InputError, match=r"position|place on the sky|distance"):
        parse_position(text)


def test_orbit_file_that_does_not_cover_the_time_is_refused(orbit):
    with pytest.raises(InputError, match=r"covers 2012-07-11T02:23:52 to .* not 2012-07-11T03:40:00"):
        orbit.at(parse_time("2012-07-11T03:40:00"))


def damaged(path, change):
    with fits.open(ORBIT) as file:
        hdus = fits.HDUList([hdu.copy() for hdu in file])
        change(hdus[1])
        hdus.writeto(path)
    return path


def test_damaged_orbit_files_are_refused(tmp_path):
    def move(hdu):
        hdu.data["XPOS"][5] += 100

    def shuffle(hdu):
        hdu.data["OB_TIME"][5] = hdu.data["OB_TIME"][9]

    def late(hdu):
        hdu.header["ERTLAST"] = "2012-07-11T03:52:37"

    def timeless(hdu):
        del hdu.header["ERTFIRST"]

    cases = {
        "XPOS": (move, "DISTANCE disagree"),
        "OB_TIME": (shuffle, "does not rise"),
        "late": (late, "came late"),
        "timeless": (timeless, "ERTFIRST"),
    }
    for name, (change, message) in cases.items():
        path = damaged(tmp_path / f"{name}.fits", change)
        with pytest.raises(InputError, match=f"{name}.fits.*{message}"):
            read_orbit(path)


def test_orbit_file_with_times_in_the_header(tmp_path, orbit):
    ijd = (Time(orbit.gps[[0, -1]], format="gps").tt.mjd - 51544).tolist()

    def dated(hdu):
        hdu.header["TSTART"], hdu.header["TSTOP"] = ijd

    found = read_orbit(damaged(tmp_path / "dated.fits", dated))
    assert np.allclose(found.gps, orbit.gps, atol=1e-4)
    assert found.time_error < 1


def test_other_files_are_refused(tmp_path):
    text = tmp_path / "notes.fits"
    text.write_text("no orbit")
    with pytest.raises(InputError, match=r"notes.fits: cannot be read"):
        read_orbit(text)
    with pytest.raises(InputError, match="XPOS"):
        read_orbit(ROOT / "data/acs/GRB230307A_spiacs_lc.fits")
    with pytest.raises(InputError, match="no such file"):
        read_orbit(tmp_path / "none.fits")


def test_table_of_times(orbit):
    times = [("trigger", TRIGGER), ("later", TRIGGER + 100)]
    table = timing_table(times, orbit.at, *SOURCE, clock_offset=0.125)
    assert np.allclose(table["gps"], [TRIGGER + 0.125, TRIGGER + 100.125])
    assert np.allclose(table["geocentre_gps"] - table["gps"], table["geocentric_delay"])
    assert table["geocentre_utc"][0] == utc_iso(float(table["geocentre_gps"][0]), 6)
    assert table["barycentric_delay"].unit == u.s
    assert np.hypot(np.hypot(table["x"], table["y"]), table["z"]) == pytest.approx(table["distance"])
    assert table.meta["clock_offset_s"] == 0.125


def test_missing_position_and_times_are_refused(tmp_path):
    with pytest.raises(InputError, match="position of the spacecraft is missing"):
        locator()
    with pytest.raises(InputError, match="no times"):
        read_times([])
    table = tmp_path / "t.ecsv"
    table.write_text("# %ECSV 1.0\n# ---\n# datatype:\n# - {name: a, datatype: float64}\na\n1.0\n")
    with pytest.raises(InputError, match=r"t.ecsv: no column gps"):
        read_times([], table)
    table.write_text("a,b\n1")
    with pytest.raises(InputError, match=r"t.ecsv: cannot be read"):
        read_times([], table)
