"""Gravitational-wave strain: from the detectors' data to conditioned strain and Q-transform spectrograms.

Inputs required: for each target a `gw` section in the configuration, with the strain files of
each detector, or the names of the detectors whose files are to be downloaded from GWOSC.
Outputs: results/gw/<target>/, for each detector the conditioned strain, the spectrogram, the loudest
tiles and figures of both; for each target the figure and table of the network.
"""


def gw_detectors(target):
    """Return the detectors of a target."""
    gw = section(target, "gw")
    detectors = gw.get("detectors") or sorted(gw.get("strain") or {})
    if not detectors:
        raise WorkflowError(
            f"configuration, targets: {target}: gw: name the detectors to download "
            "(detectors: [H1, L1]) or the files of each (strain: {H1: [FILE]})"
        )
    return detectors


def gw_has_files(wildcards):
    """Tell whether the configuration names strain files, so that nothing is downloaded."""
    return wildcards.detector in (section(wildcards.target, "gw").get("strain") or {})


def gw_strain_files(wildcards):
    """Return the strain files of one detector: named in the configuration, or downloaded."""
    if gw_has_files(wildcards):
        return own_files(section(wildcards.target, "gw")["strain"][wildcards.detector])
    return rules.gw_fetch.output.strain


def gw_event_table(wildcards):
    """Return the table with the time of a downloaded event; the others' times are built in."""
    return [] if gw_has_files(wildcards) else rules.gw_fetch.output.table


def gw_event(wildcards):
    """Return the event that a target stands for: its own name, unless the configuration has another."""
    gw = section(wildcards.target, "gw")
    if "T1" in gw and "event" not in gw:
        return []
    return ["--event", str(gw.get("event", wildcards.target))]


def gw_spectrograms(wildcards):
    """Return the spectrograms of all detectors of a target."""
    # Not by expand() of the rule's output, which carries a flag when products are kept in object storage.
    folder = f"results/gw/{wildcards.target}/{wildcards.target}"
    return [
        f"{folder}_{detector}_spectrogram.hdf5"
        for detector in gw_detectors(wildcards.target)
    ]


def gw_products():
    """Return the final products of all targets."""
    names = []
    for target in targets("gw"):
        folder = f"results/gw/{target}/{target}"
        names += [
            f"{folder}_network.png",
            f"{folder}_network.pdf",
            f"{folder}_network.ecsv",
        ]
        for detector in gw_detectors(target):
            names += [
                f"{folder}_{detector}_strain.png",
                f"{folder}_{detector}_tiles.ecsv",
            ]
    return names


wildcard_constraints:
    detector="[A-Z][0-9]",


rule gw_fetch:
    input:
        # Files may be put there by hand; others coming or going is no reason to fetch again.
        store=local(ancient("data/gw/strain")),
    output:
        strain=directory("resources/gw/{target}/{detector}"),
        table="resources/gw/{target}/{detector}_event.tsv",
    log:
        "logs/gw/{target}/{detector}_fetch.log",
    benchmark:
        "benchmarks/gw/{target}/{detector}_fetch.tsv"
    # Nodes of a cluster may have no network.
    localrule: True
    conda:
        "../envs/gw.yaml"
    resources:
        # GWOSC answers 429 to many requests at once.
        gwosc=1,
        mem_mb=500,
        runtime=60,
    params:
        **step.params("gw_fetch", config, event=gw_event, detector="{detector}"),
    shell:
        step.shell("gw_fetch")


rule gw_strain:
    input:
        strain=gw_strain_files,
        events=gw_event_table,
    output:
        conditioned="results/gw/{target}/{target}_{detector}_strain.hdf5",
        figure=report(
            "results/gw/{target}/{target}_{detector}_strain.png",
            category="Gravitational waves",
            subcategory="{target}",
            labels={"detector": "{detector}", "product": "strain"},
            caption="report/gw_strain.rst",
        ),
        figure_pdf="results/gw/{target}/{target}_{detector}_strain.pdf",
    log:
        "logs/gw/{target}/{detector}_strain.log",
    benchmark:
        "benchmarks/gw/{target}/{detector}_strain.tsv"
    conda:
        "../envs/gw.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("gw_strain", config, event=gw_event, detector="{detector}"),
    shell:
        step.shell("gw_strain")


rule gw_spectrogram:
    input:
        strain=gw_strain_files,
        events=gw_event_table,
    output:
        spectrogram="results/gw/{target}/{target}_{detector}_spectrogram.hdf5",
        tiles=report(
            "results/gw/{target}/{target}_{detector}_tiles.ecsv",
            category="Gravitational waves",
            subcategory="{target}",
            labels={"detector": "{detector}", "product": "loudest tiles"},
            caption="report/gw_tiles.rst",
        ),
        figure=report(
            "results/gw/{target}/{target}_{detector}_spectrogram.png",
            category="Gravitational waves",
            subcategory="{target}",
            labels={"detector": "{detector}", "product": "spectrogram"},
            caption="report/gw_spectrogram.rst",
        ),
        figure_pdf="results/gw/{target}/{target}_{detector}_spectrogram.pdf",
    log:
        "logs/gw/{target}/{detector}_spectrogram.log",
    benchmark:
        "benchmarks/gw/{target}/{detector}_spectrogram.tsv"
    conda:
        "../envs/gw.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("gw_spectrogram", config, event=gw_event, detector="{detector}"),
    shell:
        step.shell("gw_spectrogram")


rule gw_network:
    input:
        spectrograms=gw_spectrograms,
    output:
        figure=report(
            "results/gw/{target}/{target}_network.png",
            category="Gravitational waves",
            subcategory="{target}",
            labels={"detector": "network", "product": "spectrogram"},
            caption="report/gw_network.rst",
        ),
        figure_pdf="results/gw/{target}/{target}_network.pdf",
        tiles="results/gw/{target}/{target}_network.ecsv",
    log:
        "logs/gw/{target}/network.log",
    benchmark:
        "benchmarks/gw/{target}/network.tsv"
    conda:
        "../envs/gw.yaml"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        **step.params("gw_network", config),
    shell:
        step.shell("gw_network")
