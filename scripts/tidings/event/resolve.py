"""What a user means by an event: a name, a time, a position, or a time and a position."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from tidings.errors import InputError
from tidings.event.archives import ARCHIVES, address, reachable
from tidings.event.known import Known, find, near
from tidings.times import parse_time, utc_iso

SESAME = ("TIDINGS_SESAME_HOST", "https://cds.unistra.fr/cgi-bin/nph-sesame/")
_MERGER = re.compile(r"(gw|s|ms)\s?\d{6}", re.IGNORECASE)
_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]|(mjd|jd|gps)\s|\d{8,}(\.\d*)?$", re.IGNORECASE)
_NAMED_BY_DATE = re.compile(r"(grb|gw|ic|s|ep|frb)[\s-]?\d{6}", re.IGNORECASE)


def resolve(text: str, *, offline: bool = False) -> Known:
    """Find out what is meant.

    Parameters
    ----------
    text : str
        A name; a time as `tidings.times.parse_time` reads it; a position in any form that astropy reads
        ("197.45 -23.38", "13h09m48s -23d23m02s", in degrees unless it says hours); or a time, "at", and a
        position.
    offline : bool
        Ask no archive.

    Returns
    -------
    Known
        From the table of the repository if it has the name, else from GWOSC (mergers) or Sesame (sources).

    Raises
    ------
    InputError
        Nothing of that name, several, or no network to ask with: the message says what to give instead.
    """
    text = " ".join(text.split())
    if not text:
        raise InputError("give an event: a name (GW170817), a time, or a position (197.45 -23.38)")
    when, at, where = text.partition(" at ")
    if at and _TIME.match(when):
        place, moment = _position(where, where), parse_time(when)
        return Known(_time_name(moment), "time", gps=moment, ra=place.ra, dec=place.dec, source="as given")
    if _TIME.match(text):
        moment = parse_time(text)
        return Known(_time_name(moment), "time", gps=moment, source="as given")
    if re.match(r"[+-]?[\d.]|J\d", text) and not re.search(r"[A-Za-z]{3}", text):
        return _position(text, text)
    return find(text) or _asked(text, offline)


def _time_name(gps: float) -> str:
    """Return a target's name for a bare time, such as T20170817-124104."""
    return "T" + utc_iso(gps, 0).replace("-", "").replace(":", "").replace("T", "-")


def _position(text: str, given: str) -> Known:
    from astropy import units as u
    from astropy.coordinates import SkyCoord

    hours = re.search(r"\d\s*h|:", text) or re.match(r"\s*\d+ \d+ [\d.]+ [+-]", text)
    text = re.sub(r"^J(?=\d{4})", "", text)
    try:
        place = SkyCoord(text, unit=(u.hourangle if hours else u.deg, u.deg))
    except (ValueError, TypeError):
        raise InputError(
            f"{given!r}: not a position that can be read; write degrees (197.4488 -23.3840) or "
            "13h09m47.7s -23d23m02s; times look like 2017-08-17T12:41:04.4 or 1187008882.4"
        ) from None
    ra, dec = round(float(place.ra.deg), 5), round(float(place.dec.deg), 5)
    return Known(f"RA{ra:g}DEC{dec:+g}", "position", ra=ra, dec=dec, source="as given")


# ---- archives -------------------------------------------------------------------------------------------


def _asked(name: str, offline: bool) -> Known:
    if offline:
        raise InputError(
            f"{_unknown(name)}. Archives are not asked with --offline: run again without it, or give its "
            "time or position"
        )
    found = _from_gwosc(name) if _MERGER.match(name) else None
    if found is None and not _NAMED_BY_DATE.match(name):
        found = _from_sesame(name)
    if found is None:
        kind = "a time (2023-03-07T15:44:06.67) and, if known, a position: 'TIME at RA DEC'"
        raise InputError(f"{_unknown(name)}. Give {kind}")
    return found


def _unknown(name: str) -> str:
    names = near(name)
    return f"unknown event {name!r}" + (f"; near names: {', '.join(names)}" if names else "")


def _from_gwosc(name: str) -> Known | None:
    import requests
    import tenacity
    from gwosc.api import v2 as api

    host = address(ARCHIVES["gw"])
    _reach(host, name)
    try:
        version = api.fetch_event_version(re.sub(r"\s", "", name), host=host)
    except requests.HTTPError as error:
        if error.response is not None and error.response.status_code == 404:
            return None
        raise InputError(f"{host}: {error}; run again later, or give the event's time") from None
    except (requests.RequestException, tenacity.RetryError, ValueError) as error:
        raise InputError(f"{host}: no answer ({error}); run again later, or give the event's time") from None
    detectors = tuple(sorted(version.get("detectors") or ()))
    source = f"GWOSC, {version.get('catalog', 'catalogue not stated')}"
    return Known(
        str(version["name"]), "merger", gps=float(version["gps"]), detectors=detectors, source=source
    )


def _from_sesame(name: str) -> Known | None:
    from astropy.coordinates import name_resolve
    from astropy.utils.data import conf

    host = address(SESAME)
    _reach(host, name)
    with name_resolve.sesame_url.set([host]), conf.set_temp("remote_timeout", 20.0):
        try:
            place = name_resolve.get_icrs_coordinates(name)
        except name_resolve.NameResolveError as error:
            if "Unable to find" in str(error):
                return None
            raise InputError(f"{host}: no answer to {name!r} ({' '.join(str(error).split())})") from None
    target = re.sub(r"[^A-Za-z0-9.+-]", "", name)
    ra, dec = round(float(place.ra.deg), 5), round(float(place.dec.deg), 5)
    return Known(target, "source", ra=ra, dec=dec, place=name, source="Sesame (SIMBAD, NED, VizieR)")


def _reach(host: str, name: str) -> None:
    if not reachable(host):
        raise InputError(
            f"{_unknown(name)}; it is not in the table of the repository, and {urlsplit(host).netloc} cannot "
            "be reached to ask: run again with a network, or give the time or position instead of the name"
        )
