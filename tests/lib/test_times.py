"""Times against published event times, the IERS leap seconds and gwpy."""

from __future__ import annotations

import socket
from decimal import Decimal

import pytest
from astropy.time import Time
from gwpy.time import to_gps

from tidings.errors import InputError
from tidings.times import parse_time, utc_iso

# Event pages of GWOSC state both forms: gwosc.org/events/GW170814, .../GW170817, .../GW150914.
PUBLISHED = [
    ("2017-08-14T10:30:43.53", 1186741861.53),
    ("2017-08-17 12:41:04.43", 1187008882.43),
    ("2015-09-14T09:50:45.4Z", 1126259462.4),
]


@pytest.mark.parametrize(("text", "gps"), PUBLISHED)
def test_event_times_as_published(text, gps):
    assert parse_time(text) == gps


@pytest.mark.parametrize(
    "text",
    ["2015-09-14T09:50:45.391", "1999-01-01T00:00:00", "2016-12-31T23:59:59.999999", "2017-01-01 00:00:00",
     "2026-02-28T12:00", "1980-01-06T00:00:00"],
)  # fmt: skip
def test_utc_agrees_with_gwpy(text):
    assert parse_time(text) == pytest.approx(float(to_gps(text)), abs=2e-7)


def test_the_leap_second_of_2016():
    # IERS Bulletin C 52: UTC 2016-12-31 23:59:60 exists; GPS is 17 s ahead of UTC before it and 18 s after.
    before, inside, after = "2016-12-31T23:59:59", "2016-12-31T23:59:60", "2017-01-01T00:00:00"
    assert [parse_time(text) for text in (before, inside, after)] == [1167264016, 1167264017, 1167264018]
    assert utc_iso(1167264017.25, 2) == "2016-12-31T23:59:60.25"


@pytest.mark.parametrize("text", ["2015-09-14T23:59:60", "2016-12-31T22:59:60", "2016-12-31T23:59:60 TT"])
def test_leap_seconds_that_never_were(text):
    with pytest.raises(InputError, match="leap second"):
        parse_time(text)


def test_scales_differ_as_defined():
    clock = "2015-09-14T09:50:45"
    utc = parse_time(clock)
    # TAI - UTC was 36 s then (IERS); TT = TAI + 32.184 s; TDB stays within 2 ms of TT.
    assert parse_time(f"{clock} TAI") == utc - 36
    assert parse_time(f"{clock} TT") == pytest.approx(utc - 68.184, abs=2e-7)
    assert 1e-7 < abs(parse_time(f"{clock} TDB") - parse_time(f"{clock} TT")) < 2e-3
    assert parse_time(f"{clock} UTC") == utc


def test_julian_dates_and_their_scale():
    # MJD 57279 began at 2015-09-14T00:00; 2^-4 d is 5400 s.
    midnight = parse_time("2015-09-14T00:00:00")
    assert parse_time("MJD 57279.0625") == parse_time("57279.0625 MJD UTC") == midnight + 5400
    assert parse_time("JD 2457279.5625") == midnight + 5400
    assert parse_time("57279.0625 mjd tt") == pytest.approx(midnight + 5400 - 68.184, abs=2e-7)
    assert parse_time("57279 MJD") == midnight


def test_long_julian_dates_keep_their_digits():
    fraction = Decimal("0.41024768518518")
    exact = Decimal(int(parse_time("2015-09-14T00:00:00"))) + fraction * 86400
    for text in (f"MJD {57279 + fraction}", f"{Decimal('2457279.5') + fraction} JD"):
        assert abs(Decimal(parse_time(text)) - exact) < Decimal("3e-7")


@pytest.mark.parametrize(
    "value", [1126259462, 1126259462.4, "1126259462.4", "1.1262594624e9", "GPS 1126259462.4"]
)
def test_numbers_are_gps_seconds(value):
    assert parse_time(value) == pytest.approx(1126259462.2, abs=0.21)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("57279.41", "needs the word MJD or JD"),
        ("2457279.91", "needs the word MJD or JD"),
        ("57279.41 UTC", "add MJD, JD or GPS"),
        ("20150914", "could be a date"),
        ("1442224245000", "not a GPS time"),
        ("-1126259462", "not a GPS time"),
        ("2015-09-14", "time of day is missing"),
        ("2015-09-14T09:50:45+02:00", "give UTC"),
        ("2015-09-14T09:50:45Z TT", "contradicts TT"),
        ("2015-09-14T09:50:45 TT TAI", "more than one scale"),
        ("2015-13-14T09:50:45", "not a date"),
        ("2015-02-29T09:50:45", "not a date"),
        ("MJD 2457279.5", "is not between"),
        ("MJD fifty", "needs one number"),
        ("GPS 1126259462 UTC", "no other scale"),
        ("GW150914", "cannot read"),
        ("nan", "cannot read"),
        ("", "cannot read"),
        (None, "cannot read"),
        (True, "cannot read"),
    ],
)
def test_what_is_refused_and_why(text, why):
    with pytest.raises(InputError, match=why) as caught:
        parse_time(text)
    assert "accepted: GPS seconds" in str(caught.value) or "not a date" in str(caught.value)


def test_no_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("a time was looked up in the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    # 2060 lies past every table of leap seconds, which is when astropy would fetch one.
    assert parse_time("2060-01-01T00:00:00") > parse_time("2059-12-31T23:59:59")
    assert utc_iso(parse_time("2060-01-01T00:00:00 UTC"), 0) == "2060-01-01T00:00:00"


@pytest.mark.parametrize("digits", [0, 3, 6, 9])
def test_utc_iso_agrees_with_astropy(digits):
    gps = 1187008882.4375
    assert utc_iso(gps, digits) == Time(gps, format="gps", precision=digits).utc.isot


def test_rounding_carries_into_the_next_day():
    assert utc_iso(parse_time("2015-09-14T23:59:59") + 0.99975, 3) == "2015-09-15T00:00:00.000"


def test_round_trip_to_the_float_grid():
    for gps in (1126259462.4, 1187008882.4296875, 968654557.95, 1420878141.2):
        assert parse_time(utc_iso(gps, 9)) == pytest.approx(gps, abs=2.5e-7)


@pytest.mark.parametrize(("gps", "digits"), [(float("nan"), 3), (float("inf"), 3), (1e9, 10), (1e9, -1)])
def test_utc_iso_refuses(gps, digits):
    with pytest.raises(InputError):
        utc_iso(gps, digits)
