"""The pattern of the mask."""

from __future__ import annotations

import numpy as np

from tidings.isgri.mask import basic_pattern, flight_mask


def test_periodic_correlation_has_no_sidelobes():
    pattern = basic_pattern().astype(float)
    decoding = 2 * pattern - 1
    decoding[0, 0] = 1
    correlation = np.fft.ifft2(np.fft.fft2(pattern).conj() * np.fft.fft2(decoding)).real
    assert abs(correlation[0, 0] - 1404) < 1e-9
    correlation[0, 0] = 0
    assert np.abs(correlation).max() < 1e-9


def test_open_cells():
    assert basic_pattern().sum() == 1404
    assert abs(flight_mask().mean() - 0.5002) < 5e-5


def test_flown_part_is_the_pattern_repeated():
    mask = flight_mask()
    assert mask.shape == (95, 95)
    assert np.array_equal(mask[:42], mask[53:]) and np.array_equal(mask[:, :42], mask[:, 53:])
    # The cross of the pattern in the middle: a closed row of cells along y, an open column along z.
    assert not mask[47].any() and mask[48:, 47].sum() == 47
