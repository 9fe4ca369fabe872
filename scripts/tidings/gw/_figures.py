"""What the figures have in common: colours of the detectors, axes of time and frequency."""

from __future__ import annotations

from matplotlib import ticker
from matplotlib.axes import Axes

from tidings.output import OKABE_ITO
from tidings.times import utc_iso

# The custom of LIGO, Virgo and KAGRA (H red, L blue, V purple, K yellow, G black) in Okabe & Ito's colours.
DETECTOR_COLOURS = {
    "H1": OKABE_ITO["vermillion"],
    "L1": OKABE_ITO["blue"],
    "V1": OKABE_ITO["purple"],
    "K1": OKABE_ITO["orange"],
    "G1": OKABE_ITO["black"],
}

BAD = "#BDBDBD"

_FREQUENCY_TICKS = (10, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000)


def frequency_ticks(axis: ticker.TickHelper, low: float, high: float) -> None:
    """Label 20, 30, 50, 100, 200 ... Hz on a logarithmic axis, or round numbers if it spans too little."""
    inside = [tick for tick in _FREQUENCY_TICKS if low <= tick <= high]
    many = len(inside) >= 3
    axis.set_major_locator(
        ticker.FixedLocator(inside) if many else ticker.MaxNLocator(5, steps=[1, 2, 5, 10])
    )
    axis.set_minor_locator(ticker.LogLocator(subs=range(2, 10)) if many else ticker.NullLocator())
    axis.set_major_formatter(ticker.FormatStrFormatter("%g"))
    axis.set_minor_formatter(ticker.NullFormatter())


def label_time(axes: Axes, gps: float) -> None:
    utc = utc_iso(gps, 3).replace("T", " ")
    axes.set_xlabel(f"Time [s] from GPS {gps:.3f}\n({utc} UTC)")


def join(*parts: str) -> str:
    return ", ".join(part for part in parts if part)
