"""The decoded form that every format is brought into: named values that know their place."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidings.verify.model import Difference, Tolerance
from tidings.verify.numbers import canonical, compare_arrays, type_name, update_hash

Index = tuple[int, ...]


def plain_index(index: Index) -> str:
    """Write an index as NumPy does; a scalar has none."""
    return f"[{', '.join(map(str, index))}]" if index else ""


@dataclass(frozen=True)
class Node:
    """One decoded value of a file.

    `key` pairs it with that of the other run, `label` names it for the reader, `value` loads it, `locate`
    turns an index into a place. A `volatile` node (a date, a comment) does not count as content.
    """

    key: str
    label: str
    value: Callable[[], Any]
    locate: Callable[[Index], str] = plain_index
    volatile: bool = False


class Unreadable(Exception):
    """A file that could not be decoded; the message says which and why."""


def constant(key: str, label: str, value: Any, *, volatile: bool = False) -> Node:
    """Wrap a value that is already in memory."""
    return Node(key, label, lambda: value, volatile=volatile)


def array_nodes(
    key: str, label: str, array: np.ndarray, locate: Callable[[Index], str] = plain_index
) -> Iterator[Node]:
    """Split records into fields and lists of different length into lengths and values.

    Parameters
    ----------
    key, label : str
        As in `Node`.
    array : numpy.ndarray
        Any type that FITS, HDF5 or NumPy files hold.
    locate : callable
        From the index to the place.

    Yields
    ------
    Node
        Of numbers or text only.
    """
    if array.dtype.names:
        for name in array.dtype.names:
            yield from array_nodes(f"{key}.{name}", f"{label} field {name!r}", array[name], locate)
    elif array.dtype.kind == "O" and any(isinstance(x, np.ndarray) for x in array.reshape(-1)):
        yield from _ragged_nodes(key, label, array, locate)
    else:
        yield Node(key, label, lambda: array, locate)


def _ragged_nodes(key: str, label: str, array: np.ndarray, locate: Callable[[Index], str]) -> Iterator[Node]:
    rows = [np.atleast_1d(np.ma.getdata(x)).reshape(-1) for x in array.reshape(-1)]
    lengths = np.array([len(row) for row in rows], dtype=np.int64).reshape(array.shape)
    ends = np.cumsum(lengths)

    def place(index: Index) -> str:
        row = int(np.searchsorted(ends, index[0], side="right"))
        element = index[0] - int(ends[row] - lengths.reshape(-1)[row])
        return f"{locate(tuple(int(i) for i in np.unravel_index(row, array.shape)))}, element {element}"

    yield Node(f"{key}#length", f"{label} length", lambda: lengths, locate)
    yield Node(f"{key}#value", label, lambda: np.concatenate(rows) if rows else np.zeros(0), place)


def digest_nodes(nodes: Iterable[Node]) -> str:
    """Hash all content, in the order of the keys; volatile nodes are left out."""
    digest = hashlib.sha256()
    for node in sorted((n for n in nodes if not n.volatile), key=lambda n: n.key):
        encoded = node.key.encode("utf-8", "surrogatepass")
        digest.update(f"{len(encoded)}:".encode() + encoded)
        update_hash(digest, node.value())
    return digest.hexdigest()


def compare_nodes(
    reference: Mapping[str, Node], candidate: Mapping[str, Node], tolerance: Tolerance | None = None
) -> tuple[list[Difference], list[str]]:
    """Compare two decoded files.

    Parameters
    ----------
    reference, candidate : mapping
        Nodes by key.
    tolerance : Tolerance, optional
        The rule of this product.

    Returns
    -------
    differences : list of Difference
        Of the content, in the order of the reference; what only the candidate has comes last.
    notes : list of str
        Volatile metadata that differ.

    Raises
    ------
    Unreadable
        If a value cannot be loaded.
    """
    differences: list[Difference] = []
    notes: list[str] = []
    for key, node in reference.items():
        other = candidate.get(key)
        if other is None:
            found: Difference | None = Difference(node.label, "only in the reference")
        else:
            found = _compare_node(node, other, tolerance)
        if found is not None and node.volatile:
            notes.append(node.label)
        elif found is not None:
            differences.append(found)
    for key, node in candidate.items():
        if key not in reference and node.volatile:
            notes.append(node.label)
        elif key not in reference:
            differences.append(Difference(node.label, "only in the candidate"))
    return differences, notes


def _compare_node(node: Node, other: Node, tolerance: Tolerance | None) -> Difference | None:
    a, b = _load(node, "reference"), _load(other, "candidate")
    if type_name(a) != type_name(b):
        return Difference(node.label, "another type", reference=_kind(a), candidate=_kind(b))
    if a.shape != b.shape:
        return _compare_lengths(node, a, b)
    found = compare_arrays(a, b, tolerance)
    if found is None:
        return None
    what = f"{found.count} of {found.total} values differ" if found.total > 1 else "the value differs"
    if found.nonfinite:
        what += f" ({found.nonfinite} with NaN or infinity on one side)"
    if tolerance is not None:
        what += f", {found.outside} beyond the tolerance"
    return Difference(
        place=node.label,
        what=what,
        first=node.locate(found.index),
        reference=_show(found.reference),
        candidate=_show(found.candidate),
        count=found.count,
        total=found.total,
        outside=found.outside,
        max_abs=found.max_abs,
        max_rel=found.max_rel,
        max_ulp=found.max_ulp,
    )


def _compare_lengths(node: Node, a: np.ndarray, b: np.ndarray) -> Difference:
    """Tables, texts and series of different length: find where the common part ends."""
    if a.ndim != b.ndim or a.shape[1:] != b.shape[1:]:
        return Difference(node.label, "another shape", reference=str(a.shape), candidate=str(b.shape))
    common = min(len(a), len(b))
    found = compare_arrays(a[:common], b[:common])
    index = found.index if found else (common, *(0 for _ in a.shape[1:]))
    return Difference(
        node.label,
        f"length {len(a)} in the reference and {len(b)} in the candidate",
        first=node.locate(index),
        reference=_show(a[index]) if len(a) > index[0] and a.size else "nothing",
        candidate=_show(b[index]) if len(b) > index[0] and b.size else "nothing",
    )


def _kind(array: np.ndarray) -> str:
    name = type_name(array)
    return f"{name} {_show(array[()])}" if array.ndim == 0 else name


def _load(node: Node, side: str) -> np.ndarray:
    try:
        return canonical(node.value())
    except Exception as error:  # a damaged file can fail in any way inside the library that decodes it
        raise Unreadable(
            f"{node.label} of the {side} cannot be read: {error or type(error).__name__}"
        ) from error


def _show(value: Any, width: int = 80) -> str:
    if isinstance(value, str | bytes):
        text = repr(value)
        return text if len(text) <= width else f"{text[: width - 1]}…"
    return str(value)
