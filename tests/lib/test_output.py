"""Writers of products: the same bytes anywhere, readable by others, clean errors."""

from __future__ import annotations

import errno
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import h5py
import matplotlib
import numpy as np
import pytest
from astropy.table import Table
from matplotlib.font_manager import findfont
from PIL import Image

from tidings import output
from tidings.errors import InputError

PROVENANCE = {
    "step": "gw_strain",
    "version": "tidings 0",
    "parameters": {"fmin": np.float64(30.0), "notch": (60.0, 120.0), "é": None},
    "inputs": [{"name": "H1.hdf5", "sha256": "00ff"}],
}
PLAIN = {**PROVENANCE, "parameters": {"fmin": 30.0, "notch": [60.0, 120.0], "é": None}}

# Everything that could put a clock, a time zone or an order of a set into a file.
SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from astropy.table import Table
from tidings import output
folder, provenance = Path(sys.argv[1]), {"step": "s", "parameters": {n: 1 for n in {"b", "a", "c"}}}
def build(file):
    group = file.create_group("group")
    group.create_dataset("packed", data=np.arange(5000) % 7, compression="gzip", shuffle=True)
    group.attrs["text"] = "é"
output.write_hdf5(folder / "a.hdf5", build, provenance)
table = Table({"x": [1.0, np.nan]}, meta={n: n for n in sorted({"u", "v", "w"})})
output.write_ecsv(table, folder / "a.ecsv", provenance)
output.write_json({n: 0.1 for n in {"x", "y", "z"}}, folder / "a.json", provenance)
with output.style():
    figure = output.new_figure()
    axes = figure.subplots()
    axes.semilogy([1, 2, 3], [1, 10, 100], label="a line")
    axes.fill_between([1, 2], [1, 2], hatch="//")
    axes.set_ylabel("ASD [strain/√Hz]")
    axes.legend()
for kind in ("png", "pdf", "svg"):
    output.save_figure(figure, folder / f"a.{kind}", provenance)
"""


def run_twice(script: str, tmp_path: Path) -> list[Path]:
    """Run a script in two processes of different hash seed, time zone, folder and (h:m:s) clock."""
    scripts = str(Path(output.__file__).resolve().parents[1])
    settings = [("1", "Asia/Tokyo", {}), ("2", "America/New_York", {"SOURCE_DATE_EPOCH": "1"})]
    folders = []
    # One after the other: a second or more lies between the two.
    for seed, zone, more in settings:
        folder = tmp_path / f"run{seed}"
        folder.mkdir()
        env = {**os.environ, "PYTHONPATH": scripts, "PYTHONHASHSEED": seed, "TZ": zone, **more}
        subprocess.run([sys.executable, "-c", script, str(folder)], env=env, cwd=folder, check=True)
        folders.append(folder)
    return folders


def small_figure():
    with output.style():
        figure = output.new_figure()
        figure.subplots().plot([0, 1], [0, 1], label="line")
        figure.axes[0].set_xlabel("Time [s]")
    return figure


def test_bytes_do_not_hang_on_process(tmp_path):
    one, two = run_twice(SCRIPT, tmp_path)
    names = sorted(path.name for path in one.iterdir())
    assert names == ["a.ecsv", "a.hdf5", "a.json", "a.pdf", "a.png", "a.svg"]
    assert [name for name in names if (one / name).read_bytes() != (two / name).read_bytes()] == []


def test_hdf5_has_no_times():
    def build(file):
        file.create_group("group").create_dataset("data", data=[1.0])

    content = output.hdf5_bytes(build, PROVENANCE)
    # HDF5 File Format Specification 3.0, IV.A.1.b: bit 5 of an object header's flags says "times stored".
    flags = [content[match.end() + 1] for match in re.finditer(b"OHDR", content)]
    assert len(flags) >= 3
    assert not any(flag & 0x20 for flag in flags)


def test_hdf5_reads_back_with_provenance(tmp_path):
    axis = np.geomspace(10, 8192, 20000)

    def build(file):
        file["data"] = np.arange(5)
        # Longer than the 64 kB that an attribute may have in the oldest format.
        file["data"].attrs["yindex"] = axis

    output.write_hdf5(tmp_path / "a.hdf5", build, PROVENANCE)
    with h5py.File(tmp_path / "a.hdf5") as file:
        assert file["data"][()].tolist() == [0, 1, 2, 3, 4]
        assert np.array_equal(file["data"].attrs["yindex"], axis)
        assert json.loads(file.attrs["provenance"]) == PLAIN


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_full_disk_is_an_oserror_naming_the_file():
    with pytest.raises(OSError) as caught:
        output.write_hdf5(Path("/dev/full"), lambda file: file.create_dataset("a", data=np.zeros(9)))
    assert caught.value.errno == errno.ENOSPC
    assert "/dev/full" in str(caught.value)


def test_missing_folder_is_an_oserror_naming_the_file(tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        output.write_json({}, tmp_path / "absent" / "a.json")


def test_failing_build_writes_nothing(tmp_path):
    with pytest.raises(ZeroDivisionError):
        output.write_hdf5(tmp_path / "a.hdf5", lambda file: 1 / 0)
    assert not (tmp_path / "a.hdf5").exists()


def test_ecsv_keeps_units_and_meta_and_leaves_the_table(tmp_path):
    table = Table({"time": [1126259462.4206402, 0.1]}, units={"time": "s"}, meta={"n": np.int64(3)})
    table["time"].info.meta = {"ucd": "time.epoch"}
    output.write_ecsv(table, tmp_path / "a.ecsv", PROVENANCE)
    back = Table.read(tmp_path / "a.ecsv")
    assert back["time"].tolist() == table["time"].tolist()
    assert back["time"].unit == "s"
    assert back["time"].info.meta["ucd"] == "time.epoch"
    assert back.meta == {"n": 3, "provenance": PLAIN}
    assert "provenance" not in table.meta


def test_json_is_sorted_and_exact(tmp_path):
    output.write_json(
        {"b": np.float32(0.5), "a": (np.int64(2), np.arange(2))}, tmp_path / "a.json", PROVENANCE
    )
    text = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"a": [2, [0, 1]], "b": 0.5, "provenance": PLAIN}
    assert text.index('"a"') < text.index('"b"') < text.index('"provenance"')
    assert text.endswith("}\n")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_json_refuses_what_it_cannot_say(tmp_path, value):
    with pytest.raises(ValueError):
        output.write_json({"a": value}, tmp_path / "a.json")
    assert not (tmp_path / "a.json").exists()


def test_png_has_provenance_and_nothing_made_up(tmp_path):
    output.save_figure(small_figure(), tmp_path / "a.png", PROVENANCE)
    with Image.open(tmp_path / "a.png") as image:
        assert list(image.text) == ["Description"]
        assert json.loads(image.text["Description"]) == PLAIN
        assert image.size == (1050, 787)
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.1)


def test_dpi_is_obeyed(tmp_path):
    output.save_figure(small_figure(), tmp_path / "a.png", dpi=100)
    with Image.open(tmp_path / "a.png") as image:
        assert image.size == (350, 262)
        assert image.text == {}


def test_pdf_embeds_truetype_and_holds_no_date(tmp_path):
    output.save_figure(small_figure(), tmp_path / "a.pdf", PROVENANCE)
    content = (tmp_path / "a.pdf").read_bytes()
    assert b"/FontFile2" in content
    assert b"/Type3" not in content
    assert not re.search(rb"/(CreationDate|ModDate|Producer|Creator)", content)
    assert b"/Subject" in content
    assert b"gw_strain" in content


def test_svg_holds_no_date_and_no_version(tmp_path):
    output.save_figure(small_figure(), tmp_path / "a.svg", PROVENANCE)
    text = (tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "gw_strain" in text
    assert not re.search(r"dc:date|dc:creator|matplotlib v|https://matplotlib", text, re.IGNORECASE)


def test_other_suffix_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"a\.jpg.*\.png"):
        output.save_figure(small_figure(), tmp_path / "a.jpg")


def test_users_configuration_does_not_matter(tmp_path):
    output.save_figure(small_figure(), tmp_path / "a.png")
    users = {"font.family": ["serif"], "axes.facecolor": "red", "savefig.dpi": 50, "figure.dpi": 50}
    with matplotlib.rc_context(users):
        output.save_figure(small_figure(), tmp_path / "b.png")
        assert matplotlib.rcParams["axes.facecolor"] == "red"
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_font_is_the_one_bundled_with_matplotlib():
    with output.style():
        path = Path(findfont(matplotlib.rcParams["font.family"][0], fallback_to_default=False))
    assert Path(matplotlib.get_data_path()) in path.parents


def relative_luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.1."""
    c = np.array(matplotlib.colors.to_rgb(colour))
    return float(np.where(c <= 0.03928, c / 12.92, ((c + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722])


def test_every_line_colour_can_be_seen_on_white():
    contrast = {name: 1.05 / (relative_luminance(c) + 0.05) for name, c in output.OKABE_ITO.items()}
    assert min(contrast.values()) > 2.0
    assert 1.05 / (relative_luminance("#F0E442") + 0.05) < 1.5  # Okabe & Ito's yellow, left out for this
