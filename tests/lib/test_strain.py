"""Strain files: against gwpy on real data, joined and cut, and every way in which they can be wrong."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
from gwpy.timeseries import StateVector, TimeSeries

from tidings.errors import InputError
from tidings.gw import _segments
from tidings.gw._quality import flat, runs
from tidings.gw.strain import Stretch, check_window, read_strain

ROOT = Path(__file__).parents[2]
STRAIN = ROOT / "data/gw/strain"
H1 = STRAIN / "H-H1_LOSC_4_V2-1126259446-32.hdf5"
L1 = STRAIN / "L-L1_LOSC_4_V2-1126259446-32.hdf5"
BIG_DOG = STRAIN / "HLV-HW100916-968654552-1.gwf"
FRAME = ROOT / "tests/data/gwf/H-H1_GWOSC_4KHZ_R1-1126259462-1.gwf"
T0 = 1126259446
QUALITY = ("DATA", "CBC_CAT1", "CBC_CAT2", "CBC_CAT3", "BURST_CAT1", "BURST_CAT2", "BURST_CAT3")
INJECTIONS = ("NO_CBC_HW_INJ", "NO_BURST_HW_INJ", "NO_DETCHAR_HW_INJ", "NO_CW_HW_INJ", "NO_STOCH_HW_INJ")


def gwosc_file(folder, start, value, rate=64.0, detector="H1", quality=None, name=None, injections=None):
    """Write a file of the GWOSC layout; masks are integers per second, or None to leave them out."""
    value = np.asarray(value, float)
    path = folder / (name or f"{detector[0]}-{detector}_TEST_R1-{int(start)}-{int(value.size / rate)}.hdf5")
    with h5py.File(path, "w") as file:
        strain = file.create_dataset(
            "strain/Strain", data=value, chunks=(min(64, value.size),), compression="gzip"
        )
        strain.attrs.update(Xstart=start, Xspacing=1 / rate, Npoints=value.size)
        file["meta/Detector"], file["meta/GPSstart"], file["meta/Duration"] = (
            detector,
            start,
            value.size / rate,
        )
        for key, prefix, bits, names in (
            ("quality/simple", "DQ", quality, QUALITY),
            ("quality/injections", "Inj", injections, INJECTIONS),
        ):
            if bits is not None:
                mask = file.create_dataset(f"{key}/{prefix}mask", data=np.asarray(bits, np.uint32))
                mask.attrs.update(Xstart=start, Xspacing=1.0)
                file[f"{key}/{prefix}Shortnames"] = np.array([n.encode() for n in names])
    return path


def noise(size, seed=0):
    return np.random.default_rng(seed).normal(size=size)


@pytest.fixture
def four(tmp_path):
    """Four seconds of noise at 64 Hz; CBC_CAT1 fails in the third, an injection runs in the fourth."""
    path = gwosc_file(tmp_path, 1000, noise(256), quality=[127, 127, 125, 127], injections=[31, 31, 31, 30])
    return read_strain(path)


# Reading --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", sorted(STRAIN.glob("*.hdf5")), ids=lambda path: path.stem)
def test_real_files_equal_gwpy(path):
    ours, theirs = read_strain(path), TimeSeries.read(path, format="hdf5.gwosc")
    assert ours.value.tobytes() == theirs.value.astype(float).tobytes()
    assert (ours.t0, ours.rate) == (theirs.t0.value, theirs.sample_rate.value)
    assert (ours.t1, ours.duration) == (theirs.span[1], theirs.duration.value)
    assert ours.detector == path.name.split("-")[1][:2]
    assert ours.files == (path.name,)
    assert ours.good().all()


@pytest.mark.parametrize(("path", "injected"), [(H1, 31), (L1, 23)])
def test_real_masks_equal_gwpy(path, injected):
    ours = read_strain(path)
    theirs = StateVector.read(path, format="hdf5.gwosc")
    assert np.array_equal(ours.quality.bits, theirs.value)
    assert ours.quality.names == QUALITY
    assert ours.quality.descriptions[1] == "passes cbc CAT1 test"
    # L1 had continuous-wave injections running; gwpy reads no injection mask.
    assert set(ours.injections.bits.tolist()) == {injected}
    assert ours.bit("NO_CW_HW_INJ").all() == (injected == 31)
    assert ours.injections.names == INJECTIONS


def test_files_without_masks_say_so():
    strain = read_strain(STRAIN / "H-H1_MMODA_4KHZ-1187008880-4.hdf5")
    assert strain.quality is None
    assert strain.injections is None
    assert strain.good("DATA", "CBC_CAT1").all()
    with pytest.raises(InputError, match="no quality bit 'DATA'; the files have none"):
        strain.bit("DATA")


def test_window_of_a_file():
    whole, part = read_strain(H1), read_strain(H1, start=T0 + 4.3, end=T0 + 6.75)
    first = int(np.ceil(4.3 * 4096))
    assert part.value.tobytes() == whole.value[first : int(6.75 * 4096)].tobytes()
    assert part.t0 == T0 + first / 4096
    assert part.times()[-1] == T0 + 6.75 - 1 / 4096
    assert (part.quality.start, part.quality.stop) == (T0 + 4, T0 + 7)
    crop = whole.crop(T0 + 4.3, T0 + 6.75)
    assert (crop.value.tobytes(), crop.t0) == (part.value.tobytes(), part.t0)


def test_a_window_of_a_long_file_loads_that_window_only(tmp_path, monkeypatch):
    path, loaded = gwosc_file(tmp_path, 1000, noise(64000)), []
    original = h5py.Dataset.__getitem__

    def watched(self, key, *rest):
        out = original(self, key, *rest)
        loaded.append(np.size(out))
        return out

    monkeypatch.setattr(h5py.Dataset, "__getitem__", watched)
    assert len(read_strain(path, start=1500, end=1502).value) == 128
    assert max(loaded) == 128


def test_frame_and_hdf5_give_the_same_strain():
    frame, file = read_strain(FRAME, "H1"), read_strain(H1, "H1", T0 + 16, T0 + 17)
    assert (frame.t0, frame.rate, frame.detector) == (file.t0, file.rate, file.detector)
    assert frame.value.tobytes() == file.value.tobytes()
    for ours, theirs in ((frame.quality, file.quality), (frame.injections, file.injections)):
        assert (ours.start, ours.bits.tolist(), ours.names) == (
            theirs.start,
            theirs.bits.tolist(),
            theirs.names,
        )
    cut = read_strain(FRAME, start=T0 + 16.25, end=T0 + 16.5)
    assert cut.value.tobytes() == file.value[1024:2048].tobytes()


def test_frame_of_three_detectors():
    for detector in ("H1", "L1", "V1"):
        strain = read_strain(BIG_DOG, detector)
        assert (strain.detector, strain.rate, strain.duration) == (detector, 16384.0, 1.0)
    assert read_strain(BIG_DOG, channel="V1:h_16384Hz").detector == "V1"
    with pytest.raises(InputError, match="several strain channels"):
        read_strain(BIG_DOG)
    with pytest.raises(InputError, match="holds V1, not H1"):
        read_strain(BIG_DOG, "H1", channel="V1:h_16384Hz")
    with pytest.raises(InputError, match="no channel 'H1:NOPE'"):
        read_strain(BIG_DOG, channel="H1:NOPE")


# Joining --------------------------------------------------------------------------------------------


def test_files_are_joined_in_time_order(tmp_path):
    value = noise(256)
    paths = [gwosc_file(tmp_path, 1000 + k, value[64 * k : 64 * (k + 1)], quality=[k]) for k in (3, 0, 2, 1)]
    strain = read_strain(paths)
    assert strain.value.tobytes() == value.tobytes()
    assert strain.t0 == 1000
    assert strain.quality.bits.tolist() == [0, 1, 2, 3]
    assert strain.files == tuple(f"H-H1_TEST_R1-{1000 + k}-1.hdf5" for k in range(4))


def test_a_gap_is_nan_and_of_unknown_quality(tmp_path):
    paths = [
        gwosc_file(tmp_path, start, noise(128), quality=[127, 127], injections=[31, 31])
        for start in (1000, 1005)
    ]
    strain = read_strain(paths)
    assert list(runs(~np.isfinite(strain.value))) == [(128, 320)]
    assert strain.quality.known.tolist() == [True, True, False, False, False, True, True]
    assert list(runs(strain.good("DATA"))) == [(0, 128), (320, 448)]
    assert list(runs(strain.bit("NO_CBC_HW_INJ"))) == [(0, 128), (320, 448)]
    assert list(runs(strain.good())) == [(0, 128), (320, 448)]


def test_a_file_without_masks_among_others(tmp_path):
    paths = [gwosc_file(tmp_path, 1000, noise(64), quality=[127]), gwosc_file(tmp_path, 1001, noise(64))]
    assert read_strain(paths).bit("CBC_CAT1").tolist() == [True] * 64 + [False] * 64


def test_overlaps_must_agree(tmp_path):
    value = noise(192)
    paths = [
        gwosc_file(tmp_path, 1000, value[:128], quality=[1, 3]),
        gwosc_file(tmp_path, 1001, value[64:], quality=[3, 7]),
    ]
    assert read_strain(paths).value.tobytes() == value.tobytes()
    assert read_strain(paths).quality.bits.tolist() == [1, 3, 7]
    value[100] += 1e-9
    gwosc_file(tmp_path, 1001, value[64:], quality=[3, 7])
    with pytest.raises(InputError, match=r"1001-2.hdf5: differs at GPS 1001\.5625 from another file"):
        read_strain(paths)


def test_masks_of_overlaps_must_agree(tmp_path):
    value = noise(192)
    paths = [
        gwosc_file(tmp_path, 1000, value[:128], quality=[1, 3]),
        gwosc_file(tmp_path, 1001, value[64:], quality=[2, 7]),
    ]
    with pytest.raises(InputError, match="disagree on the quality bits at GPS 1001"):
        read_strain(paths)


def test_what_cannot_be_joined(tmp_path):
    first = gwosc_file(tmp_path, 1000, noise(128))
    with pytest.raises(InputError, match=r"L-L1.*is of L1,.*H-H1.*of H1"):
        read_strain([first, gwosc_file(tmp_path, 1002, noise(128), detector="L1")])
    with pytest.raises(InputError, match=r"1003-1.hdf5 is sampled at 128 Hz,.*1000-2.hdf5 at 64 Hz"):
        read_strain([first, gwosc_file(tmp_path, 1003, noise(128), rate=128.0)])
    with pytest.raises(InputError, match="samples fall between"):
        read_strain([first, gwosc_file(tmp_path, 1004.005, noise(128))])
    with pytest.raises(InputError, match=r"ends at GPS 1002.*starts 99998 s later; give a window"):
        read_strain([first, gwosc_file(tmp_path, 101000, noise(128))])
    with pytest.raises(InputError, match="no strain file given"):
        read_strain([])


# Folders --------------------------------------------------------------------------------------------


def test_folder_of_several_detectors_and_events():
    strain = read_strain(STRAIN, "L1", T0 + 10, T0 + 20)
    assert strain.files == (L1.name,)
    assert read_strain(STRAIN, "V1", 1186741840, 1186741850).rate == 1024
    assert read_strain(STRAIN, "L1", 968654552, 968654553).files == (BIG_DOG.name,)


def test_folder_is_named_when_nothing_fits(tmp_path):
    with pytest.raises(InputError, match=r"no strain file of K1 named like K-K1_"):
        read_strain(STRAIN, "K1")
    with pytest.raises(
        InputError, match=r"no file in the window GPS 5 to 6; the files cover .*1126259446 to 1126259478"
    ):
        read_strain(STRAIN, "H1", 5, 6)
    with pytest.raises(InputError, match=f"{tmp_path}: no strain file named like"):
        read_strain(tmp_path)


def test_folder_takes_the_files_of_the_window(tmp_path):
    value = noise(256)
    for k in range(4):
        gwosc_file(tmp_path, 1000 + k, value[64 * k : 64 * (k + 1)])
    (tmp_path / "H-H1_TEST_R1-1002-1.txt").write_text("not read")
    strain = read_strain(tmp_path, "H1", 1001.5, 1003)
    assert strain.value.tobytes() == value[96:192].tobytes()
    assert len(strain.files) == 2


# Bad files ------------------------------------------------------------------------------------------


def test_missing_empty_and_foreign_files(tmp_path):
    with pytest.raises(InputError, match=r"nothing\.hdf5: no such file"):
        read_strain(tmp_path / "nothing.hdf5")
    path = tmp_path / "H-H1_TEST-1-1.hdf5"
    for content, why in (
        (b"", "is empty"),
        (b"# Gravitational wave strain for GW150914", "neither an HDF5 nor a frame"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d", "Git LFS pointer"),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match=f"{path}: .*{why}"):
            read_strain(path)


@pytest.mark.parametrize("part", [0.001, 0.1, 0.5, 0.999])
def test_truncated_hdf5(tmp_path, part):
    path = tmp_path / H1.name
    path.write_bytes(H1.read_bytes()[: int(part * H1.stat().st_size)])
    with pytest.raises(InputError, match=f"{path}: the HDF5 file is (truncated|damaged).*fetch it again"):
        read_strain(path)


def test_damaged_samples(tmp_path):
    path = tmp_path / H1.name
    raw = bytearray(H1.read_bytes())
    with h5py.File(H1) as file:
        chunk = file["strain/Strain"].id.get_chunk_info(10)
    raw[chunk.byte_offset + 50 : chunk.byte_offset + 90] = bytes(40)
    path.write_bytes(raw)
    with pytest.raises(InputError, match=f"{path}: the HDF5 file is damaged"):
        read_strain(path)
    # Chunk 10 holds samples 20480 to 22527: what lies beside it is still read.
    assert read_strain(path, start=T0 + 6, end=T0 + 7).duration == 1


def edited(tmp_path, edit, source=H1):
    path = tmp_path / source.name
    shutil.copy(source, path)
    with h5py.File(path, "r+") as file:
        edit(file)
    return path


def replace(key, value):
    def edit(file):
        del file[key]
        file[key] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "why"),
    [
        (lambda file: file.move("strain", "data"), "no dataset strain/Strain.*holds: data, meta, quality"),
        (lambda file: file["strain/Strain"].attrs.pop("Xspacing"), "no usable attribute Xspacing"),
        (lambda file: file["strain/Strain"].attrs.modify("Xspacing", 0.0), "no usable attribute Xspacing"),
        (lambda file: file["strain/Strain"].attrs.modify("Xstart", T0 + 1), "contradicts the Xstart"),
        (replace("meta/Detector", "L1"), "meta/Detector says L1, the file name H1; was the file renamed"),
        (replace("quality/simple/DQmask", np.ones(32)), "DQmask is not one integer per second"),
        (lambda file: file.pop("quality/injections/InjShortnames"), "Injmask is not one integer per second"),
        (replace("strain/Strain", np.zeros((2, 2))), "no dataset strain/Strain"),
    ],
)
def test_other_layouts(tmp_path, edit, why):
    path = edited(tmp_path, edit)
    with pytest.raises(InputError, match=f"{path}: .*{why}"):
        read_strain(path)


def test_a_renamed_file(tmp_path):
    path = tmp_path / "H-H1_LOSC_4_V2-1126250000-32.hdf5"
    shutil.copy(H1, path)
    with pytest.raises(
        InputError, match="the file name says GPS 1126250000, the content starts at 1126259446"
    ):
        read_strain(path)
    free = tmp_path / "gw150914.hdf5"
    shutil.copy(H1, free)
    assert read_strain(free).t0 == T0


def test_start_from_either_place(tmp_path):
    for key in ("attribute", "meta"):
        path = edited(
            tmp_path,
            lambda file, key=key: (
                file["strain/Strain"].attrs.pop("Xstart") if key == "meta" else file.pop("meta/GPSstart")
            ),
        )
        assert read_strain(path).t0 == T0


def test_wrong_detector_and_window():
    with pytest.raises(InputError, match=f"{H1}: holds H1, not L1"):
        read_strain(H1, "L1")
    with pytest.raises(
        InputError, match=r"no strain in the window GPS 5 to 6: .*covers GPS 1126259446 to 1126259478"
    ):
        read_strain([H1], start=5, end=6)
    with pytest.raises(InputError, match="no strain in the window GPS 1126259478 to"):
        read_strain(H1, start=T0 + 32)
    with pytest.raises(InputError, match="is empty: its start must lie before its end"):
        read_strain(H1, start=T0 + 5, end=T0 + 5)


# Windows --------------------------------------------------------------------------------------------


def test_a_good_window_passes():
    report = check_window(read_strain(L1), T0 + 14, T0 + 18)
    assert (report.bad, report.unchecked) == ((), ())
    assert report.injections == (Stretch(T0 + 14, T0 + 18, "NO_CW_HW_INJ cleared"),)


def test_bad_seconds_are_listed_with_their_bits(four):
    with pytest.raises(InputError) as caught:
        check_window(
            four, 1001.5, 1003.5, required=("DATA", "CBC_CAT1", "NO_CBC_HW_INJ"), how="pass --allow-bad"
        )
    message = str(caught.value)
    assert "H1: bad data in the window GPS 1001.5 to 1003.5 of H-H1_TEST_R1-1000-4.hdf5" in message
    assert "GPS 1002 to 1003: CBC_CAT1 not set" in message
    assert "GPS 1003 to 1003.5: NO_CBC_HW_INJ not set" in message
    assert message.endswith("or pass --allow-bad.")


def test_bad_seconds_outside_of_the_window_do_not_matter(four):
    assert check_window(four, 1000, 1002).bad == ()
    assert check_window(four, 1003, 1004).injections == (Stretch(1003, 1004, "NO_CBC_HW_INJ cleared"),)


def test_bad_data_can_be_allowed(four):
    report = check_window(four, 1000, 1004, allow_bad=True)
    assert report.bad == (Stretch(1002, 1003, "CBC_CAT1 not set"),)


def test_nan_zeros_and_constants_are_found(tmp_path):
    value = noise(640)
    value[64:96], value[192:256], value[320:352], value[400:410] = np.nan, 0.0, 1.5, 0.0
    strain = read_strain(gwosc_file(tmp_path, 1000, value))
    report = check_window(strain, 1000, 1010, allow_bad=True)
    assert report.bad == (
        Stretch(1001, 1001.5, "no data (NaN)"),
        Stretch(1003, 1004, "zeros"),
        Stretch(1005, 1005.5, "constant value"),
    )
    assert report.unchecked == ("DATA", "CBC_CAT1")
    assert np.count_nonzero(~strain.good()) == 32 + 64 + 32


def test_missing_parts_of_the_window(tmp_path):
    strain = read_strain([gwosc_file(tmp_path, start, noise(64)) for start in (1000, 1003)])
    with pytest.raises(InputError) as caught:
        check_window(strain, 998, 1006)
    for line in (
        "GPS 998 to 1000: no data (before the first file)",
        "GPS 1001 to 1003: no data (NaN)",
        "GPS 1004 to 1006: no data (after the last file)",
    ):
        assert line in str(caught.value)


def test_windows_without_any_data(tmp_path):
    strain = read_strain([gwosc_file(tmp_path, start, noise(64)) for start in (1000, 1003)])
    for allow in (False, True):
        with pytest.raises(InputError, match="holds no data, only NaN"):
            check_window(strain, 1001.5, 1002.5, allow_bad=allow)
        with pytest.raises(
            InputError, match="no strain in GPS 2000 to 2001; the data cover GPS 1000 to 1004"
        ):
            check_window(strain, 2000, 2001, allow_bad=allow)
    with pytest.raises(InputError, match="start must lie before its end"):
        check_window(strain, 1001, 1001)


def test_unknown_bits_are_an_error(four):
    with pytest.raises(InputError, match="no quality bit 'CBC_CAT9'; the files have DATA, CBC_CAT1"):
        check_window(four, 1000, 1001, required=("CBC_CAT9",))


# Details --------------------------------------------------------------------------------------------


def test_bits_beyond_the_named_ones(tmp_path):
    strain = read_strain(gwosc_file(tmp_path, 1000, noise(128), quality=[127 + 256, 127]))
    assert strain.quality.names == (*QUALITY, "BIT7", "BIT8")
    assert strain.bit("BIT8").tolist() == [True] * 64 + [False] * 64


def test_flat_stretches_have_a_least_length():
    x = np.array([1, 0, 0, 0, 2, 5, 5, 3, 4, 4, 4, 4.0])
    assert list(runs(flat(x, 3))) == [(1, 4), (8, 12)]
    assert list(runs(flat(x, 2))) == [(1, 4), (5, 7), (8, 12)]
    assert not flat(x[:1], 1).any()


@pytest.mark.parametrize(
    ("name", "want"),
    [
        ("H-H1_GWOSC_4KHZ_R1-1187008867-32.hdf5", ("H", "H1", 1187008867, 32)),
        ("L-L1_LOSC_CLN_4_V1-1187007040-2048.gwf", ("L", "L1", 1187007040, 2048)),
        ("HLV-HW100916-968654552-1.gwf", ("HLV", None, 968654552, 1)),
        ("H-L1_GWOSC_4KHZ_R1-1187008867-32.hdf5", ("H", None, 1187008867, 32)),
        ("gw150914.hdf5", None),
        ("H-H1_GWOSC_4KHZ_R1-1187008867-32.txt.gz", None),
    ],
)
def test_file_names(name, want):
    parsed = _segments.parse_name(Path(name))
    assert parsed == (want and _segments.FileName(*want))


def test_times_do_not_drift():
    strain = read_strain(H1)
    assert strain.times()[-1] == T0 + 32 - 2.0**-12
    assert np.all(np.diff(strain.times()) == 2.0**-12)


def test_bits_follow_the_seconds_when_the_record_starts_between_two(four):
    late = four.crop(1001.5, 1003.25)
    assert late.bit("CBC_CAT1").tolist() == four.bit("CBC_CAT1")[96:208].tolist()
    assert late.bit("CBC_CAT1").tolist() == [True] * 32 + [False] * 64 + [True] * 16
    assert (late.quality.start, late.quality.bits.tolist()) == (1001, [127, 125, 127])


def test_the_data_are_those_that_were_recorded():
    table = (ROOT / "data/README.md").read_text()
    sums = dict(reversed(line.split("  ")) for line in (ROOT / "data/sha256sums").read_text().splitlines())
    assert {path.relative_to(ROOT / "data").as_posix() for path in STRAIN.iterdir()} <= set(sums)
    for name, digest in sums.items():
        assert hashlib.sha256((ROOT / "data" / name).read_bytes()).hexdigest() == digest, name
        assert f"`{digest}`" in table, name
