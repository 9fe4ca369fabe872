"""The step skymap_visibility: GW170817 from Chile, and the sky that INTEGRAL may point at."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.table import Table
from mocpy import MOC

from skymap_visibility import skymap_visibility
from suite import ROOT
from tidings.step import main, run

MAP = ROOT / "data/skymap/GW170817_skymap.fits.gz"
WIDE = ROOT / "data/skymap/S190425z_bayestar.fits.gz"
# A file that is read at once, where the map does not matter.
QUICK = ROOT / "data/skymap/S200129m_bayestar.multiorder.fits"
ORBIT = ROOT / "data/integral/118900580010_sc_orbit_param.fits.gz"
NAMES = (
    "visibility.ecsv", "visibility.vot", "visibility.json", "observable.moc.fits", "visibility.png",
    "visibility.pdf",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_gw170817_sets_soon_after_dusk_in_chile(folder):
    # Coulter et al. 2017, Science 358, 1556: the Swope telescope found it at 23:33 UTC, in twilight.
    run(skymap_visibility, skymap=MAP, site="Las Campanas", airmass=2.5, sun_altitude=-12.0)
    table = Table.read("visibility.ecsv", format="ascii.ecsv")
    assert "2017-08-17T23:00" < table["utc"][0] < "2017-08-17T23:33"
    assert table["probability"][0] > 0.99
    late = table["utc"] > "2017-08-18T01:45"
    assert table["probability"][late].max() < 0.01
    said = json.loads((folder / "visibility.json").read_text())
    assert said["site"] == "Las Campanas"
    moc = MOC.from_fits("observable.moc.fits")
    assert moc.sky_fraction * 4 * np.pi * np.degrees(1) ** 2 == pytest.approx(said["area_deg2"])
    assert sorted(path.name for path in folder.iterdir()) == sorted(NAMES)


def test_in_hawaii_the_night_of_the_event_goes_on(folder):
    options = {"skymap": MAP, "site": "19.8283 -155.4783 4160", "step": 20.0}
    run(skymap_visibility, **options)
    table = Table.read("visibility.ecsv", format="ascii.ecsv")
    assert table["utc"][0] == "2017-08-17T12:41:04"
    # It was under the horizon until the next evening.
    assert table["probability"].max() < 1e-3
    run(skymap_visibility, **options, time="2017-08-17T18:00:00", airmass=4.0, sun_altitude=-12.0)
    table = Table.read("visibility.ecsv", format="ascii.ecsv")
    # Pan-STARRS1 saw it from 05:33 UTC on, low in the twilight (Smartt et al. 2017, Nature 551, 75).
    assert "2017-08-18T05:25" < table["utc"][0] < "2017-08-18T05:45"
    assert table["probability"][0] > 0.9


def test_integral(folder):
    # GRB 120711A's science window has an orbit file; it covers 2012-07-11 02:4x.
    from tidings.acs.orbit_file import read_orbit

    gps = read_orbit(ORBIT).gps
    options = {"site": "integral", "time": str(gps[0] + 1), "duration": (gps[-1] - gps[0] - 2) / 86400}
    run(skymap_visibility, skymap=WIDE, **options, orbit=ORBIT, step=30.0)
    with_earth = json.loads((folder / "visibility.json").read_text())
    assert Table.read("visibility.ecsv", format="ascii.ecsv")["earth_distance"][0] > 10_000
    run(skymap_visibility, skymap=WIDE, **options, step=30.0)
    without = json.loads((folder / "visibility.json").read_text())
    assert with_earth["area_deg2"] <= without["area_deg2"]
    # 64.3 % of the sky is between 50 and 130 deg from the Sun.
    assert without["area_deg2"] == pytest.approx(np.cos(np.radians(50)) * 41252.96, rel=5e-3)


def test_bad_input_is_refused(folder, capsys):
    cases = {
        "unknown site 'Mount Doom'": ["--site", "Mount Doom"],
        "near names: Paranal": ["--site", "Paranall"],
        "no place on the Earth": ["--site", "-24 -70 1e6"],
        "outside of the ephemeris": ["--time", "JD 2499999.5"],
        "cannot read 'tomorrow' as a time": ["--time", "tomorrow"],
        "does not go below -18 deg": ["--site", "69.6 18.9 10", "--time", "2020-06-21T12:00:00"],
        "must be below sun_most": ["--site", "INTEGRAL", "--sun_least", "130", "--sun_most", "50"],
        "covers 2012-07-11": ["--site", "INTEGRAL", "--orbit", str(ORBIT)],
        "out of bounds": ["--airmass", "0.5"],
    }
    for message, arguments in cases.items():
        assert main(skymap_visibility, ["--skymap", str(QUICK), *arguments]) == 1, message
        error = capsys.readouterr().err
        assert message in error, (message, error)
        assert not (folder / "visibility.ecsv").exists()
