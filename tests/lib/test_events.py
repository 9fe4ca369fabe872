"""The event table against the dates in the events' names and against other catalogues."""

from __future__ import annotations

import pytest

from tidings.errors import InputError
from tidings.gw.events import EVENTS, FULL_NAMES, Event, resolve_event
from tidings.times import utc_iso

# GPS times of the same events in the 3-OGC catalogue (gwastro/3-ogc, 3-OGC_top.txt), a search of its own.
OGC = {
    "GW150914": 1126259462.4257812, "GW151012": 1128678900.4450684, "GW151226": 1135136350.649414,
    "GW170104": 1167559936.6000977, "GW170608": 1180922494.4887695, "GW170729": 1185389807.3237305,
    "GW170809": 1186302519.75, "GW170814": 1186741861.5336914,
}  # fmt: skip


@pytest.mark.parametrize(("full", "short"), FULL_NAMES.items())
def test_the_full_name_is_the_utc_of_the_gps_time(full, short):
    utc = utc_iso(EVENTS[short].gps, 1)
    assert full == f"GW{utc[2:10].replace('-', '')}_{utc[11:19].replace(':', '')}"


@pytest.mark.parametrize(("name", "gps"), OGC.items())
def test_times_agree_with_3ogc(name, gps):
    assert EVENTS[name].gps == pytest.approx(gps, abs=0.1)


def test_detectors_of_events_with_a_story():
    # Hanford was down for GW190425 and GW200105; GW230529 is a Livingston event; no Virgo in GW150914's run.
    assert EVENTS["GW170814"].detectors == ("H1", "L1", "V1")
    assert EVENTS["GW190425"].detectors == EVENTS["GW200105"].detectors == ("L1", "V1")
    assert EVENTS["GW230529"].detectors == ("L1",)
    assert EVENTS["GW150914"].detectors == ("H1", "L1")
    assert set().union(*(event.detectors for event in EVENTS.values())) == {"H1", "L1", "V1"}


@pytest.mark.parametrize(
    "name", ["GW170817", "gw170817", " GW170817 ", "GW170817_124104", "gw 170817", "GW-170817"]
)
def test_spellings_of_a_name(name):
    assert resolve_event(name) == Event("GW170817", 1187008882.4, ("H1", "L1", "V1"))


def test_a_time_is_an_event_without_name():
    assert resolve_event("1126259462.4") == Event("", 1126259462.4)
    assert resolve_event("2015-09-14T09:50:45.4") == resolve_event(1126259462.4)
    assert resolve_event("MJD 57279.0625").gps == 1126229417


def test_extra_events_come_first():
    extra = {"GW150914": 1126259462.42, "S230413b": Event("S230413b", 1365395416.0, ("H1",)), "mine": 1.2e9}
    assert resolve_event("gw150914", extra).gps == 1126259462.42
    assert resolve_event("S230413B", extra).detectors == ("H1",)
    assert resolve_event("MINE", extra) == Event("mine", 1.2e9)


@pytest.mark.parametrize(
    ("name", "near"), [("GW150915", "GW150914"), ("GW17017", "GW170817"), ("GW190814bv", "GW190814")]
)
def test_unknown_names_are_refused_with_near_ones(name, near):
    with pytest.raises(InputError) as caught:
        resolve_event(name)
    assert near in str(caught.value)
    assert all(word in str(caught.value) for word in ("GPS", "UTC", "gw_fetch"))


@pytest.mark.parametrize("name", ["57279.41", "", "5", None])
def test_what_is_neither_name_nor_time(name):
    with pytest.raises(InputError):
        resolve_event(name)
