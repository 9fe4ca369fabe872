"""Times as users write them, to GPS seconds and back.

The time scale is part of the text or has a stated default (UTC for calendar dates, GPS for plain numbers of
seconds); anything that could be read in two ways is refused. Nothing here touches the network: the leap
seconds are those that astropy (ERFA) carries.
"""

from __future__ import annotations

import math
import re
import warnings

import erfa
import numpy as np
from astropy.time import Time
from astropy.utils import iers

from tidings.errors import InputError

# Leap-second and Earth-orientation updates would make a result depend on the day and on the network.
iers.conf.auto_download = False

FORMS = (
    "accepted: GPS seconds (1126259462.4), ISO with an optional scale (2015-09-14T09:50:45.4, UTC when none "
    'is given, else Z, UTC, TT, TAI or TDB), "MJD 57279.41 UTC", "JD 2457279.91 TT"'
)

# TAI minus GPS time, constant since the GPS epoch 1980-01-06 00:00:00 UTC.
_TAI_MINUS_GPS = 19
_GPS_EPOCH_JD = 2444244.5
_SMALLEST_GPS = 1e7
# Past this a number is not GPS seconds but milliseconds or a run-together date.
_LARGEST_GPS = 5e9

_SCALES = ("utc", "tt", "tai", "tdb")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_ISO = re.compile(
    r"(?P<date>\d{4}-\d{2}-\d{2})[T ](?P<clock>\d{2}:\d{2}(:(?P<second>\d{2}(\.\d*)?))?)\s*(?P<zulu>[zZ])?"
)


def parse_time(text: str | float) -> float:
    """Convert a time as a user writes it to GPS seconds.

    Parameters
    ----------
    text : str or float
        A plain number >= 1e7 (or one with the word GPS) is GPS seconds. Julian dates carry the word MJD or
        JD, calendar times are ISO 8601; both may carry a scale (UTC, TT, TAI, TDB), UTC when none is given.

    Returns
    -------
    float
        GPS seconds, rounded once to float64 (2.4e-7 s at present-day values).

    Raises
    ------
    InputError
        If the text is not a time, or could be read in two ways.
    """
    if isinstance(text, (int, float, np.integer, np.floating)) and not isinstance(text, bool):
        return _gps_number(repr(float(text)), str(text))
    if not isinstance(text, str):
        raise InputError(f"cannot read {text!r} as a time; {FORMS}")
    words, scale, kind = _split_words(text)
    body = " ".join(words)
    if kind in ("mjd", "jd"):
        return _julian_date(body, kind, scale or "utc", text)
    if _NUMBER.fullmatch(body):
        if scale is not None:
            raise InputError(
                f"{text!r}: a number with the scale {scale.upper()} could be a Julian date or seconds; "
                f"add MJD, JD or GPS; {FORMS}"
            )
        return _gps_number(body, text, stated=kind == "gps")
    if kind == "gps":
        raise InputError(f"{text!r}: GPS stands with a number of seconds only; {FORMS}")
    return _calendar(body, scale, text)


def utc_iso(gps: float, digits: int = 3) -> str:
    """Format GPS seconds as an ISO 8601 UTC time, such as ``2015-09-14T09:50:45.400``.

    Parameters
    ----------
    gps : float
        GPS seconds.
    digits : int
        Decimals of the second, 0 to 9; rounded, not cut. A leap second reads ``23:59:60``.

    Returns
    -------
    str
        UTC without a suffix, as FITS wants it in DATE-OBS.

    Raises
    ------
    InputError
        If `gps` is not finite or `digits` is out of range.
    """
    if not math.isfinite(gps):
        raise InputError(f"{gps} is not a GPS time")
    if not 0 <= digits <= 9:
        raise InputError(f"digits must be between 0 and 9, not {digits}")
    fraction, whole = math.modf(float(gps))
    with warnings.catch_warnings():
        # ERFA calls years past the leap-second table "dubious"; no better answer exists for them.
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        return str(Time(whole, fraction, format="gps", precision=digits).utc.isot)


def mjd_utc(gps: float) -> float:
    """Convert GPS seconds to a Modified Julian Date, UTC, good to 1 us at present-day values."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        return float(Time(gps, format="gps").utc.mjd)


def to_gps(time: Time) -> float:
    """Convert an astropy Time (scalar, any scale) to GPS seconds, rounding once.

    ``Time.gps`` adds the two halves of the Julian date in days first and loses up to 2e-7 s.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        tai = time.tai
    # jd1 is whole or half, so the first product is exact and only the last sum rounds.
    return float((tai.jd1 - _GPS_EPOCH_JD) * 86400.0 - _TAI_MINUS_GPS + tai.jd2 * 86400.0)


def _split_words(text: str) -> tuple[list[str], str | None, str | None]:
    """Take the words that name a scale (utc, tt, tai, tdb) or a kind (mjd, jd, gps) out of a text."""
    words, scales, kinds = [], [], []
    for word in text.split():
        lower = word.lower().strip("()")
        if lower in _SCALES:
            scales.append(lower)
        elif lower in ("mjd", "jd", "gps"):
            kinds.append(lower)
        else:
            words.append(word)
    if len(scales) > 1 or len(kinds) > 1:
        raise InputError(f"{text!r} names more than one scale or format; {FORMS}")
    if kinds == ["gps"] and scales:
        raise InputError(f"{text!r}: GPS seconds have no other scale; {FORMS}")
    return words, (scales or [None])[0], (kinds or [None])[0]


def _gps_number(number: str, text: str, stated: bool = False) -> float:
    """Check a plain number and return it as GPS seconds."""
    gps = float(number)
    if stated and 0 <= gps <= _LARGEST_GPS:
        return gps
    if re.fullmatch(r"(19|20)\d{6}", number.removesuffix(".0")):
        raise InputError(
            f"{text!r} could be a date or GPS seconds: add GPS, or write it as 2015-09-14T00:00:00; {FORMS}"
        )
    if _SMALLEST_GPS <= gps <= _LARGEST_GPS:
        return gps
    hint = " (a Julian date needs the word MJD or JD)" if 0 < gps < _SMALLEST_GPS else ""
    raise InputError(f"{text!r} is not a GPS time{hint}; {FORMS}")


def _julian_date(number: str, kind: str, scale: str, text: str) -> float:
    """Convert a (modified) Julian date given as decimal digits; the fraction keeps its full precision."""
    if not _NUMBER.fullmatch(number):
        raise InputError(f"{text!r}: {kind.upper()} needs one number; {FORMS}")
    whole, _, decimals = number.partition(".")
    if "e" in number.lower() or number.startswith(("-", "+")):
        raise InputError(f"{text!r}: write the {kind.upper()} with plain digits; {FORMS}")
    days = int(whole or 0)
    low, high = (15020, 110000) if kind == "mjd" else (2415020, 2510000)
    if not low <= days < high:
        raise InputError(f"{text!r}: {kind.upper()} {number} is not between {low} and {high}; {FORMS}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        return to_gps(Time(float(days), float(f"0.{decimals or 0}"), format=kind, scale=scale))


def _calendar(body: str, scale: str | None, text: str) -> float:
    """Convert an ISO 8601 calendar time."""
    match = _ISO.fullmatch(body)
    if match is None:
        raise InputError(f"cannot read {text!r} as a time{_calendar_hint(body)}; {FORMS}")
    if match["zulu"] and scale not in (None, "utc"):
        raise InputError(f"{text!r}: Z means UTC, which contradicts {scale.upper()}; {FORMS}")
    scale = scale or "utc"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", erfa.ErfaWarning)
            time = Time(f"{match['date']}T{match['clock']}", format="isot", scale=scale)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date and time of day: {str(error).splitlines()[-1]}") from None
    if match["second"] and float(match["second"]) >= 60 and not _is_leap_second(time, match):
        raise InputError(f"{text!r}: there was no leap second at the end of {match['date']} {scale.upper()}")
    return to_gps(time)


def _is_leap_second(time: Time, match: re.Match[str]) -> bool:
    """Whether a UTC time whose second reads 60 exists; ERFA alone only warns and moves on to the next day."""
    return (
        time.scale == "utc" and match["clock"].startswith("23:59:60") and time.isot.startswith(match["date"])
    )


def _calendar_hint(body: str) -> str:
    """What is probably wrong with a calendar time."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", body):
        return ": the time of day is missing"
    if re.search(r"\d[+-]\d{2}:?\d{2}$", body):
        return ": zone offsets are not read, give UTC"
    return ""
