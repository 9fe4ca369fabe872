"""Columns of a FITS binary table, as views into its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from astropy import units as u
from astropy.io import fits
from numpy.typing import NDArray

from tidings.errors import InputError

_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}
_TYPES = {"B": "u1", "I": ">i2", "J": ">i4", "K": ">i8", "E": ">f4", "D": ">f8"}
# Spellings that are no FITS unit, and what they mean.
_SPELLINGS = {"pix-1": "1", "pix^-1": "1", "1/pix": "1", "pix": "1", "pixel": "1", "pixel-1": "1"}
_SPELLINGS |= {"pixel^-1": "1", "1/pixel": "1", "prob": "1", "probability": "1", "unknown": "", "none": ""}


@dataclass(frozen=True)
class Column:
    """One column: where it lies in a row of the table, and how its numbers are to be read."""

    name: str
    offset: int
    repeat: int
    code: str
    unit: str
    scale: float
    zero: float

    @property
    def bytes(self) -> int:
        """Length in a row."""
        return -(-self.repeat // 8) if self.code == "X" else self.repeat * _BYTES[self.code]

    @property
    def dtype(self) -> np.dtype:
        """Type of the numbers in the file."""
        return np.dtype(_TYPES[self.code])

    @property
    def is_number(self) -> bool:
        return self.code in _TYPES and self.repeat > 0

    def view(self, rows: NDArray[np.void], *, bits: bool = False) -> NDArray:
        """Return the column of some rows, flat; as integers of the same bytes if only equality matters."""
        item = np.dtype(f"u{self.dtype.itemsize}") if bits else self.dtype
        layout = np.dtype(
            {
                "names": ["x"],
                "formats": [(item, (self.repeat,)) if self.repeat > 1 else item],
                "offsets": [self.offset],
                "itemsize": rows.dtype.itemsize,
            }
        )
        return rows.view(layout)["x"].reshape(-1)

    def values(self, raw: NDArray) -> NDArray:
        """Return numbers of the file as the header says: scaled, in the byte order of the machine."""
        if self.scale == 1 and self.zero == 0:
            return raw.astype(raw.dtype.newbyteorder("="))
        return raw * self.scale + self.zero


def columns_of(header: fits.Header, where: str) -> dict[str, Column]:
    """Return the columns of a binary table by their names in capitals.

    Raises
    ------
    InputError
        A form is none of FITS, or the columns are longer than the rows.
    """
    columns: dict[str, Column] = {}
    offset = 0
    for i in range(1, header.get("TFIELDS", 0) + 1):
        name, form = str(header.get(f"TTYPE{i}", f"COL{i}")).strip(), str(header.get(f"TFORM{i}", ""))
        match = re.match(r"\s*(\d*)([LXBIJKAEDCMPQ])", form)
        if match is None:
            raise InputError(f"{where}, column {name}: {form!r} is no form of a FITS column")
        column = Column(
            name,
            offset,
            int(match[1] or 1),
            match[2],
            str(header.get(f"TUNIT{i}", "")).strip(),
            float(header.get(f"TSCAL{i}", 1)),
            float(header.get(f"TZERO{i}", 0)),
        )
        columns.setdefault(name.upper(), column)
        offset += column.bytes
    if offset > header.get("NAXIS1", 0):
        raise InputError(f"{where}: its columns take {offset} bytes, its rows have {header.get('NAXIS1', 0)}")
    return columns


def unit_factor(column: Column, unit: u.UnitBase, where: str) -> float:
    """Return by what to multiply a column to have it in a unit; a column that names none is in it.

    Raises
    ------
    InputError
        The unit of the column is unknown or of another kind.
    """
    text = _SPELLINGS.get(column.unit.lower(), column.unit)
    if not text:
        return 1.0
    try:
        return float(u.Unit(text).to(unit))
    except (ValueError, TypeError, u.UnitConversionError) as error:
        raise InputError(
            f"{where}, column {column.name}: the unit is {column.unit!r}, this column has "
            f"{unit.to_string() or 'no unit'}: correct TUNIT in the header"
        ) from error
