"""Snakemake report plugin: a finished run as a Process Run Crate (RO-Crate 1.1, WRROC 0.5)."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from snakemake_interface_common.exceptions import WorkflowError
from snakemake_interface_report_plugins.reporter import ReporterBase
from snakemake_interface_report_plugins.settings import ReportSettingsBase

from snakemake_report_plugin_wrroc.crate import metadata
from snakemake_report_plugin_wrroc.jobs import finished_jobs


@dataclass
class ReportSettings(ReportSettingsBase):
    """Options of the command line, ``--report-wrroc-...``."""

    # Snakemake makes options of these fields, and does not understand "Path | None".
    path: Optional[Path] = field(  # noqa: UP045
        default=Path("ro-crate-metadata.json"),
        metadata={"help": "File to write, in the folder of the crate."},
    )
    license: Optional[str] = field(  # noqa: UP045
        default=None, metadata={"help": "Licence of the results, as an address."}
    )
    name: Optional[str] = field(default=None, metadata={"help": "Name of the run."})  # noqa: UP045
    description: Optional[str] = field(default=None, metadata={"help": "What the run is about."})  # noqa: UP045


class Reporter(ReporterBase):
    """Writes the crate's metadata file."""

    def render(self):
        """Write the file."""
        from snakemake.common import __version__

        jobs = finished_jobs(self.dag)
        if not jobs:
            raise WorkflowError("There is no job to describe: the workflow makes nothing.")
        graph = metadata(
            jobs,
            config=self.dag.workflow.config,
            snakemake=__version__,
            license=self.settings.license or "not stated",
            name=self.settings.name or "Snakemake run",
            description=self.settings.description or "A run of a Snakemake workflow",
        )
        text = json.dumps(graph, indent=1, sort_keys=True, ensure_ascii=False, default=str)
        self.settings.path.parent.mkdir(parents=True, exist_ok=True)
        self.settings.path.write_text(text + "\n", encoding="utf-8")
