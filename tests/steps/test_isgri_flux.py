"""The steps of ISGRI's source products: rates, light curves and spectra."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from isgri_lightcurve import isgri_lightcurve
from isgri_rates import BANDS, rates, rates_file
from isgri_spectrum import isgri_spectrum
from tidings.errors import InputError
from tidings.isgri.crab import catalogue_rate
from tidings.isgri.lightcurve_file import read_lightcurves
from tidings.step import run

# Columns and forms of ISGR-SRC.-LCR as ii_lc_extract 2.7.1 (OSA 11.2) wrote them.
OSA_COLUMNS = {
    **{"TIME": "D", "TOT_COUNTS": "E", "BACKV": "E", "BACKE": "E", "RATE": "E", "ERROR": "E"},
    **{"FRACEXP": "E", "XAX_E": "E", "TIMEDEL": "D"},
}
# Its keywords, but for those of its own making (STAMP, CONFIGUR, GRPID1, on-board times, internals).
OSA_KEYWORDS = (
    *("BACKAPP", "BANDTYPE", "BASETYPE", "CHANTYPE", "CHECKSUM", "CREATOR", "DATASUM", "DEADAPP", "DEADC"),
    *("DEC_OBJ", "DETNAM", "EQUINOX", "EUNIT", "EXPOSURE", "EXTNAME", "EXTREL", "EXTVER", "E_MAX", "E_MIN"),
    *("INSTRUME", "ISDCLEVL", "MJDREF", "NAME", "ONTIME", "ORIGIN", "RADECSYS", "RA_OBJ", "REVOL"),
    *("SOURCEID", "SRCCNT", "SRCCNTE", "SWID", "SW_TYPE", "TELAPSE", "TELESCOP", "TFIRST", "TIERABSO"),
    *("TIERRELA", "TIMEDEL", "TIMEPIXR", "TIMEREF", "TIMESYS", "TIMEUNIT", "TLAST", "TSTART", "TSTOP"),
    "VIGNAPP",
)
# Mandatory keywords of OGIP/92-007 (section 3.1.1) and 92-007a, and the columns of a type I rate spectrum.
PHA_KEYWORDS = (
    *("EXTNAME", "TELESCOP", "INSTRUME", "FILTER", "EXPOSURE", "BACKFILE", "CORRFILE", "CORRSCAL"),
    *("RESPFILE", "ANCRFILE", "HDUCLASS", "HDUCLAS1", "HDUVERS", "POISSERR", "CHANTYPE", "DETCHANS"),
    *("AREASCAL", "BACKSCAL", "TLMIN1", "TLMAX1"),
)
PHA_COLUMNS = ("CHANNEL", "RATE", "STAT_ERR", "SYS_ERR", "QUALITY", "GROUPING")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def table(folder):
    return rates_file(folder / "rates.ecsv", rates(windows=12))


def check_pha(hdu: fits.BinTableHDU) -> None:
    """Hold an extension against OGIP/92-007."""
    header = hdu.header
    missing = [key for key in PHA_KEYWORDS if key not in header]
    assert missing == []
    assert header["EXTNAME"] == "SPECTRUM"
    assert (header["HDUCLASS"], header["HDUCLAS1"]) == ("OGIP", "SPECTRUM")
    assert header["HDUCLAS2"] in ("TOTAL", "NET", "BKG")
    assert header["HDUCLAS3"] == "RATE"
    assert header["CHANTYPE"] in ("PHA", "PI")
    assert header["POISSERR"] is False
    assert tuple(hdu.columns.names[:6]) == PHA_COLUMNS
    assert hdu.columns["RATE"].unit == hdu.columns["STAT_ERR"].unit == "count/s"
    channels = hdu.data["CHANNEL"]
    assert np.array_equal(channels, np.arange(header["TLMIN1"], header["TLMAX1"] + 1))
    assert len(channels) == header["DETCHANS"]
    assert header["EXPOSURE"] > 0
    assert np.all(hdu.data["STAT_ERR"][hdu.data["QUALITY"] == 0] > 0)
    assert set(hdu.data["QUALITY"]) <= {0, 1, 2, 5}
    assert set(hdu.data["GROUPING"]) <= {-1, 0, 1}


def test_light_curves_have_the_layout_of_osa(table):
    run(isgri_lightcurve, rates=[table])
    with fits.open("lightcurves.fits", checksum=True) as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "GROUPING", *["ISGR-SRC.-LCR"] * 12]
        index = hdus["GROUPING"]
        assert index.header["GRPNAME"] == "ISGR-SRC.-LCR-IDX"
        for row in index.data:
            hdu = hdus[row["MEMBER_POSITION"] - 1]
            assert (hdu.name, hdu.ver) == (row["MEMBER_NAME"], row["MEMBER_VERSION"])
            assert hdu.header["NAME"] == row["NAME"]
            assert hdu.header["E_MIN"] == row["E_MIN"]
        hdu = hdus[2]
        forms = dict(zip(hdu.columns.names, hdu.columns.formats, strict=True))
        assert list(forms.items())[:9] == list(OSA_COLUMNS.items())
        assert [key for key in OSA_KEYWORDS if key not in hdu.header] == []
        assert hdu.header["ENERGY_LEVEL"] == "lines"
        assert hdu.header["SIMULATED"] is True


def test_light_curves_hold_the_rates_and_crab_units(table):
    run(isgri_lightcurve, rates=[table], sources="GRS 1915+105")
    found = Table.read(table, format="ascii.ecsv")
    found = found[(found["source"] == "GRS 1915+105") & (found["e_min"] == 30)]
    curves = read_lightcurves("lightcurves.fits")
    assert len(curves) == 4
    curve = curves[1]
    assert curve["TIME"] == pytest.approx(np.asarray(found["time"]), abs=1e-9)
    assert curve["RATE"] == pytest.approx(np.asarray(found["rate"]), rel=1e-6)
    assert curve["FRACEXP"] == pytest.approx(1000 / (0.0125 * 86400))
    crab = catalogue_rate(30, 40).rate
    assert curve["CRAB"] == pytest.approx(np.asarray(found["rate"]) / crab, rel=1e-6)
    assert curve.meta["CRABRATE"] == pytest.approx(crab)
    row = Table.read("lightcurves.ecsv", format="ascii.ecsv")[1]
    assert row["rate"] == pytest.approx(np.mean(found["rate"]))
    assert row["error"] == pytest.approx(0.5 / np.sqrt(12))
    assert row["crab"] == pytest.approx(np.mean(found["rate"]) / crab)
    assert (row["bins"], row["dof"]) == (12, 11)
    assert row["chi2"] == pytest.approx(np.sum((found["rate"] - row["rate"]) ** 2) / 0.25)


def test_a_measured_crab_and_wider_bins(table, folder):
    run(isgri_lightcurve, rates=[table], sources="Crab", crab=table, bin_size=1.0)
    curve = read_lightcurves("lightcurves.fits")[0]
    assert len(curve) == 1
    assert curve["CRAB"][0] == pytest.approx(1, abs=1e-6)
    assert curve.meta["CRABREF"] == "measured, given by the user"


def test_osas_own_light_curve_is_read_with_the_same_reader(folder):
    columns = [fits.Column(name, form, array=np.arange(3.0)) for name, form in OSA_COLUMNS.items()]
    hdu = fits.BinTableHDU.from_columns(columns, name="ISGR-SRC.-LCR")
    hdu.header["NAME"] = "SGR 1935+2154"
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto("osa.fits")
    (curve,) = read_lightcurves("osa.fits")
    assert curve.meta["NAME"] == "SGR 1935+2154"
    assert list(curve["RATE"]) == [0, 1, 2]
    fits.PrimaryHDU().writeto("none.fits")
    with pytest.raises(InputError, match="has no extension ISGR-SRC"):
        read_lightcurves("none.fits")


def test_spectra_follow_ogip(table):
    run(isgri_spectrum, rates=[table])
    with fits.open("spectra.fits", checksum=True) as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus] == ["PRIMARY", *["SPECTRUM"] * 3, "EBOUNDS"]
        assert [hdu.ver for hdu in hdus[1:4]] == [1, 2, 3]
        for hdu in hdus[1:4]:
            check_pha(hdu)
            assert (hdu.header["RESPFILE"], hdu.header["ANCRFILE"]) == ("none", "none")
            assert hdu.data["SYS_ERR"] == pytest.approx(0.01)
            assert hdu.header["EXPOSURE"] == pytest.approx(12 * 750)
        assert [hdu.header["OBJECT"] for hdu in hdus[1:4]] == ["Crab", "Faint 1", "GRS 1915+105"]
        bounds = hdus["EBOUNDS"]
        assert [tuple(row)[1:] for row in bounds.data] == list(BANDS)
        assert hdus[1].data["RATE"] == pytest.approx(100, abs=1)
        assert hdus[1].data["STAT_ERR"] == pytest.approx(0.5 / np.sqrt(12), rel=1e-5)


def response(path, edges) -> None:
    """A redistribution matrix with these channels, one to one."""
    low, high = np.array(edges).T
    energies = [fits.Column("CHANNEL", "I", array=np.arange(1, len(low) + 1))]
    energies += [fits.Column(name, "E", "keV", array=a) for name, a in (("E_MIN", low), ("E_MAX", high))]
    bounds = fits.BinTableHDU.from_columns(energies, name="EBOUNDS")
    matrix = [
        fits.Column("ENERG_LO", "E", "keV", array=low),
        fits.Column("ENERG_HI", "E", "keV", array=high),
        fits.Column("MATRIX", f"{len(low)}E", array=np.eye(len(low))),
    ]
    made = fits.BinTableHDU.from_columns(matrix, name="SPECRESP MATRIX")
    fits.HDUList([fits.PrimaryHDU(), made, bounds]).writeto(path)


def test_a_response_is_named_when_its_channels_fit(table, folder):
    response("isgri.rmf", BANDS)
    area = fits.BinTableHDU.from_columns([fits.Column("SPECRESP", "E", array=np.ones(4))], name="SPECRESP")
    fits.HDUList([fits.PrimaryHDU(), area]).writeto("isgri.arf")
    run(isgri_spectrum, rates=[table], response="isgri.rmf", ancillary="isgri.arf", sources="Crab")
    header = fits.getheader("spectra.fits", "SPECTRUM")
    assert (header["RESPFILE"], header["ANCRFILE"]) == ("isgri.rmf", "isgri.arf")


def test_responses_that_do_not_fit_are_refused(table, folder):
    response("other.rmf", [(13, 20), *BANDS])
    cases = [
        ({"response": "other.rmf"}, "has 5 channels of 13-100 keV in EBOUNDS, the spectrum 4 of 20-100 keV"),
        ({"response": "none.rmf"}, "none.rmf: no such file"),
        ({"response": "rates.ecsv"}, "rates.ecsv: cannot be read as FITS"),
        ({"ancillary": "other.rmf"}, "has no extension SPECRESP"),
    ]
    for options, message in cases:
        with pytest.raises(InputError, match=message):
            run(isgri_spectrum, rates=[table], **options)
    assert not (folder / "spectra.fits").exists()


def test_an_unknown_source_is_named_and_nothing_written(table, folder):
    for step in (isgri_lightcurve, isgri_spectrum):
        with pytest.raises(InputError, match="no rate of a source 'Cyg X-1'; in the table: Crab"):
            run(step, rates=[table], sources="Crab,Cyg X-1")
    assert [path.name for path in folder.iterdir()] == ["rates.ecsv"]


def test_products_are_the_same_bytes_again(table, folder):
    made = []
    for name in ("one", "two"):
        outputs = {key: f"{name}/{key}" for key in ("lightcurves", "summary")}
        run(
            isgri_lightcurve,
            rates=[table],
            figure=f"{name}/l.png",
            figure_pdf=f"{name}/l.pdf",
            **outputs,
        )
        run(
            isgri_spectrum,
            rates=[table],
            spectra=f"{name}/s.fits",
            figure=f"{name}/s.png",
            figure_pdf=f"{name}/s.pdf",
        )
        made.append({path.name: path.read_bytes() for path in (folder / name).iterdir()})
    assert made[0] == made[1]
    assert len(made[0]) == 7
