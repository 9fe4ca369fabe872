"""What a user calls an event: names in any spelling, times, positions, archives, and what is none."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import yaml

from servers.gwosc import GwoscServer
from suite import ROOT
from tidings.errors import InputError
from tidings.event import config_file, known, resolve
from tidings.event.plan import PLANNERS, Wishes, plan
from tidings.times import parse_time

NOWHERE = "http://127.0.0.1:9"
OFFLINE = Wishes(archives=frozenset())


class Sesame(BaseHTTPRequestHandler):
    """Answers as CDS's Sesame does, for M 87 alone."""

    def do_GET(self):
        known = "%J 187.70593076 +12.39112325 = 12:30:49.42 +12:23:28.0\n"
        found = known if self.path.rpartition("?")[2] in ("M87", "M%2087") else "#! Nothing found\n"
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"# query\n#=S=Simbad\n{found}".encode())

    def log_message(self, *words):
        pass


@pytest.fixture
def archives(monkeypatch):
    """GWOSC and Sesame on the loopback device."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Sesame)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with GwoscServer({}) as gwosc:
        monkeypatch.setenv("TIDINGS_SESAME_HOST", f"http://127.0.0.1:{server.server_port}/")
        monkeypatch.setenv("TIDINGS_GWOSC_HOST", gwosc.host)
        yield gwosc
    server.shutdown()


@pytest.fixture
def no_network(monkeypatch):
    for variable in ("SESAME", "GWOSC"):
        monkeypatch.setenv(f"TIDINGS_{variable}_HOST", NOWHERE)


# ---- names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("GW170817", "GW170817"),
        ("gw 170817", "GW170817"),
        ("GRB 170817A", "GW170817"),
        ("at2017gfo", "GW170817"),
        ("GW170817_124104", "GW170817"),
        ("GRB230307A", "GRB230307A"),
        ("grb 230307a", "GRB230307A"),
        ("SGR 1935+2154", "SGR1935+2154"),
        ("SGR J1935+2154", "SGR1935+2154"),
        ("M 1", "Crab"),
        ("GW190425", "S190425z"),
        ("IceCube-170922A", "TXS0506+056"),
        ("GW190521", "GW190521"),
        ("GRB 161218A", "GRB161218A"),
    ],
)
def test_names_are_found_in_any_spelling(text, name):
    assert resolve.resolve(text, offline=True).name == name


def test_no_two_entries_share_a_name():
    names = [known.plain(name) for one in known.table().values() for name in (one.name, *one.names)]
    assert len(names) == len(set(names))


def test_times_of_mergers_are_those_of_gwosc():
    for one in known.table().values():
        event = known.EVENTS.get(next((n for n in (one.name, *one.names) if n in known.EVENTS), ""))
        if event:
            assert one.gps == pytest.approx(event.gps, abs=0.06), one.name
            assert one.detectors == event.detectors


def test_targets_of_the_table_are_in_the_default_run():
    targets = yaml.safe_load((ROOT / "config/config.yaml").read_text())["targets"]
    assert {one.target for one in known.table().values() if one.target} <= targets.keys()


def test_positions_of_the_table_agree_with_the_default_run():
    targets = yaml.safe_load((ROOT / "config/config.yaml").read_text())["targets"]
    compared = []
    for one in known.table().values():
        for section in (targets.get(one.target) or {}).values():
            if one.has_position and isinstance(section.get("ra"), float) and one.target != "NGC4388":
                assert (section["ra"], section["dec"]) == (one.ra, one.dec), one.name
                compared.append(one.name)
    assert set(compared) >= {"GW170817", "GRB230307A", "TXS0506+056"}


# ---- times and positions --------------------------------------------------------------------------------


def test_a_time_is_an_event():
    found = resolve.resolve("2023-03-07T15:44:06.67", offline=True)
    assert (found.name, found.gps) == ("T20230307-154407", parse_time("2023-03-07T15:44:06.67"))
    assert resolve.resolve("1362239064.67", offline=True).gps == 1362239064.67
    assert resolve.resolve("MJD 60010.6556 UTC", offline=True).gps == pytest.approx(1362239061.8, abs=1)


@pytest.mark.parametrize(
    "text",
    ["197.45 -23.3814", "13h09m48s -23d22m53s", "13:09:48 -23:22:53", "J130948 -232253", "197.45, -23.3814"],
)
def test_a_position_is_an_event(text):
    if text.startswith("J"):
        text = "13 09 48 -23 22 53"
    found = resolve.resolve(text.replace(",", ""), offline=True)
    assert (found.ra, found.dec) == pytest.approx((197.45, -23.3814), abs=1e-3)
    assert found.kind == "position"


def test_a_time_and_a_position_go_together():
    found = resolve.resolve("2023-03-07T15:44:06.67 at 60.859 -75.379", offline=True)
    assert (found.gps, found.ra, found.dec) == (parse_time("2023-03-07T15:44:06.67"), 60.859, -75.379)


# ---- what cannot be -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "give an event"),
        ("GW17081", "could be GW170814.*GW170817.*in full"),
        ("GRB 170817", "could be GRB 170817A .*2017-08-17T12:41:04 UTC"),
        ("GRB 230307B", "near names: .*GRB230307A.*--offline"),
        ("Sgr 1935+215", "could be SGR1935"),
        ("197.45 -93", "not a position"),
        ("2023-13-07T15:44:06", "2023-13-07"),
        ("57982.5 MJD UTC TT", "."),
    ],
)
def test_what_is_not_known_is_refused_with_what_to_do(text, message):
    with pytest.raises(InputError, match=message):
        resolve.resolve(text, offline=True)


def test_without_a_network_the_message_says_so(no_network):
    for name in ("M87", "GW990101"):
        with pytest.raises(
            InputError, match=r"127.0.0.1:9 cannot be reached .*network, or give the time or position"
        ):
            resolve.resolve(name)


# ---- archives -------------------------------------------------------------------------------------------


def test_a_source_is_asked_of_sesame(archives):
    found = resolve.resolve("M87")
    assert (found.name, found.ra, found.dec) == ("M87", 187.70593, 12.39112)
    with pytest.raises(InputError, match=r"unknown event 'Nonesuch 7'.*Give a time"):
        resolve.resolve("Nonesuch 7")


def test_a_merger_is_asked_of_gwosc(archives):
    asked = [event for event in archives.events if event.name not in known.EVENTS]
    for event in asked[:1]:
        found = resolve.resolve(event.name)
        assert (found.gps, found.kind) == (event.gps, "merger")
    with pytest.raises(InputError, match="unknown event 'GW991231'"):
        resolve.resolve("GW991231")


def test_a_burst_is_not_asked_of_sesame(archives):
    with pytest.raises(InputError, match="GRB 990101"):
        resolve.resolve("GRB 990101")


# ---- plans ----------------------------------------------------------------------------------------------


def made(text, wishes=OFFLINE):
    found = plan(resolve.resolve(text, offline=True), wishes)
    return {part.reduction: part.why for part in found.parts if part.sections}, found


def test_what_the_repository_has_needs_no_network():
    assert made("GW170817")[0].keys() == {"gw", "skymap", "antares", "event"}
    assert made("GRB 230307A")[0].keys() == {"acs", "event"}
    assert made("SGR 1935+2154")[0].keys() == {"isgri", "antares"}
    assert made("S190425z")[0].keys() == {"skymap"}
    assert made("GRB 161218B")[0].keys() == {"polar", "event"}


def test_with_a_network_all_that_applies_is_planned():
    everything = Wishes()
    assert made("GW170817", everything)[0].keys() == {"gw", "acs", "skymap", "antares", "legacy", "event"}
    # Of GW170817 the repository has four seconds of one detector; with a network all are fetched.
    sections = made("GW170817", everything)[1].sections
    assert sections["gw"]["detectors"] == ["H1", "L1", "V1"]
    assert "missing" not in sections["event"] and sections["event"]["place"] == "NGC 4993"
    assert "strain" in made("GW170817")[1].sections["gw"]
    assert made("GW190521", everything)[0].keys() == {"gw", "acs", "skymap", "event"}
    sections = made("GW190521", everything)[1].sections
    assert sections["gw"] == {
        "event": "GW190521",
        "detectors": ["H1", "L1", "V1"],
        "before": 2.0,
        "after": 0.5,
    }
    assert sections["skymap_fetch"] == {"event": "GW190521"}


def test_each_reduction_that_is_left_out_has_its_reason():
    _, found = made("GRB 230307A")
    why = {part.reduction: part.why for part in found.parts if not part.sections}
    assert "2023-03-07 is in none of the runs O1" in why["gw"]
    assert "public sample, 2007 to 2017" in why["antares"]
    assert "outside of the Legacy Surveys" in why["legacy"]
    assert "POLAR's mission" in why["polar"]
    assert "--isgri FILE" in why["isgri"]
    assert set(why) == set(PLANNERS) - {"acs"}


def test_before_all_missions_nothing_applies():
    with pytest.raises(
        InputError, match=r"no reduction applies:\n(?s:.*)acs: 1999-01-01 is not within INTEGRAL's"
    ):
        made("1999-01-01T00:00:00", Wishes())


def test_files_of_the_user_are_taken():
    wishes = Wishes(frozenset(), isgri=("a.fits",), counts="b.fits", skymap="c.fits", galaxies="d.csv")
    sections = made("2023-03-07T15:44:06.67 at 60.859 -75.379", wishes)[1].sections
    assert sections["isgri"] == {"events": ["a.fits"]}
    assert sections["acs"]["counts"] == "b.fits"
    assert sections["skymap"] == {"map": "c.fits", "galaxies": "d.csv"}


# ---- the file -------------------------------------------------------------------------------------------


def test_the_file_is_a_configuration_and_the_same_each_time(tmp_path):
    _, found = made("GW170817")
    path, written = config_file.write(found, tmp_path)
    text = path.read_text()
    assert written and text == config_file.text_of(found)
    assert yaml.safe_load(text)["targets"]["GW170817"] == json.loads(json.dumps(found.sections))
    for part in found.parts:
        assert f"# {'+' if part.sections else '-'} {part.reduction}" in text


def test_an_edited_file_is_kept_unless_asked_for(tmp_path):
    _, found = made("GW170817")
    path, _ = config_file.write(found, tmp_path)
    assert config_file.write(found, tmp_path)[1]
    mine = path.read_text().replace("before: 1.5", "before: 1.2")
    path.write_text(mine)
    assert not config_file.write(found, tmp_path)[1]
    assert path.read_text() == mine
    assert config_file.write(found, tmp_path, replace=True)[1]
    assert path.read_text() == config_file.text_of(found)
