"""Sky maps from the archives: GraceDB, LIGO's document centre, Zenodo, Fermi-GBM, or any address.

=====================================  ==================================================================
what is asked for                      where it is looked for
=====================================  ==================================================================
superevent, such as S190425z           ``<GraceDB>/api/superevents/<id>/files/<file>[,<version>]``
event, such as GW170817                the document centre, for those whose first map has an address of its
                                       own; what GWOSC lists; a release at Zenodo, when that is named
trigger of Fermi-GBM, bn170817529      ``<HEASARC>/FTP/fermi/data/gbm/triggers/<year>/<trigger>/current/``
address                                there
=====================================  ==================================================================

Layouts: GraceDB's API and Zenodo's records as LVK's user guide and releases use them; GWOSC API v2.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from tidings.errors import InputError
from tidings.remote.lock import Digest, Lock, digest_of
from tidings.remote.transfer import Unreachable, download

HOST_VARIABLE = "TIDINGS_SKYMAP_HOST"  # environment: a server of the same layouts, asked instead of all
GRACEDB = "https://gracedb.ligo.org"
GWOSC = "https://gwosc.org"
ZENODO = "https://zenodo.org"
HEASARC = "https://heasarc.gsfc.nasa.gov"

# Zenodo record and file, and the end of the runs (GPS) whose events each release holds.
RELEASES: Mapping[str, tuple[str, str, float]] = {
    "GWTC-2.1": ("6513631", "IGWN-GWTC2p1-v2-PESkyMaps.tar.gz", 1253977218.0),
    "GWTC-3.0": ("8177023", "IGWN-GWTC3p0-v2-PESkyLocalizations.tar.gz", 1269363618.0),
    "GWTC-4.0": ("17014085", "IGWN-GWTC4p0-1a206db3d_721-Archived_Skymaps.tar.gz", 1389456018.0),
    "GWTC-5.0": ("20348005", "IGWN-GWTC5p0-29ebe06b7_25-Archived_Skymaps.tar.gz", float("inf")),
}
_DOCUMENTS = {
    "GW150914": "https://dcc.ligo.org/public/0122/P1500227/012/bayestar_gstlal_C01.fits.gz",
    "GW170817": "https://dcc.ligo.org/public/0157/P1800381/006/GW170817_skymap.fits.gz",
}
_SUPEREVENT = re.compile(r"[MT]?S\d{6}[a-z]+")
_TRIGGER = re.compile(r"(?:bn)?(\d{2})\d{7}")
_EVENT = re.compile(r"GW\d{6}(_\d{6})?", re.IGNORECASE)
# What GraceDB's files are called, best first: parameter estimation before the rapid localisation.
_PIPELINES = ("bilby", "lalinference", "bayestar", "rapidpe", "cwb", "olib", "mly")


@dataclass(frozen=True)
class Source:
    """Where a map comes from: its name in the lock, its address, and for a tarball the member wanted."""

    key: str
    url: str
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """What is wanted: event or address, file name (or pattern), release."""

    event: str | None = None
    url: str | None = None
    file: str | None = None
    archive: str | None = None

    def __post_init__(self) -> None:
        if (self.event is None) == (self.url is None):
            raise InputError("give either an event (superevent, GW name, GBM trigger) or a url")
        if self.archive is not None and self.archive not in RELEASES:
            raise InputError(f"unknown release {self.archive!r}: known are {', '.join(RELEASES)}")

    @property
    def key(self) -> str:
        """Name of the question in the lock."""
        parts = (self.event or self.url, self.archive, self.file)
        return "skymap/" + "/".join(str(part) for part in parts if part)


class _Remote:
    """What every download shares: the lock, the store, the host asked instead, the pause."""

    def __init__(
        self, lock: Lock, store: Path | None, host: str | None, sleep: Callable[[float], None]
    ) -> None:
        self.lock, self.store, self.sleep = lock, store, sleep
        self.host = (host or os.environ.get(HOST_VARIABLE) or "").rstrip("/")
        if self.host and (
            urlsplit(self.host).scheme not in ("http", "https") or not urlsplit(self.host).netloc
        ):
            raise InputError(f"{HOST_VARIABLE}: {self.host!r} is not an address such as {GRACEDB}")

    def at(self, url: str) -> str:
        """The address that is really asked."""
        if not self.host:
            return url
        parts = urlsplit(url)
        return f"{self.host}{parts.path}" + (f"?{parts.query}" if parts.query else "")

    def text(self, url: str) -> bytes:
        """A small answer, which is not recorded."""
        with tempfile.TemporaryDirectory() as folder:
            download(self.at(url), Path(folder) / "answer", sleep=self.sleep)
            return (Path(folder) / "answer").read_bytes()

    def json(self, url: str) -> Any:
        """A small answer in JSON."""
        content = self.text(url)
        try:
            return json.loads(content)
        except ValueError:
            raise InputError(f"{url}: the answer is no JSON: {content[:60]!r}; try again later") from None

    def file(self, key: str, url: str, path: Path, check: Callable[[Path, str], None]) -> Digest:
        """A file in its place: from the store, or downloaded; compared with the lock, or recorded."""
        name = stored_name(key)
        if self.store is not None and (self.store / name).exists():
            source = self.store / name
            if not self.lock.verify(key, source):
                check(source, str(source))
                self.lock.record(key, digest_of(source), url)
            shutil.copyfile(source, path)
            return digest_of(path)

        def inspect(part: Path, digest: Digest) -> None:
            if not self.lock.check(key, digest, url):
                check(part, url)

        place = f"into {self.store}" if self.store is not None else "into a folder and name that as the store"
        digest = download(
            self.at(url), path, inspect=inspect, sleep=self.sleep,
            advice=f"to work without it, put the file as {name} {place}",
        )  # fmt: skip
        self.lock.record(key, digest, url)
        return digest


def fetch_map(
    request: Request,
    path: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> dict[str, Any]:
    """Put a sky map into a file, byte for byte as the archive has it.

    What the lock has recorded for the request is used without asking the archive which file it is.

    Parameters
    ----------
    request : Request
        What is wanted.
    path : str or Path
        Where it is put.
    lock : Lock
        Record of checksums; a new file is recorded once it has proved to be a map.
    store : str or Path, optional
        Folder in which files lie that need not be downloaded, named as `stored_name` has it.
    host : str, optional
        Address to ask instead of all; the environment variable ``TIDINGS_SKYMAP_HOST``.
    sleep : callable
        Called with seconds between two attempts; replaced in tests.

    Returns
    -------
    dict
        event, url, sha256, size, and what the archive says: gps, far_hz, instruments, group, pipeline,
        search, retracted.

    Raises
    ------
    InputError
        No such event or file, with what there is; no map; not the bytes recorded; no network.
    """
    path = Path(path)
    remote = _Remote(lock, None if store is None else Path(store), host, sleep)
    source = _from_lock(request, lock) or _locate(request, remote)
    if "member" in source.facts:
        digest = _member(source, request, path, remote)
    else:
        digest = remote.file(source.key, source.url, path, check_map)
    lock.record_set(request.key, [source.key], **source.facts)
    facts = {key: value for key, value in source.facts.items() if value is not None}
    return {**facts, "url": source.url, "sha256": digest.sha256, "size": digest.size}


def stored_name(key: str) -> str:
    """Return the name of a file in the store: that in the lock, with its folders joined by underscores."""
    return re.sub(r"[^\w.,+-]+", "_", key.removeprefix("skymaps/"))


def check_map(path: Path, source: str) -> None:
    """Raise `InputError`, naming `source`, unless a file is a sky map that can be read to its end."""
    from tidings.skymap.reading import read_skymap

    try:
        read_skymap(path)
    except InputError as error:
        raise InputError(str(error).replace(str(path), source)) from None


def _from_lock(request: Request, lock: Lock) -> Source | None:
    known = lock.resolved(request.key)
    if known is None:
        return None
    key = known["files"][0]
    entry = lock.entry(key)
    if entry is None or entry.url is None:  # removed by hand, so that the archive is asked again
        return None
    return Source(key, entry.url, {name: value for name, value in known.items() if name != "files"})


def _locate(request: Request, remote: _Remote) -> Source:
    if request.url is not None:
        return _address(request.url)
    event = request.event.strip()
    if request.archive is not None:
        return _release(event, request)
    if _SUPEREVENT.fullmatch(event):
        return _gracedb(event, request.file, remote)
    if match := _TRIGGER.fullmatch(event):
        return _gbm("bn" + event.removeprefix("bn"), f"20{match[1]}", request.file, remote)
    if _EVENT.fullmatch(event):
        return _gw_event(event.upper(), remote)
    raise InputError(
        f"unknown event {event!r}: give a superevent (S190425z), a GW name (GW170817, GW200129_065458), a "
        "trigger of Fermi-GBM (bn170817529), or a url"
    )


def _address(url: str) -> Source:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError(f"{url!r} is no address: it starts with https:// or http://")
    return Source(
        f"skymaps/{parts.netloc}{unquote(parts.path)}", url, {"event": PurePosixPath(parts.path).name}
    )


def _gracedb(event: str, file: str | None, remote: _Remote) -> Source:
    base = f"{GRACEDB}/api/superevents/{event}/"
    try:
        said = remote.json(base)
    except InputError as error:
        if "answers 404" not in str(error):
            raise
        raise InputError(f"{event}: GraceDB has no such superevent, or none that is public") from None
    files = remote.json(f"{base}files/")
    name = _choose_file([str(one) for one in files], file, event)
    preferred = said.get("preferred_event_data") or {}
    instruments = preferred.get("instruments") or ""
    labels = said.get("labels") or []
    facts = {
        "event": event,
        "gps": said.get("t_0"),
        "far_hz": said.get("far"),
        "instruments": instruments if isinstance(instruments, str) else ",".join(instruments),
        **{key: preferred.get(key) for key in ("group", "pipeline", "search")},
        "retracted": "ADVNO" in labels,
    }
    return Source(f"skymaps/gracedb/{event}/{name}", f"{base}files/{quote(name, safe=',')}", facts)


def _choose_file(names: list[str], wanted: str | None, event: str) -> str:
    """Return the file wanted in its newest version, or the best map when no name is given."""
    if wanted is not None and "," in wanted:
        if wanted in names:
            return wanted
    else:
        maps = [name for name in names if re.search(r"\.fits(\.gz)?(,\d+)?$", name)]
        plain = sorted({name.partition(",")[0] for name in maps})
        chosen = wanted if wanted in plain else _best(plain) if wanted is None else None
        if chosen is not None:
            versions = [int(name.partition(",")[2]) for name in maps if name.startswith(f"{chosen},")]
            return f"{chosen},{max(versions)}" if versions else chosen
    maps = sorted(name for name in names if ".fits" in name)
    what = f"no file {wanted!r}" if wanted else "no sky map"
    raise InputError(f"{event}: GraceDB has {what}; the maps there are: {', '.join(maps) or 'none'}")


def _best(names: list[str]) -> str | None:
    def rank(name: str) -> tuple[int, int, str]:
        pipeline = next((i for i, p in enumerate(_PIPELINES) if name.lower().startswith(p)), len(_PIPELINES))
        return pipeline, 0 if "multiorder" in name else 1, name

    # Maps of volume, and those for one detector, are of other kinds.
    usable = [name for name in names if "volume" not in name and "no_virgo" not in name]
    return min(usable, key=rank, default=None)


def _gbm(trigger: str, year: str, file: str | None, remote: _Remote) -> Source:
    base = f"{HEASARC}/FTP/fermi/data/gbm/triggers/{year}/{trigger}"
    try:
        listing = remote.text(f"{base}/current/").decode("utf-8", errors="replace")
    except Unreachable:
        raise
    except InputError as error:
        if "answers 404" not in str(error):
            raise
        raise InputError(f"{trigger}: HEASARC has no such trigger of Fermi-GBM") from None
    names = sorted(set(re.findall(rf"glg_healpix_all_{trigger}(?:_v\d\d)?\.fit", listing)))
    if not names or (file is not None and file not in names):
        raise InputError(
            f"{trigger}: HEASARC has no {file or 'localisation (glg_healpix_all)'}; there are: "
            f"{', '.join(names) or 'none'}"
        )
    name = file or names[-1]
    return Source(f"skymaps/gbm/{trigger}/{name}", f"{base}/current/{name}", {"event": trigger})


def _gw_event(event: str, remote: _Remote) -> Source:
    common = event.partition("_")[0]
    if common in _DOCUMENTS:
        url = _DOCUMENTS[common]
        return Source(f"skymaps/dcc/{PurePosixPath(url).name}", url, {"event": common})
    try:
        said = remote.json(f"{GWOSC}/api/v2/events/{event}")
    except InputError as error:
        if "answers 404" not in str(error):
            raise
        raise InputError(f"{event}: GWOSC knows no such event: check the name at {GWOSC}/eventapi") from None
    listed = [text for text in _texts(said) if re.search(r"\.fits(\.gz)?$", text)]
    if listed:
        source = _address(listed[0])
        return Source(source.key, source.url, {"event": event})
    superevent = said.get("grace_id") or said.get("gw_id") or ""
    nearer = (
        f"; or event {superevent} for the map in GraceDB" if _SUPEREVENT.fullmatch(str(superevent)) else ""
    )
    raise InputError(
        f"{event}: GWOSC lists no sky map; it is in the release {release_of(event)} at Zenodo: give archive "
        f"{release_of(event)}{nearer}"
    )


def release_of(event: str) -> str:
    """Return the release that holds an event, by the date in its name."""
    from tidings.times import parse_time

    date = event[2:8]
    gps = parse_time(f"20{date[:2]}-{date[2:4]}-{date[4:6]}T00:00:00")
    return next(name for name, (*_, end) in RELEASES.items() if gps < end)


def _texts(value: Any) -> list[str]:
    """Every text within a JSON value."""
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]


def _release(event: str, request: Request) -> Source:
    record, tarball, _ = RELEASES[request.archive]
    url = f"{ZENODO}/records/{record}/files/{tarball}?download=1"
    key = f"skymaps/zenodo/{record}/{event}" + (f"/{request.file}" if request.file else "")
    return Source(key, url, {"event": event, "member": request.file or ""})


def _member(source: Source, request: Request, path: Path, remote: _Remote) -> Digest:
    """A member of a tarball; the member has a record of its own, and the tarball too."""
    name = stored_name(source.key)
    if remote.store is not None and (remote.store / name).exists():
        return remote.file(source.key, source.url, path, check_map)
    record, tarball, _ = RELEASES[request.archive]
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        whole = Path(folder) / tarball
        remote.file(f"skymaps/zenodo/{record}/{tarball}", source.url, whole, lambda part, url: None)
        _extract(whole, request, path)
    digest = digest_of(path)
    if not remote.lock.check(source.key, digest, f"{tarball} of {source.url}"):
        check_map(path, f"{tarball} of {source.url}")
    remote.lock.record(source.key, digest, source.url)
    return digest


def _extract(tarball: Path, request: Request, path: Path) -> None:
    try:
        with tarfile.open(tarball) as archive:
            names = [info.name for info in archive if info.isfile() and ".fits" in info.name]
            with archive.extractfile(_choose_member(names, request)) as stream, open(path, "wb") as out:
                shutil.copyfileobj(stream, out)
    except (tarfile.TarError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InputError(f"{tarball.name}: cannot be unpacked ({error}): fetch it again") from None


def _choose_member(names: list[str], request: Request) -> str:
    found = [name for name in names if request.event.casefold() in PurePosixPath(name).name.casefold()]
    if request.file:
        found = [name for name in found if fnmatch.fnmatch(PurePosixPath(name).name, request.file)]
    if len(found) > 1:
        # The combination of waveform models is what the catalogue itself gives.
        found = [name for name in found if "mixed" in name.casefold()] or found
    if len(found) == 1:
        return found[0]
    near = sorted(PurePosixPath(name).name for name in (found or names))
    what = "several maps" if found else "no map"
    called = f" called {request.file}" if request.file else ""
    raise InputError(
        f"{request.archive} has {what} of {request.event}{called}: "
        f"give one as file, among {', '.join(near[:8])}{' and more' if len(near) > 8 else ''}"
    )
