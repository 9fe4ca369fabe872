"""The report: every verdict is there, in each of the three forms."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

from tidings.verify import (
    Difference,
    Status,
    Verdict,
    exit_status,
    json_report,
    junit_xml,
    summary,
    terminal_table,
)

VALUES = Difference(
    "HDU 1 (RATE), column 'RATE'", "2 of 100 values differ", "row [3]", "1.0", "1.5", 2, 100, 2, 0.5, 0.5, 7
)
TOLERATED = Difference("/x", "1 of 3 values differ", "[0]", "1.0", "1.1", 1, 3, 0, 0.1, 0.1, 9)


@pytest.fixture
def verdicts():
    return [
        Verdict("a/same.fits", Status.IDENTICAL),
        Verdict("a/date.fits", Status.CANONICAL, notes=("HDU 0 (PRIMARY), keyword DATE",)),
        Verdict("near.h5", Status.WITHIN_TOLERANCE, rule="*.h5: rtol 0.5", differences=(TOLERATED,)),
        Verdict("a/b/rate.fits", Status.DIFFERS, "rate.fits", "*.fits: ulp 1", (TOLERATED, VALUES)),
        Verdict("plot.png", Status.MISSING),
        Verdict("odd\x1b[31m\nname", Status.EXTRA),
    ]


def test_the_table_has_a_line_per_product_and_says_where(verdicts):
    lines = terminal_table(verdicts).splitlines()
    assert lines[0].split() == ["IDENTICAL", "a/same.fits"]
    assert lines[2].strip() == "differs only in: HDU 0 (PRIMARY), keyword DATE"
    place = next(i for i, line in enumerate(lines) if line.startswith("DIFFERS"))
    assert [line.strip() for line in lines[place + 1 : place + 4]] == [
        "found as rate.fits",
        "rule *.fits: ulp 1",
        "HDU 1 (RATE), column 'RATE': 2 of 100 values differ; first at row [3]; 1.0 in the reference, 1.5 in "
        "the candidate; at most 0.5 absolute, 0.5 relative, 7 ULP",
    ]
    assert lines[-1] == (
        "6 products: 1 IDENTICAL, 1 CANONICAL, 1 WITHIN TOLERANCE, 1 DIFFERS, 1 MISSING, 1 EXTRA"
    )


def test_a_name_cannot_steer_the_terminal(verdicts):
    text = terminal_table(verdicts)
    assert "\x1b" not in text and r"odd\x1b[31m\nname" in text


def test_many_differences_are_counted(verdicts):
    verdict = Verdict("x", Status.DIFFERS, differences=(VALUES,) * 25)
    lines = terminal_table([verdict], most=4).splitlines()
    assert len(lines) == 1 + 4 + 1 + 1 and lines[5].strip() == "and 21 more differences"
    assert summary([verdict]) == "1 product: 1 DIFFERS"


def test_json_holds_everything_and_is_strict(verdicts):
    infinite = Difference("p", "w", max_abs=float("inf"), max_rel=float("inf"))
    data = json_report([*verdicts, Verdict("inf", Status.DIFFERS, differences=(infinite,))])
    again = json.loads(json.dumps(data, sort_keys=True, allow_nan=False))
    assert again["passed"] is False and again["counts"]["DIFFERS"] == 2
    assert [p["product"] for p in again["products"]][:2] == ["a/same.fits", "a/date.fits"]
    assert again["products"][3]["differences"][1]["max_ulp"] == 7
    assert again["products"][-1]["differences"][0]["max_abs"] is None


def test_junit_counts_and_names_failures(verdicts):
    suite = ET.fromstring(junit_xml(verdicts).encode())
    assert (suite.get("tests"), suite.get("failures")) == ("6", "3")
    cases = {(case.get("classname"), case.get("name")): case for case in suite}
    assert cases["a", "same.fits"].find("failure") is None
    failure = cases["a/b", "rate.fits"].find("failure")
    assert failure.get("type") == "DIFFERS" and "row [3]" in failure.text
    assert cases[".", "plot.png"].find("failure").get("message") == "MISSING"
    assert "DATE" in cases["a", "date.fits"].find("system-out").text
    assert sum(case.find("failure") is not None for case in suite) == 3


@pytest.mark.parametrize("status", list(Status))
def test_status_of_the_command(status):
    good = {"IDENTICAL", "CANONICAL", "WITHIN TOLERANCE"}
    verdicts = [Verdict("a", Status.IDENTICAL), Verdict("b", status)]
    assert exit_status(verdicts) == (0 if status in good else 1)
    assert json_report(verdicts)["passed"] is (status in good)
