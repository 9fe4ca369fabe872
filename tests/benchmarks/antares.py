"""Benchmark of ANTARES: limits at 1,000 positions, CPU seconds.

python tests/benchmarks/antares.py
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from tidings.antares.background import Declination
from tidings.antares.limits import Conventions, flux_table, limit_table
from tidings.antares.sample import read_acceptance, read_events

ROOT = Path(__file__).resolve().parents[2]
NUMBER = 1000


def main() -> None:
    random = np.random.default_rng(1)
    ra = random.uniform(0, 360, NUMBER)
    dec = np.rad2deg(np.arcsin(random.uniform(-0.98, 0.76, NUMBER)))
    start = time.process_time()
    events = read_events(ROOT / "data/antares/antares_2007-2017_events.tsv")
    table = limit_table(events, Declination.fit(events), ra, dec, 2.2, Conventions())
    acceptance = read_acceptance(ROOT / "data/antares/acceptance.txt")
    flux_table(table, acceptance, np.linspace(1.5, 3, 50), Conventions())
    print(f"{NUMBER} positions with 50 indices each: {time.process_time() - start:.2f} s CPU")


if __name__ == "__main__":
    main()
