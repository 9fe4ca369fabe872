"""Legacy Survey: images, photometry and spectral energy distributions of sources, stamps of candidate host galaxies.

Inputs required: for each target a `legacy` section in the configuration, with an image and a Tractor catalogue, or with
nothing but ra and dec, around which both are then downloaded; with `hosts: true` for an event whose galaxies are
ranked (section `skymap`), whose stamps are downloaded.
Outputs: results/legacy/<target>/, the image with coordinates and units (FITS), its sources, photometry (ECSV, VOTable),
the spectral energy distribution at ra and dec, the candidate hosts with a sheet of their stamps, and figures.
"""


def legacy_named(key):
    """Return a function that gives the file that the configuration names under a key, none if it has not."""

    def files(wildcards):
        named = section(wildcards.target, "legacy").get(key)
        return own_files([named]) if named else []

    return files


def legacy_image_file(wildcards):
    """Return the image of a target: named in the configuration, or downloaded."""
    return legacy_named("image")(wildcards) or rules.legacy_fetch.output.image


def legacy_catalogue(wildcards):
    """Return the Tractor catalogue: named, downloaded with a downloaded image, or none beside a named image."""
    if "catalogue" in (legacy := section(wildcards.target, "legacy")):
        return legacy_named("catalogue")(wildcards)
    return [] if "image" in legacy else rules.legacy_tractor_fetch.output.catalogue


def legacy_galaxies(wildcards):
    """Return the ranked galaxies of an event: named, or made of its sky map."""
    return legacy_named("galaxies")(wildcards) or rules.skymap_galaxies.output.galaxies


def legacy_stamp_files(wildcards):
    """Return the folder of stamps: named, or downloaded."""
    return legacy_named("stamps")(wildcards) or rules.legacy_stamps_fetch.output.stamps


def legacy_stamp_sources(wildcards):
    """Return the Tractor sources in the stamps: named, or downloaded with the stamps."""
    if "stamps" in section(wildcards.target, "legacy"):
        return legacy_named("catalogue")(wildcards)
    return rules.legacy_stamps_fetch.output.catalogue


def legacy_products():
    """Return the final products of all targets."""
    names = []
    for target in targets("legacy"):
        legacy = section(target, "legacy")
        if legacy.get("hosts"):
            products = ["stamps.png"]
        else:
            fetched = "image" not in legacy
            products = ["image.png"]
            if {"ra", "dec"} <= legacy.keys() and (fetched or "catalogue" in legacy):
                products.append("sed.png")
        names += [f"results/legacy/{target}/{target}_{name}" for name in products]
    return names


rule legacy_fetch:
    input:
        # Files may be put there by hand; others coming or going is no reason to fetch again.
        store=local(ancient("data/legacysurvey")),
    output:
        image="resources/legacy/{target}/image.fits",
        picture="resources/legacy/{target}/picture.jpg",
    log:
        "logs/legacy/{target}/fetch.log",
    benchmark:
        "benchmarks/legacy/{target}/fetch.tsv"
    # Nodes of a cluster may have no network.
    localrule: True
    conda:
        "../envs/legacy.yaml"
    resources:
        legacysurvey=1,
        mem_mb=500,
        runtime=30,
    params:
        **step.params("legacy_fetch", config),
    shell:
        step.shell("legacy_fetch")


rule legacy_tractor_fetch:
    input:
        store=local(ancient("data/legacysurvey")),
    output:
        catalogue="resources/legacy/{target}/tractor.ecsv",
    log:
        "logs/legacy/{target}/tractor_fetch.log",
    benchmark:
        "benchmarks/legacy/{target}/tractor_fetch.tsv"
    localrule: True
    conda:
        "../envs/legacy.yaml"
    resources:
        legacysurvey=1,
        mem_mb=500,
        runtime=30,
    params:
        **step.params("legacy_tractor_fetch", config),
    shell:
        step.shell("legacy_tractor_fetch")


rule legacy_stamps_fetch:
    input:
        galaxies=legacy_galaxies,
        store=local(ancient("data/legacysurvey")),
    output:
        stamps=directory("resources/legacy/{target}/stamps"),
        catalogue="resources/legacy/{target}/stamps_tractor.ecsv",
    log:
        "logs/legacy/{target}/stamps_fetch.log",
    benchmark:
        "benchmarks/legacy/{target}/stamps_fetch.tsv"
    localrule: True
    conda:
        "../envs/legacy.yaml"
    resources:
        legacysurvey=1,
        mem_mb=500,
        runtime=60,
    params:
        **step.params("legacy_stamps_fetch", config),
    shell:
        step.shell("legacy_stamps_fetch")


rule legacy_image:
    input:
        image=legacy_image_file,
        catalogue=legacy_catalogue,
    output:
        stamp="results/legacy/{target}/{target}_image.fits",
        sources="results/legacy/{target}/{target}_sources.ecsv",
        summary="results/legacy/{target}/{target}_image.json",
        figure=report(
            "results/legacy/{target}/{target}_image.png",
            category="Legacy Survey",
            subcategory="{target}",
            labels={"product": "image"},
            caption="report/legacy_image.rst",
        ),
        figure_pdf="results/legacy/{target}/{target}_image.pdf",
    log:
        "logs/legacy/{target}/image.log",
    benchmark:
        "benchmarks/legacy/{target}/image.tsv"
    conda:
        "../envs/legacy.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **step.params("legacy_image", config, name="{target}"),
    shell:
        step.shell("legacy_image")


rule legacy_photometry:
    input:
        catalogue=legacy_catalogue,
    output:
        photometry=report(
            "results/legacy/{target}/{target}_photometry.ecsv",
            category="Legacy Survey",
            subcategory="{target}",
            labels={"product": "photometry"},
            caption="report/legacy_photometry.rst",
        ),
        votable="results/legacy/{target}/{target}_photometry.vot",
        sed="results/legacy/{target}/{target}_sed.ecsv",
        figure=report(
            "results/legacy/{target}/{target}_sed.png",
            category="Legacy Survey",
            subcategory="{target}",
            labels={"product": "spectral energy distribution"},
            caption="report/legacy_photometry.rst",
        ),
        figure_pdf="results/legacy/{target}/{target}_sed.pdf",
    log:
        "logs/legacy/{target}/photometry.log",
    benchmark:
        "benchmarks/legacy/{target}/photometry.tsv"
    conda:
        "../envs/legacy.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **step.params("legacy_photometry", config, name="{target}"),
    shell:
        step.shell("legacy_photometry")


rule legacy_stamps:
    input:
        galaxies=legacy_galaxies,
        stamps=legacy_stamp_files,
        catalogue=legacy_stamp_sources,
    output:
        hosts=report(
            "results/legacy/{target}/{target}_hosts.ecsv",
            category="Legacy Survey",
            subcategory="{target}",
            labels={"product": "candidate hosts"},
            caption="report/legacy_stamps.rst",
        ),
        votable="results/legacy/{target}/{target}_hosts.vot",
        figure=report(
            "results/legacy/{target}/{target}_stamps.png",
            category="Legacy Survey",
            subcategory="{target}",
            labels={"product": "stamps"},
            caption="report/legacy_stamps.rst",
        ),
        figure_pdf="results/legacy/{target}/{target}_stamps.pdf",
    log:
        "logs/legacy/{target}/stamps.log",
    benchmark:
        "benchmarks/legacy/{target}/stamps.tsv"
    conda:
        "../envs/legacy.yaml"
    resources:
        mem_mb=1000,
        runtime=5,
    params:
        **step.params("legacy_stamps", config, name="{target}"),
    shell:
        step.shell("legacy_stamps")
