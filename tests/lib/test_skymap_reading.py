"""Every form of a HEALPix map read and written, and what is none."""

from __future__ import annotations

import gzip
import io

import healpy
import numpy as np
import pytest
from astropy.io import fits

from suite import ROOT
from tidings.errors import InputError
from tidings.skymap.reading import read_skymap
from tidings.skymap.writing import flat, write_skymap

MAPS = ROOT / "data/skymap"
ORDER = 4
COUNT = 12 * 4**ORDER


def pixels(seed: int = 0) -> dict[str, np.ndarray]:
    """Return the columns of a map, NESTED: coarse in places, with parts that know no distance."""
    rng = np.random.default_rng(seed)
    values = np.repeat(rng.random(COUNT // 16), 16)
    fine = rng.random(COUNT) < 0.05
    values[fine] = rng.random(fine.sum())
    values[: COUNT // 12] = 0
    mu = np.where(values > 0, 100 + 50 * values, np.inf)
    columns = {"PROB": values / values.sum(), "DISTMU": mu}
    columns["DISTSIGMA"] = np.where(values > 0, 20 + values, 1.0)
    columns["DISTNORM"] = np.where(values > 0, 1e-4 * (1 + values), 0.0)
    return columns


def table(columns, *, vector: int = 1, kind: str = "D", **header) -> bytes:
    """Return a FITS file of columns; a keyword that is None is left out of the usual header."""
    form = f"{vector}{kind}" if vector > 1 else kind
    units = {"PROB": "pix-1", "PROBDENSITY": "sr-1", "DISTMU": "Mpc", "DISTSIGMA": "Mpc", "DISTNORM": "Mpc-2"}
    made = []
    for name, values in columns.items():
        integer = np.issubdtype(values.dtype, np.integer)
        array = values.reshape(-1, vector) if vector > 1 else values
        made.append(fits.Column(name, "K" if integer else form, unit=units.get(name), array=array))
    words = {"PIXTYPE": "HEALPIX", "ORDERING": "NESTED", "COORDSYS": "C", "NSIDE": 2**ORDER} | header
    hdu = fits.BinTableHDU.from_columns(made)
    hdu.header.update({key: value for key, value in words.items() if value is not None})
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(stream)
    return stream.getvalue()


def ring(columns):
    return {name: healpy.reorder(values, n2r=True) for name, values in columns.items()}


def same(sky, columns):
    found = flat(sky, ORDER)
    for name, values in columns.items():
        # The density, a quotient, costs a float64 its last bit at most.
        assert np.array_equal(found[name].astype("f4"), values.astype("f4")), name
        assert np.allclose(found[name], values, rtol=3e-16, atol=0), name
    assert sky.probability.sum() == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("vector", [1, 16, 1024])
@pytest.mark.parametrize("scheme", ["NESTED", "RING"])
def test_flat_maps_come_back_exactly(scheme, vector):
    columns = pixels()
    given = ring(columns) if scheme == "RING" else columns
    sky = read_skymap(table(given, vector=vector, ORDERING=scheme))
    same(sky, columns)
    assert len(sky) < COUNT / 2
    assert sky.meta == {}


def test_single_precision_comes_back_exactly():
    prob = pixels()["PROB"].astype("f4")
    sky = read_skymap(table({"PROB": prob}, kind="E"))
    total = prob.astype(float).sum()
    assert np.array_equal((flat(sky)["PROB"] * total).astype("f4"), prob)
    assert sky.probability.sum() == pytest.approx(1, abs=1e-9)


def test_siblings_merge_only_if_all_columns_are_equal():
    columns = pixels()
    columns["PROB"] = np.full(COUNT, 1 / COUNT)
    assert len(read_skymap(table({"PROB": columns["PROB"]}))) == 12
    assert len(read_skymap(table(columns))) > 12


@pytest.mark.parametrize("scheme", ["NESTED", "RING"])
def test_pixels_that_are_listed(scheme):
    columns = pixels()
    some = np.random.default_rng(1).permutation(np.flatnonzero(columns["PROB"] > 0))
    index = healpy.nest2ring(2**ORDER, some) if scheme == "RING" else some
    listed = {"PIXEL": index, **{name: values[some] for name, values in columns.items()}}
    same(read_skymap(table(listed, ORDERING=scheme, INDXSCHM="EXPLICIT")), columns)


def test_multi_order_maps_come_back_bit_by_bit(tmp_path):
    sky = read_skymap(table(pixels(), OBJECT="G1", INSTRUME="H1,L1", DISTMEAN=120.0))
    write_skymap(sky, tmp_path / "map.fits")
    again = read_skymap(tmp_path / "map.fits")
    for name in ("start", "level", "density", "mu", "sigma", "norm"):
        assert np.array_equal(getattr(again, name), getattr(sky, name)), name
    assert again.meta == {"OBJECT": "G1", "INSTRUME": "H1,L1", "DISTMEAN": 120.0}
    same(again, pixels())


def test_compressed_files_are_read():
    same(read_skymap(gzip.compress(table(pixels()))), pixels())


def test_density_and_other_units_are_converted():
    columns = pixels()
    area = healpy.nside2pixarea(2**ORDER)
    degrees = {"PROBDENSITY": columns["PROB"] / np.degrees(np.sqrt(area)) ** 2}
    content = table(degrees).replace(b"'sr-1    '", b"'deg-2   '")
    assert np.allclose(flat(read_skymap(content))["PROB"], columns["PROB"], rtol=1e-14)
    kpc = {**columns, "DISTMU": columns["DISTMU"] * 1000}
    content = table(kpc).replace(b"TUNIT2  = 'Mpc     '", b"TUNIT2  = 'kpc     '")
    assert np.allclose(read_skymap(content).mu, read_skymap(table(columns)).mu, rtol=1e-14)


def test_healpy_marks_of_no_data_have_no_probability():
    prob = pixels()["PROB"]
    marked = np.where(prob == 0, healpy.UNSEEN, prob)
    assert np.array_equal(
        read_skymap(table({"PROB": marked})).density > 0, read_skymap(table({"PROB": prob})).density > 0
    )


def test_maps_of_healpy_are_read(tmp_path):
    prob = pixels()["PROB"]
    healpy.write_map(tmp_path / "map.fits", prob, nest=True, dtype="f8", column_names=["PROBABILITY"])
    assert np.allclose(flat(read_skymap(tmp_path / "map.fits"))["PROB"], prob, rtol=3e-16)


def test_without_distances_or_normalised_if_asked():
    columns = pixels()
    assert not read_skymap(table(columns), distance=False).has_distance
    doubled = {"PROB": 2 * columns["PROB"]}
    assert np.allclose(flat(read_skymap(table(doubled), normalise=True))["PROB"], columns["PROB"], rtol=1e-14)
    unnamed = table({"PROB": columns["PROB"]}, ORDERING=None)
    assert np.allclose(flat(read_skymap(unnamed, ordering="nested"))["PROB"], columns["PROB"], rtol=3e-16)


@pytest.mark.parametrize(
    ("name", "tiles"),
    [("S190425z_bayestar.fits.gz", 19200), ("S190425z_LALInference.fits.gz", 16896)],
)
def test_flat_maps_of_alerts_have_the_tiles_they_were_made_of(name, tiles):
    # 12 * 16**2 tiles, of which a quarter as many, the most probable, is split in four again and again:
    # 3072 + 3 * 768 * 7 and 3072 + 3 * 768 * 6 (Singer & Price 2016, PRD 93, 024013).
    sky = read_skymap(MAPS / name)
    assert len(sky) == tiles
    with fits.open(MAPS / name) as file:
        data = file[1].data
        assert np.array_equal(flat(sky)["DISTMU"], data["DISTMU"])
        # The sum of pixels that the file was written with differs from 1 by rounding alone.
        assert np.allclose(flat(sky)["PROB"], data["PROB"], rtol=3e-16, atol=0)


def bad(content: bytes, message: str, **options) -> None:
    with pytest.raises(InputError, match=message) as caught:
        read_skymap(content, name="map.fits", **options)
    assert str(caught.value).startswith("map.fits")


def changed(name: str, index: int, value: float) -> dict[str, np.ndarray]:
    columns = pixels()
    columns[name][index] = value
    return columns


def test_files_that_are_no_map():
    whole = table(pixels())
    bad(b"", "empty")
    bad(b"<!DOCTYPE html><html><head><title>GraceDB | Login</title>", "web page, titled 'GraceDB | Login'")
    bad(b'{"alert_type": "PRELIMINARY"}', "JSON: if it is an alert")
    bad(b"BZh91AY", "bzip2")
    bad(b"\x00\x01garbage", "not a FITS file")
    bad(gzip.compress(b"<html>no such file</html>"), "web page")
    packed = gzip.compress(whole)
    bad(packed[: len(packed) // 2], "compressed file is truncated or damaged")
    bad(whole[:20_000], "bytes too early: it is truncated")
    bad(whole[:4000], "header of HDU 1 has no end")
    stream = io.BytesIO()
    fits.PrimaryHDU(np.zeros((3, 3))).writeto(stream)
    bad(stream.getvalue(), "no HEALPix table with a column PROBDENSITY, PROB or PROBABILITY")
    bad(table({"FLUX": pixels()["PROB"]}), r"HDU 1 table of FLUX\): give a probability map")


def test_headers_that_do_not_say_enough():
    columns = pixels()
    bad(table(columns, ORDERING=None), "HDU 1: the header has no ORDERING")
    bad(table(columns, ORDERING="SPIRAL"), "'SPIRAL'")
    bad(table(columns, NSIDE=12), "NSIDE is 12, which is not a power of two")
    bad(table(columns, NSIDE=8), "3072 pixels, a map of NSIDE 8 has 768")
    bad(table(columns, COORDSYS="G"), "COORDSYS is 'G'")
    bad(
        table(columns).replace(b"TUNIT2  = 'Mpc     '", b"TUNIT2  = 'mag     '"),
        "column DISTMU: the unit is 'mag'",
    )
    del columns["DISTSIGMA"]
    bad(table(columns), "DISTSIGMA missing")
    uniq = {"UNIQ": np.array([4, 5, 16]), "PROBDENSITY": np.ones(3)}
    bad(table(uniq, ORDERING="NUNIQ"), "column UNIQ: 1 tiles overlap")
    listed = {"PIXEL": np.array([1, 5, 5]), "PROB": np.array([0.3, 0.3, 0.4])}
    bad(table(listed, INDXSCHM="EXPLICIT"), "given more than once, the first is 5")
    listed["PIXEL"][2] = COUNT
    bad(table(listed, INDXSCHM="EXPLICIT"), "pixel 3072 is none of the 3072")


def test_values_that_are_no_probability():
    bad(
        table(changed("PROB", 700, np.nan)), "not finite in 1 of .* tiles, the first is pixel 700 of NSIDE 16"
    )
    bad(table(changed("PROB", 700, -1e-9)), "negative in 1 of")
    bad(
        table({"PROB": 0.5 * pixels()["PROB"]}),
        r"sum to 0.5, not to 1 within 0.001: if it .* \(parameter normalise",
    )
    bad(table({"PROB": np.zeros(COUNT)}), "zero all over the sky")
    columns = pixels()
    columns["DISTMU"][:] = np.inf
    bad(table(columns), "column DISTMU: no distance is finite .* drop_distance")
    assert not read_skymap(table(columns), distance=False).has_distance
