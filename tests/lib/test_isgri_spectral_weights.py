"""Rates of a band weighted by the source's spectrum: right on average, with the least error."""

from __future__ import annotations

import numpy as np
import pytest

from isgri_rates import rates
from tidings.isgri.spectral_weights import join_parts, parts_of

PARTS = ((20.0, 30.0), (30.0, 40.0), (40.0, 60.0), (60.0, 100.0))
SHAPE = np.array([40.0, 8.0, 3.0, 0.5])
ERRORS = np.array([1.0, 0.5, 2.0, 4.0])


def rows(levels: np.ndarray, seed: int = 1) -> list[dict]:
    """Rates of one source in the parts of 20-100 keV, in time bins of these levels."""
    made = []
    for part, level, error in zip(PARTS, SHAPE, ERRORS, strict=True):
        table = rates({"Source": level * levels}, len(levels), (part,), error, seed + int(part[0]))
        made += [dict(zip(table.colnames, row, strict=True)) for row in table.iterrows()]
    return made


def test_parts():
    assert parts_of((28.0, 80.0), np.array([20.0, 28.0, 42.0, 60.0, 80.0, 100.0])) == [
        (28.0, 42.0),
        (42.0, 60.0),
        (60.0, 80.0),
    ]
    assert parts_of((28.0, 80.0), np.array([0.0, np.inf])) == [(28.0, 80.0)]


def test_rates_are_right_and_have_the_least_error():
    levels = np.tile([1.0, 0.5, 2.0, 0.0], 100)
    joined = join_parts(rows(levels), (20.0, 100.0))
    rate, error = (np.array([row[key] for row in joined]) for key in ("rate", "error"))
    true = levels * SHAPE.sum()
    order = np.argsort([row["time"] for row in joined])
    pulls = (rate - true[order.argsort()]) / error
    assert pulls.mean() == pytest.approx(0, abs=3 / 20)
    assert pulls.std() == pytest.approx(1, abs=0.12)
    # The plain sum has 4.6 counts/s, of which 4 are from the part that has 1 % of the source.
    assert error == pytest.approx(SHAPE.sum() / np.sqrt((SHAPE**2 / ERRORS**2).sum()), rel=0.02)
    assert {(row["e_min"], row["e_max"]) for row in joined} == {(20.0, 100.0)}


def test_what_is_not_the_sources_is_summed():
    joined = join_parts(rows(np.ones(20)), (20.0, 100.0))
    assert joined[0]["total"] == pytest.approx(4 * 120)
    assert joined[0]["background_error"] == pytest.approx(2 * 0.4)
    assert joined[0]["dof"] == 4 * 15000


def test_a_faint_source_is_summed_plainly():
    faint = rows(np.full(3, 0.03))
    joined = join_parts(faint, (20.0, 100.0))
    assert [row["error"] for row in joined] == pytest.approx([np.sqrt((ERRORS**2).sum())] * 3)
    assert sum(row["rate"] for row in joined) == pytest.approx(sum(row["rate"] for row in faint))
