"""NumPy's own files: one array (npy) or a zip of them (npz)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from tidings.verify.nodes import Node, array_nodes


@contextmanager
def open_numpy(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode an npy or npz file; pickled objects are refused, dates inside the zip do not count."""
    loaded = np.load(source, allow_pickle=False)
    if isinstance(loaded, np.ndarray):
        yield list(array_nodes("array", "array", loaded))
        return
    with loaded:
        yield [node for name in sorted(loaded.files) for node in array_nodes(name, name, loaded[name])]
