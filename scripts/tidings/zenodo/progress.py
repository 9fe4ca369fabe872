"""How far an upload is: one line on a terminal, nothing in a log file or under continuous integration."""

from __future__ import annotations

import hashlib
import os
import sys
import time
from pathlib import Path
from typing import BinaryIO

_WIDTH = 30
_EVERY = 0.1  # s between two looks of the line


class Progress:
    """A bar for the bytes of several files.

    Parameters
    ----------
    total : int
        Bytes of all files.
    """

    def __init__(self, total: int) -> None:
        self.total, self.done = total, 0
        self.name = ""
        self.shown = 0.0
        self.terminal = sys.stderr is not None and sys.stderr.isatty() and not os.environ.get("CI")

    def begin(self, name: str) -> None:
        """Name the file that follows."""
        self.name = name

    def advance(self, count: int) -> None:
        """Add bytes."""
        self.done += count
        if self.terminal and (time.monotonic() - self.shown > _EVERY or self.done >= self.total):
            self.shown = time.monotonic()
            part = min(self.done / self.total, 1.0) if self.total else 1.0
            bar = "=" * round(_WIDTH * part)
            size = f"{self.done / 1e6:.1f} of {self.total / 1e6:.1f} MB"
            print(f"\r[{bar:<{_WIDTH}}] {size}  {self.name[:30]:<30}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self.shown:
            self.shown = 0.0
            print(file=sys.stderr)


class Body:
    """A file that is sent: its bytes are counted, and their MD5 taken, as they go."""

    def __init__(self, path: Path, progress: Progress) -> None:
        self._stream: BinaryIO = path.open("rb")
        self._size = os.fstat(self._stream.fileno()).st_size
        self._progress = progress
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._counted = 0

    def __len__(self) -> int:
        return self._size

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        chunk = self._stream.read(size)
        self._md5.update(chunk)
        self._counted += len(chunk)
        self._progress.advance(len(chunk))
        return chunk

    @property
    def md5(self) -> str:
        """MD5 of what was read."""
        return self._md5.hexdigest()

    def close(self) -> None:
        """Close the file; an upload that broke off is taken back from the progress."""
        if self._counted != self._size:
            self._progress.advance(-self._counted)
        self._stream.close()
