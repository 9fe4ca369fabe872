"""The numeric fingerprint: stable in one environment, and moved by what moves numbers."""

from __future__ import annotations

import copy
import json
import os
import platform
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tidings.errors import InputError
from tidings.fingerprint import GROUPS, VARIABLES, explain, fingerprint, uniform

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
ABOVE_AVX2 = "X86_V4 AVX512_ICL AVX512_SPR"
x86_only = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="needs an x86-64")


@pytest.fixture(scope="module")
def here():
    return fingerprint()


def elsewhere(**variables: str) -> dict:
    """Fingerprint of another process whose numeric variables are these and no others."""
    environment = {name: value for name, value in os.environ.items() if name not in VARIABLES} | variables
    code = "import json, tidings.fingerprint as f; print(json.dumps(f.fingerprint()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment | {"PYTHONPATH": str(SCRIPTS)},
        capture_output=True,
        check=True,
        text=True,
    )
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def plain():
    return elsewhere(OPENBLAS_NUM_THREADS="1")


def changed(a: dict, b: dict) -> set[str]:
    return {group for group in a["hashes"] if a["hashes"][group] != b["hashes"][group]}


def test_input_is_that_of_splitmix64():
    # First outputs for the seed 0 as published with the reference implementation (Vigna, prng.di.unimi.it).
    published = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert uniform(3, 0).tolist() == [(value >> 11) * 2.0**-53 for value in published]
    sample = uniform(20_000, 1)
    assert sample.min() >= 0 and sample.max() < 1 and abs(sample.mean() - 0.5) < 0.01


def test_one_environment_gives_one_fingerprint(here):
    assert fingerprint() == here
    assert list(here["hashes"]) == list(GROUPS)
    assert 25 <= sum(len(group) for group in here["hashes"].values()) <= 36
    assert explain(here, here) == []


def test_two_processes_agree(plain):
    again = elsewhere(OPENBLAS_NUM_THREADS="1")
    assert again == plain and explain(plain, again) == []


def test_it_names_no_host_and_no_path(here):
    text = json.dumps(here)
    assert os.sep not in text and f'"{socket.gethostname()}"' not in text
    assert here["versions"]["numpy"] == np.__version__


@x86_only
@pytest.mark.parametrize("kernel", ["Haswell", "Prescott"])
def test_another_blas_kernel_changes_linear_algebra_alone(plain, kernel):
    other = elsewhere(OPENBLAS_NUM_THREADS="1", OPENBLAS_CORETYPE=kernel)
    if plain["blas"]["numpy"]["kernel"] in (None, other["blas"]["numpy"]["kernel"]):
        pytest.skip(f"the BLAS here is no OpenBLAS of a wheel, or uses {kernel} anyway")
    assert changed(plain, other) == {"blas", "lapack"}
    lines = explain(plain, other)
    assert lines[0].startswith("blas differs (") and "OPENBLAS_CORETYPE=Haswell" in lines[0]


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs two processors")
def test_another_number_of_threads_changes_linear_algebra_alone(plain):
    other = elsewhere(OPENBLAS_NUM_THREADS="2")
    if other["blas"]["numpy"]["threads"] != 2:
        pytest.skip("the BLAS here does not obey OPENBLAS_NUM_THREADS")
    assert changed(plain, other) == {"blas", "lapack"}
    assert "BLAS threads of numpy, 1 then and 2 now; set OPENBLAS_NUM_THREADS=1" in explain(plain, other)[0]


@x86_only
def test_without_avx2_numpy_changes_its_vector_code(plain):
    above = elsewhere(OPENBLAS_NUM_THREADS="1", NPY_DISABLE_CPU_FEATURES=ABOVE_AVX2)
    other = elsewhere(OPENBLAS_NUM_THREADS="1", NPY_DISABLE_CPU_FEATURES=f"X86_V3 {ABOVE_AVX2}")
    if above["cpu"]["dispatch"] == other["cpu"]["dispatch"]:
        pytest.skip("NumPy finds no AVX2 here, or names it in another way")
    assert changed(above, other) == {"numpy-simd", "numpy-ufunc"}
    assert set(names(above, other, "numpy-simd")) >= {"float32_exp_log", "float32_sin_cos"}
    assert names(above, other, "numpy-ufunc") == ["tanh"]
    assert (
        "dispatch X86_V3 then and none now; set NPY_DISABLE_CPU_FEATURES='X86_V3'" in explain(above, other)[0]
    )


@x86_only
def test_avx512_changes_vector_code_and_can_be_turned_off(plain):
    if "X86_V4" not in plain["cpu"]["dispatch"]:
        pytest.skip("NumPy finds no AVX-512 here")
    other = elsewhere(OPENBLAS_NUM_THREADS="1", NPY_DISABLE_CPU_FEATURES=ABOVE_AVX2)
    assert other["cpu"]["dispatch"] == ["X86_V3"]
    assert changed(plain, other) == {"numpy-simd", "numpy-ufunc"}
    # The remedy that is named is the one that works: what only one of the two has, turned off in both.
    extra = [name for name in plain["cpu"]["dispatch"] if name != "X86_V3"]
    assert f"set NPY_DISABLE_CPU_FEATURES='{' '.join(extra)}' in both" in explain(plain, other)[0]


@x86_only
def test_another_variant_of_the_c_library_changes_what_is_built_on_it(plain):
    # With AVX-512 NumPy computes exp and log itself; below it they come from the C library as well.
    base = elsewhere(OPENBLAS_NUM_THREADS="1", NPY_DISABLE_CPU_FEATURES=ABOVE_AVX2)
    other = elsewhere(
        OPENBLAS_NUM_THREADS="1",
        NPY_DISABLE_CPU_FEATURES=ABOVE_AVX2,
        GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2,-FMA",
    )
    if platform.libc_ver()[0] != "glibc" or "FMA3" not in base["cpu"]["features"]:
        pytest.skip("no glibc, or a processor without FMA: there is one variant only")
    assert changed(base, other) == {"libm", "numpy-ufunc", "fft"}
    lines = explain(base, other)
    assert lines[0].startswith("libm differs (") and "GLIBC_TUNABLES not set then" in lines[0]
    assert [line.rpartition(": ")[2] for line in lines[1:]] == ["follows from libm"] * 2


def names(a: dict, b: dict, group: str) -> list[str]:
    return [name for name in a["hashes"][group] if a["hashes"][group][name] != b["hashes"][group][name]]


@pytest.mark.parametrize(
    ("group", "part", "key", "expected"),
    [
        ("libm", "versions", "libc", "libc glibc 2.36 then and glibc 2.41 now; run in the same container"),
        ("encoding", "versions", "zlib", "zlib glibc 2.36 then and glibc 2.41 now"),
        ("random", "versions", "numpy", "numpy glibc 2.36 then and glibc 2.41 now"),
        ("random", None, None, "cause not known"),
        ("lapack", None, None, "linear algebra, cause not known"),
    ],
)
def test_a_version_is_named_as_the_cause(here, group, part, key, expected):
    one, two = copy.deepcopy(here), copy.deepcopy(here)
    two["hashes"][group][next(iter(two["hashes"][group]))] = "0" * 12
    if part:
        one[part][key], two[part][key] = "glibc 2.36", "glibc 2.41"
    (line,) = explain(one, two)
    assert line.startswith(f"{group} differs (") and expected in line


def test_a_group_of_another_release_is_not_overlooked(here):
    newer = copy.deepcopy(here)
    newer["hashes"]["gpu"] = {"matmul": "0" * 12}
    assert explain(here, newer) == ["gpu differs (matmul): cause not known"]


@pytest.mark.parametrize("bad", [{}, [], {"hashes": []}, "x"])
def test_what_is_no_fingerprint_is_refused(here, bad):
    with pytest.raises(InputError, match="The candidate is not a numeric fingerprint"):
        explain(here, bad)
    with pytest.raises(InputError, match="The reference is not a numeric fingerprint"):
        explain(bad, here)
