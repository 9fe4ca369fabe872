"""Figures of sky images and mosaics: significance and its sources, residuals, histogram of the empty sky."""

from __future__ import annotations

from collections.abc import Iterator

import astropy.units as u
import cdshealpix
import numpy as np
from astropy.table import Table
from astropy.visualization.wcsaxes import WCSAxes
from astropy.wcs import WCS
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.colors import AsinhNorm, Normalize
from matplotlib.figure import Figure

from tidings.isgri._sky_grid import galactic_matrix, image_grid, longitude_latitude, unit_vectors
from tidings.isgri.mosaic import Mosaic
from tidings.isgri.sky_image_file import SkyImage
from tidings.isgri.source_search import Noise, fit_noise, normal_density
from tidings.output import OKABE_ITO, PAGE, new_figure, style

_NAMED = 40  # sources with names in a map
_WIDE = 60.0  # degrees above which a map is of the whole sky
_DISPLAY = 0.15  # degrees, pixel of the picture of a HEALPix map
_SOURCE_RADIUS = 30.0  # arcmin around a source that is no empty sky


def map_figure(
    significance: np.ndarray, wcs: WCS, sources: Table | None = None, title: str = "", note: str = ""
) -> Figure:
    """Draw a map of significance with its sources.

    Parameters
    ----------
    significance
        [y, x]; NaN without data.
    wcs
        Of the map, equatorial or galactic.
    sources
        With NAME, RA_FIN, DEC_FIN [deg] and NEW_SOURCE, the brightest first; the first 40 are named.
    title, note
        Above the map, left and right.
    """
    with style():
        figure = new_figure(PAGE, PAGE * _ratio(significance) * 0.86 + 0.3)
        axes = figure.add_subplot(projection=wcs)
        _draw_map(figure, axes, significance, "Significance [σ]")
        if sources is not None:
            _mark(axes, sources, significance.shape, wcs)
        axes.set_title(title, loc="left")
        axes.set_title(note, loc="right")
    return figure


def check_figure(
    residual: np.ndarray,
    wcs: WCS,
    empty: np.ndarray,
    noise: Noise,
    sources: Table | None = None,
    title: str = "",
) -> Figure:
    """Draw what is left without sources: the residual map, and the histogram of the empty sky.

    Parameters
    ----------
    residual
        [y, x], significance after the sources were taken out.
    wcs
        Of the map.
    empty
        Significances of the sky without sources.
    noise
        Gaussian fitted to them.
    sources
        Marked by circles, without names.
    title
        Above the map.
    """
    with style():
        figure = new_figure(PAGE, 0.46 * PAGE + 0.2)
        left, right = figure.add_gridspec(1, 2, width_ratios=(1.15, 1))
        axes = figure.add_subplot(left, projection=wcs)
        _draw_map(figure, axes, residual, "Residual significance [σ]", symmetric=True)
        if sources is not None:
            _mark(axes, sources, residual.shape, wcs, named=0)
        axes.set_title(title, loc="left")
        _draw_histogram(figure.add_subplot(right), empty, noise)
    return figure


def window_figures(image: SkyImage, sources: Table | None = None) -> tuple[Figure, Figure]:
    """Draw one window: its map, and its residuals with the histogram of the sky away from the sources."""
    known = image.variance > 0
    deviation = np.sqrt(np.where(known, image.variance, 1))
    significance = np.where(known, image.significance, np.nan)
    residual = np.where(known, image.residual / deviation, np.nan)
    free = known & (image.coded > 0.05) & ~_around(image.wcs, image.intensity.shape, sources)
    empty = image.significance[free]
    title = f"ScW {image.swid}, {image.e_min:g}–{image.e_max:g} keV"
    note = f"{image.ontime:.0f} s"
    return (
        map_figure(significance, image.wcs, sources, title, note),
        check_figure(residual, image.wcs, empty, fit_noise(empty), sources, title),
    )


def mosaic_figures(
    mosaic: Mosaic, residual: np.ndarray, empty: np.ndarray, noise: Noise, sources: Table | None = None
) -> tuple[Figure, Figure]:
    """Draw a mosaic: its map, and its residuals with the histogram of the empty sky.

    Parameters
    ----------
    mosaic
        In any projection; a HEALPix map is drawn in one that suits its extent.
    residual
        Significance without the sources, per pixel of the grid.
    empty
        Significances of the sky without sources.
    noise
        Gaussian fitted to them.
    sources
        Identified.
    """
    known = mosaic.variance > 0
    planes = [np.where(known, plane, np.nan) for plane in (mosaic.significance, residual)]
    (significance, left), wcs = _pictures(mosaic, planes)
    count = len(mosaic.frames)
    title = f"{count} window{'s' * (count != 1)}, {mosaic.e_min:g}–{mosaic.e_max:g} keV"
    note = f"{sum(frame.ontime for frame in mosaic.frames) / 1000:.1f} ks"
    return (
        map_figure(significance, wcs, sources, title, note),
        check_figure(left, wcs, empty, noise, sources, title),
    )


def _pictures(mosaic: Mosaic, planes: list[np.ndarray]) -> tuple[list[np.ndarray], WCS]:
    """Return planes of a mosaic as images."""
    grid = mosaic.grid
    if grid.order is None:
        return [grid.image(plane.astype(np.float32), np.nan) for plane in planes], grid.wcs
    edge = grid.vectors[:, mosaic.variance > 0][:, ::50].T.astype(float)
    centre = edge.mean(axis=0)
    reach = np.degrees(np.arccos(np.clip(edge @ centre / np.linalg.norm(centre), -1, 1)).max())
    projection, pixel = ("AIT", _DISPLAY * 3) if reach > _WIDE else ("TAN", max(_DISPLAY, grid.pixel))
    picture = image_grid([edge], projection, pixel, galactic=grid.galactic)
    vectors = picture.vectors.T.astype(float)
    if grid.galactic:
        vectors = vectors @ galactic_matrix()
    lon, lat = longitude_latitude(vectors)
    number = np.asarray(cdshealpix.lonlat_to_healpix(lon * u.deg, lat * u.deg, np.uint8(grid.order)))
    order = np.argsort(grid.index)
    place = np.minimum(np.searchsorted(grid.index[order], number.astype(np.int64)), len(order) - 1)
    found = order[place]
    same = grid.index[found] == number.astype(np.int64)
    made = [
        picture.image(np.where(same, plane[found], np.nan).astype(np.float32), np.nan) for plane in planes
    ]
    return made, picture.wcs


def _ratio(plane: np.ndarray) -> float:
    return float(np.clip(plane.shape[0] / plane.shape[1], 0.4, 1.25))


def _draw_map(
    figure: Figure, axes: WCSAxes, plane: np.ndarray, label: str, *, symmetric: bool = False
) -> None:
    highest = float(np.nanmax(plane, initial=5.0))
    if symmetric:
        scale, colours = Normalize(-5, 5), "RdBu_r"
    elif highest > 15:
        scale, colours = AsinhNorm(linear_width=4, vmin=-5, vmax=highest), "magma"
    else:
        scale, colours = Normalize(-5, max(highest, 6)), "magma"
    drawn = axes.imshow(plane, origin="lower", norm=scale, cmap=colours, interpolation="nearest")
    bar = figure.colorbar(drawn, ax=axes, pad=0.015, fraction=0.05, extend="both" if symmetric else "min")
    if highest > 15 and not symmetric:
        marks = [-5, 0, 5, 10, 20, 50, 100, 200, 500, 1000, 2000]
        bar.set_ticks([mark for mark in marks if mark <= highest])
        bar.ax.yaxis.set_major_formatter("{x:g}")
        bar.ax.minorticks_off()
    bar.set_label(label)
    axes.set_facecolor("0.93")
    axes.coords.grid(color="0.5", alpha=0.6, lw=0.4, ls=":")
    galactic = str(axes.wcs.wcs.ctype[0]).startswith("GLON")
    names = (
        ("Galactic longitude", "Galactic latitude")
        if galactic
        else ("Right ascension (J2000)", "Declination")
    )
    for coordinate, name in zip(axes.coords, names, strict=True):
        coordinate.set_axislabel(name)
        coordinate.set_major_formatter("d")
        coordinate.display_minor_ticks(True)
    # On a map that is turned each edge shows what crosses it.
    matrix = axes.wcs.pixel_scale_matrix
    if abs(matrix[0, 1]) > abs(matrix[0, 0]):
        axes.coords[0].set_ticks_position("lr")
        axes.coords[0].set_ticklabel_position("l")
        axes.coords[0].set_axislabel_position("l")
        axes.coords[1].set_ticks_position("bt")
        axes.coords[1].set_ticklabel_position("b")
        axes.coords[1].set_axislabel_position("b")


def _mark(axes: WCSAxes, sources: Table, shape: tuple[int, ...], wcs: WCS, named: int = _NAMED) -> None:
    outline = [patheffects.withStroke(linewidth=1.6, foreground="black")]
    # Pixels of the map in a point of the page, about: names are kept apart by what they cover.
    scale = shape[1] / (0.82 * PAGE * 72)
    places = list(_places(sources, wcs, shape))
    covered = [np.array([x - 3, x + 3, y - 3, y + 3]) for *_, x, y in places]
    for number, (name, new, x, y) in enumerate(places):
        colour = OKABE_ITO["orange"] if new else OKABE_ITO["sky"]
        axes.plot(
            x, y, "o", mfc="none", mec=colour if named else "0.25", mew=0.7, ms=5 if named else 8, zorder=3
        )
        if number >= named:
            continue
        side, height, box = _free_side(name, x, y, scale, shape, covered)
        covered.append(box)
        axes.annotate(
            name,
            (x, y),
            (5 * side, 4 if height > 0 else -9),
            textcoords="offset points",
            ha="left" if side > 0 else "right",
            fontsize=6.5,
            color="white",
            path_effects=outline,
            zorder=4,
        )


def _free_side(
    name: str, x: float, y: float, scale: float, shape: tuple[int, ...], covered: list[np.ndarray]
) -> tuple[int, int, np.ndarray]:
    """Return on which side of a source its name covers least, and the box it covers [pixel]."""
    choices = []
    for side, height in ((1, 1), (-1, 1), (1, -1), (-1, -1)):
        near, far = x + side * 5 * scale, x + side * (5 + 4.3 * len(name)) * scale
        low = y + (3 if height > 0 else -10) * scale
        box = np.array([min(near, far), max(near, far), low, low + 8 * scale])
        clash = sum(_overlap(box, other) for other in covered)
        outside = max(0.0, -box[0]) + max(0.0, box[1] - shape[1])
        choices.append((clash + 100 * outside, len(choices), side, height, box))
    return min(choices, key=lambda choice: choice[:2])[2:]


def _overlap(a: np.ndarray, b: np.ndarray) -> float:
    """Return the common area of two boxes (left, right, bottom, top)."""
    across, up = min(a[1], b[1]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[2], b[2])
    return max(across, 0.0) * max(up, 0.0)


def _places(sources: Table, wcs: WCS, shape: tuple[int, ...]) -> Iterator[tuple[str, bool, float, float]]:
    """Yield name, whether new, and pixel of the sources in the map."""
    if not len(sources):
        return
    ra, dec = np.asarray(sources["RA_FIN"], float), np.asarray(sources["DEC_FIN"], float)
    if str(wcs.wcs.ctype[0]).startswith("GLON"):
        ra, dec = longitude_latitude(unit_vectors(ra, dec) @ galactic_matrix())
    pixels = wcs.wcs_world2pix(np.column_stack([ra, dec]), 0)
    new = sources["NEW_SOURCE"] if "NEW_SOURCE" in sources.colnames else np.zeros(len(sources))
    for name, fresh, (x, y) in zip(sources["NAME"], new, pixels, strict=True):
        if 0 <= x < shape[1] and 0 <= y < shape[0]:
            yield str(name), bool(fresh), float(x), float(y)


def _around(wcs: WCS, shape: tuple[int, ...], sources: Table | None) -> np.ndarray:
    """Return the pixels near to sources."""
    near = np.zeros(shape, bool)
    if sources is None or not len(sources):
        return near
    scale = np.sqrt(abs(np.linalg.det(wcs.pixel_scale_matrix))) * 60
    z, y = np.ogrid[: shape[0], : shape[1]]
    for _, _, x0, z0 in _places(sources, wcs, shape):
        near |= np.hypot(y - x0, z - z0) * scale < _SOURCE_RADIUS
    return near


def _draw_histogram(axes: Axes, empty: np.ndarray, noise: Noise) -> None:
    edges = np.arange(-8, 8.01, 0.2)
    counts, _ = np.histogram(empty, edges)
    axes.stairs(counts, edges, color=OKABE_ITO["blue"], lw=0.9, label="empty sky")
    if np.isfinite(noise.sigma):
        x = np.linspace(-8, 8, 400)
        scale = 0.2 * len(empty)
        curve = normal_density(x, noise.mean, noise.sigma) * scale
        words = f"fit: mean {noise.mean:+.3f}, σ {noise.sigma:.3f}"
        axes.plot(x, curve, color=OKABE_ITO["vermillion"], lw=0.9, label=words)
        axes.plot(x, normal_density(x) * scale, color="0.5", lw=0.7, ls="--", label="mean 0, σ 1")
        axes.set_title(f"extremes {noise.minimum:+.1f}, {noise.maximum:+.1f}", loc="right")
    axes.set_yscale("log")
    axes.set_ylim(0.5, 8 * max(counts.max(), 1))
    axes.set_xlim(-7, 7)
    axes.set_xlabel("Significance [σ]")
    axes.set_ylabel("Pixels per 0.2 σ")
    axes.legend(loc="upper center", ncols=2, columnspacing=1.0)
