"""IBIS/ISGRI: from event lists of science windows to sky images, mosaic, light curves and spectra.

Inputs required: for each target an `isgri` section in the configuration, with event files (events), science windows to
download (windows), a table of sources to simulate (simulate), or sky images made by OSA to be added up (images).
Outputs: results/isgri/<target>/, sky images of each science window and their mosaic in OSA's layout, source list,
light curves and spectra of the sources, coverage, regions and figures.

Science windows are worked on in batches, for a window takes less time than a program needs to start. Of several
windows, response and images are made twice: first with the catalogue alone, then with the sources of the first mosaic,
of which one window shows too little.
"""


def isgri_batches(target):
    """Return the event files of a target, in lists of windows that one job works on, by the name of the batch."""
    isgri = section(target, "isgri")
    if "simulate" in isgri:
        return {"1": [f"resources/isgri/{target}/simulated"]}
    files = own_files(isgri.get("events", [])) + [
        f"resources/isgri/{window}/isgri_events.fits.gz"
        for window in isgri.get("windows", [])
    ]
    if not files:
        raise WorkflowError(
            f"configuration, targets: {target}: isgri: name event files (events: [FILE]), science windows to "
            'download (windows: ["255900280010"]), or sky images to add up (images: [FILE])'
        )
    size = isgri.get("batch", 10)
    starts = range(0, len(files), size)
    return {str(n): files[start : start + size] for n, start in enumerate(starts, 1)}


def isgri_events(wildcards):
    """Return the event files of one batch."""
    return isgri_batches(wildcards.target)[wildcards.batch]


def isgri_dead_times(wildcards):
    """Return the files of dead times that belong to the event files of one batch, none if there are none."""
    isgri = section(wildcards.target, "isgri")
    files = own_files(isgri.get("dead_times", []))
    size = isgri.get("batch", 10)
    start = size * (int(wildcards.batch) - 1)
    return files[start : start + size]


def isgri_of_batches(product, staged=False):
    """Return a function that lists a product of all batches of a target, of this stage if it has stages."""

    def products(wildcards):
        folder = f"results/isgri/{wildcards.target}/{wildcards.target}"
        stage = wildcards.stage if staged else ""
        return [
            f"{folder}_{batch}{stage}_{product}"
            for batch in isgri_batches(wildcards.target)
        ]

    return products


def isgri_images(wildcards):
    """Return the sky images of a target: named in the configuration, or made of its events."""
    images = section(wildcards.target, "isgri").get("images")
    return (
        own_files(images)
        if images
        else isgri_of_batches("sky_ima.fits", staged=True)(wildcards)
    )


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


def isgri_catalogue(wildcards):
    """Return the first catalogue, which single images are searched with."""
    return isgri_catalogues(wildcards)[:1]


def isgri_named(key):
    """Return a function that gives the file that the configuration names under a key, none if it has not."""

    def files(wildcards):
        named = section(wildcards.target, "isgri").get(key)
        return own_files(named if isinstance(named, list) else [named]) if named else []

    return files


def isgri_pixels(wildcards):
    """Return the pixel response: the user's, or one fitted to the windows of the target."""
    stage = getattr(wildcards, "stage", "")
    return (
        isgri_named("response")(wildcards)
        or f"results/isgri/{wildcards.target}/{wildcards.target}{stage}_response.fits"
    )


def isgri_mosaic_sources(wildcards):
    """Return the sources to be fitted: in the second round of several windows those of the first mosaic."""
    isgri = section(wildcards.target, "isgri")
    windows = isgri.get("events", []) + isgri.get("windows", [])
    if wildcards.stage or len(windows) == 1:
        return []
    return f"results/isgri/{wildcards.target}/{wildcards.target}_first_srcl_res.fits"


def isgri_products():
    """Return the final products of all targets."""
    names = []
    for target in targets("isgri"):
        folder = f"results/isgri/{target}/{target}"
        names.append(f"{folder}_mosaic.png")
        if "images" not in section(target, "isgri"):
            names += [f"{folder}_lightcurves.png", f"{folder}_spectra.png"]
    return names


wildcard_constraints:
    batch="[0-9]+",
    stage="(_first)?",
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
        sources=isgri_named("simulate"),
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


rule isgri_shadowgram:
    input:
        events=isgri_events,
        gti=isgri_named("gti"),
        dead_times=isgri_dead_times,
        pixel_gains=isgri_named("pixel_gains"),
        offsets=isgri_named("offsets"),
        rise_table=isgri_named("rise_table"),
    output:
        shadowgrams="results/isgri/{target}/{target}_{batch}_shadowgrams.fits",
        summary="results/isgri/{target}/{target}_{batch}_shadowgrams.json",
        figure="results/isgri/{target}/{target}_{batch}_shadowgrams.png",
    log:
        "logs/isgri/{target}/{batch}_shadowgram.log",
    benchmark:
        "benchmarks/isgri/{target}/{batch}_shadowgram.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        **step.params("isgri_shadowgram", config),
    shell:
        step.shell("isgri_shadowgram")


rule isgri_response:
    input:
        shadowgrams=isgri_of_batches("shadowgrams.fits"),
        catalogue=isgri_catalogue,
        sources=isgri_mosaic_sources,
    output:
        response="results/isgri/{target}/{target}{stage}_response.fits",
        summary="results/isgri/{target}/{target}{stage}_response.json",
        figure=report(
            "results/isgri/{target}/{target}{stage}_response.png",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "pixel response"},
            caption="report/isgri_response.rst",
        ),
        figure_pdf="results/isgri/{target}/{target}{stage}_response.pdf",
    log:
        "logs/isgri/{target}/response{stage}.log",
    benchmark:
        "benchmarks/isgri/{target}/response{stage}.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        **step.params("isgri_response", config),
    shell:
        step.shell("isgri_response")


rule isgri_image:
    input:
        shadowgrams="results/isgri/{target}/{target}_{batch}_shadowgrams.fits",
        response=isgri_pixels,
        catalogue=isgri_catalogue,
        sources=isgri_mosaic_sources,
    output:
        images="results/isgri/{target}/{target}_{batch}{stage}_sky_ima.fits",
        results="results/isgri/{target}/{target}_{batch}{stage}_sky_res.fits",
        table="results/isgri/{target}/{target}_{batch}{stage}_sky_res.ecsv",
        summary="results/isgri/{target}/{target}_{batch}{stage}_sky_ima.json",
        figure=report(
            "results/isgri/{target}/{target}_{batch}{stage}_sky_ima.png",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "sky image"},
            caption="report/isgri_image.rst",
        ),
        figure_pdf="results/isgri/{target}/{target}_{batch}{stage}_sky_ima.pdf",
        checks="results/isgri/{target}/{target}_{batch}{stage}_sky_checks.png",
        checks_pdf="results/isgri/{target}/{target}_{batch}{stage}_sky_checks.pdf",
    log:
        "logs/isgri/{target}/{batch}_image{stage}.log",
    benchmark:
        "benchmarks/isgri/{target}/{batch}_image{stage}.tsv"
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
        images=isgri_images,
        catalogues=isgri_catalogues,
    output:
        mosaic="results/isgri/{target}/{target}{stage}_mosa_ima.fits",
        sources="results/isgri/{target}/{target}{stage}_srcl_res.fits",
        sources_table=report(
            "results/isgri/{target}/{target}{stage}_sources.ecsv",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "sources"},
            caption="report/isgri_mosaic.rst",
        ),
        sources_votable="results/isgri/{target}/{target}{stage}_sources.vot",
        region="results/isgri/{target}/{target}{stage}_sources.reg",
        coverage="results/isgri/{target}/{target}{stage}_coverage.moc.fits",
        summary="results/isgri/{target}/{target}{stage}_mosaic.json",
        figure=report(
            "results/isgri/{target}/{target}{stage}_mosaic.png",
            category="ISGRI",
            subcategory="{target}",
            labels={"product": "mosaic"},
            caption="report/isgri_mosaic.rst",
        ),
        figure_pdf="results/isgri/{target}/{target}{stage}_mosaic.pdf",
        checks="results/isgri/{target}/{target}{stage}_mosaic_checks.png",
        checks_pdf="results/isgri/{target}/{target}{stage}_mosaic_checks.pdf",
    log:
        "logs/isgri/{target}/mosaic{stage}.log",
    benchmark:
        "benchmarks/isgri/{target}/mosaic{stage}.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        **step.params("isgri_mosaic", config),
    shell:
        step.shell("isgri_mosaic")


rule isgri_flux:
    input:
        shadowgrams="results/isgri/{target}/{target}_{batch}_shadowgrams.fits",
        sources="results/isgri/{target}/{target}_srcl_res.fits",
        response=isgri_pixels,
    output:
        rates="results/isgri/{target}/{target}_{batch}_rates.ecsv",
    log:
        "logs/isgri/{target}/{batch}_flux.log",
    benchmark:
        "benchmarks/isgri/{target}/{batch}_flux.tsv"
    conda:
        "../envs/isgri.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        **step.params("isgri_flux", config),
    shell:
        step.shell("isgri_flux")


rule isgri_lightcurve:
    input:
        rates=isgri_of_batches("rates.ecsv"),
        crab=isgri_named("crab"),
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
        rates=isgri_of_batches("rates.ecsv"),
        crab=isgri_named("crab"),
        response=isgri_named("rmf"),
        ancillary=isgri_named("arf"),
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
