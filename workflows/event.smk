"""The event as a whole: time-frequency maps and light curves on one axis of time, the sky beside them.

Inputs required: for each target an `event` section in the configuration, and sections of what is to be shown: `gw`,
`acs`, `polar`, and `skymap` with its map.
Outputs: results/event/<target>/, one figure, and a table of the arrival in each instrument at the centre of the Earth.
"""


def event_spectrograms(wildcards):
    """Return the spectrograms of all detectors of a target, none if it has no strain."""
    return gw_spectrograms(wildcards) if section(wildcards.target, "gw") else []


def event_of_monitors(product):
    """Return a function that lists a product of the light curves that a target has."""

    def products(wildcards):
        name = wildcards.target
        monitors = [
            pipeline for pipeline in ("acs", "polar") if section(name, pipeline)
        ]
        return [f"results/{one}/{name}/{name}_{product}" for one in monitors]

    return products


def event_bursts(wildcards):
    """Return the durations of the burst, if the configuration says that there is one."""
    has = section(wildcards.target, "event").get("burst", False)
    return event_of_monitors("burst.ecsv")(wildcards) if has else []


def event_skymap(wildcards):
    """Return the sky map of a target, none if it has no localisation."""
    return (
        skymap_file(wildcards)
        if "skymap" in config["targets"][wildcards.target]
        else []
    )


def event_galaxies(wildcards):
    """Return the ranked galaxies of a target, none if it has none."""
    return skymap_ranked(wildcards)


def event_annulus(wildcards):
    """Return the annulus of a target, none if it has no light curve of a second spacecraft."""
    has = "other" in section(wildcards.target, "acs")
    return [rules.acs_annulus.output.annulus] if has else []


def event_products():
    """Return the final products of all targets."""
    return [f"results/event/{name}/{name}_joint.png" for name in targets("event")]


rule event_joint:
    input:
        spectrograms=event_spectrograms,
        lightcurves=event_of_monitors("lightcurve.fits"),
        bursts=event_bursts,
        skymap=event_skymap,
        galaxies=event_galaxies,
        annulus=event_annulus,
    output:
        figure=report(
            "results/event/{target}/{target}_joint.png",
            category="All messengers",
            subcategory="{target}",
            labels={"product": "joint figure"},
            caption="report/event_joint.rst",
        ),
        figure_pdf="results/event/{target}/{target}_joint.pdf",
        table=report(
            "results/event/{target}/{target}_joint.ecsv",
            category="All messengers",
            subcategory="{target}",
            labels={"product": "arrival times"},
            caption="report/event_joint.rst",
        ),
    log:
        "logs/event/{target}/joint.log",
    benchmark:
        "benchmarks/event/{target}/joint.tsv"
    conda:
        "../envs/event.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("event_joint", config, name="{target}"),
    shell:
        step.shell("event_joint")
