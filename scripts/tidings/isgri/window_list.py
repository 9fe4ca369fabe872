"""Lists of science windows as users write them.

Only the standard library is imported here, so that rules can read a list before anything runs.
"""

from __future__ import annotations

import re

from tidings.errors import InputError

_SWID = re.compile(r"(\d{4})(\d{4})(\d{3})(\d)")
_KINDS = {"0": "a pointing", "1": "a slew", "2": "an engineering window"}
_LONGEST = 2000  # windows in a range; a revolution has about 100


def check_swid(swid: str) -> str:
    """Return the identifier of a pointing, without the version of the archive.

    Parameters
    ----------
    swid : str
        12 digits RRRRPPPPSSSF, perhaps with ``.001`` or ``.000``.

    Raises
    ------
    InputError
        It is no identifier, or that of a slew or an engineering window, which have no image.
    """
    bare = re.sub(r"\.00[01]$", "", swid.strip())
    match = _SWID.fullmatch(bare)
    if match is None:
        raise InputError(
            f"{swid!r} is not a science window: 12 digits are wanted, revolution (4), pointing (4), part (3) "
            "and type, as in 255900280010"
        )
    if match[4] != "0":
        kind = _KINDS.get(match[4], "of an unknown type")
        raise InputError(f"{swid!r} is {kind}; pointings end in 0")
    return bare


def read_window_list(text: str, source: str = "list of science windows") -> list[str]:
    """Read a list of science windows.

    Parameters
    ----------
    text : str
        Identifiers and ranges ``255900280010-255900350010`` (all pointings between, of one revolution),
        separated by blanks, commas or line ends; ``#`` starts a comment.
    source : str
        Name of the file, for errors.

    Returns
    -------
    list of str
        Identifiers, each once, in the order of the text.

    Raises
    ------
    InputError
        A word is neither, or there is none; the line is named.
    """
    found: dict[str, None] = {}
    for number, line in enumerate(text.splitlines(), 1):
        for word in line.partition("#")[0].replace(",", " ").split():
            try:
                found.update(dict.fromkeys(_expand(word)))
            except InputError as error:
                raise InputError(f"{source}: line {number}: {error}") from None
    if not found:
        raise InputError(f"{source}: no science window in it; write identifiers of 12 digits, one a line")
    return list(found)


def group_windows(windows: list[str], size: int) -> list[list[str]]:
    """Cut a list into groups of at most `size` windows of one revolution, for one job each."""
    if size < 1:
        raise InputError(f"a group has at least one window, not {size}")
    groups: list[list[str]] = []
    for swid in windows:
        if not groups or len(groups[-1]) == size or groups[-1][-1][:4] != swid[:4]:
            groups.append([])
        groups[-1].append(swid)
    return groups


def _expand(word: str) -> list[str]:
    first, dash, last = word.partition("-")
    start = check_swid(first)
    if not dash:
        return [start]
    stop = check_swid(last)
    if start[:4] != stop[:4] or start[8:] != stop[8:]:
        raise InputError(f"{word!r}: a range stays in one revolution and part of a pointing")
    low, high = int(start[4:8]), int(stop[4:8])
    if not low <= high < low + _LONGEST:
        raise InputError(f"{word!r}: the range runs backwards or is longer than {_LONGEST}")
    return [f"{start[:4]}{pointing:04d}{start[8:]}" for pointing in range(low, high + 1)]
