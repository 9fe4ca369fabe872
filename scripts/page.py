"""The products of a target as one page for a browser, which needs no network.

  python scripts/page.py GW150914                                    of the default run: results/GW150914.html
  python scripts/page.py MY_EVENT --configfile my_events.yaml
  python scripts/page.py --all                                       of each target

What was not made, or is not what a run would make now, is told on the page and here; the exit status is
then 1. 2: there is nothing to show, or wrong use.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tidings.errors import InputError
from tidings.step import environment

ROOT = Path(__file__).resolve().parents[1]


def main(argv: list[str] | None = None) -> int:
    """Make the pages, and return the exit status."""
    environment.pin()
    arguments = parser().parse_args(argv)
    try:
        return run(arguments)
    except InputError as error:
        print(f"page: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"page: error: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("target", nargs="?", help="target of the configuration")
    made.add_argument("--all", action="store_true", help="all targets")
    made.add_argument("--configfile", type=Path, help="configuration (default: that of the default run)")
    made.add_argument("--output", type=Path, help="the page (default: results/TARGET.html)")
    return made


def run(arguments: argparse.Namespace) -> int:
    """Make one page, or all."""
    import yaml

    from tidings.output import write_bytes
    from tidings.page.report import report

    if arguments.all == bool(arguments.target) or (arguments.all and arguments.output):
        raise InputError("name one target, or give --all without --output")
    configuration = arguments.configfile
    if configuration and not (ROOT / configuration).exists():
        raise InputError(f"{configuration}: there is no such file")
    names = [arguments.target]
    if arguments.all:
        text = (ROOT / (configuration or "config/config.yaml")).read_text(encoding="utf-8")
        names = list(yaml.safe_load(text)["targets"])
    status = 0
    for name in names:
        place = (arguments.output or ROOT / f"results/{name}.html").resolve()
        page, warnings = report(ROOT, name, configuration, place)
        write_bytes(place, page.encode("utf-8"))
        for warning in warnings:
            print(f"page: warning: {warning}", file=sys.stderr)
        status = max(status, int(bool(warnings)))
    return status


if __name__ == "__main__":
    sys.exit(main())
