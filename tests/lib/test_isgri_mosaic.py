"""Mosaics and the search for sources, against analytic skies, astropy's WCS and healpy."""

from __future__ import annotations

from dataclasses import replace

import healpy
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from mocpy import MOC

from isgri_sky import SHAPE, STEP, dithered, psf, sky_image
from tidings.errors import InputError
from tidings.isgri._psf import PHASES, measure_psf, noise_correlation, profile, taps
from tidings.isgri._sky_grid import healpix_grid, image_grid, longitude_latitude, unit_vectors
from tidings.isgri.mosaic import footprint, frame_of, make_mosaic
from tidings.isgri.mosaic_file import coverage_ranges, write_mosaics
from tidings.isgri.mosaic_product import band_tables, judge
from tidings.isgri.sky_image_file import ISGRI_PSF
from tidings.isgri.source_search import find_sources, fit_noise, measure_fluxes, source_free
from tidings.skymap.footprint import write_moc

SKY = ((83.0211, 22.0147, 100.0), (86.337, 25.118, 20.0), (79.111, 19.903, 8.0))


@pytest.fixture(scope="module")
def edges():
    return [footprint(sky_image(**place)) for place in dithered(25)[::6]]


@pytest.fixture(scope="module")
def clean(edges):
    """Noiseless mosaic of nine windows."""
    images = (sky_image(**place, sources=SKY) for place in dithered(25)[::3])
    return make_mosaic(images, image_grid(edges))


@pytest.fixture(scope="module")
def empty(edges):
    """Empty mosaics of 1, 4 and 25 windows of noise."""
    rng = np.random.default_rng(4)
    images = [sky_image(**place, rng=rng) for place in dithered(25)]
    grid = image_grid(edges)
    return {count: make_mosaic(images[:count], grid) for count in (1, 4, 25)}


def separation(source, ra, dec):
    lon, lat = longitude_latitude(source.direction)
    return SkyCoord(lon, lat, unit="deg").separation(SkyCoord(ra, dec, unit="deg")).arcmin


def test_psf_is_two_triangles_convolved():
    x = np.linspace(-4, 4, 161)
    assert profile(x, *ISGRI_PSF) == pytest.approx(psf(x), abs=1e-5)
    # Their values at whole pixels, for cells of 11.2 and pixels of 4.0 mm with a pitch of 4.6.
    assert profile(np.arange(1.0, 4), *ISGRI_PSF) == pytest.approx([0.669, 0.211, 0.003], abs=5e-4)


@pytest.mark.parametrize("correlation", [None, (1.0, 0.72, 0.31, 0.11)])
def test_weights_are_unbiased_at_every_phase(correlation):
    made = taps(ISGRI_PSF, correlation)
    phase = np.arange(PHASES + 1)[:, None] / PHASES
    seen = (made.weights * psf(np.arange(-1, 3) - phase)).sum(axis=1)
    assert seen == pytest.approx(1, abs=2e-4)
    # Mirror symmetry: no preferred direction.
    assert made.weights[::-1, ::-1] == pytest.approx(made.weights, abs=1e-5)


def test_weights_cost_little_noise():
    made = taps(ISGRI_PSF)
    assert made.variance.min() >= 1 - 1e-6 and made.variance.max() == pytest.approx(1.045, abs=1e-3)
    # No other unbiased weights have less variance: moves that keep the bias at zero only add.
    lags = np.abs(np.subtract.outer(np.arange(4), np.arange(4)))
    covariance, shape = psf(lags), psf(np.arange(-1, 3) - 0.5)
    best = made.weights[PHASES // 2].astype(float)
    least = best @ covariance @ best
    assert made.variance[PHASES // 2] == pytest.approx(least, rel=1e-5)
    for move in np.eye(4):
        move = move - shape * (move @ shape) / (shape @ shape)
        assert (best + 0.05 * move) @ covariance @ (best + 0.05 * move) > least


def test_frames_place_directions_as_the_wcs_does():
    for place in dithered(25)[::8]:
        image = sky_image(**place)
        rng = np.random.default_rng(1)
        pixels = rng.uniform(5, 355, (50, 2))
        ra, dec = image.wcs.all_pix2world(pixels, 0).T
        y, z = frame_of(image).pixels(unit_vectors(ra, dec).T)
        assert np.column_stack([y, z]) == pytest.approx(pixels, abs=1e-8)


def test_rates_and_positions_are_unbiased(clean):
    found = find_sources(clean, 6.0)
    assert len(found) == len(SKY)
    for source, (ra, dec, rate) in zip(found, SKY, strict=True):
        assert source.flux == pytest.approx(rate, rel=0.003)
        assert separation(source, ra, dec) < 0.05


@pytest.mark.parametrize("form", ["CAR", "AIT", "SIN", "galactic", "HEALPIX", "2.5'"])
def test_rates_do_not_depend_on_the_projection(edges, form):
    if form == "HEALPIX":
        grid = healpix_grid(edges[2:3])
    elif form == "galactic":
        grid = image_grid(edges, "CAR", galactic=True)
    elif form == "2.5'":
        grid = image_grid(edges, "TAN", STEP / 2, centre=(83.0, 22.0), size=(9, 9))
    else:
        grid = image_grid(edges, form)
    images = (sky_image(**place, sources=SKY) for place in dithered(25)[::6])
    best = find_sources(make_mosaic(images, grid), 6.0)[0]
    assert best.flux == pytest.approx(100, rel=0.003)
    assert separation(best, *SKY[0][:2]) < 0.05


def test_aligned_images_are_averaged_by_inverse_variance():
    weak, strong = (
        sky_image(error=error, sources=((83.0, 22.0, rate),)) for error, rate in ((1, 40), (2, 70))
    )
    grid = image_grid([footprint(weak)], centre=(83.0, 22.0), size=(20, 20), pixel=STEP)
    # Pixel centres of map and images fall together only on axis.
    mosaic = make_mosaic([weak, strong], grid)
    pixel = grid.near(unit_vectors(83.0, 22.0), 1e-5)
    assert len(pixel) == 1
    assert mosaic.intensity[pixel] == pytest.approx((40 / 1 + 70 / 4) / (1 / 1 + 1 / 4), rel=1e-5)
    assert mosaic.variance[pixel] == pytest.approx(1 / (1 / 1 + 1 / 4), rel=1e-5)
    assert mosaic.exposure[pixel] == pytest.approx(3000, rel=1e-5)


def test_empty_sky_has_unit_noise_that_falls_with_the_root_of_the_windows(empty):
    for mosaic in empty.values():
        noise = fit_noise(mosaic.significance[mosaic.variance > 0])
        assert noise.sigma == pytest.approx(1, abs=0.03)
        assert noise.mean == pytest.approx(0, abs=0.03)
        assert max(-noise.minimum, noise.maximum) < 5.6
    centre = empty[1].grid.near(frame_of(sky_image(**dithered(1)[0])).axis, np.radians(3))
    spread = {count: mosaic.intensity[centre].std() for count, mosaic in empty.items()}
    formal = {count: np.sqrt(mosaic.variance[centre].mean()) for count, mosaic in empty.items()}
    for count in empty:
        # 20 to 30 independent beams in 3 degrees leave 3 % of scatter.
        assert spread[count] == pytest.approx(formal[count], rel=0.08)


def test_pixels_of_little_exposure_are_left_out():
    image = sky_image()
    grid = image_grid([footprint(image)])
    whole = make_mosaic([image], grid, min_coded=0.03)
    inner = make_mosaic([image], grid, min_coded=0.5)
    assert inner.exposure[inner.variance > 0].min() > 0.47 * image.exposure.max()
    assert (inner.variance > 0).sum() < 0.5 * (whole.variance > 0).sum()


def test_noise_of_the_empty_sky_ignores_sources():
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal(0.1, 1.2, 100000), rng.uniform(5, 100, 2000)])
    noise = fit_noise(values)
    assert noise.sigma == pytest.approx(1.2, abs=0.012) and noise.mean == pytest.approx(0.1, abs=0.015)
    assert values.std() > 5


@pytest.mark.parametrize(
    ("systematics", "width", "factor"),
    [("auto", 1.0, 1.0), ("auto", 1.2, 1.2), ("report", 1.2, 1.0), ("rescale", 1.0, 1.0)],
)
def test_errors_are_rescaled_as_asked(empty, systematics, width, factor):
    made = empty[4]
    wider = replace(made, significance=made.significance * width, intensity=made.intensity * width)
    judged, noise = judge(wider, systematics)
    assert noise.sigma == pytest.approx(width, abs=0.03)
    assert judged.noise == noise.sigma
    assert judged.rescaled == pytest.approx(factor, abs=0.03)
    known = wider.variance > 0
    assert judged.variance[known] == pytest.approx(wider.variance[known] * judged.rescaled**2, rel=1e-5)
    if systematics == "rescale":
        assert judged.rescaled == noise.sigma != 1.0


def test_errors_of_rate_and_position_are_those_of_many_skies():
    """Pulls of 40 fits of a 15-sigma source in two windows."""
    rng = np.random.default_rng(7)
    sources = tuple((83.0 + 1.1 * i, 22.0 + 1.07 * j, 8.0) for i in range(-2, 3) for j in range(-2, 2))
    pulls, offsets = [], []
    for _ in range(2):
        images = [sky_image(**place, sources=sources, rng=rng) for place in dithered(25)[6::11]]
        mosaic = make_mosaic(images, image_grid([footprint(image) for image in images]))
        found = find_sources(mosaic, 6.0)
        for ra, dec, rate in sources:
            near = [source for source in found if separation(source, ra, dec) < 6]
            assert len(near) == 1
            pulls.append((near[0].flux - rate) / near[0].error)
            offsets.append(separation(near[0], ra, dec) / 60 / near[0].position_error)
        assert len(found) == len(sources)
    assert np.mean(pulls) == pytest.approx(0, abs=0.5)
    assert 0.75 < np.std(pulls) < 1.3
    # 36 of 40 within the 90 % radius, give or take two standard deviations.
    assert 32 <= np.sum(np.array(offsets) < 1) <= 40


def test_neighbours_are_separated_and_marked(edges):
    sky = ((83.0, 22.0, 60.0), (83.0, 22.32, 25.0))
    mosaic = make_mosaic((sky_image(**place, sources=sky) for place in dithered(25)[::6]), image_grid(edges))
    found = find_sources(mosaic, 6.0)
    assert [round(source.flux) for source in found] == [60, 25]
    assert all(source.confused for source in found)
    for source, (ra, dec, rate) in zip(found, sky, strict=True):
        assert source.flux == pytest.approx(rate, rel=0.01)
        assert separation(source, ra, dec) < 0.1


def test_ghosts_are_no_sources():
    """One pointing: a weaker peak where the mask repeats is refused, elsewhere it is found."""
    period = 53 * 11.2 / 4.6
    image = sky_image()
    place = image.wcs.wcs_pix2world([[180.0, 182.0], [180.0 + period, 182.0], [180.0 + 100, 182.0]], 0)
    rates = (100.0, 8.0, 8.0)
    sky = tuple((ra, dec, rate) for (ra, dec), rate in zip(place, rates, strict=True))
    mosaic = make_mosaic([sky_image(sources=sky)], image_grid([footprint(image)]))
    found = find_sources(mosaic, 6.0)
    assert len(found) == 2
    assert separation(found[1], *place[2]) < 0.1


def test_rates_in_further_bands_are_at_the_same_positions(edges):
    grid = image_grid(edges)
    bands = [((20.0, 40.0), 30.0), ((40.0, 80.0), 2.0)]
    mosaics = [
        make_mosaic(
            (sky_image(**place, sources=((83.01, 22.02, rate),), band=band) for place in dithered(25)[::6]),
            grid,
        )
        for band, rate in bands
    ]
    fitted, table = band_tables(mosaics, [find_sources(mosaic, 6.0) for mosaic in mosaics])
    assert table["FLUX"].shape == (1, 2)
    assert table["FLUX"][0] == pytest.approx([30, 2], rel=0.005)
    assert [len(band) for band in fitted] == [1, 1]


def test_a_source_outside_the_mosaic_has_no_rate(clean):
    inside = find_sources(clean, 6.0)[0]
    outside = replace(inside, direction=unit_vectors(200.0, -40.0))
    rates = [source.flux for source in measure_fluxes(clean, [inside, outside])]
    assert rates[0] == pytest.approx(100, rel=0.003)
    assert np.isnan(rates[1])


def test_psf_and_noise_of_an_image_that_does_not_state_them():
    image = sky_image(sources=((83.13, 22.21, 300.0),), rng=np.random.default_rng(3), psf=None)
    measured = measure_psf(image)
    shape = profile(np.arange(4.0), *measured)
    assert shape == pytest.approx(psf(np.arange(4.0)), abs=0.02)
    assert noise_correlation(image) == pytest.approx(psf(np.arange(4.0)), abs=0.02)
    # Nothing is bright enough to tell.
    assert measure_psf(sky_image(rng=np.random.default_rng(3), psf=None)) == ISGRI_PSF


def test_healpix_file_reads_back_in_healpy(tmp_path, edges):
    images = [sky_image(**place, sources=SKY[:1]) for place in dithered(25)[::12]]
    mosaic = make_mosaic(images, healpix_grid(edges[2:3]))
    write_mosaics([mosaic], tmp_path / "map.fits", {"step": "test"})
    plane, header = healpy.read_map(tmp_path / "map.fits", partial=True, nest=True, h=True)
    assert dict(header)["NSIDE"] == 2**mosaic.grid.order
    peak = int(np.argmax(np.where(plane > healpy.UNSEEN, plane, -1)))
    ra, dec = healpy.pix2ang(2**mosaic.grid.order, peak, nest=True, lonlat=True)
    assert SkyCoord(ra, dec, unit="deg").separation(SkyCoord(*SKY[0][:2], unit="deg")).arcmin < 2.5
    assert plane[peak] == pytest.approx(mosaic.intensity.max())


def test_file_has_the_layout_of_osa(tmp_path, clean):
    write_mosaics([clean, clean], tmp_path / "mosaic.fits", {"step": "test"}, {"SIMULATED": True})
    with fits.open(tmp_path / "mosaic.fits") as hdus:
        assert [hdu.name for hdu in hdus[1:]] == ["GROUPING", *["ISGR-MOSA-IMA"] * 8, "WINDOWS"]
        index = hdus["GROUPING"].data
        assert list(index["IMATYPE"][:4]) == ["INTENSITY", "VARIANCE", "SIGNIFICANCE", "EXPOSURE"]
        assert list(index["MEMBER_POSITION"]) == list(range(3, 11))
        assert hdus[2].header["SIMULATED"] is True
        assert len(hdus["WINDOWS"].data) == 9
        sigma = hdus[4].data
        assert np.unravel_index(sigma.argmax(), sigma.shape) == np.unravel_index(
            hdus[2].data.argmax(), sigma.shape
        )
        for hdu in hdus:
            assert hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1


def test_coverage_is_the_area_of_the_mosaic(tmp_path, clean):
    write_moc(coverage_ranges(clean), tmp_path / "moc.fits", {})
    moc = MOC.from_fits(tmp_path / "moc.fits")
    # TAN pixels grow away from the centre: solid angle of each is cos^3 of that of the first.
    cosine = unit_vectors(*clean.grid.wcs.wcs.crval) @ clean.grid.vectors[:, clean.variance > 0]
    area = (cosine**3).sum() * clean.grid.pixel**2
    assert moc.sky_fraction * 41252.96 == pytest.approx(area, rel=0.02)
    assert moc.contains_lonlat(*(SkyCoord(83, 22, unit="deg").ra, SkyCoord(83, 22, unit="deg").dec)).all()


def test_mixed_bands_are_refused():
    images = [sky_image(), sky_image(band=(40.0, 60.0))]
    grid = image_grid([footprint(images[0])])
    with pytest.raises(InputError, match="choose one band"):
        make_mosaic(images, grid)


def test_a_mosaic_that_cannot_be_is_refused():
    image = sky_image()
    edge = [footprint(image)]
    with pytest.raises(InputError, match="million pixels"):
        image_grid(edge, "CAR", 0.01, centre=(0.0, 0.0), size=(360.0, 180.0))
    with pytest.raises(InputError, match="no image touches"):
        make_mosaic([image], image_grid(edge, centre=(200.0, -40.0), size=(5.0, 5.0)))
    with pytest.raises(InputError, match="no image to make"):
        make_mosaic([], image_grid(edge))
    with pytest.raises(InputError, match="order"):
        healpix_grid(edge, 0.001)


def test_sources_are_masked_from_the_empty_sky(clean):
    found = find_sources(clean, 6.0)
    free = source_free(clean, np.array([source.direction for source in found]))
    assert np.abs(clean.significance[free]).max() < 0.05
    assert free.sum() > 0.9 * (clean.variance > 0).sum()


def test_shapes_of_images_may_differ():
    smaller = sky_image()
    cut = {name: plane[20:-20, 30:-30] for name, plane in smaller.planes.items()}
    wcs = smaller.wcs.deepcopy()
    wcs.wcs.crpix -= [30, 20]
    wcs.wcs.set()
    small = replace(smaller, **{name.lower(): plane for name, plane in cut.items()}, wcs=wcs)
    assert small.intensity.shape != SHAPE
    mosaic = make_mosaic([small, smaller], image_grid([footprint(smaller)]))
    assert mosaic.exposure.max() == pytest.approx(3000, rel=0.01)
