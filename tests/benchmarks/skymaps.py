#!/usr/bin/env python3
"""Time and compare work on sky maps with ligo.skymap, healpy and mocpy on one core.

    python3.11 tests/benchmarks/skymaps.py [--env DIR] [--repeat N] [--galaxies N] [--samples N]

The peers live in an environment of their own (default: a temporary folder, removed afterwards; give --env to
keep it), as locked in peers_skymaps.txt. Each job runs in a process of its own that prepares its data, then
notes CPU time and peak memory of the job alone; the jobs take turns, and ratios are of medians. Then the 3-D
credible levels of samples drawn from two maps are compared with their true ones, with and without a galaxy
at 20 Gpc in the catalogue.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
DATA = ROOT / "data" / "skymap"
FLAT = "S190814bv_LALInference.v1.fits"
MULTIORDER = "S200129m_bayestar.multiorder.fits"
MAPS = ("S190814bv_LALInference.v1.fits.gz", "S190425z_LALInference.fits.gz", "S190425z_bayestar.fits.gz")

# Name of the job, then who does it; the first is this project.
JOBS = {
    "read flat NSIDE 1024, 4 columns": ("tidings", "ligo.skymap", "healpy"),
    "areas at 50 and 90 %": ("tidings", "ligo.skymap", "healpy"),
    "MOC of 90 %": ("tidings", "mocpy"),
    "2-D level of 1e6 positions": ("tidings", "mocpy", "healpy"),
    "3-D match of galaxies": ("tidings", "ligo.skymap"),
    "3-D match, sorted Parquet": ("tidings",),
    "sort the catalogue": ("tidings",),
    "read 90 maps, cone search": ("tidings",),
}


def environment(folder: Path) -> Path:
    """Python of the peers' environment, made if it is not there."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        locked = str(HERE / "peers_skymaps.txt")
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", locked], check=True)
        (folder / "complete").touch()
    return python


def galaxies(count: int):
    """Random galaxies, uniform in the volume of 1 Gpc."""
    import numpy as np

    rng = np.random.default_rng(20190814)
    dec = np.degrees(np.arcsin(rng.uniform(-1, 1, count)))
    return rng.uniform(0, 360, count), dec, 1000 * rng.uniform(size=count) ** (1 / 3)


def multiorder(name: str = MAPS[0]):
    """A map for tidings, and the same as the table that ligo.skymap reads."""
    from astropy.table import Table

    from tidings.skymap.reading import read_skymap

    sky = read_skymap(DATA / name)
    table = Table(
        {
            "UNIQ": sky.uniq,
            "PROBDENSITY": sky.density,
            "DISTMU": sky.mu,
            "DISTSIGMA": sky.sigma,
            "DISTNORM": sky.norm,
        }
    )
    return sky, table


def prepare(job: str, who: str, folder: Path, count: int):
    """Return the job as a function without arguments; what it needs is made here."""
    import numpy as np

    if job.startswith("read flat"):
        return reading(who, folder / FLAT)
    if job == "3-D match, sorted Parquet":
        return pruned(folder / "sorted.parquet")
    if job == "sort the catalogue":
        return sorting(folder)
    if job.startswith("read 90"):
        return searching(folder / "maps")
    sky, table = multiorder()
    if job == "3-D match of galaxies":
        return matching(who, sky, table, count)
    flat = None
    if who == "healpy":
        flat = np.repeat(sky.density * sky.pixel_area, sky.size)
    if job.startswith("2-D"):
        return levels(who, sky, flat)
    if job.startswith("MOC"):
        return moc(who, sky)
    return areas(who, sky, table, flat)


def reading(who: str, path: Path):
    if who == "tidings":
        from tidings.skymap.reading import read_skymap

        return lambda: read_skymap(path)
    if who == "healpy":
        import healpy

        return lambda: healpy.read_map(path, field=None, nest=True, dtype=float)
    from ligo.skymap.io import read_sky_map

    return lambda: read_sky_map(str(path), moc=True, distances=True)


def areas(who: str, sky, table, flat):
    import numpy as np

    if who == "tidings":
        from tidings.skymap.regions import areas as ours

        return lambda: ours(fresh(sky), [0.5, 0.9])
    if who == "ligo.skymap":
        from ligo.skymap.postprocess import find_greedy_credible_levels  # noqa: F401
        from ligo.skymap.postprocess.crossmatch import crossmatch

        return lambda: crossmatch(table["UNIQ", "PROBDENSITY"], contours=(0.5, 0.9)).contour_areas

    def recipe():
        ranked = np.sort(flat)[::-1]
        return np.searchsorted(np.cumsum(ranked), [0.5, 0.9]) * sky.pixel_area

    return recipe


def fresh(sky):
    """Return the map without what it has computed before."""
    return type(sky)(
        sky.order, sky.start, sky.level, sky.density, sky.mu, sky.sigma, sky.norm, dict(sky.meta)
    )


def moc(who: str, sky):
    if who == "tidings":
        from tidings.skymap.regions import region

        return lambda: region(fresh(sky), 0.9)
    import numpy as np
    from mocpy import MOC

    uniq, probability = sky.uniq.astype(np.uint64), sky.probability
    return lambda: MOC.from_valued_healpix_cells(uniq, probability, sky.order, cumul_from=0, cumul_to=0.9)


def levels(who: str, sky, flat):
    import numpy as np

    lon, lat, _ = galaxies(1_000_000)
    if who == "tidings":
        from tidings.skymap.crossmatch import Matcher

        two = type(sky)(sky.order, sky.start, sky.level, sky.density)
        return lambda: Matcher(fresh(two)).match(lon, lat)
    if who == "mocpy":
        from astropy import units as u

        region = moc(who, sky)()
        return lambda: region.contains_lonlat(lon * u.deg, lat * u.deg)
    import healpy

    rank = np.argsort(-flat)
    level = np.empty_like(flat)
    level[rank] = np.cumsum(flat[rank])
    return lambda: level[healpy.ang2pix(1024, lon, lat, nest=True, lonlat=True)]


def matching(who: str, sky, table, count: int):
    lon, lat, distance = galaxies(count)
    if who == "tidings":
        from tidings.skymap.crossmatch import Matcher

        return lambda: Matcher(fresh(sky)).match(lon, lat, distance)
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from ligo.skymap.postprocess import crossmatch

    coordinates = SkyCoord(lon * u.deg, lat * u.deg, distance * u.Mpc)
    return lambda: crossmatch(table, coordinates)


def pruned(path: Path):
    from tidings.skymap.crossmatch import Matcher
    from tidings.skymap.galaxies import pixel_filter, rank_galaxies
    from tidings.skymap.galaxy_files import read_galaxies

    sky, _ = multiorder()

    def ranked():
        matcher = Matcher(fresh(sky))
        pieces = read_galaxies(path, wanted=pixel_filter(matcher, 0.9))
        return rank_galaxies(sky, pieces, level=0.9, matcher=matcher)

    return ranked


def sorting(folder: Path):
    from tidings.skymap.galaxy_index import sort_catalogue

    return lambda: sort_catalogue(folder / "plain.parquet", folder / "again.parquet")


def searching(folder: Path):
    """The events whose map reaches into a cone, of 90 multi-order maps on disk."""
    from tidings.skymap.catalogue import Cone, select
    from tidings.skymap.events import read_events

    return lambda: select(read_events([folder])[0], search=Cone(320.0, 5.0, 10.0, 10.0))


def one_job(job: str, who: str, folder: Path, count: int) -> None:
    """Run a job; print CPU time, elapsed time (s) and the peak of memory (MB) above that before it."""
    work = prepare(job, who, folder, count)
    # The first call imports and compiles; for the large jobs that is nothing beside the rest.
    quick = not any(text in job for text in ("match of galaxies", "read flat", "sort the"))
    if quick:
        work()
    before = resident()
    reset_peak()
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    print(json.dumps({"cpu": cpu, "wall": wall, "memory": peak() - before}))


def resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def reset_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith("VmHWM"))
    return int(line.split()[1]) * 1024 / 1e6


def make_catalogue(folder: Path, count: int) -> None:
    """Write the flat map without compression, and the sorted catalogue."""
    from astropy.table import Table

    from tidings.skymap.galaxy_index import sort_catalogue
    from tidings.tables import write_table

    with gzip.open(DATA / (FLAT + ".gz")) as source, open(folder / FLAT, "wb") as target:
        shutil.copyfileobj(source, target)
    (folder / "maps").mkdir(exist_ok=True)
    for number in range(90):
        shutil.copyfile(DATA / MULTIORDER, folder / "maps" / f"{number:02d}.fits")
    if not (folder / "sorted.parquet").exists():
        lon, lat, distance = galaxies(count)
        write_table(Table({"ra": lon, "dec": lat, "distance": distance}), folder / "plain.parquet")
        sort_catalogue(folder / "plain.parquet", folder / "sorted.parquet")


def draw(sky, count: int):
    """Tiles and distances drawn from a map."""
    import numpy as np

    from tidings.skymap._radial import squares

    rng = np.random.default_rng(425)
    probability = np.where(np.isfinite(sky.mu), sky.probability, 0)
    tiles = np.repeat(np.arange(len(sky)), rng.multinomial(count, probability / probability.sum()))
    mu, sigma = sky.mu[tiles], sky.sigma[tiles]
    wanted = rng.uniform(size=count) * squares(mu, sigma, 0.0, np.inf)
    low, high = np.zeros(count), np.maximum(mu, 0) + 12 * sigma
    for _ in range(45):
        middle = 0.5 * (low + high)
        below = squares(mu, sigma, 0.0, middle) < wanted
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return tiles, 0.5 * (low + high)


def accuracy(count: int) -> None:
    """Print the largest error of the 3-D levels of samples, whose true levels are uniform."""
    import numpy as np
    from astropy import units as u
    from astropy.coordinates import SkyCoord
    from ligo.skymap.postprocess import crossmatch

    from tidings.skymap.crossmatch import Matcher

    print(
        f"\n3-D credible levels of {count} samples: largest error (Monte Carlo noise {0.87 / count**0.5:.4f})"
    )
    for name in MAPS:
        sky, table = multiorder(name)
        tiles, distance = draw(sky, count)
        lon, lat = (column[tiles] for column in sky.centres)
        far = [np.append(lon, 1.0), np.append(lat, 1.0), np.append(distance, 20_000.0)]
        place = (np.arange(count) + 0.5) / count
        matcher, errors = Matcher(sky), []
        ours = matcher.match(lon, lat, distance).level_3d
        more = matcher.match(*far).level_3d[:-1]
        found = [ours, more]
        for columns in ((lon, lat, distance), far):
            sky_coordinates = SkyCoord(columns[0] * u.deg, columns[1] * u.deg, columns[2] * u.Mpc)
            found.append(crossmatch(table, sky_coordinates).searched_prob_vol[:count])
        errors = [np.abs(np.sort(level) - place).max() for level in found]
        same = "bitwise equal" if ours.tobytes() == more.tobytes() else "NOT equal"
        print(
            f"{name.partition('.')[0]:28} tidings {errors[0]:.4f}, with a galaxy at 20 Gpc {errors[1]:.4f} "
            f"({same}); ligo.skymap {errors[2]:.4f}, with it {errors[3]:.4f}"
        )


def measure(options: argparse.Namespace, command: list[str]) -> None:
    """Run the jobs in turn and print the table."""
    found: dict[tuple[str, str], list[dict[str, float]]] = {}
    for _ in range(options.repeat):
        for job, peers in JOBS.items():
            for who in peers:
                run = subprocess.run(
                    [*command, "--job", job, "--who", who], check=True, stdout=subprocess.PIPE, text=True
                )
                found.setdefault((job, who), []).append(json.loads(run.stdout.splitlines()[-1]))
    print(
        f"{options.galaxies} galaxies, map {MAPS[0]} (16 896 tiles); one core, {options.repeat} repetitions"
    )
    print(f"{'job':34}{'who':14}{'CPU ms':>10}{'elapsed':>10}{'MB':>8}{'CPU / ours':>12}")
    for (job, who), runs in found.items():
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        ours = statistics.median(run["cpu"] for run in found[job, "tidings"])
        print(
            f"{job:34}{who:14}{1e3 * middle['cpu']:10.1f}{1e3 * middle['wall']:10.1f}"
            f"{middle['memory']:8.0f}{middle['cpu'] / ours:12.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", type=Path, help="folder of the peers' environment, kept for the next run")
    parser.add_argument("--repeat", type=int, default=5, help="repetitions (default: %(default)s)")
    parser.add_argument("--galaxies", type=int, default=20_000_000, help="default: %(default)s")
    parser.add_argument("--samples", type=int, default=2_000_000, help="default: %(default)s")
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--job", help=argparse.SUPPRESS)
    parser.add_argument("--who", help=argparse.SUPPRESS)
    options = parser.parse_args()
    sizes = ["--galaxies", str(options.galaxies), "--samples", str(options.samples)]
    if options.inside is None:
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR", "RAYON")}
        with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as folder:
            python = environment(options.env or Path(scratch))
            command = [str(python), "-B", "-W", "ignore", __file__, "--inside", folder, *sizes]
            core = min(os.sched_getaffinity(0))
            subprocess.run(
                [*command, "--repeat", str(options.repeat)],
                check=True,
                env={**os.environ, **threads},
                preexec_fn=lambda: os.sched_setaffinity(0, {core}),
            )
        return
    sys.path.insert(0, str(ROOT / "scripts"))
    if options.job:
        one_job(options.job, options.who, options.inside, options.galaxies)
        return
    make_catalogue(options.inside, options.galaxies)
    command = [sys.executable, "-B", "-W", "ignore", __file__, "--inside", str(options.inside), *sizes]
    measure(options, command)
    accuracy(options.samples)


if __name__ == "__main__":
    main()
