"""Text, JSON, and bytes that have no format known here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from tidings.verify.nodes import Index, Node, constant
from tidings.verify.provenance import INPUT_DIGEST, parse_block


def read_bytes(source: Path | BinaryIO) -> bytes:
    """Read a whole file."""
    return source.read_bytes() if isinstance(source, Path) else source.read()


@contextmanager
def open_json(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode JSON; white space and the order of members do not count. Keys are JSON pointers (RFC 6901)."""
    data = json.loads(read_bytes(source).decode("utf-8"), object_pairs_hook=_unique)
    yield list(json_nodes(data, "", ""))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        double = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"member {double!r} is there twice in one object")
    return found


def json_nodes(data: Any, key: str, label: str, pointer: str = "") -> Iterator[Node]:
    """Flatten JSON data; a list of numbers becomes one array.

    Parameters
    ----------
    data : object
        What `json.loads` returns.
    key, label : str
        Put before each pointer.
    pointer : str
        Where `data` lies.

    Yields
    ------
    Node
        One per value that is no container, and per empty container.
    """
    place = f"{label}{pointer or '(whole)'}"
    if isinstance(data, Mapping) and data:
        for name, value in data.items():
            step = str(name).replace("~", "~0").replace("/", "~1")
            yield from json_nodes(value, key, label, f"{pointer}/{step}")
    elif isinstance(data, Sequence) and not isinstance(data, str | bytes) and data:
        numbers = _numbers(data)
        if numbers is not None:
            yield Node(key + pointer, place, lambda: numbers, lambda index: f"{pointer}/{index[0]}")
            return
        for position, value in enumerate(data):
            yield from json_nodes(value, key, label, f"{pointer}/{position}")
    elif isinstance(data, Mapping | Sequence) and not isinstance(data, str | bytes):
        # In a pointer ~ is always followed by 0 or 1: no member of any name has this key.
        kind = "object" if isinstance(data, Mapping) else "array"
        yield constant(f"{key}{pointer}~{kind}", f"{place} (empty {kind})", kind)
    else:
        volatile = INPUT_DIGEST.fullmatch(pointer) is not None
        yield constant(key + pointer, place, _scalar(data), volatile=volatile)


def value_nodes(key: str, label: str, value: Any) -> Iterator[Node]:
    """See a text value that holds a provenance block as JSON, any other value as it is."""
    block = parse_block(value)
    if block is None:
        yield constant(key, label, value)
    else:
        yield from json_nodes(block, key, f"{label} ", "/provenance")


def _scalar(value: Any) -> Any:
    if isinstance(value, bool | float | str | bytes) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    wrapped = np.empty((), dtype=object)
    wrapped[()] = value
    return wrapped


def _numbers(data: Sequence[Any]) -> np.ndarray | None:
    kinds = {type(value) for value in data}
    if kinds == {float} or (kinds == {int, float} and all(abs(v) <= 2**53 for v in data if type(v) is int)):
        return np.array(data, dtype=np.float64)
    if kinds == {int} and all(abs(value) < 2**63 for value in data):
        return np.array(data, dtype=np.int64)
    return None


@contextmanager
def open_text(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode UTF-8 text into lines; every character counts."""
    yield list(text_nodes(read_bytes(source).decode("utf-8")))


def text_nodes(text: str) -> Iterator[Node]:
    """See text as an array of lines, each with its line end."""
    lines = np.array(text.splitlines(keepends=True), dtype=object)
    yield Node("lines", "text", lambda: lines, lambda index: f"line {index[0] + 1}")


@contextmanager
def open_bytes(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """See a file as bytes."""
    data = np.frombuffer(read_bytes(source), dtype=np.uint8)

    def place(index: Index) -> str:
        return f"byte {index[0]} (0x{index[0]:x})"

    yield [Node("bytes", "bytes", lambda: data, place)]
