"""Tables as HTML: units, descriptions, digits that mean something."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

MOST_ROWS, MOST_COLUMNS = 12, 14


def table(path: Path, title: str) -> str:
    """Return a table of a file in ECSV, its first rows if it has many, on end if it has one row.

    Parameters
    ----------
    path : Path
        ECSV file.
    title : str
        Its heading.
    """
    rows = Table.read(path, format="ascii.ecsv")
    if len(rows) == 0:
        return f"<p>{escape(title)}: no row.</p>"
    if len(rows) == 1:
        return _upright(rows, title)
    return _listed(rows, title)


def _upright(rows: Table, title: str) -> str:
    lines = []
    for name in rows.colnames:
        column = rows[name]
        unit = f" {escape(_unit(column))}" if column.unit else ""
        about = escape(column.description or "")
        value = f"{_cell(column, 0)}{unit}"
        lines.append(
            f'<tr><th scope="row">{escape(name)}</th><td class="number">{value}</td><td>{about}</td></tr>'
        )
    head = '<tr><th scope="col">quantity</th><th scope="col">value</th><th scope="col">meaning</th></tr>'
    return _table(title, head, lines)


def _listed(rows: Table, title: str) -> str:
    names = rows.colnames[:MOST_COLUMNS]
    heads = [
        f'<th scope="col" title="{escape(rows[name].description or name, quote=True)}">{escape(name)}'
        + (f"<br><small>{escape(_unit(rows[name]))}</small>" if rows[name].unit else "")
        + "</th>"
        for name in names
    ]
    lines = [
        "<tr>"
        + "".join(f'<td class="{_kind(rows[name])}">{_cell(rows[name], at)}</td>' for name in names)
        + "</tr>"
        for at in range(min(len(rows), MOST_ROWS))
    ]
    cut = [f"{min(len(rows), MOST_ROWS)} of {len(rows)} rows"] if len(rows) > MOST_ROWS else []
    cut += [f"{len(names)} of {len(rows.colnames)} columns"] if len(names) < len(rows.colnames) else []
    return _table(
        title + (f" ({', '.join(cut)}; all in the file)" if cut else ""), f"<tr>{''.join(heads)}</tr>", lines
    )


def _table(title: str, head: str, lines: list[str]) -> str:
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="{escape(title, quote=True)}"><table>'
        f"<caption>{escape(title)}</caption><thead>{head}</thead><tbody>{''.join(lines)}</tbody></table></div>"
    )


def _kind(column: Any) -> str:
    return "number" if column.dtype.kind in "fiu" else "text"


def _unit(column: Any) -> str:
    return str(column.unit)


def _cell(column: Any, at: int) -> str:
    value = column[at]
    if isinstance(column, MaskedColumn) and np.ma.is_masked(value):
        return "–"
    return escape(number(value) if column.dtype.kind in "fiu" else str(value))


def number(value: Any) -> str:
    """Write a number so that it can be read: times to the millisecond, else six digits.

    Parameters
    ----------
    value : number
        Anything numpy knows.
    """
    if isinstance(value, (int, np.integer)):
        return str(value)
    if not np.isfinite(value):
        return "–"
    if 1e8 <= abs(value) < 1e10:
        return f"{value:.3f}"
    return f"{value:.6g}"
