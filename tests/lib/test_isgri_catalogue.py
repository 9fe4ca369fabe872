"""Catalogues in all their spellings, names given to sources, and the lists written of them."""

from __future__ import annotations

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table

from suite import ROOT
from tidings.errors import InputError
from tidings.isgri.catalogue import empty_catalogue, positions, read_catalogue, read_catalogues, select
from tidings.isgri.source_list import (
    describe_columns,
    identify_sources,
    write_region,
    write_source_list,
)
from tidings.tables import write_table

DATA = ROOT / "data/isgri"
REFERENCE = DATA / "gnrl_refr_cat_0043_isgri.fits.gz"
BANDS = [(20.0, 40.0), (40.0, 80.0)]


def found(*rows) -> Table:
    """Return fitted sources (RA, Dec, significance)."""
    ra, dec, sigma = np.array(rows, float).T
    table = Table({"RA_FIN": ra, "DEC_FIN": dec, "FIN_RD_ERR": np.full(len(ra), 0.01), "DETSIG": sigma})
    table["FLUX"] = np.column_stack([sigma, sigma / 2])
    table["FLUX_ERR"] = np.ones((len(ra), 2))
    table["SCW_NUM_C"] = 3
    table["CONFUSED"] = False
    return table


def test_reference_catalogue_of_isdc():
    table = read_catalogue(REFERENCE)
    with fits.open(REFERENCE) as hdus:
        data = hdus["GNRL-REFR-CAT"].data
        assert len(table) == len(data) == 724
        assert table["RA_OBJ"] == pytest.approx(np.asarray(data["RA_OBJ"], float))
        assert list(table["NAME"]) == [name.strip() for name in data["NAME"]]
        assert table["ISGR_FLUX_1"] == pytest.approx(np.nan_to_num(np.asarray(data["ISGR_FLUX_1"], float)))
    # SIMBAD: SGR 1900+14 at 19 07 14.33 +09 19 20.1.
    row = table[table["NAME"] == "SGR 1900+14"]
    place = SkyCoord("19h07m14.33s", "+09d19m20.1s")
    assert positions(row)[0].separation(place).arcsec < 5


def test_selection():
    table = read_catalogue(REFERENCE)
    near = select(table, centre=(83.63, 22.01), radius=12, flag=1)
    assert 0 < len(near) < 20
    assert positions(near).separation(SkyCoord(83.63, 22.01, unit="deg")).deg.max() <= 12
    assert set(select(table, flag=2)["ISGRI_FLAG"]) == {2}
    assert len(select(table, flag2=(5,))) == 0
    assert select(table, min_flux=1.0)["ISGR_FLUX_1"].min() >= 1.0
    assert "SGR 1900+14" in select(table, min_flux=1e6, names=("SGR 1900+14",))["NAME"]


@pytest.mark.parametrize(
    "text",
    [
        "NAME,RA_OBJ,DEC_OBJ\nCrab,83.6331,22.0145\n",
        "# a comment\nMAIN_ID,ra,dec\nCrab,83.6331,22.0145\n",
        "Name;_RAJ2000;_DEJ2000\nCrab;83.6331;22.0145\n",
        "name\tRAJ2000\tDEJ2000\nCrab\t05 34 31.94\t+22 00 52.2\n",
        "Source,ra,dec\nCrab,5:34:31.94,+22:00:52.2\n",
        "source_name,GLON,GLAT\nCrab,184.5575,-5.7843\n",
    ],
)
def test_spellings_of_text_tables(tmp_path, text):
    path = tmp_path / "sources.csv"
    path.write_text(text)
    (row,) = read_catalogue(path)
    assert row["NAME"] == "Crab"
    assert row["RA_OBJ"] == pytest.approx(83.6331, abs=2e-4)
    assert row["DEC_OBJ"] == pytest.approx(22.0145, abs=2e-4)


@pytest.mark.parametrize("suffix", ["ecsv", "vot", "fits"])
def test_formats_and_units(tmp_path, suffix):
    table = Table({"NAME": ["Crab", "Cyg X-1"], "RA": [83.6331, 299.5903] * u.deg})
    table["DEC"] = np.radians([22.0145, 35.2016]) * u.rad
    path = tmp_path / f"list.{suffix}"
    write_table(table, path)
    back = read_catalogue(path)
    assert list(back["NAME"]) == ["Crab", "Cyg X-1"]
    assert back["DEC_OBJ"] == pytest.approx([22.0145, 35.2016])


def test_sexagesimal_declinations_south_of_the_equator(tmp_path):
    path = tmp_path / "south.csv"
    path.write_text("name,ra,dec\nX,00:00:30,-00:30:00\n")
    assert read_catalogue(path)["DEC_OBJ"][0] == pytest.approx(-0.5)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("NAME,X,Y\nCrab,1,2\n", "no columns of positions"),
        ("RA,DEC\n83,22\n", "no column of names"),
        ("NAME,RA,DEC\nCrab,83.6,122\n", r"row 1 \(Crab\)"),
        ("NAME,RA,DEC\nCrab,,22\n", r"row 1 \(Crab\)"),
        ("NAME,RA,DEC\nCrab,5:34:xx,+22:00:52\n", "cannot be understood"),
        ("just words\n", "neither FITS"),
    ],
)
def test_tables_that_are_no_catalogue_are_refused(tmp_path, text, words):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=words) as refused:
        read_catalogue(path)
    assert str(path) in str(refused.value)


def test_damaged_catalogues_are_refused(tmp_path):
    cut = tmp_path / "cut.fits.gz"
    cut.write_bytes(REFERENCE.read_bytes()[:100000])
    with pytest.raises(InputError, match=r"cut\.fits\.gz"):
        read_catalogue(cut)
    page = tmp_path / "cut.vot"
    page.write_text("<?xml version='1.0'?><VOTABLE><RESOURCE>")
    with pytest.raises(InputError, match=r"cut\.vot"):
        read_catalogue(page)
    with pytest.raises(InputError, match="no such file"):
        read_catalogue(tmp_path / "none.fits")


def test_earlier_catalogues_win(tmp_path):
    (tmp_path / "a.csv").write_text("name,ra,dec\nCrab,83.6331,22.0145\n")
    (tmp_path / "b.csv").write_text("name,ra,dec\nPSR B0531+21,83.6332,22.0144\nOther,10,10\n")
    table = read_catalogues([tmp_path / "a.csv", tmp_path / "b.csv"], 0.05)
    assert list(table["NAME"]) == ["Crab", "Other"]
    assert len(read_catalogues([])) == 0


def test_sources_get_names_from_the_catalogue_and_numbers_else(tmp_path):
    (tmp_path / "c.csv").write_text("name,ra,dec\nCrab,83.6331,22.0145\nNeighbour,83.66,22.05\nFar,90,25\n")
    catalogue = read_catalogue(tmp_path / "c.csv")
    table = identify_sources(
        found((83.634, 22.015, 100), (83.64, 22.02, 9), (70, 20, 8), (71, 20, 7)), catalogue, 0.06, 0.003
    )
    # The second candidate of the Crab is told; it names the next source; the far one names none.
    assert list(table["NAME"]) == ["Crab", "Neighbour", "NEW_1", "NEW_2"]
    assert list(table["NEW_SOURCE"]) == [0, 0, 1, 1]
    assert table["COMMENTS"][0] == "or Neighbour"
    offset = positions(catalogue)[0].separation(SkyCoord(83.634, 22.015, unit="deg", frame="fk5")).arcmin
    assert table["OFFSET"][0] == pytest.approx(offset)
    assert table["RA_OBJ"][0] == pytest.approx(83.6331) and table["RA_OBJ"][2] == 70
    assert table["FIN_RD_ERR"][0] == pytest.approx(np.hypot(0.01, 0.003))


def test_position_error_widens_the_identification(tmp_path):
    (tmp_path / "c.csv").write_text("name,ra,dec\nX,10,0\n")
    catalogue = read_catalogue(tmp_path / "c.csv")
    sources = found((10.08, 0, 6))
    assert identify_sources(sources, catalogue, 0.05)["NAME"][0] == "NEW_1"
    sources["FIN_RD_ERR"] = 0.07
    assert identify_sources(sources, catalogue, 0.05)["NAME"][0] == "X"


def test_source_list_is_osas_column_by_column(tmp_path):
    table = identify_sources(found((83.634, 22.015, 100), (70, 20, 8)), empty_catalogue(), 0.05)
    write_source_list(table, BANDS, tmp_path / "list.fits", {"step": "test"}, {"SIMULATED": True})
    with fits.open(DATA / "isgr_srcl_res_template.fits") as theirs, fits.open(tmp_path / "list.fits") as ours:
        assert ours[1].name == theirs[1].name == "ISGR-SRCL-RES"
        for column, other in zip(ours[1].columns, theirs[1].columns, strict=True):
            assert (column.name, column.format, column.unit) == (other.name, other.format, other.unit)
            assert (column.bzero, column.bscale) == (other.bzero, other.bscale)
        data = ours[1].data
        assert list(data["NAME"]) == ["NEW_1", "NEW_2"] and list(data["NEW_SOURCE"]) == [1, 1]
        assert data["FLUX"][0, :3] == pytest.approx([100, 50, 0])
        assert data["E_MAX"][0, :3] == pytest.approx([40, 80, 0])
        assert ours[1].header["EBIN_NUM"] == 2 and ours[1].header["SIMULATED"] is True
    # It is a catalogue for the second pass.
    back = read_catalogue(tmp_path / "list.fits")
    assert list(back["NAME"]) == ["NEW_1", "NEW_2"]
    assert back["RA_OBJ"] == pytest.approx([83.634, 70], abs=1e-5)


def test_lists_for_other_tools(tmp_path):
    table = identify_sources(found((83.634, -0.5, 100)), empty_catalogue(), 0.05)
    described = describe_columns(table, BANDS)
    write_table(described, tmp_path / "list.vot", {"step": "test"})
    back = Table.read(tmp_path / "list.vot")
    assert back["FLUX_40_80"][0] == 50 and back["FLUX_40_80"].unit == u.Unit("count/s")
    assert back["RA_FIN"].meta["ucd"] == "pos.eq.ra;meta.main"
    write_region(table, tmp_path / "list.reg")
    lines = (tmp_path / "list.reg").read_text().splitlines()
    assert lines[2] == "fk5"
    assert lines[3].startswith("circle(83.63400,-0.50000,1.00') # text={NEW_1}")


def test_no_source_at_all(tmp_path):
    table = identify_sources(found((1, 1, 1))[:0], empty_catalogue(), 0.05)
    write_source_list(table, BANDS, tmp_path / "none.fits", {"step": "test"})
    write_table(describe_columns(table, BANDS), tmp_path / "none.ecsv", {"step": "test"})
    write_table(describe_columns(table, BANDS), tmp_path / "none.vot", {"step": "test"})
    assert len(read_catalogue(tmp_path / "none.fits")) == 0
    assert len(Table.read(tmp_path / "none.ecsv")) == 0
