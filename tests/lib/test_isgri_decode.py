"""Decoding: exact where theory says so, unbiased noise, precision."""

from __future__ import annotations

import numpy as np
import pytest

from isgri_sim import LIVE, RATE, detector, expected, shaped
from tidings.errors import InputError
from tidings.isgri.decode import (
    _correlate,
    _kernel,
    decode,
    decode_intensity,
    decode_variance,
    normalise,
    psf_stamp,
    thickness_peak,
)
from tidings.isgri.geometry import SHAPE, SKY_AXIS, module_map, pixel_tangents
from tidings.isgri.pif import pif

FLAT = (module_map() >= 0).astype(float)


def thin(z: int, y: int) -> np.ndarray:
    """Illumination through a mask without thickness from the middle of a sky pixel: a part of the kernel."""
    kernel = np.pad(_kernel("open"), 134)
    return kernel[z - 133 + 134 : z - 133 + 268, y - 129 + 134 : y - 129 + 264]


@pytest.mark.parametrize(("z", "y"), [(182, 180), (100, 250), (300, 180), (40, 60)])
def test_source_on_the_grid_is_exact(z, y):
    exposure = detector()
    norm = normalise(exposure, FLAT * (exposure > 0), np.float64)
    image = decode_intensity(50 / 8192 * exposure * thin(z, y), norm) * thickness_peak()
    assert norm.coded[z, y] > 0.05
    assert image[z, y] == pytest.approx(50, rel=1e-9)


def test_correlation_is_what_it_says():
    image = np.random.default_rng(1).random(SHAPE)
    (sky,) = _correlate(image, ("open2",), np.float64)
    kernel = _kernel("open2")
    for z, y in ((182, 180), (150, 170), (134, 231)):
        rows, columns = np.arange(134) + z - 133, np.arange(130) + y - 129
        if rows.min() >= 0 and rows.max() < 232 and columns.min() >= 0 and columns.max() < 232:
            assert sky[z, y] == pytest.approx((kernel[np.ix_(rows, columns)] * image).sum(), rel=1e-12)
    assert sky.shape == (365, 361)


def test_background_model_vanishes():
    exposure = detector()
    background = exposure * shaped(np.random.default_rng(2))
    norm = normalise(exposure, background, np.float64)
    image = decode_intensity(37 * background / background.mean(), norm)
    assert np.abs(image).max() < 1e-9 * 37 * 16384


def test_thick_source_and_its_peak():
    exposure = detector(dead=0)
    norm = normalise(exposure, exposure, np.float64)
    for z, y in ((182, 260), (100, 250), (140, 100)):
        ty, tz = pixel_tangents(z, y)
        image = decode_intensity(50 / 8192 * exposure * pif(float(ty), float(tz)), norm)
        # The correction is even in both tangents; the pattern at the edge of the field is not quite.
        assert image[z, y] == pytest.approx(50, rel=0.006)
    ty, tz = pixel_tangents(182.4, 200.3)
    image = decode_intensity(50 / 8192 * exposure * pif(float(ty), float(tz)), norm)
    box, shape = psf_stamp(182.4, 200.3, 2)
    assert np.abs(image[box] - 50 * shape).max() < 2.5
    assert thickness_peak()[SKY_AXIS] == pytest.approx(1, abs=1e-9)
    # Peaks of thick masks off axis, 8.2 degrees: 0.96 to 0.98 of thin ones.
    assert 0.95 < thickness_peak()[SKY_AXIS[0], SKY_AXIS[1] + 100] < 0.985


def test_noise_of_the_empty_sky():
    exposure, random = detector(), np.random.default_rng(11)
    model = expected(exposure, FLAT)
    norm = normalise(exposure, exposure)
    wide, inner = norm.coded > 0.05, norm.coded > 0.999
    found = np.array(
        [
            (s[wide].mean(), s[wide].std(), s[inner].std(), np.abs(s[wide]).max())
            for s in (
                decode(random.poisson(model), exposure, exposure, norm=norm).significance for _ in range(12)
            )
        ]
    )
    assert abs(found[:, 0].mean()) < 0.02
    assert found[:, 1].mean() == pytest.approx(1, abs=0.02)
    assert found[:, 2].mean() == pytest.approx(1, abs=0.025)
    assert found[:, 3].max() < 5.5
    # sqrt(700 / 2000) / sqrt(0.733): 0.70 with 4 % of dead pixels.
    planes = decode(random.poisson(model), exposure, exposure, norm=norm)
    assert np.sqrt(planes.variance[SKY_AXIS]) == pytest.approx(np.sqrt(RATE / LIVE / 0.733), rel=0.05)
    assert planes.exposure[SKY_AXIS] == pytest.approx(LIVE)


def test_shape_of_the_background_matters():
    exposure, random = detector(), np.random.default_rng(12)
    shape = shaped(random)
    counts = [random.poisson(expected(exposure, shape)) for _ in range(6)]
    widths = []
    for background in (exposure * shape, exposure):
        norm = normalise(exposure, background)
        images = [decode(c, exposure, background, norm=norm) for c in counts]
        widths.append(np.mean([s.significance[s.coded > 0.05].std() for s in images]))
    assert widths[0] == pytest.approx(1, abs=0.03)
    assert widths[1] > 1.2


def test_single_precision():
    exposure, random = detector(), np.random.default_rng(13)
    counts = random.poisson(expected(exposure, FLAT, [(0.02, 0.03)], [300]))
    single, double = (
        decode(counts, exposure, exposure, norm=normalise(exposure, exposure, kind))
        for kind in (np.float32, np.float64)
    )
    assert single.significance.dtype == np.float32
    assert np.abs(single.significance - double.significance)[single.coded > 0.05].max() < 0.01
    again = decode(counts, exposure, exposure)
    assert again.significance.tobytes() == single.significance.tobytes()


def test_variance_of_few_counts_is_never_negative():
    exposure, counts = detector(), np.zeros(SHAPE)
    counts[50, 20] = 1
    norm = normalise(exposure, exposure)
    variance = decode_variance(counts, norm)
    assert (variance[norm.scale > 0] > 0).all() and np.isfinite(variance).all()


def test_a_module_that_is_off():
    exposure = detector()
    exposure[module_map() == 2] = 0
    planes = decode(np.random.default_rng(1).poisson(expected(exposure, FLAT)), exposure, exposure)
    assert planes.significance[planes.coded > 0.1].std() == pytest.approx(1, abs=0.06)


def test_what_cannot_be_decoded():
    with pytest.raises(InputError, match=r"exposure must be .*\(134, 130\)"):
        normalise(np.ones((128, 128)), np.ones(SHAPE))
    with pytest.raises(InputError, match="no pixel has both"):
        normalise(np.zeros(SHAPE), np.ones(SHAPE))
