"""Photons through the thick mask, one by one: what the decoding model is tested against.

No formula of the decoding is used here: a ray is followed from the lower to the upper face of the mask, and
is stopped by any closed cell on its way.
"""

from __future__ import annotations

import numpy as np

from tidings.isgri.geometry import CELL, HEIGHT, THICKNESS
from tidings.isgri.mask import flight_mask


def pass_mask(y: np.ndarray, z: np.ndarray, ty: float, tz: float) -> np.ndarray:
    """Tell which photons get through the mask.

    Parameters
    ----------
    y, z : ndarray
        Where they hit the detector plane, from its centre [mm].
    ty, tz : float
        Tangents of the direction they come from, in the instrument's frame.

    Returns
    -------
    ndarray of bool
        True where every cell that the ray touches is open; the frame around the mask is closed.

    Raises
    ------
    ValueError
        The direction is so far off axis that a ray could cross two cell edges of one axis.
    """
    if max(abs(ty), abs(tz)) * THICKNESS >= CELL:
        raise ValueError(f"tangents ({ty:g}, {tz:g}) are outside the field of view")
    low, high = HEIGHT - THICKNESS / 2, HEIGHT + THICKNESS / 2
    enter_y, leave_y, share_y = _cells(y + low * ty, y + high * ty)
    enter_z, leave_z, share_z = _cells(z + low * tz, z + high * tz)
    # Where both coordinates change, the ray is in a third cell in between; which one depends on the order.
    first_y = share_y < share_z
    middle_y, middle_z = np.where(first_y, leave_y, enter_y), np.where(first_y, enter_z, leave_z)
    frame = np.pad(np.asarray(flight_mask(), bool), 1)
    return frame[enter_z, enter_y] & frame[middle_z, middle_y] & frame[leave_z, leave_y]


def _cells(lower: np.ndarray, upper: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cell that a ray enters, cell it leaves, and the share of its way at which it changes (1: it does not).

    Cells are counted from 1; 0 and the last but one more stand for everything outside.
    """
    cells = len(flight_mask())
    lower, upper = lower / CELL + cells / 2, upper / CELL + cells / 2
    enter, leave = np.floor(lower).astype(np.int64), np.floor(upper).astype(np.int64)
    edge = np.maximum(enter, leave)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(enter == leave, 1.0, (edge - lower) / (upper - lower))
    limits = (-1, cells)
    return np.clip(enter, *limits) + 1, np.clip(leave, *limits) + 1, share
