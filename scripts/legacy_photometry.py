"""Photometry and spectral energy distribution from a Tractor catalogue."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.legacy.parameters import Catalogue, Dec, Ra, Sigma, System
from tidings.step import Out, Param, main, provenance


def legacy_photometry(
    catalogue: Annotated[Path, Catalogue],
    photometry: Annotated[
        Path, Out("photometry.ecsv", "Magnitudes and nu F_nu of all sources", format="ecsv")
    ],
    votable: Annotated[Path, Out("photometry.vot", "The same as VOTable", format="votable")],
    sed: Annotated[
        Path, Out("sed.ecsv", "Spectral energy distribution at the position, a row per band", format="ecsv")
    ],
    figure: Annotated[Path, Out("sed.png", "Figure of it", format="png")],
    figure_pdf: Annotated[Path, Out("sed.pdf", "The same figure for print", format="pdf")],
    *,
    ra: Ra,
    dec: Dec,
    radius: Annotated[
        float, Param("Radius within which sources belong to the position", unit="arcsec", min=0.1, max=60)
    ] = 3.0,
    combine: Annotated[
        Literal["nearest", "sum"], Param("The nearest source within the radius, or the sum of all")
    ] = "nearest",
    wavelengths: System = "pivot",
    limit_sigma: Sigma = 5.0,
    name: Annotated[str, Param("Name of the target, for the figure")] = "",
) -> None:
    """Turn fluxes into AB magnitudes and nu F_nu with errors, and list the bands at a position.

    1 nanomaggy is 3.631e-6 Jy. Magnitudes are as observed; nu F_nu is corrected for the extinction of the
    Milky Way by the catalogue's transmission, which is stated. Where no source lies within the radius, the
    depth of the images gives limits.
    """
    from tidings.legacy.catalogue import read_catalogue
    from tidings.legacy.figures import sed_figure
    from tidings.legacy.photometry import photometry_table, sed_table
    from tidings.lightcurve.reading import naming
    from tidings.output import save_figure, write_ecsv
    from tidings.tables import write_table

    listed = read_catalogue(catalogue)
    with naming(catalogue):
        table = photometry_table(listed, wavelengths, limit_sigma)
        bands = sed_table(
            listed, ra, dec, radius, combine=combine, system=wavelengths, limit_sigma=limit_sigma
        )
    for path in (photometry, votable):
        write_table(table, path, provenance())
    write_ecsv(bands, sed, provenance())
    drawing = sed_figure(bands, name)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(legacy_photometry))
