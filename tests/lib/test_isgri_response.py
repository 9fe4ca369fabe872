"""The pixel response on synthetic detectors whose thresholds and gains are known, and its files."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from scipy.special import erf

from tidings.errors import InputError
from tidings.isgri._response_sources import fit_with_search
from tidings.isgri.decode import decode
from tidings.isgri.fit import fit_fluxes
from tidings.isgri.geometry import OPEN_PIXELS, SHAPE, instrument_matrix, module_map, tangents
from tidings.isgri.pif import pif
from tidings.isgri.response import bands_of, fit_response, flat_response, require_one_epoch
from tidings.isgri.response_file import read_response, write_response
from tidings.isgri.window import Cube, Pointing, Window

ENERGIES = np.array([20, 24, 28, 31, 34, 38, 42, 47, 53, 60, 70, 80, 100, 130, 200, 300], float)
MIDDLE = np.sqrt(ENERGIES[1:] * ENERGIES[:-1])
POINTING = Pointing(286.8229, 20.2763, 199.37516784668, -6.87311124801636)
SOURCE = (285.0, 22.5)
BAND = (28.0, 80.0)
INSIDE = (ENERGIES[:-1] >= 28) & (ENERGIES[1:] <= 80)
# Counts of a pixel in each channel: a window of an hour in 2022.
MEAN = np.array([2, 3, 4, 4.5, 7, 8, 10, 10, 9, 10, 7, 10, 14, 20, 12])
RATES = np.array([0.3, 0.5, 1, 1.5, 2, 2, 2, 2, 1.8, 1.5, 1, 1, 0, 0, 0]) * 1.5


def truth(seed: int) -> np.ndarray:
    """Relative response [channels, 134, 130]: thresholds that differ by 4 keV, gains by 3 %, rows by 8 %."""
    random = np.random.default_rng(seed)
    threshold = random.normal(25, 4, SHAPE)
    gain = random.normal(1, 0.03, SHAPE)
    rows = random.normal(1, 0.08, (SHAPE[0], 1))
    open_part = 0.5 * (1 + erf((MIDDLE[:, None, None] * gain - threshold) / 4))
    shape = np.clip(open_part, 0.01, None) * rows
    modules = module_map()
    for number in range(8):
        mine = modules == number
        shape[:, mine] /= shape[:, mine].mean(1)[:, None]
    return np.where(modules >= 0, shape, 0)


def window(
    response: np.ndarray,
    seed: int = 1,
    flux: float = 1.0,
    swid: str = "255900280010",
    pointing: Pointing = POINTING,
) -> Window:
    """A window with one source of 25 x flux counts/s in 28-80 keV."""
    live = np.where(module_map() >= 0, 2600.0, 0.0)
    lit = pif(*(float(t) for t in tangents(instrument_matrix(pointing), *SOURCE))) * live / OPEN_PIXELS
    expected = response * (MEAN[:, None, None] + lit * flux * RATES[:, None, None])
    counts = np.random.default_rng(seed).poisson(expected)
    return Window(
        swid, pointing, ENERGIES, (Cube(counts, live, 1.0, 1.03, 3500.0),), {"REVOL": int(swid[:4])}
    )


@pytest.fixture(scope="module")
def known():
    return truth(0)


@pytest.fixture(scope="module")
def fitted(known):
    one = window(known)
    return one, fit_response([one], [SOURCE])


def residual_sigma(one: Window, response, sources=(SOURCE,)) -> tuple[float, float]:
    """Width of the fully coded sky without the source, and the source's flux."""
    (shadow,) = bands_of(one, response, [BAND])
    directions = np.array([tangents(instrument_matrix(one.pointing), *place) for place in sources])
    fit = fit_fluxes(shadow.counts, shadow.exposure, shadow.background, directions)
    planes = decode(shadow.counts - fit.sources, shadow.exposure, shadow.background)
    raw = decode(shadow.counts, shadow.exposure, shadow.background)
    middle = (slice(134, 231), slice(130, 231))
    return float((planes.intensity[middle] / np.sqrt(raw.variance[middle])).std()), float(fit.fluxes[0])


def test_thresholds_are_recovered(known, fitted):
    """A pixel's response is nearer to the truth than its module's mean, and than its own counts are."""
    one, fit = fitted
    used = module_map() >= 0
    for channel in (2, 3, 4):
        true = known[channel][used]
        found = fit.response.background[channel][used]
        counts = one.cubes[0].counts[channel][used] / MEAN[channel]
        error, own = np.std(found - true), np.std(counts - true)
        assert np.corrcoef(found, true)[0, 1] > 0.65
        assert error < 0.75 * true.std()
        assert error < 0.75 * own


def test_clean_sky(fitted):
    one, fit = fitted
    flat, _ = residual_sigma(one, flat_response())
    sigma, _ = residual_sigma(one, fit.response)
    assert flat > 1.3
    assert 0.85 < sigma < 1.1


def test_flux_of_a_source_fitted_along(known, fitted):
    """The rate on the shadowgram is right within 2 % on average, what the response itself fits within 4 %."""
    made = [fitted, *((one, fit_response([one], [SOURCE])) for one in (window(known, 10), window(known, 11)))]
    true = RATES[INSIDE].sum()
    found = [residual_sigma(one, fit.response)[1] for one, fit in made]
    assert np.mean(found) == pytest.approx(true, rel=0.02)
    assert np.mean([fit.fluxes[0, 0, INSIDE].sum() for _, fit in made]) == pytest.approx(true, rel=0.04)
    pulls = [(fit.fluxes[0, 0] - RATES) / fit.errors[0, 0] for _, fit in made]
    assert 0.7 < np.std(np.array(pulls)[:, 2:]) < 1.35


def test_no_flux_where_there_is_no_source(known):
    """What is fitted along at an empty place is noise about zero: its error is 0.55 counts/s."""
    one = window(known, 20, flux=0)
    assert abs(residual_sigma(one, fit_response([one], [SOURCE]).response)[1]) < 1.3


def test_blind_search_finds_the_source(fitted):
    one, _ = fitted
    fit, places = fit_with_search([one], BAND)
    assert len(places) == 1
    away = np.hypot((places[0][0] - SOURCE[0]) * np.cos(np.deg2rad(SOURCE[1])), places[0][1] - SOURCE[1])
    assert away * 60 < 1.0
    assert fit.fluxes[0, 0, INSIDE].sum() == pytest.approx(RATES[INSIDE].sum(), rel=0.1)


def test_catalogue_source_is_fitted_where_seen(fitted):
    one, _ = fitted
    _, places = fit_with_search([one], BAND, catalogue=[SOURCE, (289.0, 18.0), (10.0, -50.0)])
    assert places == [SOURCE]


def test_several_windows_are_better_than_one(known, fitted):
    _, single = fitted
    several = fit_response([window(known, n, swid=f"25590{n}0010") for n in (400, 401, 402)], [SOURCE])
    used = module_map() >= 0
    for channel in (3, 5):
        errors = [
            np.std(fit.response.background[channel][used] - known[channel][used]) for fit in (single, several)
        ]
        assert errors[1] < 0.85 * errors[0]
    assert (
        several.response.meta["WINDOWS"] == ["255900240010", "255900241001"]
        or len(several.response.meta["WINDOWS"]) == 3
    )


def test_alike_pixels_stay_alike():
    """Where pixels differ by nothing, next to nothing is found."""
    flat = np.where(module_map() >= 0, 1.0, 0.0)[None].repeat(len(MEAN), 0)
    fit = fit_response([window(flat, flux=0)])
    assert np.std(fit.response.background[:, module_map() >= 0]) < 0.03


def test_bands_keep_counts_and_scale(fitted):
    one, fit = fitted
    (shadow,) = bands_of(one, fit.response, [BAND])
    assert shadow.counts.sum() == one.cubes[0].counts[INSIDE].sum()
    assert shadow.background.sum() == pytest.approx(shadow.counts.sum(), rel=1e-9)
    assert (shadow.exposure[module_map() < 0] == 0).all()
    assert shadow.exposure[module_map() >= 0].mean() == pytest.approx(2600, rel=0.02)
    (flat,) = bands_of(one, flat_response(), [BAND])
    np.testing.assert_allclose(flat.exposure, one.cubes[0].live_time)


def test_time_bins_are_added(fitted):
    one, fit = fitted
    cube = one.cubes[0]
    half = replace(cube, counts=cube.counts // 2, live_time=cube.live_time / 2)
    rest = replace(cube, counts=cube.counts - cube.counts // 2, live_time=cube.live_time / 2)
    (whole,), (parts,) = (
        bands_of(part, fit.response, [BAND]) for part in (one, replace(one, cubes=(half, rest)))
    )
    np.testing.assert_allclose(parts.counts, whole.counts)
    np.testing.assert_allclose(parts.exposure, whole.exposure)


def test_another_epoch_is_refused(known, fitted):
    one, fit = fitted
    other = window(truth(99), swid="060000280010")
    with pytest.raises(InputError, match=r"255900280010 .*060000280010 .*different pixel maps"):
        require_one_epoch([one, other], fit_response([one, other]))
    with pytest.raises(InputError, match=r"060000280010 .*fits its pixels worse than none"):
        bands_of(other, fit.response, [BAND])
    assert bands_of(window(known, 7, swid="256000010010"), fit.response, [BAND])


def test_a_bright_source_makes_no_other_epoch(known):
    """Of 200 counts/s, in the shadow of another part of the mask in the second window."""
    turned = replace(POINTING, ra_x=POINTING.ra_x + 2, ra_z=POINTING.ra_z + 2)
    pair = [window(known, 1, flux=8), window(known, 2, flux=8, swid="255900290010", pointing=turned)]
    with pytest.raises(InputError, match="different pixel maps"):
        require_one_epoch(pair, fit_response(pair))
    fit, found = fit_with_search(pair, BAND)
    assert len(found) == 1
    assert fit.differences[1] == pytest.approx(1, abs=0.1)
    for one in pair:
        assert residual_sigma(one, fit.response)[0] < 1.1


def test_bad_input(fitted):
    one, fit = fitted
    with pytest.raises(InputError, match="no science window"):
        fit_response([])
    with pytest.raises(InputError, match="different energy channels"):
        fit_response([one, replace(one, energies=ENERGIES + 1)])
    dark = replace(one, cubes=(replace(one.cubes[0], live_time=np.zeros(SHAPE)),))
    with pytest.raises(InputError, match="no pixel"):
        fit_response([dark])
    with pytest.raises(InputError, match="none of its pixels"):
        bands_of(dark, fit.response, [BAND])
    empty = replace(one, cubes=(replace(one.cubes[0], counts=np.zeros_like(one.cubes[0].counts)),))
    with pytest.raises(InputError, match="too few counts"):
        fit_response([empty])
    with pytest.raises(InputError, match="no edge"):
        bands_of(one, fit.response, [(29.5, 80.0)])


def test_file(fitted, tmp_path):
    _, fit = fitted
    write_response(fit.response, tmp_path / "response.fits", {})
    back = read_response(tmp_path / "response.fits")
    np.testing.assert_allclose(back.background, fit.response.background, rtol=1e-6)
    np.testing.assert_allclose(back.efficiency, fit.response.efficiency, rtol=1e-6)
    np.testing.assert_array_equal(back.edges, fit.response.edges)
    assert back.meta == fit.response.meta
    write_response(fit.response, tmp_path / "again.fits", {})
    assert (tmp_path / "again.fits").read_bytes() == (tmp_path / "response.fits").read_bytes()


def maps(path, **changes) -> None:
    """Background and uniformity maps of two bands."""
    hdus = [fits.PrimaryHDU()]
    ramp = 1 + np.arange(SHAPE[1]) / SHAPE[1] + np.zeros(SHAPE)
    for low, high in ((20, 40), (40, 80)):
        for name, image in (("ISGR-BACK-BKG", ramp * high), ("ISGR-UNIF-BKG", np.full(SHAPE, 0.9))):
            hdu = fits.ImageHDU(changes.get("image", image), name=name)
            hdu.header["E_MIN"], hdu.header["E_MAX"] = changes.get("low", low), high
            hdus.append(hdu)
    fits.HDUList(hdus).writeto(path)


def test_calibration_maps_in_its_place(fitted, tmp_path):
    one, _ = fitted
    maps(tmp_path / "maps.fits")
    response = read_response(tmp_path / "maps.fits")
    np.testing.assert_array_equal(response.edges, [20, 40, 80])
    (shadow,) = bands_of(one, response, [BAND])
    row = shadow.background[10]
    assert row[60] / row[5] == pytest.approx((1 + 60 / 130) / (1 + 5 / 130), rel=1e-9)
    np.testing.assert_allclose(shadow.exposure[module_map() >= 0], 0.9 * 2600)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"image": np.ones((128, 128))}, "134 x 130"),
        ({"image": np.full(SHAPE, -1.0)}, "134 x 130 finite, positive"),
        ({"image": np.zeros(SHAPE)}, "0 everywhere"),
        ({"low": 10}, "must adjoin"),
    ],
)
def test_bad_maps(tmp_path, changes, message):
    maps(tmp_path / "maps.fits", **changes)
    with pytest.raises(InputError, match=message):
        read_response(tmp_path / "maps.fits")


def test_no_response_file(tmp_path):
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(InputError, match=r"empty\.fits: no response"):
        read_response(tmp_path / "empty.fits")
    (tmp_path / "cut.fits").write_bytes((tmp_path / "empty.fits").read_bytes()[:1000])
    with pytest.raises(InputError, match=r"cut\.fits"):
        read_response(tmp_path / "cut.fits")
    with pytest.raises(InputError, match=r"missing\.fits"):
        read_response(tmp_path / "missing.fits")
