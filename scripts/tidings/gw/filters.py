"""Zero-phase IIR filters of strain: band pass and line notch.

The designs are the minimum-order ones that GWpy's ``TimeSeries.bandpass`` and ``TimeSeries.notch`` use by
default, so that figures made with either look the same.
"""

from __future__ import annotations

import numpy as np
from scipy import signal

from tidings.errors import InputError


def bandpass(
    x: np.ndarray, rate: float, flow: float, fhigh: float, gpass: float = 2.0, gstop: float = 30.0
) -> np.ndarray:
    """Band-pass a time series forward and backward with a Chebyshev type I filter.

    Parameters
    ----------
    x : numpy.ndarray
        Time series, shape (n,), finite.
    rate : float
        Sample rate, Hz.
    flow, fhigh : float
        Corner frequencies of the pass band, Hz.
    gpass : float
        Largest loss in the pass band, dB (of one pass; two are made).
    gstop : float
        Least attenuation below 2/3 `flow` and above 3/2 `fhigh`, dB (of one pass). Where 3/2 `fhigh` does not
        lie below the Nyquist frequency, the upper stop band begins half-way between `fhigh` and Nyquist.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,). The first and last few cycles of `flow` carry the start-up of the filter.

    Raises
    ------
    InputError
        If the corners are not ordered below the Nyquist frequency, or the series is too short or not finite.
    """
    nyquist = rate / 2
    if not 0 < flow < fhigh < nyquist:
        raise InputError(
            f"band pass {flow:g} to {fhigh:g} Hz: the corners must satisfy 0 < low < high < {nyquist:g} Hz, "
            f"the Nyquist frequency of data sampled at {rate:g} Hz"
        )
    upper = 1.5 * fhigh
    stop = (2 / 3 * flow, upper if upper < nyquist else (fhigh + nyquist) / 2)
    z, p, k = signal.iirdesign((flow, fhigh), stop, gpass, gstop, ftype="cheby1", output="zpk", fs=rate)
    return _zero_phase(x, signal.zpk2sos(z, p, k), f"band pass {flow:g} to {fhigh:g} Hz")


def notch(x: np.ndarray, rate: float, frequency: float) -> np.ndarray:
    """Notch out a spectral line forward and backward with an elliptic filter.

    Parameters
    ----------
    x : numpy.ndarray
        Time series, shape (n,), finite.
    rate : float
        Sample rate, Hz.
    frequency : float
        Line frequency, Hz. 10 dB down within 0.1 Hz of it, 1 dB at 1 Hz, in each of the two passes.

    Returns
    -------
    numpy.ndarray
        float64, shape (n,).

    Raises
    ------
    InputError
        If the notch does not fit between 0 and the Nyquist frequency, or the series is too short or not
        finite.
    """
    if not 1 < frequency < rate / 2 - 1:
        raise InputError(
            f"notch at {frequency:g} Hz: data sampled at {rate:g} Hz take notches between 1 and "
            f"{rate / 2 - 1:g} Hz"
        )
    wide, narrow = (frequency - 1, frequency + 1), (frequency - 0.1, frequency + 0.1)
    z, p, k = signal.iirdesign(wide, narrow, 1, 10, ftype="ellip", output="zpk", fs=rate)
    return _zero_phase(x, signal.zpk2sos(z, p, k), f"notch at {frequency:g} Hz")


def _zero_phase(x: np.ndarray, sos: np.ndarray, what: str) -> np.ndarray:
    """Run second-order sections forward and backward; NaN would spread over the whole series."""
    x = np.asarray(x, np.float64)
    bad = np.count_nonzero(~np.isfinite(x))
    if bad:
        raise InputError(
            f"{what}: {bad} of {x.size} samples are not finite; cut the missing stretches out first"
        )
    padding = 3 * (2 * len(sos) + 1 - min((sos[:, 2] == 0).sum(), (sos[:, 5] == 0).sum()))
    if x.size <= padding:
        raise InputError(f"{what}: {x.size} samples are too few, at least {padding + 1} are needed")
    return signal.sosfiltfilt(sos, x)
