"""Figure of a burst: light curve, background and durations, and the cumulative counts they are read from."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings.lightcurve.bursts import Burst
from tidings.output import COLUMN, OKABE_ITO, new_figure, style
from tidings.times import utc_iso

_GREY = "#BDBDBD"


def burst_figure(
    start: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    burst: Burst,
    *,
    epoch: float,
    reference: float,
    good: np.ndarray | None = None,
    name: str = "",
    panel_width: float = COLUMN,
) -> Figure:
    """Draw a burst in three panels: the whole light curve, the burst, and its cumulative counts.

    Parameters
    ----------
    start, width, rate : (n,) float
        Bins, s from `epoch`, and counts/s.
    burst
        What was measured in them.
    epoch, reference
        GPS seconds; the axis counts from `reference`.
    good
        Bins with data; the others are hatched.
    name
        Of the burst, for the title.
    panel_width
        inches.
    """
    good = np.isfinite(rate) if good is None else good & np.isfinite(rate)
    shift = epoch - reference
    with style():
        figure = new_figure(panel_width, 1.5 * panel_width)
        whole, zoom, sums = figure.subplots(3, height_ratios=(1, 1.2, 1.2))
        _draw_whole(whole, start + shift, width, rate, good, burst, shift)
        limits = _zoom(burst, shift)
        _draw_zoom(zoom, start + shift, width, rate, good, burst, shift, limits)
        _draw_sums(sums, burst, shift)
        utc = utc_iso(reference, 3).replace("T", " ")
        sums.set_xlabel(f"Time at the spacecraft [s]\nfrom {utc} UTC")
        whole.set_title(name or "Burst", loc="left")
        whole.set_title(f"T$_{{90}}$ = {with_error(burst.t90, burst.t90_error)} s", loc="right")
    return figure


def with_error(value: float, error: float) -> str:
    """Write a value and its error with two digits of the error."""
    digits = max(1 - int(np.floor(np.log10(error))), 0) if error > 0 else 3
    return f"{value:.{digits}f} ± {error:.{digits}f}"


def _steps(axes: Axes, start: np.ndarray, width: np.ndarray, rate: np.ndarray, good: np.ndarray) -> None:
    shown = np.where(good, rate, np.nan) / 1000
    edges = np.append(start, start[-1] + width[-1])
    axes.stairs(shown, edges, baseline=None, color=OKABE_ITO["black"], lw=0.5)


def _draw_whole(
    axes: Axes,
    start: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    good: np.ndarray,
    burst: Burst,
    shift: float,
) -> None:
    """Scale the axis to the background, whose fit this panel is to show; the burst leaves it."""
    interval = burst.start + shift, burst.stop + shift
    axes.axvspan(*interval, color=OKABE_ITO["sky"], alpha=0.25, lw=0, zorder=0, label="interval")
    middle = (burst.edges[1:] + burst.edges[:-1]) / 2 + shift
    group = max(round(1.0 / float(np.median(width))), 1)
    n = len(rate) // group
    cut = slice(0, n * group)
    live = np.where(good, width, 0.0)[cut].reshape(n, group).sum(axis=1)
    counts = np.where(good, rate * width, 0.0)[cut].reshape(n, group).sum(axis=1)
    mean = np.divide(counts, live, out=np.full(n, np.nan), where=live > 0)
    edges = np.append(start[cut][::group], (start + width)[cut][-1])
    axes.stairs(mean / 1000, edges, baseline=None, color=OKABE_ITO["black"], lw=0.5)
    axes.plot(middle, burst.background / 1000, color=OKABE_ITO["vermillion"], lw=0.9, label="background")
    level = burst.background / 1000
    spread = 4 * burst.noise_ratio * float(np.sqrt(np.median(burst.background))) / 1000
    axes.set_ylim(level.min() - spread, level.max() + 2.5 * spread)
    axes.set_xlim(start[0], start[-1] + width[-1])
    _hatch_gaps(axes, start, width, good)
    axes.set_ylabel("Rate, 1 s bins\n[1000/s]")
    axes.legend(loc="upper right")


def _draw_zoom(
    axes: Axes,
    start: np.ndarray,
    width: np.ndarray,
    rate: np.ndarray,
    good: np.ndarray,
    burst: Burst,
    shift: float,
    limits: tuple[float, float],
) -> None:
    cut = (start + width > limits[0]) & (start < limits[1])
    _steps(axes, start[cut], width[cut], rate[cut], good[cut])
    middle = (burst.edges[1:] + burst.edges[:-1]) / 2 + shift
    axes.plot(middle, burst.background / 1000, color=OKABE_ITO["vermillion"], lw=0.9)
    _shade_times(axes, burst, shift)
    _name_times(axes, burst, shift)
    axes.set_xlim(limits)
    _hatch_gaps(axes, start, width, good)
    bin_size = float(np.median(width))
    axes.set_ylabel(f"Rate, {bin_size * 1000:g} ms bins\n[1000/s]")
    axes.set_ylim(top=1.25 * float(np.nanmax(np.where(good, rate, np.nan)[cut])) / 1000)


def _draw_sums(axes: Axes, burst: Burst, shift: float) -> None:
    total = burst.levels[1]
    power = 3 * int(np.floor(np.log10(max(abs(total), 1)) / 3))
    unit = 10.0**power
    axes.plot(burst.edges + shift, burst.cumulative / unit, color=OKABE_ITO["black"], lw=0.8)
    for level, (low, high) in zip(burst.levels, burst.level_windows, strict=True):
        axes.axhline(level / unit, color=_GREY, lw=0.6, ls="--", zorder=0)
        ends = low + shift, high + shift
        name = "levels" if level == 0 else None
        axes.plot(ends, [level / unit] * 2, color=OKABE_ITO["orange"], lw=2.5, label=name)
    _shade_times(axes, burst, shift)
    for key, fraction in (("t05", 0.05), ("t95", 0.95)):
        axes.plot(burst.times[key] + shift, fraction * total / unit, "o", color=OKABE_ITO["blue"], ms=3)
    (low, _), (_, high) = burst.level_windows
    margin = 0.03 * (high - low)
    axes.set_xlim(low + shift - margin, high + shift + margin)
    axes.set_ylim(-0.08 * total / unit, 1.12 * total / unit)
    axes.legend(loc="center right")
    label = "Cumulative counts" if power == 0 else f"Cumulative counts\n[10$^{{{power}}}$]"
    axes.set_ylabel(label)


def _shade_times(axes: Axes, burst: Burst, shift: float) -> None:
    for low, high, alpha in (("t05", "t95", 0.12), ("t25", "t75", 0.18)):
        ends = burst.times[low] + shift, burst.times[high] + shift
        axes.axvspan(*ends, color=OKABE_ITO["blue"], alpha=alpha, lw=0, zorder=0)


def _name_times(axes: Axes, burst: Burst, shift: float) -> None:
    blue = OKABE_ITO["blue"]
    for y, name, low, high in ((0.94, "90", "t05", "t95"), (0.85, "50", "t25", "t75")):
        ends = burst.times[low] + shift, burst.times[high] + shift
        axes.plot(ends, (y, y), transform=axes.get_xaxis_transform(), color=blue, lw=0.8)
        place = {"textcoords": "offset points", "xycoords": ("data", "axes fraction")}
        axes.annotate(f"T$_{{{name}}}$", (ends[1], y), (3, 0), va="center", color=blue, fontsize=7, **place)


def _zoom(burst: Burst, shift: float) -> tuple[float, float]:
    """Show T90 in the middle half or more, and never less than the two levels need."""
    margin = 0.35 * burst.t90 + max(burst.time_errors["t05"][0], burst.time_errors["t95"][1])
    low = max(burst.times["t05"] - margin, burst.edges[0])
    high = min(burst.times["t95"] + 2 * margin, burst.edges[-1])
    return low + shift, high + shift


def _hatch_gaps(axes: Axes, start: np.ndarray, width: np.ndarray, good: np.ndarray) -> None:
    change = np.diff(np.concatenate([[0], ~good, [0]]).astype(int))
    for first, last in zip(np.flatnonzero(change == 1), np.flatnonzero(change == -1), strict=True):
        ends = start[first], start[last - 1] + width[last - 1]
        axes.axvspan(*ends, facecolor=_GREY, edgecolor="white", hatch="////", lw=0, zorder=3)
