"""Tables that users give, and the description of columns of tables that are made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from astropy.table import Table

from tidings.errors import InputError

_FORMS = {
    ".ecsv": "ascii.ecsv", ".csv": "ascii.csv", ".tsv": "ascii.tab", ".txt": "ascii", ".vot": "votable",
    ".xml": "votable", ".fits": "fits", ".fit": "fits",
}  # fmt: skip


def read_any_table(path: Path, what: str, *, empty: bool = False) -> Table:
    """Read a table by the suffix of its name.

    Parameters
    ----------
    path
        Of the file.
    what
        What the table is, for messages: ``list of fields``.
    empty
        Accept a table without rows.

    Raises
    ------
    InputError
        It is no table, or has no rows.
    """
    form = _FORMS.get(path.suffix.lower())
    if form is None:
        raise InputError(f"{path}: a table is read as {', '.join(sorted(_FORMS))}; give it such a name")
    try:
        # Readers of text take nothing at all for an error of their own.
        nothing = form.startswith("ascii") and not path.read_bytes().strip()
        table = Table() if nothing else Table.read(path, format=form)
    except Exception as error:
        reason = str(error).strip().partition("\n")[0]
        raise InputError(f"{path}: cannot be read as {form} ({reason})") from None
    if not len(table) and not (empty and table.colnames):
        raise InputError(f"{path}: the {what} is empty: give at least one row")
    return table


def describe(table: Table, columns: Mapping[str, tuple[str | None, str, str]]) -> None:
    """Give the columns of a table their unit, description and UCD, those that it has."""
    for name, (unit, text, ucd) in columns.items():
        if name in table.colnames:
            table[name].unit, table[name].description = unit, text
            table[name].meta["ucd"] = ucd
