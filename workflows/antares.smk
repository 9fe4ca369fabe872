"""ANTARES: limits on neutrino sources at positions, and neutrinos around the time and region of an event.

Inputs required: for each target an `antares` section in the configuration, with positions (ra, dec) for limits, or a time
with a sky map (map), a coverage map (moc) or one position for a search. The events of 2007-2017 are in the repository.
Outputs: results/antares/<target>/, tables of limits, events and fluxes, and figures.
"""


def antares_has_time(target):
    """Tell whether a target is searched around a time."""
    return "time" in section(target, "antares")


def antares_named(key):
    """Return a function that gives the file that the configuration names under a key, none if it has not."""

    def files(wildcards):
        named = section(wildcards.target, "antares").get(key)
        return own_files([named]) if named else []

    return files


def antares_products():
    """Return the final products of all targets."""
    names = []
    for target in targets("antares"):
        kind = "neutrinos" if antares_has_time(target) else "limits"
        names.append(f"results/antares/{target}/{target}_{kind}.png")
    return names


rule antares_limit:
    input:
        events=local("data/antares/antares_2007-2017_events.tsv"),
        acceptance=local("data/antares/acceptance.txt"),
        background_polynomial=local("data/antares/background_polynomial.txt"),
    output:
        limits=report(
            "results/antares/{target}/{target}_limits.ecsv",
            category="ANTARES",
            subcategory="{target}",
            labels={"product": "limits"},
            caption="report/antares_limit.rst",
        ),
        limits_votable="results/antares/{target}/{target}_limits.vot",
        flux="results/antares/{target}/{target}_flux.ecsv",
        flux_votable="results/antares/{target}/{target}_flux.vot",
        envelope="results/antares/{target}/{target}_envelope.ecsv",
        inside="results/antares/{target}/{target}_events.ecsv",
        summary="results/antares/{target}/{target}_limits.json",
        figure=report(
            "results/antares/{target}/{target}_limits.png",
            category="ANTARES",
            subcategory="{target}",
            labels={"product": "figure of limits"},
            caption="report/antares_limit.rst",
        ),
        figure_pdf="results/antares/{target}/{target}_limits.pdf",
    log:
        "logs/antares/{target}/limit.log",
    benchmark:
        "benchmarks/antares/{target}/limit.tsv"
    conda:
        "../envs/antares.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("antares_limit", config),
    shell:
        step.shell("antares_limit")


rule antares_search:
    input:
        events=local("data/antares/antares_2007-2017_events.tsv"),
        acceptance=local("data/antares/acceptance.txt"),
        skymap=antares_named("map"),
        moc=antares_named("moc"),
    output:
        found=report(
            "results/antares/{target}/{target}_neutrinos.ecsv",
            category="ANTARES",
            subcategory="{target}",
            labels={"product": "neutrinos"},
            caption="report/antares_search.rst",
        ),
        found_votable="results/antares/{target}/{target}_neutrinos.vot",
        summary="results/antares/{target}/{target}_neutrinos.json",
        figure=report(
            "results/antares/{target}/{target}_neutrinos.png",
            category="ANTARES",
            subcategory="{target}",
            labels={"product": "figure of neutrinos"},
            caption="report/antares_search.rst",
        ),
        figure_pdf="results/antares/{target}/{target}_neutrinos.pdf",
    log:
        "logs/antares/{target}/search.log",
    benchmark:
        "benchmarks/antares/{target}/search.tsv"
    conda:
        "../envs/antares.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("antares_search", config, name="{target}"),
    shell:
        step.shell("antares_search")
