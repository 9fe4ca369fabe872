"""Simulated ISGRI science windows: photons traced through the thick mask, background, dead pixels and times.

The result is an event list as the archive has it, for `event_file.write_events`. The mask is traversed photon
by photon (see `_ray_tracing`), not with the pixel illumination that the analysis uses.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tidings.errors import InputError
from tidings.isgri import _photons
from tidings.isgri._detector_model import RESOLUTION, Detector
from tidings.isgri._ray_tracing import pass_mask
from tidings.isgri.event_file import TICKS, EventList
from tidings.isgri.geometry import ACTIVE, CELL, HEIGHT, PITCH, SHAPE, instrument_matrix, tangents, to_image
from tidings.isgri.window import Pointing

OPEN_PIXELS = 8192
"""Pixels that a source in the axis shines on: rates are "as if fully coded", those of all of them."""
# Amplitude of an energy, as in window 255900280010 (2022): W K alpha in channel 50, 511 keV in 517.6.
_W_LINE, _W_CHANNEL, _KEV_PER_CHANNEL = 58.83, 50.0, 0.967
_PIXELS = 16384
_LEAST_RISE, _LARGEST_RISE, _RISE_SCALE = 22.0, 112.0, 55.0
# Events of the background whose rise time is no photon's: what the selection must take out.
_ODD = 0.03


@dataclass(frozen=True)
class Source:
    """A point source.

    Attributes
    ----------
    name
        For the history of the file.
    ra, dec
        Position [deg].
    flux
        Counts per second of live time in 20-60 keV (true energy) as if fully coded: of 8192 open, perfect
        pixels. The Crab has about 230 in 2003 (ISGR_FLUX_1 of the reference catalogue).
    index
        Photon index.
    amplitude, period
        Relative amplitude and period [s] of a sine in the rate; 0 for a constant source.
    """

    name: str
    ra: float
    dec: float
    flux: float
    index: float = _photons.CRAB_INDEX
    amplitude: float = 0.0
    period: float = 0.0


@dataclass(frozen=True)
class Observation:
    """One science window to be simulated: `start` in IJD (TT), `duration` in s, `gaps` data gaps of 2 s."""

    swid: str
    pointing: Pointing
    start: float
    duration: float
    gaps: int = 3


def source_tangents(source: Source, pointing: Pointing) -> tuple[float, float]:
    """Return a source's tangents in the instrument's frame.

    Raises
    ------
    InputError
        It cannot shine on the detector through the mask.
    """
    ty, tz = (float(value) for value in tangents(instrument_matrix(pointing), source.ra, source.dec))
    reach = (SHAPE[1] * PITCH + 95 * CELL) / 2 / HEIGHT, (SHAPE[0] * PITCH + 95 * CELL) / 2 / HEIGHT
    if not (abs(ty) < reach[0] and abs(tz) < reach[1]):
        raise InputError(
            f"source {source.name!r} at RA {source.ra:g}, Dec {source.dec:g} deg is outside the field of "
            f"view (29 deg wide) of the pointing RA {pointing.ra_x:.4f}, Dec {pointing.dec_x:.4f}; remove "
            "it, or move the pointing"
        )
    return ty, tz


def expected_rate(source: Source, e_min: float, e_max: float, resolution: float = RESOLUTION) -> float:
    """Return the rate as if fully coded [counts/s] that is measured in a band [keV], without thresholds."""
    part = _photons.measured_share(source.index, e_min, e_max, resolution)
    return source.flux * part / _photons.share(source.index, 20.0, 60.0)


def amplitude(energy: np.ndarray) -> np.ndarray:
    """Return the pulse height (ISGRI_PHA, not rounded) of an energy [keV]."""
    return _W_CHANNEL + (np.asarray(energy) - _W_LINE) / _KEV_PER_CHANNEL


def simulate_window(
    observation: Observation,
    sources: list[Source],
    detector: Detector,
    background_rate: float = 700.0,
    seed: int = 1,
) -> EventList:
    """Simulate the events of a science window.

    Parameters
    ----------
    observation : Observation
        Identifier, attitude and time.
    sources : list of Source
        Those inside the field of view of this pointing; see `in_view`.
    detector : Detector
        What the pixels do, and the shape of the background.
    background_rate : float
        Background of the whole detector above 12 keV [counts/s of live time], before thresholds.
    seed : int
        Of the random numbers; mixed with the window's identifier, so that windows differ.

    Returns
    -------
    EventList

    Raises
    ------
    InputError
        A source is outside the field of view, or its rate varies by more than 100 %.
    """
    random = np.random.default_rng([seed, int(observation.swid)])
    live = _live_intervals(observation)
    seconds = float((live[:, 1] - live[:, 0]).sum()) * (1 - detector.dead_time)
    parts = [_background(background_rate, seconds, live, detector, random)]
    parts += [_photons_of(source, observation, seconds, live, detector, random) for source in sources]
    time, pixel, energy, odd = (np.concatenate(column) for column in zip(*parts, strict=True))
    keep = ~detector.dead.ravel()[pixel]
    keep &= odd | detector.seen(energy, pixel, random)
    return _recorded(
        observation, time[keep], pixel[keep], energy[keep], odd[keep], detector, random, history(sources)
    )


def plan(
    pointings: list[Pointing], revolution: int, start: float, duration: float, slew: float = 120.0
) -> list[Observation]:
    """Put pointings one after another, with `slew` seconds between them; all of one revolution."""
    step = (duration + slew) / 86400
    return [
        Observation(f"{revolution:04d}{number:04d}0010", pointing, start + (number - 1) * step, duration)
        for number, pointing in enumerate(pointings, 1)
    ]


def require_seen(sources: list[Source], pointings: list[Pointing]) -> None:
    """Raise InputError for a source that is in the field of view of no pointing."""
    for source in sources:
        if not any(in_view([source], pointing) for pointing in pointings):
            source_tangents(source, pointings[0])


def in_view(sources: list[Source], pointing: Pointing) -> list[Source]:
    """Return the sources that shine through the mask in a pointing."""
    seen = []
    for source in sources:
        try:
            source_tangents(source, pointing)
        except InputError:
            continue
        seen.append(source)
    return seen


def history(sources: list[Source]) -> tuple[str, ...]:
    """Say what is in a simulated file."""
    lines = [f"Simulated: photons traced through the mask. {len(sources)} sources in the field:"]
    for one in sources:
        text = f"{one.name}: RA {one.ra:.5f} Dec {one.dec:.5f} deg, {one.flux:g} counts/s in 20-60 keV"
        varies = f", sine {one.amplitude:g} of {one.period:g} s" if one.amplitude else ""
        lines.append(f"{text}, index {one.index:g}{varies}")
    return tuple(lines)


def trace_source(
    ty: float, tz: float, number: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Send photons onto the sensitive area of the 128 x 128 pixels from one direction.

    Parameters
    ----------
    ty, tz : float
        Tangents of the direction in the instrument's frame.
    number : int
        Photons before the mask.
    random : Generator

    Returns
    -------
    which : ndarray of int
        Numbers of the photons that come through.
    pixel : ndarray of int
        Flat index in [134, 130] of the pixels they hit.
    """
    y, z = random.integers(0, 128, number), random.integers(0, 128, number)
    dety, detz = to_image(y, z)
    spot_y, spot_z = random.uniform(-ACTIVE / 2, ACTIVE / 2, (2, number))
    at_y = (dety - (SHAPE[1] - 1) / 2) * PITCH + spot_y
    at_z = (detz - (SHAPE[0] - 1) / 2) * PITCH + spot_z
    which = np.flatnonzero(pass_mask(at_y, at_z, ty, tz))
    return which, (detz * SHAPE[1] + dety)[which]


def _photons_of(
    source: Source,
    observation: Observation,
    seconds: float,
    live: np.ndarray,
    detector: Detector,
    random: np.random.Generator,
) -> tuple[np.ndarray, ...]:
    ty, tz = source_tangents(source, observation.pointing)
    # A rate as if fully coded is that of half of the pixels: all of them, before the mask, see twice as much.
    rate = source.flux / _photons.share(source.index, 20.0, 60.0) * _PIXELS / OPEN_PIXELS
    peak = 1 + source.amplitude
    which, pixel = trace_source(ty, tz, random.poisson(rate * peak * seconds), random)
    time = _uniform(len(which), live, random)
    kept = random.random(len(which)) * peak < _level(source, time, observation.start)
    which, pixel, time = which[kept], pixel[kept], time[kept]
    energy = _photons.draw(_photons.power_law(source.index), len(which), random)
    energy = energy + random.normal(size=len(which)) * _photons.resolution(energy, detector.resolution)
    return time, pixel, energy, np.zeros(len(which), bool)


def _background(
    rate: float, seconds: float, live: np.ndarray, detector: Detector, random: np.random.Generator
) -> tuple[np.ndarray, ...]:
    number = random.poisson(rate * seconds * (1 + _ODD))
    cumulative = np.cumsum(detector.background.ravel())
    pixel = np.searchsorted(cumulative, random.random(number) * cumulative[-1], side="right")
    energy = _photons.draw_background(number, random)
    energy = energy + random.normal(size=number) * _photons.resolution(energy, detector.resolution)
    odd = random.random(number) < _ODD / (1 + _ODD)
    return _uniform(number, live, random), pixel, energy, odd


def _live_intervals(observation: Observation) -> np.ndarray:
    """Seconds from the start of the window between which telemetry comes, [n, 2]."""
    edges = np.linspace(0, observation.duration, observation.gaps + 2)
    starts = np.concatenate([[0.0], edges[1:-1] + 1.0])
    stops = np.concatenate([edges[1:-1] - 1.0, [observation.duration]])
    return np.transpose([starts, stops])


def good_intervals(observation: Observation) -> np.ndarray:
    """Seconds from the start of the window that are good, [n, 2]: the attitude is stable 13 s after it."""
    live = _live_intervals(observation)
    live[0, 0] = min(13.0, observation.duration / 10)
    return live


def _uniform(number: int, live: np.ndarray, random: np.random.Generator) -> np.ndarray:
    lengths = live[:, 1] - live[:, 0]
    before = np.concatenate([[0.0], np.cumsum(lengths)])
    place = random.random(number) * before[-1]
    part = np.searchsorted(before[1:-1], place, side="right")
    return live[part, 0] + place - before[part]


def _level(source: Source, time: np.ndarray, start: float) -> np.ndarray:
    """Return the rate of a source at times [s] from an instant [IJD], relative to its mean."""
    if not source.amplitude:
        return np.ones(len(time))
    if not (0 < source.amplitude <= 1 and source.period > 0):
        raise InputError(
            f"source {source.name!r}: a sine needs an amplitude of 0 to 1 and a period above 0 s, not "
            f"{source.amplitude:g} and {source.period:g}"
        )
    epoch = start * 86400 % source.period
    return 1 + source.amplitude * np.sin(2 * np.pi * (time + epoch) / source.period)


def _recorded(
    observation: Observation,
    time: np.ndarray,
    pixel: np.ndarray,
    energy: np.ndarray,
    odd: np.ndarray,
    detector: Detector,
    random: np.random.Generator,
    lines: tuple[str, ...],
) -> EventList:
    """Digitise the events and put them in order of time."""
    order = np.argsort(time, kind="stable")
    time, pixel, energy, odd = time[order], pixel[order], energy[order], odd[order]
    measured = np.clip(energy * detector.gain.ravel()[pixel], 0, None)
    rise = _rise_times(len(time), random)
    rise[odd] = random.choice([8, 130], odd.sum())
    return EventList(
        swid=observation.swid,
        pointing=observation.pointing,
        start=observation.start,
        duration=observation.duration,
        good=good_intervals(observation),
        ticks=np.floor(time * TICKS / 64).astype(np.int64) * 64,
        pixel=pixel,
        # A channel holds a range of amplitudes: [channel - 1/2, channel + 1/2).
        pha=np.clip(np.rint(amplitude(measured)), 0, 2047).astype(np.int16),
        rise=np.clip(np.rint((rise - 5) / 1.43), 0, 127).astype(np.uint8),
        corrected_rise=rise.astype(np.uint8),
        energy=np.where(odd, 0.0, measured).astype(np.float32),
        flag=detector.noisy.ravel()[pixel].astype(np.uint8),
        history=lines,
    )


def _rise_times(number: int, random: np.random.Generator) -> np.ndarray:
    """Draw corrected rise times: most events are shallow, in the distribution of real windows."""
    span = -np.expm1(-(_LARGEST_RISE - _LEAST_RISE) / _RISE_SCALE)
    return np.rint(_LEAST_RISE - _RISE_SCALE * np.log1p(-random.random(number) * span))
