"""SPI-ACS counts from every form of file, good and bad."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.time import Time

from servers.integral import IntegralServer
from suite import ROOT
from tidings.acs.counts import CLOCK_OFFSET, read_counts
from tidings.errors import InputError
from tidings.lightcurve.counts import Counts, Flag
from tidings.lightcurve.monitor import SPI_ACS
from tidings.times import parse_time, utc_iso

DATA = ROOT / "data/acs"
BURST = DATA / "GRB230307A_spiacs_lc.fits"
RAW = DATA / "ipnlc_20080319T053500.txt"
T0 = parse_time("2017-08-17T12:41:04.4")
# Of the science window 255900280010, from the headers of its event list in the archive.
CLOCK = {
    "OBTSTART": "00009111764710981632",
    "OBTEND": "00009111768458592256",
    "TSTART": 8320.63230042977,
    "TSTOP": 8320.6736661982,
    "SWID": "255900280010",
}


def csv(path: Path, counts, head: str = "gps,counts", times=None) -> Path:
    """Write a CSV file of 50 ms samples about T0, times in the middle."""
    times = T0 + 0.025 + 0.05 * np.arange(len(counts)) if times is None else times
    path.write_text(
        head + "\n" + "".join(f"{float(t)!r},{c!r}\n" for t, c in zip(times, counts, strict=True))
    )
    return path


def flagged(counts: Counts, flag: Flag) -> list[int]:
    return np.flatnonzero(counts.flags & flag.value).tolist()


def test_mmoda_file_has_the_published_peak_in_its_own_binning():
    counts = read_counts(BURST)
    assert (counts.origin, len(counts), counts.sample) == ("mmoda", 5400, 0.1)
    # TIMEZERO of the header, in TT.
    assert counts.epoch == pytest.approx(
        Time(51544 + 731519205.1627802 / 86400, format="mjd", scale="tt").gps
    )
    peak = int(np.argmax(counts.counts / counts.exposure))
    assert counts.counts[peak] / counts.exposure[peak] == pytest.approx(1743640)
    assert counts.start[peak] + counts.width[peak] / 2 == pytest.approx(-85.55, abs=1e-3)
    assert vars(counts.position) == {"ra": 198.394, "dec": 71.787, "distance": 143490.5}


def test_file_of_the_service_needs_no_further_clock_offset():
    # Fermi triggered on the first pulse at 15:44:06.67 UTC (Dalessi & Roberts, GCN Circ. 33411), within 23 ms
    # of the geocentre; the afterglow was at 60.82 -75.38 deg (Levan et al. 2024, Nature 626, 737).
    counts = read_counts(BURST).rebased(parse_time("2023-03-07T15:44:06.67"))
    rate = counts.counts / counts.exposure
    first = int(np.argmax((counts.start > -10) & (rate > 120000)))
    place, source = SkyCoord([198.394, 60.82], [71.787, -75.38], unit="deg")
    travel = -143490.5 / 299792.458 * np.cos(place.separation(source).rad)
    begin, end = counts.start[first] - travel, counts.end[first] - travel
    assert travel == pytest.approx(0.468, abs=0.001)
    # A trigger follows the start of what it triggers on, by some 0.1 s at most in a burst as steep as this.
    assert -0.1 < begin < 0.023
    assert -0.1 < end < 0.1
    assert begin + CLOCK_OFFSET > 0.023


def test_mmoda_bins_get_the_samples_that_they_were_made_of():
    counts = read_counts(BURST)
    # Bins are a sample longer or shorter where the edges of the service's bins fall between samples; with
    # the right lengths they join without gap or overlap, and live time and ONTIME are the same.
    assert sorted(set(np.round(counts.exposure, 3))) == [0.05, 0.1, 0.15]
    assert np.abs(counts.start[1:] - counts.end[:-1]).max() < 1e-5
    assert counts.exposure.sum() == pytest.approx(fits.getval(BURST, "ONTIME", 1), abs=1e-3)
    assert not counts.flags.any()


def test_counts_of_real_files_are_even_and_above_16_bits():
    # What the saturation rests on: 16 bits in units of two counts.
    burst, raw = read_counts(BURST), read_counts(RAW)
    assert not (burst.counts % 2).any()
    assert not (raw.counts % 2).any()
    assert 65535 < (burst.counts / burst.exposure).max() * 0.05 < SPI_ACS.saturation


def test_genlc_file_of_the_service():
    counts = read_counts(RAW)
    assert (counts.origin, len(counts), counts.sample) == ("genlc", 40, 0.05)
    assert counts.counts[:3].tolist() == [5894, 5644, 5820]
    # The IJD of the first line, half a sample later than the start.
    stamp = Time(51544, 3000.2333937608077576, format="mjd", scale="tt")
    assert counts.epoch + counts.start[0] + 0.025 == pytest.approx(stamp.gps, abs=2e-6)
    assert utc_iso(counts.epoch) == "2008-03-19T05:35:00.000"
    assert np.diff(counts.start) == pytest.approx(0.05, abs=2e-6)


def test_genlc_and_ipnlc_of_the_service_are_the_same_counts(tmp_path):
    server = IntegralServer()
    (tmp_path / "g").write_text(server.genlc(T0, 20.0))
    (tmp_path / "i").write_text(server.ipnlc(T0, 20.0))
    first, second = read_counts(tmp_path / "g"), read_counts(tmp_path / "i")
    assert (first.origin, second.origin) == ("genlc", "ipnlc")
    assert second.facts == {"spacecraft": "INTEGRAL"}
    assert first.counts.tolist() == second.counts.tolist()
    assert first.rebased(second.epoch).start == pytest.approx(second.start, abs=1.1e-3)


def test_genlc_without_its_header_and_as_a_json_string(tmp_path):
    text = IntegralServer().genlc(T0, 5.0)
    (tmp_path / "plain").write_text(text)
    (tmp_path / "bare").write_text("".join(text.splitlines(keepends=True)[5:]))
    (tmp_path / "string").write_text(json.dumps(text))
    plain, bare, string = (read_counts(tmp_path / name) for name in ("plain", "bare", "string"))
    assert string.start.tolist() == plain.start.tolist()
    assert bare.rebased(plain.epoch).start == pytest.approx(plain.start, abs=1e-6)


def test_times_run_on_through_a_leap_second(tmp_path):
    times = ["2016-12-31T23:59:59.5", "2016-12-31T23:59:60.0", "2016-12-31T23:59:60.5", "2017-01-01T00:00:00"]
    path = tmp_path / "c.csv"
    path.write_text("utc,counts\n" + "".join(f"{t},4000\n" for t in times))
    assert np.diff(read_counts(path).start) == pytest.approx(0.5)
    leap = parse_time("2016-12-31T23:59:60.0")
    (tmp_path / "i").write_text(IntegralServer().ipnlc(leap, 2.0))
    counts = read_counts(tmp_path / "i")
    assert counts.epoch == leap
    assert not counts.flags.any()


@pytest.mark.parametrize("name", ["gps", "ijd", "mjd_tt", "mjd_utc", "utc", "tt"])
def test_csv_times_of_every_scale(tmp_path, name):
    stamps = Time(T0 + np.arange(5), format="gps", scale="tai")
    times = {
        "gps": T0 + np.arange(5),
        "ijd": stamps.tt.mjd - 51544,
        "mjd_tt": stamps.tt.mjd,
        "mjd_utc": stamps.utc.mjd,
        "utc": [t + "Z" for t in stamps.utc.isot],
        "tt": stamps.tt.isot,
    }[name]
    path = tmp_path / "c.csv"
    rows = "".join(f"{t},{4000 + i}\n" for i, t in enumerate(times))
    path.write_text(f"# by hand\n{name} [x], Counts (1)\n{rows}")
    counts = read_counts(path, stamp="start")
    # An MJD in one float64 resolves 0.6 µs.
    tolerance = 1e-3 if name in ("utc", "tt") else 2e-6
    assert counts.epoch + counts.start == pytest.approx(T0 + np.arange(5), abs=tolerance)
    assert counts.counts.tolist() == [4000, 4001, 4002, 4003, 4004]


def test_csv_of_rates_with_an_epoch(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text(
        "# epoch: 2017-08-17T12:41:04.4 UTC\ntime (s),rate,width\n-1.5,80000,1\n-0.5,,1\n0.5,82000,1\n"
    )
    counts = read_counts(path)
    assert counts.epoch == T0
    assert counts.start.tolist() == [-2, -1, 0]
    assert counts.counts[[0, 2]].tolist() == [80000, 82000]
    assert flagged(counts, Flag.INVALID) == [1]
    assert counts.exposure.tolist() == [1, 0, 1]


def housekeeping(folder: Path, n: int = 200, together: bool = True, rows: int | None = None) -> Path:
    """Write the structures of a science window; the last sample lies at OBTEND."""
    first, last = int(CLOCK["OBTSTART"]), int(CLOCK["OBTEND"])
    clock = np.linspace(last - round((n - 1) * 0.05 * 2**20), last, n).round().astype(np.uint64)
    assert clock[0] > first
    words = np.stack([(clock >> np.uint64(s)) & np.uint64(0xFFFF) for s in (48, 32, 16, 0)], axis=1)
    rate = fits.BinTableHDU.from_columns(
        [fits.Column("ACS_RATE", "J", array=4000 + 2 * np.arange(n)[:rows])], name="SPI.-OACS-HRW"
    )
    times = fits.BinTableHDU.from_columns(
        [fits.Column("OB_TIME", "4I", bzero=32768, array=words.astype(np.uint16))], name="SPI.-OACS-CNV"
    )
    if together:
        rate.header.update(CLOCK)
        fits.HDUList([fits.PrimaryHDU(), rate, times]).writeto(folder / "spi_acs_hk.fits")
        return folder / "spi_acs_hk.fits"
    group = fits.BinTableHDU.from_columns([fits.Column("MEMBER", "J", array=[1])], name="GNRL-SCWG-GRP")
    group.header.update(CLOCK)
    for name, hdu in (("spi_acs_hk.fits.gz", rate), ("spi_acs_cnv.fits.gz", times), ("swg.fits", group)):
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(folder / name)
    return folder


@pytest.mark.parametrize("together", [True, False])
def test_housekeeping_of_the_archive(tmp_path, together):
    counts = read_counts(housekeeping(tmp_path, together=together))
    assert (counts.origin, len(counts)) == ("hk", 200)
    end = Time(51544 + CLOCK["TSTOP"], format="mjd", scale="tt").gps
    assert counts.epoch + counts.start[-1] + 0.025 == pytest.approx(end, abs=2e-6)
    # The clock is 0.67 ppm slow.
    assert counts.start[-1] - counts.start[0] == pytest.approx(199 * 0.05 * (1 + 0.67e-6), abs=1e-6)
    assert counts.facts["swid"] == "255900280010"
    assert counts.counts[:2].tolist() == [4000, 4002]


def test_clock_offset_is_added_only_when_asked_for_and_recorded(tmp_path):
    path = housekeeping(tmp_path)
    plain, moved = read_counts(path), read_counts(path, add_offset=True)
    assert CLOCK_OFFSET == 0.125
    assert moved.epoch - plain.epoch == pytest.approx(0.125)
    assert (plain.offset_applied, moved.offset_applied) == (0.0, 0.125)
    assert moved.start.tolist() == plain.start.tolist()


def test_moment_of_a_time_stamp(tmp_path):
    path = csv(tmp_path / "c.csv", [4000] * 10)
    middle, start = read_counts(path), read_counts(path, stamp="start")
    assert start.epoch + start.start[0] - (middle.epoch + middle.start[0]) == pytest.approx(0.025, abs=1e-6)


def test_unsorted_repeated_and_missing_samples_are_put_right_and_flagged(tmp_path):
    times = T0 + 0.05 * np.array([0, 1, 2, 2, 3, 6, 5, 7, 8, 8])
    counts = read_counts(csv(tmp_path / "c.csv", [10, 11, 12, 12, 13, 16, 15, 17, 18, 19], times=times))
    assert counts.counts[:7].tolist() == [10, 11, 12, 13, 15, 16, 17]
    assert (np.diff(counts.start) > 0.04).all()
    assert flagged(counts, Flag.DUPLICATE) == [2, 7]
    assert flagged(counts, Flag.REORDERED) == [4]
    assert flagged(counts, Flag.GAP) == [4]
    # The same sample with two values: neither can be trusted.
    assert flagged(counts, Flag.INVALID) == [7]
    assert np.isnan(counts.counts[7])


def test_three_copies_of_a_sample_leave_one(tmp_path):
    times = T0 + 0.05 * np.array([0, 1, 1, 1, 2])
    counts = read_counts(csv(tmp_path / "c.csv", [10, 12, 12, 12, 14], times=times))
    assert counts.counts.tolist() == [10, 12, 14]
    assert flagged(counts, Flag.DUPLICATE) == [1]


def test_values_that_are_no_counts_are_flagged_and_left_out(tmp_path):
    counts = read_counts(
        csv(tmp_path / "c.csv", [4000, -2, float("nan"), float("inf"), SPI_ACS.saturation, 4002])
    )
    assert flagged(counts, Flag.INVALID) == [1, 2, 3]
    assert flagged(counts, Flag.SATURATED) == [4]
    assert counts.good.tolist() == [True, False, False, False, True, True]
    assert counts.exposure[~counts.good].tolist() == [0, 0, 0]


def test_crop_keeps_whole_bins():
    counts = read_counts(RAW)
    part = counts.crop(0.5, 1.0)
    assert part.start[0] >= 0.5
    assert part.end[-1] <= 1.0
    assert len(part) == 9
    with pytest.raises(InputError, match="no counts between 50 and 60 s"):
        counts.crop(50, 60)


GENLC = RAW.read_text()
TEXTS = {
    "empty": ("", "is empty"),
    "NoData": ("NoData('No Data (at this time?)  in 2 ScW')", "no data at this time"),
    "ZeroData": ("dump lc exceptions:ZeroData()", "switched off"),
    "no aux data": ("No Auxiliaty Data (for this time?)", "no orbit or clock data"),
    "two orbits": ("OverRevolution('Over revolution')", "another orbit"),
    "too long": ("the requests to this service are limited to +-5000 span", "shorter"),
    "future": ("BadTime('2033-01-01T00:00:00 is in the future!')", "in the future"),
    "web page": ("<html><body>502 Bad Gateway</body></html>", "web page"),
    "header only": ("".join(GENLC.splitlines(keepends=True)[:5]), "no counts"),
    "cut off": (GENLC[:-20], "line 45: 4 numbers are expected"),
    "words": (GENLC.replace("5894", "many"), "line 6: 4 numbers are expected"),
    "error in the middle": (GENLC + "ZeroData\n", "line 46"),
    "IJD in UTC": (GENLC.replace("05:35:00 20100", "05:36:05.184 20165.184"), "another time system"),
    "no IJD": (GENLC.replace("3000.2333937608077576", "nan"), "line 6: the IJD is not a number"),
    "not a light curve": ("a,b\n1,2\n", "is no light curve of a known form"),
    "MJD of which scale": ("mjd,counts\n57982.5,4000\n", "mjd_tt or mjd_utc"),
    "time from nothing": ("time,counts\n0.0,4000\n", "# epoch:"),
    "MJD as IJD": ("ijd,counts\n57982.5,4000\n57982.6,4000\n", "are not of INTEGRAL's mission"),
    "seconds as IJD": ("ijd,counts\n556288864,4000\n556288865,4000\n", "are not of INTEGRAL's mission"),
    "too few cells": ("gps,counts\n1187008882.4,4000\n1187008882.45\n", "line 3: 1 values for 2 columns"),
    "no number": ("gps,counts\n1187008882.4,x\n", "line 2: counts is 'x'"),
    "no calendar": ("utc,counts\n2017-08-17T12:41:04,1\n2017-13-17T12:41:04,1\n", "line 3"),
    "no leap second then": ("utc,counts\n2017-08-17T12:41:60,1\n", "line 2"),
    "time NaN": ("gps,counts\n1187008882.4,4000\nnan,4000\n", "line 3: the time is not a number"),
    "all negative": ("gps,counts\n1187008882.4,-1\n1187008882.45,-1\n", "no usable counts"),
    "all zero": ("gps,counts\n1187008882.4,0\n1187008882.45,0\n", "the shield was off"),
    "IPN without bin": ("'INTEGRAL  ' '19/03/08' 20100.0 100.000 10000.000\nx\n", "lines 1 and 2"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_bad_text_is_explained(tmp_path, case):
    text, message = TEXTS[case]
    (tmp_path / "counts.txt").write_text(text)
    with pytest.raises(InputError) as error:
        read_counts(tmp_path / "counts.txt")
    assert "counts.txt: " in str(error.value)
    assert message in str(error.value)


def change(path: Path, edit) -> Path:
    """Copy the real MMODA file with a change to its extension."""
    with fits.open(BURST) as hdus:
        edit(hdus[1])
        hdus.writeto(path)
    return path


FITS = {
    "another scale": (lambda hdu: hdu.header.set("TIMESYS", "UTC"), "TIMESYS is UTC"),
    "barycentred": (lambda hdu: hdu.header.set("TIMEREF", "SOLARSYSTEM"), "TIMEREF is SOLARSYSTEM"),
    "no reference": (lambda hdu: hdu.header.remove("MJDREF"), "MJDREF"),
    "wrong unit": (lambda hdu: hdu.header.set("TIMEUNIT", "h"), "TIMEUNIT is 'h'"),
    "no bin": (lambda hdu: hdu.header.remove("TIMEDEL"), "TIMEDEL None"),
    "no error": (lambda hdu: hdu.columns.change_name("ERROR", "SIGMA"), "no column ERROR"),
    "other extension": (lambda hdu: hdu.header.set("EXTNAME", "SPECTRUM"), "has no extension RATE"),
    "MJDREF of another mission": (lambda hdu: hdu.header.set("MJDREF", 41000.0), "not of INTEGRAL's mission"),
}


@pytest.mark.parametrize("case", FITS)
def test_bad_fits_is_explained(tmp_path, case):
    edit, message = FITS[case]
    path = change(tmp_path / "lc.fits", edit)
    with pytest.raises(InputError) as error:
        read_counts(path)
    assert "lc.fits: " in str(error.value)
    assert message in str(error.value)


def test_truncated_and_foreign_files_are_explained(tmp_path):
    (tmp_path / "half.fits").write_bytes(BURST.read_bytes()[:60000])
    (tmp_path / "zip.fits.gz").write_bytes(b"\x1f\x8b" + bytes(50))
    (tmp_path / "noise").write_bytes(bytes(range(256)))
    for name, message in (
        ("half.fits", "is no whole FITS file"),
        ("zip.fits.gz", "is no whole FITS file"),
        ("noise", "neither FITS nor text"),
        ("none", "no such file"),
    ):
        with pytest.raises(InputError, match=f"{name}: ") as error:
            read_counts(tmp_path / name)
        assert message in str(error.value)


def test_bad_housekeeping_is_explained(tmp_path):
    for name, edit, message in (
        ("a", lambda hdus: hdus[1].header.remove("OBTEND"), "swg.fits"),
        ("b", lambda hdus: hdus[1].header.set("TSTOP", 1.0), "not after"),
        ("c", lambda hdus: hdus.pop(2), "SPI.-OACS-CNV is not there"),
        ("d", lambda hdus: hdus[2].columns.change_name("OB_TIME", "TIME"), "no column OB_TIME"),
    ):
        (tmp_path / name).mkdir()
        path = housekeeping(tmp_path / name)
        with fits.open(path, memmap=False, lazy_load_hdus=False) as hdus:
            edit(hdus)
            fits.HDUList([hdu.copy() for hdu in hdus]).writeto(path, overwrite=True)
        with pytest.raises(InputError) as error:
            read_counts(path)
        assert message in str(error.value)
    (tmp_path / "e").mkdir()
    with pytest.raises(InputError, match=r"150 rows, .* 200"):
        read_counts(housekeeping(tmp_path / "e", rows=150))


def test_form_that_the_file_is_not(tmp_path):
    with pytest.raises(InputError, match="is genlc, not ipnlc"):
        read_counts(RAW, form="ipnlc")
    with pytest.raises(InputError, match="is mmoda, not hk"):
        read_counts(BURST, form="hk")
