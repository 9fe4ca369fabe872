"""What was measured of a burst, as a table of one row and as a summary."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from astropy.table import Table

from tidings.lightcurve.bursts import CAVEATS, FRACTIONS, Burst
from tidings.times import utc_iso

Row = tuple[str, Any, str | None, str]
"""Name, value, unit and description of a column."""


def burst_table(
    burst: Burst,
    epoch: float,
    reference: float,
    name: str = "",
    *,
    extra: Sequence[Row] = (),
    meta: dict[str, Any] | None = None,
) -> Table:
    """Return a table of one row.

    Parameters
    ----------
    burst
        Its times count from `epoch`.
    epoch, reference
        GPS seconds; times in the table count from `reference`.
    name
        Of the burst.
    extra, meta
        Columns, and entries of the table's meta, that only this instrument has.
    """
    shift = epoch - reference
    rows: list[Row] = [
        ("name", name, None, "Burst"),
        ("reference_gps", reference, "s", "GPS time that times count from"),
        ("start", burst.start + shift, "s", "Start of the interval that holds the burst"),
        ("stop", burst.stop + shift, "s", "End of it"),
    ]
    for key, fraction in FRACTIONS.items():
        rows += [
            (key, burst.times[key] + shift, "s", f"Time of {fraction:.0%} of the counts, at the spacecraft"),
            (
                f"{key}_error_below",
                burst.time_errors[key][0],
                "s",
                "Its error towards earlier times, 1 sigma",
            ),
            (f"{key}_error_above", burst.time_errors[key][1], "s", "Its error towards later times, 1 sigma"),
        ]
    for part in ("90", "50"):
        rows += [
            (f"t{part}", getattr(burst, f"t{part}"), "s", f"Duration of {part} % of the counts"),
            (f"t{part}_error", getattr(burst, f"t{part}_error"), "s", "Its statistical error, 1 sigma"),
            (
                f"t{part}_background",
                getattr(burst, f"t{part}_background"),
                "s",
                "Change when the background has another order",
            ),
        ]
    for suffix, (scale, (middle, rate, error)) in zip(("", "_1s"), _peaks(burst), strict=True):
        rows += [
            (f"peak_scale{suffix}", scale, "s", "Time scale of the peak rate"),
            (f"peak_time{suffix}", middle + shift, "s", "Middle of the brightest window of it"),
            (f"peak_rate{suffix}", rate, "1 / s", "Rate in it above background"),
            (f"peak_rate_error{suffix}", error, "1 / s", "Its error, 1 sigma"),
        ]
    peak = _peaks(burst)[0][1][0]
    rows += [
        ("t05_gps", burst.times["t05"] + epoch, "s", "t05 in GPS seconds"),
        ("peak_gps", peak + epoch, "s", "peak_time in GPS seconds"),
    ]
    rows += [
        ("counts", burst.counts, None, "Counts above background"),
        ("counts_error", burst.counts_error, None, "Their error, 1 sigma"),
        ("snr", burst.snr, None, "Counts over the noise of the background in the interval"),
        ("background", burst.background_rate, "1 / s", "Background rate in the middle of the burst"),
        ("noise_ratio", burst.noise_ratio, None, "Scatter of the background over counting statistics"),
        *extra,
        ("missing", burst.missing, "s", "Time without data in the interval"),
        ("flags", " ".join(burst.flags), None, "What limits the result"),
    ]
    table = Table([[value] for _, value, _, _ in rows], names=[key for key, *_ in rows])
    for key, _, unit, description in rows:
        table[key].unit = unit
        table[key].description = description
    table.meta = {
        **(meta or {}),
        "reference_utc": utc_iso(reference, 6),
        "background_order": burst.order,
        "caveats": {flag: CAVEATS[flag] for flag in burst.flags},
    }
    return table


def burst_summary(table: Table, burst: Burst, without: str | None = None) -> dict[str, Any]:
    """Return what the table has, with units; without the columns whose names begin with `without`."""
    row = {
        name: {
            "value": _plain(table[name][0]),
            "description": table[name].description,
            **({"unit": str(table[name].unit)} if table[name].unit is not None else {}),
        }
        for name in table.colnames
        if without is None or not name.startswith(without)
    }
    return {
        "properties": row,
        "reference_utc": table.meta["reference_utc"],
        "background_order": burst.order,
        "flags": list(burst.flags),
        "caveats": {flag: CAVEATS[flag] for flag in burst.flags},
    }


def _peaks(burst: Burst) -> list[tuple[float, tuple[float, float, float]]]:
    """Return the peaks at the shortest and at the longest scale; in bins of 1 s and more they are one."""
    scales = sorted(burst.peaks)
    return [(scale, burst.peaks[scale]) for scale in (scales[0], scales[-1])]


def _plain(value: Any) -> Any:
    """Return a value as JSON can hold it: NaN as None."""
    if isinstance(value, str):
        return str(value)
    number = float(value)
    return number if math.isfinite(number) else None
