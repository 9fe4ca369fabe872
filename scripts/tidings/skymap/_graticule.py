"""Lines of right ascension and declination in the picture of a part of the sky."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

_GREY, _TEXT = "#BDBDBD", "#606060"
# Names nearer to each other than this part of the picture's width would touch.
_APART = 0.08


def draw_graticule(
    axes: Axes,
    plane: tuple[NDArray[np.float64], NDArray[np.float64]],
    sky: tuple[NDArray[np.float64], NDArray[np.float64]],
    centre: tuple[float, float],
) -> None:
    """Draw lines of right ascension and declination, and name them where they meet the frame.

    A line that meets neither the lower nor the left side is named along itself.

    Parameters
    ----------
    axes
        Of the picture.
    plane : two arrays [m, n]
        Places in the coordinates of the axes: the first falls along a row, the second rises along a column.
    sky : two arrays [m, n]
        Right ascension and declination of them, deg.
    centre
        Right ascension and declination of the middle, deg.
    """
    width = float(np.ptp(plane[0]))
    ra, dec = sky
    from_centre = (ra - centre[0] + 180) % 360 - 180
    # Where the longitude jumps by a turn there is no line.
    from_centre = np.where(np.abs(np.gradient(from_centre, axis=1)) > 90, np.nan, from_centre)
    ra_step = round_step(width / max(np.cos(np.radians(centre[1])), 0.1))
    _draw(axes, plane, dec, round_step(width), 0.0, ra=False)
    _draw(axes, plane, from_centre, ra_step, centre[0], ra=True)
    axes.set_xlabel("RA (ICRS)")
    axes.set_ylabel("Dec (ICRS)")


def round_step(width: float) -> float:
    """Return a round distance of lines, deg, of which a width has eight at most."""
    for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30):
        if width / step <= 8:
            return step
    return 45.0


def _draw(
    axes: Axes,
    plane: tuple[NDArray[np.float64], NDArray[np.float64]],
    values: NDArray[np.float64],
    step: float,
    zero: float,
    *,
    ra: bool,
) -> None:
    """Draw lines of equal `values` (deg from `zero`), and their names."""
    low, high = np.nanmin(values) + zero, np.nanmax(values) + zero
    lines = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step - zero
    if not len(lines):
        return
    drawn = axes.contour(
        *plane, values, levels=lines, colors=[_GREY], linewidths=0.4, linestyles="solid", zorder=0.7
    )
    # The lower and the left side of the picture.
    edge, along = (values[0], plane[0][0]) if ra else (values[:, 0], plane[1][:, 0])
    kept: list[tuple[float, float]] = []
    met = sorted((place, line) for line in lines for place in _crossings(edge, along, line))
    for place, value in met:
        if not kept or place - kept[-1][0] > _APART * np.ptp(plane[0]):
            kept.append((place, value))

    def name(line: float) -> str:
        # Without the sign of a zero.
        return f"{(line + zero) % 360:g}°" if ra else f"{line + 0.0:+g}°"

    set_ticks = axes.set_xticks if ra else axes.set_yticks
    set_ticks([place for place, _ in kept], [name(line) for _, line in kept])
    within = [line for line in drawn.levels if all(line != named for _, named in kept)]
    if within:
        for text in axes.clabel(drawn, levels=within, fmt=name, fontsize=6, colors=[_TEXT], inline=False):
            text.set_path_effects([withStroke(linewidth=1.5, foreground="white")])


def _crossings(edge: NDArray[np.float64], along: NDArray[np.float64], line: float) -> list[float]:
    """Return where along a side of the picture its values cross a line."""
    with np.errstate(invalid="ignore"):
        steps = np.diff(edge)
        at = np.flatnonzero(((edge[:-1] - line) * (edge[1:] - line) <= 0) & (steps != 0) & (abs(steps) < 90))
    return [float(along[i] + (along[i + 1] - along[i]) * (line - edge[i]) / steps[i]) for i in at]
