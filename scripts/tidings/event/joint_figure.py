"""One figure of an event: spectrograms and light curves on one axis of time, and the sky beside them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from astropy import units as u
from astropy.coordinates import SkyCoord
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.lines import Line2D

from tidings.event.joint import Arrival
from tidings.gw._figures import label_time
from tidings.gw.spectrogram_figure import colour_limit, draw_map, write_inside
from tidings.gw.spectrogram_product import SpectrogramProduct
from tidings.lightcurve.curve import Lightcurve
from tidings.lightcurve.drawing import draw_steps
from tidings.output import OKABE_ITO, PAGE, new_figure, style
from tidings.skymap._allsky import Part, line_styles
from tidings.skymap.figures import Marker, draw_zoom
from tidings.skymap.sky import SkyMap

_MARK = OKABE_ITO["vermillion"]
_GALAXIES = 20


@dataclass
class Joint:
    """What the figure shows.

    `zero` is GPS s at the centre of the Earth; `published` are times from elsewhere, with their names;
    `missing` are sentences on what is not in the figure, and `notes` on what it shows.
    """

    name: str
    zero: float
    spectrograms: Sequence[tuple[SpectrogramProduct, Arrival]] = ()
    curves: Sequence[tuple[Lightcurve, Arrival]] = ()
    published: Sequence[tuple[str, float]] = ()
    sky: SkyMap | None = None
    levels: Sequence[float] = (50.0, 90.0)
    markers: Sequence[Marker] = ()
    galaxies: Table | None = None
    annulus: Table | None = None
    span: tuple[float, float] | None = None
    notes: Sequence[str] = field(default_factory=list)
    missing: Sequence[str] = field(default_factory=list)


def joint_figure(joint: Joint) -> Figure:
    """Draw it.

    Parameters
    ----------
    joint : Joint
        At least one spectrogram or light curve.
    """
    rows = len(joint.spectrograms) + max(len(joint.curves), 1)
    height = 1.15 if rows > 1 else 2.2
    words = 0.2 * (len(joint.notes) + len(joint.missing))
    with style():
        figure = new_figure(PAGE, height * rows + words + 0.6)
        has_sky = joint.sky is not None
        grid = figure.add_gridspec(
            rows + 1, 2 if has_sky else 1,
            width_ratios=[1.55, 1] if has_sky else [1], height_ratios=[height] * rows + [words],
        )  # fmt: skip
        axes = _time_axes(figure, grid, joint)
        if has_sky:
            _sky(figure, grid[:rows, 1], joint)
        _words(figure, grid[rows, :], joint)
        axes[0].set_title(joint.name, loc="left")
    return figure


def _time_axes(figure: Figure, grid: GridSpec, joint: Joint) -> list[Axes]:
    made: list[Axes] = []
    maps = [product.spectrogram for product, _ in joint.spectrograms]
    limit = colour_limit(maps) if maps else 0.0
    images = []
    for row, (product, arrival) in enumerate(joint.spectrograms):
        axes = figure.add_subplot(grid[row, 0], sharex=made[0] if made else None)
        images.append(draw_map(axes, product.spectrogram, joint.zero - arrival.delay.value, limit))
        axes.set_facecolor("#E4E4E4")
        axes.set_ylabel("Frequency [Hz]")
        write_inside(axes, product.detector, "left")
        write_inside(axes, _shift(arrival), "right")
        made.append(axes)
    if images:
        figure.colorbar(images[0], ax=made, label="Energy / noise", pad=0.02)
    for curve, arrival in joint.curves or [(None, None)]:
        axes = figure.add_subplot(grid[len(made), 0], sharex=made[0] if made else None)
        _curve(axes, joint, curve, arrival)
        made.append(axes)
    _limits(made, joint)
    for axes in made[:-1]:
        axes.tick_params(labelbottom=False)
        axes.set_xlabel("")
    label_time(made[-1], joint.zero)
    made[-1].set_xlabel(made[-1].get_xlabel().replace("Time [s]", "Time at the geocentre [s]"))
    return made


def _offset(joint: Joint, gps: float, arrival: Arrival) -> float:
    """Return where a time of an instrument stands on the common axis [s]."""
    return gps + arrival.delay.value - joint.zero


def _shift(arrival: Arrival) -> str:
    return f"moved by {1e3 * arrival.delay.value:+.1f} ± {1e3 * arrival.delay.error:.1f} ms"


def _curve(axes: Axes, joint: Joint, curve: Lightcurve | None, arrival: Arrival | None) -> None:
    if curve is None or arrival is None:
        axes.set_yticks([])
        axes.set_ylabel("Gamma rays")
        axes.text(
            0.02, 0.5, "no light curve in this run", transform=axes.transAxes, va="center", color="#505050"
        )
    else:
        shift = _offset(joint, curve.epoch, arrival)
        low, high = joint.span or (-np.inf, np.inf)
        # Of many bins, what is drawn are the extremes in each part of the axis: so no more than are shown.
        seen = (curve.end + shift > low) & (curve.time + shift < high)
        draw_steps(
            axes, curve.time[seen] + shift, curve.end[seen] + shift, curve.rate[seen], color="black", lw=0.6
        )
        axes.plot(curve.middle + shift, curve.background / 1e3, color=OKABE_ITO["orange"], lw=1)
        axes.set_ylabel("Rate [10³ counts/s]")
        axes.text(0.02, 0.93, curve.monitor.name, transform=axes.transAxes, va="top")
        axes.text(
            0.98, 0.93, _shift(arrival), transform=axes.transAxes, va="top", ha="right", fontsize="small"
        )
        _band(axes, arrival, joint.zero)
    for number, (name, gps) in enumerate(joint.published):
        at = gps - joint.zero
        axes.axvline(at, color=_MARK, ls="--", lw=1)
        axes.annotate(
            name, (at, 0.9 - 0.2 * number), xycoords=("data", "axes fraction"), xytext=(-4, 0),
            textcoords="offset points", ha="right", va="top", fontsize="small", color=_MARK,
        )  # fmt: skip


def _band(axes: Axes, arrival: Arrival, zero: float) -> None:
    """Mark the time measured, with its error."""
    at, error = arrival.geocentre - zero, arrival.geocentre_error
    axes.axvspan(at - error, at + error, color=OKABE_ITO["sky"], alpha=0.5, lw=0)
    axes.axvline(at, color=OKABE_ITO["blue"], lw=0.8, ls=":")


def _limits(rows: Sequence[Axes], joint: Joint) -> None:
    if joint.span:
        low, high = joint.span
    else:
        spans = [
            (
                _offset(joint, float(p.spectrogram.times[0]), a),
                _offset(joint, float(p.spectrogram.times[-1]), a),
            )
            for p, a in joint.spectrograms
        ] or [
            (_offset(joint, c.epoch + c.time[0], a), _offset(joint, c.epoch + c.end[-1], a))
            for c, a in joint.curves
        ]
        low, high = min(s[0] for s in spans), max(s[1] for s in spans)
        width = high - low
        high = max([high, *(gps - joint.zero + 0.05 * width for _, gps in joint.published)])
    rows[0].set_xlim(low, high)


def _sky(figure: Figure, place: object, joint: Joint) -> None:
    canvas, _ = draw_zoom(figure, place, joint.sky, joint.levels)
    handles = [
        Line2D([], [], color="#202020", lw=0.7, ls=line, label=f"{level:g} %")
        for level, line in line_styles(joint.levels).items()
    ]
    if joint.annulus is not None:
        _annulus(canvas, joint.annulus)
        handles.append(Line2D([], [], color=OKABE_ITO["blue"], lw=1, label="annulus"))
    if joint.galaxies is not None and len(joint.galaxies):
        first = joint.galaxies[:_GALAXIES]
        for row in first:
            canvas.mark(row["ra"], row["dec"], OKABE_ITO["green"], marker="+", size=4)
        handles.append(
            Line2D(
                [],
                [],
                color=OKABE_ITO["green"],
                marker="+",
                ls="none",
                ms=4,
                label=f"first {len(first)} galaxies",
            )
        )
    for ra, dec, name in joint.markers:
        canvas.mark(ra, dec, OKABE_ITO["blue"], marker="x", size=6)
        handles.append(Line2D([], [], color=OKABE_ITO["blue"], marker="x", ls="none", ms=5, label=name))
    canvas.axes.legend(
        handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, frameon=False
    )


def _annulus(canvas: Part, annulus: Table) -> None:
    row = annulus[0]
    centre = SkyCoord(row["ra"], row["dec"], unit=u.deg)
    angles = np.linspace(0, 360, 721) * u.deg
    for radius in (row["inner"], row["outer"]):
        edge = centre.directional_offset_by(angles, radius * u.deg)
        canvas.axes.plot(*canvas.trace(edge.ra.deg, edge.dec.deg), color=OKABE_ITO["blue"], lw=0.8)


def _words(figure: Figure, place: object, joint: Joint) -> None:
    axes = figure.add_subplot(place)
    axes.axis("off")
    lines = [*joint.notes, *(f"Missing: {text}" for text in joint.missing)]
    axes.text(0, 1, "\n".join(lines), va="top", fontsize="small", transform=axes.transAxes, wrap=True)
