"""The public point-source sample of ANTARES: its events, and the acceptance that goes with it.

Track-like events of 2007-2017 (Aublin et al. 2019, PoS(ICRC2019)920, arXiv:1908.08248), published at
antares.in2p3.fr/publicdata2017.html.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tidings.errors import InputError

LIVE_DAYS = 3136.0
"""Live time of the sample [d] (arXiv:1908.08248, abstract)."""
ACCEPTANCE_UNIT = 1e8
"""Of the acceptance table [GeV cm2 s]: events per flux at 1 GeV of 1/(GeV cm2 s)."""
INDEX_STEP, SINE_STEP = 0.1, 0.1
FIRST_INDEX = 1.5
_COLUMNS = ("right ascension [deg]", "declination [deg]", "number of hits", "angular error [deg]", "MJD")


@dataclass(frozen=True)
class Events:
    """Events, one per element.

    Attributes
    ----------
    ra, dec
        Direction, ICRS [deg].
    hits
        Number of hits, which grows with the energy.
    error
        Estimated angular error [deg].
    mjd
        Time of arrival, UTC [d].
    """

    ra: np.ndarray
    dec: np.ndarray
    hits: np.ndarray
    error: np.ndarray
    mjd: np.ndarray

    def __len__(self) -> int:
        return len(self.ra)

    def take(self, keep: np.ndarray) -> Events:
        """Return some of the events."""
        return Events(*(column[keep] for column in (self.ra, self.dec, self.hits, self.error, self.mjd)))


@dataclass(frozen=True)
class Acceptance:
    """Acceptance of the whole sample, one flavour.

    Attributes
    ----------
    table
        [indices, sines], events per flux at 1 GeV [1e8 GeV cm2 s]. Rows are the spectral indices 1.5, 1.6,
        ..., columns the bins of sin(declination) from -1 in steps of 0.1.
    """

    table: np.ndarray

    @property
    def indices(self) -> np.ndarray:
        """Spectral indices of the rows."""
        return FIRST_INDEX + INDEX_STEP * np.arange(len(self.table))

    def at(self, sine: np.ndarray, index: np.ndarray, nodes: str = "centre") -> np.ndarray:
        """Interpolate linearly in sin(declination), and in the logarithm linearly in the spectral index.

        Parameters
        ----------
        sine, index
            sin(declination) and spectral index; broadcast together.
        nodes
            "centre": a value is that of the middle of its bin, and constant beyond the outermost. "edge":
            of the bin's lower edge, and linear in the index, as the MMODA service reads the table.

        Returns
        -------
        ndarray
            [1e8 GeV cm2 s].
        """
        sine, index = np.broadcast_arrays(np.asarray(sine, float), np.asarray(index, float))
        shift = 0.5 if nodes == "centre" else 0.0
        column, row = (sine + 1) / SINE_STEP - shift, (index - FIRST_INDEX) / INDEX_STEP
        if nodes == "centre":
            return np.exp(_bilinear(np.log(self.table), row, column, logarithm=True))
        return _bilinear(self.table, row, column)


def _bilinear(table: np.ndarray, row: np.ndarray, column: np.ndarray, logarithm: bool = False) -> np.ndarray:
    rows, columns = table.shape
    row = np.clip(np.round(row, 9), 0, rows - 1)
    column = np.clip(column, 0, columns - 1)
    i = np.minimum(row.astype(int), rows - 2)
    j = np.minimum(column.astype(int), columns - 2)
    a, b = row - i, column - j
    if logarithm:
        # Along the declination the acceptance itself is linear: it drops to nothing at the horizon.
        low, high = (np.log((1 - b) * np.exp(table[k, j]) + b * np.exp(table[k, j + 1])) for k in (i, i + 1))
        return (1 - a) * low + a * high
    low, high = ((1 - b) * table[k, j] + b * table[k, j + 1] for k in (i, i + 1))
    return (1 - a) * low + a * high


def read_events(path: str | Path) -> Events:
    """Read the table of events: right ascension, declination, hits, angular error [deg] and MJD.

    Raises
    ------
    InputError
        The file is not such a table, a position is not on the sky, or right ascensions are in hours.
    """
    table = _numbers(Path(path), len(_COLUMNS), ", ".join(_COLUMNS))
    ra, dec, _, error, mjd = table.T
    for name, values, low, high in (
        (_COLUMNS[0], ra, 0, 360),
        (_COLUMNS[1], dec, -90, 90),
        (_COLUMNS[3], error, 0, 180),
        (_COLUMNS[4], mjd, 50000, 70000),
    ):
        if (bad := np.flatnonzero((values < low) | (values > high))).size:
            raise InputError(
                f"{path}: line {bad[0] + 1}: {name} {values[bad[0]]:g} is not between {low} and {high}; give "
                "the events as ANTARES publishes them"
            )
    if len(ra) > 100 and ra.max() <= 24:
        raise InputError(
            f"{path}: no right ascension is above 24: they seem to be in hours; multiply them by 15"
        )
    return Events(*table.T)


def read_acceptance(path: str | Path) -> Acceptance:
    """Read the acceptance table: 20 columns of sin(declination), a row for each spectral index from 1.5.

    Raises
    ------
    InputError
        The file is not such a table.
    """
    table = _numbers(Path(path), round(2 / SINE_STEP), "the bins of sin(declination)")
    if len(table) < 2 or (table <= 0).any():
        raise InputError(f"{path}: an acceptance table has at least two rows of positive numbers")
    return Acceptance(table)


def read_polynomial(path: str | Path) -> np.ndarray:
    """Read the coefficients, lowest first, of the published cumulative number of events against declination.

    Raises
    ------
    InputError
        The file is not one line of seven numbers.
    """
    table = _numbers(Path(path), 7, "the coefficients of a polynomial of degree 6")
    if len(table) != 1:
        raise InputError(f"{path}: has {len(table)} lines, not one of 7 coefficients")
    return table[0]


def _numbers(path: Path, columns: int, what: str) -> np.ndarray:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: is no text; give a table of {columns} columns: {what}") from None
    rows = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        try:
            row = [float(word) for word in words]
        except ValueError:
            row = []
        if len(row) != columns or not np.isfinite(row).all():
            raise InputError(f"{path}: line {number}: must be {columns} numbers: {what}")
        rows.append(row)
    if not rows:
        raise InputError(f"{path}: is empty; give a table of {columns} columns: {what}")
    return np.array(rows)
