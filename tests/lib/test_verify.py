"""Two runs product by product: pairing, verdicts, lists of digests."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table
from PIL import Image

from tidings.errors import InputError
from tidings.verify import Status, compare_runs, exit_status, record

REAL = Path(__file__).resolve().parents[2] / "data"


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    """A results folder with one product of each kind, nested as Snakemake nests them."""
    folder = tmp_path / "reference"
    for name in ("acs/GRB170817A", "skymap", "figures"):
        (folder / name).mkdir(parents=True)
    write_image(folder / "skymap/image.fits", sky_image())
    rate = np.random.default_rng(1).poisson(50, 100).astype(np.float32)
    table = fits.BinTableHDU(Table({"TIME": np.arange(100.0), "RATE": rate}), name="RATE")
    table.add_checksum(when="written")
    table.writeto(folder / "acs/GRB170817A/lightcurve.fits")
    with h5py.File(folder / "strain.hdf5", "w") as file:
        file["strain/Strain"] = np.linspace(-1e-21, 1e-21, 64)
    Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)).save(folder / "figures/plot.png")
    (folder / "summary.json").write_text(json.dumps({"snr": 32.4, "ifos": ["H1", "L1"]}))
    Table({"t": [1.0, 2.0]}).write(folder / "events.ecsv")
    (folder / "log.txt").write_text("done\n")
    return folder


@pytest.fixture
def candidate(reference: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(reference, tmp_path / "candidate"))


def sky_image() -> np.ndarray:
    return np.random.default_rng(2).normal(size=(40, 60)).astype(np.float32)


def write_image(path: Path, data: np.ndarray, when: str = "then") -> None:
    hdu = fits.ImageHDU(data, name="SIGNIF")
    hdu.header.update(
        {"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRPIX1": 1.0, "CRPIX2": 1.0, "CRVAL1": 83.633}
        | {"CRVAL2": 22.014, "CDELT1": -0.1, "CDELT2": 0.1, "CUNIT1": "deg", "CUNIT2": "deg"}
    )
    hdu.add_checksum(when=when)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)


def by_product(verdicts):
    return {verdict.product: verdict for verdict in verdicts}


def others(verdicts, *products):
    return {verdict.status for verdict in verdicts if verdict.product not in products}


def test_equal_folders_are_identical(reference, candidate):
    verdicts = compare_runs(reference, candidate)
    assert [v.status for v in verdicts] == [Status.IDENTICAL] * 7
    assert [v.product for v in verdicts] == sorted(
        p.relative_to(reference).as_posix() for p in reference.rglob("*") if p.is_file()
    )
    assert exit_status(verdicts) == 0


@pytest.mark.skipif(not REAL.is_dir(), reason="the data of the default run are not here")
def test_the_real_data_are_identical_to_themselves():
    verdicts = compare_runs(REAL, REAL)
    assert verdicts and {v.status for v in verdicts} == {Status.IDENTICAL}


def test_one_changed_pixel_is_named(reference, candidate):
    changed = sky_image()
    before = changed[7, 12]
    changed[7, 12] = before + np.float32(0.5)
    write_image(candidate / "skymap/image.fits", changed)
    verdicts = compare_runs(reference, candidate)
    verdict = by_product(verdicts)["skymap/image.fits"]
    assert verdict.status is Status.DIFFERS
    (difference,) = verdict.differences
    assert difference.place == "HDU 1 (SIGNIF), image"
    assert (difference.count, difference.total) == (1, 2400)
    assert (difference.reference, difference.candidate) == (str(before), str(changed[7, 12]))
    assert difference.first.startswith("[7, 12] (FITS pixel (13, 8); RA ")
    assert others(verdicts, "skymap/image.fits") == {Status.IDENTICAL}
    assert exit_status(verdicts) == 1
    # FITSDiff as the judge of the count; it names the pixel in the order of NumPy as well.
    with (
        fits.open(reference / "skymap/image.fits") as a,
        fits.open(candidate / "skymap/image.fits") as b,
    ):
        judge = fits.ImageDataDiff(a[1].data, b[1].data)
        assert judge.diff_total == difference.count
        assert [tuple(int(i) for i in index) for index, _ in judge.diff_pixels] == [(7, 12)]


def test_another_checksum_comment_is_canonical(reference, candidate):
    write_image(candidate / "skymap/image.fits", sky_image(), when="HDU checksum updated 2026-01-01")
    verdicts = compare_runs(reference, candidate)
    verdict = by_product(verdicts)["skymap/image.fits"]
    assert verdict.status is Status.CANONICAL
    assert verdict.notes and all("comment" in n or "CHECKSUM" in n for n in verdict.notes)
    assert "HDU 1 (SIGNIF), keyword CHECKSUM, its comment" in verdict.notes
    assert exit_status(verdicts) == 0


def test_a_missing_png_is_named(reference, candidate):
    (candidate / "figures/plot.png").unlink()
    verdicts = compare_runs(reference, candidate)
    assert by_product(verdicts)["figures/plot.png"].status is Status.MISSING
    assert others(verdicts, "figures/plot.png") == {Status.IDENTICAL}
    assert exit_status(verdicts) == 1


def test_an_extra_file_fails_unless_ignored(reference, candidate):
    (candidate / "notes.md").write_text("x")
    verdicts = compare_runs(reference, candidate)
    assert verdicts[-1].product == "notes.md" and verdicts[-1].status is Status.EXTRA
    assert exit_status(verdicts) == 1
    assert exit_status(compare_runs(reference, candidate, {"ignore": ["*.md"]})) == 0


def test_a_flat_run_is_paired_by_file_name(reference, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for path in reference.rglob("*"):
        if path.is_file():
            shutil.copy(path, flat / path.name)
    verdicts = compare_runs(reference, flat)
    assert {v.status for v in verdicts} == {Status.IDENTICAL}
    assert by_product(verdicts)["skymap/image.fits"].candidate == "image.fits"


def test_a_run_one_folder_deeper_is_paired_by_the_end_of_the_path(tmp_path):
    for run in ("a", "b/results"):
        for detector in ("H1", "L1"):
            (tmp_path / run / detector).mkdir(parents=True)
            (tmp_path / run / detector / "psd.txt").write_text(detector)
    verdicts = compare_runs(tmp_path / "a", tmp_path / "b")
    assert [(v.product, v.status, v.candidate) for v in verdicts] == [
        ("H1/psd.txt", Status.IDENTICAL, "results/H1/psd.txt"),
        ("L1/psd.txt", Status.IDENTICAL, "results/L1/psd.txt"),
    ]


def test_a_name_that_is_not_unique_is_never_guessed(tmp_path):
    for name in ("a/H1/x.txt", "a/L1/x.txt", "b/L1/x.txt", "b/V1/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("same")
    verdicts = compare_runs(tmp_path / "a", tmp_path / "b")
    assert [(v.product, v.status) for v in verdicts] == [
        ("H1/x.txt", Status.MISSING),
        ("L1/x.txt", Status.IDENTICAL),
        ("V1/x.txt", Status.EXTRA),
    ]
    for name in ("c/A/x.txt", "c/B/x.txt", "d/C/x.txt", "d/D/x.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("same")
    found = {v.status for v in compare_runs(tmp_path / "c", tmp_path / "d")}
    assert found == {Status.MISSING, Status.EXTRA}
    assert verdicts[0].notes == ("the same bytes are in L1/x.txt", "the same bytes are in V1/x.txt")


def test_tolerance_is_reached_only_through_a_rule(reference, candidate):
    with h5py.File(candidate / "strain.hdf5", "a") as file:
        file["strain/Strain"][5] = np.nextafter(file["strain/Strain"][5], 0)
    assert by_product(compare_runs(reference, candidate))["strain.hdf5"].status is Status.DIFFERS
    verdicts = compare_runs(reference, candidate, {"*.hdf5": {"ulp": 1}})
    verdict = by_product(verdicts)["strain.hdf5"]
    assert (verdict.status, verdict.rule) == (Status.WITHIN_TOLERANCE, "*.hdf5: ulp 1")
    assert verdict.differences[0].max_ulp == 1 and verdict.differences[0].first == "[5]"
    assert exit_status(verdicts) == 0


def test_beyond_the_tolerance_the_first_value_beyond_it_is_named(reference, candidate):
    with h5py.File(candidate / "strain.hdf5", "a") as file:
        file["strain/Strain"][3] *= 1 + 1e-13
        file["strain/Strain"][9] *= 1 + 1e-3
    verdict = by_product(compare_runs(reference, candidate, {"strain.*": {"rtol": 1e-9}}))["strain.hdf5"]
    assert verdict.status is Status.DIFFERS and verdict.rule == "strain.*: rtol 1e-09"
    assert (verdict.differences[0].count, verdict.differences[0].outside) == (2, 1)
    assert verdict.differences[0].first == "[9]"


def test_one_value_within_does_not_excuse_one_beyond(reference, candidate):
    text = '{"a": %r, "b": %r}'
    for folder, a, b in ((reference, 1.0, 1.0), (candidate, 1.0 + 1e-9, 1.5)):
        (folder / "summary.json").write_text(text % (a, b))
    verdict = by_product(compare_runs(reference, candidate, {"*.json": {"rtol": 1e-6}}))["summary.json"]
    assert verdict.status is Status.DIFFERS
    assert [(d.place, d.tolerated) for d in verdict.differences] == [("/a", True), ("/b", False)]


def test_a_tolerance_does_not_excuse_another_structure(reference, candidate):
    with h5py.File(candidate / "strain.hdf5", "a") as file:
        file.attrs["step"] = "gw_strain"
    verdict = by_product(compare_runs(reference, candidate, {"**": {"rtol": 1.0}}))["strain.hdf5"]
    assert verdict.status is Status.DIFFERS
    assert verdict.differences[0].what == "only in the candidate"


@pytest.mark.parametrize("name", ["skymap/image.fits", "strain.hdf5", "figures/plot.png", "summary.json"])
@pytest.mark.parametrize("damage", ["half", "garbage", "empty"])
def test_a_damaged_product_differs_with_the_reason(reference, candidate, name, damage):
    whole = (reference / name).read_bytes()
    bad = {"half": whole[: len(whole) // 2], "garbage": b"\x00\xffnonsense" * 40, "empty": b""}[damage]
    (candidate / name).write_bytes(bad)
    verdicts = compare_runs(reference, candidate)
    verdict = by_product(verdicts)[name]
    assert verdict.status is Status.DIFFERS
    assert verdict.differences[0].what.startswith("the candidate cannot be read as ")
    assert str(candidate) not in verdict.differences[0].what
    assert others(verdicts, name) == {Status.IDENTICAL}
    assert record(candidate)["products"][name]["canonical"] is None


def test_a_damaged_reference_is_said_to_be_it(reference, candidate):
    (reference / "strain.hdf5").write_bytes(b"\x89HDF\r\n\x1a\n")
    verdict = by_product(compare_runs(reference, candidate))["strain.hdf5"]
    assert verdict.differences[0].what.startswith("the reference cannot be read as hdf5")


def test_links_dangling_or_circular_do_not_stop_it(reference, candidate):
    (candidate / "log.txt").unlink()
    (candidate / "log.txt").symlink_to("nowhere")
    (candidate / "skymap/up").symlink_to(candidate, target_is_directory=True)
    verdicts = compare_runs(reference, candidate)
    verdict = by_product(verdicts)["log.txt"]
    assert (verdict.status, verdict.differences[0].what) == (Status.DIFFERS, "the candidate cannot be read")
    assert others(verdicts, "log.txt") == {Status.IDENTICAL}


def test_a_linked_product_is_followed(reference, candidate, tmp_path):
    (candidate / "strain.hdf5").rename(tmp_path / "store.hdf5")
    (candidate / "strain.hdf5").symlink_to(tmp_path / "store.hdf5")
    assert exit_status(compare_runs(reference, candidate)) == 0


def test_the_digests_of_a_run_verify_it_without_its_files(reference, candidate, tmp_path):
    listing = tmp_path / "digests.json"
    listing.write_text(json.dumps(record(reference), sort_keys=True))
    assert {v.status for v in compare_runs(listing, candidate)} == {Status.IDENTICAL}
    write_image(candidate / "skymap/image.fits", sky_image(), when="later")
    (candidate / "figures/plot.png").unlink()
    (candidate / "summary.json").write_text('{"ifos": ["H1", "L1"], "snr": 32.5}')
    (candidate / "events.ecsv").write_bytes(b"# %ECSV 1.0")
    found = by_product(compare_runs(listing, candidate, {"summary.json": {"rtol": 0.1}}))
    assert found["skymap/image.fits"].status is Status.CANONICAL
    assert found["figures/plot.png"].status is Status.MISSING
    assert found["summary.json"].status is Status.DIFFERS
    assert found["summary.json"].differences[0].what.endswith("which the tolerance needs too")
    assert found["events.ecsv"].differences[0].what.endswith("the candidate cannot be decoded")
    assert found["strain.hdf5"].status is Status.IDENTICAL


def test_the_record_is_sorted_json_without_the_place(reference, candidate):
    one, two = record(reference), record(candidate)
    assert json.dumps(one) == json.dumps(two, sort_keys=False)
    assert list(one["products"]) == sorted(one["products"])
    assert str(reference) not in json.dumps(one)
    entry = one["products"]["log.txt"]
    assert entry["sha256"] == hashlib.sha256(b"done\n").hexdigest()
    assert entry["size"] == 5 and entry["canonical"].startswith("text-1:")


def test_a_digest_of_another_version_says_nothing(reference, candidate, tmp_path):
    data = record(reference)
    entry = data["products"]["skymap/image.fits"]
    entry["canonical"] = entry["canonical"].replace("fits-1:", "fits-0:")
    (tmp_path / "d.json").write_text(json.dumps(data))
    write_image(candidate / "skymap/image.fits", sky_image(), when="later")
    verdict = by_product(compare_runs(tmp_path / "d.json", candidate))["skymap/image.fits"]
    assert verdict.status is Status.DIFFERS and "formats or versions" in verdict.differences[0].what


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="sha256sum is not installed")
@pytest.mark.parametrize("options", [[], ["--binary"], ["--tag"]])
def test_lists_of_sha256sum_are_read(reference, candidate, options):
    odd = "log\\with\nfeed.txt"
    for folder in (reference, candidate):
        (folder / odd).write_text("odd name")
    files = [os.path.join(".", p.relative_to(reference)) for p in sorted(reference.rglob("*")) if p.is_file()]
    done = subprocess.run(["sha256sum", *options, *files], cwd=reference, capture_output=True, check=True)
    (candidate / "SHA256SUMS").write_bytes(done.stdout)
    # The list lies among the products, as it does in an archive: it is not one of them.
    verdicts = compare_runs(candidate / "SHA256SUMS", candidate)
    assert len(verdicts) == 8 and {v.status for v in verdicts} == {Status.IDENTICAL}
    (candidate / odd).write_text("other")
    assert by_product(compare_runs(candidate / "SHA256SUMS", candidate))[odd].status is Status.DIFFERS


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not valid JSON"),
        ('{"format": "x"}', "format 'tidings-digests'"),
        ('{"format": "tidings-digests", "version": 2, "products": {}}', "version 1"),
        ('{"format": "tidings-digests", "version": 1, "products": []}', "must map names"),
        ('{"format": "tidings-digests", "version": 1, "products": {"a": {"sha256": "12"}}}', "'a' has no"),
        ("d41d8cd98f00b204e9800998ecf8427e  a.fits\n", "line 1 is not as sha256sum"),
        ("", "no product"),
    ],
)
def test_bad_lists_of_digests_are_refused(candidate, tmp_path, text, message):
    (tmp_path / "list").write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        compare_runs(tmp_path / "list", candidate)
    assert str(tmp_path / "list") in str(caught.value)


def test_a_list_that_contradicts_itself_is_refused(candidate, tmp_path):
    (tmp_path / "list").write_text("0" * 64 + "  a\n" + "1" * 64 + "  ./a\n")
    with pytest.raises(InputError, match="line 2 gives 'a' a second"):
        compare_runs(tmp_path / "list", candidate)


def test_nothing_to_compare_is_no_success(reference, candidate, tmp_path):
    (tmp_path / "empty").mkdir()
    for one, two in (
        (tmp_path / "empty", candidate),
        (tmp_path / "no", candidate),
        (reference, tmp_path / "no"),
    ):
        with pytest.raises(InputError):
            compare_runs(one, two)
    with pytest.raises(InputError):
        compare_runs(reference, candidate, {"ignore": ["**"]})
    with pytest.raises(InputError):
        record(tmp_path / "empty")
    assert exit_status([]) == 1


def test_files_of_the_engine_are_no_products(reference, candidate):
    (candidate / "skymap/.snakemake_timestamp").write_text("")
    assert exit_status(compare_runs(reference, candidate)) == 0
