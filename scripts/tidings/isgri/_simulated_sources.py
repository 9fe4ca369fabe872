"""The table of sources of a simulation."""

from __future__ import annotations

import math
from pathlib import Path

from astropy.table import Table

from tidings.errors import InputError
from tidings.isgri.simulate import Source

_NEEDED = ("name", "ra", "dec", "flux")
_OPTIONAL = {"index": 2.1, "amplitude": 0.0, "period": 0.0}


def read_sources(path: str | Path) -> list[Source]:
    """Read the sources to be simulated.

    Parameters
    ----------
    path : str or Path
        Table with the columns name, ra, dec (deg), flux (counts/s as if fully coded, 20-60 keV) and, if
        wanted, index, amplitude and period (s): ECSV, or text with the names in the first line, separated by
        commas, tabs or blanks.

    Raises
    ------
    InputError
        It cannot be read, lacks a column, or holds a value that no source has; the row is named.
    """
    table = _read(Path(path))
    columns = {name.lower(): name for name in table.colnames}
    if missing := [name for name in _NEEDED if name not in columns]:
        raise InputError(f"{path}: no column {', '.join(missing)}; it needs {', '.join(_NEEDED)}")
    sources = []
    for number, row in enumerate(table, 1):
        try:
            values = {
                name: float(row[columns[name]]) for name in (*_NEEDED[1:], *_OPTIONAL) if name in columns
            }
        except (TypeError, ValueError):
            raise InputError(f"{path}: row {number}: a number is missing or is no number") from None
        source = Source(str(row[columns["name"]]).strip(), **{**_OPTIONAL, **values})
        _check(source, f"{path}: row {number} ({source.name})")
        sources.append(source)
    if len({source.name for source in sources}) < len(sources):
        raise InputError(f"{path}: a name stands twice; give every source its own")
    return sources


def _read(path: Path) -> Table:
    form = "ascii.ecsv" if path.suffix == ".ecsv" else "ascii"
    try:
        return Table.read(path, format=form)
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: cannot be read as a table of sources ({reason})") from None


def _check(source: Source, place: str) -> None:
    limits = {
        "ra": (0 <= source.ra <= 360, "0 to 360 deg"),
        "dec": (-90 <= source.dec <= 90, "-90 to 90 deg"),
        "flux": (0 <= source.flux <= 1e5, "0 to 100000 counts/s"),
        "index": (-2 <= source.index <= 8, "-2 to 8"),
        "amplitude": (0 <= source.amplitude <= 1, "0 to 1"),
        "period": (source.period >= 0 and math.isfinite(source.period), "0 or more seconds"),
    }
    for name, (right, allowed) in limits.items():
        if not right:
            raise InputError(f"{place}: {name} is {getattr(source, name):g}, it must be {allowed}")
    if source.amplitude and not source.period:
        raise InputError(f"{place}: a variable source needs a period above 0 s")
