"""One process at a time may rewrite a file."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tidings.errors import InputError

POLL = 0.1  # s between two looks at a file that another process holds
PATIENCE = 60.0  # s after which the holder is taken for dead
_NO_LOCKS = {errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.EINVAL}


@contextmanager
def exclusive(path: Path, sleep: Callable[[float], None] = time.sleep) -> Iterator[None]:
    """Hold `path` against every other process that asks in the same way.

    Parameters
    ----------
    path : Path
        The file to be rewritten; it need not exist, its folder must.
    sleep : callable
        Called with seconds while waiting, on file systems without locks only.

    Raises
    ------
    InputError
        The folder cannot be written to, or (on a file system without locks) stays taken for 60 s.
    """
    guard = path.with_name(f".{path.name}.guard")
    descriptor = _take(path, guard)
    if descriptor is None:
        guard = path.with_name(f".{path.name}.busy")
        _take_by_creation(path, guard, sleep)
    try:
        yield
    finally:
        # Removed while it is still held: a process that waits for it finds another file, or none,
        # under the name and asks again, so nothing is left behind and nobody is let in twice.
        guard.unlink(missing_ok=True)
        if descriptor is not None:
            os.close(descriptor)


def _take(path: Path, guard: Path) -> int | None:
    """Lock the guard file and return its descriptor, or None where the file system has no locks."""
    while True:
        try:
            descriptor = os.open(guard, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            raise _not_writable(path, error) from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _still_named(descriptor, guard):
                return descriptor
        except OSError as error:
            os.close(descriptor)
            if error.errno not in _NO_LOCKS:
                raise _not_writable(path, error) from None
            guard.unlink(missing_ok=True)
            return None
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _still_named(descriptor: int, guard: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(guard))
    except FileNotFoundError:
        return False


def _take_by_creation(path: Path, busy: Path, sleep: Callable[[float], None]) -> None:
    """Hold by the creation of a file, which is exclusive on network file systems without locks too."""
    for _ in range(round(PATIENCE / POLL)):
        try:
            os.close(os.open(busy, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
            return
        except FileExistsError:
            sleep(POLL)
        except OSError as error:
            raise _not_writable(path, error) from None
    raise InputError(
        f"{path}: another process has held it for {PATIENCE:.0f} s, and this file system has no locks that "
        f"end with their process. If nothing else is running, delete {busy} and run again."
    )


def _not_writable(path: Path, error: OSError) -> InputError:
    return InputError(
        f"{path}: cannot be written ({error.strerror}); make the folder {path.parent} writable, "
        "or name a file elsewhere"
    )
