"""Reading event lists of ISGRI, and choosing among their events and pixels."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits

from isgri_events import OBTEND, OBTSTART, REAL, TSTART, TSTOP, columns, event_file
from tidings.errors import InputError
from tidings.isgri.events import intersect, read_events, read_gti
from tidings.isgri.geometry import SHAPE, module_map
from tidings.isgri.selection import Rejected, dead_fractions, in_gti, ontime, select


@pytest.fixture(scope="module")
def real():
    return read_events(REAL)


def test_the_real_window(real):
    assert real.swid == "255900280010"
    assert real.revolution == 2559
    # Header of the archive's file.
    assert (real.pointing.ra_x, real.pointing.dec_x) == pytest.approx((286.8229, 20.2763), abs=1e-4)
    assert len(real.gti) == 6
    assert ontime(real.gti) == pytest.approx(3548.47, abs=0.05)
    assert real.energy is None
    assert real.rise_time is None


def test_no_event_lies_in_the_dead_strips_and_all_pixels_are_of_the_detector(real):
    counts = np.bincount(real.pixel, minlength=SHAPE[0] * SHAPE[1]).reshape(SHAPE)
    assert counts[:, [64, 65]].sum() == 0
    assert counts[[32, 33, 66, 67, 100, 101]].sum() == 0
    assert (counts[module_map() >= 0] > 0).mean() > 0.9


def test_selection_of_the_real_window(real):
    selection = select(real)
    reasons = selection.rejected
    # Pixels with SELECT_FLAG 1 in the archive's file, and those without any good event.
    assert ((reasons & Rejected.FLAGGED) > 0).sum() == 518
    assert ((reasons & Rejected.SILENT) > 0).sum() == 935
    assert 14500 < selection.used.sum() < 14800
    assert selection.used[module_map() < 0].sum() == 0
    assert np.all(selection.used.ravel()[real.pixel[selection.events]])
    assert np.all((real.pi[selection.events] >= 16) & (real.pi[selection.events] <= 116))


def test_detector_pixels_are_those_of_the_corners_and_gaps(tmp_path):
    data = columns(6)
    data["ISGRI_Y"] = np.array([0, 63, 64, 127, 0, 0])
    data["ISGRI_Z"] = np.array([0, 31, 32, 127, 64, 96])
    events = read_events(event_file(tmp_path / "e.fits", data))
    z, y = np.divmod(events.pixel.astype(int), 130)
    assert y.tolist() == [0, 63, 66, 129, 0, 0]
    assert z.tolist() == [0, 31, 34, 133, 68, 102]


def test_times_come_from_the_clock_when_there_is_no_time(tmp_path):
    data = columns()
    with_time = read_events(event_file(tmp_path / "a.fits", data))
    without = read_events(event_file(tmp_path / "b.fits", data, without=("TIME",)))
    assert np.abs(with_time.time - without.time).max() * 86400 < 1e-5
    ends = columns(2)
    ends["OB_TIME"] = (np.array([OBTSTART, OBTEND])[:, None] >> np.array([48, 32, 16, 0])) & 0xFFFF
    clock = read_events(event_file(tmp_path / "c.fits", ends, without=("TIME",)))
    assert clock.time == pytest.approx([TSTART, TSTOP], abs=1e-11)


def test_compressed_and_plain_are_the_same(tmp_path):
    plain = event_file(tmp_path / "e.fits", columns())
    packed = tmp_path / "e.fits.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    assert np.array_equal(read_events(plain).pha, read_events(packed).pha)


@pytest.mark.parametrize("rows", [None, 0])
def test_an_aborted_window_has_no_events(tmp_path, rows):
    data = None if rows is None else columns(0)
    assert read_events(event_file(tmp_path / "e.fits", data)) is None


def test_good_times_are_the_merged_ones_or_all_together(tmp_path):
    pairs = [(TSTART, TSTART + 0.01), (TSTART + 0.02, TSTART + 0.03)]
    path = event_file(
        tmp_path / "e.fits", columns(), gti=pairs, gti_names=("VETO", "MERGED_ISGRI", "ATTITUDE")
    )
    assert read_events(path).meta["GTI_NAME"] == "MERGED_ISGRI"
    other = event_file(tmp_path / "f.fits", columns(), gti=pairs, gti_names=("VETO", "ATTITUDE"))
    intervals, name = read_gti(other)
    assert name == "VETO, ATTITUDE"
    assert intervals == pytest.approx(np.array(pairs))
    user = event_file(tmp_path / "g.fits", None, gti=[(TSTART + 0.005, TSTART + 0.025)])
    assert ontime(intersect(intervals, read_gti(user)[0])) == pytest.approx(864.0, abs=1e-3)


def test_overlapping_good_times_count_once(tmp_path):
    path = event_file(
        tmp_path / "e.fits", columns(), gti=[(TSTART + 0.01, TSTART + 0.03), (TSTART, TSTART + 0.02)]
    )
    assert ontime(read_events(path).gti) == pytest.approx(0.03 * 86400, abs=1e-3)


def test_good_time_includes_its_start_and_not_its_stop():
    gti = np.array([[1.0, 2.0], [3.0, 4.0]])
    times = np.array([0.9, 1.0, 1.9, 2.0, 2.5, 3.0, 4.0])
    assert in_gti(times, gti).tolist() == [False, True, True, False, False, True, False]
    assert ontime(gti, 1.5, 3.5) == 86400.0


def test_one_flagged_event_takes_its_pixel_out(tmp_path):
    data = columns(20000)
    data["SELECT_FLAG"][7] = 1
    events = read_events(event_file(tmp_path / "e.fits", data))
    selection = select(events, hot=0, spectral=0)
    pixel = events.pixel[7]
    assert selection.rejected.ravel()[pixel] & Rejected.FLAGGED
    assert not selection.events[events.pixel == pixel].any()


def test_a_hot_pixel_is_found(tmp_path):
    data = columns(400_000)
    data["ISGRI_Y"][:400], data["ISGRI_Z"][:400] = 20, 40
    events = read_events(event_file(tmp_path / "e.fits", data))
    selection = select(events)
    assert selection.rejected[42, 20] & Rejected.HOT
    assert ((selection.rejected & Rejected.HOT) > 0).sum() <= 3


@pytest.mark.parametrize("column", ["DEADTIME", "II_DEADTIME"])
def test_dead_times_of_a_file_are_averaged(tmp_path, column):
    values = np.linspace(0.2, 0.34, 8) + np.array([[0.0], [0.02]])
    if column == "DEADTIME":
        made = [fits.Column(column, "8E", array=values)]
    else:
        made = [fits.Column(f"{column}_{n}", "E", array=values[:, n]) for n in range(8)]
    hdu = fits.BinTableHDU.from_columns(made, name="ISGR-DEAD-SCP")
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "d.fits")
    fractions, source = dead_fractions(tmp_path / "d.fits")
    assert fractions == pytest.approx(np.linspace(0.21, 0.35, 8), abs=1e-6)
    assert source == "ISGR-DEAD-SCP"


def test_without_a_file_the_dead_time_is_that_of_osa():
    # DEADC of OSA 11.2 for ScW 255800700010.
    assert 1 - dead_fractions(None)[0][0] == pytest.approx(0.7175, abs=1e-3)


def refused(path, pattern):
    with pytest.raises(InputError, match=pattern):
        read_events(path)


def test_bad_files_are_named(tmp_path):
    refused(tmp_path / "none.fits", r"none\.fits: cannot be read")
    (tmp_path / "text.fits").write_text("hello")
    refused(tmp_path / "text.fits", r"text\.fits: is not FITS")
    cut = tmp_path / "cut.fits.gz"
    cut.write_bytes(REAL.read_bytes()[:100_000])
    refused(cut, r"cut\.fits\.gz: the gzip file is cut off or damaged; fetch it again")
    short = tmp_path / "short.fits"
    short.write_bytes(event_file(tmp_path / "e.fits", columns()).read_bytes()[:40_000])
    refused(short, r"short\.fits: is cut off")
    other = tmp_path / "other.fits"
    fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(np.zeros((2, 2)), name="ISGR-SKY.-IMA")]).writeto(other)
    refused(other, r"other\.fits: has no extension ISGR-EVTS-ALL but: ISGR-SKY\.-IMA; give isgri_events")


def test_missing_parts_are_named(tmp_path):
    refused(
        event_file(tmp_path / "a.fits", columns(), gti=None), r"a\.fits: has no good-time intervals .*gti"
    )
    for key in ("RA_SCX", "DEC_SCZ"):
        path = event_file(tmp_path / "b.fits", columns(), without=(key,))
        refused(path, rf"b\.fits: extension ISGR-EVTS-ALL: keyword {key} is missing: .*pointed")
    refused(event_file(tmp_path / "c.fits", columns(), without=("ISGRI_PHA",)), "has no column ISGRI_PHA")
    refused(event_file(tmp_path / "d.fits", columns(), without=("TIME", "OB_TIME")), "neither a column TIME")
    refused(event_file(tmp_path / "e.fits", columns(), without=("SWID",)), "keyword SWID is missing")
    bad = columns(10)
    bad["ISGRI_Y"][3] = 200
    refused(event_file(tmp_path / "f.fits", bad), r"row 4: no such pixel \(Y 200")
    refused(event_file(tmp_path / "g.fits", columns(), gti=[(2.0, 1.0)]), "are empty")


def test_a_selection_of_nothing_says_so(tmp_path):
    events = read_events(event_file(tmp_path / "e.fits", columns(), gti=[(1.0, 2.0)]))
    with pytest.raises(InputError, match="no event lies in good time with a rise time of 16 to 116"):
        select(events)


def test_bad_dead_times_are_refused(tmp_path):
    hdu = fits.BinTableHDU.from_columns([fits.Column("DEADTIME", "8E", array=np.full((1, 8), 1.5))])
    hdu.name = "ISGR-DEAD-SCP"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "d.fits")
    with pytest.raises(InputError, match=r"d\.fits: .*0 to 1"):
        dead_fractions(tmp_path / "d.fits")
    with pytest.raises(InputError, match=r"has no dead times of ISGRI"):
        dead_fractions(event_file(tmp_path / "e.fits", columns()))
