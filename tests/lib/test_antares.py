"""ANTARES: events and acceptance, background, limits of Feldman and Cousins, searches around a time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tidings.antares.background import Declination, cone, polynomial_expected
from tidings.antares.counterpart import fluence, search
from tidings.antares.feldman_cousins import limits, sensitivity, service_sensitivity
from tidings.antares.limits import ENERGIES, Conventions, envelope, flux_table, limit_table, p_value
from tidings.antares.region import events_in, share
from tidings.antares.sample import Events, read_acceptance, read_events, read_polynomial
from tidings.errors import InputError
from tidings.skymap.footprint import SKY
from tidings.skymap.footprint import cone as cone_ranges

DATA = Path(__file__).parents[2] / "data/antares"
# Feldman & Cousins 1998, PRD 57, 3873, table IV: 90 %, background 0 to 4 in steps of 0.5, 0 to 10 events.
BACKGROUNDS = np.arange(9) * 0.5
TABLE_IV = """
0.00,2.44 0.00,1.94 0.00,1.61 0.00,1.33 0.00,1.26 0.00,1.18 0.00,1.08 0.00,1.06 0.00,1.01
0.11,4.36 0.00,3.86 0.00,3.36 0.00,2.91 0.00,2.53 0.00,2.19 0.00,1.88 0.00,1.59 0.00,1.39
0.53,5.91 0.03,5.41 0.00,4.91 0.00,4.41 0.00,3.91 0.00,3.45 0.00,3.04 0.00,2.67 0.00,2.33
1.10,7.42 0.60,6.92 0.10,6.42 0.00,5.92 0.00,5.42 0.00,4.92 0.00,4.42 0.00,3.95 0.00,3.53
1.47,8.60 1.17,8.10 0.74,7.60 0.24,7.10 0.00,6.60 0.00,6.10 0.00,5.60 0.00,5.10 0.00,4.60
1.84,9.99 1.53,9.49 1.25,8.99 0.93,8.49 0.43,7.99 0.00,7.49 0.00,6.99 0.00,6.49 0.00,5.99
2.21,11.47 1.90,10.97 1.61,10.47 1.33,9.97 1.08,9.47 0.65,8.97 0.15,8.47 0.00,7.97 0.00,7.47
3.56,12.53 3.06,12.03 2.56,11.53 2.09,11.03 1.59,10.53 1.18,10.03 0.89,9.53 0.39,9.03 0.00,8.53
3.96,13.99 3.46,13.49 2.96,12.99 2.51,12.49 2.14,11.99 1.81,11.49 1.51,10.99 1.06,10.49 0.66,9.99
4.36,15.30 3.86,14.80 3.36,14.30 2.91,13.80 2.53,13.30 2.19,12.80 1.88,12.30 1.59,11.80 1.33,11.30
5.50,16.50 5.00,16.00 4.50,15.50 4.00,15.00 3.50,14.50 3.04,14.00 2.63,13.50 2.27,13.00 1.94,12.50
"""
# The same paper, table XII.
TABLE_XII = {0: 2.44, 0.5: 2.86, 1: 3.28, 1.5: 3.62, 2: 3.94, 2.5: 4.20, 3: 4.42, 3.5: 4.63, 4: 4.83, 5: 5.18}
# Cones of the service with all 8,754 events: ra, dec, radius [deg]; background, events.
CONES = [
    ((0, 0, 2.5), 3.8687, 5),
    ((86, 23, 2.2), 1.9740, 1),
    ((20, 23, 2.2), 1.974, 2),
    ((166.1138, 38.2088, 2.2), 1.3479, 0),
    ((20, 45, 2.2), 0.9440, 2),
]
# Of the service's first sample, of 5,921 events.
OLD = np.array([4419.54, 49.0835, -0.381878, -0.00057324, 3.50326e-05, -3.47092e-07, -3.15577e-09])


@pytest.fixture(scope="module")
def events():
    return read_events(DATA / "antares_2007-2017_events.tsv")


@pytest.fixture(scope="module")
def fitted(events):
    return Declination.fit(events)


@pytest.fixture(scope="module")
def acceptance():
    return read_acceptance(DATA / "acceptance.txt")


def test_limits_are_those_published():
    for number, line in enumerate(TABLE_IV.split("\n")[1:-1]):
        published = np.array([[float(word) for word in pair.split(",")] for pair in line.split()])
        lower, upper = limits(number, BACKGROUNDS)
        np.testing.assert_allclose(lower, published[:, 0], atol=0.01)
        np.testing.assert_allclose(upper, published[:, 1], atol=0.01)


def test_sensitivities_are_those_published():
    np.testing.assert_allclose(
        sensitivity(np.array(list(TABLE_XII), float)), list(TABLE_XII.values()), atol=0.01
    )


def test_many_sensitivities_are_those_of_few():
    many = np.linspace(0.9, 3.9, 500)
    few = sensitivity(many[::100])
    np.testing.assert_allclose(sensitivity(many)[::100], few, atol=2e-3)


@pytest.mark.parametrize(("signal", "background"), [(0.0, 2.0), (0.5, 0.6), (3.0, 2.0), (8.0, 3.9)])
def test_limits_cover(signal, background):
    """In 10,000 trials the interval holds the signal at least as often as it says."""
    counts = np.random.default_rng(1).poisson(signal + background, 10_000)
    values, index = np.unique(counts, return_inverse=True)
    lower, upper = limits(values, np.full(len(values), background))
    held = (lower[index] <= signal + 1e-9) & (signal <= upper[index])
    assert held.mean() > 0.9 - 3 * np.sqrt(0.09 / 10_000)


@pytest.mark.parametrize(("place", "background", "observed"), CONES)
def test_cones_of_the_service(events, fitted, place, background, observed):
    polynomial = read_polynomial(DATA / "background_polynomial.txt")
    ra, dec, radius = place
    conventions = Conventions(polynomial=polynomial)
    (row,) = limit_table(events, fitted, np.array([ra]), np.array([dec]), radius, conventions)
    assert row["observed"] == observed
    digits = len(str(background).split(".")[1])
    assert round(row["background"], digits) == background
    # The polynomial is a fit to the same events.
    own, error = fitted.expected(*cone(dec, radius))
    assert own == pytest.approx(background, rel=0.07)
    assert 0.01 < error / own < 0.07


def test_older_conventions():
    assert round(polynomial_expected(OLD, 30, 1.5), 5) == 0.60175
    assert round(polynomial_expected(OLD, 23, 1.0), 6) == 0.300586
    assert round(service_sensitivity(0.601752), 3) == 2.928
    assert round(service_sensitivity(0.300586), 3) == 2.692


def test_service_gives_the_sensitivity_for_a_limit(events, fitted):
    """Limits that MMODA's service gave in these cones; its own are steps of 0.005."""
    polynomial = read_polynomial(DATA / "background_polynomial.txt")
    theirs = [6.11, 3.896, 3.93, 3.516, 4.96]
    for ((ra, dec, radius), *_), given in zip(CONES, theirs, strict=True):
        conventions = Conventions(polynomial=polynomial, service=True)
        (row,) = limit_table(events, fitted, np.array([ra]), np.array([dec]), radius, conventions)
        assert row["upper_limit"] == pytest.approx(given, abs=0.003)
    plain = limit_table(events, fitted, np.array([86.0]), np.array([23.0]), 2.2, Conventions())
    assert plain["upper_limit"][0] < 2.6 < 3.8 < plain["sensitivity"][0]


def test_distribution_holds_all_events(events, fitted):
    assert len(events) == 8754
    edges = np.linspace(-90, 90, 20_001)
    area = 2 * np.pi * np.diff(np.sin(np.deg2rad(edges)))
    total, error = fitted.expected((edges[1:] + edges[:-1]) / 2, area)
    assert total == pytest.approx(8754, rel=1e-4)
    assert error == pytest.approx(np.sqrt(8754), rel=1e-3)
    # Ten bands of as many events as expected, within their noise.
    for low, high in zip(np.arange(-85, 50, 13.5), np.arange(-71.5, 60, 13.5), strict=False):
        mine = (edges[1:] > low) & (edges[:-1] < high)
        middle = (edges[1:] + edges[:-1])[mine] / 2
        expected, _ = fitted.expected(middle, area[mine])
        assert abs(((events.dec > low) & (events.dec < high)).sum() - expected) < 3.5 * np.sqrt(expected) + 2


def test_error_of_the_background_is_its_scatter(fitted):
    random, found = np.random.default_rng(3), []
    edges = np.linspace(-1, fitted.top, 4001)
    middle = np.rad2deg(np.arcsin((edges[1:] + edges[:-1]) / 2))
    weight = fitted.density(middle)
    for _ in range(40):
        dec = random.choice(middle, random.poisson(8754), p=weight / weight.sum())
        zero = np.zeros(len(dec))
        found.append(Declination.fit(Events(zero, dec, zero, zero, zero)).expected(*cone(20, 2))[0])
    expected, error = fitted.expected(*cone(20, 2))
    assert np.mean(found) == pytest.approx(expected, abs=4 * error / np.sqrt(40))
    assert np.std(found) == pytest.approx(error, rel=0.35)


def test_region_of_pixels_agrees_with_the_cone(events, fitted):
    for dec in (-85.0, -20.0, 45.0):
        ranges = cone_ranges(30.0, dec, 2.0)
        part, error = share(ranges, fitted)
        expected, own = fitted.expected(*cone(dec, 2.0))
        assert part * 8754 == pytest.approx(expected, rel=4e-3)
        assert error * 8754 == pytest.approx(own, rel=0.02)
    assert share(SKY, fitted)[0] == pytest.approx(1)
    assert events_in(SKY, events).all()


def test_chance():
    assert p_value(0, 2.0, 0.1) == 1
    assert p_value(3, 0.5, 1e-12) == pytest.approx(0.014388, rel=1e-4)
    # Marginalised over its background, an excess is less surprising.
    assert p_value(6, 1.0, 0.5) > 2 * p_value(6, 1.0, 0.01)


def test_fluxes_follow_the_acceptance(events, fitted, acceptance):
    table = limit_table(events, fitted, np.array([77.3582]), np.array([5.6931]), 1.0, Conventions())
    flux = flux_table(table, acceptance, np.array([2.0, 2.05, 2.1]), Conventions())
    accepted = np.asarray(flux["acceptance"])
    # sin(5.69 deg) = 0.0992 lies between the middles of two bins, with 2.02621 and 1.9539 at index 2.
    assert accepted[0] == pytest.approx(1e8 * (2.02621 * 0.508 + 1.9539 * 0.492), rel=0.02)
    assert accepted[1] == pytest.approx(np.sqrt(accepted[0] * accepted[2]), rel=1e-9)
    assert flux["flux_limit"][0] == pytest.approx(table["upper_limit"][0] / accepted[0])
    curve = envelope(flux)
    assert len(curve) == len(ENERGIES) == 100
    at_1 = curve["flux_limit"][np.argmin(np.abs(curve["energy"] - 1))]
    assert at_1 == pytest.approx(max(flux["flux_limit"]), rel=0.3)
    edges = acceptance.at(np.array([-1.0, 0.0, 0.05]), np.array([1.5]), "edge")
    np.testing.assert_allclose(edges, [1141.34, 1030.94, (1030.94 + 1045.49) / 2])


def test_a_neutrino_is_found_around_its_time(events, fitted, acceptance):
    one = events.take(np.array([4000]))
    ranges = cone_ranges(float(one.ra[0]), float(one.dec[0]), 1.0)
    found = search(events, fitted, ranges, float(one.mjd[0]) + 100 / 86400, 500, 0, 100)
    assert len(found.events) == 1
    assert found.background < 1e-5
    assert found.p_value == pytest.approx(found.background, rel=0.05)
    assert found.lower > 0.05
    assert found.upper == pytest.approx(4.36, abs=0.01)
    nothing = search(events, fitted, ranges, float(one.mjd[0]) + 100 / 86400, 50, 0, 100)
    assert len(nothing.events) == 0
    assert nothing.upper == pytest.approx(2.44, abs=0.01)
    assert fluence(2.44, acceptance, -21.3, 2.0) == pytest.approx(
        2.44 / (acceptance.at(np.sin(np.deg2rad(-21.3)), 2.0) * 1e8 / (3136 * 86400))
    )


def test_the_background_rate_is_that_of_the_days_around(events, fitted):
    ranges = cone_ranges(100.0, -30.0, 20.0)
    counts, expected = 0, 0.0
    for mjd in np.linspace(54700, 57900, 40):
        found = search(events, fitted, ranges, mjd, 10 * 86400, 10 * 86400, 100)
        counts, expected = counts + len(found.events), expected + found.background
    assert abs(counts - expected) < 3 * np.sqrt(expected)


def test_searches_that_cannot_be(events, fitted):
    ranges = cone_ranges(10.0, -20.0, 3.0)
    cases = [
        ((ranges, 57000, 0, 0, 100), "window is empty"),
        ((ranges, 58200, 500, 500, 100), "outside the sample, 54138"),
        ((ranges[:0], 57000, 500, 500, 100), "region is empty"),
        ((cone_ranges(10.0, 80.0, 3.0), 57000, 500, 500, 100), "north of declination 53"),
        ((ranges, 57000, 500, 500, 0.001), "no event within 0.001 days"),
    ]
    for arguments, message in cases:
        with pytest.raises(InputError, match=message):
            search(events, fitted, *arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 2 3 0.5\n", "line 1: must be 5 numbers: right ascension"),
        (
            "10 20 30 0.5 55000\n10 95 30 0.5 55000\n",
            r"line 2: declination \[deg\] 95 is not between -90 and 90",
        ),
        ("<html>\n<body>\n", "line 1: must be 5 numbers"),
        ("", "is empty"),
        ("".join(f"{n % 24} 0 30 0.5 55000\n" for n in range(200)), "in hours; multiply them by 15"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "events.tsv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_events(path)
    with pytest.raises(InputError, match=r"20 columns|must be 20 numbers|is empty"):
        read_acceptance(path)


def test_a_binary_file_is_refused(tmp_path):
    (tmp_path / "events.tsv").write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe")
    with pytest.raises(InputError, match="is no text"):
        read_events(tmp_path / "events.tsv")
