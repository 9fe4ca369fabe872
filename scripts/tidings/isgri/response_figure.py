"""Figure of a pixel response: maps of the pixels, and how much of their scatter it explains."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings.isgri.response import Fit
from tidings.output import OKABE_ITO, PAGE, new_figure, style

# Where thresholds, gains and efficiencies show most [keV].
_SHOWN = (26.0, 36.0, 65.0)


def response_figure(fit: Fit) -> Figure:
    """Draw the response at three energies, and the variance of the pixels against energy."""
    with style():
        figure = new_figure(PAGE, 4.9)
        grid = figure.add_gridspec(2, 3, height_ratios=(3, 2))
        edges = fit.response.edges
        for place, energy in enumerate(_SHOWN):
            group = int(np.clip(np.searchsorted(edges, energy, side="right") - 1, 0, len(edges) - 2))
            _map(figure, figure.add_subplot(grid[0, place]), fit, group)
        axes = figure.add_subplot(grid[1, :])
        _variance(axes, fit)
    return figure


def _map(figure: Figure, axes: Axes, fit: Fit, group: int) -> None:
    image = fit.response.background[group]
    shown = np.where(fit.response.used, image, np.nan)
    spread = max(0.1, float(np.nanquantile(np.abs(shown - 1), 0.98)))
    drawn = axes.imshow(
        shown,
        origin="lower",
        vmin=max(0, 1 - spread),
        vmax=1 + spread,
        cmap="cividis",
        interpolation="nearest",
    )
    low, high = fit.response.edges[group : group + 2]
    axes.set_title(f"{low:g}–{high:g} keV")
    axes.set_xlabel("DETY [pixel]")
    axes.set_ylabel("DETZ [pixel]")
    figure.colorbar(drawn, ax=axes, location="bottom", label="relative response")


def _variance(axes: Axes, fit: Fit) -> None:
    middle = np.sqrt(fit.response.edges[:-1] * fit.response.edges[1:])
    looks = (
        ("vermillion", "o", "modules' means"),
        ("orange", "s", "with rows and columns"),
        ("blue", "^", "response"),
    )
    for values, (colour, marker, label) in zip(fit.variance, looks, strict=True):
        axes.plot(middle, values, marker=marker, color=OKABE_ITO[colour], label=label)
    axes.axhline(1, color="black", lw=0.8, ls=":")
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = [20, 30, 50, 100, 200, 300]
    axes.set_xticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.set_xticks([], minor=True)
    ticks = [0.5, 1, 2, 5, 10]
    axes.set_yticks(ticks, [str(tick) for tick in ticks], minor=False)
    axes.set_yticks([], minor=True)
    axes.set_xlabel("Energy [keV]")
    axes.set_ylabel("Variance of pixels / Poisson")
    axes.legend()
