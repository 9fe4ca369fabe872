"""Conditioned strain: whitened, band-passed and notched around a window, then cut to it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from tidings.gw import filters, psd, whitening
from tidings.gw._hdf5 import Series
from tidings.gw.strain import REQUIRED, Strain
from tidings.gw.strain_product import StrainProduct
from tidings.gw.window import Window

# Length of the whitening filter [s]; half of it on either side of bad data is not to be trusted.
FDURATION = 2.0


def condition(
    strain: Strain,
    window: Window,
    *,
    whiten: bool = True,
    band: tuple[float, float] = (30.0, 400.0),
    notches: Sequence[float] = (),
    fftlength: float = 2.0,
) -> StrainProduct:
    """Condition the strain of one detector.

    Parameters
    ----------
    strain
        All the data there are; the noise spectrum is the median over them.
    window
        What is kept, GPS s.
    whiten
        Divide by the noise spectrum before the band-pass.
    band
        Corners of the band-pass, Hz.
    notches
        Lines to take out, Hz.
    fftlength
        Length of the segments of the noise spectrum, s.

    Returns
    -------
    StrainProduct
        Cut to the window; `valid` is False within a second of an edge of the data or of bad data.

    Raises
    ------
    InputError
        If the band or a line does not lie below the Nyquist frequency, or the data are too short.
    """
    good = strain.good(*REQUIRED)
    frequencies, asd = psd.asd(strain.value, strain.rate, fftlength, overlap=0.0, good=good)
    run = _run_around(strain, window)
    x = _bridged(strain.value[run])
    whitened = whitening.whiten(x, strain.rate, (frequencies, asd), FDURATION) if whiten else None
    filtered = filters.bandpass(x if whitened is None else whitened, strain.rate, *band)
    for line in notches:
        filtered = filters.notch(filtered, strain.rate, line)
    t0 = strain.t0 + run.start / strain.rate
    first = round((window.start - t0) * strain.rate)
    cut = slice(max(first, 0), max(first, 0) + round((window.end - window.start) * strain.rate))
    return StrainProduct(
        detector=strain.detector,
        t0=t0 + cut.start / strain.rate,
        rate=strain.rate,
        strain=strain.value[run][cut],
        whitened=None if whitened is None else whitened[cut],
        conditioned=filtered[cut],
        asd=Series.of(frequencies, asd),
        band=band,
        notches=tuple(notches),
        valid=_eroded(good[run], round(FDURATION / 2 * strain.rate))[cut],
        quality=strain.quality,
        injections=strain.injections,
        event=window.name,
        event_gps=window.gps,
    )


def _run_around(strain: Strain, window: Window) -> slice:
    """Return the samples from the last gap before the window to the first one after it."""
    missing = np.flatnonzero(~np.isfinite(strain.value)) / strain.rate + strain.t0
    before, after = missing[missing < window.start], missing[missing >= window.end]
    first = 0 if before.size == 0 else round((before[-1] - strain.t0) * strain.rate) + 1
    last = len(strain.value) if after.size == 0 else round((after[0] - strain.t0) * strain.rate)
    return slice(first, last)


def _bridged(x: np.ndarray) -> np.ndarray:
    """Join values that are not finite by straight lines, so that the filters can run over them."""
    finite = np.isfinite(x)
    if finite.all():
        return x
    samples = np.arange(x.size)
    return np.interp(samples, samples[finite], x[finite])


def _eroded(good: np.ndarray, reach: int) -> np.ndarray:
    """Take away the samples that a filter of half-length `reach` connects to bad ones or to an edge."""
    flags = ndimage.minimum_filter1d(good.astype(np.uint8), 2 * reach + 1, mode="constant", cval=0)
    return flags.astype(bool)
