"""All of a reproduction in its order: fetch, check, predict, run, compare, explain, report."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from tidings import crate as crates
from tidings import verify
from tidings.errors import InputError
from tidings.reproduce import record, report
from tidings.reproduce.diverge import Evidence, divergences, scrubbed
from tidings.reproduce.page import page
from tidings.reproduce.preflight import Preflight, preflight, summary
from tidings.reproduce.rerun import Rerun, program, run, runs_apart
from tidings.reproduce.source import ZIP, Archive, obtain
from tidings.verify import Rules, Status
from tidings.zenodo.api import token_from

_OURS = ".tidings-reproduction"
_RULES = "source/config/verify.yaml"
_ORCID = re.compile(r"\d{4}-\d{4}-\d{4}-\d{3}[\dX]")


@dataclass(frozen=True)
class Request:
    """What the user wants; see ``reproduce.py --help``."""

    what: str
    engine: str = "snakemake"
    output: Path = Path("reproduction")
    cores: int = 2
    check: bool = False
    rules: Path | None = None
    accept_changes: bool = False
    token_file: Path | None = None
    author: str | None = None
    orcid: str | None = None
    options: tuple[str, ...] = ()


def reproduce(request: Request, say: Callable[[str], None] = print) -> int:
    """Reproduce an archived run.

    Returns
    -------
    int
        Exit status, see `tidings.reproduce.report`.

    Raises
    ------
    InputError
        Nothing could be tried.
    """
    author = _author(request)
    program(request.engine)
    output = _folder(request.output)
    archive = obtain(
        request.what,
        output,
        token=lambda repository: _token(request.token_file, repository),
        accept_changes=request.accept_changes,
        say=say,
    )
    say(
        f"{archive.crate.name}: {len(archive.crate.jobs)} jobs, {len(archive.crate.products)} "
        "products, checksums " + ("NOT right, but accepted" if archive.changed else "right")
    )
    found = preflight(archive.crate, archive.folder, not runs_apart(request.options))
    for line in summary(found):
        say(line)
    if request.check:
        return report.REPRODUCED
    start = datetime.now(UTC)
    workflow = crates.replay(archive.crate, archive.folder, _replayed_by(request.engine))
    rerun = run(request.engine, workflow.resolve(), output.resolve(), request.cores, request.options)
    outcome = _judge(request, archive, found, rerun, start)
    say(report.text(outcome).rstrip("\n"))
    _write(outcome, output, author, say)
    return outcome.status


def _author(request: Request) -> record.Person | None:
    if request.orcid and not (request.author and _ORCID.fullmatch(request.orcid)):
        raise InputError("--orcid: an ORCID such as 0000-0002-1825-0097 is expected, together with --author")
    if request.author and ("@" in request.author or not request.author.strip()):
        raise InputError('--author: a name is expected, as "Family, Given", without e-mail')
    return record.Person(request.author.strip(), request.orcid) if request.author else None


def _folder(path: Path) -> Path:
    """Make the folder of outputs, or take over one that an earlier reproduction made."""
    if path.exists() and not (path / _OURS).exists() and any(path.iterdir()):
        raise InputError(f"{path}: has other files in it; name another folder with --output")
    path.mkdir(parents=True, exist_ok=True)
    (path / _OURS).write_text("Made by reproduce.py, which may replace what is in this folder.\n")
    for name in ("outputs", "tmp", "store", "reproduction"):
        shutil.rmtree(path / name, ignore_errors=True)
    return path


def _token(file: Path | None, repository: str) -> str | None:
    # Only where the user says so: an open record needs none, and with one zenodo-get could not be used.
    return token_from(file) if file is not None else None


def _replayed_by(engine: str) -> str:
    return "snakemake" if engine == "snakemake" else "cwltool"


def _judge(
    request: Request, archive: Archive, found: Preflight, rerun: Rerun, start: datetime
) -> report.Outcome:
    own = archive.folder / _RULES
    rules = verify.read_rules(request.rules or own) if request.rules or own.exists() else Rules()
    compared = verify.compare_runs(_archived(archive), rerun.results, rules)
    verdicts = {f"results/{verdict.product}": verdict for verdict in compared}
    log = tuple(scrubbed(line, request.output) for line in rerun.log)
    evidence = Evidence(
        archive.crate,
        archive.folder,
        rerun.results,
        verdicts,
        found,
        tuple(_changed_files(archive)),
        log,
    )
    return report.Outcome(
        what=request.what,
        archive=archive,
        preflight=found,
        rerun=rerun,
        engine=request.engine,
        verdicts=verdicts,
        divergences=divergences(evidence),
        start=start,
        end=datetime.now(UTC),
    )


def _archived(archive: Archive) -> Path:
    return archive.folder / "results"


def _changed_files(archive: Archive) -> list[str]:
    """Names of the files in the crate that its manifest does not vouch for."""
    names = (line.removeprefix(f"{ZIP}: ").rpartition(": ")[0] for line in archive.changed)
    return [name for name in names if name and name != ZIP]


def _write(
    outcome: report.Outcome, output: Path, author: record.Person | None, say: Callable[[str], None]
) -> None:
    value = report.plain(outcome)
    texts = {
        "verdict.json": report.json_text(value),
        "verdict.html": page(value),
        "verdict.xml": report.junit(outcome),
    }
    files = {name: text.encode() for name, text in texts.items()}
    for name, content in files.items():
        try:
            (output / name).write_bytes(content)
        except OSError as error:
            raise InputError(f"{output / name}: cannot be written ({error.strerror})") from None
    say(f"{output}/verdict.html, verdict.json, verdict.xml")
    if author is not None:
        differing = {
            path: outcome.rerun.results / (verdict.candidate or verdict.product)
            for path, verdict in outcome.verdicts.items()
            if verdict.status in (Status.DIFFERS, Status.WITHIN_TOLERANCE)
        }
        record.write(output / "reproduction", value, files, differing, author)
        say(f"{output}/reproduction: a record of this; python scripts/deposit.py {output}/reproduction")
