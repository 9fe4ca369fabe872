"""What a job found, in a sentence with its numbers; the caption of the report where there is none."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from astropy.table import Table

Files = Mapping[str, Path]


def sentence(step: str, files: Files) -> str | None:
    """Return what a job found, or None for a step whose numbers speak for themselves.

    Parameters
    ----------
    step : str
        Name of the step.
    files : mapping
        Products of the job, by the name of the output.
    """
    write = _SENTENCES.get(step)
    return write(files) if write and all(path.exists() for path in files.values()) else None


def caption(step: str, folder: Path, wildcards: Mapping[str, str]) -> str:
    """Return the caption of a step's products in Snakemake's report, or "" if it has none.

    Parameters
    ----------
    step : str
        Name of the step.
    folder : Path
        ``workflows/report``.
    wildcards : mapping
        What stands for ``{{ snakemake.wildcards.NAME }}``.
    """
    path = folder / f"{step}.rst"
    if not path.exists():
        return ""
    text = path.read_text(encoding="utf-8")
    text = re.sub(
        r"\{\{\s*snakemake\.wildcards\.(\w+)\s*\}\}", lambda found: wildcards.get(found[1], ""), text
    )
    # What Jinja would decide upon the job is left out.
    text = re.sub(r"\{%.*?%\}", "", re.sub(r"\{\{.*?\}\}", "", text, flags=re.DOTALL), flags=re.DOTALL)
    return " ".join(text.replace("``", "").split())


def _read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def _table(path: Path) -> Table:
    return Table.read(path, format="ascii.ecsv")


# ---- gravitational waves --------------------------------------------------------------------------------


def _spectrogram(files: Files) -> str:
    tiles = _table(files["tiles"])
    if len(tiles) == 0:
        return "No tile stands out of the noise."
    first, when = tiles[0], tiles.meta.get("event_gps")
    place = f"{1e3 * (first['time'] - when):+.1f} ms from the event" if when else f"at {first['utc']} UTC"
    return (
        f"The loudest tile in {tiles.meta['detector']} is {place}, at {first['frequency']:.1f} Hz, with a "
        f"signal-to-noise ratio of {first['snr']:.1f}. {_often(float(first['far']))}"
    )


def _often(far: float) -> str:
    if far < 1e-9:
        return "Gaussian noise does not make a louder one in the age of the Universe."
    return f"Gaussian noise makes a louder one {far:.2g} times a second."


def _network(files: Files) -> str | None:
    rows = _table(files["tiles"])
    if len(rows) < 2:
        return None
    together = [row for row in rows if row["coincident"]]
    if len(together) < 2:
        return "The detectors have no tile in common."
    first = together[0]
    later = ", ".join(f"{row['detector']} {1e3 * row['delay']:+.1f} ms" for row in together[1:])
    return (
        f"A signal in {len(together)} detectors: {first['detector']} at {first['utc']} UTC, and against it"
        f" {later}."
    )


# ---- gamma-ray bursts -----------------------------------------------------------------------------------


def _burst(files: Files) -> str:
    value = {name: entry.get("value") for name, entry in _read(files["summary"])["properties"].items()}
    notes = "; ".join(_read(files["summary"])["caveats"].values())
    return (
        f"T90 is {value['t90']:.2f} ± {value['t90_error']:.2f} (statistical) ± {value['t90_background']:.2f}"
        f" (background) s, T50 is {value['t50']:.2f} ± {value['t50_error']:.2f} s. In the brightest"
        f" {value['peak_scale']:g} s, {value['peak_rate']:,.0f} ± {value['peak_rate_error']:,.0f} counts/s"
        f" came above the background, in all {value['counts']:,.0f} ± {value['counts_error']:,.0f} counts."
        + (f" Note: {notes}." if notes else "")
    )


def _search(files: Files) -> str:
    value = _read(files["summary"])
    best = value.get("best")
    if not best:
        return "No excess was found."
    return (
        f"{value['events']} events stand out. The most significant lasts {best['scale']:g} s around"
        f" {best['utc']} UTC, with a signal-to-noise ratio of {best['snr']:,.1f} and a false-alarm"
        f" probability of {best['fap']:.2g}."
    )


def _acs_limit(files: Files) -> str:
    first = _table(files["limits"])[0]
    return (
        f"A burst of {first['duration']:g} s would have been seen at {first['sigma']:g} sigma from "
        f"{first['counts']:,.0f} counts on: {first['fluence']:.2g} erg/cm² ({first['energy_low']:.0f}-"
        f"{first['energy_high']:.0f} keV), ± {100 * first['relative_error']:.0f} %, if its spectrum is "
        f"{first['spectrum']}."
    )


def _timing(files: Files) -> str:
    first = _table(files["timing"])[0]
    return (
        f"The burst reaches the geocentre {abs(first['geocentric_delay']):.4f} ± {first['delay_error']:.4f} s"
        f" {'before' if first['geocentric_delay'] < 0 else 'after'} the spacecraft: {first['geocentre_utc']}"
        " UTC."
    )


# ---- sky maps -------------------------------------------------------------------------------------------


def _region(files: Files) -> str:
    value = _read(files["summary"])
    areas = " and ".join(
        f"the {level['level']:g} % region covers {level['area_deg2']:,.4g} deg²" for level in value["levels"]
    )
    best = value["most_probable"]
    return (
        f"{areas[0].upper()}{areas[1:]}; most probable is RA {best['ra_deg']:.2f}°, Dec"
        f" {best['dec_deg']:+.2f}°."
    )


def _distance(files: Files) -> str:
    posteriors = _read(files["summary"])["posteriors"]
    told = [f"{p['mean']:.1f} ± {p['std']:.1f} Mpc for {name}" for name, p in sorted(posteriors.items())]
    return f"The distance is {'; '.join(told)}."


def _position(files: Files) -> str:
    rows = _table(files["table"])
    told = []
    for row in rows:
        text = f"RA {row['ra']:.4f}°, Dec {row['dec']:+.4f}° lies in the {row['level_2d']:.1f} % region"
        if "searched_area" in rows.colnames:
            text += f" (searched area {row['searched_area']:.3g} deg²)"
        told.append(text)
    return f"{'; '.join(told)}."


def _galaxies(files: Files) -> str:
    value, rows = _read(files["summary"]), _table(files["galaxies"])
    text = (
        f"{value['galaxies_listed']:,} of {value['galaxies_read']:,} galaxies lie in the"
        f" {value['level_percent']:g} % region"
    )
    if len(rows):
        text += f"; first is RA {rows[0]['ra']:.4f}°, Dec {rows[0]['dec']:+.4f}°"
    return f"{text}."


def _overlap(files: Files) -> str:
    row = _table(files["overlap"])[0]
    return (
        f"That both localisations are of one source is favoured by {row['odds']:.3g} to 1 by the directions"
        + (f", by {row['odds_3d']:.3g} to 1 with the distances" if row["odds_3d"] == row["odds_3d"] else "")
        + "."
    )


def _visibility(files: Files) -> str:
    value = _read(files["summary"])
    if not value.get("probability"):
        return f"Nothing of it can be observed from {value['site']} in the time asked for."
    return (
        f"{100 * value['probability']:.1f} % of the probability can be observed from {value['site']} between "
        f"{value['start_utc']} and {value['end_utc']} UTC."
    )


# ---- neutrinos, ISGRI, optical --------------------------------------------------------------------------


def _neutrino_search(files: Files) -> str:
    value = _read(files["summary"])
    return (
        f"{_count(value['observed'], 'neutrino')} from {value['window_s'][0]:g} to {value['window_s'][1]:+g}"
        f" s around {value['time']} UTC in {value['area_deg2']:.3g} deg², where {value['background']:.2g} ±"
        f" {value['background_error']:.1g} are expected: at most {value['upper_limit']:.2f} of the source"
        f" ({value['confidence_percent']:g} % confidence)."
    )


def _neutrino_limit(files: Files) -> str:
    value = _read(files["summary"])
    return (
        f"{_count(value['observed'], 'neutrino')} within {value['radius']:g}° in eleven years, where"
        f" {value['background']:.2f} ± {value['background_error']:.2f} are expected by chance: at most"
        f" {value['upper_limit']:.2f} of the source ({value['confidence_percent']:g} % confidence;"
        f" sensitivity {value['sensitivity']:.2f}, p-value {value['p_value']:.2f})."
    )


def _count(number: int, what: str) -> str:
    return f"{number or 'No'} {what}{'' if number == 1 else 's'}"


def _mosaic(files: Files) -> str:
    rows = _table(files["sources_table"])
    if len(rows) == 0:
        return "No source stands out of the mosaic."
    rows.sort("DETSIG", reverse=True)
    first = rows[0]
    return (
        f"{_count(len(rows), 'source')}; the most significant is {first['NAME']}, {first['DETSIG']:.1f}"
        f" sigma, at RA {first['RA_FIN']:.4f}°, Dec {first['DEC_FIN']:+.4f}° ±"
        f" {60 * first['FIN_RD_ERR']:.1f}' (90 %)."
    )


def _legacy_image(files: Files) -> str:
    value = _read(files["summary"])
    return (
        f"{_count(value['sources'], 'source')} in an image of {value['pixels'][0]} × {value['pixels'][1]}"
        " pixels of "
        f'{value["pixel_arcsec"]:g}" around RA {value["centre"]["ra_deg"]:.4f}°, Dec '
        f"{value['centre']['dec_deg']:+.4f}°."
    )


def _joint(files: Files) -> str:
    rows = _table(files["table"])
    told = [
        f"{row['instrument']} {row['since']:+.4f} ± {row['time_error']:.4f} s ({row['what']})" for row in rows
    ]
    text = f"At the centre of the Earth, from the reference: {', '.join(told)}."
    if "gamma_delay_s" in rows.meta:
        delay, error = rows.meta["gamma_delay_s"], rows.meta["gamma_delay_error_s"]
        text += f" Gamma rays came {delay:.3f} ± {error:.3f} s after the gravitational waves."
    return text


_SENTENCES: Mapping[str, Callable[[Files], str | None]] = {
    "acs_burst": _burst,
    "acs_limit": _acs_limit,
    "acs_search": _search,
    "acs_timing": _timing,
    "antares_limit": _neutrino_limit,
    "antares_search": _neutrino_search,
    "event_joint": _joint,
    "gw_network": _network,
    "gw_spectrogram": _spectrogram,
    "isgri_mosaic": _mosaic,
    "legacy_image": _legacy_image,
    "polar_burst": _burst,
    "skymap_distance": _distance,
    "skymap_galaxies": _galaxies,
    "skymap_overlap": _overlap,
    "skymap_position": _position,
    "skymap_region": _region,
    "skymap_visibility": _visibility,
}
