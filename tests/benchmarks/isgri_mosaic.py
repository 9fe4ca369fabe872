"""Benchmark of the mosaics: noise, growth with the number of windows, rates, positions, time and memory.

python tests/benchmarks/isgri_mosaic.py empty    # A10: 25 empty pointings
python tests/benchmarks/isgri_mosaic.py passes   # A10: 18 sources of 1-30 counts/s around a bright one
python tests/benchmarks/isgri_mosaic.py points   # A11: rate and position of sources anywhere between pixels
python tests/benchmarks/isgri_mosaic.py speed    # time per window, 10 to 100 windows, memory

Windows are Poisson shadowgrams of 2 ks and 700 counts/s with 4 % dead pixels, through the thick mask; without
an argument all four are run.
"""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from isgri_sky import decoded, dithered, sky_image
from tidings.isgri._sky_grid import image_grid, longitude_latitude, unit_vectors
from tidings.isgri.mosaic import footprint, make_mosaic
from tidings.isgri.sky_image_file import SkyImage
from tidings.isgri.source_search import find_sources, fit_noise, source_free, source_table

NOTHING = np.zeros((0, 3))
CRAB = (83.6331, 22.0145, 170.0)


def empty() -> None:
    rng = np.random.default_rng(10)
    places = dithered(25)
    images = [decoded(place, NOTHING, NOTHING, rng, seed) for seed, place in enumerate(places)]
    grid = image_grid([footprint(image) for image in images])
    mosaic = make_mosaic(images, grid)
    noise = fit_noise(mosaic.significance[mosaic.variance > 0])
    print(f"25 empty windows: {noise}")
    print("N   measured*sqrt(N)   formal*sqrt(N)   measured/formal   (counts/s, 3 deg around the centre)")
    inner = grid.near(unit_vectors(83.0, 22.0), np.radians(3))
    # Windows in an order that mixes inner and outer pointings.
    order = np.random.default_rng(0).permutation(25)
    for count in (1, 2, 3, 5, 8, 10, 25):
        squares, formal = [], []
        for first in range(0, 25 - count + 1, count):
            one = make_mosaic([images[i] for i in order[first : first + count]], grid)
            squares.append((one.significance[inner] ** 2).mean())
            formal.append(1 / one.variance[inner].mean())
        sigma = np.sqrt(count / np.mean(formal))
        ratio = np.sqrt(np.mean(squares))
        print(f"{count:2d}  {sigma * ratio:12.4f} {sigma:18.4f} {ratio:16.3f}")


def field() -> np.ndarray:
    """Return a bright source and 18 others, 1 to 30 counts/s."""
    rng = np.random.default_rng(18)
    rates = np.geomspace(1, 30, 18)
    ra = CRAB[0] + rng.uniform(-7, 7, 18) / np.cos(np.radians(22))
    return np.vstack([CRAB, np.column_stack([ra, CRAB[1] + rng.uniform(-6, 6, 18), rates])])


def passes(count: int = 25) -> None:
    rng = np.random.default_rng(11)
    sky, places = field(), dithered(count, CRAB[0], CRAB[1])
    # Every pass sees the same counts.
    seeds = rng.integers(0, 2**31, count)
    known = sky[sky[:, 2] > 4]
    print("pass  sources  sigma   minimum  maximum   (away from sources above 5 sigma)")
    for number in (1, 2, 3):
        images = (
            decoded(place, sky, known, np.random.default_rng(seeds[i]), i) for i, place in enumerate(places)
        )
        mosaic = make_mosaic(images, image_grid([footprint(sky_image(**place)) for place in places[::2]]))
        found = find_sources(mosaic, 5.0)
        away = np.array([source.direction for source in found])
        noise = fit_noise(mosaic.significance[source_free(mosaic, away)])
        print(f"{number:3d} {len(found):8d} {noise.sigma:8.3f} {noise.minimum:9.2f} {noise.maximum:8.2f}")
        table = source_table(found)
        known = np.column_stack([table["RA_FIN"], table["DEC_FIN"]])
    print("rate   found   error   pull    offset [arcmin]  90 % error")
    for ra, dec, rate in sky:
        offset = [np.degrees(np.linalg.norm(s.direction - unit_vectors(ra, dec))) * 60 for s in found]
        best = int(np.argmin(offset))
        if offset[best] > 6:
            print(f"{rate:6.2f}  not found")
            continue
        s = found[best]
        words = f"{(s.flux - rate) / s.error:+6.2f} {offset[best]:10.2f} {s.position_error * 60:15.2f}"
        print(f"{rate:6.2f} {s.flux:7.2f} {s.error:6.2f} {words}")


def points(count: int = 20) -> None:
    rng = np.random.default_rng(12)
    places = dithered(25)[::6]
    grid = image_grid([footprint(sky_image(**place)) for place in places])
    print("no noise, 5 windows, one source of 100 counts/s anywhere; rate [%] and position bias [arcmin]")
    for name, cleaned in (("cleaned and put back", True), ("as decoded", False)):
        rates, shifts = [], []
        for _ in range(count):
            source = np.array([[83 + rng.uniform(-3, 3), 22 + rng.uniform(-3, 3), 100.0]])
            images = [decoded(place, source, source if cleaned else NOTHING, None) for place in places]
            best = find_sources(make_mosaic(images, grid), 6.0, most=1)[0]
            ra, dec = longitude_latitude(best.direction)
            rates.append(best.flux)
            shifts.append([(ra - source[0, 0]) * np.cos(np.radians(22)) * 60, (dec - source[0, 1]) * 60])
        bias, scatter = np.mean(shifts, axis=0), np.std(shifts, axis=0)
        print(
            f"{name:22s} rate {np.mean(rates):7.3f} +- {np.std(rates):.3f}  extremes {min(rates):.2f} "
            f"{max(rates):.2f}  bias {bias.round(4)} scatter {scatter.round(4)}"
        )


def other(image: SkyImage, number: int) -> SkyImage:
    """Return an image with other noise, at little cost."""
    shift = (61 * number, 37 * number)
    significance = np.roll(image.significance, shift, (0, 1))
    return replace(image, intensity=significance * np.sqrt(image.variance), significance=significance)


def speed() -> None:
    rng = np.random.default_rng(13)
    base = [sky_image(**place, rng=rng) for place in dithered(25)]
    grid = image_grid([footprint(image) for image in base])
    print(f"grid {grid.shape}")
    for count in (10, 30, 100):
        start = time.process_time()
        mosaic = make_mosaic((other(base[i % 25], i // 25) for i in range(count)), grid)
        spent = time.process_time() - start
        start = time.process_time()
        find_sources(mosaic, 6.0)
        search = time.process_time() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        words = f"{1000 * spent / count:.1f} ms each, search {search:.2f} s, peak {peak:.0f} MB"
        print(f"{count:4d} windows: {words}")


if __name__ == "__main__":
    for mode in sys.argv[1:] or ("empty", "passes", "points", "speed"):
        start = time.perf_counter()
        {"empty": empty, "passes": passes, "points": points, "speed": speed}[mode]()
        print(f"[{mode}: {time.perf_counter() - start:.0f} s]\n")
