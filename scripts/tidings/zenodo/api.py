"""Requests to a repository: with a token, patient, within its limits, and with errors that say what to do.

Status codes, `Retry-After` and `Content-Range` are those of RFC 9110 and RFC 6585; `X-RateLimit-Limit`,
`-Remaining` and `-Reset` (seconds since 1970) are Zenodo's (https://developers.zenodo.org/#rate-limiting).
"""

from __future__ import annotations

import ipaddress
import json
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
import requests.auth
import urllib3.exceptions as urllib3_errors

from tidings import __version__
from tidings.errors import InputError
from tidings.remote.transfer import TIMEOUT, cause, no_connection, retry_after

ZENODO = "https://zenodo.org"
SANDBOX = "https://sandbox.zenodo.org"
RDM = "application/vnd.inveniordm.v1+json"
ATTEMPTS = 6
FIRST_WAIT, LONGEST_WAIT = 1.0, 60.0  # s of the exponential back-off
PATIENCE = 3600.0  # s, the longest pause that a server may ask for; Zenodo counts by the hour
_TRANSIENT = {408, 425, 500, 502, 503, 504}


class Refused(InputError):
    """The repository answered that it will not; `status` is the HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Uncertain(Exception):
    """The request may or may not have been carried out: 5xx, or the connection broke before the answer.

    `pause` is what the server asked for, in seconds.
    """

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


class _Token(requests.auth.AuthBase):
    """Puts the token into the header, for one host; as an `auth` it keeps a ~/.netrc from replacing it."""

    def __init__(self, token: str | None, base: str) -> None:
        self._token, self._base = token, base

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token and str(request.url).startswith(f"{self._base}/"):
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


class Api:
    """The API of one repository.

    Parameters
    ----------
    base : str
        Its address, such as ``https://zenodo.org``. Plain HTTP is accepted for this machine only.
    token : str, optional
        Personal access token. It goes into the header of requests to `base`, and nowhere else.
    sleep, clock : callable
        Pause for seconds, and seconds since 1970; replaced in tests.

    Raises
    ------
    InputError
        The address is none, or would send the token in the clear.
    """

    def __init__(
        self,
        base: str,
        token: str | None = None,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.base = _base(base)
        self.sleep, self.clock = sleep, clock
        self.session = requests.Session()
        self.session.headers["User-Agent"] = f"tidings/{__version__}"
        self.session.auth = _Token(token, self.base)
        self._rest_until: float | None = None

    def get(self, path: str, *, accept: str = RDM, **query: Any) -> Any:
        """Return the JSON value at a path; redirects within the repository are followed."""
        return self.idempotent("GET", path, accept=accept, params=query or None)

    def idempotent(self, method: str, path: str, **options: Any) -> Any:
        """Make a request that may be repeated (GET, PUT, DELETE) until it is answered.

        Parameters
        ----------
        method, path : str
            HTTP method, and path below the base.
        **options
            As in `once`.

        Returns
        -------
        object
            The JSON value, None when the body is empty.

        Raises
        ------
        Refused
            The repository will not.
        InputError
            It failed `ATTEMPTS` times.
        """
        for attempt in range(ATTEMPTS):
            try:
                return self.once(method, path, **options)
            except Uncertain as problem:
                self.wait(attempt, problem, f"{method} {self.base}{path}")
        raise AssertionError("not reached")

    def act(self, path: str, done: Callable[[], Any], value: Any = None) -> Any:
        """POST what must not happen twice: after a failure look whether it did happen before trying again.

        Parameters
        ----------
        path : str
            Path below the base.
        done : callable
            Reads the state back: the result if the request has been carried out, else None.
        value : object, optional
            Sent as JSON.
        """
        for attempt in range(ATTEMPTS):
            try:
                return self.once("POST", path, value=value)
            except Uncertain as problem:
                self.wait(attempt, problem, f"POST {self.base}{path}")
                if (result := done()) is not None:
                    return result
        raise AssertionError("not reached")

    def wait(self, attempt: int, problem: Exception, what: str) -> None:
        """Pause before the next attempt; give up after the last one."""
        if attempt + 1 >= ATTEMPTS:
            raise InputError(
                f"{what}: given up after {ATTEMPTS} attempts: {problem}. Nothing is lost: run the "
                "same command "
                "again later, and it goes on from here."
            ) from None
        pause = getattr(problem, "pause", None)
        self._pause(min(FIRST_WAIT * 2**attempt, LONGEST_WAIT) if pause is None else pause, what)

    def once(
        self,
        method: str,
        path: str,
        *,
        value: Any = None,
        body: Callable[[], Any] | None = None,
        accept: str = RDM,
        params: dict[str, Any] | None = None,
    ) -> Any:
        """Make one request, after as long a rest as the repository asked for, and again after each 429.

        Parameters
        ----------
        method, path : str
            HTTP method, and path below the base.
        value : object, optional
            Sent as JSON.
        body : callable, optional
            Opens what is sent as bytes, anew for each attempt.
        accept : str
            Form of the answer.
        params : dict, optional
            Query.
        """
        headers = {"Accept": accept}
        if body is not None:
            headers["Content-Type"] = "application/octet-stream"
        for _ in range(ATTEMPTS):
            self._rest(path)
            stream = body() if body is not None else None
            try:
                response = self.session.request(
                    method,
                    self.base + path,
                    params=params,
                    headers=headers,
                    json=value,
                    data=stream,
                    timeout=TIMEOUT,
                    # A redirected POST would become a GET, and a token must not wander.
                    allow_redirects=method == "GET",
                )
            except (requests.exceptions.RequestException, urllib3_errors.HTTPError) as error:
                raise self._broken(error) from None
            finally:
                if stream is not None:
                    stream.close()
            self._note_limits(response)
            if response.status_code != 429:
                return self._answer(response, method, path)
            self._too_many(response, path)
        raise InputError(f"{self.base}: still too many requests after {ATTEMPTS} pauses; run again later")

    def _broken(self, error: Exception) -> Exception:
        if isinstance(error, requests.exceptions.SSLError):
            return InputError(f"{self.base}: no secure connection ({cause(error)})")
        if isinstance(error, requests.exceptions.RequestException) and no_connection(error):
            return Uncertain(f"{urlsplit(self.base).netloc} cannot be reached ({cause(error)})")
        return Uncertain(f"the connection broke ({cause(error)})")

    def _answer(self, response: requests.Response, method: str, path: str) -> Any:
        status = response.status_code
        if status in _TRANSIENT:
            raise Uncertain(
                f"{status} {response.reason or ''}".rstrip(), retry_after(response.headers, self.clock)
            )
        if status >= 300:
            raise Refused(self._why(response, method, path), status)
        if not response.content:
            return None
        try:
            return response.json()
        except ValueError:
            raise Uncertain(f"the answer with status {status} is not JSON") from None

    def _why(self, response: requests.Response, method: str, path: str) -> str:
        what = f"{method} {self.base}{path}: {response.status_code} {response.reason or ''}".rstrip()
        try:
            said = response.json()
        except ValueError:
            said = {}
        parts = [str(said["message"])] if isinstance(said, dict) and said.get("message") else []
        for error in said.get("errors") or [] if isinstance(said, dict) else []:
            if isinstance(error, dict):
                texts = error.get("messages") or [error.get("message")]
                parts.append(f"{error.get('field', 'record')}: {'; '.join(map(str, texts))}")
        return ": ".join([what, " | ".join(parts)]) if parts else what

    # ---- limits ------------------------------------------------------------------------------------------

    def _note_limits(self, response: requests.Response) -> None:
        """Rest until the window ends once no request is left in it."""
        left, reset = (response.headers.get(f"X-RateLimit-{key}", "") for key in ("Remaining", "Reset"))
        used_up = left.strip() == "0" and reset.strip().isdigit()
        # Whole seconds, cut off: a second more is on the safe side.
        self._rest_until = float(reset) + 1.0 if used_up else None

    def _rest(self, path: str) -> None:
        if self._rest_until is not None:
            pause, self._rest_until = self._rest_until - self.clock(), None
            if pause > 0:
                self._pause(pause, f"{self.base}{path}")

    def _too_many(self, response: requests.Response, path: str) -> None:
        asked = retry_after(response.headers, self.clock)
        if asked is None and self._rest_until is None:
            asked = LONGEST_WAIT
        if asked is not None:
            self._rest_until = None
            self._pause(asked, f"{self.base}{path}")

    def _pause(self, seconds: float, what: str) -> None:
        if seconds > PATIENCE:
            raise InputError(f"{what}: the server asks to come back in {seconds:.0f} s; run again then")
        self.sleep(seconds)


def token_from(file: Path | None, *variables: str) -> str | None:
    """Find the access token: in a file, or else in the first of these environment variables that is set.

    Raises
    ------
    InputError
        The file cannot be read, others may read it, or what was found is no token. The token is not in the
        message.
    """
    if file is not None:
        try:
            if stat.S_IMODE(file.stat().st_mode) & 0o077:
                raise InputError(f"{file}: others can read this token; run: chmod 600 {file}")
            return _checked(file.read_text(encoding="utf-8", errors="replace"), str(file))
        except OSError as error:
            raise InputError(f"{file}: cannot be read ({error.strerror})") from None
    for name in variables:
        if os.environ.get(name, "").strip():
            return _checked(os.environ[name], f"the environment variable {name}")
    return None


def _checked(text: str, place: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[!-~]+", text):
        raise InputError(f"{place}: holds no access token (one word of ASCII characters)")
    return text


def _base(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in ("https", "http") or not parts.hostname or parts.username or parts.query:
        raise InputError(f"{json.dumps(address)}: not the address of a repository, such as {ZENODO}")
    if parts.scheme == "http" and not _is_this_machine(parts.hostname):
        raise InputError(f"{address}: https is needed, or the token would be sent in the clear")
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
