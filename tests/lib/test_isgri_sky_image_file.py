"""Sky images of OSA and ours: read exactly, written in OSA's layout; damaged ones refused by name."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from isgri_sky import sky_image
from suite import ROOT
from tidings.errors import InputError
from tidings.isgri.sky_image_file import (
    ISGRI_PSF,
    PLANES,
    list_sky_images,
    read_sky_images,
    write_sky_images,
)

DATA = ROOT / "data/isgri"
CRAB = [DATA / f"osa_sky_ima_crab_rev665_{letter}.fits.gz" for letter in "ab"]


@pytest.mark.parametrize(("path", "swid"), [(CRAB[0], "066500280010"), (CRAB[1], "066500330010")])
def test_osa_images_are_read_exactly(path, swid):
    (image,) = read_sky_images(path)
    with fits.open(path) as hdus:
        for number, name in enumerate(PLANES, 2):
            assert hdus[number].header["IMATYPE"] == name
            assert np.array_equal(image.planes[name], hdus[number].data)
        header = hdus[2].header
    assert (image.swid, image.revolution, image.band) == (swid, 665, (25.0, 80.0))
    assert (image.tstart, image.tstop) == (header["TFIRST"], header["TLAST"])
    assert image.ontime == header["ONTIME"] and image.meta["EXPOSURE"] == header["EXPOSURE"]
    assert image.psf is None
    # The Crab's pixel by the cards themselves, as gnomonic formulae.
    ra, dec, ra0, dec0 = np.radians([83.6331, 22.0145, header["CRVAL1"], header["CRVAL2"]])
    cosine = np.sin(dec0) * np.sin(dec) + np.cos(dec0) * np.cos(dec) * np.cos(ra - ra0)
    plane = np.degrees(
        [
            np.cos(dec) * np.sin(ra - ra0) / cosine,
            (np.cos(dec0) * np.sin(dec) - np.sin(dec0) * np.cos(dec) * np.cos(ra - ra0)) / cosine,
        ]
    )
    matrix = [[header[f"CD{i}_{j}"] for j in (1, 2)] for i in (1, 2)]
    pixel = np.linalg.solve(matrix, plane) + np.array([header["CRPIX1"], header["CRPIX2"]]) - 1
    assert image.wcs.wcs_world2pix([[83.6331, 22.0145]], 0)[0] == pytest.approx(pixel, abs=1e-6)
    # And the brightest pixel is the one next to it.
    peak = np.unravel_index(image.significance.argmax(), image.significance.shape)
    assert np.abs(np.array(peak[::-1]) - pixel).max() < 0.6


def test_written_files_have_osas_columns_and_keywords(tmp_path):
    (image,) = read_sky_images(CRAB[0])
    write_sky_images([image], tmp_path / "one.fits", {"step": "test"})
    with fits.open(CRAB[0]) as theirs, fits.open(tmp_path / "one.fits") as ours:
        assert [hdu.name for hdu in ours] == [hdu.name for hdu in theirs]
        for column, other in zip(ours[1].columns, theirs[1].columns, strict=True):
            assert (column.name, column.format, column.unit) == (other.name, other.format, other.unit)
            assert list(ours[1].data[column.name]) == list(theirs[1].data[column.name])
        of_isdc = {"DATE", "STAMP", "CONFIGUR", "EXTREL", "COMMENT", "BSCALE", "BZERO"}
        for hdu, other in zip(ours[2:], theirs[2:], strict=True):
            assert set(other.header) - set(hdu.header) <= of_isdc
            for key in set(other.header) - of_isdc - {"CHECKSUM", "DATASUM", "CREATOR", "ORIGIN"}:
                wanted = other.header[key]
                # A card holds one digit less than a double.
                wanted = pytest.approx(wanted, rel=1e-12) if isinstance(wanted, float) else wanted
                assert hdu.header[key] == wanted, key
            assert np.array_equal(hdu.data, other.data)
            assert hdu.verify_checksum() == 1


def test_many_windows_and_bands_come_back_as_they_were(tmp_path):
    images = [
        sky_image(swid=swid, band=band, rng=np.random.default_rng(1), meta={"SIMULATED": True, "DEADC": 0.7})
        for swid in ("000100010010", "000100020010")
        for band in ((20.0, 40.0), (40.0, 60.0))
    ]
    write_sky_images(images, tmp_path / "many.fits", {"step": "test"})
    assert [(entry.swid, entry.e_min) for entry in list_sky_images(tmp_path / "many.fits")] == [
        (image.swid, image.e_min) for image in images
    ]
    for image, back in zip(images, read_sky_images(tmp_path / "many.fits"), strict=True):
        for name in PLANES:
            assert np.array_equal(image.planes[name], back.planes[name])
        assert (back.swid, back.band, back.tstart, back.ontime) == (
            image.swid,
            image.band,
            image.tstart,
            image.ontime,
        )
        assert back.psf == pytest.approx(ISGRI_PSF)
        assert back.meta["SIMULATED"] is True and back.meta["DEADC"] == 0.7
        pixels = np.array([[10.0, 20.0], [300.0, 111.0]])
        assert back.wcs.wcs_pix2world(pixels, 0) == pytest.approx(
            image.wcs.wcs_pix2world(pixels, 0), abs=1e-9
        )
    with fits.open(tmp_path / "many.fits") as hdus:
        assert list(hdus["GROUPING"].data["SWID"][::5]) == [image.swid for image in images]
    assert len(read_sky_images(tmp_path / "many.fits", (40.0, 60.0))) == 2


def test_time_bins_of_one_window_stay_apart(tmp_path):
    image = sky_image()
    later = replace(image, tstart=image.tstop, tstop=image.tstop + 0.02)
    write_sky_images([image, later], tmp_path / "bins.fits")
    assert [back.tstart for back in read_sky_images(tmp_path / "bins.fits")] == [image.tstart, later.tstart]


def test_same_images_give_same_bytes(tmp_path):
    for name in ("a.fits", "b.fits"):
        write_sky_images([sky_image(sources=((83.0, 22.0, 9.0),))], tmp_path / name, {"step": "test"})
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()


def test_undefined_pixels_are_written_as_zero(tmp_path):
    plane = sky_image().intensity.copy()
    plane[0, 0] = np.nan
    write_sky_images([replace(sky_image(), intensity=plane)], tmp_path / "nan.fits")
    assert read_sky_images(tmp_path / "nan.fits")[0].intensity[0, 0] == 0


def rewrite(path, change):
    """Write a copy of a synthetic image whose HDUs `change` has altered."""
    write_sky_images([sky_image()], path)
    with fits.open(path) as hdus:
        hdus = fits.HDUList([hdu.copy() for hdu in hdus])
    change(hdus)
    hdus.writeto(path, overwrite=True, checksum=False)


def drop(*keys):
    def change(hdus):
        for hdu in hdus[2:]:
            for key in keys:
                hdu.header.remove(key, ignore_missing=True)

    return change


def no_variance(hdus):
    hdus[3].data = hdus[3].data * 0


def other_name(hdus):
    for hdu in hdus[2:]:
        hdu.header["EXTNAME"] = "ISGR-DETE-SHD"


def smaller(hdus):
    hdus[3].data = hdus[3].data[:-1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (other_name, "no extension ISGR-SKY.-IMA"),
        (no_variance, "VARIANCE is zero everywhere"),
        (drop("CTYPE1", "CTYPE2"), "no gnomonic WCS"),
        (drop("E_MIN"), "no E_MIN"),
        (drop("TSTART", "TSTOP"), "no TSTART"),
        (lambda hdus: hdus.pop(3), "no plane VARIANCE"),
        (smaller, "differ in shape"),
    ],
)
def test_images_that_cannot_be_used_are_refused_by_name(tmp_path, change, words):
    path = tmp_path / "bad.fits"
    rewrite(path, change)
    with pytest.raises(InputError, match=words) as refused:
        read_sky_images(path)
    assert str(path) in str(refused.value)


def test_damaged_files_are_refused_by_name(tmp_path):
    whole = CRAB[0].read_bytes()
    cut = tmp_path / "cut.fits.gz"
    cut.write_bytes(whole[: len(whole) // 2])
    plain = tmp_path / "cut.fits"
    plain.write_bytes(gzip.decompress(whole)[:-700000])
    text = tmp_path / "page.fits"
    text.write_text("<html>not found</html>")
    for path in (cut, plain, text):
        with pytest.raises(InputError, match="no whole FITS file") as refused:
            read_sky_images(path)
        assert str(path) in str(refused.value)
    with pytest.raises(InputError, match="no such file"):
        read_sky_images(tmp_path / "none.fits")
    with pytest.raises(InputError, match="no image to write"):
        write_sky_images([], tmp_path / "none.fits")
    assert not (tmp_path / "none.fits").exists()


def test_a_file_without_residual_or_exposure_is_read(tmp_path):
    def fewer(hdus):
        del hdus[6], hdus[5], hdus[4]

    path = tmp_path / "two.fits"
    rewrite(path, fewer)
    (image,) = read_sky_images(path)
    known = image.variance > 0
    assert image.significance[known] == pytest.approx(
        image.intensity[known] / np.sqrt(image.variance[known]), abs=1e-5
    )
    assert image.exposure[known].min() == image.ontime
