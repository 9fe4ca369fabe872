"""Photometry and spectral energy distributions of Tractor sources.

The catalogue has fluxes in nanomaggies with inverse variances, and the Milky Way's transmission in each band
(dust of Schlegel, Finkbeiner & Davis 1998 with the coefficients of Schlafly & Finkbeiner 2011, at the
source's E(B-V)): fluxes divided by it are corrected for extinction.
"""

from __future__ import annotations

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.table import MaskedColumn, Table

from tidings.errors import InputError
from tidings.legacy.bands import ZERO_POINT, energy, nu_f_nu, wavelengths
from tidings.legacy.catalogue import bands_of, values

EXTINCTION = (
    "Milky Way only: fluxes over mw_transmission of the catalogue (E(B-V) of Schlegel, Finkbeiner & Davis "
    "1998, coefficients of Schlafly & Finkbeiner 2011)"
)

_POGSON = 2.5 / np.log(10)
_FIELD = 0.5  # deg beyond the catalogue's sources that may still belong to its field


def photometry_table(catalogue: Table, system: str = "pivot", limit_sigma: float = 5.0) -> Table:
    """Return magnitudes, and nu F_nu with errors and without extinction, of all sources and bands.

    Parameters
    ----------
    catalogue : astropy.table.Table
        Of `tidings.legacy.catalogue.read_catalogue`.
    system : {"pivot", "mmoda"}
        Wavelengths; see `tidings.legacy.bands.wavelengths`.
    limit_sigma : float
        Signal-to-noise ratio below which there is no magnitude but a limit of so many sigma.

    Returns
    -------
    astropy.table.Table
        Of each band: ``mag`` and ``mag_error`` as observed (AB), ``mag_limit`` where the source is not
        detected, ``extinction`` in mag, ``nufnu`` and ``nufnu_error`` in erg/(cm2 s), corrected. Negative
        fluxes, which noise makes, are kept; bands without a measurement are masked.
    """
    made = Table(
        {name: catalogue[name] for name in ("ls_id", "type", "ra", "dec") if name in catalogue.colnames}
    )
    made["ra"].unit = made["dec"].unit = "deg"
    for column, about, ucd in (
        ("ls_id", "Source, unique in the surveys", "meta.id;meta.main"),
        ("type", "Shape fitted: PSF, REX, DEV, EXP, SER", "src.morph.type"),
        ("ra", "Right ascension, ICRS", "pos.eq.ra;meta.main"),
        ("dec", "Declination, ICRS", "pos.eq.dec;meta.main"),
    ):
        made[column].description, made[column].meta = about, {"ucd": ucd}
    for band in bands_of(catalogue):
        _add_band(made, catalogue, band, system, limit_sigma)
    made.meta = {
        "extinction": EXTINCTION,
        "flux_unit": "1 nanomaggy = 3.631e-6 Jy",
        "wavelengths": system,
        "limit_sigma": limit_sigma,
    }
    return made


def sed_table(
    catalogue: Table,
    ra: float,
    dec: float,
    radius: float,
    *,
    combine: str = "nearest",
    system: str = "pivot",
    limit_sigma: float = 5.0,
) -> Table:
    """Return the spectral energy distribution at a position.

    Parameters
    ----------
    catalogue : astropy.table.Table
        Of `tidings.legacy.catalogue.read_catalogue`.
    ra, dec : float
        deg.
    radius : float
        Of the match, arcsec.
    combine : {"nearest", "sum"}
        The nearest source within the radius, or the sum of all.
    system : {"pivot", "mmoda"}
        Wavelengths.
    limit_sigma : float
        Of the limits.

    Returns
    -------
    astropy.table.Table
        A row per band. Without a source within the radius, there are limits only: those for a point source at
        the depth of the nearest source's images (psfdepth).

    Raises
    ------
    InputError
        The position is not in the catalogue's field.
    """
    separation = separations(catalogue, ra, dec)
    inside = np.flatnonzero(separation <= radius)
    nearest = int(np.argmin(separation))
    chosen = inside if combine == "sum" else inside[inside == nearest]
    rows = [_sed_row(catalogue, band, chosen, nearest, system, limit_sigma) for band in bands_of(catalogue)]
    made = _with_units(Table(rows=rows, names=[name for name, *_ in _SED], masked=True))
    ids = [int(catalogue["ls_id"][index]) for index in chosen]
    made.meta = {
        "ra": ra,
        "dec": dec,
        "radius_arcsec": radius,
        "sources": ids,
        "nearest": int(catalogue["ls_id"][nearest]),
        "nearest_arcsec": round(float(separation[nearest]), 4),
        "combine": combine,
        "wavelengths": system,
        "limit_sigma": limit_sigma,
        "extinction": EXTINCTION,
    }
    return made


def separations(catalogue: Table, ra: float, dec: float) -> np.ndarray:
    """Return the distances of all sources from a position, arcsec, float64 (n,).

    Raises
    ------
    InputError
        All are far away: the position is in another field, or its right ascension in hours.
    """
    coordinates = SkyCoord(values(catalogue, "ra"), values(catalogue, "dec"), unit="deg")
    separation = coordinates.separation(SkyCoord(ra, dec, unit="deg")).deg
    if separation.min() > _FIELD:
        middle = coordinates[len(coordinates) // 2]
        text = (
            f"RA {ra:g}, Dec {dec:g} deg is {separation.min():.1f} deg away from the catalogue's field at "
            f"{middle.ra.deg:.4f}, {middle.dec.deg:.4f}"
        )
        if 0 <= ra < 24 and coordinates.separation(SkyCoord(15 * ra, dec, unit="deg")).deg.min() <= _FIELD:
            raise InputError(f"{text}: RA is in hours; give it in deg, {15 * ra:.7g}")
        raise InputError(f"{text}: give the position or the catalogue that belongs to it")
    return separation * 3600


def _add_band(made: Table, catalogue: Table, band: str, system: str, limit_sigma: float) -> None:
    flux, sigma, through = fluxes(catalogue, band)
    seen = np.isfinite(sigma)
    detected = seen & (flux >= limit_sigma * sigma)
    wavelength = wavelengths(band, np.asarray(catalogue["release"]).astype(int), system)
    with np.errstate(invalid="ignore", divide="ignore"):
        columns = {
            f"mag_{band}": (ZERO_POINT - 2.5 * np.log10(flux), ~detected, "mag", "AB magnitude, as observed"),
            f"mag_error_{band}": (_POGSON * sigma / flux, ~detected, "mag", "Its error, 1 sigma"),
            f"mag_limit_{band}": (
                ZERO_POINT - 2.5 * np.log10(limit_sigma * sigma),
                detected | ~seen,
                "mag",
                f"Limit of {limit_sigma:g} sigma where it is fainter",
            ),
            f"extinction_{band}": (
                -2.5 * np.log10(through),
                ~(through > 0),
                "mag",
                "Extinction by the Milky Way",
            ),
            f"nufnu_{band}": (
                nu_f_nu(flux / through, wavelength),
                ~seen,
                "erg / (cm2 s)",
                "nu F_nu, corrected for extinction",
            ),
            f"nufnu_error_{band}": (
                nu_f_nu(sigma / through, wavelength),
                ~seen,
                "erg / (cm2 s)",
                "Its error, 1 sigma",
            ),
        }
    for name, (value, mask, unit, description) in columns.items():
        made[name] = MaskedColumn(
            np.where(mask, 0.0, value), mask=mask, unit=unit, description=f"{description}: {band}"
        )


def fluxes(catalogue: Table, band: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return flux and its standard deviation in nanomaggies (NaN: not measured), and the transmission."""
    flux, ivar = values(catalogue, f"flux_{band}"), values(catalogue, f"flux_ivar_{band}")
    with np.errstate(invalid="ignore", divide="ignore"):
        sigma = np.where((ivar > 0) & np.isfinite(flux), 1 / np.sqrt(ivar), np.nan)
    return flux, sigma, values(catalogue, f"mw_transmission_{band}")


_SED = (
    ("band", None, "Band"),
    ("wavelength", "Angstrom", "Wavelength that it stands for"),
    ("energy", "eV", "Energy of a photon there"),
    ("nufnu", "erg / (cm2 s)", "nu F_nu, corrected for extinction"),
    ("nufnu_error", "erg / (cm2 s)", "Its error, 1 sigma"),
    ("nufnu_limit", "erg / (cm2 s)", "Limit where there is no detection"),
    ("nufnu_observed", "erg / (cm2 s)", "nu F_nu as observed"),
    ("extinction", "mag", "Extinction by the Milky Way"),
)


def _sed_row(
    catalogue: Table, band: str, chosen: np.ndarray, nearest: int, system: str, limit_sigma: float
) -> tuple[object, ...]:
    flux, sigma, through = fluxes(catalogue, band)
    release = np.asarray(catalogue["release"]).astype(int)[nearest : nearest + 1]
    wavelength = wavelengths(band, release, system)
    chosen = chosen[np.isfinite(sigma[chosen])]

    def converted(value: float) -> float:
        return float(nu_f_nu(np.array([value]), wavelength)[0])

    value = error = observed = limit = np.ma.masked
    if len(chosen):
        total = float((flux[chosen] / through[chosen]).sum())
        spread = float(np.sqrt(((sigma[chosen] / through[chosen]) ** 2).sum()))
        value, error, observed = converted(total), converted(spread), converted(float(flux[chosen].sum()))
        if total < limit_sigma * spread:
            limit = converted(max(total, 0.0) + limit_sigma * spread)
    elif f"psfdepth_{band}" in catalogue.colnames:
        depth = float(values(catalogue, f"psfdepth_{band}")[nearest])
        if depth > 0:
            limit = converted(limit_sigma / np.sqrt(depth) / float(through[nearest]))
    extinction = float(-2.5 * np.log10(through[nearest])) if through[nearest] > 0 else np.ma.masked
    return (
        band, float(wavelength[0]), float(energy(wavelength)[0]), value, error, limit, observed, extinction
    )  # fmt: skip


def _with_units(table: Table) -> Table:
    for name, unit, description in _SED:
        table[name].unit, table[name].description = unit, description
    return table
