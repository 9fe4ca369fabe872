"""Decoded content by format: what counts, what does not, and where a difference is."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy import units as u
from astropy.io import fits, votable
from astropy.table import MaskedColumn, QTable, Table
from astropy.time import Time
from astropy.wcs import WCS
from matplotlib.figure import Figure
from PIL import Image, PngImagePlugin

from tidings.verify import Tolerance, canonical_digest, compare_files, formats


def differences(a: Path, b: Path, **bounds):
    """Compare, and hold the digest to the comparison: equal exactly where nothing differs."""
    found, notes = compare_files(a, b)
    one, two = canonical_digest(a), canonical_digest(b)
    assert (one == two) == (not found)
    return compare_files(a, b, Tolerance("*", **bounds))[0] if bounds else found, notes


def same(a: Path, b: Path) -> list[str]:
    found, notes = differences(a, b)
    assert a.read_bytes() != b.read_bytes(), "the two files must differ for the test to say anything"
    assert [str(x) for x in found] == []
    return notes


def only(a: Path, b: Path):
    found, _ = differences(a, b)
    assert len(found) == 1, [str(x) for x in found]
    return found[0]


class TestFits:
    def write(self, path, data=None, extra=(), **cards):
        hdu = fits.PrimaryHDU(np.zeros((3, 4), np.float32) if data is None else data)
        hdu.header.update(cards)
        fits.HDUList([hdu, *extra]).writeto(path, overwrite=True)
        return path

    def test_card_order_date_and_layout_do_not_count(self, tmp_path):
        a = self.write(tmp_path / "a.fits", EXPOSURE=10.0, DATE="2020-01-01", OBJECT="Crab")
        b = self.write(tmp_path / "b.fits", OBJECT="Crab", DATE="2026-01-01", EXPOSURE=10.0)
        assert same(a, b) == ["HDU 0 (PRIMARY), keyword DATE"]

    def test_keyword_value_history_and_extension_count(self, tmp_path):
        a = self.write(tmp_path / "a.fits", EXPOSURE=10.0, HISTORY="barycentred")
        b = self.write(tmp_path / "b.fits", EXPOSURE=11.0, HISTORY="barycentred")
        found = only(a, b)
        assert (found.place, found.reference, found.candidate) == (
            "HDU 0 (PRIMARY), keyword EXPOSURE",
            "10.0",
            "11.0",
        )
        b = self.write(tmp_path / "b.fits", EXPOSURE=10.0, HISTORY="raw")
        assert only(a, b).place == "HDU 0 (PRIMARY), keyword HISTORY"
        b = self.write(tmp_path / "b.fits", None, [fits.ImageHDU(name="VAR")])
        places = [x.place for x in differences(a, b)[0]]
        assert "HDU 1 (VAR), kind" in places

    def test_header_numbers_obey_the_rule(self, tmp_path):
        a = self.write(tmp_path / "a.fits", CHI2=1.0)
        b = self.write(tmp_path / "b.fits", CHI2=1.0 + 2**-52)
        (found,), _ = differences(a, b, ulp=1)
        assert found.tolerated and found.max_ulp == 1

    def test_nan_equals_nan_only(self, tmp_path):
        quiet, payload = np.array([0x7FC00000, 0x7FC00123], np.uint32).view(np.float32)
        a = self.write(tmp_path / "a.fits", np.array([quiet, 1], np.float32))
        b = self.write(tmp_path / "b.fits", np.array([payload, 1], np.float32))
        same(a, b)
        b = self.write(tmp_path / "b.fits", np.array([0, 1], np.float32))
        found, _ = differences(a, b, atol=1e9, rtol=1.0)
        assert not found[0].tolerated and "1 with NaN" in found[0].what

    def test_gzip_is_looked_into(self, tmp_path):
        raw = self.write(tmp_path / "a.fits").read_bytes()
        for name, level, mtime in (("a.fits.gz", 9, 1), ("b.fits.gz", 1, 2)):
            (tmp_path / name).write_bytes(gzip.compress(raw, level, mtime=mtime))
        assert same(tmp_path / "a.fits.gz", tmp_path / "b.fits.gz") == ["gzip header (time, name)"]
        changed = self.write(tmp_path / "c.fits", np.eye(3, 4, dtype=np.float32)).read_bytes()
        (tmp_path / "c.fits.gz").write_bytes(gzip.compress(changed))
        assert only(tmp_path / "a.fits.gz", tmp_path / "c.fits.gz").count == 3

    def test_tile_compression_and_scaling_are_decoded(self, tmp_path):
        data = np.arange(400, dtype=np.int16).reshape(20, 20)
        for name, kind in (("a.fits", "RICE_1"), ("b.fits", "GZIP_1")):
            hdu = fits.CompImageHDU(data, compression_type=kind, name="IMG")
            fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / name)
        same(tmp_path / "a.fits", tmp_path / "b.fits")

    def test_the_sky_position_is_that_of_wcslib(self, tmp_path):
        header = {"CTYPE1": "GLON-CAR", "CTYPE2": "GLAT-CAR", "CRPIX1": 2.0, "CRPIX2": 1.0, "CRVAL1": 120.0}
        header |= {"CRVAL2": 0.0, "CDELT1": -0.5, "CDELT2": 0.5, "CUNIT1": "deg", "CUNIT2": "deg"}
        a = self.write(tmp_path / "a.fits", **header)
        data = np.zeros((3, 4), np.float32)
        data[2, 3] = 1
        b = self.write(tmp_path / "b.fits", data, **header)
        longitude, latitude = WCS(fits.Header(header)).wcs_pix2world([[4, 3]], 1)[0]
        expected = f"[2, 3] (FITS pixel (4, 3); Glon {longitude:.7g} deg, Glat {latitude:.7g} deg)"
        assert only(a, b).first == expected

    def test_a_wcs_that_cannot_be_hides_nothing(self, tmp_path):
        cards = {"CTYPE1": "RA---XXX", "CTYPE2": "DEC--TAN", "CDELT1": 0.0}
        a = self.write(tmp_path / "a.fits", **cards)
        b = self.write(tmp_path / "b.fits", np.ones((3, 4), np.float32), **cards)
        assert only(a, b).first.startswith("[0, 0] (FITS pixel (1, 1)")

    def table(self, path, **change):
        columns = {
            "TIME": np.arange(5.0),
            "COUNTS": np.arange(5, dtype=np.uint16) + 40000,
            "NAME": np.array(["a", "bb", "ccc", "d", "e"]),
            "SPEC": np.arange(15, dtype=np.float32).reshape(5, 3),
        } | change
        hdu = fits.BinTableHDU(Table(columns), name="RATE")
        ragged = np.array([np.arange(n, dtype=np.float64) for n in (1, 3, 2)], dtype=object)
        variable = fits.BinTableHDU.from_columns([fits.Column("V", "PD()", array=ragged)], name="VAR")
        fits.HDUList([fits.PrimaryHDU(), hdu, variable]).writeto(path, overwrite=True)
        return path

    @pytest.mark.parametrize(
        ("name", "index", "value", "place"),
        [
            ("TIME", 3, 9.0, "row [3] (FITS row 4)"),
            ("COUNTS", 0, 7, "row [0] (FITS row 1)"),
            ("NAME", 1, "bc", "row [1] (FITS row 2)"),
            ("SPEC", (4, 2), 0.5, "row [4] (FITS row 5), element [2]"),
        ],
    )
    def test_a_cell_is_named_by_row_and_column(self, tmp_path, name, index, value, place):
        a = self.table(tmp_path / "a.fits")
        with fits.open(a) as hdus:
            column = np.array(hdus["RATE"].data[name])
        column[index] = value
        found = only(a, self.table(tmp_path / "b.fits", **{name: column}))
        assert (found.place, found.first, found.count) == (f"HDU 1 (RATE), column {name!r}", place, 1)

    @pytest.mark.parametrize(("row", "element"), [(0, 0), (1, 0), (1, 2), (2, 1)])
    def test_a_variable_length_cell_is_named(self, tmp_path, row, element):
        a = self.table(tmp_path / "a.fits")
        b = tmp_path / "b.fits"
        with fits.open(a) as hdus:
            hdus["VAR"].data["V"][row][element] = 99.0
            hdus.writeto(b)
        found = only(a, b)
        assert found.first == f"row [{row}] (FITS row {row + 1}), element {element}"
        assert (found.reference, found.candidate) == (f"{element}.0", "99.0")

    def test_a_file_without_its_last_padding_is_truncated(self, tmp_path):
        a = self.write(tmp_path / "a.fits")
        (tmp_path / "b.fits").write_bytes(a.read_bytes()[:-100])
        (found,), _ = compare_files(a, tmp_path / "b.fits")
        assert "the file is truncated" in found.what and canonical_digest(tmp_path / "b.fits") is None

    def test_another_number_of_rows(self, tmp_path):
        longer = {"TIME": np.arange(6.0), "COUNTS": np.arange(6), "NAME": ["x"] * 6, "SPEC": np.zeros((6, 3))}
        found, _ = differences(self.table(tmp_path / "a.fits"), self.table(tmp_path / "b.fits", **longer))
        assert "length 5 in the reference and 6 in the candidate" in [x.what for x in found]


class TestHdf5:
    def write(self, path, data=None, compression=None, track_times=False, **attributes):
        with h5py.File(path, "w") as file:
            values = np.arange(24.0).reshape(4, 6) if data is None else data
            file.create_dataset("gw/H1/strain", data=values, compression=compression, track_times=track_times)
            file["gw"].attrs.update(attributes)
            file["names"] = ["H1", "L1"]
            file["events"] = np.array([(1, 2.0)], dtype=[("id", "i4"), ("snr", "f8")])
            vlen = file.create_dataset("ragged", (2,), dtype=h5py.vlen_dtype(np.float64))
            vlen[0], vlen[1] = [1.0], [2.0, 3.0]
            file["soft"] = h5py.SoftLink("/gw/H1")
            file["gw/H1/up"] = file["gw"]
            file["gw"].attrs["pointer"] = file["names"].ref
        return path

    def test_compression_chunks_times_and_byte_order_do_not_count(self, tmp_path):
        a = self.write(tmp_path / "a.h5")
        b = self.write(tmp_path / "b.h5", np.arange(24.0, dtype=">f8").reshape(4, 6), "gzip", True)
        assert same(a, b) == []

    def test_values_are_named_by_path_and_index(self, tmp_path):
        values = np.arange(24.0).reshape(4, 6)
        values[3, 1] = -1
        found = only(self.write(tmp_path / "a.h5"), self.write(tmp_path / "b.h5", values))
        assert (found.place, found.first) == ("/gw/H1/strain", "[3, 1]")
        assert (found.reference, found.candidate) == ("19.0", "-1.0")

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            (lambda f: f["gw"].attrs.create("gps", 5), "/gw attribute 'gps'"),
            (lambda f: f["names"].write_direct(np.array([b"H1", b"V1"], object)), "/names"),
            (lambda f: f["events"].__setitem__((0, "snr"), 3.0), "/events field 'snr'"),
            (lambda f: f["ragged"].__setitem__(1, [2.0, 9.0]), "/ragged"),
            (lambda f: f["ragged"].__setitem__(0, []), "/ragged length"),
            (lambda f: f["gw"].attrs.__setitem__("pointer", f["events"].ref), "/gw attribute 'pointer'"),
        ],
    )
    def test_attributes_text_fields_and_references_count(self, tmp_path, change, place):
        a, b = self.write(tmp_path / "a.h5"), self.write(tmp_path / "b.h5")
        with h5py.File(b, "a") as file:
            change(file)
        assert place in [x.place for x in differences(a, b)[0]]

    def test_another_type_or_shape_counts_whatever_the_rule(self, tmp_path):
        a = self.write(tmp_path / "a.h5")
        for data, what in ((np.arange(24.0, dtype="f4").reshape(4, 6), "type"), (np.arange(24.0), "shape")):
            found, _ = differences(a, self.write(tmp_path / "b.h5", data), rtol=1.0)
            assert [x.what for x in found] == [f"another {what}"] and not found[0].tolerated

    def test_digests_of_inputs_follow_the_inputs(self, tmp_path):
        def block(digest, step="gw_psd"):
            inputs = [{"input": "strain", "name": "s.hdf5", "sha256": digest * 64}]
            return json.dumps({"inputs": inputs, "parameters": {"fmin": 20.0}, "step": step})

        a = self.write(tmp_path / "a.h5", provenance=block("0"))
        b = self.write(tmp_path / "b.h5", provenance=block("1"))
        assert same(a, b) == ["/gw attribute 'provenance' /provenance/inputs/0/sha256"]
        b = self.write(tmp_path / "b.h5", provenance=block("0", "gw_q"))
        assert only(a, b).place == "/gw attribute 'provenance' /provenance/step"


class TestFigures:
    pixels = np.random.default_rng(3).integers(0, 255, (20, 30, 3), dtype=np.uint8)

    def png(self, path, pixels=None, level=6, **text):
        info = PngImagePlugin.PngInfo()
        for key, value in text.items():
            info.add_text(key, value)
        image = Image.fromarray(self.pixels if pixels is None else pixels)
        image.save(path, pnginfo=info, compress_level=level)
        return path

    def test_text_and_compression_of_a_png_do_not_count(self, tmp_path):
        a = self.png(tmp_path / "a.png", Software="matplotlib 3.10")
        b = self.png(tmp_path / "b.png", level=1, Software="matplotlib 3.11")
        assert same(a, b) == ["chunk tEXt (Software)"]

    def test_a_pixel_is_named(self, tmp_path):
        changed = self.pixels.copy()
        changed[4, 17, 2] ^= 1
        found = only(self.png(tmp_path / "a.png"), self.png(tmp_path / "b.png", changed))
        assert found.first == "row 4, column 17 (from the upper left), band B"
        assert (found.count, found.total, found.max_abs) == (1, 1800, 1)

    def test_another_size_counts(self, tmp_path):
        found, _ = differences(self.png(tmp_path / "a.png"), self.png(tmp_path / "b.png", self.pixels[:10]))
        assert "pixels" in [x.place for x in found]

    def test_a_flipped_bit_fails_the_crc(self, tmp_path):
        a = self.png(tmp_path / "a.png")
        raw = bytearray(a.read_bytes())
        raw[-30] ^= 1
        (tmp_path / "b.png").write_bytes(raw)
        (found,), _ = compare_files(a, tmp_path / "b.png")
        assert "fails its CRC" in found.what

    def test_a_reason_holds_no_path_and_no_address(self, tmp_path, monkeypatch):
        a = self.png(tmp_path / "a.png")
        end = a.read_bytes()[-12:]
        (tmp_path / "b.png").write_bytes(a.read_bytes()[:8] + end)
        (found,), _ = compare_files(a, tmp_path / "b.png")
        assert found.what == "the candidate cannot be read as png: cannot identify image file b.png"

        def refuse(path):
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setitem(formats.DECODERS, "png", (1, refuse))
        (found,), _ = compare_files(a, tmp_path / "b.png")
        assert "'a.png'" in found.what and str(tmp_path) not in found.what

    def figure(self, path, value=1.0, **metadata):
        figure = Figure(figsize=(2, 2))
        figure.subplots().plot([0, value])
        figure.savefig(path, metadata=metadata)
        return path

    def test_pdf_dates_do_not_count_and_streams_do(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
        a = self.figure(tmp_path / "a.pdf")
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
        assert same(a, self.figure(tmp_path / "b.pdf")) == ["CreationDate"]
        same(a, self.figure(tmp_path / "b.pdf", CreationDate=None))
        found, _ = differences(a, self.figure(tmp_path / "c.pdf", 2.0))
        assert any(x.place.startswith("stream") for x in found)
        assert only(a, self.figure(tmp_path / "d.pdf", Title="t")).place == "objects"

    def test_pdf_identifier_does_not_count(self, tmp_path):
        a = self.figure(tmp_path / "a.pdf")
        for name, digits in (("b.pdf", b"00"), ("c.pdf", b"11")):
            raw = a.read_bytes()
            end = raw.rindex(b"trailer\n<<") + len(b"trailer\n<<")
            identifier = b" /ID [<" + digits * 16 + b"> <" + digits * 16 + b">]"
            (tmp_path / name).write_bytes(raw[:end] + identifier + raw[end:])
        assert same(tmp_path / "b.pdf", tmp_path / "c.pdf") == ["ID"]

    def test_pdf_and_svg_descriptions_may_name_other_digests(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
        monkeypatch.setattr("matplotlib.rcParams", __import__("matplotlib").rcParams | {"svg.hashsalt": "s"})
        for kind, key in (("pdf", "Subject"), ("svg", "Description")):
            files = [
                self.figure(
                    tmp_path / f"{digit}.{kind}",
                    **{key: json.dumps({"inputs": [{"name": "x", "sha256": digit * 64}], "step": "plot"})},
                )
                for digit in "01"
            ]
            assert same(*files) == ["digests of the inputs in the provenance"]

    def test_svg_date_does_not_count(self, tmp_path, monkeypatch):
        monkeypatch.setattr("matplotlib.rcParams", __import__("matplotlib").rcParams | {"svg.hashsalt": "s"})
        a = self.figure(tmp_path / "a.svg", Date="2020-01-01")
        assert same(a, self.figure(tmp_path / "b.svg", Date="2021-01-01")) == ["dc:date"]
        assert "text" in [x.place for x in differences(a, self.figure(tmp_path / "c.svg", 2.0, Date="x"))[0]]


class TestTables:
    def ecsv(self, path, meta=None, **change):
        table = QTable({"t": Time([50000.5, 50001.5], format="mjd"), "flux": [1.5, 2.5] * u.Jy, "n": [1, 2]})
        for name, value in change.items():
            table[name] = value
        table["flag"] = MaskedColumn([1, 2], mask=[True, False])
        table.meta = meta or {"b": 1, "a": [1, 2]}
        table.write(path, format="ascii.ecsv", overwrite=True)
        return path

    def test_the_order_of_meta_does_not_count(self, tmp_path):
        a, b = self.ecsv(tmp_path / "a.ecsv"), self.ecsv(tmp_path / "b.ecsv")
        text = a.read_text()
        assert "b: 1" in text
        reordered = text.replace("# - {b: 1}\n", "").replace("# schema", "# - {b: 1}\n# schema")
        b.write_text(reordered)
        same(a, b)

    @pytest.mark.parametrize(
        ("change", "place"),
        [
            ({"flux": [1.5, 2.6] * u.Jy}, "column 'flux'"),
            ({"flux": [1.5, 2.5] * u.mJy}, "column 'flux', unit"),
            ({"t": Time([50000.5, 50002.5], format="mjd")}, "column 't.jd1'"),
            ({"meta": {"b": 2, "a": [1, 2]}}, "metadata /b"),
        ],
    )
    def test_values_units_times_and_meta_count(self, tmp_path, change, place):
        found, _ = differences(self.ecsv(tmp_path / "a.ecsv"), self.ecsv(tmp_path / "b.ecsv", **change))
        assert place in [x.place for x in found]
        if place == "column 'flux'":
            assert (found[0].first, found[0].reference, found[0].candidate) == ("row [1]", "2.5", "2.6")

    def test_what_lies_under_a_mask_is_no_content(self, tmp_path):
        for name, hidden in (("a.ecsv", 7), ("b.ecsv", 8), ("c.ecsv", 8)):
            table = Table([MaskedColumn([hidden, 1], name="x", mask=[True, name == "c.ecsv"])])
            table.write(tmp_path / name, format="ascii.ecsv", serialize_method="data_mask")
        same(tmp_path / "a.ecsv", tmp_path / "b.ecsv")
        found, _ = differences(tmp_path / "a.ecsv", tmp_path / "c.ecsv")
        assert (found[0].place, found[0].first) == ("column 'x', missing values", "row [1]")

    def test_csv_is_compared_by_cell(self, tmp_path):
        a, b = tmp_path / "a.csv", tmp_path / "b.csv"
        a.write_text("# made by x\nname,snr,id\nGW170817,32.4,007\nGW150914,24,008\n")
        b.write_text('# made by x\r\n"name",snr,id\r\nGW170817,32.40,007\r\nGW150914,24.0,008\r\n')
        same(a, b)
        b.write_text("# made by x\nname,snr,id\nGW170817,32.4,007\nGW150914,24.5,008\n")
        found = only(a, b)
        assert (found.place, found.first, found.max_abs) == ("column 'snr'", "row [1]", 0.5)
        b.write_text("# made by x\nname,snr,id\nGW170817,32.4,7\nGW150914,24,8\n")
        assert only(a, b).place == "column 'id'"
        b.write_text("# made by x\nname,snr,id\nGW170817,32.4\nGW150914,24,8\n")
        assert differences(a, b)[0]

    def test_votable_serialisations_hold_the_same_table(self, tmp_path):
        table = Table({"ra": [1.0, 2.0], "name": ["a", "b"]})
        for name, kind in (("a.vot", "tabledata"), ("b.vot", "binary2")):
            table.write(tmp_path / name, format="votable", tabledata_format=kind)
        same(tmp_path / "a.vot", tmp_path / "b.vot")
        table["ra"][1] = 3.0
        table.write(tmp_path / "c.vot", format="votable")
        found = only(tmp_path / "a.vot", tmp_path / "c.vot")
        assert (found.place, found.first) == ("table 0, column 'ra'", "row [1]")

    def test_votable_names_inputs_whose_digests_are_their_own_matter(self, tmp_path):
        table = Table({"ra": [1.0, 2.0]})
        block = {"step": "skymap_position", "inputs": [{"input": "skymap", "name": "a", "sha256": "0" * 64}]}
        for name, digit, step in (("a", "0", "x"), ("b", "1", "x"), ("c", "0", "y")):
            made = {**block, "step": step, "inputs": [{**block["inputs"][0], "sha256": digit * 64}]}
            file = votable.from_table(table)
            file.resources[0].infos.append(votable.tree.Info(name="provenance", value=json.dumps(made)))
            file.to_xml(str(tmp_path / f"{name}.vot"))
        same(tmp_path / "a.vot", tmp_path / "b.vot")
        assert "/provenance/step" in only(tmp_path / "a.vot", tmp_path / "c.vot").place

    def test_parquet_layout_does_not_count(self, tmp_path):
        arrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
        parquet = pytest.importorskip("pyarrow.parquet")
        data = {"x": [1.0, None, 3.0], "name": ["a", "b", None]}
        parquet.write_table(arrow.table(data), tmp_path / "a.parquet", compression="snappy")
        parquet.write_table(arrow.table(data), tmp_path / "b.parquet", compression="gzip", row_group_size=1)
        same(tmp_path / "a.parquet", tmp_path / "b.parquet")
        parquet.write_table(arrow.table(data | {"x": [1.0, 0.0, 3.0]}), tmp_path / "c.parquet")
        assert only(tmp_path / "a.parquet", tmp_path / "c.parquet").place == "column 'x', missing values"


class TestText:
    def pair(self, tmp_path, name, one, two):
        for folder, text in (("a", one), ("b", two)):
            (tmp_path / folder).mkdir(exist_ok=True)
            (tmp_path / folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "a" / name, tmp_path / "b" / name

    def test_json_order_and_space_do_not_count(self, tmp_path):
        same(*self.pair(tmp_path, "x.json", '{"a": 1, "b": [1.0, 2]}', '{"b":[1,2.00],"a":1}'))

    @pytest.mark.parametrize(
        ("one", "two", "place"),
        [
            ('{"a/b": {"m~n": 1}}', '{"a/b": {"m~n": 2}}', "/a~1b/m~0n"),
            ('{"a": [{"x": 1}, {"x": 2}]}', '{"a": [{"x": 1}, {"x": 3}]}', "/a/1/x"),
            ('{"a": {}}', '{"a": []}', "/a (empty object)"),
            ('{"a": null}', '{"a": "null"}', "/a"),
            ('{"a": 1}', '{"a": 1.0}', "/a"),
            ('{"a": 1}', '{"a": true}', "/a"),
            ('{"a": 18446744073709551617}', '{"a": 18446744073709551616}', "/a"),
            ('{"a": NaN}', '{"a": 0.0}', "/a"),
            ("1", "2", "(whole)"),
        ],
    )
    def test_json_is_named_by_pointer(self, tmp_path, one, two, place):
        found, _ = differences(*self.pair(tmp_path, "x.json", one, two))
        assert found[0].place == place

    def test_a_number_in_a_list_is_named_by_pointer(self, tmp_path):
        files = self.pair(tmp_path, "x.json", '{"m": [1.0, 2.0, 3.0]}', '{"m": [1.0, 2.5, 3.0]}')
        assert only(*files).first == "/m/1"

    def test_a_member_given_twice_is_unreadable(self, tmp_path):
        (found,), _ = compare_files(*self.pair(tmp_path, "x.json", '{"a": 1}', '{"a": 1, "a": 1}'))
        assert "member 'a' is there twice" in found.what

    def test_text_is_named_by_line(self, tmp_path):
        found = only(*self.pair(tmp_path, "x.txt", "a\nb\nc\n", "a\nB\nc\n"))
        assert (found.first, found.reference, found.candidate) == ("line 2", "'b\\n'", "'B\\n'")
        found = only(*self.pair(tmp_path, "x.txt", "a\nb\n", "a\nb\nc\n"))
        assert (found.first, found.reference, found.candidate) == ("line 3", "nothing", "'c\\n'")
        assert only(*self.pair(tmp_path, "x.txt", "a\n", "a\r\n")).first == "line 1"

    def test_unknown_bytes_are_named_by_offset(self, tmp_path):
        found = only(*self.pair(tmp_path, "x.gwf", b"IGWD\x00\x01\x02", b"IGWD\x00\xff\x02"))
        assert (found.place, found.first, found.candidate) == ("bytes", "byte 5 (0x5)", "255")

    def test_zero_bytes_at_the_end_count(self, tmp_path):
        assert only(*self.pair(tmp_path, "x.bin", b"a\x00", b"a\x00\x00"))

    def test_dates_inside_an_npz_do_not_count(self, tmp_path):
        stream = io.BytesIO()
        np.save(stream, np.arange(4.0))
        files = []
        for year in (1999, 2020):
            files.append(tmp_path / f"{year}.npz")
            with zipfile.ZipFile(files[-1], "w") as archive:
                archive.writestr(zipfile.ZipInfo("x.npy", (year, 1, 1, 0, 0, 0)), stream.getvalue())
        same(*files)
        np.savez(tmp_path / "c.npz", x=np.array([0.0, 1, 2, 4]))
        assert only(files[0], tmp_path / "c.npz").first == "[3]"

    def test_a_pickle_is_never_loaded(self, tmp_path):
        for name in ("a.npy", "b.npy"):
            np.save(tmp_path / name, np.array([{name: 1}], dtype=object), allow_pickle=True)
        (found,), _ = compare_files(tmp_path / "a.npy", tmp_path / "b.npy")
        assert "allow_pickle" in found.what
