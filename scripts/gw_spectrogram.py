"""Q-transform spectrogram of the strain of one detector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.gw.parameters import (
    T1,
    T2,
    After,
    AllowBad,
    Before,
    Channel,
    Detector,
    EventName,
    EventTable,
    StrainFiles,
    Trim,
)
from tidings.step import Out, Param, main, provenance


def gw_spectrogram(
    strain: StrainFiles,
    spectrogram: Annotated[
        Path,
        Out("spectrogram.hdf5", "Energy in time and frequency, with axes, mask and tiles", format="hdf5"),
    ],
    tiles: Annotated[Path, Out("tiles.ecsv", "Table of the loudest tiles", format="ecsv")],
    figure: Annotated[Path, Out("spectrogram.png", "Figure of the spectrogram", format="png")],
    figure_pdf: Annotated[Path, Out("spectrogram.pdf", "The same figure for print", format="pdf")],
    *,
    detector: Detector,
    events: EventTable = None,
    event: EventName = None,
    before: Before = 1.0,
    after: After = 1.0,
    T1: T1 = None,
    T2: T2 = None,
    whiten: Annotated[bool, Param("Divide by the amplitude spectrum of the noise")] = True,
    qmin: Annotated[float, Param("Smallest Q searched", unit="", min=3.4, max=1000)] = 4.0,
    qmax: Annotated[float, Param("Largest Q searched", unit="", min=3.4, max=1000)] = 64.0,
    q: Annotated[
        float | None, Param("Q of the spectrogram, instead of the loudest tile's", unit="", min=3.4, max=1000)
    ] = None,
    fmin: Annotated[float, Param("Lowest frequency", unit="Hz", min=1)] = 20.0,
    fmax: Annotated[float, Param("Highest frequency", unit="Hz", min=1)] = 1024.0,
    time_resolution: Annotated[
        float | None, Param("Width of a pixel; a thousandth of the window if not given", unit="s", min=1e-5)
    ] = None,
    frequencies: Annotated[int, Param("Rows, equal in logarithm of frequency", min=2, max=10000)] = 500,
    frequency_resolution: Annotated[
        float | None, Param("Height of a pixel, which makes the rows equal in frequency", unit="Hz", min=1e-3)
    ] = None,
    compat: Annotated[
        Literal["none", "gwpy"], Param("Repeat the tiles, normalisation and splines of another program")
    ] = "none",
    channel: Channel = None,
    trim: Trim = 0.0,
    allow_bad: AllowBad = False,
) -> None:
    """Make the Q-transform of one detector's strain, and list its loudest tiles.

    The noise spectrum is the median over all the data given. Energies are relative to their mean in
    noise, so that they are distributed as exp(-energy) where there is no signal; a pixel holds the
    largest energy in its extent; pixels that an edge or bad data reach are marked as not valid.
    """
    from tidings.errors import InputError
    from tidings.gw.qtransform import q_transform
    from tidings.gw.spectrogram_figure import spectrogram_figure
    from tidings.gw.spectrogram_product import SpectrogramProduct, write_spectrogram, write_tiles
    from tidings.gw.strain import REQUIRED, check_window, read_strain
    from tidings.gw.window import find_window, read_event_table
    from tidings.output import save_figure

    if qmin > qmax:
        raise InputError(f"qmin {qmin:g} is larger than qmax {qmax:g}: exchange them")
    if fmin >= fmax:
        raise InputError(f"fmin {fmin:g} Hz is not below fmax {fmax:g} Hz")
    window = find_window(event, before, after, T1, T2, read_event_table(events))
    data = read_strain(strain, detector, channel=channel).trimmed(trim)
    check_window(data, window.start, window.end, allow_bad, how="give --allow_bad true")
    transform = q_transform(
        data.value,
        data.rate,
        data.t0,
        window=(window.start, window.end),
        qrange=(qmin, qmax),
        frange=(fmin, fmax),
        q=q,
        time_resolution=time_resolution,
        n_frequencies=frequencies,
        frequency_resolution=frequency_resolution,
        whiten=whiten,
        good=data.good(*REQUIRED),
        compat=None if compat == "none" else compat,
    )
    product = SpectrogramProduct(
        transform,
        detector,
        qrange=(qmin, qmax),
        frange=(fmin, fmax),
        compat=None if compat == "none" else compat,
        event=window.name,
        event_gps=window.gps,
    )
    write_spectrogram(product, spectrogram, provenance())
    write_tiles(transform.tiles, tiles, detector, window.name, window.gps, provenance())
    drawing = spectrogram_figure(transform, detector, window.name, window.gps)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(gw_spectrogram))
