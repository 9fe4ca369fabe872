"""What the summary of a shadowgram file states."""

from __future__ import annotations

from typing import Any

from tidings.isgri.shadowgram import channel_range
from tidings.isgri.window import Window

BANDS = ((28, 40), (40, 60), (60, 80), (80, 150), (150, 300))
"""Bands that rates are stated in [keV]."""


def summarise(windows: list[Window], skipped: list[dict[str, str]]) -> dict[str, Any]:
    """Return pointing, times, rates, rejected pixels and calibration of each window, and what was skipped."""
    return {"windows": [_window(window) for window in windows], "skipped": skipped}


def _window(window: Window) -> dict[str, Any]:
    meta = {key.lower(): value for key, value in window.meta.items() if key not in ("REJECTED", "GTI")}
    gti = window.meta.get("GTI")
    live = sum(float(cube.live_time[cube.live_time > 0].mean()) for cube in window.cubes)
    rates = {}
    for low, high in BANDS:
        part = channel_range(window.energies, low, high)
        counts = sum(int(cube.counts[part].sum()) for cube in window.cubes)
        rates[f"{low}-{high}"] = round(counts / live, 4)
    return {
        **meta,
        "swid": window.swid,
        "pointing": vars(window.pointing),
        "good_times": [] if gti is None else [[round(float(t), 8) for t in pair] for pair in gti],
        "live_time": round(live, 3),
        "rates": rates,
        "bins": [
            {"start": cube.start, "stop": cube.stop, "ontime": round(cube.ontime, 3)} for cube in window.cubes
        ],
    }
