"""`snakemake --sdm conda` with the environment files as they are, solved against a channel of our own.

What this shows and what not stands in services/conda_channel.py.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from services import conda_channel
from suite import BIN, copy, digests, snakemake

pytestmark = pytest.mark.skipif(bool(conda_channel.why_not()), reason=conda_channel.why_not())


@pytest.fixture(scope="module")
def conda() -> Iterator[dict[str, str]]:
    with conda_channel.conda() as variables:
        # Python shall leave its bytecode, whatever the caller's shell says.
        yield {
            **variables,
            "PATH": f"{BIN}{os.pathsep}{variables['PATH']}",
            "PYTHONDONTWRITEBYTECODE": "",
        }


def test_conda_environment_gives_the_same_bytes(conda, tmp_path):
    here, folder = copy(tmp_path / "here"), copy(tmp_path / "tidings")
    wanted = [f"results/gw/GW150914/GW150914_network.{suffix}" for suffix in ("ecsv", "pdf", "png")]
    snakemake(here, *wanted)
    # The log of a step would name a module that its environment lacks.
    output = snakemake(folder, "--sdm", "conda", "--show-failed-logs", *wanted, **conda)
    assert "Activating conda environment" in output
    made = list((folder / ".snakemake/conda").glob("*_/"))
    assert len(made) == 1
    assert versions(made[0]).items() >= pinned(folder / "envs/gw.yaml").items()
    # It was this Python that ran the steps, for it left its bytecode.
    assert list(made[0].glob("lib/python3.11/site-packages/astropy/__pycache__/*.pyc"))
    assert digests(folder / "results") == digests(here / "results")


def test_version_that_is_nowhere_is_an_error(conda, tmp_path):
    folder = copy(tmp_path / "tidings")
    path = folder / "envs/gw.yaml"
    path.write_text(re.sub(r"astropy=\S+", "astropy=7.9.9", path.read_text()))
    output = snakemake(folder, "--sdm", "conda", "--conda-create-envs-only", status=1, **conda)
    assert "Could not create conda environment" in output
    assert re.search(r"astropy.*7\.9\.9", output)


def pinned(path: Path) -> dict[str, str]:
    pins = dict(re.findall(r"^  - ([\w.-]+)=(\S+)$", path.read_text(), flags=re.MULTILINE))
    assert pins.pop("python") == "3.11"
    return pins


def versions(environment: Path) -> dict[str, str]:
    names = [path.stem.rsplit("-", 2) for path in (environment / "conda-meta").glob("*.json")]
    return {name: version for name, version, _ in names}
