"""Mosaic of sky images, and the sources in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Out, Param, main, provenance


def isgri_mosaic(
    images: Annotated[
        list[Path], In("Sky images of science windows: isgri_sky_ima of OSA or of isgri_image")
    ],
    catalogues: Annotated[
        list[Path] | None,
        In("Catalogues that name the sources: GNRL-REFR-CAT, or any table with name, RA, Dec"),
    ] = None,
    *,
    mosaic: Annotated[
        Path, Out("mosaic.fits", "Mosaic, ISGR-MOSA-IMA as OSA's, or HEALPix tables", format="fits")
    ],
    sources: Annotated[Path, Out("mosaic_sources.fits", "Sources, ISGR-SRCL-RES as OSA's", format="fits")],
    sources_table: Annotated[Path, Out("mosaic_sources.ecsv", "The same as ECSV", format="ecsv")],
    sources_votable: Annotated[Path, Out("mosaic_sources.vot", "The same as VOTable with UCDs")],
    region: Annotated[Path, Out("mosaic_sources.reg", "The same as regions of ds9")],
    coverage: Annotated[Path, Out("mosaic_moc.fits", "Sky covered, MOC", format="fits")],
    summary: Annotated[Path, Out("mosaic.json", "Windows, noise, rescaling, sources", format="json")],
    figure: Annotated[Path, Out("mosaic.png", "Significance map with named sources", format="png")],
    figure_pdf: Annotated[Path, Out("mosaic.pdf", "The same figure for print", format="pdf")],
    checks: Annotated[
        Path, Out("mosaic_checks.png", "Residual map, histogram of the empty sky", format="png")
    ],
    checks_pdf: Annotated[Path, Out("mosaic_checks.pdf", "The same figure for print", format="pdf")],
    bands: Annotated[
        str, Param("Energy bands in keV, such as 20-40,40-60; all when empty, if every file has the same")
    ] = "",
    combine: Annotated[bool, Param("Add the bands, which must adjoin, up to one mosaic")] = False,
    projection: Annotated[
        Literal["TAN", "SIN", "ARC", "ZEA", "STG", "CAR", "SFL", "AIT", "MOL", "HEALPIX"],
        Param("Projection of FITS, or HEALPIX"),
    ] = "TAN",
    frame: Annotated[Literal["equatorial", "galactic"], Param("Coordinates of the map")] = "equatorial",
    pixel_size: Annotated[
        float, Param("Pixel, the next smaller one for HEALPix; sky images have 4.94", unit="arcmin", min=0.5)
    ] = 4.94,
    longitude: Annotated[
        float | None, Param("Centre of the map in its frame; of the windows when not given", unit="deg")
    ] = None,
    latitude: Annotated[float | None, Param("Its latitude", unit="deg", min=-90, max=90)] = None,
    width: Annotated[
        float | None,
        Param("Width of the map; as the windows need when not given", unit="deg", min=0.1, max=360),
    ] = None,
    height: Annotated[float | None, Param("Its height", unit="deg", min=0.1, max=180)] = None,
    min_coded: Annotated[
        float,
        Param("Fraction of a window's largest exposure below which pixels are left out", unit="", min=0),
    ] = 0.03,
    threshold: Annotated[float, Param("Least significance of a source", unit="", min=3)] = 6.0,
    max_sources: Annotated[int, Param("Number of sources at which the search ends", min=0)] = 500,
    identification_radius: Annotated[
        float,
        Param("Distance to a catalogue source that names one, position errors apart", unit="arcmin", min=0),
    ] = 3.0,
    position_floor: Annotated[
        float,
        Param(
            "Position error, 90 %, that the noise does not tell: attitude, alignment", unit="arcmin", min=0
        ),
    ] = 0.2,
    systematics: Annotated[
        Literal["auto", "report", "rescale"],
        Param("Multiply errors by the width of the empty sky's significance: if above 1.03, never, always"),
    ] = "auto",
) -> None:
    """Average sky images to a mosaic, find and name its sources.

    Each image is interpolated with the weights of least variance for a point source and averaged by inverse
    variance; sources are fitted with the PSF that the interpolation leaves, so that neither rates nor
    positions depend on where a source lies between pixels. The width of the source-free significance is
    measured and reported, and errors are multiplied by it as asked.
    """
    from tidings.isgri._sky_grid import healpix_grid, image_grid
    from tidings.isgri.catalogue import read_catalogues
    from tidings.isgri.mosaic import make_mosaic
    from tidings.isgri.mosaic_file import coverage_ranges, write_mosaics
    from tidings.isgri.mosaic_inputs import choose_bands, pairs, parse_bands, stream, survey
    from tidings.isgri.mosaic_product import band_tables, judge, summarise
    from tidings.isgri.sky_figures import mosaic_figures
    from tidings.isgri.source_list import describe_columns, identify_sources, write_region, write_source_list
    from tidings.isgri.source_search import find_sources, residual_significance, source_free_significance
    from tidings.output import save_figure, write_json
    from tidings.skymap.footprint import write_moc
    from tidings.tables import write_table

    chosen = choose_bands(images, parse_bands(bands))
    catalogue = read_catalogues(catalogues or [], identification_radius / 60)
    edges, meta = survey(images, chosen[0])
    galactic, pixel = frame == "galactic", pixel_size / 60
    if projection == "HEALPIX":
        grid = healpix_grid(edges, pixel, galactic=galactic)
    else:
        place = {"centre": pairs(longitude, latitude, "centre"), "size": pairs(width, height, "size")}
        grid = image_grid(edges, projection, pixel, **place, galactic=galactic)
    parts = [chosen] if combine else [[band] for band in chosen]
    made = [make_mosaic(stream(images, part, combine), grid, min_coded=min_coded) for part in parts]
    made, noises = zip(*(judge(one, systematics) for one in made), strict=True)
    found = [find_sources(one, threshold, most=max_sources) for one in made]
    fitted, table = band_tables(list(made), found)
    table = identify_sources(table, catalogue, identification_radius / 60, position_floor / 60)
    energies = [(one.e_min, one.e_max) for one in made]

    write_mosaics(list(made), mosaic, provenance(), meta)
    write_source_list(table, energies, sources, provenance(), meta)
    for path in (sources_table, sources_votable):
        write_table(describe_columns(table, energies), path, provenance())
    write_region(table, region)
    write_moc(coverage_ranges(made[0]), coverage, provenance())
    write_json(summarise(list(made), list(noises), table), summary, provenance())
    # The picture is of the band with the most significant source.
    best = max(range(len(made)), key=lambda n: float(made[n].significance.max()))
    residual = residual_significance(made[best], fitted[best])
    empty, noise = source_free_significance(made[best], fitted[best])
    for drawing, paths in zip(
        mosaic_figures(made[best], residual, empty, noise, table),
        ((figure, figure_pdf), (checks, checks_pdf)),
        strict=True,
    ):
        for path in paths:
            save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(isgri_mosaic))
