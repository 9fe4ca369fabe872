"""Structures of IGWD frame files (LIGO-T970130, versions 6 and 8).

A frame file describes itself: each kind of structure is declared (FrSH, its elements FrSE) before its
first use. The file is walked once from header to header, which is needed for the declarations in any case;
so the table of contents (FrTOC) is not used, and files without one read alike.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from tidings.errors import InputError

_FILE_HEADER = 40
_STRUCT_HEADER = 14
_FR_SH, _FR_SE = 1, 2
_FORMATS = {
    "CHAR": "b", "CHAR_U": "B", "INT_2S": "h", "INT_2U": "H", "INT_4S": "i", "INT_4U": "I",
    "INT_8S": "q", "INT_8U": "Q", "REAL_4": "f", "REAL_8": "d",
}  # fmt: skip
_TYPE = re.compile(r"(?P<base>[A-Z][A-Z0-9_]*)\s*(\((?P<target>[^)]*)\))?\s*(?P<sizes>(\[\w+\])*)")
CHANNELS = ("FrAdcData", "FrProcData", "FrSimData")
# Elements without which a structure is of no use; a damaged declaration may lack them.
_REQUIRED = {
    "FrameH": ("GTimeS", "GTimeN"),
    "FrVect": ("compress", "type", "nData", "data", "nDim", "nx", "dx", "startX", "unitY"),
    "FrEndOfFile": ("chkSum",),
    **dict.fromkeys(CHANNELS, ("name", "data")),
}

_REVERSED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Bytes(NamedTuple):
    """Place of a run of raw bytes in the file."""

    offset: int
    size: int


class Structure(NamedTuple):
    """Kind and place of one structure."""

    kind: str
    offset: int
    length: int


@dataclass
class Frame:
    """One frame: its header, its structures, and (read last) its start in GPS seconds and s after that."""

    header: Structure
    structures: dict[tuple[int, int], Structure] = field(default_factory=dict)
    seconds: int = 0
    fraction: float = 0.0

    def channels(self) -> Iterator[Structure]:
        """Yield the structures that describe channels, in file order."""
        return (item for item in self.structures.values() if item.kind in CHANNELS)


def cksum(*parts: bytes | memoryview) -> int:
    """POSIX cksum (CRC-32, highest bit first, followed by the length), the checksum of frame files.

    zlib runs the same polynomial lowest bit first; so the bits of each byte, and of the result, are reversed.
    """
    crc, size = 0xFFFFFFFF, 0
    for part in parts:
        for start in range(0, len(part), 1 << 20):
            crc = zlib.crc32(bytes(part[start : start + (1 << 20)]).translate(_REVERSED), crc)
        size += len(part)
    length = size.to_bytes((size.bit_length() + 7) // 8, "little")
    crc = zlib.crc32(length.translate(_REVERSED), crc)
    return int(f"{crc:032b}"[::-1], 2)


class FrameFile:
    """A frame file opened for reading: walk it with `frames`, read structures with `parse`.

    Raises
    ------
    InputError
        If the file is damaged, truncated or of another version; the message names it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with open(path, "rb") as stream:
                self._map = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        except OSError as error:
            raise InputError(
                f"{path}: cannot be read ({error.strerror}); fetch it, or mend the path"
            ) from None
        except ValueError:
            raise InputError(f"{path}: the file is empty; fetch it again") from None
        try:
            self._read_header()
            self._elements: dict[str, list[tuple[str, str]]] = {}
            self._kinds: dict[int, str] = {}
            self._verified: set[Structure] = set()
            self.frames: list[Frame] = []
            self._walk()
        except BaseException:
            self._map.close()
            raise

    def __enter__(self) -> FrameFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._map.close()

    def read(self, place: Bytes) -> bytes:
        """Read raw bytes."""
        return self._map[place.offset : place.offset + place.size]

    def parse(self, structure: Structure) -> dict[str, Any]:
        """Read the elements of a structure by name.

        Numbers come as they are, arrays as tuples, strings as str, pointers as (class, instance), CHAR
        arrays as `Bytes`. The checksum is verified where the structure has one.
        """
        self._verify(structure)
        values: dict[str, Any] = {}
        position = structure.offset + _STRUCT_HEADER
        end = structure.offset + structure.length
        for name, kind in self._elements[structure.kind]:
            match = _TYPE.fullmatch(kind)
            if match is None:
                raise self._damaged(f"{structure.kind}.{name} is of the unknown type {kind!r}")
            values[name], position = self._element(match, values, position, end)
        missing = [name for name in _REQUIRED.get(structure.kind, ()) if name not in values]
        if missing:
            raise self._damaged(f"{structure.kind} is declared without {', '.join(missing)}")
        return values

    def target(self, frame: Frame, pointer: tuple[int, int]) -> Structure | None:
        """Structure of a frame that a pointer (class, instance) points to; None for the null pointer."""
        if pointer[0] == 0:
            return None
        if pointer not in frame.structures:
            raise self._damaged(f"nothing lies where class {pointer[0]}, instance {pointer[1]} is sought")
        return frame.structures[pointer]

    def _read_header(self) -> None:
        head = self._map[:_FILE_HEADER]
        if len(head) < _FILE_HEADER:
            raise InputError(f"{self.path}: the frame file is truncated; fetch it again")
        self.version = head[5]
        self.order = {b"\x34\x12": "<", b"\x12\x34": ">"}.get(head[12:14], "")
        if not self.order or tuple(head[7:12]) != (2, 4, 8, 4, 8):
            raise self._damaged("the file header is not that of a frame file")
        if self.version not in (6, 8):
            raise InputError(f"{self.path}: frame format version {self.version}; versions 6 and 8 are read")

    def _head(self, position: int) -> tuple[int, int, int]:
        """Length, class and instance of the structure at a position."""
        if position + _STRUCT_HEADER > len(self._map):
            raise InputError(
                f"{self.path}: the frame file is truncated at byte {len(self._map)}; fetch it again"
            )
        if self.version == 8:
            length, _, number, instance = struct.unpack_from(self.order + "QBBI", self._map, position)
        else:
            length, number, instance = struct.unpack_from(self.order + "QHI", self._map, position)
        if length < _STRUCT_HEADER:
            raise self._damaged(f"a structure of {length} bytes at byte {position}")
        if position + length > len(self._map):
            raise InputError(
                f"{self.path}: the frame file is truncated at byte {len(self._map)}; fetch it again"
            )
        return length, number, instance

    def _walk(self) -> None:
        """Go from structure to structure, collecting declarations and frames."""
        position, kind, declared, frame = _FILE_HEADER, "", "", None
        while kind != "FrEndOfFile":
            length, number, instance = self._head(position)
            kind = {_FR_SH: "FrSH", _FR_SE: "FrSE"}.get(number) or self._kinds.get(number, "")
            structure = Structure(kind, position, length)
            if kind == "FrSH":
                declared = self._declare(structure)
            elif kind == "FrSE":
                self._elements[declared].append(self._declared_element(structure))
            elif not kind:
                raise self._damaged(f"a structure of the undeclared class {number} at byte {position}")
            elif kind == "FrameH":
                frame = Frame(structure)
                self.frames.append(frame)
            elif kind == "FrEndOfFrame":
                frame = None
            elif frame is not None:
                if (number, instance) in frame.structures:
                    raise self._damaged(f"a second {kind} of instance {instance} at byte {position}")
                frame.structures[number, instance] = structure
            position += length
        self._verify_file(structure)
        for frame in self.frames:
            head = self.parse(frame.header)
            frame.seconds, frame.fraction = head["GTimeS"], head["GTimeN"] * 1e-9

    def _declare(self, structure: Structure) -> str:
        """Read an FrSH: name (STRING) and class (INT_2U) of a kind of structure."""
        self._verify(structure)
        end = structure.offset + structure.length
        name, position = self._string(structure.offset + _STRUCT_HEADER, end)
        (number,) = self._unpack("H", position, end)
        self._kinds[number] = name
        self._elements[name] = []
        return name

    def _declared_element(self, structure: Structure) -> tuple[str, str]:
        """Read an FrSE: name and type (STRING both) of an element."""
        self._verify(structure)
        end = structure.offset + structure.length
        name, position = self._string(structure.offset + _STRUCT_HEADER, end)
        kind, _ = self._string(position, end)
        return name, kind

    def _element(
        self, match: re.Match[str], values: dict[str, Any], position: int, end: int
    ) -> tuple[Any, int]:
        """Read one element; array sizes are numbers or elements read before."""
        sizes = re.findall(r"\w+", match["sizes"])
        count = 1
        for size in sizes:
            count *= int(size) if size.isdigit() else values[size]
        base = match["base"]
        if base == "STRING":
            items = []
            for _ in range(count):
                item, position = self._string(position, end)
                items.append(item)
            return (tuple(items) if sizes else items[0]), position
        if base == "PTR_STRUCT":
            return self._unpack("HI", position, end), position + 6
        if base not in _FORMATS:
            raise self._damaged(f"an element of the unknown type {base}")
        size = struct.calcsize(_FORMATS[base])
        if position + count * size > end:
            raise self._damaged(f"an array that does not fit its structure at byte {position}")
        if base.startswith("CHAR") and sizes:
            return Bytes(position, count), position + count
        numbers = self._unpack(f"{count}{_FORMATS[base]}", position, end)
        return (numbers if sizes else numbers[0]), position + count * size

    def _unpack(self, layout: str, position: int, end: int) -> tuple[Any, ...]:
        layout = self.order + layout
        if position + struct.calcsize(layout) > end:
            raise self._damaged(f"a structure that ends inside an element at byte {position}")
        return struct.unpack_from(layout, self._map, position)

    def _string(self, position: int, end: int) -> tuple[str, int]:
        """Read a STRING: length with the closing zero (INT_2U), characters."""
        (length,) = self._unpack("H", position, end)
        position += 2
        if position + length > end:
            raise self._damaged(f"a text that does not fit its structure at byte {position}")
        text = self._map[position : position + length].rstrip(b"\0").decode("latin-1")
        return text, position + length

    def _verify(self, structure: Structure) -> None:
        """Check the checksum that version 8 keeps at the end of each structure, once."""
        if self.version != 8 or self._map[structure.offset + 8] != 1 or structure in self._verified:
            return
        last = structure.offset + structure.length - 4
        (stated,) = struct.unpack_from(self.order + "I", self._map, last)
        if cksum(self._map[structure.offset : last]) != stated:
            raise self._damaged(f"the checksum of the {structure.kind} at byte {structure.offset} is wrong")
        self._verified.add(structure)

    def _verify_file(self, structure: Structure) -> None:
        """Check the file header (version 8) or the whole file (version 6 has no checksums of structures)."""
        end = structure.offset + structure.length
        if self.version == 8:
            # chkSumFrHeader, chkSum, chkSumFile close the structure.
            (stated,) = struct.unpack_from(self.order + "I", self._map, end - 12)
            if self._map[39] == 1 and cksum(self._map[:_FILE_HEADER]) != stated:
                raise self._damaged("the checksum of the file header is wrong")
            return
        last = self.parse(structure)
        # chkSum counts as zero in its own sum; only seekTOC follows it.
        place = end - 12
        if last.get("chkType") == 1:
            total = cksum(memoryview(self._map)[:place].toreadonly(), bytes(4), self._map[place + 4 : end])
            if total != last["chkSum"]:
                raise self._damaged("its checksum is wrong")

    def _damaged(self, what: str) -> InputError:
        return InputError(f"{self.path}: the frame file is damaged ({what}); fetch it again")
