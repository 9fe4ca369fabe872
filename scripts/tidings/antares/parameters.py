"""Inputs and parameters that both steps of ANTARES share, declared once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Param

EventFile = Annotated[
    Path, In("Events as ANTARES publishes them: RA, Dec [deg], hits, angular error [deg], MJD, a line each")
]
AcceptanceFile = Annotated[
    Path,
    In("Acceptance: a line for each spectral index from 1.5, 20 bins of sin(declination) [1e8 GeV cm2 s]"),
]
Confidence = Annotated[float, Param("Confidence level of the limits", unit="%", min=50, max=99.9)]
