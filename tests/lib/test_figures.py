"""Figures of the gravitational-wave reduction, judged by their pixels and texts."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table
from matplotlib import colormaps
from matplotlib.text import Text

from tidings import output
from tidings.gw._hdf5 import Series
from tidings.gw.qtransform import QSpectrogram
from tidings.gw.spectrogram_figure import colour_limit, network_figure, spectrogram_figure
from tidings.gw.strain_figure import strain_figure
from tidings.gw.strain_product import StrainProduct

GPS = 1126259462.4  # GW150914 (Abbott et al. 2016, PRL 116, 061102): 2015-09-14 09:50:45 UTC
LOG = np.geomspace(20, 1024, 120)
LINEAR = np.arange(20, 1024, 2.0)


def spectrogram(peak=(0.1, 136.0), frequencies=LOG, n_time=200, duration=1.0, energy=100.0) -> QSpectrogram:
    """Return noise with one loud pixel at (time from GPS [s], frequency [Hz])."""
    rng = np.random.default_rng(5)
    dt = duration / n_time
    times = GPS - duration / 2 + dt * (np.arange(n_time) + 0.5)
    values = np.minimum(rng.exponential(size=(n_time, len(frequencies))), 9).astype(np.float32)
    row = int(np.argmin(np.abs(np.log(frequencies / peak[1]))))
    column = int(np.argmin(np.abs(times - GPS - peak[0])))
    values[column, row] = energy
    tiles = Table({"time": [times[column]], "frequency": [frequencies[row]], "snr": [np.sqrt(2 * energy)]})
    return QSpectrogram(
        energy=values,
        times=times,
        t0=float(times[0]),
        dt=dt,
        frequencies=frequencies,
        q=5.65685424949238,
        normalisation="mean",
        valid=np.ones(values.shape, bool),
        planes=Table(),
        tiles=tiles,
    )


def strain(n=16384, rate=4096.0, **changes) -> StrainProduct:
    rng = np.random.default_rng(6)
    noise = rng.normal(0, 0.42, n)
    values = {
        "detector": "L1",
        "t0": GPS - n / rate / 2,
        "rate": rate,
        "strain": 1e-21 * noise,
        "whitened": noise,
        "conditioned": noise,
        "asd": Series(np.geomspace(1e-19, 1e-23, 4097), 0.0, 0.5),
        "band": (35.0, 350.0),
        "notches": (60.0, 120.0),
        "event": "GW150914",
        "event_gps": GPS,
    }
    return StrainProduct(**{**values, **changes})


def pixels(figure) -> np.ndarray:
    """Draw, and return the picture as (row from below, column, red green blue)."""
    with output.style():
        figure.canvas.draw()
    return np.asarray(figure.canvas.buffer_rgba())[::-1, :, :3].astype(int)


def looks_like(picture: np.ndarray, colour) -> np.ndarray:
    return np.abs(picture - np.round(255 * np.asarray(colour)[:3])).max(axis=-1) <= 2


def texts(figure) -> str:
    pixels(figure)
    return "\n".join(text.get_text() for text in figure.findobj(Text))


@pytest.mark.parametrize("frequencies", [LOG, LINEAR], ids=["log", "linear"])
@pytest.mark.parametrize("frequency", [25.0, 60.0, 136.0, 400.0, 900.0])
def test_loudest_tile_is_brightest_where_it_is(frequencies, frequency):
    q = replace(spectrogram((0.1, frequency), frequencies), tiles=Table())
    figure = spectrogram_figure(q, "H1", "GW150914", GPS)
    picture = pixels(figure)
    axes = figure.axes[0]
    inside = axes.get_window_extent()
    rows, columns = np.nonzero(looks_like(picture, colormaps["viridis"](1.0)))
    here = (columns > inside.x0) & (columns < inside.x1) & (rows > inside.y0) & (rows < inside.y1)
    time, found = axes.transData.inverted().transform((columns[here].mean() + 0.5, rows[here].mean() + 0.5))
    row = frequencies[np.argmin(np.abs(np.log(frequencies / frequency)))]
    step = np.ptp(np.log(LOG)) / (len(LOG) - 1) + 2 / row
    assert time == pytest.approx(0.1, abs=1.5 * q.dt)
    assert np.log(found / row) == pytest.approx(0, abs=step)


@pytest.mark.parametrize("n_time", [7000, 20000])
def test_one_pixel_among_many_more_than_the_page_has_is_drawn(n_time):
    for peak in (-0.311, 0.402):
        q = replace(spectrogram((peak, 136.0), n_time=n_time), tiles=Table())
        figure = spectrogram_figure(q, "H1", gps=GPS)
        bright = looks_like(pixels(figure), colormaps["viridis"](1.0))
        inside = figure.axes[0].get_window_extent()
        assert bright[int(inside.y0) + 1 : int(inside.y1), int(inside.x0) + 1 : int(inside.x1)].any()


def test_loudest_tile_is_ringed_and_not_covered():
    q = spectrogram()
    figure = spectrogram_figure(q, "H1", "GW150914", GPS)
    picture = pixels(figure)
    place = figure.axes[0].transData.transform((q.tiles["time"][0] - GPS, q.tiles["frequency"][0]))
    column, row = np.floor(place).astype(int)
    assert looks_like(picture[row, column], colormaps["viridis"](1.0))
    around = picture[row - 25 : row + 26, column - 25 : column + 26]
    assert looks_like(around, (1, 1, 1)).sum() > 50


def test_pixels_not_valid_are_grey_and_noted():
    q = spectrogram()
    valid = q.valid.copy()
    valid[:50] = False
    energy = q.energy.copy()
    energy[-50:] = np.nan
    figure = spectrogram_figure(replace(q, valid=valid, energy=energy), "H1", gps=GPS)
    picture, inside = pixels(figure), figure.axes[0].get_window_extent()
    grey = looks_like(picture, np.full(3, 0xBD / 255))
    row = int(inside.y0 + 0.6 * inside.height)
    line = grey[row, int(inside.x0) + 2 : int(inside.x1) - 2]
    assert line[: int(0.24 * len(line))].all()
    assert not line[int(0.26 * len(line)) : int(0.74 * len(line))].any()
    assert line[int(0.76 * len(line)) :].all()
    assert "not valid" in texts(figure)
    network = network_figure({"H1": replace(q, valid=valid), "L1": replace(q, valid=valid), "V1": q}, gps=GPS)
    assert texts(network).count("not valid") == 1
    assert "not valid" not in texts(spectrogram_figure(q, "H1", gps=GPS))


def test_colour_scale_ends_at_the_loudest_valid_pixel():
    q = spectrogram()
    assert colour_limit([q]) == 100
    valid = q.valid.copy()
    valid[q.energy > 50] = False
    # Noise alone is not stretched over the colours of a signal.
    assert colour_limit([replace(q, valid=valid)]) == 15
    assert spectrogram_figure(q, "H1", vmax=25).axes[0].images[0].get_clim() == (0, 25)


def test_nothing_valid_and_no_tile_is_drawn_all_the_same():
    q = spectrogram()
    q = replace(q, valid=np.zeros_like(q.valid), tiles=Table())
    assert "GW150914, H1" in texts(spectrogram_figure(q, "H1", "GW150914", GPS))


@pytest.mark.parametrize("frequencies", [np.array([100.0]), np.array([60.0, 70.0]), np.linspace(60, 66, 40)])
def test_narrow_ranges_have_ticks(frequencies):
    q = spectrogram(peak=(0.0, frequencies[0]), frequencies=frequencies)
    axes = spectrogram_figure(q, "H1", gps=GPS).axes[0]
    low, high = axes.get_ylim()
    assert low <= frequencies[0] <= frequencies[-1] <= high
    assert sum(low <= tick <= high for tick in axes.get_yticks()) >= 2


def test_labels_of_the_spectrogram():
    figure = spectrogram_figure(spectrogram(), "H1", "GW150914", GPS)
    axes = figure.axes[0]
    assert axes.get_xlabel() == "Time [s] from GPS 1126259462.400\n(2015-09-14 09:50:45.400 UTC)"
    assert axes.get_ylabel() == "Frequency [Hz]"
    assert axes.get_yscale() == "log"
    shown = texts(figure).split("\n")
    assert {"20", "30", "50", "100", "200", "500"} <= set(shown)
    assert {"GW150914, H1", "Q 5.7, SNR 14.1", "Energy / mean noise energy"} <= set(shown)


def test_network_shares_axes_and_colours():
    maps = {
        "H1": spectrogram(energy=100.0),
        "L1": spectrogram(energy=40.0, duration=0.5),
        "V1": spectrogram(energy=20.0, frequencies=np.geomspace(30, 512, 50)),
    }
    figure = network_figure(maps, "GW150914", GPS)
    rows = figure.axes[:3]
    assert [axes.images[0].get_clim() for axes in rows] == [(0, 100)] * 3
    for axes in rows:
        assert axes.get_xlim() == pytest.approx((-0.5, 0.5))
        assert axes.get_ylim() == pytest.approx((20, 1024), rel=0.02)
        assert axes.get_ylabel() == "Frequency [Hz]"
    assert "GPS 1126259462.400" in rows[-1].get_xlabel()
    shown = texts(figure).split("\n")
    assert [name for name in maps if name not in shown] == []
    assert "Q 5.7, SNR 6.3" in shown


def test_network_draws_each_map_in_its_own_place():
    maps = {"H1": spectrogram((0.3, 50.0)), "L1": spectrogram((-0.3, 500.0))}
    maps = {name: replace(q, tiles=Table()) for name, q in maps.items()}
    figure = network_figure(maps, gps=GPS)
    bright = looks_like(pixels(figure), colormaps["viridis"](1.0))
    for axes, (time, frequency) in zip(figure.axes, [(0.3, 50.0), (-0.3, 500.0)], strict=False):
        column, row = axes.transData.transform((time, frequency)).astype(int)
        assert bright[row - 6 : row + 7, column - 6 : column + 7].any()


def test_empty_network_is_refused():
    with pytest.raises(ValueError, match="no spectrogram"):
        network_figure({})


def test_strain_is_in_units_of_its_noise_whatever_the_signal():
    product = strain()
    signal = np.zeros(16384)
    signal[8000:8100] = 50
    loud = replace(product, conditioned=product.conditioned + signal)
    for drawn in (product, loud):
        value = strain_figure(drawn).axes[0].lines[0].get_ydata()
        assert np.std(value[:7000]) == pytest.approx(1.0, abs=0.03)
    assert value.max() == pytest.approx((50 + product.conditioned[8000:8100].max()) / 0.42, rel=0.03)


def test_labels_of_the_strain():
    figure = strain_figure(strain())
    upper, lower = figure.axes
    assert upper.get_xlabel() == "Time [s] from GPS 1126259462.400\n(2015-09-14 09:50:45.400 UTC)"
    assert upper.get_ylabel() == "Strain [noise σ]"
    assert (lower.get_xlabel(), lower.get_ylabel()) == ("Frequency [Hz]", "ASD [strain/√Hz]")
    assert {"GW150914, L1", "whitened, 35–350 Hz", "band used", "notch"} <= set(texts(figure).split("\n"))


def test_strain_not_whitened_is_strain():
    product = strain(whitened=None, conditioned=1e-21 * np.sin(np.arange(16384)))
    axes = strain_figure(product).axes[0]
    assert np.array_equal(axes.lines[0].get_ydata(), product.conditioned)
    assert axes.get_ylabel() == "Strain"
    assert axes.get_title("right") == "35–350 Hz"


def test_band_and_bad_stretches_are_where_they_are():
    valid = np.ones(16384, bool)
    valid[4096:8192] = False
    figure = strain_figure(strain(valid=valid), (GPS - 2, GPS + 1))
    upper, lower = figure.axes
    (bad,) = upper.patches
    assert bad.get_extents().transformed(upper.transData.inverted()).intervalx == pytest.approx((-1.0, 0.0))
    (band,) = lower.patches
    assert band.get_extents().transformed(lower.transData.inverted()).intervalx == pytest.approx(
        (35.0, 350.0)
    )
    assert upper.get_xlim() == pytest.approx((-2, 1))
    assert upper.lines[0].get_xdata()[[0, -1]] == pytest.approx((-2, 1), abs=1e-3)


def test_long_strain_keeps_its_extremes():
    n = 4096 * 300
    value = np.random.default_rng(7).normal(size=n)
    value[700_001] = 30.0
    value[900_001] = -40.0
    line = strain_figure(strain(n, whitened=value, conditioned=value)).axes[0].lines[0]
    assert len(line.get_xdata()) <= 20000
    sigma = np.median(np.abs(value)) / 0.6745
    assert line.get_ydata().max() == pytest.approx(30.0 / sigma, rel=1e-3)
    assert line.get_ydata().min() == pytest.approx(-40.0 / sigma, rel=1e-3)
    assert line.get_xdata()[np.argmax(line.get_ydata())] == pytest.approx(700_001 / 4096 - 150, abs=0.04)


FIGURES = {
    "strain": lambda width: strain_figure(strain(), width=width),
    "strain alone": lambda width: strain_figure(strain(asd=None), width=width),
    "spectrogram": lambda width: spectrogram_figure(spectrogram(), "H1", "GW190814_211039", GPS, width=width),
    "loud": lambda width: spectrogram_figure(spectrogram(energy=3e6), "H1", "GW150914", GPS, width=width),
    "two": lambda width: network_figure(dict.fromkeys(("H1", "L1"), spectrogram()), "G", GPS, width=width),
    "five": lambda width: network_figure(
        dict.fromkeys(("H1", "L1", "V1", "K1", "G1"), spectrogram()), "GW150914", GPS, width=width
    ),
}


@pytest.mark.parametrize("width", [output.COLUMN, output.PAGE])
@pytest.mark.parametrize("name", FIGURES)
def test_nothing_is_cut_off_overlaps_or_too_small(name, width):
    figure = FIGURES[name](width)
    pixels(figure)
    with output.style():  # ticks are made when they are first asked for
        box = figure.get_tightbbox()
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert box.x1 <= figure.get_figwidth()
    assert box.y1 <= figure.get_figheight()
    assert all(text.get_fontsize() >= 6 for text in figure.findobj(Text) if text.get_text())
    for axes in figure.axes:
        titles = [
            t.get_window_extent() for t in (axes.title, axes._left_title, axes._right_title) if t.get_text()
        ]
        assert not (len(titles) == 2 and titles[0].overlaps(titles[1]))
        ticks = [label.get_window_extent() for label in axes.get_xticklabels() if label.get_text()]
        assert not any(a.overlaps(b) for a, b in pairwise(ticks))


SCRIPT = """
import sys
sys.path[:0] = sys.argv[2:]
import test_figures
from pathlib import Path
from tidings import output
for name in ("strain", "spectrogram", "two"):
    for kind in ("png", "pdf"):
        output.save_figure(test_figures.FIGURES[name](output.COLUMN), Path(sys.argv[1], f"{name}.{kind}"))
"""


def test_bytes_do_not_hang_on_process(tmp_path):
    running = []
    for seed, zone in (("1", "Asia/Tokyo"), ("2", "America/New_York")):
        folder = tmp_path / seed
        folder.mkdir()
        paths = [str(Path(output.__file__).parents[1]), str(Path(__file__).parent)]
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone}
        running.append(
            subprocess.Popen([sys.executable, "-c", SCRIPT, str(folder), *paths], env=env, cwd=folder)
        )
    assert [process.wait() for process in running] == [0, 0]
    names = sorted(path.name for path in (tmp_path / "1").iterdir())
    assert len(names) == 6
    differing = [n for n in names if (tmp_path / "1" / n).read_bytes() != (tmp_path / "2" / n).read_bytes()]
    assert differing == []
