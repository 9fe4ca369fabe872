"""Writing products so that the same values give the same bytes: HDF5, ECSV, JSON and figures.

No writer puts a clock, a host, a path or a library's version into a file, and each makes the whole file in
memory before it opens the destination, so that a full disk is an `OSError` that names the file.

The provenance block is a plain dict, ``{"step", "version", "parameters", "inputs"}``; every format keeps it:
HDF5 as JSON text in the root attribute ``provenance``, ECSV in the table's meta, PNG in the text chunk
``Description``, PDF as the subject, SVG as the description, JSON under the key ``provenance``.
"""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import matplotlib
import matplotlib.style
import numpy as np
from astropy.table import Table
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tidings.errors import InputError

# The oldest format that h5py of every supported Python writes alike; "earliest" would keep attributes
# below 64 kB, less than a long frequency axis needs.
HDF5_LIBVER = ("v110", "v110")

# Okabe & Ito (2008), "Color Universal Design": distinct for every common form of colour blindness. Yellow
# is left out: it cannot be seen on white.
OKABE_ITO = {
    "blue": "#0072B2",
    "vermillion": "#D55E00",
    "green": "#009E73",
    "purple": "#CC79A7",
    "orange": "#E69F00",
    "sky": "#56B4E9",
    "black": "#000000",
}

# Widths of one and of two columns of A&A and of the AAS journals, inches.
COLUMN = 3.5
PAGE = 7.1

_RC = {
    # The fonts that come with matplotlib: what is installed on a machine must not change the bytes.
    "font.family": ["DejaVu Sans"],
    "mathtext.fontset": "dejavusans",
    "font.size": 8.0,
    "axes.titlesize": 8.0,
    "axes.labelsize": 8.0,
    "xtick.labelsize": 7.0,
    "ytick.labelsize": 7.0,
    "legend.fontsize": 7.0,
    "figure.titlesize": 8.0,
    "axes.linewidth": 0.6,
    "lines.linewidth": 0.8,
    "lines.markersize": 3.0,
    "xtick.direction": "in",
    "ytick.direction": "in",
    "xtick.top": True,
    "ytick.right": True,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "axes.prop_cycle": matplotlib.cycler(color=list(OKABE_ITO.values())),
    "axes.formatter.useoffset": False,
    "legend.frameon": False,
    "figure.dpi": 300.0,
    "savefig.dpi": "figure",
    "savefig.bbox": None,
    "pdf.fonttype": 42,
    "ps.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "tidings",
}


def provenance_text(provenance: dict[str, Any]) -> str:
    """Return a provenance block as one line of ASCII JSON with sorted keys."""
    return json.dumps(_plain(provenance), sort_keys=True, allow_nan=False)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a whole file; a disk that is full, or a folder that is missing, is an OSError naming the file."""
    try:
        Path(path).write_bytes(content)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def hdf5_bytes(build: Callable[[h5py.File], None], provenance: dict[str, Any] | None = None) -> bytes:
    """Return the HDF5 file that `build` fills.

    Parameters
    ----------
    build
        Called once with the open, empty file. Datasets made by h5py hold no times unless asked for.
    provenance
        The block stored in the root attribute ``provenance``.
    """
    stream = io.BytesIO()
    with h5py.File(stream, "w", libver=HDF5_LIBVER) as file:
        build(file)
        if provenance is not None:
            file.attrs["provenance"] = provenance_text(provenance)
    return stream.getvalue()


def write_hdf5(
    path: Path, build: Callable[[h5py.File], None], provenance: dict[str, Any] | None = None
) -> None:
    """Write the HDF5 file that `build` fills (see `hdf5_bytes`)."""
    write_bytes(path, hdf5_bytes(build, provenance))


def write_ecsv(table: Table, path: Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a table as ECSV (APE 6); units, descriptions and the meta of table and columns are kept.

    Parameters
    ----------
    table
        Not changed; its meta must be plain values, lists and dicts.
    provenance
        The block stored in the meta key ``provenance``.
    """
    table = table.copy(copy_data=False)
    table.meta = _plain(copy.deepcopy(dict(table.meta)))
    if provenance is not None:
        table.meta["provenance"] = _plain(provenance)
    stream = io.StringIO()
    table.write(stream, format="ascii.ecsv")
    write_bytes(path, stream.getvalue().encode("utf-8"))


def write_json(value: Any, path: Path, provenance: dict[str, Any] | None = None) -> None:
    """Write a value as JSON: sorted keys, one-space indent, UTF-8, final newline.

    numpy scalars and arrays are written as numbers and lists. `provenance` is stored under the key of that
    name, so it needs `value` to be a dict.

    Raises
    ------
    ValueError
        A number is NaN or infinite (JSON has neither: leave the key out or write null).
    """
    if provenance is not None:
        value = {**value, "provenance": provenance}
    text = json.dumps(_plain(value), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    write_bytes(path, (text + "\n").encode("utf-8"))


@contextmanager
def style() -> Iterator[None]:
    """Make figures in the project's style, whatever matplotlib configuration the user has.

    For use while a figure is made; `save_figure` uses it again, since some settings act on drawing.
    """
    with matplotlib.style.context(["default", _RC]):
        yield


def new_figure(width: float = COLUMN, height: float | None = None) -> Figure:
    """Return an empty figure outside pyplot, with a layout that leaves room for every label.

    Parameters
    ----------
    width, height
        Inches; the height is 3/4 of the width when not given.
    """
    figure = Figure(figsize=(width, 0.75 * width if height is None else height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(
    figure: Figure, path: Path, provenance: dict[str, Any] | None = None, dpi: float | None = None
) -> None:
    """Write a figure as PNG, PDF or SVG, by the suffix of `path`.

    Parameters
    ----------
    provenance
        The block kept as the picture's description (PDF: subject).
    dpi
        Pixels per inch of a PNG and of the images inside a PDF or SVG; the figure's own when not given.

    Raises
    ------
    InputError
        The suffix is none of .png, .pdf, .svg.
    """
    path = Path(path)
    kind = path.suffix.lower().lstrip(".")
    stream = io.BytesIO()
    with style():
        figure.savefig(stream, format=kind, dpi=dpi or "figure", metadata=_metadata(kind, path, provenance))
    write_bytes(path, stream.getvalue())


def _metadata(kind: str, path: Path, provenance: dict[str, Any] | None) -> dict[str, str | None]:
    """Return savefig's metadata: None drops an entry that matplotlib would make up."""
    text = "" if provenance is None else provenance_text(provenance)
    if kind == "png":
        return {"Software": None, **({"Description": text} if text else {})}
    if kind == "pdf":
        dropped = dict.fromkeys(("Creator", "Producer", "CreationDate"))
        return {**dropped, **({"Subject": text} if text else {})}
    if kind == "svg":
        return {"Date": None, "Creator": None, **({"Description": text} if text else {})}
    raise InputError(f"{path}: a figure is written as .png, .pdf or .svg; give a name with one of these")


def _plain(value: Any) -> Any:
    """Return `value` with numpy scalars, arrays and tuples as what JSON and YAML have."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return value
