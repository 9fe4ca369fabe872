"""Spectrograms of all detectors of an event, side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.step import In, Out, main, provenance


def gw_network(
    spectrograms: Annotated[
        list[Path], In("Spectrograms of one event, one for each detector", format="hdf5")
    ],
    figure: Annotated[Path, Out("network.png", "Figure with common axes and colours", format="png")],
    figure_pdf: Annotated[Path, Out("network.pdf", "The same figure for print", format="pdf")],
    tiles: Annotated[
        Path,
        Out(
            "network.ecsv",
            "Loudest tile of each detector, and the loudest that fits the network",
            format="ecsv",
        ),
    ],
) -> None:
    """Draw the spectrograms of all detectors of an event with common axes and one scale of colour."""
    from tidings.gw.network import network_tiles
    from tidings.gw.spectrogram_figure import network_figure
    from tidings.gw.spectrogram_product import read_spectrogram_product
    from tidings.output import save_figure, write_ecsv

    products = [read_spectrogram_product(path) for path in spectrograms]
    write_ecsv(network_tiles(products), tiles, provenance())
    first = products[0]
    drawing = network_figure({p.detector: p.spectrogram for p in products}, first.event, first.event_gps)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(gw_network))
