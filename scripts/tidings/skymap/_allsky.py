"""Axes and layers that the figures of localisations share: the whole sky, and a part of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from tidings.skymap._graticule import draw_graticule
from tidings.skymap.contours import rings
from tidings.skymap.footprint import Ranges, angles, tangent_frame, unit_vectors
from tidings.skymap.sky import MAX_ORDER, SQUARE_DEGREES, SkyMap, pixels_at

_GREY = "#BDBDBD"
# Of the bounds of regions, the widest first.
_LINES = ("-", "--", ":", "-.")
# Places across the sky and across a part of it at which maps are sampled for a picture.
_WIDTH, _PART = 720, 360


def line_styles(levels: Sequence[float]) -> dict[float, str]:
    """Return the line in which each level is drawn, ascending: a full one for the widest region."""
    ranked = sorted(set(levels))
    return {level: _LINES[(len(ranked) - 1 - i) % len(_LINES)] for i, level in enumerate(ranked)}


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

    def trace(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """Return the points of a line (deg) likewise, with those that the axes cut off; NaN breaks it."""
        return self.place(ra, dec)

    def tiles(self, sky: SkyMap) -> NDArray[np.int64]:
        """Return the tile of a map at each place."""
        tiles = sky.tiles_of(self.pixels.ravel() >> (2 * (MAX_ORDER - sky.order)))
        return tiles.reshape(self.pixels.shape)

    def density(self, sky: SkyMap) -> NDArray[np.float64]:
        """Return the probability (1/deg2) at each place: the largest of all tiles whose centre is nearest."""
        density = sky.density[self.tiles(sky)]
        x, y = self.place(*sky.centres)
        inside = np.isfinite(x) & np.isfinite(y)
        column, row = (
            np.rint((value[inside] - axis[0]) / (axis[-1] - axis[0]) * (len(axis) - 1)).astype(int)
            for value, axis in ((x, self.x[0]), (y, self.y[:, 0]))
        )
        # A localisation smaller than a place of the picture would be lost between two of them.
        np.maximum.at(density, (row, column), sky.density[inside])
        return density / SQUARE_DEGREES

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
        """Draw the bounds of credible regions (percent), in the lines of `line_styles`."""
        for level, line in line_styles(levels).items():
            for ring in rings(sky, level / 100):
                x, y = self.trace(np.append(ring.lon, ring.lon[0]), np.append(ring.lat, ring.lat[0]))
                self.axes.plot(x, y, color=colour, lw=width, ls=line, zorder=zorder)

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
        axes.set_longitude_grid_ends(90)
        for label in axes.get_xticklabels():
            label.set(
                color="#606060", fontsize=6, path_effects=[withStroke(linewidth=1.5, foreground="white")]
            )

    def place(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """As of `Canvas`."""
        return np.radians(180 - np.asarray(ra) % 360), np.radians(dec)

    def trace(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """As of `Canvas`; a line that leaves the sky on one side, to go on at the other, is broken there."""
        x, y = self.place(ra, dec)
        jump = np.flatnonzero(np.abs(np.diff(x)) > np.pi) + 1
        return np.insert(x, jump, np.nan), np.insert(y, jump, np.nan)


class Part(Canvas):
    """A part of the sky in the plane that touches it at its centre, in degrees from there; east is left."""

    def __init__(self, figure: Figure, spec: object, ra: float, dec: float, half: float) -> None:
        axes = figure.add_subplot(spec)
        self.half = half
        self.up, self.east, self.north = tangent_frame(ra, dec)
        x, y = np.meshgrid(np.linspace(half, -half, _PART), np.linspace(-half, half, _PART))
        vectors = self.up + np.radians(x)[..., None] * self.east + np.radians(y)[..., None] * self.north
        places = angles(vectors)
        super().__init__(axes, x, y, *places)
        axes.set_aspect("equal")
        draw_graticule(axes, (x, y), places, (ra, dec))
        axes.set_xlim(half, -half)
        axes.set_ylim(-half, half)

    def place(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """As of `Canvas`."""
        x, y = self.trace(ra, dec)
        outside = ~((np.abs(x) <= self.half) & (np.abs(y) <= self.half))
        return np.where(outside, np.nan, x), np.where(outside, np.nan, y)

    def trace(self, ra: NDArray, dec: NDArray) -> tuple[NDArray, NDArray]:
        """As of `Canvas`; NaN in the far half of the sky, which the plane does not show."""
        vectors = unit_vectors(ra, dec)
        up = vectors @ self.up
        up = np.where(up > 0.02, up, np.nan)
        return tuple(np.degrees(vectors @ axis / up) for axis in (self.east, self.north))


def part_of(sky: SkyMap, level: float = 90.0, largest: float = 35.0) -> tuple[float, float, float] | None:
    """Return what shows a credible region (percent): centre (RA, Dec; deg) and half-width of a `Part`.

    None for a region that reaches farther than `largest` (deg) from its middle.
    """
    best = int(sky.ranking[0])
    inside = sky.credible_levels() <= max(level / 100, float(sky.credible_levels()[best]))
    vectors = unit_vectors(*(c[inside] for c in sky.centres))
    middle = (vectors * sky.probability[inside, None]).sum(axis=0)
    if not np.linalg.norm(middle) > 0:
        return None
    tile = np.sqrt(sky.area[inside].max())
    far = np.arccos(np.clip(vectors @ middle / np.linalg.norm(middle), -1, 1).min()) + tile
    if np.degrees(far) > largest:
        return None
    # Moved to the middle of the square around the region: the plane depends on its centre, so a few times.
    for _ in range(4):
        up, east, north = tangent_frame(*angles(middle))
        x, y = (vectors @ axis / (vectors @ up) for axis in (east, north))
        middle = up + 0.5 * (x.min() + x.max()) * east + 0.5 * (y.min() + y.max()) * north
    half = np.degrees(1.15 * (0.5 * max(np.ptp(x), np.ptp(y)) + tile))
    return (*(float(angle) for angle in angles(middle)), max(float(half), 0.05))
