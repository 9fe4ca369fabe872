"""Mean spectrum of one source over science windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table

from tidings.errors import InputError
from tidings.isgri.rate_table import bands, in_band, source_rates, usable


@dataclass(frozen=True)
class Spectrum:
    """Rates of one source in adjoining energy channels; arrays are [channels].

    Attributes
    ----------
    name, ra, dec
        The source; position [deg].
    e_min, e_max
        Edges of the channels [keV].
    rate, error
        Weighted mean as if fully coded, and its standard deviation [counts/s].
    quality
        0 good, 5 bad (no rate in the channel), as OGIP/92-007 has it.
    exposure, ontime
        Mean live time and good time of the windows [s].
    start, stop
        First and last instant [IJD, TT].
    windows
        Science windows, in order.
    """

    name: str
    ra: float
    dec: float
    e_min: np.ndarray
    e_max: np.ndarray
    rate: np.ndarray
    error: np.ndarray
    quality: np.ndarray
    exposure: float
    ontime: float
    start: float
    stop: float
    windows: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rate)


BAD = 5


def spectra(rates: Table, names: list[str] | None = None) -> list[Spectrum]:
    """Make the mean spectra of sources from a table of rates.

    Parameters
    ----------
    rates : Table
        As `rate_table.read_rates` gives it: the bands must not overlap.
    names : list of str, optional
        The sources wanted; all when not given.

    Returns
    -------
    list of Spectrum
        In order of the names.

    Raises
    ------
    InputError
        A name is unknown; bands overlap or leave gaps; a source has no usable rate.
    """
    wanted = names or sorted({str(name) for name in rates["source"]})
    if not wanted:
        raise InputError("the table of rates is empty: no source was in the field of view of any window")
    return [_spectrum(source_rates(rates, name)) for name in wanted]


def crab_ratio(spectrum: Spectrum, crab: np.ndarray, systematic: float) -> tuple[np.ndarray, np.ndarray]:
    """Return a spectrum and its error in units of the Crab's rates in the same channels.

    The systematic error, a part of the rate, is added in quadrature.
    """
    error = np.hypot(spectrum.error, systematic * spectrum.rate)
    return spectrum.rate / crab, error / crab


def _spectrum(rows: Table) -> Spectrum:
    name, used = str(rows["source"][0]), usable(rows)
    edges = bands(rows)
    low, high = np.array(edges).T
    if np.any(high[:-1] > low[1:]):
        raise InputError(
            f"{name}: bands overlap ({_listed(edges)} keV); make the rates of a spectrum in bands that do not"
        )
    if np.any(high[:-1] < low[1:]):
        raise InputError(f"{name}: there are gaps between the bands {_listed(edges)} keV of the spectrum")
    if not used.any():
        raise InputError(f"{name}: no usable rate in any band; look at the flags of the rates")
    mean = np.array([_mean(in_band(rows[used], band)) for band in edges])
    longest = max((in_band(rows[used], band) for band in edges), key=len)
    return Spectrum(
        name,
        float(rows["ra"][0]),
        float(rows["dec"][0]),
        low,
        high,
        rate=mean[:, 0],
        error=mean[:, 1],
        quality=np.where(mean[:, 1] > 0, 0, BAD),
        exposure=float(longest["exposure"].sum()),
        ontime=float(longest["ontime"].sum()),
        start=float((longest["time"] - longest["timedel"] / 2).min()),
        stop=float((longest["time"] + longest["timedel"] / 2).max()),
        windows=tuple(sorted({str(swid) for swid in longest["swid"]})),
    )


def _mean(rows: Table) -> tuple[float, float]:
    if len(rows) == 0:
        return 0.0, 0.0
    weight = 1 / np.asarray(rows["error"]) ** 2
    return float((weight * rows["rate"]).sum() / weight.sum()), float(1 / np.sqrt(weight.sum()))


def _listed(edges: list[tuple[float, float]]) -> str:
    return ", ".join(f"{low:g}-{high:g}" for low, high in edges)
