"""Parameters that several SPI-ACS steps share, declared once.

Only the standard library is imported here: the steps read this module before they start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Param

CountsFile = Annotated[
    Path,
    In(
        "SPI-ACS counts: MMODA or OGIP FITS, genlc or ipnlc text of the public service, CSV, or "
        "housekeeping of the archive (file, or folder of the science window)"
    ),
]
AddOffset = Annotated[
    bool,
    Param("Add the 125 ms by which the clock lags to the times: the files of the public service have it"),
]
Stamp = Annotated[
    Literal["default", "start", "middle"],
    Param("Moment of a sample that its time stamp is; the default is right for files of the public service"),
]
