"""The environment that every step runs in, so that nobody gets other bytes by accident."""

from __future__ import annotations

import os
import platform
from pathlib import Path

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

# The kernels that every x86-64 processor since 2013 has: newer ones add up in another order. The names of
# the features are those of the locked NumPy; GLIBC_TUNABLES needs no pin, as the C library has no AVX-512
# variant of the functions used.
AVX2_PINS = {
    "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    "OPENBLAS_CORETYPE": "Haswell",
}


def pin() -> None:
    """Set the variables that decide how numbers are computed, whatever the user's shell says."""
    os.environ.update(PINS)
    if _has_avx2():
        os.environ.update(AVX2_PINS)


def _has_avx2() -> bool:
    if platform.machine() not in ("x86_64", "AMD64"):
        return False
    try:
        return " avx2 " in Path("/proc/cpuinfo").read_text()
    except OSError:
        # No such file on macOS, whose last x86-64 machines all had it.
        return True
