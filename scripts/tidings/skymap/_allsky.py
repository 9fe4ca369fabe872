"""Axes and layers that the figures of localisations share: the whole sky, and a part of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from tidings.skymap.footprint import Ranges, angles, region_ranges, unit_vectors
from tidings.skymap.sky import MAX_ORDER, SQUARE_DEGREES, SkyMap, pixels_at

_GREY = "#BDBDBD"
# Places across the sky and across a part of it at which maps are sampled for a picture.
_WIDTH, _PART = 720, 360


class Canvas:
    """Axes with the places at which they are sampled.

    Attributes
    ----------
    axes
        Of matplotlib.
    x, y : float array [m, n]
        In the coordinates of the axes.
    pixels : int64 array [m, n]
        HEALPix pixels of order 29 at them.
    """

    def __init__(self, axes: Axes, x: NDArray, y: NDArray, ra: NDArray, dec: NDArray) -> None:
        self.axes, self.x, self.y = axes, x, y
        self.pixels = pixels_at(ra, dec, MAX_ORDER)

    def place(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """Return positions (deg) in the coordinates of the axes; NaN for those outside."""
        raise NotImplementedError

    def levels(self, sky: SkyMap) -> NDArray[np.float64]:
        """Return the credible level (percent) at each place."""
        tiles = sky.tiles_of(self.pixels.ravel() >> (2 * (MAX_ORDER - sky.order)))
        return 100 * sky.credible_levels()[tiles].reshape(self.pixels.shape)

    def inside(self, ranges: Ranges) -> NDArray[np.bool_]:
        """Return which places are within ranges."""
        if not len(ranges):
            return np.zeros(self.pixels.shape, bool)
        index = np.searchsorted(ranges[:, 0], self.pixels, side="right") - 1
        return (index >= 0) & (self.pixels < ranges[np.maximum(index, 0), 1])

    def fill(self, ranges: Ranges, colour: str, alpha: float = 0.35, zorder: float = 0.5) -> None:
        """Fill a part of the sky."""
        inside = self.inside(ranges)
        if inside.any():
            area = self.axes.contourf(
                self.x, self.y, inside.astype(float), levels=[0.5, 1.5], colors=[colour], alpha=alpha,
                zorder=zorder,
            )  # fmt: skip
            # As an image: the many corners of its edge would make the larger part of a PDF.
            area.set_rasterized(True)

    def outline(
        self, sky: SkyMap, levels: Sequence[float], colour: str, width: float = 0.9, zorder: float = 2
    ) -> None:
        """Draw the bounds of credible regions (percent): the widest with a full line, the rest dashed."""
        grid = self.levels(sky)
        for number, level in enumerate(sorted(levels)):
            values, at = grid, level
            if not grid.min() < level:
                # Tiles of equal density share one level, which may be above this one: the region itself.
                values, at = 1.0 - self.inside(region_ranges(sky, level)), 0.5
            if values.min() < at < values.max():
                self.axes.contour(
                    self.x,
                    self.y,
                    values,
                    levels=[at],
                    colors=[colour],
                    linewidths=width,
                    linestyles="solid" if number == len(levels) - 1 else "dashed",
                    zorder=zorder,
                )

    def edges(self, ranges: Ranges, colour: str, width: float = 0.5) -> None:
        """Draw the bounds of a part of the sky."""
        inside = self.inside(ranges)
        if inside.any() and not inside.all():
            self.axes.contour(
                self.x, self.y, inside.astype(float), levels=[0.5], colors=[colour], linewidths=width
            )

    def mark(self, ra: float, dec: float, colour: str, marker: str = "x", size: float = 4) -> None:
        """Put a mark at a position."""
        x, y = self.place(np.array([ra]), np.array([dec]))
        self.axes.plot(x, y, marker, color=colour, ms=size, mew=0.8, zorder=3)


class AllSky(Canvas):
    """The sky in Mollweide's projection: RA 180 deg in the middle, growing to the left."""

    def __init__(self, figure: Figure, spec: object) -> None:
        axes = figure.add_subplot(spec, projection="mollweide")
        x = np.radians(np.linspace(-180, 180, _WIDTH + 1))
        y = np.radians(np.linspace(-90, 90, _WIDTH // 2 + 1))
        mesh = np.meshgrid(x, y)
        super().__init__(axes, *mesh, 180 - np.degrees(mesh[0]), np.degrees(mesh[1]))
        axes.grid(color=_GREY, lw=0.4)
        axes.set_xticks(np.radians([-120, -60, 0, 60, 120]), ["300°", "240°", "180°", "120°", "60°"])
        axes.set_yticks(np.radians([-60, -30, 0, 30, 60]))
        for label in axes.get_xticklabels():
            label.set_color("#606060")
            label.set_fontsize(6)

    def place(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """As of `Canvas`."""
        return np.radians(180 - np.asarray(ra) % 360), np.radians(dec)


class Part(Canvas):
    """A part of the sky in the plane that touches it at its centre, in degrees from there; east is left."""

    def __init__(self, figure: Figure, spec: object, ra: float, dec: float, half: float) -> None:
        axes = figure.add_subplot(spec)
        self.half = half
        self.ra, self.dec = ra, dec
        self.up, self.east, self.north = _frame(ra, dec)
        x, y = np.meshgrid(np.linspace(half, -half, _PART), np.linspace(-half, half, _PART))
        vectors = self.up + np.radians(x)[..., None] * self.east + np.radians(y)[..., None] * self.north
        super().__init__(axes, x, y, *angles(vectors))
        axes.set_aspect("equal")
        axes.set_xlim(half, -half)
        axes.set_ylim(-half, half)
        axes.grid(color=_GREY, lw=0.4)
        axes.set_xlabel(f"East of RA {ra:.2f}° [deg]")
        axes.set_ylabel(f"North of Dec {dec:+.2f}° [deg]")

    def place(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """As of `Canvas`."""
        vectors = unit_vectors(ra, dec)
        up = vectors @ self.up
        with np.errstate(divide="ignore", invalid="ignore"):
            x, y = (np.degrees(vectors @ axis / up) for axis in (self.east, self.north))
        outside = (up <= 0) | (np.abs(x) > self.half) | (np.abs(y) > self.half)
        return np.where(outside, np.nan, x), np.where(outside, np.nan, y)


def part_of(sky: SkyMap, level: float = 90.0, largest: float = 35.0) -> tuple[float, float, float] | None:
    """Return centre (RA, Dec) and half-width, deg, of what shows a credible region; None for a wide one."""
    best = int(sky.ranking[0])
    ra, dec = (float(c[best]) for c in sky.centres)
    inside = sky.credible_levels() <= max(level / 100, float(sky.credible_levels()[best]))
    lon, lat = (c[inside] for c in sky.centres)
    vectors = unit_vectors(lon, lat)
    middle = (vectors * sky.probability[inside, None]).sum(axis=0)
    centre = middle / np.linalg.norm(middle) if np.linalg.norm(middle) > 0 else unit_vectors(ra, dec)
    far = float(np.degrees(np.arccos(np.clip(vectors @ centre, -1, 1).min())))
    tile = np.sqrt(sky.area[inside].max() * SQUARE_DEGREES)
    if far + tile > largest:
        return None
    return (*(float(a) for a in angles(centre)), max(1.25 * (far + tile), 0.05))


def _frame(ra: float, dec: float) -> tuple[NDArray, NDArray, NDArray]:
    a, d = np.radians([ra, dec])
    east = np.array([-np.sin(a), np.cos(a), 0.0])
    north = np.array([-np.sin(d) * np.cos(a), -np.sin(d) * np.sin(a), np.cos(d)])
    return unit_vectors(ra, dec), east, north
