#!/usr/bin/env python3
"""Time every step on real data, beside programs by others, and compare with the committed baseline.

    make bench                                   writes table, plot and benchmarks/bench.json
    python tests/benchmarks/bench.py --baseline  the same, and takes the figures as the new baseline
    python tests/benchmarks/bench.py --check     each step once: fails if one takes twice what the baseline
                                                 says, or if a product is not as recorded

Times are of the processor (user and system), not of the clock, so that other work on the machine matters
little. Steps of the default run are typed one after the other, the last job of each. What is compared with
the baseline is a step's time over that of a fixed piece of arithmetic, measured in the same run: so a slower
machine fails nothing. A step that seems too slow is measured again twice, and its best counts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))

from suite import BIN, ROOT, call, copy

BASELINE = Path(__file__).with_name("baseline.json")
PAGE = ROOT / "workflows/benchmarks.md"
PLOT = ROOT / "workflows/report/benchmarks.png"
BEGIN, END = "<!-- made by tests/benchmarks/bench.py -->", "<!-- end of the made part -->"
FORMAT = 1
SLOWER = 2.0  # what fails
LEAST = 0.5  # s of the processor; below it noise is larger than what is looked for
REPEATS = 3


# ---- measuring ------------------------------------------------------------------------------------------


def measured(command: list[str], folder: Path) -> dict[str, float]:
    """Run a command; return processor time [s] and peak memory [MB] of it and its children."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=said, stderr=said)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{shlex.join(command)}: {said.read().decode(errors='replace')}")
    return {"cpu_s": round(used.ru_utime + used.ru_stime, 3), "peak_mb": round(used.ru_maxrss / 1024, 1)}


def calibration() -> float:
    """Return the processor time of a fixed piece of work [s]: imports, sorting, Fourier transforms, text."""
    code = (
        "import numpy as np, scipy.signal, astropy.table, matplotlib.pyplot\n"
        "rng = np.random.default_rng(1)\n"
        "for _ in range(6): x = rng.standard_normal(1 << 20); np.fft.rfft(x); np.sort(x); x @ x\n"
        "sum(hash(str(i)) & 1 for i in range(600_000))"
    )
    environment = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"), "1")
    os.environ.update(environment)
    return min(measured(["python", "-c", code], ROOT)["cpu_s"] for _ in range(REPEATS))


def jobs(folder: Path) -> dict[str, str]:
    """Return of each step the command of its last job, whose inputs are all there."""
    printed = call(
        folder, "snakemake", "--cores", "1", "--dry-run", "--forceall", "--printshellcmds", "--quiet", "host"
    )
    found = re.findall(r"^Shell command: (python scripts/(\w+)\.py(?:.*\\\n)*.*)$", printed, re.MULTILINE)
    return {step: command.replace("\\\n", " ").partition(" 2> ")[0] for command, step in found}


def inputs_mb(command: str, folder: Path) -> float:
    """Return the size of the files that a command names and that are there before it runs [MB]."""
    words = [
        folder / word
        for word in shlex.split(command)[2:]
        if "/" in word and word.startswith(("data", "results"))
    ]
    return round(sum(path.stat().st_size for path in words if path.is_file()) / 1e6, 3)


def steps(folder: Path, repeats: int) -> dict[str, dict[str, float]]:
    """Measure the last job of each step; the least of the repeats counts."""
    made = {}
    for step, command in sorted(jobs(folder).items()):
        words = shlex.split(command)
        every = [measured(words, folder) for _ in range(repeats)]
        made[step] = {
            "cpu_s": min(one["cpu_s"] for one in every),
            "peak_mb": max(one["peak_mb"] for one in every),
        }
        made[step]["input_mb"] = inputs_mb(command, folder)
        print(f"{step:<22} {made[step]['cpu_s']:7.2f} s {made[step]['peak_mb']:7.0f} MB", flush=True)
    return made


# ---- peers and scaling ----------------------------------------------------------------------------------


def best(work: Callable[[], Any], repeats: int = REPEATS) -> float:
    """Return the least processor time of a function in this process [s]."""
    times = []
    for _ in range(repeats):
        begin = time.process_time()
        work()
        times.append(time.process_time() - begin)
    return min(times)


def peers() -> dict[str, dict[str, Any]]:
    """Do the same job with us and with others, in this process, one after the other."""
    import healpy
    import numpy as np
    from gwpy.timeseries import TimeSeries
    from mocpy import MOC

    from tidings.gw.qtransform import q_transform
    from tidings.skymap.reading import read_skymap
    from tidings.skymap.regions import areas, region

    made = {}
    strain = np.random.default_rng(1).standard_normal(4096 * 64) * 1e-21
    series = TimeSeries(strain, t0=1_000_000_000, sample_rate=4096)
    window = (1_000_000_031.0, 1_000_000_033.0)
    ours = best(
        lambda: q_transform(strain, 4096.0, 1_000_000_000.0, window=window, frange=(20, 1024), qrange=(4, 64))
    )
    theirs = best(
        lambda: series.q_transform(
            outseg=window, frange=(20, 1024), qrange=(4, 64), logf=True, fres=500, tres=0.002, whiten=True
        )
    )
    made["Q-transform, 64 s"] = {"peer": "gwpy", "ours_s": ours, "peer_s": theirs}
    path = ROOT / "data/skymap/GW170817_skymap.fits.gz"
    levels = [0.5, 0.9]

    def with_healpy() -> Any:
        probability = healpy.read_map(path, field=0, nest=True, dtype=float)
        ranked = np.cumsum(np.sort(probability)[::-1])
        return np.searchsorted(ranked, levels) * healpy.nside2pixarea(1024, degrees=True)

    ours = best(lambda: areas(read_skymap(path), levels))
    made["areas of GW170817, NSIDE 1024, with reading"] = {
        "peer": "healpy",
        "ours_s": ours,
        "peer_s": best(with_healpy),
    }

    def with_mocpy() -> Any:
        probability = healpy.read_map(path, field=0, nest=True, dtype=float)
        uniq = np.arange(len(probability)) + 4 * 4**10
        return MOC.from_valued_healpix_cells(uniq, probability, 10, cumul_to=0.9)

    made["its 90 % region, with reading"] = {
        "peer": "healpy and mocpy",
        "ours_s": best(lambda: region(read_skymap(path), 0.9)),
        "peer_s": best(with_mocpy),
    }
    return made


def scaling(folder: Path) -> dict[str, dict[str, list[float]]]:
    """Measure how processor time grows with detectors, science windows and pixels."""
    import numpy as np

    from tidings.skymap.regions import areas
    from tidings.skymap.sky import from_uniq

    made = {}
    maps = [f"results/gw/GW170814/GW170814_{name}_spectrogram.hdf5" for name in ("H1", "L1", "V1")]
    words = [
        "python",
        "scripts/gw_network.py",
        "--figure",
        "a.png",
        "--figure_pdf",
        "a.pdf",
        "--tiles",
        "a.ecsv",
    ]
    times = [measured([*words, "--spectrograms", *maps[:n]], folder)["cpu_s"] for n in (1, 2, 3)]
    made["detectors (gw_network)"] = {"n": [1, 2, 3], "cpu_s": times}
    times, counts = [], [1, 2, 4, 8]
    for n in counts:
        simulate = ["python", "scripts/isgri_simulate.py", "--sources", "data/isgri/simulated_crab_field.csv"]
        simulate += [
            "--ra",
            "83.633",
            "--dec",
            "22.014",
            "--windows",
            str(n),
            "--duration",
            "300",
            "--events",
            f"sim{n}",
        ]
        measured(simulate, folder)
        count = ["python", "scripts/isgri_shadowgram.py", "--events", f"sim{n}", "--shadowgrams", "s.fits"]
        times.append(measured([*count, "--summary", "s.json", "--figure", "s.png"], folder)["cpu_s"])
    made["science windows (isgri_shadowgram)"] = {"n": counts, "cpu_s": times}
    times, sizes = [], []
    rng = np.random.default_rng(2)
    for order in (6, 7, 8, 9, 10):
        n = 12 * 4**order
        probability = rng.random(n)
        uniq, probability = np.arange(n) + 4 * 4**order, probability / probability.sum()
        # A map anew each time, for it keeps its ranking.
        skies = [from_uniq(uniq, probability) for _ in range(REPEATS)]
        times.append(min(best(partial(areas, sky, [0.5, 0.9]), 1) for sky in skies))
        sizes.append(n)
    made["pixels (areas)"] = {"n": sizes, "cpu_s": times}
    return made


def exponent(n: list[float], seconds: list[float]) -> float:
    """Return the power with which time grows, fitted to the larger half."""
    import numpy as np

    half = len(n) // 2
    return float(np.polyfit(np.log(n[half - 1 :]), np.log(seconds[half - 1 :]), 1)[0])


# ---- comparing ------------------------------------------------------------------------------------------


def regressions(now: dict[str, Any], baseline: dict[str, Any], factor: float = SLOWER) -> dict[str, float]:
    """Return the steps that take `factor` times what the baseline says, with how many times.

    Parameters
    ----------
    now, baseline : dict
        With steps (cpu_s) and calibration_s.
    """
    found = {}
    for step, value in now["steps"].items():
        known = baseline["steps"].get(step)
        if known is None or max(value["cpu_s"], known["cpu_s"]) < LEAST:
            continue
        ratio = value["cpu_s"] / now["calibration_s"] / (known["cpu_s"] / baseline["calibration_s"])
        if ratio >= factor:
            found[step] = round(ratio, 2)
    return found


def changed(folder: Path) -> list[str]:
    """Return what `verify` says of products that are not as recorded."""
    done = subprocess.run(
        [sys.executable, "scripts/verify.py", "config/default_run.json", "results"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return [] if done.returncode == 0 else (done.stdout + done.stderr).splitlines()


def check(now: dict[str, Any], folder: Path) -> int:
    """Compare with baseline and digests; return the exit status."""
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    if missing := baseline["steps"].keys() - now["steps"].keys():
        print(f"bench: not measured: {', '.join(sorted(missing))}", file=sys.stderr)
        return 1
    slow = regressions(now, baseline)
    commands = jobs(folder) if slow else {}
    for step in slow:
        again = [measured(shlex.split(commands[step]), folder)["cpu_s"] for _ in range(2)]
        now["steps"][step]["cpu_s"] = min(now["steps"][step]["cpu_s"], *again)
    slow = regressions(now, baseline)
    for step, ratio in slow.items():
        print(
            f"bench: {step}: takes {ratio} times as long as the baseline ({BASELINE.name})", file=sys.stderr
        )
    differing = changed(folder)
    for line in differing[:20]:
        print(f"bench: {line}", file=sys.stderr)
    if not slow and not differing:
        print(
            f"bench: {len(now['steps'])} steps within {SLOWER:g} times the baseline, all products as recorded"
        )
    return int(bool(slow or differing))


# ---- telling --------------------------------------------------------------------------------------------


def machine() -> dict[str, Any]:
    """Return what the figures were measured on: processor, cores, versions."""
    text = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    import astropy
    import numpy

    return {
        "processor": model[1] if model else platform.processor(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "numpy": numpy.__version__,
        "astropy": astropy.__version__,
    }


def tell(now: dict[str, Any]) -> None:
    """Write the page and the plot."""
    where = now["machine"]
    lines = [
        (
            f"Measured on {where['processor']}, {where['cores']} cores, Python {where['python']}, in"
            f" processor seconds (best of {REPEATS}); start of Python and libraries included, which is 1 to 2"
            " s of each."
        ),
        "",
        "| step | processor time | peak memory | input |",
        "|---|---|---|---|",
    ]
    for step, value in sorted(now["steps"].items()):
        lines.append(
            f"| `{step}` | {value['cpu_s']:.2f} s | {value['peak_mb']:.0f} MB | {value['input_mb']:.2f} MB |"
        )
    lines += ["", "| the same job | here | by others | ratio |", "|---|---|---|---|"]
    for name, value in now["peers"].items():
        ratio = value["peer_s"] / value["ours_s"]
        lines.append(
            f"| {name} | {1e3 * value['ours_s']:.1f} ms | {1e3 * value['peer_s']:.1f} ms ({value['peer']}) |"
            f" {ratio:.1f} |"
        )
    lines += ["", "| grows with | from | to | as n to the power of |", "|---|---|---|---|"]
    for name, value in now["scaling"].items():
        n, seconds = value["n"], value["cpu_s"]
        lines.append(
            f"| {name} | {n[0]:,}: {seconds[0]:.3g} s | {n[-1]:,}: {seconds[-1]:.3g} s |"
            f" {exponent(n, seconds):.2f} |"
        )
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    PAGE.write_text(
        f"{before}{BEGIN}\n\n" + "\n".join(lines) + f"\n\n{END}{rest.partition(END)[2]}", encoding="utf-8"
    )
    plot(now)


def plot(now: dict[str, Any]) -> None:
    """Draw the steps' times, and the growth."""
    from tidings.output import OKABE_ITO, new_figure, save_figure, style
    from tidings.output import PAGE as WIDTH

    with style():
        figure = new_figure(WIDTH, 5.2)
        left, right = figure.subplots(1, 2, width_ratios=[1.5, 1])
        names = sorted(now["steps"], key=lambda step: now["steps"][step]["cpu_s"])
        left.barh(names, [now["steps"][step]["cpu_s"] for step in names], color=OKABE_ITO["blue"])
        left.set_xlabel("Processor time [s]")
        left.tick_params(axis="y", labelsize=6)
        left.margins(y=0.01)
        marks = zip(now["scaling"].items(), ("blue", "vermillion", "green"), "os^", strict=True)
        for (name, value), colour, mark in marks:
            first = value["n"][0], value["cpu_s"][0]
            right.plot(
                [n / first[0] for n in value["n"]], [t / first[1] for t in value["cpu_s"]], f"{mark}-",
                color=OKABE_ITO[colour], label=name, ms=4,
            )  # fmt: skip
        right.plot([1, 300], [1, 300], ":", color="grey", label="in proportion")
        right.set(xscale="log", yscale="log", xlabel="Size, of the smallest", ylabel="Time, of the smallest")
        right.legend(loc="upper left", fontsize=6)
        save_figure(figure, PLOT)


def main() -> int:
    """Measure, and write or compare."""
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument(
        "--check", action="store_true", help="compare with baseline and digests; write no page"
    )
    options.add_argument("--baseline", action="store_true", help="take the figures as the new baseline")
    options.add_argument("--run", type=Path, help="folder of the suite with the default run done (copied)")
    arguments = options.parse_args()
    scratch = Path(tempfile.mkdtemp(prefix="bench-"))
    try:
        folder = scratch / "tidings"
        if arguments.run:
            shutil.copytree(
                arguments.run, folder, symlinks=True, ignore=shutil.ignore_patterns(".venv*", ".git", "site")
            )
        else:
            call(copy(folder), "snakemake", "--cores", "2")
        now: dict[str, Any] = {"format": FORMAT, "machine": machine(), "calibration_s": calibration()}
        now["steps"] = steps(folder, 1 if arguments.check else REPEATS)
        if arguments.check:
            return check(now, folder)
        now |= {"peers": peers(), "scaling": scaling(folder), "changed": changed(folder)}
        (ROOT / "benchmarks").mkdir(exist_ok=True)
        text = json.dumps(now, indent=1, sort_keys=True) + "\n"
        (ROOT / "benchmarks/bench.json").write_text(text, encoding="utf-8")
        if arguments.baseline:
            BASELINE.write_text(text, encoding="utf-8")
        tell(now)
        return int(bool(now["changed"]))
    finally:
        shutil.rmtree(scratch)


if __name__ == "__main__":
    sys.exit(main())
