"""Frame files: bit for bit what LALFrame and FrameL read, every compression scheme, every kind of damage.

tests/data/gwf holds files written by FrameL (make_frames.py there) and the values that went in.
"""

from __future__ import annotations

import hashlib
import shutil
import struct
import zlib
from pathlib import Path
from typing import ClassVar

import h5py
import numpy as np
import pytest

from tidings.errors import InputError
from tidings.gw._frames import cksum
from tidings.gw._frvect import expand, unpack_zero_suppressed
from tidings.gw.gwf import list_channels, read_channel, strain_channel

ROOT = Path(__file__).parents[2]
FRAMES = ROOT / "tests/data/gwf"
BIG_DOG = ROOT / "data/gw/strain/HLV-HW100916-968654552-1.gwf"
GWOSC = FRAMES / "H-H1_GWOSC_4KHZ_R1-1126259462-1.gwf"
V8, V6 = FRAMES / "H-H1_SCHEMES-1000000000-4.gwf", FRAMES / "H-H1_SCHEMES_V6-1000000000-4.gwf"

# sha256 of the samples (little-endian float64) that lalframe 3.0.8 reads from the file.
LALFRAME = {
    "H1:LDAS-STRAIN": "ad953b78a15ee3386e9f534876292113f487ea6bed37d4e6754bd0c80e601314",
    "L1:LDAS-STRAIN": "b4120d7b528ce0c7e4c494acf3c9e12728145646bad313f3f0a905be3e15993b",
    "V1:h_16384Hz": "1e4a178767c019698307e3938673a1af433de0db20d944155385588f31876d79",
}


@pytest.fixture(scope="module")
def expected():
    with np.load(FRAMES / "schemes.npz") as file:
        return dict(file)


@pytest.mark.parametrize(("channel", "digest"), LALFRAME.items())
def test_real_frame_equals_lalframe_bit_by_bit(channel, digest):
    series = read_channel(BIG_DOG, channel)
    assert hashlib.sha256(series.value.astype("<f8").tobytes()).hexdigest() == digest
    assert (series.t0, series.rate, series.unit) == (968654552.0, 16384.0, "strain")


def test_real_frame_lists_its_channels():
    channels = list_channels(BIG_DOG)
    assert [channel.name for channel in channels] == sorted(LALFRAME)
    assert {(channel.rate, channel.dtype, channel.start, channel.end) for channel in channels} == {
        (16384.0, "f8", 968654552.0, 968654553.0)
    }


@pytest.mark.parametrize("path", [V8, V6], ids=["v8", "v6"])
def test_every_scheme_and_type_gives_what_went_in(path, expected):
    channels = list_channels(path)
    names = {name for name in expected if not name.startswith("codes ")}
    assert {channel.name for channel in channels} == names
    for channel in channels:
        series, want = read_channel(path, channel.name), expected[channel.name]
        assert (series.value.dtype, series.rate) == (want.dtype, 48.0), channel.name
        assert series.value.tobytes() == want.tobytes(), channel.name


def test_the_files_hold_the_schemes_they_are_meant_to(expected):
    codes = {int(code) for name in expected if name.startswith("codes ") for code in expected[name]}
    assert codes == {0, 256 + 1, 256 + 3, 256 + 5, 256 + 8}


@pytest.mark.parametrize("path", [V8, V6], ids=["v8", "v6"])
def test_channel_kinds_calibration_and_time_offset(path, expected):
    kinds = {channel.name: channel for channel in list_channels(path)}
    adc = kinds["H1:ADC"]
    # Written as counts with bias 2 and slope 0.5, a quarter of a second late.
    assert (adc.kind, adc.dtype, adc.start, adc.end) == ("FrAdcData", "i2", 1000000000.25, 1000000004.25)
    assert np.array_equal((expected["H1:ADC"] - 2) * 2, np.round((expected["H1:ADC"] - 2) * 2))
    assert (kinds["H1:SIM"].kind, kinds["H1:F8-0"].kind) == ("FrSimData", "FrProcData")


@pytest.mark.parametrize("path", [V8, V6], ids=["v8", "v6"])
@pytest.mark.parametrize(
    ("start", "end", "first", "last"),
    [(1000000001, 1000000003, 48, 144), (1000000002, None, 96, 192), (None, 1000000000.5, 0, 24),
     (1000000001.99, 1000000002.01, 96, 97)],
)  # fmt: skip
def test_window_across_frames(path, start, end, first, last, expected):
    series = read_channel(path, "H1:I2-5", start, end)
    assert np.array_equal(series.value, expected["H1:I2-5"][first:last])
    assert series.t0 == pytest.approx(1000000000 + first / 48, abs=2e-7)
    assert series.covers == (1000000000.0, 1000000004.0)


def test_gwosc_frame_equals_the_hdf5_file_of_that_second():
    name = strain_channel(GWOSC)
    assert name == strain_channel(GWOSC, "H1") == "H1:GWOSC-4KHZ_R1_STRAIN"
    with h5py.File(ROOT / "data/gw/strain/H-H1_LOSC_4_V2-1126259446-32.hdf5") as file:
        assert np.array_equal(read_channel(GWOSC, name).value, file["strain/Strain"][65536:69632])
    assert read_channel(GWOSC, "H1:GWOSC-4KHZ_R1_INJMASK").value.tolist() == [31]


def test_which_strain_channel():
    assert strain_channel(BIG_DOG, "V1") == "V1:h_16384Hz"
    with pytest.raises(InputError, match=r"several strain channels.*name the detector or channel"):
        strain_channel(BIG_DOG)
    with pytest.raises(InputError, match=r"no strain channel of K1.*H1:LDAS-STRAIN.*name the channel"):
        strain_channel(BIG_DOG, "K1")


def test_channel_and_window_that_are_not_there():
    with pytest.raises(InputError, match="no channel 'H1:X'; the file has H1:LDAS-STRAIN, L1"):
        read_channel(BIG_DOG, "H1:X")
    with pytest.raises(InputError, match="GPS 968654552 to 968654553 are covered"):
        read_channel(BIG_DOG, "H1:LDAS-STRAIN", 968654553, 968654554)


# Checksums -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "sum_"),
    [(b"", 4294967295), (b"123456789", 930766865), (b"\n", 3515105045), (bytes(300), 351385237)],
)  # fmt: skip
def test_cksum_is_that_of_posix(data, sum_):
    # What the command `cksum` prints for these bytes.
    assert cksum(data) == sum_
    assert cksum(data[:4], data[4:]) == sum_


def damaged(tmp_path, source, place, value=None):
    """Copy a file with one byte changed (None: the lowest bit flipped)."""
    raw = bytearray(source.read_bytes())
    raw[place] = raw[place] ^ 1 if value is None else value
    path = tmp_path / source.name
    path.write_bytes(raw)
    return path


@pytest.mark.parametrize("place", [4200, 60000, 125000, 129630])
def test_a_flipped_bit_in_the_samples_is_found(tmp_path, place):
    path = damaged(tmp_path, BIG_DOG, place)
    with pytest.raises(
        InputError, match=f"{path}.*checksum of the FrVect at byte 4129 is wrong.*fetch it again"
    ):
        read_channel(path, "H1:LDAS-STRAIN")
    # The other detectors' samples are whole.
    assert np.isfinite(read_channel(path, "L1:LDAS-STRAIN").value).all()


@pytest.mark.parametrize("source", [V8, V6, GWOSC], ids=["v8", "v6", "gwosc"])
def test_no_damage_passes_unnoticed(tmp_path, source, expected):
    """Flip bits all over: each file is refused by name, or what is read is right."""
    rng, refused = np.random.default_rng(170817), 0
    right = {name: read_channel(source, name) for name in [c.name for c in list_channels(source)][:3]}
    size = source.stat().st_size
    for place in rng.integers(0, size, 60):
        path = damaged(tmp_path, source, place, value=rng.integers(256))
        try:
            assert {channel.name for channel in list_channels(path)} >= set(right)
            for name, want in right.items():
                series = read_channel(path, name)
                assert series.value.tobytes() == want.value.tobytes()
                assert (series.t0, series.rate) == (want.t0, want.rate)
        except InputError as error:
            refused += 1
            assert str(path) in str(error)
    assert refused > 5


@pytest.mark.parametrize("source", [BIG_DOG, V8, V6], ids=["real", "v8", "v6"])
@pytest.mark.parametrize("part", [0.0001, 0.01, 0.3, 0.7, 0.99, 0.99999])
def test_truncated(tmp_path, source, part):
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes()[: max(1, int(source.stat().st_size * part))])
    with pytest.raises(InputError, match=f"{path}.*truncated"):
        list_channels(path)


@pytest.mark.parametrize(
    ("place", "value", "why"),
    [(5, 4, "version 4; versions 6 and 8"), (8, 9, "not that of a"), (12, 0, "not that of a")],
)
def test_other_headers(tmp_path, place, value, why):
    with pytest.raises(InputError, match=why):
        list_channels(damaged(tmp_path, V8, place, value))


# Compression ----------------------------------------------------------------------------------------


def bits_of(number, size):
    return [(number >> bit) & 1 for bit in range(size)]


def zero_suppress(x, code_bits, block):
    """Encode integers as T970130 describes; FrameL 8.48 expands what this gives to the same integers."""
    word = 8 * x.dtype.itemsize
    steps = np.diff(x.astype(object), prepend=0)
    steps = [(int(step) + (1 << (word - 1))) % (1 << word) - (1 << (word - 1)) for step in steps]
    bits = bits_of(block, 16)
    for first in range(0, len(steps), block):
        part = steps[first : first + block]
        width = 1
        if any(part):
            width = next(
                (n for n in range(2, word) if all(1 - (1 << (n - 1)) <= s <= 1 << (n - 1) for s in part)),
                word,
            )
        bits += bits_of(width - 1, code_bits)
        if width > 1:
            for step in part:
                bits += bits_of((step + (1 << (width - 1)) - 1) % (1 << width), width)
    bits += [0] * (-len(bits) % word)
    return np.packbits(bits, bitorder="little").tobytes()


@pytest.mark.parametrize(
    ("dtype", "kind", "scheme", "code_bits", "block"),
    [("i2", 1, 5, 4, 12), ("u2", 9, 5, 4, 12), ("i4", 4, 8, 5, 8), ("u4", 10, 8, 5, 8), ("i8", 5, 10, 6, 4)],
)
@pytest.mark.parametrize("size", [1, 12, 95])
def test_zero_suppression_of_every_width(dtype, kind, scheme, code_bits, block, size):
    info, rng = np.iinfo(dtype), np.random.default_rng(size)
    for width in range(info.bits):
        low, high = max(-(1 << width), info.min), min(1 << width, info.max)
        x = rng.integers(low, high, size, dtype=dtype, endpoint=True)
        data = zero_suppress(x, code_bits, block)
        assert np.array_equal(expand(data, 256 + scheme, kind, size, "<", "test"), x)


def test_zero_suppressed_stream_of_framel():
    # FrVectCompress of FrameL 8.48.4: steps of one in 24 shorts, block size 12, two bits each.
    data = bytes.fromhex("0c0091aaaa1aaaaaaa00")
    assert expand(data, 261, 1, 24, "<", "test").tolist() == list(range(24))


@pytest.mark.parametrize("order", ["<", ">"])
def test_byte_orders(order):
    x = np.array([1.5, -2.25e-21, 3e8])
    swapped = x.astype(f"{order}f8").tobytes()
    flag = 256 if order == "<" else 0
    assert expand(swapped, 0, 2, 3, order, "test").tolist() == x.tolist()
    assert expand(zlib.compress(swapped), 1 + flag, 2, 3, "<", "test").tolist() == x.tolist()
    steps = np.array([5, -3, 10], f"{order}i4").tobytes()
    assert expand(zlib.compress(steps), 3 + flag, 4, 3, "<", "test").tolist() == [5, 2, 12]


@pytest.mark.parametrize(
    ("data", "code", "kind", "size", "why"),
    [
        (bytes(24), 0, 2, 4, "24 bytes of data, expected 32"),
        (zlib.compress(bytes(24)), 257, 2, 4, "24 bytes of data, expected 32"),
        (zlib.compress(bytes(32))[:-5], 257, 2, 4, "compressed data are damaged"),
        (b"no zlib", 257, 2, 4, "compressed data are damaged"),
        (zlib.compress(bytes(32)), 259, 2, 4, "differences of float64"),
        (bytes(8), 0, 8, 1, "type 8 is not numeric"),
        (bytes(8), 0, 77, 1, "type 77 is not numeric"),
        (bytes(8), 256 + 77, 2, 1, "scheme 77"),
        (bytes(8), 5, 1, 2, "big-endian"),
        (bytes(8), 261, 2, 1, "2-byte zero suppression of float64"),
        (b"", 261, 1, 4, "no block size"),
        (bytes(4), 261, 1, 4, "no block size"),
        (bytes.fromhex("0c0091aa"), 261, 1, 24, "end early"),
        (bytes.fromhex("0c0091aaaa1aaaaaaa00") + bytes(40), 261, 1, 24, "do not end with the last block"),
    ],
)  # fmt: skip
def test_data_that_do_not_expand(data, code, kind, size, why):
    with pytest.raises(InputError, match=f"file: channel.*{why}"):
        expand(data, code, kind, size, "<", "file: channel")


def test_unpacked_words_wrap_around():
    x = np.array([0, 32767, -32768, 5], "i2")
    words = unpack_zero_suppressed(zero_suppress(x, 4, 12), 5, 4, "test")
    assert words.tolist() == [0, 32767, 1, 32773]


# A frame file of our own: big-endian, and with what FrameL does not write -------------------------------


def text(order, string):
    return struct.pack(f"{order}H", len(string) + 1) + string.encode() + b"\0"


class Builder:
    """Write frame files from the description of the format (LIGO-T970130, version 8); FrameL reads them."""

    KINDS: ClassVar = {
        "FrameH": (3, "name STRING,run INT_4S,frame INT_4U,dataQuality INT_4U,GTimeS INT_4U,GTimeN INT_4U,"
                      "ULeapS INT_2U,dt REAL_8,type PTR_STRUCT(FrVect *),user PTR_STRUCT(FrVect *),"
                      "detectSim PTR_STRUCT(FrDetector *),detectProc PTR_STRUCT(FrDetector *),"
                      "history PTR_STRUCT(FrHistory *),rawData PTR_STRUCT(FrRawData *),"
                      "procData PTR_STRUCT(FrProcData *),simData PTR_STRUCT(FrSimData *),"
                      "event PTR_STRUCT(FrEvent *),simEvent PTR_STRUCT(FrSimEvent *),"
                      "summaryData PTR_STRUCT(FrSummary *),auxData PTR_STRUCT(FrVect *),"
                      "auxTable PTR_STRUCT(FrTable *)"),
        "FrProcData": (6, "name STRING,comment STRING,type INT_2U,subType INT_2U,timeOffset REAL_8,"
                          "tRange REAL_8,"
                          "fShift REAL_8,phase REAL_4,fRange REAL_8,BW REAL_8,nAuxParam INT_2U,"
                          "auxParam REAL_8[nAuxParam],auxParamNames STRING[nAuxParam],"
                          "data PTR_STRUCT(FrVect *),aux PTR_STRUCT(FrVect *),table PTR_STRUCT(FrTable *),"
                          "history PTR_STRUCT(FrHistory *),next PTR_STRUCT(FrProcData *)"),
        "FrVect": (5, "name STRING,compress INT_2U,type INT_2U,nData INT_8U,nBytes INT_8U,data CHAR[nBytes],"
                      "nDim INT_4U,nx INT_8U[nDim],dx REAL_8[nDim],startX REAL_8[nDim],unitX STRING[nDim],"
                      "unitY STRING,next PTR_STRUCT(FrVect *)"),
        "FrEndOfFrame": (9, "run INT_4S,frame INT_4U,GTimeS INT_4U,GTimeN INT_4U"),
        "FrEndOfFile": (21, "nFrames INT_4U,nBytes INT_8U,seekTOC INT_8U,chkSumFrHeader INT_4U"),
    }  # fmt: skip

    def __init__(self, order="<"):
        self.order, self.instances = order, {}
        self.raw = b"IGWD\0" + bytes([8, 0, 2, 4, 8, 4, 8])
        self.raw += (
            struct.pack(f"{order}HIQfd", 0x1234, 0x12345678, 0x123456789ABCDEF, np.pi, np.pi) + b"\0\1"
        )
        for kind, (number, elements) in self.KINDS.items():
            self.put(1, text(order, kind) + struct.pack(f"{order}H", number) + text(order, ""))
            for element in [*elements.split(","), "chkSum INT_4U"]:
                name, _, type_ = element.partition(" ")
                self.put(2, text(order, name) + text(order, type_) + text(order, ""))

    def put(self, number, body, extra=0):
        instance = self.instances[number] = self.instances.get(number, -1) + 1
        head = struct.pack(f"{self.order}QBBI", 14 + len(body) + 4 + extra, 1, number, instance)
        self.raw += head + body + struct.pack(f"{self.order}I", cksum(head + body))
        return instance

    def head(self, gps, nanoseconds, dt):
        """Write a FrameH whose list of FrProcData begins with instance 0."""
        null = struct.pack(f"{self.order}HI", 0, 0)
        head = struct.pack(f"{self.order}iIIIIHd", 0, 0, 0, gps, nanoseconds, 0, dt) + 6 * null
        self.put(3, text(self.order, "K1") + head + struct.pack(f"{self.order}HI", 6, 0) + 6 * null)

    def proc(self, name, offset, span, pointer):
        """Write a FrProcData of a time series."""
        order = self.order
        body = struct.pack(f"{order}HHdddfddH", 1, 0, offset, span, 0, 0, 0, 0, 0) + struct.pack(
            f"{order}HI", *pointer
        )
        self.put(6, text(order, name) + text(order, "") + body + struct.pack(f"{order}HIHIHIHI", *8 * [0]))

    def frame(self, gps, x, rate, nanoseconds=0, offset=0.0, name="K1:TEST"):
        order = self.order
        self.instances = {kind: n for kind, n in self.instances.items() if kind not in (5, 6)}
        self.head(gps, nanoseconds, x.size / rate)
        self.proc(name, offset, x.size / rate, (5, 0))
        data = x.astype(x.dtype.newbyteorder(order)).tobytes()
        body = text(order, name) + struct.pack(f"{order}HHQQ", 0, 2, x.size, len(data)) + data
        body += struct.pack(f"{order}IQdd", 1, x.size, 1 / rate, 0.0) + text(order, "s") + text(order, "m")
        self.put(5, body + struct.pack(f"{order}HI", 0, 0))
        self.put(9, struct.pack(f"{order}iIII", 0, 0, gps, nanoseconds))

    def write(self, path):
        self.put(21, struct.pack(f"{self.order}IQQI", 1, 0, 0, cksum(self.raw[:40])), extra=4)
        self.raw += struct.pack(f"{self.order}I", cksum(self.raw))
        path.write_bytes(self.raw)
        return path


@pytest.mark.parametrize("order", ["<", ">"])
def test_either_byte_order(tmp_path, order):
    builder, x = Builder(order), np.arange(8.0) - 2.5
    builder.frame(1300000000, x, 4.0, nanoseconds=500_000_000, offset=0.125)
    series = read_channel(builder.write(tmp_path / "K-K1_TEST-1300000000-2.gwf"), "K1:TEST")
    assert series.value.tolist() == x.tolist()
    assert (series.t0, series.rate, series.unit) == (1300000000.625, 4.0, "m")


def test_gap_between_frames_is_nan(tmp_path):
    builder = Builder()
    builder.frame(1300000004, np.ones(8), 4.0)
    builder.frame(1300000000, np.zeros(8), 4.0)
    series = read_channel(builder.write(tmp_path / "a.gwf"), "K1:TEST")
    assert np.array_equal(series.value, np.repeat([0, np.nan, 1], 8), equal_nan=True)
    assert series.t0 == 1300000000


def test_frames_of_different_rates_are_refused(tmp_path):
    builder = Builder()
    builder.frame(1300000000, np.ones(8), 4.0)
    builder.frame(1300000002, np.ones(8), 8.0)
    path = builder.write(tmp_path / "a.gwf")
    with pytest.raises(InputError, match=f"{path}: the sample rate of K1:TEST changes between frames"):
        read_channel(path, "K1:TEST")
    assert read_channel(path, "K1:TEST", 1300000002.5).rate == 8.0


def test_a_pointer_to_nothing(tmp_path):
    builder = Builder()
    builder.frame(1300000000, np.ones(8), 4.0)
    builder.head(1300000002, 0, 2.0)
    builder.proc("K1:TEST", 0.0, 2.0, (5, 7))
    with pytest.raises(InputError, match="nothing lies where class 5, instance 7"):
        list_channels(builder.write(tmp_path / "a.gwf"))


def test_a_structure_of_length_zero_does_not_hang(tmp_path):
    builder = Builder()
    builder.raw += bytes(64)
    with pytest.raises(InputError, match="a structure of 0 bytes"):
        list_channels(builder.write(tmp_path / "a.gwf"))


def test_names_in_messages_are_the_paths_given(tmp_path):
    path = tmp_path / "some where" / "X.gwf"
    path.parent.mkdir()
    shutil.copy(V8, path)
    with pytest.raises(InputError, match=r"some where/X\.gwf"):
        read_channel(path, "nothing")


def test_files_that_cannot_be_opened(tmp_path):
    (tmp_path / "empty.gwf").touch()
    for name, why in (("none.gwf", "No such file"), ("empty.gwf", "is empty"), (".", "Is a directory")):
        with pytest.raises(InputError, match=f"{tmp_path / name}: .*{why}"):
            list_channels(tmp_path / name)
