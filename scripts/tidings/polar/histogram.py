"""The light curve in a ROOT file: the histogram h_lc, whose axis is unix time."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import uproot

from tidings.errors import InputError

NAME = "h_lc"
_MAGIC = b"root"


@dataclass(frozen=True, eq=False)
class Histogram:
    """Edges of the bins, s of unix time, float64 (n + 1,); rates and errors, counts/s, float64 (n,)."""

    edges: np.ndarray
    rate: np.ndarray
    error: np.ndarray


def is_root(content: bytes) -> bool:
    """Whether a file begins as those of ROOT do."""
    return content[:4] == _MAGIC


def read_histogram(content: bytes, source: str) -> Histogram:
    """Read the histogram h_lc.

    Parameters
    ----------
    content : bytes
        A ROOT file.
    source : str
        Its name, for errors.

    Raises
    ------
    InputError
        It is no whole ROOT file, or has no such histogram.
    """
    if not is_root(content):
        raise InputError(f"{source}: is no ROOT file")
    try:
        with uproot.open(io.BytesIO(content)) as file:
            held = {key.partition(";")[0]: kind for key, kind in file.classnames().items()}
            if held.get(NAME, "").startswith("TH1"):
                return _histogram(file[NAME])
    # The parser raises whatever the damaged bytes lead it to.
    except Exception as error:
        raise InputError(f"{source}: is no whole ROOT file ({_first_line(error)}); fetch it again") from None
    listed = ", ".join(f"{name} ({kind})" for name, kind in held.items()) or "nothing"
    raise InputError(
        f"{source}: has no histogram {NAME} (TH1), which holds POLAR's light curves, but: {listed}"
    )


def _histogram(found: uproot.behaviors.TH1.Histogram) -> Histogram:
    rate, edges = found.to_numpy()
    arrays = (np.asarray(each, np.float64) for each in (edges, rate, found.errors()))
    return Histogram(*arrays)


def _first_line(error: Exception) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0].strip() if lines else type(error).__name__
