"""Parameters that steps on light curves share, declared once.

Only the standard library is imported here: the steps read this module before they start.
"""

from __future__ import annotations

from typing import Annotated, Literal

from tidings.step import Param

Trigger = Annotated[
    str | None,
    Param("Time that results count from: GPS seconds, ISO, MJD or JD with its scale (UTC unless given)"),
]
BackgroundModel = Annotated[Literal["polynomial", "median"], Param("Model of the background")]
Order = Annotated[int, Param("Order of the polynomial", min=0, max=5)]
Window = Annotated[float, Param("Window of the running median", unit="s", min=100, max=5000)]
BurstStart = Annotated[
    float | None,
    Param("Start of the interval that is left out of the background, from the trigger", unit="s"),
]
BurstEnd = Annotated[float | None, Param("End of that interval", unit="s")]
