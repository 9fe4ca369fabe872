"""HDF5: groups, datasets, attributes and links."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import h5py
import numpy as np

from tidings.verify.nodes import Node, array_nodes, constant
from tidings.verify.text import value_nodes


@contextmanager
def open_hdf5(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode an HDF5 file; timestamps, chunks, compression and the order of members do not count.

    Parameters
    ----------
    source : pathlib.Path or binary file
        The file.

    Yields
    ------
    list of Node
        Keys and labels are HDF5 paths; attributes are ``path@name``.
    """
    with h5py.File(source, "r") as file:
        yield list(_group_nodes(file, "/", ()))


def _group_nodes(group: h5py.Group, path: str, above: tuple[Any, ...]) -> Iterator[Node]:
    yield constant(path, f"{path} (group)", "group")
    yield from _attribute_nodes(group, path)
    for name in sorted(group):
        here = f"{path.rstrip('/')}/{name}"
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.ExternalLink):
            yield constant(here, f"{here} (external link)", f"external link {link.filename} {link.path}")
        elif isinstance(link, h5py.SoftLink):
            yield constant(here, f"{here} (soft link)", f"soft link {link.path}")
        else:
            yield from _object_nodes(group[name], here, (*above, group.id))


def _object_nodes(item: Any, path: str, above: tuple[Any, ...]) -> Iterator[Node]:
    if isinstance(item, h5py.Group):
        if item.id in above:  # a hard link to a group above would never end
            yield constant(path, f"{path} (link to a group above)", "cycle")
        else:
            yield from _group_nodes(item, path, above)
    elif isinstance(item, h5py.Dataset):
        yield from _attribute_nodes(item, path)
        if item.dtype.kind in "biufc" and item.shape is not None:
            yield Node(path, path, _reader(item))
        else:
            yield from array_nodes(path, path, _values(item[()], item))
    else:
        yield constant(path, f"{path} (named type)", str(item.dtype))


def _reader(dataset: h5py.Dataset) -> Any:
    # Numbers are read when their turn comes: a file of many large datasets is never in memory as a whole.
    return lambda: dataset[()]


def _attribute_nodes(item: Any, path: str) -> Iterator[Node]:
    for name in sorted(item.attrs):
        if isinstance(item.attrs[name], str):
            yield from value_nodes(f"{path}@{name}", f"{path} attribute {name!r}", item.attrs[name])
            continue
        yield from array_nodes(
            f"{path}@{name}", f"{path} attribute {name!r}", _values(item.attrs[name], item)
        )


def _values(value: Any, item: Any) -> np.ndarray:
    """Bring what h5py returns into arrays; a reference becomes the path that it points to."""
    if isinstance(value, h5py.Empty):
        return np.array(f"empty {value.dtype}", dtype=object)
    array = np.asarray(value)
    if array.dtype.names:
        references = [name for name in array.dtype.names if array.dtype[name].kind == "O"]
        if not references:
            return array
        typed = [
            (name, object if name in references else array.dtype[name].base, array.dtype[name].shape)
            for name in array.dtype.names
        ]
        plain = np.empty(array.shape, dtype=typed)
        for name in array.dtype.names:
            plain[name] = _values(array[name], item) if name in references else array[name]
        return plain
    if array.dtype.kind != "O":
        return array
    out = np.empty(array.shape, dtype=object)
    for index in np.ndindex(array.shape):
        out[index] = _object(array[index], item)
    return out


def _object(value: Any, item: Any) -> Any:
    if isinstance(value, h5py.Reference | h5py.RegionReference):
        return item.file[value].name if value else ""
    return _values(value, item) if isinstance(value, np.ndarray) and value.dtype.kind == "O" else value
