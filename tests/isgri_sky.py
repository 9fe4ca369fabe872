"""Synthetic sky images: sources with the PSF of a balanced image, and noise with its correlation."""

from __future__ import annotations

import numpy as np
from astropy.wcs import WCS

from tidings.isgri.decode import decode_intensity, decode_variance, normalise, planes, psf_stamp
from tidings.isgri.fit import fit_fluxes
from tidings.isgri.geometry import (
    OPEN_PIXELS,
    module_map,
    sky_pixel,
    sky_wcs,
    tangents,
    unit_vectors,
)
from tidings.isgri.geometry import SHAPE as DETECTOR
from tidings.isgri.pif import pif
from tidings.isgri.sky_image_file import ISGRI_PSF, SkyImage

SHAPE = (365, 361)
STEP = 0.0822858


def psf(x: np.ndarray, a: float = ISGRI_PSF[0], b: float = ISGRI_PSF[1]) -> np.ndarray:
    """Convolve the two triangles by summing over a fine grid: another way than the library's."""
    u = (np.arange(4001) - 2000) / 2000 * b
    tent = 1 - np.abs(u) / b

    def at(value):
        return np.maximum(1 - np.abs(np.asarray(value)[..., None] - u) / a, 0) @ tent

    return at(x) / at(0.0)


def wcs_of(ra: float, dec: float, roll: float) -> WCS:
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [181.0, 183.0]
    c, s = np.cos(np.radians(roll)), np.sin(np.radians(roll))
    wcs.wcs.cd = STEP * np.array([[-c, -s], [-s, c]])
    wcs.wcs.cunit = ["deg", "deg"]
    wcs.wcs.set()
    return wcs


def coded_fraction() -> np.ndarray:
    z, y = np.abs(np.arange(SHAPE[0]) - 182.0), np.abs(np.arange(SHAPE[1]) - 180.0)
    fall_z, fall_y = (np.clip((177 - x) / 129, 0, 1) for x in (z, y))
    return np.outer(fall_z, fall_y)


def correlated(rng: np.random.Generator) -> np.ndarray:
    """Return unit noise with the correlation of the PSF along both axes."""
    size = 384
    lag = np.minimum(np.arange(size), size - np.arange(size))
    power = np.maximum(np.fft.fft(psf(lag)).real, 0)
    noise = np.fft.fft2(rng.standard_normal((size, size))) * np.sqrt(np.outer(power, power))
    return np.fft.ifft2(noise).real[: SHAPE[0], : SHAPE[1]]


def sky_image(
    ra: float = 83.0,
    dec: float = 22.0,
    roll: float = 0.0,
    sources: tuple[tuple[float, float, float], ...] = (),
    *,
    rng: np.random.Generator | None = None,
    error: float = 0.7,
    swid: str = "000100010010",
    band: tuple[float, float] = (20.0, 40.0),
    **change,
) -> SkyImage:
    """Return the image of sources (RA, Dec, rate); the noise is `error` on axis, and grows with 1/coding."""
    wcs, coded = wcs_of(ra, dec, roll), coded_fraction()
    seen = coded > 0.02
    deviation = np.where(seen, error / np.sqrt(np.where(seen, coded, 1)), 0)
    plane = np.zeros(SHAPE)
    for source_ra, source_dec, rate in sources:
        y0, z0 = wcs.wcs_world2pix([[source_ra, source_dec]], 0)[0]
        plane += rate * np.outer(psf(np.arange(SHAPE[0]) - z0), psf(np.arange(SHAPE[1]) - y0))
    noise = np.zeros(SHAPE) if rng is None else correlated(rng) * deviation
    plane = np.where(seen, plane + noise, 0)
    made = {
        "intensity": plane.astype(np.float32),
        "variance": (deviation**2).astype(np.float32),
        "significance": np.where(seen, plane / np.where(seen, deviation, 1), 0).astype(np.float32),
        "residual": noise.astype(np.float32),
        "exposure": (1500 * coded * seen).astype(np.float32),
    }
    start = 3006.0 + int(swid[4:8]) / 40
    return SkyImage(
        **{**made, **change.pop("planes", {})},
        **{
            "wcs": wcs,
            "swid": swid,
            "revolution": int(swid[:4]),
            "e_min": band[0],
            "e_max": band[1],
            "tstart": start,
            "tstop": start + 2000 / 86400,
            "ontime": 2000.0,
            **change,
        },
    )


def dithered(count: int = 25, ra: float = 83.0, dec: float = 22.0) -> list[dict]:
    """Return centres and rolls of pointings on a 5 x 5 grid of 2.17 degrees, the roll slowly turning."""
    made = []
    for number in range(count):
        i, j = divmod(number % 25, 5)
        offset = (j - 2) * 2.17 / np.cos(np.radians(dec))
        made.append(
            {
                "ra": ra + offset,
                "dec": dec + (i - 2) * 2.17,
                "roll": 20 + 0.7 * number,
                "swid": f"0001{number + 1:04d}0010",
            }
        )
    return made


EXPOSURE, BACKGROUND_RATE, DEAD = 2000.0, 700.0, 0.04


def matrix_of(ra: float, dec: float, roll: float) -> np.ndarray:
    """Return the instrument's axes for a pointing; the roll turns Z from north."""
    x = unit_vectors(ra, dec)
    east = np.array([-np.sin(np.radians(ra)), np.cos(np.radians(ra)), 0.0])
    north = np.cross(x, east)
    z = np.cos(np.radians(roll)) * north + np.sin(np.radians(roll)) * east
    return np.stack([x, np.cross(z, x), z])


def detector(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return exposure and background of 2 ks with dead pixels, [134, 130]."""
    alive = (module_map() >= 0) & (rng.random(DETECTOR) > DEAD)
    exposure = np.where(alive, EXPOSURE, 0.0)
    return exposure, np.where(alive, BACKGROUND_RATE * EXPOSURE / alive.sum(), 0.0)


def shadows(matrix: np.ndarray, sources: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return tangents [k, 2] and illuminations [k, 134, 130] of the sources (RA, Dec, ...) in the field."""
    ty, tz = tangents(matrix, sources[:, 0], sources[:, 1])
    seen = np.flatnonzero((np.abs(ty) < 0.25) & (np.abs(tz) < 0.255))
    parts = np.array([pif(float(ty[i]), float(tz[i])) for i in seen]).reshape(-1, *DETECTOR)
    lit = parts.sum(axis=(1, 2)) > 100
    return np.column_stack([ty, tz])[seen[lit]], parts[lit], seen[lit]


def decoded(
    place: dict, sources: np.ndarray, known: np.ndarray, rng: np.random.Generator | None, seed: int = 0
) -> SkyImage:
    """Simulate a window, take the known sources out on the detector, decode, and put them back as points.

    Parameters
    ----------
    place
        Of `dithered`.
    sources
        [k, 3], RA, Dec and rate of what is in the sky.
    known
        [m, >= 2], RA and Dec of what is cleaned.
    rng
        Of the counts; the expected counts without noise if None.
    seed
        Of the dead pixels.
    """
    matrix = matrix_of(place["ra"], place["dec"], place["roll"])
    exposure, background = detector(np.random.default_rng(seed))
    _, light, seen = shadows(matrix, sources)
    expected = background + np.tensordot(sources[seen, 2], light, 1) * exposure / OPEN_PIXELS
    counts = expected if rng is None else rng.poisson(expected).astype(float)
    directions, light, _ = shadows(matrix, known)
    rates = fit_fluxes(counts, exposure, background, directions).fluxes if len(directions) else np.zeros(0)
    norm = normalise(exposure, background)
    rest = counts - np.tensordot(rates, light, 1) * exposure / OPEN_PIXELS
    residual, variance = decode_intensity(rest, norm), decode_variance(counts, norm)
    intensity = residual.copy()
    for (ty, tz), rate in zip(directions, rates, strict=True):
        box, shape = psf_stamp(*map(float, sky_pixel(ty, tz)))
        # Only where there is an image.
        intensity[box] += rate * shape * (variance[box] > 0)
    made = planes(intensity, variance, norm)
    return sky_image(
        swid=place["swid"],
        planes={
            "intensity": made.intensity,
            "variance": made.variance,
            "significance": made.significance,
            "residual": residual,
            "exposure": made.exposure,
        },
        wcs=sky_wcs(matrix),
    )
