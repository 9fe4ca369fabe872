"""The command that compares two runs: what it prints, and its exit status."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import verify


@pytest.fixture
def runs(tmp_path, monkeypatch):
    """Two equal folders of results with an image, a figure and a table."""
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        folder = Path(name, "gw")
        folder.mkdir(parents=True)
        hdu = fits.ImageHDU(np.arange(20.0, dtype="f4").reshape(4, 5), name="IMAGE")
        hdu.add_checksum(when="")
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(folder / "sky.fits")
        (folder / "figure.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        (folder / "table.json").write_text('{"a": 1}')
    return tmp_path


def test_equal_runs_are_identical(runs, capsys):
    assert verify.main(["one", "two"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert sum(line.startswith("IDENTICAL") for line in lines) == 3


def test_a_changed_pixel_a_changed_comment_and_a_missing_figure_are_named(runs, capsys):
    with fits.open("two/gw/sky.fits", mode="update") as hdus:
        hdus[1].data[2, 3] += 1
    Path("two/gw/figure.png").unlink()
    assert verify.main(["one", "two", "--json", "verdict.json", "--junit", "verdict.xml"]) == 1
    printed = capsys.readouterr().out
    assert "DIFFERS" in printed
    assert "IMAGE" in printed
    assert "[2, 3]" in printed
    assert "MISSING" in printed
    verdicts = {v["product"]: v["status"] for v in json.loads(Path("verdict.json").read_text())["products"]}
    assert verdicts == {"gw/sky.fits": "DIFFERS", "gw/figure.png": "MISSING", "gw/table.json": "IDENTICAL"}
    assert ET.parse("verdict.xml").getroot().get("failures") == "2"


def test_another_checksum_comment_is_canonical(runs, capsys):
    with fits.open("two/gw/sky.fits", mode="update") as hdus:
        hdus[1].header.comments["CHECKSUM"] = "HDU checksum updated 2026-01-01T00:00:00"
    assert verify.main(["one", "two"]) == 0
    assert "CANONICAL  gw/sky.fits" in capsys.readouterr().out


def test_recorded_digests_stand_for_the_folder(runs, capsys):
    assert verify.main(["--record", "digests.json", "one"]) == 0
    assert verify.main(["digests.json", "two"]) == 0
    Path("two/gw/table.json").write_text('{"a": 2}')
    capsys.readouterr()
    assert verify.main(["digests.json", "two"]) == 1
    assert "DIFFERS" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none", "two"], "none: no such folder"),
        (["two"], "name two"),
        (["one", "none"], "none"),
    ],
)
def test_wrong_use_is_explained(runs, capsys, arguments, message):
    assert verify.main(arguments) == 2
    assert message in capsys.readouterr().err


def test_products_of_other_targets_are_no_matter_if_wished(runs, capsys):
    Path("two/mine.html").write_text("a page")
    assert verify.main(["one", "two"]) == 1
    assert "EXTRA" in capsys.readouterr().out
    assert verify.main(["--extra", "one", "two"]) == 0
    assert "EXTRA" not in capsys.readouterr().out
    Path("two/gw/figure.png").unlink()
    assert verify.main(["--extra", "one", "two"]) == 1
