"""The step isgri_mosaic on OSA's images of the Crab and on synthetic windows, good and bad."""

from __future__ import annotations

import json
import warnings

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS, FITSFixedWarning
from mocpy import MOC

from isgri_mosaic import isgri_mosaic
from isgri_sky import dithered, sky_image
from suite import ROOT
from tidings.isgri._sky_grid import image_grid
from tidings.isgri.mosaic import footprint, frame_of, make_mosaic
from tidings.isgri.sky_image_file import read_sky_images, write_sky_images
from tidings.isgri.source_search import find_sources
from tidings.step import main, run

DATA = ROOT / "data/isgri"
CRAB = [str(DATA / f"osa_sky_ima_crab_rev665_{letter}.fits.gz") for letter in "ab"]
CATALOGUES = [str(DATA / "gnrl_refr_cat_0043_isgri.fits.gz"), str(DATA / "bright_sources.csv")]
PULSAR = SkyCoord(83.6331, 22.0145, unit="deg")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_crab_in_images_of_osa(folder):
    run(isgri_mosaic, images=CRAB, catalogues=CATALOGUES)
    (row,) = Table.read("mosaic_sources.ecsv", format="ascii.ecsv")
    assert row["NAME"] == "Crab" and row["NEW_SOURCE"] == 0 and row["SCW_NUM_C"] == 2
    place = SkyCoord(row["RA_FIN"], row["DEC_FIN"], unit="deg")
    assert place.separation(PULSAR).arcmin < 0.3
    assert place.separation(PULSAR).deg < row["FIN_RD_ERR"]
    # OSA's rule, sum(f/V) / sum(1/V), on PSF fits of the single images and OSA's variances at the Crab.
    rates, variances = [], []
    for path in CRAB:
        (image,) = read_sky_images(path)
        single = make_mosaic([image], image_grid([footprint(image)]))
        rates.append(find_sources(single, 6.0)[0].flux)
        y, z = frame_of(image).pixels(np.array(PULSAR.cartesian.xyz))
        variances.append(float(image.variance[round(float(z)), round(float(y))]))
    mean = np.average(rates, weights=1 / np.array(variances))
    assert row["FLUX_25_80"] == pytest.approx(mean, rel=0.01)
    # Peaks of OSA's images, 168.9 and 187.1, lie below, as pixels do.
    assert row["FLUX_25_80"] > 187
    summary = json.loads((folder / "mosaic.json").read_text())
    (band,) = summary["bands"]
    assert 1.03 < band["noise"]["sigma"] < 1.10
    assert band["errors_multiplied_by"] == pytest.approx(band["noise"]["sigma"])
    assert [window["swid"] for window in summary["windows"]] == ["066500280010", "066500330010"]
    assert len(summary["psf"]) == 2
    with fits.open("mosaic.fits") as hdus, warnings.catch_warnings():
        # OSA's RADECSYS, which is there beside RADESYS.
        warnings.simplefilter("ignore", FITSFixedWarning)
        significance, header = hdus[4].data, hdus[4].header
        assert header["IMATYPE"] == "SIGNIFICANCE" and header["SIGSCALE"] == pytest.approx(1.0647, abs=0.01)
        known = hdus[3].data > 0
        deviation = np.sqrt(hdus[3].data[known])
        assert significance[known] == pytest.approx(hdus[2].data[known] / deviation, rel=1e-4, abs=1e-4)
        y, x = np.unravel_index(significance.argmax(), significance.shape)
        peak = WCS(header).pixel_to_world(x, y)
    assert peak.separation(PULSAR).arcmin < 4.94
    assert MOC.from_fits("mosaic_moc.fits").contains_skycoords(PULSAR)
    assert "text={Crab}" in (folder / "mosaic_sources.reg").read_text()
    for name in ("mosaic", "mosaic_checks"):
        assert (folder / f"{name}.png").read_bytes()[:4] == b"\x89PNG"
        assert (folder / f"{name}.pdf").read_bytes()[:4] == b"%PDF"


def windows(folder, count=4, bands=((20.0, 40.0),), rate=12.0, **change):
    """Write files of one synthetic window each."""
    rng, paths = np.random.default_rng(11), []
    for place in dithered(25)[: 2 * count : 2]:
        images = [
            sky_image(**place, sources=((83.2, 21.8, rate),), rng=rng, band=band, **change) for band in bands
        ]
        paths.append(f"{place['swid']}_{bands[0][0]:g}.fits")
        write_sky_images(images, folder / paths[-1])
    return paths


def test_two_bands_apart_and_combined(folder):
    paths = windows(folder, bands=((20.0, 40.0), (40.0, 60.0)), meta={"SIMULATED": True})
    run(isgri_mosaic, images=paths, systematics="report")
    (row,) = Table.read("mosaic_sources.ecsv", format="ascii.ecsv")
    assert row["NAME"] == "NEW_1"
    for name in ("20_40", "40_60"):
        assert abs(row[f"FLUX_{name}"] - 12) < 4 * row[f"FLUX_ERR_{name}"]
    with fits.open("mosaic.fits") as hdus:
        assert [hdu.name for hdu in hdus].count("ISGR-MOSA-IMA") == 8
        assert hdus[2].header["SIMULATED"] is True
    with fits.open("mosaic_sources.fits") as hdus:
        assert hdus[1].data["FLUX"][0, :2] == pytest.approx([row["FLUX_20_40"], row["FLUX_40_60"]], rel=1e-5)
    run(isgri_mosaic, images=paths, bands="20-40,40-60", combine=True, systematics="report")
    (both,) = Table.read("mosaic_sources.ecsv", format="ascii.ecsv")
    total = row["FLUX_20_40"] + row["FLUX_40_60"]
    assert both["FLUX_20_60"] == pytest.approx(total, rel=0.01)
    assert both["FLUX_ERR_20_60"] == pytest.approx(
        np.hypot(row["FLUX_ERR_20_40"], row["FLUX_ERR_40_60"]), rel=0.05
    )


def test_healpix_in_galactic_coordinates(folder):
    paths = windows(folder, 2)
    run(isgri_mosaic, images=paths, projection="HEALPIX", frame="galactic", pixel_size=8.0)
    with fits.open("mosaic.fits") as hdus:
        header = hdus[1].header
        assert (header["PIXTYPE"], header["ORDERING"], header["COORDSYS"]) == ("HEALPIX", "NESTED", "G")
    (row,) = Table.read("mosaic_sources.ecsv", format="ascii.ecsv")
    place = SkyCoord(row["RA_FIN"], row["DEC_FIN"], unit="deg")
    assert place.separation(SkyCoord(83.2, 21.8, unit="deg")).deg < 2 * row["FIN_RD_ERR"]


def test_empty_sky(folder):
    run(isgri_mosaic, images=windows(folder, 2, rate=0.0), catalogues=CATALOGUES)
    assert len(Table.read("mosaic_sources.ecsv", format="ascii.ecsv")) == 0
    summary = json.loads((folder / "mosaic.json").read_text())
    assert summary["sources"] == [] and abs(summary["bands"][0]["noise"]["sigma"] - 1) < 0.03
    assert len((folder / "mosaic_sources.reg").read_text().splitlines()) == 3


def test_same_inputs_give_same_bytes(folder):
    paths = windows(folder, 2)
    runs = []
    for _ in range(2):
        run(isgri_mosaic, images=paths)
        runs.append({path.name: path.read_bytes() for path in folder.glob("mosaic*")})
    assert len(runs[0]) == 11
    assert runs[0] == runs[1]


def refuse(capsys, folder, *arguments):
    """Run the command line, which must fail; return its message. Nothing may be left behind."""
    assert main(isgri_mosaic, [str(word) for word in arguments]) == 1
    assert not list(folder.glob("mosaic*"))
    return capsys.readouterr().err


def test_mixed_bands_are_refused_with_what_each_file_has(folder, capsys):
    first = windows(folder, 1)
    second = windows(folder, 2, bands=((30.0, 50.0), (50.0, 80.0)))[1:]
    message = refuse(capsys, folder, "--images", *first, *second)
    assert f"{first[0]}: 20-40" in message and f"{second[0]}: 30-50, 50-80" in message
    message = refuse(capsys, folder, "--images", *first, *second, "--bands", "30-50")
    assert first[0] in message and "no band 30-50" in message
    run(isgri_mosaic, images=second, bands="50-80")
    assert json.loads((folder / "mosaic.json").read_text())["bands"][0]["e_min"] == 50


def test_bad_inputs_are_refused_by_name(folder, capsys):
    good = windows(folder, 2)
    whole = (DATA / "osa_sky_ima_crab_rev665_a.fits.gz").read_bytes()
    (folder / "cut.fits.gz").write_bytes(whole[:400000])
    message = refuse(capsys, folder, "--images", good[0], "cut.fits.gz")
    assert "cut.fits.gz" in message and "fetch or make it again" in message
    message = refuse(capsys, folder, "--images", DATA / "isgr_srcl_res_template.fits")
    assert "no extension ISGR-SKY.-IMA" in message and "ISGR-SRCL-RES" in message
    message = refuse(capsys, folder, "--images", *good, good[0])
    assert "given twice" in message
    (folder / "again.fits").write_bytes((folder / good[0]).read_bytes())
    message = refuse(capsys, folder, "--images", *good, "again.fits")
    assert "give each window once" in message
    with fits.open(good[1]) as hdus:
        hdus = fits.HDUList([hdu.copy() for hdu in hdus])
    hdus[3].data = hdus[3].data * 0
    hdus.writeto("dead.fits")
    message = refuse(capsys, folder, "--images", good[0], "dead.fits")
    assert "dead.fits" in message and "VARIANCE is zero" in message


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--bands", "20to40"), "write it as 20-40"),
        (("--bands", "40-20"), "upper energy"),
        (("--longitude", "83"), "give both or neither"),
        (("--longitude", "200", "--latitude", "-40", "--width", "5", "--height", "5"), "no image touches"),
        (("--pixel_size", "0.5", "--width", "100", "--height", "100"), "million pixels"),
    ],
)
def test_bad_parameters_are_refused(folder, capsys, arguments, words):
    assert words in refuse(capsys, folder, "--images", *windows(folder, 1), *arguments)
