"""Sources that the fit of a response must know: found in the images that the response itself gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tidings.isgri.clean import Search, clean
from tidings.isgri.geometry import instrument_matrix, sky_position, tangents
from tidings.isgri.response import Fit, bands_of, fit_response
from tidings.isgri.window import Window

_ROUNDS = 3
_SAME = 0.15


def fit_with_search(
    windows: Sequence[Window],
    band: tuple[float, float],
    *,
    sources: Sequence[tuple[float, float]] = (),
    catalogue: Sequence[tuple[float, float]] = (),
    search: Search | None = None,
) -> tuple[Fit, list[tuple[float, float]]]:
    """Fit the response and look for sources in turn, until there are no new ones.

    A pixel's own deviation takes half of the counts of a source that it does not know of. New sources are
    therefore looked for in images with what rows and columns share alone: those have more noise, which the
    thresholds follow, and nearly all of the source.

    Parameters
    ----------
    windows
        Of one epoch.
    band
        Energies in which to look [keV].
    sources
        Directions [deg] of sources that are fitted in any case.
    catalogue
        Directions of sources that are fitted if they are seen.
    search
        Thresholds; those of `clean` when not given.

    Returns
    -------
    fit : Fit
    sources : list of (float, float)
        Directions [deg] of all sources that were fitted; those given come first.
    """
    search = Search() if search is None else search
    known = list(sources)
    fit = fit_response(windows, known)
    for _ in range(_ROUNDS):
        shared = replace(fit.response, background=fit.shared, efficiency=fit.shared)
        more: list[tuple[float, float]] = []
        for window in windows:
            found = _search(window, shared, band, known + more, catalogue, search)
            more += [place for place in found if _distance(place, known + more) > _SAME]
        if not more:
            break
        known += more
        fit = fit_response(windows, known)
    return fit, known


def _search(window, response, band, known, catalogue, search) -> list[tuple[float, float]]:
    """Directions of the sources of one window that are not known yet."""
    matrix = instrument_matrix(window.pointing)
    listed = np.array([*known, *catalogue], float).reshape(-1, 2)
    directions = np.stack(tangents(matrix, listed[:, 0], listed[:, 1]), -1).reshape(-1, 2)
    always = np.arange(len(listed)) < len(known)
    (one,) = bands_of(window, response, [band])
    cleaned = clean(one.counts, one.exposure, one.background, directions, always=always, search=search)
    places = []
    for direction, origin in zip(cleaned.directions, cleaned.origin, strict=True):
        if origin < 0 or origin >= len(known):
            ra, dec = listed[origin] if origin >= 0 else sky_position(matrix, *direction)
            places.append((float(ra), float(dec)))
    return places


def _distance(place: tuple[float, float], others: Sequence[tuple[float, float]]) -> float:
    """Distance to the nearest of others [deg]."""
    if not others:
        return np.inf
    ra, dec = np.deg2rad(np.array(others, float)).T
    a, d = np.deg2rad(place)
    cosine = np.sin(d) * np.sin(dec) + np.cos(d) * np.cos(dec) * np.cos(a - ra)
    return float(np.rad2deg(np.arccos(np.clip(cosine, -1, 1)).min()))
