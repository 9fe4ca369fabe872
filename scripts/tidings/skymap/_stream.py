"""Reading a FITS file from front to back, also a compressed one, without holding it as a whole."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from astropy.io import fits

from tidings.errors import InputError

_BLOCK = 2880
_CARDS = _BLOCK // 80
# A header longer than this is none: 10 000 cards.
_LONGEST_HEADER = 280 * _BLOCK

_OTHER_KINDS = {
    b"BZh": "compressed by bzip2: decompress it",
    b"\xfd7zXZ": "compressed by xz: decompress it",
    b"PK\x03\x04": "a zip archive: unpack it",
    b"\x89HDF": "an HDF5 file",
    b"%PDF": "a PDF document",
    b"{": "JSON: if it is an alert, take the map out of it first",
    b"[": "JSON, not a map",
}


class FitsStream:
    """The HDUs of a FITS file, one after the other.

    Parameters
    ----------
    source
        A path, or the content of a file.
    name
        What messages call it; the path if not given.

    Raises
    ------
    InputError
        The file is not FITS, is empty, or ends too early.
    """

    def __init__(self, source: str | Path | bytes, name: str | None = None) -> None:
        in_memory = isinstance(source, (bytes, bytearray, memoryview))
        self.name = name or ("map" if in_memory else str(source))
        self._raw: IO[bytes] = io.BytesIO(source) if in_memory else open(source, "rb")  # noqa: SIM115
        self._file = self._raw
        try:
            self._recognise()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> FitsStream:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._file.close()
        self._raw.close()

    def _recognise(self) -> None:
        start = self._file.read(512)
        self._file.seek(0)
        if start[:2] == b"\x1f\x8b":
            self._file = gzip.GzipFile(fileobj=self._raw, mode="rb")
            start = self.read(512, at_least=0)
            self._file.seek(0)
        if not start:
            raise InputError(f"{self.name}: the file is empty: download it again")
        if start.startswith(b"SIMPLE  ="):
            return
        text = start.lstrip()
        if text.startswith(b"<"):
            title = re.search(rb"<title[^>]*>\s*([^<]{1,80})", start, re.IGNORECASE)
            what = f", titled {title[1].decode('utf-8', 'replace').strip()!r}," if title else ""
            raise InputError(
                f"{self.name}: this is a web page{what} not a FITS file: the server answered with a "
                "page instead of the map; check the address, and whether it needs a login"
            )
        for magic, what in _OTHER_KINDS.items():
            if text.startswith(magic):
                raise InputError(f"{self.name}: this is {what}; a sky map is a FITS file")
        raise InputError(
            f"{self.name}: this is not a FITS file (it begins with {start[:16]!r}): give a HEALPix map"
        )

    def read(self, size: int, at_least: int | None = None) -> bytes:
        """Return the next `size` bytes; fewer, down to `at_least`, at the end of the file."""
        buffer = bytearray(size)
        got = self.read_into(memoryview(buffer), size if at_least is None else at_least)
        return bytes(buffer[:got])

    def read_into(self, buffer: memoryview, at_least: int) -> int:
        """Fill `buffer` from the file and return the number of bytes got."""
        got = 0
        try:
            while got < len(buffer):
                more = self._file.readinto(buffer[got:])
                if not more:
                    break
                got += more
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(
                f"{self.name}: the compressed file is truncated or damaged ({error}): download it again"
            ) from error
        if got < at_least:
            raise InputError(
                f"{self.name}: the file ends {at_least - got} bytes too early: it is truncated, "
                "download it again"
            )
        return got

    def skip(self, size: int) -> None:
        """Move on by `size` bytes."""
        while size > 0:
            size -= len(self.read(min(size, 1 << 20)))

    def headers(self) -> Iterator[tuple[int, fits.Header]]:
        """Yield number and header of each HDU; what is not read of its data is skipped."""
        number = 0
        while (header := self._header(number)) is not None:
            self._unread = _data_size(header)
            yield number, header
            self.skip(self._unread)
            number += 1

    def _header(self, number: int) -> fits.Header | None:
        text = b""
        while True:
            block = self.read(_BLOCK, at_least=0)
            # Some writers leave filling behind the last HDU.
            if len(block) < _BLOCK and not text and not block.strip(b" \0"):
                return None
            if len(block) < _BLOCK or len(text) > _LONGEST_HEADER:
                raise InputError(
                    f"{self.name}: the header of HDU {number} has no end: the file is truncated or damaged"
                )
            text += block
            if any(block[80 * i : 80 * i + 8] == b"END     " for i in range(_CARDS)):
                break
        try:
            return fits.Header.fromstring(text)
        except (ValueError, OSError, UnicodeDecodeError) as error:
            raise InputError(f"{self.name}: the header of HDU {number} cannot be read: {error}") from error

    def take(self, buffer: memoryview) -> None:
        """Fill `buffer` with the data of the current HDU."""
        self._unread -= self.read_into(buffer, len(buffer))


def _data_size(header: fits.Header) -> int:
    axes: list[Any] = [header.get(f"NAXIS{i + 1}", 0) for i in range(header.get("NAXIS", 0))]
    size = 0
    if axes:
        size = 1
        for axis in axes:
            size *= axis
        size = abs(header.get("BITPIX", 8)) // 8 * header.get("GCOUNT", 1) * (size + header.get("PCOUNT", 0))
    return -(-size // _BLOCK) * _BLOCK
