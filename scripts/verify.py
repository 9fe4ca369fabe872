"""Is it the same run? Compare results product by product, with another run's or with recorded digests.

  python scripts/verify.py REFERENCE RESULTS      compare; REFERENCE is a folder or a list of digests
  python scripts/verify.py --record LIST RESULTS  write the digests of RESULTS to LIST

For each product: IDENTICAL (same bytes), CANONICAL (same content, only declared volatile metadata differ),
WITHIN TOLERANCE (by a rule), DIFFERS (where, and by how much), MISSING or EXTRA. The exit status is 0 only if
all are as declared.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tidings.errors import InputError
from tidings.step import environment


def main(argv: list[str] | None = None) -> int:
    """Compare or record, and return the exit status: 0 as declared, 1 not so, 2 wrong use."""
    environment.pin()
    arguments = parser().parse_args(argv)
    try:
        if arguments.record:
            return write_record(arguments.record, arguments.results, arguments.rules)
        return compare(arguments)
    except InputError as error:
        print(f"verify: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"verify: error: {error.filename}: {error.strerror}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("reference", type=Path, nargs="?", help="folder of results, or list of digests")
    made.add_argument("results", type=Path, help="folder of results")
    made.add_argument("--record", type=Path, metavar="LIST", help="write the digests of RESULTS to this file")
    made.add_argument(
        "--rules",
        type=Path,
        default=Path("config/verify.yaml"),
        help="tolerances (default: config/verify.yaml)",
    )
    made.add_argument(
        "--extra", action="store_true", help="products that the reference has not are no matter"
    )
    made.add_argument("--json", type=Path, metavar="FILE", help="write the verdicts as JSON")
    made.add_argument("--junit", type=Path, metavar="FILE", help="write the verdicts as JUnit XML")
    return made


def compare(arguments: argparse.Namespace) -> int:
    """Print the verdicts and write the reports asked for."""
    from tidings import verify

    if arguments.reference is None:
        raise InputError("name two: the reference (a folder or a list of digests) and the results")
    verdicts = verify.compare_runs(arguments.reference, arguments.results, _rules(arguments.rules))
    if arguments.extra:
        # Of other targets, made in the same folder.
        verdicts = [one for one in verdicts if one.status is not verify.Status.EXTRA]
    print(verify.terminal_table(verdicts), end="")
    status = verify.exit_status(verdicts)
    if status:
        print("\n".join(explained(arguments.reference)))
    if arguments.json:
        _write_json(arguments.json, verify.json_report(verdicts))
    if arguments.junit:
        arguments.junit.write_text(verify.junit_xml(verdicts))
    return status


def explained(reference: Path) -> list[str]:
    """Say how this machine's arithmetic differs from the one that made a list of digests, if it does."""
    from tidings.fingerprint import explain, fingerprint

    if reference.is_dir() or not reference.read_text().lstrip().startswith("{"):
        return []
    recorded = json.loads(reference.read_text()).get("fingerprint")
    return explain(recorded, fingerprint()) if recorded else []


def write_record(path: Path, results: Path, rules: Path) -> int:
    """Write the digests of the results, and the numeric fingerprint of the machine that made them."""
    from tidings import verify
    from tidings.fingerprint import fingerprint

    _write_json(path, {**verify.record(results, _rules(rules)), "fingerprint": fingerprint()})
    return 0


def _rules(path: Path) -> Any:
    from tidings import verify

    return verify.read_rules(path) if path.exists() else None


def _write_json(path: Path, data: dict[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    sys.exit(main())
