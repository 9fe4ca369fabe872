"""The environment that every step runs in, so that nobody gets other bytes by accident."""

from __future__ import annotations

import os

# Read by the libraries when they are imported, which happens inside the step's function.
PINS = {
    "MPLBACKEND": "Agg",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "SOURCE_DATE_EPOCH": "0",
    "TZ": "UTC",
}


def pin() -> None:
    """Set the variables that decide how numbers are computed, whatever the user's shell says."""
    os.environ.update(PINS)
