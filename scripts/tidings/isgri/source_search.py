"""Sources in a mosaic: noise of the empty sky, peaks, and fits of the effective PSF."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from astropy.table import Table
from scipy.special import ndtr

from tidings.isgri._effective_psf import Optics
from tidings.isgri._sky_grid import longitude_latitude
from tidings.isgri.mosaic import Mosaic

ISGRI_PIXEL = math.radians(0.0823)
_STAMP = 2.2 * ISGRI_PIXEL  # radius of the fit
_WINGS = 4.5 * ISGRI_PIXEL  # radius to which a source reaches
_MOST_IN_STAMP = 40
# What the PSF differs from its model, in parts of the peak: stated by the maker of the image, or measured.
_SHAPE_ERROR, _MEASURED_SHAPE_ERROR = 0.003, 0.01
_STEP = 0.02 * ISGRI_PIXEL  # of the position, for the slopes
_ROUNDS = 12
_TO_90 = math.sqrt(-2 * math.log(0.1))  # radius of 90 % of a round Gaussian, in its standard deviations
# Position errors of 360 simulated fits over those of the fit, which takes the noise of neighbouring pixels to
# have exactly the shape of a source.
_POSITION_SPREAD = 1.1
_GHOST_PERIOD = 53 * 11.2 / 4.6  # pixels after which the mask repeats
_GHOST_REACH = 4.0  # pixels
_SIDELOBE_REACH = math.radians(0.75)
_SIDELOBE = 0.05  # of the flux of a source so near


@dataclass(frozen=True)
class Noise:
    """Gaussian fitted to the significances of the sky without sources.

    Attributes
    ----------
    mean, sigma
        Of the Gaussian.
    minimum, maximum
        Extremes of the significance there.
    pixels
        Number of them.
    """

    mean: float
    sigma: float
    minimum: float
    maximum: float
    pixels: int


@dataclass(frozen=True)
class Source:
    """A source fitted in a mosaic.

    Attributes
    ----------
    direction
        Unit vector, FK5.
    flux, error
        Rate and its standard deviation [counts/s].
    position_error
        Radius that holds 90 % [deg], of the noise alone.
    windows
        Number of windows that see it.
    confused
        Another source is nearer than two widths of the PSF.
    """

    direction: np.ndarray
    flux: float
    error: float
    position_error: float
    windows: int
    confused: bool = False

    @property
    def significance(self) -> float:
        """Flux over its error."""
        return self.flux / self.error


def fit_noise(significance: np.ndarray, cut: float = 2.5) -> Noise:
    """Fit a Gaussian to the core of a distribution, within `cut` standard deviations of its mean.

    What remains of sources lies outside the core, so it does not widen the Gaussian.
    """
    values = np.asarray(significance, np.float64)
    if len(values) < 100:
        return Noise(math.nan, math.nan, math.nan, math.nan, len(values))
    mean, sigma = float(np.median(values)), float(np.subtract(*np.percentile(values, [75, 25])) / 1.349)
    # Standard deviation of a normal distribution that is cut off.
    kept = math.sqrt(1 - 2 * cut * normal_density(cut) / (2 * ndtr(cut) - 1))
    for _ in range(50):
        core = values[np.abs(values - mean) < cut * sigma]
        previous, mean, sigma = sigma, float(core.mean()), float(core.std() / kept)
        if abs(sigma - previous) < 1e-6 * sigma:
            break
    return Noise(mean, sigma, float(values.min()), float(values.max()), len(values))


def normal_density(x: np.ndarray | float, mean: float = 0.0, sigma: float = 1.0) -> np.ndarray | float:
    """Return the density of a normal distribution."""
    return np.exp(-0.5 * ((x - mean) / sigma) ** 2) / (sigma * math.sqrt(2 * math.pi))


def source_free(mosaic: Mosaic, directions: np.ndarray, radius: float = 2 * _WINGS) -> np.ndarray:
    """Return the pixels with data that are farther than `radius` [rad] from all of the directions [k, 3]."""
    free = mosaic.variance > 0
    for direction in directions:
        free[mosaic.grid.near(direction, radius)] = False
    return free


def measure_noise(mosaic: Mosaic, directions: np.ndarray, threshold: float = 5.0) -> Noise:
    """Fit the noise of a mosaic away from given directions and from everything above a threshold."""
    bright = mosaic.significance > threshold
    peaks = _peaks(mosaic, np.where(bright, mosaic.significance, 0), threshold, 10000)
    around = [mosaic.grid.vectors[:, peak].astype(float) for peak in peaks]
    free = source_free(mosaic, np.array([*directions, *around]).reshape(-1, 3))
    return fit_noise(mosaic.significance[free])


def find_sources(mosaic: Mosaic, threshold: float = 6.0, *, most: int = 500, rounds: int = 4) -> list[Source]:
    """Find and fit sources, the brightest first, taking each out of the mosaic before the next search.

    Parameters
    ----------
    mosaic
        With its variance rescaled, if it is to be.
    threshold
        Least significance, of the peak and of the fitted flux.
    most
        Number of sources at which the search ends.
    rounds
        Searches of the residual mosaic.

    Notes
    -----
    Peaks below 5 % of a source within 0.75 deg, and those at the mask's repetition from a source three times
    brighter in most windows, are taken for what its subtraction left.
    """
    optics = Optics.of(mosaic.frames)
    found: list[Source] = []
    models: list[tuple[np.ndarray, np.ndarray]] = []
    refused: list[np.ndarray] = []
    residual = mosaic.intensity.astype(np.float64)
    for _ in range(rounds):
        deviation = np.sqrt(np.where(mosaic.variance > 0, mosaic.variance, np.inf))
        peaks = _peaks(mosaic, residual / deviation, threshold, most - len(found))
        fresh = 0
        for peak in peaks:
            start = mosaic.grid.vectors[:, peak].astype(float)
            if any(start @ other > math.cos(_WINGS) for other in refused):
                continue
            source = fit_source(mosaic, optics, start, residual)
            if source is None or source.significance < threshold or _is_artefact(source, found, optics):
                refused.append(start)
                continue
            found.append(source)
            models.append(_model(mosaic, optics, source))
            residual[models[-1][0]] -= models[-1][1]
            fresh += 1
        if not fresh:
            break
        _refit(mosaic, optics, found, models, residual)
    found = [source for source in found if source.significance >= threshold]
    return sorted(_mark_confused(found), key=lambda source: -source.significance)


def fit_source(
    mosaic: Mosaic, optics: Optics, start: np.ndarray, plane: np.ndarray, *, move: bool = True
) -> Source | None:
    """Fit rate and position of a point source with the effective PSF; None where there is no data.

    Parameters
    ----------
    mosaic
        Grid and variance.
    optics
        Of its frames.
    start
        Direction from which the fit sets out.
    plane
        Intensity without other sources [counts/s].
    move
        Fit the position too.
    """
    pixels = _stamp(mosaic, start)
    optics, weight = optics.covering(start)
    if len(pixels) < 3 or not len(weight):
        return None
    vectors, data = mosaic.grid.vectors[:, pixels].astype(float), plane[pixels]
    noise = _covariance(mosaic.variance[pixels], vectors, optics, weight)
    shape_error = _MEASURED_SHAPE_ERROR if any(f.measured for f in optics.frames) else _SHAPE_ERROR
    tangents, place, flux = _tangents(start), np.zeros(2), float(data.max())
    for _ in range(_ROUNDS if move else 2):
        design = _design(optics, weight, vectors, _shift(start, tangents, place), tangents, flux, move)
        inverse = np.linalg.inv(noise + np.eye(len(pixels)) * (shape_error * flux) ** 2)
        fisher = design.T @ inverse @ design
        if not np.isfinite(fisher).all() or np.linalg.cond(fisher) > 1e14:
            return None
        change = np.linalg.solve(fisher, design.T @ inverse @ (data - flux * design[:, 0]))
        shift = change[1:] * _STEP if move else np.zeros(2)
        shift = shift * min(1.0, 0.5 * ISGRI_PIXEL / max(np.hypot(*shift), 1e-12))
        flux, place = float(flux + change[0]), place + shift
        if (flux <= 0 and move) or np.hypot(*place) > _STAMP:
            return None
        if np.hypot(*shift) < 1e-3 * ISGRI_PIXEL and abs(change[0]) < 1e-4 * abs(flux):
            break
    spread = np.linalg.inv(fisher)
    position = _STEP * math.sqrt(np.diag(spread)[1:].mean()) * _TO_90 * _POSITION_SPREAD if move else 0.0
    return Source(
        _shift(start, tangents, place), flux, math.sqrt(spread[0, 0]), math.degrees(position), len(weight)
    )


def _stamp(mosaic: Mosaic, start: np.ndarray) -> np.ndarray:
    """Return the pixels of a fit: those with data around a direction, thinned where they are many."""
    pixels = mosaic.grid.near(start, max(_STAMP, 1.5 * math.radians(mosaic.grid.pixel)))
    pixels = pixels[mosaic.variance[pixels] > 0]
    return pixels[:: max(1, math.ceil(len(pixels) / _MOST_IN_STAMP))]


def _design(
    optics: Optics,
    weight: np.ndarray,
    vectors: np.ndarray,
    direction: np.ndarray,
    tangents: tuple[np.ndarray, np.ndarray],
    flux: float,
    move: bool,
) -> np.ndarray:
    """Return the shape of a source in the pixels, and its changes with steps of the position."""
    shape = optics.response(direction, weight, vectors)
    if not move:
        return shape[:, None]
    moved = [
        optics.response(_shift(direction, tangents, step), weight, vectors) for step in np.eye(2) * _STEP
    ]
    return np.stack([shape, *(flux * (other - shape) for other in moved)], axis=1)


def merge_bands(found: list[list[Source]], radius: float = 6 * math.pi / 10800) -> list[Source]:
    """Return the sources of several bands as one list: within `radius` [rad] the most significant stands."""
    merged: list[Source] = []
    for source in sorted((one for band in found for one in band), key=lambda source: -source.significance):
        if all(np.linalg.norm(source.direction - other.direction) > radius for other in merged):
            merged.append(source)
    return _mark_confused(merged)


def measure_fluxes(mosaic: Mosaic, sources: list[Source], rounds: int = 3) -> list[Source]:
    """Fit the rates of sources at fixed directions, each with the others taken out.

    A source outside the mosaic has rate and error NaN.
    """
    optics = Optics.of(mosaic.frames)
    residual = mosaic.intensity.astype(np.float64)
    fitted = [replace(source, flux=0.0) for source in sources]
    none = (np.zeros(0, np.int64), np.zeros(0))
    models = [none] * len(fitted)
    for _ in range(rounds):
        for number, source in enumerate(fitted):
            pixels, rate = models[number]
            residual[pixels] += rate
            again = fit_source(mosaic, optics, source.direction, residual, move=False)
            if again is None:
                fitted[number], models[number] = replace(source, flux=math.nan, error=math.nan), none
                continue
            fitted[number] = replace(source, flux=again.flux, error=again.error)
            models[number] = _model(mosaic, optics, fitted[number])
            residual[models[number][0]] -= models[number][1]
    return fitted


def residual_significance(mosaic: Mosaic, sources: list[Source]) -> np.ndarray:
    """Return the significance of a mosaic, [pixels], without the sources."""
    optics = Optics.of(mosaic.frames)
    residual = mosaic.intensity.astype(np.float64)
    for source in sources:
        pixels, rate = _model(mosaic, optics, source)
        residual[pixels] -= rate
    return residual / np.sqrt(np.where(mosaic.variance > 0, mosaic.variance, np.inf))


def source_free_significance(mosaic: Mosaic, sources: list[Source]) -> tuple[np.ndarray, Noise]:
    """Return the significances of the pixels away from sources, and the Gaussian fitted to them."""
    directions = np.array([source.direction for source in sources]).reshape(-1, 3)
    values = mosaic.significance[source_free(mosaic, directions)]
    return values, fit_noise(values)


def source_table(sources: list[Source]) -> Table:
    """Return fitted sources as a table with OSA's column names."""
    ra, dec = longitude_latitude(np.array([source.direction for source in sources]).reshape(-1, 3))
    table = Table({"RA_FIN": ra, "DEC_FIN": dec})
    for name, attribute, unit in (
        ("FIN_RD_ERR", "position_error", "deg"),
        ("FLUX", "flux", "count/s"),
        ("FLUX_ERR", "error", "count/s"),
        ("DETSIG", "significance", None),
    ):
        table[name] = np.array([getattr(source, attribute) for source in sources], float)
        table[name].unit = unit
    table["SCW_NUM_C"] = np.array([source.windows for source in sources], np.int64)
    table["CONFUSED"] = np.array([source.confused for source in sources], bool)
    for name in ("RA_FIN", "DEC_FIN"):
        table[name].unit = "deg"
    return table


def _peaks(mosaic: Mosaic, significance: np.ndarray, threshold: float, most: int) -> list[int]:
    """Return the highest pixels, none within the PSF of a higher one."""
    above = np.flatnonzero(significance >= threshold)
    above = above[np.argsort(-significance[above], kind="stable")]
    peaks: list[int] = []
    left = np.ones(len(above), bool)
    vectors = mosaic.grid.vectors[:, above]
    for number, pixel in enumerate(above):
        if left[number]:
            peaks.append(int(pixel))
            chord = np.linalg.norm(vectors - vectors[:, number, None], axis=0)
            left[chord < _WINGS] = False
            if len(peaks) >= most:
                break
    return peaks


def _covariance(variance: np.ndarray, vectors: np.ndarray, optics: Optics, weight: np.ndarray) -> np.ndarray:
    """Return the covariance of the noise of pixels: white detector noise has the shape of a source."""
    some, few = slice(None, None, max(1, len(weight) // 16)), weight[:: max(1, len(weight) // 16)]
    part = Optics(
        optics.frames[some],
        optics.matrices[some],
        optics.weights[some],
        optics.variances[some],
        optics.profiles[some],
    )
    shape = np.stack([part.response(vector, few, vectors) for vector in vectors.T])
    shape = (shape + shape.T) / 2
    own = np.sqrt(np.diag(shape))
    values, axes = np.linalg.eigh(shape / np.outer(own, own))
    # What rounding and the choice of windows left below zero.
    shape = (axes * np.maximum(values, 1e-3)) @ axes.T
    return shape * np.sqrt(np.outer(variance, variance))


def _tangents(direction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    pole = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.9999 else np.array([1.0, 0.0, 0.0])
    east = np.cross(pole, direction)
    east /= np.linalg.norm(east)
    return east, np.cross(direction, east)


def _shift(start: np.ndarray, tangents: tuple[np.ndarray, np.ndarray], place: np.ndarray) -> np.ndarray:
    moved = start + tangents[0] * place[0] + tangents[1] * place[1]
    return moved / np.linalg.norm(moved)


def _model(mosaic: Mosaic, optics: Optics, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixels that a source reaches, and its rate in them."""
    pixels = mosaic.grid.near(source.direction, _WINGS)
    pixels = pixels[mosaic.variance[pixels] > 0]
    part, weight = optics.covering(source.direction)
    if not len(weight):
        return pixels, np.zeros(len(pixels))
    return pixels, source.flux * part.response(source.direction, weight, mosaic.grid.vectors[:, pixels])


def _refit(
    mosaic: Mosaic,
    optics: Optics,
    found: list[Source],
    models: list[tuple[np.ndarray, np.ndarray]],
    residual: np.ndarray,
) -> None:
    """Fit again each source with a neighbour, the others taken out; `found`, `models`, `residual` change."""
    for _ in range(2):
        for number, source in enumerate(found):
            if _nearest(source, found) > 2 * _WINGS:
                continue
            pixels, rate = models[number]
            residual[pixels] += rate
            again = fit_source(mosaic, optics, source.direction, residual) or source
            found[number], models[number] = again, _model(mosaic, optics, again)
            residual[models[number][0]] -= models[number][1]


def _nearest(source: Source, found: list[Source]) -> float:
    """Return the distance of the nearest other source [rad]."""
    chords = [np.linalg.norm(source.direction - other.direction) for other in found if other is not source]
    return 2 * math.asin(min(min(chords, default=2.0) / 2, 1.0))


def _mark_confused(found: list[Source]) -> list[Source]:
    width = 2 * 2.355 * 1.098 * ISGRI_PIXEL
    return [replace(source, confused=_nearest(source, found) < width) for source in found]


def _is_artefact(source: Source, found: list[Source], optics: Optics) -> bool:
    """Say whether a peak is what the subtraction of a brighter source leaves: a sidelobe, or a ghost."""
    for other in found:
        near = np.linalg.norm(source.direction - other.direction) < _SIDELOBE_REACH
        if near and source.flux < _SIDELOBE * other.flux:
            return True
        if source.flux < 0.33 * other.flux and _is_ghost(source.direction, other.direction, optics):
            return True
    return False


def _is_ghost(direction: np.ndarray, source: np.ndarray, optics: Optics) -> bool:
    part, weight = optics.covering(direction)
    a, b = part.matrices @ direction, part.matrices @ source
    seen = b[:, 0] > 0.3
    offset = a[:, 1:] / a[:, :1] - b[:, 1:] / np.where(seen, b[:, 0], 1)[:, None]
    order = np.round(offset / _GHOST_PERIOD)
    close = np.abs(offset - order * _GHOST_PERIOD).max(axis=1) < _GHOST_REACH
    ghost = seen & close & (np.abs(order).max(axis=1) > 0)
    return weight[ghost].sum() > 0.5 * weight.sum()
