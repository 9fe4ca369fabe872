"""SPI-ACS light curves: bins, background, scatter, and the product."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

from acs import RATE, SAMPLE, T0, background, make, without
from suite import ROOT
from tidings.acs.counts import read_counts
from tidings.errors import InputError
from tidings.lightcurve.background import fit_background
from tidings.lightcurve.counts import Flag, Position
from tidings.lightcurve.curve import make_lightcurve
from tidings.lightcurve.curve_figure import lightcurve_figure
from tidings.lightcurve.product import read_lightcurve, write_lightcurve

BURST = ROOT / "data/acs/GRB230307A_spiacs_lc.fits"
BLOCK = {"step": "acs_lightcurve", "inputs": [], "parameters": {"name": "it's " * 30}}


@pytest.fixture
def rng():
    return np.random.default_rng(42)


def flagged(lightcurve, flag):
    return (lightcurve.flags & flag.value) > 0


@pytest.mark.parametrize("bin_size", [0.05, 0.15, 1.0, 8.0])
def test_binning_keeps_every_count(rng, bin_size):
    counts = make(background(12000, rng))
    curve = make_lightcurve(counts, bin_size)
    n = round(bin_size / SAMPLE)
    whole = 12000 // n * n
    assert (curve.rate * curve.exposure).sum() == pytest.approx(counts.counts[:whole].sum(), rel=1e-12)
    assert curve.width == pytest.approx(bin_size)
    assert curve.time == pytest.approx(-300 + bin_size * np.arange(len(curve)))
    assert curve.error == pytest.approx(np.sqrt(curve.rate / bin_size))


def test_peak_of_grb_230307a():
    curve = make_lightcurve(read_counts(BURST), 0.1, exclude=[(-95, 60)])
    peak = int(np.nanargmax(curve.rate))
    assert curve.rate[peak] == pytest.approx(1743640)
    assert curve.middle[peak] == pytest.approx(-85.55, abs=1e-3)
    # The spread of real background is above Poisson's (Rau et al. 2005; 1.1 to 1.2 in the circulars of 2019).
    assert 1.1 < curve.excess_variance < 1.25


def test_bins_begin_at_the_time_asked_for(rng):
    counts = replace(make(background(12000, rng)), start=-300.0123 + SAMPLE * np.arange(12000))
    curve = make_lightcurve(counts, 1.0, align=0.0)
    assert np.abs(curve.time).min() <= SAMPLE / 2
    assert np.abs(make_lightcurve(counts, 1.0).time - counts.start[0]).min() == 0


@pytest.mark.parametrize("excess", [1.0, 1.1, 1.57])
def test_excess_variance_is_found(rng, excess):
    counts = make(background(24000, rng, excess=excess))
    assert make_lightcurve(counts, 0.05).excess_variance == pytest.approx(excess, rel=0.02)
    assert make_lightcurve(counts, 1.0).excess_variance == pytest.approx(excess, rel=0.08)
    # Four bins tell nothing: the value of the samples is taken.
    assert make_lightcurve(counts, 300.0).excess_variance == pytest.approx(excess, rel=0.02)


@pytest.mark.parametrize(("model", "order"), [("polynomial", 2), ("polynomial", 3), ("median", 0)])
def test_background_under_a_burst(rng, model, order):
    t = (np.arange(20000) + 0.5) * SAMPLE - 500
    shape = 90000 * (1 + 0.01 * t / 500 - 0.01 * (t / 500) ** 2)
    burst = np.where(t > 0, 2e5 * np.exp(-np.maximum(t, 0) / 8), 0.0)
    counts = make(background(20000, rng, shape + burst))
    curve = make_lightcurve(counts, 1.0, model, order)
    truth = shape.reshape(-1, 20).mean(axis=1)
    # Within some of its own errors, which are tens of counts/s out of 90,000; a median lags behind a bend.
    tolerance = 4 if model == "polynomial" else 10
    assert (np.abs(curve.background - truth) < tolerance * curve.background_error).all()
    assert curve.background_error.max() < 200
    if model == "polynomial":
        assert curve.excess_variance == pytest.approx(1.1, rel=0.1)


def test_background_error_is_the_spread_of_the_background(rng):
    pulls = []
    for _ in range(150):
        counts = background(6000, rng)
        start, width = SAMPLE * np.arange(6000), np.full(6000, SAMPLE)
        model = fit_background(start, width, counts, width, order=1)
        pulls.append((model.rate[[100, 3000]] - RATE) / model.error[[100, 3000]])
    assert np.std(pulls, axis=0) == pytest.approx(1, abs=0.2)
    assert np.mean(pulls, axis=0) == pytest.approx(0, abs=0.3)


def test_excluded_interval_does_not_reach_the_background(rng):
    values = background(12000, rng)
    bright = values.copy()
    bright[6000:8000] += 400
    plain = make_lightcurve(make(values), 1.0, exclude=[(0, 100)])
    burst = make_lightcurve(make(bright), 1.0, exclude=[(0, 100)])
    assert burst.background.tolist() == plain.background.tolist()
    assert burst.excess_variance == plain.excess_variance
    assert flagged(burst, Flag.EXCLUDED).sum() == 100
    assert burst.time[flagged(burst, Flag.EXCLUDED)][0] == 0
    assert burst.net[300:400].mean() == pytest.approx(8000, rel=0.02)


def test_background_beyond_its_data_is_flagged(rng):
    curve = make_lightcurve(make(background(12000, rng)), 1.0, exclude=[(200, 300)])
    assert curve.time[flagged(curve, Flag.EXTRAPOLATED)].tolist() == pytest.approx(list(range(200, 300)))
    assert curve.background_error[-1] > 2 * curve.background_error[300]


def test_gaps_are_bins_without_data(rng):
    counts = without(make(background(12000, rng)), (10.5, 20.0), (-50.0, -49.9))
    curve = make_lightcurve(counts, 1.0)
    assert len(curve) == 600
    assert curve.time == pytest.approx(-300 + np.arange(600))
    gap = flagged(curve, Flag.GAP)
    assert curve.time[gap] == pytest.approx([-50, *range(10, 20)])
    assert np.isnan(curve.rate[curve.time > 10.9]).sum() == 9
    assert curve.exposure[gap] == pytest.approx([0.9, 0.5, *[0] * 9])
    # A rate over the live time, not over the bin.
    assert curve.rate[250] == pytest.approx(RATE, rel=0.03)
    assert np.isfinite(curve.background).all()
    assert (curve.rate * curve.exposure)[~np.isnan(curve.rate)].sum() == pytest.approx(counts.counts.sum())


def test_flags_of_samples_reach_their_bins(rng):
    values = background(12000, rng)
    values[100] = 131070
    values[2000:2040] = 500
    counts = make(values)
    counts.flags[100] = Flag.SATURATED
    curve = make_lightcurve(counts, 1.0)
    assert np.flatnonzero(flagged(curve, Flag.SATURATED)).tolist() == [5]
    assert np.flatnonzero(flagged(curve, Flag.DIP)).tolist() == [100, 101]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"bin_size": 0.12}, "0.12 s is no multiple of the samples of 0.05 s"),
        ({"bin_size": 0.01}, "choose 0.05 s"),
        ({"bin_size": 700}, "shorter than one bin"),
        ({"bin_size": 1, "exclude": [(-295, 290)]}, "15.0 s of background are too few: 20 s"),
        ({"bin_size": 1, "exclude": [(5, -5)]}, "ends before it starts"),
    ],
)
def test_what_gives_no_light_curve_is_refused(rng, arguments, message):
    with pytest.raises(InputError, match=message):
        make_lightcurve(make(background(12000, rng)), **arguments)


def test_too_short_a_record_is_refused():
    counts = read_counts(ROOT / "data/acs/ipnlc_20080319T053500.txt")
    with pytest.raises(InputError, match=r"2.0 s of background are too few"):
        make_lightcurve(counts, 0.05)


def test_a_gap_of_years_does_not_fill_the_memory(rng):
    counts = make(background(2000, rng))
    counts.start[1000:] += 3e8
    with pytest.raises(InputError, match="take a shorter interval"):
        make_lightcurve(counts, 1.0)


@pytest.fixture
def curve(rng):
    counts = without(make(background(12000, rng)), (10.5, 20.0))
    counts = replace(counts, position=Position(198.394, 71.787, 143490.5), offset_applied=0.125)
    return make_lightcurve(counts, 0.5, order=3, exclude=[(-10.0, 40.0)])


def test_product_gives_the_light_curve_back(tmp_path, curve):
    write_lightcurve(curve, tmp_path / "lc.fits", BLOCK)
    back = read_lightcurve(tmp_path / "lc.fits")
    for name, value in vars(curve).items():
        found = getattr(back, name)
        if name in ("time", "epoch"):
            # Seconds since the year 2000 as float64.
            assert found == pytest.approx(value, abs=2.5e-7, rel=1e-15), name
        elif isinstance(value, np.ndarray):
            assert found == pytest.approx(value, rel=1e-8, nan_ok=True), name
        else:
            assert found == value, name


def test_product_is_the_same_bytes_and_has_checksums(tmp_path, curve):
    for name in ("a.fits", "b.fits"):
        write_lightcurve(curve, tmp_path / name, BLOCK)
    assert (tmp_path / "a.fits").read_bytes() == (tmp_path / "b.fits").read_bytes()
    with fits.open(tmp_path / "a.fits", checksum=True) as hdus:
        hdus.verify("exception")
        assert all(hdu.verify_checksum() == 1 and hdu.verify_datasum() == 1 for hdu in hdus)
        assert all("DATE" not in hdu.header for hdu in hdus)
        assert BLOCK["parameters"]["name"] in hdus[0].header["PROVENAN"]


def test_header_says_when_in_the_words_of_the_standards(tmp_path, curve):
    write_lightcurve(curve, tmp_path / "lc.fits")
    header, data = fits.getheader(tmp_path / "lc.fits", "RATE"), fits.getdata(tmp_path / "lc.fits", "RATE")
    assert (header["TIMESYS"], header["TIMEREF"], header["TIMEUNIT"]) == ("TT", "LOCAL", "s")
    assert (header["TELESCOP"], header["INSTRUME"], header["TIMEDEL"]) == ("INTEGRAL", "SPIACS", 0.5)
    zero = header["MJDREFI"] + header["MJDREFF"]
    for key, seconds in (("DATE-OBS", -300), ("DATE-END", 300), ("DATE-REF", 0)):
        stated = Time(header[key], scale="tt")
        assert stated.gps == pytest.approx(T0 + seconds, abs=1e-3)
    for key, seconds in (("TSTART", -300), ("TSTOP", 300)):
        stated = Time(zero, (header["TIMEZERO"] + header[key]) / 86400, format="mjd", scale="tt")
        assert stated.gps == pytest.approx(T0 + seconds, abs=1e-6)
    first = Time(zero, data["TIME"][0] / 86400, format="mjd", scale="tt")
    assert first.gps == pytest.approx(T0 - 300 + header["TIMEPIXR"] * 0.5, abs=1e-6)
    gti = fits.getdata(tmp_path / "lc.fits", "STDGTI")
    assert (gti["STOP"] - gti["START"]).sum() == pytest.approx(600 - 9.5, abs=1e-6)


def test_product_is_read_as_counts_too(tmp_path, curve):
    write_lightcurve(curve, tmp_path / "lc.fits")
    counts = read_counts(tmp_path / "lc.fits")
    assert (counts.origin, counts.sample, counts.offset_applied) == ("lightcurve", 0.5, 0.125)
    assert counts.good.sum() == curve.good.sum()
    assert np.nansum(counts.counts) == np.nansum(curve.rate * curve.exposure)
    assert counts.start == pytest.approx(curve.time, abs=1e-6)
    with pytest.raises(InputError, match=r"corrected by \+0.125 s already"):
        read_counts(tmp_path / "lc.fits", add_offset=True)


def test_other_files_are_no_light_curve_product(tmp_path):
    with pytest.raises(InputError, match="no column TIMEDEL, BACKV"):
        read_lightcurve(BURST)
    with pytest.raises(InputError, match="is not FITS"):
        read_lightcurve(ROOT / "data/acs/ipnlc_20080319T053500.txt")
    with pytest.raises(InputError, match="no such file"):
        read_lightcurve(tmp_path / "none.fits")


def test_figure_shows_the_burst_or_the_noise(rng, curve):
    above, below = lightcurve_figure(curve, "GRB X").axes
    assert above.get_title(loc="left") == "GRB X"
    assert below.get_ylabel() == "Rate − background [σ]"
    burst = make_lightcurve(read_counts(BURST), 0.1)
    above, below = lightcurve_figure(burst).axes
    # The peak is inside the part shown, and higher than the axis of the whole.
    low, high = below.get_xlim()
    assert low < -85.6 < high < 150
    assert above.get_ylim()[1] < 110 < 1743 < below.get_ylim()[1]
