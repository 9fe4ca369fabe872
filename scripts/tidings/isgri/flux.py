"""Rates of known sources: joint fits of their pixel illumination to every window and band."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from astropy.table import Table

from tidings.errors import InputError
from tidings.isgri.fit import FluxFit, fit_fluxes
from tidings.isgri.geometry import OPEN_PIXELS, instrument_matrix, tangents
from tidings.isgri.pif import footprint
from tidings.isgri.rate_table import Flag, make_rates
from tidings.isgri.response import Response, bands_of
from tidings.isgri.spectral_weights import join_parts, parts_of
from tidings.isgri.window import Shadowgram, Window

LEAST_CODED = 0.05
"""Coded fraction below which a source is left out of a fit."""
_STATED = ("ENERGY_LEVEL", "SIMULATED")
_EDGE = 0.25
_POOR = 1.5  # chi-square per degree of freedom


@dataclass(frozen=True)
class Target:
    """A source whose rate is wanted: name and position [deg]."""

    name: str
    ra: float
    dec: float


@dataclass(frozen=True)
class _Seen:
    target: Target
    tangents: tuple[float, float]
    footprint: np.ndarray

    @property
    def off_axis(self) -> float:
        return float(np.degrees(np.arctan(np.hypot(*self.tangents))))


def targets_of(catalogue: Table, names: list[str] | None = None) -> list[Target]:
    """Take targets out of a catalogue.

    Parameters
    ----------
    catalogue : Table
        With NAME, RA_OBJ and DEC_OBJ [deg], as `catalogue.read_catalogue` gives it.
    names : list of str, optional
        Those wanted; all when not given.

    Raises
    ------
    InputError
        The catalogue is empty, a name is not in it, or stands twice.
    """
    listed = [str(name) for name in catalogue["NAME"]]
    if not listed:
        raise InputError("the list of sources is empty: there is nothing to measure")
    if repeated := sorted({name for name in listed if listed.count(name) > 1}):
        raise InputError(f"{', '.join(repeated[:5])}: in the list of sources more than once")
    lower = {name.lower(): number for number, name in enumerate(listed)}
    if unknown := [name for name in names or [] if name.lower() not in lower]:
        there = ", ".join(listed[:20]) + (", ..." if len(listed) > 20 else "")
        raise InputError(f"{', '.join(unknown)}: not in the list of sources, which has {there}")
    rows = range(len(listed)) if names is None else [lower[name.lower()] for name in names]
    return [Target(listed[n], float(catalogue["RA_OBJ"][n]), float(catalogue["DEC_OBJ"][n])) for n in rows]


def measure(
    windows: Iterable[Window],
    response: Response,
    bands: list[tuple[float, float]],
    targets: list[Target],
    *,
    least_coded: float = LEAST_CODED,
    require: bool = True,
    weights: str = "counts",
) -> Table:
    """Measure the rates of sources in every window, time bin and band.

    Parameters
    ----------
    windows : iterable of Window
        One after another: only one is held at a time.
    response : Response
        Of the pixels.
    bands : list of (float, float)
        Energies [keV].
    targets : list of Target
        All are fitted together in the windows that see them.
    least_coded : float
        Coded fraction below which a source is left out.
    require : bool
        Whether every source must be in the field of at least one window.
    weights : str
        How the parts of a band between the response's edges are added: "counts", or "spectrum", weighted by
        the source's mean spectrum (see `spectral_weights`).

    Returns
    -------
    Table
        As `rate_table.COLUMNS`; a source without a row in a window is outside its field.

    Raises
    ------
    InputError
        There is no window, one comes twice, or a source is in the field of none of them.
    """
    parts = {band: parts_of(band, response.edges) if weights == "spectrum" else [band] for band in bands}
    fitted = sorted({part for several in parts.values() for part in several})
    rows: list[dict[str, Any]] = []
    levels: dict[str, set[Any]] = {key: set() for key in _STATED}
    done: dict[str, Window] = {}
    for window in windows:
        if window.swid in done:
            raise InputError(f"science window {window.swid} is in the shadowgrams twice; give it once")
        done[window.swid] = replace(window, cubes=())
        for key, values in levels.items():
            values.add(window.meta.get(key, "unknown"))
        rows += measure_window(window, response, fitted, targets, least_coded)
    if not done:
        raise InputError("no science window with events: there is nothing to measure")
    if weights == "spectrum":
        rows = _joined_parts(rows, parts)
    if require:
        _require_all(targets, {str(row["source"]) for row in rows}, list(done.values()))
    stated = {key.lower(): _joined(values) for key, values in levels.items()}
    return make_rates(rows, stated | {"weights": weights})


def _joined_parts(
    rows: list[dict[str, Any]], parts: dict[tuple[float, float], list[tuple[float, float]]]
) -> list[dict[str, Any]]:
    joined = []
    for band, several in parts.items():
        joined += join_parts([row for row in rows if (row["e_min"], row["e_max"]) in several], band)
    return joined


def measure_window(
    window: Window,
    response: Response,
    bands: list[tuple[float, float]],
    targets: list[Target],
    least_coded: float = LEAST_CODED,
) -> list[dict[str, Any]]:
    """Measure the rates of sources in the time bins and bands of one window; rows of the table."""
    seen = _in_field(targets, window)
    rows = []
    for cube in window.cubes:
        part = replace(window, cubes=(cube,))
        for shadowgram in bands_of(part, response, bands):
            rows += _fit_band(part, shadowgram, seen, least_coded)
    return rows


def _joined(values: set[Any]) -> Any:
    """What windows say: the value itself when it is the same for all."""
    return next(iter(values)) if len(values) == 1 else ", ".join(sorted(map(str, values)))


def _in_field(targets: list[Target], window: Window) -> list[_Seen]:
    matrix = instrument_matrix(window.pointing)
    seen = []
    for target in targets:
        ty, tz = (float(value) for value in tangents(matrix, target.ra, target.dec))
        if not (np.isfinite(ty) and np.isfinite(tz) and np.hypot(ty, tz) < 0.5):
            continue
        foot = footprint(ty, tz)
        if foot.any():
            seen.append(_Seen(target, (ty, tz), foot))
    return seen


def _fit_band(
    window: Window, shadowgram: Shadowgram, seen: list[_Seen], least_coded: float
) -> list[dict[str, Any]]:
    """Fit one band of one time bin; a row for each source that is coded enough."""
    cube, exposure = window.cubes[0], shadowgram.exposure
    total = float(exposure.sum())
    if total <= 0:
        return [_row(window, shadowgram, one, 0.0) | _NOTHING for one in seen]
    coded = [float((one.footprint * exposure).sum() / total) for one in seen]
    fitted = [(one, part) for one, part in zip(seen, coded, strict=True) if part >= least_coded]
    if not fitted:
        return []
    directions = np.array([one.tangents for one, _ in fitted])
    fit = fit_fluxes(shadowgram.counts, exposure, shadowgram.background, directions)
    live = float(cube.live_time[cube.live_time > 0].mean())
    common = _quality(shadowgram, fit, live)
    rows = []
    for number, (one, part) in enumerate(fitted):
        rate = {"rate": float(fit.fluxes[number]), "error": float(fit.errors[number])}
        row = _row(window, shadowgram, one, part) | common | rate
        rows.append(row | {"flags": common["flags"] | (Flag.EDGE.value if part < _EDGE else 0)})
    return rows


def _quality(shadowgram: Shadowgram, fit: FluxFit, live: float) -> dict[str, Any]:
    """Return what the sources of a fit share: rates of the detector, chi-square, flags."""
    total = float(shadowgram.counts.sum())
    sources = float(fit.sources.sum())
    poor = fit.chi2 > _POOR * fit.dof
    return {
        "exposure": live,
        "total": total / live,
        "background": (total - sources) / live,
        # The fit makes the model's sum the counts': what the sources do not have, the background has.
        "background_error": float(np.hypot(np.sqrt(total), _spread(shadowgram, fit))) / live,
        "chi2": fit.chi2,
        "dof": fit.dof,
        "flags": Flag.POOR_FIT.value if poor else 0,
    }


def _spread(shadowgram: Shadowgram, fit: FluxFit) -> float:
    """Standard deviation of the counts of all sources together."""
    lit = np.where(shadowgram.exposure > 0, shadowgram.exposure, 0).sum() / 2 / OPEN_PIXELS
    return float(np.sqrt(max(fit.covariance.sum(), 0.0)) * lit)


def _require_all(targets: list[Target], measured: set[str], windows: list[Window]) -> None:
    missing = [target.name for target in targets if target.name not in measured]
    if missing:
        first = windows[0]
        raise InputError(
            f"{', '.join(missing)}: outside the field of view of all {len(windows)} windows (the first is "
            f"{first.swid}, pointing RA {first.pointing.ra_x:.3f}, Dec {first.pointing.dec_x:.3f}); leave "
            "out what is not seen, or set require to false"
        )


_NOTHING = {
    **dict.fromkeys(("rate", "error", "total", "background", "background_error", "chi2"), np.nan),
    "exposure": 0.0,
    "dof": 0,
    "flags": Flag.NO_EXPOSURE.value,
}


def _row(window: Window, shadowgram: Shadowgram, one: _Seen, coded: float) -> dict[str, Any]:
    cube = window.cubes[0]
    return {
        **{"source": one.target.name, "ra": one.target.ra, "dec": one.target.dec, "swid": window.swid},
        **{"time": (cube.start + cube.stop) / 2, "timedel": cube.stop - cube.start, "ontime": cube.ontime},
        "exposure": 0.0,
        **{"e_min": shadowgram.e_min, "e_max": shadowgram.e_max},
        **{"rate": np.nan, "error": np.nan, "coded": coded, "off_axis": one.off_axis},
        **{"total": np.nan, "background": np.nan, "background_error": np.nan},
        **{"chi2": np.nan, "dof": 0, "flags": 0},
    }
