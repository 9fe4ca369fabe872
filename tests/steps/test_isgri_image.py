"""The step isgri_image: products, names, two bands, two windows, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS

from isgri_image import isgri_image
from isgri_sim import detector, expected
from tidings.errors import InputError
from tidings.isgri.geometry import instrument_matrix, module_map, tangents
from tidings.isgri.shadowgram_file import write_windows
from tidings.isgri.sky_image_file import read_sky_images
from tidings.isgri.window import Cube, Pointing, Window
from tidings.step import main, run

FLAT = (module_map() >= 0).astype(float)
CRAB, FAINT = (83.6332, 22.0145), (88.0, 26.0)
FLUXES = ((150.0, 12.0), (60.0, 9.0))


def window(swid: str, pointing: Pointing, seed: int, fluxes=FLUXES) -> Window:
    """Two bands, 20-40 and 40-60 keV, of the Crab and a faint source."""
    exposure, random = detector(), np.random.default_rng(seed)
    matrix = instrument_matrix(pointing)
    directions = [tuple(float(t) for t in tangents(matrix, *place)) for place in (CRAB, FAINT)]
    counts = [random.poisson(expected(exposure, FLAT, directions, flux, rate=350)) for flux in fluxes]
    cube = Cube(np.array(counts), exposure, 3005.0, 3005.03, 2600.0)
    meta = {"REVOL": int(swid[:4]), "SIMULATED": True}
    return Window(swid, pointing, np.array([20.0, 40.0, 60.0]), (cube,), meta)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("image")
    first = window("066500280010", Pointing(83.0, 21.5, 83.0, -68.5), 1)
    second = window("066500290010", Pointing(83.5, 23.0, 83.5, -67.0), 2)
    write_windows([first, second], folder / "shadowgrams.fits", {})
    catalogue = "NAME,RA,DEC\nCrab,83.6332,22.0145\nQuiet,81.0,19.0\nFar,10.0,10.0\n"
    (folder / "catalogue.csv").write_text(catalogue)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(isgri_image, shadowgrams="shadowgrams.fits", catalogue="catalogue.csv", bands="20-40,40-60")
    return folder


def test_layout_of_the_images(made):
    with fits.open(made / "sky_images.fits", checksum=True) as hdus:
        assert [hdu.name for hdu in hdus][:3] == ["PRIMARY", "GROUPING", "ISGR-SKY.-IMA"]
        types = [hdu.header["IMATYPE"] for hdu in hdus[2:]]
        assert types == ["INTENSITY", "VARIANCE", "SIGNIFICANCE", "RESIDUAL", "EXPOSURE"] * 4
        assert len(hdus["GROUPING"].data) == 20
        header, plane = hdus[4].header, hdus[4].data
        x, y = WCS(header).world_to_pixel_values(*CRAB)
        z, row = np.unravel_index(plane.argmax(), plane.shape)
        assert (abs(x - row), abs(y - z)) < (1, 1)
        assert plane.max() > 100


def test_planes_agree(made):
    for image in read_sky_images(made / "sky_images.fits"):
        seen = image.variance > 0
        expected_ratio = image.intensity[seen] / np.sqrt(image.variance[seen])
        np.testing.assert_allclose(image.significance[seen], expected_ratio, rtol=1e-4)
        free = seen & (image.coded > 0.05)
        empty = image.residual[free] / np.sqrt(image.variance[free])
        assert empty.std() == pytest.approx(1, abs=0.04) and np.abs(empty).max() < 5.5
        # Two thousand seconds on axis.
        assert image.exposure.max() == pytest.approx(2000, rel=0.01)


def test_sources_of_windows_and_bands(made):
    table = Table.read(made / "sky_sources.ecsv", format="ascii.ecsv")
    assert len(table) == 8
    assert set(table["NAME"]) == {"Crab", "NEW_1"}
    for swid in ("066500280010", "066500290010"):
        for band, fluxes in zip((20.0, 40.0), FLUXES, strict=True):
            rows = table[(table["SWID"] == swid) & (table["E_MIN"] == band)]
            assert list(rows["NAME"]) == ["Crab", "NEW_1"] and list(rows["NEW_SOURCE"]) == [0, 1]
            pulls = (np.array(rows["FLUX"]) - fluxes) / rows["FLUX_ERR"]
            assert np.abs(pulls).max() < 4
    crab, new = table[table["NAME"] == "Crab"], table[table["NAME"] == "NEW_1"]
    assert set(zip(crab["RA_FIN"], crab["DEC_FIN"], strict=True)) == {CRAB}
    offset = np.hypot((new["RA_FIN"] - FAINT[0]) * np.cos(np.deg2rad(26)), new["DEC_FIN"] - FAINT[1])
    assert offset.max() < 2 * np.array(new["FIN_RD_ERR"]).max() and offset.max() * 60 < 2
    with fits.open(made / "sky_sources.fits") as hdus:
        assert [hdu.name for hdu in hdus[1:]] == ["ISGR-SKY.-RES"] * 4
        assert hdus[1].data["NAME"][0].strip() == "Crab"


def test_summary_and_figures(made):
    summary = json.loads((made / "sky_images.json").read_text())
    assert [row["sources"] for row in summary["images"]] == [2] * 4
    assert all(abs(row["empty_sky"]["sigma"] - 1) < 0.03 for row in summary["images"])
    assert all(row["errors_multiplied_by"] == 1 for row in summary["images"])
    for name in ("sky_image.png", "sky_image_checks.png"):
        assert (made / name).read_bytes()[:4] == b"\x89PNG"


def test_second_pass_takes_the_list(made, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    listed = "NAME,RA,DEC\nCrab,83.6332,22.0145\nQuiet,81.0,19.0\nNEW_7,88.0,26.0\nFar,10.0,10.0\n"
    (tmp_path / "mosaic.csv").write_text(listed)
    options = {"shadowgrams": made / "shadowgrams.fits", "bands": "20-40", "blind": False}
    run(isgri_image, sources="mosaic.csv", catalogue=made / "catalogue.csv", **options)
    table = Table.read("sky_sources.ecsv", format="ascii.ecsv")
    assert sorted(table["NAME"]) == ["Crab", "Crab", "NEW_7", "NEW_7", "Quiet", "Quiet"]
    assert np.abs(np.array(table["DETSIG"][table["NAME"] == "Quiet"])).max() < 4.5
    assert json.loads((tmp_path / "sky_images.json").read_text())["outside_every_field"] == ["Far"]


def test_same_bytes_again(made, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shadowgrams.fits").write_bytes((made / "shadowgrams.fits").read_bytes())
    (tmp_path / "catalogue.csv").write_bytes((made / "catalogue.csv").read_bytes())
    run(isgri_image, shadowgrams="shadowgrams.fits", catalogue="catalogue.csv", bands="20-40,40-60")
    for path in sorted(made.glob("sky_*")):
        assert (tmp_path / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(
    ("windows", "options", "message"),
    [
        (1, {"bands": "20-40,30-60"}, "30 keV is no edge"),
        (1, {"bands": "20-x"}, "20-x"),
        (1, {"bands": ""}, "bands is empty"),
        (0, {}, "no science window"),
        (None, {}, "no counts in the band"),
    ],
)
def test_refused(tmp_path, monkeypatch, windows, options, message):
    monkeypatch.chdir(tmp_path)
    one = window("066500280010", Pointing(83.0, 21.5, 83.0, -68.5), 1)
    if windows is None:
        one.cubes[0].counts[0] = 0
    write_windows([] if windows == 0 else [one], "shadowgrams.fits", {})
    with pytest.raises(InputError, match=message):
        run(isgri_image, shadowgrams="shadowgrams.fits", **({"bands": "20-40"} | options))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shadowgrams.fits"]


def test_command_line_says_what_is_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(isgri_image, ["--shadowgrams", "missing.fits"]) == 1
    assert "missing.fits" in capsys.readouterr().err
