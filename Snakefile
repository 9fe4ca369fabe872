"""Tidings: every reduction of every target in the configuration.

`config/config.yaml` is the default run. `--configfile FILE` replaces its targets if FILE has targets of its own,
and only its parameters otherwise.
"""

from snakemake.utils import min_version

min_version("9.0")

if "targets" not in config:

    configfile: "config/config.yaml"


report: "workflows/report/workflow.rst"


include: "workflows/common.smk"
include: "workflows/acs.smk"
include: "workflows/antares.smk"
include: "workflows/gw.smk"
include: "workflows/isgri.smk"
include: "workflows/legacy.smk"
include: "workflows/polar.smk"
include: "workflows/skymap.smk"
include: "workflows/event.smk"


rule all:
    default_target: True
    input:
        acs_products(),
        antares_products(),
        event_products(),
        gw_products(),
        isgri_products(),
        legacy_products(),
        polar_products(),
        skymap_products(),


include: "workflows/archive.smk"
