"""Figures of light curves and spectra of ISGRI's sources."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, ScalarFormatter

from tidings.errors import InputError
from tidings.isgri.lightcurve import Lightcurve, variability
from tidings.isgri.spectrum import Spectrum, crab_ratio
from tidings.output import OKABE_ITO, PAGE, new_figure, style

_COLOURS = tuple(
    OKABE_ITO[name] for name in ("blue", "vermillion", "green", "purple", "orange", "sky", "black")
)
_MARKERS = "osD^vP<"
_MOST = 12  # panels


def lightcurve_figure(curves: list[Lightcurve], crab: list[float]) -> Figure:
    """Draw light curves, one panel for each source, its bands in colours; the right axis is in Crab units.

    Parameters
    ----------
    curves : list of Lightcurve
        Of several sources and bands; of the sources, the 12 of highest significance are drawn.
    crab : list of float
        The Crab's rate in the band of each curve [counts/s]; the right axis is that of the first band.
    """
    if not curves:
        raise InputError("there is no light curve to draw")
    panels = _panels(curves, crab)
    origin = np.floor(min(float(curve.time[0]) for curve in curves))
    with style():
        figure = new_figure(PAGE, 1.0 + 1.45 * len(panels))
        rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for axes, (name, members) in zip(rows, panels.items(), strict=True):
            _draw_curves(axes, name, members, origin)
        rows[-1].set_xlabel(f"IJD − {origin:.0f} [d] (TT)")
        left_out = len({curve.name for curve in curves}) - len(panels)
        if left_out:
            rows[0].set_title(f"the {len(panels)} most significant sources; {left_out} more are in the file")
    return figure


def spectrum_figure(
    spectra: list[Spectrum], crab: list[np.ndarray], systematic: float, crab_origin: str
) -> Figure:
    """Draw spectra: counts per keV, and below them the ratio to the Crab.

    Errors include the systematic one; channels without a positive rate are drawn as 2-sigma limits.
    """
    shown = sorted(range(len(spectra)), key=lambda n: -_significance(spectra[n]))[: len(_COLOURS)]
    with style():
        figure = new_figure(PAGE, 5.6)
        upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for place, number in enumerate(sorted(shown)):
            spectrum, look = spectra[number], (_COLOURS[place], _MARKERS[place])
            width = spectrum.e_max - spectrum.e_min
            error = np.hypot(spectrum.error, systematic * spectrum.rate)
            _draw_points(upper, spectrum, spectrum.rate / width, error / width, look, spectrum.name)
            _draw_points(lower, spectrum, *crab_ratio(spectrum, crab[number], systematic), look, None)
        upper.set_ylabel("Rate [counts/s/keV]")
        lower.set_ylabel("Rate [Crab]")
        lower.set_xlabel("Energy [keV]")
        for axes in (upper, lower):
            axes.set_xscale("log")
            axes.set_yscale("log")
        _label_energies(lower)
        upper.legend(
            loc="best", title="Sources" if len(shown) == len(spectra) else "Most significant sources"
        )
        lower.set_title(f"Crab: {crab_origin}", loc="right", fontsize=6.5)
    return figure


def _panels(curves: list[Lightcurve], crab: list[float]) -> dict[str, list[tuple[Lightcurve, float]]]:
    groups: dict[str, list[tuple[Lightcurve, float]]] = {}
    for curve, unit in zip(curves, crab, strict=True):
        groups.setdefault(curve.name, []).append((curve, unit))
    if len(groups) <= _MOST:
        return groups

    def strength(name: str) -> float:
        found = [variability(curve) for curve, _ in groups[name]]
        return max(one.mean / one.error for one in found)

    kept = sorted(groups, key=strength, reverse=True)[:_MOST]
    return {name: members for name, members in groups.items() if name in kept}


def _draw_curves(axes: Axes, name: str, members: list[tuple[Lightcurve, float]], origin: float) -> None:
    for place, (curve, _) in enumerate(members[: len(_COLOURS)]):
        label = f"{curve.e_min:g}–{curve.e_max:g} keV"
        look = {"color": _COLOURS[place], "marker": _MARKERS[place], "ls": "", "ms": 2.5, "elinewidth": 0.7}
        axes.errorbar(
            curve.time - origin, curve.rate, curve.error, curve.timedel / 2, label=label, capsize=0, **look
        )
        axes.axhline(variability(curve).mean, color=_COLOURS[place], lw=0.5, ls="--", zorder=0)
    axes.set_ylabel("Rate [counts/s]")
    # Room for the name and the bands above what is drawn.
    low, high = min(axes.get_ylim()[0], 0), axes.get_ylim()[1]
    axes.set_ylim(low, high + 0.25 * (high - low))
    axes.axhline(0, color="0.6", lw=0.5, zorder=0)
    axes.text(0.01, 0.94, name, transform=axes.transAxes, va="top", fontweight="bold")
    axes.legend(loc="upper right", ncols=4)
    first, unit = members[0]
    axes.tick_params(right=False)
    second = axes.secondary_yaxis("right", functions=(lambda x: x / unit, lambda x: x * unit))
    second.set_ylabel("Crab" if len(members) == 1 else f"Crab,\n{first.e_min:g}–{first.e_max:g} keV")


def _draw_points(
    axes: Axes,
    spectrum: Spectrum,
    value: np.ndarray,
    error: np.ndarray,
    look: tuple[str, str],
    label: str | None,
) -> None:
    middle = np.sqrt(spectrum.e_min * spectrum.e_max)
    width = np.array([middle - spectrum.e_min, spectrum.e_max - middle])
    good = spectrum.quality == 0
    clear = good & (value > error)
    kind = {"color": look[0], "ls": "", "elinewidth": 0.7, "capsize": 0}
    axes.errorbar(
        middle[clear], value[clear], error[clear], width[:, clear], marker=look[1], ms=3, label=label, **kind
    )
    limit = good & ~clear
    top = np.maximum(value, 0)[limit] + 2 * error[limit]
    if limit.any():
        axes.errorbar(middle[limit], top, 0.35 * top, width[:, limit], uplims=True, marker="_", ms=4, **kind)


def _label_energies(axes: Axes) -> None:
    low, high = axes.get_xlim()
    ticks = [tick for tick in (15, 20, 30, 40, 60, 80, 100, 150, 200, 300, 500) if low <= tick <= high]
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(NullFormatter())


def _significance(spectrum: Spectrum) -> float:
    good = spectrum.error > 0
    return float(np.sqrt(np.sum((spectrum.rate[good] / spectrum.error[good]) ** 2)))
