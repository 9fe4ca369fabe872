"""Which parts of the arithmetic, and which packages, the code of a step uses: read from its source.

The groups are those of `tidings.fingerprint`.  The C library and NumPy's vector code are used by every
step.  The others are looked for by name, broadly: a step that is wrongly thought to use one makes a
prediction cautious, not wrong.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tidings.step.code import modules

ALWAYS = frozenset({"libm", "numpy-simd", "numpy-ufunc"})
LINEAR = frozenset({"blas", "lapack"})
# Functions of NumPy and SciPy that hand their work to BLAS or LAPACK.
_LINEAR_NAMES = frozenset(
    [
        "cho_factor",
        "cho_solve",
        "cholesky",
        "convolve",
        "correlate",
        "cov",
        "curve_fit",
        "det",
        "dot",
        "eig",
        "eigh",
        "einsum",
        "inner",
        "inv",
        "least_squares",
        "linalg",
        "lstsq",
        "lu_factor",
        "matmul",
        "minimize",
        "outer",
        "pinv",
        "polyfit",
        "qr",
        "solve",
        "svd",
        "tensordot",
        "vdot",
    ]
)
_LINEAR_PACKAGES = ("scipy.interpolate", "scipy.linalg", "scipy.optimize", "scipy.signal", "scipy.sparse")
_LINEAR_PACKAGES += ("scipy.stats", "astropy.coordinates", "astropy.modeling", "astropy.wcs", "mocpy")
_FFT_NAMES = frozenset({"fft", "fftconvolve", "irfft", "rfft", "welch"})
_RANDOM_NAMES = frozenset({"default_rng", "random"})
# Products whose bytes depend on compression or on the drawing of text.
ENCODED = (".gz", ".hdf5", ".parquet", ".pdf", ".png")


@dataclass(frozen=True)
class Usage:
    """What a step's code uses: groups of the fingerprint, names of packages as they are imported."""

    groups: frozenset[str]
    packages: frozenset[str]


@cache
def usage(step: str, scripts: Path) -> Usage:
    """Return what a step uses.

    Parameters
    ----------
    step : str
        Its name.
    scripts : Path
        The folder that has its file and the library.
    """
    groups, packages = set(ALWAYS), set()
    for path in modules(scripts / f"{step}.py", scripts):
        tree = ast.parse(path.read_bytes(), filename=path.name)
        names, imported = set(_names(tree)), set(_imports(tree))
        packages |= {name.partition(".")[0] for name in imported}
        if names & _LINEAR_NAMES or any(name.startswith(_LINEAR_PACKAGES) for name in imported):
            groups |= LINEAR
        if names & _FFT_NAMES or any("fft" in name for name in imported):
            groups.add("fft")
        if names & _RANDOM_NAMES:
            groups.add("random")
    return Usage(frozenset(groups), frozenset(packages - {"tidings", "__future__"}))


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.name.rpartition(".")[2]
        elif isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.MatMult):
            yield "matmul"


def _imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
