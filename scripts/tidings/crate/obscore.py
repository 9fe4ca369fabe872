"""The products of a run as a table of IVOA ObsCore 1.1, one row each."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import MaskedColumn, Table

from tidings.crate.entities import encoding, named_information
from tidings.crate.model import Crate, CrateFile, Job
from tidings.crate.observed import Observed, observed
from tidings.tables import votable_bytes

# Name, type, unit, UCD and description: ObsCore 1.1 (Louys et al. 2017), tables 1 and 7, the mandatory
# columns.
COLUMNS = (
    ("dataproduct_type", str, None, "meta.code.class", "Data product type; empty for figures and text"),
    ("calib_level", int, None, "meta.code;obs.calib", "Calibration level"),
    ("obs_collection", str, None, "meta.id", "Name of the collection"),
    ("obs_id", str, None, "meta.id", "Job that made the product"),
    ("obs_publisher_did", str, None, "meta.ref.ivoid", "Identifier of the product"),
    ("access_url", str, None, "meta.ref.url", "Address, or the place in the crate as long as it has none"),
    ("access_format", str, None, "meta.code.mime", "Media type"),
    ("access_estsize", int, "kbyte", "phys.size;meta.file", "Size"),
    ("target_name", str, None, "meta.id;src", "Target"),
    ("s_ra", float, "deg", "pos.eq.ra", "Right ascension, ICRS"),
    ("s_dec", float, "deg", "pos.eq.dec", "Declination, ICRS"),
    ("s_fov", float, "deg", "phys.angSize;instr.fov", "Diameter of the region covered"),
    ("s_region", str, None, "pos.outline;obs.field", "Region covered"),
    ("s_resolution", float, "arcsec", "pos.angResolution", "Angular resolution"),
    ("s_xel1", int, None, "meta.number", "Number of elements along the first axis of the sky"),
    ("s_xel2", int, None, "meta.number", "Number of elements along the second axis of the sky"),
    ("t_min", float, "d", "time.start;obs.exposure", "Start, MJD (UTC)"),
    ("t_max", float, "d", "time.end;obs.exposure", "End, MJD (UTC)"),
    ("t_exptime", float, "s", "time.duration;obs.exposure", "Exposure"),
    ("t_resolution", float, "s", "time.resolution", "Time resolution"),
    ("t_xel", int, None, "meta.number", "Number of elements along the time axis"),
    ("em_min", float, "m", "em.wl;stat.min", "Lower end in wavelength"),
    ("em_max", float, "m", "em.wl;stat.max", "Upper end in wavelength"),
    ("em_res_power", float, None, "spect.resolution", "Spectral resolving power"),
    ("em_xel", int, None, "meta.number", "Number of elements along the spectral axis"),
    ("o_ucd", str, None, "meta.ucd", "UCD of what was observed"),
    ("pol_states", str, None, "meta.code;phys.polarization", "Polarisation states"),
    ("pol_xel", int, None, "meta.number", "Number of polarisation states"),
    ("facility_name", str, None, "meta.id;instr.tel", "Facility"),
    ("instrument_name", str, None, "meta.id;instr", "Instrument"),
)

# What the data files of a step are; tables are measurements, figures and text have no type.
_KINDS = {
    ("gw_strain", ".hdf5"): ("timeseries", None),
    ("gw_spectrogram", ".hdf5"): ("timeseries", None),
    ("acs_lightcurve", ".fits"): ("timeseries", "phot.count;em.gamma"),
    ("isgri_lightcurve", ".fits"): ("timeseries", "phot.count;em.X-ray.hard"),
    ("isgri_spectrum", ".fits"): ("spectrum", "phot.count;em.X-ray.hard"),
    ("isgri_image", ".fits"): ("image", "phot.count;em.X-ray.hard"),
    ("isgri_mosaic", ".fits"): ("image", "phot.count;em.X-ray.hard"),
    ("skymap_region", ".multiorder.fits"): ("image", "stat.probability"),
    ("skymap_overlap", ".multiorder.fits"): ("image", "stat.probability"),
}
_TABLES = (".ecsv", ".vot", ".parquet")
_FACILITIES = {
    "acs": ("INTEGRAL", "SPI-ACS"),
    "antares": ("ANTARES", "ANTARES"),
    "isgri": ("INTEGRAL", "IBIS/ISGRI"),
    "polar": ("Tiangong-2", "POLAR"),
}
_DETECTORS = {"H1": "LIGO Hanford", "L1": "LIGO Livingston", "V1": "Virgo", "K1": "KAGRA", "G1": "GEO600"}


def table_bytes(crate: Crate, content: Mapping[str, Path | bytes]) -> bytes:
    """Return the table as VOTable.

    Parameters
    ----------
    crate : Crate
        The run.
    content : mapping
        Files of the crate by path; the products are looked into for times and positions.
    """
    return votable_bytes(obscore_table(crate, content))


def obscore_table(crate: Crate, content: Mapping[str, Path | bytes]) -> Table:
    """Return the table: a row per file or folder that a job wrote to results/. Unknown values are missing."""
    rows = []
    facts: dict[str, Observed] = {}
    for job in crate.jobs:
        seen = observed(job, content, [facts[path] for path in _upstream(job, facts)])
        facts |= dict.fromkeys(job.outputs.values(), seen)
        outputs = [crate.files[path] for path in job.outputs.values()]
        rows += [_row(crate, job, file, seen) for file in outputs if file.role == "product"]
    table = Table(meta={"description": f"Products of: {crate.name}"})
    for name, kind, unit, ucd, description in COLUMNS:
        values = [row.get(name) for row in rows]
        table[name] = _column(values, kind, unit, ucd, description)
    return table


def _upstream(job: Job, facts: dict[str, Observed]) -> list[str]:
    return [path for paths in job.inputs.values() for path in paths if path in facts]


def _row(crate: Crate, job: Job, file: CrateFile, seen: Observed) -> dict[str, Any]:
    kind, ucd = _kind(job.step, file)
    facility, instrument = _instrument(job, seen)
    did = (
        f"https://doi.org/{crate.identifier}#{file.path}"
        if crate.identifier
        else named_information(file.sha256)
    )
    parts = file.path.rstrip("/").split("/")
    return {
        "dataproduct_type": kind,
        "calib_level": 4 if kind != "timeseries" else 3,
        "obs_collection": "Tidings",
        "obs_id": job.id.removeprefix("#job/"),
        "obs_publisher_did": did,
        "access_url": f"{crate.url}/files/run-crate.zip#{file.path}" if crate.url else file.path,
        "access_format": "application/x-directory" if file.is_folder else encoding(file.path),
        "access_estsize": max(1, round(file.size / 1000)),
        "target_name": parts[2] if len(parts) > 3 else None,
        "s_ra": seen.ra,
        "s_dec": seen.dec,
        "t_min": seen.start,
        "t_max": seen.end,
        "t_exptime": None if seen.start is None or seen.end is None else (seen.end - seen.start) * 86400,
        "o_ucd": ucd,
        "facility_name": facility,
        "instrument_name": instrument,
    }


def _kind(step: str, file: CrateFile) -> tuple[str | None, str | None]:
    for (name, suffix), kind in _KINDS.items():
        if name == step and file.path.endswith(suffix):
            return kind
    return ("measurements", None) if file.path.endswith(_TABLES) else (None, None)


def _instrument(job: Job, seen: Observed) -> tuple[str | None, str | None]:
    if job.stack in _FACILITIES:
        return _FACILITIES[job.stack]
    detector = job.parameters.get("detector")
    if detector in _DETECTORS:
        return _DETECTORS[detector], detector
    return None, seen.instrument


def _column(
    values: list[Any], kind: type, unit: str | None, ucd: str, description: str
) -> MaskedColumn | Any:
    missing = [value is None for value in values]
    if kind is str:
        data = np.array(["" if value is None else value for value in values], dtype=str)
        column = MaskedColumn(data if data.size else data.astype("U1"), unit=unit, description=description)
    else:
        filled = [kind(0) if value is None else value for value in values]
        column = MaskedColumn(np.array(filled, dtype=kind), mask=missing, unit=unit, description=description)
    column.meta["ucd"] = ucd
    return column
