"""From counts to fluence: published conversions, each for one assumed spectrum.

SPI-ACS has no energies, so a fluence is what the counts would mean for a burst of a given spectrum from a
given direction. The conversions hold for the direction of best response, close to the plane orthogonal to the
pointing axis; elsewhere the counts are divided by the relative response.
"""

from __future__ import annotations

from dataclasses import dataclass

from tidings.errors import InputError

RESPONSE_SYSTEMATIC = 0.2
"""Relative uncertainty of the response (Doyle et al. 2019, GCN Circ. 25190)."""


@dataclass(frozen=True)
class Conversion:
    """What one count means.

    Attributes
    ----------
    name, spectrum, source
        Key, the spectrum assumed, and where the figure comes from.
    fluence
        erg/cm² for one count, at the direction of best response.
    relative_error
        Systematic, of that figure; without the shape of the spectrum.
    band
        keV, that the fluence is in.
    """

    name: str
    spectrum: str
    fluence: float
    relative_error: float
    band: tuple[float, float]
    source: str

    def convert(self, counts: float, response: float = 1.0) -> float:
        """Return the fluence of counts, erg/cm² (of a rate: the flux, erg/cm²/s).

        Parameters
        ----------
        counts
            Above background.
        response
            Effective area in the burst's direction over that in the best one, 0 to 1.
        """
        if not 0 < response <= 1:
            raise InputError(
                f"response {response:g} is not between 0 and 1: give it relative to the best direction"
            )
        return counts * self.fluence / response


# GCN Circ. 25190 gives 9629 counts/s as 2.03e-6 to 2.39e-6 erg/cm²/s at 58 % of the best response: 1.22e-10
# to 1.44e-10 erg/cm² a count at the best one. It is the one circular that states counts and flux of one
# signal.
_SHORT = 0.58 * (2.03e-6 + 2.39e-6) / 2 / 9629
# GCN Circ. 24951 gives the limits of one second for both spectra, from one scatter: 1.6e-7 and 1.4e-7
# erg/cm².
_LONG = _SHORT * 1.4 / 1.6

CONVERSIONS = {
    c.name: c
    for c in (
        Conversion(
            "short",
            "cut-off power law, alpha -0.5, Ep 600 keV",
            _SHORT,
            RESPONSE_SYSTEMATIC,
            (75.0, 2000.0),
            "Doyle et al. 2019, GCN Circ. 25190: 9629 counts/s are 2.03e-6 to 2.39e-6 erg/cm2/s at 58 % "
            "response",
        ),
        Conversion(
            "long",
            "Band function, alpha -1, beta -2.5, Ep 300 keV",
            _LONG,
            RESPONSE_SYSTEMATIC,
            (75.0, 2000.0),
            "conversion 'short' times the ratio of the 1 s limits in Coleiro et al. 2019, GCN Circ. 24951",
        ),
        Conversion(
            "typical",
            "typical burst, mean of bursts with known spectra",
            1.0e-10,
            RESPONSE_SYSTEMATIC,
            (75.0, 1000.0),
            "Vigano & Mereghetti 2009, arXiv:0912.5329: about 1e-10 erg/cm2 a count orthogonal to the axis",
        ),
    )
}


def conversion(name: str) -> Conversion:
    """Return a conversion by its name."""
    try:
        return CONVERSIONS[name]
    except KeyError:
        raise InputError(f"no conversion {name!r}; there are {', '.join(CONVERSIONS)}") from None
