"""From an event's name to the finished page: choose, run, show.

  python scripts/event.py GW170817                    a merger, burst or source by name
  python scripts/event.py "SGR 1935+2154"
  python scripts/event.py "197.4488 -23.3840"         a position: degrees, or 13h09m47.7s -23d23m02s
  python scripts/event.py 2023-03-07T15:44:06.67      a time: ISO (UTC), GPS seconds, MJD 60010.6556
  python scripts/event.py "2023-03-07T15:44:06.67 at 60.859 -75.379"
  python scripts/event.py NAME -- --profile slurm     options after -- go to Snakemake

What is chosen is written to config/events/NAME.yaml, with the reasons. Edit that file and give the same
command again, and your version is run. The page is results/NAME.html.

Names come from config/events.yaml, then from the catalogues of GWOSC and of POLAR, then from GWOSC and
Sesame.
Exit status: 0 all was made; 1 some steps failed; 2 nothing could be done (unknown event, wrong use).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tidings.errors import InputError
from tidings.step import environment


def main(argv: list[str] | None = None) -> int:
    """Do it, and return the exit status."""
    environment.pin()
    words = sys.argv[1:] if argv is None else argv
    cut = words.index("--") if "--" in words else len(words)
    arguments = parser().parse_args(words[:cut])
    try:
        return run(arguments, words[cut + 1 :])
    except InputError as error:
        print(f"event: error: {error}", file=sys.stderr)
    except OSError as error:
        print(f"event: error: {error.filename or 'output'}: {error.strerror}", file=sys.stderr)
    return 2


def parser() -> argparse.ArgumentParser:
    """Build the command line."""
    made = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    made.add_argument("event", help="name, time, position, or 'TIME at POSITION'")
    made.add_argument("--cores", type=int, default=2, help="jobs at a time (default: 2)")
    made.add_argument("--plan", action="store_true", help="write the configuration and stop")
    made.add_argument("--offline", action="store_true", help="ask no archive: use what is here")
    made.add_argument(
        "--replace", action="store_true", help="make the configuration anew although you edited it"
    )
    made.add_argument("--skymap", metavar="FILE", help="sky map of the event")
    made.add_argument("--galaxies", metavar="FILE", help="catalogue of galaxies to rank in the sky map")
    made.add_argument("--counts", metavar="FILE", help="SPI-ACS counts around the event")
    made.add_argument(
        "--isgri", metavar="FILE", nargs="+", default=(), help="ISGRI event files of its windows"
    )
    return made


def run(arguments: argparse.Namespace, options: list[str]) -> int:
    """Plan, write, run, show."""
    import time

    from tidings.event import config_file, known, plan, resolve
    from tidings.event import run as running
    from tidings.event.archives import answering

    begin = time.monotonic()
    for file in (arguments.skymap, arguments.galaxies, arguments.counts, *arguments.isgri):
        if file and not Path(file).exists():
            raise InputError(f"{file}: there is no such file")
    event = resolve.resolve(arguments.event, offline=arguments.offline)
    wishes = plan.Wishes(
        archives=frozenset() if arguments.offline else answering(),
        isgri=tuple(map(_absolute, arguments.isgri)),
        galaxies=_absolute(arguments.galaxies),
        counts=_absolute(arguments.counts),
        skymap=_absolute(arguments.skymap),
    )
    planned = plan.plan(event, wishes)
    path, written = config_file.write(planned, known.ROOT, arguments.replace)
    print(
        f"{path.relative_to(known.ROOT)}: {'written' if written else 'yours, kept (--replace makes it anew)'}"
    )
    if arguments.plan:
        print(path.read_text(encoding="utf-8"), end="")
        return 0
    status = running.snakemake(path, arguments.cores, options)
    shown = running.page(event.name, path)
    print(running.summary(planned, begin))
    if shown:
        print(f"page: {shown.relative_to(known.ROOT)}")
    return 0 if status == 0 and shown else 1


def _absolute(file: str | None) -> str | None:
    """Return a file's path from the suite's folder if it is in it, else the whole path."""
    if not file:
        return None
    from tidings.event.known import ROOT

    path = Path(file).resolve()
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


if __name__ == "__main__":
    sys.exit(main())
