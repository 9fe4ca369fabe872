"""Packing a run into a record."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from tidings.crate import graph, obscore, pages
from tidings.crate.archive import write_zip
from tidings.crate.assemble import Content, assemble
from tidings.crate.citation import Citation, read_citation, without_addresses
from tidings.crate.entities import text
from tidings.crate.from_cwltool import read_cwltool
from tidings.crate.from_snakemake import PLUGIN_FILE, read_snakemake
from tidings.crate.manifest import NAME as MANIFEST
from tidings.crate.manifest import digest, manifest_text, parse_manifest
from tidings.crate.model import ZIP, Crate
from tidings.crate.reading import read_crate, unpack
from tidings.crate.readme import readme
from tidings.crate.record import headlines, record_metadata, shown_name
from tidings.crate.recorded import RecordedRun
from tidings.errors import InputError
from tidings.step.declaration import SCRIPTS

REMOTE_LIMIT = 200_000_000
"""Size above which a downloaded file is named by URL and checksum only [bytes]."""
MOST_FILES = 100
"""Files that a record may have, at Zenodo."""
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
    job: Path | None = None,
    remote_limit: int = REMOTE_LIMIT,
    identifier: str | None = None,
    replace_record: bool = False,
) -> Crate:
    """Pack a finished run.

    Parameters
    ----------
    run : Path
        The folder of the suite.
    record : Path
        Folder to make; it must not exist, or be empty.
    engine : str
        "snakemake", "cwltool" or "toil".
    provenance : Path, optional
        What is recorded of the run: the file of the report plugin wrroc (default: where the rule `crate` has
        it), or for a CWL engine the folder that TIDINGS_JOURNAL named.
    results, job : Path, optional
        For a CWL engine: the folder of ``--outdir``, and the job file.
    remote_limit : int
        Downloaded files of more bytes are named by URL and checksum only.
    identifier : str, optional
        DOI of the record, if it is known already.
    replace_record : bool
        Put the new record in the place of an older one.

    Returns
    -------
    Crate
        What was packed.

    Raises
    ------
    InputError
        The run is not finished, or is not what the files say, or the record exists. Nothing is left behind.
    """
    _require_place(record, replace_record)
    citation = read_citation(run / "CITATION.cff")
    crate, content = assemble(run, _recorded(run, engine, provenance, results, job), remote_limit)
    crate = replace(crate, digests=_digests(crate, content), identifier=identifier)
    content["source/CITATION.cff"] = _public_citation(run / "CITATION.cff")
    return _write(crate, content, citation, record)


def _public_citation(path: Path) -> Path | bytes:
    """Return the file, or its text without e-mail addresses where it has any."""
    text = path.read_text(encoding="utf-8")
    public = without_addresses(text)
    return path if public == text else public.encode()


def _require_place(record: Path, replace_record: bool) -> None:
    """Refuse to write over anything but an older record, and over that only if told to."""
    if not record.exists() or (record.is_dir() and not any(record.iterdir())):
        return
    # The zip is what Snakemake takes away before it runs the rule that makes it.
    is_record = (record / ZIP).is_file() or (record / MANIFEST).is_file()
    if not (replace_record and is_record):
        raise InputError(f"{record}: exists already; delete it, or name another folder")


def _recorded(
    run: Path, engine: str, provenance: Path | None, results: Path | None, job: Path | None
) -> RecordedRun:
    if engine == "snakemake":
        return read_snakemake(run, provenance or run / PLUGIN_FILE)
    if engine not in ("cwltool", "toil"):
        raise InputError(f"{engine!r} is no engine whose runs can be packed: snakemake, cwltool or toil")
    if provenance is None or results is None or job is None:
        raise InputError(
            "a run of a CWL engine needs three: the folder that TIDINGS_JOURNAL named, that of --outdir, "
            "and the job file"
        )
    return read_cwltool(engine, provenance, results, job)


def _digests(crate: Crate, content: Content) -> dict[str, Any]:
    """Return digests of the products in the form of `tidings.verify.record`, with the numeric fingerprint."""
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
    return {"format": "tidings-digests", "version": 1, "products": products, "fingerprint": _fingerprint()}


def _fingerprint() -> dict[str, Any]:
    """Return the numeric fingerprint of a new process, which has the environment that the steps run in."""
    code = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); from tidings.step import environment\n"
        "environment.pin(); from tidings.fingerprint import fingerprint; print(json.dumps(fingerprint()))"
    )
    command = [sys.executable, "-c", code, str(SCRIPTS)]
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout)


def stamp(record: Path, identifier: str, url: str | None = None) -> None:
    """Write a reserved DOI, and the address of the record, into an existing record.

    The zip and all files that mention either are made anew; the same DOI again changes no byte.

    Parameters
    ----------
    record : Path
        As `write_crate` made it.
    identifier : str
        The DOI, such as ``10.5281/zenodo.123``.
    url : str, optional
        Address of the record.
    """
    crate = replace(read_crate(record), identifier=identifier, url=url)
    with tempfile.TemporaryDirectory(prefix=".tidings-", dir=record.parent) as scratch:
        unpacked = unpack(record, Path(scratch, "crate"))
        content = {name: unpacked / name for name in _members(unpacked)}
        _write(crate, content, read_citation(unpacked / "source/CITATION.cff"), record)


def _members(folder: Path) -> list[str]:
    """List the files of an unpacked crate that are not made anew."""
    names = (
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    )
    return sorted(name for name in names if name not in {*EXTRA, MANIFEST, "ro-crate-metadata.json"})


def _write(crate: Crate, content: Content, citation: Citation, record: Path) -> Crate:
    part = record.with_name(f".{record.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    try:
        part.mkdir(parents=True)
        made = _made(crate, citation, content)
        crate = _write_zip(crate, {**content, **made}, part / ZIP)
        _write_record(crate, citation, content, made, part)
        _put(part, record)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return crate


def _put(made: Path, record: Path) -> None:
    """Move a new record into its place, and what was there before away."""
    if record.exists():
        with tempfile.TemporaryDirectory(prefix=".tidings-", dir=record.parent) as scratch:
            record.rename(Path(scratch, "old"))
            made.rename(record)
    else:
        made.rename(record)


def _made(crate: Crate, citation: Citation, content: Content) -> dict[str, bytes]:
    """Return the files that describe the run."""
    return {
        "README.md": readme(crate, citation).encode(),
        "ro-crate-preview.html": pages.preview(crate, citation, content).encode(),
        "ro-crate-metadata.json": text(graph.metadata(crate, citation, EXTRA)),
        "products.obscore.vot": obscore.table_bytes(crate, content),
        "run/configuration.json": _json(crate.configuration),
        "run/digests.json": _json(crate.digests),
        "run/remote.lock.json": _json(crate.lock),
    }


def _json(value: Any) -> bytes:
    return (json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _write_zip(crate: Crate, content: Content, path: Path) -> Crate:
    listed = manifest_text(content)
    write_zip(path, {**content, MANIFEST: listed.encode()})
    return replace(crate, manifest=parse_manifest(listed, MANIFEST))


def _write_record(
    crate: Crate, citation: Citation, content: Content, made: dict[str, bytes], folder: Path
) -> None:
    """Write the flat files beside the zip."""
    files: Content = {
        name: made[name] for name in ("README.md", "ro-crate-preview.html", "products.obscore.vot")
    }
    files["CITATION.cff"] = content["source/CITATION.cff"]
    # The zip, the metadata and the manifest come on top.
    shown = headlines(crate)[: MOST_FILES - len(files) - 3]
    files |= {shown_name(path): content[path] for path in shown}
    for name, value in files.items():
        (folder / name).write_bytes(value if isinstance(value, bytes) else value.read_bytes())
    paths = {path.name: path for path in sorted(folder.iterdir())}
    described = {name: (path.stat().st_size, digest(path)) for name, path in paths.items()}
    described_at = folder / "ro-crate-metadata.json"
    described_at.write_bytes(text(record_metadata(crate, citation, described)))
    (folder / MANIFEST).write_text(
        manifest_text({**paths, described_at.name: described_at}), encoding="utf-8"
    )
