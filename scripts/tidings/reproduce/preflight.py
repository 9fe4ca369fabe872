"""Before the run: what differs between then and now, and which products are to be expected identical."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

from packaging.requirements import InvalidRequirement, Requirement

from tidings.crate.model import Crate, Job
from tidings.errors import InputError
from tidings.fingerprint import explain
from tidings.reproduce.claims import (
    changed_inputs,
    changed_parameters,
    code_changed,
    edited,
    files_of,
)
from tidings.reproduce.usage import ENCODED, usage

LOCK = "envs/science.txt"
IDENTICAL, UNSURE = "identical", "may differ"
# Packages whose import name is another than the name under which they are installed.
_IMPORTED_AS = {"pillow": "PIL", "pyyaml": "yaml"}
_PROBE = (
    "import json\n"
    "from tidings.step import environment\n"
    "environment.pin()\n"
    "from tidings.fingerprint import fingerprint\n"
    "print(json.dumps(fingerprint()))\n"
)


@dataclass(frozen=True)
class Preflight:
    """What was found: packages that differ from the lock, groups and lines of the fingerprint, predictions.

    `packages` maps the import name of a package to its versions (then, now); `code` lists the steps whose
    code is not the one that was recorded; `predictions` gives for each product IDENTICAL or UNSURE,
    `reasons` why for the latter; `container` is the image that the archive names; `local` tells whether the
    steps run with the packages of this machine.
    """

    packages: dict[str, tuple[str, str]]
    fingerprint: dict[str, Any]
    groups: tuple[str, ...]
    lines: tuple[str, ...]
    code: tuple[str, ...]
    container: str | None
    local: bool
    predictions: dict[str, str] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)


def preflight(crate: Crate, archive: Path, local: bool = True) -> Preflight:
    """Compare the archived run with this machine.

    Parameters
    ----------
    crate : Crate
        What was archived.
    archive : Path
        The unpacked crate.
    local : bool
        Whether the steps will run with the packages of this Python, not in a container or conda environment.
    """
    scripts = archive / "source/scripts"
    packages = differing_packages(archive / "source" / LOCK) if local else {}
    here = fingerprint_of(scripts)
    groups, lines = compare_fingerprints(crate.fingerprint, here)
    changed = sorted({job.step for job in crate.jobs if code_changed(scripts, job)})
    found = Preflight(
        packages, here, groups, lines, tuple(changed), (crate.image or {}).get("name") or None, local
    )
    _predict(crate, archive, found)
    return found


def fingerprint_of(scripts: Path) -> dict[str, Any]:
    """Take the numeric fingerprint as the archived steps would compute here, with their own settings.

    Raises
    ------
    InputError
        The archived library cannot be imported.
    """
    # A process of its own: the settings must be there before the libraries are loaded, and may not be ours.
    done = subprocess.run(
        [sys.executable, "-B", "-c", f"import sys; sys.path.insert(0, {str(scripts)!r})\n{_PROBE}"],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(
            f"the archived library does not run with this Python and its packages ({last}); "
            "install the archive's own lock, source/envs/science.txt, or run in its container (--sdm "
            "apptainer)"
        )
    return json.loads(done.stdout)


def compare_fingerprints(
    then: Mapping[str, Any], now: Mapping[str, Any]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the groups that differ, and a line on the likely cause of each."""
    if not then.get("hashes"):
        return (), (
            "the archive has no numeric fingerprint: nothing is known of the arithmetic of its machine",
        )
    lines = tuple(explain(then, now))
    return tuple(line.partition(" ")[0] for line in lines), lines


def differing_packages(lock: Path) -> dict[str, tuple[str, str]]:
    """Compare the packages of this Python with a lock.

    Returns
    -------
    dict
        Import name to (locked version, version here); "none" where it is not installed.
    """
    found = {}
    for name, version in locked(lock).items():
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            here = "none"
        if here != version:
            found[_IMPORTED_AS.get(name, name.replace("-", "_"))] = (version, here)
    return found


def locked(lock: Path) -> dict[str, str]:
    """Read names and versions from a lock that pip or uv made; those for other platforms are left out."""
    found = {}
    try:
        lines = lock.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{LOCK} of the archive cannot be read ({error.strerror})") from None
    for line in lines:
        text = line.split(" --hash")[0].split(" #")[0].strip().rstrip("\\").strip()
        if not text or text.startswith(("#", "-")):
            continue
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            raise InputError(f"{LOCK} of the archive: {text!r} is no locked package") from None
        versions = [one.version for one in requirement.specifier if one.operator == "=="]
        if versions and (requirement.marker is None or requirement.marker.evaluate()):
            found[requirement.name] = versions[0]
    return found


def _predict(crate: Crate, archive: Path, found: Preflight) -> None:
    """Carry what may change a job on to all that is made from its outputs."""
    doubts: dict[str, str] = {}
    for job in crate.jobs:
        above = [path for paths in job.inputs.values() for path in paths if path in doubts]
        reason = _claim_doubt(crate, archive, job) or _doubt(job, archive / "source/scripts", found)
        if reason is None and above:
            reason = f"made from {above[0].rstrip('/').rpartition('/')[2]}"
        for path in job.outputs.values():
            # Compression and the drawing of text change a file, but not what is computed from it.
            if reason is not None:
                doubts[path] = reason
            for file in files_of(crate, path) if crate.files[path].role == "product" else ():
                why = reason or _encoding_doubt(file, found)
                if edited(crate, archive, file):
                    why = f"{file.rpartition('/')[2]} in the archive is not what the run made"
                found.predictions[file] = IDENTICAL if why is None else UNSURE
                if why is not None:
                    found.reasons[file] = why


def _claim_doubt(crate: Crate, archive: Path, job: Job) -> str | None:
    if names := changed_inputs(crate, archive, job):
        return f"{names[0]} is not what {job.step} read"
    if lines := changed_parameters(crate, archive, job):
        return f"parameter of {job.step}: {lines[0]}"
    return None


def _doubt(job: Job, scripts: Path, found: Preflight) -> str | None:
    if job.step in found.code:
        return f"the code of {job.step} is not the recorded one"
    used = usage(job.step, scripts)
    if groups := [group for group in found.groups if group in used.groups]:
        return f"{job.step} uses {', '.join(groups)}, which differs here"
    if names := sorted(used.packages & found.packages.keys()):
        then, now = found.packages[names[0]]
        return f"{job.step} uses {names[0]}: {then} then, {now} here"
    return None


def _encoding_doubt(path: str, found: Preflight) -> str | None:
    if "encoding" in found.groups and path.endswith(ENCODED):
        return "files of this form are packed or drawn in another way here"
    return None


def summary(found: Preflight) -> list[str]:
    """Say what was found, in lines."""
    lines = []
    if not found.local:
        lines.append(f"steps run apart from this machine's packages; the archive names {found.container}")
    elif found.packages:
        shown: Sequence[str] = [f"{n} {a} -> {b}" for n, (a, b) in sorted(found.packages.items())]
        more = f" and {len(shown) - 5} more" if len(shown) > 5 else ""
        lines.append(f"packages other than locked: {', '.join(shown[:5])}{more}")
    else:
        lines.append("packages: as locked")
    lines += [f"arithmetic: {line}" for line in found.lines] or ["arithmetic: as recorded, in all groups"]
    if found.code:
        lines.append(f"code is not the recorded one: {', '.join(found.code)}")
    sure = sum(value == IDENTICAL for value in found.predictions.values())
    lines.append(f"expected: {sure} of {len(found.predictions)} products identical")
    for reason in dict.fromkeys(found.reasons.values()):
        if not reason.startswith("made from "):
            lines.append(f"may differ: {reason}")
    return lines
