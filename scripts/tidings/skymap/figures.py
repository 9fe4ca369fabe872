"""Pictures of a localisation: the whole sky in Mollweide's projection, and a zoom in the tangent plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tidings.output import OKABE_ITO, PAGE, new_figure, style
from tidings.skymap._allsky import AllSky, Canvas, Part, line_styles, part_of
from tidings.skymap._graticule import round_step
from tidings.skymap.sky import SQUARE_DEGREES, SkyMap

# White to dark red through orange: light is nothing, and grey prints keep the order.
_COLOURS = LinearSegmentedColormap.from_list(
    "probability", ["#FFFFFF", "#FEE8B6", "#FDB366", "#E4632D", "#A01C18", "#4A0B10"]
)
_LINE = "#202020"
# What the all-sky picture cannot show by its area: it is marked instead, deg2.
_SMALL = 30.0

Marker = tuple[float, float, str]
"""Right ascension and declination, deg, and a name."""


def all_sky(sky: SkyMap, levels: Sequence[float], markers: Sequence[Marker] = (), title: str = "") -> Figure:
    """Return a figure of the whole sky: probability, contours, and positions.

    Parameters
    ----------
    levels
        Of the contours, percent.
    markers
        Positions to be marked.
    title
        Above the figure.
    """
    with style():
        figure = new_figure(PAGE, 0.6 * PAGE)
        canvas = AllSky(figure, figure.add_gridspec(1, 1)[0])
        image = _draw(canvas, sky, levels)
        _colour_bar(figure, canvas, image, "horizontal")
        if sky.areas([0.9])[0] < _SMALL:
            best = sky.ranking[0]
            ra, dec = sky.centres[0][best], sky.centres[1][best]
            canvas.mark(ra, dec, OKABE_ITO["blue"], marker="o", size=11)
            canvas.axes.lines[-1].set_markerfacecolor("none")
        _legend(canvas, levels, _mark(canvas, markers))
        canvas.axes.set_title(title)
    return figure


def zoom(sky: SkyMap, levels: Sequence[float], markers: Sequence[Marker] = (), title: str = "") -> Figure:
    """Return a figure of the part of the sky around the 90 % region; its widest part if it is too wide.

    Parameters
    ----------
    levels
        Of the contours, percent.
    markers
        Positions to be marked.
    title
        Above the figure.
    """
    with style():
        figure = new_figure(0.75 * PAGE, 0.65 * PAGE)
        canvas, image = draw_zoom(figure, figure.add_gridspec(1, 1)[0], sky, levels)
        _colour_bar(figure, canvas, image, "vertical")
        _legend(canvas, levels, _mark(canvas, markers))
        canvas.axes.set_title(title)
    return figure


def draw_zoom(figure: Figure, place: object, sky: SkyMap, levels: Sequence[float]) -> tuple[Part, object]:
    """Draw the part of the sky around the 90 % region into a place of a figure's grid.

    Parameters
    ----------
    figure, place
        Of matplotlib: a figure, and a cell of one of its grids.
    sky, levels
        As in `zoom`.

    Returns
    -------
    tuple
        The axes with their coordinates, and the image of the density.
    """
    canvas = Part(figure, place, *_view(sky))
    image = _draw(canvas, sky, levels)
    _scale(canvas)
    return canvas, image


def _view(sky: SkyMap) -> tuple[float, float, float]:
    best = int(sky.ranking[0])
    return part_of(sky, largest=45.0) or (float(sky.centres[0][best]), float(sky.centres[1][best]), 35.0)


def _draw(canvas: Canvas, sky: SkyMap, levels: Sequence[float]) -> object:
    """Draw density and contours."""
    image = canvas.axes.pcolormesh(
        canvas.x, canvas.y, canvas.density(sky), cmap=_COLOURS,
        norm=Normalize(0, sky.density.max() / SQUARE_DEGREES), shading="nearest", rasterized=True, zorder=0,
    )  # fmt: skip
    canvas.outline(sky, levels, _LINE, 0.7)
    return image


def _colour_bar(figure: Figure, canvas: Canvas, image: object, orientation: str) -> None:
    bar = figure.colorbar(
        image, ax=canvas.axes, orientation=orientation, shrink=0.6 if orientation == "horizontal" else 0.9,
        aspect=35, pad=0.04,
    )  # fmt: skip
    bar.set_label("Probability density [deg$^{-2}$]")
    bar.formatter.set_powerlimits((-2, 3))
    bar.update_ticks()


def _mark(canvas: Canvas, markers: Sequence[Marker]) -> list[Line2D]:
    handles = []
    colours = [OKABE_ITO[key] for key in ("blue", "green", "purple", "sky")]
    for number, (ra, dec, name) in enumerate(markers):
        colour = colours[number % len(colours)]
        if not np.isfinite(canvas.place(np.array([ra]), np.array([dec]))[0][0]):
            continue
        canvas.mark(ra, dec, colour, marker="x", size=6)
        handles.append(Line2D([], [], color=colour, marker="x", ls="none", ms=5, label=name))
    return handles


def _legend(canvas: Canvas, levels: Sequence[float], more: list[Line2D]) -> None:
    handles = [
        Line2D([], [], color=_LINE, lw=0.7, ls=line, label=f"{level:g} %")
        for level, line in line_styles(levels).items()
    ]
    # Beside the sky, where it hides nothing.
    canvas.axes.figure.legend(handles=handles + more, loc="outside upper right", ncols=len(handles + more))


def _scale(canvas: Part) -> None:
    """Draw a bar of a round length."""
    length = round_step(canvas.half / 0.75)
    tangent = np.degrees(np.tan(np.radians(length)))
    x, y = 0.92 * canvas.half, -0.9 * canvas.half
    canvas.axes.plot([x, x - tangent], [y, y], color=_LINE, lw=1.5, solid_capstyle="butt", zorder=4)
    canvas.axes.text(x - tangent / 2, y + 0.02 * canvas.half, f"{length:g}°", ha="center", va="bottom")
