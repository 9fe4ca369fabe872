"""Benchmark of ISGRI imaging: time per window and band, a real window, simulated windows to a mosaic.

python tests/benchmarks/isgri.py --events 255900280010_isgri_events.fits.gz   # a real window, 49 MB
python tests/benchmarks/isgri.py --windows 10 30 100                          # simulated ones, two workers
python tests/benchmarks/isgri.py --windows 10 --duration 500 --folder DIR --json isgri.json

Every step runs as the workflow runs it: a process of its own with one thread. Times are of the wall clock
unless CPU is said; memory is the largest resident set of a process. The time per window and band is CPU time
in one process, without reading and writing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

WORKERS = 2
BATCH = 10  # windows in a job
BANDS_10 = "20-25,25-30,30-35,35-40,40-50,50-60,60-80,80-100,100-150,150-200"
BAND_1 = "28-60"
REPEAT = 5
_PLACES = (
    *((0.0, 0.0), (3.1, 2.2), (-4.4, 1.0), (1.3, -5.2), (-2.6, -3.7), (6.0, -1.9), (-6.8, 4.4)),
    *((0.9, 6.3), (5.2, 5.6), (-1.7, 3.3)),
)


@dataclass(frozen=True)
class Spent:
    """What a step took: wall clock and CPU [s], largest resident set [MB]."""

    wall: float
    cpu: float
    memory: float


def step(folder: Path, name: str, **values: object) -> Spent:
    """Run a step in a process of its own, in a folder that it may fill."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(ROOT / f"scripts/{name}.py")]
    for key, value in values.items():
        command += [f"--{key}", *(map(str, value) if isinstance(value, list) else [str(value)])]
    start = time.monotonic()
    with (folder / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed:\n{(folder / f'{name}.log').read_text()}")
    return Spent(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def parallel(jobs: list[Callable[[], Spent]]) -> list[Spent]:
    """Run jobs on the workers."""
    with ThreadPoolExecutor(WORKERS) as pool:
        return [future.result() for future in [pool.submit(job) for job in jobs]]


def write_sources(path: Path, ra: float, dec: float) -> Path:
    """Write a table of ten sources around a direction, 3 to 40 counts/s."""
    lines = ["name,ra,dec,flux,index"]
    for number, (east, north) in enumerate(_PLACES):
        at = ra + east / np.cos(np.radians(dec)), dec + north
        lines.append(f"SIM {number},{at[0]:.4f},{at[1]:.4f},{40 / 1.32**number:.2f},2.1")
    path.write_text("\n".join(lines) + "\n")
    return path


def real_window(events: Path, folder: Path) -> dict[str, float]:
    """Take a whole window of the archive from its event file to cleaned images."""
    reading = step(folder, "isgri_shadowgram", events=[events])
    modelling = step(folder, "isgri_response", shadowgrams=["shadowgrams.fits"])
    inputs = {"shadowgrams": "shadowgrams.fits", "response": "response.fits"}
    imaging = step(folder, "isgri_image", **inputs, bands="28-80")
    return {
        "real window: events to shadowgrams, wall s": reading.wall,
        "real window: events to shadowgrams, CPU s": reading.cpu,
        "real window: events to shadowgrams, MB": reading.memory,
        "real window: events alone, CPU s": reading_time(events),
        "real window: events to cleaned image of 1 band, as one of a batch, CPU s": whole_window(
            events, folder / "response.fits"
        ),
        "real window: response, CPU s": modelling.cpu,
        "real window: image of 1 band, step with figures, CPU s": imaging.cpu,
        "real window: largest step, MB": max(reading.memory, modelling.memory, imaging.memory),
    }


def whole_window(events: Path, response: Path) -> float:
    """CPU seconds from an event file to the cleaned image, without program start, figures and response."""
    from tidings.isgri._make_windows import Choices, make_windows
    from tidings.isgri.clean import clean
    from tidings.isgri.response import bands_of
    from tidings.isgri.response_file import read_response

    pixels = read_response(response)
    start = time.process_time()
    (window,) = make_windows([events], Choices()).windows
    (one,) = bands_of(window, pixels, [(28.0, 80.0)])
    clean(one.counts, one.exposure, one.background)
    return time.process_time() - start


def reading_time(events: Path) -> float:
    """CPU seconds to read an event file."""
    from tidings.isgri.events import read_events

    start = time.process_time()
    read_events(events)
    return time.process_time() - start


def window_and_band(folder: Path, source_table: Path) -> dict[str, float]:
    """CPU seconds of a window without reading: ten catalogue sources in 1 and 10 bands; a blind search."""
    from tidings.isgri.catalogue import read_catalogue
    from tidings.isgri.clean import Search, clean
    from tidings.isgri.decode import decode
    from tidings.isgri.fit import fit_fluxes
    from tidings.isgri.geometry import instrument_matrix, tangents
    from tidings.isgri.mosaic_inputs import parse_bands
    from tidings.isgri.response import bands_of
    from tidings.isgri.response_file import read_response
    from tidings.isgri.shadowgram_file import read_windows

    window = read_windows(folder / "shadowgrams.fits")[0]
    response = read_response(folder / "response.fits")
    listed = read_catalogue(source_table)
    matrix = instrument_matrix(window.pointing)
    known = np.transpose(tangents(matrix, np.asarray(listed["RA_OBJ"]), np.asarray(listed["DEC_OBJ"])))

    def bands(text: str) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        made = bands_of(window, response, parse_bands(text))
        return [(one.counts, one.exposure, one.background) for one in made]

    def spent(work: Callable[[], object]) -> float:
        work()  # caches and kernels
        taken = []
        for _ in range(REPEAT):
            start = time.process_time()
            work()
            taken.append(time.process_time() - start)
        return float(np.median(taken))

    single = bands(BAND_1)[0]
    only_known = Search(blind=False)
    return {
        "1 band, 10 catalogue sources, CPU s": spent(
            lambda: clean(*bands(BAND_1)[0], known, search=only_known)
        ),
        "10 bands, 10 catalogue sources, CPU s": spent(
            lambda: [clean(*one, known, search=only_known) for one in bands(BANDS_10)]
        ),
        "1 band, blind, CPU s": spent(lambda: clean(*single)),
        "decoding 1 band, CPU s": spent(lambda: decode(*single)),
        "joint fit of 10 sources, CPU s": spent(lambda: fit_fluxes(*single, known)),
    }


def simulate(folder: Path, table: Path, windows: int, duration: float) -> list[Path]:
    """Simulate windows of a 5 x 5 dither, which is not counted; keep those that are there."""
    made = sorted((folder / "events").glob("*.gz"))
    if len(made) < windows:
        options = {"ra": 83.633, "dec": 22.014, "pattern": "5x5", "shape": "pixels", "duration": duration}
        step(folder, "isgri_simulate", sources=table, windows=windows, **options)
        made = sorted((folder / "events").glob("*.gz"))
    return made[:windows]


def many_windows(events: list[Path], folder: Path) -> dict[str, float]:
    """Take windows to a mosaic through the steps: wall clock, CPU of each step [s], largest process [MB]."""
    batches = [events[first : first + BATCH] for first in range(0, len(events), BATCH)]
    places = [folder / f"batch{number}" for number in range(len(batches))]
    response = folder / "response.fits"
    spent: dict[str, list[Spent]] = {}
    start = time.monotonic()
    spent["shadowgrams"] = parallel(
        [
            lambda batch=batch, place=place: step(place, "isgri_shadowgram", events=batch, energy="archive")
            for batch, place in zip(batches, places, strict=True)
        ]
    )
    # One epoch: the response of the first batch serves all.
    spent["response"] = [step(folder, "isgri_response", shadowgrams=[places[0] / "shadowgrams.fits"])]
    spent["images"] = parallel(
        [
            lambda place=place: step(
                place, "isgri_image", shadowgrams="shadowgrams.fits", response=response, bands=BAND_1
            )
            for place in places
        ]
    )
    images = [place / "sky_images.fits" for place in places]
    spent["mosaic"] = [step(folder, "isgri_mosaic", images=images)]
    wall, number = time.monotonic() - start, len(events)
    every = [one for many in spent.values() for one in many]
    return {
        f"{number} windows to a mosaic on {WORKERS} workers, wall s": wall,
        f"{number} windows, wall s per window": wall / number,
        f"{number} windows, CPU s per window": sum(one.cpu for one in every) / number,
        **{f"{number} windows, {name}, CPU s": sum(one.cpu for one in many) for name, many in spent.items()},
        f"{number} windows, largest process, MB": max(one.memory for one in every),
    }


def report(results: dict[str, float], path: Path | None) -> None:
    """Print a table, and write it as JSON."""
    width = max(map(len, results))
    for key, value in results.items():
        print(f"{key:{width}}  {value:10.3f}")
    if path is not None:
        path.write_text(json.dumps(results, indent=1) + "\n")


def main() -> None:
    """Run what the command line asks for."""
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--events", type=Path, help="event file of the archive")
    made.add_argument("--windows", type=int, nargs="*", default=[], help="numbers of simulated windows")
    made.add_argument("--duration", type=float, default=1800.0, help="length of a simulated window [s]")
    made.add_argument("--folder", type=Path, help="where files are made, and kept")
    made.add_argument("--json", type=Path, help="file for the figures")
    arguments = made.parse_args()
    os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
    results: dict[str, float] = {}
    with tempfile.TemporaryDirectory(prefix="isgri-") as temporary:
        folder = (arguments.folder or Path(temporary)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        if arguments.events:
            results |= real_window(arguments.events.resolve(), folder / "real")
            table = write_sources(folder / "sources_real.csv", 286.8, 20.3)
            results |= window_and_band(folder / "real", table)
        table = write_sources(folder / "sources.csv", 83.633, 22.014)
        for number in sorted(arguments.windows):
            events = simulate(folder, table, max(arguments.windows), arguments.duration)[:number]
            results |= many_windows(events, folder / f"run{number}")
    if not results:
        made.error("give --events, --windows, or both")
    report(results, arguments.json)


if __name__ == "__main__":
    main()
