"""Subjects of the Unified Astronomy Thesaurus (UAT 5.1.0), by pipeline."""

from __future__ import annotations

from collections.abc import Iterable

SCHEME = "http://astrothesaurus.org/uat/"

# Concepts and their numbers, from UAT_list.json of release 5.1.0 (astrothesaurus/UAT, CC BY-SA 3.0).
CONCEPTS = {
    164: "Blazars",
    628: "Gamma-ray astronomy",
    629: "Gamma-ray bursts",
    675: "Gravitational wave astronomy",
    677: "Gravitational wave sources",
    678: "Gravitational waves",
    739: "High energy astrophysics",
    918: "Light curves",
    1100: "Neutrino astronomy",
    1851: "Transient sources",
    1853: "Gamma-ray transient sources",
    1855: "Astronomy software",
    1858: "Astronomy data analysis",
    2109: "Time domain astronomy",
}
ALWAYS = (1858, 2109)
BY_STACK = {
    "acs": (628, 629, 918),
    "antares": (1100,),
    "event": (677, 1853),
    "gw": (675, 678),
    "isgri": (628, 739),
    "legacy": (629,),
    "polar": (628, 629),
    "skymap": (677, 1851),
}
SOFTWARE = (1855, 1858, 675, 628, 2109)
"""Subjects of the suite itself."""


def subjects_of(stacks: Iterable[str]) -> list[str]:
    """Return the addresses of the subjects of a run of these pipelines, sorted."""
    numbers = {*ALWAYS, *(number for stack in stacks for number in BY_STACK.get(stack, ()))}
    return [address(number) for number in sorted(numbers)]


def address(number: int) -> str:
    """Return the address of a concept."""
    return f"{SCHEME}{number}"


def label(subject: str) -> str:
    """Return the preferred label of a concept by its address."""
    return CONCEPTS[int(subject.removeprefix(SCHEME))]
