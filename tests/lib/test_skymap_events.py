"""The catalogue of localisations: selection, columns, and the cone search against healpy's."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import healpy as hp
import numpy as np
import pytest
from astropy.table import Table
from mocpy import MOC

from suite import ROOT
from tidings.errors import InputError
from tidings.skymap.catalogue import (
    Cone,
    catalogue_table,
    file_stem,
    least_level,
    parse_levels,
    select,
    write_mocs,
)
from tidings.skymap.events import Event, read_event, read_events
from tidings.skymap.footprint import cone, probability_in

MAPS = ROOT / "data/skymap"
FILES = ("GW170817_skymap.fits.gz", "S190425z_bayestar.fits.gz", "S200129m_bayestar.multiorder.fits")


@pytest.fixture(scope="module")
def events():
    return read_events([MAPS / name for name in FILES])[0]


def alert(path, **changes):
    content = (MAPS / FILES[2]).read_bytes()
    event = {
        "time": "2020-01-29T06:54:58.435Z", "far": 1e-30, "instruments": ["H1", "L1", "V1"], "group": "CBC",
        "classification": {"BBH": 1.0, "BNS": 0.0}, "properties": {"HasNS": 0.25},
        "skymap": base64.b64encode(content).decode(),
    }  # fmt: skip
    value = {"superevent_id": "S200129m", "alert_type": "INITIAL", "event": event, **changes}
    path.write_text(json.dumps(value))
    return path


def test_rows_hold_what_is_published(events):
    table = catalogue_table(events, [50, 90])
    row = table[0]
    assert row["event"] in ("GW170817", "GW170817_skymap")
    # GWTC-1: 16 deg2, and the distance in the file.
    assert row["area_90"] == pytest.approx(16, abs=0.5)
    assert (row["distance"], row["distance_std"]) == (
        pytest.approx(38.0, abs=0.1),
        pytest.approx(7.5, abs=0.1),
    )
    assert row["gps"] == pytest.approx(1187008882.4, abs=0.5)
    assert row["utc"].startswith("2017-08-17T12:41:04")
    second = table[1]
    assert second["area_50"] == pytest.approx(2806, rel=5e-3)
    assert second["area_90"] == pytest.approx(10183, rel=5e-3)
    assert second["instruments"] == "L1,V1"
    assert np.isnan(second["far"])
    for name in table.colnames:
        assert table[name].description
        assert table[name].meta["ucd"]
    assert str(table["area_90"].unit) == "deg2"
    # NGC 4993 lies in the half of GW170817's probability.
    there = catalogue_table(events, [90], position=(197.4488, -23.3840))
    assert there["position_level"][0] == pytest.approx(38.3, abs=0.3)
    assert there["position_level"][2] > 99
    densest = there["ra_max"][0], there["dec_max"][0]
    assert catalogue_table(events, [90], position=densest)["position_density"][0] == there["density_max"][0]


@pytest.mark.parametrize(("ra", "dec", "radius"), [(197.45, -23.38, 1.0), (190, -20, 10), (318, 40, 30)])
def test_least_level_in_a_cone_is_that_of_healpy(events, ra, dec, radius):
    sky = events[1].sky
    probability = hp.read_map(MAPS / FILES[1], field=0, nest=True, dtype=float)
    probability /= probability.sum()
    order = np.argsort(-probability, kind="stable")
    levels = np.empty(len(order))
    levels[order] = np.cumsum(probability[order])
    pixels = hp.query_disc(
        256, hp.ang2vec(ra, dec, lonlat=True), np.radians(radius), nest=True, inclusive=True
    )
    # Tiles of equal density share the level of the last of them, so ours may be a little higher.
    ours = least_level(sky, cone(ra, dec, radius))
    assert ours == pytest.approx(100 * levels[pixels].min(), abs=0.5)
    inside = hp.query_disc(256, hp.ang2vec(ra, dec, lonlat=True), np.radians(radius), nest=True)
    assert probability_in(sky, cone(ra, dec, radius, order=8)) == pytest.approx(
        probability[inside].sum(), abs=1e-9
    )


def test_cone_search_over_ninety_maps(events):
    # Copies of a map turned about the pole of HEALPix by quarters: of 90 events a cone meets one in four.
    sky = events[2].sky
    quarter = 4**sky.order
    turned = []
    for number in range(90):
        # Base pixels 0-3, 4-7 and 8-11 follow each other about the pole.
        base, within = np.divmod(sky.start, quarter)
        start = ((base // 4) * 4 + (base + number) % 4) * quarter + within
        rank = np.argsort(start)
        moved = replace(
            sky, start=start[rank], level=sky.level[rank], density=sky.density[rank],
            mu=sky.mu[rank], sigma=sky.sigma[rank], norm=sky.norm[rank],
        )  # fmt: skip
        turned.append(Event(f"E{number:02d}", "", moved, 1e9 + number))
    best = int(sky.ranking[0])
    ra, dec = (float(c[best]) for c in sky.centres)
    found, _ = select(turned, search=Cone((ra + 90) % 360, dec, 2.0, 10.0))
    assert [event.name for event in found] == [f"E{number:02d}" for number in range(1, 90, 4)]
    table = catalogue_table(found, search=Cone((ra + 90) % 360, dec, 2.0, 10.0))
    assert (table["cone_level"] < 10).all()
    assert table["cone_probability"].max() == pytest.approx(table["cone_probability"].min(), rel=1e-3)


def test_span_names_and_threshold(events):
    names = [event.name for event in events]
    assert [e.name for e in select(events, start=1.2e9)[0]] == names[1:]
    assert [e.name for e in select(events, start=1.2e9, end=1.25e9)[0]] == names[1:2]
    assert [e.name for e in select(events, names=[names[2].lower()])[0]] == names[2:]
    assert select(events, start=5e8, end=6e8) == ([], [])
    near = Cone(197.45, -23.38, 2.0, 10.0)
    assert [e.name for e in select(events, search=near)[0]] == names[:1]
    # The threshold: below the least level that the cone meets, the event is not in it.
    least = least_level(events[0].sky, near.ranges)
    assert select(events[:1], search=replace(near, level=least))[0] == []
    assert len(select(events[:1], search=replace(near, level=least + 1e-9))[0]) == 1
    timeless = [replace(events[0], gps=None)]
    chosen, notes = select(timeless, start=1e9)
    assert chosen == []
    assert "has no time" in notes[0]
    assert len(select(timeless)[0]) == 1


def test_alerts_tables_and_repeated_names(tmp_path):
    alert(tmp_path / "first.json")
    alert(tmp_path / "second.json")
    alert(tmp_path / "third.json", alert_type="RETRACTION", event=None)
    (tmp_path / "notes.txt").write_text("no map")
    events, notes = read_events([tmp_path])
    assert [event.name for event in events] == ["S200129m (first.json)", "S200129m (second.json)"]
    assert notes == ["third.json: retracted, left out"]
    table = catalogue_table(events)
    assert list(table["p_BBH"]) == [1, 1]
    assert list(table["p_HasNS"]) == [0.25, 0.25]
    assert table["far"][0] == 1e-30
    assert table["instruments"][0] == "H1,L1,V1"
    rows = Table({
        "Name": ["s200129m", "other"], "GPS": [1264316116.4, 1.0], "Catalog": ["GWTC-3", "x"],
        "far": [2e-30, 1.0], "prob_BNS": [0.125, 0.0],
    })  # fmt: skip
    rows.write(tmp_path / "events.csv")
    (tmp_path / "second.json").unlink()
    (event,), _ = read_events([tmp_path], tmp_path / "events.csv")
    assert (event.gps, event.far, event.catalogue) == (1264316116.4, 2e-30, "GWTC-3")
    assert event.classes == {"BBH": 1.0, "BNS": 0.125, "HasNS": 0.25}
    # By file, maps of one event are told apart, and get the name that they are known by.
    rows = Table({"event": ["GW190425", "GW190425"], "file": [FILES[1], "other.fits"], "far": [1e-12, 1.0]})
    rows.write(tmp_path / "files.ecsv")
    (event,), _ = read_events([MAPS / FILES[1]], tmp_path / "files.ecsv")
    assert (event.name, event.far) == ("GW190425", 1e-12)


def test_coverage_maps_of_all_levels(events, tmp_path):
    names = write_mocs(events[:1], [50, 90], tmp_path)
    assert names == [f"{events[0].name}_50.moc.fits", f"{events[0].name}_90.moc.fits"]
    areas = [MOC.from_fits(tmp_path / name).sky_fraction * 4 * np.pi * np.degrees(1) ** 2 for name in names]
    assert areas == [pytest.approx(5.0, abs=0.2), pytest.approx(16.2, abs=0.3)]
    assert file_stem("S200129m (first.json)") == "S200129m__first.json"


def test_no_events_give_an_empty_table():
    table = catalogue_table([], [50, 90])
    assert len(table) == 0
    assert "area_90" in table.colnames


def test_levels_as_text():
    assert parse_levels("90, 50,90") == [50.0, 90.0]
    for text in ("", "50;90", "0,50", "50,101", "nan", "fifty"):
        with pytest.raises(InputError, match="contour_levels"):
            parse_levels(text)


def test_bad_input_is_refused(events, tmp_path):
    with pytest.raises(InputError, match="no sky map is given"):
        read_events([])
    with pytest.raises(InputError, match="holds no sky map"):
        read_events([tmp_path])
    with pytest.raises(InputError, match="cannot be read"):
        read_event(tmp_path / "absent.fits")
    with pytest.raises(InputError, match=r"no map of GW150914 is given; there are"):
        select(events, names=["GW150914"])
    with pytest.raises(InputError, match=r"T2 .* is not after T1"):
        select(events, start=1.2e9, end=1.1e9)
    for bad in ((370.5, 0, 10, 10), (12, 95, 10, 10), (12, 0, 10, 0), (12, 0, 10, 101), (np.nan, 0, 1, 10)):
        with pytest.raises(InputError):
            Cone(*bad)
    for radius in (0.0, -1.0, 181.0):
        with pytest.raises(InputError, match="encloses nothing"):
            select(events, search=Cone(12, 0, radius, 10))
    with pytest.raises(InputError, match="holds no map"):
        read_event(alert(tmp_path / "a.json", event=None))
    (tmp_path / "events.csv").write_text("x,y\n1,2\n")
    with pytest.raises(InputError, match="one called event is needed"):
        read_events([MAPS / FILES[2]], tmp_path / "events.csv")
    name = events[2].name
    (tmp_path / "events.csv").write_text(f"event,far\n{name},often\n")
    with pytest.raises(InputError, match=f"far of {name}"):
        read_events([MAPS / FILES[2]], tmp_path / "events.csv")
