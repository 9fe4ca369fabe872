"""Conditioned gravitational-wave strain of one detector."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

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


def gw_strain(
    strain: StrainFiles,
    conditioned: Annotated[
        Path,
        Out(
            "strain.hdf5", "Raw, whitened and conditioned strain, amplitude spectrum, quality", format="hdf5"
        ),
    ],
    figure: Annotated[
        Path, Out("strain.png", "Figure of the conditioned strain and the spectrum", format="png")
    ],
    figure_pdf: Annotated[Path, Out("strain.pdf", "The same figure for print", format="pdf")],
    *,
    detector: Detector,
    events: EventTable = None,
    event: EventName = None,
    before: Before = 1.0,
    after: After = 1.0,
    T1: T1 = None,
    T2: T2 = None,
    whiten: Annotated[bool, Param("Divide by the amplitude spectrum of the noise")] = True,
    fmin: Annotated[float, Param("Lower edge of the band", unit="Hz", min=1)] = 30.0,
    fmax: Annotated[float, Param("Upper edge of the band", unit="Hz", min=1)] = 400.0,
    notch: Annotated[list[float], Param("Lines to take out", unit="Hz", min=1)] = (),
    fftlength: Annotated[
        float, Param("Length of the segments of the noise spectrum", unit="s", min=0.25)
    ] = 2.0,
    channel: Channel = None,
    trim: Trim = 0.0,
    allow_bad: AllowBad = False,
) -> None:
    """Whiten, band-pass and notch the strain of one detector.

    The noise spectrum is the median over all the data given; whitening and filters run over the
    contiguous data around the window, which is cut afterwards, so that no edge is left in it.
    """
    from tidings.gw.conditioning import condition
    from tidings.gw.strain import check_window, read_strain
    from tidings.gw.strain_figure import strain_figure
    from tidings.gw.strain_product import write_strain
    from tidings.gw.window import find_window, read_event_table
    from tidings.output import save_figure

    window = find_window(event, before, after, T1, T2, read_event_table(events))
    data = read_strain(strain, detector, channel=channel).trimmed(trim)
    check_window(data, window.start, window.end, allow_bad, how="give --allow_bad true")
    product = condition(data, window, whiten=whiten, band=(fmin, fmax), notches=notch, fftlength=fftlength)
    write_strain(product, conditioned, provenance())
    drawing = strain_figure(product)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(gw_strain))
