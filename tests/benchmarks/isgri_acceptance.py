#!/usr/bin/env python3
"""Acceptance figures of ISGRI imaging in full: mask, illumination, noise, fluxes, positions, cleaning, times.

    python tests/benchmarks/isgri_acceptance.py [A1 A3 A5 ...]

Simulations: 700 counts/s, 2000 s, 4 % dead pixels, thick mask, Poisson counts of the illumination itself; A3
follows photons instead. Times are CPU times of one core. The mosaic's figures are those of isgri.py.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from isgri_sim import detector, expected, shaped
from tidings.isgri._ray_tracing import pass_mask
from tidings.isgri.clean import Search, clean
from tidings.isgri.decode import (
    _kernel,
    decode,
    decode_intensity,
    decode_variance,
    normalise,
    planes,
    psf_stamp,
    thickness_peak,
)
from tidings.isgri.fit import fit_fluxes, fit_positions
from tidings.isgri.geometry import ACTIVE, SKY_SHAPE, SKY_STEP, module_map, pixel_positions, sky_pixel
from tidings.isgri.mask import basic_pattern
from tidings.isgri.pif import pif, pif_derivatives

FLAT = (module_map() >= 0).astype(float)
ARCMIN = np.rad2deg(60.0)


def a1() -> None:
    pattern = basic_pattern().astype(float)
    decoding = 2 * pattern - 1
    decoding[0, 0] = 1
    correlation = np.fft.ifft2(np.fft.fft2(pattern).conj() * np.fft.fft2(decoding)).real
    print(f"A1  peak {correlation[0, 0]:.9f}, largest side lobe {np.abs(correlation).ravel()[1:].max():.1e}")


def a3(per_pixel: int = 400) -> None:
    random = np.random.default_rng(1)
    y, z = (axis.ravel() for axis in np.meshgrid(*pixel_positions()))
    for ty, tz in ((0.0, 0.0), (0.03, -0.05), (-0.11, 0.02), (0.14, 0.17), (-0.2, -0.21)):
        passed = np.zeros(y.size)
        for _ in range(per_pixel):
            at = (axis + ACTIVE * (random.random(y.size) - 0.5) for axis in (y, z))
            passed += pass_mask(*at, ty, tz)
        model = pif(ty, tz).ravel()
        partial = (model > 0.02) & (model < 0.98)
        chi2 = (passed - per_pixel * model) ** 2 / (per_pixel * model * (1 - model)).clip(1e-9)
        print(
            f"A3  t = ({ty:+.2f}, {tz:+.2f}): chi2/n {chi2[partial].mean():.3f} of {partial.sum()} pixels, "
            f"{per_pixel} photons each; rays in dark pixels {passed[model < 1e-12].sum() / passed.sum():.1e}"
        )


def a4() -> None:
    exposure, worst = detector(), 0.0
    norm = normalise(exposure, FLAT * (exposure > 0), np.float64)
    kernel, random = np.pad(_kernel("open"), 134), np.random.default_rng(2)
    for _ in range(200):
        z, y = (int(random.integers(0, n)) for n in SKY_SHAPE)
        if norm.coded[z, y] > 0.05:
            thin = kernel[z + 1 : z + 135, y + 5 : y + 135]
            image = decode_intensity(exposure * thin / 8192, norm)
            worst = max(worst, abs(image[z, y] * thickness_peak()[z, y] - 1))
    print(f"A4  source on the grid, thin mask: largest relative error {worst:.1e}")


def a5(number: int = 20) -> None:
    exposure, random = detector(), np.random.default_rng(11)
    for name, model, background in _backgrounds(exposure):
        norm = normalise(exposure, background)
        wide, inner = norm.coded > 0.05, norm.coded > 0.999
        rows = []
        for _ in range(number):
            s = decode(random.poisson(model), exposure, background, norm=norm).significance
            rows.append((s[wide].mean(), s[wide].std(), s[inner].std(), s[wide].min(), s[wide].max()))
        rows = np.array(rows)
        print(
            f"{name}: mean {rows[:, 0].mean():+.4f}, sigma {rows[:, 1].mean():.3f} (fully coded "
            f"{rows[:, 2].mean():.3f}), {number} skies "
            f"from {rows[:, 3].min():.2f} to {rows[:, 4].max():+.2f}"
        )


def _backgrounds(exposure: np.ndarray) -> list[tuple[str, np.ndarray, np.ndarray]]:
    shape = shaped(np.random.default_rng(12))
    return [
        ("A5  flat background", expected(exposure, FLAT), exposure),
        ("A6  shaped, model right", expected(exposure, shape), exposure * shape),
        ("A6  shaped, flat model", expected(exposure, shape), exposure),
    ]


def a7(number: int = 200) -> None:
    """Fluxes and positions, fully coded and partly coded, sources at any phase of the grid."""
    random, exposure = np.random.default_rng(3), detector()
    norm = normalise(exposure, exposure)
    for where, direction in (("fully", (0.031, -0.052)), ("half", (0.152, -0.104))):
        for flux in (3.7, 7.4, 14.8, 40.0, 80.0):
            scale = 1 if where == "fully" else 1.5
            rows = [_trial(random, exposure, norm, direction, flux * scale) for _ in range(number)]
            bias, pull, snr, offset, bound, lost = (np.array(column) for column in zip(*rows, strict=True))
            good = ~lost.astype(bool)
            print(
                f"A7  {where} coded, {flux * scale:6.2f} counts/s, image S/N {np.median(snr):6.1f}: bias "
                f"{100 * bias.mean():+.2f} +- {100 * bias.std() / np.sqrt(number):.2f} %, "
                f"pulls {pull.std():.3f}; A8 position 90 % {np.quantile(offset[good], 0.9):.2f}', "
                f"rms over Cramer-Rao {np.sqrt((offset[good] ** 2).mean() / (bound[good] ** 2).mean()):.2f}, "
                f"not settled {lost.sum():.0f}"
            )


def _trial(random, exposure, norm, direction, flux: float) -> tuple[float, ...]:
    true = np.array(direction) + random.uniform(-0.5, 0.5, 2) * SKY_STEP
    counts = random.poisson(expected(exposure, FLAT, [true], [flux]))
    # From the peak of the image, as a search does.
    image = decode(counts, exposure, exposure, norm=norm).significance
    box, _ = psf_stamp(*sky_pixel(*true), 3)
    peak = np.unravel_index(image[box].argmax(), image[box].shape)
    start = [(box[1].start + peak[1] - 180) * SKY_STEP, (box[0].start + peak[0] - 182) * SKY_STEP]
    moved = fit_positions(counts, exposure, exposure, [start])
    fit = fit_fluxes(counts, exposure, exposure, moved.directions)
    known = fit_fluxes(counts, exposure, exposure, [true])
    offset = np.hypot(*(moved.directions[0] - true)) * ARCMIN
    bound = np.sqrt(np.trace(moved.covariances[0])) * ARCMIN
    bias, pull = known.fluxes[0] / flux - 1, (fit.fluxes[0] - flux) / known.errors[0]
    return bias, pull, image[box].max(), offset, bound, not moved.converged[0]


def _field(seed: int) -> tuple[np.ndarray, np.ndarray]:
    directions = np.random.default_rng(seed).uniform(-0.07, 0.07, (11, 2))
    directions[:3] = (0.1, 0.1), (-0.15, 0.12), (0.14, -0.16)
    return directions, np.array([300, 60, 40, 30, 25, 20, 15, 12, 10, 9, 8.0])


def a9(number: int = 50) -> None:
    exposure, random = detector(), np.random.default_rng(5)
    found = false = 0
    widths, extremes = [], []
    for seed in range(number):
        directions, fluxes = _field(seed)
        cleaned = clean(random.poisson(expected(exposure, FLAT, directions, fluxes)), exposure, exposure)
        distance = np.hypot(*(cleaned.directions[:, None] - directions).T)
        found += int((distance.min(1) < SKY_STEP).sum())
        false += int((distance.min(0) > 2 * SKY_STEP).sum())
        seen = cleaned.planes.coded > 0.05
        left = cleaned.residual[seen] / np.sqrt(cleaned.planes.variance[seen])
        widths.append(left.std())
        extremes += [left.min(), left.max()]
    print(
        f"A9  {number} fields of 11 sources: found {found} of {11 * number}, false {false}; residual sigma "
        f"{np.mean(widths):.3f}, extremes {min(extremes):.2f} {max(extremes):+.2f}"
    )


def a12() -> None:
    exposure, random, worst = detector(), np.random.default_rng(13), 0.0
    norms = [normalise(exposure, exposure, kind) for kind in (np.float32, np.float64)]
    for flux in (0, 30, 300):
        counts = random.poisson(expected(exposure, FLAT, [(0.02, 0.03)], [flux]))
        single, double = (decode(counts, exposure, exposure, norm=norm) for norm in norms)
        difference = np.abs(single.significance - double.significance)
        worst = max(worst, float(difference[single.coded > 0.05].max()))
    print(f"A12 float32 against float64: {worst:.4f} standard deviations")


def a13() -> None:
    exposure, (directions, fluxes) = detector(), _field(10)
    counts = np.random.default_rng(5).poisson(expected(exposure, FLAT, directions, fluxes))
    norm = normalise(exposure, exposure)
    known, fixed = directions[:10], Search(blind=False)

    def image() -> None:
        planes(decode_intensity(counts, norm), decode_variance(counts, norm), norm)

    def bands(number: int) -> None:
        for _ in range(number):
            clean(counts, exposure, exposure, known, search=fixed)

    for name, job, repeat in (
        ("illumination with derivatives", lambda: pif_derivatives(0.05, -0.1), 200),
        ("norm of an exposure", lambda: normalise(exposure, exposure), 20),
        ("intensity and variance of a band", image, 20),
        ("window, 1 band, 10 catalogue sources", lambda: bands(1), 10),
        ("window, 10 bands, 10 catalogue sources", lambda: bands(10), 3),
        ("blind cleaning, 11 sources", lambda: clean(counts, exposure, exposure), 5),
    ):
        print(f"A13 {name}: {1000 * _cpu(job, repeat):.1f} ms")


def _cpu(job: Callable[[], None], repeat: int) -> float:
    job()
    spent = []
    for _ in range(repeat):
        start = time.process_time()
        job()
        spent.append(time.process_time() - start)
    return float(np.median(spent))


CHECKS = {"A1": a1, "A3": a3, "A4": a4, "A5": a5, "A7": a7, "A9": a9, "A12": a12, "A13": a13}


def main() -> int:
    for name in sys.argv[1:] or CHECKS:
        CHECKS[name.upper()]()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
