"""Arithmetic of regular time axes, shared by the readers."""

from __future__ import annotations

import math

# Rounding of a GPS time held in float64 must not move a cut by one sample.
SLACK = 1e-3


def window_slice(t0: float, rate: float, size: int, start: float | None, end: float | None) -> slice:
    """Indices of the samples whose times lie in [start, end), clipped to the record."""
    first = 0 if start is None else math.ceil((start - t0) * rate - SLACK)
    last = size if end is None else math.ceil((end - t0) * rate - SLACK)
    return slice(min(max(first, 0), size), min(max(last, 0), size))


def whole_seconds(t0: float, t1: float, rate: float) -> tuple[int, int]:
    """GPS seconds that hold the samples from t0 to before t1."""
    return math.floor(t0), math.ceil(t1 - SLACK / rate)


def sample_rate(spacing: float) -> float:
    """Sample rate in Hz of a sample spacing in s, made whole where rounding alone keeps it from being so."""
    rate = 1.0 / spacing
    return float(round(rate)) if abs(rate - round(rate)) < 1e-6 * rate else rate


def cut_span(start: float | None, end: float | None) -> str:
    """GPS interval as text, "..." for an open end."""
    return f"GPS {_gps(start)} to {_gps(end)}"


def _gps(time: float | None) -> str:
    return "..." if time is None else f"{time:.4f}".rstrip("0").rstrip(".")
