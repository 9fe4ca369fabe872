"""A finished run as a Workflow Run RO-Crate: how it is packed, read and replayed.

Format version 1. Two things are written: the *record*, a flat folder that a repository takes as it is, and
in it `run-crate.zip`, the crate itself.

The record (at most 100 files, names of ``[A-Za-z0-9._-]``, none empty)::

    ro-crate-metadata.json   an RO-Crate 1.1 of the record: these files, authors, licence, subjects
    ro-crate-preview.html    the same for people, in one file
    README.md  CITATION.cff
    manifest-sha256.txt      checksums of the other files, as sha256sum writes them
    products.obscore.vot     one row per product, IVOA ObsCore 1.1
    <name>.png ...           the first figure of each job, at most 40, under their names in results/
    run-crate.zip

The crate (the zip's root; the folder after `unpack`)::

    ro-crate-metadata.json   RO-Crate 1.1, Workflow RO-Crate 1.0, WRROC 0.5 (process, workflow, provenance)
    ro-crate-preview.html  README.md
    manifest-sha256.txt      checksums of all other files (a link has no bytes of its own: it is not listed)
    products.obscore.vot
    run/configuration.json   as used: Snakemake's configuration, or the job of the CWL workflow, with paths
                             relative to source/
    run/digests.json         sha256 and canonical digest of every product, and the numeric fingerprint, for
                             ``python scripts/verify.py run/digests.json RESULTS``
    run/remote.lock.json     URL and sha256 of what came from the network (empty if nothing did)
    source/                  the suite: Snakefile, workflows/, cwl/, envs/, scripts/, config/, data/, ...
    source/inputs/           the user's own files from elsewhere, as <sha256[:12]>/<name>
    source/resources/        what the fetching steps got, unless it is larger than asked for: then it is known
                             by URL and sha256 only
    results/                 the products, results/<pipeline>/<target>/<name>, from either engine

The graph is the only description of the run: `read_crate` reads it back.  Its shape does not depend on the
engine.  One ``CreateAction`` per job (`Job`), ids ``#job/<step>/<name of its first output>``; one
``HowToStep`` and ``ControlAction`` per step; one ``OrganizeAction``.  Every input, output and parameter is an
``exampleOfWork`` of a ``FormalParameter`` ``#parameter/<step>/<name>`` (folders: ``<name>.folder``), declared
as in ``cwl/tools/<step>.cwl``; which file was which input of a job is told by PropertyValues under its
``additionalProperty``.  Files that are not in the crate have as id their URL (downloads that are too large)
or ``#away/<path>`` (intermediates that no one keeps), and their path in the run as ``alternateName``.

Interface (all that other modules may use; errors are `tidings.errors.InputError`)::

    write_crate(run, record, engine, *, provenance=None, results=None, job=None, remote_limit=...,
                identifier=None, replace_record=False) -> Crate
        Pack a finished run.  run: folder of the suite; engine: "snakemake" (provenance: the file that
        ``snakemake --reporter wrroc`` wrote) or "cwltool" or "toil" (provenance: the folder that
        TIDINGS_JOURNAL named; results: that of --outdir; job: the job file).  The same run gives the same
        bytes.
    stamp(record, identifier, url=None) -> None
        Write a reserved DOI (and the record's address) into an existing record: the files that mention it,
        the manifests and the zip are made anew.  Idempotent: the same DOI again changes no byte.
    read_crate(path) -> Crate
        Of a record folder, a run-crate.zip or an unpacked crate.  Refuses a newer format.
    check_manifest(path) -> list[str]
        Compare record folder, zip or unpacked crate with its manifest(s); one line per file that is missing,
        changed or not listed.
    unpack(path, folder) -> Path
        Extract a run-crate.zip (or the one in a record folder) into a folder that does not exist yet.
        Refuses absolute names, "..", links that lead out of the folder, special files, names that differ by
        case only, and members that are larger than they say.
    replay(crate, folder, engine) -> Path
        Write into the unpacked crate `folder` a workflow with one step per recorded job, wired as in the
        run, and return its path: source/replay.cwl (cwltool, toil: without a job file; give --outdir) or
        source/replay.smk (snakemake --directory source -s source/replay.smk; products in source/results).
        What downloads got is taken from source/resources/.  Crates of either engine run on every engine.

    Crate: format, identifier, url, name, version (of the suite), commit, engine (name, version, workflow),
        start, end, configuration, fingerprint, digests (run/digests.json), lock, locks {path: sha256}, image,
        subjects, manifest {path in the zip: sha256}, files {path: CrateFile}, jobs (tuple of Job; a job
        stands after all whose outputs it reads); products, intermediates, inputs (tuples of CrateFile).
    CrateFile: path (in the crate; the path in the run if not included), sha256, size, included, url, role
        ("product", "intermediate", "input").  The path of a folder ends in "/", its sha256 is that of
        `tidings.step.provenance.checksum`, and its files are listed besides.
    Job: id, step, stack, code (hash of the step's code), parameters {name: value}, inputs
        {field: (path, ...)} and outputs {field: path} (keys of Crate.files), start, end (aware datetimes).
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tidings.crate.model import Crate, CrateFile, Engine, Job
    from tidings.crate.reading import check_manifest, read_crate, unpack
    from tidings.crate.replaying import replay
    from tidings.crate.writing import stamp, write_crate

__all__ = [
    "Crate",
    "CrateFile",
    "Engine",
    "Job",
    "check_manifest",
    "read_crate",
    "replay",
    "stamp",
    "unpack",
    "write_crate",
]

_HOMES = {
    **dict.fromkeys(("Crate", "CrateFile", "Engine", "Job"), "model"),
    **dict.fromkeys(("check_manifest", "read_crate", "unpack"), "reading"),
    **dict.fromkeys(("stamp", "write_crate"), "writing"),
    "replay": "replaying",
}


def __getattr__(name: str) -> Any:
    # Loaded when asked for: reading a crate does not need what drawing its page does.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
