"""Packing a run into a record."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from tidings.crate import graph, obscore, pages
from tidings.crate.archive import write_zip
from tidings.crate.assemble import Content, assemble
from tidings.crate.citation import Citation, read_citation
from tidings.crate.from_cwltool import read_cwltool
from tidings.crate.from_snakemake import PLUGIN_FILE, read_snakemake
from tidings.crate.manifest import NAME as MANIFEST
from tidings.crate.manifest import manifest_text
from tidings.crate.model import Crate
from tidings.crate.recorded import RecordedRun
from tidings.errors import InputError

REMOTE_LIMIT = 200_000_000
"""Size above which a downloaded file is named by URL and checksum only [bytes]."""
MOST_FILES = 100
"""Files that a record may have, at Zenodo."""
ZIP = "run-crate.zip"
EXTRA = {
    "README.md": "What this is, and how to run it again",
    "ro-crate-preview.html": "The same to look at",
    "products.obscore.vot": "One row for each product, IVOA ObsCore 1.1",
    "run/configuration.json": "Configuration as used",
    "run/digests.json": "Checksum and digest of the content of every product; numeric fingerprint",
    "run/remote.lock.json": "Addresses and checksums of what came from the network",
}


def write_crate(
    run: Path,
    record: Path,
    engine: str,
    *,
    provenance: Path | None = None,
    results: Path | None = None,
    remote_limit: int = REMOTE_LIMIT,
    identifier: str | None = None,
) -> Crate:
    """Pack a finished run.

    Parameters
    ----------
    run : Path
        The folder of the suite.
    record : Path
        Folder to make; it must not exist.
    engine : str
        "snakemake" or "cwltool".
    provenance : Path, optional
        What the engine recorded: the file of the report plugin wrroc (default: where `make crate` puts it), or
        the folder of ``cwltool --provenance``.
    results : Path, optional
        The folder of ``cwltool --outdir``.
    remote_limit : int
        Downloaded files of more bytes are named by URL and checksum only.
    identifier : str, optional
        DOI of the record, if it is known already.

    Returns
    -------
    Crate
        What was packed.

    Raises
    ------
    InputError
        The run is not finished, or is not what the files say, or the record exists. Nothing is left behind.
    """
    if record.exists():
        raise InputError(f"{record}: exists already; delete it, or name another folder")
    citation = read_citation(run / "CITATION.cff")
    crate, content = assemble(run, _recorded(run, engine, provenance, results), remote_limit)
    crate = replace(crate, digests=_digests(crate, content), identifier=identifier)
    return _write(crate, content, citation, record)


def _recorded(run: Path, engine: str, provenance: Path | None, results: Path | None) -> RecordedRun:
    if engine == "snakemake":
        return read_snakemake(run, provenance or run / PLUGIN_FILE)
    if engine == "cwltool":
        if provenance is None or results is None:
            raise InputError("a run of cwltool needs two folders: of its --provenance, and of its --outdir")
        return read_cwltool(provenance, results)
    raise InputError(f"{engine!r} is no engine whose runs can be packed: snakemake or cwltool")


def _digests(crate: Crate, content: Content) -> dict[str, Any]:
    """Return digests of the products in the form of `tidings.verify.record`, with the numeric fingerprint."""
    from tidings.fingerprint import fingerprint
    from tidings.verify import canonical_digest

    products = {
        file.path.removeprefix("results/"): {
            "sha256": file.sha256,
            "size": file.size,
            "canonical": canonical_digest(content[file.path]),
        }
        for file in crate.products
        if not file.is_folder
    }
    # Through JSON, so that what is read back is equal.
    made = {"format": "tidings-digests", "version": 1, "products": products, "fingerprint": fingerprint()}
    return json.loads(json.dumps(made, sort_keys=True))


def _write(crate: Crate, content: Content, citation: Citation, record: Path) -> Crate:
    part = record.with_name(f".{record.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        crate = _write_zip(crate, content, citation, part / ZIP)
        _write_record(crate, content, citation, part)
        part.rename(record)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return crate


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _write_zip(crate: Crate, content: Content, citation: Citation, path: Path) -> Crate:
    described = graph.metadata(crate, citation, EXTRA)
    made: Content = {
        "README.md": pages.readme(crate, citation).encode(),
        "ro-crate-preview.html": pages.preview(crate, citation, content).encode(),
        "ro-crate-metadata.json": graph.text(described),
        "products.obscore.vot": obscore.table_bytes(crate, content),
        "run/configuration.json": _json(crate.configuration),
        "run/digests.json": _json(crate.digests),
        "run/remote.lock.json": _json(crate.lock),
    }
    whole = {**content, **made}
    listed = manifest_text(whole)
    write_zip(path, {**whole, MANIFEST: listed.encode()})
    return crate


def headlines(crate: Crate) -> list[str]:
    """Return the figures that a record shows: of each job whose products no other job reads, the first."""
    read = {path for job in crate.jobs for paths in job.inputs.values() for path in paths}
    last = [job for job in crate.jobs if not read & set(job.outputs.values())]
    firsts = [next((p for p in job.outputs.values() if p.endswith(".png")), None) for job in last]
    return sorted({path for path in firsts if path})


def _write_record(crate: Crate, content: Content, citation: Citation, folder: Path) -> None:
    """Write the flat files beside the zip."""
    room = MOST_FILES - 7
    shown = {path.rpartition("/")[2]: content[path] for path in headlines(crate)[:room]}
    for name, source in shown.items():
        shutil.copyfile(source, folder / name)
    (folder / "CITATION.cff").write_bytes(content["source/CITATION.cff"].read_bytes())
    (folder / "products.obscore.vot").write_bytes(obscore.table_bytes(crate, content))
    (folder / "README.md").write_text(pages.readme(crate, citation), encoding="utf-8")
    (folder / "ro-crate-preview.html").write_text(pages.preview(crate, citation, content), encoding="utf-8")
    (folder / "ro-crate-metadata.json").write_bytes(
        graph.text(record_metadata(crate, citation, folder))
    )
    files = {path.name: path for path in sorted(folder.iterdir())}
    (folder / MANIFEST).write_text(manifest_text(files), encoding="utf-8")


def record_metadata(crate: Crate, citation: Citation, folder: Path) -> dict[str, Any]:
    """Return the JSON-LD of the record: the files in its folder."""
    raise NotImplementedError
