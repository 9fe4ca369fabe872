"""Light curve of one source in one band: its mean, and whether it varies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.table import Table
from scipy.special import chdtrc

from tidings.errors import InputError
from tidings.isgri.rate_table import bands, in_band, source_rates, usable


@dataclass(frozen=True)
class Lightcurve:
    """Rates of one source in one band, in order of time.

    Attributes
    ----------
    name, ra, dec
        The source; position [deg].
    e_min, e_max
        Band [keV].
    time, timedel
        Middle [IJD, TT] and length [d] of the bins.
    ontime, exposure
        Good time, and mean live time of the pixels [s].
    rate, error
        As if fully coded [counts/s].
    total, background, background_error
        Of the whole detector [counts/s].
    swid
        Science window of a bin; that of the first where windows were put together.
    """

    name: str
    ra: float
    dec: float
    e_min: float
    e_max: float
    time: np.ndarray
    timedel: np.ndarray
    ontime: np.ndarray
    exposure: np.ndarray
    rate: np.ndarray
    error: np.ndarray
    total: np.ndarray
    background: np.ndarray
    background_error: np.ndarray
    swid: np.ndarray

    def __len__(self) -> int:
        return len(self.time)


@dataclass(frozen=True)
class Variability:
    """What a light curve says of a source.

    Attributes
    ----------
    mean, error
        Weighted mean and its standard deviation [counts/s].
    chi2, dof, probability
        Of a constant rate; the probability of a larger chi-square by chance.
    excess, excess_error
        Normalised excess variance and its error (Vaughan et al. 2003, MNRAS 345, 1271, equations 8 and 11);
        NaN below two bins or for a mean that is not positive.
    """

    mean: float
    error: float
    chi2: float
    dof: int
    probability: float
    excess: float
    excess_error: float


_ARRAYS = (
    *("time", "timedel", "ontime", "exposure", "rate", "error"),
    *("total", "background", "background_error", "swid"),
)


def lightcurves(rates: Table, names: list[str] | None = None) -> list[Lightcurve]:
    """Take the light curves of sources out of a table of rates.

    Parameters
    ----------
    rates : Table
        As `rate_table.read_rates` gives it.
    names : list of str, optional
        The sources wanted; all when not given.

    Returns
    -------
    list of Lightcurve
        In order of the sources and bands, without bins that hold no rate.

    Raises
    ------
    InputError
        A name is unknown, or no bin holds a rate.
    """
    wanted = names or sorted({str(name) for name in rates["source"]})
    made = []
    for name in wanted:
        rows = source_rates(rates, name)
        rows = rows[usable(rows)]
        made += [_lightcurve(in_band(rows, band)) for band in bands(rows)]
    if not made:
        raise InputError("no source has a usable rate in any bin; look at the flags of the rates")
    return made


def rebin(curve: Lightcurve, width: float) -> Lightcurve:
    """Put bins together to `width` days, counted from the first; rates are weighted means."""
    begin = curve.time - curve.timedel / 2
    # A millionth of the width: what day numbers leave of a bin that starts on an edge.
    group = np.floor((begin - begin[0]) / width + 1e-6)
    first = np.flatnonzero(np.diff(group, prepend=-1))

    def total(values: np.ndarray) -> np.ndarray:
        return np.add.reduceat(values, first)

    def mean(values: np.ndarray) -> np.ndarray:
        return total(values * curve.exposure) / total(curve.exposure)

    weight = 1 / curve.error**2
    start = np.minimum.reduceat(begin, first)
    stop = np.maximum.reduceat(curve.time + curve.timedel / 2, first)
    return Lightcurve(
        *(curve.name, curve.ra, curve.dec, curve.e_min, curve.e_max),
        time=(start + stop) / 2,
        timedel=stop - start,
        ontime=total(curve.ontime),
        exposure=total(curve.exposure),
        rate=total(weight * curve.rate) / total(weight),
        error=1 / np.sqrt(total(weight)),
        total=mean(curve.total),
        background=mean(curve.background),
        background_error=np.sqrt(total((curve.background_error * curve.exposure) ** 2))
        / total(curve.exposure),
        swid=curve.swid[first],
    )


def variability(curve: Lightcurve) -> Variability:
    """Return the weighted mean of a light curve, and the measures of its variability."""
    weight = 1 / curve.error**2
    mean = float((weight * curve.rate).sum() / weight.sum())
    chi_square = float((weight * (curve.rate - mean) ** 2).sum())
    dof = len(curve) - 1
    excess, excess_error = _excess(curve)
    return Variability(
        mean,
        float(1 / np.sqrt(weight.sum())),
        chi_square,
        dof,
        float(chdtrc(dof, chi_square)) if dof else 1.0,
        excess,
        excess_error,
    )


def _excess(curve: Lightcurve) -> tuple[float, float]:
    number, mean = len(curve), float(curve.rate.mean())
    if number < 2 or mean <= 0:
        return np.nan, np.nan
    noise = float((curve.error**2).mean())
    excess = (float(curve.rate.var(ddof=1)) - noise) / mean**2
    relative = noise / mean**2
    # The fractional rms amplitude is not defined below 0; then only the first term is left.
    amplitude2 = max(excess, 0.0)
    error = np.sqrt(2 / number * relative**2 + relative / number * 4 * amplitude2)
    return excess, float(error)


def _lightcurve(rows: Table) -> Lightcurve:
    rows = rows[np.argsort(np.asarray(rows["time"]), kind="stable")]
    first = rows[0]
    values = {name: np.asarray(rows[name]) for name in _ARRAYS}
    scalars = (float(first[name]) for name in ("ra", "dec", "e_min", "e_max"))
    return Lightcurve(str(first["source"]), *scalars, **values)
