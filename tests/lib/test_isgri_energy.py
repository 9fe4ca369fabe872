"""Energies of ISGRI events: tables, the instrument's lines, the gains of single pixels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from isgri_events import GAINS, REAL, columns, event_file
from tidings.errors import InputError
from tidings.isgri.energy import (
    Tables,
    archive_energy,
    dither,
    line_calibration,
    line_energy,
    read_tables,
    table_energy,
)
from tidings.isgri.events import Events, read_events
from tidings.isgri.geometry import module_map
from tidings.isgri.line_calibration import fit_hump, fit_line
from tidings.isgri.pixel_gains import gains_from_archive, read_gains, unit_gains, write_gains
from tidings.isgri.selection import PIXELS, select
from tidings.isgri.window import Pointing


def histogram(energy, low=0, high=220):
    edges = np.arange(low, high + 1.0)
    return np.histogram(energy, edges)[0], edges[:-1] + 0.5


@pytest.fixture(scope="module")
def real():
    events = read_events(REAL)
    selection = select(events)
    calibration = line_calibration(events, selection, read_gains(GAINS))
    return events, selection, calibration, line_energy(events, calibration)


def test_the_hump_is_at_one_energy_for_all_rise_times(real):
    events, selection, _, energy = real
    places = []
    for low, high in ((22, 30), (30, 38), (38, 50), (50, 62), (62, 76), (76, 96), (96, 116)):
        mine = selection.events & (events.pi >= low) & (events.pi < high)
        places.append(fit_hump(*histogram(energy[mine]), slope=1.0)[0])
    # In the archive's energies it is at 77 to 125 keV. Tungsten emits 57.98 and 59.32 keV (Bearden 1967).
    assert np.abs(np.array(places) - 58.83).max() < 2.5
    assert np.std(places) < 1.5


def test_the_hump_is_at_one_energy_for_all_modules(real):
    events, selection, _, energy = real
    module = module_map().ravel()[events.pixel]
    clean = selection.events & (events.pi >= 22) & (events.pi < 62)
    places = [fit_hump(*histogram(energy[clean & (module == n)]), slope=1.0)[0] for n in range(8)]
    assert np.abs(np.array(places) - 58.83).max() < 1.5


def test_the_raw_hump_is_not_where_the_calibrated_one_is(real):
    events, selection, _, _ = real
    mine = selection.events & (events.pi >= 30) & (events.pi < 50)
    dithered = events.pha[mine] + dither(events)[0][mine]
    assert fit_hump(*histogram(dithered, 0, 140), slope=0.967)[0] < 51


def test_511_kev_is_at_511_kev_where_charge_is_lost_and_where_it_is_not(real):
    events, selection, _, energy = real
    for low, high in ((44, 56), (76, 90)):
        mine = selection.events & (events.pi >= low) & (events.pi < high)
        counts, edges = np.histogram(energy[mine], np.arange(390, 582, 6.0))
        place, error, height = fit_line(counts, edges[:-1] + 3, 511.0)
        assert height > 3
        assert place == pytest.approx(511, abs=max(3 * error, 8))


def test_what_a_calibration_states(real):
    calibration = real[2]
    assert calibration.pixel_source == "ISGR-GAIN-REL"
    assert np.all(np.abs(calibration.module_gain - 1) < 0.04)
    assert 0.01 < calibration.pixel_spread < 0.08
    slope = (511 - 58.83) / (calibration.line_511 - calibration.w)
    # More charge is lost at 511 keV, whose photons go deep, than at 59 keV: the slope rises with rise time.
    assert slope[-3] > slope[5] > 0.9


def window(pha, rise, pixel=None, energy=None, flag=None, seed=3) -> Events:
    count = len(pha)
    random = np.random.default_rng(seed)
    if pixel is None:
        pixel = random.choice(np.flatnonzero(module_map().ravel() >= 0), count)
    return Events(
        swid="100000010010",
        revolution=1000,
        pointing=Pointing(0, 0, 0, 90),
        start=0.0,
        stop=1.0,
        gti=np.array([[0.0, 1.0]]),
        time=np.sort(random.random(count)),
        pixel=np.asarray(pixel, np.uint16),
        pha=np.asarray(pha, np.int16),
        rise_time=np.asarray(rise, np.uint8),
        pi=np.asarray(rise, np.uint8),
        energy=energy,
        flag=np.zeros(count, np.uint8) if flag is None else flag,
        meta={},
    )


def background(count: int, random: np.random.Generator) -> np.ndarray:
    """Energies of a continuum with the lines of W, Pb and 511 keV."""
    lines = [(57.98, 0.577), (59.32, 1.0), (67.24, 0.34), (69.07, 0.09)]
    lines += [(e, 0.45 * w) for e, w in ((72.80, 0.60), (74.97, 1.0), (84.94, 0.35), (87.30, 0.10))]
    weight = np.array([w for _, w in lines])
    chosen = random.choice([e for e, _ in lines], int(0.35 * count), p=weight / weight.sum())
    peak = np.full(int(0.01 * count), 511.0)
    rest = 30 * np.exp(random.random(count - len(chosen) - len(peak)) * np.log(25))
    true = np.concatenate([chosen, peak, rest])
    width = np.where(true == 511, 20.0, 7 * np.sqrt(np.minimum(true, 200) / 60))
    return random.permutation(true + width * random.normal(size=len(true)))


def test_a_known_scale_is_recovered():
    random = np.random.default_rng(5)
    energy = background(1_500_000, random)
    rise = random.integers(20, 110, len(energy))
    # Zero and slope as in 2022, and a loss of charge that grows with rise time.
    loss = 1 - 0.0015 * (rise - 20)
    events = window(np.rint((energy - 10) / 0.97 * loss), rise)
    selection = select(events, hot=0, spectral=0)
    calibrated = line_energy(events, line_calibration(events, selection, unit_gains()))
    for low, high in ((25, 50), (70, 95)):
        mine = (rise >= low) & (rise < high)
        for true, tolerance in ((45, 1.5), (60, 0.8), (100, 2.0), (300, 8.0)):
            near = mine & (np.abs(energy - true) < 0.05 * true)
            assert np.median(calibrated[near] - energy[near]) == pytest.approx(0, abs=tolerance)


def test_gains_of_pixels_are_recovered_from_energies_of_the_archive(tmp_path):
    random = np.random.default_rng(6)
    pixels = np.flatnonzero(module_map().ravel() >= 0)[:800]
    gain, offset = np.ones(PIXELS), np.zeros(PIXELS)
    gain[pixels], offset[pixels] = random.normal(1, 0.05, 800), random.normal(0, 2, 800)
    pixel = random.choice(pixels, 240_000)
    pha = random.integers(20, 250, len(pixel))
    rise = random.integers(20, 30, len(pixel))
    normal = gain[pixel] * (pha + random.random(len(pixel)) - 0.5) + offset[pixel]
    energy = (1.6 * normal - 0.001 * normal**2 - 3 + 0.1 * rise).astype(np.float32)
    found = gains_from_archive(window(pha, rise, pixel, energy))
    assert found.known[pixels].all()
    # Of the mean pixel the gain is 1 and the offset 0 by convention.
    factor = np.median(found.gain[pixels] / gain[pixels])
    assert factor == pytest.approx(1, abs=0.01)
    at_hump = found.gain[pixels] * 50 + found.offset[pixels] - factor * (gain[pixels] * 50 + offset[pixels])
    assert np.std(at_hump) < 0.25  # channels, at 50; gains and offsets scatter by 3.2
    write_gains(found, tmp_path / "g.fits")
    back = read_gains(tmp_path / "g.fits")
    assert np.array_equal(back.known, found.known)
    assert np.abs(back.gain - found.gain)[pixels].max() < 1e-4


def test_gains_of_an_offset_table(tmp_path):
    again = np.full(16384, 2.0)
    again[5] = 2.2
    hdu = fits.BinTableHDU.from_columns(
        [fits.Column("AGAIN", "E", array=again), fits.Column("AOFFSET", "E", array=np.zeros(16384))]
    )
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / "o.fits")
    gains = read_gains(tmp_path / "o.fits")
    assert gains.gain[5] == pytest.approx(1.1, abs=1e-6)
    assert gains.known.sum() == 16384
    with pytest.raises(InputError, match="has no pixel gains"):
        read_gains(event_file(tmp_path / "e.fits", columns()))


def test_dither_depends_on_the_event_and_not_on_its_place():
    events = window(np.arange(20, 520), np.full(500, 40), np.arange(500))
    some = slice(100, 200)
    cut = replace(events, pha=events.pha[some], pixel=events.pixel[some], rise_time=events.rise_time[some])
    cut = replace(cut, pi=events.pi[some])
    assert np.array_equal(dither(cut)[0], dither(events)[0][some])
    assert not np.array_equal(dither(replace(events, swid="100000020010"))[0], dither(events)[0])


def test_dither_is_uniform():
    random = np.random.default_rng(2)
    events = window(random.integers(20, 600, 200_000), random.integers(16, 116, 200_000))
    for numbers in dither(events):
        counts = np.histogram(numbers, 20, (-0.5, 0.5))[0]
        assert counts.sum() == 200_000
        assert np.sum((counts - 10_000) ** 2 / 10_000) < 50
    assert abs(np.corrcoef(*dither(events))[0, 1]) < 0.01


def tables(**changes) -> Tables:
    """Tables that turn PHA into half keV for a detector at 0 deg C; energies do not depend on rise time."""
    bias = 1.2
    neutral = {
        "again": np.full(PIXELS, 5 * bias**0.0832),
        "aoffset": np.zeros(PIXELS),
        "rtgain": np.full(PIXELS, 1 / 0.3 / bias**0.583),
        "rtoffset": np.full(PIXELS, -2.0),
        "lut2": np.repeat(np.arange(2048.0)[:, None] / 2, 256, axis=1),
        "temperature": np.zeros(8),
    }
    return Tables(**{**neutral, **changes})


def test_neutral_tables_give_half_the_pulse_height():
    events = window(np.arange(20, 1020), np.full(1000, 30))
    energy = table_energy(events, tables())
    assert energy == pytest.approx((events.pha + dither(events)[0]) / 2, abs=1e-3)


def test_each_coefficient_of_the_tables_acts_as_written():
    events = window(np.full(1000, 100), np.full(1000, 42), np.arange(1000))
    plain = 2 * table_energy(events, tables())
    r = (2 / 2.4) * (42 + dither(events)[1]) + 5

    def amplitude(**changes):
        return 2 * table_energy(events, tables(**changes))

    offset = amplitude(aoffset=np.full(PIXELS, 3.0))
    assert offset == pytest.approx(plain + 6 * 1.2**0.0288, rel=1e-5)
    cold = amplitude(temperature=np.full(8, -20.0))
    assert cold == pytest.approx(plain * (253 / 273) ** -1.11, rel=1e-5)
    module = np.tile([4.0, 1.1, 0.5, 0.2], (8, 1))
    expected = 4 + 1.1 * plain + 0.5 * 30 / plain + 0.2 * r
    assert amplitude(amplitude_module=module) == pytest.approx(expected, rel=1e-5)
    epoch = amplitude(amplitude_time=np.array([1.0, 1.2, 1e-4]))
    assert epoch == pytest.approx(1 + 1.2 * plain + 1e-4 * plain**2, rel=1e-5)
    # The energy as the rise time shows what became of it: b, then d, then rounding.
    lut2 = np.repeat(np.arange(256.0)[None], 2048, axis=0)
    rise = table_energy(
        events,
        tables(lut2=lut2, rise_module=np.tile([1.0, 1.5], (8, 1)), rise_time=np.array([2.0, 0.9])),
    )
    assert np.abs(rise - np.rint(2 + 0.9 * (1 + 1.5 * r))).max() <= 1
    assert np.mean(rise == np.rint(2 + 0.9 * (1 + 1.5 * r))) > 0.99


def test_tables_are_read_as_the_archive_names_them(tmp_path):
    names = ("AGAIN", "AOFFSET", "RTGAIN", "RTOFFSET")
    offsets = fits.BinTableHDU.from_columns(
        [fits.Column(name, "E", array=np.arange(16384.0) + n) for n, name in enumerate(names)]
    )
    rise = fits.BinTableHDU.from_columns([fits.Column("CORR", "256E", array=np.ones((2048, 256)))])
    for hdu, name in ((offsets, "o.fits"), (rise, "r.fits")):
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(tmp_path / name)
    found = read_tables(tmp_path / "o.fits", tmp_path / "r.fits")
    # Pixel Y = 1, Z = 33 lies at row 35 of the image with its dead strips.
    assert found.again.reshape(134, 130)[35, 1] == 33 * 128 + 1
    assert found.lut2.shape == (2048, 256)
    with pytest.raises(InputError, match=r"o\.fits: has no table with a column CORR; give ISGR-RISE-MOD"):
        read_tables(tmp_path / "o.fits", tmp_path / "o.fits")


def test_what_cannot_be_calibrated_is_refused():
    events = window(np.full(5000, 50), np.full(5000, 40))
    with pytest.raises(InputError, match="window 100000010010: 5000 events are too few"):
        line_calibration(events, select(events, hot=0, spectral=0))
    with pytest.raises(InputError, match="no ISGRI_ENERGY: take the energy level lines or tables"):
        archive_energy(events)
    with pytest.raises(InputError, match="no RISE_TIME, which tables start from"):
        table_energy(replace(events, rise_time=None), tables())
