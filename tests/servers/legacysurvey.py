"""The viewer of the Legacy Surveys and the TAP service of the Astro Data Lab, on this machine.

The viewer (https://github.com/legacysurvey/imagine, map/views.py) takes ra, dec, size (256 unless given, up
to a limit), layer, pixscale and bands; unknown bands give all of the layer. Values are nanomaggies per
pixel of 0.262 arcsec, whatever the pixel. Outside of the footprint the image is blank, or the answer an error
"no overlap". The TAP service takes sync queries by GET and answers with VOTable, which holds the time when it
was made; errors are VOTables with QUERY_STATUS ERROR, and more rows than MAXREC are cut off with QUERY_STATUS
OVERFLOW.

    with LegacySurveyServer(table, footprint=[(165.1, 38.2, 1.0)]) as server:
        server.replies["fits-cutout"] = (200, b"<html>Log in</html>")
        fetch_image(cutout, path, lock=lock, host=server.host)
"""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import numpy as np
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.io.votable.tree import Info, VOTableFile
from astropy.table import Table
from astropy.wcs import WCS
from PIL import Image

_BANDS = {"ls-dr9": "grz", "ls-dr10": "griz"}
_NATIVE = 0.262


class LegacySurveyServer:
    """Both services on 127.0.0.1, in threads of their own, while the context lasts.

    Parameters
    ----------
    table : Table
        Tractor sources, which the images show too.
    footprint : sequence of (ra, dec, radius)
        Circles with images, deg.
    limit : int
        Largest size of an image, pixels.
    """

    def __init__(
        self, table: Table, footprint: Sequence[tuple[float, float, float]], limit: int = 3000
    ) -> None:
        self.table, self.footprint, self.limit = table, footprint, limit
        self.requests: list[str] = []
        self.replies: dict[str, tuple[int, bytes]] = {}  # by a part of the path, in place of the answer
        self.no_overlap = False  # an error outside of the footprint, not a blank image
        self.error = ""  # of the TAP service
        self.answers = 0

    def __enter__(self) -> LegacySurveyServer:
        handler = type("Handler", (_Handler,), {"service": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.host = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer(self, target: str) -> tuple[int, bytes]:
        """Status and body for a path with its query."""
        parts = urlsplit(target)
        for pattern, reply in self.replies.items():
            if pattern in parts.path:
                return reply
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path in ("/viewer/fits-cutout", "/viewer/jpeg-cutout"):
            return self.cutout(asked, parts.path.endswith("jpeg-cutout"))
        if parts.path == "/tap/sync":
            return self.tap(asked)
        return 404, b"<!doctype html><title>404</title><h1>Not Found</h1>"

    def cutout(self, asked: dict[str, str], jpeg: bool) -> tuple[int, bytes]:
        """Status and body of an image."""
        ra, dec = float(asked["ra"]), float(asked["dec"])
        size = min(int(asked.get("size", 256)), self.limit)
        scale, layer = float(asked.get("pixscale", _NATIVE)), asked.get("layer", "ls-dr9")
        if layer not in _BANDS:
            return 404, b"<html><body>no such layer</body></html>"
        bands = asked.get("bands", _BANDS[layer])
        bands = bands if set(bands) <= set(_BANDS[layer]) else _BANDS[layer]
        covered = self.covered(ra, dec)
        if not covered and self.no_overlap:
            return 404, b"<html><body>no overlap</body></html>"
        header = _header(ra, dec, size, scale, bands)
        cube = np.array([self.plane(header, size, band, covered) for band in bands], np.float32)
        if jpeg:
            return 200, _jpeg(cube[0])
        stream = io.BytesIO()
        fits.PrimaryHDU(cube[0] if len(bands) == 1 else cube, header).writeto(stream)
        return 200, stream.getvalue()

    def covered(self, ra: float, dec: float) -> bool:
        """Whether there are images at a position."""
        here = SkyCoord(ra, dec, unit="deg")
        return any(here.separation(SkyCoord(a, d, unit="deg")).deg <= r for a, d, r in self.footprint)

    def plane(self, header: fits.Header, size: int, band: str, covered: bool) -> np.ndarray:
        """Nanomaggies per native pixel: Gaussians of 1.4 arcsec (FWHM) at the sources, and a little noise."""
        data = np.zeros((size, size))
        if not covered:
            return data
        scale = header["CD2_2"] * 3600
        data += 1e-3 * np.sin(np.arange(size * size).reshape(size, size) * 12.9898)
        sigma = 1.4 / 2.355 / scale
        x, y = WCS(header).celestial.world_to_pixel(
            SkyCoord(self.table["ra"].data, self.table["dec"].data, unit="deg")
        )
        rows, columns = np.indices(data.shape)
        near = (x > -5) & (x < size + 5) & (y > -5) & (y < size + 5)
        for x0, y0, flux in zip(x[near], y[near], self.table[f"flux_{band}"][near], strict=True):
            profile = np.exp(-((columns - x0) ** 2 + (rows - y0) ** 2) / (2 * sigma**2))
            data += float(flux) * profile / (2 * np.pi * sigma**2) * (_NATIVE / scale) ** 2
        return data

    def tap(self, asked: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of a query; the data base knows the one form of question that is asked here."""
        if self.error:
            return 400, _votable(None, "ERROR", self.error, self.answers)
        query = asked["QUERY"]
        match = re.fullmatch(
            r"SELECT (?P<columns>.+) FROM ls_(?P<release>dr9|dr10)\.tractor WHERE dec BETWEEN (?P<south>\S+) "
            r"AND (?P<north>\S+) AND ra BETWEEN (?P<west>\S+) AND (?P<east>\S+)",
            query,
        )
        if match is None:
            return 400, _votable(None, "ERROR", f"cannot parse: {query}", self.answers)
        columns = match["columns"].split(", ")
        if unknown := [name for name in columns if name not in self.table.colnames]:
            return 400, _votable(None, "ERROR", f"column {unknown[0]} does not exist", self.answers)
        dec, ra = self.table["dec"], self.table["ra"]
        found = (dec >= float(match["south"])) & (dec <= float(match["north"]))
        found &= (ra >= float(match["west"])) & (ra <= float(match["east"]))
        rows = self.table[columns][found]
        # No order is promised, and it changes from answer to answer.
        rows = rows[np.random.default_rng(self.answers).permutation(len(rows))]
        most = int(asked.get("MAXREC", 10**9))
        self.answers += 1
        status = "OVERFLOW" if len(rows) > most else "OK"
        return 200, _votable(rows[:most], status, "", self.answers)


def _header(ra: float, dec: float, size: int, scale: float, bands: str) -> fits.Header:
    header = fits.Header()
    for number, band in enumerate(bands):
        header[f"BAND{number}"] = band
    header["BANDS"] = bands
    header["CTYPE1"], header["CTYPE2"] = "RA---TAN", "DEC--TAN"
    header["CRVAL1"], header["CRVAL2"] = ra, dec
    header["CRPIX1"] = header["CRPIX2"] = (size + 1) / 2
    header["CD1_1"], header["CD1_2"] = -scale / 3600, 0.0
    header["CD2_1"], header["CD2_2"] = 0.0, scale / 3600
    header["IMAGEW"] = header["IMAGEH"] = float(size)
    return header


def _jpeg(plane: np.ndarray) -> bytes:
    grey = np.clip(255 * plane / max(float(plane.max()), 1e-9), 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(grey).save(stream, "JPEG")
    return stream.getvalue()


def _votable(rows: Table | None, status: str, words: str, number: int) -> bytes:
    document = VOTableFile.from_table(Table({"x": [0]}) if rows is None else rows)
    resource = document.resources[0]
    resource.type = "results"
    if rows is None:
        resource.tables.clear()
    info = Info(name="QUERY_STATUS", value=status)
    info.content = words or None
    resource.infos.append(info)
    resource.infos.append(Info(name="executed_at", value=f"2026-11-27T00:00:{number:02d}"))
    stream = io.BytesIO()
    document.to_xml(stream, _debug_python_based_parser=True)
    return stream.getvalue()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    service: LegacySurveyServer

    def log_message(self, *arguments: object) -> None:
        pass

    def do_GET(self) -> None:
        self.service.requests.append(self.path)
        status, body = self.service.answer(self.path)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
