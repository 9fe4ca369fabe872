"""From a name to the page, as a user does it: the command, and what it says."""

from __future__ import annotations

import pytest

from suite import call, copy, digests

NOWHERE = "http://127.0.0.1:9"
HOSTS = {
    f"TIDINGS_{name}_HOST": NOWHERE for name in ("GWOSC", "SESAME", "INTEGRAL", "SKYMAP", "LEGACYSURVEY")
}


@pytest.fixture(scope="module")
def burst(tmp_path_factory):
    """GRB 161218B, from its name to the page: the suite's folder, and what was printed."""
    folder = copy(tmp_path_factory.mktemp("event") / "tidings")
    return folder, call(folder, "python", "scripts/event.py", "grb 161218b", "--cores", "1", **HOSTS)


def test_one_command_makes_products_and_page(burst, finished):
    folder, printed = burst
    assert "config/events/GRB161218B.yaml: written" in printed
    assert "page: results/GRB161218B.html" in printed
    made = digests(folder / "results")
    page = made.pop("GRB161218B.html")
    assert len(page) == 64
    # As in the default run; the joint figure is not in it.
    there = digests(finished / "results")
    polar = {name: digest for name, digest in made.items() if "_joint" not in name}
    assert len(polar) == 7
    assert polar.items() <= there.items()
    assert {f"GRB161218B_joint.{suffix}" for suffix in ("png", "pdf", "ecsv")} <= made.keys()


def test_the_end_says_what_was_made_and_what_was_left_out_and_why(burst):
    _, printed = burst
    assert "polar    7 products in results/polar/GRB161218B" in printed
    assert "event    3 products in results/event/GRB161218B" in printed
    assert "acs      left out: its archive does not answer" in printed
    assert "antares  left out: no position" in printed


def test_an_edited_configuration_is_run_as_it_is(burst):
    folder, _ = burst
    path = folder / "config/events/GRB161218B.yaml"
    path.write_text(path.read_text().replace("burst_end: 30", "burst_end: 29"))
    printed = call(folder, "python", "scripts/event.py", "GRB161218B", "--plan", **HOSTS)
    assert "yours, kept" in printed
    assert "burst_end: 29" in printed


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["GRB 161218"], "could be GRB161218A .*GRB161218B"),
        (["Nonesuch"], "cannot be reached to ask"),
        (["1999-01-01T00:00:00"], "no reduction applies"),
        (["GW170817", "--isgri", "no.fits"], "no.fits: there is no such file"),
        (["GW190521"], "no reduction applies.*archive does not answer"),
    ],
)
def test_wrong_use_ends_with_2_and_a_message(burst, words, message):
    import re

    printed = call(burst[0], "python", "scripts/event.py", *words, status=2, **HOSTS)
    assert re.search(message, printed, re.DOTALL)
    assert "Traceback" not in printed


def test_a_step_that_fails_takes_nothing_else_along(burst, tmp_path):
    folder = copy(tmp_path / "tidings")
    strain = folder / "data/gw/strain/H-H1_MMODA_4KHZ-1187008880-4.hdf5"
    strain.write_bytes(strain.read_bytes()[:10_000])
    printed = call(folder, "python", "scripts/event.py", "GW170817", "--cores", "1", status=1, **HOSTS)
    assert "gw       FAILED: nothing was made; see logs/gw/GW170817" in printed
    assert "antares  5 products" in printed
    page = (folder / "results/GW170817.html").read_text()
    assert "results/gw/GW170817/GW170817_H1_spectrogram.hdf5: was not made" in page
