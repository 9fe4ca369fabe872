"""Benchmark of ISGRI imaging: a window and band, a whole real window, many simulated windows to a mosaic.

python tests/benchmarks/isgri.py --events 255900280010_isgri_events.fits.gz --json isgri.json
python tests/benchmarks/isgri.py --windows 10 30 100 --json isgri.json  # simulated windows, on two workers
python tests/benchmarks/isgri.py --windows 10 --folder /scratch/isgri        # keeps what it made

Every step runs as the workflow runs it: a process of its own with one thread. Times are of the wall clock
unless CPU is said; memory is the largest resident set of a process.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

WORKERS = 2
BATCH = 10  # windows in a job
BANDS_10 = "20-25,25-30,30-35,35-40,40-50,50-60,60-80,80-100,100-150,150-200"
BAND_1 = "20-60"


@dataclass(frozen=True)
class Spent:
    """What a step took: wall clock and CPU [s], largest resident set [MB]."""

    wall: float
    cpu: float
    memory: float


def step(name: str, **values: object) -> Spent:
    """Run a step in a process of its own."""
    command = [sys.executable, str(ROOT / f"scripts/{name}.py")]
    for key, value in values.items():
        command += [f"--{key}", *(map(str, value) if isinstance(value, list) else [str(value)])]
    start = time.monotonic()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{name} failed: {' '.join(command)}")
    return Spent(time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def sources(path: Path, number: int = 10) -> Path:
    """Write a table of sources around the Crab, 2 to 230 counts/s."""
    lines = ["name,ra,dec,flux,index", "Crab,83.633,22.014,230,2.1"]
    places = [(3.1, 2.2), (-4.4, 1.0), (1.3, -5.2), (-2.6, -3.7), (6.0, -1.9), (-6.8, 4.4), (0.9, 6.3)]
    places += [(5.2, 5.6), (-1.7, 3.3), (7.9, 2.7), (-5.9, -6.1), (2.2, -8.0)]
    for n, (east, north) in enumerate(places[: number - 1]):
        lines.append(f"SIM {n + 1},{83.633 + east},{22.014 + north},{2.0 * 1.6**n:.2f},2.1")
    path.write_text("\n".join(lines) + "\n")
    return path


def real_window(events: Path, folder: Path) -> dict[str, float]:
    """Read a whole window of the archive, and take it to cleaned images."""
    catalogue = sources(folder / "any.csv")
    made = folder / "real_shadowgrams.fits"
    reading = step("isgri_shadowgram", events=[events], shadowgrams=made)
    response = folder / "real_response.fits"
    modelling = step("isgri_response", shadowgrams=[made], response=response)
    imaging = step("isgri_image", shadowgrams=made, response=response, catalogue=catalogue, bands=BAND_1)
    return {
        **{"events to shadowgrams, wall s": reading.wall, "events to shadowgrams, CPU s": reading.cpu},
        **{"events to shadowgrams, MB": reading.memory, "response, wall s": modelling.wall},
        **{"image, 1 band, wall s": imaging.wall, "image, MB": imaging.memory},
    }
