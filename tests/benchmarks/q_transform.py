#!/usr/bin/env python3
"""Time and compare the Q-transform with gwpy and ml4gw on one core.

    python3.11 tests/benchmarks/q_transform.py [--env DIR] [--repeat N]

The peers live in an environment of their own (default: a temporary folder, removed afterwards; give
--env to keep it): torch by its plain version, the rest as locked in peers.txt. Nothing is written here.
Every repetition runs all jobs in turn in one process, each three times of which the fastest counts (the
first refills the caches that the job before has emptied); ratios are taken within a repetition.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TORCH = "torch==2.13.0"
RATE, SECONDS, START = 4096, 64, 1_000_000_000
WINDOW = (START + 31, START + 33)
FRANGE, QRANGE = (20, 1024), (4, 64)


def environment(folder: Path) -> Path:
    """Python of the peers' environment, made if it is not there."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, TORCH], check=True)
        subprocess.run([*pip, "--no-deps", "--require-hashes", "-r", str(HERE / "peers.txt")], check=True)
        (folder / "complete").touch()
    return python


def strain():
    """64 s of Gaussian noise of the shape of an advanced detector's, with a chirp-like pulse train."""
    import numpy as np

    rng, n = np.random.default_rng(20150914), RATE * SECONDS
    frequency = np.fft.rfftfreq(n, 1 / RATE)
    f = np.maximum(frequency, 10)
    asd = 1e-23 * np.sqrt((f / 60) ** -8 + (f / 150) ** 2 + 1 + (30 / f) ** 4)
    white = rng.standard_normal(n)
    t = np.arange(n) / RATE - 32.0
    for centre, delay in ((60, -0.06), (90, -0.025), (140, -0.008), (220, 0.0)):
        white += (
            0.35 * np.exp(-((2 * np.pi * centre * (t - delay) / 8) ** 2)) * np.cos(2 * np.pi * centre * t)
        )
    return np.fft.irfft(np.fft.rfft(white) * asd * np.sqrt(RATE / 2), n)


def without_torchaudio() -> None:
    """Let ml4gw be imported without torchaudio, whose wheels need CUDA: its Q-scan does not use it."""
    from unittest.mock import MagicMock

    for name in ("torchaudio", "torchaudio.functional", "torchaudio.transforms"):
        sys.modules[name] = MagicMock()


def jobs(x) -> dict:
    """Name of each job and the function that does it."""
    without_torchaudio()
    import torch
    from gwpy.timeseries import TimeSeries
    from ml4gw.transforms import QScan, SpectralDensity, Whiten

    from tidings.gw.qtransform import q_transform

    torch.set_num_threads(1)
    series = TimeSeries(x, sample_rate=RATE, t0=START)
    scan = QScan(
        duration=SECONDS - 2, sample_rate=RATE, spectrogram_shape=[500, 1000 * (SECONDS - 2) // 2],
        qrange=list(QRANGE), frange=list(FRANGE), interpolation_method="bicubic",
    )  # fmt: skip
    density = SpectralDensity(RATE, 2.0, overlap=1.0, average="median")
    whiten = Whiten(2.0, RATE, highpass=None)
    tensor = torch.as_tensor(x * 1e21)

    def ml4gw():
        white = whiten(tensor[None, None], density(tensor[None, None]))
        return scan(white[0, 0].float())

    def ours(**kwargs):
        return q_transform(x, RATE, float(START), window=WINDOW, qrange=QRANGE, frange=FRANGE, **kwargs)

    def gwpy(**kwargs):
        return series.q_transform(qrange=QRANGE, frange=FRANGE, outseg=WINDOW, **kwargs)

    return {
        "gwpy, 500 log f": lambda: gwpy(logf=True),
        "gwpy, 0.5 Hz": gwpy,
        "ml4gw, same pixels": ml4gw,
        "tidings default, 500 log f": ours,
        "tidings default, 0.5 Hz": lambda: ours(frequency_resolution=0.5),
        'tidings compat="gwpy", 500 log f': lambda: ours(compat="gwpy"),
        'tidings compat="gwpy", 0.5 Hz': lambda: ours(compat="gwpy", frequency_resolution=0.5),
    }


def cpu_time(job) -> float:
    """CPU time [ms] of one run."""
    begin = time.process_time()
    job()
    return 1e3 * (time.process_time() - begin)


def measure(repeat: int) -> None:
    """Run the jobs and print the table."""
    sys.path.insert(0, str(ROOT / "scripts"))
    x = strain()
    todo = jobs(x)
    for job in todo.values():
        job()
    times: dict[str, list[float]] = {name: [] for name in todo}
    for _ in range(repeat):
        for name, job in todo.items():
            times[name].append(min(cpu_time(job) for _ in range(3)))
    print(f"{SECONDS} s at {RATE} Hz, Q {QRANGE}, {FRANGE} Hz, 2 s shown; one core, {repeat} repetitions")
    print(f"{'job':36}{'CPU ms':>9}{'gwpy log / x':>14}{'gwpy lin / x':>14}{'ml4gw / x':>11}")
    for name, own in times.items():
        ratio = [
            statistics.median(p / o for p, o in zip(times[peer], own, strict=True))
            for peer in ("gwpy, 500 log f", "gwpy, 0.5 Hz", "ml4gw, same pixels")
        ]
        print(f"{name:36}{statistics.median(own):9.1f}{ratio[0]:14.1f}{ratio[1]:14.1f}{ratio[2]:11.1f}")
    import numpy as np

    truth, result = todo["gwpy, 500 log f"](), todo['tidings compat="gwpy", 500 log f']()
    difference = np.abs(truth.value - result.energy).max() / truth.value.max()
    print(f"compat and gwpy: Q {result.q:.4f} and {truth.q:.4f}, maps agree to {difference:.1e} of the peak")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--env", type=Path, help="folder of the peers' environment, kept for the next run")
    parser.add_argument("--repeat", type=int, default=9, help="repetitions (default: %(default)s)")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measure(options.repeat)
        return
    threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMEXPR")}
    with tempfile.TemporaryDirectory() as scratch:
        python = environment(options.env or Path(scratch))
        command = [str(python), "-B", __file__, "--measure", "--repeat", str(options.repeat)]
        core = min(os.sched_getaffinity(0))
        subprocess.run(
            command,
            check=True,
            env={**os.environ, **threads},
            preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        )


if __name__ == "__main__":
    main()
