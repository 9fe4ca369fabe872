"""Counts from the texts of the public service (genlc, ipnlc) and from CSV."""

from __future__ import annotations

import json
import re
import warnings
from pathlib import Path

import numpy as np
from astropy.time import Time

from tidings.acs._service_words import explain
from tidings.errors import InputError
from tidings.lightcurve.counts import Raw
from tidings.lightcurve.epoch import ijd_to_gps
from tidings.lightcurve.monitor import SPI_ACS
from tidings.times import parse_time, to_gps

# Service and header state the same moment twice; more than a leap second apart is another time system.
_AGREEMENT = 1e-3

SAMPLE = SPI_ACS.sample

_REFERENCE = re.compile(r"#\s*reference \(start\) UTC is:\s*(\S+)")
_IPN = re.compile(r"'(?P<craft>[^']*)'\s+'(?P<day>\d\d)/(?P<month>\d\d)/(?P<year>\d\d)'\s+(?P<second>\S+)")
_TIMES = ("gps", "ijd", "mjd_tt", "mjd_utc", "utc", "tt", "time")


def read_text(path: Path, form: str, stamp: str | None) -> Raw:
    """Read counts from a text; see `tidings.acs.counts.read_counts`."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: is neither FITS nor text") from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    text = unquoted(text)
    if not text.strip():
        raise InputError(f"{path}: is empty: the service sent nothing; ask again, or for another time")
    found = sniff(text)
    if found is None:
        if words := explain(text):
            raise InputError(f"{path}: {words}")
        raise InputError(
            f"{path}: is no light curve of a known form: genlc or ipnlc text, CSV with a line of column names"
        )
    if form not in ("auto", found):
        raise InputError(f"{path}: is {found}, not {form}")
    return {"genlc": _genlc, "ipnlc": _ipnlc, "csv": _csv}[found](text, path, stamp)


def unquoted(text: str) -> str:
    """Return the text inside a JSON string, which is how the gateway sometimes wraps its answer."""
    stripped = text.strip()
    if stripped.startswith('"') and stripped.endswith('"') and "\\n" in stripped:
        try:
            return str(json.loads(stripped))
        except json.JSONDecodeError:
            return stripped.strip('"').replace("\\n", "\n")
    return text


def sniff(text: str) -> str | None:
    """Return the form of a text, or None for one that is no light curve."""
    lines = [line for line in text[:4000].splitlines() if line.strip()]
    plain = [line for line in lines if not line.lstrip().startswith("#")]
    if lines and _IPN.match(lines[0].strip()):
        return "ipnlc"
    if any("[IJD]" in line or _REFERENCE.match(line) for line in lines):
        return "genlc"
    if not plain:
        return None
    names = _names(plain[0])
    if any(name in _TIMES or name == "mjd" for name in names) and {"counts", "rate"} & set(names):
        return "csv"
    words = plain[0].split()
    return "genlc" if len(words) == 4 and all(_number(word) for word in words) else None


def _genlc(text: str, path: Path, stamp: str | None) -> Raw:
    """Text of `genlc`: comment lines, then IJD, seconds since the reference, counts, seconds of the day."""
    values, lines = _table(text, path, 4)
    ijd, since, counts = values[:, 0], values[:, 1], values[:, 2]
    reference = next((m for line in text[:4000].splitlines() if (m := _REFERENCE.match(line))), None)
    if not np.isfinite(ijd).all():
        place = lines[int(np.argmax(~np.isfinite(ijd)))]
        raise InputError(f"{path}: line {place}: the IJD is not a number; remove the line")
    if reference is None:
        epoch = float(ijd_to_gps(ijd.min()))
        since = (ijd - ijd.min()) * 86400.0
    else:
        epoch = parse_time(f"{reference[1]} UTC")
        apart = ijd_to_gps(ijd[0]) - (epoch + since[0])
        if not abs(apart) < _AGREEMENT:
            raise InputError(
                f"{path}: line {lines[0]}: the IJD is {apart:+.3f} s from the reference UTC of the header: "
                "one of them is in another time system (IJD is TT); fetch the file again"
            )
    shift = -SAMPLE / 2 if stamp in (None, "middle") else 0.0
    return _samples(since + shift, counts, epoch, "genlc", lines[0])


def _ipnlc(text: str, path: Path, stamp: str | None) -> Raw:
    """Text of `ipnlc`: two header lines (UTC date and second of the day; bin), then seconds and counts."""
    head, second, *_ = [*text.strip().splitlines(), ""]
    match = _IPN.match(head.strip())
    try:
        refsec, step = float(match["second"]), float(second.split()[1])
    except (ValueError, IndexError):
        raise InputError(
            f"{path}: lines 1 and 2: the reference second and the length of a bin are not there"
        ) from None
    if not step > 0:
        raise InputError(f"{path}: line 2: {step:g} s is no length of a bin")
    midnight = parse_time(f"20{match['year']}-{match['month']}-{match['day']}T00:00:00 UTC")
    values, lines = _table(text, path, 2, skip=2)
    shift = -step / 2 if stamp == "middle" else 0.0
    # To 1 ms as printed: the bins of a light curve are to touch.
    start = np.round(values[:, 0], 3) + shift
    raw = _samples(start, values[:, 1], midnight + refsec, "ipnlc", lines[0], step)
    return Raw(**{**vars(raw), "facts": {"spacecraft": match["craft"].strip()}})


def _csv(text: str, path: Path, stamp: str | None) -> Raw:
    """CSV with a line of names: a time (its name says the scale), counts or rate, width, exposure."""
    rows = [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]
    comments = [line.lstrip("# ").strip() for _, line in rows if line.lstrip().startswith("#")]
    (_, head), *body = [(n, line) for n, line in rows if not line.lstrip().startswith("#")]
    names = _names(head)
    table = {name: [] for name in names}
    for number, line in body:
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) != len(names):
            raise InputError(f"{path}: line {number}: {len(cells)} values for {len(names)} columns")
        for name, cell in zip(names, cells, strict=True):
            table[name].append(cell)
    numbers = [number for number, _ in body]
    if not numbers:
        raise InputError(f"{path}: has column names but no counts")
    epoch, stamps = _csv_times(table, comments, path, numbers)
    width = _column(table, ("width", "timedel", "bin"), path, numbers)
    if width is None:
        steps = np.diff(np.unique(stamps))
        width = np.full(len(stamps), round(float(np.median(steps)), 6) if len(steps) else SAMPLE)
    exposure = _column(table, ("exposure",), path, numbers)
    exposure = width.copy() if exposure is None else exposure
    counts = _column(table, ("counts",), path, numbers)
    if counts is None:
        counts = _column(table, ("rate",), path, numbers) * exposure
    shift = -width / 2 if stamp in (None, "middle") else 0.0
    return Raw(stamps + shift, width, counts, exposure, epoch, "csv", "line", numbers[0])


def _csv_times(
    table: dict[str, list[str]], comments: list[str], path: Path, numbers: list[int]
) -> tuple[float, np.ndarray]:
    """Return an epoch (GPS s) and the stamps as seconds from it."""
    name = next((name for name in _TIMES if name in table), None)
    if name is None:
        raise InputError(
            f"{path}: a column 'mjd' does not say its time scale; name it mjd_tt or mjd_utc "
            f"(or one of {', '.join(_TIMES)})"
        )
    if name in ("utc", "tt"):
        return _calendar(table[name], name, path, numbers)
    values = _column(table, (name,), path, numbers)
    bad = ~np.isfinite(values)
    if bad.any():
        raise InputError(f"{path}: line {numbers[int(np.argmax(bad))]}: the time is not a number; remove it")
    if name == "time":
        stated = next((c.partition(":")[2].strip() for c in comments if c.lower().startswith("epoch:")), None)
        if stated is None:
            raise InputError(
                f"{path}: 'time' counts from nothing that the file names; add a line such as "
                "'# epoch: 2023-03-07T15:44:06 UTC' above the names, or name the column gps, ijd or utc"
            )
        return parse_time(stated), values
    zero = float(values.min())
    if name == "gps":
        return zero, values - zero
    if name == "mjd_utc":
        return parse_time(f"MJD {zero!r} UTC"), (values - zero) * 86400.0
    ijd = zero if name == "ijd" else zero - 51544.0
    return float(ijd_to_gps(ijd)), (values - zero) * 86400.0


def _calendar(cells: list[str], scale: str, path: Path, numbers: list[int]) -> tuple[float, np.ndarray]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            times = Time([cell.rstrip("Zz") for cell in cells], format="isot", scale=scale)
    except (ValueError, Warning):
        for number, cell in zip(numbers, cells, strict=True):
            try:
                parse_time(f"{cell.rstrip('Zz')} {scale.upper()}")
            except InputError as error:
                raise InputError(f"{path}: line {number}: {error}") from None
        raise InputError(f"{path}: the column {scale} holds no ISO 8601 times") from None
    first = times[int(np.argmin(times.tai.mjd))]
    return to_gps(first), (times.tai - first.tai).sec


def _samples(
    start: np.ndarray, counts: np.ndarray, epoch: float, origin: str, line: int, step: float = SAMPLE
) -> Raw:
    width = np.full(len(start), step)
    return Raw(start, width, counts, width.copy(), epoch, origin, "line", line)


def _table(text: str, path: Path, columns: int, skip: int = 0) -> tuple[np.ndarray, list[int]]:
    """Return the numbers of a text with blanks between them, and the number of each line."""
    lines = [
        (number, line)
        for number, line in enumerate(text.splitlines(), 1)
        if number > skip and line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise InputError(f"{path}: has a header but no counts; ask for another time")
    numbers = [number for number, _ in lines]
    try:
        values = np.array([line.split() for _, line in lines], dtype=np.float64)
    except ValueError:
        values = None
    if values is None or values.ndim != 2 or values.shape[1] != columns:
        for number, line in lines:
            words = line.split()
            if len(words) != columns or not all(map(_number, words)):
                hint = explain(line)
                raise InputError(
                    f"{path}: line {number}: {columns} numbers are expected, not {line.strip()[:60]!r}; "
                    + (hint or "is the file complete?")
                )
    return values, numbers


def _names(line: str) -> list[str]:
    """Return the column names of a CSV file: small letters, without units in brackets."""
    cells = [re.sub(r"[\[(].*?[\])]", "", cell) for cell in line.split(",")]
    return [re.sub(r"[\s-]+", "_", cell.strip().strip('"').lower()) for cell in cells]


def _column(
    table: dict[str, list[str]], names: tuple[str, ...], path: Path, numbers: list[int]
) -> np.ndarray | None:
    """Return a column as float64, empty cells as NaN, or None if it is not there."""
    name = next((name for name in names if name in table), None)
    if name is None:
        return None
    cells = [cell or "nan" for cell in table[name]]
    try:
        return np.array(cells, dtype=np.float64)
    except ValueError:
        number, cell = next((n, c) for n, c in zip(numbers, cells, strict=True) if not _number(c))
        raise InputError(f"{path}: line {number}: {name} is {cell!r}, not a number") from None


def _number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True
