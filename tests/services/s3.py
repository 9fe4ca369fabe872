"""An object store with the S3 interface on the loopback device: the server of moto, in a process of its own.

It lives in an environment of its own (`make s3`), whose Python also brings the client that looks into
the buckets from outside.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SEARCH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
KEYS = {"SNAKEMAKE_STORAGE_S3_ACCESS_KEY": "tester", "SNAKEMAKE_STORAGE_S3_SECRET_KEY": "secret"}

# Runs in the server's environment: puts files into a bucket, or gets or lists all that is in it.
CLIENT = """\
import json, pathlib, sys, boto3
action, endpoint, bucket, folder = sys.argv[1:5]
s3 = boto3.resource("s3", endpoint_url=endpoint, region_name="us-east-1",
                    aws_access_key_id="tester", aws_secret_access_key="secret")
known = bucket in [one.name for one in s3.buckets.all()]
if action == "put":
    known or s3.create_bucket(Bucket=bucket)
    for path in pathlib.Path(folder).rglob("*"):
        path.is_dir() or s3.Bucket(bucket).upload_file(str(path), path.relative_to(folder).as_posix())
objects = list(s3.Bucket(bucket).objects.all()) if known or action == "put" else []
if action == "get":
    for one in objects:
        path = pathlib.Path(folder, one.key)
        path.parent.mkdir(parents=True, exist_ok=True)
        s3.Bucket(bucket).download_file(one.key, str(path))
print(json.dumps([one.key for one in objects]))
"""


def missing() -> str | None:
    """Return why the server cannot be started here, or nothing."""
    return None if shutil.which("moto_server", path=SEARCH) else "no moto_server (make s3)"


@dataclass(frozen=True)
class Store:
    """A running object store: its address, and the Python that brings a client for it."""

    endpoint: str
    python: Path

    @property
    def variables(self) -> dict[str, str]:
        """Return the environment by which a user of the S3 plugin names the store and himself."""
        return {"SNAKEMAKE_STORAGE_S3_ENDPOINT_URL": self.endpoint, **KEYS}

    def keys(self, bucket: str) -> list[str]:
        """Return the names of all objects in a bucket, which need not exist."""
        return self._ask("list", bucket)

    def get(self, bucket: str, folder: Path) -> Path:
        """Copy all objects of a bucket into a folder and return that."""
        self._ask("get", bucket, folder)
        return folder

    def put(self, bucket: str, folder: Path) -> None:
        """Copy the files below a folder into a bucket, which is made if there is none."""
        self._ask("put", bucket, folder)

    def _ask(self, action: str, bucket: str, folder: Path | str = "") -> list[str]:
        command = [self.python, "-c", CLIENT, action, self.endpoint, bucket, folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{action} {bucket}: {done.stderr}")
        return json.loads(done.stdout)


@contextmanager
def store(log: Path) -> Iterator[Store]:
    """Run an empty object store, and stop it afterwards whatever happens.

    Parameters
    ----------
    log
        File for what the server says.
    """
    if reason := missing():
        raise RuntimeError(reason)
    program = Path(shutil.which("moto_server", path=SEARCH)).resolve()
    with log.open("w") as out:
        # Port 0: the system picks a free one, and the server says which.
        process = subprocess.Popen(
            [program, "--host", "127.0.0.1", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield Store(_address(process, log), program.with_name("python"))
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: subprocess.Popen, log: Path, seconds: float = 60) -> str:
    """Return the address that the server announces as soon as it listens."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := re.search(r"Running on (http://127\.0\.0\.1:\d+)", log.read_text()):
            return found[1]
        if process.poll() is not None:
            break
        time.sleep(0.05)
    raise RuntimeError(f"moto_server does not listen:\n{log.read_text()}")
