"""Containers for the tests: podman that runs where it may, apptainer, and the image of the steps.

`python tests/services/containers.py` prepares them, as root on Debian or Ubuntu, and needs the network.
The tests do not: they use what they find and skip otherwise. A base image given by TIDINGS_IMAGE_BASE
is pulled (``default`` for the one that envs/Containerfile names); without it the base is made of the
machine's own packages.
"""

from __future__ import annotations

import functools
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REFERENCE = ROOT / "envs" / "image.txt"
# Debian's stable releases have no apptainer: that of the unstable one gets a folder of its own.
APPTAINER = ROOT / ".venv" / "apptainer"
_STAND_IN = "localhost/tidings-base:stand-in"
_NEEDED = (
    "base-files base-passwd bash coreutils dash findutils grep libc-bin libstdc++6 python3 python3-venv sed"
)
_CAP_SYS_RESOURCE = 24


def reference() -> str:
    """Return the name of the image as recorded."""
    return REFERENCE.read_text().strip()


def sif(root: Path = ROOT) -> Path:
    """Return the file of the image for apptainer in a clone."""
    return root / f"{reference().rpartition('/')[2].replace(':', '-')}.sif"


@contextmanager
def podman() -> Iterator[dict[str, str]]:
    """Give the environment in which `podman`, and `docker` standing for it, run."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        # CWL runners know docker's command line best; podman understands it.
        (folder / "docker").symlink_to(shutil.which("podman") or "/usr/bin/podman")
        variables = {"PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}
        if text := _settings():
            (folder / "containers.conf").write_text(text)
            variables["CONTAINERS_CONF"] = str(folder / "containers.conf")
        yield variables


def _settings() -> str:
    """Return settings for root in a sandbox, who may not raise limits and has the old control groups."""
    status = Path("/proc/self/status").read_text()
    effective = int(status.partition("CapEff:")[2].split()[0], 16)
    may_raise = bool(effective >> _CAP_SYS_RESOURCE & 1)
    if os.geteuid() or (may_raise and Path("/sys/fs/cgroup/cgroup.controllers").exists()):
        return ""
    limits = []
    for word, kind in (("nofile", resource.RLIMIT_NOFILE), ("nproc", resource.RLIMIT_NPROC)):
        limit = resource.getrlimit(kind)[1]
        limit = 20000 if limit == resource.RLIM_INFINITY else min(limit, 20000)
        limits.append(f'"{word}={limit}:{limit}"')
    return (
        f'[containers]\ndefault_ulimits = [{", ".join(limits)}]\nnetns = "host"\n'
        '[engine]\nruntime = "runc"\ncgroup_manager = "cgroupfs"\n'
    )


@functools.cache
def why_no_image() -> str:
    """Return why tests that need the image cannot run, or nothing."""
    if not shutil.which("podman"):
        return "podman is not installed"
    with podman() as variables:
        command = ["podman", "image", "exists", reference()]
        done = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True)
    return f"the image is not built: {done.stderr.strip() or 'make image'}" if done.returncode else ""


def apptainer_path() -> str:
    """Return a PATH on which apptainer is found, if it is anywhere."""
    return f"{os.environ['PATH']}{os.pathsep}{APPTAINER / 'usr' / 'bin'}"


def why_no_apptainer() -> str:
    """Return why tests that need apptainer and its image cannot run, or nothing."""
    if not shutil.which("apptainer", path=apptainer_path()):
        return "apptainer is not installed"
    return "" if sif().exists() else "the apptainer image is not built: make sif"


def _run(*command: str | Path, **variables: str) -> None:
    subprocess.run([str(word) for word in command], env={**os.environ, **variables}, check=True)


def _ask(*command: str) -> str:
    return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()


def _bootstrap(suite: str, packages: str, target: str | Path, *options: str) -> None:
    """Unpack packages of a Debian or Ubuntu release, without running their scripts: a fifth of the time."""
    mirror = _ask("apt-get", "indextargets", "--format", "$(REPO_URI)", f"Codename: {_codename()}").split()[0]
    # A mirror may be a snapshot; what the machine's own apt says of that holds here, too.
    valid = _ask("apt-config", "shell", "VALID", "Acquire::Check-Valid-Until").partition("=")[2].strip("'")
    command = [
        "mmdebstrap",
        "--quiet",
        "--variant=extract",
        f"--include={','.join(packages.split())}",
        *options,
    ]
    command += [f'--aptopt=Acquire::Check-Valid-Until "{valid}"'] if valid else []
    command += [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in ("doc", "locale", "man")]
    command += ["--components=main,universe"] if "ubuntu" in mirror else []
    _run(*command, suite, target, mirror)


def _codename() -> str:
    lines = Path("/etc/os-release").read_text().splitlines()
    return next(line.partition("=")[2] for line in lines if line.startswith("VERSION_CODENAME="))


def _make_base() -> None:
    with podman() as variables, tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, "base.tar")
        users = "cd $1; for f in passwd group; do cp usr/share/base-passwd/$f.master etc/$f; done"
        _bootstrap(_codename(), _NEEDED, archive, f"--extract-hook={users}")
        _run("podman", "import", "--quiet", archive, _STAND_IN, **variables)


def _install_apptainer() -> None:
    """Unpack Debian unstable's apptainer with its C library, and point its programs at that."""
    shutil.rmtree(APPTAINER, ignore_errors=True)
    _bootstrap("sid", "apptainer", APPTAINER)
    libraries = next((APPTAINER / "usr/lib").glob("*-linux-gnu"))
    loader = next(libraries.glob("ld-linux-*.so.*"))
    programs = [APPTAINER / "usr/bin" / name for name in ("apptainer", "mksquashfs", "unsquashfs")]
    for program in (*programs, libraries / "apptainer/bin/starter"):
        _run("patchelf", "--set-interpreter", loader, "--force-rpath", "--set-rpath", libraries, program)
    # It looks for its settings and mount points beside its programs.
    (APPTAINER / "usr/etc").symlink_to("../etc")
    (APPTAINER / "usr/var").symlink_to("../var")
    (APPTAINER / "usr/lib/var").symlink_to("../../var")
    settings = APPTAINER / "etc/apptainer/apptainer.conf"
    # Root in a sandbox has not all the rights that it would pass on.
    text = settings.read_text()
    assert "root default capabilities = full" in text
    settings.write_text(text.replace("root default capabilities = full", "root default capabilities = no"))


def prepare() -> None:
    """Build the image and, if apptainer is there or can be had, its file."""
    base = os.environ.get("TIDINGS_IMAGE_BASE")
    flags = "--quiet"
    if base is None:
        _make_base()
        flags += f" --build-arg BASE={_STAND_IN}"
    elif base != "default":
        flags += f" --build-arg BASE={base}"
    # Behind a proxy with a certificate of its own, the build must know it.
    flags += " --volume /etc/ssl/certs:/etc/ssl/certs:ro"
    with podman() as variables:
        make = ["make", "--no-print-directory", "-C", ROOT, "CONTAINER=podman"]
        _run(*make, "image", f"IMAGE_FLAGS={flags}", **variables)
        if not shutil.which("apptainer"):
            try:
                _install_apptainer()
            except (subprocess.CalledProcessError, OSError, StopIteration, AssertionError) as error:
                print(f"apptainer cannot be had here, its tests will skip: {error}")
                return
        # Fast compression: the file is used a few times.
        fast = "--mksquashfs-args='-comp gzip -Xcompression-level 1'"
        _run(*make, "sif", f"SIF_FLAGS={fast}", **{**variables, "PATH": apptainer_path()})


if __name__ == "__main__":
    sys.exit(prepare())
