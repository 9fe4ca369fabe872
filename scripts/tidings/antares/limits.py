"""Limits on sources at positions: counted events, background, signal, and flux against the spectral index."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table
from scipy.special import betainc, gammainc

from tidings.antares.background import Declination, cone, polynomial_expected
from tidings.antares.feldman_cousins import limits, sensitivity, service_limit, service_sensitivity
from tidings.antares.sample import ACCEPTANCE_UNIT, Acceptance, Events
from tidings.errors import InputError

DEC_RANGE = (-80.0, 50.0)
"""Declinations at which limits are given [deg], as the MMODA service has them."""
ENERGIES = np.logspace(-1, 6, 100)
"""Of the envelope [GeV]."""

_COLUMNS = {
    "position": (None, "number of the position", "meta.id"),
    "ra": ("deg", "right ascension, ICRS", "pos.eq.ra;meta.main"),
    "dec": ("deg", "declination, ICRS", "pos.eq.dec;meta.main"),
    "radius": ("deg", "radius of the cone", "pos.angDistance"),
    "observed": (None, "events in the cone", "meta.number"),
    "background": (None, "events expected of the background", "meta.number;stat.mean"),
    "background_error": (None, "its standard deviation", "stat.error;meta.number"),
    "p_value": (None, "chance of as many or more of the background alone", "stat.probability"),
    "lower_limit": (None, "least number of signal events (Feldman-Cousins)", "meta.number;stat.min"),
    "upper_limit": (None, "greatest number of signal events (Feldman-Cousins)", "meta.number;stat.max"),
    "sensitivity": (None, "mean upper limit without a signal", "meta.number;stat.mean"),
}
_FLUX_COLUMNS = {
    "position": (None, "number of the position", "meta.id"),
    "index": (None, "spectral index, flux falling as E^-index", "spect.index"),
    "acceptance": ("GeV cm2 s", "signal events over the flux at 1 GeV, one flavour", "phys.area"),
    "flux_limit": ("1 / (GeV cm2 s)", "upper limit of the flux at 1 GeV", "phot.flux.density;stat.max"),
    "flux_sensitivity": (
        "1 / (GeV cm2 s)",
        "sensitivity of the flux at 1 GeV",
        "phot.flux.density;stat.mean",
    ),
}
_ENVELOPE_COLUMNS = {
    "position": (None, "number of the position", "meta.id"),
    "energy": ("GeV", "neutrino energy", "em.energy"),
    "flux_limit": (
        "GeV / (cm2 s)",
        "largest E^2 times flux at its upper limit over all spectral indices",
        "phot.flux.density;em.energy;stat.max",
    ),
    "flux_sensitivity": (
        "GeV / (cm2 s)",
        "the same at the sensitivity",
        "phot.flux.density;em.energy;stat.mean",
    ),
}


@dataclass(frozen=True)
class Conventions:
    """How limits are computed.

    Attributes
    ----------
    confidence
        Level of the limits, 0 to 1.
    polynomial
        Coefficients of the cumulative number of events against declination, in place of the distribution
        fitted to the events; None otherwise.
    service
        As the MMODA service: limits in steps, the sensitivity in place of an upper limit where no more events
        are seen than the whole part of the background, acceptance read at the edges of its bins.
    """

    confidence: float = 0.9
    polynomial: np.ndarray | None = None
    service: bool = False


def check_cone(ra: float, dec: float, radius: float) -> None:
    """Raise `InputError` for a cone outside of what the sample can tell."""
    if not 0 <= ra < 360:
        raise InputError(f"ra {ra:g} deg is not between 0 and 360: give degrees, not hours")
    if not DEC_RANGE[0] <= dec <= DEC_RANGE[1]:
        raise InputError(
            f"dec {dec:g} deg is outside {DEC_RANGE[0]:g} to {DEC_RANGE[1]:g}, where ANTARES's acceptance is "
            "known: there is no limit"
        )
    if not 0 < radius <= 2.5:
        raise InputError(f"radius {radius:g} deg is not between 0 and 2.5")


def inside(events: Events, ra: float, dec: float, radius: float) -> np.ndarray:
    """Tell which events lie within a radius [deg] of a position [deg]."""
    a, d, r = np.deg2rad([ra, dec, radius])
    alpha, delta = np.deg2rad(events.ra), np.deg2rad(events.dec)
    # The haversine keeps its digits at small angles.
    half = np.sin((delta - d) / 2) ** 2 + np.cos(d) * np.cos(delta) * np.sin((alpha - a) / 2) ** 2
    return half <= np.sin(r / 2) ** 2


def limit_table(
    events: Events,
    distribution: Declination,
    ra: np.ndarray,
    dec: np.ndarray,
    radius: float,
    conventions: Conventions,
) -> Table:
    """Return counts and limits of the signal at positions, a row each; columns as described in the table.

    Raises
    ------
    InputError
        A position or the radius is out of range.
    """
    rows = []
    for a, d in zip(ra, dec, strict=True):
        check_cone(a, d, radius)
        expected, error = distribution.expected(*cone(d, radius))
        if conventions.polynomial is not None:
            # The relative error is that of the fit to the same events.
            published = polynomial_expected(conventions.polynomial, d, radius)
            expected, error = published, error * published / expected
        rows.append((int(inside(events, a, d, radius).sum()), expected, error))
    observed, background, error = (np.array(column) for column in zip(*rows, strict=True))
    lower, upper = limits(observed, background, conventions.confidence)
    mean = sensitivity(background, conventions.confidence)
    if conventions.service:
        mean = np.array([service_sensitivity(b) for b in background])
        upper = np.array([service_limit(int(n), b) for n, b in zip(observed, background, strict=True)])
        upper = np.where(observed <= np.floor(background), mean, upper)
    values = [np.arange(1, len(observed) + 1), ra, dec, np.full(len(observed), radius), observed]
    values += [background, error, p_value(observed, background, error), lower, upper, mean]
    return described(Table(values, names=list(_COLUMNS)), _COLUMNS)


def p_value(observed: np.ndarray, background: np.ndarray, error: np.ndarray) -> np.ndarray:
    """Return the chance of at least as many events without a signal.

    The background is known to its error only: with a Gamma distribution of that mean and deviation the
    number of events is of the negative binomial distribution, whose tail this is; without an error it is
    Poisson's.
    """
    n, b, s = (np.asarray(a, float) for a in np.broadcast_arrays(observed, background, error))
    shape = (b / np.maximum(s, 1e-300)) ** 2
    certain = shape > 1e9
    scale = np.where(certain, 1.0, shape)
    spread = betainc(np.maximum(n, 1), scale, b / (b + scale))
    return np.where(n == 0, 1.0, np.where(certain, gammainc(np.maximum(n, 1), b), spread))


def flux_table(table: Table, acceptance: Acceptance, indices: np.ndarray, conventions: Conventions) -> Table:
    """Return the limits of the flux at 1 GeV, a row for each position and spectral index."""
    nodes = "edge" if conventions.service else "centre"
    sine = np.sin(np.deg2rad(np.asarray(table["dec"])))
    accepted = acceptance.at(sine[:, None], indices, nodes) * ACCEPTANCE_UNIT
    number = np.repeat(np.asarray(table["position"]), len(indices))
    upper, mean = (np.asarray(table[name])[:, None] / accepted for name in ("upper_limit", "sensitivity"))
    values = [number, np.tile(indices, len(table)), accepted.ravel(), upper.ravel(), mean.ravel()]
    return described(Table(values, names=list(_FLUX_COLUMNS)), _FLUX_COLUMNS)


def envelope(flux: Table) -> Table:
    """Return, for each position, the largest E^2 times flux that any of the spectral indices allows."""
    rows = []
    for number in np.unique(flux["position"]):
        mine = flux[flux["position"] == number]
        shape = ENERGIES[:, None] ** (2 - np.asarray(mine["index"]))
        upper, mean = ((shape * np.asarray(mine[name])).max(1) for name in ("flux_limit", "flux_sensitivity"))
        rows.append(
            Table([np.full(len(ENERGIES), number), ENERGIES, upper, mean], names=list(_ENVELOPE_COLUMNS))
        )
    joined = Table(
        [np.concatenate([np.asarray(one[name]) for one in rows]) for name in _ENVELOPE_COLUMNS],
        names=list(_ENVELOPE_COLUMNS),
    )
    return described(joined, _ENVELOPE_COLUMNS)


def described(table: Table, columns: dict[str, tuple[str | None, str, str]]) -> Table:
    """Give the columns of a table their units, descriptions and UCDs."""
    for name, (unit, description, ucd) in columns.items():
        table[name].unit = unit
        table[name].description = description
        table[name].meta["ucd"] = ucd
    return table
