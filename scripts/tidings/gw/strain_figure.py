"""Figure of conditioned strain and its spectrum, sized for a journal column."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tidings.gw._figures import BAD, DETECTOR_COLOURS, frequency_ticks, join, label_time
from tidings.gw._quality import runs
from tidings.gw.strain_product import StrainProduct
from tidings.output import COLUMN, OKABE_ITO, new_figure, style

# A line of more points than this is drawn as its envelope: no page has as many pixels.
_LONGEST_LINE = 20000


def strain_figure(
    product: StrainProduct, window: tuple[float, float] | None = None, *, width: float = COLUMN
) -> Figure:
    """Draw the conditioned strain against time, and the amplitude spectral density that whitened it.

    Parameters
    ----------
    product
        Its event name, detector and event time go into the labels.
    window
        GPS s shown; all of the strain when not given.
    width
        Of the figure, inches.

    Returns
    -------
    Figure
        Above, strain in units of its noise's standard deviation, stretches not to be used in grey; below, the
        spectral density with the band used shaded. The lower panel is left out when there is no ASD.
    """
    with style():
        figure = new_figure(width, width * (1.05 if product.asd is not None else 0.6))
        axes = figure.subplots(1 if product.asd is None else 2, squeeze=False)[:, 0]
        _draw_strain(axes[0], product, window or (product.t0, product.t1))
        if product.asd is not None:
            _draw_asd(axes[1], product)
        axes[0].set_title(join(product.event, product.detector), loc="left")
        axes[0].set_title(_filters(product), loc="right")
    return figure


def _draw_strain(axes: Axes, product: StrainProduct, window: tuple[float, float]) -> None:
    gps = product.t0 if product.event_gps is None else product.event_gps
    value, label = _conditioned(product)
    first, last = (round((t - product.t0) * product.rate) for t in window)
    cut = slice(max(first, 0), max(min(last, len(value)), 0))
    times, value = _envelope(product.times[cut] - gps, value[cut])
    axes.plot(times, value, color=DETECTOR_COLOURS.get(product.detector, OKABE_ITO["black"]), lw=0.6)
    if product.valid is not None:
        for start, stop in runs(~np.asarray(product.valid, bool)):
            ends = product.t0 - gps + np.array([start, stop]) / product.rate
            axes.axvspan(*ends, facecolor=BAD, edgecolor="white", hatch="////", lw=0, zorder=3)
    axes.set_xlim(window[0] - gps, window[1] - gps)
    axes.set_ylabel(label)
    label_time(axes, gps)


def _conditioned(product: StrainProduct) -> tuple[np.ndarray, str]:
    """Return the most processed strain there is, if whitened in units of its noise, with its axis label."""
    value = next(x for x in (product.conditioned, product.whitened, product.strain) if x is not None)
    if product.whitened is None:
        return value, "Strain"
    return value / _noise_sigma(value, product.valid), "Strain [noise σ]"


def _noise_sigma(value: np.ndarray, valid: np.ndarray | None) -> float:
    """Return the standard deviation of the noise from the median deviation, which a signal hardly moves."""
    used = np.isfinite(value) if valid is None else np.isfinite(value) & valid
    if not used.any():
        return 1.0
    deviation = float(np.median(np.abs(value[used] - np.median(value[used]))))
    # 0.6745 is the upper quartile of the normal distribution.
    return deviation / 0.6744897501960817 or 1.0


def _envelope(times: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Replace a long line by the least and greatest value of each short stretch."""
    if len(value) <= _LONGEST_LINE:
        return times, value
    length = -(-2 * len(value) // _LONGEST_LINE)
    starts = np.arange(0, len(value), length)
    both = np.stack([np.fmin.reduceat(value, starts), np.fmax.reduceat(value, starts)], axis=1)
    return np.repeat(times[starts], 2), both.ravel()


def _draw_asd(axes: Axes, product: StrainProduct) -> None:
    frequencies, asd = product.asd.axis, product.asd.value
    low, high = 10.0, product.rate / 2
    shown = (frequencies >= low) & (frequencies <= high) & (asd > 0)
    # Close to the Nyquist frequency the archive's anti-alias filter has left nothing; it would set the scale.
    scale = asd[shown & (frequencies <= 0.8 * high)]
    axes.loglog(frequencies[shown], asd[shown], color=OKABE_ITO["black"], lw=0.6)
    if product.band is not None:
        axes.axvspan(*product.band, color=OKABE_ITO["sky"], alpha=0.3, lw=0, zorder=0, label="band used")
    for number, frequency in enumerate(product.notches):
        label = "notch" if number == 0 else None
        # Not as high as the legend.
        axes.axvline(
            frequency, ymax=0.82, color=OKABE_ITO["vermillion"], lw=0.6, ls="--", zorder=0, label=label
        )
    if scale.size:
        # The legend stands above the largest value.
        axes.set_ylim(0.5 * scale.min(), 8 * scale.max())
    axes.set_xlim(low, high)
    frequency_ticks(axes.xaxis, low, high)
    axes.set_xlabel("Frequency [Hz]")
    axes.set_ylabel("ASD [strain/√Hz]")
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper right", ncols=2)


def _filters(product: StrainProduct) -> str:
    band = product.band if product.conditioned is not None else None
    return join(
        "whitened" if product.whitened is not None else "",
        f"{band[0]:g}–{band[1]:g} Hz" if band is not None else "",
    )
