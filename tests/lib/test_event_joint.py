"""Arrival at the centre of the Earth: geometry against astropy, published delays, errors by the sky map."""

from __future__ import annotations

import numpy as np
import pytest
from astropy import units as u
from astropy.coordinates import ITRS, SkyCoord
from astropy.table import Table
from astropy.time import Time

from suite import ROOT
from tidings.acs.orbit import position_from_angles
from tidings.errors import InputError
from tidings.event import joint
from tidings.event.joint import Arrival, Delay, Source
from tidings.gw.detectors import VERTICES
from tidings.skymap.events import read_event

GW150914, GW170817 = 1126259462.4, 1187008882.43
MAP = ROOT / "data/skymap/GW150914_bayestar_gstlal_C01.fits.gz"


@pytest.mark.parametrize("detector", ["H1", "L1", "V1", "K1"])
def test_delay_of_a_detector_is_astropys(detector):
    # The source is turned to the Earth here, not the Earth to the source.
    when = Time(GW170817, format="gps")
    vector = u.Quantity(VERTICES[detector], u.m).to_value(u.km)
    seen = SkyCoord(197.45, -23.38, unit=u.deg).transform_to(ITRS(obstime=when)).cartesian.xyz.value
    wanted = float(vector @ (seen / np.linalg.norm(seen))) / 299792.458
    found = joint.detector_delay(detector, GW170817, Source.at(197.45, -23.38))
    # Aberration, which ITRS takes along, moves the source by 20 arcseconds: 2 microseconds.
    assert found.value == pytest.approx(wanted, abs=3e-6)
    assert found.error == 0


def test_gw150914_reaches_livingston_first():
    # 6.9 (+0.5 -0.4) ms before Hanford (Abbott et al. 2016, PRL 116, 061102).
    sky = read_event(MAP).sky
    h1, l1 = (joint.detector_delay(name, GW150914, Source.of_map(sky)) for name in ("H1", "L1"))
    assert 1e3 * (l1.value - h1.value) == pytest.approx(6.9, abs=0.5)


def test_error_of_a_delay_is_its_spread_over_the_sky_map():
    ra, dec = np.array([10.0, 190.0]), np.array([20.0, -20.0])
    location = position_from_angles(10.0, 20.0, 149896.229, errors=(0.0, 0.0))
    found = joint.craft_delay(location, Source(ra, dec, np.array([0.5, 0.5]), "two"))
    # Half a second towards the one, half away from the other.
    assert (found.value, found.error) == pytest.approx((0.0, 0.5), abs=1e-9)
    found = joint.craft_delay(location, Source(ra, dec, np.array([1.0, 0.0]), "one"))
    assert (found.value, found.error) == pytest.approx((0.5, 0.0), abs=1e-9)


def test_without_a_direction_the_error_is_that_of_any():
    location = position_from_angles(0.0, 0.0, 299792.458)
    found = joint.craft_delay(location, None)
    assert found.value == 0
    # Of a cosine that is spread evenly over -1 to 1.
    assert found.error == pytest.approx(np.random.default_rng(1).uniform(-1, 1, 10**6).std(), abs=1e-3)


def test_an_unknown_detector_is_refused():
    with pytest.raises(InputError, match="X9: its place is not known"):
        joint.detector_delay("X9", GW150914, None)


def arrival(kind, gps, error, delay=0.0, delay_error=0.0):
    return Arrival("A", kind, "peak", gps, error, Delay(delay, delay_error, "direction"))


def test_delay_of_gamma_rays_is_the_published_one():
    # GRB 170817A at the spacecraft, 148.96 ms before the centre of the Earth (Savchenko et al. 2017), of the
    # published 1.74 +- 0.05 s after the merger (Abbott et al. 2017).
    gamma = arrival("gamma rays", GW170817 + 1.74 - 0.14896, 0.05, delay=0.14896)
    delay, error = joint.gamma_delay([gamma], (GW170817, 0.002))
    assert delay == pytest.approx(1.74, abs=1e-6)
    assert error == pytest.approx(0.05004, abs=1e-5)


def test_delay_without_a_merger_time_is_from_the_best_known_tile():
    waves = [arrival("strain", 100.0, 0.5), arrival("strain", 101.0, 0.01, delay=0.02)]
    delay, error = joint.gamma_delay([*waves, arrival("gamma rays", 103.0, 0.1)], None)
    assert (delay, error) == pytest.approx((1.98, np.hypot(0.1, 0.01)))
    assert joint.gamma_delay(waves, None) is None


def test_table_has_times_in_one_frame():
    rows = joint.joint_table([arrival("strain", 1000000000.5, 0.003, -0.02, 0.004)], 1000000000.0)
    row = rows[0]
    assert row["since"] == pytest.approx(0.48)
    assert row["time_error"] == pytest.approx(0.005)
    assert rows["delay"].unit == "s"


def test_other_tables_than_of_bursts_are_refused(tmp_path):
    Table({"t90": [1.0]}).write(tmp_path / "a.ecsv")
    with pytest.raises(InputError, match=r"a.ecsv: is no table of acs_burst"):
        joint.read_burst(tmp_path / "a.ecsv")


def test_published_times_are_a_time_and_a_name():
    assert joint.published_time("2017-08-17T12:41:06.17 GRB 170817A") == ("GRB 170817A", 1187008884.17)
    with pytest.raises(InputError, match="a time, a blank and its name"):
        joint.published_time("2017-08-17T12:41:06.17")
