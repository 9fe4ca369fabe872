"""Rules of a comparison: which products may differ how far, and which files are no products."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from astropy.io.misc import yaml

from tidings.errors import InputError
from tidings.verify.model import Tolerance

#: Bookkeeping of Snakemake and file managers inside a results folder.
ALWAYS_IGNORED = (".snakemake_timestamp", ".snakemake/**", ".DS_Store")
_BOUNDS = ("atol", "rtol", "ulp")


@dataclass(frozen=True)
class Rules:
    """Tolerances in the order of the file, and patterns of files that are left out."""

    tolerances: tuple[Tolerance, ...] = ()
    ignore: tuple[str, ...] = ()

    def tolerance(self, *names: str) -> Tolerance | None:
        """Return the last rule whose pattern matches one of the names of a product, or None."""
        for tolerance in reversed(self.tolerances):
            if any(matches(tolerance.pattern, name) for name in names):
                return tolerance
        return None

    def ignored(self, name: str) -> bool:
        """Whether a file is no product."""
        return any(matches(pattern, name) for pattern in (*ALWAYS_IGNORED, *self.ignore))


def matches(pattern: str, name: str) -> bool:
    """Whether a relative path matches a pattern.

    Parameters
    ----------
    pattern : str
        ``*`` and ``?`` stay within a folder, ``**`` does not; a pattern without ``/`` is for the name alone.
    name : str
        Path with ``/``.

    Returns
    -------
    bool
        Upper and lower case differ.
    """
    subject = name if "/" in pattern else name.rpartition("/")[2]
    return re.fullmatch(_expression(pattern), subject, flags=re.DOTALL) is not None


def _expression(pattern: str) -> str:
    tokens = re.findall(r"\*\*/|\*\*|\*|\?|\[!?\]?[^\]]*\]|.", pattern, flags=re.DOTALL)
    known = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    parts = []
    for token in tokens:
        if len(token) > 2 and token[0] == "[":
            inside = token[1:-1].replace("\\", "\\\\").replace("[", "\\[")
            parts.append(
                "[" + ("^" + inside[1:] if inside.startswith("!") else inside.replace("^", "\\^")) + "]"
            )
        else:
            parts.append(known.get(token) or re.escape(token))
    return "".join(parts)


def read_rules(path: Path) -> Rules:
    """Read rules from a YAML or JSON file.

    Parameters
    ----------
    path : pathlib.Path
        A mapping as `parse_rules` wants it.

    Returns
    -------
    Rules
        Checked.

    Raises
    ------
    InputError
        If the file cannot be read or does not hold rules.
    """
    try:
        text = path.read_text(encoding="utf-8")
        data = json.loads(text) if path.suffix == ".json" else yaml.load(text)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: the rules cannot be read ({error}).") from error
    except (ValueError, yaml.yaml.YAMLError) as error:
        raise InputError(
            f"{path}: not valid {'JSON' if path.suffix == '.json' else 'YAML'}: {error}"
        ) from error
    return parse_rules({} if data is None else data, str(path))


def parse_rules(data: Mapping[str, Any], origin: str = "rules") -> Rules:
    """Check rules.

    Parameters
    ----------
    data : mapping
        ``{pattern: {rtol, atol, ulp}}``, each bound optional but not all, and ``ignore``: a list of patterns.
        Where several patterns match a product the last one counts.
    origin : str
        The file, for messages.

    Returns
    -------
    Rules
        In the order of `data`.

    Raises
    ------
    InputError
        If something is not known or no number; the message names it.
    """
    if not isinstance(data, Mapping):
        raise InputError(f"{origin}: rules must be a mapping of patterns, got {type(data).__name__}.")
    ignore = data.get("ignore", [])
    if not isinstance(ignore, list) or not all(isinstance(x, str) and x for x in ignore):
        raise InputError(f"{origin}: 'ignore' must be a list of patterns such as ['*.log'], got {ignore!r}.")
    tolerances = [_tolerance(key, value, origin) for key, value in data.items() if key != "ignore"]
    return Rules(tuple(tolerances), tuple(ignore))


def _tolerance(pattern: Any, bounds: Any, origin: str) -> Tolerance:
    if not isinstance(pattern, str) or not pattern:
        raise InputError(f"{origin}: {pattern!r} is no pattern: quote it.")
    if not isinstance(bounds, Mapping) or not bounds:
        raise InputError(
            f"{origin}: {pattern!r} must hold at least one of rtol, atol, ulp, got {bounds!r} "
            "(the only other key is 'ignore', a list of patterns)."
        )
    unknown = sorted(str(key) for key in bounds if key not in _BOUNDS)
    if unknown:
        raise InputError(
            f"{origin}: {pattern!r} has unknown key {', '.join(unknown)}; known: atol, rtol, ulp."
        )
    for key, value in bounds.items():
        _check_bound(f"{origin}: {key} of {pattern!r}", key, value)
    return Tolerance(pattern, **bounds)


def _check_bound(place: str, key: str, value: Any) -> None:
    if isinstance(value, str) and re.fullmatch(r"[+-]?\d+[eE][+-]?\d+", value):
        raise InputError(
            f"{place} is the text {value!r}: YAML wants a point in it, {value.lower().replace('e', '.0e')}."
        )
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"{place} must be a number, got {value!r}.")
    if not math.isfinite(value) or value < 0:
        raise InputError(f"{place} must be finite and not negative, got {value!r}.")
    if key == "ulp" and (not isinstance(value, int) or value >= 2**63):
        raise InputError(f"{place} must be a whole number, got {value!r}.")
