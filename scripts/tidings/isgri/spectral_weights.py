"""Rates of a band from its parts, weighted by the spectrum that a source has in all time bins together.

A plain sum of the counts of a band gives those energies most weight where the background is strongest. If the
spectrum keeps its shape, every part of the band measures the same amplitude: their mean with the inverse of
its variance has the least error (the matched filter). The rate given is that of the whole band all the same.
"""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Any

import numpy as np

LEAST_SIGNIFICANCE = 10.0
"""Of a source in all time bins together. A fainter one would be weighted by the noise of its own spectrum."""

_SUMMED = ("total", "background", "chi2", "dof")


def parts_of(band: tuple[float, float], edges: np.ndarray) -> list[tuple[float, float]]:
    """Divide a band at the edges [keV] that lie inside it."""
    inside = [float(edge) for edge in edges if band[0] < edge < band[1]]
    limits = [band[0], *inside, band[1]]
    return list(pairwise(limits))


def join_parts(rows: list[dict[str, Any]], band: tuple[float, float]) -> list[dict[str, Any]]:
    """Join rows of the parts of a band to rows of the band.

    Parameters
    ----------
    rows
        As `flux.measure_window` gives them: for each source and time bin one of each part.
    band
        Energies [keV].

    Returns
    -------
    list of dict
        One for each source and time bin. A source whose significance in all of them together is below
        `LEAST_SIGNIFICANCE` has the plain sum of its parts.

    Notes
    -----
    With r_tk the rate in time bin t and part k, e_tk its error and s_k the spectrum, the mean of r_tk over t
    weighted by 1 / e_tk^2, the rate is sum(s) * sum_k(r s / e^2) / sum_k(s^2 / e^2), and its error
    sum(s) / sqrt(sum_k(s^2 / e^2)). As s contains r, the rate is too high by about the number of parts over
    the squared significance of all time bins: at most 10 % at its limit of 10, 1 % at 30.
    """
    joined = []
    for _, source in _grouped(rows, "source"):
        bins = [list(group) for _, group in _grouped(source, "swid", "time")]
        rates, errors = (
            np.array([[row[key] for row in group] for group in bins]) for key in ("rate", "error")
        )
        spectrum = _spectrum(rates, errors)
        for group, rate, error in zip(bins, rates, errors, strict=True):
            joined.append(_joined(group, band) | _rate(rate, error, spectrum))
    return joined


def _grouped(rows: list[dict[str, Any]], *keys: str):
    def of(row: dict[str, Any]) -> tuple[Any, ...]:
        return tuple(row[key] for key in keys)

    return ((key, list(group)) for key, group in groupby(sorted(rows, key=of), of))


def _spectrum(rates: np.ndarray, errors: np.ndarray) -> np.ndarray | None:
    """Mean rate of each part; None for a source that is too faint."""
    usable = np.isfinite(rates) & (errors > 0)
    weight = np.where(usable, 1 / np.where(usable, errors, 1) ** 2, 0)
    total = np.maximum(weight.sum(0), 1e-30)
    mean = (weight * np.where(usable, rates, 0)).sum(0) / total
    significance = mean.sum() / np.sqrt((1 / total).sum())
    return np.maximum(mean, 0) if significance >= LEAST_SIGNIFICANCE else None


def _rate(rates: np.ndarray, errors: np.ndarray, spectrum: np.ndarray | None) -> dict[str, float]:
    if spectrum is None or not (np.isfinite(rates) & (errors > 0)).all():
        return {"rate": float(rates.sum()), "error": float(np.sqrt((errors**2).sum()))}
    norm = float((spectrum**2 / errors**2).sum())
    amplitude = float((rates * spectrum / errors**2).sum()) / norm
    return {"rate": amplitude * float(spectrum.sum()), "error": float(spectrum.sum()) / np.sqrt(norm)}


def _joined(group: list[dict[str, Any]], band: tuple[float, float]) -> dict[str, Any]:
    row = group[0] | {"e_min": band[0], "e_max": band[1]}
    row |= {key: sum(part[key] for part in group) for key in _SUMMED}
    row["background_error"] = float(np.sqrt(sum(part["background_error"] ** 2 for part in group)))
    row["flags"] = int(np.bitwise_or.reduce([part["flags"] for part in group]))
    return row
