"""Provenance blocks inside products: what of them is content, and what follows from other products.

A product names its inputs with their digests. Where an upstream product differs within its tolerance, every
product made from it names another digest although nothing else is wrong with it; the upstream product has a
verdict of its own. So these digests are volatile; step, parameters and names of inputs are content.
"""

from __future__ import annotations

import json
import re
from typing import Any

#: Where a JSON pointer leads to the digest of an input.
INPUT_DIGEST = re.compile(r".*/provenance/inputs/\d+/sha256", re.DOTALL)
#: The same in the text of a block, also with the quotes as XML writes them.
_DIGEST_TEXT = re.compile(r'((?:"|&quot;)sha256(?:"|&quot;):\s*(?:"|&quot;))([0-9a-f]{64})')


def parse_block(text: Any) -> dict[str, Any] | None:
    """Return the provenance block that a text value holds, or None if it is something else."""
    if not isinstance(text, str) or not text.lstrip().startswith("{"):
        return None
    try:
        block = json.loads(text)
    except ValueError:
        return None
    return block if isinstance(block.get("inputs"), list) and "step" in block else None


def split_digests(text: str) -> tuple[str, list[str]]:
    """Take the digests of the inputs out of a text that holds a block; returns the rest and the digests."""
    digests = [found[1] for found in _DIGEST_TEXT.findall(text)]
    return _DIGEST_TEXT.sub(r"\1", text), digests
