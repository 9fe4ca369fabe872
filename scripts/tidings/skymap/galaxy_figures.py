"""Figures of ranked galaxies on a localisation, and of distributions of distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from tidings.output import OKABE_ITO, PAGE, new_figure, style
from tidings.skymap._allsky import AllSky, Part, part_of
from tidings.skymap.distance import DistancePosterior, over_sky
from tidings.skymap.sky import SkyMap

_COLOURS = [OKABE_ITO[c] for c in ("blue", "vermillion", "green", "purple", "orange", "sky", "black")]
_STYLES = ("-", "--", "-.", ":")


def galaxies_figure(
    sky: SkyMap, ranked: Table, name: str = "", levels: Sequence[float] = (50.0, 90.0), labelled: int = 5
) -> Figure:
    """Return ranked galaxies on the credible regions, and on the distribution of distance of a 3-D map.

    Parameters
    ----------
    sky : SkyMap
        The localisation.
    ranked : astropy.table.Table
        Of `tidings.skymap.galaxies.rank_galaxies`.
    name : str
        Of the event.
    levels : sequence of float
        Of the contours, percent.
    labelled : int
        Galaxies that get the number of their rank.
    """
    solid = sky.has_distance
    with style():
        figure = new_figure(PAGE, 0.5 * PAGE)
        grid = figure.add_gridspec(1, 2 if solid else 1, width_ratios=(1.1, 1) if solid else None)
        part = part_of(sky, max(levels))
        canvas = AllSky(figure, grid[0]) if part is None else Part(figure, grid[0], *part)
        canvas.outline(sky, levels, OKABE_ITO["black"])
        _galaxies_on_sky(figure, canvas, ranked, labelled)
        shown = ", ".join(f"{level:g}" for level in sorted(levels))
        canvas.axes.set_title(f"{name + ': ' if name else ''}{shown} % regions, {len(ranked)} galaxies")
        if solid:
            axes = figure.add_subplot(grid[1])
            _posteriors(axes, {"over the sky": over_sky(sky)})
            _galaxies_on_distance(axes, ranked, labelled)
            axes.legend(loc="upper left")
    return figure


def distance_figure(posteriors: dict[str, DistancePosterior], name: str = "") -> Figure:
    """Return the densities of distributions of distance, with their 5 to 95 % ranges."""
    with style():
        figure = new_figure(0.7 * PAGE, 0.45 * PAGE)
        axes = figure.add_subplot()
        _posteriors(axes, posteriors)
        axes.legend(loc="upper left")
        if name:
            axes.set_title(name)
        axes.set_ylim(0, 1.5 * axes.get_ylim()[1])
    return figure


def _posteriors(axes: Axes, posteriors: dict[str, DistancePosterior]) -> None:
    ranges = [posterior.range() for posterior in posteriors.values()]
    axis = np.linspace(min(r[0] for r in ranges), max(r[1] for r in ranges), 400)
    for number, (label, posterior) in enumerate(posteriors.items()):
        colour = _COLOURS[number % len(_COLOURS)]
        text = f"{label}: {posterior.mean:.3g} ± {posterior.std:.2g} Mpc"
        axes.plot(axis, posterior.pdf(axis), _STYLES[number % 4], color=colour, label=text)
    if len(posteriors) == 1:
        (posterior,) = posteriors.values()
        inner = np.linspace(*posterior.percentiles((5, 95)), 200)
        axes.fill_between(inner, posterior.pdf(inner), color=_COLOURS[0], alpha=0.15, lw=0, label="5 to 95 %")
    axes.set_xlim(axis[0], axis[-1])
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Luminosity distance [Mpc]")
    axes.set_ylabel("Probability density [1/Mpc]")


def _galaxies_on_sky(figure: Figure, canvas: AllSky | Part, ranked: Table, labelled: int) -> None:
    if not len(ranked):
        return
    # The best are drawn last, on top; those without a score are small.
    score = np.ma.filled(np.ma.asarray(ranked["score"], dtype=float), 0.0)
    x, y = canvas.place(np.asarray(ranked["ra"]), np.asarray(ranked["dec"]))
    relative = score / max(score.max(), np.finfo(float).tiny)
    back = slice(None, None, -1)
    points = canvas.axes.scatter(
        x[back], y[back], c=100 * score[back], s=2 + 28 * relative[back], cmap="viridis_r", vmin=0,
        edgecolors="black", linewidths=0.25, zorder=3,
    )  # fmt: skip
    bar = figure.colorbar(points, ax=canvas.axes, shrink=0.8, pad=0.02)
    bar.set_label("Score [%]")
    _name_places(canvas.axes, x[:labelled], y[:labelled])


def _name_places(axes: Axes, x: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Number places from 1 on, each name on the side that leads away from the other places."""
    shown = np.flatnonzero(np.isfinite(x + y))
    points = axes.transData.transform(np.column_stack((x, y))[shown])
    for i, here in zip(shown, points, strict=True):
        away = (here - points) / np.maximum(((here - points) ** 2).sum(axis=1), 1.0)[:, None]
        way = away.sum(axis=0)
        way = way / np.hypot(*way) if np.hypot(*way) > 0 else np.array([0.7, 0.7])
        axes.annotate(
            str(i + 1), (x[i], y[i]), tuple(9 * way), textcoords="offset points", fontsize=7, zorder=4,
            ha="center", va="center", path_effects=[withStroke(linewidth=1.5, foreground="white")],
        )  # fmt: skip


def _galaxies_on_distance(axes: Axes, ranked: Table, labelled: int) -> None:
    if "distance" not in ranked.colnames or not len(ranked):
        return
    distance = np.ma.filled(np.ma.asarray(ranked["distance"], dtype=float), np.nan)
    score = np.ma.filled(np.ma.asarray(ranked["score"], dtype=float), 0.0)
    top = axes.get_ylim()[1]
    height = 0.45 * top * score / max(score.max(), np.finfo(float).tiny)
    low, high = axes.get_xlim()
    inside = (distance > low) & (distance < high)
    axes.vlines(
        distance[inside], 0, height[inside], color=OKABE_ITO["vermillion"], lw=0.7, label="galaxies, by score"
    )
    for rank in np.flatnonzero(inside[:labelled]):
        axes.annotate(
            str(rank + 1), (distance[rank], height[rank]), (0, 2), textcoords="offset points", ha="center",
            fontsize=6,
        )  # fmt: skip
    axes.set_ylim(0, 1.45 * top)
