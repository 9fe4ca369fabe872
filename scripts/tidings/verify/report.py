"""Verdicts for people, for programs and for continuous integration."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tidings.verify.model import Difference, Status, Verdict

#: Characters that XML 1.0 cannot hold, not even escaped (sec. 2.2).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def summary(verdicts: Sequence[Verdict]) -> str:
    """Count products by status, in one line."""
    counts = Counter(verdict.status for verdict in verdicts)
    products = "1 product" if len(verdicts) == 1 else f"{len(verdicts)} products"
    return f"{products}: " + ", ".join(f"{counts[status]} {status}" for status in Status if counts[status])


def terminal_table(verdicts: Sequence[Verdict], most: int = 10) -> str:
    """Write one line per product, and below it what differs.

    Parameters
    ----------
    verdicts : sequence of Verdict
        From `compare_runs`.
    most : int
        How many differences of one product are written; the number of the others follows.

    Returns
    -------
    str
        Lines with an end; the last one counts the products.
    """
    width = max((len(verdict.status) for verdict in verdicts), default=0)
    lines = []
    for verdict in verdicts:
        lines.append(f"{verdict.status:<{width}}  {_one_line(verdict.product)}")
        lines += [f"{'':<{width}}    {_one_line(text)}" for text in _details(verdict, most)]
    return "\n".join([*lines, summary(verdicts)]) + "\n"


def _details(verdict: Verdict, most: int | None = None) -> list[str]:
    lines = [f"found as {verdict.candidate}"] if verdict.candidate else []
    lines += [f"rule {verdict.rule}"] if verdict.rule else []
    # What decides the verdict comes before what the rule tolerates.
    ordered = sorted(verdict.differences, key=lambda difference: difference.tolerated)
    lines += [str(difference) for difference in ordered[:most]]
    if len(ordered) > len(ordered[:most]):
        lines.append(f"and {len(ordered) - len(ordered[:most])} more differences")
    if verdict.notes:
        before = "differs only in: " if verdict.status is Status.CANONICAL else ""
        shown = verdict.notes[:most]
        more = len(verdict.notes) - len(shown)
        lines.append(before + "; ".join(shown) + (f"; and {more} more" if more else ""))
    return lines


def _one_line(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def json_report(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Bring verdicts into plain data for JSON (no NaN, no infinity).

    Returns
    -------
    dict
        ``passed``, ``counts`` by status, ``products``: a list in the order of `verdicts`.
    """
    counts = Counter(verdict.status for verdict in verdicts)
    return {
        "passed": bool(verdicts) and all(verdict.as_declared for verdict in verdicts),
        "counts": {str(status): counts[status] for status in Status},
        "products": [
            {
                "product": verdict.product,
                "status": str(verdict.status),
                "candidate": verdict.candidate,
                "rule": verdict.rule,
                "differences": [_plain(difference) for difference in verdict.differences],
                "notes": list(verdict.notes),
            }
            for verdict in verdicts
        ],
    }


def _plain(difference: Difference) -> dict[str, Any]:
    found = asdict(difference)
    # Only overflow makes a maximum infinite; JSON has no such number.
    return {key: None if value == float("inf") else value for key, value in found.items()}


def junit_xml(verdicts: Sequence[Verdict], name: str = "verify") -> str:
    """Write verdicts as JUnit XML, a test case per product; it holds no time and no host.

    Parameters
    ----------
    verdicts : sequence of Verdict
        From `compare_runs`.
    name : str
        Of the test suite.

    Returns
    -------
    str
        The XML document.
    """
    failed = [verdict for verdict in verdicts if not verdict.as_declared]
    counts = {"tests": str(len(verdicts)), "failures": str(len(failed)), "errors": "0", "skipped": "0"}
    suite = ET.Element("testsuite", {"name": name, **counts})
    for verdict in verdicts:
        folder, _, file = verdict.product.rpartition("/")
        case = ET.SubElement(
            suite,
            "testcase",
            {"classname": _xml(folder or "."), "name": _xml(file), "status": verdict.status},
        )
        text = _xml("\n".join(_details(verdict)))
        if not verdict.as_declared:
            first = text.partition("\n")[0]
            failure = ET.SubElement(
                case, "failure", {"type": verdict.status, "message": first or verdict.status}
            )
            failure.text = text
        elif text:
            ET.SubElement(case, "system-out").text = text
    ET.indent(suite)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(suite, encoding="unicode")}\n'


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
