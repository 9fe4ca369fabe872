"""Tables and summary of a search."""

from __future__ import annotations

from typing import Any

import numpy as np
from astropy.table import Table

from tidings.acs.false_alarm import (
    false_alarm_probability,
    false_alarm_rate,
    published_fap,
    published_far,
)
from tidings.acs.search import Excesses, ScaleStatistics
from tidings.lightcurve.counts import Counts, Flag
from tidings.times import utc_iso

_STABLE = ((1.2, "very stable"), (1.5, "rather stable"), (2.0, "variable"))

_COLUMNS = {
    "time": ("s", "middle of the window, from the epoch"),
    "utc": ("", "the same, UTC at the spacecraft"),
    "scale": ("s", "length of the window"),
    "event": ("", "number of the event: excesses whose windows touch are of one"),
    "snr": ("", "excess over the scatter of the background at this scale"),
    "excess": ("ct", "counts above background"),
    "expected": ("ct", "counts of the background"),
    "far": ("1 / s", "rate of background excesses as significant, calibrated"),
    "fap": ("", "probability of one in the interval searched, by its rank, calibrated"),
    "far_published": ("1 / s", "rate by the published formula, one window of one scale"),
    "fap_published": ("", "probability by the published formula, may exceed 1"),
    "spike": ("", "all in one sample, as cosmic rays are"),
    "flags": ("", "what is to be known of the samples"),
}


def excess_table(
    excesses: Excesses,
    statistics: ScaleStatistics,
    epoch: float,
    interval: tuple[float, float] | None = None,
    *,
    spikes: bool = True,
) -> Table:
    """Return the excesses with their false-alarm rates, the most significant first.

    Parameters
    ----------
    excesses, statistics
        Of the search.
    epoch : float
        GPS s that times count from.
    interval : tuple of float, optional
        Start and end of what was searched, s from the trigger, when the epoch is that of a trigger: then the
        table has probabilities, and is in order of them.
    spikes : bool
        Whether the rate of spikes is counted.
    """
    snr, scale, middle = excesses.snr, excesses.scale, excesses.middle
    values: dict[str, Any] = {
        "time": np.round(middle, 6),
        "utc": [utc_iso(epoch + t, 3) for t in middle],
        "scale": np.round(scale, 6),
        "event": np.zeros(len(snr), np.int64),
        "snr": snr,
        "excess": excesses.counts - excesses.expected,
        "expected": excesses.expected,
        "far": false_alarm_rate(snr, scale, statistics.scale, spikes),
    }
    if interval is not None:
        before, after = -interval[0], interval[1]
        values["fap"] = false_alarm_probability(snr, scale, middle, statistics.scale, before, after, spikes)
    values["far_published"] = published_far(snr, scale, spikes)
    if interval is not None:
        values["fap_published"] = published_fap(snr, scale, middle, spikes)
    values["spike"] = excesses.spike
    values["flags"] = np.array([names_of(flag) for flag in excesses.flags], dtype=str)
    table = Table(values)
    for name in table.colnames:
        unit, table[name].description = _COLUMNS[name]
        if unit:
            table[name].unit = unit
    rank = np.lexsort((middle, -snr, values.get("fap", values["far"])))
    table["event"][rank] = _events(excesses.start[rank], scale[rank])
    table.meta["epoch_gps"] = float(epoch)
    table.meta["epoch_utc"] = utc_iso(epoch, 6)
    return table[rank]


def _events(start: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Number events from 1 in the order of their first excess."""
    if len(start) == 0:
        return np.zeros(0, np.int64)
    order = np.argsort(start, kind="stable")
    reached = np.maximum.accumulate((start + scale)[order])
    # A hundredth of the shortest window: touching ones share an edge but for rounding.
    apart = start[order][1:] > reached[:-1] + 0.01 * scale.min()
    event = np.empty(len(start), np.int64)
    event[order] = np.concatenate([[0], np.cumsum(apart)])
    _, first, number = np.unique(event, return_index=True, return_inverse=True)
    return (np.argsort(np.argsort(first)) + 1)[number]


def names_of(flags: int) -> str:
    """Return the names of the bits that are set, with blanks between them."""
    return " ".join(flag.name for flag in Flag if int(flags) & flag.value)


def summary(
    counts: list[dict[str, Any]],
    table: Table,
    statistics: ScaleStatistics,
    epoch: float,
    settings: dict[str, Any],
) -> dict[str, Any]:
    """Return what a search found, for JSON.

    Parameters
    ----------
    counts
        For each file, `describe` of its counts.
    table
        Of the excesses.
    statistics
        Of the scales.
    epoch : float
        GPS s.
    settings
        What else is to be told, such as the background's model.
    """
    finest = float(statistics.excess_variance[0])
    best = None
    if len(table):
        best = {name: table[name][0].item() for name in table.colnames if name not in ("utc", "flags")}
        best |= {"utc": str(table["utc"][0]), "flags": str(table["flags"][0])}
    return {
        **settings,
        "epoch_gps": float(epoch),
        "epoch_utc": utc_iso(epoch, 6),
        "records": counts,
        "excesses": len(table),
        "events": int(table["event"].max()) if len(table) else 0,
        "spikes": int(table["spike"].sum()) if len(table) else 0,
        "best": best,
        "stability": next((word for limit, word in _STABLE if finest < limit), "unstable"),
        "scales": [
            {
                "scale_s": round(float(scale), 6),
                "windows": int(windows),
                "excess_variance": _or_none(measured),
                "excess_variance_used": _or_none(used),
                "max_snr": _or_none(snr),
                "max_snr_time_s": _or_none(time),
            }
            for scale, windows, measured, used, snr, time in zip(*vars(statistics).values(), strict=True)
        ],
    }


def describe(counts: Counts, epoch: float) -> dict[str, Any]:
    """Return what is to be known of a record: its span (s from the epoch), live time and flagged bins."""
    flagged = {flag.name.lower(): int(((counts.flags & flag.value) > 0).sum()) for flag in Flag}
    shift = counts.epoch - epoch
    return {
        "form": counts.origin,
        "start_s": float(counts.start[0] + shift),
        "end_s": float(counts.end[-1] + shift),
        "live_s": float(counts.exposure.sum()),
        "sample_s": counts.sample,
        "offset_applied_s": counts.offset_applied,
        "flagged_bins": {name: number for name, number in flagged.items() if number},
    }


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
