"""What all pipelines share: the step declarations, the checked configuration, look-ups in it."""

import os
import re
import sys
from pathlib import Path

from snakemake.utils import validate

# source_path would copy one file without the package beside it.
sys.path.insert(0, f"{workflow.basedir}/scripts")

from tidings.step import rules as step

# Used with `--sdm apptainer` only; `make image sif` makes the file. A relative path, for Snakemake refuses
# spaces in it, and a clone may lie in any folder.
image = (
    Path(workflow.basedir, "envs/image.txt")
    .read_text()
    .strip()
    .rpartition("/")[2]
    .replace(":", "-")
)


container: os.path.relpath(f"{workflow.basedir}/{image}.sif")


validate(config, "schemas/config.schema.json", set_default=False)


wildcard_constraints:
    target="|".join(map(re.escape, config["targets"])) or "none",


def section(target, pipeline):
    """Return what the configuration says of one pipeline of one target."""
    return (config["targets"][target] or {}).get(pipeline) or {}


def targets(pipeline):
    """Return the names of the targets that have a section for a pipeline."""
    return [
        name
        for name, sections in config["targets"].items()
        if pipeline in (sections or {})
    ]


def own_files(files):
    """Return a user's files: addresses as such, others as files of this machine wherever products are kept."""
    return [storage(file) if "://" in file else local(file) for file in files]
