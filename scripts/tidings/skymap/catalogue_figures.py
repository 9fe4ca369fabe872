"""Figures of several localisations, of the overlap of two, of coverage and of visibility."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from tidings.output import COLUMN, OKABE_ITO, PAGE, new_figure, style
from tidings.skymap._allsky import AllSky, Canvas, Part, line_styles, part_of
from tidings.skymap.coverage import Coverage, Field
from tidings.skymap.events import Event
from tidings.skymap.footprint import Ranges, region_ranges
from tidings.skymap.overlap import Overlap
from tidings.skymap.sky import SkyMap
from tidings.skymap.visibility import Visibility
from tidings.times import utc_iso

LABELLED = 14
"""Events that are drawn in a colour of their own and named; those of the smallest regions come first."""

_COLOURS = [OKABE_ITO[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky", "black")]
_PALE = "#9A9A9A"


def catalogue_figure(
    events: Sequence[Event],
    levels: Sequence[float] = (50.0, 90.0),
    *,
    cone: Ranges | None = None,
    position: tuple[float, float] | None = None,
    title: str = "",
) -> Figure:
    """Draw all events on one sky.

    Every event is drawn. The `LABELLED` ones with the smallest regions at the widest level have a colour and
    a name; of the rest only that level, in grey, behind them.

    Parameters
    ----------
    events, levels
        As for `tidings.skymap.catalogue.catalogue_table`.
    cone, position
        Part of the sky searched, and position asked for (deg), shown.
    """
    widest = max(levels)
    areas = [float(event.sky.areas(np.array([widest / 100]))[0]) for event in events]
    ranked = [events[i] for i in np.argsort(areas, kind="stable")]
    named, rest = ranked[:LABELLED], ranked[LABELLED:]
    with style():
        figure = new_figure(PAGE, 0.6 * PAGE)
        canvas = AllSky(figure, figure.add_gridspec(1, 1)[0])
        if cone is not None:
            canvas.fill(cone, OKABE_ITO["orange"], 0.25, 0.4)
        for event in rest:
            canvas.outline(event.sky, [widest], _PALE, 0.5, 1.5)
        handles = [_draw_named(canvas, event, levels, i) for i, event in enumerate(named)]
        if rest:
            handles.append(Line2D([], [], color=_PALE, lw=0.5, label=f"{len(rest)} wider, {widest:g} % only"))
        if cone is not None:
            handles.append(Patch(color=OKABE_ITO["orange"], alpha=0.25, lw=0, label="cone searched"))
        if position is not None:
            canvas.mark(*position, OKABE_ITO["black"], "+", 6)
        if handles:
            figure.legend(handles=handles, loc="outside lower center", ncols=5, fontsize=6.5)
        canvas.axes.set_title(title or _count_text(len(events)), loc="left")
        canvas.axes.set_title(_lines_text(levels), loc="right")
    return figure


def _count_text(number: int) -> str:
    return {0: "No event is selected", 1: "1 event"}.get(number, f"{number} events")


def _lines_text(levels: Sequence[float]) -> str:
    """Say how the regions are drawn: the widest with a full line, the rest dashed."""
    *inner, widest = sorted(levels)
    dashed = f"{', '.join(f'{level:g}' for level in inner)} % dashed, " if inner else ""
    return f"{dashed}{widest:g} % full line"


def _draw_named(canvas: Canvas, event: Event, levels: Sequence[float], number: int) -> Line2D:
    colour = _COLOURS[number % len(_COLOURS)]
    canvas.outline(event.sky, levels, colour)
    best = int(event.sky.ranking[0])
    ra, dec = (float(c[best]) for c in event.sky.centres)
    # Two rounds of colours are told apart by the mark of the densest tile.
    marker = "x" if number < len(_COLOURS) else "o"
    canvas.mark(ra, dec, colour, marker, 3)
    return Line2D([], [], color=colour, lw=0.9, marker=marker, ms=3, label=event.name)


def overlap_figure(
    first: SkyMap,
    second: SkyMap,
    found: Overlap,
    names: tuple[str, str],
    levels: Sequence[float] = (50.0, 90.0),
) -> Figure:
    """Draw two localisations and what they have in common, on the sky and, where it is small, close up."""
    colours = (OKABE_ITO["blue"], OKABE_ITO["vermillion"])
    area = None if found.product is None else part_of(found.product, max(levels))
    with style():
        figure = new_figure(PAGE if area else COLUMN * 1.5, 0.42 * PAGE)
        grid = figure.add_gridspec(1, 2 if area else 1, width_ratios=(1.7, 1) if area else None)
        canvases: list[Canvas] = [AllSky(figure, grid[0, 0])]
        if area:
            canvases.append(Part(figure, grid[0, 1], *area))
        for canvas in canvases:
            if found.product is not None:
                canvas.fill(region_ranges(found.product, max(levels)), OKABE_ITO["green"], 0.4)
            for sky, colour in zip((first, second), colours, strict=True):
                canvas.outline(sky, levels, colour)
        handles = [Line2D([], [], color=c, lw=0.9, label=n) for c, n in zip(colours, names, strict=True)]
        if found.product is not None:
            text = f"product, {max(levels):g} %"
            handles.append(Patch(color=OKABE_ITO["green"], alpha=0.4, lw=0, label=text))
            if area:
                x, y = canvases[0].place(np.array([area[0]]), np.array([area[1]]))
                canvases[0].axes.plot(x, y, "s", mfc="none", color=OKABE_ITO["black"], ms=7, mew=0.6)
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
        canvases[0].axes.set_title(_odds_text(found), loc="left")
        canvases[-1].axes.set_title(_lines_text(levels), loc="right", fontsize=7)
        # Room above: the layout does not know the height of a title over an ellipse.
        figure.get_layout_engine().set(h_pad=0.08)
    return figure


def _odds_text(found: Overlap) -> str:
    if found.odds == 0:
        return "No overlap: spatial odds 0"
    text = f"Spatial odds {found.odds:.3g}"
    return text if found.distance_odds is None else f"{text}, with distance {found.distance_odds:.3g}"


def coverage_figure(
    sky: SkyMap,
    covered: Ranges,
    levels: Sequence[float],
    *,
    fields: Sequence[Field] = (),
    found: Coverage | None = None,
    title: str = "",
) -> Figure:
    """Draw what fields cover of a localisation, and what each adds.

    Parameters
    ----------
    sky, covered
        Map, and the part of the sky that is covered.
    levels
        Percent.
    fields, found
        The fields, and `Coverage` of them; without, the covered part alone is drawn.
    """
    area = part_of(sky, max(levels))
    curve = found is not None and len(fields) > 1
    with style():
        figure = new_figure(PAGE if curve else COLUMN * 1.4, 0.42 * PAGE)
        grid = figure.add_gridspec(
            1, 2 if curve else 1, width_ratios=(1.5, 1) if curve and not area else None
        )
        canvas = Part(figure, grid[0, 0], *area) if area else AllSky(figure, grid[0, 0])
        canvas.fill(covered, OKABE_ITO["sky"], 0.45)
        # So many outlines hide each other.
        for field in fields if len(fields) <= 400 else ():
            canvas.edges(field.ranges, OKABE_ITO["blue"], 0.4)
        canvas.outline(sky, levels, OKABE_ITO["vermillion"])
        handles = [
            Patch(color=OKABE_ITO["sky"], alpha=0.45, lw=0, label="covered"),
            *_region_handles(levels),
        ]
        figure.legend(handles=handles, loc="outside lower left", ncols=len(handles))
        canvas.axes.set_title(title, loc="left")
        if curve:
            _draw_curve(figure.add_subplot(grid[0, 1]), found)
    return figure


def _region_handles(levels: Sequence[float]) -> list[Line2D]:
    return [
        Line2D([], [], color=OKABE_ITO["vermillion"], lw=0.9, ls=line, label=f"{level:g} % region")
        for level, line in line_styles(levels).items()
    ]


def _draw_curve(axes: object, found: Coverage) -> None:
    x = np.arange(1, len(found.order) + 1)
    axes.step(
        x, 100 * np.cumsum(found.added), where="mid", color=OKABE_ITO["blue"], label="all up to this one"
    )
    axes.plot(x, 100 * found.alone, ".", color=OKABE_ITO["orange"], ms=3, label="each alone")
    axes.set_xlabel("Field, in the order taken")
    axes.set_ylabel("Probability [%]")
    axes.set_ylim(0, max(5.0, 108 * found.probability))
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.legend(loc="best")


def visibility_figure(
    sky: SkyMap, found: Visibility, levels: Sequence[float], *, title: str = "", epoch: float | None = None
) -> Figure:
    """Draw the observable probability against time, and the observable part of the sky.

    Parameters
    ----------
    sky, found
        Map and its `Visibility`.
    levels
        Percent.
    epoch
        GPS seconds of the event, shown when it is within the times.
    """
    hours = (found.gps - found.gps[0]) / 3600
    days = hours[-1] > 72
    with style():
        figure = new_figure(PAGE, 0.4 * PAGE)
        grid = figure.add_gridspec(1, 2, width_ratios=(1, 1.5))
        axes = figure.add_subplot(grid[0, 0])
        time = hours / 24 if days else hours
        axes.plot(time, 100 * found.so_far, color=OKABE_ITO["green"], lw=2.2, label="at any time so far")
        axes.plot(time, 100 * found.now, ".-", ms=2, lw=0.8, color=OKABE_ITO["blue"], label="at that time")
        _draw_heights(axes, time, found)
        if epoch is not None and found.gps[0] <= epoch <= found.gps[-1]:
            axes.axvline((epoch - found.gps[0]) / (86400 if days else 3600), color=_PALE, lw=0.6, ls=":")
        axes.set_ylim(0, max(5.0, 108 * float(found.so_far.max())))
        axes.set_xlim(time[0], time[-1] if time[-1] > time[0] else time[0] + 1)
        start = utc_iso(found.gps[0], 0).replace("T", " ")
        axes.set_xlabel(f"{'Days' if days else 'Hours'} from {start} UTC")
        axes.set_ylabel("Observable probability [%]")
        canvas = AllSky(figure, grid[0, 1])
        canvas.fill(found.ranges, OKABE_ITO["sky"], 0.4)
        canvas.outline(sky, levels, OKABE_ITO["vermillion"])
        best = int(sky.ranking[0])
        canvas.mark(*(float(c[best]) for c in sky.centres), OKABE_ITO["vermillion"], "x", 3)
        handles = [
            Patch(color=OKABE_ITO["sky"], alpha=0.4, lw=0, label="observable"),
            *_region_handles(levels),
        ]
        canvas.axes.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.02), ncols=len(handles)
        )
        axes.legend(loc="best")
        canvas.axes.set_title(f"{100 * found.total:.1f} % observable", loc="right")
        axes.set_title(title, loc="left")
    return figure


def _draw_heights(axes: object, time: np.ndarray, found: Visibility) -> None:
    """Shade when the Moon is up."""
    if "moon_altitude" not in found.columns or len(time) < 2:
        return
    up = found.columns["moon_altitude"][0] > 0
    if up.any():
        axes.fill_between(
            time, 0, 1, where=up, transform=axes.get_xaxis_transform(), step="mid", color=OKABE_ITO["orange"],
            alpha=0.15, lw=0, zorder=0, label="Moon up",
        )  # fmt: skip
