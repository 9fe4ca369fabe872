"""Deposit a record at Zenodo: a draft with a reserved DOI; published only when told so.

  python scripts/deposit.py RECORD                        a draft at sandbox.zenodo.org, for trying
  python scripts/deposit.py RECORD --production           a draft at zenodo.org, to be looked at
  python scripts/deposit.py RECORD --production --publish publish it; this cannot be taken back

RECORD is a folder that crate.py or reproduce.py made. The reserved DOI is written into its files. The same
command may be given again after any failure: it finds its draft, sends only what is missing, and publishes
nothing twice. The access token (scopes deposit:write and deposit:actions) is read from the file that
--token-file names, or from ZENODO_SANDBOX_TOKEN, ZENODO_TOKEN (with --production) or INVENIORDM_TOKEN (with
--repository).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from urllib.parse import urlsplit

from tidings.errors import InputError


def main(argv: list[str] | None = None) -> int:
    """Deposit, and return the exit status: 0 done, 1 refused or failed, 2 wrong use."""
    arguments = parser().parse_args(argv)
    try:
        return run(arguments)
    except InputError as error:
        print(f"deposit: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"deposit: error: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
    return 1


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("record", type=Path, help="folder with the files of the record")
    where = made.add_mutually_exclusive_group()
    where.add_argument("--production", action="store_true", help="zenodo.org instead of its sandbox")
    where.add_argument("--repository", metavar="URL", help="another repository that runs InvenioRDM")
    made.add_argument("--publish", action="store_true", help="publish; this cannot be taken back")
    made.add_argument("--new-version", metavar="RECORD", help="number or DOI of the record to succeed")
    made.add_argument("--token-file", type=Path, metavar="FILE", help="file that holds the access token")
    made.add_argument(
        "--journal",
        type=Path,
        metavar="FILE",
        help="what has been done (default: RECORD.<host>.deposit.json)",
    )
    made.add_argument("--type", default="dataset", help="resource type (default: dataset)")
    return made


def run(arguments: argparse.Namespace) -> int:
    """Deposit and say where it is."""
    from tidings.zenodo.api import SANDBOX, ZENODO, Api, Refused, token_from
    from tidings.zenodo.record import deposit

    base = arguments.repository or (ZENODO if arguments.production else SANDBOX)
    variable = {ZENODO: "ZENODO_TOKEN", SANDBOX: "ZENODO_SANDBOX_TOKEN"}.get(base, "INVENIORDM_TOKEN")
    token = token_from(arguments.token_file, variable)
    if token is None:
        raise InputError(
            f"no access token for {base}: make one on its page Applications, with the scopes "
            "deposit:write and "
            f"deposit:actions, and put it into a file (--token-file) or into {variable}"
        )
    api = Api(base, token)
    folder = arguments.record.resolve()
    journal = arguments.journal or folder.with_name(
        f"{folder.name}.{urlsplit(api.base).hostname}.deposit.json"
    )
    try:
        made = deposit(
            arguments.record,
            api,
            journal,
            token=token,
            previous=_number(arguments.new_version, api.base),
            publish=arguments.publish,
            kind=arguments.type,
        )
    except Refused as error:
        if error.status in (401, 403):
            raise InputError(
                f"{error}. Is the token valid, made at {base} (the sandbox has its own), and does it "
                "have the "
                "scopes deposit:write and deposit:actions?"
            ) from None
        raise
    print(f"{'record' if made.published else 'draft'}: {made.url}\nDOI: {made.doi}")
    if not made.published:
        print("Look at the draft, then publish it with the same command and --publish.")
    return 0


def _number(text: str | None, base: str) -> str | None:
    if text is None:
        return None
    from tidings.zenodo.records import locate

    if text.isalnum() or "/" not in text:
        return text
    found = locate(text)
    if found.repository != base:
        raise InputError(f"{text}: is a record of {found.repository}, but the deposit goes to {base}")
    return found.number


if __name__ == "__main__":
    sys.exit(main())
