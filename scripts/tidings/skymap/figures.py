"""Pictures of a localisation: the whole sky in Mollweide's projection, and a zoom in the tangent plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from tidings.output import OKABE_ITO, PAGE, new_figure, style
from tidings.skymap._allsky import AllSky, Canvas, Part, part_of
from tidings.skymap.contours import rings
from tidings.skymap.sky import MAX_ORDER, SQUARE_DEGREES, SkyMap

# White to dark red through orange: light is nothing, and grey prints keep the order.
_COLOURS = LinearSegmentedColormap.from_list(
    "probability", ["#FFFFFF", "#FEE8B6", "#FDB366", "#E4632D", "#A01C18", "#4A0B10"]
)
# Of the bounds, the widest region first.
_LINES = ("-", "--", ":", "-.")
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
        ticks = [120, 60, 0, -60, -120]
        names = [f"{(180 - t) // 15:d}$^\\mathrm{{h}}$" for t in ticks]
        canvas.axes.set_xticks(np.radians(ticks), names)
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
        canvas = Part(figure, figure.add_gridspec(1, 1)[0], *_view(sky))
        image = _draw(canvas, sky, levels)
        _colour_bar(figure, canvas, image, "vertical")
        canvas.axes.grid(visible=False)
        _grid(canvas)
        _scale(canvas)
        _legend(canvas, levels, _mark(canvas, markers))
        canvas.axes.set_title(title)
    return figure


def _view(sky: SkyMap) -> tuple[float, float, float]:
    found = part_of(sky, largest=45.0)
    if found is not None:
        # The plane is wider than the sky that it shows.
        return (*found[:2], float(np.degrees(np.tan(np.radians(0.92 * found[2])))))
    best = sky.ranking[0]
    return float(sky.centres[0][best]), float(sky.centres[1][best]), 35.0


def _draw(canvas: Canvas, sky: SkyMap, levels: Sequence[float]) -> object:
    """Draw density and contours."""
    tiles = sky.tiles_of(canvas.pixels.ravel() >> (2 * (MAX_ORDER - sky.order))).reshape(canvas.pixels.shape)
    density = sky.density[tiles] / SQUARE_DEGREES
    image = canvas.axes.pcolormesh(
        canvas.x, canvas.y, density, cmap=_COLOURS, norm=Normalize(0, density.max()),
        shading="nearest", rasterized=True, zorder=0,
    )  # fmt: skip
    for number, level in enumerate(sorted(levels)):
        for ring in rings(sky, level / 100):
            x, y = canvas.place(np.append(ring.lon, ring.lon[0]), np.append(ring.lat, ring.lat[0]))
            # A line that leaves the picture on one side goes on at the other.
            jump = np.flatnonzero(np.abs(np.diff(x)) > np.ptp(canvas.x) / 2) + 1
            canvas.axes.plot(
                np.insert(x, jump, np.nan), np.insert(y, jump, np.nan), color="#202020", lw=0.7,
                ls=_LINES[(len(levels) - 1 - number) % len(_LINES)], zorder=2,
            )  # fmt: skip
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
        Line2D(
            [],
            [],
            color="#202020",
            lw=0.7,
            ls=_LINES[(len(levels) - 1 - i) % len(_LINES)],
            label=f"{level:g} %",
        )
        for i, level in enumerate(sorted(levels))
    ]
    # Beside the sky, where it hides nothing.
    canvas.axes.figure.legend(handles=handles + more, loc="outside upper right", ncols=len(handles + more))


def _grid(canvas: Part) -> None:
    """Draw lines of right ascension and declination, and name them where they meet the frame."""
    half = canvas.half
    step = _step(half)
    vectors = canvas.up + np.radians(canvas.x)[..., None] * canvas.east
    vectors = vectors + np.radians(canvas.y)[..., None] * canvas.north
    dec = np.degrees(np.arctan2(vectors[..., 2], np.hypot(vectors[..., 0], vectors[..., 1])))
    ra = np.degrees(np.arctan2(vectors[..., 1], vectors[..., 0]))
    ra = (ra - canvas.ra + 180) % 360 - 180
    ra[np.abs(np.gradient(ra, axis=1)) > 90] = np.nan
    ra_step = _step(half / max(np.cos(np.radians(canvas.dec)), 0.1))
    _family(canvas, dec, step, 0.0, ra=False)
    _family(canvas, ra, ra_step, canvas.ra, ra=True)


def _family(canvas: Part, values: np.ndarray, step: float, zero: float, *, ra: bool) -> None:
    low, high = np.nanmin(values) + zero, np.nanmax(values) + zero
    lines = np.arange(np.ceil(low / step), np.floor(high / step) + 1) * step
    if not len(lines):
        return
    canvas.axes.contour(
        canvas.x,
        canvas.y,
        values,
        levels=lines - zero,
        colors=["#BDBDBD"],
        linewidths=0.4,
        linestyles="solid",
    )
    # The lower and the left side of the picture.
    edge, along = (values[0], canvas.x[0]) if ra else (values[:, 0], canvas.y[:, 0])
    labels = []
    for line in lines - zero:
        for i in np.flatnonzero((edge[:-1] - line) * (edge[1:] - line) <= 0):
            step_here = edge[i + 1] - edge[i]
            # Where the longitude jumps by a turn there is no line.
            if 0 < abs(step_here) < 90:
                place = along[i] + (along[i + 1] - along[i]) * (line - edge[i]) / step_here
                labels.append((float(place), f"{(line + zero) % 360:g}°" if ra else f"{line:+g}°"))
    kept: list[tuple[float, str]] = []
    for place, name in sorted(labels):
        if not kept or place - kept[-1][0] > 0.16 * canvas.half:
            kept.append((place, name))
    places, names = [place for place, _ in kept], [name for _, name in kept]
    (canvas.axes.set_xticks if ra else canvas.axes.set_yticks)(places, names)
    (canvas.axes.set_xlabel if ra else canvas.axes.set_ylabel)("RA (ICRS)" if ra else "Dec (ICRS)")


def _step(half: float) -> float:
    """Return a round distance of grid lines for a field of half this width, deg."""
    for step in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30):
        if 2 * half / step <= 8:
            return step
    return 45.0


def _scale(canvas: Part) -> None:
    """Draw a bar of a round length."""
    length = _step(canvas.half / 1.5)
    tangent = np.degrees(np.tan(np.radians(length)))
    x, y = 0.92 * canvas.half, -0.9 * canvas.half
    canvas.axes.plot([x, x - tangent], [y, y], color="#202020", lw=1.5, solid_capstyle="butt", zorder=4)
    canvas.axes.text(x - tangent / 2, y + 0.02 * canvas.half, f"{length:g}°", ha="center", va="bottom")
