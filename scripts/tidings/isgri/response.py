"""Response of the pixels, from the counts of one or more science windows of an epoch.

The model is in `tidings.isgri.background`. A response holds, for each of some fifteen groups of energy,
the background expected of every pixel relative to its module's mean, and its efficiency; with it a window's
counts in any bands become shadowgrams that can be decoded (`bands_of`).

A fitted response takes all deviations for efficiency. Below 40 keV, where they are large, they are: SGR
1935+2154 in window 255900280010 is brighter by as much in the pixels that count more. Above, where rows,
columns and pixels differ by some per cent, this is not known; but there too the ratio of a source's counts
to the background's must not depend on the noise of the estimate: a fit that weights by the background would
otherwise favour pixels whose background came out too low, and take about 1 count/s from every source
(measured with injected ones).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from tidings.errors import InputError
from tidings.isgri.background import (
    PixelAxis,
    deviation_covariance,
    deviations,
    fit_sources,
    module_means,
    shared_shape,
)
from tidings.isgri.geometry import MODULES, OPEN_PIXELS, SHAPE, instrument_matrix, module_map, tangents
from tidings.isgri.pif import pif
from tidings.isgri.shadowgram import channel_range
from tidings.isgri.window import Cube, Shadowgram, Window

GROUPS = (20, 24, 28, 31, 34, 38, 42, 47, 53, 60, 70, 80, 100, 130, 200, 300)
"""Edges of the groups of energy [keV]: narrow where thresholds lie, wide where counts are few."""
_LEAST_COUNTS = 0.5
_ROUNDS = 3
# Pixel maps of one epoch differ by Poisson noise; times that, their squared difference below an energy [keV],
# where thresholds show, makes them different.
_LARGEST_DIFFERENCE = 1.3
_DIFFERENCE_BELOW = 50.0


@dataclass(frozen=True)
class Response:
    """Pixel response of an epoch.

    Attributes
    ----------
    edges
        [groups + 1], edges of the groups of energy [keV].
    background
        [groups, 134, 130], background of each pixel relative to the mean of its module; 0 where not in use.
    efficiency
        [groups, 134, 130], relative efficiency for photons of a source; 0 where not in use.
    meta
        What products must state: REVOLS, WINDOWS, METHOD, SOURCES, ...
    """

    edges: np.ndarray
    background: np.ndarray
    efficiency: np.ndarray
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def used(self) -> np.ndarray:
        """Pixels with a response, [134, 130]."""
        return (self.background > 0).any(0)


@dataclass(frozen=True)
class Fit:
    """A response with what tells how good it is.

    Attributes
    ----------
    response
        The response.
    shared
        [groups, 134, 130], the part of it that rows and columns share.
    spread
        [3, groups], rms of the effects of rows, of columns, and of the pixels' own deviations.
    variance
        [3, groups], variance of the pixels over Poisson's about: modules' means, the shared shape, the model.
    fluxes, errors
        [windows, sources, groups], as if fully coded [counts/s]; NaN outside the field.
    differences
        [windows], mean squared difference of the pixels' background below 50 keV from the first window's,
        over that by chance; NaN without a pixel in common.
    """

    response: Response
    shared: np.ndarray
    spread: np.ndarray
    variance: np.ndarray
    fluxes: np.ndarray
    errors: np.ndarray
    differences: np.ndarray


def flat_response(meta: dict[str, Any] | None = None) -> Response:
    """Return the response of pixels that are all alike."""
    ones = np.where(module_map() >= 0, 1.0, 0.0)[None]
    return Response(np.array([0.0, np.inf]), ones, ones, {"METHOD": "flat"} | (meta or {}))


def bands_of(window: Window, response: Response, bands: Sequence[tuple[float, float]]) -> list[Shadowgram]:
    """Make the shadowgrams of a window in bands of energy; its time bins are added up.

    Parameters
    ----------
    window
        The window; edges of bands must be edges of its channels.
    response
        Of its epoch.
    bands
        Energies [keV].

    Returns
    -------
    list of Shadowgram
        The exposure is live time times relative efficiency.

    Raises
    ------
    InputError
        A band does not lie on the channels, no pixel of the window has a response, or the response is of
        another revolution and fits the window's pixels worse than none.
    """
    _require_epoch(window, response)
    cube = window.total().cubes[0]
    live = np.where(response.used, np.asarray(cube.live_time, float), 0)
    if not (live > 0).any():
        raise InputError(f"window {window.swid}: the response has none of its pixels; fit one of its epoch")
    return [_shadowgram(window.energies, cube, live, response, band) for band in bands]


def _require_epoch(window: Window, response: Response) -> None:
    revolutions = response.meta.get("REVOLS", [])
    if not revolutions or window.meta.get("REVOL") in revolutions:
        return
    cube = window.total().cubes[0]
    axis = PixelAxis.of(response.used & (np.asarray(cube.live_time) > 0))
    if not axis.used.any():
        return
    counts = np.stack(
        [
            cube.counts[channel_range(window.energies, *pair)][:, axis.used].sum(0, dtype=float)
            for pair in pairwise(response.edges)
        ],
        1,
    )
    flat = module_means(counts, np.asarray(cube.live_time, float)[axis.used], axis)
    shaped = flat * response.background[:, axis.used].T
    # The mean of the response over a window's pixels is not exactly 1.
    shaped *= flat.sum(0) / np.maximum(shaped.sum(0), 1e-9)
    noise = np.maximum(flat, 1e-3)
    if ((counts - shaped) ** 2 / noise).sum() > ((counts - flat) ** 2 / noise).sum():
        raise InputError(
            f"window {window.swid} (revolution {window.meta.get('REVOL', 'unknown')}): the response, of "
            f"revolution {', '.join(map(str, revolutions))}, fits its pixels worse than none; fit one of its "
            "epoch"
        )


def _shadowgram(
    energies: np.ndarray, cube: Cube, live: np.ndarray, response: Response, band: tuple[float, float]
) -> Shadowgram:
    span = channel_range(energies, *band)
    middle = (energies[span] + energies[span.start + 1 : span.stop + 1]) / 2
    groups = np.clip(
        np.searchsorted(response.edges, middle, side="right") - 1, 0, len(response.background) - 1
    )
    counts, background, efficiency, weight = (np.zeros(SHAPE) for _ in range(4))
    for group in np.unique(groups):
        part = cube.counts[span][groups == group].sum(0, dtype=float)
        expected = live * response.background[group]
        rate = _module_rates(part, expected)
        counts += part
        background += rate * expected
        efficiency += rate * response.efficiency[group]
        weight += rate
    used = (live > 0) & (background > 0) & (efficiency > 0)
    relative = efficiency / np.where(weight > 0, weight, 1)
    return Shadowgram(
        np.where(used, counts, 0), np.where(used, live * relative, 0), np.where(used, background, 0), *band
    )


def _module_rates(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the scale of each module that makes counts and expectation agree, [134, 130]."""
    modules = module_map()
    rates = np.zeros(SHAPE)
    for number in range(MODULES):
        mine = (modules == number) & (expected > 0)
        if mine.any():
            rates[mine] = counts[mine].sum() / expected[mine].sum()
    return rates


def fit_response(windows: Sequence[Window], sources: Sequence[tuple[float, float]] = ()) -> Fit:
    """Fit the response to the counts of windows of one epoch.

    Parameters
    ----------
    windows
        One or more; their counts are added pixel by pixel.
    sources
        Directions [deg, ICRS] of the sources in the field: their counts are fitted along. A source that is
        left out is partly taken for a deviation of the pixels that it illuminates.

    Raises
    ------
    InputError
        There is no window or no counts, or the channels differ.
    """
    if not windows:
        raise InputError("no science window with events: there is nothing to fit the response to")
    windows = [window.total() for window in windows]
    if any(not np.array_equal(window.energies, windows[0].energies) for window in windows):
        raise InputError("the shadowgrams have different energy channels: make all with one isgri_shadowgram")
    live = sum(np.asarray(window.cubes[0].live_time, float) for window in windows)
    axis = PixelAxis.of((live > 0) & (module_map() >= 0))
    if not axis.used.any():
        raise InputError("no pixel of the windows is in use: there is nothing to fit the response to")
    edges = _groups(windows, axis.used)
    parts = [_Part.of(window, edges, axis, sources) for window in windows]
    return _fit(windows, parts, edges, axis, len(sources))


@dataclass
class _Part:
    """A window on the axis of pixels."""

    counts: np.ndarray
    live: np.ndarray
    seen: list[int]
    shapes: np.ndarray
    expected: np.ndarray

    @classmethod
    def of(
        cls, window: Window, edges: np.ndarray, axis: PixelAxis, sources: Sequence[tuple[float, float]]
    ) -> _Part:
        spans = [channel_range(window.energies, low, high) for low, high in pairwise(edges)]
        cube = window.cubes[0]
        counts = np.stack([cube.counts[span][:, axis.used].sum(0, dtype=float) for span in spans], 1)
        live = np.asarray(cube.live_time, float)[axis.used]
        counts[live <= 0] = 0
        matrix = instrument_matrix(window.pointing)
        seen, shapes = [], []
        for number, (ra, dec) in enumerate(sources):
            ty, tz = tangents(matrix, ra, dec)
            lit = pif(float(ty), float(tz))[axis.used] * live / OPEN_PIXELS if np.isfinite(ty) else live * 0
            if lit.any():
                seen.append(number)
                shapes.append(lit)
        stacked = np.array(shapes).reshape(len(shapes), live.size)
        return cls(counts, live, seen, stacked, module_means(counts, live, axis))


def _fit(
    windows: Sequence[Window], parts: list[_Part], edges: np.ndarray, axis: PixelAxis, number: int
) -> Fit:
    groups = len(edges) - 1
    counts = sum(part.counts for part in parts)
    fluxes = np.full((len(parts), number, groups), np.nan)
    errors, shape, covariance = fluxes.copy(), np.ones(counts.shape), np.zeros((groups, groups))
    # Counts that pixels all alike would have of the sources, and of the background.
    lights = [np.zeros(counts.shape) for _ in parts]
    means = [part.expected for part in parts]
    for _ in range(_ROUNDS):
        for place, part in enumerate(parts):
            if not part.seen:
                continue
            found, spread = fit_sources(
                part.counts,
                means[place] * shape,
                (means[place] + lights[place]) * shape,
                covariance,
                part.shapes[:, :, None] * shape,
                axis.module,
            )
            fluxes[place, part.seen] = found
            errors[place, part.seen] = np.sqrt(np.diag(spread)).reshape(found.shape)
            lights[place] = np.maximum(np.einsum("sp,sk->pk", part.shapes, found), 0)
            means[place] = module_means(np.maximum(part.counts - lights[place] * shape, 0), part.live, axis)
        expected = sum(means) + sum(lights)
        shape, effects = shared_shape(counts, expected, axis)
        shape = _normalised(shape, axis)
        covariance = deviation_covariance(counts, expected * shape)
    total = _normalised(shape * (1 + deviations(counts, expected * shape, covariance)), axis)
    image = _image(total, axis)
    response = Response(edges, image, image, _meta(windows, counts))
    return Fit(
        response,
        _image(shape, axis),
        np.vstack([effects, np.sqrt(np.maximum(np.diag(covariance), 0))]),
        _excess(counts, np.stack([expected, expected * shape, expected * total])),
        fluxes,
        errors,
        _differences(parts, [light * total for light in lights], edges, axis),
    )


def _normalised(shape: np.ndarray, axis: PixelAxis) -> np.ndarray:
    """Return shapes [pixels, channels] over the mean of each module, so that a mean efficiency is 1."""
    made = np.empty(shape.shape)
    for number in np.unique(axis.module):
        mine = axis.module == number
        made[mine] = shape[mine] / shape[mine].mean(0)
    return made


def _excess(counts: np.ndarray, models: np.ndarray) -> np.ndarray:
    """Variance over Poisson's of the pixels about models, [models, channels]; without the hottest in 1000."""
    ratio = (counts - models) ** 2 / np.maximum(models[0], 1e-3)
    limit = np.quantile(ratio[0], 0.999, axis=0)
    kept = ratio[0] <= limit
    return (ratio * kept).sum(1) / kept.sum(0)


def _image(values: np.ndarray, axis: PixelAxis) -> np.ndarray:
    images = np.zeros((values.shape[1], *SHAPE))
    images[:, axis.used] = values.T
    return images


def _groups(windows: Sequence[Window], used: np.ndarray) -> np.ndarray:
    """Edges of groups that the channels have, each with half a count in a pixel on average at least."""
    energies = windows[0].energies
    inside = [edge for edge in GROUPS if np.abs(energies - edge).min() < 1e-6]
    if len(inside) < 2:
        inside = [float(energies[0]), float(energies[-1])]
    edges = [inside[0]]
    for edge in inside[1:]:
        span = channel_range(energies, edges[-1], edge)
        counts = sum(window.cubes[0].counts[span][:, used].sum(dtype=float) for window in windows)
        if counts >= _LEAST_COUNTS * used.sum():
            edges.append(edge)
    if len(edges) < 2:
        raise InputError(
            f"the windows have too few counts between {inside[0]:g} and {inside[-1]:g} keV to fit "
            f"{used.sum()} pixels: add windows of the epoch, or image without a response"
        )
    return np.array(edges, float)


def require_one_epoch(windows: Sequence[Window], fit: Fit) -> None:
    """Raise `InputError` if the pixels of windows count differently by more than chance.

    A bright source that a fit does not know of makes a difference too: only once all are known does this tell
    epochs apart.
    """
    for window, ratio in zip(windows[1:], fit.differences[1:], strict=True):
        if np.isnan(ratio):
            raise InputError(f"windows {windows[0].swid} and {window.swid} have no pixel in common")
        if ratio > _LARGEST_DIFFERENCE:
            names = [
                f"{one.swid} (revolution {one.meta.get('REVOL', 'unknown')})" for one in (windows[0], window)
            ]
            raise InputError(
                f"windows {' and '.join(names)} have different pixel maps: their squared difference is "
                f"{ratio:.1f} times that of chance; fit one response for each epoch"
            )


def _differences(
    parts: list[_Part], lights: list[np.ndarray], edges: np.ndarray, axis: PixelAxis
) -> np.ndarray:
    """Compare the pixels of each window with those of the first; NaN where they have none in common."""
    low = edges[1:] <= max(_DIFFERENCE_BELOW, edges[1])
    background = [
        module_means(np.maximum(part.counts - light, 0), part.live, axis)
        for part, light in zip(parts, lights, strict=True)
    ]
    found = [1.0]
    for part, light, mean in zip(parts[1:], lights[1:], background[1:], strict=True):
        both = (parts[0].live > 0) & (part.live > 0)
        box = np.ix_(both, low)
        first = parts[0].counts[box], lights[0][box], background[0][box]
        other = part.counts[box], light[box], mean[box]
        found.append(_difference(first, other) if both.any() else np.nan)
    return np.array(found)


def _difference(one: tuple[np.ndarray, ...], two: tuple[np.ndarray, ...]) -> float:
    """Return the mean squared difference of two windows' pixels over its variance by chance.

    Each window is its counts, those of them that sources gave, and the background expected. Shares of the
    expectations as weights make the difference independent of what the pixels are like.
    """
    total = np.maximum(one[2] + two[2], 1e-9)
    shares = two[2] / total, one[2] / total
    difference = shares[0] * (one[0] - one[1]) - shares[1] * (two[0] - two[1])
    variance = shares[0] ** 2 * one[0] + shares[1] ** 2 * two[0]
    return float((difference**2).sum() / max(variance.sum(), 1e-9))


def _meta(windows: Sequence[Window], counts: np.ndarray) -> dict[str, Any]:
    revolutions = sorted({int(window.meta["REVOL"]) for window in windows if "REVOL" in window.meta})
    return {
        "METHOD": "fitted",
        "REVOLS": revolutions,
        "WINDOWS": [window.swid for window in windows],
        "COUNTS": int(counts.sum()),
        "ENERGY_LEVEL": sorted({str(window.meta.get("ENERGY_LEVEL", "unknown")) for window in windows}),
    }
