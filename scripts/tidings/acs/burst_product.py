"""What was measured of a burst in SPI-ACS: with the fluence that its counts mean."""

from __future__ import annotations

from typing import Any

from astropy.table import Table

from tidings.acs.conversions import CONVERSIONS, RESPONSE_SYSTEMATIC, Conversion
from tidings.lightcurve import burst_product
from tidings.lightcurve.bursts import Burst


def fluence(burst: Burst, conversion: Conversion, response: float) -> tuple[float, float, float]:
    """Return fluence, its statistical and its systematic error, erg/cm²."""
    value = conversion.convert(burst.counts, response)
    return (
        value,
        conversion.convert(burst.counts_error, response),
        abs(value) * conversion.relative_error,
    )


def burst_table(
    burst: Burst, epoch: float, reference: float, conversion: Conversion, response: float, name: str = ""
) -> Table:
    """Return a table of one row.

    Parameters
    ----------
    burst
        Its times count from `epoch`.
    epoch, reference
        GPS seconds; times in the table count from `reference`.
    conversion, response
        Of the fluence, and the relative response in the burst's direction.
    name
        Of the burst.
    """
    value, statistical, systematic = fluence(burst, conversion, response)
    band = f"{conversion.band[0]:g}-{conversion.band[1]:g} keV"
    return burst_product.burst_table(
        burst,
        epoch,
        reference,
        name,
        extra=[
            ("fluence", value, "erg / cm2", f"Fluence {band} for the spectrum assumed"),
            ("fluence_error", statistical, "erg / cm2", "Its statistical error, 1 sigma"),
            ("fluence_systematic", systematic, "erg / cm2", "Its error by the response"),
        ],
        meta={"spectrum": conversion.spectrum, "conversion": conversion.source, "response": response},
    )


def burst_summary(table: Table, burst: Burst, response: float) -> dict[str, Any]:
    """Return what the table has, with units, and the fluence for every conversion."""
    fluences = {}
    for name, conversion in CONVERSIONS.items():
        value, statistical, systematic = fluence(burst, conversion, response)
        fluences[name] = {
            "spectrum": conversion.spectrum,
            "band_keV": list(conversion.band),
            "fluence_erg_cm2": value,
            "statistical_error": statistical,
            "systematic_error": systematic,
            "source": conversion.source,
        }
    return {
        **burst_product.burst_summary(table, burst, without="fluence"),
        "fluence": fluences,
        "response": response,
        "response_systematic": RESPONSE_SYSTEMATIC,
    }
