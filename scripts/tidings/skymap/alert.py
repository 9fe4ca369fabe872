"""LIGO/Virgo/KAGRA alerts, and other alerts in JSON that carry a sky map.

The alerts of the International Gravitational-Wave Network (schema ``igwn.alerts.v1_0``, PyPI
igwn-gwalert-schema; LVK Public Alerts User Guide, "Alert contents") come over GCN's Kafka or from GraceDB's
page of an event. ``event.skymap`` and ``external_coinc.combined_skymap`` are multi-order FITS files in
base64.
GCN's unified notices (https://gcn.nasa.gov/schema) have ``healpix_file`` in the same form, or
``healpix_url``.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tidings.errors import InputError
from tidings.times import parse_time

RETRACTION = "RETRACTION"


class Retracted(InputError):
    """An alert that takes back its event: there is no map."""


@dataclass(frozen=True)
class Alert:
    """What an alert says.

    Attributes
    ----------
    name
        Superevent (or trigger) it is about.
    kind
        EARLYWARNING, PRELIMINARY, INITIAL, UPDATE or RETRACTION, in capitals.
    gps
        Time of the event, GPS s; None when it says none.
    far
        False-alarm rate, Hz.
    significant
        Whether it passed the threshold of significance.
    instruments
        Detectors, such as H1, L1, V1.
    group, search, pipeline
        Of the candidate, such as CBC, AllSky, gstlal.
    classification, properties
        Probabilities by class (BNS, NSBH, BBH, Terrestrial) and by property (HasNS, HasRemnant, HasMassGap).
    external
        What coincides with it: observatory, search, time_difference (s), joint false-alarm rates (Hz).
    skymap, combined
        The files of the map, and of that combined with the external trigger's.
    """

    name: str
    kind: str
    gps: float | None = None
    far: float | None = None
    significant: bool | None = None
    instruments: tuple[str, ...] = ()
    group: str = ""
    search: str = ""
    pipeline: str = ""
    classification: dict[str, float] = field(default_factory=dict)
    properties: dict[str, float] = field(default_factory=dict)
    external: dict[str, Any] = field(default_factory=dict)
    skymap: bytes | None = None
    combined: bytes | None = None

    def map_bytes(self, combined: bool = False) -> bytes:
        """Return the file of the map.

        Raises
        ------
        InputError
            The alert is a retraction, or holds no such map.
        """
        content = self.combined if combined else self.skymap
        if content is not None:
            return content
        if self.kind == RETRACTION:
            raise Retracted(f"the alert retracts {self.name}: there is no event, and no map")
        if combined:
            raise InputError(f"the alert of {self.name} has no combined map: nothing coincides with it, yet")
        raise InputError(
            f"the alert of {self.name} ({self.kind}) holds no map: wait for the next alert, or fetch the map "
            f"from https://gracedb.ligo.org/superevents/{self.name}/"
        )


def read_alert(path: str | Path) -> Alert:
    """Read an alert from a JSON file; `InputError` names the file and what is wrong with it."""
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror})") from None
    try:
        return parse_alert(content)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def is_alert(content: bytes) -> bool:
    """Whether the beginning of a file is that of JSON, as an alert's is, and not that of a map."""
    return content.lstrip()[:1] in (b"{", b"[")


def parse_alert(content: bytes) -> Alert:
    """Read an alert.

    Parameters
    ----------
    content
        JSON text; a list of one alert, as some brokers deliver it, is taken too.

    Raises
    ------
    InputError
        It is none, or its map cannot be decoded.
    """
    value = _json(content)
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, dict):
        raise InputError("is JSON, but no alert: an object with superevent_id is expected")
    if "superevent_id" in value:
        return _igwn(value)
    if "healpix_file" in value or "healpix_url" in value:
        return _unified(value)
    raise InputError(
        f"is JSON, but no alert: neither superevent_id nor healpix_file among {', '.join(sorted(value)[:8])}"
    )


def _json(content: bytes) -> Any:
    start = content.lstrip()[:200].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise InputError("is a web page, not an alert: it may be that a log-in was asked for; fetch it again")
    if start.startswith(b"<?xml") or b"voevent" in start:
        raise InputError("is a VOEvent in XML: give the alert in JSON, which holds the map itself")
    if not content.strip():
        raise InputError("is empty")
    try:
        # Decoded here: json would take bytes of zeros for another encoding.
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise InputError("is neither JSON text nor anything else that an alert is made of") from None
    except json.JSONDecodeError as error:
        raise InputError(f"line {error.lineno}: is not JSON ({error.msg}): it may be cut off") from None


def _igwn(value: dict[str, Any]) -> Alert:
    name, kind = str(value["superevent_id"]), str(value.get("alert_type") or "").upper().replace("_", "")
    event = value.get("event") or {}
    external = value.get("external_coinc") or {}
    for key, item in (("event", event), ("external_coinc", external)):
        if not isinstance(item, dict):
            raise InputError(f"{key} of {name} is {type(item).__name__}, not an object")
    return Alert(
        name=name,
        kind=kind or "UNKNOWN",
        gps=_time(event.get("time"), name),
        far=_number(event.get("far"), "far"),
        significant=event.get("significant"),
        instruments=tuple(str(one) for one in event.get("instruments") or ()),
        group=str(event.get("group") or ""),
        search=str(event.get("search") or ""),
        pipeline=str(event.get("pipeline") or ""),
        classification=_probabilities(event.get("classification"), "classification"),
        properties=_probabilities(event.get("properties"), "properties"),
        external={key: item for key, item in external.items() if key != "combined_skymap"},
        skymap=_decoded(event.get("skymap"), "event.skymap", name),
        combined=_decoded(external.get("combined_skymap"), "external_coinc.combined_skymap", name),
    )


def _unified(value: dict[str, Any]) -> Alert:
    names = value.get("event_name") or value.get("id") or value.get("trigger_number") or "trigger"
    name = str(names[0] if isinstance(names, list) and names else names)
    mission = str(value.get("mission") or value.get("instrument") or "")
    content = _decoded(value.get("healpix_file"), "healpix_file", name)
    if content is None:
        raise InputError(f"the alert of {name} only says where its map is: fetch {value.get('healpix_url')}")
    return Alert(
        name=name,
        kind=str(value.get("alert_type") or "initial").upper(),
        gps=_time(value.get("trigger_time") or value.get("event_time"), name),
        far=_number(value.get("far"), "far"),
        instruments=(mission,) if mission else (),
        skymap=content,
    )


def _time(text: Any, name: str) -> float | None:
    if not text:
        return None
    try:
        return parse_time(str(text))
    except InputError as error:
        raise InputError(f"time of {name}: {error}") from None


def _number(value: Any, key: str) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        raise InputError(f"{key} is {value!r}, not a number") from None


def _probabilities(value: Any, key: str) -> dict[str, float]:
    found = {}
    for name, item in (value or {}).items():
        number = _number(item, f"{key}.{name}")
        if number is not None:
            found[str(name)] = number
    return found


def _decoded(text: Any, key: str, name: str) -> bytes | None:
    if not text:
        return None
    try:
        content = base64.b64decode("".join(str(text).split()), validate=True)
    except (binascii.Error, ValueError):
        raise InputError(f"{key} of {name} is not base64: it may be cut off; fetch the alert again") from None
    if content[:9] != b"SIMPLE  =" and content[:2] != b"\x1f\x8b":
        raise InputError(f"{key} of {name} is {len(content)} bytes of base64, but no FITS file in it")
    return content
