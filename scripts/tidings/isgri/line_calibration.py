"""Energies from the instrument's own lines, window by window.

Late in the mission the archive's energies are wrong by tens of per cent. Two features that the background
always has fix the scale, for every rise time: the fluorescence hump of the mask and the collimator (W K at
58.8 keV with K beta at 67.2 keV, blended with Pb K at 72.8, 75.0 and 84.9 keV) and the 511 keV line (the
22Na source on board, and annihilation). OSA 10 was tied to both (Caballero et al. 2013, arXiv:1304.1349).
Between and around them the energy is linear in pulse height, since the chain of amplification is; what
differs between rise times is the charge lost on the way.

The lower hump at half the pulse height of W is not a line: it is where the threshold meets the falling
continuum, and moves with neither anchor.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import least_squares

from tidings.errors import InputError
from tidings.isgri.events import Events
from tidings.isgri.geometry import module_map
from tidings.isgri.pixel_gains import PixelGains
from tidings.isgri.selection import MODULES, PIXELS

W_LINE, ANNIHILATION = 58.83, 511.0
"""Energies of the anchors [keV]; the first is the mean of W K alpha 1 and 2 as emitted."""

# Energies [keV] and emission relative to K alpha 1 (Bearden 1967; X-ray Data Booklet, table 1-3).
_W = ((57.98, 0.577), (59.32, 1.0), (67.24, 0.34), (69.07, 0.09))
_PB = ((72.80, 0.60), (74.97, 1.0), (84.94, 0.35), (87.30, 0.10))
_PB_TO_W = 0.45
_SLOPE = 0.967
"""keV per channel that the fit of the hump assumes for the distance of its parts."""
_RESOLUTION = 7.0
"""Standard deviation at 60 keV that the hump is fitted with [channels]; free, it trades with its place."""

RISE_EDGES = np.array([16, 22, 26, 30, 34, 38, 44, 50, 56, 62, 68, 76, 86, 96, 106, 117], float)
_RISE_511 = np.array([34, 40, 44, 48, 52, 58, 64, 70, 76, 82, 88, 94, 100], float)
_CLEAN = (22, 62)
"""Rise times whose hump is sharp: modules and pixels are compared in them."""
_FEWEST = 200_000
_HIGHEST = 600
"""Pulse height that nothing above is needed of [channel]."""
_MODULE_PRIOR = 0.03
_WINDOW = (40.0, 100.0)


@dataclass(frozen=True)
class LineCalibration:
    """Energy of an event = 58.83 keV + slope(rise) * (p - w(rise)), p its normalised pulse height.

    Attributes
    ----------
    rise
        [n] rise times that the curves are given at; linear between, constant beyond [channel].
    w, w_error
        [n] normalised pulse height of the W line [channel].
    line_511, line_511_error
        [n] that of the 511 keV line [channel].
    module_gain, module_error
        [8] factor on the pulse heights of a module, and its error.
    pixel_gain, pixel_offset
        [17420] p = module gain * (pixel gain * PHA + pixel offset); the module's gain is in them.
    counts
        Events used.
    pixel_source
        Where the pixels' gains are from.
    pixel_spread
        Rms of what the hump said of single pixels beyond those, after its noise.
    """

    rise: np.ndarray
    w: np.ndarray
    w_error: np.ndarray
    line_511: np.ndarray
    line_511_error: np.ndarray
    module_gain: np.ndarray
    module_error: np.ndarray
    pixel_gain: np.ndarray
    pixel_offset: np.ndarray
    counts: int
    pixel_source: str
    pixel_spread: float

    def energy(self, pha: np.ndarray, rise: np.ndarray, pixel: np.ndarray) -> np.ndarray:
        """Return energies [keV] of dithered pulse heights, rise times and pixels; not below 0."""
        channel = np.arange(256.0)
        w = np.interp(channel, self.rise, self.w).astype(np.float32)
        slope = ((ANNIHILATION - W_LINE) / np.interp(channel, self.rise, self.line_511 - self.w)).astype(
            np.float32
        )
        zero = np.float32(W_LINE) - slope * w
        p = self.pixel_gain[pixel] * pha + self.pixel_offset[pixel]
        return np.maximum(slope[rise] * p + zero[rise], np.float32(0))

    def report(self) -> dict[str, object]:
        """Return what a product states of the calibration, as plain numbers."""

        def plain(values: np.ndarray, digits: int) -> list[float]:
            return [round(float(value), digits) for value in values]

        return {
            "rise": plain(self.rise, 1),
            "w_channel": plain(self.w, 2),
            "w_channel_error": plain(self.w_error, 2),
            "511_channel": plain(self.line_511, 1),
            "511_channel_error": plain(self.line_511_error, 1),
            "module_gain": plain(self.module_gain, 4),
            "module_gain_error": plain(self.module_error, 4),
            "events": int(self.counts),
            "pixel_gains": self.pixel_source,
            "pixel_spread": round(self.pixel_spread, 4),
        }


def calibrate(
    events: Events, good: np.ndarray, pha: np.ndarray, rise: np.ndarray, gains: PixelGains
) -> LineCalibration:
    """Calibrate a window on its own lines.

    Parameters
    ----------
    good
        [events] bool, events of pixels in use.
    pha, rise
        [events] dithered pulse height, and rise time (ISGRI_PI) [channel].
    gains
        Relative gains of the pixels.

    Raises
    ------
    InputError
        Too few events, or no hump where W has its own.
    """
    good = good & (events.pha < _HIGHEST)
    if good.sum() < _FEWEST:
        raise InputError(
            f"window {events.swid}: {int(good.sum())} events are too few to find the instrument's lines in "
            f"(at least {_FEWEST}): use another energy level, or give it together with longer windows"
        )
    pixel, rises = events.pixel[good], rise[good]
    p = gains.gain[pixel] * pha[good] + gains.offset[pixel]
    module = module_map().ravel()[pixel]
    clean = (rises >= _CLEAN[0]) & (rises < _CLEAN[1])
    factor, error = _module_gains(p[clean], module[clean], events.swid)
    p = p * factor.astype(np.float32)[module]
    single, spread = _pixel_gains(p[clean], pixel[clean])
    p = p * single[pixel]
    low = _hump_histograms(rises, 256, p)
    centre, w, w_error = _w_curve(*low, events.swid)
    line, line_error = _annihilation_curve(*_histograms(rises, 256, p, 6.0, 306.0, 606.0), centre)
    # Again, now that the channels that lie between the parts of the hump are known for each rise time.
    centre, w, w_error = _w_curve(*low, events.swid, (ANNIHILATION - W_LINE) / (line - w))
    scale = single * factor.astype(np.float32)[np.maximum(module_map().ravel(), 0)]
    return LineCalibration(
        rise=centre,
        w=w,
        w_error=w_error,
        line_511=line,
        line_511_error=line_error,
        module_gain=factor,
        module_error=error,
        pixel_gain=gains.gain * scale,
        pixel_offset=gains.offset * scale,
        counts=int(good.sum()),
        pixel_source=gains.source,
        pixel_spread=spread,
    )


def fit_hump(counts: np.ndarray, centres: np.ndarray, slope: float = _SLOPE) -> tuple[float, float, float]:
    """Fit the fluorescence hump of W and Pb on a continuum.

    Parameters
    ----------
    counts, centres
        Histogram; centres in channels, or in keV with `slope` 1.
    slope
        keV per unit of the histogram.

    Returns
    -------
    place, error, chi2
        Place of W K alpha (58.83 keV) and its error in units of the histogram; reduced chi2.
    """
    kept = (centres * slope > 0.65 * W_LINE) & (centres * slope < 2.1 * W_LINE)
    x, n = centres[kept], counts[kept].astype(float)
    level = max(n.max(), 1.0)

    def model(values: np.ndarray) -> np.ndarray:
        place, width, height, ratio, c0, c1, c2 = values
        u = (x - 50 / slope) / (50 / slope)
        result = np.exp(c0 + c1 * u + c2 * u * u)
        for lines, amplitude in ((_W, height), (_PB, height * ratio)):
            for energy, emission in lines:
                sigma = width * np.sqrt(energy / 60)
                result = result + amplitude * emission * np.exp(
                    -0.5 * ((x - place - (energy - W_LINE) / slope) / sigma) ** 2
                )
        return result

    error = np.sqrt(np.maximum(n, 4))
    middle = W_LINE / slope if slope == 1 else 50.0
    start = [middle, _RESOLUTION, level * 0.4, _PB_TO_W, np.log(level * 0.5), -0.3, 0.0]
    fit = least_squares(
        lambda values: np.append(
            (model(values) - n) / error,
            [(values[1] - _RESOLUTION) / 0.7, (values[3] - _PB_TO_W) / 0.1],
        ),
        start,
        bounds=([0.7 * middle, 3, 0, 0, -20, -9, -9], [1.35 * middle, 14, 9 * level, 3, 30, 9, 9]),
        x_scale=[1, 1, level * 0.1, 0.1, 0.3, 0.3, 0.3],
    )
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac)
    return float(fit.x[0]), float(np.sqrt(covariance[0, 0])), float(2 * fit.cost / max(len(n) - 7, 1))


def fit_line(
    counts: np.ndarray, centres: np.ndarray, place: float, width: float = 22.0
) -> tuple[float, float, float]:
    """Fit a Gaussian line on a continuum; return its place, error, and its height over the error of it."""
    x, n = centres, counts.astype(float)
    error = np.sqrt(np.maximum(n, 4))
    level = max(float(n.mean()), 1.0)

    def residuals(values: np.ndarray) -> np.ndarray:
        centre, sigma, height, c0, c1, c2 = values
        u = (x - place) / place
        mean = np.exp(c0 + c1 * u + c2 * u * u) + height * np.exp(-0.5 * ((x - centre) / sigma) ** 2)
        return np.append((mean - n) / error, (sigma - width) / (0.2 * width))

    fit = least_squares(
        residuals,
        [place, width, 0.3 * level, np.log(level), -2.0, 0.0],
        bounds=(
            [0.85 * place, width / 2, 0, -20, -30, -30],
            [1.15 * place, 2 * width, 9 * level, 30, 30, 30],
        ),
        x_scale=[5, 5, 0.1 * level, 0.3, 1, 1],
    )
    covariance = np.linalg.pinv(fit.jac.T @ fit.jac)
    return (
        float(fit.x[0]),
        float(np.sqrt(covariance[0, 0])),
        float(fit.x[2] / np.sqrt(covariance[2, 2] + 1e-9)),
    )


def _histograms(
    group: np.ndarray, groups: int, p: np.ndarray, step: float, low: float, high: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return histograms [groups, bins] of pulse heights, and the centres of their bins."""
    bins = round((high - low) / step)
    place = ((p - np.float32(low)) * np.float32(1 / step)).astype(np.int32)
    inside = (p >= low) & (place < bins)
    counts = np.bincount(group[inside].astype(np.int32) * bins + place[inside], minlength=groups * bins)
    return counts.reshape(groups, bins), low + step * (np.arange(bins) + 0.5)


def _hump_histograms(group: np.ndarray, groups: int, p: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return _histograms(group, groups, p, 1.0, 0.0, 140.0)


def _module_gains(p: np.ndarray, module: np.ndarray, swid: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the factor on a module's pulse heights that puts its hump where that of all is."""
    counts, centres = _hump_histograms(module, MODULES, p)
    place, error, _ = fit_hump(counts.sum(axis=0), centres)
    if not 0 < error < 3:
        raise InputError(
            f"window {swid}: no fluorescence hump of tungsten near PHA 50 to calibrate on: use another "
            "energy level (archive, or tables)"
        )
    places = np.full((MODULES, 2), (place, np.inf))
    for number in range(MODULES):
        if counts[number].sum() > _FEWEST / 20:
            places[number] = fit_hump(counts[number], centres)[:2]
    ratio, sigma = place / places[:, 0], places[:, 1] / place
    # A module is not far from the others: the hump's noise is not allowed to say otherwise.
    weight = 1 / (1 + (sigma / _MODULE_PRIOR) ** 2)
    return 1 + weight * (ratio - 1), np.minimum(sigma, _MODULE_PRIOR)


def _pixel_gains(p: np.ndarray, pixel: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the factor of each pixel that its own hump asks for, shrunk towards 1, and the spread found.

    One step of maximum likelihood for a stretch of the spectrum of all pixels in `_WINDOW`, from the score of
    each event; the spread beyond the noise is that of the pixels, and sets how far each is believed.
    """
    centres = np.arange(_WINDOW[0] - 5, _WINDOW[1] + 6)
    shape, _ = np.histogram(p, np.append(centres - 0.5, centres[-1] + 0.5))
    smooth = np.convolve(shape, np.hanning(9) / np.hanning(9).sum(), "same")
    score = -1 - centres * np.gradient(np.log(np.maximum(smooth, 1)))
    inside = (p >= _WINDOW[0]) & (p < _WINDOW[1])
    value = np.interp(p[inside], centres, score)
    value -= value.mean()
    information = float(value.var())
    number = np.bincount(pixel[inside], minlength=PIXELS)
    total = np.bincount(pixel[inside], weights=value, minlength=PIXELS)
    enough = number >= 10
    stretch = np.where(enough, total / np.maximum(number * information, 1e-9), 0)
    noise = 1 / np.maximum(number * information, 1e-9)
    centre = np.clip(stretch[enough], -0.3, 0.3)
    # Medians: a few pixels with a spectrum of their own must not set the spread of all.
    beyond = (1.4826 * np.median(np.abs(centre - np.median(centre)))) ** 2 - np.median(noise[enough])
    variance = max(float(beyond), 0.0)
    shrunk = np.where(enough, np.clip(stretch, -0.3, 0.3) * variance / (variance + noise), 0)
    return (1 / (1 + shrunk)).astype(np.float32), float(np.sqrt(variance))


def _w_curve(
    counts: np.ndarray, centres: np.ndarray, swid: str, slope: np.ndarray | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return mean rise time, place of W and its error for each range of rise times with enough events."""
    rises, place, error = [], [], []
    for low, high in pairwise(RISE_EDGES.astype(int)):
        mine = counts[low:high]
        if mine.sum() < 5000:
            continue
        step = _SLOPE if slope is None else float(slope[len(place)])
        value, sigma, _ = fit_hump(mine.sum(axis=0), centres, step)
        weights = mine[:, centres > 0.5 * W_LINE].sum(axis=1)
        rises.append(float(np.average(np.arange(low, high), weights=weights)))
        place.append(value)
        error.append(max(sigma, 0.1))
    if len(place) < 4:
        raise InputError(f"window {swid}: too few events in most rise times to find the hump of tungsten in")
    return np.array(rises), np.array(place), np.array(error)


def _annihilation_curve(
    counts: np.ndarray, centres: np.ndarray, wanted: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the place of 511 keV at the wanted rise times, and its error.

    The line is seen from a rise time of 34 to 100; below, photons of 511 keV have no peak, and the first
    place stands. A cubic through the fitted places steadies them.
    """
    x, y, e = [], [], []
    guess = 515.0
    for low, high in pairwise(_RISE_511.astype(int)):
        near = (centres > 0.72 * guess) & (centres < 1.15 * guess)
        place, error, height = fit_line(counts[low:high, near].sum(axis=0), centres[near], guess)
        if height > 3 and error < 12:
            x.append((low + high) / 2)
            y.append(place)
            e.append(max(error, 2.0))
            guess = place
    if len(x) < 5:
        # The line is as good as gone: where it is in a usual window, with an error that says so.
        return np.interp(wanted, [45, 100], [517.0, 440.0]), np.full(len(wanted), 20.0)
    fit, covariance = np.polyfit(x, y, 3, w=1 / np.array(e), cov="unscaled")
    powers = np.vander(np.clip(wanted, x[0], x[-1]), 4)
    return powers @ fit, np.sqrt(np.einsum("ij,jk,ik->i", powers, covariance, powers))
