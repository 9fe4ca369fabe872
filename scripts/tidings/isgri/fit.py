"""Likelihood fits on the detector: fluxes of all sources together, the background, and positions.

The expected counts of a pixel are those of each source (flux, exposure, illumination), of the background
(its shape, with a free scale in each module), and, for each source in the partially coded field, of a step of
the background along the edge of the mask's shadow. Without that term a gradient of the background of 1 %
biases a weak source there by 8 to 10 %, because edge and gradient look alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from tidings.errors import InputError
from tidings.isgri.geometry import MODULES, OPEN_PIXELS, SHAPE, SKY_STEP, module_map
from tidings.isgri.pif import footprint, pif, pif_derivatives

_REWEIGHTINGS = 2
# Prior of a step of the background along a shadow's edge, relative: it keeps sources whose shadows have
# nearly the same edge from sharing an unbounded difference.
_STEP_PRIOR = 0.2
# Least spread of the footprint for its step to be told from the modules' scales.
_LEAST_EDGE = 0.02
_STEP_LIMIT = 0.5
_CONVERGED = 2e-3
_ROUNDS = 15
# The illumination has a kink where a cell's edge meets a pixel's: steps that turn back there are shortened.
_TURN = 0.4
# A step this small when the rounds are over [sky pixels] is no failure.
_SETTLED = 0.05
# A position that leaves the peak it began at, in sky pixels, has lost its source.
_LOST = 3.0


@dataclass(frozen=True)
class Detector:
    """The pixels in use of a shadowgram, on one axis, module by module: a module's sum is that of a slice.

    Attributes
    ----------
    pixels
        Their indices in the flattened image of the detector.
    counts, exposure, background
        Of these pixels.
    modules
        Numbers of the modules in use.
    starts
        Index at which the pixels of each begin.
    """

    pixels: np.ndarray
    counts: np.ndarray
    exposure: np.ndarray
    background: np.ndarray
    modules: np.ndarray
    starts: np.ndarray

    @property
    def used(self) -> np.ndarray:
        """Where the pixels are, [134, 130]."""
        return unfold(self, np.ones(len(self.pixels))) > 0


@dataclass(frozen=True)
class FluxFit:
    """Fluxes of sources at fixed directions.

    Attributes
    ----------
    fluxes, errors
        As if on axis and fully coded [counts/s].
    covariance
        Of the fluxes, with the background's parameters marginalised [(counts/s)^2].
    scales
        Of the background in each module; NaN for one without exposed pixels.
    steps
        Relative step of the background at each source's shadow edge; 0 for a fully coded source.
    model
        Expected counts, [134, 130].
    sources
        Expected counts of the sources alone.
    chi2, dof
        Pearson chi-square of the pixels in use, and degrees of freedom.
    """

    fluxes: np.ndarray
    errors: np.ndarray
    covariance: np.ndarray
    scales: np.ndarray
    steps: np.ndarray
    model: np.ndarray
    sources: np.ndarray
    chi2: float
    dof: int


@dataclass(frozen=True)
class PositionFit:
    """Directions of sources.

    Attributes
    ----------
    directions
        [sources, 2], tangents (ty, tz).
    covariances
        [sources, 2, 2], of the tangents, with flux and background marginalised.
    converged
        False where the fit left its source or did not settle: the direction is then the one given.
    """

    directions: np.ndarray
    covariances: np.ndarray
    converged: np.ndarray


def prepare(counts: np.ndarray, exposure: np.ndarray, background: np.ndarray) -> Detector:
    """Take the pixels in use out of a shadowgram.

    Raises
    ------
    InputError
        An array has a wrong shape, or no pixel is in use.
    """
    for name, array in (("counts", counts), ("exposure", exposure), ("background", background)):
        if np.shape(array) != SHAPE:
            raise InputError(f"{name} must be an image of the detector, {SHAPE}, not {np.shape(array)}")
    numbers = module_map()
    used = (exposure > 0) & (background > 0) & (numbers >= 0)
    if not used.any():
        raise InputError("no pixel has both exposure and background: the band or the window is empty")
    pixels = np.flatnonzero(used)
    pixels = pixels[np.argsort(numbers.ravel()[pixels], kind="stable")]
    modules, starts = np.unique(numbers.ravel()[pixels], return_index=True)
    values = (np.asarray(array, float).ravel()[pixels] for array in (counts, exposure, background))
    return Detector(pixels, *values, modules, starts)


def fit_fluxes(
    counts: np.ndarray, exposure: np.ndarray, background: np.ndarray, directions: np.ndarray
) -> FluxFit:
    """Fit the fluxes of sources at known directions together with the background.

    Parameters
    ----------
    counts, exposure, background
        [134, 130], as in `tidings.isgri.window.Shadowgram`.
    directions
        [sources, 2], tangents (ty, tz); may be empty.

    Raises
    ------
    InputError
        As `prepare`; or a source lights no exposed pixel.
    """
    return fit_detector(prepare(counts, exposure, background), directions)


def fit_detector(detector: Detector, directions: np.ndarray) -> FluxFit:
    """Fit fluxes as `fit_fluxes`, of a prepared shadowgram."""
    directions = np.asarray(directions, float).reshape(-1, 2)
    shapes = source_shapes(detector, directions)
    if (dark := np.flatnonzero(~shapes.any(1))).size:
        ty, tz = directions[dark[0]]
        raise InputError(f"a source at tangents ({ty:.4f}, {tz:.4f}) lights no exposed pixel: leave it out")
    edges = [_edge(detector, *direction) for direction in directions]
    stepped = [n for n, edge in enumerate(edges) if edge is not None]
    terms = np.vstack([shapes, *[edges[n] for n in stepped]])
    n, scale = len(shapes), first_scale(detector)
    prior = np.zeros(len(terms))
    prior[n:] = 1 / (_STEP_PRIOR * scale) ** 2
    expected = scale * detector.background
    for _ in range(1 + _REWEIGHTINGS):
        model = _positive(expected, detector, scale)
        values, inverse = _solve(detector, terms, detector.counts, model, prior)
        scales = values[len(terms) :]
        expected = values[: len(terms)] @ terms + scale_of_pixels(detector, scales) * detector.background
    covariance = inverse[:n, :n]
    steps, by_module = np.zeros(n), np.full(MODULES, np.nan)
    steps[stepped] = values[n : len(terms)] / scale
    by_module[detector.modules] = scales
    return FluxFit(
        fluxes=values[:n],
        errors=np.sqrt(np.diag(covariance)),
        covariance=covariance,
        scales=by_module,
        steps=steps,
        model=unfold(detector, expected),
        sources=unfold(detector, values[:n] @ shapes),
        chi2=float(((detector.counts - expected) ** 2 / model).sum()),
        dof=detector.counts.size - len(values),
    )


def fit_positions(
    counts: np.ndarray,
    exposure: np.ndarray,
    background: np.ndarray,
    directions: np.ndarray,
    free: np.ndarray | None = None,
) -> PositionFit:
    """Fit directions one by one, the other sources fixed, beginning at the directions given.

    Parameters
    ----------
    counts, exposure, background, directions
        As `fit_fluxes`; each within half a degree of a pixel's peak.
    free
        Indices of the sources to be moved; all when not given.
    """
    return fit_detector_positions(prepare(counts, exposure, background), directions, free)


def fit_detector_positions(
    detector: Detector, directions: np.ndarray, free: np.ndarray | None = None, fluxes: FluxFit | None = None
) -> PositionFit:
    """Fit directions as `fit_positions`, of a prepared shadowgram; `fluxes` if they are fitted already."""
    directions = np.array(directions, float).reshape(-1, 2)
    fluxes = fit_detector(detector, directions) if fluxes is None else fluxes
    shapes = source_shapes(detector, directions)
    covariances = np.full((len(directions), 2, 2), np.nan)
    converged = np.zeros(len(directions), bool)
    model = fold(detector, fluxes.model)
    order = np.arange(len(directions)) if free is None else np.asarray(free, int)
    # The brightest first: what it leaves over must not pull the weaker ones.
    for n in order[np.argsort(-fluxes.fluxes[order], kind="stable")]:
        own = fluxes.fluxes[n] * shapes[n]
        fitted = _fit_one(detector, directions[n], fluxes.fluxes[n], model - own)
        if fitted is not None:
            directions[n], flux, covariances[n] = fitted
            converged[n] = True
            shapes[n] = source_shapes(detector, directions[n : n + 1])[0]
            model = model - own + flux * shapes[n]
    return PositionFit(directions, covariances, converged)


def _fit_one(
    detector: Detector, start: np.ndarray, flux: float, others: np.ndarray
) -> tuple[np.ndarray, float, np.ndarray] | None:
    """Gauss-Newton on one source's flux and direction; None if it does not settle.

    The parameters besides are corrections to the modules' scales and a step along the shadow's edge.
    """
    direction, scale = start.copy(), first_scale(detector)
    edge = _edge(detector, *start)
    terms = np.empty((3 if edge is None else 4, len(detector.pixels)))
    terms[3:], prior = edge, np.array([0, 0, 0, 1 / (_STEP_PRIOR * scale) ** 2])[: len(terms)]
    per_pixel = detector.exposure / OPEN_PIXELS
    damping, last, step = np.ones(2), np.zeros(2), np.ones(2)
    for _ in range(_ROUNDS):
        for term, part in zip(terms, pif_derivatives(*direction), strict=False):
            np.multiply(fold(detector, part), per_pixel, out=term)
        expected = others + flux * terms[0]
        terms[1:3] *= flux * SKY_STEP
        model = _positive(expected, detector, scale)
        values, inverse = _solve(detector, terms, detector.counts - expected, model, prior)
        damping = np.where(values[1:3] * last < 0, damping * _TURN, damping)
        last = values[1:3]
        step = damping * np.clip(last, -_STEP_LIMIT, _STEP_LIMIT)
        direction = direction + step * SKY_STEP
        flux = flux + values[0]
        if flux <= 0 or np.abs(direction - start).max() > _LOST * SKY_STEP:
            return None
        if np.abs(step).max() < _CONVERGED:
            break
    if np.abs(step).max() > _SETTLED:
        return None
    return direction, flux, inverse[1:3, 1:3] * SKY_STEP**2


def source_shapes(detector: Detector, directions: np.ndarray) -> np.ndarray:
    """Return the counts per unit flux of each source in the pixels in use, [sources, pixels]."""
    per_pixel = detector.exposure / OPEN_PIXELS
    shapes = np.empty((len(directions), detector.counts.size))
    for shape, (ty, tz) in zip(shapes, directions, strict=True):
        shape[:] = fold(detector, _illumination(ty, tz)) * per_pixel
    return shapes


@lru_cache(256)
def _illumination(ty: float, tz: float) -> np.ndarray:
    """The same directions come again and again: in each round, band and time bin."""
    return pif(ty, tz)


def first_scale(detector: Detector) -> float:
    """Return the scale at which the background has all the counts: never 0, so that weights are finite."""
    return max(detector.counts.sum(), 1.0) / detector.background.sum()


def unfold(detector: Detector, values: np.ndarray) -> np.ndarray:
    """Return an image of the detector, [134, 130], of values of the pixels in use."""
    image = np.zeros(SHAPE)
    image.ravel()[detector.pixels] = values
    return image


def fold(detector: Detector, image: np.ndarray) -> np.ndarray:
    """Return the values that an image of the detector has in the pixels in use: the inverse of `unfold`."""
    return image.ravel()[detector.pixels]


def _edge(detector: Detector, ty: float, tz: float) -> np.ndarray | None:
    """Background in a source's shadow, without what the modules' scales take up; None if fully coded."""
    inside = fold(detector, footprint(ty, tz))
    if inside.std() < _LEAST_EDGE:
        return None
    return detector.background * inside


def _solve(
    detector: Detector, terms: np.ndarray, counts: np.ndarray, model: np.ndarray, prior: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted least squares of terms, with their prior weights, and of the modules' scales, which follow."""
    n = len(terms)
    normal = np.zeros((n + len(detector.modules),) * 2)
    right = np.empty(len(normal))
    weighted = terms / model
    background = detector.background / model
    normal[:n, :n] = weighted @ terms.T + np.diag(prior)
    normal[:n, n:] = np.add.reduceat(weighted * detector.background, detector.starts, axis=1)
    normal[n:, :n] = normal[:n, n:].T
    diagonal = np.arange(n, len(normal))
    normal[diagonal, diagonal] = np.add.reduceat(background * detector.background, detector.starts)
    right[:n] = weighted @ counts
    right[n:] = np.add.reduceat(background * counts, detector.starts)
    # The terms' units differ by orders of magnitude.
    size = np.sqrt(np.diag(normal))
    size[size == 0] = 1
    inverse = np.linalg.pinv(normal / np.outer(size, size), rcond=1e-10, hermitian=True) / np.outer(
        size, size
    )
    return inverse @ right, inverse


def scale_of_pixels(detector: Detector, scales: np.ndarray) -> np.ndarray:
    """Return the scale of each pixel in use, from those of the modules in use."""
    return np.repeat(scales, np.diff(np.append(detector.starts, len(detector.pixels))))


def _positive(model: np.ndarray, detector: Detector, scale: float) -> np.ndarray:
    """Keep a model used as a variance above zero, whatever negative flux is tried."""
    return np.maximum(model, 0.05 * scale * detector.background)
