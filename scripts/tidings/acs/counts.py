"""Counts of SPI-ACS from every form that files have."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from tidings.acs._counts_fits import read_fits
from tidings.acs._counts_text import read_text
from tidings.errors import InputError
from tidings.lightcurve.counts import Counts, finish
from tidings.lightcurve.monitor import SPI_ACS
from tidings.lightcurve.open_fits import is_fits

CLOCK_OFFSET = 0.125
"""Correction of the time stamps, s, to be added to those of the telemetry.

Rau et al. (2004, GCN Circ. 2568) found the shield behind UTC by 125 ± 10 ms against the germanium detectors
of the same spectrometer (134 ± 12 ms against Konus-Wind), and light-curve files of bursts after 2004-04-02
11:00 UTC have the correction added. No reader applies it unless told to: less the light travel time,
GRB 230307A begins in the file of the public service between 0.06 s before and 0.04 s after Fermi's trigger,
which leaves nothing to add.
"""


def read_counts(
    path: str | Path,
    *,
    form: Literal["auto", "mmoda", "ipnlc", "genlc", "hk", "csv", "lightcurve"] = "auto",
    add_offset: bool = False,
    stamp: Literal["start", "middle"] | None = None,
) -> Counts:
    """Read counts from any of the forms that they are published in.

    Parameters
    ----------
    path : str or Path
        A FITS file (MMODA product, the archive's housekeeping, or a light curve of this suite), the folder of
        a science window with the housekeeping, a text of the public service, or CSV.
    form : str
        What the file is, if it must not be found out.
    add_offset : bool
        Add `CLOCK_OFFSET` to the times: for raw housekeeping; files of the public service have it.
    stamp : {"start", "middle"}, optional
        Which moment of a sample its time stamp is. By default the start for the ipnlc form and the middle for
        every other: the service takes half a sample off to make the former, and by the FITS standard (4.0,
        section 9.4.2, TIMEPIXR) the middle is what a time without further word is.

    Returns
    -------
    Counts

    Raises
    ------
    InputError
        The file is missing, empty, an error message of the service, of another layout or time system, or has
        no usable counts; the message names the place.
    """
    path = Path(path)
    if not path.exists():
        raise InputError(f"{path}: no such file")
    reader = read_fits if path.is_dir() or is_fits(path) else read_text
    raw = reader(path, form, stamp)
    return finish(raw, path, SPI_ACS, CLOCK_OFFSET if add_offset else 0.0)
