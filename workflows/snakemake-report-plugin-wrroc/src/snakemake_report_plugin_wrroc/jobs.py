"""The jobs of a finished run: the workflow as it stands, and what Snakemake recorded of each output."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from snakemake_interface_common.exceptions import WorkflowError


@dataclass(frozen=True)
class Job:
    """One job: `start` and `end` as ISO 8601 with time zone; paths as Snakemake has them."""

    rule: str
    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    wildcards: dict[str, str]
    params: dict[str, Any]
    threads: int
    container: str | None
    start: str
    end: str


def finished_jobs(dag: Any) -> list[Job]:
    """Return all jobs of the workflow that make a file, those first whose outputs others read.

    Raises
    ------
    WorkflowError
        A job has not been run, or would be run again, or nothing is recorded of it.
    """
    waiting = sorted({job.rule.name for job in dag.needrun_jobs() if job.output})
    if waiting:
        raise WorkflowError(
            f"The run is not finished: {', '.join(waiting)} would be run. Run Snakemake first, "
            "with the same configuration."
        )
    levels = dag.toposorted()
    return [_job(job, dag.workflow.persistence) for level in levels for job in _ordered(level) if job.output]


def _ordered(level: Any) -> list[Any]:
    return sorted(level, key=lambda job: [str(file) for file in job.output])


def _job(job: Any, persistence: Any) -> Job:
    if any(file.is_storage for file in (*job.input, *job.output)):
        raise WorkflowError(
            f"{job.rule.name}: files in remote storage are not described; fetch the results and run locally."
        )
    records = [persistence.metadata(file) for file in job.output]
    if None in records:
        file = job.output[records.index(None)]
        raise WorkflowError(f"{file}: nothing is recorded of how it was made (.snakemake/metadata is gone).")
    first = records[0]
    return Job(
        rule=job.rule.name,
        command=first.get("shellcmd") or "",
        inputs=tuple(dict.fromkeys(str(file) for file in job.input)),
        outputs=tuple(str(file) for file in job.output),
        wildcards={name: str(value) for name, value in job.wildcards_dict.items()},
        params={name: _plain(value) for name, value in job.params.items() if isinstance(name, str)},
        threads=job.threads,
        container=first.get("container_img_url") if _in_container(job.dag.workflow) else None,
        start=_time(min(record["starttime"] for record in records)),
        end=_time(max(record["endtime"] for record in records)),
    )


def _in_container(workflow: Any) -> bool:
    # The address is recorded whether or not containers were used; only the command line tells.
    methods = workflow.deployment_settings.deployment_method if workflow.deployment_settings else ()
    return any(str(method).lower().endswith("apptainer") for method in methods)


def _plain(value: Any) -> Any:
    """Return a value of ``params:`` as JSON has it; an object of another kind as its text."""
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
