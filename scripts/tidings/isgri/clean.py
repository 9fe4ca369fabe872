"""Iterative cleaning of one sky image: find sources, fit them on the detector, subtract, and look again.

A coded mask spreads every source over the whole image: side lobes everywhere, and ghosts of 8 to 15 % where
the basic pattern repeats. Only what a joint fit of the illumination leaves over is searched further,
brightest peaks first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import maximum_filter

from tidings.isgri._ghosts import GHOST_PERIOD, GHOST_REACH, alternatives, directions_of, likeliest
from tidings.isgri.decode import (
    Norm,
    SkyPlanes,
    decode_intensity,
    decode_variance,
    normalise,
    planes,
    psf_stamp,
)
from tidings.isgri.fit import (
    Detector,
    FluxFit,
    fit_detector,
    fit_detector_positions,
    fold,
    prepare,
    scale_of_pixels,
    unfold,
)
from tidings.isgri.geometry import pixel_tangents, sky_pixel
from tidings.isgri.pif import footprint

# A peak at a ghost's place weaker than this, relative to the source, is taken for the ghost.
_GHOST_SHARE = 0.1
_FULLY = 0.999
_RELATIVE = 0.3
_PER_ROUND = 8
_ROUNDS = 10
_BOX = 7
# Nearer than this to a source, in sky pixels, a peak is what its subtraction has left.
_SAME = 2.0
# Least distance to a catalogue source for which a peak is named after it, and part of the peak's error added.
_IDENTIFIED = 1.0


@dataclass(frozen=True)
class Search:
    """How sources are looked for.

    Significances are in standard deviations of the counts, or of the image where that is wider: the
    background's shape is never known perfectly, and what is left of it must not become sources.

    Attributes
    ----------
    blind
        Look for sources that are not in the catalogue.
    new
        Least significance of a peak that is not in the catalogue.
    catalogue
        Least significance of a catalogue source that need not be fitted.
    keep
        New sources with a smaller significance in the final fit are dropped.
    most
        Number of sources at which the search ends.
    least_coded
        Coded fraction below which nothing is looked for and no source fitted.
    negative
        Keep catalogue sources whose fitted flux is negative.
    """

    blind: bool = True
    new: float = 6.0
    catalogue: float = 4.0
    keep: float = 5.0
    most: int = 50
    least_coded: float = 0.05
    negative: bool = True


@dataclass(frozen=True)
class Cleaned:
    """A cleaned sky image and its sources.

    Attributes
    ----------
    planes
        Sky without side lobes and ghosts; each source is put back as its peak.
    residual
        Intensity without the sources [counts/s].
    directions
        [sources, 2], tangents (ty, tz).
    covariances
        [sources, 2, 2], of the tangents of new sources; NaN for catalogue sources, whose position is kept.
    origin
        Index in the catalogue; -1 for a new source.
    fit
        Joint fit of the fluxes.
    rounds
        Number of searches.
    noise
        Width of the residual's significance: 1 if there is nothing but counting statistics.
    """

    planes: SkyPlanes
    residual: np.ndarray
    directions: np.ndarray
    covariances: np.ndarray
    origin: np.ndarray
    fit: FluxFit
    rounds: int
    noise: float


@dataclass(frozen=True)
class _Found:
    directions: np.ndarray
    origin: np.ndarray
    covariances: np.ndarray

    def take(self, keep: np.ndarray) -> _Found:
        return _Found(self.directions[keep], self.origin[keep], self.covariances[keep])

    def add(self, directions: np.ndarray, origin: np.ndarray) -> _Found:
        empty = np.full((len(origin), 2, 2), np.nan)
        return _Found(
            np.vstack([self.directions, directions]),
            np.concatenate([self.origin, origin]),
            np.concatenate([self.covariances, empty]),
        )


def clean(
    counts: np.ndarray,
    exposure: np.ndarray,
    background: np.ndarray,
    catalogue: np.ndarray | None = None,
    *,
    always: np.ndarray | None = None,
    search: Search | None = None,
    norm: Norm | None = None,
) -> Cleaned:
    """Clean the sky image of one window and band.

    Parameters
    ----------
    counts, exposure, background
        [134, 130], as in `tidings.isgri.window.Shadowgram`.
    catalogue
        [sources, 2], tangents (ty, tz) of known sources; those outside the field are left out.
    always
        One flag per catalogue source: fit it whatever its significance (a mosaic's sources, in the second
        pass). None: all of them.
    search
        Thresholds; the defaults when not given.
    norm
        Of `tidings.isgri.decode.normalise` for this exposure and background, if known.

    Returns
    -------
    Cleaned

    Raises
    ------
    InputError
        A shape is wrong, or no pixel is in use.
    """
    search = Search() if search is None else search
    known = np.zeros((0, 2)) if catalogue is None else np.asarray(catalogue, float).reshape(-1, 2)
    always = np.ones(len(known), bool) if always is None else np.asarray(always, bool)
    detector = prepare(counts, exposure, background)
    norm = normalise(exposure, background) if norm is None else norm
    variance = decode_variance(np.where(exposure > 0, counts, 0), norm)
    visible = in_field(known, exposure, search.least_coded)
    first = np.flatnonzero(visible & always)
    found = _Found(known[first], first, np.full((len(first), 2, 2), np.nan))
    fit, rounds = fit_detector(detector, found.directions), 0
    known = np.where(visible[:, None], known, np.nan)
    rejected = np.zeros((0, 2))
    while len(found.origin) < search.most and rounds < _ROUNDS:
        residual = _residual(detector, fit, counts, norm)
        rounds += 1
        significance = _significance(residual, variance, norm, search.least_coded)
        more = _new_peaks(residual, significance, search, found, fit, known, rejected)
        if not len(more.origin):
            break
        more = _not_ghosts(detector, significance, norm, fit, more)
        found = found.add(more.directions, more.origin)
        found, fit = _refine(detector, found, np.flatnonzero(np.isnan(found.covariances[:, 0, 0])))
        false = (found.origin < 0) & (fit.fluxes < search.keep * fit.errors)
        if false.any():
            rejected = np.vstack([rejected, _pixels(found.directions[false])])
            found = found.take(~false)
            fit = fit_detector(detector, found.directions)
    if rounds > 2:
        # Sources found early were fitted while others were still in the data.
        found, fit = _refine(detector, found, np.arange(len(found.origin)))
    noise = max(1.0, _width(_residual(detector, fit, counts, norm), variance, norm, search.least_coded))
    found, fit = _prune(detector, found, fit, search, always, noise)
    residual = _residual(detector, fit, counts, norm)
    noise = _width(residual, variance, norm, search.least_coded)
    cleaned = planes(_with_peaks(residual, found.directions, fit.fluxes), variance, norm)
    return Cleaned(cleaned, residual, found.directions, found.covariances, found.origin, fit, rounds, noise)


def in_field(directions: np.ndarray, exposure: np.ndarray, least: float = 0.05) -> np.ndarray:
    """Tell which directions (tangents) have at least a share of the exposed detector in the mask's shadow."""
    total = exposure.sum()
    return np.array(
        [
            bool(np.isfinite([ty, tz]).all() and (footprint(ty, tz) * exposure).sum() > least * total)
            for ty, tz in directions
        ],
        bool,
    )


def _residual(detector: Detector, fit: FluxFit, counts: np.ndarray, norm: Norm) -> np.ndarray:
    """Decode what the sources and the modules' backgrounds leave over.

    The background that is given has each module's share of the counts, sources included. A bright source
    lights the modules unequally, so that the balance for that background is wrong for what is left of it.
    """
    scales = scale_of_pixels(detector, fit.scales[detector.modules])
    background = unfold(detector, scales * detector.background)
    return decode_intensity(np.where(detector.used, counts - fit.sources - background, 0), norm)


def _width(residual: np.ndarray, variance: np.ndarray, norm: Norm, least: float) -> float:
    """Half the distance of the 16 % and 84 % quantiles of the significance, which sources hardly change."""
    # Neighbours are correlated over three pixels: a third of them says as much as all.
    cut = (slice(None, None, 3), slice(None, None, 3))
    seen = (variance[cut] > 0) & (norm.coded[cut] > least)
    if not seen.any():
        return 1.0
    low, high = np.quantile(residual[cut][seen] / np.sqrt(variance[cut][seen]), (0.158655, 0.841345))
    return float(high - low) / 2


def _significance(residual: np.ndarray, variance: np.ndarray, norm: Norm, least: float) -> np.ndarray:
    """Significance in units of the noise of the image; 0 where nothing is looked for."""
    deviation = np.sqrt(np.where(variance > 0, variance, 1))
    significance = np.where((variance > 0) & (norm.coded > least), residual / deviation, 0)
    return significance / max(1.0, _width(residual, variance, norm, least))


def _new_peaks(
    residual: np.ndarray,
    significance: np.ndarray,
    search: Search,
    found: _Found,
    fit: FluxFit,
    known: np.ndarray,
    rejected: np.ndarray,
) -> _Found:
    """Peaks of the residual that are sources, the highest first: directions, and catalogue index or -1."""
    none = _Found(np.zeros((0, 2)), np.zeros(0, int), np.zeros((0, 2, 2)))
    least = min(search.new if search.blind else np.inf, search.catalogue if len(known) else np.inf)
    if not np.isfinite(least):
        return none
    peaks = np.flatnonzero(significance > least)
    peaks = peaks[(significance == maximum_filter(significance, _BOX)).ravel()[peaks]]
    peaks = peaks[np.argsort(-significance.ravel()[peaks], kind="stable")]
    # Ghosts of what is subtracted already are faint; a peak at a place once refused is refused again.
    old = [
        (place, _GHOST_SHARE * flux)
        for place, flux in zip(_pixels(found.directions), fit.fluxes, strict=True)
    ]
    old += [(place, 0.0) for place in rejected]
    new, catalogue = none, _pixels(known)
    highest = 0.0
    for index in peaks:
        z, y = np.unravel_index(index, significance.shape)
        height, flux = float(significance[z, y]), float(residual[z, y])
        if height < _RELATIVE * highest or len(new.origin) == _PER_ROUND:
            break
        place = np.array([z, y], float) + _centroid(significance, z, y)
        if _is_left_over(place, flux, old):
            continue
        origin, direction = _identify(
            place, height, catalogue, known, np.concatenate([found.origin, new.origin])
        )
        if origin < 0 and (not search.blind or height < search.new):
            continue
        if len(found.origin) + len(new.origin) >= search.most:
            break
        highest = max(highest, height)
        new = new.add(direction[None], np.array([origin]))
        # Before subtraction a ghost may be as bright: what is real comes back in the next round.
        old.append((place, np.inf))
    return new


def _not_ghosts(
    detector: Detector, significance: np.ndarray, norm: Norm, fit: FluxFit, more: _Found
) -> _Found:
    """Move new sources to the likeliest of the places that are a period of the mask apart."""
    directions = more.directions.copy()
    rest = replace(detector, counts=detector.counts - fold(detector, fit.sources))
    for n, place in enumerate(_pixels(directions)):
        z, y = np.round(place).astype(int)
        # The fully coded field is smaller than a period: a ghost of what lies in it is never in it too.
        if more.origin[n] >= 0 or norm.coded[z, y] > _FULLY:
            continue
        others = alternatives(significance, place)
        if len(others):
            directions[n] = likeliest(rest, np.vstack([directions[n], directions_of(others)]))
    return _Found(directions, more.origin, more.covariances)


def _identify(
    place: np.ndarray, height: float, catalogue: np.ndarray, known: np.ndarray, taken: np.ndarray
) -> tuple[int, np.ndarray]:
    """Catalogue source at a peak, which gives its direction, or -1 and the direction of the peak."""
    if len(catalogue):
        distance = np.hypot(*(catalogue - place).T)
        distance[~np.isfinite(distance)] = np.inf
        distance[taken[taken >= 0]] = np.inf
        if distance.min() < _IDENTIFIED + 3 / height:
            return int(np.argmin(distance)), known[np.argmin(distance)]
    ty, tz = pixel_tangents(*place)
    return -1, np.array([ty, tz], float)


def _is_left_over(place: np.ndarray, flux: float, others: list[tuple[np.ndarray, float]]) -> bool:
    """Tell whether a peak is the rest of a source, or its ghost, rather than a source of its own.

    `others` are places and the intensity up to which a peak at a ghost's place is taken for the ghost.
    """
    for other, limit in others:
        offset = np.abs(place - other)
        if offset.max() < _SAME:
            return True
        # Rest after the nearest multiple of the period, along both axes.
        rest = np.abs(offset - GHOST_PERIOD * np.round(offset / GHOST_PERIOD))
        if flux < limit and rest.max() < GHOST_REACH and offset.max() > GHOST_PERIOD / 2:
            return True
    return False


def _refine(detector: Detector, found: _Found, which: np.ndarray) -> tuple[_Found, FluxFit]:
    """Fit the positions of some sources, of those that are not in the catalogue, then all fluxes."""
    fit = fit_detector(detector, found.directions)
    free = which[found.origin[which] < 0]
    if free.size:
        moved = fit_detector_positions(detector, found.directions, free, fit)
        covariances = found.covariances.copy()
        covariances[free] = moved.covariances[free]
        found = _Found(moved.directions, found.origin, covariances)
        fit = fit_detector(detector, found.directions)
    return found, fit


def _prune(
    detector: Detector, found: _Found, fit: FluxFit, search: Search, always: np.ndarray, noise: float
) -> tuple[_Found, FluxFit]:
    """Drop what the joint fit shows to be no source, weakest first, since fluxes depend on each other."""
    while len(found.origin):
        significance = fit.fluxes / (fit.errors * noise)
        least = np.where(found.origin < 0, search.keep, search.catalogue)
        kept = np.array([bool(n >= 0 and always[n]) for n in found.origin])
        least[kept] = -np.inf if search.negative else 0.0
        short = significance - least
        if (short >= 0).all():
            break
        keep = np.arange(len(short)) != np.argmin(short)
        found = found.take(keep)
        fit = fit_detector(detector, found.directions)
    return found, fit


def _with_peaks(residual: np.ndarray, directions: np.ndarray, fluxes: np.ndarray) -> np.ndarray:
    out = residual.copy()
    for place, flux in zip(_pixels(directions), fluxes, strict=True):
        box, shape = psf_stamp(*place)
        out[box] += np.where(residual[box] != 0, flux * shape, 0).astype(out.dtype)
    return out


def _centroid(image: np.ndarray, z: int, y: int) -> np.ndarray:
    """Offset of a peak from its pixel, by a parabola along each axis."""
    offset = np.zeros(2)
    for axis, (low, high) in enumerate(
        ((image[max(z - 1, 0), y], image[min(z + 1, image.shape[0] - 1), y]),
         (image[z, max(y - 1, 0)], image[z, min(y + 1, image.shape[1] - 1)]))
    ):  # fmt: skip
        curvature = low - 2 * image[z, y] + high
        if curvature < 0:
            offset[axis] = np.clip(0.5 * (low - high) / curvature, -0.5, 0.5)
    return offset


def _pixels(directions: np.ndarray) -> np.ndarray:
    """Sky pixels [sources, 2] (z, y) of tangents."""
    return np.stack(sky_pixel(directions[:, 0], directions[:, 1]), -1).reshape(-1, 2)
