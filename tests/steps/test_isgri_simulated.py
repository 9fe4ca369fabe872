"""From simulated photons to sources and their rates, through the steps."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import Table

from isgri_flux import isgri_flux
from isgri_image import isgri_image
from isgri_lightcurve import isgri_lightcurve
from isgri_shadowgram import isgri_shadowgram
from isgri_simulate import isgri_simulate
from isgri_spectrum import isgri_spectrum
from tidings.errors import InputError
from tidings.isgri.event_file import write_aborted
from tidings.isgri.flux import measure, targets_of
from tidings.isgri.lightcurve_file import read_lightcurves
from tidings.isgri.rate_table import read_rates
from tidings.isgri.response import flat_response
from tidings.isgri.shadowgram_file import read_windows, write_windows
from tidings.isgri.simulate import Source, expected_rate
from tidings.step import run

# A source of 2 Crab at 8 degrees, ten of 14 to 300 counts/s; "Pulsing" has a sine of 750 s.
SOURCES = """name,ra,dec,flux,index,amplitude,period
Bright,86.0,29.6,460,2.1,0,0
S 1,83.6,22.0,300,2.1,0,0
S 2,80.0,24.5,120,1.5,0,0
S 3,87.5,19.0,80,2.1,0,0
Pulsing,84.9,26.1,70,2.1,0.5,750
S 5,79.1,19.4,35,2.1,0,0
S 6,89.3,23.5,28,2.1,0,0
S 7,82.2,18.7,22,2.1,0,0
S 8,85.6,20.8,18,2.1,0,0
S 9,81.3,22.8,16,2.1,0,0
S 10,84.6,23.6,14,2.1,0,0
"""
BANDS = [(20.0, 30.0), (30.0, 60.0), (60.0, 100.0)]
CONSTANT = [name for name in ("Bright", *(f"S {n}" for n in range(1, 11))) if name != "S 4"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One window of 1000 s with dead pixels, its shadowgram in four time bins, and the rates."""
    place = tmp_path_factory.mktemp("simulated")
    (place / "sources.csv").write_text(SOURCES)
    run(
        isgri_simulate,
        sources=place / "sources.csv",
        events=place / "events",
        ra=83.6,
        dec=22.0,
        duration=1000.0,
        shape="flat",
        seed=9,
    )
    (event_file,) = (place / "events").iterdir()
    write_aborted("150000020010", "no events", place / "aborted.fits.gz")
    run(
        isgri_shadowgram,
        events=[event_file, place / "aborted.fits.gz"],
        shadowgrams=place / "shadowgrams.fits",
        summary=place / "shadowgrams.json",
        figure=place / "shadowgrams.png",
        energy="archive",
        time_bin=250.0,
    )
    run(
        isgri_flux,
        shadowgrams=[place / "shadowgrams.fits"],
        sources=place / "sources.csv",
        rates=place / "rates.ecsv",
        bands="20-30,30-60,60-100",
    )
    return place


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    rows = [line.split(",") for line in SOURCES.splitlines()[1:]]
    return {row[0]: Source(row[0], *map(float, row[1:])) for row in rows}


def test_an_aborted_window_is_passed_over_with_a_note(folder):
    summary = json.loads((folder / "shadowgrams.json").read_text())
    assert len(summary["windows"]) == 1
    assert "aborted.fits.gz" in json.dumps(summary["skipped"])


def test_every_source_is_found_and_nothing_else(folder, sources, tmp_path, monkeypatch):
    """A9: the blind search of the whole window in one band."""
    monkeypatch.chdir(tmp_path)
    run(isgri_image, shadowgrams=folder / "shadowgrams.fits", bands="20-60")
    found = Table.read("sky_sources.ecsv", format="ascii.ecsv")
    at = SkyCoord(found["RA_FIN"], found["DEC_FIN"], unit="deg")
    truth = SkyCoord([s.ra for s in sources.values()], [s.dec for s in sources.values()], unit="deg")
    nearest, distance, _ = at.match_to_catalog_sky(truth)
    assert sorted(nearest) == list(range(11))
    assert distance.arcmin.max() < 2
    assert distance.arcmin[found["DETSIG"] > 50].max() < 0.4
    level = [expected_rate(one, 20, 60) for one in sources.values()]
    relative = np.asarray(found["FLUX"]) / np.array(level)[nearest] - 1
    # The sine of "Pulsing" is not over after 1000 s.
    steady = (np.asarray(found["DETSIG"]) > 50) & (nearest != 4)
    assert np.abs(relative[steady]).max() < 0.035
    assert np.abs(relative).max() < 0.4


def test_rates_of_steady_sources_are_those_simulated(folder, sources):
    rates = read_rates([folder / "rates.ecsv"])
    assert len(rates) == 11 * 4 * 3
    assert rates.meta["simulated"] is True
    steady = rates[[name in CONSTANT for name in rates["source"]]]
    level = np.array([expected_rate(sources[r["source"]], r["e_min"], r["e_max"]) for r in steady])
    pulls = (steady["rate"] - level) / steady["error"]
    assert pulls.mean() == pytest.approx(0, abs=0.3)
    assert pulls.std() == pytest.approx(1, abs=0.15)
    bright = np.asarray(steady["source"] == "Bright")
    weight = 1 / steady["error"][bright] ** 2
    ratio = (steady["rate"] / level)[bright]
    assert (weight * ratio).sum() / weight.sum() == pytest.approx(1, abs=0.01)
    assert np.abs(rates["chi2"] / rates["dof"] - 1).max() < 0.06
    assert set(rates["flags"]) == {0}
    axis = rates[rates["source"] == "S 1"][0]
    assert axis["coded"] == pytest.approx(1, abs=1e-3)
    assert axis["off_axis"] < 0.2
    assert axis["background"] < axis["total"]
    assert 0.45 < rates[rates["source"] == "Bright"]["coded"][0] < 0.8


def test_the_light_curves_tell_the_variable_source(folder, sources, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(isgri_lightcurve, rates=[folder / "rates.ecsv"])
    table = Table.read("lightcurves.ecsv", format="ascii.ecsv")
    soft = table[table["e_min"] == 20]
    varies = {row["source"]: row["probability"] for row in soft}
    assert varies.pop("Pulsing") < 1e-8
    assert min(varies.values()) > 1e-3
    curves = {(c.meta["NAME"], c.meta["E_MIN"]): c for c in read_lightcurves("lightcurves.fits")}
    curve = curves["Pulsing", 20.0]
    edges = np.arange(0, 1001, 250) + (5502.9 * 86400) % 750
    phase = 2 * np.pi / 750
    level = 1 - 0.5 * np.diff(np.cos(phase * edges)) / (phase * 250)
    expected = expected_rate(sources["Pulsing"], 20, 30) * level
    assert np.abs((curve["RATE"] - expected) / curve["ERROR"]).max() < 4
    assert curve["RATE"].max() > 1.5 * curve["RATE"].min()


def test_the_spectra_tell_the_hard_source(folder, sources, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run(isgri_spectrum, rates=[folder / "rates.ecsv"], sources="S 1,S 2")
    table = Table.read("spectra.fits", hdu=2)
    for channel, band in enumerate(BANDS):
        level = expected_rate(sources["S 2"], *band)
        assert table["RATE"][channel] == pytest.approx(level, abs=4 * float(table["STAT_ERR"][channel]))
    # The Crab has an index of 2.1.
    assert table["CRAB"][2] > 1.3 * table["CRAB"][0]


def test_sources_that_cannot_be_measured(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "far.csv").write_text("name,ra,dec\nS 1,83.6,22.0\nCyg X-1,299.59,35.2\n")
    (tmp_path / "twice.csv").write_text("name,ra,dec\nS 1,83.6,22.0\nS 1,84.6,22.0\n")
    shadowgrams = folder / "shadowgrams.fits"
    cases = [
        ({"sources": "far.csv"}, "Cyg X-1: outside the field of view of all 1 windows"),
        ({"sources": "twice.csv"}, "S 1: in the list of sources more than once"),
        (
            {"sources": "far.csv", "names": "S 1,GX 1+4"},
            r"GX 1\+4: not in the list of sources, which has S 1",
        ),
        ({"sources": "far.csv", "bands": ""}, "bands is empty"),
        ({"sources": "far.csv", "bands": "20.5-40", "names": "S 1"}, "is no edge of the fine channels"),
        (
            {"sources": "far.csv", "names": "S 1", "shadowgrams": [shadowgrams] * 2},
            "in the shadowgrams twice",
        ),
        ({"sources": folder / "events", "names": "S 1"}, "events"),
    ]
    for options, message in cases:
        with pytest.raises((InputError, OSError), match=message):
            run(isgri_flux, **{"shadowgrams": [shadowgrams], **options})
    assert not (tmp_path / "rates.ecsv").exists()
    run(isgri_flux, shadowgrams=[shadowgrams], sources="far.csv", require=False)
    assert set(read_rates([tmp_path / "rates.ecsv"])["source"]) == {"S 1"}


def test_no_window_and_no_counts(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_windows([], tmp_path / "none.fits")
    with pytest.raises(InputError, match="no science window with events"):
        run(isgri_flux, shadowgrams=["none.fits"], sources=folder / "sources.csv")
    (window,) = read_windows(folder / "shadowgrams.fits")
    for cube in window.cubes:
        cube.counts[:] = 0
    targets = targets_of(Table({"NAME": ["S 1"], "RA_OBJ": [83.6], "DEC_OBJ": [22.0]}))
    rates = measure([window], flat_response(), BANDS[:1], targets)
    assert set(rates["flags"]) == {4}
    assert np.isnan(rates["rate"]).all()


def test_a_simulation_without_a_source_in_its_field_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "far.csv").write_text("name,ra,dec,flux\nCyg X-1,299.59,35.2,100\n")
    with pytest.raises(InputError, match=r"'Cyg X-1' at RA .* deg is outside the field"):
        run(isgri_simulate, sources="far.csv", ra=83.6, dec=22.0)
    assert [path.name for path in tmp_path.iterdir()] == ["far.csv"]
