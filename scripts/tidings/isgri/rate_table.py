"""The table of fitted rates: one row for each source, science window, time bin and band."""

from __future__ import annotations

from enum import Flag as Bits
from pathlib import Path

import numpy as np
from astropy.table import Table, vstack

from tidings.errors import InputError

# Name, unit, description; the order of the file.
COLUMNS = (
    ("source", None, "name of the source"),
    ("ra", "deg", "right ascension used in the fit"),
    ("dec", "deg", "declination used in the fit"),
    ("swid", None, "science window"),
    ("time", "d", "middle of the time bin [IJD, TT]"),
    ("timedel", "d", "length of the time bin"),
    ("ontime", "s", "good time in the bin"),
    ("exposure", "s", "mean live time of the pixels in use"),
    ("e_min", "keV", "lower edge of the band"),
    ("e_max", "keV", "upper edge of the band"),
    ("rate", "count / s", "rate as if fully coded: of 8192 open pixels, per second of live time"),
    ("error", "count / s", "its standard deviation"),
    ("coded", "", "coded fraction"),
    ("off_axis", "deg", "angle from the axis of the instrument"),
    ("total", "count / s", "rate of the whole detector"),
    ("background", "count / s", "part of it that is background"),
    ("background_error", "count / s", "its standard deviation"),
    ("chi2", "", "chi-square of the fit to the pixels"),
    ("dof", "", "pixels less parameters"),
    ("flags", "", "0, or the sum of: 1 coded fraction below 0.25; 2 poor fit; 4 no exposure"),
)
_TEXT = ("source", "swid")
_WHOLE = ("dof", "flags")


class Flag(Bits):
    """What is wrong with a rate."""

    EDGE = 1
    POOR_FIT = 2
    NO_EXPOSURE = 4


def make_rates(rows: list[dict[str, object]], meta: dict[str, object] | None = None) -> Table:
    """Make the table from rows with all of its columns; in order of source, band, time."""
    if rows:
        table = Table(rows=rows, names=[name for name, *_ in COLUMNS])
    else:
        table = Table({name: np.zeros(0, _kind(name)) for name, *_ in COLUMNS})
    for name, unit, description in COLUMNS:
        table[name] = table[name].astype(_kind(name))
        table[name].unit = unit
        table[name].description = description
    table.sort(["source", "e_min", "e_max", "time"])
    table.meta.update(meta or {})
    return table


def read_rates(paths: list[Path]) -> Table:
    """Read tables of rates and put them together, each row once.

    Raises
    ------
    InputError
        A file is no table of rates, or two of them have different rates for the same source, time and band.
    """
    tables = [_read_one(Path(path)) for path in paths]
    if not tables:
        raise InputError("no table of rates is given; make one with isgri_flux")
    joined = make_rates([])
    joined.meta.update(_common(tables))
    joined = vstack([joined, *tables], metadata_conflicts="silent")
    joined.sort(["source", "e_min", "e_max", "time"])
    keys = [(row["source"], row["swid"], row["time"], row["e_min"], row["e_max"]) for row in joined]
    keep = []
    for number, key in enumerate(keys):
        if number and key == keys[number - 1]:
            if not _same(joined[number], joined[number - 1]):
                raise InputError(
                    f"{', '.join(str(path) for path in paths)}: two different rates of {key[0]} in window "
                    f"{key[1]}, {key[3]:g}-{key[4]:g} keV; give results of one reduction"
                )
            continue
        keep.append(number)
    return joined[keep]


def source_rates(rates: Table, name: str) -> Table:
    """Return the rows of one source.

    Raises
    ------
    InputError
        There is none of this name; the names there are, are told.
    """
    chosen = rates[np.char.lower(rates["source"].astype(str)) == name.strip().lower()]
    if len(chosen) == 0:
        names = sorted({str(one) for one in rates["source"]})
        known = ", ".join(names[:20]) + (", ..." if len(names) > 20 else "") if names else "none"
        raise InputError(f"no rate of a source {name!r}; in the table: {known}")
    return chosen


def bands(rates: Table) -> list[tuple[float, float]]:
    """Return the energy bands of a table [keV], in order."""
    return sorted(
        {(float(low), float(high)) for low, high in zip(rates["e_min"], rates["e_max"], strict=True)}
    )


def in_band(rates: Table, band: tuple[float, float]) -> Table:
    """Return the rows of one band."""
    return rates[(rates["e_min"] == band[0]) & (rates["e_max"] == band[1])]


def listed(text: str) -> list[str] | None:
    """Return the names in a text, separated by commas; None for an empty text."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    return list(dict.fromkeys(names)) or None


def header_cards(rates: Table) -> dict[str, str | bool | float]:
    """Return what the table says of its making, for the header of a FITS file."""
    return {
        key.upper(): value
        for key, value in sorted(rates.meta.items())
        if isinstance(value, str | bool | float | int)
    }


def usable(rates: Table) -> np.ndarray:
    """Tell which rows hold a rate at all."""
    with_error = np.isfinite(rates["rate"]) & np.isfinite(rates["error"]) & (rates["error"] > 0)
    return np.asarray(with_error & ((rates["flags"] & Flag.NO_EXPOSURE.value) == 0), bool)


def _read_one(path: Path) -> Table:
    try:
        table = Table.read(path, format="ascii.ecsv")
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        raise InputError(f"{path}: is no table of rates ({reason}); make one with isgri_flux") from None
    if missing := [name for name, *_ in COLUMNS if name not in table.colnames]:
        raise InputError(
            f"{path}: is no table of rates as isgri_flux writes it: no column {', '.join(missing)}"
        )
    table = table[[name for name, *_ in COLUMNS]]
    for name, unit, description in COLUMNS:
        try:
            table[name] = table[name].astype(_kind(name))
        except ValueError:
            raise InputError(f"{path}: column {name} holds something that is no number") from None
        table[name].unit, table[name].description = unit, description
    return table


def _common(tables: list[Table]) -> dict[str, object]:
    """What all tables say alike; the provenance of each is its own."""
    first = {key: value for key, value in tables[0].meta.items() if key != "provenance"}
    return {key: value for key, value in first.items() if all(t.meta.get(key) == value for t in tables)}


def _same(one: Table.Row, other: Table.Row) -> bool:
    return all(one[name] == other[name] or one[name] != one[name] for name in ("rate", "error"))


def _kind(name: str) -> type:
    return str if name in _TEXT else np.int64 if name in _WHOLE else np.float64
