"""Products of the gravitational-wave reduction: gwpy reads them, they read back, bad files are named."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import h5py
import numpy as np
import pytest
from astropy.io.votable.ucd import check_ucd
from astropy.table import Table
from gwpy.frequencyseries import FrequencySeries
from gwpy.spectrogram import Spectrogram
from gwpy.timeseries import StateVector, TimeSeries, TimeSeriesDict

from tidings.errors import InputError
from tidings.gw._hdf5 import Series
from tidings.gw._quality import BitMask
from tidings.gw.qtransform import QSpectrogram
from tidings.gw.spectrogram_product import (
    SpectrogramProduct,
    read_spectrogram,
    read_spectrogram_product,
    read_tiles,
    tile_table,
    write_spectrogram,
    write_tiles,
)
from tidings.gw.strain_product import StrainProduct, read_strain_product, write_strain

GPS = 1126259462.391  # GW150914 at Hanford (Abbott et al. 2016, PRL 116, 061102): 09:50:45 UTC
GWOSC_FILE = Path(__file__).parents[2] / "data/gw/strain/H-H1_LOSC_4_V2-1126259446-32.hdf5"
QUALITY = BitMask(
    start=1126259440,
    bits=np.r_[np.full(22, 127), 3, 0, np.full(10, 127)].astype(np.int32),
    known=np.arange(34) != 30,
    names=("DATA", "CBC_CAT1"),
    descriptions=("data present", "passes cbc CAT1 test"),
)


def strain_product(**changes) -> StrainProduct:
    rng = np.random.default_rng(1)
    n = 4096
    values = {
        "detector": "H1",
        "t0": 1126259462.25,
        "rate": 1024.0,
        "strain": rng.normal(0, 1e-21, n),
        "whitened": rng.normal(size=n),
        "conditioned": rng.normal(size=n),
        "asd": Series(rng.uniform(1e-23, 1e-22, 1025), 0.0, 0.5),
        "band": (30.0, 400.0),
        "notches": (60.0, 120.0),
        "valid": np.arange(n) >= 100,
        "quality": QUALITY,
        "injections": None,
        "event": "GW150914",
        "event_gps": GPS,
        "channel": "H1:GWOSC-4KHZ_R1_STRAIN",
    }
    return StrainProduct(**{**values, **changes})


def tile_rows(n: int = 3) -> Table:
    rng = np.random.default_rng(2)
    names = ("time", "frequency", "q", "duration", "bandwidth", "energy", "snr", "far")
    table = Table({name: rng.uniform(1, 100, n) for name in names})
    table["time"] += GPS
    for name, unit in {
        "time": "s",
        "frequency": "Hz",
        "duration": "s",
        "bandwidth": "Hz",
        "far": "Hz",
    }.items():
        table[name].unit = unit
    table["energy"].description = "Normalised energy"
    return table


def q_spectrogram(frequencies: np.ndarray | None = None, n_time: int = 50) -> QSpectrogram:
    frequencies = np.geomspace(20, 1024, 30) if frequencies is None else frequencies
    rng = np.random.default_rng(3)
    dt = 0.001
    times = GPS - 0.025 + dt * (np.arange(n_time) + 0.5)
    return QSpectrogram(
        energy=rng.exponential(size=(n_time, len(frequencies))).astype(np.float32),
        times=times,
        t0=float(times[0]),
        dt=dt,
        frequencies=frequencies,
        q=5.65685424949238,
        normalisation="mean",
        valid=rng.random((n_time, len(frequencies))) > 0.1,
        planes=tile_rows(2)["q", "time", "frequency", "energy", "snr"],
        tiles=tile_rows(),
    )


def spectrogram_product(**changes) -> SpectrogramProduct:
    values = {
        "spectrogram": q_spectrogram(),
        "detector": "H1",
        "qrange": (4.0, 64.0),
        "frange": (20.0, 1024.0),
        "whitened": Series(np.arange(100.0), GPS, 1 / 4096),
        "asd": Series(np.full(20, 1e-23), 0.0, 0.5),
        "event": "GW150914",
        "event_gps": GPS,
    }
    return SpectrogramProduct(**{**values, **changes})


def assert_same(one, two) -> None:
    """Compare two dataclasses field by field, exactly."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if isinstance(a, Table):
            assert a.colnames == b.colnames
            assert all(np.array_equal(a[name], b[name]) for name in a.colnames), field.name
            assert [a[name].unit for name in a.colnames] == [b[name].unit for name in a.colnames]
            assert [a[name].description for name in a.colnames] == [
                b[name].description for name in a.colnames
            ]
        elif hasattr(a, "__dataclass_fields__"):
            assert_same(a, b)
        elif isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, field.name
            assert np.array_equal(a, b), field.name
        else:
            assert a == b, field.name


def test_gwpy_reads_the_series(tmp_path):
    product = strain_product()
    write_strain(product, tmp_path / "a.hdf5")
    for name, unit in (("strain", "strain"), ("whitened", ""), ("conditioned", "")):
        series = TimeSeries.read(tmp_path / "a.hdf5", path=name)
        assert np.array_equal(series.value, getattr(product, name))
        assert series.unit == unit
        assert (series.t0.value, series.sample_rate.value) == (1126259462.25, 1024.0)
        assert np.abs(series.times.value - product.times).max() < 1e-6
    assert str(TimeSeries.read(tmp_path / "a.hdf5", path="strain").channel) == product.channel
    assert set(TimeSeriesDict.read(tmp_path / "a.hdf5")) == {"strain", "whitened", "conditioned", "valid"}


def test_gwpy_reads_the_spectrum(tmp_path):
    product = strain_product()
    write_strain(product, tmp_path / "a.hdf5")
    asd = FrequencySeries.read(tmp_path / "a.hdf5", path="asd")
    assert np.array_equal(asd.value, product.asd.value)
    assert np.array_equal(asd.frequencies.value, np.arange(1025) * 0.5)
    # What gwpy itself gives as the unit of an ASD of strain.
    assert asd.unit == TimeSeries(np.ones(64), dt=1 / 64, unit="strain").asd().unit


def test_gwpy_reads_the_bits_of_the_seconds_cut(tmp_path):
    write_strain(strain_product(), tmp_path / "a.hdf5")
    state = StateVector.read(tmp_path / "a.hdf5", path="quality/mask")
    # The strain covers GPS ...462.25 to ...466.25.
    assert state.times.value.tolist() == [1126259462, 1126259463, 1126259464, 1126259465, 1126259466]
    assert list(state.bits) == ["DATA", "CBC_CAT1"]
    assert state.boolean[:2].value.tolist() == [[True, True], [False, False]]


def test_gwpy_reads_the_map(tmp_path):
    product = spectrogram_product()
    write_spectrogram(product, tmp_path / "a.hdf5")
    for name in ("energy", "valid"):
        image = Spectrogram.read(tmp_path / "a.hdf5", path=name)
        assert np.array_equal(image.value, getattr(product.spectrogram, name))
        assert np.array_equal(image.frequencies.value, product.spectrogram.frequencies)
        assert (str(image.xunit), str(image.yunit)) == ("s", "Hz")
        assert (image.x0.value, image.dt.value) == (product.spectrogram.t0, product.spectrogram.dt)
        # gwpy adds up steps that are rounded to the 2.4e-7 s between two float64 of GPS time.
        assert np.abs(image.times.value - product.spectrogram.times).max() < 50 * 1.2e-7
    assert Spectrogram.read(tmp_path / "a.hdf5", path="energy").value.dtype == np.float32


def test_strain_reads_back(tmp_path):
    product = strain_product()
    write_strain(product, tmp_path / "a.hdf5")
    back = read_strain_product(tmp_path / "a.hdf5")
    assert_same(strain_product(quality=QUALITY.crop(1126259462, 1126259467)), back)


def test_bare_strain_reads_back(tmp_path):
    product = StrainProduct("V1", 1e9, 16384.0, np.array([0.0, np.nan, 1.0]))
    write_strain(product, tmp_path / "a.hdf5")
    back = read_strain_product(tmp_path / "a.hdf5")
    assert np.array_equal(back.strain, product.strain, equal_nan=True)
    assert (back.detector, back.event, back.event_gps) == ("V1", "", None)
    assert [back.whitened, back.conditioned, back.asd, back.band, back.valid, back.quality] == [None] * 6


@pytest.mark.parametrize(
    "frequencies",
    [np.geomspace(20, 1024, 30), np.arange(20, 60, 0.5), np.geomspace(10, 8192, 10000), np.array([100.0])],
    ids=["log", "linear", "more than 64 kB", "one row"],
)
def test_spectrogram_reads_back(tmp_path, frequencies):
    product = spectrogram_product(spectrogram=q_spectrogram(frequencies))
    write_spectrogram(product, tmp_path / "a.hdf5")
    assert_same(product, read_spectrogram_product(tmp_path / "a.hdf5"))
    assert_same(product.spectrogram, read_spectrogram(tmp_path / "a.hdf5"))


def test_spectrogram_without_tiles_reads_back(tmp_path):
    empty = q_spectrogram()
    empty = QSpectrogram(**{**vars(empty), "tiles": tile_rows()[:0]})
    product = SpectrogramProduct(empty, "K1", compat="gwpy")
    write_spectrogram(product, tmp_path / "a.hdf5")
    back = read_spectrogram_product(tmp_path / "a.hdf5")
    assert_same(product, back)
    assert len(back.spectrogram.tiles) == 0


def test_root_states_time_in_both_scales(tmp_path):
    write_spectrogram(spectrogram_product(), tmp_path / "a.hdf5", {"step": "gw_spectrogram"})
    with h5py.File(tmp_path / "a.hdf5") as file:
        attrs = dict(file.attrs)
    assert attrs["event_utc"] == "2015-09-14T09:50:45.391000"
    assert attrs["start_gps"] == pytest.approx(GPS - 0.025, abs=1e-6)
    assert attrs["end_gps"] == pytest.approx(GPS + 0.025, abs=1e-6)
    assert attrs["end_utc"] == "2015-09-14T09:50:45.416000"
    assert attrs["detector"] == "H1"
    assert attrs["normalisation"] == "mean"
    assert attrs["provenance"] == '{"step": "gw_spectrogram"}'


def test_times_and_tables_open_without_gwpy(tmp_path):
    write_spectrogram(spectrogram_product(), tmp_path / "a.hdf5")
    with h5py.File(tmp_path / "a.hdf5") as file:
        assert np.array_equal(file["times"], spectrogram_product().spectrogram.times)
    tiles = Table.read(tmp_path / "a.hdf5", path="tiles")
    assert tiles["frequency"].unit == "Hz"
    assert np.array_equal(tiles["snr"], tile_rows()["snr"])


def test_series_of_different_length_are_refused(tmp_path):
    with pytest.raises(ValueError, match="whitened"):
        write_strain(strain_product(whitened=np.zeros(7)), tmp_path / "a.hdf5")
    assert not (tmp_path / "a.hdf5").exists()


def test_tile_table(tmp_path):
    tiles = tile_rows()
    write_tiles(tiles, tmp_path / "a.ecsv", "L1", "GW150914", GPS, {"step": "s"})
    back = read_tiles(tmp_path / "a.ecsv")
    for name in tiles.colnames:
        assert np.array_equal(back[name], tiles[name])
        assert back[name].unit == tiles[name].unit
    assert back.meta["detector"] == "L1"
    assert back.meta["event_gps"] == GPS
    assert back.meta["provenance"] == {"step": "s"}
    assert tiles["time"].info.meta is None or "ucd" not in tiles["time"].info.meta


def test_tile_table_utc():
    tiles = tile_rows(1)
    tiles["time"] = 1187008882.43  # GW170817 (Abbott et al. 2017, PRL 119, 161101): 12:41:04.4 UTC
    table = tile_table(tiles, "L1")
    assert table["utc"][0].startswith("2017-08-17T12:41:04.43")
    assert len(tile_table(tiles[:0], "L1")) == 0


def test_ucds_are_in_the_controlled_vocabulary():
    table = tile_table(tile_rows(), "L1")
    ucds = [column.info.meta["ucd"] for column in table.itercols() if column.info.meta]
    assert len(ucds) == 5
    assert all(check_ucd(ucd, check_controlled_vocabulary=True) for ucd in ucds)


def test_incomplete_tiles_are_refused():
    tiles = tile_rows()
    tiles.remove_columns(["far", "q"])
    with pytest.raises(ValueError, match="q, far"):
        tile_table(tiles, "L1")


READERS = {
    "strain": (read_strain_product, lambda path: write_strain(strain_product(), path)),
    "spectrogram": (
        read_spectrogram_product,
        lambda path: write_spectrogram(spectrogram_product(), path),
    ),
    "tiles": (read_tiles, lambda path: write_tiles(tile_rows(), path, "H1")),
}


@pytest.mark.parametrize("kind", READERS)
def test_missing_file_is_named(tmp_path, kind):
    with pytest.raises(InputError, match=r"absent\.dat"):
        READERS[kind][0](tmp_path / "absent.dat")


@pytest.mark.parametrize("kind", READERS)
@pytest.mark.parametrize("content", [b"", b"not a product\n", bytes(4096), b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_rubbish_is_named(tmp_path, kind, content):
    (tmp_path / "rubbish.dat").write_bytes(content)
    with pytest.raises(InputError, match=r"rubbish\.dat"):
        READERS[kind][0](tmp_path / "rubbish.dat")


@pytest.mark.parametrize("kind", ["strain", "spectrogram"])
@pytest.mark.parametrize("share", [0.001, 0.3, 0.7, 0.9999])
def test_truncated_file_is_named(tmp_path, kind, share):
    read, write = READERS[kind]
    write(tmp_path / "cut.hdf5")
    content = (tmp_path / "cut.hdf5").read_bytes()
    (tmp_path / "cut.hdf5").write_bytes(content[: int(share * len(content))])
    with pytest.raises(InputError, match=r"cut\.hdf5"):
        read(tmp_path / "cut.hdf5")


@pytest.mark.parametrize("kind", ["strain", "spectrogram"])
def test_wrong_kind_is_named(tmp_path, kind):
    other = "spectrogram" if kind == "strain" else "strain"
    READERS[other][1](tmp_path / "other.hdf5")
    with pytest.raises(InputError, match=rf"other\.hdf5.*{other}"):
        READERS[kind][0](tmp_path / "other.hdf5")
    with pytest.raises(InputError, match=r"H-H1_LOSC.*another kind"):
        READERS[kind][0](GWOSC_FILE)


@pytest.mark.parametrize(
    ("kind", "dataset"), [("strain", "strain"), ("strain", "quality/known"), ("spectrogram", "valid")]
)
def test_missing_dataset_is_named(tmp_path, kind, dataset):
    read, write = READERS[kind]
    write(tmp_path / "part.hdf5")
    with h5py.File(tmp_path / "part.hdf5", "r+") as file:
        del file[dataset]
    with pytest.raises(InputError, match=rf"part\.hdf5.*{dataset.split('/')[-1]}"):
        read(tmp_path / "part.hdf5")


def test_other_table_is_named(tmp_path):
    Table({"time": [1.0]}).write(tmp_path / "other.ecsv", format="ascii.ecsv")
    with pytest.raises(InputError, match=r"other\.ecsv.*frequency"):
        read_tiles(tmp_path / "other.ecsv")
