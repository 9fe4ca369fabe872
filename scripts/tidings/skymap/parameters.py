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
