"""Builder of tables of rates, as isgri_flux writes them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from astropy.table import Table

from tidings.isgri.rate_table import make_rates
from tidings.output import write_ecsv

BANDS = ((20.0, 30.0), (30.0, 40.0), (40.0, 60.0), (60.0, 100.0))
SOURCES = {"Crab": (83.633, 22.014), "GRS 1915+105": (288.798, 10.946), "Faint 1": (85.0, 23.0)}


def rates(
    level: dict[str, np.ndarray | float] | None = None,
    windows: int = 10,
    bands: tuple[tuple[float, float], ...] = BANDS,
    error: float = 0.5,
    seed: int = 1,
) -> Table:
    """Rates with Gaussian noise about a level [counts/s] for each source, which may be an array [windows]."""
    random = np.random.default_rng(seed)
    level = {"Crab": 100.0, "GRS 1915+105": 30.0, "Faint 1": 0.0} if level is None else level
    rows = []
    for name, rate in level.items():
        for low, high in bands:
            values = np.broadcast_to(rate, windows) + error * random.normal(size=windows)
            rows += [_row(name, low, high, n, float(value), error) for n, value in enumerate(values)]
    return make_rates(rows, {"energy_level": "lines", "simulated": True})


def rates_file(path: Path, table: Table) -> Path:
    """Write a table of rates."""
    write_ecsv(table, path)
    return path


def _row(name: str, low: float, high: float, number: int, rate: float, error: float) -> dict[str, object]:
    ra, dec = SOURCES.get(name, (10.0, 20.0))
    return {
        **{"source": name, "ra": ra, "dec": dec, "swid": f"1500{number + 1:04d}0010"},
        **{"time": 5503.0 + 0.025 * number, "timedel": 0.0125, "ontime": 1000.0, "exposure": 750.0},
        **{"e_min": low, "e_max": high, "rate": rate, "error": error, "coded": 0.9, "off_axis": 3.0},
        **{"total": 120.0, "background": 90.0, "background_error": 0.4, "chi2": 15500.0, "dof": 15000},
        "flags": 0,
    }
