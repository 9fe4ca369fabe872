"""Sky maps from FITS: every HEALPix form in use, as the fewest tiles that hold the same values.

Flat maps, NESTED or RING, all pixels or those listed (https://healpix.sourceforge.io/data/examples/
healpix_fits_specs.pdf), are merged while they are read: sibling pixels become one tile as long as they are
equal in every column, bit by bit. Multi-order maps (UNIQ) are taken as they are. Columns and units are those
of LIGO-Virgo-KAGRA's public alerts (https://emfollow.docs.ligo.org/userguide/tutorial/skymaps.html).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from astropy import units as u
from astropy.io import fits
from numpy.typing import NDArray

from tidings.errors import InputError
from tidings.skymap._columns import Column, columns_of, unit_factor
from tidings.skymap._merging import NestedRuns, Runs, ScatteredRuns
from tidings.skymap._stream import FitsStream
from tidings.skymap._values import NO_VALUE, Tiles, clean_meta, is_density, make_map
from tidings.skymap.sky import MAX_ORDER, SkyMap, from_uniq, pixel_area, split_uniq

TOLERANCE = 1e-3
"""By how much the sum of a map may differ from 1 and be taken for rounding."""

PROBABILITY = ("PROBDENSITY", "PROB", "PROBABILITY")
DISTANCE = ("DISTMU", "DISTSIGMA", "DISTNORM")
_DISTANCE_UNITS = (u.Mpc, u.Mpc, u.Mpc**-2)
_PIXEL = ("PIXEL", "PIX", "INDEX", "HPXINDEX")
_EQUATORIAL = ("", "C", "CEL", "CELESTIAL", "EQ", "EQU", "EQUATORIAL", "ICRS", "FK5", "J2000")
# Pixels read at once, a power of four: 8 MB of a map with distances.
_PART = 1 << 18

Ordering = Literal["nested", "ring"]


@dataclass(frozen=True)
class _Table:
    """A HEALPix table found in a file: its header, and its columns by what they are for."""

    stream: FitsStream
    header: fits.Header
    where: str
    columns: dict[str, Column]
    probability: Column
    distance: tuple[Column, ...]

    @property
    def wanted(self) -> list[Column]:
        """The columns to be read, probability first."""
        return [self.probability, *self.distance]

    @property
    def rows(self) -> int:
        return int(self.header["NAXIS2"])

    def parts(self, rows: int) -> Iterator[NDArray[np.void]]:
        """Yield the table's rows, as bytes, some at a time; a part is overwritten by the next."""
        width = int(self.header["NAXIS1"])
        buffer = bytearray(width * min(rows, self.rows))
        array = np.frombuffer(buffer, np.dtype((np.void, width)))
        for i in range(0, self.rows, rows):
            n = min(rows, self.rows - i)
            self.stream.take(memoryview(buffer)[: n * width])
            yield array[:n]

    def all_rows(self) -> NDArray[np.void]:
        """Return the whole table."""
        return next(self.parts(self.rows)) if self.rows else np.empty(0, np.dtype((np.void, 1)))


def read_skymap(
    source: str | Path | bytes,
    *,
    name: str | None = None,
    normalise: bool = False,
    tolerance: float = TOLERANCE,
    ordering: Ordering | None = None,
    column: str | None = None,
    distance: bool = True,
) -> SkyMap:
    """Read a HEALPix map of probability.

    Parameters
    ----------
    source
        A path, or the content of a file; FITS, also compressed by gzip.
    name
        What messages call it; the path if not given.
    normalise
        Accept a map whatever its sum, and divide by it.
    tolerance
        By how much the sum may differ from 1 otherwise. Up to this it is taken for rounding, and divided by.
    ordering
        "nested" or "ring", for a file that does not say it.
    column
        Column of the probability, if it has none of the usual names.
    distance
        Whether to read the distances that a map may have.

    Returns
    -------
    SkyMap
        Its probability sums to 1, and is as in the file where it did there, to 1e-9. Parts of the sky that
        the file leaves out, or marks by healpy's UNSEEN, have none.

    Raises
    ------
    InputError
        The file is no such map, or its values are none of a probability.
    """
    with FitsStream(source, name) as stream:
        table = _find(stream, column, distance)
        _check_frame(table)
        scheme = str(table.header.get("ORDERING", "")).strip().upper()
        if scheme in ("NUNIQ", "UNIQ") or (not scheme and "UNIQ" in table.columns):
            tiles = _read_uniq(table)
        else:
            tiles = _read_pixels(table, _scheme(table, scheme, ordering))
    return make_map(tiles, clean_meta(table.header), table.where, normalise=normalise, tolerance=tolerance)


def _find(stream: FitsStream, name: str | None, distance: bool) -> _Table:
    """Return the first table of the file with a probability."""
    seen = []
    for number, header in stream.headers():
        kind = "PRIMARY" if number == 0 else str(header.get("XTENSION", "?")).strip()
        extension = str(header.get("EXTNAME", "")).strip()
        where = f"{stream.name}, HDU {number}" + (f" ({extension})" if extension else "")
        if kind != "BINTABLE":
            seen.append(f"HDU {number} {kind}")
            continue
        columns = columns_of(header, where)
        probability = _probability(columns, name)
        if probability is None:
            seen.append(f"HDU {number} table of {', '.join(columns) or 'nothing'}")
            continue
        return _Table(stream, header, where, columns, probability, _distance(columns, where, distance))
    wanted = f"a column {name}" if name else f"a column {', '.join(PROBABILITY[:-1])} or {PROBABILITY[-1]}"
    raise InputError(
        f"{stream.name}: no HEALPix table with {wanted} ({'; '.join(seen)}): give a probability map, or "
        "name its column (a MOC alone has no probabilities)"
    )


def _probability(columns: dict[str, Column], name: str | None) -> Column | None:
    for key in PROBABILITY if name is None else (name.upper(),):
        if key in columns and columns[key].is_number:
            return columns[key]
    return None


def _distance(columns: dict[str, Column], where: str, wanted: bool) -> tuple[Column, ...]:
    found = [columns[key] for key in DISTANCE if key in columns]
    if not wanted or not found:
        return ()
    if len(found) < len(DISTANCE):
        missing = [key for key in DISTANCE if key not in columns]
        raise InputError(
            f"{where}: {', '.join(missing)} missing: a map of distances has {', '.join(DISTANCE)}; step "
            "skymap_region writes it without them (parameter drop_distance)"
        )
    return tuple(found)


def _check_frame(table: _Table) -> None:
    frame = str(table.header.get("COORDSYS", "C")).strip().upper()
    if frame not in _EQUATORIAL:
        raise InputError(
            f"{table.where}: COORDSYS is {frame!r}, not C (equatorial, ICRS): rotate the map to "
            "equatorial coordinates"
        )


def _scheme(table: _Table, scheme: str, given: Ordering | None) -> str:
    """Return "NESTED" or "RING"."""
    if scheme in ("NEST", "NESTED"):
        return "NESTED"
    if scheme == "RING":
        return "RING"
    if scheme:
        raise InputError(f"{table.where}: ORDERING is {scheme!r}: NESTED, RING and NUNIQ are read")
    if given is None:
        raise InputError(
            f"{table.where}: the header has no ORDERING: if you know whether the pixels are in nested or "
            "ring order, step skymap_region writes the map with it (parameter ordering)"
        )
    return {"nested": "NESTED", "ring": "RING"}[given]


def _factors(table: _Table, per_tile: bool) -> tuple[list[float], bool]:
    """Return factors to per-steradian or pure numbers, Mpc and Mpc^-2, and whether it is a density."""
    probability = table.probability
    density = probability.name.upper() == "PROBDENSITY" or not per_tile
    if probability.unit:
        density = is_density(probability)
    unit = u.sr**-1 if density else u.dimensionless_unscaled
    factors = [unit_factor(probability, unit, table.where)]
    factors += [
        unit_factor(c, unit, table.where) for c, unit in zip(table.distance, _DISTANCE_UNITS, strict=False)
    ]
    return factors, density


def _read_uniq(table: _Table) -> Tiles:
    """Read a table of one tile per row."""
    uniq = table.columns.get("UNIQ")
    if uniq is None or uniq.code not in "KJ":
        raise InputError(f"{table.where}: ORDERING is NUNIQ, but there is no integer column UNIQ")
    rows = table.all_rows()
    factors, density = _factors(table, per_tile=table.probability.name.upper() != "PROBDENSITY")
    columns = [
        column.values(column.view(rows)).astype(np.float64) * factor
        for column, factor in zip(table.wanted, factors, strict=True)
    ]
    numbers = uniq.view(rows).astype(np.int64)
    if not len(numbers):
        raise InputError(f"{table.where}: the table has no rows")
    try:
        if not density:
            columns[0] = columns[0] / pixel_area(split_uniq(numbers)[0].astype(np.float64))
        tiles = from_uniq(numbers, columns[0], columns[1:] or None)
    except InputError as error:
        raise InputError(f"{table.where}, column UNIQ: {error}") from error
    return Tiles(tiles.order, tiles.start, tiles.level, [tiles.density, *_distances(tiles)])


def _distances(sky: SkyMap) -> list[NDArray[np.float64]]:
    return [] if sky.mu is None else [sky.mu, sky.sigma, sky.norm]


def _read_pixels(table: _Table, scheme: str) -> Tiles:
    """Read pixels of one NSIDE, all or those listed."""
    repeat = table.probability.repeat
    for column in table.wanted:
        if column.repeat != repeat:
            raise InputError(
                f"{table.where}: column {column.name} has {column.repeat} values in a row, "
                f"{table.probability.name} has {repeat}"
            )
    pixel = next((table.columns[key] for key in _PIXEL if key in table.columns), None)
    explicit = (
        pixel is not None and str(table.header.get("INDXSCHM", "EXPLICIT")).strip().upper() == "EXPLICIT"
    )
    order = _order(table, None if explicit else table.rows * repeat)
    rows = max(_PART // repeat, 1)
    if explicit:
        runs = _read_explicit(table, pixel, order, scheme)
    elif scheme == "NESTED":
        collected = NestedRuns(order)
        for part in table.parts(rows):
            collected.add(*_views(table, part))
        runs = collected.runs()
    else:
        scattered = ScatteredRuns(order, ring=True, has_background=True)
        for i, part in enumerate(table.parts(rows)):
            scattered.add(i * rows * repeat, *_views(table, part))
        runs, _ = scattered.runs()
    start, level, row = runs.tiles()
    factors, density = _factors(table, per_tile=True)
    columns = []
    for column, raw, factor, nothing in zip(table.wanted, runs.values, factors, NO_VALUE, strict=False):
        values = np.append(column.values(raw).astype(np.float64) * factor, nothing)
        columns.append(values[row])
    if not density:
        columns[0] = columns[0] / pixel_area(order)
    return Tiles(order, start, level, columns)


def _views(table: _Table, part: NDArray[np.void]) -> tuple[list[NDArray], list[NDArray]]:
    wanted = table.wanted
    return [c.view(part, bits=True) for c in wanted], [c.view(part) for c in wanted]


def _read_explicit(table: _Table, pixel: Column, order: int, scheme: str) -> Runs:
    collected = ScatteredRuns(order, ring=scheme == "RING", has_background=False)
    count = 12 << (2 * order)
    for part in table.parts(max(_PART // pixel.repeat, 1)):
        pixels = pixel.view(part).astype(np.int64)
        if pixel.repeat != table.probability.repeat:
            raise InputError(f"{table.where}: column {pixel.name} has not as many values as the probability")
        outside = (pixels < 0) | (pixels >= count)
        if outside.any():
            raise InputError(
                f"{table.where}, column {pixel.name}: pixel {pixels[outside][0]} is none of the "
                f"{count} pixels of NSIDE {1 << order}"
            )
        collected.add(pixels, *_views(table, part))
    runs, twice = collected.runs()
    if len(twice):
        raise InputError(
            f"{table.where}, column {pixel.name}: {len(twice)} pixels are given more than once, "
            f"the first is {twice[0]} (NESTED)"
        )
    return runs


def _order(table: _Table, pixels: int | None) -> int:
    """Return the order of the pixels from NSIDE, or from their number if there is no NSIDE."""
    nside = table.header.get("NSIDE")
    if nside is None and pixels is not None:
        nside = round((pixels / 12) ** 0.5)
    if nside is None:
        raise InputError(f"{table.where}: the header has no NSIDE, and not all pixels are listed")
    if not isinstance(nside, int) or nside < 1 or nside & (nside - 1) or nside > 1 << MAX_ORDER:
        raise InputError(f"{table.where}: NSIDE is {nside}, which is not a power of two: resample the map")
    if pixels is not None and pixels != 12 * nside**2:
        raise InputError(
            f"{table.where}: {pixels} pixels, a map of NSIDE {nside} has {12 * nside**2}: the file is cut, "
            "or lists some pixels without saying which (a column PIXEL)"
        )
    return nside.bit_length() - 1
