"""Sky images of ISGRI science windows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from tidings.step import In, Out, Param, main, provenance


def isgri_image(
    shadowgrams: Annotated[Path, In("Shadowgrams of one or more science windows", format="fits")],
    response: Annotated[
        Path | None, In("Pixel response of isgri_response; without it all pixels of a module are alike")
    ] = None,
    catalogue: Annotated[
        Path | None, In("Catalogue that names sources: GNRL-REFR-CAT, or any table with name, RA, Dec")
    ] = None,
    sources: Annotated[
        Path | None,
        In("Sources to be fitted and taken out in every window that sees them, such as a mosaic's"),
    ] = None,
    *,
    images: Annotated[
        Path,
        Out("sky_images.fits", "Images as OSA's isgri_sky_ima, five of each window and band", format="fits"),
    ],
    results: Annotated[
        Path, Out("sky_sources.fits", "Sources of each window and band, ISGR-SKY.-RES", format="fits")
    ],
    table: Annotated[Path, Out("sky_sources.ecsv", "The same in one table", format="ecsv")],
    summary: Annotated[Path, Out("sky_images.json", "Noise, rescaling, numbers of sources", format="json")],
    figure: Annotated[
        Path, Out("sky_image.png", "Significance map of the first window and band", format="png")
    ],
    figure_pdf: Annotated[Path, Out("sky_image.pdf", "The same figure for print", format="pdf")],
    checks: Annotated[
        Path, Out("sky_image_checks.png", "Residual map, histogram of the empty sky", format="png")
    ],
    checks_pdf: Annotated[Path, Out("sky_image_checks.pdf", "The same figure for print", format="pdf")],
    bands: Annotated[str, Param("Energy bands in keV, such as 20-40,40-60")] = "28-80",
    blind: Annotated[bool, Param("Look for sources that are in no catalogue")] = True,
    threshold: Annotated[float, Param("Least significance of a new source", unit="", min=4)] = 6.0,
    catalogue_threshold: Annotated[
        float, Param("Least significance of a source of the catalogue", unit="", min=2)
    ] = 4.0,
    max_sources: Annotated[
        int, Param("Number of sources of a window at which the search ends", min=0, max=200)
    ] = 50,
    min_coded: Annotated[
        float, Param("Coded fraction below which no source is looked for", unit="", min=0.02, max=1)
    ] = 0.05,
    negative_models: Annotated[
        bool,
        Param("Keep sources to be fitted whose rate is negative, as noise makes every second of the faint"),
    ] = True,
    systematics: Annotated[
        Literal["auto", "report", "rescale"],
        Param("Multiply errors by the width of the empty sky's significance: if above 1.03, never, always"),
    ] = "auto",
) -> None:
    """Make cleaned sky images of science windows, and find and name the sources in them.

    Counts are correlated with the mask at the full resolution of the pixels. Sources are fitted on the
    detector with their illumination through the thick mask, all together, and taken out with their side
    lobes and ghosts; each is put back as its peak. New sources get a position and the name NEW_n, those of
    the catalogue keep their position. Thresholds count in units of the noise that the image has.
    """
    from tidings.errors import InputError
    from tidings.isgri.catalogue import read_catalogue, read_catalogues
    from tidings.isgri.clean import Search
    from tidings.isgri.image import Names, image_window, outside
    from tidings.isgri.image_product import join_tables, source_table, summarise, write_sky_results
    from tidings.isgri.mosaic_inputs import parse_bands
    from tidings.isgri.response import bands_of, flat_response
    from tidings.isgri.shadowgram_file import read_windows
    from tidings.isgri.sky_figures import window_figures
    from tidings.isgri.sky_image_file import write_sky_images
    from tidings.output import save_figure, write_ecsv, write_json

    if response is not None:
        from tidings.isgri.response_file import read_response
    energies = parse_bands(bands)
    if not energies:
        raise InputError("bands is empty: give at least one, such as 28-80 (keV)")
    windows = read_windows(shadowgrams)
    if not windows:
        raise InputError(f"{shadowgrams}: holds no science window with events; leave this file out")
    listed = read_catalogues([path for path in (sources, catalogue) if path is not None], 0.05)
    fixed = 0 if sources is None else len(read_catalogue(sources))
    always = [n < fixed for n in range(len(listed))]
    search = Search(
        blind=blind,
        new=threshold,
        catalogue=catalogue_threshold,
        most=max_sources,
        least_coded=min_coded,
        negative=negative_models,
    )
    pixels = flat_response() if response is None else read_response(response)
    made, tables, name = [], [], Names()
    for window in windows:
        total = window.total()
        one = image_window(
            total, bands_of(total, pixels, energies), listed, always, search, name, systematics
        )
        tables.append(source_table(total, one, listed))
        made += one
    found = join_tables(tables)
    missed = outside(windows, listed[:fixed])
    write_sky_images([one.image for one in made], images, provenance())
    write_sky_results(made, found, results, provenance())
    write_ecsv(found, table, provenance())
    write_json(summarise(made, missed, response is not None), summary, provenance())
    first = made[0].image
    mine = (found["SWID"] == first.swid) & (found["E_MIN"] == first.e_min) & (found["E_MAX"] == first.e_max)
    drawn = window_figures(first, found[mine])
    for drawing, paths in zip(drawn, ((figure, figure_pdf), (checks, checks_pdf)), strict=True):
        for path in paths:
            save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(isgri_image))
