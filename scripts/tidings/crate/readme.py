"""The README of a crate and its record: what it is, and how to run it again."""

from __future__ import annotations

from datetime import datetime

from tidings.crate.citation import Citation
from tidings.crate.model import Crate

_ENGINES = {"snakemake": "Snakemake", "cwltool": "cwltool", "toil": "Toil"}

_TEXT = """# {name}
{doi}
{jobs} jobs of Tidings {version}, run with {engine} {engine_version}
from {start} to {end}. Steps: {steps}.

| file | what |
|---|---|
| `run-crate.zip` | the whole run: code, data, configuration, products, provenance (a Workflow Run RO-Crate) |
| `ro-crate-metadata.json` | for programs: in the zip it describes the run, outside of it the record |
| `ro-crate-preview.html` | a page to look at |
| `products.obscore.vot` | one row for each product (IVOA ObsCore 1.1) |
| `manifest-sha256.txt` | checksums: `sha256sum -c manifest-sha256.txt` |

In the zip: `source/` is the suite with its data, `run/` says how it was run, `results/` holds the products.

## Run it again

Python 3.11 or newer, git and make are enough:

```
unzip run-crate.zip -d run-crate
cd run-crate/source
make .venv/science.done && . .venv/bin/activate
{again}
python scripts/verify.py ../run/digests.json {results}
```

The last line compares every product with the one archived. {downloads}

## Licence and citation

{license} ({license_url}), by {authors}.
How to cite: `CITATION.cff`. The licences and acknowledgements of the data are in `source/data/README.md`.
"""


def readme(crate: Crate, citation: Citation) -> str:
    """Return the README, in Markdown."""
    return _TEXT.format(
        name=crate.name,
        doi=f"\nDOI: <https://doi.org/{crate.identifier}>\n" if crate.identifier else "",
        jobs=len(crate.jobs),
        version=crate.version,
        engine=engine_name(crate),
        engine_version=crate.engine.version,
        start=clock(crate.start),
        end=clock(crate.end),
        steps=", ".join(f"`{step}`" for step in dict.fromkeys(job.step for job in crate.jobs)),
        again=again(crate),
        results="results" if crate.engine.name == "snakemake" else "results_cwl",
        downloads=downloads(crate),
        license=citation.license,
        license_url=citation.license_url,
        authors="; ".join(author.listed for author in citation.authors),
    )


def engine_name(crate: Crate) -> str:
    """Return what the engine is called."""
    return _ENGINES[crate.engine.name]


def again(crate: Crate) -> str:
    """Return the commands that run it again, in the folder source/."""
    if crate.engine.name == "snakemake":
        return "snakemake --cores 2 --configfile ../run/configuration.json"
    program = "toil-cwl-runner" if crate.engine.name == "toil" else "cwltool"
    return f"cp ../run/configuration.json job.json\n{program} --outdir results_cwl cwl/workflow.cwl job.json"


def downloads(crate: Crate) -> str:
    """Say whether the network is needed for that."""
    away = [file for file in crate.intermediates if file.url and not file.included]
    if not away:
        return "Nothing is downloaded: all data are in the zip."
    return f"{len(away)} files are downloaded again, and checked: they are too large for the zip."


def clock(when: datetime) -> str:
    """Return a time for people."""
    return f"{when:%Y-%m-%d %H:%M:%S} UTC"
