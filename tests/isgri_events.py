"""Event lists of ISGRI for tests: small synthetic ones, and the cut of the real one in data/isgri.

``python tests/isgri_events.py FULL CUT GAINS`` made the two files of data/isgri from the archive's event file
of science window 255900280010; it compresses with zopfli where that is installed, else with gzip.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
from astropy.io import fits

ROOT = Path(__file__).resolve().parents[1]
REAL = ROOT / "data/isgri/255900280010_isgri_events.fits.gz"
GAINS = ROOT / "data/isgri/255900280010_pixel_gains.fits.gz"
TSTART, TSTOP = 8320.63230042977, 8320.6736661982
OBTSTART, OBTEND = 9111764710981632, 9111768458592256

_FORMS = {
    "RISE_TIME": "1B",
    "ISGRI_PHA": "1I",
    "ISGRI_Y": "1B",
    "ISGRI_Z": "1B",
    "ISGRI_PI": "1B",
    "ISGRI_ENERGY": "1E",
    "SELECT_FLAG": "1B",
    "TIME": "1D",
}
# Beside the columns of that name: 4 words of the clock.
_CLOCK = "OB_TIME"


def columns(count: int = 2000, seed: int = 1) -> dict[str, np.ndarray]:
    """Events with all columns, uniform in time and over the pixels, with energies of 1.2 PHA."""
    random = np.random.default_rng(seed)
    pha = random.integers(20, 200, count)
    rise = random.integers(16, 100, count)
    ticks = np.sort(random.integers(0, OBTEND - OBTSTART, count)) + OBTSTART
    return {
        "RISE_TIME": rise,
        "ISGRI_PHA": pha,
        "ISGRI_Y": random.integers(0, 128, count),
        "ISGRI_Z": random.integers(0, 128, count),
        _CLOCK: (ticks[:, None] >> np.array([48, 32, 16, 0])) & 0xFFFF,
        "ISGRI_PI": rise,
        "ISGRI_ENERGY": 1.2 * pha,
        "SELECT_FLAG": np.zeros(count, int),
        "TIME": TSTART + (ticks - OBTSTART) * ((TSTOP - TSTART) / (OBTEND - OBTSTART)),
    }


def event_file(
    path: Path,
    data: dict[str, np.ndarray] | None,
    gti: list[tuple[float, float]] | None = ((TSTART, TSTOP),),
    swid: str = "255900280010",
    without: tuple[str, ...] = (),
    gti_names: tuple[str, ...] = ("MERGED_ISGRI",),
) -> Path:
    """Write an event file in the archive's layout; `without` names keywords and columns to leave out.

    `data` None makes a file as an aborted window has it, without ISGR-EVTS-ALL; `gti` None one without good
    times. Each name in `gti_names` makes an extension.
    """
    hdus = [fits.PrimaryHDU(), fits.BinTableHDU(name="ISGR-EVTS-PRW")]
    if data is not None:
        made = [
            fits.Column(
                name, "4I" if name == _CLOCK else _FORMS[name], array=_stored(name, values), bzero=_zero(name)
            )
            for name, values in data.items()
            if name not in without
        ]
        hdu = fits.BinTableHDU.from_columns(made, name="ISGR-EVTS-ALL")
        cards = {
            "SWID": swid,
            "REVOL": int(swid[:4]),
            "TSTART": TSTART,
            "TSTOP": TSTOP,
            "OBTSTART": f"{OBTSTART:020d}",
            "OBTEND": f"{OBTEND:020d}",
            "RA_SCX": 286.822875976562,
            "DEC_SCX": 20.2762775421143,
            "RA_SCZ": 199.37516784668,
            "DEC_SCZ": -6.87311124801636,
        }
        hdu.header.update({key: value for key, value in cards.items() if key not in without})
        hdus.append(hdu)
    for name in gti_names if gti is not None else ():
        pairs = np.array(gti, float)
        hdu = fits.BinTableHDU.from_columns(
            [
                fits.Column("START", "1D", unit="d", array=pairs[:, 0]),
                fits.Column("STOP", "1D", unit="d", array=pairs[:, 1]),
            ],
            name="IBIS-GNRL-GTI",
        )
        hdu.header["GTI_NAME"] = name
        hdus.append(hdu)
    fits.HDUList(hdus).writeto(path, overwrite=True)
    return path


def _stored(name: str, values: np.ndarray) -> np.ndarray:
    return values.astype(np.uint16) if name == _CLOCK else values


def _zero(name: str) -> int | None:
    return 32768 if name == _CLOCK else None


CUT = (
    "Cut for tidings from the archive's file of this window.",
    "Extensions ISGR-EVTS-PRW and ISGR-EVTS-SRW are left out.",
    "Columns kept: ISGRI_PHA ISGRI_Y ISGRI_Z ISGRI_PI SELECT_FLAG TIME.",
    "Rows kept: SELECT_FLAG 0, in MERGED_ISGRI, ISGRI_PI 16-116,",
    "ISGRI_PHA 15-599; and one row of each pixel with SELECT_FLAG 1.",
    "TIME is the middle of steps of 0.25 s from TSTART, moved into the",
    "good time; all other values are the archive's.",
    "Rows are in order of TIME, ISGRI_PHA and ISGRI_PI.",
)
STEP = 0.25
_KEPT = ("ISGRI_PHA", "ISGRI_Y", "ISGRI_Z", "ISGRI_PI", "SELECT_FLAG", "TIME")


def cut_events(source: Path, cut: Path) -> None:
    """Cut the archive's file of a window to what its products are made of below 590 keV; see `CUT`."""
    with fits.open(source) as hdus:
        hdu, gti = hdus["ISGR-EVTS-ALL"], hdus["IBIS-GNRL-GTI"]
        data = {name: np.array(hdu.data[name]) for name in _KEPT}
        pairs = np.column_stack([gti.data["START"], gti.data["STOP"]])
        start = hdu.header["TSTART"]
        inside = np.searchsorted(pairs.ravel(), data["TIME"], side="right") & 1 == 1
        kept = inside & (data["SELECT_FLAG"] == 0) & (data["ISGRI_PI"] >= 16) & (data["ISGRI_PI"] <= 116)
        kept &= (data["ISGRI_PHA"] >= 15) & (data["ISGRI_PHA"] < 600)
        flagged = np.flatnonzero(data["SELECT_FLAG"])
        pixel = data["ISGRI_Z"][flagged].astype(int) * 128 + data["ISGRI_Y"][flagged]
        kept[flagged[np.unique(pixel, return_index=True)[1]]] = True
        data = {name: values[kept] for name, values in data.items()}
        step = np.floor((data["TIME"] - start) * 86400 / STEP)
        time = start + (step + 0.5) * STEP / 86400
        # The middle of a step may lie in a gap, where its events do not.
        which = np.clip(np.searchsorted(pairs[:, 0], data["TIME"], side="right") - 1, 0, len(pairs) - 1)
        data["TIME"] = np.clip(time, pairs[which, 0] + 1e-9, pairs[which, 1] - 1e-9)
        order = np.lexsort((data["ISGRI_PI"], data["ISGRI_PHA"], data["TIME"]))
        made = [
            fits.Column(name, hdu.columns[name].format, unit=hdu.columns[name].unit, array=data[name][order])
            for name in _KEPT
        ]
        table = fits.BinTableHDU.from_columns(made, name="ISGR-EVTS-ALL")
        for card in hdu.header.cards:
            structural = card.keyword.rstrip("0123456789") in _STRUCTURE or card.keyword in table.header
            if not structural and card.keyword not in ("COMMENT", "CONTINUE", "LONGSTRN", ""):
                table.header.append(card)
        for line in CUT:
            table.header["HISTORY"] = line
        table.add_checksum(when="")
        times = fits.BinTableHDU(gti.data, gti.header)
        # astropy sums unsigned words before it stores them; a wrong sum is worse than none.
        for key in ("CHECKSUM", "DATASUM"):
            times.header.remove(key, ignore_missing=True)
        hdus_cut = fits.HDUList([fits.PrimaryHDU(), table, times])
        cut.write_bytes(_compress(_bytes(hdus_cut)))


_STRUCTURE = {
    *("XTENSION", "BITPIX", "NAXIS", "PCOUNT", "GCOUNT", "TFIELDS", "TTYPE", "TFORM", "TUNIT", "TZERO"),
    *("TSCAL", "TLMIN", "TLMAX", "TNULL", "TCRPX", "TCRVL", "TCDLT", "CHECKSUM", "DATASUM"),
}


def _bytes(hdus: fits.HDUList) -> bytes:
    import io

    stream = io.BytesIO()
    hdus.writeto(stream)
    return stream.getvalue()


def _compress(content: bytes) -> bytes:
    try:
        import zopfli.gzip
    except ImportError:
        return gzip.compress(content, 9, mtime=0)
    return zopfli.gzip.compress(content, numiterations=5)


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "scripts"))
    from tidings.isgri.events import read_events
    from tidings.isgri.pixel_gains import gains_from_archive, write_gains

    full, cut, gains = (Path(word) for word in sys.argv[1:])
    cut_events(full, cut)
    write_gains(gains_from_archive(read_events(full)), gains.with_suffix(""))
    gains.write_bytes(_compress(gains.with_suffix("").read_bytes()))
    gains.with_suffix("").unlink()
