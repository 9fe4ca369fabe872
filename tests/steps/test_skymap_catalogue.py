"""The step skymap_catalogue on the real maps: all, by time, by name, by cone."""

from __future__ import annotations

import base64
import json

import numpy as np
import pyarrow.parquet as parquet
import pytest
from astropy.table import Table
from mocpy import MOC

from skymap_catalogue import skymap_catalogue
from suite import ROOT
from tidings.step import main, run

MAPS = ROOT / "data/skymap"
FILES = [
    MAPS / name
    for name in (
        "GW150914_bayestar_gstlal_C01.fits.gz", "GW170817_skymap.fits.gz", "S190425z_bayestar.fits.gz",
        "S200129m_bayestar.multiorder.fits",
    )
]  # fmt: skip
NAMES = (
    "catalogue.ecsv", "catalogue.vot", "catalogue.parquet", "contours.geojson", "catalogue.png",
    "catalogue.pdf",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read():
    return Table.read("catalogue.ecsv", format="ascii.ecsv")


def test_all_events(folder):
    rows = {"event": ["GW150914"], "file": [FILES[0].name], "catalogue": ["GWTC-1"], "far": [1e-15]}
    Table(rows).write("events.csv")
    run(skymap_catalogue, skymaps=FILES, table="events.csv", ra=197.4488, dec=-23.384)
    table = read()
    assert list(table["gps"]) == sorted(table["gps"])
    assert (table["event"][0], table["catalogue"][0], table["far"][0]) == ("GW150914", "GWTC-1", 1e-15)
    # LVK's published figures, and those of the maps (their README).
    assert table["area_90"] == pytest.approx([398.1, 16.16, 10183, 53.1], rel=5e-3)
    assert table["position_level"][1] == pytest.approx(38.3, abs=0.3)
    votable, columns = Table.read("catalogue.vot", format="votable"), parquet.read_table("catalogue.parquet")
    assert votable.colnames == columns.column_names == table.colnames
    assert list(votable["area_50"]) == columns["area_50"].to_pylist() == list(table["area_50"])
    assert len(list((folder / "mocs").iterdir())) == 8
    moc = MOC.from_fits(next((folder / "mocs").glob("*170817*_90.moc.fits")))
    assert moc.sky_fraction * 41252.96 == pytest.approx(16.16, rel=0.02)
    features = json.loads((folder / "contours.geojson").read_text())["features"]
    levels = {(one["properties"]["event"], one["properties"]["level_percent"]) for one in features}
    assert levels == {(str(name), level) for name in table["event"] for level in (50, 90)}
    assert {path.name for path in folder.iterdir()} == {*NAMES, "mocs", "events.csv"}


def test_the_parameters_of_mmoda(folder):
    cone = {"do_cone_search": True, "ra": 197.45, "dec": -23.38, "radius": 3.0, "contour_levels": "90"}
    run(skymap_catalogue, skymaps=FILES[1:], **cone, level_threshold=40.0)
    table = read()
    assert len(table) == 1
    assert table["cone_level"][0] < 40
    assert 0.3 < table["cone_probability"][0] < 1
    assert len(list((folder / "mocs").iterdir())) == 1
    span = {"T1": "2019-01-01T00:00:00", "T2": "2019-12-31T00:00:00", "levels": [25.0, 99.5]}
    run(skymap_catalogue, skymaps=FILES[1:], **span)
    assert len(read()) == 1
    assert {"area_25", "area_99p5"} <= set(read().colnames)
    # None at all: empty products, and a figure that says so.
    run(skymap_catalogue, skymaps=FILES[3:], T2="2010-01-01T00:00:00")
    assert len(read()) == 0
    assert json.loads((folder / "contours.geojson").read_text())["features"] == []
    assert list((folder / "mocs").iterdir()) == []


def test_alerts(folder):
    maps = base64.b64encode(FILES[3].read_bytes()).decode()
    event = {"time": "2020-01-29T06:54:58.435Z", "far": 1e-30, "instruments": ["H1"], "skymap": maps,
             "classification": {"BBH": 0.75}}  # fmt: skip
    (folder / "alerts").mkdir()
    for name, content in (("a", event), ("b", None)):
        value = {"superevent_id": "S200129m", "alert_type": "RETRACTION" if content is None else "INITIAL"}
        (folder / "alerts" / f"{name}.json").write_text(json.dumps({**value, "event": content}))
    run(skymap_catalogue, skymaps=["alerts"])
    table = read()
    assert table["p_BBH"][0] == 0.75
    assert table.meta["notes"] == ["b.json: retracted, left out"]


def test_bad_input_is_refused(folder, capsys):
    (folder / "empty").mkdir()
    (folder / "page.fits").write_text("<!DOCTYPE html><html>Log in</html>")
    (folder / "page.json").write_text("<!DOCTYPE html><html>Log in</html>")
    (folder / "bare.json").write_text('{"superevent_id": "S1", "alert_type": "INITIAL", "event": {}}')
    cone = ["--do_cone_search", "true", "--ra", "197.4", "--dec", "-23.4"]
    one = ["--skymaps", str(FILES[3])]
    cases = {
        "bare.json: the alert of S1 (INITIAL) holds no map": ["--skymaps", "bare.json"],
        "page.fits": ["--skymaps", "page.fits"],
        "page.json": ["--skymaps", "page.json"],
        "empty: holds no sky map": ["--skymaps", "empty"],
        "a cone search needs them": [*one, "--do_cone_search", "true"],
        "ra and dec belong together": [*one, "--ra", "10"],
        "a radius of 0 deg": [*one, *cone, "--radius", "0"],
        "a radius of 200 deg": [*one, *cone, "--radius", "200"],
        "level_threshold 0": [*one, *cone, "--level_threshold", "0"],
        "Dec -93 is no position": [*one, "--ra", "10", "--dec", "-93"],
        "contour_levels '50;90'": [*one, "--contour_levels", "50;90"],
        "no map of GW150914": [*one, "--events", "GW150914"],
        "is not after T1": [*one, "--T1", "2020-01-01T00:00:00", "--T2", "2019-01-01T00:00:00"],
    }
    for message, arguments in cases.items():
        assert main(skymap_catalogue, arguments) == 1, message
        error = capsys.readouterr().err
        assert message in error, (message, error)
        assert not (folder / "catalogue.ecsv").exists()


def test_ninety_events_are_all_drawn(folder):
    from tidings.skymap.catalogue_figures import LABELLED, catalogue_figure
    from tidings.skymap.events import read_events

    (event,), _ = read_events(FILES[3:])
    figure = catalogue_figure([event] * (LABELLED + 2), [90.0])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    assert len(texts) == LABELLED + 1
    assert texts[-1] == "2 wider, 90 % only"
    assert np.isfinite(figure.get_size_inches()).all()
