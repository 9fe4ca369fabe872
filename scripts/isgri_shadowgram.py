"""ISGRI events to shadowgrams in fine energy channels."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Out, Param, main, provenance


def isgri_shadowgram(
    events: Annotated[
        list[Path],
        In(
            "Event files isgri_events.fits of science windows, as the archive has them, or folders of such",
            format="fits",
            directory=True,
        ),
    ],
    shadowgrams: Annotated[
        Path,
        Out(
            "shadowgrams.fits",
            "Counts of each pixel, fine channel and time bin of the windows",
            format="fits",
        ),
    ],
    summary: Annotated[
        Path, Out("shadowgrams.json", "What was used, rejected and calibrated in each window", format="json")
    ],
    figure: Annotated[
        Path,
        Out("shadowgrams.png", "Spectra before and after calibration, lines, and detector", format="png"),
    ],
    *,
    gti: Annotated[
        Path | None, In("Good times (START, STOP in IJD) that must hold beside those of the events")
    ] = None,
    dead_times: Annotated[
        list[Path] | None, In("Dead times ibis_deadtime.fits (ISGR-DEAD-SCP), one for each event file")
    ] = None,
    pixel_gains: Annotated[
        Path | None,
        In("Gains of the pixels for the level lines, ISGR-GAIN-REL or ISGR-OFFS-MOD; else from the events"),
    ] = None,
    offsets: Annotated[Path | None, In("ISGR-OFFS-MOD, for the energy level tables")] = None,
    rise_table: Annotated[Path | None, In("ISGR-RISE-MOD of OSA 11, for the energy level tables")] = None,
    energy: Annotated[
        Literal["lines", "tables", "archive"],
        Param("Energies: on the instrument's own lines, by calibration tables, or as archived"),
    ] = "lines",
    time_bin: Annotated[
        float | None, Param("Length of a time bin; the whole window when not given", unit="s", min=0.1)
    ] = None,
    time_edges: Annotated[
        str, Param("Edges of time bins in IJD, separated by commas, in place of a length")
    ] = "",
    rise_min: Annotated[int, Param("Lowest corrected rise time used", min=0, max=255)] = 16,
    rise_max: Annotated[int, Param("Highest corrected rise time used", min=0, max=255)] = 116,
    hot: Annotated[
        float, Param("Counts over the module's that make a pixel hot; 0 keeps all", unit="", min=0)
    ] = 4.0,
    spectral: Annotated[
        float,
        Param("Sigma by which a pixel's spectrum may differ from its module's; 0 keeps all", unit="", min=0),
    ] = 2.0,
) -> None:
    """Count ISGRI events of science windows in pixels and fine energy channels.

    Events in good time with a rise time in its limits are kept, pixels that are flagged, silent, hot or of
    an odd spectrum are not. Energies are those of the archive, of calibration tables, or, by default, tied
    to the fluorescence of tungsten and the line at 511 keV in the window's own background. Aborted windows
    are skipped with a note.
    """
    from tidings.errors import InputError
    from tidings.isgri._make_windows import Choices, event_files, make_windows
    from tidings.isgri.energy import read_tables
    from tidings.isgri.pixel_gains import read_gains
    from tidings.isgri.shadowgram_figure import shadowgram_figure
    from tidings.isgri.shadowgram_file import write_windows
    from tidings.isgri.shadowgram_summary import summarise
    from tidings.output import new_figure, save_figure, write_json

    if energy == "tables" and (offsets is None or rise_table is None):
        raise InputError("energy: the level tables needs the inputs offsets and rise_table: give both")
    try:
        edges = [float(word) for word in time_edges.split(",") if word.strip()]
    except ValueError:
        raise InputError(f"time_edges: {time_edges!r} is not a list of IJD separated by commas") from None
    if edges and time_bin is not None:
        raise InputError("time_bin and time_edges exclude each other: give one of them")
    choices = Choices(
        level=energy,
        gains=None if pixel_gains is None else read_gains(pixel_gains),
        tables=read_tables(offsets, rise_table) if energy == "tables" else None,
        time_bin=time_bin,
        edges=edges,
        rise_min=rise_min,
        rise_max=rise_max,
        hot=hot,
        spectral=spectral,
    )
    made = make_windows(event_files(events), choices, gti, dead_times or ())
    write_windows(made.windows, shadowgrams, provenance())
    write_json(summarise(made.windows, made.skipped), summary, provenance())
    drawing = new_figure() if made.spectra is None else shadowgram_figure(made.spectra, energy)
    save_figure(drawing, figure, provenance(), dpi=200)


if __name__ == "__main__":
    raise SystemExit(main(isgri_shadowgram))
