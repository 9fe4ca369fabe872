"""Figures of one spectrogram and of a network of them, sized for a journal column."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage

from tidings.gw._figures import BAD, frequency_ticks, join, label_time
from tidings.gw.spectrogram import QSpectrogram
from tidings.output import COLUMN, new_figure, style

_NOISE = {"mean": "mean noise energy", "median": "median noise energy"}

# Tiles of pure noise reach about this energy in a minute of data: a scale that ends below it would paint
# noise as if it were a signal.
_LEAST_SCALE = 15.0


def spectrogram_figure(
    spectrogram: QSpectrogram,
    detector: str,
    event: str = "",
    gps: float | None = None,
    *,
    vmax: float | None = None,
    width: float = COLUMN,
) -> Figure:
    """Draw the spectrogram of one detector.

    Parameters
    ----------
    spectrogram
        The map; its loudest tile is circled, and its pixels that are not valid are grey.
    detector, event
        Named in the title.
    gps
        Instant that the time axis counts from, GPS s; the middle of the map when not given.
    vmax
        Normalised energy at the end of the colour scale; the largest in the map (at least 15) when not given.
    width
        Of the figure, inches.
    """
    gps = _middle(spectrogram) if gps is None else gps
    with style():
        figure = new_figure(width, 0.72 * width)
        axes = figure.subplots()
        image = draw_map(axes, spectrogram, gps, colour_limit([spectrogram]) if vmax is None else vmax)
        label_time(axes, gps)
        axes.set_ylabel("Frequency [Hz]")
        axes.set_title(join(event, detector), loc="left")
        axes.set_title(_numbers(spectrogram), loc="right")
        _explain_grey([image])
        _colour_bar(figure, image, axes, [spectrogram])
    return figure


def network_figure(
    spectrograms: Mapping[str, QSpectrogram],
    event: str = "",
    gps: float | None = None,
    *,
    vmax: float | None = None,
    width: float = COLUMN,
) -> Figure:
    """Draw the spectrograms of several detectors below each other, on the same axes and colour scale.

    Parameters
    ----------
    spectrograms
        By detector, in the order drawn.
    event, gps, vmax, width
        As in `spectrogram_figure`.
    """
    if not spectrograms:
        raise ValueError("no spectrogram to draw")
    maps = list(spectrograms.values())
    gps = _middle(maps[0]) if gps is None else gps
    limit = colour_limit(maps) if vmax is None else vmax
    with style():
        figure = new_figure(width, width * (0.28 + 0.36 * len(maps)))
        rows = figure.subplots(len(maps), sharex=True, sharey=True, squeeze=False)[:, 0]
        images = [draw_map(axes, q, gps, limit) for axes, q in zip(rows, maps, strict=True)]
        for axes, (detector, q) in zip(rows, spectrograms.items(), strict=True):
            write_inside(axes, detector, "left")
            write_inside(axes, _numbers(q), "right")
            axes.set_ylabel("Frequency [Hz]")
        _share_limits(rows, images)
        _explain_grey(images)
        label_time(rows[-1], gps)
        rows[0].set_title(event, loc="left")
        _colour_bar(figure, images[0], rows, maps)
    return figure


def colour_limit(spectrograms: list[QSpectrogram]) -> float:
    """Return the end of a colour scale for these maps: their largest valid energy, or 15 if that is more."""
    return max([_LEAST_SCALE, *(_usable(q).max(initial=0.0) for q in spectrograms)])


def _usable(spectrogram: QSpectrogram) -> np.ndarray:
    """Return the energies that are valid and finite, flat."""
    energy = spectrogram.energy[spectrogram.valid]
    return energy[np.isfinite(energy)]


def draw_map(axes: Axes, spectrogram: QSpectrogram, gps: float, vmax: float) -> AxesImage:
    """Draw a map as one picture on a logarithmic frequency axis.

    The picture's rows are equally high in log f, so it is placed in the axis's own scaled coordinates,
    (t, log10 f): from there to the page all is affine, and costs a small part of a mesh of quadrilaterals.
    """
    image, (low, high) = _picture(spectrogram, *_pixels(axes))
    half = spectrogram.dt / 2
    times = (float(spectrogram.times[0]) - gps - half, float(spectrogram.times[-1]) - gps + half)
    axes.set_yscale("log")
    axes.set_autoscale_on(False)
    shown = axes.imshow(
        image,
        extent=(*times, np.log10(low), np.log10(high)),
        transform=axes.transLimits + axes.transAxes,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=colormaps["viridis"].with_extremes(bad=BAD),
        vmin=0.0,
        vmax=vmax,
    )
    frequency_ticks(axes.yaxis, low, high)
    axes.tick_params(which="both", color="white")
    if len(spectrogram.tiles):
        tile = spectrogram.tiles[0]
        place = {"x": float(tile["time"]) - gps, "y": float(tile["frequency"])}
        axes.scatter(**place, s=70, facecolors="none", edgecolors="black", linewidths=1.6, zorder=4)
        axes.scatter(**place, s=70, facecolors="none", edgecolors="white", linewidths=0.8, zorder=4)
    axes.set_xlim(times)
    axes.set_ylim(low, high)
    return shown


def _pixels(axes: Axes) -> tuple[int, int]:
    """Return about how many columns and rows of pixels the axes will have, labels taken off."""
    figure = axes.figure
    inside = figure.get_size_inches() * figure.dpi * 0.7
    return int(inside[0]), int(inside[1] / len(figure.axes))


def _picture(
    spectrogram: QSpectrogram, columns: int, rows: int
) -> tuple[np.ma.MaskedArray, tuple[float, float]]:
    """Return the map as (frequency, time) with equally high rows in log f, and the frequencies it spans.

    Never more columns or rows than pixels, each the greatest of what it stands for: drawing would leave some
    out instead, and with them a peak. What is not valid is masked.
    """
    usable = spectrogram.valid & np.isfinite(spectrogram.energy)
    energy = np.where(usable, spectrogram.energy, np.float32(-np.inf)).T
    starts, span = _rows(np.asarray(spectrogram.frequencies, np.float64), rows)
    # reduceat gives the one element where a start repeats: a row wider than a pixel is drawn several times.
    energy = np.maximum.reduceat(energy, starts, axis=0)
    energy = np.maximum.reduceat(energy, _starts(energy.shape[1], columns), axis=1)
    return np.ma.masked_equal(energy, -np.inf), span


def _rows(frequencies: np.ndarray, most: int) -> tuple[np.ndarray, tuple[float, float]]:
    """Return where the rows of the picture start among those of the map, and the frequencies they span."""
    n = len(frequencies)
    if n == 1:
        return np.array([0]), (0.9 * frequencies[0], 1.1 * frequencies[0])
    ratio = np.diff(np.log(frequencies))
    if np.ptp(ratio) < 1e-3 * ratio.mean():
        half = np.exp(ratio.mean() / 2)
        return _starts(n, most), (float(frequencies[0] / half), float(frequencies[-1] * half))
    edges = np.geomspace(frequencies[0], frequencies[-1], most, endpoint=False)
    starts = np.searchsorted((frequencies[1:] + frequencies[:-1]) / 2, edges, side="right")
    return starts, (float(frequencies[0]), float(frequencies[-1]))


def _starts(n: int, most: int) -> np.ndarray:
    """Return where to cut n values into at most `most` pieces as equal as can be."""
    return np.linspace(0, n, min(n, most), endpoint=False).astype(int)


def _share_limits(rows: np.ndarray, images: list[AxesImage]) -> None:
    """Make axes show all of every map (each was drawn to its own limits)."""
    extents = np.array([image.get_extent() for image in images])
    rows[0].set_xlim(extents[:, 0].min(), extents[:, 1].max())
    rows[0].set_ylim(10 ** extents[:, 2].min(), 10 ** extents[:, 3].max())


def _explain_grey(images: list[AxesImage]) -> None:
    """Say once, in the last picture that has grey, what it means."""
    grey = [image for image in images if np.ma.is_masked(image.get_array())]
    if grey:
        write_inside(grey[-1].axes, "grey: not valid", "right", "bottom")


def _colour_bar(figure: Figure, image: AxesImage, axes: Axes | np.ndarray, maps: list[QSpectrogram]) -> None:
    noise = {_NOISE.get(q.normalisation) for q in maps}
    known = noise.pop() if len(noise) == 1 else None
    label = f"Energy / {known}" if known else "Energy"
    above = any(_usable(q).max(initial=0.0) > image.get_clim()[1] for q in maps)
    extend = "max" if above else "neither"
    # As wide beside five rows as beside one.
    aspect = 20 * figure.get_figheight() / (0.72 * figure.get_figwidth())
    figure.colorbar(image, ax=axes, label=label, pad=0.02, aspect=aspect, extend=extend)


def write_inside(axes: Axes, text: str, side: str, edge: str = "top") -> None:
    axes.annotate(
        text,
        (0.0 if side == "left" else 1.0, 1.0 if edge == "top" else 0.0),
        (5 if side == "left" else -5, -5 if edge == "top" else 5),
        xycoords="axes fraction",
        textcoords="offset points",
        ha=side,
        va=edge,
        color="white",
        fontsize="small",
        bbox={"facecolor": "black", "alpha": 0.6, "linewidth": 0, "pad": 1.5},
        zorder=5,
    )


def _numbers(spectrogram: QSpectrogram) -> str:
    text = f"Q {spectrogram.q:.1f}"
    if len(spectrogram.tiles):
        text += f", SNR {float(spectrogram.tiles['snr'][0]):.1f}"
    return text


def _middle(spectrogram: QSpectrogram) -> float:
    return float(spectrogram.times[0] + spectrogram.times[-1]) / 2
