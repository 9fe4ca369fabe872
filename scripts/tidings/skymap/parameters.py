"""Parameters that several sky-map steps share, declared once.

Only the standard library is imported here: the steps read this module before they start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Param

SkyMapFile = Annotated[
    Path,
    In(
        "Sky map: HEALPix FITS (flat or multi-order, 2-D or 3-D, gzipped or not), or an LVK alert in JSON "
        "that holds one"
    ),
]
Levels = Annotated[list[float], Param("Credible levels", unit="%", min=0.01, max=100)]
Name = Annotated[str, Param("Name of the event, for table and figure; that of the map when empty")]

Galaxies = Annotated[
    Path,
    In("Galaxies: Parquet (fastest when sorted by HEALPix), FITS, CSV, ECSV, VOTable, or GLADE's text"),
]
ColumnRa = Annotated[str, Param("Column of right ascension, deg, if it has no usual name")]
ColumnDec = Annotated[str, Param("Column of declination, deg")]
ColumnDistance = Annotated[str, Param("Column of luminosity distance, Mpc")]
ColumnDistanceError = Annotated[str, Param("Column of its standard deviation, Mpc")]
ColumnRedshift = Annotated[str, Param("Column of redshift, for catalogues without distances")]
ColumnBmag = Annotated[str, Param("Column of apparent B magnitude")]
ColumnKmag = Annotated[str, Param("Column of apparent K magnitude")]
ColumnMass = Annotated[str, Param("Column of stellar mass")]
ColumnName = Annotated[str, Param("Column of names")]
