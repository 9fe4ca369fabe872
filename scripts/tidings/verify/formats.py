"""Which decoder a file gets, what is inside a gzip, and the digest of decoded content."""

from __future__ import annotations

import gzip
import hashlib
import io
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO

from tidings.verify.figure import PNG_SIGNATURE, open_pdf, open_png, open_svg
from tidings.verify.fits import open_fits
from tidings.verify.hdf5 import open_hdf5
from tidings.verify.model import Difference, Tolerance
from tidings.verify.nodes import Node, Unreadable, compare_nodes, constant, digest_nodes
from tidings.verify.npz import open_numpy
from tidings.verify.table import open_delimited, open_ecsv, open_parquet, open_votable
from tidings.verify.text import open_bytes, open_json, open_text

Decoder = Callable[[Path | BinaryIO], AbstractContextManager[list[Node]]]

#: The number after the name goes up when the decoded form changes: old digests then say nothing.
DECODERS: dict[str, tuple[int, Decoder]] = {
    "fits": (1, open_fits),
    "hdf5": (1, open_hdf5),
    "png": (1, open_png),
    "pdf": (1, open_pdf),
    "svg": (1, open_svg),
    "json": (1, open_json),
    "ecsv": (1, open_ecsv),
    "csv": (1, open_delimited(",")),
    "tsv": (1, open_delimited("\t")),
    "votable": (1, open_votable),
    "parquet": (1, open_parquet),
    "numpy": (1, open_numpy),
    "text": (1, open_text),
    "bytes": (1, open_bytes),
}
_SUFFIXES = {
    ".fits": "fits",
    ".fit": "fits",
    ".fts": "fits",
    ".h5": "hdf5",
    ".hdf5": "hdf5",
    ".hdf": "hdf5",
    ".nc": "hdf5",
    ".png": "png",
    ".pdf": "pdf",
    ".svg": "svg",
    ".json": "json",
    ".jsonld": "json",
    ".cwl": "text",
    ".ecsv": "ecsv",
    ".csv": "csv",
    ".tsv": "tsv",
    ".vot": "votable",
    ".votable": "votable",
    ".parquet": "parquet",
    ".npy": "numpy",
    ".npz": "numpy",
}
_SIGNATURES = {
    b"SIMPLE  =": "fits",
    b"\x89HDF\r\n\x1a\n": "hdf5",
    PNG_SIGNATURE: "png",
    b"%PDF-": "pdf",
    b"PAR1": "parquet",
    b"\x93NUMPY": "numpy",
}
_GZIP = b"\x1f\x8b"


def format_of(path: Path) -> str:
    """Name the format of a file by its suffix, otherwise by its first bytes; looks inside a gzip."""
    name = path.name[:-3] if path.name.endswith(".gz") else path.name
    known = _SUFFIXES.get(Path(name).suffix.lower())
    if known:
        return known
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP
    with gzip.open(path) if zipped else path.open("rb") as file:
        head = file.read(1 << 16)
    for signature, known in _SIGNATURES.items():
        if head.startswith(signature):
            return known
    try:
        # The head may end inside a character, so only a fault before its last bytes speaks against text.
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return "bytes" if error.start < len(head) - 4 else "text"
    return "bytes" if b"\x00" in head else "text"


@contextmanager
def decoded(path: Path, kind: str | None = None) -> Iterator[dict[str, Node]]:
    """Open a file as nodes by key.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    kind : str, optional
        One of `DECODERS`; by default what `format_of` says.

    Yields
    ------
    dict of str to Node
        The values load lazily: only inside the ``with`` block.

    Raises
    ------
    Exception
        Whatever the decoder of a damaged file raises.
    """
    _, decoder = DECODERS[kind or format_of(path)]
    with path.open("rb") as file:
        zipped = file.read(2) == _GZIP
    if not zipped:
        with decoder(path) as nodes:
            yield {node.key: node for node in nodes}
        return
    raw = path.read_bytes()
    header = constant("gzip", "gzip header (time, name)", raw[3:10].hex() + raw[10:64].hex(), volatile=True)
    with decoder(io.BytesIO(gzip.decompress(raw))) as nodes:
        yield {node.key: node for node in [*nodes, header]}


def sha256(path: Path) -> str:
    """SHA-256 of the bytes of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_digest(path: Path) -> str | None:
    """Digest of the decoded content of a file: the same for two files that differ only in volatile metadata.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    str or None
        ``format-version:sha256``; digests with another beginning cannot be compared. None if the file cannot
        be decoded, so that only its bytes can be checked.
    """
    try:
        kind = format_of(path)
        with decoded(path, kind) as nodes:
            return f"{kind}-{DECODERS[kind][0]}:{digest_nodes(nodes.values())}"
    except Exception:  # a damaged file can fail in any way inside the library that decodes it
        return None


def compare_files(
    reference: Path, candidate: Path, tolerance: Tolerance | None = None
) -> tuple[list[Difference], list[str]]:
    """Compare the decoded content of two files whose bytes differ.

    Parameters
    ----------
    reference, candidate : pathlib.Path
        The two files.
    tolerance : Tolerance, optional
        The rule of this product.

    Returns
    -------
    differences : list of Difference
        Of the content; a file that cannot be read gives one that says why.
    notes : list of str
        Volatile metadata that differ.
    """
    kind = format_of(reference)
    try:
        with _opened(reference, kind, "reference") as one, _opened(candidate, kind, "candidate") as two:
            return compare_nodes(one, two, tolerance)
    except Unreadable as error:
        return [Difference("", str(error))], []


@contextmanager
def _opened(path: Path, kind: str, side: str) -> Iterator[dict[str, Node]]:
    manager = decoded(path, kind)
    try:
        nodes = manager.__enter__()
    except Exception as error:  # as in canonical_digest
        # Neither the folder nor the address of an object belongs into a report that others compare.
        reason = str(error).replace(str(path), path.name) or type(error).__name__
        reason = re.sub(r"<[^<>]* at 0x[0-9a-f]+>", path.name, reason)
        raise Unreadable(f"the {side} cannot be read as {kind}: {reason}") from error
    try:
        yield nodes
    finally:
        manager.__exit__(None, None, None)
