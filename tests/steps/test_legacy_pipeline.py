"""The Legacy Survey steps, and their downloads from local servers like the viewer and the data base."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from legacy import BACKEND, CUTOUT, DEC, RA, tractor
from legacy_fetch import legacy_fetch
from legacy_image import legacy_image
from legacy_photometry import legacy_photometry
from legacy_stamps import legacy_stamps
from legacy_stamps_fetch import legacy_stamps_fetch
from legacy_tractor_fetch import legacy_tractor_fetch
from servers.legacysurvey import LegacySurveyServer
from suite import copy, digests, snakemake
from tidings.errors import InputError
from tidings.legacy.image import read_image
from tidings.legacy.tap import Cone, parse_answer
from tidings.legacy.viewer import Cutout
from tidings.step import main, run

FOOTPRINT = [(RA, DEC, 1.0)]
HERE = ["--ra", str(RA), "--dec", str(DEC), "--lock", "lock.json"]
IMAGE_NAME = "legacysurvey_ls-dr9_165.113808+38.208833_60x1_g.fits"


@pytest.fixture(scope="module")
def table():
    return tractor()


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def server(table, monkeypatch, folder):
    with LegacySurveyServer(table, FOOTPRINT) as server:
        monkeypatch.setenv("TIDINGS_LEGACYSURVEY_HOST", server.host)
        monkeypatch.setenv("TIDINGS_DATALAB_HOST", server.host)
        yield server


def ranked(path: Path, positions, names=None) -> Path:
    """Write a table as skymap_galaxies does."""
    n = len(positions)
    made = Table(
        {
            "rank": range(1, n + 1),
            "name": names or [f"PGC {k}" for k in range(n)],
            "ra": [ra for ra, _ in positions],
            "dec": [dec for _, dec in positions],
            "distance": np.linspace(200, 300, n),
            "score": np.linspace(0.3, 0.01, n),
        }
    )
    made.meta["event"] = "S000000x"
    made.write(path, format="ascii.ecsv")
    return path


def test_image_and_picture_are_those_asked_for(folder, server):
    run(legacy_fetch, ra=RA, dec=DEC, bands="grz", width=60, pixel=0.5, lock="lock.json")
    assert server.requests == [
        f"/viewer/{kind}-cutout?ra=165.113808&dec=38.208833&size=120&layer=ls-dr9&pixscale=0.5&bands=grz"
        for kind in ("fits", "jpeg")
    ]
    image = read_image("image.fits")
    assert (image.shape, image.bands, image.scale) == ((120, 120), ("g", "r", "z"), 0.5)
    assert (folder / "picture.jpg").read_bytes()[:3] == b"\xff\xd8\xff"
    files = json.loads((folder / "lock.json").read_text())["files"]
    assert sorted(files) == [
        f"legacysurvey/legacysurvey_ls-dr9_165.113808+38.208833_120x0.5_grz.{suffix}"
        for suffix in ("fits", "jpg")
    ]
    # The public address is recorded, whatever server was asked.
    assert all(file["url"].startswith("https://www.legacysurvey.org/viewer/") for file in files.values())


def test_image_that_changed_is_refused(folder, server, capsys, table):
    arguments = [*HERE, "--bands", "g", "--width", "60"]
    assert main(legacy_fetch, arguments) == 0
    kept = (folder / "image.fits").read_bytes()
    server.table = table[:0]
    assert main(legacy_fetch, arguments) == 1
    assert "is not the file that was used before" in capsys.readouterr().err
    assert (folder / "image.fits").read_bytes() == kept


def asked(ra: float, dec: float, bands: str) -> str:
    return f"/viewer/fits-cutout?ra={ra}&dec={dec}&size=60&pixscale=1&bands={bands}"


def send(server, kind: str, status: int, body: bytes) -> None:
    server.replies[kind] = (status, body)


def blank_of(server, no_overlap: bool) -> None:
    server.footprint, server.no_overlap = [], no_overlap


REFUSED = {
    "blank": (
        lambda s: blank_of(s, False),
        "a blank image: the position is outside of the survey's footprint",
    ),
    "no overlap": (
        lambda s: blank_of(s, True),
        "outside of the survey's footprint (it says: no overlap)",
    ),
    "page": (lambda s: send(s, "fits", 200, b"<html>Log in</html>"), "is a web page, not an image"),
    "gone": (
        lambda s: send(s, "fits", 404, b"<html>no such layer</html>"),
        f"answers 404 Not Found; to work without it, put {IMAGE_NAME} into a folder and name that as the "
        "store (it says: no such layer)",
    ),
    "limit": (lambda s: setattr(s, "limit", 50), "has 50 × 50 pixels, not the 60 × 60 asked for"),
    "cut": (lambda s: send(s, "fits", 200, CUTOUT.read_bytes()[:5000]), "no whole gzip file"),
    "other field": (
        lambda s: send(s, "fits", *s.answer(asked(165.2, 38.2, "g"))),
        "another field than was asked for",
    ),
    "other bands": (lambda s: send(s, "fits", *s.answer(asked(RA, DEC, "r"))), "has the bands r, not g"),
    "no picture": (
        lambda s: send(s, "jpeg", 200, b"<html>no</html>"),
        "web page, not a JPEG picture",
    ),
    "cut picture": (
        lambda s: send(s, "jpeg", 200, b"\xff\xd8\xff\xe0" + bytes(50) + b"\1"),
        "is no whole JPEG picture (it is cut off)",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_the_image_is_refused_and_leaves_nothing(case, folder, server, capsys):
    change, message = REFUSED[case]
    change(server)
    assert main(legacy_fetch, [*HERE, "--bands", "g", "--width", "60"]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert not (folder / "image.fits").exists()
    recorded = json.loads(Path("lock.json").read_text())["files"] if Path("lock.json").exists() else {}
    assert not [name for name in recorded if name.endswith("jpg" if "picture" in case else "fits")]


@pytest.mark.parametrize(
    ("step", "arguments", "message"),
    [
        (legacy_fetch, ["--bands", "gi"], "bands 'gi': ls-dr9 has"),
        (legacy_fetch, ["--bands", "gg"], "each once"),
        (legacy_fetch, ["--width", "3600", "--pixel", "0.262"], "13740 pixels of 0.262 arcsec: 2 to 3000"),
        (legacy_fetch, ["--width", "1", "--pixel", "5"], "0 pixels"),
        (legacy_fetch, ["--width", "0"], "width is 0, out of bounds"),
        (legacy_tractor_fetch, ["--radius", "0"], "radius is 0, out of bounds"),
        (legacy_tractor_fetch, ["--radius", "4000"], "radius is 4000, out of bounds"),
    ],
)
def test_questions_that_cannot_be_answered_are_not_asked(step, arguments, message, folder, server, capsys):
    assert main(step, [*HERE, *arguments]) == 1
    assert message in capsys.readouterr().err
    assert server.requests == []
    assert list(folder.iterdir()) == []


def test_position_out_of_bounds(folder, capsys):
    assert main(legacy_fetch, ["--ra", "361", "--dec", "0"]) == 1
    assert "ra is 361, out of bounds: Right ascension, in degrees and not in hours" in capsys.readouterr().err


def test_catalogue_of_a_circle(folder, server, table):
    run(legacy_tractor_fetch, ra=RA, dec=DEC, radius=100, lock="lock.json")
    found = Table.read("tractor.ecsv")
    where = np.hypot((table["ra"] - RA) * np.cos(np.radians(DEC)), table["dec"] - DEC) * 3600
    assert sorted(found["ls_id"]) == sorted(table["ls_id"][where <= 100])
    assert (np.diff(found["ls_id"]) > 0).all()
    row, other = found[0], table[table["ls_id"] == found["ls_id"][0]][0]
    for name in ("ra", "flux_g", "flux_ivar_w4", "psfdepth_z", "type"):
        assert row[name] == other[name]
    # Rows come in another order and with another time; the file is the same.
    first = (folder / "tractor.ecsv").read_bytes(), (folder / "lock.json").read_bytes()
    run(legacy_tractor_fetch, ra=RA, dec=DEC, radius=100, lock="lock.json")
    assert len(server.requests) == 2
    assert first == ((folder / "tractor.ecsv").read_bytes(), (folder / "lock.json").read_bytes())
    run(legacy_photometry, catalogue="tractor.ecsv", ra=RA, dec=DEC, radius=10)
    assert len(Table.read("photometry.ecsv")) == len(found)


def test_rectangle_of_the_question_at_the_ends_of_right_ascension_and_at_the_pole():
    assert "(ra >= 359.99" in Cone(0.0, 10.0, 30.0, "dr9").adql
    assert " OR ra <= 0.008" in Cone(0.0, 10.0, 30.0, "dr9").adql
    assert "ra >= 0" in Cone(10.0, 89.999, 30.0, "dr10").adql
    # cos(60 deg) = 1/2: twice as wide.
    assert "ra BETWEEN 99.98" in Cone(100.0, 60.0, 30.0, "dr10").adql
    assert "flux_i" in Cone(0.0, 0.0, 30.0, "dr10").adql
    assert "flux_i," not in Cone(0.0, 0.0, 30.0, "dr9").adql


def test_errors_of_the_data_base_are_told(folder, server, capsys):
    def message() -> str:
        assert main(legacy_tractor_fetch, [*HERE, "--radius", "20"]) == 1
        assert list(folder.iterdir()) == []
        return capsys.readouterr().err

    server.error = "relation ls_dr9.tractor does not exist"
    assert "answers 400 Bad Request" in (told := message())
    assert "relation ls_dr9.tractor does not exist" in told
    server.error = ""
    server.replies["sync"] = (200, b"<!DOCTYPE html><html><h1>Service Unavailable</h1></html>")
    assert "is a web page, not a VOTable" in message()
    server.replies["sync"] = (200, b"ERROR: something")
    assert "is something else, not a VOTable: ERROR: something" in message()
    whole = server.answer
    server.replies.clear()
    server.error = "timeout of the query"
    body = whole("/tap/sync?QUERY=x")[1]
    server.error = ""
    # Some services send errors with status 200.
    server.replies["sync"] = (200, body)
    assert "the service reports an error: timeout of the query" in message()
    server.replies["sync"] = (200, body[: len(body) // 2])
    assert "is no whole VOTable" in message()


def test_cut_off_and_empty_answers_are_told(server, folder, capsys):
    cone = Cone(RA, DEC, 60.0, "dr9")
    status, body = server.tap({"QUERY": cone.adql, "MAXREC": "7"})
    assert status == 200
    with pytest.raises(InputError, match="more than 7 rows"):
        parse_answer(body, "TAP")
    # Right ascension in hours: another place, where nothing is.
    hours = ["--ra", str(RA / 15), "--dec", str(DEC), "--lock", "lock.json"]
    assert main(legacy_tractor_fetch, hours) == 1
    assert "right ascension is in hours and not in deg" in capsys.readouterr().err
    assert main(legacy_fetch, [*hours, "--width", "20"]) == 1
    assert "was meant in hours, it is 165.1138 deg" in capsys.readouterr().err


def test_files_of_the_store_need_no_network(folder, server, monkeypatch, capsys):
    run(legacy_fetch, ra=RA, dec=DEC, bands="g", width=60, lock="lock.json")
    run(legacy_tractor_fetch, ra=RA, dec=DEC, radius=60, lock="lock.json")
    monkeypatch.setenv("TIDINGS_LEGACYSURVEY_HOST", "http://127.0.0.1:9")
    monkeypatch.setenv("TIDINGS_DATALAB_HOST", "http://127.0.0.1:9")
    assert main(legacy_fetch, [*HERE, "--bands", "g", "--width", "60"]) == 1
    assert f"put {IMAGE_NAME} into a folder" in capsys.readouterr().err
    (folder / "store").mkdir()
    cutout = Cutout.of(RA, DEC, 60, 1.0, "ls-dr9", "g")
    shutil.copy("image.fits", f"store/{cutout.name('fits')}")
    shutil.copy("picture.jpg", f"store/{cutout.name('jpg')}")
    shutil.copy("tractor.ecsv", f"store/{Cone(RA, DEC, 60.0, 'dr9').name}")
    kept = {name: (folder / name).read_bytes() for name in ("image.fits", "picture.jpg", "tractor.ecsv")}
    for name in kept:
        (folder / name).unlink()
    run(legacy_fetch, ra=RA, dec=DEC, bands="g", width=60, store="store", lock="lock.json")
    run(legacy_tractor_fetch, ra=RA, dec=DEC, radius=60, store="store", lock="lock.json")
    assert kept == {name: (folder / name).read_bytes() for name in kept}


def test_image_step_on_what_was_fetched(folder, server):
    run(legacy_fetch, ra=RA, dec=DEC, bands="g", width=150, pixel=0.5, lock="lock.json")
    run(legacy_tractor_fetch, ra=RA, dec=DEC, radius=110, lock="lock.json")
    run(legacy_image, image="image.fits", catalogue="tractor.ecsv", stamp="made.fits", name="field")
    summary = json.loads((folder / "image.json").read_text())
    # Made of the catalogue: coordinates and fluxes come back.
    assert summary["astrometry"]["largest_pixel"] < 0.1
    assert summary["aperture_over_catalogue"]["median"] == pytest.approx(1.0, abs=0.01)
    with fits.open("made.fits") as hdus:
        assert hdus[0].header["BUNIT"] == "nanomaggy"


def test_image_step_of_the_embedded_field(folder):
    run(legacy_image, image=BACKEND, catalogue=BACKEND)
    summary = json.loads((folder / "image.json").read_text())
    assert summary["astrometry"]["fitted"] == 15
    assert summary["astrometry"]["largest_pixel"] < 0.3
    assert summary["pixel_arcsec"] == 1.0


@pytest.mark.parametrize(
    ("step", "arguments", "message"),
    [
        (legacy_image, ["--image", BACKEND, "--band", "z"], "no band 'z', but g"),
        (legacy_image, ["--image", CUTOUT, "--catalogue", BACKEND], "none of the catalogue's 652 sources"),
        (
            legacy_photometry,
            ["--catalogue", CUTOUT, "--ra", RA, "--dec", DEC],
            "no whole FITS table (No table found)",
        ),
        (legacy_photometry, ["--catalogue", BACKEND, "--ra", RA / 15, "--dec", DEC], "RA is in hours"),
        (legacy_photometry, ["--catalogue", BACKEND, "--ra", RA, "--dec", DEC, "--radius", 0], "radius is 0"),
        (
            legacy_photometry,
            ["--catalogue", BACKEND, "--ra", RA, "--dec", DEC, "--radius", 99],
            "radius is 99",
        ),
    ],
)
def test_bad_input_leaves_nothing(step, arguments, message, folder, capsys):
    assert main(step, [str(word) for word in arguments]) == 1
    assert message in capsys.readouterr().err
    assert list(folder.iterdir()) == []


def positions(table):
    """Three galaxies of the field, and one outside of the footprint."""
    bright = table[(table["type"] != "PSF") & (table["flux_r"] > 5)]
    return [(float(row["ra"]) + 1e-4, float(row["dec"])) for row in bright[:3]] + [(10.0, -60.0)]


def test_stamps_of_candidate_hosts(folder, server, table):
    galaxies = ranked(folder / "g.ecsv", positions(table))
    run(legacy_stamps_fetch, galaxies=galaxies, layer="ls-dr9", bands="g", width=40, lock="lock.json")
    assert sorted(path.name for path in (folder / "stamps").iterdir()) == ["001.fits", "002.fits", "003.fits"]
    run(legacy_stamps, galaxies=galaxies, stamps="stamps", catalogue="stamps_tractor.ecsv")
    hosts = Table.read("hosts.ecsv")
    assert hosts["covered"].tolist() == [True, True, True, False]
    assert hosts.meta["event"] == "S000000x"
    for row, (ra, _) in zip(hosts[:3], positions(table), strict=False):
        known = table[table["ls_id"] == row["ls_id"]][0]
        assert known["ra"] == pytest.approx(ra - 1e-4, abs=1e-6)
        assert row["separation"] == pytest.approx(0.36 * np.cos(np.radians(known["dec"])), abs=1e-3)
        assert row["mag_r"] == pytest.approx(known["dered_mag_r"], abs=2e-5)
    assert hosts["ls_id"].mask.tolist() == [False, False, False, True]
    assert Table.read("hosts.vot", format="votable")["rank"].tolist() == [1, 2, 3, 4]


def test_stamps_that_are_missing_or_wrong_are_told(folder, server, table, capsys):
    galaxies = ranked(folder / "g.ecsv", positions(table))
    outside = ranked(folder / "o.ecsv", [(10.0, -60.0), (20.0, -60.0)])
    fetch = ["--layer", "ls-dr9", "--bands", "g", "--width", "40", "--lock", "lock.json"]
    assert main(legacy_stamps_fetch, ["--galaxies", str(outside), *fetch]) == 1
    assert "none of the first 2 galaxies is in the footprint of ls-dr9" in capsys.readouterr().err
    assert not (folder / "stamps").exists()
    assert main(legacy_stamps_fetch, ["--galaxies", str(BACKEND), *fetch]) == 1
    assert "no ECSV table as skymap_galaxies writes it" in capsys.readouterr().err
    assert main(legacy_stamps_fetch, ["--galaxies", str(galaxies), *fetch]) == 0
    cases = {
        "does not show galaxy 1": (ranked(folder / "x.ecsv", positions(table)[::-1]), "stamps"),
        "has no stamps named": (galaxies, "empty"),
    }
    (folder / "empty").mkdir()
    for message, (list_of, stamps) in cases.items():
        assert main(legacy_stamps, ["--galaxies", str(list_of), "--stamps", stamps]) == 1
        assert message in capsys.readouterr().err


def test_the_rules_fetch_field_and_stamps(tmp_path, table):
    folder = copy(tmp_path / "tidings")
    galaxies = ranked(folder / "galaxies.ecsv", positions(table))
    targets = {
        "Field": {"legacy": {"ra": RA, "dec": DEC}, "legacy_fetch": {"bands": "g", "width": 120}},
        "S000000x": {
            "legacy": {"hosts": True, "galaxies": galaxies.name, "layer": "ls-dr9"},
            "legacy_stamps_fetch": {"bands": "g", "width": 40},
        },
    }
    (folder / "mine.json").write_text(json.dumps({"targets": targets}))
    with LegacySurveyServer(table, FOOTPRINT) as server:
        hosts = {"TIDINGS_LEGACYSURVEY_HOST": server.host, "TIDINGS_DATALAB_HOST": server.host}
        snakemake(folder, "--configfile", "mine.json", **hosts)
    made = digests(folder / "results").keys()
    assert {"Field_image.fits", "Field_sed.png", "Field_photometry.vot", "S000000x_stamps.png"} <= made
    assert "Nothing to be done" in snakemake(folder, "--configfile", "mine.json")
