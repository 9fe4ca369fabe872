"""Numeric fingerprint of an environment: which elementary operations give which bits here.

Two machines with the same package versions still differ in the last bit when the BLAS picks another kernel,
the C library another variant of ``exp``, or NumPy another vector unit. Each hash below covers one operation
on fixed input, so that comparing two fingerprints names the layer that differs before any pipeline runs.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import io
import math
import os
import platform
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import astropy
import h5py
import matplotlib
import numpy as np
import PIL
import scipy
import scipy.fft
import scipy.linalg
import scipy.special
from matplotlib.ft2font import FT2Font
from PIL import Image

from tidings.errors import InputError

#: Variables that choose a numeric variant; their values belong to the fingerprint (none holds a path).
VARIABLES = (
    "GLIBC_TUNABLES",
    "MKL_NUM_THREADS",
    "NPY_DISABLE_CPU_FEATURES",
    "NPY_ENABLE_CPU_FEATURES",
    "OMP_NUM_THREADS",
    "OPENBLAS_CORETYPE",
    "OPENBLAS_NUM_THREADS",
)


def uniform(count: int, stream: int) -> np.ndarray:
    """Numbers in [0, 1) from integer arithmetic alone (SplitMix64; Steele, Lea & Flood 2014, fig. 17).

    The input of every probe must not depend on what is probed, so no generator of NumPy is used.

    Parameters
    ----------
    count : int
        How many numbers.
    stream : int
        Start of the sequence; other values give other numbers.

    Returns
    -------
    numpy.ndarray
        float64, shape ``(count,)``; multiples of 2**-53.
    """
    z = np.arange(1, count + 1, dtype=np.uint64) + np.uint64(stream << 32)
    z *= np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _square(order: int, stream: int) -> np.ndarray:
    return uniform(order * order, stream).reshape(order, order) - 0.5


def _positive_definite(order: int) -> np.ndarray:
    # Diagonally dominant and symmetric by construction: no matrix product that would itself be in doubt.
    half = np.triu(_square(order, 11))
    return half + half.T + np.diag(np.full(order, float(order)))


def _blas() -> dict[str, Callable[[], Any]]:
    # 300 is no multiple of a kernel's tile, so that edges and the split over threads count too.
    a, b = _square(300, 1), _square(300, 2)
    x, y = uniform(100_000, 3), uniform(100_000, 4)
    return {
        "matmul": lambda: a @ b,
        "matmul_float32": lambda: a.astype(np.float32) @ b.astype(np.float32),
        "dot": lambda: np.dot(x, y),
        "scipy_gemm": lambda: scipy.linalg.blas.dgemm(1.0, a, b),
    }


def _lapack() -> dict[str, Callable[[], Any]]:
    a, s = _square(160, 5), _positive_definite(200)
    return {
        "solve": lambda: np.linalg.solve(s, a[:, 0].repeat(2)[:200]),
        "cholesky": lambda: np.linalg.cholesky(s),
        "svd": lambda: np.linalg.svd(a, compute_uv=False),
        "eigh": lambda: np.linalg.eigh(s)[0],
        "scipy_lu": lambda: scipy.linalg.lu_factor(a)[0],
    }


def _libm() -> dict[str, Callable[[], Any]]:
    # The math module calls the C library one number at a time: no vector code of NumPy in between.
    x = (uniform(4000, 6) * 40 - 20).tolist()
    positive = uniform(20_000, 12) * 30 + 0.01
    return {
        "exp_log": lambda: [math.exp(v) + math.log(abs(v) + 1e-3) for v in x],
        "sin_cos": lambda: [math.sin(v) * math.cos(v) for v in x],
        "pow_atan2": lambda: [math.pow(abs(v), 0.37) + math.atan2(v, 1.5) for v in x],
        "special": lambda: [scipy.special.digamma(positive), scipy.special.j0(positive)],
    }


def _ufunc() -> dict[str, Callable[[], Any]]:
    x = uniform(40_000, 7) * 40 - 20
    return {
        "exp_log": lambda: np.exp(x) + np.log(np.abs(x) + 1e-3),
        "sin_cos": lambda: np.sin(x) * np.cos(x),
        "power_arctan2": lambda: np.abs(x) ** 0.37 + np.arctan2(x, 1.5),
        "tanh": lambda: np.tanh(x),
    }


def _simd() -> dict[str, Callable[[], Any]]:
    x = uniform(40_000, 8)
    x32 = (x * 40 - 20).astype(np.float32)
    return {
        "float32_exp_log": lambda: np.exp(x32) + np.log(np.abs(x32)),
        "float32_sin_cos": lambda: np.sin(x32) * np.cos(x32),
        "sum": lambda: [x.sum(), x32.sum(), x.var(), np.einsum("i,i", x, x)],
        "argsort_ties": lambda: np.argsort((x * 50).astype(np.int64)),
        "partition": lambda: np.argpartition(x, 20_000),
    }


def _fft() -> dict[str, Callable[[], Any]]:
    # 12345 = 3 * 5 * 823: at this length the twiddle factors show the variant of the C library's sine.
    x = uniform(2**14, 9) - 0.5
    odd = x[:12_345]
    return {
        "numpy": lambda: np.fft.fft(odd),
        "numpy_power_of_two": lambda: np.fft.rfft(x),
        "scipy": lambda: scipy.fft.rfft(odd),
        "scipy_float32": lambda: scipy.fft.fft(x.astype(np.float32)),
    }


def _random() -> dict[str, Callable[[], Any]]:
    def draw(kind: str, *args: float) -> Callable[[], Any]:
        return lambda: getattr(np.random.default_rng(20170817), kind)(*args, size=20_000)

    return {
        "normal": draw("normal"),
        "poisson": draw("poisson", 12.5),
        "gamma": draw("gamma", 2.5),
    }


def _encoding() -> dict[str, Callable[[], Any]]:
    level = (uniform(128 * 128, 10) ** 3 * 256).astype(np.uint8).reshape(128, 128)
    return {
        "zlib": lambda: zlib.compress(level.tobytes(), 6),
        "png": lambda: _png(level),
        "hdf5_gzip": lambda: _hdf5_chunk(level),
        "glyphs": _glyphs,
    }


#: Groups in order of cause: a difference in an early group explains one in a later group.
GROUPS: dict[str, Callable[[], dict[str, Callable[[], Any]]]] = {
    "libm": _libm,
    "numpy-simd": _simd,
    "numpy-ufunc": _ufunc,
    "fft": _fft,
    "blas": _blas,
    "lapack": _lapack,
    "random": _random,
    "encoding": _encoding,
}


def _png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, format="png")
    return buffer.getvalue()


def _hdf5_chunk(pixels: np.ndarray) -> bytes:
    with h5py.File.in_memory() as file:
        data = file.create_dataset("d", data=pixels, chunks=pixels.shape, compression="gzip")
        file.flush()
        return data.id.read_direct_chunk((0, 0))[1]


def _glyphs() -> np.ndarray:
    # Text in figures is drawn by FreeType with matplotlib's own font: both decide the pixels of a label.
    font = FT2Font(str(Path(matplotlib.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")))
    font.set_size(12, 100)
    font.set_text("GW170817 erg/s α δ 0.123456789")
    font.draw_glyphs_to_bitmap(antialiased=True)
    return np.array(font.get_image())


def _hash(value: Any) -> str:
    data = value if isinstance(value, bytes) else np.ascontiguousarray(value).tobytes()
    return hashlib.sha256(data).hexdigest()[:12]


def fingerprint() -> dict[str, Any]:
    """Hash fixed elementary operations and state what computed them.

    Returns
    -------
    dict
        ``hashes`` (group, operation, 12 hexadecimal digits), ``versions`` (package, version), ``cpu``
        (architecture, vector extensions that NumPy may use), ``blas`` (kernel and threads of the libraries of
        NumPy and SciPy) and ``environment`` (the variables of `VARIABLES` that are set). It names no host,
        no path and no time; two calls in one environment give equal dictionaries.
    """
    hashes = {
        group: {name: _hash(compute()) for name, compute in build().items()}
        for group, build in GROUPS.items()
    }
    return {
        "hashes": hashes,
        "versions": versions(),
        "cpu": cpu(),
        "blas": {name: blas(module) for name, module in (("numpy", np), ("scipy", scipy))},
        "environment": {name: os.environ[name] for name in VARIABLES if name in os.environ},
    }


def versions() -> dict[str, str]:
    """Versions of the packages and libraries that decide numbers and bytes."""
    return {
        "python": platform.python_version(),
        "libc": " ".join(platform.libc_ver()),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "astropy": astropy.__version__,
        "h5py": h5py.__version__,
        "hdf5": h5py.version.hdf5_version,
        "matplotlib": matplotlib.__version__,
        "pillow": PIL.__version__,
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }


def cpu() -> dict[str, Any]:
    """Architecture, and the vector extensions that this process's NumPy found and may use."""
    # NumPy publishes this only as printed text (numpy.show_runtime), which reads the same attributes.
    from numpy._core import _multiarray_umath as core

    found: Mapping[str, bool] = getattr(core, "__cpu_features__", {})
    targets = getattr(core, "__cpu_dispatch__", [])
    return {
        "architecture": platform.machine(),
        "features": sorted(name for name, there in found.items() if there),
        "dispatch": [name for name in targets if found.get(name)],
    }


def blas(module: Any) -> dict[str, Any]:
    """Version, kernel and thread number of the BLAS that NumPy or SciPy loaded.

    Parameters
    ----------
    module : module
        `numpy` or `scipy`.

    Returns
    -------
    dict
        ``name`` and ``version`` from the build; ``kernel`` and ``threads`` as the library itself tells when
        it is the OpenBLAS of a wheel, otherwise None.
    """
    built = module.show_config(mode="dicts")["Build Dependencies"]["blas"]
    state: dict[str, Any] = {
        "name": str(built.get("name")),
        "version": str(built.get("version")),
        "kernel": None,
        "threads": None,
    }
    folder = Path(module.__file__).resolve().parent.parent / f"{module.__name__}.libs"
    for library in sorted(folder.glob("libscipy_openblas*")):
        suffix = "64_" if "openblas64_" in library.name else ""
        with contextlib.suppress(OSError, AttributeError):
            handle = ctypes.CDLL(str(library))
            kernel = getattr(handle, f"scipy_openblas_get_corename{suffix}")
            kernel.restype = ctypes.c_char_p
            state["kernel"] = kernel().decode("ascii")
            state["threads"] = int(getattr(handle, f"scipy_openblas_get_num_threads{suffix}")())
    return state


def explain(reference: Mapping[str, Any], candidate: Mapping[str, Any]) -> list[str]:
    """Say in which layer two fingerprints differ, and why that is likely.

    Parameters
    ----------
    reference, candidate : mapping
        Results of `fingerprint`, of the archived run and of this environment.

    Returns
    -------
    list of str
        Empty when all hashes are equal: the same numbers are to be expected. Otherwise one line per group
        that differs, in order of cause, each with the operations, the likely cause and the remedy.

    Raises
    ------
    InputError
        If one of the two is not a fingerprint.
    """
    for name, one in (("reference", reference), ("candidate", candidate)):
        if not isinstance(one, Mapping) or not isinstance(one.get("hashes"), Mapping):
            raise InputError(
                f"The {name} is not a numeric fingerprint (no 'hashes'): make it with fingerprint()."
            )
    unknown = sorted((set(reference["hashes"]) | set(candidate["hashes"])) - set(GROUPS))
    lines: list[str] = []
    differing: list[str] = []
    for group in [*GROUPS, *unknown]:
        a, b = reference["hashes"].get(group, {}), candidate["hashes"].get(group, {})
        names = [name for name in sorted(set(a) | set(b)) if a.get(name) != b.get(name)]
        if names:
            cause = _cause(group, differing, reference, candidate)
            lines.append(f"{group} differs ({', '.join(names)}): {cause}")
            differing.append(group)
    return lines


def _cause(group: str, earlier: list[str], a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    if group == "libm":
        return _libm_cause(a, b)
    if group in ("numpy-simd", "numpy-ufunc"):
        return _simd_cause(earlier, a, b)
    if group in ("blas", "lapack"):
        return _blas_cause(a, b)
    if group in ("fft", "random") and "libm" in earlier:
        return "follows from libm"
    names = {
        "fft": ("numpy", "scipy"),
        "random": ("numpy",),
        "encoding": ("zlib", "pillow", "hdf5", "matplotlib"),
    }.get(group, ())
    return _version_cause(names, a, b) or "cause not known"


def _libm_cause(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    changed = _changed("environment", ("GLIBC_TUNABLES",), a, b)
    if changed:
        return f"the C library's choice of code, {changed}; use the same value, set before the process starts"
    changed = _version_cause(("libc", "python", "scipy"), a, b)
    if changed:
        return f"mathematical functions of the C library, {changed}; run in the same container image"
    return "mathematical functions of the C library; probably a processor without FMA and AVX2"


def _simd_cause(earlier: list[str], a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    changed = _changed("cpu", ("dispatch", "architecture"), a, b)
    if changed:
        targets = [x.get("cpu", {}).get("dispatch") or [] for x in (a, b)]
        one_sided = [
            name for names in targets for name in names if name not in targets[0] or name not in targets[1]
        ]
        return f"NumPy's vector code, {changed}; set NPY_DISABLE_CPU_FEATURES='{' '.join(one_sided)}' in both"
    if "libm" in earlier:
        return "follows from libm"
    return _version_cause(("numpy",), a, b) or "NumPy's vector code, cause not known"


def _blas_cause(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    remedies = {
        "kernel": "set OPENBLAS_CORETYPE=Haswell",
        "threads": "set OPENBLAS_NUM_THREADS=1",
        "version": "install the locked versions",
        "name": "install the locked versions",
    }
    found = []
    for library in ("numpy", "scipy"):
        one, two = (x.get("blas", {}).get(library, {}) for x in (a, b))
        for key, remedy in remedies.items():
            if one.get(key) != two.get(key):
                found.append(f"BLAS {key} of {library}, {one.get(key)} then and {two.get(key)} now; {remedy}")
    return " | ".join(found) or "linear algebra, cause not known"


def _version_cause(names: tuple[str, ...], a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    return _changed("versions", names, a, b)


def _changed(part: str, names: tuple[str, ...], a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    pairs = [(name, a.get(part, {}).get(name), b.get(part, {}).get(name)) for name in names]
    return ", ".join(f"{name} {_show(x)} then and {_show(y)} now" for name, x, y in pairs if x != y)


def _show(value: Any) -> str:
    if isinstance(value, list):
        return "+".join(value) or "none"
    return "not set" if value is None else str(value)
