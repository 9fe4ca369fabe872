"""Read a run of cwltool from the research object that ``cwltool --provenance`` makes."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tidings.crate.model import Engine
from tidings.crate.recorded import RecordedFile, RecordedJob, RecordedRun, sha256
from tidings.errors import InputError
from tidings.step.code import modules
from tidings.step.declaration import SCRIPTS, Field, In, Out, Param, Step, step_names

_HOW = "run `cwltool --provenance FOLDER --outdir RESULTS cwl/workflow.cwl JOB`"
_RUN = re.compile(r"Run of workflow/packed\.cwl#(?:.*/)?(?P<step>\w+?)(?:_\d+)?")


def read_cwltool(folder: Path, results: Path) -> RecordedRun:
    """Return the run that a research object describes.

    Parameters
    ----------
    folder : Path
        What cwltool made for ``--provenance``.
    results : Path
        What it was given as ``--outdir``; products are read from there and compared with the record.

    Raises
    ------
    InputError
        One of the folders is something else, or a product is no longer what the run made.
    """
    profiles = [
        _Profile(path, folder) for path in sorted((folder / "metadata/provenance").glob("*.cwlprov.json"))
    ]
    if not profiles:
        raise InputError(f"{folder}: no research object of cwltool (metadata/provenance is missing); {_HOW}")
    if not results.is_dir():
        raise InputError(f"{results}: no such folder of results; {_HOW}")
    zone = _zone(folder, profiles)
    jobs = [job for profile in profiles for job in profile.jobs(results, zone)]
    if not jobs:
        raise InputError(f"{folder}: no step of this suite was run; {_HOW}")
    return RecordedRun(
        Engine("cwltool", _version(profiles), "cwl/workflow.cwl"), tuple(jobs), _job_file(folder)
    )


def _version(profiles: list[_Profile]) -> str:
    labels = [str(a.get("prov:label", "")) for p in profiles for a in p.document["agent"].values()]
    return next(label.removeprefix("cwltool ") for label in labels if label.startswith("cwltool "))


def _job_file(folder: Path) -> dict[str, Any]:
    """Return the job as cwltool understood it; its files are named by place in the research object."""
    path = folder / "workflow/primary-job.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: the job of the run cannot be read ({error}); {_HOW}") from None


def _zone(folder: Path, profiles: list[_Profile]) -> timezone:
    """Return the time zone of the record: it has local times without one, beside a log in UTC."""
    logs = sorted((folder / "metadata/logs").glob("engine.*.txt"))
    stamp = (
        re.search(r"^\[([\d\-T:]+),\d+\.\d+Z\].*Adding to RO|^\[([\d\-T:]+),\d+", logs[0].read_text(), re.M)
        if logs
        else None
    )
    if stamp is None:
        raise InputError(f"{folder}: the log of the engine is missing, so the time zone is not known; {_HOW}")
    logged = datetime.fromisoformat(stamp[1] or stamp[2])
    first = min(datetime.fromisoformat(time) for profile in profiles for time in profile.times())
    quarters = round((first - logged) / timedelta(minutes=15))
    return timezone(quarters * timedelta(minutes=15)) if quarters else UTC


class _Profile:
    """One PROV document: the run of one workflow, nested ones have their own."""

    def __init__(self, path: Path, folder: Path) -> None:
        self.folder = folder
        try:
            self.document = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise InputError(f"{path}: cannot be read as PROV ({error}); {_HOW}") from None
        self.members: dict[str, list[str]] = defaultdict(list)
        for one in self.document.get("hadMember", {}).values():
            self.members[one["prov:collection"]].append(one["prov:entity"])
        self.general = {
            one["prov:specificEntity"]: one["prov:generalEntity"]
            for one in self.document.get("specializationOf", {}).values()
        }

    def times(self) -> Iterator[str]:
        for one in self.document.get("wasStartedBy", {}).values():
            yield one["prov:time"]

    def jobs(self, results: Path, zone: timezone) -> Iterator[RecordedJob]:
        known = set(step_names())
        for activity, about in self.document.get("activity", {}).items():
            for one in about if isinstance(about, list) else [about]:
                found = _RUN.fullmatch(unquote(str(one.get("prov:label", ""))))
                if found and found["step"] in known:
                    yield self._job(activity, Step.load(found["step"]), results, zone)

    def _job(self, activity: str, step: Step, results: Path, zone: timezone) -> RecordedJob:
        used = self._roles("used", activity)
        made = self._roles("wasGeneratedBy", activity)
        self._check_code(step, used)
        outputs = {f.name: self._output(f, made.get(f.name), results, step) for f in step.select(Out)}
        return RecordedJob(
            step,
            {f.name: self._parameter(f, used.get(f.name)) for f in step.select(Param)},
            {f.name: self._files(used.get(f.name)) for f in step.select(In)},
            outputs,
            self._time("wasStartedBy", activity, zone),
            self._time("wasEndedBy", activity, zone),
        )

    def _check_code(self, step: Step, used: dict[str, str]) -> None:
        """Compare the code that the job ran, of which the record has a copy, with that of the suite."""
        ran = self._content(used["scripts"]) if "scripts" in used else {}
        for module in modules(SCRIPTS / f"{step.name}.py"):
            copy = ran.get(module.relative_to(SCRIPTS).as_posix())
            if copy is None or sha256(copy) != sha256(module):
                raise InputError(f"{module}: is not what the run used: run it again, or restore it")

    def _roles(self, relation: str, activity: str) -> dict[str, str]:
        return {
            one["prov:role"]["$"].rpartition("/")[2]: one["prov:entity"]
            for one in self.document.get(relation, {}).values()
            if one["prov:activity"] == activity and "prov:role" in one
        }

    def _time(self, relation: str, activity: str, zone: timezone) -> datetime:
        for one in self.document.get(relation, {}).values():
            if one["prov:activity"] == activity:
                when = datetime.fromisoformat(one["prov:time"]).replace(tzinfo=zone).astimezone(UTC)
                return when.replace(microsecond=when.microsecond // 1000 * 1000)
        raise InputError(f"{self.folder}: a job has no end: the run did not finish; {_HOW}")

    def _entity(self, name: str) -> dict[str, Any]:
        about = self.document["entity"].get(name, {})
        if isinstance(about, list):
            return {key: value for one in about for key, value in one.items()}
        return about

    def _value(self, name: str) -> Any:
        """Return the plain value of an entity: a number, truth value, text, or list of these."""
        about = self._entity(name)
        if "prov:value" in about:
            value = about["prov:value"]
            return value["$"] if isinstance(value, dict) else value
        return [self._value(member) for member in self.members[name]]

    def _parameter(self, field: Field, name: str | None) -> Any:
        if name is None or name == "cwlprov:None":
            return [] if field.many else None
        value = self._value(name)
        if field.many:
            return [field.type(item) for item in value]
        return field.type(value)

    def _files(self, name: str | None) -> tuple[RecordedFile, ...]:
        if name is None or name == "cwlprov:None":
            return ()
        basename = self._entity(name).get("cwlprov:basename")
        if basename is None:
            return tuple(file for member in self.members[name] for file in self._files(member))
        content = self._content(name)
        return (RecordedFile(content, _key(basename, content), basename),)

    def _content(self, name: str, prefix: str = "") -> dict[str, Path]:
        """List the bytes of a file entity, or of the files in a folder entity, in the research object."""
        if name in self.general:
            digest = self.general[name].removeprefix("data:")
            return {prefix: self.folder / "data" / digest[:2] / digest}
        made: dict[str, Path] = {}
        for member in self.members[name]:
            basename = self._entity(member)["cwlprov:basename"]
            made |= self._content(member, f"{prefix}/{basename}".lstrip("/"))
        return made

    def _output(self, field: Field, name: str | None, results: Path, step: Step) -> RecordedFile:
        if name is None:
            raise InputError(f"{self.folder}: {step.name} has not made {field.name}: the run failed; {_HOW}")
        basename, content = self._entity(name)["cwlprov:basename"], self._content(name)
        target, _, rest = basename.partition("_")
        place = f"{step.stack}/{target}/{basename}" if rest else f"{step.stack}/{basename}"
        made = RecordedFile(content, _key(basename, content), place, kept=False)
        if not (results / basename).exists():
            return made
        found = RecordedFile.on_disk(results / basename, place)
        if found.is_folder != made.is_folder or found.checksum() != made.checksum():
            raise InputError(
                f"{results / basename}: is not what the run made (another checksum); run it again"
            )
        # Of the two copies the one with a suffix, which tells its format.
        return replace(made, content=found.content, kept=True)


def _key(basename: str, content: dict[str, Path]) -> tuple[Any, ...]:
    # The research object names bytes by their SHA-1.
    return (basename, *((name, path.name) for name, path in sorted(content.items())))
