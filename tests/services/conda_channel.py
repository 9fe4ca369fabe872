"""A conda channel made of the running Python and its packages, and a command that stands in for conda.

No conda can be had from the package registries that the tests may use. py-rattler can: it parses the
specifications, solves, downloads and links as conda does. With it and a channel of our own, the
unmodified ``envs/*.yaml`` go through the unmodified ``snakemake --sdm conda``. This shows that Snakemake
finds, creates and activates the environments and that the steps need nothing that the files do not name.
It does not show that the pinned versions exist on conda-forge: the packages are those of
``envs/science.txt``, repacked, with Python from the running one.

`python tests/services/conda_channel.py prepare` installs py-rattler and makes the channel.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / ".venv" / "conda"
# Named after the versions in it, so that one made before they changed is not taken.
CHANNEL = HERE / f"channel-{hashlib.sha256((ROOT / 'envs/science.txt').read_bytes()).hexdigest()[:12]}"
PYTHON = HERE / "bin" / "python"
# conda-forge's names where they differ from PyPI's.
_CONDA_NAMES = {"matplotlib": "matplotlib-base"}
_LIBRARY = f"lib/python{sys.version_info.major}.{sys.version_info.minor}"
_UNUSED = (
    "test",
    "tests",
    "idlelib",
    "ensurepip",
    "turtledemo",
    "site-packages",
    "dist-packages",
    "__pycache__",
)


def why_not() -> str:
    """Return why tests with conda environments cannot run, or nothing."""
    if sys.version_info[:2] != (3, 11):
        return "the conda environments have Python 3.11, and the channel would have another"
    prepared = (CHANNEL / "linux-64" / "repodata.json").exists()
    return "" if prepared else "no channel: python tests/services/conda_channel.py prepare"


@contextmanager
def conda() -> Iterator[dict[str, str]]:
    """Give the environment in which `conda` is found, and conda-forge means our channel."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "bin")
        folder.mkdir()
        command = folder / "conda"
        command.write_text(f'#!/bin/sh\nexec "{PYTHON}" "{Path(__file__).resolve()}" "$@"\n')
        command.chmod(0o755)
        # Snakemake sources this with the folder of the environment.
        (folder / "activate").write_text('export CONDA_PREFIX="$1" PATH="$1/bin:$PATH"\n')
        yield {
            "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
            "STAND_IN_PREFIX": name,
            "STAND_IN_CHANNEL": CHANNEL.as_uri(),
        }


def prepare() -> None:
    """Install what solves and links, and make the channel; the packages come from the running environment."""
    subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", HERE], check=True)
    uv = Path(sys.executable).with_name("uv")
    requirements = Path(__file__).with_suffix(".txt")
    install = [uv, "pip", "sync", "--quiet", "--python", PYTHON, "--require-hashes", requirements]
    subprocess.run(install, check=True)
    site = next(Path(sys.prefix).glob("lib/python3.*/site-packages"))
    subprocess.run([PYTHON, __file__, "channel", site, sys.base_prefix], check=True)


def make_channel(site: Path, base: Path) -> None:
    """Pack Python and the locked packages of a folder ``site-packages``, and index them."""
    import asyncio
    from importlib.metadata import distributions

    from rattler.index import index_fs

    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "envs/science.txt").read_text(), flags=re.MULTILINE))
    (CHANNEL / "linux-64").mkdir(parents=True)
    (CHANNEL / "noarch").mkdir()
    version = ".".join(map(str, sys.version_info[:3]))
    _pack("python", version, [], dict(_files_of_python(base)))
    for found in distributions(path=[str(site)]):
        if (name := _normal(found.metadata["Name"])) in locked:
            # Scripts name the interpreter that they were installed for; no step calls one.
            names = [path for path in found.files or [] if ".." not in path.parts and path.suffix != ".pyc"]
            files = {f"{_LIBRARY}/site-packages/{path}": site / path for path in names}
            _pack(_CONDA_NAMES.get(name, name), found.version, _needs(found.requires or [], locked), files)
    asyncio.run(index_fs(CHANNEL))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _needs(requirements: list[str], locked: set[str]) -> list[str]:
    from packaging.requirements import Requirement

    needs = ["python >=3.11,<3.12"]
    for requirement in map(Requirement, requirements):
        name = _normal(requirement.name)
        if name in locked and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            needs.append(f"{_CONDA_NAMES.get(name, name)} {requirement.specifier}".strip())
    return needs


def _files_of_python(base: Path) -> Iterator[tuple[str, Path]]:
    program = Path(_LIBRARY).name
    for name in ("python", "python3", program):
        yield f"bin/{name}", (base / "bin" / program).resolve()
    for path in sorted((base / _LIBRARY).rglob("*")):
        inner = path.relative_to(base / _LIBRARY)
        if path.is_file() and not (set(inner.parts) & set(_UNUSED)) and path.suffix != ".a":
            yield f"{_LIBRARY}/{inner}", path


def _pack(name: str, version: str, needs: list[str], files: dict[str, Path]) -> None:
    """Write one package in conda's format: a zip file of two compressed archives and a word on the format."""
    index = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": needs}
    index |= {"subdir": "linux-64", "arch": "x86_64", "platform": "linux"}
    texts = {path: source.read_bytes() for path, source in files.items()}
    paths = [
        {
            "_path": path,
            "path_type": "hardlink",
            "sha256": hashlib.sha256(text).hexdigest(),
            "size_in_bytes": len(text),
        }
        for path, text in texts.items()
    ]
    about = {
        "info/index.json": json.dumps(index).encode(),
        "info/paths.json": json.dumps({"paths": paths, "paths_version": 1}).encode(),
        "info/files": "\n".join(texts).encode(),
    }
    stem = f"{name}-{version}-0"
    with zipfile.ZipFile(CHANNEL / "linux-64" / f"{stem}.conda", "w") as package:
        package.writestr("metadata.json", json.dumps({"conda_pkg_format_version": 2}))
        package.writestr(f"pkg-{stem}.tar.zst", _archive(texts))
        package.writestr(f"info-{stem}.tar.zst", _archive(about))


def _archive(texts: dict[str, bytes]) -> bytes:
    import zstandard

    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for path, text in texts.items():
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(text), 0o755 if path.startswith("bin/") else 0o644
            archive.addfile(entry, io.BytesIO(text))
    return zstandard.ZstdCompressor(level=1).compress(made.getvalue())


def create(file: Path, prefix: Path) -> None:
    """Create the environment of a file, as `conda env create` does."""
    import asyncio

    import rattler

    text = file.read_text()
    # Two flat lists are all that these files may hold; what is not understood is an error.
    parts = re.fullmatch(r"(?:#.*\n)*channels:\n((?:  - .+\n)+)dependencies:\n((?:  - .+\n)+)", text)
    if not parts:
        sys.exit(f"{file}: expected channels and dependencies as lists")
    channels, specs = ([line[4:] for line in part.splitlines()] for part in parts.groups())
    if channels != ["conda-forge", "nodefaults"]:
        sys.exit(f"{file}: channels are {channels}")

    async def work() -> None:
        records = await rattler.solve(
            [os.environ["STAND_IN_CHANNEL"]], specs, platforms=["linux-64", "noarch"]
        )
        await rattler.install(records, prefix, cache_dir=HERE / "packages", show_progress=False)

    message = ""
    try:
        asyncio.run(work())
    except rattler.exceptions.SolverError as error:
        message = f"{file}: {error}\n"
    # py-rattler's threads may still hold the interpreter when it ends, which it then does with a crash.
    sys.stderr.write(message)
    sys.stderr.flush()
    os._exit(bool(message))


def main(words: list[str]) -> None:
    """Answer what Snakemake asks of conda, and nothing else."""
    options = {word: words[place + 1] for place, word in enumerate(words[:-1]) if word.startswith("--")}
    if words[:1] == ["prepare"]:
        prepare()
    elif words[:1] == ["channel"]:
        make_channel(Path(words[1]), Path(words[2]))
        # As in `create`: what is done is done, but the end of the interpreter may crash.
        sys.stdout.flush()
        os._exit(0)
    elif words[:1] == ["--version"]:
        print("conda 26.9.0")
    elif words[:2] == ["info", "--json"]:
        print(json.dumps({"conda_prefix": os.environ["STAND_IN_PREFIX"], "platform": "linux-64"}))
    elif words[:3] == ["config", "--get", "channel_priority"]:
        print(json.dumps({"get": {"channel_priority": "strict"}}))
    elif words[:1] == ["clean"]:
        # The packages are kept: other environments are made of them.
        pass
    elif words[:2] == ["env", "create"]:
        create(Path(options["--file"]), Path(options["--prefix"]))
    else:
        sys.exit(f"the stand-in for conda does not know: {' '.join(words)}")


if __name__ == "__main__":
    main(sys.argv[1:])
