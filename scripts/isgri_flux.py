"""ISGRI rates of sources in every science window and band."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.isgri.product_parameters import SourceNames
from tidings.step import In, Out, Param, main, provenance


def isgri_flux(
    shadowgrams: Annotated[
        list[Path], In("Shadowgrams of science windows, in time bins if wanted", format="fits")
    ],
    sources: Annotated[Path, In("Sources: list of a mosaic, GNRL-REFR-CAT, or any table with name, RA, Dec")],
    response: Annotated[
        Path | None, In("Pixel response of isgri_response; without it all pixels of a module are alike")
    ] = None,
    *,
    rates: Annotated[
        Path, Out("rates.ecsv", "Rate of each source in each window, time bin and band", format="ecsv")
    ],
    bands: Annotated[str, Param("Energy bands in keV, such as 20-40,40-60")] = "28-80",
    names: SourceNames = "",
    weights: Annotated[
        Literal["counts", "spectrum"],
        Param("Add the energies of a band by their counts, or weighted by the source's mean spectrum"),
    ] = "counts",
    least_coded: Annotated[
        float, Param("Coded fraction below which a source is left out", unit="", min=0.02, max=1)
    ] = 0.05,
    require: Annotated[
        bool, Param("Refuse a list with a source that is in the field of view of none of the windows")
    ] = True,
) -> None:
    """Measure the rates of sources, fitted together on the detector in each window, time bin and band.

    Rates are those of a source as if it were fully coded, per second of live time. Positions are those of
    the list; background and the other sources of the list are fitted along, so the list must have whatever is
    bright in the field. Weights by the spectrum have less noise where a source keeps its spectrum.
    """
    from tidings.errors import InputError
    from tidings.isgri.catalogue import read_catalogue
    from tidings.isgri.flux import measure, targets_of
    from tidings.isgri.mosaic_inputs import parse_bands
    from tidings.isgri.rate_table import listed
    from tidings.isgri.response import flat_response
    from tidings.isgri.shadowgram_file import read_windows
    from tidings.output import write_ecsv

    if response is not None:
        from tidings.isgri.response_file import read_response
    energies = parse_bands(bands)
    if not energies:
        raise InputError("bands is empty: give at least one, such as 28-80 (keV)")
    targets = targets_of(read_catalogue(sources), listed(names))
    pixels = flat_response() if response is None else read_response(response)
    windows = (window for path in shadowgrams for window in read_windows(path))
    table = measure(
        windows, pixels, energies, targets, least_coded=least_coded, require=require, weights=weights
    )
    write_ecsv(table, rates, provenance())


if __name__ == "__main__":
    raise SystemExit(main(isgri_flux))
