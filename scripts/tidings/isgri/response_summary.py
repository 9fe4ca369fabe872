"""What the summary of a response states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tidings.isgri.response import Fit


def summarise(fit: Fit, sources: Sequence[tuple[float, float]]) -> dict[str, Any]:
    """Return windows, pixels, scatter in each group of energy, and the sources fitted along.

    Parameters
    ----------
    fit
        The fit.
    sources
        Directions [deg] of its sources, in its order.
    """
    edges = fit.response.edges
    groups = [
        {
            "e_min_keV": float(edges[n]),
            "e_max_keV": float(edges[n + 1]),
            "rms_rows": float(fit.spread[0, n]),
            "rms_columns": float(fit.spread[1, n]),
            "rms_pixels": float(fit.spread[2, n]),
            "variance_over_poisson_modules": float(fit.variance[0, n]),
            "variance_over_poisson_rows_columns": float(fit.variance[1, n]),
            "variance_over_poisson_response": float(fit.variance[2, n]),
        }
        for n in range(len(edges) - 1)
    ]
    listed = [
        {
            "ra_deg": ra,
            "dec_deg": dec,
            "windows": int(np.isfinite(fit.fluxes[:, n]).any(1).sum()),
            "rates_counts_per_s": _means(fit.fluxes[:, n]),
        }
        for n, (ra, dec) in enumerate(sources)
    ]
    return {
        "response": fit.response.meta,
        "pixels": int(fit.response.used.sum()),
        "groups": groups,
        "sources": listed,
    }


def _means(fluxes: np.ndarray) -> list[float | None]:
    """Mean of each group over the windows that see the source."""
    return [float(np.nanmean(one)) if np.isfinite(one).any() else None for one in fluxes.T]
