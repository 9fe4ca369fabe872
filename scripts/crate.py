"""Pack a finished run as a Workflow Run RO-Crate, ready for a repository.

  snakemake crate --cores 2                               do the run if it is not done, pack it: archive/
  python scripts/crate.py pack RECORD                     pack a run of Snakemake that is described already
  python scripts/crate.py pack RECORD --engine cwltool --provenance NOTES --results DIR --job JOB
                                                          pack a run of cwltool, or of toil
  python scripts/crate.py check RECORD                    are all files as the manifests say?
  python scripts/crate.py unpack RECORD FOLDER            extract the crate
  python scripts/crate.py replay FOLDER --engine ENGINE   write a workflow of the jobs in an unpacked crate

RECORD is a new folder of at most 100 files: run-crate.zip, which holds code, data, configuration, products
and provenance, and what one wants to see without opening it.

Snakemake describes a run when it is asked afterwards, with the same configuration:
  snakemake --reporter wrroc --report-wrroc-path .snakemake/wrroc/ro-crate-metadata.json
With a CWL engine the steps take notes of themselves, if told where (a path that is not relative):
  export TIDINGS_JOURNAL=$PWD/notes
  cwltool --preserve-environment TIDINGS_JOURNAL --outdir DIR cwl/workflow.cwl JOB
  toil-cwl-runner --preserve-entire-environment --outdir DIR cwl/workflow.cwl JOB
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tidings.errors import InputError
from tidings.step import environment


def main(argv: list[str] | None = None) -> int:
    """Do what the command line says, and return the exit status: 0 done, 1 not so, 2 wrong use."""
    environment.pin()
    arguments = parser().parse_args(argv)
    try:
        return _COMMANDS[arguments.command](arguments)
    except InputError as error:
        print(f"crate: error: {error}", file=sys.stderr)
    except OSError as error:
        if error.filename is None:
            raise
        print(f"crate: error: {error.filename}: {error.strerror}; nothing was left behind", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")
    pack = commands.add_parser("pack", help="pack a finished run", allow_abbrev=False)
    pack.add_argument("record", type=Path, help="folder to make")
    pack.add_argument("--run", type=Path, default=Path(), help="folder of the suite (default: this one)")
    pack.add_argument("--engine", choices=["snakemake", "cwltool", "toil"], default="snakemake")
    pack.add_argument(
        "--provenance",
        type=Path,
        help="file of the report plugin wrroc, or folder of notes",
    )
    pack.add_argument("--results", type=Path, metavar="DIR", help="folder of --outdir of a CWL engine")
    pack.add_argument("--job", type=Path, help="job file of a CWL engine")
    pack.add_argument(
        "--remote-limit",
        type=int,
        metavar="BYTES",
        default=200_000_000,
        help="name larger downloads by URL and checksum only (default: 200000000)",
    )
    pack.add_argument("--identifier", metavar="DOI", help="DOI of the record, if it is known already")
    pack.add_argument("--replace", action="store_true", help="replace an older record")
    check = commands.add_parser("check", help="compare with the manifests", allow_abbrev=False)
    check.add_argument("record", type=Path, help="record, run-crate.zip or unpacked crate")
    unpack = commands.add_parser("unpack", help="extract, without trust", allow_abbrev=False)
    unpack.add_argument("record", type=Path, help="record or run-crate.zip")
    unpack.add_argument("folder", type=Path, help="folder to make")
    replay = commands.add_parser("replay", help="write a workflow of the recorded jobs", allow_abbrev=False)
    replay.add_argument("folder", type=Path, help="unpacked crate")
    replay.add_argument("--engine", choices=["snakemake", "cwltool", "toil"], required=True)
    return made


def _pack(arguments: argparse.Namespace) -> int:
    from tidings.crate import write_crate

    crate = write_crate(
        arguments.run,
        arguments.record,
        arguments.engine,
        provenance=arguments.provenance,
        results=arguments.results,
        job=arguments.job,
        remote_limit=arguments.remote_limit,
        identifier=arguments.identifier,
        replace_record=arguments.replace,
    )
    size = sum(path.stat().st_size for path in arguments.record.iterdir())
    print(f"{arguments.record}: {len(crate.jobs)} jobs, {len(crate.products)} products, {size / 1e6:.1f} MB")
    return 0


def _check(arguments: argparse.Namespace) -> int:
    from tidings.crate import check_manifest, read_crate

    read_crate(arguments.record)
    lines = check_manifest(arguments.record)
    print("\n".join(lines) if lines else f"{arguments.record}: all files are as listed")
    return int(bool(lines))


def _unpack(arguments: argparse.Namespace) -> int:
    from tidings.crate import unpack

    print(unpack(arguments.record, arguments.folder))
    return 0


def _replay(arguments: argparse.Namespace) -> int:
    from tidings.crate import read_crate, replay

    print(replay(read_crate(arguments.folder), arguments.folder, arguments.engine))
    return 0


_COMMANDS = {"pack": _pack, "check": _check, "unpack": _unpack, "replay": _replay}


if __name__ == "__main__":
    sys.exit(main())
