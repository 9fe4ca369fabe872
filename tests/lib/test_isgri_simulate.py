"""The simulator of ISGRI: ray tracing against geometry and pixel illumination, rates, file."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from scipy.stats import chisquare

from tidings.errors import InputError
from tidings.isgri import _photons
from tidings.isgri._detector_model import make_detector
from tidings.isgri._dither import dither, pointing
from tidings.isgri._ijd import ijd_utc
from tidings.isgri._ray_tracing import pass_mask
from tidings.isgri._simulated_sources import read_sources
from tidings.isgri.event_file import write_events
from tidings.isgri.events import read_events
from tidings.isgri.geometry import CELL, HEIGHT, SHAPE, THICKNESS, module_map
from tidings.isgri.mask import flight_mask
from tidings.isgri.pif import pif
from tidings.isgri.simulate import (
    Observation,
    Source,
    amplitude,
    expected_rate,
    in_view,
    plan,
    require_seen,
    simulate_window,
    source_tangents,
    trace_source,
)

POINTING = pointing(83.63, 22.01, 30.0)
PIXELS = module_map() >= 0
CRAB = Source("Crab", 83.63, 22.01, 230.0)
# Columns of ISGR-EVTS-ALL of the archive (255900280010), and bytes of a row of each table.
FORMS = {
    **{"DELTA_TIME": "1B", "RISE_TIME": "1B", "ISGRI_PHA": "1I", "ISGRI_Y": "1B", "ISGRI_Z": "1B"},
    **{"DETY": "1B", "DETZ": "1B", "OB_TIME": "4I", "ISGRI_PI": "1B", "ISGRI_ENERGY": "1E"},
    **{"SELECT_FLAG": "1B", "TIME": "1D"},
}
ROWS = {"ISGR-EVTS-PRW": 25, "ISGR-EVTS-SRW": 12, "ISGR-EVTS-ALL": 30, "IBIS-GNRL-GTI": 96}


def observation(duration: float = 200.0, swid: str = "150000010010") -> Observation:
    return Observation(swid, POINTING, 5502.9, duration)


@pytest.fixture(scope="module")
def window():
    """A window with a source in the axis of the spacecraft, and the file it is written to."""
    detector = make_detector("pixels", seed=3)
    return simulate_window(observation(), [CRAB], detector, 700.0, seed=5), detector


@pytest.fixture(scope="module")
def file(window, tmp_path_factory):
    path = tmp_path_factory.mktemp("simulated") / "150000010010_isgri_events.fits.gz"
    write_events(window[0], path, {"step": "test"})
    return path


@pytest.mark.parametrize(("ty", "tz"), [(0.0, 0.0), (0.03, -0.05), (-0.16, 0.11), (0.24, 0.24)])
def test_a_photon_passes_when_every_point_of_its_way_is_open(ty, tz):
    random = np.random.default_rng(2)
    y, z = random.uniform(-300, 300, (2, 20000))
    open_all = np.ones(len(y), bool)
    mask = np.pad(np.asarray(flight_mask(), bool), 60)
    for height in np.linspace(HEIGHT - THICKNESS / 2, HEIGHT + THICKNESS / 2, 801):
        cell_y = np.floor((y + height * ty) / CELL + 47.5).astype(int) + 60
        cell_z = np.floor((z + height * tz) / CELL + 47.5).astype(int) + 60
        open_all &= mask[cell_z, cell_y]
    passed = pass_mask(y, z, ty, tz)
    # Points 0.02 mm apart miss cells whose corner the ray only just cuts.
    assert not np.any(passed & ~open_all)
    assert np.mean(passed != open_all) < 2e-4


def test_photons_fall_where_the_pixel_illumination_says():
    random, number = np.random.default_rng(11), 4_000_000
    ratios = []
    for ty, tz in ((0.0, 0.0), (0.041, 0.029), (-0.063, 0.12), (0.17, -0.02), (-0.21, -0.19)):
        _, pixel = trace_source(ty, tz, number, random)
        counts = np.bincount(pixel, minlength=SHAPE[0] * SHAPE[1]).reshape(SHAPE)
        expected = pif(ty, tz) * PIXELS * number / 16384
        assert counts[expected == 0].sum() < 1e-5 * number
        assert counts.sum() == pytest.approx(expected.sum(), rel=4 / np.sqrt(expected.sum()))
        lit = expected > 5
        ratios.append((counts - expected)[lit] ** 2 / expected[lit])
        assert ratios[-1].mean() == pytest.approx(1, abs=3.5 * np.sqrt(2 / lit.sum()))
    assert np.concatenate(ratios).mean() == pytest.approx(1, abs=0.03)


def test_rate_as_if_fully_coded():
    """In the axis, 8192 open pixels count the flux; what the thick mask takes away is what it lets pass."""
    flat = make_detector("flat", dead=0, noisy=0, threshold=5, dead_time=0.2)
    one = simulate_window(observation(1000), [CRAB], flat, 0.0, seed=2)
    seen = (one.energy > 20) & (one.energy < 60)
    live = sum(b - a for a, b in one.good) + one.good[0, 0]
    ty, tz = source_tangents(CRAB, POINTING)
    expected = expected_rate(CRAB, 20, 60) * (pif(ty, tz) * PIXELS).sum() / 8192 * live * 0.8
    assert seen.sum() == pytest.approx(expected, rel=4 / np.sqrt(expected))
    assert expected_rate(CRAB, 20, 60) == pytest.approx(230, rel=0.01)


def test_the_crab_has_the_colour_of_the_reference_catalogue():
    ratio = _photons.share(2.1, 20, 60) / _photons.share(2.1, 60, 200)
    assert ratio == pytest.approx(230.92 / 59.46, rel=0.06)


def test_measured_energies_have_the_resolution():
    assert 2.3548 * _photons.resolution(60.0, 0.08) / 60 == pytest.approx(0.08)
    random = np.random.default_rng(1)
    energy = _photons.draw(_photons.power_law(2.1), 400_000, random)
    measured = energy + random.normal(size=len(energy)) * _photons.resolution(energy, 0.08)
    share = np.mean((measured > 28) & (measured < 80))
    assert share == pytest.approx(
        _photons.measured_share(2.1, 28, 80, 0.08), abs=4 * np.sqrt(0.25 / len(energy))
    )


def test_background_has_its_shape_and_no_events_in_dead_pixels(window):
    detector = make_detector("pixels", seed=3, dead=0.1, threshold=5)
    assert detector.background[module_map() >= 0].mean() == pytest.approx(1)
    assert detector.background[module_map() < 0].max() == 0
    one = simulate_window(observation(400), [], detector, 900.0, seed=2)
    counts = np.bincount(one.pixel[one.energy > 20], minlength=SHAPE[0] * SHAPE[1])
    dead = detector.dead.ravel()
    assert counts[dead].sum() == 0
    assert 0.08 < dead.sum() / 16384 < 0.12
    modules = module_map().ravel()
    shape = (detector.background * detector.efficiency).ravel() * ~dead
    chosen = [(modules == module) & ~dead for module in range(8)]
    found = np.array([counts[pixels].sum() for pixels in chosen])
    level = np.array([shape[pixels].sum() for pixels in chosen])
    assert chisquare(found, level * found.sum() / level.sum()).pvalue > 1e-4
    flat = np.array([pixels.sum() for pixels in chosen])
    assert chisquare(found, flat * found.sum() / flat.sum()).pvalue < 1e-6


def test_a_variable_source_follows_its_sine():
    source = Source("pulsar", 83.63, 22.01, 400.0, amplitude=0.8, period=50.0)
    quiet = make_detector("flat", dead=0, noisy=0)
    one = simulate_window(observation(400), [source], quiet, 0.0, seed=2)
    phase = ((5502.9 * 86400 % 50.0) + one.ticks / 2**20) / 50.0
    wave = np.exp(2j * np.pi * phase).mean()
    assert 2 * abs(wave) == pytest.approx(0.8, abs=0.04)
    assert np.angle(wave) == pytest.approx(np.pi / 2, abs=0.04)


def test_the_file_has_the_archives_layout(file):
    with fits.open(file) as hdus:
        hdus.verify("exception")
        assert [hdu.name for hdu in hdus] == ["PRIMARY", *ROWS]
        assert {hdu.name: hdu.header["NAXIS1"] for hdu in hdus[1:]} == ROWS
        events = hdus["ISGR-EVTS-ALL"]
        forms = dict(zip(events.columns.names, events.columns.formats, strict=True))
        assert forms == FORMS
        assert list(forms) == list(FORMS)
        header = events.header
        assert header["SIMULATED"] is True
        assert hdus[0].header["SIMULATED"] is True
        assert "Crab" in str(hdus[0].header["HISTORY"])
        assert (header["MJDREF"], header["TIMESYS"], header["REVOL"]) == (51544.0, "TT", 1500)
        assert hdus["IBIS-GNRL-GTI"].header["GTI_NAME"] == "MERGED_ISGRI"
        data = events.data
        assert np.array_equal(data["DETY"], data["ISGRI_Y"] + 2 * (data["ISGRI_Y"] >= 64))
        assert np.array_equal(data["DETZ"], data["ISGRI_Z"] + 2 * (data["ISGRI_Z"] // 32))
        clock = np.sum(data["OB_TIME"].astype(np.int64) << [48, 32, 16, 0], axis=1)
        since = (clock - int(header["OBTSTART"])) / 2**20
        # A day number with 8000 before the point has steps of 8e-8 s.
        assert np.allclose((data["TIME"] - header["TSTART"]) * 86400, since, atol=2e-7)
        assert np.all(np.diff(clock) >= 0)


def test_the_reader_of_real_files_reads_it(file, window):
    events, made = read_events(file), window[0]
    assert events.meta["SIMULATED"]
    assert events.swid == "150000010010"
    assert events.pointing == POINTING
    assert np.array_equal(events.pixel, made.pixel)
    assert np.array_equal(events.energy, made.energy)
    assert (events.stop - events.start) * 86400 == pytest.approx(200, abs=1e-6)
    inside = (events.gti[:, 0] <= events.time[:, None]) & (events.time[:, None] < events.gti[:, 1])
    # The attitude is not stable at first; telemetry gaps hold no events.
    assert 0.85 < inside.any(axis=1).mean() < 0.97
    assert (events.gti[:, 1] - events.gti[:, 0]).sum() * 86400 == pytest.approx(200 - 13 - 6, abs=1e-4)
    noisy = np.unique(events.pixel[events.flag == 1])
    assert np.all(window[1].noisy.ravel()[noisy])


def test_amplitude_and_energy_agree(window):
    made = window[0]
    good = made.energy > 0
    # A channel is 0.967 keV wide; 511 keV lies where it does in the archive's files of 2022.
    assert np.abs(made.pha[good] - amplitude(made.energy[good])).max() < 0.501
    assert amplitude(58.83) == 50
    assert amplitude(511.0) == pytest.approx(517.6, abs=0.1)
    # What has no energy has a rise time that the selection takes out.
    selected = (made.corrected_rise >= 16) & (made.corrected_rise <= 116)
    assert np.array_equal(selected, made.energy > 0)
    assert 0.005 < np.mean(~selected) < 0.05
    edges = [40, 50, 56, 62, 65, 71, 78, 83]
    hump = np.histogram(made.energy, edges)[0] / np.diff(edges)
    assert np.argmax(hump) == 2
    assert hump[5] > 1.2 * hump[6]


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    def content(seed: int) -> bytes:
        one = simulate_window(observation(20), [CRAB], make_detector("pixels"), 700.0, seed)
        write_events(one, tmp_path / "e.fits.gz", {"step": "test"})
        return (tmp_path / "e.fits.gz").read_bytes()

    assert content(1) == content(1)
    assert content(1) != content(2)
    assert gzip.decompress(content(1))[:6] == b"SIMPLE"


def test_windows_differ_although_the_seed_is_the_same():
    quiet = make_detector("flat")
    one, other = (
        simulate_window(observation(20, swid), [], quiet, 700.0, 1)
        for swid in ("150000010010", "150000020010")
    )
    assert len(one.ticks) != len(other.ticks) or not np.array_equal(one.pixel, other.pixel)


def test_utc_of_the_archives_own_good_times():
    # START and UTC_START of the first and third interval of window 255900280010.
    assert ijd_utc(8320.632455833342, 5) == "2022-10-12T15:09:35.00000"
    assert ijd_utc(8320.640106840645, 5) == "2022-10-12T15:20:36.04703"


def test_position_angle_and_attitude():
    one = pointing(120.0, 40.0, 35.0)
    x, z = SkyCoord(one.ra_x, one.dec_x, unit="deg"), SkyCoord(one.ra_z, one.dec_z, unit="deg")
    assert x.separation(z).deg == pytest.approx(90)
    assert x.position_angle(z).deg == pytest.approx(35)


def test_dither_patterns():
    centre = SkyCoord(83.0, 22.0, unit="deg")
    for pattern, count, distance in (("5x5", 25, 2.17), ("hexagon", 7, 2.17)):
        made = dither(83.0, 22.0, 10.0, pattern, 2.17, count)
        axes = SkyCoord([p.ra_x for p in made], [p.dec_x for p in made], unit="deg")
        apart = axes[:, None].separation(axes[None, :]).deg + 100 * np.eye(count)
        assert apart.min(axis=1) == pytest.approx(distance, rel=0.02)
        assert axes.separation(centre).deg.min() < 1e-6
        assert len(np.unique(np.round(apart, 6))) > 3
    assert len(set(dither(83.0, 22.0, 10.0, "staring", 2.17, 3))) == 1
    with pytest.raises(InputError, match="choose one of staring, 5x5, hexagon"):
        dither(83.0, 22.0, 10.0, "7x7")


def test_plan_numbers_the_windows_and_leaves_time_to_slew():
    made = plan(dither(83.0, 22.0, 0.0, "5x5", 2.17, 3), 1500, 5502.9, 2000.0)
    assert [one.swid for one in made] == ["150000010010", "150000020010", "150000030010"]
    assert (made[1].start - made[0].start) * 86400 == pytest.approx(2120)


def test_a_source_outside_the_field_is_named():
    far = Source("Cyg X-1", 299.59, 35.20, 100.0)
    behind = Source("behind", 263.63, -22.01, 1.0)
    assert in_view([CRAB, far, behind], POINTING) == [CRAB]
    for source in (far, behind):
        with pytest.raises(InputError, match=f"{source.name}.* is outside the field of view"):
            require_seen([source], [POINTING])
    with pytest.raises(InputError, match="shape 'round' is not known"):
        make_detector("round")


def test_a_table_of_sources(tmp_path):
    path = tmp_path / "sources.csv"
    path.write_text("name,ra,dec,flux,index\nCrab,83.633,22.014,230,2.1\nIGR J1,80,20,5,1.7\n")
    assert read_sources(path)[1] == Source("IGR J1", 80.0, 20.0, 5.0, 1.7)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,ra,dec\nCrab,83,22\n", "no column flux"),
        ("name,ra,dec,flux\nCrab,83,92,1\n", r"row 1 \(Crab\): dec is 92"),
        ("name,ra,dec,flux\nCrab,83,22,-1\n", "flux is -1"),
        ("name,ra,dec,flux\nCrab,83,22,bright\n", "row 1: a number is missing"),
        ("name,ra,dec,flux\nA,83,22,1\nA,84,22,1\n", "a name stands twice"),
        ("name,ra,dec,flux,amplitude\nA,83,22,1,0.5\n", "needs a period"),
        ("# %ECSV 1.0\n# ---\nname ra\nA 1\n", "cannot be read as a table"),
    ],
)
def test_bad_tables_of_sources(tmp_path, text, message):
    path = tmp_path / ("sources.ecsv" if text.startswith("#") else "sources.csv")
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_sources(path)
