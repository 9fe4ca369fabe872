"""Figure of a search: significance against time scale, and the light curve with what was found."""

from __future__ import annotations

import numpy as np
from astropy.table import Table
from matplotlib import ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings.acs.search import ScaleStatistics
from tidings.lightcurve.curve import Lightcurve
from tidings.lightcurve.drawing import draw_gaps, draw_steps, label_epoch, legend
from tidings.output import COLUMN, OKABE_ITO, new_figure, style

_TICKS = (0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20)
_SHOWN = 5  # events marked in the light curve
_NOISE = 0.9  # false-alarm probability above which none is marked
_COLOURS = ("vermillion", "blue", "green", "purple", "orange")


def search_figure(
    table: Table,
    statistics: ScaleStatistics,
    lightcurve: Lightcurve,
    name: str = "",
    *,
    width: float = COLUMN,
) -> Figure:
    """Draw the outcome of a search.

    Parameters
    ----------
    table
        Excesses, the most significant first; the first five events are numbered in both panels.
    statistics
        Of the time scales.
    lightcurve
        With the background; its epoch must be that of the table.
    name
        Of the event.
    width
        Of the figure, inches.

    Returns
    -------
    Figure
        Above, the largest signal-to-noise ratio of each scale, all excesses, and the excess variance; below,
        the light curve.
    """
    with style():
        figure = new_figure(width, 1.55 * width)
        scales, excess, curve = figure.subplots(3, height_ratios=(1.5, 0.7, 1.2))
        _draw_scales(scales, table, statistics)
        _draw_excess(excess, statistics)
        _draw_curve(curve, table, lightcurve)
        label_epoch(curve, lightcurve.epoch)
        scales.set_title(name or "SPI-ACS", loc="left")
        events = int(table["event"].max()) if len(table) else 0
        scales.set_title(f"{events} event{'s' * (events != 1)}", loc="right")
    return figure


def _draw_scales(axes: Axes, table: Table, statistics: ScaleStatistics) -> None:
    axes.plot(statistics.scale, statistics.snr, color=OKABE_ITO["black"], lw=0.8, label="largest")
    spike = np.asarray(table["spike"], bool) if len(table) else np.zeros(0, bool)
    for which, marker, label in ((~spike, "o", "excess"), (spike, "x", "spike")):
        if which.any():
            axes.plot(
                table["scale"][which],
                table["snr"][which],
                marker,
                color="0.55",
                ms=2.5,
                label=label,
                zorder=1,
            )
    for number, row in enumerate(_marked(table)):
        axes.plot(row["scale"], row["snr"], "o", color=OKABE_ITO[_COLOURS[number]], ms=4, zorder=3)
        axes.annotate(
            f"{number + 1}", (row["scale"], row["snr"]), (4, 3), textcoords="offset points", fontsize=6
        )
    _scale_axis(axes, statistics)
    highest = np.nanmax(statistics.snr, initial=1.0)
    if highest > 50:
        axes.set_yscale("log")
        axes.set_ylim(2.5, 2.5 * highest)
    else:
        axes.set_ylim(0, 1.18 * highest)
    axes.tick_params(labelbottom=False)
    axes.set_ylabel("Signal-to-noise ratio")
    axes.legend(loc="best")


def _draw_excess(axes: Axes, statistics: ScaleStatistics) -> None:
    axes.plot(
        statistics.scale, statistics.excess_variance, ".", color=OKABE_ITO["blue"], ms=2, label="measured"
    )
    axes.plot(statistics.scale, statistics.used, color=OKABE_ITO["black"], lw=0.8, label="used")
    axes.axhline(1, color="0.6", lw=0.6, ls="--")
    _scale_axis(axes, statistics)
    axes.set_ylabel("Excess\nvariance")
    axes.set_xlabel("Time scale [s]")
    axes.legend(loc="best", ncols=2)


def _scale_axis(axes: Axes, statistics: ScaleStatistics) -> None:
    axes.set_xscale("log")
    axes.set_xlim(0.85 * statistics.scale[0], 1.18 * statistics.scale[-1])
    axes.xaxis.set_major_locator(ticker.FixedLocator(_TICKS))
    axes.xaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axes.xaxis.set_minor_formatter(ticker.NullFormatter())


def _draw_curve(axes: Axes, table: Table, lightcurve: Lightcurve) -> None:
    draw_gaps(axes, lightcurve.time, lightcurve.end, lightcurve.good)
    for number, row in enumerate(_marked(table)):
        same = table[table["event"] == row["event"]]
        margin = 0.002 * (lightcurve.end[-1] - lightcurve.time[0])
        axes.axvspan(
            min(same["time"] - same["scale"] / 2) - margin,
            max(same["time"] + same["scale"] / 2) + margin,
            color=OKABE_ITO[_COLOURS[number]],
            alpha=0.3,
            lw=0,
            zorder=0,
            label=f"{number + 1}",
        )
    draw_steps(axes, lightcurve.time, lightcurve.end, lightcurve.rate)
    axes.plot(lightcurve.middle, lightcurve.background / 1000, color=OKABE_ITO["vermillion"], lw=0.9)
    axes.set_xlim(lightcurve.time[0], lightcurve.end[-1])
    low, high = np.nanmin(lightcurve.rate) / 1000, np.nanmax(lightcurve.rate) / 1000
    # Room for the legend.
    axes.set_ylim(low - 0.05 * (high - low), high + 0.25 * (high - low))
    axes.set_ylabel("Rate [10³ counts/s]")
    if len(table):
        legend(axes, ncols=_SHOWN, handlelength=1)


def _marked(table: Table) -> Table:
    """Return the best excess of each of the first events, those left out that noise is bound to give."""
    if "fap" in table.colnames:
        table = table[table["fap"] < _NOISE]
    _, first = np.unique(np.asarray(table["event"]), return_index=True)
    return table[np.sort(first)[:_SHOWN]]
