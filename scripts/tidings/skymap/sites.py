"""Observatories by name, so that no table need be fetched.

Geodetic coordinates (WGS 84) and heights are those of ``coordinates/sites.json`` in the repository
astropy/astropy-data, commit 0114fac2, to four decimals of a degree, which is 11 m.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from tidings.errors import InputError


@dataclass(frozen=True)
class Site:
    """A place on the ground: name, latitude and longitude (deg, east positive), height (m)."""

    name: str
    latitude: float
    longitude: float
    height: float


# Name, latitude, longitude east, height; further names.
_TABLE = (
    ("Paranal", -24.6274, -70.4050, 2669.0, "vlt|cerro paranal|eso"),
    ("La Silla", -29.2567, -70.7300, 2347.0, "lasilla"),
    ("Cerro Armazones", -24.5987, -70.2013, 2817.0, "oca|elt"),
    ("Cerro Pachon", -30.2407, -70.7367, 2750.0, "gemini south|rubin|lsst|soar"),
    ("Cerro Tololo", -30.1653, -70.8150, 2215.0, "ctio|decam|blanco"),
    ("Las Campanas", -29.0033, -70.7017, 2282.0, "lco|magellan"),
    ("ALMA", -23.0290, -67.7550, 5000.0, "chajnantor"),
    ("Mauna Kea", 19.8283, -155.4783, 4160.0, "maunakea|keck|subaru"),
    ("Gemini North", 19.8238, -155.4690, 4213.0, ""),
    ("CFHT", 19.8267, -155.4717, 4215.0, ""),
    ("Haleakala", 20.7155, -156.1690, 3048.0, "pan-starrs|panstarrs"),
    ("Palomar", 33.3560, -116.8630, 1706.0, "ztf|hale"),
    ("Kitt Peak", 31.9633, -111.6000, 2120.0, "kpno"),
    ("Mount Graham", 32.7016, -109.8719, 2902.0, "lbt|mt graham"),
    ("Mount Hopkins", 31.6809, -110.8775, 2320.0, "flwo|whipple|veritas"),
    ("Apache Point", 32.7800, -105.8200, 2798.0, "apo|sdss"),
    ("McDonald", 30.6717, -104.0217, 2075.0, "mcdonald observatory"),
    ("Lowell Discovery Telescope", 34.7443, -111.4225, 2337.0, "ldt|dct"),
    ("Lick", 37.3433, -121.6367, 1290.0, ""),
    ("Roque de los Muchachos", 28.7583, -17.8800, 2327.0, "la palma|lapalma|gtc|magic|not|wht"),
    ("Teide", 28.3000, -16.5097, 2390.0, "tenerife"),
    ("Calar Alto", 37.2236, -2.5461, 2168.0, "caha"),
    ("Javalambre", 40.0420, -1.0161, 1956.0, "oaj"),
    ("Haute Provence", 43.9308, 5.7133, 650.0, "ohp"),
    ("Asiago", 45.8486, 11.5811, 1413.0, "ekar"),
    ("Sutherland", -32.3758, 20.8108, 1798.0, "salt|saao"),
    ("Wise", 30.5974, 34.7622, 875.0, ""),
    ("TUBITAK", 36.8242, 30.3356, 2500.0, "tug"),
    ("Hanle", 32.7794, 78.9642, 4500.0, "iao"),
    ("Vainu Bappu", 12.5767, 78.8266, 725.0, "vbo"),
    ("Doi Inthanon", 18.5906, 98.4867, 2457.0, "tno"),
    ("Xinglong", 40.3933, 117.5750, 950.0, "bao"),
    ("Okayama", 34.5771, 133.5940, 370.0, "oao"),
    ("Siding Spring", -31.2734, 149.0612, 1149.0, "sso|skymapper"),
    ("Mount John", -43.9857, 170.4651, 1029.0, "mt john|moa"),
    ("Greenwich", 51.4778, -0.0015, 46.0, ""),
    ("MeerKAT", -30.7111, 21.4439, 1087.0, ""),
    ("VLA", 34.0787, -107.6183, 2124.0, ""),
    ("Effelsberg", 50.5248, 6.8836, 417.0, ""),
    ("LOFAR", 52.9151, 6.8698, 49.0, ""),
    ("ASKAP", -26.6970, 116.6314, 361.0, ""),
)

SITES = {name: Site(name, *numbers) for name, *numbers, _ in _TABLE}
_ALIASES = {name.casefold(): name for name, *_ in _TABLE} | {
    alias: name for name, *_, others in _TABLE for alias in others.split("|") if alias
}


def find_site(text: str) -> Site:
    """Return an observatory by name, or a place given as ``latitude longitude height``.

    Parameters
    ----------
    text
        A name; or latitude and longitude (deg, east positive) and height (m, 0 when left out), with blanks or
        commas between.

    Raises
    ------
    InputError
        The name is not known, or the numbers are no place on the Earth.
    """
    words = text.replace(",", " ").split()
    if words and re.fullmatch(r"[+-]?\d+(\.\d*)?", words[0]):
        return _given(text, words)
    key = " ".join(words).casefold()
    name = _ALIASES.get(key) or _ALIASES.get(key.replace(" ", "")) or _ALIASES.get(key.replace(" ", "-"))
    if name is None:
        near = difflib.get_close_matches(key, _ALIASES, n=3, cutoff=0.6)
        hint = f"; near names: {', '.join(sorted({_ALIASES[n] for n in near}))}" if near else ""
        raise InputError(
            f"unknown site {text!r}{hint}. Known: {', '.join(SITES)}; or give latitude, longitude (deg, east "
            'positive) and height (m), such as "-24.6272 -70.4042 2635"'
        )
    return SITES[name]


def _given(text: str, words: list[str]) -> Site:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        numbers = []
    if len(numbers) == 2:
        numbers.append(0.0)
    if len(numbers) != 3 or abs(numbers[0]) > 90 or abs(numbers[1]) > 360 or not -500 <= numbers[2] <= 9000:
        raise InputError(
            f"{text!r} is no place on the Earth: give latitude (-90 to 90 deg), longitude (deg, east "
            "positive) and height (-500 to 9000 m)"
        )
    return Site(f"{numbers[0]:+.4f} {numbers[1]:+.4f}", *numbers)
