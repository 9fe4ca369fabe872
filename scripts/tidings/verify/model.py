"""What a comparison says: status, tolerance, difference, verdict."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """Verdict on one product, from best to worst."""

    IDENTICAL = "IDENTICAL"
    CANONICAL = "CANONICAL"
    WITHIN_TOLERANCE = "WITHIN TOLERANCE"
    DIFFERS = "DIFFERS"
    MISSING = "MISSING"
    EXTRA = "EXTRA"


#: Verdicts that are as declared: a tolerance is only ever reached through a rule that declares it.
AS_DECLARED = frozenset({Status.IDENTICAL, Status.CANONICAL, Status.WITHIN_TOLERANCE})


@dataclass(frozen=True)
class Tolerance:
    """How far the numbers of a product may be from the reference.

    A number passes when ``|candidate - reference| <= atol + rtol * |reference|``, or when at most `ulp`
    representable numbers lie between the two. NaN passes only against NaN, infinity only against itself.
    """

    pattern: str
    rtol: float = 0.0
    atol: float = 0.0
    ulp: int = 0

    def __str__(self) -> str:
        bounds = {"rtol": self.rtol, "atol": self.atol, "ulp": self.ulp}
        return f"{self.pattern}: " + ", ".join(f"{name} {value:g}" for name, value in bounds.items() if value)


@dataclass(frozen=True)
class Difference:
    """One place in a product where the two runs differ.

    `place` names it in the terms of the format, `what` says how it differs; `first`, `reference` and
    `candidate` give the first differing value (with a rule: the first beyond it). `outside` counts the values
    beyond the tolerance of the rule, all of them without a rule. `max_rel` is relative to the reference where
    that is not zero; the maxima are over pairs of finite numbers and None where there is none.
    """

    place: str
    what: str
    first: str = ""
    reference: str = ""
    candidate: str = ""
    count: int | None = None
    total: int | None = None
    outside: int | None = None
    max_abs: float | None = None
    max_rel: float | None = None
    max_ulp: int | None = None

    @property
    def tolerated(self) -> bool:
        """Whether every differing value is within the tolerance."""
        return self.outside == 0

    def __str__(self) -> str:
        parts = [f"{self.place}: {self.what}" if self.place else self.what]
        if self.first:
            parts.append(f"first at {self.first}")
        if self.reference or self.candidate:
            parts.append(f"{self.reference} in the reference, {self.candidate} in the candidate")
        if self.max_abs is not None:
            sizes = [f"{self.max_abs:.6g} absolute"]
            sizes += [f"{self.max_rel:.3g} relative"] if self.max_rel is not None else []
            sizes += [f"{self.max_ulp} ULP"] if self.max_ulp is not None else []
            parts.append("at most " + ", ".join(sizes))
        return "; ".join(parts)


@dataclass(frozen=True)
class Verdict:
    """Comparison of one product.

    `product` is its path in the reference (in the candidate for EXTRA); `candidate` its path in the candidate
    where that is another; `rule` the tolerance that applied; `notes` name what differs without counting.
    """

    product: str
    status: Status
    candidate: str | None = None
    rule: str | None = None
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def as_declared(self) -> bool:
        """Whether this product is what the reference and the rules ask for."""
        return self.status in AS_DECLARED
