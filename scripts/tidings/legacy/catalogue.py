"""Tractor catalogues: rows of the surveys' sources, from TAP, files, or answers of MMODA's service."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from astropy.io.votable.exceptions import VOWarning
from astropy.table import MaskedColumn, Table

from tidings.errors import InputError
from tidings.legacy.bands import BANDS
from tidings.legacy.image import backend_output
from tidings.legacy.sniff import kind_of, not_wanted, read_content

REQUIRED = ("ls_id", "release", "type", "ra", "dec")
DUPLICATE = "DUP"
"""Type of Gaia sources that another source was fitted in place of; they have no flux."""


def read_catalogue(path: str | Path) -> Table:
    """Read a catalogue in order of `ls_id`.

    Parameters
    ----------
    path : str or Path
        ECSV, VOTable, FITS, or JSON of MMODA's service; any of them may be gzipped.

    Returns
    -------
    astropy.table.Table
        Rows of primary bricks that have a flux; columns as in the surveys' data base, in lower case.

    Raises
    ------
    InputError
        The file is damaged, an error page, or has no Tractor columns, or no rows.
    """
    content = read_content(path)
    source = str(path)
    kind = kind_of(content)
    if kind == "json":
        text = backend_output(content, source).get("catalog")
        if not isinstance(text, str):
            raise InputError(f"{source}: its output has no catalogue ('catalog')")
        content, kind = text.encode(), "text"
    if kind == "html":
        raise not_wanted(content, source, "a Tractor catalogue")
    return checked(_table(content, kind, source), source)


def checked(table: Table, source: str) -> Table:
    """Check the columns of a Tractor table, and put its rows in order; see `read_catalogue`."""
    for name in table.colnames:
        if name != name.lower():
            table.rename_column(name, name.lower())
    bands = bands_of(table)
    missing = [name for name in REQUIRED if name not in table.colnames]
    if missing or not bands:
        missing = missing or ["flux_g, flux_ivar_g, mw_transmission_g"]
        raise InputError(f"{source}: is no Tractor catalogue: no column {', '.join(missing)}")
    if not len(table):
        raise InputError(f"{source}: the catalogue has no sources: choose a wider radius or another position")
    bad = ~(np.abs(np.asarray(table["dec"], float)) <= 90) | ~(
        np.abs(np.asarray(table["ra"], float) - 180) <= 180
    )
    if bad.any():
        raise InputError(f"{source}: row {int(np.argmax(bad)) + 1}: ra and dec are no position in deg")
    kept = np.asarray(table["type"]).astype(str) != DUPLICATE
    if "brick_primary" in table.colnames:
        kept &= np.asarray(table["brick_primary"]).astype(int) == 1
    table = table[kept]
    return table[np.argsort(np.asarray(table["ls_id"]), kind="stable")]


def bands_of(table: Table) -> list[str]:
    """Return the bands that a catalogue has flux, inverse variance and transmission of."""
    needed = ("flux_", "flux_ivar_", "mw_transmission_")
    return [band for band in BANDS if all(f"{start}{band}" in table.colnames for start in needed)]


def values(table: Table, name: str) -> np.ndarray:
    """Return a column as float64, masked rows NaN."""
    column = table[name]
    array = np.asarray(column, dtype=np.float64)
    return np.where(column.mask, np.nan, array) if isinstance(column, MaskedColumn) else array


def _table(content: bytes, kind: str, source: str) -> Table:
    form = {"fits": "fits", "xml": "votable", "text": "ascii.ecsv"}[kind]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VOWarning)
            if kind == "text":
                return Table.read(content.decode("utf-8"), format=form)
            return Table.read(io.BytesIO(content), format=form)
    # The readers raise whatever damaged content leads them to.
    except Exception as error:
        lines = str(error).splitlines() or [type(error).__name__]
        names = {"fits": "FITS", "votable": "VOTable", "ascii.ecsv": "ECSV"}
        raise InputError(f"{source}: is no whole {names[form]} table ({lines[0]})") from None
