"""Exact comparison, ULP distance and hash of arrays of any type."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidings.verify.model import Tolerance

#: Values per block: bounds the temporary arrays of a comparison to some tens of MB.
BLOCK = 1 << 20
_SIGNED = {2: np.int16, 4: np.int32, 8: np.int64}


@dataclass(frozen=True)
class ArrayDifference:
    """Where and by how much two arrays of one shape and type differ (`index` of the first difference)."""

    count: int
    total: int
    outside: int
    index: tuple[int, ...]
    reference: Any
    candidate: Any
    max_abs: float | None
    max_rel: float | None
    max_ulp: int | None
    nonfinite: int


def ulp_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Number of representable steps between two numbers (Goldberg 1991, sec. 1.2: units in the last place).

    Parameters
    ----------
    a, b : numpy.ndarray
        float16, float32 or float64, the same type and shape.

    Returns
    -------
    numpy.ndarray
        uint64. 0 between -0.0 and 0.0; without meaning where one of the two is NaN.

    Raises
    ------
    TypeError
        If the types are not one of those, or not the same.
    """
    a, b = np.asarray(a), np.asarray(b)
    if a.dtype != b.dtype or a.dtype.kind != "f" or a.dtype.itemsize not in _SIGNED:
        raise TypeError(f"ULP distance needs one IEEE type of 16, 32 or 64 bits, got {a.dtype} and {b.dtype}")
    return _absolute(_ordinal(a), _ordinal(b))


def _ordinal(values: np.ndarray) -> np.ndarray:
    # IEEE numbers are stored as sign and magnitude: as integers they sort like the numbers when the negative
    # half is reversed. int64 holds all of them: the magnitude has one bit less than the type.
    signed = values.view(_SIGNED[values.dtype.itemsize]).astype(np.int64)
    magnitude = signed & np.int64(np.iinfo(_SIGNED[values.dtype.itemsize]).max)
    return np.where(signed < 0, -magnitude, magnitude)


def _absolute(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    # Unsigned subtraction wraps to the true distance, also where a - b does not fit int64.
    u, v = a.astype(np.uint64), b.astype(np.uint64)
    return np.where(a >= b, u - v, v - u)


def canonical(value: Any) -> np.ndarray:
    """Bring decoded data into the form that is compared and hashed.

    Native byte order; text, bytes and anything else that is no number as an array of objects.
    """
    if isinstance(value, str | bytes):
        array = np.empty((), dtype=object)  # NumPy's own text types drop zero bytes at the end
        array[()] = value
        return array
    array = np.asarray(value)
    if array.dtype.kind in "biufc":
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype.kind in "mM":
        return array.astype(array.dtype.newbyteorder("=")).view(np.int64)
    return array.astype(object)


def type_name(array: np.ndarray) -> str:
    """Name of the type of a canonical array, without byte order or the length of text."""
    return "text" if array.dtype.kind == "O" else array.dtype.name


def _floats(array: np.ndarray) -> np.ndarray:
    """See complex and extended numbers as pairs of floats that hold all their bits."""
    array = np.ascontiguousarray(array)
    if array.dtype.kind == "c" and array.dtype.itemsize <= 16:
        return array.view(array.real.dtype).reshape(-1)
    if array.dtype.itemsize <= 8:
        return array
    if array.dtype.kind == "c":
        return np.concatenate([_floats(array.real), _floats(array.imag)])
    # Extended precision has padding bytes of any content; high and low part hold the number without them.
    with np.errstate(over="ignore", invalid="ignore"):
        high = array.astype(np.float64)
        return np.stack([high, (array - high).astype(np.float64)], axis=-1).reshape(-1)


def _bits(array: np.ndarray) -> np.ndarray:
    """Return the bit patterns of floats, with one pattern for all NaN."""
    bits = array.view(_SIGNED[array.dtype.itemsize]).copy()
    bits[np.isnan(array)] = np.array(np.nan, array.dtype).view(bits.dtype)
    return bits


def _same(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    if a.dtype.kind in "fc":
        equal = _bits(_floats(a)) == _bits(_floats(b))
        if a.dtype.itemsize == 32:
            return equal.reshape(2, -1, 2).all(axis=(0, 2))
        return equal.reshape(len(a), -1).all(axis=1)
    if a.dtype.kind == "O":
        return np.array(
            [_item(x) == _item(y) for x, y in zip(a.tolist(), b.tolist(), strict=True)], dtype=bool
        )
    return a == b


def compare_arrays(a: Any, b: Any, tolerance: Tolerance | None = None) -> ArrayDifference | None:
    """Compare two arrays of the same shape and type, bit by bit; NaN equals NaN.

    Parameters
    ----------
    a, b : array_like
        Reference and candidate, as `canonical` gives them.
    tolerance : Tolerance, optional
        With it, `outside` counts only what is beyond it, and the first value named is one of those.

    Returns
    -------
    ArrayDifference or None
        None if they are the same.
    """
    a, b = canonical(a), canonical(b)
    flat_a, flat_b = a.reshape(-1), b.reshape(-1)
    tally = _Tally()
    for start in range(0, len(flat_a), BLOCK):
        one, two = flat_a[start : start + BLOCK], flat_b[start : start + BLOCK]
        where = np.flatnonzero(~_same(one, two))
        if len(where):
            tally.add(start + where, one[where], two[where], tolerance)
    if not tally.count:
        return None
    first = tally.first if tally.first_outside is None else tally.first_outside
    return ArrayDifference(
        count=tally.count,
        total=a.size,
        outside=tally.outside,
        index=tuple(int(i) for i in np.unravel_index(first, a.shape)),
        reference=flat_a[first],
        candidate=flat_b[first],
        max_abs=tally.max_abs,
        max_rel=tally.max_rel,
        max_ulp=tally.max_ulp,
        nonfinite=tally.nonfinite,
    )


class _Tally:
    """Running count and maxima over the differing values."""

    def __init__(self) -> None:
        self.count = self.outside = self.nonfinite = 0
        self.first = 0
        self.first_outside: int | None = None
        self.max_abs: float | None = None
        self.max_rel: float | None = None
        self.max_ulp: int | None = None

    def add(self, where: np.ndarray, a: np.ndarray, b: np.ndarray, tolerance: Tolerance | None) -> None:
        if not self.count:
            self.first = int(where[0])
        self.count += len(where)
        passed = np.zeros(len(where), dtype=bool)
        if a.dtype.kind in "iufc":
            passed = self._measure(a, b, tolerance)
        beyond = where[~passed]
        self.outside += len(beyond)
        if len(beyond) and self.first_outside is None:
            self.first_outside = int(beyond[0])

    def _measure(self, a: np.ndarray, b: np.ndarray, tolerance: Tolerance | None) -> np.ndarray:
        finite = np.isfinite(a) & np.isfinite(b)
        self.nonfinite += int((~finite).sum())
        passed = np.zeros(len(a), dtype=bool)
        if not finite.any():
            return passed
        a, b = a[finite], b[finite]
        distance, size = _distance(a, b)
        self.max_abs = _larger(self.max_abs, distance.max().item())
        nonzero = size > 0
        if nonzero.any():
            self.max_rel = _larger(self.max_rel, float((distance[nonzero] / size[nonzero]).max()))
        steps = _steps(a, b)
        if steps is not None:
            self.max_ulp = _larger(self.max_ulp, int(steps.max()))
        if tolerance is not None:
            near = distance <= tolerance.atol + tolerance.rtol * size
            if steps is not None:
                near |= steps <= np.uint64(tolerance.ulp)
            passed[finite] = near
        return passed


def _distance(a: np.ndarray, b: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return |a - b| and |a|, exact for integers."""
    if a.dtype.kind in "iu":
        return _absolute(a, b), np.abs(a.astype(np.float64))
    wide = np.result_type(a.dtype, np.float64)
    with np.errstate(over="ignore"):
        return np.abs(a.astype(wide) - b.astype(wide)), np.abs(a.astype(wide))


def _steps(a: np.ndarray, b: np.ndarray) -> np.ndarray | None:
    if a.dtype.kind == "c" and a.dtype.itemsize <= 16:
        return ulp_distance(_floats(a), _floats(b)).reshape(-1, 2).max(axis=1)
    if a.dtype.kind == "f" and a.dtype.itemsize <= 8:
        return ulp_distance(a, b)
    return None


def _larger(best: Any, new: Any) -> Any:
    return new if best is None or new > best else best


def _item(value: Any) -> bytes:
    """Encode one object so that values of different type or content never agree."""
    if isinstance(value, bytes | bytearray | np.void):
        return b"b" + bytes(value)
    if isinstance(value, str):
        return b"s" + value.encode("utf-8", "surrogatepass")
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | int | float | list | tuple | dict):
        return b"j" + json.dumps(value, sort_keys=True, default=str).encode()
    return b"r" + str(value).encode("utf-8", "surrogatepass")


def update_hash(digest: Any, value: Any) -> None:
    """Feed type, shape and content of an array into a hash.

    Two arrays give the same bytes exactly where `compare_arrays` finds no difference.

    Parameters
    ----------
    digest : hashlib hash object
        Receives the bytes.
    value : array_like
        The data, as `canonical` gives them.
    """
    array = canonical(value)
    digest.update(f"{type_name(array)} {array.shape}\n".encode())
    flat = array.reshape(-1)
    for start in range(0, len(flat), BLOCK):
        block = flat[start : start + BLOCK]
        if block.dtype.kind == "O":
            for item in block.tolist():
                encoded = _item(item)
                digest.update(f"{len(encoded)}:".encode() + encoded)
        else:
            if block.dtype.kind in "fc":
                block = _bits(_floats(block))
            digest.update(block.astype(block.dtype.newbyteorder("<"), copy=False).tobytes())
