"""Sources that the fit of a response must know: found in the images that the response itself gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tidings.isgri.clean import Search, clean
from tidings.isgri.geometry import instrument_matrix, sky_position, tangents
from tidings.isgri.response import Fit, bands_of, fit_response, flat_response, require_one_epoch
from tidings.isgri.window import Window

_ROUNDS = 3
# A new source nearer than this to another is that one [deg].
_SAME = 0.15
# Factor on the thresholds of the search with pixels all alike.
_BRIGHT = 2.0


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
    thresholds follow, and nearly all of the source. Bright ones come first, and what is no longer significant
    once others are known is dropped.

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

    Raises
    ------
    InputError
        As `fit_response`, or the pixel maps are of different epochs.
    """
    search = Search() if search is None else search
    # A bright source that a response does not know of is in it: it is looked for with pixels all alike, which
    # have noise of their own.
    bright = replace(search, new=_BRIGHT * search.new, keep=_BRIGHT * search.keep, catalogue=np.inf)
    given = list(sources)
    known = given + _search_all(windows, flat_response(), band, given, catalogue, bright)
    fit = fit_response(windows, known)
    for _ in range(_ROUNDS):
        shared = replace(fit.response, background=fit.shared, efficiency=fit.shared)
        more = _search_all(windows, shared, band, known, catalogue, search)
        if not more:
            break
        known += more
        fit = fit_response(windows, known)
        kept = _certain(fit, band, len(given), search.keep)
        if not kept.all():
            known = [place for place, keep in zip(known, kept, strict=True) if keep]
            fit = fit_response(windows, known)
    require_one_epoch(windows, fit)
    return fit, known


def _certain(fit: Fit, band: tuple[float, float], given: int, least: float) -> np.ndarray:
    """Tell which sources are significant in the fit of all windows together; those given are kept."""
    inside = (fit.response.edges[:-1] >= band[0]) & (fit.response.edges[1:] <= band[1])
    inside |= not inside.any()
    weight = 1 / (fit.errors[:, :, inside] ** 2).sum(2)
    seen = np.isfinite(weight)
    weight = np.where(seen, weight, 0)
    flux = np.where(seen, fit.fluxes[:, :, inside].sum(2), 0)
    significance = (weight * flux).sum(0) / np.sqrt(np.maximum(weight.sum(0), 1e-30))
    return (significance >= least) | (np.arange(len(significance)) < given)


def _search_all(windows, response, band, known, catalogue, search) -> list[tuple[float, float]]:
    """Directions of the sources of all windows that are not known yet."""
    more: list[tuple[float, float]] = []
    for window in windows:
        found = _search(window, response, band, [*known, *more], catalogue, search)
        more += [place for place in found if _distance(place, [*known, *more]) > _SAME]
    return more


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
