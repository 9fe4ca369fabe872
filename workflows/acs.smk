"""SPI-ACS: from counts of the INTEGRAL all-sky monitor to light curve, excesses, burst, limits and times.

Inputs required: for each target an `acs` section in the configuration, with the counts in any of the forms in
use, or with nothing but the trigger time, around which they are then downloaded.
Outputs: results/acs/<target>/, the light curve with background (OGIP FITS), the excesses found, the properties of the
burst, upper limits, times at the geocentre and the barycentre if the direction is given, and figures.
"""


def acs_has_counts(wildcards):
    """Tell whether the configuration names a file of counts, so that nothing is downloaded."""
    return "counts" in section(wildcards.target, "acs")


def acs_counts(wildcards):
    """Return the counts of a target: named in the configuration, or downloaded."""
    if acs_has_counts(wildcards):
        return own_files([section(wildcards.target, "acs")["counts"]])
    return rules.acs_fetch.output.counts


def acs_trigger(wildcards):
    """Return the trigger time of a target, which all steps count from."""
    trigger = section(wildcards.target, "acs").get("trigger")
    return [] if trigger is None else ["--trigger", str(trigger)]


def acs_trigger_to_fetch(wildcards):
    """Return the trigger time around which counts are downloaded."""
    trigger = section(wildcards.target, "acs").get("trigger")
    if trigger is None:
        raise WorkflowError(
            f"configuration, targets: {wildcards.target}: acs: give the trigger time to download counts "
            "around (trigger: 2023-03-07T15:44:06.67), or the file of counts (counts: FILE)"
        )
    return str(trigger)


def acs_has_position(target):
    """Tell whether the direction is known, and the spacecraft's place: files have it, downloaded counts do not."""
    acs, timing = section(target, "acs"), section(target, "acs_timing")
    return {"ra", "dec"} <= acs.keys() and ("counts" in acs or "position" in timing)


def acs_products():
    """Return the final products of all targets."""
    names = []
    for target in targets("acs"):
        folder = f"results/acs/{target}/{target}"
        products = ["lightcurve.png", "search.png", "burst.png", "limits.ecsv"]
        if acs_has_position(target):
            products.append("timing.ecsv")
        names += [f"{folder}_{product}" for product in products]
    return names


rule acs_fetch:
    output:
        counts="resources/acs/{target}/counts.txt",
        position="resources/acs/{target}/position.txt",
    log:
        "logs/acs/{target}/fetch.log",
    benchmark:
        "benchmarks/acs/{target}/fetch.tsv"
    # Nodes of a cluster may have no network.
    localrule: True
    conda:
        "../envs/acs.yaml"
    resources:
        isdc=1,
        mem_mb=500,
        runtime=30,
    params:
        **step.params("acs_fetch", config, trigger=acs_trigger_to_fetch),
    shell:
        step.shell("acs_fetch")


rule acs_lightcurve:
    input:
        counts=acs_counts,
    output:
        lightcurve="results/acs/{target}/{target}_lightcurve.fits",
        figure=report(
            "results/acs/{target}/{target}_lightcurve.png",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "light curve"},
            caption="report/acs_lightcurve.rst",
        ),
        figure_pdf="results/acs/{target}/{target}_lightcurve.pdf",
    log:
        "logs/acs/{target}/lightcurve.log",
    benchmark:
        "benchmarks/acs/{target}/lightcurve.tsv"
    conda:
        "../envs/acs.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("acs_lightcurve", config, trigger=acs_trigger, name="{target}"),
    shell:
        step.shell("acs_lightcurve")


rule acs_search:
    input:
        counts=acs_counts,
    output:
        excesses=report(
            "results/acs/{target}/{target}_excesses.ecsv",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "excesses"},
            caption="report/acs_search.rst",
        ),
        summary="results/acs/{target}/{target}_search.json",
        figure=report(
            "results/acs/{target}/{target}_search.png",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "search"},
            caption="report/acs_search.rst",
        ),
        figure_pdf="results/acs/{target}/{target}_search.pdf",
    log:
        "logs/acs/{target}/search.log",
    benchmark:
        "benchmarks/acs/{target}/search.tsv"
    conda:
        "../envs/acs.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("acs_search", config, trigger=acs_trigger, name="{target}"),
    shell:
        step.shell("acs_search")


rule acs_burst:
    input:
        lightcurve=rules.acs_lightcurve.output.lightcurve,
    output:
        burst=report(
            "results/acs/{target}/{target}_burst.ecsv",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "burst properties"},
            caption="report/acs_burst.rst",
        ),
        summary="results/acs/{target}/{target}_burst.json",
        figure=report(
            "results/acs/{target}/{target}_burst.png",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "burst"},
            caption="report/acs_burst.rst",
        ),
        figure_pdf="results/acs/{target}/{target}_burst.pdf",
    log:
        "logs/acs/{target}/burst.log",
    benchmark:
        "benchmarks/acs/{target}/burst.tsv"
    conda:
        "../envs/acs.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("acs_burst", config, trigger=acs_trigger, name="{target}"),
    shell:
        step.shell("acs_burst")


rule acs_limit:
    input:
        lightcurve=rules.acs_lightcurve.output.lightcurve,
    output:
        limits=report(
            "results/acs/{target}/{target}_limits.ecsv",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "upper limits"},
            caption="report/acs_limit.rst",
        ),
        summary="results/acs/{target}/{target}_limits.json",
    log:
        "logs/acs/{target}/limit.log",
    benchmark:
        "benchmarks/acs/{target}/limit.tsv"
    conda:
        "../envs/acs.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("acs_limit", config, trigger=acs_trigger),
    shell:
        step.shell("acs_limit")


rule acs_timing:
    input:
        lightcurve=rules.acs_lightcurve.output.lightcurve,
        table=rules.acs_burst.output.burst,
    output:
        timing=report(
            "results/acs/{target}/{target}_timing.ecsv",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "times at geocentre and barycentre"},
            caption="report/acs_timing.rst",
        ),
    log:
        "logs/acs/{target}/timing.log",
    benchmark:
        "benchmarks/acs/{target}/timing.tsv"
    conda:
        "../envs/acs.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("acs_timing", config),
    shell:
        step.shell("acs_timing")


rule acs_annulus:
    input:
        lightcurve="results/acs/{target}/{target}_lightcurve.fits",
        other=lambda wildcards: own_files([section(wildcards.target, "acs")["other"]]),
    output:
        annulus="results/acs/{target}/{target}_annulus.ecsv",
        moc="results/acs/{target}/{target}_annulus.moc.fits",
        region="results/acs/{target}/{target}_annulus.reg",
        geojson="results/acs/{target}/{target}_annulus.geojson",
        figure=report(
            "results/acs/{target}/{target}_annulus.png",
            category="SPI-ACS",
            subcategory="{target}",
            labels={"product": "triangulation annulus"},
            caption="report/acs_annulus.rst",
        ),
        figure_pdf="results/acs/{target}/{target}_annulus.pdf",
    log:
        "logs/acs/{target}/annulus.log",
    benchmark:
        "benchmarks/acs/{target}/annulus.tsv"
    conda:
        "../envs/acs.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("acs_annulus", config, trigger=acs_trigger, name="{target}"),
    shell:
        step.shell("acs_annulus")
