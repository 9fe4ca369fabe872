"""IBIS/ISGRI: sky images of science windows added up to a mosaic, with the sources in it.

Inputs required: for each target an `isgri` section in the configuration, with sky images of science windows as OSA makes
them (images: isgri_sky_ima files).
Outputs: results/isgri/<target>/, the mosaic in OSA's layout, the list of its sources, regions, coverage and figures.

The steps from event lists to sky images, light curves and spectra are not joined yet: isgri_fetch, isgri_simulate,
isgri_image, isgri_lightcurve and isgri_spectrum have rules, which are for single products asked for by name.
"""


def isgri_named(key):
    """Return a function that gives the files that the configuration names under a key, none if it has not."""

    def files(wildcards):
        return own_files(section(wildcards.target, "isgri").get(key, []))

    return files


def isgri_catalogues(wildcards):
    """Return the catalogues that name the sources; those of the repository unless the configuration has others."""
    named = section(wildcards.target, "isgri").get("catalogues")
    return own_files(
        named
        or [
            "data/isgri/gnrl_refr_cat_0043_isgri.fits.gz",
            "data/isgri/bright_sources.csv",
        ]
    )


def isgri_products():
    """Return the final products of all targets."""
    return [
        f"results/isgri/{target}/{target}_mosaic.png" for target in targets("isgri")
    ]


wildcard_constraints:
    batch="[0-9]+",
    window="[0-9]{12}",


rule isgri_fetch:
    input:
        # Files may be put there by hand; others coming or going is no reason to fetch again.
        store=local(ancient("data/isgri")),
    output:
        events="resources/isgri/{window}/isgri_events.fits.gz",
    log:
        "logs/isgri/{window}/fetch.log",
    benchmark:
        "benchmarks/isgri/{window}/fetch.tsv"
    # Nodes of a cluster may have no network.
    localrule: True
    conda:
        "../envs/isgri.yaml"
    resources:
        isdc=1,
        mem_mb=1000,
        runtime=60,
    params:
        **step.params("isgri_fetch", config, swid="{window}"),
    shell:
        step.shell("isgri_fetch")


rule isgri_simulate:
    input:
        sources="resources/isgri/{target}/sources.ecsv",
    output:
        events=directory("resources/isgri/{target}/simulated"),
    log:
        "logs/isgri/{target}/simulate.log",
    benchmark:
        "benchmarks/isgri/{target}/simulate.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        **step.params("isgri_simulate", config),
    shell:
        step.shell("isgri_simulate")


rule isgri_image:
    input:
        shadowgrams="resources/isgri/{target}/{batch}_shadowgrams.fits",
        catalogue="data/isgri/gnrl_refr_cat_0043_isgri.fits.gz",
    output:
        images="results/isgri/{target}/{target}_{batch}_sky_ima.fits",
        results="results/isgri/{target}/{target}_{batch}_sky_res.fits",
        table="results/isgri/{target}/{target}_{batch}_sky_res.ecsv",
        summary="results/isgri/{target}/{target}_{batch}_sky_ima.json",
        figure=report(
            "results/isgri/{target}/{target}_{batch}_sky_ima.png",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "sky image"},
            caption="report/isgri_image.rst",
        ),
        figure_pdf="results/isgri/{target}/{target}_{batch}_sky_ima.pdf",
        checks="results/isgri/{target}/{target}_{batch}_sky_checks.png",
        checks_pdf="results/isgri/{target}/{target}_{batch}_sky_checks.pdf",
    log:
        "logs/isgri/{target}/{batch}_image.log",
    benchmark:
        "benchmarks/isgri/{target}/{batch}_image.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        **step.params("isgri_image", config),
    shell:
        step.shell("isgri_image")


rule isgri_mosaic:
    input:
        images=isgri_named("images"),
        catalogues=isgri_catalogues,
    output:
        mosaic="results/isgri/{target}/{target}_mosa_ima.fits",
        sources="results/isgri/{target}/{target}_srcl_res.fits",
        sources_table=report(
            "results/isgri/{target}/{target}_sources.ecsv",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "sources"},
            caption="report/isgri_mosaic.rst",
        ),
        sources_votable="results/isgri/{target}/{target}_sources.vot",
        region="results/isgri/{target}/{target}_sources.reg",
        coverage="results/isgri/{target}/{target}_coverage.moc.fits",
        summary="results/isgri/{target}/{target}_mosaic.json",
        figure=report(
            "results/isgri/{target}/{target}_mosaic.png",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "mosaic"},
            caption="report/isgri_mosaic.rst",
        ),
        figure_pdf="results/isgri/{target}/{target}_mosaic.pdf",
        checks="results/isgri/{target}/{target}_mosaic_checks.png",
        checks_pdf="results/isgri/{target}/{target}_mosaic_checks.pdf",
    log:
        "logs/isgri/{target}/mosaic.log",
    benchmark:
        "benchmarks/isgri/{target}/mosaic.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        **step.params("isgri_mosaic", config),
    shell:
        step.shell("isgri_mosaic")


rule isgri_lightcurve:
    input:
        rates="resources/isgri/{target}/rates.ecsv",
    output:
        lightcurves="results/isgri/{target}/{target}_lightcurves.fits",
        summary=report(
            "results/isgri/{target}/{target}_lightcurves.ecsv",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "light curves"},
            caption="report/isgri_lightcurve.rst",
        ),
        figure=report(
            "results/isgri/{target}/{target}_lightcurves.png",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "light curves"},
            caption="report/isgri_lightcurve.rst",
        ),
        figure_pdf="results/isgri/{target}/{target}_lightcurves.pdf",
    log:
        "logs/isgri/{target}/lightcurve.log",
    benchmark:
        "benchmarks/isgri/{target}/lightcurve.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("isgri_lightcurve", config),
    shell:
        step.shell("isgri_lightcurve")


rule isgri_spectrum:
    input:
        rates="resources/isgri/{target}/rates.ecsv",
    output:
        spectra="results/isgri/{target}/{target}_spectra.fits",
        figure=report(
            "results/isgri/{target}/{target}_spectra.png",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "spectra"},
            caption="report/isgri_spectrum.rst",
        ),
        figure_pdf="results/isgri/{target}/{target}_spectra.pdf",
    log:
        "logs/isgri/{target}/spectrum.log",
    benchmark:
        "benchmarks/isgri/{target}/spectrum.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("isgri_spectrum", config),
    shell:
        step.shell("isgri_spectrum")
