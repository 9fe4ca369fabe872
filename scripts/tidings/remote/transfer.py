"""One file over HTTP: all of it under its name, or nothing.

Semantics of status codes, `Retry-After`, `Range`, `If-Range` and entity tags are those of RFC 9110
(sections 8.8, 10.2.3, 13.1.5, 14, 15) and, for 429, RFC 6585 section 4.
"""

from __future__ import annotations

import email.utils
import errno
import hashlib
import os
import re
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from urllib.parse import urlsplit

import requests
import urllib3.exceptions as urllib3_errors

from tidings import __version__
from tidings.errors import InputError
from tidings.remote.lock import Digest

TIMEOUT = (10.0, 60.0)  # s to connect, s without a byte
ATTEMPTS = 6  # in a row without a new byte
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # s of the exponential back-off
PATIENCE = 600.0  # s, the longest Retry-After that is waited for
_TRANSIENT = {408, 429, 500, 502, 503, 504}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CHUNK = 1 << 16


class Unreachable(InputError):
    """The server cannot be reached at all: no network, no such host, nobody listens."""


class _Transient(Exception):
    """A failure that may pass; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float | None = None) -> None:
        super().__init__(reason)
        self.wait = wait


def download(
    url: str,
    destination: str | Path,
    *,
    session: requests.Session | None = None,
    expected: Digest | None = None,
    inspect: Callable[[Path, Digest], None] | None = None,
    advice: str = "",
    attempts: int = ATTEMPTS,
    timeout: tuple[float, float] = TIMEOUT,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.time,
) -> Digest:
    """Download one file.

    The bytes go to a hidden temporary file beside the destination, which takes the final name when complete
    and accepted, and is removed otherwise, also on an interrupt from the keyboard. Busy servers (429, 500,
    502, 503, 504), dropped connections and bodies that end early are tried again, from where they broke off
    when the server shows that the file is still the same.

    Parameters
    ----------
    url : str
        What to download.
    destination : str or Path
        The final name; its folder is made. A file there is replaced.
    session : requests.Session, optional
        To be used instead of a new one.
    expected : Digest, optional
        The bytes the file must have.
    inspect : callable, optional
        Called with the temporary file and its digest before it takes its name; raises `InputError` to
        refuse it.
    advice : str
        What the user may do instead, put at the end of the errors.
    attempts : int
        Failures in a row, without a new byte, after which to give up.
    timeout : (float, float)
        Seconds to connect, and seconds to wait for the next byte.
    sleep, clock : callable
        Pause for seconds, and seconds since 1970; replaced in tests.

    Returns
    -------
    Digest
        Checksum and size of the file.

    Raises
    ------
    Unreachable
        No connection could be made.
    InputError
        The server refused, kept failing, or sent something else than `expected`; the disk is full.
    """
    destination = Path(destination)
    with (
        nullcontext(session) if session is not None else _session() as http,
        _partial(destination) as part,
        _advised(advice),
    ):
        _receive_all(http, url, part, attempts, timeout, sleep, clock)
        digest = part.digest()
        if expected is not None and digest != expected:
            raise InputError(f"{url}: has {digest}, but {destination} must have {expected}")
        if inspect is not None:
            inspect(part.path, digest)
        part.publish()
    return digest


def _session() -> requests.Session:
    session = requests.Session()
    session.headers["User-Agent"] = f"tidings/{__version__}"
    return session


@contextmanager
def _advised(advice: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        if not advice or advice in str(error):
            raise
        raise type(error)(f"{error}; {advice}") from None


class _Partial:
    """The temporary file beside the destination, and the checksum of what is in it."""

    def __init__(self, destination: Path) -> None:
        self.destination = destination
        self.path = destination.with_name(f".{destination.name}.{secrets.token_hex(4)}.part")
        self.validator: str | None = None  # entity tag or date that the bytes belong to
        try:
            destination.parent.mkdir(parents=True, exist_ok=True)
            self.stream = open(self.path, "xb")  # noqa: SIM115 (closed by _partial)
        except OSError as error:
            raise InputError(f"{destination}: cannot be written ({error.strerror})") from None
        self.restart()

    def restart(self) -> None:
        """Forget what has been received."""
        self.stream.seek(0)
        self.stream.truncate()
        self.size = 0
        self.validator = None
        self._sha256 = hashlib.sha256()

    def write(self, chunk: bytes) -> None:
        with self._told():
            self.stream.write(chunk)
        self._sha256.update(chunk)
        self.size += len(chunk)

    def digest(self) -> Digest:
        """Checksum and size; the bytes are on the disk from here on."""
        with self._told():
            self.stream.flush()
            os.fsync(self.stream.fileno())
        return Digest(self._sha256.hexdigest(), self.size)

    def publish(self) -> None:
        with self._told():
            self.stream.close()
            os.replace(self.path, self.destination)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno in _NO_ROOM:
                raise InputError(
                    f"{self.destination}: no room on the disk after {self.size} bytes ({error.strerror}); "
                    "free some, or choose another folder"
                ) from None
            raise InputError(f"{self.destination}: cannot be written ({error.strerror})") from None


@contextmanager
def _partial(destination: Path) -> Iterator[_Partial]:
    part = _Partial(destination)
    try:
        yield part
    finally:
        with suppress(OSError):  # a full disk lets the last flush fail a second time
            part.stream.close()
        part.path.unlink(missing_ok=True)


def _receive_all(
    http: requests.Session,
    url: str,
    part: _Partial,
    attempts: int,
    timeout: tuple[float, float],
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> None:
    """Try until the body is complete or `attempts` in a row have brought no new byte."""
    failures, farthest, reached = 0, 0, False
    progress = _Progress(part.destination.name)
    while True:
        try:
            _receive(http, url, part, timeout, clock, progress)
            return
        except Unreachable as error:
            if not reached:
                raise
            # It did answer before: it is being restarted rather than out of reach.
            problem = _Transient(str(error))
        except _Transient as error:
            problem, reached = error, True
        finally:
            progress.end()
        failures = 1 if part.size > farthest else failures + 1
        farthest = max(farthest, part.size)
        if failures >= attempts:
            raise InputError(f"{url}: given up after {failures} attempts: {problem}") from None
        if problem.wait is not None and problem.wait > PATIENCE:
            raise InputError(
                f"{url}: {problem}; the server asks to come back in {problem.wait:.0f} s"
            ) from None
        back_off = min(FIRST_WAIT * 2 ** (failures - 1), LONGEST_WAIT)
        sleep(back_off if problem.wait is None else problem.wait)


def _receive(
    http: requests.Session,
    url: str,
    part: _Partial,
    timeout: tuple[float, float],
    clock: Callable[[], float],
    progress: _Progress,
) -> None:
    """Make one request, and add its body to what is there already."""
    # "identity": the file as the archive keeps it, not a form compressed for the journey.
    headers = {"Accept-Encoding": "identity"}
    if part.size and part.validator:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": part.validator}
    with _translated(url), http.get(url, headers=headers, timeout=timeout, stream=True) as response:
        _accept(response, url, part, clock)
        total = _total(response, part.size)
        for chunk in response.raw.stream(_CHUNK, decode_content=False):
            part.write(chunk)
            progress.show(part.size, total)
        if total is not None and part.size != total:
            raise _Transient(f"the body ended after {part.size} of {total} bytes")


@contextmanager
def _translated(url: str) -> Iterator[None]:
    """Turn what `requests` and `urllib3` raise into the three kinds of failure there are."""
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise InputError(f"{url}: no secure connection ({cause(error)})") from None
    except requests.exceptions.ConnectionError as error:
        if no_connection(error):
            raise Unreachable(f"{url}: {urlsplit(url).netloc} cannot be reached ({cause(error)})") from None
        raise _Transient(f"the connection broke ({cause(error)})") from None
    except (requests.exceptions.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _Transient(f"the connection broke ({cause(error)})") from None
    except requests.exceptions.RequestException as error:
        raise InputError(f"{url}: cannot be downloaded ({error})") from None
    except urllib3_errors.HTTPError as error:  # while the body is read
        raise _Transient(f"the body broke off ({cause(error)})") from None


def no_connection(error: requests.exceptions.RequestException) -> bool:
    """Whether no connection was made at all: refused, no such host, or nobody answers in time."""
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.ProxyError):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, urllib3_errors.NewConnectionError | urllib3_errors.ConnectTimeoutError)


def cause(error: Exception) -> str:
    """The innermost reason, without the addresses of objects that `urllib3` puts into its messages."""
    inner: BaseException = error
    for _ in range(10):
        held = [inner.__cause__, getattr(inner, "reason", None), *reversed(inner.args), inner.__context__]
        deeper = next((one for one in held if isinstance(one, BaseException)), None)
        if deeper is None or (isinstance(inner, OSError) and inner.errno):
            break
        inner = deeper
    text = getattr(inner, "strerror", None) or str(inner)
    return re.sub(r"<[^>]* object at 0x[0-9a-f]+>:? ?", "", text) or type(inner).__name__


def _accept(response: requests.Response, url: str, part: _Partial, clock: Callable[[], float]) -> None:
    """Decide from the status line and the headers what the body is; raises when it is not the file."""
    status = f"{response.status_code} {response.reason or ''}".rstrip()
    if response.status_code == 206 and _continues(response, part):
        return
    if response.status_code in (206, 416):
        part.restart()
        raise _Transient(f"the file changed during the download ({status})", wait=0.0)
    if response.status_code in _TRANSIENT:
        raise _Transient(status, retry_after(response.headers, clock))
    if response.status_code != 200:
        raise InputError(f"{url}: the server answers {status}")
    part.restart()
    if response.headers.get("Accept-Ranges", "").lower() == "bytes":
        part.validator = _validator(response)


def _validator(response: requests.Response) -> str | None:
    """What proves on a later request that the file is the same: a strong entity tag, else its date."""
    tag = response.headers.get("ETag")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified")


def _continues(response: requests.Response, part: _Partial) -> bool:
    place = re.fullmatch(r"bytes (\d+)-\d+/(\d+|\*)", response.headers.get("Content-Range", ""))
    return place is not None and int(place[1]) == part.size and _validator(response) == part.validator


def _total(response: requests.Response, received: int) -> int | None:
    """Size of the whole file in bytes, or None when the server does not say."""
    length = response.headers.get("Content-Length", "")
    return received + int(length) if length.isdigit() else None


def retry_after(headers: Mapping[str, str], clock: Callable[[], float]) -> float | None:
    """Seconds to wait, given as such or as a date; None when the server does not say."""
    value = headers.get("Retry-After", "").strip()
    if value.isdigit():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - clock())
    except ValueError:
        return None


class _Progress:
    """One line on a terminal, rewritten at every whole MB; nothing in a log file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.shown: int | None = None
        self.terminal = sys.stderr is not None and sys.stderr.isatty()

    def show(self, received: int, total: int | None) -> None:
        megabytes = received // 1_000_000
        if self.terminal and megabytes != self.shown:
            self.shown = megabytes
            whole = f" of {total / 1e6:.1f}" if total else ""
            print(f"\r{self.name}: {received / 1e6:.1f}{whole} MB", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shown is not None:
            self.shown = None
            print(file=sys.stderr)
