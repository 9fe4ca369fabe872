"""ISGRI event files of single science windows from the public archives.

Layout (ISDC, and the mirror of HEASARC): ``<archive>/scw/RRRR/RRRRPPPPSSSF.001/isgri_events.fits.gz`` beside
the group file ``swg.fits``, which says what the window has; ``.001`` is the consolidated version, ``.000``
the near-real-time one. A window that was aborted has a group file but no events.
"""

from __future__ import annotations

import gzip
import os
import shutil
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from astropy.io import fits

from tidings.errors import InputError
from tidings.isgri.event_file import write_aborted
from tidings.isgri.window_list import check_swid
from tidings.remote.lock import Digest, Lock, digest_of
from tidings.remote.transfer import download

HOST_VARIABLE = "TIDINGS_INTEGRAL_ARCHIVE"  # environment: another server of the same layout
ARCHIVES = {
    "isdc": "https://isdcarc.unige.ch/arc/rev_3",
    "heasarc": "https://heasarc.gsfc.nasa.gov/FTP/integral/data",
}
NEAR_REAL_TIME = "https://isdcarc.unige.ch/arc/FTP/arc_distr/NRT/public"
EVENTS, GROUP = "isgri_events.fits.gz", "swg.fits"
_TABLE = "ISGR-EVTS-ALL"
_CHUNK = 1 << 22


@dataclass(frozen=True)
class Place:
    """Where a science window lies: its version is ``001`` or ``000``, `root` the address to ask."""

    swid: str
    version: str
    root: str
    public: str

    def path(self, file: str) -> str:
        """Path of a file below the archive's root; also its name in the lock, after ``integral/``."""
        return f"scw/{self.swid[:4]}/{self.swid}.{self.version}/{file}"

    def url(self, file: str) -> str:
        """Address of a file."""
        return f"{self.root}/{self.path(file)}"

    def recorded(self, file: str) -> str:
        """Public address of a file, which the lock keeps."""
        return f"{self.public}/{self.path(file)}"

    def key(self, file: str) -> str:
        """Name of a file in the lock: the same whichever mirror it came from."""
        return f"integral/{self.path(file)}"


@dataclass(frozen=True)
class _Request:
    lock: Lock
    store: Path | None
    sleep: Callable[[float], None]
    provenance: dict[str, Any] | None


def fetch_events(
    swid: str,
    path: str | Path,
    *,
    lock: Lock,
    archive: str = "isdc",
    near_real_time: bool = False,
    store: str | Path | None = None,
    host: str | None = None,
    provenance: dict[str, Any] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Put the event file of one science window in its place.

    Parameters
    ----------
    swid : str
        Identifier of the window, 12 digits.
    path : str or Path
        Where the file is put.
    lock : Lock
        Record of checksums: a new file is recorded once it has proved to be what was asked for, a known one
        must be the same. Which version was used, and that a window was aborted, is recorded too, and kept to.
    archive : {"isdc", "heasarc"}
        Which archive to ask.
    near_real_time : bool
        Take the near-real-time version when there is no consolidated one yet.
    store : str or Path, optional
        Folder with files that need not be downloaded: ``<swid>_isgri_events.fits.gz``, or the archive's tree
        from ``scw`` on.
    host : str, optional
        Address to ask instead; the environment variable ``TIDINGS_INTEGRAL_ARCHIVE`` does the same.
    provenance : dict, optional
        Block for the note that stands in for an aborted window.
    sleep : callable
        Called with seconds between two attempts; replaced in tests.

    Returns
    -------
    bool
        False for an aborted window: the file written is then a FITS file without events, ABORTED = T.

    Raises
    ------
    InputError
        There is no such window; the file is not the one recorded, is cut off, is none of events or is of
        another window; the archive cannot be reached.
    """
    swid = check_swid(swid)
    request = _Request(lock, None if store is None else Path(store), sleep, provenance)
    known = lock.resolved(f"isgri/{swid}")
    places = _places(swid, archive, near_real_time, host, known)
    if known is not None and known.get("aborted"):
        _note(places[0], Path(path), provenance)
        return False
    for place in places:
        if _copied(place, Path(path), request) or _downloaded(place, Path(path), request):
            return True
        if _aborted(place, Path(path), request):
            return False
    asked = " or ".join(f"{place.root}/{place.path('')}" for place in places)
    hint = "" if near_real_time else "; a window of the last weeks may be there in near real time only"
    raise InputError(f"science window {swid} is not in the archive ({asked}); check the identifier{hint}")


def _places(
    swid: str, archive: str, near_real_time: bool, host: str | None, known: dict[str, Any] | None
) -> list[Place]:
    """Where to look, in this order; only at the version used before when there is one."""
    if archive not in ARCHIVES:
        raise InputError(f"archive {archive!r} is not known; choose one of {', '.join(ARCHIVES)}")
    other = host or os.environ.get(HOST_VARIABLE)
    public = ARCHIVES[archive]
    consolidated = Place(swid, "001", _address(other or public), public)
    recent = Place(swid, "000", _address(other or NEAR_REAL_TIME), NEAR_REAL_TIME)
    if known is not None:
        return [recent if known.get("version") == "000" else consolidated]
    return [consolidated, recent] if near_real_time else [consolidated]


def _address(text: str) -> str:
    text = text.rstrip("/")
    if urlsplit(text).scheme not in ("http", "https") or not urlsplit(text).netloc:
        raise InputError(f"{HOST_VARIABLE}: {text!r} is not an address such as {ARCHIVES['isdc']}")
    return text


def _copied(place: Place, path: Path, request: _Request) -> bool:
    """Take the events from the store; False when they are not there."""
    if request.store is None:
        return False
    names = (f"{place.swid}_{EVENTS}", place.path(EVENTS))
    source = next((request.store / name for name in names if (request.store / name).exists()), None)
    if source is None:
        return False
    if not request.lock.verify(place.key(EVENTS), source):
        check_events(source, place.swid, str(source))
        _record(place, digest_of(source), None, request)
    shutil.copyfile(source, path)
    return True


def _downloaded(place: Place, path: Path, request: _Request) -> bool:
    """Download the events; False when the archive does not have them."""
    url, key = place.url(EVENTS), place.key(EVENTS)

    def inspect(part: Path, digest: Digest) -> None:
        # What it is comes first: a page that says "not now" is no file that has changed.
        check_events(part, place.swid, url)
        request.lock.check(key, digest, url)

    store = request.store
    folder = f"into {store}" if store is not None else "into a folder and name that as the store"
    advice = f"to work without it, put {place.swid}_{EVENTS} {folder}"
    try:
        digest = download(url, path, inspect=inspect, advice=advice, sleep=request.sleep)
    except InputError as error:
        if _is_missing(error) and request.lock.entry(key) is None:
            return False
        raise
    _record(place, digest, place.recorded(EVENTS), request)
    return True


def _record(place: Place, digest: Digest, url: str | None, request: _Request) -> None:
    key = place.key(EVENTS)
    request.lock.record(key, digest, url)
    request.lock.record_set(f"isgri/{place.swid}", [key], version=place.version, aborted=False)


def _aborted(place: Place, path: Path, request: _Request) -> bool:
    """Ask the group file why there are no events: True (and a note) for an aborted window, False for none."""
    url, key, group = place.url(GROUP), place.key(GROUP), path.with_name(f"{path.name}.{GROUP}")
    try:
        digest = download(url, group, sleep=request.sleep)
        _check_group(group, place, url)
        request.lock.record(key, digest, place.recorded(GROUP))
    except InputError as error:
        if _is_missing(error):
            return False
        raise
    finally:
        group.unlink(missing_ok=True)
    request.lock.record_set(f"isgri/{place.swid}", [key], version=place.version, aborted=True)
    _note(place, path, request.provenance)
    return True


def _note(place: Place, path: Path, provenance: dict[str, Any] | None) -> None:
    text = f"{place.swid}.{place.version}: the archive has no {EVENTS}; its group file lists none."
    write_aborted(place.swid, text, path, provenance)


def _is_missing(error: InputError) -> bool:
    return "the server answers 404" in str(error)


def check_events(path: Path, swid: str, source: str) -> None:
    """Refuse a file that is not the whole event file of a science window.

    Parameters
    ----------
    path : Path
        Compressed FITS file.
    swid : str
        The window it must be of.
    source : str
        What to call it in errors.

    Raises
    ------
    InputError
        It is a page of HTML, cut off, damaged, without the table of events, or of another window.
    """
    with open(path, "rb") as stream:
        head = stream.read(512)
    if head.lstrip()[:1] == b"<":
        raise InputError(
            f"{source}: is a page of HTML, not a file of events; try later, or the other archive"
        )
    if head[:2] != b"\x1f\x8b":
        raise InputError(f"{source}: is not compressed with gzip as {EVENTS} is; get it again")
    if _read_to_end(path, source)[:6] != b"SIMPLE":
        raise InputError(f"{source}: is not FITS; get it again")
    try:
        with fits.open(path, memmap=False) as hdus:
            names = [hdu.name for hdu in hdus]
            found = str(hdus[_TABLE].header.get("SWID", "")).strip() if _TABLE in names else ""
    except (OSError, fits.VerifyError, TypeError, ValueError, KeyError) as error:
        raise InputError(f"{source}: is not FITS ({error}); get it again") from None
    if _TABLE not in names:
        raise InputError(f"{source}: has no extension {_TABLE} (but {', '.join(names)}); it is no event file")
    if found != swid:
        raise InputError(f"{source}: holds science window {found or 'of no name'}, not {swid}")


def _read_to_end(path: Path, source: str) -> bytes:
    """Return the first bytes of a compressed file that is whole."""
    try:
        with gzip.open(path) as stream:
            first = stream.read(_CHUNK)
            while stream.read(_CHUNK):
                pass
            return first
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{source}: is damaged or cut off ({error}); get it again") from None


def _check_group(path: Path, place: Place, source: str) -> None:
    """Refuse a group file that is none, is of another window, or lists the events that are missing."""
    with open(path, "rb") as stream:
        head = stream.read(512)
    if not head.startswith(b"SIMPLE  ="):
        what = "a page of HTML" if head.lstrip()[:1] == b"<" else "not FITS"
        raise InputError(f"{source}: is {what}, so why {EVENTS} is missing there is not known; try later")
    try:
        with fits.open(path, memmap=False) as hdus:
            group = hdus[1]
            found = str(group.header.get("SWID", "")).strip()
            members = [str(name).strip() for name in group.data["MEMBER_NAME"]]
            kind = str(group.header.get("SW_TYPE", "")).strip()
    except (OSError, fits.VerifyError, LookupError, AttributeError, TypeError, ValueError) as error:
        raise InputError(f"{source}: is not the group file of a science window ({error})") from None
    if found and found != place.swid:
        raise InputError(f"{source}: is of science window {found}, not {place.swid}")
    if _TABLE in members:
        raise InputError(
            f"{place.url(EVENTS)}: the archive answers that it is not there, but {GROUP} lists {_TABLE} "
            f"({kind or 'window'}): the archive is incomplete; try the other archive, or later"
        )
