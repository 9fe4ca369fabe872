"""Upper limits and conversions to fluence: analytic scatter and published limits."""

from __future__ import annotations

import numpy as np
import pytest

from acs_curves import BACKGROUND, curve
from tidings.acs.conversions import CONVERSIONS, conversion
from tidings.acs.limit_product import limit_summary, limit_table
from tidings.acs.limits import expected_limit, upper_limits
from tidings.errors import InputError


def test_expected_limits_of_a_quiet_background():
    assert expected_limit(9e4, 1.0, excess=1.1) == pytest.approx(990, abs=1)
    assert expected_limit(9e4, 8.0, excess=1.1) / 8 == pytest.approx(350, abs=1)


def test_measured_limits_are_the_expected_ones():
    found = np.array(
        [
            [limit.counts for limit in upper_limits(*curve(length=1200, seed=seed), [1.0, 8.0])]
            for seed in range(10)
        ]
    )
    # The scatter of a second is known to 2 % from 1200 windows, that of 8 s to 6 % from 150.
    assert found[:, 0].mean() == pytest.approx(990, rel=0.02)
    assert found[:, 1].mean() / 8 == pytest.approx(350, rel=0.05)
    assert found[:, 0].std() / found[:, 0].mean() < 0.05


def test_published_fluence_limits_follow_from_the_published_scatter():
    # S190701ah: 1.6e-7 erg/cm2 (short, 1 s), 1.4e-7 (long, 1 s) and 5e-8 erg/cm2/s (long, 8 s) at 97 %
    # response, excess 1.1 (Coleiro et al. 2019, GCN Circ. 24951); the background, not given, was 1.2e5/s in
    # those years.
    counts = expected_limit(1.2e5, 1.0, excess=1.1)
    assert CONVERSIONS["short"].convert(counts, 0.97) == pytest.approx(1.6e-7, rel=0.07)
    assert CONVERSIONS["long"].convert(counts, 0.97) == pytest.approx(1.4e-7, rel=0.07)
    rate = expected_limit(1.2e5, 8.0, excess=1.1) / 8
    assert CONVERSIONS["long"].convert(rate, 0.97) == pytest.approx(5e-8, rel=0.07)


def test_conversions_agree_with_the_circular_and_with_one_another():
    # 9629 counts/s are 2.03e-6 to 2.39e-6 erg/cm2/s at 58 % (Doyle et al. 2019, GCN Circ. 25190).
    assert 2.03e-6 < CONVERSIONS["short"].convert(9629, 0.58) < 2.39e-6
    # Vigano & Mereghetti 2009: about 1e-10 erg/cm2 below 1 MeV; up to 2 MeV there is more.
    assert 1.0e-10 < CONVERSIONS["long"].fluence < CONVERSIONS["short"].fluence < 1.6e-10


def test_slope_does_not_widen_the_scatter():
    flat, sloping = (upper_limits(*curve(length=600, slope=s), [8.0])[0].counts for s in (0.0, 20.0))
    # 12,000 counts/s from end to end would make it ten times as wide.
    assert sloping == pytest.approx(flat, rel=0.05)


def test_windows_over_gaps_are_left_out():
    start, width, rate, error = curve(length=600)
    good = np.ones(len(start), bool)
    good[4000:4010] = False
    rate[4000:4010] = np.nan
    limit = upper_limits(start, width, rate, error, [1.0], good=good)[0]
    assert limit.windows == 599
    removed = np.delete(np.arange(len(start)), slice(4000, 4010))
    cut = upper_limits(start[removed], width[removed], rate[removed], error[removed], [1.0])[0]
    assert cut.windows in (598, 599)
    assert cut.counts == pytest.approx(limit.counts, rel=0.05)


def test_burst_inside_is_noticed():
    start, width, rate, error = curve(length=600)
    assert not upper_limits(start, width, rate, error, [1.0])[0].outliers
    rate[(start > 300) & (start < 305)] += 8000
    assert upper_limits(start, width, rate, error, [1.0])[0].outliers


@pytest.mark.parametrize(
    ("durations", "message"),
    [([40.0], "too few"), ([0.01], "not a multiple"), ([0.07], "not a multiple")],
)
def test_bad_durations_are_refused(durations, message):
    with pytest.raises(InputError, match=message):
        upper_limits(*curve(length=600), durations)


def test_no_data_are_refused():
    start, width, rate, error = curve(length=60)
    with pytest.raises(InputError, match="no good bins"):
        upper_limits(start, width, rate, error, [1.0], good=np.zeros(len(start), bool))


@pytest.mark.parametrize("response", [0.0, -0.5, 1.5, np.nan])
def test_response_is_between_nothing_and_the_best(response):
    with pytest.raises(InputError, match="response"):
        CONVERSIONS["short"].convert(100.0, response)


def test_unknown_conversion_is_refused():
    with pytest.raises(InputError, match="short, long, typical"):
        conversion("medium")


def test_table_has_a_row_for_each_duration_and_spectrum():
    limits = upper_limits(*curve(length=600), [1.0, 8.0])
    table = limit_table(limits, [CONVERSIONS["short"], CONVERSIONS["long"]], 0.5)
    assert list(zip(table["duration"], table["spectrum"], strict=True)) == [
        (1.0, "short"),
        (1.0, "long"),
        (8.0, "short"),
        (8.0, "long"),
    ]
    assert np.allclose(table["flux"] * table["duration"], table["fluence"])
    assert table["fluence"][0] == pytest.approx(limits[0].counts * CONVERSIONS["short"].fluence / 0.5)
    assert limit_summary(table)["limits"][3]["counts"] == limits[1].counts
    assert table["counts"][0] == pytest.approx(expected_limit(BACKGROUND, 1.0, excess=1.1), rel=0.1)
    with pytest.raises(InputError, match="no spectrum"):
        limit_table(limits, [], 1.0)
