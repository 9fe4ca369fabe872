"""Rules: patterns as pathlib sees them, strict checks of everything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tidings.errors import InputError
from tidings.verify import parse_rules, read_rules
from tidings.verify.rules import matches

FILES = [
    "a.fits",
    "b.png",
    "gw/a.fits",
    "gw/H1/a.fits",
    "gw/H1/b1.txt",
    "gw/H1/b2.txt",
    "gw/L1/deep/er/a.fits",
    "odd/x[1].txt",
    "odd/a+b.txt",
]


@pytest.mark.parametrize(
    "pattern",
    [
        "gw/*",
        "gw/*/a.fits",
        "**/a.fits",
        "gw/**/a.fits",
        "gw/H?/b[12].txt",
        "gw/H1/b[!1].txt",
        "odd/a+b.txt",
        "odd/x[[]1].txt",
        "gw/**/*.txt",
        "*/a.fits",
        "nothing/**/x",
    ],
)
def test_patterns_match_what_pathlib_finds(tmp_path, pattern):
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    judge = {p.relative_to(tmp_path).as_posix() for p in tmp_path.glob(pattern) if p.is_file()}
    assert {name for name in FILES if matches(pattern, name)} == judge


def test_a_pattern_without_a_folder_is_for_the_name():
    assert [name for name in FILES if matches("*.fits", name)] == [f for f in FILES if f.endswith(".fits")]
    assert matches("gw/**", "gw/L1/deep/er/a.fits") and not matches("gw/*", "gw/H1/a.fits")


def test_the_last_rule_counts():
    rules = parse_rules({"*.fits": {"rtol": 1e-9}, "gw/**": {"atol": 2.0}, "ignore": ["*.log"]})
    assert str(rules.tolerance("a.fits")) == "*.fits: rtol 1e-09"
    assert str(rules.tolerance("gw/H1/a.fits")) == "gw/**: atol 2"
    assert rules.tolerance("b.png") is None
    assert rules.ignored("gw/x.log") and not rules.ignored("gw/x.txt")


def test_rules_are_read_from_yaml_and_json(tmp_path):
    (tmp_path / "r.yaml").write_text('ignore: ["*.log"]\n"*.fits": {rtol: 1.0e-6, ulp: 4}\n')
    (tmp_path / "r.json").write_text('{"ignore": ["*.log"], "*.fits": {"rtol": 1e-6, "ulp": 4}}')
    assert read_rules(tmp_path / "r.yaml") == read_rules(tmp_path / "r.json")
    assert read_rules(tmp_path / "r.yaml").tolerances[0].ulp == 4


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("'*.fits': {rtoll: 1.0}", r"'\*\.fits' has unknown key rtoll; known: atol, rtol, ulp"),
        (
            "'*.fits': {rtol: 1e-6}",
            r"rtol of '\*\.fits' is the text '1e-6': YAML wants a point in it, 1\.0e-6",
        ),
        ("'*.fits': {rtol: -1.0}", "not negative"),
        ("'*.fits': {rtol: .nan}", "finite"),
        ("'*.fits': {rtol: yes}", "must be a number, got True"),
        ("'*.fits': {ulp: 1.5}", "must be a whole number"),
        ("'*.fits': {}", "at least one of rtol, atol, ulp"),
        ("'*.fits': 1.0", "at least one of rtol, atol, ulp"),
        ("ignored: ['*.log']", "'ignored' must hold at least one .* only other key is 'ignore'"),
        ("ignore: '*.log'", "'ignore' must be a list"),
        ("ignore: [1]", "'ignore' must be a list"),
        ("1: {rtol: 1.0}", "1 is no pattern"),
        ("[a]", "must be a mapping"),
        ("a: {b", "not valid YAML"),
    ],
)
def test_bad_rules_are_refused_by_name(tmp_path, text, message):
    path = tmp_path / "rules.yaml"
    path.write_text(text)
    with pytest.raises(InputError, match=message) as caught:
        read_rules(path)
    assert str(caught.value).startswith(str(path))


def test_no_file_of_rules(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        read_rules(tmp_path / "none.yaml")
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(InputError, match="not valid JSON"):
        read_rules(tmp_path / "bad.json")
    Path(tmp_path / "empty.yaml").write_text("")
    assert read_rules(tmp_path / "empty.yaml").tolerances == ()
