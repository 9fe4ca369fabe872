"""Figures: an image with scale and directions, a spectral energy distribution, a sheet of stamps."""

from __future__ import annotations

import numpy as np
from astropy import units as u
from astropy.table import Table
from astropy.visualization import AsinhStretch, ImageNormalize, make_lupton_rgb
from astropy.wcs import WCS
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle
from matplotlib.patheffects import withStroke

from tidings.legacy.bands import INFRARED
from tidings.legacy.hosts import Host
from tidings.legacy.image import Image
from tidings.legacy.sources import inside, noise_of, pixel_positions
from tidings.output import COLUMN, OKABE_ITO, PAGE, new_figure, style

_GREY = "#BDBDBD"
_LENGTHS = (1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600)  # arcsec
_MOST_MARKERS = 100
_DEG = u.deg
_HALO = [withStroke(linewidth=1.8, foreground="white")]


def image_figure(
    image: Image,
    band: str,
    *,
    catalogue: Table | None = None,
    sources: Table | None = None,
    name: str = "",
    width: float = COLUMN,
) -> Figure:
    """Draw an image on the sky.

    Parameters
    ----------
    image : Image
        In colour if it has three bands or more, else the band in grey.
    band : str
        Drawn, and that of the sources.
    catalogue : astropy.table.Table, optional
        Tractor sources: points and extended ones get different marks.
    sources : astropy.table.Table, optional
        What was measured: marked by crosses.
    name : str
        Of the target.
    width : float
        inches.
    """
    with style():
        figure = new_figure(width, 1.02 * width)
        axes = figure.add_subplot(projection=image.wcs)
        show(axes, image, band)
        ra, dec = axes.coords
        for axis, label in ((ra, "Right ascension"), (dec, "Declination")):
            axis.set_axislabel(label)
            axis.set_ticklabel(size=7)
            axis.display_minor_ticks(True)
        if catalogue is not None:
            _mark_catalogue(axes, image, catalogue, band)
        if sources is not None and len(sources):
            label = "centroids measured" if "dx" in sources.colnames else "detected"
            axes.plot(
                sources["x"], sources["y"], "+", ms=4, mew=0.6, color=OKABE_ITO["green"], label=label,
                ls="none",
            )  # fmt: skip
        draw_scale(axes, image)
        draw_directions(axes, image.wcs, image.shape)
        _freeze(axes, image)
        axes.set_title(name, loc="left")
        colours = "".join(image.bands) if len(image.bands) >= 3 else band
        axes.set_title(f"{colours}, {image.layer}" if image.layer else colours, loc="right")
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside lower center", ncols=3, columnspacing=1.0, handletextpad=0.3)
    return figure


def show(axes: Axes, image: Image, band: str) -> None:
    """Put the pixels on axes: from two sigma below the sky to the brightest, compressed."""
    if len(image.bands) >= 3:
        axes.imshow(_colour(image), origin="lower", interpolation="nearest")
        return
    plane = image.plane(band)
    sky = noise_of(plane)
    top = max(float(np.nanpercentile(plane, 99.9)), sky.level + 20 * sky.sigma)
    low = sky.level - 2 * sky.sigma
    # The knee at some ten sigma, so that faint and bright parts are seen.
    norm = ImageNormalize(
        vmin=low, vmax=top, stretch=AsinhStretch(a=min(10 * sky.sigma / (top - low), 1.0)), clip=True
    )
    axes.imshow(plane, origin="lower", cmap="gray_r", norm=norm, interpolation="nearest")


def draw_scale(axes: Axes, image: Image) -> None:
    """Draw a bar of a round length, about a fifth of the width."""
    ny, nx = image.shape
    length = max((each for each in _LENGTHS if each / image.scale <= 0.3 * nx), default=_LENGTHS[0])
    text = f"{length // 60}′" if length >= 60 and length % 60 == 0 else f"{length}″"
    x, y, pixels = 0.05 * nx, 0.06 * ny, length / image.scale
    _clear(axes, (x - 0.03 * nx, 0.02 * ny), pixels + 0.06 * nx, 0.12 * ny)
    axes.plot([x, x + pixels], [y, y], color="white", lw=3.0, solid_capstyle="butt", zorder=3)
    axes.plot([x, x + pixels], [y, y], color="black", lw=1.4, solid_capstyle="butt", zorder=3)
    axes.text(
        x + pixels / 2, y + 0.015 * ny, text, ha="center", va="bottom", fontsize=7, path_effects=_HALO
    )  # fmt: skip


def draw_directions(axes: Axes, wcs: WCS, shape: tuple[int, int]) -> None:
    """Draw arrows to the north and to the east, whatever way the image lies."""
    ny, nx = shape
    length = 0.08 * min(nx, ny)
    x, y = 0.91 * nx, 0.07 * ny
    ends = np.array(list(directions(wcs, shape).values())).mean(axis=0) * length
    axes.add_patch(
        Circle(
            (x + ends[0], y + ends[1]),
            1.25 * length,
            facecolor="white",
            edgecolor="none",
            alpha=0.75,
            zorder=2.5,
        )
    )
    for letter, (dx, dy) in directions(wcs, shape).items():
        end = x + length * dx, y + length * dy
        axes.annotate(
            "",
            end,
            (x, y),
            arrowprops={"arrowstyle": "->", "lw": 1.0, "shrinkA": 0, "shrinkB": 0, "path_effects": _HALO},
        )
        axes.text(
            x + 1.35 * length * dx, y + 1.35 * length * dy, letter,
            ha="center", va="center", fontsize=7, path_effects=_HALO,
        )  # fmt: skip


def _clear(axes: Axes, corner: tuple[float, float], width: float, height: float) -> None:
    """Fade what is under a label."""
    axes.add_patch(
        Rectangle(corner, width, height, facecolor="white", edgecolor="none", alpha=0.75, zorder=2.5)
    )


def directions(wcs: WCS, shape: tuple[int, int]) -> dict[str, tuple[float, float]]:
    """Return unit vectors (columns, rows) to the north (N) and to the east (E) in the middle of an image."""
    ny, nx = shape
    middle = wcs.pixel_to_world((nx - 1) / 2, (ny - 1) / 2)
    step = 1e-4  # deg
    made = {}
    for letter, angle in (("N", 0.0), ("E", 90.0)):
        x, y = wcs.world_to_pixel(middle.directional_offset_by(angle * _DEG, step * _DEG))
        dx, dy = float(x) - (nx - 1) / 2, float(y) - (ny - 1) / 2
        made[letter] = (dx / np.hypot(dx, dy), dy / np.hypot(dx, dy))
    return made


def sed_figure(sed: Table, name: str = "", *, width: float = COLUMN) -> Figure:
    """Draw a spectral energy distribution with errors, limits, and the fluxes before correction.

    Parameters
    ----------
    sed : astropy.table.Table
        Of `tidings.legacy.photometry.sed_table`.
    name : str
        Of the target.
    width : float
        inches.
    """
    with style():
        figure = new_figure(width, 0.95 * width)
        axes = figure.add_subplot()
        wavelength = np.asarray(sed["wavelength"], float) / 1e4
        value, error, limit, observed = (
            np.ma.filled(np.ma.asarray(sed[key], dtype=float), np.nan)
            for key in ("nufnu", "nufnu_error", "nufnu_limit", "nufnu_observed")
        )
        seen = np.isfinite(value) & ~np.isfinite(limit)
        if seen.any():
            axes.plot(
                wavelength[seen], observed[seen], "o", mfc="none", ms=4, color=_GREY, label="as observed"
            )  # fmt: skip
            axes.errorbar(
                wavelength[seen], value[seen], error[seen], fmt="o", ms=3.5, color=OKABE_ITO["blue"],
                elinewidth=0.8, capsize=2, label="corrected for extinction",
            )  # fmt: skip
        capped = np.isfinite(limit)
        if capped.any():
            axes.errorbar(
                wavelength[capped], limit[capped], 0.35 * limit[capped], uplims=True, fmt="_", ms=6,
                color=OKABE_ITO["vermillion"], elinewidth=0.8, capsize=2,
                label=f"limit, {sed.meta['limit_sigma']:g} sigma",
            )  # fmt: skip
        _sed_axes(axes, wavelength, np.concatenate([value[seen], limit[capped]]))
        for band, x in zip(sed["band"], wavelength, strict=True):
            label = band.upper() if band in INFRARED else band
            axes.annotate(
                label, (x, 0.015), xycoords=("data", "axes fraction"), ha="center", va="bottom", fontsize=6
            )  # fmt: skip
        axes.set_title(name, loc="left")
    return figure


def stamp_sheet(
    hosts: list[Host], stamps: dict[int, Image], event: str, *, columns: int = 4, width: float = PAGE
) -> Figure:
    """Draw the stamps of candidate hosts, each with rank, name, distance and score.

    Parameters
    ----------
    hosts : list of Host
        Candidates, in order.
    stamps : dict
        Images by rank; candidates without one are outside of the footprint.
    event : str
        Name of the event.
    columns : int
        Of the sheet.
    width : float
        inches.
    """
    columns = min(columns, len(hosts))
    rows = -(-len(hosts) // columns)
    with style():
        side = width / columns
        figure = new_figure(width, rows * (side + 0.3) + 0.35)
        panels = np.atleast_1d(figure.subplots(rows, columns)).ravel()
        for panel, host in zip(panels, hosts, strict=False):
            _stamp(panel, host, stamps.get(host.rank))
        for panel in panels[len(hosts) :]:
            panel.axis("off")
        shown = len(stamps)
        figure.suptitle(f"{event}: {len(hosts)} candidate hosts, {shown} in the footprint".lstrip(": "))
    return figure


def _stamp(panel: Axes, host: Host, image: Image | None) -> None:
    panel.set_xticks([])
    panel.set_yticks([])
    distance = f", {host.distance:.0f} Mpc" if np.isfinite(host.distance) else ""
    score = f", {100 * host.score:.2g} %" if np.isfinite(host.score) else ""
    label = host.name or f"{host.ra:.4f} {host.dec:+.4f}"
    panel.set_title(f"{host.rank}: {label}\n{(distance + score).lstrip(', ')}", fontsize=7)
    if image is None:
        panel.set_facecolor("#E6E6E6")
        panel.set_box_aspect(1)
        panel.text(0.5, 0.5, "outside of\nthe footprint", ha="center", va="center", transform=panel.transAxes)
        return
    show(panel, image, image.bands[0])
    (x,), (y,) = pixel_positions(image, np.array([host.ra]), np.array([host.dec]))
    gap, end = 0.04 * image.shape[1], 0.12 * image.shape[1]
    for ends in (((x - end, x - gap), (y, y)), ((x, x), (y + gap, y + end))):
        panel.plot(*ends, color="white" if len(image.bands) >= 3 else OKABE_ITO["vermillion"], lw=1.2)
    draw_scale(panel, image)
    draw_directions(panel, image.wcs, image.shape)
    _freeze(panel, image)


def _mark_catalogue(axes: Axes, image: Image, catalogue: Table, band: str) -> None:
    """Mark the brightest sources: circles for points, squares for extended ones."""
    x, y = pixel_positions(image, np.asarray(catalogue["ra"], float), np.asarray(catalogue["dec"], float))
    flux = np.nan_to_num(np.ma.filled(np.ma.asarray(catalogue[f"flux_{band}"], dtype=float), 0.0))
    chosen = np.flatnonzero(inside(image, x, y))
    chosen = chosen[np.argsort(-flux[chosen], kind="stable")][:_MOST_MARKERS]
    point = np.asarray(catalogue["type"]).astype(str)[chosen] == "PSF"
    for kind, mark, colour, label in (
        (point, "o", "blue", "point"),
        (~point, "s", "vermillion", "extended"),
    ):
        axes.plot(
            x[chosen[kind]], y[chosen[kind]], mark, mfc="none", ms=4, mew=0.5, color=OKABE_ITO[colour],
            label=f"{label} ({kind.sum()})", ls="none",
        )  # fmt: skip


def _colour(image: Image) -> np.ndarray:
    """Return the picture in colour: red, green, blue are the reddest, a middle and the bluest band."""
    planes = [image.data[k] - noise_of(image.data[k]).level for k in (-1, len(image.bands) // 2, 0)]
    sigma = max(noise_of(plane).sigma for plane in planes)
    planes = [np.nan_to_num(plane) for plane in planes]
    # Galaxies are red in these bands: weights that make a mean one white.
    weights = (0.55, 0.8, 1.4)
    scaled = [plane * weight for plane, weight in zip(planes, weights, strict=True)]
    return make_lupton_rgb(*scaled, minimum=-2 * sigma, stretch=25 * sigma, Q=8)


def _freeze(axes: Axes, image: Image) -> None:
    ny, nx = image.shape
    axes.set_xlim(-0.5, nx - 0.5)
    axes.set_ylim(-0.5, ny - 0.5)


def _sed_axes(axes: Axes, wavelength: np.ndarray, shown: np.ndarray) -> None:
    axes.set_xscale("log")
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if len(shown):
        axes.set_yscale("log")
        axes.set_ylim(shown.min() / 5, shown.max() * 5)
    axes.set_xlim(wavelength.min() / 1.5, wavelength.max() * 1.5)
    axes.set_xlabel("Wavelength [µm]")
    axes.set_ylabel("ν F$_ν$ [erg cm$^{-2}$ s$^{-1}$]")
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.legend(loc="upper right", frameon=True, framealpha=0.85, edgecolor="none")
    energies = axes.secondary_xaxis("top", functions=(_other, _other))
    energies.set_xlabel("Energy [eV]")
    energies.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axes.tick_params(axis="x", which="both", top=False)


def _other(value: np.ndarray) -> np.ndarray:
    """Wavelength in micrometres to energy in eV, and back."""
    return 1.239841984 / np.maximum(np.asarray(value, float), 1e-9)
