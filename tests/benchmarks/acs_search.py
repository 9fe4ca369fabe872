"""Benchmark of the SPI-ACS search: time for 600 s, a simulated year in bounded memory, and the calibration.

python tests/benchmarks/acs_search.py speed            # one search of 600 s on 128 scales
python tests/benchmarks/acs_search.py year [DAYS]      # 50 ms samples, searched in pieces of three hours
python tests/benchmarks/acs_search.py calibrate [N]    # false alarms of N backgrounds of 600 s
"""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from acs import RATE, SAMPLE, T0, background, make
from tidings.acs.long_search import search_long
from tidings.acs.search import search, search_scales
from tidings.acs.search_product import excess_table


def speed() -> None:
    counts = make(background(12000, np.random.default_rng(1)))
    spent = []
    for _ in range(50):
        start = time.process_time()
        search(counts)
        spent.append(time.process_time() - start)
    print(
        f"600 s, {len(search_scales(SAMPLE))} scales: {1000 * np.median(spent):.1f} ms of CPU (median of 50)"
    )


def year(days: float = 365.25) -> None:
    n, length = round(days * 86400 / SAMPLE), 144000

    def parts():
        rng = np.random.default_rng(5)
        for first in range(0, n, length):
            t = (first + np.arange(min(length, n - first))) * SAMPLE
            rate = RATE * (1 + 0.1 * np.sin(2 * np.pi * t / 230000))
            yield make(background(len(t), rng, rate), start=first * SAMPLE)

    start = time.process_time()
    found, _ = search_long(parts())
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    spent = time.process_time() - start
    print(f"{n} samples: {spent:.0f} s of CPU, peak {peak:.0f} MB, {len(found)} above 6 sigma")


def calibrate(n: int = 1000) -> None:
    rng = np.random.default_rng(2023)
    rows = []
    for _ in range(n):
        found, statistics = search(make(background(12000, rng)))
        table = excess_table(found, statistics, T0, (-300, 300), spikes=False)
        rows.append((statistics.snr.max(), table["fap"].min(), table["fap_published"].min()))
    snr, fap, published = np.array(rows).T
    print("largest S/N, 50 %, 95 %, 99 %:", np.percentile(snr, [50, 95, 99]).round(2))
    for p in (0.02, 0.1, 0.3):
        print(f"probability < {p}: calibrated {(fap < p).sum()}, published {(published < p).sum()} of {n}")


if __name__ == "__main__":
    mode, *values = sys.argv[1:] or ["speed"]
    {"speed": speed, "year": year, "calibrate": calibrate}[mode](
        *map(float if mode == "year" else int, values)
    )
