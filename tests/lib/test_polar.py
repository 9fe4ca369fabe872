"""POLAR: counts from every form, the reference of their times, the catalogue of bursts."""

from __future__ import annotations

import base64
import json

import numpy as np
import pytest
import uproot
from astropy import units as u
from astropy.io import fits
from astropy.time import Time

from servers.polar import root_file
from suite import ROOT
from tidings.errors import InputError
from tidings.lightcurve.bursts import measure_burst
from tidings.lightcurve.counts import Flag
from tidings.lightcurve.curve import make_lightcurve
from tidings.lightcurve.product import read_lightcurve, write_lightcurve
from tidings.polar.bursts import burst_table, find_burst, plain_name, read_bursts, trigger_of
from tidings.polar.counts import read_counts
from tidings.polar.unix_time import gps_to_unix, unix_to_gps
from tidings.times import utc_iso

BURST = ROOT / "data/polar/GRB161218B_lc.root"
CATALOGUE = ROOT / "data/polar/POLAR_GRBs_55.csv"
TRIGGER_UNIX = 1482049961.341


@pytest.fixture(scope="module")
def histogram() -> tuple[np.ndarray, np.ndarray]:
    """Rates and edges as uproot alone reads them."""
    with uproot.open(BURST) as file:
        rate, edges = file["h_lc"].to_numpy()
    return rate.astype(float), edges


def columns(histogram, stamp: float = 0.5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rate, edges = histogram
    return edges[:-1] + stamp * np.diff(edges), rate, np.sqrt(rate / np.diff(edges))


def fits_file(path, time, rate, error, name="POLAR_LC", names=("rate", "rate_err", "time")):
    """Write FITS as the service does: a table without a word about its times."""
    made = [fits.Column(n, "D", array=a) for n, a in zip(names, (rate, error, time), strict=True)]
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(made, name=name)]).writeto(path)
    return path


def answer(path, time, rate, error, **more):
    table = {"time": time.tolist(), "rate": rate.tolist(), "rate_err": error.tolist()}
    path.write_text(json.dumps({"data": json.dumps(table), "status": {"success": True}, **more}))
    return path


def test_the_burst_peaks_where_and_as_high_as_published(histogram):
    counts = read_counts(BURST)
    rate = counts.counts / counts.exposure
    peak = int(np.argmax(rate))
    assert (len(counts), counts.sample) == (200, 0.5)
    assert rate[peak] == 14136
    assert utc_iso(counts.epoch + counts.start[peak]) == "2016-12-18T08:32:42.500"
    assert np.median(rate) == 5967
    assert utc_iso(counts.epoch + counts.start[0]) == "2016-12-18T08:32:21.000"
    assert utc_iso(counts.epoch + counts.end[-1]) == "2016-12-18T08:34:01.000"
    # All entries of the histogram but one, which lies in its overflow.
    assert counts.counts.sum() == 618655
    assert (counts.counts == histogram[0] * 0.5).all()


def test_times_of_the_product_are_those_of_the_file_through_utc_and_tt(histogram, tmp_path):
    write_lightcurve(make_lightcurve(read_counts(BURST), 0.5), tmp_path / "lc.fits")
    with fits.open(tmp_path / "lc.fits") as hdus:
        header, time = hdus["RATE"].header, hdus["RATE"].data["TIME"]
        gti = hdus["STDGTI"].data
    assert (header["TIMESYS"], header["TIMEUNIT"], header["TIMEZERO"]) == ("TT", "s", 0.0)
    assert (header["TELESCOP"], header["INSTRUME"]) == ("Tiangong-2", "POLAR")

    def unix(seconds):
        day = Time(header["MJDREFI"], header["MJDREFF"], format="mjd", scale="tt")
        return (day + (seconds + header["TIMEZERO"]) * u.s).utc.unix

    edges = histogram[1]
    assert np.abs(unix(time) - (edges[1:] + edges[:-1]) / 2).max() < 1e-3
    assert abs(unix(header["TSTART"]) - edges[0]) < 1e-3
    assert abs(unix(gti["STOP"][-1]) - edges[-1]) < 1e-3
    # Through the other door: the dates in the header.
    assert abs(Time(header["DATE-OBS"], scale="tt").utc.unix - edges[0]) < 1e-3
    assert read_lightcurve(tmp_path / "lc.fits").monitor.name == "POLAR"


def test_json_and_fits_hold_the_same_counts(histogram, tmp_path):
    expected = read_counts(BURST)
    root = base64.b64encode(BURST.read_bytes()).decode()
    found = {
        "fits": read_counts(fits_file(tmp_path / "m.fits", *columns(histogram))),
        "start": read_counts(fits_file(tmp_path / "s.fits", *columns(histogram, 0.0)), stamp="start"),
        "json": read_counts(answer(tmp_path / "m.json", *columns(histogram))),
        # With the histogram inside, the edges are known, whatever the times mean.
        "root": read_counts(answer(tmp_path / "r.json", *columns(histogram, 0.0), root_file_b64=root)),
    }
    for form, counts in found.items():
        assert counts.counts.tolist() == expected.counts.tolist(), form
        assert np.allclose(counts.epoch + counts.start, expected.epoch + expected.start, atol=1e-5), form


def test_rows_of_pandas_come_in_the_order_of_their_numbers(histogram, tmp_path):
    time, rate, error = columns(histogram)
    shuffled = [str(i) for i in np.random.default_rng(1).permutation(len(rate))]
    table = {
        name: {key: column[int(key)] for key in shuffled}
        for name, column in zip(("time", "rate", "rate_err"), (time, rate, error), strict=True)
    }
    (tmp_path / "p.json").write_text(json.dumps({"data": json.dumps(table), "status": {"success": True}}))
    assert read_counts(tmp_path / "p.json").counts.tolist() == (rate * 0.5).tolist()


def test_empty_bins_among_full_ones_are_gaps(histogram, tmp_path):
    rate, edges = histogram
    rate = rate.copy()
    rate[:3] = rate[100:104] = 0
    (tmp_path / "g.root").write_bytes(root_file(rate, edges))
    counts = read_counts(tmp_path / "g.root")
    assert len(counts) == 193
    assert utc_iso(counts.epoch + counts.start[0]) == "2016-12-18T08:32:22.500"
    curve = make_lightcurve(counts, 0.5)
    assert len(curve) == 197
    assert np.flatnonzero(curve.flags & Flag.GAP).tolist() == [97, 98, 99, 100]
    assert not curve.good[97:101].any()


def test_the_leap_second_is_not_passed_over(tmp_path):
    # 2017-01-01T00:00:00 UTC, unix 1483228800; GPS time is 17 s ahead of UTC before, 18 s after.
    for start, leap in ((1483228650.0, 17), (1483228700.0, 17), (1483228800.0, 18)):
        edges = start + np.arange(101.0)
        (tmp_path / "l.root").write_bytes(root_file(np.full(100, 5000.0), edges))
        counts = read_counts(tmp_path / "l.root")
        assert counts.epoch == start - 315964800 + leap
    (tmp_path / "l.root").write_bytes(root_file(np.full(100, 5000.0), 1483228750.0 + np.arange(101.0)))
    with pytest.raises(InputError, match=r"l\.root: a leap second lies in it"):
        read_counts(tmp_path / "l.root")
    for unix in (1483228799.0, 1483228800.0, 1482049961.341):
        seconds, epoch = unix_to_gps(np.array([unix]), "")
        assert gps_to_unix(epoch + seconds[0]) == pytest.approx(unix, abs=1e-6)


def test_durations_and_counts_by_hand(histogram):
    counts = read_counts(BURST).rebased(trigger_of("GRB161218B", CATALOGUE))
    curve = make_lightcurve(counts, 0.5)
    burst = measure_burst(
        curve.time, curve.width, curve.rate, curve.error, interval=(-2, 30), order=2, least_background=15
    )
    # The sum over a parabola that numpy fits to the same bins.
    rate, edges = histogram
    middle = (edges[1:] + edges[:-1]) / 2 - TRIGGER_UNIX
    outside = (middle < burst.start) | (middle > burst.stop)
    level = np.polyval(np.polyfit(middle[outside], rate[outside], 2), middle)
    assert burst.counts == pytest.approx(((rate - level) * 0.5)[~outside].sum(), rel=1e-6)
    assert burst.peaks[0.5][1] == pytest.approx(14136 - level[43], rel=1e-6)
    # T90 by the cumulative sum alone, to a bin or two.
    sums = np.cumsum((rate - level) * 0.5 * ~outside)
    ends = np.interp([0.05 * sums[-1], 0.95 * sums[-1]], sums[~outside], edges[1:][~outside])
    assert burst.t90 == pytest.approx(np.diff(ends)[0], abs=1.0)
    assert burst.t90 == pytest.approx(25.3, abs=0.5)
    with pytest.raises(InputError, match="of background before the burst"):
        measure_burst(curve.time, curve.width, curve.rate, curve.error, interval=(-2, 30))


BAD = {
    "no histogram": (
        lambda f: root_file(np.ones(3), np.arange(4.0), "h_other"),
        r"no histogram h_lc.*h_other",
    ),
    "cut": (lambda f: BURST.read_bytes()[:2000], "no whole ROOT file"),
    "empty": (lambda f: b"", "is empty"),
    "no JSON": (lambda f: b"{'data': 1}", "is no JSON"),
    "page": (lambda f: b"<html>Bad Gateway</html>", "is a web page, not a light curve"),
    "a list": (lambda f: b"[1, 2]", "a JSON object is expected"),
    "other JSON": (lambda f: b'{"rates": [1]}', "has no table 'data'"),
    "failed": (
        lambda f: b'{"status": {"success": false, "exceptions": [{"comment": "no photons"}]}}',
        "the service failed: no photons",
    ),
    "no column": (lambda f: b'{"data": {"time": [1], "rate": [2]}}', "no column 'rate_err'"),
    "lengths": (lambda f: b'{"data": {"time": [1, 2], "rate": [2], "rate_err": [1]}}', "the same length"),
    "words": (lambda f: b'{"data": {"time": ["a"], "rate": [2], "rate_err": [1]}}', "numbers only"),
    "binary": (lambda f: b"\xff\xfe\x00\x01", "neither ROOT, FITS nor JSON"),
    "other time": (
        lambda f: root_file(np.full(50, 9e3), 1e8 + np.arange(51.0)),
        "are not of POLAR's mission",
    ),
    "odd bins": (
        lambda f: json.dumps(
            {
                "data": {"time": [1482049941, 1482049942], "rate": [9e3, 9e3], "rate_err": [95, 67]},
                "edges": [1482049941, 1482049942, 1482049944],
            }
        ).encode(),
        "equal ones needed",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_files_are_named_with_what_is_wrong(case, tmp_path):
    content, message = BAD[case]
    path = tmp_path / "bad.dat"
    path.write_bytes(content(tmp_path))
    with pytest.raises(InputError, match=message) as error:
        read_counts(path)
    assert str(error.value).startswith(f"{path}: ")


def test_bad_tables_are_told(histogram, tmp_path):
    time, rate, error = columns(histogram)
    cases = {
        "has no extension POLAR_LC": ({"name": "RATE"}, time),
        "no column time": ({"names": ("rate", "rate_err", "t")}, time),
        "its times do not rise": ({}, time[::-1]),
        # Minutes, which the errors contradict.
        "rates and errors mean bins of 0.5 s": ({}, time[0] + (time - time[0]) / 60),
    }
    for number, (message, (options, moments)) in enumerate(cases.items()):
        with pytest.raises(InputError, match=message):
            read_counts(fits_file(tmp_path / f"{number}.fits", moments, rate, error, **options))
    root = base64.b64encode(root_file(rate + 2, histogram[1])).decode()
    with pytest.raises(InputError, match="hold different rates"):
        read_counts(answer(tmp_path / "d.json", time, rate, error, root_file_b64=root))
    with pytest.raises(InputError, match="no base64 text"):
        read_counts(answer(tmp_path / "b.json", time, rate, error, root_file_b64="cm9vdA=!"))


def test_the_catalogue_has_55_bursts_with_times_that_agree():
    bursts = read_bursts(CATALOGUE)
    table = burst_table(bursts)
    assert len(table) == 55
    assert (np.diff(table["gps"]) > 0).all()
    row = table[table["name"] == "GRB161218B"][0]
    assert (row["number"], row["utc"], row["unix"]) == (19, "2016-12-18T08:32:41.341", TRIGGER_UNIX)
    # GPS time is ahead of UTC by 17 s, and TT by 68.184 s.
    assert row["gps"] == pytest.approx(TRIGGER_UNIX - 315964800 + 17, abs=1e-6)
    assert (row["mjd_tt"] - 40587) * 86400 == pytest.approx(TRIGGER_UNIX + 68.184, abs=1e-4)
    late = table[table["name"] == "GRB170101A"][0]
    assert late["gps"] == pytest.approx(1483237560.66 - 315964800 + 18, abs=1e-6)


@pytest.mark.parametrize("spelling", ["GRB161218B", "GRB_161218B", "grb 161218b", "161218B"])
def test_a_burst_is_found_however_it_is_written(spelling):
    assert find_burst(read_bursts(CATALOGUE), spelling, CATALOGUE).number == 19


def test_names_that_are_none_and_names_that_are_not_there():
    assert plain_name("GW170817") is None
    assert plain_name("GRB_161009651") == "GRB161009651"
    assert trigger_of("2016-12-18T08:32:41.341", None) == pytest.approx(1166085178.341)
    with pytest.raises(InputError, match="of that day it has GRB161218A, GRB161218B"):
        trigger_of("GRB161218C", CATALOGUE)
    with pytest.raises(InputError, match="give the catalogue"):
        trigger_of("GRB161218B", None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("1474697049.0400", "1474697050.0400", r"line 2: .* are -1\.000 s apart"),
        ("2,GRB_160928A", "2,Vega", r"line 3: 'Vega' is no name of a burst"),
        ("GRB_160928A", "GRB_160924A", r"line 3: GRB160924A stands twice"),
        ("Number,GRB_Name", "No,Name", r"line 1: the columns Number"),
        ("1475092085.0000", "soon", r"line 3: four values are expected"),
        ("2016-09-28T19:48:05.000", "28 September", r"line 3: cannot read"),
    ],
)
def test_a_damaged_catalogue_is_refused_by_its_line(old, new, message, tmp_path):
    path = tmp_path / "bursts.csv"
    path.write_text(CATALOGUE.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=message):
        read_bursts(path)
