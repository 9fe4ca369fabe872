"""INTEGRAL Julian Date: days since 2000-01-01T00:00:00 TT."""

from __future__ import annotations

import numpy as np
from astropy.time import Time

from tidings.times import to_gps, utc_iso

MJD_IJD = 51544.0
"""MJD (TT) of IJD 0."""


def ijd_utc(ijd: float, digits: int = 3) -> str:
    """Format an IJD (TT) as ISO 8601 UTC with `digits` decimals of the second."""
    whole = np.floor(ijd)
    return utc_iso(to_gps(Time(MJD_IJD + whole, ijd - whole, format="mjd", scale="tt")), digits)
