"""The answer of the light-curve service: JSON with rates, a status, and a ROOT file as text.

    {"data": "{\"rate\": {\"0\": 5340.0, …}, \"rate_err\": {…}, \"time\": {…}}",
     "status": {"success": true, "exceptions": []},
     "root_file_b64": "cm9vdA…"}

`data` is a table as pandas writes it, text inside the text. Two answers to one question differ in the ROOT
file, which holds the date of its making; `canonical` gives the same bytes for the same numbers.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from tidings.errors import InputError
from tidings.polar.histogram import Histogram, read_histogram

_COLUMNS = ("time", "rate", "rate_err")
_QUOTED = 160
_SAME = 1e-4  # relative: the histogram holds float32


@dataclass(frozen=True, eq=False)
class Answer:
    """Time (s of unix time), rate and error (counts/s), float64 (n,); bins, if the answer tells them."""

    time: np.ndarray
    rate: np.ndarray
    error: np.ndarray
    edges: np.ndarray | None


def parse_answer(text: str, source: str) -> Answer:
    """Read an answer, or what `canonical` made of one.

    Raises
    ------
    InputError
        It is no answer of this service, the service says why it failed, or its parts contradict each other.
    """
    value = _json(text, source)
    status = value.get("status")
    if isinstance(status, dict) and not status.get("success", True):
        raise InputError(f"{source}: the service failed: {_reason(status)}")
    data = value.get("data")
    if isinstance(data, str):
        data = _json(data, f"{source}: data")
    if not isinstance(data, dict):
        raise InputError(f"{source}: is no answer of POLAR's light-curve service: it has no table 'data'")
    columns = [_column(data, name, source) for name in _COLUMNS]
    if len({len(column) for column in columns}) != 1 or not len(columns[0]):
        lengths = ", ".join(f"{n} {len(c)}" for n, c in zip(_COLUMNS, columns, strict=True))
        raise InputError(f"{source}: its columns must have the same length, and at least 1: {lengths}")
    return Answer(*columns, _edges(value, columns[1], source))


def canonical(answer: Answer) -> str:
    """Return an answer as JSON that holds nothing but its numbers."""
    columns = (answer.time, answer.rate, answer.error)
    value: dict[str, Any] = {
        "data": {name: column.tolist() for name, column in zip(_COLUMNS, columns, strict=True)},
        "status": {"success": True},
    }
    if answer.edges is not None:
        value["edges"] = answer.edges.tolist()
    return json.dumps(value, indent=1, sort_keys=True) + "\n"


def _json(text: str, source: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        head = " ".join(text.split())
        head = head if len(head) <= _QUOTED else head[:_QUOTED] + "…"
        kind = "a web page" if head.lower().startswith(("<!doctype", "<html")) else "no JSON"
        raise InputError(
            f"{source}: is {kind}, not a light curve (line {error.lineno}: {error.msg}): {head}"
        ) from None
    if not isinstance(value, dict):
        raise InputError(f"{source}: is no answer of POLAR's light-curve service: a JSON object is expected")
    return value


def _reason(status: dict[str, Any]) -> str:
    told = [each for each in status.get("exceptions") or [] if isinstance(each, dict)]
    words = "; ".join(str(each.get("comment") or each.get("kind") or "") for each in told)
    return words.strip("; ") or "it does not say why"


def _column(data: dict[str, Any], name: str, source: str) -> np.ndarray:
    values = data.get(name)
    if isinstance(values, dict):
        # The rows of a pandas table, by number.
        try:
            values = [values[key] for key in sorted(values, key=int)]
        except ValueError:
            values = None
    if not isinstance(values, list):
        held = ", ".join(sorted(map(str, data))) or "none"
        raise InputError(f"{source}: data: no column {name!r}; its columns: {held}")
    try:
        return np.array([np.nan if each is None else each for each in values], np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{source}: data: column {name!r} does not hold numbers only") from None


def _edges(value: dict[str, Any], rate: np.ndarray, source: str) -> np.ndarray | None:
    if isinstance(value.get("edges"), list):
        return np.array(value["edges"], np.float64)
    if not value.get("root_file_b64"):
        return None
    # Either alphabet of base64.
    text = str(value["root_file_b64"]).replace("-", "+").replace("_", "/")
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise InputError(f"{source}: root_file_b64 is no base64 text ({error}); ask again") from None
    found = read_histogram(content, f"{source}: root_file_b64")
    _agree(found, rate, source)
    return found.edges


def _agree(found: Histogram, rate: np.ndarray, source: str) -> None:
    if len(found.rate) != len(rate) or not np.allclose(found.rate, rate, rtol=_SAME, equal_nan=True):
        raise InputError(f"{source}: its table and its ROOT file hold different rates: ask again")
