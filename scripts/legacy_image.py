"""Image of the Legacy Surveys with coordinates, sources, and a check of both."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from tidings.legacy.parameters import Catalogue
from tidings.step import In, Out, Param, main, provenance


def legacy_image(
    image: Annotated[
        Path, In("Image: cutout of the viewer (FITS), or JSON of MMODA's service; either may be gzipped")
    ],
    stamp: Annotated[Path, Out("image.fits", "Image with coordinates, in nanomaggies", format="fits")],
    sources: Annotated[
        Path,
        Out("sources.ecsv", "Catalogue sources found again, or what was detected", format="ecsv"),
    ],
    summary: Annotated[Path, Out("image.json", "Scale, noise, and how well positions agree", format="json")],
    figure: Annotated[Path, Out("image.png", "The image with scale, directions and sources", format="png")],
    figure_pdf: Annotated[Path, Out("image.pdf", "The same figure for print", format="pdf")],
    *,
    catalogue: Annotated[Path | None, Catalogue] = None,
    band: Annotated[str, Param("Band of the sources; the first of the image when not given")] = "",
    native_scale: Annotated[
        float,
        Param(
            "Length of the pixels that a cutout's values are per, whatever its own",
            unit="arcsec",
            min=0.01,
            max=10,
        ),
    ] = 0.262,
    rows: Annotated[int, Param("Largest number of sources listed", min=1, max=10000)] = 100,
    name: Annotated[str, Param("Name of the field, for the figure")] = "",
) -> None:
    """Give an image its units, and find the bright sources of the catalogue again in it.

    The centroids of bright sources that stand alone show how well the coordinates hold; their fluxes in an
    aperture show the unit. Without a catalogue, what stands out of the noise is listed.
    """
    from tidings.legacy.catalogue import read_catalogue
    from tidings.legacy.figures import image_figure
    from tidings.legacy.image import read_image
    from tidings.legacy.product import image_summary, write_image
    from tidings.legacy.sources import detect, measure_sources
    from tidings.lightcurve.reading import naming
    from tidings.output import save_figure, write_ecsv, write_json

    data = read_image(image, native_scale=native_scale)
    listed = None if catalogue is None else read_catalogue(catalogue)
    band = band or data.bands[0]
    with naming(image):
        data.plane(band)
    if listed is None:
        found = detect(data, band, rows)
    else:
        with naming(catalogue):
            found = measure_sources(data, listed, band, rows)
    write_image(data, stamp, provenance())
    write_ecsv(found, sources, provenance())
    write_json(image_summary(data, band, found), summary, provenance())
    drawing = image_figure(data, band, catalogue=listed, sources=found, name=name)
    for path in (figure, figure_pdf):
        save_figure(drawing, path, provenance())


if __name__ == "__main__":
    raise SystemExit(main(legacy_image))
