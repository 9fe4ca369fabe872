"""The configuration of an event as a file: what was chosen, from where, and what was left out."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import yaml

from tidings.errors import InputError
from tidings.event.plan import Plan
from tidings.output import write_bytes
from tidings.times import utc_iso

_KEPT = "# An edited file is not replaced unless asked for: it no longer has the checksum below."
_SEAL = re.compile(r"^# seal: ([0-9a-f]{16})$", re.MULTILINE)


def text_of(plan: Plan) -> str:
    """Return the file's text: the same plan gives the same bytes.

    Parameters
    ----------
    plan : Plan
        As `tidings.event.plan.plan` returns it.
    """
    head = [f"# {plan.event.name}, made by scripts/event.py. Edit it and run it again:", "#"]
    head += [f"#   snakemake --cores 2 --configfile {name_of(plan)}", "#"]
    head += [f"# {line}" for line in _facts(plan)] + ["#"]
    width = max(len(part.reduction) for part in plan.parts)
    for part in plan.parts:
        mark = "+" if part.sections else "-"
        head.append(f"# {mark} {part.reduction:<{width}}  {part.why}")
    body = yaml.safe_dump(
        {"targets": {plan.event.name: dict(plan.sections)}}, sort_keys=False, allow_unicode=True, width=100
    )
    text = "\n".join(head) + "\n\n" + body
    seal = hashlib.sha256(text.encode()).hexdigest()[:16]
    return f"{text}\n{_KEPT}\n# seal: {seal}\n"


def name_of(plan: Plan) -> str:
    """Return the path of the file, relative to the suite's folder."""
    return f"config/events/{plan.event.name}.yaml"


def _facts(plan: Plan) -> list[str]:
    event = plan.event
    lines = [f"{event.kind}; {event.source}" if event.source else event.kind]
    if event.gps is not None:
        lines.append(f"time {utc_iso(event.gps, 3)} UTC, GPS {event.gps:.3f}")
    if event.trigger is not None:
        lines.append(f"trigger of gamma rays {utc_iso(event.trigger, 3)} UTC")
    if event.has_position:
        place = f", {event.place}" if event.place else ""
        lines.append(f"position RA {event.ra:g}, Dec {event.dec:+g} deg (ICRS){place}")
    if event.distance is not None:
        lines.append(f"distance {event.distance:g} Mpc")
    return lines


def is_untouched(path: Path) -> bool:
    """Tell whether a file is as this module wrote it."""
    text = path.read_text(encoding="utf-8")
    match = _SEAL.search(text)
    if match is None:
        return False
    body = text[: text.rindex(f"\n{_KEPT}")]
    return hashlib.sha256(body.encode()).hexdigest()[:16] == match[1]


def write(plan: Plan, folder: Path, replace: bool = False) -> tuple[Path, bool]:
    """Write the file, unless the user has edited it.

    Parameters
    ----------
    plan : Plan
        What it says.
    folder : Path
        Of the suite.
    replace : bool
        Replace an edited file too.

    Returns
    -------
    tuple
        The file, and whether it was written now: an edited one is kept.

    Raises
    ------
    InputError
        The folder cannot be written.
    """
    path = folder / name_of(plan)
    text = text_of(plan)
    if path.exists() and not replace and not is_untouched(path):
        return path, False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{path.parent}: cannot be made ({error.strerror})") from None
    write_bytes(path, text.encode())
    return path, True
