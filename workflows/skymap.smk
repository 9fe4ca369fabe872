"""Sky localisations: credible regions, distances, galaxies, coverage, visibility, catalogues of events.

Inputs required: for each target a `skymap` section in the configuration, with the map (map), or with nothing but an
event's name or an address in a section `skymap_fetch`, from which it is then downloaded; or with several maps (maps) for
a catalogue of events.
Outputs: results/skymap/<target>/, areas, coverage maps and contours of the credible regions and figures of the map;
and, for the files that the section names, ranked galaxies (galaxies), probabilities at positions (positions), the
comparison with another localisation (other), coverage by fields (fields) or by a coverage map (moc); positions, distance
and visibility also where the target has a section skymap_position, skymap_distance or skymap_visibility. A catalogue of
galaxies under sort is sorted by position: name results/skymap/<target>/<target>_sorted.parquet as galaxies of the events.
"""


def skymap_file(wildcards):
    """Return the sky map of a target: named in the configuration, or downloaded."""
    named = section(wildcards.target, "skymap").get("map")
    return own_files([named]) if named else rules.skymap_fetch.output.skymap


def skymap_named(key):
    """Return a function that gives the files that the configuration names under a key, none if it has not."""

    def files(wildcards):
        named = section(wildcards.target, "skymap").get(key, [])
        return own_files(named if isinstance(named, list) else [named])

    return files


def skymap_ranked(wildcards):
    """Return the ranked galaxies of a target, none if it has no catalogue of galaxies."""
    has = "galaxies" in section(wildcards.target, "skymap")
    return [rules.skymap_galaxies.output.galaxies] if has else []


def skymap_event(wildcards):
    """Return the event whose map is downloaded: the target's name, unless the configuration has an address."""
    fetch = section(wildcards.target, "skymap_fetch")
    return (
        [] if "url" in fetch else ["--event", str(fetch.get("event", wildcards.target))]
    )


def skymap_products():
    """Return the final products of all targets: those of the files and sections that the configuration has."""
    by_file = {
        "positions": "positions.ecsv",
        "galaxies": "galaxies.png",
        "other": "overlap.png",
        "fields": "coverage.png",
        "moc": "coverage.png",
    }
    by_section = {
        "skymap_position": "positions.ecsv",
        "skymap_distance": "distance.png",
        "skymap_visibility": "visibility.png",
    }
    names = []
    for target in targets("skymap"):
        skymap = section(target, "skymap")
        own = {"catalogue.png"} if "maps" in skymap else {"allsky.png", "view.html"}
        products = {"sorted.parquet"} if "sort" in skymap else own
        products |= {made for key, made in by_file.items() if key in skymap}
        products |= {
            made for key, made in by_section.items() if key in config["targets"][target]
        }
        names += [
            f"results/skymap/{target}/{target}_{name}" for name in sorted(products)
        ]
    return names


rule skymap_fetch:
    input:
        # Files may be put there by hand; others coming or going is no reason to fetch again.
        store=local(ancient("data/skymap")),
    output:
        skymap="resources/skymap/{target}/skymap.fits",
        about="resources/skymap/{target}/event.json",
    log:
        "logs/skymap/{target}/fetch.log",
    benchmark:
        "benchmarks/skymap/{target}/fetch.tsv"
    # Nodes of a cluster may have no network.
    localrule: True
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        **step.params("skymap_fetch", config, event=skymap_event),
    shell:
        step.shell("skymap_fetch")


rule skymap_region:
    input:
        skymap=skymap_file,
    output:
        areas=report(
            "results/skymap/{target}/{target}_areas.ecsv",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "credible regions"},
            caption="report/skymap_region.rst",
        ),
        votable="results/skymap/{target}/{target}_areas.vot",
        summary="results/skymap/{target}/{target}_region.json",
        mocs=directory("results/skymap/{target}/{target}_region_mocs"),
        geojson="results/skymap/{target}/{target}_region.geojson",
        ds9="results/skymap/{target}/{target}_region.reg",
        multiorder="results/skymap/{target}/{target}_map.multiorder.fits",
        figure=report(
            "results/skymap/{target}/{target}_allsky.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "whole sky"},
            caption="report/skymap_region.rst",
        ),
        figure_pdf="results/skymap/{target}/{target}_allsky.pdf",
        zoom=report(
            "results/skymap/{target}/{target}_zoom.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "enlarged"},
            caption="report/skymap_region.rst",
        ),
        zoom_pdf="results/skymap/{target}/{target}_zoom.pdf",
    log:
        "logs/skymap/{target}/region.log",
    benchmark:
        "benchmarks/skymap/{target}/region.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_region", config, name="{target}"),
    shell:
        step.shell("skymap_region")


rule skymap_position:
    input:
        skymap=skymap_file,
        positions=skymap_named("positions"),
    output:
        table=report(
            "results/skymap/{target}/{target}_positions.ecsv",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "positions"},
            caption="report/skymap_position.rst",
        ),
        votable="results/skymap/{target}/{target}_positions.vot",
    log:
        "logs/skymap/{target}/position.log",
    benchmark:
        "benchmarks/skymap/{target}/position.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_position", config),
    shell:
        step.shell("skymap_position")


rule skymap_distance:
    input:
        skymap=skymap_file,
    output:
        distance="results/skymap/{target}/{target}_distance.ecsv",
        votable="results/skymap/{target}/{target}_distance.vot",
        summary="results/skymap/{target}/{target}_distance.json",
        figure=report(
            "results/skymap/{target}/{target}_distance.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "distance"},
            caption="report/skymap_distance.rst",
        ),
        figure_pdf="results/skymap/{target}/{target}_distance.pdf",
    log:
        "logs/skymap/{target}/distance.log",
    benchmark:
        "benchmarks/skymap/{target}/distance.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_distance", config, name="{target}"),
    shell:
        step.shell("skymap_distance")


rule skymap_galaxies:
    input:
        skymap=skymap_file,
        catalogue=skymap_named("galaxies"),
    output:
        galaxies=report(
            "results/skymap/{target}/{target}_galaxies.ecsv",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "galaxies"},
            caption="report/skymap_galaxies.rst",
        ),
        votable="results/skymap/{target}/{target}_galaxies.vot",
        parquet="results/skymap/{target}/{target}_galaxies.parquet",
        summary="results/skymap/{target}/{target}_galaxies.json",
        figure=report(
            "results/skymap/{target}/{target}_galaxies.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "galaxies"},
            caption="report/skymap_galaxies.rst",
        ),
        figure_pdf="results/skymap/{target}/{target}_galaxies.pdf",
    log:
        "logs/skymap/{target}/galaxies.log",
    benchmark:
        "benchmarks/skymap/{target}/galaxies.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_galaxies", config, name="{target}"),
    shell:
        step.shell("skymap_galaxies")


rule skymap_sort:
    input:
        catalogue=skymap_named("sort"),
    output:
        galaxies="results/skymap/{target}/{target}_sorted.parquet",
    log:
        "logs/skymap/{target}/sort.log",
    benchmark:
        "benchmarks/skymap/{target}/sort.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        **step.params("skymap_sort", config),
    shell:
        step.shell("skymap_sort")


rule skymap_view:
    input:
        skymap=skymap_file,
        galaxies=skymap_ranked,
    output:
        view=report(
            "results/skymap/{target}/{target}_view.html",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "interactive view"},
            caption="report/skymap_view.rst",
        ),
    log:
        "logs/skymap/{target}/view.log",
    benchmark:
        "benchmarks/skymap/{target}/view.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_view", config, name="{target}"),
    shell:
        step.shell("skymap_view")


rule skymap_overlap:
    input:
        skymap=skymap_file,
        other=skymap_named("other"),
    output:
        overlap=report(
            "results/skymap/{target}/{target}_overlap.ecsv",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "comparison"},
            caption="report/skymap_overlap.rst",
        ),
        votable="results/skymap/{target}/{target}_overlap.vot",
        product="results/skymap/{target}/{target}_product.multiorder.fits",
        figure=report(
            "results/skymap/{target}/{target}_overlap.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "comparison"},
            caption="report/skymap_overlap.rst",
        ),
        figure_pdf="results/skymap/{target}/{target}_overlap.pdf",
    log:
        "logs/skymap/{target}/overlap.log",
    benchmark:
        "benchmarks/skymap/{target}/overlap.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_overlap", config),
    shell:
        step.shell("skymap_overlap")


rule skymap_coverage:
    input:
        skymap=skymap_file,
        fields=skymap_named("fields"),
        moc=skymap_named("moc"),
    output:
        table=report(
            "results/skymap/{target}/{target}_coverage.ecsv",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "coverage"},
            caption="report/skymap_coverage.rst",
        ),
        votable="results/skymap/{target}/{target}_coverage.vot",
        summary="results/skymap/{target}/{target}_coverage.json",
        covered="results/skymap/{target}/{target}_covered.moc.fits",
        uncovered="results/skymap/{target}/{target}_uncovered.moc.fits",
        figure=report(
            "results/skymap/{target}/{target}_coverage.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "coverage"},
            caption="report/skymap_coverage.rst",
        ),
        figure_pdf="results/skymap/{target}/{target}_coverage.pdf",
    log:
        "logs/skymap/{target}/coverage.log",
    benchmark:
        "benchmarks/skymap/{target}/coverage.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_coverage", config, name="{target}"),
    shell:
        step.shell("skymap_coverage")


rule skymap_visibility:
    input:
        skymap=skymap_file,
        orbit=skymap_named("orbit"),
    output:
        table=report(
            "results/skymap/{target}/{target}_visibility.ecsv",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "visibility"},
            caption="report/skymap_visibility.rst",
        ),
        votable="results/skymap/{target}/{target}_visibility.vot",
        summary="results/skymap/{target}/{target}_visibility.json",
        moc="results/skymap/{target}/{target}_observable.moc.fits",
        figure=report(
            "results/skymap/{target}/{target}_visibility.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "visibility"},
            caption="report/skymap_visibility.rst",
        ),
        figure_pdf="results/skymap/{target}/{target}_visibility.pdf",
    log:
        "logs/skymap/{target}/visibility.log",
    benchmark:
        "benchmarks/skymap/{target}/visibility.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_visibility", config, name="{target}"),
    shell:
        step.shell("skymap_visibility")


rule skymap_catalogue:
    input:
        skymaps=skymap_named("maps"),
        table=skymap_named("table"),
    output:
        catalogue=report(
            "results/skymap/{target}/{target}_catalogue.ecsv",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "catalogue"},
            caption="report/skymap_catalogue.rst",
        ),
        votable="results/skymap/{target}/{target}_catalogue.vot",
        parquet="results/skymap/{target}/{target}_catalogue.parquet",
        contours="results/skymap/{target}/{target}_contours.geojson",
        mocs=directory("results/skymap/{target}/{target}_mocs"),
        figure=report(
            "results/skymap/{target}/{target}_catalogue.png",
            category="Sky maps",
            subcategory="{target}",
            labels={"product": "catalogue"},
            caption="report/skymap_catalogue.rst",
        ),
        figure_pdf="results/skymap/{target}/{target}_catalogue.pdf",
    log:
        "logs/skymap/{target}/catalogue.log",
    benchmark:
        "benchmarks/skymap/{target}/catalogue.tsv"
    conda:
        "../envs/skymap.yaml"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        **step.params("skymap_catalogue", config, title="{target}"),
    shell:
        step.shell("skymap_catalogue")
