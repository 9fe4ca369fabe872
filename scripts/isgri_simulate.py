"""Simulated ISGRI science windows in the archive's layout."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Out, Param, main, provenance


def isgri_simulate(
    sources: Annotated[
        Path,
        In(
            "Sources: table with name, ra, dec [deg], flux [counts/s as if fully coded, 20-60 keV] and, if "
            "wanted, index, amplitude and period [s] of a sine; ECSV or text"
        ),
    ],
    events: Annotated[
        Path, Out("events", "Folder with one <swid>_isgri_events.fits.gz per science window", directory=True)
    ],
    *,
    ra: Annotated[
        float, Param("Right ascension of the pointing, or of the centre", unit="deg", min=0, max=360)
    ],
    dec: Annotated[float, Param("Its declination", unit="deg", min=-90, max=90)],
    position_angle: Annotated[
        float, Param("Direction of the spacecraft's Z axis, from north through east", unit="deg")
    ] = 0.0,
    pattern: Annotated[Literal["staring", "5x5", "hexagon"], Param("Dither pattern")] = "staring",
    dither_step: Annotated[
        float, Param("Distance of neighbouring pointings", unit="deg", min=0.1, max=5)
    ] = 2.17,
    windows: Annotated[int, Param("Number of science windows", min=1, max=2000)] = 1,
    duration: Annotated[float, Param("Length of a window", unit="s", min=20, max=20000)] = 2000.0,
    start: Annotated[
        float, Param("Start of the first window [IJD, TT]", unit="d", min=900, max=12000)
    ] = 5502.9,
    revolution: Annotated[int, Param("Revolution, the first digits of the windows", min=1, max=9999)] = 1500,
    background_rate: Annotated[
        float, Param("Background of the whole detector above 12 keV", unit="count/s", min=0, max=10000)
    ] = 700.0,
    shape: Annotated[
        Literal["flat", "modules", "smooth", "pixels"],
        Param(
            "What differs between pixels: nothing, the background of modules, its large-scale shape, or both "
            "and threshold, gain and efficiency of every pixel"
        ),
    ] = "pixels",
    dead: Annotated[float, Param("Part of the pixels that is off", unit="", min=0, max=0.5)] = 0.04,
    noisy: Annotated[float, Param("Part of the pixels that is flagged", unit="", min=0, max=0.5)] = 0.01,
    threshold: Annotated[float, Param("Mean low threshold", unit="keV", min=5, max=60)] = 15.0,
    dead_time: Annotated[float, Param("Part of the time", unit="", min=0, max=0.9)] = 0.282,
    resolution: Annotated[
        float,
        Param("Width (FWHM) of a line at 60 keV over its energy; 0.27 in 2022", unit="", min=0.01, max=0.5),
    ] = 0.08,
    seed: Annotated[int, Param("Of all random numbers", min=0)] = 1,
) -> None:
    """Simulate science windows of ISGRI: event lists in the archive's layout whose headers say SIMULATED.

    Every photon is traced through the thick mask, without the model that the analysis uses. Background with
    fluorescence lines, dead and noisy pixels, dead time and data gaps are added. Sources that a pointing does
    not see are left out of it; one that no pointing sees is an error.
    """
    from tidings.isgri._detector_model import make_detector
    from tidings.isgri._dither import dither
    from tidings.isgri._simulated_sources import read_sources
    from tidings.isgri.event_file import write_events
    from tidings.isgri.simulate import in_view, plan, require_seen, simulate_window

    listed = read_sources(sources)
    pointings = dither(ra, dec, position_angle, pattern, dither_step, windows)
    require_seen(listed, pointings)
    detector = make_detector(shape, seed, dead, noisy, threshold, dead_time, resolution)
    events.mkdir()
    for observation in plan(pointings, revolution, start, duration):
        seen = in_view(listed, observation.pointing)
        made = simulate_window(observation, seen, detector, background_rate, seed)
        write_events(made, events / f"{observation.swid}_isgri_events.fits.gz", provenance())


if __name__ == "__main__":
    raise SystemExit(main(isgri_simulate))
