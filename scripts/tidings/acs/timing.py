"""Times at the spacecraft, at the centre of the Earth and at the barycentre, side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from astropy.table import Table

from tidings.acs.orbit import (
    EPHS_ERRORS,
    Location,
    barycentric_time,
    geocentric_delay,
    parse_position,
    position_from_angles,
)
from tidings.acs.orbit_file import read_orbit
from tidings.errors import InputError
from tidings.lightcurve.product import read_lightcurve
from tidings.times import parse_time, utc_iso

_COLUMNS = {
    "label": (None, "What happens then"),
    "utc": (None, "Time at the spacecraft, UTC, clock offset added"),
    "gps": ("s", "The same, GPS seconds"),
    "geocentric_delay": ("s", "Arrival at the centre of the Earth less that at the spacecraft"),
    "delay_error": ("s", "Its error by that of the position"),
    "geocentre_utc": (None, "Time at the centre of the Earth, UTC"),
    "geocentre_gps": ("s", "The same, GPS seconds"),
    "barycentric_delay": ("s", "Barycentre (TDB) less spacecraft (TT), with Einstein and Shapiro terms"),
    "barycentre_tdb": (None, "Time at the barycentre, TDB"),
    "barycentre_mjd": ("d", "The same, modified Julian date"),
    "x": ("km", "Position of the spacecraft, geocentric, GCRS"),
    "y": ("km", "Position of the spacecraft, geocentric, GCRS"),
    "z": ("km", "Position of the spacecraft, geocentric, GCRS"),
    "distance": ("km", "From the centre of the Earth"),
    "position_error": ("km", "Of the position, along any direction"),
    "position_source": (None, "Where the position comes from"),
}


def read_times(times: Sequence[str], table: str | Path | None = None) -> list[tuple[str, float]]:
    """Return labels and GPS seconds of times given, and of those in a table.

    Raises
    ------
    InputError
        If there are none, or one is not a time.
    """
    found = [(text, parse_time(text)) for text in times]
    if table is not None:
        found += _table_times(Path(table))
    if not found:
        raise InputError("no times are given: name some, or give a table that has a column gps")
    return found


def _table_times(path: Path) -> list[tuple[str, float]]:
    try:
        rows = Table.read(path, format="ascii.ecsv")
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as ECSV: {str(error).splitlines()[0]}") from None
    columns = [name for name in rows.colnames if name == "gps" or name.endswith("_gps")]
    if not columns:
        raise InputError(f"{path}: no column gps, and none that ends in _gps: {', '.join(rows.colnames)}")
    return [
        (f"{path.name} row {number} {name}", parse_time(float(row[name])))
        for number, row in enumerate(rows, start=1)
        for name in columns
    ]


def locator(
    *,
    orbit: str | Path | None = None,
    position: str | None = None,
    lightcurve: str | Path | None = None,
    elements: str | Path | None = None,
    max_age: float = 30.0,
) -> Callable[[float], Location]:
    """Return what gives the spacecraft's position at a GPS time, from the best source there is.

    Parameters
    ----------
    orbit, position, lightcurve, elements
        Orbit file; position as text; light curve with a position; two-line elements: in this order.
    max_age
        Of the elements, d.

    Raises
    ------
    InputError
        If there is none.
    """
    if orbit is not None:
        return read_orbit(orbit).at
    if position is not None:
        place = parse_position(position)
        return lambda gps: place
    if lightcurve is not None and (held := read_lightcurve(lightcurve).position) is not None:
        source = f"light curve {Path(lightcurve).name}"
        place = position_from_angles(held.ra, held.dec, held.distance, errors=EPHS_ERRORS, source=source)
        return lambda gps: place
    if elements is not None:
        # Imported here so that no other source needs the package.
        from tidings.acs.tle import nearest_elements, read_elements

        every = read_elements(elements)
        return lambda gps: nearest_elements(every, gps).at(gps, max_age)
    holder = f"; {lightcurve} holds none" if lightcurve is not None else ""
    raise InputError(
        f"the position of the spacecraft is missing{holder}: give an orbit file, a position (RA and Dec in "
        "deg, distance "
        "in km), a light curve that holds one, or two-line elements"
    )


def timing_table(
    times: Sequence[tuple[str, float]],
    where: Callable[[float], Location],
    ra: float,
    dec: float,
    clock_offset: float = 0.0,
) -> Table:
    """Return a table with a row for each time.

    Parameters
    ----------
    times
        Labels and GPS seconds at the spacecraft.
    where
        Gives the position at a GPS time.
    ra, dec
        Of the source, deg.
    clock_offset
        s, added to the times first.
    """
    rows = [_row(label, gps + clock_offset, where(gps + clock_offset), ra, dec) for label, gps in times]
    table = Table(rows=rows, names=list(_COLUMNS))
    for name, (unit, description) in _COLUMNS.items():
        table[name].unit = unit
        table[name].description = description
    table.meta = {"source_ra_deg": ra, "source_dec_deg": dec, "clock_offset_s": clock_offset}
    return table


def _row(label: str, gps: float, place: Location, ra: float, dec: float) -> tuple[object, ...]:
    delay = float(geocentric_delay(place.vector, ra, dec))
    barycentre = barycentric_time(gps, place.vector, ra, dec)
    return (
        label,
        utc_iso(gps, 6),
        gps,
        delay,
        place.delay_error,
        utc_iso(gps + delay, 6),
        gps + delay,
        barycentre.delay,
        str(barycentre.time.isot),
        float(barycentre.time.mjd),
        *(float(x) for x in place.vector),
        place.distance,
        place.error,
        place.source,
    )
