"""In the container image: the same bytes as outside, no network, any user, exactly the locked packages."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator

import pytest
import yaml
from packaging.markers import Marker

from services import containers
from suite import BIN, ROOT, call, copy, digests, short, shorten, snakemake, steps

needs_image = pytest.mark.skipif(bool(containers.why_no_image()), reason=containers.why_no_image())
needs_apptainer = pytest.mark.skipif(
    bool(containers.why_no_apptainer()), reason=containers.why_no_apptainer()
)


@pytest.fixture(scope="module")
def podman() -> Iterator[dict[str, str]]:
    with containers.podman() as variables:
        yield variables


def inside(podman: dict[str, str], code: str, *options: str, **keywords) -> str:
    """Run a line of Python in the image, as a user without a name or a home, on a read-only file system."""
    command = ["podman", "run", "--rm", "--network=none", "--read-only", "--user=12345:12345", *options]
    return call(ROOT, *command, containers.reference(), "python", "-c", code, **podman, **keywords)


def locked() -> dict[str, str]:
    """Return the packages of the lock that the image's Python needs, by their plain names."""
    text = (ROOT / "envs/science.txt").read_text()
    lines = re.findall(r"^([\w.-]+)==(\S+?)(?: ; (.+?))? \\$", text, flags=re.MULTILINE)
    return {
        plain(name): version for name, version, marker in lines if not marker or Marker(marker).evaluate()
    }


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_base_image_is_named_by_digest():
    text = (ROOT / "envs/Containerfile").read_text()
    assert re.search(r"^ARG BASE=\S+/python:3\.11\.\d+-slim-\w+@sha256:[0-9a-f]{64}$", text, re.MULTILINE)
    assert set(re.findall(r"^FROM (\S+)", text, re.MULTILINE)) == {"${BASE}"}


def test_no_tool_asks_for_a_container():
    # cwltool would then fail wherever there is no docker, even if it were only a hint.
    for path in (ROOT / "cwl").rglob("*.cwl"):
        assert "DockerRequirement" not in path.read_text(), path


@needs_image
def test_image_has_the_locked_packages_and_no_others(podman):
    code = "import importlib.metadata as m; print({d.name: d.version for d in m.distributions()})"
    found = ast.literal_eval(inside(podman, code))
    assert {plain(name): version for name, version in found.items()} == locked()


@needs_image
def test_scientific_stack_starts_for_any_user(podman):
    code = (
        "import os, sys; assert sys.version_info >= (3, 11)\n"
        "import matplotlib.pyplot as plt, astropy.table, h5py, scipy.signal\n"
        "plt.figure().savefig('/tmp/a.png'); print(os.getuid(), os.path.getsize('/tmp/a.png') > 0)"
    )
    assert inside(podman, code).splitlines()[-1] == "12345 True"


@needs_image
def test_image_holds_bytecode_that_carries_no_times(podman):
    # A flag of 1 in the second word says that the source's hash, not its time, stands there (PEP 552).
    code = (
        "import glob; names = glob.glob('/opt/tidings/lib/**/*.pyc', recursive=True)\n"
        "print(len(names) > 1000, {open(name, 'rb').read(8)[4:] for name in names})"
    )
    assert inside(podman, code).split(maxsplit=1)[0] == "True"
    assert ast.literal_eval(inside(podman, code).split(maxsplit=1)[1]) == {b"\x01\0\0\0"}


@needs_image
def test_cwl_in_containers_gives_the_same_bytes(finished, podman, tmp_path):
    folder = shorten(copy(tmp_path / "tidings"))
    output = call(
        folder,
        "cwltool",
        *("--default-container", containers.reference()),
        *("--outdir", tmp_path / "out"),
        "cwl/workflow.cwl",
        "cwl/job.yml",
        **with_tools(podman),
    )
    # Each step ran in the image, cut off from the network, with nothing but its outputs to write to.
    started = re.findall(r"\$ docker \\\n +run \\\n((?:.*\\\n)+)", output)
    # What joint figures need of an event is made once more, in the workflow of the event.
    events = yaml.safe_load((folder / "cwl/job.yml").read_text())["event_targets"]
    assert len(started) == steps(folder) + sum(len(e["detectors"]) + 2 * len(e["counts"]) for e in events)
    for command in started:
        assert {"--net=none", "--read-only=true", containers.reference()} <= set(re.findall(r"\S+", command))
    assert digests(tmp_path / "out") == short(digests(finished / "results"))


@needs_image
def test_tool_without_network_access_has_none(podman, tmp_path):
    (tmp_path / "tool.cwl").write_text(
        "cwlVersion: v1.2\nclass: CommandLineTool\ninputs: []\n"
        "requirements: {NetworkAccess: {networkAccess: false}}\nbaseCommand: [python, -c]\n"
        "arguments: [\"import os; print(os.listdir('/sys/class/net'))\"]\n"
        "stdout: net.txt\noutputs: {net: stdout}\n"
    )
    command = ["cwltool", "--default-container", containers.reference(), "tool.cwl"]
    call(tmp_path, *command, **with_tools(podman))
    assert (tmp_path / "net.txt").read_text() == "['lo']\n"


@needs_apptainer
def test_snakemake_in_containers_gives_the_same_bytes(finished, tmp_path):
    folder = shorten(copy(tmp_path / "tidings"))
    containers.sif(folder).symlink_to(containers.sif())
    # Nothing of this computer but the clone: the steps would fail if they looked for more.
    output = snakemake(
        folder,
        *("--sdm", "apptainer", "--apptainer-args", "--containall --net --network none"),
        "--verbose",
        **with_tools({"PATH": containers.apptainer_path()}),
    )
    assert len(re.findall(rf"apptainer .*exec .*{containers.sif().name} ", output)) >= steps(folder)
    assert digests(folder / "results") == short(digests(finished / "results"))


@needs_apptainer
def test_missing_image_file_is_an_error(tmp_path):
    folder = copy(tmp_path / "tidings")
    containers.sif(folder).unlink(missing_ok=True)
    output = snakemake(
        folder, "--sdm", "apptainer", status=1, **with_tools({"PATH": containers.apptainer_path()})
    )
    assert containers.sif().name in output


def with_tools(variables: dict[str, str]) -> dict[str, str]:
    """Put the suite's own commands first on a PATH."""
    return {**variables, "PATH": f"{BIN}{os.pathsep}{variables['PATH']}"}
