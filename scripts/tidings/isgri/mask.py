"""The mask of IBIS: a modified uniformly redundant array of order 53, extended to 95 x 95 square cells.

References
----------
Gottesman & Fenimore 1989, Appl. Opt. 28 4344 (MURA); Goldwurm et al. 2003, A&A 411 L223.
"""

from __future__ import annotations

from functools import cache

import numpy as np

from tidings.isgri.geometry import CELLS

ORDER = 53


def basic_pattern() -> np.ndarray:
    """Return the basic pattern, 53 x 53, True where open; [0, 0] is the cell that it is built on."""
    residue = np.full(ORDER, -1)
    residue[(np.arange(1, ORDER) ** 2) % ORDER] = 1
    pattern = np.multiply.outer(residue, residue) == 1
    pattern[0], pattern[1:, 0] = False, True
    return pattern


@cache
def flight_mask() -> np.ndarray:
    """Return the flown mask, [95 z, 95 y], True where open; read-only.

    The pattern is nearly its own transpose, so that a wrong orientation costs little and is not seen by eye.
    This one is decided by OSA's illumination pattern of SGR 1935+2154 (window 255900280010): it correlates
    with that by 0.994, the transposed pattern by 0.962 (turns by 180 degrees and reflections of the axes
    leave the pattern as it is, since -1 is a square modulo 53).
    """
    index = (np.arange(CELLS) - CELLS // 2) % ORDER
    mask = basic_pattern()[np.ix_(index, index)]
    mask.setflags(write=False)
    return mask
