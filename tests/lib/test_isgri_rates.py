"""Rates of sources, and what is made of them: light curves, variability, spectra, Crab units."""

from __future__ import annotations

import numpy as np
import pytest

from isgri_rates import BANDS, rates, rates_file
from tidings.errors import InputError
from tidings.isgri.crab import catalogue_rate, measured_rate, reference
from tidings.isgri.lightcurve import lightcurves, rebin, variability
from tidings.isgri.rate_table import Flag, bands, in_band, listed, make_rates, read_rates, source_rates
from tidings.isgri.spectrum import BAD, crab_ratio, spectra

ONE = (BANDS[0],)


def test_rates_come_back_from_the_file_as_they_were(tmp_path):
    table = rates()
    again = read_rates([rates_file(tmp_path / "rates.ecsv", table)])
    assert again.colnames == table.colnames
    for name in table.colnames:
        assert np.array_equal(again[name], table[name])
        assert again[name].unit == table[name].unit
    assert again.meta["energy_level"] == "lines"


def test_batches_are_put_together_and_the_same_row_counts_once(tmp_path):
    table = rates(windows=6)
    early = rates_file(tmp_path / "a.ecsv", table[table["time"] < 5503.08])
    late = rates_file(tmp_path / "b.ecsv", table[table["time"] > 5503.04])
    joined = read_rates([late, early])
    assert len(joined) == len(table)
    assert np.array_equal(joined["rate"], table["rate"])


def test_two_reductions_of_the_same_window_are_refused(tmp_path):
    one, other = (rates_file(tmp_path / f"{n}.ecsv", rates(seed=n)) for n in (1, 2))
    with pytest.raises(InputError, match="two different rates of Crab in window 150000010010, 20-30 keV"):
        read_rates([one, other])


def test_what_is_no_table_of_rates_is_refused(tmp_path):
    path = tmp_path / "rates.ecsv"
    path.write_text("source,rate\nCrab,1\n")
    with pytest.raises(InputError, match="is no table of rates"):
        read_rates([path])
    table = rates()
    table.remove_column("swid")
    with pytest.raises(InputError, match="no column swid"):
        read_rates([rates_file(path, table)])
    with pytest.raises(InputError, match="make one with isgri_flux"):
        read_rates([])


def test_names_of_sources():
    table = rates()
    assert set(source_rates(table, "crab")["source"]) == {"Crab"}
    with pytest.raises(InputError, match=r"'Cyg X-1'; in the table: Crab, Faint 1, GRS 1915\+105"):
        source_rates(table, "Cyg X-1")
    assert listed(" Crab, GRS 1915+105 ,Crab") == ["Crab", "GRS 1915+105"]
    assert listed(" ") is None


def test_a_constant_source_has_the_expected_chi_square():
    found = [variability(lightcurves(rates({"A": 20.0}, 40, ONE, seed=n))[0]) for n in range(200)]
    assert np.mean([one.chi2 for one in found]) == pytest.approx(39, abs=3 * np.sqrt(2 * 39 / 200))
    assert {one.dof for one in found} == {39}
    pulls = [(one.mean - 20) / one.error for one in found]
    assert np.std(pulls) == pytest.approx(1, abs=0.15)
    assert np.mean([one.probability < 0.1 for one in found]) == pytest.approx(0.1, abs=0.07)
    excess = np.array([(one.excess, one.excess_error) for one in found])
    assert excess[:, 0].mean() == pytest.approx(0, abs=4 * excess[:, 0].std() / np.sqrt(200))
    assert excess[:, 0].std() == pytest.approx(excess[:, 1].mean(), rel=0.2)


def test_the_variance_of_a_variable_source_is_found():
    level = 50 + 10 * np.sqrt(2) * np.sin(np.linspace(0, 20 * np.pi, 4000, endpoint=False))
    found = variability(lightcurves(rates({"A": level}, 4000, ONE, error=5.0))[0])
    # Variance 100 over the mean's square; half of the scatter is noise.
    assert found.excess == pytest.approx(0.04, abs=4 * found.excess_error)
    assert found.excess_error < 0.003
    assert found.probability < 1e-30


def test_the_mean_is_weighted_with_the_errors():
    table = rates({"A": 0.0}, 2, ONE)
    table["rate"], table["error"] = [1.0, 4.0], [1.0, 2.0]
    found = variability(lightcurves(table)[0])
    assert (found.mean, found.error) == pytest.approx((1.6, np.sqrt(0.8)))
    assert found.chi2 == pytest.approx(0.36 + 1.44)


def test_a_single_bin_says_nothing_of_variability():
    found = variability(lightcurves(rates({"A": 20.0}, 1, ONE))[0])
    assert (found.dof, found.probability) == (0, 1.0)
    assert np.isnan(found.excess)


def test_bins_put_together_keep_the_mean_and_its_error():
    curve = lightcurves(rates({"A": 20.0}, 12, ONE))[0]
    coarse = rebin(curve, 0.1)
    assert len(coarse) == 3
    assert variability(coarse).mean == pytest.approx(variability(curve).mean)
    assert variability(coarse).error == pytest.approx(variability(curve).error)
    assert coarse.ontime.sum() == curve.ontime.sum()
    assert coarse.timedel == pytest.approx(3 * 0.025 + 0.0125)
    assert np.array_equal(rebin(curve, 1e-4).rate, curve.rate)


def test_bins_without_exposure_are_left_out():
    table = rates({"A": 20.0}, 5, ONE)
    table["flags"][2], table["rate"][2] = Flag.NO_EXPOSURE.value, np.nan
    assert len(lightcurves(table)[0]) == 4
    table["flags"] = Flag.NO_EXPOSURE.value
    with pytest.raises(InputError, match="no source has a usable rate"):
        lightcurves(table)
    with pytest.raises(InputError, match="A: no usable rate in any band"):
        spectra(table)


def test_the_catalogues_crab():
    assert catalogue_rate(20, 60).rate == pytest.approx(230.92)
    assert catalogue_rate(60, 200).rate == pytest.approx(59.46)
    parts = [catalogue_rate(*band).rate for band in ((20, 33), (33, 71), (71, 200))]
    assert sum(parts) == pytest.approx(230.92 + 59.46)
    # OSA 10, revolution 727, 20-40 keV mosaic: 142 counts/s; the detector had aged little by then.
    assert catalogue_rate(20, 40).rate == pytest.approx(142, rel=0.3)


def test_a_measured_crab_also_in_bands_that_make_up_a_wider_one():
    table = rates({"Crab": 100.0}, 10)
    alone = measured_rate(table, 30, 40)
    assert alone.rate == pytest.approx(100, abs=5 * alone.error)
    assert alone.error == pytest.approx(0.5 / np.sqrt(10))
    wide = measured_rate(table, 20, 60)
    assert wide.rate == pytest.approx(300, abs=1)
    assert wide.error == pytest.approx(np.sqrt(3) * alone.error)
    assert reference(table, 20, 60) == wide
    assert reference(None, 20, 60).rate == catalogue_rate(20, 60).rate
    with pytest.raises(InputError, match="do not make up 25-60 keV"):
        measured_rate(table, 25, 60)
    with pytest.raises(InputError, match="no Crab among the sources A"):
        measured_rate(rates({"A": 1.0}), 20, 60)
    with pytest.raises(InputError, match="must be positive"):
        measured_rate(rates({"Crab": -100.0}), 20, 60)


def test_the_mean_spectrum():
    table = rates({"A": 20.0, "B": 5.0}, 25)
    one, two = spectra(table)
    assert (one.name, two.name) == ("A", "B")
    assert list(zip(one.e_min, one.e_max, strict=True)) == bands(table) == list(BANDS)
    assert one.error == pytest.approx(np.full(4, 0.1))
    assert np.abs(one.rate - 20).max() < 0.4
    assert (one.exposure, one.ontime, len(one.windows)) == (25 * 750, 25 * 1000, 25)
    rate = in_band(source_rates(table, "A"), BANDS[1])["rate"]
    assert one.rate[1] == pytest.approx(rate.mean())
    ratio, error = crab_ratio(one, np.full(4, 40.0), 0.01)
    assert ratio == pytest.approx(one.rate / 40)
    assert error == pytest.approx(np.hypot(0.1, 0.01 * one.rate) / 40)


def test_a_channel_without_rates_is_bad():
    table = rates({"A": 20.0}, 3)
    table["flags"][table["e_min"] == 40] = Flag.NO_EXPOSURE.value
    spectrum = spectra(table)[0]
    assert list(spectrum.quality) == [0, 0, BAD, 0]
    assert spectrum.rate[2] == spectrum.error[2] == 0


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        (((20.0, 40.0), (30.0, 60.0)), "bands overlap"),
        (((20.0, 30.0), (40.0, 60.0)), "gaps between the bands"),
    ],
)
def test_bands_of_a_spectrum_adjoin(edges, message):
    with pytest.raises(InputError, match=message):
        spectra(rates({"A": 1.0}, bands=edges))


def test_no_rates_at_all():
    with pytest.raises(InputError, match="the table of rates is empty"):
        spectra(make_rates([]))
