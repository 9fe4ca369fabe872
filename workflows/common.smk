"""What all pipelines share: the step declarations, the checked configuration, look-ups in it."""

import re
import sys

from snakemake.utils import validate

# source_path would copy one file without the package beside it.
sys.path.insert(0, f"{workflow.basedir}/scripts")

from tidings.step import rules as step

validate(config, "schemas/config.schema.json", set_default=False)


wildcard_constraints:
    target="|".join(map(re.escape, config["targets"])) or "none",


def section(target, pipeline):
    """Return what the configuration says of one pipeline of one target."""
    return (config["targets"][target] or {}).get(pipeline) or {}


def targets(pipeline):
    """Return the names of the targets that have a section for a pipeline."""
    return [name for name, sections in config["targets"].items() if pipeline in (sections or {})]
