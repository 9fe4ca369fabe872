"""ULP distance, tolerances and hashes, judged by NumPy."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from tidings.verify import Tolerance, ulp_distance
from tidings.verify import numbers as verify_numbers
from tidings.verify.numbers import canonical, compare_arrays, update_hash

KINDS = [np.float16, np.float32, np.float64]


def digest(array) -> str:
    found = hashlib.sha256()
    update_hash(found, array)
    return found.hexdigest()


@pytest.mark.parametrize("kind", KINDS)
def test_ulp_distance_counts_the_steps_of_nextafter(kind):
    start = np.array([1.0, -1.0, 0.0, -0.0, np.finfo(kind).tiny, 2.0, -2.0, 1.5e-3], dtype=kind)
    there = start
    for steps in range(1, 6):
        there = np.nextafter(there, kind(np.inf))
        assert (ulp_distance(start, there) == steps).all()
        assert (ulp_distance(there, start) == steps).all()


@pytest.mark.parametrize("kind", KINDS)
def test_ulp_distance_at_the_ends(kind):
    info = np.finfo(kind)
    assert ulp_distance(kind(0.0), kind(-0.0)) == 0
    assert ulp_distance(info.max, kind(np.inf)) == 1
    assert ulp_distance(-info.smallest_subnormal, info.smallest_subnormal) == 2
    # All finite numbers of both signs: every exponent but the last, times every mantissa, zero counted once.
    assert int(ulp_distance(info.min, info.max)) == 2 * ((2**info.nexp - 1) * 2**info.nmant - 1)


@pytest.mark.parametrize(("a", "b"), [(np.float32(1), np.float64(1)), (np.int64(1), np.int64(2))])
def test_ulp_distance_needs_one_floating_type(a, b):
    with pytest.raises(TypeError, match="ULP distance"):
        ulp_distance(a, b)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.complex64, np.complex128])
@pytest.mark.parametrize(("rtol", "atol"), [(1e-3, 0.0), (0.0, 0.02), (1e-4, 1e-3), (0.0, 0.0)])
def test_tolerance_is_that_of_isclose(kind, rtol, atol):
    random = np.random.default_rng(4)
    a = random.normal(size=500).astype(kind)
    b = (a * (1 + random.normal(size=500) * 1e-3)).astype(kind)
    b[:5] = [np.nan, np.inf, -np.inf, 0, 1]
    a[:2] = [np.nan, np.inf]
    a[100:200] = b[100:200]
    wide = np.complex128 if np.dtype(kind).kind == "c" else np.float64
    # numpy.isclose measures against its second argument, which is therefore the reference.
    judge = np.isclose(b.astype(wide), a.astype(wide), rtol=rtol, atol=atol, equal_nan=True)
    found = compare_arrays(a, b, Tolerance("*", rtol=rtol, atol=atol))
    assert found.outside == int((~judge).sum())
    assert found.index == (int(np.flatnonzero(~judge)[0]),)


def test_maxima_are_those_of_numpy():
    random = np.random.default_rng(5)
    a = random.normal(size=(30, 40))
    b = a * (1 + random.normal(size=a.shape) * 1e-12)
    b[3, 4] = np.nan
    found = compare_arrays(a, b)
    both = np.isfinite(b)
    assert found.max_abs == np.abs(a - b)[both].max()
    assert found.max_rel == (np.abs(a - b)[both] / np.abs(a)[both]).max()
    # NumPy's own check of a bound in ULP holds for the maximum, and for nothing below it.
    np.testing.assert_array_max_ulp(a[both], b[both], found.max_ulp)
    with pytest.raises(AssertionError):
        np.testing.assert_array_max_ulp(a[both], b[both], found.max_ulp - 1)
    assert (found.count, found.nonfinite) == (int((a != b).sum()), 1)


def test_integers_are_compared_exactly():
    top = np.iinfo(np.int64)
    found = compare_arrays(np.array([top.min, 2**53]), np.array([top.max, 2**53 + 1]))
    assert (found.count, found.max_abs) == (2, 2**64 - 1)
    large = np.array([2**63], np.uint64)
    found = compare_arrays(large, large + np.uint64(1), Tolerance("", atol=1))
    assert (found.outside, found.max_abs) == (0, 1)


def test_signed_zero_is_another_content_but_no_distance():
    found = compare_arrays(np.array([0.0]), np.array([-0.0]), Tolerance("", ulp=1))
    assert (found.count, found.outside, found.max_abs, found.max_ulp) == (1, 0, 0.0, 0)


@pytest.mark.parametrize("value", [True, "text", b"bytes"])
def test_no_tolerance_reaches_what_is_no_number(value):
    other = {True: False, "text": "tex", b"bytes": b"byte"}[value]
    found = compare_arrays(canonical(value), canonical(other), Tolerance("", rtol=1, atol=1e9, ulp=1000))
    assert found.outside == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda r: r.normal(size=50).astype(np.float16),
        lambda r: r.normal(size=50).astype(np.longdouble),
        lambda r: r.normal(size=50) + 1j * r.normal(size=50),
        lambda r: (r.normal(size=50) + 1j * r.normal(size=50)).astype(np.clongdouble),
        lambda r: r.integers(0, 9, 50).astype(np.uint8),
        lambda r: r.integers(0, 2, 50).astype(bool),
        lambda r: r.integers(0, 9, 50).astype("U"),
        lambda r: r.integers(0, 9, 50).astype("S"),
        lambda r: r.integers(0, 9, 50).astype("M8[s]"),
    ],
)
def test_hash_and_comparison_agree_for_every_type(make):
    a, b = make(np.random.default_rng(6)), make(np.random.default_rng(6))
    swapped = a.astype(a.dtype.newbyteorder()) if a.dtype.kind != "S" else a.copy()
    assert compare_arrays(a, swapped) is None and digest(a) == digest(swapped)
    b[31] = b[np.flatnonzero(b != b[31])[0]]
    found = compare_arrays(a, b)
    assert (found.index, found.count) == ((31,), 1)
    assert digest(a) != digest(b)


def test_blocks_do_not_change_the_result(monkeypatch):
    random = np.random.default_rng(7)
    a = random.normal(size=(37, 41))
    b = np.where(random.random(a.shape) < 0.1, np.nextafter(a, 1), a)
    whole, hashed = compare_arrays(a, b, Tolerance("", ulp=0)), digest(a)
    monkeypatch.setattr(verify_numbers, "BLOCK", 100)
    assert compare_arrays(a, b, Tolerance("", ulp=0)) == whole
    assert digest(a) == hashed
    assert whole.index == tuple(int(i) for i in np.argwhere(a != b)[0])


def test_shape_and_type_belong_to_the_hash():
    a = np.zeros(4)
    assert len({digest(x) for x in (a, a.reshape(2, 2), a.astype(np.int64), a.astype(np.float32))}) == 4
    assert digest(canonical("1")) != digest(canonical(b"1")) != digest(1)
    assert digest(np.array(["ab", "c"])) != digest(np.array(["a", "bc"]))
