"""Figures of ANTARES: limits of the flux, and events on the sky."""

from __future__ import annotations

import numpy as np
from astropy.table import Table
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from tidings.antares.sample import Events
from tidings.output import OKABE_ITO, PAGE, new_figure, style
from tidings.skymap._allsky import AllSky
from tidings.skymap.footprint import Ranges

_UPPER = {"color": OKABE_ITO["vermillion"], "lw": 1.2, "label": "upper limit"}
_MEAN = {"color": OKABE_ITO["blue"], "lw": 1.2, "ls": "--", "label": "sensitivity"}
_HALF = 5.0


def limit_figure(position: Table.Row, flux: Table, curve: Table, events: Events, confidence: float) -> Figure:
    """Draw one position: flux at 1 GeV against the index, envelope against energy, and events around it."""
    with style():
        figure = new_figure(PAGE, PAGE * 0.36)
        left, middle, right = figure.subplots(1, 3)
        for column, kind in (("flux_limit", _UPPER), ("flux_sensitivity", _MEAN)):
            left.semilogy(flux["index"], flux[column], **kind)
            middle.loglog(curve["energy"], curve[column], **kind)
        left.set_xlabel("Spectral index")
        left.set_ylabel("Flux at 1 GeV [GeV$^{-1}$ cm$^{-2}$ s$^{-1}$]")
        left.set_title(f"{100 * confidence:g} % limits", loc="left")
        left.legend(loc="upper left")
        middle.set_xlabel("Energy [GeV]")
        middle.set_ylabel("E$^2$ flux [GeV cm$^{-2}$ s$^{-1}$]")
        middle.set_title("All indices", loc="left")
        _events_around(right, position, events)
    return figure


def _events_around(axes: Axes, position: Table.Row, events: Events) -> None:
    ra, dec, radius = (float(position[name]) for name in ("ra", "dec", "radius"))
    # Distances on the tangent plane at the position.
    da, d, d0 = np.deg2rad(events.ra - ra), np.deg2rad(events.dec), np.deg2rad(dec)
    facing = np.sin(d0) * np.sin(d) + np.cos(d0) * np.cos(d) * np.cos(da)
    east = np.rad2deg(np.cos(d) * np.sin(da) / np.maximum(facing, 1e-6))
    up = np.cos(d0) * np.sin(d) - np.sin(d0) * np.cos(d) * np.cos(da)
    north = np.rad2deg(up / np.maximum(facing, 1e-6))
    near = (facing > 0.9) & (np.abs(east) < _HALF) & (np.abs(north) < _HALF)
    axes.scatter(east[near], north[near], s=6, color=OKABE_ITO["black"], lw=0, label="event")
    angle = np.linspace(0, 2 * np.pi, 200)
    axes.plot(radius * np.cos(angle), radius * np.sin(angle), color=OKABE_ITO["vermillion"], lw=1)
    axes.plot(0, 0, "+", color=OKABE_ITO["vermillion"], ms=6)
    axes.set_xlim(_HALF, -_HALF)
    axes.set_ylim(-_HALF, _HALF)
    axes.set_aspect("equal")
    axes.set_xlabel(f"East of RA {ra:.3f}° [deg]")
    axes.set_ylabel(f"North of Dec {dec:+.3f}° [deg]")
    noun = "event" if position["observed"] == 1 else "events"
    axes.set_title(f"{position['observed']} {noun}, {position['background']:.2f} expected", loc="left")


def search_figure(ranges: Ranges, near: Events, found: Events, title: str) -> Figure:
    """Draw a region on the sky, events of the days around the time, and those in region and window."""
    with style():
        figure = new_figure(PAGE * 0.75, PAGE * 0.45)
        canvas = AllSky(figure, figure.add_gridspec(1, 1)[0, 0])
        canvas.fill(ranges, OKABE_ITO["sky"], 0.6)
        canvas.edges(ranges, OKABE_ITO["blue"])
        x, y = canvas.place(near.ra, near.dec)
        canvas.axes.scatter(x, y, s=3, color="0.45", lw=0, label="events of the days around", zorder=2)
        if len(found):
            x, y = canvas.place(found.ra, found.dec)
            colour = OKABE_ITO["vermillion"]
            canvas.axes.scatter(
                x, y, s=60, marker="*", color=colour, lw=0, label="in region and window", zorder=3
            )
        canvas.axes.set_title(title, loc="left")
        handles, labels = canvas.axes.get_legend_handles_labels()
        handles.insert(0, Patch(color=OKABE_ITO["sky"], alpha=0.6, lw=0))
        figure.legend(handles=handles, labels=["region searched", *labels], loc="outside lower left", ncols=3)
    return figure
