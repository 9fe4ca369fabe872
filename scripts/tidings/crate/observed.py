"""When and where a product was observed, as it says itself or as the products say that it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidings.crate.model import Job


@dataclass(frozen=True)
class Observed:
    """Start and end (MJD, UTC), position (deg, ICRS) and instruments, None where nothing says so."""

    start: float | None = None
    end: float | None = None
    ra: float | None = None
    dec: float | None = None
    instrument: str | None = None


def observed(job: Job, content: Mapping[str, Path | bytes], upstream: list[Observed]) -> Observed:
    """Return when and where the products of a job were observed.

    Parameters
    ----------
    job : Job
        The job; its parameters ra and dec are a position.
    content : mapping
        Files of the crate by path.
    upstream : list of Observed
        What is known of the products that the job read; taken where its own say nothing.
    """
    found: dict[str, Any] = {}
    for path in job.outputs.values():
        file = content.get(path)
        if isinstance(file, Path):
            found = {**dict(_facts(path, file)), **found}
    if isinstance(job.parameters.get("ra"), float) and isinstance(job.parameters.get("dec"), float):
        found |= {"ra": job.parameters["ra"], "dec": job.parameters["dec"]}
    starts = [one.start for one in upstream if one.start is not None]
    ends = [one.end for one in upstream if one.end is not None]
    if "start" not in found and starts and ends:
        found |= {"start": min(starts), "end": max(ends)}
    places = {(one.ra, one.dec) for one in upstream if one.ra is not None}
    if "ra" not in found and len(places) == 1:
        found["ra"], found["dec"] = places.pop()
    return Observed(**found)


def _facts(path: str, file: Path) -> Iterator[tuple[str, Any]]:
    if path.endswith(".hdf5"):
        yield from _hdf5(file)
    elif path.endswith((".fits", ".fits.gz")):
        yield from _fits(file)
    elif path.endswith(".json"):
        yield from _json(file)


def _hdf5(file: Path) -> Iterator[tuple[str, Any]]:
    import h5py

    with h5py.File(file) as opened:
        if {"start_utc", "end_utc"} <= opened.attrs.keys():
            yield "start", _mjd(str(opened.attrs["start_utc"]), "utc")
            yield "end", _mjd(str(opened.attrs["end_utc"]), "utc")


def _json(file: Path) -> Iterator[tuple[str, Any]]:
    value = json.loads(file.read_text(encoding="utf-8"))
    if not isinstance(value, dict):
        return
    header = value.get("header")
    if isinstance(header, dict) and isinstance(header.get("DATE-OBS"), str):
        yield "start", _mjd(header["DATE-OBS"], "utc")
        yield "end", _mjd(header["DATE-OBS"], "utc")
    if isinstance(header, dict) and header.get("INSTRUME"):
        yield "instrument", str(header["INSTRUME"])
    place = value.get("most_probable")
    if isinstance(place, dict) and {"ra_deg", "dec_deg"} <= place.keys():
        yield "ra", place["ra_deg"]
        yield "dec", place["dec_deg"]


def _fits(file: Path) -> Iterator[tuple[str, Any]]:
    from astropy.io import fits

    with fits.open(file) as hdus:
        headers = [hdu.header for hdu in hdus]
    for header in headers:
        span = _span(header)
        if span is not None:
            yield "start", span[0]
            yield "end", span[1]
            break
    for header in headers:
        if isinstance(header.get("RA_OBJ"), float) and isinstance(header.get("DEC_OBJ"), float):
            yield "ra", header["RA_OBJ"]
            yield "dec", header["DEC_OBJ"]
            break


def _span(header: Any) -> tuple[float, float] | None:
    """Return start and end, MJD (UTC), of a header with TSTART, TSTOP and what they count from."""
    zero = header.get("MJDREF", header.get("MJDREFI"))
    if zero is None or not {"TSTART", "TSTOP"} <= set(header):
        return None
    zero += header.get("MJDREFF", 0.0) if "MJDREF" not in header else 0.0
    day = 1.0 if str(header.get("TIMEUNIT", "s")).strip() == "d" else 86400.0
    scale = str(header.get("TIMESYS", "TT")).strip().lower()
    start, end = ((zero, header[key] / day) for key in ("TSTART", "TSTOP"))
    return _mjd(start, scale), _mjd(end, scale)


def _mjd(when: str | tuple[float, float], scale: str) -> float:
    from astropy.time import Time

    if isinstance(when, str):
        return float(Time(when, scale=scale).mjd)
    return float(
        Time(*when, format="mjd", scale=scale if scale in ("tt", "utc", "tdb", "tai") else "tt").utc.mjd
    )
