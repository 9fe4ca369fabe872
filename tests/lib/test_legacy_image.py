"""Images of the Legacy Surveys: units, coordinates against bright sources, directions; what is no image."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.wcs import WCS
from photutils.centroids import centroid_com

from legacy import BACKEND, CUTOUT, DEC, RA, backend, image_file, tractor
from tidings.errors import InputError
from tidings.legacy.catalogue import read_catalogue
from tidings.legacy.figures import directions, image_figure
from tidings.legacy.image import read_image
from tidings.legacy.product import astrometry, image_summary, write_image
from tidings.legacy.sources import detect, measure_sources


@pytest.fixture(scope="module")
def field():
    return read_image(BACKEND)


@pytest.fixture(scope="module")
def sources(field):
    return measure_sources(field, read_catalogue(BACKEND), "g")


def test_coordinates_agree_with_bright_sources_centroid_by_centroid(sources):
    assert len(sources) >= 12
    assert np.hypot(sources["dx"], sources["dy"]).max() < 0.3
    told = astrometry(sources)
    assert told["fitted"] == len(sources)
    # No shift of the field as a whole: 0.02 pixels are its error.
    assert np.hypot(told["mean_dx_pixel"], told["mean_dy_pixel"]) < 0.05


def test_coordinates_agree_by_another_way_too(sources):
    # Centres of light of the file's own pixels, and astropy's coordinates of its own header.
    output = backend()["output"]
    header = fits.Header({k: v for k, v in output["imfits_head"].items() if k != "COMMENT"})
    pixels, wcs = np.array(output["imfits_data"]), WCS(header)
    for row in sources:
        x, y = wcs.world_to_pixel(SkyCoord(row["ra"], row["dec"], unit="deg"))
        column, line = round(float(x)), round(float(y))
        part = pixels[line - 3 : line + 4, column - 3 : column + 4]
        dx, dy = centroid_com(part - np.median(pixels))
        assert np.hypot(dx + column - 3 - x, dy + line - 3 - y) < 0.3


def test_values_become_nanomaggies_per_pixel(field, sources):
    # The file's values are per 0.262 arcsec pixel: 14.57 of them make one of 1 arcsec.
    raw = np.array(backend()["output"]["imfits_data"])
    assert np.allclose(field.data[0], raw / 0.262**2)
    # In 5 arcsec lie 95 to 100 % of a star's flux in this seeing.
    points = sources[(sources["type"] == "PSF") & (sources["flux"] > 20)]
    ratio = points["aperture_flux"] / points["flux"]
    assert len(points) >= 5
    assert ((ratio > 0.94) & (ratio < 1.01)).all()


def test_product_keeps_coordinates_and_unit(field, tmp_path):
    write_image(field, tmp_path / "i.fits", {"step": "x"})
    again = read_image(tmp_path / "i.fits")
    assert np.allclose(again.data, field.data, rtol=1e-6)
    assert (again.bands, again.scale) == (("g",), 1.0)
    with fits.open(tmp_path / "i.fits") as hdus:
        header = hdus[0].header
    assert (header["BUNIT"], header["RADESYS"]) == ("nanomaggy", "ICRS")
    assert not {"DATE", "DATE-OBS", "MJD-OBS"} & set(header)
    for x, y in ((0, 0), (359, 0), (100, 300)):
        ours = WCS(header).pixel_to_world(x, y)
        assert ours.separation(field.wcs.pixel_to_world(x, y)).arcsec < 1e-4


def test_cube_of_bands(tmp_path):
    planes = np.random.default_rng(1).normal(0, 1, (3, 40, 50))
    path = image_file(tmp_path / "c.fits", planes, scale=0.262, BANDS="grz")
    image = read_image(path)
    assert (image.bands, image.shape) == (("g", "r", "z"), (40, 50))
    assert np.allclose(image.plane("r"), planes[1].astype(np.float32))
    with pytest.raises(InputError, match="no band 'i', but g, r, z"):
        image.plane("i")
    # Drawn in colour.
    drawn = image_figure(image, "g").axes[0].images[0].get_array()
    assert drawn.shape == (40, 50, 3)
    write_image(image, tmp_path / "p.fits")
    assert np.allclose(read_image(tmp_path / "p.fits").data, image.data, rtol=1e-6)


@pytest.mark.parametrize("angle", [0, 30, 135, 250])
def test_arrows_point_north_and_east_however_the_image_lies(angle, tmp_path):
    image = read_image(image_file(tmp_path / "r.fits", np.ones((50, 50)), angle=angle))
    arrows = directions(image.wcs, image.shape)
    middle = SkyCoord(*image.centre, unit="deg")
    for letter, wanted in (("N", (0, 10)), ("E", (10, 0))):
        dx, dy = arrows[letter]
        there = image.wcs.pixel_to_world(24.5 + 10 * dx, 24.5 + 10 * dy)
        moved = [offset.arcsec for offset in middle.spherical_offsets_to(there)]
        assert moved == pytest.approx(wanted, abs=0.01)


def test_scale_bar_has_the_length_it_says(field):
    axes = image_figure(field, "g").axes[0]
    bar = next(line for line in axes.lines if line.get_color() == "black")
    pixels = np.ptp(bar.get_xdata())
    assert any(text.get_text() == "1′" for text in axes.texts)
    assert pixels * field.scale == pytest.approx(60)


def test_what_stands_out_is_detected(tmp_path):
    rng = np.random.default_rng(2)
    rows, columns = np.indices((80, 80))
    data = rng.normal(0, 0.01, (80, 80))
    for x, y, flux in ((20, 30, 8.0), (60, 55, 3.0)):
        data += flux / (2 * np.pi * 4) * np.exp(-((columns - x) ** 2 + (rows - y) ** 2) / 8)
    image = read_image(image_file(tmp_path / "d.fits", data, scale=0.262))
    found = detect(image, "g")
    assert len(found) == 2
    assert found["x"].tolist() == pytest.approx([20, 60], abs=0.1)
    # A segment ends at 3 sigma, 0.03; that part of a Gaussian's flux lies beyond which this is of its peak.
    inside = [flux - 0.03 * 2 * np.pi * 4 for flux in (8.0, 3.0)]
    assert found["flux"].tolist() == pytest.approx(inside, rel=0.06)
    assert image_summary(image, "g", found)["noise_nanomaggy"]["g"] == pytest.approx(0.01, rel=0.05)
    quiet = read_image(image_file(tmp_path / "q.fits", rng.normal(0, 1, (60, 60))))
    assert len(detect(quiet, "g")) == 0


def test_ngc_4388_is_where_it_is():
    image = read_image(CUTOUT)
    found = detect(image, "g")
    # NED: 186.44478, +12.66209 deg; the galaxy has dust, which moves its centre of light.
    apart = SkyCoord(186.44478, 12.66209, unit="deg").separation(
        SkyCoord(found["ra"][0], found["dec"][0], unit="deg")
    )
    assert apart.arcsec < 5
    assert found["semimajor"][0] > 30
    # Total g magnitude near 11.4: B 11.76, g = B - 0.4 about.
    assert 22.5 - 2.5 * np.log10(found["flux"][0]) == pytest.approx(11.5, abs=0.4)


def json_file(path, change):
    value = backend()
    change(value)
    path.write_text(json.dumps(value))
    return path


BAD = {
    "blank": (
        lambda f: image_file(f / "b.fits", np.zeros((9, 9))).read_bytes(),
        "a blank image: the position is outside of the survey's footprint",
    ),
    "nan": (lambda f: image_file(f / "b.fits", np.full((9, 9), np.nan)).read_bytes(), "blank image"),
    "hours": (
        lambda f: image_file(f / "b.fits", np.zeros((9, 9)), ra=11.007587).read_bytes(),
        r"right ascension of 11\.0076 was meant in hours, it is 165\.1138 deg",
    ),
    "page": (lambda f: b"<!DOCTYPE html><html>Log in</html>", "is a web page, not an image"),
    "text": (lambda f: b"no overlap", "is something else, not an image .*no overlap"),
    "cut": (lambda f: gzip.decompress(CUTOUT.read_bytes())[:500000], "no whole FITS file"),
    "cut gzip": (lambda f: CUTOUT.read_bytes()[:100000], "no whole gzip file"),
    "empty": (lambda f: b"", "is empty"),
    "no coordinates": (
        lambda f: image_file(f / "b.fits", np.ones((9, 9)), CTYPE1=None, CTYPE2=None).read_bytes(),
        "no right ascension and declination",
    ),
    "bands": (
        lambda f: image_file(f / "b.fits", np.ones((2, 9, 9)), BANDS="grz").read_bytes(),
        "BANDS is 'grz', but there are 2 planes",
    ),
    "other JSON": (lambda f: b'{"image": 1}', "no answer of MMODA's Legacy Survey service .*but: image"),
    "no image": (lambda f: b'{"output": {"catalog": ""}}', "its output has no image"),
    "broken JSON": (lambda f: b'{"output": ', "is no JSON"),
    "failed": (lambda f: b'{"exceptions": ["timeout"], "output": {}}', "the service failed: .*timeout"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_image_is_told(case, tmp_path):
    content, message = BAD[case]
    path = tmp_path / "bad.dat"
    path.write_bytes(content(tmp_path))
    with pytest.raises(InputError, match=message) as error:
        read_image(path)
    assert str(error.value).startswith(f"{path}: ")


def test_image_without_overlap_in_the_older_form(tmp_path):
    # An older version of the viewer writes a header alone, with OVERLAP = F.
    hdu = fits.PrimaryHDU()
    hdu.header["OVERLAP"] = False
    hdu.writeto(tmp_path / "o.fits")
    with pytest.raises(InputError, match="outside of the survey's footprint"):
        read_image(tmp_path / "o.fits")


def test_catalogue_of_another_field_is_told(field):
    table = tractor()
    table["ra"] /= 15
    with pytest.raises(InputError, match=r"none of the catalogue's 652 sources.*RA in deg"):
        measure_sources(field, table, "g")
    with pytest.raises(InputError, match="no fluxes in band i"):
        measure_sources(field, tractor(), "i")
    assert field.centre == pytest.approx((RA, DEC), abs=1e-6)
