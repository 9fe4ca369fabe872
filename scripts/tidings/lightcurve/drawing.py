"""What figures of light curves have in common."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from tidings.output import OKABE_ITO
from tidings.times import utc_iso

GREY = "#BDBDBD"

# More steps than this have no pixels on a page: each drawn one stands for the least and greatest of several.
_MOST_STEPS = 4000


def draw_steps(axes: Axes, start: np.ndarray, end: np.ndarray, rate: np.ndarray, **style: object) -> None:
    """Draw rates (1/s) in thousands as steps; a long curve as the band between its extremes."""
    style = {"color": OKABE_ITO["black"], "lw": 0.6, **style}
    if len(rate) <= _MOST_STEPS:
        axes.stairs(rate / 1000, np.append(start, end[-1]), baseline=None, **style)
        return
    first = np.arange(0, len(rate), -(-len(rate) // (_MOST_STEPS // 2)))
    low, high = np.fmin.reduceat(rate, first) / 1000, np.fmax.reduceat(rate, first) / 1000
    edges = np.append(start[first], end[-1])
    axes.stairs(high, edges, baseline=low, fill=True, **{**style, "lw": 0.4})


def draw_gaps(axes: Axes, start: np.ndarray, end: np.ndarray, good: np.ndarray) -> None:
    """Hatch the stretches without data."""
    change = np.diff(np.concatenate([[0], ~good, [0]]).astype(np.int8))
    for number, (a, b) in enumerate(
        zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True)
    ):
        axes.axvspan(
            start[a],
            end[b - 1],
            facecolor=GREY,
            edgecolor="white",
            hatch="////",
            lw=0,
            zorder=0.5,
            label="no data" if number == 0 else None,
        )


def legend(axes: Axes, **options: object) -> None:
    """Draw a legend that the curve does not shine through."""
    drawn = axes.legend(**{"loc": "upper right", **options}, frameon=True, framealpha=0.85)
    drawn.get_frame().set_linewidth(0)


def label_epoch(axes: Axes, epoch: float) -> None:
    """Say what the time axis counts from (GPS s)."""
    axes.set_xlabel(f"Time at the spacecraft [s]\nfrom {utc_iso(epoch, 3).replace('T', ' ')} UTC")
