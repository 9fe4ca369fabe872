"""Sky images of science windows in the layout of OSA's ``isgri_sky_ima``, written and read.

One file holds any number of windows and energy bands: a primary header, the index ``GROUPING``, and for each
window and band five extensions ``ISGR-SKY.-IMA`` told apart by IMATYPE. A file of one window is column by
column and keyword by keyword what OSA writes; with several windows the index has one column more, SWID.
"""

from __future__ import annotations

import gzip
import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.wcs import WCS, FITSFixedWarning

from tidings.errors import InputError
from tidings.fits import write_fits
from tidings.isgri._osa_headers import identify, index_table, is_own, place

EXTENSION = "ISGR-SKY.-IMA"
PLANES = ("INTENSITY", "VARIANCE", "SIGNIFICANCE", "RESIDUAL", "EXPOSURE")
UNITS = {
    "INTENSITY": "counts/sec",
    "VARIANCE": "(counts/sec)**2",
    "SIGNIFICANCE": "no units",
    "RESIDUAL": "counts/sec",
    "EXPOSURE": "sec",
}
ISGRI_PSF = (11.2 / 4.6, 4.0 / 4.6)
"""Mask cell and active width of a pixel in pixels: the PSF of a balanced image is the product along both axes
of two triangles of these half-widths, convolved (Fenimore & Cannon 1981; Gros et al. 2003)."""

# Keywords that the index repeats from its members.
_OF_FILE = ("SIMULATED", "ENERGY_LEVEL")
_OF_WINDOW = ("SW_TYPE", "SWBOUND", "OBTSTART", "OBTEND", "TSTART", "TSTOP")


@dataclass(frozen=True)
class SkyImage:
    """Sky image of one science window and energy band; planes are [z, y], 0 where there is no data.

    Attributes
    ----------
    intensity
        Rate of a source in each pixel, as if it were on axis and fully coded [counts/s].
    variance
        Of the intensity [(counts/s)^2]; 0 marks a pixel without data.
    significance
        Intensity over its standard deviation.
    residual
        Intensity with the sources taken out and not put back [counts/s].
    exposure
        Live time times coded fraction [s].
    wcs
        Gnomonic (TAN); axis 1 is y, axis 2 is z.
    swid, revolution
        Science window, 12 digits, and its revolution.
    e_min, e_max
        Band [keV].
    tstart, tstop
        First and last instant of the data [IJD, TT]; TFIRST and TLAST in the file.
    ontime
        Good time [s].
    psf
        Half-widths of the two triangles whose convolution is the PSF along an axis [pixel]; None when the
        maker of the image does not say (OSA).
    meta
        Further keywords for every header: TSTART, TSTOP, TELAPSE, EXPOSURE, DEADC, SIMULATED, ...
    """

    intensity: np.ndarray
    variance: np.ndarray
    significance: np.ndarray
    residual: np.ndarray
    exposure: np.ndarray
    wcs: WCS
    swid: str
    revolution: int
    e_min: float
    e_max: float
    tstart: float
    tstop: float
    ontime: float
    psf: tuple[float, float] | None = ISGRI_PSF
    meta: dict[str, Any] = field(default_factory=dict)

    @property
    def planes(self) -> dict[str, np.ndarray]:
        """The five planes by their IMATYPE, in OSA's order."""
        return {name: getattr(self, name.lower()) for name in PLANES}

    @property
    def band(self) -> tuple[float, float]:
        """Energies [keV]."""
        return self.e_min, self.e_max

    @property
    def coded(self) -> np.ndarray:
        """Exposure as a fraction of the largest; 0 where there is no data."""
        return np.where(self.variance > 0, self.exposure / max(float(self.exposure.max()), 1e-30), 0.0)


@dataclass(frozen=True)
class Entry:
    """What a file says of one image before its planes are read."""

    swid: str
    e_min: float
    e_max: float
    hdus: dict[str, int]


def write_sky_images(
    images: list[SkyImage], path: str | Path, provenance: dict[str, Any] | None = None
) -> None:
    """Write the images of any number of windows and bands to one file, in the order given."""
    if not images:
        raise InputError(f"{path}: there is no image to write; give at least one window")
    hdus = [image_hdu(image, name, number) for number, (image, name) in enumerate(_each(images), 1)]
    several = len({image.swid for image in images}) > 1
    index = index_table(EXTENSION, [hdu.header for hdu in hdus], with_swid=several)
    shared = _OF_FILE if several else (*_OF_FILE, *_OF_WINDOW)
    meta = {key: images[0].meta[key] for key in shared if key in images[0].meta}
    identify(index.header, meta, images[0].revolution, None if several else images[0].swid)
    write_fits([fits.PrimaryHDU(), index, *hdus], path, provenance)


def read_sky_images(path: str | Path, band: tuple[float, float] | None = None) -> list[SkyImage]:
    """Read all images of a file, or those of one band [keV]; see `iterate_sky_images`."""
    return list(iterate_sky_images(path, band))


def iterate_sky_images(path: str | Path, band: tuple[float, float] | None = None) -> Iterator[SkyImage]:
    """Read the images of a file one by one, so that only one is in memory.

    Raises
    ------
    InputError
        The file is missing or cut off, has no sky image, or an image lacks a plane, its WCS or its variance.
    """
    with _open(path) as hdus:
        for entry in _entries(hdus, path):
            if band is None or np.allclose(band, (entry.e_min, entry.e_max), rtol=0, atol=1e-3):
                yield _read(hdus, entry, path)


def list_sky_images(path: str | Path) -> list[Entry]:
    """List windows and bands of a file without reading the planes; errors as `iterate_sky_images`."""
    with _open(path) as hdus:
        return _entries(hdus, path)


def image_hdu(image: SkyImage, name: str, version: int) -> fits.ImageHDU:
    """Return one plane as an extension with OSA's keywords."""
    plane = np.nan_to_num(np.asarray(image.planes[name], np.float32), nan=0.0, posinf=0.0, neginf=0.0)
    hdu = fits.ImageHDU(plane, name=EXTENSION)
    header = hdu.header
    identify(header, image.meta, image.revolution, image.swid)
    times = {"TSTART": image.tstart, "TSTOP": image.tstop, "TFIRST": image.tstart, "TLAST": image.tstop}
    times["TELAPSE"] = (image.tstop - image.tstart) * 86400
    times["ONTIME"] = image.ontime
    for key, value in times.items():
        default = value if key in ("TFIRST", "TLAST", "ONTIME") else image.meta.get(key, value)
        header[key] = float(default)
    place(header, image.wcs)
    header["BUNIT"] = (UNITS[name], "unit of the pixels")
    header["HDUCLAS1"] = ("IMAGE", "sky image")
    header["CHANTYPE"] = ("PI", "type of channels")
    header["CHANMIN"] = (round(image.meta.get("CHANMIN", image.e_min)), "lowest channel")
    header["CHANMAX"] = (round(image.meta.get("CHANMAX", image.e_max)), "highest channel")
    header["E_MIN"] = (float(image.e_min), "[keV] lower energy")
    header["E_MEAN"] = (float((image.e_min + image.e_max) / 2), "[keV] mean energy")
    header["E_MAX"] = (float(image.e_max), "[keV] upper energy")
    header["IMATYPE"] = (name, "type of image")
    if image.psf is not None:
        header["PSFCELL"] = (float(image.psf[0]), "[pixel] first triangle of the PSF")
        header["PSFPIX"] = (float(image.psf[1]), "[pixel] second triangle of the PSF")
    header["EXTVER"] = version
    header["GRPID1"] = (1, "EXTVER of the index of this file")
    return hdu


def _each(images: list[SkyImage]) -> Iterator[tuple[SkyImage, str]]:
    for image in images:
        for name in PLANES:
            yield image, name


@contextmanager
def _open(path: str | Path) -> Iterator[fits.HDUList]:
    """Open a FITS file; a damaged one is an InputError that names it, also when the damage shows later."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        with warnings.catch_warnings():
            # A file that is cut off is only warned of, and its last plane then fails to read or is short.
            warnings.filterwarnings("error", message=".*truncated.*")
            warnings.simplefilter("ignore", FITSFixedWarning)
            # astropy takes a compressed file that is cut off for a shorter one; gzip does not.
            source = io.BytesIO(gzip.decompress(path.read_bytes())) if _is_gzip(path) else path
            hdus = fits.open(source, memmap=False, lazy_load_hdus=False)
        with hdus:
            yield hdus
    except InputError:
        raise
    except (OSError, EOFError, ValueError, TypeError, KeyError, zlib.error, UserWarning) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(f"{path}: is no whole FITS file ({reason}); fetch or make it again") from None


def _is_gzip(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def _entries(hdus: fits.HDUList, path: str | Path) -> list[Entry]:
    found: list[Entry] = []
    for number, hdu in enumerate(hdus):
        if hdu.name != EXTENSION or not isinstance(hdu, fits.ImageHDU | fits.CompImageHDU):
            continue
        header, name = hdu.header, str(hdu.header.get("IMATYPE", "")).strip()
        if "E_MIN" not in header or "E_MAX" not in header:
            raise InputError(f"{path}: HDU {number}: no E_MIN and E_MAX, so the band is not known")
        key = (str(header.get("SWID", "")).strip(), float(header["E_MIN"]), float(header["E_MAX"]))
        same = [entry for entry in found if (entry.swid, entry.e_min, entry.e_max) == key]
        if not same or name in same[-1].hdus:
            found.append(Entry(*key, {}))
            same = found
        same[-1].hdus[name] = number
    if not found:
        names = ", ".join(sorted({hdu.name for hdu in hdus[1:]})) or "nothing"
        raise InputError(
            f"{path}: no extension {EXTENSION} (it holds {names}); give an isgri_sky_ima of OSA or our own"
        )
    for entry in found:
        if missing := [name for name in PLANES[:2] if name not in entry.hdus]:
            raise InputError(f"{path}: window {entry.swid or '?'}: no plane {' and '.join(missing)}")
    return found


def _read(hdus: fits.HDUList, entry: Entry, path: str | Path) -> SkyImage:
    header = hdus[entry.hdus["INTENSITY"]].header
    what = f"{path}: window {entry.swid or '?'}, {entry.e_min:g}-{entry.e_max:g} keV"
    planes = {name: np.array(hdus[number].data, np.float32) for name, number in entry.hdus.items()}
    if len({plane.shape for plane in planes.values()}) > 1:
        raise InputError(f"{what}: the planes differ in shape; make the file again")
    known = planes["VARIANCE"] > 0
    if not known.any():
        raise InputError(f"{what}: VARIANCE is zero everywhere, so nothing is known; leave this window out")
    deviation = np.sqrt(np.where(known, planes["VARIANCE"], 1))
    planes.setdefault("SIGNIFICANCE", np.where(known, planes["INTENSITY"] / deviation, 0).astype(np.float32))
    planes.setdefault("RESIDUAL", np.zeros_like(planes["INTENSITY"]))
    exposure = float(header.get("EXPOSURE", header.get("ONTIME", 0)))
    planes.setdefault("EXPOSURE", np.where(known, exposure, 0).astype(np.float32))
    keys = {"TSTART": None, "TSTOP": None, "ONTIME": float(header.get("EXPOSURE", 0)), "REVOL": -1}
    value = {key: header.get(key, default) for key, default in keys.items()}
    if value["TSTART"] is None or value["TSTOP"] is None:
        raise InputError(f"{what}: no TSTART and TSTOP; the times of the window must be in the header")
    return SkyImage(
        **{name.lower(): planes[name] for name in PLANES},
        wcs=_wcs(header, what),
        swid=entry.swid,
        revolution=int(value["REVOL"]),
        e_min=entry.e_min,
        e_max=entry.e_max,
        tstart=float(header.get("TFIRST", value["TSTART"])),
        tstop=float(header.get("TLAST", value["TSTOP"])),
        ontime=float(value["ONTIME"]),
        psf=(float(header["PSFCELL"]), float(header["PSFPIX"])) if "PSFCELL" in header else None,
        meta=_meta(header),
    )


def _wcs(header: fits.Header, what: str) -> WCS:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        wcs = WCS(header, naxis=2)
    if [str(kind) for kind in wcs.wcs.ctype] != ["RA---TAN", "DEC--TAN"]:
        raise InputError(
            f"{what}: no gnomonic WCS (CTYPE1 'RA---TAN', CTYPE2 'DEC--TAN'), so no pixel has a direction"
        )
    return wcs


def _meta(header: fits.Header) -> dict[str, Any]:
    """Return the keywords that neither the layout nor a field of `SkyImage` holds."""
    return {key: value for key, value in header.items() if key and not is_own(key)}
