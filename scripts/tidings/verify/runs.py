"""Two runs, product by product."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tidings.errors import InputError
from tidings.verify.formats import canonical_digest, compare_files, sha256
from tidings.verify.model import Difference, Status, Verdict
from tidings.verify.rules import Rules, parse_rules

_SUM_LINE = re.compile(r"(\\?)([0-9a-fA-F]{64}) [ *](.+)")
_TAGGED_LINE = re.compile(r"(\\?)SHA256 \((.+)\) = ([0-9a-fA-F]{64})")


@dataclass(frozen=True)
class _Product:
    """A product of one run: its digest, and its file where there is one."""

    sha256: str
    path: Path | None = None
    canonical: str | None = None


def compare_runs(
    reference: Path | str, candidate: Path | str, rules: Rules | Mapping[str, Any] | None = None
) -> list[Verdict]:
    """Say of each product of a run whether it is that of the reference.

    Parameters
    ----------
    reference : pathlib.Path or str
        A folder of results; or a file of digests, as `record` makes it (JSON) or as ``sha256sum`` does.
    candidate : pathlib.Path or str
        A folder of results.
    rules : Rules or mapping, optional
        As in `parse_rules`.

    Returns
    -------
    list of Verdict
        By name of product; extra files last. Products are paired by relative path; where that fails, by the
        longest end of the path (at least the file name) that occurs once in each run.

    Raises
    ------
    InputError
        If the reference holds no product, or one of the two is not what it must be.
    """
    if not isinstance(rules, Rules):
        rules = parse_rules(rules or {})
    source, target = Path(reference), Path(candidate)
    one = _scan(source, rules) if source.is_dir() else _read_digests(source, rules)
    if not one:
        raise InputError(f"{reference}: no product to compare with, after the patterns to ignore.")
    two = _scan(target, rules, but=source)
    pairs = _pair(list(one), list(two))
    verdicts = [_judge(name, pairs.get(name), one, two, rules) for name in sorted(one)]
    extra = sorted(set(two) - set(pairs.values()))
    return verdicts + [Verdict(name, Status.EXTRA) for name in extra]


def record(folder: Path | str, rules: Rules | Mapping[str, Any] | None = None) -> dict[str, Any]:
    """List the digests of a run, so that it can be verified without its files.

    Parameters
    ----------
    folder : pathlib.Path or str
        Results.
    rules : Rules or mapping, optional
        Only its patterns to ignore are used.

    Returns
    -------
    dict
        ``products``: relative path to ``sha256``, ``size`` (bytes) and ``canonical`` (as `canonical_digest`).

    Raises
    ------
    InputError
        If there is no such folder, or nothing in it.
    """
    if not isinstance(rules, Rules):
        rules = parse_rules(rules or {})
    found = _scan(Path(folder), rules)
    if not found:
        raise InputError(f"{folder}: no product to record.")
    products = {
        name: {
            "sha256": product.sha256,
            "size": product.path.stat().st_size,
            "canonical": canonical_digest(product.path),
        }
        for name, product in sorted(found.items())
        if product.path is not None
    }
    return {"format": "tidings-digests", "version": 1, "products": products}


def exit_status(verdicts: Iterable[Verdict]) -> int:
    """0 if there are products and all of them are as declared, otherwise 1."""
    states = [verdict.as_declared for verdict in verdicts]
    return 0 if states and all(states) else 1


def _scan(folder: Path, rules: Rules, but: Path | None = None) -> dict[str, _Product]:
    """Find the files of a run; `but` is the list of digests, should it lie among them."""
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder of results.")
    found = {}
    for path in _walk(folder, ()):
        name = path.relative_to(folder).as_posix()
        if not rules.ignored(name) and not (but is not None and _is_same(path, but)):
            try:
                found[name] = _Product(sha256(path), path)
            except OSError:
                # A dangling link or a file without permission is there, but no file that could be equal.
                found[name] = _Product("", path)
    return found


def _walk(folder: Path, above: tuple[Path, ...]) -> Iterable[Path]:
    real = folder.resolve()
    if real in above:  # a link to a folder above would never end
        return
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        path = folder / entry.name
        if entry.is_dir():
            yield from _walk(path, (*above, real))
        elif entry.is_file() or entry.is_symlink():
            yield path


def _is_same(path: Path, other: Path) -> bool:
    return path.name == other.name and path.exists() and other.exists() and path.samefile(other)


def _pair(reference: list[str], candidate: list[str]) -> dict[str, str]:
    """Pair products by path, then by the longest end of the path that is unique in both runs."""
    pairs = {name: name for name in set(reference) & set(candidate)}
    deepest = max((name.count("/") + 1 for name in (*reference, *candidate)), default=0)
    for length in range(deepest, 0, -1):
        taken = set(pairs.values())
        one, two = _by_end(reference, length), _by_end(candidate, length)
        for end, name in one.items():
            other = two.get(end)
            if name is not None and other is not None and name not in pairs and other not in taken:
                pairs[name] = other
    return pairs


def _by_end(names: list[str], length: int) -> dict[str, str | None]:
    ends = {name: "/".join(name.split("/")[-length:]) for name in names}
    often = Counter(ends.values())
    return {end: name if often[end] == 1 else None for name, end in ends.items()}


def _judge(
    name: str, other: str | None, one: Mapping[str, _Product], two: Mapping[str, _Product], rules: Rules
) -> Verdict:
    a = one[name]
    if other is None:
        twins = sorted(x for x, product in two.items() if product.sha256 == a.sha256 != "")
        return Verdict(name, Status.MISSING, notes=tuple(f"the same bytes are in {x}" for x in twins))
    b = two[other]
    elsewhere = None if other == name else other
    if a.sha256 == b.sha256 != "":
        return Verdict(name, Status.IDENTICAL, elsewhere)
    if b.path is None or not b.path.is_file() or b.sha256 == "":
        return Verdict(
            name, Status.DIFFERS, elsewhere, None, (Difference("", "the candidate cannot be read"),)
        )
    tolerance = rules.tolerance(name, other)
    if a.path is None:
        return _judge_by_digest(name, elsewhere, a, b.path, str(tolerance) if tolerance else None)
    if a.sha256 == "":
        return Verdict(
            name, Status.DIFFERS, elsewhere, None, (Difference("", "the reference cannot be read"),)
        )
    differences, notes = compare_files(a.path, b.path, tolerance)
    if not differences:
        notes = notes or ["the encoding (compression, layout, order or white space)"]
        return Verdict(name, Status.CANONICAL, elsewhere, notes=tuple(notes))
    tolerated = tolerance is not None and all(difference.tolerated for difference in differences)
    status = Status.WITHIN_TOLERANCE if tolerated else Status.DIFFERS
    return Verdict(
        name, status, elsewhere, str(tolerance) if tolerance else None, tuple(differences), tuple(notes)
    )


def _judge_by_digest(name: str, other: str | None, a: _Product, path: Path, rule: str | None) -> Verdict:
    digest = canonical_digest(path) if a.canonical else None
    if digest is not None and digest == a.canonical:
        note = "volatile metadata or the encoding; the digests do not tell which"
        return Verdict(name, Status.CANONICAL, other, notes=(note,))
    if a.canonical is None:
        reason = "another sha256, and the list has no canonical digest"
    elif digest is None:
        reason = "another sha256, and the candidate cannot be decoded"
    elif digest.partition(":")[0] != a.canonical.partition(":")[0]:
        reason = "another sha256, and the canonical digests are of different formats or versions"
    else:
        reason = "another content; to see where, compare with the files of the reference"
    if rule is not None:
        reason += ", which the tolerance needs too"
    return Verdict(name, Status.DIFFERS, other, rule, (Difference("", reason),))


def _read_digests(path: Path, rules: Rules) -> dict[str, _Product]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(f"{path}: no such folder of results or list of digests.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: neither a folder nor a list of digests ({error}).") from error
    found = _json_digests(path, text) if text.lstrip().startswith("{") else _sum_digests(path, text)
    return {name: product for name, product in found.items() if not rules.ignored(name)}


def _json_digests(path: Path, text: str) -> dict[str, _Product]:
    try:
        data = json.loads(text)
    except ValueError as error:
        raise InputError(f"{path}: not valid JSON: {error}") from error
    if data.get("format") != "tidings-digests" or data.get("version") != 1:
        raise InputError(f"{path}: not a list of digests (format 'tidings-digests', version 1).")
    products = data.get("products")
    if not isinstance(products, dict):
        raise InputError(f"{path}: 'products' must map names to digests.")
    found = {}
    for name, entry in products.items():
        digest = entry.get("sha256") if isinstance(entry, dict) else None
        if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
            raise InputError(f"{path}: {name!r} has no sha256 of 64 hexadecimal digits.")
        canonical = entry.get("canonical")
        if canonical is not None and not isinstance(canonical, str):
            raise InputError(f"{path}: the canonical digest of {name!r} must be text or null.")
        found[name] = _Product(digest, canonical=canonical)
    return found


def _sum_digests(path: Path, text: str) -> dict[str, _Product]:
    found: dict[str, _Product] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        plain, tagged = _SUM_LINE.fullmatch(line), _TAGGED_LINE.fullmatch(line)
        if plain:
            escaped, digest, name = plain.groups()
        elif tagged:
            escaped, name, digest = tagged.groups()
        else:
            raise InputError(f"{path}: line {number} is not as sha256sum writes it ('<64 digits>  <name>').")
        if escaped:  # sha256sum marks a name with a line feed or backslash by a backslash before the digest
            name = re.sub(r"\\([n\\])", lambda m: "\n" if m.group(1) == "n" else "\\", name)
        name = name.removeprefix("./")
        if found.setdefault(name, _Product(digest.lower())).sha256 != digest.lower():
            raise InputError(f"{path}: line {number} gives {name!r} a second, other digest.")
    return found
