"""Sky images of science windows, and the sources in them: decoding and cleaning of every window and band."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from astropy.table import Table

from tidings.errors import InputError
from tidings.isgri.clean import Cleaned, Search, clean, in_field
from tidings.isgri.decode import LEAST_CODED, normalise
from tidings.isgri.geometry import (
    SKY_SHAPE,
    SKY_STEP,
    instrument_matrix,
    sky_pixel,
    sky_position,
    sky_wcs,
    tangents,
)
from tidings.isgri.sky_image_file import SkyImage
from tidings.isgri.source_search import Noise, fit_noise
from tidings.isgri.window import Shadowgram, Window

_TOLERATED = 1.03
# Distance, in sky pixels, within which new sources of two bands or windows are one.
_SAME = 2.0
_TO_90 = 2.1460  # radius of 90 % of a round Gaussian, in its standard deviations


@dataclass(frozen=True)
class Place:
    """A source that one window is fitted with: name, position [deg], row in the catalogue (-1: new)."""

    name: str
    ra: float
    dec: float
    row: int
    error: float


@dataclass(frozen=True)
class BandImage:
    """One window and band.

    Attributes
    ----------
    image
        Its planes, with errors rescaled by `factor`.
    places
        Sources fitted.
    fluxes, errors
        Of these [counts/s].
    noise
        Gaussian of the significance away from sources, over the field and in its fully coded part, before
        rescaling.
    factor
        By which errors were multiplied.
    """

    image: SkyImage
    places: list[Place]
    fluxes: np.ndarray
    errors: np.ndarray
    noise: tuple[Noise, Noise]
    factor: float


def image_window(
    window: Window,
    shadowgrams: list[Shadowgram],
    catalogue: Table,
    always: np.ndarray,
    search: Search,
    name: Callable[[float, float], str],
    systematics: str = "auto",
) -> list[BandImage]:
    """Make the cleaned images of one window in every band.

    Sources are looked for in each band by itself; then every band is fitted with all of them, so that each
    has a flux in each band.

    Parameters
    ----------
    window, shadowgrams
        The window, and its bands.
    catalogue
        As `catalogue.read_catalogue` returns it.
    always
        One flag per source of it: fit it in every window that sees it.
    search
        Thresholds.
    name
        Gives the name of a new source at a position [deg].
    systematics
        "report" leaves the errors, "rescale" multiplies them by the width of the significance away from
        sources, "auto" does so where it exceeds 1.03.

    Raises
    ------
    InputError
        A band has no counts or no exposure.
    """
    matrix = instrument_matrix(window.pointing)
    ty, tz = tangents(matrix, np.asarray(catalogue["RA_OBJ"], float), np.asarray(catalogue["DEC_OBJ"], float))
    known = np.stack([ty, tz], -1).reshape(-1, 2)
    _check(window, shadowgrams)
    norms = [normalise(one.exposure, one.background) for one in shadowgrams]
    found = [
        clean(*_arrays(one), known, always=always, search=search, norm=norm)
        for one, norm in zip(shadowgrams, norms, strict=True)
    ]
    directions, rows, errors = _merge(found)
    if len(found) > 1:
        final = replace(search, blind=False, negative=True, catalogue=-np.inf, most=0)
        found = [
            clean(*_arrays(one), directions, search=final, norm=norm)
            for one, norm in zip(shadowgrams, norms, strict=True)
        ]
    else:
        directions, rows, errors = found[0].directions, found[0].origin, _radii(found[0])
    places = []
    for (y, z), row, error in zip(directions, rows, errors, strict=True):
        ra, dec = (float(value) for value in sky_position(matrix, y, z))
        if row >= 0:
            entry = catalogue[int(row)]
            place = Place(str(entry["NAME"]), float(entry["RA_OBJ"]), float(entry["DEC_OBJ"]), int(row), 0.0)
        else:
            place = Place(name(ra, dec), ra, dec, -1, float(error))
        places.append(place)
    return [
        _band_image(window, one, cleaned, directions, places, systematics, matrix)
        for one, cleaned in zip(shadowgrams, found, strict=True)
    ]


class Names:
    """Names of new sources, NEW_1, NEW_2, ...: one for all windows that see the source."""

    def __init__(self) -> None:
        self._known: list[np.ndarray] = []

    def __call__(self, ra: float, dec: float) -> str:
        """Return the name of a source at a position [deg]."""
        a, d = np.deg2rad([ra, dec])
        vector = np.array([np.cos(a) * np.cos(d), np.sin(a) * np.cos(d), np.sin(d)])
        for number, other in enumerate(self._known, 1):
            if np.linalg.norm(vector - other) < _SAME * SKY_STEP:
                return f"NEW_{number}"
        self._known.append(vector)
        return f"NEW_{len(self._known)}"


def outside(windows: list[Window], catalogue: Table) -> list[str]:
    """Return the names of sources that no window sees."""
    seen = np.zeros(len(catalogue), bool)
    for window in windows:
        live = window.total().cubes[0].live_time
        matrix = instrument_matrix(window.pointing)
        ty, tz = tangents(
            matrix, np.asarray(catalogue["RA_OBJ"], float), np.asarray(catalogue["DEC_OBJ"], float)
        )
        seen |= in_field(np.stack([ty, tz], -1).reshape(-1, 2), live)
    return [str(name) for name, there in zip(catalogue["NAME"], seen, strict=True) if not there]


def _arrays(one: Shadowgram) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return one.counts, one.exposure, one.background


def _check(window: Window, shadowgrams: list[Shadowgram]) -> None:
    for one in shadowgrams:
        where = f"window {window.swid}, {one.e_min:g}-{one.e_max:g} keV"
        if not np.any(one.counts > 0):
            raise InputError(f"{where}: no counts in the band; choose another band, or leave this window out")
        if not np.any(one.counts[one.exposure > 0] > 0):
            raise InputError(f"{where}: no pixel with counts has exposure; leave this window out")


def _radii(cleaned: Cleaned) -> np.ndarray:
    """Radius of each position that holds 90 % [deg]; 0 where it was not fitted."""
    spread = np.sqrt(np.nan_to_num(cleaned.covariances.diagonal(axis1=1, axis2=2)).sum(1) / 2)
    return np.rad2deg(_TO_90 * spread)


def _merge(found: list[Cleaned]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sources of all bands, once each, where their brightest band has them: directions, rows, 90 % radii."""
    rows = [
        (float(flux / error), int(origin), direction, radius)
        for one in found
        for flux, error, origin, direction, radius in zip(
            one.fit.fluxes, one.fit.errors, one.origin, one.directions, _radii(one), strict=True
        )
    ]
    rows.sort(key=lambda row: -row[0])
    chosen: list[tuple[float, int, np.ndarray, float]] = []
    # The catalogue's first: its positions are kept, and a new source next to one of them is that one.
    for row in [row for row in rows if row[1] >= 0] + [row for row in rows if row[1] < 0]:
        same = [
            other
            for other in chosen
            if other[1] == row[1] >= 0 or (row[1] < 0 and np.abs(other[2] - row[2]).max() < _SAME * SKY_STEP)
        ]
        if not same:
            chosen.append(row)
    return (
        np.array([row[2] for row in chosen]).reshape(-1, 2),
        np.array([row[1] for row in chosen], int),
        np.array([row[3] for row in chosen]),
    )


def _band_image(
    window: Window,
    one: Shadowgram,
    cleaned: Cleaned,
    directions: np.ndarray,
    places: list[Place],
    systematics: str,
    matrix: np.ndarray,
) -> BandImage:
    planes = cleaned.planes
    deviation = np.sqrt(np.where(planes.variance > 0, planes.variance, 1))
    residual = cleaned.residual / deviation
    free = (planes.variance > 0) & (planes.coded > max(LEAST_CODED, 0.05)) & ~_around(directions)
    noise = (fit_noise(residual[free]), fit_noise(residual[free & (planes.coded > 0.98)]))
    width = noise[0].sigma
    rescale = systematics == "rescale" or (systematics == "auto" and width > _TOLERATED)
    factor = float(width) if rescale and np.isfinite(width) else 1.0
    (cube,) = window.total().cubes
    live = float(cube.live_time[cube.live_time > 0].mean())
    meta = {key: window.meta[key] for key in ("SIMULATED", "ENERGY_LEVEL") if key in window.meta}
    meta |= {"EXPOSURE": live, "NOISE": round(float(width), 4), "RESCALED": factor}
    image = SkyImage(
        planes.intensity,
        planes.variance * factor**2,
        planes.significance / factor,
        cleaned.residual,
        planes.exposure,
        sky_wcs(matrix),
        window.swid,
        int(window.meta.get("REVOL", int(window.swid[:4]))),
        one.e_min,
        one.e_max,
        cube.start,
        cube.stop,
        cube.ontime,
        meta=meta,
    )
    return BandImage(image, places, cleaned.fit.fluxes, cleaned.fit.errors * factor, noise, factor)


def _around(directions: np.ndarray, reach: int = 4) -> np.ndarray:
    """Where the image is within some pixels of a source."""
    mask = np.zeros(SKY_SHAPE, bool)
    for z, y in zip(*sky_pixel(directions[:, 0], directions[:, 1]), strict=True):
        z, y = round(float(z)), round(float(y))
        mask[max(z - reach, 0) : max(z + reach + 1, 0), max(y - reach, 0) : max(y + reach + 1, 0)] = True
    return mask
