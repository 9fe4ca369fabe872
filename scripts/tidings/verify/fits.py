"""FITS: header cards, images with sky positions, tables."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from astropy.io import fits
from astropy.io.fits.card import Undefined
from astropy.wcs import WCS

from tidings.verify.nodes import Index, Node, Unreadable, array_nodes, constant
from tidings.verify.text import value_nodes

#: Cards that say when a file was written and check its bytes, not what it holds.
VOLATILE_KEYWORDS = frozenset({"CHECKSUM", "DATASUM", "DATE", "ZHECKSUM", "ZDATASUM"})


@contextmanager
def open_fits(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode a FITS file.

    Parameters
    ----------
    source : pathlib.Path or binary file
        The file, already decompressed.

    Yields
    ------
    list of Node
        Keys are by HDU number, so that the order of the HDUs counts and that of the cards does not. Inline
        comments and the cards of `VOLATILE_KEYWORDS` are volatile; COMMENT and HISTORY are content.

    Raises
    ------
    Unreadable
        If the file ends before its data do.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with fits.open(source, memmap=False, lazy_load_hdus=False) as hdus:
            if any("truncated" in str(warning.message) for warning in caught):
                raise Unreadable("the file is truncated: it is shorter than its headers say")
            yield [node for number, hdu in enumerate(hdus) for node in _hdu_nodes(number, hdu)]


def _hdu_nodes(number: int, hdu: Any) -> Iterator[Node]:
    key = f"{number:04d}"
    label = f"HDU {number} ({hdu.name})" if hdu.name else f"HDU {number}"
    # Reading scaled data rewrites BITPIX, BZERO and BSCALE in the header, so the cards come first.
    header = hdu.header.copy()
    yield constant(f"{key}/kind", f"{label}, kind", "image" if hdu.is_image else "table")
    yield from _header_nodes(key, label, header)
    data = hdu.data
    if data is None:
        return
    if data.dtype.names:
        yield from _table_nodes(key, label, data)
    else:
        array = np.asarray(data)
        yield Node(f"{key}/data", f"{label}, image", lambda: array, lambda index: _pixel(index, header))


def _header_nodes(key: str, label: str, header: fits.Header) -> Iterator[Node]:
    values: dict[str, list[Any]] = {}
    comments: dict[str, list[str]] = {}
    for card in header.cards:
        value, comment = _card(card)
        if card.keyword or value != "":
            values.setdefault(card.keyword, []).append(value)
            comments.setdefault(card.keyword, []).append(comment)
    for keyword, found in values.items():
        volatile = keyword in VOLATILE_KEYWORDS
        name = f"{label}, keyword {keyword}" if keyword else f"{label}, cards without keyword"
        content = found[0] if len(found) == 1 else np.array(found, dtype=object)
        if volatile:
            yield constant(f"{key}/card/{keyword}", name, content, volatile=True)
        else:
            yield from value_nodes(f"{key}/card/{keyword}", name, content)
        if any(comments[keyword]):
            text = np.array(comments[keyword], dtype=object)
            yield constant(f"{key}/comment/{keyword}", f"{name}, its comment", text, volatile=True)


def _card(card: fits.Card) -> tuple[Any, str]:
    try:
        value = card.value
        return (None if isinstance(value, Undefined) else value), card.comment
    except fits.VerifyError:
        # A card that breaks the standard still has its 80 characters to compare.
        return card.image.rstrip(), ""


def _table_nodes(key: str, label: str, data: Any) -> Iterator[Node]:
    for number, name in enumerate(data.dtype.names):
        column = data.field(number)
        if isinstance(column, np.ndarray) and column.dtype.kind == "O":
            rows = np.empty(len(column), dtype=object)
            rows[:] = [np.asarray(row) for row in column]
            column = rows
        yield from array_nodes(
            f"{key}/column/{number:04d}", f"{label}, column {name!r}", np.asarray(column), _cell
        )


def _cell(index: Index) -> str:
    if not index:
        return ""
    element = f", element {list(index[1:])}" if len(index) > 1 else ""
    return f"row [{index[0]}] (FITS row {index[0] + 1}){element}"


def _pixel(index: Index, header: fits.Header) -> str:
    place = f"[{', '.join(map(str, index))}]"
    standard = f"FITS pixel ({', '.join(str(i + 1) for i in reversed(index))})"
    return f"{place} ({'; '.join([standard, *_sky(index, header)])})"


def _sky(index: Index, header: fits.Header) -> list[str]:
    """World coordinates of a pixel, where the header has a celestial system."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            wcs = WCS(header)
            if not wcs.has_celestial or wcs.naxis != len(index):
                return []
            world = wcs.all_pix2world([index[::-1]], 0)[0]
    except Exception:  # a broken WCS must not hide the difference that it would only have located
        return []
    names = [ctype.split("-")[0].title() if ctype[:2] != "RA" else "RA" for ctype in wcs.wcs.ctype]
    named = [
        f"{name or f'axis {k + 1}'} {value:.7g}" + (f" {unit}" if str(unit) else "")
        for k, (name, value, unit) in enumerate(zip(names, world, wcs.wcs.cunit, strict=True))
        if np.isfinite(value)
    ]
    return [", ".join(named)] if named else []
