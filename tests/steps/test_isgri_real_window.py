"""Real events, science window 255900280010, from the event file to the sky: against OSA 11.2.

OSA's values: light curve of SGR 1935+2154, 28-80 keV, three bins of 1000 s (37 windows of revolution 2559).
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table

from isgri_flux import isgri_flux
from isgri_image import isgri_image
from isgri_response import isgri_response
from isgri_shadowgram import isgri_shadowgram
from tidings.step import run

EVENTS = Path(__file__).parents[2] / "data/isgri/255900280010_isgri_events.fits.gz"
SGR = (293.7320, 21.8967)
OSA_START = np.array([8320.63821973, 8320.64979381, 8320.66136796]) - 0.00578701
OSA_STOP = OSA_START + 0.01157402
OSA_RATE = np.array([57.78, 40.17, 35.27])
OSA_ERROR = np.array([1.973, 1.963, 1.960])
OSA_SNR = np.array([29.3, 20.5, 18.0])
# TOT_COUNTS, of the whole detector.
OSA_TOTAL = np.array([278.95, 276.60, 276.14])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("window")
    edges = np.unique(np.round(np.append(OSA_START, OSA_STOP), 7))
    # Bins adjoin to the microday: one edge between two.
    edges = edges[np.append(True, np.diff(edges) > 1e-6)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        listed = ",".join(f"{edge:.7f}" for edge in [8320.6323, *edges[1:], 8320.6737])
        run(isgri_shadowgram, events=[str(EVENTS)], shadowgrams="shadowgrams.fits", time_edges=listed)
        run(isgri_response, shadowgrams=["shadowgrams.fits"])
        run(isgri_image, shadowgrams="shadowgrams.fits", response="response.fits", bands="28-80")
        run(
            isgri_image,
            shadowgrams="shadowgrams.fits",
            bands="28-80",
            summary="flat.json",
            images="flat.fits",
            table="flat.ecsv",
        )
    return folder


def test_empty_sky_is_empty(made):
    """No more scatter than 1.10 of counting statistics, before any rescale; pixels all alike have 1.6."""
    (one,) = json.loads((made / "sky_images.json").read_text())["images"]
    (flat,) = json.loads((made / "flat.json").read_text())["images"]
    assert 0.9 < one["empty_sky_fully_coded"]["sigma"] < 1.10
    assert one["errors_multiplied_by"] < 1.1
    assert flat["empty_sky_fully_coded"]["sigma"] > 1.4
    # Residual without ghosts: they would be 8 to 15 % of a source of 37 sigma.
    assert one["empty_sky_fully_coded"]["maximum"] < 5
    assert one["empty_sky_fully_coded"]["minimum"] > -5
    assert one["empty_sky"]["maximum"] < 5.2


def test_sgr_is_found_blind_and_nothing_else(made):
    table = Table.read(made / "sky_sources.ecsv", format="ascii.ecsv")
    assert len(table) == 1
    ra, dec = float(table["RA_FIN"][0]), float(table["DEC_FIN"][0])
    assert 60 * np.hypot((ra - SGR[0]) * np.cos(np.deg2rad(SGR[1])), dec - SGR[1]) < 1.0


def burst_rates(made, weights: str) -> Table:
    """Rates of SGR 1935+2154 in the three bins."""
    (made / "sgr.csv").write_text("name,ra,dec\nSGR 1935+2154,293.7320,21.8967\n")
    run(
        isgri_flux,
        shadowgrams=[str(made / "shadowgrams.fits")],
        sources=str(made / "sgr.csv"),
        response=str(made / "response.fits"),
        rates=str(made / "rates.ecsv"),
        weights=weights,
    )
    rates = Table.read(made / "rates.ecsv", format="ascii.ecsv")
    return rates[rates["ontime"] > 900]


@pytest.mark.parametrize(("weights", "ratio"), [("counts", 0.97), ("spectrum", 1.0)])
def test_bursts_against_osa(made, weights, ratio):
    """Significances not below OSA's, by the plain sum not below 97 % of them; rates in OSA's ratio."""
    rates = burst_rates(made, weights)
    snr = np.asarray(rates["rate"] / rates["error"])
    assert len(snr) == 3
    assert (snr >= ratio * OSA_SNR).all()
    scale = np.asarray(rates["rate"]) / OSA_RATE
    assert np.abs(scale / np.average(scale, weights=OSA_SNR**2) - 1).max() < 0.05


def test_scale_against_osa(made):
    """OSA counts the same events, and divides rates and errors by 0.53 more: see workflows/isgri.md."""
    rates = burst_rates(made, "counts")
    raw = np.asarray(rates["total"] * rates["exposure"] / rates["ontime"])
    assert raw / OSA_TOTAL == pytest.approx(0.969, abs=0.005)
    assert np.asarray(rates["error"]) / OSA_ERROR == pytest.approx(0.535, abs=0.005)
    assert (np.asarray(rates["rate"]) / OSA_RATE).mean() == pytest.approx(0.53, abs=0.02)


def test_scatter_of_pixels_before_and_after(made):
    groups = json.loads((made / "response.json").read_text())["groups"]
    low = next(one for one in groups if one["e_min_keV"] == 28)
    high = next(one for one in groups if one["e_min_keV"] == 100)
    assert low["variance_over_poisson_modules"] > 1.8
    assert low["variance_over_poisson_response"] < 1.1
    assert high["variance_over_poisson_modules"] > 1.15
    assert high["variance_over_poisson_response"] < 1.05
