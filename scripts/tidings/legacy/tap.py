"""Tractor catalogues from the Astro Data Lab, by the Table Access Protocol (TAP; IVOA 1.1).

Tables ``ls_dr9.tractor`` and ``ls_dr10.tractor`` at https://datalab.noirlab.edu/tap. An answer holds the time
when it was made; what is kept and recorded are its rows, in the order of the sources' numbers.
"""

from __future__ import annotations

import io
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io.votable import parse
from astropy.io.votable.exceptions import VOWarning
from astropy.table import Table
from pyvo.dal import DALFormatError, DALQueryError
from pyvo.dal.tap import TAPQuery, TAPResults

from tidings.errors import InputError
from tidings.legacy._remote import advice_for, host_of, refusal
from tidings.legacy.catalogue import checked, read_catalogue
from tidings.legacy.sniff import kind_of, not_wanted
from tidings.output import write_ecsv
from tidings.remote.lock import Lock, digest_of
from tidings.remote.transfer import download

HOST_VARIABLE = "TIDINGS_DATALAB_HOST"  # environment: another server of the same layout
PUBLIC_HOST = "https://datalab.noirlab.edu"

RELEASES = {"dr9": "grz", "dr10": "griz"}
"""Data releases, and their optical bands."""

MOST_ROWS = 200_000

_COLUMNS = (
    "ls_id", "release", "brickname", "objid", "type", "ra", "dec", "ra_ivar", "dec_ivar", "ebv", "ref_cat",
    "maskbits", "brick_primary", "shape_r", "sersic",
)  # fmt: skip
_BAND_COLUMNS = ("flux", "flux_ivar", "mw_transmission", "psfdepth")


class NoSources(InputError):
    """The catalogue has nothing there."""


@dataclass(frozen=True)
class Cone:
    """A circle on the sky: its middle (deg), radius (arcsec), and the data release."""

    ra: float
    dec: float
    radius: float
    release: str

    @property
    def columns(self) -> list[str]:
        """The columns asked for."""
        bands = [*RELEASES[self.release], "w1", "w2", "w3", "w4"]
        return [*_COLUMNS, *(f"{start}_{band}" for band in bands for start in _BAND_COLUMNS)]

    @property
    def adql(self) -> str:
        """The question: the rectangle around the circle, which every data base is fast at."""
        half = self.radius / 3600
        south, north = max(self.dec - half, -90.0), min(self.dec + half, 90.0)
        wide = half / max(np.cos(np.radians(max(abs(south), abs(north)))), 1e-6)
        west, east = (self.ra - wide) % 360, (self.ra + wide) % 360
        if wide >= 180 or abs(self.dec) + half >= 90:
            across = "ra >= 0"
        elif west <= east:
            across = f"ra BETWEEN {west:.7f} AND {east:.7f}"
        else:
            across = f"(ra >= {west:.7f} OR ra <= {east:.7f})"
        return (
            f"SELECT {', '.join(self.columns)} FROM ls_{self.release}.tractor "
            f"WHERE dec BETWEEN {south:.7f} AND {north:.7f} AND {across}"
        )

    @property
    def name(self) -> str:
        """Name of the file, in the lock and in a folder of files put there by hand."""
        return f"legacysurvey_{self.release}_tractor_{self.ra:.6f}{self.dec:+.6f}_{self.radius:g}.ecsv"


def fetch_catalogue(
    cone: Cone,
    path: str | Path,
    *,
    lock: Lock,
    store: str | Path | None = None,
    host: str | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Put the Tractor sources in a circle into a file (ECSV), whose rows must be those the lock has recorded.

    Parameters
    ----------
    cone : Cone
        What is wanted.
    path : str or Path
        Where it is put.
    lock : Lock
        Record of checksums.
    store : str or Path, optional
        Folder in which catalogues lie that were put there by hand, as `Cone.name`.
    host : str, optional
        Address to ask; the environment variable ``TIDINGS_DATALAB_HOST``, else the public one.
    sleep : callable
        Called with seconds between two attempts; replaced in tests.

    Raises
    ------
    InputError
        The service reports an error, sends something else, or has no sources there; the rows are not those
        recorded; no network.
    """
    path, key = Path(path), f"legacysurvey/{cone.name}"
    if store is not None and (Path(store) / cone.name).exists():
        source, url = str(Path(store) / cone.name), None
        table = read_catalogue(source)
    else:
        query = TAPQuery(f"{PUBLIC_HOST}/tap", cone.adql, maxrec=MOST_ROWS)
        route = f"sync?{urlencode(dict(query))}"
        source = url = f"{PUBLIC_HOST}/tap/{route}"
        asked = f"{host_of(HOST_VARIABLE, PUBLIC_HOST, host)}/tap/{route}"
        table = _ask(asked, cone, path.parent, advice_for(cone.name, store), sleep)
    table = inside(checked(table, source), cone, source)
    write_ecsv(table, path)
    digest = digest_of(path)
    lock.check(key, digest, source)
    lock.record(key, digest, url)


def inside(table: Table, cone: Cone, source: str) -> Table:
    """Return the rows in the circle; `InputError` if there is none."""
    positions = SkyCoord(np.asarray(table["ra"], float), np.asarray(table["dec"], float), unit="deg")
    near = positions.separation(SkyCoord(cone.ra, cone.dec, unit="deg")).arcsec <= cone.radius
    if not near.any():
        raise NoSources(f"{source}: no sources within {cone.radius:g} arcsec: choose a wider radius")
    return table[near]


def _ask(url: str, cone: Cone, folder: Path, advice: str, sleep: Callable[[float], None]) -> Table:
    with tempfile.TemporaryDirectory(prefix=".tidings-", dir=folder) as temporary:
        part = Path(temporary) / "answer.vot"
        try:
            download(url, part, advice=advice, sleep=sleep)
        except InputError as error:
            if "the server answers" not in str(error):
                raise
            words = refusal(url)
            raise InputError(f"{error} (it says: {words})" if words else str(error)) from None
        return parse_answer(part.read_bytes(), f"TAP service ls_{cone.release}.tractor")


def parse_answer(content: bytes, source: str) -> Table:
    """Read the answer of a TAP service.

    Raises
    ------
    InputError
        It is an error (VOTable with QUERY_STATUS ERROR), an error page, cut off by a limit of rows, empty, or
        no VOTable.
    """
    if kind_of(content) != "xml":
        raise not_wanted(content, source, "a VOTable")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VOWarning)
            results = TAPResults(parse(io.BytesIO(content)), url=source)
    except DALQueryError as error:
        raise InputError(f"{source}: the service reports an error: {' '.join(str(error).split())}") from None
    except DALFormatError as error:
        raise InputError(f"{source}: the VOTable holds no table ({error})") from None
    # The parser of XML raises its own errors for damaged content.
    except Exception as error:
        raise InputError(f"{source}: is no whole VOTable ({str(error).splitlines()[0]}); ask again") from None
    if results.query_status.lower() == "overflow":
        raise InputError(
            f"{source}: has more than {len(results)} rows, where it stops: choose a smaller radius"
        )
    table = results.to_table()
    if not len(table):
        raise NoSources(
            f"{source}: no sources there: the position is outside of the survey's footprint, or its right "
            "ascension is in hours and not in deg; or choose a wider radius"
        )
    table.meta.clear()
    for column in table.itercols():
        column.meta = {key: value for key, value in column.meta.items() if key == "ucd"}
        if column.dtype.kind == "O":
            table.replace_column(column.name, np.ma.filled(column, "").astype(str))
    return table
