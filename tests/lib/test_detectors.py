"""Light travel times between detectors."""

from __future__ import annotations

import pytest

from tidings.gw.detectors import light_travel_time


@pytest.mark.parametrize(
    ("one", "other", "milliseconds"),
    # As quoted for the network by Abbott et al. 2018, Living Rev. Relativ. 21, 3.
    [("H1", "L1", 10), ("H1", "V1", 27), ("L1", "V1", 26)],
)
def test_published_light_travel_times(one, other, milliseconds):
    assert light_travel_time(one, other) == light_travel_time(other, one)
    assert light_travel_time(one, other) * 1000 == pytest.approx(milliseconds, abs=0.5)


def test_a_detector_is_at_its_place_and_an_unknown_one_anywhere_on_earth():
    assert light_travel_time("H1", "H1") == 0
    assert light_travel_time("H1", "X1") * 1000 == pytest.approx(42.5, abs=0.1)
