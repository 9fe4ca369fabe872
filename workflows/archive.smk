"""Archive: a finished run as a Workflow Run RO-Crate, ready for a repository.

Inputs required: all products of all targets of the configuration.
Outputs: archive/, a record with run-crate.zip (code, data, configuration, products, provenance) and what one wants to
see without opening it. `snakemake --cores 2 crate` makes it.
"""


def crate_options():
    """Return the options with which Snakemake is asked to describe this very run."""
    settings = workflow.config_settings
    files = [os.path.relpath(file) for file in settings.configfiles or []]
    values = [str(value) for value in settings.config_args or []]
    return [
        *("--snakefile", os.path.relpath(workflow.main_snakefile)),
        *(["--configfile", *files] if files else []),
        *(["--config", *values] if values else []),
    ]


rule crate:
    input:
        rules.all.input,
    output:
        crate="archive/run-crate.zip",
        metadata="archive/ro-crate-metadata.json",
    log:
        "logs/crate.log",
    # It asks Snakemake, which a node of a cluster need not have.
    localrule: True
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        options=crate_options(),
        record=".snakemake/wrroc/ro-crate-metadata.json",
        script=os.path.relpath(f"{workflow.basedir}/scripts/crate.py"),
        code=step.code_hash("crate"),
    shell:
        "snakemake --nolock --quiet all {params.options:q} \\\n"
        "    --reporter wrroc --report-wrroc-path {params.record:q} 2> {log:q}\n"
        "python {params.script:q} pack archive --replace 2>> {log:q}"
