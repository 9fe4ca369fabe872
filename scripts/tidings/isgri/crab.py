"""Rates of the Crab, for rates in Crab units.

Two references: rates of the Crab measured with this suite in the same bands (the way to go: the response of
ISGRI changed over the years), or the catalogue's two rates with a power law in between.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from tidings.errors import InputError
from tidings.isgri._photons import CRAB_INDEX, share
from tidings.isgri.rate_table import bands, in_band, source_rates, usable

# ISGR_FLUX_1 and _2 of the Crab in GNRL-REFR-CAT 43 [counts/s], and their bands [keV].
CATALOGUE = (((20.0, 60.0), 230.92), ((60.0, 200.0), 59.46))
_NAMES = ("Crab", "Crab Nebula", "Crab pulsar", "M 1", "Tau X-1", "PSR B0531+21")


@dataclass(frozen=True)
class CrabRate:
    """Rate of the Crab in a band [counts/s as if fully coded], its error, and where it is from."""

    rate: float
    error: float
    origin: str


def catalogue_rate(e_min: float, e_max: float) -> CrabRate:
    """Rate of the Crab in a band [keV] after the reference catalogue.

    The catalogue's rates (20-60 and 60-200 keV, OSA's scale, as early in the mission) are shared out over
    energies as a power law of index 2.1 absorbed in 2 mm of CdTe; below 20 and above 200 keV it is continued.
    """
    total = 0.0
    outer = ((0.0, 60.0), (60.0, 1e4))
    for (band, rate), (low, high) in zip(CATALOGUE, outer, strict=True):
        inside = max(e_min, low), min(e_max, high)
        if inside[0] < inside[1]:
            total += rate * share(CRAB_INDEX, *inside) / share(CRAB_INDEX, *band)
    return CrabRate(total, float("nan"), "GNRL-REFR-CAT 43 and a power law")


def measured_rate(rates: Table, e_min: float, e_max: float) -> CrabRate:
    """Rate of the Crab in a band [keV] from a table of measured rates, the weighted mean of its windows.

    The band may also be the sum of several bands of the table.

    Raises
    ------
    InputError
        The Crab is not in the table, or its bands do not make up this one.
    """
    crab = _crab(rates)
    parts = [band for band in bands(crab) if e_min <= band[0] and band[1] <= e_max]
    whole = [band for band in parts if band == (e_min, e_max)]
    used = whole or parts
    edges = [e_min, *[band[1] for band in used]]
    if edges[:-1] != [band[0] for band in used] or edges[-1] != e_max:
        there = ", ".join(f"{low:g}-{high:g}" for low, high in bands(crab))
        raise InputError(
            f"the rates of the Crab are in {there} keV, which do not make up {e_min:g}-{e_max:g} keV; "
            "measure the Crab in the same bands"
        )
    rate = variance = 0.0
    for band in used:
        rows = in_band(crab, band)
        rows = rows[usable(rows)]
        if len(rows) == 0:
            raise InputError(f"the Crab has no usable rate in {band[0]:g}-{band[1]:g} keV")
        weight = 1 / np.asarray(rows["error"]) ** 2
        rate += float((weight * rows["rate"]).sum() / weight.sum())
        variance += float(1 / weight.sum())
    if rate <= 0:
        raise InputError(
            f"the Crab's rate in {e_min:g}-{e_max:g} keV is {rate:g} counts/s; it must be positive"
        )
    return CrabRate(rate, float(np.sqrt(variance)), "measured, given by the user")


def reference(rates: Table | None, e_min: float, e_max: float) -> CrabRate:
    """Return the measured rate where a table is given, the catalogue's otherwise."""
    return catalogue_rate(e_min, e_max) if rates is None else measured_rate(rates, e_min, e_max)


def _crab(rates: Table) -> Table:
    for name in _NAMES:
        try:
            return source_rates(rates, name)
        except InputError:
            continue
    names = sorted({str(one) for one in rates["source"]})
    raise InputError(f"no Crab among the sources {', '.join(names)}: it is to be named Crab")
