"""Figure of a triangulation: the two light curves, their agreement at each lag, the annulus on the sky."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings.acs.lag import Lag, Signal
from tidings.acs.triangulation import Annulus, circle
from tidings.lightcurve.burst_figure import with_error
from tidings.output import COLUMN, OKABE_ITO, new_figure, style
from tidings.times import utc_iso

_PALE = "#A6CDE5"


def annulus_figure(
    annulus: Annulus,
    lag: Lag,
    signals: tuple[Signal, Signal],
    interval: tuple[float, float],
    *,
    names: tuple[str, str] = ("first", "second"),
    candidate: tuple[float, float] | None = None,
    epoch: float | None = None,
    title: str = "",
    width: float = COLUMN,
) -> Figure:
    """Draw a triangulation.

    Parameters
    ----------
    annulus, lag
        What is drawn.
    signals
        The two light curves, background subtracted, with times from one instant.
    interval
        Part compared, in the times of the first, s.
    names
        Of the two spacecraft.
    candidate
        Right ascension and declination of a possible source, deg.
    epoch
        GPS seconds that times count from.
    title, width
        Of the figure; inches.
    """
    with style():
        figure = new_figure(width, 1.65 * width)
        grid = figure.add_gridspec(3, 1, height_ratios=(1, 0.8, 1.1))
        curves, agreement = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
        sky = figure.add_subplot(grid[2], projection="mollweide")
        _draw_curves(curves, lag, signals, interval, names)
        if epoch is not None:
            utc = utc_iso(epoch, 3).replace("T", " ")
            curves.set_xlabel(f"Time at {names[0]} [s]\nfrom {utc} UTC")
        _draw_lags(agreement, lag)
        draw_sky(sky, annulus, candidate)
        curves.set_title(title or "Triangulation", loc="left")
        curves.set_title(
            f"Δt = {with_error(1000 * annulus.delay, 1000 * annulus.delay_error)} ms", loc="right"
        )
    return figure


def _draw_curves(
    axes: Axes,
    lag: Lag,
    signals: tuple[Signal, Signal],
    interval: tuple[float, float],
    names: tuple[str, str],
) -> None:
    """Draw the second light curve at the times and the height of the first."""
    margin = 0.1 * (interval[1] - interval[0])
    shifts, scales = (0.0, lag.value), (1.0, lag.scale)
    colours = (OKABE_ITO["black"], OKABE_ITO["vermillion"])
    labels = (names[0], f"{names[1]}, shifted and scaled")
    for signal, shift, scale, colour, label in zip(signals, shifts, scales, colours, labels, strict=True):
        part = signal.cut(interval[0] - margin - shift, interval[1] + margin - shift)
        edges = part.start + shift + part.bin_size * np.arange(len(part.counts) + 1)
        axes.stairs(part.counts / scale, edges, baseline=None, color=colour, lw=0.6, label=label)
    axes.axvspan(*interval, color=OKABE_ITO["sky"], alpha=0.25, lw=0, zorder=0)
    axes.set_xlim(interval[0] - margin, interval[1] + margin)
    axes.set_xlabel("Time [s]")
    axes.set_ylabel(f"Counts / {1000 * lag.bin_size:g} ms")
    axes.legend(loc="upper right")


def _draw_lags(axes: Axes, lag: Lag) -> None:
    axes.plot(lag.lags, lag.values / lag.dof, ".-", color=OKABE_ITO["black"], lw=0.6, ms=2)
    axes.axvline(lag.value, color=OKABE_ITO["vermillion"], lw=0.8)
    axes.axvspan(
        lag.value - 3 * lag.error, lag.value + 3 * lag.error, color=OKABE_ITO["vermillion"], alpha=0.2, lw=0
    )
    axes.set_yscale("log")
    half = max(12 * lag.bin_size, 8 * lag.error)
    axes.set_xlim(max(lag.value - half, lag.lags[0]), min(lag.value + half, lag.lags[-1]))
    axes.set_xlabel("Later at the first than at the second by [s]")
    axes.set_ylabel("χ² / d.o.f.")


def draw_sky(axes: Axes, annulus: Annulus, candidate: tuple[float, float] | None = None) -> None:
    """Draw an annulus on an all-sky map, right ascension growing to the left, 180° in the middle."""
    blue = OKABE_ITO["blue"]
    x, y = np.meshgrid(np.radians(np.arange(-180, 180.1, 0.5)), np.radians(np.arange(-90, 90.1, 0.5)))
    levels = [annulus.inner if annulus.inner > 0 else -1.0, min(annulus.outer, 180.0)]
    area = axes.contourf(x, y, _radii(annulus, x, y), levels=levels, colors=[_PALE], zorder=0.5)
    # As an image: the many corners of its edge would make the larger part of a PDF.
    area.set_rasterized(True)
    ra, dec = circle(annulus, annulus.radius, 1441)
    x, y = _screen(ra), np.radians(dec)
    x[1:][np.abs(np.diff(x)) > np.pi] = np.nan
    axes.plot(x, y, color=blue, lw=0.8)
    axes.plot(_screen(np.array([annulus.ra])), np.radians([annulus.dec]), "x", color=blue, ms=4)
    if candidate is not None:
        place = _screen(np.array([candidate[0]])), np.radians([candidate[1]])
        axes.plot(*place, "*", color=OKABE_ITO["vermillion"], mec="white", mew=0.4, ms=8)
    axes.grid(color="#BDBDBD", lw=0.4)
    axes.set_xticks(np.radians([-120, -60, 0, 60, 120]), ["300°", "240°", "180°", "120°", "60°"])
    axes.set_yticks(np.radians([-60, -30, 0, 30, 60]))
    for label in axes.get_xticklabels():
        label.set_color("#606060")
        label.set_fontsize(6)
    axes.set_title(
        f"{annulus.sigmas:g}σ: RA {annulus.ra:.2f}°, Dec {annulus.dec:+.2f}°, radius "
        f"{annulus.radius:.2f}° (+{annulus.outer - annulus.radius:.2f}° "
        f"−{annulus.radius - annulus.inner:.2f}°)",
        fontsize=6.5,
    )


def _screen(ra: np.ndarray) -> np.ndarray:
    """Return the map's longitude, rad: RA 180° in the middle, growing to the left."""
    return -np.radians((ra % 360) - 180)


def _radii(annulus: Annulus, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the angle from the centre of the annulus at places of the map, deg."""
    ra = np.pi - x
    vectors = np.stack([np.cos(y) * np.cos(ra), np.cos(y) * np.sin(ra), np.sin(y)], axis=-1)
    return np.degrees(np.arccos(np.clip(vectors @ annulus.centre, -1, 1)))
