"""The step isgri_response: products, sources along, and what it refuses."""

from __future__ import annotations

import json

import numpy as np
import pytest
from astropy.io import fits

from isgri_response import isgri_response
from tidings.errors import InputError
from tidings.isgri.geometry import OPEN_PIXELS, SHAPE, instrument_matrix, module_map, tangents
from tidings.isgri.pif import pif
from tidings.isgri.response_file import read_response
from tidings.isgri.shadowgram_file import write_windows
from tidings.isgri.window import Cube, Pointing, Window
from tidings.step import main, run

POINTING = Pointing(83.0, 21.5, 83.0, -68.5)
CRAB = (83.6332, 22.0145)
ENERGIES = np.array([20.0, 28.0, 34.0, 42.0, 60.0, 80.0, 130.0])


def shape(seed: int) -> np.ndarray:
    """Pixels that differ by 60 % at low energy and 5 % at high energy."""
    one = np.random.default_rng(seed).normal(0, 1, SHAPE)
    made = np.exp(np.multiply.outer([0.6, 0.4, 0.2, 0.1, 0.05, 0.05], one))
    return np.where(module_map() >= 0, made, 0)


def window(swid: str, seed: int, pixels: np.ndarray) -> Window:
    live = np.where(module_map() >= 0, 2000.0, 0.0)
    lit = pif(*(float(t) for t in tangents(instrument_matrix(POINTING), *CRAB))) * live / OPEN_PIXELS
    means = np.array([6, 8, 12, 25, 20, 25])[:, None, None]
    rates = np.array([20, 20, 20, 20, 10, 5])[:, None, None]
    counts = np.random.default_rng(seed).poisson(pixels * (means + lit * rates))
    return Window(
        swid, POINTING, ENERGIES, (Cube(counts, live, 1.0, 1.03, 2800.0),), {"REVOL": int(swid[:4])}
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("response")
    pixels = shape(0)
    write_windows([window("066500280010", 1, pixels)], folder / "one.fits", {})
    write_windows([window("066500290010", 2, pixels)], folder / "two.fits", {})
    write_windows([window("120000290010", 3, shape(9))], folder / "late.fits", {})
    write_windows([], folder / "none.fits", {})
    (folder / "sources.csv").write_text("NAME,RA,DEC\nCrab,83.6332,22.0145\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        run(isgri_response, shadowgrams=["one.fits", "two.fits"])
    return folder


def test_products(made):
    with fits.open(made / "response.fits", checksum=True) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "EBOUNDS", "ISGR-BACK-RSP", "ISGR-EFFI-RSP"]
        assert hdus[2].data.shape == (6, *SHAPE)
    response = read_response(made / "response.fits")
    assert response.meta["WINDOWS"] == ["066500280010", "066500290010"]
    used = module_map() >= 0
    assert np.corrcoef(response.background[0][used], shape(0)[0][used])[0, 1] > 0.9
    for name in ("response.png", "response.pdf"):
        assert (made / name).stat().st_size > 10000


def test_summary_names_the_source_found(made):
    summary = json.loads((made / "response.json").read_text())
    (crab,) = summary["sources"]
    assert crab["windows"] == 2
    assert np.hypot((crab["ra_deg"] - CRAB[0]) * 0.927, crab["dec_deg"] - CRAB[1]) * 60 < 0.5
    # The source was made with the pixels' own efficiency, whose mean is that of a log-normal.
    expected = np.array([20, 20, 20, 20, 10, 5]) * shape(0)[:, module_map() >= 0].mean(1)
    np.testing.assert_allclose(crab["rates_counts_per_s"], expected, rtol=0.1)
    before = [group["variance_over_poisson_modules"] for group in summary["groups"]]
    after = [group["variance_over_poisson_response"] for group in summary["groups"]]
    # Log-normal deviations of 60 % are more than a linear estimate follows; of 10 % not.
    assert before[0] > 8
    assert max(np.divide(after, before)[:3]) < 0.5
    assert max(after[4:]) < 1.05


def test_sources_given(made, monkeypatch):
    monkeypatch.chdir(made)
    run(
        isgri_response,
        shadowgrams=["one.fits", "none.fits"],
        sources="sources.csv",
        blind=False,
        response="given.fits",
        summary="given.json",
    )
    (crab,) = json.loads((made / "given.json").read_text())["sources"]
    assert (crab["ra_deg"], crab["dec_deg"]) == CRAB


def test_what_it_refuses(made, monkeypatch, capsys):
    monkeypatch.chdir(made)
    with pytest.raises(InputError, match=r"066500280010 .*120000290010 .*different pixel maps"):
        run(isgri_response, shadowgrams=["one.fits", "late.fits"], response="bad.fits")
    with pytest.raises(InputError, match="no science window"):
        run(isgri_response, shadowgrams=["none.fits"], response="bad.fits")
    with pytest.raises(InputError, match="one band"):
        run(isgri_response, shadowgrams=["one.fits"], band="20-40,40-60", response="bad.fits")
    assert main(isgri_response, ["--shadowgrams", "missing.fits", "--response", "bad.fits"]) != 0
    assert "missing.fits" in capsys.readouterr().err
    assert not (made / "bad.fits").exists()
