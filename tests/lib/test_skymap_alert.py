"""Alerts in JSON: what they say, the map in them, and those without one."""

from __future__ import annotations

import base64
import json

import pytest

from suite import ROOT
from tidings.errors import InputError
from tidings.skymap.alert import is_alert, parse_alert, read_alert

MAP = (ROOT / "data/skymap/S200129m_bayestar.multiorder.fits").read_bytes()


def alert(**changes):
    """An alert as the LVK user guide shows it; keys with two underscores reach into objects."""
    value = {
        "alert_type": "PRELIMINARY",
        "time_created": "2018-11-01T22:34:49Z",
        "superevent_id": "S200129m",
        "urls": {"gracedb": "https://example.org/superevents/S200129m/view/"},
        "event": {
            "significant": True,
            "time": "2020-01-29T06:54:58.435Z",
            "far": 6.7e-33,
            "instruments": ["H1", "L1", "V1"],
            "group": "CBC",
            "pipeline": "gstlal",
            "search": "AllSky",
            "properties": {"HasNS": 0.0, "HasRemnant": 0.0, "HasMassGap": 0.0},
            "classification": {"BNS": 0.0, "NSBH": 0.0, "BBH": 1.0, "Terrestrial": 0.0},
            "duration": None,
            "central_frequency": None,
            "skymap": base64.b64encode(MAP).decode(),
        },
        "external_coinc": None,
    }
    for key, item in changes.items():
        outer, _, inner = key.partition("__")
        if inner:
            value[outer][inner] = item
        else:
            value[outer] = item
    return json.dumps(value).encode()


def test_what_an_alert_says():
    found = parse_alert(alert())
    assert found.name == "S200129m"
    assert found.kind == "PRELIMINARY"
    # GW200129_065458 at GWOSC: 1264316116.4.
    assert found.gps == pytest.approx(1264316116.435, abs=1e-6)
    assert (found.far, found.significant) == (6.7e-33, True)
    assert found.instruments == ("H1", "L1", "V1")
    assert (found.group, found.search, found.pipeline) == ("CBC", "AllSky", "gstlal")
    assert found.classification["BBH"] == 1.0
    assert found.properties["HasNS"] == 0.0
    assert found.map_bytes() == MAP
    with pytest.raises(InputError, match="no combined map"):
        found.map_bytes(combined=True)


def test_an_external_coincidence():
    coincidence = {
        "gcn_notice_id": 1, "observatory": "Fermi", "search": "GRB", "time_difference": 1.7,
        "time_coincidence_far": 1e-9, "time_sky_position_coincidence_far": 1e-10,
        "combined_skymap": base64.b64encode(MAP[:2880]).decode(),
    }  # fmt: skip
    found = parse_alert(alert(external_coinc=coincidence))
    assert found.map_bytes(combined=True) == MAP[:2880]
    assert found.external["time_sky_position_coincidence_far"] == 1e-10
    assert "combined_skymap" not in found.external


def test_other_forms():
    text = json.dumps([json.loads(alert(alert_type="EARLY_WARNING"))]).encode()
    assert parse_alert(text).kind == "EARLYWARNING"
    notice = {
        "mission": "Fermi", "id": ["bn170817529"], "trigger_time": "2017-08-17T12:41:06.47Z",
        "healpix_file": base64.b64encode(MAP).decode(),
    }  # fmt: skip
    found = parse_alert(json.dumps(notice).encode())
    assert (found.name, found.instruments, found.map_bytes()) == ("bn170817529", ("Fermi",), MAP)
    assert parse_alert(alert(event__classification=None)).classification == {}
    wrapped = "\n".join(base64.encodebytes(MAP).decode().split())
    assert parse_alert(alert(event__skymap=wrapped)).skymap == MAP
    assert is_alert(b'\n {"a": 1}')
    assert not is_alert(MAP)


def test_alerts_without_a_map():
    with pytest.raises(InputError, match=r"retracts S200129m: there is no event, and no map"):
        parse_alert(alert(alert_type="RETRACTION", event=None)).map_bytes()
    with pytest.raises(InputError, match=r"holds no map: wait for the next alert, or fetch the map from"):
        parse_alert(alert(event__skymap=None)).map_bytes()
    with pytest.raises(InputError, match="holds no map"):
        parse_alert(alert(event=None)).map_bytes()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "is a web page, not an alert"),
        (b'<?xml version="1.0"?><voe:VOEvent>', "VOEvent in XML: give the alert in JSON"),
        (b"", "is empty"),
        (b'{"superevent_id": "S1', "line 1: is not JSON"),
        (b"\xff\xfe\x00\x01", "neither JSON"),
        (b"[1, 2]", "no alert"),
        (b'{"a": 1}', "neither superevent_id nor healpix_file"),
        (b'{"healpix_url": "https://example.org/a.fits"}', "fetch https://example.org/a.fits"),
        (alert(event__skymap="!!!"), "event.skymap of S200129m is not base64"),
        (alert(event__skymap=base64.b64encode(b"<html>").decode()), "no FITS file in it"),
        (alert(event__skymap=base64.b64encode(MAP).decode()[:-3]), "is not base64: it may be cut off"),
        (alert(event__far="often"), "far is 'often', not a number"),
        (alert(event__time="soon"), "time of S200129m: cannot read 'soon'"),
        (alert(event="none"), "event of S200129m is str"),
    ],
)
def test_what_is_no_alert_is_refused(tmp_path, content, message):
    path = tmp_path / "alert.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=message) as told:
        read_alert(path)
    assert str(path) in str(told.value)
