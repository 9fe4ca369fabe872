"""Photometry of the 652 Tractor rows of the embedded field, against other ways to the same numbers."""

from __future__ import annotations

import gzip
import io
import json
import warnings

import numpy as np
import pytest
from astropy import constants
from astropy import units as u
from astropy.table import Table

from legacy import BACKEND, DEC, RA, backend, tractor
from tidings.errors import InputError
from tidings.legacy.bands import wavelengths
from tidings.legacy.catalogue import read_catalogue
from tidings.legacy.photometry import photometry_table, sed_table

BANDS = ("g", "r", "z", "w1", "w2", "w3", "w4")
MICRONS = {
    "g": 0.47593,
    "r": 0.63972,
    "z": 0.91993,
    "w1": 3.36822,
    "w2": 4.6179,
    "w3": 12.07279,
    "w4": 22.19437,
}
GALAXY = (165.07156, 38.24065)


@pytest.fixture(scope="module")
def rows() -> Table:
    """The field by astropy alone, in the order of ls_id."""
    table = tractor()
    table.sort("ls_id")
    return table


@pytest.fixture(scope="module")
def made() -> Table:
    return photometry_table(read_catalogue(BACKEND))


def column(table: Table, name: str) -> np.ndarray:
    return np.ma.filled(np.ma.asarray(table[name], dtype=float), np.nan)


def test_all_rows_are_there(made, rows):
    assert len(made) == 652
    assert made["ls_id"].tolist() == rows["ls_id"].tolist()
    assert "Schlafly & Finkbeiner 2011" in made.meta["extinction"]


@pytest.mark.parametrize("band", BANDS)
def test_nu_f_nu_by_the_units_of_astropy(made, rows, band):
    frequency = (MICRONS[band] * u.um).to(u.Hz, u.spectral())
    flux = column(rows, f"flux_{band}") * 3.631e-6 * u.Jy / column(rows, f"mw_transmission_{band}")
    error = (
        3.631e-6 * u.Jy / np.sqrt(column(rows, f"flux_ivar_{band}")) / column(rows, f"mw_transmission_{band}")
    )
    unit = "erg / (cm2 s)"
    assert column(made, f"nufnu_{band}") == pytest.approx((frequency * flux).to_value(unit), rel=2e-5)
    assert column(made, f"nufnu_error_{band}") == pytest.approx((frequency * error).to_value(unit), rel=2e-5)
    assert made[f"nufnu_{band}"].unit == u.Unit(unit)


@pytest.mark.parametrize("band", BANDS)
def test_magnitudes_are_those_of_the_survey(made, rows, band):
    ours, theirs = column(made, f"mag_{band}"), column(rows, f"mag_{band}")
    seen = np.isfinite(ours)
    assert seen.sum() > {"w3": 3, "w4": 0}.get(band, 60)
    assert ours[seen] == pytest.approx(theirs[seen], abs=2e-5)
    corrected = ours - column(made, f"extinction_{band}")
    assert corrected[seen] == pytest.approx(column(rows, f"dered_mag_{band}")[seen], abs=2e-5)
    # By the units of astropy, whose zero point is 3630.78 Jy.
    jansky = column(rows, f"flux_{band}")[seen] * 3.631e-6 * u.Jy
    assert ours[seen] == pytest.approx(jansky.to_value(u.ABmag), abs=1e-4)
    # The survey's own signal-to-noise ratio is that of the magnitude's error.
    # It has all digits; the inverse variances of w3 and w4 in the file have three and two.
    ratio = 1.0857362 / column(made, f"mag_error_{band}")[seen]
    digits = {"w3": 2e-3, "w4": 6e-2}.get(band, 5e-4)
    assert ratio == pytest.approx(column(rows, f"snr_{band}")[seen], rel=digits)


def test_faint_sources_have_limits_and_negative_fluxes_stay(made, rows):
    flux, sigma = column(rows, "flux_w3"), 1 / np.sqrt(column(rows, "flux_ivar_w3"))
    faint = flux < 5 * sigma
    assert faint.sum() > 500
    assert np.isnan(column(made, "mag_w3")[faint]).all()
    limit = 22.5 - 2.5 * np.log10(5 * sigma[faint])
    assert column(made, "mag_limit_w3")[faint] == pytest.approx(limit, rel=1e-6)
    assert np.isnan(column(made, "mag_limit_w3")[~faint]).all()
    assert (np.sign(column(made, "nufnu_w3")) == np.sign(flux)).all()


def test_a_band_that_was_not_observed_is_masked(rows):
    table = rows.copy()
    table["flux_ivar_g"][:10] = 0
    made = photometry_table(table)
    for name in ("mag_g", "mag_limit_g", "nufnu_g", "nufnu_error_g"):
        assert made[name].mask[:10].all(), name


def test_spectral_energy_distribution_of_a_galaxy(made):
    sed = sed_table(read_catalogue(BACKEND), *GALAXY, 3.0)
    assert sed["band"].tolist() == list(BANDS)
    (number,) = sed.meta["sources"]
    row = made[made["ls_id"] == number][0]
    assert row["type"] == "SER"
    for entry in sed:
        band = entry["band"]
        assert entry["nufnu"] == pytest.approx(row[f"nufnu_{band}"], rel=1e-12)
        assert entry["nufnu_error"] == pytest.approx(row[f"nufnu_error_{band}"], rel=1e-12)
        energy = (constants.h * constants.c / (MICRONS[band] * u.um)).to_value(u.eV)
        assert entry["energy"] == pytest.approx(energy, rel=1e-5)
        through = 10 ** (-0.4 * entry["extinction"])
        assert entry["nufnu_observed"] == pytest.approx(entry["nufnu"] * through, rel=1e-6)
    assert np.isfinite(sed["nufnu_limit"][6])
    assert sed["nufnu_limit"].mask[:6].all()


def test_sum_of_sources_within_a_radius(rows):
    # Two sources within 4 arcsec of each other.
    ra, dec = 165.17021, 38.21736
    one = sed_table(rows, ra, dec, 4.0)
    two = sed_table(rows, ra, dec, 4.0, combine="sum")
    assert len(one.meta["sources"]) == 1
    assert len(two.meta["sources"]) == 2
    chosen = [rows["ls_id"].tolist().index(number) for number in two.meta["sources"]]
    total = sum(rows["flux_r"][k] / rows["mw_transmission_r"][k] for k in chosen)
    assert two["nufnu"][1] / one["nufnu"][1] == pytest.approx(
        total / (rows["flux_r"][chosen[0]] / rows["mw_transmission_r"][chosen[0]])
        if one.meta["sources"][0] == two.meta["sources"][0]
        else total / (rows["flux_r"][chosen[1]] / rows["mw_transmission_r"][chosen[1]]),
        rel=1e-6,
    )


def test_without_a_source_there_are_limits_at_the_depth_of_the_images(rows):
    sed = sed_table(rows, RA, DEC, 3.0)
    assert sed.meta["sources"] == []
    assert sed.meta["nearest_arcsec"] == pytest.approx(6.831, abs=0.001)
    assert sed["nufnu"].mask.all()
    nearest = rows[rows["ls_id"] == sed.meta["nearest"]][0]
    # The catalogue's description: 5/sqrt(psfdepth) is the limit of a point source in nanomaggies.
    flux = 5 / np.sqrt(float(nearest["psfdepth_r"])) / float(nearest["mw_transmission_r"]) * 3.631e-6 * u.Jy
    frequency = (MICRONS["r"] * u.um).to(u.Hz, u.spectral())
    assert sed["nufnu_limit"][1] == pytest.approx((flux * frequency).to_value("erg / (cm2 s)"), rel=2e-5)


def test_wavelengths_of_mmoda_reproduce_its_energies():
    spectrum = Table.read(backend()["output"]["spec"], format="ascii.ecsv")
    sed = sed_table(read_catalogue(BACKEND), *GALAXY, 3.0, system="mmoda")
    assert sed["energy"].tolist() == pytest.approx(spectrum["E"].tolist(), rel=1e-6)
    # And the published spectrum of NGC 1068 has these energies.
    published = [2.601, 1.991, 1.358, 0.3684, 0.2687, 0.1027, 0.0559]
    assert sed["energy"].tolist() == pytest.approx(published, rel=5e-4)
    # 1 nanomaggy: 3.631e-29 erg/(cm2 s Hz) times 3e10 cm/s over the wavelength.
    row = tractor()
    flux = sed["nufnu_observed"][0] / (3.631e-29 * 3e10 / 4770e-8)
    assert np.abs(row["flux_g"] - flux).min() < 1e-4


def test_each_camera_has_its_own_wavelengths():
    releases = np.array([9010, 9011, 9012, 10000, 8001])
    assert wavelengths("g", releases).tolist() == [4820.0, 4759.3, 4820.0, 4820.0, 4759.3]
    assert set(wavelengths("w2", releases)) == {46179.0}
    with pytest.raises(InputError, match="no band i"):
        wavelengths("i", releases, "mmoda")


def test_right_ascension_in_hours_is_told(rows):
    with pytest.raises(InputError, match=r"RA is in hours; give it in deg, 165\.113"):
        sed_table(rows, RA / 15, DEC, 3.0)
    with pytest.raises(InputError, match="give the position or the catalogue that belongs to it"):
        sed_table(rows, 200.0, -20.0, 3.0)


def written(table: Table, form: str) -> bytes:
    if form == "ascii.ecsv":
        stream = io.StringIO()
        table.write(stream, format=form)
        return stream.getvalue().encode()
    stream = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.write(stream, format=form)
    return stream.getvalue()


@pytest.mark.parametrize("form", ["ascii.ecsv", "votable", "fits"])
def test_every_form_of_the_catalogue_gives_the_same(form, rows, made, tmp_path):
    table = rows["ls_id", "release", "type", "ra", "dec", "flux_g", "flux_ivar_g", "mw_transmission_g"]
    path = tmp_path / "c.dat"
    path.write_bytes(gzip.compress(written(table[::-1], form)))
    again = photometry_table(read_catalogue(path))
    assert again["ls_id"].tolist() == made["ls_id"].tolist()
    assert column(again, "nufnu_g") == pytest.approx(column(made, "nufnu_g"), rel=1e-12)


def test_duplicates_of_gaia_and_other_bricks_are_left_out(rows, tmp_path):
    table = rows.copy()
    table["type"][5] = "DUP"
    table["brick_primary"][7] = 0
    path = tmp_path / "c.ecsv"
    path.write_bytes(written(table, "ascii.ecsv"))
    kept = read_catalogue(path)
    assert len(kept) == 650
    assert not {rows["ls_id"][5], rows["ls_id"][7]} & set(kept["ls_id"])


def test_what_is_no_catalogue_is_told(rows, tmp_path):
    small = rows["ls_id", "release", "type", "ra", "dec", "flux_g", "flux_ivar_g", "mw_transmission_g"]
    without = small.copy()
    del without["flux_ivar_g"]
    wrong = small.copy()
    wrong["dec"][3] = 95.0
    cases = {
        "no column flux_g": written(without, "ascii.ecsv"),
        "no column ls_id": written(Table({"a": [1]}), "ascii.ecsv"),
        "has no sources": written(small[:0], "ascii.ecsv"),
        "row 4: ra and dec are no position": written(wrong, "ascii.ecsv"),
        "is a web page": b"<html><body>504 Gateway Time-out</body></html>",
        "no whole ECSV table": b"what is this",
        "no whole VOTable": b"<?xml version='1.0'?><VOTABLE><RESOURCE>",
        "has no catalogue": json.dumps({"output": {"spec": ""}}).encode(),
    }
    for message, content in cases.items():
        path = tmp_path / "bad.dat"
        path.write_bytes(content)
        with pytest.raises(InputError, match=message):
            read_catalogue(path)
