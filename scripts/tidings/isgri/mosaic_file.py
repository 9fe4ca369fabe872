"""Mosaics as files: OSA's ``isgri_mosa_ima``, partial HEALPix maps, and the coverage as MOC ranges."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import astropy.units as u
import cdshealpix
import numpy as np
from astropy.io import fits

from tidings.fits import write_fits
from tidings.isgri._osa_headers import identify, index_table, place
from tidings.isgri._sky_grid import longitude_latitude
from tidings.isgri.mosaic import Frame, Mosaic
from tidings.isgri.sky_image_file import UNITS

EXTENSION = "ISGR-MOSA-IMA"
PLANES = ("INTENSITY", "VARIANCE", "SIGNIFICANCE", "EXPOSURE")
_MOC_ORDER = 9  # 6.9', above the pixel of a mosaic, so that the coverage has no holes between pixels


def write_mosaics(
    mosaics: list[Mosaic],
    path: str | Path,
    provenance: dict[str, Any] | None = None,
    meta: dict[str, Any] | None = None,
) -> None:
    """Write the mosaics of one or more bands.

    Images are a GROUPING table and extensions ISGR-MOSA-IMA as OSA's; HEALPix maps one table per band with
    explicit pixel numbers. The extension WINDOWS lists what went in. `meta` holds further keywords.
    """
    meta = dict(meta or {})
    if mosaics[0].grid.order is None:
        members = [hdu for mosaic in mosaics for hdu in _image_hdus(mosaic, meta)]
        for number, hdu in enumerate(members, 1):
            hdu.header["EXTVER"] = number
        index = index_table(EXTENSION, [hdu.header for hdu in members])
        identify(index.header, meta, -1, None)
        members.insert(0, index)
    else:
        members = [_healpix_hdu(mosaic, meta, number) for number, mosaic in enumerate(mosaics, 1)]
    write_fits([fits.PrimaryHDU(), *members, _windows(mosaics[0].frames)], path, provenance)


def coverage_ranges(mosaic: Mosaic) -> np.ndarray:
    """Return where a mosaic has data, as ranges of HEALPix pixels of order 29, [n, 2] (first, one past)."""
    lon, lat = longitude_latitude(mosaic.grid.vectors[:, mosaic.variance > 0].T)
    # A larger mosaic pixel needs a larger cell.
    order = min(_MOC_ORDER, int(math.log2(math.degrees(math.sqrt(math.pi / 3)) / mosaic.grid.pixel)))
    cells = cdshealpix.lonlat_to_healpix(lon * u.deg, lat * u.deg, np.uint8(max(order, 0)))
    cells = np.unique(np.asarray(cells).astype(np.int64))
    shift = 2 * (29 - max(order, 0))
    first = np.flatnonzero(np.concatenate([[True], np.diff(cells) > 1]))
    last = np.append(first[1:] - 1, len(cells) - 1)
    return np.stack([cells[first] << shift, (cells[last] + 1) << shift], axis=1)


def _image_hdus(mosaic: Mosaic, meta: dict[str, Any]) -> list[fits.ImageHDU]:
    made = []
    for name in PLANES:
        hdu = fits.ImageHDU(mosaic.grid.image(getattr(mosaic, name.lower())), name=EXTENSION)
        _describe(hdu.header, mosaic, meta)
        place(hdu.header, mosaic.grid.wcs)
        hdu.header["BUNIT"] = (UNITS[name], "unit of the pixels")
        hdu.header["HDUCLAS1"] = ("IMAGE", "sky image")
        hdu.header["IMATYPE"] = (name, "type of image")
        hdu.header["GRPID1"] = (1, "EXTVER of the index of this file")
        made.append(hdu)
    return made


def _healpix_hdu(mosaic: Mosaic, meta: dict[str, Any], version: int) -> fits.BinTableHDU:
    known = np.flatnonzero(mosaic.variance > 0)
    known = known[np.argsort(mosaic.grid.index[known])]
    columns = [fits.Column(name="PIXEL", format="K", array=mosaic.grid.index[known])]
    for name in PLANES:
        unit = None if name == "SIGNIFICANCE" else UNITS[name].replace("counts", "count").replace("sec", "s")
        plane = getattr(mosaic, name.lower())[known]
        columns.append(fits.Column(name=name, format="E", unit=unit, array=plane))
    hdu = fits.BinTableHDU.from_columns(columns, name=f"{EXTENSION}-HPX", ver=version)
    _describe(hdu.header, mosaic, meta)
    nside = 2**mosaic.grid.order
    cards = {
        "PIXTYPE": ("HEALPIX", "pixels of HEALPix"),
        "ORDERING": ("NESTED", "scheme of the pixel numbers"),
        "NSIDE": (nside, "resolution"),
        "FIRSTPIX": (0, "first pixel number there may be"),
        "LASTPIX": (12 * nside**2 - 1, "last pixel number there may be"),
        "INDXSCHM": ("EXPLICIT", "pixel numbers are in column PIXEL"),
        "OBJECT": ("PARTIAL", "part of the sky"),
        "COORDSYS": ("G" if mosaic.grid.galactic else "C", "galactic or equatorial (FK5 J2000)"),
        "BAD_DATA": (-1.6375e30, "value of a pixel without data"),
    }
    for key, card in cards.items():
        hdu.header[key] = card
    hdu.header["BASETYPE"] = "DAL_TABLE"
    return hdu


def _describe(header: fits.Header, mosaic: Mosaic, meta: dict[str, Any]) -> None:
    frames = mosaic.frames
    identify(header, meta, -1, None)
    first, last = min(frame.tstart for frame in frames), max(frame.tstop for frame in frames)
    for key, value in (("TSTART", first), ("TSTOP", last), ("TFIRST", first), ("TLAST", last)):
        header[key] = (value, "[d] IJD, TT")
    elapsed = sum(frame.tstop - frame.tstart for frame in frames) * 86400
    header["TELAPSE"] = (elapsed, "[s] sum of the windows' lengths")
    header["ONTIME"] = (sum(frame.ontime for frame in frames), "[s] sum of their good times")
    header["NWINDOWS"] = (len(frames), "number of images, listed in WINDOWS")
    header["CHANTYPE"] = ("PI", "type of channels")
    header["CHANMIN"] = (round(mosaic.e_min), "lowest channel")
    header["CHANMAX"] = (round(mosaic.e_max), "highest channel")
    header["E_MIN"] = (mosaic.e_min, "[keV] lower energy")
    header["E_MEAN"] = ((mosaic.e_min + mosaic.e_max) / 2, "[keV] mean energy")
    header["E_MAX"] = (mosaic.e_max, "[keV] upper energy")
    header["MOSAMETH"] = ("4x4", "interpolation: 16 pixels, least variance")
    if math.isfinite(mosaic.noise):
        header["SIGNOISE"] = (mosaic.noise, "width of source-free significance, as made")
    header["SIGSCALE"] = (mosaic.rescaled, "factor that errors were multiplied by")


def _windows(frames: tuple[Frame, ...]) -> fits.BinTableHDU:
    """Return the list of the images: their times, pointings, and the PSF that they were taken to have."""
    ra, dec = longitude_latitude(np.array([frame.axis for frame in frames]))
    columns = [
        fits.Column("SWID", "12A", array=[frame.swid for frame in frames]),
        fits.Column("TFIRST", "D", "d", array=[frame.tstart for frame in frames]),
        fits.Column("TLAST", "D", "d", array=[frame.tstop for frame in frames]),
        fits.Column("ONTIME", "D", "s", array=[frame.ontime for frame in frames]),
        fits.Column("RA", "D", "deg", array=ra),
        fits.Column("DEC", "D", "deg", array=dec),
        fits.Column("PSF", "2D", "pixel", array=[frame.taps.psf for frame in frames]),
        fits.Column("CORRELATION", "4D", array=[frame.taps.correlation for frame in frames]),
    ]
    return fits.BinTableHDU.from_columns(columns, name="WINDOWS")
