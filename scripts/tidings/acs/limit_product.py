"""Upper limits as a table and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from astropy.table import Table

from tidings.acs.conversions import RESPONSE_SYSTEMATIC, Conversion
from tidings.acs.limits import Limit
from tidings.errors import InputError

_COLUMNS = {
    "duration": ("s", "Duration of the burst"),
    "spectrum": (None, "Spectrum assumed"),
    "sigma": (None, "Significance of the limits"),
    "counts": (None, "Upper limit on the counts above background"),
    "rate": ("1 / s", "Upper limit on the rate averaged over the duration"),
    "relative_error": (None, "Of all limits, by the number of windows that the scatter is known from"),
    "fluence": ("erg / cm2", "Upper limit on the fluence"),
    "flux": ("erg / (cm2 s)", "Upper limit on the flux averaged over the duration"),
    "energy_low": ("keV", "Lower end of the band of fluence and flux"),
    "energy_high": ("keV", "Upper end of it"),
    "excess": (None, "Standard deviation at this duration over that of counting statistics"),
    "windows": (None, "Number of windows"),
    "outliers": (None, "A signal or spikes widen the scatter: the limits are too high"),
}


def limit_table(limits: Sequence[Limit], conversions: Sequence[Conversion], response: float) -> Table:
    """Return a table with a row for each duration and spectrum.

    Parameters
    ----------
    limits
        One for each duration.
    conversions
        One for each spectrum.
    response
        Relative to the best direction.
    """
    if not limits or not conversions:
        raise InputError("no duration or no spectrum is given: name one of each at least")
    rows = [_row(limit, conversion, response) for limit in limits for conversion in conversions]
    table = Table(rows=rows, names=list(_COLUMNS))
    for name, (unit, description) in _COLUMNS.items():
        table[name].unit = unit
        table[name].description = description
    table.meta = {
        "response": response,
        "response_systematic": RESPONSE_SYSTEMATIC,
        "spectra": {c.name: {"spectrum": c.spectrum, "source": c.source} for c in conversions},
    }
    return table


def limit_summary(table: Table) -> dict[str, Any]:
    """Return the table as JSON has it: a list of rows, with units beside it."""
    units = {name: str(table[name].unit) for name in table.colnames if table[name].unit is not None}
    rows = [{name: _plain(row[name]) for name in table.colnames} for row in table]
    return {"limits": rows, "units": units, **dict(table.meta)}


def _row(limit: Limit, conversion: Conversion, response: float) -> tuple[Any, ...]:
    fluence = limit.fluence(conversion, response)
    return (
        limit.duration,
        conversion.name,
        limit.sigma,
        limit.counts,
        limit.rate,
        limit.relative_error,
        fluence,
        fluence / limit.duration,
        *conversion.band,
        limit.excess,
        limit.windows,
        limit.outliers,
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, str) else value.item()
