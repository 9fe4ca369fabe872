"""POLAR: light curves and properties of gamma-ray bursts, and the catalogue of its bursts.

Inputs required: for each target a `polar` section in the configuration, with the light curve as ROOT file, JSON or FITS,
or with nothing but the trigger, around which it is then downloaded; or with the catalogue of bursts alone.
Outputs: results/polar/<target>/, the light curve with background and a time reference (OGIP FITS), the properties of
the burst, the catalogue with times in all scales, and figures.
"""


def polar_counts(wildcards):
    """Return the light curve of a target: named in the configuration, or downloaded."""
    named = section(wildcards.target, "polar").get("counts")
    return own_files([named]) if named else rules.polar_fetch.output.counts


def polar_named(key):
    """Return a function that gives the file that the configuration names under a key, none if it has not."""

    def files(wildcards):
        named = section(wildcards.target, "polar").get(key)
        return own_files([named]) if named else []

    return files


def polar_trigger(wildcards):
    """Return the trigger: as configured, or the target's own name where there is a catalogue to look it up in."""
    polar = section(wildcards.target, "polar")
    trigger = polar.get("trigger", wildcards.target if "catalogue" in polar else None)
    return [] if trigger is None else ["--trigger", str(trigger)]


def polar_trigger_to_fetch(wildcards):
    """Return the trigger around which a light curve is downloaded."""
    polar = section(wildcards.target, "polar")
    return str(polar.get("trigger", wildcards.target))


def polar_products():
    """Return the final products of all targets; a target with nothing but a list of bursts has that alone."""
    names = []
    for target in targets("polar"):
        polar = section(target, "polar")
        products = [] if set(polar) == {"bursts"} else ["lightcurve.png", "burst.png"]
        products += ["bursts.ecsv"] if "bursts" in polar else []
        names += [f"results/polar/{target}/{target}_{product}" for product in products]
    return names


rule polar_fetch:
    input:
        catalogue=polar_named("catalogue"),
    output:
        counts="resources/polar/{target}/counts.json",
    log:
        "logs/polar/{target}/fetch.log",
    benchmark:
        "benchmarks/polar/{target}/fetch.tsv"
    # Nodes of a cluster may have no network.
    localrule: True
    conda:
        "../envs/polar.yaml"
    resources:
        mem_mb=500,
        runtime=30,
    params:
        **step.params("polar_fetch", config, trigger=polar_trigger_to_fetch),
    shell:
        step.shell("polar_fetch")


rule polar_catalogue:
    input:
        catalogue=polar_named("bursts"),
    output:
        bursts=report(
            "results/polar/{target}/{target}_bursts.ecsv",
            category="POLAR",
            subcategory="{target}",
            labels={"product": "bursts"},
            caption="report/polar_catalogue.rst",
        ),
        votable="results/polar/{target}/{target}_bursts.vot",
    log:
        "logs/polar/{target}/catalogue.log",
    benchmark:
        "benchmarks/polar/{target}/catalogue.tsv"
    conda:
        "../envs/polar.yaml"
    resources:
        mem_mb=500,
        runtime=5,
    params:
        **step.params("polar_catalogue", config),
    shell:
        step.shell("polar_catalogue")


rule polar_lightcurve:
    input:
        counts=polar_counts,
        catalogue=polar_named("catalogue"),
    output:
        lightcurve="results/polar/{target}/{target}_lightcurve.fits",
        figure=report(
            "results/polar/{target}/{target}_lightcurve.png",
            category="POLAR",
            subcategory="{target}",
            labels={"product": "light curve"},
            caption="report/polar_lightcurve.rst",
        ),
        figure_pdf="results/polar/{target}/{target}_lightcurve.pdf",
    log:
        "logs/polar/{target}/lightcurve.log",
    benchmark:
        "benchmarks/polar/{target}/lightcurve.tsv"
    conda:
        "../envs/polar.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **step.params(
            "polar_lightcurve", config, trigger=polar_trigger, name="{target}"
        ),
    shell:
        step.shell("polar_lightcurve")


rule polar_burst:
    input:
        lightcurve=rules.polar_lightcurve.output.lightcurve,
    output:
        burst=report(
            "results/polar/{target}/{target}_burst.ecsv",
            category="POLAR",
            subcategory="{target}",
            labels={"product": "burst properties"},
            caption="report/polar_burst.rst",
        ),
        summary="results/polar/{target}/{target}_burst.json",
        figure=report(
            "results/polar/{target}/{target}_burst.png",
            category="POLAR",
            subcategory="{target}",
            labels={"product": "burst"},
            caption="report/polar_burst.rst",
        ),
        figure_pdf="results/polar/{target}/{target}_burst.pdf",
    log:
        "logs/polar/{target}/burst.log",
    benchmark:
        "benchmarks/polar/{target}/burst.tsv"
    conda:
        "../envs/polar.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **step.params("polar_burst", config, name="{target}"),
    shell:
        step.shell("polar_burst")
