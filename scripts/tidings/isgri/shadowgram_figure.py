"""Figure of a shadowgram file: spectra before and after calibration, the lines, and the detector."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings.isgri._make_windows import RISE_CLASSES, Spectra
from tidings.output import OKABE_ITO, PAGE, new_figure, style

_LINES = ((58.83, "W"), (74.2, "Pb"))
_COLOURS = ("blue", "sky", "green", "orange", "vermillion")


def shadowgram_figure(spectra: Spectra, level: str) -> Figure:
    """Draw spectra in ranges of rise time before and after calibration, the lines' places, the detector."""
    with style():
        figure = new_figure(PAGE, 0.8 * PAGE)
        axes = figure.subplots(2, 2)
        _draw_spectra(axes[0, 0], spectra, spectra.before, spectra.unit)
        axes[0, 0].set_title("before", loc="left")
        _draw_spectra(axes[0, 1], spectra, spectra.after, f"energy, level “{level}” [keV]")
        axes[0, 1].set_title("after", loc="left")
        for energy, name in _LINES:
            axes[0, 1].axvline(energy, color="0.5", lw=0.6, ls="--", zorder=0)
            axes[0, 1].text(energy + 1, 1.02, name, fontsize=7, va="bottom", transform=_mixed(axes[0, 1]))
        axes[0, 1].legend(title="rise time [channel]", title_fontsize=7, loc="upper right")
        _draw_lines(axes[1, 0], spectra)
        _draw_image(figure, axes[1, 1], spectra)
        figure.suptitle(f"ISGRI, science window {spectra.swid}")
    return figure


def _mixed(axes: Axes):
    return axes.get_xaxis_transform()


def _draw_spectra(axes: Axes, spectra: Spectra, counts: np.ndarray, label: str) -> None:
    for (low, high), row, colour in zip(RISE_CLASSES, counts, _COLOURS, strict=True):
        axes.stairs(
            row / max(row.sum(), 1),
            spectra.edges,
            color=OKABE_ITO[colour],
            label=f"{low}–{high - 1}",
            baseline=None,
        )
    axes.set_xlim(spectra.edges[0], spectra.edges[-1])
    axes.set_ylim(bottom=0)
    axes.set_xlabel(label)
    axes.set_ylabel("Part of the events per bin")


def _draw_lines(axes: Axes, spectra: Spectra) -> None:
    calibration = spectra.calibration
    if calibration is None:
        axes.text(0.5, 0.5, "no calibration on lines", ha="center", va="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    pairs = (
        (calibration.w, calibration.w_error, "blue", "o", "W, 58.8 keV"),
        (calibration.line_511 / 10, calibration.line_511_error / 10, "vermillion", "s", "511 keV, a tenth"),
    )
    for place, error, colour, marker, label in pairs:
        axes.errorbar(
            calibration.rise, place, error, fmt=f"{marker}-", color=OKABE_ITO[colour], lw=0.7, label=label
        )
    axes.set_xlabel("Rise time [channel]")
    axes.set_ylabel("Normalised pulse height [channel]")
    axes.set_ylim(40, 65)
    axes.legend()


def _draw_image(figure: Figure, axes: Axes, spectra: Spectra) -> None:
    image = spectra.image.astype(float)
    image[image == 0] = np.nan
    top = np.nanpercentile(image, 99) if np.isfinite(image).any() else 1
    drawn = axes.imshow(image, origin="lower", cmap="viridis", vmin=0, vmax=top, interpolation="nearest")
    axes.set_xlabel("DETY [pixel]")
    axes.set_ylabel("DETZ [pixel]")
    figure.colorbar(drawn, ax=axes, label="Counts, all energies", extend="max")
