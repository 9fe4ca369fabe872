"""Parameters that several Legacy Survey steps share, declared once.

Only the standard library is imported here: the steps read this module before they start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Param, Record

Ra = Annotated[float, Param("Right ascension, in degrees and not in hours", unit="deg", min=0, max=360)]
Dec = Annotated[float, Param("Declination", unit="deg", min=-90, max=90)]
Layer = Annotated[Literal["ls-dr9", "ls-dr10"], Param("Data release, as the viewer calls it")]
Release = Annotated[Literal["dr9", "dr10"], Param("Data release of the catalogue")]
Pixel = Annotated[
    float, Param("Length of a pixel; that of the surveys is 0.262", unit="arcsec", min=0.06, max=20)
]
Catalogue = In("Tractor catalogue: ECSV, VOTable, FITS, or JSON of MMODA's service; any may be gzipped")
System = Annotated[
    Literal["pivot", "mmoda"],
    Param("Wavelengths of the bands: pivots of the filters of each camera, or those of MMODA's service"),
]
Sigma = Annotated[float, Param("Signal-to-noise ratio of a detection; limits below", unit="", min=1, max=20)]
Store = Annotated[Path | None, In("Folder with files that need not be downloaded again", directory=True)]
LockFile = Annotated[Path, Record("Checksums of remote files: new files are recorded, known ones compared")]
