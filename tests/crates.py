"""Small runs to pack, with both engines, and the programs that judge crates."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from suite import BIN, call, copy, snakemake

H1 = "data/gw/strain/H-H1_LOSC_4_V2-1126259446-32.hdf5"
MAP = "data/skymap/GW150914_bayestar_gstlal_C01.fits.gz"
CONFIGURATION = {
    "targets": {
        "GW150914": {
            "gw": {"strain": {"H1": [H1]}, "before": 0.5, "after": 0.3},
            "skymap": {"map": MAP},
        }
    }
}
JOB = {
    "gw_targets": [
        {
            "event": "GW150914",
            "detectors": ["H1"],
            "strain": [[{"class": "File", "path": H1}]],
            "before": 0.5,
            "after": 0.3,
        }
    ],
    "skymap_regions": [{"name": "GW150914", "skymap": {"class": "File", "path": MAP}}],
    "skymap_views": [{"name": "GW150914", "skymap": {"class": "File", "path": MAP}}],
}
RECORD = Path(".snakemake/wrroc/ro-crate-metadata.json")
PROFILES = {
    "ro-crate-1.1": "RO-Crate 1.1",
    "workflow-ro-crate-1.0": "Workflow RO-Crate 1.0",
    "process-run-crate-0.5": "Process Run Crate 0.5",
    "workflow-run-crate-0.5": "Workflow Run Crate 0.5",
    "provenance-run-crate-0.5": "Provenance Run Crate 0.5",
}


def run_snakemake(folder: Path, configuration: dict = CONFIGURATION) -> Path:
    """Make a copy of the suite, and a small run of Snakemake in it that is described; return the copy."""
    copy(folder)
    (folder / "mine.json").write_text(json.dumps(configuration))
    snakemake(folder, "--configfile", "mine.json")
    describe(folder)
    return folder


def describe(folder: Path, status: int = 0) -> str:
    """Have Snakemake describe the run of a copy."""
    options = ("--reporter", "wrroc", "--report-wrroc-path", str(RECORD), "--configfile", "mine.json")
    return snakemake(folder, *options, status=status)


def run_cwltool(folder: Path, suite: Path) -> dict[str, Path]:
    """Do the same run with cwltool; return what `write_crate` needs to know of it."""
    job = suite / "mine_job.json"
    job.write_text(json.dumps(JOB))
    notes, results = folder / "notes", folder / "out"
    options = ("--preserve-environment", "TIDINGS_JOURNAL", "--outdir", results)
    call(suite, "cwltool", *options, "cwl/workflow.cwl", job.name, TIDINGS_JOURNAL=str(notes))
    return {"provenance": notes, "results": results, "job": job}


# ---- judges ---------------------------------------------------------------------------------------------


def missing_judges() -> str | None:
    """Return why crates cannot be judged here, or nothing."""
    found = all((BIN / name).exists() for name in ("rocrate-validator", "runcrate"))
    return None if found else "no rocrate-validator and runcrate (make judges)"


# Runs in the validator's environment. Offline it takes the context of RO-Crate 1.1 from a cache, which is
# filled from the copy that comes with the package rocrate.
_VALIDATE = """\
import io, json, sys
from pathlib import Path
import requests_cache
from requests.adapters import BaseAdapter, HTTPAdapter
from urllib3 import HTTPResponse
from rocrate_validator import services
from rocrate_validator.models import ValidationSettings

cache, context, level, crate, *profiles = sys.argv[1:]

class Package(BaseAdapter):
    def send(self, request, **options):
        body = HTTPResponse(io.BytesIO(Path(context).read_bytes()), status=200, preload_content=False,
                            headers={"Content-Type": "application/ld+json"}, request_url=request.url)
        return HTTPAdapter().build_response(request, body)
    def close(self):
        pass

if not Path(cache + ".sqlite").exists():
    session = requests_cache.CachedSession(cache, backend="sqlite", expire_after=-1)
    session.mount("https://w3id.org/ro/crate/1.1/context", Package())
    session.get("https://w3id.org/ro/crate/1.1/context")
    session.close()
verdicts = {}
for profile in profiles:
    settings = ValidationSettings(rocrate_uri=crate, profile_identifier=profile, requirement_severity=level,
                                  offline=True, cache_path=cache)
    result = services.validate(settings)
    issues = [[i.check.identifier, i.severity.name, i.message] for i in result.get_issues()]
    verdicts[profile] = {"issues": issues, "skipped": len(result.skipped_checks)}
print("verdicts " + json.dumps(verdicts))
"""


def validate(crate: Path, scratch: Path, *profiles: str, level: str = "RECOMMENDED") -> dict[str, dict]:
    """Have roc-validator judge a crate offline; return issues and number of skipped checks, by profile."""
    program = BIN / "rocrate-validator"
    python = program.resolve().with_name("python")
    runcrate = (BIN / "runcrate").resolve().with_name("python")
    code = "import rocrate; print(rocrate.__path__[0])"
    package = subprocess.run(
        [runcrate, "-c", code], capture_output=True, text=True, check=True
    ).stdout.strip()
    context = f"{package}/data/ro-crate.jsonld"
    command = [python, "-c", _VALIDATE, scratch / "cache", context, level, crate, *profiles]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.split("verdicts ", 1)[1])


def edited(crate: Path, folder: Path, change) -> Path:
    """Copy an unpacked crate with its graph changed; `change` is given the entities by id."""
    shutil.copytree(crate, folder, symlinks=True)
    path = folder / "ro-crate-metadata.json"
    document = json.loads(path.read_text())
    change({entity["@id"]: entity for entity in document["@graph"]})
    path.write_text(json.dumps(document))
    return folder
