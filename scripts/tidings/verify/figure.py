"""Figures: PNG by pixel, SVG by line, PDF by object."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from tidings.verify.nodes import Index, Node, Unreadable, constant
from tidings.verify.provenance import split_digests
from tidings.verify.text import read_bytes, text_nodes

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
#: Chunks of text and time (PNG specification, third edition, sec. 11.3.3 and 11.3.6).
_VOLATILE_CHUNKS = frozenset({b"tEXt", b"zTXt", b"iTXt", b"tIME"})


@contextmanager
def open_png(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode a PNG: pixels, colour type and other chunks; text, time and the compression do not count."""
    raw = read_bytes(source)
    chunks = list(_chunks(raw))
    nodes: list[Node] = []
    seen: dict[bytes, int] = {}
    for kind, data in chunks:
        if kind in (b"IDAT", b"IEND"):
            continue
        name = kind.decode("ascii", "replace")
        seen[kind] = seen.get(kind, 0) + 1
        label = (
            f"chunk {name} ({_keyword(data)})" if kind in _VOLATILE_CHUNKS - {b"tIME"} else f"chunk {name}"
        )
        nodes.append(constant(f"chunk/{name}/{seen[kind]}", label, data, volatile=kind in _VOLATILE_CHUNKS))
    with Image.open(io.BytesIO(raw)) as image:
        pixels, bands = np.asarray(image), image.getbands()
    nodes.append(Node("pixels", "pixels", lambda: pixels, lambda index: _pixel(index, bands)))
    header = dict(chunks).get(b"IHDR", b"")
    if header[8:9] == b"\x10" and header[9:10] != b"\x00":
        # Pillow keeps 8 of 16 bits of colour images: the filtered lines hold all of them.
        lines = zlib.decompress(b"".join(data for kind, data in chunks if kind == b"IDAT"))
        nodes.append(constant("scanlines", "16-bit samples", np.frombuffer(lines, np.uint8)))
    yield nodes


def _chunks(raw: bytes) -> Iterator[tuple[bytes, bytes]]:
    if not raw.startswith(PNG_SIGNATURE):
        raise Unreadable("no PNG signature")
    place = len(PNG_SIGNATURE)
    while place < len(raw):
        if place + 12 > len(raw):
            raise Unreadable(f"the PNG is truncated at byte {len(raw)}")
        length, kind = struct.unpack(">I4s", raw[place : place + 8])
        end = place + 8 + length
        if end + 4 > len(raw):
            raise Unreadable(
                f"the PNG is truncated at byte {len(raw)}, inside chunk {kind.decode('latin-1')}"
            )
        if zlib.crc32(raw[place + 4 : end]) != struct.unpack(">I", raw[end : end + 4])[0]:
            raise Unreadable(f"chunk {kind.decode('latin-1')} at byte {place} fails its CRC")
        yield kind, raw[place + 8 : end]
        place = end + 4


def _keyword(data: bytes) -> str:
    return data.split(b"\x00", 1)[0].decode("latin-1")


def _pixel(index: Index, bands: tuple[str, ...]) -> str:
    row, column = index[:2]
    place = f"row {row}, column {column} (from the upper left)"
    if len(index) == 3:
        place += f", band {bands[index[2]]}"
    return place


@contextmanager
def open_svg(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Decode an SVG into lines; its Dublin Core date and the digests of inputs are volatile."""
    text, digests = split_digests(read_bytes(source).decode("utf-8"))
    dates = re.findall(r"<dc:date>(.*?)</dc:date>", text, flags=re.DOTALL)
    nodes = list(text_nodes(re.sub(r"<dc:date>.*?</dc:date>", "<dc:date/>", text, flags=re.DOTALL)))
    if dates:
        nodes.append(constant("date", "dc:date", np.array(dates, dtype=object), volatile=True))
    nodes += _digest_nodes(digests)
    yield nodes


_STREAM = re.compile(rb"(?<![a-z])stream\r?\n(.*?)endstream", re.DOTALL)
_DATES = re.compile(rb"\s*/(CreationDate|ModDate)\s*(\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>)", re.DOTALL)
_ID = re.compile(
    rb"\s*/ID\s*\[\s*(?:<[^>]*>|\((?:\\.|[^\\()])*\))\s*(?:<[^>]*>|\((?:\\.|[^\\()])*\))\s*\]", re.DOTALL
)
#: Byte offsets of the objects follow the length of a date; the objects themselves are compared.
_OFFSETS = re.compile(rb"(?<![a-z])xref\s+[\d\sfn]*?(?=trailer)|startxref\s+\d+")


@contextmanager
def open_pdf(source: Path | BinaryIO) -> Iterator[list[Node]]:
    """Split a PDF into streams and what lies between.

    Dates, the file identifier, byte offsets and the digests of inputs in the description are volatile.
    Streams count byte by byte: a difference that is compressed, be it a date, is a difference.
    """
    raw = read_bytes(source)
    if not raw.startswith(b"%PDF-"):
        raise Unreadable("no PDF header")
    if b"%%EOF" not in raw[-1024:]:
        raise Unreadable("the PDF is truncated: no end-of-file mark")
    nodes: list[Node] = []
    between: list[bytes] = []
    last = 0
    for number, match in enumerate(_STREAM.finditer(raw)):
        between.append(raw[last : match.start(1)])
        last = match.end(1)
        stream = np.frombuffer(match.group(1), np.uint8)
        label = f"stream {number + 1} ({_object_name(raw, match.start())})"
        nodes.append(constant(f"stream/{number:06d}", label, stream))
    between.append(raw[last:])
    structure = b"\n".join(between)
    volatile = _DATES.findall(structure) + [(b"ID", found) for found in _ID.findall(structure)]
    for number, (name, value) in enumerate(volatile):
        nodes.append(constant(f"volatile/{number:04d}", name.decode("ascii"), value, volatile=True))
    for pattern in (_DATES, _ID, _OFFSETS):
        structure = pattern.sub(b"", structure)
    text, digests = split_digests(structure.decode("latin-1"))
    nodes += _digest_nodes(digests)
    lines = np.array(text.splitlines(), dtype=object)
    nodes.append(Node("structure", "objects", lambda: lines, lambda index: f"line {index[0] + 1}"))
    yield nodes


def _digest_nodes(digests: list[str]) -> list[Node]:
    if not digests:
        return []
    label = "digests of the inputs in the provenance"
    return [constant("inputs", label, np.array(digests, dtype=object), volatile=True)]


def _object_name(raw: bytes, place: int) -> str:
    found = re.findall(rb"(\d+) (\d+) obj", raw[max(0, place - 4096) : place])
    return f"object {found[-1][0].decode()}" if found else "unnumbered object"
