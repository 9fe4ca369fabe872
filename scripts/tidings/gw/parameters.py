"""Parameters that several gravitational-wave steps share, declared once.

Only the standard library is imported here: the steps read this module before they start.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Param

StrainFiles = Annotated[
    list[Path], In("GWOSC HDF5 or GWF strain files of one detector, or folders of them", directory=True)
]
EventTable = Annotated[
    Path | None,
    In("Table of events (name, gps) beside the built-in one, as gw_fetch writes it", format="tsv"),
]
Detector = Annotated[str, Param("Detector, such as H1, L1, V1, K1, G1")]
EventName = Annotated[
    str | None,
    Param(
        "Event name, or the time of interest: GPS seconds, ISO, MJD or JD with its scale (UTC unless given)"
    ),
]
Before = Annotated[float, Param("Time shown before the event", unit="s", min=0, max=2048)]
After = Annotated[float, Param("Time shown after the event", unit="s", min=0, max=2048)]
T1 = Annotated[str | None, Param("Start of the window instead, in any form that event takes")]
T2 = Annotated[str | None, Param("End of the window instead")]
Channel = Annotated[str | None, Param("Strain channel of GWF files, if it is not the usual one")]
Trim = Annotated[
    float,
    Param("Length left out at either end of the data, where filtered files fade in and out", unit="s", min=0),
]
AllowBad = Annotated[
    bool, Param("Go on although data in the window are missing, not finite or of bad quality")
]
