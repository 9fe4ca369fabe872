"""Event lists in the layout of the archive's ``isgri_events.fits.gz`` (ISDC, consolidated level).

Extensions, columns, forms and keywords are those of a file of the archive (science window 255900280010,
ISGR-EVTS-ALL release 7.9); what a simulation cannot know (packets, earth received times) stays empty.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from tidings.fits import fits_bytes
from tidings.isgri._ijd import MJD_IJD, ijd_utc
from tidings.isgri.geometry import SHAPE
from tidings.isgri.window import Pointing
from tidings.output import write_bytes

TICKS = 1 << 20
"""On-board time counts in a second."""
# One pair of on-board and ground time, of window 255900280010; the clock is taken as exact from there on.
_OBT, _IJD = 9111764710981632, 8320.63230042977
_LEVEL = 4  # of the compression: half the time of the usual 6, and 1 % larger

_EVENTS = (
    ("DELTA_TIME", "1B", None, "Delta time to previous event", (0, 255)),
    ("RISE_TIME", "1B", None, "Event rise time", (0, 255)),
    ("ISGRI_PHA", "1I", None, "Pulse height in the ISGRI layer", (0, 2047)),
    ("ISGRI_Y", "1B", None, "Y location in the ISGRI layer", (0, 127)),
    ("ISGRI_Z", "1B", None, "Z location in the ISGRI layer", (0, 127)),
    ("DETY", "1B", None, "Detector Y coordinate", (0, 129)),
    ("DETZ", "1B", None, "Detector Z coordinate", (0, 133)),
    ("OB_TIME", "4I", None, "Full on-board time of the event", None),
    ("ISGRI_PI", "1B", None, "Corrected rise time for ISGRI", None),
    ("ISGRI_ENERGY", "1E", "keV", "Deposited energy in the ISGRI layer", None),
    ("SELECT_FLAG", "1B", None, "Selection flag", None),
    ("TIME", "1D", "d", "Time of event in INTEGRAL Julian Date units", None),
)
_GTI = (
    ("START", "1D", "d", "IJD of start of the GTI", None),
    ("STOP", "1D", "d", "IJD of end of the GTI", None),
    ("OBT_START", "4I", None, "On-board time of start of the GTI", None),
    ("OBT_END", "4I", None, "On-board time of end of the GTI", None),
    ("UTC_START", "32A", None, "UTC of start of the GTI", None),
    ("UTC_END", "32A", None, "UTC of end of the GTI", None),
)
_PACKETS = (
    ("SSC", "1I", None, "Source Sequence Count", None),
    ("PART_LOBT", "1J", None, "Partial LOBT (24 bits) of the first event", None),
    ("LOCAL_OBT", "4I", None, "Local OBT of the first event", None),
    ("SSC_HK2", "1I", None, "Source Sequence Count of the synchro packet", None),
    ("PACK_TIME_HK2", "1I", None, "Time in the header of the synchro packet", None),
    ("ROW_BEGIN", "1J", None, "Events from this packet start at this row", None),
    ("ROW_NUM", "1B", None, "Number of true events in the packet", None),
    ("FIRST_DUMMY_NUM", "1B", None, "Number of First Dummy events in the packet", None),
    ("SECOND_DUMMY_NUM", "1B", None, "Number of second timing dummy events", None),
)
_DUMMIES = (
    ("SSC", "1I", None, "Source sequence count", None),
    ("PART_LOBT", "1J", None, "Partial LOBT (24bits)", None),
    ("POSITION", "1B", None, "Number of true events already received", None),
    ("FIRST_DUMMY", "1B", None, "Dummy Counter for First Dummy events", None),
    ("SECOND_DUMMY", "1J", None, "Full LOBT (32 bits) of the Second Timing Dummy", None),
)
_UNSIGNED = {"1I": 1 << 15, "4I": 1 << 15, "1J": 1 << 31}
_SIGNED = {"ISGRI_PHA"}


@dataclass(frozen=True)
class EventList:
    """The events of one science window, in order of time.

    Attributes
    ----------
    swid, pointing
        Identifier of 12 digits, and attitude.
    start, duration
        Start of the window [IJD, TT] and its length [s].
    good
        Good-time intervals, seconds from `start`, [n, 2].
    ticks
        On-board time of the events from the start of the window, 2^20 a second, multiples of 64.
    pixel
        Flat index in the [134, 130] image.
    pha, rise
        Amplitude and rise time as recorded.
    corrected_rise, energy
        ISGRI_PI and ISGRI_ENERGY [keV].
    flag
        SELECT_FLAG: 1 for events of noisy pixels.
    history
        Lines for the header.
    """

    swid: str
    pointing: Pointing
    start: float
    duration: float
    good: np.ndarray
    ticks: np.ndarray
    pixel: np.ndarray
    pha: np.ndarray
    rise: np.ndarray
    corrected_rise: np.ndarray
    energy: np.ndarray
    flag: np.ndarray
    history: tuple[str, ...] = ()


def write_events(events: EventList, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write simulated events; compressed when the name ends in .gz (without a time in it)."""
    primary = _primary(events.swid)
    primary.header["HIERARCH SIMULATED"] = (True, "not an observation")
    for line in events.history:
        primary.header["HISTORY"] = line
    hdus = [
        primary,
        _table("ISGR-EVTS-PRW", _PACKETS, {}, events, "RAW", "7.4.2"),
        _table("ISGR-EVTS-SRW", _DUMMIES, {}, events, "RAW", "3.4"),
        _events(events),
        _good_times(events),
    ]
    _write(hdus, path, provenance)


def write_aborted(swid: str, note: str, path: str | Path, provenance: dict[str, Any] | None = None) -> None:
    """Write the file of a window that has no ISGRI events: ABORTED = T, and no rows in the table."""
    primary = _primary(swid)
    primary.header["HISTORY"] = note
    table = _rows("ISGR-EVTS-ALL", _EVENTS, {})
    table.header["SWID"] = (swid, "Science Window identifier")
    table.header["REVOL"] = (int(swid[:4]), "Revolution number")
    for hdu in (primary, table):
        hdu.header["ABORTED"] = (True, "the window has no ISGRI events")
    _write([primary, table], path, provenance)


def _write(hdus: list[Any], path: str | Path, provenance: dict[str, Any] | None) -> None:
    content = fits_bytes(hdus, provenance)
    if str(path).endswith(".gz"):
        content = gzip.compress(content, _LEVEL, mtime=0)
    write_bytes(Path(path), content)


def _primary(swid: str) -> fits.PrimaryHDU:
    primary = fits.PrimaryHDU()
    primary.header["TELESCOP"] = ("INTEGRAL", "Telescope or mission name")
    primary.header["INSTRUME"] = ("IBIS", "Instrument name")
    primary.header["SWID"] = (swid, "Science Window identifier")
    return primary


def _events(events: EventList) -> fits.BinTableHDU:
    dety, detz = events.pixel % SHAPE[1], events.pixel // SHAPE[1]
    clock = _on_board(events.start) + events.ticks
    values = {
        # The low byte of the on-board clock in steps of 64 counts, as the files of the archive have it.
        "DELTA_TIME": (clock // 64 + 1) % 256,
        "RISE_TIME": events.rise,
        "ISGRI_PHA": events.pha,
        "ISGRI_Y": dety - 2 * (dety > 65),
        "ISGRI_Z": detz - 2 * (detz // 34),
        "DETY": dety,
        "DETZ": detz,
        "OB_TIME": _words(clock),
        "ISGRI_PI": events.corrected_rise,
        "ISGRI_ENERGY": events.energy,
        "SELECT_FLAG": events.flag,
        "TIME": events.start + events.ticks / TICKS / 86400,
    }
    hdu = _table("ISGR-EVTS-ALL", _EVENTS, values, events, "COR", "7.9")
    header = hdu.header
    header["HDUCLASS"] = ("OGIP", "Format conforms mostly to OGIP standards")
    header["HDUCLAS1"] = ("EVENTS", "Dataset contains events")
    header["HDUCLAS2"] = ("ALL", "2nd subclass of OGIP classification")
    header["TIMEDEL"] = (64 / TICKS / 86400, "[d] Time resolution")
    header["TIMEPIXR"] = (0.5, "Relative position [0,1] of time stamp in bins")
    for number, centre in ((6, (SHAPE[1] - 1) / 2), (7, (SHAPE[0] - 1) / 2)):
        header[f"TCRPX{number}"] = (centre, "Reference pixel of the column")
        header[f"TCRVL{number}"] = (0.0, "Reference value of the column")
        header[f"TCDLT{number}"] = (4.6, "[mm] Pixel increment of the column")
    header["TNULL9"] = (255, "Default for column ISGRI_PI")
    return hdu


def _good_times(events: EventList) -> fits.BinTableHDU:
    start, stop = (events.start + events.good[:, k] / 86400 for k in (0, 1))
    clock = _on_board(events.start) + np.rint(events.good * TICKS).astype(np.int64)
    values = {
        "START": start,
        "STOP": stop,
        "OBT_START": _words(clock[:, 0]),
        "OBT_END": _words(clock[:, 1]),
        "UTC_START": [ijd_utc(t, 7) for t in start],
        "UTC_END": [ijd_utc(t, 7) for t in stop],
    }
    hdu = _table("IBIS-GNRL-GTI", _GTI, values, events, "GTI", "7.0")
    hdu.header["HDUCLASS"] = ("OGIP", "Format conforms mostly to OGIP standards")
    hdu.header["HDUCLAS1"] = ("GTI", "Dataset contains good time intervals")
    hdu.header["HDUCLAS2"] = ("STANDARD", "2nd subclass of OGIP classification")
    hdu.header["GTI_NAME"] = ("MERGED_ISGRI", "GTI category")
    return hdu


def _table(
    name: str, columns: tuple, values: dict[str, Any], events: EventList, level: str, release: str
) -> fits.BinTableHDU:
    """Make an extension with the keywords that all of the file's have."""
    hdu = _rows(name, columns, values)
    _describe(hdu.header, events, level, release)
    return hdu


def _rows(name: str, columns: tuple, values: dict[str, Any]) -> fits.BinTableHDU:
    """Make the table; no values: no rows."""
    made = []
    for column, form, unit, _, _ in columns:
        zero = None if column in _SIGNED else _UNSIGNED.get(form)
        made.append(fits.Column(column, form, unit, bzero=zero, array=values.get(column)))
    hdu = fits.BinTableHDU.from_columns(made, name=name)
    for number, (_, _, _, comment, limits) in enumerate(columns, 1):
        hdu.header.comments[f"TTYPE{number}"] = comment
        if limits:
            hdu.header[f"TLMIN{number}"], hdu.header[f"TLMAX{number}"] = limits
    return hdu


def _describe(header: fits.Header, events: EventList, level: str, release: str) -> None:
    clock, pointing = _on_board(events.start), events.pointing
    last = clock + round(events.duration * TICKS)
    header["EXTREL"] = (release, "ISDC release number of the layout")
    header["BASETYPE"] = ("DAL_TABLE", "Data Access Layer base type")
    header["TELESCOP"] = ("INTEGRAL", "Telescope or mission name")
    header["ORIGIN"] = ("tidings", "Origin of FITS file")
    header["INSTRUME"] = ("IBIS", "Instrument name")
    header["DETNAM"] = ("ISGRI", "Name of the detector layer")
    header["ISDCLEVL"] = (level, "ISDC level of data processing")
    header["CREATOR"] = ("isgri_simulate", "Step which created this data")
    header["HIERARCH SIMULATED"] = (True, "not an observation")
    header["MJDREF"] = (MJD_IJD, "Modified Julian Date of time origin")
    header["TIMESYS"] = ("TT", "Time frame system")
    header["TIMEUNIT"] = ("d", "Time unit")
    header["TIMEREF"] = ("LOCAL", "Time reference frame")
    header["REVOL"] = (int(events.swid[:4]), "Revolution number")
    header["SWID"] = (events.swid, "Science Window identifier")
    header["SW_TYPE"] = ("POINTING", "Type of the Science Window")
    header["SWBOUND"] = ("OTF", "Reason for Science Window ending")
    header["OBTSTART"] = (f"{clock:020d}", "OBT of the start of the Science Window")
    header["OBTEND"] = (f"{last:020d}", "OBT of the end of the Science Window")
    header["TSTART"] = (events.start, "Start time of the Science Window")
    header["TSTOP"] = (events.start + events.duration / 86400, "End time of the Science Window")
    header["TELAPSE"] = (events.duration, "[s] Total observation elapsed time")
    header["RADECSYS"] = ("FK5", "Stellar reference frame")
    header["EQUINOX"] = (2000.0, "Coordinate system equinox")
    header["RA_SCX"] = (pointing.ra_x, "[deg] Right ascension of spacecraft X-axis")
    header["DEC_SCX"] = (pointing.dec_x, "[deg] Declination of spacecraft X-axis")
    header["RA_SCZ"] = (pointing.ra_z, "[deg] Right ascension of spacecraft Z-axis")
    header["DEC_SCZ"] = (pointing.dec_z, "[deg] Declination of spacecraft Z-axis")
    header["EXTVER"] = (1, "number of the extension among those of its name")
    header["GRPLC1"] = ("swg.fits", "URL of file containing Group")


def _on_board(ijd: float) -> int:
    """On-board time of an instant, a multiple of 64."""
    return (_OBT + round((ijd - _IJD) * 86400 * TICKS)) // 64 * 64


def _words(clock: np.ndarray) -> np.ndarray:
    """Split on-board times into four words of 16 bits, the most significant first."""
    shifts = np.array([48, 32, 16, 0])
    return ((clock[:, None] >> shifts) & 0xFFFF).astype(np.uint16)
