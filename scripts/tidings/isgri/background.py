"""Background of each pixel: what its row, column and module share, and its own deviation over all energies.

A pixel counts more or less than its module's mean because of its threshold, gain, efficiency and place. Rows
and columns of a module share a part of that (edges, common electronics): multiplicative effects, estimated
channel by channel and shrunk by their own variance. What is left is the pixel's own, correlated over energy:
its covariance is that of the ensemble of pixels (without the Poisson noise), and a pixel's deviation is the
best linear estimate (Wiener filter) from all its channels. Sources are fitted in the same covariance, so that
they are not taken for deviations: theirs is the marginal likelihood (generalised least squares).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidings.isgri.geometry import MODULES, module_map

_ROUNDS = 4
_LEAST_EFFECT = 0.05
_LEAST_DEVIATION = -0.9
# A residual beyond this many of its own standard deviations says nothing about the ensemble.
_OUTLIER = 6.0
_LEAST_MODE = 3.0
"""Of a mode of the covariance, in units of the noise; 2 is what noise alone reaches."""
_TYPICAL_VARIANCE = 0.1
"""Of the pixels' own deviations, to weight pixels with."""
# Least expected counts of a pixel in a channel, so that its relative deviation stays finite.
_LEAST_EXPECTED = 0.05


@dataclass(frozen=True)
class PixelAxis:
    """The pixels in use as one axis, with the groups they belong to.

    Attributes
    ----------
    used
        [134, 130] bool.
    module, row, column
        [pixels], numbers of the module, and of the row and column within it.
    """

    used: np.ndarray
    module: np.ndarray
    row: np.ndarray
    column: np.ndarray

    @classmethod
    def of(cls, used: np.ndarray) -> PixelAxis:
        """Return the axis of the pixels where `used` [134, 130] is true."""
        module = module_map()
        z, y = np.indices(used.shape)
        row = module * 34 + z % 34
        column = module * 66 + y % 66
        return cls(used, module[used], row[used], column[used])


def module_means(counts: np.ndarray, live: np.ndarray, axis: PixelAxis) -> np.ndarray:
    """Return counts expected in each pixel from its module's mean rate.

    Parameters
    ----------
    counts
        [pixels, channels].
    live
        [pixels] live time [s].

    Returns
    -------
    ndarray
        [pixels, channels].
    """
    expected = np.zeros(counts.shape)
    for number in range(MODULES):
        mine = axis.module == number
        if mine.any():
            expected[mine] = np.multiply.outer(live[mine] / live[mine].sum(), counts[mine].sum(0))
    return expected


def shared_shape(counts: np.ndarray, expected: np.ndarray, axis: PixelAxis) -> tuple[np.ndarray, np.ndarray]:
    """Estimate multiplicative effects of the rows and columns of each module.

    Parameters
    ----------
    counts
        [pixels, channels].
    expected
        [pixels, channels], of pixels all alike: background from the modules' means, and sources.

    Returns
    -------
    shape : ndarray
        [pixels, channels], relative to `expected`.
    spread : ndarray
        [2, channels], rms of the effects of rows and of columns.
    """
    shape, spread = np.ones(expected.shape), np.zeros((2, expected.shape[1]))
    for channel in range(expected.shape[1]):
        mean, observed = expected[:, channel], counts[:, channel]
        factors = [np.ones(group.max() + 1) for group in (axis.row, axis.column)]
        for _ in range(_ROUNDS):
            for number, group in enumerate((axis.row, axis.column)):
                other = (axis.column, axis.row)[number]
                base = mean * factors[1 - number][other]
                base *= _rescale(base, observed, axis.module)
                factors[number], spread[number, channel] = _effects(observed, base, group)
        shape[:, channel] = factors[0][axis.row] * factors[1][axis.column]
        shape[:, channel] *= _rescale(mean * shape[:, channel], observed, axis.module)
    return shape, spread


def _rescale(expected: np.ndarray, counts: np.ndarray, module: np.ndarray) -> np.ndarray:
    """Return the factor of each pixel's module that makes the sums agree."""
    sums = np.bincount(module, expected, minlength=MODULES)
    scale = np.bincount(module, counts, minlength=MODULES) / np.where(sums > 0, sums, 1)
    return np.maximum(scale, 1e-6)[module]


def _effects(counts: np.ndarray, base: np.ndarray, group: np.ndarray) -> tuple[np.ndarray, float]:
    """Ratios of groups, shrunk by their variance over the ensemble (empirical Bayes), and its square root."""
    expected = np.bincount(group, base)
    there = expected > 0
    noise = 1 / np.where(there, expected, 1)
    ratio = np.where(there, np.bincount(group, counts) * noise, 1)
    weight = np.where(there, 1 / noise, 0)
    variance = max(0.0, float(weight @ ((ratio - 1) ** 2 - noise) / weight.sum()))
    return np.maximum(1 + (ratio - 1) * variance / (variance + noise), _LEAST_EFFECT), variance**0.5


def deviation_covariance(counts: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Estimate the covariance over channels of the pixels' relative deviations, without Poisson noise.

    Parameters
    ----------
    counts
        [pixels, channels].
    expected
        [pixels, channels], of background and sources, with the shared shape.

    Returns
    -------
    ndarray
        [channels, channels]; modes weaker than the noise of the estimate are left out.
    """
    expected = np.maximum(expected, _LEAST_EXPECTED)
    residual, noise = (counts - expected) / expected, 1 / expected
    limit = np.minimum(_OUTLIER * np.sqrt(noise + 0.02), 4 * np.maximum(1, np.sqrt(noise)))
    # A pixel tells the more of the ensemble, the less noise it has beside the deviations.
    weight = np.where(np.abs(residual) < limit, 1 / (noise + _TYPICAL_VARIANCE), 0)
    pairs = np.maximum(weight.T @ weight, 1e-30)
    weighted = weight * residual
    covariance = (weighted.T @ weighted - np.diag((weight**2 * noise).sum(0))) / pairs
    # In units of the noise a spurious mode has about 2 sqrt(channels / pixels) (Marchenko & Pastur 1967). The
    # noise that pixels all alike would need for the same error of the estimate; a squared residual of Poisson
    # counts has the variance 2 n^2 + n^3, n that of the residual.
    error = np.sqrt((weight**4 * (2 * noise**2 + noise**3)).sum(0)) / np.diag(pairs)
    unit = np.sqrt(error * np.sqrt(len(residual) / 2))
    values, modes = np.linalg.eigh(covariance / np.outer(unit, unit))
    values = np.where(values > _LEAST_MODE * np.sqrt(len(values) / len(residual)), values, 0)
    return (modes * values) @ modes.T * np.outer(unit, unit)


def total_covariance(covariance: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Return the covariance of each pixel's relative residual, [pixels, channels, channels]."""
    noise = 1 / np.maximum(expected, _LEAST_EXPECTED)
    return covariance[None] + noise[:, :, None] * np.eye(len(covariance))


def deviations(counts: np.ndarray, expected: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Estimate each pixel's relative deviation from its own counts in all channels (Wiener filter).

    Parameters
    ----------
    counts, expected, covariance
        As `deviation_covariance` takes and returns.

    Returns
    -------
    ndarray
        [pixels, channels], above -0.9.
    """
    expected = np.maximum(expected, _LEAST_EXPECTED)
    residual = (counts - expected) / expected
    solved = np.linalg.solve(total_covariance(covariance, expected), residual[:, :, None])[:, :, 0]
    return np.maximum(solved @ covariance, _LEAST_DEVIATION)


def fit_sources(
    counts: np.ndarray,
    background: np.ndarray,
    expected: np.ndarray,
    covariance: np.ndarray,
    shapes: np.ndarray,
    module: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit sources in every channel, with the pixels' deviations marginalised and the modules' scales free.

    Parameters
    ----------
    counts, background
        [pixels, channels].
    expected
        [pixels, channels], of background and sources as far as they are known: it sets the noise.
    covariance
        [channels, channels] of the deviations.
    shapes
        [sources, pixels, channels], counts of a unit flux.
    module
        [pixels].

    Returns
    -------
    fluxes : ndarray
        [sources, channels].
    covariance : ndarray
        [sources * channels, sources * channels].
    """
    expected = np.maximum(expected, _LEAST_EXPECTED)
    inverse = np.linalg.inv(total_covariance(covariance, expected))
    residual = np.einsum("pkl,pl->pk", inverse, (counts - background) / expected)
    channels, sources = counts.shape[1], len(shapes)
    members = [mine for number in range(MODULES) if (mine := module == number).any()]
    size = (sources + len(members)) * channels
    normal, right = np.zeros((size, size)), np.zeros(size)

    def put(i: int, j: int, block: np.ndarray) -> None:
        one, two = (slice(n * channels, (n + 1) * channels) for n in (i, j))
        normal[one, two], normal[two, one] = block, block.T

    terms, share = shapes / expected, background / expected
    shared = share[:, :, None] * inverse
    for place, mine in enumerate(members, sources):
        put(place, place, (shared[mine] * share[mine][:, None, :]).sum(0))
        right[place * channels : (place + 1) * channels] = (share * residual)[mine].sum(0)
    for i, one in enumerate(terms):
        weighted = one[:, :, None] * inverse
        right[i * channels : (i + 1) * channels] = (one * residual).sum(0)
        for j in range(i + 1):
            put(i, j, (weighted * terms[j][:, None, :]).sum(0))
        for place, mine in enumerate(members, sources):
            put(i, place, (weighted[mine] * share[mine][:, None, :]).sum(0))
    unit = np.sqrt(np.maximum(np.diag(normal), 1e-300))
    inverted = np.linalg.pinv(normal / np.outer(unit, unit), rcond=1e-10, hermitian=True) / np.outer(
        unit, unit
    )
    count = sources * channels
    return (inverted @ right)[:count].reshape(sources, channels), inverted[:count, :count]
