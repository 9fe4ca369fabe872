"""The real InvenioRDM on the loopback device, to see whether the local Zenodo still answers as it does.

By hand, since it installs 600 MB; with Debian's postgresql and redis-server:

    python tests/services/inveniordm.py

installs it in .venv/inveniordm, starts it with a database, Redis and a stand-in for OpenSearch, runs the
contract tests of its interface against it (tests/test_zenodo_rdm.py), and stops all.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE.parent))

from servers.search import SearchServer  # noqa: E402

ENVIRONMENT = ROOT / ".venv" / "inveniordm"
POSTGRESQL = sorted(Path("/usr/lib/postgresql").glob("*/bin"))

# As Zenodo is set up, where that shows in the interface; the addresses are those of this machine.
SETTINGS = """\
SECRET_KEY = "tests"
SQLALCHEMY_DATABASE_URI = "postgresql+psycopg2://rdm@127.0.0.1:{database}/rdm"
CACHE_TYPE = "RedisCache"
CACHE_REDIS_URL = "redis://127.0.0.1:{redis}/0"
ACCOUNTS_SESSION_REDIS_URL = "redis://127.0.0.1:{redis}/1"
CELERY_RESULT_BACKEND = "redis://127.0.0.1:{redis}/2"
BROKER_URL = CELERY_BROKER_URL = "redis://127.0.0.1:{redis}/3"
COMMUNITIES_IDENTITIES_CACHE_REDIS_URL = "redis://127.0.0.1:{redis}/4"
IIIF_CACHE_REDIS_URL = "redis://127.0.0.1:{redis}/5"
RATELIMIT_ENABLED = False
SEARCH_HOSTS = [{{"host": "127.0.0.1", "port": {search}}}]
SITE_UI_URL = "http://127.0.0.1:{site}"
SITE_API_URL = "http://127.0.0.1:{site}/api"
TRUSTED_HOSTS = ["127.0.0.1"]
APP_ENABLE_SECURE_HEADERS = False
# Nobody registers these DOIs: that is work for a queue that nobody serves.
DATACITE_ENABLED = DATACITE_TEST_MODE = True
DATACITE_USERNAME = DATACITE_PASSWORD = "nobody"
DATACITE_PREFIX = "10.5072"
RDM_ALLOW_METADATA_ONLY_RECORDS = False
RDM_ALLOW_RESTRICTED_RECORDS = False
RECORDS_RESOURCES_ALLOW_EMPTY_FILES = False
"""


def missing() -> str | None:
    """Return why it cannot be started here, or nothing."""
    if not POSTGRESQL:
        return "no PostgreSQL (apt-get install postgresql)"
    return None if shutil.which("redis-server") else "no Redis (apt-get install redis-server)"


def install() -> Path:
    """Install what tests/services/inveniordm.txt lists, unless it is there; return the Python."""
    python, uv = ENVIRONMENT / "bin" / "python", ROOT / ".venv" / "bin" / "uv"
    if not (ENVIRONMENT / "done").exists():
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, ENVIRONMENT], check=True)
        lock = ["--require-hashes", HERE / "inveniordm.txt"]
        subprocess.run([uv, "pip", "sync", "-q", "--python", python, *lock], check=True)
        (ENVIRONMENT / "done").touch()
    return python


def free_ports(*names: str) -> dict[str, int]:
    """Return a free port for each name."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in names]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return {name: one.getsockname()[1] for name, one in zip(names, held, strict=True)}


@contextmanager
def started(*command: object, **options: object) -> Iterator[subprocess.Popen]:
    """Run a program while the context lasts."""
    words = [str(word) for word in command]
    process = subprocess.Popen(words, stdin=subprocess.DEVNULL, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


@contextmanager
def database(folder: Path, port: int) -> Iterator[None]:
    """Run PostgreSQL with an empty database, as another user if this one is root, which it refuses."""
    folder.mkdir()
    prefix: list[object] = []
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
        prefix = ["runuser", "-u", "postgres", "--"]
    programs = POSTGRESQL[-1]
    quiet = {"stdout": subprocess.DEVNULL, "cwd": "/"}
    subprocess.run(
        [*prefix, programs / "initdb", "-D", folder, "-A", "trust", "-U", "rdm"], check=True, **quiet
    )
    control = [*prefix, programs / "pg_ctl", "-D", folder, "-w", "-l", folder / "log"]
    flags = f"-p {port} -k {folder} -c fsync=off -c listen_addresses=127.0.0.1"
    subprocess.run([*control, "-o", flags, "start"], check=True, **quiet)
    try:
        create = [programs / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "rdm", "rdm"]
        subprocess.run(create, check=True)
        yield
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True, **quiet)


@contextmanager
def inveniordm() -> Iterator[tuple[str, str]]:
    """Run an empty InvenioRDM; give its address and the token of a user who may publish."""
    python = install()
    ports = free_ports("database", "redis", "site")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="inveniordm-")))
        folder.chmod(0o755)
        search = stack.enter_context(SearchServer())
        redis = ["redis-server", "--port", ports["redis"], "--save", "", "--bind", "127.0.0.1"]
        stack.enter_context(started(*redis, cwd=folder, stdout=subprocess.DEVNULL))
        stack.enter_context(database(folder / "database", ports["database"]))
        (folder / "invenio.cfg").write_text(SETTINGS.format(search=search.port, **ports))
        site = started(
            python,
            HERE / "inveniordm_site.py",
            ports["site"],
            cwd=folder,
            env={**os.environ, "INVENIO_INSTANCE_PATH": str(folder)},
            stdout=subprocess.PIPE,
            stderr=stack.enter_context((folder / "site.log").open("w")),
            text=True,
        )
        process = stack.enter_context(site)
        token = process.stdout.readline().strip()
        if not token:
            raise RuntimeError(f"InvenioRDM does not start:\n{(folder / 'site.log').read_text()[-5000:]}")
        url = f"http://127.0.0.1:{ports['site']}"
        wait(f"{url}/api/records", process)
        yield url, token


def wait(url: str, process: subprocess.Popen, seconds: float = 120) -> None:
    """Wait until a server answers."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=30).close()
            return
        except urllib.error.URLError:
            time.sleep(0.2)
    raise RuntimeError(f"nothing answers at {url}")


def main() -> int:
    """Run the contract tests against a real InvenioRDM; return pytest's status."""
    if reason := missing():
        print(reason, file=sys.stderr)
        return 1
    with inveniordm() as (url, token):
        tests = ROOT / "tests" / "test_zenodo_rdm.py"
        command = [sys.executable, "-m", "pytest", "-q", tests, "-k", "real or other"]
        named = {"TIDINGS_RDM_URL": url, "TIDINGS_RDM_TOKEN": token}
        return subprocess.run(command, cwd=ROOT, env={**os.environ, **named}, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
