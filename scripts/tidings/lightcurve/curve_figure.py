"""Figure of a light curve: all of it with its background, and what stands out most."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings.lightcurve.counts import Flag
from tidings.lightcurve.curve import Lightcurve
from tidings.lightcurve.drawing import draw_gaps, draw_steps, label_epoch, legend
from tidings.output import COLUMN, OKABE_ITO, new_figure, style

_NOTABLE = 5.0  # sigma from which the second panel shows the excess alone
_STILL = 3.0  # sigma down to which it reaches
_NARROWEST = 12  # bins


def lightcurve_figure(lightcurve: Lightcurve, name: str = "", *, width: float = COLUMN) -> Figure:
    """Draw a light curve.

    Parameters
    ----------
    lightcurve
        Its background is drawn with the band of one sigma, the interval left out of the background and gaps
        are shaded, saturated bins marked.
    name
        Of the event.
    width
        Of the figure, inches.

    Returns
    -------
    Figure
        Above, the rate on an axis scaled to the background; below, the brightest part in full height, or,
        when nothing reaches 5 sigma, the deviations from the background in sigma.
    """
    with style():
        figure = new_figure(width, 1.15 * width)
        above, below = figure.subplots(2)
        _draw_all(above, lightcurve)
        sigma = _sigma(lightcurve)
        deviation = lightcurve.net / sigma
        if np.nanmax(deviation) >= _NOTABLE:
            _draw_part(below, lightcurve, deviation)
        else:
            _draw_deviation(below, lightcurve, deviation)
            below.set_xlim(above.get_xlim())
        label_epoch(below, lightcurve.epoch)
        above.set_title(name or lightcurve.monitor.name, loc="left")
        above.set_title(f"bins of {lightcurve.bin_size:g} s", loc="right")
    return figure


def _sigma(lightcurve: Lightcurve) -> np.ndarray:
    """Return the scatter of the background's rate in each bin, 1/s."""
    excess = lightcurve.excess_variance if np.isfinite(lightcurve.excess_variance) else 1.0
    with np.errstate(invalid="ignore", divide="ignore"):
        return excess * np.sqrt(np.maximum(lightcurve.background, 0) / lightcurve.exposure)


def _draw_all(axes: Axes, lightcurve: Lightcurve) -> None:
    start, end = lightcurve.time, lightcurve.end
    for number, interval in enumerate(lightcurve.exclude):
        label = "left out of the background" if number == 0 else None
        axes.axvspan(*interval, color=OKABE_ITO["sky"], alpha=0.25, lw=0, zorder=0, label=label)
    draw_gaps(axes, start, end, lightcurve.good)
    draw_steps(axes, start, end, lightcurve.rate)
    model, error = lightcurve.background / 1000, lightcurve.background_error / 1000
    axes.fill_between(
        lightcurve.middle, model - error, model + error, color=OKABE_ITO["vermillion"], alpha=0.3, lw=0
    )
    axes.plot(lightcurve.middle, model, color=OKABE_ITO["vermillion"], lw=0.9, label=_model(lightcurve))
    sigma = float(np.nanmedian(_sigma(lightcurve))) / 1000
    axes.set_ylim(np.nanmin(model) - 6 * sigma, np.nanmax(model) + 12 * sigma)
    axes.set_xlim(start[0], end[-1])
    axes.set_ylabel("Rate [10³ counts/s]")
    legend(axes)


def _draw_part(axes: Axes, lightcurve: Lightcurve, deviation: np.ndarray) -> None:
    """Draw the contiguous part around the highest bin, with some background on either side."""
    low, high = _part(deviation)
    cut = slice(low, high)
    start, end = lightcurve.time[cut], lightcurve.end[cut]
    draw_gaps(axes, start, end, lightcurve.good[cut])
    draw_steps(axes, start, end, lightcurve.rate[cut])
    middle, model = lightcurve.middle[cut], lightcurve.background[cut] / 1000
    axes.plot(middle, model, color=OKABE_ITO["vermillion"], lw=0.9)
    for flag, colour in ((Flag.SATURATED, "purple"), (Flag.DIP, "blue")):
        marked = (lightcurve.flags[cut] & flag.value) > 0
        if marked.any():
            axes.plot(
                middle[marked],
                lightcurve.rate[cut][marked] / 1000,
                "v",
                color=OKABE_ITO[colour],
                label=flag.name.lower(),
            )
    axes.set_xlim(start[0], end[-1])
    axes.set_ylabel("Rate [10³ counts/s]")
    if axes.get_legend_handles_labels()[0]:
        legend(axes)


def _part(deviation: np.ndarray) -> tuple[int, int]:
    """Return the bins around the highest down to where three in a row are not significant, and margins."""
    peak = int(np.nanargmax(deviation))
    quiet = ~(deviation > _STILL)
    run = quiet[:-2] & quiet[1:-1] & quiet[2:] if len(quiet) > 2 else np.zeros(0, bool)
    before, after = np.flatnonzero(run[: max(peak - 1, 0)]), np.flatnonzero(run[peak:])
    low = int(before[-1]) + 3 if len(before) else 0
    high = peak + int(after[0]) if len(after) else len(deviation)
    margin = max((high - low) // 4, _NARROWEST)
    return max(low - margin, 0), min(high + margin, len(deviation))


def _draw_deviation(axes: Axes, lightcurve: Lightcurve, deviation: np.ndarray) -> None:
    draw_gaps(axes, lightcurve.time, lightcurve.end, lightcurve.good)
    draw_steps(axes, lightcurve.time, lightcurve.end, 1000 * deviation)
    axes.axhline(0, color=OKABE_ITO["vermillion"], lw=0.9)
    axes.set_ylabel("Rate − background [σ]")


def _model(lightcurve: Lightcurve) -> str:
    if lightcurve.model == "median":
        return "background: running median"
    return f"background: polynomial of order {lightcurve.order}"
