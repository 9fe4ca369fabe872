"""Is it the same run? Compare the products of two runs, and say where and by how much they differ."""

from __future__ import annotations

from tidings.verify.formats import canonical_digest, compare_files
from tidings.verify.model import Difference, Status, Tolerance, Verdict
from tidings.verify.numbers import ulp_distance
from tidings.verify.report import json_report, junit_xml, summary, terminal_table
from tidings.verify.rules import Rules, parse_rules, read_rules
from tidings.verify.runs import compare_runs, exit_status, record

__all__ = [
    "Difference",
    "Rules",
    "Status",
    "Tolerance",
    "Verdict",
    "canonical_digest",
    "compare_files",
    "compare_runs",
    "exit_status",
    "json_report",
    "junit_xml",
    "parse_rules",
    "read_rules",
    "record",
    "summary",
    "terminal_table",
    "ulp_distance",
]
