"""The step skymap_region on real maps, and on files that are none."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from mocpy import MOC

from skymap_region import skymap_region
from suite import ROOT
from tidings.errors import InputError
from tidings.skymap.reading import read_skymap
from tidings.step import run

MAPS = ROOT / "data/skymap"
GW170817 = MAPS / "GW170817_skymap.fits.gz"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_regions_of_gw170817(folder):
    run(skymap_region, skymap=GW170817, ra=197.4488, dec=-23.3840)
    table = Table.read("areas.ecsv", format="ascii.ecsv")
    assert table["level"].tolist() == [50, 90]
    assert table["area"].tolist() == pytest.approx([5.001467, 16.157943], rel=1e-6)
    assert table["area"].unit == "deg2"
    assert np.all(table["area_tiles"] > table["area"])
    assert table["parts"].tolist() == [1, 1]
    summary = json.loads((folder / "region.json").read_text())
    assert summary["most_probable"]["dec_deg"] == pytest.approx(-21.3, abs=0.1)
    assert summary["header"]["DISTMEAN"] == pytest.approx(38.0, abs=0.05)
    for row in table:
        names = [f"mocs/region_{row['level']:g}.moc.{suffix}" for suffix in ("fits", "json", "txt")]
        mocs = [MOC.load(*pair) for pair in zip(names, ("fits", "json", "ascii"), strict=True)]
        assert mocs[0] == mocs[1] == mocs[2]
        assert mocs[0].sky_fraction * 41252.9612494 == pytest.approx(row["area_tiles"], rel=1e-9)
    shapes = json.loads((folder / "contours.geojson").read_text())["features"]
    assert [shape["properties"]["level_percent"] for shape in shapes] == [50, 90]
    assert [len(shape["geometry"]["coordinates"]) for shape in shapes] == [1, 1]
    lines = (folder / "contours.reg").read_text().splitlines()
    assert [line.partition("(")[0] for line in lines if "polygon" in line] == ["polygon", "polygon"]
    first, again = read_skymap(GW170817), read_skymap(folder / "map.multiorder.fits")
    assert np.array_equal(first.uniq, again.uniq)
    assert np.array_equal(first.density, again.density)
    assert first.meta == again.meta


def test_other_levels_and_a_ring_map(folder):
    run(
        skymap_region, skymap=MAPS / "GRB220617A_IPN_map_hpx.fits.gz", levels=[99.0, 50.0], name="GRB 220617A"
    )
    table = Table.read("areas.ecsv", format="ascii.ecsv")
    assert table["level"].tolist() == [50, 99]
    assert round(float(table["area_tiles"][0]), 3) == 0.027
    assert json.loads((folder / "region.json").read_text())["name"] == "GRB 220617A"
    assert (folder / "mocs/region_99.moc.fits").is_file()


def small(path, **header):
    hdu = fits.BinTableHDU.from_columns([fits.Column("PROB", "D", array=np.full(48, 2 / 48))])
    hdu.header.update({"NSIDE": 2, "ORDERING": "RING"} | header)
    if hdu.header["ORDERING"] == "":
        del hdu.header["ORDERING"]
    hdu.writeto(path)
    return path


def test_a_map_that_needs_help(folder):
    path = small(folder / "map.fits", ORDERING="")
    with pytest.raises(InputError, match=r"map.fits, HDU 1: the header has no ORDERING"):
        run(skymap_region, skymap=path)
    with pytest.raises(InputError, match="sum to 2, not to 1"):
        run(skymap_region, skymap=path, ordering="ring")
    run(skymap_region, skymap=path, ordering="ring", normalise=True, levels=[90.0])
    # One tile per base pixel, and all are as dense: they come in together.
    assert Table.read("areas.ecsv", format="ascii.ecsv")["tiles"][0] == 12


def test_distances_that_are_none_can_be_left_out(folder):
    columns = {"PROB": np.full(48, 1 / 48), "DISTMU": np.full(48, np.inf), "DISTSIGMA": np.ones(48)}
    columns["DISTNORM"] = np.zeros(48)
    hdu = fits.BinTableHDU.from_columns([fits.Column(n, "D", array=v) for n, v in columns.items()])
    hdu.header.update({"NSIDE": 2, "ORDERING": "NESTED"})
    hdu.writeto("map.fits")
    with pytest.raises(InputError, match=r"no distance is finite .* \(parameter drop_distance\)"):
        run(skymap_region, skymap="map.fits")
    run(skymap_region, skymap="map.fits", drop_distance=True)
    assert not read_skymap(folder / "map.multiorder.fits").has_distance
    assert Table.read("areas.vot", format="votable")["area"].unit == "deg2"


def test_files_that_are_none(folder):
    page = folder / "page.fits.gz"
    page.write_text("<html><head><title>404 Not Found</title></head></html>")
    with pytest.raises(InputError, match=r"page.fits.gz: this is a web page, titled '404 Not Found'"):
        run(skymap_region, skymap=page)
    cut = folder / "cut.fits.gz"
    cut.write_bytes(GW170817.read_bytes()[:100_000])
    with pytest.raises(InputError, match=r"cut.fits.gz: the compressed file is truncated"):
        run(skymap_region, skymap=cut)
    alert = folder / "alert.json"
    alert.write_text('{"alert_type": "RETRACTION", "superevent_id": "S1", "event": null}')
    with pytest.raises(InputError, match=r"alert.json"):
        run(skymap_region, skymap=alert)
    with pytest.raises(InputError, match="ra and dec belong together"):
        run(skymap_region, skymap=GW170817, ra=3.0)
