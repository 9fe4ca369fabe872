"""Run an archived analysis again, and say product by product whether it gives the same.

  python scripts/reproduce.py 10.5281/zenodo.123     a DOI (of a version, or of all: the newest is taken)
  python scripts/reproduce.py https://zenodo.org/records/123
  python scripts/reproduce.py record/                a downloaded record, a run-crate.zip, or an unpacked one
  python scripts/reproduce.py WHAT --engine cwltool  with another engine; options of the engine follow --
  python scripts/reproduce.py WHAT -- --profile slurm

All is fetched, compared with its checksums, run offline and compared with the archive. The folder OUTPUT then
has verdict.html, verdict.json and verdict.xml (JUnit), and with --author a record that deposit.py takes.

Exit status: 0 all products are as declared; 1 some are not; 2 nothing could be tried (wrong use, no such
record, damaged or refused archive); 3 the rerun failed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tidings.errors import InputError


def main(argv: list[str] | None = None) -> int:
    """Reproduce, and return the exit status."""
    words = sys.argv[1:] if argv is None else argv
    cut = words.index("--") if "--" in words else len(words)
    arguments = parser().parse_args(words[:cut])
    arguments.options = words[cut + 1 :]
    try:
        return run(arguments)
    except InputError as error:
        print(f"reproduce: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"reproduce: error: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("what", help="DOI, address of a record, folder of a record, crate's zip file or folder")
    made.add_argument("--engine", choices=("snakemake", "cwltool", "toil"), default="snakemake")
    made.add_argument(
        "--output", type=Path, default=Path("reproduction"), help="folder (default: reproduction)"
    )
    made.add_argument("--cores", type=int, default=2, help="jobs at a time, of Snakemake (default: 2)")
    made.add_argument("--check", action="store_true", help="fetch, check and predict; do not run")
    made.add_argument("--rules", type=Path, metavar="FILE", help="tolerances (default: those of the archive)")
    made.add_argument(
        "--accept-changes",
        action="store_true",
        help="go on although files are not as the archive's manifest says",
    )
    made.add_argument("--token-file", type=Path, metavar="FILE", help="access token, for a restricted record")
    made.add_argument("--author", metavar="NAME", help='"Family, Given": make a record of the reproduction')
    made.add_argument("--orcid", metavar="ID", help="ORCID of the author, such as 0000-0002-1825-0097")
    return made


def run(arguments: argparse.Namespace) -> int:
    """Do all, and write the reports."""
    from tidings.reproduce import session

    return session.reproduce(
        session.Request(
            what=arguments.what,
            engine=arguments.engine,
            output=arguments.output,
            cores=arguments.cores,
            check=arguments.check,
            rules=arguments.rules,
            accept_changes=arguments.accept_changes,
            token_file=arguments.token_file,
            author=arguments.author,
            orcid=arguments.orcid,
            options=tuple(arguments.options),
        )
    )


if __name__ == "__main__":
    sys.exit(main())
