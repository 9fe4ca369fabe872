"""Lags, annuli and their products: analytic cases, simulated bursts, published positions."""

from __future__ import annotations

import json

import numpy as np
import pytest

from acs_curves import BACKGROUND, BIN, curve, fred
from tidings.acs.lag import Signal, find_lag, rebin
from tidings.acs.orbit import LIGHT_SPEED, Location, direction, geocentric_delay, position_from_angles
from tidings.acs.triangulation import circle, light_travel_time, time_error, triangulate
from tidings.errors import InputError

# GRB 221009A, INTEGRAL and Wind: see test_acs_orbit.
SOURCE = (288.2643, 19.7712)
INTEGRAL = position_from_angles(199.505, 69.422, 137648.0)
WIND = position_from_angles(181.71703, -3.62390, 1294914.5)
FERMI = position_from_angles(298.61316, -4.57939, 6910.4)


def delay(first: Location, second: Location, source=SOURCE) -> float:
    """Arrival at the first less that at the second, from when the centre of the Earth would have seen it."""
    return float(geocentric_delay(second.vector, *source) - geocentric_delay(first.vector, *source))


def pulse_pair(lag: float, height: float, seed: int, *, phase: float = 0.0, rise=0.05, decay=0.3):
    """Two noisy light curves of one pulse, the first of which is later by `lag`."""
    signals = []
    for number, late in enumerate((lag, 0.0)):
        shift = phase * number
        start, width, rate, error = curve(
            lambda t, late=late, shift=shift: height * fred(t + shift, 30 + late, rise, decay),
            length=60,
            seed=2 * seed + number,
        )
        excess = (rate - BACKGROUND) * width
        signals.append(rebin(start + shift, width, excess, (1.1 * error * width) ** 2, BIN))
    return signals


def test_lag_of_noisy_copies_is_unbiased_and_its_error_is_the_scatter():
    found = []
    for seed in range(60):
        lag = 0.4 * np.sin(seed)
        first, second = pulse_pair(lag, 33000, seed, phase=0.05 * (seed % 7) / 7)
        result = find_lag(first, second, (29, 33.5), 1.0)
        found.append((result.value - lag, result.error, result.snr))
    off, error, snr = np.array(found).T
    assert snr.mean() == pytest.approx(20, abs=2)
    assert abs(off.mean()) < 0.003
    assert abs(np.median(off)) < 0.003
    assert 0.7 < (off / error).std() < 1.35
    assert off.std() < 0.012


def test_lag_has_the_sign_of_the_later_curve_and_the_scale_of_the_second():
    first, second = pulse_pair(0.3, 60000, 1)
    result = find_lag(first, second, (29, 33), 1.0)
    assert result.value == pytest.approx(0.3, abs=0.02)
    halved = Signal(second.start, second.bin_size, second.counts / 2, second.variance / 4)
    assert find_lag(first, halved, (29, 33), 1.0).scale == pytest.approx(0.5, abs=0.03)
    backwards = find_lag(second, first, (29, 33), 1.0)
    assert backwards.value == pytest.approx(-result.value, abs=0.015)
    assert result.chi2 / result.dof == pytest.approx(1, abs=0.5)


def test_different_shapes_widen_the_error():
    same = find_lag(*pulse_pair(0.1, 60000, 2), (29, 33), 1.0)
    first, _ = pulse_pair(0.1, 60000, 2)
    _, softer = pulse_pair(0.1, 60000, 2, decay=0.8)
    other = find_lag(first, softer, (29, 33), 1.0)
    assert other.chi2 / other.dof > 2
    assert other.error > 1.5 * same.error


def test_rebinning_keeps_the_counts():
    counts = np.arange(1.0, 13.0)
    start, width = 0.05 * np.arange(12), np.full(12, 0.05)
    signal = rebin(start, width, counts, counts, 0.1)
    assert np.allclose(signal.counts, counts.reshape(6, 2).sum(axis=1))
    shared = rebin(start, width, counts, counts, 0.075)
    assert np.allclose(shared.counts[:2], [1 + 2 / 2, 2 / 2 + 3])
    assert shared.counts.sum() == pytest.approx(counts.sum())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a, b: (a, b, (29, 29.1), 1.0), "too few"),
        (lambda a, b: (a, b, (10, 15), 1.0), "signal-to-noise"),
        (lambda a, b: (a, b.cut(29, 40), (29, 33), 1.0), "must cover"),
        (lambda a, b: (a, b, (29, 33), 0.02), "which light takes|no minimum"),
    ],
)
def test_light_curves_that_cannot_be_compared_are_refused(change, message):
    with pytest.raises(InputError, match=message):
        find_lag(*change(*pulse_pair(0.3, 60000, 1)))


def test_gap_in_the_part_compared_is_refused():
    start, width = 0.05 * np.arange(100), np.full(100, 0.05)
    kept = np.delete(np.arange(100), slice(40, 50))
    with pytest.raises(InputError, match=r"0.50 s are missing at 2.50 s"):
        rebin(start[kept], width[kept], np.ones(90), np.ones(90), 0.05)
    with pytest.raises(InputError, match="finer"):
        rebin(start, width, np.ones(100), np.ones(100), 0.02)


@pytest.mark.parametrize(
    ("first", "second"), [(INTEGRAL, WIND), (WIND, INTEGRAL), (INTEGRAL, FERMI), (FERMI, WIND)]
)
def test_annulus_of_grb221009a_goes_through_it(first, second):
    annulus = triangulate(delay(first, second), 0.02, first, second)
    assert annulus.distance(*SOURCE) == pytest.approx(0, abs=1e-6)
    assert annulus.deviation(*SOURCE) == pytest.approx(0, abs=1e-6)
    assert 0 <= annulus.inner < annulus.radius < annulus.outer
    assert annulus.radius <= 90
    assert annulus.baseline / LIGHT_SPEED == pytest.approx(light_travel_time(first, second))


def test_wrong_sign_of_the_delay_misses_the_burst():
    annulus = triangulate(-delay(INTEGRAL, WIND), 0.02, INTEGRAL, WIND)
    assert abs(annulus.deviation(*SOURCE)) > 50


def test_simple_annuli():
    here, there = Location(np.zeros(3), 0.0, ""), Location(np.array([LIGHT_SPEED, 0, 0]), 0.0, "")
    # Later by half of the light travel time at the near one: 60 deg from the direction of the far one.
    annulus = triangulate(0.5, 0.01, here, there)
    assert (annulus.ra, annulus.dec) == (0, 0)
    assert annulus.radius == pytest.approx(60)
    assert annulus.half_width == pytest.approx(np.degrees(0.01 / np.sin(np.pi / 3)), rel=1e-3)
    assert np.cos(np.radians([annulus.outer, annulus.inner])) == pytest.approx([0.47, 0.53])
    assert triangulate(-0.5, 0.01, here, there).ra == pytest.approx(180)
    great = triangulate(0.0, 0.01, here, there)
    assert great.radius == pytest.approx(90)
    assert great.area == pytest.approx(0.06 * 2 * np.pi * np.degrees(1) ** 2, rel=1e-3)
    cap = triangulate(1.005, 0.01, here, there)
    assert (cap.inner, cap.radius) == (0, 0)
    assert cap.outer == pytest.approx(np.degrees(np.arccos(0.975)))


def test_terms_of_the_error_add_in_quadrature():
    first, second = Location(np.zeros(3), 0.003 * LIGHT_SPEED, ""), Location(np.ones(3), 0.0, "")
    error = time_error(0.004, 0.05, first, second, instrument=0.01)
    assert error == pytest.approx(np.sqrt(0.004**2 + 0.05**2 / 12 + 0.01**2 + 0.003**2))


def test_position_error_widens_an_annulus_as_moving_the_spacecraft_does():
    moved = [
        Location(INTEGRAL.vector + step * LIGHT_SPEED * 0.005, 0.0, "")
        for step in np.vstack([np.eye(3), -np.eye(3)])
    ]
    value = delay(INTEGRAL, WIND)
    radii = [abs(triangulate(value, 1e-6, place, WIND).distance(*SOURCE)) for place in moved]
    blurred = Location(INTEGRAL.vector, 0.005 * LIGHT_SPEED, "")
    error = time_error(0.0, 0.0, blurred, WIND, instrument=0.0)
    assert max(radii) < triangulate(value, error, INTEGRAL, WIND).half_width * 1.01
    assert max(radii) > triangulate(value, error, INTEGRAL, WIND).half_width * 0.5


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((9.0, 0.01, INTEGRAL, WIND), "longer than the 4.* s that light takes"),
        ((0.0, 0.01, INTEGRAL, INTEGRAL), "no direction can be told"),
        ((0.1, 0.0, INTEGRAL, WIND), "must be above zero"),
        ((0.1, float("nan"), INTEGRAL, WIND), "must be above zero"),
    ],
)
def test_impossible_triangulations_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        triangulate(*arguments)


def test_circle_keeps_its_distance():
    annulus = triangulate(delay(INTEGRAL, WIND), 0.02, INTEGRAL, WIND)
    ra, dec = circle(annulus, 42.0, 50)
    angles = [
        np.degrees(np.arccos(annulus.centre @ direction(*place))) for place in zip(ra, dec, strict=True)
    ]
    assert np.allclose(angles, 42.0)
    assert (ra[0], dec[0]) == pytest.approx((ra[-1], dec[-1]))


class TestProducts:
    """The annulus as coverage map, region and GeoJSON."""

    @pytest.fixture(autouse=True)
    def products(self):
        pytest.importorskip("mocpy")
        from tidings.acs import annulus_product

        self.module = annulus_product
        self.annulus = triangulate(delay(INTEGRAL, FERMI), 0.02, INTEGRAL, FERMI)

    def test_coverage_map_holds_the_burst_and_has_the_area(self, tmp_path):
        from astropy import units as u
        from mocpy import MOC

        self.module.write_moc(self.module.annulus_moc(self.annulus), tmp_path / "moc.fits", {"step": "x"})
        moc = MOC.from_fits(tmp_path / "moc.fits")
        assert moc.contains_lonlat([SOURCE[0]] * u.deg, [SOURCE[1]] * u.deg).all()
        opposite = [(self.annulus.ra + 180) % 360] * u.deg, [-self.annulus.dec] * u.deg
        assert not moc.contains_lonlat(*opposite).any()
        # Cells on the edges are in it: never less than the annulus.
        fraction = self.annulus.area / (4 * np.pi * np.degrees(1) ** 2)
        assert fraction < moc.sky_fraction < 1.25 * fraction
        assert self.module.annulus_moc(self.annulus, 4).sky_fraction > moc.sky_fraction

    def test_coverage_map_of_a_cap(self):
        from astropy import units as u

        travel = light_travel_time(INTEGRAL, FERMI)
        cap = triangulate(travel, 0.02, INTEGRAL, FERMI)
        moc = self.module.annulus_moc(cap)
        assert moc.contains_lonlat([cap.ra] * u.deg, [cap.dec] * u.deg).all()

    def test_products_are_the_same_bytes_again(self, tmp_path):
        for name in ("a", "b"):
            self.module.write_moc(self.module.annulus_moc(self.annulus), tmp_path / f"{name}.fits", {})
            self.module.write_region(self.annulus, tmp_path / f"{name}.reg", {})
            self.module.write_geojson(self.annulus, tmp_path / f"{name}.json", {})
        for suffix in ("fits", "reg", "json"):
            assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()

    def test_region_has_both_radii_in_degrees(self, tmp_path):
        self.module.write_region(self.annulus, tmp_path / "a.reg", {"step": "x"})
        lines = (tmp_path / "a.reg").read_text().splitlines()
        assert lines[0].startswith("# Region file format: DS9")
        assert "icrs" in lines
        ring = next(line for line in lines if line.startswith("annulus("))
        numbers = [float(x.rstrip("d")) for x in ring[8 : ring.index(")")].split(",")]
        expected = (self.annulus.ra, self.annulus.dec, self.annulus.inner, self.annulus.outer)
        assert numbers == pytest.approx(expected, abs=1e-5)

    def test_geojson_lines_are_cut_at_the_edge_of_the_map(self, tmp_path):
        self.module.write_geojson(self.annulus, tmp_path / "a.json", {"step": "x"})
        content = json.loads((tmp_path / "a.json").read_text())
        assert [f["properties"]["name"] for f in content["features"]] == ["inner", "middle", "outer"]
        for feature in content["features"]:
            for piece in feature["geometry"]["coordinates"]:
                lon, lat = np.array(piece).T
                assert np.abs(np.diff(lon)).max() < 180
                assert (np.abs(lon) <= 180).all()
                assert (np.abs(lat) <= 90).all()
                radii = np.degrees(
                    np.arccos([self.annulus.centre @ direction(a, d) for a, d in zip(lon, lat, strict=True)])
                )
                # Points put on the edge lie between those of the circle.
                assert radii == pytest.approx(feature["properties"]["radius_deg"], abs=0.3)

    def test_table_says_how_far_a_source_is(self):
        lag = find_lag(*pulse_pair(0.1, 60000, 2), (29, 33), 1.0)
        table = self.module.annulus_table(
            self.annulus,
            lag,
            ("INTEGRAL", "Fermi"),
            (INTEGRAL, FERMI),
            (SOURCE[0], SOURCE[1] + 1),
            "GRB 221009A",
        )
        assert table["radius"].unit == "deg"
        assert (
            abs(table["source_distance"][0]) == pytest.approx(1, abs=0.3)
            or abs(table["source_distance"][0]) < 1
        )
        assert table["delay"][0] == self.annulus.delay
        assert table["first_x"][0] == INTEGRAL.vector[0]


def test_figure_shows_the_lag_and_the_annulus():
    from tidings.acs.annulus_figure import annulus_figure

    first, second = pulse_pair(0.1, 60000, 2)
    lag = find_lag(first, second, (29, 33), 1.0)
    annulus = triangulate(delay(INTEGRAL, FERMI), 0.02, INTEGRAL, FERMI)
    figure = annulus_figure(
        annulus, lag, (first, second), (29, 33), names=("A", "B"), candidate=SOURCE, epoch=1e9
    )
    curves, agreement, sky = figure.axes
    assert [text.get_text() for text in curves.get_legend().get_texts()] == ["A", "B, shifted and scaled"]
    drawn = agreement.lines[0].get_ydata()
    assert drawn.min() == pytest.approx(lag.chi2 / lag.dof)
    star = next(line for line in sky.lines if line.get_marker() == "*")
    # Right ascension grows to the left, 180 deg in the middle.
    assert np.degrees(star.get_xdata()[0]) == pytest.approx(180 - SOURCE[0])
